package post

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"marz"
	"marz/agreement"
	"marz/journal"
	"marz/transfer"
)

// transfers returns the transfers of the post as they are recorded. What it returns is never changed: a change makes another one.
func (p *Post) transfers() *transfer.State { return p.machine.Load() }

// loadTransfers folds what the journal has of transfers.
func (p *Post) loadTransfers(q querier) error {
	s, err := transfersIn(q)
	if err == nil {
		p.machine.Store(s)
	}
	return err
}

func scanTransfer(rows *sql.Rows) (e transfer.Entry, err error) {
	var doc string
	err = rows.Scan(&e.Seq, &e.At, &e.Kind, &e.Authority, &e.Officer, &doc)
	e.Public = json.RawMessage(doc)
	return e, err
}

// foldTransfer keeps what the machine needs to know of a step.
func foldTransfer(f *journal.Fold, e journal.Entry, payload []byte) error {
	err := f.Exec(`INSERT INTO s_transfer (seq, at, kind, authority, officer, doc) VALUES (?, ?, ?, ?, ?, ?)`, e.Seq, e.At, e.Kind, e.Authority, e.Officer, string(e.Public))
	if err != nil || payload == nil {
		return err
	}
	switch e.Kind {
	case transfer.KindArmed, transfer.KindDisarmed, transfer.KindClock, transfer.KindCancelled, transfer.KindClosed:
		return foldSigned(f, e, payload)
	}
	return nil
}

// foldExecuted is foldControl for a transfer.
func foldExecuted(f *journal.Fold, e journal.Entry, _ []byte) error {
	if err := foldTransfer(f, e, nil); err != nil {
		return err
	}
	var x transfer.Execution
	if err := e.Read(nil, &x, nil); err != nil {
		return err
	}
	return foldPassing(f, e, passingOf(&x))
}

// passingOf is the passing of control that an execution is.
func passingOf(x *transfer.Execution) controlEntry {
	return controlEntry{Place: x.Place, Lanes: x.Lanes, From: x.From, To: x.To, Instant: x.Instant, Ends: x.Ends, Frees: x.Frees}
}

// actTransfer runs a step that a commander takes. The machine is asked before each of its entries is appended.
func (p *Post) actTransfer(ctx context.Context, actor Actor, do func(*act) error) error {
	err := p.act(ctx, actor, marz.ActTransfer, func(a *act) error {
		a.transfers = p.transfers().Clone()
		if err := do(a); err != nil {
			return err
		}
		p.machine.Store(a.transfers) // inside the writing goroutine: the next change already sees it
		return nil
	})
	if err == nil {
		p.anchorClock()
	}
	return err
}

// mayTransfer asks beforehand what actTransfer asks. An attempt by who may not is an entry.
func (p *Post) mayTransfer(ctx context.Context, actor Actor) error {
	return p.act(ctx, actor, marz.ActTransfer, func(*act) error { return nil })
}

// step adds an entry of a transfer, if its machine lets it through.
func (a *act) step(kind string, public, private any) (journal.Entry, error) {
	return stepBy(a.Tx, a.transfers, journal.Draft{Kind: kind, Officer: a.actor.Officer, Authority: a.own(), Under: a.under, Policy: a.policy, Public: public, Private: private})
}

// stepBy appends an entry of a transfer and folds it into the state given, which is the change's own.
func stepBy(tx *journal.Tx, s *transfer.State, d journal.Draft) (journal.Entry, error) {
	if err := s.Check(d.Kind, d.Authority, d.Public, tx.Now()); err != nil {
		return journal.Entry{}, err
	}
	e, err := tx.Append(d)
	if err != nil {
		return e, err
	}
	return e, s.Apply(transfer.Entry{Seq: e.Seq, At: e.At, Kind: e.Kind, Authority: e.Authority, Officer: e.Officer, Public: e.Public})
}

// transferOf returns a transfer as it stands in a state.
func transferOf(s *transfer.State, id transfer.ID) (*transfer.Transfer, error) {
	if t := s.Get(id); t != nil {
		return t, nil
	}
	return nil, &marz.Error{Code: marz.NotFound, Op: "transfer", Subject: fmt.Sprintf("%.60q", string(id)), Fix: "this post knows no such transfer"}
}

// OpenTransfer begins the preparation of what an article plans: for the lanes given, or all that it moves; at the instant given, or the article's.
func (p *Post) OpenTransfer(ctx context.Context, actor Actor, article marz.ArticleRef, lanes []marz.LaneID, at marz.Instant) (id transfer.ID, err error) {
	err = p.actTransfer(ctx, actor, func(a *act) error {
		plan, err := p.plan(article, lanes, at, a.Now())
		if err != nil {
			return err
		}
		plan.ID = a.transfers.Next(plan.Place)
		id = plan.ID
		_, err = a.step(transfer.KindOpened, transfer.Opened{Plan: *plan}, nil)
		return err
	})
	return id, err
}

// plan makes the plan of a transfer from its article, and what the commanders settled within it.
func (p *Post) plan(ref marz.ArticleRef, lanes []marz.LaneID, at, now marz.Instant) (*transfer.Plan, error) {
	bad := func(code marz.Code, fix string) error {
		return &marz.Error{Code: code, Op: "open transfer", Subject: fmt.Sprintf("%.80q", string(ref)), Fix: fix}
	}
	register, place := p.register.Load(), p.post.ID.Place()
	a, err := register.Article(ref)
	if err != nil {
		return nil, err
	}
	if a.Kind != agreement.Transfer || !slices.Contains(a.Where(), place) {
		return nil, bad(marz.Invalid, "this article transfers no control of "+string(place))
	}
	plan := &transfer.Plan{Article: ref, Place: place, From: a.Authority, To: a.To, At: at, Agreed: a.At, Clock: transfer.ClockRule(a.Clock), Tolerance: transfer.DefaultTolerance, Destroy: a.Destroy}
	if plan.Agreed == 0 {
		plan.Agreed, plan.Deadline = a.By, true
	}
	if plan.At == 0 {
		plan.At = plan.Agreed
	}
	if plan.Clock == "" {
		plan.Clock = transfer.BySources
	}
	if len(plan.Destroy) == 0 {
		plan.Destroy = []string{"lists", "hits"}
	}
	if a.Unilateral != 0 {
		plan.Unilateral = plan.Agreed.Add(time.Duration(a.Unilateral))
	}
	if plan.Lanes, err = p.planLanes(&a, lanes, now); err != nil {
		return nil, err
	}
	for _, lane := range p.passing(plan) {
		if h, _ := register.Holder(place, lane, now); len(plan.Lanes) > 0 && h.Authority != plan.From {
			return nil, bad(marz.Conflict, fmt.Sprintf("lane %s is not controlled by %s but by %s", lane, plan.From, h.Authority))
		}
	}
	if h, _ := register.Holder(place, "", now); h.Authority != plan.From {
		return nil, bad(marz.Conflict, fmt.Sprintf("%s is not controlled by %s but by %s, under %s", place, plan.From, h.Authority, h.Article))
	}
	return plan, nil
}

// planLanes returns the lanes that a transfer moves; none is the whole post, also where the rest of it has passed already.
func (p *Post) planLanes(a *agreement.Article, asked []marz.LaneID, now marz.Instant) ([]marz.LaneID, error) {
	var out []marz.LaneID
	whole := len(a.Lanes) == 0 && a.Flow == ""
	held, left := 0, 0
	for _, l := range p.post.Lanes {
		moves := whole || slices.Contains(a.Lanes, l.ID) || a.Flow != "" && l.Flow == a.Flow
		if moves && (len(asked) == 0 || slices.Contains(asked, l.ID)) {
			out = append(out, l.ID)
			continue
		}
		if h, _ := p.register.Load().Holder(p.post.ID.Place(), l.ID, now); h.Authority == a.To {
			held++
		} else {
			left++
		}
	}
	for _, id := range asked {
		if !slices.Contains(out, id) {
			return nil, &marz.Error{Code: marz.Invalid, Op: "open transfer", Subject: fmt.Sprintf("lane %.40q", string(id)), Fix: "the article does not move this lane, or the post has none of that name"}
		}
	}
	if len(out) == 0 {
		return nil, &marz.Error{Code: marz.Invalid, Op: "open transfer", Subject: string(p.post.ID), Fix: "none of its lanes passes by this article"}
	}
	if whole && left == 0 {
		return nil, nil
	}
	return out, nil
}

// Count records what the actor's side counted of one thing: one of the things that are always counted, or any other that the commanders name.
func (p *Post) Count(ctx context.Context, actor Actor, id transfer.ID, what string, n int, note string) error {
	note, err := trim(note)
	if err != nil {
		return err
	}
	if !slices.Contains(transfer.Countable, what) && !strings.HasPrefix(what, transfer.Added) {
		what = transfer.Added + what
	}
	return p.actTransfer(ctx, actor, func(a *act) error {
		_, err := a.step(transfer.KindCounted, transfer.Counted{ID: id, What: what, Count: n}, private(note))
		return err
	})
}

// Present takes down the instrument, as it stands, to be signed by both. It returns its digest.
func (p *Post) Present(ctx context.Context, actor Actor, id transfer.ID) (digest string, err error) {
	err = p.actTransfer(ctx, actor, func(a *act) error {
		t, err := transferOf(a.transfers, id)
		if err != nil {
			return err
		}
		i, err := p.instrument(a, t)
		if err != nil {
			return err
		}
		digest = i.Digest()
		_, err = a.step(transfer.KindPresented, transfer.Presented{ID: id, Instrument: i.Canonical(), Digest: digest}, nil)
		return err
	})
	if err != nil {
		return "", err
	}
	return digest, nil
}

// instrument is what would be presented now.
func (p *Post) instrument(a *act, t *transfer.Transfer) (*transfer.Instrument, error) {
	checks, err := p.readiness(a, &t.Plan, a.Now())
	if err != nil {
		return nil, err
	}
	lines, err := p.measured(a, &t.Plan, a.Now())
	if err != nil {
		return nil, err
	}
	dispositions, err := p.dispositions(a, t)
	if err != nil {
		return nil, err
	}
	return &transfer.Instrument{V: 1, Origin: p.journal.Origin(), Node: p.journal.VerifierKey(), Plan: t.Plan, Readiness: checks, Inventory: append(t.Inventory(), lines...),
		Dispositions: dispositions, Cases: transfer.Cases(t.Plan, t.Refused(), nil, t.Plan.At), After: a.Next() - 1}, nil
}

// Postpone settles another instant. All keys fall, and the instrument has to be presented again.
func (p *Post) Postpone(ctx context.Context, actor Actor, id transfer.ID, at marz.Instant, why string) error {
	return p.actTransfer(ctx, actor, func(a *act) error {
		t, err := transferOf(a.transfers, id)
		if err != nil {
			return err
		}
		t.Plan.At = at
		_, err = a.step(transfer.KindPostponed, transfer.Opened{Plan: t.Plan, Why: why}, nil)
		return err
	})
}

// RefuseTransfer declares that the actor's side will not arm.
func (p *Post) RefuseTransfer(ctx context.Context, actor Actor, id transfer.ID, why string) error {
	return p.actTransfer(ctx, actor, func(a *act) error {
		_, err := a.step(transfer.KindRefused, transfer.Declared{ID: id, Why: why}, nil)
		return err
	})
}

// Disarm takes back the key of the actor's side.
func (p *Post) Disarm(ctx context.Context, actor Actor, id transfer.ID, why string) error {
	return p.actTransfer(ctx, actor, func(a *act) error {
		t, err := transferOf(a.transfers, id)
		if err != nil {
			return err
		}
		_, err = a.step(transfer.KindDisarmed, transfer.Signed{ID: id, Digest: t.Digest, Why: why}, nil)
		return err
	})
}

// CancelTransfer ends a transfer before it was executed. Control stays where it is.
func (p *Post) CancelTransfer(ctx context.Context, actor Actor, id transfer.ID, why string) error {
	return p.actTransfer(ctx, actor, func(a *act) error {
		t, err := transferOf(a.transfers, id)
		if err != nil {
			return err
		}
		_, err = a.step(transfer.KindCancelled, transfer.Signed{ID: id, Digest: t.Plan.Digest(), Why: why}, nil)
		return err
	})
}
