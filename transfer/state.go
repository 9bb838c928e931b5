package transfer

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"marz"
)

// Entry is what the machine reads of an entry of the journal.
type Entry struct {
	Seq       marz.Seq
	At        marz.Instant
	Kind      string
	Authority marz.AuthorityID
	Officer   marz.OfficerID
	Public    json.RawMessage
}

// Grace is by how much an instant may have gone by when a key is turned for it, and how late an execution may come and still be on time.
const Grace = 5 * 60 * 1000 // milliseconds

// State is every transfer of one node, as a fold over its journal. It belongs to one goroutine; Clone gives another one its own.
type State struct {
	all  []*Transfer // as they were opened; none is changed once it stands here, so that clones can share them
	last marz.Seq
}

// Transfer is one transfer as it stands.
type Transfer struct {
	Plan       Plan
	Phase      Phase
	Counts     []Count         // Countable first, in its order, then what the commanders added
	Disposed   map[string]int  // of how many alerts each disposition was said, all told; an alert can be in several
	Instrument json.RawMessage // that is presented; nil: none, or it is void
	Digest     string          // of Instrument
	Presented  marz.Seq        // the entry that presented it
	Changed    marz.Seq        // the last entry that changed the plan, a count or a disposition: Instrument.After is not before it
	Keys       []Key           // turned and not taken back, each for Digest
	Refusals   []Refusal       // all there were
	Said       []Key           // that the instant has come
	Execution  *Execution      // nil: not executed
	Seq        marz.Seq        // of the execution
	At         marz.Instant    // of the execution's entry
	Core       string          // the digest that the closing signatures are over; "" until the first
	Closings   []Key
	Destroyed  []string
	Steps      []Step
}

// Count is a line of the inventory as it stands; what a side has not counted is nil.
type Count struct {
	What               string
	Outgoing, Incoming *int
}

// Key is one side's word: a key turned, the instant confirmed, the act signed.
type Key struct {
	Seq       marz.Seq
	At        marz.Instant
	Authority marz.AuthorityID
	Officer   marz.OfficerID // "": by the authority's own key
	Signature Signature
}

// Refusal is a side's declaration that it will not arm. Arming withdraws it; that it was made remains.
type Refusal struct {
	Seq       marz.Seq
	At        marz.Instant
	Authority marz.AuthorityID
	Officer   marz.OfficerID
	Why       string
	Withdrawn marz.Instant // zero: it stands
}

// Step is one entry of a transfer.
type Step struct {
	Seq       marz.Seq
	At        marz.Instant
	Kind      string
	Authority marz.AuthorityID
	Officer   marz.OfficerID
}

// NewState returns the state before the first entry.
func NewState() *State { return &State{last: -1} }

// Clone returns a state of its own, in which a node considers an entry before it appends it.
func (s *State) Clone() *State { return &State{slices.Clone(s.all), s.last} }

// Get returns a copy of a transfer as it stands, or nil.
func (s *State) Get(id ID) *Transfer {
	if t := s.find(id); t != nil {
		return t.clone()
	}
	return nil
}

// All returns every transfer in the order in which they were opened.
func (s *State) All() []*Transfer {
	out := make([]*Transfer, len(s.all))
	for i, t := range s.all {
		out[i] = t.clone()
	}
	return out
}

// Open returns the transfers that are being prepared or are armed.
func (s *State) Open() []*Transfer {
	return slices.DeleteFunc(s.All(), func(t *Transfer) bool { return !t.open() })
}

// Of returns the transfer of an article that is open or was opened last, or nil.
func (s *State) Of(article marz.ArticleRef) *Transfer {
	for _, t := range slices.Backward(s.all) {
		if t.Plan.Article == article {
			return t.clone()
		}
	}
	return nil
}

// Next returns the id of the next transfer of a place.
func (s *State) Next(place marz.PlaceID) ID {
	n := 1
	for _, t := range s.all {
		if t.Plan.Place == place {
			n++
		}
	}
	return ID(fmt.Sprintf("%s-%d", place, n))
}

// Apply folds an entry into the state; one that is no entry of a transfer changes nothing. It holds the entry to every law but those of the moment at which it was considered
// (Check), since those were asked then. An error leaves the state as it was, and means that this journal was not written by a node that keeps the laws.
func (s *State) Apply(e Entry) error {
	if !strings.HasPrefix(e.Kind, "transfer.") {
		return nil
	}
	p, err := read(e.Kind, e.Public)
	if err != nil {
		return err
	}
	if e.Seq <= s.last {
		return refuse(marz.Conflict, e.Kind, p.of(), fmt.Sprintf("entry %d does not follow entry %d; the journal is out of order", e.Seq, s.last))
	}
	if err := s.law(e.Kind, e.Authority, p); err != nil {
		return err
	}
	if i, ok := p.(*presented); ok && i.instrument.After >= e.Seq {
		return refuse(marz.Invalid, e.Kind, i.ID, "it was taken down after an entry that is later than its own")
	}
	s.last = e.Seq
	t := &Transfer{Phase: Preparing, Disposed: map[string]int{}}
	if e.Kind == KindOpened {
		s.all = append(s.all, t)
	} else {
		i := slices.IndexFunc(s.all, func(t *Transfer) bool { return t.Plan.ID == p.of() })
		t = s.all[i].clone()
		s.all[i] = t
	}
	t.Steps = append(t.Steps, Step{e.Seq, e.At, e.Kind, e.Authority, e.Officer})
	t.take(e, p)
	return nil
}

// take makes what an entry says part of the transfer. The laws have been asked.
func (t *Transfer) take(e Entry, p public) {
	switch p := p.(type) {
	case *Opened:
		if t.Plan = p.Plan; e.Kind == KindOpened {
			for _, what := range Countable {
				t.Counts = append(t.Counts, Count{What: what})
			}
		}
		t.void(e.Seq)
	case *Counted:
		t.count(p, e.Authority)
		t.void(e.Seq)
	case *Disposed:
		t.Disposed[p.Disposition] += p.Alerts
		t.void(e.Seq)
	case *presented:
		t.void(t.Changed)
		t.Instrument, t.Digest, t.Presented = slices.Clone(p.Instrument), p.Digest, e.Seq
	case *Declared:
		t.Refusals = append(t.Refusals, Refusal{Seq: e.Seq, At: e.At, Authority: e.Authority, Officer: e.Officer, Why: p.Why})
	case *Execution:
		t.Execution, t.Seq, t.At, t.Phase = p, e.Seq, e.At, Executed
	case *Destroyed:
		t.Destroyed = append(t.Destroyed, p.What...)
	case *signed:
		t.sign(e, p)
	}
}

// sign takes one side's word.
func (t *Transfer) sign(e Entry, p *signed) {
	key := Key{Seq: e.Seq, At: e.At, Authority: e.Authority, Officer: e.Officer}
	if p.Signature != nil {
		key.Signature, key.Officer = *p.Signature, p.Signature.Officer
	}
	same := func(k Key) bool { return k.Authority == e.Authority }
	switch e.Kind {
	case KindArmed:
		t.Keys = append(slices.DeleteFunc(t.Keys, same), key)
		for i := range t.Refusals {
			if r := &t.Refusals[i]; r.Authority == e.Authority && r.Withdrawn == 0 {
				r.Withdrawn = e.At
			}
		}
		t.Phase = t.armed()
	case KindDisarmed:
		t.Keys, t.Said = slices.DeleteFunc(t.Keys, same), nil
		t.Phase = t.armed()
	case KindClock:
		t.Said = append(t.Said, key)
	case KindCancelled:
		t.Phase, t.Keys, t.Said = Cancelled, nil, nil
	case KindClosed:
		t.Core = p.Digest
		if t.Closings = append(t.Closings, key); len(t.Closings) == 2 {
			t.Phase = Closed
		}
	}
}

// void lets the keys fall: what they were turned for is not any more.
func (t *Transfer) void(changed marz.Seq) {
	t.Phase, t.Instrument, t.Digest, t.Presented, t.Keys, t.Said, t.Changed = Preparing, nil, "", 0, nil, nil, changed
}

func (t *Transfer) count(p *Counted, by marz.AuthorityID) {
	i := slices.IndexFunc(t.Counts, func(c Count) bool { return c.What == p.What })
	if i < 0 {
		i = len(t.Counts)
		t.Counts = append(t.Counts, Count{What: p.What})
	}
	if n := p.Count; by == t.Plan.From {
		t.Counts[i].Outgoing = &n
	} else {
		t.Counts[i].Incoming = &n
	}
}

// armed is the phase that the keys give. The incoming authority's key counts alone only when it was turned after the article allowed that: one that was turned before was
// turned together with the other side's.
func (t *Transfer) armed() Phase {
	from, to := t.Key(t.Plan.From), t.Key(t.Plan.To)
	if to != nil && (from != nil || t.Plan.Unilateral != 0 && to.At >= t.Plan.Unilateral) {
		return Armed
	}
	return Preparing
}

// Key returns the key that an authority has turned, or nil.
func (t *Transfer) Key(of marz.AuthorityID) *Key { return keyOf(t.Keys, of) }

func keyOf(keys []Key, of marz.AuthorityID) *Key {
	if i := slices.IndexFunc(keys, func(k Key) bool { return k.Authority == of }); i >= 0 {
		return &keys[i]
	}
	return nil
}

// Turned returns the authorities whose keys are turned.
func (t *Transfer) Turned() []marz.AuthorityID {
	var out []marz.AuthorityID
	for _, k := range t.Keys {
		out = append(out, k.Authority)
	}
	return out
}

// Refused returns the authorities whose refusal stands.
func (t *Transfer) Refused() []marz.AuthorityID {
	var out []marz.AuthorityID
	for _, r := range t.Refusals {
		if r.Withdrawn == 0 {
			out = append(out, r.Authority)
		}
	}
	return out
}

// Inventory returns the lines that were counted by hand, as an instrument has to hold them.
func (t *Transfer) Inventory() []Line {
	var out []Line
	for _, c := range t.Counts {
		l := Line{What: c.What}
		switch {
		case c.Outgoing != nil && c.Incoming != nil:
			l.Outgoing, l.Incoming = *c.Outgoing, *c.Incoming
		case c.Outgoing != nil:
			l.Outgoing, l.Only = *c.Outgoing, t.Plan.From
		case c.Incoming != nil:
			l.Incoming, l.Only = *c.Incoming, t.Plan.To
		default:
			continue
		}
		out = append(out, l)
	}
	return out
}

// Uncounted returns the lines that an authority has not counted.
func (t *Transfer) Uncounted(of marz.AuthorityID) []string {
	var out []string
	for _, c := range t.Counts {
		if of == t.Plan.From && c.Outgoing == nil || of == t.Plan.To && c.Incoming == nil {
			out = append(out, c.What)
		}
	}
	return out
}

// Evidence returns the entries that belong into the act, in order: the one that made the plan what it is, the presentation, the keys, what was said of the instant, the execution.
func (t *Transfer) Evidence() []marz.Seq {
	var out []marz.Seq
	for _, s := range t.Steps {
		switch s.Kind {
		case KindOpened, KindPostponed, KindExecuted:
			out = append(out, s.Seq)
		}
	}
	if t.Digest != "" {
		out = append(out, t.Presented)
	}
	for _, k := range slices.Concat(t.Keys, t.Said) {
		out = append(out, k.Seq)
	}
	slices.Sort(out)
	return out
}

func (t *Transfer) open() bool { return t.Phase == Preparing || t.Phase == Armed }

// clone copies what entries change in place.
func (t *Transfer) clone() *Transfer {
	out := *t
	out.Counts, out.Keys, out.Refusals, out.Said = slices.Clone(t.Counts), slices.Clone(t.Keys), slices.Clone(t.Refusals), slices.Clone(t.Said)
	out.Closings, out.Destroyed, out.Steps = slices.Clone(t.Closings), slices.Clone(t.Destroyed), slices.Clone(t.Steps)
	out.Disposed = maps.Clone(t.Disposed)
	return &out
}

func (s *State) find(id ID) *Transfer {
	if i := slices.IndexFunc(s.all, func(t *Transfer) bool { return t.Plan.ID == id }); i >= 0 {
		return s.all[i]
	}
	return nil
}

// Needs returns whose keys a transfer needs at an instant: both sides' or, from when the article allows it, the incoming authority's alone.
func Needs(t *Transfer, now marz.Instant) []marz.AuthorityID {
	if t.Plan.alone(now) {
		return []marz.AuthorityID{t.Plan.To}
	}
	return []marz.AuthorityID{t.Plan.From, t.Plan.To}
}

// alone reports whether the incoming authority may act alone.
func (p *Plan) alone(now marz.Instant) bool { return p.Unilateral != 0 && now >= p.Unilateral }

// Cases says how a transfer is not the ordinary one. Refused are the authorities whose refusal stands, keys those whose keys are turned (none: not yet known), executedAt the instant
// of the execution or, before it, that of the plan.
func Cases(p Plan, refused, keys []marz.AuthorityID, executedAt marz.Instant) []Case {
	out := []Case{}
	late := p.At > p.Agreed || executedAt > p.Agreed+Grace
	if !late && !p.Deadline && p.At < p.Agreed {
		out = append(out, Early)
	}
	if late {
		out = append(out, Late)
	}
	if len(p.Lanes) > 0 {
		out = append(out, Partial)
	}
	if len(refused) > 0 {
		out = append(out, Refused)
	}
	if len(keys) > 0 && !slices.Contains(keys, p.From) {
		out = append(out, Unilateral)
	}
	return out
}
