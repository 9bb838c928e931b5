package journal

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"marz"
)

// The lines of a bundle (docs/spec/journal.md §5).
type (
	bundleStart struct {
		Version  int         `json:"marz_bundle"`
		Origin   marz.Origin `json:"origin"`
		Key      string      `json:"key"`
		Payloads string      `json:"payloads"`
	}
	bundleEntry struct {
		Seq     int64  `json:"seq"`
		Body    []byte `json:"body"`
		Hashes  []byte `json:"hashes"`
		Salt    []byte `json:"salt,omitempty"`
		Payload []byte `json:"payload,omitempty"`
	}
	bundleHead struct {
		Head string `json:"head"`
	}
	bundleEnd struct {
		End     bool  `json:"end"`
		Entries int64 `json:"entries"`
		Heads   int64 `json:"heads"`
	}
)

// Bundle writes a bundle line by line: first all entries, then all heads, ascending.
type Bundle struct {
	out *bufio.Writer
	enc *json.Encoder
	end bundleEnd
}

// NewBundle begins the bundle of a journal. partial says that payloads of some entries may stand in it; else all are withheld.
func NewBundle(w io.Writer, origin marz.Origin, vkey string, partial bool) (*Bundle, error) {
	out := bufio.NewWriter(w)
	b := &Bundle{out: out, enc: json.NewEncoder(out), end: bundleEnd{End: true}}
	b.enc.SetEscapeHTML(false)
	start := bundleStart{1, origin, vkey, "withheld"}
	if partial {
		start.Payloads = "partial"
	}
	return b, b.enc.Encode(start)
}

// Entry writes an entry, with its payload if salt is not nil.
func (b *Bundle) Entry(seq int64, body, hashes, salt, payload []byte) error {
	b.end.Entries++
	return b.enc.Encode(bundleEntry{seq, body, hashes, salt, payload})
}

// Head writes a head.
func (b *Bundle) Head(msg []byte) error {
	b.end.Heads++
	return b.enc.Encode(bundleHead{string(msg)})
}

// End writes the last line.
func (b *Bundle) End() error {
	if err := b.enc.Encode(b.end); err != nil {
		return err
	}
	return b.out.Flush()
}

// Export writes the journal of a data folder as a bundle, as it was committed at one instant; the node may be running. payloads says of which entries the
// private payload stands in it; nil of none. It checks nothing: that is the reader's part, with marz verify.
func Export(ctx context.Context, dir string, payloads func(Entry) bool, w io.Writer) error {
	path := filepath.Join(dir, "journal.db")
	fail := func(err error) error {
		return &marz.Error{Op: "export journal", Subject: path, Err: err}
	}
	vkey, err := os.ReadFile(filepath.Join(dir, "node.pub"))
	if err != nil {
		return &marz.Error{Code: marz.NotFound, Op: "export journal", Subject: dir, Fix: "there is no node in this folder", Err: err}
	}
	if _, err := os.Stat(path); err != nil {
		return &marz.Error{Code: marz.NotFound, Op: "export journal", Subject: path, Fix: "there is no journal here", Err: err}
	}
	db, err := openDB("sqlite", path, true)
	if err != nil {
		return fail(err)
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // one snapshot for entries and heads
	if err != nil {
		return fail(err)
	}
	defer tx.Rollback()
	key := strings.TrimSpace(string(vkey))
	name, _, _ := strings.Cut(key, "+")
	b, err := NewBundle(w, marz.Origin(name), key, payloads != nil)
	if err == nil {
		err = exportAll(ctx, tx, payloads, b)
	}
	if err != nil {
		return fail(err)
	}
	return nil
}

func exportAll(ctx context.Context, tx *sql.Tx, payloads func(Entry) bool, b *Bundle) error {
	err := each(ctx, tx, func(rows *sql.Rows) error {
		var l bundleEntry
		if err := rows.Scan(&l.Seq, &l.Body, &l.Hashes, &l.Salt, &l.Payload); err != nil {
			return err
		}
		give, err := gives(payloads, l)
		if err != nil {
			return err
		}
		if !give {
			l.Salt, l.Payload = nil, nil
		}
		return b.Entry(l.Seq, l.Body, l.Hashes, l.Salt, l.Payload)
	}, `SELECT e.seq, e.body, e.hashes, p.salt, p.body FROM entry e LEFT JOIN payload p ON p.seq = e.seq ORDER BY e.seq`)
	if err != nil {
		return err
	}
	err = each(ctx, tx, func(rows *sql.Rows) error {
		var note []byte
		if err := rows.Scan(&note); err != nil {
			return err
		}
		return b.Head(note)
	}, `SELECT note FROM head ORDER BY size`)
	if err != nil {
		return err
	}
	return b.End()
}

// gives reports whether the payload of an entry stands in the bundle.
func gives(payloads func(Entry) bool, l bundleEntry) (bool, error) {
	if payloads == nil || l.Payload == nil {
		return false, nil
	}
	var e Entry
	if err := json.Unmarshal(l.Body, &e); err != nil {
		return false, err
	}
	return payloads(e), nil
}

func each(ctx context.Context, tx *sql.Tx, do func(*sql.Rows) error, query string) (err error) {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
