package post

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"marz"
	"marz/internal/browsertest"
	"marz/transfer"
)

// An officer of the outgoing authority presses the key for a decision around the instant, twenty times, each time at another distance from it and at a post of its own. Either his decision is
// recorded before the execution and his page says so, or it is not recorded and his page does not say so; and it is quiet then. Never neither, never both.
func TestKeyAroundTheInstant(t *testing.T) {
	const rounds = 10
	browser := browsertest.New(t, browsertest.Options{TrustAll: true})
	p := browser.Page()
	p.SetViewport(1280, 800)
	p.Expect("40[13]") // the answer to a key that came too late
	recorded, slowest := 0, time.Duration(0)
	for n := range rounds {
		tp := newHandover(t)
		url, _ := listen(t, tp)
		s := &served{tp, browser, url}
		tp.armed()
		s.sitDown(p, "ru-bg/2", "1")
		browsertest.Eval[bool](p, fmt.Sprintf(`fetch("/api/lanes/1/scan", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({text: %q})}).then(r => r.ok)`, passport(t, "ABADI", "REZA", "A1234567", nil)))
		p.WaitFor(armed)
		// What the page said is kept: it is quiet in the end, and then shows nothing of a case.
		browsertest.Eval[any](p, `void (window.told = false, new MutationObserver(() => {
			window.told ||= document.querySelector("#decision-result")?.textContent.startsWith("ADMITTED") ?? false;
			window.told ||= document.querySelector("#ended-last")?.textContent.startsWith("Your last key was recorded: ADMITTED") ?? false;
		}).observe(document.body, {subtree: true, childList: true, characterData: true}))`)
		// The clock goes on by a millisecond whenever the post looks at it: the key is pressed so many looks before the instant.
		tp.now.Store(int64(midnight) - 1 - int64(n))
		pressed := time.Now()
		p.Key(browsertest.Stroke{Code: "F1"})
		p.WaitFor(`document.body.textContent.includes("Control passed to am-bg under treaty/2")`)
		slowest = max(slowest, time.Since(pressed))
		p.WaitFor(`document.querySelector("#ended-last")`)
		told := browsertest.Eval[bool](p, `window.told`)
		if tp.decidedBefore(n, told) {
			recorded++
		}
		p.Navigate("about:blank")
	}
	t.Logf("%d keys were recorded, %d refused; the slowest page was quiet %v after the key", recorded, rounds-recorded, slowest.Round(time.Millisecond))
	if recorded == 0 || recorded == rounds {
		t.Errorf("%d of %d keys were recorded: they were not pressed around the instant", recorded, rounds)
	}
}

// sitDown signs an officer in at a window and takes a lane, as served.atLane does in a new one.
func (s *served) sitDown(p *browsertest.Page, officer marz.OfficerID, lane marz.LaneID) {
	p.Navigate(s.url + "/signin")
	browsertest.Eval[bool](p, fmt.Sprintf(`(document.querySelector('[data-officer=%q]').click(), true)`, officer))
	p.WaitFor(`location.pathname === "/" && document.readyState === "complete"`)
	browsertest.Eval[bool](p, fmt.Sprintf(`fetch("/api/lanes/%s/open", {method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"}).then(r => r.ok)`, lane))
	p.Navigate(s.url + "/lane/" + string(lane))
	p.WaitFor(`document.querySelector("#verdict-word").textContent.toUpperCase() === "READY" && document.getElementById("link-state").dataset.state === "up"`)
}

// decidedBefore reports whether a decision of the outgoing authority is recorded, and holds it to the execution and to what the officer was told.
func (tp *testPost) decidedBefore(round int, told bool) bool {
	tp.t.Helper()
	x := tp.executed()
	entries, err := tp.Journal().Entries(tp.t.Context(), 0, 10_000)
	if err != nil {
		tp.t.Fatal(err)
	}
	decided := 0
	for _, e := range entries {
		var own bool
		if own = e.Officer.Authority() == "ru-bg"; e.Kind == KindDecided && own {
			decided++
		}
		if own && e.Seq > x.Seq && e.Kind != transfer.KindClosed {
			tp.t.Errorf("round %d: entry %d %s is an act of %s after the execution, entry %d", round, e.Seq, e.Kind, e.Officer, x.Seq)
		}
	}
	if told != (decided == 1) || decided != x.Crossings {
		b, _ := json.Marshal(x)
		tp.t.Errorf("round %d: his page said that it is recorded: %v. It stands %d times in the journal. %s", round, told, decided, b)
	}
	return decided == 1
}
