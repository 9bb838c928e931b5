package station

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"marz"
	"marz/emrtd/reading"
)

// Zones of ICAO 9303-4, -5 and -7.
const (
	passport = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
	card     = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
	visa     = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<"
)

// fakePost is the post's listener for stations: mutual TLS 1.3, stations known by their key, one reading an id. It fails on command.
type fakePost struct {
	ca     []byte
	tls    *tls.Config
	server *httptest.Server
	told   chan *reading.Reading // each reading once
	heard  chan string           // the steps of chips

	mu       sync.Mutex
	accepted string // fingerprint of the station at the lane
	lane     marz.LaneID
	stop     string                                        // the step at which the officer does not want to wait any more
	says     []string                                      // what stations say of their lane
	readings map[string]bool                               // by id
	fail     func(w http.ResponseWriter, path string) bool // answers in place of the post
	keep     bool                                          // the failure comes after the reading was taken
}

func authority(t testing.TB, name string) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func startPost(t testing.TB) *fakePost {
	t.Helper()
	ca, caKey := authority(t, "CA of the post")
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: ca.NotBefore, NotAfter: ca.NotAfter, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, form, ca, key.Public(), caKey)
	if err != nil {
		t.Fatal(err)
	}
	p := &fakePost{ca: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Raw}), lane: "1", readings: map[string]bool{}, told: make(chan *reading.Reading, 16), heard: make(chan string, 64)}
	p.tls = &tls.Config{MinVersion: tls.VersionTLS13, ClientAuth: tls.RequireAnyClientCert, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	p.listen(t, "127.0.0.1:0")
	t.Cleanup(func() { p.server.Close() })
	return p
}

// listen makes the post reachable at an address. After server.Close it is not.
func (p *fakePost) listen(t testing.TB, address string) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	p.server = &httptest.Server{Listener: l, TLS: p.tls.Clone(), Config: &http.Server{Handler: p, ErrorLog: log.New(io.Discard, "", 0)}} // stations that go away are the tests'
	p.server.StartTLS()
}

func (p *fakePost) address() string { return p.server.Listener.Addr().String() }

// set changes the post.
func (p *fakePost) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status int, code, text string) bool {
	answer(w, status, map[string]string{"error": text, "code": code})
	return true
}

func (p *fakePost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	p.mu.Lock()
	known, fail, keep := Fingerprint(r.TLS.PeerCertificates[0].RawSubjectPublicKeyInfo), p.fail, p.keep
	accepted := p.accepted == known
	p.says = append(p.says, r.Header.Get("Marz-Lane"))
	p.mu.Unlock()
	if fail != nil && !keep && fail(w, r.URL.Path) {
		return
	}
	switch {
	case r.URL.Path == "/station":
		k := map[string]any{"post": "agarak", "accepted": accepted, "fingerprint": known}
		if accepted {
			k["lane"] = p.lane
		}
		answer(w, 200, k)
	case !accepted:
		refuse(w, 403, "forbidden", "no supervisor has accepted this station")
	case r.URL.Path == "/progress":
		p.progress(w, body)
	case r.URL.Path == "/reading":
		p.take(w, r, body, fail, keep)
	default:
		refuse(w, 404, "not found", "there is no such thing")
	}
}

func (p *fakePost) progress(w http.ResponseWriter, body []byte) {
	var s step
	if json.Unmarshal(body, &s) != nil || s.ID == "" || s.Step == "" {
		refuse(w, 400, "invalid", "it is no progress")
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case p.heard <- s.Step:
	default: // no test waits for so many
	}
	answer(w, 200, map[string]bool{"stop": p.stop != "" && p.stop == s.Step})
}

func (p *fakePost) take(w http.ResponseWriter, r *http.Request, body []byte, fail func(http.ResponseWriter, string) bool, keep bool) {
	got, err := reading.Parse(body)
	if err != nil || r.Header.Get("Content-Type") != "application/json" {
		refuse(w, 400, "invalid", "it is no reading")
		return
	}
	p.mu.Lock()
	fresh := !p.readings[got.ID]
	p.readings[got.ID] = true
	p.mu.Unlock()
	if fresh {
		p.told <- got
	}
	if fail != nil && keep && fail(w, r.URL.Path) {
		return
	}
	answer(w, 200, map[string]marz.LaneID{"lane": p.lane})
}

// hangUp ends the connection of a request without an answer.
func hangUp(w http.ResponseWriter) bool {
	c, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		c.Close()
	}
	return true
}

// terminal is where a station says what happens. Tests wait for its words.
type terminal struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func newTerminal() *terminal { return &terminal{more: make(chan struct{}, 1)} }

func (x *terminal) Write(b []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	select {
	case x.more <- struct{}{}:
	default:
	}
	return x.text.Write(b)
}

func (x *terminal) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.text.String()
}

// until waits until the terminal says something, n times in all.
func (x *terminal) until(t testing.TB, words string, n int) {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		if bytes.Count([]byte(x.String()), []byte(words)) >= n {
			return
		}
		select {
		case <-x.more:
		case <-late:
			t.Fatalf("the terminal does not say %q:\n%s", words, x)
		}
	}
}
