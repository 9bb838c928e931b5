package ledger

import (
	"context"
	"fmt"
	"slices"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/journal"
	"marz/mirror"
)

// step is how many heads are caught up with at once.
const step = 256

// refresh catches up with what other nodes have appended, proves it against a head of it, and folds it.
func (l *Ledger) refresh(ctx context.Context) error {
	if err := l.stopped(); err != nil {
		return l.fail(err)
	}
	msg, err := l.cfg.Store.Head(ctx, l.origin)
	if marz.CodeOf(err) == marz.NotFound && l.tree.Size() > 0 {
		return l.fail(l.lost(l.tree.Size(), 0))
	}
	if err != nil {
		return err
	}
	goal, err := journal.OpenHead(msg, l.origin, l.verifier)
	if err != nil {
		return err
	}
	if goal.Size < l.tree.Size() {
		return l.fail(l.lost(l.tree.Size(), goal.Size))
	}
	for l.tree.Size() < goal.Size {
		if err := l.catchUp(ctx, goal.Size); err != nil {
			return err
		}
		if err := l.Failure(); err != nil {
			return err
		}
	}
	if head := l.Head(); head.Size == goal.Size && head.Root != goal.Root {
		return l.fail(l.otherHistory(goal.Size))
	}
	return nil
}

// catchUp folds the entries up to one of the next heads.
func (l *Ledger) catchUp(ctx context.Context, goal int64) error {
	var last mirror.HeadRow
	err := l.cfg.Store.Heads(ctx, l.origin, l.tree.Size(), step, func(h mirror.HeadRow) error {
		if h.Size <= goal {
			last = mirror.HeadRow{Size: h.Size, Note: slices.Clone(h.Note)}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if last.Size == 0 {
		return &marz.Error{Op: "read journal", Subject: string(l.origin), Fix: fmt.Sprintf("no head is there between %d entries and %d: the database is damaged", l.tree.Size(), goal)}
	}
	head, err := journal.OpenHead(last.Note, l.origin, l.verifier)
	if err != nil {
		return err
	}
	entries, err := l.read(ctx, l.tree.Size(), head.Size)
	if err != nil {
		return err
	}
	tree := l.tree
	for _, e := range entries {
		tree.Add(tlog.RecordHash(e.Body))
	}
	if tree.Size() != head.Size {
		return &marz.Error{Op: "read journal", Subject: string(l.origin), Fix: fmt.Sprintf("a head is over %d entries, and %d are there", head.Size, tree.Size())}
	}
	if tree.Root() != head.Root {
		return l.fail(l.otherHistory(head.Size))
	}
	l.accept(tree, head, entries)
	return nil
}

// read reads entries with their payloads. The payload of one that has a digest and none there was erased.
func (l *Ledger) read(ctx context.Context, from, to int64) ([]journal.Sealed, error) {
	payloads := map[int64]mirror.PayloadRow{}
	err := l.cfg.Store.Payloads(ctx, l.origin, from, to, func(p mirror.PayloadRow) error {
		payloads[p.Seq] = mirror.PayloadRow{Seq: p.Seq, Salt: slices.Clone(p.Salt), Body: slices.Clone(p.Body)}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []journal.Sealed
	err = l.cfg.Store.Entries(ctx, l.origin, from, to, func(r mirror.Row) error {
		e, err := journal.ParseEntry(r.Body)
		if err != nil {
			return err
		}
		p := payloads[r.Seq]
		out = append(out, journal.Sealed{Entry: e, Body: slices.Clone(r.Body), Salt: p.Salt, Payload: p.Body})
		return nil
	})
	return out, err
}

// Origin returns the journal's name.
func (l *Ledger) Origin() marz.Origin { return l.origin }

// VerifierKey returns the key with which anyone can check the journal's heads.
func (l *Ledger) VerifierKey() string { return l.vkey }

// Created returns what entry 0 says of the node.
func (l *Ledger) Created() journal.Created { return l.created }

// Head returns the newest head that this node has folded.
func (l *Ledger) Head() journal.Head { return *l.head.Load() }

// At returns the instant of the newest entry, before which no further entry will be.
func (l *Ledger) At() marz.Instant { return marz.Instant(l.at.Load()) }

// Changed returns a channel that is closed when more entries have been folded. Who asks for it before he looks misses none.
func (l *Ledger) Changed() <-chan struct{} { return *l.changed.Load() }

// Entry returns one entry and its exact bytes.
func (l *Ledger) Entry(ctx context.Context, seq marz.Seq) (journal.Entry, []byte, error) {
	if int64(seq) < 0 || int64(seq) >= l.Head().Size {
		return journal.Entry{}, nil, &marz.Error{Code: marz.NotFound, Op: "read entry", Subject: fmt.Sprintf("seq %d", seq), Fix: "the journal has no such entry"}
	}
	bodies, err := l.cfg.Store.Bodies(ctx, l.origin, []int64{int64(seq)})
	if err != nil {
		return journal.Entry{}, nil, err
	}
	e, err := journal.ParseEntry(bodies[0])
	return e, bodies[0], err
}

// Entries returns up to limit entries in rising order, the first with a seq of at least from.
func (l *Ledger) Entries(ctx context.Context, from marz.Seq, limit int) ([]journal.Entry, error) {
	var out []journal.Entry
	err := l.cfg.Store.Entries(ctx, l.origin, int64(from), min(int64(from)+int64(limit), l.Head().Size), func(r mirror.Row) error {
		e, err := journal.ParseEntry(r.Body)
		out = append(out, e)
		return err
	})
	return out, err
}

// Payload returns the private payload of an entry. One that was never there or has been erased is marz.NotFound.
func (l *Ledger) Payload(ctx context.Context, seq marz.Seq) ([]byte, error) {
	var out []byte
	err := l.cfg.Store.Payloads(ctx, l.origin, int64(seq), int64(seq)+1, func(p mirror.PayloadRow) error {
		out = slices.Clone(p.Body)
		return nil
	})
	if err == nil && out == nil {
		err = &marz.Error{Code: marz.NotFound, Op: "read payload", Subject: fmt.Sprintf("of seq %d", seq), Fix: "it has none, or its time is up and it was erased"}
	}
	return out, err
}

// ProveInclusion proves that the entry seq is in the tree of a head of that size (RFC 6962 §2.1.1).
func (l *Ledger) ProveInclusion(ctx context.Context, seq marz.Seq, size int64) (tlog.RecordProof, error) {
	if int64(seq) < 0 || int64(seq) >= size || size > l.Head().Size {
		return nil, &marz.Error{Code: marz.NotFound, Op: "prove inclusion", Subject: fmt.Sprintf("seq %d in size %d", seq, size), Fix: "the tree has no such entry"}
	}
	return tlog.ProveRecord(size, int64(seq), mirror.Tree(ctx, l.cfg.Store, l.origin))
}

// Proof returns the proof that an entry is in the journal as a file of its own, with the newest head: C2SP tlog-proof (https://c2sp.org/tlog-proof).
func (l *Ledger) Proof(ctx context.Context, seq marz.Seq) ([]byte, error) {
	head := l.Head()
	p, err := l.ProveInclusion(ctx, seq, head.Size)
	if err != nil {
		return nil, err
	}
	return torchwood.FormatProof(int64(seq), p, head.Note), nil
}
