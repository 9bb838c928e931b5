package post

import (
	"os"
	"path/filepath"
	"testing"

	"marz"
	"marz/transfer"
)

// The boot clock counts from its anchor on the same start of the machine, over a restart of the node, and shows nothing after another start.
func TestBootClock(t *testing.T) {
	if _, _, err := boots(); err != nil {
		t.Skip("this system has no clock that counts from its start: ", err)
	}
	dir := t.TempDir()
	shows := func(when string, c *bootClock, from marz.Instant) {
		t.Helper()
		if r := c.reading(); r.Fault != "" || r.At < from || r.At > from+60_000 {
			t.Errorf("%s: %+v", when, r)
		}
	}
	c := &bootClock{dir: dir}
	if r := c.reading(); r.Fault == "" {
		t.Errorf("%+v before the node ran", r)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(c.load(false, midnight))
	shows("from the node's first run", c, midnight)
	again := &bootClock{dir: dir}
	must(again.load(false, midnight+25*3600_000))
	shows("with the clock put forward and the node started again", again, midnight)
	must(again.follow(true, false, midnight+25*3600_000))
	shows("when one side has armed alone, with the clock put forward", again, midnight)
	must(again.follow(true, true, midnight+3600_000))
	shows("when both have armed", again, midnight+3600_000)
	must(again.follow(true, true, midnight+2*3600_000))
	shows("with the clock put forward after both had armed", again, midnight+3600_000)
	armed := &bootClock{dir: dir}
	must(armed.load(true, midnight+2*3600_000))
	shows("after a restart of the node", armed, midnight+3600_000)
	armed.anchor.Boot = "another"
	if r := armed.reading(); r.Fault == "" {
		t.Errorf("after a start of the machine: %+v", r)
	}
	must(armed.follow(true, true, midnight))
	if r := armed.reading(); r.Fault == "" {
		t.Errorf("an anchor was taken anew while the transfer was armed: %+v", r)
	}
	must(armed.follow(false, false, midnight+5*3600_000))
	shows("when none is armed any more", armed, midnight+5*3600_000)
	must(os.Remove(filepath.Join(dir, bootFile)))
	lost := &bootClock{dir: dir}
	must(lost.load(true, midnight))
	must(lost.follow(true, true, midnight))
	if r := lost.reading(); r.Fault == "" || !lost.lost {
		t.Errorf("without its file: %+v", r)
	}
	must(lost.follow(false, false, midnight))
	shows("when none is armed any more, without its file", lost, midnight)
}

// An exercise's clock is its own second source, and is not in doubt.
func TestExerciseClockIsSound(t *testing.T) {
	tp := newHandover(t)
	if c := tp.clocks(midnight); c.Doubt() != "" || len(c.Others) != 1 {
		t.Errorf("%+v", c)
	}
	tp.reopen(func(o *Options) { o.Times = []TimeSource{source{name: "radio"}} })
	c := tp.clocks(midnight)
	if c.Doubt() == "" || c.Others[0].Fault != "no signal" || c.Others[0] != (transfer.Reading{Source: "radio", Fault: "no signal"}) {
		t.Errorf("%+v", c)
	}
}
