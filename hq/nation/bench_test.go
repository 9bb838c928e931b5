package nation_test

import (
	"cmp"
	"context"
	"database/sql"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/hq/nation"
	"marz/inspection"
	"marz/inspection/stays"
	"marz/internal/pgtest"
	"marz/web"
)

var (
	benchCrossings = flag.Int("crossings", 200_000, "crossings of a year that BenchmarkNation fills the index with")
	benchEntries   = flag.Int("entries", 200_000, "entries that BenchmarkNation folds into it")
)

const (
	benchPosts  = 12
	perPerson   = 4 // crossings of one person in the year, on average
	benchNation = 40
)

// state is a year of a state's crossings in PostgreSQL.
type state struct {
	b       *testing.B
	w       *world
	x       *nation.Index
	db      *sql.DB
	server  *pgtest.Server
	url     string
	people  int
	origins []marz.Origin
	now     marz.Instant
	hq      *node
}

// BenchmarkNation fills the index with a year's crossings by COPY, as no fold would in the time, and asks what pages ask. Beside each figure stands how often it was asked. Then it folds a journal into the full index,
// makes the file of stays, and exports a month. Run: make nation-bench
func BenchmarkNation(b *testing.B) {
	s := newState(b)
	s.fill()
	for b.Loop() {
		s.page(1, 40)
		s.page(7, 20)
		s.page(30, 20)
		s.page(365, 10)
		s.day(100)
		s.histories(2000)
		s.fold()
		s.export()
		s.stays()
	}
	b.ReportMetric(0, "ns/op")
}

func newState(b *testing.B) *state {
	server := pgtest.Start(b)
	s := &state{b: b, w: newWorld(b), server: server, url: server.URL(server.Database(b)), people: max(*benchCrossings/perPerson, 100), now: at("2027-03-02T12:00:00+04:00")}
	var err error
	if s.db, err = sql.Open("pgx", s.url); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.db.Close() })
	for i := range benchPosts {
		n := s.w.post(marz.PostID(fmt.Sprintf("post%02d", i)), lanes...)
		s.origins = append(s.origins, n.origin)
		n.all()
	}
	s.hq = s.w.node(hq)
	s.hq.now = s.now
	s.x = s.w.index(s.db, nation.PostgreSQL)
	fold(b, s.x)
	return s
}

// logged says what a step took. It prints at once, since a benchmark's log is cut after some lines.
func (s *state) logged(what string, start time.Time, more string, args ...any) {
	fmt.Printf("%-28s %8.1f s  "+more+"\n", append([]any{what, time.Since(start).Seconds()}, args...)...)
}

func (s *state) exec(query string) {
	if _, err := s.db.Exec(query); err != nil {
		s.b.Fatal(err)
	}
}

// rows is what COPY reads: crossings in order of time, at every post in turn.
type benchRows struct {
	s    *state
	r    *rand.Rand
	n    int
	seqs [benchPosts]int64
	refs [][3]int64 // of each person: digests of person, document and stay
}

func (r *benchRows) Next() bool { r.n++; return r.n <= *benchCrossings }
func (r *benchRows) Err() error { return nil }
func (r *benchRows) Values() ([]any, error) {
	post := r.r.IntN(benchPosts)
	r.seqs[post] += 2
	id := 10 + r.seqs[post]
	span := int64(r.s.now - start)
	ended := int64(start) + span*int64(r.n)/int64(*benchCrossings)
	who := r.r.IntN(r.s.people)
	direction, decision := r.r.IntN(2), 0
	switch k := r.r.IntN(1000); {
	case k < 2:
		decision = 1 // refuse
		direction = 0
	case k < 5:
		decision = 2
		direction = 0
	case direction == 1:
		decision = 3
	}
	return []any{id, ended - 20_000, ended, id + 1, r.refs[who][0], r.refs[who][1], r.refs[who][2], int32(post + 1), int32(0), int16(direction), int16(0), int16(3), int16(decision), int16(0), int16(1), "1", "", "am-bg", nationOf(who)}, nil
}

func nationOf(who int) string {
	return fmt.Sprintf("N%c%c", 'A'+who%benchNation/26, 'A'+who%benchNation%26)
}

func (s *state) person(who int) stays.Person {
	return stays.Person{Nationality: nationOf(who), Birth: fmt.Sprintf("19%02d-%02d-%02d", 40+who%60, 1+who%12, 1+who%28), Primary: fmt.Sprintf("FAMILY%d", who), Secondary: "GIVEN"}
}

func (s *state) fill() {
	start := time.Now()
	rows := &benchRows{s: s, r: rand.New(rand.NewPCG(1, 1)), refs: make([][3]int64, s.people)}
	for i := range rows.refs {
		p, d, t := s.x.Digests(s.person(i), "IRN", fmt.Sprintf("P%08d", i))
		rows.refs[i] = [3]int64{p, d, t}
	}
	for _, name := range nation.CrossingIndexNames {
		s.exec(`DROP INDEX ` + name)
	}
	ctx := context.Background()
	c, err := pgx.Connect(ctx, s.url)
	if err != nil {
		s.b.Fatal(err)
	}
	defer c.Close(ctx)
	if _, err := c.CopyFrom(ctx, pgx.Identifier{"n_crossing"}, strings.Split(nation.CrossingColumns, ", "), rows); err != nil {
		s.b.Fatal(err)
	}
	s.logged("filled by COPY", start, "%d crossings of %d people", *benchCrossings, s.people)
	start = time.Now()
	for _, make := range nation.CrossingIndexes {
		s.exec(make)
	}
	for _, counters := range []string{
		`1, ended / 3600000, origin, direction, decision, ''`, `2, (ended + 14400000) / 86400000, origin, direction, decision, ''`, `3, (ended + 14400000) / 86400000, origin, 0, 0, nationality`,
	} {
		s.exec(`INSERT INTO n_count SELECT ` + counters + `, count(*) FROM n_crossing GROUP BY 1, 2, 3, 4, 5, 6`)
	}
	s.exec(`INSERT INTO n_count SELECT 4, (extract(year FROM day) - 1970) * 12 + extract(month FROM day) - 1, origin, 0, 0, nationality, sum(n) FROM (SELECT *, DATE '1970-01-01' + slot::int AS day FROM n_count WHERE grain = 3) AS c GROUP BY 1, 2, 3, 4, 5, 6`)
	s.exec(`VACUUM ANALYZE`)
	var size string
	if err := s.db.QueryRow(`SELECT pg_size_pretty(pg_database_size(current_database()))`).Scan(&size); err != nil {
		s.b.Fatal(err)
	}
	s.logged("indexes and counters", start, "%s in all", size)
}

// timed runs something so often and logs p50, p99 and the longest.
func (s *state) timed(what string, times int, do func(int)) {
	all := make([]time.Duration, times)
	for i := range all {
		start := time.Now()
		do(i)
		all[i] = time.Since(start)
	}
	slices.Sort(all)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	fmt.Printf("%-28s p50 %8.2f ms  p99 %8.2f ms  most %8.2f ms  of %d\n", what, ms(all[times/2]), ms(all[times*99/100]), ms(all[times-1]), times)
}

// page asks for the nation's page and writes it.
func (s *state) page(days, times int) {
	s.timed(fmt.Sprintf("the nation, %d days", days), times, func(int) {
		b, err := s.x.Nation(context.Background(), nation.Question{Now: s.now, Days: days})
		if err != nil {
			s.b.Fatal(err)
		}
		w := httptest.NewRecorder()
		err = web.Render(w, httptest.NewRequest(http.MethodGet, "/nation", nil), http.StatusOK, "nation", &web.Page{Title: "All posts", Now: s.now, Zone: "Asia/Yerevan", Body: b})
		if err != nil || len(b.Posts) != benchPosts {
			s.b.Fatal(err)
		}
	})
}

func (s *state) day(times int) {
	s.timed("a post's day", times, func(i int) {
		b, err := s.x.Day(context.Background(), s.origins[i%benchPosts], nation.DayQuestion{Now: s.now - marz.Instant(i)*86400e3})
		if err != nil || len(b.Rows) == 0 {
			s.b.Fatal(b, err)
		}
	})
}

// histories asks for people, each by an entry of its own, half of them by their document too.
func (s *state) histories(times int) {
	who, entries := make([]nation.Identity, times), make([]int64, times)
	r := rand.New(rand.NewPCG(2, 2))
	for i := range who {
		n := r.IntN(s.people)
		who[i].Person = s.person(n)
		if i%2 == 0 {
			who[i].Issuer, who[i].Number = "IRN", fmt.Sprintf("P%08d", n)
		}
		asked, err := s.x.Ask(nil, who[i], "court")
		if err != nil {
			s.b.Fatal(err)
		}
		entries[i] = s.hq.add(nation.KindSearched, "am-bg/0900", asked, nil)
	}
	s.hq.all()
	found := 0
	s.timed("a person's history", times, func(i int) {
		b, err := s.x.Search(context.Background(), nation.Receipt{Entry: marz.Seq(entries[i]), Officer: "am-bg/0900"}, who[i], inspection.StayRule{Days: 90, Window: 180}, s.now)
		if err != nil {
			s.b.Fatal(err)
		}
		found += len(b.Rows)
	})
	fmt.Printf("%-28s %.1f crossings each\n", "", float64(found)/float64(times))
}

// fold folds a journal of one more post into the full index: two entries and a payload for each crossing.
func (s *state) fold() {
	n := s.w.post("more", lanes...)
	r := rand.New(rand.NewPCG(3, 3))
	for len(n.rows) < *benchEntries {
		n.now += 1000
		n.cross(invented(r.IntN(s.people)), []marz.Direction{marz.EntryDirection, marz.ExitDirection}[r.IntN(2)])
	}
	n.all()
	start, ours, its := time.Now(), s.used("", "self"), s.used("postgres: "+filepath.Base(filepath.Dir(s.server.Folder())), "")
	entries, err := s.x.Fold(context.Background())
	if err != nil {
		s.b.Fatal(err)
	}
	ours, its = s.used("", "self")-ours, s.used("postgres: "+filepath.Base(filepath.Dir(s.server.Folder())), "")-its
	rate := float64(entries) / time.Since(start).Seconds()
	s.b.ReportMetric(rate, "entries/s")
	s.logged("folded", start, "%d entries, %.0f entries/s; processor's time an entry: %.0f µs here, %.0f µs in the server", entries, rate, 1e6*ours/float64(entries), 1e6*its/float64(entries))
}

// used is how many seconds of the processor the process of a number has used, or all whose command line begins so.
func (s *state) used(command, pid string) (seconds float64) {
	all, err := filepath.Glob("/proc/" + cmp.Or(pid, "[0-9]*") + "/stat")
	if err != nil {
		s.b.Fatal(err)
	}
	for _, path := range all {
		line, err := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		stat, err2 := os.ReadFile(path)
		_, after, _ := strings.Cut(string(stat), ") ")
		f := strings.Fields(after)
		if err != nil || err2 != nil || len(f) < 13 || !strings.HasPrefix(string(line), command) {
			continue // it has ended meanwhile, or is another
		}
		for _, ticks := range f[11:13] { // user and system time, in hundredths of a second (proc(5))
			n, err := strconv.ParseFloat(ticks, 64)
			if err != nil {
				s.b.Fatal(err)
			}
			seconds += n / 100
		}
	}
	return seconds
}

func (s *state) export() {
	for name, write := range map[string]func(context.Context, nation.ExportQuestion, io.Writer) error{"CSV": s.x.ExportCSV, "Parquet": s.x.ExportParquet} {
		start := time.Now()
		var size counted
		if err := write(context.Background(), nation.ExportQuestion{From: s.now - 31*86400e3, Until: s.now}, &size); err != nil {
			s.b.Fatal(err)
		}
		s.logged("a month as "+name, start, "%d bytes", size)
	}
}

type counted int64

func (c *counted) Write(b []byte) (int, error) { *c += counted(len(b)); return len(b), nil }

func (s *state) stays() {
	s.exec(`UPDATE n_origin SET next = 1000000000, paid = 1000000000`) // what COPY filled in counts as folded
	skey, vkey, err := note.GenerateKey(nil, string(hq))
	if err != nil {
		s.b.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		s.b.Fatal(err)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		s.b.Fatal(err)
	}
	start := time.Now()
	b, err := s.x.StaysFile(context.Background(), inspection.StayRule{Days: 90, Window: 180}, s.now, signer)
	if err != nil {
		s.b.Fatal(err)
	}
	s.logged("the file of stays", start, "%d bytes", len(b))
	start = time.Now()
	f, err := stays.Read("stays", b, verifier)
	if err != nil {
		s.b.Fatal(err)
	}
	s.logged("read at a post", start, "%d people, %.1f bytes each", f.People, float64(len(b))/float64(f.People))
}
