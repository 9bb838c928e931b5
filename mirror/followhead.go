package mirror

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/journal"
)

// Why a head is refused that is no proof of anything (Evidence.Why).
const (
	WhyOld      = "old"      // it covers less than a head that the origin has given before, and is one of its own: the origin is an old copy, or somebody repeats what it said
	WhyUnsigned = "unsigned" // the journal's key has not signed it
	WhyUnproven = "unproven" // it is signed, and was not shown to continue what is held
)

// mostKept bounds what is kept of something that was given for a head and is none.
const mostKept = 4 << 10

// ask asks for the newest head. same says that it is the one that is held. With wait the answer is waited for until there is another.
func (f *Follower) ask(ctx context.Context, held journal.Head, wait bool) (head journal.Head, same bool, err error) {
	const op = "ask for the newest head"
	header := http.Header{}
	if held.Size > 0 {
		header.Set("If-None-Match", headTag(held))
	}
	if wait && held.Size > 0 {
		header.Set("Prefer", fmt.Sprintf("wait=%d", int(f.cfg.Silence*2/3/time.Second)))
	}
	a, err := f.c.do(ctx, http.MethodGet, "/"+originHash(f.c.origin)+"/checkpoint", nil, false, header)
	switch {
	case err != nil:
		return head, false, err
	case a.status == http.StatusNotModified && held.Size > 0:
		return held, f.complete(ctx, held), nil
	case a.status == http.StatusNotFound:
		return head, false, &marz.Error{Code: marz.NotFound, Op: op, Subject: f.c.Name, Fix: "it has no such journal, or nothing of it yet"}
	case a.status != http.StatusOK:
		return head, false, f.c.refused(op, a)
	}
	if head, err = openHead(a.body, f.c.origin, f.c.verifier); err != nil {
		return head, false, f.refuse(ctx, &Evidence{Kind: EvidenceHead, Why: WhyUnsigned, Held: string(held.Note), Given: string(a.body[:min(len(a.body), mostKept)])},
			"it gives a head that its key has not signed")
	}
	if head.Size < 1 || head.Size > maxSeq {
		return head, false, f.c.malformed(op)
	}
	if head.Size == held.Size && head.Root == held.Root {
		return held, f.complete(ctx, held), nil
	}
	return head, false, nil
}

// complete reports whether all entries of a head are held, so that nothing of it is left to fetch.
func (f *Follower) complete(ctx context.Context, head journal.Head) bool {
	st, err := f.cfg.Store.State(ctx, f.c.origin)
	return err == nil && st.Size >= head.Size
}

// takeIn makes a head the pending one, after it was shown to continue the one that is held. All others are evidence.
func (f *Follower) takeIn(ctx context.Context, st State, held, head journal.Head) error {
	switch {
	case head.Size == held.Size && head.Root == held.Root:
		return nil // its entries are still to be fetched
	case held.Size == 0:
	case head.Size <= held.Size:
		return f.judge(ctx, st, held, head)
	default:
		if err := f.continues(ctx, held, head); err != nil {
			return err
		}
	}
	if err := f.cfg.Store.SetPending(ctx, f.c.origin, st.Pending, HeadRow{head.Size, head.Note}); err != nil {
		return err
	}
	f.set(func(s *Following) { s.Known = head.Size })
	return nil
}

// continues asks for the proof that a head continues the one that is held.
func (f *Follower) continues(ctx context.Context, held, head journal.Head) error {
	proof, root, err := f.c.consistencyRoot(ctx, held.Size, head.Size)
	if err != nil {
		return err
	}
	if checkTree(proof, head, held) == nil {
		return nil
	}
	if e := fork(held, head, f.c.origin, f.cfg.Clock(), root, proof); e != nil {
		return f.refuse(ctx, e, forkedWords)
	}
	return f.refuse(ctx, &Evidence{Kind: EvidenceHead, Why: WhyUnproven, Held: string(held.Note), Given: string(head.Note)},
		fmt.Sprintf("it gives a head over %d entries and does not show that it continues the one over %d", head.Size, held.Size))
}

// judge says what a head is that covers no more than the one that is held: of another history, or old.
func (f *Follower) judge(ctx context.Context, st State, held, head journal.Head) error {
	if head.Size == held.Size {
		if e := fork(held, head, f.c.origin, f.cfg.Clock(), head.Root, nil); e != nil {
			return f.refuse(ctx, e, forkedWords)
		}
	}
	if head.Size <= st.Size {
		e, err := contradiction(ctx, f.cfg.Store, f.c.origin, f.c.verifier, head, f.cfg.Clock())
		if err != nil {
			return err
		}
		if e != nil {
			return f.refuse(ctx, e, forkedWords)
		}
	}
	return f.refuse(ctx, &Evidence{Kind: EvidenceHead, Why: WhyOld, Held: string(held.Note), Given: string(head.Note)},
		fmt.Sprintf("it gives an old head, over %d entries, and has given one over %d: it is an old copy of itself, or is behind its own database", head.Size, held.Size))
}

// refuse keeps evidence and says so. It is on the disk before anybody hears of it.
func (f *Follower) refuse(ctx context.Context, e *Evidence, what string) error {
	e.At, e.Origin = f.cfg.Clock(), f.c.origin
	doc, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if err := f.cfg.Store.AddEvidence(ctx, f.c.origin, e.Kind, e.id(), doc); err != nil {
		return err
	}
	f.cfg.Log.Error("refused and kept as evidence", "kind", e.Kind, "origin", e.Origin, "why", e.Why, "evidence", e.id())
	f.set(func(s *Following) { s.Refused, s.Forked = what, s.Forked || e.Kind == EvidenceFork })
	return &marz.Error{Code: marz.Conflict, Op: "follow", Subject: string(f.c.origin), Fix: what}
}

// contradiction returns the evidence that a head of a size up to that of the store's own head contradicts it, or nil when it does not.
func contradiction(ctx context.Context, store Store, origin marz.Origin, v note.Verifier, head journal.Head, at marz.Instant) (*Evidence, error) {
	tree := storedHashes{ctx, store, origin}
	roots, err := rootsAt([]int64{head.Size}, tree)
	if err != nil || roots[0] == head.Root {
		return nil, err
	}
	msg, err := store.Head(ctx, origin)
	if err != nil {
		return nil, err
	}
	own, err := openHead(msg, origin, v)
	if err != nil {
		return nil, err
	}
	proof, err := tlog.ProveTree(own.Size, head.Size, tree)
	if err != nil {
		return nil, err
	}
	e := fork(own, head, origin, at, roots[0], proof)
	if e == nil {
		return nil, &marz.Error{Op: "hold head to mirror of", Subject: string(origin), Fix: "the mirror's own tree does not meet its head: the database is damaged"}
	}
	return e, nil
}
