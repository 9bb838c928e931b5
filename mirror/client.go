package mirror

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/journal"
)

// Remote is a mirror as a node knows it.
type Remote struct {
	Name      string            // for people: the authority whose mirror it is
	URL       string            // under which it is served, for example "https://hq.example:8443/mirror"
	Key       string            // the verifier key of its cosignatures
	Transport http.RoundTripper // with the node's client certificate and the mirror's own
	Plain     bool              // requests are not compressed
}

// client speaks to one mirror about one origin.
type client struct {
	Remote
	base     string
	origin   marz.Origin
	verifier note.Verifier // of the node
	mirror   *torchwood.CosignatureVerifier
	after    func(time.Duration) <-chan time.Time
	silence  time.Duration // after which a request on which nothing moves is given up
	zip      sync.Pool
}

// newClient makes a client of a mirror.
func newClient(m Remote, vkey string, after func(time.Duration) <-chan time.Time, silence time.Duration) (*client, error) {
	c, err := openLine(m, vkey, after, silence)
	if err != nil {
		return nil, err
	}
	if c.mirror, err = torchwood.NewCosignatureVerifier(m.Key); err != nil {
		return nil, unknownRemote(m, "its key is not that of a cosigner", err)
	}
	return c, nil
}

func unknownRemote(m Remote, what string, err error) error {
	return &marz.Error{Code: marz.Invalid, Op: "reach mirror", Subject: m.Name, Fix: what, Err: err}
}

// openLine makes a client that asks for no cosignature.
func openLine(m Remote, vkey string, after func(time.Duration) <-chan time.Time, silence time.Duration) (*client, error) {
	u, err := url.Parse(m.URL)
	if err != nil || u.Host == "" {
		return nil, unknownRemote(m, "its address is not a URL", err)
	}
	c := &client{Remote: m, base: strings.TrimSuffix(m.URL, "/"), after: after, silence: silence}
	if c.verifier, err = note.NewVerifier(vkey); err != nil {
		return nil, unknownRemote(m, "the node's verifier key is malformed", err)
	}
	c.origin = marz.Origin(c.verifier.Name())
	return c, nil
}

// answer is what came back.
type answer struct {
	status   int
	kind     string
	evidence string
	oldRoot  string
	body     []byte
}

// maxAnswer bounds what is read of an answer: what a mirror gives in one go is a few packages, heads or payloads, and one of them more.
const maxAnswer = givenBytes + 18<<20

// watched is a reader that tells when something was read, so that a slow line is told from a dead one.
type watched struct {
	r     io.Reader
	moved func()
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.moved()
	return n, err
}

var errSilence = errors.New("nothing moves on the line")

// do makes one request. A request on which nothing moves for a while is given up.
func (c *client) do(ctx context.Context, method, path string, body []byte, zipped bool, header http.Header) (*answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	moved := c.watch(ctx, cancel)
	var in io.Reader
	if body != nil {
		in = &watched{bytes.NewReader(body), moved}
	}
	q, err := http.NewRequestWithContext(ctx, method, c.base+path, in)
	if err != nil {
		return nil, c.unreachable(err)
	}
	for k, v := range header {
		q.Header[k] = v
	}
	if body != nil {
		q.ContentLength = int64(len(body))
		q.Header.Set("Content-Type", typeBytes)
	}
	if zipped {
		q.Header.Set("Content-Encoding", "gzip")
	}
	resp, err := c.Transport.RoundTrip(q)
	if err != nil {
		return nil, c.unreachable(errors.Join(err, cause(ctx)))
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(&watched{resp.Body, moved}, maxAnswer))
	if err != nil {
		return nil, c.unreachable(errors.Join(err, cause(ctx)))
	}
	return &answer{resp.StatusCode, resp.Header.Get("Content-Type"), resp.Header.Get(evidenceHeader), resp.Header.Get(rootHeader), b}, nil
}

func cause(ctx context.Context) error {
	if err := context.Cause(ctx); errors.Is(err, errSilence) {
		return err
	}
	return nil
}

// watch cancels when moved has not been called for a while.
func (c *client) watch(ctx context.Context, cancel context.CancelCauseFunc) (moved func()) {
	signal := make(chan struct{}, 1)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-signal:
			case <-c.after(c.silence):
				select {
				case <-signal:
				default:
					cancel(errSilence)
					return
				}
			}
		}
	}()
	return func() {
		select {
		case signal <- struct{}{}:
		default:
		}
	}
}

func (c *client) unreachable(err error) error {
	return &marz.Error{Code: marz.Unavailable, Op: "reach mirror", Subject: c.Name, Fix: "it does not answer", Err: err}
}

// refused is the error for an answer that was not hoped for.
func (c *client) refused(op string, a *answer) error {
	code := marz.Conflict
	if a.status >= 500 || a.status == http.StatusTooManyRequests {
		code = marz.Unavailable
	}
	what, _, _ := strings.Cut(string(a.body), "\n")
	return &marz.Error{Code: code, Op: op, Subject: c.Name, Fix: fmt.Sprintf("the mirror answers %d: %.300s", a.status, what)}
}

func (c *client) malformed(op string) error {
	return &marz.Error{Code: marz.Invalid, Op: op, Subject: c.Name, Fix: "the mirror's answer is malformed"}
}

// post sends a body, compressed unless it is to be plain.
func (c *client) post(ctx context.Context, path string, body []byte, header http.Header) (*answer, error) {
	if c.Plain {
		return c.do(ctx, http.MethodPost, path, body, false, header)
	}
	return c.do(ctx, http.MethodPost, path, c.compress(body), true, header)
}

func (c *client) compress(body []byte) []byte {
	z, _ := c.zip.Get().(*gzip.Writer)
	if z == nil {
		z, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed)
	}
	defer c.zip.Put(z)
	var out bytes.Buffer
	out.Grow(len(body)/3 + 64)
	z.Reset(&out)
	z.Write(body) // a bytes.Buffer takes all
	z.Close()
	return out.Bytes()
}

// get asks for something of the origin. It is marz.NotFound when the mirror has none.
func (c *client) get(ctx context.Context, op, what string, values ...any) (*answer, error) {
	a, err := c.do(ctx, http.MethodGet, "/"+originHash(c.origin)+"/"+fmt.Sprintf(what, values...), nil, false, nil)
	switch {
	case err != nil:
		return nil, err
	case a.status == http.StatusNotFound:
		return nil, &marz.Error{Code: marz.NotFound, Op: op, Subject: c.Name, Fix: "the mirror does not have it"}
	case a.status != http.StatusOK:
		return nil, c.refused(op, a)
	}
	return a, nil
}

// state asks how far the mirror is.
func (c *client) state(ctx context.Context) (State, error) {
	const op = "ask mirror how far it is"
	a, err := c.get(ctx, op, "state")
	if err != nil {
		return State{}, err
	}
	return c.parseState(op, a)
}

func (c *client) parseState(op string, a *answer) (State, error) {
	st, err := parseState(string(a.body))
	if err != nil || a.kind != typeState {
		return st, c.malformed(op)
	}
	return st, nil
}

// checkpoint asks for the mirror's own head, and checks that the node signed it and the mirror cosigned it. cosigned is that head with both signatures.
func (c *client) checkpoint(ctx context.Context) (head journal.Head, cosigned []byte, at marz.Instant, err error) {
	a, err := c.get(ctx, "ask mirror for its head", "checkpoint")
	if err != nil {
		return head, nil, 0, err
	}
	head, at, err = c.openCosigned(a.body)
	return head, a.body, at, err
}

// openCosigned checks a head that bears the node's signature and then the mirror's.
func (c *client) openCosigned(msg []byte) (journal.Head, marz.Instant, error) {
	head, err := openHead(msg, c.origin, c.verifier)
	if err != nil {
		return head, 0, err
	}
	lines, ok := bytes.CutPrefix(msg, head.Note)
	if !ok {
		return head, 0, c.malformed("open the mirror's head")
	}
	at, err := openCosigned(head, lines, c.verifier, c.mirror)
	return head, at, err
}

// pending asks for the newest head that the mirror has taken in.
func (c *client) pending(ctx context.Context) (journal.Head, error) {
	a, err := c.get(ctx, "ask mirror for its pending head", "pending")
	if err != nil {
		return journal.Head{}, err
	}
	return openHead(a.body, c.origin, c.verifier)
}

// consistency asks for the proof that one tree is the beginning of another.
func (c *client) consistency(ctx context.Context, older, newer int64) (tlog.TreeProof, error) {
	const op = "ask mirror for a proof"
	a, err := c.get(ctx, op, "consistency?old=%d&new=%d", older, newer)
	if err != nil {
		return nil, err
	}
	return c.parseProof(op, a)
}

func (c *client) parseProof(op string, a *answer) (tlog.TreeProof, error) {
	var proof tlog.TreeProof
	for line := range strings.Lines(string(a.body)) {
		h, err := tlog.ParseHash(strings.TrimSuffix(line, "\n"))
		if err != nil || len(proof) == maxProof {
			return nil, c.malformed(op)
		}
		proof = append(proof, h)
	}
	return proof, nil
}
