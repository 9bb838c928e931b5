package post

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"marz"
	"marz/agreement"
	"marz/web"
	"marz/web/registers"
)

// RegisterPage is the register as it stands at an instant. It holds nothing about a person.
func (p *Post) RegisterPage(at marz.Instant) *web.RegisterBody {
	return registers.Register(p.register.Load(), at)
}

// AgreementPage is one agreement as it stands at an instant.
func (p *Post) AgreementPage(id string, at marz.Instant) (*web.AgreementBody, error) {
	return registers.Agreement(p.register.Load(), id, at, p.now(), p.signatures)
}

// signatures returns those under the agreement that an entry recorded.
func (p *Post) signatures(seq marz.Seq) ([]string, error) {
	var doc string
	err := p.journal.State().QueryRow(`SELECT doc FROM s_register WHERE seq = ?`, seq).Scan(&doc)
	var i agreement.Instrument
	if err == nil {
		err = json.Unmarshal([]byte(doc), &i)
	}
	if err != nil {
		return nil, &marz.Error{Op: "read register", Err: err}
	}
	return i.Signatures, nil
}

// TimelinePage is who held, holds and will hold a place, as it is known now or was known at an instant.
func (p *Post) TimelinePage(ctx context.Context, place marz.PlaceID, at, known marz.Instant) (*web.TimelineBody, error) {
	r, err := p.knownAt(ctx, known)
	if err != nil {
		return nil, err
	}
	return registers.Timeline(r, place, at, p.now(), known)
}

// knownAt returns the register as it was known at an instant; at none, as it is known now.
func (p *Post) knownAt(ctx context.Context, known marz.Instant) (*agreement.Register, error) {
	if known == 0 {
		return p.register.Load(), nil
	}
	events, err := readEvents(p.journal.State())
	if err != nil {
		return nil, &marz.Error{Op: "read register", Err: err}
	}
	return fold(*p.register.Load().Ground(), events).KnownAt(known)
}

// MapPage is who controls what at an instant, with all that is needed to show any other.
func (p *Post) MapPage(at marz.Instant) *web.MapBody {
	return registers.Map(p.register.Load(), p.drawing, at, p.now())
}

// LookupsPage is who of another authority looked at data of the officer's own, newest first.
func (p *Post) LookupsPage(actor Actor) (*web.LookupsBody, error) {
	b := &web.LookupsBody{Own: actor.Officer.Authority()}
	var err error
	b.Rows, err = collect(p.journal.State(), func(rows *sql.Rows) (l web.Lookup, err error) {
		var doc, kind string
		if err = rows.Scan(&l.Seq, &l.At, &l.Officer, &doc, &kind, &l.Under); err != nil {
			return l, err
		}
		var e readEntry
		if err = json.Unmarshal([]byte(doc), &e); err != nil {
			return l, err
		}
		l.What = map[string]string{KindRead: "record", KindHitRead: "hit", KindAlertsRead: "hit", KindIncidentRead: "incident"}[kind]
		l.Inspection, l.Incident, l.Reason = e.Inspection, e.Incident, readReason(e.Reason)
		for _, f := range e.Fields {
			l.Fields = append(l.Fields, string(f))
		}
		return l, nil
	}, `SELECT seq, at, officer, doc, kind, article FROM s_lookup WHERE owner = ? AND officer NOT GLOB ? || '/*' ORDER BY seq DESC LIMIT 500`, b.Own, b.Own)
	if err != nil {
		return nil, &marz.Error{Op: "read look-ups", Err: err}
	}
	return b, nil
}

// SectionsPage is the duty on the sections that this node keeps.
func (p *Post) SectionsPage(actor Actor) (*web.SectionsBody, error) {
	now, r := p.now(), p.register.Load()
	b := &web.SectionsBody{Kinds: IncidentKinds, Reasons: ReadReasons, Supervises: actor.Role == marz.RoleSupervisor}
	officers, err := collect(p.journal.State(), func(rows *sql.Rows) (o marz.OfficerID, err error) { return o, rows.Scan(&o) },
		`SELECT id FROM s_officer WHERE enrolled IS NOT NULL ORDER BY id`)
	if err != nil {
		return nil, &marz.Error{Op: "read officers", Err: err}
	}
	for _, s := range p.sections {
		v := web.SectionView{Section: s}
		for _, period := range registers.Periods(r, s.ID, now) {
			if now >= period.From && (period.Until == 0 || now < period.Until) {
				v.Control = period
			}
		}
		if h, ok := r.Expected(s.ID, now, now); ok {
			v.Control.From = h.From // not since somebody came to serve beside
		}
		own := actor.Officer.Authority()
		with := serving(r.Joints(s.ID, own, now))
		for _, o := range officers {
			if o.Authority() == own || slices.Contains(with, o.Authority()) {
				v.Officers = append(v.Officers, o)
			}
		}
		if err := p.addDuty(&v, now); err != nil {
			return nil, &marz.Error{Op: "read duty", Subject: string(s.ID), Err: err}
		}
		b.Sections = append(b.Sections, v)
	}
	return b, nil
}

func (p *Post) addDuty(v *web.SectionView, now marz.Instant) (err error) {
	v.Patrols, err = collect(p.journal.State(), func(rows *sql.Rows) (w web.Patrol, err error) {
		var officers string
		var ended sql.NullInt64
		err = rows.Scan(&w.ID, &w.From, &w.Until, &officers, &w.By, &w.Under, &ended)
		w.Officers, w.Ended = split[marz.OfficerID](officers), ended.Valid
		return w, err
	}, `SELECT id, starts, ends, officers, officer, article, ended FROM s_patrol WHERE section = ?1 AND (ended IS NULL AND ends > ?2 OR
		id IN (SELECT id FROM s_patrol WHERE section = ?1 AND NOT (ended IS NULL AND ends > ?2) ORDER BY id DESC LIMIT 10)) ORDER BY starts DESC, id DESC`, v.ID, now)
	if err != nil {
		return err
	}
	v.Incidents, err = collect(p.journal.State(), func(rows *sql.Rows) (i web.Incident, err error) {
		var present string
		err = rows.Scan(&i.ID, &i.At, &i.Kind, &i.Kilometre, &present, &i.Patrol, &i.By, &i.Under, &i.Note)
		i.Present, i.Owner = split[marz.OfficerID](present), i.By.Authority()
		for _, k := range IncidentKinds {
			if k.Code == i.Kind {
				i.Kind = k.Text
			}
		}
		return i, err
	}, `SELECT id, happened, kind, kilometre, present, coalesce(patrol, 0), officer, article, note FROM s_incident WHERE section = ? ORDER BY happened DESC, id DESC LIMIT 50`, v.ID)
	return err
}

// readReason gives a reason for reading in words.
func readReason(code string) string {
	for _, r := range slices.Concat(ReadReasons, lookupReasons, []web.Reason{{Code: "transfer", Text: "Shown alerts that were offered to it in a transfer of control"}, {Code: takenOver, Text: "Took the lane at which the case was open"}}) {
		if r.Code == code {
			return r.Text
		}
	}
	return code
}
