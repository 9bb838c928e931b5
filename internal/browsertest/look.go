package browsertest

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"slices"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Load is one file that a page loaded to its end.
type Load struct {
	URL   string
	Bytes int // as transferred, with headers
}

// Loads returns what the page has loaded so far.
func (p *Page) Loads() []Load {
	p.settle()
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.loaded)
}

// Picture returns the window's pixels.
func (p *Page) Picture() image.Image {
	p.t.Helper()
	shot := do(p, "picture", func(ctx context.Context, t *chromedp.Target) ([]byte, error) {
		res, err := cdp.Call(ctx, t, page.CaptureScreenshot, page.CaptureScreenshotParams{})
		return res.Data, err
	})
	img, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		p.t.Fatal(err)
	}
	return img
}

// EmulateVision shows the page as somebody sees it who is blind to colours: "protanopia", "deuteranopia", "tritanopia", "achromatopsia"; "none" ends it.
func (p *Page) EmulateVision(kind string) {
	p.t.Helper()
	params := emulation.SetEmulatedVisionDeficiencyParams{Type: emulation.SetEmulatedVisionDeficiencyType(kind)}
	do(p, "emulate vision", call(emulation.SetEmulatedVisionDeficiency, params))
}
