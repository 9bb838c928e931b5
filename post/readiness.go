package post

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"marz"
	"marz/transfer"
)

// The states of a line of readiness.
const (
	good      = "good"
	attention = "attention"
	missing   = "missing" // bars the signing
)

const (
	shiftsWeek  = 3              // officers of each authority that a lane needs for every shift of a week
	listsFresh  = 24 * time.Hour // lists that are older want attention
	mirrorFresh = time.Minute    // by how much a mirror may lag
	roomWanted  = 1 << 30        // bytes free on the disk
)

// readiness measures what the incoming authority needs to work from the instant on. It is asked inside a change, or of what is committed.
func (p *Post) readiness(q querier, plan *transfer.Plan, now marz.Instant) ([]transfer.Check, error) {
	var out []transfer.Check
	for _, measure := range []func(querier, *transfer.Plan, marz.Instant) (transfer.Check, error){
		p.officersReady, p.commandersReady, p.listsReady, p.mirrorReady, p.clockReady, p.openReady, p.headReady, p.diskReady,
	} {
		c, err := measure(q, plan, now)
		if err != nil {
			return nil, &marz.Error{Op: "measure readiness", Subject: string(plan.ID), Err: err}
		}
		c.At, c.Value = now, transfer.Shown(c.Value)
		out = append(out, c)
	}
	return out, nil
}

// passing returns the lanes that pass: those of the plan, or all.
func (p *Post) passing(plan *transfer.Plan) []marz.LaneID {
	if len(plan.Lanes) > 0 {
		return plan.Lanes
	}
	var out []marz.LaneID
	for _, l := range p.post.Lanes {
		out = append(out, l.ID)
	}
	return out
}

// officersReady counts who of the incoming authority can sign in.
func (p *Post) officersReady(q querier, plan *transfer.Plan, _ marz.Instant) (transfer.Check, error) {
	var all, supervisors int
	err := q.QueryRow(`SELECT count(*), coalesce(sum(role = ?), 0) FROM s_officer WHERE authority = ? AND enrolled IS NOT NULL`, marz.RoleSupervisor, plan.To).Scan(&all, &supervisors)
	lanes := len(p.passing(plan))
	c := transfer.Check{ID: "officers", State: good, Value: fmt.Sprintf("%d of %s enrolled, %d of them supervisors; %d lanes in %d shifts want %d", all, plan.To, supervisors, lanes, shiftsWeek, shiftsWeek*lanes)}
	switch {
	case all == 0 || supervisors == 0:
		c.State = missing
	case all < shiftsWeek*lanes || supervisors < shiftsWeek:
		c.State = attention
	}
	return c, err
}

// commandersReady says whether each side has a commander whose passkey counts.
func (p *Post) commandersReady(q querier, plan *transfer.Plan, now marz.Instant) (transfer.Check, error) {
	c := transfer.Check{ID: "commanders", State: good}
	var words []string
	for _, a := range []marz.AuthorityID{plan.From, plan.To} {
		who, err := p.commanders(q, a, now)
		if err != nil {
			return c, err
		}
		switch {
		case len(who) > 0:
			words = append(words, joined(who))
		case p.Exercise():
			words = append(words, string(a)+" signs with the exercise's key")
		default:
			c.State = attention
			words = append(words, string(a)+" has commissioned nobody: its own key alone can sign")
		}
	}
	c.Value = strings.Join(words, "; ")
	return c, nil
}

// commanders returns the enrolled supervisors of an authority whom it has commissioned.
func (p *Post) commanders(q querier, authority marz.AuthorityID, now marz.Instant) ([]marz.OfficerID, error) {
	officers, err := collect(q, scanOne[marz.OfficerID], `SELECT id FROM s_officer WHERE authority = ? AND role = ? AND enrolled IS NOT NULL ORDER BY id`, authority, marz.RoleSupervisor)
	return slices.DeleteFunc(officers, func(o marz.OfficerID) bool { return len(p.commissioned(o, now)) == 0 }), err
}

// listsReady looks at the lists that stay in force: those in common and the incoming authority's own.
func (p *Post) listsReady(_ querier, plan *transfer.Plan, now marz.Instant) (transfer.Check, error) {
	c := transfer.Check{ID: "lists", State: good}
	versions, kept, oldest := p.versions(), 0, time.Duration(0)
	var absent []string
	for _, src := range p.sources() {
		if src.Authority != "" && src.Authority != plan.To {
			continue
		}
		kept++
		i := slices.IndexFunc(versions, func(v listVersion) bool { return v.id == src.ID })
		if i < 0 {
			absent = append(absent, string(src.ID))
			continue
		}
		oldest = max(oldest, now.Sub(versions[i].loaded))
	}
	switch {
	case kept == 0:
		c.State, c.Value = attention, "no list stays in force"
	case len(absent) > 0:
		c.State, c.Value = missing, "not in force: "+strings.Join(absent, ", ")
	default:
		c.Value = fmt.Sprintf("%d in force, the oldest loaded %s ago", kept, oldest.Round(time.Minute))
		if oldest > listsFresh {
			c.State = attention
		}
	}
	return c, nil
}

// mirrors says for each side how much of the journal it has. Who has no mirror has nothing of it yet.
func (p *Post) mirrors(q querier, plan *transfer.Plan) ([]transfer.Mirror, error) {
	known := p.mirrored()
	out := make([]transfer.Mirror, 0, 2)
	for _, a := range []marz.AuthorityID{plan.From, plan.To} {
		m := transfer.Mirror{Authority: a}
		if i := slices.IndexFunc(known, func(m transfer.Mirror) bool { return m.Authority == a }); i >= 0 {
			m.Size = known[i].Size
		}
		if err := q.QueryRow(`SELECT count(*) FROM s_inspection WHERE state = 'decided' AND decided_seq >= ?`, m.Size).Scan(&m.Missing); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// mirrorReady says how far the incoming authority's mirror is behind.
func (p *Post) mirrorReady(q querier, plan *transfer.Plan, now marz.Instant) (transfer.Check, error) {
	c := transfer.Check{ID: "mirror", State: good}
	all, err := p.mirrors(q, plan)
	if err != nil {
		return c, err
	}
	m, size := all[1], p.journal.Head().Size
	if m.Size == 0 {
		c.State, c.Value = attention, fmt.Sprintf("%s has nothing in a mirror: %d crossings are here alone", m.Authority, m.Missing)
		return c, nil
	}
	c.Value = fmt.Sprintf("%s has %d of %d entries; %d crossings are not there yet", m.Authority, m.Size, size, m.Missing)
	if m.Size < size {
		if first, _, err := p.journal.Entry(context.Background(), marz.Seq(m.Size)); err != nil || now.Sub(first.At) > mirrorFresh {
			c.State = attention
			c.Value += p.notReached(m.Authority)
		}
	}
	return c, nil
}

// notReached says since when no mirror of an authority is reached, or "".
func (p *Post) notReached(authority marz.AuthorityID) string {
	if p.pusher == nil {
		return ""
	}
	since := marz.Instant(0)
	for i, s := range p.pusher.Status() {
		switch {
		case p.config.Mirrors[i].Authority != authority:
		case s.Error == "":
			return ""
		default:
			since = max(since, s.Failing)
		}
	}
	if since == 0 {
		return ""
	}
	return ", and it is not reached since " + since.In(p.zone).Format("15:04:05")
}

// clockReady compares the sources of time.
func (p *Post) clockReady(_ querier, plan *transfer.Plan, now marz.Instant) (transfer.Check, error) {
	c := transfer.Check{ID: "clock", State: good}
	var words []string
	for _, r := range p.clocks(now).Others {
		off := r.At.Sub(now)
		switch {
		case r.Fault != "":
			c.State = attention
			words = append(words, r.Source+" shows nothing: "+r.Fault)
		default:
			words = append(words, fmt.Sprintf("%s differs by %s", r.Source, off.Abs()))
			if off.Abs() > transfer.DefaultTolerance*time.Millisecond {
				c.State = attention
			}
		}
	}
	if len(words) == 0 {
		c.State, words = attention, []string{"there is no second source: the rule is " + string(plan.Clock)}
	}
	c.Value = strings.Join(words, "; ")
	return c, nil
}

// openReady counts the inspections that are open where control passes.
func (p *Post) openReady(q querier, plan *transfer.Plan, _ marz.Instant) (transfer.Check, error) {
	n, err := p.openAt(q, p.passing(plan))
	c := transfer.Check{ID: "inspections", State: good, Value: "none is open"}
	if n > 0 {
		c.Value = fmt.Sprintf("%d open; what still is at the instant, officers of %s finish", n, plan.To)
	}
	return c, err
}

func (p *Post) openAt(q querier, lanes []marz.LaneID) (n int, err error) {
	open, err := collect(q, scanOne[marz.LaneID], `SELECT lane FROM s_inspection WHERE state IN `+openStates)
	for _, l := range open {
		if slices.Contains(lanes, l) {
			n++
		}
	}
	return n, err
}

// headReady says that the journal is signed, to where.
func (p *Post) headReady(querier, *transfer.Plan, marz.Instant) (transfer.Check, error) {
	return transfer.Check{ID: "head", State: good, Value: fmt.Sprintf("signed over %d entries", p.journal.Head().Size)}, nil
}

// diskReady says how much room the journal has.
func (p *Post) diskReady(querier, *transfer.Plan, marz.Instant) (transfer.Check, error) {
	c := transfer.Check{ID: "disk", State: good}
	free, err := room(p.opts.Dir)
	switch {
	case err != nil:
		c.State, c.Value = attention, "how much room there is cannot be told on this system"
	case free < roomWanted:
		c.State, c.Value = attention, fmt.Sprintf("%d MB free, less than %d", free>>20, roomWanted>>20)
	default:
		c.Value = fmt.Sprintf("%d GB free", free>>30)
	}
	return c, nil
}

// measured are the lines of the inventory that the node counts itself.
func (p *Post) measured(q querier, plan *transfer.Plan, now marz.Instant) ([]transfer.Line, error) {
	open, err := p.openAt(q, p.passing(plan))
	if err != nil {
		return nil, err
	}
	y, m, d := now.In(p.zone).Date()
	lanes, err := collect(q, scanOne[marz.LaneID], `SELECT lane FROM s_inspection WHERE state = 'decided' AND decided >= ?`, marz.InstantOf(time.Date(y, m, d, 0, 0, 0, 0, p.zone)))
	today := 0
	for _, l := range lanes {
		if slices.Contains(p.passing(plan), l) {
			today++
		}
	}
	return []transfer.Line{{What: "open-inspections", Outgoing: open, Incoming: open, Measured: true}, {What: "crossings-today", Outgoing: today, Incoming: today, Measured: true}}, err
}
