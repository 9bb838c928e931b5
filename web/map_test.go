package web_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz"
	"marz/internal/browsertest"
	scenario "marz/scenarios/armenia"
	"marz/web"
)

// sampleMap is the scenario's own map with what each place went through.
var sampleMap = newSampleMap()

func newSampleMap() web.MapBody {
	m, err := web.ParseMap(scenario.Map())
	if err != nil {
		panic(err)
	}
	s, err := scenario.Load()
	if err != nil {
		panic(err)
	}
	treaty, law, passed := instant("1992-09-30T00:00:00+03:00"), instant("2001-11-20T00:00:00+04:00"), instant("2025-01-01T00:00:00+04:00")
	ru := func(article marz.ArticleRef, until marz.Instant) web.Period {
		return web.Period{Control: "ru-bg", Article: article, From: treaty, Until: until}
	}
	am := func(article marz.ArticleRef, from marz.Instant) web.Period {
		return web.Period{Control: "am-bg", Article: article, From: from}
	}
	beside := func(article, under marz.ArticleRef) []web.Period {
		joint := web.Period{Control: "ru-bg", Article: article, From: passed, With: []marz.AuthorityID{"am-bg"}, Under: []marz.ArticleRef{under}}
		return []web.Period{ru(article, passed), joint}
	}
	closing, opening := instant("2024-08-01T00:00:00+04:00"), instant("2025-03-21T00:00:00+04:00")
	margara := beside("am-ru-1992/3", "am-ru-2024-agarak/3")
	margara[1].Until = opening
	margara = append(margara, am("am-tr-2025/1", opening), ru("am-ru-1992/3", 0))
	margara[2].Until, margara[3].From = instant("2025-03-31T00:00:00+04:00"), instant("2025-03-31T00:00:00+04:00")
	periods := map[marz.PlaceID][]web.Period{
		"agarak": {ru("am-ru-1992/2", passed), am("am-ru-2024-agarak/2", passed)}, "margara": margara,
		"zvartnots": {ru("am-ru-1992/1", closing), am("am-ru-2024-zvartnots/1", closing)},
		"akhurik":   beside("am-ru-1992/4", "am-ru-2024-agarak/4"), "bavra": {am("am-law-2001/2", law)},
		"bagratashen": {am("am-law-2001/1", law)}, "gogavan": {am("am-law-2001/3", law)},
		"am-tr-akhurian": beside("am-ru-1992/5", "am-ru-2024-agarak/5"), "am-tr-aras": beside("am-ru-1992/6", "am-ru-2024-agarak/6"),
		"am-ir-aras": beside("am-ru-1992/7", "am-ru-2024-agarak/7"), "am-ge-north": {am("am-law-2001/4", law)},
	}
	b := web.MapBody{Map: m, At: midday, From: treaty, Until: instant("2026-01-01T00:00:00+04:00"), Authorities: s.Authorities}
	for _, p := range s.Posts {
		place := marz.Place{ID: marz.PlaceID(p.ID), Kind: "post", Name: p.Name, State: p.State, Frontier: p.Frontier, Lat: p.Lat, Lon: p.Lon}
		b.Places = append(b.Places, web.MapPlace{Place: place, Periods: periods[place.ID]})
	}
	for id, name := range map[marz.PlaceID]string{"am-tr-akhurian": "Akhurian", "am-tr-aras": "Aras (Turkey)", "am-ir-aras": "Aras (Iran)", "am-ge-north": "North"} {
		place := marz.Place{ID: id, Kind: "section", Name: name, State: "ARM", Frontier: marz.FrontierID(id[:5])}
		b.Places = append(b.Places, web.MapPlace{Place: place, Periods: periods[id]})
	}
	slices.SortFunc(b.Places, func(x, y web.MapPlace) int { return strings.Compare(string(x.ID), string(y.ID)) })
	return b
}

// hostileMap returns a map that says something hostile wherever it takes text.
func hostileMap() web.MapBody {
	m := web.Map{Source: hostile, Width: 100, Height: 100, PerLon: 1, PerLat: 1,
		States:   []web.MapArea{{ID: hostile, Path: "M0 0 9 9 0 9Z", Names: []web.MapName{{Text: hostile}}}},
		Sections: []web.MapLine{{ID: hostile, Path: "M0 0 9 9"}}}
	who := marz.Authority{ID: hostile, Name: hostile}
	p := web.Period{Control: hostile, Article: hostile, With: []marz.AuthorityID{hostile}, Under: []marz.ArticleRef{hostile}, From: 1}
	return web.MapBody{Map: &m, At: 2, From: 1, Until: 3, Authorities: []marz.Authority{who, who}, Places: []web.MapPlace{
		{Place: marz.Place{ID: hostile, Kind: "section", Name: hostile, State: hostile}, Periods: []web.Period{p}},
		{Place: marz.Place{ID: hostile, Kind: "post", Name: hostile, Lat: -9, Lon: 9}, Periods: []web.Period{p}}}}
}

const smallMap = `{"source":"lines","width":100,"height":50,"west":43,"north":41,"per_lon":10,"per_lat":12,
"states":[{"id":"ARM","path":"M0 0L10 0 10.5 20Z","names":[{"text":"Armenia","x":5,"y":5}]}],
"frontiers":[{"id":"am-tr","path":"M0 0 10 0","x":5,"y":0}],"sections":[{"id":"am-tr-aras","path":"M0 0 5 0","x":2.5,"y":0}]}`

func TestParseMap(t *testing.T) {
	m, err := web.ParseMap([]byte(smallMap))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(web.MapPoint{X: 15, Y: 6}, m.XY(40.5, 44.5)); diff != "" {
		t.Errorf("position (-want +got):\n%s", diff)
	}
	lines, err := web.ParsePath("M0 0L10 0 10.5,20Z" + "M-1 2 3 4")
	want := [][]web.MapPoint{{{X: 0, Y: 0}, {X: 10, Y: 0}, {X: 10.5, Y: 20}, {X: 0, Y: 0}}, {{X: -1, Y: 2}, {X: 3, Y: 4}}}
	if diff := cmp.Diff(want, lines); diff != "" || err != nil {
		t.Errorf("path (-want +got):\n%s %v", diff, err)
	}
}

func TestParseMapRefuses(t *testing.T) {
	for name, change := range map[string][3]string{
		"unknown key":          {`"source"`, `"colour":1,"source"`, "unknown field"},
		"no source":            {`"lines"`, `""`, "where the lines come from"},
		"no width":             {`"width":100`, `"width":0`, "width and height"},
		"no scale":             {`"per_lat":12`, `"per_lat":0`, "per_lon and per_lat"},
		"not on earth":         {`"north":41`, `"north":91`, "north is"},
		"state":                {`"ARM"`, `"arm"`, "three capital letters"},
		"name outside":         {`"x":5,"y":5`, `"x":5,"y":51`, "inside the drawing"},
		"frontier's id":        {`"am-tr"`, `"am tr"`, "lower-case letters"},
		"line's middle":        {`"x":2.5`, `"x":-2.5`, `section am-tr-aras: its x and y`},
		"path outside":         {`"M0 0 5 0"`, `"M0 0 500 0"`, "leaves the drawing"},
		"path that is none":    {`"M0 0 5 0"`, `"M0 0c1 1 1 1 5 0"`, "M, L and Z"},
		"path of one point":    {`"M0 0 5 0"`, `"M0 0"`, "M, L and Z"},
		"path without numbers": {`"M0 0 5 0"`, `""`, "M, L and Z"},
		"second frontier":      {`"frontiers":[`, `"frontiers":[{"id":"am-tr","path":"M0 0 10 0","x":5,"y":0},`, "defined twice"},
		"second state":         {`"states":[`, `"states":[{"id":"ARM","path":"M0 0 9 9","names":[]},`, "defined twice"},
	} {
		_, err := web.ParseMap([]byte(strings.Replace(smallMap, change[0], change[1], 1)))
		if marz.CodeOf(err) != marz.Invalid || err == nil || !strings.Contains(err.Error(), change[2]) {
			t.Errorf("%s: got %v, want an error with %q", name, err, change[2])
		}
	}
	if _, err := web.ParseMap([]byte(smallMap + "{}")); err == nil {
		t.Error("two maps in one are taken")
	}
}

// mapAt returns the page of the map at an instant, as it is without a script.
func mapAt(t *testing.T, at string) string {
	t.Helper()
	p, body := samplePage("map"), sampleMap
	body.At = instant(at)
	p.Body = body
	return render(t, "map", p).Body.String()
}

func TestMapAtAnInstant(t *testing.T) {
	row := func(html, id string) string {
		_, rest, _ := strings.Cut(html, `data-row="`+id+`"`)
		row, _, _ := strings.Cut(rest, "</tr>")
		return row
	}
	tests := []struct{ at, place, class, says string }{
		{"1992-10-01T00:00:00+03:00", "agarak", "place is-a2", "30 September 1992"},
		{"1992-10-01T00:00:00+03:00", "bavra", "place is-none", "20 November 2001"},
		{"2024-12-31T23:59:59+04:00", "agarak", "place is-a2", "am-ru-1992/2"},
		{"2025-01-01T00:00:00+04:00", "agarak", "place is-a1", "am-ru-2024-agarak/2"},
		{"2025-01-01T00:00:00+04:00", "am-tr-aras", "place is-a2 with-a1", "am-ru-2024-agarak/6"},
		{"2025-03-25T00:00:00+04:00", "margara", "place is-a1", "31 March 2025"},
	}
	for _, tt := range tests {
		html := mapAt(t, tt.at)
		if !strings.Contains(html, fmt.Sprintf(`<tr class="%s" data-row="%s">`, tt.class, tt.place)) {
			t.Errorf("at %s the row of %s is not of class %q", tt.at, tt.place, tt.class)
		}
		if !strings.Contains(html, fmt.Sprintf(`<a class="%s" href="/timeline/%s"`, tt.class, tt.place)) {
			t.Errorf("at %s the drawing of %s is not of class %q", tt.at, tt.place, tt.class)
		}
		if r := row(html, tt.place); !strings.Contains(r, tt.says) {
			t.Errorf("at %s the row of %s lacks %q: %s", tt.at, tt.place, tt.says, r)
		}
	}
	html := mapAt(t, "2025-01-01T00:00:00+04:00")
	for _, want := range []string{`href="/map?at=2024-08-01"`, `href="/map?at=2025-03-21"`, `href="/register/am-ru-2024-agarak"`, `action="/map"`,
		"Schematic. Not to scale for navigation; lines from Natural Earth", "Changes on this day: "} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	p := samplePage("map")
	p.Body = web.MapBody{Places: sampleMap.Places}
	if html := render(t, "map", p).Body.String(); !strings.Contains(html, "This deployment has no map.") || strings.Contains(html, `class="map"`) {
		t.Error("a deployment without a map does not say so")
	}
}

// TestMapNamesCoverNothing holds that names in the drawing stand apart from each other and inside it.
func TestMapNamesCoverNothing(t *testing.T) {
	_, p := openPage(t, browsertest.New(t, browsertest.Options{}), "map", nil)
	click(p, "#later")
	waitText(p, "drawing", "ru-bg with am-bg") // the longest that stands below a name
	for _, width := range []int{1280, 390} {
		p.SetViewport(width, 800)
		for _, fault := range browsertest.Eval[[]string](p, `(() => {
			const sheet = document.querySelector("#drawing").getBoundingClientRect();
			const all = [...document.querySelectorAll("#drawing text, #drawing g")].map((e) => ({ name: e.tagName + " " + e.closest("a, svg").textContent.trim().slice(0, 12), box: e.getBoundingClientRect() }));
			const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
			const out = all.filter(({ box }) => box.left < sheet.left || box.right > sheet.right || box.top < sheet.top || box.bottom > sheet.bottom).map((a) => a.name + " is outside");
			all.forEach((a, i) => all.slice(i + 1).forEach((b) => meet(a.box, b.box) && out.push(a.name + " meets " + b.name)));
			return out;
		})()`) {
			t.Errorf("%d px wide: %s", width, fault)
		}
	}
}

func TestMapMoves(t *testing.T) {
	b := browsertest.New(t, browsertest.Options{})
	_, p := openPage(t, b, "map", nil)
	class := func(place string) string {
		return browsertest.Eval[string](p, fmt.Sprintf(`document.querySelector('#drawing [data-place="%s"]').getAttribute("class")`, place))
	}
	row := func(place string) string { return p.Text(fmt.Sprintf(`[data-row="%s"]`, place)) }
	wants := func(place, wantClass string, says ...string) {
		t.Helper()
		if got := class(place); got != wantClass {
			t.Errorf("%s is drawn as %q, want %q", place, got, wantClass)
		}
		if got := browsertest.Eval[string](p, fmt.Sprintf(`document.querySelector('[data-row="%s"]').getAttribute("class")`, place)); got != wantClass {
			t.Errorf("the row of %s is of class %q, want %q", place, got, wantClass)
		}
		for _, s := range says {
			if got := row(place); !strings.Contains(got, s) {
				t.Errorf("the row of %s lacks %q: %q", place, s, got)
			}
		}
	}
	slide := func(at string) {
		browsertest.Eval[any](p, fmt.Sprintf(`(() => { const s = document.getElementById("time"); s.value = Date.parse(%q);
			s.dispatchEvent(new Event("input")); s.dispatchEvent(new Event("change")); })()`, at))
	}
	p.WaitFor(`!document.getElementById("slide").hidden`)
	wants("agarak", "place is-a2", "ru-bg", "am-ru-1992/2", "nobody", "30 September 1992", "1 January 2025")
	colourBefore := browsertest.Eval[string](p, `getComputedStyle(document.querySelector('[data-place=agarak] .mark')).stroke`)
	click(p, "#later")
	waitText(p, "shown", "1 January 2025")
	wants("agarak", "place is-a1", "am-bg", "am-ru-2024-agarak/2", "no end")
	wants("am-tr-aras", "place is-a2 with-a1", "ru-bg", "am-bg", "am-ru-2024-agarak/6")
	waitText(p, "changes", "Agarak")
	waitText(p, "drawing", "ru-bg with am-bg")
	if got := browsertest.Eval[string](p, `getComputedStyle(document.querySelector('[data-place=agarak] .mark')).stroke`); got == colourBefore {
		t.Error("the mark has kept its colour")
	}
	if got := browsertest.Eval[string](p, "location.search"); got != "?at=2025-01-01" {
		t.Errorf("the address is %s", got)
	}
	if got := browsertest.Eval[string](p, `document.querySelector('[data-row=agarak] a[href^="/register"]').getAttribute("href")`); got != "/register/am-ru-2024-agarak" {
		t.Errorf("the article leads to %s", got)
	}
	shootBoth(t, p, "map-joint")
	slide("1996-05-05T00:00:00Z")
	wants("bagratashen", "place is-none", "nobody", "20 November 2001", "not known")
	wants("zvartnots", "place is-a2", "am-ru-1992/1")
	shootBoth(t, p, "map-past")
	if got := browsertest.Eval[string](p, "location.search"); !strings.HasPrefix(got, "?at=1996-05-0") {
		t.Errorf("the address is %s", got)
	}
	browsertest.Eval[any](p, `(() => { const d = document.getElementById("at"); d.value = "2025-03-25"; d.dispatchEvent(new Event("change")); })()`)
	wants("margara", "place is-a1", "am-tr-2025/1", "31 March 2025")
	slide("2030-01-01T00:00:00Z")
	waitText(p, "shown", "1 January 2026")
	if browsertest.Eval[bool](p, `document.getElementById("later").hasAttribute("href")`) {
		t.Error("there is a change after the last")
	}
}

// TestMapColours holds that every authority's colour has a contrast of 7:1 to the land (WCAG 2.2 §1.4.6), in both themes.
func TestMapColours(t *testing.T) {
	_, p := openPage(t, browsertest.New(t, browsertest.Options{}), "map", nil)
	for _, theme := range []string{"dark", "light"} {
		p.EmulateMedia("", map[string]string{"prefers-color-scheme": theme})
		colours := browsertest.Eval[map[string]string](p, `Object.fromEntries(["a1", "a2", "a3", "a4", "text", "quiet", "land", "land-host"].map((n) => [n, getComputedStyle(document.documentElement).getPropertyValue("--" + n).replace(/^light-dark\((.*), *(.*)\)$/, matchMedia("(prefers-color-scheme: light)").matches ? "$1" : "$2")]))`)
		for _, name := range slices.Sorted(maps.Keys(colours)) {
			for _, land := range []string{"land", "land-host"} {
				want := 7.0
				if name == "quiet" {
					want = 4.5
				}
				if strings.HasPrefix(name, "land") {
					continue
				}
				if got := contrast(t, colours[name], colours[land]); got < want {
					t.Errorf("%s: the contrast of %s to %s is %.1f", theme, name, land, got)
				}
			}
		}
	}
}

// contrast returns the contrast ratio of two colours written as #rrggbb (WCAG 2.2, "contrast ratio").
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	luminance := func(s string) float64 {
		n, err := strconv.ParseUint(strings.TrimPrefix(s, "#"), 16, 24)
		if err != nil || len(s) != 7 {
			t.Fatalf("%q is no colour", s)
		}
		var out float64
		for i, weight := range []float64{.0722, .7152, .2126} { // blue, green, red
			c := float64(n>>(8*i)&255) / 255
			if c <= .04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+.055)/1.055, 2.4)
			}
			out += weight * c
		}
		return out
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + .05) / (min(x, y) + .05)
}
