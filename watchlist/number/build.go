package number

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"unicode/utf8"

	"marz"
)

// Options are what a build is told beside its rows. The zero Options will do.
type Options struct {
	Rows     int64          // how many are expected, for Progress alone
	Progress func(Progress) // hears of a build's progress in the goroutine of the build, every 65,536 rows
}

// Progress is how far a build is.
type Progress struct {
	Step     string // "read" or "write"
	Done, Of int64  // rows, or parts of the file; Of may be 0 for unknown
}

const (
	spreadBits = 8 // partitions of the packed numbers and of the others, by the first bits of their mixed code or hash
	spread     = 1 << spreadBits

	// A packed row in the spill: its mixed code, its forms and the census's number of its origin.
	rowSize    = 12
	originMask = maxSeen - 1
	formsShift = 20 // above the number of an origin
)

var errBusy = errors.New("another build has it")

// Build writes a table of rows to a file, in place of the one that is there. The rows may repeat each other and come in any order. They are read once; those without a usable number
// are counted and left out, and anything else that is wrong with one, or an error in its place, ends the build.
//
// The memory used is some 30 MB and that of a 256th of the rows, 16 bytes each, or 100 when they are kept as text. Beside the file lie, until the end, path.spill and path.part: 12 bytes
// a row (text: 50), and the new table. A build that is
// killed may leave them; the next takes them over. The file is replaced when the new one is safe on disk. Until then, and after an error other than in making the
// folder durable, the old one is untouched.
func Build(ctx context.Context, path string, rows iter.Seq2[Row, error], o Options) (Info, error) {
	return build(ctx, osDisk{}, path, rows, o)
}

func build(ctx context.Context, d disk, path string, rows iter.Seq2[Row, error], o Options) (info Info, err error) {
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	scratch, err := d.scratch(path + ".spill")
	if err != nil {
		return Info{}, buildError(path, err)
	}
	defer scratch.Close()
	defer d.remove(path + ".spill") // before it is closed, and so while no other build can have it
	out, err := d.create(path + ".part")
	if err != nil {
		return Info{}, buildError(path, err)
	}
	b := builder{ctx: ctx, o: o, out: out, spill: newSpill(scratch, 2*spread+1)}
	b.census.ids = map[origin]uint32{}
	info, err = b.run(rows)
	if err == nil {
		err = out.Sync()
	}
	if err = cmp.Or(err, out.Close()); err != nil {
		d.remove(path + ".part")
		return Info{}, buildError(path, err)
	}
	if err := d.replace(path, path+".part"); err != nil {
		d.remove(path + ".part")
		return Info{}, buildError(path, err)
	}
	return info, nil
}

// buildError names the file and says what can be done.
func buildError(path string, err error) error {
	e := &marz.Error{Code: marz.CodeOf(err), Op: "build number table", Subject: filepath.Base(path), Err: err}
	switch {
	case errors.Is(err, errBusy):
		e.Code, e.Fix = marz.Conflict, "wait for the end of the other build"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		e.Code, e.Fix = marz.Unavailable, "it was stopped; the old table stands"
	case isRow(err):
		e.Fix = "the old table stands"
	case e.Code == marz.Internal:
		e.Fix = "the old table stands; see that the disk has room for 20 bytes a row and can be written"
	}
	return e
}

// rowError is what is wrong with a row, or with where rows come from.
type rowError struct {
	row uint64 // counted from 1
	err error
}

func (e *rowError) Error() string { return fmt.Sprintf("row %d: %v", e.row, e.err) }
func (e *rowError) Unwrap() error { return e.err }

func isRow(err error) bool {
	_, ok := errors.AsType[*rowError](err)
	return ok
}

// builder is a build under way. One goroutine runs it.
type builder struct {
	ctx    context.Context
	o      Options
	out    file
	spill  *spill // packed rows, the others, and as the last partition the index of the others
	head   head
	census census
	t      text // the number at hand
	item   []byte
}

func (b *builder) run(rows iter.Seq2[Row, error]) (Info, error) {
	if err := b.readAll(rows); err != nil {
		return Info{}, err
	}
	table, number := b.census.rank()
	b.head.choose(b.head.packed, len(table))
	if err := b.writePacked(table, number); err != nil {
		return Info{}, err
	}
	if err := b.writeOthers(); err != nil {
		return Info{}, err
	}
	if _, err := b.out.WriteAt(b.head.bytes(), 0); err != nil {
		return Info{}, err
	}
	return b.head.info(len(table), b.head.begin(sectionCount)), nil
}

// readAll puts all rows into the spill, and counts in head.packed those that are packed, repeated ones included.
func (b *builder) readAll(rows iter.Seq2[Row, error]) error {
	for r, err := range rows {
		if err == nil {
			err = r.check()
		}
		if err == nil && b.head.rows == maxRows {
			err = &marz.Error{Code: marz.Invalid, Op: "take", Fix: "a table holds no more than 4,294,967,295; make two"}
		}
		if err != nil {
			return &rowError{b.head.rows + 1, err}
		}
		if err := b.read(&r); err != nil {
			return err
		}
		if b.head.rows++; b.head.rows&0xffff == 0 {
			b.o.Progress(Progress{"read", int64(b.head.rows), b.o.Rows})
			if err := b.ctx.Err(); err != nil {
				return err
			}
		}
	}
	return b.ctx.Err()
}

// check refuses a row that its reader should not have given.
func (r *Row) check() error {
	bad := func(subject, fix string) error {
		return &marz.Error{Code: marz.Invalid, Op: "take", Subject: subject, Fix: fix}
	}
	switch {
	case r.Kind != Document && r.Kind != Vehicle:
		return bad("kind", "it has to be Document or Vehicle")
	case len(r.Country) > maxCountry:
		return bad("country", "give a code of ICAO 9303-3 §5 or none")
	case len(r.Type) > MaxType || !utf8.ValidString(r.Type):
		return bad("type", fmt.Sprintf("give a word of at most %d bytes in UTF-8", MaxType))
	}
	for _, c := range r.Country {
		if c < 'A' || c > 'Z' {
			return bad("country", "give a code of ICAO 9303-3 §5 or none")
		}
	}
	return nil
}

// read puts one row into the spill.
func (b *builder) read(r *Row) error {
	if !b.t.read(r.Number) {
		b.head.unusable++
		return nil
	}
	code, ok := b.t.code()
	forms, s, ok2 := b.t.forms()
	if !ok || !ok2 {
		return b.keepText(r.Kind, r.Country, r.Type)
	}
	id, err := b.census.id(origin{r.Kind, s, r.Country, r.Type})
	if err != nil {
		return &rowError{b.head.rows + 1, err}
	}
	code = mix(code)
	b.head.packed++
	b.item = binary.LittleEndian.AppendUint64(b.item[:0], code)
	b.item = binary.LittleEndian.AppendUint32(b.item, uint32(forms)<<formsShift|id)
	return b.spill.put(int(code>>(codeBits-spreadBits)), b.item)
}

// keepText puts the number at hand among those that are kept as text.
func (b *builder) keepText(kind Kind, country, what string) error {
	hash := b.t.hash()
	b.head.overflow++
	b.item = binary.LittleEndian.AppendUint64(b.item[:0], hash)
	b.item = append(b.item, 0, 0)
	b.item = appendEntry(b.item, kind, country, what, &b.t)
	binary.LittleEndian.PutUint16(b.item[8:], uint16(len(b.item)-10))
	return b.spill.put(spread+int(hash>>(64-spreadBits)), b.item)
}
