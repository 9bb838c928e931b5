package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"marz"
	"marz/internal/browsertest"
	"marz/transfer"
	"marz/web"
)

const armed = `document.querySelector('[data-key=F1]').getAttribute("aria-disabled") === "false"`

// openLane opens the lane's page of a new post and waits for the connection.
func openLane(t *testing.T, b *browsertest.Browser) (*fakePost, *browsertest.Page) {
	t.Helper()
	f := newFakePost(t)
	p := b.Page()
	p.In(t)
	t.Cleanup(func() { p.Navigate("about:blank") }) // before its post goes away
	p.SetViewport(1280, 800)
	p.EmulateMedia("", map[string]string{"prefers-color-scheme": "dark"})
	p.Navigate(f.url + "/lane/1")
	p.WaitFor(`document.getElementById("link-state").dataset.state === "up"`)
	return f, p
}

// read types a zone as a document reader does.
func read(p *browsertest.Page, text string) { p.Key(browsertest.Reader(text + "\n")...) }

func press(p *browsertest.Page, codes ...string) {
	for _, code := range codes {
		p.Key(browsertest.Stroke{Code: code})
	}
}

func waitText(p *browsertest.Page, id, text string) {
	p.WaitFor(fmt.Sprintf("document.getElementById(%q).textContent.includes(%q)", id, text))
}

// wantDecided fails unless exactly these decisions were recorded.
func wantDecided(t *testing.T, f *fakePost, want ...marz.Decision) {
	t.Helper()
	time.Sleep(60 * time.Millisecond) // for a request that should not have been made
	if diff := cmp.Diff(want, f.decided()); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
}

func TestLane(t *testing.T) {
	b := browsertest.New(t, browsertest.Options{})
	for name, test := range map[string]func(*testing.T, *browsertest.Browser){
		"ordinary decision":        ordinaryDecision,
		"decision with a reason":   reasonedDecision,
		"back from a proposal":     backFromProposal,
		"key before the verdict":   earlyKey,
		"key pressed twice":        keyTwice,
		"keys that decide nothing": deadKeys,
		"scan during a case":       scanDuringCase,
		"scan in the reason panel": scanInPanel,
		"scan repeated":            scanRepeated,
		"scan cut short":           scanCutShort,
		"zone typed by hand":       typedZone,
		"withdrawal":               withdrawal,
		"reload":                   reload,
		"exercise":                 exerciseTraveller,
		"connection cut":           connectionCut,
		"connection silent":        connectionSilent,
		"session ended":            sessionEnded,
		"control passes":           controlPasses,
		"lane lost":                laneLost,
		"last minute":              lastMinute,
		"adopted alert":            adoptedAlert,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

func ordinaryDecision(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	shoot(t, p, "lane-ready")
	scan(p, ordinary)
	p.WaitFor(`document.getElementById("verdict").dataset.verdict === "clear"`)
	for id, want := range map[string]string{"primary": "HOSSEINI", "secondary": "MARYAM ZAHRA", "number": "K48213377", "nationality": "IRN",
		"birth": "1986-07-12", "expiry": "2029-11-03", "sex": "M", "verdict-word": "CLEAR"} {
		if got := p.Text("#" + id); got != want {
			t.Errorf("%s is %q, want %q", id, got, want)
		}
	}
	p.WaitFor(armed)
	shootBoth(t, p, "lane-clear")
	if ms := browsertest.Eval[float64](p, `performance.getEntriesByName("marz:scan-to-verdict")[0].duration`); ms <= 0 || ms > 5000 {
		t.Errorf("scan to verdict took %v ms", ms)
	}
	press(p, "F1")
	waitText(p, "decision-result", "ADMITTED")
	waitText(p, "decision-result", "under am-ru-1992/2")
	wantDecided(t, f, marz.Admit)
	shootBoth(t, p, "lane-decided")
	scan(p, second)
	waitText(p, "primary", "KARAPETYAN")
	p.WaitFor(`document.getElementById("decision-result").textContent === ""`)
}

func reasonedDecision(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	scan(p, stopper)
	p.WaitFor(`document.getElementById("verdict").dataset.verdict === "stop" && ` + armed)
	if n := browsertest.Eval[int](p, `document.querySelectorAll("#hits .hit").length`); n != 2 {
		t.Errorf("%d hits shown, want 2", n)
	}
	shootBoth(t, p, "lane-stop")
	press(p, "F3")
	p.WaitFor(`document.getElementById("reasons")`)
	shootBoth(t, p, "lane-reason")
	press(p, "F6", "KeyO", "KeyK", "Digit1", "Enter", "F6")
	if f.posts("/decide") != 0 {
		t.Error("a digit in the note chose a reason")
	}
	press(p, "Digit3")
	p.WaitFor(`document.getElementById("proposal")`)
	wantDecided(t, f)
	shootBoth(t, p, "lane-proposal")
	press(p, "F1", "F3", "F5", "Enter", "Digit1")
	wantDecided(t, f)
	p.WaitFor(`document.querySelector('[data-key=F10]').getAttribute("aria-disabled") === "false"`)
	press(p, "F10")
	waitText(p, "decision-result", "REFUSED")
	wantDecided(t, f, marz.Refuse)
	c := f.cases["i0"]
	if c.Proposal.Reason != "H" || c.Proposal.Note != "ok1" {
		t.Errorf("proposal has reason %q and note %q", c.Proposal.Reason, c.Proposal.Note)
	}
}

func backFromProposal(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	scan(p, expired)
	p.WaitFor(`document.getElementById("verdict").dataset.verdict === "attention" && ` + armed)
	shootBoth(t, p, "lane-attention")
	press(p, "F5")
	p.WaitFor(`document.getElementById("reasons")`)
	press(p, "Escape")
	p.WaitFor(armed)
	press(p, "F5", "Digit2")
	p.WaitFor(`document.getElementById("proposal")`)
	press(p, "Escape")
	p.WaitFor(armed)
	press(p, "F10") // its panel is closed: nobody sees what would be confirmed
	press(p, "F3", "Digit1")
	p.WaitFor(`document.getElementById("proposal")?.textContent.includes("REFUSE ")`)
	wantDecided(t, f)
}

func earlyKey(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	read(p, ordinary)
	browsertest.Eval[any](p, `new Promise((done) => { const look = () => document.getElementById("verdict").dataset.verdict === "clear"
		? done(dispatchEvent(new KeyboardEvent("keydown", { code: "F1" }))) : setTimeout(look, 1); look(); })`)
	waitText(p, "error", "Key ignored")
	wantDecided(t, f)
	p.WaitFor(armed)
	press(p, "F1")
	waitText(p, "decision-result", "ADMITTED")
}

func keyTwice(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	f.slow = 150 * time.Millisecond
	scan(p, ordinary)
	p.WaitFor(armed)
	press(p, "F1", "F1", "F3", "F1")
	waitText(p, "decision-result", "ADMITTED")
	press(p, "F1")
	wantDecided(t, f, marz.Admit)
	if n := f.posts("/decide"); n != 1 {
		t.Errorf("%d decisions were sent, want 1", n)
	}
}

func deadKeys(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	press(p, "F1", "F3", "F10") // nothing is open
	scan(p, ordinary)
	p.WaitFor(armed)
	press(p, "Enter", "NumpadEnter", "Space", "Tab", "Enter", "Space", "F2", "F10", "Digit1")
	browsertest.Eval[any](p, `document.querySelector('[data-key=F1]').focus()`)
	press(p, "Enter")
	browsertest.Eval[any](p, `dispatchEvent(new KeyboardEvent("keydown", { code: "F1", repeat: true }))`)
	wantDecided(t, f)
	if f.posts("/decide") != 0 {
		t.Error("a decision was sent")
	}
}

func scanDuringCase(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	p.Expect(`^request: 409 `)
	scan(p, ordinary)
	p.WaitFor(armed)
	read(p, second)
	waitText(p, "error", "another traveller's inspection is open")
	if got := p.Text("#primary"); got != "HOSSEINI" {
		t.Errorf("the page shows %s", got)
	}
	shoot(t, p, "lane-conflict")
	wantDecided(t, f)
	press(p, "F1")
	waitText(p, "decision-result", "ADMITTED")
	wantDecided(t, f, marz.Admit)
}

func scanInPanel(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	p.Expect(`^request: 409 `)
	scan(p, stopper)
	p.WaitFor(armed)
	press(p, "F3")
	p.WaitFor(`document.getElementById("reasons")`)
	read(p, "11111"+second)
	waitText(p, "error", "Scan not readable")
	rested(p)
	scanUntil(p, second, `document.getElementById("error").textContent.includes("another traveller's inspection is open")`)
	waitText(p, "error", "another traveller's inspection is open")
	if n := f.posts("/decide"); n != 0 {
		t.Errorf("the digits of a document chose a reason: %d decisions were sent", n)
	}
	wantDecided(t, f)
}

func scanRepeated(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	scan(p, ordinary)
	p.WaitFor(armed)
	scanUntil(p, ordinary, `document.getElementById("error").textContent.includes("still open")`)
	waitText(p, "error", "still open")
	p.WaitFor(armed)
	press(p, "F1")
	waitText(p, "decision-result", "ADMITTED")
	read(p, ordinary)
	waitText(p, "error", "F9 inspects the traveller again")
	waitText(p, "decision-result", "ADMITTED")
	press(p, "F1")
	wantDecided(t, f, marz.Admit)
	press(p, "F9")
	p.WaitFor(armed)
	press(p, "F1")
	wantText := `document.getElementById("today").textContent === "2 today"`
	p.WaitFor(wantText)
	wantDecided(t, f, marz.Admit, marz.Admit)
}

func scanCutShort(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	for range 6 { // a machine that stalls cuts it shorter still, and the page says so
		browsertest.Eval[any](p, `void (document.getElementById("error").textContent = "")`)
		p.Key(browsertest.Reader(ordinary[:45] + ordinary[45:62])...)
		p.WaitFor(`/^Scan incomplete/.test(document.getElementById("error").textContent)`)
		if strings.Contains(p.Text("#error"), ": 61 of 88 ") {
			break
		}
	}
	waitText(p, "error", "Scan incomplete: 61 of 88 characters. Scan again.")
	if n := f.posts("/scan"); n != 0 {
		t.Errorf("%d scans were sent", n)
	}
}

func typedZone(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	press(p, "F6")
	p.WaitFor(`document.activeElement.id === "manual-text"`)
	browsertest.Eval[any](p, fmt.Sprintf("document.activeElement.value = %q, undefined", strings.ToLower(ordinary)))
	press(p, "Enter")
	shoot(t, p, "lane-manual")
	if f.posts("/scan") != 0 {
		t.Error("Enter sent the zone")
	}
	p.Expect(`^request: 400 `)
	browsertest.Eval[any](p, `document.activeElement.value = "P<UTO", undefined`)
	press(p, "F6")
	p.WaitFor(`document.getElementById("error").textContent !== ""`)
	if typed := browsertest.Eval[string](p, `document.getElementById("manual-text").value`); typed != "P<UTO" {
		t.Errorf("after a refusal the field holds %q", typed)
	}
	browsertest.Eval[any](p, fmt.Sprintf("document.getElementById('manual-text').value = %q, undefined", ordinary))
	press(p, "F6")
	waitText(p, "primary", "HOSSEINI")
	p.WaitFor(`document.getElementById("act").hidden`)
}

func withdrawal(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	scan(p, ordinary)
	p.WaitFor(armed)
	press(p, "F7", "F7", "F1", "Digit9")
	press(p, "F6", "Digit2")
	waitText(p, "decision-result", "WITHDRAWN")
	wantDecided(t, f)
	if n := f.posts("/withdraw"); n != 1 {
		t.Errorf("%d withdrawals were sent", n)
	}
}

func reload(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	scan(p, stopper)
	p.WaitFor(armed)
	press(p, "F3", "Digit1")
	p.WaitFor(`document.getElementById("proposal")`)
	p.Navigate(f.url + "/lane/1")
	p.WaitFor(`document.getElementById("proposal") && document.getElementById("primary").textContent === "STOPPER"`)
	p.WaitFor(`document.querySelector('[data-key=F10]').getAttribute("aria-disabled") === "false"`)
	press(p, "F10")
	waitText(p, "decision-result", "REFUSED")
	wantDecided(t, f, marz.Refuse)
}

func exerciseTraveller(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	f.travel = []string{ordinary, strings.ReplaceAll(stopper, "\n", "")}
	press(p, "F2")
	waitText(p, "primary", "HOSSEINI")
	p.WaitFor(armed)
	press(p, "F2", "F1") // an open case is not covered by the next traveller
	waitText(p, "decision-result", "ADMITTED")
	press(p, "F2")
	waitText(p, "primary", "STOPPER")
	wantDecided(t, f, marz.Admit)
}

func connectionCut(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	p.Expect(`^request: net::ERR`)
	scan(p, ordinary)
	p.WaitFor(armed)
	browsertest.Eval[any](p, `void (window.cut = performance.now(), new MutationObserver(() => { window.late ??= performance.now() - window.cut; })
		.observe(document.getElementById("connection"), { attributes: true }))`)
	f.with(func() { f.down, f.silent = true, true })
	p.WaitFor(`!document.getElementById("connection").hidden`)
	if late := browsertest.Eval[float64](p, "window.late"); late > 2000 {
		t.Errorf("the banner came %.0f ms after the cut", late)
	}
	shoot(t, p, "lane-lost")
	press(p, "F1")
	waitText(p, "error", "not recorded")
	wantDecided(t, f)
	f.with(func() { f.down, f.silent = false, false })
	p.WaitFor(armed)
	press(p, "F1")
	waitText(p, "decision-result", "ADMITTED")
}

func connectionSilent(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	f.with(func() { f.silent = true })
	silent := time.Now()
	p.WaitFor(`!document.getElementById("connection").hidden`)
	if late := time.Since(silent); late > 2500*time.Millisecond {
		t.Errorf("the banner came after %v of silence", late)
	}
	f.with(func() { f.silent = false })
	p.WaitFor(`document.getElementById("connection").hidden`)
}

func sessionEnded(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	scan(p, ordinary)
	p.WaitFor(armed)
	f.with(func() { f.ended = "Control of Agarak passed to am-bg." })
	waitText(p, "ended-why", "Control of Agarak passed")
	if p.Text("#exercise-banner") == "" {
		t.Error("the page is no longer marked as an exercise")
	}
	if browsertest.Eval[bool](p, `document.body.textContent.includes("HOSSEINI")`) {
		t.Error("the traveller's name is still in the page")
	}
	press(p, "F1")
	shoot(t, p, "lane-ended")
	wantDecided(t, f)

	f, p = openLane(t, b) // and the stream was down when it ended: who asks for it anew is told
	p.Expect("401 from .*/events")
	f.with(func() { f.silent, f.over = true, "control passed to am-bg under treaty/2" })
	waitText(p, "ended-why", "Control passed to am-bg under treaty/2")
}

func controlPasses(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	p.WaitFor(`/^4[67]:\d\d$/.test(document.querySelector("#next [data-part=countdown]").textContent)`)
	f.with(func() { f.control, f.next = armenia, nil })
	waitText(p, "passed", "Control passed from ru-bg to am-bg")
	waitText(p, "controller", "am-bg")
	shoot(t, p, "lane-passed")
	if !browsertest.Eval[bool](p, `document.getElementById("next").hidden`) {
		t.Error("the countdown is still there")
	}
}

func laneLost(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	f.with(func() { f.lanes[0].Officer = "ru-bg/0111" })
	waitText(p, "lane-state", "Lane taken by ru-bg/0111")
	read(p, ordinary)
	waitText(p, "error", "not yours")
	if n := f.posts("/scan"); n != 0 {
		t.Errorf("%d scans were sent", n)
	}
}

// lastMinute holds that nobody at a lane whom it concerns can overlook the last minute, and that nothing of the case moves or is covered by it.
func lastMinute(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	next := func(phase transfer.Phase, in time.Duration, waiting string, lanes ...marz.LaneID) {
		f.with(func() {
			f.next = &web.Passing{To: armenia, Article: handing.Article, At: f.now().Add(in), Phase: phase, Waiting: waiting, Lanes: lanes}
		})
	}
	const last, calm = `document.body.classList.contains("is-last")`, `!document.body.classList.contains("is-last")`
	scan(p, stopper)
	p.WaitFor(armed)
	next(transfer.Armed, time.Hour, "")
	waitText(p, "next", "armed")
	where := func() string {
		return browsertest.Eval[string](p, `JSON.stringify(["case", "verdict", "keys"].map((id) => { const { x, y, right, bottom } = document.getElementById(id).getBoundingClientRect(); return [x, y, right, bottom]; }))`)
	}
	before := where()
	next(transfer.Armed, 50*time.Second, "")
	p.WaitFor(last)
	waitText(p, "soon", "Control passes to am-bg in less than a minute.")
	if after := where(); after != before {
		t.Errorf("in the last minute the case moves from %s to %s", before, after)
	}
	if covered := browsertest.Eval[bool](p, `["case", "verdict", "keys"].some((id) => { const el = document.getElementById(id), { x, y, right, bottom } = el.getBoundingClientRect();
		return [[x + 8, y + 8], [right - 8, bottom - 8]].some(([at, down]) => !el.contains(document.elementFromPoint(at, down))); })`); covered {
		t.Error("in the last minute something covers the case")
	}
	shootBoth(t, p, "lane-last-minute")
	p.SetViewport(390, 800)
	shoot(t, p, "lane-last-minute-phone")
	p.SetViewport(1280, 800)
	next(transfer.Armed, 50*time.Second, "", "4", "5") // of other lanes
	p.WaitFor(calm)
	waitText(p, "next", "to am-bg on lanes 4, 5")
	next(transfer.Armed, -5*time.Second, "The clock here is in doubt: both commanders settle it.")
	waitText(p, "next", "Control has not passed")
	waitText(p, "next", "waiting")
	waitText(p, "next", "both commanders settle it")
	p.WaitFor(last)
	next(transfer.Preparing, -65*time.Second, "")
	waitText(p, "next", "overdue")
	p.WaitFor(`/^\+1:0\d$/.test(document.querySelector("#next [data-part=countdown]").textContent)`)
	p.WaitFor(calm)
	shootBoth(t, p, "lane-overdue")
	next(transfer.Planned, time.Minute, "")
	waitText(p, "next", "planned")
	p.WaitFor(calm)
	next("", 30*time.Second, "") // by articles alone
	p.WaitFor(last)
}

const adoption = "Adopted alert of ru-bg (list ru-own, 2024-12-30). am-bg/0101 adopted it on 31 December 2024, 23:00:00 under am-ru-2024-agarak/2: sought by a court of Armenia as well. " +
	"It stands under the authority of am-bg now."

func adoptedAlert(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	f.with(func() { f.adopted = true })
	scan(p, stopper)
	waitText(p, "hits", adoption)
	if n := browsertest.Eval[int](p, `document.querySelectorAll(".adopted").length`); n != 1 {
		t.Errorf("%d of 3 hits are said to be adopted", n)
	}
	shootBoth(t, p, "lane-adopted")
}
