package post

import (
	"testing"

	"marz/internal/apitest"
)

// web/API.md names every route of the post, and nothing that is none.
func TestEveryRouteIsDocumented(t *testing.T) {
	var patterns []string
	for _, r := range routes {
		patterns = append(patterns, r.pattern)
	}
	apitest.Check(t, "The post's HTTP interface", patterns)
}
