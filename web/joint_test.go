package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz"
	"marz/internal/browsertest"
	"marz/web"
)

// isOn waits for a key to count.
func isOn(code string) string {
	return fmt.Sprintf(`document.querySelector('[data-key=%s]').getAttribute("aria-disabled") === "false"`, code)
}

func isOff(code string) string { return "!(" + isOn(code) + ")" }

func keyText(p *browsertest.Page, code string) string {
	return browsertest.Eval[string](p, fmt.Sprintf(`document.querySelector('[data-key=%s]').textContent`, code))
}

// openTwo opens lane 1 in two windows: of ru-bg/0102 and of am-bg/0107.
func openTwo(t *testing.T, b *browsertest.Browser, decisions ...marz.Decision) (f *fakePost, ru, am *browsertest.Page) {
	t.Helper()
	f, ru = openLane(t, b)
	f.serveJointly(decisions...)
	am = b.Page()
	am.In(t)
	t.Cleanup(func() { am.Navigate("about:blank") })
	am.SetViewport(1280, 800)
	am.EmulateMedia("", map[string]string{"prefers-color-scheme": "dark"})
	am.Navigate(f.url + "/as/am-bg/0107")
	ru.Navigate(f.url + "/lane/1")
	for _, p := range []*browsertest.Page{ru, am} {
		p.WaitFor(`document.getElementById("link-state").dataset.state === "up"`)
	}
	return f, ru, am
}

// scan reads a zone until the page shows its inspection. On a machine that stalls for longer than a reader ever pauses the page says that the scan
// is incomplete, and it is scanned again, as at a booth.
func scan(p *browsertest.Page, text string) {
	scanUntil(p, text, `document.getElementById("verdict").dataset.state === "open"`)
}

// scanUntil scans until a condition holds, and again when a machine that stalls has cut the scan short.
func scanUntil(p *browsertest.Page, text, condition string) {
	const partial = `/^Scan (incomplete|not readable)/.test(document.getElementById("error").textContent)`
	for range 4 {
		browsertest.Eval[any](p, `void (document.getElementById("error").textContent = "")`) // what it said of the scan before
		read(p, text)
		p.WaitFor("(" + condition + ") || " + partial)
		if !browsertest.Eval[bool](p, partial) {
			return
		}
		rested(p)
	}
}

// rested waits until what comes next is not taken for the rest of a scan that broke off.
func rested(p *browsertest.Page) {
	p.WaitFor(fmt.Sprintf("performance.now() > %f", browsertest.Eval[float64](p, "performance.now()")+600))
}

// refused has ru-bg submit the refusal of the stopper, and returns when both windows show that it waits.
func refused(ru, am *browsertest.Page) {
	scan(ru, stopper)
	ru.WaitFor(armed)
	press(ru, "F3", "F6", "KeyO", "KeyK", "F6", "Digit3")
	ru.WaitFor(isOn("F10"))
	waitText(am, "between", "REFUSE proposed by ru-bg/0102, who has yet to confirm it")
	am.WaitFor(isOff("F10"))
	press(ru, "F10")
	waitText(ru, "waits", "REFUSE waits for am-bg")
	waitText(am, "waits", "REFUSE waits for you, am-bg")
}

func TestJoint(t *testing.T) {
	b := browsertest.New(t, browsertest.Options{})
	for name, test := range map[string]func(*testing.T, *browsertest.Browser){
		"case in both windows":      jointCase,
		"concurrence":               jointConcurrence,
		"objection":                 jointObjection,
		"concurrence too early":     jointEarlyKey,
		"one key, then the other's": jointOrdinary,
		"look-up":                   jointLookUp,
		"not shared":                jointNotShared,
		"first side":                jointFirst,
		"step not seen":             jointStale,
		"asylum":                    jointAsylum,
		"asylum at a sole lane":     soleAsylum,
		"sole lane":                 soleLane,
		"lanes to join":             lanesToJoin,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

func jointCase(t *testing.T, b *browsertest.Browser) {
	f, ru, am := openTwo(t, b, marz.Admit, marz.Refuse)
	waitText(ru, "seats", "With am-bg/0107")
	waitText(am, "seats", "With ru-bg/0102")
	shoot(t, ru, "joint-ready")
	scan(ru, ordinary)
	waitText(am, "primary", "HOSSEINI")
	am.WaitFor(armed)
	for code, want := range map[string]string{"F1": "F1Admitwith ru-bg", "F3": "F3Refusewith ru-bg", "F5": "F5Refer"} {
		if got := keyText(am, code); got != want {
			t.Errorf("key %s says %q, want %q", code, got, want)
		}
	}
	if n := f.posts("/scan"); n != 1 {
		t.Errorf("%d scans were sent", n)
	}
	press(am, "F7", "Digit2")
	waitText(am, "decision-result", "WITHDRAWN")
	waitText(ru, "decision-result", "WITHDRAWN")
	wantDecided(t, f)
}

func jointConcurrence(t *testing.T, b *browsertest.Browser) {
	f, ru, am := openTwo(t, b, marz.Admit, marz.Refuse)
	refused(ru, am)
	waitText(am, "between", "REFUSE proposed by ru-bg/0102. Do you concur?because: Alert for refusal of entry · Note: ok")
	waitText(ru, "between", "REFUSE proposed by you, waits for am-bgbecause: Alert for refusal of entry · Note: ok")
	for _, p := range []*browsertest.Page{ru, am} {
		if p.Text("#primary") != "STOPPER" || p.Text("#number") == "" || p.Text("#mrz") == "" || p.Text("#findings") == "" || !browsertest.Eval[bool](p, `document.getElementById("act").hidden`) {
			t.Error("a window does not show the facts beside what waits")
		}
	}
	am.WaitFor(isOn("F10"))
	if got := keyText(am, "F10") + keyText(am, "F9"); got != "F10Concur: REFUSEF9Do not concur" {
		t.Errorf("the keys say %q", got)
	}
	shootBoth(t, ru, "joint-awaiting-proposer")
	shootBoth(t, am, "joint-awaiting-other")
	for _, width := range []int{390, 1920} {
		am.SetViewport(width, 1080)
		if over := browsertest.Eval[int](am, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); over > 0 {
			t.Errorf("at %d px the page is %d px too wide", width, over)
		}
		shoot(t, am, fmt.Sprintf("joint-awaiting-%d", width))
	}
	am.SetViewport(1280, 800)
	if over := browsertest.Eval[int](am, `document.getElementById("case").scrollHeight - document.getElementById("case").clientHeight`); over > 0 {
		t.Errorf("%d px of what the officer has to see are out of sight", over)
	}
	press(ru, "F10", "F9", "Enter")
	press(am, "F1", "F3", "F5", "Enter", "Space")
	waitText(am, "error", "REFUSE of ru-bg/0102 waits for you")
	wantDecided(t, f)
	press(am, "F10")
	waitText(am, "decision-result", "REFUSED, with ru-bg/0102, entry 1236 under am-ru-1992/2")
	waitText(ru, "decision-result", "REFUSED, with am-bg/0107, entry 1236 under am-ru-1992/2")
	ru.WaitFor(`document.getElementById("between").hidden && document.getElementById("waits").textContent === ""`)
	shootBoth(t, ru, "joint-decided")
	wantDecided(t, f, marz.Refuse)
}

// jointEarlyKey holds that F10 on what has only just appeared concurs with nothing, and that Enter never does.
func jointEarlyKey(t *testing.T, b *browsertest.Browser) {
	f, ru, am := openTwo(t, b, marz.Admit)
	browsertest.Eval[any](am, `new MutationObserver(() => requestAnimationFrame(() => requestAnimationFrame(() => {
		for (const code of ["F10", "Enter", "F10"]) dispatchEvent(new KeyboardEvent("keydown", { code, bubbles: true }));
		window.pressed = true;
	}))).observe(document.getElementById("between"), { childList: true }), undefined`)
	scan(ru, ordinary)
	ru.WaitFor(armed)
	press(ru, "F1")
	am.WaitFor(`window.pressed`)
	am.WaitFor(isOn("F10"))
	press(am, "Enter", "Enter", "NumpadEnter")
	wantDecided(t, f)
	if n := f.posts("/concur"); n != 0 {
		t.Errorf("concurrence was sent %d times", n)
	}
	press(am, "F10", "F10")
	waitText(am, "decision-result", "ADMITTED, with ru-bg/0102")
	wantDecided(t, f, marz.Admit)
}

func jointObjection(t *testing.T, b *browsertest.Browser) {
	f, ru, am := openTwo(t, b, marz.Admit, marz.Refuse)
	refused(ru, am)
	am.WaitFor(isOn("F9"))
	press(am, "F9")
	am.WaitFor(`document.getElementById("act").dataset.kind === "object"`)
	shootBoth(t, am, "joint-object")
	press(am, "F10", "F6", "KeyN", "KeyO", "F6", "Digit1")
	for _, p := range []*browsertest.Page{ru, am} {
		waitText(p, "between", "am-bg/0107 did not concur with REFUSE: Not the person of the alertNote: no")
		p.WaitFor(armed)
	}
	shootBoth(t, ru, "joint-objected")
	wantDecided(t, f)
	press(ru, "F5", "Digit1")
	ru.WaitFor(`document.getElementById("proposal") && document.getElementById("between").hidden`)
	ru.WaitFor(isOn("F10"))
	press(ru, "F10")
	waitText(ru, "decision-result", "REFERRED")
	if text := ru.Text("#decision-result"); strings.Contains(text, "with") {
		t.Errorf("one officer decided this: %q", text)
	}
	wantDecided(t, f, marz.Refer)
}

// jointOrdinary holds that a decision of one key waits for the other's one key, and that the proposer can think again.
func jointOrdinary(t *testing.T, b *browsertest.Browser) {
	f, ru, am := openTwo(t, b, marz.Admit)
	scan(am, ordinary)
	am.WaitFor(armed)
	press(am, "F1")
	waitText(am, "waits", "ADMIT waits for ru-bg")
	waitText(ru, "between", "ADMIT proposed by am-bg/0107. Do you concur?F10 concurs with ADMIT, F9 does not")
	am.WaitFor(armed)
	press(am, "F5")
	am.WaitFor(`document.getElementById("reasons")`)
	press(am, "Escape", "F7", "Digit1")
	waitText(am, "decision-result", "WITHDRAWN")
	ru.WaitFor(`document.getElementById("waits").textContent === ""`)
	wantDecided(t, f)
}

func jointLookUp(t *testing.T, b *browsertest.Browser) {
	f, ru, am := openTwo(t, b, marz.Admit, marz.Refuse)
	f.with(func() { f.duty.shared = true })
	scan(ru, stopper)
	waitText(ru, "hits", "am-bg: 2 hits. F8 looks it up")
	waitText(am, "hits", "Stopper, Ruben Armenovich") // its own
	if browsertest.Eval[bool](ru, `document.body.textContent.includes("Ruben Armenovich")`) {
		t.Error("hits are shown that were not looked up")
	}
	am.WaitFor(armed)
	press(am, "F3", "F6", "KeyN", "KeyO") // the other writes meanwhile
	ru.WaitFor(isOn("F8"))
	shoot(t, ru, "joint-hits")
	press(ru, "F8")
	ru.WaitFor(`document.getElementById("act").dataset.kind === "lookup"`)
	shootBoth(t, ru, "joint-lookup")
	press(ru, "F6", "KeyO", "KeyK", "F6", "Digit1")
	waitText(ru, "hits", "am-bg, seen under am-ru-2024-agarak/6; am-bg sees that you looked")
	waitText(ru, "hits", "Stopper, Ruben Armenovich")
	ru.WaitFor(armed + " && " + isOff("F8"))
	shootBoth(t, ru, "joint-looked")
	if diff := cmp.Diff([]string{"am-bg/comparison/ok"}, f.duty.given); diff != "" {
		t.Errorf("look-ups (-want +got):\n%s", diff)
	}
	am.WaitFor(`performance.getEntriesByType("resource").filter((e) => e.name.endsWith("/case")).length === 2`) // it has looked at the new step
	am.WaitFor(isOn("F6"))
	if got := browsertest.Eval[string](am, `document.getElementById("act").dataset.kind + document.getElementById("note")?.value`); got != "reasonno" {
		t.Errorf("a step that changes nothing for the other leaves his panel as %q", got)
	}
	press(ru, "F7", "Digit1")
	waitText(ru, "decision-result", "WITHDRAWN")
	if browsertest.Eval[bool](ru, `document.body.textContent.includes("Ruben Armenovich")`) {
		t.Error("looked-up hits outlast the inspection")
	}
}

func jointNotShared(t *testing.T, b *browsertest.Browser) {
	f, ru, _ := openTwo(t, b, marz.Admit)
	scan(ru, stopper)
	waitText(ru, "hits", "am-bg: 2 hits. Content not shared: no article in force shares hits of am-bg with ru-bg")
	waitText(ru, "verdict-why", "2 hits of am-bg")
	ru.WaitFor(armed)
	press(ru, "F8", "Digit1")
	if n := f.posts("/hits"); n != 0 {
		t.Errorf("%d look-ups were sent", n)
	}
}

func jointFirst(t *testing.T, b *browsertest.Browser) {
	f, ru, am := openTwo(t, b, marz.Admit, marz.Refuse)
	f.with(func() { f.duty.first = []marz.AuthorityID{armenia.ID} })
	scan(ru, ordinary)
	waitText(ru, "between", "The exit side, am-bg, proposes first.")
	ru.WaitFor(isOn("F5"))
	ru.WaitFor(isOff("F1") + " && " + isOff("F3"))
	shootBoth(t, ru, "joint-first")
	press(ru, "F1")
	waitText(ru, "error", "Key ignored: the exit side, am-bg, proposes first.")
	if n := f.posts("/decide"); n != 0 {
		t.Errorf("%d decisions were sent", n)
	}
	am.WaitFor(armed)
	press(am, "F1")
	ru.WaitFor(isOn("F10"))
	press(ru, "F10")
	waitText(ru, "decision-result", "ADMITTED, with am-bg/0107")
	wantDecided(t, f, marz.Admit)
}

// jointStale holds that a key pressed on what is no longer so changes nothing: before the page has heard, by the post, and after, by itself.
func jointStale(t *testing.T, b *browsertest.Browser) {
	f, ru, am := openTwo(t, b, marz.Admit)
	am.Expect(`^request: 409 `)
	scan(ru, ordinary)
	am.WaitFor(armed)
	f.mu.Lock() // a step of which no page is told
	c := f.cases["i0"]
	f.seq++
	c.State, c.Proposal, f.duty.submission = "awaiting", &web.Proposal{Seq: f.seq, Decision: marz.Admit, By: officer.ID}, f.seq
	f.step(c)
	f.mu.Unlock()
	press(am, "F1")
	waitText(am, "error", "a decision of ru-bg/0102 waits for concurrence")
	waitText(am, "waits", "ADMIT waits for you")
	if !strings.Contains(am.Text("#error"), "waits for concurrence") {
		t.Error("the post's words have gone")
	}
	wantDecided(t, f)
}

func jointAsylum(t *testing.T, b *browsertest.Browser) {
	f, ru, am := openTwo(t, b, marz.Refuse)
	ru.Expect(`^request: 403 `)
	scan(ru, ordinary)
	am.WaitFor(isOn("F4"))
	press(am, "F4", "F1", "Enter")
	am.WaitFor(`document.getElementById("act").dataset.kind === "asylum"`)
	shootBoth(t, am, "joint-asylum-ask")
	press(am, "Escape", "F10")
	am.WaitFor(armed)
	press(am, "F4")
	am.WaitFor(isOn("F10"))
	wantDecided(t, f)
	press(am, "F10")
	for _, p := range []*browsertest.Page{ru, am} {
		waitText(p, "asylum", "ASYLUM ASKED FOR")
		p.WaitFor(armed + " && " + isOff("F4"))
	}
	press(ru, "F1")
	ru.WaitFor(`document.getElementById("reasons")`)
	press(ru, "Digit1")
	waitText(ru, "asylum", "asylum was asked for: officers of am-bg decide")
	waitText(ru, "error", "officers of am-bg decide")
	press(ru, "Escape")
	shootBoth(t, ru, "joint-asylum")
	press(am, "F1", "Digit1")
	am.WaitFor(isOn("F10"))
	press(am, "F10")
	waitText(am, "decision-result", "ADMITTED")
	waitText(ru, "decision-result", "ADMITTED")
	wantDecided(t, f, marz.Admit)
}

func soleAsylum(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	press(p, "F4", "F10")
	scan(p, ordinary)
	p.WaitFor(armed)
	press(p, "F4")
	p.WaitFor(isOn("F10"))
	press(p, "F10")
	waitText(p, "asylum", "ASYLUM ASKED FOR")
	p.WaitFor(armed)
	press(p, "F5", "Digit2")
	p.WaitFor(isOn("F10"))
	press(p, "F10")
	waitText(p, "decision-result", "REFERRED")
	wantDecided(t, f, marz.Refer)
}

// soleLane holds that a lane without joint service shows nothing of it.
func soleLane(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	scan(p, stopper)
	p.WaitFor(armed)
	if got := browsertest.Eval[string](p, `["seats", "waits", "asylum", "between"].map((id) => document.getElementById(id).textContent).join("") + document.querySelectorAll(".other-hits").length`); got != "0" {
		t.Errorf("a sole lane shows %q", got)
	}
	for code, want := range map[string]string{"F1": "F1Admit", "F3": "F3Refuse", "F5": "F5Refer", "F8": "F8", "F9": "F9", "F10": "F10Confirm"} {
		if got := keyText(p, code); got != want {
			t.Errorf("key %s says %q, want %q", code, got, want)
		}
	}
	press(p, "F8", "F9", "F10")
	wantDecided(t, f)
}

func lanesToJoin(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	f.serveJointly(marz.Refuse)
	f.with(func() {
		f.lanes[0].Officer, f.lanes[0].Seats = tigran.ID, f.lanes[0].Seats[1:]
		f.lanes[1].Open, f.lanes[1].Officer = true, "ru-bg/0111"
		f.lanes[1].Seats = []web.Seat{{Authority: russia.ID, Officer: "ru-bg/0111"}}
	})
	waitText(p, "lane-state", "Lane taken by am-bg/0107. Join it on the page Lanes.")
	p.Navigate(f.url + "/home")
	check := func() {
		t.Helper()
		for lane, want := range map[string]string{"1": "Open: am-bg/0107, joint serviceJoin lane 1", "2": "Open: ru-bg/0111Take lane 2"} {
			got := browsertest.Eval[string](p, fmt.Sprintf(`[...document.querySelectorAll('[data-lane="%s"] [data-part=state], [data-lane="%s"] button')].map((e) => e.textContent).join("")`, lane, lane))
			if got != want {
				t.Errorf("lane %s says %q, want %q", lane, got, want)
			}
		}
	}
	check() // as it was rendered
	p.WaitFor(`document.getElementById("link-state").dataset.state === "up" && document.querySelector('[data-take="2"]').disabled`)
	check()
	shootBoth(t, p, "joint-home")
	click(p, `[data-take="1"]`)
	p.WaitFor(`location.pathname === "/lane/1"`)
	waitText(p, "seats", "With am-bg/0107")
	p.Navigate(f.url + "/supervisor")
	waitText(p, "lanes", "am-bg/0107, ru-bg/0102")
	shoot(t, p, "joint-supervisor")
}
