package scenarios

import (
	"os"
	"strings"
	"testing"
)

// The example of docs/scenario.md is a scenario.
func TestDocumentedScenario(t *testing.T) {
	b, err := os.ReadFile("../docs/scenario.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(b), "```toml\n")
	text, _, ok := strings.Cut(text, "```")
	if !ok {
		t.Fatal("there is no example")
	}
	s, err := Parse("docs/scenario.md", []byte(text))
	if err != nil || len(s.Places()) != 2 || len(s.Kept("bridge")) != 1 || len(s.Blocs) != 1 {
		t.Errorf("%+v %v", s, err)
	}
}
