package verify

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// files holds a folder's files in memory, so that many damaged copies of it are cheap.
type files map[string][]byte

func load(t testing.TB, dir string) files {
	t.Helper()
	f := files{}
	for _, name := range []string{"journal.db", "journal.db-wal", "head", "node.pub"} {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
			f[name] = data
		}
	}
	return f
}

// with writes the files into dir, one of them with other content.
func (f files) with(t failer, dir, name string, content []byte) string {
	t.Helper()
	for n, data := range f {
		if n == name {
			data = content
		}
		if err := os.WriteFile(filepath.Join(dir, n), data, 0o600); err != nil {
			t.Errorf("%v", err)
		}
	}
	return dir
}

// TestAnyDatabaseByte flips any byte of journal.db. Where the checker says that all holds, SQLite must read the very same
// from the damaged file as from the sound one; and the database stays recognisable.
func TestAnyDatabaseByte(t *testing.T) {
	b := sample(t, 90, 9)
	whole := load(t, b.dir)
	want, err := read(b.dir)
	must(t, err)
	dir, scratch := t.TempDir(), t.TempDir()
	ok := 0
	rapid.Check(t, func(rt *rapid.T) {
		page := rapid.IntRange(0, len(whole["journal.db"])/pageSize-1).Draw(rt, "page")
		var at int
		if rapid.Bool().Draw(rt, "in header") { // where structure is densest
			at = rapid.IntRange(0, 140).Draw(rt, "offset")
		} else {
			at = rapid.IntRange(0, pageSize-1).Draw(rt, "offset")
		}
		damaged := flipped(whole["journal.db"], page*pageSize+at, rapid.ByteRange(1, 255).Draw(rt, "mask"))
		r, err := Folder(context.Background(), whole.with(rt, dir, "journal.db", damaged), Options{})
		if err != nil {
			rt.Fatalf("not recognised: %v", err)
		}
		if !r.OK() {
			return
		}
		ok++
		got, err := read(whole.with(rt, scratch, "journal.db", damaged))
		if err != nil && strings.Contains(err.Error(), "malformed database schema") {
			return // in the definition of a table that is not read here
		}
		if err != nil || !slices.Equal(got, want) {
			rt.Errorf("page %d offset %d: all holds, but SQLite reads something else (%v)", page+1, at, err)
		}
	})
	t.Logf("%d flips were harmless", ok)
}

// TestBrokenStructure flips what holds pages together, and wants the page named.
func TestBrokenStructure(t *testing.T) {
	b := sample(t, 3000, 50)
	whole := load(t, b.dir)
	db := whole["journal.db"]
	d := &database{file: bytes.NewReader(db), pages: uint32(len(db) / pageSize)}
	root := roots(d, &pageSet{}, func(uint32, string) { t.Error("sound") })["entry"]
	top := db[(root-1)*pageSize:]
	if top[0] != interiorPage {
		t.Fatal("the sample is too small to have interior pages")
	}
	child := binary.BigEndian.Uint32(top[int(binary.BigEndian.Uint16(top[12+2*1:])):])
	dir := t.TempDir()
	patch := func(page uint32, off int, bytes ...byte) []byte {
		out := slices.Clone(db)
		copy(out[int(page-1)*pageSize+off:], bytes)
		return out
	}
	number := func(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
	standing := patch(child, 1, 0x0f, 0xf0) // a free block that is its own successor
	copy(standing[int(child-1)*pageSize+0xff0:], []byte{0x0f, 0xf0, 0, 0})
	rightmost := 8
	cell1 := int(binary.BigEndian.Uint16(top[12:]))
	for name, c := range map[string]struct {
		data []byte
		page uint32
		what string
	}{
		"type":                    {patch(child, 0, 0x02), child, "not one of a table"},
		"cells":                   {patch(child, 3, 0xff, 0xff), child, "more than fit"},
		"no cells in the middle":  {patch(root, 3, 0, 0), root, "no cells"},
		"cell pointer":            {patch(child, 8, 0, 1), child, "outside of the page"},
		"cell pointer to the end": {patch(child, 8, 0x0f, 0xff), child, "outside of the page"},
		"cell area":               {patch(child, 5, 0, 3), child, "cell area"},
		"free block":              {patch(child, 1, 0, 3), child, "free blocks"},
		"free block of no size":   {standing, child, "free blocks"},
		"fragments":               {patch(child, 7, 9), child, "do not fill"},
		"page outside":            {patch(root, rightmost, 0x7f, 0, 0, 0), 0x7f000000, "not among"},
		"page nought":             {patch(root, rightmost, 0, 0, 0, 0), 0, "not among"},
		"cycle":                   {patch(root, rightmost, number(root)...), root, "used twice"},
		"used twice":              {patch(root, rightmost, number(child)...), child, "used twice"},
		"key":                     {patch(root, cell1+4, 0), root, ""},
		"record size":             {patch(child, int(binary.BigEndian.Uint16(db[int(child-1)*pageSize+8:])), 0xff, 0xff, 0xff, 0xff, 0x7f), child, ""},
		"cut off":                 {db[:len(db)-3*pageSize], 0, "cut off"},
		"cut off within a page":   {db[:len(db)-100], 0, "cut off"},
		"nothing but a header":    {db[:100], 0, "cut off"},
	} {
		t.Run(name, func(t *testing.T) {
			r := check(t, whole.with(t, dir, "journal.db", c.data), Options{})
			for _, p := range r.Problems {
				if strings.Contains(p.What, c.what) && (c.what == "cut off" || strings.Contains(p.What, "page "+itoa(c.page)+" ")) {
					return
				}
			}
			t.Errorf("page %d is not named: %v", c.page, r.Problems)
		})
	}
}

func itoa(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// walJournal is a journal of which all lies in the log, and the number of frames before each commit.
func walJournal(t testing.TB, n int) (b *builder, f files, commits []int) {
	b = newBuilder(t, 0)
	b.create(false)
	b.fill(n, 6)
	f = load(t, b.copyTo(t.TempDir()))
	frames := f["journal.db-wal"][walHeaderSize:]
	for i := 0; i < len(frames)/walFrameSize; i++ {
		if binary.BigEndian.Uint32(frames[i*walFrameSize+4:]) != 0 {
			commits = append(commits, i+1)
		}
	}
	return b, f, commits
}

// TestAnyLogByte flips any byte of the write-ahead log. It must be found, in the middle as well as in the last transaction,
// and the middle must be told as damage.
func TestAnyLogByte(t *testing.T) {
	b, whole, commits := walJournal(t, 60)
	wal := whole["journal.db-wal"]
	dir := t.TempDir()
	wantSound(t, check(t, whole.with(t, dir, "", nil), Options{}), b)
	lastBegin := commits[len(commits)-2]
	rapid.Check(t, func(rt *rapid.T) {
		i := rapid.IntRange(0, len(wal)-1).Draw(rt, "byte")
		damaged := flipped(wal, i, rapid.ByteRange(1, 255).Draw(rt, "mask"))
		r, err := Folder(context.Background(), whole.with(rt, dir, "journal.db-wal", damaged), Options{})
		if err != nil {
			rt.Fatal(err)
		}
		frame := (i - walHeaderSize) / walFrameSize
		switch {
		case r.OK():
			rt.Errorf("byte %d of the log (frame %d) was altered, and all holds", i, frame+1)
		case i >= walHeaderSize && !mentions(r, "journal.db-wal: frame "+itoa(uint32(frame+1))+" ") && !zeroed(wal, damaged, frame):
			rt.Errorf("frame %d is not named: %v", frame+1, r.Problems)
		}
		if first, _ := r.First(); i >= walHeaderSize && frame >= lastBegin && first.Seq != b.heads[len(b.heads)-2].size {
			rt.Errorf("in the last transaction: %v", r.Problems)
		}
	})
}

// zeroed reports whether the damage took away the commit mark or the salts of the log's very last frames, after which nothing
// is left that could show that they were ever part of it.
func zeroed(wal, damaged []byte, frame int) bool {
	at := walHeaderSize + frame*walFrameSize
	return at+walFrameSize == len(wal) && !bytes.Equal(wal[at:at+24], damaged[at:at+24])
}

func mentions(r *Report, what string) bool {
	return slices.ContainsFunc(r.Problems, func(p Problem) bool { return strings.Contains(p.What, what) })
}

// TestTornTail cuts the log at any byte: what was not acknowledged may be missing, and nothing else.
func TestTornTail(t *testing.T) {
	b, whole, commits := walJournal(t, 30)
	wal := whole["journal.db-wal"]
	dir := t.TempDir()
	lastBegin := walHeaderSize + commits[len(commits)-2]*walFrameSize
	rapid.Check(t, func(rt *rapid.T) {
		cut := rapid.IntRange(lastBegin, len(wal)-1).Draw(rt, "cut")
		whole.with(rt, dir, "journal.db-wal", wal[:cut])
		r, err := Folder(context.Background(), dir, Options{})
		if err != nil {
			rt.Fatal(err)
		}
		wantProblem(rt, r, b.heads[len(b.heads)-2].size, "acknowledged")
		writeHeadFile(t, dir, b.heads[len(b.heads)-2].note)
		if r, err = Folder(context.Background(), dir, Options{}); err != nil || !r.OK() {
			rt.Errorf("a torn tail that nobody was told of: %v %v", err, r)
		}
	})
}

// TestLeftOver has an innocent log: after a transaction was torn, the node went on and wrote a shorter one over it.
func TestLeftOver(t *testing.T) {
	b := newBuilder(t, 0)
	b.create(false)
	b.fill(20, 4)
	before := load(t, b.copyTo(t.TempDir()))
	torn := newFrom(t, b, before)
	torn.commit(draft{kind: "a.b", public: "{}", payload: bytes.Repeat([]byte("x"), 60000)})
	long := load(t, torn.copyTo(t.TempDir()))["journal.db-wal"]

	next := newFrom(t, b, before)
	next.fill(22, 1)
	f := load(t, next.copyTo(t.TempDir()))
	if len(long) < len(f["journal.db-wal"])+3*walFrameSize {
		t.Fatal("the torn transaction is not longer")
	}
	f["journal.db-wal"] = append(f["journal.db-wal"], long[len(f["journal.db-wal"]):]...)
	dir := f.with(t, t.TempDir(), "", nil)
	r := check(t, dir, Options{})
	wantSound(t, r, next)
	if len(r.Notes) != 1 {
		t.Errorf("notes: %q", r.Notes)
	}
}

// newFrom goes on writing on a copy of a journal.
func newFrom(t testing.TB, b *builder, f files) *builder {
	c := *b
	c.dir = f.with(t, t.TempDir(), "", nil)
	c.entries, c.heads, c.hashes = slices.Clone(b.entries), slices.Clone(b.heads), slices.Clone(b.hashes)
	c.open(0)
	return &c
}

// TestMiddleOfLog damages a frame of a page that only it holds: the entry in it is named, and so is the place from which on
// SQLite would read nothing.
func TestMiddleOfLog(t *testing.T) {
	b, whole, _ := walJournal(t, 60)
	wal := whole["journal.db-wal"]
	dir := t.TempDir()
	body := b.entries[25].body
	at := bytes.LastIndex(wal, body)
	damaged := flipped(wal, at+bytes.Index(body, []byte("0107")), 1)
	r := check(t, whole.with(t, dir, "journal.db-wal", damaged), Options{})
	if !mentions(r, "committed transactions follow it: SQLite reads no entry from here on") || !mentions(r, "its body was altered") {
		t.Errorf("%v", r.Problems)
	}
	if r.Entries != 60 {
		t.Errorf("%d entries were read of 60", r.Entries)
	}
}

// TestManyFlips damages many places at once: nothing but an end is asked for.
func TestManyFlips(t *testing.T) {
	b := sample(t, 300, 9)
	whole := load(t, b.dir)
	_, inLog, _ := walJournal(t, 60)
	dir, dir2 := t.TempDir(), t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		mess := func(data []byte) []byte {
			data = slices.Clone(data)
			for range rapid.IntRange(1, 60).Draw(rt, "flips") {
				i := rapid.IntRange(0, len(data)-1).Draw(rt, "at")
				copy(data[i:], rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(rt, "with"))
			}
			return data
		}
		r, err := Folder(context.Background(), whole.with(rt, dir, "journal.db", mess(whole["journal.db"])), Options{})
		if err == nil && len(r.Problems) > MaxProblems {
			rt.Errorf("%d problems", len(r.Problems))
		}
		inLog.with(rt, dir2, "journal.db-wal", mess(inLog["journal.db-wal"]))
		_, _ = Folder(context.Background(), dir2, Options{})
	})
}

// TestGaps has rows so far apart that counting what is missing between them would take all memory.
func TestGaps(t *testing.T) {
	b := sample(t, 30, 9)
	r := altered(t, b, func(exec func(string, ...any)) {
		for i := range 200 {
			exec("INSERT INTO entry VALUES (?, ?, ?)", (i+1)<<20, []byte("{}"), make([]byte, 32))
		}
	})
	wantProblem(t, r, 30, "missing")
}
