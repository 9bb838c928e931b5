package web

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"marz"
)

// The chart of crossings in time, in pixels down; along it measures are in percent of its width, so that text keeps its size.
const (
	barsTop  = 18
	barsHigh = 150 // of the longest bar
	barsFoot = barsTop + barsHigh
)

// bars is the drawing of crossings in time.
type bars struct {
	Height, Foot int
	Most         int // that the longest bar stands for
	Bars         []bar
	Ticks        []barTick
}

// bar is one hour or day: entries from the foot up, exits on them, and a mark below where somebody did not pass.
type bar struct {
	X, Width       float64
	EntryY, EntryH int
	ExitY, ExitH   int
	Slot, Title    string
	NationTime
}

type barTick struct {
	X    float64
	Text string
}

// drawBars returns the drawing, or nil where there is nothing to draw.
func drawBars(zone string, byDay bool, times []NationTime) *bars {
	most := 0
	for _, t := range times {
		most = max(most, t.Sum())
	}
	if len(times) == 0 {
		return nil
	}
	b := &bars{Height: barsFoot + 34, Foot: barsFoot, Most: most}
	width := 100 / float64(len(times))
	step := max(1, (len(times)+11)/12)
	for i, t := range times {
		high := func(n int) int { return int(math.Round(barsHigh * float64(n) / float64(max(most, 1)))) }
		all, entries := high(t.Sum()), high(t.Entries)
		x := math.Round(1e4*float64(i)*width) / 1e4
		b.Bars = append(b.Bars, bar{X: x, Width: math.Round(8e3*width) / 1e4, EntryY: barsFoot - entries, EntryH: entries, ExitY: barsFoot - all, ExitH: all - entries, NationTime: t, Slot: slotText(zone, byDay, t.At),
			Title: fmt.Sprintf("%s: %d entries, %d exits, %d did not pass", slotText(zone, byDay, t.At), t.Entries, t.Exits, t.Stopped)})
		if i%step == 0 {
			b.Ticks = append(b.Ticks, barTick{X: x, Text: tickText(zone, byDay, t.At)})
		}
	}
	return b
}

// slotText names an hour or a day, and tickText says it shorter.
func slotText(zone string, byDay bool, i marz.Instant) string {
	if byDay {
		return show(zone, i, dateLayout)
	}
	return show(zone, i, "2006-01-02 15:04")
}

func tickText(zone string, byDay bool, i marz.Instant) string {
	if byDay {
		return show(zone, i, "2 Jan")
	}
	if text := show(zone, i, "15:04"); text != "00:00" {
		return text
	}
	return show(zone, i, "2 Jan")
}

// share is a count as percent of the largest, for the bar beside it.
func share(all []NationCount, n int) float64 {
	most := 1
	for _, c := range all {
		most = max(most, c.Count)
	}
	return math.Round(1e4*float64(n)/float64(most)) / 100
}

// shortNations is how many nationalities have rows of their own.
const shortNations = 20

// topNations are the first nationalities, the others together as one.
func topNations(all []NationCount) []NationCount {
	if len(all) <= shortNations {
		return all
	}
	rest := NationCount{Name: fmt.Sprintf("%d others", len(all)-shortNations+1)}
	for _, c := range all[shortNations-1:] {
		rest.Count += c.Count
	}
	return append(slices.Clone(all[:shortNations-1]), rest)
}

// Ago says how long before now an instant was, in whole units of which there are two or more.
func (v view) Ago(i marz.Instant) string {
	if i == 0 {
		return "never"
	}
	d := v.Now.Sub(i)
	switch {
	case d < 0:
		return "in " + wide(-d)
	case d < 2*time.Second:
		return "now"
	}
	return wide(d) + " ago"
}

func wide(d time.Duration) string {
	for _, u := range []struct {
		of   time.Duration
		text string
	}{{24 * time.Hour, "days"}, {time.Hour, "hours"}, {time.Minute, "minutes"}} {
		if d >= 2*u.of {
			return fmt.Sprintf("%d %s", d/u.of, u.text)
		}
	}
	return fmt.Sprintf("%d seconds", d/time.Second)
}

// state of a post is the first of what has to be seen to, in the words of the register's states.
const (
	silentFor = 30 * time.Minute // without an entry
	waitsFor  = 30 * time.Minute // an open case
)

// State says how a post stands: "good", "attention" with why, or "missing" when nothing came for long.
func (v view) State(p NationPost) (s struct{ Word, Why string }) {
	s.Word = "good"
	var why []string
	switch {
	case v.Now.Sub(p.Head) > silentFor:
		s.Word, why = "missing", append(why, "nothing has come for "+wide(v.Now.Sub(p.Head)))
	case p.Missing > 0:
		s.Word, why = "attention", append(why, fmt.Sprintf("%d entries are still to come", p.Missing))
	}
	if p.Oldest != 0 && v.Now.Sub(p.Oldest) > waitsFor {
		why = append(why, "a case is open for "+wide(v.Now.Sub(p.Oldest)))
	}
	if p.Odd > 0 {
		why = append(why, fmt.Sprintf("%d entries could not be understood", p.Odd))
	}
	if slices.ContainsFunc(p.Lists, func(l ListState) bool { return l.Refused != "" }) {
		why = append(why, "a list was refused")
	}
	if len(why) > 0 && s.Word == "good" {
		s.Word = "attention"
	}
	s.Why = strings.Join(why, "; ")
	return s
}

// nation is the page's body, an empty one where it is another page's.
func (v view) nation() *NationBody {
	switch b := v.Body.(type) {
	case *NationBody:
		return b
	case NationBody:
		return &b
	}
	return &NationBody{}
}

// nationPlace is a post on the map, with the page of its day.
type nationPlace struct {
	mapRow
	URL string
}

// Places are the posts that the map shows, coloured by who controls them.
func (v view) Places() ([]nationPlace, error) {
	b := v.nation()
	if b.Map == nil {
		return nil, nil
	}
	colours := b.colours()
	var rows []mapRow
	var urls []string
	for _, p := range b.Posts {
		r := mapRow{IsPost: true, Class: "is-none", At: b.Map.XY(p.Post.Lat, p.Post.Lon), Short: fmt.Sprint(p.Count)}
		r.Name, r.Kind = nameOfPost(p), "post"
		if p.Open > 0 {
			r.Short += fmt.Sprintf(", %d open", p.Open)
		}
		if len(p.Control) > 0 {
			r.Class = "is-" + colours[p.Control[0].Authority]
		}
		if r.Drawn = (p.Post.Lat != 0 || p.Post.Lon != 0) && b.Map.holds(r.At, 0); r.Drawn {
			rows, urls = append(rows, r), append(urls, dayURL(p.Origin, ""))
		}
	}
	if err := (MapBody{Map: b.Map}).label(rows); err != nil {
		return nil, err
	}
	var out []nationPlace
	for i, r := range rows {
		out = append(out, nationPlace{r, urls[i]})
	}
	return out, nil
}

// nameOfPost is what a post is called: its journal's name where it has not described itself.
func nameOfPost(p NationPost) string {
	if p.Post.Name != "" {
		return p.Post.Name
	}
	return string(p.Origin)
}

// colours gives each authority that controls a post a class, in the order of their names.
func (b *NationBody) colours() map[marz.AuthorityID]string {
	var all []marz.AuthorityID
	for _, p := range b.Posts {
		for _, c := range p.Control {
			all = append(all, c.Authority)
		}
	}
	slices.Sort(all)
	out := map[marz.AuthorityID]string{}
	for i, a := range slices.Compact(all) {
		out[a] = colour(i)
	}
	return out
}

// Keys are the authorities in the legend of the map.
func (v view) Keys() []mapKey {
	b := v.nation()
	var out []mapKey
	for a, c := range b.colours() {
		out = append(out, mapKey{Authority: marz.Authority{ID: a}, Class: "is-" + c})
	}
	slices.SortFunc(out, func(a, b mapKey) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out
}

// dayURL is the page of a post's day.
func dayURL(origin marz.Origin, day string) string {
	u := "/nation/day?post=" + url.QueryEscape(string(origin))
	if day != "" {
		u += "&day=" + url.QueryEscape(day)
	}
	return u
}

// caseTable is a table of inspections.
type caseTable struct {
	Zone  string
	Rows  []NationCase
	Ends  bool   // it says what became of a referral
	Label string // of the table, for who does not see the heading
	None  string // what it says without rows
}

func tableOf(zone string, rows []NationCase, ends bool, label, none string) caseTable {
	return caseTable{zone, rows, ends, label, none}
}

// manned is at how many lanes somebody sits.
func manned(lanes []NationLane) int {
	n := 0
	for _, l := range lanes {
		if len(l.Officers) > 0 {
			n++
		}
	}
	return n
}
