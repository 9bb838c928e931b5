package station

import (
	"context"
	"sync"
	"time"

	"marz"
	"marz/emrtd/reading"
)

// progress is how far the reading of a chip is. Whoever reads sets it as often as he likes; the post hears the latest.
type progress struct {
	mu      sync.Mutex
	step    step
	changed chan struct{} // of one: something was set since the last look
}

func newProgress(id string) *progress {
	return &progress{step: step{ID: id, Step: "zone"}, changed: make(chan struct{}, 1)}
}

func (p *progress) set(name string, done, of int) {
	p.mu.Lock()
	p.step.Step, p.step.Done, p.step.Of = name, done, of
	p.mu.Unlock()
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// first is that the zone was found, however far the chip is by now.
func (p *progress) first() step { return step{ID: p.get().ID, Step: "zone"} }

func (p *progress) get() step {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.step
}

// report tells the post that a zone was found and then how far its chip is, whenever that has changed and else every second, and calls stop when the officer does not want to wait. A post that is not reached is no reason to stop: the reading is tried all the same.
func (s *Station) report(ctx context.Context, p *progress, stop func()) {
	tick := time.NewTicker(s.times.poll)
	defer tick.Stop()
	for now := p.first(); ; now = p.get() {
		s.board.set(func(st *Status) { st.Now = "reading the chip: " + now.Step })
		if halt, err := s.line.tell(ctx, now); err == nil && halt {
			stop()
			return
		}
		wait(ctx, s.times.poll/5) // a chip says much; the post hears a few times a second
		select {
		case <-ctx.Done():
			return
		case <-p.changed:
		case <-tick.C:
		}
	}
}

// deliver hands a reading over, trying again while the line is cut, for as long as a reading may take.
func (s *Station) deliver(ctx context.Context, r *reading.Reading, to chan<- outcome) {
	o := s.try(ctx, r)
	select {
	case to <- o:
	case <-ctx.Done():
	}
}

func (s *Station) try(ctx context.Context, r *reading.Reading) outcome {
	b, err := encode(r)
	if err != nil {
		return outcome{err: err}
	}
	if err := s.misplaced(); err != nil {
		return outcome{err: err}
	}
	s.board.set(func(st *Status) { st.Now = "handing over" })
	patience, done := context.WithTimeout(ctx, s.times.patience)
	defer done()
	for n := 1; ; n++ {
		lane, err := s.line.hand(patience, b)
		if err == nil {
			s.up()
			return outcome{lane: lane}
		}
		if marz.CodeOf(err) != marz.Unavailable {
			return outcome{err: err}
		}
		if n == 1 {
			s.cut(err)
			s.board.shout("THE POST DOES NOT TAKE THE READING; trying again for %v: %v", s.times.patience, err)
			s.board.set(func(st *Status) { st.Now = "the line to the post is cut; trying again" })
		}
		wait(patience, s.times.retry)
		if patience.Err() != nil {
			return outcome{err: err}
		}
	}
}

// misplaced says when the post has the station at another lane than it says it is at.
func (s *Station) misplaced() error {
	st := s.board.Status()
	if st.Accepted && st.Says != "" && st.Lane != "" && st.Says != st.Lane {
		return &marz.Error{Code: marz.Conflict, Op: "hand reading over", Fix: "the post has this station at lane " + st.Lane + ", and reader.toml says lane " + st.Says + "; let a supervisor put it right"}
	}
	return nil
}

// live asks the post every few seconds who it takes the station for, and says what has changed.
func (s *Station) live(ctx context.Context) {
	for ctx.Err() == nil {
		k, err := s.line.ask(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.cut(err)
		} else {
			s.met(k)
		}
		wait(ctx, s.times.beat)
	}
}

// cut notes that the post is not reached, loudly when that is new.
func (s *Station) cut(err error) {
	fresh := false
	s.board.set(func(st *Status) {
		fresh = st.Line == "up" || st.Why != err.Error()
		if st.Line == "up" {
			st.Line = "cut"
		}
		st.Why = err.Error()
	})
	if fresh {
		s.board.shout("NO LINE TO THE POST: %v", err)
	}
}

// up notes that the post was reached.
func (s *Station) up() {
	fresh := false
	s.board.set(func(st *Status) { fresh, st.Line, st.Why = st.Line != "up", "up", "" })
	if fresh {
		s.board.say("the line to the post is up")
	}
}

// met takes the post's word on who the station is.
func (s *Station) met(k known) {
	s.up()
	fresh := false
	s.board.set(func(st *Status) {
		fresh = st.PostID == "" || st.Accepted != k.Accepted || st.Lane != string(k.Lane)
		st.PostID, st.Accepted, st.Lane = k.Post, k.Accepted, string(k.Lane)
	})
	switch {
	case !fresh:
	case !k.Accepted:
		s.board.shout("NO SUPERVISOR OF POST %.60q HAS ACCEPTED THIS STATION. Let one compare its fingerprint:\n    %s", k.Post, s.fingerprint)
	default:
		s.board.say("post %.60q has this station at lane %.60q", k.Post, string(k.Lane))
		if err := s.misplaced(); err != nil {
			s.board.shout("%v", err)
		}
	}
}
