package post

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"marz/transfer"
	"marz/web"
)

// want sends a request and reads its answer, which has to have the status.
func (c *client) want(status int, method, path string, body, into any) {
	c.t.Helper()
	resp, text := c.do(method, path, body)
	if resp.StatusCode != status {
		c.t.Fatalf("%s %s: %s %.300s", method, path, resp.Status, text)
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			c.t.Fatalf("%s %s: %v in %.300s", method, path, err, text)
		}
	}
}

type m = map[string]any

// The whole way over HTTP, and back out: what the code of the relieved commander opens, and what it does not.
func TestHandoverOverHTTP(t *testing.T) {
	tp := newHandover(t)
	srv := tp.serve()
	out, in, officer, nobody := tp.client(srv, "ru-bg/1"), tp.client(srv, "am-bg/1"), tp.client(srv, "ru-bg/2"), tp.client(srv, "")
	_, witness, err := tp.SignInExercise(t.Context(), "ru-bg/1")
	if err != nil {
		t.Fatal(err)
	}
	var b web.TransferBody
	officer.want(403, "GET", "/transfer", nil, nil)
	out.want(200, "GET", "/api/transfer", nil, &b)
	if b.Transfer.Phase != transfer.Planned || b.Side != "outgoing" || strings.Join(b.Can, " ") != "open" || len(b.Reasons["refuse"]) == 0 {
		t.Fatalf("%+v", b)
	}
	out.want(404, "POST", "/api/transfer/explode", m{}, nil)
	out.want(200, "POST", "/api/transfer/open", m{"article": "treaty/2", "at": "2025-01-01T00:00:00+04:00"}, &b)
	id := b.Transfer.Plan.ID
	for _, c := range []*client{out, in} {
		for _, what := range append([]string{"radios"}, transfer.Countable...) {
			c.want(200, "POST", "/api/transfer/count", m{"id": id, "what": what, "n": 3, "note": "n"}, &b)
		}
	}
	in.want(200, "POST", "/api/transfer/present", m{"id": id}, &b)
	digest := b.Transfer.Digest
	if digest == "" || len(b.Transfer.Inventory) != 9 || b.Transfer.Inventory[6].What != "other-radios" || len(b.Transfer.Keys) != 2 || len(b.Transfer.Readiness) < 6 {
		t.Fatalf("%+v", b.Transfer)
	}
	sig, err := transfer.SignKey(testKeys["am-bg"], transfer.SaysArm, id, digest)
	if err != nil {
		t.Fatal(err)
	}
	nobody.want(200, "POST", "/api/transfer/signatures", m{"id": id, "signature": sig}, nil)
	nobody.want(409, "POST", "/api/transfer/signatures", m{"id": id, "signature": sig}, nil)
	officer.want(403, "POST", "/api/transfer/sign/exercise", m{"says": "arm", "id": id, "digest": digest}, nil)
	var turned Turned
	out.want(200, "POST", "/api/transfer/sign/exercise", m{"says": "arm", "id": id, "digest": digest}, &turned)
	out.want(200, "POST", "/api/transfer/disarm", m{"id": id, "why": "mistake"}, &b)
	if b.Transfer.Phase != transfer.Preparing {
		t.Errorf("%+v", b.Transfer)
	}
	out.want(200, "POST", "/api/transfer/sign/exercise", m{"says": "arm", "id": id, "digest": digest}, &turned)
	for _, c := range []*client{out, in} {
		c.want(200, "GET", "/transfer", nil, nil)
		c.want(409, "GET", "/transfer/"+string(id)+"/act.json", nil, nil)
	}
	page := turned.Relieved
	if !strings.HasPrefix(page, "/relieved/") {
		t.Fatal(page)
	}
	nobody.want(404, "GET", page, nil, nil)
	if live, err := tp.Live(t.Context(), witness); err != nil || live.Next.Phase != transfer.Armed || live.Relieved != "" {
		t.Errorf("%+v, %v", live, err)
	}

	tp.now.Store(int64(midnight))
	tp.executed()
	resp, _ := out.do("GET", "/transfer", nil)
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/signin" {
		t.Errorf("the outgoing commander's page: %s", resp.Status)
	}
	if live, err := tp.Live(t.Context(), witness); err != nil || live.Ended != "control passed to am-bg under treaty/2" || live.Relieved != "" {
		t.Errorf("a session in which nobody armed: %+v, %v", live, err)
	}
	in.want(200, "GET", "/transfer/"+string(id)+"/act", nil, nil)
	nobody.want(303, "GET", "/transfer/"+string(id)+"/act", nil, nil)
	nobody.want(404, "GET", page+"0", nil, nil)
	nobody.want(200, "GET", page, nil, nil)
	core := tp.core(id)
	for _, in := range []m{{"digest": core, "says": "arm"}, {"digest": core, "says": "now"}, {"digest": core, "id": "agarak-2"}} {
		nobody.want(403, "POST", page+"/exercise", in, nil)
	}
	nobody.want(409, "POST", page+"/exercise", m{"digest": digest}, nil)
	nobody.want(404, "POST", "/relieved/nonsense/exercise", m{"digest": core}, nil)
	nobody.want(200, "POST", page+"/exercise", m{"digest": core}, nil)
	nobody.want(409, "POST", page+"/exercise", m{"digest": core}, nil)
	nobody.want(200, "GET", page, nil, nil)
	code := strings.TrimPrefix(page, "/relieved/")
	for path, status := range map[string]int{"/enrol/" + code: 404, "/supervisor": 303, "/journal": 303, "/api/transfer": 303} {
		c := *nobody
		c.cookie = code
		c.want(status, "GET", path, nil, nil)
	}
	in.want(200, "POST", "/api/transfer/sign/exercise", m{"says": "close", "id": id, "digest": core}, nil)
	if tp.phase(id) != transfer.Closed {
		t.Error(tp.phase(id))
	}
	var a transfer.Act
	in.want(200, "GET", "/transfer/"+string(id)+"/act.json", nil, &a)
	if len(a.Closed) != 2 || len(a.Armed) != 2 || a.Closed[0].Authority != "ru-bg" || a.Closed[0].Officer != "ru-bg/1" {
		t.Errorf("%+v", a)
	}
	tp.verified()
	nobody.srv = tp.serve()
	nobody.want(200, "GET", page, nil, nil) // after a restart too
}

// Nothing that a transfer writes in public says who was counted, found or named.
func TestTransferSaysNothingPersonal(t *testing.T) {
	tp := newHandover(t)
	id, _ := tp.prepare()
	if err := tp.Count(t.Context(), tp.signIn("ru-bg/1"), id, "people-held", 1, "QQSURNAME QQGIVEN"); err != nil {
		t.Fatal(err)
	}
	digest, err := tp.Present(t.Context(), tp.signIn("ru-bg/1"), id)
	if err != nil {
		t.Fatal(err)
	}
	turned, err := tp.SignExercise(t.Context(), tp.signIn("ru-bg/1"), transfer.SaysArm, id, digest)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := tp.Journal().Entries(t.Context(), 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		for _, hidden := range []string{"QQSURNAME", "QQGIVEN", "R One", strings.TrimPrefix(turned.Relieved, "/relieved/")} {
			if strings.Contains(string(e.Public), hidden) {
				t.Errorf("seq %d %s: %s", e.Seq, e.Kind, e.Public)
			}
		}
	}
}

// A code that is guessed at is no more than a question to the post.
func TestRelievedCodeIsLong(t *testing.T) {
	tp := newHandover(t)
	a := tp.relievedCode("agarak-1", "d", "s")
	if len(a) != 64 || a == tp.relievedCode("agarak-1", "d", "t") || a == tp.relievedCode("agarak-2", "d", "s") || a == tp.relievedCode("agarak-1", "e", "s") {
		t.Error(a)
	}
}
