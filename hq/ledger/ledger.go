// Package ledger is the journal of a headquarters: the entries, the tree and the signed heads of package journal (docs/spec/journal.md), kept in a mirror.Store
// among the journals that are mirrored there, so that any number of nodes with the same key can append to it.
//
// It promises:
//
//   - A change that returned nil is in the store, once, at its place. Where the answer of the database was lost, it is found out before the caller hears anything.
//   - A change sees the state that all entries before it left, whoever appended them. When another node was first it is run again from the start.
//   - State is a fold by callback, over what is in the store and was proven against a signed head, in order, each entry once.
//   - It signs only what continues what this node has seen. A store that holds less than that, or another history, stops the ledger for good.
//   - A database that cannot be reached is an error for the caller, and the ledger goes on. A store that has stopped stops it.
package ledger

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/journal"
	"marz/mirror"
)

// Config says which ledger to open and with what. Store, Key, Clock and After are required.
type Config struct {
	Store mirror.Store
	Key   string // the signer's text, from journal.NewKey; the origin is its name
	Clock marz.Clock
	Rand  io.Reader // for salts; nil for the machine's
	Dir   string    // where the node keeps the newest head that it knows, in the file head; "" for nowhere

	// Fold is told each entry in order, with its payload where there is one. It runs while no change runs, must depend on nothing but what it is told, and fails only
	// when the entry cannot be: then the ledger stops.
	Fold func(e journal.Entry, payload []byte) error

	After    func(time.Duration) <-chan time.Time // like time.After: the waits after a lost answer
	Patience time.Duration                        // how long one question to the store may take; 0 for 10 s
	Tries    int                                  // how often an append whose answer was lost is asked about; 0 for 6
	Log      *slog.Logger                         // nil for none
}

// Ledger is an open ledger. Its methods may be called from any goroutine.
type Ledger struct {
	cfg      Config
	origin   marz.Origin
	signer   note.Signer
	verifier note.Verifier
	vkey     string
	created  journal.Created

	turn chan struct{} // holds one token: who has it owns the fields below
	tree journal.Frontier
	file *journal.HeadFile

	head    atomic.Pointer[journal.Head]
	at      atomic.Int64 // instant of the newest entry
	changed atomic.Pointer[chan struct{}]
	failed  chan struct{} // closed when the ledger has stopped
	failure error         // why; written before failed is closed
}

// Create makes the journal of a new headquarters: entry 0, whose public part is filled in from c and the key, and those that follow, in one transaction.
func Create(ctx context.Context, cfg Config, genesis journal.Draft, c journal.Created, more ...journal.Draft) error {
	l, err := newLedger(cfg)
	if err != nil {
		return err
	}
	c.Key = l.vkey
	genesis.Kind, genesis.Public = journal.KindCreated, c
	t := l.begin()
	for _, d := range append([]journal.Draft{genesis}, more...) {
		if _, err := t.Append(d); err != nil {
			return err
		}
	}
	if _, first, err := l.write(ctx, t); err != nil || first {
		return err
	}
	return &marz.Error{Code: marz.Conflict, Op: "create journal", Subject: string(l.origin), Fix: "the store holds a journal of this name already; use another name or another store"}
}

func newLedger(cfg Config) (*Ledger, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Patience == 0 {
		cfg.Patience = 10 * time.Second
	}
	if cfg.Tries == 0 {
		cfg.Tries = 6
	}
	l := &Ledger{cfg: cfg, turn: make(chan struct{}, 1), failed: make(chan struct{})}
	l.turn <- struct{}{}
	l.changed.Store(new(make(chan struct{})))
	l.head.Store(&journal.Head{})
	var err error
	if l.signer, l.verifier, l.vkey, err = journal.OpenKey(cfg.Key); err != nil {
		return nil, err
	}
	l.origin = marz.Origin(l.signer.Name())
	return l, nil
}

// Open opens the ledger of a key, folds all of it, and holds it to the newest head that this node knows.
func Open(ctx context.Context, cfg Config) (*Ledger, error) {
	l, err := newLedger(cfg)
	if err != nil {
		return nil, err
	}
	if err := l.open(ctx); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func (l *Ledger) open(ctx context.Context) error {
	if _, err := l.cfg.Store.Head(ctx, l.origin); marz.CodeOf(err) == marz.NotFound {
		return &marz.Error{Code: marz.NotFound, Op: "open journal", Subject: string(l.origin), Fix: "the store holds no journal of this name; look at which database is named, or make a headquarters with marz hq init"}
	}
	if err := l.refresh(ctx); err != nil {
		return err
	}
	first, _, err := l.Entry(ctx, 0)
	if err == nil {
		err = json.Unmarshal(first.Public, &l.created)
	}
	if err != nil {
		return err
	}
	if l.created.Key != l.vkey {
		return &marz.Error{Code: marz.Invalid, Op: "open journal", Subject: string(l.origin),
			Fix: fmt.Sprintf("this node's key is not this journal's: it was begun with %s and the key is that of %s", l.created.Key, l.vkey)}
	}
	if l.cfg.Dir == "" {
		return nil
	}
	if l.file, err = journal.OpenHeadFile(l.cfg.Dir); err != nil {
		return err
	}
	if err := l.checkHeadFile(ctx); err != nil {
		return err
	}
	return l.file.Write(l.Head().Note)
}

// checkHeadFile holds the store to what this node has seen: it must continue the head that stands in the head file.
func (l *Ledger) checkHeadFile(ctx context.Context) error {
	msg, err := l.file.Read()
	if err != nil || msg == nil {
		return err
	}
	said, err := journal.OpenHead(msg, l.origin, l.verifier)
	if err != nil {
		return &marz.Error{Code: marz.Invalid, Op: "open journal", Subject: l.file.Path(),
			Fix: "the head file is damaged, so that it cannot be told whether the database lost entries. Compare with a node that mirrors this journal; if nothing is missing, remove the file", Err: err}
	}
	return l.continues(ctx, said)
}

// continues holds what has been folded to a head that was signed before.
func (l *Ledger) continues(ctx context.Context, said journal.Head) error {
	head := l.Head()
	if said.Size > head.Size {
		return l.lost(said.Size, head.Size)
	}
	root, err := tlog.TreeHash(said.Size, mirror.Tree(ctx, l.cfg.Store, l.origin))
	if err == nil && root != said.Root {
		err = l.otherHistory(said.Size)
	}
	return err
}

func (l *Ledger) lost(signed, held int64) error {
	return &marz.Error{Code: marz.Conflict, Op: "hold journal to what was signed", Subject: string(l.origin),
		Fix: fmt.Sprintf("a head over %d entries was signed and the database holds %d: it is an old copy or has lost its end. The node will not sign another history; put the newest database back", signed, held)}
}

func (l *Ledger) otherHistory(size int64) error {
	return &marz.Error{Code: marz.Conflict, Op: "hold journal to what was signed", Subject: string(l.origin),
		Fix: fmt.Sprintf("its first %d entries are not those that were signed: the database holds another history. The node will not sign it; put the right database back", size)}
}

// Failed is closed when the ledger has stopped for good; Failure then says why.
func (l *Ledger) Failed() <-chan struct{} { return l.failed }

// Failure returns why the ledger stopped, or nil while it has not.
func (l *Ledger) Failure() error {
	select {
	case <-l.failed:
		return l.failure
	default:
		return nil
	}
}

// fail stops the ledger. Only who has the turn calls it.
func (l *Ledger) fail(err error) error {
	if l.Failure() == nil {
		l.failure = err
		close(l.failed)
	}
	return l.failure
}

// Close gives the head file back. It does not close the store.
func (l *Ledger) Close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// take waits for the turn.
func (l *Ledger) take(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-l.turn:
	}
	if err := l.Failure(); err != nil {
		l.turn <- struct{}{}
		return &marz.Error{Code: marz.Unavailable, Op: "append", Subject: string(l.origin), Fix: "the node has stopped", Err: err}
	}
	return nil
}

// Update runs a change and appends what it made. It returns nil only after that is in the store. An error of the change undoes it. It may run more than once:
// whenever another node appended first. ctx bounds the wait for a turn; once an append has begun its outcome is found out.
func (l *Ledger) Update(ctx context.Context, change func(*Tx) error) error {
	if err := l.take(ctx); err != nil {
		return err
	}
	defer func() { l.turn <- struct{}{} }()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := l.refresh(ctx); err != nil {
			return err
		}
		t := l.begin()
		if err := errors.Join(change(t), t.err); err != nil {
			return err
		}
		if len(t.sealed) == 0 {
			return nil
		}
		head, first, err := l.write(ctx, t)
		if err != nil {
			return err
		}
		if first {
			l.accept(t.tree, head, t.sealed)
			return nil
		}
	}
}

// Refresh folds what other nodes have appended.
func (l *Ledger) Refresh(ctx context.Context) error {
	if err := l.take(ctx); err != nil {
		return err
	}
	defer func() { l.turn <- struct{}{} }()
	return l.refresh(ctx)
}

// write appends what a change made. first is false when another node appended before it.
func (l *Ledger) write(ctx context.Context, t *Tx) (head journal.Head, first bool, err error) {
	if head, err = journal.Sign(l.origin, &t.tree, l.signer); err != nil {
		return head, false, err
	}
	a := t.rows(mirror.HeadRow{Size: head.Size, Note: head.Note})
	ctx = context.WithoutCancel(ctx) // whether it is there or not has to be known
	wait, doubt := 50*time.Millisecond, false
	for try := 1; ; try++ {
		err = l.ask(ctx, func(ctx context.Context) error { return l.cfg.Store.Append(ctx, l.origin, a) })
		switch code := marz.CodeOf(err); {
		case err == nil:
			return head, true, nil
		case l.stopped() != nil:
			return head, false, l.fail(err)
		case code == marz.Conflict && !doubt:
			return head, false, nil
		case code == marz.Conflict: // by somebody else, or by this very append, whose answer was lost
			var ours bool
			err = l.ask(ctx, func(ctx context.Context) (err error) { ours, err = l.holds(ctx, a.Rows); return err })
			if err == nil {
				return head, ours, nil
			}
		case code == marz.Invalid:
			return head, false, err // refused before anything was written
		}
		doubt = true
		if try == l.cfg.Tries {
			return head, false, &marz.Error{Code: marz.Unavailable, Op: "append", Subject: string(l.origin),
				Fix: "the database does not answer, and whether this was recorded is not known: look before you do it again", Err: err}
		}
		l.cfg.Log.Warn("an append has no answer; it is asked about again", "origin", l.origin, "err", err)
		<-l.cfg.After(wait)
		wait *= 2
	}
}

// ask puts one question to the store, and waits no longer than is meant.
func (l *Ledger) ask(ctx context.Context, question func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, l.cfg.Patience)
	defer cancel()
	return question(ctx)
}

// holds reports whether exactly these entries stand at their places. Two appends that are alike to the last byte, at one place and instant, are one event: what sets
// apart what two nodes did is in the bytes, most of all the digest of a salted payload.
func (l *Ledger) holds(ctx context.Context, rows []mirror.Row) (bool, error) {
	i, same := 0, true
	err := l.cfg.Store.Entries(ctx, l.origin, rows[0].Seq, rows[len(rows)-1].Seq+1, func(r mirror.Row) error {
		same = same && string(r.Body) == string(rows[i].Body)
		i++
		return nil
	})
	return same && i == len(rows), err
}

// stopped returns why the store has stopped for good, if it is one that does.
func (l *Ledger) stopped() error {
	if s, ok := l.cfg.Store.(interface{ Failure() error }); ok {
		return s.Failure()
	}
	return nil
}

// accept folds entries that are in the store and proven, and makes their head the newest.
func (l *Ledger) accept(tree journal.Frontier, head journal.Head, entries []journal.Sealed) {
	for _, e := range entries {
		if l.cfg.Fold == nil {
			break
		}
		if err := l.cfg.Fold(e.Entry, e.Payload); err != nil {
			l.fail(&marz.Error{Op: "fold journal", Subject: fmt.Sprintf("%s seq %d", l.origin, e.Seq), Fix: "the entry cannot be; run marz verify on an export", Err: err})
			return
		}
	}
	l.tree = tree
	l.at.Store(int64(entries[len(entries)-1].At))
	l.head.Store(&head)
	close(*l.changed.Swap(new(make(chan struct{}))))
	if l.file != nil {
		if err := l.file.Write(head.Note); err != nil {
			l.fail(&marz.Error{Op: "write head file", Subject: l.file.Path(), Fix: "what was recorded is in the database; make room or mend the disk, and start again", Err: err})
		}
	}
}
