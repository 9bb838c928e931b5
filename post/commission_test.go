package post

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"marz"
	"marz/agreement"
	"marz/transfer"
)

// says lets an authority's key sign a word on a passkey.
func (tp *testPost) saysOf(m agreement.Commission) {
	tp.t.Helper()
	i := agreement.Instrument{Commission: &m}
	if err := i.Sign(testKeys[m.By]); err != nil {
		tp.t.Fatal(err)
	}
	if _, err := tp.AddInstruments(context.Background(), []agreement.Instrument{i}); err != nil {
		tp.t.Fatal(err)
	}
}

// A supervisor of the outgoing authority enrols a device of his own as the first supervisor of the incoming one. It opens nothing, before the transfer and after it, until that
// authority has commissioned it, and it is not in the way of the officer whom that authority means.
func TestPasskeyByAnothersInvitation(t *testing.T) {
	tp, dOut, dIn := newRealPost(t, handing)
	ctx := t.Context()
	out := tp.signInWith(dOut)
	key := base64.StdEncoding.EncodeToString(dIn.cose())
	revoke := tp.Post.now()
	tp.saysOf(agreement.Commission{By: "am-bg", Officer: "am-bg/1", Key: key, Place: "agarak", From: revoke, Issued: revoke, Revoked: true})
	code(t, "inviting beside one who is known to his authority", second(tp.Invite(ctx, out, Officer{"am-bg/9", "A Nine", marz.RoleSupervisor})), marz.Forbidden, "has a supervisor here")
	err := second(tp.tryIn(dIn))
	code(t, "a passkey whose commission was revoked", err, marz.Forbidden, "marz authority commission --key am-bg.key --officer am-bg/1 --passkey "+key+" --place agarak")
	if n := tp.kinds()[KindRefusedAct]; n != 1 {
		t.Errorf("%d refused acts are recorded", n)
	}

	var dFalse *device
	tp, dOut, dFalse = newUncommissionedPost(t, handing)
	code(t, "a false device", second(tp.tryIn(dFalse)), marz.Forbidden, "nothing until am-bg has commissioned")
	again := func(id marz.OfficerID) error {
		out := tp.signInWith(dOut)
		return second(tp.Invite(ctx, out, Officer{id, "A", marz.RoleSupervisor}))
	}
	if err := again("am-bg/2"); err != nil {
		t.Errorf("a false device is in the way of another officer: %v", err)
	}
	inv, err := tp.Invite(ctx, tp.signInWith(dOut), Officer{"am-bg/1", "A One", marz.RoleSupervisor})
	if err != nil {
		t.Fatalf("a false device is in the way of the officer: %v", err)
	}
	right := newDevice(t, "am-bg/1")
	tp.enrol(right, inv.Link)
	code(t, "his own device, not commissioned yet", second(tp.tryIn(right)), marz.Forbidden, "nothing until am-bg has commissioned")
	tp.commissions("am-bg/1") // the newest
	boss := tp.signInWith(right)
	code(t, "the false one beside it", second(tp.tryIn(dFalse)), marz.Forbidden, "nothing until am-bg has commissioned")
	code(t, "inviting him again", again("am-bg/1"), marz.Conflict, "enrolled already")
	code(t, "inviting another", again("am-bg/3"), marz.Forbidden, "has a supervisor here")

	// Whom he invites is let in by his own authority.
	inv, err = tp.Invite(ctx, boss, Officer{"am-bg/4", "A Four", marz.RoleSupervisor})
	if err != nil {
		t.Fatal(err)
	}
	four := newDevice(t, "am-bg/4")
	tp.enrol(four, inv.Link)
	tp.signInWith(four)

	id, digest := tp.prepareBy(tp.signInWith(dOut), boss, "treaty/2", tp.Post.now()+60_000)
	tp.says(transfer.SaysArm, id, digest, "ru-bg", "am-bg")
	tp.now.Add(61_000)
	tp.says(transfer.SaysNow, id, digest, "ru-bg", "am-bg") // the machine's boot clock did not run so fast
	tp.executed()
	code(t, "the false device after the transfer", second(tp.tryIn(dFalse)), marz.Forbidden, "nothing until am-bg has commissioned")
	tp.reopen(nil)
	code(t, "the false device after a restart", second(tp.tryIn(dFalse)), marz.Forbidden, "nothing until am-bg has commissioned")
	boss = tp.signInWith(right)
	if err := tp.OpenLane(ctx, boss, "1"); err != nil {
		t.Errorf("a commissioned officer after the transfer: %v", err)
	}
	at := tp.Post.now()
	tp.saysOf(agreement.Commission{By: "am-bg", Officer: "am-bg/1", Key: base64.StdEncoding.EncodeToString(right.cose()), Place: "agarak", From: at, Issued: at, Revoked: true})
	code(t, "a step of a session whose commission was revoked", tp.CloseLane(ctx, boss, "1"), marz.Unauthenticated, "has ended")
	tp.signInWith(four)
}

// The page after the enrolment says what has to be signed, and none is asked of an officer whom his own authority let in.
func TestEnrolmentAsksForTheCommission(t *testing.T) {
	tp, dOut, _ := newUncommissionedPost(t, handing)
	srv := tp.serve()
	c := tp.client(srv, "")
	for id, want := range map[marz.OfficerID]bool{"am-bg/5": true, "ru-bg/5": false} {
		d := newDevice(t, id)
		inv, err := tp.Invite(t.Context(), tp.signInWith(dOut), Officer{id, "Five", marz.RoleSupervisor})
		if err != nil {
			t.Fatal(err)
		}
		link := inv.Link[strings.LastIndex(inv.Link, "/")+1:]
		resp, b := c.do("POST", "/enrol/begin", map[string]string{"code": link})
		var began began
		if err := json.Unmarshal(b, &began); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp.Status, err)
		}
		resp, b = c.do("POST", "/enrol/finish", answered{Code: link, Ceremony: began.Ceremony, Response: d.create(t, began.Options)})
		var out enrolled
		if err := json.Unmarshal(b, &out); err != nil || resp.StatusCode != http.StatusOK || out.Next != "/signin" {
			t.Fatal(resp.Status, string(b), err)
		}
		if got := out.Commission != nil; got != want {
			t.Fatalf("%s: %s", id, b)
		}
		if !want {
			continue
		}
		key := base64.StdEncoding.EncodeToString(d.cose())
		if out.Commission.Passkey != key || !strings.Contains(out.Commission.Command, "--officer am-bg/5 --passkey "+key+" --place agarak --until 20") {
			t.Errorf("%+v", out.Commission)
		}
		all, err := agreement.ParseSigned("asked", []byte(out.Commission.File))
		if err != nil || len(all) != 1 || all[0].Commission == nil || all[0].Commission.Key != key {
			t.Errorf("%+v, %v", all, err)
		}
	}
}
