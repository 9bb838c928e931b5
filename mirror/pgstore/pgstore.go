// Package pgstore keeps mirrors, and journals of a headquarters' own, in PostgreSQL, for any number of processes beside one database.
//
// It is a mirror.Store, and promises what that says:
//
//   - Every call that writes is one transaction, which begins with the row of its origin locked and ends by writing that row. So writes to one origin follow one another,
//     whoever makes them, writes to different ones do not wait for each other, and a call returns only after a commit of its own: with synchronous standbys
//     what it saw is on them too, also where another process had written it.
//   - Keys are (origin, seq). There are no triggers, no advisory locks, no sequences, no foreign keys and no session state that a call relies on, and each transaction touches rows of one
//     origin alone: a database that speaks PostgreSQL's protocol and spreads tables by origin serves as it is.
//   - A transaction that the database gave up (40001, 40P01) is made again. So is a call whose connection was lost, even in the midst of a commit: every call can be made twice, or finds out whether
//     it was. When that does not help the error is marz.Unavailable, and later calls try anew: a database that is back is used again.
//   - A server whose machine has vanished is given up after 25 seconds, one that only says nothing when the caller gives the call up; the next call has a new connection.
//   - After a fail-over the promoted standby is found when the connection string names all hosts and says target_session_attrs=read-write. Nothing that was acknowledged is lost where
//     the standby is synchronous. That only one server is primary is for who operates them to see to. So are the server's tcp_keepalives settings, after which
//     it lets go of what a machine that has vanished had locked; one that only fell silent in a transaction is put out after a minute.
//
// Erasure is DELETE in the transaction of the entry that says so: from then on no query finds the payload. PostgreSQL keeps its bytes on in the dead row until vacuum, and after it in the free space of the page until something
// else is written there; in the write-ahead log until its segments are recycled, longer where replication slots or an archive keep them; on standbys
// likewise; and in base backups. Store.Scrub rewrites the table of payloads without them. What archives and backups keep is for their own schedule: keep them no longer than the retention of the data in them.
package pgstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"marz"
)

const (
	maxConns = 16 // of one process, where the connection string does not say pool_max_conns
	// longestIdle is after how many milliseconds the server ends a transaction of a process that has fallen silent in it, so that nobody waits for it for ever.
	longestIdle = 60_000
)

// Store is a mirror.Store in PostgreSQL. It holds nothing but connections.
type Store struct {
	pool  *pgxpool.Pool
	name  string         // host, port and database, for errors
	level pgx.TxIsoLevel // of transactions; the locks of rows make READ COMMITTED enough
}

// Open connects to the database, and makes its tables or brings them forward, beside others that do the same. url is a PostgreSQL connection string, also one with several hosts
// (postgres://marz@db1,db2/hq?target_session_attrs=read-write).
func Open(ctx context.Context, url string) (*Store, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil { // which can hold the password
		return nil, &marz.Error{Code: marz.Invalid, Op: "open mirror", Subject: "database",
			Fix: "its address is not a PostgreSQL connection string; write for example postgres://marz@db1,db2/hq?target_session_attrs=read-write"}
	}
	if !strings.Contains(url, "pool_max_conns") {
		cfg.MaxConns = maxConns
	}
	if cfg.ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		// Plans are made each time: one that was kept from when a table was empty reads all of it when it is large.
		cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	cfg.ConnConfig.DialFunc = dialer().DialContext
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = longestConnect
	}
	s := &Store{name: nameOf(cfg.ConnConfig), level: pgx.ReadCommitted}
	cfg.AfterConnect = s.greet
	if s.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return nil, s.failed(ctx, "open mirror", "", err)
	}
	if err := s.migrate(ctx, schema); err != nil {
		s.pool.Close()
		return nil, err
	}
	return s, nil
}

func nameOf(c *pgx.ConnConfig) string {
	hosts := []string{fmt.Sprintf("%s:%d", c.Host, c.Port)}
	for _, f := range c.Fallbacks {
		if h := fmt.Sprintf("%s:%d", f.Host, f.Port); h != hosts[len(hosts)-1] {
			hosts = append(hosts, h)
		}
	}
	return strings.Join(hosts, ",") + "/" + c.Database
}

// greet holds a new connection to what the store promises: a server that answers before it has written is refused.
func (s *Store) greet(ctx context.Context, c *pgx.Conn) error {
	var commit, fsync *string
	if err := c.QueryRow(ctx, `SELECT current_setting('synchronous_commit', true), current_setting('fsync', true)`).Scan(&commit, &fsync); err != nil {
		return err
	}
	for name, v := range map[string]*string{"synchronous_commit": commit, "fsync": fsync} {
		if v != nil && *v == "off" {
			return &marz.Error{Code: marz.Invalid, Op: "open mirror", Subject: s.name, Fix: "the server says that something is written before it is: set " + name + " to on"}
		}
	}
	_, err := c.Exec(ctx, fmt.Sprintf(`SET idle_in_transaction_session_timeout = %d`, longestIdle))
	return err
}

// Close ends all connections, when the calls that use them have ended.
func (s *Store) Close() error {
	s.pool.Close()
	return nil
}

// DB gives the same database, over the same connections, as database/sql knows it: for tables that others keep beside these (those of this package begin with mirror_).
// Closing it leaves the store open.
func (s *Store) DB() *sql.DB { return stdlib.OpenDBFromPool(s.pool) }

// Scrub rewrites the table of payloads without what erased ones have left in it. Nobody reads or writes payloads meanwhile, and it needs as much room again as the payloads
// that are left: it belongs into a quiet hour after erasures. It is for PostgreSQL itself; other databases forget by their own rules.
func (s *Store) Scrub(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `VACUUM (FULL) mirror_payload`)
	return s.failed(ctx, "scrub mirror", "", err)
}

// number is an origin in keys: the first 8 bytes of the SHA-256 of its name. The row of the origin holds the name, so that two origins with one number do not mix: the second is
// refused.
func number(o marz.Origin) int64 {
	sum := sha256.Sum256([]byte(o))
	return int64(binary.BigEndian.Uint64(sum[:]))
}
