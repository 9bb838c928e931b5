package web_test

import (
	"testing"

	"marz/internal/browsertest"
)

// While a mirror is behind for long every page says so, also one that is open already, and a lane works as before.
func TestBehind(t *testing.T) {
	f := newFakePost(t)
	b := browsertest.New(t, browsertest.Options{})
	p := b.Page()
	p.SetViewport(1280, 800)
	p.Navigate(f.url + "/lane/1")
	p.WaitFor(`document.getElementById("link-state").dataset.state === "up" && document.getElementById("behind").hidden`)
	f.with(func() { f.behind = "the mirror of am-bg is behind: 14 minutes" })
	p.WaitFor(`document.querySelector("#behind:not([hidden]) a")?.textContent === "The mirror of am-bg is behind: 14 minutes"`)
	scan(p, ordinary)
	p.WaitFor(`document.getElementById("verdict").dataset.verdict === "clear"`)
	shootBoth(t, p, "lane-behind")
	f.with(func() { f.behind = "" })
	p.WaitFor(`document.getElementById("behind").hidden`)
}
