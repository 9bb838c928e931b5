package post

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"marz/internal/browsertest"
)

// A supervisor accepts a program on its page, by the fingerprint as he was told it, and dismisses it.
func TestProgramsInTheBrowser(t *testing.T) {
	tp := newTestPost(t)
	s := serveReal(t, tp)
	p := tp.newProgram(t)
	own := tp.page(t) // it is closed after the browser's page, which may still ask for an asset
	boss := s.page("ru-bg/1")
	boss.Navigate(s.url + "/programs")
	boss.WaitFor(`document.getElementById("link-state").dataset.state === "up"`)
	snap(boss, "post-programs-none")
	grouped := strings.ToUpper(p.key[:32]) + " " + p.key[32:]
	fill := func(id, value string) {
		browsertest.Eval[any](boss, `void (document.getElementById("`+id+`").value = "`+value+`")`)
	}
	fill("program-client", "not a fingerprint")
	fill("program-purpose", "Counts for the ministry's board")
	browsertest.Eval[any](boss, `void document.querySelector("[name=read-record]").click()`)
	boss.Expect("400")
	browsertest.Eval[any](boss, `void document.querySelector("#accept button").click()`)
	boss.WaitFor(`document.getElementById("error").textContent.includes("64 hexadecimal digits")`)
	snap(boss, "post-programs-error")
	fill("program-client", grouped)
	browsertest.Eval[any](boss, `void document.querySelector("#accept button").click()`)
	boss.WaitFor(`document.querySelectorAll("[data-dismiss]").length === 1 && document.getElementById("link-state").dataset.state === "up"`)
	snap(boss, "post-programs")
	if resp, b := p.ask("GET", "/v1/lanes", ""); resp.StatusCode != http.StatusOK {
		t.Errorf("%s %s", resp.Status, b)
	}
	if a := tp.actorOf(t, p, ""); len(a.program.Actions) != 2 {
		t.Errorf("%v", a.program.Actions)
	}
	browsertest.Eval[any](boss, `void document.querySelector("[data-dismiss]").click()`)
	boss.WaitFor(`document.getElementById("dismiss").open && document.getElementById("dismiss-print").textContent.replace(/ /g, "") === "` + p.key + `"`)
	snap(boss, "post-programs-dismiss")
	browsertest.Eval[any](boss, `void document.getElementById("dismiss-go").click()`)
	boss.WaitFor(`document.querySelectorAll("[data-dismiss]").length === 0`)
	resp, b := p.ask("GET", "/v1/lanes", "")
	p.refused("dismissed", resp, b, "forbidden", "no supervisor")

	boss.Navigate(own) // the interface's own page, as a person reads it
	boss.WaitFor(`document.querySelector("h1").textContent === "Interface for programs" && document.body.textContent.includes("/api/v1/crossings/{id}/record")`)
	if over := browsertest.Eval[int](boss, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); over > 0 {
		t.Errorf("the interface's page is %d px too wide", over)
	}
	snap(boss, "post-api")
}

// page serves the interface's page without TLS, so that a browser needs no other certificate, and returns its address.
func (tp *testPost) page(t *testing.T) string {
	srv := httptest.NewServer(tp.apiHandler())
	t.Cleanup(srv.Close)
	return srv.URL + "/api/v1/"
}
