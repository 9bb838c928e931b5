package hq

import (
	"net/http"
	"strconv"

	"marz"
	"marz/web"
)

// Access to a route that is not an action of an officer.
const (
	accessOpen    marz.Action = "open"    // anybody who reaches the headquarters
	accessSession marz.Action = "session" // whoever is signed in; the act behind it asks for its own action
)

// route is one page or endpoint and what it needs before its handler runs. There is no other way for browsers into the headquarters.
type route struct {
	pattern string
	access  marz.Action
	handle  func(*HQ, *request) error
}

// routes are all pages and endpoints. Those with accessSession call a method of HQ that asks itself. What is about a person is read through HQ.Read alone.
var routes = []route{
	{"GET /{$}", accessOpen, (*HQ).pageHome},
	{"GET /signin", accessOpen, (*HQ).pageSignIn},
	{"POST /signin/begin", accessOpen, (*HQ).beginSignIn},
	{"POST /signin/finish", accessOpen, (*HQ).finishSignIn},
	{"POST /signout", accessSession, (*HQ).signOut},
	{"GET /enrol/{code}", accessOpen, (*HQ).pageEnrol},
	{"POST /enrol/begin", accessOpen, (*HQ).beginEnrol},
	{"POST /enrol/finish", accessOpen, (*HQ).finishEnrol},
	{"GET /evidence/{entry}/{kind}/{n}", marz.ActReadJournal, (*HQ).getEvidence},
	{"GET /register", marz.ActReadJournal, (*HQ).pageRegister},
	{"GET /register/{agreement}", marz.ActReadJournal, (*HQ).pageAgreement},
	{"GET /timeline/{place}", marz.ActReadJournal, (*HQ).pageTimeline},
	{"GET /map", marz.ActReadJournal, (*HQ).pageMap},
	{"POST /api/register", accessOpen, (*HQ).addInstruments},
	{"GET /nation", marz.ActReadJournal, (*HQ).pageNation},
	{"GET /nation/day", marz.ActReadJournal, (*HQ).pagePostDay},
	{"GET /person", marz.ActReadJournal, (*HQ).pageSearch},
	{"POST /api/person/search", accessSession, (*HQ).search},
	{"GET /person/{entry}", marz.ActReadJournal, (*HQ).pageHistory},
	{"GET /exports/crossings/{kind}", marz.ActReadJournal, (*HQ).exportCrossings},
	{"GET /journal", marz.ActReadJournal, (*HQ).pageJournal},
	{"GET /journal/head", marz.ActReadJournal, (*HQ).getHead},
	{"GET /journal/entry/{seq}", marz.ActReadJournal, (*HQ).pageEntry},
	{"GET /journal/proof/{seq}", marz.ActReadJournal, (*HQ).getProof},
	{"GET /officers", marz.ActEnrol, (*HQ).pageOfficers},
	{"POST /api/officers/invite", accessSession, (*HQ).invite},
	{"POST /api/officers/dismiss", accessSession, (*HQ).dismiss},
	{"GET /programs", marz.ActEnrol, (*HQ).pagePrograms},
	{"POST /api/programs/accept", accessSession, (*HQ).acceptProgram},
	{"POST /api/programs/dismiss", accessSession, (*HQ).dismissProgram},
	{"GET /retention", marz.ActReadJournal, (*HQ).pageRetention},
	{"POST /api/retention/set", accessSession, (*HQ).setSchedule},
	{"POST /api/retention/clock", accessSession, (*HQ).confirmClock},
	{"POST /api/holds", accessSession, (*HQ).hold},
	{"POST /api/holds/{seq}/release", accessSession, (*HQ).release},
	{"GET /events", accessSession, (*HQ).events},
	{"GET /ca.crt", accessOpen, (*HQ).getCA},
	{"GET /healthz", accessOpen, (*HQ).health},
}

// Handler returns the pages and endpoints for browsers.
func (h *HQ) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.Handle(r.pattern, h.guard(r))
	}
	mux.Handle("GET /assets/", web.Assets())
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		web.WriteError(w, r, &marz.Error{Code: marz.NotFound, Op: "page", Subject: strconv.Quote(r.URL.Path), Fix: "this headquarters has no such page"})
	})
	return h.metrics.counted("browsers", web.Secure(mux))
}

// NodesHandler returns what nodes reach: the mirror protocol (docs/spec/mirror.md) under /mirror/. The server in front of it asks for client certificates.
func (h *HQ) NodesHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/mirror/", http.StripPrefix("/mirror", h.receiver))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		if err := h.Health(); err != nil {
			web.WriteError(w, r, err)
			return
		}
		w.Write([]byte("ok\n"))
	})
	return h.metrics.counted("nodes", mux)
}
