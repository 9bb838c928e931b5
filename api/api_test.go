package api

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"marz"
)

// fake is a node with a journal of strings, in which an act and the keeping of its answer are one step.
type fake struct {
	mu      sync.Mutex
	entries []string
	done    map[string]Done
	failed  error
	may     error
	hold    chan struct{} // an act waits for it, where it is set
	begun   chan struct{} // and says here that it has begun
	err     error         // of reading the node
	lost    atomic.Bool   // an act is carried out by another node of the same journal just before
}

func (f *fake) act(r *Request[string]) (Recorded, error) {
	if f.hold != nil {
		f.begun <- struct{}{}
		<-f.hold
	}
	if strings.Contains(string(r.Body), "refuse") {
		return Recorded{}, &marz.Error{Code: marz.Invalid, Op: "add", Fix: "it is refused"}
	}
	if f.lost.CompareAndSwap(true, false) {
		if _, err := f.act(r); err != nil {
			return Recorded{}, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, twice := f.done[r.Caller+r.Once.Key]; twice {
		return Recorded{}, &marz.Error{Code: marz.Conflict, Op: "write state", Fix: "it contradicts what is recorded"}
	}
	out := Recorded{[]marz.Seq{marz.Seq(len(f.entries))}}
	answer, err := Encode(out)
	f.entries = append(f.entries, string(r.Body))
	f.done[r.Caller+r.Once.Key] = Done{r.Once.Request, answer}
	return out, err
}

func (f *fake) server() *Server[string] {
	return New(Config[string]{Node: "fake", Version: "1", Routes: []Route[string]{
		GetNode(func(*Request[string]) (Node, error) { return Node{Kind: "fake", Now: 1}, f.err }),
		GetClient(func(r *Request[string]) (Client, error) { return Client{Fingerprint: r.Key}, nil }),
		GetEntries(f.page), AddInstruments(f.act),
		GetRecord(func(r *Request[string]) (Record, error) { return Record{}, nil }),
	}, Caller: func(_ context.Context, key string, as marz.AuthorityID) (string, error) {
		if as == "nobody" {
			return "", &marz.Error{Code: marz.Forbidden, Op: "program", Subject: key, Fix: "nobody has accepted it"}
		}
		return key, nil
	}, May: func(string, marz.Action) error { return f.may }, Digest: func(what string, parts ...string) string { return fmt.Sprintf("%s%q", what, parts) },
		Done: func(_ context.Context, c, key string) (*Done, error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			if d, ok := f.done[c+key]; ok {
				return &d, nil
			}
			return nil, nil
		}, Failed: func() error { return f.failed }})
}

// page gives the fake's entries as entries of a journal.
func (f *fake) page(r *Request[string]) (out EntryPage, err error) {
	from, limit, err := r.Page()
	if err != nil {
		return out, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for ; int(from) < len(f.entries) && len(out.Entries) < limit; from++ {
		out.Entries = append(out.Entries, Entry{Seq: from, At: 1, Public: json.RawMessage(`{}`)})
	}
	out.PageEnd = PageEnd{r.Next(from), int(from) < len(f.entries)}
	return out, nil
}

// ask asks as a program whose certificate has a key; "" shows none.
func ask(h http.Handler, key, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	r.TLS = &tls.ConnectionState{}
	if key != "" {
		r.TLS.PeerCertificates = []*x509.Certificate{{RawSubjectPublicKeyInfo: []byte(key)}}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const instruments = Prefix + "/register/instruments"

// problem demands that an answer is a problem of a kind.
func problem(t *testing.T, what string, w *httptest.ResponseRecorder, slug string) {
	t.Helper()
	var p Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: no problem: %d %s %.200s", what, w.Code, w.Header().Get("Content-Type"), w.Body)
		return
	}
	if p.Type != Prefix+"/#"+slug || p.Status != w.Code || p.Title == "" || p.Detail == "" {
		t.Errorf("%s: %+v with status %d, want %s", what, p, w.Code, slug)
	}
}

// Every kind of problem comes as problem+json with its own status, and says what to do; the page explains each.
func TestProblems(t *testing.T) {
	f := &fake{done: map[string]Done{}}
	h := f.server().Handler()
	key := []string{HeaderKey, `"0123456789"`}
	problem(t, "no certificate", ask(h, "", "GET", Prefix+"/node", ""), "unauthenticated")
	problem(t, "not accepted", ask(h, "a", "GET", Prefix+"/node", "", HeaderAuthority, "nobody"), "forbidden")
	problem(t, "no such address", ask(h, "a", "GET", Prefix+"/nothing", ""), "not-found")
	problem(t, "another method", ask(h, "a", "DELETE", Prefix+"/node", ""), "method")
	problem(t, "a body where none is", ask(h, "a", "GET", Prefix+"/node", "{}"), "invalid")
	problem(t, "a parameter that there is not", ask(h, "a", "GET", Prefix+"/node?limt=3", ""), "invalid")
	problem(t, "a parameter twice", ask(h, "a", "GET", Prefix+"/journal/entries?limit=3&limit=4", ""), "invalid")
	problem(t, "no limit", ask(h, "a", "GET", Prefix+"/journal/entries?limit=1001", ""), "invalid")
	problem(t, "no cursor", ask(h, "a", "GET", Prefix+"/journal/entries?cursor=abc", ""), "invalid")
	problem(t, "another's cursor", ask(h, "a", "GET", Prefix+"/journal/entries?cursor="+cursor("crossings", 3), ""), "invalid")
	problem(t, "no reason", ask(h, "a", "GET", Prefix+"/crossings/3/record", ""), "invalid")
	problem(t, "no key", ask(h, "a", "POST", instruments, "{}"), "invalid")
	problem(t, "another type", ask(h, "a", "POST", instruments, "{}", append(key, "Content-Type", "text/plain")...), "media-type")
	problem(t, "compressed", ask(h, "a", "POST", instruments, "{}", append(key, "Content-Encoding", "gzip")...), "media-type")
	problem(t, "too large", ask(h, "a", "POST", instruments, strings.Repeat("x", 1<<20+1), key...), "too-large")
	problem(t, "another site's page", ask(h, "a", "POST", instruments, "{}", append(key, "Sec-Fetch-Site", "cross-site")...), "forbidden")
	for code, slug := range map[marz.Code]string{marz.Invalid: "invalid", marz.NotFound: "not-found", marz.Conflict: "conflict", marz.Unauthenticated: "unauthenticated", marz.Forbidden: "forbidden",
		marz.Unavailable: "unavailable", marz.Internal: "internal"} {
		f.err = &marz.Error{Code: code, Op: "read", Subject: "a thing", Fix: "do another", Err: errors.New("the cause")}
		w := ask(h, "a", "GET", Prefix+"/node", "")
		problem(t, code.String(), w, slug)
		if strings.Contains(w.Body.String(), "the cause") {
			t.Errorf("%s tells its cause", code)
		}
	}
	f.err, f.failed = nil, &marz.Error{Code: marz.Unavailable, Op: "write journal", Fix: "the disk is full"}
	problem(t, "a node that has stopped", ask(h, "a", "GET", Prefix+"/node", ""), "unavailable")
	page := ask(h, "", "GET", Prefix+"/", "").Body.String()
	for _, k := range kinds {
		if !strings.Contains(page, `id="`+k.Slug+`"`) {
			t.Errorf("the page does not explain %s", k.Slug)
		}
	}
	if strings.Contains(page, "<script") || strings.Contains(page, "http://") || strings.Contains(page, "https://") {
		t.Error("the page has a script, or something from outside")
	}
}

// The same key with the same request gives the same bytes and one act; with another request 422; while it is in work 409. What was refused is kept under no key.
func TestOnce(t *testing.T) {
	f := &fake{done: map[string]Done{}}
	h := f.server().Handler()
	first := ask(h, "a", "POST", instruments, `{"n":1}`, HeaderKey, `"key-00001"`)
	again := ask(h, "a", "POST", instruments, `{"n":1}`, HeaderKey, `key-00001`) // without its quotes it is the same
	if first.Code != 200 || again.Code != 200 || first.Body.String() != again.Body.String() || len(f.entries) != 1 {
		t.Errorf("%d %q, %d %q, %d entries", first.Code, first.Body, again.Code, again.Body, len(f.entries))
	}
	h = f.server().Handler() // the node was started anew
	if w := ask(h, "a", "POST", instruments, `{"n":1}`, HeaderKey, `"key-00001"`); w.Body.String() != first.Body.String() || len(f.entries) != 1 {
		t.Errorf("after a start: %q, %d entries", w.Body, len(f.entries))
	}
	problem(t, "another body", ask(h, "a", "POST", instruments, `{"n":2}`, HeaderKey, `"key-00001"`), slugKeyReused)
	problem(t, "another address", ask(h, "a", "POST", instruments+"?", `{"n":1}`, HeaderKey, `"key-00001"`), slugKeyReused)
	if w := ask(h, "b", "POST", instruments, `{"n":2}`, HeaderKey, `"key-00001"`); w.Code != 200 || len(f.entries) != 2 {
		t.Errorf("another program's key: %d", w.Code)
	}
	problem(t, "refused", ask(h, "a", "POST", instruments, `refuse`, HeaderKey, `"key-00002"`), "invalid")
	if w := ask(h, "a", "POST", instruments, `{"n":3}`, HeaderKey, `"key-00002"`); w.Code != 200 {
		t.Errorf("a key under which nothing was done: %d %s", w.Code, w.Body)
	}
	for _, bad := range []string{`"short"`, `"unclosed-0`, `with space`, `"` + strings.Repeat("x", 201) + `"`, `"a\"b-00000"`, "ключ-ключ"} {
		problem(t, bad, ask(h, "a", "POST", instruments, `{}`, HeaderKey, bad), "invalid")
	}
	if w := ask(h, "a", "POST", instruments, `{"n":4}`, HeaderKey, `"key-00004"`); w.Header().Get("ETag") != "" {
		t.Error("an act has an ETag")
	}
}

// While a request is in work the same key waits with 409, and other keys of the same program do not.
func TestInWork(t *testing.T) {
	f := &fake{done: map[string]Done{}, hold: make(chan struct{}), begun: make(chan struct{})}
	h := f.server().Handler()
	var all sync.WaitGroup
	all.Go(func() {
		if w := ask(h, "a", "POST", instruments, `{"n":1}`, HeaderKey, `"key-00001"`); w.Code != 200 {
			t.Errorf("the first: %d %s", w.Code, w.Body)
		}
	})
	<-f.begun
	problem(t, "the second", ask(h, "a", "POST", instruments, `{"n":1}`, HeaderKey, `"key-00001"`), slugInWork)
	all.Go(func() { ask(h, "a", "POST", instruments, `{"n":2}`, HeaderKey, `"key-00002"`) })
	<-f.begun
	close(f.hold)
	all.Wait()
	if len(f.entries) != 2 {
		t.Errorf("%d acts", len(f.entries))
	}
	f.hold = nil
	f.lost.Store(true)
	if w := ask(h, "a", "POST", instruments, `{"n":3}`, HeaderKey, `"key-00003"`); w.Code != 200 || len(f.entries) != 3 {
		t.Errorf("another node was faster: %d %s, %d acts", w.Code, w.Body, len(f.entries))
	}
}

// One program that leaves its requests hanging is refused more, and keeps nobody else out; all together are bounded too.
func TestSlots(t *testing.T) {
	f := &fake{done: map[string]Done{}}
	h := f.server().Handler()
	var all sync.WaitGroup
	var hang []*io.PipeWriter
	slow := func(key string) {
		body, w := io.Pipe()
		hang = append(hang, w)
		r := httptest.NewRequest("POST", instruments, body)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(HeaderKey, fmt.Sprintf("key-0000%d", len(hang)))
		r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{RawSubjectPublicKeyInfo: []byte(key)}}}
		all.Go(func() { h.ServeHTTP(httptest.NewRecorder(), r) })
		if _, err := w.Write([]byte(" ")); err != nil { // it is read: the request has its slot
			t.Error(err)
		}
	}
	for range mostOfOne {
		slow("a")
	}
	w := ask(h, "a", "GET", Prefix+"/node", "")
	problem(t, "one more", w, slugTooMany)
	if w.Header().Get("Retry-After") == "" {
		t.Error("it is not said when to try again")
	}
	if w := ask(h, "b", "GET", Prefix+"/node", ""); w.Code != 200 {
		t.Errorf("another program is kept out: %d", w.Code)
	}
	for i := mostOfOne; i < mostAtOnce; i++ {
		slow(fmt.Sprint("c", i))
	}
	problem(t, "one more of all", ask(h, "b", "GET", Prefix+"/node", ""), slugTooMany)
	for _, w := range hang {
		w.CloseWithError(errors.New("the line is cut"))
	}
	all.Wait()
	if w := ask(h, "a", "GET", Prefix+"/node", ""); w.Code != 200 || len(f.entries) != 0 {
		t.Errorf("afterwards: %d, %d acts of bodies that did not come whole", w.Code, len(f.entries))
	}
}

// Whoever goes on from cursors gets every entry once and in order, whatever is appended meanwhile.
func TestLawCursors(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := &fake{done: map[string]Done{}, entries: make([]string, rapid.IntRange(0, 9).Draw(rt, "before"))}
		h := f.server().Handler()
		next := ""
		var got, want []marz.Seq
		for range 8 {
			w := ask(h, "a", "GET", fmt.Sprintf("%s/journal/entries?limit=%d&cursor=%s", Prefix, rapid.IntRange(1, 4).Draw(rt, "limit"), next), "")
			var page EntryPage
			if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != 200 {
				rt.Fatal(w.Code, w.Body)
			}
			for _, e := range page.Entries {
				got = append(got, e.Seq)
			}
			if page.More != (len(got) < len(f.entries)) {
				rt.Fatalf("more is %v after %d of %d", page.More, len(got), len(f.entries))
			}
			next = page.Next
			f.entries = append(f.entries, make([]string, rapid.IntRange(0, 3).Draw(rt, "more"))...)
		}
		for i := range got {
			want = append(want, marz.Seq(i))
		}
		if d := cmp.Diff(want, got); d != "" {
			rt.Fatal(d)
		}
	})
}

// What did not change is not sent again, and what is about a person has no mark by which to ask so.
func TestTags(t *testing.T) {
	f := &fake{done: map[string]Done{}}
	h := f.server().Handler()
	first := ask(h, "a", "GET", Prefix+"/node", "")
	tag := first.Header().Get("ETag")
	if w := ask(h, "a", "GET", Prefix+"/node", "", "If-None-Match", `"other", W/`+tag); tag == "" || w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("%q: %d %s", tag, w.Code, w.Body)
	}
	if w := ask(h, "a", "GET", Prefix+"/crossings/3/record", "", HeaderReason, "supervision"); w.Header().Get("ETag") != "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Error("a record may be kept")
	}
	if w := ask(h, "", "GET", Prefix+"/openapi.json", ""); w.Code != 200 || !json.Valid(w.Body.Bytes()) {
		t.Errorf("the document: %d", w.Code)
	}
}
