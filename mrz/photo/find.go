package photo

import (
	"math"
	"slices"
)

// inkShare is how much darker than its surroundings ink is, in hundredths, and inkLeast how much it is at the least: less is noise or a shadow.
const (
	inkShare = 18
	inkLeast = 14
)

// ink marks what is printed: what is darker than its surroundings, wherever a shadow lies. Its true pixels are 1.
func (p picture) ink() picture {
	soft := p.softened()
	s := soft.sums()
	r := max(8, p.w/60)
	out := newPicture(p.w, p.h)
	for y := range p.h {
		for x := range p.w {
			mean := s.mean(x, y, r)
			if int(soft.pix[y*p.w+x]) < mean-max(inkLeast, mean*inkShare/100) {
				out.pix[y*p.w+x] = 1
			}
		}
	}
	return out
}

// paper is the shade that paper has once it is lit evenly.
const paper = 215

// flattened returns the picture as if its paper were lit evenly: each pixel by the brightest of what surrounds it, nearly.
func (p picture) flattened() picture {
	s := p.sums()
	r := max(8, p.h/3)
	out := newPicture(p.w, p.h)
	for y := range p.h {
		for x := range p.w {
			out.pix[y*p.w+x] = uint8(min(255, int(p.pix[y*p.w+x])*paper/max(1, s.mean(x, y, r))))
		}
	}
	return out
}

// The slopes that are tried, in pixels down for each to the right: eight degrees to either side.
const (
	steepest  = .14
	slopeStep = .004
)

// slope returns the slope at which the printed rows of ink are sharpest: at which the ink differs most from one row of pixels to the next.
func (p picture) slope() float64 {
	best, sharpest := 0.0, 0.0
	var dots []point
	for y := 0; y < p.h; y += 2 {
		for x := 0; x < p.w; x += 2 {
			if p.pix[y*p.w+x] != 0 {
				dots = append(dots, point{float64(x), float64(y)})
			}
		}
	}
	rows := make([]int, 2*p.h+2*p.w)
	for slope := -steepest; slope <= steepest+slopeStep/2; slope += slopeStep {
		clear(rows)
		for _, d := range dots {
			rows[within(int((d.y-slope*d.x)/2)+p.h/2, len(rows))]++
		}
		sharp := 0.0
		for i, n := range rows[1:] {
			d := float64(n - rows[i])
			sharp += d * d
		}
		if sharp > sharpest {
			best, sharpest = slope, sharp
		}
	}
	if math.Abs(best) < slopeStep/2 {
		return 0
	}
	return best
}

type point struct{ x, y float64 }

// row is a printed line: where it lies, and how often ink begins in it.
type row struct {
	area
	begins int
}

func (r row) height() int { return r.bottom - r.top }

// rows returns the printed lines of level ink, from above.
func (p picture) rows() []row {
	begins := make([]int, p.h)
	for y := range p.h {
		for x := 1; x < p.w; x++ {
			if p.pix[y*p.w+x] > p.pix[y*p.w+x-1] {
				begins[y]++
			}
		}
	}
	least := max(6, slices.Max(begins)/5)
	var out []row
	for y := 0; y < p.h; y++ {
		top, most := y, 0
		for ; y < p.h && begins[y] >= least; y++ {
			most = max(most, begins[y])
		}
		if y-top >= 6 && y-top < p.w/10 {
			out = append(out, row{p.extent(top, y), most})
		}
	}
	return out
}

// extent is where the ink of some rows begins and ends from left to right, without what lies far from all other ink.
func (p picture) extent(top, bottom int) area {
	gap := 5 * (bottom - top) // wider than any blank between two characters of a zone
	best, from, last := area{0, top, 0, bottom}, -1, -1
	keep := func() {
		if from >= 0 && last+1-from > best.right-best.left {
			best.left, best.right = from, last+1
		}
	}
	for x := range p.w {
		n := 0
		for y := top; y < bottom; y++ {
			n += int(p.pix[y*p.w+x])
		}
		if n == 0 {
			continue
		}
		if from < 0 || x-last > gap {
			keep()
			from = x
		}
		last = x
	}
	keep()
	return best
}

// zones returns where the zone may be, the likeliest first: the widest two or three rows that lie together and are alike, and what is lower before what is higher; then the lower half, and all.
func (p picture) zones() []area {
	rows := p.rows()
	var out []area
	for i := len(rows) - 1; i > 0; i-- {
		n := 1
		for i-n >= 0 && n < 3 && alike(rows[i-n], rows[i-n+1]) {
			n++
		}
		if n < 2 {
			continue
		}
		a := rows[i-n+1].area
		for _, r := range rows[i-n+1 : i+1] {
			a.left, a.right, a.bottom = min(a.left, r.left), max(a.right, r.right), r.bottom
		}
		out = append(out, p.around(a, rows[i].height()))
		i -= n - 1
	}
	slices.SortStableFunc(out, func(a, b area) int { return (b.right - b.left) - (a.right - a.left) })
	if len(out) > 2 {
		out = out[:2]
	}
	return append(out, area{0, p.h / 2, p.w, p.h}, area{0, 0, p.w, p.h})
}

// alike reports whether two rows can be neighbours of one zone: as high and as wide, and not far apart.
func alike(a, b row) bool {
	h := max(a.height(), b.height())
	w := max(a.right-a.left, b.right-b.left)
	return 2*min(a.height(), b.height()) >= h && b.top-a.bottom < 4*h && 10*min(a.right-a.left, b.right-b.left) >= 7*w && w > 12*h
}

// around is an area with white around it, as much as a line is high.
func (p picture) around(a area, margin int) area {
	return area{max(0, a.left-margin), max(0, a.top-margin), min(p.w, a.right+margin), min(p.h, a.bottom+margin)}
}

// view is a photograph turned so that its lines are level, with the places where the zone may be.
type view struct {
	picture
	blocks  [][]grid // two or three lines that lie in places of one width, those with the most fillers first
	zones   []area
	fillers int
}

// views returns the photograph as it lies and turned, the likeliest first: with the most fillers, which only an upright zone has.
func views(p picture) []view {
	upright := viewOf(p)
	if upright.fillers >= 6 {
		return []view{upright}
	}
	out := []view{upright}
	for range 3 {
		p = p.turned()
		out = append(out, viewOf(p))
	}
	slices.SortStableFunc(out, func(a, b view) int { return b.fillers - a.fillers })
	return out
}

// viewOf makes the lines of the zone level. Where the camera was held aslant those at the foot of the page have another slope than those above, so that the foot is asked first, and the page when nothing comes of it.
func viewOf(p picture) view {
	ink := p.ink()
	foot := ink.part(area{0, p.h * 55 / 100, p.w, p.h}, 1)
	v := levelled(p, foot.slope())
	if len(v.blocks) == 0 {
		if whole := levelled(p, ink.slope()); len(whole.blocks) > 0 {
			return whole
		}
	}
	return v
}

func levelled(p picture, slope float64) view {
	v := view{picture: p.straightened(slope)}
	ink := v.ink()
	v.zones = ink.zones()
	v.blocks = blocksOf(ink)
	for _, b := range v.blocks {
		settle(v.picture, b)
		v.fillers = max(v.fillers, fillersIn(b))
	}
	return v
}

func fillersIn(block []grid) (n int) {
	for _, g := range block {
		n += g.count()
	}
	return n
}

// blocksOf returns lines of one length that follow one another, as many as a zone of that length has (ICAO 9303-3 §4.2: three of 30, two of 36 or 44).
func blocksOf(ink picture) [][]grid {
	var grids []grid
	for _, r := range ink.rows() {
		if g, ok := gridOf(ink, r); ok {
			grids = append(grids, g)
		}
	}
	var out [][]grid
	for i := range grids {
		need := 2
		if len(grids[i].fillers) == 30 {
			need = 3
		}
		if i+need > len(grids) {
			continue
		}
		block := grids[i : i+need]
		together := true
		for k := 1; k < need; k++ {
			together = together && len(block[k].fillers) == len(block[0].fillers) && alike(block[k-1].row, block[k].row)
		}
		if together && fillersIn(block) > 0 {
			out = append(out, block)
		}
	}
	slices.SortStableFunc(out, func(a, b []grid) int { return fillersIn(b) - fillersIn(a) })
	return out
}
