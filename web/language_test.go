package web_test

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"marz/internal/browsertest"
	"marz/phrase"
	"marz/web"
)

// TestLanguagesInBrowser chooses each language in the header, and fails where a page is not in it, is wider than its window, cuts
// the words of a button, or writes another day than package phrase. With MARZ_SHOTS set to a folder it leaves screenshots there.
func TestLanguagesInBrowser(t *testing.T) {
	f := newFakePost(t)
	b := browsertest.New(t, browsertest.Options{})
	p := b.Page()
	p.SetViewport(1280, 800)
	p.Navigate(f.url + "/signin")
	for _, lang := range phrase.Complete {
		words := phrase.In(lang)
		chosen := fmt.Sprintf("document.documentElement.lang === %q", lang)
		if !browsertest.Eval[bool](p, chosen) {
			browsertest.Eval[bool](p, fmt.Sprintf(`(s => { s.value = %q; return s.dispatchEvent(new Event("change")); })(document.getElementById("language"))`, lang))
		}
		p.WaitFor(chosen)
		for _, name := range []string{"signin", "home"} {
			p.Navigate(f.url + "/" + name)
			if name == "home" {
				p.WaitFor(fmt.Sprintf(`document.getElementById("link-state").textContent === %q`, words.Say("live.connected")))
			}
			if dir := browsertest.Eval[string](p, "document.documentElement.dir"); dir != words.Dir() {
				t.Errorf("%s in %s: dir is %q", name, lang, dir)
			}
			if cut := browsertest.Eval[string](p, cutWords); cut != "" {
				t.Errorf("%s in %s is cut or too wide: %s", name, lang, cut)
			}
			shoot(t, p, name+"-"+lang)
			if file := os.Getenv("MARZ_AXE"); file != "" && (lang == "fa" || lang == "hy") {
				axe, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				accessible(t, p, string(axe), name+" in "+lang)
			}
		}
		sameDays(t, p, words)
	}
}

// cutWords names what is wider than its place.
const cutWords = `[document.documentElement, ...document.querySelectorAll("button, nav a, h1, h2")]
	.filter((e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline").map((e) => e.textContent.trim().slice(0, 40)).join("; ")`

// sameDays fails where the modules write a day otherwise than package phrase: on days around every new year of both calendars.
func sameDays(t *testing.T, p *browsertest.Page, words *phrase.Phrases) {
	t.Helper()
	var days []time.Time
	for year := 1930; year <= 2100; year++ {
		for _, d := range []int{1, 79, 80, 81, 266, 365} {
			days = append(days, time.Date(year, 1, d, 12, 0, 0, 0, time.UTC))
		}
	}
	var at []int64
	for _, d := range days {
		at = append(at, d.UnixMilli())
	}
	list, err := json.Marshal(at)
	if err != nil {
		t.Fatal(err)
	}
	browsertest.Eval[bool](p, fmt.Sprintf(`(import(%q).then((m) => { window.days = %s.map(m.day); }), true)`, web.AssetURL("time.js"), list))
	p.WaitFor("window.days")
	for i, got := range browsertest.Eval[[]string](p, "window.days") {
		if want := words.Day(days[i]); got != want {
			t.Errorf("%s: %s is %q in the module and %q in Go", words.Lang, days[i].Format(time.DateOnly), got, want)
			return
		}
	}
}
