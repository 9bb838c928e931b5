package journal

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"marz"
)

const (
	applicationID = 0x4d61727a
	formatVersion = 1
)

const schema = `
CREATE TABLE entry   (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, hashes BLOB NOT NULL) STRICT;
CREATE TABLE payload (seq INTEGER PRIMARY KEY REFERENCES entry (seq), salt BLOB NOT NULL CHECK (length(salt) = 32), body BLOB NOT NULL) STRICT;
CREATE TABLE head    (size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT;
CREATE TABLE state_version (version TEXT NOT NULL) STRICT;
`

// State is the fold that a node keeps over its journal: tables that can be asked quickly, and rebuilt at any time. A nil State
// keeps none.
type State interface {
	// Version changes when Schema or Apply change their meaning; the tables are then rebuilt from the entries.
	Version() string
	// Schema creates the tables, whose names begin with "s_".
	Schema() string
	// Apply writes what the entry means into the tables. payload is nil when there is none or it has been erased. It must
	// depend on nothing but its arguments and the tables.
	Apply(f *Fold, e Entry, payload []byte) error
}

// Config says which journal to open and with what. Clock is required.
type Config struct {
	Dir    string       // the data folder
	Key    string       // the signer's text, from NewKey
	Clock  marz.Clock   //
	Rand   io.Reader    // for salts; nil for the machine's
	State  State        // nil for none
	Log    *slog.Logger // nil for none
	Driver string       // database/sql driver; "" for modernc.org/sqlite. Tests give one with faults

	// Exercise says which kind of journal is meant. One of the other kind is refused before anything is written to it.
	Exercise bool
}

// Journal is an open journal. Its methods may be called from any goroutine.
type Journal struct {
	cfg      Config
	origin   marz.Origin
	created  Created
	signer   note.Signer
	verifier note.Verifier
	vkey     string
	lock     *folderLock
	headFile *headFile
	writer   *sql.DB // one connection, used by the writing goroutine alone
	readers  *sql.DB // read-only connections
	head     atomic.Pointer[Head]
	at       atomic.Int64 // instant of the newest committed entry
	changed  atomic.Pointer[chan struct{}]

	queue   chan *call
	stop    chan struct{} // closed by Close
	done    chan struct{} // closed when the writing goroutine has ended
	failed  chan struct{} // closed at the first I/O error
	failure error         // why; written before failed is closed
	w       writerState   // owned by the writing goroutine
}

// Create makes the journal of a new node in a folder that has none, with entry 0 from the draft. The draft's public part
// is filled in by Create from c and the key.
func Create(ctx context.Context, cfg Config, genesis Draft, c Created) error {
	path := filepath.Join(cfg.Dir, "journal.db")
	if _, err := os.Stat(path); err == nil {
		return &marz.Error{Code: marz.Conflict, Op: "create journal", Subject: path, Fix: "there is a journal already; use another folder"}
	}
	lock, err := lockFolder(cfg.Dir)
	if err != nil {
		return err
	}
	defer lock.release()
	signer, _, vkey, err := keyPair(cfg.Key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(cfg.Dir, "node.pub"), []byte(vkey+"\n"), 0o644); err != nil {
		return &marz.Error{Op: "create journal", Subject: cfg.Dir, Err: err}
	}
	c.Key, c.Exercise = vkey, cfg.Exercise
	genesis.Kind, genesis.Public = KindCreated, c
	if err := writeGenesis(ctx, cfg, path, signer, genesis); err != nil {
		os.Remove(path)
		return &marz.Error{Op: "create journal", Subject: path, Err: err}
	}
	return nil
}

func writeGenesis(ctx context.Context, cfg Config, path string, signer note.Signer, genesis Draft) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o600) // so that SQLite gives its side files this mode too
	if err != nil {
		return err
	}
	f.Close()
	db, err := openDB(cfg.driver(), path, false)
	if err != nil {
		return err
	}
	defer db.Close()
	origin := marz.Origin(signer.Name())
	r, err := genesis.seal(0, cfg.Clock(), origin, nil)
	if err != nil {
		return err
	}
	var tree Frontier
	r.hashes = tree.Add(leafHash(r.body))
	head, err := sign(origin, &tree, signer)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id=%d; PRAGMA user_version=%d; BEGIN IMMEDIATE; %s", applicationID, formatVersion, schema))
	if err != nil {
		return err
	}
	if _, err = db.ExecContext(ctx, `INSERT INTO entry (seq, body, hashes) VALUES (0, ?, ?)`, r.body, r.hashes); err != nil {
		return err
	}
	if _, err = db.ExecContext(ctx, `INSERT INTO head (size, note) VALUES (1, ?)`, head.Note); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `COMMIT`)
	return err
}

// Open opens the journal of a folder and starts its writing goroutine. It refuses a folder in use, a key that is not the
// journal's, a tree that does not meet its head, and a database that has lost acknowledged entries.
func Open(ctx context.Context, cfg Config) (*Journal, error) {
	path := filepath.Join(cfg.Dir, "journal.db")
	if _, err := os.Stat(path); err != nil {
		return nil, &marz.Error{Code: marz.NotFound, Op: "open journal", Subject: path, Fix: "there is no journal here; make one with marz init", Err: err}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	j := &Journal{cfg: cfg, queue: make(chan *call, maxBatch), stop: make(chan struct{}), done: make(chan struct{}), failed: make(chan struct{})}
	j.changed.Store(new(make(chan struct{})))
	if err := j.open(ctx, path); err != nil {
		j.closeFiles()
		return nil, err
	}
	go j.write()
	return j, nil
}

func (j *Journal) open(ctx context.Context, path string) (err error) {
	if j.signer, j.verifier, j.vkey, err = keyPair(j.cfg.Key); err != nil {
		return err
	}
	j.origin = marz.Origin(j.signer.Name())
	if j.lock, err = lockFolder(j.cfg.Dir); err != nil {
		return err
	}
	if j.headFile, err = openHeadFile(j.cfg.Dir); err != nil {
		return err
	}
	if j.writer, err = openDB(j.cfg.driver(), path, false); err != nil {
		return &marz.Error{Op: "open journal", Subject: path, Err: err}
	}
	if j.readers, err = openDB(j.cfg.driver(), path, true); err != nil {
		return &marz.Error{Op: "open journal", Subject: path, Err: err}
	}
	if err := checkFormat(ctx, j.writer, path); err != nil {
		return err
	}
	if err := j.checkHead(ctx, path); err != nil {
		return err
	}
	if err := j.emptyLog(ctx); err != nil {
		return err
	}
	if err := j.headFile.write(j.Head().Note); err != nil {
		return &marz.Error{Op: "open journal", Subject: path, Err: err}
	}
	return j.prepareState(ctx)
}

// checkFormat holds a database to the marks of a journal.
func checkFormat(ctx context.Context, db rowQuerier, path string) error {
	var app, version int
	err := db.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&app)
	if err == nil {
		err = db.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version)
	}
	if err != nil {
		return &marz.Error{Op: "open journal", Subject: path, Fix: "it cannot be read as a database; run marz verify, and restore it from a mirror or a backup", Err: err}
	}
	if app != applicationID {
		return &marz.Error{Code: marz.Invalid, Op: "open journal", Subject: path, Fix: "it is not a Marz journal"}
	}
	if version != formatVersion {
		return &marz.Error{Code: marz.Invalid, Op: "open journal", Subject: path,
			Fix: fmt.Sprintf("it has format %d and this marz writes format %d; use a marz that knows it", version, formatVersion)}
	}
	return nil
}

// checkHead holds the newest head in the database to the key, to the stored tree, and to what the head file says has been
// acknowledged, and loads the right edge of the tree.
func (j *Journal) checkHead(ctx context.Context, path string) error {
	var msg, genesis, last []byte
	var count int64
	row := j.readers.QueryRowContext(ctx, `SELECT (SELECT note FROM head ORDER BY size DESC LIMIT 1),
		(SELECT body FROM entry WHERE seq = 0), (SELECT body FROM entry ORDER BY seq DESC LIMIT 1), (SELECT count(*) FROM entry)`)
	if err := row.Scan(&msg, &genesis, &last, &count); err != nil {
		return &marz.Error{Op: "open journal", Subject: path, Fix: "it cannot be read; run marz verify", Err: err}
	}
	first, err := ParseEntry(genesis)
	if err != nil {
		return err
	}
	if err := unmarshal(first.Public, &j.created); err != nil {
		return err
	}
	if j.created.Key != j.vkey {
		return &marz.Error{Code: marz.Invalid, Op: "open journal", Subject: path,
			Fix: fmt.Sprintf("keys/node.key is not this journal's key: the journal was begun with %s and the key is that of %s", j.created.Key, j.vkey)}
	}
	if j.created.Exercise != j.cfg.Exercise {
		kind := "a real node's; exercises are held in folders of their own"
		if j.created.Exercise {
			kind = "an exercise's, from its first entry and for ever; run it with marz demo --data"
		}
		return &marz.Error{Code: marz.Conflict, Op: "open journal", Subject: j.cfg.Dir, Fix: "this folder is " + kind}
	}
	head, err := OpenHead(msg, j.origin, j.verifier)
	if err != nil {
		return err
	}
	newest, err := ParseEntry(last)
	if err != nil {
		return err
	}
	j.w.at = newest.At
	j.at.Store(int64(newest.At))
	if j.w.tree, err = NewFrontier(count, hashReader{ctx, j.readers}); err != nil {
		return err
	}
	if head.Size != count || j.w.tree.Root() != head.Root {
		return &marz.Error{Code: marz.Invalid, Op: "open journal", Subject: path,
			Fix: fmt.Sprintf("its %d entries do not meet its newest head, of size %d; run marz verify to see where", count, head.Size)}
	}
	j.head.Store(&head)
	return j.checkHeadFile(ctx, path, head)
}

// checkHeadFile holds the database to what has been acknowledged: it must continue the head that stands in the head file.
func (j *Journal) checkHeadFile(ctx context.Context, path string, head Head) error {
	msg, err := j.headFile.read()
	if err != nil || msg == nil {
		return err
	}
	said, err := OpenHead(msg, j.origin, j.verifier)
	if err != nil {
		return &marz.Error{Code: marz.Invalid, Op: "open journal", Subject: filepath.Join(j.cfg.Dir, "head"),
			Fix: "the head file is damaged, so that it cannot be told whether acknowledged entries are missing. Compare with a mirror or a bundle; if nothing is missing, remove the file", Err: err}
	}
	if said.Size > head.Size {
		return &marz.Error{Code: marz.Conflict, Op: "open journal", Subject: path,
			Fix: fmt.Sprintf("this node has acknowledged %d entries and the database holds %d: it is an old copy or has lost its end. "+
				"The node will not sign another history. Put the newest database back, or recover from a mirror", said.Size, head.Size)}
	}
	root, err := tlog.TreeHash(said.Size, hashReader{ctx, j.readers})
	if err != nil {
		return err
	}
	if root != said.Root {
		return &marz.Error{Code: marz.Conflict, Op: "open journal", Subject: path,
			Fix: fmt.Sprintf("its first %d entries are not those that this node has acknowledged: it holds another history. The node will not sign it. Put the right database back", said.Size)}
	}
	return nil
}

// emptyLog moves what a crash left in the write-ahead log into the database, so that no erased payload outlives it there.
func (j *Journal) emptyLog(ctx context.Context) error {
	var busy, log, moved int
	if err := j.writer.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &log, &moved); err != nil {
		return &marz.Error{Op: "open journal", Subject: j.cfg.Dir, Fix: explain(err), Err: err}
	}
	j.w.scrub = busy != 0
	return nil
}

func (j *Journal) prepareState(ctx context.Context) error {
	if j.cfg.State == nil {
		return nil
	}
	var version string
	err := j.writer.QueryRowContext(ctx, `SELECT version FROM state_version`).Scan(&version)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return &marz.Error{Op: "open journal", Subject: "state", Err: err}
	}
	if version == j.cfg.State.Version() {
		return nil
	}
	return j.rebuild(ctx)
}

// openDB opens a pool. The writer's has one connection, which keeps the transaction; readers' are read-only.
func openDB(driver, path string, readOnly bool) (*sql.DB, error) {
	q := url.Values{}
	if readOnly {
		q.Add("_pragma", "busy_timeout(10000)")
		q.Add("mode", "ro")
		q.Add("_pragma", "query_only(1)")
	} else {
		// Nobody else writes here, so the only wait there can be is for a reader before the log is emptied.
		for _, p := range []string{"busy_timeout(250)", "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(1)", "foreign_keys(1)", "wal_autocheckpoint(0)"} {
			q.Add("_pragma", p)
		}
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open(driver, "file://"+strings.ReplaceAll((&url.URL{Path: abs}).EscapedPath(), "?", "%3F")+"?"+q.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(4)
	if !readOnly {
		db.SetMaxOpenConns(1)
	}
	return db, nil
}

func (c *Config) driver() string {
	if c.Driver != "" {
		return c.Driver
	}
	return "sqlite"
}

// Close ends the journal after the changes that are waiting. It returns the failure if there was one.
func (j *Journal) Close() error {
	select {
	case <-j.stop:
	default:
		close(j.stop)
	}
	<-j.done
	err := j.closeFiles()
	select {
	case <-j.failed:
		return j.failure
	default:
		return err
	}
}

func (j *Journal) closeFiles() error {
	var errs []error
	if j.readers != nil {
		errs = append(errs, j.readers.Close())
	}
	for _, s := range j.w.stmts {
		errs = append(errs, s.Close())
	}
	if j.w.conn != nil {
		errs = append(errs, j.w.conn.Close())
	}
	if j.writer != nil {
		errs = append(errs, j.writer.Close())
	}
	if j.headFile != nil {
		errs = append(errs, j.headFile.f.Close())
	}
	if j.lock != nil {
		errs = append(errs, j.lock.release())
	}
	return errors.Join(errs...)
}
