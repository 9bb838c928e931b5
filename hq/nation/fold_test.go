package nation_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz"
	"marz/hq/nation"
)

func sortLines(lines []string) { slices.Sort(lines) }

var lanes = []marz.Lane{{ID: "1", Direction: marz.EntryDirection, Flow: "persons"}, {ID: "2", Direction: marz.ExitDirection, Flow: "persons"}}

// TestFoldIsTheSameInAnyPieces holds the law of the index: however entries and payloads came, in which pieces they were folded, and how many nodes folded at once, the tables are those of one fold of all.
func TestFoldIsTheSameInAnyPieces(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		for seed := range map[string]uint64{"sqlite": 4, "postgresql": 2}[d.name] {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 1))
				w := newWorld(t)
				posts := []*node{w.post("agarak", lanes...), w.post("bavra", lanes...)}
				for _, n := range posts {
					n.happen(r, 300)
					n.cosign(1, 0)
				}
				db, dialect := d.open(t)
				nodes := []*nation.Index{w.index(db, dialect), w.index(db, dialect), w.index(db, dialect)}
				for i, x := range nodes {
					x.FoldBy(int64(23 + 40*i))
				}
				fold(t, nodes[0]) // so that the posts have the same numbers in both
				for range 6 {
					for _, n := range posts {
						size := int64(len(n.rows))
						entries := min(size, n.given+r.Int64N(size/3))
						n.cosign(entries, min(entries, n.paid+r.Int64N(size/3)))
					}
					foldAtOnce(t, nodes)
				}
				for _, n := range posts {
					n.all()
				}
				foldAtOnce(t, nodes)
				whole, dialect := d.open(t)
				fold(t, w.index(whole, dialect))
				want := dump(t, whole)
				if diff := cmp.Diff(want, dump(t, db)); diff != "" {
					t.Errorf("in pieces it is another index (-whole +pieces):\n%s", diff)
				}
				if err := nodes[0].Rebuild(t.Context()); err != nil {
					t.Fatal(err)
				}
				fold(t, nodes[1])
				if diff := cmp.Diff(want, dump(t, db)); diff != "" {
					t.Errorf("rebuilt it is another index (-whole +rebuilt):\n%s", diff)
				}
				checkCounters(t, w, want)
			})
		}
	})
}

func foldAtOnce(t *testing.T, nodes []*nation.Index) {
	t.Helper()
	var wait sync.WaitGroup
	for _, x := range nodes {
		wait.Go(func() {
			if _, err := x.Fold(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
}

// checkCounters counts crossings from the entries themselves, naively.
func checkCounters(t *testing.T, w *world, dumped string) {
	t.Helper()
	decided := 0
	for _, n := range w.nodes {
		ended := map[string]bool{}
		for _, r := range n.rows {
			body := string(r.Body)
			_, id, _ := strings.Cut(body, `"inspection":"`)
			id, _, _ = strings.Cut(id, `"`)
			if strings.Contains(body, `"kind":"crossing.decided"`) && !ended[id] {
				decided++
			}
			if strings.Contains(body, `"kind":"crossing.decided"`) || strings.Contains(body, `"kind":"inspection.withdrawn"`) {
				ended[id] = true
			}
		}
	}
	byGrain := map[int]int{}
	for line := range strings.Lines(dumped) {
		var grain, n int
		_, count, _ := strings.Cut(line, " n=")
		if k, _ := fmt.Sscanf(line, " grain=%d", &grain); k == 1 {
			if _, err := fmt.Sscan(count, &n); err != nil {
				t.Fatal(line)
			}
			byGrain[grain] += n
		}
	}
	want := map[int]int{1: decided, 2: decided, 3: decided, 4: decided}
	if diff := cmp.Diff(want, byGrain); diff != "" || decided == 0 {
		t.Errorf("decided and counted, by grain:\n%s", diff)
	}
}

// TestErasureReachesTheIndex holds that what came from a payload goes with it, also from the counters, whether the payload was folded before its erasure or comes after.
func TestErasureReachesTheIndex(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		w := newWorld(t)
		n := w.post("agarak", lanes...)
		first, _ := n.cross(invented(1), marz.EntryDirection)
		second, _ := n.cross(invented(2), marz.EntryDirection)
		db, dialect := d.open(t)
		x := w.index(db, dialect)
		n.cosign(int64(len(n.rows)), first+1)
		fold(t, x)
		held := dump(t, db)
		if !strings.Contains(held, "person=") || !strings.Contains(held, "nationality=IRN") || strings.Contains(held, "nationality=GEO") {
			t.Fatalf("the payload that is there was not folded, or one that is not:\n%s", held)
		}
		n.add("payload.erased", "am-bg/0101", words{"seqs": []int64{first, second}, "why": "schedule"}, nil)
		n.all()
		fold(t, x)
		after := dump(t, db)
		for _, personal := range []string{"person=", "document=", "stay=", "IRN", "GEO"} {
			if strings.Contains(after, personal) {
				t.Errorf("%s is there after the erasure:\n%s", personal, after)
			}
		}
		if !strings.Contains(after, "n=2") {
			t.Errorf("the crossings are not counted any more:\n%s", after)
		}
	})
}

// TestNothingPersonalInTheIndex looks for what a payload holds in every column of every table.
func TestNothingPersonalInTheIndex(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		w := newWorld(t)
		n := w.post("agarak", lanes...)
		p := invented(3)
		n.cross(p, marz.EntryDirection)
		n.all()
		db, dialect := d.open(t)
		fold(t, w.index(db, dialect))
		all := dump(t, db)
		for _, personal := range []string{p.Primary, p.number, p.Birth, "GIVEN"} {
			if strings.Contains(all, personal) {
				t.Errorf("%q stands in the index", personal)
			}
		}
	})
}

// TestOddEntries holds that entries which no sound post would write stop nothing and are counted.
func TestOddEntries(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		w := newWorld(t)
		n := w.post("agarak", lanes...)
		n.add("inspection.opened", "am-bg/0101", words{"lane": "1", "direction": "sideways"}, nil)
		n.add("crossing.decided", "am-bg/0101", words{"inspection": "999999", "decision": "admit"}, nil)
		n.add("crossing.decided", "am-bg/0101", words{"inspection": "not a number"}, nil)
		n.add("list.loaded", "am-bg/0101", words{"list": 7}, nil)
		n.add("list.loaded", "am-bg/0101", words{"list": "a\x00b", "name": "zero"}, nil)
		n.add("transfer.armed", "am-bg/0101", words{"id": 7}, nil)
		id, _ := n.cross(invented(1), marz.EntryDirection)
		n.decide(id, marz.EntryDirection, marz.Refuse)
		n.add("inspection.opened", "am-bg/0101", words{"lane": "2", "direction": "exit", "verdict": "clear", "hits": 0}, "no object")
		n.all()
		db, dialect := d.open(t)
		x := w.index(db, dialect)
		fold(t, x)
		b, err := x.Nation(t.Context(), nation.Question{Now: start + 3600e3, Days: 1})
		if err != nil {
			t.Fatal(err)
		}
		if p := b.Posts[0]; p.Odd != 5 || p.Count != 1 || p.Refused != 0 || p.Open != 1 || p.Missing != 0 {
			t.Errorf("%+v", p)
		}
	})
}

// TestPayloadsThatComeLater holds that what a mirror may have only later is folded when the index is told, once.
func TestPayloadsThatComeLater(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		w := newWorld(t)
		n := w.post("agarak", lanes...)
		n.happen(rand.New(rand.NewPCG(9, 9)), 60)
		all := n.payloads
		n.payloads = nil
		n.all() // the node gives none of these
		db, dialect := d.open(t)
		x := w.index(db, dialect)
		fold(t, x)
		if bare := dump(t, db); strings.Contains(bare, "person=") {
			t.Fatal(bare)
		}
		n.payloads, n.paid = all, 0
		n.all()
		for range 2 {
			if err := x.Again(t.Context(), n.origin, 0); err != nil {
				t.Fatal(err)
			}
			fold(t, x)
		}
		whole, dialect := d.open(t)
		fold(t, w.index(whole, dialect))
		if diff := cmp.Diff(dump(t, whole), dump(t, db)); diff != "" {
			t.Errorf("(-whole +later):\n%s", diff)
		}
	})
}
