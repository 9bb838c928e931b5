package number

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"
	"math/bits"
)

// section is a section being written from a place in the file on.
type section struct {
	w   *bufio.Writer
	sum hash.Hash
	n   uint64
}

func newSection(f io.WriterAt, at int64) *section {
	sum := sha256.New()
	return &section{w: bufio.NewWriterSize(io.MultiWriter(io.NewOffsetWriter(f, at), sum), 256<<10), sum: sum}
}

func (s *section) write(b []byte) error {
	s.n += uint64(len(b))
	_, err := s.w.Write(b)
	return err
}

// end writes what is left and tells the head of the section.
func (s *section) end(h *head, section int) error {
	h.lengths[section] = s.n
	err := s.w.Flush()
	s.sum.Sum(h.sums[section][:0])
	return err
}

// sorted writes items in the order of their buckets, and where each bucket ends.
type sorted struct {
	ends, items *section
	bucket      uint64 // whose items are being written
	n           uint64
}

func (s *sorted) put(bucket uint64, item []byte) error {
	if err := s.fill(bucket); err != nil {
		return err
	}
	s.n++
	return s.items.write(item)
}

// fill ends all buckets before one.
func (s *sorted) fill(bucket uint64) error {
	for ; s.bucket < bucket; s.bucket++ {
		if err := s.ends.write(binary.LittleEndian.AppendUint32(nil, uint32(s.n))); err != nil {
			return err
		}
	}
	return nil
}

// row is a packed row in memory: its mixed code, and below formsShift the number of its origin and above it its forms.
type row struct {
	code uint64
	low  uint32
}

func (r row) compare(o row) int {
	return cmp.Or(cmp.Compare(r.code, o.code), cmp.Compare(r.low, o.low))
}

// writePacked writes buckets, records and origins. Rows whose origin has no place there go to those that are kept as text.
func (b *builder) writePacked(table []origin, number []uint32) error {
	h := &b.head
	h.lengths[buckets] = endSize << h.bucketBits
	w := sorted{ends: newSection(b.out, h.begin(buckets)), items: newSection(b.out, h.begin(records))}
	g := gather(row.compare)
	for part := range spread {
		if err := b.step(part); err != nil {
			return err
		}
		g.reset()
		err := b.spill.take(part, func(items []byte) error { return b.recount(g, items, number) })
		if err != nil {
			return err
		}
		for _, r := range g.sorted() {
			rest := r.code & (1<<h.restBits() - 1)
			record := (rest<<maxPacked|uint64(r.low>>formsShift))<<h.originBits | uint64(r.low&originMask)
			b.item = binary.LittleEndian.AppendUint64(b.item[:0], record)
			if err := w.put(r.code>>h.restBits(), b.item); err != nil {
				return err
			}
		}
	}
	h.packed = w.n
	return cmp.Or(w.fill(1<<h.bucketBits), w.ends.end(h, buckets), w.items.end(h, records), b.writeOrigins(table))
}

// recount gathers the rows of a block of the spill under the numbers that their origins have in the table.
func (b *builder) recount(g *gathering[row], items []byte, number []uint32) error {
	for ; len(items) > 0; items = items[rowSize:] {
		r := row{binary.LittleEndian.Uint64(items), binary.LittleEndian.Uint32(items[8:])}
		id, forms := r.low&originMask, r.low>>formsShift
		if number[id] != rare {
			g.add(row{r.code, forms<<formsShift | number[id]})
			continue
		}
		o := &b.census.seen[id]
		b.t.unpack(unmix(r.code), uint16(forms), o.script)
		if err := b.keepText(o.kind, o.country, o.what); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) writeOrigins(table []origin) error {
	s := newSection(b.out, b.head.begin(origins))
	return cmp.Or(s.write(appendOrigins(nil, table)), s.end(&b.head, origins))
}

// writeOthers writes the numbers that are kept as text, and then, when it is known how many they are, their index.
func (b *builder) writeOthers() error {
	const queue = 2 * spread
	s := newSection(b.out, b.head.begin(texts))
	g := gather(entry.compare)
	n := uint64(0)
	for part := range spread {
		if err := b.step(spread + part); err != nil {
			return err
		}
		g.reset()
		if err := b.spill.take(spread+part, func(items []byte) error { gatherEntries(g, items); return nil }); err != nil {
			return err
		}
		for _, e := range g.sorted() {
			b.item = binary.LittleEndian.AppendUint64(b.item[:0], e.hash)
			b.item = binary.LittleEndian.AppendUint64(b.item, s.n)
			if err := cmp.Or(b.spill.put(queue, b.item), s.write([]byte(e.text))); err != nil {
				return err
			}
			n++
		}
	}
	b.head.overflow = n
	return cmp.Or(s.end(&b.head, texts), b.writeIndex(queue))
}

func gatherEntries(g *gathering[entry], items []byte) {
	for len(items) > 0 {
		n := 10 + int(binary.LittleEndian.Uint16(items[8:]))
		g.add(entry{binary.LittleEndian.Uint64(items), string(items[10:n])})
		items = items[n:]
	}
}

func (b *builder) writeIndex(queue int) error {
	h := &b.head
	h.indexBits = uint32(max(bits.Len64(h.overflow)-perIndexBucket, 0))
	h.lengths[indexBuckets] = endSize << h.indexBits
	w := sorted{ends: newSection(b.out, h.begin(indexBuckets)), items: newSection(b.out, h.begin(index))}
	err := b.spill.take(queue, func(items []byte) error {
		for ; len(items) > 0; items = items[indexSize:] {
			if err := w.put(binary.LittleEndian.Uint64(items)>>(64-h.indexBits), items[:indexSize]); err != nil {
				return err
			}
		}
		return nil
	})
	return cmp.Or(err, w.fill(1<<h.indexBits), w.ends.end(h, indexBuckets), w.items.end(h, index))
}

// step tells how far the writing is, and ends it when the caller wants.
func (b *builder) step(part int) error {
	b.o.Progress(Progress{"write", int64(part), 2 * spread})
	return b.ctx.Err()
}
