package post

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"marz"
	"marz/web"
)

// laneRow is a lane as the state has it.
type laneRow struct {
	id        marz.LaneID
	direction marz.Direction
	open      int64      // the inspection that is open there, or -1
	seats     []web.Seat // in the order in which they were taken; none while the lane is closed
}

// openStates are those of an inspection that has not ended.
const openStates = `('open', 'proposed', 'awaiting')`

func (p *Post) lane(q querier, id marz.LaneID) (*laneRow, error) {
	l := &laneRow{id: id}
	err := q.QueryRow(`SELECT l.direction, coalesce((SELECT i.id FROM s_inspection i WHERE i.lane = l.id AND i.state IN `+openStates+`), -1) FROM s_lane l WHERE l.id = ?`, id).
		Scan(&l.direction, &l.open)
	if absent(err) {
		return nil, &marz.Error{Code: marz.NotFound, Op: "lane", Subject: fmt.Sprintf("%.60q", string(id)), Fix: "this post has no such lane"}
	}
	if err != nil {
		return nil, err
	}
	l.seats, err = collect(q, scanSeat, `SELECT authority, officer, since FROM s_seat WHERE lane = ? ORDER BY since, authority`, id)
	return l, err
}

func scanSeat(rows *sql.Rows) (s web.Seat, err error) {
	err = rows.Scan(&s.Authority, &s.Officer, &s.Since)
	return s, err
}

// laneOf returns the lane at which the officer sits, or nil.
func (p *Post) laneOf(q querier, officer marz.OfficerID) (*laneRow, error) {
	var id marz.LaneID
	err := q.QueryRow(`SELECT lane FROM s_seat WHERE officer = ?`, officer).Scan(&id)
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return p.lane(q, id)
}

// seat returns the seat of an authority at the lane, or nil.
func (l *laneRow) seat(authority marz.AuthorityID) *web.Seat {
	i := slices.IndexFunc(l.seats, func(s web.Seat) bool { return s.Authority == authority })
	if i < 0 {
		return nil
	}
	return &l.seats[i]
}

// heldBy reports whether the officer sits at the lane, and if not what to do.
func (l *laneRow) heldBy(officer marz.OfficerID) error {
	s := l.seat(officer.Authority())
	switch {
	case s != nil && s.Officer == officer:
		return nil
	case s == nil && len(l.seats) == 0:
		return &marz.Error{Code: marz.Conflict, Op: "lane", Subject: string(l.id), Fix: "the lane is closed; take it first"}
	case s == nil:
		s = &l.seats[0]
	}
	return &marz.Error{Code: marz.Conflict, Op: "lane", Subject: string(l.id), Fix: "the lane is held by " + string(s.Officer)}
}

// OpenLane takes a seat at a lane for the officer. There is one, and in joint service one for each of its authorities. Taking the seat that he has
// already changes nothing.
func (p *Post) OpenLane(ctx context.Context, actor Actor, id marz.LaneID) error {
	return p.actAt(ctx, actor, id, marz.ActInspect, func(a *act) error {
		l, err := p.lane(a, id)
		if err != nil || l.heldBy(actor.Officer) == nil {
			return err
		}
		with := serving(a.duties())
		for _, s := range l.seats {
			if s.Authority == a.own() || !slices.Contains(with, s.Authority) {
				return &marz.Error{Code: marz.Conflict, Op: "take lane", Subject: string(id), Fix: "it is held by " + string(s.Officer) + "; that officer or a supervisor can close it"}
			}
		}
		held, err := p.laneOf(a, actor.Officer)
		if err != nil {
			return err
		}
		if held != nil {
			return &marz.Error{Code: marz.Conflict, Op: "take lane", Subject: string(id), Fix: "you hold lane " + string(held.id) + "; close that one first"}
		}
		if _, err = a.append(KindLaneOpened, laneEntry{Lane: id, Direction: l.direction}, nil); err != nil || l.open < 0 {
			return err
		}
		return a.takeOver(l.open)
	})
}

// takenOver is the reason of who reads a case because he takes the lane at which it is open.
const takenOver = "taken-over"

// takeOver notes that the officer is shown a case that is open where he sits down. It is a reading of another authority's record where it is not his own's yet.
func (a *act) takeOver(id int64) error {
	r, err := readRow(a, id)
	if err != nil {
		return err
	}
	e := readEntry{Inspection: inspectionID(r.id), Reason: takenOver, Owners: others(r.owners, a.own())}
	if len(e.Owners) > 0 {
		e.Fields = slices.DeleteFunc(marz.Fields(), func(f marz.Field) bool { return f == marz.FieldHits })
	}
	_, err = a.append(KindRead, e, nil)
	return err
}

// CloseLane frees a lane. An officer gives up his own seat; a supervisor frees that of his authority, and where his authority controls the lane, all.
func (p *Post) CloseLane(ctx context.Context, actor Actor, id marz.LaneID) error {
	action := marz.ActInspect
	if actor.Role == marz.RoleSupervisor {
		action = marz.ActSupervise
	}
	return p.actAt(ctx, actor, id, action, func(a *act) error {
		l, err := p.lane(a, id)
		if err != nil || len(l.seats) == 0 {
			return err
		}
		if l.heldBy(actor.Officer) == nil {
			return a.closeSeat(l, actor.Officer, "")
		}
		if actor.Role != marz.RoleSupervisor {
			return l.heldBy(actor.Officer)
		}
		if s := l.seat(a.own()); s != nil {
			return a.closeSeat(l, s.Officer, "")
		}
		if h, _ := p.register.Load().Holder(a.place, id, a.Now()); h.Authority != a.own() {
			return l.heldBy(actor.Officer)
		}
		for _, s := range l.seats {
			if err := a.closeSeat(l, s.Officer, ""); err != nil {
				return err
			}
		}
		return nil
	})
}

// closeSeat frees one seat. The last to leave ends his case first; a supervisor may free a seat over a case, which the next officer finds open.
func (a *act) closeSeat(l *laneRow, of marz.OfficerID, why string) error {
	if l.open >= 0 && of == a.actor.Officer && len(l.seats) == 1 {
		return &marz.Error{Code: marz.Conflict, Op: "close lane", Subject: string(l.id), Fix: "an inspection is open there: decide or withdraw it first"}
	}
	_, err := a.append(KindLaneClosed, laneEntry{Lane: l.id, Direction: l.direction, Of: of, Why: why}, nil)
	return err
}

// Lanes returns all lanes as they are now. It holds nothing about a person.
func (p *Post) Lanes(ctx context.Context, now marz.Instant) ([]web.Lane, error) {
	y, m, d := now.In(p.zone).Date()
	midnight := marz.InstantOf(time.Date(y, m, d, 0, 0, 0, 0, p.zone))
	lanes, err := collect(p.journal.State(), func(rows *sql.Rows) (l web.Lane, err error) {
		var open, last caseColumns
		err = rows.Scan(append(append([]any{&l.ID, &l.Direction, &l.Flow, &l.Count}, open.dest()...), last.dest()...)...)
		l.Inspection, l.Last = open.lane(), last.lane()
		return l, err
	}, `SELECT l.id, l.direction, l.flow,
		(SELECT count(*) FROM s_inspection c WHERE c.state = 'decided' AND c.decided >= ? AND c.lane = l.id),
		o.id, o.opened, o.verdict, o.hits, o.decision, o.decided, o.step, e.id, e.opened, e.verdict, e.hits, e.decision, e.decided, e.step
		FROM s_lane l
		LEFT JOIN s_inspection o ON o.lane = l.id AND o.state IN `+openStates+`
		LEFT JOIN s_inspection e ON e.id = (SELECT max(x.id) FROM s_inspection x WHERE x.lane = l.id AND x.state = 'decided')
		ORDER BY l.place`, midnight)
	if err != nil {
		return nil, &marz.Error{Op: "read lanes", Err: err}
	}
	if err := p.addSeats(lanes, now); err != nil {
		return nil, err
	}
	return lanes, p.addReaders(lanes)
}

// addSeats says who sits at each lane, and whether officers of another authority can join them.
func (p *Post) addSeats(lanes []web.Lane, now marz.Instant) error {
	type taken struct {
		lane marz.LaneID
		web.Seat
	}
	seats, err := collect(p.journal.State(), func(rows *sql.Rows) (t taken, err error) {
		err = rows.Scan(&t.lane, &t.Authority, &t.Officer, &t.Since)
		return t, err
	}, `SELECT lane, authority, officer, since FROM s_seat ORDER BY since, authority`)
	if err != nil {
		return &marz.Error{Op: "read lanes", Err: err}
	}
	register, joint := p.register.Load(), false
	for id := range p.bodies {
		_, ok := register.Joint(p.post.ID.Place(), id, now)
		joint = joint || ok
	}
	whole, _ := register.Holder(p.post.ID.Place(), "", now)
	for i := range lanes {
		l := &lanes[i]
		l.Joint = joint
		if h, ok := register.Holder(p.post.ID.Place(), l.ID, now); ok && h.Authority != whole.Authority {
			l.Under = h.Authority
		}
		for _, t := range seats {
			if t.lane == l.ID {
				l.Seats = append(l.Seats, t.Seat)
			}
		}
		if len(l.Seats) > 0 {
			l.Open, l.Officer, l.Since = true, l.Seats[0].Officer, l.Seats[0].Since
		}
	}
	return nil
}

// caseColumns are the nullable columns of an outer-joined inspection.
type caseColumns struct {
	id, opened, hits, decided, step sql.NullInt64
	verdict, decision               sql.NullString
}

func (c *caseColumns) dest() []any {
	return []any{&c.id, &c.opened, &c.verdict, &c.hits, &c.decision, &c.decided, &c.step}
}

func (c *caseColumns) lane() *web.LaneCase {
	if !c.id.Valid {
		return nil
	}
	return &web.LaneCase{ID: inspectionID(c.id.Int64), Opened: marz.Instant(c.opened.Int64), Verdict: marz.Verdict(c.verdict.String), Hits: int(c.hits.Int64),
		Decision: marz.Decision(c.decision.String), Decided: marz.Instant(c.decided.Int64), Step: marz.Seq(c.step.Int64)}
}

// endedWords says why a session has ended, under a heading that says that it has.
func endedWords(err error) string {
	if e, ok := errors.AsType[*marz.Error](err); ok && e.Code == marz.Unauthenticated {
		return strings.TrimPrefix(e.Fix, sessionEnded)
	}
	return err.Error()
}

// Live returns all that changes by itself on an officer's pages.
func (p *Post) Live(ctx context.Context, actor Actor) (web.Live, error) {
	now := p.now()
	c, head := p.control.Load(), p.journal.Head()
	l := web.Live{Now: now, Controller: c.authority, Article: c.article, Next: p.nextPassing(now), HeadSize: head.Size, HeadRoot: base64.StdEncoding.EncodeToString(head.Root[:])}
	if err := p.may(actor, marz.ActReadJournal); err != nil {
		if marz.CodeOf(err) == marz.Internal {
			return l, err
		}
		l.Ended, l.Relieved = endedWords(err), p.relievedPage(actor.session)
		return l, nil
	}
	l.Behind = p.mirrorWords(ctx)
	var err error
	if l.Lanes, err = p.Lanes(ctx, now); err != nil {
		return l, err
	}
	l.HQs = p.HQStates(now)
	if l.Lists, err = p.ListStates(ctx); err != nil || !p.supervises(actor) {
		return l, err
	}
	if l.Clearances, err = p.clearancesStamp(actor.Officer.Authority()); err != nil {
		return l, err
	}
	l.Late, l.LateMore, err = p.lateHits(p.journal.State(), actor.Officer.Authority(), now)
	return l, err
}

// supervises reports whether an article lets the actor supervise the post or a lane of it now.
func (p *Post) supervises(actor Actor) bool {
	return actor.Role == marz.RoleSupervisor && (p.mayDo(actor, marz.ActSupervise, "") || slices.ContainsFunc(p.post.Lanes, func(l marz.Lane) bool { return p.mayDo(actor, marz.ActSupervise, l.ID) }))
}
