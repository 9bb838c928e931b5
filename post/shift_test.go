package post

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz"
	"marz/mrz"
	"marz/web"
)

// mustShift is the page of the shift as the officer sees it.
func (tp *testPost) mustShift(a Actor) *web.ShiftBody {
	tp.t.Helper()
	b, err := tp.Shift(tp.t.Context(), a)
	if err != nil {
		tp.t.Fatal(err)
	}
	return b
}

// end decides and confirms.
func (tp *testPost) end(a Actor, i *web.Inspection, d marz.Decision, reason string) {
	tp.t.Helper()
	out, err := tp.Decide(tp.t.Context(), a, i.ID, d, reason, "")
	if err == nil && out.State == "proposed" {
		out, err = tp.Confirm(tp.t.Context(), a, i.ID, out.Proposal.Seq)
	}
	if err != nil || out.State != "decided" {
		tp.t.Fatalf("%+v, %v", out, err)
	}
}

func stolen(t *testing.T) string {
	return passport(t, "NAME", "ANY", "ZZ0000017", func(d *mrz.Document) { d.Issuer, d.Nationality = "IRN", "IRN" })
}

// What a supervisor is shown of the shift before his: who decided against the verdict, who looked at what, what was refused, what could not be checked, what is open.
func TestShiftFacts(t *testing.T) {
	tp := newTestPost(t)
	a, boss := tp.atLane("ru-bg/2", "1"), tp.signIn("ru-bg/1")
	ordinary := tp.mustScan(a, "1", passport(t, "ABADI", "REZA", "A1", nil))
	tp.end(a, ordinary, marz.Admit, "")
	turned := tp.mustScan(a, "1", passport(t, "BABADI", "REZA", "A2", nil))
	tp.end(a, turned, marz.Refuse, "g-no-means") // the verdict was clear
	listed := tp.mustScan(a, "1", stolen(t))
	if listed.Verdict != marz.Stop {
		t.Fatalf("%+v", listed)
	}
	tp.end(a, listed, marz.Admit, "document-compared")
	expired := tp.mustScan(a, "1", passport(t, "CABADI", "REZA", "A3", func(d *mrz.Document) { d.Expiry = marz.Date{Year: 2020, Month: 1, Day: 1} }))
	tp.end(a, expired, marz.Admit, "document-compared") // attention without a hit: he looked
	stepped := tp.mustScan(a, "1", stolen(t))
	if _, err := tp.Withdraw(t.Context(), a, stepped.ID, "traveller-left"); err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct {
		who Actor
		id  marz.InspectionID
	}{{a, ordinary.ID}, {boss, turned.ID}, {boss, ordinary.ID}} {
		if _, err := tp.ReadRecord(t.Context(), r.who, r.id, "supervision", ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tp.Invite(t.Context(), a, Officer{"ru-bg/9", "N", marz.RoleOfficer}); marz.CodeOf(err) != marz.Forbidden {
		t.Fatal(err)
	}
	undated := tp.mustScan(a, "1", passport(t, "DABADI", "REZA", "A4", func(d *mrz.Document) { d.Expiry = marz.Date{} }))
	f := tp.mustShift(boss).Facts
	type override struct {
		ID       marz.InspectionID
		Officer  marz.OfficerID
		Decision marz.Decision
		Reason   string
	}
	var overrides []override
	for _, o := range f.Overrides {
		overrides = append(overrides, override{o.Inspection, o.Officer, o.Decision, o.Reason})
	}
	if d := cmp.Diff([]override{{turned.ID, "ru-bg/2", marz.Refuse, "g-no-means"}, {listed.ID, "ru-bg/2", marz.Admit, "document-compared"}, {stepped.ID, "ru-bg/2", "withdrawn", "traveller-left"}}, overrides); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]web.ShiftLookups{{Officer: "ru-bg/1", Records: 2, Night: 2}, {Officer: "ru-bg/2", Records: 1, Own: 1, Crossings: 4}}, f.Lookups); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]web.ShiftCount{{What: "enrol", Officer: "ru-bg/2", Count: 1}}, f.Refused); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]web.ShiftCount{{What: "chip.read", Count: 6}, {What: "document.expiry", Count: 1}}, f.Relaxed); d != "" {
		t.Error(d)
	}
	if len(f.Cases) != 1 || f.Cases[0].Inspection != undated.ID || f.Cases[0].Officer != "ru-bg/2" || f.Crossings != 4 {
		t.Errorf("%+v, %d crossings", f.Cases, f.Crossings)
	}
	if len(f.Lists) != 1 || f.Lists[0].Alerts != 2 || len(f.Lanes) != 2 || f.Lanes[0].Officer != "ru-bg/2" || f.Lanes[1].Officer != "" {
		t.Errorf("%+v %+v", f.Lists, f.Lanes)
	}
}

// A shift is taken as it was shown, by another than has it, and the next one's facts begin there.
func TestTakeShift(t *testing.T) {
	tp := newTestPostUnder(t, watched)
	a, boss := tp.atLane("ru-bg/2", "1"), tp.signIn("ru-bg/1")
	tp.end(a, tp.mustScan(a, "1", stolen(t)), marz.Admit, "document-compared")
	shown := tp.mustShift(boss)
	if !shown.Can || shown.Holder != "" || len(shown.Facts.Overrides) != 1 {
		t.Fatalf("%+v", shown)
	}
	take := func(who Actor, digest string, want marz.Code) {
		t.Helper()
		err := tp.TakeShift(t.Context(), who, digest)
		if want == 0 && err != nil || want != 0 && marz.CodeOf(err) != want {
			t.Errorf("%v, want %v", err, want)
		}
	}
	// What every minute brings does not stand in the way; what he has not seen does.
	tp.end(a, tp.mustScan(a, "1", passport(t, "ABADI", "REZA", "A1", nil)), marz.Admit, "")
	tp.mustScan(a, "1", passport(t, "BABADI", "REZA", "A2", nil))
	tp.now.Add(60_000)
	if again := tp.mustShift(boss); again.Digest != shown.Digest || again.Facts.Crossings != 2 || len(again.Facts.Cases) != 1 {
		t.Errorf("an ordinary traveller makes it another shift: %+v", again)
	}
	take(a, shown.Digest, marz.Forbidden)
	take(boss, "", marz.Conflict)
	shown = tp.mustShift(boss) // the officer's attempt is one of its facts
	take(boss, shown.Digest, 0)
	before := tp.size()
	take(boss, tp.mustShift(boss).Digest, marz.Conflict)
	if tp.size() != before {
		t.Error("a refused handover left an entry")
	}
	b := tp.mustShift(boss)
	if b.Can || b.Cannot == "" || b.Holder != "ru-bg/1" || b.Since == 0 || len(b.Earlier) != 1 || len(b.Facts.Overrides) != 0 || b.Facts.Crossings != 0 || len(b.Facts.Cases) != 1 || b.Facts.From != b.Since {
		t.Errorf("%+v", b)
	}
	link, err := tp.Invite(t.Context(), boss, Officer{"ru-bg/3", "R Three", marz.RoleSupervisor})
	if err != nil || link == nil {
		t.Fatal(err)
	}
	e, _, err := tp.Journal().Entry(t.Context(), b.Earlier[0].Seq)
	if err != nil {
		t.Fatal(err)
	}
	var s shiftEntry
	if err := json.Unmarshal(e.Public, &s); err != nil || s.Digest != shown.Digest || s.To != "ru-bg/1" || s.From != "" || s.Overrides != 1 || s.Crossings != 2 || s.Cases != 1 || e.Private != "" || e.Under != "treaty/1" {
		t.Errorf("%+v %+v %v", e, s, err)
	}
	tp.verified()
	if again := tp.mustShift(tp.signIn("ru-bg/1")); again.Holder != "ru-bg/1" {
		t.Errorf("%+v", again)
	}
}

// Each authority has a shift of its own, and is shown nothing of the other's.
func TestShiftsAreApart(t *testing.T) {
	tp := newTestPost(t)
	a := tp.atLane("ru-bg/2", "1")
	boss := tp.signIn("ru-bg/1")
	tp.end(a, tp.mustScan(a, "1", stolen(t)), marz.Admit, "document-compared")
	if err := tp.TakeShift(t.Context(), boss, tp.mustShift(boss).Digest); err != nil {
		t.Fatal(err)
	}
	open := tp.mustScan(a, "1", passport(t, "ABADI", "REZA", "A1", nil))
	onlooker := tp.signIn("am-bg/1")
	if _, err := tp.Shift(t.Context(), onlooker); marz.CodeOf(err) != marz.Forbidden {
		t.Errorf("who only looks on: %v", err)
	}
	tp.now.Store(int64(midnight))
	boss = tp.signIn("am-bg/1")
	b := tp.mustShift(boss)
	if b.Holder != "" || len(b.Earlier) != 0 || len(b.Facts.Overrides) != 0 || b.Facts.Crossings != 0 || len(b.Facts.Lookups) != 0 {
		t.Errorf("%+v", b)
	}
	if len(b.Facts.Cases) != 1 || b.Facts.Cases[0].Inspection != open.ID || b.Facts.Cases[0].Officer != "" {
		t.Errorf("the case that was left open: %+v", b.Facts.Cases)
	}
}

// Its rule asks about how somebody looked, and lets a supervisor supervise.
func TestUnusualLookups(t *testing.T) {
	for _, c := range []struct {
		l    web.ShiftLookups
		role marz.Role
		want string
	}{
		{web.ShiftLookups{Records: 3, Own: 3, Crossings: 40}, marz.RoleOfficer, ""},
		{web.ShiftLookups{Records: 3, Night: 2, Crossings: 40}, marz.RoleOfficer, "2 while holding no lane"},
		{web.ShiftLookups{Records: 1}, marz.RoleOfficer, "look-ups and no crossing decided"},
		{web.ShiftLookups{Records: 9, Night: 9}, marz.RoleSupervisor, ""},
		{web.ShiftLookups{Records: 12, Own: 1, Crossings: 10}, marz.RoleSupervisor, "11 records that are not of crossings of his own"},
		{web.ShiftLookups{Records: 12, Own: 1, Crossings: 11}, marz.RoleOfficer, ""},
	} {
		if got := unusual(c.l, c.role); got != c.want {
			t.Errorf("%+v: %q, want %q", c.l, got, c.want)
		}
	}
}

// Over HTTP: the page for who supervises, and the taking by its digest.
func TestShiftOverHTTP(t *testing.T) {
	tp := newTestPost(t)
	srv := tp.serve()
	boss, officer := tp.client(srv, "ru-bg/1"), tp.client(srv, "ru-bg/2")
	for path, want := range map[*client]int{boss: http.StatusOK, officer: http.StatusForbidden} {
		if resp, b := path.do("GET", "/shift", nil); resp.StatusCode != want {
			t.Errorf("GET /shift: %s %.200s", resp.Status, b)
		}
	}
	if resp, b := boss.do("POST", "/api/shift/take", map[string]string{"digest": "of something else"}); resp.StatusCode != http.StatusConflict || !strings.Contains(string(b), "look again") {
		t.Errorf("%s %s", resp.Status, b)
	}
	digest := tp.mustShift(tp.signIn("ru-bg/1")).Digest
	if resp, b := boss.do("POST", "/api/shift/take", map[string]string{"digest": digest}); resp.StatusCode != http.StatusOK {
		t.Errorf("%s %s", resp.Status, b)
	}
	if resp, b := boss.do("POST", "/api/shift/take", map[string]string{"digest": digest}); resp.StatusCode != http.StatusConflict || !strings.Contains(string(b), "already") {
		t.Errorf("%s %s", resp.Status, b)
	}
}

// A night's facts are found among a night's entries at once.
func BenchmarkShift(b *testing.B) {
	tp := newTestPost(b)
	a, boss := tp.atLane("ru-bg/2", "1"), tp.signIn("ru-bg/1")
	for n := range 2000 {
		i := tp.mustScan(a, "1", passport(b, "ABADI"+string(rune('A'+n/26%26))+string(rune('A'+n%26))+string(rune('A'+n/676)), "REZA", fmt.Sprintf("B%d", n), nil))
		if _, err := tp.Decide(b.Context(), a, i.ID, marz.Admit, "", ""); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		tp.mustShift(boss)
	}
}
