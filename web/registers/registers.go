// Package registers makes what the pages of the register show: of a post, and of a headquarters. It holds nothing about a person.
package registers

import (
	"fmt"
	"slices"
	"strings"

	"marz"
	"marz/agreement"
	"marz/web"
)

// Register is the register as it stands at an instant. It holds nothing about a person.
func Register(r *agreement.Register, at marz.Instant) *web.RegisterBody {
	b := &web.RegisterBody{At: at, Policy: r.Policy(), Places: r.Ground().Places}
	for _, ag := range r.Agreements() {
		b.Agreements = append(b.Agreements, agreementRow(r, &ag, at))
	}
	for _, m := range r.Memberships() {
		b.Memberships = append(b.Memberships, membershipView(r, m, at))
	}
	for _, d := range r.Debts(at) {
		o := web.Obligation{Article: d.Article, Owes: d.Owes, To: d.Owed, What: d.Text, Due: d.Due, Status: d.Status, Overdue: d.Overdue, Entitles: d.Entitles}
		for _, rep := range d.Reports {
			o.Reports = append(o.Reports, web.ObligationReport{At: rep.At, Learnt: rep.Learnt, By: rep.By, Status: rep.Status, Evidence: rep.Evidence})
		}
		b.Obligations = append(b.Obligations, o)
	}
	for _, rule := range agreement.Rules() {
		b.Rules = append(b.Rules, web.Rule{Article: rule.Article, Text: rule.Reason})
	}
	return b
}

func agreementRow(r *agreement.Register, ag *agreement.Agreement, at marz.Instant) web.AgreementRow {
	row := web.AgreementRow{ID: ag.ID, Title: ag.Title, Parties: ag.Parties, Signed: ag.Signed.String(), From: ag.From, Until: ag.Until,
		Reconstruction: ag.Reconstruction, Articles: len(ag.Articles)}
	row.State, row.Why = r.Stand(ag.ID, at)
	row.Seq, _ = r.Learnt(ag.ID)
	for _, v := range r.Views(ag.ID, at) {
		if v.InForce {
			row.InForce++
		}
		if ag.From == 0 && v.From != 0 && (row.From == 0 || v.From < row.From) {
			row.From = v.From
		}
	}
	return row
}

func membershipView(r *agreement.Register, m agreement.Membership, at marz.Instant) web.Membership {
	v := web.Membership{Bloc: marz.Bloc{ID: m.Bloc, Name: string(m.Bloc)}, State: m.State}
	for _, b := range r.Ground().Blocs {
		if b.ID == m.Bloc {
			v.Bloc = b
		}
	}
	for _, s := range m.Periods {
		v.Periods = append(v.Periods, web.MembershipPeriod{Status: string(s.Status), From: s.From, Until: s.Until, By: s.By, Learnt: s.Learnt, Source: s.Source,
			Now: at >= s.From && (s.Until == 0 || at < s.Until)})
	}
	for _, ref := range m.Hangs {
		a, _ := r.Article(ref)
		h := web.Hanging{Article: ref, What: strings.Join(gives(&a), "; ")}
		h.InForce, h.Why = r.InForce(ref, at)
		v.Hangs = append(v.Hangs, h)
	}
	return v
}

// Agreement is one agreement as it stands at an instant. signatures gives those that the entry with the agreement holds.
func Agreement(r *agreement.Register, id string, at, now marz.Instant, signatures func(marz.Seq) ([]string, error)) (*web.AgreementBody, error) {
	all := r.Agreements()
	i := slices.IndexFunc(all, func(a agreement.Agreement) bool { return a.ID == id })
	if i < 0 {
		return nil, &marz.Error{Code: marz.NotFound, Op: "agreement", Subject: fmt.Sprintf("%.80q", id), Fix: "the register has no such agreement"}
	}
	ag := &all[i]
	b := &web.AgreementBody{At: at, Agreement: agreementRow(r, ag, at), Source: ag.Source}
	lines, err := signatures(b.Agreement.Seq)
	if err != nil {
		return nil, err
	}
	i2 := agreement.Instrument{Agreement: ag, Signatures: lines}
	signed := i2.Signed(r.Ground())
	for _, party := range ag.Parties {
		a, _ := r.Ground().Authority(party)
		b.Signatures = append(b.Signatures, web.Signature{Authority: a, Key: keyName(a.Key), Signed: slices.Contains(signed, party)})
	}
	for _, e := range r.Standing(id) {
		s := e.Statement
		subject := s.Agreement
		if s.Article != "" {
			subject += "/" + s.Article
		}
		b.Statements = append(b.Statements, web.Statement{By: s.By, Subject: subject, Status: string(s.Status), From: s.From, Expires: s.Expires, Learnt: e.At, Seq: e.Seq})
	}
	for _, v := range r.Views(id, at) {
		b.Articles = append(b.Articles, articleView(r, &v, at, now))
	}
	return b, nil
}

// keyName is the name and hash of a verifier key, without the key itself.
func keyName(key string) string {
	if parts := strings.SplitN(key, "+", 3); len(parts) == 3 {
		return parts[0] + "+" + parts[1]
	}
	return ""
}

func articleView(r *agreement.Register, v *agreement.View, at, now marz.Instant) web.ArticleView {
	a := &v.Article
	out := web.ArticleView{Ref: v.Ref, Kind: string(a.Kind), Who: who(a), Places: a.Where(), From: v.From, Until: v.Until, Text: a.Text, InForce: v.InForce, Why: v.Why,
		Gives: gives(a), Cedar: r.CedarOf(v.Ref)}
	for _, w := range v.While {
		out.While = append(out.While, w.State+" is an active member of "+string(w.Bloc))
	}
	for _, place := range a.Where() {
		if h, ok := r.Expected(place, at, now); ok && h.Article == v.Ref {
			out.Hangs = append(out.Hangs, "control of "+string(place)+" by "+string(h.Authority))
		}
		for _, lane := range r.Parts(place, at) {
			if h, _ := r.Holder(place, lane, at); h.Article == v.Ref {
				out.Hangs = append(out.Hangs, "control of lane "+string(lane)+" of "+string(place)+" by "+string(h.Authority))
			}
		}
		if !v.InForce {
			continue
		}
		for _, m := range r.Mandates(place, at) {
			if m.Article == v.Ref && m.Kind != agreement.Control {
				out.Hangs = append(out.Hangs, mandateWord[m.Kind]+" of "+string(m.Authority)+" at "+string(place))
			}
		}
	}
	return out
}

var mandateWord = map[agreement.Kind]string{agreement.Serve: "service", agreement.Joint: "joint service", agreement.Share: "what is shared with the officers",
	agreement.Observe: "observation", agreement.Control: "control", agreement.Transfer: "preparation of the transfer"}

// who says in words whom an article is about.
func who(a *agreement.Article) string {
	switch a.Kind {
	case agreement.Joint:
		return join(a.Authorities, " and ")
	case agreement.Share:
		return string(a.Authority) + " to " + string(a.To)
	case agreement.Transfer:
		return "from " + string(a.Authority) + " to " + string(a.To)
	case agreement.Obligation:
		return a.Owes + " to " + a.Owed
	}
	return string(a.Authority)
}

// gives says in words what an article gives.
func gives(a *agreement.Article) []string {
	switch a.Kind {
	case agreement.Control:
		return []string{string(a.Authority) + " controls, with all powers, and reads its own records"}
	case agreement.Transfer:
		return []string{"control passes from " + string(a.Authority) + " to " + string(a.To)}
	case agreement.Serve:
		return []string{string(a.Authority) + " may " + listed(a.Powers, "read the journal")}
	case agreement.Observe:
		return []string{string(a.Authority) + " may read the journal, and nothing about a person"}
	case agreement.Obligation:
		return []string{a.Owes + " owes it to " + a.Owed}
	case agreement.Share:
		return shares(a)
	}
	out := []string{join(a.Authorities, " and ") + " serve together: " + listed(a.Powers, "all powers but those of control") + ", each with its own lists, hits and records"}
	if len(a.Decisions) > 0 {
		out = append(out, listed(a.Decisions, "")+" need the other's concurrence")
	}
	switch a.First {
	case "":
	case "exit":
		out = append(out, "the side that the traveller leaves goes first")
	default:
		out = append(out, a.First+" goes first")
	}
	return out
}

// shares says what an article of kind share gives.
func shares(a *agreement.Article) []string {
	kinds := slices.DeleteFunc(slices.Clone(a.What), func(w string) bool { return w == agreement.Copies })
	what := listed(kinds, "nothing") + " of " + string(a.Authority)
	if len(a.Fields) > 0 {
		what += " (" + listed(a.Fields, "") + ")"
	}
	out := []string{string(a.To) + " may look at " + what + "; each look-up is an entry that " + string(a.Authority) + " sees"}
	if len(kinds) < len(a.What) {
		kinds = slices.DeleteFunc(kinds, func(w string) bool { return w == "hits" })
		out = append(out, "the mirror of "+string(a.To)+" holds copies of "+listed(kinds, "nothing")+" of "+string(a.Authority)+" that are made while this is in force")
	}
	return out
}

func listed[T ~string](all []T, none string) string {
	if len(all) == 0 {
		return none
	}
	return join(all, ", ")
}

// Timeline is who held, holds and will hold a place, by a register as it is known now or, where known is an instant, was known then.
func Timeline(r *agreement.Register, place marz.PlaceID, at, now, known marz.Instant) (*web.TimelineBody, error) {
	where, ok := r.Ground().Place(place)
	if !ok {
		return nil, &marz.Error{Code: marz.NotFound, Op: "timeline", Subject: fmt.Sprintf("%.60q", string(place)), Fix: "the register knows no such post or section"}
	}
	if known != 0 {
		now = min(now, known)
	}
	b := &web.TimelineBody{Place: where, At: at, Known: known, Rows: Periods(r, place, now), Places: r.Ground().Places}
	for _, a := range r.Actual(place) {
		b.Actual = append(b.Actual, web.Passed{To: a.To, From: a.From, Lanes: a.Lanes, Article: a.Article, Planned: a.Planned, Actual: a.At, Seq: a.Seq})
	}
	for _, m := range r.Mandates(place, at) {
		if m.Kind == agreement.Control && len(m.Lanes) == 0 {
			h, _ := r.Expected(place, at, now)
			m.Authority, m.Article = h.Authority, h.Article
		}
		by, _ := r.Ground().Authority(m.Authority)
		w := web.Mandate{Authority: by, Role: roleWord[m.Kind] + ofLanes(m.Lanes), Article: m.Article}
		for _, a := range m.Powers {
			w.Powers = append(w.Powers, string(a))
		}
		b.Now = append(b.Now, w)
	}
	return b, nil
}

// ofLanes names lanes after what is said of them, and nothing where it is said of a place.
func ofLanes(lanes []marz.LaneID) string {
	switch len(lanes) {
	case 0:
		return ""
	case 1:
		return " lane " + string(lanes[0])
	}
	return " lanes " + listed(lanes, "")
}

var roleWord = map[agreement.Kind]string{agreement.Control: "controls", agreement.Serve: "serves", agreement.Joint: "serves jointly", agreement.Observe: "observes",
	agreement.Share: "is shown what another shares", agreement.Transfer: "prepares to take control"}

// Periods are those of a place, ascending.
func Periods(r *agreement.Register, place marz.PlaceID, now marz.Instant) []web.Period {
	out := []web.Period{}
	for _, p := range r.Periods(place, now) {
		out = append(out, web.Period{Control: p.Authority, Article: p.Article, From: p.From, Until: p.Until, With: p.With, Under: p.Under, Overdue: p.Overdue})
	}
	return out
}

// Map is who controls what at an instant, with all that is needed to show any other. drawing is nil where there is none.
func Map(r *agreement.Register, drawing *web.Map, at, now marz.Instant) *web.MapBody {
	b := &web.MapBody{Map: drawing, Authorities: r.Ground().Authorities, From: at, Until: at}
	for _, place := range r.Ground().Places {
		m := web.MapPlace{Place: place, Periods: Periods(r, place.ID, now)}
		for _, s := range m.Periods {
			b.From, b.Until = min(b.From, s.From), max(b.Until, s.From)
		}
		b.Places = append(b.Places, m)
	}
	b.Until = b.Until.Add(365 * 24 * 3600 * 1e9)
	return b
}

func join[T ~string](all []T, with string) string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = string(s)
	}
	return strings.Join(out, with)
}
