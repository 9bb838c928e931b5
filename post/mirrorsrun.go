package post

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"marz"
	"marz/agreement"
	"marz/journal"
	"marz/mirror"
	"marz/transfer"
)

// mirrorAsked is how long a post that starts waits for each of its mirrors to say how far it is.
const mirrorAsked = 5 * time.Second

// mirrorDir holds, for each mirror, the last head that it has cosigned.
const mirrorDir = "mirrors"

// checkAhead asks the mirrors, before the journal is opened, whether the node has signed more than the folder holds. Those that are not reached are passed over: a post that is cut off
// has to start.
func (p *Post) checkAhead(ctx context.Context, signer string) error {
	if len(p.config.Mirrors) == 0 {
		return nil
	}
	if _, err := os.Stat(filepath.Join(p.opts.Dir, "journal.db")); errors.Is(err, fs.ErrNotExist) {
		return &marz.Error{Code: marz.NotFound, Op: "open post", Subject: p.opts.Dir, Fix: "its journal is gone: put it back, or run marz post recover --data " + p.opts.Dir}
	}
	_, _, vkey, err := journal.OpenKey(signer)
	if err != nil {
		return err
	}
	cert, err := clientCert(p.opts.Dir, originOf(vkey))
	if err != nil {
		return err
	}
	behind, unreached, err := mirror.Ahead(ctx, mirror.Recovery{Dir: p.opts.Dir, Key: vkey, Mirrors: p.config.remotes(cert), After: p.opts.After, Limit: mirrorAsked})
	for name, why := range unreached {
		p.opts.Log.Warn("a mirror was not reached before the start: what it knows of this node's journal is not known here", "mirror", name, "err", why)
	}
	if err != nil || behind == nil {
		return err
	}
	fix := "run marz post recover --data " + p.opts.Dir
	if behind.Fork || !behind.Held {
		fix = "the post does not start"
	}
	return &marz.Error{Code: marz.Conflict, Op: "open post", Subject: p.opts.Dir, Fix: fix, Err: behind}
}

func originOf(vkey string) marz.Origin {
	name, _, _ := strings.Cut(vkey, "+")
	return marz.Origin(name)
}

// connect makes the way to the mirrors. Nothing is sent before Serve.
func (p *Post) connect() error {
	if len(p.config.Mirrors) == 0 {
		return nil
	}
	cert, err := clientCert(p.opts.Dir, originOf(p.journal.VerifierKey()))
	if err != nil {
		return err
	}
	cfg := mirror.PusherConfig{Journal: p.journal, Clock: p.now, Random: p.chance, After: p.opts.After, Log: p.opts.Log}
	for i := range p.config.Mirrors {
		m := &p.config.Mirrors[i]
		path := p.keptHead(m)
		known, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			p.opts.Log.Warn("what a mirror has acknowledged cannot be read; it is asked anew", "mirror", m.name(), "err", err)
		}
		cfg.Targets = append(cfg.Targets, mirror.Target{Remote: m.remote(cert), Known: known,
			Entitled: func(e journal.Entry) bool { return p.given(m, e) },
			Until:    func() (int64, bool) { return p.until(m.Key) },
			Keep:     func(cosigned []byte) { p.keepHead(m, path, cosigned) }})
	}
	p.pusher, err = mirror.NewPusher(cfg)
	return err
}

func (p *Post) keptHead(m *MirrorConfig) string {
	sum := sha256.Sum256([]byte(m.Key))
	return filepath.Join(p.opts.Dir, mirrorDir, hex.EncodeToString(sum[:8])+".head")
}

// keepHead keeps what a mirror has cosigned, so that the node knows after a restart what is there, also where no line leads there. It is not synced: what of it is lost is asked anew.
func (p *Post) keepHead(m *MirrorConfig, path string, cosigned []byte) {
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path+".new", cosigned, 0o600)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		p.opts.Log.Warn("what a mirror has acknowledged could not be kept; it is asked anew after a restart", "mirror", m.name(), "err", err)
	}
}

// payloadOf is an entry's payload as the register asks about it.
func (p *Post) payloadOf(e journal.Entry) agreement.Payload {
	return agreement.Payload{Post: p.post.ID.Place(), Kind: e.Kind, Authority: e.Authority, At: e.At, Public: e.Public}
}

// given decides whether a mirror is given the payload of an entry: where an article opens it, that has to be in force at the entry's instant and now.
func (p *Post) given(m *MirrorConfig, e journal.Entry) bool {
	r, payload := p.register.Load(), p.payloadOf(e)
	_, made := r.MayHold(m.Authority, payload)
	payload.At = p.now()
	_, now := r.MayHold(m.Authority, payload)
	if agreement.Copyable(e.Kind) && !(made && now) {
		p.copies.hold(m.name(), e.Seq)
	}
	return made && now
}

// copies is what each mirror is given of other authorities' payloads, and from where on some was held back since the node started.
type copies struct {
	mu   sync.Mutex
	open map[string][]marz.ArticleRef // articles by which it is given some, as last looked at
	held map[string]marz.Seq
}

func (c *copies) hold(name string, seq marz.Seq) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if first, ok := c.held[name]; !ok || seq < first {
		c.held[name] = seq
	}
}

// opened takes in by which articles a mirror is given copies now, and returns from where on payloads have to be offered again, since an article opens some that were held back.
func (c *copies) opened(name string, now []marz.ArticleRef) (from marz.Seq, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.open[name]
	c.open[name] = now
	if !slices.ContainsFunc(now, func(a marz.ArticleRef) bool { return !slices.Contains(before, a) }) {
		return 0, false
	}
	from, ok = c.held[name]
	delete(c.held, name)
	return from, ok
}

// offerCopies offers mirrors what was held back from them and is not any more: an article was recorded or is in force again.
func (p *Post) offerCopies() {
	for _, m := range p.config.Mirrors {
		if from, ok := p.copies.opened(m.name(), p.register.Load().Copied(m.Authority, p.now())); ok {
			p.pusher.Offer(m.name(), from)
		}
	}
}

// push gives the journal to the mirrors until ctx ends.
func (p *Post) push(ctx context.Context) {
	if p.pusher != nil {
		p.pusher.Run(ctx)
	}
}

// mirrored says how much of the journal each authority's mirrors have acknowledged: of several the one that has most.
func (p *Post) mirrored() []transfer.Mirror {
	switch {
	case p.opts.Mirrors != nil:
		return p.opts.Mirrors()
	case p.pusher == nil:
		return nil
	}
	var out []transfer.Mirror
	for i, s := range p.pusher.Status() {
		of := p.config.Mirrors[i].Authority
		if n := slices.IndexFunc(out, func(m transfer.Mirror) bool { return m.Authority == of }); n >= 0 {
			out[n].Size = max(out[n].Size, s.Size)
			continue
		}
		out = append(out, transfer.Mirror{Authority: of, Size: s.Size})
	}
	return out
}

// mirrorLate is how old the first entry that a mirror lacks may be before every page says so.
const mirrorLate = 5 * time.Minute

// lag is how a mirror stands, beside what the pusher says.
type lag struct {
	mirror.Status
	of      *MirrorConfig
	fed     bool          // the journal is given to it, up to goal
	goal    int64         // entries that it is to have
	ended   marz.Seq      // the entry with which its feed ended; 0: it has not
	missing int64         // entries that it has not acknowledged
	age     time.Duration // of the first of them
}

// lags looks at all mirrors.
func (p *Post) lags(ctx context.Context) []lag {
	if p.pusher == nil {
		return nil
	}
	head, recorded, now := p.journal.Head().Size, *p.fed.Load(), p.now()
	var out []lag
	for i, s := range p.pusher.Status() {
		l := lag{Status: s, of: &p.config.Mirrors[i], goal: head}
		f, ok := recorded[l.of.Key]
		if l.fed, l.ended = ok, f.ended; f.ended > 0 {
			l.goal = int64(f.ended) + 1
		}
		if l.missing = l.goal - s.Size; !l.fed || l.missing <= 0 {
			l.missing = 0
		} else if e, _, err := p.journal.Entry(ctx, marz.Seq(s.Size)); err == nil {
			l.age = now.Sub(e.At)
		}
		out = append(out, l)
	}
	return out
}

// mirrorWords is the line on every page while a mirror is behind for long, or "". It changes once a minute at most.
func (p *Post) mirrorWords(ctx context.Context) string {
	var words []string
	for _, l := range p.lags(ctx) {
		if l.age >= mirrorLate {
			words = append(words, fmt.Sprintf("the mirror of %s is behind: %s", l.of.Authority, longFor(l.age)))
		}
	}
	return strings.Join(words, "; ")
}

// longFor writes a time in its largest unit.
func longFor(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	}
	return fmt.Sprintf("%d minutes", d/time.Minute)
}
