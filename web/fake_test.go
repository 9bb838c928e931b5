package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"marz"
	"marz/mrz"
	"marz/web"
)

// fakePost is a post without journal and lists: it keeps one lane's inspections as API.md says, and can fail on command.
type fakePost struct {
	t     testing.TB
	url   string
	start time.Time

	mu      sync.Mutex // guards what follows
	lanes   []web.Lane
	cases   map[marz.InspectionID]*web.Inspection
	texts   map[marz.InspectionID]string
	seq     marz.Seq
	control marz.Authority
	next    *web.Passing
	ended   string
	silent  bool          // no event and no heartbeat leaves the post, and the connection stays
	down    bool          // every request is answered by a closed connection
	slow    time.Duration // how long a decision takes
	travel  []string      // what the exercise gives next
	asked   []string      // paths of all POST requests
	taken   bool          // every lane is taken by another officer, who was faster
	signed  string        // who signed in
	over    string        // why the session is over, to who asks for the stream anew; "": it is not
	given   []string      // "reason/note" of every reading of a record
	changed chan struct{} // closed at every change
	behind  string        // mirrors that are, in words

	sectionActs []string  // path and body of every act on a section
	refuses     string    // why acts on sections are refused, if they are
	duty        *fakeDuty // joint service at lane 1, or nil

	relief         *fakeTransfer // or nil: the page is the sample
	unplanned      bool          // no transfer is planned
	signs          string        // how commanders sign
	adopted        bool          // the stopper hits an adopted alert as well
	uncommissioned bool          // am-bg's commander has no commission yet
	article        marz.ArticleRef
	closed         []string // what was signed of acts, and taken over of shifts
	gone           bool     // of late hits nothing is kept any more
	namesake       bool     // the stopper's first hit can be cleared, and was where he was let pass so
	late           []web.LateHit
	photo          bool       // it can read photographs: of each, what it holds as text
	scans          []fakeScan // that opened an inspection
	relieved       string     // why sessions of ru-bg have ended with a transfer, or ""
}

var (
	armenia = marz.Authority{ID: "am-bg", State: "ARM", Name: "Border Guard Troops of the National Security Service of the Republic of Armenia"}
	russia  = marz.Authority{ID: "ru-bg", State: "RUS", Name: "Border Service of the FSB of Russia, Border Directorate in Armenia"}
	midday  = instant("2024-12-31T23:12:07+04:00")
	handing = web.Passing{To: armenia, Article: "am-ru-2024-agarak/2", At: instant("2025-01-01T00:00:00+04:00")}
	officer = web.Officer{ID: "ru-bg/0102", Name: "Sergei Volkov", Role: marz.RoleSupervisor, Authority: russia}
	sources = []web.ListState{
		{ID: "marz-fictional", Name: "Fictional", Owner: "am-bg", Version: "2024-12-31", Loaded: midday - 3*3600e3, Alerts: 1200},
		{ID: "ofac-sdn", Name: "OFAC SDN", Owner: "US Treasury", Version: "2024-12-30", Loaded: midday - 26*3600e3, Alerts: 8976,
			Refused: "the file ends in the middle of row 4120."},
	}
	heads = []web.HQState{
		{Authority: "ru-bg", Origin: "russia/hq", Heard: midday - 20e3, Size: 342, Newest: midday - 2*3600e3},
		{Authority: "am-bg", Origin: "armenia/hq", Heard: midday - 3*24*3600e3, Size: 120, Newest: midday - 75*3600e3, Behind: 3, Failing: midday - 72*3600e3, Late: true},
	}
	coded = map[marz.Decision][]web.Reason{
		marz.Admit:  {{Code: "cleared", Text: "Checked: not the person of the alert"}, {Code: "order", Text: "Ordered by the supervisor"}},
		marz.Refuse: {{Code: "A", Text: "No valid travel document"}, {Code: "B", Text: "False or altered travel document"}, {Code: "H", Text: "Alert for refusal of entry"}, {Code: "I", Text: "Threat to public order or security"}},
		marz.Refer:  {{Code: "identity", Text: "Identity in doubt"}, {Code: "asylum", Text: "Asks for asylum"}},
	}
)

var reading = []web.Reason{{Code: "complaint", Text: "Complaint of the traveller"}, {Code: "court", Text: "Inquiry of a court or prosecutor"}}

func instant(s string) marz.Instant {
	i, err := marz.ParseInstant(s)
	if err != nil {
		panic(err)
	}
	return i
}

func newFakePost(t testing.TB) *fakePost {
	t.Helper()
	next := handing
	f := &fakePost{t: t, start: time.Now(), cases: map[marz.InspectionID]*web.Inspection{}, texts: map[marz.InspectionID]string{},
		seq: 1233, control: russia, article: "am-ru-1992/2", next: &next, signs: "exercise", changed: make(chan struct{})}
	for i, id := range []marz.LaneID{"1", "2", "3", "4", "5", "6", "t1"} {
		l := web.Lane{ID: id, Direction: marz.EntryDirection, Flow: "persons"}
		if i > 2 {
			l.Direction = marz.ExitDirection
		}
		f.lanes = append(f.lanes, l)
	}
	f.lanes[0].Open, f.lanes[0].Officer, f.lanes[0].Since = true, officer.ID, midday-3600e3
	s := httptest.NewServer(web.Secure(http.HandlerFunc(f.serve)))
	f.url = s.URL
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return f
}

func (f *fakePost) now() marz.Instant { return midday.Add(time.Since(f.start)) }

// with changes the post under its lock and tells all pages.
func (f *fakePost) with(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	close(f.changed)
	f.changed = make(chan struct{})
}

// posts counts the POST requests whose path ends so.
func (f *fakePost) posts(end string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, path := range f.asked {
		if strings.HasSuffix(path, end) {
			n++
		}
	}
	return n
}

// decided returns the decisions so far.
func (f *fakePost) decided() []marz.Decision {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []marz.Decision
	for i := range len(f.cases) {
		if c := f.cases[caseID(i)]; c.Decision != "" {
			out = append(out, c.Decision)
		}
	}
	return out
}

func caseID(n int) marz.InspectionID { return marz.InspectionID(fmt.Sprintf("i%d", n)) }

func (f *fakePost) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	down := f.down
	if r.Method == http.MethodPost {
		f.asked = append(f.asked, r.URL.Path)
	}
	f.mu.Unlock()
	if down {
		panic(http.ErrAbortHandler)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /as/{authority}/{number}", f.signInAs)
	mux.Handle("GET /assets/", web.Assets())
	mux.HandleFunc("GET /events", f.events)
	mux.HandleFunc("GET /exercise/next", f.nextTraveller)
	mux.HandleFunc("GET /lane/{lane}", func(w http.ResponseWriter, r *http.Request) { f.page(w, r, "lane") })
	mux.HandleFunc("POST /api/lanes/{lane}/{act}", f.lane)
	f.routeSessions(mux)
	mux.HandleFunc("GET /api/lanes/1/case", f.openCase)
	mux.HandleFunc("POST /api/lanes/1/scan", f.scan)
	mux.HandleFunc("POST /api/lanes/1/candidates", f.candidates)
	mux.HandleFunc("POST /api/lanes/1/photo", f.photograph)
	mux.HandleFunc("POST /api/inspections/{id}/hits", f.lookUp)
	mux.HandleFunc("POST /api/inspections/{id}/{act}", f.act)
	f.routeNamesakes(mux)
	mux.HandleFunc("POST /api/records/{id}/read", f.record)
	mux.HandleFunc("POST /api/officers/invite", f.invite)
	f.routeSections(mux)
	f.routeTransfer(mux)
	routeRetention(mux)
	mux.HandleFunc("POST /api/lists/reload", func(w http.ResponseWriter, _ *http.Request) { web.WriteJSON(w, 200, sources) })
	mux.HandleFunc("GET /{page}", func(w http.ResponseWriter, r *http.Request) { f.page(w, r, r.PathValue("page")) })
	mux.ServeHTTP(w, r)
}

func (f *fakePost) page(w http.ResponseWriter, r *http.Request, name string) {
	p := samplePage(name)
	if p == nil {
		web.WriteError(w, r, &marz.Error{Code: marz.NotFound, Op: "page", Subject: name, Fix: "there is no such page"})
		return
	}
	f.mu.Lock()
	p.Now = f.now()
	if name == "home" && f.duty != nil {
		p.Body = web.HomeBody{Lanes: f.lanes}
	}
	if who := whoAsks(r); p.Officer != nil {
		p.Officer = &who
	}
	if name == "transfer" {
		p.Body = f.transferBody(*p.Officer)
	}
	if name == "act" {
		f.actFor(p, r)
	}
	if name == "lane" {
		p.Path = r.URL.Path
		lane := slices.IndexFunc(f.lanes, func(l web.Lane) bool { return string(l.ID) == r.PathValue("lane") })
		p.Body = web.LaneBody{Lane: f.lanes[lane], Lists: sources, Reasons: coded, Withdraw: withdrawals, Decisions: marz.Decisions(marz.EntryDirection),
			Object: objections, Lookup: lookups, Own: p.Officer.Authority.ID, Photo: f.photo}
	}
	f.mu.Unlock()
	status := http.StatusOK
	if name == "error" {
		status = http.StatusForbidden
	}
	if err := web.Render(w, r, status, name, p); err != nil {
		f.t.Error(err)
	}
}

func (f *fakePost) live() *web.Live {
	return &web.Live{Now: f.now(), Controller: f.control.ID, Article: f.article, Next: f.next, HeadSize: int64(f.seq) + 1,
		HeadRoot: "9qTzvC0pxLkKJ7c2N0rYgYqS0dQ1wX3zjQ1aH3mB0kE=", Lanes: f.lanes, Lists: sources, HQs: heads, Ended: f.ended, Late: f.late, Behind: f.behind}
}

// events feeds web.Events until the page leaves. While the post is silent it feeds nothing.
func (f *fakePost) events(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	over := f.over
	f.mu.Unlock()
	if over != "" {
		web.WriteError(w, r, &marz.Error{Code: marz.Unauthenticated, Op: "act", Fix: "this session has ended: " + over})
		return
	}
	updates, beat := make(chan *web.Live, 1), make(chan time.Time)
	ticker := time.NewTicker(web.Beat / 2)
	defer ticker.Stop()
	go func() {
		var told chan struct{}
		for {
			f.mu.Lock()
			live, changed, silent := f.live(), f.changed, f.silent
			if f.relieved != "" && whoAsks(r).Authority.ID == russia.ID {
				live.Ended, live.Relieved = f.relieved, "/relieved/7QK2-M4XD-9RTB"
			}
			f.mu.Unlock()
			if !silent && told != changed {
				told = changed
				select {
				case updates <- live:
				case <-r.Context().Done():
					return
				}
			}
			select {
			case <-changed:
			case now := <-ticker.C:
				if silent {
					continue
				}
				select {
				case beat <- now:
				case <-r.Context().Done():
					return
				}
			case <-r.Context().Done():
				return
			}
		}
	}()
	_ = web.Events(w, r, updates, beat) // the page has gone
}

func (f *fakePost) nextTraveller(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	text := f.travel[0]
	f.travel = f.travel[1:]
	web.WriteJSON(w, http.StatusOK, map[string]string{"text": text})
}

func (f *fakePost) openCase(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.open()
	if id := marz.InspectionID(r.FormValue("id")); c == nil && id != "" && f.lanes[0].Last != nil && f.lanes[0].Last.ID == id {
		c = f.cases[id]
	}
	if c != nil {
		web.WriteJSON(w, http.StatusOK, f.view(c, whoAsks(r)))
		return
	}
	web.WriteError(w, r, &marz.Error{Code: marz.NotFound, Op: "inspection", Subject: "lane 1", Fix: "none is open"})
}

// open returns the open inspection or nil. The caller holds the lock.
func (f *fakePost) open() *web.Inspection {
	for _, c := range f.cases {
		if c.State != "decided" && c.State != "withdrawn" {
			return c
		}
	}
	return nil
}

func (f *fakePost) scan(w http.ResponseWriter, r *http.Request) {
	var in fakeScan
	if err := web.ReadJSON(w, r, &in, 2000); err != nil {
		web.WriteError(w, r, err)
		return
	}
	if in.refused(w, r) {
		return
	}
	f.with(func() {
		for i := len(f.cases) - 1; i >= 0 && !in.Again; i-- {
			if c := f.cases[caseID(i)]; f.texts[c.ID] == in.Text && c.State != "withdrawn" {
				repeated := f.view(c, whoAsks(r))
				repeated.Repeated = true
				web.WriteJSON(w, http.StatusOK, repeated)
				return
			}
		}
		if c := f.open(); c != nil {
			web.WriteError(w, r, &marz.Error{Code: marz.Conflict, Op: "scan", Subject: "lane 1",
				Fix: "another traveller's inspection is open: decide or withdraw it first"})
			return
		}
		c, err := f.inspect(in.Text)
		if err != nil {
			web.WriteError(w, r, err)
			return
		}
		f.scans = append(f.scans, in)
		f.cases[c.ID], f.texts[c.ID] = c, in.Text
		f.step(c)
		web.WriteJSON(w, http.StatusOK, f.view(c, whoAsks(r)))
	})
}

// inspect judges a zone by its surname: STOPPER has a hit, and EXPIRED what a name says.
func (f *fakePost) inspect(text string) (*web.Inspection, error) {
	d, err := mrz.Parse(text, fakeToday)
	if err != nil {
		return nil, err
	}
	c := &web.Inspection{ID: caseID(len(f.cases)), Lane: "1", Direction: marz.EntryDirection, Opened: f.now(), State: "open", Verdict: marz.Clear,
		Stay:     "12 of 180 days used in the last 365",
		Ordinary: []marz.Decision{marz.Admit},
		Document: web.Document{Format: string(d.Format), Code: d.Code, Issuer: d.Issuer, Number: d.Number, Primary: d.Primary, Secondary: d.Secondary,
			Nationality: d.Nationality, Birth: d.Birth.String(), Age: "38", Sex: d.Sex, Expiry: d.Expiry.String(), Lines: d.Lines}}
	for _, check := range d.Checks {
		if !check.OK {
			c.Document.BadChecks = append(c.Document.BadChecks, check.Field)
		}
	}
	if strings.HasPrefix(d.Primary, "EXPIRED") {
		c.Verdict, c.Ordinary = marz.Attention, nil
		c.Findings = append(c.Findings, marz.Finding{Check: "document.expiry", Result: marz.Failed, Grave: marz.Attention,
			Reason: "The document expired on 2024-11-02, 59 days ago."})
	}
	if strings.HasPrefix(d.Primary, "STOPPER") {
		c.Verdict, c.Ordinary = marz.Stop, nil
		c.Hits = []web.Hit{
			{Alert: "marz-fictional-00417", Kind: "name", List: "marz-fictional", Owner: "am-bg", Version: "2024-12-31", Score: 51.9, Grave: marz.Stop,
				Name: "Stopper, Ruben Armenovich", Why: "Arrest warrant of the court of Syunik, fictional.", Reasons: []string{"name 0.98: STOPPER RUBEN as alias", "birth date equal", "nationality equal"}},
			{Alert: "marz-fictional-00988", Kind: "name", List: "marz-fictional", Owner: "am-bg", Version: "2024-12-31", Score: 27.04, Grave: marz.Attention,
				Name: "رضا استوپر", Why: "Fictional.", Reasons: []string{"name 0.74 by transliteration", "birth year differs by 1"}},
		}
		if f.namesake {
			f.clearable(c)
		}
		if f.adopted {
			c.Hits = append([]web.Hit{adoptedHit}, c.Hits...)
		}
		c.Findings = append(c.Findings, marz.Finding{Check: "lists.person", Result: marz.Failed, Grave: marz.Stop,
			Reason: "Two alerts are about a person of this name.", Source: "list marz-fictional 2024-12-31", AsOf: midday - 3*3600e3})
	}
	c.Findings = append(c.Findings,
		marz.Finding{Check: "chip.signature", Result: marz.NotSupported, Grave: marz.Clear, Reason: "This lane has no chip reader."},
		marz.Finding{Check: "document.format", Result: marz.Successful, Grave: marz.Clear},
		marz.Finding{Check: "document.digits", Result: marz.Successful, Grave: marz.Clear, Reason: "all check digits are right", Source: "machine-readable zone", AsOf: f.now()},
		marz.Finding{Check: "lists.document", Result: marz.Successful, Grave: marz.Clear, Source: "list ofac-sdn 2024-12-30", AsOf: midday - 26*3600e3},
		marz.Finding{Check: "stay.days", Result: marz.Successful, Grave: marz.Clear, Source: "crossings of this post"})
	return c, nil
}

func (f *fakePost) act(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Decision marz.Decision
		Reason   string
		Note     string
		Proposal marz.Seq
		Clears   []web.AlertRef

		Submission marz.Seq
	}
	if err := web.ReadJSON(w, r, &in, 4000); err != nil {
		web.WriteError(w, r, err)
		return
	}
	f.mu.Lock()
	slow := f.slow
	f.mu.Unlock()
	time.Sleep(slow)
	f.with(func() {
		c := f.cases[marz.InspectionID(r.PathValue("id"))]
		if c == nil || c.State == "decided" || c.State == "withdrawn" {
			web.WriteError(w, r, &marz.Error{Code: marz.Conflict, Op: r.PathValue("act"), Subject: "inspection " + r.PathValue("id"), Fix: "it has ended"})
			return
		}
		if f.actJointly(w, r, c, in.Decision, in.Submission) {
			return
		}
		f.seq++
		switch act := r.PathValue("act"); {
		case act == "asylum":
			c.Asylum, c.Ordinary = true, nil
		case act == "withdraw":
			f.end(c, "withdrawn", "")
		case act == "confirm" && c.Proposal != nil && c.Proposal.Seq == in.Proposal && f.needs(c.Proposal.Decision):
			c.State = "awaiting"
			f.duty.submission = f.seq
		case act == "confirm" && c.Proposal != nil && c.Proposal.Seq == in.Proposal:
			f.end(c, "decided", c.Proposal.Decision)
		case act == "object" && in.Reason != "":
			f.duty.objected = &web.Objection{By: whoAsks(r).ID, At: f.now(), Decision: c.Proposal.Decision, Reason: in.Reason, Note: in.Note}
			c.State, c.Proposal = "open", nil
		case act == "decide" && in.Reason == "" && len(c.Ordinary) > 0 && in.Decision == c.Ordinary[0]:
			f.end(c, "decided", in.Decision)
		case act == "decide" && in.Reason != "":
			c.State, c.Proposal = "proposed", &web.Proposal{Seq: f.seq, Decision: in.Decision, Reason: in.Reason, Note: in.Note, By: whoAsks(r).ID, Clears: len(in.Clears)}
		default:
			web.WriteError(w, r, &marz.Error{Code: marz.Invalid, Op: act, Subject: "inspection " + string(c.ID), Fix: "give a reason"})
			return
		}
		f.step(c)
		web.WriteJSON(w, http.StatusOK, f.view(c, whoAsks(r)))
	})
}

// step notes that the newest entry is about the inspection. The caller holds the lock.
func (f *fakePost) step(c *web.Inspection) {
	c.Step = f.seq
	if c.Decision == "" && c.State != "withdrawn" {
		f.lanes[0].Inspection = &web.LaneCase{ID: c.ID, Opened: c.Opened, Verdict: c.Verdict, Hits: len(c.Hits), Step: c.Step}
	}
}

// end closes an inspection. The caller holds the lock.
func (f *fakePost) end(c *web.Inspection, state string, d marz.Decision) {
	c.State, c.Decision, c.Decided, c.By, c.Under, c.Seq = state, d, f.now(), officer.ID, "am-ru-1992/2", f.seq
	f.lanes[0].Last = &web.LaneCase{ID: c.ID, Opened: c.Opened, Verdict: c.Verdict, Hits: len(c.Hits), Decision: d, Decided: c.Decided}
	f.lanes[0].Inspection = nil
	if d != "" {
		f.lanes[0].Count++
	}
}

func (f *fakePost) record(w http.ResponseWriter, r *http.Request) {
	var in struct{ Reason, Note string }
	if err := web.ReadJSON(w, r, &in, 1000); err != nil {
		web.WriteError(w, r, err)
		return
	}
	f.with(func() { f.given = append(f.given, in.Reason+"/"+in.Note) })
	c, err := f.inspect(stopper)
	if err != nil {
		f.t.Error(err)
	}
	c.Decision, c.By, c.Under = marz.Refuse, officer.ID, "am-ru-1992/2"
	web.WriteJSON(w, http.StatusOK, c)
}

func (f *fakePost) invite(w http.ResponseWriter, r *http.Request) {
	var in struct{ Officer, Name, Role string }
	if err := web.ReadJSON(w, r, &in, 1000); err != nil {
		web.WriteError(w, r, err)
		return
	}
	web.WriteJSON(w, http.StatusOK, web.Invitation{Officer: marz.OfficerID(in.Officer), Link: "https://agarak.example/enrol/7QK2-M4XD-9RTB", Expires: midday + 86400e3})
}
