package verify

import "fmt"

// tables is a source that reads a database.
type tables struct {
	c                        *checker
	entries, payloads, heads *walker

	pay     row // the payload row that was read last: seq, and salt and body in its columns
	salt    []byte
	havePay bool
	covered int64 // the size of the head that was read last
}

// newTables opens the three tables of a journal. A table that is not there is a problem, and is read as empty.
func newTables(d *database, c *checker) *tables {
	t := &tables{c: c}
	seen := &pageSet{}
	fault := func(table string, seq func() int64) func(uint32, string) {
		return func(page uint32, what string) {
			c.r.problem(seq(), "page %d of journal.db (table %s): %s", page, table, what)
		}
	}
	none := func() int64 { return -1 }
	found := roots(d, seen, fault("sqlite_schema", none))
	open := func(table string, seq func() int64) *walker {
		root, ok := found[table]
		f := fault(table, seq)
		if !ok {
			c.r.problem(-1, "journal.db has no table %s", table)
			return &walker{d: d, table: table, seen: seen, fault: f}
		}
		return newWalker(d, table, root, seen, f)
	}
	t.entries = open("entry", func() int64 { return c.next })
	t.payloads = open("payload", none)
	t.heads = open("head", func() int64 { return t.covered })
	return t
}

func (t *tables) next() (row, bool) {
	for {
		page, seq, record, ok := t.entries.next()
		if !ok {
			return row{}, false
		}
		cols, what := parseRecord(record, 3)
		if what == "" {
			what = mustBe(cols, nullColumn, blobColumn, blobColumn)
		}
		if what == "" {
			return row{seq: seq, body: cols[1].bytes, hashes: cols[2].bytes}, true
		}
		t.entries.fault(page, fmt.Sprintf("row %d cannot be read: %s", seq, what))
	}
}

// mustBe compares the classes of a record's columns with what they must be. The first, being the row's number, is
// stored as null (fileformat2 §2.3).
func mustBe(cols [maxColumns]column, classes ...columnClass) (fault string) {
	for i, class := range classes {
		if cols[i].class != class {
			return fmt.Sprintf("its column %d has a wrong type", i+1)
		}
	}
	return ""
}

func (t *tables) payload(seq int64) (salt, body []byte, ok bool) {
	for {
		if !t.havePay && !t.advance() {
			return nil, nil, false
		}
		switch {
		case t.pay.seq > seq:
			return nil, nil, false
		case t.pay.seq == seq:
			t.havePay = false
			return t.salt, t.pay.body, true
		}
		t.orphan()
	}
}

// advance reads the next row of payload.
func (t *tables) advance() bool {
	page, seq, record, ok := t.payloads.next()
	if !ok {
		return false
	}
	cols, what := parseRecord(record, 3)
	if what == "" {
		what = mustBe(cols, nullColumn, blobColumn, blobColumn)
	}
	if what != "" {
		t.payloads.fault(page, fmt.Sprintf("row %d cannot be read: %s", seq, what))
	}
	t.pay, t.salt = row{seq: seq, body: cols[2].bytes}, cols[1].bytes
	t.havePay = true
	return true
}

// orphan reports the payload row at hand as one that no entry asks for.
func (t *tables) orphan() {
	t.c.r.problem(max(t.pay.seq, 0), "there is a payload of this number, and no entry at its place")
	t.havePay = false
}

func (t *tables) head() (size int64, note []byte, ok bool) {
	page, size, record, ok := t.heads.next()
	if !ok {
		return 0, nil, false
	}
	cols, what := parseRecord(record, 2)
	if what == "" && (cols[0].class != nullColumn || cols[1].class != blobColumn) {
		what = "a column has a wrong type"
	}
	if what != "" {
		t.heads.fault(page, fmt.Sprintf("row %d cannot be read: %s", size, what))
	}
	t.covered = size
	return size, cols[1].bytes, true
}

func (t *tables) finish() {
	for t.havePay || t.advance() {
		t.orphan()
	}
}

// entriesIn returns how many entries a state of a database holds, judging by the last row, and whether that can be told.
func entriesIn(d *database) (int64, bool) {
	quiet := func(uint32, string) {}
	seen := &pageSet{}
	root, ok := roots(d, seen, quiet)["entry"]
	if !ok {
		return 0, false
	}
	w := newWalker(d, "entry", root, seen, quiet)
	for w.depth > 0 {
		l := w.path[w.depth-1]
		if !l.leaf {
			l.at = l.cells // only the last child
			w.step(l)
			if w.path[w.depth-1] == l {
				return 0, false
			}
			continue
		}
		if l.cells == 0 {
			return 0, true
		}
		rowid, _, what := w.row(l, l.cells-1)
		return rowid + 1, what == ""
	}
	return 0, false
}
