package web_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz/internal/browsertest"
	"marz/transfer"
	"marz/web"
)

// openCommanders opens the commanders' page in two windows: of ru-bg/0102, the outgoing side, and of am-bg/0101, the incoming one.
func openCommanders(t *testing.T, b *browsertest.Browser, set func(*fakePost)) (f *fakePost, ru, am *browsertest.Page) {
	t.Helper()
	f, ru = openPage(t, b, "transfer", func(f *fakePost) {
		f.relief = newFakeTransfer()
		f.announce()
		if set != nil {
			set(f)
		}
	})
	am = b.Page()
	am.In(t)
	t.Cleanup(func() { am.Navigate("about:blank") })
	am.SetViewport(1280, 800)
	am.EmulateMedia("", map[string]string{"prefers-color-scheme": "light"})
	am.Navigate(f.url + "/as/am-bg/0101")
	am.Navigate(f.url + "/transfer")
	am.WaitFor(`document.getElementById("link-state").dataset.state === "up"`)
	return f, ru, am
}

// deed presses a step's button, fills the fields of its dialog by name, and confirms.
func deed(p *browsertest.Page, selector string, fields map[string]string) {
	click(p, selector)
	p.WaitFor(`document.getElementById("deed").open`)
	write(p, "#deed-form", fields)
	click(p, "#deed-go")
}

func closed(p *browsertest.Page) { p.WaitFor(`!document.getElementById("deed").open`) }

// turn reads and turns a key, in two acts.
func turn(p *browsertest.Page, name string) {
	deed(p, `[data-deed=`+name+`]`, nil)
	p.WaitFor(`!document.getElementById("deed-go").disabled && /^(Turn the key|Sign it)/.test(document.getElementById("deed-go").textContent)`)
	click(p, "#deed-go")
}

// numbers returns the first digest of a page as it is read aloud.
func numbers(p *browsertest.Page) []string {
	return browsertest.Eval[[]string](p, `[...document.querySelector(".digest").children].map((li) => li.textContent)`)
}

// facts returns everything that a page says about the transfer, without the countdown.
func facts(p *browsertest.Page) string {
	return browsertest.Eval[string](p, `[...document.querySelectorAll("[data-facts]")].map((el) => { const copy = el.cloneNode(true);
		copy.querySelectorAll("[data-tick]").forEach((tick) => tick.remove()); return el.id + ": " + copy.textContent; }).join("\n")`)
}

// sameFacts waits until a text stands on both pages and they say the same, and fails where any fact of one is not on the other.
func sameFacts(t *testing.T, ru, am *browsertest.Page, id, text string) {
	t.Helper()
	waitText(ru, id, text)
	waitText(am, id, text)
	theirs := facts(ru)
	for range 100 { // the text may have stood there before the news reached both pages
		if facts(am) == theirs {
			return
		}
		browsertest.Eval[any](am, `new Promise((done) => requestAnimationFrame(() => done(null)))`)
		theirs = facts(ru)
	}
	t.Errorf("the commanders see different facts (-outgoing +incoming):\n%s", cmp.Diff(theirs, facts(am)))
}

// prepared is a transfer in which both have counted.
func prepared(f *fakePost) {
	x := f.relief
	x.Phase, x.Readiness = transfer.Preparing, cheques
	for i := range x.Inventory {
		n := 3
		x.Inventory[i].Outgoing, x.Inventory[i].Incoming = &n, &n
	}
	f.presentTransfer(officer)
	f.announce()
}

func TestTransfer(t *testing.T) {
	b := browsertest.New(t, browsertest.Options{})
	for name, test := range map[string]func(*testing.T, *browsertest.Browser){
		"from plan to execution": transferWhole,
		"plan changes meanwhile": transferChanged,
		"refused by the post":    transferRefused,
		"passkey":                transferPasskey,
		"clock in doubt":         transferDoubt,
		"keyboard alone":         transferKeyboard,
		"steps with a reason":    transferReasons,
		"nothing planned":        transferNone,
		"act signed":             actSigned,
		"act of the relieved":    actRelieved,
		"shift taken over":       shiftTaken,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

// transferWhole goes from the plan to the execution in two windows, with the counts that differ and the alerts that are disposed of.
func transferWhole(t *testing.T, b *browsertest.Browser) {
	f, ru, am := openCommanders(t, b, nil)
	sameFacts(t, ru, am, "plan", "planned")
	shoot(t, ru, "transfer-planned")
	deed(ru, "[data-deed=open]", nil)
	sameFacts(t, ru, am, "plan", "preparing")
	waitText(am, "steps", "began preparation")

	for more, want := range map[[2]string]string{{"собаки", "2"}: "Latin letters", {"dogs", ""}: "how many", {"", "2"}: "what you counted"} {
		deed(ru, "[data-deed=count]", map[string]string{"n-0": "1", "more": more[0], "n-more": more[1]})
		waitText(ru, "deed-error", want)
		click(ru, "#deed-close")
		closed(ru)
	}
	sameFacts(t, ru, am, "checklist", "12 counts to come")

	counts := map[string]string{"n-0": "0", "n-1": "2", "n-2": "11", "n-3": "4", "n-4": "7", "n-5": "300", "note": "in the safe"}
	deed(ru, "[data-deed=count]", counts)
	closed(ru)
	sameFacts(t, ru, am, "checklist", "6 counts to come")
	counts["n-2"] = "12"
	deed(am, "[data-deed=count]", counts)
	closed(am)
	sameFacts(t, ru, am, "inventory", "differs by 1")

	waitText(ru, "alerts-rows", "Pavlov, Igor")
	if browsertest.Eval[bool](am, `document.body.textContent.includes("Pavlov")`) {
		t.Error("the incoming side sees an alert that was not offered to it")
	}
	click(ru, `[data-alert="ru-0417"]`)
	click(ru, `[data-alert="ru-0418"]`)
	deed(ru, `[data-dispose=offered]`, nil)
	waitText(am, "alerts-rows", "Pavlov, Igor")
	closed(ru)
	browsertest.Eval[any](ru, `document.getElementById("alerts-list").value = "ru-documents", document.getElementById("alerts-list").dispatchEvent(new Event("input")), undefined`)
	click(ru, "#alerts-all")
	shoot(t, ru, "transfer-alerts")
	deed(ru, `[data-dispose=returned]`, nil)
	sameFacts(t, ru, am, "dispositions", "4 alerts without a disposition")
	closed(ru)
	click(am, `[data-alert="ru-0417"]`)
	deed(am, `[data-dispose=adopted]`, nil)
	if f.posts("/dispose") != 2 {
		t.Error("an alert was adopted without a reason")
	}
	write(am, "#deed-form", map[string]string{"reason": "sought"})
	click(am, "#deed-go")
	closed(am)
	click(am, `[data-alert="ru-0418"]`)
	deed(am, `[data-dispose=declined]`, map[string]string{"reason": "no ground here"})
	closed(am)
	sameFacts(t, ru, am, "dispositions", "3 alerts without a disposition")

	deed(am, "[data-deed=present]", nil)
	closed(am)
	sameFacts(t, ru, am, "instrument", "Key not turned")
	if diff := cmp.Diff(web.Groups(sampleDigest(1)), numbers(ru)); diff != "" {
		t.Errorf("the digest is read aloud as (-want +got):\n%s", diff)
	}
	shootBoth(t, ru, "transfer-presented")
	turn(ru, "arm")
	waitText(ru, "kept", "/relieved/7QK2-M4XD-9RTB")
	closed(ru)
	sameFacts(t, ru, am, "instrument", "by ru-bg/0102")
	turn(am, "arm")
	sameFacts(t, ru, am, "plan", "armed")
	waitText(ru, "next", "armed")
	shootBoth(t, ru, "transfer-armed")

	f.with(f.executeTransfer)
	waitText(ru, "ended-why", "Control of Agarak passed to am-bg")
	waitText(ru, "ended-under", "am-bg under am-ru-2024-agarak/2")
	if address := browsertest.Eval[string](ru, `document.getElementById("relieved").getAttribute("href")`); address != "/relieved/7QK2-M4XD-9RTB" {
		t.Errorf("the relieved commander is led to %s", address)
	}
	for _, name := range []string{"Pavlov", "Stopper", "Wanted"} {
		if browsertest.Eval[bool](ru, fmt.Sprintf(`document.documentElement.outerHTML.includes(%q)`, name)) {
			t.Errorf("%s is still in the page of a commander whose access has ended", name)
		}
	}
	shootBoth(t, ru, "transfer-relieved")
	browsertest.Eval[any](ru, `location.assign("/signin")`) // as a page that is loaded again is sent to
	ru.WaitFor(`location.pathname === "/signin" && document.getElementById("relieved")`)
	waitText(ru, "ended", "Control of Agarak passed to am-bg")
	if address := browsertest.Eval[string](ru, `document.getElementById("relieved").getAttribute("href")`); address != "/relieved/7QK2-M4XD-9RTB" {
		t.Errorf("from the page to sign in the relieved commander is led to %s", address)
	}
	shoot(t, ru, "signin-relieved")
	waitText(am, "execution", "from ru-bg to am-bg")
	waitText(am, "passed", "Control passed from ru-bg to am-bg under am-ru-2024-agarak/2")
	if href := browsertest.Eval[string](am, `document.getElementById("act-link").getAttribute("href")`); href != "/transfer/agarak-1/act" {
		t.Errorf("the act is at %s", href)
	}
	shoot(t, am, "transfer-executed")
	if last := f.lastSent("dispose"); !strings.Contains(last, `"alerts":["ru-0418"]`) {
		t.Errorf("what was declined is %s", last)
	}
	var sent transferIn
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, body, ok := strings.Cut(f.relief.sent[0], "open "); !ok || json.Unmarshal([]byte(body), &sent) != nil || sent.At != handing.At || sent.Article != relief.Article {
		t.Errorf("preparation began with %s", f.relief.sent[0])
	}
}

// lastSent returns the last step of a name that came to the post.
func (f *fakePost) lastSent(step string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, sent := range slices.Backward(f.relief.sent) {
		if strings.HasPrefix(sent, step+" ") {
			return sent
		}
	}
	return ""
}

// transferChanged holds that a key is never turned for a digest that is no longer the plan's.
func transferChanged(t *testing.T, b *browsertest.Browser) {
	f, ru, am := openCommanders(t, b, prepared)
	am.Expect(`^request: 409 from .*/sign/exercise$`)
	click(ru, "[data-deed=arm]")
	waitText(ru, "deed-title", "Read before you turn your key")
	browsertest.Eval[any](ru, `new Promise((done) => { const go = document.getElementById("deed-go"); go.click(); const look = () => document.getElementById("deed-title").textContent.startsWith("Turn")
		? done(go.click()) : setTimeout(look, 1); look(); })`) // a double press
	waitText(ru, "deed-title", "Turn the key of ru-bg")
	f.with(func() { f.presentTransfer(anahit) })
	waitText(ru, "deed-error", "The plan has changed while this was open: nothing was signed.")
	shoot(t, ru, "transfer-changed")
	ru.WaitFor(`document.getElementById("deed-go").hidden`)
	press(ru, "Escape")

	// The page has not heard of the change when the key is turned.
	deed(am, `[data-deed=arm]`, nil)
	am.WaitFor(`!document.getElementById("deed-go").disabled && document.getElementById("deed-go").textContent.startsWith("Turn the key")`)
	f.mu.Lock()
	f.relief.Digest = sampleDigest(9)
	f.mu.Unlock()
	click(am, "#deed-go")
	am.WaitFor(`/the plan has changed/i.test(document.getElementById("deed-error").textContent)`) // by the post, or by the page that looked again meanwhile
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.relief.Keys[0].At != 0 || f.relief.Keys[1].At != 0 {
		t.Error("a key was turned for a plan that had changed")
	}
}

func transferRefused(t *testing.T, b *browsertest.Browser) {
	f, ru, _ := openCommanders(t, b, prepared)
	ru.Expect(`^request: 409 from .*/present$`)
	f.with(func() { f.relief.void() })
	f.refusedWith("readiness of the mirror is missing")
	deed(ru, "[data-deed=present]", nil)
	waitText(ru, "deed-error", "readiness of the mirror is missing")
	if !browsertest.Eval[bool](ru, `document.getElementById("deed").open && !document.getElementById("deed-go").disabled`) {
		t.Error("after a refusal the dialog cannot be tried again")
	}
	f.refusedWith("")
	click(ru, "#deed-go")
	closed(ru)
	f.with(func() { f.relief.Phase = transfer.Cancelled })
	waitText(ru, "cannot", "the transfer is cancelled")
	ru.WaitFor(`!document.querySelector("[data-deed]")`)
}

func transferPasskey(t *testing.T, b *browsertest.Browser) {
	f, ru, _ := openCommanders(t, b, func(f *fakePost) {
		prepared(f)
		f.signs = "passkey"
	})
	key := ru.Authenticator()
	defer key.Remove()
	turn(ru, "arm") // no passkey is on the device
	ru.WaitFor(`document.getElementById("deed-error").textContent !== ""`)
	if f.posts("/sign/finish") != 0 {
		t.Error("something was signed without a passkey")
	}
	at := browsertest.Eval[string](ru, `location.origin`)
	ru.Navigate(at + "/enrol")
	click(ru, "#passkey")
	waitText(ru, "done", "Your passkey is made.")
	ru.Navigate(at + "/transfer")
	turn(ru, "arm")
	waitText(ru, "instrument", "by ru-bg/0102")
	f.mu.Lock()
	defer f.mu.Unlock()
	if diff := cmp.Diff([]string{"sign/begin arm", "sign/begin arm", "sign/finish arm"}, f.relief.sent); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

func transferDoubt(t *testing.T, b *browsertest.Browser) {
	f, ru, am := openCommanders(t, b, func(f *fakePost) {
		prepared(f)
		for i := range f.relief.Keys {
			f.relief.Keys[i].At = midday - 60e3
		}
		f.relief.Phase, f.relief.Plan.At, f.relief.Waiting = transfer.Armed, midday-5e3, "The clock here differs from the radio clock by 41 s: two sources that agree, or both commanders, settle it."
		f.announce()
	})
	sameFacts(t, ru, am, "waiting", "differs from the radio clock by 41 s")
	waitText(ru, "next", "waiting")
	waitText(ru, "next", "Control has not passed")
	shootBoth(t, ru, "transfer-waiting")
	turn(ru, "now")
	waitText(ru, "ended-why", "Control of Agarak passed")
	waitText(am, "execution", "from ru-bg to am-bg")
	if n := f.posts("/sign/exercise"); n != 1 {
		t.Errorf("%d signatures were sent", n)
	}
}

// transferKeyboard turns a key by the keyboard alone, and holds that one press too many turns none.
func transferKeyboard(t *testing.T, b *browsertest.Browser) {
	f, ru, _ := openCommanders(t, b, prepared)
	ru.WaitFor(`document.querySelector("[data-deed=arm]")`)
	reach := func(what string) {
		t.Helper()
		for range 60 {
			if browsertest.Eval[bool](ru, what) {
				return
			}
			press(ru, "Tab")
		}
		t.Fatalf("Tab does not reach %s", what)
	}
	reach(`document.activeElement.dataset.deed === "arm"`)
	press(ru, "Enter")
	ru.WaitFor(`document.getElementById("deed").open`)
	reach(`document.activeElement.id === "deed-go"`)
	press(ru, "Enter", "Enter", "Space", "Enter")
	waitText(ru, "deed-title", "Turn the key of ru-bg")
	if n := f.posts("/sign/exercise"); n != 0 {
		t.Error("one press too many turned the key")
	}
	ru.WaitFor(`!document.getElementById("deed-go").disabled`)
	reach(`document.activeElement.id === "deed-go"`)
	press(ru, "Enter")
	waitText(ru, "instrument", "by ru-bg/0102")
	closed(ru)
	ru.WaitFor(`document.activeElement.dataset.deed === "disarm"`) // where the key was turned it is taken back
}

func transferReasons(t *testing.T, b *browsertest.Browser) {
	f, ru, _ := openCommanders(t, b, func(f *fakePost) {
		prepared(f)
		f.relief.Keys[0].At = midday
	})
	deed(ru, "[data-deed=disarm]", nil)
	if f.posts("/disarm") != 0 {
		t.Error("a key was taken back without a reason")
	}
	write(ru, "#deed-form", map[string]string{"reason": "a lorry burns"})
	click(ru, "#deed-go")
	closed(ru)
	deed(ru, "[data-deed=postpone]", map[string]string{"at": "2025-02-30 08:00", "reason": "a lorry burns"})
	waitText(ru, "deed-error", "2025-02-30 08:00 is no time here")
	write(ru, "#deed-form", map[string]string{"at": "2025-01-01 02:00"})
	click(ru, "#deed-go")
	closed(ru)
	waitText(ru, "next", "1 January 2025, 02:00:00")
	deed(ru, "[data-deed=refuse]", map[string]string{"reason": "the road is closed"})
	closed(ru)
	waitText(ru, "plan", "ru-bg declared that it will not arm")
	deed(ru, "[data-deed=cancel]", map[string]string{"reason": "by order"})
	closed(ru)
	waitText(ru, "plan", "cancelled")
	f.mu.Lock()
	defer f.mu.Unlock()
	want := []string{`disarm {"id":"agarak-1","why":"a lorry burns"}`, `postpone {"id":"agarak-1","at":"2025-01-01T02:00:00+04:00","why":"a lorry burns"}`,
		`refuse {"id":"agarak-1","why":"the road is closed"}`, `cancel {"id":"agarak-1","why":"by order"}`}
	if diff := cmp.Diff(want, f.relief.sent); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

func transferNone(t *testing.T, b *browsertest.Browser) {
	f, p := openPage(t, b, "transfer", func(f *fakePost) { f.next, f.unplanned = nil, true })
	p.WaitFor(`!document.getElementById("none").hidden && document.getElementById("relief").hidden`)
	f.with(func() { f.unplanned, f.relief = false, newFakeTransfer() })
	waitText(p, "plan", "planned")
}

// TestActCodes holds that the codes of an act fit beside each other on its page.
func TestActCodes(t *testing.T) {
	for _, passkeys := range []bool{true, false} {
		text := codeText(passkeys)
		codes, err := web.Codes(text)
		if err != nil || len(codes) > 3 {
			t.Errorf("%d codes: %v", len(codes), err)
		}
		for _, c := range codes {
			t.Logf("passkeys %v: %d characters, code %d of %d holds %d in %d modules", passkeys, len(text), c.Part, c.Of, len(c.Text), c.Modules)
		}
	}
}

func actSigned(t *testing.T, b *browsertest.Browser) {
	f, p := openPage(t, b, "act", nil)
	p.WaitFor(`document.querySelectorAll("svg.qr").length > 0`)
	if diff := cmp.Diff(web.Groups(sampleDigest(5)), numbers(p)); diff != "" {
		t.Errorf("the digest is read aloud as (-want +got):\n%s", diff)
	}
	p.EmulateMedia("print", nil)
	shoot(t, p, "act-printed")
	if hidden := browsertest.Eval[bool](p, `[...document.querySelectorAll("header, .rail, .act-tools")].every((el) => el.getClientRects().length === 0)`); !hidden {
		t.Error("more than the act is printed")
	}
	p.EmulateMedia("", map[string]string{"prefers-color-scheme": "dark"})
	reloads(p, func() { click(p, "#sign") })
	p.WaitFor(`!document.getElementById("sign")`)
	f.mu.Lock()
	defer f.mu.Unlock()
	if diff := cmp.Diff([]string{"/api/transfer/sign/exercise " + sampleDigest(5)}, f.closed); diff != "" {
		t.Errorf("signed (-want +got):\n%s", diff)
	}
}

// actRelieved signs without a session: the page has nothing but the act and one button.
func actRelieved(t *testing.T, b *browsertest.Browser) {
	f := newFakePost(t)
	p := b.Page()
	p.In(t)
	t.Cleanup(func() { p.Navigate("about:blank") })
	p.SetViewport(1280, 800)
	p.Navigate(f.url + "/relieved/7QK2-M4XD-9RTB")
	if n := browsertest.Eval[int](p, `document.querySelectorAll("nav, #officer, #signout, form, [href*='act.json']").length`); n != 0 {
		t.Errorf("%d things are on the page that lead elsewhere", n)
	}
	shoot(t, p, "relieved")
	click(p, "#sign")
	p.WaitFor(`document.body.textContent.includes("There is nothing left to sign here.")`)
	f.mu.Lock()
	defer f.mu.Unlock()
	if diff := cmp.Diff([]string{"/relieved/7QK2-M4XD-9RTB/exercise " + sampleDigest(5)}, f.closed); diff != "" {
		t.Errorf("signed (-want +got):\n%s", diff)
	}
}

func shiftTaken(t *testing.T, b *browsertest.Browser) {
	f, p := openPage(t, b, "shift", nil)
	click(p, "#take")
	shoot(t, p, "shift-dialog")
	press(p, "Enter") // on Close
	p.WaitFor(`!document.getElementById("taking").open`)
	f.refusedWith("the facts have changed: read them again")
	p.Expect(`^request: 409 from .*/take$`)
	click(p, "#take")
	click(p, "#taking-go")
	waitText(p, "taking-error", "the facts have changed")
	p.WaitFor(`!document.getElementById("again").hidden`)
	f.refusedWith("")
	reloads(p, func() { click(p, "#taking-go") })
	f.mu.Lock()
	defer f.mu.Unlock()
	if diff := cmp.Diff([]string{sampleDigest(6)}, f.closed); diff != "" {
		t.Errorf("taken over (-want +got):\n%s", diff)
	}
}
