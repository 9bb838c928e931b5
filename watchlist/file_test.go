package watchlist

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"

	"marz"
)

// written builds a list into a file and opens it.
func written(t testing.TB, l *List) *File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.list")
	if err := WriteFile(path, l, FileOptions{}); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFile(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func mapped(t testing.TB, lists ...*List) *Set {
	t.Helper()
	s := New(time.Now)
	for _, l := range lists {
		if err := s.PutFile(written(t, l)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// askedOf are queries about a list's own alerts.
func askedOf(l *List) []Query {
	var out []Query
	for _, a := range l.Alerts {
		for _, n := range a.Names {
			q := Query{Names: []string{n.Text}}
			out = append(out, q)
			if len(a.Births) > 0 {
				q.Birth = a.Births[0].From
				out = append(out, q, Query{Primary: n.Text, Birth: a.Births[0].From, Sex: a.Sex, Nationality: "ARM"})
			}
		}
		for _, n := range a.Documents {
			out = append(out, Query{Document: n.Number}, Query{Document: strings.NewReplacer("0", "O", "1", "I").Replace(n.Number), Nationality: n.Country})
		}
		for _, n := range a.Vehicles {
			out = append(out, Query{Vehicle: n.Number})
		}
	}
	return out
}

func sameAnswers(t interface{ Fatalf(string, ...any) }, one, other *Set, all []Query) {
	for _, q := range all {
		a, b := one.Screen(context.Background(), q), other.Screen(context.Background(), q)
		a.Micros, b.Micros = 0, 0
		if d := cmp.Diff(a, b); d != "" {
			t.Fatalf("%+v:\n%s", q, d)
		}
	}
}

// A list in a file answers as it does in memory.
func TestFileAnswers(t *testing.T) {
	lists := importOurs(t)
	one, other := loaded(t, lists...), mapped(t, lists...)
	if d := cmp.Diff(one.Lists(), other.Lists()); d != "" {
		t.Error(d)
	}
	for _, l := range lists {
		sameAnswers(t, one, other, askedOf(l))
		for i := range l.Alerts {
			a, ok := other.Alert(l.ID, l.Alerts[i].ID)
			if d := cmp.Diff(l.Alerts[i], a); d != "" || !ok {
				t.Error(ok, d)
			}
		}
		whole := other.List(l.ID)
		want := *l
		want.Alerts = inOrder(l.Alerts)
		if d := cmp.Diff(&want, whole); d != "" || whole != other.List(l.ID) {
			t.Error(d)
		}
	}
	for line := range bytes.Lines(readFile(t, "testdata/queries.jsonl")) {
		q, err := ParseQuery(line)
		if err != nil {
			t.Fatal(err)
		}
		sameAnswers(t, one, other, []Query{q})
	}
}

func TestLawFileAnswers(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		l := anyList("a").Draw(t, "list")
		path := filepath.Join(dir, "a.list")
		if err := WriteFile(path, l, FileOptions{}); err != nil {
			t.Fatal(err)
		}
		f, err := OpenFile(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		one, other := New(time.Now), New(time.Now)
		_, _ = one.Replace(l), other.PutFile(f)
		sameAnswers(t, one, other, append(askedOf(l), Query{Names: []string{anyName().Draw(t, "name")}}))
	})
}

// The same alerts give the same bytes, in whatever order they come.
func TestFileIsTheSame(t *testing.T) {
	l := importOurs(t)[0]
	dir := t.TempDir()
	var want []byte
	for i := range 5 {
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := WriteFile(path, l, FileOptions{}); err != nil {
			t.Fatal(err)
		}
		got := readFile(t, path)
		if want == nil {
			want = got
		}
		if !bytes.Equal(want, got) {
			t.Fatal("other bytes")
		}
		o := *l
		o.Alerts = slices.Clone(l.Alerts)
		rand.Shuffle(len(o.Alerts), func(i, j int) { o.Alerts[i], o.Alerts[j] = o.Alerts[j], o.Alerts[i] })
		l = &o
	}
	if !bytes.HasPrefix(want, []byte("marz-list/1\nid ofac-sdn\nname ")) || bytes.ContainsFunc(want[:pageSize], func(r rune) bool { return r < ' ' && r != '\n' }) {
		t.Errorf("the first page is %q", want[:300])
	}
	if left, err := filepath.Glob(dir + "/*.new"); len(left) > 0 || err != nil {
		t.Error(left, err)
	}
}

// vectors are files of the formats with their SHA-256, by which other readers can be held. The list may be of older tables.
var vectors = map[string]string{
	"vector.list":  "c7c440119e349b4740d55b68b56f5058263a181e1bb4e585f464c51e5d661fb9",
	"vector.delta": "b9b6a15ea1787a6eddbc6acfbe7827d930e49f48cb41a1c3556342f408cf3799",
}

func TestVectors(t *testing.T) {
	spec := string(readFile(t, "../docs/spec/list-file.md"))
	for name, want := range vectors {
		if !strings.Contains(spec, "`"+name+"` | `"+want+"`") {
			t.Errorf("docs/spec/list-file.md does not have %s", name)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(readFile(t, "testdata/"+name))); got != want {
			t.Errorf("%s is %s", name, got)
		}
	}
	l := &List{ID: "vector", Name: "A list of one", Owner: "am-bg", Version: "1", Loaded: 1767225600000, Notes: []string{"a note"},
		Alerts: []Alert{{ID: "1", Kind: Person, Owner: "am-bg", Names: []Name{{"Erika Specimen", Primary}}, Births: []Birth{{From: marz.Date{Year: 1970, Month: 2, Day: 3}}}, Documents: []Number{{"AA 0102030", "ARM", "passport"}}}}}
	l.Alerts[0].Version = l.Alerts[0].digest()
	c := &Change{List: "vector", From: "1", To: "2", Loaded: 1767312000000, Put: l.Alerts, Drop: []marz.AlertID{"0"}, Notes: []string{"a note"}}
	path := "testdata/vector.list"
	back, err := Import(path, Options{})
	if d := cmp.Diff(l, back); err != nil || d != "" {
		t.Error(err, d)
	}
	change, err := ReadChange("testdata/vector.delta", nil)
	if d := cmp.Diff(c, change); err != nil || d != "" {
		t.Error(err, d)
	}
	fresh := filepath.Join(t.TempDir(), "fresh.delta")
	if err := WriteChange(fresh, c, nil); err != nil || !bytes.Equal(readFile(t, fresh), readFile(t, "testdata/vector.delta")) {
		t.Error("a change is written otherwise", err)
	}
}

func keys(t testing.TB, name string) (note.Signer, note.Verifier) {
	t.Helper()
	s, v, err := note.GenerateKey(nil, name)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(s)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(v)
	if err != nil {
		t.Fatal(err)
	}
	return signer, verifier
}

func TestFileSignature(t *testing.T) {
	signer, verifier := keys(t, "am-bg")
	_, same := keys(t, "am-bg")
	_, other := keys(t, "ru-bg")
	l := importOurs(t)[1]
	dir := t.TempDir()
	signed, plain := filepath.Join(dir, "signed.list"), filepath.Join(dir, "plain.list")
	if err := WriteFile(signed, l, FileOptions{Signer: signer}); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(plain, l, FileOptions{}); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFile(signed, verifier)
	if err != nil || f.Signer() != "am-bg" || !slices.Equal(f.Signers(), []string{"am-bg"}) {
		t.Fatal(err)
	}
	if f, err := OpenFile(signed, nil); err != nil || f.Signer() != "" || len(f.Signers()) != 1 {
		t.Error(err)
	}
	for path, c := range map[string]struct {
		v    note.Verifier
		says string
	}{signed: {same, "with another key"}, plain: {verifier, "not signed"}} {
		if _, err := OpenFile(path, c.v); marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := OpenFile(signed, other); err == nil || !strings.Contains(err.Error(), "signed by am-bg with another key") {
		t.Error(err)
	}
	b := readFile(t, signed)
	b[bytes.Index(b, []byte("owner "))+6] = 'x'
	if _, err := OpenFile(rewritten(t, b), verifier); err == nil || !strings.Contains(err.Error(), "signature is damaged") {
		t.Error(err)
	}
}

func rewritten(t testing.TB, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "b.list")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// A file in force gives way to another under those who search it, and what they were given stays good when the old one is let go.
func TestFileLetGo(t *testing.T) {
	l := &List{ID: "a", Version: "0", Alerts: []Alert{{ID: "1", Names: []Name{{"كريم يوسف", Primary}}}}}
	s := mapped(t, l)
	var wg sync.WaitGroup
	var all [3][]Answer
	for w := range all {
		wg.Go(func() {
			for range 100 {
				all[w] = append(all[w], s.Screen(context.Background(), Query{Names: []string{"كريم يوسف"}}))
			}
		})
	}
	for i := range 20 {
		l := *l
		l.Version = fmt.Sprint(i + 1)
		if err := s.PutFile(written(t, &l)); err != nil {
			t.Fatal(err)
		}
		runtime.GC()
	}
	wg.Wait()
	s.Remove("a")
	for range 3 {
		runtime.GC()
	}
	for _, a := range slices.Concat(all[:]...) {
		if len(a.Hits) != 1 || a.Hits[0].Name != "كريم يوسف" || a.Hits[0].Evidence[0].List != "كريم" {
			t.Fatalf("%+v", a)
		}
	}
}

// A file that was built with other tables says so, and its alerts can be built again.
func TestFileOutdated(t *testing.T) {
	l := importOurs(t)[0]
	path := filepath.Join(t.TempDir(), "a.list")
	if err := WriteFile(path, l, FileOptions{}); err != nil {
		t.Fatal(err)
	}
	b := bytes.Replace(readFile(t, path), []byte(tables()), []byte(strings.Repeat("0", len(tables()))), 1)
	old := rewritten(t, sealed(reheaded(t, b)))
	_, err := OpenFile(old, nil)
	if !IsOutdated(err) || marz.CodeOf(err) != marz.Conflict || !strings.Contains(err.Error(), "marz list build") {
		t.Fatal(err)
	}
	back, err := Import(old, Options{})
	if err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(t.TempDir(), "b.list")
	if err := WriteFile(again, back, FileOptions{}); err != nil || !bytes.Equal(readFile(t, again), readFile(t, path)) {
		t.Error("it is not built as it was", err)
	}
}

// reheaded lets the first page of a file speak of its header as it is.
func reheaded(t testing.TB, b []byte) []byte {
	t.Helper()
	text := string(b[:pageSize])
	at := strings.Index(text, "\nheader ") + 8
	var n int
	if _, err := fmt.Sscanf(text[at:], "%d ", &n); err != nil {
		t.Fatal(err)
	}
	old, _, _ := strings.Cut(text[at:], "\n")
	sum := sha256.Sum256(b[pageSize : pageSize+n])
	return append([]byte(strings.Replace(text, old, fmt.Sprintf("%d %x", n, sum), 1)), b[pageSize:]...)
}

func TestWriteFileRefuses(t *testing.T) {
	one := []Alert{{ID: "1"}}
	path := filepath.Join(t.TempDir(), "a.list")
	for what, l := range map[string]*List{"no alerts": {ID: "a"}, "lines": {ID: "a", Name: "b\nc", Alerts: one}, "long": {ID: "a", Name: strings.Repeat("b", 5000), Alerts: one},
		"blank": {ID: "a", Version: " ", Alerts: one}, "twice": {ID: "a", Alerts: []Alert{{ID: "1"}, {ID: "1"}}}} {
		if err := WriteFile(path, l, FileOptions{}); marz.CodeOf(err) != marz.Invalid {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := WriteFile(filepath.Join(path, "none", "a"), &List{ID: "a", Alerts: one}, FileOptions{}); err == nil {
		t.Error("written into no folder")
	}
	if _, err := OpenFile(path, nil); marz.CodeOf(err) != marz.NotFound {
		t.Error(err)
	}
}
