package pgstore

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"marz/internal/pgtest"
	"marz/mirror"
)

var errLine = errors.New("the line is down")

// badLine carries each request to one of several headquarters' nodes, or to two at once, or loses, cuts and delays it.
type badLine struct {
	all  []*hq
	cert *x509.Certificate
	good atomic.Bool

	mu      sync.Mutex
	random  *rand.Rand
	delayed []*http.Request
}

func (l *badLine) draw(n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.random.IntN(n)
}

// give has one of the nodes answer the first n bytes of a request; -1: all.
func (l *badLine) give(q *http.Request, body []byte, n int) *http.Response {
	in := q.Clone(q.Context())
	in.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{l.cert}}
	in.Body = io.NopCloser(bytes.NewReader(body))
	if n >= 0 {
		in.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:n]), failing{}))
	}
	w := httptest.NewRecorder()
	l.all[l.draw(len(l.all))].r.ServeHTTP(w, in)
	return w.Result()
}

// failing is the rest of a body that does not come.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// RoundTrip implements http.RoundTripper.
func (l *badLine) RoundTrip(q *http.Request) (*http.Response, error) {
	var body []byte
	if q.Body != nil {
		var err error
		if body, err = io.ReadAll(q.Body); err != nil {
			return nil, err
		}
	}
	fate := l.draw(12)
	if l.good.Load() {
		fate = -1
	}
	switch fate {
	case 0: // it is lost
		return nil, errLine
	case 1: // the answer is
		l.give(q, body, -1)
		return nil, errLine
	case 2: // it is cut
		l.give(q, body, l.draw(len(body)+1))
		return nil, errLine
	case 3, 4: // it comes two times at once
		twice := make(chan struct{})
		go func() { defer close(twice); l.give(q, body, -1) }()
		resp := l.give(q, body, -1)
		<-twice
		return resp, nil
	case 5: // it comes long after
		late := q.Clone(q.Context())
		late.Body = io.NopCloser(bytes.NewReader(body))
		l.mu.Lock()
		l.delayed = append(l.delayed, late)
		l.mu.Unlock()
		return nil, errLine
	}
	return l.give(q, body, -1), nil
}

// arrive lets what was delayed arrive at last.
func (l *badLine) arrive() {
	l.mu.Lock()
	late := l.delayed
	l.delayed = nil
	l.mu.Unlock()
	for _, q := range late {
		body, _ := io.ReadAll(q.Body)
		l.give(q, body, -1)
	}
}

// Whatever becomes of requests, whichever of several nodes before one database gets them, and however often its server is killed: in the end the mirror is the journal byte for byte, nothing lost, nothing
// doubled, nothing that was erased.
func TestMirrorsBecomeTheJournal(t *testing.T) {
	n := newNode(t)
	server := pgtest.Start(t)
	url := server.URL(server.Database(t))
	cert := certificate(t).Leaf
	line := &badLine{cert: cert, random: rand.New(rand.NewPCG(7, 3))}
	for range 3 {
		line.all = append(line.all, newHQ(t, n, url, clientKey(cert)))
	}
	p := push(t, n, mirror.Remote{Name: "am", URL: "http://am", Key: line.all[0].vkey, Transport: line, Plain: true})
	for round := range 12 {
		n.write(t, 1+line.draw(700))
		before := n.j.Head().Size
		if round%3 == 1 {
			n.eraseOne(t, line.draw)
		}
		if round%5 == 3 {
			server.Kill(t)
			line.arrive()
			server.Restart(t)
		}
		if round%2 == 0 {
			line.arrive()
			until(t, p, func(s mirror.Status) bool { return s.Size >= before })
		}
	}
	line.good.Store(true)
	line.arrive()
	for _, h := range line.all {
		whole(t, n, p, h.s)
	}
	for _, kind := range []string{mirror.EvidenceFork, mirror.EvidencePayload} {
		if e, err := line.all[0].s.Evidence(t.Context(), testOrigin, kind); err != nil || len(e) > 0 {
			t.Errorf("evidence against a node that has done nothing wrong: %s, %v", e, err)
		}
	}
}
