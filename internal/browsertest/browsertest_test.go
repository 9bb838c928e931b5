package browsertest

import (
	"bytes"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func serve(t *testing.T, header http.Header, body string) string {
	t.Helper()
	s := httptest.NewServer(handler(header, body))
	t.Cleanup(s.Close)
	return s.URL
}

func handler(header http.Header, body string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<!DOCTYPE html><title>a page</title>" + body))
	})
	return mux
}

func TestPageNotesProblems(t *testing.T) {
	b := New(t, Options{})
	policy := http.Header{"Content-Security-Policy": {"default-src 'self'"}}
	for _, c := range []struct {
		name, body, action, want string
		header                   http.Header
	}{
		{"exception", "", "setTimeout(() => { throw new Error('spoilt') })", "exception: Error: spoilt", nil},
		{"rejection", "", "setTimeout(() => Promise.reject(new Error('spoilt')))", "exception: Error: spoilt", nil},
		{"console", "", "console.error('spoilt')", `console.error: "spoilt"`, nil},
		{"policy", "<script>1</script>", "1", "security: ", policy},
		{"missing", "<img src=gone.png>", "1", "request: 404 from ", nil},
		{"unreachable", "", "fetch('http://127.0.0.1:1/').catch(() => 1)", "request: net::ERR_", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := b.Page()
			p.In(t)
			p.Navigate(serve(t, c.header, c.body))
			Eval[any](p, c.action)
			p.WaitFor("document.readyState === 'complete'")
			var got []string
			for range 200 {
				if got = p.Problems(); len(got) > 0 {
					break
				}
				Eval[any](p, "new Promise((done) => setTimeout(done, 10))")
			}
			if len(got) == 0 || !strings.Contains(got[0], c.want) {
				t.Errorf("problems %q, want one with %q", got, c.want)
			}
			p.Expect(".*")
			if got := p.Problems(); len(got) != 0 {
				t.Errorf("problems %q although all are expected", got)
			}
		})
	}
}

func TestPagesShareNothing(t *testing.T) {
	url := serve(t, nil, "<p id=p>  text\n</p>")
	b := New(t, Options{})
	one, two := b.Page(), b.Page()
	one.Navigate(url)
	two.Navigate(url)
	Eval[any](one, "localStorage.setItem('a', 'b'), document.cookie = 'a=b'")
	if got := Eval[string](two, "String(localStorage.getItem('a')) + document.cookie"); got != "null" {
		t.Errorf("the second page sees %q of the first", got)
	}
	if got := one.Text("#p"); got != "text" {
		t.Errorf("text %q", got)
	}
	Eval[any](one, "void setTimeout(() => location.reload(), 20)")
	one.WaitFor("performance.getEntriesByType('navigation')[0].type === 'reload'")
}

func TestPageAppearance(t *testing.T) {
	p := New(t, Options{}).Page()
	p.SetViewport(400, 300)
	p.Navigate(serve(t, nil, "<body style='margin:0'><div style='height:700px'></div>"))
	path := filepath.Join(t.TempDir(), "page.png")
	p.Screenshot(path)
	shot, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.DecodeConfig(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	if img.Width != 400 || img.Height != 700 {
		t.Errorf("screenshot of %d×%d, want the whole page, 400×700", img.Width, img.Height)
	}
	p.EmulateMedia("print", map[string]string{"prefers-color-scheme": "dark"})
	if !Eval[bool](p, "matchMedia('print and (prefers-color-scheme: dark)').matches") {
		t.Error("the page is not on dark paper")
	}
}

func TestPageKeys(t *testing.T) {
	p := New(t, Options{}).Page()
	p.Navigate(serve(t, nil, "<input id=i>"))
	Eval[any](p, `window.seen = [], addEventListener("keydown", (e) => seen.push(e.code + e.ctrlKey)), i.focus()`)
	p.Key(Stroke{Code: "KeyA"}, Stroke{Code: "KeyA", Shift: true}, Stroke{Code: "Space"}, Stroke{Code: "F7"}, Stroke{Code: "KeyB", Ctrl: true})
	p.Type(LayoutRU, Reader("AB1<"))
	if got := Eval[string](p, "i.value"); got != "aA ФИ1Б" {
		t.Errorf("the field holds %q", got)
	}
	want := "KeyAfalse ShiftLeftfalse KeyAfalse Spacefalse F7false KeyBtrue " +
		"ShiftLeftfalse KeyAfalse KeyBfalse Digit1false ShiftLeftfalse Commafalse"
	if got := Eval[string](p, "seen.join(' ')"); got != want {
		t.Errorf("keys %s\nwant %s", got, want)
	}
}

func TestAuthenticator(t *testing.T) {
	p := New(t, Options{}).Page()
	p.Navigate(strings.Replace(serve(t, nil, ""), "127.0.0.1", "localhost", 1))
	a := p.Authenticator()
	const create = `navigator.credentials.create({publicKey: {challenge: new Uint8Array(32), rp: {name: "Marz"},
		user: {id: new Uint8Array([1]), name: "am-bg/0107", displayName: ""}, pubKeyCredParams: [{type: "public-key", alg: -7}],
		authenticatorSelection: {residentKey: "required", userVerification: "required"}}}).then(() => "", (e) => e.name)`
	const get = `navigator.credentials.get({publicKey: {challenge: new Uint8Array(32), userVerification: "required"}})
		.then(() => "", (e) => e.name)`
	if got := Eval[string](p, create); got != "" {
		t.Errorf("create: %s", got)
	}
	if n := len(a.Credentials()); n != 1 {
		t.Fatalf("%d credentials in the key, want 1", n)
	}
	if got := Eval[string](p, get); got != "" {
		t.Errorf("sign in: %s", got)
	}
	a.SetVerified(false)
	if got := Eval[string](p, get); got != "NotAllowedError" {
		t.Errorf("sign in without the holder's finger: %q, want NotAllowedError", got)
	}
	kept := a.Credentials()[0]
	a.Remove()
	second := p.Authenticator()
	second.Add(kept)
	if got := Eval[string](p, get); got != "" {
		t.Errorf("sign in with the copied credential: %s", got)
	}
}

func TestTrustSPKI(t *testing.T) {
	s := httptest.NewTLSServer(handler(nil, "<p>sealed</p>"))
	t.Cleanup(s.Close)
	p := New(t, Options{TrustSPKI: []string{SPKI(s.Certificate())}}).Page()
	p.Navigate(s.URL)
	if got := p.Text("p"); got != "sealed" {
		t.Errorf("text %q", got)
	}
	other := New(t, Options{TrustSPKI: []string{SPKI(s.Certificate())[:43] + "A"}}).Page()
	other.Expect("ERR_CERT")
	other.Navigate(serve(t, nil, ""))
	if Eval[bool](other, "fetch('"+s.URL+"', {mode: 'no-cors'}).then(() => true, () => false)") {
		t.Error("a certificate was accepted that nothing vouches for")
	}
}
