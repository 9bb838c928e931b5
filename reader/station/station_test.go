//go:build linux

package station

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"marz"
	"marz/emrtd/reading"
	"marz/internal/pty"
	"marz/reader"
)

// From the reader's line and the chip to the post: one reading with the zone, every file and the seal that came meanwhile.
func TestOneDocumentIsOneReading(t *testing.T) {
	a := &antenna{document: document(t), hold: make(chan struct{})}
	b := open(t, boothOptions{chip: a})
	b.scan(passport)
	b.scan(passport) // once more while the chip is read: the same document
	b.terminal.until(t, "passports: zone", 2)
	if status, text := b.ask("POST", "/seal", "application/octet-stream", "\xdc\x03seal"); status != 200 {
		t.Fatal(status, text)
	}
	if first, second := <-b.post.heard, <-b.post.heard; first != "zone" || second != "EF.CardAccess" {
		t.Errorf("the officer saw %s, %s", first, second)
	}
	close(a.hold)
	r := b.got()
	if r.Zone != passport || r.Chip.Result != marz.Successful || !bytes.Equal(r.Chip.Files[reading.DG(2)], a.document.Chip.Files[0x0102]) || len(r.Seals) != 1 || string(r.Seals[0]) != "\xdc\x03seal" ||
		!strings.HasPrefix(r.Source, "passports (desko frames on ") || r.Chip.Auth.Result != marz.Successful {
		t.Errorf("%v: chip %s %s, %d files, %d seals", r, r.Chip.Result, r.Chip.Reason, len(r.Chip.Files), len(r.Seals))
	}
	b.terminal.until(t, "handed over to lane 1", 1)
	b.none()
	if s := b.Status(); s.Handed != 1 || s.Lost != 0 || s.Line != "up" || !s.Accepted || s.Lane != "1" || s.Devices["passports"].Zones != 2 || s.Devices["passports"].State != "open" {
		t.Errorf("%+v", s)
	}
}

func TestTheOfficerDoesNotWait(t *testing.T) {
	b := open(t, boothOptions{chip: &antenna{document: document(t), hold: make(chan struct{})}, change: func(p *fakePost) { p.stop = "zone" }})
	b.scan(passport)
	if result, why := result(b.got()); result != marz.Aborted || why != errStopped.Error() {
		t.Error(result, why)
	}
}

// Another document ends the chip of the one before it, which is handed over with what was read, and is a reading of its own.
func TestAnotherDocument(t *testing.T) {
	a := &antenna{document: document(t), hold: make(chan struct{})}
	b := open(t, boothOptions{chip: a})
	b.scan(passport)
	b.terminal.until(t, "zone", 1)
	b.scan(card)
	first := b.got()
	if result, why := result(first); first.Zone != passport || result != marz.Aborted || why != errOther.Error() {
		t.Error(result, why)
	}
	close(a.hold)
	if r := b.got(); r.Zone != card || r.Chip.Result != marz.Failed {
		t.Errorf("the chip of a passport opens by a card's zone: %v, %s", r, r.Chip.Result)
	}
}

func TestChipThatTakesTooLong(t *testing.T) {
	b := open(t, boothOptions{chip: &antenna{document: document(t), hold: make(chan struct{})}, stays: true})
	b.times.chip = 50 * time.Millisecond
	b.start()
	b.scan(passport)
	if result, why := result(b.got()); result != marz.Aborted || why != errLong.Error() {
		t.Error(result, why)
	}
}

// A line that is cut for longer than a reading may wait: it is dropped and said to be, loudly; the next one goes over once the line is there.
func TestCutLine(t *testing.T) {
	b := open(t, boothOptions{short: 150 * time.Millisecond})
	b.terminal.until(t, "the line to the post is up", 1)
	address := b.post.address()
	b.post.server.Close()
	b.terminal.until(t, "\a*** NO LINE TO THE POST", 1)
	b.scan(passport)
	b.terminal.until(t, "\a*** THE POST DOES NOT TAKE THE READING; trying again", 1)
	b.terminal.until(t, "\a*** NOT HANDED OVER, AND DROPPED: READ THE DOCUMENT AGAIN", 1)
	b.none()
	if s := b.Status(); s.Lost != 1 || s.Line == "up" || !strings.Contains(s.Last, "read the document again") {
		t.Errorf("%+v", s)
	}
	b.post.listen(t, address)
	b.terminal.until(t, "the line to the post is up", 2)
	b.scan(card)
	if r := b.got(); r.Zone != card {
		t.Error("what was dropped came after all")
	}
	b.none()
}

// The answer is lost after the post took the reading, or the post is busy at first: the same reading is sent again and taken once.
func TestSentAgainTakenOnce(t *testing.T) {
	for _, keep := range []bool{true, false} {
		var n atomic.Int32
		b := open(t, boothOptions{change: func(p *fakePost) {
			p.keep = keep
			p.fail = func(w http.ResponseWriter, path string) bool {
				switch {
				case path != "/reading" || n.Add(1) > 3:
					return false
				case keep:
					return hangUp(w)
				}
				return refuse(w, 503, "unavailable", "the node is starting")
			}
		}})
		b.scan(passport)
		if r := b.got(); r.Zone != passport {
			t.Error(r)
		}
		b.terminal.until(t, "handed over to lane 1", 1)
		b.none()
		if s := b.Status(); s.Handed != 1 || s.Lost != 0 || n.Load() < 4 {
			t.Errorf("after %d tries: %+v", n.Load(), s)
		}
	}
}

// What the post refuses for good is not sent again.
func TestRefusedByThePost(t *testing.T) {
	for status, code := range map[int]string{403: "forbidden", 409: "conflict", 400: "invalid", 404: ""} {
		var n atomic.Int32
		b := open(t, boothOptions{change: func(p *fakePost) {
			p.fail = func(w http.ResponseWriter, path string) bool {
				if path != "/reading" {
					return false
				}
				n.Add(1)
				return refuse(w, status, code, "nobody sits at\nthis lane")
			}
		}})
		b.scan(passport)
		b.terminal.until(t, "READ THE DOCUMENT AGAIN. post /reading: nobody sits at this lane", 1)
		if n.Load() != 1 {
			t.Errorf("%d: sent %d times", status, n.Load())
		}
	}
}

func TestNotAccepted(t *testing.T) {
	b := open(t, boothOptions{change: func(p *fakePost) { p.accepted = "another" }})
	b.terminal.until(t, "\a*** NO SUPERVISOR OF POST \"agarak\" HAS ACCEPTED THIS STATION", 1)
	if !strings.Contains(b.terminal.String(), b.Fingerprint()) {
		t.Error("the fingerprint is not said")
	}
	b.scan(passport)
	b.terminal.until(t, "no supervisor has accepted this station", 1)
	b.post.set(func() { b.post.accepted = b.Fingerprint() })
	b.terminal.until(t, "has this station at lane", 1)
	b.scan(passport)
	b.got()
}

// A station that is at another lane than it says hands over nothing.
func TestAnotherLane(t *testing.T) {
	b := open(t, boothOptions{frames: "lane = '2'"})
	b.terminal.until(t, "\a*** hand reading over: the post has this station at lane 1, and reader.toml says lane 2", 1)
	b.scan(passport)
	b.terminal.until(t, "NOT HANDED OVER", 1)
	b.none()
	b.post.set(func() {
		if !slices.Contains(b.post.says, "2") {
			t.Errorf("the post hears lanes %q", b.post.says)
		}
	})
}

func TestPostOfAnotherCA(t *testing.T) {
	other, _ := authority(t, "another CA")
	b := open(t, boothOptions{ca: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: other.Raw})})
	b.terminal.until(t, "its certificate is not by the CA of this station", 1)
}

// While one reading is handed over another may wait. A third pushes the second out, and says so.
func TestReadingsNeverPileUp(t *testing.T) {
	held := make(chan struct{})
	b := open(t, boothOptions{change: func(p *fakePost) {
		p.fail = func(_ http.ResponseWriter, path string) bool {
			if path == "/reading" {
				<-held
			}
			return false
		}
	}})
	for i, zone := range []string{passport, card, visa} {
		b.scan(zone)
		b.terminal.until(t, "passports: zone", i+1)
	}
	b.terminal.until(t, "NOT HANDED OVER", 1)
	if status, text := b.ask("POST", "/reading", "application/json", `{"id":"abcdefghijklmnop","zone":"","source":"x","chip":{"result":"undetermined"}}`); status != 409 || !strings.Contains(text, `"code":"conflict"`) {
		t.Error(status, text)
	}
	close(held)
	if first, last := b.got(), b.got(); first.Zone != passport || last.Zone != visa {
		t.Errorf("%q, %q", first.Zone, last.Zone)
	}
	b.none()
}

func TestUnpluggedAndPluggedIn(t *testing.T) {
	b := open(t, boothOptions{})
	b.scan(passport)
	b.got()
	link := b.Config.Devices[0].Path
	b.reader.Close()
	b.terminal.until(t, "\a*** passports: ", 1)
	again, path, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	b.reader = again
	b.terminal.until(t, "is open", 2)
	b.scan(card)
	if r := b.got(); r.Zone != card {
		t.Error(r.Zone)
	}
}

// A seal goes with the zone that follows it, or that it follows; else it is a reading without a zone.
func TestSeals(t *testing.T) {
	b := open(t, boothOptions{frames: "seal_before_ms = 50\nseal_after_ms = 20000"})
	seal := func(text string) {
		if status, text := b.ask("POST", "/seal", "application/octet-stream", text); status != 200 {
			t.Fatal(status, text)
		}
	}
	seal("alone")
	if r := b.got(); r.Zone != "" || len(r.Seals) != 1 || r.Chip.Result != marz.Undetermined {
		t.Errorf("%v: %q", r, r.Seals)
	}
	b.scan(visa)
	b.terminal.until(t, "zone", 1)
	for _, s := range []string{"after", "after", "b", "c", "d", "one too many"} {
		seal(s)
	}
	if status, text := b.ask("POST", "/seal", "application/json", `{"data":"QUJD","symbol":"]C0","source":"a scanner"}`); status != 200 {
		t.Error(status, text)
	}
	b.terminal.until(t, "a scanner: a code of kind ]C0 is no seal and was left", 1)
	if status, text := b.ask("POST", "/removed", "application/json", `{}`); status != 200 {
		t.Error(status, text)
	}
	if r := b.got(); r.Zone != visa || string(bytes.Join(r.Seals, []byte(","))) != "after,b,c,d" {
		t.Errorf("%v: %q", r, r.Seals)
	}
	b.terminal.until(t, "a seal was dropped", 1)
}

func TestSealBeforeItsZone(t *testing.T) {
	b := open(t, boothOptions{frames: "seal_before_ms = 20000"})
	if status, text := b.ask("POST", "/seal", "application/octet-stream", "before"); status != 200 {
		t.Fatal(status, text)
	}
	b.scan(visa)
	if r := b.got(); r.Zone != visa || len(r.Seals) != 1 || r.Chip.Result != marz.NotSupported {
		t.Errorf("%v: %q", r, r.Seals)
	}
}

// A recording goes the way of what a reader sends.
func TestPlay(t *testing.T) {
	b := open(t, boothOptions{stays: true, chip: &antenna{document: document(t)}})
	f, err := os.Open("../testdata/recordings/desko-plain.frames")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := reader.ReadRecording(f, "desko-plain.frames")
	if err != nil {
		t.Fatal(err)
	}
	for i := range r.Steps {
		r.Steps[i].Pause /= 100
	}
	r.Steps = r.Steps[:1]
	if err := b.Play(t.Context(), "", r); err != nil {
		t.Fatal(err)
	}
	if got := b.got(); got.Zone != passport || got.Chip.Result != marz.Successful {
		t.Error(got)
	}
	b.none()
	b.post.set(func() { b.post.accepted = "another" })
	if err := b.Play(t.Context(), "passports", r); err == nil || !strings.Contains(err.Error(), "no supervisor has accepted") {
		t.Error(err)
	}
	if err := b.Play(t.Context(), "visas", r); marz.CodeOf(err) != marz.NotFound {
		t.Error(err)
	}
}

// What was read is in no file of the station.
func TestNothingIsWritten(t *testing.T) {
	b := open(t, boothOptions{chip: &antenna{document: document(t)}})
	b.scan(passport)
	b.got()
	b.terminal.until(t, "handed over", 1)
	b.end()
	status, err := json.Marshal(b.Status())
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{"status": status}
	files, err := os.ReadDir(b.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if all[f.Name()], err = os.ReadFile(filepath.Join(b.Dir, f.Name())); err != nil {
			t.Fatal(err)
		}
	}
	if len(all) != 6 {
		t.Errorf("%d files", len(all)-1)
	}
	for name, content := range all {
		if bytes.Contains(content, []byte("ERIKSSON")) || bytes.Contains(content, []byte("898902C3")) {
			t.Errorf("%s says who the holder is", name)
		}
	}
}
