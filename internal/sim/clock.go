package sim

import (
	"sync"
	"time"

	"marz"
)

// A Clock is the virtual clock of a simulated world. It stands still until it is advanced or set running, and never runs backwards.
// It is safe for concurrent use. Its method Now is a marz.Clock, to be handed to the software under simulation.
type Clock struct {
	mu    sync.Mutex
	base  marz.Instant // virtual time at the last change
	shown marz.Instant // the latest that was shown
	real  marz.Clock   // nil while the clock stands still
	since marz.Instant // real time at the last change
	speed float64      // virtual seconds a real second
}

// NewClock returns a clock that stands still at start.
func NewClock(start marz.Instant) *Clock { return &Clock{base: start, shown: start} }

// Now returns the virtual instant.
func (c *Clock) Now() marz.Instant {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

// Advance moves the clock forward by d. A negative d moves nothing.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	if d > 0 {
		c.base = c.base.Add(d)
	}
}

// AdvanceTo moves the clock forward to i. A clock that is past i already stays where it is.
func (c *Clock) AdvanceTo(i marz.Instant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	c.base = max(c.base, i)
}

// Run lets the clock run at speed virtual seconds for each second of the real clock. A speed of 0 or less stops it.
func (c *Clock) Run(real marz.Clock, speed float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	if !(speed > 0) {
		c.real = nil
		return
	}
	c.real, c.speed, c.since = real, speed, real()
}

// Until returns how long to wait in real time until the clock shows i: 0 when i has come, and false when the clock stands still
// before i, so that waiting is of no use.
func (c *Clock) Until(i marz.Instant) (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	left := i.Sub(c.now())
	switch {
	case left <= 0:
		return 0, true
	case c.real == nil:
		return 0, false
	}
	return time.Duration(float64(left)/c.speed) + time.Millisecond, true // rounded up, so that i has come after the wait
}

func (c *Clock) now() marz.Instant {
	now := c.base
	if c.real != nil {
		now += marz.Instant(float64(c.real()-c.since) * c.speed)
	}
	c.shown = max(c.shown, now) // a real clock that is set back makes this one wait, not turn
	return c.shown
}

// settle makes the present instant the base, from which the clock goes on.
func (c *Clock) settle() {
	c.base = c.now()
	if c.real != nil {
		c.since = c.real()
	}
}
