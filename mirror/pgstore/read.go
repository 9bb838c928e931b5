package pgstore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"marz"
	"marz/mirror"
)

// callbackError is what a caller's own function returned. It is the caller's, and says nothing of the database.
type callbackError struct{ error }

// each runs a query and gives its rows one by one. A connection that is lost before there was one is no reason to give up.
func (s *Store) each(ctx context.Context, origin marz.Origin, do func(pgx.Rows) error, query string, args ...any) error {
	for lost := 0; ; lost++ {
		given, err := s.rows(ctx, do, query, args...)
		switch own, ok := errors.AsType[callbackError](err); {
		case ok:
			return own.error
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return s.given(ctx)
		case given || lost == mostLost || !disconnected(err):
			return s.failed(ctx, "read mirror of", origin, err)
		}
		s.pool.Reset()
	}
}

func (s *Store) rows(ctx context.Context, do func(pgx.Rows) error, query string, args ...any) (given bool, err error) {
	rows, err := s.pool.Query(ctx, query, args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		given = true
		if err := do(rows); err != nil {
			return true, err
		}
	}
	return given, rows.Err()
}

func callback(err error) error {
	if err == nil {
		return nil
	}
	return callbackError{err}
}

// one reads a value that there is at most one of, or answers that what was asked for is not held.
func (s *Store) one(ctx context.Context, origin marz.Origin, what, query string, args ...any) (value []byte, err error) {
	found := false
	err = s.each(ctx, origin, func(rows pgx.Rows) error {
		found = true
		return rows.Scan(&value)
	}, query, args...)
	if err == nil && !found {
		return nil, absent(origin, what)
	}
	return value, err
}

func absent(origin marz.Origin, what string) error {
	return &marz.Error{Code: marz.NotFound, Op: "read mirror of", Subject: string(origin), Fix: what + " is not held"}
}

// Origins implements mirror.Store.
func (s *Store) Origins(ctx context.Context) ([]marz.Origin, error) {
	var out []marz.Origin
	err := s.each(ctx, "", func(rows pgx.Rows) error {
		var name string
		err := rows.Scan(&name)
		out = append(out, marz.Origin(name))
		return err
	}, `SELECT name FROM mirror_origin`)
	slices.Sort(out) // by bytes, whatever the database sorts by
	return out, err
}

// State implements mirror.Store.
func (s *Store) State(ctx context.Context, origin marz.Origin) (st mirror.State, err error) {
	err = s.each(ctx, origin, func(rows pgx.Rows) error {
		return rows.Scan(&st.Pending, &st.Next, &st.Size, &st.Heads, &st.Payloads)
	}, `SELECT pending, next, size, heads, payloads FROM mirror_origin WHERE origin = $1 AND name = $2`, number(origin), string(origin))
	return st, err
}

// Pending implements mirror.Store.
func (s *Store) Pending(ctx context.Context, origin marz.Origin, size int64) ([]byte, error) {
	return s.one(ctx, origin, fmt.Sprintf("a pending head of size %d", size), `SELECT note FROM mirror_pending WHERE origin = $1 AND size = $2`, number(origin), size)
}

// Head implements mirror.Store.
func (s *Store) Head(ctx context.Context, origin marz.Origin) ([]byte, error) {
	return s.one(ctx, origin, "a head", `SELECT cosigned FROM mirror_origin WHERE origin = $1 AND name = $2 AND cosigned IS NOT NULL`, number(origin), string(origin))
}

// Entries implements mirror.Store.
func (s *Store) Entries(ctx context.Context, origin marz.Origin, from, to int64, do func(mirror.Row) error) error {
	return s.each(ctx, origin, func(rows pgx.Rows) error {
		var r mirror.Row
		if err := rows.Scan(&r.Seq, (*pgtype.DriverBytes)(&r.Body), (*pgtype.DriverBytes)(&r.Hashes)); err != nil {
			return err
		}
		return callback(do(r))
	}, `SELECT seq, body, hashes FROM mirror_entry WHERE origin = $1 AND seq >= $2 AND seq < $3 ORDER BY seq`, number(origin), from, to)
}

// Bodies implements mirror.Store.
func (s *Store) Bodies(ctx context.Context, origin marz.Origin, seqs []int64) ([][]byte, error) {
	return s.some(ctx, origin, "body", seqs)
}

// Hashes implements mirror.Store.
func (s *Store) Hashes(ctx context.Context, origin marz.Origin, seqs []int64) ([][]byte, error) {
	return s.some(ctx, origin, "hashes", seqs)
}

// denseRun is how many seqs in a row are read as a range.
const denseRun = 16

// some reads a column of some entries: what lies in a row as a range, and the rest one by one. LATERAL and LIMIT have each of these looked up by its key, whatever the database thinks of the table's size.
func (s *Store) some(ctx context.Context, origin marz.Origin, column string, seqs []int64) ([][]byte, error) {
	found := make(map[int64][]byte, len(seqs))
	keep := func(rows pgx.Rows) error {
		var seq int64
		var value []byte
		err := rows.Scan(&seq, &value)
		found[seq] = value
		return err
	}
	runs, single := runsOf(slices.Compact(slices.Sorted(slices.Values(seqs))))
	for _, r := range runs {
		err := s.each(ctx, origin, keep, `SELECT seq, `+column+` FROM mirror_entry WHERE origin = $1 AND seq BETWEEN $2 AND $3`, number(origin), r[0], r[1])
		if err != nil {
			return nil, err
		}
	}
	if len(single) > 0 {
		err := s.each(ctx, origin, keep, `SELECT asked.seq, e.`+column+` FROM unnest($2::bigint[]) AS asked (seq)
			CROSS JOIN LATERAL (SELECT `+column+` FROM mirror_entry WHERE origin = $1 AND seq = asked.seq LIMIT 1) AS e`, number(origin), single)
		if err != nil {
			return nil, err
		}
	}
	out := make([][]byte, len(seqs))
	for i, seq := range seqs {
		value, ok := found[seq]
		if !ok {
			return nil, absent(origin, fmt.Sprintf("seq %d", seq))
		}
		out[i] = value
	}
	return out, nil
}

// runsOf tells seqs that lie in a row, as first and last of each run, from the others. They ascend.
func runsOf(seqs []int64) (runs [][2]int64, single []int64) {
	for len(seqs) > 0 {
		n := 1
		for n < len(seqs) && seqs[n] == seqs[n-1]+1 {
			n++
		}
		if n >= denseRun {
			runs = append(runs, [2]int64{seqs[0], seqs[n-1]})
		} else {
			single = append(single, seqs[:n]...)
		}
		seqs = seqs[n:]
	}
	return runs, single
}

// Heads implements mirror.Store.
func (s *Store) Heads(ctx context.Context, origin marz.Origin, after int64, limit int, do func(mirror.HeadRow) error) error {
	return s.each(ctx, origin, func(rows pgx.Rows) error {
		var h mirror.HeadRow
		if err := rows.Scan(&h.Size, (*pgtype.DriverBytes)(&h.Note)); err != nil {
			return err
		}
		return callback(do(h))
	}, `SELECT size, note FROM mirror_head WHERE origin = $1 AND size > $2 ORDER BY size LIMIT $3`, number(origin), after, limit)
}

// Payloads implements mirror.Store.
func (s *Store) Payloads(ctx context.Context, origin marz.Origin, from, to int64, do func(mirror.PayloadRow) error) error {
	return s.each(ctx, origin, func(rows pgx.Rows) error {
		var p mirror.PayloadRow
		if err := rows.Scan(&p.Seq, (*pgtype.DriverBytes)(&p.Salt), (*pgtype.DriverBytes)(&p.Body)); err != nil {
			return err
		}
		return callback(do(p))
	}, `SELECT seq, salt, body FROM mirror_payload WHERE origin = $1 AND seq >= $2 AND seq < $3 ORDER BY seq`, number(origin), from, to)
}

// Evidence implements mirror.Store.
func (s *Store) Evidence(ctx context.Context, origin marz.Origin, kind string) ([][]byte, error) {
	var out [][]byte
	err := s.each(ctx, origin, func(rows pgx.Rows) error {
		var doc []byte
		err := rows.Scan(&doc)
		out = append(out, doc)
		return err
	}, `SELECT doc FROM mirror_evidence WHERE origin = $1 AND kind = $2 ORDER BY n`, number(origin), kind)
	return out, err
}

var _ mirror.Store = (*Store)(nil)
