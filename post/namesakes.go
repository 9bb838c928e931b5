package post

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"marz"
	"marz/agreement"
	"marz/inspection"
	"marz/journal"
	"marz/watchlist"
	"marz/web"
)

// The kinds of entry about cleared namesakes.
const (
	KindCleared = "namesake.cleared" // a person is not the one on an alert
	KindRevoked = "namesake.revoked" // a supervisor took a clearance back
)

// clearedEntry says nothing of who was cleared, nor on which alert: its one digest is of both and of the alert's version together, so that not even two clearances of one person
// are seen to be his.
type clearedEntry struct {
	Inspection marz.InspectionID `json:"inspection"`
	List       marz.ListID       `json:"list"`
	Clears     string            `json:"clears"`             // hex keyed digest of person, alert and the alert's version
	Proposed   marz.Seq          `json:"proposed,omitempty"` // of the decision with which it was said
}

// clearedPrivate has the hit as its one hit, with the reason; of an authority's own list it is sealed.
type clearedPrivate struct {
	Traveller string `json:"traveller"` // hex keyed digest of name, birth date and nationality
	Person    string `json:"person"`    // hex keyed digest of the same with the document
	About     string `json:"about"`     // hex keyed digest of list and alert
	hitsPrivate
}

type revokedEntry struct {
	Inspection marz.InspectionID `json:"inspection"`
	Clearance  marz.Seq          `json:"clearance"`
	Reason     string            `json:"reason"`
}

// clearedTables has who was cleared on what, in keyed digests. ended is when a clearance came to its end, and why says how in words.
const clearedTables = `
CREATE TABLE s_cleared (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, officer TEXT NOT NULL, authority TEXT NOT NULL, inspection INTEGER NOT NULL, list TEXT NOT NULL, clears TEXT NOT NULL,
	traveller TEXT NOT NULL, person TEXT NOT NULL, about TEXT NOT NULL, ended INTEGER, why TEXT NOT NULL DEFAULT '') STRICT;
CREATE INDEX s_cleared_of ON s_cleared (traveller, about);
CREATE INDEX s_cleared_by ON s_cleared (authority, seq, ended);
`

// identity is who somebody is, as far as a document tells. Name, birth date and nationality are what an alert matches by, so they never tell a person from his namesake: the document with them does.
type identity struct {
	traveller string // keyed digest of name, birth date and nationality
	person    string // the same with the document; "" when the document is not read beyond doubt or says too little
}

func (p *Post) identify(d web.Document) identity {
	id := identity{traveller: p.keyed("traveller", d.Nationality, d.Birth, d.Primary, d.Secondary)}
	birth, err := marz.ParseDate(d.Birth)
	if err == nil && birth.Full() && d.Issuer != "" && d.Number != "" && d.Nationality != "" && d.Primary != "" && len(d.BadChecks) == 0 {
		id.person = p.keyed("person", d.Code, d.Issuer, d.Number, d.Nationality, d.Birth, d.Primary, d.Secondary)
	}
	return id
}

// markLen is the length in hex digits of the keyed digests by which alerts are told apart in entries.
const markLen = 32

func (p *Post) mark(what string, parts ...string) string { return p.keyed(what, parts...)[:markLen] }

// clears is the digest of what a clearance is scoped to.
func (p *Post) clears(who identity, h *web.Hit) string {
	return p.mark("clears", who.person, string(h.List), string(h.Alert), h.AlertVersion)
}

func (p *Post) about(h *web.Hit) string { return p.mark("about", string(h.List), string(h.Alert)) }

// namesakeOf says why somebody cannot be cleared of a hit, or "". A number that is on a list is no namesake's.
func namesakeOf(h *web.Hit, who identity) string {
	switch {
	case h.Kind != string(watchlist.ByName) || h.About != string(watchlist.Person):
		return "only who bears the name of a person on a list can be somebody else"
	case h.AlertVersion == "":
		return "it is not known which version of the alert it was"
	case who.person == "":
		return "the document is not read whole and without doubt, so that he would not be known again"
	}
	return ""
}

// clearing is an officer's word that who stands before him is not on these alerts.
type clearing struct {
	officer  marz.OfficerID
	under    marz.ArticleRef
	reason   string // a code
	note     string
	proposed marz.Seq
}

// caseHits returns what an authority may see of the hits on a case, and who the case is about.
func (a *act) caseHits(r *row, own marz.AuthorityID) ([]web.Hit, identity, error) {
	payload, err := a.Payload(marz.Seq(r.id))
	if err != nil {
		return nil, identity{}, err
	}
	var private inspectionPrivate
	if err := json.Unmarshal(payload, &private); err != nil {
		return nil, identity{}, &marz.Error{Op: "read inspection", Subject: string(inspectionID(r.id)), Fix: "its payload is malformed; run marz verify"}
	}
	seqs, err := hitEntries(a, r.id, own, "")
	if err != nil {
		return nil, identity{}, err
	}
	hits, _, err := a.post.hitsIn(a, a.Tx, seqs)
	return append(private.Hits, hits...), a.post.identify(private.Document), err
}

// chosen returns the marks of alerts of which an officer says that the traveller is not on them, or says why he cannot.
func (a *act) chosen(r *row, refs []web.AlertRef) ([]string, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	hits, who, err := a.caseHits(r, a.own())
	if err != nil {
		return nil, err
	}
	var out []string
	for _, ref := range refs {
		i := slices.IndexFunc(hits, func(h web.Hit) bool { return h.List == ref.List && h.Alert == ref.Alert })
		if i < 0 {
			return nil, &marz.Error{Code: marz.NotFound, Op: "clear namesake", Subject: "inspection " + string(inspectionID(r.id)), Fix: "no such hit is on this case"}
		}
		if why := namesakeOf(&hits[i], who); why != "" {
			return nil, &marz.Error{Code: marz.Conflict, Op: "clear namesake", Subject: "inspection " + string(inspectionID(r.id)), Fix: why}
		}
		if m := a.post.known(&hits[i]); !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return out, nil
}

// clear records clearances of those hits of a case that have the marks. One that holds already is not recorded again.
func (a *act) clear(r *row, marks []string, c clearing) error {
	if len(marks) == 0 {
		return nil
	}
	by := c.officer.Authority()
	hits, who, err := a.caseHits(r, by)
	if err != nil {
		return err
	}
	for _, h := range hits {
		i := slices.Index(marks, a.post.known(&h))
		if i < 0 || namesakeOf(&h, who) != "" {
			continue
		}
		marks = slices.Delete(slices.Clone(marks), i, i+1)
		if err := a.clearOne(r, h, who, c); err != nil {
			return err
		}
	}
	if len(marks) > 0 {
		return &marz.Error{Code: marz.Conflict, Op: "clear namesake", Subject: "inspection " + string(inspectionID(r.id)), Fix: "a hit that is to be cleared cannot be read any more; decide without clearing it"}
	}
	return nil
}

func (a *act) clearOne(r *row, h web.Hit, who identity, c clearing) error {
	p, by := a.post, c.officer.Authority()
	e := clearedEntry{Inspection: inspectionID(r.id), List: h.List, Clears: p.clears(who, &h), Proposed: c.proposed}
	if held, err := p.standing(a, &h, who); err != nil || held[by] != 0 {
		return err
	}
	h.Cleared, h.Can = &web.Clearance{Reason: clearText(c.reason), Note: c.note}, ""
	private := clearedPrivate{Traveller: who.traveller, Person: who.person, About: p.about(&h), hitsPrivate: hitsPrivate{Hits: []web.Hit{h}}}
	if owner := p.ownerOf(h.List); owner != "" {
		if owner != by || p.hitsUnder(owner, r.lane, a.Now()) == "" {
			return &marz.Error{Code: marz.Forbidden, Op: "clear namesake", Subject: "inspection " + string(e.Inspection), Fix: "no article gives " + string(by) + " hits on this list here"}
		}
		b, err := json.Marshal(private.Hits)
		if err == nil {
			private.Hits = nil
			private.Sealed, err = p.keys.seal(owner, sealOf(KindCleared, e.Inspection), b)
		}
		if err != nil {
			return err
		}
	}
	_, err := a.Append(journal.Draft{Kind: KindCleared, Officer: c.officer, Authority: by, Under: c.under, Policy: a.policy, Public: e, Private: private})
	return err
}

func clearText(code string) string {
	for _, r := range inspection.ClearReasons {
		if r.Code == code {
			return r.Text
		}
	}
	return code
}

// Clear is a supervisor's word, after a crossing, that the traveller is not the one on an alert. He reads the record first, and has the power to.
func (p *Post) Clear(ctx context.Context, actor Actor, id marz.InspectionID, ref web.AlertRef, reason, note string) error {
	note, err := trim(note)
	if err == nil {
		err = inspection.CheckClearing(reason)
	}
	if err != nil {
		return err
	}
	return p.actIn(ctx, actor, id, marz.ActSupervise, func(a *act) error {
		r, err := readRow(a, number(id))
		if err != nil {
			return err
		}
		bad := func(code marz.Code, fix string) error {
			return &marz.Error{Code: code, Op: "clear namesake", Subject: "inspection " + string(id), Fix: fix}
		}
		if !slices.Contains(r.owners, a.own()) {
			return bad(marz.Forbidden, "it is a record of "+names(r.owners)+", whose officers alone clear in it")
		}
		if r.state != "decided" {
			return bad(marz.Conflict, "it is not decided; who decides clears with his decision")
		}
		record, err := r.record(a.Tx)
		if err != nil {
			return err
		}
		under := a.under
		if err := a.ask(marz.ActReadRecord, record); err != nil {
			return err
		}
		marks, err := a.chosen(r, []web.AlertRef{ref})
		if err != nil {
			return err
		}
		return a.clear(r, marks, clearing{officer: actor.Officer, under: under, reason: reason, note: note})
	})
}

// Revoke takes a clearance of the supervisor's own authority back. From here on the person is stopped again.
func (p *Post) Revoke(ctx context.Context, actor Actor, seq marz.Seq, reason, note string) error {
	note, err := trim(note)
	if err == nil {
		err = inspection.CheckRevoking(reason)
	}
	if err != nil {
		return err
	}
	return p.act(ctx, actor, marz.ActSupervise, func(a *act) error {
		all, err := collect(a, scanClearance, clearanceQuery+`WHERE seq = ? AND authority = ?`, seq, a.own())
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return &marz.Error{Code: marz.NotFound, Op: "revoke clearance", Subject: strconv.FormatInt(int64(seq), 10), Fix: fmt.Sprintf("%s has made no such clearance", a.own())}
		}
		if all[0].ended != 0 {
			return &marz.Error{Code: marz.Conflict, Op: "revoke clearance", Subject: strconv.FormatInt(int64(seq), 10), Fix: "it has ended already: " + all[0].why}
		}
		_, err = a.append(KindRevoked, revokedEntry{inspectionID(all[0].inspection), seq, reason}, private(note))
		return err
	})
}

// clearancesShown is how many clearances a supervisor's page shows, the newest first.
const clearancesShown = 100

// clearances returns those of an authority, without anything about a person.
func (p *Post) clearances(own marz.AuthorityID) ([]web.ClearedRow, error) {
	all, err := collect(p.journal.State(), scanClearance, clearanceQuery+`WHERE authority = ? ORDER BY seq DESC LIMIT ?`, own, clearancesShown)
	out := make([]web.ClearedRow, len(all))
	for i, c := range all {
		out[i] = web.ClearedRow{Seq: c.seq, At: c.at, By: c.officer, Inspection: inspectionID(c.inspection), List: c.list, Ended: c.ended, Why: c.why}
	}
	return out, err
}

// clearancesStamp changes whenever an authority's clearances do.
func (p *Post) clearancesStamp(own marz.AuthorityID) (string, error) {
	var made, ended int
	err := p.journal.State().QueryRow(`SELECT count(*), count(ended) FROM s_cleared WHERE authority = ?`, own).Scan(&made, &ended)
	return fmt.Sprintf("%d/%d", made, ended), err
}

// addCan says of each hit what the officer may do with it, and why his own authority cleared it. On a case that has ended the hits are marked as they are cleared now.
func (p *Post) addCan(ctx context.Context, actor Actor, r *row, w *web.Inspection) (err error) {
	state, from := p.journal.State(), committed{ctx, p.journal}
	own, who := actor.Officer.Authority(), p.identify(w.Document)
	supervises := r.state == "decided" && slices.Contains(r.owners, own) && p.mayDo(actor, marz.ActSupervise, r.lane)
	for i := range w.Hits {
		h := &w.Hits[i]
		need := p.needed(h.List, r.owners)
		if r.ended() {
			if h.Cleared, err = p.cleared(state, h, who, need); err != nil {
				return err
			}
		}
		if c := h.Cleared; c != nil && c.By.Authority() == own {
			if c.Reason, c.Note, err = p.clearedWhy(state, from, c.Seq); err != nil {
				return err
			}
		}
		if r.ended() && !supervises || !slices.Contains(need, own) || namesakeOf(h, who) != "" {
			continue
		}
		held, err := p.standing(state, h, who)
		if err != nil {
			return err
		}
		switch {
		case held[own] == 0:
			h.Can = "clear"
			h.Lacks = slices.DeleteFunc(others(need, own), func(id marz.AuthorityID) bool { return held[id] != 0 })
		case supervises:
			h.Can, h.Mine = "revoke", held[own]
		}
	}
	return nil
}

// needed returns whose clearances it needs that a hit on a list does not stop somebody: the owner's of its own list, otherwise that of each authority whose record the inspection is.
func (p *Post) needed(list marz.ListID, owners []marz.AuthorityID) []marz.AuthorityID {
	if owner := p.ownerOf(list); owner != "" {
		return []marz.AuthorityID{owner}
	}
	return owners
}

// mayDo asks whether the actor may do something at a lane now, outside the journal.
func (p *Post) mayDo(actor Actor, action marz.Action, lane marz.LaneID) bool {
	return p.register.Load().May(agreement.Question{Officer: actor.Officer, Role: actor.Role, Action: action, Place: p.post.ID.Place(), Lane: lane, At: p.now()}).Allowed
}

// The pages.

func (p *Post) clear(q *request) error {
	var in struct {
		web.AlertRef
		words
	}
	if err := q.read(&in); err != nil {
		return err
	}
	if err := p.Clear(q.Context(), q.actor, q.inspection(), in.AlertRef, in.Reason, in.Note); err != nil {
		return err
	}
	return q.json(map[string]string{"next": "/supervisor"})
}

func (p *Post) revoke(q *request) error { return p.give(q, p.Revoke) }

// words are the reason and the note with which somebody does something.
type words struct {
	Reason string `json:"reason"`
	Note   string `json:"note"`
}

// words reads them, and the seq of the entry that the path names.
func (q *request) words() (n marz.Seq, in words, err error) {
	if n, err = seq(q.PathValue("seq"), 0); err == nil {
		err = q.read(&in)
	}
	return n, in, err
}

// give does what is asked with reason and note.
func (p *Post) give(q *request, do func(context.Context, Actor, marz.Seq, string, string) error) error {
	n, in, err := q.words()
	if err == nil {
		err = do(q.Context(), q.actor, n, in.Reason, in.Note)
	}
	if err != nil {
		return err
	}
	return q.json(map[string]string{"next": "/supervisor"})
}
