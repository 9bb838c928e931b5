package post

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/BurntSushi/toml"

	"marz"
	"marz/agreement"
	"marz/journal"
	"marz/mirror"
	"marz/transfer"
	"marz/verify"
)

// How a cable carries.
const (
	sound = iota
	cut   // connections are closed, and new ones at once
	hangs // connections are taken, and nothing moves
)

// cable is the line to a mirror: connections over it can be cut.
type cable struct {
	net.Listener
	far  string
	mu   sync.Mutex
	how  int
	open map[net.Conn]bool
}

func newCable(t testing.TB, far string) *cable {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{Listener: ln, far: far, open: map[net.Conn]bool{}}
	t.Cleanup(func() { c.is(cut); ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go c.carry(conn)
		}
	}()
	return c
}

// is makes the cable what it is from now on. What was under way over it is cut.
func (c *cable) is(how int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.how = how
	for conn := range c.open {
		conn.Close()
		delete(c.open, conn)
	}
}

// keep takes a connection in, or closes it and reports that the cable is cut.
func (c *cable) keep(conn net.Conn) (how int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.how == cut {
		conn.Close()
	} else {
		c.open[conn] = true
	}
	return c.how
}

func (c *cable) carry(near net.Conn) {
	if c.keep(near) != sound {
		return
	}
	far, err := net.Dial("tcp", c.far)
	if err != nil || c.keep(far) != sound {
		near.Close()
		return
	}
	pipe := func(to, from net.Conn) {
		b := make([]byte, 32<<10)
		for {
			n, err := from.Read(b)
			if n > 0 {
				if _, err := to.Write(b[:n]); err != nil {
					break
				}
			}
			if err != nil {
				break
			}
		}
		to.Close()
		from.Close()
	}
	go pipe(near, far)
	pipe(far, near)
}

// headquarters is an authority's mirror: the real receiver over a store in a file, behind TLS with both sides' certificates, at the end of a cable.
type headquarters struct {
	t        testing.TB
	store    *mirror.SQLite
	cable    *cable
	config   MirrorConfig
	register atomic.Pointer[agreement.Register] // as it has heard of it
}

// newHeadquarters makes a mirror of an authority that knows the post as a headquarters does, by what marz post identity prints, and has heard of the register as it is now.
func newHeadquarters(tp *testPost, authority marz.AuthorityID) *headquarters {
	t := tp.t
	t.Helper()
	id, err := ReadIdentity(t.Context(), tp.dir)
	if err != nil {
		t.Fatal(err)
	}
	signer, vkey, err := mirror.NewKey(rand.Reader, string(authority)+"/mirror")
	if err != nil {
		t.Fatal(err)
	}
	clock := func() marz.Instant { return marz.Instant(tp.now.Load()) }
	cosigner, err := mirror.NewCosigner(signer, clock)
	if err != nil {
		t.Fatal(err)
	}
	store, err := mirror.OpenSQLite(context.Background(), filepath.Join(t.TempDir(), "mirror.db"), "")
	if err != nil {
		t.Fatal(err)
	}
	h := &headquarters{t: t, store: store}
	h.register.Store(tp.Register())
	r := mirror.NewReceiver(mirror.ReceiverConfig{Store: store, Cosigner: cosigner, Clock: clock})
	err = r.SetOrigins([]mirror.Origin{{Name: id.Origin, Key: id.Key, Clients: []string{id.Client}, Entitled: func(e journal.Entry) bool {
		_, ok := h.register.Load().MayHold(authority, agreement.Payload{Post: "agarak", Kind: e.Kind, Authority: e.Authority, At: e.At, Public: e.Public})
		return ok
	}}})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(http.StripPrefix("/mirror", r))
	srv.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS13}
	srv.StartTLS()
	h.cable = newCable(t, srv.Listener.Addr().String())
	pin := sha256.Sum256(srv.Certificate().RawSubjectPublicKeyInfo)
	h.config = MirrorConfig{Authority: authority, URL: "https://" + h.cable.Addr().String() + "/mirror", Key: vkey, TLS: hex.EncodeToString(pin[:])}
	t.Cleanup(func() {
		h.cable.is(cut)
		srv.Close()
		store.Close()
	})
	return h
}

// mirrored opens the post anew with mirrors. After a failure it tries again at once, and after many when it is woken; nothing else goes by a clock.
func (tp *testPost) mirrored(all ...MirrorConfig) {
	tp.t.Helper()
	config, err := readConfig(filepath.Join(tp.dir, configFile))
	if err != nil {
		tp.t.Fatal(err)
	}
	config.Mirrors = all
	var b strings.Builder
	if err := toml.NewEncoder(&b).Encode(config); err != nil {
		tp.t.Fatal(err)
	}
	tp.write(configFile, b.String())
	before := tp.set
	tp.reopen(func(o *Options) {
		if before != nil {
			before(o)
		}
		o.After = func(d time.Duration) <-chan time.Time {
			if d > 4*time.Second { // a silence, a limit, or the wait after many failures
				return nil
			}
			return time.After(time.Millisecond)
		}
	})
}

// pushing pushes to the mirrors until the function that it returns is called.
func (tp *testPost) pushing() (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	p := tp.Post
	group.Go(func() { p.push(ctx) })
	return func() { cancel(); group.Wait() }
}

// patience is after how long a test that waits for something gives up.
const testPatience = 40 * time.Second

// await waits until a mirror stands so.
func (tp *testPost) await(what string, i int, so func(mirror.Status) bool) mirror.Status {
	tp.t.Helper()
	over := time.After(testPatience)
	for {
		changed := tp.pusher.Changed()
		s := tp.pusher.Status()[i]
		if so(s) {
			return s
		}
		select {
		case <-changed:
		case <-over:
			tp.t.Fatalf("%s: the mirror is at %+v", what, s)
		}
	}
}

// whole waits until a mirror has everything that is in the journal now.
func (tp *testPost) whole(i int) {
	tp.t.Helper()
	size := tp.size()
	tp.await("whole", i, func(s mirror.Status) bool { return s.Whole && s.Size >= size })
}

// equals holds a mirror to the journal's first entries, byte for byte: bodies, hashes, heads, and the payloads that an entitlement says. The independent checker looks at what the mirror exports.
func (tp *testPost) equals(h *headquarters, size int64, entitled func(journal.Entry) bool) {
	tp.t.Helper()
	ctx := context.Background()
	var all, got bytes.Buffer
	if err := journal.Export(ctx, tp.dir, entitled, &all); err != nil {
		tp.t.Fatal(err)
	}
	vkey := tp.Journal().VerifierKey()
	if err := mirror.Export(ctx, h.store, originOf(vkey), vkey, &got); err != nil {
		tp.t.Fatal(err)
	}
	want := upTo(tp.t, all.String(), size)
	if got.String() != want {
		w, g := strings.Split(want, "\n"), strings.Split(got.String(), "\n")
		for i := range w {
			if i >= len(g) || w[i] != g[i] {
				tp.t.Fatalf("the mirror of %s is another at line %d of %d (it has %d):\n%.400s\nwant\n%.400s", h.config.Authority, i, len(w), len(g), append(g, "nothing")[min(i, len(g))], w[i])
			}
		}
		tp.t.Fatalf("the mirror of %s has %d lines more", h.config.Authority, len(g)-len(w))
	}
	report, err := verify.BundleAt(ctx, bytes.NewReader(got.Bytes()), int64(got.Len()), verify.Options{Key: vkey})
	if err != nil || !report.OK() || report.Entries != size {
		tp.t.Fatalf("the checker says %+v, %v", report, err)
	}
}

// upTo cuts a bundle down to its first entries and the heads over them.
func upTo(t testing.TB, bundle string, size int64) string {
	var out strings.Builder
	entries, heads := 0, 0
	for line := range strings.Lines(bundle) {
		var l struct {
			Seq  *int64 `json:"seq"`
			Head string `json:"head"`
			End  bool   `json:"end"`
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		switch {
		case l.Seq != nil && *l.Seq >= size:
			continue
		case l.Seq != nil:
			entries++
		case l.Head != "":
			var n int64
			if fmt.Sscanf(strings.Split(l.Head, "\n")[1], "%d", &n); n > size {
				continue
			}
			heads++
		case l.End:
			line = fmt.Sprintf("{\"end\":true,\"entries\":%d,\"heads\":%d}\n", entries, heads)
		}
		out.WriteString(line)
	}
	return out.String()
}

func ownOf(a marz.AuthorityID) func(journal.Entry) bool {
	return func(e journal.Entry) bool { return e.Authority == a }
}

// crossing lets one traveller pass at a lane.
func (tp *testPost) crossing(a Actor, lane marz.LaneID, decision marz.Decision, number string) {
	tp.t.Helper()
	i := tp.mustScan(a, lane, passport(tp.t, "ABADI", "REZA", number, nil))
	if _, err := tp.Decide(context.Background(), a, i.ID, decision, "", "a note"); err != nil {
		tp.t.Fatal(err)
	}
}

// traffic appends many entries in few commits, every other with a payload.
func (tp *testPost) traffic(of marz.AuthorityID, many int) {
	tp.t.Helper()
	for done := 0; done < many; done += 500 {
		err := tp.change(context.Background(), func(tx *journal.Tx) error {
			for i := range 500 {
				d := journal.Draft{Kind: "test.traffic", Authority: of, Under: "treaty/1", Policy: tp.Register().Policy(), Public: map[string]int{"i": i}}
				if i%2 == 0 {
					d.Private = map[string]string{"name": fmt.Sprintf("UTOPIAN<<NUMBER<%d", tx.Next())}
				}
				if _, err := tx.Append(d); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			tp.t.Fatal(err)
		}
	}
}

// A post that was cut off for three days lost nothing: its mirrors become the journal byte for byte, each with the payloads of its own authority and no other. Its lanes have noticed nothing, neither
// of a line that is cut nor of one that hangs.
func TestThreeDaysCutOff(t *testing.T) {
	tp := newTestPost(t)
	ru, am := newHeadquarters(tp, "ru-bg"), newHeadquarters(tp, "am-bg")
	tp.mirrored(ru.config, am.config)
	defer tp.pushing()()
	a := tp.atLane("ru-bg/2", "1")
	tp.crossing(a, "1", marz.Admit, "A1")
	tp.whole(0)
	tp.whole(1)
	if words := tp.mirrorWords(t.Context()); words != "" {
		t.Error(words)
	}

	ru.cable.is(cut)
	am.cable.is(hangs)
	tp.crossing(a, "1", marz.Admit, "A2")
	tp.traffic("ru-bg", 4000)
	tp.traffic("am-bg", 1500)
	tp.crossing(a, "1", marz.Admit, "A3")
	if s := tp.await("cut", 0, func(s mirror.Status) bool { return s.Error != "" }); s.Size >= tp.size() || s.Failing == 0 {
		t.Errorf("%+v", s)
	}
	behind := tp.pusher.Status()[1].Size
	tp.now.Add(6 * 60_000)
	live, err := tp.Live(t.Context(), a)
	if want := "the mirror of ru-bg is behind: 6 minutes; the mirror of am-bg is behind: 6 minutes"; err != nil || live.Behind != want {
		t.Errorf("%q, %v", live.Behind, err)
	}
	page := tp.Mirrors(t.Context())
	if m := page.Mirrors[0]; m.State != "behind" || m.Missing != tp.size()-m.Size || m.Age != "6 minutes" || m.Error == "" || m.Under != "treaty/1" {
		t.Errorf("%+v", m)
	}

	ru.cable.is(sound)
	am.cable.is(sound)
	tp.pusher.Wake()
	tp.whole(0)
	tp.whole(1)
	if behind == tp.size() {
		t.Error("the line that hung carried everything")
	}
	tp.equals(ru, tp.size(), ownOf("ru-bg"))
	tp.equals(am, tp.size(), ownOf("am-bg"))
	if live, err := tp.Live(t.Context(), a); err != nil || live.Behind != "" {
		t.Errorf("%q, %v", live.Behind, err)
	}
	if m := tp.Mirrors(t.Context()).Mirrors[1]; m.State != "whole" || m.Payloads != tp.size() || m.Under != "treaty/3" {
		t.Errorf("%+v", m)
	}
}

// At the execution the outgoing authority's feed ends with exactly that entry, whatever becomes of its line and of the node meanwhile, and the incoming one's goes on.
func TestFeedEndsWithTheExecution(t *testing.T) {
	for name, c := range map[string]struct{ cut, crash bool }{"line sound": {}, "line cut": {cut: true}, "node down": {crash: true}, "both": {true, true}} {
		t.Run(name, func(t *testing.T) {
			tp := newHandover(t)
			ru, am := newHeadquarters(tp, "ru-bg"), newHeadquarters(tp, "am-bg")
			tp.mirrored(ru.config, am.config)
			end := tp.pushing()
			a := tp.atLane("ru-bg/2", "1")
			tp.crossing(a, "1", marz.Admit, "A1")
			tp.armed()
			tp.whole(0)
			tp.whole(1)
			if c.cut {
				ru.cable.is(cut)
			}
			tp.crossing(a, "1", marz.Admit, "A2")
			tp.whole(1)
			if !c.cut {
				tp.whole(0)
			}
			if c.crash { // and what was acknowledged is known all the same
				end()
				tp.crash()
				end = tp.pushing()
				tp.whole(1)
				if !c.cut {
					tp.whole(0)
				}
			}
			tp.now.Store(int64(midnight))
			x := tp.executed()
			missing := map[bool]int{true: 1}[c.cut]
			if out, in := x.Mirrors[0], x.Mirrors[1]; out.Missing != missing || in.Missing != 0 || out.Size < 3 || in.Size != int64(x.Seq) {
				t.Errorf("the act says of the mirrors %+v", x.Mirrors)
			}
			b := tp.atLane("am-bg/2", "1")
			tp.crossing(b, "1", marz.Admit, "A3")
			if c.crash {
				end()
				tp.crash()
				end = tp.pushing()
			}
			ru.cable.is(sound)
			tp.pusher.Wake()
			last := int64(x.Seq) + 1
			if s := tp.await("ended", 0, func(s mirror.Status) bool { return s.Ended }); s.Size != last {
				t.Errorf("%+v", s)
			}
			tp.crossing(b, "1", marz.Admit, "A4")
			tp.traffic("am-bg", 500)
			tp.pusher.Wake()
			tp.whole(1)
			tp.await("asked again", 0, func(s mirror.Status) bool { return s.Ended })
			tp.equals(ru, last, ownOf("ru-bg"))
			tp.equals(am, tp.size(), ownOf("am-bg"))
			if st, err := ru.store.State(t.Context(), originOf(tp.Journal().VerifierKey())); err != nil || st.Pending != last || st.Next != last {
				t.Errorf("more was sent: %+v, %v", st, err)
			}
			if m := tp.Mirrors(t.Context()).Mirrors[0]; m.State != "ended" || m.Ended != x.Seq || m.Missing != 0 {
				t.Errorf("%+v", m)
			}
			if head, err := tp.Journal().HeadOver(t.Context(), x.Seq); err != nil || head.Size != last {
				t.Errorf("the head of the act is over %d entries, %v", head.Size, err)
			}
			end()
			tp.verified()
		})
	}
}

// The incoming authority's readiness is what its mirror has acknowledged.
func TestMirrorReadiness(t *testing.T) {
	tp := newHandover(t)
	am := newHeadquarters(tp, "am-bg")
	tp.mirrored(am.config)
	defer tp.pushing()()
	tp.crossing(tp.atLane("ru-bg/2", "1"), "1", marz.Admit, "A1")
	tp.whole(0)
	plan := &transfer.Plan{From: "ru-bg", To: "am-bg"}
	ready := func() transfer.Check {
		c, err := tp.mirrorReady(tp.Journal().State(), plan, tp.Post.now())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := ready(); c.State != good || !strings.Contains(c.Value, fmt.Sprintf("am-bg has %d of %[1]d entries; 0 crossings", tp.size())) {
		t.Errorf("%+v", c)
	}
	am.cable.is(cut)
	tp.crossing(tp.atLane("ru-bg/1", "2"), "2", marz.Depart, "A2")
	if c := ready(); c.State != good || !strings.Contains(c.Value, "1 crossings are not there yet") {
		t.Errorf("a moment later: %+v", c)
	}
	tp.now.Add(61_000)
	tp.await("cut", 0, func(s mirror.Status) bool { return s.Error != "" })
	if c := ready(); c.State != attention || !strings.Contains(c.Value, "it is not reached since") {
		t.Errorf("a minute later: %+v", c)
	}
}

// crash ends the post as when the power fails: what it had in its files is found by the next one.
func (tp *testPost) crash() {
	tp.t.Helper()
	dir := filepath.Join(tp.t.(*testing.T).TempDir(), "post")
	if err := os.CopyFS(dir, os.DirFS(tp.dir)); err != nil {
		tp.t.Fatal(err)
	}
	tp.Post.Close()
	tp.dir = dir
	tp.open()
}
