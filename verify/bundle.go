package verify

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"marz"
)

// maxLine is longer than any line of a bundle: an entry of 64 KiB with a payload of 1 MiB, both in base64.
const maxLine = 2 << 20

const (
	bundleStart = `{"marz_bundle":`
	headStart   = `{"head":`
	endStart    = `{"end":`
)

// Bundle checks an exported bundle. An error means that the file could not be read as a bundle at all, or that ctx
// ended.
func Bundle(ctx context.Context, path string, o Options) (*Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, cannotOpen(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, cannotOpen(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, unreadable(marz.Invalid, path, "it is not a file: save the bundle to a file first, since it is read twice", nil)
	}
	return bundle(ctx, f, info.Size(), path, o)
}

// BundleAt checks a bundle of the given size in bytes, as Bundle does a file.
func BundleAt(ctx context.Context, in io.ReaderAt, size int64, o Options) (*Report, error) {
	return bundle(ctx, in, size, "bundle", o)
}

func bundle(ctx context.Context, in io.ReaderAt, size int64, name string, o Options) (*Report, error) {
	given, err := givenKey(o)
	if err != nil {
		return nil, err
	}
	split, err := headsBegin(ctx, in, size)
	if err != nil {
		return nil, unreadable(marz.Internal, name, "it cannot be read", err)
	}
	c := &checker{r: newReport(), given: given, ownName: "the bundle's key"}
	if o.begin != nil {
		o.begin(c)
	}
	b := &bundleSource{c: c}
	b.entries = newLines(in, 0, split.offset)
	b.heads = newLines(in, split.offset, size)
	b.heads.n = split.line
	c.tick = func() error { return errors.Join(b.entries.err, b.heads.err) }
	first, ok := b.entries.next()
	if b.entries.err != nil {
		return nil, unreadable(marz.Internal, name, "it cannot be read", b.entries.err)
	}
	if !ok || !bytes.HasPrefix(first, []byte(bundleStart)) {
		return nil, unreadable(marz.Invalid, name, "it is neither an act of handover as JSON nor a bundle, whose first line begins with "+bundleStart, nil)
	}
	b.first(first)
	if err = c.run(ctx, b); err == nil {
		err = c.tick()
	}
	if err != nil {
		return nil, unreadable(marz.Internal, name, "it could not be read to its end", err)
	}
	b.tally()
	return c.r, nil
}

// position is a place in a bundle: a byte offset and the number of lines before it.
type position struct {
	offset int64
	line   int
}

// headsBegin finds where the heads begin, or the end line when there are none. A bundle has its heads after its entries and they
// are needed beside them, so it is read from both places at once.
func headsBegin(ctx context.Context, in io.ReaderAt, size int64) (position, error) {
	l := newLines(in, 0, size)
	var at position
	for {
		if at.line%1024 == 0 && ctx.Err() != nil {
			return at, ctx.Err()
		}
		line, ok := l.next()
		if !ok {
			return position{size, at.line}, l.err
		}
		if bytes.HasPrefix(line, []byte(headStart)) || bytes.HasPrefix(line, []byte(endStart)) {
			return at, nil
		}
		at = position{l.offset, l.n}
	}
}

// lines reads lines that end with a line feed, holding at most maxLine bytes of one.
type lines struct {
	in      *bufio.Reader
	buf     []byte
	n       int   // lines read
	offset  int64 // bytes read
	tooLong bool  // the line was longer than maxLine and is cut
	open    bool  // the line has no line feed
	err     error
}

func newLines(in io.ReaderAt, from, to int64) *lines {
	return &lines{in: bufio.NewReaderSize(io.NewSectionReader(in, from, to-from), 1<<16)}
}

// next returns the next line without its line feed, valid until the call after.
func (l *lines) next() ([]byte, bool) {
	l.buf, l.tooLong, l.open = l.buf[:0], false, false
	for {
		part, err := l.in.ReadSlice('\n')
		l.offset += int64(len(part))
		if len(l.buf)+len(part) <= maxLine {
			l.buf = append(l.buf, part...)
		} else {
			l.tooLong = true
		}
		switch {
		case err == nil:
			l.n++
			return bytes.TrimSuffix(l.buf, []byte("\n")), true
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case !errors.Is(err, io.EOF):
			l.err = err
			return nil, false
		case len(l.buf) == 0 && !l.tooLong:
			return nil, false
		}
		l.n++
		l.open = true
		return l.buf, true
	}
}

// bundleSource is a source that reads a bundle.
type bundleSource struct {
	c              *checker
	entries, heads *lines
	salt, paid     []byte // of the entry at hand
	none           bool   // payloads are said to be withheld
	hasPayload     bool
	nEntries       int64
	nHeads         int64
	covered        int64 // the size of the head that was read last
	ended          bool
	wantEntries    int64
	wantHeads      int64
}

// bad reports a line that is not what it must be.
func (b *bundleSource) bad(l *lines, seq int64, fault string) {
	b.c.r.problem(seq, "line %d of the bundle: %s", l.n, fault)
}

// cursor returns a cursor over a line, which has failed already unless the line has its line feed and is not too long.
func (l *lines) cursor(line []byte) *cursor {
	c := &cursor{b: line}
	switch {
	case l.tooLong:
		c.fail = "it is too long"
	case l.open:
		c.fail = "it has no line feed: the bundle is cut off"
	}
	return c
}

// first reads the first line.
func (b *bundleSource) first(line []byte) {
	c := b.entries.cursor(line)
	c.literal(bundleStart)
	if v := c.integer(); c.fail == "" && v != 1 {
		c.fail = fmt.Sprintf("it is of version %d, and this checker knows 1", v)
	}
	c.literal(`,"origin":`)
	origin := c.text()
	c.literal(`,"key":`)
	key := string(c.text())
	c.literal(`,"payloads":`)
	b.none = c.accept(`"withheld"`)
	b.c.withheld = b.none || c.accept(`"partial"`)
	if !b.c.withheld {
		c.literal(`"included"`)
	}
	c.literal("}")
	c.end()
	b.c.key = b.c.given
	if c.fail != "" {
		b.bad(b.entries, -1, c.fail)
		return
	}
	own, fault := parseKey(key)
	switch {
	case fault != "":
		b.bad(b.entries, -1, "its key is not a verifier key: "+fault)
	case b.c.given.text == "":
		b.c.key = own
	case b.c.given.text != own.text:
		b.bad(b.entries, -1, "its key is "+own.text+", and not the one that must have signed")
	}
	if fault == "" && string(origin) != own.name {
		b.bad(b.entries, -1, "its origin is not the name of its key")
	}
	b.c.own = own
}

func (b *bundleSource) next() (row, bool) {
	for {
		line, ok := b.entries.next()
		if !ok {
			return row{}, false
		}
		r, fault := b.entry(line)
		if fault == "" {
			b.nEntries++
			return r, true
		}
		b.bad(b.entries, b.c.next, fault)
	}
}

// entry reads the line of an entry.
func (b *bundleSource) entry(line []byte) (r row, fault string) {
	c := b.entries.cursor(line)
	c.literal(`{"seq":`)
	r.seq = c.integer()
	c.literal(`,"body":`)
	r.body = c.base64()
	c.literal(`,"hashes":`)
	r.hashes = c.base64()
	b.hasPayload = c.accept(`,"salt":`)
	if b.hasPayload {
		b.salt = c.base64()
		c.literal(`,"payload":`)
		b.paid = c.base64()
	}
	c.literal("}")
	c.end()
	if c.fail == "" && b.hasPayload && b.none {
		b.bad(b.entries, r.seq, "it holds a payload, and payloads are said to be withheld")
	}
	return r, c.fail
}

// base64 reads a string of base64.
func (c *cursor) base64() []byte {
	s := c.text()
	if c.fail != "" {
		return nil
	}
	v, ok := decodeBase64(s)
	if !ok {
		c.failf("the string that ends is not base64")
	}
	return v
}

func (b *bundleSource) payload(int64) (salt, body []byte, ok bool) {
	return b.salt, b.paid, b.hasPayload
}

func (b *bundleSource) head() (size int64, note []byte, ok bool) {
	for {
		line, ok := b.heads.next()
		if !ok {
			return 0, nil, false
		}
		c := b.heads.cursor(line)
		switch {
		case b.ended:
			c.failf("it stands after the end line")
		case bytes.HasPrefix(line, []byte(endStart)):
			b.end(c)
		default:
			c.literal(headStart)
			note = bytes.Clone(c.text())
			c.literal("}")
			c.end()
			if c.fail == "" {
				b.nHeads++
				h, _ := parseHead(note)
				b.covered = max(b.covered, h.size)
				return h.size, note, true
			}
		}
		if c.fail != "" {
			b.bad(b.heads, b.covered, c.fail)
		}
	}
}

// end reads the end line.
func (b *bundleSource) end(c *cursor) {
	c.literal(endStart + `true,"entries":`)
	b.wantEntries = c.integer()
	c.literal(`,"heads":`)
	b.wantHeads = c.integer()
	c.literal("}")
	c.end()
	b.ended = c.fail == ""
}

func (b *bundleSource) finish() {}

// tally compares the end line with what was read.
func (b *bundleSource) tally() {
	switch {
	case !b.ended:
		b.c.r.problem(b.c.next, "the bundle has no end line: it is cut off")
	case b.wantEntries != b.nEntries || b.wantHeads != b.nHeads:
		b.c.r.problem(-1, "the bundle's end line says %d entries and %d heads, and it has %d and %d",
			b.wantEntries, b.wantHeads, b.nEntries, b.nHeads)
	}
}
