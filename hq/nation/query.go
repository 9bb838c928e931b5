package nation

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"marz"
	"marz/web"
)

// Question is what the page of the nation asks.
type Question struct {
	Now  marz.Instant
	Days int // whose crossings are counted, today included; 1 at least
}

// How many days can be chosen, and up to how many are shown by the hour.
var dayChoices = []int{1, 2, 7, 30, 90, 365}

const (
	byHourDays = 3
	mostRows   = 50 // of refusals, referrals and late hits
)

// Nation returns what is known of all posts.
func (x *Index) Nation(ctx context.Context, q Question) (*web.NationBody, error) {
	b := &web.NationBody{Until: q.Now, Choices: dayChoices, Days: min(max(q.Days, 1), dayChoices[len(dayChoices)-1])}
	b.ByDay = b.Days > byHourDays
	today := dayOf(q.Now, x.Zone)
	b.From = x.startOf(today - int64(b.Days) + 1)
	names := map[int64]*web.NationPost{}
	for _, ask := range []func() error{
		func() error { return x.posts(ctx, b, q.Now, names) },
		func() error { return x.open(ctx, names) },
		func() error { return x.lists(ctx, names) },
		func() error { return x.counts(ctx, b, names) },
		func() error { return x.notPassed(ctx, b, names) },
		func() error { return x.lateHits(ctx, b, names) },
	} {
		if err := ask(); err != nil {
			return nil, x.failed("ask index", err)
		}
	}
	for _, p := range names {
		b.Posts = append(b.Posts, *p)
	}
	slices.SortFunc(b.Posts, func(a, b web.NationPost) int {
		return cmp.Or(cmp.Compare(a.Post.Name, b.Post.Name), cmp.Compare(a.Origin, b.Origin))
	})
	return b, nil
}

// startOf is the beginning of a calendar day.
func (x *Index) startOf(day int64) marz.Instant {
	y, m, d := time.Unix(day*86400, 0).UTC().Date()
	return marz.InstantOf(time.Date(y, m, d, 0, 0, 0, 0, x.Zone))
}

// all runs a query and gives its rows.
func (x *Index) all(ctx context.Context, do func(*sql.Rows) error, query string, args ...any) error {
	rows, err := x.DB.QueryContext(ctx, x.sql(query), args...)
	if err != nil {
		return err
	}
	return each(rows, func() error { return do(rows) })
}

// open adds who sits at the lanes, who is signed in, and what is open.
func (x *Index) open(ctx context.Context, posts map[int64]*web.NationPost) error {
	lane := func(origin int64, id string) *web.NationLane {
		p := posts[origin]
		if p == nil {
			return nil
		}
		i := slices.IndexFunc(p.Lanes, func(l web.NationLane) bool { return string(l.ID) == id })
		if i < 0 {
			return nil
		}
		return &p.Lanes[i]
	}
	err := x.all(ctx, func(rows *sql.Rows) error {
		var origin int64
		var id string
		var officer marz.OfficerID
		err := rows.Scan(&origin, &id, &officer)
		if l := lane(origin, id); l != nil {
			l.Officers = append(l.Officers, officer)
		}
		return err
	}, `SELECT origin, lane, officer FROM n_seat ORDER BY origin, lane, since`)
	if err != nil {
		return err
	}
	err = x.all(ctx, func(rows *sql.Rows) error {
		var origin int64
		var n web.NationOfficers
		err := rows.Scan(&origin, &n.Authority, &n.Count)
		if p := posts[origin]; p != nil {
			p.Officers = append(p.Officers, n)
		}
		return err
	}, `SELECT origin, authority, count(DISTINCT officer) FROM n_session GROUP BY origin, authority ORDER BY origin, authority`)
	if err != nil {
		return err
	}
	return x.all(ctx, func(rows *sql.Rows) error {
		c, origin, err := scanCrossing(rows)
		if err != nil || posts[origin] == nil {
			return err
		}
		p := posts[origin]
		if p.Open++; p.Oldest == 0 || marz.Instant(c.opened) < p.Oldest {
			p.Oldest = marz.Instant(c.opened)
		}
		if l := lane(origin, c.lane); l != nil {
			l.Case = &web.LaneCase{ID: inspectionID(c.id), Opened: marz.Instant(c.opened), Verdict: verdicts[c.verdict], Hits: int(c.hits)}
		}
		return nil
	}, `SELECT `+crossingColumns+` FROM n_crossing WHERE state < 3`)
}

func (x *Index) lists(ctx context.Context, posts map[int64]*web.NationPost) error {
	return x.all(ctx, func(rows *sql.Rows) error {
		var origin int64
		var l web.ListState
		err := rows.Scan(&origin, &l.ID, &l.Name, &l.Owner, &l.Version, &l.Loaded, &l.Alerts, &l.Refused)
		if p := posts[origin]; p != nil {
			p.Lists = append(p.Lists, l)
		}
		return err
	}, `SELECT origin, list, name, owner, version, loaded, alerts, refused FROM n_list ORDER BY origin, list`)
}

// counts adds what the counters say.
func (x *Index) counts(ctx context.Context, b *web.NationBody, posts map[int64]*web.NationPost) error {
	grain, from, until := x.slots(b)
	b.Times = x.times(grain, from, until)
	span := []any{grain, from, until}
	byDecision := map[marz.Decision]int{}
	if err := x.timesOf(ctx, b.Times, from, func(d marz.Decision, n int) { byDecision[d] += n }, `grain = ? AND slot BETWEEN ? AND ?`, span...); err != nil {
		return err
	}
	b.Decisions = decisionCounts(byDecision)
	if err := x.nationalities(ctx, b); err != nil {
		return err
	}
	return x.all(ctx, func(rows *sql.Rows) error {
		var origin, decision int64
		var n int
		err := rows.Scan(&origin, &decision, &n)
		if p := posts[origin]; p != nil {
			if p.Count += n; decisions[decision] == marz.Refuse {
				p.Refused += n
			}
		}
		return err
	}, `SELECT origin, decision, CAST(sum(n) AS BIGINT) FROM n_count WHERE grain = ? AND slot BETWEEN ? AND ? GROUP BY origin, decision`, span...)
}

// nationalities adds up whole months where it can, and days at the ends.
func (x *Index) nationalities(ctx context.Context, b *web.NationBody) error {
	first, last := dayOf(b.From, x.Zone), dayOf(b.Until, x.Zone)
	firstMonth, lastMonth := monthOf(first), monthOf(last+1)-1 // the whole ones between
	if firstOf(firstMonth) < first {
		firstMonth++
	}
	spans := [][3]int64{{nationsDay, first, last}}
	if firstMonth <= lastMonth {
		spans = [][3]int64{{nationsDay, first, firstOf(firstMonth) - 1}, {nationsMonth, firstMonth, lastMonth}, {nationsDay, firstOf(lastMonth + 1), last}}
	}
	by := map[string]int{}
	for _, s := range spans {
		err := x.all(ctx, func(rows *sql.Rows) error {
			var name string
			var n int
			err := rows.Scan(&name, &n)
			by[name] += n
			return err
		}, `SELECT nationality, CAST(sum(n) AS BIGINT) FROM n_count WHERE grain = ? AND slot BETWEEN ? AND ? GROUP BY nationality`, s[0], s[1], s[2])
		if err != nil {
			return err
		}
	}
	for name, n := range by {
		b.Nationalities = append(b.Nationalities, web.NationCount{Name: name, Count: n})
	}
	slices.SortFunc(b.Nationalities, func(a, b web.NationCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
	})
	return nil
}

// slots are the grain in which the time is shown, and its first and last slot.
func (x *Index) slots(b *web.NationBody) (grain, from, until int64) {
	if b.ByDay {
		return byDay, dayOf(b.From, x.Zone), dayOf(b.Until, x.Zone)
	}
	return byHour, hourOf(b.From), hourOf(b.Until)
}

// times are the slots, empty.
func (x *Index) times(grain, from, until int64) []web.NationTime {
	out := make([]web.NationTime, 0, until-from+1)
	for s := from; s <= until; s++ {
		at := marz.Instant(s * 3600e3)
		if grain == byDay {
			at = x.startOf(s)
		}
		out = append(out, web.NationTime{At: at})
	}
	return out
}

// timesOf fills the slots from counters that meet a condition, and gives each decision's count.
func (x *Index) timesOf(ctx context.Context, times []web.NationTime, from int64, count func(marz.Decision, int), where string, args ...any) error {
	return x.all(ctx, func(rows *sql.Rows) error {
		var slot, direction, decision int64
		var n int
		if err := rows.Scan(&slot, &direction, &decision, &n); err != nil {
			return err
		}
		t := &times[slot-from]
		if directions[direction] == marz.EntryDirection {
			t.Entries += n
		} else {
			t.Exits += n
		}
		if !decisions[decision].Passes() {
			t.Stopped += n
		}
		count(decisions[decision], n)
		return nil
	}, `SELECT slot, direction, decision, CAST(sum(n) AS BIGINT) FROM n_count WHERE `+where+` GROUP BY slot, direction, decision`, args...)
}

func decisionCounts(by map[marz.Decision]int) []web.NationCount {
	var out []web.NationCount
	for _, d := range decisions {
		out = append(out, web.NationCount{Name: string(d), Decision: d, Count: by[d]})
	}
	return out
}
