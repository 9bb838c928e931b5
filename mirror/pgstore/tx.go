package pgstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"marz"
	"marz/mirror"
)

// How often a call is made again.
const (
	// mostRepeated is for what the database gave up because of others, of whom one has come through each time; the wait for their locks is in the database.
	mostRepeated = 1000
	mostLost     = 3 // connections that were lost
)

// errOvertaken says that a row was made or changed by another, which the locks should have made impossible: begin again.
var errOvertaken = errors.New("another transaction came first")

// tx is one transaction of one origin. Its row is locked, so that nobody else writes anything of the origin until it ends.
type tx struct {
	pgx.Tx
	ctx    context.Context
	origin marz.Origin
	id     int64
	held   bool         // there is a row of the origin
	was    mirror.State // as the transaction found it
	now    mirror.State // as it leaves it
	head   []byte       // the mirror's own head with the cosignature, where it is another now
	doubt  bool         // the call was made before, and nobody knows whether it was committed
}

// write makes one call's transaction. do checks the state first: a *marz.Error that it returns is the call's own answer, and nothing is written. It can be run several times.
func (s *Store) write(ctx context.Context, op string, origin marz.Origin, do func(*tx) error) error {
	doubt, repeated, lost := false, 0, 0
	for {
		unsure, err := s.try(ctx, origin, doubt, do)
		doubt = doubt || unsure
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return s.given(ctx)
		case repeatable(err) && repeated < mostRepeated:
			repeated++
		case disconnected(err) && lost < mostLost:
			s.pool.Reset() // the other connections are to the same server
			lost++
		default:
			return s.failed(ctx, op, origin, err)
		}
	}
}

// try makes a transaction once. unsure says that its commit was asked for and not answered.
func (s *Store) try(ctx context.Context, origin marz.Origin, doubt bool, do func(*tx) error) (unsure bool, err error) {
	ptx, err := s.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: s.level})
	if err != nil {
		return false, err
	}
	defer ptx.Rollback(ctx) // of no effect after a commit
	t := &tx{Tx: ptx, ctx: ctx, origin: origin, id: number(origin), doubt: doubt}
	if err := t.lock(); err != nil {
		return false, err
	}
	if err := do(t); err != nil {
		return false, err
	}
	if !t.held { // there was nothing to do
		return false, nil
	}
	if err := t.leave(); err != nil {
		return false, err
	}
	err = ptx.Commit(ctx)
	return err != nil, err
}

// lock takes the origin's row, if there is one.
func (t *tx) lock() error {
	var name string
	err := t.QueryRow(t.ctx, `SELECT name, pending, next, size, heads, payloads FROM mirror_origin WHERE origin = $1 FOR UPDATE`, t.id).
		Scan(&name, &t.was.Pending, &t.was.Next, &t.was.Size, &t.was.Heads, &t.was.Payloads)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err == nil && name != string(t.origin) {
		return &marz.Error{Code: marz.Invalid, Op: "write mirror of", Subject: string(t.origin), Fix: "its number in this database is that of " + name + "; give it another name, or another database"}
	}
	t.held, t.now = true, t.was
	return err
}

// known makes the origin's row where there is none.
func (t *tx) known() error {
	if t.held {
		return nil
	}
	tag, err := t.Exec(t.ctx, `INSERT INTO mirror_origin (origin, name) VALUES ($1, $2) ON CONFLICT (origin) DO NOTHING`, t.id, string(t.origin))
	if err == nil && tag.RowsAffected() != 1 {
		return errOvertaken
	}
	t.held = err == nil
	return err
}

// leave writes the origin's row, also where nothing in it is another: so that the commit waits for whatever the transaction has seen to be where commits have to be.
func (t *tx) leave() error {
	n, w := t.now, t.was
	tag, err := t.Exec(t.ctx, `UPDATE mirror_origin SET pending = $2, next = $3, size = $4, heads = $5, payloads = $6, cosigned = coalesce($7, cosigned)
		WHERE origin = $1 AND pending = $8 AND next = $9 AND size = $10 AND heads = $11 AND payloads = $12`,
		t.id, n.Pending, n.Next, n.Size, n.Heads, n.Payloads, t.head, w.Pending, w.Next, w.Size, w.Heads, w.Payloads)
	if err == nil && tag.RowsAffected() != 1 {
		return errOvertaken
	}
	return err
}

// copy adds rows to a table by COPY.
func (t *tx) copy(table, columns string, rows io.Reader) error {
	_, err := t.Conn().PgConn().CopyFrom(t.ctx, rows, `COPY `+table+` (`+columns+`) FROM STDIN (FORMAT binary)`)
	return err
}

// numbers reads a column of numbers into a set.
func (t *tx) numbers(query string, args ...any) (map[int64]bool, error) {
	rows, err := t.Query(t.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	set := map[int64]bool{}
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&n}, func() error {
		set[n] = true
		return nil
	})
	return set, err
}

// repeatable says that the database gave a transaction up because of another: it can be made again at once.
func repeatable(err error) bool {
	if errors.Is(err, errOvertaken) {
		return true
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == "40001" || e.Code == "40P01" || // serialization_failure, deadlock_detected
		e.Code == "23505") // unique_violation: the lock was none, and the other's rows are there by now
}

// disconnected says that the fault was the connection's, or that its server is not the one to write to (any more).
func disconnected(err error) bool {
	if _, own := errors.AsType[*marz.Error](err); own || err == nil {
		return false
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return true // nothing that the server said
	}
	switch e.Code {
	case "57P01", "57P02", "57P03", // the server is stopping, has crashed, is starting
		"25006", // it is a standby (read_only_sql_transaction)
		"25P03": // the transaction was idle for too long
		return true
	}
	return strings.HasPrefix(e.Code, "08") // connection exceptions
}

// given is the answer to a call that was given up by who made it. The server may be one that says nothing any more, and another the one to go to by now: the next call has a new connection.
func (s *Store) given(ctx context.Context) error {
	s.pool.Reset()
	return ctx.Err()
}

// failed is the error for what a call could not do. Marz's own errors stay as they are.
func (s *Store) failed(ctx context.Context, op string, origin marz.Origin, err error) error {
	if _, own := errors.AsType[*marz.Error](err); own || err == nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	subject := s.name
	if origin != "" {
		subject = string(origin)
	}
	return &marz.Error{Code: marz.Unavailable, Op: op, Subject: subject, Fix: explain(err), Err: err}
}

// explain says what to do about an error of the database.
func explain(err error) string {
	e, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case !ok:
		return "the database does not answer: everything acknowledged is safe, and the rest is taken in when it is back; check that the server runs and is reached"
	case e.Code == "53100":
		return "the database's disk is full: everything acknowledged is safe; make room"
	case e.Code == "53300":
		return "the database takes no more connections; raise its max_connections, or lower pool_max_conns"
	case e.Code == "42501":
		return "the database's user may not do this; let it create tables in its schema, and read and write those that begin with mirror_"
	case e.Code == "25006":
		return "the server is a standby and takes nothing in; name the primary too, and say target_session_attrs=read-write"
	case strings.HasPrefix(e.Code, "28") || e.Code == "3D000":
		return "the database does not let this user in; check user, password and database in its address"
	case strings.HasPrefix(e.Code, "XX"):
		return "the database is damaged; stop it, and go on with a standby or a backup"
	}
	return "the database refused: everything acknowledged is safe; see its log"
}

func conflict(op string, origin marz.Origin, format string, args ...any) error {
	return &marz.Error{Code: marz.Conflict, Op: op, Subject: string(origin), Fix: fmt.Sprintf(format, args...)}
}
