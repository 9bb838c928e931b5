package agreement

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"marz"
)

// accepted draws a set that is accepted.
func accepted(t *rapid.T, raw bool) (set, *Register) {
	s := drawSet(t, raw)
	r, err := s.register()
	if err != nil {
		t.Fatalf("a set that should be accepted is refused: %v\n%+v", err, s)
	}
	return s, r
}

func TestMayIsWhatTheWordsSay(t *testing.T) {
	asked, yes := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		s, r := accepted(t, false)
		n := naive{s}
		instants := s.instants()
		for range 300 {
			q := s.drawQuestion(t, instants)
			want, got := n.may(q), r.May(q)
			asked++
			if got.Allowed {
				yes++
			}
			if !slices.Equal(slices.Sorted(slices.Values(got.All)), slices.Sorted(slices.Values(want))) || got.Allowed != (len(want) > 0) {
				t.Fatalf("%+v (record %+v) at %s: %+v, want %v\n%+v", q, q.Record, q.At, got, want, s)
			}
			if got.Allowed && (got.Article != got.All[0] || got.Reason != "") || !got.Allowed && got.Reason == "" {
				t.Fatalf("%+v: the answer is not whole: %+v", q, got)
			}
		}
	})
	t.Logf("%d questions, %d allowed", asked, yes)
	if yes*10 < asked {
		t.Errorf("of %d questions only %d were allowed: the law was hardly tried", asked, yes)
	}
}

// An independent reading of which article is in force, by its own words alone: May never names another.
func TestNoActWithoutArticleInForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, r := accepted(t, true)
		instants := s.instants()
		n := naive{s}
		for range 60 {
			q := s.drawQuestion(t, instants)
			for _, ref := range r.May(q).All {
				if !n.inForce(ref, q) {
					t.Fatalf("%+v at %s is allowed by %s, which is not in force there and then\n%+v\n%s", q, q.At, ref, s, r.CedarAt(q.Place))
				}
				if ok, why := r.InForce(ref, q.At); !ok {
					t.Fatalf("%+v at %s is allowed by %s, of which the register says: %s", q, q.At, ref, why)
				}
			}
		}
	})
}

// inForce reports whether an article gives the officer's authority anything at the place and instant of the question.
func (n *naive) inForce(ref marz.ArticleRef, q Question) bool {
	if who, ok := n.parts(q.Place, q.At)[ref]; ok && who == authorityOf(q.Officer) {
		return true
	}
	agreement, article, _ := strings.Cut(string(ref), "/")
	for i := range n.agreements {
		ag := &n.agreements[i]
		for j := range ag.Articles {
			if a := &ag.Articles[j]; ag.ID == agreement && a.ID == article {
				if n.prepares(ag, a, Question{Officer: q.Officer, Place: q.Place, At: q.At, Action: marz.ActTransfer}) {
					return true
				}
				who := append(slices.Clone(a.Authorities), a.To)
				if a.To == "" {
					who = append(who, a.Authority)
				}
				return a.Kind != Control && a.Kind != Transfer && slices.Contains(places(a), q.Place) && slices.Contains(who, authorityOf(q.Officer)) && n.stands(ag, a, q.At)
			}
		}
	}
	return false
}

// breakSet changes one thing in the articles on control, so that most sets become wrong.
func breakSet(t *rapid.T, s *set) {
	ag := &s.agreements[rapid.IntRange(0, len(s.agreements)-1).Draw(t, "agreement")]
	a := &ag.Articles[rapid.IntRange(0, len(ag.Articles)-1).Draw(t, "article")]
	shift := day * marz.Instant(rapid.IntRange(-20, 20).Draw(t, "shift"))
	switch rapid.IntRange(0, 7).Draw(t, "how") {
	case 0:
		a.From += shift
	case 1:
		a.Until += shift
	case 2:
		a.At += shift
	case 3:
		a.Authority = pick(t, "authority", everybody...)
	case 4:
		a.Place, a.Places = pick(t, "place", everywhere...), nil
	case 5:
		a.Until = 0
	case 6:
		ag.Until = s.base + shift
	case 7:
		a.Kind = pick(t, "kind", kinds...)
	}
}

func TestExactlyOneControls(t *testing.T) {
	refused, all := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		s := drawSet(t, false)
		broken := rapid.Bool().Draw(t, "broken")
		if broken {
			breakSet(t, &s)
		}
		all++
		r, err := s.register()
		if err != nil {
			if !broken || marz.CodeOf(err) != marz.Invalid {
				t.Fatalf("refused: %v\n%+v", err, s)
			}
			refused++
			return
		}
		for _, p := range everywhere {
			held := false
			for _, i := range s.instants() {
				in := 0
				for _, h := range r.Timeline(p) {
					if h.From <= i && (h.Until == 0 || i < h.Until) {
						in++
					}
				}
				if h, ok := r.ControlAt(p, i); in > 1 || held && in == 0 || ok != (in == 1) || ok && !slices.Contains(r.Timeline(p), h) {
					t.Fatalf("at %s %d control %s (%v before): %+v\n%+v", i, in, p, held, r.Timeline(p), s)
				}
				held = held || in > 0
			}
			s.oneHolds(t, r, p)
		}
	})
	t.Logf("%d of %d sets were refused", refused, all)
	if refused == 0 || refused*2 > all {
		t.Errorf("%d of %d sets were refused: the law was hardly tried", refused, all)
	}
}

// oneHolds holds a register to the law that from the first control on, planned or recorded, exactly one authority holds each lane of a place at any instant, as was recorded.
func (s *set) oneHolds(t *rapid.T, r *Register, place marz.PlaceID) {
	n := naive{*s}
	for _, lane := range append([]marz.LaneID{"", "4"}, everyLane...) {
		held := false
		for _, i := range s.instants() {
			ref, who := n.holder(place, lane, i)
			h, ok := r.Holder(place, lane, i)
			if ok != (ref != "") || h.Article != ref || h.Authority != who || held && !ok || ok && (h.From > i || h.Until != 0 && i >= h.Until) {
				t.Fatalf("lane %q of %s at %s: held by %+v (%v), and should be by %s under %s\n%+v", lane, place, i, h, ok, who, ref, *s)
			}
			if ok && h.Until != 0 {
				if next, _ := r.Holder(place, lane, h.Until); next.Authority == h.Authority && next.Article == h.Article && next.From == h.From {
					t.Fatalf("lane %q of %s: %+v ends, and goes on as %+v", lane, place, h, next)
				}
			}
			held = held || ok
			mandates := 0 // and so say the mandates
			for _, m := range r.Mandates(place, i) {
				if m.Kind == Control && (slices.Contains(m.Lanes, lane) || m.Lanes == nil && !slices.Contains(r.Parts(place, i), lane)) {
					mandates++
				}
			}
			if mandates > 1 || ok != (mandates == 1) {
				t.Fatalf("lane %q of %s at %s: %d have the mandate of control", lane, place, i, mandates)
			}
		}
	}
}

// Once passings of a place are recorded, a transfer that is only agreed moves nothing, and when it was to pass neither.
func TestATransferAloneMovesNothing(t *testing.T) {
	moved := 0
	rapid.Check(t, func(t *rapid.T) {
		s, r := accepted(t, false)
		more := s
		more.agreements = slices.Clone(s.agreements)
		for _, p := range everywhere {
			line := r.Timeline(p)
			if len(line) == 0 {
				continue
			}
			last := line[len(line)-1]
			a := Article{ID: "1", Kind: Transfer, Authority: last.Authority, To: pick(t, "to", others(last.Authority)...), Place: p, At: max(last.From, s.base+51*day) + day*marz.Instant(rapid.IntRange(1, 40).Draw(t, "later"))}
			more.agreements = append(more.agreements, Agreement{ID: "more-" + string(p), Title: "An agreement", Parties: everybody, Articles: []Article{a}})
		}
		after, err := more.register()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range everywhere {
			first := marz.Instant(1 << 62)
			if recorded := r.Actual(p); len(recorded) > 0 {
				first = recorded[0].At
			}
			for _, lane := range append([]marz.LaneID{""}, everyLane...) {
				for _, i := range more.instants() {
					was, _ := r.Holder(p, lane, i)
					is, _ := after.Holder(p, lane, i)
					if i < first && was.Article != is.Article {
						moved++
					}
					if i >= first && !cmp.Equal(was, is) {
						t.Fatalf("lane %q of %s at %s: a transfer that nobody executed moved control from %+v to %+v\n%+v", lane, p, i, was, is, more)
					}
				}
			}
		}
	})
	if moved == 0 {
		t.Error("the transfers moved no plan: the law was not tried")
	}
}

func TestEveryPolicyIsValidAndNamed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, r := accepted(t, true)
		if err := r.Validate(); err != nil {
			t.Fatal(err)
		}
		for _, p := range everywhere {
			ids := map[string]bool{}
			for _, one := range r.policiesAt(p).all {
				a := one.Annotations()
				ref := string(a["agreement"]) + "/" + string(a["article"])
				if _, err := r.Article(marz.ArticleRef(ref)); err != nil && a["agreement"] != house {
					t.Fatalf("a policy at %s names %q, which is no article\n%s", p, ref, one.MarshalCedar())
				}
				if string(one.ref) != ref || ids[string(one.id)] {
					t.Fatalf("policy %s names %s and stands for %s, or is there twice", one.id, ref, one.ref)
				}
				ids[string(one.id)] = true
			}
		}
		for _, ag := range s.agreements {
			for _, a := range ag.Articles {
				text := r.CedarOf(marz.ArticleRef(ag.ID + "/" + a.ID))
				if (text == "") != (a.Kind == Obligation) {
					t.Fatalf("the policies of %s/%s, %s: %q", ag.ID, a.ID, a.Kind, text)
				}
			}
		}
	})
}

func TestStatementsDoNotTouchControl(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, r := accepted(t, false)
		silent := s
		silent.statements = nil
		before, err := silent.register()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range everywhere {
			if diff := cmp.Diff(before.Timeline(p), r.Timeline(p)); diff != "" {
				t.Fatalf("statements moved control of %s:\n%s", p, diff)
			}
		}
	})
}
