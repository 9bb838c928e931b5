package post

import (
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"marz"
	"marz/inspection"
	"marz/web"
)

// told is a crossing as it is told to whose it is. What says or lets guess that a list had him is left out, the same way for everybody, unless the configuration lets it be told: the verdict, what was found on lists,
// reasons other than those of a refusal (which its form has told him), and that there were two acts. nil: its payload was erased meanwhile.
func (p *Post) told(k *keeper, r *row, own marz.AuthorityID) (*web.PersonCrossing, error) {
	in, err := readCase(k.from, r.id)
	if in == nil || err != nil {
		return nil, err
	}
	c := &web.PersonCrossing{Inspection: inspectionID(r.id), Opened: r.opened, Ended: r.decided, Lane: r.lane, Direction: r.direction, State: "under way", Decision: r.decision,
		Under: r.article, Owners: r.owners, Asylum: r.asylum, Document: in.Document, Findings: []web.PersonFinding{}, Stay: in.Stay, Chip: in.Chip != nil}
	if r.ended() {
		c.State = r.state
	}
	if c.By = p.actorTold(r.officer); r.decision == marz.Refuse || p.config.Person.Hits {
		c.Grounds = groundsOf(r)
	}
	for _, f := range in.Findings {
		if f.Check != inspection.CheckLists || p.config.Person.Hits {
			c.Findings = append(c.Findings, web.PersonFinding{Check: f.Check, Result: f.Result, Reason: f.Reason})
		}
	}
	if p.config.Person.Hits {
		for _, h := range in.Hits {
			c.Hits = append(c.Hits, web.PersonHit{List: h.List, Owner: h.Owner, Says: h.Sentence, Cleared: h.Cleared != nil && h.Cleared.Holds})
		}
	}
	if c.Read, err = p.readOf(k, r.id); err == nil {
		c.Notes, err = p.notesOf(k, r, own)
	}
	if err == nil {
		c.Erased, err = erasedOf(k.q, r)
	}
	if err == nil {
		c.Until, err = p.untilOf(k, r)
	}
	return c, err
}

func groundsOf(r *row) string {
	for _, reason := range inspection.Reasons(r.decision) {
		if reason.Code == r.reason {
			return reason.Text
		}
	}
	return r.reason
}

// actorTold is an officer as he is named to a person: by his authority, unless the configuration lets his number be told.
func (p *Post) actorTold(o marz.OfficerID) string {
	if o == "" || p.config.Person.Officers {
		return string(o)
	}
	return string(o.Authority())
}

// readOf returns who read the record. Look-ups of hits are not among them: that there is one tells that there was a hit.
func (p *Post) readOf(k *keeper, id int64) ([]web.PersonRead, error) {
	seqs, err := collect(k.q, scanOne[marz.Seq], `SELECT seq FROM s_read WHERE inspection = ? ORDER BY seq`, id)
	out := []web.PersonRead{}
	for _, s := range seqs {
		e, err := k.from.Entry(s)
		if err != nil {
			return nil, err
		}
		var l readEntry
		if err := e.Read(nil, &l, nil); err != nil {
			return nil, err
		}
		if e.Kind != KindRead {
			continue
		}
		why := l.Reason
		for _, r := range ReadReasons {
			if r.Code == l.Reason && l.Reason != "alert-owner" { // which would tell that there is an alert
				why = r.Text
			}
		}
		if l.Reason == "alert-owner" {
			why = "Official reasons"
		}
		out = append(out, web.PersonRead{At: e.At, By: p.actorTold(e.Officer), Reason: why})
	}
	return out, err
}

// notesOf returns what is written on the record: what the person said about it always, officers' notes on their decisions where the configuration lets them be told.
func (p *Post) notesOf(k *keeper, r *row, own marz.AuthorityID) ([]web.PersonNote, error) {
	type noted struct {
		seq  marz.Seq
		kind string
	}
	all, err := collect(k.q, func(rows *sql.Rows) (n noted, err error) {
		err = rows.Scan(&n.seq, &n.kind)
		return n, err
	}, `SELECT seq, kind FROM s_note WHERE inspection = ? AND authority = ? ORDER BY seq`, r.id, own)
	if err != nil {
		return nil, err
	}
	if p.config.Person.Notes {
		for _, s := range []marz.Seq{marz.Seq(r.proposal), r.seq} {
			if s > 0 {
				all = append(all, noted{s, "decision"})
			}
		}
	}
	var out []web.PersonNote
	for _, n := range all {
		e, err := k.from.Entry(n.seq)
		if err != nil {
			return nil, err
		}
		payload, err := k.from.Payload(n.seq)
		if marz.CodeOf(err) == marz.NotFound || err == nil && e.Authority != own {
			continue
		}
		var d decisionPrivate
		if err == nil {
			err = json.Unmarshal(payload, &d)
		}
		if err != nil {
			return nil, err
		}
		if d.Note != "" {
			out = append(out, web.PersonNote{At: e.At, Kind: n.kind, By: p.actorTold(e.Officer), Note: d.Note})
		}
	}
	return out, nil
}

// erasedOf returns what of a record was erased while it was kept itself.
func erasedOf(q querier, r *row) ([]web.PersonErased, error) {
	all, err := collect(q, func(rows *sql.Rows) (e web.PersonErased, err error) {
		err = rows.Scan(&e.At, &e.What, &e.Seq)
		return e, err
	}, `SELECT e.at, w.what, e.by FROM s_erased e JOIN (
			SELECT ?1 AS seq, 'the note on the proposed decision' AS what UNION ALL SELECT ?2, 'the note on the decision'
			UNION ALL SELECT r.seq, 'the note of who read the record' FROM s_read r JOIN entry n ON n.seq = r.seq WHERE r.inspection = ?3 AND instr(n.body, ?4) > 0
			UNION ALL SELECT seq, 'a note on the record' FROM s_note WHERE inspection = ?3) w ON w.seq = e.seq ORDER BY e.at, e.seq`,
		r.proposal, r.seq, r.id, []byte(`"kind":"`+KindRead+`"`))
	return all, err
}

// untilOf returns how long the record is kept by each of those whose it is.
func (p *Post) untilOf(k *keeper, r *row) ([]web.PersonUntil, error) {
	e, err := k.from.Entry(marz.Seq(r.id))
	if err != nil {
		return nil, err
	}
	is, err := k.judge(e)
	if err != nil {
		return nil, err
	}
	var out []web.PersonUntil
	for _, o := range slices.Sorted(slices.Values(is.owners)) {
		u := web.PersonUntil{Authority: o}
		if rule := k.schedules[o].Rule(is.kind); rule != nil {
			u.Law = rule.Law
			if is.from != 0 {
				u.Until = is.from.Add(time.Duration(rule.Days) * 24 * time.Hour)
			}
		}
		out = append(out, u)
	}
	return out, nil
}
