package hq

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/hq/nation"
	"marz/journal"
	"marz/retention"
	"marz/web"
)

// keeper is a headquarters whose hq.toml proposes to keep everything for three days.
type keeper struct {
	*house
	nodes []*HQ
}

func newKeeper(t *testing.T, nodes int) *keeper {
	k := &keeper{house: newHouse(t)}
	for range nodes {
		k.nodes = append(k.nodes, k.node())
	}
	return k
}

func (k *keeper) node() *HQ {
	q := k.open()
	q.config.Retention = []retention.Rule{{Kinds: []string{keepSearches, keepLookups, keepOfficers, keepRequests}, Days: 3, Law: "an invented law"}}
	return q
}

// boss is the first supervisor, newly signed in.
func (k *keeper) boss() Actor {
	_, a := k.admitted(k.nodes[0], "am-bg/1", marz.RoleSupervisor)
	return a
}

// search is a question about a person, with whom it asks for.
func (k *keeper) search() (seq marz.Seq) {
	k.t.Helper()
	err := k.nodes[0].node(context.Background(), func(n *nodeAct) error {
		seq = n.Next()
		return n.append(nation.KindSearched, nation.Searched{Reason: "court", Nonce: "00", Mark: "00"}, words{"name": "a person who was asked for"})
	})
	if err != nil {
		k.t.Fatal(err)
	}
	return seq
}

// later lets days pass, of which every node sees each.
func (k *keeper) later(days int) {
	k.t.Helper()
	for range days {
		k.now.Add((24 * time.Hour).Milliseconds())
		k.pass()
	}
}

// pass has all nodes look at once, and returns what the first found.
func (k *keeper) pass() *web.RetentionLook {
	k.t.Helper()
	var all sync.WaitGroup
	looks := make([]*web.RetentionLook, len(k.nodes))
	for i, q := range k.nodes {
		all.Go(func() {
			var err error
			if looks[i], err = q.Retain(context.Background()); err != nil {
				k.t.Error(err)
			}
		})
	}
	all.Wait()
	return looks[0]
}

// erased are the seqs that entries say are erased, in the order of these.
func (k *keeper) erased() (out []marz.Seq) {
	k.t.Helper()
	all, err := k.nodes[0].ledger.Entries(context.Background(), 0, int(size(k.t, k.nodes[0])))
	if err != nil {
		k.t.Fatal(err)
	}
	for _, e := range all {
		var gone journal.Erased
		if e.Kind != journal.KindErased {
			continue
		}
		if err := e.Read(nil, &gone, nil); err != nil || e.Under != OwnHouse || !strings.Contains(gone.Why, "an invented law") {
			k.t.Errorf("%+v %v", e, err)
		}
		out = append(out, gone.Seqs...)
	}
	return out
}

func (k *keeper) set() {
	k.t.Helper()
	if err := k.nodes[0].SetSchedule(context.Background(), k.boss(), retention.Digest(k.nodes[0].config.proposed())); err != nil {
		k.t.Fatal(err)
	}
}

// What is due is erased once, however many nodes look at the same instant, as entries; what is held or does not run stays; every proof holds; and a node that folds the journal anew knows what the others know.
func TestHeadquartersErasesOnce(t *testing.T) {
	k := newKeeper(t, 3)
	_, leaver := k.admitted(k.nodes[1], "am-bg/2", marz.RoleOfficer)
	k.later(1)
	first, second := k.search(), k.search()
	k.set()
	q := k.nodes[0]
	if err := q.Hold(t.Context(), k.boss(), second, "court", "file 1"); err != nil {
		t.Fatal(err)
	}
	if err := q.Hold(t.Context(), leaver, first, "court", ""); err == nil {
		t.Error("an officer holds a record")
	}
	if err := q.Dismiss(t.Context(), k.boss(), "am-bg/2"); err != nil {
		t.Fatal(err)
	}
	k.later(2)
	if gone := k.erased(); len(gone) != 0 {
		t.Fatalf("erased before its time: %v", gone)
	}
	k.later(2)
	gone := k.erased()
	if unique := slices.Compact(slices.Sorted(slices.Values(gone))); len(unique) != len(gone) || !slices.Contains(gone, first) || slices.Contains(gone, second) || len(gone) != 4 {
		t.Fatalf("erased: %v, without %d, of which %d is held; a name, a passkey and its counter go with the officer", gone, first, second)
	}
	for _, seq := range gone {
		k.proven(seq)
	}
	fresh := k.node()
	for _, o := range fresh.state.all() {
		if known := q.officer(o.id); !cmp.Equal(*known, o, cmp.AllowUnexported(officer{})) || o.id == "am-bg/2" && o.name != "" {
			t.Errorf("a node that begins anew knows %+v, the others %+v", o, *known)
		}
	}
	if !maps.Equal(fresh.state.keeping.erased, q.state.keeping.erased) || !maps.EqualFunc(fresh.state.keeping.paid, q.state.keeping.paid, func(a, b *paid) bool { return *a == *b }) {
		t.Error("a node that begins anew knows other payloads than the others")
	}
	var standing marz.Seq
	for seq := range q.state.keeping.holds {
		standing = seq
	}
	if err := q.Release(t.Context(), k.boss(), standing, ""); err != nil {
		t.Fatal(err)
	}
	look := k.pass()
	if !slices.Contains(k.erased(), second) || look.Left != 0 || look.Erased != len(k.erased()) {
		t.Errorf("after the release %v are erased, and the report says %+v", k.erased(), look)
	}
	if n := kinds(t, q)[retention.KindPassed]; n < 4 || n > 8 {
		t.Errorf("%d looks are noted", n)
	}
}

// proven checks that an entry's payload is nowhere, and that the entry is proven all the same.
func (k *keeper) proven(seq marz.Seq) {
	k.t.Helper()
	l := k.nodes[0].ledger
	if _, err := l.Payload(context.Background(), seq); marz.CodeOf(err) != marz.NotFound {
		k.t.Errorf("the payload of %d: %v", seq, err)
	}
	_, body, err := l.Entry(context.Background(), seq)
	if err != nil {
		k.t.Fatal(err)
	}
	head := l.Head()
	proof, err := l.ProveInclusion(context.Background(), seq, head.Size)
	if err == nil {
		err = tlog.CheckRecord(proof, head.Size, head.Root, int64(seq), tlog.RecordHash(body))
	}
	if err != nil {
		k.t.Errorf("entry %d is not proven: %v", seq, err)
	}
}

// A clock that leaps ahead erases nothing until a supervisor says that it is right, and what is not in force erases nothing at all.
func TestHeadquartersClockInDoubt(t *testing.T) {
	k := newKeeper(t, 1)
	k.boss()
	seq := k.search()
	k.later(9)
	if gone := k.erased(); len(gone) != 0 {
		t.Fatalf("erased without a schedule: %v", gone)
	}
	k.set()
	k.now.Add((100 * time.Hour).Milliseconds())
	if look := k.pass(); look.Doubt == "" || len(k.erased()) != 0 {
		t.Fatalf("a clock that leapt ahead: %+v, %v", look, k.erased())
	}
	boss := k.boss()
	if err := k.nodes[0].ConfirmClock(t.Context(), boss); err != nil {
		t.Fatal(err)
	}
	if look := k.pass(); look.Doubt != "" || !slices.Equal(k.erased(), []marz.Seq{seq}) {
		t.Errorf("after a supervisor's word: %+v, %v", look, k.erased())
	}
}

// A schedule that names an article or an unknown kind is refused before anything is opened.
func TestHeadquartersScheduleIsChecked(t *testing.T) {
	for what, r := range map[string]retention.Rule{"leave authority and under out": {Kinds: []string{keepSearches}, Days: 3, Law: "x", Under: "treaty/1"}, "is not known": {Kinds: []string{"crossing.passed"}, Days: 3, Law: "x"}, "give 1 to": {Kinds: []string{keepSearches}, Law: "x"}} {
		c := DefaultConfig("am-bg", "", "", "", "")
		c.Retention = []retention.Rule{r}
		if err := c.validate(configFile); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("want %q: %v", what, err)
		}
	}
}
