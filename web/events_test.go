package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"marz"
	"marz/web"
)

// stream serves one stream of events and gives what the client reads of it, line by line.
type stream struct {
	updates chan *web.Live
	beat    chan time.Time
	lines   *bufio.Scanner
	done    chan error // of Events
	leave   context.CancelFunc
}

func openStream(t *testing.T) *stream {
	t.Helper()
	s := &stream{updates: make(chan *web.Live), beat: make(chan time.Time), done: make(chan error, 1)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.done <- web.Events(w, r, s.updates, s.beat)
	}))
	ctx, cancel := context.WithCancel(t.Context())
	s.leave = cancel
	t.Cleanup(func() {
		cancel()
		server.Close()
	})
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	if kind := answer.Header.Get("Content-Type"); kind != "text/event-stream; charset=utf-8" {
		t.Errorf("content type %q", kind)
	}
	s.lines = bufio.NewScanner(answer.Body)
	s.want(t, "retry: 1000", "")
	return s
}

func (s *stream) want(t *testing.T, lines ...string) {
	t.Helper()
	for _, want := range lines {
		if !s.lines.Scan() || s.lines.Text() != want {
			t.Fatalf("read %q (%v), want %q", s.lines.Text(), s.lines.Err(), want)
		}
	}
}

func (s *stream) wantDone(t *testing.T) {
	t.Helper()
	select {
	case err := <-s.done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("the stream goes on")
	}
}

func TestEvents(t *testing.T) {
	s := openStream(t)
	s.beat <- time.Time{}
	s.want(t, ":", "")
	s.updates <- &web.Live{Now: midday, Controller: "ru-bg"}
	s.want(t, "event: live")
	if !s.lines.Scan() {
		t.Fatal(s.lines.Err())
	}
	var live web.Live
	if err := json.Unmarshal([]byte(strings.TrimPrefix(s.lines.Text(), "data: ")), &live); err != nil || live.Now != midday || live.Controller != "ru-bg" {
		t.Errorf("%v: %s", err, s.lines.Text())
	}
	s.want(t, "")
	s.leave()
	s.wantDone(t)
}

func TestEventsEndWithTheSession(t *testing.T) {
	s := openStream(t)
	s.updates <- &web.Live{Now: midday, Ended: "Control passed."}
	s.want(t, "event: live")
	s.wantDone(t)
}

func TestEventsEndWithTheUpdates(t *testing.T) {
	s := openStream(t)
	close(s.updates)
	s.wantDone(t)
}

// TestEventsNeedAStream holds that an answer which cannot be sent bit by bit is an error and no endless silence.
func TestEventsNeedAStream(t *testing.T) {
	err := web.Events(plainWriter{httptest.NewRecorder()}, httptest.NewRequest(http.MethodGet, "/events", nil), nil, nil)
	if marz.CodeOf(err) != marz.Unavailable || err == nil {
		t.Errorf("error %v", err)
	}
}

// plainWriter cannot flush.
type plainWriter struct{ w http.ResponseWriter }

func (p plainWriter) Header() http.Header         { return p.w.Header() }
func (p plainWriter) Write(b []byte) (int, error) { return p.w.Write(b) }
func (p plainWriter) WriteHeader(status int)      { p.w.WriteHeader(status) }
