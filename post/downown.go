package post

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"marz"
	"marz/release"
	"marz/watchlist"
)

// An authority's own list that its headquarters gives lies nowhere open in the data folder: what was fetched is read, sealed under the authority's data key, and destroyed. It is searched in memory.

// ownKept is what is kept, sealed, of such a list.
type ownKept struct {
	Seq     marz.Seq // of the release of the list
	List    *watchlist.List
	Changes []ownChange
}

type ownChange struct {
	Seq    marz.Seq
	Change *watchlist.Change
}

// ownSealed opens what is kept of a list; nil: nothing is.
func (p *Post) ownSealed(src ListSource) (*ownKept, error) {
	b, err := p.openKept(src)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var k ownKept
	if err == nil {
		err = json.Unmarshal(b, &k)
	}
	if err == nil && k.List == nil {
		err = errors.New("it holds no list")
	}
	if err != nil {
		return nil, &marz.Error{Op: "open sealed list", Subject: string(src.ID), Err: err}
	}
	return &k, nil
}

// loadOwn brings an authority's own list to what its headquarters says: what is kept of it already is not fetched again.
func (h *followedHQ) loadOwn(ctx context.Context, src ListSource, chain []*release.Release) error {
	kept, err := h.p.ownSealed(src)
	if err != nil {
		return err
	}
	next := &ownKept{Seq: chain[0].Seq}
	if kept != nil && kept.Seq == chain[0].Seq {
		next.List = kept.List
	}
	for _, r := range chain {
		if r.Kind == release.KindChange {
			c := ownChange{Seq: r.Seq}
			if kept != nil {
				if i := slices.IndexFunc(kept.Changes, func(k ownChange) bool { return k.Seq == r.Seq }); i >= 0 {
					c.Change = kept.Changes[i].Change
				}
			}
			next.Changes = append(next.Changes, c)
		}
	}
	defer h.shredFiles(chain)
	for i, r := range chain {
		if err := h.readOwn(ctx, src, r, next, i); err != nil {
			return err
		}
	}
	return h.p.putOwnKept(src, next)
}

// readOwn fetches and reads one file of the chain, unless what it says is kept.
func (h *followedHQ) readOwn(ctx context.Context, src ListSource, r *release.Release, next *ownKept, i int) error {
	if r.List.Note != "" {
		return &marz.Error{Code: marz.Invalid, Op: "load list", Subject: string(src.ID), Fix: "an authority's own list cannot be a table of numbers; give it out as a list"}
	}
	if i == 0 && next.List != nil || i > 0 && next.Changes[i-1].Change != nil {
		return nil
	}
	if err := h.have(ctx, r); err != nil {
		return err
	}
	if err := h.prove(r, src.verifier()); err != nil {
		return err
	}
	var err error
	if i > 0 {
		next.Changes[i-1].Change, err = watchlist.ReadChange(h.file(r), src.verifier())
		return err
	}
	if next.List, err = watchlist.ImportFile(h.file(r), src.verifier()); err != nil {
		return err
	}
	return h.p.belongs(src, h.file(r), infoOf(next.List))
}

func (h *followedHQ) shredFiles(chain []*release.Release) {
	for _, r := range chain {
		err := errors.Join(shred(h.file(r)), shred(h.file(r)+".part"))
		if err != nil {
			h.p.opts.Log.Error("a file of an authority's own list lies open still", "list", r.List.List, "err", err)
		}
	}
}

// putOwnKept seals what there is of a list, and puts it in force.
func (p *Post) putOwnKept(src ListSource, k *ownKept) error {
	p.loading.Lock()
	defer p.loading.Unlock()
	if !p.mandated(src.Authority, p.now()) {
		return errOver
	}
	if _, err := p.ownKey(src.Authority); err != nil {
		return err
	}
	b, err := json.Marshal(k)
	if err == nil {
		err = p.sealCopy(src, b)
	}
	if err != nil {
		return keepError(src.ID, err)
	}
	if !slices.ContainsFunc(p.sources(), func(s ListSource) bool { return s.ID == src.ID }) {
		coming := src
		coming.coming = true
		p.setSource(src.ID, &coming)
	}
	return p.putKept(src, k)
}

// putKept puts in force what is kept. The changes follow the list at once, so that a search finds it between them at most for that long.
func (p *Post) putKept(src ListSource, k *ownKept) error {
	if err := p.lists.Replace(k.List); err != nil {
		return err
	}
	for _, c := range k.Changes {
		if err := p.lists.Apply(c.Change); err != nil {
			return err
		}
	}
	p.built.Store(src.ID, newBuilt(nil, signatureState(src.verifier().Name())))
	return nil
}

// restoreOwnHQ puts an authority's own list of its headquarters in force when the post is opened, from what is kept.
func (p *Post) restoreOwnHQ(src ListSource) (watchlist.ListInfo, error) {
	none := watchlist.ListInfo{}
	if !p.mandated(src.Authority, p.now()) {
		p.lists.Remove(src.ID)
		return none, &marz.Error{Code: marz.Forbidden, Op: "load list", Subject: string(src.ID), Fix: fmt.Sprintf("no article gives %s anything at %s any more; its lists are not loaded", src.Authority, p.post.ID)}
	}
	if info, ok := p.listInForce(src.ID); ok {
		return info, nil
	}
	k, err := p.ownSealed(src)
	if err != nil {
		return none, err
	}
	if k == nil {
		return none, &marz.Error{Code: marz.NotFound, Op: "load list", Subject: string(src.ID), Fix: "the sealed copy is gone; the headquarters has to give the list out again"}
	}
	if err := p.putKept(src, k); err != nil {
		return none, err
	}
	info, _ := p.listInForce(src.ID)
	return info, nil
}

// end removes everything that is held of a headquarters which is not followed any more, and takes its lists out of force. It can be called again after it was cut off anywhere.
func (h *followedHQ) end(ctx context.Context) error {
	h.mu.Lock()
	over := h.over
	h.over = true
	h.mu.Unlock()
	if over {
		return nil
	}
	var gone []ListSource
	for _, s := range h.p.sources() {
		if s.from != nil && s.from.HQ == h.conf.HQ {
			gone = append(gone, s)
		}
	}
	if len(gone) > 0 {
		err := h.p.node(ctx, func(n *node) error {
			for _, s := range gone {
				if err := n.append(KindListEnded, listEndedEntry{s.ID, *s.from, unheardWords}, nil); err != nil {
					return err
				}
			}
			for _, s := range gone {
				h.p.silence(s.ID)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if err := h.endStays(ctx, unheardWords); err != nil {
		return err
	}
	var err error
	for _, s := range gone {
		err = errors.Join(err, h.p.dropList(s))
	}
	return errors.Join(err, h.destroy(ctx))
}

// unheardWords says why the lists of a headquarters ended when nothing of it is heard any more.
const unheardWords = "no article gives the authority of the headquarters anything here any more"

// destroy destroys the copy of the headquarters' journal, with what is beside it. What it refused and kept as evidence stays, and holds nothing of what it said.
func (h *followedHQ) destroy(ctx context.Context) error {
	if h.store != nil {
		if err := h.keepEvidence(ctx); err != nil {
			return err
		}
		h.store.Close()
	}
	var err error
	walk := func(path string, f fs.DirEntry, e error) error {
		if e == nil && f.Type().IsRegular() && path != h.evidenceFile() {
			err = errors.Join(err, shred(path))
		}
		return nil
	}
	if e := walkDir(h.dir, walk); e != nil {
		err = errors.Join(err, e)
	}
	if _, e := os.Stat(h.evidenceFile()); err == nil && errors.Is(e, fs.ErrNotExist) {
		err = os.RemoveAll(h.dir)
	}
	return err
}
