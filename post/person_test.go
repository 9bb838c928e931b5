package post

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"marz"
	"marz/mrz"
	"marz/web"
)

// given is what is held about a person, as JSON too.
func (tp *testPost) given(officer marz.OfficerID, who Person) (*web.PersonRecords, string) {
	tp.t.Helper()
	r, err := tp.ExportPerson(context.Background(), tp.signIn(officer), who, "person-asks", "QQFILE 7")
	if err != nil {
		tp.t.Fatal(err)
	}
	b, err := json.Marshal(r)
	if err != nil {
		tp.t.Fatal(err)
	}
	return r, string(b)
}

// A person is given what is held about him, and of nobody else; that it was taken out is an entry that names nobody.
func TestPersonIsGivenHisData(t *testing.T) {
	tp := newTestPostUnder(t, lasting)
	ctx := t.Context()
	a := tp.atLane("ru-bg/2", "1")
	mine := tp.crossing(a, "A1", marz.Admit, "", "")
	tp.crossing(a, "A2", marz.Admit, "", "") // a namesake, or another document
	refused := tp.crossing(a, "A1", marz.Refuse, "a-no-valid-document", "QQNOTE")
	boss := tp.signIn("ru-bg/1")
	if _, err := tp.ReadRecord(ctx, boss, mine.ID, "supervision", "QQREAD"); err != nil {
		t.Fatal(err)
	}
	if err := tp.Note(ctx, boss, mine.ID, "correction", "QQWRONG"); err != nil {
		t.Fatal(err)
	}
	who := Person{Zone: passport(t, "QQSURNAME", "QQGIVEN", "A1", nil)}
	r, all := tp.given("ru-bg/1", who)
	if len(r.Crossings) != 2 || r.Others != 1 || r.Crossings[0].Inspection != mine.ID || r.Crossings[1].Inspection != refused.ID {
		t.Fatalf("%s", all)
	}
	c := r.Crossings[0]
	if len(c.Read) != 1 || c.Read[0].By != "ru-bg" || len(c.Notes) != 1 || c.Notes[0].Note != "QQWRONG" || r.Crossings[1].Grounds == "" || c.Document.Number != "A1" {
		t.Errorf("%s", all)
	}
	for _, not := range []string{"ru-bg/1", "ru-bg/2", "QQNOTE", "QQREAD", "QQFILE"} {
		if strings.Contains(all, not) {
			t.Errorf("it holds %q", not)
		}
	}
	e, _, err := tp.Journal().Entry(ctx, r.Entry)
	if err != nil || e.Kind != KindPersonExported || e.Officer != "ru-bg/1" || e.Under != "treaty/1" || string(e.Public) != `{"reason":"person-asks","crossings":2}` {
		t.Errorf("%+v %s, %v", e, e.Public, err)
	}
	words := Person{Primary: "qqsurname", Secondary: "qqgiven", Birth: "1980-05-06", Nationality: "irn", Numbers: []string{"a 1", "A2"}}
	if r, all := tp.given("ru-bg/1", words); len(r.Crossings) != 3 || r.Others != 0 {
		t.Errorf("in words, with both numbers: %s", all)
	}
	if r, _ := tp.given("ru-bg/1", Person{Zone: passport(t, "QQSURNAME", "QQGIVEN", "A1", func(d *mrz.Document) { d.Birth.Day = 7 })}); len(r.Crossings) != 0 || r.Others != 0 {
		t.Errorf("somebody born on another day: %+v", r)
	}
	words.Numbers = nil
	for what, try := range map[string]func() error{
		"no number":  func() error { return second(tp.ExportPerson(ctx, boss, words, "person-asks", "")) },
		"no reason":  func() error { return second(tp.ExportPerson(ctx, boss, who, "", "")) },
		"a bad zone": func() error { return second(tp.ExportPerson(ctx, boss, Person{Zone: "P<"}, "person-asks", "")) },
		"a bad birth": func() error {
			return second(tp.ExportPerson(ctx, boss, Person{Primary: "A", Nationality: "IRN", Birth: "soon", Numbers: []string{"1"}}, "person-asks", ""))
		},
		"an empty note": func() error { return tp.Note(ctx, boss, mine.ID, "correction", " ") },
	} {
		before := tp.size()
		if err := try(); marz.CodeOf(err) != marz.Invalid || tp.size() != before {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, o := range []marz.OfficerID{"ru-bg/2", "am-bg/1"} {
		if _, err := tp.ExportPerson(ctx, tp.signIn(o), who, "person-asks", ""); marz.CodeOf(err) != marz.Forbidden {
			t.Errorf("%s: %v", o, err)
		}
	}
	if err := tp.Erase(ctx, tp.signIn("ru-bg/1"), []marz.Seq{idOf(mine), marz.Seq(idOf(refused) + 1)}, "by hand"); err != nil {
		t.Fatal(err)
	}
	r, all = tp.given("ru-bg/1", who)
	if len(r.Crossings) != 1 || r.Crossings[0].Inspection != refused.ID || len(r.Crossings[0].Erased) != 1 || r.Crossings[0].Erased[0].What != "the note on the proposed decision" {
		t.Errorf("after erasure: %s", all)
	}
	tp.refolded(t)
}

// Nobody can tell from what he is given whether a list had him: somebody who hit and was let pass gets the same as somebody who did not, but where the configuration lets hits be told.
func TestPersonIsNotToldOfHits(t *testing.T) {
	tp := newTestPostUnder(t, lasting)
	tp.addOwnList()
	a := tp.atLane("ru-bg/2", "1")
	wanted, _ := tp.letPass(t, a, "VELIKANOV", "ZORVAN")
	other, _ := tp.letPass(t, a, "VELIKONIA", "ZARVIN")
	same := func(who Person) string {
		r, _ := tp.given("ru-bg/1", who)
		if len(r.Crossings) != 1 {
			t.Fatalf("%+v", r)
		}
		c := &r.Crossings[0]
		r.At, r.Entry, r.Asked, c.Inspection, c.Opened, c.Ended = 0, 0, web.PersonAsked{}, "", 0, 0
		c.Document, c.Read[0].At = web.Document{}, 0
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	one, two := same(wanted), same(other)
	if one != two {
		t.Errorf("they differ:\n%s\n%s", one, two)
	}
	tp.config.Person = PersonConfig{Hits: true, Officers: true, Notes: true, Sentence: "Ask the ministry."}
	r, all := tp.given("ru-bg/1", wanted)
	if len(r.Crossings[0].Hits) != 1 || r.Withheld != "Ask the ministry." || r.Crossings[0].By != "ru-bg/2" || strings.Contains(all, "Zorvan Velikanov") {
		t.Errorf("%s", all)
	}
}

// letPass lets an invented traveller of list's nationality and birth date pass, whatever hits.
func (tp *testPost) letPass(t *testing.T, a Actor, primary, secondary string) (Person, *web.Inspection) {
	t.Helper()
	ctx := t.Context()
	zone := passport(t, primary, secondary, "A1", func(d *mrz.Document) {
		d.Nationality, d.Birth = "RUS", marz.Date{Year: 1971, Month: 3, Day: 4}
	})
	i := tp.mustScan(a, "1", zone)
	reason := ""
	if len(i.Hits) > 0 {
		reason = "alert-answered"
	}
	out, err := tp.Decide(ctx, a, i.ID, marz.Admit, reason, "")
	if err == nil && out.Decision == "" {
		out, err = tp.Confirm(ctx, a, i.ID, out.Proposal.Seq)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tp.ReadRecord(ctx, tp.signIn("ru-bg/1"), i.ID, "supervision", ""); err != nil {
		t.Fatal(err)
	}
	return Person{Zone: zone}, out
}
