package hq

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"html"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"marz"
	"marz/journal"
	"marz/mirror"
	"marz/verify"
)

// A post is enrolled at one node of a headquarters and pushes its journal over mutual TLS, now to one node and now to another, across restarts; what is held verifies, holds
// the payloads of the headquarters' own authority and no other's, and ends with the dismissal.
func TestPostIsMirrored(t *testing.T) {
	h := newHouse(t)
	one, two := h.open(), h.open()
	s1, s2 := h.serve(one), h.serve(two)
	id, err := ReadIdentity(h.dir)
	if err != nil {
		t.Fatal(err)
	}
	o := newOutpost(t, "agarak", h.clock, 3)
	o.write("am-bg", 4)
	o.write("ru-bg", 3)
	o.addr.Store(&s1.nodes)
	p := o.push(id, func(e journal.Entry) bool { return e.Authority == "am-bg" })
	until(t, p, func(s mirror.Status) bool { return strings.Contains(s.Error, "does not have it") })
	if err := one.AddNode(t.Context(), o.id); err != nil {
		t.Fatal(err)
	}
	o.whole(p)

	if err := s1.stop(); err != nil { // the first node is gone: the second has never been told of the post but by the journal
		t.Fatal(err)
	}
	if err := two.ledger.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.addr.Store(&s2.nodes)
	o.write("am-bg", 2)
	o.whole(p)
	checkMirror(t, two, o)

	if err := one.DismissNode(t.Context(), o.id.Origin); err != nil {
		t.Fatal(err)
	}
	if err := two.ledger.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.write("am-bg", 1)
	until(t, p, func(s mirror.Status) bool { return strings.Contains(s.Error, "does not have it") })
	nodes, err := two.Overview(t.Context())
	if err != nil || len(nodes) != 1 || nodes[0].Gone == 0 || nodes[0].Held != o.j.Head().Size-1 {
		t.Errorf("after the dismissal %+v, %v", nodes, err)
	}
}

func checkMirror(t *testing.T, q *HQ, o *outpost) {
	t.Helper()
	nodes, err := q.Overview(t.Context())
	if err != nil || len(nodes) != 1 {
		t.Fatal(nodes, err)
	}
	if n := nodes[0]; n.Held != o.j.Head().Size || n.Newest != o.j.At() || n.Cosigned == 0 || n.Name != "Agarak" || len(n.Evidence) > 0 {
		t.Errorf("shown is %+v", n)
	}
	var b bytes.Buffer
	if err := mirror.Export(t.Context(), q.store, o.id.Origin, o.id.Key, &b); err != nil {
		t.Fatal(err)
	}
	report, err := verify.BundleAt(t.Context(), bytes.NewReader(b.Bytes()), int64(b.Len()), verify.Options{Key: o.id.Key})
	if err != nil || !report.OK() || report.Entries != o.j.Head().Size {
		t.Errorf("the mirror: %v %+v", err, report)
	}
	for seq := range o.j.Head().Size {
		e, _, err := o.j.Entry(t.Context(), marz.Seq(seq))
		if err != nil {
			t.Fatal(err)
		}
		held := 0
		if err := q.store.Payloads(t.Context(), o.id.Origin, seq, seq+1, func(mirror.PayloadRow) error { held++; return nil }); err != nil {
			t.Fatal(err)
		}
		if want := e.Private != "" && e.Authority == "am-bg"; held > 0 != want {
			t.Errorf("the payload of seq %d, of %s, is held: %v", seq, e.Authority, held > 0)
		}
	}
}

// A payload of another authority that a node gives all the same is refused.
func TestPayloadOfAnotherIsRefused(t *testing.T) {
	h := newHouse(t)
	q := h.open()
	s := h.serve(q)
	id, _ := ReadIdentity(h.dir)
	o := newOutpost(t, "agarak", h.clock, 3)
	o.write("ru-bg", 1)
	if err := q.AddNode(t.Context(), o.id); err != nil {
		t.Fatal(err)
	}
	o.addr.Store(&s.nodes)
	p := o.push(id, func(journal.Entry) bool { return true })
	until(t, p, func(s mirror.Status) bool { return strings.Contains(s.Error, "403") })
}

// A stranger, and who brings no certificate, get nothing from the nodes' listener but its health; nor does another node get what is not its own.
func TestNodesListenerIsClosed(t *testing.T) {
	h := newHouse(t)
	q := h.open()
	s := h.serve(q)
	o := newOutpost(t, "agarak", h.clock, 3)
	if err := q.AddNode(t.Context(), o.id); err != nil {
		t.Fatal(err)
	}
	path := "/mirror/" + hashOf(o.id.Origin) + "/state"
	for who, want := range map[string]int{"nobody": http.StatusUnauthorized, "stranger": http.StatusForbidden, "node": http.StatusOK} {
		conf := &tls.Config{InsecureSkipVerify: true}
		switch who {
		case "stranger":
			conf.Certificates = []tls.Certificate{newCert(t)}
		case "node":
			conf.Certificates = []tls.Certificate{o.cert}
		}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: conf}}
		for p, want := range map[string]int{path: want, "/healthz": http.StatusOK, "/": http.StatusNotFound, "/journal": http.StatusNotFound} {
			resp, err := client.Get("https://" + s.nodes + p)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s asks for %s: %s", who, p, resp.Status)
			}
		}
		client.CloseIdleConnections()
	}
}

// A node that signs two histories is refused, and shown with both heads, and with what convinces anybody.
func TestForkIsShown(t *testing.T) {
	h := newHouse(t)
	q := h.open()
	s := h.serve(q)
	id, _ := ReadIdentity(h.dir)
	o := newOutpost(t, "agarak", h.clock, 3)
	o.write("am-bg", 3)
	if err := q.AddNode(t.Context(), o.id); err != nil {
		t.Fatal(err)
	}
	o.addr.Store(&s.nodes)
	o.whole(o.push(id, nil))

	other := newOutpost(t, "agarak", h.clock, 3) // an old copy of the same node, that went on by itself
	other.write("ru-bg", 3)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{o.cert}, InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	resp, err := client.Post("https://"+s.nodes+"/mirror/add-checkpoint", "", strings.NewReader("old 4\n\n"+string(other.j.Head().Note)))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode == http.StatusOK || resp.Header.Get("Marz-Evidence") == "" {
		t.Fatalf("the fork was answered with %s", resp.Status)
	}

	nodes, err := q.Overview(t.Context())
	if err != nil || len(nodes) != 1 || len(nodes[0].Forks()) == 0 {
		t.Fatalf("%+v, %v", nodes, err)
	}
	fork := nodes[0].Forks()[0]
	if !fork.Proven || !strings.Contains(fork.Held, "test/agarak\n4\n") {
		t.Errorf("the evidence is %+v", fork)
	}
	cookie, _ := h.admitted(q, "am-bg/2", marz.RoleOfficer)
	page := get(t, q, "GET", "/", cookie, "")
	for _, want := range []string{"signed two histories", "test/agarak\n4\n", strings.SplitN(string(other.j.Head().Note), "\n", 4)[2], "marz hq evidence --key", fork.File} {
		if !strings.Contains(html.UnescapeString(page.Body.String()), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	e, err := mirror.ParseEvidence(get(t, q, "GET", fork.File, cookie, "").Body.Bytes())
	if err != nil || e.Verify(o.id.Key) != nil {
		t.Errorf("what is given away does not prove it: %v", err)
	}
	if w := get(t, q, "GET", "/evidence/1/fork/0", cookie, ""); w.Code != http.StatusNotFound {
		t.Errorf("evidence against nobody: %d", w.Code)
	}
}

// A headquarters in a file is the same after a restart, and its own journal verifies.
func TestRestart(t *testing.T) {
	h := newHouse(t)
	h.store = nil
	h.dir = filepath.Join(t.TempDir(), "alone")
	if _, err := Init(t.Context(), h.setup()); err != nil {
		t.Fatal(err)
	}
	o := newOutpost(t, "agarak", h.clock, 3)
	q := h.open()
	if err := q.AddNode(t.Context(), o.id); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Dir: h.dir, Clock: h.clock}); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("a second process on the file: %v", err)
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	q = h.open()
	if all := q.NodeList(); len(all) != 1 || all[0].Node != o.id {
		t.Errorf("after a restart the nodes are %+v", all)
	}
	file := filepath.Join(t.TempDir(), "bundle")
	if err := q.export(t.Context(), Export{File: file}); err != nil {
		t.Fatal(err)
	}
	report, err := verify.Bundle(t.Context(), file, verify.Options{Key: q.ledger.VerifierKey()})
	if err != nil || !report.OK() || report.Entries != q.ledger.Head().Size {
		t.Errorf("its own journal: %v %+v", err, report)
	}
	if b, _ := os.ReadFile(file); bytes.Contains(b, []byte("payload\":")) {
		t.Error("the bundle holds payloads")
	}
}

// The owner's commands change a headquarters that runs and one that does not, alike.
func TestCommands(t *testing.T) {
	h := newHouse(t)
	h.store, h.dir = nil, filepath.Join(t.TempDir(), "alone")
	if _, err := Init(t.Context(), h.setup()); err != nil {
		t.Fatal(err)
	}
	options := Options{Dir: h.dir, Clock: h.clock}
	a, b := newOutpost(t, "agarak", h.clock, 3), newOutpost(t, "meghri", h.clock, 4)
	command := func(name string, in any, want marz.Code) {
		t.Helper()
		err := Command(context.Background(), options, name, in, nil)
		if (err == nil) != (want == -1) || err != nil && marz.CodeOf(err) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	command(CommandAdd, a.id, -1)
	q := h.open()
	s := h.serve(q)
	command(CommandAdd, b.id, -1)
	command(CommandAdd, b.id, marz.Conflict)
	command(CommandDismiss, Node{Origin: a.id.Origin}, -1)
	command(CommandDismiss, Node{Origin: "test/nobody"}, marz.NotFound)
	if info, err := os.Stat(filepath.Join(h.dir, socketFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v %v", info, err)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	command(CommandDismiss, Node{Origin: b.id.Origin}, -1)
	for _, n := range h.open().NodeList() {
		if n.Gone == 0 {
			t.Errorf("%s is not dismissed", n.Origin)
		}
	}
}

func hashOf(o marz.Origin) string {
	sum := sha256.Sum256([]byte(o))
	return hex.EncodeToString(sum[:])
}
