package post

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"marz"
	"marz/agreement"
	"marz/retention"
	"marz/web"
)

// Retention returns the page about how long payloads are kept: the schedules, what the node found when it last looked, and what is held. It holds nothing about a person.
func (p *Post) Retention(actor Actor) (*web.RetentionBody, error) {
	if err := p.may(actor, marz.ActReadJournal); err != nil {
		return nil, err
	}
	own, now, state := actor.Officer.Authority(), p.now(), p.journal.State()
	b := &web.RetentionBody{Own: own, Holds: p.supervises(actor), Look: p.retaining.found(), Reasons: retention.Reasons, Outcomes: ReferralOutcomes}
	b.Can = p.may(actor, marz.ActErase) == nil
	if b.Look != nil {
		b.Next = b.Look.At.Add(retention.Every)
	}
	k, err := p.keeps(state, nil, now)
	if err != nil {
		return nil, &marz.Error{Op: "read schedules", Err: err}
	}
	for _, authority := range slices.Sorted(maps.Keys(p.bodies)) {
		if s := k.schedules[authority]; s != nil && len(s.Rules) > 0 {
			b.Schedules = append(b.Schedules, p.scheduleView(k, authority, s))
		} else {
			b.Silent = append(b.Silent, authority)
		}
	}
	if rules := p.config.proposed(own); k.schedules[own] == nil && len(rules) > 0 || k.schedules[own] != nil && retention.Digest(k.schedules[own].Rules) != retention.Digest(rules) {
		v := p.scheduleView(k, own, &retention.Schedule{Set: retention.Set{Rules: rules}})
		b.Proposed = &v
	}
	if b.Held, err = standingHolds(state); err == nil {
		b.Referrals, err = openReferrals(state, own)
	}
	return b, err
}

func (p *Post) scheduleView(k *keeper, authority marz.AuthorityID, s *retention.Schedule) web.RetentionSchedule {
	v := web.RetentionSchedule{Authority: authority, Officer: s.Officer, Seq: s.Seq, At: s.At, Starts: s.Starts, Digest: retention.Digest(s.Rules)}
	for i := range s.Rules {
		r := &s.Rules[i]
		w := web.RetentionRule{Kinds: r.Kinds, Days: r.Days, Under: r.Under, Law: r.Law}
		w.Gives = k.gives(authority, r.Under, &agreement.Record{Kind: "record", Owners: []marz.AuthorityID{authority}})
		if slices.Contains(r.Kinds, keepPassed) {
			switch {
			case r.Days < p.config.Stay.Window:
				w.Warn = fmt.Sprintf("days of stay are counted over %d days: crossings that are erased are not counted", p.config.Stay.Window)
			case r.Days < int(p.config.lateFor()/(24*time.Hour)):
				w.Warn = "crossings are screened again for longer than they are kept"
			}
		}
		v.Rules = append(v.Rules, w)
	}
	return v
}

func (p *Post) pageRetention(q *request) error {
	body, err := p.Retention(q.actor)
	if err != nil {
		return err
	}
	return p.render(q, "retention", "Retention", *body)
}

// onRetention answers an act of the page.
func (q *request) onRetention(err error) error {
	if err != nil {
		return err
	}
	return q.json(map[string]string{"next": "/retention"})
}

func (p *Post) setSchedule(q *request) error {
	var in struct {
		Digest string `json:"digest"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	return q.onRetention(p.SetSchedule(q.Context(), q.actor, in.Digest))
}

func (p *Post) confirmClock(q *request) error {
	if err := q.read(&struct{}{}); err != nil {
		return err
	}
	return q.onRetention(p.ConfirmClock(q.Context(), q.actor))
}

func (p *Post) hold(q *request) error {
	var in struct {
		Entry  marz.Seq `json:"entry"`
		Reason string   `json:"reason"`
		Note   string   `json:"note"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	_, err := p.Hold(q.Context(), q.actor, in.Entry, in.Reason, in.Note)
	return q.onRetention(err)
}

func (p *Post) release(q *request) error {
	var in struct {
		Note string `json:"note"`
	}
	n, err := seq(q.PathValue("seq"), 0)
	if err == nil {
		err = q.read(&in)
	}
	if err != nil {
		return err
	}
	return q.onRetention(p.Release(q.Context(), q.actor, n, in.Note))
}

func (p *Post) endReferral(q *request) error {
	var in struct {
		Outcome string `json:"outcome"`
		Note    string `json:"note"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	return q.onRetention(p.EndReferral(q.Context(), q.actor, q.inspection(), in.Outcome, in.Note))
}

// A person's own data.

func (p *Post) pagePerson(q *request) error {
	return p.render(q, "person", "A person's data", web.PersonBody{Own: q.actor.Officer.Authority(), Reasons: PersonReasons, Kinds: NoteKinds})
}

func (p *Post) exportPerson(q *request) error {
	var in struct {
		Zone        string   `json:"zone"`
		Primary     string   `json:"primary"`
		Secondary   string   `json:"secondary"`
		Birth       string   `json:"birth"`
		Nationality string   `json:"nationality"`
		Numbers     []string `json:"numbers"`
		Reason      string   `json:"reason"`
		Note        string   `json:"note"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	r, err := p.ExportPerson(q.Context(), q.actor, Person{in.Zone, in.Primary, in.Secondary, in.Birth, in.Nationality, in.Numbers}, in.Reason, in.Note)
	if err != nil {
		return err
	}
	return q.json(r)
}

func (p *Post) noteOnRecord(q *request) error {
	var in struct {
		Kind string `json:"kind"`
		Note string `json:"note"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	if err := p.Note(q.Context(), q.actor, q.inspection(), in.Kind, in.Note); err != nil {
		return err
	}
	return q.json(map[string]string{"noted": strconv.FormatInt(number(q.inspection()), 10)})
}
