package mirror

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/journal"
)

// Recovery says whom a node asks for its own journal. All but Progress and Silence are required.
type Recovery struct {
	Dir      string // the node's data folder
	Key      string // the node's verifier key
	Mirrors  []Remote
	After    func(time.Duration) <-chan time.Time // like time.After
	Silence  time.Duration                        // after which a request on which nothing moves is given up; 0 for 30 s
	Limit    time.Duration                        // after which a mirror that has not said how far it is counts as not reached; 0: none
	Progress func(entries, of int64)              // nil for none
}

// Behind says that a mirror holds more of a node's journal than the node does, or another history: the node has signed it.
type Behind struct {
	Mirror string         // whose
	Head   journal.Head   // the largest that the node has signed, as far as mirrors know
	Size   int64          // of the journal in the folder
	Proof  tlog.TreeProof // that the folder's journal is the beginning of the head's tree; nil where Held is false or Fork is true
	Held   bool           // the mirror holds all entries of the head, so that the journal can be recovered
	Fork   bool           // the folder's journal is not the beginning of it: two histories were signed
}

func (b *Behind) Error() string {
	what := "recover from it before the node signs again"
	switch {
	case b.Fork:
		what = "it is another history than the one in this folder, and the node will not sign any more; compare the folder with its mirrors"
	case !b.Held:
		what = "no mirror holds all of them: what was acknowledged last is lost, and the journal cannot go on under this name"
	}
	return fmt.Sprintf("this node has signed a head over %d entries, which the mirror of %s has, and its journal holds %d: %s", b.Head.Size, b.Mirror, b.Size, what)
}

// holding is what one mirror says of a journal.
type holding struct {
	c       *client
	state   State
	head    journal.Head // its own; zero when it has none
	pending journal.Head // newest that it has taken in; zero when that is its own
}

// largest is the largest head that the mirror knows the node to have signed.
func (h *holding) largest() journal.Head {
	if h.pending.Size > h.head.Size {
		return h.pending
	}
	return h.head
}

// ask asks all mirrors at once. Those that do not answer, or answer what cannot be, are in errs by name.
func (r *Recovery) ask(ctx context.Context) (out []*holding, errs map[string]error, err error) {
	if r.Silence == 0 {
		r.Silence = 30 * time.Second
	}
	all, faults := make([]*holding, len(r.Mirrors)), make([]error, len(r.Mirrors))
	for i, m := range r.Mirrors {
		c, err := newClient(m, r.Key, r.After, r.Silence)
		if err != nil {
			return nil, nil, err
		}
		all[i] = &holding{c: c}
	}
	var group sync.WaitGroup
	for i, h := range all {
		group.Go(func() {
			ctx, end := r.limited(ctx)
			defer end()
			faults[i] = h.ask(ctx)
		})
	}
	group.Wait()
	errs = map[string]error{}
	for i, h := range all {
		if faults[i] != nil {
			errs[h.c.Name] = faults[i]
			continue
		}
		out = append(out, h)
	}
	return out, errs, ctx.Err()
}

// limited ends a context after the limit, if there is one.
func (r *Recovery) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, end := context.WithCancel(ctx)
	if r.Limit > 0 {
		over := r.After(r.Limit)
		go func() {
			select {
			case <-over:
				end()
			case <-ctx.Done():
			}
		}()
	}
	return ctx, end
}

func (h *holding) ask(ctx context.Context) (err error) {
	if h.state, err = h.c.state(ctx); err != nil {
		return err
	}
	if h.state.Size > 0 {
		if h.head, _, _, err = h.c.checkpoint(ctx); err != nil {
			return err
		}
	}
	if h.state.Pending > h.state.Size {
		h.pending, err = h.c.pending(ctx)
	}
	return err
}

// Ahead asks the mirrors, before the journal in a folder is opened, whether the node has signed more than it holds: then it is an old copy. Where one
// says so, with the node's own signature, that is noted in the folder, and journal.Open refuses it until Recover has brought it back. It returns nil when all
// that mirrors know is the folder's own. unreached names those that did not answer, of which nothing is known: a node that is cut off must be able to start.
func Ahead(ctx context.Context, r Recovery) (behind *Behind, unreached map[string]error, err error) {
	all, unreached, err := r.ask(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, h := range all {
		head := h.largest()
		if head.Size == 0 {
			continue
		}
		ahead, err := journal.Acknowledge(ctx, r.Dir, head.Note)
		if err != nil {
			return nil, unreached, err
		}
		if !ahead || behind != nil && behind.Head.Size >= head.Size {
			continue
		}
		if behind, err = h.behind(ctx, r.Dir, head); err != nil {
			return nil, unreached, err
		}
	}
	return behind, unreached, nil
}

// behind looks into what it is that the folder lacks.
func (h *holding) behind(ctx context.Context, dir string, head journal.Head) (*Behind, error) {
	j, err := journal.Look(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer j.Close()
	own := j.Head()
	b := &Behind{Mirror: h.c.Name, Head: head, Size: own.Size, Held: head.Size == h.head.Size, Fork: head.Size <= own.Size}
	if b.Fork || h.head.Size < own.Size {
		return b, nil
	}
	proof, err := h.c.consistency(ctx, own.Size, h.head.Size)
	if err != nil {
		return nil, err
	}
	if tlog.CheckTree(proof, h.head.Size, h.head.Root, own.Size, own.Root) != nil {
		b.Fork = true
	} else if b.Held {
		b.Proof = proof
	}
	return b, nil
}

// Recovered says what was had back.
type Recovered struct {
	Before, Size int64            // entries before and after
	Heads        int              // that came
	Payloads     int              // that came
	Lost         []marz.Seq       // entries whose payload neither the folder nor any mirror had: marz verify will name them
	Failed       map[string]error // mirrors that did not answer, or gave what cannot be
}

// Recover brings the journal of a node that is not running back to the largest head that the node has signed, as far as the mirrors know: all entries, the heads, and
// those payloads that mirrors hold. Everything is verified against the node's own signature, and the folder is what it was until all of it is there. Where no mirror holds all
// entries of the largest head it refuses: a journal that went on without them would be another history.
func Recover(ctx context.Context, r Recovery) (*Recovered, error) {
	all, unreached, err := r.ask(ctx)
	if err != nil {
		return nil, err
	}
	best, err := choose(all, unreached)
	if err != nil {
		return nil, err
	}
	in, err := journal.Restore(ctx, r.Dir, r.Key)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	out := &Recovered{Before: in.Size(), Size: best.head.Size, Failed: unreached}
	if out.Before > out.Size {
		return nil, &marz.Error{Code: marz.Conflict, Op: "recover journal", Subject: r.Dir, Fix: fmt.Sprintf("it holds %d entries and the mirrors %d: there is nothing to recover", out.Before, out.Size)}
	}
	if err := r.entries(ctx, in, best.head, all); err != nil {
		return nil, err
	}
	if err := agree(ctx, in, all); err != nil {
		return nil, err
	}
	if out.Heads, err = best.heads(ctx, in, out.Before); err != nil {
		return nil, err
	}
	for _, h := range all {
		n, err := h.payloads(ctx, in, out.Before, best.head.Size)
		if out.Payloads += n; err != nil { // what it gave before is sound, and others may have the rest
			unreached[h.c.Name] = err
		}
	}
	if out.Lost, err = in.Commit(ctx, best.head.Note); err != nil {
		return nil, err
	}
	return out, nil
}

// choose takes the mirror that holds the most, of these the one with the most heads.
func choose(all []*holding, unreached map[string]error) (best *holding, err error) {
	var signed *holding
	for _, h := range all {
		if signed == nil || h.largest().Size > signed.largest().Size {
			signed = h
		}
		if best == nil || h.head.Size > best.head.Size || h.head.Size == best.head.Size && h.state.Heads > best.state.Heads {
			best = h
		}
	}
	if best == nil || best.head.Size == 0 {
		errs := []error{}
		for _, err := range unreached {
			errs = append(errs, err)
		}
		return nil, &marz.Error{Code: marz.NotFound, Op: "recover journal", Fix: "no mirror that answers holds anything of it", Err: errors.Join(errs...)}
	}
	if signed.largest().Size > best.head.Size {
		return nil, &marz.Error{Code: marz.Conflict, Op: "recover journal", Subject: signed.c.Name,
			Fix: fmt.Sprintf("the node has signed a head over %d entries, and no mirror that answers holds more than %d. A journal that went on without them would be another history: reach the other mirrors, or begin a new node, under another name", signed.largest().Size, best.head.Size)}
	}
	return best, nil
}

// entries fetches what is missing up to a head. Where a mirror fails another that holds them goes on.
func (r *Recovery) entries(ctx context.Context, in *journal.Restoring, head journal.Head, all []*holding) error {
	tree, err := journal.NewFrontier(in.Size(), in.Tree(ctx))
	if err != nil {
		return err
	}
	var errs []error
	for _, h := range all {
		for h.head.Size >= head.Size && in.Size() < head.Size {
			before := in.Size()
			if err := h.fetch(ctx, in, &tree, head); err != nil {
				if errs = append(errs, err); in.Size() != tree.Size() {
					return err // of the folder
				}
			}
			if in.Size() == before {
				break
			}
			if r.Progress != nil {
				r.Progress(in.Size(), head.Size)
			}
		}
	}
	if in.Size() < head.Size {
		return errors.Join(errs...)
	}
	return nil
}

// fetch asks for the next packages, proves each against the head, and appends its entries.
func (h *holding) fetch(ctx context.Context, in *journal.Restoring, tree *journal.Frontier, head journal.Head) error {
	const op = "fetch entries from mirror"
	start := tree.Size()
	a, err := h.c.get(ctx, op, "entries?start=%d&end=%d", start, head.Size)
	if err != nil {
		return err
	}
	body := newReader(bytes.NewReader(a.body))
	for start < head.Size {
		from, rounded, to := bounds(start, head.Size)
		p, err := body.entryPackage(int(to - from))
		if err != nil {
			break
		}
		next, last := *tree, []byte(nil)
		for _, leaf := range p.leaves {
			last = next.Add(leaf)
		}
		if err := checkSubtree(p.proof, head.Size, head.Root, rounded, to, packageHash(&next, last, rounded, to)); err != nil {
			return &marz.Error{Code: marz.Conflict, Op: op, Subject: h.c.Name, Fix: fmt.Sprintf("the entries from seq %d on do not continue what is here up to the head that the node signed", from), Err: err}
		}
		if err := in.Append(ctx, p.bodies); err != nil {
			return err
		}
		*tree, start = next, to
	}
	return nil
}

// agree holds the heads of all mirrors to what was restored.
func agree(ctx context.Context, in *journal.Restoring, all []*holding) error {
	for _, h := range all {
		head := h.largest()
		if head.Size == 0 {
			continue
		}
		root, err := tlog.TreeHash(head.Size, in.Tree(ctx))
		if err != nil {
			return err
		}
		if root != head.Root {
			return &marz.Error{Code: marz.Conflict, Op: "recover journal", Subject: h.c.Name, Fix: fmt.Sprintf("the node signed another history of its first %d entries, which this mirror holds: two histories were signed. Nothing was changed", head.Size)}
		}
	}
	return nil
}

// heads fetches the heads above a size.
func (h *holding) heads(ctx context.Context, in *journal.Restoring, after int64) (n int, err error) {
	for {
		a, err := h.c.get(ctx, "fetch heads from mirror", "heads?after=%d", after)
		if err != nil || len(a.body) == 0 {
			return n, err
		}
		before, body := after, newReader(bytes.NewReader(a.body))
		for {
			msg := body.bytes(2, maxNote)
			if body.err != nil {
				break
			}
			if err := in.Head(ctx, msg); err != nil {
				return n, err
			}
			head, err := openHead(msg, h.c.origin, h.c.verifier)
			if err != nil {
				return n, err
			}
			after, n = head.Size, n+1
		}
		if after <= before {
			return n, h.c.malformed("fetch heads from mirror")
		}
	}
}

// payloads fetches those payloads of entries in [from, to) that the mirror holds.
func (h *holding) payloads(ctx context.Context, in *journal.Restoring, from, to int64) (n int, err error) {
	const op = "fetch payloads from mirror"
	for to = min(to, h.state.Size); from < to; {
		a, err := h.c.get(ctx, op, "payloads?from=%d&to=%d", from, to)
		if err != nil {
			return n, err
		}
		body := newReader(bytes.NewReader(a.body))
		upto, count := body.number(), int(body.uint(4))
		for range count {
			p, err := body.payload()
			if err != nil || p.Seq < from || p.Seq >= upto {
				return n, h.c.malformed(op)
			}
			if err := in.Payload(ctx, p.Seq, p.Salt, p.Body); err != nil {
				return n, err
			}
			n++
		}
		if body.err != nil || upto <= from || upto > to {
			return n, h.c.malformed(op)
		}
		from = upto
	}
	return n, nil
}
