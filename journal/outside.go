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

	"golang.org/x/mod/sumdb/note"

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

// Look opens the journal in a folder to read and to prove from it, without its key. Like Read it takes no lock and writes nothing, so that the node may be running; what the
// node appends meanwhile is not in its head. It refuses to append. The caller closes it.
func Look(ctx context.Context, dir string) (*Journal, error) {
	j := &Journal{stop: make(chan struct{}), done: make(chan struct{}), failed: make(chan struct{})}
	close(j.stop)
	close(j.done)
	db, path, err := openReader(ctx, dir)
	if err != nil {
		return nil, err
	}
	j.readers = db
	if err := j.look(ctx, path); err != nil {
		j.closeFiles()
		return nil, err
	}
	return j, nil
}

func (j *Journal) look(ctx context.Context, path string) error {
	var first, newest, msg []byte
	err := j.readers.QueryRowContext(ctx, `SELECT (SELECT body FROM entry WHERE seq = 0), (SELECT body FROM entry ORDER BY seq DESC LIMIT 1), (SELECT note FROM head ORDER BY size DESC LIMIT 1)`).
		Scan(&first, &newest, &msg)
	var genesis, last Entry
	if err == nil {
		err = errors.Join(json.Unmarshal(first, &genesis), json.Unmarshal(newest, &last))
	}
	if err == nil {
		err = json.Unmarshal(genesis.Public, &j.created)
	}
	if err == nil {
		j.vkey = j.created.Key
		j.verifier, err = note.NewVerifier(j.vkey)
	}
	if err != nil {
		return &marz.Error{Code: marz.Invalid, Op: "read journal", Subject: path, Fix: "it is damaged; run marz verify on the folder", Err: err}
	}
	j.origin = marz.Origin(j.verifier.Name())
	head, err := OpenHead(msg, j.origin, j.verifier)
	if err != nil {
		return err
	}
	j.head.Store(&head)
	j.at.Store(int64(last.At))
	return nil
}
