package agreement

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz"
)

const owed = `
[[agreement]]
id = "pact"
title = "A pact"
parties = ["aa-bg", "bb-bg", "cc-bg"]
signed = "2020-01-01"
source = "invented"
[[agreement.article]]
id = "1"
kind = "obligation"
owes = "bb-bg"
owed = "AAA"
due = "2021-01-01T00:00:00Z"
entitles = "to suspend article 2"
text = "Radios are handed over."
[[agreement.article]]
id = "2"
kind = "obligation"
owes = "bloc"
owed = "BBB"
text = "Help is given."
`

// report is one side's word, with when it was learnt.
func report(by marz.AuthorityID, status, when string) Event {
	return Event{At: at(when), Report: &Report{By: by, Article: "pact/1", Status: status, At: at(when), Evidence: "minutes"}}
}

func history(t *testing.T, text string, events ...Event) *Register {
	t.Helper()
	d, err := Parse("test.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	h := NewHistory(ground)
	for _, e := range append(d.Events(), events...) {
		if _, err := h.Consider(now, e); err != nil {
			t.Fatal(err)
		}
		h.Add(e)
	}
	r, err := h.Register()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// An obligation is overdue from its date on while it is neither met nor waived; the creditor's word goes before the debtor's; what is said later
// says nothing of before.
func TestDebts(t *testing.T) {
	type state struct {
		Status  string
		Overdue bool
	}
	for name, c := range map[string]struct {
		events []Event
		want   map[string]state
	}{
		"nobody says anything": {nil, map[string]state{"2020-12-31T23:59:59Z": {Pending, false}, "2021-01-01T00:00:00Z": {Pending, true}}},
		"the debtor says it is met": {[]Event{report("bb-bg", Met, "2021-02-01T00:00:00Z")},
			map[string]state{"2021-01-15T00:00:00Z": {Pending, true}, "2021-02-01T00:00:00Z": {Met, false}}},
		"the creditor says otherwise": {[]Event{report("aa-bg", Breached, "2021-01-20T00:00:00Z"), report("bb-bg", Met, "2021-02-01T00:00:00Z")},
			map[string]state{"2021-01-20T00:00:00Z": {Breached, true}, "2021-03-01T00:00:00Z": {Breached, true}}},
		"a third party's word counts for nothing": {[]Event{report("cc-bg", Met, "2021-02-01T00:00:00Z")}, map[string]state{"2021-03-01T00:00:00Z": {Pending, true}}},
		"the creditor waives":                     {[]Event{report("aa-bg", Waived, "2021-02-01T00:00:00Z")}, map[string]state{"2021-03-01T00:00:00Z": {Waived, false}}},
	} {
		r := history(t, owed, c.events...)
		for when, want := range c.want {
			d := r.Debts(at(when))
			if len(d) != 2 || d[0].Article != "pact/1" || d[0].Entitles == "" || (state{d[0].Status, d[0].Overdue}) != want {
				t.Errorf("%s, %s: %+v, want %+v", name, when, d[0], want)
			}
			if d[1].Overdue || d[1].Status != Pending {
				t.Errorf("%s: without a date: %+v", name, d[1])
			}
		}
	}
}

const beside = `
[[agreement]]
id = "treaty"
title = "A treaty"
parties = ["aa-bg", "bb-bg"]
signed = "2020-01-01"
source = "invented"
[[agreement.article]]
id = "1"
kind = "control"
authority = "bb-bg"
place = "p"
from = "2020-01-01T00:00:00Z"
text = ""
[[agreement.article]]
id = "2"
kind = "joint"
authorities = ["aa-bg", "bb-bg"]
place = "p"
from = "2021-01-01T00:00:00Z"
while = [{ state = "AAA", bloc = "bloc" }]
text = ""
[[agreement.article]]
id = "3"
kind = "transfer"
authority = "bb-bg"
to = "aa-bg"
place = "p"
by = "2023-01-01T00:00:00Z"
text = ""
[[statement]]
by = "aa-bg"
state = "AAA"
bloc = "bloc"
status = "active"
from = "2000-01-01T00:00:00Z"
issued = "2020-01-01T00:00:00Z"
[[statement]]
by = "aa-bg"
state = "AAA"
bloc = "bloc"
status = "suspended"
from = "2022-01-01T00:00:00Z"
issued = "2021-12-01T00:00:00Z"
[[statement]]
by = "aa-bg"
state = "AAA"
bloc = "bloc"
status = "active"
from = "2022-07-01T00:00:00Z"
issued = "2022-06-01T00:00:00Z"
`

// A place's periods end wherever anything of them changes: control, who serves beside, and what that hangs on.
func TestPeriods(t *testing.T) {
	r := history(t, beside)
	type period struct {
		Authority marz.AuthorityID
		From      string
		With      []marz.AuthorityID
	}
	var got []period
	for i, p := range r.Periods("p", at("2100-01-01T00:00:00Z")) {
		got = append(got, period{p.Authority, p.From.String()[:10], p.With})
		if i > 0 && r.Periods("p", at("2100-01-01T00:00:00Z"))[i-1].Until != p.From {
			t.Errorf("period %d begins at %s and the one before ends at %s", i, p.From, r.Periods("p", at("2100-01-01T00:00:00Z"))[i-1].Until)
		}
	}
	a, b := []marz.AuthorityID{"aa-bg"}, []marz.AuthorityID{"bb-bg"}
	want := []period{{"bb-bg", "2020-01-01", nil}, {"bb-bg", "2021-01-01", a}, {"bb-bg", "2022-01-01", nil}, {"bb-bg", "2022-07-01", a}, {"aa-bg", "2023-01-01", b}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if h := r.Timeline("p")[1]; !h.Deadline || h.Authority != "aa-bg" {
		t.Errorf("%+v", h)
	}
	m := r.Memberships()
	if len(m) != 1 || len(m[0].Periods) != 3 || m[0].Periods[1].Status != Suspended || m[0].Periods[1].Until != at("2022-07-01T00:00:00Z") || !cmp.Equal(m[0].Hangs, []marz.ArticleRef{"treaty/2"}) {
		t.Errorf("%+v", m)
	}
}

// An agreement stands as its parties say, and as its articles' time has it.
func TestStand(t *testing.T) {
	suspended := Event{Statement: &Statement{By: "bb-bg", Agreement: "treaty", Status: Suspended, From: at("2022-01-01T00:00:00Z"), Issued: at("2021-12-15T00:00:00Z")}}
	r := history(t, beside, suspended)
	for when, want := range map[string]string{"2019-01-01T00:00:00Z": "not yet in force", "2021-06-01T00:00:00Z": "in force", "2022-02-01T00:00:00Z": "suspended"} {
		if got, why := r.Stand("treaty", at(when)); got != want || (why != "") != (want == "suspended") {
			t.Errorf("%s: %s %q, want %s", when, got, why, want)
		}
	}
	if h, ok := r.ControlAt("p", at("2022-02-01T00:00:00Z")); !ok || h.Authority != "bb-bg" {
		t.Errorf("a suspended agreement's control: %+v %v", h, ok)
	}
	if ok, why := r.InForce("treaty/2", at("2022-02-01T00:00:00Z")); ok || why == "" {
		t.Errorf("joint service under a suspended agreement: %v %q", ok, why)
	}
	ended := history(t, `
[[agreement]]
id = "x"
title = "Ended"
parties = ["aa-bg"]
source = "invented"
until = "2021-01-01T00:00:00Z"
[[agreement.article]]
id = "1"
kind = "obligation"
owes = "aa-bg"
owed = "BBB"
text = "A debt."
`)
	if got, _ := ended.Stand("x", at("2021-01-01T00:00:00Z")); got != "ended" {
		t.Error(got)
	}
}
