package ledger

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/journal"
	"marz/mirror"
)

// Tx is a change's view of the ledger while it runs. It must not outlive the change. What a change appends is folded only once it is in the store: until then state is
// what it was when the change began.
type Tx struct {
	l      *Ledger
	now    marz.Instant
	late   bool
	tree   journal.Frontier // with what was appended
	hashes [][]byte         // of each entry
	sealed []journal.Sealed
	erase  []int64
	err    error // of an Append that failed: the change cannot succeed any more
}

func (l *Ledger) begin() *Tx {
	now, at := l.cfg.Clock(), l.At()
	return &Tx{l: l, now: max(now, at), late: now < at, tree: l.tree}
}

// Now is the instant that the change's entries bear. It never runs backwards within a journal, whichever node's clock it is.
func (t *Tx) Now() marz.Instant { return t.now }

// ClockBehind reports that the node's clock is earlier than the journal's last entry, so that Now is that entry's instant and the clock is in doubt.
func (t *Tx) ClockBehind() bool { return t.late }

// Next is the seq that the next entry will have.
func (t *Tx) Next() marz.Seq { return marz.Seq(t.tree.Size()) }

// Append adds an entry. It is in the store when Update returns nil.
func (t *Tx) Append(d journal.Draft) (journal.Entry, error) {
	s, err := d.Seal(t.Next(), t.now, t.l.origin, t.l.cfg.Rand)
	if err != nil {
		t.err = err
		return journal.Entry{}, err
	}
	t.hashes = append(t.hashes, t.tree.Add(tlog.RecordHash(s.Body)))
	t.sealed = append(t.sealed, s)
	return s.Entry, nil
}

// Erase destroys the private payloads of entries that are in the store, as an entry. The public parts stay, and so does every proof.
func (t *Tx) Erase(ctx context.Context, d journal.Draft, seqs []marz.Seq, why string) (journal.Entry, error) {
	if len(seqs) == 0 {
		return journal.Entry{}, &marz.Error{Code: marz.Invalid, Op: "erase payloads", Fix: "no entry is named"}
	}
	seqs = slices.Compact(slices.Sorted(slices.Values(seqs)))
	for _, seq := range seqs {
		if _, err := t.l.Payload(ctx, seq); err != nil {
			return journal.Entry{}, err
		}
		if slices.Contains(t.erase, int64(seq)) {
			return journal.Entry{}, &marz.Error{Code: marz.Conflict, Op: "erase payload", Subject: fmt.Sprintf("of seq %d", seq), Fix: "this change erases it already"}
		}
	}
	for _, seq := range seqs {
		t.erase = append(t.erase, int64(seq))
	}
	d.Kind, d.Public, d.Private = journal.KindErased, journal.Erased{Seqs: seqs, Why: why}, nil
	return t.Append(d)
}

// rows returns the change as the store takes it.
func (t *Tx) rows(head mirror.HeadRow) mirror.Append {
	a := mirror.Append{Old: t.l.tree.Size(), Erase: t.erase, Head: head}
	for i, s := range t.sealed {
		a.Rows = append(a.Rows, mirror.Row{Seq: int64(s.Seq), Body: s.Body, Hashes: t.hashes[i]})
		if s.Payload != nil {
			a.Payloads = append(a.Payloads, mirror.PayloadRow{Seq: int64(s.Seq), Salt: s.Salt, Body: s.Payload})
		}
	}
	return a
}
