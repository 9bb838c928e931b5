package post

import (
	"context"

	"marz"
	"marz/journal"
	"marz/transfer"
)

// transferDue returns the transfer whose instant has come and that both have armed, if there is one. The sources of time are asked only while one is armed.
func (p *Post) transferDue(at marz.Instant) (transfer.ID, bool) {
	s := p.transfers()
	for _, t := range s.Open() {
		if t.Phase != transfer.Armed {
			continue
		}
		if due, _ := s.Due(t.Plan.ID, p.clocks(at)); due {
			return t.Plan.ID, true
		}
	}
	return "", false
}

// execute is the point of no return: one entry, in one transaction, at which control moves, the access of who has no power left ends, and his seats are free. It is asked
// again inside the journal's turn whether the transfer is due, since a key can have been taken back meanwhile.
func (p *Post) execute(ctx context.Context, id transfer.ID) error {
	var done *transfer.Execution
	err := p.journal.Update(ctx, func(tx *journal.Tx) error {
		done = nil
		s, clocks := p.transfers().Clone(), p.clocks(tx.Now())
		if due, _ := s.Due(id, clocks); !due {
			return nil
		}
		t, err := transferOf(s, id)
		if err != nil {
			return err
		}
		plan := &t.Plan
		register, event, err := p.afterPassing(tx, controlEntry{Place: plan.Place, Lanes: plan.Lanes, From: plan.From, To: plan.To, Instant: plan.At}, plan.Article)
		if err != nil {
			return err
		}
		x, err := p.execution(tx, t, clocks)
		if err != nil {
			return err
		}
		if x.Ends, err = p.powerless(tx, register, plan.From, tx.Now()); err != nil {
			return err
		}
		if x.Frees, err = p.withoutHere(tx, register, plan.From, marz.ActInspect, p.passing(plan)[0], tx.Now()); err != nil {
			return err
		}
		if _, err := stepBy(tx, s, journal.Draft{Kind: transfer.KindExecuted, Authority: plan.To, Under: plan.Article, Policy: register.Policy(), Public: x}); err != nil {
			return err
		}
		tx.Seal() // with exactly this entry the feeds end to the mirrors of those whom it leaves no power
		if err := p.settleAlerts(tx, x); err != nil {
			return err
		}
		if err := p.loadFed(tx); err != nil {
			return err
		}
		p.machine.Store(s)
		var c *control
		if len(plan.Lanes) == 0 {
			c = &control{plan.To, plan.Article}
		}
		p.passed(register, event, c)
		done = x
		return nil
	})
	if err != nil || done == nil {
		return err
	}
	p.opts.Log.Info("control passed by a transfer", "place", p.post.ID, "lanes", done.Lanes, "to", done.To, "transfer", id)
	p.anchorClock()
	p.live.Changed()
	p.destroySoon(ctx)
	return nil
}

// execution says everything that changes at the entry but whose access it ends.
func (p *Post) execution(tx *journal.Tx, t *transfer.Transfer, clocks transfer.Clocks) (*transfer.Execution, error) {
	plan := &t.Plan
	x := &transfer.Execution{ID: plan.ID, Digest: t.Digest, Place: plan.Place, Lanes: plan.Lanes, From: plan.From, To: plan.To, Instant: plan.At,
		Cases: transfer.Cases(*plan, t.Refused(), t.Turned(), tx.Now()), Destroys: plan.Destroy, Clocks: clocks.Readings()}
	var err error
	if x.Open, err = p.openAt(tx, p.passing(plan)); err != nil {
		return nil, err
	}
	if err = tx.QueryRow(`SELECT count(*) FROM s_inspection WHERE state = 'decided'`).Scan(&x.Crossings); err != nil {
		return nil, err
	}
	x.Mirrors, err = p.mirrors(tx, plan)
	return x, err
}

// armed returns whether a transfer is armed, and whether one is that both have armed.
func (p *Post) armed() (any, both bool) {
	for _, t := range p.transfers().Open() {
		if t.Phase == transfer.Armed {
			any, both = true, both || t.Key(t.Plan.From) != nil
		}
	}
	return any, both
}

// bootClocked reports whether the machine's boot clock is the second source of time here.
func (p *Post) bootClocked() bool { return p.opts.Times == nil && !p.Exercise() }

// anchorClock takes the anchor of the boot clock when both have armed a transfer, and lets go of it when none is armed.
func (p *Post) anchorClock() {
	if !p.bootClocked() {
		return
	}
	armed, both := p.armed()
	if err := p.boot.follow(armed, both, p.now()); err != nil {
		p.opts.Log.Warn("the boot clock's anchor could not be kept: it ends with this process", "err", err)
	}
}
