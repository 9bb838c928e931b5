package post

import (
	"context"
	"database/sql"
	"slices"
	"strconv"

	"marz"
	"marz/journal"
	"marz/retention"
	"marz/web"
)

type referralEndedEntry struct {
	Inspection marz.InspectionID `json:"inspection"`
	Outcome    string            `json:"outcome"`
}

// Hold lets a record stay, whatever a schedule says, until the hold is released. It is the supervisor's authority's alone: of a joint record the hold of one is enough. The same again changes nothing.
func (p *Post) Hold(ctx context.Context, actor Actor, entry marz.Seq, reason, note string) (hold marz.Seq, err error) {
	note, err = trim(note)
	if err == nil {
		err = retention.CheckReason(entry, reason)
	}
	if err != nil {
		return 0, err
	}
	err = p.act(ctx, actor, marz.ActSupervise, func(a *act) error {
		if err := a.holds(entry); err != nil {
			return err
		}
		err := a.QueryRow(`SELECT seq FROM s_hold WHERE entry = ? AND authority = ? AND reason = ? AND released IS NULL`, entry, a.own(), reason).Scan(&hold)
		if err == nil || !absent(err) {
			return err
		}
		e, err := a.append(retention.KindHeld, retention.Held{Entry: entry, Reason: reason}, private(note))
		hold = e.Seq
		return err
	})
	return hold, err
}

// holds asks whether an entry has a payload that is the actor's authority's to hold.
func (a *act) holds(entry marz.Seq) error {
	no := func(c marz.Code, fix string) error {
		return &marz.Error{Code: c, Op: "hold record", Subject: strconv.FormatInt(int64(entry), 10), Fix: fix}
	}
	var there bool
	if err := a.QueryRow(`SELECT EXISTS (SELECT 1 FROM payload WHERE seq = ?)`, entry).Scan(&there); err != nil {
		return err
	}
	if !there {
		return no(marz.NotFound, "there is no such record, or it is erased already")
	}
	e, err := a.Entry(entry)
	if err != nil {
		return err
	}
	r, _, err := recordOf(a, e)
	if err != nil {
		return err
	}
	if !slices.Contains(r.owners, a.own()) {
		return no(marz.Forbidden, "it belongs to "+names(r.owners)+", which holds it if it has to stay")
	}
	return nil
}

// unheld reports why an entry's payload must not be erased by hand either.
func (a *act) unheld(e journal.Entry) error {
	k, err := a.post.keeps(a, a.Tx, a.Now())
	if err != nil {
		return err
	}
	r, of, err := recordOf(a, e)
	if err != nil {
		return err
	}
	why, err := k.holdOn(r.owners, int64(e.Seq), r.inspection, int64(of.Incident))
	if err == nil && why != "" {
		err = &marz.Error{Code: marz.Conflict, Op: "erase", Subject: strconv.FormatInt(int64(e.Seq), 10), Fix: "it has to stay for " + why + "; whoever set the hold releases it first"}
	}
	return err
}

// Release ends a hold of the supervisor's authority. The same again changes nothing.
func (p *Post) Release(ctx context.Context, actor Actor, hold marz.Seq, note string) error {
	note, err := trim(note)
	if err != nil {
		return err
	}
	return p.act(ctx, actor, marz.ActSupervise, func(a *act) error {
		var of marz.AuthorityID
		var released bool
		err := a.QueryRow(`SELECT authority, released IS NOT NULL FROM s_hold WHERE seq = ?`, hold).Scan(&of, &released)
		switch {
		case absent(err):
			return &marz.Error{Code: marz.NotFound, Op: "release hold", Subject: strconv.FormatInt(int64(hold), 10), Fix: "there is no such hold"}
		case err != nil || released:
			return err
		case of != a.own():
			return &marz.Error{Code: marz.Forbidden, Op: "release hold", Subject: strconv.FormatInt(int64(hold), 10), Fix: "it is a hold of " + string(of) + ", which releases it"}
		}
		_, err = a.append(retention.KindReleased, retention.Released{Hold: hold}, private(note))
		return err
	})
}

// ReferralOutcomes are how second line can have ended.
var ReferralOutcomes = []web.Reason{
	{Code: "let-pass", Text: "Let pass"},
	{Code: "refused", Text: "Refused"},
	{Code: "handed-over", Text: "Handed over to another body"},
	{Code: "asylum-procedure", Text: "Taken into the asylum procedure"},
}

// EndReferral is a supervisor's word that second line has ended. The record's time runs from then on.
func (p *Post) EndReferral(ctx context.Context, actor Actor, id marz.InspectionID, outcome, note string) error {
	note, err := trim(note)
	bad := func(c marz.Code, fix string) error {
		return &marz.Error{Code: c, Op: "end second line", Subject: "inspection " + strconv.FormatInt(number(id), 10), Fix: fix}
	}
	if err == nil && !slices.ContainsFunc(ReferralOutcomes, func(r web.Reason) bool { return r.Code == outcome }) {
		err = bad(marz.Invalid, "say how it ended, by one of the outcomes")
	}
	if err != nil {
		return err
	}
	return p.actIn(ctx, actor, id, marz.ActSupervise, func(a *act) error {
		r, err := readRow(a, number(id))
		switch {
		case err != nil:
			return err
		case !slices.Contains(r.owners, a.own()):
			return bad(marz.Forbidden, "the record belongs to "+names(r.owners))
		case r.decision != marz.Refer:
			return bad(marz.Conflict, "it was not referred to second line")
		}
		var ended bool
		if err := a.QueryRow(`SELECT EXISTS (SELECT 1 FROM s_referral WHERE inspection = ?)`, r.id).Scan(&ended); err != nil || ended {
			return err
		}
		_, err = a.append(KindReferralEnded, referralEndedEntry{inspectionID(r.id), outcome}, private(note))
		return err
	})
}

// The folds.

func foldHeld(f *journal.Fold, e journal.Entry, _ []byte) error {
	var h retention.Held
	if err := e.Read(nil, &h, nil); err != nil {
		return err
	}
	return f.Exec(`INSERT INTO s_hold (seq, at, authority, officer, entry, reason) VALUES (?, ?, ?, ?, ?, ?)`, e.Seq, e.At, e.Authority, e.Officer, h.Entry, h.Reason)
}

func foldReleased(f *journal.Fold, e journal.Entry, _ []byte) error {
	var r retention.Released
	if err := e.Read(nil, &r, nil); err != nil {
		return err
	}
	return f.Exec(`UPDATE s_hold SET released = ? WHERE seq = ? AND released IS NULL`, e.At, r.Hold)
}

func foldReferralEnded(f *journal.Fold, e journal.Entry, _ []byte) error {
	var r referralEndedEntry
	if err := e.Read(nil, &r, nil); err != nil {
		return err
	}
	return f.Exec(`INSERT OR IGNORE INTO s_referral (inspection, at, seq) VALUES (?, ?, ?)`, number(r.Inspection), e.At, e.Seq)
}

// holdsShown is how many holds, and how many open second lines, the page shows.
const holdsShown = 200

// standingHolds returns the holds that stand, the oldest first.
func standingHolds(q querier) ([]web.RetentionHold, error) {
	return collect(q, func(r *sql.Rows) (h web.RetentionHold, err error) {
		err = r.Scan(&h.Seq, &h.At, &h.Authority, &h.Officer, &h.Entry, &h.Reason)
		h.Text = retention.ReasonText(h.Reason)
		return h, err
	}, `SELECT seq, at, authority, officer, entry, reason FROM s_hold WHERE released IS NULL ORDER BY seq LIMIT ?`, holdsShown)
}

// openReferrals returns the crossings of an authority that were referred to second line and have no outcome, the oldest first. They hold nothing about a person.
func openReferrals(q querier, own marz.AuthorityID) ([]web.RetentionReferral, error) {
	return collect(q, func(r *sql.Rows) (o web.RetentionReferral, err error) {
		var id int64
		err = r.Scan(&id, &o.Lane, &o.Decided, &o.Seq)
		o.Inspection = inspectionID(id)
		return o, err
	}, `SELECT id, lane, decided, decided_seq FROM s_inspection i WHERE decision = ? AND instr(' ' || owners || ' ', ' ' || ? || ' ') > 0
		AND NOT EXISTS (SELECT 1 FROM s_referral WHERE inspection = i.id) ORDER BY id LIMIT ?`, marz.Refer, own, holdsShown)
}
