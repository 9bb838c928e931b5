package post

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// web/API.md names every route of the post, and nothing that is none.
func TestEveryRouteIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../web/API.md")
	if err != nil {
		t.Fatal(err)
	}
	type way struct{ method, path string }
	var named []way
	token := regexp.MustCompile("GET|POST|`(/[^`?]*)[^`]*`")
	for line := range strings.Lines(string(doc)) {
		if !strings.HasPrefix(line, "| GET") && !strings.HasPrefix(line, "| POST") {
			continue
		}
		method := ""
		for _, m := range token.FindAllStringSubmatch(strings.SplitN(line, "|", 3)[1], -1) {
			if m[1] == "" {
				method = m[0]
				continue
			}
			named = append(named, way{method, m[1]})
		}
	}
	matches := func(r route, w way) bool {
		method, path, _ := strings.Cut(strings.TrimSuffix(r.pattern, "{$}"), " ")
		a, b := strings.Split(path, "/"), strings.Split(w.path, "/")
		if method != w.method || len(a) != len(b) {
			return false
		}
		for i := range a {
			if a[i] != b[i] && (!strings.HasPrefix(a[i], "{") || strings.HasPrefix(b[i], "{")) {
				return false
			}
		}
		return true
	}
	known := make([]bool, len(named))
	for _, r := range routes {
		found := false
		for i, w := range named {
			if matches(r, w) {
				found, known[i] = true, true
			}
		}
		if !found {
			t.Errorf("web/API.md does not name %s", r.pattern)
		}
	}
	for i, w := range named {
		if !known[i] && !strings.HasPrefix(w.path, "/assets/") {
			t.Errorf("web/API.md names %s %s, which is no route", w.method, w.path)
		}
	}
	if len(named) < len(routes) {
		t.Errorf("%d ways are named, and there are %d routes", len(named), len(routes))
	}
}
