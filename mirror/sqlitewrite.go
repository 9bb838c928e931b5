package mirror

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"marz"
)

// sqliteCall is one write on its way through the writing goroutine. do checks everything before it writes anything: an error that is a
// *marz.Error is the call's own and leaves no trace, any other is the disk's and the end.
type sqliteCall struct {
	do     func(*sqliteWriter) error
	result chan error
	err    error
}

// sqliteWriter is what the writing goroutine alone touches.
type sqliteWriter struct {
	conn   *sql.Conn
	stmts  map[string]*sql.Stmt
	logged int  // bytes written to the log since it was last moved, roughly
	erased bool // this batch erases
	scrub  bool // erased payloads may still stand in the log
	wrote  bool // this batch wrote anything
}

// update runs a write and returns after it is durable. ctx bounds the wait for a place in the queue.
func (s *SQLite) update(ctx context.Context, do func(*sqliteWriter) error) error {
	c := &sqliteCall{do: do, result: make(chan error, 1)}
	if err := s.enqueue(ctx, c); err != nil {
		return err
	}
	return <-c.result
}

func (s *SQLite) enqueue(ctx context.Context, c *sqliteCall) error {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return &marz.Error{Code: marz.Unavailable, Op: "write mirror", Subject: s.path, Fix: "it is stopping"}
	}
	if s.Failure() != nil {
		return s.unavailable()
	}
	select {
	case s.queue <- c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *SQLite) unavailable() error {
	return &marz.Error{Code: marz.Unavailable, Op: "write mirror", Subject: s.path, Fix: "it has stopped", Err: s.failure}
}

// write is the writing goroutine: it takes what waits, commits it together, and answers.
func (s *SQLite) write() {
	defer close(s.done)
	for c := range s.queue {
		s.commit(s.gather(c))
	}
}

func (s *SQLite) gather(first *sqliteCall) []*sqliteCall {
	batch := []*sqliteCall{first}
	for len(batch) < maxBatch {
		select {
		case c, ok := <-s.queue:
			if !ok {
				return batch
			}
			batch = append(batch, c)
		default:
			return batch
		}
	}
	return batch
}

// commit runs a batch in one transaction and answers each. Any error that is not a call's own is the end.
func (s *SQLite) commit(batch []*sqliteCall) {
	err := s.Failure()
	if err == nil {
		if err = s.transact(batch); err == nil {
			err = s.moveLog()
		}
		if err != nil {
			s.failure = &marz.Error{Code: marz.Unavailable, Op: "write mirror", Subject: s.path, Fix: explain(err), Err: err}
			close(s.failed)
		}
	}
	for _, c := range batch {
		if err != nil {
			c.err = s.unavailable()
		}
		c.result <- c.err
	}
}

func (s *SQLite) transact(batch []*sqliteCall) error {
	w := &s.w
	w.erased, w.wrote = false, false
	if err := w.exec(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	for _, c := range batch {
		c.err = c.do(w)
		if c.err == nil {
			continue
		}
		if _, own := errors.AsType[*marz.Error](c.err); !own {
			return c.err
		}
	}
	if !w.wrote {
		return w.exec(`ROLLBACK`)
	}
	return w.exec(`COMMIT`)
}

// moveLog moves the write-ahead log into the database when it has grown, and empties it after an erasure, so that no copy of an erased payload
// is left there. A reader that holds an old snapshot can delay the second: it is then tried again after each commit.
func (s *SQLite) moveLog() error {
	w := &s.w
	w.scrub = w.scrub || w.erased
	if w.scrub {
		return s.emptyLog(context.Background())
	}
	if w.logged < logLimit {
		return nil
	}
	w.logged = 0
	var busy, log, moved int
	return w.conn.QueryRowContext(context.Background(), `PRAGMA wal_checkpoint(PASSIVE)`).Scan(&busy, &log, &moved)
}

func (s *SQLite) emptyLog(ctx context.Context) error {
	var busy, log, moved int
	if err := s.w.conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &log, &moved); err != nil {
		return err
	}
	s.w.scrub, s.w.logged = busy != 0, 0
	return nil
}

// exec runs a statement, prepared once.
func (w *sqliteWriter) exec(query string, args ...any) error {
	st := w.stmts[query]
	if st == nil {
		var err error
		if st, err = w.conn.PrepareContext(context.Background(), query); err != nil {
			return err
		}
		w.stmts[query] = st
	}
	_, err := st.ExecContext(context.Background(), args...)
	return err
}

// set is exec of a statement that writes.
func (w *sqliteWriter) set(query string, args ...any) error {
	w.wrote = true
	w.logged += 4 * 4096 // pages that a write touches at the least
	return w.exec(query, args...)
}

// insert runs an INSERT of so many columns for all rows, 32 a statement while there are as many.
func (w *sqliteWriter) insert(one string, columns int, values []any) error {
	const many = 32
	w.wrote = true
	row := `(?` + strings.Repeat(`, ?`, columns-1) + `)`
	long := one + ` VALUES ` + row + strings.Repeat(`, `+row, many-1)
	for ; len(values) >= columns*many; values = values[columns*many:] {
		if err := w.exec(long, values[:columns*many]...); err != nil {
			return err
		}
	}
	for ; len(values) > 0; values = values[columns:] {
		if err := w.exec(one+` VALUES `+row, values[:columns]...); err != nil {
			return err
		}
	}
	return nil
}

// of returns an origin's number and state inside a write; number 0 when nothing of it is held.
func (w *sqliteWriter) of(origin marz.Origin) (id int64, st State, err error) {
	return scanState(w.conn.QueryRowContext(context.Background(), stateQuery, origin))
}

const stateQuery = `SELECT id, pending, next, size, heads, payloads FROM origin WHERE name = ?`

func scanState(row *sql.Row) (id int64, st State, err error) {
	err = row.Scan(&id, &st.Pending, &st.Next, &st.Size, &st.Heads, &st.Payloads)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, State{}, nil
	}
	return id, st, err
}

// known is of, and gives the origin a number where it has none.
func (w *sqliteWriter) known(origin marz.Origin) (id int64, st State, err error) {
	if id, st, err = w.of(origin); err != nil || id != 0 {
		return id, st, err
	}
	if err := w.set(`INSERT INTO origin (name) VALUES (?)`, origin); err != nil {
		return 0, st, err
	}
	return w.of(origin)
}

func conflict(op string, origin marz.Origin, format string, args ...any) error {
	return &marz.Error{Code: marz.Conflict, Op: op, Subject: string(origin), Fix: fmt.Sprintf(format, args...)}
}

// SetPending implements Store.
func (s *SQLite) SetPending(ctx context.Context, origin marz.Origin, old int64, head HeadRow) error {
	return s.update(ctx, func(w *sqliteWriter) error {
		_, st, err := w.of(origin)
		if err != nil {
			return err
		}
		if st.Pending != old || head.Size <= old || head.Size > maxSeq {
			return conflict("take in head", origin, "its size is %d and it continues one of size %d, while the newest has size %d", head.Size, old, st.Pending)
		}
		id, _, err := w.known(origin)
		if err != nil {
			return err
		}
		if err := w.set(`INSERT OR REPLACE INTO pending (id, note) VALUES (?, ?)`, id<<seqBits|head.Size, head.Note); err != nil {
			return err
		}
		err = w.set(`DELETE FROM pending WHERE id BETWEEN ?1 AND ?2 AND (id < ?1 + ?3 OR id NOT IN (SELECT id FROM pending WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT ?4))`,
			id<<seqBits, id<<seqBits|maxSeq, st.Size, KeptPending)
		if err != nil {
			return err
		}
		return w.set(`UPDATE origin SET pending = ? WHERE id = ?`, head.Size, id)
	})
}

// AddEntries implements Store.
func (s *SQLite) AddEntries(ctx context.Context, origin marz.Origin, rows []Row, erase []int64) (next int64, err error) {
	err = s.update(ctx, func(w *sqliteWriter) error {
		_, st, err := w.of(origin)
		if err != nil {
			return err
		}
		if next = st.Next; len(rows) == 0 {
			return nil
		}
		if rows[0].Seq > next || rows[len(rows)-1].Seq >= maxSeq {
			return conflict("add entries", origin, "they begin with seq %d, and the next is %d", rows[0].Seq, next)
		}
		id, _, err := w.known(origin)
		if err != nil {
			return err
		}
		if next, err = w.addRows(id, next, rows); err != nil {
			return err
		}
		return w.erase(id, erase)
	})
	return next, err
}

func (w *sqliteWriter) addRows(id, next int64, rows []Row) (int64, error) {
	values := make([]any, 0, 3*len(rows))
	for _, r := range rows {
		if r.Seq >= next {
			values = append(values, id<<seqBits|r.Seq, r.Body, r.Hashes)
			next = r.Seq + 1
			w.logged += len(r.Body) + len(r.Hashes)
		}
	}
	if len(values) == 0 {
		return next, nil
	}
	if err := w.insert(`INSERT INTO entry (id, body, hashes)`, 3, values); err != nil {
		return 0, err
	}
	return next, w.set(`UPDATE origin SET next = ? WHERE id = ?`, next, id)
}

func (w *sqliteWriter) erase(id int64, seqs []int64) error {
	for _, seq := range seqs {
		w.erased = true
		if err := w.set(`INSERT OR IGNORE INTO erased (id) VALUES (?)`, id<<seqBits|seq); err != nil {
			return err
		}
		if err := w.set(`DELETE FROM payload WHERE id = ?`, id<<seqBits|seq); err != nil {
			return err
		}
	}
	return nil
}

// SetHead implements Store.
func (s *SQLite) SetHead(ctx context.Context, origin marz.Origin, head HeadRow, cosigned []byte) error {
	return s.update(ctx, func(w *sqliteWriter) error {
		id, st, err := w.of(origin)
		if err != nil {
			return err
		}
		if head.Size > st.Next || head.Size < st.Size || head.Size < 1 {
			return conflict("cosign head", origin, "its size is %d, while the mirror's own is %d and it holds %d entries", head.Size, st.Size, st.Next)
		}
		if err := w.set(`INSERT OR IGNORE INTO head (id, note) VALUES (?, ?)`, id<<seqBits|head.Size, head.Note); err != nil {
			return err
		}
		return w.set(`UPDATE origin SET size = ?, cosigned = ? WHERE id = ?`, head.Size, cosigned, id)
	})
}

// AddHeads implements Store.
func (s *SQLite) AddHeads(ctx context.Context, origin marz.Origin, after int64, heads []HeadRow) (mark int64, err error) {
	err = s.update(ctx, func(w *sqliteWriter) error {
		id, st, err := w.of(origin)
		if err != nil {
			return err
		}
		if mark = st.Heads; len(heads) == 0 {
			return nil
		}
		last := heads[len(heads)-1].Size
		if after > st.Heads || last > st.Size {
			return conflict("add heads", origin, "they follow that of size %d up to %d, while those up to %d are there and the mirror's own has size %d", after, last, st.Heads, st.Size)
		}
		values := make([]any, 0, 2*len(heads))
		for _, h := range heads {
			values = append(values, id<<seqBits|h.Size, h.Note)
			w.logged += len(h.Note)
		}
		if err := w.insert(`INSERT OR IGNORE INTO head (id, note)`, 2, values); err != nil {
			return err
		}
		mark = max(mark, last)
		return w.set(`UPDATE origin SET heads = ? WHERE id = ?`, mark, id)
	})
	return mark, err
}

// AddPayloads implements Store.
func (s *SQLite) AddPayloads(ctx context.Context, origin marz.Origin, from, to int64, payloads []PayloadRow) (mark int64, refused int, err error) {
	err = s.update(ctx, func(w *sqliteWriter) error {
		id, st, err := w.of(origin)
		if err != nil {
			return err
		}
		if mark = st.Payloads; from > mark || to > st.Size {
			return conflict("add payloads", origin, "they are of seqs %d to %d, while those below %d are there and the mirror's own head has size %d", from, to, mark, st.Size)
		}
		if refused, err = w.addPayloads(id, payloads); err != nil || to <= mark {
			return err
		}
		mark = to
		return w.set(`UPDATE origin SET payloads = ? WHERE id = ?`, mark, id)
	})
	return mark, refused, err
}

func (w *sqliteWriter) addPayloads(id int64, payloads []PayloadRow) (refused int, err error) {
	if len(payloads) == 0 {
		return 0, nil
	}
	gone, err := w.erasedIn(id, payloads[0].Seq, payloads[len(payloads)-1].Seq)
	if err != nil {
		return 0, err
	}
	values := make([]any, 0, 3*len(payloads))
	for _, p := range payloads {
		if gone[p.Seq] {
			refused++
			continue
		}
		values = append(values, id<<seqBits|p.Seq, p.Salt, p.Body)
		w.logged += len(p.Body)
	}
	return refused, w.insert(`INSERT OR IGNORE INTO payload (id, salt, body)`, 3, values)
}

func (w *sqliteWriter) erasedIn(id, first, last int64) (map[int64]bool, error) {
	rows, err := w.conn.QueryContext(context.Background(), `SELECT id FROM erased WHERE id BETWEEN ? AND ?`, id<<seqBits|first, id<<seqBits|last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	gone := map[int64]bool{}
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		gone[n&maxSeq] = true
	}
	return gone, rows.Err()
}

// AddEvidence implements Store.
func (s *SQLite) AddEvidence(ctx context.Context, origin marz.Origin, kind, id string, doc []byte) error {
	return s.update(ctx, func(w *sqliteWriter) error {
		o, _, err := w.known(origin)
		if err != nil {
			return err
		}
		return w.set(`INSERT OR IGNORE INTO evidence (origin, kind, id, doc) SELECT ?1, ?2, ?3, ?4
			WHERE (SELECT count(*) FROM evidence WHERE origin = ?1 AND kind = ?2) < ?5`, o, kind, id, doc, KeptEvidence)
	})
}
