package handover

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"marz"
	"marz/journal"
	"marz/transfer"
	"marz/verify"
)

// Runner makes runs. It may be used by several goroutines.
type Runner struct {
	dir       string // of all folders
	templates []*template
}

// NewRunner prepares the posts from which runs begin, in a folder.
func NewRunner(ctx context.Context, dir string) (*Runner, error) {
	r := &Runner{dir: dir}
	for n, t := range allTerms {
		var of [2]*template
		for _, p := range []progress{planned, counted} {
			var err error
			if of[p], err = build(ctx, filepath.Join(dir, fmt.Sprintf("template-%d-%d", n, p)), t, usual, p); err != nil {
				return nil, fmt.Errorf("terms %s: %w", t.name, err)
			}
		}
		r.templates = append(r.templates, of[planned], of[counted], of[counted], of[counted]) // most runs begin where both have counted
	}
	return r, nil
}

// Options say how a run is to be made.
type Options struct {
	Told   func(string)  // every step; nil: nobody
	Verify bool          // let package verify read the folder at the end
	faults map[int]fault // instead of the seed's, by commit, with time standing still while the node looks at its clock; nil: the seed's
}

// End is how a run ended.
type End struct {
	Terms      string
	Phases     []string                         // of its transfers
	Holder     map[marz.LaneID]marz.AuthorityID // of the lanes
	Whole      marz.AuthorityID
	Decided    map[string]int // how many crossings were decided, by authority, before and after control passed
	Entries    int64
	Commits    int
	Faults     int
	Executions int
	Course     string // digest of what every entry is, when, and by whom
}

// Same reports how two ends of one script differ in what counts: who controls what, what became of the transfers, and who decided how many crossings.
func (e *End) Same(o *End) error {
	if e.Whole != o.Whole || !maps.Equal(e.Holder, o.Holder) || fmt.Sprint(e.Phases) != fmt.Sprint(o.Phases) || !maps.Equal(e.Decided, o.Decided) {
		return fmt.Errorf("one run ends with %s in control, lanes %v, transfers %v, crossings %v; the other with %s, %v, %v, %v", e.Whole, e.Holder, e.Phases, e.Decided, o.Whole, o.Holder, o.Phases, o.Decided)
	}
	return nil
}

// Run makes the run of a seed, and returns the law that it broke.
func (r *Runner) Run(ctx context.Context, seed uint64, o Options) (*End, error) {
	s := write(seed, r.templates)
	tpl := r.templates[s.tpl]
	w := &world{tpl: tpl, base: filepath.Join(r.dir, fmt.Sprintf("%d-%d", seed, unique.Add(1))), disk: &disk{faults: s.fault, passing: s.passing}, kill: s.kill, now: begins, creep: s.creep, law: newLaw(tpl),
		actors: maps.Clone(tpl.actors), told: o.Told, salt: rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), byte(seed >> 24)})}
	if o.faults != nil {
		w.disk.faults, w.disk.passing, w.creep = maps.Clone(o.faults), nil, 0
	}
	for n, d := range s.clock {
		w.sources = append(w.sources, &source{w, []string{"gps", "ntp", "radio"}[n], d, false})
	}
	defer w.close()
	w.dir = filepath.Join(w.base, "0")
	if err := tpl.write(w.dir); err != nil {
		return nil, err
	}
	return w.run(ctx, s, o)
}

func (w *world) run(ctx context.Context, s *script, o Options) (*End, error) {
	w.say("terms %s, faults %v, of the passing %v, kill %v", w.tpl.terms.name, w.disk.faults, w.disk.passing, w.kill)
	if err := w.open(ctx); err != nil {
		return nil, err
	}
	if err := w.observe(ctx, w.now); err != nil {
		return nil, err
	}
	w.law.begun = marz.Seq(w.law.size)
	w.law.first, w.law.wrote = "", nil
	for _, step := range s.ops {
		if err := step.run(ctx, w); err != nil {
			return nil, err
		}
	}
	if err := w.settle(ctx); err != nil {
		return nil, err
	}
	if s.again {
		if err := w.again(ctx); err != nil {
			return nil, err
		}
	}
	end, err := w.end(ctx)
	if err != nil || !o.Verify {
		return end, err
	}
	if err := w.node.Close(); err != nil {
		return nil, err
	}
	report, err := verify.Folder(ctx, w.dir, verify.Options{})
	if err == nil && !report.OK() {
		err = fmt.Errorf("verify: %+v", report)
	}
	return end, err
}

// settle sets the world right and lets time pass: what is armed by all that it needs is then executed, and nothing else is.
func (w *world) settle(ctx context.Context) error {
	w.say("all clocks are set right, and time passes")
	w.offset = 0
	for _, s := range w.sources {
		s.dead, s.offset = false, 0
	}
	for _, h := range w.law.handings {
		if h.armed() {
			w.now = max(w.now, h.plan.At, h.plan.Unilateral, w.law.at) + 10*second // also past an instant that the node's clock once showed
		}
	}
	tick := did{do: func() error { return w.node.Tick(ctx) }, ticks: true}
	if err := w.act(ctx, "tick", tick); err != nil {
		return err
	}
	if h := w.law.last(); h != nil && h.armed() && len(w.sources) == 0 { // the clock of the node alone is never enough
		for _, a := range []marz.AuthorityID{outgoing, incoming} {
			word := func() error {
				if h.said[a] {
					return nil
				}
				return w.deliver(ctx, a, transfer.SaysNow, h.digest, "key")
			}
			if err := w.act(ctx, "now by the key of "+string(a), did{do: word}); err != nil {
				return err
			}
		}
	}
	for _, h := range w.law.handings {
		if _, both := h.keys[h.plan.From]; h.armed() && (both || len(w.sources) > 0) {
			return fmt.Errorf("%s is armed, its instant %s has come by sound clocks, and control has not passed", h.plan.ID, h.plan.At)
		}
	}
	return w.destroyed()
}

// destroyed reports whether what was to be destroyed is, once control of all lanes has passed.
func (w *world) destroyed() error {
	l := w.law
	left := slices.ContainsFunc(lanes, func(lane marz.Lane) bool { return l.holder[lane.ID] == outgoing })
	key := filepath.Join(w.dir, "keys", "data-"+string(outgoing)+".key")
	_, err := os.Stat(key)
	if !l.terms.list || left {
		return nil
	}
	for _, h := range l.handings {
		if h.phase != "executed" && h.phase != "closed" {
			continue
		}
		if len(h.left) > 0 {
			return fmt.Errorf("control of all lanes has passed, and %v are not destroyed", h.left)
		}
	}
	if err == nil {
		return fmt.Errorf("the key of what was destroyed is there: %s", filepath.Base(key))
	}
	return nil
}

// again starts the node once more: what it folds from its journal is what it was.
func (w *world) again(ctx context.Context) error {
	was := fmt.Sprint(w.law.whole, w.law.holder)
	w.disk.faults, w.disk.passing = nil, nil
	if err := w.act(ctx, "the node is killed and started", did{do: func() error { return w.restart(ctx, true) }, ticks: true}); err != nil {
		return err
	}
	if is := fmt.Sprint(w.law.whole, w.law.holder); is != was {
		return fmt.Errorf("%s before the node was started again, and %s after", was, is)
	}
	return nil
}

// end holds the whole journal to what the run was told, and the machine's reading of it to the law's.
func (w *world) end(ctx context.Context) (*End, error) {
	l := w.law
	entries, err := w.node.Journal().Entries(ctx, 0, int(l.size)+1)
	if err != nil {
		return nil, err
	}
	end := &End{Terms: w.tpl.terms.name, Holder: l.holder, Whole: l.whole, Decided: map[string]int{}, Entries: l.size, Commits: w.disk.commits, Faults: w.faults, Executions: l.executed}
	machine, passed := transfer.NewState(), false
	decided := map[marz.InspectionID]int{}
	course := sha256.New()
	for _, e := range entries {
		fmt.Fprintln(course, e.Seq, e.At, e.Kind, e.Authority, e.Officer, e.Under) // not what it says: an instrument also says how much room the disk has
		if err := machine.Apply(transfer.Entry{Seq: e.Seq, At: e.At, Kind: e.Kind, Authority: e.Authority, Officer: e.Officer, Public: e.Public}); err != nil {
			return nil, fmt.Errorf("the machine does not fold its own journal: %w", err)
		}
		passed = passed || e.Kind == transfer.KindExecuted
		if e.Kind == "crossing.decided" {
			end.Decided[fmt.Sprint(e.Authority, passed)]++
			if id := idOf(e); decided[id] == 0 {
				decided[id]++
			} else {
				return nil, fmt.Errorf("inspection %s is decided twice", id)
			}
		}
	}
	for _, a := range w.acked {
		if c := l.cases[a.inspection]; decided[a.inspection] != 1 || c == nil || c.decision != a.decision {
			return nil, fmt.Errorf("somebody was told that inspection %s is decided: %s. It stands %d times in the journal", a.inspection, a.decision, decided[a.inspection])
		}
	}
	for _, word := range w.words {
		if int64(word.seq) >= l.size || said[entries[word.seq].Kind] != word.says {
			return nil, fmt.Errorf("somebody was told that entry %d says %s", word.seq, word.says)
		}
	}
	end.Course = hex.EncodeToString(course.Sum(nil))
	return end, w.compare(machine, end)
}

// compare holds the machine's reading of the journal to the law's.
func (w *world) compare(machine *transfer.State, end *End) error {
	all := machine.All()
	if len(all) != len(w.law.handings) {
		return fmt.Errorf("the machine knows %d transfers, the law %d", len(all), len(w.law.handings))
	}
	for i, h := range w.law.handings {
		phase := h.phase
		if phase == "open" {
			if phase = "preparing"; h.armed() {
				phase = "armed"
			}
		}
		if string(all[i].Phase) != phase || all[i].Digest != h.digest && h.phase == "open" {
			return fmt.Errorf("%s is %s with %q for the machine, and %s with %q for the law", h.plan.ID, all[i].Phase, all[i].Digest, phase, h.digest)
		}
		end.Phases = append(end.Phases, phase)
	}
	if end.Executions > 0 && w.law.last() == nil {
		return errors.New("control passed by no transfer")
	}
	return nil
}

func idOf(e journal.Entry) marz.InspectionID {
	var p struct{ Inspection marz.InspectionID }
	if err := json.Unmarshal(e.Public, &p); err != nil {
		return ""
	}
	return p.Inspection
}

// unique tells runs of one seed apart that are under way at once.
var unique atomic.Int64
