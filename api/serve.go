package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"

	"marz"
	"marz/folder"
	"marz/web"
)

// Bounds of what programs can have in work, so that the node's own officers never wait for them.
const (
	mostAtOnce  = 32
	mostOfOne   = 4
	defaultBody = 64 << 10
)

// Config is what a node gives to the interface.
type Config[C any] struct {
	Node    string // what kind of node it is, for the document: "post" or "headquarters"
	Version string // of the interface's document
	Routes  []Route[C]

	// Caller returns who a program is, by the hex SHA-256 of its certificate's public key and the authority that it names, if it does. One that nobody has accepted is marz.Forbidden.
	Caller func(ctx context.Context, key string, authority marz.AuthorityID) (C, error)
	// May reports why a program may not do an action now.
	May func(C, marz.Action) error
	// Digest returns a keyed digest of parts, in hex, that nobody but the node can make.
	Digest func(what string, parts ...string) string
	// Done returns the request that a program has had carried out under a key, nil when there is none.
	Done func(ctx context.Context, c C, key string) (*Done, error)
	// Failed returns why the node does nothing any more, or nil.
	Failed func() error

	Log *slog.Logger // nil: none
}

// Server serves the interface of a node.
type Server[C any] struct {
	cfg      Config[C]
	document []byte
	working  working
	slots    slots
}

// New makes the interface of a node. Routes that cannot be served or described are a fault of the program, and panic.
func New[C any](cfg Config[C]) *Server[C] {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server[C]{cfg: cfg}
	s.document = makeDocument(&s.cfg)
	return s
}

// Document returns the OpenAPI 3.1 document.
func (s *Server[C]) Document() []byte { return s.document }

// Handler serves all operations, the document and its page.
func (s *Server[C]) Handler() http.Handler {
	mux := http.NewServeMux()
	for i := range s.cfg.Routes {
		rt := &s.cfg.Routes[i]
		mux.HandleFunc(rt.Method+" "+Prefix+rt.Path, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, rt) })
	}
	mux.HandleFunc("GET "+Prefix+"/openapi.json", func(w http.ResponseWriter, r *http.Request) {
		write(w, r, "application/vnd.oai.openapi+json;version=3.1", s.document, true)
	})
	mux.HandleFunc("GET "+Prefix+"/{$}", func(w http.ResponseWriter, r *http.Request) { s.page(w, r) })
	mux.Handle("GET /assets/", web.Assets())
	return secure(problems(mux))
}

// secure puts headers on every answer, and refuses what a web page of any other site sends by way of a browser that has a program's certificate.
func secure(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, &marz.Error{Code: marz.Forbidden, Op: "request", Fix: "it came from a web page of another site"})
	}))
	protected := cross.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		protected.ServeHTTP(w, r)
	})
}

// problems answers what no route takes as a problem, in the place of the mux's own words.
func problems(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		probe := &prober{header: http.Header{}}
		h.ServeHTTP(probe, r)
		if allow := probe.header.Get("Allow"); allow != "" {
			w.Header().Set("Allow", allow)
			writeProblem(w, faulty(slugMethod, r.Method, "use "+allow))
			return
		}
		writeProblem(w, &marz.Error{Code: marz.NotFound, Op: "address", Subject: fmt.Sprintf("%.80q", r.URL.Path), Fix: "there is no such operation; the page " + Prefix + "/ lists all"})
	})
}

// prober takes in an answer of the mux to see what it would be.
type prober struct{ header http.Header }

func (p *prober) Header() http.Header         { return p.header }
func (p *prober) Write(b []byte) (int, error) { return len(b), nil }
func (p *prober) WriteHeader(int)             {}

// serve answers one operation.
func (s *Server[C]) serve(w http.ResponseWriter, r *http.Request, rt *Route[C]) {
	key := folder.ClientKey(r)
	if !s.slots.take(key) {
		writeProblem(w, faulty(slugTooMany, "", "this program, or all together, have too many requests in work; wait for an answer and try again"))
		return
	}
	defer s.slots.give(key)
	q := &Request[C]{Request: r, Key: key, name: rt.Name}
	answer, err := s.answer(w, rt, q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, rt, q, answer)
}

func (s *Server[C]) answer(w http.ResponseWriter, rt *Route[C], q *Request[C]) (any, error) {
	if err := s.admit(q, rt.Action); err != nil {
		return nil, err
	}
	if err := s.cfg.Failed(); err != nil {
		return nil, err
	}
	if err := rt.checkParams(q); err != nil {
		return nil, err
	}
	if err := readBody(w, rt, q); err != nil {
		return nil, err
	}
	if rt.Acts {
		return s.once(rt, q)
	}
	return rt.handle(q)
}

// admit finds out who asks, and whether it may.
func (s *Server[C]) admit(q *Request[C], action marz.Action) (err error) {
	if q.Key == "" {
		return &marz.Error{Code: marz.Unauthenticated, Op: "request", Fix: "connect with the program's own TLS client certificate"}
	}
	if action == "" {
		return nil
	}
	if q.Caller, err = s.cfg.Caller(q.Context(), q.Key, marz.AuthorityID(q.Header.Get(HeaderAuthority))); err != nil {
		return err
	}
	return s.cfg.May(q.Caller, action)
}

// Guard lets a handler be asked by programs that may do an action, even when the node has failed and can still tell so.
func (s *Server[C]) Guard(action marz.Action, next http.Handler) http.Handler {
	return secure(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &Request[C]{Request: r, Key: folder.ClientKey(r)}
		if !s.slots.take(q.Key) {
			writeProblem(w, faulty(slugTooMany, "", "too many requests are in work; try again"))
			return
		}
		defer s.slots.give(q.Key)
		if err := s.admit(q, action); err != nil {
			s.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	}))
}

func (s *Server[C]) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	if marz.CodeOf(err) == marz.Internal {
		s.cfg.Log.Error("a program's request failed", "operation", r.Pattern, "err", err)
	}
	writeProblem(w, err)
}

// checkParams refuses what the operation does not know, so that a misspelt bound is not taken for none, and what lacks.
func (rt *Route[C]) checkParams(q *Request[C]) error {
	params := rt.params()
	query, err := url.ParseQuery(q.URL.RawQuery)
	if err != nil {
		return &marz.Error{Code: marz.Invalid, Op: "query", Fix: "it is not well formed"}
	}
	for name, values := range query {
		if !slices.ContainsFunc(params, func(p Param) bool { return p.In == "query" && p.Name == name }) || len(values) > 1 {
			return &marz.Error{Code: marz.Invalid, Op: "query", Subject: fmt.Sprintf("%.40q", name), Fix: "this operation has no such parameter, or it is given twice"}
		}
	}
	for _, p := range params {
		if p.In == "header" && p.Required && p.Name != HeaderKey && q.Header.Get(p.Name) == "" {
			return &marz.Error{Code: marz.Invalid, Op: "header", Subject: p.Name, Fix: "it is required: " + p.Doc}
		}
	}
	return nil
}

func readBody[C any](w http.ResponseWriter, rt *Route[C], q *Request[C]) (err error) {
	limit := rt.Limit
	if limit == 0 {
		limit = defaultBody
	}
	if q.Body, err = io.ReadAll(http.MaxBytesReader(w, q.Request.Body, limit)); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return faulty(slugTooLarge, "body", fmt.Sprintf("it has more than %d bytes; send it in parts", limit))
		}
		return &marz.Error{Code: marz.Invalid, Op: "request", Subject: "body", Fix: "it did not come whole; send it again"}
	}
	if rt.Takes == "" && len(q.Body) > 0 {
		return &marz.Error{Code: marz.Invalid, Op: "request", Subject: "body", Fix: "this operation takes none"}
	}
	kind, _, err := mime.ParseMediaType(q.Header.Get("Content-Type"))
	if rt.Takes != "" && (err != nil || kind != rt.Takes || q.Header.Get("Content-Encoding") != "") {
		return faulty(slugMediaType, "body", "send it as Content-Type: "+rt.Takes+" without a Content-Encoding")
	}
	return nil
}

func (s *Server[C]) write(w http.ResponseWriter, rt *Route[C], q *Request[C], answer any) {
	if text, ok := answer.(Text); ok {
		write(w, q.Request, rt.Gives, []byte(text), !rt.Acts && !rt.Reads)
		return
	}
	b, ok := answer.(json.RawMessage)
	if !ok {
		var err error
		if b, err = Encode(answer); err != nil {
			s.fail(w, q.Request, err)
			return
		}
	}
	write(w, q.Request, "application/json", append(slices.Clip(b), '\n'), !rt.Acts && !rt.Reads)
}

// Encode writes an answer as it is sent. A node that keeps the answer to an act keeps these bytes.
func Encode(answer any) (json.RawMessage, error) {
	v := reflect.New(reflect.TypeOf(answer)).Elem()
	v.Set(reflect.ValueOf(answer))
	whole(v)
	b, err := encode(v.Interface())
	return bytes.TrimSuffix(b, []byte("\n")), err
}

// Text is an answer that is no JSON.
type Text string

// write answers with a body that is there, or says that who asks has it already (RFC 9110 §13.1.2).
func write(w http.ResponseWriter, r *http.Request, kind string, body []byte, tag bool) {
	h := w.Header()
	if tag {
		sum := sha256.Sum256(body)
		etag := `"` + hex.EncodeToString(sum[:16]) + `"`
		h.Set("ETag", etag)
		h.Set("Cache-Control", "no-cache, private")
		for have := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
			if strings.TrimPrefix(strings.TrimSpace(have), "W/") == etag {
				w.WriteHeader(http.StatusNotModified)
				return
			}
		}
	}
	h.Set("Content-Type", kind)
	_, _ = w.Write(body) // whoever asked may have gone
}

// slots bound how many requests are in work, of all and of one program.
type slots struct {
	mu  sync.Mutex
	all int
	of  map[string]int
}

func (s *slots) take(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= mostAtOnce || s.of[key] >= mostOfOne {
		return false
	}
	if s.of == nil {
		s.of = map[string]int{}
	}
	s.all++
	s.of[key]++
	return true
}

func (s *slots) give(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.of[key]--; s.of[key] == 0 {
		delete(s.of, key)
	}
}
