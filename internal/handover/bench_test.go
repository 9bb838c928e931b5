package handover

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"marz"
	"marz/mrz"
	"marz/post"
	"marz/transfer"
)

// busy is a post with many lanes, and an officer of each side for every one.
func busy(n int) crew {
	c := crew{homes: map[marz.OfficerID]marz.LaneID{}}
	for _, a := range []marz.AuthorityID{outgoing, incoming} {
		c.officers = append(c.officers, post.Officer{ID: marz.OfficerID(a + "/1"), Name: "Commander", Role: marz.RoleSupervisor})
		for lane := range n {
			id := marz.OfficerID(fmt.Sprintf("%s/%d", a, lane+2))
			c.officers = append(c.officers, post.Officer{ID: id, Name: "Officer", Role: marz.RoleOfficer})
			c.homes[id] = marz.LaneID(fmt.Sprint(lane + 1))
		}
	}
	for lane := range n {
		c.lanes = append(c.lanes, marz.Lane{ID: marz.LaneID(fmt.Sprint(lane + 1)), Direction: marz.EntryDirection, Flow: "persons"})
	}
	return c
}

// lap is one act of an officer.
type lap struct{ begun, ended time.Time }

// BenchmarkLanesAtTheExecution measures the lane's pause: how long acts take that are under way while the node executes a transfer, against acts before it in the same run. Eight lanes
// scan and decide as fast as they are answered, on a disk that is waited for; every execution is one of a fresh copy of the post. MARZ_EXECUTIONS says of how many, 100 where it says nothing.
func BenchmarkLanesAtTheExecution(b *testing.B) {
	const n = 8
	executions := 100
	if s := os.Getenv("MARZ_EXECUTIONS"); s != "" {
		fmt.Sscan(s, &executions)
	}
	dir := b.TempDir()
	tpl, err := build(b.Context(), filepath.Join(dir, "template"), allTerms[0], busy(n), counted)
	if err != nil {
		b.Fatal(err)
	}
	zones := zonesOf(b, 400)
	for b.Loop() {
		measure(b, tpl, dir, n, executions, zones)
	}
}

func measure(b *testing.B, tpl *template, dir string, n, executions int, zones []string) {
	var before, during []time.Duration
	for round := range executions {
		laps, at, done := execute(b, tpl, filepath.Join(dir, fmt.Sprint(round)), n, zones)
		for _, l := range laps {
			switch took := l.ended.Sub(l.begun); {
			case l.ended.Before(at):
				before = append(before, took)
			case l.begun.Before(done):
				during = append(during, took)
			}
		}
	}
	slices.Sort(before)
	slices.Sort(during)
	ms := func(all []time.Duration, part float64) float64 {
		return float64(all[int(part*float64(len(all)-1))].Microseconds()) / 1000
	}
	b.Logf("%d executions under %d lanes. %d acts before them: p50 %.1f ms, p99 %.1f ms, max %.1f ms. %d acts during them: p50 %.1f ms, p99 %.1f ms, max %.1f ms. Ratio: p50 %.1f, p99 %.1f",
		executions, n, len(before), ms(before, 0.5), ms(before, 0.99), ms(before, 1), len(during), ms(during, 0.5), ms(during, 0.99), ms(during, 1),
		ms(during, 0.5)/ms(before, 0.5), ms(during, 0.99)/ms(before, 0.99))
	b.ReportMetric(ms(before, 0.5), "ms-before-p50")
	b.ReportMetric(ms(before, 0.99), "ms-before-p99")
	b.ReportMetric(ms(during, 0.5), "ms-pause-p50")
	b.ReportMetric(ms(during, 0.99), "ms-pause-p99")
	b.ReportMetric(ms(during, 1), "ms-pause-max")
	b.ReportMetric(ms(during, 0.99)/ms(before, 0.99), "ratio-p99")
}

// execute runs one execution under load. It returns every act, when the instant came, and when it was seen that control had passed.
func execute(b *testing.B, tpl *template, dir string, n int, zones []string) (laps []lap, at, done time.Time) {
	b.Helper()
	if err := tpl.write(dir); err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(dir)
	start := time.Now()
	var ahead atomic.Int64 // of the node's clock against the time since start
	clock := func() marz.Instant {
		return begins + marz.Instant(ahead.Load()) + marz.Instant(time.Since(start).Milliseconds())
	}
	source := steady{clock}
	p, err := post.Open(b.Context(), post.Options{Dir: dir, Exercise: true, Clock: clock, Times: []post.TimeSource{source}})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	serving, stop := context.WithCancel(b.Context())
	ready, served := make(chan struct{}), make(chan error, 1)
	go func() { served <- p.Serve(serving, func(net.Addr) { close(ready) }) }()
	defer func() { stop(); <-served }()
	select {
	case <-ready:
	case err := <-served:
		b.Fatal(err)
	}
	digest, err := p.Present(b.Context(), tpl.actors["ru-bg/1"], "agarak-1")
	for _, o := range []marz.OfficerID{"ru-bg/1", "am-bg/1"} {
		if err == nil {
			_, err = p.SignExercise(b.Context(), tpl.actors[o], transfer.SaysArm, "agarak-1", digest)
		}
	}
	if err != nil {
		b.Fatal(err)
	}
	const warm, after = 120 * time.Millisecond, 40 * time.Millisecond
	at = time.Now().Add(warm)
	ahead.Store(int64(agreed-begins) - at.Sub(start).Milliseconds())
	var mu sync.Mutex
	var wg sync.WaitGroup
	var passed atomic.Int64
	act := func(do func() error) error {
		l := lap{begun: time.Now()}
		err := do()
		l.ended = time.Now()
		if p.Controller() == incoming {
			passed.CompareAndSwap(0, l.ended.UnixNano())
		}
		mu.Lock()
		laps = append(laps, l)
		mu.Unlock()
		return err
	}
	end := at.Add(after)
	for lane := range n {
		wg.Go(func() {
			ctx, id := context.Background(), marz.LaneID(fmt.Sprint(lane+1))
			by := tpl.actors[marz.OfficerID(fmt.Sprintf("%s/%d", outgoing, lane+2))]
			for n := lane * 1000; time.Now().Before(end); n++ {
				var opened marz.InspectionID
				err := act(func() error {
					i, err := p.Scan(ctx, by, id, zones[n%len(zones)], true)
					if err == nil {
						opened = i.ID
					}
					return err
				})
				if err == nil {
					err = act(func() error { _, err := p.Decide(ctx, by, opened, marz.Admit, "", ""); return err })
				}
				if code := marz.CodeOf(err); err != nil && code == marz.Unauthenticated && by.Officer.Authority() == outgoing { // relieved: the other side's officer is there
					by = tpl.actors[marz.OfficerID(fmt.Sprintf("%s/%d", incoming, lane+2))]
					err = act(func() error { return p.OpenLane(ctx, by, id) })
					if i, e := p.Case(ctx, by, id, ""); err == nil && e == nil && i != nil && i.State == "open" {
						err = act(func() error { _, err := p.Decide(ctx, by, i.ID, marz.Admit, "", ""); return err })
					}
				}
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if passed.Load() == 0 {
		b.Fatal("control did not pass")
	}
	return laps, at, time.Unix(0, passed.Load())
}

// steady is a second source of time that shows what the node's clock does.
type steady struct{ clock marz.Clock }

func (steady) Name() string { return "gps" }

func (s steady) Now() (marz.Instant, error) { return s.clock(), nil }

func zonesOf(b *testing.B, n int) []string {
	out := make([]string, n)
	for i := range out {
		s, err := mrz.Write(mrz.Document{Format: mrz.TD3, Code: "P", Issuer: "IRN", Nationality: "IRN", Primary: "TRAVELLER", Secondary: "BUSY", Number: fmt.Sprintf("B%07d", i), Sex: "M",
			Birth: marz.Date{Year: 1980, Month: 5, Day: 6}, Expiry: marz.Date{Year: 2030, Month: 1, Day: 2}})
		if err != nil {
			b.Fatal(err)
		}
		out[i] = s
	}
	return out
}
