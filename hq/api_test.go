package hq

import (
	"testing"

	"marz/internal/apitest"
)

// web/API.md names every route of the headquarters, and nothing that is none.
func TestEveryRouteIsDocumented(t *testing.T) {
	var patterns []string
	for _, r := range routes {
		patterns = append(patterns, r.pattern)
	}
	apitest.Check(t, "The headquarters' HTTP interface", patterns)
}
