package exercise

import (
	"context"
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"marz"
	"marz/internal/browsertest"
	"marz/post"
)

// open starts an exercise as marz demo does and returns its address.
func open(t *testing.T, o Options) (*Exercise, string) {
	t.Helper()
	ln, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	ln.Close()
	o.Dir, o.Listen, o.Viewers = filepath.Join(t.TempDir(), "exercise"), "localhost:"+port, true
	o.Wall = func() marz.Instant { return marz.InstantOf(time.Now()) }
	e, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served, played, ready := make(chan error, 1), make(chan error, 1), make(chan struct{})
	go func() { served <- e.Post.Serve(ctx, func(net.Addr) { close(ready) }) }()
	<-ready
	go func() { played <- e.Run(ctx, 1) }()
	t.Cleanup(func() {
		stop()
		for _, end := range []chan error{served, played} {
			if err := <-end; err != nil {
				t.Error(err)
			}
		}
		if r, err := e.Finish(context.Background()); err != nil || !r.Verified {
			t.Errorf("%+v, %v", r, err)
		}
	})
	return e, "https://localhost:" + port
}

// What the README promises: one click to sign in, F2 for the next traveller, one key for an ordinary one; the others work beside it.
func TestAViewersMinute(t *testing.T) {
	_, url := open(t, Options{Seed: 4, PerHour: 3000})
	b := trust(t, url)
	p := b.Page()
	p.Expect(`^request: 404 from .*/api/lanes/1/case$`) // a page that asks for a case which was decided meanwhile
	p.SetViewport(1280, 800)
	p.EmulateMedia("screen", map[string]string{"prefers-color-scheme": "dark"})
	p.Navigate(url + "/")
	shot(p, "exercise-signin")
	click(p, `[data-officer="ru-bg/0002"]`)
	p.WaitFor(`document.readyState === "complete" && document.querySelector("[data-lane='1']")`) // a module that has not run yet hears no click
	shot(p, "exercise-home")
	click(p, `[data-lane="1"] button, button[data-lane="1"]`)
	p.WaitFor(`location.pathname === "/lane/1" && document.querySelector("#verdict-word").textContent.toUpperCase() === "READY"`)
	ordinary := 0
	for range 12 {
		p.WaitFor(`document.querySelector("[data-key=F2]").getAttribute("aria-disabled") === "false"`)
		p.Key(browsertest.Stroke{Code: "F2"})
		p.WaitFor(`document.querySelector("[data-key=F1]").getAttribute("aria-disabled") === "false"`)
		p.Key(browsertest.Stroke{Code: "F1"})
		p.WaitFor(`document.querySelector("#decision-result").textContent !== "" || !document.querySelector("#act").hidden`)
		if browsertest.Eval[bool](p, `document.querySelector("#act").hidden`) {
			if ordinary++; ordinary == 2 {
				shot(p, "exercise-lane")
			}
			continue
		}
		shot(p, "exercise-attention")
		p.Key(browsertest.Stroke{Code: "Digit1"})
		p.WaitFor(`document.querySelector("#proposal") && document.querySelector("[data-key=F10]").getAttribute("aria-disabled") === "false"`)
		p.Key(browsertest.Stroke{Code: "F10"})
		p.WaitFor(`document.querySelector("#decision-result").textContent !== ""`)
	}
	if ordinary < 4 {
		t.Errorf("only %d of 12 were ordinary", ordinary)
	}
	boss := b.Page()
	boss.SetViewport(1280, 800)
	boss.EmulateMedia("screen", map[string]string{"prefers-color-scheme": "dark"})
	boss.Navigate(url + "/signin")
	click(boss, `[data-officer="ru-bg/0001"]`)
	boss.WaitFor(`location.pathname === "/" && document.readyState === "complete"`)
	boss.Navigate(url + "/supervisor")
	boss.WaitFor(`[...document.querySelectorAll("[data-lane]")].filter(l => l.dataset.open === "true").length === 7`)
	shot(boss, "exercise-supervisor")
}

// trust returns a browser that trusts the exercise's certificate.
func trust(t *testing.T, url string) *browsertest.Browser {
	t.Helper()
	conn, err := tls.Dial("tcp", url[len("https://"):], &tls.Config{InsecureSkipVerify: true}) // only to learn the key to trust
	if err != nil {
		t.Fatal(err)
	}
	leaf := conn.ConnectionState().PeerCertificates[0]
	conn.Close()
	return browsertest.New(t, browsertest.Options{TrustSPKI: []string{browsertest.SPKI(leaf)}})
}

// What one sees at midnight: the outgoing officer's window ends and says why, the incoming one takes the lane and goes on, and his supervisor signs the act.
func TestMidnightOnScreen(t *testing.T) {
	e, url := open(t, Options{Seed: 4, PerHour: 600, Armed: true})
	b := trust(t, url)
	enter := func(p *browsertest.Page, officer string) {
		p.SetViewport(1280, 800)
		p.Navigate(url + "/signin")
		click(p, `[data-officer="`+officer+`"]`)
		p.WaitFor(`location.pathname === "/" && document.readyState === "complete" && document.querySelector("[data-lane='1']")`)
	}
	take := func(p *browsertest.Page) {
		click(p, `[data-lane="1"] button, button[data-lane="1"]`)
		p.WaitFor(`location.pathname === "/lane/1" && document.querySelector("#verdict-word").textContent.toUpperCase() === "READY"`)
	}
	out, in, boss := b.Page(), b.Page(), b.Page()
	enter(out, "ru-bg/0002")
	take(out)
	shot(out, "midnight-before")
	e.Clock.AdvanceTo(Start.Add(10 * time.Minute)) // nobody waits for it here
	out.WaitFor(`document.getElementById("ended-overlay")`)
	if why := browsertest.Eval[string](out, `document.getElementById("ended-overlay").textContent`); !strings.Contains(why, "am-bg") || !strings.Contains(why, "am-ru-2024-agarak/2") {
		t.Errorf("the window says %q", why)
	}
	shot(out, "midnight-out")
	if e.Post.Controller() != "am-bg" {
		t.Error(e.Post.Controller())
	}
	enter(in, "am-bg/0002")
	take(in)
	in.WaitFor(`document.querySelector("[data-key=F2]").getAttribute("aria-disabled") === "false"`)
	in.Key(browsertest.Stroke{Code: "F2"})
	in.WaitFor(`document.querySelector("[data-key=F1]").getAttribute("aria-disabled") === "false"`)
	shot(in, "midnight-in")
	enter(boss, "am-bg/0001")
	boss.Navigate(url + "/transfer/agarak-1/act")
	boss.WaitFor(`document.readyState === "complete" && document.querySelector("#sign")`)
	click(boss, "#sign")
	boss.WaitFor(`!document.querySelector("#sign")`)
	shot(boss, "midnight-act")
	state, err := post.ReadTransfers(t.Context(), e.opts.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if tr := state.Get("agarak-1"); tr == nil || len(tr.Closings) == 0 || tr.Closings[0].Officer != "am-bg/0001" {
		t.Errorf("the act is not signed: %+v", tr)
	}
}

func click(p *browsertest.Page, selector string) {
	browsertest.Eval[bool](p, `(document.querySelector(`+"`"+selector+"`"+`).click(), true)`)
}

// shot takes a picture when MARZ_SHOTS names a folder.
func shot(p *browsertest.Page, name string) {
	if dir := os.Getenv("MARZ_SHOTS"); dir != "" {
		p.Screenshot(filepath.Join(dir, name+".png"))
	}
}

// The register of the scenario as officers see it, at a post where two authorities serve together, in both themes.
func TestRegisterPagesOfTheScenario(t *testing.T) {
	start, err := marz.ParseInstant("2025-02-03T09:00:00+04:00")
	if err != nil {
		t.Fatal(err)
	}
	_, url := open(t, Options{Seed: 4, PerHour: 60, Place: "akhurik", Start: start})
	p := trust(t, url).Page()
	p.SetViewport(1280, 800)
	p.Navigate(url + "/signin")
	click(p, `[data-officer="am-bg/0001"]`)
	p.WaitFor(`location.pathname === "/" && document.readyState === "complete"`)
	for name, want := range map[string]string{
		"register": "csto", "register/am-ru-1992": "signed", "register/am-ru-2024-agarak": "joint", "register/csto-1992": "",
		"timeline/agarak": "am-ru-2024-agarak", "timeline/margara": "", "map": "Schematic", "sections": "", "lookups": ""} {
		p.Navigate(url + "/" + name)
		p.WaitFor(`document.readyState === "complete" && document.getElementById("link-state").dataset.state === "up"`)
		if text := browsertest.Eval[string](p, `document.body.textContent`); !strings.Contains(text, want) || strings.Contains(text, "error page") {
			t.Errorf("%s does not say %q", name, want)
		}
		for _, theme := range []string{"dark", "light"} {
			p.EmulateMedia("screen", map[string]string{"prefers-color-scheme": theme})
			shot(p, "scenario-"+strings.ReplaceAll(name, "/", "-")+"-"+theme)
		}
	}
}
