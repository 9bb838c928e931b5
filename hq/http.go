package hq

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"marz"
	"marz/agreement"
	"marz/folder"
	"marz/web"
)

const cookieName = "__Host-marz"

// Bounds of what may be sent in one request.
const (
	maxBody        = 64 << 10
	maxInstruments = 1 << 20
)

// request is one request on its way through a handler, with who sent it.
type request struct {
	http.ResponseWriter
	*http.Request
	actor Actor  // the zero Actor when nobody is signed in
	ended string // why the session that the cookie names is over, or ""
}

// Header is the answer's, not the request's.
func (q *request) Header() http.Header { return q.ResponseWriter.Header() }

func (q *request) json(v any) error {
	web.WriteJSON(q.ResponseWriter, http.StatusOK, v)
	return nil
}

func (q *request) read(into any) error {
	return web.ReadJSON(q.ResponseWriter, q.Request, into, maxBody)
}

func (q *request) text(body []byte) error {
	q.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := q.ResponseWriter.Write(body)
	return err
}

// guard finds out who asks, and lets only those through whom the route's access admits.
func (h *HQ) guard(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &request{ResponseWriter: w, Request: r}
		err := h.admit(rt, q)
		if err == nil {
			err = rt.handle(h, q)
		}
		if err != nil {
			h.fail(q, err)
		}
	})
}

// admit first looks at what other nodes have recorded: a session that was opened there is known here, and one that was ended there is over here.
func (h *HQ) admit(rt route, q *request) error {
	if rt.pattern == "GET /healthz" || rt.pattern == "GET /ca.crt" {
		return nil
	}
	if err := h.ledger.Refresh(q.Context()); err != nil {
		return err
	}
	var err error
	if c, e := q.Cookie(cookieName); e == nil {
		q.actor, q.ended, err = h.Session(c.Value)
	}
	switch {
	case rt.access == accessOpen:
		return nil
	case q.actor.Officer == "" && err != nil:
		return err
	case q.actor.Officer == "":
		return &marz.Error{Code: marz.Unauthenticated, Op: "page", Subject: q.URL.Path, Fix: "nobody is signed in; sign in"}
	case rt.access == accessSession:
		return nil
	}
	return h.mayHere(q.actor, rt.access)
}

// fail answers with an error, once. Who asked for a page without a session is sent to sign in.
func (h *HQ) fail(q *request, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	code := marz.CodeOf(err)
	if code == marz.Internal || code == marz.Unavailable {
		h.opts.Log.Error("a request failed", "method", q.Method, "path", q.Pattern, "err", err)
	}
	if code == marz.Unauthenticated && q.Method == http.MethodGet && q.Pattern != "GET /events" && q.URL.Path != "/signin" {
		http.Redirect(q.ResponseWriter, q.Request, "/signin", http.StatusSeeOther)
		return
	}
	web.WriteErrorPage(q.ResponseWriter, q.Request, h.page(q, "", nil), err)
}

// page fills in what every page shows.
func (h *HQ) page(q *request, title string, body any) *web.Page {
	ground := h.Register().Ground()
	by, _ := ground.Authority(h.config.Authority)
	pg := &web.Page{Title: title, Headquarters: by, Now: h.now(), Zone: h.state.described.Zone, Path: q.URL.Path, Language: h.config.Language, Body: body}
	if q.actor.Officer != "" {
		pg.Officer = &web.Officer{ID: q.actor.Officer, Name: q.actor.Name, Role: q.actor.Role, Authority: by}
	}
	return pg
}

func (h *HQ) render(q *request, name, title string, body any) error {
	return web.Render(q.ResponseWriter, q.Request, http.StatusOK, name, h.page(q, title, body))
}

// events sends the present state to a page, at once and after every change.
func (h *HQ) events(q *request) error {
	live := func(ctx context.Context) (web.Live, error) { return h.Live(ctx, q.actor) }
	if err := h.live.Stream(q.ResponseWriter, q.Request, h.ledger.Failed(), live); err != nil {
		h.opts.Log.Debug("a live page was lost", "err", err)
	}
	return nil // the answer has begun: there is no other way to end it
}

// Live is what changes by itself on a page.
func (h *HQ) Live(ctx context.Context, actor Actor) (web.Live, error) {
	head := h.ledger.Head()
	l := web.Live{Now: h.now(), HeadSize: head.Size, HeadRoot: base64Of(head.Root[:])}
	if err := h.openSession(&actor, h.now()); err != nil {
		if e, ok := errors.AsType[*marz.Error](err); ok {
			l.Ended = strings.TrimPrefix(e.Fix, sessionEnded)
		}
		return l, nil
	}
	var err error
	l.Mirrored, err = h.Overview(ctx)
	return l, err
}

func (h *HQ) invite(q *request) error {
	var in struct {
		Officer marz.OfficerID `json:"officer"`
		Name    string         `json:"name"`
		Role    marz.Role      `json:"role"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	inv, err := h.Invite(q.Context(), q.actor, in.Officer, in.Name, in.Role)
	if err != nil {
		return err
	}
	return q.json(inv)
}

func (h *HQ) dismiss(q *request) error {
	var in struct {
		Officer marz.OfficerID `json:"officer"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	if err := h.Dismiss(q.Context(), q.actor, in.Officer); err != nil {
		return err
	}
	return q.json(map[string]string{"next": "/officers"})
}

// addInstruments takes what its parties signed from whoever brings it.
func (h *HQ) addInstruments(q *request) error {
	body, err := io.ReadAll(http.MaxBytesReader(q.ResponseWriter, q.Body, maxInstruments))
	if err != nil {
		return &marz.Error{Code: marz.Invalid, Op: "read", Subject: "signed instruments", Fix: "they broke off, or are larger than 1 MB; send them in parts", Err: err}
	}
	all, err := agreement.ParseSigned("signed instruments", body)
	if err != nil {
		return err
	}
	recorded, err := h.AddInstruments(q.Context(), all)
	if err != nil {
		return err
	}
	return q.json(map[string][]marz.Seq{"recorded": append([]marz.Seq{}, recorded...)})
}

func (h *HQ) getCA(q *request) error {
	b, err := os.ReadFile(filepath.Join(h.opts.Dir, folder.Keys, folder.CAFile))
	if err != nil {
		return &marz.Error{Op: "read CA", Err: err}
	}
	q.Header().Set("Content-Type", "application/x-x509-ca-cert")
	_, err = q.ResponseWriter.Write(b)
	return err
}

// Health returns why this node cannot serve: it has stopped, or its database did not answer when it was last asked.
func (h *HQ) Health() error {
	if err := h.ledger.Failure(); err != nil {
		return &marz.Error{Code: marz.Unavailable, Op: "serve", Subject: string(h.ledger.Origin()), Fix: "the node has stopped", Err: err}
	}
	if err := h.ill.Load(); err != nil {
		return &marz.Error{Code: marz.Unavailable, Op: "serve", Subject: string(h.ledger.Origin()), Fix: "the database does not answer", Err: *err}
	}
	return nil
}

func (h *HQ) health(q *request) error {
	if err := h.Health(); err != nil {
		return err
	}
	return q.text([]byte("ok\n"))
}
