package watchlist

import (
	"cmp"
	"fmt"
	"slices"

	"marz/watchlist/number"
)

// Points of a number, which alone makes a hit.
const (
	numberBits      = 40 // the number of a document or vehicle
	otherIssuerBits = 30 // the same, but issued by another state than that of the query's nationality
	shortNumberBits = 26.5
	alikeBits       = 8 // less, for a number that only looks alike
	shortNumber     = 5 // characters below which many states issue the same number
)

// numberHit is an alert that a number has found.
type numberHit struct {
	alert  uint32
	kind   HitKind
	number Number
	exact  bool
}

// look is what is asked for among numbers of one kind.
type look struct {
	kind  HitKind
	asked string // in the form in which numbers of the kind are compared
	form  func(string) string
	of    func(*Alert) []Number
	check *number.Check // nil: no check digit was read with it
}

// looks are what a query asks for among documents and vehicles.
func (q *asked) looks() []look {
	var out []look
	if n := number.Normal(q.Document); n != "" {
		l := look{kind: ByDocument, asked: n, form: number.Normal, of: func(a *Alert) []Number { return a.Documents }}
		if len(q.DocumentCheck) == 1 {
			c := number.NewCheck(q.Document, q.DocumentCheck[0])
			l.check = &c
		}
		out = append(out, l)
	}
	if n := vehicle(q.Vehicle); n != "" {
		out = append(out, look{kind: ByVehicle, asked: n, form: vehicle, of: func(a *Alert) []Number { return a.Vehicles }})
	}
	return out
}

// finds reports whether a listed number is the one that is asked for, or one that looks like it and that the check digit does not speak against.
func (l *look) finds(listed string) (found, exact bool) {
	f := l.form(listed)
	if f == l.asked {
		return true, true
	}
	if number.Alike(f) != number.Alike(l.asked) {
		return false, false
	}
	if l.check == nil {
		return true, false
	}
	stays, _ := l.check.Stays(f)
	return stays, false
}

// byNumber finds the alerts that have the query's document or vehicle, or one that looks like it.
func (p *part) byNumber(looks []look) []numberHit {
	var out []numberHit
	for i := range looks {
		l := &looks[i]
		refs := p.x.documents
		if l.kind == ByVehicle {
			refs = p.x.vehicles
		}
		h := keyHash(0, []byte(number.Alike(l.asked)))
		at, _ := slices.BinarySearchFunc(refs, h, func(r numberRef, h uint64) int { return cmp.Compare(r.hash, h) })
		for ; at < len(refs) && refs[at].hash == h; at++ {
			r := refs[at]
			a, ok := p.x.read(r.alert)
			if !ok || p.isDead(r.alert) || int(r.at) >= len(l.of(&a)) {
				continue
			}
			n := l.of(&a)[r.at]
			if found, exact := l.finds(n.Number); found {
				out = append(out, numberHit{r.alert, l.kind, n, exact})
			}
		}
	}
	return out
}

// addNumbers adds what numbers have found.
func (l *inForce) addNumbers(p *part, q *asked, by []numberHit, hits []Hit) []Hit {
	for _, n := range by {
		if a, ok := p.x.read(n.alert); ok {
			hits = l.addNumber(&a, n, q, hits)
		}
	}
	return hits
}

// addNumber adds what a number has found. An alert that its name has found as well stays one hit, with the reasons of both.
func (l *inForce) addNumber(a *Alert, n numberHit, q *asked, hits []Hit) []Hit {
	points, reason := numberEvidence(n, q.nationIn)
	line := Line{string(n.kind) + " number", number.Normal(n.number.Number), number.Normal(q.Document), points}
	if n.kind == ByVehicle {
		line.Query = vehicle(q.Vehicle)
	}
	i := slices.IndexFunc(hits, func(h Hit) bool { return h.List == l.info.ID && h.Alert == a.ID })
	if i < 0 {
		h := Hit{Alert: a.ID, Kind: n.kind, Name: a.name(), About: a.Kind, List: l.info.ID, Version: a.Version, Owner: a.Owner, Score: points, Reasons: []string{reason}, Evidence: []Line{line}}
		h.Sentence = "Your " + string(n.kind) + "'s number is on a list of " + string(a.Owner) + ". An officer has to find out whether it is the same one."
		if !n.exact {
			h.Sentence = "Your " + string(n.kind) + "'s number looks like one on a list of " + string(a.Owner) + ". An officer has to read it again."
		}
		return append(hits, h)
	}
	h := &hits[i]
	if slices.Contains(h.Reasons, reason) {
		return hits
	}
	if h.Kind == ByName || h.Kind == ByVehicle && n.kind == ByDocument {
		h.Kind = n.kind
	}
	h.Score += points
	h.Reasons = append([]string{reason}, h.Reasons...)
	h.Evidence = append([]Line{line}, h.Evidence...)
	return hits
}

// numberEvidence weighs a number that is equal or looks alike, and says why.
func numberEvidence(h numberHit, nationality string) (float64, string) {
	n := h.number
	points := float64(numberBits)
	is := "is"
	if !h.exact {
		is = "looks like one that is"
	}
	reason := fmt.Sprintf("%s number %s %s on the list", h.kind, number.Normal(n.Number), is)
	if n.Type != "" {
		reason += " as " + n.Type
	}
	if n.Country != "" {
		reason += ", issued by " + n.Country
	}
	switch {
	case n.Country != "" && nationality != "" && n.Country == nationality:
	case len(number.Normal(n.Number)) < shortNumber:
		points, reason = shortNumberBits, reason+"; so short a number can belong to several documents"
	case n.Country != "" && nationality != "":
		points = otherIssuerBits
		reason += ", the traveller is a national of " + nationality
	}
	if !h.exact {
		points = max(points-alikeBits, Threshold)
	}
	return points, reason
}
