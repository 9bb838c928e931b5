package watchlist

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"marz"
)

const (
	peopleBase  = "testdata/more/people.ftm.json"
	peopleDelta = "testdata/more/people.delta.json"
)

func writeText(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// documentHits are the alerts that a document number is a hit on.
func documentHits(t testing.TB, s *Set, number string) string {
	t.Helper()
	var out []string
	for _, h := range s.Screen(t.Context(), Query{Document: number}).Hits {
		out = append(out, string(h.Alert))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

const (
	q1   = `{"id":"Q1","schema":"Person","properties":{"name":["Tigran Vardumian"]%s}}`
	pass = `{"id":"pass-1","schema":"Passport","properties":{"number":["%s"],"holder":["%s"],"country":["am"]}}`
)

func add(e string, a ...any) string { return `{"op":"ADD","entity":` + fmt.Sprintf(e, a...) + "}\n" }
func mod(e string, a ...any) string { return `{"op":"MOD","entity":` + fmt.Sprintf(e, a...) + "}\n" }
func del(id string) string          { return `{"op":"DEL","entity":{"id":"` + id + `"}}` + "\n" }

// A number is a hit after a delta if it was one before, unless the delta took it away. AB0123456 and 000111222 are those of Q1 by lines of their own, GE7654321 is in the line of Q2, ZZ9999999 is a document without a holder.
func TestDeltaNumbers(t *testing.T) {
	as := map[string]string{"AB0123456": "Q1", "000111222": "Q1", "GE7654321": "Q2", "ZZ9999999": "pass-9", "NN5555555": ""}
	for what, c := range map[string]struct {
		delta string
		now   map[string]string // what is another than before
	}{
		"a person alone":                  {mod(q1, ""), nil},
		"a person with a number":          {mod(q1, `,"passportNumber":["NN5555555"]`), map[string]string{"NN5555555": "Q1"}},
		"a person with the same number":   {mod(q1, `,"passportNumber":["AB0123456"]`) + del("pass-1"), nil},
		"a passport gone":                 {del("pass-1"), map[string]string{"AB0123456": ""}},
		"a passport with another number":  {mod(pass, "NN5555555", "Q1"), map[string]string{"AB0123456": "", "NN5555555": "Q1"}},
		"a passport of another":           {mod(pass, "AB0123456", "Q2"), map[string]string{"AB0123456": "Q2"}},
		"a passport of nobody":            {mod(pass, "AB0123456", "Q404"), map[string]string{"AB0123456": "pass-1"}},
		"a passport new":                  {add(`{"id":"p","schema":"Passport","properties":{"number":["NN5555555"],"holder":["Q2"]}}`), map[string]string{"NN5555555": "Q2"}},
		"an identity card new":            {add(`{"id":"p","schema":"Identification","properties":{"number":["NN5555555"],"holder":["Q1","Q2"]}}`), map[string]string{"NN5555555": "Q1 Q2"}},
		"an identity card gone":           {del("id-1"), map[string]string{"000111222": ""}},
		"a passport that is none":         {mod(`{"id":"pass-1","schema":"Address","properties":{"full":["1 Example Street"]}}`), map[string]string{"AB0123456": ""}},
		"a document finds its holder":     {mod(`{"id":"pass-9","schema":"Passport","properties":{"number":["ZZ9999999"],"holder":["Q1"]}}`), map[string]string{"ZZ9999999": "Q1"}},
		"a holder gone, not his papers":   {del("Q1"), map[string]string{"AB0123456": "pass-1", "000111222": "id-1"}},
		"a holder gone with his papers":   {del("Q1") + del("pass-1") + del("id-1"), map[string]string{"AB0123456": "", "000111222": ""}},
		"a holder not listed any more":    {mod(`{"id":"Q1","schema":"Person","target":false,"properties":{"name":["Tigran Vardumian"]}}`), map[string]string{"AB0123456": "", "000111222": ""}},
		"a holder of another schema":      {mod(`{"id":"Q1","schema":"Event","properties":{"name":["Tigran Vardumian"]}}`), map[string]string{"AB0123456": "", "000111222": ""}},
		"added and deleted":               {add(`{"id":"Q5","schema":"Person","properties":{"name":["Pavel Muster"],"passportNumber":["NN5555555"]}}`) + del("Q5"), nil},
		"deleted and added":               {del("Q2") + add(`{"id":"Q2","schema":"Person","properties":{"name":["Levan Specimenidze"],"passportNumber":["GE7654321"]}}`), nil},
		"a passport deleted and added":    {del("pass-1") + add(pass, "AB0123456", "Q1"), nil},
		"merged into another ID":          {del("Q2") + add(`{"id":"NK-2","schema":"Person","properties":{"name":["Levan Specimenidze"],"passportNumber":["GE7654321"]}}`), map[string]string{"GE7654321": "NK-2"}},
		"merged, and its papers follow":   {del("Q1") + add(`{"id":"NK-1","referents":["Q1"],"schema":"Person","properties":{"name":["Tigran Vardumian"]}}`) + mod(pass, "AB0123456", "NK-1") + mod(`{"id":"id-1","schema":"Identification","properties":{"number":["000111222"],"holder":["NK-1"]}}`), map[string]string{"AB0123456": "NK-1", "000111222": "NK-1"}},
		"an ownership":                    {del("own-1"), nil},
		"changed twice":                   {mod(pass, "XX1", "Q1") + mod(pass, "NN5555555", "Q1"), map[string]string{"AB0123456": "", "NN5555555": "Q1"}},
		"what is not there is deleted":    {del("Q404"), nil},
		"one listed that was a relation":  {mod(`{"id":"own-1","schema":"Company","properties":{"name":["Muster GmbH"],"registrationNumber":["NN5555555"]}}`), map[string]string{"NN5555555": "own-1"}},
		"a document of one who comes now": {add(`{"id":"Q6","schema":"Person","properties":{"name":["Pavel Muster"]}}`) + mod(`{"id":"pass-9","schema":"Passport","properties":{"number":["ZZ9999999"],"holder":["Q6"]}}`), map[string]string{"ZZ9999999": "Q6"}},
	} {
		t.Run(what, func(t *testing.T) {
			l, err := Import(peopleBase, Options{})
			if err != nil {
				t.Fatal(err)
			}
			s := loaded(t, l)
			for number, alert := range as {
				if got := documentHits(t, s, number); got != alert {
					t.Fatalf("before: %s hits %q, want %q", number, got, alert)
				}
			}
			d, err := OpenDelta(peopleBase, writeText(t, t.TempDir(), "d", c.delta))
			if err != nil {
				t.Fatal(err)
			}
			change, err := d.Change(Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Apply(change); err != nil {
				t.Fatal(err)
			}
			want := maps.Clone(as)
			maps.Copy(want, c.now)
			for number, alert := range want {
				if got := documentHits(t, s, number); got != alert {
					t.Errorf("after: %s hits %q, want %q", number, got, alert)
				}
			}
		})
	}
}

// What stands beside the numbers follows as well: why, and where somebody lives.
func TestDeltaReachesHolder(t *testing.T) {
	for what, c := range map[string]struct{ delta, why, address string }{
		"nothing of it":      {del("V1"), "Example programme", "1 Example Street, Gyumri"},
		"a sanction changed": {mod(`{"id":"san-1","schema":"Sanction","properties":{"entity":["Q1"],"program":["Another"]}}`), "Another", "1 Example Street, Gyumri"},
		"a sanction gone":    {del("san-1"), "", "1 Example Street, Gyumri"},
		"a sanction new":     {add(`{"id":"san-2","schema":"Sanction","properties":{"entity":["Q1"],"reason":["more"]}}`), "Example programme; more", "1 Example Street, Gyumri"},
		"an address changed": {mod(`{"id":"adr-1","schema":"Address","properties":{"street":["2 Example Street"],"city":["Gyumri"]}}`), "Example programme", "2 Example Street, Gyumri"},
		"an address gone":    {del("adr-1"), "Example programme", ""},
		"moved": {mod(q1, `,"addressEntity":["adr-2"]`) + add(`{"id":"adr-2","schema":"Address","properties":{"full":["3 Example Street"]}}`),
			"Example programme", "3 Example Street"},
	} {
		l, err := Import(peopleBase, Options{})
		if err != nil {
			t.Fatal(err)
		}
		s := loaded(t, l)
		d, err := OpenDelta(peopleBase, writeText(t, t.TempDir(), "d", c.delta))
		if err != nil {
			t.Fatal(what, err)
		}
		change, err := d.Change(Options{})
		if err == nil {
			err = s.Apply(change)
		}
		if err != nil {
			t.Fatal(what, err)
		}
		a, ok := s.Alert(l.ID, "Q1")
		if !ok || a.Why != c.why || strings.Join(a.Addresses, "|") != c.address {
			t.Errorf("%s: why %q, addresses %q; want %q, %q", what, a.Why, a.Addresses, c.why, c.address)
		}
	}
}

func TestDeltaOfFiles(t *testing.T) {
	d, err := OpenDelta(peopleBase, peopleDelta)
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.Change(Options{ID: "people", Owner: "am-bg", Loaded: 5})
	if err != nil {
		t.Fatal(err)
	}
	base, err := Import(peopleBase, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var put []string
	for _, a := range c.Put {
		if put = append(put, string(a.ID)); a.Owner != "am-bg" || a.Version != a.digest() {
			t.Errorf("%s is of %s, version %s", a.ID, a.Owner, a.Version)
		}
	}
	if got := fmt.Sprint(put, c.Drop); got != "[Q1 Q2 Q3] [V1]" || c.List != "people" || c.Loaded != 5 || c.From != base.Version || c.To == c.From {
		t.Errorf("%s of %s, loaded %d, from %s to %s", got, c.List, c.Loaded, c.From, c.To)
	}
	if len(c.Notes) != 1 || !strings.HasPrefix(c.Notes[0], "0 entities were to be added that were there, 0 to be changed and 1 to be deleted that were not") {
		t.Errorf("notes %q", c.Notes)
	}
}

// In whatever order the lines of entities stand, the alerts are the same, with the same versions.
func TestEntitiesInAnyOrder(t *testing.T) {
	lines := []string{
		`{"id":"Q1","schema":"Person","properties":{"name":["Pavel Muster"],"addressEntity":["a2","a1"]}}`,
		`{"id":"s1","schema":"Sanction","properties":{"entity":["Q1"],"program":["one"]}}`,
		`{"id":"s2","schema":"Sanction","properties":{"entity":["Q1"],"program":["two"]}}`,
		`{"id":"p1","schema":"Passport","properties":{"holder":["Q1"],"number":["AA1"]}}`,
		`{"id":"p2","schema":"Passport","properties":{"holder":["Q1"],"number":["BB2"]}}`,
		`{"id":"a1","schema":"Address","properties":{"full":["1 Example Street"]}}`,
		`{"id":"a2","schema":"Address","properties":{"full":["2 Example Street"]}}`,
	}
	dir := t.TempDir()
	for range len(lines) {
		lines = append(lines[1:], lines[0])
		back := slices.Clone(lines)
		slices.Reverse(back)
		for _, in := range [][]string{lines, back} {
			l, err := Import(writeText(t, dir, "f", strings.Join(in, "\n")), Options{})
			if err != nil {
				t.Fatal(err)
			}
			a := l.Alerts[0]
			if got := fmt.Sprint(a.Why, a.Documents, a.Addresses); len(l.Alerts) != 1 || got != "one; two[{AA1  passport} {BB2  passport}] [2 Example Street 1 Example Street]" {
				t.Errorf("%d alerts, %s", len(l.Alerts), got)
			}
		}
	}
}

func TestDeltaRefusesBase(t *testing.T) {
	dir := t.TempDir()
	delta := writeText(t, dir, "d", del("Q1"))
	for what, c := range map[string]struct{ base, says string }{
		"another format": {"testdata/un.xml", "no file of entities"},
		"a delta":        {peopleDelta, "no file of entities"},
		"a built list":   {"testdata/vector.list", "no file of entities"},
		"none":           {"testdata/none", "cannot be opened"},
		"twice":          {writeText(t, dir, "twice", fmt.Sprintf(q1+"\n"+q1, "", "")), "stands twice"},
		"broken":         {writeText(t, dir, "broken", fmt.Sprintf(q1+"\n{", "")), "cut short"},
	} {
		if d, err := OpenDelta(c.base, delta); err == nil || d != nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", what, err)
		}
	}
	base := writeText(t, dir, "base", fmt.Sprintf(q1, ""))
	d, err := OpenDelta(base, delta)
	if err != nil {
		t.Fatal(err)
	}
	writeText(t, dir, "base", fmt.Sprintf(q1, `,"alias":["A"]`))
	if _, err := d.Change(Options{}); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("the base has changed: %v", err)
	}
	if err := d.WriteEntities(filepath.Join(dir, "next")); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("the base has changed: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "next")); !os.IsNotExist(err) {
		t.Error("entities were written that are of two files")
	}
}

// A delta that would leave nothing is a change that a set refuses.
func TestDeltaOfAll(t *testing.T) {
	dir := t.TempDir()
	base := writeText(t, dir, "base", fmt.Sprintf(q1, ""))
	l, err := Import(base, Options{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := OpenDelta(base, writeText(t, dir, "d", del("Q1")))
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.Change(Options{})
	if err != nil || len(c.Drop) != 1 {
		t.Fatal(c, err)
	}
	if err := loaded(t, l).Apply(c); err == nil || !strings.Contains(err.Error(), "no alerts any more") {
		t.Error(err)
	}
}

// anyEntity draws an entity of a small world in which any can refer to any, and the same ID can be anything.
func anyEntity(id string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		ids := rapid.SliceOfNDistinct(anyID(), 0, 3, rapid.ID[string])
		numbers := rapid.SliceOfN(rapid.SampledFrom([]string{"AA1111111", "BB2222222", "CC3333333"}), 1, 2)
		text := rapid.SampledFrom([]string{"one", "two", "three"})
		p := map[string][]string{}
		schema := rapid.SampledFrom([]string{"Person", "Person", "Company", "Vessel", "Passport", "Passport", "Identification", "Sanction", "Address", "Ownership"}).Draw(t, "schema")
		switch schema {
		case "Passport", "Identification":
			p["holder"], p["number"] = ids.Draw(t, "holders"), numbers.Draw(t, "numbers")
			p["country"] = rapid.SampledFrom([][]string{{"am"}, {"ge"}, nil}).Draw(t, "country")
		case "Sanction":
			p["entity"], p["program"] = ids.Draw(t, "of"), []string{text.Draw(t, "program")}
		case "Address":
			p["full"] = []string{text.Draw(t, "full")}
		case "Ownership":
			p["owner"] = ids.Draw(t, "owner")
		default:
			p["name"], p["addressEntity"] = []string{"Pavel " + text.Draw(t, "name")}, ids.Draw(t, "lives at")
			p["passportNumber"] = rapid.SliceOfN(rapid.SampledFrom([]string{"AA1111111", "DD4444444"}), 0, 1).Draw(t, "own number")
		}
		e := map[string]any{"id": id, "schema": schema, "properties": p}
		if rapid.IntRange(0, 3).Draw(t, "target") == 0 {
			e["target"] = false
		}
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	})
}

func anyID() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "g", "h"})
}

// anyDelta draws a delta, and does to the entities what it says.
func anyDelta(t *rapid.T, entities map[string]string) string {
	var out strings.Builder
	for range rapid.IntRange(1, 5).Draw(t, "lines") {
		id := anyID().Draw(t, "id")
		op := rapid.SampledFrom([]string{"ADD", "MOD", "DEL"}).Draw(t, "op")
		if op == "DEL" {
			out.WriteString(del(id))
			delete(entities, id)
			continue
		}
		e := anyEntity(id).Draw(t, "entity")
		fmt.Fprintf(&out, "{\"op\":%q,\"entity\":%s}\n", op, e)
		entities[id] = e
	}
	return out.String()
}

// shuffled are entities as a file, in any order.
func shuffled(t *rapid.T, entities map[string]string) string {
	lines := slices.Sorted(maps.Values(entities))
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(rapid.Permutation(lines).Draw(t, "order"), "\n") + "\n"
}

func alertsByID(l *List) []Alert {
	return slices.SortedFunc(slices.Values(l.Alerts), func(a, b Alert) int { return strings.Compare(string(a.ID), string(b.ID)) })
}

// The list of the entities before, with the change that deltas make of it, is the list of the entities after, alert for alert; whether the deltas come at once or one after the other, and in whatever order the file after has its lines.
func TestDeltaIsWhole(t *testing.T) {
	dir := t.TempDir()
	o := Options{ID: "people", Loaded: 1}
	rapid.Check(t, func(rt *rapid.T) {
		// One alert that nothing touches keeps the list from being empty.
		entities := map[string]string{"z": `{"id":"z","schema":"Person","properties":{"name":["Ani Modelian"]}}`}
		for _, id := range rapid.SliceOfDistinct(anyID(), rapid.ID[string]).Draw(rt, "base") {
			entities[id] = anyEntity(id).Draw(rt, "entity")
		}
		base := writeText(t, dir, "base", shuffled(rt, entities))
		l, err := Import(base, o)
		if err != nil {
			rt.Fatal(err)
		}
		atOnce, byOne := New(time.Now), New(time.Now)
		for _, s := range []*Set{atOnce, byOne} {
			if err := s.Replace(l); err != nil {
				rt.Fatal(err)
			}
		}
		var paths []string
		last, to := base, l.Version
		for i := range rapid.IntRange(1, 3).Draw(rt, "deltas") {
			paths = append(paths, writeText(t, dir, fmt.Sprint("delta", i), anyDelta(rt, entities)))
			next := filepath.Join(dir, fmt.Sprint("next", i))
			c := rollOn(rt, byOne, last, next, o, paths[i])
			if c.From != to {
				rt.Fatalf("delta %d leads from %s, and the one before to %s", i, c.From, to)
			}
			last, to = next, c.To
		}
		c := rollOn(rt, atOnce, base, filepath.Join(dir, "next"), o, paths...)
		if c.To != to {
			rt.Fatalf("at once to %s, one after the other to %s", c.To, to)
		}
		whole, err := Import(writeText(t, dir, "whole", shuffled(rt, entities)), o)
		if err != nil {
			rt.Fatal(err)
		}
		rolled, err := Import(last, o)
		if err != nil || rolled.Version != to {
			rt.Fatalf("the entities after are version %v, want %s (%v)", rolled, to, err)
		}
		for what, got := range map[string]*List{"at once": atOnce.List("people"), "one after the other": byOne.List("people"), "the entities after": rolled} {
			if d := cmp.Diff(alertsByID(whole), alertsByID(got)); d != "" {
				rt.Fatalf("%s:\n%s", what, d)
			}
		}
	})
}

func rollOn(t *rapid.T, s *Set, base, next string, o Options, deltas ...string) *Change {
	d, err := OpenDelta(base, deltas...)
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.Change(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(c); err != nil {
		t.Fatal(err)
	}
	if err := d.WriteEntities(next); err != nil {
		t.Fatal(err)
	}
	return c
}

// FuzzDelta gives any bytes as a delta: it is refused with an error of the project, or makes the change that leads to the list of the entities after it.
func FuzzDelta(f *testing.F) {
	f.Add(readFile(f, peopleDelta))
	for _, seed := range []string{del("Q1"), del("pass-1") + add(pass, "AB0123456", "Q1"), mod(pass, "NN5555555", "Q2"), mod(q1, `,"addressEntity":[{"properties":{"full":["x"]}}]`),
		`{"op":"ADD","op":"DEL","entity":{"id":"Q1"}}`, `{"op":"DEL","entity":{"id":"Q1"}`, "\ufeff" + del("san-1") + "\r\n"} {
		f.Add([]byte(seed))
	}
	l, err := Import(peopleBase, Options{ID: "people"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		d, err := OpenDelta(peopleBase, writeText(t, dir, "d", string(b)))
		if err != nil {
			if _, ok := errors.AsType[*marz.Error](err); !ok || d != nil {
				t.Fatalf("%v, %v", d, err)
			}
			return
		}
		c, err := d.Change(Options{ID: "people"})
		if err != nil {
			t.Fatal(err)
		}
		next := filepath.Join(dir, "next")
		if err := d.WriteEntities(next); err != nil {
			t.Fatal(err)
		}
		if len(bytes.TrimSpace(readFile(t, next))) == 0 {
			return
		}
		whole, err := Import(next, Options{ID: "people"})
		s := loaded(t, l)
		if applied := s.Apply(c); (err == nil) != (applied == nil) {
			t.Fatalf("the entities after: %v; the change: %v", err, applied)
		}
		if err != nil {
			return
		}
		if d := cmp.Diff(alertsByID(whole), alertsByID(s.List("people"))); d != "" || whole.Version != c.To {
			t.Fatalf("version %s and %s\n%s", whole.Version, c.To, d)
		}
	})
}
