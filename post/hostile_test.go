package post

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"marz"
	"marz/transfer"
	"marz/verify"
)

// A line by an authority's own key is the same bytes each time and needs no session: once its key is taken back, nobody turns it again by bringing the line that lies in the journal.
func TestLinesAreNotBroughtAgain(t *testing.T) {
	tp := newHandover(t)
	ctx := t.Context()
	id, digest := tp.armed()
	out := tp.signIn("ru-bg/1")
	line := tp.transfers().Get(id).Key("ru-bg").Signature
	bring := func(sig transfer.Signature) error { return second(tp.AddSignature(ctx, id, sig)) }

	tp.says(transfer.SaysDisarm, id, digest, "ru-bg")
	back, err := transfer.SignKey(testKeys["ru-bg"], transfer.SaysDisarm, id, digest)
	if err != nil {
		t.Fatal(err)
	}
	code(t, "the key that was taken back", bring(line), marz.Conflict, "taken its key back")
	tp.stays(id, "a key that was taken back")
	if err := tp.RefuseTransfer(ctx, out, id, "order"); err != nil {
		t.Fatal(err)
	}
	code(t, "the key of who refuses", bring(line), marz.Conflict, "taken its key back")

	if _, err := tp.SignExercise(ctx, out, transfer.SaysArm, id, digest); err != nil {
		t.Fatal(err)
	}
	code(t, "the word that took it back", bring(back), marz.Conflict, "taken its key back")
	if tp.phase(id) != transfer.Armed {
		t.Error("who brings an old word takes a key back that was turned again")
	}
	if err := tp.Disarm(ctx, out, id, ""); err != nil {
		t.Fatal(err)
	}
	again, err := tp.Present(ctx, out, id)
	if err != nil {
		t.Fatal(err)
	}
	tp.says(transfer.SaysArm, id, again, "ru-bg", "am-bg")
	if tp.phase(id) != transfer.Armed {
		t.Error("under an instrument that was presented anew the key turns again")
	}
}

// What turns a key is in the form in which an act is checked: base64 has other forms of the same signature, which would turn the key and make an act that does not verify.
func TestLinesHaveOneForm(t *testing.T) {
	tp := newHandover(t)
	id, digest := tp.prepare()
	sig, err := transfer.SignKey(testKeys["ru-bg"], transfer.SaysArm, id, digest)
	if err != nil {
		t.Fatal(err)
	}
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := strings.IndexByte(digits, sig.Line[len(sig.Line)-2]) // before the one =: its last two bits are padding
	sig.Line = sig.Line[:len(sig.Line)-2] + digits[last|1:last|1+1] + "="
	tp.unchanged(id, "another form of the line", marz.Invalid, "not good", func() error { return second(tp.AddSignature(t.Context(), id, sig)) })
}

// A commander's browser is his own. What he sends is taken only where the checker of the act takes it too: else his key would turn, control would pass, and the act would not verify.
func TestPasskeysTurnOnlyWhatVerifies(t *testing.T) {
	tp, dOut, dIn := newRealPost(t, handing)
	out, in := tp.signInWith(dOut), tp.signInWith(dIn)
	tp.commissions(out.Officer)
	tp.commissions(in.Officer)
	id, digest := tp.prepareBy(out, in, "treaty/2", 0)
	dOut.forge = func(client []byte) []byte {
		return bytes.Replace(client, []byte(`"challenge"`), []byte(`"Challenge"`), 1)
	}
	if _, err := tp.signWith(dOut, out, transfer.SaysArm, id, digest); err == nil {
		t.Error("client data in which no challenge stands turn a key")
	}
	dOut.forge = func(client []byte) []byte { return append([]byte("{\"x\":\"\xff\","), client[1:]...) }
	if _, err := tp.signWith(dOut, out, transfer.SaysArm, id, digest); err == nil {
		t.Error("client data that are no UTF-8 turn a key")
	}
	dOut.forge = nil
	if _, err := tp.signWith(dOut, out, transfer.SaysArm, id, digest); err != nil {
		t.Error(err)
	}
}

// Whoever's passkey said that the instant has come, the act holds his commission, and verifies.
func TestActHoldsWhoSaidTheInstant(t *testing.T) {
	tp, dOut, dIn := newRealPost(t, handing)
	ctx := t.Context()
	out, in := tp.signInWith(dOut), tp.signInWith(dIn)
	inv, err := tp.Invite(ctx, out, Officer{"ru-bg/3", "R Three", marz.RoleSupervisor})
	if err != nil {
		t.Fatal(err)
	}
	dOther := newDevice(t, "ru-bg/3")
	tp.enrol(dOther, inv.Link)
	other := tp.signInWith(dOther)
	for _, a := range []Actor{out, in, other} {
		tp.commissions(a.Officer)
	}
	id, digest := tp.prepareBy(out, in, "treaty/2", 0)
	sign := func(d *device, a Actor, says string) {
		if _, err := tp.signWith(d, a, says, id, digest); err != nil {
			t.Fatal(err)
		}
	}
	sign(dOut, out, transfer.SaysArm)
	sign(dIn, in, transfer.SaysArm)
	tp.now.Store(int64(midnight)) // the clock was set: it is in doubt
	sign(dOther, other, transfer.SaysNow)
	sign(dIn, in, transfer.SaysNow)
	tp.executed()
	a, err := tp.Act(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	b, err := EncodeAct(a)
	if err != nil {
		t.Fatal(err)
	}
	r, err := verify.Act(ctx, b, verify.ActOptions{})
	if err != nil || !r.OK() {
		t.Errorf("%v, %v", r.Problems, err)
	}
}

// talker is a source of time that shows nothing and says much.
type talker struct{}

func (talker) Name() string               { return "ntp" }
func (talker) Now() (marz.Instant, error) { return 0, errors.New("dial\n" + strings.Repeat("é", 400)) }

// What a machine or the other side says at length neither bars the presentation nor the execution, with which every act at the post would stop.
func TestLongWordsBarNothing(t *testing.T) {
	tp := newHandover(t)
	tp.reopen(func(o *Options) { o.Times = []TimeSource{talker{}} })
	id, digest := tp.armed()
	tp.now.Store(int64(midnight))
	out, in := tp.signIn("ru-bg/1"), tp.signIn("am-bg/1")
	for _, a := range []Actor{in, out} {
		if _, err := tp.SignExercise(t.Context(), a, transfer.SaysNow, id, digest); err != nil {
			t.Fatal(err)
		}
	}
	tp.executed()
	tp.signIn("am-bg/1")
}

// A register of many authorities does not keep control from passing: an execution that cannot be written stops every act at the post.
func TestManyAuthorities(t *testing.T) {
	tp := newHandover(t)
	for i := range 100 {
		id := marz.AuthorityID(fmt.Sprintf("x%d-bg", i))
		tp.bodies[id] = marz.Authority{ID: id}
	}
	tp.armed()
	tp.now.Store(int64(midnight))
	if x := tp.executed(); !slices.Contains(x.Frees, "ru-bg") {
		t.Errorf("%v", x.Frees)
	}
}

// The boot clock is anchored when the node first runs, and anew only when both have armed: a clock that is put forward before one side arms alone is in doubt.
func TestNobodyActsAloneByAClockPutForward(t *testing.T) {
	tp, _, dIn := newRealPost(t, handingWith(`unilateral = "24h"`))
	ctx := t.Context()
	tp.commissions(tp.signInWith(dIn).Officer)
	tp.now.Store(int64(midnight) + 25*3600_000) // by who answers for the time on the post's network; it is ten to midnight
	in := tp.signInWith(dIn)
	id, err := tp.OpenTransfer(ctx, in, "treaty/2", nil, tp.Post.now()+1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range transfer.Countable {
		if err := tp.Count(ctx, in, id, what, 1, ""); err != nil {
			t.Fatal(err)
		}
	}
	digest, err := tp.Present(ctx, in, id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tp.signWith(dIn, in, transfer.SaysArm, id, digest); err != nil {
		t.Fatal(err)
	}
	tp.now.Add(1500)
	tp.stays(id, "a clock that was put forward before the key was turned")
}
