package mirror

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"marz"
	"marz/folder"
	"marz/journal"
	"marz/verify"
)

// TestMain sets how often laws are tried, where nobody said it.
func TestMain(m *testing.M) {
	flag.Parse()
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "rapid.checks" })
	if !said {
		checks := "40"
		if raced {
			checks = "8"
		}
		flag.Set("rapid.checks", checks)
	}
	os.Exit(m.Run())
}

const testOrigin marz.Origin = "test/agarak"

var policy = strings.Repeat("0", 64)

func testClock() marz.Clock {
	var now atomic.Int64
	now.Store(1735674600000)
	return func() marz.Instant { return marz.Instant(now.Add(1)) }
}

func draft(a marz.AuthorityID, public, private any) journal.Draft {
	return journal.Draft{Kind: "test.written", Authority: a, Under: "test/1", Policy: policy, Public: public, Private: private}
}

type words map[string]any

// node is a node with a journal, which can be stopped and started.
type node struct {
	cfg  journal.Config
	vkey string
	j    *journal.Journal
}

func newNode(t testing.TB) *node {
	t.Helper()
	key, vkey, err := journal.NewKey(rand.NewChaCha8([32]byte{1}), testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{cfg: journal.Config{Dir: t.TempDir(), Key: key, Clock: testClock()}, vkey: vkey}
	if err := journal.Create(context.Background(), n.cfg, draft("am-bg", nil, nil), journal.Created{Post: "agarak"}); err != nil {
		t.Fatal(err)
	}
	n.start(t)
	t.Cleanup(func() { n.j.Close() })
	return n
}

func (n *node) start(t testing.TB) {
	t.Helper()
	j, err := journal.Open(context.Background(), n.cfg)
	if err != nil {
		t.Fatal(err)
	}
	n.j = j
}

// write appends so many entries in one commit, every other with a payload.
func (n *node) write(t testing.TB, a marz.AuthorityID, many int) {
	t.Helper()
	err := n.j.Update(context.Background(), func(tx *journal.Tx) error {
		for i := range many {
			var private any
			if i%2 == 0 {
				private = words{"name": fmt.Sprintf("UTOPIAN<<%s<%d", a, tx.Next())}
			}
			if _, err := tx.Append(draft(a, words{"i": i}, private)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (n *node) erase(t testing.TB, seqs ...marz.Seq) {
	t.Helper()
	err := n.j.Update(context.Background(), func(tx *journal.Tx) error {
		_, err := tx.Erase(draft("am-bg", nil, nil), seqs, "its time is up")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// clientCert stands for the certificate of a node's TLS client.
func clientCert(name string) *x509.Certificate {
	return &x509.Certificate{RawSubjectPublicKeyInfo: []byte("key of " + name)}
}

func clientKey(name string) string {
	return folder.KeyOf(clientCert(name))
}

// post is a mirror that can be stopped and started.
type place struct {
	path string
	name string
	key  string // signer
	vkey string
	of   Origin
	// after has requests wait for news; nil: they do not.
	after func(time.Duration) <-chan time.Time
	s     *SQLite
	r     *Receiver
}

func newPlace(t testing.TB, n *node, name string, entitled func(journal.Entry) bool) *place {
	t.Helper()
	signer, vkey, err := NewKey(rand.NewChaCha8([32]byte{byte(len(name)), name[0]}), name+"/mirror")
	if err != nil {
		t.Fatal(err)
	}
	p := &place{path: filepath.Join(t.TempDir(), "mirror.db"), name: name, key: signer, vkey: vkey,
		of: Origin{Name: testOrigin, Key: n.vkey, Clients: []string{clientKey("node")}, Entitled: entitled}}
	p.start(t)
	t.Cleanup(func() { p.s.Close() })
	return p
}

func (p *place) start(t testing.TB) {
	t.Helper()
	s, err := OpenSQLite(context.Background(), p.path, "")
	if err != nil {
		t.Fatal(err)
	}
	p.s = s
	p.r = p.receiver(t, s)
}

func (p *place) receiver(t testing.TB, s Store) *Receiver {
	t.Helper()
	c, err := NewCosigner(p.key, testClock())
	if err != nil {
		t.Fatal(err)
	}
	r := NewReceiver(ReceiverConfig{Store: s, Cosigner: c, Clock: testClock(), After: p.after, Look: 5 * time.Millisecond})
	if err := r.SetOrigins([]Origin{p.of}); err != nil {
		t.Fatal(err)
	}
	return r
}

// line carries requests straight to a mirror, as a client with a name.
type line struct {
	p    *place
	name string
}

func (l *line) RoundTrip(q *http.Request) (*http.Response, error) {
	return serve(l.p.r, q, l.name)
}

// serve has a receiver answer a request as a server would.
func serve(h http.Handler, q *http.Request, client string) (resp *http.Response, err error) {
	in := q.Clone(q.Context())
	in.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{clientCert(client)}}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler {
				panic(p)
			}
			resp, err = nil, errors.New("aborted")
		}
	}()
	h.ServeHTTP(w, in)
	return w.Result(), nil
}

func (p *place) remote(rt http.RoundTripper) Remote {
	return Remote{Name: p.name, URL: "http://" + p.name, Key: p.vkey, Transport: rt}
}

func never(time.Duration) <-chan time.Time { return nil }

func newPusher(t testing.TB, n *node, targets ...Target) *Pusher {
	t.Helper()
	p, err := NewPusher(PusherConfig{Journal: n.j, Targets: targets, Clock: testClock(), Random: func() float64 { return 0.5 }, After: never})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// push makes one round of each feed, and fails when one does.
func (p *Pusher) push(t testing.TB) {
	t.Helper()
	for _, f := range p.feeds {
		if err := f.round(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

func all(journal.Entry) bool { return true }

// equal holds a mirror to what it should have of the journal up to a size: every byte of entries, hashes and heads, payloads of those entitled to and no
// other; and has the independent checker look at what it exports.
func equal(t testing.TB, n *node, p *place, size int64, entitled func(journal.Entry) bool) {
	t.Helper()
	var want, got bytes.Buffer
	if err := exportPrefix(n, p, size, entitled, &want); err != nil {
		t.Fatal(err)
	}
	if err := Export(context.Background(), p.s, testOrigin, n.vkey, &got); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want.Bytes(), got.Bytes()) {
		w, g := strings.Split(want.String(), "\n"), strings.Split(got.String(), "\n")
		for i := range w {
			if i >= len(g) || w[i] != g[i] {
				t.Fatalf("the mirror is another at line %d of %d (%d):\n%.300s\nwant\n%.300s", i, len(g), len(w), line2(g, i), w[i])
			}
		}
		t.Fatalf("the mirror has %d lines more", len(g)-len(w))
	}
	report, err := verify.BundleAt(context.Background(), bytes.NewReader(got.Bytes()), int64(got.Len()), verify.Options{Key: n.vkey})
	if err != nil || !report.OK() || report.Entries != size {
		t.Fatalf("the checker says %+v, %v", report, err)
	}
}

func line2(all []string, i int) string {
	if i < len(all) {
		return all[i]
	}
	return "(nothing)"
}

// exportPrefix writes the bundle of a journal's beginning, from the journal alone. Only payloads that were erased after the feed to the mirror had ended are
// looked up there: it may have got them before, and was not told.
func exportPrefix(n *node, m *place, size int64, entitled func(journal.Entry) bool, w io.Writer) error {
	ctx := context.Background()
	b, err := journal.NewBundle(w, testOrigin, n.vkey, true)
	if err != nil {
		return err
	}
	type private struct{ salt, body []byte }
	given := map[int64]private{}
	err = n.j.Payloads(ctx, 0, size, func(p journal.Private) error {
		if entitled != nil && entitled(p.Entry) {
			given[int64(p.Seq)] = private{p.Salt, p.Payload}
		}
		return nil
	})
	if err != nil {
		return err
	}
	untold := map[int64]bool{}
	err = n.j.Bodies(ctx, size, n.j.Head().Size, func(_ int64, body []byte) error {
		for _, seq := range journal.ErasedBy(body) {
			untold[seq] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = m.s.Payloads(ctx, testOrigin, 0, size, func(p PayloadRow) error {
		if untold[p.Seq] {
			given[p.Seq] = private{bytes.Clone(p.Salt), bytes.Clone(p.Body)}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var tree journal.Frontier
	err = n.j.Bodies(ctx, 0, size, func(seq int64, body []byte) error {
		return b.Entry(seq, body, tree.Add(leaf(body)), given[seq].salt, given[seq].body)
	})
	if err != nil {
		return err
	}
	if err := n.j.Heads(ctx, 0, size, 1<<30, func(_ int64, msg []byte) error { return b.Head(msg) }); err != nil {
		return err
	}
	return b.End()
}
