package mirror

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"marz"
	"marz/journal"
)

// source is a journal that is given to readers: a node whose mirror lets "reader" read.
type source struct {
	*node
	*place
	push *Pusher
}

func newSource(t testing.TB, entitled func(journal.Entry) bool) *source {
	t.Helper()
	n := newNode(t)
	s := &source{node: n, place: newPlace(t, n, "hq", all)}
	s.of.Readers = func(client string) (func(journal.Entry) bool, bool) { return entitled, client == clientKey("reader") }
	s.restart(t)
	return s
}

// restart starts what gives the journal anew, with what it is to know of its readers.
func (s *source) restart(t testing.TB) {
	t.Helper()
	s.s.Close()
	s.place.start(t)
	s.push = newPusher(t, s.node, Target{Remote: s.remote(&line{s.place, "node"}), Entitled: all})
}

// give writes entries and has them given.
func (s *source) give(t testing.TB, many int) {
	t.Helper()
	s.write(t, "am-bg", many)
	s.push.push(t)
}

// follower is a store that follows a source, through a line that tests bend.
type follower struct {
	*Follower
	path  string
	store *SQLite
	line  http.RoundTripper
	vkey  string
}

func newFollower(t testing.TB, vkey string, rt http.RoundTripper) *follower {
	t.Helper()
	f := &follower{path: filepath.Join(t.TempDir(), "hq.db"), line: rt, vkey: vkey}
	f.start(t)
	t.Cleanup(func() { f.store.Close() })
	return f
}

func (f *follower) start(t testing.TB) {
	t.Helper()
	var err error
	if f.store, err = OpenSQLite(context.Background(), f.path, ""); err != nil {
		t.Fatal(err)
	}
	f.Follower, err = NewFollower(context.Background(), FollowerConfig{Remote: Remote{Name: "hq", URL: "http://hq", Transport: f.line}, VerifierKey: f.vkey, Store: f.store,
		Clock: testClock(), Random: func() float64 { return 0 }, After: at0})
	if err != nil {
		t.Fatal(err)
	}
}

// at0 ends every wait at once, and holds no line dead.
func at0(d time.Duration) <-chan time.Time {
	if d >= 30*time.Second {
		return nil
	}
	c := make(chan time.Time, 1)
	c <- time.Time{}
	return c
}

func (f *follower) follow(t testing.TB) {
	t.Helper()
	if _, err := f.round(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// holds fails unless the follower holds the source byte for byte, with the payloads of those entries that its reader is given.
func (f *follower) holds(t testing.TB, s *source, entitled func(journal.Entry) bool) {
	t.Helper()
	want, got := dump(t, s.s, entitled), dump(t, f.store, all)
	if !slices.Equal(want, got) {
		for i := range want {
			if i >= len(got) || want[i] != got[i] {
				t.Fatalf("line %d of %d (%d):\n%.200s\nwant\n%.200s", i, len(got), len(want), line2(got, i), want[i])
			}
		}
		t.Fatalf("it holds %d lines more", len(got)-len(want))
	}
	if st := f.Status(); st.Size != s.j.Head().Size || st.Behind() != 0 {
		t.Errorf("status %+v", st)
	}
}

func dump(t testing.TB, s Store, entitled func(journal.Entry) bool) (out []string) {
	t.Helper()
	var given []bool
	st, err := s.State(t.Context(), testOrigin)
	if err == nil {
		err = s.Entries(t.Context(), testOrigin, 0, st.Size, func(r Row) error {
			e, err := journal.ParseEntry(r.Body)
			given = append(given, entitled != nil && entitled(e))
			out = append(out, string(r.Body)+string(r.Hashes))
			return err
		})
	}
	if err == nil {
		err = s.Payloads(t.Context(), testOrigin, 0, st.Size, func(p PayloadRow) error {
			if given[p.Seq] {
				out = append(out, string(p.Salt)+string(p.Body))
			}
			return nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A follower becomes the journal byte for byte, with the payloads that it is given and no other, wherever either side stops and whatever is erased between.
func TestFollow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		third := func(e journal.Entry) bool { return e.Seq%3 == 0 }
		s := newSource(t, third)
		f := newFollower(t, s.node.vkey, &line{s.place, "reader"})
		for range rapid.IntRange(1, 6).Draw(rt, "steps") {
			switch rapid.IntRange(0, 4).Draw(rt, "step") {
			case 0:
				s.give(t, rapid.IntRange(1, 600).Draw(rt, "entries"))
			case 1:
				f.store.Close()
				f.start(t)
			case 2:
				if size := s.j.Head().Size; size > 3 {
					if _, _, err := s.j.Entry(t.Context(), 3); err == nil && s.payload(t, 3) {
						s.erase(t, 3)
						s.push.push(t)
					}
				}
			case 3:
				s.restart(t)
			case 4:
				f.c.Transport = &cutting{line: line{s.place, "reader"}, after: rapid.IntRange(0, 200_000).Draw(rt, "bytes")}
				f.round(t.Context())
				f.c.Transport = f.line
			}
		}
		s.give(t, 1)
		f.follow(t)
		f.holds(t, s, third)
	})
}

func (s *source) payload(t testing.TB, seq marz.Seq) bool {
	_, err := s.j.Payload(t.Context(), seq)
	return err == nil
}

// cutting cuts each answer off.
type cutting struct {
	line
	after int
}

func (c *cutting) RoundTrip(q *http.Request) (*http.Response, error) {
	resp, err := c.line.RoundTrip(q)
	if err == nil {
		resp.Body = io.NopCloser(io.MultiReader(io.LimitReader(resp.Body, int64(c.after)), broken{}))
	}
	return resp, err
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// A reader reads and does not push; whoever is neither reader nor node does neither.
func TestReaders(t *testing.T) {
	s := newSource(t, nil)
	s.give(t, 3)
	f := newFollower(t, s.node.vkey, &line{s.place, "reader"})
	f.follow(t)
	f.holds(t, s, nil)
	if err := newPusher(t, s.node, Target{Remote: s.remote(&line{s.place, "reader"})}).feeds[0].addCheckpoint(t.Context(), s.j.Head()); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("a reader pushes: %v", err)
	}
	other := newFollower(t, s.node.vkey, &line{s.place, "stranger"})
	if _, err := other.round(t.Context()); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("a stranger reads: %v", err)
	}
}

// What a reader is given can become more: Payload asks for it then.
func TestPayloadThatIsGivenLater(t *testing.T) {
	var may atomic.Bool
	s := newSource(t, func(journal.Entry) bool { return may.Load() })
	s.give(t, 1)
	f := newFollower(t, s.node.vkey, &line{s.place, "reader"})
	f.follow(t)
	if _, err := f.Payload(t.Context(), 1); marz.CodeOf(err) != marz.NotFound {
		t.Fatalf("before: %v", err)
	}
	may.Store(true)
	want, err := s.j.Payload(t.Context(), 1)
	got, e := f.Payload(t.Context(), 1)
	if err != nil || e != nil || !bytes.Equal(got, want) {
		t.Errorf("%q, %v, %v", got, err, e)
	}
}

// bent answers some requests otherwise than the mirror would.
type bent struct {
	line
	bend func(*http.Request, *http.Response) (*http.Response, error)
}

func (b *bent) RoundTrip(q *http.Request) (*http.Response, error) {
	resp, err := b.line.RoundTrip(q)
	if err != nil {
		return nil, err
	}
	return b.bend(q, resp)
}

func swap(resp *http.Response, body []byte) *http.Response {
	resp.StatusCode, resp.Body = http.StatusOK, io.NopCloser(bytes.NewReader(body))
	return resp
}

// A liar's heads are refused, kept as evidence and named, and what is held stays what it was: one of its own past, one of another key, one of another history, smaller, of the same size and larger.
func TestLyingSource(t *testing.T) {
	s := newSource(t, all)
	s.give(t, 300)
	old := s.j.Head().Note
	s.give(t, 300)
	twin := newNode(t) // the same key, and another history
	twin.write(t, "am-bg", 400)
	smaller := twin.j.Head().Note
	twin.write(t, "am-bg", 200)
	same := twin.j.Head().Note
	twin.write(t, "am-bg", 200)
	forker := newPlace(t, twin, "fork", all)
	forker.of.Readers = s.of.Readers
	forker.r = forker.receiver(t, forker.s)
	newPusher(t, twin, Target{Remote: forker.remote(&line{forker, "node"}), Entitled: all}).push(t)
	foreign := bytes.Replace(old, []byte("\n— "+string(testOrigin)+" "), []byte("\n— "+string(testOrigin)+" AAAA"), 1)

	giving := func(note []byte) func(*http.Request, *http.Response) (*http.Response, error) {
		return func(q *http.Request, resp *http.Response) (*http.Response, error) {
			if strings.HasSuffix(q.URL.Path, "/checkpoint") {
				return swap(resp, note), nil
			}
			return resp, nil
		}
	}
	for name, c := range map[string]struct {
		line   http.RoundTripper
		kind   string
		why    string
		forked bool
	}{
		"an old head":           {&bent{line{s.place, "reader"}, giving(old)}, EvidenceHead, WhyOld, false},
		"an unsigned head":      {&bent{line{s.place, "reader"}, giving(foreign)}, EvidenceHead, WhyUnsigned, false},
		"a page":                {&bent{line{s.place, "reader"}, giving([]byte("<html>Sign in to the network</html>"))}, EvidenceHead, WhyUnsigned, false},
		"a smaller fork":        {&bent{line{s.place, "reader"}, giving(smaller)}, EvidenceFork, "", true},
		"a fork of the size":    {&bent{line{s.place, "reader"}, giving(same)}, EvidenceFork, "", true},
		"a larger fork":         {&line{forker, "reader"}, EvidenceFork, "", true},
		"a larger, not proven":  {&bent{line{s.place, "reader"}, giving(twin.j.Head().Note)}, "", "", false},
		"what cannot be parsed": {&bent{line{s.place, "reader"}, giving(nil)}, EvidenceHead, WhyUnsigned, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFollower(t, s.node.vkey, &line{s.place, "reader"})
			f.follow(t)
			before := dump(t, f.store, all)
			f.c.Transport = c.line
			_, err := f.round(t.Context())
			if err == nil {
				t.Fatal("it is believed")
			}
			if after := dump(t, f.store, all); !slices.Equal(before, after) {
				t.Error("what is held has changed")
			}
			st := f.Status()
			if st.Forked != c.forked || c.kind != "" && st.Refused == "" || st.Size != s.j.Head().Size {
				t.Errorf("status %+v", st)
			}
			if c.kind == "" {
				return
			}
			docs, err := f.store.Evidence(t.Context(), testOrigin, c.kind)
			if err != nil || len(docs) != 1 {
				t.Fatalf("%d pieces of evidence, %v", len(docs), err)
			}
			e, err := ParseEvidence(docs[0])
			if err != nil || e.Why != c.why || e.Origin != testOrigin {
				t.Fatalf("%+v, %v", e, err)
			}
			if c.forked {
				if err := e.Verify(s.node.vkey); err != nil {
					t.Error(err)
				}
				f.store.Close()
				f.start(t)
				f.Run(t.Context()) // returns: it is followed no further, after a start neither
				if st := f.Status(); !st.Forked || st.Refused == "" {
					t.Errorf("after a start %+v", st)
				}
				return
			}
			f.c.Transport = &line{s.place, "reader"}
			s.give(t, 1)
			f.follow(t)
			f.report(nil)
			if st := f.Status(); st.Refused != "" || st.Size != s.j.Head().Size {
				t.Errorf("it is sound again, and %+v", st)
			}
		})
	}
}

// Entries and payloads that were altered on the way are not held.
func TestAlteredOnTheWay(t *testing.T) {
	s := newSource(t, all)
	s.give(t, 300)
	alter := func(path string, at int) *bent {
		return &bent{line{s.place, "reader"}, func(q *http.Request, resp *http.Response) (*http.Response, error) {
			if !strings.HasSuffix(q.URL.Path, path) {
				return resp, nil
			}
			b, err := io.ReadAll(resp.Body)
			if err == nil && len(b) > at {
				b[at] ^= 1
			}
			return swap(resp, b), err
		}}
	}
	for _, at := range []int{5, 900, 40_000} {
		f := newFollower(t, s.node.vkey, alter("/entries", at))
		if _, err := f.round(t.Context()); err == nil {
			t.Errorf("entries altered at %d are taken", at)
		}
		f.c.Transport = &line{s.place, "reader"}
		f.follow(t)
		f.holds(t, s, all)
	}
	f := newFollower(t, s.node.vkey, alter("/payloads", 70))
	if _, err := f.round(t.Context()); err == nil || f.Status().Refused == "" {
		t.Errorf("a payload that was altered is taken: %v", err)
	}
	if docs, err := f.store.Evidence(t.Context(), testOrigin, EvidencePayload); err != nil || len(docs) != 1 {
		t.Errorf("%d pieces of evidence, %v", len(docs), err)
	}
	f.c.Transport = &line{s.place, "reader"}
	f.follow(t)
	f.holds(t, s, all)
}

// A follower that runs hears of what is written over a real line with both sides' certificates, waits after failures ever longer, and ends when it is told to.
func TestFollowerRuns(t *testing.T) {
	s := newSource(t, all)
	s.give(t, 20)
	var over atomic.Bool
	s.after = time.After
	remote := s.listen(t)
	store, err := OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "hq.db"), "")
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	f, err := NewFollower(t.Context(), FollowerConfig{Remote: remote, VerifierKey: s.node.vkey, Store: store, Clock: testClock(), Random: rand.Float64, After: time.After, Least: time.Millisecond, Spread: time.Millisecond,
		Until: over.Load})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); f.Run(t.Context()) }()
	for range 5 {
		s.give(t, 7)
		for changed := f.Changed(); f.Status().Size != s.j.Head().Size; changed = f.Changed() {
			select {
			case <-changed:
			case <-time.After(time.Minute):
				t.Fatalf("it does not come: %+v", f.Status())
			}
		}
	}
	over.Store(true)
	s.give(t, 1)
	<-ended
	if st := f.Status(); !st.Ended {
		t.Errorf("%+v", st)
	}
}
