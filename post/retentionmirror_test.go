package post

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"marz"
	"marz/folder"
	"marz/journal"
	"marz/mirror"
	"marz/transfer"
)

// wire carries requests straight to a mirror.
type wire struct {
	to     http.Handler
	client *x509.Certificate
}

func (w wire) RoundTrip(q *http.Request) (*http.Response, error) {
	in := q.Clone(q.Context())
	in.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{w.client}}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	out := httptest.NewRecorder()
	w.to.ServeHTTP(out, in)
	return out.Result(), nil
}

// oneMirror starts a mirror that may hold all payloads. caughtUp waits until it has everything.
func (tp *testPost) oneMirror(t *testing.T) (path string, caughtUp func()) {
	t.Helper()
	signer, vkey, err := mirror.NewKey(rand.NewChaCha8([32]byte{7}), "hq/mirror")
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "mirror.db")
	store, err := mirror.OpenSQLite(t.Context(), path, "")
	if err != nil {
		t.Fatal(err)
	}
	cosigner, err := mirror.NewCosigner(signer, tp.clock)
	if err != nil {
		t.Fatal(err)
	}
	w := wire{client: &x509.Certificate{RawSubjectPublicKeyInfo: []byte("a key")}}
	r := mirror.NewReceiver(mirror.ReceiverConfig{Store: store, Cosigner: cosigner, Clock: tp.clock})
	all := func(journal.Entry) bool { return true }
	key := folder.KeyOf(w.client)
	if err := r.SetOrigins([]mirror.Origin{{Name: tp.Journal().Origin(), Key: tp.Journal().VerifierKey(), Clients: []string{key}, Entitled: all}}); err != nil {
		t.Fatal(err)
	}
	w.to = r
	pusher, err := mirror.NewPusher(mirror.PusherConfig{Journal: tp.Journal(), Clock: tp.clock, Random: func() float64 { return 0 }, After: time.After,
		Targets: []mirror.Target{{Remote: mirror.Remote{Name: "hq", URL: "http://hq", Key: vkey, Transport: w}, Entitled: all}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { pusher.Run(ctx); close(done) }()
	t.Cleanup(func() { stop(); <-done; store.Close() })
	return path, func() {
		t.Helper()
		for {
			changed := pusher.Changed()
			s := pusher.Status()[0]
			if s.Error != "" {
				t.Fatal(s.Error)
			}
			if size := tp.size(); s.Size == size && s.Payloads == size {
				return
			}
			<-changed
		}
	}
}

// What a schedule erases is erased at the mirrors as well, to the last byte of their files.
func TestRetentionReachesTheMirror(t *testing.T) {
	tp := newTestPostUnder(t, lasting)
	path, caughtUp := tp.oneMirror(t)
	tp.schedules("ru-bg/1", rules("ru-bg", "treaty/1", map[string]int{keepRefused: 2}))
	tp.crossing(tp.atLane("ru-bg/2", "1"), "A1", marz.Refuse, "a-no-valid-document", "QQNOTE")
	caughtUp()
	at := func() (all []byte) {
		for _, f := range []string{path, path + "-wal"} {
			b, err := os.ReadFile(f)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			all = append(all, b...)
		}
		return all
	}
	if b := at(); !bytes.Contains(b, []byte("QQSURNAME")) || !bytes.Contains(b, []byte("QQNOTE")) {
		t.Fatal("the mirror did not have it")
	}
	tp.days(3)
	caughtUp()
	for what, b := range map[string][]byte{"the mirror": at(), "the post": files(t, tp.dir)} {
		for _, word := range []string{"QQSURNAME", "QQNOTE"} {
			if bytes.Contains(b, []byte(word)) {
				t.Errorf("%s still has %s", what, word)
			}
		}
	}
}

// Officers' names go when their time is up after they left, and not while they serve; the state stays what the entries say.
func TestOfficersAreForgotten(t *testing.T) {
	tp := newTestPostUnder(t, lasting)
	ctx := t.Context()
	tp.schedules("ru-bg/1", rules("ru-bg", "treaty/1", map[string]int{keepOfficers: 3}))
	boss := tp.signIn("ru-bg/1")
	if _, err := tp.Invite(ctx, boss, Officer{"ru-bg/8", "QQNEVERCAME", marz.RoleOfficer}); err != nil {
		t.Fatal(err)
	}
	if err := tp.Dismiss(ctx, boss, "ru-bg/2"); err != nil {
		t.Fatal(err)
	}
	tp.days(2)
	if b := files(t, tp.dir); !bytes.Contains(b, []byte("R Two")) {
		t.Fatal("his name went before its time")
	}
	tp.days(10) // an invitation lasts for seven
	b := files(t, tp.dir)
	for word, want := range map[string]bool{"R Two": false, "QQNEVERCAME": false, "R One": true, "A One": true} {
		if bytes.Contains(b, []byte(word)) != want {
			t.Errorf("%s: there %v", word, !want)
		}
	}
	if _, err := tp.OfficerRows(ctx, tp.signIn("ru-bg/1")); err != nil {
		t.Error(err)
	}
	tp.refolded(t)
	tp.verified()
}

// After control has passed the outgoing authority's schedule erases nothing for want of an article; where one goes on giving it that power it does. What was adopted stays while it is in force, and all else of the transfer goes.
func TestRetentionAfterAHandover(t *testing.T) {
	for name, c := range map[string]struct {
		more string
		gone bool
	}{"it has left": {"", false}, "it may erase": {` { id = "5", kind = "serve", authority = "ru-bg", place = "agarak", from = "2025-01-01T00:00:00+04:00", powers = ["erase"], text = "" },
]`, true}} {
		t.Run(name, func(t *testing.T) {
			agreements, under := handing, marz.ArticleRef("treaty/1")
			if c.more != "" {
				agreements, under = handing[:len(handing)-1]+c.more, "treaty/5"
			}
			tp := newHandoverWithAlerts(t, agreements)
			tp.schedules("ru-bg/1", rules("ru-bg", under, map[string]int{keepWithdrawn: 2, keepTransfers: 2}))
			a := tp.atLane("ru-bg/2", "1")
			i := tp.cross(a, "1", 1)
			id := tp.handOver()
			if err := tp.note(); err != nil {
				t.Fatal(err)
			}
			tp.schedules("am-bg/1", rules("am-bg", "treaty/2", map[string]int{keepTransfers: 1, keepPassed: 1}))
			tp.days(3)
			if n := len(tp.transferPayloads(t)); n == 0 {
				t.Fatal("payloads of a transfer that is not closed were erased")
			}
			if tp.there(idOf(i)) == c.gone {
				t.Errorf("the outgoing authority's record is there: %v", !c.gone)
			}
			tp.says(transfer.SaysClose, id, tp.core(id), "ru-bg", "am-bg")
			tp.days(4)
			for _, e := range tp.transferPayloads(t) {
				if e.Authority == "am-bg" && e.Kind != transfer.KindDisposed {
					t.Errorf("seq %d %s of %s is there", e.Seq, e.Kind, e.Authority)
				}
			}
			if l := tp.lists.List("adopted-am-bg"); l == nil || len(l.Alerts) != 1 {
				t.Error("an alert that was adopted is not in force any more")
			}
			tp.refolded(t)
			tp.verified()
		})
	}
}

// transferPayloads are the steps of transfers whose payload is there.
func (tp *testPost) transferPayloads(t *testing.T) (out []journal.Entry) {
	t.Helper()
	err := eachKept(t.Context(), tp.Journal().State(), func(_ context.Context, e journal.Entry) error {
		if recordKinds[e.Kind] == keepTransfers {
			out = append(out, e)
		}
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
