package post

import (
	"net/http"

	"marz"
)

// Access to a route that is not an action of an officer.
const (
	accessOpen     marz.Action = "open"     // anybody who reaches the post
	accessExercise marz.Action = "exercise" // anybody, at an exercise's post; not found elsewhere
	accessSession  marz.Action = "session"  // whoever is signed in; the act behind it asks for its own action
)

// route is one page or endpoint and what it needs before its handler runs. There is no other way into the post.
type route struct {
	pattern string
	access  marz.Action
	handle  func(*Post, *request) error
}

// routes are all pages and endpoints. Those with accessSession call a method of Post that passes through act or may itself.
var routes = []route{
	{"GET /{$}", accessOpen, (*Post).pageHome},
	{"GET /signin", accessOpen, (*Post).pageSignIn},
	{"POST /signin/begin", accessOpen, (*Post).beginSignIn},
	{"POST /signin/finish", accessOpen, (*Post).finishSignIn},
	{"POST /exercise/signin", accessExercise, (*Post).signInExercise},
	{"POST /signout", accessSession, (*Post).signOut},
	{"GET /enrol/{code}", accessOpen, (*Post).pageEnrol},
	{"POST /enrol/begin", accessOpen, (*Post).beginEnrol},
	{"POST /enrol/finish", accessOpen, (*Post).finishEnrol},
	{"GET /lane/{lane}", marz.ActInspect, (*Post).pageLane},
	{"POST /api/lanes/{lane}/open", accessSession, (*Post).openLane},
	{"POST /api/lanes/{lane}/close", accessSession, (*Post).closeLane},
	{"GET /api/lanes/{lane}/case", accessSession, (*Post).getCase},
	{"POST /api/lanes/{lane}/scan", accessSession, (*Post).scan},
	{"POST /api/lanes/{lane}/candidates", marz.ActInspect, (*Post).candidates},
	{"POST /api/lanes/{lane}/photo", marz.ActInspect, (*Post).photograph},
	{"POST /api/lanes/{lane}/reader/stop", accessSession, (*Post).stopReading},
	{"GET /api/inspections/{id}/portrait", accessSession, (*Post).getPortrait},
	{"POST /api/inspections/{id}/decide", accessSession, (*Post).decide},
	{"POST /api/inspections/{id}/confirm", accessSession, (*Post).confirm},
	{"POST /api/inspections/{id}/withdraw", accessSession, (*Post).withdraw},
	{"POST /api/inspections/{id}/concur", accessSession, (*Post).concur},
	{"POST /api/inspections/{id}/object", accessSession, (*Post).object},
	{"POST /api/inspections/{id}/asylum", accessSession, (*Post).asylum},
	{"POST /api/inspections/{id}/clear", accessSession, (*Post).clear},
	{"POST /api/clearances/{seq}/revoke", accessSession, (*Post).revoke},
	{"POST /api/late/{seq}/read", accessSession, (*Post).readLate},
	{"POST /api/late/{seq}/acknowledge", accessSession, (*Post).acknowledge},
	{"POST /api/inspections/{id}/hits", accessSession, (*Post).lookUp},
	{"GET /register", marz.ActReadJournal, (*Post).pageRegister},
	{"GET /register/{agreement}", marz.ActReadJournal, (*Post).pageAgreement},
	{"GET /timeline/{place}", marz.ActReadJournal, (*Post).pageTimeline},
	{"GET /map", marz.ActReadJournal, (*Post).pageMap},
	{"POST /api/register", accessOpen, (*Post).addInstruments},
	{"GET /lookups", marz.ActReadJournal, (*Post).pageLookups},
	{"GET /sections", marz.ActReadJournal, (*Post).pageSections},
	{"POST /api/sections/{section}/patrols", accessSession, (*Post).roster},
	{"POST /api/patrols/{id}/end", accessSession, (*Post).endPatrol},
	{"POST /api/sections/{section}/incidents", accessSession, (*Post).recordIncident},
	{"POST /api/incidents/{seq}/read", accessSession, (*Post).readIncident},
	{"GET /transfer", marz.ActTransfer, (*Post).pageTransfer},
	{"GET /api/transfer", marz.ActTransfer, (*Post).getTransfer},
	{"POST /api/transfer/{step}", accessSession, (*Post).transferStep},
	{"POST /api/transfer/sign/begin", accessSession, (*Post).beginTransferSign},
	{"POST /api/transfer/sign/finish", accessSession, (*Post).finishTransferSign},
	{"POST /api/transfer/sign/exercise", accessSession, (*Post).exerciseTransferSign},
	{"POST /api/transfer/signatures", accessOpen, (*Post).addSignature},
	{"GET /transfer/{id}/act", marz.ActReadJournal, (*Post).pageAct},
	{"GET /transfer/{id}/act.json", marz.ActReadJournal, (*Post).getAct},
	{"GET /relieved/{code}", accessOpen, (*Post).pageRelieved},
	{"POST /relieved/{code}/begin", accessOpen, (*Post).beginRelieved},
	{"POST /relieved/{code}/finish", accessOpen, (*Post).finishRelieved},
	{"POST /relieved/{code}/exercise", accessOpen, (*Post).exerciseRelieved},
	{"GET /events", accessSession, (*Post).events},
	{"GET /supervisor", marz.ActReadJournal, (*Post).pageSupervisor},
	{"GET /shift", marz.ActSupervise, (*Post).pageShift},
	{"POST /api/shift/take", accessSession, (*Post).takeShift},
	{"POST /api/transfer/read/{what}", accessOpen, (*Post).readTransfers}, // by the key of a side
	{"GET /crossings", marz.ActReadJournal, (*Post).pageCrossings},
	{"POST /api/records/{id}/read", accessSession, (*Post).readRecord},
	{"GET /journal", marz.ActReadJournal, (*Post).pageJournal},
	{"GET /journal/head", marz.ActReadJournal, (*Post).getHead},
	{"GET /journal/entry/{seq}", marz.ActReadJournal, (*Post).pageEntry},
	{"GET /journal/proof/{seq}", marz.ActReadJournal, (*Post).getProof},
	{"GET /officers", marz.ActEnrol, (*Post).pageOfficers},
	{"POST /api/officers/invite", accessSession, (*Post).invite},
	{"POST /api/officers/dismiss", accessSession, (*Post).dismiss},
	{"GET /readers", marz.ActEnrol, (*Post).pageReaders},
	{"POST /api/readers/accept", accessSession, (*Post).acceptReader},
	{"POST /api/readers/dismiss", accessSession, (*Post).dismissReader},
	{"GET /mirrors", marz.ActReadJournal, (*Post).pageMirrors},
	{"POST /api/lists/reload", accessSession, (*Post).reloadLists},
	{"GET /exercise/next", accessExercise, (*Post).nextTraveller},
	{"GET /ca.crt", accessOpen, (*Post).getCA},
	{"GET /healthz", accessOpen, (*Post).health},
}

// Handler returns the post's pages and endpoints.
func (p *Post) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.Handle(r.pattern, p.guard(r))
	}
	return p.secure(mux)
}
