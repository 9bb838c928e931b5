package nation

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"
)

// write folds a batch in one transaction. lost is that another node has folded from the same place already: nothing was written then.
func (x *Index) write(ctx context.Context, b *batch) (lost bool, err error) {
	err = x.inTx(ctx, func(tx *sql.Tx) error {
		// The row is changed before anything is read: who comes second waits here, and finds that the condition does not hold any more.
		r, err := tx.ExecContext(ctx, x.sql(`UPDATE n_origin SET next = ?, paid = ?, at = ? WHERE id = ? AND next = ? AND paid = ?`),
			b.after.next, b.after.paid, int64(b.after.at), b.before.origin, b.before.next, b.before.paid)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			lost = err == nil
			return err
		}
		if err := x.writeCrossings(ctx, tx, b); err != nil {
			return err
		}
		for _, w := range b.writes {
			if _, err := tx.ExecContext(ctx, x.sql(w.query), plain(w.args)...); err != nil {
				return err
			}
		}
		if b.odd > 0 {
			_, err = tx.ExecContext(ctx, x.sql(`UPDATE n_origin SET odd = odd + ? WHERE id = ?`), b.odd, b.before.origin)
		}
		return err
	})
	return lost, x.failed("fold journal", err)
}

// writeCrossings folds what happened to inspections: rows are read, changed in memory, and written with the difference that they make to the counters.
func (x *Index) writeCrossings(ctx context.Context, tx *sql.Tx, b *batch) error {
	rows, err := x.load(ctx, tx, b)
	if err != nil {
		return err
	}
	deltas := map[counter]int64{}
	for _, c := range rows {
		for _, k := range c.counters(x.Zone) {
			deltas[k]--
		}
	}
	b.fold(rows)
	changed := make([][]any, 0, len(rows))
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		for _, k := range rows[id].counters(x.Zone) {
			deltas[k]++
		}
		changed = append(changed, rows[id].values(b.before.origin))
	}
	if err := x.insert(ctx, tx, `INSERT INTO n_crossing (`+crossingColumns+`) VALUES `, ` ON CONFLICT (origin, id) DO UPDATE SET ended = excluded.ended, seq = excluded.seq, person = excluded.person, document = excluded.document,
		stay = excluded.stay, hits = excluded.hits, verdict = excluded.verdict, state = excluded.state, decision = excluded.decision, asylum = excluded.asylum, held = excluded.held, reason = excluded.reason,
		authority = excluded.authority, nationality = excluded.nationality`, changed); err != nil {
		return err
	}
	return x.writeCounters(ctx, tx, b.before.origin, deltas)
}

// fold makes the steps of the batch in the rows. An entry about an inspection that there is none of changes nothing.
func (b *batch) fold(rows map[int64]*crossing) {
	for _, s := range b.steps {
		if s.erase != nil {
			for _, seq := range s.erase {
				delete(b.payloads, seq)
				if c := rows[seq]; c != nil {
					c.erase()
				}
			}
			continue
		}
		c := rows[s.id]
		if s.id == int64(s.entry.Seq) {
			c = &crossing{}
			rows[s.id] = c
		}
		if c == nil || !caseKinds[s.entry.Kind](c, s.entry, &s.what) {
			b.odd++
		}
	}
	for seq, f := range b.payloads {
		if c := rows[seq]; c != nil {
			c.take(f)
		}
	}
}

// load reads the rows that the batch needs.
func (x *Index) load(ctx context.Context, tx *sql.Tx, b *batch) (map[int64]*crossing, error) {
	out := make(map[int64]*crossing, len(b.touched)+len(b.steps)/2)
	for chunk := range slices.Chunk(slices.Sorted(maps.Keys(b.touched)), 512) {
		args := []any{b.before.origin}
		for _, id := range chunk {
			args = append(args, id)
		}
		rows, err := tx.QueryContext(ctx, x.sql(`SELECT `+crossingColumns+` FROM n_crossing WHERE origin = ? AND id IN `+holes(len(chunk))), args...)
		if err != nil {
			return nil, err
		}
		err = each(rows, func() error {
			c, _, err := scanCrossing(rows)
			out[c.id] = c
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// each goes through rows and closes them.
func each(rows *sql.Rows, do func() error) error {
	defer rows.Close()
	for rows.Next() {
		if err := do(); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (x *Index) writeCounters(ctx context.Context, tx *sql.Tx, origin int64, deltas map[counter]int64) error {
	keys := slices.SortedFunc(maps.Keys(deltas), func(a, b counter) int {
		return cmp.Or(cmp.Compare(a.grain, b.grain), cmp.Compare(a.slot, b.slot), cmp.Compare(a.direction, b.direction), cmp.Compare(a.decision, b.decision), cmp.Compare(a.nationality, b.nationality))
	})
	var rows [][]any
	var fewer []counter
	for _, k := range keys {
		if n := deltas[k]; n != 0 {
			rows = append(rows, []any{k.grain, k.slot, origin, k.direction, k.decision, k.nationality, n})
		}
		if deltas[k] < 0 {
			fewer = append(fewer, k)
		}
	}
	if err := x.insert(ctx, tx, `INSERT INTO n_count (grain, slot, origin, direction, decision, nationality, n) VALUES `,
		` ON CONFLICT (grain, slot, origin, direction, decision, nationality) DO UPDATE SET n = n_count.n + excluded.n`, rows); err != nil {
		return err
	}
	for _, k := range fewer {
		_, err := tx.ExecContext(ctx, x.sql(`DELETE FROM n_count WHERE grain = ? AND slot = ? AND origin = ? AND direction = ? AND decision = ? AND nationality = ? AND n = 0`),
			k.grain, k.slot, origin, k.direction, k.decision, k.nationality)
		if err != nil {
			return err
		}
	}
	return nil
}

// insert writes rows with as many INSERTs as it takes. Their lengths are few, so that the database knows the statements.
func (x *Index) insert(ctx context.Context, tx *sql.Tx, before, after string, rows [][]any) error {
	for size := x.Dialect.Rows; len(rows) > 0; {
		for size > len(rows) {
			size /= 2
		}
		var args []any
		for _, r := range rows[:size] {
			args = append(args, r...)
		}
		hole := holes(len(rows[0]))
		if _, err := tx.ExecContext(ctx, x.sql(before+hole+strings.Repeat(", "+hole, size-1)+after), plain(args)...); err != nil {
			return err
		}
		rows = rows[size:]
	}
	return nil
}

// plain takes the byte 0 out of text, which PostgreSQL does not keep.
func plain(args []any) []any {
	for i, a := range args {
		if s, ok := a.(string); ok && strings.ContainsRune(s, 0) {
			args[i] = strings.ReplaceAll(s, "\x00", "\uFFFD")
		}
	}
	return args
}
