package verify

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The database file as https://sqlite.org/fileformat2.html has it, with what docs/spec/journal.md §1 fixes.
const (
	pageSize      = 4096
	sqliteMagic   = "SQLite format 3\x00"
	applicationID = 0x4d61727a
	userVersion   = 1
)

// database is one state of a journal's database: pages of the file, under those of the write-ahead log.
type database struct {
	file  io.ReaderAt
	inLog map[uint32][]byte
	pages uint32 // how many pages there are
}

// read returns page n, counted from 1. Its bytes are buf or belong to the log; they must not be changed.
func (d *database) read(n uint32, buf []byte) ([]byte, error) {
	if n == 0 || n > d.pages {
		return nil, fmt.Errorf("it is not among the %d pages of the database", d.pages)
	}
	if p, ok := d.inLog[n]; ok {
		return p, nil
	}
	if _, err := d.file.ReadAt(buf[:pageSize], int64(n-1)*pageSize); errors.Is(err, io.EOF) {
		return nil, errors.New("the file ends before it")
	} else if err != nil {
		return nil, fmt.Errorf("it cannot be read: %w", err)
	}
	return buf[:pageSize], nil
}

// recognisable reports whether the first page looks like that of a journal, even if a damaged one, and whether it
// bears SQLite's magic at all.
func recognisable(first []byte) (journal, sqlite bool) {
	sqlite = string(first[:len(sqliteMagic)]) == sqliteMagic
	return binary.BigEndian.Uint32(first[68:]) == applicationID, sqlite
}

// headerFaults compares the database header (fileformat2 §1.3) with what a journal's must be. Reading goes on with what it
// must be, so that a damaged header hides nothing.
func headerFaults(h []byte) []string {
	u16, u32 := binary.BigEndian.Uint16, binary.BigEndian.Uint32
	var faults []string
	must := func(ok bool, what string) {
		if !ok {
			faults = append(faults, what)
		}
	}
	must(string(h[:len(sqliteMagic)]) == sqliteMagic, "the magic string is not SQLite's")
	must(u16(h[16:]) == pageSize, fmt.Sprintf("the page size is %d, and must be %d", u16(h[16:]), pageSize))
	must(h[18] == 2 && h[19] == 2, "the format versions are not those of WAL mode")
	must(h[20] == 0, "bytes are reserved in each page")
	must(h[21] == 64 && h[22] == 32 && h[23] == 32, "the payload fractions are not 64, 32 and 32")
	must(u32(h[44:]) >= 1 && u32(h[44:]) <= 4, "the schema format is unknown")
	must(u32(h[56:]) == 1, "the text encoding is not UTF-8")
	must(u32(h[60:]) == userVersion, fmt.Sprintf("user_version is %d, and must be %d", u32(h[60:]), userVersion))
	must(u32(h[68:]) == applicationID, fmt.Sprintf("application_id is %#x, and must be %#x", u32(h[68:]), applicationID))
	return faults
}

// pagesOf returns how many pages the header says that the database has, or 0 when it does not tell (fileformat2 §1.3.7).
func pagesOf(h []byte) uint32 {
	if string(h[24:28]) != string(h[92:96]) {
		return 0
	}
	return binary.BigEndian.Uint32(h[28:])
}

// definitions are the tables of a journal as docs/spec/journal.md §1 defines them, with single spaces.
var definitions = map[string]string{
	"entry": "CREATE TABLE entry (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, hashes BLOB NOT NULL) STRICT",
	"payload": "CREATE TABLE payload (seq INTEGER PRIMARY KEY REFERENCES entry (seq), " +
		"salt BLOB NOT NULL CHECK (length(salt) = 32), body BLOB NOT NULL) STRICT",
	"head": "CREATE TABLE head (size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT",
}

// roots returns the root pages of the tables that the schema table names (fileformat2 §2.6).
func roots(d *database, seen *pageSet, fault func(page uint32, what string)) map[string]uint32 {
	found := make(map[string]uint32)
	w := newWalker(d, "sqlite_schema", 1, seen, fault)
	for {
		page, _, record, ok := w.next()
		if !ok {
			return found
		}
		cols, what := parseRecord(record, 5)
		if what != "" {
			fault(page, "a row of sqlite_schema cannot be read: "+what)
			continue
		}
		if cols[0].class != textColumn || cols[1].class != textColumn || string(cols[0].bytes) != "table" {
			continue
		}
		name := strings.ToLower(string(cols[1].bytes))
		definition, ours := definitions[name]
		if !ours {
			continue
		}
		// Rows are read by the order of their columns. SQLite reads them by this text: both must mean the same.
		if cols[4].class != textColumn || strings.Join(strings.Fields(string(cols[4].bytes)), " ") != definition {
			fault(page, "the definition of the table "+name+" was altered")
		}
		if _, twice := found[name]; twice {
			fault(page, "sqlite_schema names the table "+name+" twice")
			continue
		}
		if cols[3].class != intColumn || cols[3].n < 2 || cols[3].n > int64(d.pages) {
			fault(page, "sqlite_schema gives the table "+name+" no root page")
			continue
		}
		found[name] = uint32(cols[3].n)
	}
}

// columnClass is the storage class of a column (fileformat2 §2.1).
type columnClass int

const (
	nullColumn columnClass = iota
	intColumn
	floatColumn
	blobColumn
	textColumn
)

// column is one value of a record. Its bytes alias the record.
type column struct {
	class columnClass
	n     int64
	bytes []byte
}

// maxColumns is more than any table that is read here has.
const maxColumns = 8

// parseRecord splits a record (fileformat2 §2.1) that must have exactly want columns.
func parseRecord(rec []byte, want int) (cols [maxColumns]column, fault string) {
	size, n := varint(rec)
	if n == 0 || size > int64(len(rec)) || size < int64(n) {
		return cols, "its header is cut off"
	}
	types, data := rec[n:size], rec[size:]
	for i := range want {
		t, n := varint(types)
		if n == 0 {
			return cols, fmt.Sprintf("it has %d columns, and must have %d", i, want)
		}
		types = types[n:]
		c, length := classOf(t)
		if length < 0 || length > int64(len(data)) {
			return cols, fmt.Sprintf("column %d does not fit into it", i+1)
		}
		c.bytes, data = data[:length], data[length:]
		if c.class == intColumn && length > 0 {
			c.n = signed(c.bytes)
		}
		cols[i] = c
	}
	if len(types) != 0 {
		return cols, fmt.Sprintf("it has more than %d columns", want)
	}
	if len(data) != 0 {
		return cols, "it is longer than its columns"
	}
	return cols, ""
}

// classOf reads a serial type and returns the column's class, its value where the type is the value, and its length in
// bytes, or -1 for a type that no record has.
func classOf(t int64) (column, int64) {
	switch {
	case t == 0:
		return column{class: nullColumn}, 0
	case 1 <= t && t <= 4:
		return column{class: intColumn}, t
	case t == 5:
		return column{class: intColumn}, 6
	case t == 6:
		return column{class: intColumn}, 8
	case t == 7:
		return column{class: floatColumn}, 8
	case t == 8 || t == 9:
		return column{class: intColumn, n: t - 8}, 0
	case t >= 12 && t%2 == 0:
		return column{class: blobColumn}, (t - 12) / 2
	case t >= 13:
		return column{class: textColumn}, (t - 13) / 2
	}
	return column{}, -1
}

// signed reads a big-endian two's complement integer of 1 to 8 bytes.
func signed(b []byte) int64 {
	n := int64(int8(b[0]))
	for _, v := range b[1:] {
		n = n<<8 | int64(v)
	}
	return n
}

// varint reads a variable-length integer (fileformat2 §1.6) and returns how many bytes it has, 0 when it is cut off.
func varint(b []byte) (int64, int) {
	if len(b) > 0 && b[0] < 0x80 {
		return int64(b[0]), 1
	}
	var v uint64
	for i := 0; i < len(b) && i < 9; i++ {
		if i == 8 {
			return int64(v<<8 | uint64(b[i])), 9
		}
		v = v<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return int64(v), i + 1
		}
	}
	return 0, 0
}

// pageSet is a set of page numbers that costs memory only where there are any.
type pageSet struct{ chunks map[uint32]*[512]uint64 }

// add reports whether the page is new in the set.
func (s *pageSet) add(n uint32) bool {
	if s.chunks == nil {
		s.chunks = make(map[uint32]*[512]uint64)
	}
	c := s.chunks[n>>15]
	if c == nil {
		c = new([512]uint64)
		s.chunks[n>>15] = c
	}
	bit := uint64(1) << (n & 63)
	word := &c[n>>6&511]
	if *word&bit != 0 {
		return false
	}
	*word |= bit
	return true
}
