package mirror

import (
	"context"

	"marz"
)

// Append implements Store.
func (s *SQLite) Append(ctx context.Context, origin marz.Origin, a Append) error {
	if err := a.Check(origin); err != nil {
		return err
	}
	return s.update(ctx, func(w *sqliteWriter) error {
		_, st, err := w.of(origin)
		if err != nil {
			return err
		}
		if n := a.Old; st != (State{n, n, n, n, n}) {
			return conflict("append to journal", origin, "it was to follow %d entries, and there are %d", a.Old, st.Next)
		}
		id, _, err := w.known(origin)
		if err != nil {
			return err
		}
		return w.append(id, a)
	})
}

func (w *sqliteWriter) append(id int64, a Append) error {
	if _, err := w.addRows(id, a.Old, a.Rows); err != nil {
		return err
	}
	if _, err := w.addPayloads(id, a.Payloads); err != nil {
		return err
	}
	if err := w.erase(id, a.Erase); err != nil {
		return err
	}
	if err := w.set(`INSERT INTO head (id, note) VALUES (?, ?)`, id<<seqBits|a.Head.Size, a.Head.Note); err != nil {
		return err
	}
	if err := w.set(`DELETE FROM pending WHERE id BETWEEN ? AND ?`, id<<seqBits, id<<seqBits|maxSeq); err != nil {
		return err
	}
	if err := w.set(`INSERT INTO pending (id, note) VALUES (?, ?)`, id<<seqBits|a.Head.Size, a.Head.Note); err != nil {
		return err
	}
	return w.set(`UPDATE origin SET pending = ?1, next = ?1, size = ?1, heads = ?1, payloads = ?1, cosigned = ?2 WHERE id = ?3`, a.Head.Size, a.Head.Note, id)
}
