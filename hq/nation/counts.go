package nation

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"marz"
	"marz/api"
)

// Counts says how many crossings were decided at some posts, by the hour: from begins one, and the last begins before until.
func (x *Index) Counts(ctx context.Context, from, until marz.Instant, of []marz.Origin) (out []api.NationCount, err error) {
	err = x.all(ctx, func(rows *sql.Rows) error {
		var c api.NationCount
		var hour, direction, decision int64
		if err := rows.Scan(&c.Origin, &hour, &direction, &decision, &c.Crossings); err != nil {
			return err
		}
		if slices.Contains(of, c.Origin) {
			c.Hour, c.Direction, c.Decision = marz.Instant(hour*int64(time.Hour/time.Millisecond)), directions[direction], decisions[decision]
			out = append(out, c)
		}
		return nil
	}, `SELECT o.name, c.slot, c.direction, c.decision, c.n FROM n_count c JOIN n_origin o ON o.id = c.origin WHERE c.grain = ? AND c.slot BETWEEN ? AND ? ORDER BY o.name, c.slot, c.direction, c.decision`,
		byHour, hourOf(from), hourOf(until-1))
	return out, x.failed("count crossings", err)
}
