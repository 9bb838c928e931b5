package post

import (
	"slices"
	"strings"
	"testing"
	"time"

	"marz"
	"marz/agreement"
	"marz/mrz"
	"marz/web"
)

// together is a post on Armenian soil that ru-bg controls and both serve jointly. %FIRST% and %SHARE% are put in by tests.
const together = treaty + `[[agreement.article]]
id = "1"
kind = "control"
authority = "ru-bg"
places = ["agarak", "line"]
from = "1992-09-30T00:00:00+03:00"
text = ""
[[agreement.article]]
id = "2"
kind = "joint"
authorities = ["am-bg", "ru-bg"]
places = ["agarak", "line"]
from = "2024-10-08T00:00:00+04:00"
decisions = ["refuse", "hold"]
%FIRST%
text = ""
`

const shareHits = `
[[agreement.article]]
id = "3"
kind = "share"
authority = "ru-bg"
to = "am-bg"
places = ["agarak", "line"]
what = ["hits", "incidents"]
from = "2024-10-08T00:00:00+04:00"
text = ""
[[agreement.article]]
id = "4"
kind = "share"
authority = "ru-bg"
to = "am-bg"
place = "agarak"
what = ["records"]
fields = ["document", "findings"]
from = "2024-10-08T00:00:00+04:00"
text = ""
`

// ownList is a list of ru-bg's own, with an invented person.
const ownList = `{"id":"bogdans-alert","schema":"Person","caption":"Bogdan Sekretov","properties":{"name":["Bogdan Sekretov"],"birthDate":["1980-05-06"],"nationality":["ge"],"topics":["wanted"]}}
`

// newJoint makes a post in joint service with a list of ru-bg's own, and seats an officer of each authority at the lane.
func newJoint(t *testing.T, first, share string, lane marz.LaneID) (tp *testPost, ru, am Actor) {
	t.Helper()
	tp = newTestPostUnder(t, strings.Replace(together, "%FIRST%", first, 1)+share)
	tp.addOwnList()
	return tp, tp.atLane("ru-bg/2", lane), tp.atLane("am-bg/2", lane)
}

// addOwnList opens the post anew with a list of ru-bg's own.
func (tp *testPost) addOwnList() {
	tp.t.Helper()
	tp.write("own.jsonl", ownList)
	tp.Post.Close()
	config, err := readConfig(tp.dir + "/" + configFile)
	if err != nil {
		tp.t.Fatal(err)
	}
	tp.write(configFile, "listen = \""+config.Listen+"\"\nhost = \"localhost\"\n[stay]\ndays = 180\nwindow = 365\nexempt = [\"ARM\"]\n"+
		"[[list]]\nid = \"test-list\"\npath = \"test.jsonl\"\n[[list]]\nid = \"ru-own\"\npath = \"own.jsonl\"\nauthority = \"ru-bg\"\n")
	tp.open()
}

func wantedPassport(t *testing.T, nationality string) string {
	return passport(t, "SEKRETOV", "BOGDAN", "GE12345", func(d *mrz.Document) { d.Nationality = nationality })
}

func code(t testing.TB, what string, err error, want marz.Code, words string) {
	t.Helper()
	if err == nil || marz.CodeOf(err) != want || !strings.Contains(err.Error(), words) {
		t.Errorf("%s: %v, want %s with %q", what, err, want, words)
	}
}

// Two officers of two authorities sit at one lane; a third does not, nor two of one authority.
func TestJointSeats(t *testing.T) {
	tp, ru, am := newJoint(t, "", "", "1")
	other := tp.signIn("ru-bg/1")
	code(t, "second of one authority", tp.OpenLane(t.Context(), other, "1"), marz.Conflict, "held by ru-bg/2")
	lanes, err := tp.Lanes(t.Context(), tp.Post.now())
	if err != nil || !lanes[0].Joint || len(lanes[0].Seats) != 2 {
		t.Fatalf("%+v %v", lanes[0], err)
	}
	open := tp.mustScan(ru, "1", passport(t, "ABADI", "REZA", "A1", nil))
	seen, err := tp.Case(t.Context(), am, "1", "")
	if err != nil || seen.ID != open.ID || seen.Document.Number != open.Document.Number || !slices.Equal(seen.Owners, []marz.AuthorityID{"am-bg", "ru-bg"}) {
		t.Fatalf("%+v %v", seen, err)
	}
	if err := tp.CloseLane(t.Context(), am, "1"); err != nil {
		t.Errorf("one of two leaves: %v", err)
	}
	code(t, "the last leaves", tp.CloseLane(t.Context(), ru, "1"), marz.Conflict, "open there")
	code(t, "who left", second(tp.Case(t.Context(), am, "1", "")), marz.Conflict, "held by ru-bg/2")
	tp.verified()
}

func second[T any](_ T, err error) error { return err }

// What an authority's own list says is its own: the other sees that there is a hit, and its content only where an article shares it, as an entry.
func TestOwnHits(t *testing.T) {
	for name, share := range map[string]string{"not shared": "", "shared": shareHits} {
		t.Run(name, func(t *testing.T) {
			tp, ru, am := newJoint(t, "", share, "1")
			id := tp.mustScan(am, "1", wantedPassport(t, "GEO")).ID
			theirs, err := tp.Case(t.Context(), ru, "1", "")
			if err != nil || len(theirs.Hits) != 1 || theirs.Hits[0].List != "ru-own" || len(theirs.Others) != 0 || theirs.Verdict != marz.Stop {
				t.Fatalf("owner: %+v %v", theirs, err)
			}
			ours, err := tp.Case(t.Context(), am, "1", "")
			if err != nil || len(ours.Hits) != 0 || len(ours.Others) != 1 || ours.Others[0].Count != 1 || ours.Others[0].Shared != (share != "") || ours.Verdict != marz.Stop {
				t.Fatalf("other: %+v %v", ours, err)
			}
			hits, under, err := tp.LookUp(t.Context(), am, id, "ru-bg", "comparison", "")
			log, e := tp.LookupsPage(ru)
			if e != nil {
				t.Fatal(e)
			}
			if share == "" {
				code(t, "look-up", err, marz.Forbidden, "belongs to ru-bg")
				if len(hits)+len(log.Rows) != 0 || tp.kinds()[KindRefusedAct] != 1 {
					t.Errorf("hits %v, log %v, refusals %d", hits, log.Rows, tp.kinds()[KindRefusedAct])
				}
				return
			}
			if err != nil || len(hits) != 1 || hits[0].Name != "Bogdan Sekretov" || under != "treaty/3" {
				t.Fatalf("%v %v %v", hits, under, err)
			}
			if len(log.Rows) != 1 || log.Rows[0].Officer != "am-bg/2" || log.Rows[0].Inspection != id || log.Rows[0].Under != "treaty/3" || log.Rows[0].What != "hit" {
				t.Errorf("owner's log: %+v", log.Rows)
			}
			if own, err := tp.LookupsPage(am); err != nil || len(own.Rows) != 0 {
				t.Errorf("the other's log: %+v %v", own.Rows, err)
			}
			code(t, "without a reason", second2(tp.LookUp(t.Context(), am, id, "ru-bg", "", "")), marz.Invalid, "reason")
			tp.verified()
		})
	}
}

func second2[A, B any](_ A, _ B, err error) error { return err }

// The content of an own hit stands in no entry's public part, and in no payload but the owner's, sealed under its key.
func TestOwnHitsStayApart(t *testing.T) {
	tp, _, am := newJoint(t, "", "", "1")
	tp.mustScan(am, "1", wantedPassport(t, "GEO"))
	entries, err := tp.Journal().Entries(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, e := range entries {
		if strings.Contains(string(e.Public), "Sekretov") || strings.Contains(string(e.Public), "bogdans-alert") {
			t.Errorf("entry %d tells of the alert: %s", e.Seq, e.Public)
		}
		payload, err := tp.Journal().Payload(t.Context(), e.Seq)
		if err != nil {
			continue
		}
		if strings.Contains(string(payload), "bogdans-alert") || strings.Contains(string(payload), "Bogdan Sekretov") {
			t.Errorf("the payload of entry %d %s holds it open", e.Seq, e.Kind)
		}
		if e.Kind != KindFoundHits {
			continue
		}
		found++
		hits, closed, err := tp.hitsIn(tp.Journal().State(), committed{t.Context(), tp.Journal()}, []marz.Seq{e.Seq})
		if err != nil || closed != "" || len(hits) != 1 || hits[0].Alert != "bogdans-alert" || e.Authority != "ru-bg" || e.Under != "treaty/1" {
			t.Errorf("%+v of %s under %s: %s %v", hits, e.Authority, e.Under, closed, err)
		}
	}
	if found != 1 {
		t.Errorf("%d entries hold the hit", found)
	}
}

// refuseTogether lets one officer refuse, and returns the case as the other sees it then.
func refuseTogether(t *testing.T, tp *testPost, by, other Actor) *web.Inspection {
	t.Helper()
	open := tp.mustScan(by, "1", passport(t, "ABADI", "REZA", "A1", nil))
	p, err := tp.Decide(t.Context(), by, open.ID, marz.Refuse, "g-no-means", "none shown")
	if err != nil || p.State != "proposed" {
		t.Fatalf("%+v %v", p, err)
	}
	if p, err = tp.Confirm(t.Context(), by, open.ID, p.Proposal.Seq); err != nil || p.State != "awaiting" || p.Joint.Waiting.Mine || !slices.Equal(p.Joint.Waiting.For, []marz.AuthorityID{other.Officer.Authority()}) {
		t.Fatalf("%+v %v", p, err)
	}
	seen, err := tp.Case(t.Context(), other, "1", "")
	if err != nil || seen.Joint.Waiting == nil || !seen.Joint.Waiting.Mine || seen.Joint.Waiting.Note != "none shown" || seen.Document.Number != open.Document.Number {
		t.Fatalf("%+v %v", seen, err)
	}
	return seen
}

// A decision that an article makes joint waits for the other's concurrence, and is one when it comes.
func TestConcurrence(t *testing.T) {
	tp, ru, am := newJoint(t, "", "", "1")
	seen := refuseTogether(t, tp, am, ru)
	n := seen.Joint.Waiting.Submission
	code(t, "own concurrence", second(tp.Concur(t.Context(), am, seen.ID, n)), marz.Conflict, "does not wait for am-bg")
	code(t, "the other decides instead", second(tp.Decide(t.Context(), ru, seen.ID, marz.Admit, "", "")), marz.Conflict, "concur or refuse")
	code(t, "another submission", second(tp.Concur(t.Context(), ru, seen.ID, n+1)), marz.Conflict, "look at the case again")
	code(t, "from elsewhere", second(tp.Concur(t.Context(), tp.signIn("ru-bg/1"), seen.ID, n)), marz.Conflict, "held by ru-bg/2")
	if again, err := tp.Confirm(t.Context(), am, seen.ID, seen.Proposal.Seq); err != nil || again.State != "awaiting" {
		t.Errorf("a bounced key: %+v %v", again, err)
	}
	done, err := tp.Concur(t.Context(), ru, seen.ID, n)
	if err != nil || done.State != "decided" || done.Decision != marz.Refuse || done.By != "am-bg/2" || !slices.Equal(done.With, []marz.OfficerID{"ru-bg/2"}) || done.Under != "treaty/2" {
		t.Fatalf("%+v %v", done, err)
	}
	if told, err := tp.Case(t.Context(), am, "1", seen.ID); err != nil || told.State != "decided" || !slices.Equal(told.With, []marz.OfficerID{"ru-bg/2"}) || told.Document.Number != "" {
		t.Errorf("how it ended: %+v %v", told, err)
	}
	if again, err := tp.Concur(t.Context(), ru, seen.ID, n); err != nil || !again.Repeated {
		t.Errorf("a bounced key: %+v %v", again, err)
	}
	if k := tp.kinds(); k[KindDecided] != 1 || k[KindSubmitted] != 1 || k[KindConcurred] != 1 {
		t.Errorf("%v", k)
	}
	if next := tp.mustScan(ru, "1", passport(t, "BABADI", "REZA", "A2", nil)); next.State != "open" {
		t.Errorf("the lane does not go on: %+v", next)
	}
	tp.verified()
}

// A refusal to concur is recorded, and the case is open again for both.
func TestObjection(t *testing.T) {
	tp, ru, am := newJoint(t, "", "", "1")
	seen := refuseTogether(t, tp, am, ru)
	code(t, "no reason", second(tp.Object(t.Context(), ru, seen.ID, seen.Joint.Waiting.Submission, "", "")), marz.Invalid, "reason")
	open, err := tp.Object(t.Context(), ru, seen.ID, seen.Joint.Waiting.Submission, "other-decision", "refer him")
	if err != nil || open.State != "open" || open.Joint.Objected == nil || open.Joint.Objected.Note != "refer him" {
		t.Fatalf("%+v %v", open, err)
	}
	code(t, "concurring after it", second(tp.Concur(t.Context(), ru, seen.ID, seen.Joint.Waiting.Submission)), marz.Conflict, "look at the case again")
	both, err := tp.Case(t.Context(), am, "1", "")
	if err != nil || both.Joint.Objected == nil || both.Joint.Objected.By != "ru-bg/2" || both.Joint.Objected.Decision != marz.Refuse {
		t.Fatalf("%+v %v", both, err)
	}
	if d, err := tp.Decide(t.Context(), am, seen.ID, marz.Admit, "", ""); err != nil || d.State != "decided" {
		t.Fatalf("what needs nobody's concurrence: %+v %v", d, err)
	}
	tp.verified()
}

// Where the article says so, the side that the traveller leaves proposes first.
func TestExitSideFirst(t *testing.T) {
	tp, ru, am := newJoint(t, `first = "exit"`, "", "1") // an entry into Armenia: the other side is left
	open := tp.mustScan(am, "1", passport(t, "ABADI", "REZA", "A1", nil))
	code(t, "entry side first", second(tp.Decide(t.Context(), am, open.ID, marz.Refuse, "g-no-means", "")), marz.Conflict, "ru-bg goes first")
	p, err := tp.Decide(t.Context(), ru, open.ID, marz.Refuse, "g-no-means", "")
	if err != nil {
		t.Fatal(err)
	}
	if p, err = tp.Confirm(t.Context(), ru, open.ID, p.Proposal.Seq); err != nil {
		t.Fatal(err)
	}
	if p, err = tp.Concur(t.Context(), am, open.ID, p.Joint.Waiting.Submission); err != nil || p.By != "ru-bg/2" || p.State != "decided" {
		t.Fatalf("%+v %v", p, err)
	}
}

// A guest does not hold the host's nationals; who controls is no guest.
func TestGuestsDoNotHoldNationals(t *testing.T) {
	const hostControls = treaty + `article = [
 { id = "1", kind = "control", authority = "am-bg", place = "agarak", from = "1992-09-30T00:00:00+03:00", text = "" },
 { id = "2", kind = "joint", authorities = ["am-bg", "ru-bg"], place = "agarak", from = "2024-10-08T00:00:00+04:00", text = "" },
]`
	tp := newTestPostUnder(t, hostControls)
	ru, am := tp.atLane("ru-bg/2", "2"), tp.atLane("am-bg/2", "2")
	national := func(number string) marz.InspectionID {
		return tp.mustScan(ru, "2", passport(t, "ARMENIAN", "ANI", number, func(d *mrz.Document) { d.Nationality = "ARM" })).ID
	}
	id := national("N1")
	code(t, "guest holds a national", second(tp.Decide(t.Context(), ru, id, marz.Hold, "cannot-tell", "")), marz.Forbidden, "marz/host-nationals")
	if p, err := tp.Decide(t.Context(), am, id, marz.Hold, "cannot-tell", ""); err != nil || p.State != "proposed" {
		t.Fatalf("host holds a national: %+v %v", p, err)
	}
	if tp.kinds()[KindRefusedAct] != 1 {
		t.Error("the attempt is no entry")
	}
	tp2, ru2, _ := newJoint(t, "", "", "2") // ru-bg controls there
	id2 := tp2.mustScan(ru2, "2", passport(t, "ARMENIAN", "ANI", "N1", func(d *mrz.Document) { d.Nationality = "ARM" })).ID
	if p, err := tp2.Decide(t.Context(), ru2, id2, marz.Hold, "cannot-tell", ""); err != nil || p.State != "proposed" {
		t.Errorf("who controls holds: %+v %v", p, err)
	}
}

// A word of asylum stops the ordinary procedure, and the host's officers alone decide.
func TestAsylumIsTheHosts(t *testing.T) {
	tp, ru, am := newJoint(t, "", "", "1")
	seen := refuseTogether(t, tp, ru, am)
	stopped, err := tp.Asylum(t.Context(), ru, seen.ID)
	if err != nil || !stopped.Asylum || stopped.State != "open" || len(stopped.Ordinary) != 0 {
		t.Fatalf("%+v %v", stopped, err)
	}
	for _, d := range []marz.Decision{marz.Admit, marz.Refuse} {
		code(t, "guest: "+string(d), second(tp.Decide(t.Context(), ru, seen.ID, d, "supervisor-ordered", "")), marz.Forbidden, "marz/asylum")
	}
	if _, err := tp.Asylum(t.Context(), am, seen.ID); err != nil || tp.kinds()[KindAsylum] != 1 {
		t.Errorf("asked twice: %v", err)
	}
	p, err := tp.Decide(t.Context(), am, seen.ID, marz.Admit, "asylum-procedure", "")
	if err != nil || p.State != "proposed" {
		t.Fatalf("%+v %v", p, err)
	}
	if p, err = tp.Confirm(t.Context(), am, seen.ID, p.Proposal.Seq); err != nil || p.State != "decided" {
		t.Fatalf("%+v %v", p, err)
	}
	tp.verified()
}

// A record of another authority is read by what articles share, field by field, and the owner sees it.
func TestSharedRecords(t *testing.T) {
	for name, share := range map[string]string{"not shared": "", "shared": shareHits} {
		t.Run(name, func(t *testing.T) {
			tp := newTestPostUnder(t, strings.Replace(strings.Replace(together, "%FIRST%", "", 1), `from = "2024-10-08`, `from = "2025-01-01`, 1)+share)
			ru := tp.atLane("ru-bg/2", "1") // alone: joint service begins at midnight
			id := tp.mustScan(ru, "1", passport(t, "ABADI", "REZA", "A1", nil)).ID
			if _, err := tp.Decide(t.Context(), ru, id, marz.Admit, "", ""); err != nil {
				t.Fatal(err)
			}
			tp.now.Store(int64(midnight))
			am := tp.signIn("am-bg/2")
			r, err := tp.ReadRecord(t.Context(), am, id, "supervision", "")
			if share == "" {
				code(t, "record", err, marz.Forbidden, "belongs to ru-bg")
				return
			}
			if err != nil || r.Document.Number == "" || r.Document.Primary != "" || r.Document.Lines != nil || len(r.Findings) == 0 || len(r.Hits) != 0 {
				t.Fatalf("%+v %v", r, err)
			}
			log, err := tp.LookupsPage(tp.signIn("ru-bg/1"))
			if err != nil || len(log.Rows) != 1 || log.Rows[0].What != "record" || !slices.Equal(log.Rows[0].Fields, []string{"document", "findings"}) || log.Rows[0].Under != "treaty/4" {
				t.Errorf("%+v %v", log, err)
			}
			if own, err := tp.ReadRecord(t.Context(), ru, id, "supervision", ""); err != nil || own.Document.Primary == "" {
				t.Errorf("the owner's: %+v %v", own, err)
			}
		})
	}
}

// Mixed patrols and incidents on the line go by the same articles.
func TestSections(t *testing.T) {
	tp, ru, am := newJoint(t, "", shareHits, "1")
	chief := tp.signIn("am-bg/1")
	now := tp.Post.now()
	mixed := []marz.OfficerID{"am-bg/2", "ru-bg/2"}
	patrol, err := tp.Roster(t.Context(), chief, "line", now, now.Add(8*time.Hour), mixed)
	if err != nil {
		t.Fatal(err)
	}
	code(t, "an officer's roster", second(tp.Roster(t.Context(), am, "line", now, now.Add(time.Hour), mixed)), marz.Forbidden, "marz/roles")
	code(t, "before joint service", second(tp.Roster(t.Context(), chief, "line", 1, 2, mixed)), marz.Invalid, "am-bg/2")
	code(t, "nobody known", second(tp.Roster(t.Context(), chief, "line", now, now.Add(time.Hour), []marz.OfficerID{"am-bg/99"})), marz.Invalid, "not enrolled")
	code(t, "no such section", second(tp.Roster(t.Context(), chief, "coast", now, now.Add(time.Hour), mixed)), marz.NotFound, "coast")
	in := Incident{At: now, Kind: "attempt", Kilometre: 12.5, Present: mixed, Patrol: patrol, Note: "two men turned back"}
	incident, err := tp.RecordIncident(t.Context(), ru, "line", in)
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*Incident){
		"kind": func(i *Incident) { i.Kind = "feast" }, "kilometres": func(i *Incident) { i.Kilometre = 41 }, "still to come": func(i *Incident) { i.At = now.Add(time.Hour) },
		"not known": func(i *Incident) { i.Present = []marz.OfficerID{"zz-bg/1"} }, "no such duty": func(i *Incident) { i.Patrol = 1 },
	} {
		bad := in
		change(&bad)
		code(t, what, second(tp.RecordIncident(t.Context(), ru, "line", bad)), marz.Invalid, "")
	}
	if note, err := tp.ReadIncident(t.Context(), am, incident, "supervision", ""); err != nil || note != "two men turned back" {
		t.Errorf("%q %v", note, err)
	}
	log, err := tp.LookupsPage(ru)
	if err != nil || len(log.Rows) != 1 || log.Rows[0].Incident != incident || log.Rows[0].Under != "treaty/3" {
		t.Errorf("%+v %v", log, err)
	}
	theirs, err := tp.RecordIncident(t.Context(), am, "line", in)
	if err != nil {
		t.Fatal(err)
	}
	code(t, "not shared", second(tp.ReadIncident(t.Context(), ru, theirs, "supervision", "")), marz.Forbidden, "belongs to am-bg")
	theirPatrol, err := tp.Roster(t.Context(), tp.signIn("ru-bg/1"), "line", now, now.Add(time.Hour), mixed)
	if err != nil {
		t.Fatal(err)
	}
	code(t, "another's duty", tp.EndPatrol(t.Context(), chief, theirPatrol), marz.Forbidden, "duty of ru-bg")
	if err := tp.EndPatrol(t.Context(), chief, patrol); err != nil {
		t.Fatal(err)
	}
	page, err := tp.SectionsPage(am)
	if err != nil || len(page.Sections) != 1 || !slices.ContainsFunc(page.Sections[0].Patrols, func(w web.Patrol) bool { return w.ID == patrol && w.Ended }) || len(page.Sections[0].Incidents) != 2 {
		t.Errorf("%+v %v", page, err)
	}
	if c := page.Sections[0].Control; c.From.String() != "1992-09-29T21:00:00.000Z" || len(c.With) != 1 {
		t.Errorf("control since %v, beside it %v; the section was controlled before another came to serve there", c.From, c.With)
	}
	tp.verified()
}

// When joint service ends, the guest's officer at the lane can do nothing any more, and a decision that waits for him needs him no more.
func TestJointServiceEnds(t *testing.T) {
	tp, ru, am := newJoint(t, "", "", "1")
	seen := refuseTogether(t, tp, ru, am)
	s := agreement.Instrument{Statement: &agreement.Statement{By: "ru-bg", Agreement: "treaty", Article: "2", Status: agreement.Suspended, From: tp.Post.now(), Issued: tp.Post.now()}}
	if err := s.Sign(testKeys["ru-bg"]); err != nil {
		t.Fatal(err)
	}
	if _, err := tp.AddInstruments(t.Context(), []agreement.Instrument{s}); err != nil {
		t.Fatal(err)
	}
	code(t, "concur", second(tp.Concur(t.Context(), am, seen.ID, seen.Joint.Waiting.Submission)), marz.Forbidden, "ru-bg has suspended it")
	code(t, "case", second(tp.Case(t.Context(), am, "1", "")), marz.Forbidden, "")
	p, err := tp.Decide(t.Context(), ru, seen.ID, marz.Refuse, "i-threat", "")
	if err != nil {
		t.Fatal(err)
	}
	if p, err = tp.Confirm(t.Context(), ru, seen.ID, p.Proposal.Seq); err != nil || p.State != "decided" || p.Under != "treaty/1" {
		t.Fatalf("%+v %v", p, err)
	}
	tp.verified()
}

// Where several articles have the same authorities serve together, a decision needs the concurrence that any of them asks for.
func TestEveryJointArticleAsks(t *testing.T) {
	tp, _, am := newJoint(t, "", `
[[agreement.article]]
id = "5"
kind = "joint"
authorities = ["am-bg", "ru-bg"]
place = "agarak"
from = "2024-10-08T00:00:00+04:00"
decisions = ["refer"]
text = ""
`, "1")
	open := tp.mustScan(am, "1", passport(t, "ABADI", "REZA", "A1", nil))
	p, err := tp.Decide(t.Context(), am, open.ID, marz.Refer, "cannot-tell", "")
	if err != nil {
		t.Fatal(err)
	}
	p, err = tp.Confirm(t.Context(), am, open.ID, p.Proposal.Seq)
	if err != nil || p.State != "awaiting" || p.Joint.Article != "treaty/5" {
		t.Errorf("%s %v", p.State, err)
	}
}

// A guest does not end a case in which asylum was asked for: a new scan would begin the ordinary procedure again.
func TestAsylumIsNotWithdrawnByAGuest(t *testing.T) {
	tp, ru, am := newJoint(t, "", "", "1")
	open := tp.mustScan(ru, "1", passport(t, "ABADI", "REZA", "A1", nil))
	if _, err := tp.Asylum(t.Context(), ru, open.ID); err != nil {
		t.Fatal(err)
	}
	code(t, "guest", second(tp.Withdraw(t.Context(), ru, open.ID, "traveller-left")), marz.Forbidden, "marz/asylum")
	if w, err := tp.Withdraw(t.Context(), am, open.ID, "traveller-left"); err != nil || w.State != "withdrawn" {
		t.Errorf("host: %+v %v", w, err)
	}
}

// Where asylum was asked for, no guest concurs, and none goes first.
func TestAsylumNeedsNoGuest(t *testing.T) {
	tp, ru, am := newJoint(t, `first = "ru-bg"`, "", "1")
	open := tp.mustScan(ru, "1", passport(t, "ABADI", "REZA", "A1", nil))
	if _, err := tp.Asylum(t.Context(), am, open.ID); err != nil {
		t.Fatal(err)
	}
	p, err := tp.Decide(t.Context(), am, open.ID, marz.Refuse, "g-no-means", "")
	if err != nil {
		t.Fatal(err)
	}
	p, err = tp.Confirm(t.Context(), am, open.ID, p.Proposal.Seq)
	if err != nil || p.State != "decided" || p.By != "am-bg/2" {
		t.Errorf("%s %v", p.State, err)
	}
}

// Who sits down at a lane with a case of another authority is shown it, and its owner sees that he was.
func TestTakingOverIsALookUp(t *testing.T) {
	tp := newTestPostUnder(t, strings.Replace(strings.Replace(together, "%FIRST%", "", 1), `from = "2024-10-08`, `from = "2025-01-01`, 1))
	ru := tp.atLane("ru-bg/2", "1")
	id := tp.mustScan(ru, "1", passport(t, "ABADI", "REZA", "A1", nil)).ID // before joint service: ru-bg's alone
	tp.now.Store(int64(midnight))
	tp.atLane("am-bg/2", "1")
	log, err := tp.LookupsPage(ru)
	if err != nil || len(log.Rows) != 1 || log.Rows[0].Inspection != id || log.Rows[0].Officer != "am-bg/2" || log.Rows[0].What != "record" {
		t.Errorf("%+v %v", log, err)
	}
}

// A record of two authorities is read by each, which the other sees, and erased by neither alone.
func TestRecordsOfBoth(t *testing.T) {
	tp, ru, am := newJoint(t, "", "", "1")
	id := tp.mustScan(ru, "1", passport(t, "ABADI", "REZA", "A1", nil)).ID
	if _, err := tp.Decide(t.Context(), ru, id, marz.Admit, "", ""); err != nil {
		t.Fatal(err)
	}
	if r, err := tp.ReadRecord(t.Context(), am, id, "supervision", ""); err != nil || r.Document.Primary != "ABADI" {
		t.Fatalf("%+v %v", r, err)
	}
	if log, err := tp.LookupsPage(ru); err != nil || len(log.Rows) != 1 || log.Rows[0].Officer != "am-bg/2" {
		t.Errorf("%+v %v", log, err)
	}
	code(t, "erased by one", tp.Erase(t.Context(), tp.signIn("ru-bg/1"), []marz.Seq{marz.Seq(number(id))}, "time is up"), marz.Conflict, "am-bg and ru-bg together")
}

// A proposal falls with its officer's access; while it waits, the other side concurs or refuses to, and does not make the case go away.
func TestWaitingProposals(t *testing.T) {
	tp, ru, am := newJoint(t, "", "", "1")
	seen := refuseTogether(t, tp, ru, am)
	code(t, "withdrawn by the other", second(tp.Withdraw(t.Context(), am, seen.ID, "traveller-left")), marz.Conflict, "concur or refuse to first")
	if err := tp.Dismiss(t.Context(), tp.signIn("ru-bg/1"), "ru-bg/2"); err != nil {
		t.Fatal(err)
	}
	code(t, "of a dismissed officer", second(tp.Concur(t.Context(), am, seen.ID, seen.Joint.Waiting.Submission)), marz.Conflict, "no access here any more")
	if open, err := tp.Object(t.Context(), am, seen.ID, seen.Joint.Waiting.Submission, "other-decision", ""); err != nil || open.State != "open" {
		t.Errorf("%+v %v", open, err)
	}
}

// What Marz's own rules bar an officer from is said with the case, so that no key promises it.
func TestBarredDecisions(t *testing.T) {
	tp, ru, am := newJoint(t, "", "", "1")
	id := tp.mustScan(ru, "1", passport(t, "ABADI", "REZA", "A1", nil)).ID
	if _, err := tp.Asylum(t.Context(), ru, id); err != nil {
		t.Fatal(err)
	}
	for who, want := range map[string]int{"guest": 2, "host": 0} {
		actor := map[string]Actor{"guest": ru, "host": am}[who]
		c, err := tp.Case(t.Context(), actor, "1", "")
		if err != nil || len(c.Barred) != want || want > 0 && !strings.Contains(c.Barred[marz.Admit], "host state") {
			t.Errorf("%s: %v %v", who, c.Barred, err)
		}
	}
}

// A list that an authority left behind says nothing once no article gives that authority anything here.
func TestListLeftBehindSaysNothing(t *testing.T) {
	tp := newTestPost(t)
	tp.addOwnList()
	before := tp.mustScan(tp.atLane("ru-bg/2", "1"), "1", wantedPassport(t, "GEO"))
	if len(before.Hits) != 1 || before.Verdict != marz.Stop {
		t.Fatalf("%+v", before)
	}
	tp.now.Store(int64(midnight))
	am := tp.atLane("am-bg/2", "2")
	after := tp.mustScan(am, "2", wantedPassport(t, "GEO"))
	if len(after.Hits) != 0 || len(after.Others) != 0 || after.Verdict != marz.Clear {
		t.Errorf("%+v", after)
	}
	if n := tp.kinds()[KindFoundHits]; n != 1 {
		t.Errorf("%d entries hold hits", n)
	}
	tp.verified()
}
