package web

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// unbase45 reads RFC 9285.
func unbase45(t *testing.T, s string) []byte {
	t.Helper()
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
	var out []byte
	for len(s) > 0 {
		n, most := 0, min(3, len(s))
		for i := most - 1; i >= 0; i-- {
			n = n*45 + strings.IndexByte(letters, s[i])
		}
		if most == 3 {
			out = append(out, byte(n>>8))
		}
		out, s = append(out, byte(n)), s[most:]
	}
	return out
}

func TestBase45(t *testing.T) {
	for text, want := range map[string]string{"AB": "BB8", "Hello!!": "%69 VD92EX0", "base-45": "UJCLQE7W581", "ietf!": "QED8WEX0", "": ""} { // RFC 9285 §4.3, §4.4
		if got := base45([]byte(text)); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
		if got := string(unbase45(t, want)); got != text {
			t.Errorf("%q reads as %q", want, got)
		}
	}
}

// TestCodes reads texts of all lengths back from their codes, each of which a camera can read from paper.
func TestCodes(t *testing.T) {
	for _, n := range []int{1, 300, 2000, 3500, 12000} {
		var b strings.Builder
		for i := range n {
			b.WriteByte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/{}"[i*i*7919%64])
		}
		codes, err := Codes(b.String())
		if err != nil {
			t.Fatal(err)
		}
		var z []byte
		for i, c := range codes {
			payload, ok := strings.CutPrefix(c.Text, "MARZ1:"+strconv.Itoa(i+1)+"/"+strconv.Itoa(len(codes))+":")
			if !ok || c.Modules > 117 {
				t.Errorf("code %d of %d has %d modules and begins with %.16q", i+1, len(codes), c.Modules, c.Text)
			}
			z = append(z, unbase45(t, payload)...)
		}
		r, err := zlib.NewReader(bytes.NewReader(z))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || string(got) != b.String() {
			t.Errorf("%d characters are read back as %d: %v", n, len(got), err)
		}
	}
}

// TestActWords holds that every fixed text of the act stands in all three languages, each in its own letters, with the same names to be filled in.
func TestActWords(t *testing.T) {
	braces := regexp.MustCompile(`\{[a-z]+\}`)
	names := func(s string) string {
		all := braces.FindAllString(s, -1)
		slices.Sort(all)
		return fmt.Sprint(all)
	}
	letters := func(s string, script *unicode.RangeTable) bool {
		return strings.ContainsFunc(braces.ReplaceAllString(s, ""), func(r rune) bool { return unicode.Is(script, r) })
	}
	for key, w := range actWords {
		if !letters(w.Hy, unicode.Armenian) || !letters(w.Ru, unicode.Cyrillic) || !letters(w.En, unicode.Latin) || letters(w.Hy, unicode.Cyrillic) || letters(w.Ru, unicode.Armenian) {
			t.Errorf("%s is not in three languages: %+v", key, w)
		}
		if names(w.Hy) != names(w.En) || names(w.Ru) != names(w.En) {
			t.Errorf("%s has not the same names in all languages", key)
		}
	}
	if w := say("what-water-canisters"); w.En != "water-canisters" || !w.One() {
		t.Errorf("a thing that the commanders added is called %+v", w)
	}
}
