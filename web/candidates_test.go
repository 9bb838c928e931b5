package web_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz/internal/browsertest"
)

const (
	candidatesOpen = `document.getElementById("act").dataset.kind === "candidates"`
	nothingMarked  = `document.querySelectorAll("#candidates [aria-pressed=true]").length === 0`
)

// misread is the zone of ordinary with an 8 that was read as B: two check digits are wrong.
var misread = strings.Replace(ordinary, "K48213377", "K4B213377", 1)

// offered scans until the candidates are there and can be marked: a machine that stalls cuts a scan short.
func offered(p *browsertest.Page, text string) {
	for range 4 {
		browsertest.Eval[any](p, `void (document.getElementById("error").textContent = "")`) // what it said of the scan before
		read(p, text)
		p.WaitFor(candidatesOpen + ` || document.getElementById("error").textContent !== "" && ` + isOn("F6")) // while the post is asked, F6 does nothing
		if browsertest.Eval[bool](p, candidatesOpen) {
			break
		}
	}
	p.WaitFor(candidatesOpen + " && " + isOn("F8"))
}

// candidateOf returns the digit of the candidate whose lines are the zone's.
func candidateOf(t *testing.T, p *browsertest.Page, zone string) string {
	t.Helper()
	n := browsertest.Eval[string](p, `[...document.querySelectorAll("#candidates button")].find((b) => b.querySelector(".mrz").textContent === `+mustJSON(t, strings.ReplaceAll(zone, "\n", ""))+`)?.dataset.candidate ?? ""`)
	if n == "" {
		t.Fatal("what is printed is not among the candidates")
	}
	return n
}

func scansOf(f *fakePost) []fakeScan {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]fakeScan(nil), f.scans...)
}

func wantScans(t *testing.T, f *fakePost, want ...fakeScan) {
	t.Helper()
	if diff := cmp.Diff(want, scansOf(f)); diff != "" {
		t.Errorf("scans that opened an inspection (-want +got):\n%s", diff)
	}
}

func TestCandidates(t *testing.T) {
	b := browsertest.New(t, browsertest.Options{})
	for name, test := range map[string]func(*testing.T, *browsertest.Browser){
		"chosen by digit":      candidateByDigit,
		"chosen by arrows":     candidateByArrows,
		"keys that take none":  candidateNotTaken,
		"as it was read":       zoneAsRead,
		"edited":               zoneEdited,
		"typed wrongly":        zoneTypedWrongly,
		"one character lost":   zoneCutByOne,
		"while a case is open": noCandidatesOverACase,
		"from a photograph":    zoneFromPhotograph,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

func candidateByDigit(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	p.Expect(`^request: 400 `)
	offered(p, misread)
	shootBoth(t, p, "lane-candidates")
	if got := p.Text("#was-read"); got != misread {
		t.Errorf("beside the candidates stands %q", got)
	}
	n := candidateOf(t, p, ordinary)
	if marks := browsertest.Eval[string](p, `[...document.querySelectorAll("[data-candidate='`+n+`'] mark")].map((m) => m.textContent).join()`); marks != "8" {
		t.Errorf("marked is %q, want the 8 that was read as B", marks)
	}
	if why := browsertest.Eval[string](p, `document.querySelector("[data-candidate='`+n+`'] .candidate-why").textContent`); why != "Line 2 place 3: B read, 8 here. All check digits right." {
		t.Errorf("in words: %q", why)
	}
	press(p, "Digit"+n)
	p.WaitFor(`document.querySelector("[data-candidate='` + n + `']").getAttribute("aria-pressed") === "true" && ` + isOn("F6"))
	shootBoth(t, p, "lane-candidate-marked")
	press(p, "Enter", "NumpadEnter", "F1", "F10")
	wantScans(t, f)
	press(p, "F6")
	waitText(p, "number", "K48213377")
	p.WaitFor(`document.getElementById("act").hidden && ` + armed)
	wantScans(t, f, fakeScan{Text: ordinary, Way: "corrected", Read: misread})
	press(p, "F1")
	waitText(p, "decision-result", "ADMITTED")
}

func candidateByArrows(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	p.Expect(`^request: 400 `)
	offered(p, misread)
	press(p, "ArrowUp")
	p.WaitFor(nothingMarked)
	press(p, "ArrowDown")
	p.WaitFor(isOn("F6"))
	first := strings.Join(fakeCandidates(misread).Candidates[0].Lines, "\n")
	press(p, "F6")
	p.WaitFor(`document.getElementById("act").hidden`)
	wantScans(t, f, fakeScan{Text: first, Way: "corrected", Read: misread})
}

// candidateNotTaken presses whatever an officer may have under his finger: nothing is taken that he did not mark, and nothing before it can have been seen.
func candidateNotTaken(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	p.Expect(`^request: 400 `)
	press(p, "F6")
	p.WaitFor(`document.activeElement.id === "manual-text"`)
	browsertest.Eval[any](p, `document.activeElement.value = `+mustJSON(t, misread)+`, undefined`)
	press(p, "F6", "F6", "F6")
	p.WaitFor(candidatesOpen)
	press(p, "F6", "Enter", "Space", "F6", "F1", "F3", "F5", "F10")
	browsertest.Eval[any](p, `dispatchEvent(new KeyboardEvent("keydown", { code: "F6", repeat: true }))`)
	p.WaitFor(candidatesOpen + ` && ` + nothingMarked)
	browsertest.Eval[any](p, `new Promise((done) => { const look = () => document.querySelector("#candidates [aria-pressed=true]")
		? done(dispatchEvent(new KeyboardEvent("keydown", { code: "F6" }))) : setTimeout(look, 1); look(); dispatchEvent(new KeyboardEvent("keydown", { code: "ArrowDown" })); })`)
	wantScans(t, f)
	press(p, "Escape")
	p.WaitFor(`document.getElementById("act").hidden`)
	if browsertest.Eval[bool](p, `document.body.textContent.includes("K4B213377")`) {
		t.Error("what was read is still in the page")
	}
	scan(p, second)
	waitText(p, "primary", "KARAPETYAN")
	wantScans(t, f, fakeScan{Text: second, Certain: true})
}

func zoneAsRead(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	p.Expect(`^request: 400 `)
	offered(p, misread)
	p.WaitFor(isOn("F9"))
	press(p, "F9")
	waitText(p, "number", "K4B213377")
	waitText(p, "mrz-bad", "wrong check digit")
	wantScans(t, f, fakeScan{Text: misread, Way: "scan"})
	p.WaitFor(armed)
	read(p, misread) // the reader reads it again
	waitText(p, "error", "still open")
}

func zoneEdited(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	p.Expect(`^request: 400 `)
	offered(p, misread)
	p.WaitFor(isOn("F8"))
	press(p, "F8")
	p.WaitFor(`document.activeElement.id === "manual-text"`)
	if got := browsertest.Eval[string](p, `document.activeElement.value`); got != misread {
		t.Errorf("the field holds %q, want what was read", got)
	}
	shoot(t, p, "lane-zone-edited")
	still := strings.Replace(misread, "HOSSEINI", "H0SSEINI", 1)
	browsertest.Eval[any](p, `document.activeElement.value = `+mustJSON(t, still)+`, undefined`)
	press(p, "F6")
	p.WaitFor(candidatesOpen + ` && document.getElementById("was-read").textContent.includes("H0SSEINI") && ` + isOn("F8"))
	press(p, "F8")
	p.WaitFor(`document.activeElement.id === "manual-text"`)
	browsertest.Eval[any](p, `document.activeElement.value = `+mustJSON(t, ordinary)+`, undefined`)
	press(p, "F6")
	waitText(p, "number", "K48213377")
	wantScans(t, f, fakeScan{Text: ordinary, Certain: true, Way: "corrected", Read: misread}) // what the reader gave, not what he made of it first
}

func zoneTypedWrongly(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	p.Expect(`^request: 400 `)
	typeZone := func(text string) {
		press(p, "F6")
		p.WaitFor(`document.activeElement.id === "manual-text"`)
		browsertest.Eval[any](p, `document.activeElement.value = `+mustJSON(t, text)+`, undefined`)
		press(p, "F6")
	}
	typeZone(misread)
	p.WaitFor(candidatesOpen + " && " + isOn("F8"))
	n := candidateOf(t, p, ordinary)
	press(p, "Digit"+n)
	p.WaitFor(isOn("F6"))
	press(p, "F6")
	waitText(p, "number", "K48213377")
	p.WaitFor(armed)
	press(p, "F1")
	waitText(p, "decision-result", "ADMITTED")
	typeZone(second)
	waitText(p, "primary", "KARAPETYAN")
	wantScans(t, f, fakeScan{Text: ordinary, Way: "typed", Read: misread}, fakeScan{Text: second, Certain: true, Way: "typed"})
}

func zoneCutByOne(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	cut := strings.Replace(ordinary, "<<<\n", "<<\n", 1)
	offered(p, cut)
	waitText(p, "error", "Scan")
	if n := f.posts("/scan"); n != 0 {
		t.Errorf("%d scans were sent of what is no zone", n)
	}
	if browsertest.Eval[bool](p, isOn("F9")) {
		t.Error("what is no zone can be inspected as it was read")
	}
	shoot(t, p, "lane-candidates-cut")
	n := candidateOf(t, p, ordinary)
	press(p, "Digit"+n)
	p.WaitFor(isOn("F6"))
	press(p, "F6")
	waitText(p, "number", "K48213377")
	wantScans(t, f, fakeScan{Text: ordinary, Way: "corrected", Read: cut})
}

func noCandidatesOverACase(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	p.Expect(`^request: 409 `)
	scan(p, ordinary)
	p.WaitFor(armed)
	read(p, misread)
	waitText(p, "error", "inspection is open")
	if !browsertest.Eval[bool](p, `document.getElementById("act").hidden`) || f.posts("/candidates") != 0 {
		t.Error("candidates of another document cover an open case")
	}
	wantDecided(t, f)
}

// choose puts a picture into the file field, as its dialog does.
func choose(t *testing.T, p *browsertest.Page, kind, content string) {
	browsertest.Eval[any](p, `((d, el) => { d.items.add(new File([`+mustJSON(t, content)+`], "picture", { type: "`+kind+`" })); el.files = d.files; el.dispatchEvent(new Event("change")); })(new DataTransfer(), document.getElementById("picture"))`)
}

func zoneFromPhotograph(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	press(p, "F6")
	p.WaitFor(`document.activeElement.id === "manual-text"`)
	if browsertest.Eval[bool](p, `document.getElementById("picture") !== null || `+isOn("F8")) {
		t.Error("a post without an engine asks for photographs")
	}
	f.with(func() { f.photo = true })
	p.Navigate(f.url + "/lane/1")
	p.WaitFor(`document.getElementById("link-state").dataset.state === "up"`)
	press(p, "F6")
	p.WaitFor(`document.activeElement.id === "manual-text" && ` + isOn("F8"))
	shootBoth(t, p, "lane-photograph")
	choose(t, p, "image/gif", "x")
	waitText(p, "error", "A photograph is a JPEG or PNG")
	choose(t, p, "image/jpeg", "a landscape")
	waitText(p, "error", "Too much of it is wrong")
	choose(t, p, "image/jpeg", ordinary) // read whole, and still the officer's to confirm
	p.WaitFor(candidatesOpen + " && " + isOn("F8") + " && " + nothingMarked)
	if browsertest.Eval[bool](p, isOn("F6")+" || "+isOn("F9")) {
		t.Error("what was read in a photograph can be used before it was marked")
	}
	wantScans(t, f)
	press(p, "Digit1")
	p.WaitFor(isOn("F6"))
	press(p, "F6")
	waitText(p, "number", "K48213377")
	wantScans(t, f, fakeScan{Text: ordinary, Way: "photo", Read: ordinary})
}

// TestCandidatesAccessible runs axe-core over the panel, as TestAccessibility does over the pages.
func TestCandidatesAccessible(t *testing.T) {
	path := os.Getenv("MARZ_AXE")
	if path == "" {
		t.Skip("skipped: MARZ_AXE does not name axe.min.js")
	}
	axe, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, p := openLane(t, browsertest.New(t, browsertest.Options{}))
	p.Expect(`^request: 400 `)
	f.with(func() { f.photo = true })
	p.Navigate(f.url + "/lane/1")
	p.WaitFor(`document.getElementById("link-state").dataset.state === "up"`)
	offered(p, misread)
	press(p, "Digit1")
	p.WaitFor(isOn("F6"))
	for _, theme := range []string{"light", "dark"} {
		p.EmulateMedia("", map[string]string{"prefers-color-scheme": theme})
		accessible(t, p, string(axe), "candidates "+theme)
	}
	press(p, "F8")
	p.WaitFor(`document.activeElement.id === "manual-text" && document.getElementById("picture")`)
	accessible(t, p, string(axe), "zone to be put right")
}
