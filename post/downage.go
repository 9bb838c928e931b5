package post

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"marz"
	"marz/folder"
	"marz/inspection"
	"marz/mirror"
	"marz/web"
)

// walkDir walks a folder that need not be there.
func walkDir(dir string, walk fs.WalkDirFunc) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return filepath.WalkDir(dir, walk)
}

// evidenceFile is where evidence stays when a headquarters is followed no more: one document a line.
func (h *followedHQ) evidenceFile() string { return filepath.Join(h.dir, "evidence.jsonl") }

func (h *followedHQ) keepEvidence(ctx context.Context) error {
	var out bytes.Buffer
	for _, kind := range []string{mirror.EvidenceFork, mirror.EvidenceHead, mirror.EvidencePayload, mirror.EvidenceFile} {
		all, err := h.store.Evidence(ctx, h.conf.HQ, kind)
		if err != nil {
			return err
		}
		for _, doc := range all {
			out.Write(doc)
			out.WriteByte('\n')
		}
	}
	if out.Len() == 0 {
		return nil
	}
	return folder.Write(h.evidenceFile(), out.Bytes(), 0o600)
}

// heardFile is where it is written down when the headquarters was last heard, so that a post that is started while it is cut off knows it.
func (h *followedHQ) heardFile() string { return filepath.Join(h.dir, "heard.json") }

type heardFile struct {
	Heard marz.Instant `json:"heard"`
}

func (h *followedHQ) readHeard() marz.Instant {
	var f heardFile
	if b, err := os.ReadFile(h.heardFile()); err == nil {
		json.Unmarshal(b, &f) // what cannot be read says nothing
	}
	return f.Heard
}

// writeHeard writes it down once a minute at most.
func (h *followedHQ) writeHeard() {
	now := h.f.Status().Heard
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Sub(h.heard) < time.Minute {
		return
	}
	h.heard = now
	b, err := json.Marshal(heardFile{now})
	if err == nil {
		err = folder.Write(h.heardFile(), b, 0o600)
	}
	if err != nil {
		h.p.opts.Log.Warn("it could not be written down when the headquarters was last heard", "err", err)
	}
}

// state says how far the post is with a headquarters.
func (h *followedHQ) standing(now marz.Instant) web.HQState {
	s := h.f.Status()
	h.mu.Lock()
	defer h.mu.Unlock()
	out := web.HQState{Authority: h.conf.Authority, Origin: h.conf.HQ, Heard: max(s.Heard, h.heard), Size: s.Size, Newest: h.newest, Behind: s.Behind(), Waiting: len(h.pending), Refused: s.Refused, Forked: s.Forked}
	if s.Error != "" {
		out.Failing = s.Failing
	}
	out.Late = out.Heard.IsZero() || now.Sub(out.Heard) > h.p.config.hqAge()
	return out
}

// HQStates says of each headquarters that is followed how old the post's knowledge is. It holds nothing about a person.
func (p *Post) HQStates(now marz.Instant) []web.HQState {
	var out []web.HQState
	for _, h := range p.hqs {
		if p.hasArticle(h.conf.Authority, now) {
			out = append(out, h.standing(now))
		}
	}
	return out
}

// hqAges says the same for the findings of an inspection.
func (p *Post) hqAges(now marz.Instant) []inspection.HQAge {
	var out []inspection.HQAge
	for _, s := range p.HQStates(now) {
		out = append(out, inspection.HQAge{Authority: s.Authority, Entries: s.Size, Heard: s.Heard, Late: s.Late})
	}
	return out
}

// AgesConfig says from when on knowledge counts as old, and is shown so on every page.
type AgesConfig struct {
	HQ    string `toml:"hq,omitempty"`    // since a headquarters was last heard, for example "24h"; none: 24h
	Lists string `toml:"lists,omitempty"` // since a list's content was brought; none: no list is called old
}

const hqAge = 24 * time.Hour

func (a *AgesConfig) validate() string {
	for key, text := range map[string]string{"hq": a.HQ, "lists": a.Lists} {
		if d, err := time.ParseDuration(text); text != "" && (err != nil || d <= 0) {
			return key + " of [ages] is no length of time; write for example \"24h\""
		}
	}
	return ""
}

func (c *Config) hqAge() time.Duration {
	if d, err := time.ParseDuration(c.Ages.HQ); err == nil {
		return d
	}
	return hqAge
}

// listLate reports whether a list is older than the configuration says that one may be.
func (c *Config) listLate(loaded, now marz.Instant) bool {
	d, err := time.ParseDuration(c.Ages.Lists)
	return err == nil && !loaded.IsZero() && now.Sub(loaded) > d
}
