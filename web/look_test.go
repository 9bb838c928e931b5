package web_test

import (
	"image"
	"path"
	"strings"
	"testing"

	"marz"
	"marz/internal/browsertest"
)

// scripts are words in every script that pages bring a font for, in both weights.
const scripts = "Marz Überprüfung İstanbul Граница Սահման საზღვარი مرز پاسخ"

// TestLaneWeighs holds what a lane's page costs on a thin line, as a browser transfers it: 50 kB, and 300 kB with the fonts of all scripts.
func TestLaneWeighs(t *testing.T) {
	_, p := openLane(t, browsertest.New(t, browsertest.Options{}))
	if missing := browsertest.Eval[int](p, `(async () => {
		for (const weight of ["400", "700"]) await document.fonts.load(weight + " 16px Marz", "`+scripts+`");
		return [...document.fonts].filter((f) => f.status !== "loaded").length;
	})()`); missing > 0 {
		t.Errorf("%d of the fonts did not load", missing)
	}
	files, fonts, plain := 0, 0, 0
	for _, l := range p.Loads() {
		if strings.HasSuffix(l.URL, ".woff2") {
			fonts += l.Bytes
			continue
		}
		plain += l.Bytes
		t.Logf("%6d %s", l.Bytes, path.Base(l.URL))
		files++
		if strings.HasSuffix(l.URL, ".js") && l.Bytes > 8000 {
			t.Errorf("%s weighs %d bytes: is it compressed?", l.URL, l.Bytes)
		}
	}
	t.Logf("the lane's page: %d bytes in %d files, and %d of fonts", plain, files, fonts)
	if plain == 0 || plain > 50_000 || plain+fonts > 300_000 {
		t.Errorf("the lane's page weighs %d bytes, and %d with its fonts", plain, plain+fonts)
	}
}

// contrastOf is the contrast of WCAG 2.2 §1.4.3 between an element's text and the nearest ground that is painted behind it.
const contrastOf = `((id) => {
	const linear = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
	const light = (c) => { const [r, g, b] = c.match(/[\d.]+/g).map(Number); return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b); };
	let ground = document.getElementById(id);
	const text = light(getComputedStyle(ground).color);
	while (/, 0\)$/.test(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
	const behind = light(getComputedStyle(ground).backgroundColor);
	return (Math.max(text, behind) + 0.05) / (Math.min(text, behind) + 0.05);
})`

var zones = map[string]string{"clear": ordinary, "attention": expired, "stop": stopper}

// TestVerdictIsSeen holds that a verdict is read in both themes, and told from the others by its shape alone, without colours.
func TestVerdictIsSeen(t *testing.T) {
	b := browsertest.New(t, browsertest.Options{})
	for verdict, zone := range zones {
		t.Run(verdict, func(t *testing.T) {
			_, p := openLane(t, b)
			scan(p, zone)
			p.WaitFor(`document.getElementById("verdict").dataset.verdict === "` + verdict + `"`)
			for _, theme := range []string{"night", "day"} {
				// The machine asks for the night: by day the officer's choice goes before.
				p.WaitFor(`document.documentElement.dataset.theme === "` + theme + `" || void document.getElementById("theme").click()`)
				for _, id := range []string{"verdict-word", "verdict-why"} {
					if c := browsertest.Eval[float64](p, contrastOf+`("`+id+`")`); c < 7 {
						t.Errorf("%s by %s: contrast of %s is %.2f", verdict, theme, id, c)
					} else {
						t.Logf("%s by %s: contrast of %s is %.2f", verdict, theme, id, c)
					}
				}
				for _, vision := range []string{"achromatopsia", "protanopia", "deuteranopia", "tritanopia"} {
					p.EmulateVision(vision)
					if got := shapeOf(p); got != verdict {
						t.Errorf("%s by %s under %s has the shape of %s", verdict, theme, vision, got)
					}
				}
				p.EmulateVision("none")
				shoot(t, p, "seen-"+verdict+"-"+theme)
			}
			if got := p.Text("#verdict-word"); got != strings.ToUpper(verdict) {
				t.Errorf("the word is %q", got)
			}
		})
	}
}

// shapeOf tells the verdict from its outline: a ring is hollow, a triangle has a point above and a broad foot, an octagon is broad in the middle.
func shapeOf(p *browsertest.Page) string {
	type box struct{ X, Y, Width, Height float64 }
	r := browsertest.Eval[box](p, `(({ x, y, width, height }) => ({ X: x, Y: y, Width: width, Height: height }))(document.querySelector("#verdict-shape svg").getBoundingClientRect())`)
	img := p.Picture()
	lit := func(x, y float64) bool { // in hundredths of the drawing
		px := image.Pt(int(r.X+x*r.Width/100), int(r.Y+y*r.Height/100))
		return differ(img, px, image.Pt(int(r.X)+1, int(r.Y)+1))
	}
	width := func(y float64) (n int) {
		for x := range 100 {
			if lit(float64(x), y) {
				n++
			}
		}
		return n
	}
	switch {
	case lit(10, 50) && !lit(22, 50) && lit(50, 10) && !lit(50, 24):
		return "clear"
	case width(20) < 25 && width(86) > 75 && lit(22, 75):
		return "attention"
	case width(8) > 35 && width(50) > 75 && width(92) > 35 && lit(22, 50):
		return "stop"
	}
	return "nothing"
}

// differ compares the lightness of two pixels, as in a picture without colours.
func differ(img image.Image, a, b image.Point) bool {
	light := func(p image.Point) int {
		r, g, b, _ := img.At(p.X, p.Y).RGBA()
		return int(299*r+587*g+114*b) / 1000 >> 8
	}
	d := light(a) - light(b)
	return d > 40 || d < -40
}

// TestJointVerdictFits holds that nothing of the verdict's panel is cut at a joint lane at 1280 by 800, with words 1.6 times as long, in either direction.
func TestJointVerdictFits(t *testing.T) {
	_, ru, am := openTwo(t, browsertest.New(t, browsertest.Options{}), marz.Admit, marz.Refuse)
	refused(ru, am)
	for _, dir := range []string{"ltr", "rtl"} {
		over := browsertest.Eval[int](am, `((dir) => {
			document.documentElement.dir = dir;
			const panel = document.getElementById("verdict");
			for (const id of ["verdict-why", "waits"]) {
				const el = document.getElementById(id);
				el.dataset.own ??= el.textContent;
				el.textContent = el.dataset.own + " " + "wordlike ".repeat(el.dataset.own.length * 0.6 / 9);
			}
			const word = document.getElementById("verdict-word");
			word.textContent = "ATTENTIONWORDS";
			word.style.setProperty("--letters", 14);
			return Math.max(panel.scrollHeight - panel.clientHeight, panel.scrollWidth - panel.clientWidth);
		})("`+dir+`")`)
		if over > 0 {
			t.Errorf("%s: %d px of the verdict are out of sight", dir, over)
		}
		shootBoth(t, am, "joint-long-"+dir)
	}
}
