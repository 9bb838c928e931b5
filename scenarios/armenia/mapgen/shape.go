package main

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// point is a point of the drawing.
type point struct{ X, Y float64 }

// box is an upright rectangle.
type box struct{ left, top, right, bottom float64 }

// round cuts a coordinate to a tenth of a unit, so that equal points are equal in the file.
func round(v float64) float64 { return math.Round(v*10) / 10 }

// simplify returns a line without the points that lie within tolerance of what is left (Douglas and Peucker, 1973). Its ends stay.
func simplify(line []point, tolerance float64) []point {
	if len(line) < 3 {
		return line
	}
	first, last := line[0], line[len(line)-1]
	far, at := -1.0, 0
	for i, p := range line[1 : len(line)-1] {
		if d := distance(p, first, last); d > far {
			far, at = d, i+1
		}
	}
	if far <= tolerance && first != last { // a closed line keeps a third point, and more where they are far
		return []point{first, last}
	}
	return append(simplify(line[:at+1], tolerance), simplify(line[at:], tolerance)[1:]...)
}

// distance returns how far p is from the stretch between a and b.
func distance(p, a, b point) float64 {
	dx, dy := b.X-a.X, b.Y-a.Y
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = min(1, max(0, ((p.X-a.X)*dx+(p.Y-a.Y)*dy)/l))
	}
	return math.Hypot(p.X-a.X-t*dx, p.Y-a.Y-t*dy)
}

// clip returns the part of a closed ring inside a box (Sutherland and Hodgman, 1974), or nil. Where the ring leaves the box, the
// part runs along its edge.
func clip(ring []point, b box) []point {
	for _, side := range []struct {
		inside func(point) bool
		cut    func(p, q point) point
	}{
		{func(p point) bool { return p.X >= b.left }, func(p, q point) point { return atX(p, q, b.left) }},
		{func(p point) bool { return p.X <= b.right }, func(p, q point) point { return atX(p, q, b.right) }},
		{func(p point) bool { return p.Y >= b.top }, func(p, q point) point { return atY(p, q, b.top) }},
		{func(p point) bool { return p.Y <= b.bottom }, func(p, q point) point { return atY(p, q, b.bottom) }},
	} {
		var out []point
		for i, p := range ring {
			before := ring[(i+len(ring)-1)%len(ring)]
			if side.inside(p) != side.inside(before) {
				out = append(out, side.cut(before, p))
			}
			if side.inside(p) {
				out = append(out, p)
			}
		}
		ring = slices.Compact(out)
	}
	if len(ring) < 3 {
		return nil
	}
	return ring
}

func atX(p, q point, x float64) point {
	return point{X: x, Y: round(p.Y + (q.Y-p.Y)*(x-p.X)/(q.X-p.X))}
}

func atY(p, q point, y float64) point {
	return point{X: round(p.X + (q.X-p.X)*(y-p.Y)/(q.Y-p.Y)), Y: y}
}

// area returns the area of a ring.
func area(ring []point) float64 {
	var sum float64
	for i, p := range ring {
		q := ring[(i+1)%len(ring)]
		sum += p.X*q.Y - q.X*p.Y
	}
	return math.Abs(sum) / 2
}

// middle returns the point inside a ring and a box that is farthest from the edges of both, on a grid of ten units. Since names are
// wide and low, distances across count a third. It is the place for a name.
func middle(ring []point, b box) point {
	const squeeze = 3
	narrow := func(p point) point { return point{X: p.X / squeeze, Y: p.Y} }
	best, at := -1.0, ring[0]
	for x := b.left; x <= b.right; x += 10 {
		for y := b.top; y <= b.bottom; y += 10 {
			p := point{X: x, Y: y}
			if !inside(p, ring) {
				continue
			}
			d := min((x-b.left)/squeeze, (b.right-x)/squeeze, y-b.top, b.bottom-y)
			for i, q := range ring {
				d = min(d, distance(narrow(p), narrow(q), narrow(ring[(i+1)%len(ring)])))
			}
			if d > best {
				best, at = d, p
			}
		}
	}
	return at
}

// inside reports whether a ring goes round p.
func inside(p point, ring []point) bool {
	in := false
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		if (a.Y > p.Y) != (b.Y > p.Y) && p.X < a.X+(b.X-a.X)*(p.Y-a.Y)/(b.Y-a.Y) {
			in = !in
		}
	}
	return in
}

// halfway returns the point half-way along a line.
func halfway(line []point) point {
	var length float64
	for i := range line[1:] {
		length += math.Hypot(line[i+1].X-line[i].X, line[i+1].Y-line[i].Y)
	}
	left := length / 2
	for i := range line[1:] {
		a, b := line[i], line[i+1]
		step := math.Hypot(b.X-a.X, b.Y-a.Y)
		if step >= left && step > 0 {
			return point{X: round(a.X + (b.X-a.X)*left/step), Y: round(a.Y + (b.Y-a.Y)*left/step)}
		}
		left -= step
	}
	return line[len(line)-1]
}

// path writes a line as SVG path data. A closed one is given without its last point.
func path(line []point, closed bool) string {
	var s strings.Builder
	for i, p := range line {
		s.WriteByte("M "[min(i, 1)])
		s.WriteString(strconv.FormatFloat(p.X, 'f', -1, 64) + " " + strconv.FormatFloat(p.Y, 'f', -1, 64))
	}
	if closed {
		s.WriteByte('Z')
	}
	return s.String()
}
