package nation_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"marz"
	"marz/hq/nation"
	"marz/inspection/stays"
	"marz/internal/pgtest"
	"marz/journal"
	"marz/mirror"
)

// database is where an index is tested.
type database struct {
	name string
	open func(testing.TB) (*sql.DB, nation.Dialect)
}

var databases = []database{{"sqlite", inSQLite}, {"postgresql", inPostgreSQL}}

func inSQLite(t testing.TB) (*sql.DB, nation.Dialect) {
	db, err := nation.OpenSQLite(filepath.Join(t.TempDir(), "nation.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db, nation.SQLite
}

func inPostgreSQL(t testing.TB) (*sql.DB, nation.Dialect) {
	s := pgtest.Shared(t)
	db, err := sql.Open("pgx", s.URL(s.Database(t)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db, nation.PostgreSQL
}

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// onEach runs a test on every database.
func onEach(t *testing.T, test func(*testing.T, database)) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) { test(t, d) })
	}
}

const hq marz.Origin = "armenia/hq"

var (
	yerevan  = location("Asia/Yerevan")
	indexKey = bytes.Repeat([]byte{7}, nation.KeySize)
	staysKey = stays.Key(bytes.Repeat([]byte{9}, 32))
	start    = at("2026-03-02T00:00:00+04:00")
)

func location(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

func at(s string) marz.Instant {
	i, err := marz.ParseInstant(s)
	if err != nil {
		panic(err)
	}
	return i
}

// world is journals that a mirror holds, written without a node: the index believes what is cosigned.
type world struct {
	t     testing.TB
	store mirror.Store
	nodes map[marz.Origin]*node
}

// node is one journal.
type node struct {
	w        *world
	origin   marz.Origin
	post     marz.PostID
	now      marz.Instant
	rows     []mirror.Row
	payloads []mirror.PayloadRow
	erase    map[int64][]int64 // by the seq of the erasure
	given    int64             // entries that the mirror has
	paid     int64             // payloads
}

func newWorld(t testing.TB) *world {
	s, err := mirror.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "mirror.db"), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &world{t, s, map[marz.Origin]*node{}}
}

type words map[string]any

// post makes a journal that begins as a post's does.
func (w *world) post(id marz.PostID, lanes ...marz.Lane) *node {
	n := w.node(marz.Origin("armenia/" + id))
	n.post = id
	n.add("node.created", "", words{"key": "k", "post": id, "exercise": false}, nil)
	n.add("post.described", "", words{"post": marz.Post{ID: id, Name: strings.ToUpper(string(id[:1])) + string(id[1:]), State: "ARM", Lat: 39, Lon: 46, Zone: "Asia/Yerevan", Lanes: lanes},
		"authorities": []marz.Authority{{ID: "am-bg", State: "ARM", Name: "Border Guard"}, {ID: "ru-bg", State: "RUS", Name: "Border Service"}},
		"places":      []marz.Place{{ID: id.Place(), Kind: "post", Name: string(id), State: "ARM"}}}, nil)
	n.add("control.passed", "", words{"place": id.Place(), "from": "", "to": "am-bg", "instant": start}, nil)
	return n
}

func (w *world) node(origin marz.Origin) *node {
	n := &node{w: w, origin: origin, now: start, erase: map[int64][]int64{}}
	w.nodes[origin] = n
	return n
}

// add appends an entry, with a payload or without, and returns its seq.
func (n *node) add(kind string, officer marz.OfficerID, public, private any) int64 {
	n.w.t.Helper()
	authority := marz.AuthorityID("am-bg")
	if officer != "" {
		authority = officer.Authority()
	}
	e := journal.Entry{V: 1, Seq: marz.Seq(len(n.rows)), At: n.now, Origin: n.origin, Kind: kind, Officer: officer, Authority: authority, Under: "am-law-2001/1", Policy: strings.Repeat("0", 64)}
	seq := int64(e.Seq)
	e.Public = encoded(n.w.t, public)
	if private != nil {
		salt := bytes.Repeat([]byte{1}, 32)
		body := encoded(n.w.t, private)
		e.Private = journal.Digest(salt, body)
		n.payloads = append(n.payloads, mirror.PayloadRow{Seq: seq, Salt: salt, Body: body})
	}
	n.rows = append(n.rows, mirror.Row{Seq: seq, Body: encoded(n.w.t, e), Hashes: make([]byte, 32)})
	if kind == journal.KindErased {
		n.erase[seq] = journal.ErasedBy(n.rows[seq].Body)
	}
	return seq
}

func encoded(t testing.TB, v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// cosign gives the mirror all entries before one, and all payloads before another.
func (n *node) cosign(entries, payloads int64) {
	n.w.t.Helper()
	ctx := context.Background()
	must := func(err error) {
		if err != nil {
			n.w.t.Helper()
			n.w.t.Fatal(err)
		}
	}
	if entries > n.given {
		head := mirror.HeadRow{Size: entries, Note: fmt.Appendf(nil, "%s\n%d\n", n.origin, entries)}
		must(n.w.store.SetPending(ctx, n.origin, n.given, head))
		var erase []int64
		for seq := n.given; seq < entries; seq++ {
			erase = append(erase, n.erase[seq]...)
		}
		_, err := n.w.store.AddEntries(ctx, n.origin, n.rows[n.given:entries], erase)
		must(err)
		must(n.w.store.SetHead(ctx, n.origin, head, head.Note))
		n.given = entries
	}
	if payloads > n.paid {
		var some []mirror.PayloadRow
		for _, p := range n.payloads {
			if p.Seq >= n.paid && p.Seq < payloads {
				some = append(some, p)
			}
		}
		_, _, err := n.w.store.AddPayloads(ctx, n.origin, n.paid, payloads, some)
		must(err)
		n.paid = payloads
	}
}

// all gives the mirror all there is.
func (n *node) all() {
	n.w.t.Helper()
	n.cosign(int64(len(n.rows)), int64(len(n.rows)))
}

// traveller is an invented person with a passport.
type traveller struct {
	stays.Person
	issuer, number string
}

var nations = []string{"ARM", "IRN", "GEO", "RUS", "DEU", "XXA"}

// invented is the n-th traveller.
func invented(n int) traveller {
	return traveller{stays.Person{Nationality: nations[n%len(nations)], Birth: fmt.Sprintf("19%02d-03-%02d", 50+n%50, 1+n%28), Primary: fmt.Sprintf("FAMILY%d", n), Secondary: "GIVEN"}, nations[n%len(nations)], fmt.Sprintf("P%07d", n)}
}

func (p traveller) private() words {
	return words{"scan": "x", "traveller": "y", "document": words{"issuer": p.issuer, "number": p.number, "primary": p.Primary, "secondary": p.Secondary, "nationality": p.Nationality, "birth": p.Birth},
		"findings": []words{{"check": "document.readable", "reason": "read whole"}}}
}

// inspect opens an inspection.
func (n *node) inspect(p traveller, lane marz.LaneID, d marz.Direction) int64 {
	return n.add("inspection.opened", "am-bg/0101", words{"lane": lane, "direction": d, "verdict": "clear", "findings": []words{}, "hits": 0}, p.private())
}

// decide ends it.
func (n *node) decide(id int64, d marz.Direction, decision marz.Decision) int64 {
	return n.add("crossing.decided", "am-bg/0101", words{"inspection": fmt.Sprint(id), "lane": "1", "direction": d, "verdict": "clear", "hits": 0, "decision": decision}, nil)
}

// cross lets a traveller pass.
func (n *node) cross(p traveller, d marz.Direction) (opened, decided int64) {
	id := n.inspect(p, "1", d)
	if d == marz.EntryDirection {
		return id, n.decide(id, d, marz.Admit)
	}
	return id, n.decide(id, d, marz.Depart)
}

// happen appends so many things that happen at a post, from a seed.
func (n *node) happen(r *rand.Rand, things int) {
	var open []int64
	way := map[int64]marz.Direction{}
	for range things {
		n.now += marz.Instant(r.IntN(900e3))
		d := []marz.Direction{marz.EntryDirection, marz.ExitDirection}[r.IntN(2)]
		switch k := r.IntN(20); {
		case k < 8 || len(open) == 0:
			id := n.inspect(invented(r.IntN(40)), "1", d)
			open, way[id] = append(open, id), d
		case k < 9:
			n.add("decision.proposed", "am-bg/0101", words{"inspection": fmt.Sprint(open[0]), "decision": "refuse"}, nil)
		case k < 10:
			n.add("inspection.withdrawn", "am-bg/0101", words{"inspection": fmt.Sprint(open[0]), "lane": "1", "reason": "reader"}, nil)
			open = open[1:]
		case k < 11:
			n.add("asylum.asked", "am-bg/0101", words{"inspection": fmt.Sprint(open[0]), "lane": "1", "host": "ARM"}, nil)
		case k < 12 && len(n.payloads) > 0:
			p := n.payloads[r.IntN(len(n.payloads))]
			n.add("payload.erased", "am-bg/0101", words{"seqs": []int64{p.Seq}, "why": "schedule"}, nil)
		case k < 13:
			n.add("hit.late", "", words{"inspection": fmt.Sprint(open[0]), "list": "l", "hits": 1, "marks": []string{"m"}, "verdict": "stop"}, nil)
		case k < 14:
			n.add("session.opened", "am-bg/0102", words{"officer": "am-bg/0102", "session": fmt.Sprint("s", len(n.rows))}, words{"record": 1})
		default:
			id := open[0]
			open = open[1:]
			n.decide(id, way[id], marz.Decisions(way[id])[r.IntN(len(marz.Decisions(way[id])))])
		}
	}
}

// index opens an index on a database.
func (w *world) index(db *sql.DB, d nation.Dialect) *nation.Index {
	w.t.Helper()
	x, err := nation.Open(context.Background(), w.options(db, d))
	if err != nil {
		w.t.Fatal(err)
	}
	return x
}

func (w *world) options(db *sql.DB, d nation.Dialect) nation.Options {
	return nation.Options{Store: w.store, DB: db, Dialect: d, Key: indexKey, Stays: staysKey, Zone: yerevan, HQ: hq}
}

func fold(t testing.TB, x *nation.Index) {
	t.Helper()
	if _, err := x.Fold(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// dump writes all that the tables hold, but for the numbers that a database gave.
func dump(t testing.TB, db *sql.DB) string {
	t.Helper()
	var b strings.Builder
	for _, table := range nation.Tables {
		rows, err := db.Query(`SELECT * FROM ` + table)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			var line strings.Builder
			for i, v := range values {
				if v := *v.(*any); v != nil {
					if raw, ok := v.([]byte); ok {
						v = string(raw)
					}
					fmt.Fprintf(&line, " %s=%v", columns[i], v)
				}
			}
			lines = append(lines, line.String())
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
		sortLines(lines)
		fmt.Fprintf(&b, "%s\n%s\n", table, strings.Join(lines, "\n"))
	}
	return b.String()
}
