package mrz

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"marz"
)

// told reads a stream and tells each reading in a few words: its line, and the format and number or the error.
func told(r io.Reader) []string {
	var out []string
	for reading := range Documents(r, testToday) {
		if reading.Err != nil {
			_, fix, _ := strings.Cut(reading.Err.Error(), ": ")
			fix, _, _ = strings.Cut(fix, ";")
			out = append(out, fmt.Sprintf("%d error: %s", reading.Line, fix))
			continue
		}
		out = append(out, fmt.Sprintf("%d %s %s", reading.Line, reading.Document.Format, reading.Document.Number))
	}
	return out
}

func TestDocuments(t *testing.T) {
	td3, td1 := specimens[0].text+"\n", specimens[1].text+"\n"
	td2, mrvb := specimens[2].text+"\n", specimens[4].text+"\n"
	upper3, lower3 := td3[:45], td3[45:]
	upper1, middle1, lower1 := td1[:31], td1[31:62], td1[62:]
	const incomplete2 = "error: the document that begins here has 1 of its 2 lines"
	const notFirst = "error: this is not the first line of a document"
	for _, c := range []struct {
		what, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"blank lines and comments", "\n# a\n \n#b\n\n", nil},
		{"one after the other", td3 + td1 + td2 + mrvb, []string{"1 TD3 L898902C3", "3 TD1 D23145890", "6 TD2 D23145890", "8 MRV-B L8988901C"}},
		{"parted by comments and blanks", "#x\n" + td1 + "\n\n# y\n" + td3, []string{"2 TD1 D23145890", "8 TD3 L898902C3"}},
		{"CR LF, byte order mark, no end at last", "\uFEFF" + strings.TrimSpace(strings.ReplaceAll(td3+td1, "\n", "\r\n")), []string{"1 TD3 L898902C3", "3 TD1 D23145890"}},
		{"CR", strings.ReplaceAll(td3+td1, "\n", "\r"), []string{"1 TD3 L898902C3", "3 TD1 D23145890"}},
		{"no line ends within", strings.ReplaceAll(td3, "\n", "") + "\n" + strings.ReplaceAll(td1, "\n", "") + "\n", []string{"1 TD3 L898902C3", "2 TD1 D23145890"}},
		{"two lines of three on one", upper1[:30] + middle1 + lower1 + td3, []string{"1 TD1 D23145890", "3 TD3 L898902C3"}},
		{"rubbish between", td3 + "rubbish\n" + td1, []string{"1 TD3 L898902C3", "3 error: the line has 7 characters where 30, 36 or 44 are due", "4 TD1 D23145890"}},
		{"a short first line, its second is passed over", upper3[1:] + lower3 + td3, []string{"1 error: the line has 43 characters where 30, 36 or 44 are due", "3 TD3 L898902C3"}},
		{"a short first line of TD1", upper1[1:] + middle1 + lower1 + td1, []string{"1 error: the line has 29 characters where 30, 36 or 44 are due", "4 TD1 D23145890"}},
		{"a short second line", upper3 + lower3[1:] + td2, []string{"2 error: the line has 43 characters where 44 are due", "3 TD2 D23145890"}},
		{"a short middle line of TD1", upper1 + middle1[1:] + lower1 + td1, []string{"2 error: the line has 29 characters where 30 are due", "4 TD1 D23145890"}},
		{"a first line lost", lower3 + td3, []string{"1 " + notFirst, "2 TD3 L898902C3"}},
		{"a first line of TD1 lost", middle1 + lower1 + td1, []string{"1 " + notFirst, "3 TD1 D23145890"}},
		{"a second line lost", upper3 + td3 + td1, []string{"1 " + incomplete2, "2 TD3 L898902C3", "4 TD1 D23145890"}},
		{"a second line lost before a blank", upper3 + "\n" + td3, []string{"1 " + incomplete2, "3 TD3 L898902C3"}},
		{"a middle line of TD1 lost", upper1 + lower1 + td1, []string{"1 error: the document that begins here has 2 of its 3 lines", "3 TD1 D23145890"}},
		{"a last line of TD1 lost", upper1 + middle1 + td1, []string{"1 error: the document that begins here has 2 of its 3 lines", "3 TD1 D23145890"}},
		{"cut short at the end", td1 + upper3, []string{"1 TD1 D23145890", "4 " + incomplete2}},
		{"a comment inside", upper3 + "# no\n" + lower3 + td3, []string{"2 error: the line has 4 characters where 44 are due", "4 TD3 L898902C3"}},
		{"a foreign letter", strings.Replace(td3, "ANNA<", "ANNÄ<", 1) + td1, []string{"1 error: 'Ä' is none of A to Z, 0 to 9 and <", "3 TD1 D23145890"}},
		{"UTF-16", strings.Join(strings.Split(upper3[:44], ""), "\x00"), []string{"1 error: there is a zero byte, as in UTF-16 or a binary file"}},
		{"a long line between", td3 + strings.Repeat("A", 5000) + "\n" + td1, []string{"1 TD3 L898902C3", "3 error: the line goes on for more than 4096 bytes", "4 TD1 D23145890"}},
	} {
		if diff := cmp.Diff(c.want, told(iotest.OneByteReader(strings.NewReader(c.text)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, diff)
		}
	}
}

func TestDocumentsStops(t *testing.T) {
	for range Documents(strings.NewReader(strings.Repeat(specimens[0].text+"\nx\n", 10)), testToday) {
		break
	}
	broken := io.MultiReader(strings.NewReader(specimens[0].text+"\nP<UTO"), iotest.ErrReader(errors.New("cable pulled")))
	var last Reading
	n := 0
	for r := range Documents(broken, testToday) {
		last = r
		n++
	}
	if n != 2 || last.Line != 3 || marz.CodeOf(last.Err) != marz.Internal {
		t.Errorf("%d readings, last %+v", n, last)
	}
}

// endless gives the same bytes for as long as it is asked to.
type endless struct {
	text string
	left int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := copy(p, e.text)
	e.left -= n
	return n, nil
}

// Ten megabytes without a line end are refused without growing, and so is a megabyte of short garbage.
func TestDocumentsBoundedMemory(t *testing.T) {
	for text, size := range map[string]int{strings.Repeat("A", 4000): 10 << 20, strings.Repeat("P<\n", 1000): 1 << 20} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		failures := 0
		for r := range Documents(&endless{text, size}, testToday) {
			if r.Err == nil {
				t.Fatal("a document out of nothing")
			}
			failures++
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if text[0] == 'A' && (failures != 1 || after.TotalAlloc-before.TotalAlloc > 1<<20) {
			t.Errorf("%d failures, %d bytes allocated", failures, after.TotalAlloc-before.TotalAlloc)
		}
		if after.HeapAlloc > before.HeapAlloc+1<<20 {
			t.Errorf("%.5q…: %d bytes kept", text, after.HeapAlloc-before.HeapAlloc)
		}
	}
}

func FuzzDocuments(f *testing.F) {
	for _, s := range specimens {
		f.Add("#\n" + s.text + "\r\n" + s.text[3:] + "\n\n" + s.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line := 0
		for r := range Documents(strings.NewReader(text), testToday) {
			if (r.Err == nil) == (r.Document == nil) || r.Line < 1 {
				t.Fatalf("%+v", r)
			}
			if r.Err == nil && r.Line < line {
				t.Fatalf("line %d after line %d", r.Line, line)
			}
			line = r.Line
		}
	})
}
