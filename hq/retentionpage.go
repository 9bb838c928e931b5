package hq

import (
	"maps"
	"slices"

	"marz"
	"marz/retention"
	"marz/web"
)

// retentionBody is the page about how long the headquarters' own payloads are kept. It holds nothing about a person.
func (h *HQ) retentionBody(actor Actor) web.RetentionBody {
	own := h.config.Authority
	b := web.RetentionBody{Own: own, Can: h.mayHere(actor, marz.ActErase) == nil, Holds: h.mayHere(actor, marz.ActSupervise) == nil, Look: h.retained.Load(), Reasons: retention.Reasons}
	if b.Look != nil {
		b.Next = b.Look.At.Add(retention.Every)
	}
	s, rules := h.schedule(), h.config.proposed()
	if s != nil && len(s.Rules) > 0 {
		b.Schedules = append(b.Schedules, scheduleView(s))
	} else {
		b.Silent = append(b.Silent, own)
	}
	if s == nil && len(rules) > 0 || s != nil && retention.Digest(s.Rules) != retention.Digest(rules) {
		v := scheduleView(&retention.Schedule{Authority: own, Set: retention.Set{Rules: rules}})
		b.Proposed = &v
	}
	h.state.mu.RLock()
	defer h.state.mu.RUnlock()
	for _, seq := range slices.Sorted(maps.Keys(h.state.keeping.holds)) {
		o := h.state.keeping.holds[seq]
		b.Held = append(b.Held, web.RetentionHold{Seq: seq, At: o.at, Authority: own, Officer: o.officer, Entry: o.Entry, Reason: o.Reason, Text: retention.ReasonText(o.Reason)})
	}
	return b
}

func scheduleView(s *retention.Schedule) web.RetentionSchedule {
	v := web.RetentionSchedule{Authority: s.Authority, Officer: s.Officer, Seq: s.Seq, At: s.At, Starts: s.Starts, Digest: retention.Digest(s.Rules)}
	for _, r := range s.Rules {
		v.Rules = append(v.Rules, web.RetentionRule{Kinds: r.Kinds, Days: r.Days, Under: r.Under, Law: r.Law, Gives: true})
	}
	return v
}

func (h *HQ) pageRetention(q *request) error {
	return h.render(q, "retention", "Retention", h.retentionBody(q.actor))
}

// onRetention answers an act of the page.
func (q *request) onRetention(err error) error {
	if err != nil {
		return err
	}
	return q.json(map[string]string{"next": "/retention"})
}

func (h *HQ) setSchedule(q *request) error {
	var in struct {
		Digest string `json:"digest"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	return q.onRetention(h.SetSchedule(q.Context(), q.actor, in.Digest))
}

func (h *HQ) confirmClock(q *request) error {
	if err := q.read(&struct{}{}); err != nil {
		return err
	}
	return q.onRetention(h.ConfirmClock(q.Context(), q.actor))
}

func (h *HQ) hold(q *request) error {
	var in struct {
		Entry  marz.Seq `json:"entry"`
		Reason string   `json:"reason"`
		Note   string   `json:"note"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	return q.onRetention(h.Hold(q.Context(), q.actor, in.Entry, in.Reason, in.Note))
}

func (h *HQ) release(q *request) error {
	var in struct {
		Note string `json:"note"`
	}
	n, err := number(q.PathValue("seq"), 0)
	if err == nil {
		err = q.read(&in)
	}
	if err != nil {
		return err
	}
	return q.onRetention(h.Release(q.Context(), q.actor, marz.Seq(n), in.Note))
}
