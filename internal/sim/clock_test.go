package sim

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"marz"
)

func TestClockRuns(t *testing.T) {
	real := marz.Instant(1_000_000)
	c := NewClock(5000)
	if c.Now() != 5000 {
		t.Fatalf("a new clock shows %d", c.Now())
	}
	if _, ok := c.Until(6000); ok {
		t.Error("a clock that stands still says that waiting is of use")
	}
	c.Run(func() marz.Instant { return real }, 60)
	real += 1000
	if got := c.Now(); got != 65_000 {
		t.Errorf("after one second at sixty times it shows %d", got)
	}
	wait, ok := c.Until(125_000)
	if !ok || wait < time.Second || wait > time.Second+time.Millisecond {
		t.Errorf("a minute takes %v, %v", wait, ok)
	}
	real += marz.Instant(wait.Milliseconds())
	if got := c.Now(); got < 125_000 {
		t.Errorf("after the wait it shows %d", got)
	}
	before := c.Now()
	c.Run(nil, 0)
	real += 5000
	if got := c.Now(); got != before {
		t.Errorf("a stopped clock moved from %d to %d", before, got)
	}
}

// Whatever is done to a clock, and whatever the real clock does, it never runs backwards.
func TestClockNeverBackwards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		real := marz.Instant(1_000_000)
		c := NewClock(0)
		last := c.Now()
		t.Repeat(map[string]func(*rapid.T){
			"advance":   func(t *rapid.T) { c.Advance(time.Duration(rapid.Int64Range(-1e12, 1e12).Draw(t, "by"))) },
			"advanceTo": func(t *rapid.T) { c.AdvanceTo(marz.Instant(rapid.Int64Range(-1e9, 1e9).Draw(t, "to"))) },
			"run": func(t *rapid.T) {
				c.Run(func() marz.Instant { return real }, rapid.Float64Range(-1, 1000).Draw(t, "speed"))
			},
			"wait": func(t *rapid.T) { real += marz.Instant(rapid.Int64Range(-10_000, 10_000).Draw(t, "real")) },
			"": func(t *rapid.T) {
				now := c.Now()
				if now < last {
					t.Fatalf("it ran from %d back to %d", last, now)
				}
				last = now
			},
		})
	})
}
