package watchlist

import (
	"fmt"
	"slices"
	"strings"
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

// lookAlike writes characters that readers take for one another as one: O and 0, I and 1, S and 5, B and 8, Z and 2, G and 6.
func lookAlike(s string) string {
	return strings.Map(func(r rune) rune {
		if i := strings.IndexRune("OISBZG", r); i >= 0 {
			return rune("015826"[i])
		}
		return r
	}, s)
}

// byNumber finds the alerts that have the query's document or vehicle, or one that looks like it.
func (p *part) byNumber(q *asked) []numberHit {
	var out []numberHit
	look := func(refs []numberRef, kind HitKind, asked string, form func(string) string, of func(*Alert) []Number) {
		if asked == "" {
			return
		}
		h := keyHash(0, []byte(lookAlike(asked)))
		i, _ := slices.BinarySearchFunc(refs, h, func(r numberRef, h uint64) int {
			switch {
			case r.hash < h:
				return -1
			case r.hash > h:
				return 1
			}
			return 0
		})
		for ; i < len(refs) && refs[i].hash == h; i++ {
			r := refs[i]
			a, ok := p.x.read(r.alert)
			if !ok || p.isDead(r.alert) || int(r.at) >= len(of(&a)) {
				continue
			}
			n := of(&a)[r.at]
			if f := form(n.Number); lookAlike(f) == lookAlike(asked) {
				out = append(out, numberHit{r.alert, kind, n, f == asked})
			}
		}
	}
	look(p.x.documents, ByDocument, number(q.Document), number, func(a *Alert) []Number { return a.Documents })
	look(p.x.vehicles, ByVehicle, vehicle(q.Vehicle), vehicle, func(a *Alert) []Number { return a.Vehicles })
	return out
}

// addNumbers adds what numbers have found. An alert that its name has found as well stays one hit, with the reasons of both.
func (l *inForce) addNumbers(p *part, q *asked, by []numberHit, hits []Hit) []Hit {
	for _, n := range by {
		a, ok := p.x.read(n.alert)
		if !ok {
			continue
		}
		points, reason := numberEvidence(n, q.nationIn)
		line := Line{string(n.kind) + " number", number(n.number.Number), number(q.Document), points}
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
			hits = append(hits, h)
			continue
		}
		h := &hits[i]
		if slices.Contains(h.Reasons, reason) {
			continue
		}
		if h.Kind == ByName || h.Kind == ByVehicle && n.kind == ByDocument {
			h.Kind = n.kind
		}
		h.Score += points
		h.Reasons = append([]string{reason}, h.Reasons...)
		h.Evidence = append([]Line{line}, h.Evidence...)
	}
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
	reason := fmt.Sprintf("%s number %s %s on the list", h.kind, number(n.Number), is)
	if n.Type != "" {
		reason += " as " + n.Type
	}
	if n.Country != "" {
		reason += ", issued by " + n.Country
	}
	switch {
	case n.Country != "" && nationality != "" && n.Country == nationality:
	case len(number(n.Number)) < shortNumber:
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
