package agreement

import (
	"strings"
	"testing"

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

var ground = Ground{
	Authorities: []marz.Authority{{ID: "aa-bg", State: "AAA"}, {ID: "bb-bg", State: "BBB"}, {ID: "cc-bg", State: "CCC"}},
	Places:      []marz.Place{{ID: "agarak", Kind: "post", State: "AAA"}, {ID: "p", Kind: "post", State: "AAA"}, {ID: "q", Kind: "section", State: "AAA"}},
	Blocs:       []marz.Bloc{{ID: "bloc", Name: "A bloc"}, {ID: "other", Name: "Another"}},
}

var now = at("2026-01-01T00:00:00Z")

func register(t *testing.T, text string) *Register {
	t.Helper()
	d, err := Parse("test.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Check(ground, now, d)
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
		{"bb-bg/1", marz.RoleOfficer, marz.ActEnrol, "agarak", before, "marz/roles", false},
		{"bb-bg/1", marz.RoleSupervisor, marz.ActEnrol, "agarak", before, "treaty/1", true},
		{"bb-bg/1", "", marz.ActDecide, "agarak", before, "marz/roles-known", false},
		{"cc-bg/1", marz.RoleOfficer, marz.ActReadJournal, "agarak", before, "treaty/1", false},
		{"bb-bg/1", marz.RoleOfficer, marz.ActDecide, "elsewhere", before, "", false},
	} {
		q := Question{Officer: c.officer, Role: c.role, Action: c.action, Place: c.place, At: c.at}
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
		"unknown key":     {replace(`title`, `titel`), "test.toml:4: agreement treaty: the key \"agreement.titel\""},
		"syntax":          {replace(`id = "2"`, `id = `), "test.toml:"},
		"twice":           {agarak + agarak, "already"},
		"same article":    {replace(`id = "2"`, `id = "1"`), "two articles"},
		"ends early":      {replace(`until = "2025`, `until = "1991`), "ends before"},
		"empty":           {"", "no [[agreement]]"},
		"unknown place":   {replace(`place = "agarak"`, `place = "nowhere"`), "test.toml:8: article treaty/1: the place \"nowhere\""},
		"slash in id":     {replace(`id = "treaty"`, `id = "a/b"`), "a/b"},
	} {
		d, err := Parse("test.toml", []byte(c.text))
		if err == nil {
			_, err = Check(ground, now, d)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || marz.CodeOf(err) != marz.Invalid {
			t.Errorf("%s: %v, want it to name %q", name, err, c.want)
		}
	}
}
