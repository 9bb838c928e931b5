package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"marz"
	"marz/internal/browsertest"
	"marz/web"
)

// clearable makes the first hit one that can be cleared and explains itself, and the second one of which the traveller was cleared.
func (f *fakePost) clearable(c *web.Inspection) {
	c.Hits[0].Can, c.Hits[0].Lacks, c.Hits[0].Late = "clear", []marz.AuthorityID{"ru-bg"}, midday
	c.Hits[0].Sentence = "Your name and birth date are those of a person on a list of am-bg. An officer has to find out whether you are that person."
	c.Hits[0].Evidence = []web.Line{{What: "name", List: "Stopper, Ruben Armenovich", Query: "STOPPER RUBEN", Points: 21.4}, {What: "nationality", List: "ARM", Query: "IRN", Points: -2.04}}
	c.Hits[0].Cleared = &web.Clearance{Seq: 1102, At: midday - 86400e3, By: officer.ID, Why: "the alert has changed since"}
	c.Hits[1].Cleared = &web.Clearance{Seq: 1103, At: midday - 86400e3, By: officer.ID, Reason: "Compared: not the person on the list", Holds: true}
}

// routeNamesakes are what supervisors do; they note what was asked.
func (f *fakePost) routeNamesakes(mux *http.ServeMux) {
	for _, pattern := range []string{"POST /api/inspections/{id}/clear", "POST /api/clearances/{seq}/revoke", "POST /api/late/{seq}/acknowledge", "POST /api/late/{seq}/read"} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			var in struct {
				web.AlertRef
				Reason string `json:"reason"`
				Note   string `json:"note"`
			}
			if err := web.ReadJSON(w, r, &in, 1000); err != nil {
				web.WriteError(w, r, err)
				return
			}
			f.with(func() {
				f.given = append(f.given, strings.Join([]string{r.URL.Path, string(in.List), string(in.Alert), in.Reason, in.Note}, "|"))
				if strings.HasSuffix(r.URL.Path, "/acknowledge") {
					f.late = nil
				}
			})
			hits := []web.Hit{{Name: "Someone Listed", List: "ru-own", Late: midday}}
			f.with(func() {
				if f.gone {
					hits = []web.Hit{}
				}
			})
			web.WriteJSON(w, http.StatusOK, map[string]any{"next": "/supervisor", "hits": hits})
		})
	}
}

func (f *fakePost) last() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.given) == 0 {
		return ""
	}
	return f.given[len(f.given)-1]
}

func TestNamesakes(t *testing.T) {
	b := browsertest.New(t, browsertest.Options{})
	for name, run := range map[string]func(*testing.T, *browsertest.Browser){"lane": laneClears, "late hits": lateHits, "record": recordClears} {
		t.Run(name, func(t *testing.T) { run(t, b) })
	}
}

// At the lane a hit shows why it is one, who was cleared of what, and one more reason that clears.
func laneClears(t *testing.T, b *browsertest.Browser) {
	f, p := openLane(t, b)
	f.with(func() { f.namesake = true })
	p.SetViewport(1920, 1080)
	scan(p, stopper)
	p.WaitFor(`document.getElementById("verdict").dataset.verdict === "stop" && ` + armed)
	waitText(p, "hits-heading", "Hits: 1, and 1 of which the traveller was cleared")
	waitText(p, "verdict-why", "1 hit · cleared of 1 hit")
	for _, want := range []string{"51.9 points: stop", "27 points", "Late hit: found on", "21.4", "-2", "Your name and birth date are those", "Cleared once, and stopped again", "The alert has changed since.", "Cleared as a namesake", "This hit does not stop him."} {
		waitText(p, "hits", want)
	}
	if n := browsertest.Eval[int](p, `document.querySelectorAll("#hits .hit.is-cleared").length`); n != 1 {
		t.Errorf("%d hits are drawn as cleared, want 1", n)
	}
	shootBoth(t, p, "lane-namesake")
	press(p, "F1")
	waitText(p, "act-body", "Compared, and cleared: not stopped again for this alert, once ru-bg has cleared him as well")
	shoot(t, p, "lane-namesake-reason")
	press(p, fmt.Sprintf("Digit%d", len(coded[marz.Admit])+1))
	waitText(p, "act-body", "and clears him of 1 hit")
	waitText(p, "act-body", "while the alert stays as it is, once ru-bg has cleared him as well.")
	shoot(t, p, "lane-namesake-confirm")
	p.WaitFor(`document.querySelector('[data-key=F10]').getAttribute("aria-disabled") === "false"`)
	press(p, "F10")
	waitText(p, "decision-result", "ADMITTED")
}

// A late hit stands on the supervisor's page as soon as it is found, and goes when he has answered for it.
func lateHits(t *testing.T, b *browsertest.Browser) {
	f, p := openPage(t, b, "supervisor", nil)
	if !browsertest.Eval[bool](p, `document.getElementById("late-panel").hidden`) {
		t.Error("there is an alarm and nothing to answer for")
	}
	f.with(func() {
		f.late = []web.LateHit{{Seq: 1234, At: f.now(), Inspection: "1228", List: "marz-fictional", Hits: 2, Lane: "1", Direction: marz.EntryDirection, Opened: midday - 3600e3, Decision: marz.Admit, Decided: 1230, Owners: []marz.AuthorityID{"ru-bg"}},
			{Seq: 1232, At: f.now() - 60e3, Inspection: "1231", List: "ru-own", Own: true, Hits: 1, Lane: "2", Direction: marz.EntryDirection, Opened: midday - 60e3, Owners: []marz.AuthorityID{"am-bg"}}}
	})
	p.WaitFor(`!document.getElementById("late-panel").hidden`)
	waitText(p, "late-heading", "Late hits: 2")
	waitText(p, "late-said", "Late hits: 2. The newest on marz-fictional")
	for _, want := range []string{"Admitted, entry 1230", "lane 1", "ru-own (own)", "Not decided yet"} {
		waitText(p, "late", want)
	}
	shootBoth(t, p, "supervisor-late")
	click(p, `[data-late="1232"] button`) // the record is another's
	p.WaitFor(`document.getElementById("read").open`)
	browsertest.Eval[any](p, `document.getElementById("read-reason").value = "court"`)
	click(p, "#read-go")
	waitText(p, "read-result", "Someone Listed")
	if got := f.last(); got != "/api/late/1232/read|||court|" {
		t.Errorf("asked %q", got)
	}
	click(p, "#read-close")
	f.with(func() { f.gone = true })
	p.WaitFor(`!document.getElementById("read").open`)
	click(p, `[data-late="1232"] button`)
	p.WaitFor(`document.getElementById("read").open`)
	browsertest.Eval[any](p, `document.getElementById("read-reason").value = "court"`)
	click(p, "#read-go")
	waitText(p, "read-result", "None of these hits is kept any more.")
	click(p, "#read-close")
	browsertest.Eval[any](p, `document.querySelector('[data-late="1232"] button:last-child').focus()`)
	f.with(func() {
		f.late = append([]web.LateHit{{Seq: 1240, At: f.now(), Inspection: "1238", List: "ru-own", Own: true, Hits: 1, Lane: "2", Direction: marz.EntryDirection, Opened: midday, Owners: []marz.AuthorityID{"am-bg"}}}, f.late...)
	})
	waitText(p, "late-heading", "Late hits: 3")
	if got := browsertest.Eval[string](p, `document.activeElement.getAttribute("aria-label") ?? ""`); got != "Answer for the late hit of entry 1232" {
		t.Errorf("with a new late hit the focus is on %q", got)
	}
	click(p, `[data-late="1234"] button:last-child`)
	p.WaitFor(`document.getElementById("deed").open`)
	shoot(t, p, "supervisor-late-answer")
	browsertest.Eval[any](p, `document.getElementById("deed-reason").value = "owner-told", document.getElementById("deed-note").value = "by telephone"`)
	click(p, "#deed-go")
	p.WaitFor(`document.getElementById("late-panel").hidden && document.activeElement.id === "title"`)
	if got := f.last(); got != "/api/late/1234/acknowledge|||owner-told|by telephone" {
		t.Errorf("asked %q", got)
	}
	click(p, `[data-revoke="1207"]`)
	p.WaitFor(`document.getElementById("deed").open`)
	browsertest.Eval[any](p, `document.getElementById("deed-reason").value = "owner-asks"`)
	click(p, "#deed-go")
	p.WaitFor(`!document.getElementById("deed").open`)
	if got := f.last(); got != "/api/clearances/1207/revoke|||owner-asks|" {
		t.Errorf("asked %q", got)
	}
}

// In a record a supervisor clears a namesake, with a reason.
func recordClears(t *testing.T, b *browsertest.Browser) {
	f, p := openPage(t, b, "supervisor", func(f *fakePost) { f.namesake = true })
	click(p, `[data-read="1201"]`)
	p.WaitFor(`document.getElementById("read").open`)
	browsertest.Eval[any](p, `document.getElementById("read-reason").value = "court"`)
	click(p, "#read-go")
	waitText(p, "read-result", "Cleared as a namesake")
	shoot(t, p, "record-namesake")
	click(p, `[data-step="clear"] button`)
	waitText(p, "read-result", "Choose a reason first")
	browsertest.Eval[any](p, `document.querySelector('[data-step="clear"] select').value = "second-line"`)
	click(p, `[data-step="clear"] button`)
	waitText(p, "read-result", "Cleared: not stopped again while the alert stays as it is, once ru-bg has cleared him as well.")
	if got := f.last(); !strings.HasSuffix(got, "/clear|marz-fictional|marz-fictional-00417|second-line|") {
		t.Errorf("asked %q", got)
	}
}
