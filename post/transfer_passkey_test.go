package post

import (
	"testing"

	"marz"
	"marz/transfer"
)

// Two commanders sign with passkeys that their headquarters commissioned, on a machine whose boot clock is the second source of time. The outgoing one's access is over from the
// instant on, with and without his device; he signs the act with the code that he got.
func TestCommandersSignWithPasskeys(t *testing.T) {
	tp, dOut, dIn := newRealPost(t, handing)
	ctx := t.Context()
	out, in := tp.signInWith(dOut), tp.signInWith(dIn)
	inv, err := tp.Invite(ctx, out, Officer{"ru-bg/7", "R Seven", marz.RoleOfficer})
	if err != nil {
		t.Fatal(err)
	}
	id, err := tp.OpenTransfer(ctx, in, "treaty/2", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []Actor{out, in} {
		for _, what := range transfer.Countable {
			if err := tp.Count(ctx, a, id, what, 1, "in the safe"); err != nil {
				t.Fatal(err)
			}
		}
	}
	digest, err := tp.Present(ctx, out, id)
	if err != nil {
		t.Fatal(err)
	}
	tp.unchanged(id, "a passkey that nobody commissioned", marz.Forbidden, "has not commissioned", func() error { return second(tp.signWith(dOut, out, transfer.SaysArm, id, digest)) })
	tp.unchanged(id, "an exercise's key", marz.NotFound, "not an exercise", func() error { return second(tp.SignExercise(ctx, out, transfer.SaysArm, id, digest)) })
	if b, err := tp.Transfer(ctx, out); err != nil || b.Commission == "" || b.Sign != "passkey" || b.Side != "outgoing" {
		t.Fatalf("%+v, %v", b, err)
	}
	tp.commissions(out.Officer)
	if b, err := tp.Transfer(ctx, out); err != nil || b.Commission != "" {
		t.Errorf("%+v, %v", b, err)
	}
	tp.unchanged(id, "another's device", marz.Unauthenticated, "", func() error { return second(tp.signWith(dIn, out, transfer.SaysArm, id, digest)) })
	turned, err := tp.signWith(dOut, out, transfer.SaysArm, id, digest)
	if err != nil || turned.Relieved == "" {
		t.Fatalf("%+v, %v", turned, err)
	}
	if live, err := tp.Live(ctx, out); err != nil || live.Relieved != "" || live.Next.Phase != transfer.Preparing {
		t.Errorf("%+v, %v", live, err)
	}
	if _, err := tp.signWith(dIn, in, transfer.SaysArm, id, digest); err != nil {
		t.Fatal(err)
	}
	tp.now.Store(int64(midnight)) // ten minutes that the machine has not run: the clock was set
	if err := tp.Tick(ctx); err != nil || tp.phase(id) != transfer.Armed {
		t.Fatalf("control passed by a clock that was set: %v", err)
	}
	if w := tp.nextPassing(tp.Post.now()).Waiting; w == "" {
		t.Error("nobody is told what is waited for")
	}
	for _, d := range []struct {
		*device
		Actor
	}{{dOut, out}, {dIn, in}} {
		if _, err := tp.signWith(d.device, d.Actor, transfer.SaysNow, id, digest); err != nil {
			t.Fatal(err)
		}
	}
	x := tp.executed()
	if len(x.Clocks) != 2 || x.Clocks[1].Source != "boot" || tp.Controller() != "am-bg" {
		t.Errorf("%+v", x)
	}
	live, err := tp.Live(ctx, out)
	if err != nil || live.Ended == "" || live.Relieved != turned.Relieved {
		t.Errorf("%+v, %v; want %s", live, err, turned.Relieved)
	}
	code(t, "his device", second(tp.tryIn(dOut)), marz.Forbidden, "treaty/2")
	code(t, "an invitation of before", second2(tp.Invited(ctx, inv.Link[len(inv.Link)-43:])), marz.NotFound, "invitation")
	code(t, "his session", second(tp.begins(out, id, digest)), marz.Unauthenticated, "control passed to am-bg")
	tp.reopen(nil)
	code(t, "his device, after a restart", second(tp.tryIn(dOut)), marz.Forbidden, "treaty/2")
	in = tp.signInWith(dIn)
	if _, err := tp.signWith(dIn, in, transfer.SaysClose, id, tp.core(id)); err != nil {
		t.Fatal(err)
	}
	a, err := tp.Act(ctx, id)
	if err != nil || len(a.Commissions) != 2 || len(a.Closed) != 1 {
		t.Errorf("%d commissions, %d closings, %v", len(a.Commissions), len(a.Closed), err)
	}
}

// begins begins to arm.
func (tp *testPost) begins(a Actor, id transfer.ID, digest string) (bool, error) {
	_, _, err := tp.BeginSign(tp.t.Context(), a, transfer.SaysArm, id, digest)
	return true, err
}
