package post

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz"
	"marz/transfer"
)

// unchanged holds that something is refused, with its code and words, and that the transfer stays as it is.
func (tp *testPost) unchanged(id transfer.ID, what string, want marz.Code, words string, try func() error) {
	tp.t.Helper()
	before := tp.transfers().Get(id)
	code(tp.t, what, try(), want, words)
	if d := cmp.Diff(before, tp.transfers().Get(id)); d != "" {
		tp.t.Errorf("%s changed the transfer:\n%s", what, d)
	}
	if tp.Controller() != "ru-bg" {
		tp.t.Errorf("%s: %s controls", what, tp.Controller())
	}
}

// stays holds that what has happened lets no control pass.
func (tp *testPost) stays(id transfer.ID, what string) {
	tp.t.Helper()
	if err := tp.Tick(context.Background()); err != nil || tp.Controller() != "ru-bg" || tp.phase(id) == transfer.Executed {
		tp.t.Errorf("%s let control pass: %v", what, err)
	}
}

// deliver brings a signature by one authority's key as that of another.
func (tp *testPost) deliver(key, as marz.AuthorityID, says string, id transfer.ID, digest string) error {
	sig, err := transfer.SignKey(testKeys[key], says, id, digest)
	if err != nil {
		tp.t.Fatal(err)
	}
	if as != key {
		sig.Authority = as
	}
	_, err = tp.AddSignature(context.Background(), id, sig)
	return err
}

// Every key that does not turn leaves everything as it is.
func TestKeysThatDoNotTurn(t *testing.T) {
	tp := newHandover(t)
	ctx := t.Context()
	id, digest := tp.prepare()
	out, in, officer := tp.signIn("ru-bg/1"), tp.signIn("am-bg/1"), tp.signIn("ru-bg/2")
	arm := transfer.SaysArm
	tp.unchanged(id, "a third authority", marz.Forbidden, "neither side", func() error { return tp.deliver("ge-bg", "ge-bg", arm, id, digest) })
	tp.unchanged(id, "a wrong key", marz.Invalid, "not one of am-bg", func() error { return tp.deliver("ru-bg", "am-bg", arm, id, digest) })
	tp.unchanged(id, "another transfer's signature", marz.Invalid, "not good", func() error {
		sig, err := transfer.SignKey(testKeys["am-bg"], arm, "agarak-2", digest)
		if err != nil {
			t.Fatal(err)
		}
		_, err = tp.AddSignature(ctx, id, sig)
		return err
	})
	tp.unchanged(id, "an unknown transfer", marz.NotFound, "no such transfer", func() error { return tp.deliver("am-bg", "am-bg", arm, "agarak-9", digest) })
	tp.unchanged(id, "an officer who is no supervisor", marz.Forbidden, "marz/roles", func() error { return second(tp.SignExercise(ctx, officer, arm, id, digest)) })
	tp.unchanged(id, "a digest that nobody presented", marz.Conflict, "the plan has changed", func() error {
		return second(tp.SignExercise(ctx, in, arm, id, transfer.DigestOf([]byte("another"))))
	})
	tp.unchanged(id, "a close before the execution", marz.Conflict, "control has not passed", func() error { return second(tp.SignExercise(ctx, out, transfer.SaysClose, id, digest)) })
	tp.unchanged(id, "a word on a clock without doubt", marz.Conflict, "not armed", func() error { return second(tp.SignExercise(ctx, out, transfer.SaysNow, id, digest)) })
	if n := tp.kinds()[KindRefusedAct]; n != 2 {
		t.Errorf("%d attempts are entries: one of each kind a minute is", n)
	}

	tp.says(arm, id, digest, "ru-bg")
	if err := tp.Count(ctx, in, id, "keys", 7, ""); err != nil {
		t.Fatal(err)
	}
	if keys := tp.transfers().Get(id).Keys; len(keys) != 0 {
		t.Errorf("a key stands though the inventory has changed: %+v", keys)
	}
	tp.unchanged(id, "the digest of before", marz.Conflict, "the plan has changed", func() error { return tp.deliver("am-bg", "am-bg", arm, id, digest) })
	again, err := tp.Present(ctx, out, id)
	if err != nil || again == digest {
		t.Fatal(again, err)
	}
	tp.unchanged(id, "the digest of before", marz.Conflict, "the plan has changed", func() error { return tp.deliver("am-bg", "am-bg", arm, id, digest) })
	tp.now.Store(int64(midnight) + transfer.Grace + 1)
	tp.unchanged(id, "an instant in the past", marz.Conflict, "is past", func() error { return tp.deliver("am-bg", "am-bg", arm, id, again) })
	if tp.nextPassing(tp.Post.now()).Waiting == "" {
		t.Error("nobody is told that it is overdue")
	}
	tp.verified()
}

// What is wrong with a plan is said before anything is prepared.
func TestPlansThatAreNone(t *testing.T) {
	tp := newHandover(t)
	ctx := t.Context()
	out, in := tp.signIn("ru-bg/1"), tp.signIn("am-bg/1")
	before := tp.size()
	open := func(article marz.ArticleRef, at marz.Instant, lanes ...marz.LaneID) error {
		return second(tp.OpenTransfer(ctx, out, article, lanes, at))
	}
	code(t, "no article", open("treaty/9", 0), marz.NotFound, "no such article")
	code(t, "an article of control", open("treaty/1", 0), marz.Invalid, "transfers no control")
	code(t, "a lane that is none", open("treaty/2", 0, "9"), marz.Invalid, "lane")
	code(t, "an instant that is past", open("treaty/2", tp.Post.now()-1000), marz.Invalid, "is past")
	if tp.size() != before {
		t.Errorf("%d entries", tp.size()-before)
	}
	id, _ := tp.prepare()
	code(t, "a second one for the same lanes", open("treaty/2", 0), marz.Conflict, string(id))
	code(t, "what cannot be counted", tp.Count(ctx, out, id, "two words", 1, ""), marz.Invalid, "no line of the inventory")
	code(t, "fewer than none", tp.Count(ctx, out, id, "keys", -1, ""), marz.Invalid, "cannot be counted")
	code(t, "a refusal without a reason", tp.RefuseTransfer(ctx, in, id, ""), marz.Invalid, "why")
	code(t, "prose in a public part", tp.RefuseTransfer(ctx, in, id, "Ivan said no"), marz.Invalid, "code")
	code(t, "postponing to the same instant", tp.Postpone(ctx, out, id, midnight, ""), marz.Conflict, "already")
	code(t, "taking back a key that was not turned", tp.Disarm(ctx, out, id, ""), marz.Conflict, "has not turned")
	code(t, "an act before its time", second(tp.Act(ctx, id)), marz.Conflict, "has not passed")
}

// Before everything is counted, and while something is missing, nothing is presented.
func TestNothingIsPresentedTooEarly(t *testing.T) {
	tp := newHandover(t)
	ctx := t.Context()
	out := tp.signIn("ru-bg/1")
	id, err := tp.OpenTransfer(ctx, out, "treaty/2", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	code(t, "uncounted", second(tp.Present(ctx, out, id)), marz.Conflict, "has not counted")
	boss := tp.signIn("am-bg/1")
	if err := tp.Dismiss(ctx, boss, "am-bg/2"); err != nil {
		t.Fatal(err)
	}
	tp.write("test.jsonl", `{"broken`)
	if err := tp.CancelTransfer(ctx, boss, id, "changed-mind"); err != nil {
		t.Fatal(err)
	}
	tp.reopen(func(o *Options) {})
	tp.write("lists/test-list.kept.json", "no list")
	tp.reopen(nil)
	out = tp.signIn("ru-bg/1")
	id, err = tp.OpenTransfer(ctx, out, "treaty/2", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []Actor{out, tp.signIn("am-bg/1")} {
		for _, what := range transfer.Countable {
			if err := tp.Count(ctx, a, id, what, 0, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	code(t, "a list that is not in force", second(tp.Present(ctx, out, id)), marz.Conflict, "lists is missing")
}
