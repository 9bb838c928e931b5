package transfer

import (
	"fmt"
	"slices"
	"strings"

	"marz"
)

// SourceNode is the name under which the node's own clock stands among readings.
const SourceNode = "node"

// DefaultTolerance is by how many milliseconds sources of time may differ where nothing else is agreed.
const DefaultTolerance = 2_000

// Clocks is what the sources of time show at one moment.
type Clocks struct {
	Node      marz.Instant // the node's own clock
	Others    []Reading
	Tolerance int64 // milliseconds; Due goes by the plan's
}

// ClocksOf separates readings, as an execution holds them, into the node's clock and the others.
func ClocksOf(readings []Reading, tolerance int64) Clocks {
	c := Clocks{Tolerance: tolerance}
	for _, r := range readings {
		if r.Source == SourceNode && r.Fault == "" && c.Node == 0 {
			c.Node = r.At
		} else if r.Source != SourceNode {
			c.Others = append(c.Others, r)
		}
	}
	return c
}

// Readings is the reverse of ClocksOf, the node's clock first.
func (c Clocks) Readings() []Reading {
	return append([]Reading{{Source: SourceNode, At: c.Node}}, c.Others...)
}

// shows reports whether a reading is one at all.
func (r Reading) shows() bool { return r.Fault == "" && r.At != 0 }

// agrees reports whether two instants differ by no more than the tolerance.
func (c Clocks) agrees(a, b marz.Instant) bool {
	d := int64(max(a, b)) - int64(min(a, b))
	return d >= 0 && d <= c.Tolerance // a difference too large for the type is negative
}

// Doubt says why the node's clock is in doubt, or "" when it is not: another source shows nothing or something else, or there is no other.
func (c Clocks) Doubt() string {
	if c.Node == 0 {
		return "the node's clock shows nothing"
	}
	var why []string
	for _, r := range c.Others {
		switch {
		case !r.shows():
			why = append(why, r.Source+" shows nothing")
		case !c.agrees(r.At, c.Node):
			why = append(why, fmt.Sprintf("%s shows %s and the node's clock %s", r.Source, r.At, c.Node))
		}
	}
	if len(c.Others) == 0 {
		return "there is no source of time beside the node's clock"
	}
	return strings.Join(why, "; ")
}

// Passed reports whether two sources that agree with each other both show the instant or a later one. Sources of one name are one source.
func (c Clocks) Passed(at marz.Instant) bool {
	all := slices.DeleteFunc(c.Readings(), func(r Reading) bool { return !r.shows() || r.At < at })
	for i, a := range all {
		for _, b := range all[:i] {
			if a.Source != b.Source && c.agrees(a.At, b.At) {
				return true
			}
		}
	}
	return false
}

// any reports whether any source shows the instant or a later one.
func (c Clocks) any(at marz.Instant) bool {
	return slices.ContainsFunc(c.Readings(), func(r Reading) bool { return r.shows() && r.At >= at })
}

// Due reports whether control is to pass now, and else what is waited for, in words: "" when nothing is but the instant. While the clock is sound, only its instant makes a transfer due.
// In doubt, two sources that agree do under the rule "sources", and both sides' word under either rule. Where the incoming authority armed alone, the instant from which it may
// has to have come as well, and no word of its own settles a doubt: sources do, under either rule.
func (s *State) Due(id ID, c Clocks) (due bool, waiting string) {
	t := s.find(id)
	if t == nil || !t.open() {
		return false, ""
	}
	return t.due(c)
}

// instant is when control is to pass.
func (t *Transfer) instant() marz.Instant {
	if t.Key(t.Plan.From) == nil && t.Phase == Armed {
		return max(t.Plan.At, t.Plan.Unilateral)
	}
	return t.Plan.At
}

func (t *Transfer) due(c Clocks) (due bool, waiting string) {
	c.Tolerance = t.Plan.Tolerance
	at, both := t.instant(), t.Key(t.Plan.From) != nil
	if t.Phase != Armed {
		if !c.any(at) {
			return false, ""
		}
		return false, t.missing()
	}
	doubt := c.Doubt()
	if doubt == "" {
		return c.Node >= at, ""
	}
	bySources := t.Plan.Clock == BySources || !both
	switch {
	case both && keyOf(t.Said, t.Plan.From) != nil && keyOf(t.Said, t.Plan.To) != nil:
		return true, ""
	case bySources && c.Passed(at):
		return true, ""
	case !both:
		return false, fmt.Sprintf("the clock is in doubt: %s. Two sources of time have to agree that %s has come", doubt, at)
	case bySources:
		return false, fmt.Sprintf("the clock is in doubt: %s. Two sources of time have to agree that %s has come, or both commanders say so%s", doubt, at, t.word())
	}
	return false, fmt.Sprintf("the clock is in doubt: %s. Both commanders have to say that %s has come%s", doubt, at, t.word())
}

// word says whose word is there already.
func (t *Transfer) word() string {
	if len(t.Said) == 0 {
		return ""
	}
	return "; " + string(t.Said[0].Authority) + " has"
}

// missing says what is missing until a transfer is armed.
func (t *Transfer) missing() string {
	if t.Digest == "" {
		return fmt.Sprintf("%s has come and nothing is presented to be signed", t.Plan.At)
	}
	var who []string
	for _, a := range []marz.AuthorityID{t.Plan.From, t.Plan.To} {
		if t.Key(a) == nil {
			who = append(who, string(a))
		}
	}
	if len(who) == 0 {
		who = append(who, string(t.Plan.To)) // its key was turned before it could act alone
	}
	return fmt.Sprintf("%s has come and %s has not turned its key", t.Plan.At, strings.Join(who, " and "))
}
