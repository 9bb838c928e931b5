package verify

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"marz"
)

func check(t testing.TB, dir string, o Options) *Report {
	t.Helper()
	r, err := Folder(context.Background(), dir, o)
	if err != nil {
		t.Fatalf("Folder: %v", err)
	}
	return r
}

func wantSound(t testing.TB, r *Report, b *builder) {
	t.Helper()
	for _, p := range r.Problems {
		t.Errorf("problem: %s", p)
	}
	var payloads int64
	for _, e := range b.entries {
		if e.payload != nil {
			payloads++
		}
	}
	last := b.heads[len(b.heads)-1]
	h, fault := parseHead(last.note)
	if fault != "" {
		t.Fatal(fault)
	}
	if r.Entries != int64(len(b.entries)) || r.Heads != int64(len(b.heads)) || r.Size != last.size ||
		r.Root != b64.EncodeToString(h.root[:]) || r.Origin != b.origin || r.Key != b.vkey {
		t.Errorf("report %+v for %d entries, %d heads", r, len(b.entries), len(b.heads))
	}
	if !r.Withheld && r.Payloads != payloads {
		t.Errorf("%d payloads, want %d", r.Payloads, payloads)
	}
}

// wantProblem demands that the first problem of an entry is the one at seq whose text contains what.
func wantProblem(t failer, r *Report, seq int64, what string) {
	t.Helper()
	for _, p := range r.Problems {
		if p.Seq == seq && strings.Contains(p.What, what) {
			if first, _ := r.First(); seq >= 0 && first.Seq != seq {
				t.Errorf("the first problem is %s; want one at %d", first, seq)
			}
			return
		}
	}
	t.Errorf("no problem at %d with %q in %d: %v", seq, what, r.ProblemCount, r.Problems)
}

func TestSoundFolders(t *testing.T) {
	for _, n := range []int{1, 2, 3, 40, 3000} {
		for _, auto := range []int{0, 100} {
			t.Run(fmt.Sprint(n, " entries, checkpoint ", auto), func(t *testing.T) {
				b := newBuilder(t, auto)
				b.create(true)
				b.fill(n, 40)
				inLog := check(t, b.copyTo(t.TempDir()), Options{})
				wantSound(t, inLog, b)
				if !inLog.Exercise {
					t.Error("the exercise was not seen")
				}
				b.exec("PRAGMA wal_checkpoint(PASSIVE)")
				b.fill(n+30, 5)
				wantSound(t, check(t, b.copyTo(t.TempDir()), Options{Key: b.vkey}), b)
				b.exec("PRAGMA wal_checkpoint(RESTART)")
				b.fill(n+33, 1)
				wantSound(t, check(t, b.copyTo(t.TempDir()), Options{Key: b.vkey}), b)
				b.close()
				wantSound(t, check(t, b.dir, Options{}), b)
			})
		}
	}
}

func TestCosignedHead(t *testing.T) {
	b := newBuilder(t, 0)
	b.create(false)
	b.fill(10, 3)
	mirror, _ := testKey("armenia/hq", 9)
	n := b.heads[len(b.heads)-1].note
	sig, err := mirror.Sign(n)
	must(t, err)
	h := mirror.KeyHash()
	raw := append([]byte{byte(h >> 24), byte(h >> 16), byte(h >> 8), byte(h)}, sig...)
	cosigned := append(n[:len(n):len(n)], fmt.Sprintf("\u2014 armenia/hq %s\n", b64.EncodeToString(raw))...)
	b.exec("UPDATE head SET note = ? WHERE size = 10", cosigned)
	b.writeHead(cosigned)
	b.close()
	wantSound(t, check(t, b.dir, Options{}), b)
}

func TestHeadBehind(t *testing.T) {
	b := newBuilder(t, 0)
	b.create(false)
	b.fill(10, 3)
	b.writeHead(b.heads[1].note)
	b.close()
	wantSound(t, check(t, b.dir, Options{}), b)
}

func TestUnreadable(t *testing.T) {
	ctx := context.Background()
	file := func(name, content string) string {
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
		return dir
	}
	other := t.TempDir()
	db := openDB(t, other, 0)
	_, err := db.Exec("CREATE TABLE entry (a)")
	must(t, err)
	db.Close()
	for name, dir := range map[string]string{
		"no such folder":    filepath.Join(t.TempDir(), "none"),
		"empty folder":      t.TempDir(),
		"empty database":    file("journal.db", ""),
		"garbage":           file("journal.db", strings.Repeat("garbage", 5000)),
		"short garbage":     file("journal.db", "g"),
		"another database":  other,
		"a file, no folder": filepath.Join(file("x", "y"), "x"),
	} {
		r, err := Folder(ctx, dir, Options{})
		if err == nil {
			t.Errorf("%s: no error, but %+v", name, r)
			continue
		}
		if c := marz.CodeOf(err); c != marz.Invalid && c != marz.NotFound {
			t.Errorf("%s: %v (%v)", name, err, c)
		}
	}
	if _, err := Folder(ctx, t.TempDir(), Options{Key: "nonsense"}); marz.CodeOf(err) != marz.Invalid {
		t.Errorf("a wrong key: %v", err)
	}
}

func TestNoPermission(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	b := newBuilder(t, 0)
	b.create(false)
	b.close()
	must(t, os.Chmod(filepath.Join(b.dir, "journal.db"), 0))
	if _, err := Folder(context.Background(), b.dir, Options{}); marz.CodeOf(err) != marz.Invalid {
		t.Errorf("%v", err)
	}
}

func TestRefusesItsOwnProcess(t *testing.T) {
	b := newBuilder(t, 0)
	b.create(false)
	_, err := Folder(context.Background(), b.dir, Options{})
	if marz.CodeOf(err) != marz.Conflict {
		t.Errorf("a journal that this process has open: %v", err)
	}
	b.close()
	wantSound(t, check(t, b.dir, Options{}), b)
}

// failer is what testing.T and rapid.T have in common.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
}
