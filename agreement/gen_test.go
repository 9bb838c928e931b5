package agreement

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"marz"
)

// world is the ground of the laws: two authorities of one state, so that a state and its authority are not the same, and places of two hosts.
var world = Ground{
	Authorities: []marz.Authority{{ID: "aa-bg", State: "AAA"}, {ID: "ab-pd", State: "AAA"}, {ID: "bb-bg", State: "BBB"}, {ID: "cc-bg", State: "CCC"}},
	Places:      []marz.Place{{ID: "p", Kind: "post", State: "AAA"}, {ID: "q", Kind: "section", State: "AAA"}, {ID: "r", Kind: "post", State: "BBB"}},
	Blocs:       []marz.Bloc{{ID: "bloc"}, {ID: "other"}},
}

var (
	everybody  = []marz.AuthorityID{"aa-bg", "ab-pd", "bb-bg", "cc-bg"}
	everywhere = []marz.PlaceID{"p", "q", "r"}
	everyLane  = []marz.LaneID{"1", "2", "3"}
	conditions = []Condition{{"AAA", "bloc"}, {"BBB", "bloc"}, {"CCC", "other"}}
)

const day = marz.Instant(24 * time.Hour / time.Millisecond)

// set is what a law is tried on: agreements and statements in the order in which they are recorded.
type set struct {
	base       marz.Instant
	agreements []Agreement
	statements []Statement
	passings   []Event // in the order in which they are recorded
}

// drawer draws the parts of a set. Times are whole days from a base, which is before or after 1970.
type drawer struct {
	*rapid.T
	base marz.Instant
	raw  bool // with Cedar of its own in some articles
}

func pick[V any](t *rapid.T, name string, from ...V) V { return rapid.SampledFrom(from).Draw(t, name) }

// some reports true for about so many of a hundred.
func (d *drawer) some(name string, percent int) bool {
	return rapid.IntRange(0, 99).Draw(d.T, name) < percent
}

func (d *drawer) day(name string, from, to int) marz.Instant {
	return d.base + day*marz.Instant(rapid.IntRange(from, to).Draw(d.T, name))
}

// subset draws at least n of all, in their order.
func subset[V any](t *rapid.T, name string, n int, all []V) []V {
	order := rapid.Permutation(all).Draw(t, name)
	return order[:rapid.IntRange(n, len(all)).Draw(t, name+" count")]
}

// drawSet draws agreements that are accepted, unless a law breaks them on purpose, and statements in order of issue.
func drawSet(t *rapid.T, raw bool) set {
	d := &drawer{T: t, base: pick(t, "base", at("1955-03-01T00:00:00Z"), at("2020-01-01T00:00:00+04:00")), raw: raw}
	s := set{base: d.base}
	// Control is in two agreements to which all are parties, so that a timeline runs through both.
	control := []Agreement{d.head("c1", everybody), d.head("c2", everybody)}
	for _, p := range everywhere {
		if !d.some("controlled", 85) {
			continue
		}
		line := d.timeline(p)
		plan := make([]planned, len(line))
		for i, a := range line {
			ag := &control[pick(t, "instrument", 0, 1)]
			a.ID = fmt.Sprintf("%s%d", p, i)
			plan[i] = planned{marz.ArticleRef(ag.ID + "/" + a.ID), a}
			ag.Articles = append(ag.Articles, a)
		}
		if p == "q" { // a section has no lanes
			s.passings = append(s.passings, d.passings(plan, nil)...)
			continue
		}
		parts := d.parts(line)
		some := make([]planned, len(parts))
		for i, a := range parts {
			ag := &control[pick(t, "instrument", 0, 1)]
			a.ID = fmt.Sprintf("%s-part%d", p, i)
			some[i] = planned{marz.ArticleRef(ag.ID + "/" + a.ID), a}
			ag.Articles = append(ag.Articles, a)
		}
		s.passings = append(s.passings, d.passings(plan, some)...)
	}
	slices.SortStableFunc(s.passings, func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	for _, ag := range control {
		if ag.From, ag.Until = 0, 0; len(ag.Articles) > 0 {
			s.agreements = append(s.agreements, ag)
		}
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "agreements") {
		ag := d.head(fmt.Sprintf("x%d", i), subset(t, "parties", 2, everybody))
		for j := range rapid.IntRange(1, 6).Draw(t, "articles") {
			a := d.article(&ag)
			a.ID = fmt.Sprint(j + 1)
			ag.Articles = append(ag.Articles, a)
			if a.Kind == Serve || a.Kind == Joint || a.Kind == Observe { // who controls the place then has to agree
				ag.Parties = everybody
			}
		}
		s.agreements = append(s.agreements, ag)
	}
	s.statements = d.statements(s.agreements)
	return s
}

func (d *drawer) head(id string, parties []marz.AuthorityID) Agreement {
	ag := Agreement{ID: id, Title: "An agreement", Parties: parties}
	if d.some("has from", 40) {
		ag.From = d.day("from", 0, 10)
	}
	if d.some("has until", 30) {
		ag.Until = d.day("until", 41, 60)
	}
	if d.some("depends", 25) {
		ag.While = []Condition{pick(d.T, "condition", conditions...)}
	}
	return ag
}

// timeline draws who controls a place, without gap and overlap: articles that follow one another, then transfers.
func (d *drawer) timeline(p marz.PlaceID) []Article {
	cuts := rapid.SliceOfNDistinct(rapid.IntRange(0, 50), 1, 5, rapid.ID[int]).Draw(d.T, "cuts")
	slices.Sort(cuts)
	who := pick(d.T, "first", everybody...)
	out := []Article{{Kind: Control, Authority: who, Place: p, From: d.base + day*marz.Instant(cuts[0])}}
	for _, cut := range cuts[1:] {
		when, last := d.base+day*marz.Instant(cut), &out[len(out)-1]
		next := pick(d.T, "next", slices.DeleteFunc(slices.Clone(everybody), func(a marz.AuthorityID) bool { return a == who })...)
		if last.Kind == Control && d.some("by article", 50) {
			last.Until = when
			out = append(out, Article{Kind: Control, Authority: next, Places: []marz.PlaceID{p}, From: when})
		} else {
			if last.Kind == Control && d.some("with end", 30) {
				last.Until = when
			}
			a := Article{Kind: Transfer, Authority: who, To: next, Place: p, At: when}
			if d.some("deadline", 30) {
				a.At, a.By = 0, when
			}
			out = append(out, a)
		}
		who = next
	}
	return out
}

// planned is an article that moves control, with its name.
type planned struct {
	ref marz.ArticleRef
	Article
}

// parts draws partial transfers of a place: each from who controls it by the plan then, none at an instant at which the plan changes.
func (d *drawer) parts(line []Article) []Article {
	var out []Article
	first := line[0]
	left := []string{"1", "2", "3", "persons", "trucks"}
	for range rapid.IntRange(0, 2).Draw(d.T, "partial transfers") {
		when := d.day("part", 0, 50) + day/2
		if when <= first.From || len(left) == 0 {
			continue
		}
		who := first.Authority
		for _, a := range line[1:] {
			if a.From+a.At+a.By > when {
				break
			}
			if who = a.Authority; a.Kind == Transfer {
				who = a.To
			}
		}
		a := Article{Kind: Transfer, Authority: who, To: pick(d.T, "part to", others(who)...), Place: place(&first), At: when}
		if d.some("part deadline", 30) {
			a.At, a.By = 0, when
		}
		what := subset(d.T, "what part", 1, left)
		if i := slices.IndexFunc(what, func(s string) bool { return len(s) > 1 }); i >= 0 {
			a.Flow, what = what[i], what[i:i+1]
		} else {
			for _, l := range what {
				a.Lanes = append(a.Lanes, marz.LaneID(l))
			}
		}
		left = slices.DeleteFunc(slices.Clone(left), func(s string) bool { return slices.Contains(what, s) })
		out = append(out, a)
	}
	return out
}

func place(a *Article) marz.PlaceID { return places(a)[0] }

func others(who marz.AuthorityID) []marz.AuthorityID {
	return slices.DeleteFunc(slices.Clone(everybody), func(a marz.AuthorityID) bool { return a == who })
}

// passings draws what a node records of a place: nothing, or from some instant on who controls it, and then passings in the order of the plan, early, at their instant, or
// overdue, with partial ones between, of lanes that the outgoing authority may or may not have. Some have the same instant.
func (d *drawer) passings(plan, parts []planned) []Event {
	if !d.some("recorded", 75) {
		return nil
	}
	began := plan[0].From + day*marz.Instant(rapid.IntRange(0, 40).Draw(d.T, "recording begins"))
	i := 0
	for i+1 < len(plan) && plan[i+1].From+plan[i+1].At+plan[i+1].By <= began {
		i++
	}
	p := plan[i]
	who := p.Authority
	if p.Kind == Transfer {
		who = p.To
	}
	instant := func(a *Article) marz.Instant { return a.From + a.At + a.By }
	record := func(at marz.Instant, p planned, from, to marz.AuthorityID, lanes []marz.LaneID) Event {
		return Event{At: at, Passing: &Passing{Place: place(&p.Article), Lanes: lanes, From: from, To: to, Article: p.ref, Planned: instant(&p.Article)}}
	}
	var out []Event
	if len(parts) == 0 || d.some("first of all the whole", 90) {
		out = append(out, record(began, p, "", who, nil))
	}
	at := began
	for _, p := range plan[i+1:] {
		for len(parts) > 0 && d.some("part passes", 60) {
			q := parts[0]
			parts = parts[1:]
			lanes := q.Lanes
			if q.Flow != "" {
				lanes = subset(d.T, "of the flow", 1, everyLane)
			} else if d.some("not all", 30) {
				lanes = subset(d.T, "some lanes", 1, lanes)
			}
			at += day / 2 * marz.Instant(rapid.IntRange(0, 20).Draw(d.T, "later"))
			out = append(out, record(at, q, q.Authority, q.To, lanes))
		}
		if d.some("never", 20) {
			break
		}
		at += day / 2 * marz.Instant(rapid.IntRange(0, 20).Draw(d.T, "later"))
		if d.some("on time", 40) {
			at = max(at, instant(&p.Article))
		}
		to := p.Authority
		if p.Kind == Transfer {
			to = p.To
			if d.some("first some lanes", 15) {
				out = append(out, record(at, p, who, to, subset(d.T, "lanes of the whole", 1, everyLane)))
				at += day * marz.Instant(rapid.IntRange(0, 5).Draw(d.T, "then the rest"))
			}
		}
		out = append(out, record(at, p, who, to, nil))
		who = to
	}
	return out
}

// article draws an article that moves no control.
func (d *drawer) article(ag *Agreement) Article {
	t := d.T
	a := Article{Kind: pick(t, "kind", Serve, Serve, Joint, Joint, Share, Share, Observe, Obligation), Text: "Words."}
	if a.Kind == Obligation {
		a.Owes, a.Owed = string(ag.Parties[0]), "CCC"
		return a
	}
	a.Place = pick(t, "place", everywhere...)
	if d.some("several places", 30) {
		a.Place, a.Places = "", subset(t, "places", 1, everywhere)
	}
	if ag.From == 0 || d.some("own from", 50) {
		a.From = d.day("from", 0, 30)
	}
	if d.some("own until", 50) {
		a.Until = d.day("until", 31, 50)
	}
	if d.some("fresh", 25) {
		a.Fresh = Duration(time.Duration(rapid.IntRange(24, 900).Draw(t, "hours")) * time.Hour)
	}
	if d.some("while", 30) {
		a.While = subset(t, "conditions", 1, conditions)
	}
	who := rapid.Permutation(ag.Parties).Draw(t, "who")
	switch a.Kind {
	case Serve, Observe:
		a.Authority = who[0]
	case Joint:
		a.Authorities = who[:rapid.IntRange(2, len(who)).Draw(t, "together")]
		if d.some("concurrence", 40) {
			a.Decisions, a.First = subset(t, "decisions", 1, allDecisions), "exit"
		}
	case Share:
		a.Authority, a.To = who[0], who[1]
		a.What = subset(t, "what", 1, []string{"records", "hits", "incidents"})
		if d.some("fields", 60) {
			a.Fields = subset(t, "fields", 1, marz.Fields())
		}
	}
	if (a.Kind == Serve || a.Kind == Joint) && d.some("powers", 70) {
		a.Powers = subset(t, "powers", 1, givable)
	}
	if d.raw && d.some("raw", 60) {
		a.Cedar = d.cedar()
	}
	return a
}

// statements draws words on standing in order of issue, none after a withdrawal.
func (d *drawer) statements(agreements []Agreement) []Statement {
	var out []Statement
	gone := map[trackKey]bool{}
	issued := d.base
	if d.some("all is well at first", 75) { // or few articles would ever be in force
		for _, c := range conditions {
			issued++
			s := Statement{By: authoritiesOf(c.State)[0], State: c.State, Bloc: c.Bloc, Status: Active, From: d.day("member from", 0, 10), Issued: issued}
			if d.some("expires", 40) {
				s.Expires = d.day("expiry", 20, 50)
			}
			out = append(out, s)
		}
		for _, ag := range agreements {
			for _, p := range ag.Parties {
				issued++
				out = append(out, Statement{By: p, Agreement: ag.ID, Status: Active, From: d.base, Issued: issued + 10*day})
			}
		}
		slices.SortStableFunc(out, func(a, b Statement) int { return int(a.Issued - b.Issued) })
		issued += 10 * day
	}
	for range rapid.IntRange(0, 14).Draw(d.T, "statements") {
		issued += day / 4 * marz.Instant(rapid.IntRange(1, 12).Draw(d.T, "later"))
		s := Statement{Status: pick(d.T, "status", Active, Active, Active, Suspended, Suspended, Withdrawn), From: d.day("holds from", 0, 45), Issued: issued}
		if d.some("expires", 40) {
			s.Expires = issued + day*marz.Instant(rapid.IntRange(1, 30).Draw(d.T, "days"))
		}
		if d.some("membership", 40) {
			c := pick(d.T, "of", conditions...)
			s.State, s.Bloc = c.State, c.Bloc
			s.By = pick(d.T, "by", authoritiesOf(c.State)...)
		} else {
			ag := pick(d.T, "on", agreements...)
			s.Agreement, s.By = ag.ID, pick(d.T, "by", ag.Parties...)
			a := pick(d.T, "on article", ag.Articles...)
			if a.Kind != Control && a.Kind != Transfer && d.some("article", 50) {
				s.Article = a.ID
			}
		}
		if key := keyOf(&s); !gone[key] {
			gone[key] = s.Bloc == "" && s.Status == Withdrawn
			out = append(out, s)
		}
	}
	return out
}

func authoritiesOf(state string) (out []marz.AuthorityID) {
	for _, a := range world.Authorities {
		if a.State == state {
			out = append(out, a.ID)
		}
	}
	return out
}

// events are the set as it is learnt: the agreements on the day before all else, then in order of time statements, one each hour, and passings.
func (s *set) events() []Event {
	var out []Event
	for i := range s.agreements {
		out = append(out, Event{At: s.base - day + marz.Instant(len(out))*3_600_000, Agreement: &s.agreements[i]})
	}
	for i := range s.statements {
		out = append(out, Event{At: max(s.base+marz.Instant(len(out))*3_600_000, s.statements[i].Issued), Statement: &s.statements[i]})
	}
	out = append(out, s.passings...)
	slices.SortStableFunc(out[len(s.agreements):], func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	for i := range out {
		out[i].Seq = marz.Seq(i)
	}
	return out
}

// register makes the register of a set.
func (s *set) register() (*Register, error) {
	return NewHistory(world).Consider(s.base+1000*day, s.events()...)
}

// instants are those at which something can change, each with the millisecond before and after it.
func (s *set) instants() []marz.Instant {
	all := []marz.Instant{s.base, s.base + 500*day}
	fresh := []Duration{0}
	for _, ag := range s.agreements {
		all = append(all, ag.From, ag.Until)
		for _, a := range ag.Articles {
			all, fresh = append(all, a.From, a.Until, a.At, a.By), append(fresh, a.Fresh)
		}
	}
	for _, e := range s.passings {
		all = append(all, e.At)
	}
	for _, st := range s.statements {
		all = append(all, st.From, st.Expires)
		for _, f := range fresh {
			all = append(all, st.Issued+marz.Instant(time.Duration(f).Milliseconds()))
		}
	}
	slices.Sort(all)
	var out []marz.Instant
	for _, i := range slices.Compact(all) {
		if i != 0 {
			out = append(out, i-1, i, i+1)
		}
	}
	return out
}

var everyAction = slices.Concat(givable, []marz.Action{marz.ActOn(marz.Admit), marz.ActOn(marz.Refuse), marz.ActOn(marz.Refer), marz.ActOn(marz.Depart), marz.ActOn(marz.Hold), "fly", ""})

// drawQuestion draws a question about a set. Most are aimed at one of its articles, so that about a third are answered with yes.
func (s *set) drawQuestion(t *rapid.T, instants []marz.Instant) Question {
	q := Question{
		Officer: marz.OfficerID(pick(t, "authority", "aa-bg", "ab-pd", "bb-bg", "cc-bg", "zz-bg", "") + pick(t, "number", "/1", "/1", "/1", "")),
		Role:    pick[marz.Role](t, "role", marz.RoleSupervisor, marz.RoleSupervisor, marz.RoleSupervisor, marz.RoleOfficer, marz.RoleOfficer, marz.RoleProgram, "", "chief"),
		Action:  pick(t, "action", everyAction...),
		Place:   pick[marz.PlaceID](t, "place", "p", "q", "r", "nowhere"),
		Lane:    pick[marz.LaneID](t, "lane", "", "", "1", "2", "3", "4"),
		At:      pick(t, "at", instants...),
		Field:   pick[marz.Field](t, "field", "", "", marz.FieldIdentity, marz.FieldDocument, marz.FieldFindings, marz.FieldHits, marz.FieldNote, "shoes"),
	}
	if rapid.Bool().Draw(t, "about a record") {
		q.Record = &Record{Kind: pick(t, "kind", "record", "hit", "incident"), Owners: subset(t, "owners", 0, everybody),
			Nationality: pick(t, "nationality", "", "AAA", "BBB", "XXX"), Asylum: pick(t, "asylum", false, false, true)}
	}
	ag := pick(t, "agreement", s.agreements...)
	if a := pick(t, "article", ag.Articles...); len(places(&a)) > 0 && pick(t, "aim", true, true, true, false) {
		s.aim(t, &q, &ag, &a)
	}
	return q
}

// near returns the instants at which what bears on an article can change.
func (s *set) near(ag *Agreement, a *Article) []marz.Instant {
	all := []marz.Instant{ag.From, ag.Until, a.From, a.Until, a.At, a.By}
	for i := range s.statements {
		st := &s.statements[i]
		if st.Agreement == ag.ID && (st.Article == "" || st.Article == a.ID) || slices.Contains(slices.Concat(ag.While, a.While), Condition{st.State, st.Bloc}) {
			all = append(all, st.From, st.Expires)
			if a.Fresh != 0 {
				all = append(all, st.Issued+marz.Instant(time.Duration(a.Fresh).Milliseconds()))
			}
		}
	}
	for _, e := range s.passings {
		if (a.Kind == Control || a.Kind == Transfer) && slices.Contains(places(a), e.Passing.Place) {
			all = append(all, e.At)
		}
	}
	return slices.DeleteFunc(all, func(i marz.Instant) bool { return i == 0 })
}

// aim makes a question one that an article could allow.
func (s *set) aim(t *rapid.T, q *Question, ag *Agreement, a *Article) {
	if near := s.near(ag, a); len(near) > 0 && pick(t, "near", true, true, true, false) {
		q.At = pick(t, "instant", near...) + pick[marz.Instant](t, "by", -1, 0, 0, 1)
	}
	if pick(t, "able", true, true, true, false) {
		q.Role = pick(t, "who", marz.RoleSupervisor, marz.RoleSupervisor, marz.RoleProgram)
	}
	q.Place = pick(t, "there", places(a)...)
	who := slices.DeleteFunc(append(slices.Clone(a.Authorities), a.Authority, a.To), func(id marz.AuthorityID) bool { return id == "" })
	if a.To != "" {
		who = []marz.AuthorityID{a.To}
	}
	q.Officer = marz.OfficerID(pick(t, "who", who...) + "/1")
	switch {
	case a.Kind == Share:
		q.Action = shared[pick(t, "what", a.What...)]
		q.Record = &Record{Kind: "record", Owners: []marz.AuthorityID{a.Authority}}
	case a.Kind == Observe, a.Kind == Serve && len(a.Powers) == 0:
		q.Action = marz.ActReadJournal
	case len(a.Powers) > 0:
		q.Action = pick(t, "power", a.Powers...)
	}
	if q.Action == marz.ActDecide {
		q.Action = marz.ActOn(pick(t, "decision", allDecisions...))
	}
}
