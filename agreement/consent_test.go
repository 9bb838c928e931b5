package agreement

import (
	"strings"
	"testing"

	"marz"
)

// Nobody gives himself power over what is another's: who controls the place then agrees, and where nobody does, the host state.
func TestConsent(t *testing.T) {
	const head = `
[[agreement]]
id = "%ID%"
title = "An instrument"
parties = [%PARTIES%]
signed = "2020-01-01"
source = "invented"
[[agreement.article]]
id = "1"
place = "agarak"
text = ""
`
	instrument := func(id, parties, article string) string {
		return strings.NewReplacer("%ID%", id, "%PARTIES%", parties).Replace(head) + article
	}
	control := instrument("law", `"aa-bg"`, "kind = \"control\"\nauthority = \"aa-bg\"\nfrom = \"2000-01-01T00:00:00Z\"\n")
	until := instrument("law", `"aa-bg", "bb-bg"`, "kind = \"control\"\nauthority = \"bb-bg\"\nfrom = \"2000-01-01T00:00:00Z\"\nuntil = \"2030-01-01T00:00:00Z\"\n")
	for name, c := range map[string]struct{ text, want string }{
		"a stranger serves":                    {control + instrument("x", `"cc-bg"`, "kind = \"serve\"\nauthority = \"cc-bg\"\npowers = [\"decide\"]\nfrom = \"2001-01-01T00:00:00Z\"\n"), "x/1: aa-bg controls agarak then under law/1"},
		"strangers serve together":             {control + instrument("x", `"bb-bg", "cc-bg"`, "kind = \"joint\"\nauthorities = [\"bb-bg\", \"cc-bg\"]\nfrom = \"2001-01-01T00:00:00Z\"\n"), "has to agree"},
		"a stranger looks on":                  {control + instrument("x", `"cc-bg"`, "kind = \"observe\"\nauthority = \"cc-bg\"\nfrom = \"2001-01-01T00:00:00Z\"\n"), "has to agree"},
		"who controls agrees":                  {control + instrument("x", `"aa-bg", "cc-bg"`, "kind = \"serve\"\nauthority = \"cc-bg\"\npowers = [\"decide\"]\nfrom = \"2001-01-01T00:00:00Z\"\n"), ""},
		"the host does not agree for another":  {until + strings.Replace(control, "2000", "2030", 1) + instrument("x", `"aa-bg"`, "kind = \"serve\"\nauthority = \"aa-bg\"\npowers = [\"decide\"]\nfrom = \"2001-01-01T00:00:00Z\"\n"), "law"},
		"a stranger takes what nobody has":     {instrument("x", `"bb-bg"`, "kind = \"control\"\nauthority = \"bb-bg\"\nfrom = \"2000-01-01T00:00:00Z\"\n"), "territory of AAA"},
		"the host takes what nobody has":       {control, ""},
		"a stranger takes what ends":           {until + instrument("x", `"cc-bg"`, "kind = \"control\"\nauthority = \"cc-bg\"\nfrom = \"2030-01-01T00:00:00Z\"\n"), "x/1: bb-bg controls agarak then under law/1"},
		"the host takes back what ends":        {until + instrument("x", `"aa-bg"`, "kind = \"control\"\nauthority = \"aa-bg\"\nfrom = \"2030-01-01T00:00:00Z\"\n"), ""},
		"who shares needs nobody's permission": {control + instrument("x", `"bb-bg", "cc-bg"`, "kind = \"share\"\nauthority = \"bb-bg\"\nto = \"cc-bg\"\nwhat = [\"hits\"]\nfrom = \"2001-01-01T00:00:00Z\"\n"), ""},
	} {
		d, err := Parse("test.toml", []byte(c.text))
		if err != nil {
			t.Fatal(name, err)
		}
		_, err = Check(ground, now, d)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || marz.CodeOf(err) != marz.Invalid) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// What is written in an article of kind share opens data, and gives nothing else at a place that a third authority controls.
func TestSharingGivesNoActs(t *testing.T) {
	const text = `
[[agreement]]
id = "law"
title = "A law"
parties = ["aa-bg"]
signed = "2000-01-01"
source = "invented"
[[agreement.article]]
id = "1"
kind = "control"
authority = "aa-bg"
place = "agarak"
from = "2000-01-01T00:00:00Z"
text = ""

[[agreement]]
id = "x"
title = "Between two others"
parties = ["bb-bg", "cc-bg"]
signed = "2000-01-01"
source = "invented"
[[agreement.article]]
id = "1"
kind = "share"
authority = "bb-bg"
to = "cc-bg"
place = "agarak"
what = ["hits"]
fields = ["findings"]
from = "2001-01-01T00:00:00Z"
cedar = "permit (principal, action, resource);"
text = ""
`
	d, err := Parse("test.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Check(ground, now, d)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range everyAct {
		for _, rec := range []*Record{nil, {Kind: "record", Owners: []marz.AuthorityID{"bb-bg"}}, {Kind: "hit", Owners: []marz.AuthorityID{"cc-bg"}}} {
			q := Question{Officer: "cc-bg/1", Role: marz.RoleSupervisor, Action: a, Place: "agarak", At: now, Record: rec, Field: marz.FieldHits}
			if ans := r.May(q); ans.Allowed {
				t.Errorf("%s on %+v: %+v", a, rec, ans)
			}
		}
	}
	q := Question{Officer: "cc-bg/1", Role: marz.RoleOfficer, Action: marz.ActReadHit, Place: "agarak", At: now, Record: &Record{Kind: "hit", Owners: []marz.AuthorityID{"bb-bg"}}, Field: marz.FieldFindings}
	if !r.May(q).Allowed {
		t.Error("what is shared is not")
	}
}

// While a transfer is overdue nothing has moved: who still holds the place agrees to what begins there, and to what begins later also who was to take it.
func TestConsentGoesByWhatWasRecorded(t *testing.T) {
	serve := func(parties, from string) Event {
		d, err := Parse("new.toml", []byte(`
[[agreement]]
id = "new"
title = "A protocol"
parties = [`+parties+`]
signed = "2024-01-01"
source = "invented"
article = [{ id = "1", kind = "serve", authority = "cc-bg", place = "p", powers = ["decide"], from = "`+from+`", text = "" }]`))
		if err != nil {
			t.Fatal(err)
		}
		return d.Events()[0]
	}
	began := pass("2023-01-01T00:00:00Z", "1", "", "bb-bg")
	for _, c := range []struct {
		what, now, parties, from, want string
		passed                         []Event
	}{
		{"overdue, with who was to take it", "2025-02-01T00:00:00Z", `"aa-bg", "cc-bg"`, "2025-01-15T00:00:00Z", "bb-bg controls p then under t/1", nil},
		{"overdue, with who holds it", "2025-02-01T00:00:00Z", `"bb-bg", "cc-bg"`, "2025-01-15T00:00:00Z", "", nil},
		{"overdue and later, with who was to take it", "2025-02-01T00:00:00Z", `"aa-bg", "cc-bg"`, "2025-03-01T00:00:00Z", "bb-bg controls p then under t/1", nil},
		{"overdue and later, with who holds it", "2025-02-01T00:00:00Z", `"bb-bg", "cc-bg"`, "2025-03-01T00:00:00Z", "aa-bg controls p then under t/all", nil},
		{"overdue and later, with both", "2025-02-01T00:00:00Z", `"aa-bg", "bb-bg", "cc-bg"`, "2025-03-01T00:00:00Z", "", nil},
		{"planned, with who is to take it", "2024-12-01T00:00:00Z", `"aa-bg", "cc-bg"`, "2025-01-15T00:00:00Z", "", nil},
		{"early, with who had it", "2024-12-01T00:00:00Z", `"bb-bg", "cc-bg"`, "2024-12-02T00:00:00Z", "aa-bg controls p then under t/all", []Event{pass("2024-11-01T00:00:00Z", "all", "bb-bg", "aa-bg")}},
		{"early, with who has it", "2024-12-01T00:00:00Z", `"aa-bg", "cc-bg"`, "2024-12-02T00:00:00Z", "", []Event{pass("2024-11-01T00:00:00Z", "all", "bb-bg", "aa-bg")}},
	} {
		d, err := Parse("test.toml", []byte(handover))
		if err != nil {
			t.Fatal(err)
		}
		h := NewHistory(ground)
		for _, e := range append(append(d.Events(), began), c.passed...) {
			h.Add(e)
		}
		_, err = h.Consider(at(c.now), serve(c.parties, c.from))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}
