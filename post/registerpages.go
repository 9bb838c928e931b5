package post

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"marz"
	"marz/agreement"
	"marz/web"
)

// RegisterPage is the register as it stands at an instant. It holds nothing about a person.
func (p *Post) RegisterPage(at marz.Instant) *web.RegisterBody {
	r := p.register.Load()
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

// AgreementPage is one agreement as it stands at an instant.
func (p *Post) AgreementPage(id string, at marz.Instant) (*web.AgreementBody, error) {
	r := p.register.Load()
	all := r.Agreements()
	i := slices.IndexFunc(all, func(a agreement.Agreement) bool { return a.ID == id })
	if i < 0 {
		return nil, &marz.Error{Code: marz.NotFound, Op: "agreement", Subject: fmt.Sprintf("%.80q", id), Fix: "the register has no such agreement"}
	}
	ag := &all[i]
	b := &web.AgreementBody{At: at, Agreement: agreementRow(r, ag, at), Source: ag.Source}
	signatures, err := p.signatures(b.Agreement.Seq)
	if err != nil {
		return nil, err
	}
	i2 := agreement.Instrument{Agreement: ag, Signatures: signatures}
	signed := i2.Signed(r.Ground())
	for _, party := range ag.Parties {
		a := p.bodies[party]
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
		b.Articles = append(b.Articles, p.articleView(r, &v, at))
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

// signatures returns those under the agreement that an entry recorded.
func (p *Post) signatures(seq marz.Seq) ([]string, error) {
	var doc string
	err := p.journal.State().QueryRow(`SELECT doc FROM s_register WHERE seq = ?`, seq).Scan(&doc)
	var i agreement.Instrument
	if err == nil {
		err = json.Unmarshal([]byte(doc), &i)
	}
	if err != nil {
		return nil, &marz.Error{Op: "read register", Err: err}
	}
	return i.Signatures, nil
}

func (p *Post) articleView(r *agreement.Register, v *agreement.View, at marz.Instant) web.ArticleView {
	a := &v.Article
	out := web.ArticleView{Ref: v.Ref, Kind: string(a.Kind), Who: who(a), Places: a.Where(), From: v.From, Until: v.Until, Text: a.Text, InForce: v.InForce, Why: v.Why,
		Gives: gives(a), Cedar: r.CedarOf(v.Ref)}
	for _, w := range v.While {
		out.While = append(out.While, w.State+" is an active member of "+string(w.Bloc))
	}
	for _, place := range a.Where() {
		if h, ok := r.Expected(place, at, p.now()); ok && h.Article == v.Ref {
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
		return names(a.Authorities)
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
	out := []string{names(a.Authorities) + " serve together: " + listed(a.Powers, "all powers but those of control") + ", each with its own lists, hits and records"}
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

func listed[T ~string](all []T, none string) string {
	if len(all) == 0 {
		return none
	}
	return strings.ReplaceAll(joined(all), " ", ", ")
}

// TimelinePage is who held, holds and will hold a place, as it is known now or was known at an instant.
func (p *Post) TimelinePage(ctx context.Context, place marz.PlaceID, at, known marz.Instant) (*web.TimelineBody, error) {
	r, err := p.knownAt(ctx, known)
	if err != nil {
		return nil, err
	}
	where, ok := r.Ground().Place(place)
	if !ok {
		return nil, &marz.Error{Code: marz.NotFound, Op: "timeline", Subject: fmt.Sprintf("%.60q", string(place)), Fix: "the register knows no such post or section"}
	}
	now := p.now()
	if known != 0 {
		now = min(now, known)
	}
	b := &web.TimelineBody{Place: where, At: at, Known: known, Rows: periods(r, place, now), Places: r.Ground().Places}
	for _, a := range r.Actual(place) {
		b.Actual = append(b.Actual, web.Passed{To: a.To, From: a.From, Lanes: a.Lanes, Article: a.Article, Planned: a.Planned, Actual: a.At, Seq: a.Seq})
	}
	for _, m := range r.Mandates(place, at) {
		if m.Kind == agreement.Control && len(m.Lanes) == 0 {
			h, _ := r.Expected(place, at, now)
			m.Authority, m.Article = h.Authority, h.Article
		}
		w := web.Mandate{Authority: p.bodies[m.Authority], Role: roleWord[m.Kind] + ofLanes(m.Lanes), Article: m.Article}
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

// knownAt returns the register as it was known at an instant; at none, as it is known now.
func (p *Post) knownAt(ctx context.Context, known marz.Instant) (*agreement.Register, error) {
	if known == 0 {
		return p.register.Load(), nil
	}
	events, err := readEvents(p.journal.State())
	if err != nil {
		return nil, &marz.Error{Op: "read register", Err: err}
	}
	return fold(*p.register.Load().Ground(), events).KnownAt(known)
}

func periods(r *agreement.Register, place marz.PlaceID, now marz.Instant) []web.Period {
	out := []web.Period{}
	for _, p := range r.Periods(place, now) {
		out = append(out, web.Period{Control: p.Authority, Article: p.Article, From: p.From, Until: p.Until, With: p.With, Under: p.Under, Overdue: p.Overdue})
	}
	return out
}

// MapPage is who controls what at an instant, with all that is needed to show any other.
func (p *Post) MapPage(at marz.Instant) *web.MapBody {
	r := p.register.Load()
	b := &web.MapBody{Map: p.drawing, Authorities: r.Ground().Authorities, From: at, Until: at}
	for _, place := range r.Ground().Places {
		m := web.MapPlace{Place: place, Periods: periods(r, place.ID, p.now())}
		for _, s := range m.Periods {
			b.From, b.Until = min(b.From, s.From), max(b.Until, s.From)
		}
		b.Places = append(b.Places, m)
	}
	b.Until = b.Until.Add(365 * 24 * 3600 * 1e9)
	return b
}

// LookupsPage is who of another authority looked at data of the officer's own, newest first.
func (p *Post) LookupsPage(actor Actor) (*web.LookupsBody, error) {
	b := &web.LookupsBody{Own: actor.Officer.Authority()}
	var err error
	b.Rows, err = collect(p.journal.State(), func(rows *sql.Rows) (l web.Lookup, err error) {
		var doc, kind string
		if err = rows.Scan(&l.Seq, &l.At, &l.Officer, &doc, &kind, &l.Under); err != nil {
			return l, err
		}
		var e readEntry
		if err = json.Unmarshal([]byte(doc), &e); err != nil {
			return l, err
		}
		l.What = map[string]string{KindRead: "record", KindHitRead: "hit", KindAlertsRead: "hit", KindIncidentRead: "incident"}[kind]
		l.Inspection, l.Incident, l.Reason = e.Inspection, e.Incident, readReason(e.Reason)
		for _, f := range e.Fields {
			l.Fields = append(l.Fields, string(f))
		}
		return l, nil
	}, `SELECT seq, at, officer, doc, kind, article FROM s_lookup WHERE owner = ? AND officer NOT GLOB ? || '/*' ORDER BY seq DESC LIMIT 500`, b.Own, b.Own)
	if err != nil {
		return nil, &marz.Error{Op: "read look-ups", Err: err}
	}
	return b, nil
}

// SectionsPage is the duty on the sections that this node keeps.
func (p *Post) SectionsPage(actor Actor) (*web.SectionsBody, error) {
	now, r := p.now(), p.register.Load()
	b := &web.SectionsBody{Kinds: IncidentKinds, Reasons: ReadReasons, Supervises: actor.Role == marz.RoleSupervisor}
	officers, err := collect(p.journal.State(), func(rows *sql.Rows) (o marz.OfficerID, err error) { return o, rows.Scan(&o) },
		`SELECT id FROM s_officer WHERE enrolled IS NOT NULL ORDER BY id`)
	if err != nil {
		return nil, &marz.Error{Op: "read officers", Err: err}
	}
	for _, s := range p.sections {
		v := web.SectionView{Section: s}
		for _, period := range periods(r, s.ID, now) {
			if now >= period.From && (period.Until == 0 || now < period.Until) {
				v.Control = period
			}
		}
		if h, ok := r.Expected(s.ID, now, now); ok {
			v.Control.From = h.From // not since somebody came to serve beside
		}
		own := actor.Officer.Authority()
		with := serving(r.Joints(s.ID, own, now))
		for _, o := range officers {
			if o.Authority() == own || slices.Contains(with, o.Authority()) {
				v.Officers = append(v.Officers, o)
			}
		}
		if err := p.addDuty(&v, now); err != nil {
			return nil, &marz.Error{Op: "read duty", Subject: string(s.ID), Err: err}
		}
		b.Sections = append(b.Sections, v)
	}
	return b, nil
}

func (p *Post) addDuty(v *web.SectionView, now marz.Instant) (err error) {
	v.Patrols, err = collect(p.journal.State(), func(rows *sql.Rows) (w web.Patrol, err error) {
		var officers string
		var ended sql.NullInt64
		err = rows.Scan(&w.ID, &w.From, &w.Until, &officers, &w.By, &w.Under, &ended)
		w.Officers, w.Ended = split[marz.OfficerID](officers), ended.Valid
		return w, err
	}, `SELECT id, starts, ends, officers, officer, article, ended FROM s_patrol WHERE section = ?1 AND (ended IS NULL AND ends > ?2 OR
		id IN (SELECT id FROM s_patrol WHERE section = ?1 AND NOT (ended IS NULL AND ends > ?2) ORDER BY id DESC LIMIT 10)) ORDER BY starts DESC, id DESC`, v.ID, now)
	if err != nil {
		return err
	}
	v.Incidents, err = collect(p.journal.State(), func(rows *sql.Rows) (i web.Incident, err error) {
		var present string
		err = rows.Scan(&i.ID, &i.At, &i.Kind, &i.Kilometre, &present, &i.Patrol, &i.By, &i.Under, &i.Note)
		i.Present, i.Owner = split[marz.OfficerID](present), i.By.Authority()
		for _, k := range IncidentKinds {
			if k.Code == i.Kind {
				i.Kind = k.Text
			}
		}
		return i, err
	}, `SELECT id, happened, kind, kilometre, present, coalesce(patrol, 0), officer, article, note FROM s_incident WHERE section = ? ORDER BY happened DESC, id DESC LIMIT 50`, v.ID)
	return err
}

// readReason gives a reason for reading in words.
func readReason(code string) string {
	for _, r := range slices.Concat(ReadReasons, lookupReasons, []web.Reason{{Code: "transfer", Text: "Shown alerts that were offered to it in a transfer of control"}, {Code: takenOver, Text: "Took the lane at which the case was open"}}) {
		if r.Code == code {
			return r.Text
		}
	}
	return code
}
