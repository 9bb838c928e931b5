package post

import (
	"context"
	"database/sql"
	"encoding/base64"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"marz"
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

// ReadRecord gives a person's record to an officer, after the entry that says that he read it and why.
func (p *Post) ReadRecord(ctx context.Context, actor Actor, id marz.InspectionID, reason, note string) (*web.Inspection, error) {
	note, err := trim(note)
	if err != nil {
		return nil, err
	}
	known := false
	for _, r := range ReadReasons {
		known = known || r.Code == reason
	}
	if !known {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read record", Subject: strconv.Quote(string(id)), Fix: "give one of the reasons for reading a person's record"}
	}
	err = p.act(ctx, actor, marz.ActReadRecord, func(a *act) error {
		if _, err := readRow(a, number(id)); err != nil {
			return err
		}
		var private any
		if note != "" {
			private = readPrivate{note}
		}
		_, err := a.append(KindRead, readEntry{inspectionID(number(id)), reason}, private)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p.inspection(ctx, number(id), false)
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
func (p *Post) Totals(ctx context.Context) ([]Total, error) {
	t, err := collect(p.journal.State(), func(r *sql.Rows) (t Total, err error) {
		err = r.Scan(&t.Authority, &t.Lane, &t.Decision, &t.Count)
		return t, err
	}, `SELECT authority, lane, decision, count(*) FROM s_inspection WHERE state = 'decided' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`)
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

// Erase destroys the private payloads of entries whose time is up, as an entry. The public parts and every proof stay.
func (p *Post) Erase(ctx context.Context, actor Actor, seqs []marz.Seq, why string) error {
	return p.act(ctx, actor, marz.ActErase, func(a *act) error {
		for _, s := range seqs {
			e, err := a.Entry(s)
			if err != nil {
				return err
			}
			if e.Kind != KindInspection && e.Kind != KindProposed && e.Kind != KindDecided && e.Kind != KindRead {
				return &marz.Error{Code: marz.Conflict, Op: "erase", Subject: e.Kind, Fix: "only what is about travellers is erased so; an officer's access is ended instead"}
			}
			var state string
			err = a.QueryRow(`SELECT state FROM s_inspection WHERE id = ?`, s).Scan(&state)
			if err == nil && (state == "open" || state == "proposed") {
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
