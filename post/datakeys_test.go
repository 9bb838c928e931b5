package post

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"marz"
)

// The bytes of docs/spec/sealed.md.
func TestSealedVector(t *testing.T) {
	k, err := newDataKey(bytes.Repeat([]byte{7}, dataKeyLen))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := k.seal(bytes.NewReader(bytes.Repeat([]byte{9}, sealNonce)), "list ru-own", []byte(`{"an":"alert"}`))
	if err != nil {
		t.Fatal(err)
	}
	spec, err := os.ReadFile("../docs/spec/sealed.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(spec, []byte(k.id.String())) || !bytes.Contains(spec, []byte(hex.EncodeToString(sealed))) {
		t.Errorf("docs/spec/sealed.md has not the key id %s and the bytes %x", k.id, sealed)
	}
}

// Whatever of sealed bytes is changed, and whatever they are taken for, they do not open.
func TestSealedIsAllOrNothing(t *testing.T) {
	k, _ := newDataKey(bytes.Repeat([]byte{7}, dataKeyLen))
	other, _ := newDataKey(bytes.Repeat([]byte{8}, dataKeyLen))
	random := newDataKeys("", nil).random
	plain := []byte("an alert of nobody's")
	sealed, err := k.seal(random, "list ru-own", plain)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k.open("list ru-own", sealed); err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("%q %v", got, err)
	}
	if again, _ := k.seal(random, "list ru-own", plain); bytes.Equal(again, sealed) {
		t.Error("the same nonce twice")
	}
	for i := range sealed {
		for bit := range 8 {
			bad := bytes.Clone(sealed)
			bad[i] ^= 1 << bit
			if _, err := k.open("list ru-own", bad); err == nil {
				t.Fatalf("bit %d of byte %d", bit, i)
			}
		}
	}
	for n := range sealed {
		if _, err := k.open("list ru-own", sealed[:n]); marz.CodeOf(err) != marz.Invalid {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}
	if _, err := k.open("list am-own", sealed); err == nil {
		t.Error("it opens as another list")
	}
	if _, err := k.open("list ru-own", append(bytes.Clone(sealed), 0)); err == nil {
		t.Error("it opens with a byte more")
	}
	if _, err := other.open("list ru-own", sealed); err == nil || !strings.Contains(err.Error(), k.id.String()) || !strings.Contains(err.Error(), other.id.String()) {
		t.Errorf("under another key: %v", err)
	}
}

// refusal returns why the journal last said that a list was refused, also where no page shows it any more.
func (tp *testPost) refusal(id marz.ListID) string {
	tp.t.Helper()
	all, err := tp.refusals(tp.journal.State())
	if err != nil {
		tp.t.Fatal(err)
	}
	return all[id]
}

func (tp *testPost) path(name ...string) string {
	return filepath.Join(append([]string{tp.dir}, name...)...)
}

func there(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

// nothingOpen fails when a file of the folder holds what stands on the own list.
func (tp *testPost) nothingOpen() {
	tp.t.Helper()
	err := filepath.WalkDir(tp.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte("Sekretov")) || bytes.Contains(b, []byte("bogdans-alert")) {
			tp.t.Errorf("%s holds it open", path)
		}
		return err
	})
	if err != nil {
		tp.t.Fatal(err)
	}
}

// An authority's own list is taken in: nothing of it lies open in the folder, and it is in force after a restart and a reload all the same, with its age.
func TestOwnListIsTakenIn(t *testing.T) {
	tp, ru, _ := newJoint(t, "", "", "1")
	if there(t, tp.path("own.jsonl")) || !there(t, tp.path("lists", "ru-own.sealed")) || there(t, tp.path("lists", "ru-own.kept.json")) {
		t.Error("the source is there, or no sealed copy")
	}
	if info, err := os.Stat(tp.path("keys", "data-ru-bg.key")); err != nil || info.Mode().Perm() != 0o600 || info.Size() != 65 {
		t.Errorf("%+v %v", info, err)
	}
	if !there(t, tp.path("test.jsonl")) || !there(t, tp.path("lists", "test-list.kept.json")) {
		t.Error("a list in common was taken in")
	}
	if i := tp.mustScan(ru, "1", wantedPassport(t, "GEO")); len(i.Hits) != 1 {
		t.Errorf("%+v", i.Hits)
	}
	loaded := func() marz.Instant {
		for _, l := range tp.lists.Lists() {
			if l.ID == "ru-own" {
				return l.Loaded
			}
		}
		return 0
	}
	first := loaded()
	tp.nothingOpen()
	tp.verified()
	tp.nothingOpen()
	if _, err := tp.ReloadLists(t.Context(), tp.signIn("ru-bg/1")); err != nil {
		t.Fatal(err)
	}
	if why := tp.refusal("ru-own"); why != "" || loaded() != first || first == 0 {
		t.Errorf("%s, loaded %s and before %s", why, loaded(), first)
	}
	tp.write("own.jsonl", strings.ReplaceAll(ownList, "bogdans-alert", "bogdans-second"))
	if _, err := tp.ReloadLists(t.Context(), tp.signIn("ru-bg/1")); err != nil {
		t.Fatal(err)
	}
	if _, ok := tp.lists.Alert("ru-own", "bogdans-second"); !ok || there(t, tp.path("own.jsonl")) || loaded() <= first {
		t.Errorf("a new source was not taken in: %v, loaded %s", ok, loaded())
	}
	tp.write("own.jsonl", "broken")
	if _, err := tp.ReloadLists(t.Context(), tp.signIn("ru-bg/1")); err != nil {
		t.Fatal(err)
	}
	if _, ok := tp.lists.Alert("ru-own", "bogdans-second"); !ok || tp.refusal("ru-own") == "" || !there(t, tp.path("own.jsonl")) {
		t.Error("a broken source was taken in, or the list before is not in force")
	}
}

// A copy that was kept open before there were data keys is sealed when the post is opened.
func TestOpenCopyIsSealed(t *testing.T) {
	tp, _, _ := newJoint(t, "", "", "1")
	l, err := tp.openKept(ListSource{ID: "ru-own", Authority: "ru-bg"})
	if err != nil {
		t.Fatal(err)
	}
	tp.Post.Close()
	for _, path := range []string{tp.path("lists", "ru-own.sealed"), tp.path("keys", "data-ru-bg.key")} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	tp.write("lists/ru-own.kept.json", string(l))
	tp.open()
	if there(t, tp.path("lists", "ru-own.kept.json")) || !there(t, tp.path("lists", "ru-own.sealed")) {
		t.Error("it was not sealed")
	}
	if _, ok := tp.lists.Alert("ru-own", "bogdans-alert"); !ok || tp.refusal("ru-own") != "" {
		t.Errorf("in force: %v, %s", ok, tp.refusal("ru-own"))
	}
	tp.nothingOpen()
}

// Without its key, or with another, an authority's own list is refused in words that say what to do. Other lists go on, and nothing is written over.
func TestDataKeyMissingOrWrong(t *testing.T) {
	tp, _, _ := newJoint(t, "", "", "1")
	key, sealed := tp.path("keys", "data-ru-bg.key"), tp.path("lists", "ru-own.sealed")
	right, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		set   func() error
		words string
	}{
		"missing": {func() error { return os.Remove(key) }, "put it back"},
		"wrong":   {func() error { return os.WriteFile(key, []byte(strings.Repeat("ab", 32)), 0o600) }, "the key here is"},
		"broken":  {func() error { return os.WriteFile(key, []byte("not a key"), 0o600) }, "32 bytes in hex"},
		"altered": {func() error {
			b, err := os.ReadFile(sealed)
			if err == nil {
				b[len(b)-1] ^= 1
				err = os.WriteFile(sealed, b, 0o600)
			}
			return err
		}, "altered"},
	} {
		t.Run(name, func(t *testing.T) {
			copied, err := os.ReadFile(sealed)
			if err != nil {
				t.Fatal(err)
			}
			tp.Post.Close()
			if err := c.set(); err != nil {
				t.Fatal(err)
			}
			tp.open()
			if why := tp.refusal("ru-own"); !strings.Contains(why, c.words) {
				t.Errorf("refused: %q", why)
			}
			if tp.refusal("test-list") != "" || len(tp.lists.Lists()) != 1 {
				t.Errorf("%+v", tp.lists.Lists())
			}
			tp.Post.Close()
			for path, b := range map[string][]byte{key: right, sealed: copied} {
				if err := os.WriteFile(path, b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			tp.open()
			if why := tp.refusal("ru-own"); why != "" || len(tp.lists.Lists()) != 2 {
				t.Errorf("put back: %s, %+v", why, tp.lists.Lists())
			}
		})
	}
}

// A source outside of the data folder is its owner's: it stays. One that is the source of another list as well is refused, and stays.
func TestSourcesThatStay(t *testing.T) {
	tp, _, _ := newJoint(t, "", "", "1")
	outside := filepath.Join(t.TempDir(), "own.jsonl")
	if err := os.WriteFile(outside, []byte(ownList), 0o600); err != nil {
		t.Fatal(err)
	}
	src := ListSource{ID: "ru-own", Path: outside, Authority: "ru-bg"}
	if _, err := tp.loadOwn(src); err != nil || !there(t, outside) {
		t.Errorf("%v", err)
	}
	link := tp.path("link.jsonl")
	if err := os.Symlink(outside, link); err != nil {
		t.Fatal(err)
	}
	src.Path = "link.jsonl"
	if _, err := tp.loadOwn(src); err != nil || !there(t, outside) || !there(t, link) {
		t.Errorf("by a link: %v", err)
	}
	src.Path = "test.jsonl"
	if _, err := tp.loadOwn(src); marz.CodeOf(err) != marz.Invalid || !there(t, tp.path("test.jsonl")) {
		t.Errorf("of a list in common: %v", err)
	}
}
