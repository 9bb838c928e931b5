package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"marz"
	"marz/mirror"
)

// appending is what brings an origin from one size to another, every third entry with a payload.
func appending(o marz.Origin, from, to int64, erase ...int64) mirror.Append {
	a := mirror.Append{Old: from, Rows: rows(o, from, to), Erase: erase, Head: head(to)}
	for seq := from; seq < to; seq++ {
		if seq%3 == 0 {
			a.Payloads = append(a.Payloads, payload(seq))
		}
	}
	return a
}

// even is the state of an origin that only Append writes.
func even(n int64) mirror.State {
	return mirror.State{Pending: n, Next: n, Size: n, Heads: n, Payloads: n}
}

// What was appended is read back by every other method, also after a restart, without what was erased in the same transaction.
func testAppend(t *testing.T, fresh Make) {
	ctx := t.Context()
	open := fresh(t)
	s := mustOpen(t, open)
	o := origins[1]
	for _, a := range []mirror.Append{appending(o, 0, 1), appending(o, 1, 10), appending(o, 10, 12, 3, 9, 4), appending(o, 12, 2000, 12, 3)} {
		if err := s.Append(ctx, o, a); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, open)
	defer s.Close()
	got := read(t, s, o)
	if got.state != even(2000) || !slices.EqualFunc(got.rows, rows(o, 0, 2000), sameRow) {
		t.Errorf("state %+v, %d rows", got.state, len(got.rows))
	}
	if want := []int64{1, 10, 12, 2000}; !slices.Equal(keys(got.heads), want) {
		t.Errorf("heads of sizes %v, want %v", keys(got.heads), want)
	}
	if have := keys(got.payloads); len(have) != 667-3 || !slices.Equal(have[:3], []int64{0, 6, 15}) {
		t.Errorf("%d payloads, the first of %v", len(have), have[:3])
	}
	own, err := s.Head(ctx, o)
	pending, err2 := s.Pending(ctx, o, 2000)
	if err != nil || err2 != nil || string(own) != string(head(2000).Note) || string(pending) != string(own) {
		t.Errorf("head %q, %v; pending %q, %v", own, err, pending, err2)
	}
	if bodies, err := s.Bodies(ctx, o, []int64{1999}); err != nil || string(bodies[0]) != string(rows(o, 1999, 2000)[0].Body) {
		t.Errorf("body %q, %v", bodies, err)
	}
	if all, err := s.Origins(ctx); err != nil || !slices.Equal(all, origins[1:2]) {
		t.Errorf("origins %v, %v", all, err)
	}
	if _, refused, err := s.AddPayloads(ctx, o, 0, 13, []mirror.PayloadRow{payload(3), payload(4), payload(12)}); err != nil || refused != 3 {
		t.Errorf("erased payloads come again: %d refused, %v", refused, err)
	}
}

// What does not follow what is there is a conflict, what is not whole is invalid, and neither writes anything.
func testAppendRefused(t *testing.T, fresh Make) {
	ctx := t.Context()
	s := mustOpen(t, fresh(t))
	defer s.Close()
	kept, mirrored, ahead := origins[0], origins[1], origins[2]
	if err := s.Append(ctx, kept, appending(kept, 0, 10)); err != nil {
		t.Fatal(err)
	}
	fill(t, s, mirrored, 10) // its heads and payloads are still to come
	if err := s.SetPending(ctx, ahead, 0, head(5)); err != nil {
		t.Fatal(err)
	}
	changed := func(change func(*mirror.Append)) mirror.Append {
		a := appending(kept, 10, 13)
		change(&a)
		return a
	}
	for what, c := range map[string]struct {
		o    marz.Origin
		a    mirror.Append
		want marz.Code
	}{
		"the same again":                      {kept, appending(kept, 0, 10), marz.Conflict},
		"another history":                     {kept, appending(kept, 0, 20), marz.Conflict},
		"on what another replaced":            {kept, appending(kept, 9, 11), marz.Conflict},
		"after a gap":                         {kept, appending(kept, 11, 12), marz.Conflict},
		"to a journal mirrored from a node":   {mirrored, appending(mirrored, 10, 12), marz.Conflict},
		"where a head waits for its entries":  {ahead, appending(ahead, 0, 5), marz.Conflict},
		"nothing":                             {kept, mirror.Append{Old: 10, Head: head(10)}, marz.Invalid},
		"a head over more":                    {kept, changed(func(a *mirror.Append) { a.Head = head(14) }), marz.Invalid},
		"a head over less":                    {kept, changed(func(a *mirror.Append) { a.Head = head(12) }), marz.Invalid},
		"rows that leave one out":             {kept, changed(func(a *mirror.Append) { a.Rows[1].Seq = 12 }), marz.Invalid},
		"a payload of an entry before":        {kept, changed(func(a *mirror.Append) { a.Payloads = []mirror.PayloadRow{payload(1)} }), marz.Invalid},
		"payloads out of order":               {kept, changed(func(a *mirror.Append) { a.Payloads = []mirror.PayloadRow{payload(12), payload(11)} }), marz.Invalid},
		"erasing what the head does not hold": {kept, changed(func(a *mirror.Append) { a.Erase = []int64{13} }), marz.Invalid},
	} {
		before := read(t, s, c.o)
		if err := s.Append(ctx, c.o, c.a); marz.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", what, err, c.want)
		}
		if after := read(t, s, c.o); after.state != before.state || len(after.rows) != len(before.rows) || len(after.heads) != len(before.heads) || len(after.payloads) != len(before.payloads) {
			t.Errorf("%s: refused, and yet the state went from %+v to %+v", what, before.state, after.state)
		}
	}
}

// testAppendRace lets several appenders, each with entries of its own, race for every size: exactly one wins each, and what is read is the winners' word.
func testAppendRace(t *testing.T, fresh Make, stores int) {
	ctx := t.Context()
	open := fresh(t)
	all := make([]mirror.Store, stores)
	for i := range all {
		all[i] = mustOpen(t, open)
		defer all[i].Close()
	}
	const end, appenders = 60, 6
	o := origins[0]
	var mu sync.Mutex
	winners := map[int64][]int{}
	var group sync.WaitGroup
	for who := range appenders {
		s := all[who%stores]
		group.Go(func() {
			for n := int64(0); n < end; {
				won, err := tryAppend(ctx, s, o, n, who)
				if err != nil {
					t.Error(err)
					return
				}
				if won {
					mu.Lock()
					winners[n] = append(winners[n], who)
					mu.Unlock()
				}
				st, err := s.State(ctx, o)
				if err != nil || st.Next <= n {
					t.Errorf("next is %d after size %d was fought for (%v)", st.Next, n, err)
					return
				}
				n = st.Next
			}
		})
	}
	group.Wait()
	got := read(t, all[0], o)
	if got.state != even(end) || len(got.rows) != end || len(got.payloads) != end || len(got.heads) != end {
		t.Fatalf("state %+v, %d rows, %d payloads, %d heads", got.state, len(got.rows), len(got.payloads), len(got.heads))
	}
	for n := range int64(end) {
		if len(winners[n]) != 1 {
			t.Errorf("size %d was won by %v", n, winners[n])
			continue
		}
		word := fmt.Sprintf("%d by %d", n, winners[n][0])
		if string(got.rows[n].Body) != word || got.heads[n+1] != word || got.payloads[n] != text(mirror.PayloadRow{Salt: payload(n).Salt, Body: []byte(word)}) {
			t.Errorf("seq %d was appended as %q and reads %q, %q, %q", n, word, got.rows[n].Body, got.heads[n+1], got.payloads[n])
		}
	}
}

// tryAppend appends one entry that names who appended it. Losing is no error.
func tryAppend(ctx context.Context, s mirror.Store, o marz.Origin, n int64, who int) (won bool, err error) {
	word := fmt.Appendf(nil, "%d by %d", n, who)
	p := payload(n)
	p.Body = word
	err = s.Append(ctx, o, mirror.Append{Old: n, Rows: []mirror.Row{{Seq: n, Body: word, Hashes: make([]byte, 32)}}, Payloads: []mirror.PayloadRow{p},
		Head: mirror.HeadRow{Size: n + 1, Note: word}})
	if marz.CodeOf(err) == marz.Conflict {
		return false, nil
	}
	return err == nil, err
}
