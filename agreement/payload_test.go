package agreement

import (
	"strings"
	"testing"

	"marz"
)

// copying is an agreement by which records of bb-bg at agarak and incidents on q lie in the mirror of aa-bg for a year, until a party stops it in June.
const copying = agarak + `
[[agreement]]
id = "copies"
title = "Copies"
parties = ["aa-bg", "bb-bg"]
signed = "2022-01-01"
source = "invented"
[[agreement.article]]
id = "1"
kind = "share"
authority = "bb-bg"
to = "aa-bg"
places = ["agarak", "q"]
what = ["records", "hits", "incidents", "copies"]
from = "2023-01-01T00:00:00Z"
until = "2024-01-01T00:00:00Z"
text = ""
[[agreement.article]]
id = "2"
kind = "share"
authority = "aa-bg"
to = "bb-bg"
place = "agarak"
what = ["records", "hits", "incidents"]
from = "2023-01-01T00:00:00Z"
text = ""
[[statement]]
by = "bb-bg"
agreement = "copies"
status = "suspended"
from = "2023-06-01T00:00:00Z"
issued = "2023-05-30T00:00:00Z"
`

// A mirror holds what is its authority's own, and of another's what a share of copies opens, while it does, and nothing else.
func TestMayHold(t *testing.T) {
	r := register(t, copying)
	may, june, march := at("2023-05-31T23:59:59.999Z"), at("2023-06-01T00:00:00Z"), at("2023-03-01T00:00:00Z")
	for _, c := range []struct {
		what   string
		mirror marz.AuthorityID
		p      Payload
		want   marz.ArticleRef
		ok     bool
	}{
		{"an own record", "bb-bg", Payload{Kind: "crossing.decided", Authority: "bb-bg", At: june}, "", true},
		{"an officer's own passkey", "bb-bg", Payload{Kind: "officer.enrolled", Authority: "bb-bg", At: march}, "", true},
		{"a record", "aa-bg", Payload{Kind: "inspection.opened", Authority: "bb-bg", At: march, Public: []byte(`{"lane":"1"}`)}, "copies/1", true},
		{"the last one", "aa-bg", Payload{Kind: "crossing.decided", Authority: "bb-bg", At: may}, "copies/1", true},
		{"one after the suspension", "aa-bg", Payload{Kind: "crossing.decided", Authority: "bb-bg", At: june}, "", false},
		{"one before the article", "aa-bg", Payload{Kind: "crossing.decided", Authority: "bb-bg", At: at("2022-12-31T23:59:59.999Z")}, "", false},
		{"a record of a third authority", "aa-bg", Payload{Kind: "crossing.decided", Authority: "cc-bg", At: march}, "", false},
		{"a record for a third authority", "cc-bg", Payload{Kind: "crossing.decided", Authority: "bb-bg", At: march}, "", false},
		{"at another place", "aa-bg", Payload{Post: "p", Kind: "crossing.decided", Authority: "bb-bg", At: march}, "", false},
		{"an incident", "aa-bg", Payload{Kind: "incident.recorded", Authority: "bb-bg", At: march, Public: []byte(`{"section":"q"}`)}, "copies/1", true},
		{"an incident elsewhere", "aa-bg", Payload{Kind: "incident.recorded", Authority: "bb-bg", At: march, Public: []byte(`{"section":"p"}`)}, "", false},
		{"sealed hits", "aa-bg", Payload{Kind: "hits.found", Authority: "bb-bg", At: march}, "", false},
		{"an officer's passkey", "aa-bg", Payload{Kind: "officer.enrolled", Authority: "bb-bg", At: march}, "", false},
		{"what is shared with officers alone", "bb-bg", Payload{Kind: "crossing.decided", Authority: "aa-bg", At: march}, "", false},
		{"a joint record, by who opened it", "bb-bg", Payload{Kind: "inspection.opened", Authority: "bb-bg", At: june, Public: []byte(`{"owners":["aa-bg","bb-bg"]}`)}, "", true},
		{"a joint record, by the other", "aa-bg", Payload{Kind: "inspection.opened", Authority: "bb-bg", At: june, Public: []byte(`{"owners":["aa-bg","bb-bg"]}`)}, "", true},
		{"who looked at whose data", "aa-bg", Payload{Kind: "record.read", Authority: "bb-bg", At: june, Public: []byte(`{"owners":["aa-bg"]}`)}, "", false},
	} {
		if c.p.Post == "" {
			c.p.Post = "agarak"
		}
		if got, ok := r.MayHold(c.mirror, c.p); got != c.want || ok != c.ok {
			t.Errorf("%s: %q, %v", c.what, got, ok)
		}
	}
}

// A copy is whole. So while Cedar of an article forbids reading some of such data there is none, and Cedar about something else, or that binds others, is in no one's way.
func TestCopiesAreWhole(t *testing.T) {
	for policy, want := range map[string]bool{
		`forbid (principal, action == Action::"read-record", resource is Record) when { resource.nationality == "CCC" };`:         false,
		`forbid (principal, action in [Action::"inspect", Action::"read-record"], resource) when { resource is Record };`:         false,
		`forbid (principal in Authority::"aa-bg", action, resource is Record) when { resource.asylum };`:                          false,
		`forbid (principal in Authority::"bb-bg", action == Action::"read-record", resource is Record) when { resource.asylum };`: true,
		`forbid (principal, action == Action::"read-incident", resource is Record) when { resource.asylum };`:                     true,
		`forbid (principal, action == Action::"refuse", resource);`:                                                               true,
		`permit (principal, action == Action::"read-record", resource is Record);`:                                                true,
	} {
		r := register(t, copying+`
[[agreement]]
id = "narrow"
title = "More"
parties = ["aa-bg", "bb-bg"]
signed = "2022-01-01"
source = "invented"
[[agreement.article]]
id = "1"
kind = "serve"
authority = "aa-bg"
place = "agarak"
from = "2023-01-01T00:00:00Z"
until = "2023-04-01T00:00:00Z"
cedar = '''`+policy+`'''
text = ""
`)
		p := Payload{Post: "agarak", Kind: "crossing.decided", Authority: "bb-bg", At: at("2023-03-01T00:00:00Z")}
		if _, ok := r.MayHold("aa-bg", p); ok != want {
			t.Errorf("%s: %v", policy, ok)
		}
		p.At = at("2023-04-01T00:00:00Z")
		if _, ok := r.MayHold("aa-bg", p); !ok {
			t.Errorf("%s: forbids after its end", policy)
		}
	}
}

// What cannot be copied is refused where it is written.
func TestCopiesAreRefused(t *testing.T) {
	const old = `what = ["records", "hits", "incidents", "copies"]`
	for with, want := range map[string]string{
		`what = ["hits", "copies"]`: "copies are of records or incidents",
		`what = ["copies"]`:         "copies are of records or incidents",
		`what = ["records", "copies"]` + "\n" + `fields = ["identity"]`:                           "whole or not at all",
		`what = ["records", "copies"]` + "\n" + `cedar = "forbid (principal, action, resource);"`: "asks no Cedar",
		`what = ["everything"]`: "use records, hits or incidents, and copies",
	} {
		d, err := Parse("test.toml", []byte(strings.Replace(copying, old, with, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Check(ground, now, d); err == nil || !strings.Contains(err.Error(), want) || marz.CodeOf(err) != marz.Invalid {
			t.Errorf("%s: %v", with, err)
		}
	}
}
