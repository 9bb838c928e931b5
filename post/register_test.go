package post

import (
	"slices"
	"strings"
	"testing"

	"marz"
	"marz/agreement"
	"marz/transfer"
)

// Nothing but good signatures comes into the journal with an instrument: anybody could have written beside them.
func TestNoiseIsNotRecorded(t *testing.T) {
	tp := newTestPost(t)
	s := signed(t, agreement.Statement{By: "am-bg", Agreement: "treaty", Status: agreement.Active, From: 1, Issued: tp.Post.now()})
	s.Signatures = append(s.Signatures, "Ivan Ivanov, passport 4509 123456, is a spy")
	if _, err := tp.AddInstruments(t.Context(), []agreement.Instrument{s}); err != nil {
		t.Fatal(err)
	}
	entries, _ := tp.Journal().Entries(t.Context(), 0, 1000)
	for _, e := range entries {
		if strings.Contains(string(e.Public), "Ivanov") {
			t.Errorf("%s", e.Public)
		}
	}
}

// What is learnt late moves nothing by itself. When it is carried out, late, it ends the access of who has none now, whatever he had at the instant that it speaks of.
func TestLatePassingEndsAccess(t *testing.T) {
	tp := newTestPostUnder(t, treaty+`article = [
 { id = "1", kind = "control", authority = "ru-bg", place = "agarak", from = "1992-09-30T00:00:00+03:00", text = "" },
]`)
	ru := tp.atLane("ru-bg/2", "1")
	doc, err := agreement.Parse("late", []byte(`
[[agreement]]
id = "late"
title = "Learnt late"
parties = ["am-bg", "ru-bg"]
signed = "2024-01-01"
source = "invented"
article = [
 { id = "1", kind = "transfer", authority = "ru-bg", to = "am-bg", place = "agarak", at = "2024-06-01T00:00:00+04:00", text = "" },
 { id = "2", kind = "serve", authority = "ru-bg", place = "agarak", powers = ["inspect", "decide", "read-journal"], from = "2024-06-01T00:00:00+04:00", until = "2024-07-01T00:00:00+04:00", text = "" },
]`))
	if err != nil {
		t.Fatal(err)
	}
	i := doc.Instruments()
	i[0].Sign(testKeys["ru-bg"])
	i[0].Sign(testKeys["am-bg"])
	if _, err := tp.AddInstruments(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	if next := tp.nextPassing(tp.Post.now()); tp.Controller() != "ru-bg" || next == nil || next.Phase != transfer.Planned || next.Waiting == "" {
		t.Errorf("%s, %+v", tp.Controller(), next)
	}
	tp.soon("late/1")
	tp.now.Add(60_000)
	if x := tp.executed(); x.Article != "late/1" || !slices.Contains(x.Cases, transfer.Late) || tp.Controller() != "am-bg" {
		t.Errorf("%+v, %s", x, tp.Controller())
	}
	if err := tp.OpenLane(t.Context(), tp.signIn("am-bg/2"), "1"); err != nil {
		t.Errorf("the lane is not free: %v", err)
	}
	code(t, "who has no power", second(tp.Scan(t.Context(), ru, "1", passport(t, "A", "B", "A1", nil), false)), marz.Unauthenticated, "control passed")
}

// A file of which one part cannot be written leaves nothing behind, and the register is the same after the post is opened again.
func TestTooLargeLeavesNothing(t *testing.T) {
	tp := newTestPost(t)
	first := signed(t, agreement.Statement{By: "am-bg", Agreement: "treaty", Status: agreement.Active, From: 1, Issued: tp.Post.now()})
	big := signed(t, agreement.Statement{By: "ru-bg", Agreement: "treaty", Status: agreement.Active, From: 1, Issued: tp.Post.now(), Source: strings.Repeat("x", 70000)})
	before, policy := tp.size(), tp.Register().Policy()
	_, err := tp.AddInstruments(t.Context(), []agreement.Instrument{first, big})
	if err == nil {
		t.Fatal("recorded")
	}
	if tp.size() != before || tp.Register().Policy() != policy {
		t.Error("half of it is there")
	}
	if seqs, err := tp.AddInstruments(t.Context(), []agreement.Instrument{first, first}); err != nil || len(seqs) != 1 {
		t.Errorf("%v %v", seqs, err)
	}
	policy = tp.Register().Policy()
	tp.verified()
	if tp.Register().Policy() != policy {
		t.Error("another register after opening again")
	}
}

// What stands in one file twice is recorded once.
func TestTwiceInOneFile(t *testing.T) {
	tp := newTestPostUnder(t, strings.Replace(agreements, "\n]", ` { id = "o", kind = "obligation", owes = "ru-bg", owed = "am-bg", text = "x" },`+"\n]", 1))
	r := agreement.Instrument{Report: &agreement.Report{By: "am-bg", Article: "treaty/o", Status: agreement.Met, At: tp.Post.now()}}
	r.Sign(testKeys["am-bg"])
	seqs, err := tp.AddInstruments(t.Context(), []agreement.Instrument{r, r, r})
	if err != nil || len(seqs) != 1 {
		t.Errorf("%v %v", seqs, err)
	}
}

// A post that was described before places were knows its own, so that it lies somewhere and has a host.
func TestGroundOfAnOldDescription(t *testing.T) {
	d := describedEntry{Post: marz.Post{ID: "agarak", Name: "Agarak", State: "ARM"}}
	g := d.ground()
	if p, ok := g.Place("agarak"); !ok || p.State != "ARM" || len(g.Places) != 1 {
		t.Errorf("%+v", g.Places)
	}
	d.Places = testGround.Places
	if g = d.ground(); len(g.Places) != len(testGround.Places) {
		t.Errorf("%+v", g.Places)
	}
}

// A place's page shows that control passed as soon as it has, and when it should have.
func TestActualPassingIsKnownAtOnce(t *testing.T) {
	tp := newTestPost(t)
	tp.now.Store(int64(midnight) + 5_000)
	if err := tp.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	check := func() {
		t.Helper()
		b, err := tp.TimelinePage(t.Context(), "agarak", tp.Post.now(), 0)
		if err != nil || len(b.Actual) != 2 || b.Actual[1].To != "am-bg" || b.Actual[1].Planned != midnight || b.Actual[1].Actual < midnight+5_000 {
			t.Errorf("%+v %v", b, err)
		}
	}
	check()
	tp.Post.Close()
	tp.open()
	check()
}

// What is recorded already is passed over, however the copy that is brought is signed: headquarters and posts begin with the same scenario, which nobody need have signed.
func TestKnownInstrumentsNeedNoSignature(t *testing.T) {
	tp := newTestPost(t)
	doc, err := agreement.Parse("test", []byte(agreements))
	if err != nil {
		t.Fatal(err)
	}
	before := tp.size()
	if seqs, err := tp.AddInstruments(t.Context(), doc.Instruments()); err != nil || len(seqs) != 0 || tp.size() != before {
		t.Errorf("%v, %v: %d entries, and %d before", seqs, err, tp.size(), before)
	}
}
