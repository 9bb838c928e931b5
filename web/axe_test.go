package web_test

import (
	"os"
	"testing"

	"marz"
	"marz/internal/browsertest"
	"marz/transfer"
	"marz/web"
)

// TestAccessibility runs axe-core over every page and over the lane's states, in both themes. The environment variable MARZ_AXE names
// axe.min.js, which is not part of the project (npm pack axe-core); without it the test is skipped.
//
// Two officers at one lane have subtests of their own.
func TestAccessibility(t *testing.T) {
	path := os.Getenv("MARZ_AXE")
	if path == "" {
		t.Skip("skipped: MARZ_AXE does not name axe.min.js")
	}
	axe, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := newFakePost(t)
	b := browsertest.New(t, browsertest.Options{})
	p := b.Page()
	p.Expect(`^request: 403 from .*/error$`)
	p.SetViewport(1280, 800)
	check := func(what string) {
		t.Helper()
		accessible(t, p, string(axe), what)
	}
	for _, theme := range []string{"dark", "light"} {
		p.EmulateMedia("", map[string]string{"prefers-color-scheme": theme})
		for _, name := range pages {
			if name == "lane" {
				continue
			}
			p.Navigate(f.url + "/" + name)
			if samplePage(name).Officer != nil {
				p.WaitFor(`document.getElementById("link-state").dataset.state === "up"`)
			}
			check(name + " " + theme)
			if name == "crossings" {
				click(p, `[data-read="i18"]`)
				check("dialog " + theme)
			}
			if name == "sections" || name == "agreement" {
				browsertest.Eval[any](p, `document.querySelectorAll("details").forEach((d) => d.open = true)`)
				check(name + ", opened " + theme)
			}
			if name == "shift" {
				click(p, "#take")
				check("shift's dialog " + theme)
			}
			if name == "sections" {
				click(p, `[data-note]`)
				check("incident's dialog " + theme)
			}
		}
		for _, text := range []string{"", ordinary, expired, stopper} {
			p.Navigate(f.url + "/lane/1")
			p.WaitFor(`document.getElementById("link-state").dataset.state === "up"`)
			if text != "" {
				scan(p, text)
				p.WaitFor(armed)
			}
			check("lane " + theme + " " + text)
			if text != "" {
				press(p, "F7")
				check("lane, panel " + theme)
				press(p, "Digit1")
				waitText(p, "decision-result", "WITHDRAWN")
				check("lane, ended " + theme)
			}
		}
	}
	t.Run("commission", func(t *testing.T) {
		_, p := openPage(t, b, "enrol", func(f *fakePost) { f.uncommissioned = true })
		p.Authenticator()
		click(p, "#passkey")
		waitText(p, "done", "Your passkey is made.")
		accessible(t, p, string(axe), "a passkey to be commissioned")
	})
	t.Run("transfer", func(t *testing.T) { transferAccessible(t, b, string(axe)) })
	t.Run("joint", func(t *testing.T) { jointAccessible(t, b, string(axe)) })
}

// accessible runs axe-core over a page as it is now.
func accessible(t *testing.T, p *browsertest.Page, axe, what string) {
	t.Helper()
	browsertest.Eval[any](p, axe+"\n;undefined")
	for _, fault := range browsertest.Eval[[]string](p, `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })
		.then((r) => r.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.target + ": " + n.failureSummary)))`) {
		t.Errorf("%s: %s", what, fault)
	}
}

// jointAccessible goes through what two officers at one lane see, in both themes.
func jointAccessible(t *testing.T, b *browsertest.Browser, axe string) {
	f, ru, am := openTwo(t, b, marz.Admit, marz.Refuse)
	f.with(func() { f.duty.shared = true })
	check := func(p *browsertest.Page, what string) {
		t.Helper()
		for _, theme := range []string{"light", "dark"} {
			p.EmulateMedia("", map[string]string{"prefers-color-scheme": theme})
			accessible(t, p, axe, "joint, "+what+" "+theme)
		}
	}
	refused(ru, am)
	am.WaitFor(isOn("F10"))
	check(am, "waits for me")
	check(ru, "waits for the other")
	press(am, "F9")
	check(am, "objection panel")
	press(am, "Digit1")
	waitText(ru, "between", "did not concur")
	ru.WaitFor(isOn("F8"))
	check(ru, "objected")
	press(ru, "F8")
	check(ru, "look-up panel")
	press(ru, "Digit1")
	waitText(ru, "hits", "Stopper, Ruben")
	check(ru, "looked up")
	ru.WaitFor(isOn("F4"))
	press(ru, "F4")
	check(ru, "asylum panel")
	ru.WaitFor(isOn("F10"))
	press(ru, "F10")
	waitText(am, "asylum", "ASYLUM ASKED FOR")
	check(am, "asylum")
	check(ru, "asylum, looked up")
}

// transferAccessible goes through what two commanders see beside their page itself, in both themes.
func transferAccessible(t *testing.T, b *browsertest.Browser, axe string) {
	f, ru, am := openCommanders(t, b, prepared)
	check := func(p *browsertest.Page, what string) {
		t.Helper()
		for _, theme := range []string{"light", "dark"} {
			p.EmulateMedia("", map[string]string{"prefers-color-scheme": theme})
			accessible(t, p, axe, "transfer, "+what+" "+theme)
		}
	}
	for _, name := range []string{"count", "postpone", "arm"} {
		click(ru, "[data-deed="+name+"]")
		ru.WaitFor(`document.getElementById("deed").open`)
		check(ru, "dialog to "+name)
		press(ru, "Escape")
		closed(ru)
	}
	turn(ru, "arm")
	waitText(ru, "kept", "/relieved/")
	check(ru, "key turned")
	turn(am, "arm")
	waitText(am, "plan", "armed")
	f.with(func() {
		f.next = &web.Passing{To: armenia, Article: handing.Article, At: f.now() + 50e3, Phase: transfer.Armed}
	})
	am.WaitFor(`document.body.classList.contains("is-last")`)
	check(am, "last minute")
	f.with(f.executeTransfer)
	waitText(am, "execution", "from ru-bg to am-bg")
	check(am, "executed")
	waitText(ru, "ended-under", "am-bg")
	check(ru, "relieved")
}
