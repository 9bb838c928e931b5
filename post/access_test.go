package post

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"marz"
	"marz/passkey"
)

// hold keeps the writing goroutine busy until the function it returns is called, so that what comes meanwhile shares a commit.
func (tp *testPost) hold() func() {
	started, release, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		err := tp.node(context.Background(), func(*node) error {
			close(started)
			<-release
			return nil
		})
		if err != nil {
			tp.t.Error(err)
		}
	}()
	<-started
	return func() { close(release); <-done }
}

func (tp *testPost) kinds() map[string]int {
	entries, err := tp.Journal().Entries(context.Background(), 0, 100_000)
	if err != nil {
		tp.t.Fatal(err)
	}
	out := map[string]int{}
	for _, e := range entries {
		out[e.Kind]++
	}
	return out
}

// An ended case gives nobody a person's data without an entry that says so: not the next officer of the lane, not its own officer later on.
func TestEndedCasesAreNotRead(t *testing.T) {
	tp := newTestPost(t)
	a := tp.atLane("ru-bg/2", "1")
	i := tp.mustScan(a, "1", passport(t, "ABADI", "REZA", "A12345678", nil))
	if _, err := tp.Decide(t.Context(), a, i.ID, marz.Admit, "", ""); err != nil {
		t.Fatal(err)
	}
	if w, err := tp.Decide(t.Context(), a, i.ID, marz.Admit, "", ""); err != nil || w.Document.Primary != "ABADI" {
		t.Errorf("a key that bounced: %+v, %v", w, err)
	}
	tp.now.Add(int64(time.Minute / time.Millisecond))
	if w, err := tp.Decide(t.Context(), a, i.ID, marz.Admit, "", ""); err != nil || w.Document.Primary != "" || len(w.Findings) != 0 || w.Decision != marz.Admit {
		t.Errorf("a minute later: %+v, %v", w, err)
	}
	tp.now.Store(int64(midnight))
	b := tp.atLane("am-bg/2", "1")
	if w, err := tp.Decide(t.Context(), b, i.ID, marz.Admit, "", ""); err != nil || w.Document.Primary != "" {
		t.Errorf("the next officer: %+v, %v", w, err)
	}
	if tp.kinds()[KindRead] != 0 {
		t.Error("a reading was recorded where there was none")
	}
}

// The same key several times in one commit is one proposal.
func TestSameProposalInOneCommit(t *testing.T) {
	tp := newTestPost(t)
	a := tp.atLane("ru-bg/2", "1")
	i := tp.mustScan(a, "1", passport(t, "ABADI", "REZA", "A12345678", nil))
	release := tp.hold()
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if _, err := tp.Decide(context.Background(), a, i.ID, marz.Refuse, "h-alert", "note"); err != nil {
				t.Error(err)
			}
		})
	}
	release()
	wg.Wait()
	if n := tp.kinds()[KindProposed]; n != 1 {
		t.Errorf("%d proposals", n)
	}
}

// An outgoing authority that may still look on holds no lane, and its open case goes to the incoming one.
func TestLanesAreFreedOfOnlookers(t *testing.T) {
	tp := newTestPostUnder(t, strings.Replace(agreements, "\n]", `
 { id = "4", kind = "observe", authority = "ru-bg", place = "agarak", from = "2025-01-01T00:00:00+04:00", text = "" },
]`, 1))
	a := tp.atLane("ru-bg/2", "1")
	i := tp.mustScan(a, "1", passport(t, "ABADI", "REZA", "A12345678", nil))
	tp.now.Store(int64(midnight))
	if _, err := tp.Decide(t.Context(), a, i.ID, marz.Admit, "", ""); marz.CodeOf(err) != marz.Forbidden {
		t.Errorf("the onlooker decides: %v", err)
	}
	b := tp.atLane("am-bg/2", "1")
	if d, err := tp.Decide(t.Context(), b, i.ID, marz.Admit, "", ""); err != nil || d.By != "am-bg/2" {
		t.Errorf("%+v, %v", d, err)
	}
}

// An officer who walked away does not lock his lane: a supervisor closes it, and the next one finds the case.
func TestSupervisorClosesOverAnOpenCase(t *testing.T) {
	tp := newTestPost(t)
	a, boss := tp.atLane("ru-bg/2", "1"), tp.signIn("ru-bg/1")
	i := tp.mustScan(a, "1", passport(t, "ABADI", "REZA", "A12345678", nil))
	if err := tp.CloseLane(t.Context(), a, "1"); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("closing over his own case: %v", err)
	}
	if err := tp.CloseLane(t.Context(), boss, "1"); err != nil {
		t.Fatal(err)
	}
	if err := tp.OpenLane(t.Context(), boss, "1"); err != nil {
		t.Fatal(err)
	}
	if c, err := tp.Case(t.Context(), boss, "1", ""); err != nil || c.ID != i.ID {
		t.Errorf("%+v, %v", c, err)
	}
}

// Passings that fell due while the post was off are recorded one by one, and end the sessions of those who had no power between them.
func TestPassingsWhileOff(t *testing.T) {
	tp := newTestPostUnder(t, strings.Replace(agreements, `from = "2025-01-01T00:00:00+04:00", text = "" },
 { id = "3"`, `from = "2025-01-01T00:00:00+04:00", until = "2025-01-02T00:00:00+04:00", text = "" },
 { id = "5", kind = "control", authority = "ru-bg", place = "agarak", from = "2025-01-02T00:00:00+04:00", text = "" },
 { id = "3"`, 1))
	a := tp.signIn("ru-bg/2")
	tp.Post.Close()
	tp.now.Store(int64(midnight) + 36*3600*1000)
	tp.open()
	if n := tp.kinds()[KindControl]; n != 3 {
		t.Errorf("%d records of control, want the first and two passings", n)
	}
	if tp.Controller() != "ru-bg" {
		t.Errorf("%s controls", tp.Controller())
	}
	if err := tp.OpenLane(t.Context(), a, "1"); marz.CodeOf(err) != marz.Unauthenticated {
		t.Errorf("a session of before: %v", err)
	}
}

func TestInvitationsEndWithPower(t *testing.T) {
	tp := newTestPost(t)
	inv, err := tp.Invite(t.Context(), tp.signIn("ru-bg/1"), Officer{"ru-bg/7", "Late", marz.RoleSupervisor})
	if err != nil {
		t.Fatal(err)
	}
	tp.now.Store(int64(midnight))
	if err := tp.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	code := inv.Link[strings.LastIndex(inv.Link, "/")+1:]
	if err := tp.Enrol(t.Context(), code, passkey.Credential{ID: []byte{1}, Officer: "ru-bg/7", Record: json.RawMessage(`{}`)}); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("%v", err)
	}
}

// A session of last shift leads to the sign-in page, and from there to a new one.
func TestOldSessionCanSignInAgain(t *testing.T) {
	tp := newTestPost(t)
	srv := tp.serve()
	c := tp.client(srv, "ru-bg/2")
	tp.now.Add(int64(9 * time.Minute / time.Millisecond))
	if resp, _ := c.do("GET", "/lane/1", nil); resp.StatusCode != http.StatusOK {
		t.Errorf("in time: %s", resp.Status)
	}
	c = tp.client(srv, "am-bg/1")
	tp.now.Add(int64(15 * time.Hour / time.Millisecond))
	for path, want := range map[string]int{"/": http.StatusOK, "/signin": http.StatusOK, "/crossings": http.StatusSeeOther} {
		resp, b := c.do("GET", path, nil)
		if resp.StatusCode != want || want == http.StatusOK && !strings.Contains(string(b), "Sign in") {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
	if resp, _ := c.do("POST", "/exercise/signin", map[string]string{"officer": "am-bg/1"}); resp.StatusCode != http.StatusOK {
		t.Errorf("signing in: %s", resp.Status)
	}
}

// The clock is set back after control has passed: pages and acts agree on who controls.
func TestClockSetBackAfterThePassing(t *testing.T) {
	tp := newTestPost(t)
	tp.now.Store(int64(midnight))
	b := tp.atLane("am-bg/2", "1")
	tp.now.Store(int64(midnight) - 3_600_000)
	i := tp.mustScan(b, "1", passport(t, "ABADI", "REZA", "A12345678", nil))
	if c, err := tp.Case(t.Context(), b, "1", ""); err != nil || c.ID != i.ID {
		t.Errorf("%+v, %v", c, err)
	}
	if i.Verdict != marz.Attention || !strings.Contains(i.Findings[0].Check, "clock") {
		t.Errorf("a doubtful clock is no finding: %+v", i.Findings)
	}
	checkOneController(t, tp)
}

func TestAttemptsDoNotFillTheJournal(t *testing.T) {
	tp := newTestPost(t)
	onlooker := tp.signIn("am-bg/2")
	for range 200 {
		if err := tp.OpenLane(t.Context(), onlooker, "1"); marz.CodeOf(err) != marz.Forbidden {
			t.Fatal(err)
		}
	}
	if n := tp.kinds()[KindRefusedAct]; n != 1 {
		t.Errorf("%d entries of 200 attempts within a minute", n)
	}
}

func TestManyHits(t *testing.T) {
	tp := newTestPost(t)
	var all strings.Builder
	for n := range 9000 {
		fmt.Fprintf(&all, `{"id":"P%d","schema":"Person","properties":{"name":["Zorvan Velikanov"],"notes":["%s"]}}`+"\n", n, strings.Repeat("x", 100))
	}
	tp.write("test.jsonl", all.String())
	if _, err := tp.ReloadLists(t.Context(), tp.signIn("ru-bg/1")); err != nil {
		t.Fatal(err)
	}
	a := tp.atLane("ru-bg/2", "1")
	if i := tp.mustScan(a, "1", passport(t, "VELIKANOV", "ZORVAN", "C1", nil)); len(i.Hits) != mostHits || !strings.Contains(i.Findings[0].Reason, "9000") {
		t.Errorf("%d hits, %s", len(i.Hits), i.Findings[0].Reason)
	}
}

func TestWrongKeyOfTheIndex(t *testing.T) {
	tp := newTestPost(t)
	tp.Post.Close()
	path := filepath.Join(tp.dir, keyDir, indexFile)
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("ab", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Dir: tp.dir, Clock: tp.clock, Exercise: true}); marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), "index.key") {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(path, sound, 0o600); err != nil {
		t.Fatal(err)
	}
	tp.open()
}

// Whatever is wrong with a setup, no folder is left that could be taken for a post, and nothing that was there is lost.
func TestInitLeavesAllOrNothing(t *testing.T) {
	tp := newTestPost(t)
	setup := func(dir string, change func(*Setup)) error {
		s := Setup{Dir: dir, Origin: "test/agarak", Post: tp.Described(), Ground: testGround, Register: tp.instruments(),
			Config: DefaultConfig(":8443", "localhost", "ARM"), Supervisor: Officer{"ru-bg/1", "R One", marz.RoleSupervisor}, Clock: tp.clock, Wall: time.Now}
		change(&s)
		_, err := Init(t.Context(), s)
		return err
	}
	for name, change := range map[string]func(*Setup){
		"agreement too large":      func(s *Setup) { s.Register[0].Agreement.Title = strings.Repeat("x", 70_000) },
		"host in capitals":         func(s *Setup) { s.Config.Host = "Agarak" },
		"port by name":             func(s *Setup) { s.Config.Listen = ":https" },
		"unknown authority":        func(s *Setup) { s.Supervisor.ID = "zz-bg/1" },
		"powerless authority":      func(s *Setup) { s.Supervisor.ID = "am-bg/1" },
		"origin":                   func(s *Setup) { s.Origin = "Not an origin" },
		"no lanes":                 func(s *Setup) { s.Post.Lanes = nil },
		"place without an article": func(s *Setup) { s.Post.ID = "elsewhere" },
	} {
		dir := filepath.Join(t.TempDir(), "x")
		if err := setup(dir, change); err == nil {
			t.Errorf("%s is taken", name)
		}
		if left, _ := filepath.Glob(dir + "*"); len(left) > 0 {
			t.Errorf("%s leaves %v", name, left)
		}
	}
	other := filepath.Join(t.TempDir(), "x")
	if err := os.MkdirAll(other+".new", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := setup(other, func(*Setup) {}); err == nil || !strings.Contains(err.Error(), ".new") {
		t.Errorf("beside an earlier attempt: %v", err)
	}
	dir := filepath.Join(t.TempDir(), "restore")
	key := filepath.Join(dir, keyDir, signerFile)
	if err := os.MkdirAll(filepath.Dir(key), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := setup(dir, func(*Setup) {}); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("over keys: %v", err)
	}
	if b, err := os.ReadFile(key); err != nil || string(b) != "precious" {
		t.Errorf("the key that was there: %s, %v", b, err)
	}
}
