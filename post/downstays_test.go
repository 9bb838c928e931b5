package post

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/inspection/stays"
	"marz/release"
)

// giveStays gives posts a file by which the traveller was in the state from so many days ago to so many, whole or as the change from an older one.
func (h *testHQ) giveStays(key stays.Key, version string, older *stays.File, from, to int) (*stays.File, marz.Seq) {
	h.t.Helper()
	signer, err := note.NewSigner(h.cfg.Key)
	if err != nil {
		h.t.Fatal(err)
	}
	by, err := note.NewVerifier(h.vkey)
	if err != nil {
		h.t.Fatal(err)
	}
	at := h.cfg.Clock()
	today := int(int64(at+4*3600e3) / 86400e3)
	w := stays.NewWriter(today-365, false)
	who := key.Digest(stays.Person{Nationality: "IRN", Birth: "1980-05-06", Primary: "ABADI", Secondary: "REZA"})
	if err := w.Add(who, []stays.Movement{{Day: today - from, Direction: marz.EntryDirection}, {Day: today - to, Direction: marz.ExitDirection}}); err != nil {
		h.t.Fatal(err)
	}
	whole, err := w.Bytes(stays.Header{Version: version, At: at, KeyID: key.ID(), Zone: "Asia/Yerevan"}, signer)
	if err != nil {
		h.t.Fatal(err)
	}
	newer, err := stays.Read("new", whole, by)
	if err != nil {
		h.t.Fatal(err)
	}
	file, s := whole, release.Stays{Version: version, Made: at}
	if older != nil {
		s.From = older.Version
		if file, err = stays.Change(older, newer, signer); err != nil {
			h.t.Fatal(err)
		}
	}
	path := filepath.Join(h.t.TempDir(), "stays")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		h.t.Fatal(err)
	}
	s.SHA256, s.Size, _ = h.keep(path)
	given := release.StaysGiven{Key: key.String()}
	if older != nil { // small enough for its entry
		os.Remove(filepath.Join(h.files, s.SHA256))
		given.File = file
	}
	return newer, h.say(release.KindStays, s, given)
}

// Files of stays come from the headquarters by themselves: a whole one and a change of it, under the key that comes with them; they are there after a start, one that is damaged changes nothing, what is taken back
// is in force no more, and when no article gives the authority anything nothing of them lies at the post, nor does the key.
func TestStaysFromHeadquarters(t *testing.T) {
	clock := newTestPostNamed(t, "exercise/test/clock", agreements).clock
	h := newTestHQ(t, "ru-bg", clock)
	f := newFollowing(t, "exercise/test/agarak", agreements, h)
	inForce := func() string {
		if e := f.elsewhere.Load(); e != nil {
			return e.set.Newest().Version
		}
		return ""
	}
	key := stays.Key(bytes.Repeat([]byte{9}, 32))
	one, seq := h.giveStays(key, "v1", nil, 200, 20)
	if d := f.followed(seq); d.Outcome != followedDone || inForce() != "v1" {
		t.Fatalf("%+v; %q is in force", d, inForce())
	}
	_, second := h.giveStays(key, "v2", one, 10, 5)
	if d := f.followed(second); d.Outcome != followedDone || inForce() != "v2" {
		t.Fatalf("%+v; %q is in force", d, inForce())
	}
	f.again()
	if inForce() != "v2" {
		t.Fatalf("after a start %q is in force", inForce())
	}
	away := h.say(release.KindStays, release.Stays{Version: "v3", Made: clock(), SHA256: strings.Repeat("ab", 32), Size: 7}, release.StaysGiven{Key: key.String(), File: []byte("rubbish")})
	f.until("the entry whose file is nowhere to be had has come", func() bool { return len(f.Post.hqs[0].waiting(f.Post.hqs[0].ofList)) > 0 })
	if inForce() != "v2" {
		t.Errorf("with a file that cannot be had %q is in force", inForce())
	}
	f.followed(h.recall(away))
	if inForce() != "v2" {
		t.Errorf("after it was taken back %q is in force", inForce())
	}
	f.followed(h.recall(second))
	if inForce() != "v1" {
		t.Errorf("after the change was taken back %q is in force", inForce())
	}
	f.followed(h.recall(seq))
	if inForce() != "" || f.kinds()[KindStaysEnded] != 1 {
		t.Errorf("after all was taken back %q is in force, %d ends", inForce(), f.kinds()[KindStaysEnded])
	}
	_, last := h.giveStays(key, "v4", nil, 200, 20)
	if f.followed(last); inForce() != "v4" {
		t.Errorf("given anew, %q is in force", inForce())
	}
	f.now.Store(int64(midnight))
	if err := f.Tick(t.Context()); err != nil { // control passes, and at once
		t.Fatal(err)
	}
	<-f.ended
	if inForce() != "" || f.kinds()[KindStaysEnded] != 2 {
		t.Errorf("after the last article %q is in force, %d ends", inForce(), f.kinds()[KindStaysEnded])
	}
	f.holdsNothing(key.String())
	f.verified()
	f.run()
}
