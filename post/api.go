package post

import (
	"crypto/tls"
	"database/sql"
	"encoding/base64"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/agreement"
	"marz/api"
	"marz/folder"
	"marz/journal"
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

// apiServer serves other programs, over TLS with certificates of their own and on an address of its own.
func (p *Post) apiServer(certs *folder.Certificates) (*http.Server, net.Listener, error) {
	ln, err := net.Listen("tcp", p.config.API)
	if err != nil {
		return nil, nil, &marz.Error{Code: marz.Unavailable, Op: "listen for programs on", Subject: p.config.API, Fix: "choose another address: api in " + configFile + " of the data folder", Err: err}
	}
	return &http.Server{
		Handler:           p.apiHandler(),
		TLSConfig:         &tls.Config{GetCertificate: certs.Get, MinVersion: tls.VersionTLS13, ClientAuth: tls.RequestClientCert},
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      5 * time.Minute, // lists of a nation are read anew within one request
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(p.opts.Log.Handler(), slog.LevelDebug),
	}, ln, nil
}

// metricsServer serves what monitoring on this machine reads, on a loopback address.
func (p *Post) metricsServer() (*http.Server, net.Listener, error) {
	ln, err := net.Listen("tcp", p.config.Metrics)
	if err != nil {
		return nil, nil, &marz.Error{Code: marz.Unavailable, Op: "listen for monitoring on", Subject: p.config.Metrics, Fix: "choose another address: metrics in " + configFile + " of the data folder", Err: err}
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", p.metrics.handler())
	mux.HandleFunc("GET /healthz", p.healthz)
	return &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute, MaxHeaderBytes: 8 << 10,
		ErrorLog: slog.NewLogLogger(p.opts.Log.Handler(), slog.LevelDebug)}, ln, nil
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
	out := api.Client{Fingerprint: q.Key}
	for _, c := range held {
		out.Accepted = append(out.Accepted, api.Acceptance{Authority: c.authority, Officer: c.officer, Purpose: c.purpose, Actions: c.actions, Until: c.until, Entry: c.seq})
	}
	return out, nil
}

func (p *Post) apiHead(*asked) (api.Head, error) {
	h := p.journal.Head()
	return api.Head{Origin: p.journal.Origin(), Key: p.journal.VerifierKey(), Size: h.Size, Root: base64.StdEncoding.EncodeToString(h.Root[:]), Note: string(h.Note)}, nil
}

func apiEntryOf(e journal.Entry) api.Entry {
	return api.Entry{Seq: e.Seq, At: e.At, Kind: e.Kind, Officer: e.Officer, Authority: e.Authority, Under: e.Under, Policy: e.Policy, Public: e.Public, Private: e.Private}
}

// pageOf cuts the row off that shows that more follows, and says how the list goes on.
func pageOf[T any](q *asked, rows []T, limit int, from marz.Seq, of func(T) marz.Seq) ([]T, api.PageEnd) {
	more := len(rows) > limit
	if more {
		rows = rows[:limit]
	}
	if len(rows) > 0 {
		from = of(rows[len(rows)-1]) + 1
	}
	return rows, api.PageEnd{Next: q.Next(from), More: more}
}

func (p *Post) apiEntries(q *asked) (out api.EntryPage, err error) {
	from, limit, err := q.Page()
	if err != nil {
		return out, err
	}
	entries, err := p.journal.Entries(q.Context(), from, limit+1)
	if err != nil {
		return out, err
	}
	entries, out.PageEnd = pageOf(q, entries, limit, from, func(e journal.Entry) marz.Seq { return e.Seq })
	for _, e := range entries {
		out.Entries = append(out.Entries, apiEntryOf(e))
	}
	return out, nil
}

func (p *Post) apiEntry(q *asked) (out api.EntryBody, err error) {
	n, err := seq(q.PathValue("seq"), 0)
	if err != nil {
		return out, err
	}
	e, body, err := p.journal.Entry(q.Context(), n)
	if err != nil {
		return out, err
	}
	leaf := tlog.RecordHash(body)
	return api.EntryBody{Entry: apiEntryOf(e), Body: string(body), Leaf: base64.StdEncoding.EncodeToString(leaf[:])}, nil
}

func (p *Post) apiProof(q *asked) (api.Text, error) {
	n, err := seq(q.PathValue("seq"), 0)
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

// mostCounted is the longest time that is counted at once.
const mostCounted = 31 * 24 * time.Hour

func (p *Post) apiCounts(q *asked) (out api.Counts, err error) {
	if out.Until, err = apiInstant(q, "until", p.now()); err != nil {
		return out, err
	}
	if out.From, err = apiInstant(q, "from", out.Until.Add(-24*time.Hour)); err != nil {
		return out, err
	}
	out.From = marz.InstantOf(out.From.Time().Truncate(time.Hour))
	if d := out.Until.Sub(out.From); d < 0 || d > mostCounted+time.Hour {
		return out, &marz.Error{Code: marz.Invalid, Op: "count crossings", Fix: "until comes at most 31 days after from, and not before it; ask for part after part"}
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

// apiInstant reads an instant of the query.
func apiInstant(q *asked, name string, absent marz.Instant) (marz.Instant, error) {
	s := q.URL.Query().Get(name)
	if s == "" {
		return absent, nil
	}
	return marz.ParseInstant(s)
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
	rows, out.PageEnd = pageOf(q, rows, limit, from, func(r *row) marz.Seq { return r.seq })
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
	at, err := apiInstant(q, "at", p.now())
	if err != nil {
		return out, err
	}
	b := p.RegisterPage(at)
	out = api.Register{At: at, Policy: b.Policy}
	for _, a := range b.Agreements {
		out.Agreements = append(out.Agreements, api.Agreement{ID: a.ID, Title: a.Title, Parties: a.Parties, Signed: a.Signed, From: a.From, Until: a.Until, State: a.State, Why: a.Why,
			Count: a.Articles, InForce: a.InForce, Entry: a.Seq})
	}
	for _, m := range b.Memberships {
		row := api.Membership{Bloc: m.Bloc.ID, State: m.State, Status: "none"}
		for _, s := range m.Periods {
			if s.Now {
				row.Status, row.From = s.Status, s.From
			}
		}
		out.Memberships = append(out.Memberships, row)
	}
	for _, o := range b.Obligations {
		out.Obligations = append(out.Obligations, api.Obligation{Article: o.Article, Owes: o.Owes, To: o.To, What: o.What, Due: o.Due, Status: o.Status, Overdue: o.Overdue})
	}
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
	b, err := api.Encode(p.Health(r.Context()))
	if err != nil {
		http.Error(w, "fault", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)+1))
	if p.journal.Failure() != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = w.Write(append(b, '\n'))
}
