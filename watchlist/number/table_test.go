package number

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"marz"
)

// each gives rows, and then an error if there is one.
func each(rows []Row, err error) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
		if err != nil {
			yield(Row{}, err)
		}
	}
}

// built builds and opens a table of rows, and verifies it.
func built(t interface {
	Fatal(...any)
	Cleanup(func())
}, path string, rows []Row) *Table {
	if _, err := Build(context.Background(), path, each(rows, nil), Options{}); err != nil {
		t.Fatal(err)
	}
	x, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	if err := x.Verify(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	return x
}

// members are the runes of each group by what stands for them.
var members = func() map[rune][]rune {
	m := map[rune][]rune{}
	for line := range strings.Lines(groups) {
		if rs := []rune(strings.ReplaceAll(strings.TrimSpace(line), " ", "")); len(rs) > 0 {
			m[rs[0]] = rs
		}
	}
	return m
}()

// lookalike changes characters of a number for ones that look like them.
func lookalike(t *rapid.T, s string) string {
	rs := []rune(Normal(s))
	for i, r := range rs {
		if g := members[alikeRune(r)]; g != nil {
			rs[i] = rapid.SampledFrom(g).Draw(t, "look-alike")
		}
	}
	return string(rs)
}

// Few characters and lengths, so that numbers meet; every script and what is kept as text.
var drawnNumber = rapid.OneOf(
	rapid.StringMatching(`[O0I1S5B8A-]{0,5}`), rapid.StringMatching(`[A-Z0-9]{1,12}`), rapid.StringMatching(`[А-Я0-9]{1,6}`), rapid.StringMatching(`[ОВ0З3]{1,3}`),
	rapid.StringMatching(`[0-9]{2}[بپتثجچ][0-9]{1,2}`), rapid.StringMatching(`[0O]{11,17}`), rapid.StringN(0, 80, -1))

var drawnRow = rapid.Custom(func(t *rapid.T) Row {
	return Row{rapid.SampledFrom([]Kind{Document, Vehicle}).Draw(t, "kind"), drawnNumber.Draw(t, "number"),
		rapid.SampledFrom([]string{"", "D", "ARM", "IRN"}).Draw(t, "country"), rapid.SampledFrom([]string{"", "passport", "plate"}).Draw(t, "type")}
})

func usable(number string) bool { return new(text).read(number) }

// What is found is what a search through all rows finds.
func TestFindsWhatIsListed(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(drawnRow, 0, 40).Draw(t, "rows")
		x := built(t, filepath.Join(dir, "t"), rows)
		asked := rapid.SliceOfN(drawnRow, 0, 10).Draw(t, "asked")
		for _, r := range rows {
			if usable(r.Number) {
				asked = append(asked, r, Row{Kind: r.Kind, Number: lookalike(t, r.Number)})
			}
		}
		for _, a := range asked {
			got := x.Find(a.Kind, a.Number, nil)
			if !slices.IsSortedFunc(got, func(a, b Match) int { return int(b2u(b.Exact)) - int(b2u(a.Exact)) }) {
				t.Fatalf("%q: exact matches are not first: %v", a.Number, got)
			}
			slices.SortFunc(got, compareMatches)
			if d := cmp.Diff(search(rows, a.Kind, a.Number), got); d != "" {
				t.Fatalf("%v %q:\n%s", a.Kind, a.Number, d)
			}
		}
	})
}

func compareMatches(a, b Match) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }

// search is Find without a table.
func search(rows []Row, kind Kind, asked string) []Match {
	var out []Match
	for _, r := range rows {
		if r.Kind == kind && usable(r.Number) && usable(asked) && Alike(r.Number) == Alike(asked) {
			out = append(out, Match{Number: Normal(r.Number), Country: r.Country, Type: r.Type, Exact: Normal(r.Number) == Normal(asked)})
		}
	}
	slices.SortFunc(out, compareMatches)
	return slices.Compact(out)
}

// numbers makes n rows of all sorts, some of them repeated.
func numbers(n int, seed uint64) []Row {
	rnd := rand.New(rand.NewPCG(seed, 0))
	rows := make([]Row, n)
	for i := range rows {
		r := Row{Document, fmt.Sprintf("%c%c%07d", 'A'+rnd.IntN(26), 'A'+rnd.IntN(26), rnd.IntN(1e7)), []string{"ARM", "IRN", "GEO"}[rnd.IntN(3)], "passport"}
		switch rnd.IntN(10) {
		case 0:
			r.Kind, r.Number, r.Type = Vehicle, fmt.Sprintf("%d%c%03d", rnd.IntN(100), []rune("بپتج")[rnd.IntN(4)], rnd.IntN(1000)), "plate"
		case 1:
			r = rows[rnd.IntN(i+1)]
		case 2:
			r.Kind, r.Number, r.Type = Vehicle, fmt.Sprintf("%c%03d%c77", []rune("АВЕКМНОРСТУХ")[rnd.IntN(12)], rnd.IntN(1000), []rune("АВЕКМНОРСТУХ")[rnd.IntN(12)]), "plate"
		}
		if r.Kind == 0 {
			r = Row{Document, "X1", "", ""}
		}
		rows[i] = r
	}
	return rows
}

// As many rows as fill blocks of the spill, and more origins than a table has: still all of them are found, and the bytes do not depend on the order.
func TestManyRowsInAnyOrder(t *testing.T) {
	dir := t.TempDir()
	rows := numbers(600_000, 1)
	for i := range 9000 {
		rows = append(rows, Row{Document, fmt.Sprintf("T%06d", i), "ARM", fmt.Sprint("type ", i)})
	}
	for range 300_000 { // one number again and again
		rows = append(rows, Row{Document, "AA0000001", "ARM", "passport"}, Row{Vehicle, "12ب34567", "IRN", ""})
	}
	x := built(t, filepath.Join(dir, "a"), rows)
	for _, r := range rows {
		if !slices.Contains(x.Find(r.Kind, r.Number, nil), Match{Number: Normal(r.Number), Country: r.Country, Type: r.Type, Exact: true}) {
			t.Fatalf("%v is not found", r)
		}
	}
	distinct := map[Row]bool{}
	for _, r := range rows {
		distinct[r] = true
	}
	info := x.Info()
	if int(info.Numbers) != len(distinct) || int(info.Rows) != len(rows) || info.Origins != maxOrigins || info.Overflow == 0 {
		t.Errorf("%d numbers of %d rows: %+v", len(distinct), len(rows), info)
	}
	rand.New(rand.NewPCG(2, 0)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	built(t, filepath.Join(dir, "b"), rows)
	if !bytes.Equal(contents(t, filepath.Join(dir, "a")), contents(t, filepath.Join(dir, "b"))) {
		t.Error("another order gave other bytes")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.*")); len(left) > 0 {
		t.Error("left behind:", left)
	}
}

func contents(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Every changed byte is found when the table is opened or verified, and no cut file is opened.
func TestDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t")
	built(t, path, numbers(300, 3))
	whole := contents(t, path)
	for at := 0; at < len(whole); at += 1 + len(whole)/997 {
		b := bytes.Clone(whole)
		b[at] ^= 0x10
		os.WriteFile(path, b, 0o600)
		x, err := Open(path)
		if err == nil {
			err = x.Verify(context.Background(), nil)
			x.Close()
		}
		if e, ok := errors.AsType[*marz.Error](err); !ok || e.Subject != "t" || e.Fix == "" {
			t.Fatalf("byte %d changed: %v", at, err)
		}
	}
	for _, n := range []int{0, 1, headSize - 1, headSize, len(whole) / 2, len(whole) - 1, len(whole) + 1} {
		b := append(bytes.Clone(whole), 0)[:n]
		os.WriteFile(path, b, 0o600)
		_, err := Open(path)
		if e, ok := errors.AsType[*marz.Error](err); !ok || e.Code != marz.Invalid || e.Subject != "t" || e.Fix == "" {
			t.Errorf("%d bytes of %d: %v", n, len(whole), err)
		}
	}
	if _, err := Open(path + "none"); marz.CodeOf(err) != marz.NotFound || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// Whatever a file holds, it is opened or refused, and a find in it ends.
func FuzzOpen(f *testing.F) {
	path := filepath.Join(f.TempDir(), "t")
	for _, n := range []int{0, 3, 40} {
		if _, err := Build(context.Background(), path, each(numbers(n, 4), nil), Options{}); err != nil {
			f.Fatal(err)
		}
		b, _ := os.ReadFile(path)
		f.Add(b, "AB0123456")
		f.Add(b, "12ب345")
	}
	f.Fuzz(func(t *testing.T, b []byte, asked string) {
		asHead(b)
		x, err := parse(b)
		if err != nil {
			return
		}
		x.Info()
		for _, kind := range []Kind{0, Document, Vehicle} {
			for _, m := range x.Find(kind, asked, nil) {
				if m.Exact != (m.Number == Normal(asked)) {
					t.Fatalf("%q found %+v", asked, m)
				}
			}
			x.FindChecked(kind, asked, '7', nil)
		}
	})
}

// asHead mends the sums of a changed file that Open looks at, so that what it reads after them is tried too.
func asHead(b []byte) {
	if len(b) < headSize {
		return
	}
	const lengths = len(magic) + 4*4 + 4*8
	at, n := uint64(headSize), uint64(0)
	for i := range origins + 1 {
		at, n = at+n, binary.LittleEndian.Uint64(b[lengths+i*(8+sha256.Size):])
	}
	if end := at + n; at <= end && end <= uint64(len(b)) {
		sum := sha256.Sum256(b[at:end])
		copy(b[lengths+origins*(8+sha256.Size)+8:], sum[:])
	}
	sum := sha256.Sum256(b[:headSum])
	copy(b[headSum:], sum[:])
}

// A table that is replaced is searched to the end by those who have it.
func TestReplacedUnderReaders(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t")
	old := built(t, path, []Row{{Document, "OLD1", "", ""}})
	now := built(t, path, []Row{{Document, "NEW1", "", ""}})
	if len(old.Find(Document, "OLD1", nil)) != 1 || len(now.Find(Document, "OLD1", nil)) != 0 || len(now.Find(Document, "NEW1", nil)) != 1 {
		t.Error("the old table does not stand, or the new one does not")
	}
}

// The bytes of a table of these rows. When they change the format or the groups have: for the format, raise the version in magic; tables have to be built again.
func TestFormat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t")
	rows := []Row{{Document, "AB012345O", "ARM", "passport"}, {Document, "A8012345O", "GEO", "passport"}, {Vehicle, "О123ВМ77", "RUS", "plate"}, {Vehicle, "12 ب 345 67", "IRN", ""},
		{Vehicle, "WDB1234561A123456", "", "VIN"}, {Document, "<", "", ""}}
	built(t, path, rows)
	const want = "e65145cb432cd498c57f41f7af4e5da6b7379e7785c9800a1ed6164cec70cdcc"
	if got := fmt.Sprintf("%x", sha256.Sum256(contents(t, path))); got != want {
		t.Errorf("SHA-256 %s, want %s", got, want)
	}
}

// A table that was built with other groups would be searched for other forms. It is refused.
func TestOtherAlphabet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t")
	built(t, path, []Row{{Document, "A1", "", ""}})
	b := contents(t, path)
	b[len(magic)+3*4]++
	asHead(b)
	os.WriteFile(path, b, 0o600)
	if _, err := Open(path); marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), "other characters") {
		t.Error(err)
	}
}
