package specimen

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"sync"
)

// The size of the drawn portrait, as ICAO 9303-9 has them at 300 dots an inch.
const (
	portraitWidth  = 413
	portraitHeight = 531
)

// Portrait draws a face of nobody, in JPEG: of ellipses, so that whoever sees it knows that it is drawn. It draws it once.
func Portrait() ([]byte, error) {
	b, err := drawn()
	return bytes.Clone(b), err
}

var drawn = sync.OnceValues(draw)

func draw() ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, portraitWidth, portraitHeight))
	for y := range portraitHeight {
		for x := range portraitWidth {
			img.SetRGBA(x, y, pixel(float64(x)/portraitWidth, float64(y)/portraitHeight))
		}
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 85})
	return b.Bytes(), err
}

// ellipse is a part of the drawing, in parts of width and height.
type ellipse struct {
	x, y, rx, ry float64
	colour       color.RGBA
}

// face is drawn from the first to the last.
var face = []ellipse{
	{0.50, 1.10, 0.46, 0.34, color.RGBA{70, 88, 120, 255}},   // shoulders
	{0.50, 0.80, 0.11, 0.14, color.RGBA{205, 164, 136, 255}}, // neck
	{0.50, 0.42, 0.27, 0.31, color.RGBA{92, 66, 48, 255}},    // hair
	{0.50, 0.49, 0.22, 0.28, color.RGBA{224, 184, 156, 255}}, // face
	{0.41, 0.46, 0.040, 0.018, color.RGBA{250, 250, 250, 255}},
	{0.59, 0.46, 0.040, 0.018, color.RGBA{250, 250, 250, 255}},
	{0.41, 0.46, 0.017, 0.016, color.RGBA{66, 92, 70, 255}},
	{0.59, 0.46, 0.017, 0.016, color.RGBA{66, 92, 70, 255}},
	{0.41, 0.425, 0.050, 0.008, color.RGBA{92, 66, 48, 255}},
	{0.59, 0.425, 0.050, 0.008, color.RGBA{92, 66, 48, 255}},
	{0.50, 0.54, 0.022, 0.045, color.RGBA{206, 160, 132, 255}},
	{0.50, 0.64, 0.070, 0.014, color.RGBA{170, 84, 80, 255}},
}

// pixel is the colour at a place: the topmost part there, before a background that grows lighter downwards, with the fine grain of paper.
func pixel(x, y float64) color.RGBA {
	light := uint8(206 + 30*y)
	c := color.RGBA{light, light, light, 255}
	for _, e := range face {
		if dx, dy := (x-e.x)/e.rx, (y-e.y)/e.ry; dx*dx+dy*dy <= 1 {
			c = e.colour
		}
	}
	grain := int(6 * math.Sin(900*x+431*y*y) * math.Sin(700*y+313*x*x))
	return color.RGBA{shade(c.R, grain), shade(c.G, grain), shade(c.B, grain), 255}
}

func shade(v uint8, by int) uint8 { return uint8(min(255, max(0, int(v)+by))) }

// sizeOf reads how large a JPEG is.
func sizeOf(b []byte) (width, height int, err error) {
	c, err := jpeg.DecodeConfig(bytes.NewReader(b))
	switch {
	case err != nil:
		return 0, 0, invalid("portrait", "it is no JPEG: "+err.Error())
	case c.Width > 0xffff || c.Height > 0xffff || len(b) > 512<<10:
		return 0, 0, invalid("portrait", "it is larger than a chip's portrait can be: at most 512 kilobytes")
	}
	return c.Width, c.Height, nil
}
