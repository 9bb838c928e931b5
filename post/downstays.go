package post

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/inspection/stays"
	"marz/journal"
	"marz/release"
)

// Files of stays that a headquarters gives lie in its folder, and go with it. The key of the digests comes in the payload of their entries and is written down nowhere else.

// staysChain returns what makes up the crossings at other posts now, as the headquarters says.
func (h *followedHQ) staysChain() []*release.Release {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []*release.Release
	for _, r := range h.state.StaysAt(h.p.journal.Origin()) {
		c := *r
		out = append(out, &c)
	}
	return out
}

// stays brings the crossings at other posts to what the headquarters says now. What cannot be had now is tried again; what cannot be is refused, and what was before stays in force.
func (h *followedHQ) stays(ctx context.Context, about []journal.Entry) error {
	chain := h.staysChain()
	if len(chain) == 0 {
		return h.endStays(ctx, "the headquarters has taken it back", about...)
	}
	e, err := h.fetchStays(ctx, chain)
	if err != nil && refusal(err) {
		return h.refuseStays(ctx, chain[len(chain)-1], about, err)
	}
	if err != nil {
		return err
	}
	err = h.p.node(ctx, func(n *node) error {
		top, seq := e.set.Newest(), n.Next()
		if err := n.append(KindStaysLoaded, staysEntry{Version: top.Version, At: top.At, People: top.People, From: e.from}, nil); err != nil {
			return err
		}
		for _, a := range about {
			outcome, own := followedDone, []marz.Seq{seq}
			if a.Kind == release.KindStays && !slices.ContainsFunc(chain, func(r *release.Release) bool { return r.Seq == a.Seq }) {
				outcome, own = followedSuperseded, nil
			}
			if err := h.followed(n, outcome, "", own, a); err != nil {
				return err
			}
		}
		h.p.elsewhere.Store(e)
		return nil
	})
	if err != nil {
		return err
	}
	h.settle(about...)
	h.tidy()
	return nil
}

// fetchStays fetches what is missing of a chain, lays it out, and reads all of it.
func (h *followedHQ) fetchStays(ctx context.Context, chain []*release.Release) (*elsewhere, error) {
	if err := h.staysAreItsOwn(); err != nil {
		return nil, err
	}
	for _, r := range chain {
		if err := h.have(ctx, r); err != nil {
			return nil, err
		}
	}
	if err := h.layOutStays(chain); err != nil {
		return nil, err
	}
	return h.readStays(ctx, chain)
}

// staysAreItsOwn reports why this headquarters cannot say what happened at other posts.
func (h *followedHQ) staysAreItsOwn() error {
	bad := func(fix string) error {
		return &marz.Error{Code: marz.Conflict, Op: "load stays", Subject: string(h.conf.HQ), Fix: fix}
	}
	if h.p.config.Stays.Key != "" {
		return bad("files of stays are laid in by hand here; take [stays] out of post.toml, and those of the headquarters take their place")
	}
	if e := h.p.elsewhere.Load(); e != nil && e.from != nil && e.from.HQ != h.conf.HQ {
		return bad(fmt.Sprintf("the headquarters of %s gives them already", e.from.Authority))
	}
	return nil
}

func (h *followedHQ) staysDir() string { return filepath.Join(h.dir, staysFolder) }

// layOutStays makes the folder hold the files of the chain under the names by which a set is opened, and no others.
func (h *followedHQ) layOutStays(chain []*release.Release) error {
	dir := h.staysDir()
	failed := func(err error) error {
		return &marz.Error{Op: "load stays", Subject: dir, Fix: "its files cannot be laid out; see that the disk has room", Err: err}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return failed(err)
	}
	for i, r := range chain {
		if err := replaceLink(h.file(r), filepath.Join(dir, stays.NameOf(i))); err != nil {
			return failed(err)
		}
	}
	for i := len(chain); ; i++ {
		err := os.Remove(filepath.Join(dir, stays.NameOf(i)))
		if errors.Is(err, fs.ErrNotExist) {
			return syncDir(dir)
		}
		if err != nil {
			return failed(err)
		}
	}
}

// readStays reads what is laid out, and holds it to what its entries say.
func (h *followedHQ) readStays(ctx context.Context, chain []*release.Release) (*elsewhere, error) {
	last := chain[len(chain)-1]
	bad := func(fix string) (*elsewhere, error) {
		return nil, &marz.Error{Code: marz.Invalid, Op: "load stays", Subject: last.Stays.Version, Fix: fix}
	}
	by, err := note.NewVerifier(h.conf.HQKey)
	if err != nil {
		return nil, err
	}
	set, err := stays.OpenSet(h.staysDir(), by)
	if err != nil {
		return nil, err
	}
	if set.Newest().Version != last.Stays.Version || set.Files() != len(chain) {
		return bad("the files are not what the headquarters says that they are")
	}
	payload, err := h.f.Payload(ctx, last.Seq)
	if err != nil {
		return nil, err
	}
	var given release.StaysGiven
	if json.Unmarshal(payload, &given) != nil {
		return bad("what brings its key cannot be read")
	}
	key, err := stays.ParseKey(given.Key)
	if err != nil {
		return nil, err
	}
	if set.Newest().KeyID != key.ID() {
		return bad("the key that came with it is another one")
	}
	return &elsewhere{set: set, key: key, from: &fromHQ{HQ: h.conf.HQ, Authority: h.conf.Authority, Seq: last.Seq}}, nil
}

// restoreStays puts in force, when the post is opened, what was in force. What cannot be read is fetched again with the next version.
func (h *followedHQ) restoreStays(ctx context.Context) {
	chain := h.staysChain()
	for len(chain) > 0 && slices.ContainsFunc(h.waiting(h.ofList), func(e journal.Entry) bool { return e.Seq == chain[len(chain)-1].Seq }) {
		chain = chain[:len(chain)-1] // it has come, and was not loaded yet
	}
	if len(chain) == 0 || h.staysAreItsOwn() != nil {
		return
	}
	e, err := h.readStays(ctx, chain)
	if err != nil {
		h.p.opts.Log.Warn("the crossings at other posts that a headquarters gave cannot be read; the next version takes their place", "authority", h.conf.Authority, "err", err)
		return
	}
	h.p.elsewhere.Store(e)
}

// refuseStays says in the post's journal that files of stays cannot be, and why.
func (h *followedHQ) refuseStays(ctx context.Context, last *release.Release, about []journal.Entry, why error) error {
	h.p.opts.Log.Warn("a file of stays is refused; the one before stays in force", "authority", h.conf.Authority, "err", why)
	err := h.p.node(ctx, func(n *node) error {
		seq := n.Next()
		e := staysEntry{Refused: short(why.Error()), From: &fromHQ{HQ: h.conf.HQ, Authority: h.conf.Authority, Seq: last.Seq}}
		if err := n.append(KindStaysRefused, e, nil); err != nil {
			return err
		}
		return h.followed(n, followedRefused, short(why.Error()), []marz.Seq{seq}, about...)
	})
	if err == nil {
		h.settle(about...)
	}
	return err
}

// endStays takes out of force what this headquarters gave.
func (h *followedHQ) endStays(ctx context.Context, why string, about ...journal.Entry) error {
	was := h.p.elsewhere.Load()
	mine := was != nil && was.from != nil && was.from.HQ == h.conf.HQ
	if !mine && len(about) == 0 {
		return nil
	}
	err := h.p.node(ctx, func(n *node) error {
		outcome, own := followedSuperseded, []marz.Seq(nil)
		if mine {
			outcome, own = followedDone, []marz.Seq{n.Next()}
			if err := n.append(KindStaysEnded, staysEndedEntry{was.set.Newest().Version, *was.from, why}, nil); err != nil {
				return err
			}
		}
		if len(about) > 0 {
			if err := h.followed(n, outcome, "", own, about...); err != nil {
				return err
			}
		}
		if mine {
			h.p.elsewhere.Store(nil)
		}
		return nil
	})
	if err == nil {
		h.settle(about...)
	}
	return err
}

type staysEndedEntry struct {
	Version string `json:"version"`
	From    fromHQ `json:"from"`
	Why     string `json:"why"`
}
