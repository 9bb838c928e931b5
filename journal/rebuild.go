package journal

import (
	"context"
	"fmt"

	"marz"
)

// rebuild drops the state tables and folds all entries into new ones, in one transaction, before the journal accepts
// changes. It is how a newer marz takes a folder over, and what proves that the state is nothing but a fold.
func (j *Journal) rebuild(ctx context.Context) error {
	fail := func(err error) error {
		if err == nil {
			return nil
		}
		return &marz.Error{Op: "rebuild state", Subject: string(j.origin), Fix: "run marz verify; the entries are as they were", Err: err}
	}
	if err := j.begin(); err != nil {
		return fail(err)
	}
	err := j.refold(ctx)
	if err != nil {
		j.exec(`ROLLBACK`)
		return fail(err)
	}
	return fail(j.exec(`COMMIT`))
}

func (j *Journal) refold(ctx context.Context) error {
	if err := j.dropState(ctx); err != nil {
		return err
	}
	if _, err := j.w.conn.ExecContext(ctx, j.cfg.State.Schema()); err != nil {
		return err
	}
	fold := &Fold{j}
	const step = 1000
	for from := int64(0); from < j.w.tree.size; from += step {
		if err := j.foldRange(ctx, fold, from, from+step); err != nil {
			return err
		}
	}
	if err := j.exec(`DELETE FROM state_version`); err != nil {
		return err
	}
	return j.exec(`INSERT INTO state_version (version) VALUES (?)`, j.cfg.State.Version())
}

func (j *Journal) foldRange(ctx context.Context, fold *Fold, from, to int64) error {
	rows, err := j.readers.QueryContext(ctx, `SELECT e.body, p.body FROM entry e LEFT JOIN payload p ON p.seq = e.seq
		WHERE e.seq >= ? AND e.seq < ? ORDER BY e.seq`, from, to)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var body, payload []byte
		if err := rows.Scan(&body, &payload); err != nil {
			return err
		}
		e, err := ParseEntry(body)
		if err != nil {
			return err
		}
		if err := j.cfg.State.Apply(fold, e, payload); err != nil {
			return fmt.Errorf("seq %d: %w", e.Seq, err)
		}
	}
	return rows.Err()
}

func (j *Journal) dropState(ctx context.Context) error {
	rows, err := j.w.conn.QueryContext(ctx, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 's_*'`)
	if err != nil {
		return err
	}
	var names []string
	for rows.Next() {
		var n string
		if err := rows.Scan(&n); err != nil {
			rows.Close()
			return err
		}
		names = append(names, n)
	}
	if err := rows.Close(); err != nil {
		return err
	}
	for _, n := range names {
		if _, err := j.w.conn.ExecContext(ctx, `DROP TABLE "`+n+`"`); err != nil {
			return err
		}
	}
	return nil
}
