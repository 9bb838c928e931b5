package number

import "slices"

// blockSize is how much of a partition is kept in memory before it goes to the spill.
const blockSize = 32 << 10

// spill is a temporary file in which rows wait by partition, in blocks. What it holds is read while more is put into other partitions.
type spill struct {
	f     file
	end   int64
	parts []partition
	read  []byte
}

// partition is where the items of one are: in blocks of the file, and the last of them in memory. A block holds whole items.
type partition struct {
	blocks []block
	last   []byte
}

type block struct {
	at int64
	n  int
}

func newSpill(f file, partitions int) *spill {
	return &spill{f: f, parts: make([]partition, partitions), read: make([]byte, blockSize)}
}

// put adds an item to a partition.
func (s *spill) put(part int, item []byte) error {
	p := &s.parts[part]
	if len(p.last)+len(item) > blockSize {
		if _, err := s.f.WriteAt(p.last, s.end); err != nil {
			return err
		}
		p.blocks = append(p.blocks, block{s.end, len(p.last)})
		s.end += int64(len(p.last))
		p.last = p.last[:0]
	}
	if p.last == nil {
		p.last = make([]byte, 0, blockSize)
	}
	p.last = append(p.last, item...)
	return nil
}

// take gives the blocks of a partition, in the order in which they were put, and forgets them.
func (s *spill) take(part int, each func(items []byte) error) error {
	p := s.parts[part]
	s.parts[part] = partition{}
	for _, b := range p.blocks {
		if _, err := s.f.ReadAt(s.read[:b.n], b.at); err != nil {
			return err
		}
		if err := each(s.read[:b.n]); err != nil {
			return err
		}
	}
	return each(p.last)
}

// gathering sorts items and leaves out repeated ones. It does so on the way too, so that a number listed a million times takes the room of a few.
type gathering[T any] struct {
	items   []T
	limit   int
	compare func(a, b T) int
}

func gather[T any](compare func(a, b T) int) *gathering[T] {
	return &gathering[T]{limit: 1 << 18, compare: compare}
}

func (g *gathering[T]) add(item T) {
	if len(g.items) == g.limit {
		if len(g.sorted()) > g.limit/2 {
			g.limit *= 2
		}
	}
	g.items = append(g.items, item)
}

// sorted returns the items, each once. They are valid until the next call of a method.
func (g *gathering[T]) sorted() []T {
	slices.SortFunc(g.items, g.compare)
	g.items = slices.CompactFunc(g.items, func(a, b T) bool { return g.compare(a, b) == 0 })
	return g.items
}

// reset empties the gathering, and keeps its room.
func (g *gathering[T]) reset() {
	clear(g.items)
	g.items = g.items[:0]
}
