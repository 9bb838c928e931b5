package mirror

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"marz"
)

const (
	sqliteApplication = 0x4d61726d // "Marm"
	sqliteVersion     = 1
	seqBits           = 40 // of a row's number that are its seq; those above are the origin's
	maxSeq            = 1<<seqBits - 1
	maxBatch          = 64      // calls that share a commit
	logLimit          = 8 << 20 // bytes after which the write-ahead log is moved into the database
)

// sqliteSchema: an entry's or payload's id is origin × 2^40 + seq, and so is a head's with its size, so that what is pushed in order is
// appended in order.
const sqliteSchema = `
CREATE TABLE origin (
	id       INTEGER PRIMARY KEY,
	name     TEXT NOT NULL UNIQUE,
	pending  INTEGER NOT NULL DEFAULT 0,
	next     INTEGER NOT NULL DEFAULT 0,
	size     INTEGER NOT NULL DEFAULT 0,
	heads    INTEGER NOT NULL DEFAULT 0,
	payloads INTEGER NOT NULL DEFAULT 0,
	cosigned BLOB,
	CHECK (size <= next AND heads <= size AND payloads <= size)
) STRICT;
CREATE TABLE entry   (id INTEGER PRIMARY KEY, body BLOB NOT NULL, hashes BLOB NOT NULL) STRICT;
CREATE TABLE head    (id INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT;
CREATE TABLE payload (id INTEGER PRIMARY KEY REFERENCES entry (id), salt BLOB NOT NULL CHECK (length(salt) = 32), body BLOB NOT NULL) STRICT;
CREATE TABLE erased  (id INTEGER PRIMARY KEY) STRICT;
CREATE TABLE pending (id INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT;
CREATE TABLE evidence (
	n      INTEGER PRIMARY KEY,
	origin INTEGER NOT NULL REFERENCES origin (id),
	kind   TEXT NOT NULL,
	id     TEXT NOT NULL,
	doc    BLOB NOT NULL,
	UNIQUE (origin, kind, id)
) STRICT;
`

// SQLite is a Store in one SQLite file, for one process. One goroutine writes; calls that wait together share a commit (WAL,
// synchronous=FULL). After any error of the disk it stops for good, as a journal does.
type SQLite struct {
	path    string
	lock    *os.File
	writer  *sql.DB // one connection, used by the writing goroutine alone
	readers *sql.DB

	queue   chan *sqliteCall
	closing sync.RWMutex  // held for reading while a call is put into the queue
	closed  bool          // the queue takes no more
	done    chan struct{} // closed when the writing goroutine has ended
	failed  chan struct{} // closed at the first error of the disk
	failure error         // why; written before failed is closed

	w sqliteWriter // owned by the writing goroutine
}

// OpenSQLite opens the store in a file, or makes it. driver is that of database/sql; "" for modernc.org/sqlite.
func OpenSQLite(ctx context.Context, path, driver string) (*SQLite, error) {
	if driver == "" {
		driver = "sqlite"
	}
	s := &SQLite{path: path, queue: make(chan *sqliteCall, maxBatch), done: make(chan struct{}), failed: make(chan struct{})}
	if err := s.open(ctx, driver); err != nil {
		s.closeFiles()
		return nil, err
	}
	go s.write()
	return s, nil
}

func (s *SQLite) open(ctx context.Context, driver string) (err error) {
	bad := func(err error) error {
		return &marz.Error{Op: "open mirror", Subject: s.path, Fix: explain(err), Err: err}
	}
	if s.lock, err = os.OpenFile(s.path+".lock", os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return bad(err)
	}
	if err := syscall.Flock(int(s.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return &marz.Error{Code: marz.Conflict, Op: "open mirror", Subject: s.path, Fix: "another marz process is running on it; stop that one, or use another file"}
	}
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE, 0o600) // so that SQLite gives its side files this mode too
	if err != nil {
		return bad(err)
	}
	f.Close()
	if s.writer, err = openDB(driver, s.path, false); err != nil {
		return bad(err)
	}
	if s.readers, err = openDB(driver, s.path, true); err != nil {
		return bad(err)
	}
	if s.w.conn, err = s.writer.Conn(ctx); err != nil {
		return bad(err)
	}
	s.w.stmts = map[string]*sql.Stmt{}
	if err := s.prepare(ctx); err != nil {
		if _, ok := errors.AsType[*marz.Error](err); ok {
			return err
		}
		return bad(err)
	}
	return nil
}

// prepare makes the tables of a new file, and holds an old one to its marks. What a crash left in the write-ahead log is moved, so that no
// erased payload outlives it there.
func (s *SQLite) prepare(ctx context.Context) error {
	var app, version, tables int
	row := s.w.conn.QueryRowContext(ctx, `SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)`)
	if err := row.Scan(&app, &version, &tables); err != nil {
		return err
	}
	switch {
	case tables == 0 && (app == 0 || app == sqliteApplication):
		_, err := s.w.conn.ExecContext(ctx, fmt.Sprintf(`BEGIN IMMEDIATE; PRAGMA application_id=%d; PRAGMA user_version=%d; %s COMMIT`, sqliteApplication, sqliteVersion, sqliteSchema))
		if err != nil {
			return err
		}
	case app != sqliteApplication:
		return &marz.Error{Code: marz.Invalid, Op: "open mirror", Subject: s.path, Fix: "it is not a store of mirrors; use another file"}
	case version != sqliteVersion:
		return &marz.Error{Code: marz.Invalid, Op: "open mirror", Subject: s.path,
			Fix: fmt.Sprintf("it has format %d and this marz writes format %d; use a marz that knows it", version, sqliteVersion)}
	}
	return s.emptyLog(ctx)
}

func openDB(driver, path string, readOnly bool) (*sql.DB, error) {
	pragmas := []string{"busy_timeout(250)", "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(1)", "foreign_keys(1)", "wal_autocheckpoint(0)", "cache_size(-16000)"}
	q := url.Values{}
	if readOnly {
		pragmas = []string{"busy_timeout(10000)", "query_only(1)"}
		q.Add("mode", "ro")
	}
	for _, p := range pragmas {
		q.Add("_pragma", p)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open(driver, "file://"+strings.ReplaceAll((&url.URL{Path: abs}).EscapedPath(), "?", "%3F")+"?"+q.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(8)
	if !readOnly {
		db.SetMaxOpenConns(1)
	}
	return db, nil
}

// Failed is closed at the first error of the disk, after which nothing is written any more; Failure then says why.
func (s *SQLite) Failed() <-chan struct{} { return s.failed }

// Failure returns why the store stopped, or nil while it has not.
func (s *SQLite) Failure() error {
	select {
	case <-s.failed:
		return s.failure
	default:
		return nil
	}
}

// Close ends the store after the calls that are waiting. It returns the failure if there was one.
func (s *SQLite) Close() error {
	s.closing.Lock()
	if !s.closed {
		s.closed = true
		close(s.queue)
	}
	s.closing.Unlock()
	<-s.done
	return errors.Join(s.Failure(), s.closeFiles())
}

func (s *SQLite) closeFiles() error {
	var errs []error
	if s.readers != nil {
		errs = append(errs, s.readers.Close())
		s.readers = nil
	}
	for _, st := range s.w.stmts {
		errs = append(errs, st.Close())
	}
	s.w.stmts = nil
	if s.w.conn != nil {
		errs = append(errs, s.w.conn.Close())
		s.w.conn = nil
	}
	if s.writer != nil {
		errs = append(errs, s.writer.Close())
		s.writer = nil
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
		s.lock = nil
	}
	return errors.Join(errs...)
}

// explain says what to do about an error of the disk.
func explain(err error) string {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_FULL:
			return "the disk is full: everything acknowledged is safe, nothing more is taken in; make room and start again"
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return "the database is damaged; move it away and let the nodes push anew, or restore a backup"
		}
	}
	return "the mirror could not be written, so it stops: everything acknowledged is safe as far as the disk can be read; check the disk and start again"
}
