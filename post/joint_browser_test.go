package post

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"marz/internal/browsertest"
)

// snap takes a picture in both themes when MARZ_SHOTS names a folder.
func snap(p *browsertest.Page, name string) {
	if dir := os.Getenv("MARZ_SHOTS"); dir != "" {
		for _, theme := range []string{"dark", "light"} {
			p.EmulateMedia("screen", map[string]string{"prefers-color-scheme": theme})
			p.Screenshot(filepath.Join(dir, "joint-"+name+"-"+theme+".png"))
		}
	}
}

const shownHits = `document.querySelector("#hits").textContent`

// two seats an officer of each authority at lane 1 of a post in joint service, each in a window of his own.
func two(t *testing.T, share string) (s *served, ru, am *browsertest.Page) {
	tp, a, b := newJoint(t, "", share, "1")
	for _, actor := range []Actor{a, b} {
		if err := tp.SignOut(t.Context(), actor); err != nil {
			t.Fatal(err)
		}
	}
	s = serveReal(t, tp)
	return s, s.atLane("ru-bg/2", "1"), s.atLane("am-bg/2", "1")
}

// Two officers, two authorities, two windows: without an article that shares it, one does not see the content of the other's hit; with one he does,
// after a look-up that stands in the owner's log.
func TestJointLaneInTheBrowser(t *testing.T) {
	for name, share := range map[string]string{"not shared": "", "shared": shareHits} {
		t.Run(name, func(t *testing.T) {
			s, ru, am := two(t, share)
			readZone(am, browsertest.LayoutUS, wantedPassport(t, "GEO"), `document.querySelector("#verdict").dataset.verdict === "stop"`)
			ru.WaitFor(`document.querySelector("#primary").textContent === "SEKRETOV" && ` + shownHits + `.includes("Bogdan Sekretov")`)
			if text := browsertest.Eval[string](am, `document.documentElement.innerHTML`); strings.Contains(text, "Bogdan") || strings.Contains(text, "bogdans-alert") || !strings.Contains(am.Text("#hits"), "ru-bg") {
				t.Errorf("the other's window holds the hit, or does not say that there is one: %s", am.Text("#hits"))
			}
			snap(ru, "owner-"+strings.ReplaceAll(name, " ", "-"))
			snap(am, "other-"+strings.ReplaceAll(name, " ", "-"))
			if share == "" {
				am.Key(browsertest.Stroke{Code: "F8"})
				if text := am.Text("#hits"); !strings.Contains(text, "not shared") || strings.Contains(text, "Bogdan") {
					t.Error(text)
				}
				return
			}
			am.WaitFor(`document.querySelector("[data-key=F8]").getAttribute("aria-disabled") === "false"`)
			am.Key(browsertest.Stroke{Code: "F8"})
			am.WaitFor(`!document.querySelector("#act").hidden`)
			am.Key(browsertest.Stroke{Code: "Digit1"})
			am.WaitFor(shownHits + `.includes("Bogdan Sekretov") && ` + shownHits + `.includes("treaty/3")`)
			snap(am, "looked-up")
			boss := s.page("ru-bg/1")
			boss.Navigate(s.url + "/lookups")
			boss.WaitFor(`document.body.textContent.includes("am-bg/2") && document.body.textContent.includes("treaty/3")`)
		})
	}
}

// A refusal that an article makes joint waits in one window for a key in the other.
func TestConcurrenceInTheBrowser(t *testing.T) {
	s, ru, am := two(t, "")
	readZone(am, browsertest.LayoutUS, passport(t, "ABADI", "REZA", "A1", nil), armed)
	am.Key(browsertest.Stroke{Code: "F3"})
	am.WaitFor(`!document.querySelector("#act").hidden`)
	am.Key(browsertest.Stroke{Code: "Digit7"})
	am.WaitFor(`document.querySelector("#proposal") && document.querySelector("[data-key=F10]").getAttribute("aria-disabled") === "false"`)
	am.Key(browsertest.Stroke{Code: "F10"})
	ru.WaitFor(`document.querySelector("#primary").textContent === "ABADI" && document.querySelector("[data-key=F10]").textContent.includes("Concur") &&
		document.querySelector("[data-key=F10]").getAttribute("aria-disabled") === "false"`)
	snap(am, "waits")
	snap(ru, "asked")
	if n := s.kinds()[KindDecided]; n != 0 {
		t.Fatalf("decided by %d before the other concurred", n)
	}
	ru.Key(browsertest.Stroke{Code: "F10"})
	for _, p := range []*browsertest.Page{ru, am} {
		p.WaitFor(`document.querySelector("#decision-result").textContent.startsWith("REFUSED") && document.querySelector("#decision-result").textContent.includes("treaty/2")`)
	}
	snap(am, "decided")
	s.verified()
}

// A word of asylum takes the guest's keys away and says why; the host's stay.
func TestAsylumInTheBrowser(t *testing.T) {
	s, ru, am := two(t, "")
	readZone(ru, browsertest.LayoutUS, passport(t, "ABADI", "REZA", "A1", nil), armed)
	ru.Key(browsertest.Stroke{Code: "F4"})
	ru.WaitFor(`!document.querySelector("#act").hidden && document.querySelector("[data-key=F10]").getAttribute("aria-disabled") === "false"`)
	ru.Key(browsertest.Stroke{Code: "F10"})
	am.WaitFor(`document.querySelector("#asylum").textContent.includes("ASYLUM") && ` + armed)
	ru.WaitFor(`document.querySelector("#asylum").textContent.includes("ASYLUM") && document.querySelector("[data-key=F5]").getAttribute("aria-disabled") === "false"`)
	ru.Key(browsertest.Stroke{Code: "F1"})
	ru.WaitFor(`document.querySelector("#error").textContent.includes("not yours to decide") && document.querySelector("#act").hidden`)
	snap(ru, "asylum-guest")
	if !browsertest.Eval[bool](ru, `document.querySelector("[data-key=F7]").getAttribute("aria-disabled") === "true"`) ||
		browsertest.Eval[bool](am, `document.querySelector("[data-key=F7]").getAttribute("aria-disabled") === "true"`) {
		t.Error("the guest can withdraw the case, or the host cannot")
	}
	if n := s.kinds()[KindRefusedAct]; n != 0 {
		t.Errorf("%d acts were refused by the post: the page let a barred key through", n)
	}
}
