package nation_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"marz"
	"marz/hq/nation"
	"marz/inspection"
	"marz/transfer"
	"marz/web"
)

const agreements = `{"agreement":{"id":"am-ru-2026","title":"Agarak","parties":["am-bg","ru-bg"],"from":"2026-01-01T00:00:00.000Z","articles":[
{"id":"1","kind":"control","authority":"am-bg","place":"agarak","from":"2026-01-01T00:00:00.000Z","text":"am-bg controls."},
{"id":"2","kind":"transfer","authority":"am-bg","to":"ru-bg","place":"agarak","at":"2026-04-01T00:00:00.000Z","text":"Control passes."},
{"id":"3","kind":"obligation","owes":"ru-bg","owed":"am-bg","due":"2026-03-01T00:00:00.000Z","text":"Radios are handed over."},
{"id":"4","kind":"obligation","owes":"ru-bg","owed":"am-bg","due":"2026-12-01T00:00:00.000Z","text":"Not due yet."}]}}`

// busy is two posts on a day, with something of everything.
func busy(t *testing.T) (*world, *node) {
	w := newWorld(t)
	n := w.post("agarak", lanes...)
	n.rows[2].Body = bytes.Replace(n.rows[2].Body, []byte("am-law-2001/1"), []byte("am-ru-2026/1"), 1)
	n.add("agreement.recorded", "", rawJSON(agreements), nil)
	n.add("list.loaded", "am-bg/0100", words{"list": "sdn", "name": "SDN", "owner": "Treasury", "version": "7", "loaded": start, "alerts": 9}, nil)
	n.add("list.refused", "am-bg/0100", words{"list": "sdn", "name": "SDN", "refused": "sdn.csv:4: cut off"}, nil)
	n.add("session.opened", "am-bg/0101", words{"officer": "am-bg/0101", "session": "a"}, nil)
	n.add("session.opened", "am-bg/0102", words{"officer": "am-bg/0102", "session": "b"}, nil)
	n.add("session.closed", "am-bg/0102", words{"officer": "am-bg/0102", "session": "b", "why": "signed out"}, nil)
	n.add("lane.opened", "am-bg/0101", words{"lane": "1", "direction": "entry"}, nil)
	n.now += 3600e3
	n.cross(invented(1), marz.EntryDirection)
	n.now += 3600e3
	refused := n.inspect(invented(2), "1", marz.EntryDirection)
	n.decide(refused, marz.EntryDirection, marz.Refuse)
	held := n.inspect(invented(3), "2", marz.ExitDirection)
	n.decide(held, marz.ExitDirection, marz.Hold)
	referred := n.inspect(invented(4), "1", marz.EntryDirection)
	n.decide(referred, marz.EntryDirection, marz.Refer)
	late := n.add("hit.late", "", words{"inspection": fmt.Sprint(refused), "list": "sdn", "hits": 2, "marks": []string{"m"}}, nil)
	n.add("hit.late", "", words{"inspection": fmt.Sprint(referred), "list": "sdn", "hits": 1, "marks": []string{"n"}}, nil)
	n.add("hit.acknowledged", "am-bg/0100", words{"late": late, "inspection": fmt.Sprint(refused), "reason": "same-person"}, nil)
	n.now += 600e3
	n.inspect(invented(5), "1", marz.EntryDirection)
	other := w.post("bavra", lanes...)
	other.now = n.now
	other.cross(invented(4), marz.EntryDirection) // the one who was referred was decided about since
	other.cross(invented(1), marz.ExitDirection)
	n.all()
	other.all()
	return w, n
}

type rawJSON string

func (r rawJSON) MarshalJSON() ([]byte, error) { return []byte(r), nil }

func TestNation(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		w, n := busy(t)
		db, dialect := d.open(t)
		x := w.index(db, dialect)
		fold(t, x)
		now := n.now + 60e3
		b, err := x.Nation(t.Context(), nation.Question{Now: now, Days: 1})
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Posts) != 2 {
			t.Fatalf("posts: %+v", b.Posts)
		}
		p := b.Posts[0]
		if p.Post.Name != "Agarak" || p.Open != 1 || p.Oldest != n.now || p.Count != 4 || p.Refused != 1 || p.Head != n.now || p.Size != int64(len(n.rows)) || p.Missing+p.Payloads+p.Odd != 0 {
			t.Errorf("post: %+v", p)
		}
		if diff := cmp.Diff([]web.NationControl{{Authority: "am-bg", Article: "am-ru-2026/1", Since: start}}, p.Control); diff != "" {
			t.Error(diff)
		}
		passed, err := x.Passings(t.Context(), "agarak")
		if err != nil || len(passed) != 1 || passed[0].Passing.To != "am-bg" || passed[0].Passing.Article != "am-ru-2026/1" || passed[0].At != start {
			t.Errorf("passings: %+v, %v", passed, err)
		}
		want := []web.NationLane{{ID: "1", Direction: "entry", Flow: "persons", Officers: []marz.OfficerID{"am-bg/0101"}, Case: &web.LaneCase{ID: marz.InspectionID(fmt.Sprint(len(n.rows) - 1)), Opened: n.now, Verdict: marz.Clear}},
			{ID: "2", Direction: "exit", Flow: "persons"}}
		if diff := cmp.Diff(want, p.Lanes); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]web.NationOfficers{{Authority: "am-bg", Count: 1}}, p.Officers); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]web.ListState{{ID: "sdn", Name: "SDN", Owner: "Treasury", Version: "7", Loaded: start, Alerts: 9, Refused: "sdn.csv:4: cut off"}}, p.Lists); diff != "" {
			t.Error(diff)
		}
		if len(b.Times) != 3 || b.Times[1].Entries != 1 || b.Times[2].Entries != 3 || b.Times[2].Exits != 2 || b.Times[2].Stopped != 3 {
			t.Errorf("times: %+v", b.Times)
		}
		if diff := cmp.Diff([]web.NationCount{{Name: "DEU", Count: 2}, {Name: "IRN", Count: 2}, {Name: "GEO", Count: 1}, {Name: "RUS", Count: 1}}, b.Nationalities); diff != "" {
			t.Error(diff)
		}
		if len(b.Refused) != 1 || b.Refused[0].Nationality != "GEO" || b.Refused[0].Post != "Agarak" || b.Refused[0].Decision != marz.Refuse {
			t.Errorf("refused: %+v", b.Refused)
		}
		if len(b.Referred) != 2 || !b.Referred[0].Open || b.Referred[0].Decision != marz.Hold || b.Referred[1].Open {
			t.Errorf("referred: %+v", b.Referred)
		}
		if len(b.Late) != 1 || b.Late[0].Count != 1 || b.Late[0].Decision != marz.Refer {
			t.Errorf("late: %+v", b.Late)
		}
		if len(b.Debts) != 1 || b.Debts[0].Article != "am-ru-2026/3" || !slices.Equal(b.Debts[0].Posts, []string{"Agarak"}) {
			t.Errorf("debts: %+v", b.Debts)
		}
		if len(b.Transfers) != 1 || b.Transfers[0].Article != "am-ru-2026/2" || b.Transfers[0].Phase != transfer.Planned || b.Transfers[0].Overdue {
			t.Errorf("transfers: %+v", b.Transfers)
		}
		for _, days := range []int{7, 30, 365} {
			c, err := x.Nation(t.Context(), nation.Question{Now: now, Days: days})
			if err != nil || !c.ByDay || len(c.Times) != days || c.Times[days-1].Sum() != 6 || !slices.Equal(c.Nationalities, b.Nationalities) {
				t.Errorf("%d days: %+v, %v", days, c, err)
			}
		}
		later := at("2026-05-20T12:00:00+04:00")
		for days, want := range map[int]int{90: 6, 81: 6, 80: 6, 79: 0, 30: 0} { // 80 days ago was 2 March
			c, err := x.Nation(t.Context(), nation.Question{Now: later, Days: days})
			sum := 0
			for _, n := range c.Nationalities {
				sum += n.Count
			}
			if err != nil || sum != want {
				t.Errorf("%d days before %s: %d crossings by nationality and not %d (%v)", days, later, sum, want, err)
			}
		}
		checkDay(t, x, n, now)
	})
}

func checkDay(t *testing.T, x *nation.Index, n *node, now marz.Instant) {
	b, err := x.Day(t.Context(), n.origin, nation.DayQuestion{Now: now})
	if err != nil || len(b.Rows) != 4 || b.Rows[3].Decision != marz.Admit || len(b.Times) != 24 || b.Day != "2026-03-02" || b.Later != "" {
		t.Errorf("day: %+v, %v", b, err)
	}
	if b, err = x.Day(t.Context(), n.origin, nation.DayQuestion{Now: now, Day: marz.Date{Year: 2026, Month: 3, Day: 1}}); err != nil || len(b.Rows) != 0 || b.Later != "2026-03-02" {
		t.Errorf("the day before: %+v, %v", b, err)
	}
	if _, err = x.Day(t.Context(), "armenia/nowhere", nation.DayQuestion{Now: now}); marz.CodeOf(err) != marz.NotFound {
		t.Error(err)
	}
}

// TestNoSearchWithoutAnEntry holds that nothing is read about a person unless the headquarters' journal says that this officer asks exactly this, and why.
func TestNoSearchWithoutAnEntry(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		w, n := busy(t)
		db, dialect := d.open(t)
		x := w.index(db, dialect)
		fold(t, x)
		who := nation.Identity{Person: invented(1).Person}
		journal := w.node(hq)
		journal.now = n.now
		asked, err := x.Ask(nil, who, "court")
		if err != nil {
			t.Fatal(err)
		}
		again, err := x.Ask(nil, who, "court")
		if err != nil || asked.Mark == again.Mark {
			t.Errorf("two questions about one person have one mark (%v)", err)
		}
		seq := journal.add(nation.KindSearched, "am-bg/0900", asked, words{"who": who})
		receipt := nation.Receipt{Entry: marz.Seq(seq), Officer: "am-bg/0900"}
		search := func(r nation.Receipt, who nation.Identity, now marz.Instant) (*web.HistoryBody, error) {
			return x.Search(t.Context(), r, who, inspection.StayRule{Days: 90, Window: 180}, now)
		}
		if _, err := search(receipt, who, n.now); marz.CodeOf(err) != marz.Forbidden {
			t.Errorf("an entry that is not committed: %v", err)
		}
		journal.all()
		b, err := search(receipt, who, n.now)
		if err != nil || len(b.Rows) != 2 || b.Rows[0].Post != "Bavra" || b.Rows[1].Post != "Agarak" || b.Stay != "1 of 90 days used in the last 180" || b.Gap {
			t.Errorf("%+v, %v", b, err)
		}
		other := nation.Identity{Person: invented(2).Person}
		for what, ask := range map[string]func() error{
			"somebody else": func() error { _, err := search(receipt, other, n.now); return err },
			"another officer": func() error {
				_, err := search(nation.Receipt{Entry: receipt.Entry, Officer: "am-bg/0901"}, who, n.now)
				return err
			},
			"nobody":    func() error { _, err := search(nation.Receipt{Entry: receipt.Entry}, who, n.now); return err },
			"too late":  func() error { _, err := search(receipt, who, n.now.Add(nation.ReceiptHolds+1e6)); return err },
			"too early": func() error { _, err := search(receipt, who, n.now-1); return err },
			"no entry": func() error {
				_, err := search(nation.Receipt{Entry: 99, Officer: "am-bg/0900"}, who, n.now)
				return err
			},
			"a record": func() error { _, err := x.Record(t.Context(), receipt, n.origin, "9", n.now); return err },
		} {
			if err := ask(); marz.CodeOf(err) != marz.Forbidden {
				t.Errorf("%s: %v", what, err)
			}
		}
		checkRecord(t, x, journal, n, b.Rows[1])
	})
}

// checkRecord reads one record, by an entry of its own.
func checkRecord(t *testing.T, x *nation.Index, journal, n *node, c web.NationCase) {
	seq := journal.add(nation.KindRecordRead, "am-bg/0900", nation.RecordRead{Origin: c.Origin, Inspection: c.ID, Reason: "court"}, nil)
	journal.all()
	receipt := nation.Receipt{Entry: marz.Seq(seq), Officer: "am-bg/0900"}
	payload, err := x.Record(t.Context(), receipt, c.Origin, c.ID, n.now)
	if err != nil || !strings.Contains(string(payload), "FAMILY1") {
		t.Errorf("%s, %v", payload, err)
	}
	if _, err = x.Record(t.Context(), receipt, "armenia/bavra", c.ID, n.now); marz.CodeOf(err) != marz.Forbidden {
		t.Errorf("another post's record: %v", err)
	}
}

func TestHistoryByDocument(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		w := newWorld(t)
		n := w.post("agarak", lanes...)
		p := invented(1)
		n.cross(p, marz.EntryDirection)
		n.now += 86400e3
		renewed := p
		renewed.number = "N0000001"
		n.cross(renewed, marz.ExitDirection)
		n.all()
		db, dialect := d.open(t)
		x := w.index(db, dialect)
		fold(t, x)
		journal := w.node(hq)
		journal.now = n.now
		ask := func(who nation.Identity) *web.HistoryBody {
			t.Helper()
			asked, err := x.Ask(nil, who, "court")
			if err != nil {
				t.Fatal(err)
			}
			seq := journal.add(nation.KindSearched, "am-bg/0900", asked, nil)
			journal.all()
			b, err := x.Search(t.Context(), nation.Receipt{Entry: marz.Seq(seq), Officer: "am-bg/0900"}, who, inspection.StayRule{}, n.now)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		for what, c := range map[string]struct {
			who  nation.Identity
			rows int
		}{
			"document":         {nation.Identity{Issuer: p.issuer, Number: p.number}, 1},
			"new document":     {nation.Identity{Issuer: p.issuer, Number: renewed.number}, 1},
			"person":           {nation.Identity{Person: p.Person}, 2},
			"both":             {nation.Identity{Issuer: p.issuer, Number: p.number, Person: p.Person}, 2},
			"another issuer":   {nation.Identity{Issuer: "GEO", Number: p.number}, 0},
			"another birthday": {nation.Identity{Person: invented(51).Person}, 0},
		} {
			if b := ask(c.who); len(b.Rows) != c.rows {
				t.Errorf("%s: %d crossings and not %d", what, len(b.Rows), c.rows)
			}
		}
		if _, err := x.Ask(nil, nation.Identity{Issuer: "GEO"}, "court"); marz.CodeOf(err) != marz.Invalid {
			t.Errorf("a question by which nobody can be found: %v", err)
		}
	})
}

// TestStayOfACommuter holds that days are counted from all crossings, also of who has more than are shown.
func TestStayOfACommuter(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		w := newWorld(t)
		n := w.post("agarak", lanes...)
		p := invented(1)
		for range 130 {
			n.cross(p, marz.EntryDirection)
			n.now += 3600e3
			n.cross(p, marz.ExitDirection)
			n.now += 23 * 3600e3
		}
		n.all()
		db, dialect := d.open(t)
		x := w.index(db, dialect)
		fold(t, x)
		journal := w.node(hq)
		journal.now = n.now
		who := nation.Identity{Person: p.Person}
		asked, err := x.Ask(nil, who, "court")
		if err != nil {
			t.Fatal(err)
		}
		seq := journal.add(nation.KindSearched, "am-bg/0900", asked, nil)
		journal.all()
		b, err := x.Search(t.Context(), nation.Receipt{Entry: marz.Seq(seq), Officer: "am-bg/0900"}, who, inspection.StayRule{Days: 120, Window: 365}, n.now)
		if err != nil || !b.More || len(b.Rows) != 200 || b.Stay != "130 of 120 days used in the last 365" || b.Gap {
			t.Errorf("%d crossings, more %v, %q, gap %v, %v", len(b.Rows), b.More, b.Stay, b.Gap, err)
		}
	})
}

// TestExport holds what leaves the headquarters: the same rows as CSV and as Parquet, hours and no instants, few of a nationality as others, no digest.
func TestExport(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		w, n := busy(t)
		db, dialect := d.open(t)
		x := w.index(db, dialect)
		fold(t, x)
		q := nation.ExportQuestion{From: start, Until: n.now + 1, Few: 2}
		var text, parquetFile bytes.Buffer
		if err := x.ExportCSV(t.Context(), q, &text); err != nil {
			t.Fatal(err)
		}
		want := `post,hour,direction,verdict,decision,reason,authority,nationality
agarak,2026-03-01T21:00:00Z,entry,clear,admit,,am-bg,other
agarak,2026-03-01T22:00:00Z,entry,clear,refuse,,am-bg,other
agarak,2026-03-01T22:00:00Z,exit,clear,hold,,am-bg,other
agarak,2026-03-01T22:00:00Z,entry,clear,refer,,am-bg,other
bavra,2026-03-01T22:00:00Z,entry,clear,admit,,am-bg,other
bavra,2026-03-01T22:00:00Z,exit,clear,depart,,am-bg,other
`
		if diff := cmp.Diff(want, text.String()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if err := x.ExportParquet(t.Context(), q, &parquetFile); err != nil {
			t.Fatal(err)
		}
		rows, err := parquet.Read[nation.Exported](bytes.NewReader(parquetFile.Bytes()), int64(parquetFile.Len()))
		if err != nil {
			t.Fatal(err)
		}
		var direct []nation.Exported
		if err := x.Export(t.Context(), q, func(e nation.Exported) error { direct = append(direct, e); return nil }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(direct, rows); diff != "" || len(rows) != 6 {
			t.Errorf("%d rows (-direct +parquet):\n%s", len(rows), diff)
		}
		q.Few = 1
		text.Reset()
		if err := x.ExportCSV(t.Context(), q, &text); err != nil || !strings.Contains(text.String(), "refuse,,am-bg,GEO") {
			t.Errorf("%v\n%s", err, text.String())
		}
	})
}
