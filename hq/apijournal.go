package hq

import (
	"context"
	"fmt"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/api"
	"marz/journal"
	"marz/mirror"
)

// shelf is one journal in the store, up to the head that is held of it: the headquarters' own, or a mirrored one. Payloads are not on it.
type shelf struct {
	store  mirror.Store
	origin marz.Origin
	key    string // the journal's verifier key
	head   journal.Head
}

// shelfFor opens the journal that a program asks for. Its own journal a headquarters shows by its own rule; of another it asks the register whether the program's authority may
// read the journal at that post.
func (h *HQ) shelfFor(q *asking) (s shelf, err error) {
	s = shelf{store: h.store, origin: h.origin, key: h.vkey}
	if name := marz.Origin(q.URL.Query().Get("origin")); name != "" && name != h.origin {
		if s.origin, s.key, err = h.mirroredFor(q.Caller, name); err != nil {
			return s, err
		}
	}
	msg, err := h.store.Head(q.Context(), s.origin)
	if err != nil {
		return s, err
	}
	verifier, err := note.NewVerifier(s.key)
	if err != nil {
		return s, err
	}
	s.head, err = journal.OpenHead(msg, s.origin, verifier)
	return s, err
}

func (h *HQ) mirroredFor(actor Actor, name marz.Origin) (marz.Origin, string, error) {
	for _, n := range h.NodeList() {
		if n.Origin == name {
			return n.Origin, n.Key, h.mayAt(actor, marz.ActReadJournal, n.Post.Place())
		}
	}
	return "", "", &marz.Error{Code: marz.NotFound, Op: "read journal", Subject: fmt.Sprintf("%.80q", string(name)), Fix: "no journal of this name is mirrored here; the operation nodes lists them"}
}

func (s *shelf) entries(ctx context.Context, from marz.Seq, limit int) (out []journal.Entry, err error) {
	err = s.store.Entries(ctx, s.origin, int64(from), min(int64(from)+int64(limit), s.head.Size), func(r mirror.Row) error {
		e, err := journal.ParseEntry(r.Body)
		out = append(out, e)
		return err
	})
	return out, err
}

// known refuses a seq that the head is not over.
func (s *shelf) known(seq marz.Seq) error {
	if int64(seq) >= s.head.Size {
		return &marz.Error{Code: marz.NotFound, Op: "read entry", Subject: fmt.Sprintf("seq %d of %s", seq, s.origin), Fix: "the journal has no such entry, or it is not held here yet"}
	}
	return nil
}

func (h *HQ) apiHead(q *asking) (api.Head, error) {
	s, err := h.shelfFor(q)
	if err != nil {
		return api.Head{}, err
	}
	return api.HeadOf(s.origin, s.key, s.head), nil
}

func (h *HQ) apiEntries(q *asking) (api.EntryPage, error) {
	s, err := h.shelfFor(q)
	if err != nil {
		return api.EntryPage{}, err
	}
	return q.Entries(func(from marz.Seq, limit int) ([]journal.Entry, error) { return s.entries(q.Context(), from, limit) })
}

// entryFor is the journal and the entry that a program asks for.
func (h *HQ) entryFor(q *asking) (s shelf, seq marz.Seq, err error) {
	if seq, err = q.Seq(); err != nil {
		return s, 0, err
	}
	if s, err = h.shelfFor(q); err == nil {
		err = s.known(seq)
	}
	return s, seq, err
}

func (h *HQ) apiEntry(q *asking) (out api.EntryBody, err error) {
	s, seq, err := h.entryFor(q)
	if err != nil {
		return out, err
	}
	bodies, err := s.store.Bodies(q.Context(), s.origin, []int64{int64(seq)})
	if err != nil {
		return out, err
	}
	e, err := journal.ParseEntry(bodies[0])
	return api.BodyOf(e, bodies[0]), err
}

func (h *HQ) apiProof(q *asking) (api.Text, error) {
	s, seq, err := h.entryFor(q)
	if err != nil {
		return "", err
	}
	proof, err := tlog.ProveRecord(s.head.Size, int64(seq), mirror.Tree(q.Context(), s.store, s.origin))
	if err != nil {
		return "", err
	}
	return api.Text(torchwood.FormatProof(int64(seq), proof, s.head.Note)), nil
}
