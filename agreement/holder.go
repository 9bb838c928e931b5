package agreement

import (
	"cmp"
	"maps"
	"slices"
	"sort"
	"sync"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"

	"marz"
)

// Holder returns who controls the place, or one of its lanes, at the instant: by what was recorded, where the node records the passings of the place, and else by what
// the articles plan. So a transfer that is overdue has not moved control, and one that was executed early has. It is what every act goes by. ok is false when nobody does.
//
// From the first passing on that is recorded, the plan moves nothing. A passing counts from the instant of its entry on, and of several at one instant the last. A whole one
// moves the place and every lane that the outgoing authority holds: a lane that a third holds stays with it. A partial one moves its lanes alone. A lane that no passing
// names, also one that is built later, goes with the place.
func (r *Register) Holder(place marz.PlaceID, lane marz.LaneID, at marz.Instant) (h Holding, ok bool) {
	list, i := r.tenureAt(place, at)
	now, ok := list[i].part(lane)
	if !ok {
		return Holding{}, false
	}
	h = now.Holding
	h.Until = 0
	for _, t := range list[i+1:] {
		if next, _ := t.part(lane); next.Authority != h.Authority || next.Article != h.Article || next.From != h.From {
			h.Until = t.from
			break
		}
	}
	return h, true
}

// Parts returns the lanes of the place that are held under a passing of their own at the instant, in order. All others go with the place.
func (r *Register) Parts(place marz.PlaceID, at marz.Instant) []marz.LaneID {
	list, i := r.tenureAt(place, at)
	return list[i].lanes()
}

// Executed reports whether a transfer of the place has been carried out whole by the instant. Of lanes, all have passed under it; of a flow, any has, since the node knows
// which lanes those are and passes them together. Before anything was recorded of the place a transfer is carried out when the plan says so.
func (r *Register) Executed(place marz.PlaceID, article marz.ArticleRef, at marz.Instant) bool {
	list, i := r.tenureAt(place, at)
	return slices.Contains(list[i].executed, article)
}

// Recorded is a passing of control with the entry that recorded it.
type Recorded struct {
	Passing
	At  marz.Instant
	Seq marz.Seq
}

// Actual returns the passings of control of the place that were recorded, in order.
func (r *Register) Actual(place marz.PlaceID) []Recorded {
	var out []Recorded
	for _, p := range r.known.passings[place] {
		out = append(out, Recorded{p.Passing, p.at, p.seq})
	}
	return out
}

// tenure is who holds a place and its lanes from an instant up to the next tenure's. It does not change once made.
type tenure struct {
	from     marz.Instant
	parts    map[marz.LaneID]part // "" is the place, and so every lane that is not named
	executed []marz.ArticleRef    // transfers that have been carried out whole
	all      types.Set            // the articles under which any part is held
	done     types.Set            // executed
}

// part is a place or a lane as somebody holds it.
type part struct {
	Holding
	article types.Set // that gives it; none where the article gives it to another than the passing says
}

func (t *tenure) part(lane marz.LaneID) (p part, ok bool) {
	if p, ok = t.parts[lane]; !ok {
		p, ok = t.parts[""]
	}
	return p, ok
}

func (t *tenure) lanes() []marz.LaneID {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(t.parts)), func(l marz.LaneID) bool { return l == "" })
}

// under reports whether any part is held under an article.
func (t *tenure) under(ref marz.ArticleRef) bool {
	for _, p := range t.parts {
		if p.Article == ref {
			return true
		}
	}
	return false
}

// holds returns the articles under which what an action is about is held: the lane or the place or, of what concerns a post as a whole, any part of it.
func (t *tenure) holds(action marz.Action, lane marz.LaneID) types.Set {
	if slices.Contains(partActions, action) {
		return t.all
	}
	p, _ := t.part(lane)
	return p.article
}

// partActions concern a post as a whole, and who controls a part of it has them there: to sign in and have officers, to prepare a transfer, and what is about its own data.
var partActions = slices.Concat(preparing, dataActions)

// tenures are those of one place, ascending, made when they are first asked for. The first begins before all time.
type tenures struct {
	once sync.Once
	list []tenure
}

var never = []tenure{{from: -1 << 63}} // of a place that nobody ever holds

// tenureAt returns the tenures of a place and which of them covers the instant.
func (r *Register) tenureAt(place marz.PlaceID, at marz.Instant) ([]tenure, int) {
	ts := r.tenures[place]
	if ts == nil {
		return never, 0
	}
	ts.once.Do(func() { ts.list = r.tenuresOf(place) })
	return ts.list, sort.Search(len(ts.list), func(i int) bool { return ts.list[i].from > at }) - 1
}

// tenuresOf follows the plan up to the first passing that was recorded, and from there on what was recorded.
func (r *Register) tenuresOf(place marz.PlaceID) []tenure {
	recorded := slices.Clone(r.known.passings[place])
	slices.SortStableFunc(recorded, func(a, b learntPassing) int { return cmp.Compare(a.at, b.at) })
	out := slices.Clone(never)
	now := tenure{}
	for _, h := range r.control[place] {
		if len(recorded) > 0 && h.From > recorded[0].at {
			break
		}
		now = tenure{from: h.From, parts: map[marz.LaneID]part{"": r.part(h)}, executed: slices.Clip(now.executed)}
		if r.known.clauses[h.Article].Kind == Transfer {
			now.executed = append(now.executed, h.Article)
		}
		out = append(out, now)
	}
	if len(recorded) > 0 && len(recorded[0].Lanes) == 0 {
		now.executed = r.before(place, recorded[0].Article)
	}
	passed := map[marz.ArticleRef][]marz.LaneID{}
	for _, p := range recorded {
		now = r.after(now, p, passed)
		if out[len(out)-1].from == p.at {
			out[len(out)-1] = now
		} else {
			out = append(out, now)
		}
	}
	for i := range out {
		out[i].seal()
	}
	return out
}

// before returns the transfers that the plan has before the article that was in force when recording began. An agreement that is learnt later, on what was before, carries out nothing.
func (r *Register) before(place marz.PlaceID, first marz.ArticleRef) []marz.ArticleRef {
	var out []marz.ArticleRef
	for _, h := range r.control[place] {
		if h.Article == first {
			return out
		}
		if r.known.clauses[h.Article].Kind == Transfer {
			out = append(out, h.Article)
		}
	}
	return nil
}

// after returns the tenure that a passing begins. passed is which lanes have passed under a transfer so far.
func (r *Register) after(was tenure, p learntPassing, passed map[marz.ArticleRef][]marz.LaneID) tenure {
	now := tenure{from: p.at, parts: maps.Clone(was.parts), executed: slices.Clip(was.executed)}
	if now.parts == nil {
		now.parts = map[marz.LaneID]part{}
	}
	h := Holding{Authority: p.To, Article: p.Article, From: p.at}
	if p.From == "" && p.Planned != 0 { // recording begins: he has held it since then
		h.From = min(h.From, p.Planned)
	}
	lanes := slices.DeleteFunc(slices.Clone(p.Lanes), func(l marz.LaneID) bool { return l == "" })
	if len(p.Lanes) == 0 {
		maps.DeleteFunc(now.parts, func(_ marz.LaneID, held part) bool { return p.From == "" || held.Authority == p.From })
		lanes = []marz.LaneID{""}
	}
	for _, l := range lanes {
		now.parts[l] = r.part(h)
	}
	c := r.known.clauses[p.Article]
	if c == nil || c.Kind != Transfer || slices.Contains(now.executed, p.Article) {
		return now
	}
	passed[p.Article] = append(passed[p.Article], p.Lanes...)
	if len(p.Lanes) == 0 || c.Flow != "" || c.partial() && !slices.ContainsFunc(c.Lanes, func(l marz.LaneID) bool { return !slices.Contains(passed[p.Article], l) }) {
		now.executed = append(now.executed, p.Article)
	}
	return now
}

// part is what somebody holds, with the article if it gives him that.
func (r *Register) part(h Holding) part {
	c := r.known.clauses[h.Article]
	if c == nil || c.gainer() != h.Authority {
		return part{h, cedar.NewSet()}
	}
	return part{h, cedar.NewSet(types.String(h.Article))}
}

// gainer returns who has control by an article that moves it, or "".
func (c *clause) gainer() marz.AuthorityID {
	switch c.Kind {
	case Control:
		return c.Authority
	case Transfer:
		return c.To
	}
	return ""
}

// seal puts into Cedar's terms what questions about a post as a whole go by.
func (t *tenure) seal() {
	var all, done []types.Value
	for _, p := range t.parts {
		for v := range p.article.All() {
			all = append(all, v)
		}
	}
	for _, ref := range t.executed {
		done = append(done, types.String(ref))
	}
	t.all, t.done = cedar.NewSet(all...), cedar.NewSet(done...)
}
