package pgstore

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"marz"
	"marz/folder"
	"marz/journal"
	"marz/mirror"
)

func testClock() marz.Clock {
	var now atomic.Int64
	now.Store(1735674600000)
	return func() marz.Instant { return marz.Instant(now.Add(1)) }
}

type words map[string]any

func draft(public, private any) journal.Draft {
	return journal.Draft{Kind: "test.written", Authority: "am-bg", Under: "test/1", Policy: strings.Repeat("0", 64), Public: public, Private: private}
}

// node is a node with a journal.
type node struct {
	dir  string
	vkey string
	j    *journal.Journal
}

func newNode(t testing.TB) *node {
	t.Helper()
	key, vkey, err := journal.NewKey(rand.NewChaCha8([32]byte{1}), testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{dir: t.TempDir(), vkey: vkey}
	cfg := journal.Config{Dir: n.dir, Key: key, Clock: testClock()}
	if err := journal.Create(t.Context(), cfg, draft(nil, nil), journal.Created{Post: "agarak"}); err != nil {
		t.Fatal(err)
	}
	if n.j, err = journal.Open(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.j.Close() })
	return n
}

// update appends entries in one commit.
func (n *node) update(t testing.TB, do func(tx *journal.Tx) error) {
	t.Helper()
	if err := n.j.Update(context.Background(), do); err != nil {
		t.Fatal(err)
	}
}

// write appends so many entries in one commit, every other with a payload.
func (n *node) write(t testing.TB, many int) {
	t.Helper()
	n.update(t, func(tx *journal.Tx) error {
		for i := range many {
			var private any
			if i%2 == 0 {
				private = words{"name": fmt.Sprintf("UTOPIAN<<ANNA<%d", tx.Next())}
			}
			if _, err := tx.Append(draft(words{"i": i}, private)); err != nil {
				return err
			}
		}
		return nil
	})
}

// eraseOne erases one of the payloads that there still are.
func (n *node) eraseOne(t testing.TB, draw func(int) int) {
	t.Helper()
	var seqs []marz.Seq
	err := n.j.Payloads(context.Background(), 0, n.j.Head().Size, func(p journal.Private) error {
		seqs = append(seqs, p.Seq)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	n.update(t, func(tx *journal.Tx) error {
		_, err := tx.Erase(draft(nil, nil), []marz.Seq{seqs[draw(len(seqs))]}, "its time is up")
		return err
	})
}

func all(journal.Entry) bool { return true }

// hq is a receiver on a store of its own.
type hq struct {
	s    *Store
	r    *mirror.Receiver
	vkey string
}

// newHQ makes one of several nodes before one database: all have the same key.
func newHQ(t testing.TB, n *node, url string, client string) *hq {
	t.Helper()
	key, vkey, err := mirror.NewKey(rand.NewChaCha8([32]byte{2}), "am/mirror")
	if err != nil {
		t.Fatal(err)
	}
	cosigner, err := mirror.NewCosigner(key, testClock())
	if err != nil {
		t.Fatal(err)
	}
	h := &hq{s: mustOpen(t, url), vkey: vkey}
	h.r = mirror.NewReceiver(mirror.ReceiverConfig{Store: h.s, Cosigner: cosigner, Clock: testClock()})
	if err := h.r.SetOrigins([]mirror.Origin{{Name: testOrigin, Key: n.vkey, Clients: []string{client}, Entitled: all}}); err != nil {
		t.Fatal(err)
	}
	return h
}

// certificate makes a key and a certificate signed by itself.
func certificate(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(crand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func clientKey(c *x509.Certificate) string {
	return folder.KeyOf(c)
}

// listen serves a mirror on a database over mutual TLS on the loopback, and returns it with the node's way to it.
func listen(t testing.TB, n *node, url string) (*hq, mirror.Remote) {
	t.Helper()
	server, client := certificate(t), certificate(t)
	h := newHQ(t, n, url, clientKey(client.Leaf))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h.r}
	go s.Serve(tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS13}))
	t.Cleanup(func() { s.Close() })
	roots := x509.NewCertPool()
	roots.AddCert(server.Leaf)
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{client}, MinVersion: tls.VersionTLS13}}
	t.Cleanup(tr.CloseIdleConnections)
	return h, mirror.Remote{Name: "am", URL: "https://" + ln.Addr().String(), Key: h.vkey, Transport: tr}
}

// push runs a pusher until the test ends. It tries again soon after each failure, and never gives a silent line up.
func push(t testing.TB, n *node, remote mirror.Remote) *mirror.Pusher {
	t.Helper()
	const never = 1000 * time.Hour
	p, err := mirror.NewPusher(mirror.PusherConfig{Journal: n.j, Targets: []mirror.Target{{Remote: remote, Entitled: all}}, Clock: testClock(), Random: rand.Float64,
		Silence: never, Idle: never, Least: time.Millisecond, Most: 20 * time.Millisecond, After: func(d time.Duration) <-chan time.Time {
			if d == never {
				return nil
			}
			return time.After(d)
		}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); p.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return p
}

// until waits until something holds of how far the mirror is.
func until(t testing.TB, p *mirror.Pusher, holds func(mirror.Status) bool) mirror.Status {
	t.Helper()
	late := time.After(time.Minute)
	for {
		changed := p.Changed()
		s := p.Status()[0]
		if holds(s) {
			return s
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("it does not come to be: %+v", s)
		}
	}
}

// whole waits until the mirror has all of the journal, and compares the two byte for byte.
func whole(t testing.TB, n *node, p *mirror.Pusher, s mirror.Store) {
	t.Helper()
	until(t, p, func(s mirror.Status) bool { return s.Whole && s.Size == n.j.Head().Size })
	var want, got bytes.Buffer
	if err := journal.Export(context.Background(), n.dir, all, &want); err != nil {
		t.Fatal(err)
	}
	if err := mirror.Export(context.Background(), s, testOrigin, n.vkey, &got); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want.Bytes(), got.Bytes()) {
		t.Fatalf("the mirror is another: %d bytes, want %d", got.Len(), want.Len())
	}
	if st, err := s.State(context.Background(), testOrigin); err != nil || st != (mirror.State{Pending: st.Size, Next: st.Size, Size: n.j.Head().Size, Heads: st.Size, Payloads: st.Size}) {
		t.Fatalf("state %+v, %v", st, err)
	}
}
