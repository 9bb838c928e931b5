package handover

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"marz"
	"marz/post"
)

// world is one run: the node, its clocks and its disk, and who acts there. One goroutine drives it.
type world struct {
	tpl    *template
	base   string // folder of the run's folders
	dir    string // of the node, now
	folder int    // how many there were
	node   *post.Post
	disk   *disk
	kill   bool // a commit that fails takes the process with it: the next one begins from the files as they are
	salt   *rand.ChaCha8

	now     marz.Instant // the true time
	creep   marz.Instant // by how much it goes on whenever the node looks at its clock
	offset  marz.Instant // of the node's clock
	sources []*source

	law     *law
	actors  map[marz.OfficerID]post.Actor
	stale   string // a digest that was presented before
	acked   []ack
	words   []word
	faults  int
	faulted bool         // during the act under way
	told    func(string) // every step; nil: nobody
}

// source is a source of time beside the node's clock.
type source struct {
	w      *world
	name   string
	offset marz.Instant
	dead   bool
}

func (s *source) Name() string { return s.name }

func (s *source) Now() (marz.Instant, error) {
	if s.dead {
		return 0, errors.New("no signal")
	}
	return s.w.now + s.offset, nil
}

// ack is a decision that somebody was told is done.
type ack struct {
	inspection marz.InspectionID
	decision   marz.Decision
}

// word is a signature that somebody was told is recorded.
type word struct {
	seq  marz.Seq
	says string
}

// errLaw is of what the node did and should not have done.
var errLaw = errors.New("the node broke a law")

func (w *world) clock() marz.Instant {
	w.now += w.creep
	return w.now + w.offset
}

func (w *world) say(format string, args ...any) {
	if w.told != nil {
		w.told(fmt.Sprintf("%s  ", w.now) + fmt.Sprintf(format, args...))
	}
}

// open opens the node, as often as it takes: the disk can fail while it is being opened, too.
func (w *world) open(ctx context.Context) error {
	for {
		times := []post.TimeSource{} // none at all is not the same as nil: an exercise has a second source of its own
		for _, s := range w.sources {
			times = append(times, s)
		}
		disks.Store(w.dir, w.disk)
		p, err := post.Open(ctx, post.Options{Dir: w.dir, Clock: w.clock, Wall: func() time.Time { return w.now.Time() }, Rand: w.salt, Exercise: true, Times: times, Driver: driverName})
		if err == nil {
			w.node = p
			return nil
		}
		if !w.disk.down {
			return fmt.Errorf("the node does not open: %w", err)
		}
		w.say("  the disk failed while the node was being opened")
		w.disk.down, w.disk.passes = false, false
	}
}

// restart ends the process, in order or not, and begins another.
func (w *world) restart(ctx context.Context, kill bool) error {
	was, old := w.node, w.dir
	if kill {
		w.folder++
		w.dir = filepath.Join(w.base, fmt.Sprint(w.folder))
		if err := copyFolder(w.dir, old); err != nil {
			return err
		}
	}
	if err := was.Close(); err != nil && !w.disk.down && !kill {
		return err
	}
	w.disk.down, w.disk.passes = false, false
	if kill {
		disks.Delete(old)
		if err := os.RemoveAll(old); err != nil {
			return err
		}
	}
	return w.open(ctx)
}

// copyFolder copies a folder as a killed process leaves it. SQLite's index of the log is no file of a dead process.
func copyFolder(to, from string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := to + strings.TrimPrefix(path, from)
		switch {
		case e.IsDir():
			return os.MkdirAll(target, 0o700)
		case strings.HasSuffix(path, "-shm"):
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o600)
	})
}

func (w *world) close() {
	if w.node != nil {
		w.node.Close()
	}
	disks.Delete(w.dir)
	os.RemoveAll(w.base)
}

// readings is what the checker believes the sources show at a true time.
func (w *world) readings(at marz.Instant) []reading {
	var out []reading
	for _, s := range w.sources {
		out = append(out, reading{s.name, at + s.offset, s.dead})
	}
	return out
}

// did is what a step of the run did.
type did struct {
	by    marz.OfficerID // "": nobody's act
	do    func() error
	ticks bool // it goes into the journal whatever happens, so that what is due is done
}

// act lets somebody act, through a failure of the disk if there is one, and shows the law what the journal has then.
func (w *world) act(ctx context.Context, name string, d did) error {
	from := w.now
	due := w.law.due(w.nodeTime(), w.readings(w.now))
	w.faulted = false
	err := d.do()
	for n := 0; w.disk.down; n++ {
		w.faulted = true
		w.faults++
		w.say("%s: the disk failed (%v)", name, err)
		if err := w.restart(ctx, w.kill); err != nil {
			return err
		}
		if n > 3 {
			return errors.New("the disk fails without end")
		}
		err = d.do()
	}
	w.say("%s: %v", name, outcome(err))
	if e := w.observe(ctx, from); e != nil {
		return fmt.Errorf("%s: %w", name, e)
	}
	if err != nil && marz.CodeOf(err) == marz.Internal {
		return fmt.Errorf("%s: %w", name, err)
	}
	return w.law.after(name, d, err, due, w.faulted)
}

func outcome(err error) string {
	if err == nil {
		return "done"
	}
	return "refused: " + err.Error()
}

// nodeTime is what the next entry would bear.
func (w *world) nodeTime() marz.Instant { return max(w.now+w.offset, w.law.at) }

// observe shows the law every entry that is new.
func (w *world) observe(ctx context.Context, from marz.Instant) error {
	size := w.node.Journal().Head().Size
	if size < w.law.size {
		return fmt.Errorf("the journal had %d entries and has %d", w.law.size, size)
	}
	if size == w.law.size {
		return nil
	}
	entries, err := w.node.Journal().Entries(ctx, marz.Seq(w.law.size), int(size-w.law.size))
	if err != nil {
		return err
	}
	m := moment{from: from, to: w.now, offset: w.offset, readings: w.readings(0)}
	for _, e := range entries {
		if w.law.size >= int64(w.law.begun) {
			w.say("    %d %s %s%s %s", e.Seq, e.Kind, e.Authority, strings.TrimPrefix(string(e.Officer), string(e.Authority)), short(string(e.Public)))
		}
		if err := w.law.take(e, m); err != nil {
			return fmt.Errorf("entry %d %s: %w", e.Seq, e.Kind, err)
		}
	}
	if c := w.node.Controller(); c != w.law.whole {
		return fmt.Errorf("the node says that %s controls, and its journal that %s does", c, w.law.whole)
	}
	for _, l := range lanes {
		h, ok := w.node.Register().Holder(place, l.ID, w.nodeTime())
		if !ok || h.Authority != w.law.holder[l.ID] {
			return fmt.Errorf("the register says that %s controls lane %s, and the journal that %s does", h.Authority, l.ID, w.law.holder[l.ID])
		}
	}
	return nil
}

func short(s string) string {
	if len(s) > 160 {
		return s[:160] + "…"
	}
	return s
}
