package pgstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"marz"
	"marz/internal/pgtest"
	"marz/mirror"
)

// waiting waits until so many sessions of a server wait for the standby.
func waiting(t *testing.T, server *pgtest.Server, many string) {
	t.Helper()
	late := time.After(time.Minute)
	for server.Exec(t, "postgres", `SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND backend_type = 'client backend'`) != many {
		select {
		case <-late:
			t.Fatalf("there are never %s sessions that wait for the standby", many)
		default:
		}
	}
}

// The primary is killed in the midst of a load, and the standby promoted: whatever was acknowledged is there once, in the place that was acknowledged, and the load goes on by itself.
func TestFailOver(t *testing.T) {
	n := newNode(t)
	primary := pgtest.Start(t)
	standby := primary.Standby(t)
	url := primary.URL(primary.Database(t), standby)
	unheard(t, primary, standby, mustOpen(t, url))

	h, remote := listen(t, n, url)
	p := push(t, n, remote)
	stop := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				n.write(t, 1+i%40)
			}
		}
	})
	ledger := newLedger()
	for who := range 3 {
		s := mustOpen(t, url)
		group.Go(func() { ledger.write(s, who, stop) })
	}

	ledger.until(t, 60)
	until(t, p, func(s mirror.Status) bool { return s.Size > 400 })
	primary.Kill(t)
	said, acked := p.Status()[0].Size, ledger.acknowledged()
	standby.Promote(t)
	s := mustOpen(t, url)
	if st, err := s.State(t.Context(), testOrigin); err != nil || st.Size < said {
		t.Errorf("%d entries were cosigned, and the standby has %+v, %v", said, st, err)
	}
	ledger.until(t, acked+60)
	until(t, p, func(s mirror.Status) bool { return s.Size > said+400 })
	close(stop)
	group.Wait()
	whole(t, n, p, h.s)
	ledger.check(t, s)
	silent(t, standby, pgtest.Shared(t))
}

// silent: from a server that holds its connections and says nothing any more a store goes over to the next one that its address names, once somebody has waited long enough.
func silent(t *testing.T, first, second *pgtest.Server) {
	t.Helper()
	const o = "test/second"
	if err := mustOpen(t, second.URL("postgres")).SetPending(t.Context(), o, 0, one(0, "a", false).Head); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, first.URL("postgres", second)+" connect_timeout=1")
	if st, err := s.State(t.Context(), o); err != nil || st.Pending != 0 {
		t.Fatalf("the first server holds %+v, %v", st, err)
	}
	first.Pause(t)
	defer first.Resume(t)
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan error)
	go func() {
		_, err := s.State(ctx, o)
		asked <- err
	}()
	cancel()
	if err := <-asked; !errors.Is(err, context.Canceled) {
		t.Errorf("a server that says nothing: %v", err)
	}
	if st, err := s.State(t.Context(), o); err != nil || st.Pending != 1 {
		t.Errorf("the second server holds %+v, %v", st, err)
	}
}

// unheard: what a primary has committed and its standby has not got is acknowledged to nobody, also not to who finds it there.
func unheard(t *testing.T, primary, standby *pgtest.Server, s *Store) {
	t.Helper()
	const o = "test/unheard"
	rows := one(0, "a", false).Rows
	if err := s.SetPending(t.Context(), o, 0, one(0, "a", false).Head); err != nil {
		t.Fatal(err)
	}
	standby.Pause(t)
	add := func(ctx context.Context) <-chan error {
		done := make(chan error, 1)
		go func() {
			_, err := s.AddEntries(ctx, o, rows, nil)
			done <- err
		}()
		waiting(t, primary, "1")
		return done
	}
	ctx, cancel := context.WithCancel(t.Context())
	given := add(ctx)
	cancel()
	if err := <-given; err == nil {
		t.Error("a commit that waits for the standby was given up, and is acknowledged")
	}
	waiting(t, primary, "0")
	if st, err := s.State(t.Context(), o); err != nil || st.Next != 1 {
		t.Errorf("the case is another: %+v, %v", st, err)
	}
	again := add(t.Context())
	select {
	case err := <-again:
		t.Errorf("what is there is acknowledged (%v) before the standby has it", err)
	default:
	}
	standby.Resume(t)
	if err := <-again; err != nil {
		t.Error(err)
	}
}

// ledger is what several appenders of one journal were told.
type ledger struct {
	mu   sync.Mutex
	word map[int64]string // what was acknowledged at each seq
	more chan struct{}
	bad  []string
}

const ledgerOrigin marz.Origin = "test/hq"

func newLedger() *ledger { return &ledger{word: map[int64]string{}, more: make(chan struct{})} }

// write appends one entry after the other, whoever else does.
func (l *ledger) write(s *Store, who int, stop chan struct{}) {
	ctx := context.Background()
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		st, err := s.State(ctx, ledgerOrigin)
		if err != nil { // the server is gone, and another not there yet
			continue
		}
		word := fmt.Sprintf("%d of %d", i, who)
		err = s.Append(ctx, ledgerOrigin, one(st.Next, word, i%2 == 0))
		l.mu.Lock()
		switch code := marz.CodeOf(err); {
		case err == nil && l.word[st.Next] != "":
			l.bad = append(l.bad, fmt.Sprintf("seq %d was given to %q and %q", st.Next, l.word[st.Next], word))
		case err == nil:
			l.word[st.Next] = word
			close(l.more)
			l.more = make(chan struct{})
		case code != marz.Conflict && code != marz.Unavailable:
			l.bad = append(l.bad, err.Error())
		}
		l.mu.Unlock()
	}
}

func (l *ledger) acknowledged() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.word)
}

// until waits for so many acknowledgements.
func (l *ledger) until(t *testing.T, many int) {
	t.Helper()
	late := time.After(time.Minute)
	for {
		l.mu.Lock()
		n, more := len(l.word), l.more
		l.mu.Unlock()
		if n >= many {
			return
		}
		select {
		case <-more:
		case <-late:
			t.Fatalf("%d appends were acknowledged, and not %d", n, many)
		}
	}
}

// check holds a store to what was acknowledged.
func (l *ledger) check(t *testing.T, s *Store) {
	t.Helper()
	seen := map[string]int64{}
	next := int64(0)
	err := s.Entries(t.Context(), ledgerOrigin, 0, maxSeq, func(r mirror.Row) error {
		word := string(r.Body)
		if before, twice := seen[word]; twice {
			t.Errorf("%q stands at %d and %d", word, before, r.Seq)
		}
		if said := l.word[r.Seq]; r.Seq != next || said != "" && said != word {
			t.Errorf("seq %d is %q, and %q was acknowledged", r.Seq, word, said)
		}
		seen[word], next = r.Seq, r.Seq+1
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for seq, word := range l.word {
		if seq >= next {
			t.Errorf("%q was acknowledged at %d, and is not there", word, seq)
		}
	}
	if st, err := s.State(t.Context(), ledgerOrigin); err != nil || st != (mirror.State{Pending: next, Next: next, Size: next, Heads: next, Payloads: next}) {
		t.Errorf("state %+v, %v, and %d entries", st, err, next)
	}
	for _, bad := range l.bad {
		t.Error(bad)
	}
}
