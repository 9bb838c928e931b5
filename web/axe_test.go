package web_test

import (
	"os"
	"testing"

	"marz/internal/browsertest"
)

// TestAccessibility runs axe-core over every page and over the lane's states, in both themes. The environment variable MARZ_AXE names
// axe.min.js, which is not part of the project (npm pack axe-core); without it the test is skipped.
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
	p := browsertest.New(t, browsertest.Options{}).Page()
	p.Expect(`^request: 403 from .*/error$`)
	p.SetViewport(1280, 800)
	check := func(what string) {
		t.Helper()
		browsertest.Eval[any](p, string(axe)+"\n;undefined")
		for _, fault := range browsertest.Eval[[]string](p, `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })
			.then((r) => r.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.target + ": " + n.failureSummary)))`) {
			t.Errorf("%s: %s", what, fault)
		}
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
		}
		for _, text := range []string{"", ordinary, expired, stopper} {
			p.Navigate(f.url + "/lane/1")
			p.WaitFor(`document.getElementById("link-state").dataset.state === "up"`)
			if text != "" {
				read(p, text)
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
}
