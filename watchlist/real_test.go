package watchlist

import (
	"context"
	"encoding/csv"
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"marz"
	"marz/watchlist/name"
)

// data returns the folder of test data that is not part of the project, and skips where it is absent.
func data(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("MARZ_DATA")
	root := "."
	for range 5 {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		root = filepath.Join(root, "..")
	}
	switch {
	case dir == "":
		dir = filepath.Join(root, "../shared/data")
	case !filepath.IsAbs(dir):
		dir = filepath.Join(root, dir)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no test data at %s; set MARZ_DATA to its folder", dir)
	}
	return dir
}

func importReal(t testing.TB, path string) *List {
	t.Helper()
	l, err := Import(filepath.Join(data(t), path), Options{Loaded: 1})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func loaded(t testing.TB, lists ...*List) *Set {
	t.Helper()
	s := New(time.Now)
	for _, l := range lists {
		if err := s.Replace(l); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func hits(a Answer, list marz.ListID, id string) bool {
	return slices.ContainsFunc(a.Hits, func(h Hit) bool { return h.List == list && string(h.Alert) == id })
}

// misses queries every name and reports those that do not hit their own alert.
func misses(t *testing.T, s *Set, list marz.ListID, names map[string][]string) {
	t.Helper()
	asked, missed := 0, 0
	for id, nn := range names {
		for _, n := range nn {
			for _, q := range []Query{{Names: []string{n}}, {Primary: n}} {
				asked++
				if !hits(s.Screen(context.Background(), q), list, id) {
					if missed++; missed < 10 {
						t.Errorf("alert %s is not hit by its name %q", id, n)
					}
				}
			}
		}
	}
	t.Logf("%s: %d of %d queries of %d alerts hit their own alert", list, asked-missed, asked, len(names))
}

// The lists are read here a second time, by the plainest means, so that a fault of the importer shows as well.
func TestEveryNameOfOFACHits(t *testing.T) {
	f, err := os.Open(filepath.Join(data(t), "lists/ofac/sdn.csv"))
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	names := map[string][]string{}
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	for {
		row, err := r.Read()
		if err != nil {
			break
		}
		if len(row) == 12 {
			names[row[0]] = []string{row[1]}
		}
	}
	if len(names) < 8000 {
		t.Fatalf("only %d rows read", len(names))
	}
	misses(t, loaded(t, importReal(t, "lists/ofac/sdn.csv"), importReal(t, "lists/un/un_consolidated.xml")), "ofac-sdn", names)
}

func TestEveryNameOfTheUNHits(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(data(t), "lists/un/un_consolidated.xml"))
	if err != nil {
		t.Skip(err)
	}
	type entry struct {
		Ref    string `xml:"REFERENCE_NUMBER"`
		F1     string `xml:"FIRST_NAME"`
		F2     string `xml:"SECOND_NAME"`
		F3     string `xml:"THIRD_NAME"`
		F4     string `xml:"FOURTH_NAME"`
		Native string `xml:"NAME_ORIGINAL_SCRIPT"`
	}
	var doc struct {
		Individuals []entry `xml:"INDIVIDUALS>INDIVIDUAL"`
		Entities    []entry `xml:"ENTITIES>ENTITY"`
	}
	if err := xml.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	names := map[string][]string{}
	for _, e := range append(doc.Individuals, doc.Entities...) {
		names[strings.TrimSpace(e.Ref)] = []string{strings.Join([]string{e.F1, e.F2, e.F3, e.F4}, " ")}
		if e.Native != "" {
			names[strings.TrimSpace(e.Ref)] = append(names[strings.TrimSpace(e.Ref)], e.Native)
		}
	}
	misses(t, loaded(t, importReal(t, "lists/un/un_consolidated.xml"), importReal(t, "lists/ofac")), "un-sc", names)
}

// Every other name on both lists hits as well.
func TestEveryAliasHits(t *testing.T) {
	for _, path := range []string{"lists/ofac", "lists/un/un_consolidated.xml"} {
		l := importReal(t, path)
		names := map[string][]string{}
		for _, a := range l.Alerts {
			for _, n := range a.Names {
				if len(name.Parts(n.Text)) > 0 {
					names[string(a.ID)] = append(names[string(a.ID)], n.Text)
				}
			}
		}
		misses(t, loaded(t, l), l.ID, names)
		t.Log(l.Version, l.Notes)
	}
}

// TestFigures measures what the list engine is judged by; see its log. It fails only where a figure gets much worse.
func TestFigures(t *testing.T) {
	s := loaded(t, importReal(t, "lists/ofac"), importReal(t, "lists/un/un_consolidated.xml"))
	people := readPeople(t, "screening/negatives_global_even.csv")
	var micros []time.Duration
	falseName, falseBirth := 0, 0
	for _, p := range people {
		began := time.Now()
		if len(s.Screen(t.Context(), Query{Names: []string{p.name}}).Hits) > 0 {
			falseName++
		}
		micros = append(micros, time.Since(began))
		if len(s.Screen(t.Context(), p.query()).Hits) > 0 {
			falseBirth++
		}
	}
	slices.Sort(micros)
	t.Logf("false hits of %d people on no list: %d by name alone, %d with birth date, sex and nationality", len(people), falseName, falseBirth)
	t.Logf("time: p50 %v, p99 %v, most %v", micros[len(micros)/2], micros[len(micros)*99/100], micros[len(micros)-1])
	listed := readPeople(t, "screening/positives_un_untreated.csv")
	found, foundBirth := 0, 0
	un := func(q Query) bool {
		return slices.ContainsFunc(s.Screen(t.Context(), q).Hits, func(h Hit) bool { return h.List == "un-sc" })
	}
	for _, p := range listed {
		if un(Query{Names: []string{p.name}}) {
			found++
		}
		if un(p.query()) {
			foundBirth++
		}
	}
	t.Logf("recall of %d listed people: %d by name alone, %d with birth date and nationality", len(listed), found, foundBirth)
	if falseName*100 > len(people) || falseBirth*200 > len(people) || found*100 < len(listed)*97 {
		t.Error("the figures are worse than what was once reached")
	}
}

type person struct{ name, birth, sex, nationality string }

func (p person) query() Query {
	d, _ := marz.ParseDate(p.birth)
	return Query{Names: []string{p.name}, Birth: d, Sex: p.sex, Nationality: p.nationality}
}

func readPeople(t *testing.T, path string) []person {
	t.Helper()
	f, err := os.Open(filepath.Join(data(t), path))
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []person
	for _, r := range rows[1:] {
		out = append(out, person{r[0], r[5], r[4], r[7]})
	}
	return out
}
