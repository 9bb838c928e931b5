package watchlist

import (
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
	return g.done(in, file, versionOf("", b))
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
	number, err := ownNumber(t)
	if err != nil {
		return err
	}
	id, err := ownID(t, g, kind, number)
	if err != nil {
		return err
	}
	a := g.alert(id, kind, t.line())
	a.Why = t.get("why")
	if kind == Vehicle || kind == Vessel || kind == Aircraft {
		addNumber(&a.Vehicles, number)
	} else {
		addNumber(&a.Documents, number)
	}
	for i, n := range strings.Split(t.get("name"), "|") {
		if n = tidy(n); n != "" {
			addName(a, n, ownName(i, n))
		}
		if g.tooMany(a) {
			return t.fail(fmt.Sprintf("the row has more than %d names", maxValues))
		}
	}
	if vehicle(number.Number) == "" && !slices.ContainsFunc(a.Names, func(n Name) bool { return len(name.Parts(n.Text)) > 0 }) {
		return t.fail("the row has no letter or digit by which it could be found")
	}
	return ownPerson(t, g, a)
}

// ownNumber reads the number of a row, with the state that issued it.
func ownNumber(t *csvTable) (Number, error) {
	n := Number{Number: t.get("number"), Type: t.get("type")}
	if vehicle(n.Number) == "" && n.Number != "" {
		return n, t.fail("the row has no letter or digit in its number by which it could be found")
	}
	if n.Number == "" && n.Type+t.get("country") != "" {
		return n, t.fail("the row has a country or a type of a number, and no number; a person's states stand in nationality")
	}
	if c := t.get("country"); c != "" {
		if n.Country = country(c); n.Country == "" {
			return n, t.fail("the country is not known; write its code of three letters")
		}
	}
	return n, nil
}

// ownID returns what the alert of a row is called.
func ownID(t *csvTable, g *gathered, kind Kind, n Number) (string, error) {
	id := t.get("id")
	if id == "" && n.Number != "" {
		id = string(kind) + ":" + n.Number + ":" + n.Country
	}
	switch _, twice := g.at[marz.AlertID(id)]; {
	case t.get("name") == "" && n.Number == "":
		return "", t.fail("the row has neither a name nor a number")
	case id == "":
		return "", t.fail("the row has no id, which an alert without a number needs")
	case twice:
		return "", t.fail("the alert of this row stands twice")
	}
	return id, nil
}

// ownPerson reads what a row says of a person.
func ownPerson(t *csvTable, g *gathered, a *Alert) error {
	for _, d := range strings.Split(t.get("birth"), "|") {
		if d = strings.TrimSpace(d); d == "" {
			continue
		}
		b, ok := parseBirth(d)
		if !ok {
			return t.fail("the birth is no date; write 1971-03-04, 1971-03, 1971 or 1970 to 1972")
		}
		if g.birth(a, b, true); g.tooMany(a) {
			return t.fail(fmt.Sprintf("the row has more than %d births", maxValues))
		}
	}
	if s := t.get("sex"); s != "" {
		if a.Sex = sex(s); a.Sex == "" {
			return t.fail("the sex is none of M, F and X")
		}
	}
	for _, n := range strings.Split(t.get("nationality"), "|") {
		if n = strings.TrimSpace(n); n != "" && country(n) == "" {
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
