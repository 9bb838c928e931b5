package post

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"marz"
	"marz/journal"
	"marz/web"
)

// rezasAlert is about the traveller of most tests.
const rezasAlert = `{"id":"P2","schema":"Person","caption":"Reza Abadi","properties":{"name":["Reza Abadi"],"birthDate":["1980-05-06"],"nationality":["ir"],"topics":["wanted"]}}
`

// crossed lets an ordinary traveller pass.
func (tp *testPost) crossed(a Actor, number string) *web.Inspection {
	tp.t.Helper()
	i := tp.mustScan(a, "1", passport(tp.t, "ABADI", "REZA", number, nil))
	tp.pass(a, i)
	return i
}

// screenAgain does what Serve does by itself.
func (tp *testPost) screenAgain(t testing.TB) {
	t.Helper()
	if err := tp.ScreenAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// alarms returns what a supervisor has to answer for.
func (tp *testPost) alarms(who Actor) []web.LateHit {
	tp.t.Helper()
	live, err := tp.Live(tp.t.Context(), who)
	if err != nil || live.Ended != "" {
		tp.t.Fatal(live.Ended, err)
	}
	return live.Late
}

// A list that comes after the crossing finds who crossed: an entry and an alarm to the supervisor, until he answers for it. The same said again is none.
func TestLateHit(t *testing.T) {
	tp := newTestPost(t)
	a, boss := tp.atLane("ru-bg/2", "1"), tp.signIn("ru-bg/1")
	tp.screenAgain(t) // what the start left to do, while there is no crossing
	if tp.kinds()[KindRescreened] != 0 {
		t.Error("an entry about no crossing")
	}
	crossing, other := tp.crossed(a, "A1"), tp.mustScan(a, "1", passport(t, "OTHER", "MAN", "B1", nil))
	tp.leave(a, other)
	open := tp.mustScan(a, "1", passport(t, "ABADI", "REZA", "A2", nil)) // still at the lane
	tp.relist(boss, list+rezasAlert)
	tp.screenAgain(t)
	alarms := tp.alarms(boss)
	if len(alarms) != 2 || alarms[1].Inspection != crossing.ID || alarms[1].List != "test-list" || alarms[1].Hits != 1 || alarms[1].Decision != marz.Admit || alarms[1].Lane != "1" || alarms[0].Inspection != open.ID {
		t.Fatalf("%+v", alarms)
	}
	if got := tp.alarms(a); got != nil {
		t.Errorf("the lane is alarmed: %+v", got)
	}
	for range 2 { // nothing to do; the same version; the same after a start
		tp.screenAgain(t)
		tp.relist(boss, list+rezasAlert)
	}
	tp.screenAgain(t)
	tp.reopen(nil)
	tp.screenAgain(t)
	if n := tp.kinds()[KindLate]; n != 2 {
		t.Fatalf("%d late hits", n)
	}
	record, err := tp.ReadRecord(t.Context(), boss, crossing.ID, "supervision", "")
	if err != nil || len(record.Hits) != 1 || record.Hits[0].Name != "Reza Abadi" || record.Hits[0].Late != alarms[1].At || record.Hits[0].Can != "clear" {
		t.Fatalf("%+v, %v", record.Hits, err)
	}
	acknowledge := func(who Actor, reason string) error {
		return tp.Acknowledge(t.Context(), who, alarms[1].Seq, reason, "told the owner by telephone")
	}
	code(t, "an officer", acknowledge(a, "owner-told"), marz.Forbidden, "supervisor")
	code(t, "an observer", acknowledge(tp.signIn("am-bg/1"), "owner-told"), marz.Forbidden, "")
	code(t, "without a reason", acknowledge(boss, ""), marz.Invalid, "reason")
	code(t, "what is none", tp.Acknowledge(t.Context(), boss, 1, "owner-told", ""), marz.NotFound, "")
	for range 2 {
		if err := acknowledge(boss, "owner-told"); err != nil {
			t.Fatal(err)
		}
	}
	if n := tp.kinds()[KindLateSeen]; n != 1 {
		t.Errorf("%d acknowledgements", n)
	}
	if left := tp.alarms(boss); len(left) != 1 || left[0].Inspection != open.ID {
		t.Errorf("%+v", left)
	}
	tp.relist(boss, list+strings.Replace(rezasAlert, "wanted", "crime", 1)) // another version is another hit
	tp.screenAgain(t)
	if n := tp.kinds()[KindLate]; n != 4 {
		t.Errorf("%d late hits", n)
	}
	tp.refolded(t)
	tp.verified()
}

// What is no late hit: what the inspection had already, also beyond what is kept; of what the person was cleared; what is older than the days; what was withdrawn or erased.
func TestNoLateHit(t *testing.T) {
	tp := newTestPost(t)
	config, err := readConfig(tp.dir + "/" + configFile)
	if err != nil || config.lateFor() != 30*24*time.Hour {
		t.Fatal(config.lateFor(), err)
	}
	a, boss := tp.atLane("ru-bg/2", "1"), tp.signIn("ru-bg/1")
	hit := tp.mustScan(a, "1", zorvan(t, "C1"))
	tp.admit(a, hit)
	tp.leave(a, tp.mustScan(a, "1", passport(t, "ABADI", "REZA", "W1", nil)))
	erased, cleared := tp.crossed(a, "E1"), tp.crossed(a, "K1")
	if err := tp.Erase(t.Context(), boss, []marz.Seq{marz.Seq(number(erased.ID))}, "retention"); err != nil {
		t.Fatal(err)
	}
	tp.relist(boss, list+rezasAlert)
	now := tp.mustScan(a, "1", passport(t, "ABADI", "REZA", "K1", nil)+"\n")
	if now.ID == cleared.ID {
		tp.now.Add(rescan.Milliseconds())
		now = tp.mustScan(a, "1", passport(t, "ABADI", "REZA", "K1", nil))
	}
	tp.admit(a, now, web.AlertRef{List: "test-list", Alert: "P2"}) // before the earlier crossing is screened again
	tp.screenAgain(t)
	if n := tp.kinds()[KindLate]; n != 0 {
		t.Errorf("%d late hits", n)
	}
	done := tp.rescreened(t)
	if done.Crossings != 3 || done.Skipped != 1 || done.Late != 0 || len(done.Lists) != 1 {
		t.Errorf("%+v", done)
	}
	var many strings.Builder
	for n := range mostHits + 20 {
		fmt.Fprintf(&many, `{"id":"M%d","schema":"Person","caption":"Many Times","properties":{"name":["Many Times"],"birthDate":["1980-05-06"],"nationality":["ir"]}}`+"\n", n)
	}
	tp.relist(boss, many.String())
	times := tp.mustScan(a, "1", passport(t, "TIMES", "MANY", "M1", nil))
	if len(times.Hits) != mostHits {
		t.Fatalf("%d hits", len(times.Hits))
	}
	tp.screenAgain(t)
	tp.relist(boss, many.String())
	tp.screenAgain(t)
	if n := tp.kinds()[KindLate]; n != 0 {
		t.Errorf("%d late hits of what was known", n)
	}
}

// rescreened returns the last entry of KindRescreened.
func (tp *testPost) rescreened(t *testing.T) (done rescreenedEntry) {
	t.Helper()
	entries, err := tp.Journal().Entries(t.Context(), 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range slices.Backward(entries) {
		if e.Kind == KindRescreened {
			if err := json.Unmarshal(e.Public, &done); err != nil {
				t.Fatal(err)
			}
			return done
		}
	}
	t.Fatal("nothing was screened again")
	return done
}

func TestCrossingsAreTooOldToBeScreenedAgain(t *testing.T) {
	tp := newTestPostUnder(t, watched)
	a := tp.atLane("ru-bg/2", "1")
	tp.crossed(a, "A1")
	tp.now.Add((31 * 24 * time.Hour).Milliseconds())
	a, boss := tp.signIn("ru-bg/2"), tp.signIn("ru-bg/1")
	young := tp.crossed(a, "A2")
	tp.relist(boss, list+rezasAlert)
	tp.screenAgain(t)
	if alarms := tp.alarms(boss); len(alarms) != 1 || alarms[0].Inspection != young.ID {
		t.Errorf("%+v", alarms)
	}
}

// An own list's late hits are its authority's, sealed; the other learns of them as little as the other's officers do of its own hits. Without an article there are none.
func TestOwnLateHits(t *testing.T) {
	for _, suspended := range []bool{false, true} {
		t.Run(fmt.Sprint("suspended ", suspended), func(t *testing.T) {
			tp, _, am := newJoint(t, "", "", "1")
			i := tp.mustScan(am, "1", passport(t, "ABADI", "REZA", "A1", nil))
			tp.pass(am, i)
			tp.write("own.jsonl", ownList+rezasAlert)
			boss := tp.signIn("ru-bg/1")
			if suspended { // a register of an authority that has left
				tp.config.Lists[1].Authority = "ge-bg"
			}
			if _, err := tp.ReloadLists(t.Context(), boss); err != nil {
				t.Fatal(err)
			}
			tp.screenAgain(t)
			if suspended {
				if n := tp.kinds()[KindLate]; n != 0 {
					t.Errorf("%d late hits without an article", n)
				}
				return
			}
			if alarms := tp.alarms(boss); len(alarms) != 1 || !alarms[0].Own || alarms[0].Inspection != i.ID {
				t.Fatalf("the owner: %+v", alarms)
			}
			other := tp.signIn("am-bg/1")
			if alarms := tp.alarms(other); len(alarms) != 0 {
				t.Errorf("the other: %+v", alarms)
			}
			code(t, "the other answers", tp.Acknowledge(t.Context(), other, tp.alarms(boss)[0].Seq, "owner-told", ""), marz.NotFound, "no such late hit")
			if seen, err := tp.ReadRecord(t.Context(), other, i.ID, "supervision", ""); err != nil || len(seen.Hits)+len(seen.Others) != 0 {
				t.Errorf("the other reads %+v %+v %v", seen.Hits, seen.Others, err)
			}
			if seen, err := tp.ReadRecord(t.Context(), boss, i.ID, "supervision", ""); err != nil || len(seen.Hits) != 1 || seen.Hits[0].Late == 0 {
				t.Errorf("the owner reads %+v %v", seen.Hits, err)
			}
			sealed := false
			entries, _ := tp.Journal().Entries(t.Context(), 0, 10_000)
			for _, e := range entries {
				payload, _ := tp.Journal().Payload(t.Context(), e.Seq)
				sealed = sealed || e.Kind == KindLate && e.Authority == "ru-bg" && strings.Contains(string(payload), "sealed")
				if strings.Contains(string(e.Public)+string(payload), "Reza Abadi") {
					t.Errorf("entry %d %s gives it away", e.Seq, e.Kind)
				}
			}
			if !sealed {
				t.Error("it is not sealed")
			}
			tp.refolded(t)
			tp.verified()
		})
	}
}

// After control passed the record is its maker's: the incoming authority is alarmed, and its entry holds no content.
func TestLateHitAfterControlPassed(t *testing.T) {
	tp := newTestPost(t)
	i := tp.crossed(tp.atLane("ru-bg/2", "1"), "A1")
	tp.now.Store(int64(midnight))
	boss := tp.signIn("am-bg/1")
	tp.relist(boss, list+rezasAlert)
	tp.screenAgain(t)
	alarms := tp.alarms(boss)
	if len(alarms) != 1 || alarms[0].Inspection != i.ID {
		t.Fatalf("%+v", alarms)
	}
	e, _, err := tp.Journal().Entry(t.Context(), alarms[0].Seq)
	if err != nil || e.Private != "" || e.Authority != "am-bg" || e.Under != "treaty/2" {
		t.Errorf("%+v %v", e, err)
	}
	if err := tp.Acknowledge(t.Context(), boss, alarms[0].Seq, "followed-up", ""); err != nil || len(tp.alarms(boss)) != 0 {
		t.Error(err)
	}
}

// Alerts that were adopted are screened against once they are in force. The record of an earlier crossing is the outgoing authority's; what its own list found the incoming one reads, as an entry.
func TestAdoptedAlertsAreScreenedAgain(t *testing.T) {
	tp := newHandoverWithAlerts(t, handing)
	ru := tp.atLane("ru-bg/2", "1")
	i := tp.mustScan(ru, "1", traveller(t, 1, "GE1"))
	tp.admit(ru, i, web.AlertRef{List: "ru-own", Alert: ownAlert(1)}) // which is no clearance of the adopted alert
	tp.handOver()
	if err := tp.loadAdopted(tp.Journal().State(), committed{t.Context(), tp.Journal()}); err != nil {
		t.Fatal(err)
	}
	tp.screenAgain(t)
	boss := tp.signIn("am-bg/1")
	alarms := tp.alarms(boss)
	if len(alarms) != 1 || !alarms[0].Own || alarms[0].List != "adopted-am-bg" || alarms[0].Inspection != i.ID || !slices.Equal(alarms[0].Owners, []marz.AuthorityID{"ru-bg"}) {
		t.Fatalf("%+v", alarms)
	}
	code(t, "the record", second(tp.ReadRecord(t.Context(), boss, i.ID, "supervision", "")), marz.Forbidden, "belongs to ru-bg")
	code(t, "without a reason", second(tp.ReadLate(t.Context(), boss, alarms[0].Seq, "", "")), marz.Invalid, "reason")
	code(t, "an officer", second(tp.ReadLate(t.Context(), tp.signIn("am-bg/2"), alarms[0].Seq, "supervision", "")), marz.Forbidden, "supervisor")
	code(t, "what is none", second(tp.ReadLate(t.Context(), boss, 1, "supervision", "")), marz.NotFound, "no such late hit")
	before := tp.kinds()[KindHitRead]
	hits, err := tp.ReadLate(t.Context(), boss, alarms[0].Seq, "supervision", "")
	if err != nil || len(hits) != 1 || hits[0].Name != three[0] || hits[0].Adopted == nil || tp.kinds()[KindHitRead] != before+1 {
		t.Errorf("%+v %v", hits, err)
	}
	tp.refolded(t)
	tp.verified()
}

// However often it is cut off, and wherever, every late hit is said, and none twice.
func TestScreeningAgainIsCutOff(t *testing.T) {
	tp := newTestPost(t)
	a, boss := tp.atLane("ru-bg/2", "1"), tp.signIn("ru-bg/1")
	const people = 2*lateBatch + 3
	for n := range people {
		tp.crossed(a, fmt.Sprintf("A%d", n))
	}
	tp.relist(boss, list+rezasAlert)
	for _, cut := range []int64{0, 1, 20, 50} { // looks at the clock, of which each question to the lists takes two
		ctx, cancel := context.WithCancel(t.Context())
		var left atomic.Int64
		left.Store(1 << 40)          // while the post opens
		tp.reopen(func(o *Options) { // with nothing of what it had in memory
			o.Wall = func() time.Time {
				if left.Add(-1) < 0 {
					cancel()
				}
				return time.Now()
			}
		})
		left.Store(cut)
		if err := tp.ScreenAgain(ctx); err == nil {
			t.Errorf("cut %d did not cut", cut)
		}
		cancel()
	}
	tp.reopen(func(o *Options) { o.Wall = nil })
	tp.screenAgain(t)
	tp.reopen(nil)
	tp.screenAgain(t)
	if n := tp.kinds()[KindLate]; n != people {
		t.Errorf("%d late hits of %d people", n, people)
	}
	if more, err := tp.Live(t.Context(), boss); err != nil || len(more.Late) != people {
		t.Errorf("%d shown, %v", len(more.Late), err)
	}
	tp.verified()
}

// Lanes go on while crossings are screened again, and nobody who is scanned meanwhile is missed or said twice.
func TestScreeningAgainBesideLanes(t *testing.T) {
	tp := newTestPost(t)
	a, boss := tp.atLane("ru-bg/2", "1"), tp.signIn("ru-bg/1")
	for n := range 40 {
		tp.crossed(a, fmt.Sprintf("A%d", n))
	}
	done := make(chan error, 1)
	go func() {
		var err error
		for n := 0; n < 20 && err == nil; n++ {
			tp.write("test.jsonl", list+strings.Replace(rezasAlert, "wanted", fmt.Sprint("w", n%2), 1))
			if _, err = tp.ReloadLists(context.Background(), boss); err == nil {
				err = tp.ScreenAgain(context.Background())
			}
		}
		done <- err
	}()
	late, ran := 0, true
	for n := 0; ran; n++ {
		i := tp.mustScan(a, "1", passport(t, "ABADI", "REZA", fmt.Sprintf("B%d", n), nil))
		if len(i.Hits) == 1 {
			tp.admit(a, i)
		} else {
			tp.pass(a, i)
			late++
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			ran = false
		default:
		}
	}
	tp.screenAgain(t)
	marks := map[string]bool{}
	entries, err := tp.Journal().Entries(t.Context(), 0, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	people := map[marz.InspectionID]bool{}
	for _, e := range entries {
		if e.Kind != KindLate {
			continue
		}
		var l lateEntry
		if err := json.Unmarshal(e.Public, &l); err != nil {
			t.Fatal(err)
		}
		people[l.Inspection] = true
		for _, m := range l.Marks {
			if marks[m] {
				t.Errorf("entry %d says again what was said", e.Seq)
			}
			marks[m] = true
		}
	}
	if len(people) < 40+late {
		t.Errorf("%d people of at least %d were found", len(people), 40+late)
	}
	tp.verified()
}

// BenchmarkScreenAgain measures screening recent crossings again, when nobody hits and when everybody does, and what a lane waits for a scan and a decision meanwhile beside what it waits otherwise.
func BenchmarkScreenAgain(b *testing.B) {
	b.Run("50,000 without a hit", func(b *testing.B) { benchmarkScreenAgain(b, 50_000, list) })
	b.Run("5,000 that hit", func(b *testing.B) { benchmarkScreenAgain(b, 5_000, list+rezasAlert) })
}

func benchmarkScreenAgain(b *testing.B, crossings int, next string) {
	tp := newTestPostUnder(b, watched)
	a := tp.atLane("ru-bg/2", "1")
	if err := tp.fill(a, passport(b, "ABADI", "REZA", "A1", nil), crossings); err != nil {
		b.Fatal(err)
	}
	tp.screenAgain(b)
	lane := func(n int) time.Duration {
		began := time.Now()
		i := tp.mustScan(a, "1", passport(b, "OTHER", "MAN", fmt.Sprintf("B%d", n), nil))
		tp.pass(a, i)
		return time.Since(began)
	}
	n := 0
	for b.Loop() {
		var alone, beside []time.Duration
		for range 200 {
			alone = append(alone, lane(n))
			n++
		}
		tp.write("test.jsonl", next)
		if err := tp.loadLists(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
		began, done := time.Now(), make(chan error, 1)
		go func() { done <- tp.ScreenAgain(context.Background()) }()
		for ran := true; ran; n++ {
			beside = append(beside, lane(n))
			select {
			case err := <-done:
				if err != nil {
					b.Fatal(err)
				}
				ran = false
			default:
			}
		}
		took := time.Since(began)
		slices.Sort(alone)
		slices.Sort(beside)
		at := func(all []time.Duration, q float64) float64 { return all[int(q*float64(len(all)-1))].Seconds() * 1e3 }
		b.ReportMetric(float64(took.Microseconds())/float64(crossings), "µs/crossing")
		b.ReportMetric(at(alone, .5), "alone-p50-ms")
		b.ReportMetric(at(beside, .5), "beside-p50-ms")
		b.ReportMetric(at(alone, .99), "alone-p99-ms")
		b.ReportMetric(at(beside, .99), "beside-p99-ms")
		b.ReportMetric(at(beside, .99)/at(alone, .99), "p99-ratio")
	}
}

// fill records many crossings as the lanes would, many in a transaction.
func (tp *testPost) fill(a Actor, text string, n int) error {
	first := tp.mustScan(a, "1", text)
	tp.pass(a, first)
	e, _, err := tp.Journal().Entry(context.Background(), marz.Seq(number(first.ID)))
	if err != nil {
		return err
	}
	payload, err := tp.Journal().Payload(context.Background(), e.Seq)
	if err != nil {
		return err
	}
	for done := 1; done < n; {
		err := tp.Journal().Update(context.Background(), func(tx *journal.Tx) error {
			for range min(1000, n-done) {
				d := journal.Draft{Kind: KindInspection, Officer: e.Officer, Authority: e.Authority, Under: e.Under, Policy: e.Policy, Public: e.Public, Private: json.RawMessage(payload)}
				opened, err := tx.Append(d)
				if err != nil {
					return err
				}
				d.Kind, d.Private = KindDecided, nil
				d.Public = decisionEntry{Inspection: inspectionID(int64(opened.Seq)), Lane: "1", Direction: marz.EntryDirection, Verdict: marz.Clear, Decision: marz.Admit}
				if _, err := tx.Append(d); err != nil {
					return err
				}
				done++
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
