package post

import (
	"net/http"
	"strings"
	"testing"

	"marz/emrtd/reading"
	"marz/internal/browsertest"
)

// A supervisor accepts a reader, and from then on a document that is laid down is inspected without a key: its progress, what its chip proves and its portrait are on the lane's page.
func TestReaderInTheBrowser(t *testing.T) {
	tp := newTestPost(t)
	s := serveReal(t, tp)
	state := tp.utopia(t)
	b := tp.newBooth(t)
	b.do("GET", "/station", nil)
	boss := s.page("ru-bg/1")
	boss.Navigate(s.url + "/readers")
	boss.WaitFor(`document.getElementById("link-state").dataset.state === "up" && document.querySelectorAll("[data-act=accept]").length === 1`)
	snap(boss, "post-readers")
	browsertest.Eval[any](boss, `void document.querySelector("[data-act=accept]").click()`)
	boss.WaitFor(`document.getElementById("reader-deed").open && document.getElementById("reader-print").textContent.replace(/ /g, "") === "` + b.key + `"`)
	snap(boss, "post-readers-accept")
	browsertest.Eval[any](boss, `void document.getElementById("reader-go").click()`)
	boss.WaitFor(`document.querySelectorAll("[data-act=dismiss]").length === 1`)

	p := s.atLane("ru-bg/2", "1")
	r := chipped(t, state, "reading-00000001", utopian(t, "U0000001"))
	b.do("POST", "/progress", map[string]any{"id": r.ID, "step": "EF.DG2", "done": 500, "of": 1000})
	p.WaitFor(`document.getElementById("lane-state").textContent === "Reading the portrait, 50 %" && document.querySelector("#keys [data-key=F8]")?.textContent.includes("Without the chip")`)
	snap(p, "post-reader-progress")
	p.Key(browsertest.Stroke{Code: "F8"})
	p.WaitFor(`!document.querySelector("#keys [data-key=F8]").matches("[aria-disabled=true]")`)
	if _, answer := b.do("POST", "/progress", map[string]any{"id": r.ID, "step": "EF.DG2", "done": 600, "of": 1000}); !strings.Contains(answer, `"stop":true`) {
		t.Errorf("the reader is not told to stop: %s", answer)
	}
	b.hand(r, http.StatusOK)
	p.WaitFor(`document.querySelector("#verdict").dataset.verdict === "clear" && document.querySelector("#portrait img")?.naturalWidth === 35 && ` + armed)
	if proven := browsertest.Eval[string](p, `document.getElementById("portrait").dataset.proven`); proven != "true" {
		t.Error("the portrait is not called proven")
	}
	if cut := browsertest.Eval[bool](p, `document.getElementById("case").scrollHeight > document.getElementById("case").clientHeight`); cut {
		t.Error("with a portrait the zone is not all in sight at 1280 by 800")
	}
	snap(p, "post-reader-clear")
	p.Key(browsertest.Stroke{Code: "F1"})
	p.WaitFor(`document.querySelector("#decision-result").textContent.startsWith("ADMITTED") && document.getElementById("portrait").hidden`)

	r = chipped(t, state, "reading-00000002", utopian(t, "U0000002"))
	r.Chip.Active = reading.Asked{Result: "failed", Reason: "it has not the secret of its document"}
	r.Zone = utopian(t, "U0000003")
	b.hand(r, http.StatusOK)
	p.WaitFor(`document.querySelector("#verdict").dataset.verdict === "stop" && ` + armed)
	snap(p, "post-reader-stop")
	p.Expect("409")
	b.hand(chipped(t, state, "reading-00000003", utopian(t, "U0000004")), http.StatusOK)
	p.WaitFor(`document.getElementById("error").textContent.includes("the new scan was not taken")`)
	if number := browsertest.Eval[string](p, `document.getElementById("number").textContent`); !strings.Contains(number, "U0000003") {
		t.Errorf("a new document has changed an open inspection: %s", number)
	}
}
