package post

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"marz"
	"marz/journal"
	"marz/mrz"
	"marz/transfer"
	"marz/web"
)

// three are alerts of ru-bg's own, about invented people.
var three = []string{"Bogdan Sekretov", "Ruslan Tikhonov", "Yegor Nezametny"}

func ownAlert(n int) marz.AlertID { return marz.AlertID(fmt.Sprintf("own-alert-%d", n)) }

func ownAlerts(version string) string {
	var b strings.Builder
	for i, name := range three {
		fmt.Fprintf(&b, `{"id":"%s","schema":"Person","caption":"%s","properties":{"name":["%s"],"birthDate":["1980-05-06"],"topics":["wanted"],"notes":["%s"]}}`+"\n", ownAlert(i+1), name, name, version)
	}
	return b.String()
}

// newHandoverWithAlerts is a post that is to be handed over, with three alerts on a list of ru-bg's own.
func newHandoverWithAlerts(t testing.TB, agreements string) *testPost {
	t.Helper()
	tp := newHandoverUnder(t, agreements)
	tp.addOwnList()
	tp.reload(ownAlerts("first"))
	return tp
}

// reload puts a new source of ru-bg's own list in place and loads the lists.
func (tp *testPost) reload(list string) {
	tp.t.Helper()
	tp.write("own.jsonl", list)
	officer := tp.Controller() + "/1"
	if _, err := tp.ReloadLists(context.Background(), tp.signIn(marz.OfficerID(officer))); err != nil {
		tp.t.Fatal(err)
	}
}

// traveller is the zone of one of the three.
func traveller(t testing.TB, n int, number string) string {
	given, family, _ := strings.Cut(strings.ToUpper(three[n-1]), " ")
	return passport(t, family, given, number, func(d *mrz.Document) { d.Nationality = "GEO" })
}

// cross scans a traveller at a lane and withdraws, so that the lane is free again. It returns what was found.
func (tp *testPost) cross(a Actor, lane marz.LaneID, n int) *web.Inspection {
	tp.t.Helper()
	tp.now.Add(60_000)
	i := tp.mustScan(a, lane, traveller(tp.t, n, fmt.Sprintf("GE%07d", tp.now.Load()%10_000_000)))
	if _, err := tp.Withdraw(context.Background(), a, i.ID, "scanned-by-mistake"); err != nil {
		tp.t.Fatal(err)
	}
	return i
}

// count counts everything for both sides, presents and arms by both keys.
func (tp *testPost) armAll(id transfer.ID) {
	tp.t.Helper()
	ctx := context.Background()
	out, in := tp.signIn("ru-bg/1"), tp.signIn("am-bg/1")
	for _, a := range []Actor{out, in} {
		for _, what := range transfer.Countable {
			if err := tp.Count(ctx, a, id, what, 1, ""); err != nil {
				tp.t.Fatal(err)
			}
		}
	}
	digest, err := tp.Present(ctx, in, id)
	if err != nil {
		tp.t.Fatal(err)
	}
	tp.says(transfer.SaysArm, id, digest, "ru-bg", "am-bg")
}

func (tp *testPost) dispose(a Actor, id transfer.ID, disposition, reason string, alerts ...marz.AlertID) {
	tp.t.Helper()
	if err := tp.Dispose(context.Background(), a, id, "ru-own", alerts, disposition, reason); err != nil {
		tp.t.Fatal(err)
	}
}

// handOver hands the post over with the first alert adopted, the second returned and the third left alone.
func (tp *testPost) handOver(lanes ...marz.LaneID) transfer.ID {
	tp.t.Helper()
	out, in := tp.signIn("ru-bg/1"), tp.signIn("am-bg/1")
	id, err := tp.OpenTransfer(context.Background(), out, "treaty/2", lanes, 0)
	if err != nil {
		tp.t.Fatal(err)
	}
	tp.dispose(out, id, alertOffered, "", ownAlert(1))
	tp.dispose(out, id, alertReturned, "", ownAlert(2))
	tp.dispose(in, id, alertAdopted, "danger", ownAlert(1))
	tp.armAll(id)
	tp.now.Store(int64(midnight))
	if err := tp.Tick(context.Background()); err != nil {
		tp.t.Fatal(err)
	}
	if tp.phase(id) != transfer.Executed {
		tp.t.Fatal(tp.phase(id))
	}
	return id
}

// What a side may not say of an alert is refused in words, and nothing is recorded.
func TestDispositionsRefused(t *testing.T) {
	tp := newHandoverWithAlerts(t, handing)
	out, in, third := tp.signIn("ru-bg/1"), tp.signIn("am-bg/1"), tp.signIn("am-bg/2")
	id, err := tp.OpenTransfer(t.Context(), out, "treaty/2", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	tp.dispose(out, id, alertOffered, "", ownAlert(1))
	tp.dispose(out, id, alertOffered, "", ownAlert(3))
	tp.dispose(in, id, alertAdopted, "danger", ownAlert(3))
	for name, c := range map[string]struct {
		by          Actor
		id          transfer.ID
		list        marz.ListID
		alerts      []marz.AlertID
		disposition string
		reason      string
		code        marz.Code
		words       string
	}{
		"unknown transfer":           {out, "agarak-9", "ru-own", nil, alertOffered, "", marz.NotFound, "no such transfer"},
		"unknown alert":              {out, id, "ru-own", []marz.AlertID{ownAlert(1), "nobody"}, alertReturned, "", marz.Conflict, "number 2 of 2: no such alert"},
		"unknown list":               {out, id, "no-list", nil, alertOffered, "", marz.NotFound, "no own list"},
		"a list in common":           {out, id, "test-list", nil, alertOffered, "", marz.NotFound, "no own list"},
		"the incoming offers":        {in, id, "ru-own", nil, alertOffered, "", marz.Forbidden, "outgoing"},
		"the incoming returns":       {in, id, "ru-own", []marz.AlertID{ownAlert(1)}, alertReturned, "", marz.Forbidden, "outgoing"},
		"the outgoing adopts":        {out, id, "ru-own", []marz.AlertID{ownAlert(1)}, alertAdopted, "danger", marz.Forbidden, "incoming"},
		"the outgoing declines":      {out, id, "ru-own", []marz.AlertID{ownAlert(1)}, alertDeclined, "danger", marz.Forbidden, "incoming"},
		"adopts what is not offered": {in, id, "ru-own", []marz.AlertID{ownAlert(1), ownAlert(2)}, alertAdopted, "danger", marz.Conflict, "has not offered"},
		"adopts without a reason":    {in, id, "ru-own", []marz.AlertID{ownAlert(1)}, alertAdopted, " ", marz.Invalid, "say why"},
		"adopts what is adopted":     {in, id, "ru-own", []marz.AlertID{ownAlert(3)}, alertAdopted, "danger", marz.Conflict, "said already"},
		"returns what is adopted":    {out, id, "ru-own", []marz.AlertID{ownAlert(3)}, alertReturned, "", marz.Conflict, "has adopted it"},
		"no such disposition":        {out, id, "ru-own", nil, "kept", "", marz.Invalid, "no disposition"},
		"a reason without end":       {in, id, "ru-own", []marz.AlertID{ownAlert(1)}, alertAdopted, strings.Repeat("x", mostReason+1), marz.Invalid, "at most"},
		"no supervisor":              {third, id, "ru-own", []marz.AlertID{ownAlert(1)}, alertAdopted, "danger", marz.Forbidden, "supervisor"},
	} {
		t.Run(name, func(t *testing.T) {
			before := tp.kinds()[transfer.KindDisposed]
			code(t, name, tp.Dispose(t.Context(), c.by, c.id, c.list, c.alerts, c.disposition, c.reason), c.code, c.words)
			if n := tp.kinds()[transfer.KindDisposed]; n != before {
				t.Errorf("%d entries more", n-before)
			}
		})
	}
	tp.verified()
}

// A third authority says nothing about alerts, and sees none.
func TestDispositionsOfAThird(t *testing.T) {
	tp := newHandoverWithAlerts(t, handing)
	out := tp.signIn("ru-bg/1")
	id, err := tp.OpenTransfer(t.Context(), out, "treaty/2", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	tp.dispose(out, id, alertOffered, "")
	third := Actor{Officer: "ge-bg/1", Role: marz.RoleSupervisor}
	err = tp.journal.Update(t.Context(), func(tx *journal.Tx) error {
		a := &act{Tx: tx, transfers: tp.transfers().Clone(), post: tp.Post, actor: third}
		_, err := a.mayDispose(id, "ru-own", alertAdopted)
		return err
	})
	code(t, "a third", err, marz.Forbidden, "neither side")
	if seen, err := tp.transferAlerts(t.Context(), third, tp.transfers().Get(id)); err != nil || len(seen) != 0 || there(t, tp.path("keys", "data-ge-bg.key")) {
		t.Errorf("a third sees %v, %v", seen, err)
	}
}

// The outgoing side sees its own alerts, the incoming one what was offered, once for each batch as an entry that the owner sees.
func TestOfferedAlertsAreReadAsAnEntry(t *testing.T) {
	tp := newHandoverWithAlerts(t, handing)
	out, in := tp.signIn("ru-bg/1"), tp.signIn("am-bg/1")
	id, err := tp.OpenTransfer(t.Context(), out, "treaty/2", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	see := func(a Actor) []web.TransferAlert {
		t.Helper()
		b, err := tp.Transfer(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		return b.Alerts
	}
	if all := see(out); len(all) != 3 || all[0].Name != three[0] || all[0].Disposition != "" {
		t.Errorf("outgoing: %+v", all)
	}
	if all := see(in); len(all) != 0 || tp.kinds()[KindAlertsRead] != 0 {
		t.Errorf("incoming, before anything was offered: %+v", all)
	}
	tp.dispose(out, id, alertOffered, "", ownAlert(1), ownAlert(2))
	for range 3 {
		if all := see(in); len(all) != 2 || all[1].Alert != ownAlert(2) || all[1].Disposition != alertOffered || all[1].By != "ru-bg/1" {
			t.Errorf("incoming: %+v", all)
		}
	}
	if n := tp.kinds()[KindAlertsRead]; n != 1 {
		t.Errorf("%d entries of three looks", n)
	}
	tp.dispose(in, id, alertAdopted, "danger", ownAlert(1))
	tp.dispose(in, id, alertDeclined, "our own words", ownAlert(2))
	if all := see(in); len(all) != 2 || all[0].Disposition != alertAdopted || all[0].Reason != AdoptReasons[1].Text || all[1].Reason != "our own words" || tp.kinds()[KindAlertsRead] != 1 {
		t.Errorf("%+v, %d entries", all, tp.kinds()[KindAlertsRead])
	}
	tp.dispose(out, id, alertOffered, "")
	if all := see(in); len(all) != 3 || tp.kinds()[KindAlertsRead] != 2 {
		t.Errorf("a second batch: %+v, %d entries", all, tp.kinds()[KindAlertsRead])
	}
	log, err := tp.LookupsPage(out)
	if err != nil || len(log.Rows) != 2 || log.Rows[0].Officer != "am-bg/1" || log.Rows[0].Under != "treaty/2" || log.Rows[0].What != "hit" {
		t.Errorf("the owner's log: %+v, %v", log, err)
	}
	if all := see(out); len(all) != 3 || all[1].Disposition != alertOffered {
		t.Errorf("outgoing: %+v", all)
	}
	tp.verified()
}

// The summary that both sign counts every alert in force, and its digest is of what was said of each.
func TestDispositionsInTheInstrument(t *testing.T) {
	tp := newHandoverWithAlerts(t, handing)
	out, in := tp.signIn("ru-bg/1"), tp.signIn("am-bg/1")
	id, err := tp.OpenTransfer(t.Context(), out, "treaty/2", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	check := func(adopted, returned, lapsed int) {
		t.Helper()
		d, err := tp.dispositions(tp.journal.State(), tp.transfers().Get(id))
		if err != nil || d.Alerts != adopted+returned+lapsed || d.Adopted != adopted || d.Returned != returned || d.Lapsed != lapsed || seen[d.Digest] {
			t.Errorf("%+v %v", d, err)
		}
		seen[d.Digest] = true
	}
	check(0, 0, 3)
	tp.dispose(out, id, alertOffered, "")
	check(0, 0, 3)
	tp.dispose(in, id, alertAdopted, "danger", ownAlert(1), ownAlert(2))
	check(2, 0, 1)
	tp.dispose(out, id, alertReturned, "", ownAlert(3))
	check(2, 1, 0)
	tp.dispose(in, id, alertDeclined, "not-ours", ownAlert(2))
	check(1, 1, 1)
	tp.reload(strings.Join(strings.SplitAfter(ownAlerts("second"), "\n")[1:], "")) // the first is taken off the list: it stays adopted
	clear(seen)                                                                    // nothing was said: the digest is the same
	check(1, 1, 1)
	tp.verified()
}

// After the execution an adopted alert hits under its new authority and says where it came from. What was returned and what lapsed never hits again: not after a reload, nor a restart,
// nor under a newer version. What the outgoing authority leaves is destroyed, and every proof holds.
func TestAlertsAfterAHandover(t *testing.T) {
	tp := newHandoverWithAlerts(t, handing)
	ru := tp.atLane("ru-bg/2", "1")
	var before *web.Inspection
	for n := range three {
		if before = tp.cross(ru, "1", n+1); len(before.Hits) != 1 || before.Hits[0].Adopted != nil {
			t.Fatalf("before: %+v", before.Hits)
		}
	}
	secret, err := os.ReadFile(tp.path("keys", "data-ru-bg.key"))
	if err != nil {
		t.Fatal(err)
	}
	copied, err := os.ReadFile(tp.path("lists", "ru-own.sealed"))
	if err != nil {
		t.Fatal(err)
	}
	id := tp.handOver()
	am := tp.atLane("am-bg/2", "2")
	adopted := func() {
		t.Helper()
		i := tp.cross(am, "2", 1)
		if len(i.Hits) != 1 || len(i.Others) != 0 || i.Verdict != marz.Stop {
			t.Fatalf("adopted: %+v %+v", i.Hits, i.Others)
		}
		h := i.Hits[0]
		from := h.Adopted
		if h.List != "adopted-am-bg" || h.Owner != "am-bg" || h.Version != string(id) || from == nil || from.Owner != "ru-bg" || from.List != "ru-own" || from.By != "am-bg/1" || from.Reason != AdoptReasons[1].Text || from.Under != "treaty/2" || from.At == 0 || from.Version == "" {
			t.Errorf("%+v %+v", h, from)
		}
		if !slices.ContainsFunc(h.Reasons, func(r string) bool { return strings.Contains(r, "stands under the authority of am-bg") }) {
			t.Errorf("%q", h.Reasons)
		}
		r, err := tp.ReadRecord(t.Context(), tp.signIn("am-bg/1"), i.ID, "supervision", "")
		if err != nil || len(r.Hits) != 1 || r.Hits[0].Adopted == nil || *r.Hits[0].Adopted != *from {
			t.Errorf("record: %+v %v", r, err)
		}
	}
	gone := func(when string) {
		t.Helper()
		for _, n := range []int{2, 3} {
			if i := tp.cross(am, "2", n); len(i.Hits)+len(i.Others) != 0 || i.Verdict != marz.Clear {
				t.Errorf("%s: alert %d: %+v %+v %s", when, n, i.Hits, i.Others, i.Verdict)
			}
		}
	}
	adopted()
	gone("at once")
	if there(t, tp.path("keys", "data-ru-bg.key")) || there(t, tp.path("lists", "ru-own.sealed")) || there(t, tp.path("own.jsonl")) || tp.kinds()[transfer.KindDestroyed] != 1 {
		t.Error("it is not destroyed")
	}
	tp.reload(ownAlerts("second"))
	if why := tp.refusal("ru-own"); !strings.Contains(why, "no article gives ru-bg") || tp.lists.List("ru-own") != nil {
		t.Errorf("refused: %q", why)
	}
	gone("after a reload")
	tp.verified() // it opens anew
	am = tp.atLaneAnew("am-bg/2", "2")
	adopted()
	gone("after a restart")
	// Whoever brings them back: as a list of the new authority, or in common.
	for _, line := range []string{"authority = \"am-bg\"", ""} {
		config, err := os.ReadFile(tp.path(configFile))
		if err != nil {
			t.Fatal(err)
		}
		tp.Post.Close()
		tp.write(configFile, strings.Replace(strings.Replace(string(config), `authority = "ru-bg"`, line, 1), `authority = "am-bg"`, line, 1))
		tp.write("own.jsonl", ownAlerts("third"))
		tp.open()
		if tp.lists.List("ru-own") == nil {
			t.Fatalf("%+v", tp.lists.Lists())
		}
		am = tp.atLaneAnew("am-bg/2", "2")
		gone("brought back " + line)
	}
	// A key and a copy that come back from a backup are destroyed again.
	tp.Post.Close()
	for path, b := range map[string][]byte{"keys/data-ru-bg.key": secret, "lists/ru-own.sealed": copied} {
		tp.write(path, string(b))
	}
	tp.open()
	if there(t, tp.path("keys", "data-ru-bg.key")) {
		t.Error("a key that came back is there")
	}
	if b, err := os.ReadFile(tp.path("lists", "ru-own.sealed")); err == nil && bytes.Equal(b, copied) {
		t.Error("a copy that came back is there")
	}
	// What ru-bg's lists had found is told in words.
	r, err := tp.ReadRecord(t.Context(), tp.signIn("am-bg/1"), before.ID, "supervision", "")
	if err == nil && (len(r.Hits) != 0 || len(r.Others) != 1 || r.Others[0].Shared || !strings.Contains(r.Others[0].Why, "destroyed")) {
		t.Errorf("%+v", r.Others)
	}
	tp.verified()
}

// atLaneAnew signs in and takes a lane, or keeps it.
func (tp *testPost) atLaneAnew(officer marz.OfficerID, lane marz.LaneID) Actor {
	tp.t.Helper()
	a := tp.signIn(officer)
	if err := tp.OpenLane(context.Background(), a, lane); err != nil {
		tp.t.Fatal(err)
	}
	return a
}

// Hits of an authority whose key is destroyed cannot be opened: not by it, not by whom it shared them with, and both are told so.
func TestDestroyedHitsAreToldInWords(t *testing.T) {
	tp, ru, am := newJoint(t, "", shareHits, "1")
	i := tp.mustScan(ru, "1", wantedPassport(t, "GEO"))
	if err := tp.keys.destroy("ru-bg"); err != nil {
		t.Fatal(err)
	}
	why := func(words string) {
		t.Helper()
		c, err := tp.Case(t.Context(), ru, "1", "")
		if err != nil || len(c.Hits) != 0 || len(c.Others) != 1 || c.Others[0].Owner != "ru-bg" || c.Others[0].Count != 1 || c.Others[0].Shared || !strings.Contains(c.Others[0].Why, words) {
			t.Errorf("%+v %v", c, err)
		}
		_, _, err = tp.LookUp(t.Context(), am, i.ID, "ru-bg", "comparison", "")
		code(t, "look-up", err, marz.Conflict, words)
	}
	why("missing here")
	tp.verified()
}

// A scan that was screened before the execution and is recorded after it says what holds after it.
func TestScreenedBeforeTheExecution(t *testing.T) {
	tp := newHandoverWithAlerts(t, handing)
	out, in := tp.signIn("ru-bg/1"), tp.signIn("am-bg/1")
	id, err := tp.OpenTransfer(t.Context(), out, "treaty/2", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	tp.dispose(out, id, alertOffered, "", ownAlert(1))
	tp.dispose(in, id, alertAdopted, "danger", ownAlert(1))
	tp.armAll(id)
	doc, err := mrz.Parse(traveller(t, 1, "GE7654321"), marz.DateOf(tp.opts.Clock().In(tp.zone)))
	if err != nil {
		t.Fatal(err)
	}
	screened := tp.screen(t.Context(), doc)
	if len(screened.answer.Hits) != 1 || screened.answer.Hits[0].List != "ru-own" {
		t.Fatalf("%+v", screened.answer.Hits)
	}
	tp.now.Store(int64(midnight))
	if err := tp.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	am := tp.atLane("am-bg/2", "1")
	tp.lists.Remove("adopted-am-bg") // as it is when the scan comes before the adopted alerts are loaded
	tp.adopted.Store(&adoptedLists{settled: -1})
	if i := tp.cross(am, "1", 1); len(i.Hits) != 1 || i.Hits[0].Adopted == nil {
		t.Errorf("the first after the execution: %+v", i.Hits)
	}
	err = tp.actAt(t.Context(), am, "1", marz.ActInspect, func(a *act) error {
		sorted, answer, err := tp.sortHits(a.Tx, screened, "1", identity{}, []marz.AuthorityID{"am-bg"})
		if err != nil || len(answer.Hits) != 0 || sorted["ru-bg"].count != 0 {
			t.Errorf("%+v %v", answer.Hits, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A crash between the execution's commit and the destruction is made good when the post is opened.
func TestDestructionResumes(t *testing.T) {
	for _, crash := range []string{"before anything", "after the key", "after all but the entry"} {
		t.Run(crash, func(t *testing.T) {
			tp := newHandoverWithAlerts(t, handing)
			tp.mustScan(tp.atLane("ru-bg/2", "1"), "1", traveller(t, 2, "GE1111111"))
			out, in := tp.signIn("ru-bg/1"), tp.signIn("am-bg/1")
			id, err := tp.OpenTransfer(t.Context(), out, "treaty/2", nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			tp.dispose(out, id, alertOffered, "", ownAlert(1))
			tp.dispose(in, id, alertAdopted, "danger")
			tp.armAll(id)
			folder := tp.keys.dir
			tp.keys.dir = tp.path(configFile) // no folder: nothing can be destroyed, and the node stops here, as a crash does
			tp.now.Store(int64(midnight))
			if err := tp.Tick(t.Context()); err != nil {
				t.Fatal(err)
			}
			if i := tp.cross(tp.atLane("am-bg/2", "2"), "2", 1); len(i.Hits) != 1 || i.Hits[0].Adopted == nil || len(i.Others) != 0 {
				t.Errorf("the lane does not go on: %+v %+v", i.Hits, i.Others)
			}
			tp.keys.dir = folder
			if tp.phase(id) != transfer.Executed || tp.kinds()[transfer.KindDestroyed] != 0 {
				t.Fatal("it is destroyed already", tp.phase(id))
			}
			switch crash {
			case "after the key":
				err = shred(tp.path("keys", "data-ru-bg.key"))
			case "after all but the entry":
				err = tp.destroyFiles("ru-bg", true, true)
			}
			if err != nil {
				t.Fatal(err)
			}
			tp.Post.Close()
			tp.open()
			if there(t, tp.path("keys", "data-ru-bg.key")) || there(t, tp.path("lists", "ru-own.sealed")) || tp.kinds()[transfer.KindDestroyed] != 1 || tp.lists.List("ru-own") != nil {
				t.Errorf("%d entries", tp.kinds()[transfer.KindDestroyed])
			}
			if !slices.Equal(tp.transfers().Get(id).Destroyed, []string{"lists", "hits"}) {
				t.Errorf("%v", tp.transfers().Get(id).Destroyed)
			}
			tp.verified()
			if tp.kinds()[transfer.KindDestroyed] != 1 {
				t.Error("destroyed twice")
			}
		})
	}
}

// While the outgoing authority keeps a lane nothing of its is destroyed, and its alerts say at that lane what they said. With the last lane all of it goes.
func TestAlertsAfterAPartialHandover(t *testing.T) {
	tp := newHandoverWithAlerts(t, handing)
	id := tp.handOver("2")
	if !there(t, tp.path("keys", "data-ru-bg.key")) || !there(t, tp.path("lists", "ru-own.sealed")) || tp.kinds()[transfer.KindDestroyed] != 0 {
		t.Error("it is destroyed")
	}
	ru, am := tp.atLane("ru-bg/2", "1"), tp.atLane("am-bg/2", "2")
	for n := 1; n <= 3; n++ {
		if i := tp.cross(ru, "1", n); len(i.Hits) != 1 || i.Hits[0].List != "ru-own" {
			t.Errorf("alert %d at the lane that stays: %+v", n, i.Hits)
		}
	}
	if i := tp.cross(am, "2", 1); len(i.Hits) != 1 || i.Hits[0].Adopted == nil || len(i.Others) != 0 {
		t.Errorf("adopted: %+v %+v", i.Hits, i.Others)
	}
	for n := 2; n <= 3; n++ {
		if i := tp.cross(am, "2", n); len(i.Hits)+len(i.Others) != 0 {
			t.Errorf("alert %d at the lane that passed: %+v %+v", n, i.Hits, i.Others)
		}
	}
	_ = id
	tp.verified()
}

// Fifty thousand alerts are offered, adopted, summed up, settled and restored.
func BenchmarkFiftyThousandAlerts(b *testing.B) {
	const many = 50_000
	for range b.N {
		tp := newHandoverUnder(b, handing)
		tp.addOwnList()
		var list strings.Builder
		for i := range many {
			fmt.Fprintf(&list, `{"id":"own-%05d","schema":"Person","caption":"Person%05d Invented","properties":{"name":["Person%05d Invented","P%05d Invented"],"birthDate":["19%02d-05-06"],"nationality":["ge"],"topics":["wanted"],"notes":["%s"]}}`+"\n",
				i, i, i, i, i%100, strings.Repeat("a note ", 20))
		}
		tp.reload(list.String())
		out, in := tp.signIn("ru-bg/1"), tp.signIn("am-bg/1")
		id, err := tp.OpenTransfer(b.Context(), out, "treaty/2", nil, 0)
		if err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		lap := func(what string) {
			b.ReportMetric(float64(time.Since(began).Milliseconds()), "ms-"+what)
			began = time.Now()
		}
		tp.dispose(out, id, alertOffered, "")
		lap("offer")
		if all, err := tp.transferAlerts(b.Context(), in, tp.transfers().Get(id)); err != nil || len(all) != many {
			b.Fatal(len(all), err)
		}
		lap("look")
		tp.dispose(in, id, alertAdopted, "danger")
		lap("adopt")
		d, err := tp.dispositions(tp.journal.State(), tp.transfers().Get(id))
		if err != nil || d.Adopted != many {
			b.Fatal(d, err)
		}
		lap("table")
		all, err := json.Marshal(tp.kinds())
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("%s", all)
		tp.armAll(id)
		tp.now.Store(int64(midnight))
		began = time.Now()
		if err := tp.Tick(b.Context()); err != nil {
			b.Fatal(err)
		}
		lap("execute-and-load")
		tp.Post.Close()
		tp.open()
		lap("reopen")
		if l := tp.lists.List("adopted-am-bg"); l == nil || len(l.Alerts) != many {
			b.Fatal("not restored")
		}
	}
}

// jointHanding is handing with joint service of both, until UNTIL.
func jointHanding(until string) string {
	return handing + `
[[agreement]]
id = "joint"
title = "Joint service"
parties = ["am-bg", "ru-bg"]
signed = "1992-09-30"
source = "invented"
article = [{ id = "1", kind = "joint", authorities = ["am-bg", "ru-bg"], place = "agarak", from = "1992-09-30T00:00:00+03:00", ` + until + `decisions = ["refuse"], text = "" }]`
}

// An outgoing authority that goes on serving keeps its lists; what lapsed of them never hits again all the same.
func TestAlertsOfWhoGoesOnServing(t *testing.T) {
	tp := newHandoverWithAlerts(t, jointHanding(`until = "2025-02-01T00:00:00+04:00", `))
	tp.handOver()
	if !there(t, tp.path("keys", "data-ru-bg.key")) || tp.kinds()[transfer.KindDestroyed] != 0 {
		t.Error("it is destroyed")
	}
	tp.reload(ownAlerts("second") + ownList)
	am := tp.atLane("am-bg/2", "2")
	for n := 1; n <= 3; n++ {
		i := tp.cross(am, "2", n)
		wantOwn, wantOthers := 0, 0
		if n == 1 { // adopted by the one, and still on the list of the other
			wantOwn, wantOthers = 1, 1
		}
		if len(i.Hits) != wantOwn || len(i.Others) != wantOthers {
			t.Errorf("alert %d: %+v %+v", n, i.Hits, i.Others)
		}
	}
	tp.now.Add(60_000)
	if i := tp.mustScan(am, "2", wantedPassport(t, "GEO")); len(i.Others) != 1 || i.Others[0].Owner != "ru-bg" {
		t.Errorf("a new alert of ru-bg says nothing: %+v", i.Others)
	}
	tp.now.Store(int64(midnight) + 31*24*3600*1000) // its service has ended
	if err := tp.Tick(t.Context()); err != nil || tp.kinds()[transfer.KindDestroyed] != 1 || there(t, tp.path("keys", "data-ru-bg.key")) {
		t.Errorf("it is not destroyed, %v", err)
	}
	tp.verified()
}

// What a joint record says of the hits of an authority that has left, and what is exported of them.
func TestHitsOfWhoHasLeft(t *testing.T) {
	tp := newHandoverWithAlerts(t, jointHanding(`until = "2025-01-01T00:00:00+04:00", `))
	ru := tp.atLane("ru-bg/2", "1")
	first := tp.cross(ru, "1", 2)
	if len(first.Hits) != 1 {
		t.Fatalf("%+v", first.Hits)
	}
	export := func() (bundle, hits string) {
		t.Helper()
		var b, h bytes.Buffer
		if err := tp.ExportOwn(t.Context(), "ru-bg/1", "a request of the court", &b, &h); err != nil {
			t.Fatal(err)
		}
		return b.String(), h.String()
	}
	bundle, hits := export()
	if strings.Count(hits, "\n") != 1 || !strings.Contains(hits, three[1]) || !strings.Contains(bundle, `"payload"`) {
		t.Errorf("exported: %s", hits)
	}
	tp.handOver()
	if tp.kinds()[transfer.KindDestroyed] != 1 {
		t.Fatal("not destroyed")
	}
	r, err := tp.ReadRecord(t.Context(), tp.signIn("am-bg/1"), first.ID, "supervision", "")
	if err != nil || len(r.Hits) != 0 || len(r.Others) != 1 || r.Others[0].Owner != "ru-bg" || r.Others[0].Count != 1 || r.Others[0].Shared || !strings.Contains(r.Others[0].Why, "destroyed") || !strings.Contains(r.Others[0].Why, "agarak-1") {
		t.Errorf("%+v %v", r, err)
	}
	seqs, err := hitEntries(tp.journal.State(), number(first.ID), "ru-bg")
	if err != nil || len(seqs) != 1 {
		t.Fatal(seqs, err)
	}
	if hits, closed, err := tp.hitsIn(tp.Journal().State(), committed{t.Context(), tp.Journal()}, seqs); err != nil || len(hits) != 0 || !strings.Contains(closed, "destroyed") {
		t.Errorf("%v %q %v", hits, closed, err)
	}
	if payload, err := tp.journal.Payload(t.Context(), seqs[0]); err != nil || !bytes.Contains(payload, []byte("sealed")) {
		t.Errorf("the sealed payload is gone: %v", err)
	}
	tp.verified()
}

// With the last lane goes all of it, and what was adopted with the first stays adopted.
func TestAlertsAfterTwoPartialHandovers(t *testing.T) {
	tp := newHandoverWithAlerts(t, strings.Replace(handing, `at = "2025-01-01T00:00:00+04:00", text = "" },`, `at = "2025-01-01T00:00:00+04:00", lanes = ["2"], text = "" },
 { id = "3", kind = "transfer", authority = "ru-bg", to = "am-bg", place = "agarak", at = "2025-02-01T00:00:00+04:00", text = "" },`, 1))
	tp.handOver()
	if tp.kinds()[transfer.KindDestroyed] != 0 {
		t.Fatal("it is destroyed")
	}
	id, err := tp.OpenTransfer(t.Context(), tp.signIn("ru-bg/1"), "treaty/3", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	all, err := tp.disposed(tp.journal.State(), &tp.transfers().Get(id).Plan)
	if err != nil || len(all) != 3 {
		t.Errorf("%d alerts are in force, %v", len(all), err)
	}
	tp.armAll(id)
	tp.now.Store(int64(midnight) + 31*24*3600*1000)
	if err := tp.Tick(t.Context()); err != nil || tp.phase(id) != transfer.Executed {
		t.Fatal(tp.phase(id), err)
	}
	if there(t, tp.path("keys", "data-ru-bg.key")) || there(t, tp.path("lists", "ru-own.sealed")) || tp.kinds()[transfer.KindDestroyed] != 2 {
		t.Errorf("%d entries", tp.kinds()[transfer.KindDestroyed])
	}
	for _, lane := range []marz.LaneID{"1", "2"} {
		am := tp.atLane("am-bg/2", lane)
		for n := 1; n <= 3; n++ {
			want := 0
			if n == 1 {
				want = 1
			}
			if i := tp.cross(am, lane, n); len(i.Hits) != want || len(i.Others) != 0 || want == 1 && i.Hits[0].Adopted.List != "ru-own" {
				t.Errorf("lane %s, alert %d: %+v %+v", lane, n, i.Hits, i.Others)
			}
		}
		if err := tp.CloseLane(t.Context(), am, lane); err != nil {
			t.Fatal(err)
		}
	}
	tp.verified()
}

// Hits from before there were data keys lie open in their payloads: they are erased when what is to be destroyed is.
func TestOpenHitsAreErased(t *testing.T) {
	tp := newHandoverWithAlerts(t, handing)
	tp.cross(tp.atLane("ru-bg/2", "1"), "1", 2)
	var seq marz.Seq
	err := tp.journal.Update(t.Context(), func(tx *journal.Tx) error {
		seq = tx.Next()
		_, err := tx.Append(journal.Draft{Kind: KindFoundHits, Authority: "ru-bg", Under: "treaty/1", Policy: tp.Register().Policy(), Public: hitsEntry{"1", 1}, Private: hitsPrivate{Hits: []web.Hit{{Name: three[0]}}}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if hits, closed, err := tp.hitsIn(tp.Journal().State(), committed{t.Context(), tp.Journal()}, []marz.Seq{seq}); err != nil || closed != "" || len(hits) != 1 {
		t.Errorf("%v %q %v", hits, closed, err)
	}
	tp.handOver()
	if _, err := tp.journal.Payload(t.Context(), seq); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("it is there: %v", err)
	}
	if n := tp.kinds()[journal.KindErased]; n != 1 {
		t.Errorf("%d erasures", n)
	}
	tp.verified()
}

// What was adopted in a transfer that is cancelled then is erased: it stays its owner's alone.
func TestAdoptedAlertsOfACancelledTransfer(t *testing.T) {
	tp := newHandoverWithAlerts(t, handing)
	out, in := tp.signIn("ru-bg/1"), tp.signIn("am-bg/1")
	id, err := tp.OpenTransfer(t.Context(), out, "treaty/2", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	tp.dispose(out, id, alertOffered, "")
	adopting := marz.Seq(tp.size())
	tp.dispose(in, id, alertAdopted, "danger", ownAlert(1))
	if _, err := tp.journal.Payload(t.Context(), adopting); err != nil {
		t.Fatal(err)
	}
	if err := tp.CancelTransfer(t.Context(), out, id, "other-plans"); err != nil {
		t.Fatal(err)
	}
	tp.now.Add(61_000)
	for range 3 {
		if err := tp.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tp.journal.Payload(t.Context(), adopting); marz.CodeOf(err) != marz.NotFound || tp.kinds()[journal.KindErased] != 1 {
		t.Errorf("%v, %d erasures", err, tp.kinds()[journal.KindErased])
	}
	if i := tp.cross(tp.atLane("ru-bg/2", "1"), "1", 1); len(i.Hits) != 1 || i.Hits[0].List != "ru-own" {
		t.Errorf("%+v", i.Hits)
	}
	tp.verified()
	if tp.kinds()[journal.KindErased] != 1 || tp.lists.List("adopted-am-bg") != nil {
		t.Error("after a restart")
	}
}
