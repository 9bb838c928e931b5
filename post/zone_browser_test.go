package post

import (
	"strings"
	"testing"

	"marz"
	"marz/inspection"
	"marz/internal/browsertest"
)

// A reader reads 8 as B: the officer compares, marks what is printed, and admits; the inspection says what he corrected, on his page and in the journal.
func TestCorrectedZoneInTheBrowser(t *testing.T) {
	tp := newTestPost(t)
	s := serveReal(t, tp)
	p := s.atLane("ru-bg/2", "1")
	p.Expect(`^request: 400 `)
	read, printed := misread(t, "K48213377")
	before := tp.size()
	readZone(p, browsertest.LayoutAM, read, `(document.querySelector("#act").dataset.kind === "candidates" && !document.querySelector("#keys [data-key=F8]").matches("[aria-disabled=true]"))`)
	if tp.size() != before {
		t.Fatalf("%d entries before the officer chose", tp.size()-before)
	}
	snap(p, "zone-candidates")
	p.Key(browsertest.Stroke{Code: "Digit1"})
	p.WaitFor(`document.querySelector("#candidates [aria-pressed=true]") && !document.querySelector("#keys [data-key=F6]").matches("[aria-disabled=true]")`)
	p.Key(browsertest.Stroke{Code: "F6"})
	p.WaitFor(armed)
	if text := p.Text("#findings"); !strings.Contains(text, "zone corrected by the officer, 1 character: line 2 place 3 B to 8. The check digits bear it out") {
		t.Errorf("the findings say %q", text)
	}
	snap(p, "zone-corrected")
	id := browsertest.Eval[string](p, `fetch("/api/lanes/1/case").then(r => r.json()).then(c => c.id)`)
	p.Key(browsertest.Stroke{Code: "F1"})
	p.WaitFor(`document.querySelector("#decision-result").textContent.startsWith("ADMITTED")`)
	_, e, private := tp.opened(t, marz.InspectionID(id))
	if e.Way != inspection.Corrected || e.Corrected != 1 || strings.Join(strings.Fields(private.Read), "") != strings.Join(strings.Fields(read), "") || strings.Join(private.Document.Lines, "\n") != strings.TrimSpace(printed) {
		t.Errorf("the entry says %+v, its payload that %q was read", e, private.Read)
	}
	s.verified()
}
