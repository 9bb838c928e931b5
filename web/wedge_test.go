package web_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz/internal/browsertest"
)

// wedgeServer serves the asset, and pages that use it, under the policy of the lane page.
func wedgeServer(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/assets/", http.StripPrefix("/assets/", http.FileServer(http.Dir("assets"))))
	mux.Handle("/", http.FileServer(http.Dir("testdata/wedge")))
	mux.HandleFunc("/favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; require-trusted-types-for 'script'")
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// sample is a machine-readable zone, its lines separated by \n, and its format.
type sample struct {
	Format string `json:"format"`
	Text   string `json:"text"`
}

func (s sample) oneLine() string { return strings.ReplaceAll(s.Text, "\n", "") }

// specimens are those of ICAO 9303-4 Appendix A, 9303-5 and 9303-6 Appendix B, 9303-7 Appendices A and B, and 9303-8 Appendix B,
// and the one that France published of its older card.
var specimens = []sample{
	{"TD1", "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"},
	{"TD2", "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6"},
	{"TD3", "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"},
	{"MRV-A", "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<"},
	{"MRV-B", "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL8988901C4XXX4009078F9612109<<<<<<<<"},
	{"TD2", "PUUTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F2606277<<<<<<<8"},
	{"FRA-ID", "IDFRABERTHIER<<<<<<<<<<<<<<<<<<<<<<<\n8806923102858CORINNE<<<<<<<6512068F6"},
}

// typings are the ways in which readers end lines.
var typings = []func(sample) string{
	func(s sample) string { return s.Text },
	func(s sample) string { return s.Text + "\n" },
	func(s sample) string { return strings.ReplaceAll(s.Text, "\n", "\t") + "\t" },
	func(s sample) string { return s.oneLine() + "\n" },
	func(s sample) string { return strings.ReplaceAll(s.Text, "\n", "\n\n") + "\n\n" },
}

// randomSample returns a zone of one of the five formats, or an older French card or a single sheet, with true check digits and every character somewhere.
func randomSample(r *rand.Rand) sample {
	fill := func(n int, from string) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = from[r.IntN(len(from))]
		}
		return string(b)
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	const digits = "0123456789"
	pad := func(s string, n int) string { return (s + strings.Repeat("<", n))[:n] }
	cd := func(s string) string { return s + checkDigit(s) }
	name := func(n int) string {
		return pad(fill(2+r.IntN(12), letters)+"<<"+fill(1+r.IntN(10), letters)+"<"+fill(r.IntN(12), letters), n)
	}
	number := func() string { return cd(pad(fill(1+r.IntN(9), letters+digits), 9)) }
	date := func() string {
		return cd(fmt.Sprintf("%02d%02d%02d", r.IntN(100), 1+r.IntN(12), 1+r.IntN(28)))
	}
	state := func() string { return fill(3, letters) }
	sex := func() string { return fill(1, "MF<") }
	optional := func(n int) string { return pad(fill(r.IntN(n+1), letters+digits), n) }
	kind := fill(1, "<"+letters)
	switch r.IntN(7) {
	case 5:
		one := "IDFRA" + pad(fill(2+r.IntN(20), letters), 25) + pad(fill(r.IntN(7), digits), 6)
		two := cd(fill(12, digits)) + pad(fill(1+r.IntN(14), letters), 14) + date() + fill(1, "MF")
		return sample{"FRA-ID", one + "\n" + two + checkDigit(one+two)}
	case 6: // its later card begins alike
		one := "IDFRA" + number() + optional(15)
		two := date() + sex() + date() + "FRA" + optional(11)
		return sample{"TD1", one + "\n" + two + checkDigit(one[5:]+two[:7]+two[8:15]+two[18:29]) + "\n" + name(30)}
	case 0:
		one := fill(1, "ACI") + kind + state() + number() + optional(15)
		two := date() + sex() + date() + state() + optional(11)
		two += checkDigit(one[5:] + two[:7] + two[8:15] + two[18:29])
		return sample{"TD1", one + "\n" + two + "\n" + name(30)}
	case 1:
		two := number() + state() + date() + sex() + date() + optional(7)
		two += checkDigit(two[:10] + two[13:20] + two[21:35])
		code := []string{fill(1, "ACI") + kind, "PU"}[r.IntN(2)]
		return sample{"TD2", code + state() + name(31) + "\n" + two}
	case 2:
		two := number() + state() + date() + sex() + date() + cd(optional(14))
		two += checkDigit(two[:10] + two[13:20] + two[21:43])
		return sample{"TD3", "P" + kind + state() + name(39) + "\n" + two}
	case 3:
		return sample{"MRV-A", "V" + kind + state() + name(39) + "\n" + number() + state() + date() + sex() + date() + optional(16)}
	}
	return sample{"MRV-B", "V" + kind + state() + name(31) + "\n" + number() + state() + date() + sex() + date() + optional(8)}
}

// checkDigit is that of ICAO 9303-3 §4.9.
func checkDigit(s string) string {
	sum := 0
	for i, c := range s {
		v := 0
		switch {
		case c >= '0' && c <= '9':
			v = int(c - '0')
		case c >= 'A' && c <= 'Z':
			v = int(c-'A') + 10
		}
		sum += v * [3]int{7, 3, 1}[i%3]
	}
	return string(rune('0' + sum%10))
}

func openWedge(t *testing.T, b *browsertest.Browser, url string) *browsertest.Page {
	t.Helper()
	p := b.Page()
	p.Navigate(url + "/page.html")
	p.WaitFor("window.ready")
	return p
}

// received waits for n reports with nothing begun after them, and returns the scans. It fails when there was anything besides: a
// partial or garbled scan, a control of the page activated, a key left to the page.
func received(t *testing.T, p *browsertest.Page, n int) []sample {
	t.Helper()
	p.WaitFor(fmt.Sprintf("seen.scans.length + seen.partial.length + seen.garbled.length >= %d && wedge.scan.chars === 0", n))
	got := browsertest.Eval[struct {
		Scans            []sample
		Partial, Garbled []any
		Activated        int
		Page             []string
	}](p, "seen")
	if len(got.Partial)+len(got.Garbled)+got.Activated+len(got.Page) > 0 {
		t.Errorf("besides %d scans: partial %v, garbled %v, %d activations, keys for the page %v",
			len(got.Scans), got.Partial, got.Garbled, got.Activated, got.Page)
	}
	return got.Scans
}

func TestWedgeLogic(t *testing.T) {
	p := browsertest.New(t, browsertest.Options{}).Page()
	p.Navigate(wedgeServer(t) + "/unit.html")
	p.WaitFor("window.results")
	for _, r := range browsertest.Eval[[]struct{ Name, Fault string }](p, "window.results") {
		t.Run(r.Name, func(t *testing.T) {
			if r.Fault != "" {
				t.Error(r.Fault)
			}
		})
	}
}

// TestWedgeBulk feeds thousands of zones in one stream, so that each end must be found by the characters alone.
func TestWedgeBulk(t *testing.T) {
	p := browsertest.New(t, browsertest.Options{}).Page()
	p.Navigate(wedgeServer(t) + "/unit.html")
	p.WaitFor("window.bulk")
	r := rand.New(rand.NewPCG(9303, 2))
	var want []sample
	var lines []string
	for range 5000 {
		s := randomSample(r)
		want = append(want, s)
		lines = append(lines, s.oneLine())
	}
	got := browsertest.Eval[[]sample](p, "bulk("+mustJSON(t, lines)+")")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("scans of a stream (-want +got):\n%.4000s", diff)
	}
}

// TestWedgeAmongControls types into a page whose button or field has the focus.
func TestWedgeAmongControls(t *testing.T) {
	p := openWedge(t, browsertest.New(t, browsertest.Options{}), wedgeServer(t))
	for _, focus := range []string{"button", "link", "manual"} {
		t.Run(focus, func(t *testing.T) {
			p.In(t)
			// The reader's pace is the machine's, and a busy machine is slow: the pace stands still.
			browsertest.Eval[any](p, "clear(), start(500, () => 0), document.getElementById('"+focus+"').focus()")
			var want []sample
			for _, s := range specimens {
				want = append(want, s)
				p.Key(browsertest.Reader(s.Text + "\n")...)
				if focus == "manual" { // each scan finds a field that nobody has taken from the officer yet
					p.WaitFor("wedge.timer === null")
				}
			}
			got := browsertest.Eval[[]sample](p, "seen.scans")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("scans (-want +got):\n%s", diff)
			}
			if focus != "manual" {
				p.Key(browsertest.Stroke{Code: "Enter"}, browsertest.Stroke{Code: "Enter", Ctrl: true}, browsertest.Stroke{Code: "NumpadEnter"})
			}
			if n := browsertest.Eval[int](p, "seen.activated"); n != 0 {
				t.Errorf("%d activations by Enter", n)
			}
			if v := browsertest.Eval[string](p, "document.getElementById('manual').value"); v != "AB" {
				t.Errorf("the field holds %q after scans, want AB as before", v)
			}
		})
	}
	browsertest.Eval[any](p, "start(500), document.getElementById('manual').select()")
	p.Key(browsertest.Reader("P12<")...)
	if v := browsertest.Eval[string](p, "document.getElementById('manual').value"); v != "P12<" {
		t.Errorf("the field holds %q after typing by hand, want P12<", v)
	}
}

// TestWedgeUnderLayouts types every format under every layout through the browser's own input.
func TestWedgeUnderLayouts(t *testing.T) {
	p := openWedge(t, browsertest.New(t, browsertest.Options{}), wedgeServer(t))
	browsertest.Eval[any](p, "start(5000)") // a busy machine may pause between two keys
	for _, l := range browsertest.Layouts {
		t.Run(l.Name, func(t *testing.T) {
			p.In(t)
			browsertest.Eval[any](p, "clear()")
			var want []sample
			for _, s := range specimens {
				for _, way := range []func(sample) string{sample.oneLine, typings[1]} {
					want = append(want, s)
					p.Type(l, browsertest.Reader(way(s)+"\n"))
				}
			}
			if diff := cmp.Diff(want, received(t, p, len(want))); diff != "" {
				t.Errorf("scans under layout %s (-want +got):\n%s", l.Name, diff)
			}
		})
	}
}

// TestWedgeUnderTrueKeyboard presses the keys of an X server, as a USB reader would, while the officer's layout is set by
// setxkbmap.
func TestWedgeUnderTrueKeyboard(t *testing.T) {
	d := browsertest.NewDisplay(t)
	p := openWedge(t, browsertest.New(t, browsertest.Options{Display: d}), wedgeServer(t))
	r := rand.New(rand.NewPCG(9303, 1))
	for _, l := range browsertest.Layouts {
		t.Run(l.Name, func(t *testing.T) {
			p.In(t)
			d.In(t)
			d.SetLayout(l.Name)
			layoutIsTrue(t, d, p, l)
			browsertest.Eval[any](p, "start(5000), clear()")
			var want []sample
			for i, s := range specimens {
				for _, way := range []func(sample) string{sample.oneLine, typings[i%len(typings)]} {
					want = append(want, s)
					d.Type(browsertest.Reader(way(s) + "\n"))
				}
			}
			for range 15 {
				s := randomSample(r)
				want = append(want, s)
				d.Type(browsertest.Reader(s.oneLine() + "\n"))
			}
			if diff := cmp.Diff(want, received(t, p, len(want))); diff != "" {
				t.Errorf("scans under layout %s (-want +got):\n%s", l.Name, diff)
			}
		})
	}
}

// TestWedgeUnderCapsLock scans while caps lock is on, which turns the reader's capitals into small letters.
func TestWedgeUnderCapsLock(t *testing.T) {
	d := browsertest.NewDisplay(t)
	p := openWedge(t, browsertest.New(t, browsertest.Options{Display: d}), wedgeServer(t))
	browsertest.Eval[any](p, "start(5000)")
	p.WaitFor("document.hasFocus()")
	d.Type([]browsertest.Stroke{{Code: "CapsLock"}})
	for _, s := range specimens {
		d.Type(browsertest.Reader(s.oneLine() + "\n"))
	}
	if diff := cmp.Diff(specimens, received(t, p, len(specimens))); diff != "" {
		t.Errorf("scans under caps lock (-want +got):\n%s", diff)
	}
	if first := browsertest.Eval[string](p, "seen.keys[0]"); first != "i" {
		t.Errorf("the first key gave %q, so caps lock was not on", first)
	}
}

// layoutIsTrue holds the table of a layout, by which the headless tests type, against what the X server's keyboard types.
func layoutIsTrue(t *testing.T, d *browsertest.Display, p *browsertest.Page, l browsertest.Layout) {
	t.Helper()
	var strokes []browsertest.Stroke
	var want []string
	for _, shift := range []bool{false, true} {
		for _, code := range browsertest.LayoutCodes() {
			strokes = append(strokes, browsertest.Stroke{Code: code, Shift: shift})
			want = append(want, l.Text(code, shift))
		}
	}
	var diff string
	for range 20 { // the browser learns of a new layout a moment after the server
		browsertest.Eval[any](p, "clear()")
		d.Type(strokes)
		p.WaitFor(fmt.Sprintf("seen.keys.length >= %d", len(strokes)))
		if diff = cmp.Diff(want, browsertest.Eval[[]string](p, "seen.keys")); diff == "" {
			return
		}
	}
	t.Errorf("keys of layout %s (-table +keyboard):\n%s", l.Name, diff)
}

// mustJSON writes a value as a JavaScript expression.
func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
