package post

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"marz"
	"marz/journal"
	"marz/web"
)

const (
	retainEvery  = 6 * time.Hour  // after a pass the next one follows
	retainNoted  = 24 * time.Hour // a pass that erased nothing is an entry as often as this
	retainGap    = 72 * time.Hour // a clock that has moved on by more while the node noted nothing is in doubt
	retainPage   = 256            // payloads looked at together
	retainBatch  = 64             // payloads erased in one transaction, while lanes wait
	clocksAgree  = 10 * time.Minute
	retainedWhys = 8 // reasons that a row names
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
		wait := retainEvery
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

// retainedEntry says that the node looked for what is due, and how many payloads it found. It names nobody.
type retainedEntry struct {
	Kept   int `json:"kept"`   // payloads that are there after the pass
	Held   int `json:"held"`   // of these: whose time is up by a schedule, and which have to stay
	Erased int `json:"erased"` // by this pass
}

// Retain looks at every payload once, and erases those whose time is up by the schedules of all whose they are. Serve does it by itself. Each batch is a transaction of its own in which everything is asked again,
// so that a pass that is cut off anywhere has erased only what was due, and the next one goes on. While the clock is in doubt it erases nothing.
func (p *Post) Retain(ctx context.Context) (*web.RetentionLook, error) {
	k, err := p.keeps(p.journal.State(), committed{ctx, p.journal}, p.now())
	if err != nil {
		return nil, err
	}
	pass := &retention{Post: p, look: newLook(k)}
	if pass.look.Doubt, err = p.clockDoubt(p.journal.State(), k.at, p.opts.Clock() < p.journal.At()); err != nil {
		return nil, err
	}
	if err := eachKept(ctx, p.journal.State(), func(ctx context.Context, e journal.Entry) error { return pass.one(ctx, k, e) }, p.opts.Wall); err != nil {
		return nil, err
	}
	if err := pass.erase(ctx); err != nil {
		return nil, err
	}
	if err := pass.look.addErased(p.journal.State()); err != nil {
		return nil, err
	}
	pass.look.end()
	if err := pass.note(ctx, len(k.schedules) > 0); err != nil {
		return nil, err
	}
	p.retaining.mu.Lock()
	p.retaining.last = pass.look.RetentionLook
	p.retaining.mu.Unlock()
	p.live.Changed()
	return pass.look.RetentionLook, nil
}

// retention is one pass.
type retention struct {
	*Post
	look   *look
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

func (r *retention) one(ctx context.Context, k *keeper, e journal.Entry) error {
	is, due, err := k.look(e)
	if err != nil {
		return err
	}
	r.look.add(&is, &due)
	if !due.due || is.held != "" || r.look.Doubt != "" {
		return nil
	}
	if r.batch = append(r.batch, e.Seq); len(r.batch) < retainBatch {
		return nil
	}
	return r.erase(ctx)
}

// erase erases what of a batch is due in the journal's turn, an entry for each article and rule by which it is.
func (r *retention) erase(ctx context.Context) error {
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
		r.look.gone(&gone[i])
	}
	return nil
}

func (r *retention) eraseIn(tx *journal.Tx) ([]kept, error) {
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
func (r *retention) note(ctx context.Context, scheduled bool) error {
	if !scheduled || r.look.Doubt != "" {
		return nil
	}
	return r.node(ctx, func(n *node) error {
		var last marz.Instant
		err := n.QueryRow(`SELECT coalesce(max(at), 0) FROM s_looked WHERE kind = ?`, KindRetained).Scan(&last)
		if err != nil || r.erased == 0 && n.Now().Sub(last) < retainNoted {
			return err
		}
		if doubt, err := r.clockDoubt(n, n.Now(), n.ClockBehind()); err != nil || doubt != "" {
			return err // this entry would say that it is in order
		}
		return n.append(KindRetained, retainedEntry{r.look.kept, r.look.held, r.erased}, nil)
	})
}

// clockDoubt says why the node's clock is not believed enough to erase by it, or "". Who sets it ahead makes everything due, and erasing cannot be undone. It is believed when it is not behind the journal, no other
// source of time that shows anything contradicts it, and it has not moved on by days since the node last looked, or a supervisor said that it is right.
func (p *Post) clockDoubt(q querier, now marz.Instant, behind bool) (string, error) {
	if behind {
		return "the clock is behind the newest entry of the journal", nil
	}
	for _, c := range p.clocks(now).Others {
		if c.Fault == "" && (c.At.Sub(now) > clocksAgree || now.Sub(c.At) > clocksAgree) {
			return fmt.Sprintf("the clock shows %s, and another source of time (%s) %s", now, c.Source, c.At), nil
		}
	}
	var last marz.Instant
	err := q.QueryRow(`SELECT max(coalesce((SELECT max(at) FROM s_looked), 0), coalesce((SELECT max(at) FROM s_schedule), 0))`).Scan(&last)
	if err != nil || last == 0 || now.Sub(last) <= retainGap {
		return "", err
	}
	return fmt.Sprintf("the clock shows %s, and the node noted its last look at %s: it was off for days, or the clock was set ahead", now, last), nil
}

// look gathers what a pass finds, by whose it is and what kind of record.
type look struct {
	*web.RetentionLook
	k          *keeper
	rows       map[string]*web.RetentionRow
	why        map[string]map[string]int
	kept, held int
}

func newLook(k *keeper) *look {
	l := &look{RetentionLook: &web.RetentionLook{At: k.at}, k: k, rows: map[string]*web.RetentionRow{}, why: map[string]map[string]int{}}
	for authority, s := range k.schedules { // also where nothing of it is there
		for i := range s.Rules {
			for _, kind := range s.Rules[i].Kinds {
				l.row([]marz.AuthorityID{authority}, kind)
			}
		}
	}
	return l
}

func (l *look) row(owners []marz.AuthorityID, kind string) (*web.RetentionRow, map[string]int) {
	owners = slices.Sorted(slices.Values(owners))
	key := joined(owners) + "|" + kind
	r := l.rows[key]
	if r == nil {
		r = &web.RetentionRow{Owners: owners, Kind: kind, What: "Other payloads", From: "it does not run"}
		if kind == keepOpen {
			r.What = "Open cases"
		} else if i := slices.Index(retentionNames(), kind); i >= 0 {
			r.What, r.From = retentionKinds[i].What, retentionKinds[i].From
		}
		for _, o := range owners {
			if rule := l.k.schedules[o].rule(kind); rule != nil {
				r.Rules = append(r.Rules, web.RetentionPeriod{Authority: o, Days: rule.Days, Under: rule.Under, Law: rule.Law})
			}
		}
		l.rows[key], l.why[key] = r, map[string]int{}
	}
	return r, l.why[key]
}

// add counts a payload that is there.
func (l *look) add(r *kept, d *dueness) {
	row, why := l.row(r.owners, r.kind)
	row.Kept++
	l.kept++
	if row.Oldest == 0 || r.from != 0 && r.from < row.Oldest {
		row.Oldest = r.from
	}
	switch {
	case r.from == 0:
		row.Held++
		why[r.held]++
	case d.why != "":
		row.Unruled++
		why[d.why]++
	case !d.due:
	case r.held != "":
		row.Held++
		l.held++
		why[r.held]++
	default:
		row.Due++
	}
}

// gone takes one off that was due and is erased.
func (l *look) gone(r *kept) {
	row, _ := l.row(r.owners, r.kind)
	row.Kept, row.Due, row.Now = row.Kept-1, row.Due-1, row.Now+1
	l.kept--
}

// end puts the rows in order, with what was erased so far and why what is held is held.
func (l *look) end() {
	for key, r := range l.rows {
		for what, n := range l.why[key] {
			r.Whys = append(r.Whys, web.RetentionWhy{What: what, Count: n})
		}
		slices.SortFunc(r.Whys, func(a, b web.RetentionWhy) int {
			if a.Count != b.Count {
				return b.Count - a.Count
			}
			return strings.Compare(a.What, b.What)
		})
		r.Whys = r.Whys[:min(len(r.Whys), retainedWhys)]
		l.Rows = append(l.Rows, *r)
	}
	order := retentionNames()
	slices.SortFunc(l.Rows, func(a, b web.RetentionRow) int {
		if c := strings.Compare(joined(a.Owners), joined(b.Owners)); c != 0 {
			return c
		}
		return slices.Index(order, a.Kind) - slices.Index(order, b.Kind)
	})
}

// addErased adds what was erased so far by the journal, and checks that nothing of it is there.
func (l *look) addErased(q querier) error {
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
		row, _ := l.row(split[marz.AuthorityID](c.owners), c.kind)
		row.Erased = c.erased
		l.Erased += c.erased
		l.Left += c.there
	}
	return nil
}
