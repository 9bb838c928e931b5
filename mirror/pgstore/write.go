package pgstore

import (
	"context"

	"github.com/jackc/pgx/v5"

	"marz"
	"marz/mirror"
)

// maxSeq is the largest number of an entry (docs/spec/mirror.md).
const maxSeq = 1<<40 - 1

// SetPending implements mirror.Store.
func (s *Store) SetPending(ctx context.Context, origin marz.Origin, old int64, head mirror.HeadRow) error {
	const op = "take in head"
	return s.write(ctx, op, origin, func(t *tx) error {
		if t.doubt && t.was.Pending == head.Size {
			if same, err := t.has(`SELECT 1 FROM mirror_pending WHERE origin = $1 AND size = $2 AND note = $3`, t.id, head.Size, head.Note); same || err != nil {
				return err
			}
		}
		if t.was.Pending != old || head.Size <= old || head.Size > maxSeq {
			return conflict(op, origin, "its size is %d and it continues one of size %d, while the newest has size %d", head.Size, old, t.was.Pending)
		}
		if err := t.known(); err != nil {
			return err
		}
		if err := t.exec(`INSERT INTO mirror_pending (origin, size, note) VALUES ($1, $2, $3) ON CONFLICT (origin, size) DO UPDATE SET note = excluded.note`, t.id, head.Size, head.Note); err != nil {
			return err
		}
		t.now.Pending = head.Size
		return t.exec(`DELETE FROM mirror_pending WHERE origin = $1 AND (size < $2 OR size NOT IN (SELECT size FROM mirror_pending WHERE origin = $1 ORDER BY size DESC LIMIT $3))`,
			t.id, t.was.Size, mirror.KeptPending)
	})
}

// has says whether a query finds anything.
func (t *tx) has(query string, args ...any) (bool, error) {
	rows, err := t.Query(t.ctx, query, args...)
	if err != nil {
		return false, err
	}
	found := rows.Next()
	rows.Close()
	return found, rows.Err()
}

func (t *tx) exec(query string, args ...any) error {
	_, err := t.Exec(t.ctx, query, args...)
	return err
}

// AddEntries implements mirror.Store. Erased payloads are in no answer from here on; the package says what the database's files keep of them.
func (s *Store) AddEntries(ctx context.Context, origin marz.Origin, rows []mirror.Row, erase []int64) (next int64, err error) {
	const op = "add entries"
	if len(rows) == 0 {
		st, err := s.State(ctx, origin)
		return st.Next, err
	}
	err = s.write(ctx, op, origin, func(t *tx) error {
		if rows[0].Seq > t.was.Next || rows[len(rows)-1].Seq >= maxSeq {
			return conflict(op, origin, "they begin with seq %d, and the next is %d", rows[0].Seq, t.was.Next)
		}
		if err := t.known(); err != nil {
			return err
		}
		if err := t.addRows(rows[min(t.was.Next-rows[0].Seq, int64(len(rows))):]); err != nil {
			return err
		}
		next = t.now.Next
		return t.erase(erase)
	})
	return next, err
}

// addRows adds entries that are not there yet.
func (t *tx) addRows(rows []mirror.Row) error {
	if len(rows) == 0 {
		return nil
	}
	t.now.Next = rows[len(rows)-1].Seq + 1
	return t.copy("mirror_entry", "origin, seq, body, hashes", entryRows(t.id, rows))
}

func (t *tx) erase(seqs []int64) error {
	if len(seqs) == 0 {
		return nil
	}
	err := t.exec(`INSERT INTO mirror_erased (origin, seq) SELECT $1::bigint, seq FROM unnest($2::bigint[]) AS seq ON CONFLICT (origin, seq) DO NOTHING`, t.id, seqs)
	if err != nil {
		return err
	}
	return t.exec(`DELETE FROM mirror_payload WHERE origin = $1 AND seq = ANY($2)`, t.id, seqs)
}

// SetHead implements mirror.Store.
func (s *Store) SetHead(ctx context.Context, origin marz.Origin, head mirror.HeadRow, cosigned []byte) error {
	const op = "cosign head"
	return s.write(ctx, op, origin, func(t *tx) error {
		if head.Size > t.was.Next || head.Size < t.was.Size || head.Size < 1 {
			return conflict(op, origin, "its size is %d, while the mirror's own is %d and it holds %d entries", head.Size, t.was.Size, t.was.Next)
		}
		t.now.Size, t.head = head.Size, cosigned
		return t.exec(`INSERT INTO mirror_head (origin, size, note) VALUES ($1, $2, $3) ON CONFLICT (origin, size) DO NOTHING`, t.id, head.Size, head.Note)
	})
}

// AddHeads implements mirror.Store.
func (s *Store) AddHeads(ctx context.Context, origin marz.Origin, after int64, heads []mirror.HeadRow) (mark int64, err error) {
	const op = "add heads"
	if len(heads) == 0 {
		st, err := s.State(ctx, origin)
		return st.Heads, err
	}
	err = s.write(ctx, op, origin, func(t *tx) error {
		first, last := heads[0].Size, heads[len(heads)-1].Size
		if after > t.was.Heads || last > t.was.Size {
			return conflict(op, origin, "they follow that of size %d up to %d, while those up to %d are there and the mirror's own has size %d", after, last, t.was.Heads, t.was.Size)
		}
		there, err := t.numbers(`SELECT size FROM mirror_head WHERE origin = $1 AND size BETWEEN $2 AND $3`, t.id, first, last)
		if err != nil {
			return err
		}
		mark = max(t.was.Heads, last)
		t.now.Heads = mark
		return t.addHeads(without(heads, there, func(h mirror.HeadRow) int64 { return h.Size }))
	})
	return mark, err
}

func (t *tx) addHeads(heads []mirror.HeadRow) error {
	if len(heads) == 0 {
		return nil
	}
	return t.copy("mirror_head", "origin, size, note", headRows(t.id, heads))
}

// without returns those of which the number is in no set.
func without[T any](all []T, set map[int64]bool, number func(T) int64) []T {
	if len(set) == 0 {
		return all
	}
	var out []T
	for _, v := range all {
		if !set[number(v)] {
			out = append(out, v)
		}
	}
	return out
}

// AddPayloads implements mirror.Store.
func (s *Store) AddPayloads(ctx context.Context, origin marz.Origin, from, to int64, payloads []mirror.PayloadRow) (mark int64, refused int, err error) {
	const op = "add payloads"
	err = s.write(ctx, op, origin, func(t *tx) (err error) {
		if from > t.was.Payloads || to > t.was.Size {
			return conflict(op, origin, "they are of seqs %d to %d, while those below %d are there and the mirror's own head has size %d", from, to, t.was.Payloads, t.was.Size)
		}
		mark = max(t.was.Payloads, to)
		t.now.Payloads = mark
		refused, err = t.addPayloads(payloads)
		return err
	})
	return mark, refused, err
}

// addPayloads adds those payloads that are neither there nor erased.
func (t *tx) addPayloads(payloads []mirror.PayloadRow) (refused int, err error) {
	if len(payloads) == 0 {
		return 0, nil
	}
	first, last := payloads[0].Seq, payloads[len(payloads)-1].Seq
	seq := func(p mirror.PayloadRow) int64 { return p.Seq }
	gone, err := t.numbers(`SELECT seq FROM mirror_erased WHERE origin = $1 AND seq BETWEEN $2 AND $3`, t.id, first, last)
	if err != nil {
		return 0, err
	}
	left := without(payloads, gone, seq)
	there, err := t.numbers(`SELECT seq FROM mirror_payload WHERE origin = $1 AND seq BETWEEN $2 AND $3`, t.id, first, last)
	if err != nil {
		return 0, err
	}
	refused = len(payloads) - len(left)
	if left = without(left, there, seq); len(left) == 0 {
		return refused, nil
	}
	return refused, t.copy("mirror_payload", "origin, seq, salt, body", payloadRows(t.id, left))
}

// Append implements mirror.Store.
func (s *Store) Append(ctx context.Context, origin marz.Origin, a mirror.Append) error {
	const op = "append to journal"
	if err := a.Check(origin); err != nil {
		return err
	}
	return s.write(ctx, op, origin, func(t *tx) error {
		if t.doubt && t.was.Size >= a.Head.Size { // who asks for the same size with other entries has another head
			if same, err := t.has(`SELECT 1 FROM mirror_head WHERE origin = $1 AND size = $2 AND note = $3`, t.id, a.Head.Size, a.Head.Note); same || err != nil {
				return err
			}
		}
		if n := a.Old; t.was != (mirror.State{Pending: n, Next: n, Size: n, Heads: n, Payloads: n}) {
			return conflict(op, origin, "it was to follow %d entries, and there are %d", a.Old, t.was.Next)
		}
		if err := t.known(); err != nil {
			return err
		}
		return t.append(a)
	})
}

func (t *tx) append(a mirror.Append) error {
	if err := t.addRows(a.Rows); err != nil {
		return err
	}
	if _, err := t.addPayloads(a.Payloads); err != nil {
		return err
	}
	if err := t.erase(a.Erase); err != nil {
		return err
	}
	n := a.Head.Size
	t.now, t.head = mirror.State{Pending: n, Next: n, Size: n, Heads: n, Payloads: n}, a.Head.Note
	b := &pgx.Batch{}
	b.Queue(`INSERT INTO mirror_head (origin, size, note) VALUES ($1, $2, $3)`, t.id, n, a.Head.Note)
	b.Queue(`DELETE FROM mirror_pending WHERE origin = $1`, t.id)
	b.Queue(`INSERT INTO mirror_pending (origin, size, note) VALUES ($1, $2, $3)`, t.id, n, a.Head.Note)
	return t.SendBatch(t.ctx, b).Close()
}

// AddEvidence implements mirror.Store.
func (s *Store) AddEvidence(ctx context.Context, origin marz.Origin, kind, id string, doc []byte) error {
	return s.write(ctx, "keep evidence", origin, func(t *tx) error {
		if err := t.known(); err != nil {
			return err
		}
		var kept, same int64
		err := t.QueryRow(t.ctx, `SELECT count(*), count(*) FILTER (WHERE id = $3) FROM mirror_evidence WHERE origin = $1 AND kind = $2`, t.id, kind, id).Scan(&kept, &same)
		if err != nil || kept >= mirror.KeptEvidence || same > 0 {
			return err
		}
		return t.exec(`INSERT INTO mirror_evidence (origin, kind, n, id, doc) VALUES ($1, $2, $3, $4, $5)`, t.id, kind, kept, id, doc)
	})
}
