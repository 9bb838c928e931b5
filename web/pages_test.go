package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz"
	"marz/internal/browsertest"
	"marz/web"
)

// openPage opens a page of a new post under the name localhost, since passkeys know no addresses.
func openPage(t *testing.T, b *browsertest.Browser, name string, set func(*fakePost)) (*fakePost, *browsertest.Page) {
	t.Helper()
	f := newFakePost(t)
	if set != nil {
		set(f)
	}
	p := b.Page()
	p.In(t)
	t.Cleanup(func() { p.Navigate("about:blank") })
	p.SetViewport(1280, 800)
	p.EmulateMedia("", map[string]string{"prefers-color-scheme": "dark"})
	p.Navigate(strings.Replace(f.url, "127.0.0.1", "localhost", 1) + "/" + name)
	if samplePage(name).Officer != nil {
		p.WaitFor(`document.getElementById("link-state").dataset.state === "up"`)
	}
	return f, p
}

func click(p *browsertest.Page, selector string) {
	p.WaitFor(fmt.Sprintf("document.readyState === \"complete\" && document.querySelector(%q)", selector)) // its module has run by then
	browsertest.Eval[any](p, fmt.Sprintf("document.querySelector(%q).click()", selector))
}

func TestPages(t *testing.T) {
	b := browsertest.New(t, browsertest.Options{})
	for name, test := range map[string]func(*testing.T, *browsertest.Browser){
		"take a lane":             takeLane,
		"lane of another officer": lanesLive,
		"supervisor":              supervisorLive,
		"lists loaded again":      listsReloaded,
		"record read":             recordRead,
		"invitation":              invitation,
		"exercise sign-in":        exerciseSignIn,
		"passkey":                 passkeys,
		"passkey to commission":   passkeyToCommission,
		"sign out":                signOut,
		"person given his data":   personGiven,
		"retention set":           retentionSet,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

func takeLane(t *testing.T, b *browsertest.Browser) {
	f, p := openPage(t, b, "home", nil)
	click(p, `[data-take="2"]`)
	p.WaitFor(`location.pathname === "/lane/2"`)
	waitText(p, "lane-state", "Scan the next document")
	if n := f.posts("/api/lanes/2/open"); n != 1 {
		t.Errorf("the lane was taken %d times", n)
	}
	p.Navigate(f.url + "/home")
	click(p, `[data-take="1"]`) // it is his already
	p.WaitFor(`location.pathname === "/lane/1"`)
	if n := f.posts("/api/lanes/1/open"); n != 0 {
		t.Error("a lane was taken that was open")
	}
}

func lanesLive(t *testing.T, b *browsertest.Browser) {
	f, p := openPage(t, b, "home", nil)
	p.Expect(`^request: 409`)
	p.WaitFor(`!document.querySelector('[data-take="2"]').disabled`)
	f.with(func() { f.lanes[1].Open, f.lanes[1].Officer = true, "ru-bg/0111" })
	p.WaitFor(`document.querySelector('[data-take="2"]').disabled`)
	f.with(func() { f.lanes[1].Open = false; f.taken = true })
	p.WaitFor(`!document.querySelector('[data-take="2"]').disabled`)
	click(p, `[data-take="2"]`) // another officer was faster, and the page has not heard
	waitText(p, "error", "Open lane 2: another officer has taken it")
}

func supervisorLive(t *testing.T, b *browsertest.Browser) {
	f, p := openPage(t, b, "supervisor", nil)
	f.with(func() {
		f.lanes[0].Inspection = &web.LaneCase{ID: "i5", Opened: f.now() - 200e3, Verdict: marz.Stop, Hits: 2}
		f.lanes[3].Open, f.lanes[3].Officer = true, "ru-bg/0111"
		f.lanes[3].Inspection = &web.LaneCase{ID: "i6", Opened: f.now() - 4e3, Verdict: marz.Attention}
		f.lanes[4].Open, f.lanes[4].Officer, f.lanes[4].Count = true, "ru-bg/0113", 87
		f.lanes[4].Inspection = &web.LaneCase{ID: "i7", Opened: f.now() - 2e3, Verdict: marz.Clear}
		f.lanes[4].Last = &web.LaneCase{ID: "i4", Decision: marz.Depart, Decided: f.now() - 30e3}
	})
	p.WaitFor(`document.querySelector('[data-lane="1"]').dataset.verdict === "stop"`)
	card := p.Text(`[data-lane="1"]`)
	for _, want := range []string{"STOP", "2 hits", "3:2", string(officer.ID)} {
		if !strings.Contains(card, want) {
			t.Errorf("the card lacks %q: %q", want, card)
		}
	}
	if card := p.Text(`[data-lane="5"]`); !strings.Contains(card, "Last: Departed") || !strings.Contains(card, "87 today") {
		t.Errorf("the card says %q", card)
	}
	shootBoth(t, p, "supervisor-busy")
	age := p.Text(`[data-lane="4"] [data-opened]`)
	p.WaitFor(fmt.Sprintf(`document.querySelector('[data-lane="4"] [data-opened]').textContent !== %q`, age))
	click(p, `[data-lane="4"] button`)
	p.WaitFor(`document.querySelector('[data-lane="4"]').dataset.open === "false"`)
}

func listsReloaded(t *testing.T, b *browsertest.Browser) {
	_, p := openPage(t, b, "supervisor", nil)
	click(p, "#reload")
	waitText(p, "reloaded", "1 of 2 lists refused")
	waitText(p, "lists", "Refresh refused: the file ends in the middle of row 4120. Version 2024-12-30 stays in force.")
}

func recordRead(t *testing.T, b *browsertest.Browser) {
	f, p := openPage(t, b, "crossings", func(f *fakePost) { f.adopted = true })
	click(p, `[data-read="i18"]`)
	p.WaitFor(`document.getElementById("read").open`)
	click(p, "#read-go")
	waitText(p, "read-error", "Choose a reason first")
	if f.posts("/read") != 0 {
		t.Error("a record was read without a reason")
	}
	shoot(t, p, "crossings-ask")
	browsertest.Eval[any](p, `document.getElementById("read-reason").value = "court", document.getElementById("read-note").value = "file 7"`)
	click(p, "#read-go")
	waitText(p, "read-result", "STOPPER")
	waitText(p, "read-result", adoption)
	shoot(t, p, "crossings-record")
	if got := p.Text("#record"); !strings.Contains(got, "Given names\nRUBEN") || !strings.Contains(got, "Refused by ru-bg/0102 under am-ru-1992/2") {
		t.Errorf("the record says %q", got)
	}
	if diff := cmp.Diff([]string{"court/file 7"}, f.given); diff != "" {
		t.Errorf("reasons given (-want +got):\n%s", diff)
	}
	press(p, "Escape")
	p.WaitFor(`!document.getElementById("read").open && !document.body.textContent.includes("STOPPER")`)
}

func invitation(t *testing.T, b *browsertest.Browser) {
	_, p := openPage(t, b, "officers", nil)
	browsertest.Eval[any](p, `document.getElementById("officer-number").value = "0119", document.getElementById("officer-name").value = "Pavel Orlov"`)
	click(p, "#invite button")
	waitText(p, "invited", "Give ru-bg/0119 this link.")
	if link := p.Text("#invitation-link"); !strings.HasSuffix(link, "/enrol/7QK2-M4XD-9RTB") {
		t.Errorf("the link is %s", link)
	}
	shoot(t, p, "officers-invited")
	browsertest.Eval[any](p, `document.getElementById("officer-authority").value = "am-bg", document.getElementById("officer-authority").dispatchEvent(new Event("change")),
		document.getElementById("officer-number").value = "0001", document.getElementById("officer-name").value = "Anahit Lernian"`)
	if !browsertest.Eval[bool](p, `document.getElementById("officer-role").disabled && document.getElementById("officer-role").value === "supervisor" && document.getElementById("officer-prefix").textContent === "am-bg/"`) {
		t.Error("somebody else than a supervisor could be invited for another authority")
	}
	click(p, "#invite button")
	waitText(p, "invited", "Give am-bg/0001 this link.")
}

func exerciseSignIn(t *testing.T, b *browsertest.Browser) {
	f, p := openPage(t, b, "signin", nil)
	click(p, `[data-officer="am-bg/0107"]`)
	p.WaitFor(`location.pathname === "/home"`)
	if f.signed != "am-bg/0107" {
		t.Errorf("signed in %q", f.signed)
	}
}

// passkeys makes a passkey on one page, signs in with it on the other, and finds none once it is gone.
func passkeys(t *testing.T, b *browsertest.Browser) {
	f, p := openPage(t, b, "enrol", nil)
	key := p.Authenticator()
	click(p, "#passkey")
	waitText(p, "done", "Your passkey is made.")
	if n := len(key.Credentials()); n != 1 {
		t.Fatalf("the key has %d credentials", n)
	}
	shoot(t, p, "enrol-done")
	click(p, "#done a")
	p.WaitFor(`location.pathname === "/signin"`)
	key.SetVerified(false)
	click(p, "#passkey")
	p.WaitFor(`document.getElementById("error").textContent !== ""`)
	if f.signed != "" {
		t.Errorf("signed in %q with a key that did not know its holder", f.signed)
	}
	key.SetVerified(true)
	click(p, "#passkey")
	p.WaitFor(`location.pathname === "/home"`)
	if f.signed != "passkey" {
		t.Errorf("signed in %q", f.signed)
	}
}

// A passkey by another authority's invitation is made, and the page says what its own authority has to sign.
func passkeyToCommission(t *testing.T, b *browsertest.Browser) {
	_, p := openPage(t, b, "enrol", func(f *fakePost) { f.uncommissioned = true })
	p.Authenticator()
	click(p, "#passkey")
	waitText(p, "done", "Your passkey is made.")
	if text := p.Text("#commission"); !strings.Contains(text, longKey) || !strings.Contains(text, "marz authority commission --key am-bg.key") || browsertest.Eval[bool](p, `document.querySelector("#commission").hidden`) {
		t.Errorf("%q", text)
	}
	shootBoth(t, p, "enrol-commission")
	p.SetViewport(390, 844)
	shoot(t, p, "enrol-commission-narrow")
	if browsertest.Eval[bool](p, `document.documentElement.scrollWidth > innerWidth`) {
		t.Error("the key makes the page wider than the window")
	}
}

const longKey = "pQECAyYgASFYIAHOTqP/tT2mlICenEOEAJPSmcW7EwMVCuQycCL9Xe9kIlggCwdzet6sSsjvW4RQYxc1m+DMVfJhGp/4+ch1Rja6mxs="

func signOut(t *testing.T, b *browsertest.Browser) {
	f, p := openPage(t, b, "journal", nil)
	click(p, "#signout")
	p.WaitFor(`location.pathname === "/signin"`)
	if f.posts("/signout") != 1 {
		t.Error("the post was not told")
	}
}

// routeSessions adds what signs in, enrols and signs out. The ceremonies are real to the browser; the post believes any answer.
func (f *fakePost) routeSessions(mux *http.ServeMux) {
	const creation = `{"ceremony":"c1","options":{"challenge":"bWFyeg","rp":{"id":"localhost","name":"Agarak"},"timeout":1500,
		"user":{"id":"MDEwNw","name":"am-bg/0107","displayName":"Tigran Sahakyan"},"pubKeyCredParams":[{"type":"public-key","alg":-7}],
		"authenticatorSelection":{"residentKey":"required","userVerification":"required"}}}`
	const request = `{"ceremony":"c2","options":{"challenge":"bWFyeg","rpId":"localhost","timeout":1500,"userVerification":"required"}}`
	mux.HandleFunc("POST /enrol/begin", func(w http.ResponseWriter, _ *http.Request) { web.WriteJSON(w, 200, json.RawMessage(creation)) })
	mux.HandleFunc("POST /signin/begin", func(w http.ResponseWriter, _ *http.Request) { web.WriteJSON(w, 200, json.RawMessage(request)) })
	mux.HandleFunc("POST /signout", func(w http.ResponseWriter, _ *http.Request) {
		web.WriteJSON(w, 200, map[string]string{"next": "/signin"})
	})
	finish := func(next string, signed func(officer, response string) string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var in struct {
				Code, Ceremony, Officer string
				Response                struct{ Type string }
			}
			if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
				f.t.Error(err)
			}
			f.with(func() { f.signed = signed(in.Officer, in.Response.Type) })
			web.WriteJSON(w, 200, map[string]string{"next": next})
		}
	}
	mux.HandleFunc("POST /exercise/signin", finish("/home", func(officer, _ string) string { return officer }))
	mux.HandleFunc("POST /enrol/finish", func(w http.ResponseWriter, r *http.Request) {
		if !f.uncommissioned {
			finish("/signin", func(string, string) string { return "" })(w, r)
			return
		}
		web.WriteJSON(w, 200, map[string]any{"next": "/signin", "commission": web.Commission{By: "am-bg", Passkey: longKey, File: `{"v":1,"commission":{"by":"am-bg"}}`,
			Command: "marz authority commission --key am-bg.key --officer am-bg/0001 --passkey " + longKey + " --place agarak --until 2025-03-31T23:59:59+04:00 --out commission.signed.json"}})
	})
	mux.HandleFunc("POST /signin/finish", finish("/home", func(_, kind string) string {
		return map[string]string{"public-key": "passkey"}[kind]
	}))
}

// lane opens or closes a lane, or refuses because another officer was faster.
func (f *fakePost) lane(w http.ResponseWriter, r *http.Request) {
	f.with(func() {
		for i := range f.lanes {
			l := &f.lanes[i]
			if l.ID != marz.LaneID(r.PathValue("lane")) {
				continue
			}
			if f.taken {
				web.WriteError(w, r, &marz.Error{Code: marz.Conflict, Op: "open lane", Subject: string(l.ID), Fix: "another officer has taken it"})
				return
			}
			if l.Joint && l.Open && r.PathValue("act") == "open" {
				l.Seats = append(l.Seats, web.Seat{Authority: russia.ID, Officer: officer.ID, Since: f.now()})
				web.WriteJSON(w, http.StatusOK, l)
				return
			}
			l.Open, l.Officer, l.Inspection, l.Since = r.PathValue("act") == "open", officer.ID, nil, f.now()
			web.WriteJSON(w, http.StatusOK, l)
			return
		}
		web.WriteError(w, r, &marz.Error{Code: marz.NotFound, Op: "lane", Fix: "there is no such lane"})
	})
}
