package number

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"unicode/utf8"

	"marz"
)

// Table is a table of numbers, mapped into memory. It never changes. Any number of goroutines may search it at once.
//
// A table that nothing refers to any more is let go by itself, so that a new one may take its place under those who search the old.
type Table struct {
	name  string
	f     *os.File
	data  []byte // the whole file
	head  *head
	parts [sectionCount][]byte // of data
	from  []origin
	close func()
}

// Open opens a table. It reads the head and the origins, and checks them and the length of the file; the rest is left to Verify. The file must not be changed
// in place or cut while it is open; Build puts a new one in its place. It should lie on a local disk: a page that the disk fails to give ends the process, as memory that fails does.
func Open(path string) (*Table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, openError(path, err)
	}
	t, err := open(f)
	if err != nil {
		f.Close()
		return nil, openError(path, err)
	}
	t.name = filepath.Base(path)
	return t, nil
}

func openError(path string, err error) error {
	if e, ok := errors.AsType[*marz.Error](err); ok {
		e.Subject = filepath.Base(path)
		return e
	}
	e := &marz.Error{Op: "open number table", Subject: filepath.Base(path), Err: err}
	if errors.Is(err, fs.ErrNotExist) {
		e.Code, e.Fix = marz.NotFound, "build it first"
	}
	return e
}

func open(f *os.File) (*Table, error) {
	stat, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if int64(int(stat.Size())) != stat.Size() {
		return nil, notTable("it is too large for this machine's addresses", nil)
	}
	data, unmap, err := mapFile(f, int(stat.Size()))
	if err != nil {
		return nil, err
	}
	t, err := parse(data)
	if err != nil {
		unmap(data)
		return nil, err
	}
	t.f = f
	release := sync.OnceFunc(func() { unmap(data) })
	runtime.AddCleanup(t, func(release func()) { release() }, release)
	t.close = release
	return t, nil
}

// parse makes a table of the contents of a file.
func parse(data []byte) (*Table, error) {
	h, err := readHead(data, int64(len(data)))
	if err != nil {
		return nil, err
	}
	t := &Table{data: data, head: h, close: func() {}}
	for i := range t.parts {
		at := h.begin(i)
		t.parts[i] = data[at : at+int64(h.lengths[i])]
	}
	from, ok := readOrigins(t.parts[origins])
	if !ok || sha256.Sum256(t.parts[origins]) != h.sums[origins] {
		return nil, notTable("its origins are damaged; build it again or copy it again", nil)
	}
	t.from = from
	return t, nil
}

// Close lets the file go. Nobody may be searching the table, nor search it again.
func (t *Table) Close() error {
	t.data, t.parts, t.from = nil, [sectionCount][]byte{}, nil
	t.close()
	if t.f == nil {
		return nil
	}
	return t.f.Close()
}

// Info describes the table.
func (t *Table) Info() Info { return t.head.info(len(t.from), t.head.begin(sectionCount)) }

// Digest returns the SHA-256 of the head. The head holds those of all sections: tables with one digest hold the same.
func (t *Table) Digest() (sum [sha256.Size]byte) {
	copy(sum[:], t.data[headSum:headSize])
	runtime.KeepAlive(t)
	return sum
}

// Verify reads the whole file and compares each section with its SHA-256. progress, if not nil, hears how many bytes of how many are done. It may run while others search.
func (t *Table) Verify(ctx context.Context, progress func(done, of int64)) error {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	of := t.head.begin(sectionCount)
	buf := make([]byte, 1<<20)
	for i, n := range t.head.lengths {
		sum, at, end := sha256.New(), t.head.begin(i), t.head.begin(i)+int64(n)
		for at < end {
			if err := ctx.Err(); err != nil {
				return t.verifyError("it was stopped", err)
			}
			b := buf[:min(int64(len(buf)), end-at)]
			// By reading and not from the mapping: a disk's error is then an error, and not a signal.
			if _, err := io.ReadFull(io.NewSectionReader(t.f, at, int64(len(b))), b); err != nil {
				return t.verifyError("it cannot be read; copy it again or build it again", err)
			}
			sum.Write(b)
			at += int64(len(b))
			progress(at, of)
		}
		if [sha256.Size]byte(sum.Sum(nil)) != t.head.sums[i] {
			return t.verifyError("its "+sectionNames[i]+" are damaged; copy it again or build it again", nil)
		}
	}
	return nil
}

func (t *Table) verifyError(fix string, cause error) error {
	e := &marz.Error{Code: marz.Internal, Op: "verify number table", Subject: t.name, Fix: fix, Err: cause}
	if errors.Is(cause, context.Canceled) || errors.Is(cause, context.DeadlineExceeded) {
		e.Code = marz.Unavailable
	}
	return e
}

// Find appends to buf the listed numbers of a kind that are what was asked or look like it, exact ones first, and returns it. What was asked may be written in any way
// that Normal understands. The order is otherwise the same every time.
func (t *Table) Find(kind Kind, asked string, buf []Match) []Match {
	var a, listed text
	if !a.read(asked) {
		return buf
	}
	from := len(buf)
	if code, ok := a.code(); ok {
		buf = t.findPacked(kind, &a, code, &listed, buf)
	}
	if t.head.overflow > 0 {
		buf = t.findText(kind, &a, &listed, buf)
	}
	if len(buf) > from+1 {
		slices.SortStableFunc(buf[from:], func(x, y Match) int { return int(b2u(y.Exact)) - int(b2u(x.Exact)) })
	}
	runtime.KeepAlive(t)
	return buf
}

func (t *Table) findPacked(kind Kind, a *text, code uint64, listed *text, buf []Match) []Match {
	mixed := mix(code)
	rest := t.head.restBits()
	lo, hi := span(t.parts[buckets], mixed>>rest, t.head.packed)
	low := maxPacked + uint(t.head.originBits) // bits of a record below the code
	want := mixed & (1<<rest - 1)
	recs := t.parts[records]
	at := func(i uint64) uint64 { return binary.LittleEndian.Uint64(recs[i*recordSize:]) }
	for i := lower(lo, hi, want, rest, func(i uint64) uint64 { return at(i) >> low }); i < hi; i++ {
		r := at(i)
		if r>>low != want {
			break
		}
		id := r & (1<<t.head.originBits - 1)
		if id >= uint64(len(t.from)) || t.from[id].kind != kind {
			continue
		}
		o := &t.from[id]
		listed.unpack(code, uint16(r>>t.head.originBits&(1<<maxPacked-1)), o.script)
		buf = append(buf, Match{Number: listed.String(), Country: o.country, Type: o.what, Exact: listed.equal(a)})
	}
	return buf
}

func (t *Table) findText(kind Kind, a, listed *text, buf []Match) []Match {
	hash := a.hash()
	lo, hi := span(t.parts[indexBuckets], hash>>(64-t.head.indexBits), t.head.overflow)
	at := func(i uint64) []byte { return t.parts[index][i*indexSize:] }
	for i := lower(lo, hi, hash, 64, func(i uint64) uint64 { return binary.LittleEndian.Uint64(at(i)) }); i < hi; i++ {
		if binary.LittleEndian.Uint64(at(i)) != hash {
			break
		}
		place := binary.LittleEndian.Uint64(at(i)[8:])
		if place > uint64(len(t.parts[texts])) {
			continue
		}
		k, country, what, number, ok := readEntry(t.parts[texts][place:])
		if !ok || k != kind || !listed.set(number) || !listed.alike(a) {
			continue
		}
		buf = append(buf, Match{Number: string(number), Country: string(country), Type: string(what), Exact: listed.equal(a)})
	}
	return buf
}

// set takes a number that is in Normal form.
func (t *text) set(number []byte) bool {
	t.n = 0
	for len(number) > 0 {
		r, size := utf8.DecodeRune(number)
		if t.n == MaxRunes {
			return false
		}
		t.runes[t.n], number = r, number[size:]
		t.n++
	}
	return true
}

// span returns the items of a bucket, none when the ends are damaged. n is the number of all items.
func span(ends []byte, bucket, n uint64) (lo, hi uint64) {
	if bucket > 0 {
		lo = uint64(binary.LittleEndian.Uint32(ends[(bucket-1)*endSize:]))
	}
	hi = uint64(binary.LittleEndian.Uint32(ends[bucket*endSize:]))
	if lo > hi || hi > n {
		return 0, 0
	}
	return lo, hi
}

// lower returns the first item from lo to hi that is not below want, or hi. Items are of so many bits and spread evenly: it begins where want would be, and goes on from there in steps
// that double until want is between two of them.
func lower(lo, hi, want uint64, width uint, at func(uint64) uint64) uint64 {
	if lo == hi {
		return lo
	}
	share, _ := bits.Mul64(want<<(64-width), hi-lo)
	guess := lo + share
	if at(guess) < want {
		lo = guess + 1
		for step := uint64(1); lo+step < hi; step *= 2 {
			if at(lo+step) >= want {
				hi = lo + step
				break
			}
			lo += step + 1
		}
	} else {
		hi = guess
		for step := uint64(1); lo+step < hi; step *= 2 {
			if at(hi-step) < want {
				lo = hi - step + 1
				break
			}
			hi -= step
		}
	}
	for lo < hi {
		if mid := (lo + hi) / 2; at(mid) < want {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}
