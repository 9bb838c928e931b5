package mirror

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/journal"
)

// Bounds of one request.
const (
	maxPackages = 32 // as C2SP tlog-mirror advises
	sentBytes   = 4 << 20
	sentSeqs    = 1 << 16 // that are looked through for payloads
	mostTries   = 4       // of one step, where the mirror says that it is elsewhere
)

// addCheckpoint has the mirror take in a head.
func (f *feed) addCheckpoint(ctx context.Context, head journal.Head) error {
	const op = "give head to mirror"
	for range mostTries {
		if f.st.Pending >= head.Size {
			return nil
		}
		req := checkpointRequest{old: f.st.Pending, note: head.Note}
		header := http.Header{}
		if req.old > 0 {
			proof, err := f.p.cfg.Journal.ProveConsistency(ctx, req.old, head.Size)
			if err != nil {
				return err
			}
			root, err := tlog.TreeHash(req.old, f.p.cfg.Journal.Tree(ctx))
			if err != nil {
				return err
			}
			req.proof = proof
			header.Set(rootHeader, base64.StdEncoding.EncodeToString(root[:]))
		}
		a, err := f.c.post(ctx, "/add-checkpoint", req.encode(), header)
		if err != nil {
			return err
		}
		switch {
		case a.status == http.StatusOK:
			f.st.Pending = head.Size
		case a.status == http.StatusConflict && a.kind == typeSize:
			n, err := parseSize(strings.TrimSuffix(string(a.body), "\n"))
			if err != nil {
				return f.c.malformed(op)
			}
			f.st.Pending = n
		default:
			return f.c.refused(op, a)
		}
	}
	return f.elsewhere(op)
}

func (f *feed) elsewhere(op string) error {
	return &marz.Error{Code: marz.Conflict, Op: op, Subject: f.t.Name, Fix: "the mirror is elsewhere each time it is asked; another process pushes the same journal"}
}

// addEntries gives the mirror the entries up to a head, until it answers with its cosignature. While one request is on the line the next is made ready.
func (f *feed) addEntries(ctx context.Context, head journal.Head) error {
	const op = "give entries to mirror"
	if f.st.Size >= head.Size {
		return nil
	}
	if f.st.Pending > head.Size {
		return &marz.Error{Code: marz.Conflict, Op: op, Subject: f.t.Name,
			Fix: fmt.Sprintf("the feed is to end with %d entries, and the mirror knows of a head over %d", head.Size, f.st.Pending)}
	}
	ready := f.prepare(ctx, f.st.Next, head.Size)
	defer func() { ready.drop() }()
	for stuck := 0; stuck < mostTries; {
		b := ready.take()
		if b.err != nil {
			return b.err
		}
		if b.next < head.Size {
			ready = f.prepare(ctx, b.next, head.Size)
		}
		done, next, err := f.send(ctx, head, b)
		if err != nil || done {
			return err
		}
		if next <= b.start {
			stuck++
		} else {
			stuck, f.packages = 0, min(maxPackages, 2*f.packages)
		}
		if f.st.Next = next; next != b.next || next >= head.Size {
			ready.drop()
			ready = f.prepare(ctx, min(next, head.Size), head.Size)
		}
	}
	return f.elsewhere(op)
}

// send sends one add-entries request. done says that the mirror has cosigned the head.
func (f *feed) send(ctx context.Context, head journal.Head, b batch) (done bool, next int64, err error) {
	const op = "give entries to mirror"
	a, err := f.c.do(ctx, http.MethodPost, "/add-entries", b.body, !f.c.Plain, nil)
	if err != nil {
		return false, 0, err
	}
	switch {
	case a.status == http.StatusOK:
		at, err := openCosigned(head, a.body, f.c.verifier, f.c.mirror)
		if err != nil {
			return false, 0, err
		}
		f.st.Size, f.st.Next = head.Size, max(f.st.Next, head.Size)
		f.acknowledged(head.Size, at, slices.Concat(head.Note, a.body))
		return true, head.Size, nil
	case (a.status == http.StatusAccepted || a.status == http.StatusConflict) && a.kind == typeInfo:
		info, err := parseInfo(string(a.body))
		if err != nil {
			return false, 0, f.c.malformed(op)
		}
		if info.size > head.Size { // another process of this node has come further
			f.synced = false
			return false, 0, f.elsewhere(op)
		}
		return false, info.next, nil
	}
	return false, 0, f.c.refused(op, a)
}

// batch is the body of one add-entries request.
type batch struct {
	start, next int64
	body        []byte
	err         error
}

// preparing is a batch that is being made.
type preparing struct {
	cancel context.CancelFunc
	made   chan batch
}

func (p *preparing) take() batch {
	defer p.cancel()
	return <-p.made
}

// drop ends the making of a batch that is not needed.
func (p *preparing) drop() { p.cancel() }

func (f *feed) prepare(ctx context.Context, start, end int64) *preparing {
	ctx, cancel := context.WithCancel(ctx)
	p := &preparing{cancel, make(chan batch, 1)}
	packages := f.packages
	go func() {
		b := f.build(ctx, start, end, packages)
		if !f.c.Plain && b.err == nil {
			b.body = f.c.compress(b.body)
		}
		p.made <- b
	}()
	return p
}

// build makes a request of some packages for entries from start on.
func (f *feed) build(ctx context.Context, start, end int64, packages int) batch {
	h := entriesHeader{origin: f.c.origin, start: start, end: end}
	b := batch{start: start, body: h.encode()}
	tree := f.p.cfg.Journal.Tree(ctx)
	for range packages {
		if start >= end || len(b.body) >= sentBytes {
			break
		}
		from, rounded, to := bounds(start, end)
		next := from
		b.err = f.p.cfg.Journal.Bodies(ctx, from, to, func(seq int64, body []byte) error {
			next = seq + 1
			b.body = appendString(b.body, 2, body)
			return nil
		})
		if b.err == nil && next != to {
			b.err = &marz.Error{Op: "give entries to mirror", Subject: f.t.Name, Fix: fmt.Sprintf("the journal has no entry %d; run marz verify", next)}
		}
		if b.err != nil {
			return b
		}
		proof, err := proveSubtree(end, rounded, to, tree)
		if err != nil {
			b.err = err
			return b
		}
		b.body = appendHashes(b.body, proof)
		start = to
	}
	b.next = start
	return b
}

// addHeads gives the mirror the heads between those that it has and one.
func (f *feed) addHeads(ctx context.Context, head journal.Head) error {
	const op = "give heads to mirror"
	for f.st.Heads < head.Size {
		h := itemsHeader{origin: f.c.origin, from: f.st.Heads}
		var items []byte
		err := f.p.cfg.Journal.Heads(ctx, f.st.Heads, head.Size, maxItems, func(size int64, msg []byte) error {
			items = appendString(items, 2, msg)
			h.to, h.count = size, h.count+1
			return nil
		})
		if err != nil {
			return err
		}
		before := f.st.Heads
		if _, err := f.give(ctx, op, "/add-heads", h, items); err != nil {
			return err
		}
		if f.st.Heads <= before {
			return f.elsewhere(op)
		}
	}
	return nil
}

// addPayloads gives the mirror the payloads that it may have of entries before a head.
func (f *feed) addPayloads(ctx context.Context, head journal.Head) error {
	const op = "give payloads to mirror"
	if f.t.Entitled == nil {
		return nil
	}
	f.given = min(f.given, f.offer.Swap(maxSeq))
	for tries := 0; f.given < head.Size; {
		h, items, err := f.payloads(ctx, head)
		if err != nil {
			return err
		}
		whole, err := f.give(ctx, op, "/add-payloads", h, items)
		switch {
		case err != nil:
			return err
		case whole:
			f.given, tries = h.to, 0
		case tries == mostTries:
			return f.elsewhere(op)
		default:
			f.given = min(f.given, f.st.Payloads)
			tries++
		}
	}
	return nil
}

// payloads makes a request of the next payloads that the mirror may have.
func (f *feed) payloads(ctx context.Context, head journal.Head) (h itemsHeader, items []byte, err error) {
	h = itemsHeader{origin: f.c.origin, from: f.given, to: min(head.Size, f.given+sentSeqs)}
	err = f.p.cfg.Journal.Payloads(ctx, h.from, h.to, func(p journal.Private) error {
		if len(items) >= sentBytes || h.count == maxItems {
			h.to = int64(p.Seq)
			return errEnough
		}
		if f.t.Entitled(p.Entry) {
			items = appendPayload(items, PayloadRow{int64(p.Seq), p.Salt, p.Payload})
			h.count++
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return h, items, err
}

// give sends heads or payloads, and takes in how far the mirror has come by them. whole says that it has taken all.
func (f *feed) give(ctx context.Context, op, path string, h itemsHeader, items []byte) (whole bool, err error) {
	a, err := f.c.post(ctx, path, append(h.encode(), items...), nil)
	if err != nil {
		return false, err
	}
	if a.status != http.StatusOK && a.status != http.StatusAccepted && (a.status != http.StatusConflict || a.kind != typeState) {
		return false, f.c.refused(op, a)
	}
	st, err := f.c.parseState(op, a)
	if err != nil {
		return false, err
	}
	f.take(st)
	return a.status == http.StatusOK, nil
}
