package post

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"marz"
	"marz/journal"
	"marz/retention"
	"marz/web"
)

const (
	retainPage  = 256 // payloads looked at together
	clocksAgree = 10 * time.Minute
)

// retaining is what the passes have found last.
type retaining struct {
	mu   sync.Mutex
	last *web.RetentionLook
	wake chan struct{} // of one place
}

func (r *retaining) look() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *retaining) found() *web.RetentionLook {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// retain looks for what is due every few hours and erases it, until ctx ends. It runs beside the lanes.
func (p *Post) retain(ctx context.Context) {
	for ctx.Err() == nil {
		wait := retention.Every
		if _, err := p.Retain(ctx); err != nil && ctx.Err() == nil && p.journal.Failure() == nil {
			p.opts.Log.Error("what is due could not be erased; it is tried again", "err", err)
			wait = retry
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-t.C:
		case <-p.retaining.wake:
		}
		t.Stop()
	}
}

// Retain looks at every payload once, and erases those whose time is up by the schedules of all whose they are. Serve does it by itself. Each batch is a transaction of its own in which everything is asked again,
// so that a pass that is cut off anywhere has erased only what was due, and the next one goes on. While the clock is in doubt it erases nothing.
func (p *Post) Retain(ctx context.Context) (*web.RetentionLook, error) {
	k, err := p.keeps(p.journal.State(), committed{ctx, p.journal}, p.now())
	if err != nil {
		return nil, err
	}
	run := &pass{Post: p, look: newLook(k)}
	if run.look.Doubt, err = p.clockDoubt(p.journal.State(), k.at, p.opts.Clock() < p.journal.At()); err != nil {
		return nil, err
	}
	if err := eachKept(ctx, p.journal.State(), func(ctx context.Context, e journal.Entry) error { return run.one(ctx, k, e) }, p.opts.Wall); err != nil {
		return nil, err
	}
	if err := run.erase(ctx); err != nil {
		return nil, err
	}
	if err := addErased(run.look, p.journal.State()); err != nil {
		return nil, err
	}
	endLook(run.look)
	if err := run.note(ctx, len(k.schedules) > 0); err != nil {
		return nil, err
	}
	p.retaining.mu.Lock()
	p.retaining.last = run.look.RetentionLook
	p.retaining.mu.Unlock()
	p.live.Changed()
	return run.look.RetentionLook, nil
}

// pass is one pass.
type pass struct {
	*Post
	look   *retention.Look
	batch  []marz.Seq
	erased int
}

func (p *Post) keeps(q querier, from entries, at marz.Instant) (*keeper, error) {
	schedules, err := schedulesIn(q)
	return &keeper{q: q, from: from, register: p.register.Load(), place: p.post.ID.Place(), transfers: p.transfers(), schedules: schedules, at: at, given: map[string]bool{}}, err
}

// eachKept reads the entry of every payload, a page at a time, and rests as long as each page took, so that lanes have their part of the machine. wall nil: it does not rest.
func eachKept(ctx context.Context, db *sql.DB, do func(context.Context, journal.Entry) error, wall func() time.Time) error {
	for from := int64(-1); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var began time.Time
		if wall != nil {
			began = wall()
		}
		page, err := collect(db, scanOne[[]byte], `SELECT e.body FROM payload p JOIN entry e ON e.seq = p.seq WHERE p.seq > ? ORDER BY p.seq LIMIT ?`, from, retainPage)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, body := range page {
			e, err := journal.ParseEntry(body)
			if err == nil {
				from, err = int64(e.Seq), do(ctx, e)
			}
			if err != nil {
				return err
			}
		}
		if wall != nil {
			rest(ctx, wall().Sub(began))
		}
	}
}

func (r *pass) one(ctx context.Context, k *keeper, e journal.Entry) error {
	is, due, err := k.look(e)
	if err != nil {
		return err
	}
	r.look.Add(seen(&is, &due))
	if !due.due || is.held != "" || r.look.Doubt != "" {
		return nil
	}
	if r.batch = append(r.batch, e.Seq); len(r.batch) < retention.Batch {
		return nil
	}
	return r.erase(ctx)
}

// erase erases what of a batch is due in the journal's turn, an entry for each article and rule by which it is.
func (r *pass) erase(ctx context.Context) error {
	if len(r.batch) == 0 {
		return nil
	}
	var gone []kept
	var doubt string
	err := r.change(ctx, func(tx *journal.Tx) (err error) {
		gone = gone[:0] // a change can be run again
		if doubt, err = r.clockDoubt(tx, tx.Now(), tx.ClockBehind()); err != nil || doubt != "" {
			return err
		}
		gone, err = r.eraseIn(tx)
		return err
	})
	r.batch = r.batch[:0]
	if err != nil {
		return err
	}
	if r.look.Doubt == "" {
		r.look.Doubt = doubt
	}
	r.erased += len(gone)
	for i := range gone {
		r.look.Gone(seen(&gone[i], &dueness{}))
	}
	return nil
}

func (r *pass) eraseIn(tx *journal.Tx) ([]kept, error) {
	k, err := r.keeps(tx, tx, tx.Now())
	if err != nil {
		return nil, err
	}
	var gone []kept
	groups := map[string][]marz.Seq{}
	drafts := map[string]journal.Draft{}
	var order []string
	for _, seq := range r.batch {
		var there bool
		if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM payload WHERE seq = ?)`, seq).Scan(&there); err != nil {
			return nil, err
		}
		e, err := tx.Entry(seq)
		if err != nil {
			return nil, err
		}
		is, due, err := k.look(e)
		if err != nil {
			return nil, err
		}
		if !there || !due.due || is.held != "" {
			continue
		}
		if groups[due.words] == nil {
			order = append(order, due.words)
			drafts[due.words] = journal.Draft{Authority: due.by, Under: due.under, Policy: k.register.Policy()}
		}
		groups[due.words] = append(groups[due.words], seq)
		gone = append(gone, is)
	}
	for _, words := range order {
		if _, err := tx.Erase(drafts[words], groups[words], words); err != nil {
			return nil, err
		}
	}
	return gone, nil
}

// note says in the journal that a pass was made: after one that erased, and once a day. So who reads the journal sees that the node looks, and the node that its clock runs as it did.
func (r *pass) note(ctx context.Context, scheduled bool) error {
	if !scheduled || r.look.Doubt != "" {
		return nil
	}
	return r.node(ctx, func(n *node) error {
		var last marz.Instant
		err := n.QueryRow(`SELECT coalesce(max(at), 0) FROM s_looked WHERE kind = ?`, retention.KindPassed).Scan(&last)
		if err != nil || r.erased == 0 && n.Now().Sub(last) < retention.Noted {
			return err
		}
		if doubt, err := r.clockDoubt(n, n.Now(), n.ClockBehind()); err != nil || doubt != "" {
			return err // this entry would say that it is in order
		}
		return n.append(retention.KindPassed, retention.Passed{Kept: r.look.Kept, Held: r.look.Held, Erased: r.erased}, nil)
	})
}

// clockDoubt says why the node's clock is not believed enough to erase by it, or "": beside what the journal says (retention.Doubt), no other source of time that shows anything may contradict it.
func (p *Post) clockDoubt(q querier, now marz.Instant, behind bool) (string, error) {
	var last marz.Instant
	if err := q.QueryRow(`SELECT max(coalesce((SELECT max(at) FROM s_looked), 0), coalesce((SELECT max(at) FROM s_schedule), 0))`).Scan(&last); err != nil || behind {
		return retention.Doubt(now, last, behind), err
	}
	for _, c := range p.clocks(now).Others {
		if c.Fault == "" && (c.At.Sub(now) > clocksAgree || now.Sub(c.At) > clocksAgree) {
			return fmt.Sprintf("the clock shows %s, and another source of time (%s) %s", now, c.Source, c.At), nil
		}
	}
	return retention.Doubt(now, last, behind), nil
}

// addErased adds what was erased so far by the journal, and checks that nothing of it is there.
func addErased(l *retention.Look, q querier) error {
	type count struct {
		kind, owners  string
		erased, there int
	}
	all, err := collect(q, func(r *sql.Rows) (c count, err error) {
		err = r.Scan(&c.kind, &c.owners, &c.erased, &c.there)
		return c, err
	}, `SELECT e.kind, e.owners, count(*), count(p.seq) FROM s_erased e LEFT JOIN payload p ON p.seq = e.seq GROUP BY 1, 2`)
	if err != nil {
		return &marz.Error{Op: "count what is erased", Err: err}
	}
	for _, c := range all {
		l.AddErased(split[marz.AuthorityID](c.owners), c.kind, c.erased, c.there)
	}
	return nil
}

// newLook begins the report of a pass.
func newLook(k *keeper) *retention.Look { return retention.NewLook(k.at, retentionKinds, k.schedules) }

// endLook ends it. Cases that are open have a row of their own.
func endLook(l *retention.Look) {
	l.Name(keepOpen, "Open cases")
	l.End()
}

// seen is what the report is told of a payload.
func seen(r *kept, d *dueness) *retention.Found {
	return &retention.Found{Owners: r.owners, Kind: r.kind, From: r.from, Held: r.held, Due: d.due, Why: d.why}
}
