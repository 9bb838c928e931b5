package post

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"marz"
	"marz/journal"
	"marz/mirror"
)

// Recovery says which post's journal to bring back from its mirrors. Dir, Clock and After are required.
type Recovery struct {
	Dir      string
	Clock    marz.Clock
	After    func(time.Duration) <-chan time.Time
	Log      *slog.Logger            // nil for none
	Progress func(entries, of int64) // nil for none
}

// lostTogether bounds how many payloads one entry says to be lost.
const lostTogether = 4096

// Recover brings the journal of a post that is not running back to the largest head that it has signed, as far as its mirrors know, and says in the journal which payloads are gone for good. The folder
// needs post.toml and keys; the journal there may be an old copy, or absent. Where it failed the folder is what it was, and it can be run again.
func Recover(ctx context.Context, r Recovery) (*mirror.Recovered, error) {
	config, err := readConfig(filepath.Join(r.Dir, configFile))
	if err != nil {
		return nil, err
	}
	if len(config.Mirrors) == 0 {
		return nil, &marz.Error{Code: marz.NotFound, Op: "recover journal", Subject: r.Dir, Fix: configFile + " names no mirror. Add the [[mirror]] that marz hq identity prints at a headquarters that has a copy"}
	}
	signer, err := readSigner(r.Dir)
	if err != nil {
		return nil, err
	}
	_, _, vkey, err := journal.OpenKey(signer)
	if err != nil {
		return nil, err
	}
	cert, err := clientCert(r.Dir, originOf(vkey))
	if err != nil {
		return nil, err
	}
	out, err := mirror.Recover(ctx, mirror.Recovery{Dir: r.Dir, Key: vkey, Mirrors: config.remotes(cert), After: r.After, Progress: r.Progress})
	if err != nil || len(out.Lost) == 0 {
		return out, err
	}
	return out, r.noteLost(ctx, out.Lost)
}

// noteLost says in the journal which payloads are gone, without which a checker would miss them for ever.
func (r *Recovery) noteLost(ctx context.Context, lost []marz.Seq) error {
	created, _, err := journal.Peek(ctx, r.Dir)
	if err != nil {
		return err
	}
	p, err := Open(ctx, Options{Dir: r.Dir, Clock: r.Clock, After: r.After, Log: r.Log, Exercise: created.Exercise})
	if err != nil {
		return err
	}
	err = p.node(ctx, func(n *node) error {
		c := p.control.Load()
		for part := range slices.Chunk(lost, lostTogether) {
			if _, err := n.Lost(journal.Draft{Authority: c.authority, Under: c.article, Policy: p.register.Load().Policy()}, part, "the disk was lost, and no mirror had them"); err != nil {
				return err
			}
		}
		return nil
	})
	if e := p.Close(); err == nil {
		err = e
	}
	return err
}
