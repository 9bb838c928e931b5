package watchlist

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"marz"
	"marz/watchlist/name"
	"marz/watchlist/number"
)

// Set holds the lists in force and the index over them. All methods may be called from any goroutine. Readers take the
// state that is in force when they begin, and never wait for a writer.
type Set struct {
	now      func() time.Time
	write    sync.Mutex // held by writers only
	state    atomic.Pointer[[]*inForce]
	searches sync.Pool // of *search
}

// inForce is a list in force: its base, and over it what has changed since. It is never changed. A table of numbers is a list without parts.
type inForce struct {
	info  ListInfo
	list  *List // as it was put in force; nil when it was not so
	file  *File // holds the mapping of the base when that is a file
	table *number.Table
	parts []part  // the base first, and then what was put by changes
	since []Alert // what was put by changes, in the order of their IDs
	whole func() *List
	notes []string // of the base
}

// part is a layout and which of its alerts are not in force any more.
type part struct {
	x    *layout
	dead []uint64 // bits; nil: all are in force
}

// New returns an empty set. The clock is used to measure how long a query takes, and for nothing else.
func New(now func() time.Time) *Set {
	s := &Set{now: now}
	s.state.Store(&[]*inForce{})
	s.searches.New = func() any { return &search{} }
	return s
}

// Replace puts a list in force, in place of the one with the same ID. Either the whole list is in force afterwards, or
// an error says why not and nothing has changed. The caller must not change the list any more.
func (s *Set) Replace(l *List) error {
	if err := l.check(); err != nil {
		return err
	}
	info := ListInfo{l.ID, l.Name, l.Owner, l.Version, l.Loaded, len(l.Alerts), l.Notes}
	s.change(l.ID, &inForce{info: info, list: l, notes: l.Notes, parts: []part{{x: build(inOrder(l.Alerts), nil, nil)}}})
	return nil
}

// PutFile puts the list of a file in force, in place of the one with the same ID.
func (s *Set) PutFile(f *File) error {
	x := &inForce{info: f.info, file: f, notes: f.info.Notes, parts: []part{{x: f.x}}}
	x.whole = sync.OnceValue(x.gather)
	s.change(f.info.ID, x)
	return nil
}

// Remove takes a list out of force, and reports whether it was in force.
func (s *Set) Remove(id marz.ListID) bool { return s.change(id, nil) }

// change puts x, or nothing, in the place of a list, and reports whether there was one.
func (s *Set) change(id marz.ListID, x *inForce) bool {
	s.write.Lock()
	defer s.write.Unlock()
	return s.swap(id, x)
}

func (s *Set) swap(id marz.ListID, x *inForce) bool {
	next := slices.Clone(*s.state.Load())
	i, found := slices.BinarySearchFunc(next, id, func(x *inForce, id marz.ListID) int { return cmp.Compare(x.info.ID, id) })
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
	for _, l := range state {
		out = append(out, l.info)
	}
	return out
}

func (s *Set) find(id marz.ListID) *inForce {
	for _, l := range *s.state.Load() {
		if l.info.ID == id {
			return l
		}
	}
	return nil
}

// List returns a list in force, or nil; of a table of numbers nil as well. It must not be changed. While the list does not change it is the same. A list that came from a file or has changed is gathered in memory, which
// takes a while and as much memory as the list has.
func (s *Set) List(id marz.ListID) *List {
	l := s.find(id)
	switch {
	case l == nil || l.table != nil:
		return nil
	case l.list != nil:
		return l.list
	}
	return l.whole()
}

// gather makes a list of what is in force.
func (l *inForce) gather() *List {
	out := &List{ID: l.info.ID, Name: l.info.Name, Owner: l.info.Owner, Version: l.info.Version, Loaded: l.info.Loaded, Notes: l.info.Notes, Alerts: make([]Alert, 0, l.info.Alerts)}
	for i := range l.parts {
		p := &l.parts[i]
		for n := range uint32(p.x.head.Alerts) {
			if a, ok := p.x.read(n); ok && !p.isDead(n) {
				out.Alerts = append(out.Alerts, a)
			}
		}
	}
	runtime.KeepAlive(l)
	out.Alerts = inOrder(out.Alerts)
	return out
}

// Alert returns an alert of a list in force.
func (s *Set) Alert(list marz.ListID, id marz.AlertID) (Alert, bool) {
	l := s.find(list)
	if l == nil {
		return Alert{}, false
	}
	defer runtime.KeepAlive(l)
	if l.table != nil {
		return l.tableAlert(id)
	}
	for _, p := range slices.Backward(l.parts) {
		if i, ok := p.find(id); ok && !p.isDead(i) {
			return p.x.read(i)
		}
	}
	return Alert{}, false
}

func (p *part) isDead(alert uint32) bool {
	return p.dead != nil && p.dead[alert>>6]>>(alert&63)&1 != 0
}

func (p *part) find(id marz.AlertID) (uint32, bool) {
	return p.x.alertOf(id, func(i uint32) bool { return p.x.idOf(i) == id })
}

// read decodes an alert.
func (x *layout) read(i uint32) (Alert, bool) {
	a, err := decodeAlert(x.alert[x.alertAt[i]:x.alertAt[i+1]])
	return a, err == nil
}

// idOf reads an alert's ID alone.
func (x *layout) idOf(i uint32) marz.AlertID {
	r := alertReader{b: x.alert[x.alertAt[i]:x.alertAt[i+1]]}
	return marz.AlertID(r.text())
}

// mostExplained is how many hits by name on each list are explained; of more than these nobody reads why.
const mostExplained = 200

// Screen searches all lists in force. It always runs to its end and does not heed the context's end: an answer cut short
// would read as "no hit". Its time is bounded by bounds on the query instead: of each name the first 2 KB and 48 parts
// are read, and of the names the first 16 that differ.
func (s *Set) Screen(_ context.Context, q Query) Answer {
	began := s.now()
	state := *s.state.Load()
	a := Answer{ID: q.ID, Hits: []Hit{}, Lists: make([]ListVersion, 0, len(state))}
	asked := ask(q)
	looks := asked.looks()
	work := s.searches.Get().(*search)
	for _, l := range state {
		a.Lists = append(a.Lists, ListVersion{l.info.Name, l.info.Version, l.info.Loaded})
		l.screen(asked, looks, work, &a.Hits)
	}
	work.x, work.rarity, work.dead, work.asked, work.name = nil, nil, nil, nil, nil
	work.parts = [name.MaxParts]name.Part{} // whose strings can lie in a file
	s.searches.Put(work)
	runtime.KeepAlive(state)
	slices.SortFunc(a.Hits, func(h, o Hit) int {
		return cmp.Or(-cmp.Compare(h.Score, o.Score), strings.Compare(string(h.Alert), string(o.Alert)),
			strings.Compare(string(h.List), string(o.List)))
	})
	a.Micros = s.now().Sub(began).Microseconds()
	return a
}

// scored is a candidate of one part of a list.
type scored struct {
	alert uint32
	candidate
}

// screen adds the hits on one list.
func (l *inForce) screen(asked *asked, looks []look, work *search, hits *[]Hit) {
	if l.table != nil {
		*hits = l.screenTable(asked, looks, *hits)
		return
	}
	for i := range l.parts {
		p := &l.parts[i]
		work.begin(p.x, l.parts[0].x, p.dead, asked)
		work.run()
		by := p.byNumber(looks)
		if len(work.best) == 0 && len(by) == 0 {
			continue
		}
		all := make([]scored, 0, len(work.best))
		for alert, c := range work.best {
			all = append(all, scored{alert, c})
		}
		slices.SortFunc(all, func(a, b scored) int {
			return cmp.Or(-cmp.Compare(a.points, b.points), cmp.Compare(a.alert, b.alert))
		})
		for i, c := range all {
			if h, ok := work.explain(c, l.info.ID, i < mostExplained); ok {
				l.keep(&h)
				*hits = append(*hits, h)
			}
		}
		*hits = l.addNumbers(p, asked, by, *hits)
	}
}

// keep makes a hit's texts its own: those of its table may lie in the list's file, which it outlives.
func (l *inForce) keep(h *Hit) {
	if l.file == nil {
		return
	}
	for i := range h.Evidence {
		h.Evidence[i].List = strings.Clone(h.Evidence[i].List)
	}
}
