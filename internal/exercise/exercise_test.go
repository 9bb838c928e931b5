package exercise

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"marz"
	"marz/inspection"
	"marz/internal/sim"
	"marz/journal"
	"marz/post"
)

func runTo(t *testing.T, seed uint64, perHour float64, until marz.Instant) (*Report, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "exercise")
	e, err := Open(t.Context(), Options{Dir: dir, Seed: seed, PerHour: perHour, Wall: func() marz.Instant { return marz.InstantOf(time.Now()) }, Rand: rand.NewChaCha8([32]byte{byte(seed)})})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.RunUntil(t.Context(), until); err != nil {
		t.Fatal(err)
	}
	r, err := e.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r, dir
}

// A night over the passing of control: both authorities worked, each in its time, and the independent checker agrees.
func TestTheNightControlPasses(t *testing.T) {
	r, dir := runTo(t, 3, 400, Start.Add(40*time.Minute))
	if !r.Verified || len(r.Problems) > 0 {
		t.Fatalf("not verified: %+v", r.Problems)
	}
	if r.Authority["ru-bg"] == 0 || r.Authority["am-bg"] == 0 || r.Crossings != r.Authority["ru-bg"]+r.Authority["am-bg"] {
		t.Errorf("crossings by authority %v of %d", r.Authority, r.Crossings)
	}
	if len(r.Lane) < 6 || r.Decision[marz.Admit] == 0 || r.Decision[marz.Depart] == 0 {
		t.Errorf("lanes %v, decisions %v", r.Lane, r.Decision)
	}
	checkOrder(t, dir)
}

// checkOrder reads the journal as anyone may: no act of ru-bg follows the passing of control, no crossing is doubled.
func checkOrder(t *testing.T, dir string) {
	t.Helper()
	clock := sim.NewClock(Start.Add(time.Hour))
	p, err := post.Open(t.Context(), post.Options{Dir: dir, Clock: clock.Now, Exercise: true})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	entries, err := p.Journal().Entries(t.Context(), 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var passed *journal.Entry
	decided := map[string]bool{}
	for i, e := range entries {
		switch {
		case e.Kind == post.KindControl && e.Authority == "am-bg":
			if passed != nil || e.At != Start.Add(10*time.Minute) {
				t.Errorf("control passed at %v", e.At)
			}
			passed = &entries[i]
		case e.Authority == "ru-bg" && passed != nil:
			t.Errorf("seq %d %s by ru-bg after control passed at %d", e.Seq, e.Kind, passed.Seq)
		case e.Authority == "am-bg" && passed == nil:
			t.Errorf("seq %d %s by am-bg before", e.Seq, e.Kind)
		}
		if e.Kind == post.KindDecided {
			var d struct {
				Inspection string `json:"inspection"`
			}
			if err := json.Unmarshal(e.Public, &d); err != nil || decided[d.Inspection] {
				t.Errorf("seq %d decides %s again (%v)", e.Seq, d.Inspection, err)
			}
			decided[d.Inspection] = true
		}
	}
	if passed == nil {
		t.Error("control never passed")
	}
}

// One seed gives one journal, to the last byte.
func TestSameSeedSameHead(t *testing.T) {
	a, _ := runTo(t, 5, 300, Start.Add(20*time.Minute))
	b, _ := runTo(t, 5, 300, Start.Add(20*time.Minute))
	if d := cmp.Diff(a, b); d != "" {
		t.Error(d)
	}
	if c, _ := runTo(t, 6, 300, Start.Add(20*time.Minute)); c.Head == a.Head {
		t.Error("another seed gives the same head")
	}
}

func TestAnExerciseGoesOn(t *testing.T) {
	r, dir := runTo(t, 7, 300, Start.Add(5*time.Minute))
	wall := func() marz.Instant { return marz.InstantOf(time.Now()) }
	e, err := Open(t.Context(), Options{Dir: dir, Seed: 8, PerHour: 300, Wall: wall})
	if err != nil {
		t.Fatal(err)
	}
	if e.Clock.Now() < Start.Add(4*time.Minute) {
		t.Errorf("the clock went back to %v", e.Clock.Now())
	}
	if err := e.RunUntil(t.Context(), Start.Add(9*time.Minute)); err != nil {
		t.Fatal(err)
	}
	more, err := e.Finish(t.Context())
	if err != nil || !more.Verified || more.Crossings <= r.Crossings {
		t.Errorf("%+v, %v", more, err)
	}
}

// A cancelled run stops where it is, and the folder verifies.
func TestCancelledRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "exercise")
	e, err := Open(t.Context(), Options{Dir: dir, PerHour: 300, Wall: func() marz.Instant { return marz.InstantOf(time.Now()) }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.RunUntil(ctx, Start.Add(time.Hour)); err == nil {
		t.Error("a cancelled run ended well")
	}
	if r, err := e.Finish(t.Context()); err != nil || !r.Verified {
		t.Errorf("%+v, %v", r, err)
	}
}

// Somebody at a browser may close or take any lane: the exercise goes on, and comes back to the lane later.
func TestSomebodyClosesALane(t *testing.T) {
	e, err := Open(t.Context(), Options{Dir: filepath.Join(t.TempDir(), "exercise"), Seed: 1, PerHour: 900, Wall: func() marz.Instant { return marz.InstantOf(time.Now()) }})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.RunUntil(t.Context(), Start.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	_, boss, err := e.Post.SignInExercise(t.Context(), "ru-bg/0001")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range e.floor.lanes {
		if err := e.Post.CloseLane(t.Context(), boss, l.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Post.OpenLane(t.Context(), boss, "2"); err != nil {
		t.Fatal(err)
	}
	if err := e.RunUntil(t.Context(), Start.Add(9*time.Minute)); err != nil {
		t.Fatal(err)
	}
	lanes, err := e.Post.Lanes(t.Context(), e.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lanes {
		if want := marz.OfficerID("ru-bg/0001"); l.ID == "2" && l.Officer != want || l.ID != "2" && (!l.Open || l.Officer == want) {
			t.Errorf("lane %s is held by %q", l.ID, l.Officer)
		}
	}
	if r, err := e.Finish(t.Context()); err != nil || !r.Verified {
		t.Errorf("%+v, %v", r, err)
	}
}

// Every reason that a simulated officer gives is one that the procedure knows.
func TestSimulatedReasonsAreKnown(t *testing.T) {
	for d, codes := range map[marz.Decision][]string{
		marz.Admit: {sim.ReasonNotSame, sim.ReasonInOrder}, marz.Depart: {sim.ReasonNotSame, sim.ReasonInOrder, sim.ReasonLongStay},
		marz.Refuse: {sim.ReasonExpired}, marz.Refer: {sim.ReasonSame, sim.ReasonUnsure}, marz.Hold: {sim.ReasonSame, sim.ReasonUnsure},
	} {
		for _, c := range codes {
			if err := inspection.CheckReason(d, c); err != nil {
				t.Error(err)
			}
		}
	}
}

// At a post where two authorities serve together, what their article makes joint is decided by both, and every list says what it says to its owner.
func TestJointExercise(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "joint")
	start, err := marz.ParseInstant("2025-02-03T09:00:00+04:00")
	if err != nil {
		t.Fatal(err)
	}
	e, err := Open(t.Context(), Options{Dir: dir, Seed: 4, PerHour: 600, Place: "akhurik", Start: start, Wall: func() marz.Instant { return marz.InstantOf(time.Now()) }})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.RunUntil(t.Context(), start.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	entries, err := e.Post.Journal().Entries(t.Context(), 0, int(e.Post.Journal().Head().Size))
	if err != nil {
		t.Fatal(err)
	}
	for _, en := range entries {
		kinds[en.Kind]++
	}
	if kinds[post.KindConcurred] == 0 || kinds[post.KindSubmitted] != kinds[post.KindConcurred] || kinds[post.KindFoundHits] == 0 {
		t.Errorf("%v", kinds)
	}
	r, err := e.Finish(t.Context())
	if err != nil || !r.Verified || r.Decision[marz.Refuse]+r.Decision[marz.Hold] == 0 {
		t.Errorf("%+v %v", r, err)
	}
}
