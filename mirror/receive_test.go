package mirror

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/journal"
)

// call makes one request of a mirror.
func (p *place) call(t testing.TB, path string, body []byte, header ...string) *http.Response {
	t.Helper()
	q, err := http.NewRequest("POST", "http://mirror"+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		q.Header.Set(header[i], header[i+1])
	}
	resp, err := serve(p.r, q, "node")
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func (p *place) evidence(t testing.TB, kind string) []*Evidence {
	t.Helper()
	docs, err := p.s.Evidence(t.Context(), testOrigin, kind)
	if err != nil {
		t.Fatal(err)
	}
	var out []*Evidence
	for _, d := range docs {
		e, err := ParseEvidence(d)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// history is a journal as its node could have signed it, with a leaf for each byte.
type history struct {
	tree   journal.Frontier
	hashes map[int64][]byte
	bodies [][]byte
	signer note.Signer
}

func newHistory(t testing.TB, n *node, leaves string) *history {
	t.Helper()
	s, err := note.NewSigner(n.cfg.Key)
	if err != nil {
		t.Fatal(err)
	}
	h := &history{hashes: map[int64][]byte{}, signer: s}
	for _, c := range []byte(leaves) {
		body := []byte{c}
		h.bodies = append(h.bodies, body)
		h.hashes[h.tree.Size()] = h.tree.Add(leaf(body))
	}
	return h
}

func (h *history) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		level, n := tlog.SplitStoredHashIndex(x)
		out[i] = tlog.Hash(h.hashes[(n+1)<<level-1][level*32 : level*32+32])
	}
	return out, nil
}

// note is the head of some size.
func (h *history) note(t testing.TB, size int64) []byte {
	t.Helper()
	root, err := tlog.TreeHash(size, h)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := note.Sign(&note.Note{Text: headText(size, root)}, h.signer)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

func headText(size int64, root tlog.Hash) string {
	return strings.Join([]string{string(testOrigin), itoa(size), root.String(), ""}, "\n")
}

func (h *history) checkpoint(t testing.TB, old, size int64) (body []byte, header []string) {
	t.Helper()
	c := checkpointRequest{old: old, note: h.note(t, size)}
	if old > 0 {
		root, err := tlog.TreeHash(old, h)
		if err != nil {
			t.Fatal(err)
		}
		if c.proof, err = tlog.ProveTree(size, old, h); err != nil {
			t.Fatal(err)
		}
		header = []string{rootHeader, root.String()}
	}
	return c.encode(), header
}

func (h *history) entries(t testing.TB, start, end, size int64) []byte {
	t.Helper()
	hd := entriesHeader{origin: testOrigin, start: start, end: size}
	b := hd.encode()
	for start < end {
		_, rounded, to := bounds(start, size)
		for _, body := range h.bodies[start:to] {
			b = appendString(b, 2, body)
		}
		proof, err := proveSubtree(size, rounded, to, h)
		if err != nil {
			t.Fatal(err)
		}
		b, start = appendHashes(b, proof), to
	}
	return b
}

// give brings a mirror to a size of a history.
func (h *history) give(t testing.TB, p *place, old, size int64) {
	t.Helper()
	body, header := h.checkpoint(t, old, size)
	if resp := p.call(t, "/add-checkpoint", body, header...); resp.StatusCode != 200 {
		t.Fatal("add-checkpoint", resp.StatusCode, text(resp))
	}
	if resp := p.call(t, "/add-entries", h.entries(t, old, size, size)); resp.StatusCode != 200 {
		t.Fatal("add-entries", resp.StatusCode, text(resp))
	}
}

func text(resp *http.Response) string {
	b, _ := io.ReadAll(resp.Body)
	return string(b)
}

// Every head that contradicts what is held is refused and kept with a proof that convinces anybody, whatever the two sizes; every head that does not is no
// evidence.
func TestForks(t *testing.T) {
	n := newNode(t)
	const most = 20
	letters := "abcdefghijklmnopqrstuvwxyz"
	for held := int64(1); held <= most; held += 5 {
		for split := int64(0); split < held; split += 3 { // first entry in which the two differ
			p := newPlace(t, n, "am", all)
			a := newHistory(t, n, letters)
			b := newHistory(t, n, letters[:split]+strings.ToUpper(letters[split:]))
			a.give(t, p, 0, held)
			kept := 0
			for size := int64(1); size <= most+2; size++ {
				body, header := b.checkpoint(t, min(held, size), size)
				resp := p.call(t, "/add-checkpoint", body, header...)
				forks := size > split
				if got := resp.Header.Get(evidenceHeader) != ""; got != forks || forks && resp.StatusCode < 400 {
					t.Fatalf("held %d, another history from %d, head of %d: status %d, evidence %t", held, split, size, resp.StatusCode, got)
				}
				if !forks && resp.StatusCode != http.StatusConflict { // it is old
					t.Fatalf("an old head of size %d: %d", size, resp.StatusCode)
				}
				if forks {
					kept++
				}
			}
			all := p.evidence(t, EvidenceFork)
			if len(all) != kept {
				t.Fatalf("held %d, split %d: %d pieces of evidence, want %d", held, split, len(all), kept)
			}
			for _, e := range all {
				if err := e.Verify(n.vkey); err != nil {
					t.Fatalf("held %d, split %d: %v", held, split, err)
				}
			}
			st, _ := p.s.State(t.Context(), testOrigin)
			if st.Pending != held || st.Size != held {
				t.Fatalf("the mirror left its history: %+v", st)
			}
			p.s.Close()
		}
	}
}

// Evidence that proves nothing is not taken for any: other keys, altered heads, proofs and roots, heads that agree.
func TestEvidenceIsChecked(t *testing.T) {
	n := newNode(t)
	p := newPlace(t, n, "am", all)
	a, b := newHistory(t, n, "abcdefgh"), newHistory(t, n, "abXdefghijk")
	a.give(t, p, 0, 8)
	body, header := b.checkpoint(t, 8, 11)
	if resp := p.call(t, "/add-checkpoint", body, header...); resp.StatusCode != http.StatusUnprocessableEntity {
		t.Fatal(resp.StatusCode)
	}
	e := p.evidence(t, EvidenceFork)[0]
	if err := e.Verify(n.vkey); err != nil {
		t.Fatal(err)
	}
	_, other, _ := journal.NewKey(rand.NewChaCha8([32]byte{9}), testOrigin)
	if e.Verify(other) == nil {
		t.Error("another node's key is convinced")
	}
	for what, alter := range map[string]func(*Evidence){
		"the head that was held": func(e *Evidence) { e.Held = strings.Replace(e.Held, "\n8\n", "\n7\n", 1) },
		"the head that came":     func(e *Evidence) { e.Given = e.Given[:len(e.Given)-8] + "AAAAAAA\n" },
		"the root":               func(e *Evidence) { e.Root[3] ^= 1 },
		"the proof":              func(e *Evidence) { e.Proof = e.Proof[1:] },
		"one head twice":         func(e *Evidence) { e.Given, e.Proof = e.Held, nil },
		"a head that continues":  func(e *Evidence) { e.Held = string(b.note(t, 8)); e.Root, _ = tlog.TreeHash(8, b) },
		"the kind":               func(e *Evidence) { e.Kind = EvidencePayload },
		"the origin":             func(e *Evidence) { e.Origin = "test/another" },
	} {
		c := *e
		c.Proof = append([]tlog.Hash(nil), e.Proof...)
		if alter(&c); c.Verify(n.vkey) == nil {
			t.Errorf("%s altered: it convinces", what)
		}
	}
	// without the root nothing can be proven of a tree that is whole within the other, and nothing is
	body, _ = newHistory(t, n, "Zbcdefghijk").checkpoint(t, 8, 11)
	if resp := p.call(t, "/add-checkpoint", body); resp.StatusCode != http.StatusUnprocessableEntity || resp.Header.Get(evidenceHeader) != "" {
		t.Error(resp.StatusCode, resp.Header)
	}
}

// Heads other than the newest that contradict the entries are evidence as well.
func TestLyingHeads(t *testing.T) {
	n := newNode(t)
	p := newPlace(t, n, "am", all)
	a, b := newHistory(t, n, "abcdefghij"), newHistory(t, n, "abcXefghij")
	a.give(t, p, 0, 10)
	heads := func(after, to int64, notes ...[]byte) []byte {
		h := itemsHeader{testOrigin, after, to, len(notes)}
		out := h.encode()
		for _, m := range notes {
			out = appendString(out, 2, m)
		}
		return out
	}
	if resp := p.call(t, "/add-heads", heads(0, 7, a.note(t, 2), b.note(t, 3), a.note(t, 7))); resp.StatusCode != 200 {
		t.Fatal(resp.StatusCode, text(resp)) // both histories have the first three entries
	}
	for _, c := range []struct {
		what   string
		body   []byte
		status int
	}{
		{"another history's", heads(7, 8, b.note(t, 8)), 409},
		{"beyond the mirror's own", heads(7, 11, b.note(t, 8)), 409},
		{"after a gap", heads(8, 9, a.note(t, 9)), 409},
		{"not rising", heads(7, 9, a.note(t, 9), a.note(t, 8)), 422},
		{"larger than said", heads(7, 8, a.note(t, 9)), 422},
		{"fewer than said", heads(7, 9, a.note(t, 8), a.note(t, 9))[:200], 400},
		{"not signed", heads(7, 8, bytes.Replace(a.note(t, 8), []byte("\n8\n"), []byte("\n9\n"), 1)), 403},
	} {
		resp := p.call(t, "/add-heads", c.body)
		if resp.StatusCode != c.status {
			t.Errorf("%s: %d, want %d: %s", c.what, resp.StatusCode, c.status, text(resp))
		}
	}
	all := p.evidence(t, EvidenceFork)
	if len(all) != 1 || all[0].Verify(n.vkey) != nil || !strings.Contains(all[0].Given, "\n8\n") {
		t.Errorf("evidence %+v", all)
	}
}

// A payload that is not the one in whose name it comes is refused by seq and kept as a record, without its content; so are payloads of entries without one and of those that
// the mirror may not have. What comes before it in the request is kept.
func TestAlteredPayload(t *testing.T) {
	n := newNode(t)
	n.write(t, "am-bg", 6) // payloads of 1, 3, 5
	n.write(t, "ru-bg", 1) // and 7
	p := newPlace(t, n, "am", func(e journal.Entry) bool { return e.Authority == "am-bg" })
	newPusher(t, n, Target{Remote: p.remote(&line{p, "node"})}).push(t)
	rows := map[int64]PayloadRow{}
	if err := n.j.Payloads(t.Context(), 0, 8, func(x journal.Private) error {
		rows[int64(x.Seq)] = PayloadRow{int64(x.Seq), bytes.Clone(x.Salt), bytes.Clone(x.Payload)}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	altered := rows[3]
	altered.Body = []byte(`{"name":"SOMEBODY<<ELSE"}`)
	salted := rows[3]
	salted.Salt = bytes.Repeat([]byte{1}, 32)
	for _, c := range []struct {
		what   string
		list   []PayloadRow
		status int
		says   string
		kept   int
	}{
		{"altered", []PayloadRow{rows[1], altered, rows[5]}, 422, "seq 3", 1},
		{"under another salt", []PayloadRow{rows[1], salted}, 422, "seq 3", 1},
		{"another entry's", []PayloadRow{{5, rows[3].Salt, rows[3].Body}}, 422, "seq 5", 1},
		{"of an entry without one", []PayloadRow{{2, rows[1].Salt, rows[1].Body}}, 422, "seq 2", 1},
		{"not for this mirror", []PayloadRow{rows[7]}, 403, "seq 7", 1},
		{"all", []PayloadRow{rows[1], rows[3], rows[5]}, 200, "", 3},
	} {
		h := itemsHeader{testOrigin, 0, 8, len(c.list)}
		body := h.encode()
		for _, r := range c.list {
			body = appendPayload(body, r)
		}
		resp := p.call(t, "/add-payloads", body)
		got := 0
		if err := p.s.Payloads(t.Context(), testOrigin, 0, 8, func(PayloadRow) error { got++; return nil }); err != nil {
			t.Fatal(err)
		}
		if said := text(resp); resp.StatusCode != c.status || !strings.Contains(said, c.says) || got != c.kept {
			t.Errorf("%s: %d %q, %d kept", c.what, resp.StatusCode, said, got)
		}
	}
	all := p.evidence(t, EvidencePayload)
	if len(all) != 3 || all[0].Seq != 3 || all[0].Digest == all[0].Got || all[2].Seq != 5 || all[0].From != clientKey("node") {
		t.Errorf("evidence %+v", all)
	}
	if holdsBytes(t, p.dir(), []byte("SOMEBODY")) {
		t.Error("the content of a refused payload is kept")
	}
}

func (p *place) dir() string { return p.path[:strings.LastIndex(p.path, "/")] }

// An erasure that reaches a mirror leaves no byte of the payload in its files, and the payload is not taken again.
func TestErasureReachesTheMirror(t *testing.T) {
	n := newNode(t)
	n.write(t, "am-bg", 300)
	p := newPlace(t, n, "am", all)
	newPusher(t, n, Target{Remote: p.remote(&line{p, "node"}), Entitled: all}).push(t)
	var row PayloadRow
	if err := n.j.Payloads(t.Context(), 151, 152, func(x journal.Private) error {
		row = PayloadRow{151, bytes.Clone(x.Salt), bytes.Clone(x.Payload)}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !holdsBytes(t, p.dir(), row.Body) || !holdsBytes(t, p.dir(), row.Salt) {
		t.Fatal("the payload is not found where it should be: the test shows nothing")
	}
	n.erase(t, 151)
	newPusher(t, n, Target{Remote: p.remote(&line{p, "node"}), Entitled: all}).push(t)
	size := n.j.Head().Size
	h := itemsHeader{testOrigin, 0, size, 1}
	for range 2 {
		if holdsBytes(t, p.dir(), row.Body) || holdsBytes(t, p.dir(), row.Salt) {
			t.Fatal("an erased payload stands in the mirror's files")
		}
		if resp := p.call(t, "/add-payloads", appendPayload(h.encode(), row)); resp.StatusCode != 200 {
			t.Fatal(resp.StatusCode, text(resp))
		}
	}
	equal(t, n, p, size, all)
}

// A client that pauses half way holds nobody up.
func TestPausingClient(t *testing.T) {
	n := newNode(t)
	p := newPlace(t, n, "am", all)
	h := newHistory(t, n, strings.Repeat("x", 1000))
	body, _ := h.checkpoint(t, 0, 1000)
	p.call(t, "/add-checkpoint", body)
	whole := h.entries(t, 0, 1000, 1000)
	in, out := io.Pipe()
	paused := make(chan *http.Response)
	q, _ := http.NewRequest("POST", "http://mirror/add-entries", in)
	go func() {
		resp, _ := serve(p.r, q, "node")
		paused <- resp
	}()
	if _, err := out.Write(whole[:len(whole)/2]); err != nil { // the reading end has it when this returns
		t.Fatal(err)
	}
	if resp := p.call(t, "/add-entries", whole); resp.StatusCode != 200 {
		t.Fatal("behind a paused client:", resp.StatusCode, text(resp))
	}
	if _, err := out.Write(whole[len(whole)/2:]); err != nil {
		t.Fatal(err)
	}
	out.Close()
	if resp := <-paused; resp.StatusCode != 200 {
		t.Error("the paused client itself:", resp.StatusCode, text(resp))
	}
	st, _ := p.s.State(t.Context(), testOrigin)
	if st.Size != 1000 || st.Next != 1000 {
		t.Errorf("state %+v", st)
	}
}

// One client gets no more than its part of the places, and gives them back.
func TestTooManyRequests(t *testing.T) {
	n := newNode(t)
	p := newPlace(t, n, "am", all)
	var pipes []*io.PipeWriter
	done := make(chan int)
	for range 8 {
		in, out := io.Pipe()
		pipes = append(pipes, out)
		q, _ := http.NewRequest("POST", "http://mirror/add-entries", in)
		go func() {
			resp, _ := serve(p.r, q, "node")
			done <- resp.StatusCode
		}()
		if _, err := out.Write([]byte{0}); err != nil {
			t.Fatal(err)
		}
	}
	if resp := p.call(t, "/add-checkpoint", nil); resp.StatusCode != http.StatusTooManyRequests {
		t.Errorf("a ninth request: %d", resp.StatusCode)
	}
	q, _ := http.NewRequest("GET", "http://mirror/"+originHash(testOrigin)+"/state", nil)
	if resp, err := serve(p.r, q, "another"); err != nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("another client: %v, %v", resp, err)
	}
	for _, out := range pipes {
		out.CloseWithError(errors.New("gone"))
		if status := <-done; status != http.StatusBadRequest {
			t.Errorf("cut off: %d", status)
		}
	}
	if resp := p.call(t, "/add-checkpoint", nil); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("after they have gone: %d", resp.StatusCode)
	}
}

// What C2SP tlog-witness and tlog-mirror say of each wrong request.
func TestAnswers(t *testing.T) {
	n := newNode(t)
	p := newPlace(t, n, "am", all)
	h := newHistory(t, n, strings.Repeat("abc", 300))
	h.give(t, p, 0, 300)
	body, header := h.checkpoint(t, 300, 700)
	if resp := p.call(t, "/add-checkpoint", body, header...); resp.StatusCode != 200 {
		t.Fatal(resp.StatusCode)
	}
	bad := func(b []byte, at int) []byte {
		c := bytes.Clone(b)
		c[at] ^= 1
		return c
	}
	good := h.entries(t, 300, 700, 700)
	stranger := entriesHeader{origin: "test/stranger", start: 0, end: 1}
	unknown := entriesHeader{origin: testOrigin, start: 300, end: 701}
	beyond := entriesHeader{origin: testOrigin, start: 301, end: 700}
	smaller := entriesHeader{origin: testOrigin, start: 0, end: 299}
	older, olderHeader := h.checkpoint(t, 300, 800)
	shrunk, _ := h.checkpoint(t, 300, 300)
	broken, _ := h.checkpoint(t, 700, 800)
	empty := checkpointRequest{old: 0, proof: []tlog.Hash{{}}, note: h.note(t, 5)}
	for _, c := range []struct {
		what, path string
		body       []byte
		header     []string
		status     int
		kind, says string
	}{
		{"a journal that is not known", "/add-entries", stranger.encode(), nil, 404, "text/plain", ""},
		{"a size that is not pending", "/add-entries", unknown.encode(), nil, 409, typeInfo, "700\n300\n\n"},
		{"a start above the next", "/add-entries", beyond.encode(), nil, 409, typeInfo, "700\n300\n\n"},
		{"a size below the mirror's own", "/add-entries", smaller.encode(), nil, 409, typeInfo, "700\n300\n\n"},
		{"nothing known: zero", "/add-entries", (&entriesHeader{origin: testOrigin}).encode(), nil, 409, typeInfo, "700\n300\n\n"},
		{"no package", "/add-entries", good[:33], nil, 400, "text/plain", ""},
		{"half a package", "/add-entries", good[:200], nil, 400, "text/plain", ""},
		{"an altered entry", "/add-entries", bad(good, 33), nil, 422, "text/plain", "seq 300"},
		{"an altered proof", "/add-entries", bad(good, len(good)-1), nil, 422, "text/plain", "seq 512"},
		{"the rest", "/add-entries", h.entries(t, 512, 700, 700), nil, 200, "text/plain", "— am/mirror "},
		{"a head on one that is not the newest", "/add-checkpoint", older, olderHeader, 409, typeSize, "700\n"},
		{"a smaller head", "/add-checkpoint", shrunk, nil, 409, typeSize, "700\n"},
		{"no such encoding", "/add-checkpoint", shrunk, []string{"Content-Encoding", "br"}, 415, "text/plain", ""},
		{"not gzip", "/add-checkpoint", shrunk, []string{"Content-Encoding", "gzip"}, 400, "text/plain", ""},
		{"a wrong proof", "/add-checkpoint", bytes.Replace(broken, broken[8:12], []byte("AAAA"), 1), nil, 422, "text/plain", ""},
		{"an old size above the head's", "/add-checkpoint", bytes.Replace(shrunk, []byte("old 300"), []byte("old 301"), 1), nil, 400, "text/plain", ""},
		{"a number with a zero before it", "/add-checkpoint", bytes.Replace(shrunk, []byte("old 300"), []byte("old 0300"), 1), nil, 400, "text/plain", ""},
		{"not signed", "/add-checkpoint", bytes.Replace(shrunk, []byte("\n300\n"), []byte("\n301\n"), 1), nil, 403, "text/plain", ""},
		{"a proof of nothing", "/add-checkpoint", empty.encode(), nil, 409, typeSize, "700\n"},
	} {
		resp := p.call(t, c.path, c.body, c.header...)
		if said := text(resp); resp.StatusCode != c.status || !strings.HasPrefix(resp.Header.Get("Content-Type"), c.kind) || !strings.Contains(said, c.says) {
			t.Errorf("%s: %d %s %q, want %d %s %q", c.what, resp.StatusCode, resp.Header.Get("Content-Type"), said, c.status, c.kind, c.says)
		}
	}
	fresh := newPlace(t, n, "ru", all)
	if resp := fresh.call(t, "/add-checkpoint", empty.encode()); resp.StatusCode != 422 {
		t.Errorf("a proof of nothing: %d", resp.StatusCode)
	}
	q, _ := http.NewRequest("POST", "http://mirror/add-checkpoint", nil)
	q.Body = http.NoBody
	w := &bareWriter{h: http.Header{}}
	p.r.ServeHTTP(w, q)
	if w.status != http.StatusUnauthorized {
		t.Errorf("without a certificate: %d", w.status)
	}
}

type bareWriter struct {
	h      http.Header
	status int
}

func (w *bareWriter) Header() http.Header         { return w.h }
func (w *bareWriter) Write(b []byte) (int, error) { return len(b), nil }
func (w *bareWriter) WriteHeader(status int)      { w.status = status }

// Cosignatures that a node did not get from the key it knows the mirror by count for nothing.
func TestCosignatureOfAnother(t *testing.T) {
	n := newNode(t)
	p := newPlace(t, n, "am", all)
	target := Target{Remote: p.remote(&line{p, "node"})}
	_, other, err := NewKey(rand.NewChaCha8([32]byte{77}), "am/mirror")
	if err != nil {
		t.Fatal(err)
	}
	target.Key = other
	push := newPusher(t, n, target)
	if err := push.feeds[0].round(context.Background()); err == nil || !strings.Contains(err.Error(), "cosignature") {
		t.Errorf("pushed: %v", err)
	}
	if s := push.Status()[0]; s.Size != 0 {
		t.Errorf("status %+v", s)
	}
	if _, err := NewCosigner(strings.Replace(p.key, "am/", "xx/", 1), nil); err == nil {
		t.Error("a key under another name is opened")
	}
}

// The store's file is for its owner alone.
func TestModes(t *testing.T) {
	n := newNode(t)
	p := newPlace(t, n, "am", all)
	newPusher(t, n, Target{Remote: p.remote(&line{p, "node"})}).push(t)
	files, err := os.ReadDir(p.dir())
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v (%v)", f.Name(), info.Mode(), err)
		}
	}
	if s, err := OpenSQLite(t.Context(), p.path, ""); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("opened twice: %v, %v", s, err)
	}
}

// endless is a body that does not end: a beginning, and then the same bytes for ever.
type endless struct {
	first, again []byte
	read         int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.first)
	e.first = e.first[n:]
	for n < len(p) && len(e.again) > 0 {
		k := copy(p[n:], e.again)
		e.again = append(e.again[k:], e.again[:k]...)
		n += k
	}
	e.read += n
	return n, nil
}

// However much is sent, a request is answered after a package, or some MiB, and holds no more than that.
func TestEndlessBodies(t *testing.T) {
	n := newNode(t)
	p := newPlace(t, n, "am", all)
	h := newHistory(t, n, strings.Repeat("x", 1000))
	h.give(t, p, 0, 600)
	body, header := h.checkpoint(t, 600, 1000)
	p.call(t, "/add-checkpoint", body, header...)
	entries := entriesHeader{origin: testOrigin, start: 600, end: 1000}
	heads := itemsHeader{testOrigin, 0, 600, maxItems}
	entry := append([]byte{0xff, 0xff}, make([]byte, 65535)...)
	for _, c := range []struct {
		path         string
		first, again []byte
		most         int
	}{
		{"/add-checkpoint", []byte("old 1\n"), []byte("AAAA\n"), maxCheckpoint},
		{"/add-checkpoint", []byte("old 1\n\n"), []byte("test/agarak\n"), maxCheckpoint},
		{"/add-entries", entries.encode(), entry, packageSize * (len(entry) + 2)},
		{"/add-entries", entries.encode(), []byte{0}, 1 << 20},
		{"/add-entries", nil, []byte{0xff}, 1 << 10},
		{"/add-heads", heads.encode(), entry, chunkBytes + len(entry)},
		{"/add-payloads", heads.encode(), append([]byte{0, 0, 0, 0, 0, 0, 0, 1}, append(make([]byte, 32), append([]byte{0, 16, 0, 0}, make([]byte, 1<<20)...)...)...), chunkBytes + 2<<20},
		{"/add-payloads", nil, []byte{0}, 1 << 10},
	} {
		in := &endless{first: c.first, again: bytes.Clone(c.again)}
		q, _ := http.NewRequest("POST", "http://mirror"+c.path, in)
		resp, err := serve(p.r, q, "node")
		if err != nil || resp.StatusCode < 400 || resp.StatusCode >= 500 || in.read > c.most+128<<10 {
			t.Errorf("%s: %v, %v after %d bytes, at most %d were to be read", c.path, resp.StatusCode, err, in.read, c.most)
		}
	}
}
