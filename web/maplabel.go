package web

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Sizes of the drawing's text, in its units; marz.css has the same, and the greater letters on a narrow screen. Letters are counted,
// not measured: most are narrower.
const (
	letterWide  = 13.5 // of a name
	letterLow   = 10   // of who controls the place
	lineHigh    = 24
	longestLine = 22 // letters, after which a name goes on in the next line
	markSize    = 24 // from the middle of a post's mark to its farthest point
	lineSize    = 14 // from the middle of a section to where its name may begin
)

// mapLabel is where a place's name stands, and who controls it below.
type mapLabel struct {
	Lines  []string // of the name
	X, Y   float64  // of the first line
	Anchor string   // "start", "middle" or "end"
}

// rect is an upright rectangle of the drawing.
type rect struct{ left, top, right, bottom float64 }

// overlap returns the area that two rectangles share.
func (a rect) overlap(b rect) float64 {
	return max(0, min(a.right, b.right)-max(a.left, b.left)) * max(0, min(a.bottom, b.bottom)-max(a.top, b.top))
}

func (a rect) holds(p MapPoint) bool {
	return p.X >= a.left && p.X <= a.right && p.Y >= a.top && p.Y <= a.bottom
}

func around(p MapPoint, dx, dy float64) rect { return rect{p.X - dx, p.Y - dy, p.X + dx, p.Y + dy} }

// label puts the names of all drawn places where they cover least. It is greedy, and each place's name stays beside its mark.
func (b MapBody) label(rows []mapRow) error {
	lines, err := b.Map.lines()
	if err != nil {
		return err
	}
	var taken []rect
	for _, s := range b.Map.States {
		for _, n := range s.Names {
			taken = append(taken, around(MapPoint{n.X, n.Y}, float64(utf8.RuneCountInString(n.Text))*letterWide*.65, lineHigh*.8))
		}
	}
	for _, r := range rows {
		if r.Drawn && r.IsPost {
			taken = append(taken, around(r.At, markSize, markSize))
		}
	}
	sheet := rect{4, 4, b.Map.Width - 4, b.Map.Height - 4}
	for _, posts := range []bool{true, false} { // posts first: a section has more room
		for i := range rows {
			if r := &rows[i]; r.Drawn && r.IsPost == posts {
				var at rect
				r.Label, at = r.place(sheet, taken, lines)
				taken = append(taken, at)
			}
		}
	}
	return nil
}

// lines returns points all along the frontiers and sections.
func (m *Map) lines() ([]MapPoint, error) {
	var out []MapPoint
	for _, l := range slices.Concat(m.Frontiers, m.Sections) {
		parts, err := ParsePath(l.Path)
		if err != nil {
			return nil, err
		}
		for _, part := range parts {
			out = append(out, dense(part)...)
		}
	}
	return out, nil
}

// dense returns points along a line, less than ten units apart.
func dense(line []MapPoint) []MapPoint {
	var out []MapPoint
	for i := range line[1:] {
		a, b := line[i], line[i+1]
		n := int(math.Hypot(b.X-a.X, b.Y-a.Y)/10) + 1
		for k := range n {
			t := float64(k) / float64(n)
			out = append(out, MapPoint{a.X + (b.X-a.X)*t, a.Y + (b.Y-a.Y)*t})
		}
	}
	return out
}

// place returns the best place for a row's name, and what it covers there.
func (r mapRow) place(sheet rect, taken []rect, lines []MapPoint) (mapLabel, rect) {
	names := wrap(r.Name, longestLine)
	wide, high := max(longest(names)*letterWide, longest(r.shorts())*letterLow), float64(len(names)+1)*lineHigh
	best, least, covers := mapLabel{}, math.Inf(1), rect{}
	for _, gap := range r.gaps() {
		for i, side := range sides {
			left := r.At.X + side.x*gap + (side.x-1)/2*wide
			top := r.At.Y + side.y*gap + (side.y-1)/2*high
			at := rect{left, top, left + wide, top + high}
			cost := gap*2 + float64(i) + (wide*high-at.overlap(sheet))*20
			for _, t := range taken {
				cost += at.overlap(t) * 30
			}
			for _, p := range lines {
				if at.holds(p) {
					cost += 300
				}
			}
			if cost < least {
				least, covers = cost, at
				best = mapLabel{Lines: names, X: left + (1-side.x)/2*wide, Y: math.Round((top+lineHigh*.8)*10) / 10, Anchor: side.anchor}
			}
		}
	}
	best.X = math.Round(best.X*10) / 10
	return best, covers
}

// sides are where a name can stand, the better first: x and y are -1, 0 or 1 for before, at and after the mark.
var sides = []struct {
	x, y   float64
	anchor string
}{
	{1, 0, "start"}, {-1, 0, "end"}, {0, -1, "middle"}, {0, 1, "middle"},
	{1, -1, "start"}, {1, 1, "start"}, {-1, -1, "end"}, {-1, 1, "end"},
}

// gaps are how far a name may stand from the middle of its mark.
func (r mapRow) gaps() []float64 {
	if r.IsPost {
		return []float64{markSize + 4, markSize + 14}
	}
	return []float64{lineSize, lineSize * 2, lineSize * 3, lineSize * 5}
}

// shorts are all that can ever stand below the name.
func (r mapRow) shorts() []string {
	out := []string{short(nil)}
	for i := range r.Periods {
		out = append(out, short(&r.Periods[i]))
	}
	return out
}

// longest returns how many letters the longest of some lines has.
func longest(lines []string) float64 {
	n := 0
	for _, s := range lines {
		n = max(n, utf8.RuneCountInString(s))
	}
	return float64(n)
}

// wrap breaks a text at its spaces into lines of at most n letters, where its words allow it.
func wrap(text string, n int) []string {
	var out []string
	for _, word := range strings.Fields(text) {
		if last := len(out) - 1; last >= 0 && utf8.RuneCountInString(out[last]+" "+word) <= n {
			out[last] += " " + word
		} else {
			out = append(out, word)
		}
	}
	if len(out) == 0 {
		return []string{text}
	}
	return out
}
