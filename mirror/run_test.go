package mirror

import (
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"marz/journal"
)

func writeText(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// flapping is a line that is up, or down, or swallows what is sent.
type flapping struct {
	line
	down, silent atomic.Bool
}

func (l *flapping) RoundTrip(q *http.Request) (*http.Response, error) {
	switch {
	case l.silent.Load():
		<-q.Context().Done()
		return nil, q.Context().Err()
	case l.down.Load():
		return nil, errLine
	}
	return l.line.RoundTrip(q)
}

// timer hands out waits and lets the test end them.
type timer struct {
	mu    sync.Mutex
	waits []chan time.Time
	asked []time.Duration
	more  chan struct{} // a token when there is another wait
}

func (w *timer) after(d time.Duration) <-chan time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := make(chan time.Time, 1)
	w.waits, w.asked = append(w.waits, c), append(w.asked, d)
	select {
	case w.more <- struct{}{}:
	default:
	}
	return c
}

// fire ends all waits of a length up to some.
func (w *timer) fire(most time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, c := range w.waits {
		if c != nil && w.asked[i] <= most {
			c <- time.Time{}
			w.waits[i] = nil
		}
	}
}

// until waits for something to hold, looking whenever a feed has reported.
func until(t *testing.T, p *Pusher, i int, holds func(Status) bool) Status {
	t.Helper()
	for {
		changed := p.Changed()
		if s := p.Status()[i]; holds(s) {
			return s
		}
		select {
		case <-changed:
		case <-time.After(time.Minute):
			t.Fatalf("it does not come to be: %+v", p.Status()[i])
		}
	}
}

// A feed wakes at a commit, waits ever longer while the line is down, gives a silent line up, and goes on; and one mirror's line is nothing to another's. The node
// writes all the while.
func TestRun(t *testing.T) {
	n := newNode(t)
	am, ru := newPlace(t, n, "am", all), newPlace(t, n, "ru", all)
	bad := &flapping{line: line{am, "node"}}
	tm := &timer{more: make(chan struct{}, 1)}
	p, err := NewPusher(PusherConfig{Journal: n.j, Clock: testClock(), Random: rand.Float64, After: tm.after,
		Targets: []Target{{Remote: am.remote(bad), Entitled: all}, {Remote: ru.remote(&line{ru, "node"})}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); p.Run(ctx) }()
	whole := func(s Status) bool { return s.Whole && s.Size == n.j.Head().Size }
	until(t, p, 0, whole)
	for range 20 { // no wait is ended here: commits alone wake the feeds
		n.write(t, "am-bg", 3)
		until(t, p, 0, whole)
		until(t, p, 1, whole)
	}
	bad.down.Store(true)
	n.write(t, "am-bg", 1)
	s := until(t, p, 0, func(s Status) bool { return s.Error != "" })
	if s.Whole || s.Failing == 0 || s.Size != n.j.Head().Size-1 {
		t.Errorf("status %+v", s)
	}
	until(t, p, 1, whole)
	bad.silent.Store(true)
	p.Wake()
	bad.down.Store(false)
	for range 3 { // it is given up after the silence, again and again, and each time waited for longer
		tm.fire(time.Hour)
		n.write(t, "am-bg", 1)
		until(t, p, 1, whole)
	}
	bad.silent.Store(false)
	for changed := p.Changed(); !whole(p.Status()[0]); changed = p.Changed() {
		tm.fire(time.Hour)
		p.Wake()
		select {
		case <-changed:
		case <-tm.more:
		}
	}
	cancel()
	<-ended
	equal(t, n, am, n.j.Head().Size, all)
	equal(t, n, ru, n.j.Head().Size, nil)
}

// Waits after failures double up to a bound, and are spread.
func TestBackoff(t *testing.T) {
	n := newNode(t)
	am := newPlace(t, n, "am", all)
	dead := &flapping{line: line{am, "node"}}
	dead.down.Store(true)
	waits := make(chan time.Duration)
	silence := 77 * time.Hour
	fire := make(chan time.Time)
	p, err := NewPusher(PusherConfig{Journal: n.j, Clock: testClock(), Random: func() float64 { return 0.5 }, Silence: silence,
		After: func(d time.Duration) <-chan time.Time {
			if d == silence { // of a request
				return nil
			}
			waits <- d
			return fire
		}, Targets: []Target{{Remote: am.remote(dead)}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); p.Run(ctx) }()
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 120, 120} {
		if got := <-waits; got != want*time.Second*3/4 {
			t.Errorf("wait %d is %v, want three quarters of %v", i, got, want*time.Second)
		}
		if i == 3 {
			n.write(t, "am-bg", 1) // a commit does not end a wait
		}
		fire <- time.Time{}
	}
	dead.down.Store(false)
	<-waits
	fire <- time.Time{}
	if got := <-waits; got != 5*time.Minute {
		t.Errorf("after it was reached again it waits %v", got)
	}
	cancel()
	<-ended
}

// The feed ends at exactly the entry that it is told, also when the mirror is far behind, the head it hears of next covers more, and the node starts anew; what comes
// later is never sent, not even the size of it.
func TestFeedEnds(t *testing.T) {
	n := newNode(t)
	n.write(t, "am-bg", 700)
	ru := newPlace(t, n, "ru", all)
	var end atomic.Int64
	target := Target{Remote: ru.remote(&line{ru, "node"}), Entitled: all, Until: func() (int64, bool) { return end.Load(), end.Load() > 0 }}
	p := newPusher(t, n, target)
	p.push(t)
	if p.Status()[0].Ended {
		t.Error("it has ended before its end")
	}
	n.write(t, "am-bg", 500)
	err := n.j.Update(t.Context(), func(tx *journal.Tx) error {
		e, err := tx.Append(draft("ru-bg", words{"executed": true}, nil))
		tx.Seal()
		end.Store(int64(e.Seq) + 1)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	n.write(t, "am-bg", 900)
	for range 2 {
		p.push(t)
		equal(t, n, ru, end.Load(), all)
		if st, _ := ru.s.State(t.Context(), testOrigin); st.Pending != end.Load() || st.Next != end.Load() {
			t.Errorf("state %+v, the end is %d", st, end.Load())
		}
		if s := p.Status()[0]; !s.Ended || s.Size != end.Load() {
			t.Errorf("status %+v", s)
		}
		n.j.Close()
		n.start(t)
		n.write(t, "am-bg", 3)
		p = newPusher(t, n, target)
	}
}

// Payloads that a mirror was not entitled to are given when it is, from where the caller says.
func TestOffer(t *testing.T) {
	n := newNode(t)
	n.write(t, "am-bg", 20)
	am := newPlace(t, n, "am", all)
	var may atomic.Bool
	p := newPusher(t, n, Target{Remote: am.remote(&line{am, "node"}), Entitled: func(journal.Entry) bool { return may.Load() }})
	p.push(t)
	equal(t, n, am, 21, nil)
	may.Store(true)
	p.push(t)
	equal(t, n, am, 21, nil)
	p.Offer("am", 9)
	p.push(t)
	equal(t, n, am, 21, func(e journal.Entry) bool { return e.Seq >= 9 })
	p.Offer("am", 0)
	p.push(t)
	equal(t, n, am, 21, all)
}

// Over a real line with mutual TLS: the node's key is let in, another is not.
func TestMutualTLS(t *testing.T) {
	n := newNode(t)
	n.write(t, "am-bg", 1000)
	am := newPlace(t, n, "am", all)
	remote := am.listen(t)
	newPusher(t, n, Target{Remote: remote, Entitled: all}).push(t)
	equal(t, n, am, 1001, all)
	closed := am.of
	closed.Clients = nil
	if err := am.r.SetOrigins([]Origin{closed}); err != nil {
		t.Fatal(err)
	}
	if err := newPusher(t, n, Target{Remote: remote}).feeds[0].round(t.Context()); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("a key that is no longer the node's: %v", err)
	}
}
