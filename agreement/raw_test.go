package agreement

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"marz"
)

// attempts are policies that fit the schema and try to reach further than their article.
var attempts = []string{
	`permit (principal, action, resource);`,
	`permit (principal, action, resource) when { true || false };`,
	`permit (principal, action, resource) when { 1 == 1 } unless { false };`,
	`permit (principal, action, resource) unless { principal.role == "nobody" };`,
	`permit (principal, action, resource) when { true } when { true || context.stale.contains("x") } unless { false && context.controls };`,
	`permit (principal, action, resource) when { if context.controls then true else true };`,
	`permit (principal, action, resource) when { context.at >= datetime("1900-01-01T00:00:00.000Z") || context.at < datetime("9999-01-01T00:00:00.000Z") };`,
	`permit (principal in Authority::"cc-bg", action, resource in Place::"r");`,
	`permit (principal == Officer::"cc-bg/1", action, resource == Place::"q");`,
	`permit (principal, action, resource is Record) when { resource.owners.contains(Authority::"cc-bg") };`,
	`permit (principal, action in [Action::"read-record", Action::"read-hit", Action::"erase"], resource);`,
	`permit (principal, action == Action::"hold", resource) when { !context.members.contains("AAA/bloc") };`,
	`permit (principal, action in [Action::"decide"], resource);`,
	"// } ;\npermit (principal, action, resource) when { true // } || true\n}; // forbid (principal, action, resource);",
	`@id("c1/p0#4") @advice("@agreement(\"c1\")") permit (principal, action, resource);`,
	`@reason("It is so.") forbid (principal, action == Action::"inspect", resource);`,
	`forbid (principal, action, resource);`,
	`forbid (principal in Authority::"cc-bg", action, resource) unless { false };`,
	`permit (principal, action == Action::"inspect", resource); permit (principal, action, resource is Place); forbid (principal, action == Action::"refer", resource);`,
}

func (d *drawer) cedar() string {
	return strings.Join(subset(d.T, "cedar", 1, attempts)[:1], "\n")
}

func TestRawCedarStaysInItsArticle(t *testing.T) {
	more, less := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		s, r := accepted(t, true)
		plain := s
		plain.agreements = nil
		for _, ag := range s.agreements {
			ag.Articles = slices.Clone(ag.Articles)
			for i := range ag.Articles {
				ag.Articles[i].Cedar = ""
			}
			plain.agreements = append(plain.agreements, ag)
		}
		without, err := plain.register()
		if err != nil {
			t.Fatal(err)
		}
		instants := s.instants()
		n := naive{s}
		for range 150 {
			q := s.drawQuestion(t, instants)
			a, b := r.May(q), without.May(q)
			for _, ref := range a.All {
				if slices.Contains(b.All, ref) {
					continue
				}
				more++
				if n.forbidden(q) || !n.reaches(ref, q, true) {
					t.Fatalf("%+v (record %+v) at %s: %+v goes beyond its article\n%+v", q, q.Record, q.At, a, s)
				}
			}
			if b.Allowed && !a.Allowed {
				less++
				if !n.reaches(a.Article, q, false) {
					t.Fatalf("%+v (record %+v) at %s: %+v forbids beyond its article\n%+v", q, q.Record, q.At, a, s)
				}
			}
		}
	})
	t.Logf("%d allowed by Cedar in articles, %d forbidden by it", more, less)
	if more == 0 || less == 0 {
		t.Error("the law was hardly tried")
	}
}

// reaches reports whether an article's own policies can bear on a question: its place, its time, and of a permit whom it gives powers to and whose
// data it is about, of a forbid the parties.
func (n *naive) reaches(ref marz.ArticleRef, q Question, permit bool) bool {
	agreement, article, _ := strings.Cut(string(ref), "/")
	who := authorityOf(q.Officer)
	for i := range n.agreements {
		ag := &n.agreements[i]
		for j := range ag.Articles {
			a := &ag.Articles[j]
			if ag.ID != agreement || a.ID != article {
				continue
			}
			if a.Cedar == "" || !slices.Contains(places(a), q.Place) || !n.stands(ag, a, q.At) {
				return false
			}
			if !permit {
				return slices.Contains(ag.Parties, who)
			}
			if a.Kind == Share && a.To != who || a.Kind == Joint && !slices.Contains(a.Authorities, who) || (a.Kind == Serve || a.Kind == Observe) && a.Authority != who {
				return false
			}
			if !slices.Contains(data, q.Action) {
				return true
			}
			if q.Record == nil {
				return a.Kind != Share
			}
			return slices.Contains(q.Record.Owners, who) || a.Kind == Share && slices.Contains(q.Record.Owners, a.Authority)
		}
	}
	return false
}

func TestRawCedarRefused(t *testing.T) {
	for _, c := range []struct{ cedar, want string }{
		{`permit (principal, action, resource) when { true }; };`, "cannot be read"},
		{`} || true; permit (principal, action, resource);`, "cannot be read"},
		{`permit (principal, action, resource`, "cannot be read"},
		{`permit (principal, action, resource) when { true } || true;`, "cannot be read"},
		{`permit (principal, action, resource) when { permit (principal, action, resource) };`, "cannot be read"},
		{`permit (principal == ?principal, action, resource);`, "Cedar"},
		{`@agreement("c1") permit (principal, action, resource);`, "@agreement"},
		{`@article("p0") permit (principal, action, resource);`, "@article"},
		{`permit (principal, action, resource); @kind("control") permit (principal, action, resource);`, "@kind"},
		{`permit (principal, action == Action::"rule", resource);`, "does not fit the schema"},
		{`permit (principal, action, resource) when { principal.name == "x" };`, "does not fit the schema"},
		{`permit (principal, action, resource) when { resource.asylum };`, "does not fit the schema"},
		{`permit (principal is Place, action, resource);`, "does not fit the schema"},
		{`// permit (principal, action, resource);`, "holds no policy"},
		{" \n\t", "holds no policy"},
		{`permit (principal, action, resource) when { ` + strings.Repeat("(", 100_000) + "true" + strings.Repeat(")", 100_000) + ` };`, "at most"},
		{`permit (principal, action, resource) when { ` + strings.Repeat("!", 100_000) + `true };`, "at most"},
		{"permit (principal, action, resource) when { principal.role == \"\x00\" };\x00", "Cedar"},
	} {
		_, err := New(world, []Agreement{{ID: "x", Title: "X", Parties: everybody, From: now, Articles: []Article{{ID: "1", Kind: Serve, Authority: "aa-bg", Place: "p", Cedar: c.cedar}}}})
		if marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "x/1") || len(err.Error()) > 1000 {
			t.Errorf("%.80q: %.300v, want it to name %q", c.cedar, err, c.want)
		}
	}
}

// As deep as Cedar in an article can be, it is read, answered and told without harm.
func TestDeepCedar(t *testing.T) {
	deep := `permit (principal, action == Action::"inspect", resource) when { ` + strings.Repeat("(", 7000) + "true" + strings.Repeat(")", 7000) + ` };`
	r, err := New(world, []Agreement{{ID: "x", Title: "X", Parties: everybody, From: now, Articles: []Article{{ID: "1", Kind: Serve, Authority: "aa-bg", Place: "p", Cedar: deep}}}})
	if err != nil {
		t.Skip(err) // refused is as good
	}
	if a := r.May(Question{Officer: "aa-bg/1", Role: marz.RoleOfficer, Action: marz.ActInspect, Place: "p", At: now}); a.Article != "x/1" {
		t.Errorf("%+v", a)
	}
}
