package watchlist

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"marz"
)

// bigList makes a list of people as large lists have them: one to three names each, dates of birth, some numbers.
func bigList(n int) *List {
	r := rand.New(rand.NewPCG(7, 9))
	syllables := strings.Fields("an ar ba be bo da de di do el en er fa ga go ha he ib in ja ka ke ki ko la le li lo ma me mi mo na ne ni no ra re ri ro sa se sha shi so ta te ti to va ve vi ya yu za ze")
	word := func(k int) string {
		var b strings.Builder
		for range k {
			b.WriteString(syllables[r.IntN(len(syllables))])
		}
		return b.String()
	}
	given, family := make([]string, 4000), make([]string, 200000)
	for i := range given {
		given[i] = word(2 + r.IntN(2))
	}
	for i := range family {
		family[i] = word(2 + r.IntN(3))
	}
	l := &List{ID: "big", Name: "A big list", Owner: "am-bg", Version: "1", Loaded: 1, Alerts: make([]Alert, n)}
	for i := range l.Alerts {
		a := Alert{ID: marz.AlertID(fmt.Sprintf("Q%09d", i)), Kind: Person, Owner: "am-bg", Sex: "M", Nationalities: []string{"ARM"}, Why: "wanted"}
		for k := range 1 + r.IntN(3) {
			kind := Primary
			if k > 0 {
				kind = Alias
			}
			a.Names = append(a.Names, Name{given[r.IntN(len(given))] + " " + given[r.IntN(len(given))] + " " + family[r.IntN(len(family))], kind})
		}
		a.Births = []Birth{{From: marz.Date{Year: 1940 + r.IntN(65), Month: 1 + r.IntN(12), Day: 1 + r.IntN(28)}}}
		if r.IntN(3) == 0 {
			a.Documents = []Number{{fmt.Sprintf("AN%07d", r.IntN(1e7)), "ARM", "passport"}}
		}
		a.Version = fmt.Sprintf("%016x", r.Uint64())
		l.Alerts[i] = a
	}
	return l
}

// resident is how much of the process's memory is in use, in MB: of its own, and of files.
func resident(t *testing.T) (own, files int) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(b)) {
		fmt.Sscanf(line, "RssAnon: %d kB", &own)
		fmt.Sscanf(line, "RssFile: %d kB", &files)
	}
	return own / 1024, files / 1024
}

// TestBigFile measures a file of a million alerts or more: MARZ_BIG=1 go test ./watchlist -run TestBigFile -v
func TestBigFile(t *testing.T) {
	if os.Getenv("MARZ_BIG") == "" {
		t.Skip("set MARZ_BIG")
	}
	path := filepath.Join(t.TempDir(), "big.list")
	l := bigList(1_600_000)
	began := time.Now()
	if err := WriteFile(path, l, FileOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Logf("built in %v", time.Since(began))
	l = nil
	runtime.GC()
	for range 3 {
		began = time.Now()
		f, err := OpenFile(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		own, files := resident(t)
		t.Logf("%d MB opened in %v; resident %d MB, %d MB of files", f.Size()>>20, time.Since(began), own, files)
		runtime.KeepAlive(f)
	}
	f, err := OpenFile(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, size := range f.Sections() {
		t.Logf("%12s %6.1f MB", name, float64(size)/(1<<20))
	}
	s := New(time.Now)
	_ = s.PutFile(f)
	bigChange(t, s, f)
}

func bigChange(t *testing.T, s *Set, f *File) {
	began := time.Now()
	back, err := Import(f.path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("imported in %v", time.Since(began))
	c := &Change{List: "big", From: "1", To: "2"}
	for i := range 1000 {
		a := back.Alerts[i*999]
		a.Names = append([]Name{{"Erika Specimen " + a.Names[0].Text, Primary}}, a.Names...)
		c.Put = append(c.Put, a)
	}
	began = time.Now()
	if err := s.Apply(c); err != nil {
		t.Fatal(err)
	}
	t.Logf("a change of 1000 alerts in force in %v", time.Since(began))
	var worst, sum time.Duration
	for i := range 1000 {
		a := back.Alerts[i*1001]
		began := time.Now()
		s.Screen(t.Context(), Query{Names: []string{a.Names[0].Text}, Birth: a.Births[0].From})
		d := time.Since(began)
		worst, sum = max(worst, d), sum+d
	}
	t.Logf("screening: mean %v, worst %v", sum/1000, worst)
}
