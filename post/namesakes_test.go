package post

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"marz"
	"marz/inspection"
	"marz/mrz"
	"marz/web"
)

// zorvan is the passport of somebody who bears name, birth date and nationality of the person on the test's list.
func zorvan(t testing.TB, number string) string {
	return passport(t, "VELIKANOV", "ZORVAN", number, func(d *mrz.Document) {
		d.Nationality, d.Issuer, d.Birth = "RUS", "RUS", marz.Date{Year: 1971, Month: 3, Day: 4}
	})
}

var onList = web.AlertRef{List: "test-list", Alert: "P1"}

// admit lets somebody pass whom a hit stopped, and clears him of the alerts given.
func (tp *testPost) admit(a Actor, i *web.Inspection, refs ...web.AlertRef) *web.Inspection {
	tp.t.Helper()
	p, err := tp.Decide(tp.t.Context(), a, i.ID, marz.Admit, inspection.NotThePerson, "compared the photograph", refs...)
	if err != nil {
		tp.t.Fatal(err)
	}
	if p.Proposal.Clears != len(refs) {
		tp.t.Errorf("the proposal clears %d, want %d", p.Proposal.Clears, len(refs))
	}
	d, err := tp.Confirm(tp.t.Context(), a, i.ID, p.Proposal.Seq)
	if err != nil || d.State != "decided" {
		tp.t.Fatalf("%+v, %v", d, err)
	}
	return d
}

// pass ends a case by the one key that it needs.
func (tp *testPost) pass(a Actor, i *web.Inspection) {
	tp.t.Helper()
	if d, err := tp.Decide(tp.t.Context(), a, i.ID, marz.Admit, "", ""); err != nil || d.State != "decided" {
		tp.t.Fatalf("%+v, %v", d, err)
	}
}

func (tp *testPost) leave(a Actor, i *web.Inspection) {
	tp.t.Helper()
	if _, err := tp.Withdraw(tp.t.Context(), a, i.ID, "traveller-left"); err != nil {
		tp.t.Fatal(err)
	}
}

// relist replaces the test's list.
func (tp *testPost) relist(a Actor, list string) {
	tp.t.Helper()
	tp.write("test.jsonl", list)
	states, err := tp.ReloadLists(tp.t.Context(), a)
	if err != nil || states[0].Refused != "" {
		tp.t.Fatal(states, err)
	}
}

// stopped reports whether an inspection stops its traveller, as a whole: verdict, hits that count and what one key does.
func stopped(t *testing.T, i *web.Inspection) bool {
	t.Helper()
	free := slices.Contains(i.Ordinary, marz.Admit)
	holds := len(i.Hits) == 1 && i.Hits[0].Cleared != nil && i.Hits[0].Cleared.Holds
	if len(i.Hits) != 1 || free != holds || free != (i.Verdict == marz.Clear) {
		t.Errorf("verdict %s, ordinary %v, hits %+v", i.Verdict, i.Ordinary, i.Hits)
	}
	return !free
}

// A namesake who was cleared is not stopped again for the same version of the alert: the hit is listed, marked, and one key passes him.
func TestClearedNamesakePasses(t *testing.T) {
	tp := newTestPost(t)
	a := tp.atLane("ru-bg/2", "1")
	first := tp.mustScan(a, "1", zorvan(t, "C1"))
	if !stopped(t, first) || first.Hits[0].Can != "clear" {
		t.Fatalf("%+v", first.Hits)
	}
	before := tp.size()
	tp.admit(a, first, onList)
	if got := tp.size() - before; got != 3 {
		t.Errorf("%d entries, want the two acts and the clearance", got)
	}
	again := tp.mustScan(a, "1", zorvan(t, "C1")+"\n")
	if again.ID != first.ID { // within seconds it is the reader that fired twice
		t.Error("a second inspection at once")
	}
	tp.now.Add(rescan.Milliseconds() + 1)
	again = tp.mustScan(a, "1", zorvan(t, "C1"))
	if stopped(t, again) {
		t.Fatalf("stopped again: %+v", again.Hits[0].Cleared)
	}
	c := again.Hits[0].Cleared
	if c.By != "ru-bg/2" || c.At == 0 || c.Reason != "Compared: not the person on the list" || c.Note != "compared the photograph" || again.Hits[0].Can != "" {
		t.Errorf("%+v", again.Hits[0])
	}
	i := slices.IndexFunc(again.Findings, func(f marz.Finding) bool { return f.Check == inspection.CheckLists })
	if f := again.Findings[i]; f.Result != marz.Successful || !strings.Contains(f.Reason, "1 on which the traveller was cleared") {
		t.Errorf("%+v", f)
	}
	before = tp.size()
	tp.pass(a, again)
	if got := tp.size() - before; got != 1 {
		t.Errorf("%d entries for an ordinary decision", got)
	}
	tp.verified()
}

// What a clearance is scoped to: this document with this name, birth date and nationality, this alert, this version. Everything else stops him, and says that there was a clearance.
func TestClearanceIsScoped(t *testing.T) {
	tp := newTestPost(t)
	a, boss := tp.atLane("ru-bg/2", "1"), tp.signIn("ru-bg/1")
	tp.admit(a, tp.mustScan(a, "1", zorvan(t, "C1")), onList)
	tp.now.Add(rescan.Milliseconds())
	stops := func(what, text, why string) *web.Inspection {
		t.Helper()
		i := tp.mustScan(a, "1", text)
		if !stopped(t, i) {
			t.Errorf("%s is not stopped", what)
		} else if c := i.Hits[0].Cleared; (why == "") != (c == nil) || c != nil && !strings.Contains(c.Why, why) {
			t.Errorf("%s: %+v, want %q", what, c, why)
		}
		return i
	}
	tp.leave(a, stops("another birth date", passport(t, "VELIKANOV", "ZORVAN", "C1", func(d *mrz.Document) {
		d.Nationality, d.Issuer, d.Birth = "RUS", "RUS", marz.Date{Year: 1971, Month: 3, Day: 5}
	}), ""))
	doubtful := []byte(zorvan(t, "C1"))
	doubtful[len(doubtful)-1] = '0' + (doubtful[len(doubtful)-1]-'0'+1)%10 // the digit over the whole zone
	tp.leave(a, stops("a wrong check digit", string(doubtful), "another document"))
	tp.leave(a, stops("another issuer", strings.Replace(zorvan(t, "C1"), "P<RUS", "P<IRN", 1), "another document"))
	renewed := stops("a new passport", zorvan(t, "C2"), "another document")
	tp.admit(a, renewed, onList) // an officer finds that it is he
	tp.now.Add(rescan.Milliseconds())
	for _, number := range []string{"C1", "C2"} {
		i := tp.mustScan(a, "1", zorvan(t, number))
		if stopped(t, i) {
			t.Errorf("stopped with the document %s, which was cleared", number)
		}
		tp.leave(a, i)
	}
	changed := strings.Replace(list, `"1971-03-04"`, `"1971-03-04","1971"`, 1)
	tp.relist(boss, changed)
	tp.leave(a, stops("a changed alert", zorvan(t, "C1"), "the alert has changed since"))
	tp.relist(boss, strings.Split(list, "\n")[1]+"\n") // the alert is taken off
	if i := tp.mustScan(a, "1", zorvan(t, "C1")); len(i.Hits) != 0 {
		t.Errorf("%+v", i.Hits)
	} else {
		tp.leave(a, i)
	}
	tp.relist(boss, changed)
	tp.leave(a, stops("an alert that came back changed", zorvan(t, "C1"), "the alert has changed since"))
	tp.verified()
}

func TestWhoIsNoNamesake(t *testing.T) {
	tp := newTestPost(t)
	a := tp.atLane("ru-bg/2", "1")
	i := tp.mustScan(a, "1", passport(t, "ANY", "BODY", "ZZ0000017", nil))
	decide := func(d marz.Decision, reason string, ref web.AlertRef) error {
		return second(tp.Decide(t.Context(), a, i.ID, d, reason, "", ref))
	}
	code(t, "a stolen passport", decide(marz.Admit, inspection.NotThePerson, web.AlertRef{List: "test-list", Alert: "D1"}), marz.Conflict, "name of a person")
	code(t, "no such hit", decide(marz.Admit, inspection.NotThePerson, onList), marz.NotFound, "no such hit")
	tp.leave(a, i)
	i = tp.mustScan(a, "1", zorvan(t, "C1"))
	code(t, "another reason", decide(marz.Admit, "supervisor-ordered", onList), marz.Invalid, "not the person")
	code(t, "another decision", decide(marz.Refer, "same-person", onList), marz.Invalid, "let pass")
	tp.leave(a, i)
	i = tp.mustScan(a, "1", passport(t, "VELIKANOV", "ZORVAN", "C1", func(d *mrz.Document) {
		d.Nationality, d.Issuer, d.Birth = "RUS", "RUS", marz.Date{Year: 1971}
	}))
	code(t, "a birth date that is not whole", decide(marz.Admit, inspection.NotThePerson, onList), marz.Conflict, "not be known again")
	if tp.kinds()[KindCleared] != 0 {
		t.Error("a clearance was recorded")
	}
}

// Another alert to be cleared of is another proposal: what he confirms is what he chose last.
func TestAnotherAlertIsAnotherProposal(t *testing.T) {
	tp := newTestPost(t)
	a, boss := tp.atLane("ru-bg/2", "1"), tp.signIn("ru-bg/1")
	tp.relist(boss, list+strings.Replace(strings.Split(list, "\n")[0], `"P1"`, `"P3"`, 1)+"\n")
	i := tp.mustScan(a, "1", zorvan(t, "C1"))
	propose := func(alert marz.AlertID) *web.Inspection {
		t.Helper()
		p, err := tp.Decide(t.Context(), a, i.ID, marz.Admit, inspection.NotThePerson, "", web.AlertRef{List: "test-list", Alert: alert})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first, last := propose("P1"), propose("P3")
	if first.Proposal.Seq == last.Proposal.Seq || propose("P3").Proposal.Seq != last.Proposal.Seq {
		t.Errorf("proposals %d and %d", first.Proposal.Seq, last.Proposal.Seq)
	}
	if _, err := tp.Confirm(t.Context(), a, i.ID, last.Proposal.Seq); err != nil {
		t.Fatal(err)
	}
	tp.now.Add(rescan.Milliseconds())
	for _, h := range tp.mustScan(a, "1", zorvan(t, "C1")).Hits {
		if holds := h.Cleared != nil && h.Cleared.Holds; holds != (h.Alert == "P3") {
			t.Errorf("%s: cleared %t", h.Alert, holds)
		}
	}
}

// A supervisor clears after the crossing, and takes back; nobody else does, and nothing twice.
func TestSupervisorClearsAndRevokes(t *testing.T) {
	tp := newTestPost(t)
	a, boss := tp.atLane("ru-bg/2", "1"), tp.signIn("ru-bg/1")
	i := tp.mustScan(a, "1", zorvan(t, "C1"))
	clear := func(who Actor, ref web.AlertRef, reason string) error {
		return tp.Clear(t.Context(), who, i.ID, ref, reason, "")
	}
	code(t, "while it is open", clear(boss, onList, "second-line"), marz.Conflict, "not decided")
	tp.admit(a, i)
	code(t, "an officer", clear(a, onList, "second-line"), marz.Forbidden, "supervisor")
	code(t, "an observer", clear(tp.signIn("am-bg/1"), onList, "second-line"), marz.Forbidden, "")
	code(t, "without a reason", clear(boss, onList, ""), marz.Invalid, "reason")
	code(t, "no such hit", clear(boss, web.AlertRef{List: "test-list", Alert: "D1"}, "second-line"), marz.NotFound, "")
	for range 2 {
		if err := clear(boss, onList, "second-line"); err != nil {
			t.Fatal(err)
		}
	}
	if n := tp.kinds()[KindCleared]; n != 1 {
		t.Fatalf("%d clearances", n)
	}
	record, err := tp.ReadRecord(t.Context(), boss, i.ID, "supervision", "")
	if err != nil || record.Hits[0].Can != "revoke" || record.Hits[0].Cleared.Reason != "Second line found that it is another person" {
		t.Fatalf("%+v, %v", record.Hits, err)
	}
	tp.now.Add(rescan.Milliseconds())
	i = tp.mustScan(a, "1", zorvan(t, "C1"))
	if stopped(t, i) {
		t.Error("stopped after he was cleared")
	}
	tp.pass(a, i)
	seq := record.Hits[0].Cleared.Seq
	rows, err := tp.clearances("ru-bg")
	if err != nil || len(rows) != 1 || rows[0].Seq != seq || rows[0].Ended != 0 {
		t.Errorf("%+v, %v", rows, err)
	}
	code(t, "an officer revokes", tp.Revoke(t.Context(), a, seq, "owner-asks", ""), marz.Forbidden, "supervisor")
	code(t, "what is none", tp.Revoke(t.Context(), boss, 1, "owner-asks", ""), marz.NotFound, "no such clearance")
	if err := tp.Revoke(t.Context(), boss, seq, "may-be-the-person", "a note"); err != nil {
		t.Fatal(err)
	}
	code(t, "twice", tp.Revoke(t.Context(), boss, seq, "owner-asks", ""), marz.Conflict, "revoked by ru-bg/1")
	tp.now.Add(rescan.Milliseconds())
	i = tp.mustScan(a, "1", zorvan(t, "C1"))
	if !stopped(t, i) || !strings.Contains(i.Hits[0].Cleared.Why, "revoked by ru-bg/1") {
		t.Errorf("%+v", i.Hits[0].Cleared)
	}
	tp.verified()
}

// Whom an authority cleared of its own alert is its own: the other's officers learn of neither.
func TestOwnClearancesStayApart(t *testing.T) {
	tp, ru, am := newJoint(t, "", shareHits, "1")
	own := web.AlertRef{List: "ru-own", Alert: "bogdans-alert"}
	i := tp.mustScan(am, "1", wantedPassport(t, "GEO"))
	_, err := tp.Decide(t.Context(), am, i.ID, marz.Admit, inspection.NotThePerson, "", own)
	code(t, "the other clears", err, marz.NotFound, "no such hit")
	p, err := tp.Decide(t.Context(), ru, i.ID, marz.Admit, inspection.NotThePerson, "asked at home", own)
	if err != nil {
		t.Fatal(err)
	}
	if seen, err := tp.Case(t.Context(), am, "1", ""); err != nil || seen.Proposal.Clears != 0 {
		t.Errorf("the other sees that it clears: %+v %v", seen.Proposal, err)
	}
	if _, err := tp.Confirm(t.Context(), ru, i.ID, p.Proposal.Seq); err != nil {
		t.Fatal(err)
	}
	tp.now.Add(rescan.Milliseconds())
	again := tp.mustScan(am, "1", wantedPassport(t, "GEO"))
	if again.Verdict != marz.Clear || len(again.Hits)+len(again.Others) != 0 {
		t.Errorf("the other: %s %+v %+v", again.Verdict, again.Hits, again.Others)
	}
	for _, f := range again.Findings {
		if strings.Contains(f.Reason, "cleared") {
			t.Errorf("the other reads %q", f.Reason)
		}
	}
	if hits, _, err := tp.LookUp(t.Context(), am, again.ID, "ru-bg", "comparison", ""); err != nil || len(hits) != 0 {
		t.Errorf("the other looks up %+v %v", hits, err)
	}
	theirs, err := tp.Case(t.Context(), ru, "1", "")
	if err != nil || len(theirs.Hits) != 1 || !theirs.Hits[0].Cleared.Holds || theirs.Hits[0].Cleared.Note != "asked at home" {
		t.Errorf("the owner: %+v %v", theirs.Hits, err)
	}
	entries, err := tp.Journal().Entries(t.Context(), 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		payload, _ := tp.Journal().Payload(t.Context(), e.Seq)
		for _, secret := range []string{"Sekretov", "bogdans-alert", "asked at home"} {
			if strings.Contains(string(e.Public), secret) || strings.Contains(string(payload), secret) && e.Kind != KindProposed {
				t.Errorf("entry %d %s gives away %q", e.Seq, e.Kind, secret)
			}
		}
	}
	tp.verified()
}

// On a list that is used in common a joint record needs the clearance of each authority whose record it is. Each knows why it cleared, and takes back its own.
func TestJointRecordNeedsBothClearances(t *testing.T) {
	tp, ru, am := newJoint(t, "", "", "1")
	ruBoss, amBoss := tp.signIn("ru-bg/1"), tp.signIn("am-bg/1")
	i := tp.mustScan(am, "1", zorvan(t, "C1"))
	if !slices.Equal(i.Hits[0].Lacks, []marz.AuthorityID{"ru-bg"}) {
		t.Errorf("it is not said that one clearance is not enough: %+v", i.Hits[0])
	}
	tp.admit(am, i, onList)
	tp.now.Add(rescan.Milliseconds())
	again := tp.mustScan(am, "1", zorvan(t, "C1"))
	if c := again.Hits[0].Cleared; !stopped(t, again) || !strings.Contains(c.Why, "does not bind ru-bg") || c.Note != "compared the photograph" || again.Hits[0].Can != "" {
		t.Fatalf("%+v", again.Hits)
	}
	if theirs, err := tp.Case(t.Context(), ru, "1", ""); err != nil || theirs.Hits[0].Cleared.Reason+theirs.Hits[0].Cleared.Note != "" || theirs.Hits[0].Can != "clear" || len(theirs.Hits[0].Lacks) != 0 {
		t.Errorf("the other sees %+v %v", theirs.Hits[0], err)
	}
	if payload, err := tp.Journal().Payload(t.Context(), marz.Seq(number(again.ID))); err != nil || strings.Contains(string(payload), "photograph") {
		t.Errorf("the record has a copy of why: %v", err)
	}
	tp.leave(am, again)
	if err := tp.Clear(t.Context(), ruBoss, i.ID, onList, "owner-says-not", ""); err != nil {
		t.Fatal(err)
	}
	if last := tp.mustScan(ru, "1", zorvan(t, "C1")); stopped(t, last) {
		t.Errorf("%+v", last.Hits[0].Cleared)
	}
	for _, boss := range []Actor{ruBoss, amBoss} {
		record, err := tp.ReadRecord(t.Context(), boss, i.ID, "supervision", "")
		if err != nil {
			t.Fatal(err)
		}
		if h := record.Hits[0]; h.Can != "revoke" || tp.Revoke(t.Context(), boss, h.Mine, "owner-asks", "") != nil {
			t.Errorf("%s: %+v", boss.Officer, h)
		}
	}
}

// A clearance of the outgoing authority does not bind the incoming one.
func TestClearancesLapseWithControl(t *testing.T) {
	tp := newTestPost(t)
	a := tp.atLane("ru-bg/2", "1")
	tp.admit(a, tp.mustScan(a, "1", zorvan(t, "C1")), onList)
	tp.now.Store(int64(midnight))
	am := tp.atLane("am-bg/2", "1")
	i := tp.mustScan(am, "1", zorvan(t, "C1"))
	if !stopped(t, i) {
		t.Fatal("the incoming authority is bound")
	}
	if c := i.Hits[0].Cleared; !strings.Contains(c.Why, "lapsed when control passed to am-bg under treaty/2") || c.By != "ru-bg/2" || c.Reason+c.Note != "" {
		t.Errorf("%+v", c)
	}
	tp.verified()
}

// No public part tells who was cleared of what, and a clearance is gone with its payload. The state is a fold over both.
func TestClearancesArePrivateAndErased(t *testing.T) {
	tp := newTestPost(t)
	a, boss := tp.atLane("ru-bg/2", "1"), tp.signIn("ru-bg/1")
	i := tp.mustScan(a, "1", zorvan(t, "C1"))
	tp.admit(a, i, onList)
	tp.now.Add(rescan.Milliseconds())
	entries, err := tp.Journal().Entries(t.Context(), 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	var seq marz.Seq
	for _, e := range entries {
		if e.Kind == KindCleared {
			seq = e.Seq
		}
		for _, personal := range []string{"elikanov", "VELIKANOV", "710304", "1971-03-04", "P1", i.Hits[0].AlertVersion, "photograph"} {
			if e.Kind != KindListLoaded && e.Kind != KindDescribed && strings.Contains(string(e.Public), personal) {
				t.Errorf("%s: %s", e.Kind, e.Public)
			}
		}
	}
	tp.refolded(t)
	if err := tp.Erase(t.Context(), boss, []marz.Seq{seq}, "retention"); err != nil {
		t.Fatal(err)
	}
	if again := tp.mustScan(a, "1", zorvan(t, "C1")); !stopped(t, again) || again.Hits[0].Cleared != nil {
		t.Errorf("%+v", again.Hits)
	}
	tp.refolded(t)
	tp.verified()
}

// Against a naive reading: after any steps a traveller is let pass by one key exactly when this document was cleared of the alert as it is now, and that was not taken back.
func TestClearancesAgainstAModel(t *testing.T) {
	tp := newTestPostUnder(t, watched)
	a, boss := tp.atLane("ru-bg/2", "1"), tp.signIn("ru-bg/1")
	random := rand.New(rand.NewPCG(1, 2))
	versions := []string{list, strings.Replace(list, `"1971-03-04"`, `"1971-03-04","1971"`, 1), strings.Replace(list, `"sanction"`, `"wanted"`, 1)}
	now, held := 0, map[string]marz.Seq{} // by document and version
	for step := range 120 {
		number := fmt.Sprintf("C%d", random.IntN(3))
		key := fmt.Sprint(number, now)
		switch random.IntN(4) {
		case 0:
			now = random.IntN(len(versions))
			tp.relist(boss, versions[now])
		case 1:
			if seq, ok := held[key]; ok {
				if err := tp.Revoke(t.Context(), boss, seq, "owner-asks", ""); err != nil {
					t.Fatal(err)
				}
				delete(held, key)
			}
		default:
			tp.now.Add(rescan.Milliseconds())
			i := tp.mustScan(a, "1", zorvan(t, number))
			_, cleared := held[key]
			if stopped(t, i) == cleared {
				t.Fatalf("step %d: %s cleared %t, hit %+v", step, key, cleared, i.Hits[0].Cleared)
			}
			if cleared {
				tp.pass(a, i)
				continue
			}
			tp.admit(a, i, onList)
			held[key] = marz.Seq(tp.size() - 1)
		}
	}
}
