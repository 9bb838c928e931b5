package post

import (
	"context"
	"database/sql"
	"encoding/json"
	"strconv"

	"marz"
	"marz/agreement"
	"marz/inspection"
	"marz/journal"
	"marz/web"
)

// lateShown is how many late hits a page shows.
const lateShown = 50

// lateHits returns the late hits for which an authority has to answer and has not, the newest first, and whether there are more than are shown. It holds nothing about a person.
func (p *Post) lateHits(q querier, own marz.AuthorityID, now marz.Instant) (out []web.LateHit, more bool, err error) {
	args := append(p.answers(own, now), own, lateShown+1)
	out, err = collect(q, scanLate, lateQuery+`AND NOT EXISTS (SELECT 1 FROM s_late_seen s WHERE s.late = l.seq AND s.authority = ?) ORDER BY l.seq DESC LIMIT ?`, args...)
	if len(out) > lateShown {
		return out[:lateShown], true, err
	}
	return out, false, err
}

// lateQuery asks for late hits for which an authority has to answer: those on its own lists, and of the others those of its own records and at the lanes that it controls. answers are its arguments.
const lateQuery = `SELECT l.seq, l.at, l.inspection, l.list, l.owner <> '', l.count, i.lane, i.direction, i.opened, coalesce(i.decision, ''), coalesce(i.decided_seq, 0), i.owners
	FROM s_late l JOIN s_inspection i ON i.id = l.inspection
	WHERE (l.owner = ? OR l.owner = '' AND (instr(' ' || i.owners || ' ', ' ' || ? || ' ') > 0 OR i.lane IN (SELECT value FROM json_each(?)))) `

func (p *Post) answers(own marz.AuthorityID, now marz.Instant) []any {
	var lanes []marz.LaneID
	for _, l := range p.post.Lanes {
		if h, _ := p.register.Load().Holder(p.post.ID.Place(), l.ID, now); h.Authority == own {
			lanes = append(lanes, l.ID)
		}
	}
	list, err := json.Marshal(lanes)
	if err != nil {
		panic("post: names of lanes always have JSON: " + err.Error())
	}
	lists := own
	if !p.hitsAnywhere(own, now) {
		lists = "-" // no authority's
	}
	return []any{lists, own, string(list)}
}

func scanLate(r *sql.Rows) (l web.LateHit, err error) {
	var id int64
	var owners string
	err = r.Scan(&l.Seq, &l.At, &id, &l.List, &l.Own, &l.Hits, &l.Lane, &l.Direction, &l.Opened, &l.Decision, &l.Decided, &owners)
	l.Inspection, l.Owners = inspectionID(id), split[marz.AuthorityID](owners)
	return l, err
}

// Acknowledge is a supervisor's word that what a late hit asks for is done, for his authority. The same again changes nothing.
func (p *Post) Acknowledge(ctx context.Context, actor Actor, seq marz.Seq, reason, note string) error {
	note, err := trim(note)
	if err == nil {
		err = inspection.CheckLate(reason)
	}
	if err != nil {
		return err
	}
	own := actor.Officer.Authority()
	var late []web.LateHit
	about := func(tx *journal.Tx) (s subject, err error) {
		late, err = collect(tx, scanLate, lateQuery+`AND l.seq = ?`, append(p.answers(own, tx.Now()), seq)...)
		if len(late) > 0 {
			s.lane = late[0].Lane
		}
		return s, err
	}
	return p.actOn(ctx, actor, p.post.ID.Place(), marz.ActSupervise, about, func(a *act) error {
		if len(late) == 0 {
			return noLate(seq, own)
		}
		var seen bool
		if err := a.QueryRow(`SELECT EXISTS (SELECT 1 FROM s_late_seen WHERE late = ? AND authority = ?)`, seq, own).Scan(&seen); err != nil || seen {
			return err
		}
		_, err := a.append(KindLateSeen, lateSeenEntry{seq, late[0].Inspection, reason}, private(note))
		return err
	})
}

// ReadLate gives a supervisor what his authority's own list found late, after the entry that says that he read it and why. The record itself can be another's: it stays that.
func (p *Post) ReadLate(ctx context.Context, actor Actor, seq marz.Seq, reason, note string) ([]web.Hit, error) {
	note, err := trim(note)
	if err == nil {
		err = checkReadReason(reason, strconv.FormatInt(int64(seq), 10))
	}
	if err != nil {
		return nil, err
	}
	own := actor.Officer.Authority()
	var late []web.LateHit
	about := func(tx *journal.Tx) (s subject, err error) {
		s.record = &agreement.Record{Kind: "hit", Owners: []marz.AuthorityID{own}}
		late, err = collect(tx, scanLate, lateQuery+`AND l.owner <> '' AND l.seq = ?`, append(p.answers(own, tx.Now()), seq)...)
		if len(late) > 0 {
			s.lane = late[0].Lane
		}
		return s, err
	}
	err = p.actOn(ctx, actor, p.post.ID.Place(), marz.ActReadHit, about, func(a *act) error {
		under := a.under
		if err := a.ask(marz.ActSupervise, nil); err != nil {
			return err
		}
		a.under = under
		if len(late) == 0 {
			return noLate(seq, own)
		}
		_, err := a.append(KindHitRead, readEntry{Inspection: late[0].Inspection, Reason: reason, Fields: []marz.Field{marz.FieldHits}}, private(note))
		return err
	})
	if err != nil {
		return nil, err
	}
	hits, closed, err := p.hitsIn(p.journal.State(), committed{ctx, p.journal}, []marz.Seq{seq})
	if err == nil && closed != "" {
		err = &marz.Error{Code: marz.Conflict, Op: "read late hit", Subject: strconv.FormatInt(int64(seq), 10), Fix: closed}
	}
	return hits, err
}

func noLate(seq marz.Seq, own marz.AuthorityID) error {
	return &marz.Error{Code: marz.NotFound, Op: "late hit", Subject: strconv.FormatInt(int64(seq), 10), Fix: "there is no such late hit for which " + string(own) + " answers"}
}

// The page.

func (p *Post) acknowledge(q *request) error { return p.give(q, p.Acknowledge) }

func (p *Post) readLate(q *request) error {
	var hits []web.Hit
	n, in, err := q.words()
	if err == nil {
		hits, err = p.ReadLate(q.Context(), q.actor, n, in.Reason, in.Note)
	}
	if err != nil {
		return err
	}
	return q.json(map[string][]web.Hit{"hits": hits})
}
