package exercise

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"time"

	"marz"
	"marz/internal/sim"
	"marz/post"
	"marz/web"
)

// gap is what an officer needs between two travellers.
const gap = 6 * time.Second

// away is how long the exercise leaves a lane alone that somebody at a browser has closed or taken.
const away = 2 * time.Minute

// floor is the post's floor: queues, lanes that the exercise plays, and what happens next. One goroutine runs it.
type floor struct {
	e       *Exercise
	lanes   []*lane
	queues  map[queueKey][]sim.Arrival
	next    events
	order   int // of events at the same instant
	refused int // attempts of an authority whose control had passed
	holder  marz.AuthorityID
}

type queueKey struct {
	flow      string
	direction marz.Direction
}

// lane is a lane played by the exercise.
type lane struct {
	marz.Lane
	index int
	actor post.Actor
	busy  bool
}

// event is something that happens on the floor at an instant.
type event struct {
	at    marz.Instant
	order int
	do    func(context.Context) error
}

type events []event

func (h events) Len() int { return len(h) }
func (h events) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].order < h[j].order
}
func (h events) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *events) Push(x any)   { *h = append(*h, x.(event)) }
func (h *events) Pop() any     { e := (*h)[len(*h)-1]; *h = (*h)[:len(*h)-1]; return e }

func newFloor(e *Exercise) *floor {
	f := &floor{e: e, queues: map[queueKey][]sim.Arrival{}, holder: e.Post.Controller()}
	left := map[marz.Direction]bool{marz.EntryDirection: e.opts.Viewers, marz.ExitDirection: e.opts.Viewers}
	for i, l := range e.Post.Described().Lanes {
		if l.Flow == "persons" && left[l.Direction] {
			left[l.Direction] = false // the first one in each direction is for people at browsers
			continue
		}
		f.lanes = append(f.lanes, &lane{Lane: l, index: i})
	}
	f.arrival()
	f.watch()
	return f
}

func (f *floor) at(i marz.Instant, do func(context.Context) error) {
	f.order++
	heap.Push(&f.next, event{i, f.order, do})
}

// arrival puts the next traveller's coming among what happens next.
func (f *floor) arrival() {
	a := f.e.source.Next()
	f.at(a.At, func(ctx context.Context) error {
		k := queueKey{a.Flow, a.Direction}
		f.queues[k] = append(f.queues[k], a)
		f.arrival()
		return f.serve(ctx)
	})
}

// serve lets free lanes take the first in their queues.
func (f *floor) serve(ctx context.Context) error {
	for _, l := range f.lanes {
		k := queueKey{l.Flow, l.Direction}
		if l.busy || len(f.queues[k]) == 0 {
			continue
		}
		a := f.queues[k][0]
		f.queues[k] = f.queues[k][1:]
		if err := f.scan(ctx, l, a); err != nil {
			return err
		}
	}
	return nil
}

func (f *floor) scan(ctx context.Context, l *lane, a sim.Arrival) error {
	var i *web.Inspection
	err := f.asOfficer(ctx, l, func() (err error) {
		i, err = f.e.Post.Scan(ctx, l.actor, l.ID, a.MRZ, true)
		return err
	})
	if errors.Is(err, errLost) {
		k := queueKey{l.Flow, l.Direction}
		f.queues[k] = append([]sim.Arrival{a}, f.queues[k]...)
		f.leave(l)
		return nil
	}
	if err != nil {
		return err
	}
	l.busy = true
	f.at(f.e.Clock.Now().Add(f.e.source.ServiceTime(a, i.Verdict)), func(ctx context.Context) error { return f.decide(ctx, l, a, i) })
	return nil
}

func (f *floor) decide(ctx context.Context, l *lane, a sim.Arrival, i *web.Inspection) error {
	decision, reason := f.e.source.Decide(a, i.Verdict)
	err := f.asOfficer(ctx, l, func() error {
		out, err := f.e.Post.Decide(ctx, l.actor, i.ID, decision, reason, "")
		if err == nil && out.State == "proposed" {
			out, err = f.e.Post.Confirm(ctx, l.actor, i.ID, out.Proposal.Seq)
		}
		if err == nil && out.State == "awaiting" {
			err = f.concur(ctx, l, out)
		}
		return err
	})
	if errors.Is(err, errLost) { // whoever has the lane now ends the case
		f.leave(l)
		return nil
	}
	if err != nil {
		return err
	}
	f.at(f.e.Clock.Now().Add(gap), func(ctx context.Context) error {
		l.busy = false
		return f.serve(ctx)
	})
	return nil
}

// concur lets the officers of the other authorities, who sit down for it, concur in a decision that an article makes joint.
func (f *floor) concur(ctx context.Context, l *lane, i *web.Inspection) error {
	for _, a := range i.Joint.Waiting.For {
		_, actor, err := f.e.Post.SignInExercise(ctx, played(a, l.index))
		if err == nil {
			err = f.e.Post.OpenLane(ctx, actor, l.ID)
		}
		if err == nil {
			_, err = f.e.Post.Concur(ctx, actor, i.ID, i.Joint.Waiting.Submission)
		}
		if err == nil {
			err = f.e.Post.SignOut(ctx, actor)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// asOfficer does what a lane's officer does. When his session has ended, because control passed, the incoming authority's officer
// takes the lane and does it: an inspection begun before is finished by a named officer of the authority in control.
func (f *floor) asOfficer(ctx context.Context, l *lane, do func() error) error {
	for range 3 {
		if l.actor.Officer == "" {
			err := f.staff(ctx, l)
			if code := marz.CodeOf(err); code == marz.Conflict || err != nil && code == marz.Unauthenticated {
				return errLost
			}
			if err != nil {
				return err
			}
		}
		err := do()
		switch code := marz.CodeOf(err); {
		case err == nil || code != marz.Unauthenticated && code != marz.Forbidden && code != marz.Conflict:
			return err
		case code == marz.Conflict:
			return errLost
		case l.actor.Officer.Authority() != f.e.Post.Controller():
			f.refused++
		}
		l.actor = post.Actor{}
	}
	return errLost
}

// errLost says that somebody at a browser has closed or taken the lane, or ended its officer's access.
var errLost = errors.New("the lane is not the exercise's any more")

// leave gives a lane up for a while, and tries again.
func (f *floor) leave(l *lane) {
	l.busy, l.actor = true, post.Actor{}
	f.at(f.e.Clock.Now().Add(away), func(ctx context.Context) error {
		switch err := f.staff(ctx, l); marz.CodeOf(err) {
		case marz.Conflict, marz.Unauthenticated:
			f.leave(l)
			return nil
		default:
			if err == nil {
				err = f.clear(ctx, l)
			}
			if err != nil {
				return err
			}
		}
		l.busy = false
		return f.serve(ctx)
	})
}

// staff signs in the officer of the authority in control and takes the lane.
func (f *floor) staff(ctx context.Context, l *lane) error {
	for _, a := range authorities {
		_, actor, err := f.e.Post.SignInExercise(ctx, played(a, l.index))
		if err != nil {
			if marz.CodeOf(err) == marz.Forbidden {
				continue
			}
			return err
		}
		err = f.e.Post.OpenLane(ctx, actor, l.ID)
		if err == nil {
			l.actor = actor
			return nil
		}
		if marz.CodeOf(err) != marz.Forbidden {
			return err
		}
		if err := f.e.Post.SignOut(ctx, actor); err != nil && marz.CodeOf(err) != marz.Unauthenticated {
			return err
		}
	}
	return &marz.Error{Op: "staff lane", Subject: string(l.ID), Fix: "no authority of the exercise may work there"}
}

// step does what happens next, if it happens before until, and reports whether it did.
func (f *floor) step(ctx context.Context, until marz.Instant) (bool, error) {
	if f.next.Len() == 0 || f.next[0].at > until {
		return false, nil
	}
	e := heap.Pop(&f.next).(event)
	f.e.Clock.AdvanceTo(e.at)
	return true, e.do(ctx)
}

// RunUntil plays the floor as fast as it can until the exercise's clock shows the instant. Control passes on the way when it is due.
func (e *Exercise) RunUntil(ctx context.Context, until marz.Instant) error {
	if err := e.openLanes(ctx); err != nil {
		return err
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		stop := until
		instants, err := e.instants(ctx)
		if err != nil {
			return err
		}
		for _, at := range instants { // stand still at each instant at which control can pass
			if at > e.Clock.Now() && at < stop {
				stop = at
			}
		}
		for {
			more, err := e.floor.step(ctx, stop)
			if err != nil {
				return err
			}
			if !more || ctx.Err() != nil {
				break
			}
		}
		e.Clock.AdvanceTo(stop)
		if err := e.Post.Tick(ctx); err != nil {
			return err
		}
		if stop == until {
			return ctx.Err()
		}
	}
}

// Run plays the floor at the speed given until ctx ends, beside people at browsers.
func (e *Exercise) Run(ctx context.Context, speed float64) error {
	e.Clock.Run(e.opts.Wall, speed)
	if err := e.openLanes(ctx); err != nil {
		return err
	}
	for {
		wait, _ := e.Clock.Until(e.floor.next[0].at)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		_, err := e.floor.step(ctx, marz.Instant(1<<62))
		if errors.Is(err, context.Canceled) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("exercise: %w", err)
		}
	}
}

func (e *Exercise) openLanes(ctx context.Context) error {
	for _, l := range e.floor.lanes {
		if l.actor.Officer != "" {
			continue
		}
		switch err := e.floor.staff(ctx, l); {
		case marz.CodeOf(err) == marz.Conflict:
			e.floor.leave(l)
			continue
		case err != nil:
			return err
		}
		if err := e.floor.clear(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// clear ends a case that an earlier run of the exercise left open at the lane: its traveller is not there any more.
func (f *floor) clear(ctx context.Context, l *lane) error {
	i, err := f.e.Post.Case(ctx, l.actor, l.ID, "")
	if marz.CodeOf(err) == marz.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.e.Post.Withdraw(ctx, l.actor, i.ID, "traveller-left")
	return err
}
