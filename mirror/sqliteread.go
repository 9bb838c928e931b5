package mirror

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"marz"
)

// callbackError is what a caller's own function returned. It is the caller's, and says nothing of the disk.
type callbackError struct{ error }

func (s *SQLite) readError(origin marz.Origin, err error) error {
	if own, ok := errors.AsType[callbackError](err); ok {
		return own.error
	}
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &marz.Error{Code: marz.Unavailable, Op: "read mirror of", Subject: string(origin), Fix: explain(err), Err: err}
}

func callback(err error) error {
	if err == nil {
		return nil
	}
	return callbackError{err}
}

func absent(origin marz.Origin, what string) error {
	return &marz.Error{Code: marz.NotFound, Op: "read mirror of", Subject: string(origin), Fix: what + " is not held"}
}

// Origins implements Store.
func (s *SQLite) Origins(ctx context.Context) ([]marz.Origin, error) {
	var out []marz.Origin
	err := s.each(ctx, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		out = append(out, marz.Origin(name))
		return err
	}, `SELECT name FROM origin ORDER BY name`)
	return out, s.readError("", err)
}

// State implements Store.
func (s *SQLite) State(ctx context.Context, origin marz.Origin) (State, error) {
	_, st, err := s.of(ctx, origin)
	return st, err
}

func (s *SQLite) of(ctx context.Context, origin marz.Origin) (int64, State, error) {
	id, st, err := scanState(s.readers.QueryRowContext(ctx, stateQuery, origin))
	return id, st, s.readError(origin, err)
}

// Pending implements Store.
func (s *SQLite) Pending(ctx context.Context, origin marz.Origin, size int64) ([]byte, error) {
	id, _, err := s.of(ctx, origin)
	if err != nil {
		return nil, err
	}
	var msg []byte
	err = s.readers.QueryRowContext(ctx, `SELECT note FROM pending WHERE id = ?`, id<<seqBits|size).Scan(&msg)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, absent(origin, fmt.Sprintf("a pending head of size %d", size))
	}
	return msg, s.readError(origin, err)
}

// Head implements Store.
func (s *SQLite) Head(ctx context.Context, origin marz.Origin) ([]byte, error) {
	var msg []byte
	err := s.readers.QueryRowContext(ctx, `SELECT cosigned FROM origin WHERE name = ? AND cosigned IS NOT NULL`, origin).Scan(&msg)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, absent(origin, "a head")
	}
	return msg, s.readError(origin, err)
}

// each runs a query and gives its rows one by one.
func (s *SQLite) each(ctx context.Context, do func(*sql.Rows) error, query string, args ...any) (err error) {
	rows, err := s.readers.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// span is what ids of an origin with seqs in [from, to) lie between.
func span(id, from, to int64) (int64, int64) {
	return id<<seqBits | min(max(from, 0), maxSeq), id<<seqBits | min(max(to, 0), maxSeq)
}

// Entries implements Store.
func (s *SQLite) Entries(ctx context.Context, origin marz.Origin, from, to int64, do func(Row) error) error {
	id, _, err := s.of(ctx, origin)
	if err != nil {
		return err
	}
	low, high := span(id, from, to)
	return s.readError(origin, s.each(ctx, func(rows *sql.Rows) error {
		var n int64
		var body, hashes sql.RawBytes
		if err := rows.Scan(&n, &body, &hashes); err != nil {
			return err
		}
		return callback(do(Row{n & maxSeq, body, hashes}))
	}, `SELECT id, body, hashes FROM entry WHERE id >= ? AND id < ? ORDER BY id`, low, high))
}

// Bodies implements Store.
func (s *SQLite) Bodies(ctx context.Context, origin marz.Origin, seqs []int64) ([][]byte, error) {
	return s.some(ctx, origin, "body", seqs)
}

// Hashes implements Store.
func (s *SQLite) Hashes(ctx context.Context, origin marz.Origin, seqs []int64) ([][]byte, error) {
	return s.some(ctx, origin, "hashes", seqs)
}

// some reads a column of some entries.
func (s *SQLite) some(ctx context.Context, origin marz.Origin, column string, seqs []int64) ([][]byte, error) {
	id, _, err := s.of(ctx, origin)
	if err != nil {
		return nil, err
	}
	found := make(map[int64][]byte, len(seqs))
	for chunk := range slices.Chunk(slices.Compact(slices.Sorted(slices.Values(seqs))), 256) {
		args := make([]any, len(chunk))
		for i, seq := range chunk {
			args[i] = id<<seqBits | seq
		}
		err := s.each(ctx, func(rows *sql.Rows) error {
			var n int64
			var value []byte
			err := rows.Scan(&n, &value)
			found[n&maxSeq] = value
			return err
		}, `SELECT id, `+column+` FROM entry WHERE id IN (?`+strings.Repeat(`, ?`, len(chunk)-1)+`)`, args...)
		if err != nil {
			return nil, s.readError(origin, err)
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

// Heads implements Store.
func (s *SQLite) Heads(ctx context.Context, origin marz.Origin, after int64, limit int, do func(HeadRow) error) error {
	id, _, err := s.of(ctx, origin)
	if err != nil {
		return err
	}
	low, high := span(id, after, maxSeq)
	return s.readError(origin, s.each(ctx, func(rows *sql.Rows) error {
		var n int64
		var msg sql.RawBytes
		if err := rows.Scan(&n, &msg); err != nil {
			return err
		}
		return callback(do(HeadRow{n & maxSeq, msg}))
	}, `SELECT id, note FROM head WHERE id > ? AND id <= ? ORDER BY id LIMIT ?`, low, high, limit))
}

// Payloads implements Store.
func (s *SQLite) Payloads(ctx context.Context, origin marz.Origin, from, to int64, do func(PayloadRow) error) error {
	id, _, err := s.of(ctx, origin)
	if err != nil {
		return err
	}
	low, high := span(id, from, to)
	return s.readError(origin, s.each(ctx, func(rows *sql.Rows) error {
		var n int64
		var salt, body sql.RawBytes
		if err := rows.Scan(&n, &salt, &body); err != nil {
			return err
		}
		return callback(do(PayloadRow{n & maxSeq, salt, body}))
	}, `SELECT id, salt, body FROM payload WHERE id >= ? AND id < ? ORDER BY id`, low, high))
}

// Evidence implements Store.
func (s *SQLite) Evidence(ctx context.Context, origin marz.Origin, kind string) ([][]byte, error) {
	id, _, err := s.of(ctx, origin)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	err = s.each(ctx, func(rows *sql.Rows) error {
		var doc []byte
		err := rows.Scan(&doc)
		out = append(out, doc)
		return err
	}, `SELECT doc FROM evidence WHERE origin = ? AND kind = ? ORDER BY n`, id, kind)
	return out, s.readError(origin, err)
}
