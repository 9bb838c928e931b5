package post

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"marz"
	"marz/journal"
)

// The register that is read from the entries of a running post is the one that the post goes by.
func TestReadRegisterOfARunningPost(t *testing.T) {
	tp := newTestPost(t)
	tp.now.Store(int64(midnight))
	if err := tp.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	h, p, err := ReadRegister(t.Context(), tp.dir)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(tp.Described(), p); d != "" {
		t.Errorf("the post differs:\n%s", d)
	}
	if d := cmp.Diff(testGround, h.Ground()); d != "" {
		t.Errorf("the ground differs:\n%s", d)
	}
	r, err := h.Register()
	if err != nil {
		t.Fatal(err)
	}
	events, err := readEvents(tp.journal.State())
	if err != nil {
		t.Fatal(err)
	}
	want, err := fold(testGround, events).Register()
	if err != nil {
		t.Fatal(err)
	}
	if r.Policy() != want.Policy() || r.Policy() != tp.register.Load().Policy() {
		t.Errorf("policy %s, the post goes by %s", r.Policy(), want.Policy())
	}
	if d := cmp.Diff(want.Actual("agarak"), r.Actual("agarak")); d != "" || len(r.Actual("agarak")) != 2 {
		t.Errorf("passings %v differ:\n%s", r.Actual("agarak"), d)
	}
	seq, at := r.Learnt("treaty")
	if wantSeq, wantAt := want.Learnt("treaty"); seq != wantSeq || at != wantAt || seq == 0 {
		t.Errorf("learnt as entry %d at %s, want %d at %s", seq, at, wantSeq, wantAt)
	}
	before, err := h.KnownAt(at - 1)
	if err != nil || len(before.Agreements()) != 0 {
		t.Errorf("before it was learnt there are %d agreements, %v", len(before.Agreements()), err)
	}
}

func TestReadRegisterRefusesWhatIsNoPost(t *testing.T) {
	ctx := context.Background()
	empty, garbage, foreign, bare := t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(garbage, "journal.db"), []byte(strings.Repeat("nothing of ours ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(foreign, "journal.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`CREATE TABLE entry (seq INTEGER PRIMARY KEY, body BLOB)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	key, _, err := journal.NewKey(strings.NewReader(strings.Repeat("k", 64)), "test/bare")
	if err != nil {
		t.Fatal(err)
	}
	genesis := journal.Draft{Authority: "am-bg", Under: "treaty/1", Policy: strings.Repeat("0", 64)}
	if err := journal.Create(ctx, journal.Config{Dir: bare, Key: key, Clock: func() marz.Instant { return marz.InstantOf(time.Unix(1, 0)) }}, genesis, journal.Created{}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		dir, want string
		code      marz.Code
	}{
		{filepath.Join(empty, "absent"), "there is no post in this folder", marz.NotFound},
		{empty, "there is no post in this folder", marz.NotFound},
		{garbage, "cannot be read as a database", marz.Invalid},
		{foreign, "not a Marz journal", marz.Invalid},
		{bare, "does not describe a post", marz.Invalid},
	} {
		_, _, err := ReadRegister(ctx, c.dir)
		if marz.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.dir) {
			t.Errorf("%s: got %v, want %q", c.dir, err, c.want)
		}
	}
}
