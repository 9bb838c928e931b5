package handover

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var (
	seeds = flag.Int("seeds", 40, "how many seeds to run")
	from  = flag.Uint64("from", 1, "the first seed")
	one   = flag.Uint64("seed", 0, "run this seed alone, and print every step")
)

// runner prepares the posts on a disk in memory, where there is one.
func runner(t testing.TB) *Runner {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "marz-handover-")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	r, err := NewRunner(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Whatever clocks, disks, processes and two commanders do, in any order: the laws hold in every run.
func TestSeeds(t *testing.T) {
	r := runner(t)
	if *one != 0 {
		end, err := r.Run(t.Context(), *one, Options{Told: func(s string) { t.Log(s) }, Verify: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%+v", *end)
		return
	}
	begun := time.Now()
	var next atomic.Uint64
	next.Store(*from)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var all summary
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for n := next.Add(1) - 1; n < *from+uint64(*seeds); n = next.Add(1) - 1 {
				end, err := r.Run(t.Context(), n, Options{Verify: n%50 == 0})
				mu.Lock()
				if err != nil {
					all.failed++
					if all.failed <= 20 {
						t.Errorf("seed %d: %v\nsee every step: go test ./internal/handover -run TestSeeds -v -seed %d", n, err, n)
					}
				} else {
					all.add(end)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	t.Logf("%s in %v", all.String(), time.Since(begun).Round(time.Millisecond))
}

type summary struct {
	runs, failed, executed, faults int
	entries, commits               int64
	phases                         map[string]int
}

func (s *summary) add(e *End) {
	if s.phases == nil {
		s.phases = map[string]int{}
	}
	s.runs++
	s.entries += e.Entries
	s.commits += int64(e.Commits)
	s.executed += e.Executions
	s.faults += e.Faults
	for _, p := range e.Phases {
		s.phases[p]++
	}
}

func (s *summary) String() string {
	return strings.TrimSpace(fmt.Sprintf("%d runs, %d failed; %d entries, %d commits, %d failures of the disk; %d executions; transfers ended %v", s.runs, s.failed, s.entries, s.commits, s.faults, s.executed, s.phases))
}

// A crash at any commit, done or lost, ends where the run without it ends: the same authority in control of each lane, the same transfers, the same crossings.
func TestSameEndAfterACrashAnywhere(t *testing.T) {
	r := runner(t)
	var next, runs atomic.Uint64
	last := *from + uint64(2+*seeds/400)
	next.Store(*from)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for n := next.Add(1) - 1; n < last; n = next.Add(1) - 1 {
				whole, err := r.Run(t.Context(), n, Options{faults: map[int]fault{}})
				if err != nil {
					t.Errorf("seed %d: %v", n, err)
					continue
				}
				for at := 1; at <= whole.Commits; at++ {
					runs.Add(1)
					f := []fault{unheard, lost, torn}[(at+int(n))%3]
					end, err := r.Run(t.Context(), n, Options{faults: map[int]fault{at: f}})
					if err == nil {
						err = whole.Same(end)
					}
					if err != nil {
						t.Errorf("seed %d, commit %d %s: %v", n, at, f, err)
					}
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d runs with one crash each, of %d seeds", runs.Load(), last-*from)
}

// The same seed is the same run, to the last entry.
func TestSeedsReplayExactly(t *testing.T) {
	r := runner(t)
	for n := *from; n < *from+6; n++ {
		a, err := r.Run(t.Context(), n, Options{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := r.Run(t.Context(), n, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if a.Course != b.Course || a.Entries != b.Entries {
			t.Errorf("seed %d ends with %d entries, %s, and again with %d, %s", n, a.Entries, a.Course, b.Entries, b.Course)
		}
	}
}

// In a bubble of testing/synctest the machine's own clock stands in the year 2000 and jumps to whatever is waited for. A run there is the same run: all time that a transfer goes by
// comes from outside the node.
func TestSeedsInABubble(t *testing.T) {
	r := runner(t)
	for n := *from; n < *from+6; n++ {
		outside, err := r.Run(t.Context(), n, Options{})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			inside, err := r.Run(t.Context(), n, Options{})
			if err != nil {
				t.Fatalf("seed %d: %v", n, err)
			}
			if inside.Course != outside.Course {
				t.Errorf("seed %d is another run by another clock", n)
			}
		})
	}
}
