package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// kind is a kind of fault.
type kind string

// What befalls a post or its line,
const (
	cutLine    kind = "line cut"
	slowLine   kind = "line slow"
	upGone     kind = "line loses what the node sends"
	downGone   kind = "line loses what the node is sent"
	flapping   kind = "line flaps"
	postKilled kind = "post killed"
)

// and what befalls headquarters.
const (
	nodeKilled     kind = "HQ node killed"
	nodeCut        kind = "HQ node's line cut"
	nodeDeaf       kind = "HQ node's line loses what it is sent"
	databasePaused kind = "database held still"
	databaseKilled kind = "database killed"
	databaseCut    kind = "database's line cut"
)

// fault is one thing that befalls one machine for a while.
type fault struct {
	at, lasts time.Duration
	kind      kind
	host      string
	kbit      int // of a slow line
}

func (f fault) String() string {
	s := fmt.Sprintf("%4.0f s  %-8s  %s for %.0f s", f.at.Seconds(), f.host, f.kind, f.lasts.Seconds())
	if f.kbit != 0 {
		s += fmt.Sprintf(", %d kbit/s", f.kbit)
	}
	return s
}

// weighted are kinds, each as often as it shall come.
var (
	ofPosts = []kind{cutLine, cutLine, cutLine, slowLine, slowLine, upGone, upGone, downGone, downGone, flapping, flapping, postKilled, postKilled, postKilled}
	ofHQ    = []kind{nodeKilled, nodeKilled, nodeCut, nodeDeaf, databasePaused, databaseKilled, databaseCut}
)

// quiet is for how long nothing befalls a machine after a fault has ended.
const quiet = 5 * time.Second

// schedule draws the faults of a campaign from its seed. No machine has two at a time, of headquarters' machines only one has one, and all have ended when the time is over. Each kind of
// headquarters' faults comes, if there is time, before one comes again.
func schedule(seed uint64, posts []string, lasts time.Duration) []fault {
	rng := rand.New(rand.NewPCG(seed, 1))
	draw := func(least, most time.Duration) time.Duration {
		return least + time.Duration(rng.Int64N(int64(most-least))).Truncate(time.Second)
	}
	var all []fault
	add := func(f fault) (free time.Duration, ok bool) {
		if f.at+f.lasts > lasts {
			return 0, false
		}
		all = append(all, f)
		return f.at + f.lasts + quiet, true
	}
	for _, name := range posts {
		for at := draw(5*time.Second, 60*time.Second); ; {
			f := fault{at: at, lasts: draw(3*time.Second, 40*time.Second), kind: ofPosts[rng.IntN(len(ofPosts))], host: name}
			if f.kind == slowLine {
				f.kbit = 32 << rng.IntN(4)
			}
			free, ok := add(f)
			if !ok {
				break
			}
			at = free + draw(0, 60*time.Second)
		}
	}
	for at, ok := 10*time.Second, true; ok; {
		for _, i := range rng.Perm(len(ofHQ)) {
			f := fault{at: at, lasts: draw(4*time.Second, 15*time.Second), kind: ofHQ[i], host: []string{"hq-a", "hq-b"}[rng.IntN(2)]}
			switch f.kind {
			case databasePaused, databaseKilled, databaseCut:
				f.host = "db"
			}
			var free time.Duration
			if free, ok = add(f); !ok {
				break
			}
			at = free + draw(0, 5*time.Second)
		}
	}
	slices.SortStableFunc(all, func(a, b fault) int { return cmp.Compare(a.at, b.at) })
	return all
}

// step is a beginning or an end of a fault.
type step struct {
	at    time.Duration
	begin bool
	fault
}

// steps are the beginnings and ends of faults, in their order; a line that flaps goes down and up for as long.
func steps(faults []fault) []step {
	var all []step
	for _, f := range faults {
		if f.kind != flapping {
			all = append(all, step{f.at, true, f}, step{f.at + f.lasts, false, f})
			continue
		}
		for at := f.at; at < f.at+f.lasts; at += 3 * time.Second {
			all = append(all, step{at, true, f}, step{at + 2*time.Second, false, f})
		}
	}
	slices.SortStableFunc(all, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	return all
}
