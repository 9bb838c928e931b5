package mirror

import (
	"context"
	"encoding/base64"
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

// preparing is something that is being made for the line while something else is on it.
type preparing[T any] struct {
	cancel context.CancelFunc
	made   chan T
}

func prepare[T any](ctx context.Context, build func(context.Context) T) *preparing[T] {
	ctx, cancel := context.WithCancel(ctx)
	p := &preparing[T]{cancel, make(chan T, 1)}
	go func() { p.made <- build(ctx) }()
	return p
}

func (p *preparing[T]) take() T {
	defer p.cancel()
	return <-p.made
}

// drop ends the making of what is not needed.
func (p *preparing[T]) drop() { p.cancel() }

func (f *feed) prepare(ctx context.Context, start, end int64) *preparing[batch] {
	packages := f.packages
	return prepare(ctx, func(ctx context.Context) batch {
		b := f.build(ctx, start, end, packages)
		if !f.c.Plain && b.err == nil {
			b.body = f.c.compress(b.body)
		}
		return b
	})
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
