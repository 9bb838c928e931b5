package post

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"marz"
	"marz/folder"
	"marz/internal/browsertest"
	"marz/mrz"
)

// served is a post that really listens, with a browser that trusts its certificate.
type served struct {
	*testPost
	browser *browsertest.Browser
	url     string
}

// freePort finds a port that nobody listens on.
func freePort(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// serveReal runs the post as marz post does, over HTTPS with its own CA. The clock runs from where the test has set it.
func serveReal(t testing.TB, tp *testPost) *served {
	t.Helper()
	url, spki := listen(t, tp)
	return &served{tp, browsertest.New(t, browsertest.Options{TrustSPKI: []string{spki}}), url}
}

// listen is serveReal without a browser. It returns the post's address, and the name of its certificate's key.
func listen(t testing.TB, tp *testPost) (url, spki string) {
	t.Helper()
	tp.Post.Close()
	port := freePort(t)
	config := filepath.Join(tp.dir, configFile)
	b, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte(strings.Replace(string(b), "localhost:8443", "localhost:"+port, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	tp.open()
	ctx, stop := context.WithCancel(context.Background())
	done, ready := make(chan error, 1), make(chan struct{})
	go func() { done <- tp.Serve(ctx, func(net.Addr) { close(ready) }) }()
	select {
	case <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	cert, err := folder.ServerCert(tp.dir, "localhost", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(tp.dir, keyDir, caFile))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(ca)
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(root)
	if _, err := cert.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: "localhost"}); err != nil {
		t.Fatal("the server's certificate does not verify to the post's CA: ", err)
	}
	return "https://localhost:" + port, browsertest.SPKI(cert.Leaf)
}

// page opens a window and signs in with one click.
func (s *served) page(officer marz.OfficerID) *browsertest.Page {
	p := s.browser.Page()
	p.SetViewport(1280, 800)
	p.Navigate(s.url + "/signin")
	if officer == "" {
		return p
	}
	browsertest.Eval[bool](p, fmt.Sprintf(`(document.querySelector('[data-officer=%q]').click(), true)`, officer))
	p.WaitFor(`location.pathname === "/" && document.readyState === "complete"`)
	return p
}

// atLane takes a lane in a window, and waits until its keys work.
func (s *served) atLane(officer marz.OfficerID, lane marz.LaneID) *browsertest.Page {
	p := s.page(officer)
	browsertest.Eval[bool](p, fmt.Sprintf(`fetch("/api/lanes/%s/open", {method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"}).then(r => r.ok)`, lane))
	p.Navigate(s.url + "/lane/" + string(lane))
	p.WaitFor(`document.querySelector("#verdict-word").textContent.toUpperCase() === "READY" && document.getElementById("link-state").dataset.state === "up"`)
	return p
}

// readZone presses the keys that a reader would, and waits until the condition holds. On a machine that stalls for longer than a reader ever pauses, or for
// longer than the page waits for the post, the page asks to scan again, and that is done, as at a booth; never is a wrong character taken.
func readZone(p *browsertest.Page, layout browsertest.Layout, zone, condition string) {
	const failed = `/scan again/i.test(document.querySelector("#error").textContent)`
	for range 4 {
		browsertest.Eval[any](p, `void (document.querySelector("#error").textContent = "")`) // what it said of the scan before
		p.Type(layout, browsertest.Reader(zone))
		p.WaitFor(condition + ` || document.querySelector("#error").textContent !== ""`)
		if !browsertest.Eval[bool](p, failed) {
			break
		}
		p.WaitFor(fmt.Sprintf("performance.now() > %f", browsertest.Eval[float64](p, "performance.now()")+600)) // what comes sooner is the rest of the same scan
	}
	p.WaitFor(condition)
}

const armed = `!document.querySelector("#keys [data-key=F1]").matches("[aria-disabled=true]")`

// specimens are one document of each format, all in order on the night of the tests.
func specimens(t testing.TB) map[mrz.Format]mrz.Document {
	expiry := marz.Date{Year: 2031, Month: 10, Day: 25}
	d := mrz.Document{Issuer: "UTO", Nationality: "UTO", Primary: "SPECIMEN WXYZ", Secondary: "QUICK BROWN", Number: "A0Z19M358", Sex: "F",
		Birth: marz.Date{Year: 1987, Month: 6, Day: 14}, Expiry: expiry}
	out := map[mrz.Format]mrz.Document{}
	for f, code := range map[mrz.Format]string{mrz.TD1: "I", mrz.TD2: "I", mrz.TD3: "P", mrz.MRVA: "V", mrz.MRVB: "V"} {
		x := d
		x.Format, x.Code = f, code
		out[f] = x
	}
	return out
}

// From scan to verdict in a real browser on the real post: every format, under every keyboard layout, gives every character; and every
// traveller costs one scan and one key.
func TestLaneUnderEveryLayout(t *testing.T) {
	tp := newTestPost(t)
	s := serveReal(t, tp)
	p := s.atLane("ru-bg/2", "1")
	n := 0
	for _, layout := range browsertest.Layouts {
		for format, d := range specimens(t) {
			n++
			d.Number = fmt.Sprintf("AZ%07d", n) // another document each time
			zone, err := mrz.Write(d)
			if err != nil {
				t.Fatal(err)
			}
			readZone(p, layout, zone, fmt.Sprintf(`(document.querySelector("#number").textContent.includes(%q) && %s)`, d.Number, armed))
			got := browsertest.Eval[[]string](p, `fetch("/api/lanes/1/case").then(r => r.json()).then(c => c.document.lines)`)
			if strings.Join(got, "\n") != strings.TrimSpace(zone) {
				t.Errorf("%s under %s: %q, want %q", format, layout.Name, got, zone)
			}
			for id, want := range map[string]string{"#primary": d.Primary, "#secondary": d.Secondary, "#nationality": "UTO"} {
				if text := p.Text(id); !strings.Contains(text, want) {
					t.Errorf("%s under %s: %s shows %q, want %q", format, layout.Name, id, text, want)
				}
			}
			p.Key(browsertest.Stroke{Code: "Enter"}) // which does nothing
			p.Key(browsertest.Stroke{Code: "F1"})
			p.WaitFor(`document.querySelector("#decision-result").textContent.startsWith("ADMITTED")`)
		}
	}
	crossings := 0
	totals, err := tp.Totals(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range totals {
		crossings += c.Count
	}
	if crossings != n {
		t.Errorf("%d crossings of %d travellers", crossings, n)
	}
}

// A person on a list: one key does not pass him, Enter does nothing, a reason and F10 do.
func TestHitInTheBrowser(t *testing.T) {
	tp := newTestPost(t)
	s := serveReal(t, tp)
	p := s.atLane("ru-bg/2", "1")
	zone := passport(t, "VELIKANOV", "ZORVAN", "C1", func(d *mrz.Document) {
		d.Nationality, d.Issuer, d.Birth = "RUS", "RUS", marz.Date{Year: 1971, Month: 3, Day: 4}
	})
	readZone(p, browsertest.LayoutAM, zone, `(document.querySelector("#verdict").dataset.verdict === "stop" && `+armed+`)`)
	p.Key(browsertest.Stroke{Code: "F1"}, browsertest.Stroke{Code: "Enter"}, browsertest.Stroke{Code: "F1"}, browsertest.Stroke{Code: "F10"})
	p.WaitFor(`!document.querySelector("#act").hidden`)
	p.Key(browsertest.Stroke{Code: "Digit1"})
	p.WaitFor(`document.querySelector("#proposal") && !document.querySelector("#keys [data-key=F10]").matches("[aria-disabled=true]")`)
	if totals, err := tp.Totals(t.Context()); err != nil || len(totals) != 0 {
		t.Fatalf("decided before the second act: %v, %v", totals, err)
	}
	p.Key(browsertest.Stroke{Code: "F10"})
	p.WaitFor(`document.querySelector("#decision-result").textContent.startsWith("ADMITTED")`)
}

// The first supervisor enrols with the link of init, signs in with the passkey, and invites the next; a used link is of no more use.
func TestPasskeysInTheBrowser(t *testing.T) {
	tp := newTestPost(t)
	code, err := folder.Secret(tp.random())
	if err != nil {
		t.Fatal(err)
	}
	err = tp.node(t.Context(), func(n *node) error { // as init does
		return n.append(KindInvited, invitedEntry{Officer: "ru-bg/9", Role: marz.RoleSupervisor, Code: folder.Digest(code), Expires: n.Now().Add(invitationLife)}, invitedPrivate{"R Nine"})
	})
	if err != nil {
		t.Fatal(err)
	}
	s := serveReal(t, tp)
	p := s.page("")
	p.Authenticator()
	p.Navigate(s.url + "/enrol/" + code)
	browsertest.Eval[bool](p, `(document.querySelector("#passkey").click(), true)`)
	p.WaitFor(`location.pathname === "/signin" || document.querySelector("#enrolled, a[href='/signin']")`)
	p.Navigate(s.url + "/signin")
	browsertest.Eval[bool](p, `(document.querySelector("#passkey").click(), true)`)
	p.WaitFor(`location.pathname === "/"`)
	if who := p.Text("#officer"); !strings.Contains(who, "ru-bg/9") {
		t.Errorf("signed in as %q", who)
	}
	if _, _, err := tp.Invited(t.Context(), code); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("a used link: %v", err)
	}
}

// Both windows are open when control passes: the outgoing officer's says so within a second and goes quiet, the other one goes on.
func TestWindowsWhenControlPasses(t *testing.T) {
	tp := newTestPost(t)
	s := serveReal(t, tp)
	out, in := s.atLane("ru-bg/2", "1"), s.page("am-bg/1")
	in.Navigate(s.url + "/supervisor")
	tp.now.Store(int64(midnight))
	out.WaitFor(`document.body.textContent.includes("Control passed to am-bg under treaty/2")`)
	in.WaitFor(`document.querySelector("#controller").textContent.includes("am-bg") && document.querySelector("#passed").textContent.includes("treaty/2")`)
	out.Type(browsertest.LayoutUS, browsertest.Reader(passport(t, "ABADI", "REZA", "A1", nil)))
	out.Key(browsertest.Stroke{Code: "F1"})
	if totals, err := tp.Totals(t.Context()); err != nil || len(totals) != 0 {
		t.Errorf("the outgoing officer still acts: %v, %v", totals, err)
	}
}

// TestShots writes a picture of every page, to be looked at: make shots.
func TestShots(t *testing.T) {
	dir := os.Getenv("MARZ_SHOTS")
	if dir == "" {
		t.Skip("set MARZ_SHOTS to a folder, or run make shots")
	}
	tp := newTestPost(t)
	s := serveReal(t, tp)
	n := 0
	shot := func(p *browsertest.Page, name string) {
		for _, theme := range []string{"dark", "light"} {
			p.EmulateMedia("screen", map[string]string{"prefers-color-scheme": theme})
			p.Screenshot(filepath.Join(dir, fmt.Sprintf("%02d-%s-%s.png", n, name, theme)))
		}
		n++
	}
	shot(s.page(""), "signin")
	lane := s.atLane("ru-bg/2", "1")
	shot(lane, "lane-ready")
	scan := func(zone string) {
		lane.Type(browsertest.LayoutUS, browsertest.Reader(zone))
		lane.WaitFor(armed)
	}
	scan(passport(t, "MOHAMMADI", "SAMIRA", "K12345678", func(d *mrz.Document) { d.Sex = "F" }))
	shot(lane, "lane-clear")
	lane.Key(browsertest.Stroke{Code: "F1"})
	lane.WaitFor(`document.querySelector("#decision-result").textContent !== ""`)
	shot(lane, "lane-decided")
	lane.Expect(`^request: 400 `)
	lane.Type(browsertest.LayoutUS, browsertest.Reader(strings.Replace(passport(t, "REZAEI", "OMID", "L12345678", nil), "L12345678", "L12345670", 1)))
	lane.WaitFor(`document.querySelector("#act").dataset.kind === "candidates" && !document.querySelector("#keys [data-key=F9]").matches("[aria-disabled=true]")`)
	shot(lane, "lane-candidates")
	lane.Key(browsertest.Stroke{Code: "F9"})
	lane.WaitFor(armed)
	shot(lane, "lane-attention")
	lane.Key(browsertest.Stroke{Code: "F3"})
	lane.WaitFor(`!document.querySelector("#act").hidden`)
	shot(lane, "lane-reason")
	lane.Key(browsertest.Stroke{Code: "Digit2"})
	lane.WaitFor(`document.querySelector("#proposal")`)
	shot(lane, "lane-confirm")
	lane.WaitFor(`!document.querySelector("#keys [data-key=F10]").matches("[aria-disabled=true]")`)
	lane.Key(browsertest.Stroke{Code: "F10"})
	lane.WaitFor(`document.querySelector("#decision-result").textContent.startsWith("REFUSED")`)
	scan(passport(t, "VELIKANOV", "ZORVAN", "C1", func(d *mrz.Document) {
		d.Nationality, d.Issuer, d.Birth = "RUS", "RUS", marz.Date{Year: 1971, Month: 3, Day: 4}
	}))
	shot(lane, "lane-stop")
	boss := s.page("ru-bg/1")
	shot(boss, "home")
	for _, path := range []string{"supervisor", "crossings", "journal", "journal/entry/12", "officers", "nowhere"} {
		if path == "nowhere" {
			boss.Expect("404")
		}
		boss.Navigate(s.url + "/" + path)
		boss.WaitFor(`document.querySelector("#connection") === null || document.readyState === "complete"`)
		shot(boss, strings.ReplaceAll(path, "/", "-"))
	}
}

// BenchmarkLane measures, on the real post and in a real browser, the time from a reader's last character to the painted verdict.
func BenchmarkLane(b *testing.B) {
	tp := newTestPost(b)
	s := serveReal(b, tp)
	p := s.atLane("ru-bg/2", "1")
	const travellers = 60
	for b.Loop() {
		for n := range travellers {
			d := specimens(b)[mrz.TD3]
			d.Number = fmt.Sprintf("BZ%07d", n)
			zone, err := mrz.Write(d)
			if err != nil {
				b.Fatal(err)
			}
			p.Type(browsertest.LayoutUS, browsertest.Reader(zone))
			p.WaitFor(fmt.Sprintf(`document.querySelector("#number").textContent.includes(%q) && %s`, d.Number, armed))
			p.Key(browsertest.Stroke{Code: "F1"})
			p.WaitFor(`document.querySelector("#decision-result").textContent.startsWith("ADMITTED")`)
		}
		took := browsertest.Eval[[]float64](p, `performance.getEntriesByName("marz:scan-to-verdict").map(m => m.duration).sort((a, b) => a - b)`)
		b.ReportMetric(took[len(took)/2], "ms-p50")
		b.ReportMetric(took[len(took)*99/100], "ms-p99")
		b.ReportMetric(took[len(took)-1], "ms-max")
		b.ReportMetric(float64(len(took)), "scans")
	}
}
