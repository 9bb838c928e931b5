package hq

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"marz/folder"
	"marz/internal/browsertest"
	"marz/journal"
)

// From the link to the mirrors, in a real browser: the first supervisor makes a passkey, signs in, invites, sees a post's journal arrive by itself, and signs out. With
// MARZ_SHOTS set to a folder it leaves screenshots there, day and night.
func TestHeadquartersInTheBrowser(t *testing.T) {
	ln, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	ln.Close()
	h := &house{t: t, dir: filepath.Join(t.TempDir(), "hq")}
	h.now.Store(int64(noon))
	s := h.setup()
	s.Config.Listen = "localhost:" + port(address)
	if h.link, err = Init(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	q := h.open()
	served := h.serve(q)
	cert, err := folder.ServerCert(h.dir, "localhost", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p := browsertest.New(t, browsertest.Options{TrustSPKI: []string{browsertest.SPKI(cert.Leaf)}}).Page()
	p.SetViewport(1280, 800)
	p.Authenticator()
	shoot := func(name string) {
		dir := os.Getenv("MARZ_SHOTS")
		for _, theme := range []string{"dark", "light"} {
			if dir != "" {
				p.EmulateMedia("", map[string]string{"prefers-color-scheme": theme})
				p.Screenshot(filepath.Join(dir, name+"-"+theme+".png"))
			}
		}
	}
	click := func(selector string) {
		browsertest.Eval[any](p, fmt.Sprintf(`void document.querySelector(%q).click()`, selector))
	}
	p.Navigate(h.link)
	shoot("hq-enrol")
	click("#passkey")
	p.WaitFor(`document.querySelector("#done a") !== null`)
	p.Navigate(strings.TrimSuffix(q.Address(), "/") + "/signin")
	click("#passkey")
	const up = `document.getElementById("link-state")?.dataset.state === "up"`
	p.WaitFor(`document.querySelector("h1").textContent === "Mirrors" && ` + up)
	shoot("hq-empty")

	o := newOutpost(t, "agarak", h.clock, 3)
	o.write("am-bg", 3)
	id, err := ReadIdentity(h.dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := q.AddNode(t.Context(), o.id); err != nil {
		t.Fatal(err)
	}
	row := `document.querySelector("#nodes tbody tr")`
	p.WaitFor(row + `.textContent.includes("nothing yet") && ` + up) // the page loads itself again for a new node
	o.addr.Store(&served.nodes)
	o.whole(o.push(id, func(journal.Entry) bool { return true }))
	p.WaitFor(row + `.querySelector("[data-part=held]").textContent === "4" && ` + row + `.textContent.includes("mirrored")`)
	shoot("hq-mirrors")

	for _, page := range []string{"nation", "person", "register", "register/treaty", "timeline/agarak", "map", "journal", "journal/entry/1", "officers", "retention", "programs"} {
		p.Navigate(q.Address() + page)
		p.WaitFor(up)
		shoot("hq-" + strings.ReplaceAll(page, "/", "-"))
	}
	browsertest.Eval[any](p, fmt.Sprintf(`void (document.getElementById("program-client").value = %q, document.getElementById("program-purpose").value = "the ministry's board")`, strings.Repeat("5d1e", 16)))
	click("#accept [type=submit]")
	p.WaitFor(`document.querySelector("[data-dismiss]") !== null && ` + up)
	if browsertest.Eval[bool](p, `document.querySelector("[name=read-record], [name=manage-lists]") !== null`) {
		t.Error("a headquarters offers a program what it does not have")
	}
	shoot("hq-programs-accepted")
	click("#signout")
	p.WaitFor(`location.pathname === "/signin"`)
}
