package post

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"marz"
	"marz/agreement"
	"marz/journal"
	"marz/web"
)

// IncidentKinds are what can happen on the line.
var IncidentKinds = []web.Reason{
	{Code: "crossing", Text: "Somebody crossed the line"},
	{Code: "attempt", Text: "Somebody tried to cross"},
	{Code: "livestock", Text: "Animals crossed"},
	{Code: "fence", Text: "Fence or sign damaged"},
	{Code: "shot", Text: "Shots heard or fired"},
	{Code: "aircraft", Text: "Aircraft or drone"},
	{Code: "find", Text: "Object found"},
	{Code: "other", Text: "Other"},
}

// patrolLongest is how long one duty on a section can be.
const patrolLongest = 7 * 24 * time.Hour

func (p *Post) section(id marz.PlaceID) (marz.Section, error) {
	i := slices.IndexFunc(p.sections, func(s marz.Section) bool { return s.ID == id })
	if i < 0 {
		return marz.Section{}, &marz.Error{Code: marz.NotFound, Op: "section", Subject: fmt.Sprintf("%.60q", string(id)), Fix: "the duty of no such section is kept here"}
	}
	return p.sections[i], nil
}

// Roster puts officers on duty on a section, from an instant until another. Those of another authority need joint service with it there.
func (p *Post) Roster(ctx context.Context, actor Actor, id marz.PlaceID, from, until marz.Instant, officers []marz.OfficerID) (marz.Seq, error) {
	section, err := p.section(id)
	if err != nil {
		return 0, err
	}
	bad := func(fix string) error {
		return &marz.Error{Code: marz.Invalid, Op: "put on duty", Subject: "on " + string(id), Fix: fix}
	}
	switch {
	case from == 0 || until <= from:
		return 0, bad("say from when until when; it ends after it begins")
	case until.Sub(from) > patrolLongest:
		return 0, bad("one duty lasts a week at most")
	case len(officers) == 0 || len(officers) > 40:
		return 0, bad("name the officers, 40 at most")
	}
	var seq marz.Seq
	err = p.actOn(ctx, actor, section.ID, marz.ActRoster, nil, func(a *act) error {
		for i, o := range officers {
			if slices.Contains(officers[:i], o) {
				return bad(string(o) + " is named twice")
			}
			if err := a.canServe(o, from); err != nil {
				return err
			}
		}
		e, err := a.append(KindPatrol, patrolEntry{section.ID, from, until, officers}, nil)
		seq = e.Seq
		return err
	})
	return seq, err
}

// canServe reports whether an officer can be put on duty at the act's place by the actor: he is enrolled here, his authority serves there at the
// instant, and if it is another than the actor's, both serve there jointly.
func (a *act) canServe(o marz.OfficerID, at marz.Instant) error {
	bad := func(fix string) error {
		return &marz.Error{Code: marz.Invalid, Op: "put on duty", Subject: fmt.Sprintf("%.60q", string(o)), Fix: fix}
	}
	who := Actor{Officer: o}
	if err := readOfficer(a, &who); err != nil {
		if marz.CodeOf(err) != marz.Unauthenticated {
			return err
		}
		return bad("this officer is not enrolled here")
	}
	register := a.post.register.Load()
	if answer := register.May(agreement.Question{Officer: o, Role: who.Role, Action: marz.ActIncident, Place: a.place, At: at}); !answer.Allowed {
		return bad(answer.Reason)
	}
	if o.Authority() != a.own() && !slices.Contains(serving(register.Joints(a.place, a.own(), at)), o.Authority()) {
		return bad("no article in force then lets " + string(a.own()) + " put officers of " + string(o.Authority()) + " on duty there")
	}
	return nil
}

// EndPatrol ends a duty before its time: one of the supervisor's own authority, and where that controls the section, any.
func (p *Post) EndPatrol(ctx context.Context, actor Actor, patrol marz.Seq) error {
	var section marz.PlaceID
	err := p.journal.State().QueryRowContext(ctx, `SELECT section FROM s_patrol WHERE id = ?`, patrol).Scan(&section)
	if absent(err) {
		return &marz.Error{Code: marz.NotFound, Op: "end duty", Subject: fmt.Sprint(patrol), Fix: "there is no such duty"}
	}
	if err != nil {
		return err
	}
	return p.actOn(ctx, actor, section, marz.ActRoster, nil, func(a *act) error {
		var ended sql.NullInt64
		var by marz.OfficerID
		if err := a.QueryRow(`SELECT officer, ended FROM s_patrol WHERE id = ?`, patrol).Scan(&by, &ended); err != nil || ended.Valid {
			return err
		}
		if h, _ := p.register.Load().Holder(section, "", a.Now()); by.Authority() != a.own() && h.Authority != a.own() {
			return &marz.Error{Code: marz.Forbidden, Op: "end duty", Subject: fmt.Sprint(patrol), Fix: "it is a duty of " + string(by.Authority()) + "; its supervisor ends it, or that of the authority in control"}
		}
		_, err := a.append(KindPatrolEnded, patrolEndedEntry{section, patrol}, nil)
		return err
	})
}

// Incident is what an officer records of something on the line. Note may name people and stays private.
type Incident struct {
	At        marz.Instant
	Kind      string
	Kilometre float64
	Present   []marz.OfficerID
	Patrol    marz.Seq
	Note      string
}

// RecordIncident records something that happened on a section.
func (p *Post) RecordIncident(ctx context.Context, actor Actor, id marz.PlaceID, in Incident) (marz.Seq, error) {
	section, err := p.section(id)
	if err != nil {
		return 0, err
	}
	note, err := trim(in.Note)
	if err != nil {
		return 0, err
	}
	bad := func(fix string) error {
		return &marz.Error{Code: marz.Invalid, Op: "record incident", Subject: "on " + string(id), Fix: fix}
	}
	switch {
	case !slices.ContainsFunc(IncidentKinds, func(k web.Reason) bool { return k.Code == in.Kind }):
		return 0, bad(fmt.Sprintf("the kind %.40q is not known", in.Kind))
	case !(in.Kilometre >= 0 && in.Kilometre <= section.Length):
		return 0, bad(fmt.Sprintf("the section is %g kilometres long", section.Length))
	case len(in.Present) > 40:
		return 0, bad("40 officers at most can be named as present")
	}
	for _, o := range in.Present {
		if err := o.Validate(); err != nil {
			return 0, err
		}
	}
	var seq marz.Seq
	err = p.actOn(ctx, actor, section.ID, marz.ActIncident, nil, func(a *act) error {
		if in.At == 0 || in.At > a.Now() {
			return bad("say when it happened; it cannot be still to come")
		}
		for _, o := range in.Present {
			var known int
			if err := a.QueryRow(`SELECT count(*) FROM s_officer WHERE id = ?`, o).Scan(&known); err != nil {
				return err
			}
			if known == 0 {
				return bad(string(o) + " is not known here")
			}
		}
		if in.Patrol != 0 {
			var at marz.PlaceID
			if err := a.QueryRow(`SELECT section FROM s_patrol WHERE id = ?`, in.Patrol).Scan(&at); absent(err) || err == nil && at != section.ID {
				return bad("there is no such duty on this section")
			} else if err != nil {
				return err
			}
		}
		e, err := a.append(KindIncident, incidentEntry{section.ID, in.At, in.Kind, in.Kilometre, in.Present, in.Patrol}, private(note))
		seq = e.Seq
		return err
	})
	return seq, err
}

// ReadIncident gives an incident's note, after the entry that says who read it and why.
func (p *Post) ReadIncident(ctx context.Context, actor Actor, incident marz.Seq, reason, why string) (string, error) {
	why, err := trim(why)
	if err != nil {
		return "", err
	}
	if err := checkReadReason(reason, "incident"); err != nil {
		return "", err
	}
	var section marz.PlaceID
	var by marz.OfficerID
	err = p.journal.State().QueryRowContext(ctx, `SELECT section, officer FROM s_incident WHERE id = ?`, incident).Scan(&section, &by)
	if absent(err) {
		return "", &marz.Error{Code: marz.NotFound, Op: "read incident", Subject: fmt.Sprint(incident), Fix: "there is no such incident"}
	}
	if err != nil {
		return "", err
	}
	owners := []marz.AuthorityID{by.Authority()}
	record := &agreement.Record{Kind: "incident", Owners: owners}
	about := func(*journal.Tx) (*agreement.Record, error) { return record, nil }
	err = p.actOn(ctx, actor, section, marz.ActReadIncident, ofRecord(about), func(a *act) error {
		e := readEntry{Incident: incident, Reason: reason}
		if owners[0] != a.own() {
			if err := a.opens(marz.ActReadIncident, record, marz.FieldNote); err != nil {
				return err
			}
			e.Owners, e.Fields = owners, []marz.Field{marz.FieldNote}
		}
		_, err := a.append(KindIncidentRead, e, private(why))
		return err
	})
	if err != nil {
		return "", err
	}
	payload, err := p.journal.Payload(ctx, incident)
	if marz.CodeOf(err) == marz.NotFound {
		return "", nil // there was none, or it was erased
	}
	var n decisionPrivate
	if err == nil {
		err = json.Unmarshal(payload, &n)
	}
	return n.Note, err
}

// The folds of sections.

func foldPatrol(f *journal.Fold, e journal.Entry, _ []byte) error {
	var p patrolEntry
	if err := e.Read(nil, &p, nil); err != nil {
		return err
	}
	return f.Exec(`INSERT INTO s_patrol (id, section, starts, ends, officers, officer, article) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		e.Seq, p.Section, p.From, p.Until, joined(p.Officers), e.Officer, e.Under)
}

func foldPatrolEnded(f *journal.Fold, e journal.Entry, _ []byte) error {
	var p patrolEndedEntry
	if err := e.Read(nil, &p, nil); err != nil {
		return err
	}
	return f.Exec(`UPDATE s_patrol SET ended = ? WHERE id = ?`, e.At, p.Patrol)
}

func foldIncident(f *journal.Fold, e journal.Entry, _ []byte) error {
	var in incidentEntry
	if err := e.Read(nil, &in, nil); err != nil {
		return err
	}
	return f.Exec(`INSERT INTO s_incident (id, section, happened, kind, kilometre, present, patrol, officer, article, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.Seq, in.Section, in.At, in.Kind, in.Kilometre, joined(in.Present), nullableSeq(in.Patrol), e.Officer, e.Under, e.Private != "")
}

func nullableSeq(s marz.Seq) any {
	if s == 0 {
		return nil
	}
	return s
}
