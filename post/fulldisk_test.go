package post

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync/atomic"

	"modernc.org/sqlite"
)

// fullDriver is the node's own SQLite on a disk that is full after so many more commits as full says; below 0 it never is.
const fullDriver = "sqlite-full"

var full atomic.Int64

func init() {
	full.Store(-1)
	sql.Register(fullDriver, &fullDisk{&sqlite.Driver{}})
}

type fullDisk struct{ *sqlite.Driver }

func (d *fullDisk) Open(name string) (driver.Conn, error) {
	c, err := d.Driver.Open(name)
	if err != nil {
		return nil, err
	}
	return &fullConn{c.(wholeConn)}, nil
}

// wholeConn is what the driver's connection can do, as database/sql uses it.
type wholeConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type fullConn struct{ wholeConn }

func (c *fullConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s, err := c.wholeConn.PrepareContext(ctx, query)
	if err != nil || query != `COMMIT` {
		return s, err
	}
	return &fullStmt{s.(wholeStmt)}, nil
}

type wholeStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type fullStmt struct{ wholeStmt }

func (s *fullStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	switch n := full.Load(); {
	case n == 0:
		return nil, errors.New("database or disk is full (made by the test)")
	case n > 0:
		full.Add(-1)
	}
	return s.wholeStmt.ExecContext(ctx, args)
}
