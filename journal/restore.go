package journal

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"marz"
)

// Restoring brings the journal of a node that is not running back to a head that the node has signed, from what others hold of it: an old
// copy is continued, and where there is none it is written from entry 0. All of it is one transaction: until Commit has returned nil the folder is what it was. It believes
// nobody: entries count only once the tree over them meets the signed head, payloads by the digest in their entry, heads by their signature and the tree. It is
// for one goroutine.
type Restoring struct {
	dir, path string
	origin    marz.Origin
	vkey      string
	verifier  note.Verifier
	lock      *folderLock
	db        *sql.DB
	conn      *sql.Conn
	fresh     bool // there was no journal
	done      bool
	tree      Frontier
	heads     Frontier // as far as heads were checked
	erased    map[int64]bool
}

// Restore begins. vkey is the node's verifier key. The caller calls Close at the end, whatever came of it.
func Restore(ctx context.Context, dir, vkey string) (*Restoring, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: "restore journal", Subject: dir, Fix: "the node's verifier key is malformed", Err: err}
	}
	r := &Restoring{dir: dir, path: filepath.Join(dir, "journal.db"), origin: marz.Origin(verifier.Name()), vkey: vkey, verifier: verifier, erased: map[int64]bool{}}
	if err := r.begin(ctx); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func (r *Restoring) fail(err error) error {
	if _, ok := errors.AsType[*marz.Error](err); err == nil || ok {
		return err
	}
	return &marz.Error{Op: "restore journal", Subject: r.path, Fix: "nothing was changed", Err: err}
}

func (r *Restoring) begin(ctx context.Context) (err error) {
	if r.lock, err = lockFolder(r.dir); err != nil {
		return err
	}
	f, err := os.OpenFile(r.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return r.fail(err)
	}
	f.Close()
	if r.db, err = openDB("sqlite", r.path, false); err != nil {
		return r.fail(err)
	}
	if r.conn, err = r.db.Conn(ctx); err != nil {
		return r.fail(err)
	}
	var tables int
	if err := r.conn.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&tables); err != nil {
		return r.fail(err)
	}
	r.fresh = tables == 0
	if !r.fresh {
		if err := checkFormat(ctx, r.conn, r.path); err != nil {
			return err
		}
	}
	if err := r.exec(ctx, `BEGIN IMMEDIATE`); err != nil {
		return r.fail(err)
	}
	if r.fresh {
		return r.fail(r.exec(ctx, fmt.Sprintf("PRAGMA application_id=%d; PRAGMA user_version=%d; %s", applicationID, formatVersion, schema)))
	}
	return r.fail(r.adopt(ctx))
}

// adopt hashes what the folder holds anew, and refuses it when a byte is not what was hashed.
func (r *Restoring) adopt(ctx context.Context) (err error) {
	rows, err := r.conn.QueryContext(ctx, `SELECT seq, body, hashes FROM entry ORDER BY seq`)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var seq int64
		var body, hashes sql.RawBytes
		if err := rows.Scan(&seq, &body, &hashes); err != nil {
			return err
		}
		if seq != r.tree.size || !bytes.Equal(r.tree.Add(leafHash(body)), hashes) {
			return &marz.Error{Code: marz.Invalid, Op: "restore journal", Subject: r.path,
				Fix: fmt.Sprintf("what the folder holds is damaged at seq %d. Move journal.db with its -wal and -shm elsewhere, and recover from nothing; payloads that no mirror has are lost with it", r.tree.size)}
		}
		r.heed(body)
	}
	return rows.Err()
}

// heed keeps in mind what an entry erases.
func (r *Restoring) heed(body []byte) {
	for _, seq := range ErasedBy(body) {
		r.erased[seq] = true
	}
}

// Size returns how many entries there are.
func (r *Restoring) Size() int64 { return r.tree.size }

// Root returns the hash of the tree over them.
func (r *Restoring) Root() tlog.Hash { return r.tree.Root() }

// Tree returns the hashes of the tree as it stands.
func (r *Restoring) Tree(ctx context.Context) tlog.HashReader { return hashReader{ctx, r.conn} }

// Append adds entries.
func (r *Restoring) Append(ctx context.Context, bodies [][]byte) error {
	for _, body := range bodies {
		seq := r.tree.size
		r.heed(body)
		if _, err := r.conn.ExecContext(ctx, `INSERT INTO entry (seq, body, hashes) VALUES (?, ?, ?)`, seq, body, r.tree.Add(leafHash(body))); err != nil {
			return r.fail(err)
		}
	}
	return nil
}

// Payload adds the payload of an entry that is there, unless it is there as well or was erased.
func (r *Restoring) Payload(ctx context.Context, seq int64, salt, payload []byte) error {
	if r.erased[seq] {
		return nil
	}
	var body []byte
	if err := r.conn.QueryRowContext(ctx, `SELECT body FROM entry WHERE seq = ?`, seq).Scan(&body); err != nil {
		return r.fail(err)
	}
	e, err := ParseEntry(body)
	if err != nil {
		return err
	}
	if len(salt) != SaltSize || len(payload) > MaxPayload || e.Private == "" || Digest(salt, payload) != e.Private {
		return &marz.Error{Code: marz.Invalid, Op: "restore payload", Subject: fmt.Sprintf("of seq %d", seq), Fix: "it is not the one whose digest stands in the entry"}
	}
	return r.fail(r.exec(ctx, `INSERT OR IGNORE INTO payload (seq, salt, body) VALUES (?, ?, ?)`, seq, salt, payload))
}

// Head adds a head over entries that are there. Heads come ascending by size.
func (r *Restoring) Head(ctx context.Context, msg []byte) error {
	h, err := OpenHead(msg, r.origin, r.verifier)
	if err != nil {
		return err
	}
	if h.Size > r.tree.size || h.Size < r.heads.size {
		return &marz.Error{Code: marz.Invalid, Op: "restore head", Subject: fmt.Sprintf("of size %d", h.Size), Fix: "it is out of order, or its entries are not there"}
	}
	if err := r.climb(ctx, h.Size); err != nil {
		return err
	}
	if r.heads.Root() != h.Root {
		return &marz.Error{Code: marz.Conflict, Op: "restore head", Subject: fmt.Sprintf("of size %d", h.Size), Fix: "the node signed another history than the one that is restored; nothing was changed"}
	}
	return r.fail(r.exec(ctx, `INSERT OR IGNORE INTO head (size, note) VALUES (?, ?)`, h.Size, h.Note))
}

// climb brings the tree for heads to a size.
func (r *Restoring) climb(ctx context.Context, size int64) (err error) {
	rows, err := r.conn.QueryContext(ctx, `SELECT substr(hashes, 1, 32) FROM entry WHERE seq >= ? AND seq < ? ORDER BY seq`, r.heads.size, size)
	if err != nil {
		return r.fail(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var b sql.RawBytes
		if err := rows.Scan(&b); err != nil {
			return r.fail(err)
		}
		r.heads.Add(tlog.Hash(b))
	}
	return r.fail(rows.Err())
}

// Commit holds everything to a head that the node has signed, and makes it the folder's journal. It returns the seqs of entries whose payload is lost: it
// was not erased, and nobody had it.
func (r *Restoring) Commit(ctx context.Context, msg []byte) (lost []marz.Seq, err error) {
	h, err := OpenHead(msg, r.origin, r.verifier)
	if err != nil {
		return nil, err
	}
	if h.Size != r.tree.size || h.Root != r.tree.Root() {
		return nil, &marz.Error{Code: marz.Conflict, Op: "restore journal", Subject: r.path,
			Fix: fmt.Sprintf("its %d entries do not meet the head of size %d: what the folder held is another history than the one that was signed. Nothing was changed", r.tree.size, h.Size)}
	}
	if err := r.acknowledged(h); err != nil {
		return nil, err
	}
	if err := r.Head(ctx, h.Note); err != nil {
		return nil, err
	}
	for seq := range r.erased {
		if err := r.exec(ctx, `DELETE FROM payload WHERE seq = ?`, seq); err != nil {
			return nil, r.fail(err)
		}
	}
	if lost, err = r.lost(ctx); err != nil {
		return nil, r.fail(err)
	}
	// The state is folded anew when the journal is opened.
	if err := r.exec(ctx, `DELETE FROM state_version`); err != nil {
		return nil, r.fail(err)
	}
	if err := r.exec(ctx, `COMMIT`); err != nil {
		return nil, r.fail(err)
	}
	r.done = true
	return lost, r.settle(ctx, h)
}

// acknowledged holds the head to what the node is known to have signed.
func (r *Restoring) acknowledged(h Head) error {
	file, err := openHeadFile(r.dir)
	if err != nil {
		return err
	}
	defer file.f.Close()
	msg, err := file.read()
	if err != nil || msg == nil {
		return err
	}
	if said, err := OpenHead(msg, r.origin, r.verifier); err == nil && said.Size > h.Size {
		return &marz.Error{Code: marz.Conflict, Op: "restore journal", Subject: r.path,
			Fix: fmt.Sprintf("the node has signed a head over %d entries and only %d can be had back. A journal that went on from there would be another history: begin a new node, under another name", said.Size, h.Size)}
	}
	return nil
}

// settle empties the log, so that nothing erased stands there, and writes the files beside the database.
func (r *Restoring) settle(ctx context.Context, h Head) error {
	var busy, log, moved int
	err := r.conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &log, &moved)
	if err == nil {
		err = os.WriteFile(filepath.Join(r.dir, "node.pub"), []byte(r.vkey+"\n"), 0o644)
	}
	file, err2 := openHeadFile(r.dir)
	if err2 == nil {
		err2 = errors.Join(file.write(h.Note), file.f.Sync(), file.f.Close())
	}
	if err := errors.Join(err, err2); err != nil {
		return &marz.Error{Op: "restore journal", Subject: r.dir, Fix: "the journal is restored, and a file beside it could not be written; restore it again", Err: err}
	}
	return nil
}

// lost lists the entries that should have a payload and have none.
func (r *Restoring) lost(ctx context.Context) (out []marz.Seq, err error) {
	rows, err := r.conn.QueryContext(ctx, `SELECT e.seq, e.body FROM entry e LEFT JOIN payload p ON p.seq = e.seq WHERE p.seq IS NULL AND substr(e.body, -13) <> CAST(',"private":""}' AS BLOB) ORDER BY e.seq`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var seq int64
		var body sql.RawBytes
		if err := rows.Scan(&seq, &body); err != nil {
			return nil, err
		}
		if e, err := ParseEntry(body); err == nil && e.Private != "" && !r.erased[seq] {
			out = append(out, marz.Seq(seq))
		}
	}
	return out, rows.Err()
}

func (r *Restoring) exec(ctx context.Context, query string, args ...any) error {
	_, err := r.conn.ExecContext(ctx, query, args...)
	return err
}

// Close ends the restoring. What was not committed is undone.
func (r *Restoring) Close() error {
	var errs []error
	if r.conn != nil {
		if !r.done {
			r.exec(context.Background(), `ROLLBACK`)
		}
		errs = append(errs, r.conn.Close())
	}
	if r.db != nil {
		errs = append(errs, r.db.Close())
	}
	if r.fresh && !r.done {
		errs = append(errs, os.Remove(r.path))
	}
	if r.lock != nil {
		errs = append(errs, r.lock.release())
	}
	return errors.Join(errs...)
}
