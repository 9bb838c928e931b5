package post

import (
	"strings"
	"testing"

	"marz/internal/browsertest"
)

// A traveller whom the list stops is cleared at the lane, and passes with one key the next time. An alert that is listed afterwards stands on the supervisor's page without his asking, until he answers for it.
func TestNamesakeAndLateHitInTheBrowser(t *testing.T) {
	tp := newTestPost(t)
	tp.write("test.jsonl", list)
	s := serveReal(t, tp)
	boss := s.page("ru-bg/1")
	boss.Navigate(s.url + "/supervisor")
	boss.WaitFor(`document.getElementById("link-state").dataset.state === "up" && document.getElementById("late-panel").hidden`)
	p := s.atLane("ru-bg/2", "1")
	readZone(p, browsertest.LayoutAM, zorvan(t, "C1"), `(document.querySelector("#verdict").dataset.verdict === "stop" && `+armed+`)`)
	p.Key(browsertest.Stroke{Code: "F1"})
	p.WaitFor(`document.querySelector("#act-body").textContent.includes("Compared, and cleared")`)
	snap(p, "post-namesake-reason")
	p.Key(browsertest.Stroke{Code: "Digit9"})
	p.WaitFor(`document.querySelector("#proposal") && document.querySelector("#act-body").textContent.includes("clears him of 1 hit") && !document.querySelector("#keys [data-key=F10]").matches("[aria-disabled=true]")`)
	p.Key(browsertest.Stroke{Code: "F10"})
	p.WaitFor(`document.querySelector("#decision-result").textContent.startsWith("ADMITTED")`)
	tp.now.Add(rescan.Milliseconds())
	readZone(p, browsertest.LayoutAM, zorvan(t, "C1"), `(document.querySelector("#verdict").dataset.verdict === "clear" && `+armed+`)`)
	p.WaitFor(`document.querySelectorAll("#hits .hit.is-cleared").length === 1`)
	snap(p, "post-namesake-again")
	p.Key(browsertest.Stroke{Code: "F1"})
	p.WaitFor(`document.querySelector("#decision-result").textContent.startsWith("ADMITTED")`)
	readZone(p, browsertest.LayoutAM, passport(t, "ABADI", "REZA", "A1", nil), `(document.querySelector("#number").textContent.includes("A1") && `+armed+`)`)
	p.Key(browsertest.Stroke{Code: "F1"})
	p.WaitFor(`document.querySelector("#decision-result").textContent.startsWith("ADMITTED")`)
	tp.write("test.jsonl", list+rezasAlert)
	browsertest.Eval[bool](boss, `(document.querySelector("#reload").click(), true)`)
	boss.WaitFor(`document.querySelectorAll("#late tr").length === 1`)
	snap(boss, "post-late-hit")
	browsertest.Eval[bool](boss, `(document.querySelector("#late button:last-child").click(), true)`)
	boss.WaitFor(`document.getElementById("deed").open`)
	browsertest.Eval[any](boss, `void (document.getElementById("deed-reason").value = "owner-told")`)
	browsertest.Eval[bool](boss, `(document.querySelector("#deed-go").click(), true)`)
	boss.WaitFor(`document.getElementById("late-panel").hidden && !document.getElementById("deed").open`)
	readZone(p, browsertest.LayoutAM, passport(t, "ABADI", "REZA", "A2", nil), `(document.querySelector("#number").textContent.includes("A2") && `+armed+`)`)
	p.Key(browsertest.Stroke{Code: "Escape"})
	tp.write("test.jsonl", list+strings.Replace(rezasAlert, "wanted", "crime", 1)) // while he stands at the lane
	browsertest.Eval[bool](boss, `(document.querySelector("#reload").click(), true)`)
	p.WaitFor(`document.querySelectorAll("#hits .late").length === 1 && document.querySelector("#act-body").textContent.trim() === ""`)
	snap(p, "post-late-hit-at-the-lane")
}
