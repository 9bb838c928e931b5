package transfer

import (
	"slices"
	"strings"
	"testing"

	"marz"
)

// TestClocks is the table of docs/spec/transfer.md: when an armed transfer is due, and what it waits for else.
func TestClocks(t *testing.T) {
	const tol = DefaultTolerance
	at := agreed
	other := func(name string, d marz.Instant) Reading { return Reading{Source: name, At: at + d} }
	dark := func(name string) Reading { return Reading{Source: name, Fault: "no fix"} }
	for _, c := range []struct {
		name              string
		node              marz.Instant // after the instant of the transfer
		others            []Reading
		said              []marz.AuthorityID
		sources, commands bool   // due under either rule
		waiting           string // part of it, under "sources"
	}{
		{"sound, before", -1, []Reading{other("boot", 5)}, nil, false, false, ""},
		{"sound, at it", 0, []Reading{other("boot", -5)}, nil, true, true, ""},
		{"sound, just within the tolerance", 0, []Reading{other("boot", -tol)}, nil, true, true, ""},
		{"sound, both say it is already", -1, []Reading{other("boot", 0)}, []marz.AuthorityID{out, in}, false, false, ""},
		{"no other source", 1, nil, nil, false, false, "no source of time beside"},
		{"no other source, both say so", 1, nil, []marz.AuthorityID{out, in}, true, true, ""},
		{"no other source, one says so", 1, nil, []marz.AuthorityID{out}, false, false, "or both commanders say so; ru-bg has"},
		{"the other is just beyond the tolerance", 0, []Reading{other("boot", -tol-1)}, nil, false, false, "boot shows"},
		{"the node's jumped ahead", 24 * hour, []Reading{other("boot", -1), other("gnss", -1)}, nil, false, false, "boot shows"},
		{"the node's jumped ahead, and the instant comes", 24 * hour, []Reading{other("boot", 0), other("gnss", 1)}, nil, true, false, ""},
		{"the node's stopped", -24 * hour, []Reading{other("boot", 0), other("gnss", 1)}, nil, true, false, ""},
		{"two of three, and one of them is the node's", 0, []Reading{other("boot", 1), other("gnss", -hour)}, nil, true, false, ""},
		{"two that do not agree, both after it", 24 * hour, []Reading{other("boot", hour)}, nil, false, false, "boot shows"},
		{"one shows nothing, one agrees", 0, []Reading{other("boot", 0), dark("gnss")}, nil, true, false, ""},
		{"the only other shows nothing", 0, []Reading{dark("boot")}, nil, false, false, "boot shows nothing"},
		{"the only other shows nothing, both say so", -hour, []Reading{dark("boot")}, []marz.AuthorityID{in, out}, true, true, ""},
		{"one source under one name twice", -24 * hour, []Reading{other("gnss", 0), other("gnss", 0)}, nil, false, false, "gnss shows"},
		{"the node's clock as its own witness", 0, []Reading{other("node", 0), dark("boot")}, nil, false, false, "shows nothing"},
		{"a source that shows no instant", 0, []Reading{{Source: "boot"}}, nil, false, false, "boot shows nothing"},
		{"differences beyond all measure", -1 << 62, []Reading{{Source: "boot", At: 1 << 62}, {Source: "gnss", At: -1 << 63}}, nil, false, false, "clock is in doubt"},
	} {
		for rule, want := range map[ClockRule]bool{BySources: c.sources, ByCommanders: c.commands} {
			w := newWorld(t)
			p := plan(one)
			p.Clock = rule
			w.open(p)
			w.count(one, out)
			w.count(one, in)
			w.present(one, in)
			w.arm(one, in)
			w.arm(one, out)
			for _, a := range c.said {
				w.do(KindClock, a, signedBy(a, SaysNow, one, w.state.Get(one).Digest))
			}
			due, waiting := w.state.Due(one, Clocks{Node: at + c.node, Others: c.others, Tolerance: 1}) // the plan's tolerance counts
			if due != want {
				t.Errorf("%s, by %s: due is %v, want %v", c.name, rule, due, want)
			}
			if due && waiting != "" || rule == BySources && (c.waiting == "") != (waiting == "") || rule == BySources && !strings.Contains(waiting, c.waiting) {
				t.Errorf("%s, by %s: %q", c.name, rule, waiting)
			}
			if rule == ByCommanders && !due && c.waiting != "" && !strings.Contains(waiting, "Both commanders have to say that "+agreed.String()+" has come") {
				t.Errorf("%s, by %s: %q", c.name, rule, waiting)
			}
		}
	}
}

// TestOverdue: what is not armed when its instant comes says what is missing, and is never due.
func TestOverdue(t *testing.T) {
	late := Clocks{Node: agreed, Others: []Reading{{Source: "boot", At: agreed}}}
	soon := Clocks{Node: agreed - 1, Others: []Reading{{Source: "boot", At: agreed - 1}}}
	half := func(t testing.TB) *world { w := shown(t); w.arm(one, in); return w }
	for _, c := range []struct {
		in   func(testing.TB) *world
		says string
	}{
		{opened, "nothing is presented"}, {shown, "ru-bg and am-bg has not turned its key"}, {half, "has come and ru-bg has not turned its key"}, {cancelled, ""}, {executed, ""},
	} {
		w := c.in(t)
		if due, waiting := w.state.Due(one, late); due || (waiting == "") != (c.says == "") || !strings.Contains(waiting, c.says) {
			t.Errorf("%v, %q, want %q", due, waiting, c.says)
		}
		if due, waiting := w.state.Due(one, soon); due || waiting != "" {
			t.Errorf("before its instant: %v, %q", due, waiting)
		}
	}
	if due, waiting := NewState().Due("agarak-7", late); due || waiting != "" {
		t.Errorf("an unknown one: %v, %q", due, waiting)
	}
}

// TestAloneInDoubt: who armed alone waits for two sources whatever the rule, and for the instant from which he may.
func TestAloneInDoubt(t *testing.T) {
	for _, rule := range []ClockRule{BySources, ByCommanders} {
		w := newWorld(t)
		p := plan(one)
		p.Unilateral, p.Clock = agreed+Grace/2, rule
		w.open(p)
		w.count(one, in)
		w.now = p.Unilateral
		w.present(one, in)
		w.arm(one, in)
		if got := w.state.Get(one); got.Phase != Armed || !slices.Equal(Needs(got, w.now), []marz.AuthorityID{in}) {
			t.Fatalf("%s, needs %v", got.Phase, Needs(got, w.now))
		}
		sources := func(at marz.Instant) []Reading { return []Reading{{Source: "boot", At: at}, {Source: "gnss", At: at}} }
		for at, want := range map[marz.Instant]bool{agreed: false, p.Unilateral - 1: false, p.Unilateral: true} {
			if due, waiting := w.state.Due(one, Clocks{Node: agreed + 48*hour, Others: sources(at)}); due != want || !due && !strings.Contains(waiting, "Two sources of time have to agree that "+p.Unilateral.String()) {
				t.Errorf("%s: in doubt at %s: %v, %q", rule, at, due, waiting)
			}
			if due, _ := w.state.Due(one, Clocks{Node: at, Others: sources(at)}); due != want {
				t.Errorf("%s: sound at %s: %v", rule, at, due)
			}
		}
		// The other side joins after all: both keys, and its instant is that of the plan.
		w.arm(one, out)
		if due, _ := w.state.Due(one, Clocks{Node: agreed, Others: sources(agreed)}); !due {
			t.Errorf("%s: armed by both after all, and not due at its instant", rule)
		}
	}
}
