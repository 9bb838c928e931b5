package agreement

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"marz"
)

// Event is one thing that a node learnt of the register: exactly one of Agreement, Statement, Report, Commission and Passing.
type Event struct {
	Seq        marz.Seq     // of its entry
	At         marz.Instant // when it was learnt
	Agreement  *Agreement
	Statement  *Statement
	Report     *Report
	Commission *Commission
	Passing    *Passing
}

// Passing is that control passed, as a node recorded it.
type Passing struct {
	Place   marz.PlaceID
	Lanes   []marz.LaneID // that passed; none: the whole place
	From    marz.AuthorityID
	To      marz.AuthorityID
	Article marz.ArticleRef
	Planned marz.Instant // by the article
}

// History is the register as one node learnt it, event by event. One goroutine owns it; the Registers that it gives can be shared.
type History struct {
	ground Ground
	events []Event
	known  known
}

// known is what has been learnt so far.
type known struct {
	agreements  []*Agreement
	learnt      []Event // of the agreements, without what they hold
	byID        map[string]*Agreement
	clauses     map[marz.ArticleRef]*clause
	tracks      map[trackKey]*track
	reports     map[marz.ArticleRef][]learntReport
	passings    map[marz.PlaceID][]learntPassing
	statements  []Event // not renewals that say nothing new
	commissions []Commission
	cast        *cast
	compiled    map[marz.PlaceID]*policies // of every place, made anew when an agreement speaks of it: statements change none
}

type trackKey struct {
	subject string
	by      marz.AuthorityID // "" for a membership: all authorities of the state speak for it
}

type learntReport struct {
	Report
	learnt marz.Instant
}

type learntPassing struct {
	Passing
	at  marz.Instant
	seq marz.Seq
}

// NewHistory returns an empty history on the ground given.
func NewHistory(g Ground) *History { return &History{ground: g, known: newKnown(newCast(&g))} }

func newKnown(c *cast) known {
	return known{byID: map[string]*Agreement{}, clauses: map[marz.ArticleRef]*clause{}, tracks: map[trackKey]*track{},
		reports: map[marz.ArticleRef][]learntReport{}, passings: map[marz.PlaceID][]learntPassing{}, compiled: map[marz.PlaceID]*policies{}, cast: c}
}

// Ground returns what the history stands on.
func (h *History) Ground() Ground { return h.ground }

// Add folds what has been recorded. It trusts that it was checked before: Consider does that.
func (h *History) Add(e Event) {
	h.events = append(h.events, e)
	h.known.add(e)
}

func (k *known) add(e Event) {
	switch {
	case e.Agreement != nil:
		k.addAgreement(e)
	case e.Statement != nil:
		key := keyOf(e.Statement)
		before := k.tracks[key]
		after := before.with(e.Statement, e.At)
		if before == nil || !slices.Equal(before.spans, after.spans) {
			k.statements = append(k.statements, e)
		}
		k.tracks[key] = after
	case e.Report != nil:
		k.reports[e.Report.Article] = append(k.reports[e.Report.Article], learntReport{*e.Report, e.At})
	case e.Commission != nil:
		k.commissions = append(k.commissions, *e.Commission)
	case e.Passing != nil:
		k.passings[e.Passing.Place] = append(k.passings[e.Passing.Place], learntPassing{*e.Passing, e.At, e.Seq})
	}
}

func (k *known) addAgreement(e Event) {
	k.agreements = append(k.agreements, e.Agreement)
	k.learnt = append(k.learnt, Event{Seq: e.Seq, At: e.At})
	k.byID[e.Agreement.ID] = e.Agreement
	for i := range e.Agreement.Articles {
		c := clauseOf(e.Agreement, &e.Agreement.Articles[i])
		k.clauses[c.ref] = &c
		for _, p := range c.Where() {
			k.compiled[p] = newPolicies()
		}
	}
}

func keyOf(s *Statement) trackKey {
	if s.Bloc != "" {
		return trackKey{subject: s.subject()}
	}
	return trackKey{s.subject(), s.By}
}

func (k *known) clone() known {
	return known{slices.Clone(k.agreements), slices.Clone(k.learnt), maps.Clone(k.byID), maps.Clone(k.clauses), maps.Clone(k.tracks),
		cloneLists(k.reports), cloneLists(k.passings), slices.Clip(k.statements), slices.Clip(k.commissions), k.cast, maps.Clone(k.compiled)}
}

// cloneLists copies a map of lists that are only ever appended to.
func cloneLists[K comparable, T any](m map[K][]T) map[K][]T {
	out := make(map[K][]T, len(m))
	for k, v := range m {
		out[k] = slices.Clip(v)
	}
	return out
}

// Register returns what follows from all that has been learnt. It fails only when what was added broke a law.
func (h *History) Register() (*Register, error) { return newRegister(h.ground, h.known.clone()) }

// KnownAt returns what followed at the instant from what had been learnt by then.
func (h *History) KnownAt(at marz.Instant) (*Register, error) {
	k := newKnown(h.known.cast)
	for _, e := range h.events {
		if e.At <= at {
			k.add(e)
		}
	}
	return newRegister(h.ground, k)
}

// Consider returns the register as it would be with the events, or what speaks against them: all of it. The history does not change. now is
// the node's clock, against which nothing may have been issued in the future.
func (h *History) Consider(now marz.Instant, events ...Event) (*Register, error) {
	r, found := h.consider(now, events)
	if len(found) == 0 {
		return r, nil
	}
	faults := make([]error, len(found))
	for i, f := range found {
		faults[i] = f.err
	}
	return nil, join(faults)
}

func (h *History) consider(now marz.Instant, events []Event) (*Register, []fault) {
	k := h.known.clone()
	var faults []fault
	refused := map[string]bool{}
	for i, e := range events { // first what the others are about
		if e.Agreement == nil {
			continue
		}
		if err := e.Agreement.check(&h.ground); err != nil {
			faults = append(faults, fault{i, err})
			refused[e.Agreement.ID] = true
			continue
		}
		if k.byID[e.Agreement.ID] != nil {
			faults = append(faults, fault{i, refuse(e.Agreement.ID, "", "there is already an agreement of this id; give this one another")})
			continue
		}
		k.add(e)
	}
	for i, e := range events {
		if e.Agreement != nil || refused[e.about()] { // what is about an agreement that is refused waits for it
			continue
		}
		if err := k.check(&h.ground, e, now); err != nil {
			faults = append(faults, fault{i, err})
			continue
		}
		k.add(e)
	}
	if len(faults) > 0 { // without what was refused, places would seem to have gaps that they have not
		return nil, faults
	}
	r, err := newRegister(h.ground, k)
	if err == nil {
		err = r.consents(now, func(agreement string) bool { return h.known.byID[agreement] == nil })
	}
	if err != nil {
		return nil, []fault{{-1, err}}
	}
	return r, nil
}

// about returns the agreement that a statement or report is about, or "".
func (e *Event) about() string {
	switch {
	case e.Statement != nil:
		return e.Statement.Agreement
	case e.Report != nil:
		agreement, _, _ := strings.Cut(string(e.Report.Article), "/")
		return agreement
	}
	return ""
}

// ahead is how far the clock of who signed may be before the node's.
const ahead = 5 * 60 * 1000

func (k *known) check(g *Ground, e Event, now marz.Instant) error {
	switch {
	case e.Statement != nil:
		s := e.Statement
		if err := s.check(g, func(id string) *Agreement { return k.byID[id] }); err != nil {
			return err
		}
		t := k.tracks[keyOf(s)]
		switch last := t.at(1 << 62); {
		case s.Issued > now+ahead:
			return s.refuse("it was issued at %s, which is still to come; compare the clocks of who signed it and of this node", s.Issued)
		case t != nil && s.Issued == t.issued:
			return s.refuse("one issued at that same instant is known already; issue it again, later")
		case t != nil && s.Issued < t.issued:
			return s.refuse("a newer one, issued at %s, is known already; issue it again if it is still meant", t.issued)
		case s.Bloc == "" && last != nil && last.status == Withdrawn:
			return s.refuse("it was withdrawn from %s on, which is for good; make a new agreement", last.from)
		}
	case e.Report != nil:
		return e.Report.check(g, func(ref marz.ArticleRef) *clause { return k.clauses[ref] })
	case e.Commission != nil:
		return e.Commission.check(g, now, k.commissions)
	}
	return nil
}

// Register answers from what is known. It does not change once made.
type Register struct {
	ground    Ground
	known     known
	clauses   []*clause // in order of agreements and articles
	byPlace   map[marz.PlaceID][]*clause
	control   map[marz.PlaceID][]Holding // the plan
	tenures   map[marz.PlaceID]*tenures  // what acts go by
	policy    string
	compiled  map[marz.PlaceID]*policies // of every place; shared with the registers before and after that have the same agreements there
	standings standings
}

// New makes a register from agreements alone, or says everything that is wrong with them.
func New(g Ground, agreements []Agreement) (*Register, error) {
	events := make([]Event, len(agreements))
	for i := range agreements {
		events[i].Agreement = &agreements[i]
	}
	return NewHistory(g).Consider(0, events...)
}

func newRegister(g Ground, k known) (*Register, error) {
	r := &Register{ground: g, known: k, byPlace: map[marz.PlaceID][]*clause{}, control: map[marz.PlaceID][]Holding{}, tenures: map[marz.PlaceID]*tenures{}, compiled: k.compiled}
	moves, parts := map[marz.PlaceID][]*clause{}, map[marz.PlaceID][]*clause{}
	var places []marz.PlaceID
	for _, ag := range k.agreements {
		for i := range ag.Articles {
			c := k.clauses[marz.ArticleRef(ag.ID+"/"+ag.Articles[i].ID)]
			r.clauses = append(r.clauses, c)
			for _, p := range c.Where() {
				if _, ok := r.byPlace[p]; !ok {
					places = append(places, p)
				}
				r.byPlace[p] = append(r.byPlace[p], c)
				switch {
				case c.partial():
					parts[p] = append(parts[p], c)
				case c.moves():
					moves[p] = append(moves[p], c)
				}
			}
		}
	}
	var faults []error
	for _, p := range places {
		hs, err := holdings(p, moves[p])
		if err == nil {
			err = checkParts(p, parts[p], hs)
		}
		if err != nil {
			faults = append(faults, err)
		}
		r.control[p], r.tenures[p] = hs, &tenures{}
	}
	for p := range k.passings {
		r.tenures[p] = &tenures{}
	}
	r.policy = k.hash()
	return r, join(faults)
}

// Agreements returns what the register was made from.
func (r *Register) Agreements() []Agreement {
	out := make([]Agreement, len(r.known.agreements))
	for i, ag := range r.known.agreements {
		out[i] = *ag
	}
	return out
}

// Ground returns what the register stands on.
func (r *Register) Ground() *Ground { return &r.ground }

// Policy is the hash of the rules in force, hex SHA-256. It stands on every entry and changes with every agreement and statement.
func (r *Register) Policy() string { return r.policy }

// Article returns an article of an agreement.
func (r *Register) Article(ref marz.ArticleRef) (Article, error) {
	if c := r.known.clauses[ref]; c != nil {
		return *c.Article, nil
	}
	return Article{}, &marz.Error{Code: marz.NotFound, Op: "article", Subject: fmt.Sprintf("%.80q", ref), Fix: "the register has no such article"}
}
