package mirror

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"marz"
	"marz/journal"
	"marz/verify"
)

// backup copies a node's folder, and restore puts it back. The node is stopped.
func backup(t testing.TB, dir string) (restore func()) {
	t.Helper()
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(copied))); err != nil {
			t.Fatal(err)
		}
	}
}

func recovery(n *node, places ...*place) Recovery {
	r := Recovery{Dir: n.cfg.Dir, Key: n.vkey, After: never}
	for _, p := range places {
		r.Mirrors = append(r.Mirrors, p.remote(&line{p, "node"}))
	}
	return r
}

// bundle is all that a journal holds.
func bundleOf(t testing.TB, dir string) string {
	t.Helper()
	var b bytes.Buffer
	if err := journal.Export(context.Background(), dir, all, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func checkFolder(t testing.TB, n *node, entries int64) {
	t.Helper()
	report, err := verify.Folder(context.Background(), n.cfg.Dir, verify.Options{Key: n.vkey})
	if err != nil || !report.OK() || report.Entries != entries {
		t.Fatalf("marz verify says %+v, %v", report, err)
	}
}

// A node that starts on an old backup is told so, will not sign, and is rebuilt from its mirrors to what it was, byte for byte.
func TestOldBackup(t *testing.T) {
	for _, c := range []struct {
		name        string
		kept, after int // entries in the backup, and after it
	}{{"few", 3, 5}, {"many", 700, 1200}, {"at a boundary", 255, 256}} {
		t.Run(c.name, func(t *testing.T) {
			n := newNode(t)
			n.write(t, "am-bg", c.kept)
			n.j.Close()
			restore := backup(t, n.cfg.Dir)
			n.start(t)
			for range 3 {
				n.write(t, "am-bg", c.after/3+1)
				n.write(t, "ru-bg", 2)
			}
			n.erase(t, 1, marz.Seq(c.kept+1)) // one that is in the backup, and one that is not
			own := func(a marz.AuthorityID) func(journal.Entry) bool {
				return func(e journal.Entry) bool { return e.Authority == a }
			}
			am, ru := newPlace(t, n, "am", own("am-bg")), newPlace(t, n, "ru", own("ru-bg"))
			newPusher(t, n,
				Target{Remote: am.remote(&line{am, "node"}), Entitled: own("am-bg")},
				Target{Remote: ru.remote(&line{ru, "node"}), Entitled: own("ru-bg")}).push(t)
			size := n.j.Head().Size
			n.j.Close()
			was := bundleOf(t, n.cfg.Dir)
			restore()
			gone := []byte("UTOPIAN<<am-bg<1\"")
			if !holdsBytes(t, n.cfg.Dir, gone) {
				t.Fatal("the backup does not hold what was erased later: the test shows nothing")
			}

			r := recovery(n, am, ru)
			behind, unreached, err := Ahead(t.Context(), r)
			if err != nil || len(unreached) > 0 || behind == nil || behind.Head.Size != size || behind.Fork || !behind.Held || behind.Size != int64(c.kept)+1 || len(behind.Proof) == 0 {
				t.Fatalf("ahead: %+v, %v, %v", behind, unreached, err)
			}
			if _, err := journal.Open(t.Context(), n.cfg); marz.CodeOf(err) != marz.Conflict || !strings.Contains(err.Error(), "recover from a mirror") {
				t.Fatalf("an old backup is opened: %v", err)
			}
			got, err := Recover(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if got.Before != int64(c.kept)+1 || got.Size != size || len(got.Lost) != 0 || len(got.Failed) != 0 {
				t.Errorf("recovered %+v", got)
			}
			if bundleOf(t, n.cfg.Dir) != was {
				t.Error("the journal is another than it was")
			}
			checkFolder(t, n, size)
			if behind, _, err := Ahead(t.Context(), r); err != nil || behind != nil {
				t.Errorf("ahead after recovery: %+v, %v", behind, err)
			}
			if holdsBytes(t, n.cfg.Dir, gone) {
				t.Error("an erased payload came back with the backup")
			}
			n.start(t)
			n.write(t, "am-bg", 2)
			p := newPusher(t, n, Target{Remote: am.remote(&line{am, "node"}), Entitled: own("am-bg")})
			p.push(t)
			equal(t, n, am, n.j.Head().Size, own("am-bg"))
		})
	}
}

// holdsBytes looks for bytes in every file of a folder.
func holdsBytes(t testing.TB, dir string, what []byte) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err == nil && bytes.Contains(b, what) {
			return true
		}
	}
	return false
}

// A node whose disk is gone is rebuilt from nothing but its key. What no mirror might hold is named.
func TestNothingLeft(t *testing.T) {
	n := newNode(t)
	n.write(t, "am-bg", 300)
	n.write(t, "ru-bg", 3)
	am := newPlace(t, n, "am", func(e journal.Entry) bool { return e.Authority == "am-bg" })
	newPusher(t, n, Target{Remote: am.remote(&line{am, "node"}), Entitled: am.of.Entitled}).push(t)
	size := n.j.Head().Size
	n.j.Close()
	n.cfg.Dir = t.TempDir()
	dead := Remote{Name: "dead", URL: "http://dead", Key: am.vkey, Transport: deadLine{}}
	r := recovery(n, am)
	r.Mirrors = append([]Remote{dead}, r.Mirrors...)
	got, err := Recover(t.Context(), r)
	if err != nil || got.Size != size || len(got.Lost) != 2 || got.Lost[0] != 301 || got.Failed["dead"] == nil {
		t.Fatalf("recovered %+v, %v", got, err)
	}
	report, err := verify.Folder(t.Context(), n.cfg.Dir, verify.Options{Key: n.vkey})
	if err != nil || report.ProblemCount != 2 {
		t.Errorf("what is lost is not missed: %+v, %v", report, err)
	}
	n.start(t)
	lost := func(seqs ...marz.Seq) error {
		return n.j.Update(t.Context(), func(tx *journal.Tx) error {
			_, err := tx.Lost(draft("am-bg", nil, nil), seqs, "the node's disk was lost")
			return err
		})
	}
	if err := lost(got.Lost[0], 1); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("a payload that is there is noted as lost: %v", err)
	}
	if err := lost(got.Lost...); err != nil {
		t.Fatal(err)
	}
	if err := lost(got.Lost[0]); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("noted twice: %v", err)
	}
	n.j.Close()
	checkFolder(t, n, size+1)
}

type deadLine struct{}

func (deadLine) RoundTrip(*http.Request) (*http.Response, error) { return nil, errLine }

// When a head was signed whose entries no mirror holds, the node must not go on without them.
func TestEndThatNobodyHolds(t *testing.T) {
	n := newNode(t)
	n.write(t, "am-bg", 5)
	am := newPlace(t, n, "am", all)
	p := newPusher(t, n, Target{Remote: am.remote(&line{am, "node"})})
	p.push(t)
	n.j.Close()
	restore := backup(t, n.cfg.Dir)
	n.start(t)
	n.write(t, "am-bg", 5)
	p = newPusher(t, n, Target{Remote: am.remote(&line{am, "node"})})
	f := p.feeds[0]
	if err := errors.Join(f.sync(t.Context()), f.addCheckpoint(t.Context(), n.j.Head())); err != nil {
		t.Fatal(err)
	}
	n.j.Close()
	restore()
	behind, _, err := Ahead(t.Context(), recovery(n, am))
	if err != nil || behind == nil || behind.Held || behind.Fork || behind.Head.Size != 11 {
		t.Fatalf("ahead: %+v, %v", behind, err)
	}
	if _, err := Recover(t.Context(), recovery(n, am)); marz.CodeOf(err) != marz.Conflict || !strings.Contains(err.Error(), "under another name") {
		t.Errorf("recovered without what was signed: %v", err)
	}
	if _, err := journal.Open(t.Context(), n.cfg); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("it is opened: %v", err)
	}
}

// A running node on an old copy stops at the first word of its mirror, before it signs more.
func TestRunningOnAnOldCopy(t *testing.T) {
	n := newNode(t)
	n.write(t, "am-bg", 2)
	n.j.Close()
	restore := backup(t, n.cfg.Dir)
	n.start(t)
	n.write(t, "am-bg", 2)
	am := newPlace(t, n, "am", all)
	newPusher(t, n, Target{Remote: am.remote(&line{am, "node"})}).push(t)
	n.j.Close()
	for _, c := range []struct {
		name string
		more int
		says string
	}{{"behind", 0, "old copy"}, {"gone on, shorter", 1, "old copy"}, {"gone on, as long", 2, "another history"}, {"gone on, longer", 5, "another history"}} {
		t.Run(c.name, func(t *testing.T) {
			restore()
			n.start(t)
			defer n.j.Close()
			if c.more > 0 {
				n.write(t, "ru-bg", c.more)
			}
			p := newPusher(t, n, Target{Remote: am.remote(&line{am, "node"})})
			err := p.feeds[0].round(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("the push says %v", err)
			}
			select {
			case <-n.j.Failed():
			default:
				t.Fatal("the node goes on")
			}
			if err := n.j.Update(t.Context(), func(tx *journal.Tx) error {
				_, err := tx.Append(draft("am-bg", nil, nil))
				return err
			}); err == nil {
				t.Error("it still signs")
			}
			n.j.Close()
			if _, err := journal.Open(t.Context(), n.cfg); marz.CodeOf(err) != marz.Conflict {
				t.Errorf("it is opened again: %v", err)
			}
		})
	}
}

// lying is a mirror that alters what it gives back.
type lying struct {
	line
	path  string
	alter func([]byte) []byte
}

func (l *lying) RoundTrip(q *http.Request) (*http.Response, error) {
	resp, err := l.line.RoundTrip(q)
	if err == nil && strings.HasSuffix(q.URL.Path, l.path) {
		b, _ := io.ReadAll(resp.Body)
		resp.Body = io.NopCloser(bytes.NewReader(l.alter(b)))
	}
	return resp, err
}

// What a mirror gives back is believed in nothing: where it was altered, the folder stays as it was, or another mirror's is taken.
func TestMirrorThatLies(t *testing.T) {
	n := newNode(t)
	n.write(t, "am-bg", 300)
	am, ru := newPlace(t, n, "am", all), newPlace(t, n, "ru", all)
	newPusher(t, n, Target{Remote: am.remote(&line{am, "node"}), Entitled: all}, Target{Remote: ru.remote(&line{ru, "node"}), Entitled: all}).push(t)
	size := n.j.Head().Size
	n.j.Close()
	was := bundleOf(t, n.cfg.Dir)
	flip := func(at int) func([]byte) []byte {
		return func(b []byte) []byte {
			c := bytes.Clone(b)
			c[min(at, len(c)-1)] ^= 1
			return c
		}
	}
	for _, path := range []string{"/state", "/checkpoint", "/entries", "/heads", "/payloads"} {
		for _, at := range []int{0, 100, 1 << 30} {
			n.cfg.Dir = t.TempDir()
			bad := &lying{line{am, "node"}, path, flip(at)}
			r := recovery(n, am)
			r.Mirrors[0].Transport = bad
			got, err := Recover(t.Context(), r)
			if err == nil && got.Failed["am"] == nil && bundleOf(t, n.cfg.Dir) != was {
				t.Errorf("%s altered at %d: %+v was taken for true", path, at, got)
			}
			if err != nil {
				if _, err := os.Stat(filepath.Join(n.cfg.Dir, "journal.db")); err == nil {
					t.Errorf("%s altered at %d: refused, and yet there is a journal", path, at)
				}
			}
		}
	}
	for _, path := range []string{"/entries", "/payloads"} {
		n.cfg.Dir = t.TempDir()
		r := recovery(n, am, ru)
		r.Mirrors[0].Transport = &lying{line{am, "node"}, path, flip(5000)}
		if got, err := Recover(t.Context(), r); err != nil || got.Size != size || bundleOf(t, n.cfg.Dir) != was {
			t.Errorf("%s: with a second mirror: %+v, %v", path, got, err)
		}
	}
}

// The read endpoints are for the node's own key alone.
func TestOnlyTheNodeReads(t *testing.T) {
	n := newNode(t)
	n.write(t, "am-bg", 5)
	am := newPlace(t, n, "am", all)
	newPusher(t, n, Target{Remote: am.remote(&line{am, "node"}), Entitled: all}).push(t)
	for _, path := range []string{"state", "checkpoint", "pending", "consistency?old=1&new=2", "entries?start=0&end=6", "heads?after=0", "payloads?from=0&to=6"} {
		for client, want := range map[string]int{"node": 200, "another": 403} {
			q, _ := http.NewRequest("GET", "http://am/"+originHash(testOrigin)+"/"+path, nil)
			resp, err := serve(am.r, q, client)
			if err != nil || resp.StatusCode != want {
				t.Errorf("%s asks for %s: %v, %v", client, path, resp.StatusCode, err)
			}
		}
		q, _ := http.NewRequest("GET", "http://am/"+originHash("test/other")+"/"+path, nil)
		if resp, err := serve(am.r, q, "node"); err != nil || resp.StatusCode != 404 {
			t.Errorf("of a journal that is not mirrored: %v, %v", resp.StatusCode, err)
		}
	}
}
