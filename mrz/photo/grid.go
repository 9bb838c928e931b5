package photo

import (
	"math"
	"slices"
)

// grid is one line of a zone laid out in its places (ICAO 9303-3 §4.2.3.2: characters of one width, 2.54 mm apart), with those that hold a filler. An engine that was taught words sees letters in a row of fillers, and miscounts them; their shape and
// their places are plain.
type grid struct {
	row
	middles []float64 // of the characters, in pixels; a camera that is held aslant draws them together at one end
	pitch   float64   // how far apart they mostly are
	heights []float64 // of the middles from above: the line is straight, and not always level
	tall    int       // how high the letters are
	fillers []bool    // which of them are fillers
}

// widths are how many characters a line of a zone has.
var widths = []int{30, 36, 44}

// gridOf lays a row of level ink out. It reports false where it has not as many characters as a line of a zone.
func gridOf(ink picture, r row) (grid, bool) {
	middles, pitch := inPlaces(ink.blots(r.area))
	if !slices.Contains(widths, len(middles)) {
		return grid{}, false
	}
	g := grid{row: r, middles: middles, pitch: pitch}
	g.settleHeights(ink)
	g.left, g.right = max(0, int(middles[0]-pitch)), min(ink.w, int(middles[len(middles)-1]+pitch))
	for i := range middles {
		g.fillers = append(g.fillers, isFiller(ink.shape(g.place(i)), pitch))
	}
	return g, true
}

// count is how many fillers the line has.
func (g grid) count() (n int) {
	for _, filler := range g.fillers {
		if filler {
			n++
		}
	}
	return n
}

// place is where character i stands: half way to its neighbours.
func (g grid) place(i int) area {
	from, to := g.middles[i]-g.pitch/2, g.middles[i]+g.pitch/2
	if i > 0 {
		from = (g.middles[i-1] + g.middles[i]) / 2
	}
	if i+1 < len(g.middles) {
		to = (g.middles[i] + g.middles[i+1]) / 2
	}
	half := float64(g.tall)/2 + 2
	return area{max(0, int(from)), max(0, int(g.heights[i]-half)), int(to), int(g.heights[i] + half)}
}

// settleHeights finds how high the letters are, and lays a straight line through their middles. Fillers are lower than letters and need not have their middle where those have theirs, so that each kind says only how steep the line is.
func (g *grid) settleHeights(ink picture) {
	more := g.height() / 3
	var dots []point
	var talls []int
	for _, m := range g.middles {
		top, bottom, ok := ink.upright(area{max(0, int(m-g.pitch/2)), max(0, g.top-more), int(m + g.pitch/2), min(ink.h, g.bottom+more)})
		if ok {
			dots, talls = append(dots, point{m, float64(top+bottom) / 2}), append(talls, bottom-top)
		}
	}
	g.tall = g.height()
	if sorted := slices.Sorted(slices.Values(talls)); sorted != nil {
		g.tall = sorted[len(sorted)*4/5]
	}
	var high, low spread
	for i, d := range dots {
		if 20*talls[i] >= 17*g.tall {
			high.add(d)
		} else {
			low.add(d)
		}
	}
	slope := 0.0
	if wide := high.wide() + low.wide(); wide > 0 {
		slope = (high.steep() + low.steep()) / wide
	}
	for _, m := range g.middles {
		y := float64(g.top+g.bottom) / 2
		if high.n > 0 {
			y = (high.y + slope*(m*high.n-high.x)) / high.n
		}
		g.heights = append(g.heights, y)
	}
}

// spread adds up where dots lie, for the straight line through them.
type spread struct{ n, x, y, xx, xy float64 }

func (s *spread) add(d point) {
	s.n, s.x, s.y, s.xx, s.xy = s.n+1, s.x+d.x, s.y+d.y, s.xx+d.x*d.x, s.xy+d.x*d.y
}

func (s *spread) wide() float64  { return s.xx - s.x*s.x/max(1, s.n) }
func (s *spread) steep() float64 { return s.xy - s.x*s.y/max(1, s.n) }

// upright is between which rows of pixels an area has ink.
func (p picture) upright(a area) (top, bottom int, ok bool) {
	for y := a.top; y < a.bottom; y++ {
		for x := a.left; x < min(a.right, p.w); x++ {
			if p.pix[y*p.w+x] == 0 {
				continue
			}
			if !ok {
				top = y
			}
			bottom, ok = y+1, true
			break
		}
	}
	return top, bottom, ok
}

// blot is a run of columns with ink.
type blot struct{ from, to int }

func (b blot) middle() float64 { return float64(b.from+b.to-1) / 2 }

// blots returns the runs of columns with ink, from the left. Specks count for nothing.
func (p picture) blots(a area) []blot {
	var out []blot
	from := -1
	for x := a.left; x <= a.right; x++ {
		n := 0
		for y := a.top; y < a.bottom && x < min(a.right, p.w); y++ {
			n += int(p.pix[y*p.w+x])
		}
		if n > 0 && from < 0 {
			from = x
		}
		if n == 0 && from >= 0 {
			if x-from > 1 {
				out = append(out, blot{from, x})
			}
			from = -1
		}
	}
	return out
}

// inPlaces returns the middles of the characters that blots are, and how far apart they mostly are: pieces of one character are put together, characters that touch are parted, and what stands apart, as the edges of the page do, is left out.
func inPlaces(blots []blot) (middles []float64, pitch float64) {
	pitch = medianGap(blots)
	if pitch == 0 {
		return nil, 0
	}
	var whole []blot
	for _, b := range blots {
		if n := len(whole); n > 0 && b.middle()-whole[n-1].middle() < .6*pitch && float64(b.to-whole[n-1].from) < 1.1*pitch {
			whole[n-1].to = b.to
			continue
		}
		whole = append(whole, b)
	}
	var run []float64
	for _, b := range whole {
		n := max(1, int(math.Round(float64(b.to-b.from)/pitch)))
		for i := range n {
			m := float64(b.from) + (float64(i)+.5)*float64(b.to-b.from)/float64(n) - .5
			if len(run) > 0 && m-run[len(run)-1] > 1.7*pitch {
				run = nil
			}
			if run = append(run, m); len(run) > len(middles) {
				middles = slices.Clone(run)
			}
		}
	}
	return middles, pitch
}

func medianGap(blots []blot) float64 {
	var gaps []float64
	for i := 1; i < len(blots); i++ {
		gaps = append(gaps, blots[i].middle()-blots[i-1].middle())
	}
	if gaps == nil {
		return 0
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}

// stroke is the ink of one row of pixels of a character: where it begins and ends, and in how many pieces it is.
type stroke struct{ from, to, pieces int }

// shape returns the rows of pixels of a place from the first with ink to the last, nil when there is none.
func (p picture) shape(a area) []stroke {
	var out []stroke
	last := 0
	for y := a.top; y < a.bottom; y++ {
		s := stroke{from: -1}
		for x := max(0, a.left); x < min(p.w, a.right); x++ {
			if p.pix[y*p.w+x] == 0 {
				continue
			}
			if s.from < 0 {
				s.from = x
			}
			if s.pieces == 0 || s.to < x-1 {
				s.pieces++
			}
			s.to = x
		}
		if s.pieces > 0 || len(out) > 0 {
			out = append(out, s)
		}
		if s.pieces > 0 {
			last = len(out)
		}
	}
	return out[:last]
}

// isFiller reports whether a character is a filler: two strokes that meet at the left, half way up, and go off to the right above and below. No letter or digit is: K, C, E and G have ink at their left all the way, X and S have none half way up there.
func isFiller(shape []stroke, pitch float64) bool {
	h := len(shape) // none, where there is no ink
	if float64(h) < pitch/4 || float64(h) > pitch {
		return false
	}
	leftmost, at := math.MaxInt, 0
	single := 0
	for y, s := range shape {
		if s.pieces == 1 {
			single++
		}
		if s.pieces > 0 && s.from < leftmost {
			leftmost, at = s.from, y
		}
	}
	if 10*single < 8*h {
		return false
	}
	// The leftmost ink is near the middle, and its edge runs to the right from there, to the top and to the bottom, by as much as a filler is wide.
	middle := float64(at) / float64(h-1)
	if middle < .25 || middle > .75 {
		return false
	}
	top, bottom := shape[0], shape[h-1]
	reach := .22 * pitch
	if float64(top.from-leftmost) < reach || float64(bottom.from-leftmost) < reach {
		return false
	}
	return rises(shape[at:]) && rises(reversed(shape[:at+1]))
}

// rises reports whether the left edge goes to the right from row to row, but for a few pixels of noise, and has gone a good part of its way after half the rows: the bow of a C goes all of it at its end.
func rises(shape []stroke) bool {
	back, most := 0, 0
	first, half, last := shape[0].from, shape[len(shape)/2].from, shape[len(shape)-1].from
	if 10*(half-first) < 3*(last-first) {
		return false
	}
	for _, s := range shape {
		if s.pieces == 0 {
			return false
		}
		if s.from < most {
			back += most - s.from
		}
		most = max(most, s.from)
	}
	return back <= len(shape)/3
}

func reversed(shape []stroke) []stroke {
	out := slices.Clone(shape)
	slices.Reverse(out)
	return out
}

// bare is the line without its fillers, its other characters moved together, with paper around them: an engine sees things in a long gap. The lines of a block, one below the other, are one picture.
func (p picture) bare(block []grid, factor float64) picture {
	width, height := 0, 0
	for _, g := range block {
		width = max(width, int(g.pitch*float64(len(g.middles)+3)))
		height += 2 * g.height()
	}
	out := newPicture(width, height+block[0].height())
	for i := range out.pix {
		out.pix[i] = paper
	}
	top := block[0].height()
	for _, g := range block {
		x := int(g.pitch)
		for i, filler := range g.fillers {
			if !filler {
				x += p.copied(out, g.place(i), x, top)
			}
		}
		top += 2 * g.height()
	}
	return out.part(area{0, 0, out.w, out.h}, factor)
}

// copied copies an area, with a little of what is above and below it, and returns its width.
func (p picture) copied(to picture, a area, x, y int) int {
	more := (a.bottom - a.top) / 4
	w := min(a.right, p.w) - a.left
	for dy := max(-more, -a.top, -y); dy < a.bottom-a.top+more && a.top+dy < p.h && y+dy < to.h; dy++ {
		copy(to.pix[(y+dy)*to.w+x:(y+dy)*to.w+min(x+w, to.w)], p.pix[(a.top+dy)*p.w+a.left:(a.top+dy)*p.w+a.left+w])
	}
	return w
}

// filled puts the fillers back among the characters that were read; false when there are not as many as places without one.
func (g grid) filled(text string) (string, bool) {
	out := make([]byte, len(g.fillers))
	at := 0
	for i, filler := range g.fillers {
		if filler {
			out[i] = '<'
			continue
		}
		if at == len(text) {
			return "", false
		}
		out[i] = text[at]
		at++
	}
	return string(out), at == len(text)
}
