package photo

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// ocrB is where Debian's fonts-ocr-b puts the typeface in which zones are printed (ICAO 9303-3 §4.2.3.2). The project ships no font.
const ocrB = "/usr/share/fonts/opentype/ocr-b/OCRBS.otf" // its file of sharp corners: x/image cannot draw all of the round one

// shot is how a photograph of a page is taken.
type shot struct {
	seed   uint64
	ocrB   bool    // in OCR-B, otherwise in Go's own typeface of one width
	pitch  float64 // pixels from character to character
	slant  float64 // degrees
	turn   int     // quarter turns of the whole
	noise  float64 // standard deviation of the noise, of 255
	blur   int     // times a box of 3 by 3 is laid over it
	shadow float64 // share of the light that is lost in the darkest corner
	tilt   float64 // how much nearer one end of the page is than the other
	margin float64 // of the table around the page, as a share of the page's width
}

// ordinary is a photograph taken with care, in the typeface at hand.
func ordinary(seed uint64) shot {
	_, err := os.Stat(ocrB)
	return shot{seed: seed, ocrB: err == nil, pitch: 26, slant: 1, noise: 4, shadow: .2, margin: .05}
}

// random is a photograph as it is taken at a booth: never straight, never evenly lit.
func random(r *rand.Rand) shot {
	s := ordinary(r.Uint64())
	s.pitch = 18 + 14*r.Float64()
	s.slant = 8*r.Float64() - 4
	s.noise = 2 + 10*r.Float64()
	s.blur = r.IntN(3)
	s.shadow = .5 * r.Float64()
	s.tilt = .16*r.Float64() - .08
	s.margin = .02 + .15*r.Float64()
	if r.IntN(10) == 0 {
		s.turn = 1 + r.IntN(3)
	}
	return s
}

func (s shot) face(t testing.TB, kind []byte, size float64) font.Face {
	t.Helper()
	f, err := opentype.Parse(kind)
	if err != nil {
		t.Fatal(err)
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72})
	if err != nil {
		t.Fatal(err)
	}
	return face
}

// typeface is that of the zone, in the size at which its characters are pitch apart.
func (s shot) typeface(t testing.TB) font.Face {
	kind := gomono.TTF
	if s.ocrB {
		var err error
		if kind, err = os.ReadFile(ocrB); err != nil {
			t.Fatal(err)
		}
	}
	face := s.face(t, kind, 100)
	advance, _ := face.GlyphAdvance('M')
	return s.face(t, kind, 100*s.pitch*.98/(float64(advance)/64))
}

// page draws a data page: a portrait, some words, and the zone at its foot (ICAO 9303-4 §2: 125 by 88 mm, the zone's characters 2.54 mm apart).
func (s shot) page(t testing.TB, zone string) *image.Gray {
	mm := s.pitch / 2.54
	img := image.NewGray(image.Rect(0, 0, int(125*mm), int(88*mm)))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.Gray{235}), image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(int(6*mm), int(14*mm), int(38*mm), int(54*mm)), image.NewUniform(color.Gray{150}), image.Point{}, draw.Src)
	words := s.face(t, goregular.TTF, 4*mm)
	for i, text := range []string{"UTOPIA", "Passport / Passeport", "Surname / Nom", "Given names / Prénoms", "Date of birth / Date de naissance", "Authority / Autorité"} {
		write(img, words, text, 44*mm, (10+8*float64(i))*mm, 0)
	}
	face := s.typeface(t)
	lines := strings.Split(zone, "\n")
	first := 88 - 6.5*float64(len(lines)) - 4 + 4.5
	for i, line := range lines {
		write(img, face, line, (125-2.54*float64(len(line)))/2*mm, (first+6.35*float64(i))*mm, s.pitch)
	}
	return img
}

// write sets a text with its characters pitch apart, or as its typeface has them.
func write(img *image.Gray, face font.Face, text string, x, y, pitch float64) {
	d := font.Drawer{Dst: img, Src: image.NewUniform(color.Gray{25}), Face: face, Dot: fixed.Point26_6{X: fixed.Int26_6(x * 64), Y: fixed.Int26_6(y * 64)}}
	if pitch == 0 {
		d.DrawString(text)
		return
	}
	for i, c := range text {
		d.Dot.X = fixed.Int26_6((x + pitch*float64(i)) * 64)
		d.DrawString(string(c))
	}
}

// take makes the photograph: the page lies slanted on a dark table, in a shadow, and the camera adds its noise. It returns a JPEG.
func (s shot) take(t testing.TB, zone string) []byte {
	t.Helper()
	page := s.page(t, zone)
	w, h := page.Bounds().Dx(), page.Bounds().Dy()
	m := int(s.margin * float64(w))
	out := image.NewGray(image.Rect(0, 0, w+2*m, h+2*m))
	sin, cos := math.Sincos(s.slant * math.Pi / 180)
	r := rand.New(rand.NewPCG(s.seed, 1))
	cx, cy := float64(out.Rect.Dx())/2, float64(out.Rect.Dy())/2
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			dx, dy := float64(x)-cx, float64(y)-cy
			near := 1 + s.tilt*dx/float64(w) - s.tilt/2*dy/float64(h)
			v := sample(page, (cos*dx+sin*dy)/near+float64(w)/2, (-sin*dx+cos*dy)/near+float64(h)/2)
			light := 1 - s.shadow*(float64(x)/float64(out.Rect.Dx())+float64(y)/float64(out.Rect.Dy()))/2
			out.Pix[y*out.Stride+x] = clamp(v*light + s.noise*r.NormFloat64())
		}
	}
	for range s.blur {
		out = blurred(out)
	}
	for range s.turn {
		out = turned(out)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, out, &jpeg.Options{Quality: 75}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sample is the page between its pixels, and the table beside it.
func sample(img *image.Gray, x, y float64) float64 {
	x0, y0 := math.Floor(x), math.Floor(y)
	at := func(x, y int) float64 {
		if !(image.Point{x, y}).In(img.Rect) {
			return 70
		}
		return float64(img.Pix[y*img.Stride+x])
	}
	fx, fy, ix, iy := x-x0, y-y0, int(x0), int(y0)
	return (at(ix, iy)*(1-fx)+at(ix+1, iy)*fx)*(1-fy) + (at(ix, iy+1)*(1-fx)+at(ix+1, iy+1)*fx)*fy
}

func clamp(v float64) uint8 { return uint8(max(0, min(255, v))) }

func blurred(in *image.Gray) *image.Gray {
	out := image.NewGray(in.Rect)
	w, h := in.Rect.Dx(), in.Rect.Dy()
	for y := range h {
		for x := range w {
			sum := 0
			for dy := -1; dy <= 1; dy++ {
				for dx := -1; dx <= 1; dx++ {
					sum += int(in.Pix[max(0, min(h-1, y+dy))*in.Stride+max(0, min(w-1, x+dx))])
				}
			}
			out.Pix[y*out.Stride+x] = uint8(sum / 9)
		}
	}
	return out
}

// turned is a quarter turn to the right.
func turned(in *image.Gray) *image.Gray {
	w, h := in.Rect.Dx(), in.Rect.Dy()
	out := image.NewGray(image.Rect(0, 0, h, w))
	for y := range h {
		for x := range w {
			out.Pix[x*out.Stride+h-1-y] = in.Pix[y*in.Stride+x]
		}
	}
	return out
}
