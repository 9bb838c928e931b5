package agreement

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cedar-policy/cedar-go"

	"marz"
)

// busy is a register with 50 articles in force at one post, under conditions, fresh words and statements, where lanes have passed.
func busy(tb testing.TB) *Register {
	tb.Helper()
	base := at("2024-01-01T00:00:00Z")
	s := set{base: base, agreements: []Agreement{{ID: "c", Title: "Control", Parties: everybody, Articles: []Article{{ID: "1", Kind: Control, Authority: "aa-bg", Place: "p", From: base},
		{ID: "2", Kind: Transfer, Authority: "aa-bg", To: "bb-bg", Place: "p", At: base + 400*day}}}}}
	for i := range 7 {
		ag := Agreement{ID: fmt.Sprintf("x%d", i), Title: "An agreement", Parties: everybody, From: base}
		for j := range 7 {
			who := everybody[(i+j)%4]
			a := Article{ID: fmt.Sprint(j + 1), Kind: []Kind{Serve, Joint, Share, Observe, Serve, Share, Joint}[j], Place: "p", Until: base + 300*day + day*marz.Instant(i)}
			switch a.Kind {
			case Joint:
				a.Authorities, a.Decisions = []marz.AuthorityID{who, everybody[(i+j+1)%4]}, allDecisions
			case Share:
				a.Authority, a.To, a.What, a.Fields = who, everybody[(i+j+2)%4], []string{"records", "hits"}, marz.Fields()[:3]
			default:
				a.Authority = who
			}
			if a.Kind == Serve {
				a.Powers, a.Fresh = givable[:6], Duration(72*time.Hour)
			}
			if j%2 == 0 {
				a.While = conditions[:2]
			}
			ag.Articles = append(ag.Articles, a)
		}
		s.agreements = append(s.agreements, ag)
	}
	for n := range 40 {
		for i, by := range everybody {
			issued := base + day*marz.Instant(n) + marz.Instant(i)
			status := Active
			if n%10 == 9 {
				status = Suspended
			}
			s.statements = append(s.statements, Statement{By: by, Agreement: fmt.Sprintf("x%d", n%7), Status: status, From: issued, Issued: issued, Expires: issued + 30*day},
				Statement{By: by, State: stateOf(by), Bloc: "bloc", Status: Active, From: base, Issued: issued, Expires: issued + 30*day})
		}
	}
	slices.SortStableFunc(s.statements, func(a, b Statement) int { return int(a.Issued - b.Issued) })
	lanes := Article{ID: "3", Kind: Transfer, Authority: "aa-bg", To: "cc-bg", Place: "p", Lanes: everyLane[:2], At: base + 20*day}
	s.agreements[0].Articles = append(s.agreements[0].Articles, lanes)
	for i, p := range []Passing{{To: "aa-bg", Article: "c/1", Planned: base}, {From: "aa-bg", To: "cc-bg", Article: "c/3", Lanes: everyLane[:1]}, {From: "aa-bg", To: "cc-bg", Article: "c/3", Lanes: everyLane[1:2]}} {
		p.Place = "p"
		s.passings = append(s.passings, Event{At: base + 10*day*marz.Instant(i), Passing: &p})
	}
	h := NewHistory(world)
	for _, e := range s.events() {
		h.Add(e)
	}
	r, err := h.Register()
	if err == nil {
		err = r.Validate()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// inquiries are questions of all kinds at one post, each at another instant.
func inquiries(n int) []Question {
	base := at("2024-01-01T00:00:00Z")
	var out []Question
	for i := range n {
		q := Question{Officer: marz.OfficerID(everybody[i%4] + "/1"), Role: marz.RoleSupervisor, Action: everyAction[i*7%len(everyAction)], Place: "p",
			Lane: append([]marz.LaneID{""}, everyLane...)[i%4], At: base + marz.Instant(i)*7_919_000%(45*day)}
		if i%3 > 0 {
			q.Record = &Record{Kind: "record", Owners: []marz.AuthorityID{everybody[i*5%4]}, Nationality: "AAA"}
			q.Field = marz.Fields()[i%5]
		}
		out = append(out, q)
	}
	return out
}

// BenchmarkMay asks at a post with 50 articles. The reference is Cedar over all policies of the post, as one set, with the same requests.
func BenchmarkMay(b *testing.B) {
	r := busy(b)
	questions := inquiries(20_000)
	all := cedar.NewPolicySet()
	for _, p := range r.policiesAt("p").all {
		all.Add(p.id, p.Policy)
	}
	for name, ask := range map[string]func(Question){
		"marz": func(q Question) { r.May(q) },
		"reference": func(q Question) {
			a, _ := r.ground.Authority(q.Officer.Authority())
			request, entities := r.request(q, a)
			cedar.Authorize(all, entities, request)
		},
	} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				for _, q := range questions {
					start := time.Now()
					ask(q)
					took = append(took, time.Since(start))
				}
			}
			slices.Sort(took)
			b.ReportMetric(0, "ns/op")
			for unit, d := range map[string]time.Duration{"µs-p50": took[len(took)/2], "µs-p99": took[len(took)*99/100], "µs-max": took[len(took)-1]} {
				b.ReportMetric(float64(d)/1e3, unit)
			}
		})
	}
}

// entries are what a register's journal holds after years: instruments as JSON, and passings of control.
func entries(n int) [][]byte {
	base := at("2024-01-01T00:00:00Z")
	out := make([][]byte, 0, n)
	agreements := 0
	for i := range n {
		when := base + marz.Instant(i)*60_000
		in := Instrument{Signatures: []string{"— aa-bg NyHQqYoK83Br2zN0pFjhZLRy8JvUjN4NvYqA2dSpHrlGcWfmqyqv4nU1gz0Q4dLhTyMEZlUnm5oDJmJvqyX1vG0K8ww="}}
		switch {
		case i%100 == 0:
			ag := Agreement{ID: fmt.Sprintf("a%d", agreements), Title: "An agreement of some length, as titles are", Parties: everybody[:2], From: base, Source: "invented"}
			for j, k := range []Kind{Serve, Share, Observe, Joint, Obligation} {
				a := Article{ID: fmt.Sprint(j + 1), Kind: k, Place: everywhere[(i/100+j)%3], Text: "The officers of the one serve there together with those of the other."}
				switch k {
				case Joint:
					a.Authorities = everybody[:2]
				case Share:
					a.Authority, a.To, a.What = "aa-bg", "bb-bg", []string{"records"}
				case Obligation:
					a.Place, a.Owes, a.Owed = "", "aa-bg", "BBB"
				default:
					a.Authority, a.Fresh = "aa-bg", Duration(72*time.Hour)
				}
				ag.Articles = append(ag.Articles, a)
			}
			agreements++
			in.Agreement = &ag
		case i%10 == 1:
			in.Report = &Report{By: "aa-bg", Article: marz.ArticleRef(fmt.Sprintf("a%d/5", i*7%agreements)), Status: Met, At: when, Evidence: "minutes of the meeting"}
		default:
			in.Statement = &Statement{By: everybody[i%2], Agreement: fmt.Sprintf("a%d", i*11%agreements), Status: Active, From: base, Issued: when, Expires: when + 3*day}
		}
		out = append(out, encode(in))
	}
	return out
}

// fold makes a register of entries as a post does when it starts. Every hundredth entry beside them is a passing of control.
func fold(tb testing.TB, docs [][]byte) *Register {
	tb.Helper()
	h := NewHistory(world)
	for i, doc := range docs {
		var in Instrument
		if err := json.Unmarshal(doc, &in); err != nil {
			tb.Fatal(err)
		}
		e := in.Event()
		e.Seq, e.At = marz.Seq(i), marz.Instant(i+1)
		h.Add(e)
		if i%100 == 50 {
			h.Add(Event{Seq: e.Seq, At: e.At, Passing: &Passing{Place: "p", From: "aa-bg", To: "bb-bg", Article: "a0/1"}})
		}
	}
	r, err := h.Register()
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// BenchmarkFold folds 100,000 entries from their JSON to a register. The reference is reading the JSON alone.
func BenchmarkFold(b *testing.B) {
	docs := entries(100_000)
	b.Run("marz", func(b *testing.B) {
		for b.Loop() {
			fold(b, docs)
		}
	})
	b.Run("reference", func(b *testing.B) {
		for b.Loop() {
			for _, doc := range docs {
				var in Instrument
				if err := json.Unmarshal(doc, &in); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
