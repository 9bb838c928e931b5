package hq

import (
	"crypto/tls"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/hq/nation"
	"marz/inspection/stays"
	"marz/journal"
)

// crossing writes what a post writes of one traveller.
func (o *outpost) crossing(by marz.AuthorityID, direction marz.Direction, number string) {
	o.t.Helper()
	err := o.j.Update(o.t.Context(), func(tx *journal.Tx) error {
		d := draft(by, words{"lane": "1", "direction": direction, "verdict": "clear", "findings": []string{}, "hits": 0},
			words{"document": words{"issuer": "UTO", "number": number, "primary": "ABADI", "secondary": "REZA", "nationality": "IRN", "birth": "1986-07-12"}})
		d.Kind = "inspection.opened"
		e, err := tx.Append(d)
		if err != nil {
			return err
		}
		decision := marz.Admit
		if direction == marz.ExitDirection {
			decision = marz.Depart
		}
		d = draft(by, words{"inspection": strconv.FormatInt(int64(e.Seq), 10), "lane": "1", "direction": direction, "verdict": "clear", "hits": 0, "decision": decision}, nil)
		d.Kind, d.Officer = "crossing.decided", marz.OfficerID(by)+"/7"
		_, err = tx.Append(d)
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// described writes what a post says of itself at its beginning.
func (o *outpost) described() {
	o.t.Helper()
	err := o.j.Update(o.t.Context(), func(tx *journal.Tx) error {
		d := draft("am-bg", words{"post": words{"id": o.id.Post, "name": "Agarak", "zone": "Asia/Yerevan", "lanes": []words{{"id": "1", "direction": "entry", "flow": "persons"}}}}, nil)
		d.Kind = "post.described"
		_, err := tx.Append(d)
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// From a post's journal to the nation's page, a person's crossings under an entry and an article, exports, and a file of stays that the key opens.
func TestNationwide(t *testing.T) {
	h := newHouse(t)
	q := h.open()
	s := h.serve(q)
	id, err := ReadIdentity(h.dir)
	if err != nil {
		t.Fatal(err)
	}
	o := newOutpost(t, "agarak", h.clock, 3)
	o.described()
	o.crossing("am-bg", marz.EntryDirection, "A1234567")
	o.crossing("ru-bg", marz.EntryDirection, "B7654321") // another authority's: its payload is not held here
	if err := q.AddNode(t.Context(), o.id); err != nil {
		t.Fatal(err)
	}
	o.addr.Store(&s.nodes)
	o.whole(o.push(id, func(e journal.Entry) bool { return e.Authority == "am-bg" }))
	if _, err := q.index.Fold(t.Context()); err != nil {
		t.Fatal(err)
	}

	secret, officer := h.admitted(q, "am-bg/2", marz.RoleOfficer)
	who := nation.Identity{Issuer: "UTO", Number: "A1234567"}
	if _, err := q.Search(t.Context(), officer, who, "curiosity", ""); marz.CodeOf(err) != marz.Invalid {
		t.Errorf("without a reason that is known: %v", err)
	}
	before := size(t, q)
	seq, err := q.Search(t.Context(), officer, who, "court", "file 17")
	if err != nil || int64(seq) != before || size(t, q) != before+1 {
		t.Fatal(seq, before, err)
	}
	e, body, err := q.ledger.Entry(t.Context(), seq)
	if err != nil || e.Kind != nation.KindSearched || e.Under != "treaty/1" || e.Officer != "am-bg/2" || strings.Contains(string(body), "A1234567") {
		t.Fatalf("the entry is %s, %v", body, err)
	}
	shown, err := q.History(t.Context(), officer, seq)
	if err != nil || len(shown.Rows) != 1 || shown.Rows[0].Nationality != "IRN" || shown.Rows[0].Decision != marz.Admit {
		t.Fatalf("%+v, %v", shown, err)
	}
	_, other := h.admitted(q, "am-bg/3", marz.RoleOfficer)
	if _, err := q.History(t.Context(), other, seq); marz.CodeOf(err) != marz.Forbidden {
		t.Errorf("by another officer: %v", err)
	}
	if n, _ := q.Search(t.Context(), officer, nation.Identity{Issuer: "UTO", Number: "B7654321"}, "court", ""); n > 0 {
		if shown, err := q.History(t.Context(), officer, n); err != nil || len(shown.Rows) != 0 {
			t.Errorf("of another authority's record: %+v, %v", shown, err)
		}
	}

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	get := func(path string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.browsers+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(&http.Cookie{Name: cookieName, Value: secret})
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	for path, want := range map[string]string{"/nation": "Agarak", "/nation/day?post=test%2Fagarak": "Agarak", "/person": "court", "/person/" + strconv.FormatInt(int64(seq), 10): "A1234567"} {
		if status, page := get(path); status != http.StatusOK || !strings.Contains(page, want) {
			t.Errorf("%s: %d, without %q", path, status, want)
		}
	}
	status, text := get("/exports/crossings/csv?from=2024-12-31&until=2025-02-01")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if status != http.StatusOK || err != nil || len(rows) != 3 || strings.Contains(text, "A1234567") || strings.Contains(text, "ABADI") {
		t.Errorf("the export: %d, %v, %q", status, err, text)
	}
	if status, _ := get("/exports/crossings/csv?from=yesterday&until=2025-02-01"); status != http.StatusBadRequest {
		t.Errorf("a day that is none: %d", status)
	}

	q.config.Stay.Days, q.config.Stay.Window = 90, 180
	path := filepath.Join(t.TempDir(), "stays")
	in, _ := json.Marshal(path)
	if _, err := commands[CommandStays](q, t.Context(), in); err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(q.ledger.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stays.Open(path, v); err != nil {
		t.Errorf("the file of stays: %v", err)
	}
}
