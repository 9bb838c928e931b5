package agreement

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cedar-policy/cedar-go/types"

	"marz"
)

// standing is what holds for a time: from up to and without until. It is the same for every question in that time.
type standing struct {
	from, until             marz.Instant
	members, stopped, stale types.Set
	ended                   map[string]*span                  // of what is stopped and of memberships that are not active
	old                     map[marz.ArticleRef]func() string // says why an article is stale
}

// kept is how many standings a register keeps: questions about neighbouring instants have the same.
const kept = 512

// standings are those of one register that were asked for. They are made when they are needed.
type standings struct {
	once   sync.Once
	bounds []marz.Instant // at which the standing can change, ascending
	kept   [kept]atomic.Pointer[standing]
}

// standingAt returns what holds at the instant.
func (r *Register) standingAt(at marz.Instant) *standing {
	r.standings.once.Do(func() { r.standings.bounds = r.known.bounds() })
	i, found := slices.BinarySearch(r.standings.bounds, at)
	if found {
		i++
	}
	slot := &r.standings.kept[i%kept]
	s := slot.Load()
	if s == nil || at < s.from || at >= s.until {
		s = r.known.standingAt(at)
		s.from, s.until = -1<<63, 1<<63-1
		if i > 0 {
			s.from = r.standings.bounds[i-1]
		}
		if i < len(r.standings.bounds) {
			s.until = r.standings.bounds[i]
		}
		slot.Store(s)
	}
	return s
}

// bounds returns the instants at which something that statements say begins or expires, ascending.
func (k *known) bounds() []marz.Instant {
	var out []marz.Instant
	for _, t := range k.tracks {
		for _, sp := range t.spans {
			out = append(out, sp.from)
		}
		if t.expires != 0 {
			out = append(out, t.expires)
		}
	}
	for _, c := range k.clauses {
		if c.Fresh == 0 {
			continue
		}
		for _, p := range c.agreement.Parties {
			if expires, ok := k.wordOf(p, c); ok {
				out = append(out, expires)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (k *known) standingAt(at marz.Instant) *standing {
	s := &standing{ended: map[string]*span{}, old: map[marz.ArticleRef]func() string{}}
	var members, stopped, stale []types.Value
	for key, t := range k.tracks {
		now := t.at(at)
		switch {
		case now == nil:
		case key.by == "" && now.status == Active:
			members = append(members, types.String(key.subject))
		case now.status != Active:
			if was := s.ended[key.subject]; was == nil || cmp.Or(cmp.Compare(now.from, was.from), cmp.Compare(now.by, was.by)) < 0 {
				s.ended[key.subject] = now // of two parties the first is named
			}
			if key.by != "" {
				stopped = append(stopped, types.String(key.subject))
			}
		}
	}
	for ref, c := range k.clauses {
		if why := k.stale(c, at); why != nil {
			s.old[ref] = why
			stale = append(stale, types.String(ref))
		}
	}
	s.members, s.stopped, s.stale = types.NewSet(members...), types.NewSet(stopped...), types.NewSet(stale...)
	return s
}

// stale returns what says why the word on which an article depends is too old at the instant, or nil.
func (k *known) stale(c *clause, at marz.Instant) (why func() string) {
	for _, w := range c.while {
		t := k.tracks[trackKey{subject: w.String()}]
		if t != nil && t.expires != 0 && at >= t.expires {
			return func() string {
				return fmt.Sprintf("the last word on the membership of %s in %s expired at %s; a newer one is needed", w.State, w.Bloc, t.expires)
			}
		}
	}
	if c.Fresh == 0 {
		return nil
	}
	for _, p := range c.agreement.Parties {
		switch expires, ok := k.wordOf(p, c); {
		case !ok:
			return func() string { return fmt.Sprintf("it needs a word of %s on its standing, and there is none", p) }
		case at >= expires:
			return func() string {
				return fmt.Sprintf("the last word of %s on its standing expired at %s; a newer one is needed", p, expires)
			}
		}
	}
	return nil
}

// wordOf returns until when the newest word of a party on an article, or on its agreement, is to be believed.
func (k *known) wordOf(party marz.AuthorityID, c *clause) (expires marz.Instant, ok bool) {
	for _, subject := range []string{c.agreement.ID, string(c.ref)} {
		t := k.tracks[trackKey{subject, party}]
		if t == nil {
			continue
		}
		e := t.issued + marz.Instant(c.Fresh)/1e6
		if t.expires != 0 {
			e = min(e, t.expires)
		}
		if !ok || e > expires {
			expires, ok = e, true
		}
	}
	return expires, ok
}

// notInForce says why a clause whose time covers the instant is not in force then, or "".
func (r *Register) notInForce(c *clause, s *standing) string {
	if c.moves() {
		return ""
	}
	for _, subject := range []string{c.agreement.ID, string(c.ref)} {
		if s.stopped.Contains(types.String(subject)) {
			return s.ended[subject].why()
		}
	}
	for _, w := range c.while {
		if s.members.Contains(types.String(w.String())) {
			continue
		}
		if sp := s.ended[w.String()]; sp != nil {
			return fmt.Sprintf("it depends on the membership of %s in %s: %s", w.State, w.Bloc, sp.why())
		}
		return fmt.Sprintf("it depends on the membership of %s in %s, which is not active", w.State, w.Bloc)
	}
	if why := s.old[c.ref]; why != nil {
		return why()
	}
	return ""
}

// why says who ended what, and when.
func (sp *span) why() string {
	return fmt.Sprintf("%s has %s it from %s on", sp.by, sp.status, sp.from)
}

// InForce reports whether an article is in force at the instant, and if not why in words. Control is in force while it is held under the article by what was recorded;
// a transfer from when its agreement is: it gives the powers to prepare it.
func (r *Register) InForce(ref marz.ArticleRef, at marz.Instant) (ok bool, why string) {
	c := r.known.clauses[ref]
	switch {
	case c == nil:
		return false, "there is no such article"
	case c.moves() && slices.ContainsFunc(c.Where(), func(p marz.PlaceID) bool { return r.heldUnder(p, ref, at) }):
		return true, ""
	case c.Kind == Transfer && at < c.agreement.From && c.agreement.From != 0:
		return false, "its agreement begins at " + c.agreement.From.String()
	case c.Kind == Transfer && c.agreement.Until != 0 && at >= c.agreement.Until:
		return false, "its agreement ended at " + c.agreement.Until.String()
	case c.Kind == Transfer:
		return true, ""
	case at < c.from:
		return false, "it begins at " + c.from.String()
	case !c.covers(at):
		return false, "it ended at " + c.until.String()
	case c.Kind == Control && !r.heldBefore(c, at):
		return false, "control has not passed yet"
	case c.Kind == Control:
		return false, "control has passed by a transfer"
	}
	why = r.notInForce(c, r.standingAt(at))
	return why == "", why
}

// heldUnder reports whether the place or a lane of it is held under an article.
func (r *Register) heldUnder(place marz.PlaceID, ref marz.ArticleRef, at marz.Instant) bool {
	list, i := r.tenureAt(place, at)
	return list[i].under(ref)
}

// heldBefore reports whether a place of the article was held under it until before the instant.
func (r *Register) heldBefore(c *clause, at marz.Instant) bool {
	return slices.ContainsFunc(c.Where(), func(p marz.PlaceID) bool {
		list, i := r.tenureAt(p, at)
		return slices.ContainsFunc(list[:i], func(t tenure) bool { return t.under(c.ref) })
	})
}

// Mandate is what follows from an article for an authority at a place and an instant. One of kind transfer is to prepare it.
type Mandate struct {
	Authority marz.AuthorityID
	Kind      Kind
	Article   marz.ArticleRef
	Powers    []marz.Action
	Lanes     []marz.LaneID // of control: of these lanes alone; none: of the place, but for lanes that others have
}

// Mandates returns who may do what at a place at the instant: who controls first, then who controls lanes, then in order of articles.
func (r *Register) Mandates(place marz.PlaceID, at marz.Instant) []Mandate {
	list, i := r.tenureAt(place, at)
	now := &list[i]
	var out []Mandate
	if h, ok := now.part(""); ok {
		out = append(out, Mandate{h.Authority, Control, h.Article, givable, nil})
	}
	for _, l := range now.lanes() {
		h, _ := now.part(l)
		n := slices.IndexFunc(out, func(m Mandate) bool { return m.Article == h.Article && m.Authority == h.Authority && m.Lanes != nil })
		if n < 0 {
			n, out = len(out), append(out, Mandate{h.Authority, Control, h.Article, givable, nil})
		}
		out[n].Lanes = append(out[n].Lanes, l)
	}
	s := r.standingAt(at)
	for _, c := range r.byPlace[place] {
		if r.prepares(c, place, at) {
			out = append(out, Mandate{c.To, Transfer, c.ref, preparing, nil})
		}
		if c.moves() || !c.covers(at) || r.notInForce(c, s) != "" {
			continue
		}
		for _, a := range c.receivers() {
			m := Mandate{a, c.Kind, c.ref, c.powers(), nil}
			if c.Kind == Share {
				m.Powers = c.opens()
			}
			out = append(out, m)
		}
	}
	return out
}

// JointDuty is how authorities serve together at a place.
type JointDuty struct {
	Article     marz.ArticleRef
	Authorities []marz.AuthorityID
	Decisions   []marz.Decision
	First       string
}

// Joint returns the joint service of the authority at a place at the instant, by the first article. ok is false when there is none in force.
func (r *Register) Joint(place marz.PlaceID, authority marz.AuthorityID, at marz.Instant) (j JointDuty, ok bool) {
	if all := r.Joints(place, authority, at); len(all) > 0 {
		return all[0], true
	}
	return JointDuty{}, false
}

// Joints returns all joint service of the authority at a place at the instant: one for each article in force, in order of articles.
func (r *Register) Joints(place marz.PlaceID, authority marz.AuthorityID, at marz.Instant) (out []JointDuty) {
	s := r.standingAt(at)
	for _, c := range r.byPlace[place] {
		if c.Kind == Joint && c.covers(at) && slices.Contains(c.Authorities, authority) && r.notInForce(c, s) == "" {
			out = append(out, JointDuty{c.ref, c.Authorities, c.Decisions, c.First})
		}
	}
	return out
}

// words joins what a page says of several.
func words[T ~string](all []T) string {
	out := make([]string, len(all))
	for i, v := range all {
		out[i] = string(v)
	}
	return strings.Join(out, ", ")
}
