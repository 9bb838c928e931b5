package post

import (
	"database/sql"
	"net/http"
	"time"

	"marz"
	"marz/agreement"
	"marz/api"
	"marz/journal"
	"marz/program"
)

// asked is a program's request to this post.
type asked = api.Request[Actor]

// apiVersion is that of the interface's document: it grows with what is offered.
const apiVersion = "1.0.0"

// apiRoutes are the operations of the interface that a post has.
func (p *Post) apiRoutes() []api.Route[Actor] {
	return []api.Route[Actor]{
		api.GetNode(p.apiNode), api.GetClient(p.apiClient), api.GetHealth(func(q *asked) (api.Health, error) { return p.Health(q.Context()), nil }),
		api.GetHead(p.apiHead), api.GetEntries(p.apiEntries), api.GetEntry(p.apiEntry), api.GetProof(p.apiProof),
		api.GetLanes(p.apiLanes), api.GetCounts(p.apiCounts), api.GetCrossings(p.apiCrossings), api.GetRecord(p.apiRecord),
		api.GetLists(p.apiLists), api.ReloadLists(p.apiReload),
		api.GetRegister(p.apiRegister), api.AddInstruments(p.apiInstruments), api.GetTransfers(p.apiTransfers),
	}
}

// api makes the interface for other programs.
func (p *Post) api() *api.Server[Actor] {
	return api.New(api.Config[Actor]{Node: "post", Version: apiVersion, Routes: p.apiRoutes(), Caller: p.Program, May: p.may, Digest: p.keyed, Done: p.requested, Failed: p.journal.Failure, Log: p.opts.Log})
}

// OpenAPI returns the document of the interface that posts have.
func OpenAPI() []byte {
	p := &Post{}
	return api.New(api.Config[Actor]{Node: "post", Version: apiVersion, Routes: p.apiRoutes()}).Document()
}

// apiHandler serves the interface, and what monitoring reads, to programs with certificates.
func (p *Post) apiHandler() http.Handler {
	s := p.api()
	mux := http.NewServeMux()
	mux.Handle("/", s.Handler())
	mux.Handle("GET /metrics", s.Guard(marz.ActReadJournal, p.metrics.handler()))
	mux.Handle("GET /healthz", s.Guard(marz.ActReadJournal, http.HandlerFunc(p.healthz)))
	return mux
}

func (p *Post) apiNode(*asked) (api.Node, error) {
	c := p.control.Load()
	return api.Node{Kind: "post", ID: string(p.post.ID), Name: p.post.Name, State: p.post.State, Zone: p.post.Zone, Origin: p.journal.Origin(), Key: p.journal.VerifierKey(), Exercise: p.Exercise(),
		Controller: c.authority, Under: c.article, Policy: p.register.Load().Policy(), Now: p.now()}, nil
}

func (p *Post) apiClient(q *asked) (api.Client, error) {
	held, err := readPrograms(p.journal.State(), `WHERE key = ? AND until > ?`, q.Key, p.now())
	if err != nil {
		return api.Client{}, &marz.Error{Op: "read programs", Err: err}
	}
	return program.Client(q.Key, held), nil
}

func (p *Post) apiHead(*asked) (api.Head, error) {
	return api.HeadOf(p.journal.Origin(), p.journal.VerifierKey(), p.journal.Head()), nil
}

func (p *Post) apiEntries(q *asked) (api.EntryPage, error) {
	return q.Entries(func(from marz.Seq, limit int) ([]journal.Entry, error) {
		return p.journal.Entries(q.Context(), from, limit)
	})
}

func (p *Post) apiEntry(q *asked) (out api.EntryBody, err error) {
	n, err := q.Seq()
	if err != nil {
		return out, err
	}
	e, body, err := p.journal.Entry(q.Context(), n)
	if err != nil {
		return out, err
	}
	return api.BodyOf(e, body), nil
}

func (p *Post) apiProof(q *asked) (api.Text, error) {
	n, err := q.Seq()
	if err != nil {
		return "", err
	}
	proof, err := p.journal.Proof(q.Context(), n)
	return api.Text(proof), err
}

func (p *Post) apiLanes(q *asked) (out api.Lanes, err error) {
	lanes, err := p.Lanes(q.Context(), p.now())
	for _, l := range lanes {
		row := api.Lane{ID: l.ID, Direction: l.Direction, Flow: l.Flow, Open: l.Open, Since: l.Since, Joint: l.Joint, Under: l.Under, Today: l.Count}
		for _, s := range l.Seats {
			row.Seats = append(row.Seats, s.Authority)
		}
		if c := l.Inspection; c != nil {
			row.Case = &api.LaneCase{Opened: c.Opened, Verdict: c.Verdict, Hits: c.Hits}
		}
		out.Lanes = append(out.Lanes, row)
	}
	return out, err
}

func (p *Post) apiCounts(q *asked) (out api.Counts, err error) {
	if out.From, out.Until, err = q.Hours(p.now()); err != nil {
		return out, err
	}
	const hour = int64(time.Hour / time.Millisecond)
	until := (int64(out.Until) + hour - 1) / hour * hour // the last hour is counted whole
	out.Counts, err = collect(p.journal.State(), func(r *sql.Rows) (c api.Count, err error) {
		err = r.Scan(&c.Hour, &c.Direction, &c.Decision, &c.Crossings)
		return c, err
	}, `SELECT decided / ? * ?, direction, decision, count(*) FROM s_inspection WHERE state = 'decided' AND decided >= ? AND decided < ? GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`, hour, hour, out.From, until)
	if err != nil {
		return out, &marz.Error{Op: "count crossings", Err: err}
	}
	return out, nil
}

func apiCrossing(r *row) api.Crossing {
	return api.Crossing{ID: inspectionID(r.id), Entry: r.seq, Opened: r.opened, Decided: r.decided, Lane: r.lane, Direction: r.direction, Verdict: r.verdict, Hits: r.hits,
		Decision: r.decision, Reason: r.reason, Authority: r.authority, Under: r.article}
}

func (p *Post) apiCrossings(q *asked) (out api.CrossingPage, err error) {
	from, limit, err := q.Page()
	if err != nil {
		return out, err
	}
	rows, err := collect(p.journal.State(), func(r *sql.Rows) (*row, error) { return scanRow(r) },
		rowQuery+`WHERE state = 'decided' AND decided_seq >= ? ORDER BY decided_seq LIMIT ?`, from, limit+1)
	if err != nil {
		return out, &marz.Error{Op: "read crossings", Err: err}
	}
	rows, out.PageEnd = api.RowEnd(q, rows, limit, from, func(r *row) marz.Seq { return r.seq })
	for _, r := range rows {
		out.Crossings = append(out.Crossings, apiCrossing(r))
	}
	return out, nil
}

func (p *Post) apiLists(q *asked) (out api.Lists, err error) {
	states, err := p.ListStates(q.Context())
	now := p.now()
	for _, s := range states {
		l := api.List{ID: s.ID, Name: s.Name, Owner: s.Owner, Version: s.Version, Alerts: s.Alerts, Loaded: s.Loaded, Age: -1, Refused: s.Refused}
		if s.Loaded != 0 {
			l.Age = int64(max(0, now.Sub(s.Loaded)) / time.Second)
		}
		out.Lists = append(out.Lists, l)
	}
	return out, err
}

func (p *Post) apiReload(q *asked) (out api.Reloaded, err error) {
	if !p.anew.TryLock() {
		return out, &marz.Error{Code: marz.Conflict, Op: "read lists", Fix: "they are being read anew for another request; look at them when that is done"}
	}
	defer p.anew.Unlock()
	err = p.readLists(q.Context(), q.Caller, func(a *act) error {
		out.Entry = a.Next()
		return a.acted(q.Once, out)
	})
	return out, err
}

func (p *Post) apiInstruments(q *asked) (out api.Recorded, err error) {
	all, err := agreement.ParseSigned("signed instruments", q.Body)
	if err != nil {
		return out, err
	}
	_, err = p.recordInstruments(q.Context(), all, func(n *node, recorded []marz.Seq) error {
		a, _, err := p.begin(n.Tx, q.Caller, p.post.ID.Place(), marz.ActReadJournal, nil)
		if err != nil {
			return err
		}
		out.Recorded = recorded
		return a.acted(q.Once, out)
	})
	return out, err
}

// apiRecord gives a record after the entry of its reading. What no article opens stays out.
func (p *Post) apiRecord(q *asked) (out api.Record, err error) {
	w, read, err := p.readRecordBy(q.Context(), q.Caller, marz.InspectionID(q.PathValue("id")), q.Header.Get(api.HeaderReason), q.Header.Get(api.HeaderNote))
	if err != nil {
		return out, err
	}
	r, err := readRow(p.journal.State(), number(w.ID))
	if err != nil {
		return out, err
	}
	out = api.Record{Crossing: apiCrossing(r), Owners: w.Owners, ReadUnder: read.Under, ReadEntry: read.Seq}
	if d := w.Document; d.Primary != "" || d.Nationality != "" {
		out.Person = &api.Person{Primary: d.Primary, Secondary: d.Secondary, Nationality: d.Nationality, Birth: d.Birth, Sex: d.Sex}
	}
	if d := w.Document; d.Number != "" || d.Code != "" {
		out.Document = &api.Document{Code: d.Code, Issuer: d.Issuer, Number: d.Number, Expiry: d.Expiry}
	}
	for _, f := range w.Findings {
		out.Findings = append(out.Findings, api.Finding{Check: f.Check, Result: f.Result, Reason: f.Reason, Grave: f.Grave, AsOf: f.AsOf})
	}
	for _, h := range w.Hits {
		out.Hit = append(out.Hit, api.Hit{List: h.List, Alert: h.Alert, Name: h.Name, Why: h.Why, Score: h.Score, Reasons: h.Reasons, Cleared: h.Cleared != nil && h.Cleared.Holds})
	}
	if w.Proposal != nil {
		out.Note = w.Proposal.Note
	}
	return out, nil
}

func (p *Post) apiRegister(q *asked) (out api.Register, err error) {
	at, err := q.Instant("at", p.now())
	if err != nil {
		return out, err
	}
	out = api.RegisterOf(p.RegisterPage(at), at)
	for _, h := range p.Timeline() {
		out.Control = append(out.Control, api.Holding{Authority: h.Authority, Article: h.Article, From: h.From, Until: h.Until})
	}
	return out, nil
}

func (p *Post) apiTransfers(*asked) (out api.Transfers, err error) {
	for _, t := range p.transfers().All() {
		out.Transfers = append(out.Transfers, api.Transfer{ID: string(t.Plan.ID), Article: t.Plan.Article, Place: t.Plan.Place, Lanes: t.Plan.Lanes, From: t.Plan.From, To: t.Plan.To, At: t.Plan.At,
			Phase: string(t.Phase), Digest: t.Digest, Armed: t.Turned(), Executed: t.At, Entry: t.Seq})
	}
	return out, nil
}

// healthz is /healthz: 503 where the journal has failed, since then the node does nothing any more.
func (p *Post) healthz(w http.ResponseWriter, r *http.Request) {
	api.WriteHealth(w, p.Health(r.Context()), p.journal.Failure() == nil)
}
