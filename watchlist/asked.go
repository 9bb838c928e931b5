package watchlist

import (
	"slices"
	"strings"

	"marz/watchlist/name"
)

// asked is a query as it is put to every list.
type asked struct {
	Query
	names     []askedName
	born      uint32 // packed; 0: none
	nation    uint16
	nationIn  string
	sex       byte
	traveller bool // it has what only a person has
}

// askedName is one way of writing the name.
type askedName struct {
	parts []name.Part
	cut   bool // the last part may be cut off
	given int  // how many of the parts are no particles
}

// maxVariants bounds the ways of writing the name in one query.
const maxVariants = 16

// ask prepares a query.
func ask(q Query) *asked {
	a := &asked{Query: q, nationIn: country(q.Nationality)}
	a.nation = packNation(a.nationIn)
	if q.Birth.Year != 0 {
		a.born = packBorn(q.Birth)
	}
	if s := sex(q.Sex); s == "M" || s == "F" {
		a.sex = s[0]
	}
	a.traveller = !q.Birth.IsZero() || sex(q.Sex) != ""
	if q.Primary != "" || q.Secondary != "" {
		a.write(q.Primary+" "+q.Secondary, cutOff(q.Primary, q.Secondary))
	}
	for _, n := range q.Names {
		a.write(n, false)
	}
	return a
}

// write adds a way of writing the name, and how it was before a machine-readable zone wrote it in its letters.
func (a *asked) write(text string, cut bool) {
	parts := name.Parts(text)
	a.add(parts, cut)
	a.add(name.Restore(parts), cut)
}

func (a *asked) add(parts []string, cut bool) {
	if len(parts) == 0 || len(a.names) == maxVariants {
		return
	}
	for _, n := range a.names {
		if slices.EqualFunc(n.parts, parts, func(p name.Part, s string) bool { return p.Text == s }) {
			return
		}
	}
	n := askedName{cut: cut, parts: make([]name.Part, len(parts))}
	for i, p := range parts {
		n.parts[i] = name.Of(p)
		if n.parts[i].Flags&name.Loose == 0 {
			n.given++
		}
	}
	a.names = append(a.names, n)
}

// cutOff reports whether a name fills the field of a machine-readable zone, so that its end may be missing (ICAO 9303-3 §4.6: 39 characters in TD3 and MRV-A,
// 31 in TD2 and MRV-B, 30 in TD1).
func cutOff(primary, secondary string) bool {
	n := len(strings.TrimSpace(primary)) + 2 + len(strings.TrimSpace(secondary))
	return n == 39 || n == 38 || n == 31 || n == 30
}
