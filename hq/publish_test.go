package hq

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/journal"
	"marz/mirror"
	"marz/release"
	"marz/watchlist"
)

// built writes a list of one person, signed, or the change from one version to the next.
func built(t testing.TB, secret, version, after string) string {
	t.Helper()
	signer, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	made := func(version string) *watchlist.List {
		return &watchlist.List{ID: "wanted", Name: "Wanted", Owner: "am-bg", Version: version, Loaded: noon, Alerts: []watchlist.Alert{{ID: marz.AlertID("p" + version), Kind: "person", Names: []watchlist.Name{{Text: "Alisa Testova " + version}}}}}
	}
	path := filepath.Join(t.TempDir(), "wanted")
	if after == "" {
		err = watchlist.WriteFile(path, made(version), watchlist.FileOptions{Signer: signer})
	} else {
		c := watchlist.Diff(slices.Values(made(after).Alerts), slices.Values(made(version).Alerts))
		c.List, c.From, c.To, c.Loaded = "wanted", after, version, noon
		err = watchlist.WriteChange(path, c, signer)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// follow reads the headquarters' own journal as a node does, over its listener for nodes.
func (o *outpost) follow(id Identity) *mirror.Follower {
	o.t.Helper()
	store, err := mirror.OpenSQLite(o.t.Context(), filepath.Join(o.t.TempDir(), "hq.db"), "")
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { store.Close() })
	f, err := mirror.NewFollower(o.t.Context(), mirror.FollowerConfig{Remote: mirror.Remote{Name: "hq", URL: id.URL, Transport: o.transport(id)}, VerifierKey: id.HQKey, Store: store,
		Clock: func() marz.Instant { return noon }, Random: rand.Float64, After: time.After, Least: time.Millisecond, Most: 20 * time.Millisecond, Spread: time.Millisecond})
	if err != nil {
		o.t.Fatal(err)
	}
	return f
}

// has waits until a follower holds an entry, and returns the fold over what it holds.
func has(t testing.TB, f *mirror.Follower, seq marz.Seq) *release.State {
	t.Helper()
	limit := time.After(20 * time.Second)
	for changed := f.Changed(); f.Status().Size <= int64(seq); changed = f.Changed() {
		select {
		case <-changed:
		case <-limit:
			t.Fatalf("it is at %+v", f.Status())
		}
	}
	s := &release.State{}
	if err := f.Entries(t.Context(), 0, func(e journal.Entry) error { s.Fold(e); return nil }); err != nil {
		t.Fatal(err)
	}
	return s
}

// What is published goes to the canary alone, with its file and its payload, until it is widened; nodes read the headquarters' own journal at any of its nodes, strangers at none; and what cannot follow is refused.
func TestPublish(t *testing.T) {
	h := newHouse(t)
	q := h.open()
	s := h.serve(q)
	id, err := ReadIdentity(h.dir)
	if err != nil {
		t.Fatal(err)
	}
	canary, other, stranger := newOutpost(t, "agarak", h.clock, 3), newOutpost(t, "gyumri", h.clock, 4), newOutpost(t, "meghri", h.clock, 5)
	for _, o := range []*outpost{canary, other, stranger} {
		o.addr.Store(&s.nodes)
		if o == stranger {
			continue
		}
		if err := q.AddNode(t.Context(), o.id); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	followers := map[*outpost]*mirror.Follower{}
	for _, o := range []*outpost{canary, other, stranger} {
		followers[o] = o.follow(id)
		done := make(chan struct{})
		go func() { defer close(done); followers[o].Run(ctx) }()
		t.Cleanup(func() { cancel(); <-done })
	}

	if _, err := q.Publish(t.Context(), Publication{File: built(t, h.secret["ru-bg"], "1", "")}); err == nil {
		t.Error("a list that another has signed was published")
	}
	if _, err := q.Publish(t.Context(), Publication{File: built(t, h.secret["am-bg"], "1", ""), To: []marz.Origin{"test/nowhere"}}); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("to a post that is not enrolled: %v", err)
	}
	one, err := q.Publish(t.Context(), Publication{File: built(t, h.secret["am-bg"], "1", ""), To: []marz.Origin{canary.id.Origin}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.Publish(t.Context(), Publication{File: built(t, h.secret["am-bg"], "2", "1")}); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("a change to all of what one has: %v", err)
	}
	two, err := q.Publish(t.Context(), Publication{File: built(t, h.secret["am-bg"], "2", "1"), To: []marz.Origin{canary.id.Origin}})
	if err != nil {
		t.Fatal(err)
	}
	file := func(o *outpost, seq marz.Seq) marz.Code {
		t.Helper()
		r := has(t, followers[o], two.Seq).Get(seq)
		path := filepath.Join(t.TempDir(), "file")
		err := followers[o].File(t.Context(), r.List.SHA256, r.List.Size, path)
		if err != nil {
			return marz.CodeOf(err)
		}
		b, err := os.ReadFile(path)
		if sum := sha256.Sum256(b); err != nil || hex.EncodeToString(sum[:]) != r.List.SHA256 {
			t.Errorf("another file came: %v", err)
		}
		return -1
	}
	payload := func(o *outpost, seq marz.Seq) error { _, err := followers[o].Payload(t.Context(), seq); return err }
	if c := file(canary, one.Seq); c != -1 {
		t.Errorf("the canary does not get the file: %v", c)
	}
	if c := file(other, one.Seq); c != marz.NotFound {
		t.Errorf("the other gets the file: %v", c)
	}
	if err := payload(canary, two.Seq); err != nil {
		t.Error(err)
	}
	if err := payload(other, two.Seq); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("the other gets the payload: %v", err)
	}
	if err := q.Widen(t.Context(), two.Seq); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("a change widened before what it leads on from: %v", err)
	}
	for _, seq := range []marz.Seq{one.Seq, two.Seq} {
		if err := q.Widen(t.Context(), seq); err != nil {
			t.Fatal(err)
		}
	}
	if c := file(other, one.Seq); c != -1 || payload(other, two.Seq) != nil {
		t.Errorf("widened, and the other gets %v, %v", c, payload(other, two.Seq))
	}
	if err := q.Recall(t.Context(), two.Seq, "wrong"); err != nil {
		t.Fatal(err)
	}
	if err := q.Recall(t.Context(), two.Seq, "wrong"); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("taken back twice: %v", err)
	}
	last := marz.Seq(q.ledger.Head().Size - 1)
	if chain := has(t, followers[other], last).Chain("wanted", other.id.Origin); len(chain) != 1 || chain[0].Seq != one.Seq {
		t.Errorf("at the other %+v", chain)
	}
	if st := followers[stranger].Status(); st.Size != 0 || st.Error == "" {
		t.Errorf("a stranger reads: %+v", st)
	}
	if all := q.Releases(); len(all) != 2 || all[1].Recalled == 0 || all[1].Why != "wrong" || len(all[0].To) != 0 {
		t.Errorf("%+v", all)
	}
}

// Only who is enrolled is posted, with what he has; and a voucher counts when the authority's own key has signed it for this journal.
func TestPostOfficer(t *testing.T) {
	h := newHouse(t)
	q := h.open()
	h.admitted(q, "am-bg/1", marz.RoleSupervisor)
	if _, err := q.PostOfficer(t.Context(), Posting{Officer: "am-bg/77"}); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("an officer whom nobody knows: %v", err)
	}
	_, digest, err := NewCode(rand.NewChaCha8([32]byte{9}))
	if err != nil {
		t.Fatal(err)
	}
	r, err := q.PostOfficer(t.Context(), Posting{Officer: "am-bg/1", Code: digest})
	if err != nil || r.Officer != "am-bg/1" {
		t.Fatalf("%+v, %v", r, err)
	}
	sign := func(a marz.AuthorityID, key string) []byte {
		s, err := note.NewSigner(h.secret[a])
		if err != nil {
			t.Fatal(err)
		}
		n, err := note.Sign(&note.Note{Text: release.VoucherText(q.ledger.Origin(), key)}, s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, bad := range [][]byte{sign("ru-bg", q.ledger.VerifierKey()), sign("am-bg", "another"), nil} {
		if err := q.Vouch(t.Context(), bad); marz.CodeOf(err) != marz.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if err := q.Vouch(t.Context(), sign("am-bg", q.ledger.VerifierKey())); err != nil {
		t.Error(err)
	}
}
