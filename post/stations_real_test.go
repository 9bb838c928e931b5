package post

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"marz"
	"marz/emrtd/reading"
	program "marz/reader/station"
)

// stationSays is the terminal of a station.
type stationSays struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{}
}

func (w *stationSays) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case w.more <- struct{}{}:
	default:
	}
	return w.text.Write(b)
}

func (w *stationSays) until(t *testing.T, s string) {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		w.mu.Lock()
		text := w.text.String()
		w.mu.Unlock()
		if strings.Contains(text, s) {
			return
		}
		select {
		case <-w.more:
		case <-late:
			t.Fatalf("the station does not say %q:\n%s", s, text)
		}
	}
}

// TestRealStation: the program of the booth and the post understand each other: it asks, is refused, is accepted, hands a reading over that a service gave it, and the officer takes it.
func TestRealStation(t *testing.T) {
	tp := newTestPost(t)
	s := tp.utopia(t)
	srv := httptest.NewUnstartedServer(tp.stationHandler())
	srv.TLS = &tls.Config{MinVersion: tls.VersionTLS13, ClientAuth: tls.RequireAnyClientCert}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	dir := filepath.Join(t.TempDir(), "booth")
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	fingerprint, err := program.Init(program.Setup{Dir: dir, Post: srv.Listener.Addr().String(), CA: ca, Lane: "1", Random: rand.Reader, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("post = %q\nlane = \"1\"\nlisten = \"127.0.0.1:0\"\n", srv.Listener.Addr())
	if err := os.WriteFile(filepath.Join(dir, "reader.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	said := &stationSays{more: make(chan struct{}, 1)}
	st, err := program.Open(program.Options{Dir: dir, Terminal: said, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan net.Addr, 1), make(chan error, 1)
	go func() { ended <- st.Run(ctx, func(a net.Addr) { ready <- a }) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	service := "http://" + (<-ready).String()
	said.until(t, "HAS ACCEPTED THIS STATION")
	r := chipped(t, s, "reading-00000007", utopian(t, "U0000007"))
	give(t, dir, service, r, http.StatusForbidden)
	key := strings.ReplaceAll(fingerprint, " ", "")
	if err := tp.AcceptReader(t.Context(), tp.signIn("ru-bg/1"), key, "1"); err != nil {
		t.Fatal(err)
	}
	give(t, dir, service, r, http.StatusConflict) // nobody sits there
	a := tp.atLane("ru-bg/2", "1")
	give(t, dir, service, r, http.StatusOK)
	i, err := tp.TakeReading(t.Context(), a, "1", r.ID, false, false)
	if err != nil {
		t.Fatal(err)
	}
	if f := find(i, reading.Signature); f.Result != marz.Successful {
		t.Errorf("%+v", f)
	}
}

// give gives a reading to a station's endpoint, and demands the status.
func give(t *testing.T, dir, service string, r *reading.Reading, want int) {
	t.Helper()
	token, err := os.ReadFile(filepath.Join(dir, "token"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, service+"/reading", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != want {
		t.Fatalf("%d, want %d", resp.StatusCode, want)
	}
}
