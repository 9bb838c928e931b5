package watchlist

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"marz"
)

// Whatever byte of a file is damaged, and wherever it ends, it is refused. Without a signature the values of the first page are the file's own.
func TestFileDamage(t *testing.T) {
	l := importOurs(t)[0]
	path := filepath.Join(t.TempDir(), "a.list")
	signer, verifier := keys(t, "am-bg")
	if err := WriteFile(path, l, FileOptions{Signer: signer}); err != nil {
		t.Fatal(err)
	}
	b := readFile(t, path)
	f, err := OpenFile(path, verifier)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	for n := range 500 {
		i := r.IntN(len(b))
		if n < 150 {
			i = r.IntN(int(f.header.Sections[0].Offset))
		}
		broken := slices.Clone(b)
		broken[i] ^= byte(1 << r.IntN(8))
		at := filepath.Join(dir, "broken")
		if err := os.WriteFile(at, broken, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenFile(at, verifier); marz.CodeOf(err) != marz.Invalid && marz.CodeOf(err) != marz.Conflict {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	for n := 0; n < len(b); n += 1 + r.IntN(len(b)/50) {
		if _, err := OpenFile(rewritten(t, b[:n]), nil); marz.CodeOf(err) != marz.Invalid {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
	if _, err := OpenFile(rewritten(t, append(slices.Clone(b), 0)), nil); err == nil {
		t.Error("a file with something after its end is taken")
	}
}

// sealed gives a changed file the digests of what it holds now, as a hostile author would.
func sealed(b []byte) []byte {
	f := &File{path: "x", size: int64(len(b))}
	var err error
	if f.page, err = readPage("x", b, listFormat, nil); err != nil {
		return b
	}
	if f.info, err = f.page.info("x"); err != nil || f.readHeader(bytes.NewReader(b)) != nil {
		return b
	}
	for i := range f.header.Sections {
		s := &f.header.Sections[i]
		sum := sha256.Sum256(b[s.Offset : s.Offset+s.Size])
		s.SHA256 = hex.EncodeToString(sum[:])
	}
	header := f.header.place()
	sum := sha256.Sum256(header)
	v := f.page.values
	first, err := writePage("x", listFormat, nil, v["id"], v["name"], v["owner"], v["version"], v["loaded"], v["alerts"], fmt.Sprintf("%d %x", len(header), sum))
	if err != nil {
		return b
	}
	return slices.Concat(first, header, b[pageSize+len(header):])
}

// A hostile author can set any number anywhere with the right digests. What is opened then answers something, and ends.
func TestFileHostile(t *testing.T) {
	l := importOurs(t)[0]
	path := filepath.Join(t.TempDir(), "a.list")
	if err := WriteFile(path, l, FileOptions{}); err != nil {
		t.Fatal(err)
	}
	b := readFile(t, path)
	f, err := OpenFile(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFile(rewritten(t, sealed(b)), nil); err != nil {
		t.Fatal(err)
	}
	rounds, seed := 400, uint64(4)
	if n, err := strconv.Atoi(os.Getenv("MARZ_HOSTILE")); err == nil { // more of them, and others
		rounds, seed = n, rand.Uint64()
	}
	r := rand.New(rand.NewPCG(3, seed))
	opened := 0
	dir := t.TempDir()
	queries := askedOf(l)
	for n := range rounds {
		broken := slices.Clone(b)
		s := f.header.Sections[n%len(f.header.Sections)]
		if s.Size < 4 {
			continue
		}
		for range 1 + r.IntN(3) {
			at := s.Offset + r.Int64N(s.Size/4)*4
			v := binary.LittleEndian.Uint32(broken[at:])
			switch r.IntN(4) {
			case 0:
				v += uint32(r.IntN(9)) - 4
			case 1:
				v ^= 1 << r.IntN(32)
			case 2:
				v = r.Uint32()
			default:
				v = []uint32{0, 1<<32 - 1, 1 << 31, uint32(len(l.Alerts))}[r.IntN(4)]
			}
			binary.LittleEndian.PutUint32(broken[at:], v)
		}
		at := filepath.Join(dir, "hostile")
		if err := os.WriteFile(at, sealed(broken), 0o644); err != nil {
			t.Fatal(err)
		}
		h, err := OpenFile(at, nil)
		if err != nil {
			continue
		}
		opened++
		tryAll(t, h, queries)
	}
	t.Logf("%d of %d were opened, seed %d", opened, rounds, seed)
}

// tryAll uses a file in every way.
func tryAll(t testing.TB, f *File, queries []Query) {
	s := New(time.Now)
	if err := s.PutFile(f); err != nil {
		t.Fatal(err)
	}
	for _, q := range queries {
		s.Screen(context.Background(), q)
	}
	for a := range f.Alerts() {
		s.Alert(f.info.ID, a.ID)
	}
	_ = s.Apply(&Change{List: f.info.ID, To: "2", Drop: []marz.AlertID{"101"}, Put: []Alert{{ID: "x", Names: []Name{{"Erika Specimen", Primary}}}}})
	s.List(f.info.ID)
}

// FuzzOpenFile gives any bytes as a file, and as the sections of a file with the right digests.
func FuzzOpenFile(f *testing.F) {
	path := filepath.Join(f.TempDir(), "a.list")
	l, err := Import("testdata/ofac", Options{})
	if err != nil {
		f.Fatal(err)
	}
	small := &List{ID: "a", Alerts: l.Alerts[:min(3, len(l.Alerts))]}
	if err := WriteFile(path, small, FileOptions{}); err != nil {
		f.Fatal(err)
	}
	b := readFile(f, path)
	f.Add(b)
	f.Add(b[:pageSize])
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, b := range [][]byte{b, sealed(b)} {
			file, err := OpenFile(rewritten(t, b), nil)
			if err == nil {
				tryAll(t, file, askedOf(small))
			} else if marz.CodeOf(err) == marz.Internal {
				t.Fatal(err)
			}
			_, _ = Import(rewritten(t, b), Options{})
		}
	})
}

// FuzzReadChange gives any bytes as a change file, and any lines behind a first page that fits them.
func FuzzReadChange(f *testing.F) {
	f.Add(readFile(f, "testdata/vector.delta"))
	f.Add([]byte(`{"put":{"id":"1"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		lines := b[min(len(b), pageSize):]
		sum := sha256.Sum256(lines)
		put, drop := bytes.Count(lines, []byte(`{"put"`)), bytes.Count(lines, []byte(`{"drop"`))
		first, err := writePage("x", changeFormat, nil, "a", "1", "2", "", fmt.Sprint(put), fmt.Sprint(drop), hex.EncodeToString(sum[:]))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range [][]byte{b, append(first, lines...)} {
			c, err := readChange("x", bytes.NewReader(b), nil)
			if (c == nil) == (err == nil) {
				t.Fatal("neither a change nor an error, or both")
			}
			if err != nil {
				continue
			}
			s := New(time.Now)
			if s.Replace(&List{ID: c.List, Version: c.From, Alerts: []Alert{{ID: "0"}}}) == nil {
				_ = s.Apply(c)
			}
		}
	})
}
