package post

import (
	"context"
	"slices"

	"marz"
	"marz/agreement"
	"marz/journal"
)

// control is who controls the post as a whole, as the journal has it. Lanes can be under another authority: the register's Holder knows.
type control struct {
	authority marz.AuthorityID
	article   marz.ArticleRef
}

// due returns to whom control passes next by articles alone, and whether that should have happened by the instant: where one article of control directly follows
// another. What a transfer moves waits for its two keys. Passings that fell due while the node was off are recorded one by one.
func (p *Post) due(at marz.Instant) (agreement.Holding, bool) {
	c := p.control.Load()
	recorded := false
	for _, h := range p.Timeline() {
		if recorded {
			a, err := p.register.Load().Article(h.Article)
			return h, err == nil && a.Kind == agreement.Control && h.From <= at
		}
		recorded = h.Article == c.article
	}
	return agreement.Holding{}, false
}

// Tick records a passing of control that has become due, by article or by a transfer that both have armed, and then what feeds to mirrors begin or end. Serve calls it several
// times a second, and every act calls it first, so that no act of the authority that had control can follow the instant, and none gets to a mirror to whose authority nothing gives it.
func (p *Post) Tick(ctx context.Context) error {
	for {
		now := p.now()
		if _, due := p.due(now); due {
			if err := p.pass(ctx); err != nil {
				return err
			}
			continue
		}
		if id, due := p.transferDue(now); due {
			if err := p.execute(ctx, id); err != nil {
				return err
			}
			continue
		}
		if len(p.mirrorsDue(now)) > 0 {
			if err := p.recordMirrors(ctx); err != nil {
				return err
			}
			continue
		}
		p.destroyDue(ctx, now)
		return nil
	}
}

// anyDue reports whether control should have passed by the instant, or a feed to a mirror have begun or ended.
func (p *Post) anyDue(at marz.Instant) bool {
	if _, due := p.due(at); due {
		return true
	}
	if _, due := p.transferDue(at); due {
		return true
	}
	return len(p.mirrorsDue(at)) > 0
}

// pass records the next passing of control by articles alone, if it is due at the instant of its entry.
func (p *Post) pass(ctx context.Context) error {
	var passed *control
	err := p.journal.Update(ctx, func(tx *journal.Tx) error {
		passed = nil
		h, due := p.due(tx.Now())
		if !due {
			return nil
		}
		c := controlEntry{Place: p.post.ID.Place(), From: p.control.Load().authority, To: h.Authority, Instant: h.From}
		register, event, err := p.afterPassing(tx, c, h.Article)
		if err != nil {
			return err
		}
		if c.Ends, err = p.powerless(tx, register, c.From, tx.Now()); err != nil {
			return err
		}
		c.Frees = p.without(register, marz.ActInspect, "", tx.Now())
		if _, err := tx.Append(journal.Draft{Kind: KindControl, Authority: h.Authority, Under: h.Article, Policy: register.Policy(), Public: c}); err != nil {
			return err
		}
		tx.Seal() // with it the feeds end to the mirrors of those whom it leaves no power
		if err := p.loadFed(tx); err != nil {
			return err
		}
		passed = &control{h.Authority, h.Article}
		p.passed(register, event, passed)
		return nil
	})
	if err == nil && passed != nil {
		p.opts.Log.Info("control passed", "place", p.post.ID, "to", passed.authority, "article", passed.article)
		p.live.Changed()
	}
	return err
}

// afterPassing returns the register as it is from the next entry on, which records that control passes, and the event that it learns. Nothing has changed yet.
func (p *Post) afterPassing(tx *journal.Tx, c controlEntry, article marz.ArticleRef) (*agreement.Register, agreement.Event, error) {
	event := passing(journal.Entry{Seq: tx.Next(), At: tx.Now(), Under: article}, c)
	register, err := p.history.Consider(tx.Now(), event)
	return register, event, err
}

// passed is the point from which the new authority controls. It runs inside the writing goroutine, after the entry and with nothing behind it that can fail but the commit,
// with which the node stops: so the next change already sees it. c is nil where lanes passed and not the post.
func (p *Post) passed(register *agreement.Register, event agreement.Event, c *control) {
	p.history.Add(event)
	p.register.Store(register)
	if c != nil {
		p.control.Store(c)
	}
}

// powerless returns the authorities that have no power here any more: whose officers were known here or that had control, and may not even read the journal, which is the least
// of all powers. Whose access ends is asked for the instant of the entry: what was learnt late can have given somebody powers that are over by now, or long before he had them.
func (p *Post) powerless(q querier, register *agreement.Register, from marz.AuthorityID, at marz.Instant) ([]marz.AuthorityID, error) {
	return p.withoutHere(q, register, from, marz.ActReadJournal, "", at)
}

// withoutHere is without, of those alone whose officers were known here, who are few, and of one that had control.
func (p *Post) withoutHere(q querier, register *agreement.Register, from marz.AuthorityID, action marz.Action, lane marz.LaneID, at marz.Instant) ([]marz.AuthorityID, error) {
	here, err := collect(q, scanOne[marz.AuthorityID], `SELECT DISTINCT authority FROM s_officer`)
	return slices.DeleteFunc(p.without(register, action, lane, at), func(a marz.AuthorityID) bool { return a != from && !slices.Contains(here, a) }), err
}

// without returns the authorities whose officers may not do a thing at the post, or at a lane, at the instant, whatever their role.
func (p *Post) without(register *agreement.Register, action marz.Action, lane marz.LaneID, at marz.Instant) []marz.AuthorityID {
	var out []marz.AuthorityID
	for id := range p.bodies {
		q := agreement.Question{Officer: marz.OfficerID(id) + "/0", Role: marz.RoleSupervisor, Action: action, Place: p.post.ID.Place(), Lane: lane, At: at}
		if !register.May(q).Allowed {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}
