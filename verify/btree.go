package verify

import (
	"encoding/binary"
	"fmt"
	"math"
)

const (
	leafPage     = 0x0d
	interiorPage = 0x05

	maxLevels = 20      // SQLite's own limit for the depth of a b-tree
	maxRecord = 2 << 20 // bytes; the largest row of a journal is a payload of 1 MiB with its salt

	// Payload sizes of fileformat2 §1.6 for table leaves of 4096 usable bytes.
	maxLocal     = pageSize - 35
	minLocal     = (pageSize-12)*32/255 - 23
	overflowData = pageSize - 4
)

// walker reads the rows of a rowid table (fileformat2 §1.6) in the order in which they stand. It tells every fault of the
// structure with its page, goes on behind it as well as can be, and reads no page twice, so that no file can hold it
// for ever.
type walker struct {
	d     *database
	table string
	seen  *pageSet
	fault func(page uint32, what string)

	path   []*level // from the root down to the leaf that is being read; only the first depth of them
	depth  int
	last   int64 // rowid of the row before
	any    bool  // there was a row before
	record []byte
	over   []byte
}

// level is one page on the way down, with the rowids that its parent promises: above low, up to high.
type level struct {
	no        uint32
	buf       []byte
	page      []byte
	base      int // where the b-tree header begins: 100 on page 1
	leaf      bool
	at, cells int
	low, high int64
	lowOpen   bool // there is no lower bound
	astray    bool // a row outside of the bounds was told
}

func newWalker(d *database, table string, root uint32, seen *pageSet, fault func(page uint32, what string)) *walker {
	w := &walker{d: d, table: table, seen: seen, fault: fault}
	w.descend(root, 0, math.MaxInt64, true)
	return w
}

// next returns the next row, the page where it stands and its record, which is valid until the call after.
func (w *walker) next() (page uint32, rowid int64, record []byte, ok bool) {
	for w.depth > 0 {
		l := w.path[w.depth-1]
		if !l.leaf {
			w.step(l)
			continue
		}
		if l.at == l.cells {
			w.depth--
			continue
		}
		l.at++
		rowid, record, what := w.row(l, l.at-1)
		if what != "" {
			w.fault(l.no, what)
			continue
		}
		w.order(l, rowid)
		return l.no, rowid, record, true
	}
	return 0, 0, nil, false
}

// step goes to the next child of an interior page, or back up after the last.
func (w *walker) step(l *level) {
	if l.at > l.cells {
		w.depth--
		return
	}
	l.at++
	if l.at > l.cells {
		w.descend(binary.BigEndian.Uint32(l.page[l.base+8:]), l.low, l.high, l.lowOpen)
		return
	}
	cell := l.cell(l.at - 1)
	if cell == nil {
		w.fault(l.no, fmt.Sprintf("cell %d lies outside of the page", l.at))
		return
	}
	key, n := varint(cell[4:])
	if n == 0 || key > l.high || !l.lowOpen && key <= l.low {
		w.fault(l.no, fmt.Sprintf("the key of cell %d is out of order", l.at))
		key = l.high
	}
	low, lowOpen := l.low, l.lowOpen
	if key < l.high {
		l.low, l.lowOpen = key, false
	}
	w.descend(binary.BigEndian.Uint32(cell), low, key, lowOpen)
}

// descend begins to read a page of the tree.
func (w *walker) descend(no uint32, low, high int64, lowOpen bool) {
	if w.depth == maxLevels {
		w.fault(no, fmt.Sprintf("the tree is deeper than %d levels", maxLevels))
		return
	}
	if !w.seen.add(no) {
		w.fault(no, "the page is used twice")
		return
	}
	if w.depth == len(w.path) {
		w.path = append(w.path, &level{buf: make([]byte, pageSize)})
	}
	l := w.path[w.depth]
	page, err := w.d.read(no, l.buf)
	if err != nil {
		w.fault(no, err.Error())
		return
	}
	*l = level{no: no, buf: l.buf, page: page, low: low, high: high, lowOpen: lowOpen}
	if no == 1 {
		l.base = 100
	}
	if what := l.open(); what != "" {
		w.fault(no, what)
		return
	}
	if what := l.account(); what != "" {
		w.fault(no, what) // what the cells say may still be true, so they are read
	}
	w.depth++
}

// open reads the page's header.
func (l *level) open() (fault string) {
	switch l.page[l.base] {
	case leafPage:
		l.leaf = true
	case interiorPage:
	default:
		return fmt.Sprintf("the page is not one of a table (type %#02x)", l.page[l.base])
	}
	l.cells = int(binary.BigEndian.Uint16(l.page[l.base+3:]))
	if l.pointers()+2*l.cells > pageSize {
		return fmt.Sprintf("the page claims %d cells, more than fit into it", l.cells)
	}
	if !l.leaf && l.cells == 0 && l.no != 1 { // only page 1, having less room than its child, may be left without a cell
		return "the page has no cells"
	}
	return ""
}

// pointers returns where the array of cell pointers begins.
func (l *level) pointers() int {
	if l.leaf {
		return l.base + 8
	}
	return l.base + 12
}

// cell returns the bytes from the beginning of cell i to the end of the page, or nil when its pointer is wrong.
func (l *level) cell(i int) []byte {
	p := int(binary.BigEndian.Uint16(l.page[l.pointers()+2*i:]))
	if p < l.pointers()+2*l.cells || p > pageSize-4 {
		return nil
	}
	return l.page[p:]
}

// local returns how many bytes of a record of the given size stand in the leaf (fileformat2 §1.6).
func local(size int64) int {
	if size <= maxLocal {
		return int(size)
	}
	k := minLocal + (size-minLocal)%overflowData
	if k <= maxLocal {
		return int(k)
	}
	return minLocal
}

// cellSize returns how many bytes of the page a cell takes, or 0 when it cannot be told.
func (l *level) cellSize(cell []byte) int {
	if !l.leaf {
		if _, n := varint(cell[4:]); n > 0 {
			return 4 + n
		}
		return 0
	}
	size, n := varint(cell)
	_, m := varint(cell[n:])
	if n == 0 || m == 0 || size < 0 {
		return 0
	}
	total := n + m + local(size)
	if size > maxLocal {
		total += 4
	}
	return max(total, 4)
}

// account checks that cells, free blocks and fragments together fill the page's cell area exactly (fileformat2 §1.6), as
// SQLite's integrity check does: a page whose sum is right has no cell hidden and none counted twice.
func (l *level) account() (fault string) {
	h := l.page[l.base:]
	start := int(binary.BigEndian.Uint16(h[5:]))
	if start == 0 {
		start = 65536
	}
	if start < l.pointers()+2*l.cells || start > pageSize {
		return "the page's cell area begins at a wrong place"
	}
	sum := int(h[7])
	for i := range l.cells {
		cell := l.cell(i)
		if cell == nil {
			return fmt.Sprintf("cell %d lies outside of the page", i+1)
		}
		size := l.cellSize(cell)
		if size == 0 || size > len(cell) || pageSize-len(cell) < start {
			return fmt.Sprintf("cell %d does not fit into the page", i+1)
		}
		sum += size
	}
	for at, before := int(binary.BigEndian.Uint16(h[1:])), start-1; at != 0; {
		if at <= before || at > pageSize-4 {
			return "the page's list of free blocks is broken"
		}
		size := int(binary.BigEndian.Uint16(l.page[at+2:]))
		if size < 4 { // room for its own header; less would also let the list stand still
			return "the page's list of free blocks is broken"
		}
		sum += size
		before = at + size - 1
		at = int(binary.BigEndian.Uint16(l.page[at:]))
	}
	if sum != pageSize-start {
		return "the page's cells and free bytes do not fill it"
	}
	return ""
}

// order checks a row's place. A row at a wrong place is told and still read: the entry in it can be sound.
func (w *walker) order(l *level, rowid int64) {
	switch {
	case w.any && rowid <= w.last:
		w.fault(l.no, fmt.Sprintf("row %d of %s stands after row %d", rowid, w.table, w.last))
	case !l.astray && w.depth > 1 && (rowid > l.high || !l.lowOpen && rowid <= l.low):
		l.astray = true
		w.fault(l.no, fmt.Sprintf("row %d of %s stands where page %d does not lead to", rowid, w.table, w.path[w.depth-2].no))
	}
	w.last, w.any = rowid, true
}

// row reads cell i of a leaf, gathering what overflows.
func (w *walker) row(l *level, i int) (rowid int64, record []byte, fault string) {
	cell := l.cell(i)
	if cell == nil {
		return 0, nil, fmt.Sprintf("cell %d lies outside of the page", i+1)
	}
	size, n := varint(cell)
	rowid, m := varint(cell[n:])
	if n == 0 || m == 0 {
		return 0, nil, fmt.Sprintf("cell %d is cut off", i+1)
	}
	cell = cell[n+m:]
	if size < 0 || size > maxRecord {
		return 0, nil, fmt.Sprintf("row %d of %s claims %d bytes, and %d are allowed", rowid, w.table, size, maxRecord)
	}
	k := local(size)
	if k > len(cell) {
		return 0, nil, fmt.Sprintf("row %d of %s does not fit into the page", rowid, w.table)
	}
	if int64(k) == size {
		return rowid, cell[:k], ""
	}
	if k+4 > len(cell) {
		return 0, nil, fmt.Sprintf("row %d of %s does not fit into the page", rowid, w.table)
	}
	w.record = append(w.record[:0], cell[:k]...)
	if what := w.overflow(binary.BigEndian.Uint32(cell[k:]), int(size)-k); what != "" {
		return 0, nil, fmt.Sprintf("row %d of %s: %s", rowid, w.table, what)
	}
	return rowid, w.record, ""
}

// overflow appends rest bytes from a chain of overflow pages (fileformat2 §1.7) to the record.
func (w *walker) overflow(no uint32, rest int) (fault string) {
	if w.over == nil {
		w.over = make([]byte, pageSize)
	}
	for rest > 0 {
		if no == 0 {
			return "its chain of overflow pages ends too early"
		}
		if !w.seen.add(no) {
			return fmt.Sprintf("its overflow page %d is used twice", no)
		}
		page, err := w.d.read(no, w.over)
		if err != nil {
			return fmt.Sprintf("overflow page %d: %v", no, err)
		}
		n := min(rest, overflowData)
		w.record = append(w.record, page[4:4+n]...)
		rest -= n
		no = binary.BigEndian.Uint32(page)
	}
	if no != 0 {
		return "its chain of overflow pages goes on after its end"
	}
	return ""
}
