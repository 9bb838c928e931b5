package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"marz"
	"marz/web"
)

// render returns a page as a browser would get it.
func render(t *testing.T, name string, p *web.Page) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	web.Secure(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := web.Render(w, r, http.StatusOK, name, p); err != nil {
			t.Fatal(err)
		}
	})).ServeHTTP(w, r)
	return w
}

var (
	tag        = regexp.MustCompile(`<[a-zA-Z][^>]*>`)
	quoted     = regexp.MustCompile(`"[^"]*"`)
	handler    = regexp.MustCompile(`(?i)\s(on[a-z]+|style)\s*=`)
	scriptTag  = regexp.MustCompile(`(?is)<script([^>]*)>(.*?)</script>`)
	outsideURL = regexp.MustCompile(`(?i)(src|href|action)="(https?:)?//`)
)

// checkMarkup fails where a page has script, style or an address in it that its policy would refuse.
func checkMarkup(t *testing.T, html string) {
	t.Helper()
	for _, s := range scriptTag.FindAllStringSubmatch(html, -1) {
		if !strings.Contains(s[1], "src=") || strings.TrimSpace(s[2]) != "" {
			t.Errorf("inline script: %s", s[0])
		}
	}
	for _, s := range tag.FindAllString(html, -1) {
		if handler.MatchString(quoted.ReplaceAllString(s, `""`)) {
			t.Errorf("handler or style in a tag: %s", s)
		}
	}
	if strings.Contains(strings.ToLower(html), "<style") {
		t.Error("inline style")
	}
	if s := outsideURL.FindString(html); s != "" {
		t.Errorf("an address outside the post: %s", s)
	}
}

func TestRender(t *testing.T) {
	for _, name := range pages {
		t.Run(name, func(t *testing.T) {
			w := render(t, name, samplePage(name))
			if kind := w.Header().Get("Content-Type"); kind != "text/html; charset=utf-8" {
				t.Errorf("content type %q", kind)
			}
			if w.Header().Get("Cache-Control") != "no-store" {
				t.Error("the page may be kept")
			}
			html := w.Body.String()
			checkMarkup(t, html)
			for _, want := range []string{`lang="en"`, `id="exercise-banner"`, "Agarak", `id="main"`} {
				if !strings.Contains(html, want) {
					t.Errorf("the page lacks %s", want)
				}
			}
		})
	}
}

func TestRenderEscapesHostileText(t *testing.T) {
	for _, name := range pages {
		t.Run(name, func(t *testing.T) {
			html := render(t, name, hostilePage(name)).Body.String()
			checkMarkup(t, html)
			if strings.Contains(html, "<script>alert") {
				t.Error("a name became a script")
			}
		})
	}
}

func TestRenderWithoutAnything(t *testing.T) {
	for name, body := range map[string]any{"signin": web.SignInBody{}, "enrol": web.EnrolBody{}, "error": web.ErrorBody{}, "home": web.HomeBody{},
		"crossings": web.CrossingsBody{}, "journal": web.JournalBody{}, "entry": web.EntryBody{}, "officers": web.OfficersBody{}, "readers": web.ReadersBody{}, "mirrors": web.MirrorsBody{},
		"lane": web.LaneBody{}, "supervisor": nil, "map": web.MapBody{}} {
		html := render(t, name, &web.Page{Body: body}).Body.String()
		if strings.Contains(html, "exercise-banner") {
			t.Errorf("page %s is marked as an exercise and is none", name)
		}
	}
}

func TestRenderFails(t *testing.T) {
	for what, page := range map[string]string{"no such page": "layout", "a body of another page": "journal"} {
		w := httptest.NewRecorder()
		err := web.Render(w, httptest.NewRequest(http.MethodGet, "/", nil), http.StatusOK, page, &web.Page{Body: web.ErrorBody{}})
		if marz.CodeOf(err) != marz.Internal || err == nil {
			t.Errorf("%s: error %v", what, err)
		}
		if w.Body.Len() > 0 || w.Header().Get("Content-Type") != "" {
			t.Errorf("%s: something was written before the error", what)
		}
	}
}

func TestOnlySupervisorsSeeOfficers(t *testing.T) {
	p := samplePage("home")
	who := officer
	who.Role = marz.RoleOfficer
	p.Officer = &who
	if strings.Contains(render(t, "home", p).Body.String(), `href="/officers"`) {
		t.Error("an officer is led to the page of officers")
	}
}

// TestTimesAreThePosts holds that instants are shown in the post's zone, and in UTC when the zone is unknown.
func TestTimesAreThePosts(t *testing.T) {
	for zone, want := range map[string]string{"Asia/Yerevan": "23:12:07", "Europe/Moscow": "22:12:07", "Nowhere/Land": "19:12:07"} {
		p := samplePage("error")
		p.Zone = zone
		if html := render(t, "error", p).Body.String(); !strings.Contains(html, want) {
			t.Errorf("in %s the page does not show %s", zone, want)
		}
	}
}

// TestPageDataIsJSON holds the attribute that the modules read against what they read from it.
func TestPageDataIsJSON(t *testing.T) {
	html := render(t, "error", samplePage("error")).Body.String()
	_, rest, _ := strings.Cut(html, `data-page="`)
	data, _, _ := strings.Cut(rest, `"`)
	data = strings.NewReplacer("&#34;", `"`, "&#43;", "+", "&amp;", "&").Replace(data)
	var got struct {
		Now     marz.Instant
		Officer marz.OfficerID
		Next    web.Passing
	}
	if err := json.Unmarshal([]byte(data), &got); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	if got.Now != midday || got.Officer != officer.ID || !reflect.DeepEqual(got.Next, handing) {
		t.Errorf("got %+v", got)
	}
}
