package agreement

import (
	"slices"
	"time"

	"marz"
)

// naive answers what May answers, straight from the words of the package, with no Cedar and none of its functions: slowly, article by article.
type naive struct{ set }

func stateOf(a marz.AuthorityID) string {
	return map[marz.AuthorityID]string{"aa-bg": "AAA", "ab-pd": "AAA", "bb-bg": "BBB", "cc-bg": "CCC"}[a]
}

func hostOf(p marz.PlaceID) string {
	return map[marz.PlaceID]string{"p": "AAA", "q": "AAA", "r": "BBB"}[p]
}

func authorityOf(o marz.OfficerID) marz.AuthorityID {
	for i, c := range o {
		if c == '/' {
			return marz.AuthorityID(o[:i])
		}
	}
	return ""
}

func covers(at, from, until marz.Instant) bool {
	return (from == 0 || from <= at) && (until == 0 || at < until)
}

func places(a *Article) []marz.PlaceID {
	return slices.DeleteFunc(append(slices.Clone(a.Places), a.Place), func(p marz.PlaceID) bool { return p == "" })
}

// controller is the article under which the place is controlled at the instant, and by whom: the one that began last.
func (n *naive) controller(place marz.PlaceID, at marz.Instant) (ref marz.ArticleRef, who marz.AuthorityID) {
	var began marz.Instant
	for _, ag := range n.agreements {
		for i := range ag.Articles {
			a := &ag.Articles[i]
			from, until, to := a.From, a.Until, a.Authority
			if a.Kind == Transfer {
				from, until, to = a.At+a.By, 0, a.To
			}
			if len(a.Lanes) > 0 || a.Flow != "" {
				continue // the plan is of whole places
			}
			if a.Kind != Control && a.Kind != Transfer || !slices.Contains(places(a), place) || !covers(at, from, until) {
				continue
			}
			if ref == "" || from > began {
				ref, who, began = marz.ArticleRef(ag.ID+"/"+a.ID), to, from
			}
		}
	}
	return ref, who
}

// passed are the passings of a place, by instant and then in the order in which they were recorded.
func (n *naive) passed(place marz.PlaceID) (out []Event) {
	for _, e := range n.passings {
		if e.Passing.Place == place {
			out = append(out, e)
		}
	}
	return out
}

// holder is who holds a lane, or with "" the place, and under which article: by the plan until something was recorded, and then by what was recorded. It looks at one lane alone:
// what passed with it by name, and what passed with the whole place from whoever had it then.
func (n *naive) holder(place marz.PlaceID, lane marz.LaneID, at marz.Instant) (ref marz.ArticleRef, who marz.AuthorityID) {
	all := n.passed(place)
	if len(all) == 0 || at < all[0].At {
		return n.controller(place, at)
	}
	ref, who = n.controller(place, all[0].At)
	named := false // the lane has passed by its name, and does not go with the place
	for _, e := range all {
		p := e.Passing
		switch {
		case e.At > at:
		case len(p.Lanes) == 0 && (lane == "" || !named || p.From == "" || p.From == who):
			ref, who, named = p.Article, p.To, false
		case len(p.Lanes) > 0 && slices.Contains(p.Lanes, lane):
			ref, who, named = p.Article, p.To, true
		}
	}
	return ref, who
}

// parts are the articles under which somebody holds any part of a place.
func (n *naive) parts(place marz.PlaceID, at marz.Instant) map[marz.ArticleRef]marz.AuthorityID {
	out := map[marz.ArticleRef]marz.AuthorityID{}
	for _, lane := range append(slices.Clone(everyLane), "") {
		if ref, who := n.holder(place, lane, at); ref != "" {
			out[ref] = who
		}
	}
	return out
}

// done reports whether a transfer of the place was carried out whole.
func (n *naive) done(place marz.PlaceID, ag *Agreement, a *Article, at marz.Instant) bool {
	ref := marz.ArticleRef(ag.ID + "/" + a.ID)
	all := n.passed(place)
	whole := len(a.Lanes) == 0 && a.Flow == ""
	if len(all) == 0 || at < all[0].At {
		return whole && a.At+a.By <= at
	}
	if first, _ := n.article(all[0].Passing.Article); whole && first != nil && len(all[0].Passing.Lanes) == 0 && a.At+a.By < first.From+first.At+first.By {
		return true // it was over before recording began
	}
	if whole && len(all[0].Passing.Lanes) > 0 && a.At+a.By <= all[0].At {
		return true
	}
	left := slices.Clone(a.Lanes)
	for _, e := range all {
		p := e.Passing
		if e.At > at || p.Article != ref {
			continue
		}
		if len(p.Lanes) == 0 || a.Flow != "" {
			return true
		}
		left = slices.DeleteFunc(left, func(l marz.LaneID) bool { return slices.Contains(p.Lanes, l) })
		if !whole && len(left) == 0 {
			return true
		}
	}
	return false
}

func (n *naive) article(ref marz.ArticleRef) (*Article, *Agreement) {
	for i := range n.agreements {
		for j := range n.agreements[i].Articles {
			if a := &n.agreements[i].Articles[j]; ref == marz.ArticleRef(n.agreements[i].ID+"/"+a.ID) {
				return a, &n.agreements[i]
			}
		}
	}
	return nil, nil
}

// said is the last word with effect at the instant, and the last word at all, of those who speak on a subject.
func (n *naive) said(at marz.Instant, about func(*Statement) bool) (status Status, last *Statement) {
	for i := range n.statements { // in order of issue
		s := &n.statements[i]
		if about(s) {
			last = s
			if s.From <= at {
				status = s.Status
			}
		}
	}
	return status, last
}

// stands reports whether an article that moves no control is in force at the instant.
func (n *naive) stands(ag *Agreement, a *Article, at marz.Instant) bool {
	if !covers(at, ag.From, ag.Until) || !covers(at, a.From, a.Until) {
		return false
	}
	for _, party := range ag.Parties {
		fresh := false
		for _, article := range []string{"", a.ID} {
			status, last := n.said(at, func(s *Statement) bool { return s.Agreement == ag.ID && s.Article == article && s.By == party })
			if status == Suspended || status == Withdrawn {
				return false
			}
			young := last != nil && at < last.Issued+marz.Instant(time.Duration(a.Fresh)/time.Millisecond)
			fresh = fresh || young && (last.Expires == 0 || at < last.Expires)
		}
		if a.Fresh != 0 && !fresh {
			return false
		}
	}
	for _, w := range slices.Concat(ag.While, a.While) {
		status, last := n.said(at, func(s *Statement) bool { return s.State == w.State && s.Bloc == w.Bloc })
		if status != Active || last.Expires != 0 && at >= last.Expires {
			return false
		}
	}
	return true
}

var (
	acts = []marz.Action{"inspect", "decide", "concur", "take-asylum", "supervise", "roster", "incident", "read-journal", "enrol", "manage-lists", "transfer"}
	data = []marz.Action{"read-record", "read-hit", "read-incident", "erase"}
	says = []marz.Action{"admit", "refuse", "refer", "depart", "hold"}
)

// gives reports whether powers hold the act for an authority: data only its own.
func gives(powers []marz.Action, who marz.AuthorityID, q Question) bool {
	switch {
	case slices.Contains(data, q.Action):
		return slices.Contains(powers, q.Action) && (q.Record == nil || slices.Contains(q.Record.Owners, who))
	case slices.Contains(says, q.Action):
		return slices.Contains(powers, "decide")
	}
	return slices.Contains(powers, q.Action)
}

// allows reports whether an article that is in force gives what is asked.
func allows(a *Article, who marz.AuthorityID, q Question) bool {
	all := slices.Concat(acts, data)
	switch a.Kind {
	case Observe:
		return a.Authority == who && q.Action == "read-journal"
	case Serve:
		if len(a.Powers) == 0 {
			return a.Authority == who && q.Action == "read-journal"
		}
		return a.Authority == who && gives(append(slices.Clone(a.Powers), "read-journal"), who, q)
	case Joint:
		if len(a.Powers) > 0 {
			all = append(slices.Clone(a.Powers), "concur", "read-journal")
		}
		return slices.Contains(a.Authorities, who) && gives(all, who, q)
	case Share:
		opens := map[marz.Action]string{"read-record": "records", "read-hit": "hits", "read-incident": "incidents"}[q.Action]
		return a.To == who && opens != "" && slices.Contains(a.What, opens) && q.Record != nil && slices.Contains(q.Record.Owners, a.Authority) &&
			(len(a.Fields) == 0 || q.Field == "" || slices.Contains(a.Fields, q.Field))
	}
	return false
}

// forbidden reports whether one of Marz's own rules forbids what is asked.
func (n *naive) forbidden(q Question) bool {
	who, host := authorityOf(q.Officer), hostOf(q.Place)
	if stateOf(who) == "" || host == "" || q.Role != "officer" && q.Role != "supervisor" && q.Role != "program" {
		return true
	}
	if q.Role == "program" {
		return q.Action != "read-journal" && q.Action != "read-record" && q.Action != "manage-lists"
	}
	if slices.Contains([]marz.Action{"supervise", "roster", "enrol", "erase", "manage-lists", "transfer"}, q.Action) && q.Role != "supervisor" {
		return true
	}
	if q.Record == nil || stateOf(who) == host {
		return false
	}
	_, controller := n.holder(q.Place, q.Lane, q.At)
	return q.Action == "hold" && q.Record.Nationality == host && controller != who ||
		q.Record.Asylum && slices.Contains([]marz.Action{"admit", "refuse", "depart", "take-asylum"}, q.Action)
}

// may returns the articles that allow what is asked; none: it is not allowed.
func (n *naive) may(q Question) (by []marz.ArticleRef) {
	if n.forbidden(q) {
		return nil
	}
	who := authorityOf(q.Officer)
	if slices.Contains([]marz.Action{"transfer", "read-journal", "enrol", "manage-lists", "read-record", "read-hit", "read-incident", "erase"}, q.Action) { // of a post as a whole
		for ref, holder := range n.parts(q.Place, q.At) {
			if holder == who && gives(slices.Concat(acts, data), who, q) {
				by = append(by, ref)
			}
		}
	} else if ref, holder := n.holder(q.Place, q.Lane, q.At); holder == who && gives(acts, who, q) {
		by = append(by, ref)
	}
	for i := range n.agreements {
		ag := &n.agreements[i]
		for j := range ag.Articles {
			a := &ag.Articles[j]
			if ref := marz.ArticleRef(ag.ID + "/" + a.ID); n.prepares(ag, a, q) && !slices.Contains(by, ref) {
				by = append(by, ref)
			}
			if slices.Contains(places(a), q.Place) && n.stands(ag, a, q.At) && allows(a, who, q) {
				by = append(by, marz.ArticleRef(ag.ID+"/"+a.ID))
			}
		}
	}
	return by
}

// prepares reports whether a transfer lets who takes control prepare it: while its agreement holds, until it is carried out.
func (n *naive) prepares(ag *Agreement, a *Article, q Question) bool {
	return a.Kind == Transfer && a.To == authorityOf(q.Officer) && slices.Contains(places(a), q.Place) && covers(q.At, ag.From, ag.Until) && !n.done(q.Place, ag, a, q.At) &&
		slices.Contains([]marz.Action{"transfer", "read-journal", "enrol", "manage-lists"}, q.Action)
}
