package watchlist

import (
	"cmp"
	"fmt"
	"math/bits"
	"runtime"
	"slices"
	"sync"

	"marz"
)

// Apply puts a change of a list in force. Either the whole change is in force afterwards, or an error says why not and nothing has changed. Screening goes on meanwhile with the list as it was.
//
// What the change drops or puts is taken out of what was in force by a bit each; what it puts is laid out beside, together with what changes before have put. An alert that is dropped and not on the list is no error, since sources say so of
// what was never an alert, but a note. The caller must not change c any more.
func (s *Set) Apply(c *Change) error {
	if err := c.check(); err != nil {
		return err
	}
	s.write.Lock()
	defer s.write.Unlock()
	l := s.find(c.List)
	bad := func(code marz.Code, fix string) error {
		return &marz.Error{Code: code, Op: "change list", Subject: string(c.List), Fix: fix}
	}
	switch {
	case l == nil:
		return bad(marz.NotFound, "it is not in force; load the list first")
	case l.table != nil:
		return bad(marz.Invalid, "it is a table of numbers, which takes no changes; build it again")
	case c.From != "" && c.From != l.info.Version:
		return bad(marz.Conflict, fmt.Sprintf("the change leads from version %q, and %q is in force", c.From, l.info.Version))
	}
	next := l.changed(c)
	if next.info.Alerts == 0 {
		return bad(marz.Invalid, "it would hold no alerts any more; take it out of force instead")
	}
	s.swap(c.List, next)
	return nil
}

// changed returns the list as it is after a change.
func (l *inForce) changed(c *Change) *inForce {
	base := l.parts[0]
	base.dead = slices.Clone(base.dead)
	if base.dead == nil {
		base.dead = make([]uint64, (base.x.head.Alerts+63)/64)
	}
	next := &inForce{info: l.info, file: l.file, since: c.merged(l.since), notes: l.notes}
	unknown := 0
	for _, id := range c.Drop {
		if !base.kill(id) && !l.put(id) {
			unknown++
		}
	}
	for i := range c.Put {
		base.kill(c.Put[i].ID)
	}
	next.parts = []part{base}
	if len(next.since) > 0 {
		next.parts = append(next.parts, part{x: build(next.since, base.x, nil)})
	}
	runtime.KeepAlive(l)
	next.info.Version, next.info.Loaded = c.To, c.Loaded
	next.info.Alerts = base.alive() + len(next.since)
	next.info.Notes = slices.Concat(l.notes, c.Notes)
	if unknown > 0 {
		next.info.Notes = append(next.info.Notes, fmt.Sprintf("%d alerts that the last change drops were not on the list", unknown))
	}
	next.whole = sync.OnceValue(next.gather)
	return next
}

// kill takes an alert out of force, and reports whether it was in it.
func (p *part) kill(id marz.AlertID) bool {
	i, ok := p.find(id)
	if !ok || p.isDead(i) {
		return false
	}
	p.dead[i>>6] |= 1 << (i & 63)
	return true
}

// alive counts the alerts in force.
func (p *part) alive() int {
	n := p.x.head.Alerts
	for _, w := range p.dead {
		n -= bits.OnesCount64(w)
	}
	return n
}

// put reports whether changes have put an alert.
func (l *inForce) put(id marz.AlertID) bool {
	_, ok := slices.BinarySearchFunc(l.since, id, func(a Alert, id marz.AlertID) int { return cmp.Compare(a.ID, id) })
	return ok
}
