package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"marz"
	"marz/internal/pgtest"
	"marz/journal"
	"marz/mirror"
	"marz/mirror/pgstore"
	"marz/verify"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const testOrigin marz.Origin = "test/hq"

var policy = strings.Repeat("0", 64)

// world is a store with the key of one headquarters.
type world struct {
	store *shaky
	key   string
	vkey  string
	now   atomic.Int64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	store, err := mirror.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "hq.db"), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return newWorldOn(t, store)
}

func newWorldOn(t *testing.T, store mirror.Store) *world {
	t.Helper()
	w := &world{store: &shaky{Store: store}}
	var err error
	if w.key, w.vkey, err = journal.NewKey(rand.NewChaCha8([32]byte{1}), testOrigin); err != nil {
		t.Fatal(err)
	}
	w.now.Store(1735674600000)
	if err := Create(t.Context(), w.config(0), written(nil, nil), journal.Created{}); err != nil {
		t.Fatal(err)
	}
	return w
}

// config is that of a node whose clock is off by skew.
func (w *world) config(skew int64) Config {
	return Config{Store: w.store, Key: w.key, Clock: func() marz.Instant { return marz.Instant(w.now.Add(1) + skew) }, After: atOnce}
}

func atOnce(time.Duration) <-chan time.Time {
	c := make(chan time.Time, 1)
	c <- time.Time{}
	return c
}

func (w *world) open(t testing.TB, c Config) *Ledger {
	t.Helper()
	l, err := Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func written(public, private any) journal.Draft {
	return journal.Draft{Kind: "test.written", Authority: "am-bg", Under: "marz/own-house", Policy: policy, Public: public, Private: private}
}

// verified holds the journal in the store to the independent checker.
func (w *world) verified(t *testing.T, entries int64) {
	t.Helper()
	var b bytes.Buffer
	if err := mirror.Export(context.Background(), w.store.Store, testOrigin, w.vkey, &b); err != nil {
		t.Fatal(err)
	}
	report, err := verify.BundleAt(context.Background(), bytes.NewReader(b.Bytes()), int64(b.Len()), verify.Options{Key: w.vkey})
	if err != nil || !report.OK() || report.Entries != entries {
		t.Fatalf("%v %+v, want %d entries", err, report, entries)
	}
}

// shaky is a store whose Append meets fates.
type shaky struct {
	mirror.Store
	mu      sync.Mutex
	fate    func() fate // nil: all is well
	late    []func()    // appends that are still on their way though their answer was lost
	failure error       // of a store that has stopped
	older   []byte      // a head that it shows in place of its own
}

type fate int

const (
	well    fate = iota
	refused      // it fails, and nothing is written
	lost         // it is written, and the answer is lost
	late         // the answer is lost, and it may be written later
)

var errLost = errors.New("the connection was lost")

func (s *shaky) Append(ctx context.Context, origin marz.Origin, a mirror.Append) error {
	s.mu.Lock()
	f := well
	if s.fate != nil {
		f = s.fate()
	}
	arrive := s.late
	s.late = nil
	if f == late {
		s.late = append(s.late, func() { s.Store.Append(context.Background(), origin, a) })
	}
	s.mu.Unlock()
	for _, do := range arrive {
		do()
	}
	switch f {
	case refused, late:
		return &marz.Error{Code: marz.Unavailable, Op: "append", Err: errLost}
	case lost:
		if err := s.Store.Append(ctx, origin, a); err != nil {
			return err
		}
		return errLost
	}
	return s.Store.Append(ctx, origin, a)
}

func (s *shaky) Failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failure
}

func (s *shaky) Head(ctx context.Context, origin marz.Origin) ([]byte, error) {
	s.mu.Lock()
	older := s.older
	s.mu.Unlock()
	if older != nil {
		return older, nil
	}
	return s.Store.Head(ctx, origin)
}

// said is the public part of a test's entry.
type said struct {
	Who  string `json:"who"`
	N    int    `json:"n"`
	Seen int    `json:"seen"` // entries folded when the change ran
}

// outcome is what the caller of an Update heard.
type outcome struct {
	who string
	n   int
	err error
}

// racer is a node whose callers append and note what they heard.
type racer struct {
	w      *world
	name   string
	skew   int64
	set    func(*Config)
	folded atomic.Int64
}

func (r *racer) open(t testing.TB) *Ledger {
	r.folded.Store(0)
	c := r.w.config(r.skew)
	c.Tries = 3
	r.set(&c)
	c.Fold = func(e journal.Entry, _ []byte) error {
		if n := r.folded.Add(1) - 1; n != int64(e.Seq) {
			return fmt.Errorf("%s was told seq %d after %d entries", r.name, e.Seq, n)
		}
		return nil
	}
	return r.w.open(t, c)
}

// What several nodes append to one store, with answers lost and appends that arrive late, is there once and in order where the caller was told that it was done, and at most
// once where he was told that it is not known; every change saw all that was before it; and the whole verifies.
func TestRacingNodes(t *testing.T) {
	w := newWorld(t)
	chance := rand.New(rand.NewChaCha8([32]byte{7}))
	w.store.fate = func() fate {
		switch n := chance.IntN(100); {
		case n < 60:
			return well
		case n < 70:
			return refused
		case n < 88:
			return lost
		}
		return late
	}
	heard := race(t, w, 12, func(c *Config) {}, func(int) {})
	w.store.fate = nil
	for _, do := range w.store.late {
		do()
	}
	checkHeard(t, w, heard)
}

// Several nodes with connections of their own append to one PostgreSQL, which is killed under them and comes back.
func TestRacingOnPostgres(t *testing.T) {
	server := pgtest.Start(t)
	url := server.URL(server.Database(t))
	open := func() mirror.Store {
		s, err := pgstore.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	w := newWorldOn(t, open())
	var down sync.RWMutex // who has heard something while the server is down waits before he goes on
	heard := race(t, w, 10, func(c *Config) { c.Store, c.After = open(), time.After }, func(n int) {
		if n == 30 {
			down.Lock()
			defer down.Unlock()
			server.Kill(t)
			server.Restart(t)
			return
		}
		down.RLock()
		defer down.RUnlock()
	})
	checkHeard(t, w, heard)
}

// race lets four nodes with two callers each append, and returns what the callers heard. after is told how many have heard.
func race(t *testing.T, w *world, changes int, set func(*Config), after func(int)) []outcome {
	t.Helper()
	var heard []outcome
	var mu sync.Mutex
	var group sync.WaitGroup
	for i := range 4 {
		r := &racer{w: w, name: fmt.Sprint("node-", i), skew: int64(i-2) * 5000, set: set}
		l := r.open(t)
		for caller := range 2 {
			group.Go(func() {
				who := fmt.Sprint(r.name, "-", caller)
				for n := range changes {
					err := l.Update(t.Context(), func(tx *Tx) error {
						_, err := tx.Append(written(said{who, n, int(r.folded.Load())}, nil))
						if err == nil && n%3 == 0 {
							_, err = tx.Append(written(said{who + "+", n, int(r.folded.Load()) + 1}, words{"note": "something private"}))
						}
						return err
					})
					mu.Lock()
					heard = append(heard, outcome{who, n, err})
					so := len(heard)
					mu.Unlock()
					after(so)
				}
				if err := l.Failure(); err != nil {
					t.Errorf("%s stopped: %v", who, err)
				}
			})
		}
	}
	group.Wait()
	return heard
}

type words map[string]any

func checkHeard(t *testing.T, w *world, heard []outcome) {
	t.Helper()
	l := w.open(t, w.config(0))
	all, err := l.Entries(t.Context(), 1, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	w.verified(t, int64(len(all))+1)
	count, order := map[string]int{}, map[string]int{}
	at := marz.Instant(0)
	for _, e := range all {
		var s said
		if err := json.Unmarshal(e.Public, &s); err != nil {
			t.Fatal(err)
		}
		count[fmt.Sprint(s.Who, s.N)]++
		if s.Seen != int(e.Seq) {
			t.Errorf("seq %d was appended by a change that had seen %d entries", e.Seq, s.Seen)
		}
		if last, ok := order[s.Who]; ok && last >= s.N {
			t.Errorf("%s said %d after %d", s.Who, s.N, last)
		}
		order[s.Who] = s.N
		if e.At < at {
			t.Errorf("seq %d is of %s, before the entry before it", e.Seq, e.At)
		}
		at = e.At
	}
	done := 0
	for _, o := range heard {
		n := count[fmt.Sprint(o.who, o.n)]
		switch {
		case o.err == nil && n != 1:
			t.Errorf("%s was told that %d was recorded, and it is there %d times", o.who, o.n, n)
		case n > 1:
			t.Errorf("%s said %d once, and it is there %d times", o.who, o.n, n)
		case o.err != nil && marz.CodeOf(o.err) != marz.Unavailable:
			t.Errorf("%s heard %v", o.who, o.err)
		case o.err == nil:
			done++
		}
		if o.n%3 == 0 && count[fmt.Sprint(o.who, "+", o.n)] != n {
			t.Errorf("of a change of two entries one is there alone")
		}
	}
	if done < len(heard)/2 {
		t.Errorf("only %d of %d were recorded: nothing was tried", done, len(heard))
	}
}

// An answer that was lost is found out: what is there is done, and what never arrived is said to be not known, and can be done again.
func TestLostAnswer(t *testing.T) {
	for name, fates := range map[string][]fate{"written": {lost}, "not written": {refused, well}, "arrives under the second try": {late, well}, "twice": {lost, refused, well}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			l := w.open(t, w.config(0))
			i := 0
			w.store.fate = func() fate { i++; return append(fates, well)[min(i, len(fates)+1)-1] }
			if err := l.Update(t.Context(), one("x")); err != nil {
				t.Fatal(err)
			}
			if err := l.Update(t.Context(), one("y")); err != nil {
				t.Fatal(err)
			}
			w.verified(t, 3)
		})
	}
	w := newWorld(t)
	l := w.open(t, w.config(0))
	w.store.fate = func() fate { return refused }
	if err := l.Update(t.Context(), one("x")); marz.CodeOf(err) != marz.Unavailable || !errors.Is(err, errLost) {
		t.Fatalf("a database that never answers: %v", err)
	}
	w.store.fate = nil
	if err := l.Update(t.Context(), one("x")); err != nil {
		t.Fatalf("after the database came back: %v", err)
	}
	w.verified(t, 2)
}

func one(who string) func(*Tx) error {
	return func(tx *Tx) error {
		_, err := tx.Append(written(said{Who: who}, words{"who": who}))
		return err
	}
}

// A change that fails leaves nothing, and one that appends what cannot be does not succeed though it hides the error.
func TestChangeFails(t *testing.T) {
	w := newWorld(t)
	l := w.open(t, w.config(0))
	bad := errors.New("no")
	if err := l.Update(t.Context(), func(tx *Tx) error { one("x")(tx); return bad }); !errors.Is(err, bad) {
		t.Fatal(err)
	}
	if err := l.Update(t.Context(), func(tx *Tx) error { tx.Append(journal.Draft{Kind: "nonsense"}); return nil }); err == nil {
		t.Fatal("an entry without an authority was taken")
	}
	w.verified(t, 1)
}

// Instants never run backwards, also where the clock does, or is another node's.
func TestClockBehind(t *testing.T) {
	w := newWorld(t)
	ahead, behind := w.open(t, w.config(60_000)), w.open(t, w.config(-60_000))
	if err := ahead.Update(t.Context(), one("x")); err != nil {
		t.Fatal(err)
	}
	var late bool
	err := behind.Update(t.Context(), func(tx *Tx) error { late = tx.ClockBehind(); return one("y")(tx) })
	if err != nil || !late || behind.At() != ahead.At() {
		t.Fatalf("%v, late %v, at %s after %s", err, late, behind.At(), ahead.At())
	}
	w.verified(t, 3)
}

// An erased payload is gone, and everything still verifies.
func TestErase(t *testing.T) {
	w := newWorld(t)
	l := w.open(t, w.config(0))
	if err := l.Update(t.Context(), one("x")); err != nil {
		t.Fatal(err)
	}
	erase := func(tx *Tx) error {
		_, err := tx.Erase(t.Context(), written(nil, nil), []marz.Seq{1}, "its time is up")
		return err
	}
	if err := l.Update(t.Context(), erase); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Payload(t.Context(), 1); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("the payload: %v", err)
	}
	if err := l.Update(t.Context(), erase); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("erased again: %v", err)
	}
	w.verified(t, 3)
}

// A database that has lost what this node knows, or holds another history, is refused at the start and while the node runs, and is never signed on.
func TestOldDatabaseIsRefused(t *testing.T) {
	for _, running := range []bool{true, false} {
		for _, what := range []string{"older", "other"} {
			t.Run(fmt.Sprint(what, " running ", running), func(t *testing.T) {
				w := newWorld(t)
				c := w.config(0)
				c.Dir = t.TempDir()
				l := w.open(t, c)
				old := slices.Clone(l.Head().Note)
				if err := l.Update(t.Context(), one("x")); err != nil {
					t.Fatal(err)
				}
				c.Store = &shaky{Store: w.store.Store, older: old}
				if what == "other" {
					other := newWorld(t)
					if err := other.open(t, other.config(9)).Update(t.Context(), one("y")); err != nil {
						t.Fatal(err)
					}
					c.Store = other.store
				}
				var err error
				if running {
					l.cfg.Store = c.Store
					err = l.Update(t.Context(), one("z"))
					if l.Failure() == nil {
						t.Error("the node goes on")
					}
				} else {
					l.Close()
					_, err = Open(t.Context(), c)
				}
				if marz.CodeOf(err) != marz.Conflict {
					t.Errorf("%v", err)
				}
			})
		}
	}
}

// After its store has stopped a ledger is told nothing more, and says nothing more is done.
func TestStoreStops(t *testing.T) {
	w := newWorld(t)
	l := w.open(t, w.config(0))
	w.store.fate = func() fate { w.store.failure = errLost; return lost } // it may be in the database, and nobody can know
	if err := l.Update(t.Context(), one("x")); !errors.Is(err, errLost) {
		t.Fatalf("%v", err)
	}
	select {
	case <-l.Failed():
	default:
		t.Fatal("it goes on")
	}
	if err := l.Update(t.Context(), one("y")); marz.CodeOf(err) != marz.Unavailable {
		t.Fatalf("%v", err)
	}
}

// What is not this headquarters' journal is not opened, and none is made over another.
func TestOpenRefuses(t *testing.T) {
	w := newWorld(t)
	if err := Create(t.Context(), w.config(0), written(nil, nil), journal.Created{}); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("made twice: %v", err)
	}
	c := w.config(0)
	c.Key, _, _ = journal.NewKey(rand.NewChaCha8([32]byte{2}), testOrigin)
	if _, err := Open(t.Context(), c); err == nil {
		t.Error("opened with another key")
	}
	c.Key, _, _ = journal.NewKey(rand.NewChaCha8([32]byte{2}), "test/other")
	if _, err := Open(t.Context(), c); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("opened a journal that is not there: %v", err)
	}
}
