package watchlist

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz"
)

// Each of the formats says the same of the same fictional person.
func TestFormats(t *testing.T) {
	passport := []Number{{"AB0123456", "ARM", "passport"}}
	born := []Birth{{From: marz.Date{Year: 1968, Month: 12, Day: 10}}}
	for file, want := range map[string]struct {
		list   marz.ListID
		alerts int
		first  Alert
	}{
		"uk-conlist.csv": {"uk-sanctions", 2, Alert{ID: "90001", Kind: Person, Why: "UK regime Fictional", Birthplaces: []string{"Gyumri, Armenia"},
			Names:  []Name{{"Tigran Aramovich VARDUMIAN", Primary}, {"Тигран Вардумян", NativeScript}, {"Tigran VARDUMYAN", WeakAlias}},
			Births: append(born[:1:1], Birth{From: marz.Date{Year: 1969}}), Nationalities: []string{"ARM"}, Documents: []Number{{"AB0123456", "", "passport"}}}},
		"uk-sanctions-list.csv": {"uk-sanctions", 2, Alert{ID: "FIC0001", Kind: Person, Sex: "M", Why: "UK regime Fictional", Birthplaces: []string{"Gyumri, Armenia"},
			Names: []Name{{"Tigran Aramovich VARDUMIAN", Primary}}, Births: born, Nationalities: []string{"ARM"}, Documents: []Number{{"AB0123456", "", "passport"}}}},
		"eu.xml": {"eu-fsf", 2, Alert{ID: "101", Kind: Person, Sex: "M", Why: "EU programme FIC",
			Names:  []Name{{"Tigran Aramovich VARDUMIAN", Primary}, {"Tigran the Tall", WeakAlias}, {"Тигран Вардумян", NativeScript}},
			Births: append(born[:1:1], Birth{From: marz.Date{Year: 1967}, To: marz.Date{Year: 1969}, Circa: true}), Nationalities: []string{"ARM"}, Documents: passport}},
		"eu.csv": {"eu-fsf", 2, Alert{ID: "101", Kind: Person, Sex: "M", Why: "EU programme FIC",
			Names: []Name{{"Tigran Aramovich VARDUMIAN", Primary}, {"Тигран Вардумян", NativeScript}}, Births: born, Nationalities: []string{"ARM"}, Documents: passport}},
		"own.csv": {"own", 3, Alert{ID: "document:AB 0123456:ARM", Kind: Document, Why: "stolen blank", Documents: []Number{{"AB 0123456", "ARM", "passport"}}}},
	} {
		l, err := Import(filepath.Join("testdata/more", file), Options{})
		if err != nil {
			t.Error(err)
			continue
		}
		got := l.Alerts[0]
		got.Owner, got.Version = "", ""
		if d := cmp.Diff(want.first, got); d != "" || l.ID != want.list || len(l.Alerts) != want.alerts {
			t.Errorf("%s: list %s, %d alerts:\n%s", file, l.ID, len(l.Alerts), d)
		}
	}
}

func TestOwnCSVOfPeople(t *testing.T) {
	l, err := Import("testdata/more/own.csv", Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := loaded(t, l)
	a := s.Screen(t.Context(), Query{Names: []string{"VARDUMIAN TIGRAN"}, Birth: marz.Date{Year: 1968, Month: 12, Day: 10}, Document: "AB0123456", Vehicle: "34XY555"})
	if len(a.Hits) != 3 {
		t.Errorf("%d hits: %+v", len(a.Hits), a.Hits)
	}
}

// The example of the specification is the one that is read here.
func TestOwnCSVIsAsSpecified(t *testing.T) {
	spec, err := os.ReadFile("../docs/spec/list-csv.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("testdata/more/own.csv")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(spec), "```csv\n"+string(example)+"```") {
		t.Error("docs/spec/list-csv.md has another example")
	}
}

// What cannot be read names the place and what to do.
func TestFormatsRefuse(t *testing.T) {
	for what, says := range map[string][2]string{
		"column of ours":     {"kind,name,colour\nperson,A B,red\n", "list.csv:1: \"colour\" is no column"},
		"kind of ours":       {"kind,name,id\nghost,A B,1\n", "list.csv:2: the kind is none of"},
		"nothing to find by": {"kind,name,id\nperson,,1\n", "list.csv:2: the row has neither"},
		"twice":              {"kind,number\ndocument,A1\ndocument,A1\n", "list.csv:3: the alert of this row stands twice"},
		"EU's columns":       {"Entity_LogicalId;Other\n1;2\n", `list.csv:1: the header lacks the column "NameAlias_WholeName"`},
		"UK's columns":       {"Last Updated,1\nName 6,Name 1\nA,B\n", "of which one is needed"},
		"UK's kind":          {"Last Updated,1\nName 6,Name 1,Group Type,Group ID\nA,,Robot,1\n", "list.csv:3: the row is about none of"},
		"EU's XML":           {"<export><sanctionEntity></export>", "it is not XML"},
		"advanced":           {"<Sanctions xmlns=\"x\"></Sanctions>", "fetch sdn.xml"},
		"a column twice":     {"kind,name,name,id\nperson,A B,C D,1\n", "stands twice"},
		"a comma unquoted":   {"kind,id,name\nperson,1,VARDUMIAN, Tigran\n", "list.csv:2: the row has more values"},
		"a number of marks":  {"kind,number\ndocument,---\n", "list.csv:2: the row has no letter or digit"},
		"a name of bars":     {"kind,id,name\nperson,1,|\n", "list.csv:2: the row has no letter or digit"},
		"a declaration":      {"<!DOCTYPE a><export></export>", "document type declaration"},
		"something else":     {"Dear all,\nplease find the list attached.\n", "it is none of the formats"},
	} {
		path := filepath.Join(t.TempDir(), "list.csv")
		if err := os.WriteFile(path, []byte(says[0]), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Import(path, Options{}); err == nil || !strings.Contains(err.Error(), says[1]) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
