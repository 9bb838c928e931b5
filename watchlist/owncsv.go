package watchlist

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"marz"
	"marz/watchlist/name"
)

// ownColumns are the columns of a plain file of comma-separated values (docs/spec/list-csv.md). kind, and number or name, are needed.
var ownColumns = []string{"kind", "id", "number", "country", "type", "name", "birth", "sex", "nationality", "why"}

// own reads a plain file.
func (in source) own(file string) (*List, error) {
	b, err := in.read(file)
	if err != nil {
		return nil, err
	}
	t, err := in.table(file, b, ',', 0, "kind")
	if err != nil {
		return nil, err
	}
	for i, c := range t.names {
		if slices.ContainsFunc(t.names[:i], func(o string) bool { return column(o) == column(c) }) {
			return nil, in.bad(file, 1, fmt.Sprintf("the column %.40q stands twice", c))
		}
		if !slices.Contains(ownColumns, strings.TrimSpace(c)) {
			return nil, in.bad(file, 1, fmt.Sprintf("%.40q is no column; the columns are %s", c, strings.Join(ownColumns, ", ")))
		}
	}
	id := slug(file)
	g := newGathered(&List{ID: marz.ListID(id), Name: id})
	for {
		ok, err := t.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if err := ownRow(t, g); err != nil {
			return nil, err
		}
	}
	sum := sha256.Sum256(b)
	return g.done("sha256-" + hex.EncodeToString(sum[:8])), nil
}

// ownRow reads one alert.
func ownRow(t *csvTable, g *gathered) error {
	if len(t.row) > len(t.names) {
		return t.fail("the row has more values than the header has columns; write a value with a comma in quotes")
	}
	kind := Kind(strings.ToLower(t.get("kind")))
	if !slices.Contains(kinds, kind) {
		return t.fail("the kind is none of person, organisation, vessel, aircraft, document and vehicle")
	}
	number := Number{Number: t.get("number"), Type: t.get("type")}
	if c := t.get("country"); c != "" {
		if number.Country = country(c); number.Country == "" {
			return t.fail("the country is not known; write its code of three letters")
		}
	}
	id := t.get("id")
	if id == "" && number.Number != "" {
		id = string(kind) + ":" + number.Number + ":" + number.Country
	}
	switch _, twice := g.at[marz.AlertID(id)]; {
	case t.get("name") == "" && number.Number == "":
		return t.fail("the row has neither a name nor a number")
	case id == "":
		return t.fail("the row has no id, which an alert without a number needs")
	case twice:
		return t.fail("the alert of this row stands twice")
	}
	a := g.alert(id, kind)
	a.Why = t.get("why")
	if number.Number != "" && kind != Vehicle && kind != Vessel && kind != Aircraft {
		addNumber(&a.Documents, number)
	} else {
		addNumber(&a.Vehicles, number)
	}
	for i, n := range strings.Split(t.get("name"), "|") {
		if n = tidy(n); n != "" {
			addName(a, n, ownName(i, n))
		}
	}
	for _, d := range strings.Split(t.get("birth"), "|") {
		if d == "" {
			continue
		}
		b, ok := parseBirth(d)
		if !ok {
			return t.fail("the birth is no date; write 1971-03-04, 1971-03, 1971 or 1970 to 1972")
		}
		g.birth(a, b, true)
	}
	if vehicle(number.Number) == "" && !slices.ContainsFunc(a.Names, func(n Name) bool { return len(name.Parts(n.Text)) > 0 }) {
		return t.fail("the row has no letter or digit by which it could be found")
	}
	if s := t.get("sex"); s != "" {
		if a.Sex = sex(s); a.Sex == "" {
			return t.fail("the sex is none of M, F and X")
		}
	}
	for _, n := range strings.Split(t.get("nationality"), "|") {
		if n != "" && country(n) == "" {
			return t.fail("the nationality is not known; write its code of three letters")
		}
		g.nation(a, n)
	}
	return nil
}

func ownName(at int, text string) NameKind {
	switch {
	case nativeScript(text):
		return NativeScript
	case at == 0:
		return Primary
	}
	return Alias
}
