package post

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/inspection"
	"marz/inspection/stays"
)

// staysAt gives the post a file of stays, signed by a headquarters' key, and puts it in force.
type staysAt struct {
	tp     *testPost
	signer note.Signer
	key    stays.Key
}

func newStaysAt(t *testing.T) *staysAt {
	tp := newTestPost(t)
	tp.now.Store(int64(midnight))
	skey, vkey, err := note.GenerateKey(rand.NewChaCha8([32]byte{1}), "armenia/hq")
	if err != nil {
		t.Fatal(err)
	}
	s := &staysAt{tp: tp, key: stays.Key(bytes.Repeat([]byte{9}, 32))}
	if s.signer, err = note.NewSigner(skey); err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(filepath.Join(tp.dir, configFile))
	if err != nil {
		t.Fatal(err)
	}
	tp.write(configFile, string(config)+"\n[stays]\nkey = \""+vkey+"\"\n")
	tp.write(staysKeyFile, s.key.String()+"\n")
	if err := os.Mkdir(filepath.Join(tp.dir, staysFolder), 0o700); err != nil {
		t.Fatal(err)
	}
	tp.reopen(nil)
	return s
}

// give writes a file in which the traveller has these movements, so many days before today, and tells the post.
func (s *staysAt) give(t *testing.T, version string, at marz.Instant, before marz.Seq, daysAgo ...int) {
	t.Helper()
	today := int(int64(midnight+4*3600e3) / 86400e3)
	w := stays.NewWriter(today-365, false)
	var moves []stays.Movement
	for i, n := range daysAgo {
		moves = append(moves, stays.Movement{Day: today - n, Direction: []marz.Direction{marz.EntryDirection, marz.ExitDirection}[i%2]})
	}
	if err := w.Add(s.key.Digest(stays.Person{Nationality: "IRN", Birth: "1980-05-06", Primary: "ABADI", Secondary: "REZA"}), moves); err != nil {
		t.Fatal(err)
	}
	b, err := w.Bytes(stays.Header{Version: version, At: at, KeyID: s.key.ID(), Zone: "Asia/Yerevan", Posts: []stays.Covered{{Origin: s.tp.journal.Origin(), Before: before}}}, s.signer)
	if err != nil {
		t.Fatal(err)
	}
	s.tp.write(staysFolder+"/"+stays.Current, string(b))
	if err := s.tp.ReloadStays(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func stayFinding(t *testing.T, all []marz.Finding) marz.Finding {
	t.Helper()
	i := slices.IndexFunc(all, func(f marz.Finding) bool { return f.Check == inspection.CheckStayDays })
	if i < 0 {
		t.Fatalf("no finding of the stay: %+v", all)
	}
	return all[i]
}

// TestStaysOfAllPosts holds that days at other posts count here, that the finding says how old that knowledge is, that what happened here is not counted twice, and that without a file the finding says so.
func TestStaysOfAllPosts(t *testing.T) {
	s := newStaysAt(t)
	tp := s.tp
	a := tp.atLane("am-bg/2", "1")
	text := passport(t, "ABADI", "REZA", "A12345678", nil)
	i := tp.mustScan(a, "1", text)
	if f := stayFinding(t, i.Findings); f.Result != marz.Undetermined || !strings.Contains(f.Reason, "no file of stays has come") || f.Grave != marz.Clear {
		t.Errorf("without a file: %+v", f)
	}
	if _, err := tp.Decide(t.Context(), a, i.ID, marz.Admit, "", ""); err != nil { // today is a day, which the headquarters does not know yet
		t.Fatal(err)
	}
	asOf := midnight - 3*3600e3
	s.give(t, "v1", asOf, 0, 200, 20)
	i, err := tp.Scan(t.Context(), a, "1", text, true)
	if err != nil {
		t.Fatal(err)
	}
	f := stayFinding(t, i.Findings)
	if f.Result != marz.Failed || f.Grave != marz.Attention || f.AsOf != asOf || f.Source != "crossings at all posts v1" || i.Stay != "182 of 180 days used in the last 365" {
		t.Errorf("181 days elsewhere and one here: %+v, %s", f, i.Stay)
	}
	if _, err := tp.Withdraw(t.Context(), a, i.ID, inspection.WithdrawReasons[0].Code); err != nil {
		t.Fatal(err)
	}
	s.give(t, "v2", asOf+1, marz.Seq(tp.size()), 10, 5, 0) // with the entry here of today
	if i, err = tp.Scan(t.Context(), a, "1", text, true); err != nil {
		t.Fatal(err)
	}
	if f := stayFinding(t, i.Findings); f.Result != marz.Successful || i.Stay != "7 of 180 days used in the last 365" {
		t.Errorf("an entry that both know: %+v, %s", f, i.Stay)
	}
}

// TestStaysAreRefused holds that a file which is not as it should be changes nothing, and that an entry says so.
func TestStaysAreRefused(t *testing.T) {
	s := newStaysAt(t)
	s.give(t, "v1", midnight, 0, 10)
	inForce := func() string { return s.tp.elsewhere.Load().set.Newest().Version }
	refusals := func() int { return s.tp.kinds()[KindStaysRefused] }
	for i, bad := range []func(){
		func() { s.give(t, "v0", midnight-1, 0, 10) }, // older
		func() {
			s.tp.write(staysFolder+"/"+stays.Current, "marz-stays/1\nrubbish")
			_ = s.tp.ReloadStays(t.Context())
		},
		func() { s.key[0]++; s.give(t, "v2", midnight+1, 0, 10); s.key[0]-- },
	} {
		bad()
		if inForce() != "v1" || refusals() != i+1 {
			t.Errorf("%d: %s is in force after %d refusals", i, inForce(), refusals())
		}
	}
	s.give(t, "v3", midnight+2, 0, 10)
	if inForce() != "v3" || s.tp.kinds()[KindStaysLoaded] != 2 {
		t.Errorf("%s is in force", inForce())
	}
}
