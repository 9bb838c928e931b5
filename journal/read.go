package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"marz"
)

// Origin returns the journal's name.
func (j *Journal) Origin() marz.Origin { return j.origin }

// VerifierKey returns the key with which anyone can check the journal's heads.
func (j *Journal) VerifierKey() string { return j.vkey }

// Created returns what entry 0 says of the node.
func (j *Journal) Created() Created { return j.created }

// Head returns the newest committed head.
func (j *Journal) Head() Head { return *j.head.Load() }

// At returns the instant of the newest committed entry, before which no further entry will be.
func (j *Journal) At() marz.Instant { return marz.Instant(j.at.Load()) }

// State returns read-only connections to ask the state tables with.
func (j *Journal) State() *sql.DB { return j.readers }

// Entry returns one entry and its exact bytes.
func (j *Journal) Entry(ctx context.Context, seq marz.Seq) (Entry, []byte, error) {
	var body []byte
	err := j.readers.QueryRowContext(ctx, `SELECT body FROM entry WHERE seq = ?`, int64(seq)).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return Entry{}, nil, &marz.Error{Code: marz.NotFound, Op: "read entry", Subject: fmt.Sprintf("seq %d", seq), Fix: "the journal has no such entry"}
	}
	if err != nil {
		return Entry{}, nil, &marz.Error{Op: "read entry", Subject: fmt.Sprintf("seq %d", seq), Err: err}
	}
	e, err := ParseEntry(body)
	return e, body, err
}

// Entries returns up to limit entries in rising order, the first with a seq of at least from.
func (j *Journal) Entries(ctx context.Context, from marz.Seq, limit int) ([]Entry, error) {
	rows, err := j.readers.QueryContext(ctx, `SELECT body FROM entry WHERE seq >= ? ORDER BY seq LIMIT ?`, int64(from), limit)
	if err != nil {
		return nil, &marz.Error{Op: "read entries", Err: err}
	}
	defer rows.Close()
	var out []Entry
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return nil, &marz.Error{Op: "read entries", Err: err}
		}
		e, err := ParseEntry(body)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	if err := rows.Err(); err != nil {
		return nil, &marz.Error{Op: "read entries", Err: err}
	}
	return out, nil
}

// Payload returns the private payload of an entry. One that was never there or has been erased is marz.NotFound. Who reads a
// person's data must have appended an entry that says so: that is the caller's duty.
func (j *Journal) Payload(ctx context.Context, seq marz.Seq) ([]byte, error) {
	var body []byte
	err := j.readers.QueryRowContext(ctx, `SELECT body FROM payload WHERE seq = ?`, int64(seq)).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &marz.Error{Code: marz.NotFound, Op: "read payload", Subject: fmt.Sprintf("of seq %d", seq), Fix: "it has none, or its time is up and it was erased"}
	}
	if err != nil {
		return nil, &marz.Error{Op: "read payload", Subject: fmt.Sprintf("of seq %d", seq), Err: err}
	}
	return body, nil
}

// Payload reads an earlier entry's private payload inside a change.
func (t *Tx) Payload(seq marz.Seq) ([]byte, error) {
	for _, r := range t.j.w.pending {
		if r.Seq == seq && r.payload != nil {
			return r.payload, nil
		}
	}
	return t.j.Payload(context.Background(), seq)
}

// Entry reads an earlier entry inside a change, also one that shares its commit.
func (t *Tx) Entry(seq marz.Seq) (Entry, error) {
	for _, r := range t.j.w.pending {
		if r.Seq == seq {
			return r.Entry, nil
		}
	}
	e, _, err := t.j.Entry(context.Background(), seq)
	return e, err
}

// ProveInclusion proves that the entry seq is in the tree of the head given (RFC 6962 §2.1.1).
func (j *Journal) ProveInclusion(ctx context.Context, seq marz.Seq, size int64) (tlog.RecordProof, error) {
	if int64(seq) < 0 || int64(seq) >= size || size > j.Head().Size {
		return nil, &marz.Error{Code: marz.NotFound, Op: "prove inclusion", Subject: fmt.Sprintf("seq %d in size %d", seq, size), Fix: "the tree has no such entry"}
	}
	return tlog.ProveRecord(size, int64(seq), hashReader{ctx, j.readers})
}

// Proof returns the proof that an entry is in the journal as a file of its own, with the newest head: C2SP tlog-proof
// (https://c2sp.org/tlog-proof). Whoever has the entry's bytes and the verifier key can check it with other people's tools.
func (j *Journal) Proof(ctx context.Context, seq marz.Seq) ([]byte, error) {
	head := j.Head()
	p, err := j.ProveInclusion(ctx, seq, head.Size)
	if err != nil {
		return nil, err
	}
	return torchwood.FormatProof(int64(seq), p, head.Note), nil
}

// HeadOver returns the first head that was signed over an entry: the one that was committed with it.
func (j *Journal) HeadOver(ctx context.Context, seq marz.Seq) (Head, error) {
	var text []byte
	err := j.readers.QueryRowContext(ctx, `SELECT note FROM head WHERE size > ? ORDER BY size LIMIT 1`, seq).Scan(&text)
	if err != nil {
		return Head{}, &marz.Error{Code: marz.NotFound, Op: "read head", Subject: fmt.Sprintf("over seq %d", seq), Fix: "no head is signed over it", Err: err}
	}
	verifier, err := note.NewVerifier(j.vkey)
	if err != nil {
		return Head{}, &marz.Error{Op: "read head", Err: err}
	}
	return OpenHead(text, j.origin, verifier)
}

// ProveConsistency proves that the tree of size older is the beginning of the tree of size newer (RFC 6962 §2.1.2).
func (j *Journal) ProveConsistency(ctx context.Context, older, newer int64) (tlog.TreeProof, error) {
	if older < 1 || older > newer || newer > j.Head().Size {
		return nil, &marz.Error{Code: marz.NotFound, Op: "prove consistency", Subject: fmt.Sprintf("of %d with %d", older, newer), Fix: "there are no such heads"}
	}
	return tlog.ProveTree(newer, older, hashReader{ctx, j.readers})
}
