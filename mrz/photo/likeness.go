package photo

import "math"

// face is what a place looks like, in as many shades across and down for each place, their mean taken away and all brought to the same strength.
type face [faceSide * faceSide]float64

const faceSide = 14

// like is how alike two faces are at the least, of which one is a filler and the other the mean of many: 1 is the same, 0 has nothing in common. A K, which is likest, reaches .79, and a true filler falls to .86 in a blurred picture.
const like = .83

// facesOf returns the faces of the places of a line.
func facesOf(p picture, g grid) []face {
	out := make([]face, len(g.middles))
	h := 1.1 * float64(g.tall)
	for i, m := range g.middles {
		for y := range faceSide {
			for x := range faceSide {
				out[i][y*faceSide+x] = p.at(m+((float64(x)+.5)/faceSide-.5)*g.pitch, g.heights[i]+((float64(y)+.5)/faceSide-.5)*h)
			}
		}
		out[i].level()
	}
	return out
}

// level takes the mean away and brings the face to strength 1. A face of one shade is nothing.
func (f *face) level() {
	sum, squares := 0.0, 0.0
	for _, v := range f {
		sum += v
	}
	for i := range f {
		f[i] -= sum / float64(len(f))
		squares += f[i] * f[i]
	}
	if squares == 0 {
		return
	}
	for i := range f {
		f[i] /= math.Sqrt(squares)
	}
}

// likeness is the product of two levelled faces.
func (f *face) likeness(g *face) (sum float64) {
	for i := range f {
		sum += f[i] * g[i]
	}
	return sum
}

// settle says anew which places of a block hold fillers: those that look like the mean of the fillers that were told by their shape. In a small or blurred picture a shape can be broken here and there; most are whole.
func settle(p picture, block []grid) {
	var mean face
	faces := make([][]face, len(block))
	n := 0
	for i, g := range block {
		faces[i] = facesOf(p, g)
		for k, filler := range g.fillers {
			if !filler {
				continue
			}
			n++
			for j, v := range faces[i][k] {
				mean[j] += v
			}
		}
	}
	if n < 3 {
		return
	}
	mean.level()
	for i, g := range block {
		for k := range g.fillers {
			g.fillers[k] = faces[i][k].likeness(&mean) > like
		}
	}
}
