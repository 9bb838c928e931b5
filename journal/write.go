package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"marz"
)

// maxBatch bounds how many changes share a commit, and so how long one of them waits.
const maxBatch = 256

// call is one change on its way through the writing goroutine.
type call struct {
	change func(*Tx) error
	result chan error
	err    error // set by the writing goroutine before the commit
}

// writerState is what the writing goroutine alone touches.
type writerState struct {
	tree    Frontier
	at      marz.Instant
	conn    *sql.Conn
	stmts   map[string]*sql.Stmt
	pending []*record // appended in this batch and not yet in the database
	sealed  []Head    // heads within this batch (Tx.Seal)
	erased  bool      // this batch erases payloads
	scrub   bool      // erased payloads may still stand in the write-ahead log
	logged  int       // bytes written to the log since it was last moved, roughly
}

// Tx is a change's view of the journal while it runs, inside the writing goroutine. It must not outlive the change.
type Tx struct {
	j     *Journal
	now   marz.Instant
	late  bool
	seals []Frontier // over each of which a head is to be signed
	saved bool       // a savepoint stands before the first thing that this change wrote
	err   error      // of an Append that failed half way: the change cannot succeed any more
}

// Now is the instant that the change's entries bear. It never runs backwards within a journal.
func (t *Tx) Now() marz.Instant { return t.now }

// ClockBehind reports that the clock is earlier than the journal's last entry, so that Now is that entry's instant and the
// clock is in doubt.
func (t *Tx) ClockBehind() bool { return t.late }

// Seal has a head signed over exactly the entries up to the last one that this change has appended so far, beside the one over its whole commit. It is for an
// entry with which somebody's copy of the journal ends.
func (t *Tx) Seal() { t.seals = append(t.seals, t.j.w.tree) }

// Next is the seq that the next entry will have.
func (t *Tx) Next() marz.Seq { return marz.Seq(t.j.w.tree.size) }

// Update runs a change and commits what it appended. It returns nil only after the commit. An error of the change undoes
// that change alone. ctx bounds the wait for a place in the queue: once the change has begun its outcome is awaited.
func (j *Journal) Update(ctx context.Context, change func(*Tx) error) error {
	c := &call{change: change, result: make(chan error, 1)}
	select {
	case <-j.failed:
		return j.unavailable()
	case <-j.stop:
		return &marz.Error{Code: marz.Unavailable, Op: "append", Subject: string(j.origin), Fix: "the node is stopping"}
	case <-ctx.Done():
		return ctx.Err()
	case j.queue <- c:
	}
	select {
	case err := <-c.result:
		return err
	case <-j.done:
		select {
		case err := <-c.result:
			return err
		default:
			return &marz.Error{Code: marz.Unavailable, Op: "append", Subject: string(j.origin), Fix: "the node stopped before this was done"}
		}
	}
}

// Failed is closed at the first I/O error, after which nothing is written any more; Failure then says why.
func (j *Journal) Failed() <-chan struct{} { return j.failed }

// Failure returns why the journal stopped, or nil while it has not.
func (j *Journal) Failure() error {
	select {
	case <-j.failed:
		return j.failure
	default:
		return nil
	}
}

func (j *Journal) unavailable() error {
	return &marz.Error{Code: marz.Unavailable, Op: "append", Subject: string(j.origin), Fix: "the node has stopped", Err: j.failure}
}

// write is the writing goroutine: it takes what waits, commits it together, and answers.
func (j *Journal) write() {
	defer close(j.done)
	for {
		select {
		case c := <-j.queue:
			j.commit(j.gather(c))
		case <-j.stop:
			for len(j.queue) > 0 {
				j.commit(j.gather(<-j.queue))
			}
			return
		}
	}
}

func (j *Journal) gather(first *call) []*call {
	batch := []*call{first}
	for len(batch) < maxBatch {
		select {
		case c := <-j.queue:
			batch = append(batch, c)
		default:
			return batch
		}
	}
	return batch
}

// commit runs a batch of changes in one transaction and answers each. Any error that is not a change's own is the end.
func (j *Journal) commit(batch []*call) {
	if j.Failure() != nil {
		answer(batch, j.unavailable())
		return
	}
	head, err := j.transact(batch)
	if err != nil {
		j.failure = &marz.Error{Code: marz.Unavailable, Op: "write journal", Subject: string(j.origin), Fix: explain(err), Err: err}
		close(j.failed)
		answer(batch, j.unavailable())
		return
	}
	var late error
	if head != nil {
		j.head.Store(head)
		j.at.Store(int64(j.w.at))
		j.tell()
		late = j.headFile.write(head.Note)
		if late == nil {
			late = j.moveLog()
		}
	}
	answer(batch, nil)
	if late != nil { // what was answered is committed; nothing more will be
		j.failure = &marz.Error{Code: marz.Unavailable, Op: "write journal", Subject: string(j.origin), Fix: explain(late), Err: late}
		close(j.failed)
	}
}

func answer(batch []*call, err error) {
	for _, c := range batch {
		if err != nil {
			c.err = err
		}
		c.result <- c.err
	}
}

// transact runs the changes, writes their entries and the head over them, and commits. It returns nil without a
// head when no change appended anything.
func (j *Journal) transact(batch []*call) (*Head, error) {
	w := &j.w
	w.erased, w.sealed = false, w.sealed[:0]
	if err := j.begin(); err != nil {
		return nil, err
	}
	before := w.tree.size
	for _, c := range batch {
		if err := j.run(c); err != nil {
			return nil, err
		}
	}
	if w.tree.size == before {
		return nil, j.exec(`ROLLBACK`)
	}
	if err := j.flush(); err != nil {
		return nil, err
	}
	if err := j.seal(&w.tree); err != nil { // unless the last change did
		return nil, err
	}
	for _, h := range w.sealed {
		if err := j.exec(`INSERT INTO head (size, note) VALUES (?, ?)`, h.Size, h.Note); err != nil {
			return nil, err
		}
	}
	head := w.sealed[len(w.sealed)-1]
	return &head, j.exec(`COMMIT`)
}

// seal signs a head over a tree that is no smaller than those before, if there is none.
func (j *Journal) seal(tree *Frontier) error {
	w := &j.w
	if n := len(w.sealed); n > 0 && w.sealed[n-1].Size == tree.size {
		return nil
	}
	head, err := sign(j.origin, tree, j.signer)
	if err != nil {
		return err
	}
	w.sealed = append(w.sealed, head)
	return nil
}

// run lets one change act. The change's own error is kept for its caller and its traces are undone; the error returned here is
// one of the disk.
func (j *Journal) run(c *call) error {
	w := &j.w
	tree, at, pending, erased := w.tree, w.at, len(w.pending), w.erased
	now := j.cfg.Clock()
	t := &Tx{j: j, now: max(now, w.at), late: now < w.at}
	if c.err = c.change(t); c.err == nil {
		c.err = t.err
	}
	if c.err == nil {
		for i := range t.seals {
			if t.seals[i].size == tree.size { // it had appended nothing
				continue
			}
			if err := j.seal(&t.seals[i]); err != nil {
				return err
			}
		}
		if t.saved {
			return j.exec(`RELEASE change`)
		}
		return nil
	}
	if fault := diskFault(c.err); fault != nil {
		return fault
	}
	w.tree, w.at, w.pending, w.erased = tree, at, w.pending[:pending], erased
	if t.saved {
		return j.exec(`ROLLBACK TO change; RELEASE change`)
	}
	return nil
}

// Append adds an entry and folds it into the state. It is on the disk when Update returns nil.
func (t *Tx) Append(d Draft) (Entry, error) {
	j := t.j
	var salt []byte
	if d.Private != nil {
		salt = make([]byte, SaltSize)
		if _, err := io.ReadFull(j.cfg.Rand, salt); err != nil {
			return Entry{}, &faultError{err}
		}
	}
	r, err := d.seal(t.Next(), t.now, j.origin, salt)
	if err != nil {
		return Entry{}, err
	}
	if j.cfg.State != nil {
		if err := t.save(); err != nil {
			return Entry{}, err
		}
	}
	r.hashes = j.w.tree.Add(leafHash(r.body))
	j.w.at = t.now
	j.w.pending = append(j.w.pending, r)
	if j.cfg.State != nil {
		if t.err = j.cfg.State.Apply(&Fold{j}, r.Entry, r.payload); t.err != nil {
			return Entry{}, t.err
		}
	}
	return r.Entry, nil
}

// save sets the savepoint to which this change falls back. A change that writes state or erases needs one; entries alone
// wait in memory until the whole batch has run, and are dropped there.
func (t *Tx) save() error {
	if t.saved {
		return nil
	}
	t.saved = true
	if err := t.j.exec(`SAVEPOINT change`); err != nil {
		return &faultError{err}
	}
	return nil
}

// flush writes the pending entries and payloads into the database, many rows a statement.
func (j *Journal) flush() error {
	const pages = 4 * 4096 // that a commit touches at the least
	j.w.logged += pages
	rows := make([]any, 0, 3*len(j.w.pending))
	payloads := make([]any, 0, 3*len(j.w.pending))
	for _, r := range j.w.pending {
		j.w.logged += 2 * (len(r.body) + len(r.payload))
		rows = append(rows, int64(r.Seq), r.body, r.hashes)
		if r.payload != nil {
			payloads = append(payloads, int64(r.Seq), r.salt, r.payload)
		}
	}
	j.w.pending = j.w.pending[:0]
	if err := j.insert(`INSERT INTO entry (seq, body, hashes) VALUES (?, ?, ?)`, rows); err != nil {
		return err
	}
	return j.insert(`INSERT INTO payload (seq, salt, body) VALUES (?, ?, ?)`, payloads)
}

// insert runs an INSERT of three columns for all rows, 16 a statement while there are as many.
func (j *Journal) insert(one string, values []any) error {
	const many = 16
	long := one + strings.Repeat(`, (?, ?, ?)`, many-1)
	for ; len(values) >= 3*many; values = values[3*many:] {
		if err := j.exec(long, values[:3*many]...); err != nil {
			return err
		}
	}
	for ; len(values) > 0; values = values[3:] {
		if err := j.exec(one, values[:3]...); err != nil {
			return err
		}
	}
	return nil
}

func (j *Journal) begin() error {
	if j.w.conn == nil {
		conn, err := j.writer.Conn(context.Background())
		if err != nil {
			return err
		}
		j.w.conn, j.w.stmts = conn, map[string]*sql.Stmt{}
	}
	return j.exec(`BEGIN IMMEDIATE`)
}

// stmt prepares each statement text once.
func (j *Journal) stmt(query string) (*sql.Stmt, error) {
	if s := j.w.stmts[query]; s != nil {
		return s, nil
	}
	s, err := j.w.conn.PrepareContext(context.Background(), query)
	if err == nil {
		j.w.stmts[query] = s
	}
	return s, err
}

func (j *Journal) exec(query string, args ...any) error {
	if strings.Contains(query, ";") {
		_, err := j.w.conn.ExecContext(context.Background(), query, args...)
		return err
	}
	s, err := j.stmt(query)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(context.Background(), args...)
	return err
}

// logLimit is how much the write-ahead log grows before it is moved into the database.
const logLimit = 4 << 20

// moveLog moves the write-ahead log into the database when it has grown, and empties it after an erasure, so that no copy of an erased
// payload is left there. SQLite would do the first by itself, and would not tell when it failed. A reader that holds an old snapshot
// can delay the second; it is then tried again when the log has grown, at the next start and at Close.
func (j *Journal) moveLog() error {
	w := &j.w
	w.scrub = w.scrub || w.erased
	mode := "PASSIVE"
	switch {
	case w.erased, w.scrub && w.logged >= logLimit:
		mode = "TRUNCATE"
	case w.logged < logLimit:
		return nil
	}
	w.logged = 0
	var busy, log, moved int
	err := w.conn.QueryRowContext(context.Background(), `PRAGMA wal_checkpoint(`+mode+`)`).Scan(&busy, &log, &moved)
	if mode == "TRUNCATE" {
		w.scrub = busy != 0
	}
	return err
}

// QueryRow asks the state as this change sees it, with what it has itself appended.
func (t *Tx) QueryRow(query string, args ...any) *sql.Row {
	return (&Fold{t.j}).QueryRow(query, args...)
}

// Query asks the state as this change sees it. The rows must be closed before anything else is asked.
func (t *Tx) Query(query string, args ...any) (*sql.Rows, error) {
	return (&Fold{t.j}).Query(query, args...)
}

// Fold is what State.Apply may do: write the state tables.
type Fold struct{ j *Journal }

// Exec writes state.
func (f *Fold) Exec(query string, args ...any) error {
	if err := f.j.exec(query, args...); err != nil {
		if isConstraint(err) {
			return &marz.Error{Code: marz.Conflict, Op: "write state", Fix: "it contradicts what is recorded", Err: err}
		}
		return &faultError{err}
	}
	return nil
}

// QueryRow asks the state.
func (f *Fold) QueryRow(query string, args ...any) *sql.Row {
	return f.j.w.conn.QueryRowContext(context.Background(), query, args...)
}

// Query asks the state.
func (f *Fold) Query(query string, args ...any) (*sql.Rows, error) {
	return f.j.w.conn.QueryContext(context.Background(), query, args...)
}

// faultError marks an error of the disk or the database inside a change, as against one of the change's own.
type faultError struct{ err error }

func (f *faultError) Error() string { return f.err.Error() }
func (f *faultError) Unwrap() error { return f.err }

// diskFault returns err when it comes from the disk or the database and the journal must stop.
func diskFault(err error) error {
	if f, ok := errors.AsType[*faultError](err); ok {
		return f.err
	}
	if _, ok := errors.AsType[*sqlite.Error](err); ok && !isConstraint(err) {
		return err
	}
	return nil
}

func isConstraint(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&0xff == sqlite3.SQLITE_CONSTRAINT
}

// explain says what to do about an error of the disk.
func explain(err error) string {
	if _, ok := errors.AsType[*aheadError](err); ok {
		return "the node stops"
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_FULL:
			return "the disk is full: everything acknowledged is safe, nothing more is recorded; make room and start the node again"
		case sqlite3.SQLITE_IOERR:
			return "the disk failed: everything acknowledged before is on it as far as it can be read; check the disk, run marz verify, and start the node again"
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return "the database is damaged; run marz verify, and restore it from a mirror or a backup"
		}
	}
	return "the journal could not be written, so the node stops: everything acknowledged is safe; run marz verify, and start it again"
}

func leafHash(body []byte) tlog.Hash { return tlog.RecordHash(body) }

func unmarshal(b []byte, v any) error {
	if err := json.Unmarshal(b, v); err != nil {
		return &marz.Error{Op: "read entry", Fix: "run marz verify", Err: err}
	}
	return nil
}
