package exercise

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"marz"
	"marz/inspection"
	"marz/internal/sim"
	"marz/journal"
	"marz/post"
	"marz/transfer"
)

func runTo(t *testing.T, seed uint64, perHour float64, until marz.Instant) (*Report, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "exercise")
	e, err := Open(t.Context(), Options{Dir: dir, Seed: seed, PerHour: perHour, Armed: true, Wall: func() marz.Instant { return marz.InstantOf(time.Now()) }, Rand: rand.NewChaCha8([32]byte{byte(seed)})})
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

// A night over the passing of control: both authorities worked, each in its time, the outgoing one tried to go on and could not, both signed the act, and the independent
// checker agrees.
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
	if r.Refused < 6 || r.After["ru-bg"] != 0 || r.After["am-bg"] != r.Authority["am-bg"] {
		t.Errorf("%d attempts refused, decided after it %v", r.Refused, r.After)
	}
	if len(r.Transfers) != 1 {
		t.Fatalf("%+v", r.Transfers)
	}
	want := ReportTransfer{ID: "agarak-1", Place: "agarak", From: "ru-bg", To: "am-bg", Instant: Start.Add(10 * time.Minute), State: transfer.Closed,
		Seq: r.Transfers[0].Seq, ExecutedAt: Start.Add(10 * time.Minute), Cases: []transfer.Case{}}
	if d := cmp.Diff(want, r.Transfers[0]); d != "" || want.Seq == 0 {
		t.Error(d)
	}
	checkOrder(t, dir)
	checkAct(t, dir)
}

// checkAct reads the act that the exercise laid into its folder: its core is what both signed with the keys of the exercise.
func checkAct(t *testing.T, dir string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "act-agarak-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	var act transfer.Act
	if err := json.Unmarshal(b, &act); err != nil {
		t.Fatal(err)
	}
	core, err := act.Core()
	if err != nil {
		t.Fatal(err)
	}
	keys := map[marz.AuthorityID]string{}
	for _, a := range act.Authorities {
		keys[a.ID] = a.Key
	}
	by := map[string]int{}
	for _, s := range slices.Concat(act.Armed, act.Closed) {
		if err := transfer.CheckKey(s, "agarak-1", keys[s.Authority]); err != nil {
			t.Error(err)
		}
		if want := map[string]string{transfer.SaysArm: transfer.DigestOf(act.Instrument), transfer.SaysClose: transfer.DigestOf([]byte(core))}; s.Digest != want[s.Says] {
			t.Errorf("%s %s is over something else", s.Authority, s.Says)
		}
		by[s.Says+" "+string(s.Authority)]++
	}
	if d := cmp.Diff(map[string]int{"arm ru-bg": 1, "arm am-bg": 1, "close ru-bg": 1, "close am-bg": 1}, by); d != "" {
		t.Error(d)
	}
}

// Without keys nothing passes: the outgoing authority goes on past the instant, and the report says that it is overdue.
func TestNobodyArms(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "exercise")
	e, err := Open(t.Context(), Options{Dir: dir, Seed: 3, PerHour: 400, Wall: func() marz.Instant { return marz.InstantOf(time.Now()) }})
	if err != nil {
		t.Fatal(err)
	}
	if next := e.Next(); next == nil || next.State != transfer.Planned || next.Overdue {
		t.Errorf("%+v", next)
	}
	if err := e.RunUntil(t.Context(), Start.Add(30*time.Minute)); err != nil {
		t.Fatal(err)
	}
	r, err := e.Finish(t.Context())
	if err != nil || !r.Verified {
		t.Fatalf("%+v, %v", r, err)
	}
	if len(r.Transfers) != 1 || r.Transfers[0].State != transfer.Planned || !r.Transfers[0].Overdue || r.Transfers[0].Seq != 0 || r.Authority["am-bg"] != 0 || len(r.After) != 0 || r.Refused != 0 {
		t.Errorf("%+v", r)
	}
}

// An exercise that is stopped before the instant and goes on in another process is armed once, and control passes at its instant all the same; one from which
// the outgoing commander took his key back goes on under his authority.
func TestArmedOnce(t *testing.T) {
	_, dir := runTo(t, 7, 300, Start.Add(5*time.Minute))
	wall := func() marz.Instant { return marz.InstantOf(time.Now()) }
	e, err := Open(t.Context(), Options{Dir: dir, Seed: 8, PerHour: 300, Armed: true, Wall: wall})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.RunUntil(t.Context(), Start.Add(12*time.Minute)); err != nil {
		t.Fatal(err)
	}
	r, err := e.Finish(t.Context())
	if err != nil || len(r.Transfers) != 1 || r.Transfers[0].State != transfer.Closed || r.Transfers[0].ExecutedAt != Start.Add(10*time.Minute) {
		t.Errorf("%+v, %v", r, err)
	}

	_, dir = runTo(t, 9, 300, Start.Add(5*time.Minute))
	if e, err = Open(t.Context(), Options{Dir: dir, Seed: 9, PerHour: 300, Wall: wall}); err != nil {
		t.Fatal(err)
	}
	if err := e.commander(t.Context(), "ru-bg", func(by post.Actor) error { return e.Post.Disarm(t.Context(), by, "agarak-1", "other") }); err != nil {
		t.Fatal(err)
	}
	if err := e.RunUntil(t.Context(), Start.Add(12*time.Minute)); err != nil {
		t.Fatal(err)
	}
	r, err = e.Finish(t.Context())
	if err != nil || len(r.Transfers) != 1 || r.Transfers[0].State != transfer.Preparing || !r.Transfers[0].Overdue || r.Authority["am-bg"] != 0 || slices.Contains(r.Transfers[0].Cases, transfer.Unilateral) {
		t.Errorf("%+v, %v", r, err)
	}
}

// outgoingMay are the kinds of entry by which the outgoing authority still says something after control has passed: it signs the act.
var outgoingMay = map[string]bool{transfer.KindClosed: true}

// incomingMay are those by which the incoming one prepares: its officers look on, and take the steps of the transfer.
func incomingMay(kind string) bool {
	return strings.HasPrefix(kind, "transfer.") && kind != transfer.KindExecuted || kind == post.KindSignedIn || kind == post.KindSignedOut || kind == post.KindAlertsRead
}

// checkOrder reads the journal as anyone may: no act of ru-bg follows the passing of control, none of am-bg but preparing comes before it, no crossing is doubled.
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
	verdicts := map[marz.Verdict]int{}
	for i, e := range entries {
		switch {
		case e.Kind == transfer.KindExecuted && e.Authority == "am-bg":
			if passed != nil || e.At != Start.Add(10*time.Minute) {
				t.Errorf("control passed at %v", e.At)
			}
			passed = &entries[i]
		case e.Authority == "ru-bg" && passed != nil && !outgoingMay[e.Kind]:
			t.Errorf("seq %d %s by ru-bg after control passed at %d", e.Seq, e.Kind, passed.Seq)
		case e.Authority == "am-bg" && passed == nil && !incomingMay(e.Kind):
			t.Errorf("seq %d %s by am-bg before", e.Seq, e.Kind)
		}
		if e.Kind == post.KindInspection && passed != nil {
			var in struct {
				Verdict marz.Verdict `json:"verdict"`
			}
			if err := json.Unmarshal(e.Public, &in); err != nil {
				t.Error(err)
			}
			verdicts[in.Verdict]++
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
	if verdicts[marz.Clear] < verdicts[marz.Attention] { // lists that are gone warn nobody
		t.Errorf("lanes do not work on as before: %v", verdicts)
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
