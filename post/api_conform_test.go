package post

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"marz"
	"marz/agreement"
	"marz/api"
	"marz/internal/apitest"
	"marz/mirror"
)

// eventful is a register in which there is something of everything.
const eventful = treaty + `article = [
 { id = "1", kind = "control", authority = "ru-bg", place = "agarak", from = "1992-09-30T00:00:00+03:00", text = "" },
 { id = "2", kind = "transfer", authority = "ru-bg", to = "am-bg", place = "agarak", lanes = ["2"], at = "2025-01-01T00:00:00+04:00", text = "" },
 { id = "3", kind = "transfer", authority = "ru-bg", to = "am-bg", place = "agarak", at = "2026-01-01T00:00:00+04:00", text = "" },
]
[[agreement]]
id = "side"
title = "Beside the treaty"
parties = ["am-bg", "ru-bg"]
signed = "1992-09-30"
from = "1992-09-30T00:00:00+03:00"
until = "2050-01-01T00:00:00+03:00"
source = "invented"
article = [
 { id = "1", kind = "obligation", owes = "ru-bg", owed = "am-bg", due = "2030-01-01T00:00:00+04:00", text = "Something is owed." },
 { id = "2", kind = "share", authority = "ru-bg", to = "am-bg", place = "agarak", what = ["hits"], while = [{ state = "ARM", bloc = "bloc" }], text = "" },
]`

// newEventful is a post at which everything that the interface can tell has happened.
func newEventful(t *testing.T) (*testPost, *prog, string) {
	tp := newHandoverUnder(t, eventful)
	tp.set = func(o *Options) {
		o.Copies = func() []mirror.Status {
			return []mirror.Status{{Name: "hq", Size: 3, Cosigned: midnight - 1000, Seen: midnight - 500, Failing: midnight - 400}}
		}
	}
	tp.addOwnList()
	boss, officer := tp.signIn("ru-bg/1"), tp.atLane("ru-bg/2", "1")
	for _, s := range []agreement.Statement{{By: "am-bg", State: "ARM", Bloc: "bloc", Status: agreement.Active, From: midnight - 3600_000, Issued: tp.Post.now()},
		{By: "am-bg", Agreement: "side", Status: agreement.Suspended, From: midnight - 3000_000, Issued: tp.Post.now()}} {
		if _, err := tp.AddInstruments(t.Context(), []agreement.Instrument{signed(t, s)}); err != nil {
			t.Fatal(err)
		}
	}
	id, digest := tp.prepareUnder("treaty/2", 0)
	tp.says("arm", id, digest, "ru-bg", "am-bg")
	tp.pass(officer, tp.mustScan(officer, "1", passport(t, "ABADI", "REZA", "A1", nil)))
	wanted := tp.mustScan(officer, "1", zorvan(t, "V1"))
	tp.admit(officer, wanted, onList)
	tp.now.Store(int64(midnight))
	tp.executed()
	officer = tp.signIn("ru-bg/2")
	tp.write("test.jsonl", "nonsense\n")
	if _, err := tp.ReloadLists(t.Context(), boss); err != nil {
		t.Fatal(err)
	}
	tp.mustScan(officer, "1", passport(t, "BABADI", "REZA", "B1", nil))
	p := tp.newProgram(t)
	tp.accept(boss, p, everything...)
	return tp, p, string(wanted.ID)
}

// Every answer is what the document says, the document says nothing that no answer has, and every operation is in it and was asked.
func TestAnswersAreDocumented(t *testing.T) {
	tp, p, id := newEventful(t)
	_, document := p.ask("GET", "/v1/openapi.json", "")
	if !bytes.Equal(document, OpenAPI()) {
		t.Error("marz openapi prints another document than the post serves")
	}
	c := apitest.NewConformance(t, document)
	lane2 := tp.atLane("am-bg/2", "2")
	tp.mustScan(lane2, "2", passport(t, "CABADI", "REZA", "C1", nil))
	for _, rt := range tp.apiRoutes() {
		path := strings.NewReplacer("{seq}", "1", "{id}", id).Replace(rt.Path)
		var headers []string
		body := ""
		if rt.Reads {
			headers = []string{api.HeaderReason, "supervision"}
		}
		if rt.Acts {
			headers = []string{api.HeaderKey, rt.Name + "-0001"}
		}
		if rt.Takes != "" {
			body = signedStatement(t, tp)
		}
		resp, b := p.ask(rt.Method, "/v1"+path, body, headers...)
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %s %s", rt.Name, resp.Status, b)
		}
		c.Answer(rt.Method, rt.Path, resp, b)
		resp, b = p.ask(rt.Method, "/v1"+path+"?nonsense=1", body, headers...)
		if c.Answer(rt.Method, rt.Path, resp, b); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s with a parameter that there is not: %s", rt.Name, resp.Status)
		}
	}
	for _, more := range [][2]string{{"/journal/entries", "/v1/journal/entries?limit=1000"}, {"/counts", "/v1/counts?from=2024-12-31T10:00:00Z"}, {"/register", "/v1/register?at=2024-12-31T23:59:59%2B04:00"},
		{"/journal/entries/{seq}", fmt.Sprintf("/v1/journal/entries/%s", id)}} {
		resp, b := p.ask("GET", more[1], "")
		c.Answer("GET", more[0], resp, b)
	}
	if missing := c.Missing(); len(missing) > 0 {
		t.Errorf("what the document says and nothing shows: %v", missing)
	}
}

// No answer but a record's holds anything about a person, and none an officer's number but those that stand in public entries.
func TestAnswersHoldNothingPersonal(t *testing.T) {
	_, p, id := newEventful(t)
	for _, path := range []string{"/v1/node", "/v1/client", "/v1/health", "/v1/journal/head", "/v1/journal/entries?limit=1000", "/v1/journal/entries/" + id, "/v1/journal/entries/" + id + "/proof", "/v1/lanes",
		"/v1/counts", "/v1/crossings", "/v1/lists", "/v1/register", "/v1/transfers", "/metrics", "/healthz"} {
		resp, b := p.ask("GET", path, "")
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %s %s", path, resp.Status, b)
		}
		for _, name := range []string{"ABADI", "Abadi", "REZA", "VELIKANOV", "Velikanov", "ZORVAN", "R Two", "1980-05-06", "P<IRN"} {
			if bytes.Contains(b, []byte(name)) {
				t.Errorf("%s holds %s", path, name)
			}
		}
		if strings.Contains(path, "journal") {
			continue
		}
		for _, number := range []string{"ru-bg/1", "ru-bg/2", "am-bg/1", "am-bg/2"} {
			if bytes.Contains(b, []byte(number)) {
				t.Errorf("%s holds %s", path, number)
			}
		}
	}
}

// Whoever goes through the crossings and the journal by cursors while officers decide gets every one once, in order.
func TestPagesUnderAppends(t *testing.T) {
	tp := newTestPost(t)
	officer, p := tp.atLane("ru-bg/2", "1"), tp.newProgram(t)
	tp.accept(tp.signIn("ru-bg/1"), p, marz.ActReadJournal)
	var crossings, entries []string
	nextC, nextE := "", ""
	for n := range 6 {
		tp.crossed(officer, fmt.Sprintf("A%d", n))
		var c api.CrossingPage
		p.get("/v1/crossings?limit=1&cursor="+nextC, &c)
		for _, one := range c.Crossings {
			crossings = append(crossings, string(one.ID))
		}
		var e api.EntryPage
		p.get("/v1/journal/entries?limit=7&cursor="+nextE, &e)
		for _, one := range e.Entries {
			entries = append(entries, fmt.Sprint(one.Seq))
		}
		nextC, nextE = c.Next, e.Next
	}
	var all api.CrossingPage
	p.get("/v1/crossings", &all)
	if len(crossings) != 6 || len(all.Crossings) != 6 || all.More {
		t.Errorf("%v, %d at once", crossings, len(all.Crossings))
	}
	for i, one := range all.Crossings {
		if crossings[i] != string(one.ID) {
			t.Errorf("%v", crossings)
		}
	}
	for i, seq := range entries {
		if seq != fmt.Sprint(i) {
			t.Fatalf("entry %d is %s", i, seq)
		}
	}
	var end api.CrossingPage
	p.get("/v1/crossings?cursor="+all.Next, &end)
	if len(end.Crossings) != 0 || end.More || end.Next != all.Next {
		t.Errorf("%+v", end)
	}
	var counts api.Counts
	p.get("/v1/counts", &counts)
	total := 0
	for _, one := range counts.Counts {
		total += one.Crossings
	}
	if total != 6 {
		t.Errorf("%+v", counts)
	}
	var b json.RawMessage
	resp, _ := p.ask("GET", "/v1/counts?from=2024-01-01T00:00:00Z&until=2024-12-01T00:00:00Z", string(b))
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("eleven months at once: %s", resp.Status)
	}
}
