package post

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"marz"
	"marz/agreement"
	"marz/api"
	"marz/journal"
	"marz/program"
)

// prog is another program: a key of its own, and its connection to the post.
type prog struct {
	t      *testing.T
	tp     *testPost
	cert   tls.Certificate
	key    string
	url    string
	client *http.Client
}

// newProgram draws a key and connects with it.
func (tp *testPost) newProgram(t *testing.T) *prog {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(1<<33, 0)}, &x509.Certificate{}, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	p := &prog{t: t, tp: tp, cert: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, key: hex.EncodeToString(sum[:])}
	p.connect()
	return p
}

// connect asks the post as it now runs.
func (p *prog) connect() {
	p.t.Helper()
	srv := httptest.NewUnstartedServer(p.tp.apiHandler())
	srv.TLS = &tls.Config{MinVersion: tls.VersionTLS13, ClientAuth: tls.RequestClientCert}
	srv.StartTLS()
	p.t.Cleanup(srv.Close)
	p.url, p.client = srv.URL, srv.Client()
	if p.cert.PrivateKey != nil {
		p.client.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{p.cert}
	}
}

// ask returns status, headers and body of an answer.
func (p *prog) ask(method, path string, body string, headers ...string) (*http.Response, []byte) {
	p.t.Helper()
	if strings.HasPrefix(path, "/v1") {
		path = "/api" + path
	}
	q, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		q.Header.Set(headers[i], headers[i+1])
	}
	resp, err := p.client.Do(q)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp, b
}

// get demands an answer, and reads it.
func (p *prog) get(path string, into any, headers ...string) {
	p.t.Helper()
	resp, b := p.ask("GET", path, "", headers...)
	if err := json.Unmarshal(b, into); err != nil || resp.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: %s %s", path, resp.Status, b)
	}
}

// refused demands a problem of a kind whose detail holds some words.
func (p *prog) refused(what string, resp *http.Response, b []byte, slug, words string) {
	p.t.Helper()
	var problem api.Problem
	if err := json.Unmarshal(b, &problem); err != nil || problem.Status != resp.StatusCode || problem.Type != api.Prefix+"/#"+slug || !strings.Contains(problem.Detail, words) {
		p.t.Errorf("%s: %s %s, want %s with %q", what, resp.Status, b, slug, words)
	}
}

var everything = []marz.Action{marz.ActReadJournal, marz.ActReadRecord, marz.ActManageLists}

func (tp *testPost) accept(by Actor, p *prog, actions ...marz.Action) {
	tp.t.Helper()
	if err := tp.AcceptProgram(tp.t.Context(), by, program.Acceptance{Client: p.key, Purpose: "a test", Actions: actions, Days: 30}); err != nil {
		tp.t.Fatal(err)
	}
}

// A program asks for what a supervisor accepted it for, and for nothing else; it is told its fingerprint before, and nothing after. An attempt is an entry.
func TestProgramIsAccepted(t *testing.T) {
	tp := newTestPost(t)
	p, boss := tp.newProgram(t), tp.signIn("ru-bg/1")
	ask := func(what, path, slug, words string) {
		t.Helper()
		resp, b := p.ask("GET", path, "", api.HeaderReason, "supervision")
		p.refused(what, resp, b, slug, words)
	}
	var me api.Client
	if p.get("/v1/client", &me); me.Fingerprint != p.key || len(me.Accepted) != 0 {
		t.Errorf("%+v", me)
	}
	ask("a stranger", "/v1/node", "forbidden", p.key)
	ask("a stranger at the metrics", "/metrics", "forbidden", p.key)
	code(t, "an officer who is no supervisor", tp.AcceptProgram(t.Context(), tp.signIn("ru-bg/2"), program.Acceptance{Client: p.key, Purpose: "x", Actions: everything, Days: 1}), marz.Forbidden, "")
	for what, a := range map[string]program.Acceptance{"64 hexadecimal": {Client: "zz", Purpose: "x", Actions: everything, Days: 1}, "say what for": {Client: p.key, Actions: everything, Days: 1},
		"decides about a person": {Client: p.key, Purpose: "x", Actions: []marz.Action{marz.ActReadJournal, marz.ActDecide}, Days: 1}, "the least": {Client: p.key, Purpose: "x", Days: 1},
		"how many days": {Client: p.key, Purpose: "x", Actions: everything, Days: 1000}, "line breaks": {Client: p.key, Purpose: "x\ny", Actions: everything, Days: 1}} {
		code(t, what, tp.AcceptProgram(t.Context(), boss, a), marz.Invalid, what)
	}
	tp.accept(boss, p, marz.ActReadJournal)
	if p.get("/v1/client", &me); len(me.Accepted) != 1 || me.Accepted[0].Authority != "ru-bg" || me.Accepted[0].Purpose != "a test" {
		t.Errorf("%+v", me)
	}
	var node api.Node
	if p.get("/v1/node", &node); node.Controller != "ru-bg" || node.ID != "agarak" {
		t.Errorf("%+v", node)
	}
	before := tp.kinds()[KindRefusedAct]
	ask("what it was not accepted for", "/v1/crossings/3/record", "forbidden", "not for read-record")
	if n := tp.kinds()[KindRefusedAct]; n != before {
		t.Errorf("%d entries of an attempt that the certificate alone refused", n-before)
	}
	code(t, "a record that is asked past the endpoint", second(tp.ReadRecord(t.Context(), tp.actorOf(t, p, ""), "3", "supervision", "")), marz.Forbidden, "not for read-record")
	if n := tp.kinds()[KindRefusedAct]; n != before+1 {
		t.Error("the attempt is no entry")
	}
	if err := tp.DismissProgram(t.Context(), boss, p.key); err != nil {
		t.Fatal(err)
	}
	ask("dismissed", "/v1/node", "forbidden", "no supervisor")
	tp.accept(boss, p, everything...)
	tp.now.Add(int64(30 * 24 * time.Hour / time.Millisecond))
	ask("after its time", "/v1/node", "forbidden", "has ended")
	tp.verified()
	tp.refolded(t)
}

func (tp *testPost) actorOf(t *testing.T, p *prog, as marz.AuthorityID) Actor {
	t.Helper()
	a, err := tp.Program(t.Context(), p.key, as)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// What an officer does at a lane no program can, with whatever it is accepted for: the register gives programs no such power, and no route leads there.
func TestNoProgramDecides(t *testing.T) {
	tp := newTestPost(t)
	p, officer := tp.newProgram(t), tp.atLane("ru-bg/2", "1")
	tp.accept(tp.signIn("ru-bg/1"), p, everything...)
	i := tp.mustScan(officer, "1", passport(t, "ABADI", "REZA", "A1", nil))
	a := tp.actorOf(t, p, "")
	a.program.Actions = []marz.Action{marz.ActInspect, marz.ActDecide, marz.ActSupervise, marz.ActEnrol, marz.ActTransfer, marz.ActErase, marz.ActReadHit} // as nobody can accept it
	for what, err := range map[string]error{"decide": second(tp.Decide(t.Context(), a, i.ID, marz.Admit, "", "")), "scan": second(tp.Scan(t.Context(), a, "1", passport(t, "B", "C", "A2", nil), false)),
		"withdraw": second(tp.Withdraw(t.Context(), a, i.ID, "wrong-lane")), "open lane": tp.OpenLane(t.Context(), a, "2"), "invite": second(tp.Invite(t.Context(), a, Officer{"ru-bg/9", "N", marz.RoleOfficer})),
		"accept": tp.AcceptProgram(t.Context(), a, program.Acceptance{}), "erase": tp.Erase(t.Context(), a, []marz.Seq{1}, "x"), "transfer": second(tp.OpenTransfer(t.Context(), a, "treaty/2", nil, 0))} {
		code(t, what, err, marz.Forbidden, "no machine decides")
	}
	code(t, "invite somebody under a program's number", second(tp.Invite(t.Context(), tp.signIn("ru-bg/1"), Officer{program.Number("ru-bg", p.key), "N", marz.RoleOfficer})), marz.Invalid, "those of programs")
	for _, rt := range tp.apiRoutes() {
		if rt.Action != "" && !slices.Contains(program.Actions, rt.Action) {
			t.Errorf("%s needs %s", rt.Name, rt.Action)
		}
	}
}

// Access ends with the authority's, at the entry with which control passes, and no acceptance is left behind; the incoming authority accepts for itself.
func TestProgramsEndWithControl(t *testing.T) {
	tp := newHandover(t)
	id, digest := tp.prepare()
	tp.says("arm", id, digest, "ru-bg", "am-bg")
	p := tp.newProgram(t)
	tp.accept(tp.signIn("ru-bg/1"), p, everything...)
	tp.accept(tp.signIn("am-bg/1"), p, marz.ActReadJournal)
	resp, b := p.ask("GET", "/v1/node", "")
	p.refused("accepted by two", resp, b, "invalid", api.HeaderAuthority)
	var node api.Node
	p.get("/v1/node", &node, api.HeaderAuthority, "ru-bg")
	old := tp.actorOf(t, p, "ru-bg")
	tp.now.Store(int64(midnight))
	tp.executed()
	resp, b = p.ask("GET", "/v1/node", "", api.HeaderAuthority, "ru-bg")
	p.refused("the outgoing authority's", resp, b, "forbidden", "no supervisor has accepted")
	code(t, "an acceptance that was looked up before", second(tp.ReloadLists(t.Context(), old)), marz.Forbidden, "has ended")
	if p.get("/v1/node", &node); node.Controller != "am-bg" {
		t.Errorf("%+v", node)
	}
	var n int
	if err := tp.journal.State().QueryRow(`SELECT count(*) FROM s_client WHERE authority = 'ru-bg'`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d acceptances are left behind (%v)", n, err)
	}
}

// A record is read with a reason, as an entry, by the fields that an article opens, and only once it was decided.
func TestProgramReadsARecord(t *testing.T) {
	tp, ru, _ := newJoint(t, "", shareHits, "1")
	p := tp.newProgram(t)
	tp.accept(tp.signIn("ru-bg/1"), p, everything...)
	open := tp.mustScan(ru, "1", passport(t, "ABADI", "REZA", "A1", nil))
	record := "/v1/crossings/" + string(open.ID) + "/record"
	before := tp.kinds()[KindRead]
	resp, b := p.ask("GET", record, "")
	p.refused("without a reason", resp, b, "invalid", api.HeaderReason)
	resp, b = p.ask("GET", record, "", api.HeaderReason, "curiosity")
	p.refused("with another reason", resp, b, "invalid", "one of the reasons")
	resp, b = p.ask("GET", record, "", api.HeaderReason, "supervision")
	p.refused("before it is decided", resp, b, "not-found", "no crossing was decided")
	if n := tp.kinds()[KindRead]; n != before {
		t.Errorf("%d readings of nothing", n-before)
	}
	tp.pass(ru, open)
	var got api.Record
	p.get(record, &got, api.HeaderReason, "supervision", api.HeaderNote, "file 12/2024")
	if got.Person == nil || got.Person.Primary != "ABADI" || got.Document == nil || got.Document.Number != "A1" || got.Decision != marz.Admit || len(got.Findings) == 0 {
		t.Errorf("%+v", got)
	}
	e, err := tp.journal.Payload(t.Context(), got.ReadEntry)
	if err != nil || !strings.Contains(string(e), "file 12/2024") {
		t.Errorf("%s %v", e, err)
	}
	entry, _, err := tp.journal.Entry(t.Context(), got.ReadEntry)
	if err != nil || entry.Kind != KindRead || entry.Officer != program.Number("ru-bg", p.key) || entry.Under != got.ReadUnder || !strings.Contains(string(entry.Public), `"supervision"`) {
		t.Errorf("%+v %v", entry, err)
	}
	other := tp.newProgram(t)
	tp.accept(tp.signIn("am-bg/1"), other, everything...)
	other.get(record, &got, api.HeaderReason, "supervision")
	if got.Person == nil { // joint service: the record is of both
		t.Errorf("of the other owner: %+v", got)
	}
}

// signedStatement is a file with one statement, as anybody can bring it.
func signedStatement(t *testing.T, tp *testPost) string {
	return string(agreement.EncodeSigned([]agreement.Instrument{signed(t, agreement.Statement{By: "am-bg", Agreement: "treaty", Status: agreement.Active, From: 1, Issued: tp.Post.now()})}))
}

// The same request under the same key is carried out once: asked again, asked at once by many, and asked after the machine went down right behind the commit. The answer is the same bytes.
func TestProgramActsOnce(t *testing.T) {
	tp := newTestPost(t)
	p := tp.newProgram(t)
	tp.accept(tp.signIn("ru-bg/1"), p, everything...)
	file := signedStatement(t, tp)
	before := crashed(t, tp)
	const path = "/v1/register/instruments"
	var answers sync.Map
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			resp, b := p.ask("POST", path, file, api.HeaderKey, `"8e03978e-40d5-43e8"`)
			switch {
			case resp.StatusCode == http.StatusOK:
				answers.Store(string(b), true)
			case resp.StatusCode != http.StatusConflict && resp.StatusCode != http.StatusTooManyRequests:
				t.Errorf("%s %s", resp.Status, b)
			}
		})
	}
	all.Wait()
	resp, first := p.ask("POST", path, file, api.HeaderKey, `"8e03978e-40d5-43e8"`)
	answers.Store(string(first), true)
	n := 0
	answers.Range(func(any, any) bool { n++; return true })
	if k := tp.kinds(); n != 1 || resp.StatusCode != http.StatusOK || k[KindStatement] != 1 || k[program.KindActed] != 1 || !strings.Contains(string(first), `"recorded":[`) {
		t.Errorf("%d answers, the last %s %s; %v", n, resp.Status, first, k)
	}
	resp, b := p.ask("POST", path, signedStatement(t, tp), api.HeaderKey, `"8e03978e-40d5-43e8"`)
	p.refused("another body", resp, b, "key-reused", "another request")
	resp, b = p.ask("POST", path, file, api.HeaderKey, `"another-key-1"`)
	if string(b) != `{"recorded":[]}`+"\n" {
		t.Errorf("what is known already, under another key: %s %s", resp.Status, b)
	}
	after := crashed(t, tp)
	for what, c := range map[string]struct {
		dir        string
		statements int
	}{"before the act": {before, 0}, "after the act": {after, 1}} {
		tp.Post.Close()
		tp.dir = c.dir
		tp.open()
		p.connect()
		if n := tp.kinds()[KindStatement]; n != c.statements {
			t.Errorf("down %s: %d statements are there", what, n)
		}
		_, b := p.ask("POST", path, file, api.HeaderKey, `"8e03978e-40d5-43e8"`)
		if k := tp.kinds(); k[KindStatement] != 1 || c.statements == 1 && string(b) != string(first) || !strings.Contains(string(b), "recorded") {
			t.Errorf("down %s: %s, then %v", what, b, k)
		}
	}
	for _, e := range mustEntries(t, tp) { // what a program calls its requests is in no entry
		if bytes.Contains(e.Public, []byte("8e03978e")) {
			t.Errorf("%s", e.Public)
		}
	}
	resp, first = p.ask("POST", "/v1/lists/reload", "", api.HeaderKey, `"reload-0001"`)
	_, b = p.ask("POST", "/v1/lists/reload", "", api.HeaderKey, `"reload-0001"`)
	if resp.StatusCode != http.StatusOK || string(b) != string(first) {
		t.Errorf("%s %s, then %s", resp.Status, first, b)
	}
	tp.verified()
	tp.refolded(t)
}

func mustEntries(t *testing.T, tp *testPost) []journal.Entry {
	t.Helper()
	entries, err := tp.journal.Entries(t.Context(), 0, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// crashed copies a post's folder as a machine that goes down now leaves it.
func crashed(t *testing.T, tp *testPost) string {
	t.Helper()
	defer tp.hold()()
	dir := filepath.Join(t.TempDir(), "post")
	err := filepath.WalkDir(tp.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || strings.HasSuffix(path, "-shm") || strings.HasSuffix(path, "lock") {
			return err
		}
		to := filepath.Join(dir, strings.TrimPrefix(path, tp.dir))
		if d.IsDir() {
			return os.MkdirAll(to, 0o700)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, b, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// A key is remembered for a month, and then forgotten with what it answered.
func TestRequestsAreForgotten(t *testing.T) {
	tp := newHandover(t)
	p := tp.newProgram(t)
	reload := func(key string) []byte {
		t.Helper()
		tp.accept(tp.signIn("ru-bg/1"), p, everything...)
		resp, b := p.ask("POST", "/v1/lists/reload", "", api.HeaderKey, key)
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s %s", resp.Status, b)
		}
		return b
	}
	first := reload("reload-0001")
	tp.now.Add(int64((program.RequestLife - time.Minute) / time.Millisecond))
	reload("reload-0002")
	if b := reload("reload-0001"); string(b) != string(first) {
		t.Errorf("within its time: %s, then %s", first, b)
	}
	tp.now.Add(int64(time.Hour / time.Millisecond))
	reload("reload-0003")
	if b := reload("reload-0001"); string(b) == string(first) {
		t.Error("after its time it is still known")
	}
}

// Whatever a program sends, the answer is a problem that says what is wrong, nothing is recorded, and the next request is answered.
func TestHostileRequests(t *testing.T) {
	tp := newTestPost(t)
	p := tp.newProgram(t)
	tp.accept(tp.signIn("ru-bg/1"), p, everything...)
	before := tp.size()
	const instruments = "/v1/register/instruments"
	for _, body := range []string{"null", "[]", "[", `"x"`, "1e999", `{"v":"x"}`, `[{"agreement":7}]`, `[{"statement":{"by":["am-bg"]}}]`, strings.Repeat("[", 1<<19), strings.Repeat(`{"a":`, 1<<17), "\xff\xfe", "{}{}",
		`[{"statement":` + strings.Repeat(" ", 1<<20-100) + `{}}]`, strings.Repeat("x", 1<<20+1)} {
		resp, b := p.ask("POST", instruments, body, api.HeaderKey, "hostile-00001")
		var problem api.Problem
		if err := json.Unmarshal(b, &problem); err != nil || resp.StatusCode < 400 || resp.StatusCode >= 500 || problem.Status != resp.StatusCode {
			t.Errorf("%.40q: %s %s", body, resp.Status, b)
		}
	}
	for _, path := range []string{"/v1/journal/entries/-1", "/v1/journal/entries/99999999999999999999", "/v1/journal/entries/1e3", "/v1/journal/entries/9223372036854775807/proof", "/v1/journal/entries/x/proof",
		"/v1/journal/entries?limit=-1", "/v1/journal/entries?limit=99999999999999999999", "/v1/journal/entries?cursor=" + strings.Repeat("A", 8000), "/v1/journal/entries?cursor=%00", "/v1/crossings/..%2f..%2fetc/record",
		"/v1/crossings/0/record", "/v1/crossings/'%20OR%201=1/record", "/v1/counts?from=yesterday", "/v1/counts?from=0001-01-01T00:00:00Z", "/v1/counts?from=2025-01-02T00:00:00Z&until=2025-01-01T00:00:00Z",
		"/v1/register?at=9999-99-99", "/v1/node?%zz", "/v1/nothing", "/", "/api/v2/node", "/v1/../../healthz/x"} {
		resp, b := p.ask("GET", path, "", api.HeaderReason, "supervision")
		var problem api.Problem
		if err := json.Unmarshal(b, &problem); err != nil || resp.StatusCode < 400 || resp.StatusCode >= 500 {
			t.Errorf("%.60s: %s %.200s", path, resp.Status, b)
		}
	}
	if after := tp.size(); after != before {
		t.Errorf("%d entries came of it", after-before)
	}
	var node api.Node
	p.get("/v1/node", &node)
}
