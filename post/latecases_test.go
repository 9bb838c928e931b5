package post

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"marz"
)

// lates returns the entries of late hits, as all can read them.
func (tp *testPost) lates() (out []lateEntry) {
	tp.t.Helper()
	entries, err := tp.Journal().Entries(tp.t.Context(), 0, 100_000)
	if err != nil {
		tp.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Kind != KindLate {
			continue
		}
		var l lateEntry
		if err := json.Unmarshal(e.Public, &l); err != nil {
			tp.t.Fatal(err)
		}
		out = append(out, l)
	}
	return out
}

// More late hits than are kept are one alarm, which says how many they are; nothing of them is said a second time.
func TestLateHitsBeyondWhatIsKept(t *testing.T) {
	tp := newTestPost(t)
	a, boss := tp.atLane("ru-bg/2", "1"), tp.signIn("ru-bg/1")
	i := tp.mustScan(a, "1", passport(t, "TIMES", "MANY", "M1", nil))
	tp.pass(a, i)
	var many strings.Builder
	const all = mostHits + 20
	for n := range all {
		fmt.Fprintf(&many, `{"id":"M%d","schema":"Person","caption":"Many Times","properties":{"name":["Many Times"],"birthDate":["1980-05-06"],"nationality":["ir"]}}`+"\n", n)
	}
	for range 2 {
		tp.relist(boss, many.String())
		tp.screenAgain(t)
	}
	if got := tp.lates(); len(got) != 1 || got[0].Hits != all || len(got[0].Marks) != all {
		t.Errorf("%+v", got)
	}
	if record, err := tp.ReadRecord(t.Context(), boss, i.ID, "supervision", ""); err != nil || len(record.Hits) != mostHits {
		t.Errorf("%d hits, %v", len(record.Hits), err)
	}
}

// A list that is replaced while crossings are screened again is never mixed with the one before: a hit bears the version that said it, and the pass claims only what it has done.
func TestListIsReplacedWhileScreeningAgain(t *testing.T) {
	tp := newTestPost(t)
	var replace atomic.Pointer[func()]
	tp.reopen(func(o *Options) {
		o.Wall = func() time.Time {
			if f := replace.Swap(nil); f != nil {
				(*f)()
			}
			return time.Now()
		}
	})
	a, boss := tp.atLane("ru-bg/2", "1"), tp.signIn("ru-bg/1")
	i := tp.crossed(a, "A1")
	tp.screenAgain(t)
	before := tp.kinds()[KindRescreened]
	tp.relist(boss, list+rezasAlert)
	next := func() { tp.relist(boss, list+strings.Replace(rezasAlert, "wanted", "crime", 1)) }
	screening := func() { replace.Store(&next) } // the first look is the pass's own, the second the lists'
	replace.Store(&screening)
	tp.screenAgain(t)
	if n := tp.kinds()[KindRescreened]; n != before {
		t.Errorf("%d passes are recorded, and the list was replaced under it", n-before)
	}
	tp.screenAgain(t)
	now := tp.versions()[0].version
	record, err := tp.ReadRecord(t.Context(), boss, i.ID, "supervision", "")
	if err != nil || len(record.Hits) != 1 || record.Hits[0].Version != now || record.Hits[0].Why == "" {
		t.Errorf("the list is %s, the hits %+v, %v", now, record.Hits, err)
	}
	if done := tp.rescreened(t); len(done.Lists) != 1 || done.Lists[0].Version != now {
		t.Errorf("%+v", done)
	}
}

// What an authority erased of its own hits does not come back as late hits.
func TestErasedHitsAreNotLate(t *testing.T) {
	tp, ru, am := newJoint(t, "", "", "1")
	boss := tp.signIn("ru-bg/1")
	i := tp.mustScan(am, "1", wantedPassport(t, "GEO"))
	tp.leave(am, i) // its entry has hits as well, and is not screened
	tp.now.Add(rescan.Milliseconds())
	i = tp.mustScan(ru, "1", wantedPassport(t, "GEO"))
	tp.admit(ru, i)
	seqs, err := hitEntries(tp.Journal().State(), number(i.ID), "ru-bg")
	if err != nil || len(seqs) != 1 {
		t.Fatal(seqs, err)
	}
	if err := tp.Erase(t.Context(), boss, seqs, "retention"); err != nil {
		t.Fatal(err)
	}
	if _, err := tp.ReloadLists(t.Context(), boss); err != nil {
		t.Fatal(err)
	}
	tp.screenAgain(t)
	if got := tp.lates(); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// guests is a post that am-bg controls and where officers of ru-bg serve: what they inspect is their record.
const guests = treaty + `article = [
 { id = "1", kind = "control", authority = "am-bg", place = "agarak", from = "1992-09-30T00:00:00+03:00", text = "" },
 { id = "2", kind = "serve", authority = "ru-bg", place = "agarak", powers = ["inspect", "decide", "read-journal", "supervise", "read-record"], from = "1992-09-30T00:00:00+03:00", text = "" },
]`

// Where a guest inspects, the late hit is the guest's with its record: he reads it there, and who controls is alarmed and learns nothing of the person.
func TestLateHitOnAGuestsRecord(t *testing.T) {
	tp := newTestPostUnder(t, guests)
	guest, boss, host := tp.atLane("ru-bg/2", "1"), tp.signIn("ru-bg/1"), tp.signIn("am-bg/1")
	i := tp.crossed(guest, "A1")
	tp.relist(host, list+rezasAlert)
	tp.screenAgain(t)
	alarms := tp.alarms(host)
	if len(alarms) != 1 || len(tp.alarms(boss)) != 1 {
		t.Fatalf("%+v, %+v", alarms, tp.alarms(boss))
	}
	e, _, err := tp.Journal().Entry(t.Context(), alarms[0].Seq)
	if err != nil || e.Authority != "ru-bg" || e.Under != "treaty/2" || e.Private == "" {
		t.Errorf("%+v %v", e, err)
	}
	if record, err := tp.ReadRecord(t.Context(), boss, i.ID, "supervision", ""); err != nil || len(record.Hits) != 1 || record.Hits[0].Late == 0 {
		t.Errorf("%+v %v", record, err)
	}
	code(t, "the host reads", second(tp.ReadRecord(t.Context(), host, i.ID, "supervision", "")), marz.Forbidden, "belongs to ru-bg")
	tp.refolded(t)
	tp.verified()
}

// A list that comes while somebody still stands at the lane stops him as if it had come before him: one key lets nobody pass on whom a hit is recorded, and what was proposed or awaited without it falls.
func TestLateHitOnAnOpenCase(t *testing.T) {
	tp := newTestPost(t)
	a, boss := tp.atLane("ru-bg/2", "1"), tp.signIn("ru-bg/1")
	i := tp.mustScan(a, "1", passport(t, "ABADI", "REZA", "A1", nil))
	tp.relist(boss, list+rezasAlert)
	tp.screenAgain(t)
	code(t, "one key", second(tp.Decide(t.Context(), a, i.ID, marz.Admit, "", "")), marz.Invalid, "reason")
	now, err := tp.Case(t.Context(), a, "1", "")
	if err != nil || !stopped(t, now) || now.Verdict != marz.Stop || now.Hits[0].Late == 0 || now.Hits[0].Can != "clear" || now.Step == i.Step {
		t.Fatalf("%+v %v", now, err)
	}
	p, err := tp.Decide(t.Context(), a, i.ID, marz.Admit, "document-compared", "")
	if err != nil {
		t.Fatal(err)
	}
	tp.relist(boss, list+strings.Replace(rezasAlert, "wanted", "crime", 1))
	tp.screenAgain(t)
	code(t, "what was proposed before the hit", second(tp.Confirm(t.Context(), a, i.ID, p.Proposal.Seq)), marz.Conflict, "look at the case again")
	tp.admit(a, i)
	if rows, err := tp.Crossings(t.Context(), boss, 0); err != nil || rows.Rows[0].Hits != 2 || rows.Rows[0].Verdict != marz.Stop {
		t.Errorf("%+v %v", rows, err)
	}
	tp.refolded(t)
	tp.verified()
}

// In joint service the other learns of a hit on an open case what it learns at a scan: that there is one, and what articles share.
func TestOwnLateHitOnAnOpenCase(t *testing.T) {
	tp, ru, am := newJoint(t, "", shareHits, "1")
	boss := tp.signIn("ru-bg/1")
	i := tp.mustScan(am, "1", passport(t, "ABADI", "REZA", "A1", nil))
	p, err := tp.Decide(t.Context(), am, i.ID, marz.Refuse, "c-no-valid-visa", "")
	if err == nil {
		p, err = tp.Confirm(t.Context(), am, i.ID, p.Proposal.Seq)
	}
	if err != nil || p.State != "awaiting" {
		t.Fatalf("%+v %v", p, err)
	}
	tp.write("own.jsonl", ownList+rezasAlert)
	if _, err := tp.ReloadLists(t.Context(), boss); err != nil {
		t.Fatal(err)
	}
	tp.screenAgain(t)
	code(t, "what was awaited before the hit", second(tp.Concur(t.Context(), ru, i.ID, p.Joint.Waiting.Submission)), marz.Conflict, "look at the case again")
	theirs, err := tp.Case(t.Context(), am, "1", "")
	if err != nil || theirs.Verdict != marz.Stop || len(theirs.Hits) != 0 || len(theirs.Others) != 1 || theirs.Others[0].Count != 1 || !theirs.Others[0].Shared {
		t.Fatalf("the other: %+v %v", theirs, err)
	}
	if hits, _, err := tp.LookUp(t.Context(), am, i.ID, "ru-bg", "comparison", ""); err != nil || len(hits) != 1 || hits[0].Name != "Reza Abadi" {
		t.Errorf("the other looks up %+v %v", hits, err)
	}
	if own, err := tp.Case(t.Context(), ru, "1", ""); err != nil || !stopped(t, own) {
		t.Errorf("the owner: %+v %v", own, err)
	}
	tp.refolded(t)
	tp.verified()
}
