package post

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"marz"
	"marz/agreement"
)

// whileMember is sharing that hangs on a membership, and needs a word of both parties that is newer than three days.
const whileMember = `
[[agreement.article]]
id = "3"
kind = "share"
authority = "ru-bg"
to = "am-bg"
place = "agarak"
what = ["hits"]
from = "2024-10-08T00:00:00+04:00"
while = [{ state = "ARM", bloc = "bloc" }]
fresh = "72h"
text = ""
`

// signed makes a statement of an authority.
func signed(t *testing.T, s agreement.Statement) agreement.Instrument {
	t.Helper()
	i := agreement.Instrument{Statement: &s}
	if err := i.Sign(testKeys[s.By]); err != nil {
		t.Fatal(err)
	}
	return i
}

// deliver brings instruments to a post as anybody can who has them.
func deliver(t *testing.T, tp *testPost, all ...agreement.Instrument) (status int, answer string) {
	t.Helper()
	srv := tp.serve()
	req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/api/register", bytes.NewReader(agreement.EncodeSigned(all)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	b.ReadFrom(resp.Body)
	return resp.StatusCode, b.String()
}

// Suspending a membership stops what hangs on it at once where the word arrives, and where it does not, when the last word expires. Both journals verify.
func TestSuspensionAtTwoNodes(t *testing.T) {
	type node struct {
		*testPost
		am Actor
		id marz.InspectionID
	}
	make := func() node {
		tp, _, am := newJoint(t, "", whileMember, "1")
		return node{tp, am, tp.mustScan(am, "1", wantedPassport(t, "GEO")).ID}
	}
	near, far := make(), make()
	look := func(n node) error { return second2(n.LookUp(t.Context(), n.am, n.id, "ru-bg", "comparison", "")) }
	start := near.Post.now()
	code(t, "without any word", look(near), marz.Forbidden, "membership of ARM in bloc")

	words := []agreement.Instrument{
		signed(t, agreement.Statement{By: "am-bg", Bloc: "bloc", State: "ARM", Status: agreement.Active, From: 1, Issued: start, Expires: start.Add(72 * time.Hour)}),
		signed(t, agreement.Statement{By: "am-bg", Agreement: "treaty", Status: agreement.Active, From: 1, Issued: start}),
	}
	for _, n := range []node{near, far} {
		if status, b := deliver(t, n.testPost, words...); status != http.StatusOK {
			t.Fatal(status, b)
		}
		code(t, "without ru-bg's word", look(n), marz.Forbidden, "a word of ru-bg")
		if status, b := deliver(t, n.testPost, append(words, signed(t, agreement.Statement{By: "ru-bg", Agreement: "treaty", Status: agreement.Active, From: 1, Issued: start}))...); status != http.StatusOK || strings.Count(b, ",") != 0 {
			t.Fatal("what was known is recorded again, or the new is not:", status, b)
		}
		if err := look(n); err != nil {
			t.Fatal(err)
		}
	}

	suspends := signed(t, agreement.Statement{By: "am-bg", Bloc: "bloc", State: "ARM", Status: agreement.Suspended, From: start.Add(time.Minute), Issued: start.Add(30 * time.Second)})
	near.now.Store(int64(start.Add(40 * time.Second)))
	if status, b := deliver(t, near.testPost, suspends); status != http.StatusOK {
		t.Fatal(status, b)
	}
	if err := look(near); err != nil {
		t.Errorf("before the instant from which it is suspended: %v", err)
	}
	for _, n := range []node{near, far} {
		n.now.Store(int64(start.Add(time.Minute)))
	}
	code(t, "where the word arrived", look(near), marz.Forbidden, "suspended")
	if err := look(far); err != nil {
		t.Errorf("where it did not: %v", err)
	}
	n := start.Add(72 * time.Hour)
	far.now.Store(int64(n) - 10_000)
	far.am = far.again(t)
	if err := look(far); err != nil {
		t.Errorf("before the last word expires: %v", err)
	}
	far.now.Store(int64(n))
	code(t, "at expiry", look(far), marz.Forbidden, "expired")
	if far.kinds()[KindStatement] != 3 || near.kinds()[KindStatement] != 4 {
		t.Errorf("statements: %d and %d", far.kinds()[KindStatement], near.kinds()[KindStatement])
	}
	near.verified()
	far.verified()
}

// again signs the officer at the lane in once more: a session lasts a shift.
func (tp *testPost) again(t *testing.T) Actor {
	t.Helper()
	return tp.signIn("am-bg/2")
}

// What is not signed by all that it needs, or breaks a law, leaves the register as it was.
func TestInstrumentsAreRefused(t *testing.T) {
	tp := newTestPost(t)
	now := tp.Post.now()
	ag := func(change func(*agreement.Agreement), by ...marz.AuthorityID) agreement.Instrument {
		doc, err := agreement.Parse("new", []byte(strings.NewReplacer(`"treaty"`, `"new"`, "kind = \"control\", authority = \"ru-bg\"", "kind = \"serve\", authority = \"ru-bg\"",
			"kind = \"control\", authority = \"am-bg\"", "kind = \"serve\", authority = \"am-bg\"").Replace(agreements)))
		if err != nil {
			t.Fatal(err)
		}
		i := doc.Instruments()[0]
		change(i.Agreement)
		for _, a := range by {
			if err := i.Sign(testKeys[a]); err != nil {
				t.Fatal(err)
			}
		}
		return i
	}
	same := func(*agreement.Agreement) {}
	policy, before := tp.register.Load().Policy(), tp.size()
	late := signed(t, agreement.Statement{By: "ru-bg", Agreement: "treaty", Status: agreement.Suspended, From: now, Issued: now.Add(time.Hour)})
	forged := ag(same, "am-bg", "ru-bg")
	forged.Agreement.Title = "Another title"
	for name, c := range map[string]struct {
		i    agreement.Instrument
		want string
	}{
		"one party":       {ag(same, "am-bg"), "ru-bg has not signed it"},
		"nobody":          {ag(same), "has not signed it"},
		"other words":     {forged, "signature of am-bg is not good"},
		"two controllers": {ag(func(a *agreement.Agreement) { a.Articles[0].Kind = agreement.Control }, "am-bg", "ru-bg"), "two would control agarak"},
		"unknown place":   {ag(func(a *agreement.Agreement) { a.Articles[0].Place = "nowhere" }, "am-bg", "ru-bg"), "nowhere"},
		"to come":         {late, "still to come"},
	} {
		status, b := deliver(t, tp, c.i)
		if status != http.StatusBadRequest || !strings.Contains(b, c.want) {
			t.Errorf("%s: %d %s, want %q", name, status, b, c.want)
		}
	}
	if tp.register.Load().Policy() != policy || tp.size() != before {
		t.Error("the register or the journal changed")
	}
	if status, b := deliver(t, tp, ag(same, "am-bg", "ru-bg")); status != http.StatusOK {
		t.Errorf("signed by both: %d %s", status, b)
	}
	if tp.register.Load().Policy() == policy {
		t.Error("the register did not change")
	}
	reopened := tp.register.Load().Policy()
	tp.Post.Close()
	tp.open()
	if tp.register.Load().Policy() != reopened {
		t.Error("the register is another after a restart")
	}
	tp.verified()
}
