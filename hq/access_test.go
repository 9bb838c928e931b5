package hq

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"marz"
	"marz/agreement"
	"marz/journal"
)

// notThere are routes behind which there is nothing at an empty headquarters.
var notThere = map[string]bool{"GET /evidence/{entry}/{kind}/{n}": true, "GET /nation/day": true, "GET /person/{entry}": true, "GET /exports/crossings/{kind}": true}

// No page or endpoint is reached without a session but those that say they are open, and an officer who is no supervisor lets nobody in.
func TestEveryRouteAsksWhoMay(t *testing.T) {
	h := newHouse(t)
	q := h.open()
	cookie, _ := h.admitted(q, "am-bg/2", marz.RoleOfficer)
	before := size(t, q)
	fill := strings.NewReplacer("{$}", "", "{code}", "nonsense", "{agreement}", "treaty", "{place}", "agarak", "{seq}", "1", "{entry}", "1", "{kind}", "fork", "{n}", "0")
	for _, rt := range routes {
		method, path, _ := strings.Cut(rt.pattern, " ")
		path = fill.Replace(path)
		w := get(t, q, method, path, "", `{}`)
		refused := w.Code == http.StatusUnauthorized || w.Code == http.StatusSeeOther && w.Header().Get("Location") == "/signin"
		if open := rt.access == accessOpen; open == refused && rt.pattern != "POST /signin/finish" {
			t.Errorf("%s without a session: %d", rt.pattern, w.Code)
		}
		if w.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s lacks security headers", rt.pattern)
		}
		if rt.access == marz.ActReadJournal {
			if w := get(t, q, method, path, cookie, ""); w.Code != http.StatusOK && !notThere[rt.pattern] {
				t.Errorf("%s to an officer: %d %.200s", rt.pattern, w.Code, w.Body)
			}
		}
		if rt.access == marz.ActEnrol {
			if w := get(t, q, method, path, cookie, ""); w.Code != http.StatusForbidden {
				t.Errorf("%s to an officer who is no supervisor: %d", rt.pattern, w.Code)
			}
		}
	}
	if n := size(t, q); n != before {
		t.Errorf("looking caused %d entries", n-before)
	}
	invite := `{"officer":"am-bg/9","name":"N","role":"supervisor"}`
	for range 2 {
		if w := get(t, q, "POST", "/api/officers/invite", cookie, invite); w.Code != http.StatusForbidden {
			t.Errorf("an officer invites: %d %s", w.Code, w.Body)
		}
	}
	if n := size(t, q); n != before+1 {
		t.Errorf("the attempts are %d entries, want one a minute", n-before)
	}
}

// A session that was opened at one node is known at the others, and one that was ended at one node is over at all.
func TestSessionsAtAllNodes(t *testing.T) {
	h := newHouse(t)
	one, two := h.open(), h.open()
	cookie, actor := h.admitted(one, "am-bg/2", marz.RoleSupervisor)
	if w := get(t, two, "GET", "/journal", cookie, ""); w.Code != http.StatusOK {
		t.Fatalf("at the other node: %d", w.Code)
	}
	_, first := h.admitted(two, "am-bg/1", marz.RoleSupervisor)
	if err := two.Dismiss(t.Context(), first, "am-bg/1"); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("dismissed himself: %v", err)
	}
	if err := two.Dismiss(t.Context(), first, "am-bg/2"); err != nil {
		t.Fatal(err)
	}
	if w := get(t, one, "GET", "/journal", cookie, ""); w.Code != http.StatusSeeOther {
		t.Errorf("after the dismissal at the other node: %d", w.Code)
	}
	if _, err := one.Invite(t.Context(), actor, "am-bg/3", "N", marz.RoleOfficer); marz.CodeOf(err) != marz.Unauthenticated {
		t.Errorf("he invites: %v", err)
	}
	if _, err := one.credentialOwner([]byte("am-bg/2"), nil); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("his passkey is known: %v", err)
	}
	again, _ := h.admitted(one, "am-bg/1", marz.RoleSupervisor)
	h.now.Add((sessionLife + time.Minute).Milliseconds())
	if w := get(t, two, "GET", "/journal", again, ""); w.Code != http.StatusSeeOther {
		t.Errorf("after a shift: %d", w.Code)
	}
}

// Who has signed out is out at all nodes, and an act that was under way with his session is refused.
func TestSignedOutAtAllNodes(t *testing.T) {
	h := newHouse(t)
	one, two := h.open(), h.open()
	cookie, actor := h.admitted(one, "am-bg/1", marz.RoleSupervisor)
	if w := get(t, one, "POST", "/signout", cookie, "{}"); w.Code != http.StatusOK {
		t.Fatalf("signing out: %d %s", w.Code, w.Body)
	}
	for i, q := range []*HQ{one, two} {
		if w := get(t, q, "GET", "/journal", cookie, ""); w.Code != http.StatusSeeOther {
			t.Errorf("node %d still knows the session: %d", i, w.Code)
		}
		if _, err := q.Invite(t.Context(), actor, "am-bg/3", "N", marz.RoleOfficer); marz.CodeOf(err) != marz.Unauthenticated {
			t.Errorf("node %d lets him invite: %v", i, err)
		}
	}
}

// Officers of other authorities have nothing at a headquarters, and links work once.
func TestInvitations(t *testing.T) {
	h := newHouse(t)
	q := h.open()
	_, first := h.admitted(q, "am-bg/1", marz.RoleSupervisor)
	if _, err := q.Invite(t.Context(), first, "ru-bg/1", "N", marz.RoleOfficer); marz.CodeOf(err) != marz.Forbidden {
		t.Errorf("another authority's officer was invited: %v", err)
	}
	if _, err := q.Invite(t.Context(), first, "am-bg/1", "N", marz.RoleOfficer); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("invited again: %v", err)
	}
	if _, _, err := q.Invited(strings.TrimPrefix(h.link, q.config.origin()+"/enrol/")); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("the link works twice: %v", err)
	}
}

// What its parties signed is recorded, once, and nothing else is.
func TestRegisterAtHeadquarters(t *testing.T) {
	h := newHouse(t)
	q, other := h.open(), h.open()
	s := agreement.Instrument{Statement: &agreement.Statement{By: "am-bg", Agreement: "treaty", Status: agreement.Suspended, From: noon, Issued: noon}}
	post := func(i agreement.Instrument) (int, string) {
		w := get(t, q, "POST", "/api/register", "", string(agreement.EncodeSigned([]agreement.Instrument{i})))
		return w.Code, w.Body.String()
	}
	before := size(t, q)
	if code, text := post(s); code == http.StatusOK {
		t.Errorf("unsigned: %s", text)
	}
	if err := s.Sign(h.secret["am-bg"]); err != nil {
		t.Fatal(err)
	}
	forged := agreement.Instrument{Statement: &agreement.Statement{By: "am-bg", Agreement: "treaty", Status: agreement.Withdrawn, From: noon, Issued: noon}, Signatures: s.Signatures}
	if code, text := post(forged); code == http.StatusOK {
		t.Errorf("with the signature under another: %s", text)
	}
	for i, want := range []string{fmt.Sprintf(`{"recorded":[%d]}`, before), `{"recorded":[]}`} {
		if code, text := post(s); code != http.StatusOK || strings.TrimSpace(text) != want {
			t.Errorf("brought for the %dth time: %d %s, want %s", i+1, code, text, want)
		}
	}
	if n := size(t, other); n != before+1 {
		t.Errorf("%d entries, want one", n-before)
	}
	if state, _ := other.Register().Stand("treaty", noon+1000); state != "suspended" {
		t.Errorf("at the other node the treaty is %q", state)
	}
	if e, _, err := q.ledger.Entry(t.Context(), marz.Seq(before)); err != nil || e.Kind != KindStatement {
		t.Errorf("%v %v", e.Kind, err)
	}
}

// Reading what is about a person is asked as at its place, and is an entry before anything is shown.
func TestReadAsksThePlace(t *testing.T) {
	h := newHouse(t)
	q := h.open()
	_, officer := h.admitted(q, "am-bg/2", marz.RoleOfficer)
	record := func(place marz.PlaceID, owner marz.AuthorityID) Subject {
		return Subject{Origin: marz.Origin("test/" + place), Entry: 17, Place: place, Record: agreement.Record{Kind: "record", Owners: []marz.AuthorityID{owner}}}
	}
	for _, c := range []struct {
		what Subject
		want marz.Code
	}{
		{record("agarak", "am-bg"), -1},
		{record("agarak", "ru-bg"), marz.Forbidden}, // another's record, and nothing shares it
		{record("gyumri", "am-bg"), marz.Forbidden}, // its own, at a place where no article gives it anything
		{record("nowhere", "am-bg"), marz.Forbidden},
	} {
		before, shown := size(t, q), false
		err := q.Read(t.Context(), officer, c.what, "supervision", "a note about somebody", func(fields []marz.Field) error {
			shown = true
			if size(t, q) != before+1 || len(fields) == 0 {
				t.Error("it is shown before it is recorded")
			}
			return nil
		})
		if shown != (c.want == -1) || err != nil && marz.CodeOf(err) != c.want {
			t.Errorf("%+v: %v", c.what, err)
		}
		e, body, _ := q.ledger.Entry(t.Context(), marz.Seq(size(t, q)-1))
		if c.want == -1 && (e.Kind != KindRead || e.Under != "treaty/1" || e.Officer != "am-bg/2" || bytes.Contains(body, []byte("a note"))) {
			t.Errorf("the entry is %s", body)
		}
	}
}

// Nodes that cannot be are not enrolled.
func TestNodesAreRefused(t *testing.T) {
	h := newHouse(t)
	q := h.open()
	good := newOutpost(t, "agarak", h.clock, 3).id
	if err := q.AddNode(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	other := newOutpost(t, "meghri", h.clock, 4).id
	again := newOutpost(t, "agarak", h.clock, 5).id
	for name, c := range map[string]struct {
		node Node
		want marz.Code
	}{
		"twice":              {good, marz.Conflict},
		"another key":        {Node{good.Post, good.Origin, again.Key, good.Client}, marz.Conflict},
		"another client":     {Node{good.Post, good.Origin, good.Key, other.Client}, marz.Conflict},
		"the client's key":   {Node{other.Post, other.Origin, other.Key, good.Client}, marz.Conflict},
		"a second at a post": {Node{good.Post, other.Origin, other.Key, other.Client}, marz.Conflict},
		"no such post":       {Node{"atlantis", other.Origin, other.Key, other.Client}, marz.NotFound},
		"a malformed key":    {Node{other.Post, other.Origin, "x", other.Client}, marz.Invalid},
		"another's key":      {Node{other.Post, other.Origin, good.Key, other.Client}, marz.Invalid},
		"a malformed client": {Node{other.Post, other.Origin, other.Key, strings.ToUpper(other.Client)}, marz.Invalid},
		"its own journal":    {Node{other.Post, q.ledger.Origin(), q.ledger.VerifierKey(), other.Client}, marz.Invalid},
	} {
		before := size(t, q)
		if err := q.AddNode(t.Context(), c.node); marz.CodeOf(err) != c.want || err == nil {
			t.Errorf("%s: %v", name, err)
		}
		if size(t, q) != before {
			t.Errorf("%s is an entry", name)
		}
	}
	if err := q.DismissNode(t.Context(), good.Origin); err != nil {
		t.Fatal(err)
	}
	if err := q.AddNode(t.Context(), Node{good.Post, good.Origin, again.Key, good.Client}); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("dismissed, and enrolled with another key: %v", err)
	}
	if err := q.AddNode(t.Context(), Node{good.Post, good.Origin, good.Key, other.Client}); err != nil {
		t.Errorf("enrolled again with a new client key: %v", err)
	}
}

// Two nodes that are asked to enrol the same node at once enrol it once.
func TestEnrolledOnce(t *testing.T) {
	h := newHouse(t)
	nodes := []*HQ{h.open(), h.open(), h.open()}
	id := newOutpost(t, "agarak", h.clock, 3).id
	errs := make(chan error, len(nodes))
	for _, q := range nodes {
		go func() { errs <- q.AddNode(context.Background(), id) }()
	}
	done := 0
	for range nodes {
		if err := <-errs; err == nil {
			done++
		} else if marz.CodeOf(err) != marz.Conflict {
			t.Error(err)
		}
	}
	if size(t, nodes[0]); done != 1 || len(nodes[0].NodeList()) != 1 {
		t.Errorf("enrolled %d times: %+v", done, nodes[0].NodeList())
	}
}

// No name stands in a public part.
func TestNothingPersonalIsPublic(t *testing.T) {
	h := newHouse(t)
	q := h.open()
	h.admitted(q, "am-bg/2", marz.RoleOfficer)
	all, err := q.ledger.Entries(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		var public map[string]any
		if err := json.Unmarshal(e.Public, &public); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(e.Public), "Fictional") || strings.Contains(string(e.Public), "A One") {
			t.Errorf("seq %d, %s, names somebody", e.Seq, e.Kind)
		}
	}
	if all[0].Kind != journal.KindCreated || all[1].Kind != KindDescribed {
		t.Errorf("it begins with %s, %s", all[0].Kind, all[1].Kind)
	}
}

// A folder that does not fit its journal is not opened, and says why.
func TestOpenRefuses(t *testing.T) {
	h := newHouse(t)
	for name, change := range map[string]func(*Options){
		"no such folder":  func(o *Options) { o.Dir += "x" },
		"a bad address":   func(o *Options) { o.Nodes = "nowhere" },
		"a bad database":  func(o *Options) { o.Database = "mysql://x" },
		"another's store": func(o *Options) { o.Store = newHouse(t).store },
	} {
		o := Options{Dir: h.dir, Clock: h.clock, Store: h.store}
		change(&o)
		if q, err := Open(t.Context(), o); err == nil {
			q.Close()
			t.Errorf("%s was opened", name)
		}
	}
}
