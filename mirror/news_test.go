package mirror

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"marz"
	"marz/journal"
)

// asking counts the questions to a store.
type asking struct {
	Store
	states atomic.Int64
}

func (a *asking) State(ctx context.Context, o marz.Origin) (State, error) {
	a.states.Add(1)
	return a.Store.State(ctx, o)
}

// Who waits for news hears of them when they come, takes no place among requests, and costs the database nothing: hundreds wait by one question.
func TestNews(t *testing.T) {
	const many = 200
	s := newSource(t, nil)
	s.give(t, 10)
	counted := &asking{Store: s.s}
	c, err := NewCosigner(s.place.key, testClock())
	if err != nil {
		t.Fatal(err)
	}
	ticks := make(chan time.Time)
	r := NewReceiver(ReceiverConfig{Store: counted, Cosigner: c, Clock: testClock(), Requests: 4, Client: 2, Look: time.Second, After: func(d time.Duration) <-chan time.Time {
		if d == time.Second {
			return ticks
		}
		return nil
	}})
	of := s.of
	of.Readers = func(string) (func(journal.Entry) bool, bool) { return nil, true }
	if err := r.SetOrigins([]Origin{of}); err != nil {
		t.Fatal(err)
	}
	tag := headTag(s.j.Head())
	ask := func(client, prefer string) (*http.Response, error) {
		q, _ := http.NewRequest(http.MethodGet, "http://hq/"+originHash(testOrigin)+"/checkpoint", nil)
		q.Header.Set("If-None-Match", tag)
		q.Header.Set("Prefer", prefer)
		return serve(r, q, client)
	}
	if resp, err := ask("early", "respond-async"); err != nil || resp.StatusCode != http.StatusNotModified {
		t.Fatalf("without a wait: %v, %v", resp.StatusCode, err)
	}
	var group sync.WaitGroup
	var heard atomic.Int64
	joined := func() int {
		r.news.mu.Lock()
		defer r.news.mu.Unlock()
		return r.news.waiting
	}
	for i := range many {
		for busy := true; busy; { // requests at once are few, and those that wait are not among them
			r.mu.Lock()
			busy = r.running >= 4
			r.mu.Unlock()
			runtime.Gosched()
		}
		group.Go(func() {
			resp, err := ask("post"+string(rune('a'+i%26))+string(rune('a'+i/26)), "wait=30")
			if err == nil && resp.StatusCode == http.StatusOK {
				heard.Add(1)
			}
		})
		for joined() <= i {
			runtime.Gosched()
		}
	}
	before := counted.states.Load()
	ticks <- time.Time{}
	s.give(t, 1)
	ticks <- time.Time{}
	group.Wait()
	if heard.Load() != many {
		t.Errorf("%d of %d heard", heard.Load(), many)
	}
	if asked := counted.states.Load() - before; asked > 4 {
		t.Errorf("%d questions for %d that wait", asked, many)
	}
	select {
	case ticks <- time.Time{}: // nobody waits: it ends
	case <-time.After(time.Minute):
		t.Error("nobody looks any more")
	}
}

// A file comes in parts, goes on where a line was cut, and has its name only when it is what its digest says.
func TestFile(t *testing.T) {
	content := make([]byte, 2*filePart+12345)
	for i := range content {
		content[i] = byte(i * 7 >> 3)
	}
	digest, err := digestOf(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	s := newSource(t, nil)
	s.give(t, 1)
	s.r.cfg.Files = func(_ context.Context, client, asked string) (io.ReadSeekCloser, error) {
		if asked != digest || client != clientKey("reader") {
			return nil, &marz.Error{Code: marz.NotFound}
		}
		return struct {
			io.ReadSeeker
			io.Closer
		}{bytes.NewReader(content), io.NopCloser(nil)}, nil
	}
	f := newFollower(t, s.node.vkey, &line{s.place, "reader"})
	path := filepath.Join(t.TempDir(), digest)
	asked := 0
	f.c.Transport = &bent{line{s.place, "reader"}, func(q *http.Request, resp *http.Response) (*http.Response, error) {
		if asked++; asked == 2 {
			return nil, errors.New("cut")
		}
		return resp, nil
	}}
	if err := f.File(t.Context(), digest, int64(len(content)), path); marz.CodeOf(err) != marz.Unavailable {
		t.Fatalf("a cut line: %v", err)
	}
	f.store.Close()
	f.start(t) // as after a restart
	var ranges []string
	f.c.Transport = &bent{line{s.place, "reader"}, func(q *http.Request, resp *http.Response) (*http.Response, error) {
		ranges = append(ranges, q.Header.Get("Range"))
		return resp, nil
	}}
	if err := f.File(t.Context(), digest, int64(len(content)), path); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if len(ranges) != 2 || !strings.HasPrefix(ranges[0], "bytes=4194304-") {
		t.Errorf("asked for %v", ranges)
	}

	content[99] ^= 1
	other := filepath.Join(t.TempDir(), digest)
	if err := f.File(t.Context(), digest, int64(len(content)), other); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("an altered file: %v", err)
	}
	if _, err := os.Stat(other); err == nil {
		t.Error("an altered file has its name")
	}
	if docs, err := f.store.Evidence(t.Context(), testOrigin, EvidenceFile); err != nil || len(docs) != 1 {
		t.Errorf("%d pieces of evidence, %v", len(docs), err)
	}
	stranger := newFollower(t, s.node.vkey, &line{s.place, "stranger"})
	if err := stranger.File(t.Context(), digest, int64(len(content)), other); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("a stranger: %v", err)
	}
}
