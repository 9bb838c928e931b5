package watchlist

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"marz"
	"marz/watchlist/name"
	"marz/watchlist/number"
)

// anyAlert draws an alert that is findable by a number of its own and by names.
func anyAlert(id marz.AlertID) *rapid.Generator[Alert] {
	return rapid.Custom(func(t *rapid.T) Alert {
		a := Alert{ID: id, Kind: Person, Owner: "o", Why: rapid.StringMatching(`[a-z]{0,3}`).Draw(t, "why")}
		for range rapid.IntRange(1, 2).Draw(t, "names") {
			a.Names = append(a.Names, Name{anyName().Draw(t, "name"), Primary})
		}
		a.Documents = []Number{{Number: rapid.StringMatching(`[A-C]{2}[0-3]{4}`).Draw(t, "document")}}
		a.Version = a.digest()
		return a
	})
}

func byID(all map[marz.AlertID]Alert) []Alert {
	return slices.SortedFunc(maps.Values(all), func(a, b Alert) int { return strings.Compare(string(a.ID), string(b.ID)) })
}

// What a list says after changes is what it says when it is built whole: each alert is there in its last version and hit by its own names and numbers, and none is hit that is gone. Scores can differ, since
// rarities are those of the base; a hit by a name that is only near can therefore be on one side alone.
func TestLawChangesAreTheWhole(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		ids := []marz.AlertID{"a", "b", "c", "d", "e", "f"}
		model := map[marz.AlertID]Alert{}
		for _, id := range ids[:rapid.IntRange(1, 6).Draw(t, "base")] {
			model[id] = anyAlert(id).Draw(t, "alert")
		}
		s := New(time.Now)
		l := &List{ID: "x", Owner: "o", Version: "0", Alerts: byID(model)}
		if rapid.Bool().Draw(t, "in a file") {
			path := filepath.Join(dir, "x.list")
			if err := WriteFile(path, l, FileOptions{}); err != nil {
				t.Fatal(err)
			}
			f, err := OpenFile(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			_ = s.PutFile(f)
		} else if err := s.Replace(l); err != nil {
			t.Fatal(err)
		}
		for n := range rapid.IntRange(1, 5).Draw(t, "changes") {
			c := &Change{List: "x", From: fmt.Sprint(n), To: fmt.Sprint(n + 1), Loaded: marz.Instant(n + 1)}
			next := maps.Clone(model)
			for _, id := range rapid.SliceOfDistinct(rapid.SampledFrom(ids), rapid.ID[marz.AlertID]).Draw(t, "drop") {
				c.Drop = append(c.Drop, id)
				delete(next, id)
			}
			for _, id := range rapid.SliceOfDistinct(rapid.SampledFrom(ids), rapid.ID[marz.AlertID]).Draw(t, "put") {
				next[id] = anyAlert(id).Draw(t, "new")
				c.Put = append(c.Put, next[id])
			}
			if rapid.Bool().Draw(t, "by difference") {
				d := Diff(maps.Values(model), maps.Values(next))
				c.Put, c.Drop = d.Put, d.Drop
			}
			err := s.Apply(c)
			if len(next) == 0 {
				if marz.CodeOf(err) != marz.Invalid {
					t.Fatal("a list without alerts", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			model = next
			sameAsWhole(t, s, model, fmt.Sprint(n+1), ids)
		}
	})
}

func sameAsWhole(t *rapid.T, s *Set, model map[marz.AlertID]Alert, version string, ids []marz.AlertID) {
	l := &List{ID: "x", Owner: "o", Version: version, Alerts: byID(model)}
	whole := New(time.Now)
	if err := whole.Replace(l); err != nil {
		t.Fatal(err)
	}
	if i := s.Lists()[0]; i.Version != version || i.Alerts != len(model) {
		t.Fatalf("%+v for %d alerts", i, len(model))
	}
	if d := cmp.Diff(l.Alerts, s.List("x").Alerts); d != "" {
		t.Fatal(d)
	}
	for _, id := range ids {
		a, ok := s.Alert("x", id)
		want, there := model[id]
		if d := cmp.Diff(want, a); ok != there || d != "" {
			t.Fatal(id, ok, d)
		}
	}
	for _, a := range l.Alerts {
		q := Query{Document: a.Documents[0].Number}
		b, c := s.Screen(context.Background(), q), whole.Screen(context.Background(), q)
		if d := cmp.Diff(c.Hits, b.Hits); d != "" {
			t.Fatal(d)
		}
		for _, n := range a.Names {
			if len(name.Parts(n.Text)) == 0 {
				continue
			}
			hits := s.Screen(context.Background(), Query{Names: []string{n.Text}}).Hits
			if !slices.ContainsFunc(hits, func(h Hit) bool { return h.Alert == a.ID && h.Version == a.Version }) {
				t.Fatalf("%s is not hit by %q", a.ID, n.Text)
			}
			for i, h := range hits {
				if h.Version != model[h.Alert].Version || slices.ContainsFunc(hits[:i], func(o Hit) bool { return o.Alert == h.Alert }) {
					t.Fatalf("%+v is gone, or hit twice", h)
				}
			}
		}
	}
}

func TestApply(t *testing.T) {
	l := &List{ID: "a", Name: "A", Version: "1", Notes: []string{"old"}, Alerts: []Alert{{ID: "1", Names: []Name{{"Erika Specimen", Primary}}}, {ID: "2", Names: []Name{{"Otto Muster", Primary}}}}}
	s := loaded(t, l)
	before := s.Lists()
	for what, c := range map[string]struct {
		change *Change
		code   marz.Code
		says   string
	}{
		"no such list":   {&Change{List: "b", To: "2"}, marz.NotFound, "not in force"},
		"no list":        {&Change{To: "2"}, marz.Invalid, "of which list"},
		"no version":     {&Change{List: "a"}, marz.Invalid, "to which version"},
		"from another":   {&Change{List: "a", From: "0", To: "2"}, marz.Conflict, `leads from version "0", and "1" is in force`},
		"nothing left":   {&Change{List: "a", To: "2", Drop: []marz.AlertID{"1", "2"}}, marz.Invalid, "no alerts"},
		"without an ID":  {&Change{List: "a", To: "2", Put: []Alert{{}}}, marz.Invalid, "no ID"},
		"an alert twice": {&Change{List: "a", To: "2", Put: []Alert{{ID: "x"}, {ID: "x"}}}, marz.Invalid, "twice"},
	} {
		if err := s.Apply(c.change); marz.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if d := cmp.Diff(before, s.Lists()); d != "" || s.List("a") != l {
		t.Error(d)
	}
	if err := s.Apply(&Change{List: "a", To: "2", Loaded: 9, Drop: []marz.AlertID{"1", "none"}, Put: []Alert{{ID: "3", Names: []Name{{"Anna Beispiel", Primary}}}}, Notes: []string{"new"}}); err != nil {
		t.Fatal(err)
	}
	want := ListInfo{"a", "A", "", "2", 9, 2, []string{"old", "new", "1 alerts that the last change drops were not on the list"}}
	if d := cmp.Diff(want, s.Lists()[0]); d != "" {
		t.Error(d)
	}
	if err := s.Apply(&Change{List: "a", From: "2", To: "3", Drop: []marz.AlertID{"3"}}); err != nil || len(s.Lists()[0].Notes) != 1 || s.Lists()[0].Alerts != 1 {
		t.Errorf("%v, %+v", err, s.Lists())
	}
}

// Screening goes on while a list changes, and every answer is of one version; the race detector watches.
func TestConcurrentApply(t *testing.T) {
	s := mapped(t, importOurs(t)...)
	version := s.Lists()[1].Version
	var wg sync.WaitGroup
	for w := range 3 {
		wg.Go(func() {
			for i := range 60 {
				if w == 0 {
					c := &Change{List: "ofac-sdn", From: version, To: fmt.Sprint(i), Put: []Alert{{ID: "new", Version: fmt.Sprint(i), Names: []Name{{"Erika Musterfrau", Primary}}}}, Drop: []marz.AlertID{"101"}}
					if err := s.Apply(c); err != nil {
						t.Error(err)
					}
					version = c.To
					continue
				}
				a := s.Screen(t.Context(), Query{Names: []string{"Erika Musterfrau", "Levan Specimenidze", "Tigran Vardumian"}})
				at := a.Lists[1].Version
				for _, h := range a.Hits {
					if h.Alert == "new" && h.Version != at || h.Alert == "101" && len(at) < 3 {
						t.Errorf("%s in version %s", h.Alert, at)
					}
				}
				if !hits(a, "un-sc", "900002") {
					t.Error("a list that nobody touched has lost an alert")
				}
			}
		})
	}
	wg.Wait()
}

// A thousand alerts on a large base are in force within a second.
func TestApplyIsQuick(t *testing.T) {
	l := &List{ID: "a", Version: "1"}
	for i := range 20000 {
		l.Alerts = append(l.Alerts, Alert{ID: marz.AlertID(fmt.Sprintf("%06d", i)), Kind: Person, Names: []Name{{fmt.Sprintf("Specimen X%dy", i), Primary}}})
	}
	s := mapped(t, l)
	c := &Change{List: "a", From: "1", To: "2"}
	for i := range 1000 {
		c.Put = append(c.Put, Alert{ID: marz.AlertID(fmt.Sprintf("%06d", i*7)), Kind: Person, Names: []Name{{fmt.Sprintf("Muster Z%dk", i), Primary}}})
	}
	began := time.Now()
	if err := s.Apply(c); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(began); d > 2*time.Second {
		t.Error(d)
	} else {
		t.Log(d)
	}
	if !hits(s.Screen(t.Context(), Query{Names: []string{"Z9k Muster"}}), "a", "000063") || hits(s.Screen(t.Context(), Query{Names: []string{"Specimen X63y"}}), "a", "000063") {
		t.Error("the change is not in force")
	}
}

func TestChangeFile(t *testing.T) {
	signer, verifier := keys(t, "am-bg")
	path := filepath.Join(t.TempDir(), "a.delta")
	c := &Change{List: "a", From: "1", To: "2", Loaded: 1000, Drop: []marz.AlertID{"x"}}
	for _, l := range importOurs(t) {
		c.Put = append(c.Put, l.Alerts...)
	}
	if err := WriteChange(path, c, signer); err != nil {
		t.Fatal(err)
	}
	back, err := ReadChange(path, verifier)
	if d := cmp.Diff(c, back); err != nil || d != "" {
		t.Fatal(err, d)
	}
	p, err := ReadPage(path, verifier)
	if err != nil || p.ID != "a" || p.From != "1" || p.Version != "2" || p.Signer != "am-bg" {
		t.Errorf("%+v, %v", p, err)
	}
	_, other := keys(t, "ru-bg")
	if _, err := ReadChange(path, other); marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), "another key") {
		t.Error(err)
	}
	b := readFile(t, path)
	for _, at := range []int{20, pageSize + 9, len(b) - 5} {
		broken := slices.Clone(b)
		broken[at] ^= 1
		if _, err := ReadChange(rewritten(t, broken), nil); marz.CodeOf(err) != marz.Invalid {
			t.Error(at, err)
		}
	}
	for _, n := range []int{0, 100, pageSize, len(b) - 1} {
		if _, err := ReadChange(rewritten(t, b[:n]), nil); n == 0 && err == nil || err != nil && marz.CodeOf(err) != marz.Invalid || err == nil {
			t.Error(n, err)
		}
	}
	if _, err := OpenFile(path, nil); marz.CodeOf(err) != marz.Invalid || Sniff(path) != ChangeFile {
		t.Error(err)
	}
}

func tableOf(t testing.TB, rows ...number.Row) *number.Table {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.numbers")
	var all iter.Seq2[number.Row, error] = func(yield func(number.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
	if _, err := number.Build(t.Context(), path, all, number.Options{}); err != nil {
		t.Fatal(err)
	}
	out, err := number.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPutNumbers(t *testing.T) {
	s := loaded(t, importOurs(t)...)
	doc := func(n, country, what string) number.Row {
		return number.Row{Kind: number.Document, Number: n, Country: country, Type: what}
	}
	info := ListInfo{ID: "sltd", Name: "Lost documents", Owner: "am-bg", Version: "1"}
	if err := s.PutNumbers(info, tableOf(t, doc("AO 0102030", "ARM", "lost passport"), doc("AO0102030", "ARM", "stolen passport"), doc("AO0102030", "RUS", "lost passport"),
		number.Row{Kind: number.Vehicle, Number: "34 ZZ 123", Country: "ARM", Type: "plate"})); err != nil {
		t.Fatal(err)
	}
	if i := s.Lists()[2]; i.ID != "sltd" || i.Alerts != 4 || s.List("sltd") != nil {
		t.Fatalf("%+v", i)
	}
	all := func(q Query) map[marz.AlertID]Hit {
		out := map[marz.AlertID]Hit{}
		for _, h := range s.Screen(t.Context(), q).Hits {
			if h.List == "sltd" {
				out[h.Alert] = h
			}
		}
		return out
	}
	got := all(Query{Document: "AO0102030", Nationality: "ARM"})
	h := got["document:AO0102030:ARM"]
	if len(got) != 2 || h.Kind != ByDocument || h.About != Document || h.Score != numberBits || got["document:AO0102030:RUS"].Score != otherIssuerBits ||
		!strings.Contains(h.Reasons[0], "is on the list as lost passport, stolen passport, issued by ARM") {
		t.Errorf("%+v", got)
	}
	a, ok := s.Alert("sltd", h.Alert)
	if !ok || a.Version != h.Version || len(a.Documents) != 2 || a.Kind != Document {
		t.Errorf("%+v, %v", a, ok)
	}
	for _, id := range []marz.AlertID{"document:AO0102030:IRN", "document:A00102030:ARM", "vehicle:AO0102030:ARM", "document", "", "x:y:z"} {
		if _, ok := s.Alert("sltd", id); ok {
			t.Error(id)
		}
	}
	if got := all(Query{Vehicle: "34zz123"}); len(got) != 1 || got["vehicle:34ZZ123:ARM"].Kind != ByVehicle {
		t.Errorf("%+v", got)
	}
	// A look-alike is a weaker hit, and none when the digit that was read is that of the number as it was read.
	if got := all(Query{Document: "A00102030"}); len(got) != 2 || got["document:AO0102030:RUS"].Score >= numberBits {
		t.Errorf("%+v", got)
	}
	if got := all(Query{Document: "A00102030", DocumentCheck: "8"}); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if err := s.Apply(&Change{List: "sltd", To: "2"}); marz.CodeOf(err) != marz.Invalid {
		t.Error(err)
	}
}

// The same numbers give the same hits, as alerts of a list and in a table, with a check digit and without.
func TestLawNumbersAreAsInATable(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		l := &List{ID: "a", Owner: "o"}
		var rows []number.Row
		var written []string
		for i, n := range rapid.SliceOfNDistinct(rapid.StringMatching(`[0O1I8BG6ХA]{4}`), 1, 12, rapid.ID[string]).Draw(t, "numbers") {
			l.Alerts = append(l.Alerts, Alert{ID: marz.AlertID(fmt.Sprint(i)), Kind: Document, Owner: "o", Documents: []Number{{Number: n, Type: "passport"}}})
			written = append(written, n)
			rows = append(rows, number.Row{Kind: number.Document, Number: n, Type: "passport"})
		}
		path := filepath.Join(dir, "a.numbers")
		if _, err := number.Build(context.Background(), path, func(yield func(number.Row, error) bool) {
			for _, r := range rows {
				if !yield(r, nil) {
					return
				}
			}
		}, number.Options{}); err != nil {
			t.Fatal(err)
		}
		n, err := number.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		one, other := New(time.Now), New(time.Now)
		_, _ = one.Replace(l), other.PutNumbers(ListInfo{ID: "a", Owner: "o"}, n)
		misread := strings.NewReplacer("0", "O", "I", "1", "8", "B").Replace(rapid.SampledFrom(written).Draw(t, "listed"))
		q := Query{Document: rapid.OneOf(rapid.SampledFrom(written), rapid.Just(misread), rapid.StringMatching(`[0O1I8BG6ХA]{4}`)).Draw(t, "asked"), DocumentCheck: rapid.SampledFrom([]string{"", "0", "3", "7", "O", "<"}).Draw(t, "check")}
		flat := func(s *Set) []string {
			var out []string
			for _, h := range s.Screen(context.Background(), q).Hits {
				out = append(out, fmt.Sprint(h.Name, h.Score, h.Reasons, h.Sentence))
			}
			slices.Sort(out)
			return out
		}
		if d := cmp.Diff(flat(one), flat(other)); d != "" {
			t.Fatal(d)
		}
	})
}
