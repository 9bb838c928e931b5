package nation

import (
	"context"
	"database/sql"
	"errors"

	"marz"
	"marz/journal"
	"marz/mirror"
)

// batchEntries is how many entries are folded in one transaction, and as many payloads.
const batchEntries = 4096

// progress is how far one journal was folded.
type progress struct {
	origin int64 // its number in the tables
	next   int64 // seq of the next entry
	paid   int64 // seq of the next payload, at most next
	at     marz.Instant
}

// Fold folds what the mirror holds and this index has not: of every journal all that is cosigned. It returns how many entries it folded itself; other nodes may fold beside it. It ends when nothing was left, or
// with an error, after which it can be called again.
func (x *Index) Fold(ctx context.Context) (entries int64, err error) {
	origins, err := x.Store.Origins(ctx)
	if err != nil {
		return 0, err
	}
	for _, o := range origins {
		n, err := x.foldOrigin(ctx, o)
		entries += n
		if err != nil {
			return entries, err
		}
	}
	return entries, nil
}

// foldOrigin reads one batch while the one before it is written.
func (x *Index) foldOrigin(ctx context.Context, origin marz.Origin) (entries int64, err error) {
	type reading struct {
		b   *batch
		err error
	}
	p, err := x.progressOf(ctx, origin)
	if err != nil {
		return 0, err
	}
	b, err := x.read(ctx, origin, p)
	for err == nil && b != nil {
		ahead := make(chan reading, 1)
		go func(p progress) {
			b, err := x.read(ctx, origin, p)
			ahead <- reading{b, err}
		}(b.after)
		lost, werr := x.write(ctx, b)
		then := <-ahead
		switch {
		case werr != nil:
			return entries, werr
		case lost: // another node has folded this: what was read ahead is about something that is not so
			if p, err = x.progressOf(ctx, origin); err == nil {
				b, err = x.read(ctx, origin, p)
			}
		default:
			entries += b.after.next - b.before.next
			b, err = then.b, then.err
		}
	}
	return entries, err
}

// progressOf reads how far a journal was folded. Of a new one the row is made.
func (x *Index) progressOf(ctx context.Context, origin marz.Origin) (p progress, err error) {
	for range 8 { // nodes that make rows of new journals at once can choose one number
		err = x.DB.QueryRowContext(ctx, x.sql(`SELECT id, next, paid, at FROM n_origin WHERE name = ?`), string(origin)).Scan(&p.origin, &p.next, &p.paid, &p.at)
		if !errors.Is(err, sql.ErrNoRows) {
			return p, x.failed("fold journal", err)
		}
		_, err = x.DB.ExecContext(ctx, x.sql(`INSERT INTO n_origin (id, name, next, paid, at, odd) SELECT coalesce(max(id), 0) + 1, ?, 0, 0, 0, 0 FROM n_origin WHERE true ON CONFLICT DO NOTHING`), string(origin))
		if err != nil {
			return p, x.failed("fold journal", err)
		}
	}
	return p, &marz.Error{Code: marz.Unavailable, Op: "fold journal", Subject: string(origin), Fix: "its row could not be made; it is tried again"}
}

// batch is what was read from the mirror, to be folded in one transaction.
type batch struct {
	before, after progress
	steps         []step          // in order of seq
	payloads      map[int64]facts // of inspections, as far as it was read
	touched       map[int64]bool  // rows that have to be there: ids of inspections before this batch
	writes        []write         // into the other tables, in order
	odd           int64           // entries that could not be understood
}

// step is one thing that happens to rows of crossings.
type step struct {
	entry journal.Entry
	what  caseEntry
	id    int64
	erase []int64 // seqs of erased payloads; nil: it is no erasure
}

// write is one statement.
type write struct {
	query string
	args  []any
}

// read reads the next batch after p, or nil when there is nothing to fold. Of entries and payloads it reads no more than a batch each, so that its memory is bounded.
func (x *Index) read(ctx context.Context, origin marz.Origin, p progress) (*batch, error) {
	st, err := x.Store.State(ctx, origin)
	if err != nil {
		return nil, err
	}
	b := &batch{before: p, after: p, payloads: map[int64]facts{}, touched: map[int64]bool{}}
	b.after.next = min(max(st.Size, p.next), p.next+x.batch)
	b.after.paid = max(p.paid, min(st.Payloads, b.after.next, p.paid+x.batch))
	if b.after.next == p.next && b.after.paid == p.paid {
		return nil, nil
	}
	n := p.next
	err = x.Store.Entries(ctx, origin, p.next, b.after.next, func(r mirror.Row) error {
		if r.Seq != n {
			return &marz.Error{Code: marz.Unavailable, Op: "fold journal", Subject: string(origin), Fix: "the mirror lacks an entry that it has cosigned: its database is damaged"}
		}
		n++
		e, err := journal.ParseEntry(r.Body)
		if err != nil {
			b.odd++
			return nil
		}
		b.after.at = max(b.after.at, e.At)
		b.add(e, r.Body)
		return nil
	})
	if err == nil && n != b.after.next {
		err = &marz.Error{Code: marz.Unavailable, Op: "fold journal", Subject: string(origin), Fix: "the mirror lacks an entry that it has cosigned: its database is damaged"}
	}
	if err != nil {
		return nil, err
	}
	// Payloads are read after the entries: what one of these has erased is gone by now, and stays so when it is folded.
	return b, x.Store.Payloads(ctx, origin, p.paid, b.after.paid, func(r mirror.PayloadRow) error {
		if f := x.factsOf(r.Body); f.known {
			b.payloads[r.Seq] = f
			b.touch(r.Seq)
		}
		return nil
	})
}

// touch notes that the row of an inspection from before this batch is needed.
func (b *batch) touch(id int64) {
	if id < b.before.next {
		b.touched[id] = true
	}
}

// add takes an entry into the batch.
func (b *batch) add(e journal.Entry, body []byte) {
	ok := true
	switch {
	case e.Kind == journal.KindErased:
		if erased := journal.ErasedBy(body); len(erased) > 0 {
			for _, seq := range erased {
				b.touch(seq)
			}
			b.steps = append(b.steps, step{entry: e, erase: erased})
		}
	case caseKinds[e.Kind] != nil:
		what, id, well := readCase(e)
		if ok = well; ok {
			b.touch(id)
			b.steps = append(b.steps, step{entry: e, what: what, id: id})
		}
	}
	if keep := keeps[e.Kind]; ok && keep != nil {
		var writes []write
		if writes, ok = keep(b.before.origin, e); ok {
			b.writes = append(b.writes, writes...)
		}
	}
	if !ok {
		b.odd++
	}
}

// Again has the payloads of a journal looked at again from a seq on, at the next Fold: a mirror was given some that it may have only now, below its mark. Those that were folded stay as they are.
func (x *Index) Again(ctx context.Context, origin marz.Origin, from marz.Seq) error {
	_, err := x.DB.ExecContext(ctx, x.sql(`UPDATE n_origin SET paid = ? WHERE name = ? AND paid > ?`), int64(max(from, 0)), string(origin), int64(max(from, 0)))
	return x.failed("fold journal", err)
}
