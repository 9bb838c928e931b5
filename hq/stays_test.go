package hq

import (
	"testing"
	"time"

	"marz"
	"marz/inspection"
	"marz/journal"
	"marz/release"
)

// Posts are given what is known of stays by itself: all of it first, then what is new, all of it again when a node lacks what the last part led on from, and once however many nodes there are.
func TestStaysAreGiven(t *testing.T) {
	h := newHouse(t)
	q, beside := h.open(), h.open()
	s := h.serve(q)
	id, err := ReadIdentity(h.dir)
	if err != nil {
		t.Fatal(err)
	}
	o := newOutpost(t, "agarak", h.clock, 3)
	o.described()
	if err := q.AddNode(t.Context(), o.id); err != nil {
		t.Fatal(err)
	}
	o.addr.Store(&s.nodes)
	pusher := o.push(id, func(journal.Entry) bool { return true })
	for _, n := range []*HQ{q, beside} {
		n.config.Stay = inspection.StayRule{Days: 180, Window: 365, Exempt: []string{"ARM"}}
	}
	given := func(n *HQ) *release.Release {
		t.Helper()
		if err := n.GiveStays(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := q.ledger.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		chain := q.staysChain()
		return chain[len(chain)-1]
	}
	first := given(q)
	if first.Stays.From != "" || !first.Inline {
		t.Fatalf("the first is %+v", first)
	}
	if again := given(beside); again.Seq != first.Seq {
		t.Errorf("another node gave it again at once, by entry %d", again.Seq)
	}
	o.crossing("am-bg", marz.EntryDirection, "A1234567")
	o.whole(pusher)
	h.now.Add(int64(4 * time.Hour / time.Millisecond))
	second := given(q)
	if second.Seq == first.Seq || second.Stays.From != first.Stays.Version {
		t.Fatalf("what is new is %+v", second.Stays)
	}
	h.now.Add(int64(4 * time.Hour / time.Millisecond))
	third := given(beside) // it has not the file that the second was
	if third.Stays.From != "" {
		t.Errorf("from a node without it %+v leads on", third.Stays)
	}
}
