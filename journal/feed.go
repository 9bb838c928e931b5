package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"marz"
)

// This file is what a journal gives to those who keep copies of it. All of it reads what is committed, and makes no writer wait.

// Changed returns a channel that is closed at the next commit. Who asks for it before he looks at Head misses none.
func (j *Journal) Changed() <-chan struct{} { return *j.changed.Load() }

// tell wakes who waits for a commit.
func (j *Journal) tell() { close(*j.changed.Swap(new(make(chan struct{})))) }

// Tree returns the stored tree hashes, for proofs by golang.org/x/mod/sumdb/tlog.
func (j *Journal) Tree(ctx context.Context) tlog.HashReader { return hashReader{ctx, j.readers} }

func (j *Journal) each(ctx context.Context, do func(*sql.Rows) error, query string, args ...any) (err error) {
	rows, err := j.readers.QueryContext(ctx, query, args...)
	if err != nil {
		return &marz.Error{Op: "read journal", Subject: string(j.origin), Err: err}
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return &marz.Error{Op: "read journal", Subject: string(j.origin), Err: err}
	}
	return nil
}

// Bodies gives the exact bytes of the entries from one seq up to before another, as far as there are any. They are the callback's until it returns.
func (j *Journal) Bodies(ctx context.Context, from, to int64, do func(seq int64, body []byte) error) error {
	return j.each(ctx, func(rows *sql.Rows) error {
		var seq int64
		var body sql.RawBytes
		if err := rows.Scan(&seq, &body); err != nil {
			return &marz.Error{Op: "read journal", Subject: string(j.origin), Err: err}
		}
		return do(seq, body)
	}, `SELECT seq, body FROM entry WHERE seq >= ? AND seq < ? ORDER BY seq`, from, to)
}

// Private is an entry with its private payload.
type Private struct {
	Entry
	Salt    []byte
	Payload []byte
}

// Payloads gives the entries from one seq up to before another that have a payload, with it. Who gives a person's data away must be entitled to: that is the caller's duty.
func (j *Journal) Payloads(ctx context.Context, from, to int64, do func(Private) error) error {
	return j.each(ctx, func(rows *sql.Rows) error {
		var p Private
		var body []byte
		err := rows.Scan(&body, &p.Salt, &p.Payload)
		if err == nil {
			p.Entry, err = ParseEntry(body)
		}
		if err != nil {
			return &marz.Error{Op: "read journal", Subject: string(j.origin), Err: err}
		}
		return do(p)
	}, `SELECT e.body, p.salt, p.body FROM payload p JOIN entry e ON e.seq = p.seq WHERE p.seq >= ? AND p.seq < ? ORDER BY p.seq`, from, to)
}

// Heads gives the heads with a size above after and up to last, at most limit, ascending by size.
func (j *Journal) Heads(ctx context.Context, after, last int64, limit int, do func(size int64, msg []byte) error) error {
	return j.each(ctx, func(rows *sql.Rows) error {
		var size int64
		var msg sql.RawBytes
		if err := rows.Scan(&size, &msg); err != nil {
			return &marz.Error{Op: "read journal", Subject: string(j.origin), Err: err}
		}
		return do(size, msg)
	}, `SELECT size, note FROM head WHERE size > ? AND size <= ? ORDER BY size LIMIT ?`, after, last, limit)
}

// HeadUpTo returns the largest head with at most that size.
func (j *Journal) HeadUpTo(ctx context.Context, size int64) (Head, error) {
	if newest := j.Head(); newest.Size <= size {
		return newest, nil
	}
	var msg []byte
	err := j.readers.QueryRowContext(ctx, `SELECT note FROM head WHERE size <= ? ORDER BY size DESC LIMIT 1`, size).Scan(&msg)
	if err != nil {
		return Head{}, &marz.Error{Code: marz.NotFound, Op: "read head", Subject: fmt.Sprintf("up to size %d", size), Fix: "no head is that small", Err: err}
	}
	return OpenHead(msg, j.origin, j.verifier)
}

// aheadError says that the node has signed more than its journal holds.
type aheadError struct{ err *marz.Error }

func (a *aheadError) Error() string { return a.err.Error() }
func (a *aheadError) Unwrap() error { return a.err }

// Heard takes in a head of this journal that somebody else holds. One that is signed by the node's key and that the journal does not continue says that the
// node has signed another history, or more of it: the journal is an old copy. It then stops for good and remembers that head, so that Open refuses the folder until
// it has been recovered. Heard returns nil when all is well.
func (j *Journal) Heard(ctx context.Context, msg []byte) error {
	said, err := OpenHead(msg, j.origin, j.verifier)
	if err != nil {
		return err
	}
	if err := j.continues(ctx, said); err == nil || !isAhead(err) {
		return err
	}
	return j.Update(ctx, func(tx *Tx) error { // looked at again in the journal's turn
		err := j.continues(ctx, said)
		if !isAhead(err) {
			return err
		}
		if fault := errors.Join(j.headFile.write(said.Note), j.headFile.f.Sync()); fault != nil {
			err = errors.Join(err, fault)
		}
		return &faultError{err}
	})
}

func isAhead(err error) bool {
	_, ok := errors.AsType[*aheadError](err)
	return ok
}

// continues reports, as an aheadError, that the journal does not continue a head that the node has signed.
func (j *Journal) continues(ctx context.Context, said Head) error {
	size := j.Head().Size
	fix := fmt.Sprintf("this node has signed a head over %d entries and the journal holds %d: it is an old copy or has lost its end. The node will not sign another history; recover from a mirror", said.Size, size)
	if said.Size <= size {
		root, err := tlog.TreeHash(said.Size, hashReader{ctx, j.readers})
		if err != nil || root == said.Root {
			return err
		}
		fix = fmt.Sprintf("this node has signed another history of its first %d entries than it holds. It will not sign any more; compare it with its mirrors", said.Size)
	}
	return &aheadError{&marz.Error{Code: marz.Conflict, Op: "hold journal to what was signed", Subject: string(j.origin), Fix: fix}}
}

// Acknowledge is Heard for the folder of a node that is not running: it notes a head that the node has signed and that the journal there does not continue, so that Open refuses
// the folder until it has been recovered. ahead says that it is so.
func Acknowledge(ctx context.Context, dir string, msg []byte) (ahead bool, err error) {
	j, err := Look(ctx, dir)
	if err != nil {
		return false, err
	}
	defer j.closeFiles()
	said, err := OpenHead(msg, j.origin, j.verifier)
	if err != nil {
		return false, err
	}
	if err := j.continues(ctx, said); !isAhead(err) {
		return false, err
	}
	if j.lock, err = lockFolder(dir); err != nil {
		return true, err
	}
	if j.headFile, err = openHeadFile(dir); err != nil {
		return true, err
	}
	old, err := j.headFile.read()
	if err != nil {
		return true, err
	}
	if noted, err := OpenHead(old, j.origin, j.verifier); err == nil && noted.Size >= said.Size && isAhead(j.continues(ctx, noted)) {
		return true, nil // what is noted says it already
	}
	if err := errors.Join(j.headFile.write(said.Note), j.headFile.f.Sync()); err != nil {
		return true, &marz.Error{Op: "note head", Subject: dir, Err: err}
	}
	return true, nil
}
