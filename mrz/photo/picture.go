package photo

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // the two kinds that are taken
	_ "image/png"
	"math"

	"marz"
)

// Bounds of a photograph. What a telephone takes stays below.
const (
	MostBytes  = 10 << 20
	mostPixels = 32_000_000
	mostSide   = 12_000
)

// workSide is the longer side of a photograph while it is looked at: of more, the noise grows and not the letters.
const workSide = 2000

// picture is a photograph in shades of grey, 0 black to 255 white, row by row.
type picture struct {
	w, h int
	pix  []uint8
}

func newPicture(w, h int) picture { return picture{w, h, make([]uint8, w*h)} }

// decode reads a JPEG or PNG within the bounds, in shades of grey and no larger than it is looked at.
func decode(b []byte) (picture, error) {
	if len(b) > MostBytes {
		return picture{}, invalid("it has more than 10 MB; take it smaller")
	}
	config, kind, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil || kind != "jpeg" && kind != "png" {
		return picture{}, invalid("it is no JPEG or PNG")
	}
	if config.Width < 100 || config.Height < 40 {
		return picture{}, invalid("it is too small to read anything in it")
	}
	if config.Width > mostSide || config.Height > mostSide || config.Width*config.Height > mostPixels {
		return picture{}, invalid(fmt.Sprintf("it has %d by %d pixels; at most 32 million are taken", config.Width, config.Height))
	}
	img, _, err := image.Decode(bytes.NewReader(b))
	if err != nil {
		return picture{}, invalid("it breaks off or is damaged; take it again")
	}
	return shrunk(img), nil
}

func invalid(fix string) error {
	return &marz.Error{Code: marz.Invalid, Op: "read photograph", Fix: fix}
}

// shrunk returns an image in shades of grey, each of whose pixels is the mean of as many as make it no larger than workSide.
func shrunk(img image.Image) picture {
	b := img.Bounds()
	n := max(1, (max(b.Dx(), b.Dy())+workSide-1)/workSide)
	p := newPicture(b.Dx()/n, b.Dy()/n)
	shade := shadeOf(img)
	for y := range p.h {
		for x := range p.w {
			sum := 0
			for dy := range n {
				for dx := range n {
					sum += shade(b.Min.X+x*n+dx, b.Min.Y+y*n+dy)
				}
			}
			p.pix[y*p.w+x] = uint8(sum / (n * n))
		}
	}
	return p
}

// shadeOf returns how to read the brightness of a pixel: a JPEG has it as it is.
func shadeOf(img image.Image) func(x, y int) int {
	switch img := img.(type) {
	case *image.YCbCr:
		return func(x, y int) int { return int(img.Y[img.YOffset(x, y)]) }
	case *image.Gray:
		return func(x, y int) int { return int(img.Pix[img.PixOffset(x, y)]) }
	}
	return func(x, y int) int {
		r, g, b, _ := img.At(x, y).RGBA()
		return int((299*r + 587*g + 114*b) / 1000 >> 8)
	}
}

// turned returns the picture after a quarter turn to the right.
func (p picture) turned() picture {
	out := newPicture(p.h, p.w)
	for y := range p.h {
		for x := range p.w {
			out.pix[x*out.w+p.h-1-y] = p.pix[y*p.w+x]
		}
	}
	return out
}

// at is the shade between pixels; beyond the edge it is that of the edge.
func (p picture) at(x, y float64) float64 {
	x0, y0 := math.Floor(x), math.Floor(y)
	fx, fy := x-x0, y-y0
	left, right := within(int(x0), p.w), within(int(x0)+1, p.w)
	above, below := within(int(y0), p.h)*p.w, within(int(y0)+1, p.h)*p.w
	top := float64(p.pix[above+left])*(1-fx) + float64(p.pix[above+right])*fx
	bottom := float64(p.pix[below+left])*(1-fx) + float64(p.pix[below+right])*fx
	return top*(1-fy) + bottom*fy
}

func within(i, n int) int { return max(0, min(n-1, i)) }

// straightened returns the picture with lines of the slope, pixels down for each to the right, made level.
func (p picture) straightened(slope float64) picture {
	if slope == 0 {
		return p
	}
	out := newPicture(p.w, p.h)
	sin, cos := math.Sincos(math.Atan(slope))
	cx, cy := float64(p.w)/2, float64(p.h)/2
	for y := range p.h {
		for x := range p.w {
			dx, dy := float64(x)-cx, float64(y)-cy
			out.pix[y*p.w+x] = uint8(p.at(cos*dx-sin*dy+cx, sin*dx+cos*dy+cy))
		}
	}
	return out
}

// area is a part of a picture, its right and lower edges not in it.
type area struct{ left, top, right, bottom int }

// part returns a part of the picture, larger or smaller by a factor.
func (p picture) part(a area, factor float64) picture {
	out := newPicture(max(1, int(float64(a.right-a.left)*factor)), max(1, int(float64(a.bottom-a.top)*factor)))
	for y := range out.h {
		for x := range out.w {
			out.pix[y*out.w+x] = uint8(p.at(float64(a.left)+(float64(x)+.5)/factor-.5, float64(a.top)+(float64(y)+.5)/factor-.5))
		}
	}
	return out
}

// softened returns the picture with each pixel the mean of the nine around it, which takes noise off.
func (p picture) softened() picture {
	sums := p.sums()
	out := newPicture(p.w, p.h)
	for y := range p.h {
		for x := range p.w {
			out.pix[y*p.w+x] = uint8(sums.mean(x, y, 1))
		}
	}
	return out
}

// sums holds for each place the sum of all shades above it and to its left.
type sums struct {
	w, h int
	of   []uint32
}

func (p picture) sums() sums {
	s := sums{p.w, p.h, make([]uint32, (p.w+1)*(p.h+1))}
	for y := range p.h {
		row := uint32(0)
		for x := range p.w {
			row += uint32(p.pix[y*p.w+x])
			s.of[(y+1)*(p.w+1)+x+1] = s.of[y*(p.w+1)+x+1] + row
		}
	}
	return s
}

// mean returns the mean shade of the square around a place that reaches r pixels to each side, as far as it is in the picture.
func (s sums) mean(x, y, r int) int {
	x0, x1, y0, y1 := max(0, x-r), min(s.w, x+r+1), max(0, y-r), min(s.h, y+r+1)
	w := s.w + 1
	return int(s.of[y1*w+x1]-s.of[y0*w+x1]-s.of[y1*w+x0]+s.of[y0*w+x0]) / ((x1 - x0) * (y1 - y0))
}
