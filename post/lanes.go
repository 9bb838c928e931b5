package post

import (
	"context"
	"database/sql"
	"encoding/base64"
	"time"

	"marz"
	"marz/web"
)

// laneRow is a lane as the state has it.
type laneRow struct {
	id        marz.LaneID
	direction marz.Direction
	officer   marz.OfficerID // "" while the lane is closed
	open      int64          // the inspection that is open there, or -1
}

const laneQuery = `SELECT l.id, l.direction, coalesce(l.officer, ''),
	coalesce((SELECT i.id FROM s_inspection i WHERE i.lane = l.id AND i.state IN ('open', 'proposed')), -1) FROM s_lane l `

func scanLane(row interface{ Scan(...any) error }) (*laneRow, error) {
	var l laneRow
	err := row.Scan(&l.id, &l.direction, &l.officer, &l.open)
	return &l, err
}

func (p *Post) lane(q querier, id marz.LaneID) (*laneRow, error) {
	l, err := scanLane(q.QueryRow(laneQuery+`WHERE l.id = ?`, id))
	if absent(err) {
		return nil, &marz.Error{Code: marz.NotFound, Op: "lane", Subject: string(id), Fix: "this post has no such lane"}
	}
	return l, err
}

// laneOf returns the lane that the officer holds, or nil.
func laneOf(q querier, officer marz.OfficerID) (*laneRow, error) {
	l, err := scanLane(q.QueryRow(laneQuery+`WHERE l.officer = ?`, officer))
	if absent(err) {
		return nil, nil
	}
	return l, err
}

// heldBy reports whether the officer holds the lane, and if not what to do.
func (l *laneRow) heldBy(officer marz.OfficerID) error {
	switch l.officer {
	case officer:
		return nil
	case "":
		return &marz.Error{Code: marz.Conflict, Op: "lane", Subject: string(l.id), Fix: "the lane is closed; take it first"}
	}
	return &marz.Error{Code: marz.Conflict, Op: "lane", Subject: string(l.id), Fix: "the lane is held by " + string(l.officer)}
}

// OpenLane takes a lane for the officer. Taking the lane that he holds already changes nothing.
func (p *Post) OpenLane(ctx context.Context, actor Actor, id marz.LaneID) error {
	return p.act(ctx, actor, marz.ActInspect, func(a *act) error {
		l, err := p.lane(a, id)
		if err != nil || l.officer == actor.Officer {
			return err
		}
		if l.officer != "" {
			return &marz.Error{Code: marz.Conflict, Op: "take lane", Subject: string(id), Fix: "it is held by " + string(l.officer) + "; that officer or a supervisor can close it"}
		}
		held, err := laneOf(a, actor.Officer)
		if err != nil {
			return err
		}
		if held != nil {
			return &marz.Error{Code: marz.Conflict, Op: "take lane", Subject: string(id), Fix: "you hold lane " + string(held.id) + "; close that one first"}
		}
		_, err = a.append(KindLaneOpened, laneEntry{Lane: id, Direction: l.direction}, nil)
		return err
	})
}

// CloseLane gives a lane up. The officer who holds it may, and a supervisor of the post.
func (p *Post) CloseLane(ctx context.Context, actor Actor, id marz.LaneID) error {
	action := marz.ActInspect
	if actor.Role == marz.RoleSupervisor {
		action = marz.ActSupervise
	}
	return p.act(ctx, actor, action, func(a *act) error {
		l, err := p.lane(a, id)
		if err != nil || l.officer == "" {
			return err
		}
		if l.officer != actor.Officer && actor.Role != marz.RoleSupervisor {
			return l.heldBy(actor.Officer)
		}
		return a.closeLane(l, "")
	})
}

// closeLane frees the lane. Who holds it ends his case first; a supervisor may close it over a case, which the next officer finds open.
func (a *act) closeLane(l *laneRow, why string) error {
	if l.open >= 0 && l.officer == a.actor.Officer {
		return &marz.Error{Code: marz.Conflict, Op: "close lane", Subject: string(l.id), Fix: "an inspection is open there: decide or withdraw it first"}
	}
	_, err := a.append(KindLaneClosed, laneEntry{Lane: l.id, Direction: l.direction, Why: why}, nil)
	return err
}

// Lanes returns all lanes as they are now. It holds nothing about a person.
func (p *Post) Lanes(ctx context.Context, now marz.Instant) ([]web.Lane, error) {
	y, m, d := now.In(p.zone).Date()
	midnight := marz.InstantOf(time.Date(y, m, d, 0, 0, 0, 0, p.zone))
	lanes, err := collect(p.journal.State(), func(rows *sql.Rows) (l web.Lane, err error) {
		var since sql.NullInt64
		var open, last caseColumns
		err = rows.Scan(append(append([]any{&l.ID, &l.Direction, &l.Flow, &l.Officer, &since, &l.Count}, open.dest()...), last.dest()...)...)
		l.Open, l.Since = l.Officer != "", marz.Instant(since.Int64)
		l.Inspection, l.Last = open.lane(), last.lane()
		return l, err
	}, `SELECT l.id, l.direction, l.flow, coalesce(l.officer, ''), l.since,
		(SELECT count(*) FROM s_inspection c WHERE c.state = 'decided' AND c.decided >= ? AND c.lane = l.id),
		o.id, o.opened, o.verdict, o.hits, o.decision, o.decided, e.id, e.opened, e.verdict, e.hits, e.decision, e.decided
		FROM s_lane l
		LEFT JOIN s_inspection o ON o.lane = l.id AND o.state IN ('open', 'proposed')
		LEFT JOIN s_inspection e ON e.id = (SELECT max(x.id) FROM s_inspection x WHERE x.lane = l.id AND x.state = 'decided')
		ORDER BY l.place`, midnight)
	if err != nil {
		return nil, &marz.Error{Op: "read lanes", Err: err}
	}
	return lanes, nil
}

// caseColumns are the nullable columns of an outer-joined inspection.
type caseColumns struct {
	id, opened, hits, decided sql.NullInt64
	verdict, decision         sql.NullString
}

func (c *caseColumns) dest() []any {
	return []any{&c.id, &c.opened, &c.verdict, &c.hits, &c.decision, &c.decided}
}

func (c *caseColumns) lane() *web.LaneCase {
	if !c.id.Valid {
		return nil
	}
	return &web.LaneCase{ID: inspectionID(c.id.Int64), Opened: marz.Instant(c.opened.Int64), Verdict: marz.Verdict(c.verdict.String), Hits: int(c.hits.Int64),
		Decision: marz.Decision(c.decision.String), Decided: marz.Instant(c.decided.Int64)}
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
		l.Ended = err.Error()
		return l, nil
	}
	var err error
	if l.Lanes, err = p.Lanes(ctx, now); err != nil {
		return l, err
	}
	l.Lists, err = p.ListStates(ctx)
	return l, err
}
