package nation_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/hq/nation"
	"marz/inspection"
	"marz/inspection/stays"
)

// TestStaysFile holds that the file has every traveller's entries and exits at all posts, whoever has a limit, and says up to where each post's are in it.
func TestStaysFile(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		w := newWorld(t)
		posts := []*node{w.post("agarak", lanes...), w.post("bavra", lanes...)}
		r := rand.New(rand.NewPCG(5, 5))
		rule := inspection.StayRule{Days: 30, Window: 60, Exempt: []string{"ARM"}}
		want := map[int][]stays.Movement{}
		inside := map[int]bool{}
		clock := start
		for range 400 {
			clock += marz.Instant(r.IntN(36 * 3600e3))
			n := posts[r.IntN(2)]
			n.now = clock
			who := r.IntN(30)
			direction := marz.EntryDirection
			if inside[who] {
				direction = marz.ExitDirection
			}
			if r.IntN(5) == 0 { // who is refused or held has not moved
				id := n.inspect(invented(who), "1", direction)
				n.decide(id, direction, map[marz.Direction]marz.Decision{marz.EntryDirection: marz.Refuse, marz.ExitDirection: marz.Hold}[direction])
				continue
			}
			n.cross(invented(who), direction)
			inside[who] = !inside[who]
			want[who] = append(want[who], stays.Movement{Day: dayIn(clock), Direction: direction})
		}
		for _, n := range posts {
			n.all()
		}
		posts[0].add("session.opened", "am-bg/0101", words{"officer": "am-bg/0101", "session": "a"}, nil)
		posts[0].cosign(int64(len(posts[0].rows)), 0) // its payloads have not come so far
		db, dialect := d.open(t)
		x := w.index(db, dialect)
		fold(t, x)
		f := staysFile(t, x, rule, clock)
		if f.CoveredOf("armenia/agarak") != marz.Seq(posts[0].paid) || f.CoveredOf("armenia/bavra") != marz.Seq(len(posts[1].rows)) || f.CoveredOf("armenia/nowhere") != 0 {
			t.Errorf("covered: %+v", f.Posts)
		}
		found := map[uint64][]stays.Movement{}
		for digest, moves := range f.All() {
			found[digest] = moves
		}
		first := dayIn(clock) - rule.Window
		if f.First != first || f.Zone != "Asia/Yerevan" || f.KeyID != staysKey.ID() {
			t.Errorf("%+v", f.Header)
		}
		for who, moves := range want {
			p := invented(who)
			if p.Nationality == "ARM" {
				moves = nil
			}
			if got := found[staysKey.Digest(p.Person)]; !slices.Equal(got, inWindow(moves, first)) {
				t.Errorf("traveller %d: %v and not %v", who, got, inWindow(moves, first))
			}
		}
	})
}

// inWindow are the movements since a day, with an entry on that day for who was inside before.
func inWindow(moves []stays.Movement, first int) (out []stays.Movement) {
	for i, m := range moves {
		switch {
		case m.Day >= first:
			out = append(out, m)
		case m.Direction == marz.EntryDirection && (i+1 == len(moves) || moves[i+1].Day >= first):
			out = append(out, stays.Movement{Day: first, Direction: marz.EntryDirection})
		}
	}
	return out
}

func dayIn(i marz.Instant) int {
	y, m, d := i.In(yerevan).Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func staysFile(t *testing.T, x *nation.Index, rule inspection.StayRule, now marz.Instant) *stays.File {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.NewChaCha8([32]byte{1}), string(hq))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	b, err := x.StaysFile(t.Context(), rule, now, signer)
	if err != nil {
		t.Fatal(err)
	}
	f, err := stays.Read("stays", b, verifier)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestOpen holds that tables which were made for something else are not gone on with.
func TestOpen(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		w := newWorld(t)
		n := w.post("agarak", lanes...)
		n.cross(invented(1), marz.EntryDirection)
		n.all()
		db, dialect := d.open(t)
		fold(t, w.index(db, dialect))
		o := w.options(db, dialect)
		o.Key = make([]byte, nation.KeySize)
		x, err := nation.Open(t.Context(), o)
		if marz.CodeOf(err) != marz.Conflict || x == nil {
			t.Fatalf("under another key: %v, %v", x, err)
		}
		before := dump(t, db)
		if err := x.Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		fold(t, x)
		if after := dump(t, db); after == before || !strings.Contains(after, "person=") {
			t.Errorf("rebuilt under another key it is the same:\n%s", after)
		}
		if _, err := nation.Open(t.Context(), o); err != nil {
			t.Error(err)
		}
		if _, err := db.Exec(`UPDATE n_meta SET version = 99`); err != nil {
			t.Fatal(err)
		}
		if x, err := nation.Open(t.Context(), o); marz.CodeOf(err) != marz.Conflict || x != nil {
			t.Errorf("of a newer version: %v, %v", x, err)
		}
	})
}
