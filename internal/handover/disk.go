package handover

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"path/filepath"
	"strings"
	"sync"

	"modernc.org/sqlite"
)

// driverName is the database driver of a post whose disk fails on command. It is the node's own SQLite, with three differences: a commit can be lost or go
// unheard, the disk is not waited for (package journal shows what a sync is worth), and a query's text is parsed once for each connection.
const driverName = "sqlite-handover"

// fault is what happens to one commit.
type fault int

const (
	sound   fault = iota
	lost          // the commit is refused: nothing of it is there
	unheard       // the commit is done, and nobody hears of it
	torn          // an insert before it is refused
)

func (f fault) String() string { return [...]string{"sound", "lost", "unheard", "torn"}[f] }

// errDisk is what SQLite would say.
var errDisk = errors.New("disk I/O error (made by the simulation)")

// disk is where a run's folders lie. The journal's writing goroutine uses it while the driver of the run waits, so that it has no lock.
type disk struct {
	commits int           // tried so far
	faults  map[int]fault // by the number of the commit
	passing []fault       // of the commit with which control passes, and of those that follow it
	passes  bool          // control passes in the transaction under way
	passed  bool          // it has
	down    bool          // it has failed since it was last mended
}

// next is what happens to the next commit.
func (d *disk) next() fault {
	if f := d.faults[d.commits+1]; f != sound || !d.passes && !d.passed || len(d.passing) == 0 {
		return f
	}
	return d.passing[0]
}

// tried ends the commit under way.
func (d *disk) tried(f fault) {
	d.commits++
	if (d.passes || d.passed) && len(d.passing) > 0 {
		d.passing, d.passed = d.passing[1:], true
	}
	d.passes, d.down = false, f != sound
}

// insert and commit are asked before SQLite is; they say what is to happen.
func (d *disk) insert() fault {
	switch {
	case d.down:
		return lost
	case d.next() == torn:
		d.tried(torn)
		return lost
	}
	return sound
}

func (d *disk) commit() fault {
	if d.down {
		return lost
	}
	f := d.next()
	d.tried(f)
	return f
}

// disks are those of the runs under way, by folder.
var disks sync.Map

func init() { sql.Register(driverName, &faultDriver{&sqlite.Driver{}}) }

type faultDriver struct{ *sqlite.Driver }

func (d *faultDriver) Open(name string) (driver.Conn, error) {
	path, _, _ := strings.Cut(strings.TrimPrefix(name, "file://"), "?")
	c, err := d.Driver.Open(strings.Replace(name, "synchronous%28FULL%29", "synchronous%28OFF%29", 1))
	if err != nil {
		return nil, err
	}
	where, _ := disks.LoadOrStore(filepath.Dir(path), &disk{})
	return &faultConn{c.(sqliteConn), where.(*disk), map[string]*faultStmt{}}, nil
}

// sqliteConn is what the driver's connection can do, as database/sql uses it.
type sqliteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type faultConn struct {
	sqliteConn
	disk   *disk
	parsed map[string]*faultStmt // queries that were asked on this connection
}

func (c *faultConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s, err := c.sqliteConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &faultStmt{s.(sqliteStmt), c.disk, query, false}, nil
}

// QueryContext parses a query once. One that is still being read is parsed again.
func (c *faultConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if !strings.HasPrefix(query, "SELECT") {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	s := c.parsed[query]
	if s == nil {
		p, err := c.PrepareContext(ctx, query)
		if err != nil {
			return nil, err
		}
		s = p.(*faultStmt)
		c.parsed[query] = s
	}
	if s.reading {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	rows, err := s.sqliteStmt.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.reading = true
	return &stmtRows{rows, s}, nil
}

func (c *faultConn) Close() error {
	for _, s := range c.parsed {
		s.Close()
	}
	return c.sqliteConn.Close()
}

type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type faultStmt struct {
	sqliteStmt
	disk    *disk
	query   string
	reading bool
}

func (s *faultStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	f := sound
	switch {
	case strings.HasPrefix(s.query, "INSERT INTO s_control"):
		s.disk.passes = true
	case s.query == "COMMIT":
		f = s.disk.commit()
	case strings.HasPrefix(s.query, "INSERT INTO entry"):
		f = s.disk.insert()
	}
	if f == lost {
		return nil, errDisk
	}
	r, err := s.sqliteStmt.ExecContext(ctx, args)
	if err == nil && f == unheard {
		return nil, errDisk
	}
	return r, err
}

type stmtRows struct {
	driver.Rows
	s *faultStmt
}

func (r *stmtRows) Close() error {
	r.s.reading = false
	return r.Rows.Close()
}
