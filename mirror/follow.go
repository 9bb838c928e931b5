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

// FollowerConfig says what a Follower works with. Remote (without Key), VerifierKey, Store, Clock, Random and After are required.
type FollowerConfig struct {
	Remote      Remote // where the journal is read; its Key is not asked for
	VerifierKey string // of the journal: every head has to be signed by it
	Store       Store
	Clock       marz.Clock
	Random      func() float64                       // in [0, 1), for the jitter of waits
	After       func(time.Duration) <-chan time.Time // like time.After
	Silence     time.Duration                        // after which a request on which nothing moves is given up; 0 for 30 s. News are waited for two thirds of it
	Least       time.Duration                        // wait after a first failure; 0 for 1 s
	Most        time.Duration                        // wait after many; 0 for 2 min
	Spread      time.Duration                        // within which a follower begins to fetch after news, so that thousands do not at once; 0 for 2 s
	// Until ends the following for good: it is asked before each request, and once it says no, nothing is asked any more. nil: it does not end.
	Until func() bool
	Log   *slog.Logger // nil for none
}

// Following says how far a follower is. Times are of its own clock.
type Following struct {
	Name    string
	Origin  marz.Origin
	Size    int64        // entries that are held and proven
	Known   int64        // size of the newest head that was heard of and is sound
	Heard   marz.Instant // when the origin last said what its newest head is, and all of it was held or could be had
	Error   string       // why the last attempt failed, in words; "" when it did not
	Failing marz.Instant // since when attempts fail
	// Refused says in words what the origin gave that cannot be, while it is so; it was kept as evidence and nothing of it is held. Forked says
	// that it signed two histories: then it is not followed any more, and what it gave before stands.
	Refused string
	Forked  bool
	Ended   bool // Until said so
}

// Behind returns how many entries are known of and not held.
func (f *Following) Behind() int64 { return max(0, f.Known-f.Size) }

// Follower keeps a verified copy of another node's journal, by reading it where it is given (docs/spec/mirror.md §7). It holds nothing that is not proven by a head which
// the journal's key signed and which continues all that is held. A head that does not is kept as evidence, and nothing of it is believed.
type Follower struct {
	cfg     FollowerConfig
	c       *client
	changed atomic.Pointer[chan struct{}]
	wake    chan struct{}
	fetch   sync.Mutex // held while entries or payloads are stored, so that Payload and Run do not cross

	mu     sync.Mutex
	status Following
}

// NewFollower makes a follower; Run starts it. What its store holds of the journal is in Status at once.
func NewFollower(ctx context.Context, cfg FollowerConfig) (*Follower, error) {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&cfg.Silence, 30*time.Second)
	def(&cfg.Least, time.Second)
	def(&cfg.Most, 2*time.Minute)
	def(&cfg.Spread, 2*time.Second)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	c, err := openLine(cfg.Remote, cfg.VerifierKey, cfg.After, cfg.Silence)
	if err != nil {
		return nil, err
	}
	f := &Follower{cfg: cfg, c: c, wake: make(chan struct{}, 1), status: Following{Name: cfg.Remote.Name, Origin: c.origin}}
	f.changed.Store(new(make(chan struct{})))
	st, err := cfg.Store.State(ctx, c.origin)
	if err != nil {
		return nil, err
	}
	f.status.Size, f.status.Known = st.Size, max(st.Size, st.Pending)
	forks, err := cfg.Store.Evidence(ctx, c.origin, EvidenceFork)
	if err != nil {
		return nil, err
	}
	if len(forks) > 0 {
		f.status.Forked, f.status.Refused = true, forkedWords
	}
	return f, nil
}

const forkedWords = "it has signed two histories, and the proof is kept: it is followed no further. Make it known anew under another name, with another key"

// Origin returns the name of the journal that is followed.
func (f *Follower) Origin() marz.Origin { return f.c.origin }

// Status says how far the follower is.
func (f *Follower) Status() Following {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.status
}

// Changed returns a channel that is closed when the status changes next. Who asks for it before he looks at Status misses nothing.
func (f *Follower) Changed() <-chan struct{} { return *f.changed.Load() }

// Wake has a follower that waits after a failure try at once.
func (f *Follower) Wake() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *Follower) set(change func(*Following)) {
	f.mu.Lock()
	before := f.status
	change(&f.status)
	same := before == f.status
	f.mu.Unlock()
	if !same {
		close(*f.changed.Swap(new(make(chan struct{}))))
	}
}

// Run follows until the context ends, Until says so, or the origin is proven to have signed two histories.
func (f *Follower) Run(ctx context.Context) {
	wait := time.Duration(0)
	for ctx.Err() == nil {
		if f.ended() || f.Status().Forked {
			return
		}
		news, err := f.round(ctx)
		if ctx.Err() != nil {
			return
		}
		f.report(err)
		delay := time.Duration(0)
		switch {
		case err != nil:
			wait = min(max(2*wait, f.cfg.Least), f.cfg.Most)
			delay = wait/2 + time.Duration(f.cfg.Random()*float64(wait/2))
		case news: // more may have come meanwhile
			wait = 0
		default: // who does not wait for us is asked again after a while
			wait = 0
			delay = f.cfg.Least + time.Duration(f.cfg.Random()*float64(f.cfg.Least))
		}
		if delay > 0 {
			f.rest(ctx, delay)
		}
	}
}

// rest waits, or until it is woken.
func (f *Follower) rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-f.wake:
	case <-f.cfg.After(d):
	}
}

func (f *Follower) ended() bool {
	if f.cfg.Until == nil || !f.cfg.Until() {
		return false
	}
	f.set(func(s *Following) { s.Ended, s.Error, s.Failing = true, "", 0 })
	return true
}

// report keeps what came of a round.
func (f *Follower) report(err error) {
	now := f.cfg.Clock()
	f.set(func(s *Following) {
		if err == nil {
			if s.Error != "" {
				f.cfg.Log.Info("a journal is followed again", "origin", s.Origin)
			}
			s.Error, s.Failing, s.Heard, s.Refused = "", 0, now, ""
			return
		}
		if s.Error == "" {
			s.Failing = now
		}
		if s.Error != err.Error() {
			f.cfg.Log.Warn("a journal cannot be followed", "origin", s.Origin, "err", err)
		}
		s.Error = err.Error()
	})
}

// round asks for the newest head, waiting for it where there is none, and brings the store to it. news says that there was one.
func (f *Follower) round(ctx context.Context) (news bool, err error) {
	st, held, err := f.held(ctx)
	if err != nil {
		return false, err
	}
	head, same, err := f.ask(ctx, held, st.Payloads >= st.Size && st.Pending <= st.Size)
	if err != nil {
		return false, err
	}
	if !same && head.Size > held.Size && held.Size > 0 {
		f.rest(ctx, time.Duration(f.cfg.Random()*float64(f.cfg.Spread)))
	}
	f.fetch.Lock()
	defer f.fetch.Unlock()
	if !same {
		if err := f.takeIn(ctx, st, held, head); err != nil {
			return false, err
		}
		if err := f.entries(ctx, head); err != nil {
			return false, err
		}
		if err := f.cfg.Store.SetHead(ctx, f.c.origin, HeadRow{head.Size, head.Note}, head.Note); err != nil {
			return false, err
		}
		f.set(func(s *Following) { s.Size = head.Size })
	}
	return !same, f.payloads(ctx)
}

// held returns the state with the newest head that was taken in.
func (f *Follower) held(ctx context.Context) (st State, head journal.Head, err error) {
	if st, err = f.cfg.Store.State(ctx, f.c.origin); err != nil {
		return st, head, err
	}
	var msg []byte
	switch {
	case st.Pending > st.Size:
		msg, err = f.cfg.Store.Pending(ctx, f.c.origin, st.Pending)
	case st.Size > 0:
		msg, err = f.cfg.Store.Head(ctx, f.c.origin)
	default:
		return st, head, nil
	}
	if err == nil {
		head, err = openHead(msg, f.c.origin, f.c.verifier)
	}
	return st, head, err
}
