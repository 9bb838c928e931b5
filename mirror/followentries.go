package mirror

import (
	"bytes"
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/journal"
)

// entries fetches what is missing up to a head, proves each package against it, and stores it.
func (f *Follower) entries(ctx context.Context, head journal.Head) error {
	const op = "fetch entries"
	st, err := f.cfg.Store.State(ctx, f.c.origin)
	if err != nil {
		return err
	}
	tree, err := journal.NewFrontier(st.Next, storedHashes{ctx, f.cfg.Store, f.c.origin})
	if err != nil {
		return err
	}
	for tree.Size() < head.Size {
		if f.ended() {
			return &marz.Error{Code: marz.Conflict, Op: op, Subject: string(f.c.origin), Fix: "it is not followed any more"}
		}
		a, err := f.c.get(ctx, op, "entries?start=%d&end=%d", tree.Size(), head.Size)
		if err != nil {
			return err
		}
		before := tree.Size()
		rows, erase, err := provenRows(&tree, a.body, head, f.c.Name)
		if len(rows) > 0 { // those before the first that is not proven are sound
			if _, e := f.cfg.Store.AddEntries(ctx, f.c.origin, rows, erase); e != nil {
				return e
			}
		}
		if err != nil {
			return err
		}
		if tree.Size() == before {
			return f.c.malformed(op)
		}
	}
	return nil
}

// provenRows reads packages that continue a tree, and proves each against a head. The tree grows by what is proven. An error is about the first package that is not.
func provenRows(tree *journal.Frontier, body []byte, head journal.Head, from string) (rows []Row, erase []int64, err error) {
	in := newReader(bytes.NewReader(body))
	for tree.Size() < head.Size {
		first, rounded, to := bounds(tree.Size(), head.Size)
		p, err := in.entryPackage(int(to - first))
		if err != nil {
			break // the answer ends here
		}
		next, last, at := *tree, []byte(nil), len(rows)
		for i, leaf := range p.leaves {
			last = next.Add(leaf)
			rows = append(rows, Row{first + int64(i), p.bodies[i], last})
		}
		if err := checkSubtree(p.proof, head.Size, head.Root, rounded, to, packageHash(&next, last, rounded, to)); err != nil {
			return rows[:at], erase, &marz.Error{Code: marz.Conflict, Op: "fetch entries", Subject: from, Fix: fmt.Sprintf("the entries from seq %d on do not lead to the head that was signed", first), Err: err}
		}
		for _, b := range p.bodies {
			erase = append(erase, journal.ErasedBy(b)...)
		}
		*tree = next
	}
	return rows, erase, nil
}

// payloads fetches the payloads that the reader is given of the entries that are held.
func (f *Follower) payloads(ctx context.Context) error {
	for {
		st, err := f.cfg.Store.State(ctx, f.c.origin)
		if err != nil || st.Payloads >= st.Size {
			return err
		}
		upto, err := f.payloadsOf(ctx, st.Payloads, st.Size)
		if err != nil {
			return err
		}
		if upto <= st.Payloads {
			return f.c.malformed("fetch payloads")
		}
	}
}

// payloadsOf fetches payloads of entries in [from, to), proves each by the digest in its entry, and stores them. It returns up to which seq there was an answer.
func (f *Follower) payloadsOf(ctx context.Context, from, to int64) (upto int64, err error) {
	const op = "fetch payloads"
	a, err := f.c.get(ctx, op, "payloads?from=%d&to=%d", from, to)
	if err != nil {
		return 0, err
	}
	in := newReader(bytes.NewReader(a.body))
	upto = in.number()
	count := int(in.uint(4))
	if in.err != nil || upto < from || upto > to || count > maxItems {
		return 0, f.c.malformed(op)
	}
	var rows []PayloadRow
	for next := from; count > 0; count-- {
		p, err := in.payload()
		if err != nil || p.Seq < next || p.Seq >= upto {
			return 0, f.c.malformed(op)
		}
		next = p.Seq + 1
		rows = append(rows, p)
	}
	if err := f.checkPayloads(ctx, rows); err != nil {
		return 0, err
	}
	_, _, err = f.cfg.Store.AddPayloads(ctx, f.c.origin, from, upto, rows)
	return upto, err
}

func (f *Follower) checkPayloads(ctx context.Context, rows []PayloadRow) error {
	for _, p := range rows {
		bodies, err := f.cfg.Store.Bodies(ctx, f.c.origin, []int64{p.Seq})
		if err != nil {
			return err
		}
		e, err := journal.ParseEntry(bodies[0])
		if err != nil {
			return err
		}
		if got := journal.Digest(p.Salt, p.Body); got != e.Private {
			return f.refuse(ctx, &Evidence{Kind: EvidencePayload, Seq: marz.Seq(p.Seq), Digest: e.Private, Got: got},
				fmt.Sprintf("it gives a payload of seq %d that is not the one whose digest stands in the entry", p.Seq))
		}
	}
	return nil
}

// Payload returns the private payload of an entry that is held, and asks for it where it is not: what a reader is given can have become more since. It is NotFound
// where he is not given it.
func (f *Follower) Payload(ctx context.Context, seq marz.Seq) ([]byte, error) {
	body, err := f.stored(ctx, int64(seq))
	if err != nil || body != nil {
		return body, err
	}
	f.fetch.Lock()
	defer f.fetch.Unlock()
	st, err := f.cfg.Store.State(ctx, f.c.origin)
	if err != nil {
		return nil, err
	}
	if int64(seq) < min(st.Payloads, st.Size) && !f.ended() {
		if _, err := f.payloadsOf(ctx, int64(seq), int64(seq)+1); err != nil {
			return nil, err
		}
		if body, err = f.stored(ctx, int64(seq)); err != nil || body != nil {
			return body, err
		}
	}
	return nil, &marz.Error{Code: marz.NotFound, Op: "read payload", Subject: fmt.Sprintf("%s, seq %d", f.c.origin, seq), Fix: "it was not given, or is erased"}
}

func (f *Follower) stored(ctx context.Context, seq int64) (body []byte, err error) {
	err = f.cfg.Store.Payloads(ctx, f.c.origin, seq, seq+1, func(p PayloadRow) error {
		body = bytes.Clone(p.Body)
		return nil
	})
	return body, err
}

// Entries gives the entries that are held and proven from one seq on, ascending, each with its exact bytes' meaning.
func (f *Follower) Entries(ctx context.Context, from marz.Seq, do func(journal.Entry) error) error {
	st, err := f.cfg.Store.State(ctx, f.c.origin)
	if err != nil {
		return err
	}
	return f.cfg.Store.Entries(ctx, f.c.origin, int64(from), st.Size, func(row Row) error {
		e, err := journal.ParseEntry(row.Body)
		if err != nil {
			return err
		}
		return do(e)
	})
}

// consistencyRoot is consistency, with the hash that the other side says its tree has at the older size: without it a fork could be refused and not proven.
func (c *client) consistencyRoot(ctx context.Context, older, newer int64) (tlog.TreeProof, tlog.Hash, error) {
	a, err := c.get(ctx, "ask for a proof", "consistency?old=%d&new=%d", older, newer)
	if err != nil {
		return nil, tlog.Hash{}, err
	}
	proof, err := c.parseProof("ask for a proof", a)
	root, _ := tlog.ParseHash(a.oldRoot) // absent, it proves nothing
	return proof, root, err
}
