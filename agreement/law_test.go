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
					t.Fatalf("%+v at %s is allowed by %s, which is not in force there and then\n%+v", q, q.At, ref, s)
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
	if by, who := n.controller(q.Place, q.At); by == ref {
		return who == authorityOf(q.Officer)
	}
	agreement, article, _ := strings.Cut(string(ref), "/")
	for i := range n.agreements {
		ag := &n.agreements[i]
		for j := range ag.Articles {
			if a := &ag.Articles[j]; ag.ID == agreement && a.ID == article {
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
				acting := 0 // and so says May: of those who control, nobody else has the whole of control
				for _, a := range everybody {
					if slices.ContainsFunc(r.Mandates(p, i), func(m Mandate) bool { return m.Kind == Control && m.Authority == a }) {
						acting++
					}
				}
				if acting != in {
					t.Fatalf("at %s %d have the mandate of control at %s, %d control it", i, acting, p, in)
				}
			}
		}
	})
	t.Logf("%d of %d sets were refused", refused, all)
	if refused == 0 || refused*2 > all {
		t.Errorf("%d of %d sets were refused: the law was hardly tried", refused, all)
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
