package main

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"time"

	"marz"
	"marz/watchlist"
	"marz/watchlist/number"
)

const (
	asks    = 100_000 // questions with a birth date
	changed = 1_000   // alerts in a change
)

func (o *options) madeList() string    { return filepath.Join(o.dir, "made.list") }
func (o *options) madeNumbers() string { return filepath.Join(o.dir, "made.numbers") }

// build makes the files that speed measures. It is a run of its own, so that their making is not in the memory that is measured.
func (o *options) build() error {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	p, err := o.people(1)
	if err != nil {
		return err
	}
	l := &watchlist.List{ID: "made", Name: "People who are made up", Owner: "made", Version: "1", Loaded: 1}
	for i := range o.n {
		l.Alerts = append(l.Alerts, p.person(i))
	}
	began := time.Now()
	if err := watchlist.WriteFile(o.madeList(), l, watchlist.FileOptions{}); err != nil {
		return err
	}
	fmt.Fprintf(o.out, "built a list of %d people in %v\n", o.n, time.Since(began).Round(time.Second))
	began = time.Now()
	info := watchlist.ListInfo{ID: "made-numbers", Name: "Documents that are made up", Owner: "made", Version: "1", Loaded: 1}
	if _, err := watchlist.BuildNumbers(context.Background(), o.madeNumbers(), info, documents(o.documents), watchlist.NumbersOptions{}); err != nil {
		return err
	}
	fmt.Fprintf(o.out, "built a table of %d documents in %v\n", o.documents, time.Since(began).Round(time.Second))
	return nil
}

// documents makes numbers of documents up as states number them.
func documents(n int) iter.Seq2[number.Row, error] {
	return func(yield func(number.Row, error) bool) {
		r := rand.New(rand.NewPCG(11, 12))
		for range n {
			if !yield(number.Row{Kind: number.Document, Number: documentNumber(r), Country: states[r.IntN(len(states))], Type: "passport"}, nil) {
				return
			}
		}
	}
}

func documentNumber(r *rand.Rand) string {
	return fmt.Sprintf("%c%c%07d", 'A'+r.IntN(26), 'A'+r.IntN(26), r.IntN(10_000_000))
}

// speed measures how long questions take, and what memory, with lists as large as a nation's.
func (o *options) speed() error {
	o.say("A list of %d people with two aliases each, and a table of %d documents, mapped from files; %d cores.", o.n, o.documents, runtime.GOMAXPROCS(0))
	o.say("")
	queries, err := o.queries()
	if err != nil {
		return err
	}
	before, _ := resident()
	began := time.Now()
	set := watchlist.New(time.Now)
	f, err := watchlist.OpenFile(o.madeList(), nil)
	if err != nil {
		return err
	}
	if err := set.PutFile(f); err != nil {
		return err
	}
	opened := time.Since(began)
	numbers, err := watchlist.OpenNumbers(context.Background(), o.madeNumbers(), nil)
	if err != nil {
		return err
	}
	if err := set.PutNumbers(numbers.ListInfo, numbers.Table); err != nil {
		return err
	}
	cold := time.Since(began)
	if o.profile != "" {
		to, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		defer to.Close()
		if err := pprof.StartCPUProfile(to); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	o.say("| asked with | p50 | p90 | p99 | p99.9 | most | a second | hits a question |")
	o.say("|---|---|---|---|---|---|---|---|")
	o.timed(set, "name and birth date", queries)
	undated := slices.Clone(queries[:len(queries)/10])
	for i := range undated {
		undated[i].Birth = marz.Date{}
	}
	o.timed(set, "name", undated)
	o.timed(set, "document", o.documentQueries(len(queries)))
	o.say("")
	own, files := resident()
	own -= before // the questions
	o.say("From a built file to the first answer: %v for the people, %v with the documents, every byte verified. Memory after all questions: %d MB of its own, %d MB of the files, which are %d MB; together %d MB.",
		opened.Round(time.Millisecond), cold.Round(time.Millisecond), own, files, o.size(), own+files)
	o.say("")
	return o.change(set, queries)
}

func (o *options) size() int64 {
	sum := int64(0)
	for _, path := range []string{o.madeList(), o.madeNumbers()} {
		if info, err := os.Stat(path); err == nil {
			sum += info.Size()
		}
	}
	return sum >> 20
}

// queries asks for as many who are on no list as for people on the list, half of these misspelt.
func (o *options) queries() ([]watchlist.Query, error) {
	p, err := o.people(1)
	if err != nil {
		return nil, err
	}
	pick := rand.New(rand.NewPCG(5, 6))
	var out []watchlist.Query
	for i := range o.n {
		a := p.person(i) // the same as in the list
		if pick.IntN(o.n) < asks/2 {
			q := people{r: pick}
			out = append(out, q.wanted(&a))
		}
	}
	for len(out) < asks {
		out = append(out, p.traveller())
	}
	pick.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out, nil
}

// documentQueries asks for documents, half of which are listed.
func (o *options) documentQueries(n int) []watchlist.Query {
	listed, other := rand.New(rand.NewPCG(11, 12)), rand.New(rand.NewPCG(13, 14))
	out := make([]watchlist.Query, 0, n)
	for i := range n {
		if i%2 == 0 {
			out = append(out, watchlist.Query{Document: documentNumber(other)})
			continue
		}
		out = append(out, watchlist.Query{Document: documentNumber(listed)})
		listed.IntN(len(states)) // as it was made
	}
	return out
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
	o.say("| %s | %v | %v | %v | %v | %v | %.0f | %.2f |", what, at(.5), at(.9), at(.99), at(.999), at(1), rate, float64(hits)/float64(len(queries)))
}

// change puts a change in force while questions are asked, and says how long each took.
func (o *options) change(set *watchlist.Set, queries []watchlist.Query) error {
	p, err := o.people(2)
	if err != nil {
		return err
	}
	c := &watchlist.Change{List: "made", From: "1", To: "2", Loaded: 2}
	for i := range changed {
		a := p.person(i * 7 % o.n)
		a.Version = fmt.Sprintf("%016x", 1<<40+i)
		c.Put = append(c.Put, a)
	}
	done := make(chan time.Duration)
	var most time.Duration
	var asking sync.WaitGroup
	stop := make(chan struct{})
	asking.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			began := time.Now()
			set.Screen(context.Background(), queries[i%len(queries)])
			most = max(most, time.Since(began))
		}
	})
	go func() {
		began := time.Now()
		err = set.Apply(c)
		done <- time.Since(began)
	}()
	took := <-done
	close(stop)
	asking.Wait()
	if err != nil {
		return err
	}
	o.say("A change of %d alerts was in force after %v; the slowest question meanwhile took %v.", changed, took.Round(time.Millisecond), most.Round(10*time.Microsecond))
	o.say("")
	return nil
}

// resident is how much memory of its own and of files the process has in use, in MB; zeros where the system does not say.
func resident() (own, files int) {
	debug.FreeOSMemory()
	b, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(b)) {
		fmt.Sscanf(line, "RssAnon: %d kB", &own)
		fmt.Sscanf(line, "RssFile: %d kB", &files)
	}
	return own >> 10, files >> 10
}
