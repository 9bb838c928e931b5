package post

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"

	"marz"
	"marz/folder"
	"marz/transfer"
)

// TimeSource is a source of time beside the node's own clock. Now answers at once, from what the source knows already: it is asked inside the journal's turn.
type TimeSource interface {
	Name() string
	Now() (marz.Instant, error)
}

// clocks returns what all sources of time show, where the node's own shows an instant. Without sources that were given, the machine's boot clock is the second one; an
// exercise's clock, which may be any, is its own.
func (p *Post) clocks(node marz.Instant) transfer.Clocks {
	c := transfer.Clocks{Node: node, Tolerance: transfer.DefaultTolerance}
	switch {
	case p.opts.Times != nil:
		for _, s := range p.opts.Times {
			r := transfer.Reading{Source: s.Name()}
			at, err := s.Now()
			if r.At = at; err != nil {
				r.At, r.Fault = 0, transfer.Shown(err.Error())
			}
			c.Others = append(c.Others, r)
		}
	case p.Exercise():
		c.Others = []transfer.Reading{{Source: "exercise", At: node}}
	default:
		c.Others = []transfer.Reading{p.boot.reading()}
	}
	return c
}

// bootFile keeps the anchor of the boot clock, so that a node that is started again on a machine that ran on still has its second source.
const bootFile = "boot-clock.json"

// bootClock is time counted from an anchor by the machine's monotonic clock, which nobody can set and which also runs while the machine sleeps. The anchor is the node's
// time when the node first ran on this start of the machine, and then the one when both had armed a transfer: whoever sets the node's clock afterwards puts it at odds with this one.
// One side alone takes no anchor. When the machine is started anew while a transfer is armed the anchor is worth nothing: the source then shows nothing, the clock is in doubt, and the
// article's rule decides.
type bootClock struct {
	dir    string
	mu     sync.Mutex
	anchor *bootAnchor
	lost   bool // a transfer was armed when the node was started, and there was no anchor
}

type bootAnchor struct {
	Boot string       `json:"boot"` // which start of the machine
	Ran  int64        `json:"ran"`  // milliseconds since then
	At   marz.Instant `json:"at"`   // what the node's clock showed
	Both bool         `json:"both"` // both had armed
}

// load reads the anchor that an earlier run of the node left. Where no transfer is armed, one of an earlier start of the machine gives way to a new one.
func (c *bootClock) load(armed bool, at marz.Instant) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, err := os.ReadFile(filepath.Join(c.dir, bootFile))
	var a bootAnchor
	if err == nil && json.Unmarshal(b, &a) == nil {
		c.anchor = &a
	}
	if armed {
		c.lost = c.anchor == nil
		return nil
	}
	return c.renew(at)
}

// follow takes the anchor anew when both have armed a transfer, and where none is armed when there is none of this start of the machine.
func (c *bootClock) follow(armed, both bool, at marz.Instant) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !armed:
		c.lost = false
		if err := c.renew(at); err != nil || c.anchor == nil || !c.anchor.Both {
			return err
		}
		c.anchor.Both = false
		return c.keep()
	case both && !c.lost && (c.anchor == nil || !c.anchor.Both):
		return c.take(at, true)
	}
	return nil
}

// renew takes an anchor where there is none of this start of the machine.
func (c *bootClock) renew(at marz.Instant) error {
	if id, _, err := boots(); err != nil || c.anchor != nil && c.anchor.Boot == id {
		return nil // without such a clock the source shows nothing, and says why
	}
	return c.take(at, false)
}

func (c *bootClock) take(at marz.Instant, both bool) error {
	id, ran, err := boots()
	if err != nil {
		return nil
	}
	c.anchor = &bootAnchor{id, ran, at, both}
	return c.keep()
}

func (c *bootClock) keep() error {
	b, err := json.Marshal(c.anchor)
	if err != nil {
		return err
	}
	return folder.Write(filepath.Join(c.dir, bootFile), b, 0o600)
}

func (c *bootClock) reading() transfer.Reading {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := transfer.Reading{Source: "boot"}
	id, ran, err := boots()
	switch {
	case err != nil:
		r.Fault = "this machine has no clock that counts from its start"
	case c.anchor == nil && c.lost:
		r.Fault = "its anchor was lost while the transfer was armed"
	case c.anchor == nil:
		r.Fault = "it was never set on this machine"
	case c.anchor.Boot != id:
		r.Fault = "the machine was started anew since it was set"
	default:
		r.At = c.anchor.At + marz.Instant(ran-c.anchor.Ran)
	}
	return r
}
