package transfer

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"marz"
)

// story is a world in which three authorities do what they like, under clocks of which one at a time can lie.
type story struct {
	*world
	r    *rapid.T
	true map[int]marz.Instant // the true instant of each entry
	at   marz.Instant         // the true instant now
	skew marz.Instant         // of the node's clock
	jump marz.Instant         // of another source
	dark bool                 // another source shows nothing
	lies int                  // which source lies: 0 the node's, 1 and 2 the others
}

func (s *story) clocks() Clocks {
	c := Clocks{Node: s.at, Others: []Reading{{Source: "boot", At: s.at + 5}, {Source: "gnss", At: s.at - 5}}}
	switch s.lies {
	case 0:
		c.Node += s.skew
	case 1:
		c.Others[0].At += s.jump
	case 2:
		c.Others[1].At += s.jump
	}
	if s.dark {
		c.Others[1] = Reading{Source: "gnss", Fault: "no fix"}
	}
	return c
}

// step draws one act and says what became of it.
func (s *story) step(n int) {
	draw := func(name string, all ...string) string { return rapid.SampledFrom(all).Draw(s.r, fmt.Sprint(name, n)) }
	number := func(name string, from, to int) int { return rapid.IntRange(from, to).Draw(s.r, fmt.Sprint(name, n)) }
	by := marz.AuthorityID(draw("by", string(out), string(in), string(out), string(in), string(third)))
	id := ID(fmt.Sprint("agarak-", number("id", 1, len(s.state.all)+1)))
	if open := s.state.Open(); len(open) > 0 && number("open", 0, 3) > 0 {
		id = open[number("which", 0, len(open)-1)].Plan.ID
	}
	s.at += marz.Instant(number("later", 0, 3)) * hour / 4
	// A journal's instants never run backwards, whatever the clock does.
	s.now = max(s.now, s.clocks().Node)
	digest := DigestOf([]byte("another"))
	have := s.state.Get(id)
	if have != nil && have.Digest != "" && number("right", 0, 9) > 0 {
		digest = have.Digest
	}
	before, length := s.state.Clone(), len(s.entries)
	what := draw("what", "open", "count", "count", "dispose", "ready", "both", "both", "both", "both", "present", "arm", "arm", "arm", "arm", "disarm", "postpone", "refuse", "cancel", "now", "now", "execute", "destroy", "close", "clock", "clock", "crash")
	var err error
	switch what {
	case "open":
		p := plan(s.state.Next("agarak"))
		p.At = s.now + marz.Instant(number("at", -1, 6))*hour/2
		if number("lanes", 0, 2) == 0 {
			p.Lanes = []marz.LaneID{marz.LaneID(draw("lane", "1", "2"))}
		}
		if number("alone", 0, 1) == 0 {
			p.Unilateral = p.Agreed + hour
		}
		p.Clock = ClockRule(draw("rule", string(BySources), string(ByCommanders)))
		err = s.try(KindOpened, by, Opened{Plan: p})
	case "count":
		err = s.try(KindCounted, by, Counted{ID: id, What: draw("line", append(Countable, "other-radios", "nothing")...), Count: number("n", -1, 3)})
	case "dispose":
		err = s.try(KindDisposed, by, Disposed{ID: id, List: "own-ru", Disposition: draw("disposition", "offered", "adopted"), Alerts: 1})
	case "ready":
		s.ready(id)
	case "both":
		s.ready(id)
		if t := s.state.Get(id); t != nil && t.Digest != "" {
			for _, side := range []marz.AuthorityID{in, out}[:number("sides", 1, 2)] {
				s.try(KindArmed, side, signedBy(side, SaysArm, id, t.Digest))
			}
		}
	case "present":
		err = s.tryPresent(id, by)
	case "arm":
		err = s.try(KindArmed, by, signedBy(by, SaysArm, id, digest))
	case "disarm":
		err = s.try(KindDisarmed, by, Signed{ID: id, Digest: digest})
	case "postpone":
		if have == nil {
			return
		}
		p := have.Plan
		p.At = s.now + marz.Instant(number("at", -1, 6))*hour/2
		err = s.try(KindPostponed, by, Opened{Plan: p})
	case "refuse":
		err = s.try(KindRefused, by, Declared{ID: id, Why: "not-ready"})
	case "cancel":
		if have == nil || number("really", 0, 2) > 0 {
			return
		}
		err = s.try(KindCancelled, by, Signed{ID: id, Digest: have.Plan.Digest()})
	case "now":
		w := signedBy(by, SaysNow, id, digest)
		w.Clocks = s.clocks().Readings()
		err = s.try(KindClock, by, w)
	case "execute":
		if have == nil {
			return
		}
		err = s.try(KindExecuted, in, s.execution(id, s.clocks()))
	case "destroy":
		err = s.try(KindDestroyed, by, Destroyed{ID: id, Of: out, What: []string{"lists"}})
	case "close":
		err = s.try(KindClosed, by, signedBy(by, SaysClose, id, DigestOf([]byte("core"))))
	case "clock":
		s.lies, s.dark = number("liar", 0, 2), number("dark", 0, 4) == 0
		s.skew, s.jump = marz.Instant(number("skew", -3, 3))*hour, marz.Instant(number("jump", -60, 60))*hour
	case "crash":
		s.state = s.refold()
	}
	if err != nil && (len(s.entries) != length || !reflect.DeepEqual(before, s.state)) {
		s.r.Fatalf("%s was refused and changed something: %v", what, err)
	}
	if len(s.entries) > length {
		s.original(before, length)
	}
	for i := length; i < len(s.entries); i++ {
		s.true[i] = s.at
	}
	s.execute()
}

// original holds the clone that was taken before a step to what it was.
func (s *story) original(before *State, length int) {
	again := NewState()
	for _, e := range s.entries[:length] {
		if err := again.Apply(e); err != nil {
			s.r.Fatal(err)
		}
	}
	if !reflect.DeepEqual(again, before) {
		s.r.Fatal("a step changed a state from which it was cloned")
	}
}

// ready takes whatever is missing until a transfer could be armed.
func (s *story) ready(id ID) {
	t := s.state.Get(id)
	if t == nil || t.Digest != "" || !t.open() {
		return
	}
	for _, side := range []marz.AuthorityID{out, in} {
		for _, what := range t.Uncounted(side) {
			s.try(KindCounted, side, Counted{ID: id, What: what, Count: 2}) // what is refused is seen by the laws
		}
	}
	s.tryPresent(id, in)
}

func (s *story) tryPresent(id ID, by marz.AuthorityID) error {
	if s.state.Get(id) == nil {
		return nil
	}
	i := s.instrument(id)
	return s.try(KindPresented, by, Presented{ID: id, Instrument: i.Canonical(), Digest: i.Digest()})
}

// execute is what a node does before anything else: it executes what is due.
func (s *story) execute() {
	for _, t := range s.state.Open() {
		c := s.clocks()
		if due, _ := s.state.Due(t.Plan.ID, c); due {
			if err := s.try(KindExecuted, in, s.execution(t.Plan.ID, c)); err != nil {
				s.r.Fatalf("due and not executed: %v", err)
			}
			s.true[len(s.entries)-1] = s.at
		} else if c.Doubt() == "" && c.Node >= t.instant() && t.Phase == Armed {
			s.r.Fatal("armed, the clocks are sound, the instant has come, and it is not due")
		}
	}
}

func (s *story) refold() *State {
	again := NewState()
	for _, e := range s.entries {
		if err := again.Apply(e); err != nil {
			s.r.Fatal(err)
		}
	}
	if !reflect.DeepEqual(again, s.state) {
		s.r.Fatal("the entries give another state than the one that wrote them")
	}
	return again
}

// told is what the entries of one transfer say, read by themselves and without the machine: a second reading of the laws.
type told struct {
	plan      Plan
	digest    string
	keys      map[marz.AuthorityID]marz.Instant
	said      map[marz.AuthorityID]bool
	executed  bool
	cancelled bool
}

func (s *story) laws() (executions int) {
	all := map[ID]*told{}
	for i, e := range s.entries {
		p := must(read(e.Kind, e.Public))
		x := all[p.of()]
		if e.Kind == KindOpened {
			if x != nil {
				s.r.Fatalf("entry %d opens %s again", i, p.of())
			}
			x = &told{}
			all[p.of()] = x
		}
		if x.cancelled || x.executed && e.Kind != KindDestroyed && e.Kind != KindClosed {
			s.r.Fatalf("entry %d, %s, after the end of %s", i, e.Kind, p.of())
		}
		if e.Authority == third {
			s.r.Fatalf("entry %d, %s, by a third authority", i, e.Kind)
		}
		switch p := p.(type) {
		case *Opened:
			x.plan = p.Plan
		case *presented:
			if p.instrument.Plan.At != x.plan.At {
				s.r.Fatalf("entry %d presents another plan", i)
			}
		case *Execution:
			executions++
			s.lawful(i, x, p, all)
			x.executed = true
		case *signed:
			switch e.Kind {
			case KindArmed:
				if p.Digest != x.digest {
					s.r.Fatalf("entry %d turns a key for what is not presented", i)
				}
				x.keys[e.Authority] = e.At
				x.said = map[marz.AuthorityID]bool{}
			case KindDisarmed:
				delete(x.keys, e.Authority)
				x.said = map[marz.AuthorityID]bool{}
			case KindClock:
				x.said[e.Authority] = true
			case KindCancelled:
				x.cancelled = true
			}
		}
		switch e.Kind {
		case KindOpened, KindPostponed, KindCounted, KindDisposed, KindPresented:
			x.digest, x.keys, x.said = "", map[marz.AuthorityID]marz.Instant{}, map[marz.AuthorityID]bool{}
			if p, ok := p.(*presented); ok {
				x.digest = p.Digest
			}
		}
	}
	return executions
}

// lawful holds an execution to what has to have come before it.
func (s *story) lawful(i int, x *told, p *Execution, all map[ID]*told) {
	for id, o := range all {
		if o.executed && o.plan.Article == x.plan.Article && overlap(o.plan.Lanes, x.plan.Lanes) {
			s.r.Fatalf("entry %d executes what %s has executed", i, id)
		}
	}
	if p.Digest == "" || p.Digest != x.digest {
		s.r.Fatalf("entry %d executes what is not presented", i)
	}
	_, outgoing := x.keys[out]
	incoming, turned := x.keys[in]
	from := x.plan.At
	if !turned || !outgoing && (x.plan.Unilateral == 0 || incoming < x.plan.Unilateral) {
		s.r.Fatalf("entry %d executes with the keys %v", i, x.keys)
	}
	if !outgoing {
		from = max(from, x.plan.Unilateral)
	}
	// One source of three lies at most, and what it says is not enough. Only what both sides signed is.
	if both := x.said[out] && x.said[in]; !both && s.true[i]+DefaultTolerance+5 < from {
		s.r.Fatalf("entry %d executes at %s what was to be executed at %s", i, s.true[i], from)
	}
	if slices.Contains(p.Cases, Unilateral) == outgoing {
		s.r.Fatalf("entry %d is of the cases %v", i, p.Cases)
	}
}

// TestLaws lets three authorities act at random, with clocks that lie and nodes that crash. What the entries say by themselves keeps every law.
func TestLaws(t *testing.T) {
	executions, alone := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		start := agreed + marz.Instant(rapid.SampledFrom([]int{-6, -1, 1, 2}).Draw(r, "start"))*hour
		s := &story{world: &world{t: t, state: NewState(), now: start}, r: r, true: map[int]marz.Instant{}, at: start}
		p := plan("agarak-1")
		p.At, p.Unilateral = start+2*hour, agreed+hour
		s.open(p)
		s.true[0] = start
		for n := range rapid.IntRange(20, 60).Draw(r, "steps") {
			s.step(n)
			for _, t := range s.state.All() {
				if t.Digest == "" && t.open() && (len(t.Keys) > 0 || t.Phase != Preparing) {
					r.Fatalf("nothing is presented and %d keys are turned", len(t.Keys))
				}
			}
		}
		s.refold()
		executions += s.laws()
		for _, t := range s.state.All() {
			if t.Execution != nil && slices.Contains(t.Execution.Cases, Unilateral) {
				alone++
			}
		}
	})
	if executions == 0 || alone == 0 {
		t.Errorf("%d executions, %d of them by one side alone: the test has not seen what it is about", executions, alone)
	}
	t.Logf("%d executions, %d of them by one side alone", executions, alone)
}

// TestTimeMakesNothingUndue: while all sources go on together, what is due stays due.
func TestTimeMakesNothingUndue(t *testing.T) {
	w := armed(t)
	instant := func(r *rapid.T, name string) marz.Instant {
		return agreed + marz.Instant(rapid.IntRange(-4*DefaultTolerance, 4*DefaultTolerance).Draw(r, name))
	}
	seen := map[bool]int{}
	rapid.Check(t, func(r *rapid.T) {
		c := Clocks{Node: instant(r, "node")}
		for n := range rapid.IntRange(0, 3).Draw(r, "others") {
			o := Reading{Source: fmt.Sprint("source-", n), At: instant(r, fmt.Sprint(n))}
			if rapid.IntRange(0, 4).Draw(r, fmt.Sprint("dark", n)) == 0 {
				o = Reading{Source: o.Source, Fault: "no fix"}
			}
			c.Others = append(c.Others, o)
		}
		due, _ := w.state.Due("agarak-1", c)
		seen[due]++
		later := marz.Instant(rapid.IntRange(0, 10*DefaultTolerance).Draw(r, "later"))
		after := Clocks{Node: c.Node + later}
		for _, o := range c.Others {
			if o.shows() {
				o.At += later
			}
			after.Others = append(after.Others, o)
		}
		if stays, _ := w.state.Due("agarak-1", after); due && !stays {
			r.Fatalf("due with %v and not %d ms later", c, later)
		}
		if alone, _ := w.state.Due("agarak-1", Clocks{Node: c.Node}); alone {
			r.Fatalf("due by the node's clock alone")
		}
		earlier := c
		earlier.Node = agreed - DefaultTolerance - 1
		earlier.Others = slices.Clone(c.Others)
		for i := range earlier.Others {
			earlier.Others[i].At = min(earlier.Others[i].At, agreed-1)
		}
		if early, _ := w.state.Due("agarak-1", earlier); early {
			r.Fatalf("due though no source shows the instant: %v", earlier)
		}
	})
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("the test has seen %v", seen)
	}
}
