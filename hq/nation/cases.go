package nation

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"time"

	"marz"
	"marz/web"
)

// shown is an inspection as pages have it.
func shown(c *crossing, p *web.NationPost) web.NationCase {
	out := web.NationCase{ID: inspectionID(c.id), Lane: marz.LaneID(c.lane), Direction: directions[c.direction], Verdict: verdicts[c.verdict], Hits: int(c.hits), Reason: c.reason,
		Authority: marz.AuthorityID(c.authority), Nationality: c.nationality, At: marz.Instant(c.ended), Seq: marz.Seq(c.seq), Asylum: c.asylum}
	if c.decision != noDecision {
		out.Decision = decisions[c.decision]
	}
	if p != nil {
		out.Origin, out.Post = p.Origin, nameOf(p)
	}
	return out
}

func nameOf(p *web.NationPost) string {
	if p.Post.Name != "" {
		return p.Post.Name
	}
	return string(p.Origin)
}

// notPassed adds who was refused, referred and held in the time shown, the newest first. A referral is open until the same person was decided about again, at any post; of whom it is not known here, it stays open.
func (x *Index) notPassed(ctx context.Context, b *web.NationBody, posts map[int64]*web.NationPost) error {
	for _, q := range []struct {
		which string
		into  *[]web.NationCase
	}{{`decision IN (1, 2, 4) AND decision = 1`, &b.Refused}, {`decision IN (1, 2, 4) AND decision <> 1`, &b.Referred}} {
		var people []int64
		err := x.all(ctx, func(rows *sql.Rows) error {
			c, origin, err := scanCrossing(rows)
			*q.into = append(*q.into, shown(c, posts[origin]))
			people = append(people, c.person)
			return err
		}, `SELECT `+crossingColumns+` FROM n_crossing WHERE `+q.which+` AND ended >= ? ORDER BY ended DESC LIMIT `+strconv.Itoa(mostRows), int64(b.From))
		if err != nil {
			return err
		}
		if q.into == &b.Referred {
			if err := x.openReferrals(ctx, b.Referred, people); err != nil {
				return err
			}
		}
	}
	slices.SortStableFunc(b.Referred, func(a, b web.NationCase) int {
		switch {
		case a.Open && !b.Open:
			return -1
		case b.Open && !a.Open:
			return 1
		}
		return 0
	})
	return nil
}

func (x *Index) openReferrals(ctx context.Context, all []web.NationCase, people []int64) error {
	for i := range all {
		all[i].Open = true
		if people[i] == 0 {
			continue
		}
		var n int
		err := x.DB.QueryRowContext(ctx, x.sql(`SELECT count(*) FROM (SELECT 1 AS one FROM n_crossing WHERE person = ? AND ended > ? AND decision IN (0, 1, 3) LIMIT 1) AS later`), people[i], int64(all[i].At)).Scan(&n)
		if err != nil {
			return err
		}
		all[i].Open = n == 0
	}
	return nil
}

// lateHits adds those that nobody has answered for.
func (x *Index) lateHits(ctx context.Context, b *web.NationBody, posts map[int64]*web.NationPost) error {
	type at struct{ origin, id int64 }
	var of []at
	err := x.all(ctx, func(rows *sql.Rows) error {
		var l web.NationLate
		var a at
		err := rows.Scan(&a.origin, &l.Seq, &l.Since, &a.id, &l.List, &l.Owner, &l.Count)
		b.Late, of = append(b.Late, l), append(of, a)
		return err
	}, `SELECT origin, seq, at, inspection, list, owner, hits FROM n_late WHERE seen = 0 ORDER BY at DESC LIMIT `+strconv.Itoa(mostRows))
	for i := range b.Late {
		if err != nil {
			return err
		}
		b.Late[i].Origin = posts[of[i].origin].Origin
		err = x.all(ctx, func(rows *sql.Rows) error {
			c, origin, err := scanCrossing(rows)
			b.Late[i].NationCase = shown(c, posts[origin])
			return err
		}, `SELECT `+crossingColumns+` FROM n_crossing WHERE origin = ? AND id = ?`, of[i].origin, of[i].id)
	}
	return err
}

// DayQuestion is what the page of a post's day asks.
type DayQuestion struct {
	Now    marz.Instant
	Day    marz.Date    // zero: today
	Before marz.Instant // only what ended before; 0: all
}

const dayRows = 200

// Day returns what happened at one post on one day. It is NotFound when nothing is known of the post.
func (x *Index) Day(ctx context.Context, origin marz.Origin, q DayQuestion) (*web.PostDayBody, error) {
	posts := map[int64]*web.NationPost{}
	if err := x.posts(ctx, &web.NationBody{}, q.Now, posts); err != nil {
		return nil, x.failed("ask index", err)
	}
	var id int64
	var p *web.NationPost
	for n, each := range posts {
		if each.Origin == origin {
			id, p = n, each
		}
	}
	if p == nil {
		return nil, &marz.Error{Code: marz.NotFound, Op: "ask index", Subject: string(origin), Fix: "nothing has come from a post of this name"}
	}
	day := dayOf(q.Now, x.Zone)
	if q.Day.Full() {
		day = time.Date(q.Day.Year, time.Month(q.Day.Month), q.Day.Day, 0, 0, 0, 0, time.UTC).Unix() / 86400
	}
	b := &web.PostDayBody{Origin: origin, Post: p.Post, Day: x.dateOf(day), Earlier: x.dateOf(day - 1)}
	if day < dayOf(q.Now, x.Zone) {
		b.Later = x.dateOf(day + 1)
	}
	return b, x.failed("ask index", x.fillDay(ctx, b, id, p, day, q.Before))
}

func (x *Index) dateOf(day int64) string { return marz.DateOf(x.startOf(day).In(x.Zone)).String() }

func (x *Index) fillDay(ctx context.Context, b *web.PostDayBody, origin int64, p *web.NationPost, day int64, before marz.Instant) error {
	start, end := x.startOf(day), x.startOf(day+1)
	from, until := hourOf(start), hourOf(end-1)
	b.Times = x.times(byHour, from, until)
	by := map[marz.Decision]int{}
	err := x.timesOf(ctx, b.Times, from, func(d marz.Decision, n int) { by[d] += n }, `grain = ? AND slot BETWEEN ? AND ? AND origin = ?`, byHour, from, until, origin)
	if err != nil {
		return err
	}
	b.Decisions = decisionCounts(by)
	if before == 0 || before > end {
		before = end
	}
	return x.all(ctx, func(rows *sql.Rows) error {
		c, _, err := scanCrossing(rows)
		if len(b.Rows) == dayRows { // instants can be the same: the next page begins after the last one whole
			b.Before = (b.Rows[dayRows-1].At + 1).String()
			return err
		}
		b.Rows = append(b.Rows, shown(c, p))
		return err
	}, `SELECT `+crossingColumns+` FROM n_crossing WHERE origin = ? AND ended >= ? AND ended < ? ORDER BY ended DESC, id DESC LIMIT `+strconv.Itoa(dayRows+1), origin, int64(start), int64(before))
}
