package agreement

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"marz"
)

func at(s string) marz.Instant {
	i, err := marz.ParseInstant(s)
	if err != nil {
		panic(err)
	}
	return i
}

const agarak = `
[[agreement]]
id = "treaty"
title = "A treaty"
parties = ["aa-bg", "bb-bg"]
signed = "1992-09-30"
source = "invented"
[[agreement.article]]
id = "1"
kind = "control"
authority = "bb-bg"
place = "agarak"
from = "1992-09-30T00:00:00+03:00"
until = "2025-01-01T00:00:00+04:00"
text = ""
[[agreement.article]]
id = "2"
kind = "control"
authority = "aa-bg"
place = "agarak"
from = "2025-01-01T00:00:00+04:00"
text = ""
[[agreement.article]]
id = "3"
kind = "observe"
authority = "aa-bg"
place = "agarak"
from = "2024-10-08T00:00:00+04:00"
text = ""
`

func register(t *testing.T, text string) *Register {
	t.Helper()
	ags, err := Parse("test.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(ags)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestControlPassesAtTheInstant(t *testing.T) {
	r := register(t, agarak)
	for when, want := range map[string]marz.ArticleRef{
		"1992-09-29T23:59:59.999+03:00": "",
		"1992-09-30T00:00:00+03:00":     "treaty/1",
		"2024-12-31T23:59:59.999+04:00": "treaty/1",
		"2025-01-01T00:00:00+04:00":     "treaty/2",
		"2044-01-01T00:00:00+04:00":     "treaty/2",
	} {
		h, ok := r.ControlAt("agarak", at(when))
		if h.Article != want || ok != (want != "") {
			t.Errorf("%s: %v, %v, want %v", when, h, ok, want)
		}
	}
}

func TestMay(t *testing.T) {
	r := register(t, agarak)
	before, after := at("2024-12-31T23:59:59.999+04:00"), at("2025-01-01T00:00:00+04:00")
	for _, c := range []struct {
		officer marz.OfficerID
		role    marz.Role
		action  marz.Action
		place   marz.PlaceID
		at      marz.Instant
		want    marz.ArticleRef
		allowed bool
	}{
		{"bb-bg/1", marz.RoleOfficer, marz.ActDecide, "agarak", before, "treaty/1", true},
		{"bb-bg/1", marz.RoleOfficer, marz.ActDecide, "agarak", after, "treaty/2", false},
		{"aa-bg/1", marz.RoleOfficer, marz.ActDecide, "agarak", before, "treaty/1", false},
		{"aa-bg/1", marz.RoleOfficer, marz.ActDecide, "agarak", after, "treaty/2", true},
		{"aa-bg/1", marz.RoleOfficer, marz.ActReadJournal, "agarak", before, "treaty/3", true},
		{"bb-bg/1", marz.RoleOfficer, marz.ActEnrol, "agarak", before, "", false},
		{"bb-bg/1", marz.RoleSupervisor, marz.ActEnrol, "agarak", before, "treaty/1", true},
		{"bb-bg/1", "", marz.ActDecide, "agarak", before, "", false},
		{"cc-bg/1", marz.RoleOfficer, marz.ActReadJournal, "agarak", before, "treaty/1", false},
		{"bb-bg/1", marz.RoleOfficer, marz.ActDecide, "elsewhere", before, "", false},
	} {
		q := Question{c.officer, c.role, c.action, c.place, c.at}
		a := r.May(q)
		if a.Allowed != c.allowed || a.Article != c.want || a.Allowed == (a.Reason != "") {
			t.Errorf("%+v: %+v", q, a)
		}
		if got := marz.CodeOf(a.Err(q)) == marz.Forbidden; got == c.allowed {
			t.Errorf("%+v: error %v", q, a.Err(q))
		}
	}
}

func TestRefusedAgreements(t *testing.T) {
	replace := func(old, new string) string { return strings.Replace(agarak, old, new, 1) }
	for name, c := range map[string]struct{ text, want string }{
		"two controllers": {replace(`from = "2025-01-01T00:00:00+04:00"`, `from = "2024-12-31T00:00:00+04:00"`), "treaty/2"},
		"gap":             {replace(`from = "2025-01-01T00:00:00+04:00"`, `from = "2025-01-01T00:00:01+04:00"`), "nobody would control agarak"},
		"no zone":         {replace(`1992-09-30T00:00:00+03:00`, `1992-09-30T00:00:00`), "offset"},
		"kind":            {replace(`"observe"`, `"rule"`), "treaty/3"},
		"party":           {replace(`authority = "bb-bg"`, `authority = "cc-bg"`), "treaty/1"},
		"unknown key":     {replace(`title`, `titel`), "agreement.titel"},
		"syntax":          {replace(`id = "2"`, `id = `), "test.toml:"},
		"twice":           {agarak + agarak, "already"},
		"same article":    {replace(`id = "2"`, `id = "1"`), "two articles"},
		"ends early":      {replace(`until = "2025`, `until = "1991`), "ends before"},
		"empty":           {"", "no [[agreement]]"},
		"slash in id":     {replace(`id = "treaty"`, `id = "a/b"`), "a/b"},
	} {
		ags, err := Parse("test.toml", []byte(c.text))
		if err == nil {
			_, err = New(ags)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || marz.CodeOf(err) != marz.Invalid {
			t.Errorf("%s: %v, want it to name %q", name, err, c.want)
		}
	}
}

// For any set of articles that is accepted and any instant, at most one authority controls, and deciding is allowed only to it.
func TestOneController(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ag Agreement
		ag.ID, ag.Parties = "x", []marz.AuthorityID{"a", "b", "c"}
		for i := range rapid.IntRange(0, 5).Draw(t, "articles") {
			from := marz.Instant(rapid.IntRange(1, 6).Draw(t, "from") * 1000)
			ag.Articles = append(ag.Articles, Article{ID: fmt.Sprint(i), Place: "p", From: from,
				Kind:      rapid.SampledFrom([]Kind{Control, Control, Serve, Observe}).Draw(t, "kind"),
				Authority: rapid.SampledFrom(ag.Parties).Draw(t, "authority"),
				Until:     rapid.SampledFrom([]marz.Instant{0, from + 1000, from + 2000}).Draw(t, "until")})
		}
		r, err := New([]Agreement{ag})
		if err != nil {
			return
		}
		for when := marz.Instant(500); when < 9000; when += 500 {
			var controllers []marz.AuthorityID
			for _, a := range ag.Articles { // the naive reading
				if a.Kind == Control && a.From <= when && (a.Until == 0 || when < a.Until) {
					controllers = append(controllers, a.Authority)
				}
			}
			h, ok := r.ControlAt("p", when)
			if len(controllers) > 1 || ok != (len(controllers) == 1) || ok && h.Authority != controllers[0] {
				t.Fatalf("at %d %v control, ControlAt says %v %v", when, controllers, h, ok)
			}
			for _, a := range ag.Parties {
				got := r.May(Question{marz.OfficerID(a) + "/1", marz.RoleOfficer, marz.ActDecide, "p", when}).Allowed
				if got != slices.Contains(controllers, a) {
					t.Fatalf("at %d may decide %s: %v, controllers %v", when, a, got, controllers)
				}
			}
		}
	})
}
