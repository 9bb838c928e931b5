package post

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	mrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/folder"
	"marz/journal"
	"marz/mirror"
	"marz/release"
	"marz/watchlist"
)

// testHQ is a headquarters: a journal of its own, given to readers over mutual TLS.
type testHQ struct {
	t         testing.TB
	authority marz.AuthorityID
	origin    marz.Origin
	cfg       journal.Config
	vkey      string // of the journal
	cosigner  string // verifier key
	signer    string // of the cosigner
	cert      tls.Certificate
	client    tls.Certificate // with which it gives its own journal to its store
	address   string
	files     string
	dbPath    string

	j     *journal.Journal
	store *mirror.SQLite
	srv   *http.Server
	push  *mirror.Pusher
	stop  context.CancelFunc
	ended chan struct{}

	mu    sync.Mutex
	state release.State
	posts map[string]marz.Origin // by client key
	bend  func(w http.ResponseWriter, q *http.Request, next http.Handler)
	down  atomic.Bool
}

func selfSigned(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func spkiOf(c tls.Certificate) string {
	sum := sha256.Sum256(c.Leaf.RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum[:])
}

func newTestHQ(t testing.TB, authority marz.AuthorityID, clock marz.Clock) *testHQ {
	t.Helper()
	dir := t.TempDir()
	h := &testHQ{t: t, authority: authority, origin: "test/hq-" + marz.Origin(authority), cert: selfSigned(t), client: selfSigned(t), files: filepath.Join(dir, "files"), dbPath: filepath.Join(dir, "store.db"), posts: map[string]marz.Origin{}}
	var key string
	var err error
	if key, h.vkey, err = journal.NewKey(rand.Reader, h.origin); err != nil {
		t.Fatal(err)
	}
	if h.signer, h.cosigner, err = mirror.NewKey(rand.Reader, string(h.origin)+"/mirror"); err != nil {
		t.Fatal(err)
	}
	h.cfg = journal.Config{Dir: filepath.Join(dir, "journal"), Key: key, Clock: clock}
	for _, d := range []string{h.cfg.Dir, h.files} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := journal.Create(t.Context(), h.cfg, journal.Draft{Authority: authority, Under: "marz/own-house", Policy: strings.Repeat("0", 64)}, journal.Created{}); err != nil {
		t.Fatal(err)
	}
	h.start()
	t.Cleanup(h.close)
	return h
}

// start serves the headquarters, at the same address as before.
func (h *testHQ) start() {
	h.t.Helper()
	var err error
	if h.j, err = journal.Open(context.Background(), h.cfg); err != nil {
		h.t.Fatal(err)
	}
	if h.store, err = mirror.OpenSQLite(context.Background(), h.dbPath, ""); err != nil {
		h.t.Fatal(err)
	}
	cosigner, err := mirror.NewCosigner(h.signer, h.cfg.Clock)
	if err != nil {
		h.t.Fatal(err)
	}
	r := mirror.NewReceiver(mirror.ReceiverConfig{Store: h.store, Cosigner: cosigner, Clock: h.cfg.Clock, After: time.After, Look: 5 * time.Millisecond, Files: h.file})
	if err := r.SetOrigins([]mirror.Origin{{Name: h.origin, Key: h.vkey, Clients: []string{spkiOf(h.client)}, Entitled: func(journal.Entry) bool { return true }, Readers: h.reader}}); err != nil {
		h.t.Fatal(err)
	}
	ln, err := net.Listen("tcp", cmpAddress(h.address))
	if err != nil {
		h.t.Fatal(err)
	}
	h.address = ln.Addr().String()
	h.srv = &http.Server{ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug), Handler: http.StripPrefix("/mirror", http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		own := folder.ClientKey(q) == spkiOf(h.client)
		h.mu.Lock()
		bend := h.bend
		h.mu.Unlock()
		switch {
		case h.down.Load() && !own:
			panic(http.ErrAbortHandler)
		case bend != nil && !own:
			bend(w, q, r)
		default:
			r.ServeHTTP(w, q)
		}
	}))}
	go h.srv.Serve(tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{h.cert}, ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS13}))
	own := h.conf()
	h.push, err = mirror.NewPusher(mirror.PusherConfig{Journal: h.j, Clock: h.cfg.Clock, Random: mrand.Float64, After: time.After, Least: time.Millisecond, Most: time.Millisecond,
		Targets: []mirror.Target{{Remote: own.remote(h.client), Entitled: func(journal.Entry) bool { return true }}}})
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.stop, h.ended = cancel, make(chan struct{})
	go func(p *mirror.Pusher, ended chan struct{}) { defer close(ended); p.Run(ctx) }(h.push, h.ended)
}

func cmpAddress(a string) string {
	if a == "" {
		return "127.0.0.1:0"
	}
	return a
}

func (h *testHQ) close() {
	h.stop()
	<-h.ended
	h.srv.Close()
	h.j.Close()
	h.store.Close()
}

func (h *testHQ) restart() { h.close(); h.start() }

func (h *testHQ) conf() *MirrorConfig {
	return &MirrorConfig{Authority: h.authority, URL: "https://" + h.address + "/mirror", Key: h.cosigner, TLS: spkiOf(h.cert), HQ: h.origin, HQKey: h.vkey}
}

func (h *testHQ) reader(client string) (func(journal.Entry) bool, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	post, ok := h.posts[client]
	return func(e journal.Entry) bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.state.Entitled(post, e)
	}, ok
}

func (h *testHQ) file(_ context.Context, client, digest string) (io.ReadSeekCloser, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.state.Reads(h.posts[client], digest) {
		return nil, &marz.Error{Code: marz.NotFound}
	}
	return os.Open(filepath.Join(h.files, digest))
}

// say appends an entry, and waits until readers can have it.
func (h *testHQ) say(kind string, public, private any) marz.Seq {
	h.t.Helper()
	var seq marz.Seq
	err := h.j.Update(context.Background(), func(tx *journal.Tx) error {
		e, err := tx.Append(journal.Draft{Kind: kind, Authority: h.authority, Under: "marz/own-house", Policy: strings.Repeat("0", 64), Public: public, Private: private})
		seq = e.Seq
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	e, _, err := h.j.Entry(context.Background(), seq)
	if err != nil {
		h.t.Fatal(err)
	}
	h.mu.Lock()
	h.state.Fold(e)
	h.mu.Unlock()
	for {
		changed := h.push.Changed()
		if s := h.push.Status()[0]; s.Whole && s.Size == h.j.Head().Size {
			return seq
		}
		select {
		case <-changed:
		case <-time.After(time.Minute):
			h.t.Fatalf("the headquarters' own journal does not reach its store: %+v", h.push.Status()[0])
		}
	}
}

// key signs lists as the authority.
func (h *testHQ) key() note.Signer {
	s, err := note.NewSigner(testKeys[h.authority])
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// list makes a list of lines of FollowTheMoney.
func (h *testHQ) list(id marz.ListID, version, text string) *watchlist.List {
	h.t.Helper()
	path := filepath.Join(h.t.TempDir(), "a.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
	l, err := watchlist.Import(path, watchlist.Options{ID: id, Owner: h.authority, Loaded: h.cfg.Clock()})
	if err != nil {
		h.t.Fatal(err)
	}
	l.Version = version
	return l
}

// keep puts a file among those that are given, and says of it what entries say.
func (h *testHQ) keep(path string) (digest string, size int64, b []byte) {
	h.t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		h.t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	digest = hex.EncodeToString(sum[:])
	if err := os.WriteFile(filepath.Join(h.files, digest), b, 0o600); err != nil {
		h.t.Fatal(err)
	}
	return digest, int64(len(b)), b
}

func (h *testHQ) publish(l *watchlist.List, own bool, signer note.Signer, to ...marz.Origin) marz.Seq {
	h.t.Helper()
	path := filepath.Join(h.t.TempDir(), "a.list")
	if err := watchlist.WriteFile(path, l, watchlist.FileOptions{Signer: signer}); err != nil {
		h.t.Fatal(err)
	}
	digest, size, _ := h.keep(path)
	return h.say(release.KindList, release.List{To: to, List: l.ID, Name: l.Name, Owner: l.Owner, Own: own, Version: l.Version, Made: l.Loaded, SHA256: digest, Size: size}, nil)
}

func (h *testHQ) change(from, to *watchlist.List, own, inline bool, signer note.Signer, posts ...marz.Origin) marz.Seq {
	h.t.Helper()
	path := filepath.Join(h.t.TempDir(), "a.delta")
	c := watchlist.Diff(slices.Values(from.Alerts), slices.Values(to.Alerts))
	c.List, c.From, c.To, c.Loaded = to.ID, from.Version, to.Version, to.Loaded
	if err := watchlist.WriteChange(path, c, signer); err != nil {
		h.t.Fatal(err)
	}
	digest, size, b := h.keep(path)
	var private any
	if inline {
		os.Remove(filepath.Join(h.files, digest))
		private = release.Inline{File: b}
	}
	return h.say(release.KindChange, release.List{To: posts, List: to.ID, Name: to.Name, Owner: to.Owner, Own: own, From: from.Version, Version: to.Version, Made: to.Loaded, SHA256: digest, Size: size}, private)
}

func (h *testHQ) widen(seq marz.Seq) marz.Seq {
	return h.say(release.KindWidened, release.Widened{Release: seq}, nil)
}

func (h *testHQ) recall(seq marz.Seq) marz.Seq {
	return h.say(release.KindRecalled, release.Recalled{Release: seq, Why: "it was wrong"}, nil)
}

// vouch has the authority's own key say whose journal it is.
func (h *testHQ) vouch() {
	h.t.Helper()
	n, err := note.Sign(&note.Note{Text: release.VoucherText(h.origin, h.vkey)}, h.key())
	if err != nil {
		h.t.Fatal(err)
	}
	h.say(release.KindVouched, release.VouchedBy{Note: string(n)}, nil)
}

// following is a post that follows headquarters.
type following struct {
	*testPost
	hqs    []*testHQ
	cancel context.CancelFunc
	ended  chan struct{}
}

// quick ends waits for another attempt soon, and leaves that after which a line counts as dead.
func quick(d time.Duration) <-chan time.Time {
	if d != 30*time.Second {
		d = time.Millisecond
	}
	return time.After(d)
}

// newFollowing sets a post up to follow headquarters.
func newFollowing(t testing.TB, origin marz.Origin, agreements string, hqs ...*testHQ) *following {
	t.Helper()
	f := &following{testPost: newTestPostNamed(t, origin, agreements), hqs: hqs}
	f.set = func(o *Options) { o.After = quick }
	f.Post.Close()
	var b bytes.Buffer
	text, err := os.ReadFile(filepath.Join(f.dir, configFile))
	if err != nil {
		t.Fatal(err)
	}
	b.Write(text)
	for _, h := range hqs {
		c := h.conf()
		fmt.Fprintf(&b, "\n[[mirror]]\nauthority = %q\nurl = %q\nkey = %q\ntls = %q\nhq = %q\nhq_key = %q\n", c.Authority, c.URL, c.Key, c.TLS, c.HQ, c.HQKey)
		id, err := ReadIdentity(t.Context(), f.dir)
		if err != nil {
			t.Fatal(err)
		}
		h.mu.Lock()
		h.posts[id.Client] = id.Origin
		h.mu.Unlock()
	}
	f.write(configFile, b.String())
	f.open()
	f.run()
	t.Cleanup(f.halt)
	return f
}

func (f *following) run() {
	ctx, cancel := context.WithCancel(context.Background())
	f.cancel, f.ended = cancel, make(chan struct{})
	go func(p *Post, ended chan struct{}) { defer close(ended); p.followHeadquarters(ctx) }(f.Post, f.ended)
}

func (f *following) halt() {
	f.cancel()
	<-f.ended
}

// again stops the post and starts it.
func (f *following) again() {
	f.t.Helper()
	f.halt()
	f.reopen(nil)
	f.run()
}

// until waits for something to hold, looking after each commit of the post and each news of a headquarters.
func (f *following) until(what string, holds func() bool) {
	f.t.Helper()
	limit := time.After(time.Minute)
	for {
		committed := f.journal.Changed()
		news := make(<-chan struct{})
		if len(f.Post.hqs) > 0 {
			news = f.Post.hqs[0].f.Changed()
		}
		if holds() {
			return
		}
		select {
		case <-committed:
		case <-news:
		case <-limit:
			f.t.Fatalf("%s does not come to be; followed: %+v", what, f.followedAll())
		}
	}
}

// followedAll returns what the post says that it did, in order.
func (f *following) followedAll() []followedEntry {
	f.t.Helper()
	var out []followedEntry
	all, err := f.Journal().Entries(context.Background(), 0, 1<<20)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, e := range all {
		if e.Kind == KindFollowed {
			var d followedEntry
			if err := json.Unmarshal(e.Public, &d); err != nil {
				f.t.Fatal(err)
			}
			out = append(out, d)
		}
	}
	return out
}

// followed waits until the post has acted on an entry, and returns how.
func (f *following) followed(seq marz.Seq) followedEntry {
	f.t.Helper()
	var out followedEntry
	f.until(fmt.Sprintf("acting on entry %d", seq), func() bool {
		all := f.followedAll()
		i := slices.IndexFunc(all, func(d followedEntry) bool { return d.Seq == seq })
		if i >= 0 {
			out = all[i]
		}
		return i >= 0
	})
	return out
}

// version returns which version of a list is in force, or "".
func (f *following) version(id marz.ListID) string {
	info, _ := f.listInForce(id)
	return info.Version
}
