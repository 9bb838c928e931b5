package post

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"marz"
	"marz/inspection"
	"marz/web"
)

const cookieName = "__Host-marz"

// maxBody bounds what a browser may send in one request.
const maxBody = 64 << 10

// request is one request on its way through a handler, with who sent it.
type request struct {
	http.ResponseWriter
	*http.Request
	actor Actor  // the zero Actor when nobody is signed in
	ended string // why the session that the cookie names is over, or ""
}

// secure puts assets beside the routes, and security headers and the same-origin check around all.
func (p *Post) secure(mux *http.ServeMux) http.Handler {
	mux.Handle("GET /assets/", web.Assets())
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		web.WriteError(w, r, &marz.Error{Code: marz.NotFound, Op: "page", Subject: strconv.Quote(r.URL.Path), Fix: "this post has no such page"})
	})
	return web.Secure(mux)
}

// guard finds out who asks, and lets only those through whom the route's access admits.
func (p *Post) guard(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &request{ResponseWriter: w, Request: r}
		if err := p.admit(rt, q); err != nil {
			p.fail(q, err)
			return
		}
		if err := rt.handle(p, q); err != nil {
			p.fail(q, err)
		}
	})
}

func (p *Post) admit(rt route, q *request) error {
	if f := p.journal.Failure(); f != nil && rt.pattern != "GET /healthz" {
		return f
	}
	var err error
	if c, e := q.Cookie(cookieName); e == nil {
		q.actor, q.ended, err = p.Session(q.Context(), c.Value)
		if err != nil && marz.CodeOf(err) != marz.Unauthenticated {
			return err
		}
	}
	switch rt.access {
	case accessOpen:
		return nil
	case accessExercise:
		if !p.Exercise() {
			return &marz.Error{Code: marz.NotFound, Op: "page", Subject: q.URL.Path, Fix: "this is not an exercise"}
		}
		return nil
	}
	if q.actor.Officer == "" {
		if err == nil {
			err = &marz.Error{Code: marz.Unauthenticated, Op: "page", Subject: q.URL.Path, Fix: "nobody is signed in; sign in"}
		}
		return err
	}
	if rt.access == accessSession {
		return nil
	}
	return p.mayAt(q.actor, q.lane(), rt.access)
}

// fail answers with an error, once. Who asked for a page without a session is sent to sign in.
func (p *Post) fail(q *request, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	code := marz.CodeOf(err)
	if code == marz.Internal {
		p.opts.Log.Error("a request failed", "method", q.Method, "path", q.Pattern, "err", err)
	}
	if code == marz.Unauthenticated && q.Method == http.MethodGet && q.Pattern != "GET /events" && q.URL.Path != "/signin" {
		http.Redirect(q.ResponseWriter, q.Request, "/signin", http.StatusSeeOther)
		return
	}
	if q.actor.Officer != "" {
		web.WriteErrorPage(q.ResponseWriter, q.Request, p.page(q, "", nil), err)
		return
	}
	web.WriteError(q.ResponseWriter, q.Request, err)
}

// page fills in what every page shows.
func (p *Post) page(q *request, title string, body any) *web.Page {
	now, c := p.now(), p.control.Load()
	pg := &web.Page{Title: title, Post: p.post, Exercise: p.Exercise(), Controller: p.bodies[c.authority], Article: c.article, Now: now, Zone: p.post.Zone, Path: q.URL.Path, Language: p.config.Language, Body: body}
	if q.actor.Officer != "" {
		pg.Ages = &web.Ages{HQs: p.HQStates(now)}
		if lists, err := p.ListStates(q.Context()); err == nil {
			pg.Ages.Lists = lists
		}
		pg.Officer = &web.Officer{ID: q.actor.Officer, Name: q.actor.Name, Role: q.actor.Role, Authority: p.bodies[q.actor.Officer.Authority()]}
	}
	if h, ok := p.register.Load().Holder(p.post.ID.Place(), "", now); ok {
		pg.Since = h.From
	}
	pg.Next, pg.Behind = p.nextPassing(now), p.mirrorWords(q.Context())
	return pg
}

func (p *Post) render(q *request, name, title string, body any) error {
	return web.Render(q.ResponseWriter, q.Request, http.StatusOK, name, p.page(q, title, body))
}

func (q *request) json(v any) error {
	web.WriteJSON(q.ResponseWriter, http.StatusOK, v)
	return nil
}

func (q *request) read(into any) error {
	return web.ReadJSON(q.ResponseWriter, q.Request, into, maxBody)
}

func (q *request) lane() marz.LaneID { return marz.LaneID(q.PathValue("lane")) }

func (q *request) inspection() marz.InspectionID { return marz.InspectionID(q.PathValue("id")) }

// seq reads a seq from a query or path value; absent is returned as the default.
func seq(s string, absent marz.Seq) (marz.Seq, error) {
	if s == "" {
		return absent, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, &marz.Error{Code: marz.Invalid, Op: "seq", Subject: strconv.Quote(s), Fix: "give a whole number from 0 on"}
	}
	return marz.Seq(n), nil
}

func (p *Post) pageHome(q *request) error {
	if q.actor.Officer == "" {
		return p.pageSignIn(q)
	}
	if err := p.may(q.actor, marz.ActReadJournal); err != nil {
		return err
	}
	lanes, err := p.Lanes(q.Context(), p.now())
	if err != nil {
		return err
	}
	return p.render(q, "home", "Lanes", web.HomeBody{Lanes: lanes})
}

func (p *Post) pageLane(q *request) error {
	lanes, err := p.Lanes(q.Context(), p.now())
	if err != nil {
		return err
	}
	lists, err := p.ListStates(q.Context())
	if err != nil {
		return err
	}
	for _, l := range lanes {
		if l.ID != q.lane() {
			continue
		}
		body := web.LaneBody{Lane: l, Lists: lists, Decisions: marz.Decisions(l.Direction), Reasons: map[marz.Decision][]web.Reason{}, Withdraw: reasons(inspection.WithdrawReasons),
			Object: objectReasons, Lookup: lookupReasons, Own: q.actor.Officer.Authority(), Photo: p.opts.Photographs != nil}
		for _, d := range body.Decisions {
			body.Reasons[d] = reasons(inspection.Reasons(d))
		}
		return p.render(q, "lane", "Lane "+string(l.ID), body)
	}
	return &marz.Error{Code: marz.NotFound, Op: "lane", Subject: strconv.Quote(string(q.lane())), Fix: "this post has no such lane"}
}

func (p *Post) laneAfter(q *request, err error) error {
	if err != nil {
		return err
	}
	lanes, err := p.Lanes(q.Context(), p.now())
	if err != nil {
		return err
	}
	for _, l := range lanes {
		if l.ID == q.lane() {
			return q.json(l)
		}
	}
	return q.json(web.Lane{})
}

func (p *Post) openLane(q *request) error {
	if err := q.read(&struct{}{}); err != nil {
		return err
	}
	return p.laneAfter(q, p.OpenLane(q.Context(), q.actor, q.lane()))
}

func (p *Post) closeLane(q *request) error {
	if err := q.read(&struct{}{}); err != nil {
		return err
	}
	return p.laneAfter(q, p.CloseLane(q.Context(), q.actor, q.lane()))
}

// answer writes an inspection or the error instead of it.
func (q *request) answer(i *web.Inspection, err error) error {
	if err != nil {
		return err
	}
	return q.json(i)
}

func (p *Post) getCase(q *request) error {
	return q.answer(p.Case(q.Context(), q.actor, q.lane(), marz.InspectionID(q.FormValue("id"))))
}

func (p *Post) decide(q *request) error {
	var in struct {
		Decision marz.Decision  `json:"decision"`
		Reason   string         `json:"reason"`
		Note     string         `json:"note"`
		Clears   []web.AlertRef `json:"clears"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	return q.answer(p.Decide(q.Context(), q.actor, q.inspection(), in.Decision, in.Reason, in.Note, in.Clears...))
}

func (p *Post) confirm(q *request) error {
	var in struct {
		Proposal marz.Seq `json:"proposal"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	return q.answer(p.Confirm(q.Context(), q.actor, q.inspection(), in.Proposal))
}

func (p *Post) withdraw(q *request) error {
	var in struct {
		Reason string `json:"reason"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	return q.answer(p.Withdraw(q.Context(), q.actor, q.inspection(), in.Reason))
}

func (p *Post) readRecord(q *request) error {
	var in struct {
		Reason string `json:"reason"`
		Note   string `json:"note"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	return q.answer(p.ReadRecord(q.Context(), q.actor, q.inspection(), in.Reason, in.Note))
}

// events sends the present state to a page, at once and after every change. A page whose session has ended is told why, and the stream ends.
func (p *Post) events(q *request) error {
	live := func(ctx context.Context) (web.Live, error) { return p.Live(ctx, q.actor) }
	if err := p.live.Stream(q.ResponseWriter, q.Request, p.journal.Failed(), live); err != nil {
		p.opts.Log.Debug("a live page was lost", "err", err)
	}
	return nil // the answer has begun: there is no other way to end it
}

func (p *Post) pageSupervisor(q *request) error {
	live, err := p.Live(q.Context(), q.actor)
	if err != nil {
		return err
	}
	body := web.SupervisorBody{Live: live}
	if p.supervises(q.actor) {
		body.Supervises = true
		body.Answer, body.Clear, body.Revoke, body.Read = reasons(inspection.LateReasons), reasons(inspection.ClearReasons), reasons(inspection.RevokeReasons), ReadReasons
		if body.Cleared, err = p.clearances(q.actor.Officer.Authority()); err != nil {
			return err
		}
	}
	return p.render(q, "supervisor", "Supervisor", body)
}

func (p *Post) pageCrossings(q *request) error {
	before, err := seq(q.FormValue("before"), 0)
	if err != nil {
		return err
	}
	body, err := p.Crossings(q.Context(), q.actor, before)
	if err != nil {
		return err
	}
	body.Reasons, body.Clear, body.Revoke = ReadReasons, reasons(inspection.ClearReasons), reasons(inspection.RevokeReasons)
	return p.render(q, "crossings", "Crossings", *body)
}

func (p *Post) pageJournal(q *request) error {
	from, err := seq(q.FormValue("from"), -1)
	if err != nil {
		return err
	}
	body, err := p.JournalPage(q.Context(), q.actor, from)
	if err != nil {
		return err
	}
	return p.render(q, "journal", "Journal", *body)
}

func (p *Post) pageEntry(q *request) error {
	n, err := seq(q.PathValue("seq"), 0)
	if err != nil {
		return err
	}
	body, err := p.EntryPage(q.Context(), q.actor, n)
	if err != nil {
		return err
	}
	return p.render(q, "entry", "Entry "+strconv.FormatInt(int64(n), 10), *body)
}

func (p *Post) getHead(q *request) error {
	q.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := q.ResponseWriter.Write(p.journal.Head().Note)
	return err
}

func (p *Post) getProof(q *request) error {
	n, err := seq(q.PathValue("seq"), 0)
	if err != nil {
		return err
	}
	proof, err := p.journal.Proof(q.Context(), n)
	if err != nil {
		return err
	}
	q.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err = q.ResponseWriter.Write(proof)
	return err
}

func (p *Post) pageOfficers(q *request) error {
	rows, err := p.OfficerRows(q.Context(), q.actor)
	if err != nil {
		return err
	}
	first, err := p.firstInvited(p.journal.State(), q.actor.Officer.Authority())
	if err != nil {
		return err
	}
	return p.render(q, "officers", "Officers", web.OfficersBody{Officers: rows, Own: q.actor.Officer.Authority(), First: first})
}

func (p *Post) invite(q *request) error {
	var in struct {
		Officer marz.OfficerID `json:"officer"`
		Name    string         `json:"name"`
		Role    marz.Role      `json:"role"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	inv, err := p.Invite(q.Context(), q.actor, Officer{in.Officer, in.Name, in.Role})
	if err != nil {
		return err
	}
	return q.json(inv)
}

func (p *Post) dismiss(q *request) error {
	var in struct {
		Officer marz.OfficerID `json:"officer"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	if err := p.Dismiss(q.Context(), q.actor, in.Officer); err != nil {
		return err
	}
	return q.json(map[string]string{"next": "/officers"})
}

func (p *Post) reloadLists(q *request) error {
	if err := q.read(&struct{}{}); err != nil {
		return err
	}
	states, err := p.ReloadLists(q.Context(), q.actor)
	if err != nil {
		return err
	}
	return q.json(states)
}

func (p *Post) nextTraveller(q *request) error {
	if p.opts.Demo == nil {
		return &marz.Error{Code: marz.NotFound, Op: "next traveller", Fix: "this exercise has no invented travellers"}
	}
	for _, l := range p.post.Lanes {
		if string(l.ID) == q.FormValue("lane") {
			return q.json(map[string]string{"text": p.exerciseTraveller(q.Context(), l)})
		}
	}
	return &marz.Error{Code: marz.NotFound, Op: "next traveller", Subject: strconv.Quote(q.FormValue("lane")), Fix: "this post has no such lane"}
}

func (p *Post) getCA(q *request) error {
	b, err := os.ReadFile(filepath.Join(p.opts.Dir, keyDir, caFile))
	if err != nil {
		return &marz.Error{Op: "read CA", Err: err}
	}
	q.Header().Set("Content-Type", "application/x-x509-ca-cert")
	_, err = q.ResponseWriter.Write(b)
	return err
}

func (p *Post) health(q *request) error {
	if err := p.journal.Failure(); err != nil {
		return err
	}
	_, err := q.ResponseWriter.Write([]byte("ok\n"))
	return err
}

// Header is the answer's, not the request's.
func (q *request) Header() http.Header { return q.ResponseWriter.Header() }
