package post

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz"
	"marz/journal"
	"marz/transfer"
)

// Early by agreement of both, and postponed: the keys fall with each change of the instant, and the entry says which case it was.
func TestEarlyAndPostponed(t *testing.T) {
	tp := newHandover(t)
	ctx := t.Context()
	at := tp.Post.now() + 120_000
	id, digest := tp.prepareUnder("treaty/2", at)
	tp.says(transfer.SaysArm, id, digest, "ru-bg", "am-bg")
	if err := tp.Postpone(ctx, tp.signIn("am-bg/1"), id, at+60_000, "weather"); err != nil {
		t.Fatal(err)
	}
	if got := tp.transfers().Get(id); got.Phase != transfer.Preparing || len(got.Keys) != 0 {
		t.Fatalf("%+v", got)
	}
	tp.now.Store(int64(at) + 1)
	if err := tp.Tick(ctx); err != nil || tp.Controller() != "ru-bg" {
		t.Fatal(tp.Controller(), err)
	}
	digest, err := tp.Present(ctx, tp.signIn("ru-bg/1"), id)
	if err != nil {
		t.Fatal(err)
	}
	tp.says(transfer.SaysArm, id, digest, "am-bg", "ru-bg")
	tp.now.Store(int64(at) + 60_000)
	if x := tp.executed(); !slices.Equal(x.Cases, []transfer.Case{transfer.Early}) || x.Instant != at+60_000 || x.At >= midnight {
		t.Errorf("%+v", x)
	}
	if next := tp.nextPassing(tp.Post.now()); next != nil {
		t.Errorf("it is planned again: %+v", next)
	}
	tp.now.Store(int64(midnight) + 60_000) // the article's own instant moves nothing any more
	if err := tp.Tick(ctx); err != nil || tp.kinds()[transfer.KindExecuted] != 1 {
		t.Error(tp.kinds(), err)
	}
	tp.verified()
}

// Until both have armed nothing moves, however late it is; what is carried out then says that it was late, and between the two the outgoing authority works on.
func TestOverdueAndLate(t *testing.T) {
	tp := newHandover(t)
	a := tp.atLane("ru-bg/2", "1")
	tp.now.Store(int64(midnight) + 3600_000)
	i := tp.mustScan(a, "1", passport(t, "ABADI", "REZA", "A1", nil))
	if d, err := tp.Decide(t.Context(), a, i.ID, marz.Admit, "", ""); err != nil || d.Under != "treaty/1" {
		t.Fatalf("%+v, %v", d, err)
	}
	if next := tp.nextPassing(tp.Post.now()); next == nil || next.At != midnight || next.Waiting == "" {
		t.Errorf("%+v", next)
	}
	now := tp.Post.now()
	b, err := tp.TimelinePage(t.Context(), "agarak", now, 0)
	if err != nil || len(b.Rows) != 1 || b.Rows[0].Control != "ru-bg" || b.Rows[0].Overdue != midnight || b.Now[0].Authority.ID != "ru-bg" {
		t.Errorf("the timeline: %+v, %v", b, err)
	}
	for _, place := range tp.MapPage(now).Places {
		if place.ID == "agarak" && (len(place.Periods) != 1 || place.Periods[0].Control != "ru-bg") {
			t.Errorf("the map: %+v", place.Periods)
		}
	}
	for article, want := range []string{"control of agarak by ru-bg", "preparation of the transfer of am-bg at agarak"} {
		if b, err := tp.AgreementPage("treaty", now); err != nil || strings.Join(b.Articles[article].Hangs, "") != want {
			t.Errorf("article %d: %q, %v", article, b.Articles[article].Hangs, err)
		}
	}
	tp.soon("treaty/2")
	tp.now.Add(61_000)
	if x := tp.executed(); !slices.Equal(x.Cases, []transfer.Case{transfer.Late}) || x.Crossings != 1 {
		t.Errorf("%+v", x)
	}
	code(t, "after it", tp.OpenLane(t.Context(), a, "2"), marz.Unauthenticated, "control passed")
}

// One key that waits for the other side's is not shown as if that were all.
func TestOneKeyIsNoCase(t *testing.T) {
	tp := newHandover(t)
	id, digest := tp.prepare()
	tp.says(transfer.SaysArm, id, digest, "am-bg")
	if b, err := tp.Transfer(t.Context(), tp.signIn("am-bg/1")); err != nil || b.Transfer.Phase != transfer.Preparing || len(b.Transfer.Cases) != 0 {
		t.Errorf("%+v, %v", b.Transfer, err)
	}
}

// A refusal is an entry, and binds nobody but who made it: arming withdraws it. A cancelled transfer moves nothing, and another can be opened.
func TestRefusedAndCancelled(t *testing.T) {
	tp := newHandover(t)
	ctx := t.Context()
	id, digest := tp.prepare()
	out := tp.signIn("ru-bg/1")
	tp.says(transfer.SaysArm, id, digest, "am-bg")
	if err := tp.RefuseTransfer(ctx, out, id, "inventory-disputed"); err != nil {
		t.Fatal(err)
	}
	if b, err := tp.Transfer(ctx, out); err != nil || !slices.Equal(b.Transfer.Refused, []marz.AuthorityID{"ru-bg"}) || !slices.Equal(b.Transfer.Cases, []transfer.Case{transfer.Refused}) {
		t.Errorf("%+v, %v", b, err)
	}
	tp.now.Store(int64(midnight) + 1000)
	if err := tp.Tick(ctx); err != nil || tp.Controller() != "ru-bg" {
		t.Fatal(tp.Controller(), err)
	}
	if err := tp.CancelTransfer(ctx, tp.signIn("am-bg/1"), id, "other-plan"); err != nil {
		t.Fatal(err)
	}
	code(t, "a key for what is cancelled", tp.deliver("ru-bg", "ru-bg", transfer.SaysArm, id, digest), marz.Conflict, "cancelled")
	again, digest := tp.soon("treaty/2")
	if again == id {
		t.Error("the same id")
	}
	out = tp.signIn("ru-bg/1")
	if err := tp.Disarm(ctx, out, again, "wait"); err != nil {
		t.Fatal(err)
	}
	tp.now.Add(120_000)
	if err := tp.Tick(ctx); err != nil || tp.Controller() != "ru-bg" {
		t.Fatal("a key that was taken back turned", tp.Controller(), err)
	}
	if _, err := tp.SignExercise(ctx, out, transfer.SaysArm, again, digest); err != nil {
		t.Fatal(err)
	}
	if x := tp.executed(); tp.Controller() != "am-bg" || x.ID != again {
		t.Errorf("%+v", x)
	}
}

// Where the article allows it, the incoming authority arms alone from then on: everything that it needs works without the other side's presence.
func TestUnilateral(t *testing.T) {
	tp := newHandoverUnder(t, handingWith(`unilateral = "1h"`))
	ctx := t.Context()
	in := tp.signIn("am-bg/1")
	id, err := tp.OpenTransfer(ctx, in, "treaty/2", nil, midnight)
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range transfer.Countable {
		if err := tp.Count(ctx, in, id, what, 2, ""); err != nil {
			t.Fatal(err)
		}
	}
	tp.unchanged(id, "presenting what one side counted, before its time", marz.Conflict, "ru-bg has not counted", func() error { return second(tp.Present(ctx, in, id)) })
	tp.now.Store(int64(midnight) + 3600_000)
	in = tp.signIn("am-bg/1")
	if err := tp.Postpone(ctx, in, id, tp.Post.now()+60_000, "no-answer"); err != nil {
		t.Fatal(err)
	}
	digest, err := tp.Present(ctx, in, id)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := tp.Transfer(ctx, in); err != nil || len(b.Transfer.Keys) != 1 || b.Transfer.Keys[0].Authority != "am-bg" || !slices.Contains(b.Can, "arm") {
		t.Errorf("%+v, %v", b, err)
	}
	if _, err := tp.SignExercise(ctx, in, transfer.SaysArm, id, digest); err != nil {
		t.Fatal(err)
	}
	if b, err := tp.Transfer(ctx, in); err != nil || b.Transfer.Phase != transfer.Armed || !slices.Contains(b.Transfer.Cases, transfer.Unilateral) {
		t.Errorf("%+v, %v", b.Transfer, err)
	}
	tp.now.Add(61_000)
	if x := tp.executed(); !slices.Contains(x.Cases, transfer.Unilateral) || !slices.Contains(x.Cases, transfer.Late) || tp.Controller() != "am-bg" {
		t.Errorf("%+v", x)
	}
}

// One lane passes: there the one, elsewhere the other, each with its own powers; then the rest, which is the whole.
func TestPartial(t *testing.T) {
	tp := newHandover(t)
	ctx := t.Context()
	a, other := tp.atLane("ru-bg/2", "1"), tp.atLane("ru-bg/1", "2")
	open := tp.mustScan(a, "1", passport(t, "ABADI", "REZA", "A1", nil))
	id, _ := tp.armed("1")
	srv := tp.serve()
	tp.now.Store(int64(midnight))
	x := tp.executed()
	if !slices.Equal(x.Cases, []transfer.Case{transfer.Partial}) || x.Open != 1 || len(x.Ends) != 0 || tp.Controller() != "ru-bg" {
		t.Fatalf("%+v, %s", x, tp.Controller())
	}
	if lanes, err := tp.Lanes(ctx, tp.Post.now()); err != nil || lanes[0].Under != "am-bg" || lanes[1].Under != "" {
		t.Errorf("%+v, %v", lanes, err)
	}
	if b, err := tp.TimelinePage(ctx, "agarak", tp.Post.now(), 0); err != nil || len(b.Now) < 2 || b.Now[1].Role != "controls lane 1" || b.Now[1].Authority.ID != "am-bg" || !slices.Equal(b.Actual[1].Lanes, []marz.LaneID{"1"}) {
		t.Errorf("%+v, %v", b, err)
	}
	code(t, "the outgoing officer at the lane that passed", second(tp.Decide(ctx, a, open.ID, marz.Admit, "", "")), marz.Forbidden, "controlled by am-bg under treaty/2")
	code(t, "taking it again", tp.OpenLane(ctx, a, "1"), marz.Forbidden, "am-bg")
	i := tp.mustScan(other, "2", passport(t, "OTHER", "MAN", "B1", nil))
	if d, err := tp.Decide(ctx, other, i.ID, marz.Depart, "", ""); err != nil || d.Under != "treaty/1" {
		t.Errorf("at the other lane: %+v, %v", d, err)
	}
	b := tp.atLane("am-bg/2", "1")
	if d, err := tp.Decide(ctx, b, open.ID, marz.Admit, "", ""); err != nil || d.Under != "treaty/2" {
		t.Errorf("at the lane that passed: %+v, %v", d, err)
	}
	code(t, "the incoming officer at the other lane", second(tp.Scan(ctx, tp.signIn("am-bg/1"), "2", passport(t, "X", "Y", "C1", nil), false)), marz.Forbidden, "controlled by ru-bg")
	for who, want := range map[marz.OfficerID][2]int{"am-bg/2": {200, 403}, "ru-bg/2": {403, 200}} {
		c := tp.client(srv, who)
		for n, lane := range []string{"1", "2"} {
			if resp, _ := c.do("GET", "/lane/"+lane, nil); resp.StatusCode != want[n] {
				t.Errorf("%s at lane %s: %s", who, lane, resp.Status)
			}
		}
	}
	code(t, "the same lane again", second(tp.OpenTransfer(ctx, other, "treaty/2", []marz.LaneID{"1"}, midnight+600_000)), marz.Conflict, "lane 1 is not controlled by ru-bg")
	next := tp.nextPassing(tp.Post.now())
	if next == nil || next.Phase != transfer.Planned {
		t.Fatalf("the rest is not planned: %+v", next)
	}
	rest, digest := tp.prepareUnder("treaty/2", midnight+600_000, "2")
	if plan := tp.transfers().Get(rest).Plan; len(plan.Lanes) != 0 {
		t.Errorf("the rest is not the whole: %+v", plan)
	}
	tp.says(transfer.SaysArm, rest, digest, "ru-bg", "am-bg")
	tp.now.Store(int64(midnight) + 600_000)
	if x := tp.executed(); !slices.Contains(x.Ends, "ru-bg") || tp.Controller() != "am-bg" || x.ID == id {
		t.Errorf("%+v", x)
	}
	code(t, "afterwards", second(tp.Scan(ctx, other, "2", passport(t, "X", "Y", "C1", nil), false)), marz.Unauthenticated, "control passed")
	tp.verified()
}

// A flow passes with all its lanes.
func TestFlow(t *testing.T) {
	tp := newHandoverUnder(t, handingWith(`flow = "persons"`))
	id, _ := tp.armed()
	if got := tp.transfers().Get(id).Plan.Lanes; !slices.Equal(got, []marz.LaneID{"1", "2"}) {
		t.Fatal(got)
	}
	tp.now.Store(int64(midnight))
	x := tp.executed()
	if tp.Controller() != "ru-bg" || !slices.Equal(x.Lanes, []marz.LaneID{"1", "2"}) {
		t.Errorf("%+v", x)
	}
	tp.atLane("am-bg/2", "2")
	if next := tp.nextPassing(tp.Post.now()); next != nil {
		t.Errorf("%+v", next)
	}
}

// source is a source of time that a test sets.
type source struct {
	name string
	at   *marz.Instant // nil: it shows nothing
}

func (s source) Name() string { return s.name }
func (s source) Now() (marz.Instant, error) {
	if s.at == nil {
		return 0, errors.New("no signal")
	}
	return *s.at, nil
}

// With a clock in doubt the article's rule decides: two sources that agree, or both commanders.
func TestClocksInDoubt(t *testing.T) {
	for _, rule := range []transfer.ClockRule{transfer.BySources, transfer.ByCommanders} {
		t.Run(string(rule), func(t *testing.T) {
			tp := newHandoverUnder(t, handingWith(`clock = "`+string(rule)+`"`))
			radio, gps := midnight-600_000, midnight-600_000
			tp.reopen(func(o *Options) { o.Times = []TimeSource{source{"radio", &radio}, source{"gps", &gps}} })
			id, digest := tp.armed()
			out, in := tp.signIn("ru-bg/1"), tp.signIn("am-bg/1")
			tp.now.Store(int64(midnight)) // the node's clock alone was put forward
			tp.stays(id, "a clock that was put forward")
			if w := tp.nextPassing(tp.Post.now()).Waiting; w == "" {
				t.Error("nobody is told what is waited for")
			}
			if b, err := tp.Transfer(t.Context(), out); err != nil || !slices.Contains(b.Can, "now") {
				t.Errorf("%+v, %v", b, err)
			}
			if rule == transfer.BySources {
				radio, gps = midnight, midnight+500 // and now they are there too, beside a node that is an hour ahead
				tp.now.Store(int64(midnight) + 3600_000)
				x := tp.executed()
				if len(x.Clocks) != 3 || x.Clocks[1].Source != "radio" || !slices.Contains(x.Cases, transfer.Late) {
					t.Errorf("%+v", x)
				}
				return
			}
			radio, gps = midnight, midnight
			tp.now.Store(int64(midnight) + 3600_000)
			tp.stays(id, "two sources under the commanders' rule")
			if _, err := tp.SignExercise(t.Context(), in, transfer.SaysNow, id, digest); err != nil {
				t.Fatal(err)
			}
			tp.stays(id, "one commander's word")
			tp.unchanged(id, "the same commander twice", marz.Conflict, "already", func() error { return second(tp.SignExercise(t.Context(), in, transfer.SaysNow, id, digest)) })
			if _, err := tp.SignExercise(t.Context(), out, transfer.SaysNow, id, digest); err != nil {
				t.Fatal(err)
			}
			tp.executed()
		})
	}
}

// Decisions that race the execution either stand before it or are refused: never neither, never both.
func TestDecisionsRacingTheExecution(t *testing.T) {
	for round := range 12 {
		tp := newHandover(t)
		a := tp.atLane("ru-bg/2", "1")
		i := tp.mustScan(a, "1", passport(t, "ABADI", "REZA", "A12345678", nil))
		id, _ := tp.armed()
		tp.now.Store(int64(midnight) - 6)
		results := make(chan error, 16)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { _, err := tp.Decide(context.Background(), a, i.ID, marz.Admit, "", ""); results <- err })
			wg.Go(func() {
				if err := tp.Tick(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		close(results)
		accepted := 0
		for err := range results {
			switch {
			case err == nil:
				accepted++
			case marz.CodeOf(err) != marz.Unauthenticated:
				t.Fatalf("round %d: %v", round, err)
			}
		}
		tp.now.Store(int64(midnight) + 5)
		x := tp.executed()
		if (accepted > 0) != (x.Crossings == 1) || (accepted > 0) != (x.Open == 0) {
			t.Fatalf("round %d: %d accepted, %+v", round, accepted, x)
		}
		entries, err := tp.Journal().Entries(t.Context(), x.Seq, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Authority == "ru-bg" {
				t.Errorf("round %d: seq %d %s by ru-bg after the execution of %s", round, e.Seq, e.Kind, id)
			}
		}
	}
}

// Ended at any step and begun again, a post comes to the same end; and all that it knows is a fold over its journal.
func TestCrashAtEveryStep(t *testing.T) {
	run := func(crash int) (*transfer.Transfer, map[string]int) {
		tp := newHandover(t)
		ctx := t.Context()
		out, in := tp.signIn("ru-bg/1"), tp.signIn("am-bg/1")
		var id transfer.ID
		var digest string
		steps := []func() error{
			func() (err error) { id, err = tp.OpenTransfer(ctx, out, "treaty/2", nil, 0); return err },
			func() error { return count(tp, out, id) },
			func() error { return count(tp, in, id) },
			func() (err error) { digest, err = tp.Present(ctx, in, id); return err },
			func() error { return second(tp.SignExercise(ctx, out, transfer.SaysArm, id, digest)) },
			func() error { return second(tp.SignExercise(ctx, in, transfer.SaysArm, id, digest)) },
			func() error { tp.now.Store(int64(midnight)); return nil },
			func() error { return tp.Tick(ctx) },
			func() error { return second(tp.SignExercise(ctx, in, transfer.SaysClose, id, tp.core(id))) },
			func() error { tp.says(transfer.SaysClose, id, tp.core(id), "ru-bg"); return nil },
		}
		for n, step := range steps {
			if err := step(); err != nil {
				t.Fatalf("crash before step %d, step %d: %v", crash, n, err)
			}
			if n == crash {
				tp.reopen(nil)
			}
		}
		before := dump(t, tp)
		tp.Post.Close()
		signer, err := readSigner(tp.dir)
		if err != nil {
			t.Fatal(err)
		}
		j, err := journal.Open(ctx, journal.Config{Dir: tp.dir, Key: signer, Clock: tp.clock, State: newerState{}, Exercise: true})
		if err != nil {
			t.Fatal(err)
		}
		j.Close()
		tp.open()
		if d := cmp.Diff(before, dump(t, tp)); d != "" {
			t.Errorf("the state differs when it is folded anew:\n%s", d)
		}
		k := tp.kinds()
		delete(k, KindListLoaded)
		return tp.transfers().Get(id), k
	}
	want, kinds := run(-1)
	if want.Phase != transfer.Closed {
		t.Fatalf("%+v", want)
	}
	for crash := range 10 {
		got, k := run(crash)
		if got.Phase != want.Phase || !cmp.Equal(got.Plan, want.Plan) || !cmp.Equal(got.Counts, want.Counts) || !cmp.Equal(got.Execution.Cases, want.Execution.Cases) || len(got.Steps) != len(want.Steps) {
			t.Errorf("crash after step %d: %+v\nwant %+v", crash, got, want)
		}
		if d := cmp.Diff(kinds, k); d != "" {
			t.Errorf("crash after step %d:\n%s", crash, d)
		}
	}
}

func count(tp *testPost, a Actor, id transfer.ID) error {
	for _, what := range transfer.Countable {
		if err := tp.Count(context.Background(), a, id, what, 1, ""); err != nil {
			return err
		}
	}
	return nil
}

// The power fails before the instant, and comes back after it: the post hands over as it starts, before anybody can act.
func TestInstantWhileThePostIsOff(t *testing.T) {
	tp := newHandover(t)
	a := tp.atLane("ru-bg/2", "1")
	tp.armed()
	if err := tp.Post.Close(); err != nil {
		t.Fatal(err)
	}
	tp.now.Store(int64(midnight) + 3600_000)
	tp.open()
	if x := tp.executed(); tp.Controller() != "am-bg" || !slices.Contains(x.Cases, transfer.Late) {
		t.Errorf("%+v", x)
	}
	code(t, "whoever sat there", second(tp.Scan(t.Context(), a, "1", passport(t, "A", "B", "A1", nil), false)), marz.Unauthenticated, "control passed")
}
