package main

import (
	"context"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"sync"
	"time"

	"marz"
	"marz/watchlist"
)

func (o *options) speed() error {
	p, err := o.people(1)
	if err != nil {
		return err
	}
	l := &watchlist.List{ID: "made", Name: "made", Owner: "made", Loaded: 1}
	for i := range o.n {
		l.Alerts = append(l.Alerts, p.person(i))
	}
	began := time.Now()
	set := watchlist.New(time.Now)
	if err := set.Replace(l); err != nil {
		return err
	}
	o.say("built in %v", time.Since(began).Round(time.Millisecond))
	var queries []watchlist.Query
	for range 100_000 {
		if p.r.IntN(2) == 0 {
			queries = append(queries, p.traveller())
		} else {
			queries = append(queries, p.wanted(&l.Alerts[p.r.IntN(len(l.Alerts))]))
		}
	}
	runtime.GC()
	if o.profile != "" {
		f, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	o.timed(set, "with birth date", queries)
	if os.Getenv("DOBONLY") != "" {
		return nil
	}
	for i := range queries {
		queries[i].Birth = marz.Date{}
	}
	o.timed(set, "without", queries[:10_000])
	return nil
}

// timed asks all queries on one core, and then on all.
func (o *options) timed(set *watchlist.Set, what string, queries []watchlist.Query) {
	times := make([]time.Duration, 0, len(queries))
	hits := 0
	for _, q := range queries {
		began := time.Now()
		a := set.Screen(context.Background(), q)
		times = append(times, time.Since(began))
		hits += len(a.Hits)
	}
	slices.Sort(times)
	began := time.Now()
	var group sync.WaitGroup
	n := runtime.GOMAXPROCS(0)
	for w := range n {
		group.Go(func() {
			for i := w; i < len(queries); i += n {
				set.Screen(context.Background(), queries[i])
			}
		})
	}
	group.Wait()
	rate := float64(len(queries)) / time.Since(began).Seconds()
	at := func(f float64) time.Duration { return times[int(f*float64(len(times)-1))].Round(100 * time.Nanosecond) }
	o.say("| %s | p50 %v | p90 %v | p99 %v | p99.9 %v | most %v | %.0f a second on %d cores | %.2f hits a query |", what, at(.5), at(.9), at(.99), at(.999), at(1), rate, n, float64(hits)/float64(len(queries)))
}
