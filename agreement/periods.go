package agreement

import (
	"slices"

	"marz"
)

// Period is a time in which the same authority controls a place and the same others serve there.
type Period struct {
	Holding
	With    []marz.AuthorityID // who serves there beside, in order of articles
	Under   []marz.ArticleRef  // by which articles
	Overdue marz.Instant       // when the plan ended it, though control has not passed; zero: it is not overdue
}

// Expected returns who controls the place at the instant: as it was recorded up to now, and from then on as is planned. What the plan had before now and did not happen is not
// taken as having happened later.
func (r *Register) Expected(place marz.PlaceID, at, now marz.Instant) (h Holding, ok bool) {
	if at > now {
		if h, ok = r.ControlAt(place, at); ok && h.From > now {
			return h, true
		}
	}
	return r.Holder(place, "", min(at, now))
}

// Periods returns who holds a place and who serves there, in order of time, as far as is known now: as it was recorded up to now, and from then on as is planned. A period ends
// where anything of it changes.
func (r *Register) Periods(place marz.PlaceID, now marz.Instant) []Period {
	var bounds []marz.Instant
	list, _ := r.tenureAt(place, now)
	for _, t := range list[1:] { // the first begins before all time
		bounds = append(bounds, min(t.from, now))
	}
	for _, h := range r.control[place] {
		bounds = append(bounds, h.From, h.Until)
	}
	for _, c := range r.byPlace[place] {
		if c.Kind != Serve && c.Kind != Joint {
			continue
		}
		bounds = append(bounds, c.from, c.until)
		for _, t := range r.tracksOf(c) {
			for _, s := range t.spans {
				bounds = append(bounds, s.from)
			}
			if c.Fresh != 0 {
				bounds = append(bounds, t.issued+marz.Instant(c.Fresh)/1e6)
			}
			bounds = append(bounds, t.expires)
		}
	}
	slices.Sort(bounds)
	var out []Period
	for _, at := range slices.Compact(bounds) {
		h, ok := r.Expected(place, at, now)
		if at == 0 || !ok {
			continue
		}
		p := Period{Holding: h}
		p.From, p.Overdue = at, r.overdue(place, h, now)
		for _, m := range r.Mandates(place, at) {
			if (m.Kind == Serve || m.Kind == Joint) && m.Authority != h.Authority {
				if !slices.Contains(p.With, m.Authority) {
					p.With = append(p.With, m.Authority)
				}
				if !slices.Contains(p.Under, m.Article) {
					p.Under = append(p.Under, m.Article)
				}
			}
		}
		if n := len(out); n > 0 {
			last := &out[n-1]
			if last.Article == p.Article && slices.Equal(last.With, p.With) && slices.Equal(last.Under, p.Under) {
				continue
			}
			last.Until, last.Overdue = at, 0
		}
		out = append(out, p)
	}
	return out
}

// overdue returns when a holding should have ended by the plan, if that is past.
func (r *Register) overdue(place marz.PlaceID, h Holding, now marz.Instant) marz.Instant {
	i := slices.IndexFunc(r.control[place], func(p Holding) bool { return p.Article == h.Article })
	if i < 0 || r.control[place][i].Until == 0 || r.control[place][i].Until > now {
		return 0
	}
	return r.control[place][i].Until
}

// tracksOf returns what has been said of what a clause depends on.
func (r *Register) tracksOf(c *clause) []*track {
	var out []*track
	add := func(k trackKey) {
		if t := r.known.tracks[k]; t != nil {
			out = append(out, t)
		}
	}
	for _, p := range c.agreement.Parties {
		add(trackKey{c.agreement.ID, p})
		add(trackKey{string(c.ref), p})
	}
	for _, w := range c.while {
		add(trackKey{subject: w.String()})
	}
	return out
}

// View is what a page or a command says of one article at an instant.
type View struct {
	Ref     marz.ArticleRef
	Article Article
	From    marz.Instant // bounded by the agreement's period
	Until   marz.Instant
	While   []Condition
	InForce bool
	Why     string // why it is not
}

// Views returns the articles of an agreement as they are at the instant, in order.
func (r *Register) Views(agreement string, at marz.Instant) []View {
	var out []View
	for _, c := range r.clauses {
		if c.agreement.ID != agreement {
			continue
		}
		v := View{Ref: c.ref, Article: *c.Article, From: c.from, Until: c.until, While: c.while}
		v.InForce, v.Why = r.InForce(c.ref, at)
		out = append(out, v)
	}
	return out
}

// Stand is an agreement's standing at an instant: "in force", "suspended", "withdrawn", "not yet in force" or "ended", and why.
func (r *Register) Stand(agreement string, at marz.Instant) (state, why string) {
	ag := r.known.byID[agreement]
	if ag == nil {
		return "", ""
	}
	for _, p := range ag.Parties {
		if s := r.known.tracks[trackKey{agreement, p}].at(at); s != nil && s.status != Active {
			return string(s.status), s.why()
		}
	}
	begun, over := false, true
	for _, c := range r.clauses {
		if c.agreement == ag {
			begun = begun || at >= c.from
			over = over && c.until != 0 && at >= c.until
		}
	}
	switch {
	case !begun:
		return "not yet in force", ""
	case over:
		return "ended", ""
	}
	return "in force", ""
}
