package post

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"marz"
	"marz/retention"
)

// watched is a post and a section that ru-bg controls, at which am-bg looks on until midnight.
const watched = treaty + `article = [
 { id = "1", kind = "control", authority = "ru-bg", places = ["agarak", "line"], from = "1992-09-30T00:00:00+03:00", text = "" },
 { id = "2", kind = "observe", authority = "am-bg", places = ["agarak", "line"], from = "2024-10-08T00:00:00+04:00", until = "2025-01-01T00:00:00+04:00", text = "" },
]`

// stage is a post at which there is something behind every route.
type stage struct {
	*testPost
	inspection, patrol, incident string
}

func newStage(t *testing.T) *stage {
	tp := newTestPostUnder(t, watched)
	officer, supervisor := tp.atLane("ru-bg/2", "1"), tp.signIn("ru-bg/1")
	open := tp.mustScan(officer, "1", passport(t, "ABADI", "REZA", "A1", nil))
	now := tp.clock()
	patrol, err := tp.Roster(t.Context(), supervisor, "line", now, now.Add(time.Hour), []marz.OfficerID{"ru-bg/2"})
	if err != nil {
		t.Fatal(err)
	}
	incident, err := tp.RecordIncident(t.Context(), officer, "line", Incident{At: now, Kind: "fence", Kilometre: 3, Present: []marz.OfficerID{"ru-bg/2"}, Note: "a note"})
	if err != nil {
		t.Fatal(err)
	}
	return &stage{tp, string(open.ID), fmt.Sprint(patrol), fmt.Sprint(incident)}
}

// fill puts values into a route's pattern, and gives what its handler takes.
func (s *stage) fill(t *testing.T, pattern string) (method, path string, body any) {
	id := s.inspection
	if strings.Contains(pattern, "/patrols/") {
		id = s.patrol
	}
	seq := "1"
	if strings.Contains(pattern, "/incidents/") {
		seq = s.incident
	}
	method, path, _ = strings.Cut(pattern, " ")
	path = strings.NewReplacer("{$}", "", "{lane}", "1", "{id}", id, "{seq}", seq, "{code}", "nonsense", "{agreement}", "treaty", "{place}", "agarak", "{section}", "line", "{step}", "open").Replace(path)
	if method == "GET" {
		return method, path, nil
	}
	last := path[strings.LastIndex(path, "/")+1:]
	bodies := map[string]any{
		"scan": map[string]string{"text": passport(t, "ABADI", "REZA", "A1", nil)}, "read": map[string]string{"reason": "supervision"},
		"candidates": map[string]string{"text": "P<UTO"},
		"withdraw":   map[string]string{"reason": "wrong-lane"}, "dismiss": map[string]string{"officer": "am-bg/2"},
		"decide": map[string]string{"decision": "admit"}, "confirm": map[string]int{"proposal": 1},
		"invite": map[string]string{"officer": "am-bg/9", "name": "N", "role": "officer"},
		"hits":   map[string]string{"owner": "ru-bg", "reason": "comparison"}, "object": map[string]any{"submission": 1, "reason": "other-decision"},
		"concur": map[string]any{"submission": 1},
		"person": map[string]any{"primary": "ABADI", "nationality": "IRN", "birth": "1980-05-06", "numbers": []string{"A1"}, "reason": "person-asks"},
		"set":    map[string]string{"digest": retention.Digest(nil)}, "hold": map[string]any{"entry": 1, "reason": "court"}, "referral": map[string]string{"outcome": "refused"}, "note": map[string]string{"kind": "complaint", "note": "n"},
		"clear":  map[string]string{"list": "test-list", "alert": "P1", "reason": "second-line"},
		"revoke": map[string]string{"reason": "owner-asks"}, "acknowledge": map[string]string{"reason": "followed-up"},
		"patrols":   map[string]any{"from": "2024-12-31T23:55:00+04:00", "until": "2025-01-01T03:00:00+04:00", "officers": []string{"ru-bg/2"}},
		"incidents": map[string]any{"at": "2024-12-31T23:45:00+04:00", "kind": "fence", "kilometre": 3, "present": []string{"ru-bg/2"}, "note": "n"},
	}
	if strings.HasPrefix(path, "/api/programs/") {
		return method, path, map[string]any{"client": strings.Repeat("0f", 32)}
	}
	if strings.HasPrefix(path, "/api/readers/") {
		return method, path, map[string]string{"reader": strings.Repeat("0f", 32)}
	}
	if b, ok := bodies[last]; ok {
		return method, path, b
	}
	return method, path, struct{}{}
}

// lookingOn are the routes behind which there is nothing about a person and nothing is changed: whoever may read the journal has them.
var lookingOn = map[string]bool{"GET /{$}": true, "GET /events": true, "GET /supervisor": true, "GET /crossings": true, "GET /journal": true,
	"GET /journal/head": true, "GET /journal/entry/{seq}": true, "GET /journal/proof/{seq}": true, "GET /register": true, "GET /register/{agreement}": true,
	"GET /timeline/{place}": true, "GET /map": true, "GET /lookups": true, "GET /mirrors": true, "GET /retention": true, "GET /sections": true}

// notThere are those behind which there is nothing at this post.
var notThere = map[string]bool{"GET /transfer/{id}/act": true, "GET /transfer/{id}/act.json": true}

// No page, endpoint or command is reached without a session but those that say they are open; whoever may only look on gets nothing that is about a
// person or changes anything; and a session whose authority has no article in force any more gets nothing at all.
func TestEveryRouteAsksWhoMay(t *testing.T) {
	tp := newStage(t)
	srv := tp.serve()
	nobody, observer := tp.client(srv, ""), tp.client(srv, "am-bg/1")
	before := tp.size()
	for _, rt := range routes {
		method, path, body := tp.fill(t, rt.pattern)
		if rt.pattern == "POST /signin/finish" || rt.pattern == "POST /exercise/signin" {
			continue // these are how a session is had, and an empty one is refused
		}
		resp, _ := nobody.do(method, path, body)
		open := rt.access == accessOpen || rt.access == accessExercise
		refused := resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusSeeOther && resp.Header.Get("Location") == "/signin"
		if open == refused {
			t.Errorf("%s without a session: %s", rt.pattern, resp.Status)
		}
		if resp.Header.Get("Content-Security-Policy") == "" || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s lacks security headers", rt.pattern)
		}
	}
	if tp.size() != before {
		t.Errorf("somebody without a session caused %d entries", tp.size()-before)
	}
	tp.walk(t, observer, "an observer", func(pattern string) int {
		if lookingOn[pattern] {
			return http.StatusOK
		}
		if notThere[pattern] {
			return http.StatusNotFound
		}
		return http.StatusForbidden
	})
	if tp.kinds()[KindRefusedAct] == 0 {
		t.Error("none of the attempts is an entry")
	}
	tp.now.Store(int64(midnight))
	tp.walk(t, observer, "a session without any article", func(pattern string) int {
		if pattern == "GET /events" {
			return http.StatusOK // the word that the session has ended
		}
		return http.StatusForbidden
	})
}

// walk asks for every route that needs a session.
func (s *stage) walk(t *testing.T, c *client, who string, want func(pattern string) int) {
	t.Helper()
	for _, rt := range routes {
		if rt.access == accessOpen && rt.pattern != "GET /{$}" || rt.access == accessExercise || rt.pattern == "POST /signout" {
			continue
		}
		method, path, body := s.fill(t, rt.pattern)
		if resp, text := c.do(method, path, body); resp.StatusCode != want(rt.pattern) {
			t.Errorf("%s by %s: %s %.300s", rt.pattern, who, resp.Status, text)
		}
	}
}
