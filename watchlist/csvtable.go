package watchlist

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// csvTable reads values separated by a character, by the names of their columns. Columns that it is not asked for are passed over, as publishers add some.
type csvTable struct {
	source
	name  string
	r     *csv.Reader
	at    map[string]int
	names []string
	row   []string
	first int // line of the header
}

// column is a column's name in the form in which it is looked up: "D.O.B" and "DOB" are one.
func column(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// table reads the header of a file, which stands after some lines, and refuses one without the columns that are needed.
func (in source) table(name string, b []byte, comma rune, skip int, needed ...string) (*csvTable, error) {
	for range skip {
		_, b, _ = bytes.Cut(b, []byte("\n"))
	}
	t := &csvTable{source: in, name: name, r: csv.NewReader(bytes.NewReader(b)), at: map[string]int{}, first: skip}
	t.r.Comma, t.r.FieldsPerRecord, t.r.LazyQuotes, t.r.TrimLeadingSpace = comma, -1, false, true
	header, err := t.r.Read()
	if err != nil {
		return nil, in.bad(name, skip+1, "it has no header")
	}
	for i, h := range header {
		c := column(h)
		if _, twice := t.at[c]; !twice && c != "" {
			t.at[c] = i
		}
		t.names = append(t.names, h)
	}
	for _, n := range needed {
		if t.lacks(n) {
			return nil, in.bad(name, skip+1, fmt.Sprintf("the header lacks the column %q", n))
		}
	}
	return t, nil
}

// next reads a row, and reports whether there was one.
func (t *csvTable) next() (bool, error) {
	row, err := t.r.Read()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if e, ok := errors.AsType[*csv.ParseError](err); ok {
		return false, t.bad(t.name, t.first+e.StartLine, "the row is broken: "+e.Err.Error())
	}
	if err != nil {
		return false, t.unreadable(t.name, err)
	}
	t.row = row
	return true, nil
}

// whole refuses a row of another length than the header, as its values may stand in other columns than their own. Separators after the last value are let pass.
func (t *csvTable) whole() error {
	switch {
	case len(t.row) < len(t.names), strings.TrimSpace(strings.Join(t.row[len(t.names):], "")) != "":
		return t.fail(fmt.Sprintf("the row has %d values where the header has %d columns, so that they are shifted; fetch the file again", len(t.row), len(t.names)))
	}
	return nil
}

// lacks reports whether the table has no column of a name.
func (t *csvTable) lacks(name string) bool {
	_, ok := t.at[column(name)]
	return !ok
}

// get returns a value of the row without white space around it; "" when the row or the table does not have it.
func (t *csvTable) get(name string) string {
	if i, ok := t.at[column(name)]; ok && i < len(t.row) {
		return tidy(t.row[i])
	}
	return ""
}

// line is the line on which the row begins.
func (t *csvTable) line() int {
	line, _ := t.r.FieldPos(0)
	return t.first + line
}

// fail names the line of the row.
func (t *csvTable) fail(fix string) error { return t.bad(t.name, t.line(), fix) }

// rows gives each row of a file that a publisher has made.
func (t *csvTable) rows(yield func() error) error {
	for {
		ok, err := t.next()
		if err != nil || !ok {
			return err
		}
		if err := t.whole(); err != nil {
			return err
		}
		if err := yield(); err != nil {
			return err
		}
	}
}
