package verify

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"marz/web"
)

// What is printed is read back: one code a line, in any order, as readers of codes write it.
func TestPrintedCodes(t *testing.T) {
	text, err := os.ReadFile("testdata/act/code.json")
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.TrimSpace(text)
	long := append(bytes.Repeat([]byte("0123456789abcdefghijklmnopqrstuvwxyz, "), 3), text...)
	for i := range 4000 { // so that it does not compress into one
		long = append(long, byte('!'+i*i*31%90))
	}
	for _, want := range [][]byte{text, long} {
		codes, err := web.Codes(string(want))
		if err != nil {
			t.Fatal(err)
		}
		lines := make([]string, len(codes))
		for i, c := range codes {
			lines[len(codes)-1-i] = "QR-Code:" + c.Text
		}
		lines = append(lines, codes[0].Text+"\r", "")
		got, err := printed([]byte(strings.Join(lines, "\n")))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d codes: %v, %d bytes of %d", len(codes), err, len(got), len(want))
		}
		if len(codes) < 2 {
			continue
		}
		swapped := codes[1].Text[:len(codes[1].Text)-3] + "000"
		for fault, in := range map[string]string{
			"code 2 of":          codes[0].Text,
			"do not fit":         strings.Join(append([]string{codes[0].Text, swapped}, lines[:len(codes)-2]...), "\n"),
			"line 2: it is one":  codes[0].Text + "\nMARZ1:1/1:AAA",
			"something else":     codes[0].Text + "\n" + strings.Replace(codes[1].Text, "MARZ1:2/", "MARZ1:1/", 1),
			"is not MARZ1:k/n:":  "MARZ1:0/2:AAA",
			"letters are not th": "MARZ1:1/1:abc",
		} {
			if fault == "do not fit" && len(codes) > 2 {
				in = strings.Replace(strings.Join(lines, "\n"), codes[1].Text, swapped, 1)
			}
			if _, err := printed([]byte(in)); err == nil || !strings.Contains(err.Error(), fault) {
				t.Errorf("want %q, got %v", fault, err)
			}
		}
	}
	for _, s := range []string{":::", "AB", "A", "FGW", "GGW"} {
		b, ok := fromBase45(s)
		if want := map[string]bool{"AB": false, "FGW": true}[s]; ok != want {
			t.Errorf("%q: %x %v", s, b, ok)
		}
	}
}
