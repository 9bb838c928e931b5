package post

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"marz"
	"marz/internal/browsertest"
	"marz/transfer"
)

func press(p *browsertest.Page, selector string) {
	p.WaitFor(fmt.Sprintf(`document.readyState === "complete" && document.querySelector(%q) && !document.querySelector(%q).disabled`, selector, selector))
	browsertest.Eval[any](p, fmt.Sprintf("document.querySelector(%q).click()", selector))
}

// deed takes a step through its dialog.
func deed(p *browsertest.Page, name string, fields map[string]string) {
	press(p, fmt.Sprintf("[data-deed=%s]", name))
	p.WaitFor(`document.getElementById("deed").open`)
	for field, value := range fields {
		browsertest.Eval[any](p, fmt.Sprintf(`document.querySelector("#deed-form").elements[%q].value = %q, undefined`, field, value))
	}
	press(p, "#deed-go")
}

// turnKey reads the digest, and turns the key for it.
func turnKey(p *browsertest.Page) {
	deed(p, "arm", nil)
	p.WaitFor(`/^Turn the key/.test(document.getElementById("deed-go").textContent)`)
	press(p, "#deed-go")
	p.WaitFor(`!document.getElementById("deed").open`)
}

// says waits for words in a part of a page.
func says(p *browsertest.Page, id, words string) {
	p.WaitFor(fmt.Sprintf(`document.getElementById(%q)?.textContent.includes(%q)`, id, words))
}

// Two commanders in two windows hand over the post; an officer of the outgoing authority, who presses his key as the instant comes, has decided before it or is refused.
func TestHandoverInTheBrowser(t *testing.T) {
	tp := newHandover(t)
	s := serveReal(t, tp)
	shot := func(p *browsertest.Page, name string) {
		if dir := os.Getenv("MARZ_SHOTS"); dir != "" {
			p.Screenshot(filepath.Join(dir, "transfer-"+name+".png"))
		}
	}
	out, in := s.page("ru-bg/1"), s.page("am-bg/1")
	for _, p := range []*browsertest.Page{out, in} {
		p.Navigate(s.url + "/transfer")
		says(p, "plan", "planned")
	}
	shot(out, "planned")
	deed(out, "open", map[string]string{"at": "2025-01-01 00:00"})
	says(in, "plan", "preparing")
	for _, p := range []*browsertest.Page{out, in} {
		deed(p, "count", map[string]string{"n-0": "0", "n-1": "2", "n-2": "11", "n-3": "4", "n-4": "7", "n-5": "300"})
		p.WaitFor(`!document.getElementById("deed").open`)
	}
	deed(in, "present", nil)
	turnKey(out)
	turnKey(in)
	says(out, "plan", "armed")
	shot(out, "armed")

	lane := s.atLane("ru-bg/2", "1")
	readZone(lane, browsertest.LayoutUS, passport(t, "ABADI", "REZA", "A1", nil), armed)
	tp.now.Store(int64(midnight) - 60)
	lane.Key(browsertest.Stroke{Code: "F1"})
	out.WaitFor(`document.querySelector("#relieved")`)
	lane.WaitFor(`document.body.textContent.includes("Control passed to am-bg under treaty/2")`)
	says(in, "done", "Control has passed")
	shot(out, "relieved")
	shot(in, "executed")

	x := tp.executed()
	admitted := browsertest.Eval[bool](lane, `document.querySelector("#decision-result")?.textContent.startsWith("ADMITTED") ?? false`)
	entries, err := tp.Journal().Entries(t.Context(), 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	decided := false
	for _, e := range entries {
		decided = decided || e.Kind == KindDecided
		if e.Kind == KindDecided && e.Seq > x.Seq || e.Authority == "ru-bg" && e.Seq > x.Seq {
			t.Errorf("seq %d %s of ru-bg after the execution, seq %d", e.Seq, e.Kind, x.Seq)
		}
	}
	if admitted && !decided || decided != (x.Crossings == 1) || decided != (x.Open == 0) {
		t.Errorf("the page says admitted: %v; the journal: %v; %+v", admitted, decided, x)
	}

	press(out, "#relieved")
	out.WaitFor(`location.pathname.startsWith("/relieved/")`)
	shot(out, "act")
	press(out, "#sign")
	out.WaitFor(`document.readyState === "complete" && document.body.textContent.includes("nothing left to sign")`)
	press(in, "#act-link")
	in.WaitFor(`location.pathname.endsWith("/act")`)
	press(in, "#sign")
	in.WaitFor(`document.readyState === "complete" && !document.querySelector("#sign")`)
	if phase := tp.transfers().All()[0].Phase; phase != transfer.Closed {
		t.Error(phase)
	}
	if tp.Controller() != marz.AuthorityID("am-bg") {
		t.Error(tp.Controller())
	}
}
