package handover

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"marz"
	"marz/journal"
)

// execution is the public part of the entry at which control passes.
type execution struct {
	ID        string             `json:"id"`
	Digest    string             `json:"digest"`
	Place     marz.PlaceID       `json:"place"`
	Lanes     []marz.LaneID      `json:"lanes"`
	From      marz.AuthorityID   `json:"from"`
	To        marz.AuthorityID   `json:"to"`
	Instant   marz.Instant       `json:"instant"`
	Cases     []string           `json:"cases"`
	Ends      []marz.AuthorityID `json:"ends"`
	Frees     []marz.AuthorityID `json:"frees"`
	Destroys  []string           `json:"destroys"`
	Open      int                `json:"open"`
	Crossings int                `json:"crossings"`
	Clocks    []struct {
		Source string       `json:"source"`
		At     marz.Instant `json:"at"`
		Fault  string       `json:"fault"`
	} `json:"clocks"`
}

// foldExecuted holds the point of no return to everything that makes it one.
func (l *law) foldExecuted(e journal.Entry, m moment) error {
	var x execution
	if err := json.Unmarshal(e.Public, &x); err != nil {
		return err
	}
	h, err := l.handing(x.ID)
	if err != nil {
		return err
	}
	switch {
	case h.phase != "open":
		return fmt.Errorf("%s is %s", x.ID, h.phase)
	case !h.armed():
		return fmt.Errorf("only %v have turned their keys", h.keys)
	case x.Digest != h.digest:
		return fmt.Errorf("%s is executed, and %s is armed", x.Digest, h.digest)
	case x.From != h.plan.From || x.To != h.plan.To || x.Instant != h.plan.At || !slices.Equal(x.Lanes, h.plan.Lanes) || x.Place != place:
		return errors.New("it is not what was armed")
	case e.Authority != x.To || e.Under != h.plan.Article || e.Officer != "":
		return fmt.Errorf("it is an act of %s %s under %s", e.Authority, e.Officer, e.Under)
	}
	if err := l.time(e, h, &x, m); err != nil {
		return err
	}
	if err := l.figures(e, h, &x); err != nil {
		return err
	}
	for _, lane := range h.lanes() {
		l.holder[lane] = x.To
	}
	if len(x.Lanes) == 0 {
		l.whole = x.To
	}
	h.phase, h.left = "executed", slices.Clone(x.Destroys)
	l.executed++
	return nil
}

// time holds the execution to the clocks: it says what they showed, that is enough, and where they were good the instant had truly come.
func (l *law) time(e journal.Entry, h *handing, x *execution, m moment) error {
	if len(x.Clocks) != 1+len(m.readings) || x.Clocks[0].Source != "node" || x.Clocks[0].At != e.At {
		return fmt.Errorf("it says that the clocks showed %v", x.Clocks)
	}
	const honest = int64(second)
	liars := 0
	if e.At > m.to+marz.Instant(honest) || e.At < m.from-marz.Instant(honest) {
		liars++
	}
	var others []reading
	for i, r := range m.readings {
		c := x.Clocks[i+1]
		if c.Source != r.source || (c.Fault != "") != r.dead || !r.dead && (c.At < m.from+r.at || c.At > m.to+r.at) {
			return fmt.Errorf("it says that %s showed %s %q, and it showed %s", c.Source, c.At, c.Fault, m.from+r.at)
		}
		if !r.dead && apart(r.at, 0) > honest {
			liars++
		}
		others = append(others, reading{c.Source, c.At, r.dead})
	}
	if !h.come(e.At, others) {
		return fmt.Errorf("its instant %s had not come: %v", h.plan.At, x.Clocks)
	}
	words := h.said[x.From] && h.said[x.To]
	if early := h.plan.At - m.to; !words && liars < 2 && early > marz.Instant(h.plan.Tolerance+honest) {
		return fmt.Errorf("it is %d ms early, and at most one clock was wrong", early)
	}
	return nil
}

// figures holds what the execution counts and names to the journal before it.
func (l *law) figures(e journal.Entry, h *handing, x *execution) error {
	decided, open := 0, 0
	for _, c := range l.cases {
		if c.decided != 0 {
			decided++
		}
		if !c.ended && slices.Contains(h.lanes(), c.lane) {
			open++
		}
	}
	if x.Crossings != decided || x.Open != open {
		return fmt.Errorf("it counts %d crossings and %d open cases; there are %d and %d", x.Crossings, x.Open, decided, open)
	}
	rest := slices.ContainsFunc(lanes, func(lane marz.Lane) bool {
		return l.holder[lane.ID] == x.From && !slices.Contains(h.lanes(), lane.ID)
	})
	ends := !rest && len(x.Lanes) == 0 && !l.terms.guest(x.From, e.At) && !(l.terms.observes && e.At >= agreed)
	if slices.Contains(x.Ends, x.From) != ends || slices.Contains(x.Ends, x.To) {
		return fmt.Errorf("it ends the access of %v", x.Ends)
	}
	if frees := !l.terms.guest(x.From, e.At); slices.Contains(x.Frees, x.From) != frees || slices.Contains(x.Frees, x.To) {
		return fmt.Errorf("it frees the seats of %v", x.Frees)
	}
	if want := l.casesOf(e, h); !slices.Equal(x.Cases, want) {
		return fmt.Errorf("it says that it is of the cases %v; it is of %v", x.Cases, want)
	}
	return nil
}

// casesOf says how the transfer is not the ordinary one.
func (l *law) casesOf(e journal.Entry, h *handing) []string {
	out := []string{}
	late := h.plan.At > h.plan.Agreed || e.At > h.plan.Agreed+5*minute
	if h.plan.At < h.plan.Agreed && !h.plan.Deadline && !late {
		out = append(out, "early")
	}
	if late {
		out = append(out, "late")
	}
	if len(h.plan.Lanes) > 0 {
		out = append(out, "partial")
	}
	if len(h.refused) > 0 {
		out = append(out, "refused")
	}
	if _, ok := h.keys[h.plan.From]; !ok {
		out = append(out, "unilateral")
	}
	return out
}
