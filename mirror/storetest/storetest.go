// Package storetest tests that a mirror.Store keeps its promises. Each implementation runs it.
package storetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"marz"
	"marz/mirror"
)

// Make gives an empty database, and returns how to open a store on it. The store is closed before it is opened again, unless shared.
type Make func(t testing.TB) (open func() (mirror.Store, error))

// Run tests a store. shared says that several stores can be open on one database at the same time, as nodes in front of one
// server are.
func Run(t *testing.T, shared bool, fresh Make) {
	t.Run("Model", func(t *testing.T) { testModel(t, fresh) })
	t.Run("Empty", func(t *testing.T) { testEmpty(t, fresh) })
	t.Run("Conflicts", func(t *testing.T) { testConflicts(t, fresh) })
	t.Run("Erasure", func(t *testing.T) { testErasure(t, fresh) })
	t.Run("Large", func(t *testing.T) { testLarge(t, fresh) })
	t.Run("Evidence", func(t *testing.T) { testEvidence(t, fresh) })
	t.Run("AtOnce", func(t *testing.T) { testAtOnce(t, fresh, 1) })
	t.Run("Append", func(t *testing.T) { testAppend(t, fresh) })
	t.Run("AppendRefused", func(t *testing.T) { testAppendRefused(t, fresh) })
	t.Run("AppendRace", func(t *testing.T) { testAppendRace(t, fresh, 1) })
	if shared {
		t.Run("Shared", func(t *testing.T) { testAtOnce(t, fresh, 3) })
		t.Run("AppendShared", func(t *testing.T) { testAppendRace(t, fresh, 3) })
	}
}

// Names of journals, of which one is the beginning of another.
var origins = []marz.Origin{"test/agarak", "test/agarak/2", "test/bagratashen"}

func mustOpen(t testing.TB, open func() (mirror.Store, error)) mirror.Store {
	t.Helper()
	s, err := open()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func testEmpty(t *testing.T, fresh Make) {
	ctx := t.Context()
	s := mustOpen(t, fresh(t))
	defer s.Close()
	o := origins[0]
	if all, err := s.Origins(ctx); err != nil || len(all) != 0 {
		t.Errorf("origins %v, %v", all, err)
	}
	if st, err := s.State(ctx, o); err != nil || st != (mirror.State{}) {
		t.Errorf("state %+v, %v", st, err)
	}
	_, pending := s.Pending(ctx, o, 1)
	_, head := s.Head(ctx, o)
	_, bodies := s.Bodies(ctx, o, []int64{0})
	_, hashes := s.Hashes(ctx, o, []int64{0})
	for what, err := range map[string]error{"pending": pending, "head": head, "bodies": bodies, "hashes": hashes} {
		if marz.CodeOf(err) != marz.NotFound {
			t.Errorf("%s: %v, want not found", what, err)
		}
	}
	if got := read(t, s, o); !got.empty() {
		t.Errorf("an unknown origin holds %+v", got)
	}
	if all, err := s.Origins(ctx); err != nil || len(all) != 0 {
		t.Errorf("asking made the origins %v, %v", all, err)
	}
}

// fill brings an origin to n entries with a head over them.
func fill(t testing.TB, s mirror.Store, o marz.Origin, n int64) {
	t.Helper()
	ctx := context.Background()
	st, err := s.State(ctx, o)
	if err == nil {
		err = s.SetPending(ctx, o, st.Pending, head(n))
	}
	if err == nil {
		_, err = s.AddEntries(ctx, o, rows(o, st.Next, n), nil)
	}
	if err == nil {
		err = s.SetHead(ctx, o, head(n), cosigned(n))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func testConflicts(t *testing.T, fresh Make) {
	ctx := t.Context()
	s := mustOpen(t, fresh(t))
	defer s.Close()
	o := origins[0]
	fill(t, s, o, 10)
	if err := s.SetPending(ctx, o, 10, head(20)); err != nil {
		t.Fatal(err)
	}
	before, _ := s.State(ctx, o)
	_, gap := s.AddEntries(ctx, o, rows(o, 11, 13), nil)
	_, heads := s.AddHeads(ctx, o, 4, []mirror.HeadRow{head(5)})
	_, beyond := s.AddHeads(ctx, o, 0, []mirror.HeadRow{head(5), head(11)})
	_, _, late := s.AddPayloads(ctx, o, 1, 2, nil)
	_, _, far := s.AddPayloads(ctx, o, 0, 11, nil)
	for what, err := range map[string]error{
		"a pending head on an older one":           s.SetPending(ctx, o, 10, head(30)),
		"a pending head on one that is not there":  s.SetPending(ctx, o, 25, head(30)),
		"a pending head that is no larger":         s.SetPending(ctx, o, 20, head(20)),
		"entries after a gap":                      gap,
		"a head over entries that are not there":   s.SetHead(ctx, o, head(11), cosigned(11)),
		"a head that is smaller than the mirror's": s.SetHead(ctx, o, head(9), cosigned(9)),
		"heads after a gap":                        heads,
		"heads beyond the mirror's own":            beyond,
		"payloads after a gap":                     late,
		"payloads beyond the mirror's head":        far,
	} {
		if marz.CodeOf(err) != marz.Conflict {
			t.Errorf("%s: %v, want a conflict", what, err)
		}
	}
	if after, _ := s.State(ctx, o); after != before {
		t.Errorf("refused, and yet the state went from %+v to %+v", before, after)
	}
	if got := read(t, s, o); len(got.rows) != 10 || len(got.heads) != 1 || len(got.payloads) != 0 {
		t.Errorf("refused, and yet written: %+v", got)
	}
	if err := s.SetHead(ctx, o, head(10), []byte("cosigned anew")); err != nil {
		t.Errorf("the same head again: %v", err)
	}
	if note, err := s.Head(ctx, o); err != nil || string(note) != "cosigned anew" {
		t.Errorf("head %q, %v", note, err)
	}
}

func testErasure(t *testing.T, fresh Make) {
	ctx := t.Context()
	open := fresh(t)
	s := mustOpen(t, open)
	o := origins[0]
	fill(t, s, o, 10)
	if mark, refused, err := s.AddPayloads(ctx, o, 0, 4, []mirror.PayloadRow{payload(1), payload(3)}); err != nil || mark != 4 || refused != 0 {
		t.Fatal(mark, refused, err)
	}
	if _, err := s.AddEntries(ctx, o, rows(o, 10, 12), []int64{1, 5}); err != nil { // 5 has not come yet
		t.Fatal(err)
	}
	for range 2 {
		mark, refused, err := s.AddPayloads(ctx, o, 0, 6, []mirror.PayloadRow{payload(1), payload(3), payload(4), payload(5)})
		if err != nil || mark != 6 || refused != 2 {
			t.Errorf("given again: mark %d, %d refused, %v", mark, refused, err)
		}
		if got := read(t, s, o).payloads; len(got) != 2 || got[3] == "" || got[4] == "" {
			t.Errorf("payloads of %v, want 3 and 4", keys(got))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = mustOpen(t, open)
	}
	s.Close()
}

func testLarge(t *testing.T, fresh Make) {
	ctx := t.Context()
	s := mustOpen(t, fresh(t))
	defer s.Close()
	o := origins[0]
	big := mirror.Row{Seq: 0, Body: bytes.Repeat([]byte{0xff, 0, '\''}, 21_845), Hashes: bytes.Repeat([]byte{7}, 32*40)}
	none := mirror.Row{Seq: 1, Body: []byte{}, Hashes: bytes.Repeat([]byte{8}, 32)}
	if next, err := s.AddEntries(ctx, o, []mirror.Row{big, none}, nil); err != nil || next != 2 {
		t.Fatal(next, err)
	}
	if err := s.SetHead(ctx, o, head(2), cosigned(2)); err != nil {
		t.Fatal(err)
	}
	whole := mirror.PayloadRow{Seq: 0, Salt: bytes.Repeat([]byte{9}, 32), Body: bytes.Repeat([]byte{0, 1}, 1<<19)}
	if _, _, err := s.AddPayloads(ctx, o, 0, 2, []mirror.PayloadRow{whole}); err != nil {
		t.Fatal(err)
	}
	bodies, err := s.Bodies(ctx, o, []int64{1, 0, 1})
	if err != nil || len(bodies) != 3 || !bytes.Equal(bodies[1], big.Body) || len(bodies[0]) != 0 || len(bodies[2]) != 0 {
		t.Errorf("bodies are others (%v)", err)
	}
	got := read(t, s, o)
	if got.payloads[0] != text(whole) {
		t.Error("a large payload is another")
	}
	// many rows in one go
	if next, err := s.AddEntries(ctx, o, rows(o, 2, 3000), nil); err != nil || next != 3000 {
		t.Fatal(next, err)
	}
	if got := read(t, s, o); len(got.rows) != 3000 {
		t.Errorf("%d rows", len(got.rows))
	}
	hashes, err := s.Hashes(ctx, o, []int64{2999, 0, 17, 0})
	if err != nil || len(hashes) != 4 || !bytes.Equal(hashes[1], big.Hashes) || !bytes.Equal(hashes[3], big.Hashes) || !bytes.Equal(hashes[2], rows(o, 17, 18)[0].Hashes) {
		t.Errorf("hashes are others (%v)", err)
	}
	if _, err := s.Hashes(ctx, o, []int64{0, 3000}); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("hashes of an entry that is not there: %v", err)
	}
}

func testEvidence(t *testing.T, fresh Make) {
	ctx := t.Context()
	open := fresh(t)
	s := mustOpen(t, open)
	o := origins[1]
	add := func(kind, id string) {
		t.Helper()
		if err := s.AddEvidence(ctx, o, kind, id, []byte(kind+id)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range mirror.KeptEvidence + 5 {
		add("payload", fmt.Sprint(i))
	}
	add("fork", "a")
	add("fork", "b")
	add("fork", "a")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, open)
	defer s.Close()
	forks, err := s.Evidence(ctx, o, "fork")
	if err != nil || len(forks) != 2 || string(forks[0]) != "forka" || string(forks[1]) != "forkb" {
		t.Errorf("forks %q, %v", forks, err)
	}
	all, err := s.Evidence(ctx, o, "payload")
	if err != nil || len(all) != mirror.KeptEvidence || string(all[0]) != "payload0" {
		t.Errorf("%d kept, the first %q, %v", len(all), all[0], err)
	}
	if other, err := s.Evidence(ctx, origins[0], "fork"); err != nil || len(other) != 0 {
		t.Errorf("of another origin: %q, %v", other, err)
	}
}

// testAtOnce lets several callers add the same and overlapping things: all is there once, and no state went backwards.
func testAtOnce(t *testing.T, fresh Make, stores int) {
	ctx := t.Context()
	open := fresh(t)
	all := make([]mirror.Store, stores)
	for i := range all {
		all[i] = mustOpen(t, open)
		defer all[i].Close()
	}
	const end = 400
	var wg sync.WaitGroup
	for w := range 6 {
		s, o := all[w%stores], origins[w/3]
		wg.Go(func() {
			for n := int64(20); n <= end; n += 20 {
				if err := climb(ctx, s, o, n, int64(w%3)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	for _, o := range origins[:2] {
		got := read(t, all[0], o)
		want := mirror.State{Pending: end, Next: end, Size: end, Heads: end, Payloads: end}
		if got.state != want {
			t.Errorf("%s: state %+v, want %+v", o, got.state, want)
		}
		if !slices.EqualFunc(got.rows, rows(o, 0, end), sameRow) {
			t.Errorf("%s: rows are others", o)
		}
		if len(got.heads) != end/20 || len(got.payloads) != end/20 {
			t.Errorf("%s: %d heads, %d payloads", o, len(got.heads), len(got.payloads))
		}
	}
}

// climb brings an origin from n-20 to n beside others that do the same. Conflicts are what is to be expected of them.
func climb(ctx context.Context, s mirror.Store, o marz.Origin, n, shift int64) error {
	expect := func(err error) error {
		if marz.CodeOf(err) == marz.Conflict {
			return nil
		}
		return err
	}
	if err := s.SetPending(ctx, o, n-20, head(n)); err != nil && expect(err) != nil {
		return err
	}
	if _, err := s.AddEntries(ctx, o, rows(o, max(0, n-20-shift), n), nil); err != nil {
		return err
	}
	st, err := s.State(ctx, o)
	if err != nil {
		return err
	}
	if st.Next < n {
		return fmt.Errorf("next is %d after entries up to %d", st.Next, n)
	}
	if err := s.SetHead(ctx, o, head(n), cosigned(n)); err != nil && expect(err) != nil {
		return err
	}
	if _, err := s.AddHeads(ctx, o, n-20, []mirror.HeadRow{head(n)}); err != nil {
		return err
	}
	_, _, err = s.AddPayloads(ctx, o, n-20, n, []mirror.PayloadRow{payload(n - 1)})
	return err
}

func keys(m map[int64]string) []int64 {
	var out []int64
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// testModel runs random calls against the store and a model in memory, with the store closed and opened between them.
func testModel(t *testing.T, fresh Make) {
	rapid.Check(t, func(rt *rapid.T) {
		open := fresh(t)
		s := mustOpen(t, open)
		defer func() { s.Close() }()
		m := map[marz.Origin]*model{}
		for _, o := range origins {
			m[o] = &model{payloads: map[int64]string{}, erased: map[int64]bool{}, heads: map[int64]string{}}
		}
		draw := func(what string, low, high int64) int64 { return rapid.Int64Range(low, high).Draw(rt, what) }
		for range draw("steps", 1, 40) {
			o := rapid.SampledFrom(origins).Draw(rt, "origin")
			if err := m[o].step(rt, s, o, draw); err != nil {
				rt.Fatalf("%s: %v", o, err)
			}
			if draw("reopen", 0, 9) == 0 {
				if err := s.Close(); err != nil {
					rt.Fatal(err)
				}
				s = mustOpen(t, open)
			}
		}
		for _, o := range origins {
			if diff := m[o].differs(read(t, s, o)); diff != "" {
				rt.Fatalf("%s: %s", o, diff)
			}
		}
	})
}
