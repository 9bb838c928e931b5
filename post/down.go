package post

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"marz"
	"marz/journal"
	"marz/mirror"
	"marz/release"
)

// hqDir is where what comes from headquarters lies in the data folder: for each authority its database, its files, and the lists made of them.
const hqDir = "hq"

// followedHQ is one headquarters whose journal the post follows, and what the post has made of it.
type followedHQ struct {
	p     *Post
	conf  *MirrorConfig
	dir   string
	store *mirror.SQLite
	f     *mirror.Follower

	mu      sync.Mutex // of what follows: the fold over the entries that are held
	state   release.State
	folded  marz.Seq // entries below are folded
	newest  marz.Instant
	pending []journal.Entry // about which this post has not said in its journal what it did, ascending
	vouched bool            // the authority's own key has said that this journal is its headquarters'
	heard   marz.Instant    // as it was last written down
	over    bool
}

// openHeadquarters opens what the post holds of the headquarters of its configuration. Those of authorities that no article gives anything here any more are not followed, and what is held of them goes.
func (p *Post) openHeadquarters(ctx context.Context) error {
	if err := p.loadHQLists(p.journal.State()); err != nil {
		return err
	}
	for i := range p.config.Mirrors {
		conf := &p.config.Mirrors[i]
		if conf.HQ == "" {
			continue
		}
		h := &followedHQ{p: p, conf: conf, dir: filepath.Join(p.opts.Dir, hqDir, string(conf.Authority))}
		if !p.hasArticle(conf.Authority, p.now()) {
			h.leave(ctx)
			continue
		}
		if err := h.open(ctx); err != nil {
			return err
		}
		p.hqs = append(p.hqs, h)
	}
	return nil
}

func (p *Post) closeHeadquarters() {
	for _, h := range p.hqs {
		h.store.Close()
	}
}

// open opens the copy, and folds what is in it.
func (h *followedHQ) open(ctx context.Context) (err error) {
	if err := os.MkdirAll(filepath.Join(h.dir, filesDir), 0o700); err != nil {
		return &marz.Error{Op: "open", Subject: h.dir, Err: err}
	}
	cert, err := clientCert(h.p.opts.Dir, h.p.journal.Origin())
	if err != nil {
		return err
	}
	if h.store, err = mirror.OpenSQLite(ctx, h.database(), ""); err != nil {
		return err
	}
	h.f, err = mirror.NewFollower(ctx, mirror.FollowerConfig{Remote: h.conf.remote(cert), VerifierKey: h.conf.HQKey, Store: h.store, Clock: h.p.opts.Clock,
		Random: h.p.chance, After: h.p.opts.After, Until: func() bool { return !h.p.hasArticle(h.conf.Authority, h.p.now()) }, Log: h.p.opts.Log})
	if err == nil {
		err = h.fold(ctx)
	}
	if err != nil {
		h.store.Close()
		return err
	}
	h.heard = h.readHeard()
	h.restoreStays(ctx)
	return nil
}

func (h *followedHQ) database() string { return filepath.Join(h.dir, "hq.db") }

// chance returns a number in [0, 1), for waits that are not to fall together with those of others.
func (p *Post) chance() float64 {
	var b [8]byte
	if _, err := io.ReadFull(p.random(), b[:]); err != nil {
		return 0.5
	}
	return float64(binary.BigEndian.Uint64(b[:])>>11) / (1 << 53)
}

// hasArticle reports whether an article gives an authority anything at this post, now or some day: if only to read the journal, which is the least of all powers. Its headquarters is heard for so long.
func (p *Post) hasArticle(authority marz.AuthorityID, at marz.Instant) bool {
	return p.nowOrSomeDay(authority, at, func(i marz.Instant) bool { return p.mayHaveJournal(authority, i).Allowed })
}

// fold takes in the entries that have come since. What the post has done about them stands in its own journal.
func (h *followedHQ) fold(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var fresh []journal.Entry
	err := h.f.Entries(ctx, h.folded, func(e journal.Entry) error {
		h.state.Fold(e)
		h.folded, h.newest = e.Seq+1, e.At
		switch {
		case e.Kind == release.KindVouched:
			h.vouch(e)
		case slices.Contains(actedOn, e.Kind):
			fresh = append(fresh, e)
		}
		return nil
	})
	if err != nil || len(fresh) == 0 {
		return err
	}
	known, err := collect(h.p.journal.State(), scanOne[marz.Seq], `SELECT seq FROM s_followed WHERE hq = ? AND seq >= ? ORDER BY seq`, h.conf.HQ, fresh[0].Seq)
	if err != nil {
		return err
	}
	for _, e := range fresh {
		if _, done := slices.BinarySearch(known, e.Seq); !done {
			h.pending = append(h.pending, e)
		}
	}
	return nil
}

// actedOn are the kinds of entry about which a post says in its own journal what it did.
var actedOn = []string{KindAgreement, KindStatement, KindReport, KindCommission,
	release.KindList, release.KindChange, release.KindStays, release.KindOfficer, release.KindWidened, release.KindRecalled}

func (h *followedHQ) vouch(e journal.Entry) {
	var v release.VouchedBy
	if json.Unmarshal(e.Public, &v) != nil {
		return
	}
	if err := release.Vouched([]byte(v.Note), h.conf.HQ, h.conf.HQKey, h.p.bodies[h.conf.Authority].Key); err != nil {
		h.p.opts.Log.Warn("a headquarters shows a voucher that is none", "authority", h.conf.Authority, "err", err)
		return
	}
	h.vouched = true
}

// waiting returns what is still to be acted on, of some kinds.
func (h *followedHQ) waiting(which func(journal.Entry) bool) []journal.Entry {
	h.mu.Lock()
	all := slices.Clone(h.pending)
	h.mu.Unlock()
	return slices.DeleteFunc(all, func(e journal.Entry) bool { return !which(e) })
}

// settle takes off what was acted on.
func (h *followedHQ) settle(done ...journal.Entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pending = slices.DeleteFunc(h.pending, func(e journal.Entry) bool {
		return slices.ContainsFunc(done, func(d journal.Entry) bool { return d.Seq == e.Seq })
	})
}

// released returns the release that an entry is about, as it is now, and whether it is in force at this post; nil where it is about none.
func (h *followedHQ) released(e journal.Entry) *release.Release {
	h.mu.Lock()
	defer h.mu.Unlock()
	seq := e.Seq
	if v, err := release.Parse(e); err == nil {
		switch v := v.(type) {
		case *release.Widened:
			seq = v.Release
		case *release.Recalled:
			seq = v.Release
		}
	}
	r := h.state.Get(seq)
	if r == nil {
		return nil
	}
	c := *r
	return &c
}

// ofList divides what is acted on: lists, and files of stays, can wait long for their files, and nothing waits for them.
func (h *followedHQ) ofList(e journal.Entry) bool {
	if e.Kind == release.KindList || e.Kind == release.KindChange || e.Kind == release.KindStays {
		return true
	}
	r := h.released(e)
	return r != nil && r.Officer == nil
}

// followHeadquarters follows all headquarters until ctx ends. It runs beside the lanes, and nothing waits for it.
func (p *Post) followHeadquarters(ctx context.Context) {
	var group sync.WaitGroup
	for _, h := range p.hqs {
		group.Go(func() { h.run(ctx) })
	}
	group.Wait()
}

func (h *followedHQ) run(ctx context.Context) {
	heard, hangUp := context.WithCancel(ctx) // ends with the articles: nothing that is on the line is waited for
	defer hangUp()
	var group sync.WaitGroup
	group.Go(func() { h.f.Run(heard) })
	group.Go(func() { h.loop(heard, h.lists) })
	h.loop(ctx, h.act)
	hangUp()
	group.Wait()
	if ctx.Err() == nil && h.p.journal.Failure() == nil {
		h.leave(ctx)
	}
}

// leave ends what is held of a headquarters that no article gives anything here any more.
func (h *followedHQ) leave(ctx context.Context) {
	if err := h.end(ctx); err != nil {
		h.p.opts.Log.Error("what is held of a headquarters that has no article here any more could not be removed; it is tried again at the next start", "authority", h.conf.Authority, "err", err)
	}
}

// Waits after something could not be done, as for a line that is down.
const (
	leastRetry = 5 * time.Second
	mostRetry  = 5 * time.Minute
)

// errOver says that the headquarters is not followed any more.
var errOver = errors.New("no article gives the authority of this headquarters anything here any more")

// loop acts whenever something has come, or the articles have changed, until the headquarters is followed no more.
func (h *followedHQ) loop(ctx context.Context, do func(context.Context) error) {
	wait := time.Duration(0)
	for ctx.Err() == nil {
		changed, committed, register := h.f.Changed(), h.p.journal.Changed(), h.p.register.Load()
		if !h.p.hasArticle(h.conf.Authority, h.p.now()) {
			return
		}
		err := h.fold(ctx)
		if err == nil {
			h.writeHeard()
			err = do(ctx)
		}
		if errors.Is(err, errOver) || h.p.journal.Failure() != nil {
			return
		}
		var again <-chan time.Time
		if wait = 0; err != nil && ctx.Err() == nil {
			wait = min(max(2*wait, leastRetry), mostRetry)
			again = h.p.opts.After(wait/2 + time.Duration(h.p.chance()*float64(wait/2)))
			h.p.opts.Log.Warn("what a headquarters says could not be done yet", "authority", h.conf.Authority, "err", err)
		}
		for moved := false; !moved; {
			select {
			case <-ctx.Done():
				return
			case <-changed:
				moved = true
				h.p.live.Changed()
			case <-again:
				moved = true
			case <-committed:
				committed = h.p.journal.Changed()
				moved = h.p.register.Load() != register
			}
		}
	}
}
