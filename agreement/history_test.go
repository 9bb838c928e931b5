package agreement

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"marz"
)

func fill(events []Event) *History {
	h := NewHistory(world)
	for _, e := range events {
		h.Add(e)
	}
	return h
}

func must(t interface{ Fatal(...any) }) func(*Register, error) *Register {
	return func(r *Register, err error) *Register {
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}

// same holds two registers to the same policy and the same answers.
func same(t *rapid.T, what string, s *set, a, b *Register) {
	if a.Policy() != b.Policy() {
		t.Fatalf("%s: the policies are %s and %s", what, a.Policy(), b.Policy())
	}
	instants := s.instants()
	for range 15 {
		q := s.drawQuestion(t, instants)
		if diff := cmp.Diff(a.May(q), b.May(q)); diff != "" {
			t.Fatalf("%s: %+v at %s:\n%s", what, q, q.At, diff)
		}
	}
}

func TestHistoryIsAFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSet(t, true)
		events := s.events()
		once := fill(events)
		r := must(t)(once.Register())
		same(t, "folded twice", &s, r, must(t)(fill(events).Register()))

		// Step by step, with a register made and asked after each event, and each considered before, as a post does. The agreements come together.
		agreements := events[:len(s.agreements)]
		steps := fill(agreements)
		last := must(t)(steps.Register())
		same(t, "considered together", &s, last, must(t)(NewHistory(world).Consider(s.base+1000*day, agreements...)))
		for _, e := range events[len(agreements):] {
			considered := must(t)(steps.Consider(s.base+1000*day, e))
			steps.Add(e)
			last = must(t)(steps.Register())
			if considered.Policy() != last.Policy() {
				t.Fatalf("considered it is %s, added %s", considered.Policy(), last.Policy())
			}
		}
		same(t, "step by step", &s, r, last)

		// What was known at an instant is what the events up to it make, whatever came later.
		cut := rapid.IntRange(0, len(events)).Draw(t, "cut")
		when := s.base - 2*day
		if cut > 0 {
			when = events[cut-1].At
		}
		for cut < len(events) && events[cut].At <= when {
			cut++
		}
		known, err := once.KnownAt(when)
		early, err2 := fill(events[:cut]).Register()
		if (err == nil) != (err2 == nil) {
			t.Fatalf("known then: %v, folded then: %v", err, err2)
		}
		if err == nil {
			same(t, "known at", &s, known, early)
		}
	})
}

func TestRefusedEventsChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSet(t, false)
		h := fill(s.events())
		before := must(t)(h.Register())
		again := s.agreements[0]
		bad := []Event{{Agreement: &again}}
		if n := len(s.statements); n > 0 {
			older := s.statements[rapid.IntRange(0, n-1).Draw(t, "statement")]
			older.Issued -= marz.Instant(rapid.Int64Range(0, int64(day)).Draw(t, "earlier"))
			bad = append(bad, Event{Statement: &older})
		}
		fresh := Statement{By: "aa-bg", State: "AAA", Bloc: "bloc", Status: Suspended, From: s.base, Issued: s.base + 900*day}
		for _, e := range bad {
			if r, err := h.Consider(s.base+1000*day, Event{Statement: &fresh}, e); r != nil || marz.CodeOf(err) != marz.Invalid {
				t.Fatalf("%+v is not refused: %v", e, err)
			}
		}
		same(t, "after a refusal", &s, before, must(t)(h.Register()))
	})
}

func TestStatementsInOrderOfIssue(t *testing.T) {
	h := fill([]Event{{Agreement: treaty()}})
	base := at("2024-01-01T00:00:00Z")
	word := func(status Status, from, issued marz.Instant) *Statement {
		return &Statement{By: "aa-bg", Agreement: "t", Status: status, From: from, Issued: issued}
	}
	add := func(s *Statement) (*Register, error) {
		r, err := h.Consider(base+100*day, Event{At: s.Issued, Statement: s})
		if err == nil {
			h.Add(Event{At: s.Issued, Statement: s})
		}
		return r, err
	}
	first := must(t)(add(word(Active, base, base+day)))
	for name, s := range map[string]*Statement{"same instant": word(Suspended, base, base+day), "older": word(Suspended, base+50*day, base), "to come": word(Active, base, base+200*day)} {
		if _, err := add(s); marz.CodeOf(err) != marz.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A renewal says nothing new: not even when it repeats from when.
	for i := range marz.Instant(3) {
		r := must(t)(add(word(Active, base+i*day, base+(2+i)*day)))
		if r.Policy() != first.Policy() || len(r.Standing("t")) != 1 {
			t.Errorf("renewal %d changes the policy, or stands in the list: %v", i, r.Standing("t"))
		}
	}
	q := Question{Officer: "aa-bg/1", Role: marz.RoleOfficer, Action: marz.ActInspect, Place: "q"}
	ask := func(r *Register, at marz.Instant) bool { q.At = at; return r.May(q).Allowed }
	r := must(t)(add(word(Suspended, base+20*day, base+10*day)))
	if r.Policy() == first.Policy() || !ask(r, base+20*day-1) || ask(r, base+20*day) {
		t.Error("a suspension in ten days does not begin at its instant")
	}
	r = must(t)(add(word(Active, base+5*day, base+11*day))) // the later word goes before the earlier
	if !ask(r, base+20*day) {
		t.Error("a suspension that was taken back stands")
	}
	r = must(t)(add(word(Withdrawn, base+30*day, base+12*day)))
	if !ask(r, base+30*day-1) || ask(r, base+30*day) {
		t.Error("a withdrawal does not begin at its instant")
	}
	if _, err := add(word(Active, base+40*day, base+13*day)); marz.CodeOf(err) != marz.Invalid {
		t.Errorf("it was withdrawn and is active: %v", err)
	}
}

// treaty gives control of p and service at q, before 1970 as well.
func treaty() *Agreement {
	return &Agreement{ID: "t", Title: "A treaty", Parties: []marz.AuthorityID{"aa-bg", "bb-bg"}, From: at("1921-10-13T00:00:00Z"), Articles: []Article{
		{ID: "1", Kind: Control, Authority: "aa-bg", Place: "p"},
		{ID: "2", Kind: Serve, Authority: "aa-bg", Place: "q", Powers: []marz.Action{marz.ActInspect}},
		{ID: "3", Kind: Transfer, Authority: "aa-bg", To: "bb-bg", Place: "p", At: at("1960-01-01T00:00:00Z")},
		{ID: "4", Kind: Observe, Authority: "bb-bg", Place: "q", From: at("1950-01-01T00:00:00Z"), Until: at("1955-01-01T00:00:00Z")},
	}}
}

func TestTreatiesOlderThanTheClock(t *testing.T) {
	r := must(t)(NewHistory(world).Consider(now, Event{Agreement: treaty()}))
	for when, want := range map[string]marz.ArticleRef{"1921-10-12T23:59:59.999Z": "", "1921-10-13T00:00:00Z": "t/1", "1959-12-31T23:59:59.999Z": "t/1", "1960-01-01T00:00:00Z": "t/3", "2030-01-01T00:00:00Z": "t/3"} {
		if h, _ := r.ControlAt("p", at(when)); h.Article != want {
			t.Errorf("%s: %+v, want %s", when, h, want)
		}
	}
	for when, want := range map[string]bool{"1949-12-31T23:59:59.999Z": false, "1950-01-01T00:00:00Z": true, "1955-01-01T00:00:00Z": false} {
		if a := r.May(Question{Officer: "bb-bg/1", Role: marz.RoleOfficer, Action: marz.ActReadJournal, Place: "q", At: at(when)}); a.Allowed != want {
			t.Errorf("%s: %+v", when, a)
		}
	}
}

// What is learnt of a place is answered from at once, and what was known before it goes on answering as before.
func TestNewArticleBearsOnAKnownPlace(t *testing.T) {
	h := fill([]Event{{Agreement: treaty()}})
	q := Question{Officer: "bb-bg/1", Role: marz.RoleOfficer, Action: marz.ActInspect, Place: "q", At: now}
	before := must(t)(h.Register())
	if before.May(q).Allowed {
		t.Fatal("allowed before there is an article")
	}
	more := &Agreement{ID: "u", Title: "More", Parties: everybody, From: at("1990-01-01T00:00:00Z"), Articles: []Article{{ID: "1", Kind: Serve, Authority: "bb-bg", Place: "q", Powers: []marz.Action{marz.ActInspect}}}}
	considered := must(t)(h.Consider(now, Event{Agreement: more}))
	unchanged := must(t)(h.Register())
	h.Add(Event{Agreement: more})
	added := must(t)(h.Register())
	for _, c := range []struct {
		r    *Register
		want marz.ArticleRef
	}{{before, ""}, {considered, "u/1"}, {unchanged, ""}, {added, "u/1"}, {before, ""}} {
		if a := c.r.May(q); a.Article != c.want {
			t.Errorf("%+v, want %q", a, c.want)
		}
	}
}
