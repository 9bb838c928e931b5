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
	acts = []marz.Action{"inspect", "decide", "concur", "take-asylum", "supervise", "roster", "incident", "read-journal", "enrol", "manage-lists"}
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
	if stateOf(who) == "" || host == "" || q.Role != "officer" && q.Role != "supervisor" {
		return true
	}
	if slices.Contains([]marz.Action{"supervise", "roster", "enrol", "erase", "manage-lists"}, q.Action) && q.Role != "supervisor" {
		return true
	}
	if q.Record == nil || stateOf(who) == host {
		return false
	}
	_, controller := n.controller(q.Place, q.At)
	return q.Action == "hold" && q.Record.Nationality == host && controller != who ||
		q.Record.Asylum && slices.Contains([]marz.Action{"admit", "refuse", "depart", "take-asylum"}, q.Action)
}

// may returns the articles that allow what is asked; none: it is not allowed.
func (n *naive) may(q Question) (by []marz.ArticleRef) {
	if n.forbidden(q) {
		return nil
	}
	who := authorityOf(q.Officer)
	if ref, controller := n.controller(q.Place, q.At); controller == who && gives(slices.Concat(acts, data), who, q) {
		by = append(by, ref)
	}
	for i := range n.agreements {
		ag := &n.agreements[i]
		for j := range ag.Articles {
			a := &ag.Articles[j]
			if slices.Contains(places(a), q.Place) && n.stands(ag, a, q.At) && allows(a, who, q) {
				by = append(by, marz.ArticleRef(ag.ID+"/"+a.ID))
			}
		}
	}
	return by
}
