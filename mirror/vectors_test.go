package mirror

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/journal"
)

// vectors are docs/spec/mirror-vectors.json.
type vectors struct {
	Node      string     `json:"node"`   // the node's verifier key
	Mirror    string     `json:"mirror"` // the mirror's
	Clock     string     `json:"clock"`  // of the mirror, all the while
	Exchanges []exchange `json:"exchanges"`
	Packages  []packaged `json:"packages"`
}

// exchange is one request, as it is sent by a node, and its answer.
type exchange struct {
	What     string `json:"what"`
	Method   string `json:"method"`
	Path     string `json:"path"`
	OldRoot  string `json:"old_root,omitempty"`
	Client   string `json:"client,omitempty"`        // who asks; none: the node
	Match    string `json:"if_none_match,omitempty"` // headers of these names
	Prefer   string `json:"prefer,omitempty"`
	Range    string `json:"range,omitempty"`
	Body     []byte `json:"body,omitempty"`
	Status   int    `json:"status"`
	Type     string `json:"type"`
	Evidence string `json:"evidence,omitempty"`
	Tag      string `json:"etag,omitempty"`
	Root     string `json:"answer_old_root,omitempty"`
	Answer   []byte `json:"answer,omitempty"`
}

// vectorFile is the one file that the mirror of the vectors gives to its reader.
const vectorFile = "what a list's file would hold"

// packaged is the package of [start, end) in a tree of size leaves, of which leaf n is n in decimal.
type packaged struct {
	Size  int64       `json:"size"`
	Root  tlog.Hash   `json:"root"`
	Start int64       `json:"start"`
	End   int64       `json:"end"`
	Hash  tlog.Hash   `json:"hash"`
	Proof []tlog.Hash `json:"proof"`
}

func still() marz.Clock {
	return func() marz.Instant { return 1735689600000 }
}

// recorder keeps what goes over a line.
type recorder struct {
	line
	all []exchange
}

func (r *recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	x := exchange{Method: q.Method, Path: q.URL.RequestURI(), OldRoot: q.Header.Get(rootHeader), Match: q.Header.Get("If-None-Match"), Prefer: q.Header.Get("Prefer"), Range: q.Header.Get("Range")}
	if r.name != "node" {
		x.Client = r.name
	}
	if q.Body != nil {
		x.Body, _ = io.ReadAll(q.Body)
		q.Body = io.NopCloser(bytes.NewReader(x.Body))
	}
	resp, err := r.line.RoundTrip(q)
	if err != nil {
		return nil, err
	}
	x.Answer, _ = io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(x.Answer))
	x.Status, x.Type, x.Evidence = resp.StatusCode, resp.Header.Get("Content-Type"), resp.Header.Get(evidenceHeader)
	x.Tag, x.Root = resp.Header.Get("ETag"), resp.Header.Get(rootHeader)
	r.all = append(r.all, x)
	return resp, nil
}

// makeVectors pushes a small journal in three steps, then a head of another history, and reads it back.
func makeVectors(t *testing.T) *vectors {
	n := newNode(t)
	n.j.Close()
	n.cfg.Clock, n.cfg.Rand, n.cfg.Dir = still(), rand.NewChaCha8([32]byte{5}), t.TempDir()
	if err := journal.Create(t.Context(), n.cfg, draft("am-bg", nil, nil), journal.Created{Post: "agarak"}); err != nil {
		t.Fatal(err)
	}
	n.start(t)
	p := newPlace(t, n, "am", all)
	p.still(t)
	rec := &recorder{line: line{p, "node"}}
	target := Target{Remote: p.remote(rec), Entitled: all}
	target.Plain = true
	f := newPusher(t, n, target).feeds[0]
	v := &vectors{Node: n.vkey, Mirror: p.vkey, Clock: still()().String()}
	name := func(what string) {
		for i := len(v.Exchanges); i < len(rec.all); i++ {
			v.Exchanges = append(v.Exchanges, rec.all[i])
			v.Exchanges[i].What = what
		}
	}
	round := func(what string) {
		if err := f.round(t.Context()); err != nil {
			t.Fatal(err)
		}
		name(what)
	}
	round("a journal of one entry")
	n.write(t, "am-bg", 3)
	n.write(t, "am-bg", 1)
	round("four entries more in two commits, three of them with payloads")
	n.erase(t, 1)
	round("an erasure")
	other := newHistory(t, n, "another history")
	body, header := other.checkpoint(t, n.j.Head().Size, 9)
	if _, err := f.c.post(t.Context(), "/add-checkpoint", body, http.Header{rootHeader: {header[1]}}); err != nil {
		t.Fatal(err)
	}
	name("a head of another history")
	if _, err := f.c.do(t.Context(), "POST", "/add-entries", (&entriesHeader{origin: testOrigin}).encode(), false, nil); err != nil {
		t.Fatal(err)
	}
	name("how far is the mirror?")
	in := recovery(n, p)
	in.Mirrors[0].Transport = rec
	in.Dir = t.TempDir()
	if _, err := Recover(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	name("recovery from nothing")
	rec.name = "reader"
	reads := newFollower(t, n.vkey, rec)
	for _, what := range []string{"another node follows the journal, and is given the payloads of entries with an even seq", "there is nothing new"} {
		reads.follow(t)
		name(what)
	}
	rec.name = "node"
	n.write(t, "am-bg", 2)
	round("two entries more")
	rec.name = "reader"
	reads.follow(t)
	name("they are news to who follows")
	digest, err := digestOf(strings.NewReader(vectorFile), int64(len(vectorFile)))
	if err != nil {
		t.Fatal(err)
	}
	if err := reads.File(t.Context(), digest, int64(len(vectorFile)), filepath.Join(t.TempDir(), "file")); err != nil {
		t.Fatal(err)
	}
	name("a file")
	v.Packages = makePackages(t)
	return v
}

// still has a mirror's clock stand.
func (p *place) still(t testing.TB) {
	t.Helper()
	c, err := NewCosigner(p.key, still())
	if err != nil {
		t.Fatal(err)
	}
	p.r.cfg.Cosigner, p.r.cfg.Clock = c, still()
	p.r.cfg.Files = func(_ context.Context, client, _ string) (io.ReadSeekCloser, error) {
		if client != clientKey("reader") {
			return nil, &marz.Error{Code: marz.NotFound}
		}
		return readable{strings.NewReader(vectorFile)}, nil
	}
	p.of.Readers = func(client string) (func(journal.Entry) bool, bool) {
		return func(e journal.Entry) bool { return e.Seq%2 == 0 }, client == clientKey("reader")
	}
	if err := p.r.SetOrigins([]Origin{p.of}); err != nil {
		t.Fatal(err)
	}
}

// readable is a file in memory.
type readable struct{ *strings.Reader }

func (readable) Close() error { return nil }

// header returns what the vectors say of a request.
func (x *exchange) header() http.Header {
	h := http.Header{}
	for name, value := range map[string]string{rootHeader: x.OldRoot, "If-None-Match": x.Match, "Prefer": x.Prefer, "Range": x.Range} {
		if value != "" {
			h.Set(name, value)
		}
	}
	return h
}

func makePackages(t *testing.T) (out []packaged) {
	for _, size := range []int64{1, 2, 255, 256, 257, 511, 512, 600, 1000, 1300} {
		h := &history{hashes: map[int64][]byte{}}
		for i := range size {
			h.hashes[i] = h.tree.Add(leaf(strconv.AppendInt(nil, i, 10)))
		}
		for start := int64(0); start < size; start += packageSize {
			_, rounded, end := bounds(start, size)
			proof, err := proveSubtree(size, rounded, end, h)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, packaged{size, h.tree.Root(), start, end, treeOf(start, end), proof})
		}
	}
	return out
}

// treeOf is the hash over leaves, as RFC 6962 §2.1 defines it and no faster.
func treeOf(lo, hi int64) tlog.Hash {
	if hi-lo == 1 {
		return tlog.RecordHash(strconv.AppendInt(nil, lo, 10))
	}
	k := int64(1)
	for 2*k < hi-lo {
		k *= 2
	}
	return tlog.NodeHash(treeOf(lo, lo+k), treeOf(lo+k, hi))
}

// The vectors are what the two ends say to each other; MARZ_UPDATE=1 writes them anew.
func TestVectors(t *testing.T) {
	path := filepath.Join("..", "docs", "spec", "mirror-vectors.json")
	made, err := json.MarshalIndent(makeVectors(t), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	made = append(made, '\n')
	if os.Getenv("MARZ_UPDATE") != "" {
		if err := os.WriteFile(path, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, made) {
		t.Error("the protocol is another than in docs/spec/mirror-vectors.json: if that is meant, say so in docs/spec/mirror.md and run with MARZ_UPDATE=1")
	}
	var v vectors
	if err := json.Unmarshal(kept, &v); err != nil {
		t.Fatal(err)
	}
	n := &node{vkey: v.Node}
	p := newPlace(t, n, "am", all)
	p.still(t)
	for i, x := range v.Exchanges { // a mirror that was never asked before answers them the same, byte for byte
		q, err := http.NewRequest(x.Method, "http://am"+x.Path, bytes.NewReader(x.Body))
		if err != nil {
			t.Fatal(err)
		}
		q.Header = x.header()
		resp, err := serve(p.r, q, cmp.Or(x.Client, "node"))
		if err != nil {
			t.Fatal(err)
		}
		if got := text(resp); resp.StatusCode != x.Status || got != string(x.Answer) || resp.Header.Get(evidenceHeader) != x.Evidence || resp.Header.Get("ETag") != x.Tag || resp.Header.Get(rootHeader) != x.Root {
			t.Errorf("exchange %d, %s: %s %s: %d %q, want %d %q", i, x.What, x.Method, x.Path, resp.StatusCode, got, x.Status, x.Answer)
		}
	}
	if all := p.evidence(t, EvidenceFork); len(all) != 1 || all[0].Verify(v.Node) != nil {
		t.Errorf("evidence %+v", all)
	}
	checkPackages(t, v.Packages)
}

// checkPackages holds proofs to the definition of the tree, and to no other proof, place or head.
func checkPackages(t *testing.T, all []packaged) {
	for _, p := range all {
		if treeOf(0, p.Size) != p.Root || treeOf(p.Start, p.End) != p.Hash {
			t.Errorf("the hashes of [%d, %d) in %d are not those of RFC 6962", p.Start, p.End, p.Size)
		}
		if err := checkSubtree(p.Proof, p.Size, p.Root, p.Start, p.End, p.Hash); err != nil {
			t.Errorf("[%d, %d) in %d: %v", p.Start, p.End, p.Size, err)
		}
		for i := range p.Proof {
			altered := append([]tlog.Hash(nil), p.Proof...)
			altered[i][31] ^= 1
			if checkSubtree(altered, p.Size, p.Root, p.Start, p.End, p.Hash) == nil {
				t.Errorf("[%d, %d) in %d: an altered proof holds", p.Start, p.End, p.Size)
			}
		}
		wrong := p.Hash
		wrong[0] ^= 1
		if checkSubtree(p.Proof, p.Size, p.Root, p.Start, p.End, wrong) == nil ||
			checkSubtree(append(p.Proof, tlog.Hash{}), p.Size, p.Root, p.Start, p.End, p.Hash) == nil ||
			p.Start > 0 && checkSubtree(p.Proof, p.Size, p.Root, p.Start-packageSize, p.End-packageSize, p.Hash) == nil {
			t.Errorf("[%d, %d) in %d: something else is proven as well", p.Start, p.End, p.Size)
		}
	}
}
