package post

import (
	"context"
	"slices"
	"strings"

	"marz"
	"marz/agreement"
	"marz/inspection"
	"marz/journal"
	"marz/web"
)

// duties are the joint service that the actor's authority does at the post now, by each article in force.
func (a *act) duties() []agreement.JointDuty {
	return a.post.register.Load().Joints(a.place, a.own(), a.Now())
}

// serving returns the authorities that serve together, each once: none where there is no joint service.
func serving(duties []agreement.JointDuty) []marz.AuthorityID {
	var out []marz.AuthorityID
	for _, j := range duties {
		for _, id := range j.Authorities {
			if !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}

// asks returns those of the articles that make a decision on the case a joint one.
func asks(duties []agreement.JointDuty, d marz.Decision) []agreement.JointDuty {
	return slices.DeleteFunc(slices.Clone(duties), func(j agreement.JointDuty) bool { return !slices.Contains(j.Decisions, d) })
}

// needs returns the authorities whose concurrence a decision needs, by all articles in force, and refuses when another side goes first. Where asylum
// was asked for, only the host state's decide, so that no guest goes first or concurs.
func (a *act) needs(r *row, d marz.Decision) ([]marz.AuthorityID, error) {
	duties := asks(a.duties(), d)
	for _, duty := range duties {
		if first := a.post.first(duty, r.direction); !r.asylum && len(first) > 0 && !slices.Contains(first, a.own()) {
			return nil, &marz.Error{Code: marz.Conflict, Op: "propose " + string(d), Subject: "inspection " + string(inspectionID(r.id)),
				Fix: names(first) + " goes first under " + string(duty.Article) + ": let its officer propose, and concur"}
		}
	}
	return a.post.concurs(r, duties, a.own()), nil
}

// concurs returns who beside the proposer's authority has to concur by the articles given.
func (p *Post) concurs(r *row, duties []agreement.JointDuty, proposer marz.AuthorityID) []marz.AuthorityID {
	return slices.DeleteFunc(serving(duties), func(id marz.AuthorityID) bool {
		return id == proposer || r.asylum && p.bodies[id].State != p.post.State
	})
}

// first returns whose officers propose first: an authority that the article names, or the side that the traveller leaves.
func (p *Post) first(duty agreement.JointDuty, d marz.Direction) []marz.AuthorityID {
	switch duty.First {
	case "":
		return nil
	case "exit":
		return slices.DeleteFunc(slices.Clone(duty.Authorities), func(id marz.AuthorityID) bool {
			host := p.bodies[id].State == p.post.State
			return host != (d == marz.ExitDirection)
		})
	}
	return []marz.AuthorityID{marz.AuthorityID(duty.First)}
}

func others(all []marz.AuthorityID, own marz.AuthorityID) []marz.AuthorityID {
	return slices.DeleteFunc(slices.Clone(all), func(id marz.AuthorityID) bool { return id == own })
}

func joined[T ~string](ids []T) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return strings.Join(out, " ")
}

func split[T ~string](s string) []T {
	var out []T
	for _, f := range strings.Fields(s) {
		out = append(out, T(f))
	}
	return out
}

func names(ids []marz.AuthorityID) string { return strings.ReplaceAll(joined(ids), " ", " and ") }

// submit lets a proposal wait for the others. All decide on the same facts: those of the inspection's entry.
func (a *act) submit(r *row, proposal marz.Seq, d marz.Decision, awaits []marz.AuthorityID) error {
	e, err := a.Entry(marz.Seq(r.id))
	if err != nil {
		return err
	}
	if asked := asks(a.duties(), d); len(asked) > 0 {
		a.under = asked[0].Article
	}
	_, err = a.append(KindSubmitted, submittedEntry{inspectionID(r.id), proposal, d, awaits, e.Private}, nil)
	return err
}

// waiting returns the inspection that waits for the actor's authority under a submission. done is set when he has concurred in it already.
func (p *Post) waiting(a *act, id marz.InspectionID, submission marz.Seq) (r *row, done bool, err error) {
	if r, err = readRow(a, number(id)); err != nil {
		return nil, false, err
	}
	l, err := p.lane(a, r.lane)
	if err != nil {
		return nil, false, err
	}
	if err := l.heldBy(a.actor.Officer); err != nil {
		return nil, false, err
	}
	stale := &marz.Error{Code: marz.Conflict, Op: "concur", Subject: "inspection " + string(id), Fix: "this is not what waits now; look at the case again"}
	if marz.Seq(r.submission) != submission || submission == 0 {
		return nil, false, stale
	}
	done = slices.ContainsFunc(r.concurred, func(o marz.OfficerID) bool { return o.Authority() == a.own() })
	switch {
	case done:
		return r, true, nil
	case r.state != "awaiting":
		return nil, false, stale
	case !slices.Contains(r.awaits, a.own()):
		return nil, false, &marz.Error{Code: marz.Conflict, Op: "concur", Subject: "inspection " + string(id), Fix: "it does not wait for " + string(a.own())}
	}
	return r, false, nil
}

// Concur is the word of another authority's officer, at the same lane and before the same facts, that a decision needs. The last one makes it the decision.
func (p *Post) Concur(ctx context.Context, actor Actor, id marz.InspectionID, submission marz.Seq) (*web.Inspection, error) {
	repeated := false
	err := p.actIn(ctx, actor, id, marz.ActConcur, func(a *act) error {
		r, done, err := p.waiting(a, id, submission)
		if repeated = done; err != nil || done {
			return err
		}
		e, err := a.Entry(marz.Seq(r.id))
		if err != nil {
			return err
		}
		d, err := readProposal(a.Tx, marz.Seq(r.proposal))
		if err != nil {
			return err
		}
		article, err := p.stillAllowed(a, r, d.Decision)
		if err != nil {
			return err
		}
		if asked := asks(a.duties(), d.Decision); len(asked) > 0 { // who controls concurs by the article that asks him
			a.under = asked[0].Article
		}
		if _, err := a.append(KindConcurred, concurredEntry{inspectionID(r.id), submission, e.Private}, nil); err != nil {
			return err
		}
		if len(r.awaits) > len(r.concurred)+1 {
			return nil
		}
		decided := r.entry(d.Decision, d.Reason, marz.Seq(r.proposal))
		decided.By, decided.With = r.proposer, append(r.concurred, actor.Officer)
		if _, err = a.append(KindDecided, decided, nil); err != nil {
			return err
		}
		return a.clearWith(r, d, article)
	})
	if err != nil {
		return nil, err
	}
	return p.answer(ctx, actor, number(id), repeated)
}

// stillAllowed asks whether the proposer's authority may still decide so: articles can end while a decision waits. It returns the article that allows it.
func (p *Post) stillAllowed(a *act, r *row, d marz.Decision) (marz.ArticleRef, error) {
	record, err := r.record(a.Tx)
	if err != nil {
		return "", err
	}
	if err := readOfficer(a, &Actor{Officer: r.proposer}); err != nil {
		if marz.CodeOf(err) != marz.Unauthenticated {
			return "", err
		}
		return "", &marz.Error{Code: marz.Conflict, Op: "concur", Subject: "inspection " + string(inspectionID(r.id)), Fix: string(r.proposer) + ", who proposed it, has no access here any more; refuse to concur"}
	}
	q := agreement.Question{Officer: r.proposer, Role: marz.RoleOfficer, Action: marz.ActOn(d), Place: a.place, Lane: a.lane, At: a.Now(), Record: record}
	answer := p.register.Load().May(q)
	if !answer.Allowed {
		return "", &marz.Error{Code: marz.Conflict, Op: "concur", Subject: "inspection " + string(inspectionID(r.id)), Fix: string(r.proposer) + " may not decide this any more: " + answer.Reason}
	}
	duties := asks(p.register.Load().Joints(a.place, r.proposer.Authority(), a.Now()), d)
	for _, id := range p.concurs(r, duties, r.proposer.Authority()) {
		if !slices.Contains(r.awaits, id) {
			return "", &marz.Error{Code: marz.Conflict, Op: "concur", Subject: "inspection " + string(inspectionID(r.id)),
				Fix: "by an article that came into force meanwhile it needs the concurrence of " + string(id) + " as well: refuse to concur, and let " + string(r.proposer.Authority()) + " propose it again"}
		}
	}
	return answer.Article, nil
}

// Object refuses to concur, with a reason. The case is open again, and both see who refused and why.
func (p *Post) Object(ctx context.Context, actor Actor, id marz.InspectionID, submission marz.Seq, reason, note string) (*web.Inspection, error) {
	note, err := trim(note)
	if err != nil {
		return nil, err
	}
	if err := inspection.CheckObjection(reason); err != nil {
		return nil, err
	}
	err = p.actIn(ctx, actor, id, marz.ActConcur, func(a *act) error {
		r, done, err := p.waiting(a, id, submission)
		if err != nil {
			return err
		}
		if done {
			return &marz.Error{Code: marz.Conflict, Op: "object", Subject: "inspection " + string(id), Fix: "you have concurred already"}
		}
		d, err := readProposal(a.Tx, marz.Seq(r.proposal))
		if err != nil {
			return err
		}
		_, err = a.append(KindObjected, objectedEntry{inspectionID(r.id), submission, d.Decision, reason}, private(note))
		return err
	})
	if err != nil {
		return nil, err
	}
	return p.inspection(ctx, actor, number(id), false)
}

// Asylum records that the traveller asked for asylum. What was proposed falls; from here on only the host state's officers decide.
func (p *Post) Asylum(ctx context.Context, actor Actor, id marz.InspectionID) (*web.Inspection, error) {
	err := p.actIn(ctx, actor, id, marz.ActInspect, func(a *act) error {
		r, err := p.undecided(a, actor, id)
		if err != nil || r.asylum {
			return err
		}
		if r.ended() {
			return r.conflict()
		}
		_, err = a.append(KindAsylum, asylumEntry{inspectionID(r.id), r.lane, p.post.State}, nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p.inspection(ctx, actor, number(id), false)
}

// asylumStands records on a new inspection that its traveller asked for asylum before, and that the host state's officers have not decided since: his case
// was referred or held, or is open. Else a new scan would begin the ordinary procedure again.
func (a *act) asylumStands(seq marz.Seq, lane marz.LaneID, traveller string) error {
	var stands bool
	err := a.QueryRow(`SELECT state IN `+openStates+` OR coalesce(decision, '') IN (?, ?) FROM s_inspection WHERE traveller = ? AND asylum = 1 ORDER BY id DESC LIMIT 1`,
		marz.Refer, marz.Hold, traveller).Scan(&stands)
	if absent(err) || err == nil && !stands {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = a.append(KindAsylum, asylumEntry{inspectionID(int64(seq)), lane, a.post.post.State}, nil)
	return err
}

// LookUp gives the hits that another authority's own lists had on the case at the officer's lane, where an article shares them. It is an entry,
// which the owner sees.
func (p *Post) LookUp(ctx context.Context, actor Actor, id marz.InspectionID, owner marz.AuthorityID, reason, note string) (hits []web.Hit, under marz.ArticleRef, err error) {
	if note, err = trim(note); err != nil {
		return nil, "", err
	}
	if err := inspection.CheckLookup(reason); err != nil {
		return nil, "", err
	}
	var seqs []marz.Seq
	var about *agreement.Record
	ask := func(tx *journal.Tx) (s subject, err error) {
		if about, err = hitsRecord(tx, id, owner); err != nil {
			return s, err
		}
		s.record = about
		if r, err := readRow(tx, number(id)); err == nil {
			s.lane = r.lane
		}
		return s, nil
	}
	err = p.actOn(ctx, actor, p.post.ID.Place(), marz.ActReadHit, ask, func(a *act) error {
		r, err := p.undecided(a, actor, id)
		if err != nil {
			return err
		}
		if r.ended() {
			return &marz.Error{Code: marz.Conflict, Op: "look up hits", Subject: "inspection " + string(id), Fix: "it has ended: read it as a record"}
		}
		if seqs, err = hitEntries(a, r.id, owner); err != nil {
			return err
		}
		var owners []marz.AuthorityID
		if owner != a.own() {
			owners = []marz.AuthorityID{owner}
			if err := a.opens(marz.ActReadHit, about, marz.FieldHits); err != nil {
				return err
			}
		}
		under = a.under
		_, err = a.append(KindHitRead, readEntry{Inspection: inspectionID(r.id), Reason: reason, Owners: owners, Fields: []marz.Field{marz.FieldHits}}, private(note))
		return err
	})
	if err != nil {
		return nil, "", err
	}
	hits, closed, err := p.hitsIn(p.journal.State(), committed{ctx, p.journal}, seqs)
	if owner != actor.Officer.Authority() { // whom the owner cleared is its own
		hits = slices.DeleteFunc(hits, func(h web.Hit) bool { return h.Cleared != nil && h.Cleared.Holds })
		for i := range hits {
			hits[i].Cleared = nil
		}
	}
	if err == nil && closed != "" {
		err = &marz.Error{Code: marz.Conflict, Op: "look up hits", Subject: "inspection " + string(id), Fix: closed}
	}
	return hits, under, err
}

// hitsRecord is what the register asks of an authority's hits on an inspection.
func hitsRecord(tx *journal.Tx, id marz.InspectionID, owner marz.AuthorityID) (*agreement.Record, error) {
	r, err := readRow(tx, number(id))
	if marz.CodeOf(err) == marz.NotFound { // who may not read hits here is not told which inspections there are
		return &agreement.Record{Kind: "hit", Owners: []marz.AuthorityID{owner}}, nil
	}
	if err != nil {
		return nil, err
	}
	rec, err := r.record(tx)
	if err != nil {
		return nil, err
	}
	return ofHits(rec, owner), nil
}

// ofHits makes of what is asked about a case what is asked about an authority's hits on it.
func ofHits(rec *agreement.Record, owner marz.AuthorityID) *agreement.Record {
	rec.Kind, rec.Owners = "hit", []marz.AuthorityID{owner}
	return rec
}

// The folds of joint service.

func foldHits(f *journal.Fold, e journal.Entry, payload []byte) error {
	var h hitsEntry
	var content hitsPrivate
	if err := e.Read(payload, &h, &content); err != nil {
		return err
	}
	return foldContent(f, e, h.Inspection, e.Authority, h.Hits, content.Sealed)
}

func foldSubmitted(f *journal.Fold, e journal.Entry, _ []byte) error {
	var s submittedEntry
	if err := e.Read(nil, &s, nil); err != nil {
		return err
	}
	return f.Exec(`UPDATE s_inspection SET state = 'awaiting', submission = ?, awaits = ?, concurred = '', step = ? WHERE id = ?`, e.Seq, joined(s.Awaits), e.Seq, number(s.Inspection))
}

func foldConcurred(f *journal.Fold, e journal.Entry, _ []byte) error {
	var c concurredEntry
	if err := e.Read(nil, &c, nil); err != nil {
		return err
	}
	return f.Exec(`UPDATE s_inspection SET concurred = trim(concurred || ' ' || ?), step = ? WHERE id = ?`, e.Officer, e.Seq, number(c.Inspection))
}

func foldObjected(f *journal.Fold, e journal.Entry, _ []byte) error {
	var o objectedEntry
	if err := e.Read(nil, &o, nil); err != nil {
		return err
	}
	return f.Exec(`UPDATE s_inspection SET state = 'open', proposal = NULL, proposer = NULL, submission = NULL, awaits = '', concurred = '', objection = ?, step = ? WHERE id = ?`, e.Seq, e.Seq, number(o.Inspection))
}

func foldAsylum(f *journal.Fold, e journal.Entry, _ []byte) error {
	var as asylumEntry
	if err := e.Read(nil, &as, nil); err != nil {
		return err
	}
	return f.Exec(`UPDATE s_inspection SET state = 'open', proposal = NULL, proposer = NULL, submission = NULL, awaits = '', concurred = '', asylum = 1, step = ? WHERE id = ?`, e.Seq, number(as.Inspection))
}

// foldLookup notes for each owner that another authority's officer read what is his.
func foldLookup(f *journal.Fold, e journal.Entry, _ []byte) error {
	var l readEntry
	if err := e.Read(nil, &l, nil); err != nil {
		return err
	}
	for _, o := range l.Owners {
		err := f.Exec(`INSERT INTO s_lookup (seq, at, officer, owner, doc, kind, article) VALUES (?, ?, ?, ?, ?, ?, ?)`, e.Seq, e.At, e.Officer, o, string(e.Public), e.Kind, e.Under)
		if err != nil {
			return err
		}
	}
	return nil
}
