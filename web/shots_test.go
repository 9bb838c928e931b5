package web_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"marz/internal/browsertest"
)

// TestPagesInBrowser opens every page, in both themes, and fails on any error in the console, any break of the content security
// policy, and any page that is wider than its window. With MARZ_SHOTS set to a folder it leaves screenshots there.
func TestPagesInBrowser(t *testing.T) {
	f := newFakePost(t)
	b := browsertest.New(t, browsertest.Options{})
	p := b.Page()
	p.Expect(`^request: 403 from .*/error$`)
	for _, theme := range []string{"dark", "light"} {
		p.EmulateMedia("", map[string]string{"prefers-color-scheme": theme})
		for _, name := range pages {
			path := "/" + name
			if name == "lane" {
				path = "/lane/1"
			}
			p.SetViewport(1280, 800)
			p.Navigate(f.url + path)
			if samplePage(name).Officer != nil {
				p.WaitFor(`document.getElementById("link-state").dataset.state === "up"`)
			}
			shoot(t, p, name+"-"+theme)
			for _, width := range []int{390, 1920} {
				p.SetViewport(width, 1080)
				if over := browsertest.Eval[int](p, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); over > 0 {
					t.Errorf("page %s at %d px is %d px too wide", name, width, over)
				}
				if theme == "dark" {
					shoot(t, p, name+map[int]string{390: "-phone", 1920: "-large"}[width])
				}
			}
		}
	}
}

// shootBoth leaves a screenshot in each theme.
func shootBoth(t *testing.T, p *browsertest.Page, name string) {
	t.Helper()
	shoot(t, p, name)
	p.EmulateMedia("", map[string]string{"prefers-color-scheme": "light"})
	shoot(t, p, name+"-light")
	p.EmulateMedia("", map[string]string{"prefers-color-scheme": "dark"})
}

// shoot leaves a screenshot in the folder that MARZ_SHOTS names, if it does.
func shoot(t *testing.T, p *browsertest.Page, name string) {
	t.Helper()
	if dir := os.Getenv("MARZ_SHOTS"); dir != "" {
		p.Screenshot(filepath.Join(dir, strings.ReplaceAll(name, "/", "-")+".png"))
	}
}
