package post

import (
	"context"
	"database/sql"
	"encoding/base64"
	"slices"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/agreement"
	"marz/journal"
	"marz/web"
)

// ReadReasons are what can be given for reading a person's record.
var ReadReasons = []web.Reason{
	{Code: "query-by-traveller", Text: "The traveller asks"},
	{Code: "second-line", Text: "Second-line case"},
	{Code: "supervision", Text: "Supervision of a decision"},
	{Code: "alert-owner", Text: "The owner of an alert asks"},
	{Code: "correction", Text: "Correction of a record"},
}

func checkReadReason(reason, what string) error {
	if slices.ContainsFunc(ReadReasons, func(r web.Reason) bool { return r.Code == reason }) {
		return nil
	}
	return &marz.Error{Code: marz.Invalid, Op: "read record", Subject: what, Fix: "give one of the reasons for reading a person's record"}
}

// ReadRecord gives a person's record to an officer, after the entry that says that he read it and why.
func (p *Post) ReadRecord(ctx context.Context, actor Actor, id marz.InspectionID, reason, note string) (*web.Inspection, error) {
	w, _, err := p.readRecordBy(ctx, actor, id, reason, note)
	return w, err
}

// readRecordBy is ReadRecord, with the entry of the reading. To a program an inspection that is not decided has no record yet.
func (p *Post) readRecordBy(ctx context.Context, actor Actor, id marz.InspectionID, reason, note string) (*web.Inspection, journal.Entry, error) {
	var reading journal.Entry
	note, err := trim(note)
	if err != nil {
		return nil, reading, err
	}
	if err := checkReadReason(reason, strconv.Quote(string(id))); err != nil {
		return nil, reading, err
	}
	var fields []marz.Field
	var record *agreement.Record
	about := func(tx *journal.Tx) (*agreement.Record, error) {
		r, err := readRow(tx, number(id))
		if marz.CodeOf(err) == marz.NotFound {
			return nil, nil // who may not read records here is not told which there are
		}
		if err != nil {
			return nil, err
		}
		record, err = r.record(tx)
		return record, err
	}
	err = p.actOn(ctx, actor, p.post.ID.Place(), marz.ActReadRecord, ofRecord(about), func(a *act) error {
		r, err := readRow(a, number(id))
		if err != nil {
			return err
		}
		if actor.program != nil && r.state != "decided" {
			return &marz.Error{Code: marz.NotFound, Op: "read record", Subject: strconv.Quote(string(id)), Fix: "no crossing was decided under this number"}
		}
		e := readEntry{Inspection: inspectionID(r.id), Reason: reason}
		if fields, err = a.fields(marz.ActReadRecord, record); err != nil {
			return err
		}
		if e.Owners = others(r.owners, a.own()); len(e.Owners) > 0 { // who owns it with him sees it too
			e.Fields = fields
		}
		reading, err = a.append(KindRead, e, private(note))
		return err
	})
	if err != nil {
		return nil, reading, err
	}
	w, err := p.inspection(ctx, actor, number(id), false)
	if err != nil {
		return nil, reading, err
	}
	only(w, fields)
	return w, reading, nil
}

// fields returns what articles open of somebody's data, and lets the first of them stand on the entry.
func (a *act) fields(action marz.Action, record *agreement.Record) ([]marz.Field, error) {
	q := agreement.Question{Officer: a.actor.Officer, Role: a.actor.Role, Action: action, Place: a.place, At: a.Now(), Record: record}
	fields, articles := a.post.register.Load().Fields(q)
	if len(fields) == 0 {
		answer := a.post.register.Load().May(q)
		a.refused = &answer
		return nil, &marz.Error{Code: marz.Forbidden, Op: string(action), Subject: "at " + string(a.place), Fix: "no article in force opens any part of it to " + string(a.own())}
	}
	a.under = articles[0]
	return fields, nil
}

// opens asks whether an article opens one field of another authority's data, and lets it stand on the entry.
func (a *act) opens(action marz.Action, record *agreement.Record, field marz.Field) error {
	q := agreement.Question{Officer: a.actor.Officer, Role: a.actor.Role, Action: action, Place: a.place, At: a.Now(), Record: record, Field: field}
	answer := a.post.register.Load().May(q)
	if !answer.Allowed {
		a.refused = &answer
		return &marz.Error{Code: marz.Forbidden, Op: string(action), Subject: "at " + string(a.place), Fix: string(a.under) + " does not open the " + string(field) + " to " + string(a.own())}
	}
	a.under = answer.Article
	return nil
}

// only takes out of an inspection what the fields do not hold.
func only(w *web.Inspection, fields []marz.Field) {
	has := func(f marz.Field) bool { return slices.Contains(fields, f) }
	d := &w.Document
	if !has(marz.FieldIdentity) {
		d.Primary, d.Secondary, d.Nationality, d.Birth, d.Age, d.Sex = "", "", "", "", "", ""
	}
	if !has(marz.FieldDocument) {
		d.Format, d.Code, d.Issuer, d.Number, d.Expiry, d.BadChecks = "", "", "", "", "", nil
	}
	if !has(marz.FieldIdentity) || !has(marz.FieldDocument) {
		d.Lines = nil // the zone holds both
	}
	if !has(marz.FieldIdentity) || !has(marz.FieldDocument) || !has(marz.FieldFindings) {
		w.Chip = nil // the hashes of files tell who somebody is to who can guess it
	}
	if !has(marz.FieldFindings) {
		w.Findings, w.Stay = []marz.Finding{}, ""
	}
	if !has(marz.FieldHits) {
		w.Hits = []web.Hit{}
	}
	if has(marz.FieldNote) {
		return
	}
	if w.Proposal != nil {
		w.Proposal.Note = ""
	}
	w.Joint = nil // what waits and who objected have notes too; the lane shows them
}

// crossingsPage is how many crossings and entries a page shows.
const crossingsPage = 50

// Crossings returns decided inspections, newest first, from before the entry given. The rows hold nothing about a person.
func (p *Post) Crossings(ctx context.Context, actor Actor, before marz.Seq) (*web.CrossingsBody, error) {
	if err := p.may(actor, marz.ActReadJournal); err != nil {
		return nil, err
	}
	if before <= 0 {
		before = 1 << 62
	}
	rows, err := collect(p.journal.State(), func(r *sql.Rows) (*row, error) { return scanRow(r) },
		rowQuery+`WHERE state = 'decided' AND decided_seq < ? ORDER BY decided_seq DESC LIMIT ?`, before, crossingsPage+1)
	if err != nil {
		return nil, &marz.Error{Op: "read crossings", Err: err}
	}
	b := &web.CrossingsBody{Totals: map[marz.Decision]int{}}
	if len(rows) > crossingsPage {
		rows = rows[:crossingsPage]
		b.Older = rows[len(rows)-1].seq
	}
	for _, r := range rows {
		b.Rows = append(b.Rows, web.Crossing{ID: inspectionID(r.id), Seq: r.seq, At: r.decided, Lane: r.lane, Direction: r.direction, Verdict: r.verdict, Hits: r.hits,
			Decision: r.decision, Reason: r.reason, Officer: r.officer, Authority: r.authority, Under: r.article, Seconds: r.decided.Sub(r.opened).Seconds()})
	}
	totals, err := p.Totals(ctx)
	for _, t := range totals {
		b.Totals[t.Decision] += t.Count
	}
	return b, err
}

// Total counts crossings.
type Total struct {
	Authority marz.AuthorityID
	Lane      marz.LaneID
	Decision  marz.Decision
	Count     int
}

// Totals counts all crossings by authority, lane and decision.
func (p *Post) Totals(ctx context.Context) ([]Total, error) { return p.TotalsAfter(ctx, -1) }

// TotalsAfter counts the crossings decided after an entry.
func (p *Post) TotalsAfter(ctx context.Context, seq marz.Seq) ([]Total, error) {
	t, err := collect(p.journal.State(), func(r *sql.Rows) (t Total, err error) {
		err = r.Scan(&t.Authority, &t.Lane, &t.Decision, &t.Count)
		return t, err
	}, `SELECT authority, lane, decision, count(*) FROM s_inspection WHERE state = 'decided' AND decided_seq > ? GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`, seq)
	if err != nil {
		return nil, &marz.Error{Op: "count crossings", Err: err}
	}
	return t, nil
}

// JournalPage returns entries, newest first on the last page, with the head that covers them. They hold nothing about a person.
func (p *Post) JournalPage(ctx context.Context, actor Actor, from marz.Seq) (*web.JournalBody, error) {
	if err := p.may(actor, marz.ActReadJournal); err != nil {
		return nil, err
	}
	head := p.journal.Head()
	if last := marz.Seq(max(0, head.Size-crossingsPage)); from < 0 || from > last {
		from = last
	}
	entries, err := p.journal.Entries(ctx, from, crossingsPage)
	if err != nil {
		return nil, err
	}
	b := &web.JournalBody{Origin: p.journal.Origin(), VerifierKey: p.journal.VerifierKey(), Head: string(head.Note), Size: head.Size,
		Root: base64.StdEncoding.EncodeToString(head.Root[:]), From: from, Older: -1, Newer: -1}
	if from > 0 {
		b.Older = max(0, from-crossingsPage)
	}
	if int64(from)+crossingsPage < head.Size {
		b.Newer = from + crossingsPage
	}
	for i := len(entries) - 1; i >= 0; i-- {
		b.Entries = append(b.Entries, entryView(entries[i]))
	}
	return b, nil
}

func entryView(e journal.Entry) web.Entry {
	return web.Entry{Seq: e.Seq, At: e.At, Kind: e.Kind, Officer: e.Officer, Authority: e.Authority, Under: e.Under, Public: string(e.Public), Private: e.Private}
}

// EntryPage returns one entry with the proof that the newest head holds it.
func (p *Post) EntryPage(ctx context.Context, actor Actor, seq marz.Seq) (*web.EntryBody, error) {
	if err := p.may(actor, marz.ActReadJournal); err != nil {
		return nil, err
	}
	e, body, err := p.journal.Entry(ctx, seq)
	if err != nil {
		return nil, err
	}
	head := p.journal.Head()
	proof, err := p.journal.ProveInclusion(ctx, seq, head.Size)
	if err != nil {
		return nil, err
	}
	leaf := tlog.RecordHash(body)
	b := &web.EntryBody{Entry: entryView(e), Body: string(body), Leaf: base64.StdEncoding.EncodeToString(leaf[:]), Size: head.Size, Root: base64.StdEncoding.EncodeToString(head.Root[:])}
	for _, h := range proof {
		b.Proof = append(b.Proof, base64.StdEncoding.EncodeToString(h[:]))
	}
	return b, nil
}

// erasable are the kinds of entry whose payload is about travellers and incidents.
var erasable = []string{KindInspection, KindFoundHits, KindProposed, KindDecided, KindObjected, KindRead, KindHitRead, KindIncident, KindIncidentRead, KindCleared, KindRevoked, KindLate, KindLateSeen}

// Erase destroys the private payloads of entries whose time is up, as an entry. The public parts and every proof stay.
func (p *Post) Erase(ctx context.Context, actor Actor, seqs []marz.Seq, why string) error {
	return p.act(ctx, actor, marz.ActErase, func(a *act) error {
		for _, s := range seqs {
			e, err := a.Entry(s)
			if err != nil {
				return err
			}
			if !slices.Contains(erasable, e.Kind) {
				return &marz.Error{Code: marz.Conflict, Op: "erase", Subject: e.Kind, Fix: "only what is about travellers is erased so; an officer's access is ended instead"}
			}
			about, err := a.about(e)
			if err != nil {
				return err
			}
			if err := a.ask(marz.ActErase, about); err != nil {
				return err
			}
			if err := a.unheld(e); err != nil {
				return err
			}
			var state, owners string
			err = a.QueryRow(`SELECT state, owners FROM s_inspection WHERE id = ?`, s).Scan(&state, &owners)
			if err == nil && len(split[marz.AuthorityID](owners)) > 1 {
				return &marz.Error{Code: marz.Conflict, Op: "erase", Subject: "inspection " + strconv.FormatInt(int64(s), 10), Fix: "it belongs to " + names(split[marz.AuthorityID](owners)) + " together; neither erases it alone"}
			}
			if err == nil && state != "decided" && state != "withdrawn" {
				return &marz.Error{Code: marz.Conflict, Op: "erase", Subject: "inspection " + strconv.FormatInt(int64(s), 10), Fix: "it is still open"}
			}
			if err != nil && !absent(err) {
				return err
			}
		}
		_, err := a.Tx.Erase(journal.Draft{Officer: actor.Officer, Authority: actor.Officer.Authority(), Under: a.under, Policy: a.policy}, seqs, why)
		return err
	})
}

// about is what the register asks of what an entry holds: it belongs to the authority that acted, and is about the entry's inspection, if it has one.
func (a *act) about(e journal.Entry) (*agreement.Record, error) {
	rec := &agreement.Record{Kind: "record"}
	var of struct {
		Inspection marz.InspectionID `json:"inspection"`
	}
	if err := e.Read(nil, &of, nil); err != nil {
		return nil, err
	}
	if e.Kind == KindInspection {
		of.Inspection = inspectionID(int64(e.Seq))
	}
	if of.Inspection != "" {
		r, err := readRow(a, number(of.Inspection))
		if err != nil {
			return nil, err
		}
		if rec, err = r.record(a.Tx); err != nil {
			return nil, err
		}
	}
	rec.Owners = []marz.AuthorityID{e.Authority}
	return rec, nil
}
