package pgstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"marz"
)

// schema is how the tables came to be, step by step. A step is never changed once it was released, and leaves the tables in a form that the marz of the step before can
// still work on: nodes are brought forward one after the other.
//
// origin is number(name). That the entry of a payload is there follows from payloads <= size <= next, and next from the rows that the same transactions added.
var schema = []string{`
CREATE TABLE mirror_version (version BIGINT PRIMARY KEY);
CREATE TABLE mirror_origin (
	origin   BIGINT PRIMARY KEY,
	name     TEXT NOT NULL,
	pending  BIGINT NOT NULL DEFAULT 0,
	next     BIGINT NOT NULL DEFAULT 0,
	size     BIGINT NOT NULL DEFAULT 0,
	heads    BIGINT NOT NULL DEFAULT 0,
	payloads BIGINT NOT NULL DEFAULT 0,
	cosigned BYTEA,
	CHECK (size <= next AND heads <= size AND payloads <= size)
);
CREATE TABLE mirror_entry   (origin BIGINT NOT NULL, seq BIGINT NOT NULL, body BYTEA NOT NULL, hashes BYTEA NOT NULL, PRIMARY KEY (origin, seq));
CREATE TABLE mirror_head    (origin BIGINT NOT NULL, size BIGINT NOT NULL, note BYTEA NOT NULL, PRIMARY KEY (origin, size));
CREATE TABLE mirror_payload (origin BIGINT NOT NULL, seq BIGINT NOT NULL, salt BYTEA NOT NULL CHECK (length(salt) = 32), body BYTEA NOT NULL, PRIMARY KEY (origin, seq));
CREATE TABLE mirror_erased  (origin BIGINT NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (origin, seq));
CREATE TABLE mirror_pending (origin BIGINT NOT NULL, size BIGINT NOT NULL, note BYTEA NOT NULL, PRIMARY KEY (origin, size));
CREATE TABLE mirror_evidence (
	origin BIGINT NOT NULL,
	kind   TEXT NOT NULL,
	n      BIGINT NOT NULL,
	id     TEXT NOT NULL,
	doc    BYTEA NOT NULL,
	PRIMARY KEY (origin, kind, n),
	UNIQUE (origin, kind, id)
);
`}

// migrate makes the steps that were not made yet, each in a transaction of its own that begins with nobody's leave: of several nodes that make one at once one comes through, and the
// others find it made.
func (s *Store) migrate(ctx context.Context, steps []string) error {
	const op = "open mirror"
	var err error
	for range 20 * len(steps) {
		var at int
		if at, err = s.version(ctx); err == nil && at == len(steps) {
			return nil
		}
		if at > len(steps) {
			return &marz.Error{Code: marz.Invalid, Op: op, Subject: s.name,
				Fix: fmt.Sprintf("its tables have format %d and this marz writes format %d; use a marz that knows it", at, len(steps))}
		}
		if err == nil {
			err = s.step(ctx, steps[at], at+1)
		}
		if err != nil && !overtaken(err) {
			return s.failed(ctx, op, "", err)
		}
	}
	return s.failed(ctx, op, "", err)
}

// overtaken says that another made the same tables at the same time.
func overtaken(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	// duplicate_table, duplicate_object; or what repeatable knows, on the catalogue's own tables
	return ok && (e.Code == "42P07" || e.Code == "42710") || repeatable(err)
}

// version returns how many steps were made.
func (s *Store) version(ctx context.Context) (int, error) {
	var v int
	err := s.pool.QueryRow(ctx, `SELECT coalesce(max(version), 0) FROM mirror_version`).Scan(&v)
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == "42P01" { // there is no such table
		return 0, nil
	}
	return v, err
}

func (s *Store) step(ctx context.Context, ddl string, version int) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, ddl, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO mirror_version (version) VALUES ($1)`, version)
		return err
	})
}
