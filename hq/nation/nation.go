// Package nation is the index over the journals that a headquarters mirrors: what happens at all posts, and what is asked of it.
//
// It owns tables that are folded from the entries and payloads of a mirror.Store, each exactly once, by any number of HQ nodes at once over one database (SQLite or PostgreSQL). Only what the mirror has
// cosigned is folded. All of it can be dropped and folded anew (Rebuild) with the same result, as far as payloads are still held.
//
// It promises: a name or a document's number stands in no table, people are keyed digests; what came from a payload goes with it, in the transaction that folds its erasure; nobody is searched for without an
// entry in the headquarters' journal that says that very question (Search). It knows nothing of HTTP and reads no clock: instants come in with the questions.
//
// Entries are read by docs/spec/entries.md. What the tables hold, and the file of stays that is made of them for the posts, is in DESIGN.md beside this file and in docs/spec/stays-file.md.
package nation

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"marz"
	"marz/inspection/stays"
	"marz/mirror"
)

// KeySize is the length of the key of the index.
const KeySize = 32

// Options are what an index is made of.
type Options struct {
	Store   mirror.Store   // the mirrored journals, and the headquarters' own
	DB      *sql.DB        // of OpenSQLite, or of PostgreSQL through pgx's database/sql adapter; the index closes neither
	Dialect Dialect        //
	Key     []byte         // KeySize random bytes, under which people and documents are digests in the index. They stay at the headquarters
	Stays   stays.Key      // under which people are digests in files of stays; zero: none are made
	Zone    *time.Location // whose days are counted, and in whose days a stay is
	HQ      marz.Origin    // of the headquarters' own journal, in which searches are entries
}

// Index answers questions about all posts. Its methods may be called from any goroutine.
type Index struct {
	Options
	batch int64 // how many entries are folded in one transaction, and as many payloads

	mu       sync.Mutex
	register map[marz.Origin]*registerOf // what follows from the register of each post, kept until it learns more
}

// Open returns the index in a database, whose tables are made where there are none. Tables of an older version are dropped, to be folded anew. It is a Conflict where they were made by a newer version of Marz, or under other keys or for
// another zone; of the latter the index is returned all the same, so that it can be rebuilt.
func Open(ctx context.Context, o Options) (*Index, error) {
	if len(o.Key) != KeySize || o.Zone == nil || o.Store == nil || o.DB == nil || o.Dialect.Rows == 0 {
		return nil, &marz.Error{Op: "open index", Fix: fmt.Sprintf("it needs a store, a database with its dialect, a zone, and a key of %d bytes", KeySize)}
	}
	x := &Index{Options: o, batch: batchEntries, register: map[marz.Origin]*registerOf{}}
	made, err := x.made(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case made.version > schemaVersion:
		return nil, &marz.Error{Code: marz.Conflict, Op: "open index", Subject: fmt.Sprintf("of version %d", made.version), Fix: fmt.Sprintf("this marz knows version %d: run the newer one at all nodes of the headquarters", schemaVersion)}
	case made.version < schemaVersion:
		return x, x.Rebuild(ctx)
	case made.under != x.under():
		return x, &marz.Error{Code: marz.Conflict, Op: "open index", Fix: "it was made under other keys or for another time zone: give those, or have the index rebuilt"}
	}
	return x, nil
}

// made is what the tables were made for.
type made struct {
	version int64
	under   string
}

// under names keys and zone, and does not give them away.
func (x *Index) under() string {
	h := sha256.New()
	h.Write([]byte("marz/nation/v1\n"))
	h.Write(x.Key)
	h.Write(x.Stays[:])
	h.Write([]byte(x.Zone.String()))
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// made reads what the tables were made for; zero: there are none.
func (x *Index) made(ctx context.Context) (m made, err error) {
	if _, err := x.DB.ExecContext(ctx, metaTable); err != nil { // two nodes that begin at once can be in each other's way
		if _, err = x.DB.ExecContext(ctx, metaTable); err != nil {
			return m, x.failed("open index", err)
		}
	}
	err = x.DB.QueryRowContext(ctx, `SELECT version, under FROM n_meta`).Scan(&m.version, &m.under)
	if errors.Is(err, sql.ErrNoRows) {
		return m, nil
	}
	return m, x.failed("open index", err)
}

// Rebuild drops all tables and makes them anew, empty, under this index's keys: Fold then fills them. Whoever folds meanwhile begins anew.
func (x *Index) Rebuild(ctx context.Context) error {
	return x.failed("rebuild index", x.inTx(ctx, func(tx *sql.Tx) error {
		// The row is held until the end, so that of two nodes one does it after the other.
		if _, err := tx.ExecContext(ctx, x.sql(`INSERT INTO n_meta (one, version, under) VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET version = excluded.version, under = excluded.under`), schemaVersion, x.under()); err != nil {
			return err
		}
		for _, t := range tables {
			if _, err := tx.ExecContext(ctx, `DROP TABLE IF EXISTS `+t); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, schema)
		return err
	}))
}

// inTx runs do in a transaction that writes.
func (x *Index) inTx(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := x.DB.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback() // the error before it says more
		return err
	}
	return tx.Commit()
}

// failed makes an error of the database one of the project's.
func (x *Index) failed(op string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if _, ok := errors.AsType[*marz.Error](err); ok {
		return err
	}
	return &marz.Error{Code: marz.Unavailable, Op: op, Fix: "the index's database does not answer: look at it. Nothing is lost; what was not folded is folded later", Err: err}
}
