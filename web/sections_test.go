package web_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz"
	"marz/internal/browsertest"
	"marz/web"
)

// routeSections answers the acts of the page of sections, and notes what was sent.
func (f *fakePost) routeSections(mux *http.ServeMux) {
	act := func(answer any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				f.t.Error(err)
			}
			f.with(func() {
				f.sectionActs = append(f.sectionActs, r.URL.Path+" "+string(body))
				if f.refuses != "" {
					web.WriteError(w, r, &marz.Error{Code: marz.Conflict, Op: "section", Subject: r.URL.Path, Fix: f.refuses})
					return
				}
				web.WriteJSON(w, http.StatusOK, answer)
			})
		}
	}
	mux.HandleFunc("POST /api/sections/{section}/patrols", act(map[string]int{"id": 1240}))
	mux.HandleFunc("POST /api/sections/{section}/incidents", act(map[string]int{"id": 1241}))
	mux.HandleFunc("POST /api/patrols/{id}/end", act(map[string]int{"id": 1242}))
	mux.HandleFunc("POST /api/incidents/{seq}/read", act(map[string]string{"note": "Eleven sheep. رمه. <b>One</b> goat."}))
}

// wantActs fails unless exactly these acts have come to the post, of which there have to be some.
func wantActs(t *testing.T, f *fakePost, want ...string) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if diff := cmp.Diff(want, f.sectionActs); diff != "" {
		t.Errorf("acts (-want +got):\n%s", diff)
	}
}

// reloads runs act and waits for the page to be a new one.
func reloads(p *browsertest.Page, act func()) {
	browsertest.Eval[any](p, `window.before = true`)
	act()
	p.WaitFor(`window.before === undefined && document.getElementById("link-state").dataset.state === "up"`)
}

// write fills the fields of a form, by name.
func write(p *browsertest.Page, form string, fields map[string]string) {
	for name, value := range fields {
		browsertest.Eval[any](p, fmt.Sprintf("document.querySelector(%q).elements[%q].value = %q, undefined", form, name, value))
	}
}

// refusedWith makes the post refuse all acts on sections in these words, or none for "".
func (f *fakePost) refusedWith(words string) { f.with(func() { f.refuses = words }) }

func TestSections(t *testing.T) {
	b := browsertest.New(t, browsertest.Options{})
	for name, test := range map[string]func(*testing.T, *browsertest.Browser){
		"officers put on duty": onDuty,
		"patrol ended":         patrolEnded,
		"incident recorded":    incidentRecorded,
		"incident read":        incidentRead,
		"session ended":        readingEnded,
		"local times":          localTimes,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

func onDuty(t *testing.T, b *browsertest.Browser) {
	f, p := openPage(t, b, "sections", nil)
	const form = `[data-act=patrol][data-section=meghri-section]`
	failed := fmt.Sprintf("document.querySelector(%q).textContent.includes", form+" .error")
	browsertest.Eval[any](p, fmt.Sprintf("document.querySelector(%q).parentElement.open = true", form))
	if from := browsertest.Eval[string](p, fmt.Sprintf("document.querySelector(%q).elements.from.value", form)); !strings.HasPrefix(from, "2024-12-31 23:1") {
		t.Errorf("the form begins with %q and not with the time at the post", from)
	}
	write(p, form, map[string]string{"from": "2025-01-01 08:00", "until": "2025-01-01 07:00"})
	click(p, form+" [type=submit]")
	p.WaitFor(failed + `("has to end after it begins")`)
	write(p, form, map[string]string{"until": "2025-01-01 20:00:30"})
	click(p, form+" [type=submit]")
	p.WaitFor(failed + `("at least one officer")`)
	write(p, form, map[string]string{"from": "2025-02-31 08:00"})
	click(p, form+" [type=submit]")
	p.WaitFor(failed + `("2025-02-31 08:00 is no time here")`)
	wantActs(t, f)

	write(p, form, map[string]string{"from": "2025-01-01 08:00"})
	click(p, form+` [value="am-bg/0107"]`)
	click(p, form+` [value="ru-bg/0111"]`)
	f.refusedWith("no article lets am-bg serve there")
	p.Expect(`^request: 409 from .*/patrols$`)
	click(p, form+" [type=submit]")
	p.WaitFor(failed + `("no article lets am-bg serve there")`)
	shoot(t, p, "sections-refused")
	f.refusedWith("")
	reloads(p, func() { click(p, form+" [type=submit]") })
	want := `/api/sections/meghri-section/patrols {"from":"2025-01-01T08:00:00+04:00","until":"2025-01-01T20:00:30+04:00","officers":["ru-bg/0111","am-bg/0107"]}`
	wantActs(t, f, want, want)
}

func patrolEnded(t *testing.T, b *browsertest.Browser) {
	f, p := openPage(t, b, "sections", nil)
	click(p, `[data-end="1207"]`)
	waitText(p, "end-title", "End patrol 1207 on Meghri?")
	f.refusedWith("it has ended already")
	p.Expect(`^request: 409 from .*/end$`)
	click(p, "#end-go")
	waitText(p, "end-error", "it has ended already")
	f.refusedWith("")
	reloads(p, func() { click(p, "#end-go") })
	wantActs(t, f, "/api/patrols/1207/end {}", "/api/patrols/1207/end {}")
}

func incidentRecorded(t *testing.T, b *browsertest.Browser) {
	f, p := openPage(t, b, "sections", nil)
	const form = `[data-act=incident][data-section=meghri-section]`
	browsertest.Eval[any](p, fmt.Sprintf("document.querySelector(%q).parentElement.open = true", form))
	write(p, form, map[string]string{"at": "2024-12-31 22:40", "kind": "shots", "kilometre": "12,5", "note": " Two shots, far away. "})
	click(p, form+` [value="am-bg/0114"]`)
	reloads(p, func() { click(p, form+" [type=submit]") })
	wantActs(t, f, `/api/sections/meghri-section/incidents {"at":"2024-12-31T22:40:00+04:00","kind":"shots","kilometre":12.5,"present":["am-bg/0114"],"patrol":0,"note":"Two shots, far away."}`)
}

func incidentRead(t *testing.T, b *browsertest.Browser) {
	f, p := openPage(t, b, "sections", nil)
	click(p, `[data-note="1215"]`)
	click(p, "#read-go")
	waitText(p, "read-error", "Choose a reason first")
	wantActs(t, f)
	browsertest.Eval[any](p, `document.getElementById("read-reason").value = "court", document.getElementById("read-note").value = "file 7"`)
	click(p, "#read-go")
	waitText(p, "read-result", "Eleven sheep. رمه. <b>One</b> goat.")
	shoot(t, p, "sections-note")
	wantActs(t, f, `/api/incidents/1215/read {"reason":"court","note":"file 7"}`)
	press(p, "Escape")
	p.WaitFor(`!document.getElementById("read").open && !document.body.textContent.includes("sheep")`)
}

// readingEnded holds that a note which is being read goes with the session.
func readingEnded(t *testing.T, b *browsertest.Browser) {
	f, p := openPage(t, b, "sections", nil)
	click(p, `[data-note="1215"]`)
	browsertest.Eval[any](p, `document.getElementById("read-reason").value = "court"`)
	click(p, "#read-go")
	waitText(p, "read-result", "sheep")
	f.with(func() { f.ended = "Control of Agarak passed to am-bg." })
	waitText(p, "ended-why", "Control of Agarak passed")
	p.WaitFor(`!document.documentElement.textContent.includes("sheep")`)
}

// localTimes holds what a module makes of a local time, in a zone with summer time too.
func localTimes(t *testing.T, b *browsertest.Browser) {
	_, p := openPage(t, b, "sections", nil)
	for _, c := range []struct{ zone, text, want string }{
		{"Asia/Yerevan", "2025-01-01 08:00", "2025-01-01T08:00:00+04:00"},
		{"Asia/Yerevan", "1992-09-30 00:00", "1992-09-30T00:00:00+03:00"},
		{"Asia/Tehran", "2025-01-01T08:00:07", "2025-01-01T08:00:07+03:30"},
		{"America/St_Johns", "2025-01-01 08:00", "2025-01-01T08:00:00-03:30"},
		{"Europe/Berlin", "2025-03-30 01:59", "2025-03-30T01:59:00+01:00"},
		{"Europe/Berlin", "2025-03-30 02:30", ""}, // skipped
		{"Europe/Berlin", "2025-03-30 03:00", "2025-03-30T03:00:00+02:00"},
		{"Nowhere/Land", "2025-01-01 08:00", "2025-01-01T08:00:00+00:00"},
		{"Asia/Yerevan", "2025-02-29 08:00", ""},
		{"Asia/Yerevan", "2025-01-01 24:00", ""},
		{"Asia/Yerevan", "2025-01-01", ""},
		{"Asia/Yerevan", "01.01.2025 08:00", ""},
	} {
		got := browsertest.Eval[string](p, fmt.Sprintf("import(%q).then((m) => (m.setZone(%q), m.fixed(%q)))", web.AssetURL("time.js"), c.zone, c.text))
		if got != c.want {
			t.Errorf("%s in %s became %q and not %q", c.text, c.zone, got, c.want)
		}
		if c.want == "" {
			continue
		}
		if read, err := web.ReadInstant(c.zone, c.text); err != nil || read != instant(c.want) {
			t.Errorf("%s in %s is read as %v (%v) and not as %s", c.text, c.zone, read, err, c.want)
		}
	}
}
