package post

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"marz"
	"marz/agreement"
	"marz/inspection"
	"marz/web"
)

// Decide is the officer's decision. One that is ordinary is recorded at once. Every other needs a reason, is recorded as proposed, and
// becomes a decision by Confirm. The same decision again gives the same answer; another one after a decision is refused. Who is let pass because he is not the person
// on an alert can be cleared of it: from then on it does not stop him.
func (p *Post) Decide(ctx context.Context, actor Actor, id marz.InspectionID, decision marz.Decision, reason, note string, clears ...web.AlertRef) (*web.Inspection, error) {
	note, err := trim(note)
	if err == nil && len(clears) > 0 && (!decision.Passes() || reason != inspection.NotThePerson) {
		err = &marz.Error{Code: marz.Invalid, Op: "clear namesake", Fix: "only who is let pass because he is not the person on the list is cleared"}
	}
	if err != nil {
		return nil, err
	}
	repeated := false
	err = p.actIn(ctx, actor, id, marz.ActDecide, func(a *act) error {
		r, err := p.undecided(a, actor, id)
		if err != nil {
			return err
		}
		if err := decision.Validate(r.direction); err != nil {
			return err
		}
		if repeated, err = r.repeats(decision); repeated || err != nil {
			return err
		}
		needs, err := a.mayDecide(r, decision)
		if err != nil {
			return err
		}
		if r.ordinary(decision) && len(needs) == 0 {
			return decideAtOnce(a, r, decision, reason, note)
		}
		if !r.ordinary(decision) || reason != "" {
			if err := inspection.CheckReason(decision, reason); err != nil {
				return err
			}
		}
		marks, err := a.chosen(r, clears)
		if err != nil {
			return err
		}
		repeated, err = propose(a, r, decision, reason, decisionPrivate{note, marks}, needs)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p.answer(ctx, actor, number(id), repeated)
}

// answer returns the inspection after an act on it. One that had ended before is shown without the person, unless the same officer repeats
// his own decision at once, as a key that bounced or an answer that was lost: everybody else reads it as a record, with a reason.
func (p *Post) answer(ctx context.Context, actor Actor, id int64, repeated bool) (*web.Inspection, error) {
	w, err := p.inspection(ctx, actor, id, repeated)
	if err != nil || !repeated || w.State != "decided" && w.State != "withdrawn" {
		return w, err
	}
	if w.By != actor.Officer && !slices.Contains(w.With, actor.Officer) || p.now().Sub(w.Decided) > rescan {
		w.Document, w.Hits, w.Stay, w.Proposal, w.Others, w.Joint = web.Document{}, []web.Hit{}, "", nil, nil, nil
		w.Findings = []marz.Finding{}
	}
	return w, nil
}

// Confirm is the second act: it makes the proposal that the same officer made the decision.
func (p *Post) Confirm(ctx context.Context, actor Actor, id marz.InspectionID, proposal marz.Seq) (*web.Inspection, error) {
	repeated := false
	err := p.actIn(ctx, actor, id, marz.ActDecide, func(a *act) error {
		r, err := p.undecided(a, actor, id)
		if err != nil {
			return err
		}
		if r.proposal == 0 || marz.Seq(r.proposal) != proposal || r.state == "withdrawn" {
			return &marz.Error{Code: marz.Conflict, Op: "confirm", Subject: "inspection " + string(id), Fix: "this is not what was proposed last; look at the case again"}
		}
		if r.state == "decided" || r.state == "awaiting" {
			repeated = true
			return nil
		}
		if r.proposer != actor.Officer {
			return &marz.Error{Code: marz.Conflict, Op: "confirm", Subject: "inspection " + string(id), Fix: "another officer proposed this; propose your own decision"}
		}
		d, err := readProposal(a.Tx, proposal)
		if err != nil {
			return err
		}
		needs, err := a.mayDecide(r, d.Decision)
		if err != nil {
			return err
		}
		if len(needs) > 0 {
			return a.submit(r, proposal, d.Decision, needs)
		}
		if _, err = a.append(KindDecided, r.entry(d.Decision, d.Reason, proposal), nil); err != nil {
			return err
		}
		return a.clearWith(r, d, a.under)
	})
	if err != nil {
		return nil, err
	}
	return p.answer(ctx, actor, number(id), repeated)
}

// Withdraw ends an inspection without a decision, with a reason. There is no crossing.
func (p *Post) Withdraw(ctx context.Context, actor Actor, id marz.InspectionID, reason string) (*web.Inspection, error) {
	if err := inspection.CheckWithdrawal(reason); err != nil {
		return nil, err
	}
	repeated := false
	err := p.actIn(ctx, actor, id, marz.ActDecide, func(a *act) error {
		r, err := p.undecided(a, actor, id)
		if err != nil {
			return err
		}
		switch r.state {
		case "withdrawn":
			repeated = true
			return nil
		case "decided":
			return r.conflict()
		}
		if r.state == "awaiting" && r.proposer.Authority() != a.own() {
			return &marz.Error{Code: marz.Conflict, Op: "withdraw", Subject: "inspection " + string(id), Fix: "a decision of " + string(r.proposer) + " waits for concurrence: concur or refuse to first"}
		}
		if r.asylum { // or a new scan would begin the ordinary procedure again
			record, err := r.record(a.Tx)
			if err != nil {
				return err
			}
			if err := a.ask(marz.ActAsylum, record); err != nil {
				return err
			}
		}
		_, err = a.append(KindWithdrawn, withdrawnEntry{inspectionID(r.id), r.lane, reason}, nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p.answer(ctx, actor, number(id), repeated)
}

// undecided returns the inspection, held by this officer's lane. One that has ended already is returned too, so that the answer to a repeated
// key is the same as to the first; but only to the officer who decided it or holds its lane. Everybody else reads it as a record.
func (p *Post) undecided(a *act, actor Actor, id marz.InspectionID) (*row, error) {
	r, err := readRow(a, number(id))
	if err != nil {
		return nil, err
	}
	if r.officer == actor.Officer {
		return r, nil
	}
	l, err := p.lane(a, r.lane)
	if err != nil {
		return nil, err
	}
	return r, l.heldBy(actor.Officer)
}

// repeats reports whether the inspection has been decided this way already; decided otherwise or withdrawn is a conflict.
func (r *row) repeats(decision marz.Decision) (bool, error) {
	if !r.ended() {
		return false, nil
	}
	if r.decision == decision {
		return true, nil
	}
	return false, r.conflict()
}

func (r *row) conflict() error {
	fix := "it was withdrawn"
	if r.state == "decided" {
		fix = fmt.Sprintf("it has been decided already: %s, by %s at %s, entry %d; a decision is never changed, a new scan opens a new inspection", r.decision, r.officer, r.decided, r.seq)
	}
	return &marz.Error{Code: marz.Conflict, Op: "decide", Subject: fmt.Sprintf("inspection %d", r.id), Fix: fix}
}

func (r *row) entry(d marz.Decision, reason string, proposed marz.Seq) decisionEntry {
	return decisionEntry{Inspection: inspectionID(r.id), Lane: r.lane, Direction: r.direction, Verdict: r.verdict, Hits: r.hits, Decision: d, Reason: reason, Proposed: proposed}
}

// decideAtOnce records an ordinary decision, with the reason and note that were not needed and given all the same.
func decideAtOnce(a *act, r *row, d marz.Decision, reason, note string) error {
	if reason != "" {
		if err := inspection.CheckReason(d, reason); err != nil {
			return err
		}
	}
	_, err := a.append(KindDecided, r.entry(d, reason, 0), private(note))
	return err
}

func private(note string) any {
	if note == "" {
		return nil
	}
	return decisionPrivate{Note: note}
}

// clearWith records the clearances of a proposal that has become the decision.
func (a *act) clearWith(r *row, d *web.Proposal, under marz.ArticleRef) error {
	if d.Clears == 0 {
		return nil
	}
	e, err := a.Entry(d.Seq)
	if err != nil {
		return err
	}
	n, err := readWords(a.Tx, e, &decisionEntry{})
	if err != nil {
		return err
	}
	return a.clear(r, n.Clears, clearing{officer: d.By, under: under, reason: d.Reason, note: d.Note, proposed: d.Seq})
}

// propose records the first of two acts. The same proposal again is not recorded twice; another one takes its place.
func propose(a *act, r *row, d marz.Decision, reason string, words decisionPrivate, needs []marz.AuthorityID) (repeated bool, err error) {
	if (r.state == "proposed" || r.state == "awaiting") && r.proposer == a.actor.Officer {
		e, err := a.Entry(marz.Seq(r.proposal))
		if err != nil {
			return false, err
		}
		var old decisionEntry
		said, err := readWords(a.Tx, e, &old)
		if err != nil {
			return false, err
		}
		if old.Decision == d && old.Reason == reason && said.Note == words.Note && slices.Equal(said.Clears, words.Clears) {
			return true, nil
		}
	}
	var private any
	if words.Note != "" || len(words.Clears) > 0 {
		private = words
	}
	e, err := a.append(KindProposed, r.entry(d, reason, 0), private)
	if err != nil || !r.ordinary(d) {
		return false, err
	}
	return false, a.submit(r, e.Seq, d, needs) // one key is enough for what is ordinary; the other authority's is the second
}

// mayDecide asks about the decision itself: its article, the rules for guests and asylum, and whose concurrence it needs.
func (a *act) mayDecide(r *row, d marz.Decision) (needs []marz.AuthorityID, err error) {
	record, err := r.record(a.Tx)
	if err != nil {
		return nil, err
	}
	for _, action := range actionsOf(r, d) {
		if err := a.ask(action, record); err != nil {
			return nil, err
		}
	}
	if r.state == "awaiting" && r.proposer.Authority() != a.own() {
		return nil, &marz.Error{Code: marz.Conflict, Op: string(d), Subject: "inspection " + string(inspectionID(r.id)),
			Fix: "a decision of " + string(r.proposer) + " waits for concurrence: concur or refuse to first"}
	}
	return a.needs(r, d)
}

// actionsOf is what an officer needs to be allowed for a decision: the decision, and where asylum was asked for, to end the case other than by passing it on.
func actionsOf(r *row, d marz.Decision) []marz.Action {
	if r.asylum && (d.Passes() || d == marz.Refuse) {
		return []marz.Action{marz.ActOn(d), marz.ActAsylum}
	}
	return []marz.Action{marz.ActOn(d)}
}

// record is what the register asks of the person's record.
func (r *row) record(from entries) (*agreement.Record, error) {
	payload, err := from.Payload(marz.Seq(r.id))
	if marz.CodeOf(err) == marz.NotFound {
		return r.about(""), nil // erased
	}
	if err != nil {
		return nil, err
	}
	var p inspectionPrivate
	if err := json.Unmarshal(payload, &p); err != nil {
		return nil, &marz.Error{Op: "read inspection", Subject: string(inspectionID(r.id)), Fix: "its payload is malformed; run marz verify"}
	}
	return r.about(p.Document.Nationality), nil
}

// about is record where the traveller's nationality is known; "" when it is not.
func (r *row) about(nationality string) *agreement.Record {
	return &agreement.Record{Kind: "record", Owners: r.owners, Nationality: nationality, Asylum: r.asylum}
}
