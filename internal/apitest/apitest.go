// Package apitest holds web/API.md to what a node really serves.
package apitest

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Check fails where the part of web/API.md under a heading does not name every route, or names one that there is not. Patterns are those of net/http.
func Check(t *testing.T, heading string, patterns []string) {
	t.Helper()
	file, err := os.ReadFile("../web/API.md")
	if err != nil {
		t.Fatal(err)
	}
	_, doc, ok := strings.Cut(string(file), "# "+heading+"\n")
	if !ok {
		t.Fatalf("web/API.md has no heading %q", heading)
	}
	doc, _, _ = strings.Cut(doc, "\n# ")
	type way struct{ method, path string }
	var named []way
	token := regexp.MustCompile("GET|POST|`(/[^`?]*)[^`]*`")
	for line := range strings.Lines(doc) {
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
	matches := func(pattern string, w way) bool {
		method, path, _ := strings.Cut(strings.TrimSuffix(pattern, "{$}"), " ")
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
	for _, pattern := range patterns {
		found := false
		for i, w := range named {
			if matches(pattern, w) {
				found, known[i] = true, true
			}
		}
		if !found {
			t.Errorf("web/API.md does not name %s", pattern)
		}
	}
	for i, w := range named {
		if !known[i] && !strings.HasPrefix(w.path, "/assets/") {
			t.Errorf("web/API.md names %s %s, which is no route", w.method, w.path)
		}
	}
	if len(named) < len(patterns) {
		t.Errorf("%d ways are named, and there are %d routes", len(named), len(patterns))
	}
}
