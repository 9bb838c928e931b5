package release

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"marz"
	"marz/journal"
)

// book is a headquarters' journal as far as this package goes, with the naive reading beside it: what was said, in order.
type book struct {
	s    State
	said []journal.Entry
}

func (b *book) entry(kind string, public any) journal.Entry {
	raw, err := json.Marshal(public)
	if err != nil {
		panic(err)
	}
	return journal.Entry{Seq: marz.Seq(len(b.said)), Kind: kind, Authority: "am-bg", Public: raw}
}

// say appends an entry if it may be.
func (b *book) say(kind string, public any) error {
	e := b.entry(kind, public)
	if err := b.s.Check(e); err != nil {
		return err
	}
	b.s.Fold(e)
	b.said = append(b.said, e)
	return nil
}

func list(version, from string, to ...marz.Origin) List {
	return List{To: to, List: "l", Name: "L", Owner: "am-bg", From: from, Version: version, Made: 1, SHA256: strings.Repeat("ab", 32), Size: 1}
}

var posts = []marz.Origin{"a", "b", ""}

// naive says what a post has, reading everything that was said from the start: the newest whole version that is for it, and each change of what it then has.
func (b *book) naive(post marz.Origin) (has []string) {
	wide, gone := map[marz.Seq]bool{}, map[marz.Seq]bool{}
	for _, e := range b.said {
		var n struct{ Release marz.Seq }
		json.Unmarshal(e.Public, &n)
		wide[n.Release] = wide[n.Release] || e.Kind == KindWidened
		gone[n.Release] = gone[n.Release] || e.Kind == KindRecalled
	}
	for _, e := range b.said {
		var l List
		json.Unmarshal(e.Public, &l)
		if gone[e.Seq] || len(l.To) > 0 && !wide[e.Seq] && !slices.Contains(l.To, post) {
			continue
		}
		switch {
		case e.Kind == KindList:
			has = []string{l.Version}
		case e.Kind == KindChange && len(has) > 0 && has[len(has)-1] == l.From:
			has = append(has, l.Version)
		}
	}
	return has
}

// The fold is the naive reading, for every post; what was widened is in force where it was widened to; and a recall brings back exactly what there was before, if nothing came after it.
func TestStateIsWhatWasSaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := &book{}
		for i := range rapid.IntRange(1, 25).Draw(t, "entries") {
			version := fmt.Sprint("v", i)
			to := rapid.SampledFrom([][]marz.Origin{nil, {"a"}, {"b"}, {"a", "b"}}).Draw(t, "to")
			seq := marz.Seq(rapid.IntRange(0, max(0, len(b.said)-1)).Draw(t, "release"))
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				before := map[marz.Origin][]string{}
				for _, p := range posts {
					before[p] = b.naive(p)
				}
				if b.say(KindList, list(version, "", to...)) != nil {
					t.Fatal("a new version is refused")
				}
				if rapid.Bool().Draw(t, "back") {
					if err := b.say(KindRecalled, Recalled{marz.Seq(len(b.said) - 1), "wrong"}); err != nil {
						t.Fatal(err)
					}
					for _, p := range posts {
						if got := b.naive(p); !slices.Equal(got, before[p]) {
							t.Fatalf("at %q there was %v, and after it was taken back %v", p, before[p], got)
						}
					}
				}
			case 1, 2:
				post := marz.Origin("")
				if len(to) > 0 {
					post = to[0]
				}
				has := b.naive(post)
				if len(has) == 0 {
					continue
				}
				err := b.say(KindChange, list(version, has[len(has)-1], to...))
				for _, p := range to {
					if now := b.naive(p); err == nil && (len(now) == 0 || now[len(now)-1] != version) {
						t.Fatalf("a change was let through that is not in force at %q: %v", p, now)
					}
				}
			case 3:
				if b.say(KindWidened, Widened{seq}) == nil && !slices.ContainsFunc(b.s.Chain("l", ""), func(r *Release) bool { return r.Seq == seq }) {
					t.Fatal("what was widened is in force nowhere else")
				}
			case 4:
				b.say(KindRecalled, Recalled{seq, "wrong"})
			}
			for _, p := range posts {
				var got []string
				for _, r := range b.s.Chain("l", p) {
					got = append(got, r.List.Version)
					if !b.s.Entitled(p, journal.Entry{Seq: r.Seq}) || !b.s.Reads(p, r.List.SHA256) {
						t.Fatalf("%q has %s and may not have it", p, r.List.Version)
					}
				}
				if want := b.naive(p); !slices.Equal(got, want) {
					t.Fatalf("at %q there is %v, want %v", p, got, want)
				}
			}
		}
	})
}

// What an entry can say is bounded, and what it cannot is named.
func TestEntriesThatCannotBe(t *testing.T) {
	good := list("1", "")
	bad := func(change func(*List)) List {
		l := good
		change(&l)
		return l
	}
	for name, c := range map[string]struct {
		kind   string
		public any
	}{
		"a path for an id":      {KindList, bad(func(l *List) { l.List = "../keys" })},
		"a folder for an id":    {KindList, bad(func(l *List) { l.List = "a/b" })},
		"a hidden id":           {KindList, bad(func(l *List) { l.List = ".x" })},
		"no owner":              {KindList, bad(func(l *List) { l.Owner = "" })},
		"no version":            {KindList, bad(func(l *List) { l.Version = "" })},
		"a version from itself": {KindChange, bad(func(l *List) { l.From = "1" })},
		"a change from nothing": {KindChange, good},
		"a list from something": {KindList, bad(func(l *List) { l.From = "0" })},
		"a digest in capitals":  {KindList, bad(func(l *List) { l.SHA256 = strings.ToUpper(l.SHA256) })},
		"no size":               {KindList, bad(func(l *List) { l.Size = 0 })},
		"no instant":            {KindList, bad(func(l *List) { l.Made = 0 })},
		"a post that cannot be": {KindList, bad(func(l *List) { l.To = []marz.Origin{"A B"} })},
		"widening what follows": {KindWidened, Widened{9}},
		"recalled without why":  {KindRecalled, Recalled{0, ""}},
		"another's officer":     {KindOfficer, Officer{Officer: "ru-bg/1", Role: marz.RoleOfficer}},
		"a role of no officer":  {KindOfficer, Officer{Officer: "am-bg/1", Role: "king"}},
		"no JSON":               {KindList, 7},
	} {
		b := &book{said: make([]journal.Entry, 3)}
		if err := b.s.Check(b.entry(c.kind, c.public)); marz.CodeOf(err) != marz.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	b := &book{}
	if err := b.say(KindList, good); err != nil {
		t.Fatal(err)
	}
	if err := b.say(KindList, good); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("a version twice: %v", err)
	}
	if err := b.say(KindList, bad(func(l *List) { l.Version, l.Own = "2", true })); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("a list in common as an own one: %v", err)
	}
}
