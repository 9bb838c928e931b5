package stays

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"

	"marz"
)

var update = flag.Bool("update", false, "write the vectors anew")

// signer is an invented headquarters' key, the same in every run.
func signer(t testing.TB) (note.Signer, note.Verifier) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.NewChaCha8([32]byte{1}), "armenia/hq")
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}

var testKey = Key(bytes.Repeat([]byte{9}, 32))

// people are movements by digest.
type people map[uint64][]Movement

// file writes them and reads them back.
func (p people) file(t testing.TB, first int, at marz.Instant) (*File, []byte) {
	t.Helper()
	s, v := signer(t)
	w := NewWriter(first, false)
	for _, d := range slices.Sorted(maps.Keys(p)) {
		if err := w.Add(d, p[d]); err != nil {
			t.Fatal(err)
		}
	}
	b, err := w.Bytes(Header{At: at, KeyID: testKey.ID(), Zone: "Asia/Yerevan", Posts: []Covered{{"armenia/agarak", 12}, {"armenia/bavra", 7}}}, s)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Read("file", b, v)
	if err != nil {
		t.Fatal(err)
	}
	return f, b
}

// naive is what a file says of a person by the words of the specification.
func naive(moves []Movement, first int) []Movement {
	var out []Movement
	inside := false
	for _, m := range moves {
		if m.Day < first {
			inside = m.Direction == marz.EntryDirection
			continue
		}
		out = append(out, m)
	}
	if inside {
		out = append([]Movement{{first, marz.EntryDirection}}, out...)
	}
	return out
}

func drawPeople(t *rapid.T) people {
	digest := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 40), rapid.Map(rapid.Uint64Range(0, 40), func(n uint64) uint64 { return ^n }))
	move := rapid.Custom(func(t *rapid.T) Movement {
		return Movement{rapid.IntRange(20000, 20400).Draw(t, "day"), rapid.SampledFrom([]marz.Direction{marz.EntryDirection, marz.ExitDirection}).Draw(t, "direction")}
	})
	p := rapid.MapOfN(digest, rapid.SliceOfN(move, 1, 6), 0, 200).Draw(t, "people")
	for _, moves := range p {
		slices.SortStableFunc(moves, func(a, b Movement) int { return cmp.Compare(a.Day, b.Day) })
	}
	return p
}

// TestLook holds that a file says of everybody what was put in, and of others nothing.
func TestLook(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p, first := drawPeople(r), rapid.IntRange(20000, 20400).Draw(r, "first")
		f, _ := p.file(t, first, 1e12)
		in := 0
		for d, moves := range p {
			want := naive(moves, first)
			if len(want) > 0 {
				in++
			}
			got, ok := f.find(d)
			if ok != (len(want) > 0) || !slices.Equal(got, want) {
				r.Fatalf("%x: %v and not %v", d, got, want)
			}
			if _, ok := p[d^1]; !ok {
				if got, ok := f.find(d ^ 1); ok {
					r.Fatalf("a stranger has %v", got)
				}
			}
		}
		if f.People != in {
			r.Fatalf("%d people and not %d", f.People, in)
		}
	})
}

// TestChange holds that an older file with the change says what the newer one says, also of who moved out of the window or was erased.
func TestChange(t *testing.T) {
	s, v := signer(t)
	rapid.Check(t, func(r *rapid.T) {
		older, newer := drawPeople(r), drawPeople(r)
		for d, moves := range older {
			if rapid.Bool().Draw(r, "stays") {
				newer[d] = moves
			}
		}
		first := rapid.IntRange(20000, 20400).Draw(r, "first")
		later := first + rapid.IntRange(0, 100).Draw(r, "later")
		before, base := older.file(t, first, 1e12)
		after, _ := newer.file(t, later, 1e12+1)
		change, err := Change(before, after, s)
		if err != nil {
			r.Fatal(err)
		}
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, Current), base)
		writeFile(t, filepath.Join(dir, Current+".1"), change)
		set, err := OpenSet(dir, v)
		if err != nil || set.Newest().Version != after.Version {
			r.Fatal(set.Newest(), err)
		}
		for _, p := range []people{older, newer} {
			for d := range p {
				want, _ := after.find(d)
				if got := since(set.Look(d), later); !slices.Equal(got, want) {
					r.Fatalf("%x: %v and not %v", d, got, want)
				}
			}
		}
	})
}

func writeFile(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDamage holds that a file of which any byte is another is refused or says the same, one that ends early is refused, and one of another key too.
func TestDamage(t *testing.T) {
	_, v := signer(t)
	p := people{}
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		p[r.Uint64()] = []Movement{{20100, marz.EntryDirection}, {20103 + r.IntN(90), marz.ExitDirection}}
	}
	f, b := p.file(t, 20050, 1e12)
	for i := 0; i < len(b); i += 1 + i/200 {
		bad := bytes.Clone(b)
		bad[i] ^= 1
		g, err := Read("file", bad, v) // the last character of a signature has bits that say nothing
		if err == nil && (!same(&g.Header, &f.Header) || !bytes.Equal(g.buckets, f.buckets) || !bytes.Equal(g.index, f.index)) || err != nil && marz.CodeOf(err) != marz.Invalid {
			t.Fatalf("byte %d is another: %v", i, err)
		}
		if _, err := Read("file", b[:i], v); marz.CodeOf(err) != marz.Invalid {
			t.Fatalf("cut off at byte %d: %v", i, err)
		}
	}
	_, vkey, err := note.GenerateKey(rand.NewChaCha8([32]byte{2}), "armenia/hq")
	if err != nil {
		t.Fatal(err)
	}
	other, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Read("file", b, other); marz.CodeOf(err) != marz.Invalid {
		t.Errorf("signed by another key: %v", err)
	}
}

// TestSetEnds holds that a change which continues another file is not looked at, and that there is no set without a whole file.
func TestSetEnds(t *testing.T) {
	s, v := signer(t)
	dir := t.TempDir()
	if _, err := OpenSet(dir, v); marz.CodeOf(err) != marz.NotFound {
		t.Error(err)
	}
	one, two, three := people{1: {{20100, marz.EntryDirection}}}, people{2: {{20100, marz.EntryDirection}}}, people{3: {{20100, marz.EntryDirection}}}
	a, base := one.file(t, 20050, 1e12)
	b, _ := two.file(t, 20050, 1e12+1)
	c, _ := three.file(t, 20050, 1e12+2)
	stranger, err := Change(b, c, s)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, Current), base)
	writeFile(t, filepath.Join(dir, Current+".1"), stranger)
	set, err := OpenSet(dir, v)
	if err != nil || set.Newest().Version != a.Version || len(set.Look(1)) != 1 || len(set.Look(3)) != 0 {
		t.Errorf("%v, %v", set, err)
	}
	writeFile(t, filepath.Join(dir, Current), stranger)
	if _, err := OpenSet(dir, v); marz.CodeOf(err) != marz.Invalid {
		t.Errorf("a change in the place of the whole file: %v", err)
	}
	if _, err := Change(c, b, s); marz.CodeOf(err) != marz.Invalid {
		t.Errorf("a change backwards: %v", err)
	}
	if _, err := ParseKey("xyz"); marz.CodeOf(err) != marz.Invalid {
		t.Error(err)
	}
	if k, err := ParseKey(testKey.String() + "\n"); err != nil || k != testKey {
		t.Error(k, err)
	}
}

// TestVector holds the bytes that docs/spec/stays-file.md gives.
func TestVector(t *testing.T) {
	who := Person{Nationality: "UTO", Birth: "1974-08-12", Primary: "ERIKSSON", Secondary: "ANNA MARIA"}
	if d := testKey.Digest(who); strconv.FormatUint(d, 16) != digestVector || testKey.ID() != keyVector {
		t.Errorf("digest %x, key %s", d, testKey.ID())
	}
	_, b := people{testKey.Digest(who): {{20500, marz.EntryDirection}, {20514, marz.ExitDirection}, {20600, marz.EntryDirection}}, 1: {{20400, marz.EntryDirection}}}.file(t, 20450, 1e12)
	const path = "testdata/vector.stays"
	if *update {
		writeFile(t, path, b)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want, b); diff != "" {
		t.Errorf("(-vector +written):\n%s", diff)
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != fileVector {
		t.Errorf("the vector's SHA-256 is %x", sum)
	}
}

const (
	digestVector = "f63133891ab6d120"
	keyVector    = "8a0883e0c81f2c40"
	fileVector   = "2756cbfc43cefa94d2cc8d4271b3b02b1aaec3efd3839413d7a569d90272d6a0"
)

// TestSize holds what a person costs: people with one stay of some days in the window, as many as a state has in a busy season.
func TestSize(t *testing.T) {
	p, r := people{}, rand.New(rand.NewPCG(2, 2))
	for range 20_000 {
		day := 20000 + r.IntN(170)
		p[r.Uint64()] = []Movement{{day, marz.EntryDirection}, {day + r.IntN(30), marz.ExitDirection}}
	}
	_, b := p.file(t, 20000, 1e12)
	if per := float64(len(b)) / float64(len(p)); per > 12 {
		t.Errorf("%.1f bytes a person", per)
	}
}

func FuzzContent(f *testing.F) {
	w := NewWriter(20000, false)
	for d := range uint64(40) {
		_ = w.Add(d<<58|d, []Movement{{20001, marz.EntryDirection}})
	}
	f.Add(w.content(), 40)
	f.Add([]byte{}, 0)
	f.Fuzz(func(t *testing.T, b []byte, people int) {
		file := &File{Header: Header{First: 20000, People: people}}
		if file.lay(b) != nil {
			return
		}
		n := 0
		for d, moves := range file.All() {
			if got, ok := file.find(d); !ok || !slices.Equal(got, moves) {
				t.Fatalf("%x: %v and not %v", d, got, moves)
			}
			n++
		}
		if n != people {
			t.Fatalf("%d people and not %d", n, people)
		}
	})
}
