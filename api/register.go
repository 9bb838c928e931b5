package api

import (
	"marz"
	"marz/web"
)

// RegisterOf is the register at an instant as programs are told it, from what its page shows.
func RegisterOf(b *web.RegisterBody, at marz.Instant) Register {
	out := Register{At: at, Policy: b.Policy}
	for _, a := range b.Agreements {
		out.Agreements = append(out.Agreements, Agreement{ID: a.ID, Title: a.Title, Parties: a.Parties, Signed: a.Signed, From: a.From, Until: a.Until, State: a.State, Why: a.Why,
			Count: a.Articles, InForce: a.InForce, Entry: a.Seq})
	}
	for _, m := range b.Memberships {
		row := Membership{Bloc: m.Bloc.ID, State: m.State, Status: "none"}
		for _, s := range m.Periods {
			if s.Now {
				row.Status, row.From = s.Status, s.From
			}
		}
		out.Memberships = append(out.Memberships, row)
	}
	for _, o := range b.Obligations {
		out.Obligations = append(out.Obligations, Obligation{Article: o.Article, Owes: o.Owes, To: o.To, What: o.What, Due: o.Due, Status: o.Status, Overdue: o.Overdue})
	}
	return out
}

// RowEnd cuts the row off a page that shows that more follows, and says how the list goes on.
func RowEnd[C, T any](q *Request[C], rows []T, limit int, from marz.Seq, of func(T) marz.Seq) ([]T, PageEnd) {
	more := len(rows) > limit
	if more {
		rows = rows[:limit]
	}
	if len(rows) > 0 {
		from = of(rows[len(rows)-1]) + 1
	}
	return rows, PageEnd{Next: q.Next(from), More: more}
}
