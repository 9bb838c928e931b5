package mirror

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"marz"
	"marz/journal"
)

// Target is a mirror to which a node pushes, and what it may have.
type Target struct {
	Remote
	// Entitled says of which entries the private payload is given; nil: of none.
	Entitled func(journal.Entry) bool
	// Until says with which entry the feed ends: after so many entries. It is asked after each look at the newest head, and what it says must be true of all that is
	// committed by then. The journal needs a head of exactly that size (journal.Tx.Seal); where there is none the feed ends with the last one below. A size of 0: nothing is given, and the
	// mirror is asked only how far it is. nil, or false: there is no end.
	Until func() (size int64, ends bool)
	// Known is the cosigned head that Keep was given last, so that Status knows after a restart what was acknowledged before. One that does not verify, or is larger than the journal, is not believed.
	Known []byte
	// Keep is given each head that the mirror has cosigned, with the cosignature, by the feed's goroutine; nil for none.
	Keep func(cosigned []byte)
}

// PusherConfig says what a Pusher works with. Journal, Clock, Random and After are required.
type PusherConfig struct {
	Journal *journal.Journal
	Targets []Target
	Clock   marz.Clock
	Random  func() float64                       // in [0, 1), for the jitter of waits; safe for several goroutines
	After   func(time.Duration) <-chan time.Time // like time.After
	Silence time.Duration                        // after which a request on which nothing moves is given up; 0 for 30 s
	Least   time.Duration                        // wait after a first failure; 0 for 1 s
	Most    time.Duration                        // wait after many; 0 for 2 min
	Idle    time.Duration                        // after which a mirror that has everything is asked again; 0 for 5 min
	Log     *slog.Logger                         // nil for none
}

// Status says how far one mirror is.
type Status struct {
	Name     string
	Size     int64        // entries that the mirror has acknowledged with a cosignature that was checked
	Cosigned marz.Instant // when it did
	Heads    int64        // heads up to this size are there
	Payloads int64        // of entries below this seq the payloads are there, as far as they are given
	Seen     marz.Instant // when it last answered
	Whole    bool         // when it last answered nothing was left to give
	Ended    bool         // the feed has ended at exactly the entry that it was told, and all is there
	Error    string       // why the last attempt failed, in words; "" when it did not
	Failing  marz.Instant // since when attempts fail
}

// Pusher gives a node's journal to its mirrors, to each at its own pace. It only reads the journal, and never makes a writer wait.
type Pusher struct {
	cfg     PusherConfig
	feeds   []*feed
	changed atomic.Pointer[chan struct{}]
}

// NewPusher makes a pusher; Run starts it.
func NewPusher(cfg PusherConfig) (*Pusher, error) {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&cfg.Silence, 30*time.Second)
	def(&cfg.Least, time.Second)
	def(&cfg.Most, 2*time.Minute)
	def(&cfg.Idle, 5*time.Minute)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	p := &Pusher{cfg: cfg}
	p.changed.Store(new(make(chan struct{})))
	for _, t := range cfg.Targets {
		c, err := newClient(t.Remote, cfg.Journal.VerifierKey(), cfg.After, cfg.Silence)
		if err != nil {
			return nil, err
		}
		f := &feed{p: p, t: t, c: c, wake: make(chan struct{}, 1), packages: maxPackages, status: Status{Name: t.Name}}
		f.offer.Store(maxSeq)
		f.remember()
		p.feeds = append(p.feeds, f)
	}
	return p, nil
}

// Run pushes until the context ends or the journal has stopped.
func (p *Pusher) Run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var group sync.WaitGroup
	for _, f := range p.feeds {
		group.Go(func() { f.run(ctx) })
	}
	group.Wait()
}

// Wake lets every feed try at once, where one waits after a failure: the line may be there again, or what a mirror may have has changed.
func (p *Pusher) Wake() {
	for _, f := range p.feeds {
		select {
		case f.wake <- struct{}{}:
		default:
		}
	}
}

// Offer has the payloads of entries from a seq on offered to a mirror again: it is entitled to more of them than it was. It is to be said again after a restart that came
// before they were given.
func (p *Pusher) Offer(name string, from marz.Seq) {
	for _, f := range p.feeds {
		if f.t.Name == name {
			f.offer.Store(min(f.offer.Load(), int64(from)))
		}
	}
	p.Wake()
}

// Status says how far each mirror is, in the order of the targets.
func (p *Pusher) Status() []Status {
	out := make([]Status, len(p.feeds))
	for i, f := range p.feeds {
		f.mu.Lock()
		out[i] = f.status
		f.mu.Unlock()
	}
	return out
}

// Changed returns a channel that is closed when a mirror has been tried next. Who asks for it before he looks at Status misses nothing.
func (p *Pusher) Changed() <-chan struct{} { return *p.changed.Load() }

// feed is the way to one mirror. Its goroutine owns all but status.
type feed struct {
	p    *Pusher
	t    Target
	c    *client
	wake chan struct{}

	synced   bool  // st is what the mirror said
	st       State //
	packages int   // of one request at most: fewer after a failure
	given    int64 // payloads of entries below were given
	offer    atomic.Int64

	mu     sync.Mutex
	status Status
}

// run pushes, waits for a commit, and pushes again.
func (f *feed) run(ctx context.Context) {
	wait := time.Duration(0)
	for ctx.Err() == nil {
		changed := f.p.cfg.Journal.Changed()
		err := f.round(ctx)
		if ctx.Err() != nil {
			return
		}
		f.report(err)
		delay := f.p.cfg.Idle
		if err != nil {
			f.synced, f.packages, changed = false, max(1, f.packages/2), nil
			wait = min(max(2*wait, f.p.cfg.Least), f.p.cfg.Most)
			delay = wait/2 + time.Duration(f.p.cfg.Random()*float64(wait/2))
		} else {
			wait = 0
		}
		select {
		case <-ctx.Done():
		case <-f.p.cfg.Journal.Failed():
			return
		case <-changed:
		case <-f.wake:
			f.synced = false
		case <-f.p.cfg.After(delay):
			f.synced = false
		}
	}
}

// report keeps what came of a round.
func (f *feed) report(err error) {
	now := f.p.cfg.Clock()
	defer func() { close(*f.p.changed.Swap(new(make(chan struct{})))) }()
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &f.status
	if err == nil {
		if s.Error != "" {
			f.p.cfg.Log.Info("mirror is reached again", "mirror", f.t.Name)
		}
		s.Error, s.Failing, s.Seen = "", 0, now
		return
	}
	s.Whole = false
	if s.Error == "" {
		s.Failing = now
	}
	if s.Error != err.Error() {
		f.p.cfg.Log.Warn("mirror is behind", "mirror", f.t.Name, "err", err)
	}
	s.Error = err.Error()
}

// set changes the status.
func (f *feed) set(change func(*Status)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.status)
}

// round brings the mirror to what the journal is now.
func (f *feed) round(ctx context.Context) error {
	if !f.synced {
		if err := f.sync(ctx); err != nil {
			return err
		}
	}
	head, ended, err := f.goal(ctx)
	if err != nil {
		return err
	}
	if head.Size == 0 {
		return nil
	}
	for _, step := range []func(context.Context, journal.Head) error{f.addCheckpoint, f.addEntries, f.addHeads, f.addPayloads} {
		if err := step(ctx, head); err != nil {
			return err
		}
	}
	f.set(func(s *Status) { s.Whole, s.Ended = true, ended })
	return nil
}

// goal is the head up to which the mirror may have the journal. The end is asked for after the newest head was looked at: an end that was committed with
// it or before is known then.
func (f *feed) goal(ctx context.Context) (head journal.Head, ended bool, err error) {
	head = f.p.cfg.Journal.Head()
	if f.t.Until == nil {
		return head, false, nil
	}
	size, ends := f.t.Until()
	switch {
	case !ends || size > head.Size:
		return head, false, nil
	case size == 0:
		return journal.Head{}, true, nil
	}
	head, err = f.p.cfg.Journal.HeadUpTo(ctx, size)
	return head, head.Size == size, err
}

// sync asks the mirror how far it is, and holds the journal to what the mirror has of it: a node that is behind what it has signed stops.
func (f *feed) sync(ctx context.Context) error {
	st, err := f.c.state(ctx)
	if err != nil {
		return err
	}
	if st.Size > 0 {
		head, cosigned, at, err := f.c.checkpoint(ctx)
		if err != nil {
			return err
		}
		if err := f.p.cfg.Journal.Heard(ctx, head.Note); err != nil {
			return err
		}
		f.acknowledged(head.Size, at, cosigned)
	}
	if st.Pending > st.Size {
		head, err := f.c.pending(ctx)
		if err != nil {
			return err
		}
		if err := f.p.cfg.Journal.Heard(ctx, head.Note); err != nil {
			return err
		}
	}
	f.take(st)
	f.synced, f.given = true, st.Payloads
	return nil
}

// acknowledged takes in that the mirror has cosigned a head of a size.
func (f *feed) acknowledged(size int64, at marz.Instant, cosigned []byte) {
	f.set(func(s *Status) { s.Size, s.Cosigned = size, at })
	if f.t.Keep != nil {
		f.t.Keep(cosigned)
	}
}

// remember takes up what the mirror had acknowledged before the node was started.
func (f *feed) remember() {
	head, at, err := f.c.openCosigned(f.t.Known)
	if err == nil && head.Size <= f.p.cfg.Journal.Head().Size {
		f.status.Size, f.status.Cosigned = head.Size, at
	}
}

// take believes what the mirror says of itself.
func (f *feed) take(st State) {
	f.st = st
	f.set(func(s *Status) { s.Heads, s.Payloads = st.Heads, st.Payloads })
}
