package number

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"marz"
)

// faulty is a disk whose nth act fails.
type faulty struct {
	osDisk
	left int
}

var errFull = errors.New("no space left on device")

func (d *faulty) fails() bool { d.left--; return d.left == 0 }

func (d *faulty) scratch(name string) (file, error) { return d.open(name, d.osDisk.scratch) }
func (d *faulty) create(name string) (file, error)  { return d.open(name, d.osDisk.create) }

func (d *faulty) open(name string, open func(string) (file, error)) (file, error) {
	if d.fails() {
		return nil, errFull
	}
	f, err := open(name)
	return faultyFile{f, d}, err
}

func (d *faulty) replace(name, by string) error {
	if d.fails() {
		return errFull
	}
	return d.osDisk.replace(name, by)
}

type faultyFile struct {
	file
	d *faulty
}

func (f faultyFile) WriteAt(b []byte, at int64) (int, error) {
	if f.d.fails() {
		n, _ := f.file.WriteAt(b[:len(b)/2], at)
		return n, errFull
	}
	return f.file.WriteAt(b, at)
}

func (f faultyFile) ReadAt(b []byte, at int64) (int, error) {
	if f.d.fails() {
		return 0, errFull
	}
	return f.file.ReadAt(b, at)
}

func (f faultyFile) Sync() error {
	if f.d.fails() {
		return errFull
	}
	return f.file.Sync()
}

func (f faultyFile) Close() error {
	err := f.file.Close()
	if f.d.fails() {
		return errFull
	}
	return err
}

// unchanged reports that a failed build has left the old file and nothing else.
func unchanged(t *testing.T, path string, old []byte) {
	t.Helper()
	if !bytes.Equal(contents(t, path), old) {
		t.Error("the old file is gone")
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
		t.Error("left behind:", left)
	}
}

// Whichever act of the disk fails, the old file stands, until none does.
func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t")
	built(t, path, numbers(10, 1))
	old := contents(t, path)
	rows := numbers(30_000, 2)
	for range 30_000 { // so that blocks of the spill are written and read
		rows = append(rows, Row{Document, "AA0000001", "ARM", "passport"})
	}
	for n := 1; ; n++ {
		d := &faulty{left: n}
		_, err := build(context.Background(), d, path, each(rows, nil), Options{})
		if err == nil {
			if n < 20 {
				t.Errorf("the disk does %d things only", n-1)
			}
			return
		}
		if e, ok := errors.AsType[*marz.Error](err); !ok || !errors.Is(err, errFull) || e.Subject != "t" || e.Fix == "" {
			t.Fatalf("act %d: %v", n, err)
		}
		unchanged(t, path, old)
	}
}

func TestRefusedRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t")
	built(t, path, numbers(10, 1))
	old := contents(t, path)
	good := Row{Document, "A1", "ARM", "passport"}
	broken := errors.New("the line ends too soon")
	for _, c := range []struct {
		name string
		row  Row
		err  error
		code marz.Code
		says string
	}{
		{"kind", Row{Number: "SECRET1"}, nil, marz.Invalid, "row 2: take kind"},
		{"country", Row{Document, "SECRET1", "arm", ""}, nil, marz.Invalid, "row 2: take country"},
		{"long country", Row{Document, "SECRET1", "ARMENIA", ""}, nil, marz.Invalid, "row 2: take country"},
		{"long type", Row{Document, "SECRET1", "", strings.Repeat("x", MaxType+1)}, nil, marz.Invalid, "row 2: take type"},
		{"type", Row{Document, "SECRET1", "", "\xff"}, nil, marz.Invalid, "row 2: take type"},
		{"source", good, broken, marz.Internal, "row 3: the line ends too soon"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Build(context.Background(), path, each([]Row{good, c.row}, c.err), Options{})
			if marz.CodeOf(err) != c.code || err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "SECRET") {
				t.Errorf("%v", err)
			}
			if c.err != nil && !errors.Is(err, c.err) {
				t.Errorf("the cause is lost: %v", err)
			}
			unchanged(t, path, old)
		})
	}
}

func TestTooManyTypes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t")
	rows := func(yield func(Row, error) bool) {
		for i := 0; yield(Row{Document, "A1", "", fmt.Sprint(i)}, nil); i++ {
		}
	}
	if _, err := Build(context.Background(), path, rows, Options{}); marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), "vocabulary") {
		t.Error(err)
	}
}

func TestStoppedBuild(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t")
	built(t, path, numbers(10, 1))
	old := contents(t, path)
	for _, step := range []string{"read", "write"} {
		ctx, cancel := context.WithCancel(context.Background())
		_, err := Build(ctx, path, each(numbers(100_000, 1), nil), Options{Progress: func(p Progress) {
			if p.Step == step {
				cancel()
			}
		}})
		if marz.CodeOf(err) != marz.Unavailable || !errors.Is(err, context.Canceled) {
			t.Errorf("stopped at %s: %v", step, err)
		}
		unchanged(t, path, old)
	}
}

// Of two builds of one file at once the second is refused; what a killed one has left is taken over.
func TestTwoBuilds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t")
	os.WriteFile(path+".spill", []byte("left"), 0o600)
	os.WriteFile(path+".part", []byte("left"), 0o600)
	var second error
	rows := func(yield func(Row, error) bool) {
		_, second = Build(context.Background(), path, each(numbers(10, 1), nil), Options{})
		yield(Row{Document, "A1", "", ""}, nil)
	}
	if _, err := Build(context.Background(), path, rows, Options{}); err != nil || marz.CodeOf(second) != marz.Conflict {
		t.Errorf("first %v, second %v", err, second)
	}
	unchanged(t, path, contents(t, path))
}

func TestUnusableNumbers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t")
	x := built(t, path, []Row{{Document, "<<-", "", ""}, {Document, strings.Repeat("1", MaxRunes+1), "", ""}, {Vehicle, strings.Repeat("-O", MaxRunes), "", ""}})
	if i := x.Info(); i.Rows != 3 || i.Unusable != 2 || i.Numbers != 1 || i.Overflow != 1 || i.Bytes != int64(len(contents(t, path))) {
		t.Errorf("%+v", i)
	}
	for _, asked := range []string{"", "<<", strings.Repeat("1", 1000)} {
		if got := x.Find(Document, asked, nil); got != nil {
			t.Errorf("%q found %v", asked, got)
		}
	}
	got := x.FindChecked(Vehicle, strings.Repeat("0", MaxRunes), '0', []Match{{Number: "before"}})
	if len(got) != 1 || got[0].Number != "before" { // the digit of 64 Os is not 0
		t.Errorf("found %v", got)
	}
}

// The digit never takes an exact match, nor one whose digit fits; with a digit that is not that of what was asked it takes none.
func TestCheckedIsPartOfFound(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		listed := rapid.SliceOfN(rapid.StringMatching(`[O0I1S5G6ОА<]{1,4}`), 1, 60).Draw(t, "listed")
		var rows []Row
		for _, n := range listed {
			rows = append(rows, Row{Kind: Document, Number: n})
		}
		x := built(t, filepath.Join(dir, "t"), rows)
		asked := rapid.StringMatching(`[O0I1S5G6<]{1,6}`).Draw(t, "asked")
		check := rapid.SampledFrom([]byte("0123456789<OX")).Draw(t, "check")
		all, got := x.Find(Document, asked, nil), x.FindChecked(Document, asked, check, nil)
		digit, ok := readCheck(check)
		valid := ok && digit == checkDigit(asked, Normal(asked))
		kept := map[string]Match{}
		for _, m := range got {
			kept[m.Number] = m
		}
		for _, m := range all {
			k, there := kept[m.Number]
			d := checkDigit(asked, m.Number)
			if want := m.Exact || !valid || d == digit || d == unknown; there != want || there && k.Fits != (ok && d == digit) {
				t.Fatalf("asked %s %c, valid %v: %+v kept %v as %+v", asked, check, valid, m, there, k)
			}
		}
		if len(got) > len(all) {
			t.Fatalf("%d of %d stay", len(got), len(all))
		}
	})
}

func TestFindChecked(t *testing.T) {
	x := built(t, filepath.Join(t.TempDir(), "t"), []Row{{Document, "AG0", "", ""}, {Document, "A60", "", ""}, {Document, "AGO", "", ""}, {Document, "AБ0", "", ""},
		{Document, "АG0", "", ""}, {Vehicle, "AG0", "", ""}})
	for _, c := range []struct {
		name, asked string
		check       byte
		want        string
	}{
		// A, G, 0: 10·7 + 16·3 + 0·1 = 118; 6 in place of G: 88; O in place of 0: 142
		{"valid: G and 6 have one digit, O has another; Cyrillic has none", "AG0", '8', "AG0= A60+ АG0"},
		{"valid: the exact one stays alone of those with O", "AGO", '2', "AGO= АG0"},
		{"the fillers of the field do not count at its end", "AG0<<<<<<", '8', "AG0= A60+ АG0"},
		{"the digit is O's: its number comes before the rest", "A60", '2', "A60= AGO+ AG0 АG0"},
		{"not valid, and nobody's", "AG0", '5', "AG0= A60 AGO АG0"},
		{"a letter in place of the digit is read as one", "AG0", 'B', "AG0= A60+ АG0"},
		{"no digit", "AG0", '<', "AG0= A60 AGO АG0"},
		{"a digit that cannot be", "AG0", 'X', "AG0= A60 AGO АG0"},
		{"not a field of a zone", "A G0", '8', "AG0= A60 AGO АG0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, m := range x.FindChecked(Document, c.asked, c.check, nil) {
				s := m.Number
				if m.Exact {
					s += "="
				} else if m.Fits {
					s += "+"
				}
				got = append(got, s)
			}
			if g := strings.Join(got, " "); g != c.want {
				t.Errorf("got %s, want %s", g, c.want)
			}
		})
	}
	// A filler within the field has its place in the weights: 10·7 + 0·3 + 16·1.
	if got := x.FindChecked(Document, "A<G<<0", '6', nil); len(got) != 3 || !got[0].Exact || !got[0].Fits {
		t.Errorf("with fillers within: %v", got)
	}
}

// Of one look-alike alone only G for 6 leaves the digit as it is.
func TestLookalikesAndDigits(t *testing.T) {
	for _, pair := range []string{"O0", "I1", "S5", "B8", "Z2", "G6"} {
		for places := range 3 {
			field := strings.Repeat("0", places) + "0"
			same := checkDigit(field, field[1:]+pair[:1]) == checkDigit(field, field[1:]+pair[1:])
			if same != (pair == "G6") {
				t.Errorf("%s at place %d: one digit is %v", pair, places, same)
			}
		}
	}
}
