package post

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"marz"
	"marz/web"
)

// client is a browser without pages: it keeps one cookie and sends JSON.
type client struct {
	t      *testing.T
	srv    *httptest.Server
	cookie string
}

func (tp *testPost) serve() *httptest.Server {
	srv := httptest.NewTLSServer(tp.Handler())
	tp.t.(*testing.T).Cleanup(srv.Close)
	return srv
}

func (c *client) do(method, path string, body any) (*http.Response, []byte) {
	c.t.Helper()
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		in = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.srv.URL+path, in)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if c.cookie != "" {
		req.AddCookie(&http.Cookie{Name: cookieName, Value: c.cookie})
	}
	hc := *c.srv.Client()
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := hc.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.Header.Get("Content-Type") == "text/event-stream; charset=utf-8" {
		return resp, nil
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp, b
}

func (tp *testPost) client(srv *httptest.Server, officer marz.OfficerID) *client {
	c := &client{t: tp.t.(*testing.T), srv: srv}
	if officer != "" {
		secret, _, err := tp.SignInExercise(tp.t.Context(), officer)
		if err != nil {
			tp.t.Fatal(err)
		}
		c.cookie = secret
	}
	return c
}

func TestScanAndDecideOverHTTP(t *testing.T) {
	tp := newTestPost(t)
	srv := tp.serve()
	c := tp.client(srv, "ru-bg/2")
	if resp, b := c.do("POST", "/api/lanes/1/open", struct{}{}); resp.StatusCode != 200 {
		t.Fatalf("%s %s", resp.Status, b)
	}
	resp, b := c.do("POST", "/api/lanes/1/scan", map[string]any{"text": passport(t, "ABADI", "REZA", "A1", nil)})
	var i web.Inspection
	if err := json.Unmarshal(b, &i); err != nil || resp.StatusCode != 200 || i.Verdict != marz.Clear {
		t.Fatalf("%s %s %v", resp.Status, b, err)
	}
	resp, b = c.do("POST", "/api/inspections/"+string(i.ID)+"/decide", map[string]any{"decision": "admit"})
	if err := json.Unmarshal(b, &i); err != nil || resp.StatusCode != 200 || i.State != "decided" {
		t.Fatalf("%s %s %v", resp.Status, b, err)
	}
	for name, body := range map[string]string{"unknown field": `{"decision":"admit","force":true}`, "not JSON": `admit`, "two": `{}{}`, "large": `{"note":"` + strings.Repeat("x", maxBody) + `"}`} {
		req, _ := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/api/inspections/"+string(i.ID)+"/decide", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.AddCookie(&http.Cookie{Name: cookieName, Value: c.cookie})
		resp, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", name, resp.Status)
		}
	}
	req, _ := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/api/lanes/1/close", strings.NewReader(`{}`))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	req.AddCookie(&http.Cookie{Name: cookieName, Value: c.cookie})
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %s", resp.Status)
	}
}

// A real post has no one-click sign-in, whatever is sent to it.
func TestExerciseCannotBeSwitchedOn(t *testing.T) {
	tp := newTestPost(t)
	dir := t.TempDir() + "/real"
	link, err := Init(t.Context(), Setup{Dir: dir, Origin: "test/agarak", Post: tp.Described(), Ground: testGround,
		Register: tp.instruments(), Config: DefaultConfig(":8443", "localhost", "ARM"), Supervisor: Officer{"ru-bg/1", "R One", marz.RoleSupervisor},
		Officers: []Officer{{"ru-bg/2", "R Two", marz.RoleOfficer}}, Clock: tp.clock, Wall: tp.opts.Wall})
	if err != nil || !strings.HasPrefix(link, "https://localhost:8443/enrol/") {
		t.Fatal(link, err)
	}
	p, err := Open(t.Context(), Options{Dir: dir, Clock: tp.clock})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	srv := httptest.NewTLSServer(p.Handler())
	defer srv.Close()
	c := &client{t: t, srv: srv}
	if resp, _ := c.do("POST", "/exercise/signin", map[string]string{"officer": "ru-bg/1"}); resp.StatusCode != http.StatusNotFound {
		t.Errorf("one-click sign-in: %s", resp.Status)
	}
	if _, _, err := p.SignInExercise(t.Context(), "ru-bg/1"); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("%v", err)
	}
	if resp, _ := c.do("GET", "/enrol/"+link[strings.LastIndex(link, "/")+1:], nil); resp.StatusCode != http.StatusOK {
		t.Errorf("the supervisor's link: %s", resp.Status)
	}
	if _, err := Init(t.Context(), Setup{Dir: dir, Origin: "test/agarak", Post: tp.Described(), Ground: testGround, Register: tp.instruments(),
		Config: DefaultConfig(":8443", "localhost", "ARM"), Supervisor: Officer{"ru-bg/1", "R One", marz.RoleSupervisor}, Clock: tp.clock, Wall: tp.opts.Wall}); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("init over a post: %v", err)
	}
}
