package verify

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestImports keeps the checker independent: what is not a test imports the standard library and the vocabulary, no more, and
// of the standard library nothing that is a database.
func TestImports(t *testing.T) {
	files, err := filepath.Glob("*.go")
	must(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		must(t, err)
		for _, i := range f.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			must(t, err)
			first, _, _ := strings.Cut(path, "/")
			if path != "marz" && (first == "marz" || strings.Contains(first, ".") || strings.HasPrefix(path, "database/")) {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}
