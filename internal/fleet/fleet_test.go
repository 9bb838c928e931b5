package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"marz"
	"marz/agreement"
)

func names(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("post-%d", i))
	}
	return all
}

// A seed gives one schedule. In it no machine has two faults at a time, of headquarters' machines only one has one, and all have ended when the time is over.
func TestSchedule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed, lasts := rapid.Uint64().Draw(t, "seed"), time.Duration(rapid.IntRange(0, 900).Draw(t, "seconds"))*time.Second
		posts := names(rapid.IntRange(0, 20).Draw(t, "posts"))
		all := schedule(seed, posts, lasts)
		if diff := cmp.Diff(all, schedule(seed, posts, lasts), cmp.AllowUnexported(fault{})); diff != "" {
			t.Fatal(diff)
		}
		free := map[string]time.Duration{}
		for i, f := range all {
			who := f.host
			if !strings.HasPrefix(who, "post-") {
				who = "headquarters"
			}
			switch {
			case i > 0 && f.at < all[i-1].at:
				t.Errorf("%v comes after %v", f, all[i-1])
			case f.lasts <= 0 || f.at+f.lasts > lasts:
				t.Errorf("%v does not end within %s", f, lasts)
			case f.at < free[who]:
				t.Errorf("%v comes while another lasts", f)
			}
			free[who] = f.at + f.lasts + quiet
		}
		lines := map[string]int{}
		for _, s := range steps(all) {
			if s.begin {
				lines[s.host]++
			} else {
				lines[s.host]--
			}
			if lines[s.host] < 0 || lines[s.host] > 1 {
				t.Errorf("%v begins or ends twice", s.fault)
			}
		}
		for who, n := range lines {
			if n != 0 {
				t.Errorf("a fault of %s does not end", who)
			}
		}
	})
}

// In a campaign of some minutes everything comes that can.
func TestEverythingComes(t *testing.T) {
	for seed := range uint64(20) {
		seen := map[kind]bool{}
		for _, f := range schedule(seed, names(50), 5*time.Minute) {
			seen[f.kind] = true
		}
		for _, k := range append(unique(ofPosts), unique(ofHQ)...) {
			if !seen[k] {
				t.Errorf("seed %d: no %s", seed, k)
			}
		}
	}
}

// The scenario is sound: from the instant at which its exercise begins each post has an authority in control, and headquarters may read its journal.
func TestScenario(t *testing.T) {
	for _, n := range []int{1, 5, 6, 50} {
		f := &fleet{base: t.TempDir()}
		places, err := writeScenario(f.base, n)
		if err != nil || len(places) != n {
			t.Fatal(places, err)
		}
		r, err := registerIn(f.base)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range places {
			at, err := marz.ParseInstant(p.start)
			if err != nil {
				t.Fatal(err)
			}
			d := r.May(agreement.Question{Officer: authority + "/0101", Role: marz.RoleOfficer, Place: p.id.Place(), Action: marz.ActReadJournal, At: at})
			if !d.Allowed {
				t.Errorf("%s may not read the journal of %s", authority, p.id)
			}
		}
	}
}

func line(seq int64, entry string) string {
	b, _ := json.Marshal(struct {
		Seq  int64  `json:"seq"`
		Body []byte `json:"body"`
	}{seq, []byte(entry)})
	return string(b) + "\n"
}

// What the end of a campaign looks for is found.
func TestWhatIsAmiss(t *testing.T) {
	opened, decided := `{"v":1,"seq":%d,"kind":"inspection.opened"}`, `{"v":1,"seq":%d,"kind":"crossing.decided"}`
	good := line(0, fmt.Sprintf(opened, 0)) + line(1, fmt.Sprintf(decided, 1)) + line(2, fmt.Sprintf(decided, 2)) + "{\"head\":\"a\"}\n"
	if n, err := crossingsIn(good); n != 2 || err != nil {
		t.Errorf("%d crossings, %v", n, err)
	}
	for name, bad := range map[string]string{
		"lost":             line(0, fmt.Sprintf(opened, 0)) + line(2, fmt.Sprintf(decided, 2)),
		"doubled":          line(0, fmt.Sprintf(opened, 0)) + line(0, fmt.Sprintf(opened, 0)),
		"doubled inside":   line(0, fmt.Sprintf(opened, 0)) + line(1, fmt.Sprintf(opened, 0)),
		"in another order": line(1, fmt.Sprintf(opened, 1)) + line(0, fmt.Sprintf(decided, 0)),
		"no entry":         line(0, "{"),
	} {
		if _, err := crossingsIn(bad); err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
	lines := strings.SplitAfter(good, "\n")
	for name, held := range map[string]string{
		"one byte":    strings.Replace(good, "a", "b", 1),
		"a line less": strings.Join(lines[:len(lines)-2], ""),
		"a line more": good + lines[0],
		"nothing":     "",
	} {
		if same(good, held) == nil {
			t.Errorf("%s: it is the same", name)
		}
	}
	if err := same(good, good); err != nil {
		t.Error(err)
	}
	two := lines[0] + lines[1]
	if err := begins(good, two); err != nil {
		t.Error(err)
	}
	if begins(two, good) == nil || begins(lines[0]+lines[2], two) == nil {
		t.Error("a journal that lost an entry is taken for the whole")
	}
}
