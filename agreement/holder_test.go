package agreement

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz"
)

// handover plans p: of bb-bg from 2020 on, the lorries to cc-bg by March 2024, lanes 1 and 2 to aa-bg in June, and the whole to aa-bg in 2025.
const handover = `
[[agreement]]
id = "t"
title = "A treaty"
parties = ["aa-bg", "bb-bg", "cc-bg"]
[[agreement.article]]
id = "1"
kind = "control"
authority = "bb-bg"
place = "p"
from = "2020-01-01T00:00:00Z"
[[agreement.article]]
id = "trucks"
kind = "transfer"
authority = "bb-bg"
to = "cc-bg"
place = "p"
flow = "trucks"
by = "2024-03-01T00:00:00Z"
[[agreement.article]]
id = "lanes"
kind = "transfer"
authority = "bb-bg"
to = "aa-bg"
place = "p"
lanes = ["1", "2"]
at = "2024-06-01T00:00:00Z"
[[agreement.article]]
id = "all"
kind = "transfer"
authority = "bb-bg"
to = "aa-bg"
place = "p"
at = "2025-01-01T00:00:00Z"
`

// pass is a passing of p as it was recorded. The first has no from.
func pass(when, article, from, to string, lanes ...marz.LaneID) Event {
	p := &Passing{Place: "p", Lanes: lanes, From: marz.AuthorityID(from), To: marz.AuthorityID(to), Article: marz.ArticleRef("t/" + article)}
	if from == "" {
		p.Planned = at("2020-01-01T00:00:00Z")
	}
	return Event{At: at(when), Passing: p}
}

func recorded(t *testing.T, text string, events ...Event) *Register {
	t.Helper()
	d, err := Parse("test.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Check(ground, now, d); err != nil {
		t.Fatal(err)
	}
	h := NewHistory(ground)
	for _, e := range append(d.Events(), events...) {
		h.Add(e)
	}
	r, err := h.Register()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What acts go by is what was recorded, early, late and in parts; the plan counts until something was.
func TestHolder(t *testing.T) {
	first := pass("2024-01-01T00:00:00Z", "1", "", "bb-bg")
	trucks := pass("2024-05-01T00:00:00Z", "trucks", "bb-bg", "cc-bg", "3")
	lanes := pass("2024-06-01T00:00:00Z", "lanes", "bb-bg", "aa-bg", "1", "2")
	whole := pass("2025-02-01T00:00:00Z", "all", "bb-bg", "aa-bg")
	for name, c := range map[string]struct {
		events []Event
		want   map[string]string // lane and instant to who holds it, under what, since when and until when
	}{
		"nothing recorded: the plan, which has no parts": {nil, map[string]string{
			" 2019-12-31T23:59:59.999Z": "", " 2024-12-31T23:59:59.999Z": "bb-bg t/1 2020-01-01 2025-01-01", "1 2024-07-01T00:00:00Z": "bb-bg t/1 2020-01-01 2025-01-01",
			" 2025-01-01T00:00:00Z": "aa-bg t/all 2025-01-01 "}},
		"recorded, and nothing passed: overdue": {[]Event{first}, map[string]string{
			" 2021-01-01T00:00:00Z": "bb-bg t/1 2020-01-01 ", " 2025-06-01T00:00:00Z": "bb-bg t/1 2020-01-01 ", "3 2025-06-01T00:00:00Z": "bb-bg t/1 2020-01-01 "}},
		"whole, late": {[]Event{first, whole}, map[string]string{
			" 2025-01-31T23:59:59.999Z": "bb-bg t/1 2020-01-01 2025-02-01", " 2025-02-01T00:00:00Z": "aa-bg t/all 2025-02-01 ", "3 2025-02-01T00:00:00Z": "aa-bg t/all 2025-02-01 "}},
		"whole, early": {[]Event{first, pass("2024-10-01T00:00:00Z", "all", "bb-bg", "aa-bg")}, map[string]string{
			" 2024-10-01T00:00:00Z": "aa-bg t/all 2024-10-01 ", " 2024-09-30T23:59:59.999Z": "bb-bg t/1 2020-01-01 2024-10-01"}},
		"parts: the rest stays": {[]Event{first, trucks, lanes}, map[string]string{
			"3 2024-05-01T00:00:00Z": "cc-bg t/trucks 2024-05-01 ", "3 2024-04-30T00:00:00Z": "bb-bg t/1 2020-01-01 2024-05-01", "1 2024-05-01T00:00:00Z": "bb-bg t/1 2020-01-01 2024-06-01",
			"1 2024-06-01T00:00:00Z": "aa-bg t/lanes 2024-06-01 ", "4 2025-06-01T00:00:00Z": "bb-bg t/1 2020-01-01 ", " 2025-06-01T00:00:00Z": "bb-bg t/1 2020-01-01 "}},
		"then the whole: what a third holds stays": {[]Event{first, trucks, lanes, whole}, map[string]string{
			"3 2025-06-01T00:00:00Z": "cc-bg t/trucks 2024-05-01 ", "1 2025-06-01T00:00:00Z": "aa-bg t/lanes 2024-06-01 ", "4 2025-06-01T00:00:00Z": "aa-bg t/all 2025-02-01 ", " 2025-06-01T00:00:00Z": "aa-bg t/all 2025-02-01 "}},
		"the whole takes what its giver got back": {[]Event{first, lanes, pass("2024-07-01T00:00:00Z", "trucks", "aa-bg", "bb-bg", "2"), whole}, map[string]string{
			"2 2024-08-01T00:00:00Z": "bb-bg t/trucks 2024-07-01 2025-02-01", "2 2025-02-01T00:00:00Z": "aa-bg t/all 2025-02-01 ", "1 2025-02-01T00:00:00Z": "aa-bg t/lanes 2024-06-01 "}},
		"at one instant the last counts": {[]Event{first, pass("2024-06-01T00:00:00Z", "trucks", "bb-bg", "cc-bg", "1"), lanes}, map[string]string{
			"1 2024-06-01T00:00:00Z": "aa-bg t/lanes 2024-06-01 ", "1 2024-05-31T23:59:59.999Z": "bb-bg t/1 2020-01-01 2024-06-01"}},
		"at the instant of the first": {[]Event{first, pass("2024-01-01T00:00:00Z", "all", "bb-bg", "aa-bg")}, map[string]string{
			" 2024-01-01T00:00:00Z": "aa-bg t/all 2024-01-01 ", " 2023-12-31T23:59:59.999Z": "bb-bg t/1 2020-01-01 2024-01-01"}},
		"first a part: the place stays as it was planned then": {[]Event{lanes}, map[string]string{
			"1 2024-06-01T00:00:00Z": "aa-bg t/lanes 2024-06-01 ", " 2025-06-01T00:00:00Z": "bb-bg t/1 2020-01-01 ", "3 2025-06-01T00:00:00Z": "bb-bg t/1 2020-01-01 "}},
	} {
		r := recorded(t, handover, c.events...)
		for when, want := range c.want {
			lane, instant, _ := strings.Cut(when, " ")
			got := ""
			if h, ok := r.Holder("p", marz.LaneID(lane), at(instant)); ok {
				got = strings.Join([]string{string(h.Authority), string(h.Article), h.From.String()[:10], ""}, " ")
				if h.Until != 0 {
					got += h.Until.String()[:10]
				}
			}
			if got != want {
				t.Errorf("%s: lane %q at %s: %q, want %q", name, lane, instant, got, want)
			}
		}
	}
}

// A transfer gives the powers to prepare it until it has been carried out whole, and no longer.
func TestExecuted(t *testing.T) {
	first := pass("2024-01-01T00:00:00Z", "1", "", "bb-bg")
	for name, c := range map[string]struct {
		events []Event
		want   []string // which are executed in June 2025
	}{
		"by the plan":               {nil, []string{"all"}},
		"overdue":                   {[]Event{first}, nil},
		"half of the lanes":         {[]Event{first, pass("2024-06-01T00:00:00Z", "lanes", "bb-bg", "aa-bg", "1")}, nil},
		"lane by lane":              {[]Event{first, pass("2024-06-01T00:00:00Z", "lanes", "bb-bg", "aa-bg", "1"), pass("2024-06-02T00:00:00Z", "lanes", "bb-bg", "aa-bg", "2")}, []string{"lanes"}},
		"the flow":                  {[]Event{first, pass("2024-06-01T00:00:00Z", "trucks", "bb-bg", "cc-bg", "3")}, []string{"trucks"}},
		"some lanes of the whole":   {[]Event{first, pass("2024-06-01T00:00:00Z", "all", "bb-bg", "aa-bg", "1", "2", "3")}, nil},
		"the whole":                 {[]Event{first, pass("2024-06-01T00:00:00Z", "all", "bb-bg", "aa-bg")}, []string{"all"}},
		"set up after it":           {[]Event{pass("2025-03-01T00:00:00Z", "all", "", "aa-bg")}, []string{"all"}},
		"set up before it was late": {[]Event{pass("2025-03-01T00:00:00Z", "1", "", "bb-bg")}, nil},
	} {
		r := recorded(t, handover, c.events...)
		for article, to := range map[string]marz.AuthorityID{"trucks": "cc-bg", "lanes": "aa-bg", "all": "aa-bg"} {
			ref, when := marz.ArticleRef("t/"+article), at("2025-06-01T00:00:00Z")
			want := slices.Contains(c.want, article)
			if got := r.Executed("p", ref, when); got != want {
				t.Errorf("%s: %s executed: %v", name, article, got)
			}
			q := Question{Officer: marz.OfficerID(to) + "/1", Role: marz.RoleSupervisor, Action: marz.ActTransfer, Place: "p", At: when}
			prepares := slices.ContainsFunc(r.Mandates("p", when), func(m Mandate) bool { return m.Kind == Transfer && m.Article == ref })
			held := r.heldUnder("p", ref, when)
			if got := slices.Contains(r.May(q).All, ref); got != (!want || held) || prepares == want {
				t.Errorf("%s: %s may prepare %s: %v (mandate: %v)", name, to, article, got, prepares)
			}
		}
	}
}

// Who holds a lane acts there, and has at the post as a whole what concerns it as a whole. Who holds the rest acts on it.
func TestMayAtALane(t *testing.T) {
	r := recorded(t, handover, pass("2024-01-01T00:00:00Z", "1", "", "bb-bg"), pass("2024-06-01T00:00:00Z", "lanes", "bb-bg", "aa-bg", "1", "2"))
	hers := &Record{Kind: "record", Owners: []marz.AuthorityID{"aa-bg"}}
	his := &Record{Kind: "record", Owners: []marz.AuthorityID{"bb-bg"}, Nationality: "AAA"}
	for _, c := range []struct {
		officer marz.OfficerID
		action  marz.Action
		lane    marz.LaneID
		record  *Record
		want    marz.ArticleRef // "": not allowed
	}{
		{"aa-bg/1", marz.ActInspect, "1", nil, "t/lanes"}, {"aa-bg/1", marz.ActInspect, "3", nil, ""}, {"aa-bg/1", marz.ActInspect, "", nil, ""},
		{"bb-bg/1", marz.ActInspect, "1", nil, ""}, {"bb-bg/1", marz.ActInspect, "3", nil, "t/1"}, {"bb-bg/1", marz.ActSupervise, "", nil, "t/1"}, {"aa-bg/1", marz.ActSupervise, "2", nil, "t/lanes"},
		{"aa-bg/1", marz.ActReadJournal, "", nil, "t/lanes"}, {"aa-bg/1", marz.ActEnrol, "", nil, "t/lanes"}, {"bb-bg/1", marz.ActEnrol, "1", nil, "t/1"},
		{"aa-bg/1", marz.ActReadRecord, "", hers, "t/lanes"}, {"aa-bg/1", marz.ActErase, "", hers, "t/lanes"}, {"aa-bg/1", marz.ActReadRecord, "", his, ""}, {"bb-bg/1", marz.ActReadRecord, "1", his, "t/1"},
		{"bb-bg/1", marz.ActOn(marz.Hold), "3", his, "t/1"}, {"bb-bg/1", marz.ActOn(marz.Hold), "1", his, ""}, {"aa-bg/1", marz.ActOn(marz.Hold), "1", hers, "t/lanes"},
		{"cc-bg/1", marz.ActTransfer, "", nil, "t/trucks"}, {"cc-bg/1", marz.ActInspect, "3", nil, ""},
	} {
		a := r.May(Question{Officer: c.officer, Role: marz.RoleSupervisor, Action: c.action, Place: "p", Lane: c.lane, At: at("2024-07-01T00:00:00Z"), Record: c.record})
		if a.Allowed != (c.want != "") || c.want != "" && !slices.Contains(a.All, c.want) {
			t.Errorf("%s %s at lane %q: %+v, want %q", c.officer, c.action, c.lane, a, c.want)
		}
	}
	if a := r.May(Question{Officer: "bb-bg/1", Role: marz.RoleSupervisor, Action: marz.ActInspect, Place: "p", Lane: "1", At: at("2024-07-01T00:00:00Z")}); !strings.Contains(a.Reason, "lane 1 of p is controlled by aa-bg under t/lanes") {
		t.Error(a.Reason)
	}
	var control []Mandate
	for _, m := range r.Mandates("p", at("2024-07-01T00:00:00Z")) {
		if m.Kind == Control {
			m.Powers = nil
			control = append(control, m)
		}
	}
	if diff := cmp.Diff([]Mandate{{Authority: "bb-bg", Kind: Control, Article: "t/1"}, {Authority: "aa-bg", Kind: Control, Article: "t/lanes", Lanes: []marz.LaneID{"1", "2"}}}, control); diff != "" {
		t.Error(diff)
	}
}

// An article that says control is another's than the passing gives nobody anything: neither whom the passing names nor whom the article does.
func TestPassingAgainstItsArticle(t *testing.T) {
	r := recorded(t, handover, pass("2024-01-01T00:00:00Z", "1", "", "bb-bg"), pass("2024-06-01T00:00:00Z", "lanes", "bb-bg", "cc-bg", "1"))
	for _, id := range []marz.OfficerID{"aa-bg/1", "bb-bg/1", "cc-bg/1"} {
		if a := r.May(Question{Officer: id, Role: marz.RoleSupervisor, Action: marz.ActInspect, Place: "p", Lane: "1", At: at("2024-07-01T00:00:00Z")}); a.Allowed {
			t.Errorf("%s: %+v", id, a)
		}
	}
}

// What is in force follows what was recorded: control that is overdue to end, or was ended early.
func TestInForceFollowsTheRecord(t *testing.T) {
	first := pass("2024-01-01T00:00:00Z", "1", "", "bb-bg")
	late, early := recorded(t, handover, first), recorded(t, handover, first, pass("2024-10-01T00:00:00Z", "all", "bb-bg", "aa-bg"))
	for name, c := range map[string]struct {
		r    *Register
		ref  marz.ArticleRef
		when string
		want bool
	}{
		"overdue":          {late, "t/1", "2025-06-01T00:00:00Z", true},
		"early":            {early, "t/1", "2024-11-01T00:00:00Z", false},
		"before it":        {early, "t/1", "2024-09-01T00:00:00Z", true},
		"to be prepared":   {late, "t/all", "2024-09-01T00:00:00Z", true},
		"before the first": {late, "t/1", "2019-06-01T00:00:00Z", false},
	} {
		if got, why := c.r.InForce(c.ref, at(c.when)); got != c.want || (why == "") != c.want {
			t.Errorf("%s: %v %q", name, got, why)
		}
	}
}

// A register that is asked changes nothing that another sees, and what it gives away is the caller's.
func TestPartsAreTheCallers(t *testing.T) {
	r := recorded(t, handover, pass("2024-01-01T00:00:00Z", "1", "", "bb-bg"), pass("2024-06-01T00:00:00Z", "lanes", "bb-bg", "aa-bg", "2", "1"))
	when := at("2024-07-01T00:00:00Z")
	parts := r.Parts("p", when)
	if !slices.Equal(parts, []marz.LaneID{"1", "2"}) || len(r.Parts("p", when-100*day)) != 0 || len(r.Parts("nowhere", when)) != 0 {
		t.Fatal(parts)
	}
	parts[0] = "9"
	if again := r.Parts("p", when); again[0] != "1" {
		t.Error(again)
	}
}

// transferRefusals are one thing changed in handover each.
var transferRefusals = map[string]struct{ old, new, want string }{
	"both":               {`lanes = ["1", "2"]`, "lanes = [\"1\"]\nflow = \"persons\"", "t/lanes: it has both lanes and flow"},
	"no lanes":           {`lanes = ["1", "2"]`, `lanes = []`, "t/lanes: lanes is empty"},
	"a lane twice":       {`lanes = ["1", "2"]`, `lanes = ["1", "1"]`, "t/lanes: the lane 1 is named twice"},
	"an odd lane":        {`lanes = ["1", "2"]`, `lanes = ["Lane 1"]`, `t/lanes: the lane "Lane 1" cannot be one`},
	"many lanes":         {`lanes = ["1", "2"]`, `lanes = ["x` + strings.Repeat(`", "x`, 100) + `"]`, "t/lanes: it names 101 lanes"},
	"of two posts":       {"place = \"p\"\nlanes", "places = [\"p\", \"agarak\"]\nlanes", "t/lanes: lanes are those of one post"},
	"of a section":       {"place = \"p\"\nlanes", "place = \"q\"\nlanes", "t/lanes: q is a section and has no lanes"},
	"an odd flow":        {`flow = "trucks"`, `flow = "lorries"`, `t/trucks: the flow "lorries" is not known; use one of: persons, trucks`},
	"an odd clock":       {`lanes = [`, "clock = \"mine\"\nlanes = [", `t/lanes: the clock "mine" is not known; use one of: sources, commanders`},
	"unilateral":         {`lanes = [`, "unilateral = \"-1h\"\nlanes = [", "unilateral"},
	"destroys nothing":   {`lanes = [`, "destroy = []\nlanes = [", "t/lanes: destroy is empty"},
	"destroys all":       {`lanes = [`, "destroy = [\"journal\"]\nlanes = [", `t/lanes: "journal" is nothing that can be destroyed; use some of: lists, hits`},
	"destroys twice":     {`lanes = [`, "destroy = [\"hits\", \"hits\"]\nlanes = [", "t/lanes: hits is named twice in destroy"},
	"lanes of control":   {`from = "2020-01-01T00:00:00Z"`, "from = \"2020-01-01T00:00:00Z\"\nlanes = [\"1\"]", "t/1: an article of kind control has no lanes"},
	"not for good":       {`parties =`, "until = \"2030-01-01T00:00:00Z\"\nparties =", "control passes for good"},
	"has it not":         {"authority = \"bb-bg\"\nto = \"aa-bg\"\nplace = \"p\"\nlanes", "authority = \"cc-bg\"\nto = \"aa-bg\"\nplace = \"p\"\nlanes", "t/lanes: it takes lane 1 of p from cc-bg at 2024-06-01T00:00:00.000Z, when bb-bg has it"},
	"has it not yet":     {`at = "2024-06-01T00:00:00Z"`, `at = "2019-06-01T00:00:00Z"`, "t/lanes: it takes part of p from bb-bg at 2019-06-01T00:00:00.000Z, and no article gives bb-bg control of it before"},
	"has it no more":     {`at = "2024-06-01T00:00:00Z"`, `at = "2025-06-01T00:00:00Z"`, "t/lanes: it takes lane 1 of p from bb-bg at 2025-06-01T00:00:00.000Z, when aa-bg has it"},
	"at the same time":   {`at = "2024-06-01T00:00:00Z"`, `at = "2025-01-01T00:00:00Z"`, "t/lanes: it takes lane 1 of p from bb-bg at 2025-01-01T00:00:00.000Z, when the whole place passes under t/all"},
	"as it begins":       {`at = "2024-06-01T00:00:00Z"`, `at = "2020-01-01T00:00:00Z"`, "t/lanes: it takes part of p"},
	"given away already": {`flow = "trucks"`, "lanes = [\"2\"]", "t/lanes: it takes lane 2 of p from bb-bg at 2024-06-01T00:00:00.000Z, when cc-bg has it"},
	"twice at once":      {"flow = \"trucks\"\nby = \"2024-03-01T00:00:00Z\"", "lanes = [\"2\"]\nby = \"2024-06-01T00:00:00Z\"", "two transfers of lane 2 of p are at the same instant"},
	"to himself":         {"to = \"aa-bg\"\nplace = \"p\"\nlanes", "to = \"bb-bg\"\nplace = \"p\"\nlanes", "t/lanes: bb-bg is on both sides"},
}

func TestTransferRefusals(t *testing.T) {
	for name, c := range transferRefusals {
		text := strings.Replace(handover, c.old, c.new, 1)
		if text == handover {
			t.Errorf("%s: nothing was changed", name)
			continue
		}
		d, err := Parse("f.toml", []byte(text))
		if err == nil {
			_, err = Check(ground, now, d)
		}
		if err == nil || marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "f.toml:") {
			t.Errorf("%s: %v, want it to say %q", name, err, c.want)
		}
	}
	negative := Agreement{ID: "n", Title: "N", Parties: []marz.AuthorityID{"aa-bg", "bb-bg"}, Articles: []Article{{ID: "1", Kind: Control, Authority: "aa-bg", Place: "p", From: at("2020-01-01T00:00:00Z")},
		{ID: "2", Kind: Transfer, Authority: "aa-bg", To: "bb-bg", Place: "p", At: at("2025-01-01T00:00:00Z"), Unilateral: -1}}}
	if _, err := New(ground, []Agreement{negative}); err == nil || !strings.Contains(err.Error(), "unilateral is below zero") {
		t.Errorf("unilateral below zero: %v", err)
	}
}

// A lane can be passed on by whom it was given to, and given back; and goes with the place when that one gives the place up.
func TestPartsPassOn(t *testing.T) {
	const head = "\n[[agreement.article]]\nid = \"%\"\nkind = \"transfer\"\n"
	for name, c := range map[string]struct{ more, want string }{
		"passed on":       {`authority = "aa-bg"` + "\n" + `to = "cc-bg"` + "\n" + `place = "p"` + "\n" + `lanes = ["1"]` + "\n" + `at = "2024-07-01T00:00:00Z"`, ""},
		"given back":      {`authority = "cc-bg"` + "\n" + `to = "bb-bg"` + "\n" + `place = "p"` + "\n" + `flow = "trucks"` + "\n" + `at = "2026-07-01T00:00:00Z"`, ""},
		"went with it":    {`authority = "bb-bg"` + "\n" + `to = "cc-bg"` + "\n" + `place = "p"` + "\n" + `lanes = ["4"]` + "\n" + `at = "2026-07-01T00:00:00Z"`, "when aa-bg has it"},
		"the whole after": {`authority = "aa-bg"` + "\n" + `to = "cc-bg"` + "\n" + `place = "p"` + "\n" + `at = "2026-07-01T00:00:00Z"`, ""},
	} {
		d, err := Parse("f.toml", []byte(handover+strings.Replace(head, "%", "more", 1)+c.more))
		if err != nil {
			t.Fatal(err)
		}
		_, err = Check(ground, now, d)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	back := Article{ID: "back", Kind: Transfer, Authority: "aa-bg", To: "bb-bg", Place: "p", Lanes: []marz.LaneID{"1"}, At: at("2024-07-01T00:00:00Z")}
	for who, want := range map[marz.AuthorityID]bool{"aa-bg": true, "bb-bg": false} { // in 2025 it goes with the place
		d, err := Parse("f.toml", []byte(handover))
		if err != nil {
			t.Fatal(err)
		}
		on := Article{ID: "on", Kind: Transfer, Authority: who, To: "cc-bg", Place: "p", Lanes: back.Lanes, At: at("2026-07-01T00:00:00Z")}
		d.Agreements[0].Articles = append(d.Agreements[0].Articles, back, on)
		if _, err := Check(ground, now, d); (err == nil) != want {
			t.Errorf("passed on by %s: %v", who, err)
		}
	}
	plan := recorded(t, handover).Timeline("p")
	if len(plan) != 2 || plan[1].Article != "t/all" {
		t.Errorf("a partial transfer moved the plan of the place: %+v", plan)
	}
}

// Periods are as recorded up to now: an overdue transfer has not happened, and an early one has. Later ones are as planned.
func TestPeriodsAreAsRecorded(t *testing.T) {
	type period struct {
		Authority            marz.AuthorityID
		From, Until, Overdue string
	}
	for _, c := range []struct {
		what   string
		now    string
		passed []Event
		want   []period
		in2026 marz.AuthorityID
	}{
		{"before", "2024-02-01T00:00:00Z", nil, []period{{"bb-bg", "2020-01-01", "2025-01-01", ""}, {"aa-bg", "2025-01-01", "", ""}}, "aa-bg"},
		{"overdue", "2025-02-01T00:00:00Z", nil, []period{{"bb-bg", "2020-01-01", "", "2025-01-01"}}, "bb-bg"},
		{"early", "2024-12-02T00:00:00Z", []Event{pass("2024-12-01T00:00:00Z", "all", "bb-bg", "aa-bg")}, []period{{"bb-bg", "2020-01-01", "2024-12-01", ""}, {"aa-bg", "2024-12-01", "", ""}}, "aa-bg"},
		{"late", "2025-03-01T00:00:00Z", []Event{pass("2025-02-01T00:00:00Z", "all", "bb-bg", "aa-bg")}, []period{{"bb-bg", "2020-01-01", "2025-02-01", ""}, {"aa-bg", "2025-02-01", "", ""}}, "aa-bg"},
	} {
		r := recorded(t, handover, append([]Event{pass("2023-01-01T00:00:00Z", "1", "", "bb-bg")}, c.passed...)...)
		date := func(i marz.Instant) string { return i.String()[:min(10, len(i.String()))] }
		var got []period
		for _, p := range r.Periods("p", at(c.now)) {
			got = append(got, period{p.Authority, date(p.From), date(p.Until), date(p.Overdue)})
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s:\n%s", c.what, d)
		}
		if h, ok := r.Expected("p", at("2026-01-01T00:00:00Z"), at(c.now)); !ok || h.Authority != c.in2026 {
			t.Errorf("%s: %+v in 2026", c.what, h)
		}
	}
}
