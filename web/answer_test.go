package web_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"marz"
	"marz/web"
)

func TestStatus(t *testing.T) {
	for code, want := range map[marz.Code]int{marz.Internal: 500, marz.Invalid: 400, marz.NotFound: 404, marz.Conflict: 409,
		marz.Unauthenticated: 401, marz.Forbidden: 403, marz.Unavailable: 503, marz.Code(99): 500} {
		if got := web.Status(fmt.Errorf("outer: %w", &marz.Error{Code: code})); got != want {
			t.Errorf("%v is %d, want %d", code, got, want)
		}
	}
	if got := web.Status(nil); got != 200 {
		t.Errorf("no error is %d", got)
	}
	if got := web.Status(errors.New("x")); got != 500 {
		t.Errorf("a foreign error is %d", got)
	}
}

func TestWriteError(t *testing.T) {
	conflict := &marz.Error{Code: marz.Conflict, Op: "decide", Subject: "inspection i7", Fix: "it has ended", Err: errors.New("row 7 of /var/lib/marz")}
	for _, c := range []struct {
		method, path, accept string
		err                  error
		status               int
		kind, has, lacks     string
	}{
		{"POST", "/api/inspections/i7/decide", "application/json", conflict, 409, "application/json; charset=utf-8",
			`{"code":"conflict","error":"Decide inspection i7: it has ended"}`, "/var"},
		{"GET", "/api/lanes/1/case", "text/html", conflict, 409, "application/json; charset=utf-8", `"conflict"`, "/var"},
		{"GET", "/journal/entry/9", "text/html,*/*", conflict, 409, "text/html; charset=utf-8", "Decide inspection i7: it has ended", "/var"},
		{"GET", "/journal/entry/9", "*/*", errors.New("disk full at /var"), 500, "application/json; charset=utf-8", `"internal"`, "/var"},
	} {
		r := httptest.NewRequest(c.method, c.path, nil)
		r.Header.Set("Accept", c.accept)
		w := httptest.NewRecorder()
		web.WriteError(w, r, c.err)
		body := w.Body.String()
		if w.Code != c.status || w.Header().Get("Content-Type") != c.kind || !strings.Contains(body, c.has) || strings.Contains(body, c.lacks) {
			t.Errorf("%s %s %s: %d %s %s", c.method, c.path, c.accept, w.Code, w.Header().Get("Content-Type"), body)
		}
	}
}

func TestWriteJSONOfWhatCannotBeWritten(t *testing.T) {
	w := httptest.NewRecorder()
	web.WriteJSON(w, 200, func() {})
	if w.Code != 500 || !strings.Contains(w.Body.String(), `"code":"internal"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestReadJSON(t *testing.T) {
	type want struct{ Decision string }
	for _, c := range []struct{ what, kind, body, fix string }{
		{"right", "application/json; charset=utf-8", ` {"decision":"admit"} `, ""},
		{"no type", "", `{}`, "Content-Type"},
		{"a form", "application/x-www-form-urlencoded", `{}`, "Content-Type"},
		{"plain text", "text/plain", `{}`, "Content-Type"},
		{"empty", "application/json", ``, "not the JSON"},
		{"cut short", "application/json", `{"decision":"ad`, "not the JSON"},
		{"unknown field", "application/json", `{"decision":"admit","secret":"ERIKSSON"}`, "not known"},
		{"two values", "application/json", `{"decision":"admit"}{}`, "nothing after"},
		{"wrong type", "application/json", `{"decision":7}`, "right type"},
		{"byte order mark", "application/json", "\ufeff{}", "not the JSON"},
		{"UTF-16", "application/json", "{\x00}\x00", "not the JSON"},
		{"too long", "application/json", `{"decision":"` + strings.Repeat("x", 10<<20) + `"}`, "too long"},
		{"a long tail", "application/json", `{"decision":"x"}` + strings.Repeat(" ", 10<<20), "too long"},
	} {
		t.Run(c.what, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/api/x", strings.NewReader(c.body))
			if c.kind != "" {
				r.Header.Set("Content-Type", c.kind)
			}
			var into want
			err := web.ReadJSON(httptest.NewRecorder(), r, &into, 100)
			if c.fix == "" {
				if err != nil || into.Decision != "admit" {
					t.Errorf("%v, %+v", err, into)
				}
				return
			}
			if marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), c.fix) || strings.Contains(err.Error(), "ERIKSSON") {
				t.Errorf("error %v, want one that says %q", err, c.fix)
			}
		})
	}
}

func TestSecure(t *testing.T) {
	served := 0
	h := web.Secure(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ }))
	for _, c := range []struct {
		method, site, origin string
		status               int
	}{
		{"GET", "cross-site", "https://evil.example", 200},
		{"POST", "same-origin", "https://agarak.example", 200},
		{"POST", "", "", 200}, // no browser
		{"POST", "cross-site", "https://evil.example", 403},
		{"POST", "same-site", "https://other.example", 403},
		{"POST", "", "https://evil.example", 403},
		{"DELETE", "cross-site", "null", 403},
	} {
		r := httptest.NewRequest(c.method, "https://agarak.example/api/lists/reload", nil)
		r.Header.Set("Sec-Fetch-Site", c.site)
		r.Header.Set("Origin", c.origin)
		w := httptest.NewRecorder()
		before := served
		h.ServeHTTP(w, r)
		if w.Code != c.status || (served > before) != (c.status == 200) {
			t.Errorf("%s from %q %q: %d", c.method, c.site, c.origin, w.Code)
		}
		csp := w.Header().Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"} {
			if !strings.Contains(csp, part) {
				t.Errorf("the policy lacks %s: %s", part, csp)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("the policy allows what is unsafe: %s", csp)
		}
		for _, name := range []string{"X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy", "Strict-Transport-Security", "Cache-Control"} {
			if w.Header().Get(name) == "" {
				t.Errorf("there is no %s", name)
			}
		}
	}
}

func TestAssets(t *testing.T) {
	get := func(path string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		if len(header) == 2 {
			r.Header.Set(header[0], header[1])
		}
		w := httptest.NewRecorder()
		web.Secure(web.Assets()).ServeHTTP(w, r)
		return w
	}
	url := web.AssetURL("lane.js")
	w := get(url)
	if w.Code != 200 || w.Header().Get("Content-Type") != "text/javascript; charset=utf-8" || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("%s: %d %v", url, w.Code, w.Header())
	}
	tag := w.Header().Get("ETag")
	if w := get(url, "If-None-Match", tag); w.Code != 304 || w.Body.Len() > 0 {
		t.Errorf("with its own ETag: %d", w.Code)
	}
	seen := map[string]bool{tag: true}
	for _, coding := range []string{"br", "gzip"} {
		w := get(url, "Accept-Encoding", "deflate, "+coding+";q=0.5")
		if h := w.Header(); h.Get("Content-Encoding") != coding || h.Get("Vary") != "Accept-Encoding" || seen[h.Get("ETag")] || w.Body.Len() > 8000 {
			t.Errorf("in %s: %d bytes, %v", coding, w.Body.Len(), h)
		}
		seen[w.Header().Get("ETag")] = true
		if w := get(url, "Accept-Encoding", coding+";q=0"); w.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s is sent to whoever cannot read it", coding)
		}
	}
	if w := get("/assets/lane.js"); w.Code != 200 || w.Header().Get("Cache-Control") != "no-cache" || w.Header().Get("ETag") != tag {
		t.Errorf("without version: %d %v", w.Code, w.Header())
	}
	for _, path := range []string{"/assets/", "/assets/nothing.js", "/assets/0000000000000000/lane.js", "/assets/../view.go", "/assets/lane.js/", strings.TrimSuffix(url, "lane.js")} {
		if w := get(path); w.Code != 404 || strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
	for name, kind := range map[string]string{"marz.css": "text/css; charset=utf-8", "marz.svg": "image/svg+xml"} {
		if got := get(web.AssetURL(name)).Header().Get("Content-Type"); got != kind {
			t.Errorf("%s is %s", name, got)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("an asset that is not there has an address")
		}
	}()
	web.AssetURL("nothing.js")
}

// TestSpareKeepsWhatIsRead holds that the stylesheet as it is served says what its source says: without comments and blanks the two are the same.
func TestSpareKeepsWhatIsRead(t *testing.T) {
	source, err := os.ReadFile("assets/marz.css")
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	web.Assets().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/assets/marz.css", nil))
	bare := func(b []byte) string {
		return regexp.MustCompile(`(?s)/\*.*?\*/|\s`).ReplaceAllString(string(b), "")
	}
	if got, want := bare(w.Body.Bytes()), bare(source); got != want {
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Fatalf("served %.80q, written %.80q", got[max(0, i-20):], want[max(0, i-20):])
			}
		}
		t.Fatalf("served %d letters of %d", len(got), len(want))
	}
}
