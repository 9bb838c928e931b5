package hq

import (
	"encoding/base64"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/journal"
	"marz/web"
	"marz/web/registers"
)

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func (h *HQ) pageHome(q *request) error {
	if q.actor.Officer == "" {
		return h.pageSignIn(q)
	}
	if err := h.mayHere(q.actor, marz.ActReadJournal); err != nil {
		return err
	}
	nodes, err := h.Overview(q.Context())
	if err != nil {
		return err
	}
	head := h.ledger.Head()
	return h.render(q, "headquarters", "Mirrors", web.HeadquartersBody{Origin: h.ledger.Origin(), VerifierKey: h.ledger.VerifierKey(), MirrorKey: h.mirrorKey,
		Size: head.Size, Root: base64Of(head.Root[:]), At: h.ledger.At(), Nodes: nodes})
}

// instant reads an instant of the address, in the headquarters' time or with its offset; absent is what it is without.
func (h *HQ) instant(q *request, name string, absent marz.Instant) (marz.Instant, error) {
	i, err := web.ReadInstant(h.state.described.Zone, q.FormValue(name))
	if i == 0 {
		i = absent
	}
	return i, err
}

func (h *HQ) pageRegister(q *request) error {
	at, err := h.instant(q, "at", h.now())
	if err != nil {
		return err
	}
	return h.render(q, "register", "Register", *h.registerPage(at))
}

func (h *HQ) pageAgreement(q *request) error {
	at, err := h.instant(q, "at", h.now())
	if err != nil {
		return err
	}
	body, err := registers.Agreement(h.Register(), q.PathValue("agreement"), at, h.now(), h.signaturesOf)
	if err != nil {
		return err
	}
	return h.render(q, "agreement", body.Agreement.ID, *body)
}

func (h *HQ) pageTimeline(q *request) error {
	at, err := h.instant(q, "at", h.now())
	if err != nil {
		return err
	}
	known, err := h.instant(q, "known", 0)
	if err != nil {
		return err
	}
	register, err := h.knownAt(known)
	if err != nil {
		return err
	}
	body, err := registers.Timeline(register, marz.PlaceID(q.PathValue("place")), at, h.now(), known)
	if err != nil {
		return err
	}
	return h.render(q, "timeline", "Timeline of "+body.Place.Name, *body)
}

func (h *HQ) pageMap(q *request) error {
	at, err := h.instant(q, "at", h.now())
	if err != nil {
		return err
	}
	body := registers.Map(h.Register(), h.drawing, h.now(), h.now())
	body.At = min(max(at, body.From), body.Until)
	return h.render(q, "map", "Map", *body)
}

// journalPage is how many entries a page of the journal has.
const journalPage = 50

// number reads a whole number from a query or path value; absent is returned as the default.
func number(s string, absent int64) (int64, error) {
	if s == "" {
		return absent, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, &marz.Error{Code: marz.Invalid, Op: "read request", Subject: strconv.Quote(s), Fix: "give a whole number from 0 on"}
	}
	return n, nil
}

func (h *HQ) pageJournal(q *request) error {
	from, err := number(q.FormValue("from"), -1)
	if err != nil {
		return err
	}
	head := h.ledger.Head()
	if last := max(0, head.Size-journalPage); from < 0 || from > last {
		from = last
	}
	entries, err := h.ledger.Entries(q.Context(), marz.Seq(from), journalPage)
	if err != nil {
		return err
	}
	b := web.JournalBody{Origin: h.ledger.Origin(), VerifierKey: h.ledger.VerifierKey(), Head: string(head.Note), Size: head.Size, Root: base64Of(head.Root[:]), From: marz.Seq(from), Older: -1, Newer: -1}
	if from > 0 {
		b.Older = marz.Seq(max(0, from-journalPage))
	}
	if from+journalPage < head.Size {
		b.Newer = marz.Seq(from + journalPage)
	}
	for i := len(entries) - 1; i >= 0; i-- {
		b.Entries = append(b.Entries, entryView(entries[i]))
	}
	return h.render(q, "journal", "Journal", b)
}

func entryView(e journal.Entry) web.Entry {
	return web.Entry{Seq: e.Seq, At: e.At, Kind: e.Kind, Officer: e.Officer, Authority: e.Authority, Under: e.Under, Public: string(e.Public), Private: e.Private}
}

func (h *HQ) pageEntry(q *request) error {
	n, err := number(q.PathValue("seq"), 0)
	if err != nil {
		return err
	}
	e, body, err := h.ledger.Entry(q.Context(), marz.Seq(n))
	if err != nil {
		return err
	}
	head := h.ledger.Head()
	proof, err := h.ledger.ProveInclusion(q.Context(), marz.Seq(n), head.Size)
	if err != nil {
		return err
	}
	leaf := tlog.RecordHash(body)
	b := web.EntryBody{Entry: entryView(e), Body: string(body), Leaf: base64Of(leaf[:]), Size: head.Size, Root: base64Of(head.Root[:])}
	for _, hash := range proof {
		b.Proof = append(b.Proof, base64Of(hash[:]))
	}
	return h.render(q, "entry", "Entry "+strconv.FormatInt(n, 10), b)
}

func (h *HQ) getHead(q *request) error { return q.text(h.ledger.Head().Note) }

func (h *HQ) getProof(q *request) error {
	n, err := number(q.PathValue("seq"), 0)
	if err != nil {
		return err
	}
	proof, err := h.ledger.Proof(q.Context(), marz.Seq(n))
	if err != nil {
		return err
	}
	return q.text(proof)
}

func (h *HQ) pageOfficers(q *request) error {
	return h.render(q, "officers", "Officers", web.OfficersBody{Officers: h.officerRows(), Own: h.config.Authority})
}
