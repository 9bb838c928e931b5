package transfer

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"marz"
)

// Check reports whether an authority may append an entry now, with its public part as a struct of this package, a pointer to one, or its JSON. It is pure. What it cannot know is the caller's to
// ask: whether the officer may (ActTransfer), whether the plan is that of the article, whether a signature is good (CheckKey, passkey), and whether the digest under a closing is that of the
// act's core.
func (s *State) Check(kind string, by marz.AuthorityID, what any, now marz.Instant) error {
	raw, ok := what.(json.RawMessage)
	if !ok {
		var err error
		if raw, err = marshal(what); err != nil {
			return &marz.Error{Code: marz.Invalid, Op: kind, Fix: "its public part cannot be written as JSON", Err: err}
		}
	}
	p, err := read(kind, raw)
	if err != nil {
		return err
	}
	if err := s.law(kind, by, p); err != nil {
		return err
	}
	return s.moment(kind, by, p, now)
}

// law holds an entry to what holds at every time.
func (s *State) law(kind string, by marz.AuthorityID, p public) error {
	no := func(c marz.Code, format string, args ...any) error {
		return refuse(c, kind, p.of(), fmt.Sprintf(format, args...))
	}
	if kind == KindOpened {
		return s.opens(by, p.(*Opened))
	}
	t := s.find(p.of())
	switch {
	case t == nil:
		return no(marz.NotFound, "there is no such transfer here")
	case by != t.Plan.From && by != t.Plan.To:
		return no(marz.Forbidden, "%.40q is neither side of this transfer; %s hands over to %s", by, t.Plan.From, t.Plan.To)
	case t.Phase == Cancelled:
		return no(marz.Conflict, "it is cancelled; open a new one")
	case t.Phase == Closed && kind != KindDestroyed:
		return no(marz.Conflict, "it is closed: both sides have signed the act")
	case t.Phase == Executed && kind != KindDestroyed && kind != KindClosed:
		return no(marz.Conflict, "control has passed, at entry %d; nothing undoes that", t.Seq)
	case t.open() && (kind == KindDestroyed || kind == KindClosed):
		return no(marz.Conflict, "control has not passed yet")
	}
	var c marz.Code
	var why string
	switch p := p.(type) {
	case *Opened:
		c, why = t.postpones(p)
	case *Counted:
		c, why = t.counts(p)
	case *Disposed:
		c, why = t.disposes(p, by)
	case *presented:
		c, why = t.presents(p.instrument)
	case *Declared:
		c, why = t.refuses(by)
	case *Execution:
		c, why = t.executes(p, by)
	case *Destroyed:
		c, why = t.destroys(p, by)
	case *signed:
		c, why = t.signs(kind, p, by)
	}
	if why != "" {
		return no(c, "%s", why)
	}
	return nil
}

func (s *State) opens(by marz.AuthorityID, p *Opened) error {
	no := func(c marz.Code, format string, args ...any) error {
		return refuse(c, KindOpened, p.Plan.ID, fmt.Sprintf(format, args...))
	}
	if by != p.Plan.From && by != p.Plan.To {
		return no(marz.Forbidden, "%.40q is neither side of this transfer; %s hands over to %s", by, p.Plan.From, p.Plan.To)
	}
	if next := s.Next(p.Plan.Place); p.Plan.ID != next {
		return no(marz.Conflict, "the next transfer of %s is %s", p.Plan.Place, next)
	}
	for _, t := range s.all {
		if t.Plan.Place != p.Plan.Place || !overlap(t.Plan.Lanes, p.Plan.Lanes) {
			continue
		}
		if t.open() {
			return no(marz.Conflict, "%s is open for the same lanes; cancel it first, or carry it out", t.Plan.ID)
		}
		if rest := len(p.Plan.Lanes) == 0 && len(t.Plan.Lanes) > 0; t.Phase != Cancelled && t.Plan.Article == p.Plan.Article && !rest { // what is left of a place is the place
			return no(marz.Conflict, "%s has been carried out: control passed by %s at entry %d", p.Plan.Article, t.Plan.ID, t.Seq)
		}
	}
	return nil
}

// overlap reports whether two transfers of a place are about a lane that both move. No lanes are all.
func overlap(a, b []marz.LaneID) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(l marz.LaneID) bool { return slices.Contains(b, l) })
}

func (t *Transfer) postpones(p *Opened) (marz.Code, string) {
	moved := t.Plan
	moved.At = p.Plan.At
	switch {
	case !moved.same(&p.Plan):
		return marz.Invalid, "it changes more of the plan than the instant; cancel the transfer and open another one"
	case p.Plan.At == t.Plan.At:
		return marz.Conflict, fmt.Sprintf("its instant is %s already", t.Plan.At)
	}
	return 0, ""
}

func (t *Transfer) counts(p *Counted) (marz.Code, string) {
	known := slices.ContainsFunc(t.Counts, func(c Count) bool { return c.What == p.What })
	if !known && len(t.Counts) >= maxLines/2 {
		return marz.Conflict, fmt.Sprintf("the inventory has %d lines; no more can be added", len(t.Counts))
	}
	return 0, ""
}

func (t *Transfer) disposes(p *Disposed, by marz.AuthorityID) (marz.Code, string) {
	side, name := t.Plan.To, "incoming"
	if dispositions[p.Disposition] {
		side, name = t.Plan.From, "outgoing"
	}
	if by != side {
		return marz.Forbidden, fmt.Sprintf("that an alert is %s is for the %s authority to say, %s", p.Disposition, name, side)
	}
	return 0, ""
}

func (t *Transfer) presents(i *Instrument) (marz.Code, string) {
	switch {
	case !i.Plan.same(&t.Plan):
		return marz.Conflict, "the instrument's plan is not that of the transfer; take it down anew"
	case i.After < t.Changed:
		return marz.Conflict, fmt.Sprintf("the instrument was taken down before entry %d; take it down anew", t.Changed)
	case i.Digest() == t.Digest:
		return marz.Conflict, "this instrument is presented already"
	}
	for _, c := range i.Readiness {
		if c.State == "missing" {
			return marz.Conflict, fmt.Sprintf("readiness: %s is missing: %s", c.ID, c.Value)
		}
	}
	hand := slices.DeleteFunc(slices.Clone(i.Inventory), func(l Line) bool { return l.Measured })
	if !slices.Equal(hand, t.Inventory()) {
		return marz.Conflict, "the instrument's inventory is not what the sides counted; take it down anew"
	}
	if cases := Cases(t.Plan, t.Refused(), nil, t.Plan.At); !slices.Equal(cases, i.Cases) {
		return marz.Conflict, fmt.Sprintf("the instrument's cases are %v and the transfer's %v; take it down anew", i.Cases, cases)
	}
	for _, side := range []marz.AuthorityID{t.Plan.To, t.Plan.From} {
		if lines := t.Uncounted(side); len(lines) > 0 && (side == t.Plan.To || t.Plan.Unilateral == 0) {
			return marz.Conflict, uncounted(side, lines)
		}
	}
	return 0, ""
}

func uncounted(side marz.AuthorityID, lines []string) string {
	return fmt.Sprintf("%s has not counted %s", side, strings.Join(lines, ", "))
}

func (t *Transfer) refuses(by marz.AuthorityID) (marz.Code, string) {
	switch {
	case t.Key(by) != nil:
		return marz.Conflict, fmt.Sprintf("%s has turned its key; take it back first", by)
	case slices.Contains(t.Refused(), by):
		return marz.Conflict, fmt.Sprintf("%s has refused already", by)
	}
	return 0, ""
}

func (t *Transfer) executes(p *Execution, by marz.AuthorityID) (marz.Code, string) {
	switch {
	case t.Phase != Armed:
		return marz.Conflict, "it is not armed"
	case p.Digest != t.Digest:
		return marz.Conflict, "what is armed is another instrument"
	case p.Place != t.Plan.Place || p.From != t.Plan.From || p.To != t.Plan.To || p.Instant != t.Plan.At || !slices.Equal(p.Lanes, t.Plan.Lanes) || !slices.Equal(p.Destroys, t.Plan.Destroy):
		return marz.Conflict, "it does not execute what was armed"
	case by != t.Plan.To:
		return marz.Forbidden, fmt.Sprintf("from this entry on %s is in control, and the entry is under it", t.Plan.To)
	}
	if due, waiting := t.due(ClocksOf(p.Clocks, t.Plan.Tolerance)); !due {
		if waiting == "" {
			waiting = fmt.Sprintf("%s has not come", t.instant())
		}
		return marz.Conflict, waiting
	}
	return 0, ""
}

func (t *Transfer) destroys(p *Destroyed, by marz.AuthorityID) (marz.Code, string) {
	if by != t.Plan.To {
		return marz.Forbidden, fmt.Sprintf("%s is in control, and the entry is under it", t.Plan.To)
	}
	if p.Of != t.Plan.From {
		return marz.Invalid, fmt.Sprintf("what is destroyed is that of %s", t.Plan.From)
	}
	for _, w := range p.What {
		if !slices.Contains(t.Execution.Destroys, w) {
			return marz.Conflict, fmt.Sprintf("the instrument does not say that %s are destroyed", w)
		}
		if slices.Contains(t.Destroyed, w) {
			return marz.Conflict, fmt.Sprintf("%s are destroyed already", w)
		}
	}
	return 0, ""
}

func (t *Transfer) signs(kind string, p *signed, by marz.AuthorityID) (marz.Code, string) {
	if p.Signature != nil && p.Signature.Authority != by {
		return marz.Forbidden, fmt.Sprintf("the signature is that of %s, and the entry that of %s", p.Signature.Authority, by)
	}
	if kind == KindClosed {
		return t.closes(p, by)
	}
	if kind == KindCancelled {
		if p.Digest != t.Plan.Digest() {
			return marz.Conflict, "the plan has changed: what is cancelled is another one; look again"
		}
		return 0, ""
	}
	key := t.Key(by)
	switch {
	case t.Digest == "":
		return marz.Conflict, "the plan has changed: nothing is presented to be signed; let it be presented again"
	case p.Digest != t.Digest:
		return marz.Conflict, "the plan has changed: what is presented is another instrument; read it and sign it"
	case kind == KindDisarmed && key == nil:
		return marz.Conflict, fmt.Sprintf("%s has not turned its key", by)
	case kind == KindArmed && key != nil && (t.Phase == Armed || by != t.Plan.To || t.Plan.Unilateral == 0):
		return marz.Conflict, fmt.Sprintf("%s has turned its key already", by)
	case kind == KindClock && t.Phase != Armed:
		return marz.Conflict, "it is not armed"
	case kind == KindClock && key == nil:
		return marz.Conflict, fmt.Sprintf("%s has not turned its key", by)
	case kind == KindClock && t.Key(t.Plan.From) == nil:
		return marz.Conflict, fmt.Sprintf("%s armed alone, and its word alone settles no doubt of the clock: two sources of time have to agree", by)
	case kind == KindClock && keyOf(t.Said, by) != nil:
		return marz.Conflict, fmt.Sprintf("%s has said so already", by)
	}
	if c := ClocksOf(p.Clocks, t.Plan.Tolerance); kind == KindClock && len(p.Clocks) > 0 && c.Doubt() == "" {
		return marz.Conflict, fmt.Sprintf("no clock is in doubt: all sources of time agree that it is %s, and control passes at %s by itself", c.Node, t.instant())
	}
	return 0, ""
}

func (t *Transfer) closes(p *signed, by marz.AuthorityID) (marz.Code, string) {
	switch {
	case keyOf(t.Closings, by) != nil:
		return marz.Conflict, fmt.Sprintf("%s has signed the act already", by)
	case t.Core != "" && t.Core != p.Digest:
		return marz.Conflict, fmt.Sprintf("the other side signed another act, %s", t.Core)
	}
	return 0, ""
}

// moment holds an entry to what hangs on the moment at which it is considered. It is not asked again when the journal is folded.
func (s *State) moment(kind string, by marz.AuthorityID, p public, now marz.Instant) error {
	no := func(c marz.Code, format string, args ...any) error {
		return refuse(c, kind, p.of(), fmt.Sprintf(format, args...))
	}
	if o, ok := p.(*Opened); ok && o.Plan.At < now {
		return no(marz.Invalid, "the instant %s is past; it is %s. Choose one that is to come", o.Plan.At, now)
	}
	t := s.find(p.of())
	if kind == KindOpened {
		return nil
	}
	if t.open() && by == t.Plan.From && t.Plan.alone(now) {
		switch kind {
		case KindCancelled, KindPostponed:
			return no(marz.Forbidden, "since %s %s can act alone under %s; only it can postpone or cancel", t.Plan.Unilateral, t.Plan.To, t.Plan.Article)
		case KindCounted, KindDisposed, KindPresented:
			if t.Digest != "" {
				return no(marz.Forbidden, "since %s %s can act alone under %s; what is presented stands", t.Plan.Unilateral, t.Plan.To, t.Plan.Article)
			}
		}
	}
	switch p := p.(type) {
	case *Counted:
		if n := t.counted(p.What, by); t.Digest != "" && n != nil && *n == p.Count {
			return no(marz.Conflict, "%s has counted %d already, and all keys would fall", by, p.Count)
		}
	case *presented:
		if lines := t.Uncounted(t.Plan.From); len(lines) > 0 && !t.Plan.alone(now) {
			return no(marz.Conflict, "%s", uncounted(t.Plan.From, lines))
		}
		if t.Plan.At+Grace < now {
			return no(marz.Conflict, "its instant %s is past; agree on another one first", t.Plan.At)
		}
	case *Execution:
		if cases := Cases(t.Plan, t.Refused(), t.Turned(), now); !slices.Equal(cases, p.Cases) {
			return no(marz.Conflict, "it is of the cases %v and the entry says %v", cases, p.Cases)
		}
	case *signed:
		return t.signsAt(kind, p, by, now, no)
	}
	return nil
}

func (t *Transfer) signsAt(kind string, p *signed, by marz.AuthorityID, now marz.Instant, no func(marz.Code, string, ...any) error) error {
	switch {
	case kind == KindArmed && t.Plan.At+Grace < now:
		return no(marz.Conflict, "its instant %s is past; it is %s. Agree on another one first", t.Plan.At, now)
	case kind == KindArmed && t.Key(by) != nil && !t.Plan.alone(now):
		return no(marz.Conflict, "%s has turned its key already", by)
	case t.spent(kind, by, p.Signature):
		return no(marz.Conflict, "%s has taken its key back for this instrument, and what its own key signs under it counts no more, since anybody can bring that again; "+
			"sign at the post, or let the instrument be presented anew", by)
	}
	return nil
}

// spent reports whether a line by an authority's own key may be one that was brought before. Such a line is its own authority, needs nobody's session and is the same bytes each time, so that it
// would turn a key again that was taken back, or take back one that was turned again. What an officer signs in his session is fresh.
func (t *Transfer) spent(kind string, by marz.AuthorityID, s *Signature) bool {
	if s == nil || s.Line == "" || s.Officer != "" || kind != KindArmed && kind != KindDisarmed && kind != KindClock {
		return false
	}
	return slices.ContainsFunc(t.Steps, func(d Step) bool {
		return d.Seq > t.Presented && d.Kind == KindDisarmed && d.Authority == by && (kind != KindDisarmed || d.Officer == "")
	})
}

func (t *Transfer) counted(what string, by marz.AuthorityID) *int {
	i := slices.IndexFunc(t.Counts, func(c Count) bool { return c.What == what })
	switch {
	case i < 0:
		return nil
	case by == t.Plan.From:
		return t.Counts[i].Outgoing
	}
	return t.Counts[i].Incoming
}
