package verify

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"marz"
)

func bundleOf(data []byte, o Options) (*Report, error) {
	return BundleAt(context.Background(), bytes.NewReader(data), int64(len(data)), o)
}

func TestSoundBundles(t *testing.T) {
	for _, n := range []int{1, 2, 700} {
		b := sample(t, n, 11)
		for _, withheld := range []bool{false, true} {
			path := filepath.Join(t.TempDir(), "b.jsonl")
			must(t, os.WriteFile(path, b.bundle(withheld), 0o600))
			r, err := Bundle(context.Background(), path, Options{Key: b.vkey})
			must(t, err)
			wantSound(t, r, b)
			if r.Withheld != withheld {
				t.Errorf("withheld %t, want %t", r.Withheld, withheld)
			}
		}
		folder := check(t, b.dir, Options{})
		r, err := bundleOf(b.bundle(false), Options{})
		must(t, err)
		if r.Root != folder.Root || r.Erased != folder.Erased || r.Payloads != folder.Payloads {
			t.Errorf("bundle %+v, folder %+v", r, folder)
		}
	}
}

func TestAlteredBundles(t *testing.T) {
	b := sample(t, 40, 7)
	whole := string(b.bundle(false))
	lines := strings.SplitAfter(whole, "\n")
	lines = lines[:len(lines)-1]
	without := func(drop int) string {
		return strings.Join(append(append([]string{}, lines[:drop]...), lines[drop+1:]...), "")
	}
	end := len(lines) - 1
	_, other := testKey("armenia/meghri", 7)
	for name, c := range map[string]struct {
		data string
		seq  int64
		what string
	}{
		"entry missing":             {without(18), 17, "missing"},
		"head missing":              {without(end - 1), b.heads[len(b.heads)-2].size, "no head covers"},
		"older head missing":        {without(end - 2), -1, "end line says"},
		"end missing":               {without(end), 40, "no end line"},
		"cut off":                   {whole[:len(whole)-1], 40, "no line feed"},
		"cut off in entries":        {whole[:len(whole)/2], 40, ""},
		"something after":           {whole + "\n{}\n", 40, "after the end line"},
		"CRLF":                      {strings.ReplaceAll(whole, "\n", "\r\n"), 0, "the end is expected"},
		"white space":               {strings.Replace(whole, `{"seq":3,`, `{"seq": 3,`, 1), 3, "line 5"},
		"withheld, yet there":       {strings.Replace(whole, `"included"`, `"withheld"`, 1), 1, "withheld"},
		"another origin":            {strings.Replace(whole, testOrigin, "armenia/meghri", 1), -1, "origin"},
		"another key":               {strings.Replace(whole, b.vkey, other, 1), -1, "the bundle's key is not"},
		"version":                   {strings.Replace(whole, `{"marz_bundle":1`, `{"marz_bundle":2`, 1), -1, "version 2"},
		"entry twice":               {strings.Replace(whole, lines[9], lines[9]+lines[9], 1), 8, "out of place"},
		"heads swapped":             {strings.Replace(whole, lines[end-2]+lines[end-1], lines[end-1]+lines[end-2], 1), -2, "stands after"},
		"long line":                 {strings.Replace(whole, lines[9], `{"seq":8,"body":"`+strings.Repeat("A", 3<<20)+"\"}\n", 1), 8, "too long"},
		"payload of an entry moved": {strings.Replace(whole, `{"seq":8,`, `{"seq":9,`, 1), 8, "numbered 9"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := bundleOf([]byte(c.data), Options{})
			must(t, err)
			switch {
			case name == "cut off in entries":
				if r.OK() || !strings.Contains(r.Problems[len(r.Problems)-1].What, "no end line") && r.ProblemCount < 2 {
					t.Errorf("%v", r.Problems)
				}
			case c.seq == -2:
				wantProblem(t, r, b.heads[len(b.heads)-2].size, c.what)
			case name == "CRLF":
				if r.OK() {
					t.Error("all holds")
				}
			default:
				wantProblem(t, r, c.seq, c.what)
			}
		})
	}
}

func TestTwoSignedHeadsInBundle(t *testing.T) {
	b := sample(t, 40, 7)
	last := b.heads[len(b.heads)-1]
	b.heads = append(b.heads, writtenHead{last.size, b.sign(b.origin + "\n40\n" + b64.EncodeToString(make([]byte, 32)) + "\n")})
	r, err := bundleOf(b.bundle(false), Options{})
	must(t, err)
	wantProblem(t, r, 40, "two histories were signed")
}

func TestNotABundle(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{
		"empty": "", "garbage": "garbage", "long": strings.Repeat("x", 10<<20), "heads only": `{"head":"x"}` + "\n", "BOM": "\ufeff{\"marz_bundle\":1",
	} {
		path := filepath.Join(dir, "b")
		must(t, os.WriteFile(path, []byte(data), 0o600))
		if _, err := Bundle(context.Background(), path, Options{}); marz.CodeOf(err) != marz.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Bundle(context.Background(), filepath.Join(dir, "none"), Options{}); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("no such file: %v", err)
	}
	if _, err := Bundle(context.Background(), "/dev/null", Options{}); marz.CodeOf(err) != marz.Invalid {
		t.Errorf("a device: %v", err)
	}
}
