package watchlist

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// screen returns the hits of a query on one list, in no order.
func (x *index) screen(q Query, variants [][]string) []Hit {
	best := map[int32]nameMatch{} // alert → its best name
	scores := map[int32]float64{}
	other := map[int32]evidence{} // alert → what its other fields say
	for _, parts := range variants {
		x.search(parts, func(m nameMatch) {
			n := x.names[m.name]
			a := &x.list.Alerts[n.alert]
			e, ok := other[n.alert]
			if !ok {
				e = weighEvidence(a, q)
				other[n.alert] = e
			}
			if a.Names[n.name].Kind == WeakAlias {
				m.score *= weakName
			}
			score := e.apply(m.score)
			old, seen := best[n.alert]
			if score >= Threshold && (!seen || score > scores[n.alert] || score == scores[n.alert] && m.before(old)) {
				best[n.alert], scores[n.alert] = m, score
			}
		})
	}
	hits := map[int32]*Hit{}
	for alert, m := range best {
		h := x.hit(alert, ByName, scores[alert])
		h.Name = x.list.Alerts[alert].Names[x.names[m.name].name].Text
		h.Reasons = append(x.explain(m), other[alert].reasons...)
		hits[alert] = &h
	}
	x.byNumber(q, hits)
	out := make([]Hit, 0, len(hits))
	for _, h := range hits {
		out = append(out, *h)
	}
	return out
}

// before breaks ties between names of one alert, so that the same query has the same answer.
func (m nameMatch) before(o nameMatch) bool {
	return cmp.Or(cmp.Compare(m.name, o.name), slices.Compare(m.near, o.near), slices.Compare(m.same, o.same)) < 0
}

// hit makes a hit with what is known of the alert.
func (x *index) hit(alert int32, kind HitKind, score float64) Hit {
	a := &x.list.Alerts[alert]
	return Hit{Alert: a.ID, Kind: kind, Score: math.Round(score*1000) / 1000, Name: a.name(), About: a.Kind,
		List: x.list.ID, Version: a.Version, Owner: a.Owner}
}

// byNumber adds what the document and vehicle numbers of a query find. An alert that its name has found as well stays
// one hit, with the reasons of both.
func (x *index) byNumber(q Query, hits map[int32]*Hit) {
	add := func(kind HitKind, r numberRef, n Number, what string) {
		score, reason := numberEvidence(n, what, country(q.Nationality))
		h := hits[r.alert]
		if h == nil {
			made := x.hit(r.alert, kind, score)
			made.Reasons = append([]string{reason}, weighEvidence(&x.list.Alerts[r.alert], q).reasons...)
			hits[r.alert] = &made
			return
		}
		h.Score = max(h.Score, score)
		if h.Kind == ByName || h.Kind == ByVehicle && kind == ByDocument {
			h.Kind = kind
		}
		if !slices.Contains(h.Reasons, reason) {
			h.Reasons = append([]string{reason}, h.Reasons...)
		}
	}
	for _, r := range x.documents[number(q.Document)] {
		add(ByDocument, r, x.list.Alerts[r.alert].Documents[r.number], "document")
	}
	for _, r := range x.vehicles[vehicle(q.Vehicle)] {
		add(ByVehicle, r, x.list.Alerts[r.alert].Vehicles[r.number], "vehicle")
	}
}

// numberEvidence scores an equal number and says why.
func numberEvidence(n Number, what, nationality string) (float64, string) {
	score := numberScore
	reason := fmt.Sprintf("%s number %s is on the list", what, number(n.Number))
	if n.Type != "" {
		reason += " as " + n.Type
	}
	if n.Country != "" {
		reason += ", issued by " + n.Country
	}
	switch {
	case n.Country != "" && nationality != "" && n.Country == nationality:
	case len(number(n.Number)) < shortNumber:
		score, reason = shortNumberScore, reason+"; so short a number can belong to several documents"
	case n.Country != "" && nationality != "":
		score = otherIssuerScore
		reason += ", the traveller is a national of " + nationality
	}
	return score, reason
}

// explain says which parts of the names match.
func (x *index) explain(m nameMatch) []string {
	var out []string
	say := func(parts []string, one, many string) {
		switch len(parts) {
		case 0:
		case 1:
			out = append(out, fmt.Sprintf(one, strings.ToUpper(parts[0])))
		default:
			out = append(out, fmt.Sprintf(many, strings.ToUpper(strings.Join(parts, ", "))))
		}
	}
	say(m.same, "name part %s matches", "name parts %s match")
	say(m.joins, "%s matches, written together or apart", "%s match, written together or apart")
	for _, n := range m.near {
		list, query, _ := strings.Cut(n, "/")
		out = append(out, fmt.Sprintf("%s on the list and %s differ by one letter", strings.ToUpper(list), strings.ToUpper(query)))
	}
	say(m.missing, "name part %s on the list is not in the query", "name parts %s on the list are not in the query")
	if n := x.names[m.name]; x.list.Alerts[n.alert].Names[n.name].Kind == WeakAlias {
		out = append(out, "the list calls this name a weak alias")
	}
	return out
}

// evidence is what a query's other fields say about an alert.
type evidence struct {
	gain    float64 // share of the way to 1
	loss    float64 // factor
	reasons []string
}

// apply moves the score of a name by the evidence.
func (e evidence) apply(score float64) float64 { return (score + (1-score)*e.gain) * e.loss }

// weighEvidence compares birth date, nationality and sex with those of the alert.
func weighEvidence(a *Alert, q Query) evidence {
	e := evidence{loss: 1}
	if a.Kind != Person && a.Kind != Document {
		if !q.Birth.IsZero() || sex(q.Sex) != "" {
			e.loss = otherKindLoss
			e.reasons = append(e.reasons, "the alert is about a "+string(a.Kind)+", not a person")
			if a.Kind == Organisation || a.Kind == Aircraft {
				e.reasons[0] = "the alert is about an " + string(a.Kind) + ", not a person"
			}
		}
		return e
	}
	e.birth(a, q)
	e.nationality(a, q)
	if s, t := sex(q.Sex), a.Sex; (s == "M" || s == "F") && (t == "M" || t == "F") && s != t {
		e.loss *= sexLoss
		e.reasons = append(e.reasons, fmt.Sprintf("sex differs: list %s, document %s", t, s))
	}
	return e
}

// birth takes the listed date of birth that agrees best.
func (e *evidence) birth(a *Alert, q Query) {
	if q.Birth.Year == 0 {
		return
	}
	best, which := birthUnknown, Birth{}
	for _, b := range a.Births {
		if g := b.compare(q.Birth); g > best {
			best, which = g, b
		}
	}
	switch best {
	case birthSame:
		e.gain = birthSameGain
		e.reasons = append(e.reasons, fmt.Sprintf("date of birth %s agrees", short(q.Birth)))
	case birthYear:
		e.gain = birthYearGain
		if which.To.IsZero() && !which.Circa {
			e.reasons = append(e.reasons, fmt.Sprintf("year of birth %d agrees", q.Birth.Year))
		} else {
			e.reasons = append(e.reasons, fmt.Sprintf("year of birth %d agrees with the list's %s", q.Birth.Year, which))
		}
	case birthNear:
		e.loss *= birthNearLoss
		e.reasons = append(e.reasons, fmt.Sprintf("birth date is near: list %s, document %s", which, short(q.Birth)))
	case birthDiffers:
		e.loss *= birthDifferLoss
		e.reasons = append(e.reasons, fmt.Sprintf("birth date differs: list %s, document %s", which, short(q.Birth)))
	case birthUnknown:
		if a.Kind == Person {
			e.reasons = append(e.reasons, "the list gives no birth date")
		}
	}
}

func (e *evidence) nationality(a *Alert, q Query) {
	c := country(q.Nationality)
	if c == "" || len(a.Nationalities) == 0 {
		return
	}
	if slices.Contains(a.Nationalities, c) {
		e.gain += (1 - e.gain) * nationGain
		e.reasons = append(e.reasons, "nationality "+c+" agrees")
		return
	}
	e.loss *= nationLoss
	e.reasons = append(e.reasons, fmt.Sprintf("nationality differs: list %s, document %s", strings.Join(a.Nationalities, ", "), c))
}
