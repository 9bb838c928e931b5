package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"marz"
	"marz/watchlist"
	"marz/watchlist/name"
)

// people makes up people from the parts of the names in the public data: given names from those who are on no list, surnames from these and from the
// transliteration pairs, the first of each far more often than the last, as names are.
type people struct {
	r               *rand.Rand
	given, surnames []string
	native          map[string]string // of a surname, in its own script
}

func (o *options) people(seed uint64) (*people, error) {
	p := &people{r: rand.New(rand.NewPCG(seed, 1)), native: map[string]string{}}
	rows, err := o.rows("screening/negatives_global_even.csv")
	if err != nil {
		return nil, err
	}
	given, last := map[string]bool{}, map[string]bool{}
	for _, r := range rows {
		p.given = addNew(p.given, given, r["first_name"])
		p.surnames = addNew(p.surnames, last, r["last_name"])
	}
	for _, lang := range []string{"russian", "arabic"} {
		pairs, err := o.pairs("screening/wd_" + lang + "_80.tsv")
		if err != nil {
			return nil, err
		}
		for _, pair := range pairs {
			p.surnames = addNew(p.surnames, last, pair.latin)
			p.native[pair.latin] = pair.native
		}
	}
	return p, nil
}

// addNew adds a name of one part that is long enough to be one, once.
func addNew(to []string, seen map[string]bool, text string) []string {
	text = strings.ToLower(strings.TrimSpace(text))
	parts := name.Parts(text)
	if len(parts) != 1 || len(parts[0]) < 3 || !latin(text) || seen[parts[0]] {
		return to
	}
	text = parts[0]
	seen[text] = true
	return append(to, text)
}

// flat is how many of the most common names are about as common as one another: the first of a hundred thousand has about 1 in 170 people, as in the world.
const flat = 20

// common picks one of n, each the rarer the further behind (Zipf and Mandelbrot).
func (p *people) common(n int) int {
	return min(int(flat*math.Pow(float64(n+flat)/flat, p.r.Float64()))-flat, n-1)
}

// pick returns a name; in half of the cases a rare one.
func (p *people) pick(names []string) string {
	if p.r.IntN(2) == 0 {
		return names[p.common(len(names))]
	}
	return names[p.r.IntN(len(names))]
}

func (p *people) birth() marz.Date {
	d := marz.Date{Year: 1935 + p.r.IntN(75), Month: 1 + p.r.IntN(12), Day: 1 + p.r.IntN(28)}
	if p.r.IntN(12) == 0 {
		d.Month, d.Day = 1, 1
	}
	return d
}

var states = []string{"RUS", "ARM", "GEO", "IRN", "TUR", "AZE", "SYR", "IRQ", "UKR", "KAZ", "UZB", "FRA", "DEU", "USA", "IND", "CHN"}

// person returns an alert with three names: its own, one misspelt or shortened, and one in its own script or otherwise written.
func (p *people) person(i int) watchlist.Alert {
	given, last := p.pick(p.given), p.pick(p.surnames)
	parts := []string{given, last}
	if p.r.IntN(2) == 0 {
		parts = []string{given, p.pick(p.given), last}
	}
	other := misspelt(p.r, name.Parts(strings.Join(parts, " ")), 1)
	if other == "" {
		other = last
	}
	third := name.Of(given).Text + " " + p.pick(p.surnames)
	if n := p.native[last]; n != "" {
		third = n + " " + given
	}
	a := watchlist.Alert{ID: marz.AlertID(fmt.Sprintf("made-%07d", i)), Kind: watchlist.Person, Owner: "made", Version: fmt.Sprintf("%016x", i),
		Names:         []watchlist.Name{{Text: strings.Join(parts, " "), Kind: watchlist.Primary}, {Text: other, Kind: watchlist.Alias}, {Text: third, Kind: watchlist.Alias}},
		Nationalities: []string{states[p.r.IntN(len(states))]}, Sex: "MF"[i&1 : i&1+1]}
	switch d := p.birth(); p.r.IntN(20) {
	case 0:
	case 1:
		a.Births = []watchlist.Birth{{From: marz.Date{Year: d.Year}}}
	default:
		a.Births = []watchlist.Birth{{From: d}}
	}
	return a
}

// traveller returns the query of somebody who is on no list, but has names as they are.
func (p *people) traveller() watchlist.Query {
	return watchlist.Query{Primary: strings.ToUpper(p.pick(p.surnames)), Secondary: strings.ToUpper(p.pick(p.given)), Birth: p.birth(),
		Sex: "MF"[p.r.IntN(2):][:1], Nationality: states[p.r.IntN(len(states))]}
}

// wanted returns the query of somebody who is on the list, as he is written there or misspelt.
func (p *people) wanted(a *watchlist.Alert) watchlist.Query {
	text := a.Names[0].Text
	if p.r.IntN(2) == 0 {
		if s := misspelt(p.r, name.Parts(text), 1); s != "" {
			text = s
		}
	}
	return watchlist.Query{Names: []string{text}, Birth: born(a), Sex: a.Sex, Nationality: a.Nationalities[0]}
}
