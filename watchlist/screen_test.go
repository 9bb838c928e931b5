package watchlist

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
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

func TestScreenGolden(t *testing.T) {
	at := time.Unix(0, 0)
	s := New(func() time.Time { at = at.Add(5 * time.Microsecond); return at })
	for _, l := range importOurs(t) {
		if err := s.Replace(l); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	for line := range bytes.Lines(readFile(t, "testdata/queries.jsonl")) {
		q, err := ParseQuery(line)
		if err != nil {
			t.Fatal(err)
		}
		a := s.Screen(t.Context(), q)
		if a.Micros != 5 || len(a.Lists) != 3 {
			t.Fatalf("%s: %d µs, %d lists", q.ID, a.Micros, len(a.Lists))
		}
		out.Write(indented(t, struct {
			ID   string
			Hits []Hit
		}{a.ID, a.Hits}))
	}
	golden(t, "answers.txt", out.Bytes())
}

// The keys of an answer are read by other programs and stand here as text.
func TestAnswerJSON(t *testing.T) {
	s := loaded(t, importOurs(t)[1])
	a := s.Screen(t.Context(), Query{ID: "1", Names: []string{"Levan Specimenidze"}})
	a.Micros = 3
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"1","hits":[{"alert":"900002","kind":"name","score":35.4,"name":"LEVAN SPECIMENIDZE",` +
		`"reasons":["name parts LEVAN, SPECIMENIDZE match"],` +
		`"sentence":"Your name is equal to one on a list of un-sc. An officer has to find out whether it is you.",` +
		`"evidence":[{"what":"name","list":"LEVAN","query":"LEVAN","points":11.7},` +
		`{"what":"name","list":"SPECIMENIDZE","query":"SPECIMENIDZE","points":11.7},` +
		`{"what":"name as a whole","list":"","query":"","points":12}],"about":"person","list":"un-sc","alert_version":"` +
		a.Hits[0].Version + `","owner":"un-sc"}],"lists":[{"name":"United Nations Security Council Consolidated List",` +
		`"version":"2026-01-02T03:04:05Z","loaded":"2026-01-01T00:00:00.000Z"}],"micros":3}`
	if d := cmp.Diff(want, string(b)); d != "" {
		t.Error(d)
	}
	a = New(time.Now).Screen(t.Context(), Query{})
	a.Micros = 0
	if b, _ = json.Marshal(a); string(b) != `{"id":"","hits":[],"lists":[],"micros":0}` {
		t.Errorf("an empty set answers %s", b)
	}
}

func TestParseQueryRefuses(t *testing.T) {
	for in, says := range map[string]string{
		"":                              "one JSON object",
		"[]":                            "one JSON object",
		"null":                          "one JSON object",
		`{"name":"A"}`:                  `"name" is not a key`,
		`{"ID":"A"}`:                    `"ID" is not a key`,
		`{"id":"a","id":"b"}`:           "stands twice",
		`{"id":1}`:                      `"id"`,
		`{"names":"A"}`:                 `"names"`,
		`{"birth":"1971-02-30"}`:        `"birth"`,
		`{"birth":"01.02.1971"}`:        "2006-01-02",
		`{"id":"a"`:                     "not",
		`{"id":"a"}{}`:                  "more follows",
		`{"id":"a"} x`:                  "more follows",
		"{\"id\":\"\xff\"}":             "UTF-8",
		`{"id":"a",`:                    "",
		`{"names":["SECRETNAME", 1, 2`:  "",
		`{"secondary":{"SECRETNAME":1}`: "",
	} {
		q, err := ParseQuery([]byte(in))
		if marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), says) {
			t.Errorf("%q gives %v and %+v, want %q", in, err, q, says)
		}
		if err != nil && strings.Contains(err.Error(), "SECRETNAME") {
			t.Errorf("the error quotes personal data: %v", err)
		}
	}
}

// A failed refresh leaves the list in force; a good one replaces it; removing takes it out.
func TestReplace(t *testing.T) {
	s := loaded(t, importOurs(t)...)
	before := s.Lists()
	for _, bad := range []*List{nil, {}, {ID: "un-sc"}, {ID: "un-sc", Alerts: make([]Alert, 1)},
		{ID: "un-sc", Alerts: []Alert{{ID: "a"}, {ID: "a"}}}} {
		if err := s.Replace(bad); marz.CodeOf(err) != marz.Invalid {
			t.Errorf("Replace gives %v", err)
		}
	}
	if d := cmp.Diff(before, s.Lists()); d != "" {
		t.Error(d)
	}
	if err := s.Replace(&List{ID: "un-sc", Name: "new", Version: "2", Loaded: 9, Alerts: []Alert{{ID: "x"}}}); err != nil {
		t.Fatal(err)
	}
	if got := s.Lists()[2]; got.Version != "2" || got.Alerts != 1 {
		t.Errorf("the list in force is %+v", got)
	}
	if _, ok := s.Alert("un-sc", "x"); !ok {
		t.Error("the new alert is not there")
	}
	if !s.Remove("un-sc") || s.Remove("un-sc") || len(s.Lists()) != 2 {
		t.Errorf("after removal %+v", s.Lists())
	}
	if _, ok := s.Alert("un-sc", "x"); ok {
		t.Error("the alert of a removed list is there")
	}
}

// Readers see one whole state of a list while it is replaced; the race detector watches.
func TestConcurrentReplace(t *testing.T) {
	s := loaded(t, importOurs(t)...)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 200 {
				if w == 0 {
					name := fmt.Sprintf("NUMBER%d SPECIMEN", i)
					_ = s.Replace(&List{ID: "un-sc", Version: name, Alerts: []Alert{{ID: "a", Names: []Name{{name, Primary}}}}})
					continue
				}
				a := s.Screen(t.Context(), Query{Names: []string{"Tigran Vartumyan", "Levan Specimenidze"}})
				if !hits(a, "ofac-sdn", "101") || len(s.Lists()) != 3 {
					t.Error("a list that nobody touched has lost an alert")
				}
			}
		})
	}
	wg.Wait()
}

// Hostile names take a few milliseconds at most on a list of real size, and never fail.
func TestHostileNames(t *testing.T) {
	big := &List{ID: "big", Alerts: make([]Alert, 20000)}
	common := []string{"MOHAMMED", "AL", "ALI", "BIN", "ABDUL", "HASSAN", "RAHMAN", "AHMAD", "KHAN", "SAID"}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range big.Alerts {
		text := fmt.Sprintf("%s %s %s X%dY", common[r.IntN(10)], common[r.IntN(10)], common[r.IntN(10)], i)
		big.Alerts[i] = Alert{ID: marz.AlertID(fmt.Sprint(i)), Kind: Person, Names: []Name{{text, Primary}}}
	}
	s := loaded(t, big)
	for what, text := range map[string]string{
		"empty": "", "punctuation": "-- '.,;:!? ()", "marks": strings.Repeat("\u0301", 5000),
		"one letter with marks": "A" + strings.Repeat("\u0301\u0323", 2500), "right to left": strings.Repeat("\u202e\u200f", 3000) + "ALI",
		"long token": strings.Repeat("A", 10000), "many tokens": strings.Repeat("AL ALI ", 1500),
		"all common": strings.Repeat(strings.Join(common, " ")+" ", 150), "invalid": strings.Repeat("\xff\xc3", 5000),
		"zero": strings.Repeat("\x00", 10000), "emoji": strings.Repeat("👨‍👩‍👧", 900), "hangul": strings.Repeat("각", 4000),
		"expands": strings.Repeat("\ufdfa", 3000), "near": strings.Repeat("MOHAMED HASAN RAHMEN ", 400),
	} {
		q := Query{Primary: text, Document: text, Vehicle: text, Nationality: text, Sex: text}
		for i := range 40 {
			q.Names = append(q.Names, text+strings.Repeat(" B", i))
		}
		began := time.Now()
		a := s.Screen(t.Context(), q)
		if d := time.Since(began); d > 3*time.Second {
			t.Errorf("%s: %v", what, d)
		} else {
			t.Logf("%s: %v for 16 names, %d hits", what, d, len(a.Hits))
		}
	}
}

// anyName draws names of the shapes that lists hold.
func anyName() *rapid.Generator[string] {
	part := rapid.OneOf(
		rapid.StringMatching(`[A-Z][a-z]{1,9}`), rapid.StringMatching(`[A-Z]{1,8}`), rapid.StringMatching(`(Al|Abd|El|Bin|O)[-' ][A-Z][a-z]{2,6}`),
		rapid.StringMatching(`[А-Яа-я]{2,8}`), rapid.StringMatching(`[ء-ي]{2,8}`), rapid.StringMatching(`[Ա-Ֆա-ֆ]{2,8}`), rapid.String())
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(part, 1, 6).Draw(t, "parts"), rapid.SampledFrom([]string{" ", ", ", "-"}).Draw(t, "between"))
	})
}

func anyList(id marz.ListID) *rapid.Generator[*List] {
	return rapid.Custom(func(t *rapid.T) *List {
		l := &List{ID: id, Name: string(id)}
		for i := range rapid.IntRange(1, 12).Draw(t, "alerts") {
			a := Alert{ID: marz.AlertID(fmt.Sprint(i)), Kind: rapid.SampledFrom([]Kind{Person, Organisation, Vessel}).Draw(t, "kind")}
			for range rapid.IntRange(1, 3).Draw(t, "names") {
				a.Names = append(a.Names, Name{anyName().Draw(t, "name"), rapid.SampledFrom([]NameKind{Primary, Alias, WeakAlias}).Draw(t, "how")})
			}
			l.Alerts = append(l.Alerts, a)
		}
		return l
	})
}

func TestLawOwnNameHits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := anyList("a").Draw(t, "list")
		s := New(time.Now)
		if err := s.Replace(l); err != nil {
			t.Fatal(err)
		}
		for _, a := range l.Alerts {
			for _, n := range a.Names {
				parts := name.Parts(n.Text)
				if len(parts) == 0 {
					continue
				}
				order := rapid.Permutation(parts).Draw(t, "order")
				for _, q := range []Query{{Primary: n.Text}, {Names: []string{n.Text}}, {Secondary: strings.Join(order, " ")},
					{Names: []string{strings.ToLower(n.Text), "Somebody Else"}}} {
					if !hits(s.Screen(t.Context(), q), "a", string(a.ID)) {
						t.Fatalf("%q is not hit by %+v", n.Text, q)
					}
				}
			}
		}
	})
}

func TestLawListsAreIndependent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyList("a").Draw(t, "a"), anyList("b").Draw(t, "b")
		name := rapid.OneOf(anyName(), rapid.Just(a.Alerts[0].Names[0].Text)).Draw(t, "query")
		s := New(time.Now)
		_ = s.Replace(a)
		q := Query{Names: []string{name}}
		alone := s.Screen(t.Context(), q).Hits
		_ = s.Replace(b)
		both := slices.DeleteFunc(s.Screen(t.Context(), q).Hits, func(h Hit) bool { return h.List != "a" })
		if d := cmp.Diff(alone, both); d != "" {
			t.Fatal(d)
		}
	})
}

// The order of the names in a query does not matter, and hits are in order with scores in range.
func TestLawOrderOfNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := anyList("a").Draw(t, "list")
		s := New(time.Now)
		_ = s.Replace(l)
		names := rapid.SliceOfN(rapid.OneOf(anyName(), rapid.Just(l.Alerts[0].Names[0].Text)), 1, 5).Draw(t, "names")
		first := s.Screen(t.Context(), Query{Names: names})
		second := s.Screen(t.Context(), Query{Names: rapid.Permutation(names).Draw(t, "order")})
		if d := cmp.Diff(first.Hits, second.Hits); d != "" {
			t.Fatal(d)
		}
		for i, h := range first.Hits {
			if h.Score < Threshold || len(h.Reasons) == 0 || i > 0 && h.Score > first.Hits[i-1].Score {
				t.Fatalf("hit %d of %+v", i, first.Hits)
			}
		}
	})
}

func BenchmarkScreen(b *testing.B) {
	s := loaded(b, importReal(b, "lists/ofac"), importReal(b, "lists/un/un_consolidated.xml"))
	q := Query{Primary: "AL HASSAN", Secondary: "MOHAMMED ALI", Birth: marz.Date{Year: 1971, Month: 3, Day: 4}}
	b.ReportAllocs()
	for b.Loop() {
		s.Screen(b.Context(), q)
	}
}

// FuzzScreen puts any text into an alert and into every field of a query: the alert is hit by its own name, and nothing
// fails.
func FuzzScreen(f *testing.F) {
	for _, n := range []string{"BADEGE, Eric", "ABD AL-RAHMAN", "كريم يوسف", "-", "ﷺ", "A\u0301\u0301", "IMO 9000001", "\xff", "a a a a a"} {
		f.Add(n, "Erika Specimen")
	}
	f.Fuzz(func(t *testing.T, one, other string) {
		s := New(time.Now)
		a := Alert{ID: "1", Kind: Person, Names: []Name{{one, Primary}, {other, WeakAlias}},
			Documents: []Number{{Number: one, Country: "ARM"}}, Vehicles: []Number{{Number: other}}}
		if err := s.Replace(&List{ID: "a", Alerts: []Alert{a}}); err != nil {
			t.Fatal(err)
		}
		for _, q := range []Query{{Primary: one}, {Names: []string{other, one}}, {Document: one}, {Vehicle: other}} {
			found := len(s.Screen(t.Context(), q).Hits) == 1
			letters := number.Normal(q.Document+q.Vehicle) != ""
			for _, text := range append(q.Names, q.Primary) {
				letters = letters || len(name.Parts(text)) > 0
			}
			if found != letters {
				t.Fatalf("%q: hit %v", q, found)
			}
		}
		s.Screen(t.Context(), Query{Primary: other, Secondary: one, Nationality: one, Sex: other, Document: other, Vehicle: one})
	})
}
