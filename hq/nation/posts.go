package nation

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"

	"marz"
	"marz/agreement"
	"marz/journal"
	"marz/transfer"
	"marz/web"
)

// registerOf is what follows from the entries of one post that are kept as they are.
type registerOf struct {
	last      int64 // seq of the newest of them
	count     int64
	described described
	exercise  bool
	register  *agreement.Register // nil: what the post holds makes no register
	transfers *transfer.State
	passings  []passing
}

type described struct {
	Post        marz.Post        `json:"post"`
	Authorities []marz.Authority `json:"authorities"`
	Places      []marz.Place     `json:"places"`
	Blocs       []marz.Bloc      `json:"blocs"`
}

// passing is that control passed, with its entry.
type passing struct {
	seq     marz.Seq
	at      marz.Instant
	article marz.ArticleRef
	passed
}

func readPassing(e journal.Entry) (p passing, ok bool) {
	p = passing{seq: e.Seq, at: e.At, article: e.Under}
	return p, json.Unmarshal(e.Public, &p.passed) == nil
}

// event is what a register learns of it.
func (p passing) event() agreement.Event {
	return agreement.Event{Seq: p.seq, At: p.at, Passing: &agreement.Passing{Place: p.Place, Lanes: p.Lanes, From: p.From, To: p.To, Article: p.article, Planned: p.Instant}}
}

// posts adds every post that has described itself, by the number of its origin, with its register's debts and transfers.
func (x *Index) posts(ctx context.Context, b *web.NationBody, now marz.Instant, posts map[int64]*web.NationPost) error {
	all := map[int64]*registerOf{}
	type folded struct {
		id, next, paid int64
		p              web.NationPost
	}
	var origins []folded
	err := x.all(ctx, func(rows *sql.Rows) error {
		var f folded
		err := rows.Scan(&f.id, &f.p.Origin, &f.next, &f.paid, &f.p.Head, &f.p.Odd)
		origins = append(origins, f)
		return err
	}, `SELECT id, name, next, paid, at, odd FROM n_origin ORDER BY name`)
	if err != nil {
		return err
	}
	kept, err := x.kept(ctx)
	if err != nil {
		return err
	}
	for _, f := range origins {
		r, err := x.registerFor(ctx, f.id, f.p.Origin, kept[f.id])
		if err != nil {
			return err
		}
		if r.described.Post.ID == "" {
			continue // a headquarters, or a post that is only beginning
		}
		st, err := x.Store.State(ctx, f.p.Origin)
		if err != nil {
			return err
		}
		p := f.p
		p.Post, p.Exercise, p.Control = r.described.Post, r.exercise, r.control()
		p.Size, p.Missing, p.Payloads = f.next, max(st.Pending, st.Next)-f.next, f.next-f.paid
		for _, l := range p.Post.Lanes {
			p.Lanes = append(p.Lanes, web.NationLane{ID: l.ID, Direction: l.Direction, Flow: l.Flow})
		}
		posts[f.id], all[f.id] = &p, r
	}
	b.Debts, b.Transfers = debts(all, posts, now), transfers(all, posts, now)
	return nil
}

type keptOf struct{ last, count int64 }

// kept is how many entries are kept of each origin.
func (x *Index) kept(ctx context.Context) (map[int64]keptOf, error) {
	out := map[int64]keptOf{}
	err := x.all(ctx, func(rows *sql.Rows) error {
		var origin int64
		var k keptOf
		err := rows.Scan(&origin, &k.last, &k.count)
		out[origin] = k
		return err
	}, `SELECT origin, max(seq), count(*) FROM n_entry GROUP BY origin`)
	return out, err
}

// registerFor folds the kept entries of a post, unless that was done already.
func (x *Index) registerFor(ctx context.Context, id int64, origin marz.Origin, k keptOf) (*registerOf, error) {
	x.mu.Lock()
	r := x.register[origin]
	x.mu.Unlock()
	if r != nil && r.last == k.last && r.count == k.count {
		return r, nil
	}
	r = &registerOf{last: k.last, count: k.count, transfers: transfer.NewState()}
	var events []agreement.Event
	err := x.all(ctx, func(rows *sql.Rows) error {
		var e journal.Entry
		var public string
		err := rows.Scan(&e.Seq, &e.At, &e.Kind, &e.Authority, &e.Officer, &e.Under, &public)
		e.Public = json.RawMessage(public)
		if event, ok := r.add(e); ok {
			events = append(events, event)
		}
		return err
	}, `SELECT seq, at, kind, authority, officer, article, public FROM n_entry WHERE origin = ? AND seq <= ? ORDER BY seq`, id, k.last)
	if err != nil {
		return nil, err
	}
	if r.described.Post.ID != "" {
		h := agreement.NewHistory(r.described.ground())
		for _, e := range events {
			h.Add(e)
		}
		r.register, _ = h.Register() // a post's register that does not hold here is shown as having no debts: the post itself has refused it
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.register[origin] = r
	return r, nil
}

func (d *described) ground() agreement.Ground {
	places := d.Places
	if len(places) == 0 {
		places = []marz.Place{{ID: d.Post.ID.Place(), Kind: "post", Name: d.Post.Name, State: d.Post.State}}
	}
	return agreement.Ground{Authorities: d.Authorities, Places: places, Blocs: d.Blocs}
}

// add folds one kept entry. What the register learns of it is returned.
func (r *registerOf) add(e journal.Entry) (event agreement.Event, ok bool) {
	_ = r.transfers.Apply(transfer.Entry{Seq: e.Seq, At: e.At, Kind: e.Kind, Authority: e.Authority, Officer: e.Officer, Public: e.Public}) // what a sound post would not have written changes nothing
	switch e.Kind {
	case journal.KindCreated:
		var c journal.Created
		_ = json.Unmarshal(e.Public, &c)
		r.exercise = c.Exercise
		return event, false
	case "post.described":
		var d described
		if json.Unmarshal(e.Public, &d) == nil {
			r.described = d
		}
		return event, false
	case "control.passed", transfer.KindExecuted:
		p, ok := readPassing(e)
		if ok {
			r.passings = append(r.passings, p)
		}
		return p.event(), ok
	case "agreement.recorded", "statement.recorded", "report.recorded":
		var i agreement.Instrument
		if json.Unmarshal(e.Public, &i) != nil {
			return event, false
		}
		event = i.Event()
		event.Seq, event.At = e.Seq, e.At
		return event, true
	}
	return event, false
}

// control is who controls the post by what was recorded: the last passing of the whole, and of lanes the passings since.
func (r *registerOf) control() []web.NationControl {
	var out []web.NationControl
	lanes := map[marz.LaneID]web.NationControl{}
	for _, p := range r.passings {
		if p.Place != r.described.Post.ID.Place() {
			continue
		}
		c := web.NationControl{Authority: p.To, Article: p.article, Since: p.at}
		if len(p.Lanes) == 0 {
			out = []web.NationControl{c}
			clear(lanes)
		}
		for _, l := range p.Lanes {
			lanes[l] = c
		}
	}
	for _, l := range slices.Sorted(maps.Keys(lanes)) {
		c := lanes[l]
		c.Lanes = []marz.LaneID{l}
		last := len(out) - 1
		if last >= 0 && len(out[last].Lanes) > 0 && out[last].Authority == c.Authority && out[last].Article == c.Article && out[last].Since == c.Since {
			out[last].Lanes = append(out[last].Lanes, l)
			continue
		}
		out = append(out, c)
	}
	return out
}

// debts are the obligations that are overdue. Where posts have learnt of different reports, who knows most is believed.
func debts(all map[int64]*registerOf, posts map[int64]*web.NationPost, now marz.Instant) []web.NationDebt {
	type known struct {
		agreement.Debt
		posts []string
	}
	by := map[marz.ArticleRef]*known{}
	for id, r := range all {
		if r.register == nil {
			continue
		}
		for _, d := range r.register.Debts(now) {
			k := by[d.Article]
			if k == nil {
				k = &known{Debt: d}
				by[d.Article] = k
			}
			if len(d.Reports) > len(k.Reports) {
				k.Debt = d
			}
			k.posts = append(k.posts, nameOf(posts[id]))
		}
	}
	var out []web.NationDebt
	for _, ref := range slices.Sorted(maps.Keys(by)) {
		if d := by[ref]; d.Overdue {
			slices.Sort(d.posts)
			out = append(out, web.NationDebt{Article: ref, Owes: d.Owes, Owed: d.Owed, Text: d.Text, Due: d.Due, Status: d.Status, Posts: d.posts})
		}
	}
	slices.SortStableFunc(out, func(a, b web.NationDebt) int { return cmp.Compare(a.Due, b.Due) })
	return out
}

// Passings are the passings of control of a place that the posts have recorded, as a register takes them, in order of time.
func (x *Index) Passings(ctx context.Context, place marz.PlaceID) (out []agreement.Event, err error) {
	err = x.all(ctx, func(rows *sql.Rows) error {
		var e journal.Entry
		var public string
		err := rows.Scan(&e.Seq, &e.At, &e.Under, &public)
		e.Public = json.RawMessage(public)
		if p, ok := readPassing(e); ok && p.Place == place {
			out = append(out, p.event())
		}
		return err
	}, `SELECT seq, at, article, public FROM n_entry WHERE kind IN ('control.passed', 'transfer.executed') ORDER BY at, origin, seq`)
	return out, x.failed("ask index", err)
}
