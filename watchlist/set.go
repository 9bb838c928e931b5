package watchlist

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"marz"
)

// Set holds the lists in force and the index over them. All methods may be called from any goroutine. Readers take the
// state that is in force when they begin, and never wait for a writer.
type Set struct {
	now   func() time.Time
	write sync.Mutex // held by writers only
	state atomic.Pointer[[]*index]
}

// New returns an empty set. The clock is used to measure how long a query takes, and for nothing else.
func New(now func() time.Time) *Set {
	s := &Set{now: now}
	s.state.Store(&[]*index{})
	return s
}

// Replace puts a list in force, in place of the one with the same ID. Either the whole list is in force afterwards, or
// an error says why not and nothing has changed. The caller must not change the list any more.
func (s *Set) Replace(l *List) error {
	if err := l.check(); err != nil {
		return err
	}
	x := newIndex(l)
	s.change(l.ID, x)
	return nil
}

// Remove takes a list out of force, and reports whether it was in force.
func (s *Set) Remove(id marz.ListID) bool { return s.change(id, nil) }

// change puts x, or nothing, in the place of a list, and reports whether there was one.
func (s *Set) change(id marz.ListID, x *index) bool {
	s.write.Lock()
	defer s.write.Unlock()
	next := slices.Clone(*s.state.Load())
	i, found := slices.BinarySearchFunc(next, id, func(x *index, id marz.ListID) int { return cmp.Compare(x.list.ID, id) })
	switch {
	case found && x != nil:
		next[i] = x
	case found:
		next = slices.Delete(next, i, i+1)
	case x != nil:
		next = slices.Insert(next, i, x)
	}
	s.state.Store(&next)
	return found
}

// check reports whether a list can be put in force.
func (l *List) check() error {
	bad := func(subject, fix string) error {
		return &marz.Error{Code: marz.Invalid, Op: "put list in force", Subject: subject, Fix: fix}
	}
	if l == nil || l.ID == "" {
		return bad("", "the list has no ID")
	}
	if len(l.Alerts) == 0 {
		return bad(string(l.ID), "it holds no alerts; take it out of force instead")
	}
	seen := make(map[marz.AlertID]bool, len(l.Alerts))
	for i := range l.Alerts {
		id := l.Alerts[i].ID
		if id == "" {
			return bad(string(l.ID), "an alert has no ID")
		}
		if seen[id] {
			return bad(string(l.ID), "an alert stands twice")
		}
		seen[id] = true
	}
	return nil
}

// Lists describes the lists in force, in order of their IDs.
func (s *Set) Lists() []ListInfo {
	state := *s.state.Load()
	out := make([]ListInfo, 0, len(state))
	for _, x := range state {
		l := x.list
		out = append(out, ListInfo{l.ID, l.Name, l.Owner, l.Version, l.Loaded, len(l.Alerts), l.Notes})
	}
	return out
}

// List returns a list in force, or nil. It must not be changed.
func (s *Set) List(id marz.ListID) *List {
	for _, x := range *s.state.Load() {
		if x.list.ID == id {
			return x.list
		}
	}
	return nil
}

// Alert returns an alert of a list in force.
func (s *Set) Alert(list marz.ListID, id marz.AlertID) (Alert, bool) {
	for _, x := range *s.state.Load() {
		if x.list.ID != list {
			continue
		}
		for i := range x.list.Alerts {
			if x.list.Alerts[i].ID == id {
				return x.list.Alerts[i], true
			}
		}
	}
	return Alert{}, false
}

// Screen searches all lists in force. It always runs to its end and does not heed the context's end: an answer cut short
// would read as "no hit". Its time is bounded by bounds on the query instead: of each name the first 2 KB and 48 parts
// are read, and of the names the first 16 that differ.
func (s *Set) Screen(_ context.Context, q Query) Answer {
	began := s.now()
	state := *s.state.Load()
	a := Answer{ID: q.ID, Hits: []Hit{}, Lists: make([]ListVersion, 0, len(state))}
	variants := q.variants()
	for _, x := range state {
		a.Lists = append(a.Lists, ListVersion{x.list.Name, x.list.Version, x.list.Loaded})
		a.Hits = append(a.Hits, x.screen(q, variants)...)
	}
	slices.SortFunc(a.Hits, func(h, o Hit) int {
		return cmp.Or(-cmp.Compare(h.Score, o.Score), strings.Compare(string(h.Alert), string(o.Alert)),
			strings.Compare(string(h.List), string(o.List)))
	})
	a.Micros = s.now().Sub(began).Microseconds()
	return a
}
