package nation

import (
	"database/sql"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"marz"
)

// Dialect is in what databases differ. All else is one text, written with ? for parameters.
type Dialect struct {
	Numbered bool // parameters are $1, $2, …
	Rows     int  // of one INSERT
}

// The databases.
var (
	SQLite     = Dialect{Rows: 32}
	PostgreSQL = Dialect{Numbered: true, Rows: 256}
)

// sql returns a query as the database reads it. No query has a question mark that is no parameter.
func (d Dialect) sql(query string) string {
	if !d.Numbered {
		return query
	}
	var b strings.Builder
	n := 0
	for rest := query; ; n++ {
		before, after, ok := strings.Cut(rest, "?")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(n+1))
		rest = after
	}
}

// sql is Dialect.sql.
func (x *Index) sql(query string) string { return x.Dialect.sql(query) }

// OpenSQLite opens an index's own file, or makes it. After a crash the last transactions may be missing, whole: they are folded again.
func OpenSQLite(path string) (*sql.DB, error) {
	q := url.Values{"_txlock": {"immediate"}}
	for _, p := range []string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(NORMAL)", "secure_delete(1)", "cache_size(-64000)"} {
		q.Add("_pragma", p)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, &marz.Error{Op: "open index", Subject: path, Err: err}
	}
	db, err := sql.Open("sqlite", "file://"+strings.ReplaceAll((&url.URL{Path: abs}).EscapedPath(), "?", "%3F")+"?"+q.Encode())
	if err != nil {
		return nil, &marz.Error{Op: "open index", Subject: path, Err: err}
	}
	db.SetMaxOpenConns(8)
	return db, nil
}

// holes writes n parameters in brackets.
func holes(n int) string { return "(?" + strings.Repeat(", ?", n-1) + ")" }
