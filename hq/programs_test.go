package hq

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/agreement"
	"marz/api"
	"marz/folder"
	"marz/internal/apitest"
	"marz/journal"
	"marz/mirror"
	"marz/program"
)

// asker is another program: a key of its own, and its connection to a node.
type asker struct {
	t    testing.TB
	cert tls.Certificate
	key  string
}

func newAsker(t testing.TB) *asker {
	cert := newCert(t)
	return &asker{t, cert, folder.KeyOf(cert.Leaf)}
}

// ask returns the answer of a node.
func (a *asker) ask(h http.Handler, method, path, body string, headers ...string) (*http.Response, []byte) {
	a.t.Helper()
	r := httptest.NewRequest(method, "https://localhost"+path, strings.NewReader(body))
	r.TLS.PeerCertificates = append(r.TLS.PeerCertificates, a.cert.Leaf)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	resp := w.Result()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return resp, b
}

func (a *asker) acceptance() program.Acceptance {
	return program.Acceptance{Client: a.key, Purpose: "a test", Actions: programActions, Days: 30}
}

// statement is something that its party signed.
func (h *house) statement(from marz.Instant) string {
	h.t.Helper()
	i := agreement.Instrument{Statement: &agreement.Statement{By: "am-bg", Agreement: "treaty", Status: agreement.Active, From: from, Issued: from}}
	if err := i.Sign(h.secret["am-bg"]); err != nil {
		h.t.Fatal(err)
	}
	return string(agreement.EncodeSigned([]agreement.Instrument{i}))
}

// kinds counts the entries of the headquarters' own journal.
func kinds(t testing.TB, q *HQ) map[string]int {
	t.Helper()
	all, err := q.ledger.Entries(t.Context(), 0, int(size(t, q)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, e := range all {
		out[e.Kind]++
	}
	return out
}

// A program is known at every node from the acceptance at one, does what it was accepted for and no more, and is nobody after its dismissal. An officer who is no supervisor lets none in.
func TestProgramAtHeadquarters(t *testing.T) {
	house := newHouse(t)
	one, two := house.open(), house.open()
	_, boss := house.admitted(one, "am-bg/1", marz.RoleSupervisor)
	_, officer := house.admitted(one, "am-bg/2", marz.RoleOfficer)
	a, h := newAsker(t), two.apiHandler()
	for _, path := range []string{"/api/v1/node", "/metrics", "/healthz"} {
		if resp, b := a.ask(h, "GET", path, ""); resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s to a program that nobody has accepted: %s %s", path, resp.Status, b)
		}
	}
	if err := one.AcceptProgram(t.Context(), officer, a.acceptance()); marz.CodeOf(err) != marz.Forbidden {
		t.Errorf("an officer accepts a program: %v", err)
	}
	more := a.acceptance()
	more.Actions = program.Actions
	if err := one.AcceptProgram(t.Context(), boss, more); marz.CodeOf(err) != marz.Invalid {
		t.Errorf("a program that may read about persons: %v", err)
	}
	if err := one.AcceptProgram(t.Context(), boss, a.acceptance()); err != nil {
		t.Fatal(err)
	}
	if resp, b := a.ask(h, "GET", "/api/v1/node", ""); resp.StatusCode != http.StatusOK || !bytes.Contains(b, []byte(`"kind":"headquarters"`)) {
		t.Errorf("an accepted program at another node: %s %s", resp.Status, b)
	}
	if _, _, err := two.Session(""); err == nil {
		t.Error("a program's key opens a session")
	}
	p, err := two.Program(t.Context(), a.key, "")
	if err != nil {
		t.Fatal(err)
	}
	err = two.Read(t.Context(), p, Subject{Origin: "test/agarak", Place: "agarak", Record: agreement.Record{Kind: "record", Owners: []marz.AuthorityID{"am-bg"}}}, "x", "", func([]marz.Field) error { return nil })
	if marz.CodeOf(err) != marz.Unauthenticated {
		t.Errorf("a program reads about a person: %v", err)
	}
	if err := two.DismissProgram(t.Context(), boss, a.key); err != nil {
		t.Fatal(err)
	}
	if resp, _ := a.ask(one.apiHandler(), "GET", "/api/v1/node", ""); resp.StatusCode != http.StatusForbidden {
		t.Errorf("a dismissed program: %s", resp.Status)
	}
}

// A request with one key is carried out once, however many nodes are asked with it at once, and all of them give the same answer; with another body it is refused.
func TestOneRequestAtSeveralNodes(t *testing.T) {
	house := newHouse(t)
	nodes := []*HQ{house.open(), house.open(), house.open()}
	_, boss := house.admitted(nodes[0], "am-bg/1", marz.RoleSupervisor)
	a := newAsker(t)
	if err := nodes[0].AcceptProgram(t.Context(), boss, a.acceptance()); err != nil {
		t.Fatal(err)
	}
	body := house.statement(noon)
	var answers [6]string
	var all sync.WaitGroup
	for i := range answers {
		h := nodes[i%len(nodes)].apiHandler()
		all.Go(func() {
			resp, b := a.ask(h, "POST", "/api/v1/register/instruments", body, api.HeaderKey, "one-and-the-same")
			answers[i] = fmt.Sprint(resp.StatusCode, " ", string(b))
		})
	}
	all.Wait()
	for _, got := range answers {
		if got != answers[0] || !strings.HasPrefix(got, `200 {"recorded":[`) || strings.Contains(got, "[]") {
			t.Errorf("%q, and %q", answers[0], got)
		}
	}
	if k := kinds(t, nodes[0]); k[KindStatement] != 1 || k[program.KindActed] != 1 {
		t.Errorf("%v", k)
	}
	if resp, b := a.ask(nodes[2].apiHandler(), "POST", "/api/v1/register/instruments", house.statement(noon+1), api.HeaderKey, "one-and-the-same"); resp.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("the key with another body: %s %s", resp.Status, b)
	}
}

// newAsked is a headquarters that mirrors a post of its own authority's and one of another's, with a program that may ask.
func newAsked(t *testing.T) (*house, *HQ, *asker) {
	house := newHouse(t)
	q := house.open()
	_, boss := house.admitted(q, "am-bg/1", marz.RoleSupervisor)
	id, err := ReadIdentity(house.dir)
	if err != nil {
		t.Fatal(err)
	}
	s := house.serve(q)
	for i, post := range []marz.PostID{"agarak", "gyumri"} {
		o := newOutpost(t, post, house.clock, byte(40+i))
		o.addr.Store(&s.nodes)
		if err := q.AddNode(t.Context(), o.id); err != nil {
			t.Fatal(err)
		}
		o.write("am-bg", 3)
		p := o.push(id, func(e journal.Entry) bool { return e.Authority == "am-bg" })
		o.whole(p)
	}
	a := newAsker(t)
	if err := q.AcceptProgram(t.Context(), boss, a.acceptance()); err != nil {
		t.Fatal(err)
	}
	return house, q, a
}

// Every answer is what the document says, and every operation is in it and was asked. A journal is shown where the register lets the authority read it, and what is shown is proven by its own key.
func TestAnswersOfHeadquarters(t *testing.T) {
	house, q, a := newAsked(t)
	h := q.apiHandler()
	_, document := a.ask(h, "GET", "/api/v1/openapi.json", "")
	if !bytes.Equal(document, OpenAPI()) {
		t.Error("marz openapi --headquarters prints another document than the node serves")
	}
	c := apitest.NewConformance(t, document)
	for _, rt := range q.apiRoutes() {
		for _, query := range []string{"", "?nonsense=1", "?origin=test/agarak"} {
			if strings.HasPrefix(query, "?o") && !strings.HasPrefix(rt.Path, "/journal") {
				continue
			}
			body := ""
			if rt.Takes != "" {
				body = house.statement(noon)
			}
			resp, b := a.ask(h, rt.Method, "/api/v1"+strings.Replace(rt.Path, "{seq}", "1", 1)+query, body, api.HeaderKey, rt.Name+"-0001")
			c.Answer(rt.Method, rt.Path, resp, b)
			if want := query == "?nonsense=1"; want != (resp.StatusCode == http.StatusBadRequest) || !want && resp.StatusCode != http.StatusOK {
				t.Errorf("%s%s: %s %s", rt.Path, query, resp.Status, b)
			}
			if bytes.Contains(b, []byte("a person")) || bytes.Contains(b, []byte("A One")) {
				t.Errorf("%s tells of a person", rt.Path)
			}
		}
	}
	if missing := c.Missing(); slices.ContainsFunc(missing, func(s string) bool {
		return !strings.Contains(s, ".") || strings.HasPrefix(s, "MirroredNode.") && s != "MirroredNode.gone"
	}) {
		t.Errorf("operations or fields of nodes that nothing shows: %v", missing)
	}
	if resp, b := a.ask(h, "GET", "/api/v1/journal/head?origin=test/gyumri", ""); resp.StatusCode != http.StatusForbidden {
		t.Errorf("the journal of a post at which no article gives anything: %s %s", resp.Status, b)
	}
	if resp, _ := a.ask(h, "GET", "/api/v1/journal/head?origin=test/meghri", ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("the journal of a node that was never enrolled: %s", resp.Status)
	}
	var head api.Head
	_, b := a.ask(h, "GET", "/api/v1/journal/head?origin=test/agarak", "")
	if err := json.Unmarshal(b, &head); err != nil || head.Size != 4 {
		t.Fatalf("%v %s", err, b)
	}
	v, err := note.NewVerifier(head.Key)
	if err == nil {
		_, err = note.Open([]byte(head.Note), note.VerifierList(v))
	}
	if err != nil {
		t.Error(err)
	}
}

// failing is a store whose database is gone when it is told to be.
type failing struct {
	mirror.Store
	gone bool
}

func (f *failing) State(ctx context.Context, origin marz.Origin) (mirror.State, error) {
	if f.gone {
		return mirror.State{}, errors.New("gone")
	}
	return f.Store.State(ctx, origin)
}

// Monitoring is told how far every mirror is, and that the database does not answer; and nothing about anybody.
func TestMetricsOfHeadquarters(t *testing.T) {
	house, q, a := newAsked(t)
	_, b := a.ask(q.apiHandler(), "GET", "/metrics", "")
	for _, want := range []string{`marz_mirror_entries{origin="test/agarak"} 4`, `marz_mirror_coming_entries{origin="test/gyumri"} 0`, "marz_database_up 1", "marz_up 1", `marz_requests_total{code="200",listener="nodes"}`, "marz_mirror_newest_age_seconds", "marz_journal_entries"} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("there is no %s", want)
		}
	}
	for _, not := range []string{"am-bg/", a.key[:16], "A One", "a person"} {
		if bytes.Contains(b, []byte(not)) {
			t.Errorf("metrics tell of %s", not)
		}
	}
	store := &failing{Store: house.store}
	house.store = store
	other := house.open()
	store.gone = true
	w := httptest.NewRecorder()
	other.metrics.handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if text := w.Body.String(); !strings.Contains(text, "marz_database_up 0") || !strings.Contains(text, "marz_journal_entries") {
		t.Errorf("metrics without a database: %.2000s", text)
	}
}
