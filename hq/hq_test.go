package hq

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"marz"
	"marz/agreement"
	"marz/folder"
	"marz/journal"
	"marz/mirror"
	"marz/passkey"
)

const treaty = `
[[agreement]]
id = "treaty"
title = "A treaty"
parties = ["am-bg", "ru-bg"]
signed = "1992-09-30"
source = "invented"
article = [
 { id = "1", kind = "control", authority = "am-bg", place = "agarak", from = "1992-09-30T00:00:00+03:00", text = "" },
 { id = "2", kind = "control", authority = "ru-bg", place = "gyumri", from = "1992-09-30T00:00:00+03:00", text = "" },
]
`

const noon marz.Instant = 1735718400000 // 2025-01-01T08:00:00Z

// keysOf are the authorities' secret keys, and the ground with their public halves.
func testGround(t testing.TB) (agreement.Ground, map[marz.AuthorityID]string) {
	t.Helper()
	g := agreement.Ground{Places: []marz.Place{{ID: "agarak", Kind: "post", Name: "Agarak", State: "ARM"}, {ID: "gyumri", Kind: "post", Name: "Gyumri", State: "ARM"}, {ID: "meghri", Kind: "post", Name: "Meghri", State: "ARM"}}}
	secret := map[marz.AuthorityID]string{}
	for i, a := range []marz.Authority{{ID: "am-bg", State: "ARM", Name: "Border Guard Troops of Armenia"}, {ID: "ru-bg", State: "RUS", Name: "Border Directorate of Russia in Armenia"}} {
		var err error
		if secret[a.ID], a.Key, err = agreement.NewKey(rand.NewChaCha8([32]byte{byte(i)}), a.ID); err != nil {
			t.Fatal(err)
		}
		g.Authorities = append(g.Authorities, a)
	}
	return g, secret
}

// house is a headquarters of am-bg with one store, before which any number of its nodes stand.
type house struct {
	t      testing.TB
	dir    string
	store  mirror.Store
	now    atomic.Int64
	link   string // of the first supervisor
	secret map[marz.AuthorityID]string
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, dir: filepath.Join(t.TempDir(), "hq")}
	h.now.Store(int64(noon))
	store, err := mirror.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), storeFile), "")
	if err != nil {
		t.Fatal(err)
	}
	h.store = store
	t.Cleanup(func() { store.Close() })
	if h.link, err = Init(t.Context(), h.setup()); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) setup() Setup {
	doc, err := agreement.Parse("test", []byte(treaty))
	if err != nil {
		h.t.Fatal(err)
	}
	var ground agreement.Ground
	ground, h.secret = testGround(h.t)
	return Setup{Dir: h.dir, Origin: "test/am-bg-hq", Zone: "Asia/Yerevan", Ground: ground, Register: doc.Instruments(),
		Config: DefaultConfig("am-bg", "localhost:0", "localhost:0", "localhost", ""), Supervisor: "am-bg/1", Name: "A One", Clock: h.clock, Wall: time.Now, Store: h.store}
}

func (h *house) clock() marz.Instant { return marz.Instant(h.now.Add(1)) }

// another makes the folder of one more node, as the guide says: with the same keys and the same hq.toml.
func (h *house) another() string {
	h.t.Helper()
	dir := h.t.TempDir()
	if err := errors.Join(os.CopyFS(filepath.Join(dir, folder.Keys), os.DirFS(filepath.Join(h.dir, folder.Keys))), os.Link(filepath.Join(h.dir, configFile), filepath.Join(dir, configFile))); err != nil {
		h.t.Fatal(err)
	}
	return dir
}

// open opens one more node.
func (h *house) open() *HQ {
	h.t.Helper()
	dir := h.dir
	if h.store != nil {
		dir = h.another()
	}
	q, err := Open(context.Background(), Options{Dir: dir, Clock: h.clock, Store: h.store})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { q.Close() })
	return q
}

// admitted is an officer who has made a passkey, and has signed in at a node. It returns his cookie.
func (h *house) admitted(q *HQ, id marz.OfficerID, role marz.Role) (secret string, actor Actor) {
	h.t.Helper()
	code := strings.TrimPrefix(h.link, q.config.origin()+"/enrol/")
	if id != "am-bg/1" {
		_, first := h.admitted(q, "am-bg/1", marz.RoleSupervisor)
		inv, err := q.Invite(context.Background(), first, id, "A. Fictional", role)
		if err != nil {
			h.t.Fatal(err)
		}
		code = strings.TrimPrefix(inv.Link, q.config.origin()+"/enrol/")
	}
	key := passkey.Credential{ID: []byte(id), Officer: id, Record: []byte(`{}`)}
	if o := q.officer(id); o.enrolled == 0 {
		if err := q.Enrol(context.Background(), code, key); err != nil {
			h.t.Fatal(err)
		}
	}
	secret, err := q.signIn(context.Background(), id, &key)
	if err != nil {
		h.t.Fatal(err)
	}
	actor, _, err = q.Session(secret)
	if err != nil {
		h.t.Fatal(err)
	}
	return secret, actor
}

// serving is a node that really listens.
type serving struct {
	browsers, nodes string
	stop            func() error
}

func (h *house) serve(q *HQ) *serving {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s, ended := &serving{}, make(chan error, 1)
	ready := make(chan struct{})
	go func() {
		ended <- q.Serve(ctx, func(b, n net.Addr) { s.browsers, s.nodes = b.String(), n.String(); close(ready) })
	}()
	select {
	case <-ready:
	case err := <-ended:
		h.t.Fatal(err)
	}
	stopped := false
	s.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-ended
	}
	h.t.Cleanup(func() { s.stop() })
	return s
}

// outpost is a post's node: a journal, and a client certificate.
type outpost struct {
	t    testing.TB
	j    *journal.Journal
	cert tls.Certificate
	id   Node
	addr atomic.Pointer[string] // of the listener that it calls
}

func newOutpost(t testing.TB, post marz.PostID, clock marz.Clock, seed byte) *outpost {
	t.Helper()
	dir := t.TempDir()
	origin := marz.Origin("test/" + post)
	key, vkey, err := journal.NewKey(rand.NewChaCha8([32]byte{seed}), origin)
	if err != nil {
		t.Fatal(err)
	}
	cfg := journal.Config{Dir: dir, Key: key, Clock: clock}
	if err := journal.Create(t.Context(), cfg, draft("am-bg", nil, nil), journal.Created{Post: post}); err != nil {
		t.Fatal(err)
	}
	o := &outpost{t: t}
	if o.j, err = journal.Open(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.j.Close() })
	o.cert = newCert(t)
	o.id = Node{Post: post, Origin: origin, Key: vkey, Client: folder.KeyOf(o.cert.Leaf)}
	return o
}

func newCert(t testing.TB) tls.Certificate {
	t.Helper()
	dir := t.TempDir()
	if err := errors.Join(folder.Make(filepath.Join(dir, "x"), func(d string) error { return folder.MakeSelfSigned(d, "client.pem", "test", time.Now()) })); err != nil {
		t.Fatal(err)
	}
	cert, err := folder.SelfSigned(filepath.Join(dir, "x"), "client.pem")
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func draft(a marz.AuthorityID, public, private any) journal.Draft {
	return journal.Draft{Kind: "test.written", Authority: a, Under: "treaty/1", Policy: strings.Repeat("0", 64), Public: public, Private: private}
}

type words map[string]any

// write appends entries of an authority.
func (o *outpost) write(a marz.AuthorityID, n int) {
	o.t.Helper()
	for i := range n {
		err := o.j.Update(context.Background(), func(tx *journal.Tx) error {
			_, err := tx.Append(draft(a, words{"n": i}, words{"name": fmt.Sprint("a person ", i)}))
			return err
		})
		if err != nil {
			o.t.Fatal(err)
		}
	}
}

// push starts the feed to a headquarters that is known by its identity alone, as posts know it.
func (o *outpost) push(id Identity, entitled func(journal.Entry) bool) *mirror.Pusher {
	o.t.Helper()
	p, err := mirror.NewPusher(mirror.PusherConfig{Journal: o.j, Clock: func() marz.Instant { return noon }, Random: rand.Float64, After: time.After, Least: time.Millisecond, Most: 20 * time.Millisecond,
		Targets: []mirror.Target{{Remote: mirror.Remote{Name: string(id.Authority), URL: id.URL, Key: id.Key, Transport: o.transport(id)}, Entitled: entitled}}})
	if err != nil {
		o.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); p.Run(ctx) }()
	o.t.Cleanup(func() { stop(); <-done })
	return p
}

// transport speaks to the headquarters' listener for nodes, by the key that it is known by.
func (o *outpost) transport(id Identity) *http.Transport {
	pinned := func(raw [][]byte, _ [][]*x509.Certificate) error {
		cert, err := x509.ParseCertificate(raw[0])
		if err == nil && folder.KeyOf(cert) != id.TLS {
			err = errors.New("it is not the headquarters")
		}
		return err
	}
	return &http.Transport{
		TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{o.cert}, InsecureSkipVerify: true, VerifyPeerCertificate: pinned},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", *o.addr.Load())
		},
		DisableKeepAlives: true, // so that it goes where it is told to
	}
}

// until waits until the feed is in a state.
func until(t testing.TB, p *mirror.Pusher, want func(mirror.Status) bool) {
	t.Helper()
	limit := time.After(20 * time.Second)
	for {
		changed := p.Changed()
		if want(p.Status()[0]) {
			return
		}
		select {
		case <-changed:
		case <-limit:
			t.Fatalf("the feed is at %+v", p.Status()[0])
		}
	}
}

// whole waits until all of the journal is at the headquarters.
func (o *outpost) whole(p *mirror.Pusher) {
	o.t.Helper()
	p.Wake()
	until(o.t, p, func(s mirror.Status) bool { return s.Whole && s.Size == o.j.Head().Size })
}

// get asks a node's pages with a cookie.
func get(t testing.TB, q *HQ, method, path, cookie, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, "https://localhost"+path, strings.NewReader(body))
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Content-Type", "application/json")
	if cookie != "" {
		r.AddCookie(&http.Cookie{Name: cookieName, Value: cookie})
	}
	w := httptest.NewRecorder()
	q.Handler().ServeHTTP(w, r)
	return w
}

// size is how many entries the headquarters' own journal has.
func size(t testing.TB, q *HQ) int64 {
	t.Helper()
	if err := q.ledger.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	return q.ledger.Head().Size
}
