package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"marz"
)

// openReader opens the journal in a folder for reading alone. It takes no lock and writes nothing, so that the node may be running.
func openReader(ctx context.Context, dir string) (db *sql.DB, path string, err error) {
	path = filepath.Join(dir, "journal.db")
	if _, err := os.Stat(path); err != nil {
		return nil, path, &marz.Error{Code: marz.NotFound, Op: "read journal", Subject: path, Fix: "there is no journal here", Err: err}
	}
	if db, err = openDB("sqlite", path, true); err == nil {
		if err = checkFormat(ctx, db, path); err != nil {
			db.Close()
		}
	}
	if err != nil {
		return nil, path, &marz.Error{Code: marz.Invalid, Op: "read journal", Subject: path, Err: err}
	}
	return db, path, nil
}

// Read gives the entries of some kinds in a folder's journal, in order, as they were committed at one instant. The node may be running. It checks no
// signature over them: marz verify does that.
func Read(ctx context.Context, dir string, kinds []string, do func(Entry) error) (err error) {
	db, path, err := openReader(ctx, dir)
	if err != nil {
		return err
	}
	defer db.Close()
	// Bytes are looked through for the kinds, so that few entries are read as JSON.
	var where []string
	var args []any
	for _, k := range kinds {
		where = append(where, "instr(body, ?) > 0")
		args = append(args, fmt.Appendf(nil, `"kind":%q`, k))
	}
	rows, err := db.QueryContext(ctx, `SELECT seq, body FROM entry WHERE `+strings.Join(where, " OR ")+` ORDER BY seq`, args...)
	if err != nil {
		return &marz.Error{Op: "read journal", Subject: path, Fix: "it cannot be read; run marz verify on the folder", Err: err}
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var seq marz.Seq
		var body []byte
		if err := rows.Scan(&seq, &body); err != nil {
			return &marz.Error{Op: "read journal", Subject: path, Err: err}
		}
		var e Entry
		err := json.Unmarshal(body, &e)
		if err == nil && slices.Contains(kinds, e.Kind) { // another kind can hold the words of one
			err = do(e)
		}
		if err != nil {
			return &marz.Error{Code: marz.Invalid, Op: "read journal", Subject: fmt.Sprintf("%s seq %d", path, seq), Fix: "the entry is malformed; run marz verify on the folder", Err: err}
		}
	}
	if err := rows.Err(); err != nil {
		return &marz.Error{Op: "read journal", Subject: path, Err: err}
	}
	return nil
}

// Peek returns what entry 0 of the journal in a folder says, and the instant of its newest entry. The node may be running.
func Peek(ctx context.Context, dir string) (c Created, last marz.Instant, err error) {
	db, path, err := openReader(ctx, dir)
	if err != nil {
		return c, 0, err
	}
	defer db.Close()
	var first, newest []byte
	var e, l Entry
	err = db.QueryRowContext(ctx, `SELECT body, (SELECT body FROM entry ORDER BY seq DESC LIMIT 1) FROM entry WHERE seq = 0`).Scan(&first, &newest)
	if err == nil {
		err = errors.Join(json.Unmarshal(first, &e), json.Unmarshal(newest, &l))
	}
	if err == nil {
		err = json.Unmarshal(e.Public, &c)
	}
	if err != nil {
		return Created{}, 0, &marz.Error{Code: marz.NotFound, Op: "read journal", Subject: path, Fix: "there is no sound journal here", Err: err}
	}
	return c, l.At, nil
}
