package post

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"marz"
	"marz/agreement"
	"marz/journal"
	"marz/mrz"
	"marz/verify"
	"marz/web"
)

const midnight = marz.Instant(1735675200000) // 2025-01-01T00:00:00+04:00

// testPost is an exercise's post with a clock that tests set.
type testPost struct {
	*Post
	t   testing.TB
	dir string
	now *atomic.Int64
	set func(*Options) // what a test wants otherwise
}

// testKeys are the secret keys of the authorities of testGround.
var testKeys = map[marz.AuthorityID]string{}

func init() {
	for i := range testGround.Authorities {
		a := &testGround.Authorities[i]
		var err error
		if testKeys[a.ID], a.Key, err = agreement.NewKey(rand.Reader, a.ID); err != nil {
			panic(err)
		}
	}
}

var testGround = agreement.Ground{Authorities: []marz.Authority{{ID: "am-bg", State: "ARM", Name: "A"}, {ID: "ru-bg", State: "RUS", Name: "R"}, {ID: "ge-bg", State: "GEO", Name: "G"}},
	Places: []marz.Place{{ID: "agarak", Kind: "post", Name: "Agarak", State: "ARM"}, {ID: "line", Kind: "section", Name: "The line", State: "ARM"}},
	Blocs:  []marz.Bloc{{ID: "bloc", Name: "A bloc"}}}

var testSections = []marz.Section{{ID: "line", Name: "The line", State: "ARM", Frontier: "am-ir", Post: "agarak", Length: 40, Source: "invented"}}

// treaty begins the agreement of most tests; its articles follow.
const treaty = `
[[agreement]]
id = "treaty"
title = "A treaty"
parties = ["am-bg", "ru-bg"]
signed = "1992-09-30"
source = "invented"
`

const agreements = treaty + `article = [
 { id = "1", kind = "control", authority = "ru-bg", place = "agarak", from = "1992-09-30T00:00:00+03:00", until = "2025-01-01T00:00:00+04:00", text = "" },
 { id = "2", kind = "control", authority = "am-bg", place = "agarak", from = "2025-01-01T00:00:00+04:00", text = "" },
 { id = "3", kind = "observe", authority = "am-bg", place = "agarak", from = "2024-10-08T00:00:00+04:00", text = "" },
]`

// list has a person, a namesake's trap, and a stolen passport, all invented.
const list = `{"id":"P1","schema":"Person","caption":"Zorvan Velikanov","properties":{"name":["Zorvan Velikanov"],"birthDate":["1971-03-04"],"nationality":["ru"],"topics":["sanction"]}}
{"id":"D1","schema":"Passport","properties":{"number":["ZZ0000017"],"country":["ir"],"type":["stolen"]}}
`

func newTestPost(t testing.TB) *testPost { return newTestPostUnder(t, agreements) }

// newTestPostUnder makes a post under other agreements.
func newTestPostUnder(t testing.TB, agreements string) *testPost {
	t.Helper()
	return newTestPostNamed(t, "exercise/test/agarak", agreements)
}

// newTestPostNamed makes a post whose journal has another name.
func newTestPostNamed(t testing.TB, origin marz.Origin, agreements string) *testPost {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "post")
	tp := &testPost{t: t, dir: dir, now: &atomic.Int64{}}
	tp.now.Store(int64(midnight) - 600_000)
	doc, err := agreement.Parse("test", []byte(agreements))
	if err != nil {
		t.Fatal(err)
	}
	config := DefaultConfig("localhost:8443", "localhost", "ARM")
	config.Lists = []ListSource{{ID: "test-list", Path: "test.jsonl"}}
	_, err = Init(t.Context(), Setup{Dir: dir, Origin: origin, Exercise: true,
		Post: marz.Post{ID: "agarak", Name: "Agarak", State: "ARM", Kind: "road", Zone: "Asia/Yerevan", Lanes: []marz.Lane{
			{ID: "1", Direction: marz.EntryDirection, Flow: "persons"}, {ID: "2", Direction: marz.ExitDirection, Flow: "persons"}}},
		Ground: testGround, Sections: testSections, Register: doc.Instruments(), Config: config, Clock: tp.clock, Wall: time.Now,
		Officers: []Officer{{"ru-bg/1", "R One", marz.RoleSupervisor}, {"ru-bg/2", "R Two", marz.RoleOfficer}, {"am-bg/1", "A One", marz.RoleSupervisor}, {"am-bg/2", "A Two", marz.RoleOfficer}}})
	if err != nil {
		t.Fatal(err)
	}
	tp.write("test.jsonl", list)
	tp.open()
	t.Cleanup(func() { tp.Post.Close() })
	return tp
}

// instruments are those of the post's register, as a copy.
func (tp *testPost) instruments() []agreement.Instrument {
	var out []agreement.Instrument
	for _, a := range tp.register.Load().Agreements() {
		out = append(out, agreement.Instrument{Agreement: &a})
	}
	return out
}

func (tp *testPost) clock() marz.Instant { return marz.Instant(tp.now.Add(1)) }

func (tp *testPost) write(name, text string) {
	if err := os.WriteFile(filepath.Join(tp.dir, name), []byte(text), 0o600); err != nil {
		tp.t.Fatal(err)
	}
}

func (tp *testPost) open() {
	tp.t.Helper()
	o := Options{Dir: tp.dir, Clock: tp.clock, Exercise: true}
	if tp.set != nil {
		tp.set(&o)
	}
	p, err := Open(context.Background(), o)
	if err != nil {
		tp.t.Fatal(err)
	}
	tp.Post = p
}

// reopen ends the post and opens it again, with other options if some are given.
func (tp *testPost) reopen(set func(*Options)) {
	tp.t.Helper()
	if err := tp.Post.Close(); err != nil {
		tp.t.Fatal(err)
	}
	if set != nil {
		tp.set = set
	}
	tp.open()
}

func (tp *testPost) signIn(officer marz.OfficerID) Actor {
	tp.t.Helper()
	_, a, err := tp.SignInExercise(context.Background(), officer)
	if err != nil {
		tp.t.Fatal(err)
	}
	return a
}

// atLane signs an officer in and takes a lane.
func (tp *testPost) atLane(officer marz.OfficerID, lane marz.LaneID) Actor {
	tp.t.Helper()
	a := tp.signIn(officer)
	if err := tp.OpenLane(context.Background(), a, lane); err != nil {
		tp.t.Fatal(err)
	}
	return a
}

func (tp *testPost) mustScan(a Actor, lane marz.LaneID, text string) *web.Inspection {
	tp.t.Helper()
	i, err := tp.Scan(context.Background(), a, lane, text, false)
	if err != nil {
		tp.t.Fatal(err)
	}
	return i
}

func (tp *testPost) size() int64 { return tp.Journal().Head().Size }

func (tp *testPost) verified() {
	tp.t.Helper()
	if err := tp.Post.Close(); err != nil {
		tp.t.Fatal(err)
	}
	r, err := verify.Folder(context.Background(), tp.dir, verify.Options{})
	if err != nil || !r.OK() {
		tp.t.Fatalf("verify: %+v, %v", r, err)
	}
	tp.open()
}

// passport returns a valid zone of an invented person.
func passport(t testing.TB, primary, secondary, number string, change func(*mrz.Document)) string {
	t.Helper()
	d := mrz.Document{Format: mrz.TD3, Code: "P", Issuer: "IRN", Nationality: "IRN", Primary: primary, Secondary: secondary, Number: number, Sex: "M",
		Birth: marz.Date{Year: 1980, Month: 5, Day: 6}, Expiry: marz.Date{Year: 2030, Month: 1, Day: 2}}
	if change != nil {
		change(&d)
	}
	s, err := mrz.Write(d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOrdinaryTravellerCostsOneScanAndOneDecision(t *testing.T) {
	tp := newTestPost(t)
	a := tp.atLane("ru-bg/2", "1")
	before := tp.size()
	i := tp.mustScan(a, "1", passport(t, "ABADI", "REZA", "A12345678", nil))
	if i.Verdict != marz.Clear || i.Document.Primary != "ABADI" || len(i.Hits) != 0 || !slices.Contains(i.Ordinary, marz.Admit) {
		t.Fatalf("%+v", i)
	}
	d, err := tp.Decide(t.Context(), a, i.ID, marz.Admit, "", "")
	if err != nil || d.State != "decided" || d.Under != "treaty/1" || d.By != "ru-bg/2" {
		t.Fatalf("%+v, %v", d, err)
	}
	if got := tp.size() - before; got != 2 {
		t.Errorf("%d entries, want 2", got)
	}
	tp.verified()
}

func TestDoubleScanAndDoubleKeyAreIdempotent(t *testing.T) {
	tp := newTestPost(t)
	a := tp.atLane("ru-bg/2", "1")
	text := passport(t, "ABADI", "REZA", "A12345678", nil)
	first := tp.mustScan(a, "1", text)
	before := tp.size()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			again, err := tp.Scan(context.Background(), a, "1", strings.ToLower(text)+"\r\n", false)
			if err != nil || again.ID != first.ID || !again.Repeated {
				t.Errorf("%+v, %v", again, err)
			}
		})
	}
	wg.Wait()
	if tp.size() != before {
		t.Error("a repeated scan was recorded")
	}
	var decided atomic.Int64
	for range 8 {
		wg.Go(func() {
			d, err := tp.Decide(context.Background(), a, first.ID, marz.Admit, "", "")
			if err != nil || d.Decision != marz.Admit {
				t.Errorf("%+v, %v", d, err)
			} else if !d.Repeated {
				decided.Add(1)
			}
		})
	}
	wg.Wait()
	if decided.Load() != 1 || tp.size() != before+1 {
		t.Errorf("decided %d times, %d entries", decided.Load(), tp.size()-before)
	}
	if after := tp.mustScan(a, "1", text); after.ID != first.ID || after.State != "decided" {
		t.Errorf("the reader fired twice: %+v", after)
	}
	if _, err := tp.Decide(t.Context(), a, first.ID, marz.Refuse, "h-alert", ""); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("another decision: %v", err)
	}
	other := tp.atLane("ru-bg/1", "2")
	if i, err := tp.Decide(t.Context(), other, first.ID, marz.Admit, "", ""); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("another officer sees the case without reading it as a record: %+v, %v", i, err)
	}
	again, err := tp.Scan(t.Context(), a, "1", text, true)
	if err != nil || again.ID == first.ID {
		t.Errorf("asked for anew: %+v, %v", again, err)
	}
	if _, err := tp.Scan(t.Context(), a, "1", passport(t, "OTHER", "MAN", "B1", nil), false); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("another document while one is open: %v", err)
	}
}

// A hit is never passed by one key: it needs a reason and a second act, and both are entries.
func TestHitNeedsReasonAndSecondAct(t *testing.T) {
	tp := newTestPost(t)
	a := tp.atLane("ru-bg/2", "1")
	i := tp.mustScan(a, "1", passport(t, "VELIKANOV", "ZORVAN", "C1", func(d *mrz.Document) {
		d.Nationality, d.Issuer, d.Birth = "RUS", "RUS", marz.Date{Year: 1971, Month: 3, Day: 4}
	}))
	if i.Verdict != marz.Stop || len(i.Hits) != 1 || i.Hits[0].List != "test-list" || i.Hits[0].Version == "" || len(i.Hits[0].Reasons) == 0 || len(i.Ordinary) != 0 {
		t.Fatalf("%+v", i)
	}
	if _, err := tp.Decide(t.Context(), a, i.ID, marz.Admit, "", ""); marz.CodeOf(err) != marz.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	if _, err := tp.Decide(t.Context(), a, i.ID, marz.Admit, "he-looked-nice", ""); marz.CodeOf(err) != marz.Invalid {
		t.Errorf("with a reason of his own: %v", err)
	}
	if _, err := tp.Confirm(t.Context(), a, i.ID, 3); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("confirm nothing: %v", err)
	}
	p, err := tp.Decide(t.Context(), a, i.ID, marz.Admit, "not-the-same-person", "compared the photograph")
	if err != nil || p.State != "proposed" || p.Decision != "" {
		t.Fatalf("%+v, %v", p, err)
	}
	again, err := tp.Decide(t.Context(), a, i.ID, marz.Admit, "not-the-same-person", "compared the photograph")
	if err != nil || again.State != "proposed" || again.Proposal.Seq != p.Proposal.Seq {
		t.Errorf("the same key twice is no second act: %+v, %v", again, err)
	}
	other, err := tp.Decide(t.Context(), a, i.ID, marz.Refer, "cannot-tell", "")
	if err != nil || other.Proposal.Seq == p.Proposal.Seq {
		t.Fatalf("%+v, %v", other, err)
	}
	if _, err := tp.Confirm(t.Context(), a, i.ID, p.Proposal.Seq); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("confirming what was replaced: %v", err)
	}
	d, err := tp.Confirm(t.Context(), a, i.ID, other.Proposal.Seq)
	if err != nil || d.State != "decided" || d.Decision != marz.Refer {
		t.Fatalf("%+v, %v", d, err)
	}
	if twice, err := tp.Confirm(t.Context(), a, i.ID, other.Proposal.Seq); err != nil || !twice.Repeated {
		t.Errorf("%+v, %v", twice, err)
	}
}

func TestStolenDocumentHits(t *testing.T) {
	tp := newTestPost(t)
	a := tp.atLane("ru-bg/2", "2")
	i := tp.mustScan(a, "2", passport(t, "ANY", "BODY", "ZZ0000017", nil))
	if i.Verdict != marz.Stop || len(i.Hits) != 1 || i.Hits[0].Kind != "document" {
		t.Fatalf("%+v", i)
	}
}

// At the instant the outgoing authority's access ends: sessions, lanes and acts, and a case begun before is finished by the incoming one.
func TestControlPassesAtTheInstant(t *testing.T) {
	tp := newTestPost(t)
	a := tp.atLane("ru-bg/2", "1")
	if _, err := tp.Scan(t.Context(), tp.signIn("am-bg/2"), "1", passport(t, "X", "Y", "A1", nil), false); marz.CodeOf(err) != marz.Forbidden || !strings.Contains(err.Error(), "treaty/1") {
		t.Errorf("an observer scans: %v", err)
	}
	i := tp.mustScan(a, "1", passport(t, "ABADI", "REZA", "A12345678", nil))
	tp.now.Store(int64(midnight))
	_, err := tp.Decide(t.Context(), a, i.ID, marz.Admit, "", "")
	if marz.CodeOf(err) != marz.Unauthenticated || !strings.Contains(err.Error(), "control passed to am-bg under treaty/2") {
		t.Fatalf("after the instant: %v", err)
	}
	if _, _, err := tp.SignInExercise(t.Context(), "ru-bg/2"); marz.CodeOf(err) != marz.Forbidden {
		t.Errorf("signing in again: %v", err)
	}
	b := tp.atLane("am-bg/2", "1")
	d, err := tp.Decide(t.Context(), b, i.ID, marz.Admit, "", "")
	if err != nil || d.By != "am-bg/2" || d.Under != "treaty/2" {
		t.Fatalf("%+v, %v", d, err)
	}
	checkOneController(t, tp)
	tp.verified()
}

// checkOneController reads the whole journal: every entry at or after a passing comes after its entry, and no act of an authority without
// power follows it.
func checkOneController(t *testing.T, tp *testPost) {
	t.Helper()
	entries, err := tp.Journal().Entries(t.Context(), 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	controller, passed := marz.AuthorityID("ru-bg"), false
	for _, e := range entries {
		if e.Kind == KindControl {
			var c controlEntry
			if err := json.Unmarshal(e.Public, &c); err != nil {
				t.Fatal(err)
			}
			passed = c.To == "am-bg"
			controller = c.To
		}
		if (e.At >= midnight) != passed {
			t.Errorf("seq %d at %v with control of %s", e.Seq, e.At, controller)
		}
		if e.Kind == KindDecided && e.Authority != controller || passed && e.Authority == "ru-bg" {
			t.Errorf("seq %d %s by %s under the control of %s", e.Seq, e.Kind, e.Authority, controller)
		}
	}
	if !passed {
		t.Error("control never passed")
	}
}

// Decisions that race the instant either stand before it or are refused: never neither, never both.
func TestDecisionsRacingThePassing(t *testing.T) {
	for round := range 20 {
		tp := newTestPost(t)
		a := tp.atLane("ru-bg/2", "1")
		i := tp.mustScan(a, "1", passport(t, "ABADI", "REZA", "A12345678", nil))
		tp.now.Store(int64(midnight) - 3)
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
		accepted, refused := 0, 0
		for err := range results {
			switch {
			case err == nil:
				accepted++
			case marz.CodeOf(err) == marz.Unauthenticated:
				refused++
			default:
				t.Fatalf("round %d: %v", round, err)
			}
		}
		tp.now.Store(int64(midnight) + 5)
		if err := tp.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		decided := 0
		totals, err := tp.Totals(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range totals {
			decided += n.Count
		}
		if accepted+refused != 8 || (accepted > 0) != (decided == 1) {
			t.Fatalf("round %d: %d accepted, %d refused, %d decided", round, accepted, refused, decided)
		}
		checkOneController(t, tp)
	}
}

func TestBrokenListIsRefusedAndTheOldOneStays(t *testing.T) {
	tp := newTestPost(t)
	a := tp.signIn("ru-bg/1")
	tp.write("test.jsonl", list+`{"id":"P2","schema":"Person","properties":{"name":["Half`)
	states, err := tp.ReloadLists(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if len(states) != 1 || states[0].Alerts != 2 || !strings.Contains(states[0].Refused, "test.jsonl:3") {
		t.Fatalf("%+v", states)
	}
	b := tp.atLane("ru-bg/2", "2")
	if i := tp.mustScan(b, "2", passport(t, "ANY", "BODY", "ZZ0000017", nil)); len(i.Hits) != 1 {
		t.Errorf("the old list is not in force: %+v", i)
	}
	// After a restart the broken file is still there, and the kept copy goes into force with its own age.
	loaded := states[0].Loaded
	tp.Post.Close()
	tp.open()
	states, err = tp.ListStates(t.Context())
	if err != nil || states[0].Alerts != 2 || states[0].Loaded != loaded || states[0].Refused == "" {
		t.Fatalf("after a restart: %+v, %v", states, err)
	}
	tp.write("test.jsonl", list)
	if states, err = tp.ReloadLists(t.Context(), a); err != nil || states[0].Refused != "" || states[0].Loaded <= loaded {
		t.Fatalf("mended: %+v, %v", states, err)
	}
	if _, err := tp.ReloadLists(t.Context(), b); marz.CodeOf(err) != marz.Forbidden {
		t.Errorf("an officer loads lists: %v", err)
	}
}

func TestBadScans(t *testing.T) {
	tp := newTestPost(t)
	a := tp.atLane("ru-bg/2", "1")
	before := tp.size()
	good := passport(t, "ABADI", "REZA", "A12345678", nil)
	for name, text := range map[string]string{"empty": "", "half": good[:61], "garbled": "P<IRN#####" + good[10:], "ten megabytes": strings.Repeat("P<", 5<<20)} {
		_, err := tp.Scan(t.Context(), a, "1", text, false)
		if marz.CodeOf(err) != marz.Invalid || len(err.Error()) > 400 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if tp.size() != before {
		t.Error("a bad scan was recorded")
	}
	wrong := strings.Replace(good, "A12345678", "A12345679", 1)
	if i := tp.mustScan(a, "1", wrong); i.Verdict != marz.Attention || !slices.Contains(i.Document.BadChecks, "number") || len(i.Ordinary) != 0 {
		t.Errorf("a wrong check digit: %+v", i)
	}
}

func TestStayIsCountedAcrossCrossings(t *testing.T) {
	tp := newTestPost(t)
	tp.now.Store(int64(midnight)) // am-bg's, so that the year can pass
	a := tp.atLane("am-bg/2", "1")
	text := passport(t, "ABADI", "REZA", "A12345678", nil)
	i := tp.mustScan(a, "1", text)
	if _, err := tp.Decide(t.Context(), a, i.ID, marz.Admit, "", ""); err != nil {
		t.Fatal(err)
	}
	if err := tp.CloseLane(t.Context(), a, "1"); err != nil {
		t.Fatal(err)
	}
	if err := tp.OpenLane(t.Context(), a, "2"); err != nil {
		t.Fatal(err)
	}
	tp.now.Add(int64(200 * 24 * time.Hour / time.Millisecond))
	if _, err := tp.Scan(t.Context(), a, "2", text, false); marz.CodeOf(err) != marz.Unauthenticated {
		t.Errorf("a session of last year: %v", err)
	}
	a = tp.signIn("am-bg/2")
	out := tp.mustScan(a, "2", text)
	if out.Verdict != marz.Attention || out.Stay != "201 of 180 days used in the last 365" {
		t.Errorf("%s, %q, %+v", out.Verdict, out.Stay, out.Findings)
	}
}

// Reading a person's record is an entry, made before the answer; erasing it leaves the crossing and its proof.
func TestRecordIsReadAsAnEntryAndErased(t *testing.T) {
	tp := newTestPost(t)
	a := tp.atLane("ru-bg/1", "1")
	i := tp.mustScan(a, "1", passport(t, "ABADI", "REZA", "A12345678", nil))
	n := marz.Seq(number(i.ID))
	if err := tp.Erase(t.Context(), a, []marz.Seq{n}, "retention"); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("erasing an open case: %v", err)
	}
	if _, err := tp.Decide(t.Context(), a, i.ID, marz.Admit, "", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := tp.ReadRecord(t.Context(), a, i.ID, "", ""); marz.CodeOf(err) != marz.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	r, err := tp.ReadRecord(t.Context(), a, i.ID, "supervision", "")
	if err != nil || r.Document.Primary != "ABADI" {
		t.Fatalf("%+v, %v", r, err)
	}
	last, _, err := tp.Journal().Entry(t.Context(), marz.Seq(tp.size()-1))
	if err != nil || last.Kind != KindRead || last.Officer != "ru-bg/1" {
		t.Errorf("%+v, %v", last, err)
	}
	if err := tp.Erase(t.Context(), a, []marz.Seq{n}, "retention"); err != nil {
		t.Fatal(err)
	}
	r, err = tp.ReadRecord(t.Context(), a, i.ID, "supervision", "")
	if err != nil || r.Document.Primary != "" || r.Decision != marz.Admit {
		t.Errorf("after erasure: %+v, %v", r, err)
	}
	tp.verified()
}

// The state is nothing but a fold: built anew from the entries it is the same, erasures included.
func TestStateIsAFold(t *testing.T) {
	tp := newTestPost(t)
	a := tp.atLane("ru-bg/1", "1")
	for n := range 6 {
		i := tp.mustScan(a, "1", passport(t, "ABADI", "REZA", fmt.Sprintf("A1234567%d", n), nil))
		if _, err := tp.Decide(t.Context(), a, i.ID, marz.Admit, "", ""); err != nil {
			t.Fatal(err)
		}
		if n == 2 {
			if err := tp.Erase(t.Context(), a, []marz.Seq{marz.Seq(number(i.ID))}, "retention"); err != nil {
				t.Fatal(err)
			}
		}
	}
	tp.now.Store(int64(midnight))
	tp.atLane("am-bg/2", "2")
	tp.refolded(t)
}

// refolded checks that folding the journal anew gives the same state.
func (tp *testPost) refolded(t *testing.T) {
	t.Helper()
	before := dump(t, tp)
	tp.Post.Close()
	signer, err := readSigner(tp.dir)
	if err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(t.Context(), journal.Config{Dir: tp.dir, Key: signer, Clock: tp.clock, State: newerState{}, Exercise: true})
	if err != nil {
		t.Fatal(err)
	}
	j.Close()
	tp.open() // goes back to the present version, by folding again
	if d := cmp.Diff(before, dump(t, tp)); d != "" {
		t.Errorf("the state differs when it is folded anew:\n%s", d)
	}
}

type newerState struct{ state }

func (newerState) Version() string { return "another" }

// dump returns every row of every state table but the lists', whose loading is an entry at every start.
func dump(t *testing.T, tp *testPost) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	db := tp.Journal().State()
	for _, table := range []string{"s_post", "s_register", "s_control", "s_officer", "s_invitation", "s_passkey", "s_session", "s_lane", "s_seat", "s_inspection", "s_movement", "s_transfer", "s_relieved", "s_hits", "s_cleared", "s_late", "s_late_mark", "s_late_seen"} {
		rows, err := db.Query(`SELECT * FROM ` + table)
		if err != nil {
			t.Fatal(err)
		}
		columns, _ := rows.Columns()
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			line := ""
			for _, v := range values {
				line += fmt.Sprintf("%v|", *v.(*any))
			}
			out[table] = append(out[table], line)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		slices.Sort(out[table])
	}
	return out
}

// Nothing personal stands in a public part, whatever the traveller is called.
func TestNothingPersonalIsPublic(t *testing.T) {
	tp := newTestPost(t)
	a := tp.atLane("ru-bg/2", "1")
	for _, text := range []string{
		passport(t, "QQSURNAME", "QQGIVEN", "QQ7654321", nil),
		strings.Replace(passport(t, "QQSURNAME", "QQGIVEN", "QQ7654321", nil), "QQ7654321", "QQ7654322", 1),
	} {
		i := tp.mustScan(a, "1", text)
		p, err := tp.Decide(t.Context(), a, i.ID, marz.Refuse, "a-no-valid-document", "QQNOTE about QQGIVEN")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tp.Confirm(t.Context(), a, i.ID, p.Proposal.Seq); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := tp.Journal().Entries(t.Context(), 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		for _, personal := range []string{"QQSURNAME", "QQGIVEN", "QQ765432", "QQNOTE", "IRN800506", "1980-05-06", "R One"} {
			if strings.Contains(string(e.Public), personal) {
				t.Errorf("seq %d %s: %s", e.Seq, e.Kind, e.Public)
			}
		}
		if e.Under == "" || e.Authority == "" {
			t.Errorf("seq %d names no article", e.Seq)
		}
	}
}

func TestLanes(t *testing.T) {
	tp := newTestPost(t)
	a := tp.atLane("ru-bg/2", "1")
	boss := tp.signIn("ru-bg/1")
	if err := tp.OpenLane(t.Context(), boss, "1"); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("a lane that is held: %v", err)
	}
	if err := tp.OpenLane(t.Context(), a, "2"); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("a second lane: %v", err)
	}
	if err := tp.OpenLane(t.Context(), a, "9"); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("no such lane: %v", err)
	}
	if _, err := tp.Scan(t.Context(), boss, "1", passport(t, "A", "B", "C1", nil), false); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("scanning at another's lane: %v", err)
	}
	i := tp.mustScan(a, "1", passport(t, "ABADI", "REZA", "A1", nil))
	if _, err := tp.Withdraw(t.Context(), a, i.ID, "because"); marz.CodeOf(err) != marz.Invalid {
		t.Errorf("withdrawing without a reason: %v", err)
	}
	w, err := tp.Withdraw(t.Context(), a, i.ID, "wrong-lane")
	if err != nil || w.State != "withdrawn" {
		t.Fatalf("%+v, %v", w, err)
	}
	if _, err := tp.Decide(t.Context(), a, i.ID, marz.Admit, "", ""); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("deciding what was withdrawn: %v", err)
	}
	if err := tp.CloseLane(t.Context(), boss, "1"); err != nil {
		t.Error(err)
	}
	if _, err := tp.Decide(t.Context(), a, "nonsense", marz.Admit, "", ""); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("no such inspection: %v", err)
	}
}

// A dismissed officer's access ends at once and wholly; an invitation brings him back with a new passkey only.
func TestDismissedOfficer(t *testing.T) {
	tp := newTestPost(t)
	boss, a := tp.signIn("ru-bg/1"), tp.atLane("ru-bg/2", "1")
	if _, err := tp.Invite(t.Context(), boss, Officer{"ru-bg/2", "Another Name", marz.RoleSupervisor}); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("inviting one who is enrolled: %v", err)
	}
	inv, err := tp.Invite(t.Context(), boss, Officer{"ru-bg/3", "R Three", marz.RoleOfficer})
	if err != nil {
		t.Fatal(err)
	}
	if err := tp.Dismiss(t.Context(), boss, "ru-bg/3"); err != nil {
		t.Fatal(err)
	}
	for who, want := range map[marz.OfficerID]marz.Code{"ru-bg/1": marz.Conflict, "am-bg/1": marz.Forbidden, "ru-bg/99": marz.NotFound} {
		if err := tp.Dismiss(t.Context(), boss, who); marz.CodeOf(err) != want {
			t.Errorf("dismissing %s: %v", who, err)
		}
	}
	if err := tp.Dismiss(t.Context(), a, "ru-bg/1"); marz.CodeOf(err) != marz.Forbidden {
		t.Errorf("an officer dismisses a supervisor: %v", err)
	}
	if err := tp.Dismiss(t.Context(), boss, "ru-bg/2"); err != nil {
		t.Fatal(err)
	}
	if _, err := tp.Scan(t.Context(), a, "1", passport(t, "ABADI", "REZA", "A1", nil), false); marz.CodeOf(err) != marz.Unauthenticated || !strings.Contains(err.Error(), "dismissed by ru-bg/1") {
		t.Errorf("scanning: %v", err)
	}
	if _, _, err := tp.SignInExercise(t.Context(), "ru-bg/2"); marz.CodeOf(err) != marz.Unauthenticated {
		t.Errorf("signing in: %v", err)
	}
	if _, _, err := tp.Invited(t.Context(), inv.Link[strings.LastIndex(inv.Link, "/")+1:]); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("an invitation from before: %v", err)
	}
	if err := tp.OpenLane(t.Context(), boss, "1"); err != nil {
		t.Errorf("his lane: %v", err)
	}
}
