package web

import (
	"net/url"
	"slices"
	"strings"

	"marz"
)

// own is the agreement under which Marz's own rules stand. They are on the register's page and have none of their own.
const own = "marz"

// articleURL returns the address at which an article is read: its place on its agreement's page, or Marz's own rules.
func articleURL(ref marz.ArticleRef) string {
	agreement, article, cut := strings.Cut(string(ref), "/")
	if agreement == own {
		return "/register#rules"
	}
	address := "/register/" + url.PathEscape(agreement)
	if !cut {
		return address
	}
	return address + "#" + url.PathEscape(article)
}

// articleNumber returns the article's number within its agreement, which is also its place on the agreement's page.
func articleNumber(ref marz.ArticleRef) string {
	agreement, article, cut := strings.Cut(string(ref), "/")
	if !cut {
		return agreement
	}
	return article
}

// overdueFirst returns the obligations with those that are overdue or breached before the others, otherwise in their order.
func overdueFirst(all []Obligation) []Obligation {
	out := slices.Clone(all)
	rank := func(o Obligation) int {
		switch {
		case o.Overdue:
			return 0
		case o.Status == "breached":
			return 1
		}
		return 2
	}
	slices.SortStableFunc(out, func(a, b Obligation) int { return rank(a) - rank(b) })
	return out
}

// contingent is the officers of one authority among several.
type contingent struct {
	Authority marz.AuthorityID
	Officers  []marz.OfficerID
}

// contingents groups officers by authority, in the order in which the authorities come. More than one is a mixed patrol.
func contingents(officers []marz.OfficerID) []contingent {
	var out []contingent
	for _, o := range officers {
		i := slices.IndexFunc(out, func(c contingent) bool { return c.Authority == o.Authority() })
		if i < 0 {
			i = len(out)
			out = append(out, contingent{Authority: o.Authority()})
		}
		out[i].Officers = append(out[i].Officers, o)
	}
	return out
}

// duty says in words how a patrol stands at an instant. One that nobody has ended by its end is said to be past it, and not over.
func duty(now marz.Instant, p Patrol) string {
	switch {
	case p.Ended:
		return "ended"
	case now < p.From:
		return "to begin"
	case now >= p.Until:
		return "past its end"
	}
	return "on duty"
}

// candidates returns who can have been present at an incident, sorted: officers of the section's patrols, those who can be put on
// duty there, and whoever records it.
func candidates(s SectionView, by *Officer) []marz.OfficerID {
	all := slices.Clone(s.Officers)
	for _, p := range s.Patrols {
		all = append(all, p.Officers...)
	}
	if by != nil {
		all = append(all, by.ID)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
