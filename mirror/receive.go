package mirror

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/folder"
	"marz/journal"
)

// Origin is a journal of which a mirror keeps a copy.
type Origin struct {
	Name marz.Origin
	Key  string // the node's verifier key
	// Clients are the keys whose holders may push it and read it back, each the hex SHA-256 of a TLS certificate's SubjectPublicKeyInfo: the
	// node's own, and nobody else's.
	Clients []string
	// Entitled says of which entries the mirror's authority may hold the private payload; nil: of none.
	Entitled func(journal.Entry) bool
	// Readers says whether the holder of another key may read the journal and not push it, and of which entries he is given the private payload (nil: of none). It is
	// asked at each request. nil: nobody may.
	Readers func(client string) (entitled func(journal.Entry) bool, may bool)
}

// ReceiverConfig says what a Receiver works with. Store, Cosigner and Clock are required.
type ReceiverConfig struct {
	Store    Store
	Cosigner *Cosigner
	Clock    marz.Clock
	Log      *slog.Logger // nil for none
	Requests int          // at once; 0 for 64. A request holds at most 64 MiB
	Client   int          // of them one client's; 0 for 8

	// Files opens the file of a digest (hex SHA-256) that a client may have; NotFound: he may not, or there is none. nil: there are none.
	Files func(ctx context.Context, client, digest string) (io.ReadSeekCloser, error)

	// After is like time.After, and has requests wait for news where they ask to. nil: they are answered at once.
	After   func(time.Duration) <-chan time.Time
	Look    time.Duration // how often the store is asked for news while anybody waits; 0 for 1 s
	Waiting int           // requests that wait at once, beside those that run; 0 for 8,192
}

// Receiver is the end of the protocol that keeps copies (docs/spec/mirror.md). It holds no lock while it reads a request, and nothing in memory
// between requests, so that any number of them can stand before one database.
type Receiver struct {
	cfg     ReceiverConfig
	mux     *http.ServeMux
	files   *http.ServeMux
	origins atomic.Pointer[map[marz.Origin]*known]
	news    news

	mu      sync.Mutex
	running int            // requests
	by      map[string]int // of each client
}

// known is an origin with its key opened.
type known struct {
	Origin
	verifier note.Verifier
	hash     string // of the name, as paths have it
}

// NewReceiver makes a receiver that knows no origin yet.
func NewReceiver(cfg ReceiverConfig) *Receiver {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Requests == 0 {
		cfg.Requests = 64
	}
	if cfg.Client == 0 {
		cfg.Client = 8
	}
	r := &Receiver{cfg: cfg, mux: http.NewServeMux(), files: http.NewServeMux(), by: map[string]int{}}
	if cfg.Look == 0 {
		r.cfg.Look = time.Second
	}
	if cfg.Waiting == 0 {
		r.cfg.Waiting = 8192
	}
	r.news = news{r: r, of: map[marz.Origin]*waiters{}, by: map[string]int{}}
	r.origins.Store(&map[marz.Origin]*known{})
	handle := func(pattern string, serve func(*Receiver, *call) error) {
		r.mux.HandleFunc(pattern, func(w http.ResponseWriter, q *http.Request) { r.serve(w, q, serve) })
	}
	handle("POST /add-checkpoint", (*Receiver).addCheckpoint)
	handle("POST /add-entries", (*Receiver).addEntries)
	handle("POST /add-heads", (*Receiver).addHeads)
	handle("POST /add-payloads", (*Receiver).addPayloads)
	handle("GET /{hash}/state", (*Receiver).giveState)
	handle("GET /{hash}/checkpoint", (*Receiver).giveCheckpoint)
	handle("GET /{hash}/pending", (*Receiver).givePending)
	handle("GET /{hash}/consistency", (*Receiver).giveConsistency)
	handle("GET /{hash}/entries", (*Receiver).giveEntries)
	handle("GET /{hash}/heads", (*Receiver).giveHeads)
	handle("GET /{hash}/payloads", (*Receiver).givePayloads)
	r.files.HandleFunc("GET /files/{digest}", func(w http.ResponseWriter, q *http.Request) { r.serve(w, q, (*Receiver).giveFile) })
	return r
}

// SetOrigins says which journals are mirrored from now on. Requests that have begun go by what was said before.
func (r *Receiver) SetOrigins(all []Origin) error {
	m := make(map[marz.Origin]*known, len(all))
	for _, o := range all {
		v, err := note.NewVerifier(o.Key)
		if err != nil || v.Name() != string(o.Name) || len(o.Name) > maxOrigin {
			return &marz.Error{Code: marz.Invalid, Op: "mirror journal", Subject: string(o.Name), Fix: "its verifier key is malformed, or another journal's", Err: err}
		}
		m[o.Name] = &known{o, v, originHash(o.Name)}
	}
	r.origins.Store(&m)
	return nil
}

func originHash(o marz.Origin) string {
	sum := sha256.Sum256([]byte(o))
	return hex.EncodeToString(sum[:])
}

// call is a request on its way.
type call struct {
	ctx    context.Context
	w      http.ResponseWriter
	q      *http.Request
	client string
}

// refusal is an error with the status in which it is answered.
type refusal struct {
	status int
	what   string
	kind   string // content type; "" for plain text
}

func (f *refusal) Error() string { return f.what }

func refuse(status int, format string, args ...any) error {
	return &refusal{status: status, what: fmt.Sprintf(format, args...)}
}

// ServeHTTP implements http.Handler. The server in front of it asks for client certificates; it need not trust who issued them.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if strings.HasPrefix(q.URL.Path, "/files/") { // of no journal
		r.files.ServeHTTP(w, q)
		return
	}
	r.mux.ServeHTTP(w, q)
}

func (r *Receiver) serve(w http.ResponseWriter, q *http.Request, do func(*Receiver, *call) error) {
	c := &call{q.Context(), w, q, folder.ClientKey(q)}
	w.Header().Set("Accept-Encoding", "gzip")
	w.Header().Set("Cache-Control", "no-store")
	err := r.enter(c.client)
	if err == nil {
		defer r.leave(c.client)
		err = do(r, c)
	}
	if err != nil {
		r.answerError(c, err)
	}
}

// enter takes a place for a request, so that no number of them needs more memory than was meant.
func (r *Receiver) enter(client string) error {
	if client == "" {
		return refuse(http.StatusUnauthorized, "no client certificate was given")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running >= r.cfg.Requests || r.by[client] >= r.cfg.Client {
		return refuse(http.StatusTooManyRequests, "too many requests are running")
	}
	r.running++
	r.by[client]++
	return nil
}

// again takes the place back of a request that has waited.
func (r *Receiver) again(client string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running++
	r.by[client]++
}

func (r *Receiver) leave(client string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running--
	if r.by[client]--; r.by[client] == 0 {
		delete(r.by, client)
	}
}

func (r *Receiver) answerError(c *call, err error) {
	f, ok := errors.AsType[*refusal](err)
	if !ok {
		f = &refusal{status: http.StatusInternalServerError, what: "the mirror failed"}
		switch marz.CodeOf(err) {
		case marz.Unavailable:
			f = &refusal{status: http.StatusServiceUnavailable, what: "the mirror stores nothing now: it has stopped, or its database does not answer"}
		case marz.NotFound:
			f = &refusal{status: http.StatusNotFound, what: "it is not held"}
		}
		if c.ctx.Err() == nil {
			r.cfg.Log.Error("mirror request failed", "path", c.q.URL.Path, "err", err)
		}
	}
	kind := f.kind
	if kind == "" {
		kind = "text/plain; charset=utf-8"
		f.what += "\n"
	}
	c.w.Header().Set("Content-Type", kind)
	c.w.WriteHeader(f.status)
	io.WriteString(c.w, f.what)
}

// origin returns an origin that is known and that the client may push and read.
func (r *Receiver) origin(c *call, name marz.Origin) (*known, error) {
	o := (*r.origins.Load())[name]
	if o == nil {
		return nil, refuse(http.StatusNotFound, "no such journal is mirrored here")
	}
	if !slices.Contains(o.Clients, c.client) {
		return nil, refuse(http.StatusForbidden, "this client's key is not the node's")
	}
	return o, nil
}

// reader returns the origin of a path, which the client may read: because it may push it as well, or as one of its readers. entitled says which payloads it is given.
func (r *Receiver) reader(c *call) (o *known, entitled func(journal.Entry) bool, err error) {
	hash := c.q.PathValue("hash")
	for _, o = range *r.origins.Load() {
		if o.hash != hash {
			continue
		}
		if slices.Contains(o.Clients, c.client) {
			return o, func(journal.Entry) bool { return true }, nil
		}
		if o.Readers != nil {
			if entitled, may := o.Readers(c.client); may {
				return o, entitled, nil
			}
		}
		return nil, nil, refuse(http.StatusForbidden, "this client's key may not read it")
	}
	return nil, nil, refuse(http.StatusNotFound, "no such journal is mirrored here")
}

// body returns the request's body, unzipped.
func (c *call) body() (io.Reader, error) {
	switch c.q.Header.Get("Content-Encoding") {
	case "":
		return c.q.Body, nil
	case "gzip":
		z, err := gzip.NewReader(c.q.Body)
		if err != nil {
			return nil, refuse(http.StatusBadRequest, "the body is not gzip")
		}
		return z, nil
	}
	return nil, refuse(http.StatusUnsupportedMediaType, "only gzip is known")
}

func (c *call) answer(status int, kind string, text string) error {
	c.w.Header().Set("Content-Type", kind)
	c.w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	c.w.WriteHeader(status)
	io.WriteString(c.w, text)
	return nil
}

// addCheckpoint takes in a head as the pending one (C2SP tlog-witness add-checkpoint). Nothing is cosigned.
func (r *Receiver) addCheckpoint(c *call) error {
	body, err := c.body()
	if err != nil {
		return err
	}
	b, err := io.ReadAll(io.LimitReader(body, maxCheckpoint+1))
	if err != nil || len(b) > maxCheckpoint {
		return refuse(http.StatusBadRequest, "the body cannot be read or is too long")
	}
	req, err := parseCheckpoint(b)
	if err != nil {
		return refuse(http.StatusBadRequest, "%v", err)
	}
	o, err := r.origin(c, originOf(req.note))
	if err != nil {
		return err
	}
	head, err := openHead(req.note, o.Name, o.verifier)
	if err != nil {
		return refuse(http.StatusForbidden, "the head is not signed by the node's key")
	}
	if req.old > head.Size || head.Size < 1 || head.Size > maxSeq {
		return refuse(http.StatusBadRequest, "the sizes cannot be")
	}
	return r.takeIn(c, o, req, head)
}

func (r *Receiver) takeIn(c *call, o *known, req checkpointRequest, head journal.Head) error {
	st, err := r.cfg.Store.State(c.ctx, o.Name)
	if err != nil {
		return err
	}
	if head.Size <= st.Size { // what is held tells at once
		if err := r.holdTo(c, o, []journal.Head{head}); err != nil {
			return err
		}
	}
	if head.Size == st.Pending {
		if err := r.samePending(c, o, head); err != nil {
			return err
		}
	}
	switch {
	case req.old != st.Pending:
		return c.answer(http.StatusConflict, typeSize, fmt.Sprintf("%d\n", st.Pending))
	case req.old == head.Size:
		return c.answer(http.StatusOK, "text/plain; charset=utf-8", "")
	}
	if err := r.continues(c, o, req, head); err != nil {
		return err
	}
	err = r.cfg.Store.SetPending(c.ctx, o.Name, req.old, HeadRow{head.Size, head.Note})
	if marz.CodeOf(err) == marz.Conflict { // another request came first
		if st, err = r.cfg.Store.State(c.ctx, o.Name); err != nil {
			return err
		}
		return c.answer(http.StatusConflict, typeSize, fmt.Sprintf("%d\n", st.Pending))
	}
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, "text/plain; charset=utf-8", "")
}

// pending opens a pending head that is held.
func (r *Receiver) pending(c *call, o *known, size int64) (journal.Head, error) {
	msg, err := r.cfg.Store.Pending(c.ctx, o.Name, size)
	if err != nil {
		return journal.Head{}, err
	}
	return openHead(msg, o.Name, o.verifier)
}

// samePending holds a head to the pending one of its size.
func (r *Receiver) samePending(c *call, o *known, head journal.Head) error {
	held, err := r.pending(c, o, head.Size)
	if err != nil {
		return err
	}
	if e := fork(held, head, o.Name, r.cfg.Clock(), head.Root, nil); e != nil {
		return r.keep(c, o, e, http.StatusConflict)
	}
	return nil
}

// rootHeader holds what the sender's tree hash is at the old size. C2SP's proof leaves it out where the old tree is whole within the new one, and so could
// not show that it is another than the one held.
const rootHeader = "Marz-Old-Root"

// continues checks that a head continues the pending one.
func (r *Receiver) continues(c *call, o *known, req checkpointRequest, head journal.Head) error {
	if req.old == 0 {
		if len(req.proof) > 0 {
			return refuse(http.StatusUnprocessableEntity, "there is nothing to be consistent with, and the proof is not empty")
		}
		return nil
	}
	held, err := r.pending(c, o, req.old)
	if err != nil {
		return err
	}
	if checkTree(req.proof, head, held) == nil {
		return nil
	}
	if root, err := tlog.ParseHash(c.q.Header.Get(rootHeader)); err == nil {
		if e := fork(held, head, o.Name, r.cfg.Clock(), root, req.proof); e != nil {
			return r.keep(c, o, e, http.StatusUnprocessableEntity)
		}
	}
	return refuse(http.StatusUnprocessableEntity, "the proof does not show that the head continues the one of size %d", req.old)
}

// evidenceHeader names the evidence that was kept of what is refused.
const evidenceHeader = "Marz-Evidence"

// keep stores evidence and refuses. It is on the disk before the client hears of it.
func (r *Receiver) keep(c *call, o *known, e *Evidence, status int) error {
	doc, err := json.Marshal(e)
	if err != nil {
		return err
	}
	id := e.id()
	if err := r.cfg.Store.AddEvidence(c.ctx, o.Name, e.Kind, id, doc); err != nil {
		return err
	}
	r.cfg.Log.Error("refused and kept as evidence", "kind", e.Kind, "origin", o.Name, "evidence", id)
	c.w.Header().Set(evidenceHeader, id)
	if e.Kind == EvidenceFork {
		return refuse(status, "this head contradicts one that the node has signed before: the mirror keeps both, with the proof, as evidence %s", id)
	}
	return refuse(status, "the payload of seq %d is not the one whose digest stands in the entry", e.Seq)
}
