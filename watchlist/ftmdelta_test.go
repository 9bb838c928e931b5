package watchlist

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"marz"
)

const deltaBase = "testdata/delta/entities.ftm.json"

// bears returns the alerts of a list that bear a document.
func bears(t *testing.T, l *List, document string) []marz.AlertID {
	t.Helper()
	var out []marz.AlertID
	for _, h := range loaded(t, l).Screen(t.Context(), Query{Document: document}).Hits {
		out = append(out, h.Alert)
	}
	return out
}

// A delta has just the entities that changed: what it does not speak of stays, and what it does reaches the alert.
func TestDeltas(t *testing.T) {
	steps := []struct {
		deltas []string
		bears  map[string][]marz.AlertID
		alerts []marz.AlertID
	}{
		{nil, map[string][]marz.AlertID{"AA1234567": {"p1"}, "004417": {"p2"}, "GE7654321": {"p3"}, "RU5550001": nil}, []marz.AlertID{"p1", "p2", "p3"}},
		{[]string{"1"}, map[string][]marz.AlertID{"AA1234567": {"p1"}, "004417": {"p2"}, "GE7654321": nil, "RU5550001": {"p2"}}, []marz.AlertID{"p1", "p2", "p4"}},
		{[]string{"1", "2"}, map[string][]marz.AlertID{"AA1234567": nil, "004417": nil, "990018": {"p2"}, "RU5550001": {"p2"}}, []marz.AlertID{"p1", "p2"}},
	}
	versions := map[string]bool{}
	for _, s := range steps {
		o := Options{}
		for _, d := range s.deltas {
			o.Deltas = append(o.Deltas, "testdata/delta/"+d+".delta.json")
		}
		l, err := Import(deltaBase, o)
		if err != nil {
			t.Fatal(err)
		}
		var ids []marz.AlertID
		for i := range l.Alerts {
			ids = append(ids, l.Alerts[i].ID)
		}
		if !slices.Equal(ids, s.alerts) || len(l.Notes) > 0 || versions[l.Version] {
			t.Errorf("after %v: alerts %v, notes %v, version %s", s.deltas, ids, l.Notes, l.Version)
		}
		versions[l.Version] = true
		for number, want := range s.bears {
			if got := bears(t, l, number); !slices.Equal(got, want) {
				t.Errorf("after %v: %s is borne by %v, want %v", s.deltas, number, got, want)
			}
		}
	}
}

// withDeltas imports the base of the tests with deltas of these lines.
func withDeltas(t *testing.T, deltas ...string) (*List, error) {
	t.Helper()
	var o Options
	for i, d := range deltas {
		path := filepath.Join(t.TempDir(), fmt.Sprint(i, ".delta.json"))
		if err := os.WriteFile(path, []byte(d), 0o600); err != nil {
			t.Fatal(err)
		}
		o.Deltas = append(o.Deltas, path)
	}
	return Import(deltaBase, o)
}

const addP9 = `{"op":"ADD","entity":{"id":"p9","caption":"Erika Specimen","schema":"Person","properties":{"name":["Erika Specimen"]},"target":true}}`

func TestDeltaOrder(t *testing.T) {
	for what, c := range map[string]struct {
		deltas []string
		alerts int
		note   bool
	}{
		"added and deleted in one file":    {[]string{addP9 + "\n" + `{"op":"DEL","entity":{"id":"p9"}}`}, 3, false},
		"deleted and added in one file":    {[]string{`{"op":"DEL","entity":{"id":"p9"}}` + "\n" + addP9}, 4, true},
		"added, and deleted by the next":   {[]string{addP9, `{"op":"DEL","entity":{"id":"p9"}}`}, 3, false},
		"not listed itself any more":       {[]string{`{"op":"MOD","entity":{"id":"p1","schema":"Person","properties":{"name":["Ani Modelian"]},"target":false}}`}, 2, false},
		"of a schema that is none of ours": {[]string{`{"op":"MOD","entity":{"id":"p1","schema":"Address","properties":{}}}`}, 2, false},
		"deleted what is not there":        {[]string{`{"op":"DEL","entity":{"id":"nobody"}}`}, 3, true},
		"added what is there":              {[]string{`{"op":"ADD","entity":{"id":"p1","schema":"Person","properties":{"name":["Ani Modelian"]}}}`}, 3, true},
	} {
		l, err := withDeltas(t, c.deltas...)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		noted := slices.ContainsFunc(l.Notes, func(n string) bool { return strings.Contains(n, "see whether they follow") })
		if len(l.Alerts) != c.alerts || noted != c.note {
			t.Errorf("%s: %d alerts, notes %v", what, len(l.Alerts), l.Notes)
		}
	}
}

func TestDeltasRefuse(t *testing.T) {
	for what, c := range map[string][2]string{
		"another operation":          {`{"op":"PUT","entity":{"id":"p1"}}`, "0.delta.json:1: op is none of ADD, MOD and DEL"},
		"no operation":               {`{"id":"p1","schema":"Person","properties":{}}`, "0.delta.json:1: op is none of"},
		"no entity":                  {addP9 + "\n" + `{"op":"MOD"}`, "0.delta.json:2: the line has no entity with an id"},
		"an entity without id":       {`{"op":"DEL","entity":{}}`, "has no entity with an id"},
		"a change that is half":      {`{"op":"MOD","entity":{"id":"p1"}}`, "MOD gives it whole"},
		"a broken line":              {addP9 + "\n" + `{"op":"MOD","ent`, "0.delta.json:2: the line is not one JSON object"},
		"a name that is none":        {`{"op":"ADD","entity":{"id":"x","schema":"Person","properties":{"name":[]}}}`, "0.delta.json:1: the entity has no name"},
		"a property of another sort": {`{"op":"MOD","entity":{"id":"p1","schema":"Person","properties":{"name":"Ani"}}}`, `0.delta.json:1: the property "name"`},
		"nothing":                    {"", "it is empty; fetch it again"},
		"everything is gone":         {`{"op":"DEL","entity":{"id":"p1"}}` + "\n" + `{"op":"DEL","entity":{"id":"p2"}}` + "\n" + `{"op":"DEL","entity":{"id":"p3"}}` + "\n" + `{"op":"DEL","entity":{"id":"pass1"}}` + "\n" + `{"op":"DEL","entity":{"id":"card2"}}`, "it holds no alerts"},
	} {
		if _, err := withDeltas(t, c[0]); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := Import("testdata/delta/1.delta.json", Options{}); err == nil || !strings.Contains(err.Error(), "name it with --delta") {
		t.Errorf("a delta as a list: %v", err)
	}
	if _, err := Import("testdata/un.xml", Options{Deltas: []string{"testdata/delta/1.delta.json"}}); err == nil || !strings.Contains(err.Error(), "this is none") {
		t.Errorf("a delta of another format: %v", err)
	}
	if _, err := Import(deltaBase, Options{Deltas: []string{"testdata/delta/none.json"}}); err == nil || !strings.Contains(err.Error(), "cannot be opened") {
		t.Errorf("a delta that is not there: %v", err)
	}
}

// Whatever the entities and the changes, the list is the one that the file of entities gives after the changes.
func TestLawDeltasAreTheNextFile(t *testing.T) {
	ids := []string{"a", "b", "c", "d", "e", "f"}
	entity := rapid.Custom(func(t *rapid.T) map[string]any {
		schema := rapid.SampledFrom([]string{"Person", "Person", "Passport", "Identification", "Sanction", "Address", "Vehicle"}).Draw(t, "schema")
		value := rapid.SampledFrom([]string{"AA1", "BB2", "CC3", "Ani Modelian", "Pavel Muster"}).Draw(t, "value")
		to := rapid.SampledFrom(ids).Draw(t, "to")
		return map[string]any{"schema": schema, "caption": value, "target": rapid.Bool().Draw(t, "target"), "properties": map[string][]string{
			"name": {value}, "number": {value}, "holder": {to}, "entity": {to}, "reason": {value}, "registrationNumber": {value}}}
	})
	rapid.Check(t, func(t *rapid.T) {
		dir := tempDir(t)
		now := map[string]map[string]any{} // the file of entities, by ID
		var order []string
		for _, id := range rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 1, 5, rapid.ID[string]).Draw(t, "base") {
			now[id], order = entity.Draw(t, "entity"), append(order, id)
		}
		base := writeEntities(t, dir, "base", order, now)
		var o Options
		for n := range rapid.IntRange(1, 3).Draw(t, "deltas") {
			var lines []string
			for range rapid.IntRange(1, 6).Draw(t, "changes") {
				id := rapid.SampledFrom(ids).Draw(t, "id")
				op, e := "ADD", entity.Draw(t, "entity")
				if _, ok := now[id]; ok {
					op = rapid.SampledFrom([]string{"MOD", "DEL"}).Draw(t, "op")
				}
				if op == "DEL" {
					delete(now, id)
					e = map[string]any{}
				} else {
					now[id] = maps.Clone(e)
				}
				e["id"] = id
				b, _ := json.Marshal(map[string]any{"op": op, "entity": e})
				lines = append(lines, string(b))
				if !slices.Contains(order, id) {
					order = append(order, id)
				}
			}
			path := filepath.Join(dir, fmt.Sprint(n, ".delta.json"))
			if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
				t.Fatal(err)
			}
			o.Deltas = append(o.Deltas, path)
		}
		got, err := Import(base, o)
		want, wantErr := Import(writeEntities(t, dir, "next", order, now), Options{ID: "base", Name: "base", Owner: "base"})
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("with deltas %v, the file itself %v", err, wantErr)
		}
		if err == nil {
			if d := cmp.Diff(want.Alerts, got.Alerts); d != "" {
				t.Fatal(d)
			}
		}
	})
}

func writeEntities(t *rapid.T, dir, name string, order []string, entities map[string]map[string]any) string {
	var lines []string
	for _, id := range order {
		if e, ok := entities[id]; ok {
			e["id"] = id
			b, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, string(b))
		}
	}
	path := filepath.Join(dir, name+".ftm.json")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// tempDir is a folder that goes when the check of a law ends.
func tempDir(t *rapid.T) string {
	dir, err := os.MkdirTemp("", "law")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func FuzzDelta(f *testing.F) {
	for _, path := range []string{"testdata/delta/1.delta.json", "testdata/delta/2.delta.json", deltaBase} {
		f.Add(readFile(f, path))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "d.json")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := Import(deltaBase, Options{Deltas: []string{path}})
		if (l == nil) == (err == nil) {
			t.Fatal("neither a list nor an error, or both")
		}
		if err == nil {
			checkList(t, l)
		}
	})
}
