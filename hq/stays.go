package hq

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/folder"
	"marz/inspection/stays"
	"marz/journal"
	"marz/release"
)

// StaysConfig is how often posts are given what is known of stays.
type StaysConfig struct {
	Every string `toml:"every,omitempty"` // what is new since the last time, for example "3h"; none: 3h
	Whole string `toml:"whole,omitempty"` // all of it; none: 168h
}

const (
	staysEvery = 3 * time.Hour
	staysWhole = 7 * 24 * time.Hour
	staysLook  = time.Minute // how often a node looks whether it is time
)

func (c *StaysConfig) validate() string {
	for key, text := range map[string]string{"every": c.Every, "whole": c.Whole} {
		if d, err := time.ParseDuration(text); text != "" && (err != nil || d < staysLook) {
			return key + " of [stays] is no length of time of a minute or more; write for example \"3h\""
		}
	}
	return ""
}

func lengthOr(text string, otherwise time.Duration) time.Duration {
	if d, err := time.ParseDuration(text); err == nil {
		return d
	}
	return otherwise
}

// giveStays gives posts what is known of stays, as often as hq.toml says, until ctx ends. What fails is tried again.
func (h *HQ) giveStays(ctx context.Context) {
	if h.config.Stay.Days == 0 {
		return
	}
	for {
		err := h.GiveStays(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			h.opts.Log.Error("no file of stays could be given to posts", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-h.opts.After(staysLook):
		}
	}
}

// errGiven says that another node was faster.
var errGiven = errors.New("another node has given it")

// GiveStays gives posts the crossings at all posts, if it is time: what is new where this node has the file that it leads on from, or else all. However many nodes ask themselves the same, one gives it.
func (h *HQ) GiveStays(ctx context.Context) error {
	if err := h.ledger.Refresh(ctx); err != nil {
		return err
	}
	chain := h.staysChain()
	now := h.now()
	if len(chain) > 0 && now.Sub(chain[len(chain)-1].At) < lengthOr(h.config.Stays.Every, staysEvery) {
		return nil
	}
	signer, err := h.signer()
	if err != nil {
		return err
	}
	whole, err := h.staysNow(ctx, signer)
	if err != nil {
		return err
	}
	file, s, err := h.staysToGive(chain, whole, signer, now)
	if err != nil {
		return err
	}
	if err := h.appendStays(ctx, chain, file, s); err != nil {
		if errors.Is(err, errGiven) {
			return nil
		}
		return err
	}
	return folder.Write(h.staysBase(), whole, 0o600)
}

// staysBase is where the whole file lies of which posts were given the last part.
func (h *HQ) staysBase() string { return filepath.Join(h.opts.Dir, "stays.last") }

// staysChain is what all posts were given and is not taken back.
func (h *HQ) staysChain() []*release.Release {
	h.state.mu.RLock()
	defer h.state.mu.RUnlock()
	return h.state.releases.StaysAt("")
}

// staysToGive is the file that leads on from what posts have, and what its entry says.
func (h *HQ) staysToGive(chain []*release.Release, whole []byte, signer note.Signer, now marz.Instant) ([]byte, release.Stays, error) {
	by, err := note.NewVerifier(h.ledger.VerifierKey())
	if err != nil {
		return nil, release.Stays{}, err
	}
	newer, err := stays.Read("made now", whole, by)
	if err != nil {
		return nil, release.Stays{}, err
	}
	out := release.Stays{Version: newer.Version, Made: newer.At}
	if len(chain) == 0 || len(chain) >= stays.MostChanges || now.Sub(chain[0].At) >= lengthOr(h.config.Stays.Whole, staysWhole) {
		return whole, out, nil
	}
	older, err := stays.Open(h.staysBase(), by)
	if err != nil || older.Version != chain[len(chain)-1].Stays.Version { // another node gave it
		return whole, out, nil
	}
	change, err := stays.Change(older, newer, signer)
	if err != nil {
		return whole, out, nil
	}
	out.From = older.Version
	return change, out, nil
}

// appendStays lays the file among those that are given out, and then says so, unless another was given since the chain was looked at.
func (h *HQ) appendStays(ctx context.Context, chain []*release.Release, file []byte, s release.Stays) error {
	s.SHA256, s.Size = folder.Digest(string(file)), int64(len(file))
	if err := os.MkdirAll(filepath.Join(h.opts.Dir, filesDir), 0o700); err != nil {
		return &marz.Error{Op: "give file of stays", Err: err}
	}
	if err := folder.Write(h.filePath(s.SHA256), file, 0o600); err != nil {
		return &marz.Error{Op: "give file of stays", Fix: "see that the disk has room", Err: err}
	}
	given := release.StaysGiven{Key: h.index.Stays.String()}
	if s.Size <= release.MaxInline {
		given.File = file
	}
	public, err := json.Marshal(s)
	if err != nil {
		return err
	}
	err = h.node(ctx, func(a *nodeAct) error {
		last := h.staysChain()
		if len(last) != len(chain) || len(last) > 0 && last[len(last)-1].Seq != chain[len(chain)-1].Seq {
			return errGiven
		}
		e := journal.Entry{Seq: a.Next(), At: a.Now(), Kind: release.KindStays, Authority: h.config.Authority, Public: public, Private: "to come"}
		if err := h.state.checkRelease(e, h.NodeList()); err != nil {
			return err
		}
		return a.append(release.KindStays, s, given)
	})
	if err == nil {
		h.tidyStays()
	}
	return err
}

// tidyStays removes files of stays that lead on to nothing any more.
func (h *HQ) tidyStays() {
	keep := map[string]bool{}
	for _, r := range h.staysChain() {
		keep[r.Stays.SHA256] = true
	}
	h.state.mu.RLock()
	all := h.state.releases.All()
	h.state.mu.RUnlock()
	for _, r := range all {
		if r.Stays != nil && !keep[r.Stays.SHA256] {
			if err := os.Remove(h.filePath(r.Stays.SHA256)); err != nil && !errors.Is(err, os.ErrNotExist) {
				h.opts.Log.Warn("a file of stays that is needed no more could not be removed", "err", err)
			}
		}
	}
}
