package watchlist

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"marz"
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
		if _, ok := t.at[column(n)]; !ok {
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

// get returns a value of the row without white space around it; "" when the row or the table does not have it.
func (t *csvTable) get(name string) string {
	if i, ok := t.at[column(name)]; ok && i < len(t.row) {
		return tidy(t.row[i])
	}
	return ""
}

// fail names the line of the row.
func (t *csvTable) fail(fix string) error {
	line, _ := t.r.FieldPos(0)
	return t.bad(t.name, t.first+line, fix)
}

// gathered are the alerts of a list of which several rows say something.
type gathered struct {
	list   *List
	at     map[marz.AlertID]int
	unread int
}

func newGathered(l *List) *gathered { return &gathered{list: l, at: map[marz.AlertID]int{}} }

// alert returns the alert with an ID, a new one of a kind if there is none yet.
func (g *gathered) alert(id string, kind Kind) *Alert {
	i, ok := g.at[marz.AlertID(id)]
	if !ok {
		i = len(g.list.Alerts)
		g.at[marz.AlertID(id)] = i
		g.list.Alerts = append(g.list.Alerts, Alert{ID: marz.AlertID(id), Kind: kind})
	}
	return &g.list.Alerts[i]
}

// birth adds a date, once, or counts one that cannot be read.
func (g *gathered) birth(a *Alert, b Birth, ok bool) {
	if !ok {
		g.unread++
		return
	}
	for _, had := range a.Births {
		if had == b {
			return
		}
	}
	a.Births = append(a.Births, b)
}

// nation adds a state, once.
func (g *gathered) nation(a *Alert, state string) {
	if c := country(state); c != "" {
		addTo(&a.Nationalities, c)
	}
}

func addTo(list *[]string, s string) {
	for _, had := range *list {
		if had == s {
			return
		}
	}
	if s != "" {
		*list = append(*list, s)
	}
}

// done says what was left out, and puts in the version.
func (g *gathered) done(version string) *List {
	if g.unread > 0 {
		g.list.Notes = append(g.list.Notes, fmt.Sprintf("%d dates of birth are not written as dates and are left out", g.unread))
	}
	g.list.Version = version
	return g.list
}
