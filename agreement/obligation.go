package agreement

import (
	"cmp"
	"slices"

	"marz"
)

// Debt is an obligation with what both sides have said about it.
type Debt struct {
	Article  marz.ArticleRef
	Owes     string // an authority, a state or a bloc
	Owed     string
	Text     string
	Due      marz.Instant // 0: no date
	Entitles string
	Status   string // "pending", "met", "breached" or "waived"
	Overdue  bool
	Reports  []Reported // in order
}

// Reported is a report with when it was learnt.
type Reported struct {
	Report
	Learnt marz.Instant
}

// Debts returns all obligations as they stand at the instant, in order of articles. What the creditor says last goes before what the debtor
// says; without either it is pending, whatever others say: their reports stand beside. It is overdue when its date has passed and it is neither met nor waived.
func (r *Register) Debts(at marz.Instant) []Debt {
	var out []Debt
	for _, c := range r.clauses {
		if c.Kind != Obligation {
			continue
		}
		d := Debt{Article: c.ref, Owes: c.Owes, Owed: c.Owed, Text: c.Text, Due: c.Due, Entitles: c.Entitles, Status: Pending}
		byCreditor := false
		for _, rep := range r.sorted(c.ref) {
			d.Reports = append(d.Reports, rep)
			if rep.At > at {
				continue
			}
			a, _ := r.ground.Authority(rep.By)
			debtor, creditor := speaksFor(a, c.Owes), speaksFor(a, c.Owed)
			if creditor || debtor && !byCreditor {
				d.Status = rep.Status
			}
			byCreditor = byCreditor || creditor
		}
		d.Overdue = c.Due != 0 && at >= c.Due && (d.Status == Pending || d.Status == Breached)
		out = append(out, d)
	}
	return out
}

// sorted returns the reports on an obligation in order of the instants that they speak of.
func (r *Register) sorted(ref marz.ArticleRef) []Reported {
	var out []Reported
	for _, rep := range r.known.reports[ref] {
		out = append(out, Reported{rep.Report, rep.learnt})
	}
	slices.SortStableFunc(out, func(a, b Reported) int { return cmp.Compare(a.At, b.At) })
	return out
}

// Membership is a state in a bloc, with its periods in order of time.
type Membership struct {
	Condition
	Periods []MembershipPeriod
	Hangs   []marz.ArticleRef // articles that depend on it
}

// MembershipPeriod is one status from an instant until the next.
type MembershipPeriod struct {
	Status  Status
	From    marz.Instant
	Until   marz.Instant // 0: still
	By      marz.AuthorityID
	Learnt  marz.Instant
	Source  string
	Expires marz.Instant // of the newest word, in the last period; 0: never
}

// Memberships returns every membership of which something is known or on which an article depends, ordered by bloc and state.
func (r *Register) Memberships() []Membership {
	all := map[Condition]*Membership{}
	get := func(c Condition) *Membership {
		if all[c] == nil {
			all[c] = &Membership{Condition: c}
		}
		return all[c]
	}
	for _, c := range r.clauses {
		for _, w := range c.while {
			m := get(w)
			m.Hangs = append(m.Hangs, c.ref)
		}
	}
	for _, e := range r.known.statements {
		if s := e.Statement; s.Bloc != "" {
			get(Condition{s.State, s.Bloc})
		}
	}
	var out []Membership
	for c, m := range all {
		if t := r.known.tracks[trackKey{subject: c.String()}]; t != nil {
			for i, sp := range t.spans {
				p := MembershipPeriod{Status: sp.status, From: sp.from, By: sp.by, Learnt: sp.learnt, Source: sp.source}
				if i+1 < len(t.spans) {
					p.Until = t.spans[i+1].from
				} else {
					p.Expires = t.expires
				}
				m.Periods = append(m.Periods, p)
			}
		}
		out = append(out, *m)
	}
	slices.SortFunc(out, func(a, b Membership) int {
		return cmp.Or(cmp.Compare(a.Bloc, b.Bloc), cmp.Compare(a.State, b.State))
	})
	return out
}

// Standing is what the parties have said about an agreement and its articles, renewals that say nothing new left out, newest first.
func (r *Register) Standing(agreement string) []Event {
	var out []Event
	for _, e := range slices.Backward(r.known.statements) {
		if e.Statement.Agreement == agreement {
			out = append(out, e)
		}
	}
	return out
}

// Learnt returns the entry that recorded an agreement, and when.
func (r *Register) Learnt(agreement string) (marz.Seq, marz.Instant) {
	for i, ag := range r.known.agreements {
		if ag.ID == agreement {
			return r.known.learnt[i].Seq, r.known.learnt[i].At
		}
	}
	return 0, 0
}
