package hq

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"marz"
	"marz/journal"
	"marz/mirror"
	"marz/retention"
	"marz/web"
)

// retain looks for what is due every few hours and erases it, until ctx ends. All nodes of a headquarters do: what one has erased another does not find.
func (h *HQ) retain(ctx context.Context) {
	for ctx.Err() == nil {
		wait := retention.Every
		if _, err := h.Retain(ctx); err != nil && ctx.Err() == nil && h.ledger.Failure() == nil {
			h.opts.Log.Error("what is due could not be erased; it is tried again", "err", err)
			wait = time.Minute
		}
		select {
		case <-ctx.Done():
		case <-h.opts.After(wait):
		case <-h.wake:
		}
	}
}

// lookSoon has the node look for what is due at once.
func (h *HQ) lookSoon() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// Retain looks at every payload beside the headquarters' own entries, and erases those whose time is up by the schedule in force. Serve does it by itself. Each batch is asked again in the
// ledger's turn, after what other nodes have appended, so that nothing is erased twice and a pass that is cut off has erased only what was due. While the clock is in doubt it erases nothing.
func (h *HQ) Retain(ctx context.Context) (*web.RetentionLook, error) {
	erased := 0
	for more := true; more; {
		n, err := h.eraseDue(ctx)
		if err != nil {
			return nil, err
		}
		erased += n
		more = n == retention.Batch
	}
	look, err := h.LookForDue(ctx)
	if err != nil {
		return nil, err
	}
	if err := h.notePass(ctx, look, erased); err != nil {
		return nil, err
	}
	h.retained.Store(look.RetentionLook)
	h.live.Changed()
	return look.RetentionLook, nil
}

// eraseDue erases one batch. Where a payload is gone that this node took to be there, another node has erased it since: then it is asked anew.
func (h *HQ) eraseDue(ctx context.Context) (int, error) {
	for {
		erased, folded, err := h.eraseBatch(ctx)
		if marz.CodeOf(err) != marz.NotFound {
			return erased, err
		}
		if e := h.ledger.Refresh(ctx); e != nil || h.ledger.Head().Size == folded {
			return 0, cmpErr(e, err)
		}
	}
}

// eraseBatch erases one batch, an entry for each kind of record. folded is how many entries it was decided by.
func (h *HQ) eraseBatch(ctx context.Context) (erased int, folded int64, err error) {
	err = h.node(ctx, func(n *nodeAct) error {
		erased, folded = 0, h.ledger.Head().Size // a change can be run again
		if h.doubt(n.Now(), n.ClockBehind()) != "" {
			return nil
		}
		groups := map[string][]marz.Seq{}
		h.state.mu.RLock()
		due := h.state.keeping.due(h.config.Authority, n.Now())
		for _, seq := range due[:min(len(due), retention.Batch)] {
			kind := h.state.keeping.paid[seq].kind
			groups[kind] = append(groups[kind], seq)
		}
		schedule := h.state.keeping.schedule
		h.state.mu.RUnlock()
		for _, kind := range slices.Sorted(maps.Keys(groups)) {
			d := journal.Draft{Authority: h.config.Authority, Under: OwnHouse, Policy: h.Register().Policy()}
			if _, err := n.Erase(ctx, d, groups[kind], "its time is up: "+schedule.Rule(kind).Words(h.config.Authority, kind)); err != nil {
				return err
			}
			erased += len(groups[kind])
		}
		return nil
	})
	return erased, folded, err
}

// doubt says why the clock is not believed enough to erase by it, or "".
func (h *HQ) doubt(now marz.Instant, behind bool) string {
	h.state.mu.RLock()
	defer h.state.mu.RUnlock()
	return retention.Doubt(now, h.state.keeping.looked, behind)
}

// LookForDue says what of the own payloads is due, held and erased, and looks in the store whether anything is there that an entry says is erased. It changes nothing.
func (h *HQ) LookForDue(ctx context.Context) (*retention.Look, error) {
	if err := h.ledger.Refresh(ctx); err != nil {
		return nil, err
	}
	now, own := h.now(), h.config.Authority
	h.state.mu.RLock()
	k := &h.state.keeping
	schedules := map[marz.AuthorityID]*retention.Schedule{}
	if k.schedule != nil {
		schedules[own] = k.schedule
	}
	look := retention.NewLook(now, retentionKinds, schedules)
	for _, seq := range slices.Sorted(maps.Keys(k.paid)) {
		look.Add(k.found(own, seq, now))
	}
	erased := maps.Clone(k.erased)
	h.state.mu.RUnlock()
	look.Doubt = h.doubt(now, h.opts.Clock() < h.ledger.At())
	there := map[marz.Seq]bool{}
	err := h.store.Payloads(ctx, h.origin, 0, h.ledger.Head().Size, func(p mirror.PayloadRow) error {
		if _, ok := erased[marz.Seq(p.Seq)]; ok {
			there[marz.Seq(p.Seq)] = true
		}
		return nil
	})
	for seq, kind := range erased {
		left := 0
		if there[seq] {
			left = 1
		}
		look.AddErased([]marz.AuthorityID{own}, kind, 1, left)
	}
	look.End()
	return look, err
}

// notePass says in the journal that a pass was made: after one that erased, and once a day. Of several nodes the first in a day says it.
func (h *HQ) notePass(ctx context.Context, look *retention.Look, erased int) error {
	return h.node(ctx, func(n *nodeAct) error {
		h.state.mu.RLock()
		scheduled, last := h.state.keeping.schedule != nil, h.state.keeping.passed
		h.state.mu.RUnlock()
		if !scheduled || erased == 0 && n.Now().Sub(last) < retention.Noted || h.doubt(n.Now(), n.ClockBehind()) != "" {
			return nil
		}
		return n.append(retention.KindPassed, retention.Passed{Kept: look.Kept, Held: look.Held, Erased: erased}, nil)
	})
}

// SetSchedule puts what hq.toml proposes in force, in the place of what was. digest is of what the supervisor was shown. A schedule without rules ends all erasing.
func (h *HQ) SetSchedule(ctx context.Context, actor Actor, digest string) error {
	err := h.act(ctx, actor, marz.ActErase, func(a *act) error {
		rules := h.config.proposed()
		if retention.Digest(rules) != digest {
			return &marz.Error{Code: marz.Conflict, Op: "set schedule", Subject: "of " + string(h.config.Authority), Fix: "what " + configFile + " proposes is not what was shown; look at it again"}
		}
		if s := h.schedule(); s == nil && len(rules) == 0 || s != nil && retention.Digest(s.Rules) == digest {
			return nil // it is in force
		}
		return a.append(retention.KindSchedule, retention.Set{Starts: a.Now().Add(retention.Grace), Rules: rules}, nil)
	})
	h.lookSoon()
	return err
}

func (h *HQ) schedule() *retention.Schedule {
	h.state.mu.RLock()
	defer h.state.mu.RUnlock()
	return h.state.keeping.schedule
}

// ConfirmClock is a supervisor's word that the nodes' clocks are right, after one was in doubt.
func (h *HQ) ConfirmClock(ctx context.Context, actor Actor) error {
	err := h.act(ctx, actor, marz.ActErase, func(a *act) error { return a.append(retention.KindClockRight, struct{}{}, nil) })
	h.lookSoon()
	return err
}

// Hold lets the payload of an entry stay, whatever the schedule says, until the hold is released. The same again changes nothing.
func (h *HQ) Hold(ctx context.Context, actor Actor, entry marz.Seq, reason, note string) error {
	if err := cmpErr(retention.CheckReason(entry, reason), checkNote(note)); err != nil {
		return err
	}
	return h.act(ctx, actor, marz.ActSupervise, func(a *act) error {
		h.state.mu.RLock()
		p := h.state.keeping.paid[entry]
		again := false
		for _, o := range h.state.keeping.holds {
			again = again || o.Entry == entry && o.Reason == reason
		}
		h.state.mu.RUnlock()
		switch {
		case p == nil:
			return &marz.Error{Code: marz.NotFound, Op: "hold record", Subject: strconv.FormatInt(int64(entry), 10), Fix: "the entry has no payload, or it is erased already"}
		case again:
			return nil
		}
		return a.append(retention.KindHeld, retention.Held{Entry: entry, Reason: reason}, noted(note))
	})
}

// Release ends a hold. The same again changes nothing.
func (h *HQ) Release(ctx context.Context, actor Actor, seq marz.Seq, note string) error {
	if err := checkNote(note); err != nil {
		return err
	}
	return h.act(ctx, actor, marz.ActSupervise, func(a *act) error {
		h.state.mu.RLock()
		_, stands := h.state.keeping.holds[seq]
		h.state.mu.RUnlock()
		if stands {
			return a.append(retention.KindReleased, retention.Released{Hold: seq}, noted(note))
		}
		e, _, err := h.ledger.Entry(ctx, seq)
		if err == nil && e.Kind == retention.KindHeld {
			return nil
		}
		return &marz.Error{Code: marz.NotFound, Op: "release hold", Subject: strconv.FormatInt(int64(seq), 10), Fix: "there is no such hold"}
	})
}

func checkNote(note string) error {
	if len(note) > 4000 || strings.ContainsRune(note, 0) {
		return &marz.Error{Code: marz.Invalid, Op: "note", Fix: "write at most 4,000 bytes of plain text"}
	}
	return nil
}

// noted is the payload of a note, nil for none.
func noted(note string) any {
	if note == "" {
		return nil
	}
	return readPrivate{note}
}

// Scrub has the database let go of what erased payloads have left in it, where it is one that can (package pgstore); SQLite overwrites at once.
func (h *HQ) Scrub(ctx context.Context) error {
	if s, ok := h.store.(interface{ Scrub(context.Context) error }); ok {
		return s.Scrub(ctx)
	}
	return nil
}
