package handover

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"marz"
	"marz/post"
	"marz/transfer"
)

// race is a node at which both sides' officers work at once while control passes.
type race struct {
	t     *testing.T
	node  *post.Post
	tpl   *template
	now   atomic.Int64 // true time; it goes on with every look at the node's clock
	begun marz.Instant
	steps atomic.Int64 // orders calls and returns
	next  atomic.Int64 // traveller
	mu    sync.Mutex
	ops   []porcupine.Operation
}

// Now is the second source of time, which is always right.
func (r *race) Now() (marz.Instant, error) { return marz.Instant(r.now.Load()), nil }

func (r *race) Name() string { return "gps" }

// newRace opens a copy of the post, in which a transfer is armed for an instant that will come in the middle of what follows.
func newRace(t *testing.T, tpl *template, before int64) *race {
	r := &race{t: t, tpl: tpl, begun: begins}
	dir := filepath.Join(t.TempDir(), "post")
	if err := tpl.write(dir); err != nil {
		t.Fatal(err)
	}
	r.now.Store(int64(begins))
	var err error
	r.node, err = post.Open(t.Context(), post.Options{Dir: dir, Exercise: true, Driver: driverName, Times: []post.TimeSource{r},
		Clock: func() marz.Instant { return marz.Instant(r.now.Add(1)) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.node.Close() })
	digest, err := r.node.Present(t.Context(), tpl.actors["ru-bg/1"], "agarak-1")
	for _, o := range []marz.OfficerID{"ru-bg/1", "am-bg/1"} {
		if err == nil {
			_, err = r.node.SignExercise(t.Context(), tpl.actors[o], transfer.SaysArm, "agarak-1", digest)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	r.now.Store(int64(agreed) - before)
	return r
}

// deed is what an officer asks of the node, and told what he was answered.
type deed struct {
	what string // "scan", "decide", "take" or "pass"
	by   marz.OfficerID
	lane marz.LaneID
	id   marz.InspectionID // of decide
}

type told struct {
	how string            // "done", "repeated", "refused" or "conflict"
	id  marz.InspectionID // of scan
}

func (r *race) do(client int, d deed) told {
	ctx, a := context.Background(), r.tpl.actors[d.by]
	call := r.steps.Add(1)
	var out told
	var err error
	switch d.what {
	case "take":
		err = r.node.OpenLane(ctx, a, d.lane)
	case "scan":
		i, e := r.node.Scan(ctx, a, d.lane, travellers[r.next.Add(1)%int64(len(travellers))], false)
		if err = e; err == nil {
			out.id = i.ID
		}
	case "decide":
		way := marz.Admit
		if d.lane == "2" {
			way = marz.Depart
		}
		i, e := r.node.Decide(ctx, a, d.id, way, "", "")
		if err = e; err == nil && i.Repeated {
			out.how = "repeated"
		}
	}
	switch code := marz.CodeOf(err); {
	case err == nil && out.how == "":
		out.how = "done"
	case err == nil:
	case code == marz.Unauthenticated || code == marz.Forbidden:
		out.how = "refused"
	case code == marz.Conflict || code == marz.NotFound:
		out.how = "conflict"
	default:
		r.t.Errorf("%+v: %v", d, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ops = append(r.ops, porcupine.Operation{ClientId: client, Input: d, Output: out, Call: call, Return: r.steps.Add(1)})
	return out
}

// work lets officers of both sides work at both lanes at once, each at two windows, until the instant is well over.
func (r *race) work(seed uint64) {
	var wg sync.WaitGroup
	var open [2]atomic.Pointer[marz.InspectionID]
	end := int64(agreed) + 150
	for client, o := range []marz.OfficerID{"ru-bg/2", "ru-bg/3", "am-bg/2", "am-bg/3", "ru-bg/2", "ru-bg/3", "am-bg/2", "am-bg/3"} {
		wg.Go(func() {
			choose := rand.New(rand.NewPCG(seed, uint64(client)))
			lane := homes[o]
			at := &open[lane[0]-'1']
			for n := 0; r.now.Load() < end && n < 25; n++ {
				if o.Authority() == incoming && choose.IntN(3) == 0 {
					r.do(client, deed{"take", o, lane, ""})
				}
				if id := at.Load(); id != nil && choose.IntN(5) > 0 {
					r.do(client, deed{"decide", o, lane, *id})
				} else if out := r.do(client, deed{"scan", o, lane, ""}); out.how == "done" {
					at.Store(&out.id)
				}
			}
		})
	}
	wg.Wait()
	r.now.Store(end)
	if err := r.node.Tick(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	r.ops = append(r.ops, porcupine.Operation{ClientId: 8, Input: deed{what: "pass"}, Output: told{how: "done"}, Call: 0, Return: r.steps.Add(1)})
}

// desk is the state of the model: who controls, who holds each lane, the case there, and what has been decided.
type desk struct {
	controller marz.AuthorityID
	seat       [2]marz.OfficerID
	at         [2]marz.InspectionID // the case that was opened last
	decided    string               // ids, each with its officer, in order
}

func (d desk) of(id marz.InspectionID) (by marz.OfficerID, ok bool) {
	for _, f := range strings.Fields(d.decided) {
		if who, is := strings.CutPrefix(f, string(id)+"="); is {
			return marz.OfficerID(who), true
		}
	}
	return "", false
}

// admissions says what a post does one thing at a time: before control passes the outgoing side's officers are obeyed, after it the incoming side's, and each case is decided once.
var admissions = porcupine.Model{
	Init: func() any { return desk{outgoing, [2]marz.OfficerID{"ru-bg/2", "ru-bg/3"}, [2]marz.InspectionID{}, ""} },
	Step: func(state, input, output any) (bool, any) {
		s, d, out := state.(desk), input.(deed), output.(told)
		if d.what == "pass" {
			return s.controller == outgoing, desk{incoming, [2]marz.OfficerID{}, s.at, s.decided}
		}
		if d.by.Authority() != s.controller {
			return out.how == "refused", s
		}
		n := d.lane[0] - '1'
		switch d.what {
		case "take":
			if s.seat[n] != "" && s.seat[n] != d.by {
				return out.how == "conflict", s
			}
			s.seat[n] = d.by
			return out.how == "done", s
		case "scan":
			if _, ended := s.of(s.at[n]); s.seat[n] != d.by || s.at[n] != "" && !ended {
				return out.how == "conflict", s
			}
			s.at[n] = out.id
			return out.how == "done", s
		}
		by, ended := s.of(d.id)
		switch {
		case s.seat[n] != d.by && by != d.by:
			return out.how == "conflict", s
		case ended:
			return out.how == "repeated", s
		}
		s.decided += " " + string(d.id) + "=" + string(d.by)
		return out.how == "done", s
	},
}

// Admissions that race the execution happen one at a time: each before it or after it, and nothing twice. The checker is seen to notice when they do not.
func TestAdmissionsRacingTheExecution(t *testing.T) {
	tpl, err := build(t.Context(), filepath.Join(t.TempDir(), "template"), terms{name: "race", clock: transfer.BySources}, usual, counted)
	if err != nil {
		t.Fatal(err)
	}
	ops, broken := 0, map[string]int{}
	for round := range 8 {
		r := newRace(t, tpl, 40+int64(round)*20)
		r.work(uint64(round))
		ops += len(r.ops)
		if result := porcupine.CheckOperationsTimeout(admissions, r.ops, time.Minute); result != porcupine.Ok {
			t.Errorf("round %d: %v: %s", round, result, describe(r.ops))
			continue
		}
		r.lawful()
		for name, history := range breaks(r.ops) {
			broken[name]++
			if porcupine.CheckOperationsTimeout(admissions, history, time.Minute) != porcupine.Illegal {
				t.Errorf("round %d: the checker does not notice %s", round, name)
			}
		}
	}
	t.Logf("%d operations; histories broken on purpose and noticed: %v", ops, broken)
	for _, name := range []string{"a decision of the outgoing side after the incoming side's first act", "a crossing that is decided twice", "an acknowledged decision that was lost"} {
		if broken[name] == 0 {
			t.Errorf("no round could be broken by %s", name)
		}
	}
}

// lawful holds what the race left in the journal to the same law as every run.
func (r *race) lawful() {
	r.t.Helper()
	entries, err := r.node.Journal().Entries(r.t.Context(), 0, 100_000)
	if err != nil {
		r.t.Fatal(err)
	}
	l := newLaw(r.tpl)
	for _, e := range entries {
		if err := l.take(e, moment{from: r.begun, to: marz.Instant(r.now.Load()), readings: []reading{{"gps", 0, false}}}); err != nil {
			r.t.Fatalf("entry %d %s: %v", e.Seq, e.Kind, err)
		}
	}
	if l.whole != incoming || l.executed != 1 {
		r.t.Fatalf("%s is in control after %d executions", l.whole, l.executed)
	}
	for _, op := range r.ops {
		d, out := op.Input.(deed), op.Output.(told)
		if d.what == "decide" && out.how == "done" && l.cases[d.id].decided == 0 {
			r.t.Fatalf("inspection %s was said to be decided and is not", d.id)
		}
	}
}

// breaks returns histories like the one given that no post may have.
func breaks(ops []porcupine.Operation) map[string][]porcupine.Operation {
	out := map[string][]porcupine.Operation{}
	change := func(name string, i int, how string) {
		broken := slices.Clone(ops)
		broken[i].Output = told{how: how, id: broken[i].Output.(told).id}
		out[name] = broken
	}
	first := int64(1 << 62) // when the incoming side had been obeyed
	for _, op := range ops {
		d, answer := op.Input.(deed), op.Output.(told)
		if d.by.Authority() == incoming && answer.how == "done" {
			first = min(first, op.Return)
		}
	}
	for i, op := range ops {
		d, answer := op.Input.(deed), op.Output.(told)
		switch {
		case d.what != "decide":
		case d.by.Authority() == outgoing && op.Call > first && answer.how == "refused":
			change("a decision of the outgoing side after the incoming side's first act", i, "done")
		case answer.how == "repeated":
			change("a crossing that is decided twice", i, "done")
		case answer.how == "done" && slices.ContainsFunc(ops, func(o porcupine.Operation) bool {
			return o.Input.(deed).what == "scan" && o.Input.(deed).lane == d.lane && o.Output.(told).how == "done" && o.Call > op.Return
		}):
			change("an acknowledged decision that was lost", i, "conflict")
		}
	}
	return out
}

func describe(ops []porcupine.Operation) string {
	slices.SortFunc(ops, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	var b strings.Builder
	for _, op := range ops {
		fmt.Fprintf(&b, "\n%d-%d %+v %+v", op.Call, op.Return, op.Input, op.Output)
	}
	return b.String()
}
