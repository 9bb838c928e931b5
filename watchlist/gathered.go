package watchlist

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"marz"
	"marz/watchlist/number"
)

// gathered are the alerts of a list of which several rows say something.
type gathered struct {
	list   *List
	at     map[marz.AlertID]int
	lines  []int      // on which each alert begins
	whys   [][]string // what is said of why each is listed
	unread int        // dates of birth
	states int        // names of states that are not known
}

func newGathered(l *List) *gathered { return &gathered{list: l, at: map[marz.AlertID]int{}} }

// alert returns the alert with an ID, a new one of a kind if there is none yet. The pointer holds until the next call.
func (g *gathered) alert(id string, kind Kind, line int) *Alert {
	i, ok := g.at[marz.AlertID(id)]
	if !ok {
		i = len(g.list.Alerts)
		g.at[marz.AlertID(id)] = i
		g.list.Alerts = append(g.list.Alerts, Alert{ID: marz.AlertID(id), Kind: kind})
		g.lines = append(g.lines, line)
		g.whys = append(g.whys, nil)
	}
	return &g.list.Alerts[i]
}

// name adds a name, once, and keeps a primary one before all others, as the first is shown.
func (g *gathered) name(a *Alert, text string, kind NameKind) {
	addName(a, tidy(text), kind)
	if n := len(a.Names); kind == Primary && n > 1 && a.Names[0].Kind != Primary && a.Names[n-1].Kind == Primary {
		a.Names = slices.Insert(a.Names[:n-1], 0, a.Names[n-1])
	}
}

// number adds a number unless it is there with the same type, and lets a known issuer replace an unknown one. The same number as another type says something of its own: that it was lost, for example.
func (g *gathered) number(to *[]Number, n Number) {
	key := number.Normal(n.Number)
	if key == "" {
		return
	}
	for i := range *to {
		have := &(*to)[i]
		if have.Type == n.Type && (have.Country == n.Country || have.Country == "" || n.Country == "") && number.Normal(have.Number) == key {
			have.Country = firstOf(have.Country, n.Country)
			return
		}
	}
	*to = append(*to, n)
}

// birth adds a date, once, or counts one that cannot be read.
func (g *gathered) birth(a *Alert, b Birth, ok bool) {
	switch {
	case !ok:
		g.unread++
	case !slices.Contains(a.Births, b):
		a.Births = append(a.Births, b)
	}
}

// nation adds a state, once.
func (g *gathered) nation(a *Alert, state string) {
	if c := g.state(state); c != "" {
		addTo(&a.Nationalities, c)
	}
}

// state returns the code of a state, and counts one that is named but not known.
func (g *gathered) state(s string) string {
	c := country(s)
	if c == "" && s != "" {
		g.states++
	}
	return c
}

// why adds words on why an alert is listed, once.
func (g *gathered) why(a *Alert, before, words string) {
	if words = tidy(words); words != "" {
		addTo(&g.whys[g.at[a.ID]], before+words)
	}
}

func unreadBirths(n int) string {
	return fmt.Sprintf("%d dates of birth are not written as dates and are left out", n)
}

func addTo(list *[]string, s string) {
	if s != "" && !slices.Contains(*list, s) {
		*list = append(*list, s)
	}
}

// tooMany reports whether an alert has more values of one sort than are read. It bounds the time that finding what is there already takes.
func (g *gathered) tooMany(a *Alert) bool {
	return max(len(a.Names), len(a.Births), len(a.Birthplaces), len(a.Nationalities), len(a.Documents), len(a.Vehicles), len(a.Addresses), len(g.whys[g.at[a.ID]])) > maxValues
}

// done makes the list: it says what was left out, and refuses an alert by which nobody could be found.
func (g *gathered) done(in source, file, version string) (*List, error) {
	for i := range g.list.Alerts {
		a := &g.list.Alerts[i]
		if len(a.Names)+len(a.Documents)+len(a.Vehicles) == 0 {
			return nil, in.bad(file, g.lines[i], fmt.Sprintf("alert %.40q has neither a name nor a number; fetch the file again", a.ID))
		}
		if n := slices.IndexFunc(a.Names, func(n Name) bool { return n.Kind != NativeScript }); n >= 0 && !slices.ContainsFunc(a.Names, func(n Name) bool { return n.Kind == Primary || n.Kind == Alias }) {
			a.Names[n].Kind = Primary // who has only weak names is known by the first of them
		}
		if len(g.whys[i]) > 0 {
			a.Why = cutWhy(strings.Join(g.whys[i], "; "))
		}
	}
	if g.unread > 0 {
		g.list.Notes = append(g.list.Notes, unreadBirths(g.unread))
	}
	if g.states > 0 {
		g.list.Notes = append(g.list.Notes, fmt.Sprintf("%d states are not known by the names given and are left out", g.states))
	}
	g.list.Version = version
	return g.list, nil
}

// cutWhy bounds why an alert is listed.
func cutWhy(s string) string {
	if r := []rune(s); len(r) > maxWhy {
		return string(r[:maxWhy]) + "…"
	}
	return s
}

// cutText cuts a text to some bytes, between its characters.
func cutText(s string, bytes int) string {
	return strings.TrimSpace(strings.ToValidUTF8(s[:min(len(s), bytes)], ""))
}

// maxDate bounds, in bytes, a publisher's date that becomes part of a version.
const maxDate = 32

// versionOf is the version of a file: the date that it bears, if it bears one, and the beginning of its digest.
func versionOf(date string, b []byte) string {
	date = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, tidy(date))
	sum := sha256.Sum256(b)
	return strings.TrimSpace(cutText(date, maxDate) + " sha256-" + hex.EncodeToString(sum[:8]))
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// commas puts commas between the values that are not empty.
func commas(values ...string) string {
	return strings.Join(slices.DeleteFunc(values, func(s string) bool { return s == "" }), ", ")
}
