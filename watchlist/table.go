package watchlist

import (
	"slices"
	"strings"

	"marz"
	"marz/watchlist/number"
)

// PutNumbers puts a table of numbers in force as a list, in place of the one with the same ID. Each number of an issuer is an alert of its own, with the ID KIND:NUMBER:ISSUER.
func (s *Set) PutNumbers(info ListInfo, t *number.Table) error {
	if info.ID == "" {
		return &marz.Error{Code: marz.Invalid, Op: "put list in force", Fix: "the list has no ID"}
	}
	info.Alerts = int(t.Info().Numbers)
	if info.Alerts == 0 {
		return &marz.Error{Code: marz.Invalid, Op: "put list in force", Subject: string(info.ID), Fix: "it holds no numbers; take it out of force instead"}
	}
	s.change(info.ID, &inForce{info: info, table: t})
	return nil
}

// numberKinds are the kinds of what a table holds.
var numberKinds = map[HitKind]struct {
	kind  number.Kind
	about Kind
}{ByDocument: {number.Document, Document}, ByVehicle: {number.Vehicle, Vehicle}}

// screenTable adds the hits in a table of numbers, one for each number of an issuer.
func (l *inForce) screenTable(asked *asked, looks []look, hits []Hit) []Hit {
	for i := range looks {
		k := &looks[i]
		var found []number.Match
		if k.check != nil {
			found = l.table.FindChecked(numberKinds[k.kind].kind, asked.Document, asked.DocumentCheck[0], nil)
		} else {
			found = l.table.Find(numberKinds[k.kind].kind, k.asked, nil)
		}
		for len(found) > 0 {
			first := found[0]
			same := func(m number.Match) bool { return m.Number == first.Number && m.Country == first.Country }
			a := l.numberAlert(k.kind, first, found)
			hits = l.addNumber(&a, numberHit{kind: k.kind, number: numberOf(&a), exact: first.Exact}, asked, hits)
			found = slices.DeleteFunc(found, same)
		}
	}
	return hits
}

// numberAlert makes an alert of a number of one issuer, with all that is listed of it.
func (l *inForce) numberAlert(kind HitKind, m number.Match, all []number.Match) Alert {
	a := Alert{ID: marz.AlertID(string(kind) + ":" + m.Number + ":" + m.Country), Kind: numberKinds[kind].about, Owner: l.info.Owner}
	for _, o := range all {
		if o.Number != m.Number || o.Country != m.Country {
			continue
		}
		n := Number{Number: o.Number, Country: o.Country, Type: o.Type}
		if kind == ByVehicle {
			a.Vehicles = append(a.Vehicles, n)
		} else {
			a.Documents = append(a.Documents, n)
		}
	}
	a.Version = a.digest()
	return a
}

// numberOf returns the number of a table's alert, with all its types.
func numberOf(a *Alert) Number {
	all := append(a.Documents, a.Vehicles...)
	n := all[0]
	for _, o := range all[1:] {
		n.Type += ", " + o.Type
	}
	return n
}

// tableAlert returns the alert of an ID in a table.
func (l *inForce) tableAlert(id marz.AlertID) (Alert, bool) {
	kind, rest, _ := strings.Cut(string(id), ":")
	listed, country, ok := strings.Cut(rest, ":")
	k, known := numberKinds[HitKind(kind)]
	if !ok || !known {
		return Alert{}, false
	}
	for _, m := range l.table.Find(k.kind, listed, nil) {
		if m.Number == listed && m.Country == country {
			return l.numberAlert(HitKind(kind), m, l.table.Find(k.kind, listed, nil)), true
		}
	}
	return Alert{}, false
}
