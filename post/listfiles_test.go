package post

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/watchlist"
	numbers "marz/watchlist/number"
	"marz/web"
)

// listKey is a pair of keys.
type listKey struct {
	note.Signer
	verifier string
}

func newListKey(t testing.TB, name string) listKey {
	t.Helper()
	secret, verifier, err := note.GenerateKey(nil, name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	return listKey{s, verifier}
}

// listing is a folder outside of the data folder in which lists are built.
type listing struct {
	*testPost
	dir string
	key listKey
}

func newListing(t *testing.T) *listing {
	return &listing{newTestPost(t), t.TempDir(), newListKey(t, "ru-bg")}
}

func (l *listing) at(name string) string { return filepath.Join(l.dir, name) }

// read makes a list of lines of FollowTheMoney.
func (l *listing) read(id marz.ListID, text, version string) *watchlist.List {
	l.t.Helper()
	path := filepath.Join(l.t.TempDir(), "a.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
	out, err := watchlist.Import(path, watchlist.Options{ID: id, Owner: "ru-bg", Loaded: l.clock()})
	if err != nil {
		l.t.Fatal(err)
	}
	out.Version = version
	return out
}

// build writes a list in its place, and returns it.
func (l *listing) build(name string, list *watchlist.List, signer note.Signer) *watchlist.List {
	l.t.Helper()
	if err := watchlist.WriteFile(l.at(name), list, watchlist.FileOptions{Signer: signer}); err != nil {
		l.t.Fatal(err)
	}
	return list
}

// change writes what leads from one list to another.
func (l *listing) change(name string, from, to *watchlist.List, signer note.Signer) {
	l.t.Helper()
	c := watchlist.Diff(slices.Values(from.Alerts), slices.Values(to.Alerts))
	c.List, c.From, c.To, c.Loaded = to.ID, from.Version, to.Version, to.Loaded
	if err := watchlist.WriteChange(l.at(name), c, signer); err != nil {
		l.t.Fatal(err)
	}
}

// configure opens the post with one list.
func (l *listing) configure(id marz.ListID, path, more string) {
	l.t.Helper()
	l.Post.Close()
	l.write(configFile, fmt.Sprintf("listen = \"localhost:8443\"\nhost = \"localhost\"\n[stay]\ndays = 180\nwindow = 365\nexempt = [\"ARM\"]\n[[list]]\nid = %q\npath = %q\n%s\n", id, path, more))
	l.open()
}

func (l *listing) keyed() string { return fmt.Sprintf("key = %q", l.key.verifier) }

// state is that of the one list.
func (l *listing) state() web.ListState {
	l.t.Helper()
	all, err := l.ListStates(l.t.Context())
	if err != nil || len(all) != 1 {
		l.t.Fatal(all, err)
	}
	return all[0]
}

// again loads the lists anew.
func (l *listing) again() web.ListState {
	l.t.Helper()
	if _, err := l.ReloadLists(l.t.Context(), l.signIn("ru-bg/1")); err != nil {
		l.t.Fatal(err)
	}
	return l.state()
}

// is fails unless a version is in force, with so much refused.
func (l *listing) is(what string, s web.ListState, version, refused string) {
	l.t.Helper()
	if s.Version != version || (refused == "") != (s.Refused == "") || !strings.Contains(s.Refused, refused) {
		l.t.Errorf("%s: version %q, refused %q; want %q, %q", what, s.Version, s.Refused, version, refused)
	}
}

// hitsZorvan reports how many hits the person on the test's list has.
func (l *listing) hits(a Actor, number string) int {
	l.t.Helper()
	i := l.mustScan(a, "1", zorvan(l.t, number))
	l.leave(a, i)
	return len(i.Hits)
}

// A built list is mapped from a copy: what happens to the source in place harms nothing, a broken one is refused, and after a restart the copy is in force with its age.
func TestBuiltList(t *testing.T) {
	l := newListing(t)
	one := l.build("a.list", l.read("a", list, "1"), nil)
	l.configure("a", l.at("a.list"), "")
	s := l.state()
	l.is("loaded", s, "1", "")
	if s.Signature != "signature not checked" || s.Loaded != one.Loaded || s.Alerts != 2 {
		t.Errorf("%+v", s)
	}
	a := l.atLane("ru-bg/2", "1")
	if n := l.hits(a, "C1"); n != 1 {
		t.Fatalf("%d hits", n)
	}
	good, err := os.ReadFile(l.at("a.list"))
	if err != nil {
		t.Fatal(err)
	}
	garbage := bytes.Repeat([]byte{0xff}, len(good))
	if err := os.WriteFile(l.at("a.list"), append(good[:4096:4096], garbage[4096:]...), 0o600); err != nil { // in place
		t.Fatal(err)
	}
	if n := l.hits(a, "C2"); n != 1 {
		t.Errorf("%d hits after the source was overwritten", n)
	}
	l.is("the same first page", l.again(), "1", "")
	if err := os.WriteFile(l.at("a.list"), bytes.Replace(append(good[:4096:4096], garbage[4096:]...), []byte("version 1"), []byte("version 9"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	l.is("broken", l.again(), "1", "damaged")
	l.Post.Close()
	l.open()
	s = l.state()
	l.is("after a restart", s, "1", "damaged")
	if s.Loaded != one.Loaded {
		t.Errorf("its age is that of %s, not %s", s.Loaded, one.Loaded)
	}
	two := l.build("a.list", l.read("a", list+rezasAlert, "2"), nil)
	s = l.again()
	l.is("mended", s, "2", "")
	if s.Loaded != two.Loaded || s.Alerts != 3 {
		t.Errorf("%+v", s)
	}
	l.build("a.list", l.read("b", list, "3"), nil)
	l.is("another list", l.again(), "2", "it is the list b, and not a")
	if err := os.Remove(l.at("a.list")); err != nil {
		t.Fatal(err)
	}
	l.Post.Close()
	l.open()
	l.is("without a source", l.state(), "2", "cannot be opened")
	if left, _ := filepath.Glob(l.path("lists", "*.new")); len(left) > 0 {
		t.Error(left)
	}
	// A source in another format takes the place of the copy, and is what is kept.
	l.write("test.jsonl", list)
	l.configure("a", "test.jsonl", "")
	if s := l.state(); s.Signature != "" || there(t, l.path("lists", "a.kept.list")) || !there(t, l.path("lists", "a.kept.json")) {
		t.Errorf("%+v", s)
	}
}

// A list with a key has to be signed by it, and so its changes; what was kept without is not put in force.
func TestSignedList(t *testing.T) {
	l := newListing(t)
	other := newListKey(t, "ru-bg")
	one := l.build("a.list", l.read("a", list, "1"), nil)
	l.configure("a", l.at("a.list"), "")
	l.is("not asked for", l.state(), "1", "")
	l.configure("a", l.at("a.list"), l.keyed())
	l.is("not signed", l.state(), "", "it is not signed")
	l.build("a.list", one, other)
	l.is("another key", l.again(), "", "signed by ru-bg with another key")
	l.build("a.list", one, l.key)
	s := l.again()
	l.is("signed", s, "1", "")
	if s.Signature != "signed by ru-bg" {
		t.Errorf("%+v", s)
	}
	two := l.read("a", list+rezasAlert, "2")
	l.change("1.delta", one, two, other)
	l.is("a change with another key", l.again(), "1", "with another key")
	l.change("1.delta", one, two, l.key)
	l.is("a signed change", l.again(), "2", "")
	for range 2 {
		if err := os.WriteFile(l.at("a.list"), []byte("broken"), 0o600); err != nil {
			t.Fatal(err)
		}
		l.Post.Close()
		l.open()
		if s := l.state(); s.Version != "2" || s.Signature != "signed by ru-bg" || s.Refused == "" {
			t.Errorf("after a restart: %+v", s)
		}
	}
	l.write("test.jsonl", list)
	l.configure("b", "test.jsonl", l.keyed())
	l.is("no built file", l.state(), "", "only built files can be")
	l.Post.Close()
	config, err := os.ReadFile(l.path(configFile))
	if err != nil {
		t.Fatal(err)
	}
	l.write(configFile, strings.Replace(string(config), l.key.verifier, "ru-bg+nonsense", 1))
	if _, err := Open(t.Context(), Options{Dir: l.testPost.dir, Clock: l.clock, Exercise: true}); marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), "no verifier key") {
		t.Error(err)
	}
	l.write(configFile, string(config))
	l.open()
}

// Changes lead on from what is in force, one after the other; after a restart they are in force without what lay beside the source. Where one is missing that is said.
func TestListDeltas(t *testing.T) {
	l := newListing(t)
	v := []*watchlist.List{l.read("a", list, "0")}
	for i := range 4 {
		v = append(v, l.read("a", list+strings.ReplaceAll(rezasAlert, "P2", fmt.Sprint("P", i+5)), fmt.Sprint(i+1)))
	}
	l.build("a.list", v[0], nil)
	l.change("z1.delta", v[0], v[1], nil)
	l.change("a2.delta", v[1], v[2], nil)
	other := l.read("b", list, "0")
	l.change("b.delta", other, l.read("b", list+rezasAlert, "1"), nil)
	l.configure("a", l.at("a.list"), "")
	s := l.state()
	l.is("two changes", s, "2", "")
	if s.Loaded != v[2].Loaded || s.Alerts != 3 {
		t.Errorf("%+v", s)
	}
	l.change("4.delta", v[3], v[4], nil)
	l.is("one is missing", l.again(), "2", `4.delta: it leads from version "3", and "2" is in force: the changes between are missing`)
	if _, ok := l.lists.Alert("a", "P1"); !ok {
		t.Error("P1 is not there")
	}
	l.change("3.delta", v[2], v[3], nil)
	l.is("all", l.again(), "4", "")
	if _, ok := l.lists.Alert("a", "P8"); !ok {
		t.Error("P8 is not there")
	}
	// What lies beside the source goes; what was applied stays.
	for _, n := range []string{"z1", "a2", "3", "4", "b"} {
		if err := os.Remove(l.at(n + deltaSuffix)); err != nil {
			t.Fatal(err)
		}
	}
	l.Post.Close()
	l.open()
	l.is("after a restart", l.state(), "4", "")
	if err := os.WriteFile(l.at("a.list"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l.Post.Close()
	l.open()
	if s := l.state(); s.Version != "4" || s.Refused == "" || s.Loaded != v[4].Loaded {
		t.Errorf("%+v", s)
	}
	// A whole list takes the place of them all.
	l.build("a.list", l.read("a", list, "5"), nil)
	l.is("a new base", l.again(), "5", "")
	if left, err := l.keptDeltas("a"); len(left) > 0 || err != nil {
		t.Error(left, err)
	}
	if err := os.WriteFile(l.at("x.delta"), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	l.is("a broken change", l.again(), "5", "x.delta")
}

// A list can return to an earlier version, and go on from there; a change is applied once, in the order in which they were made.
func TestListReturns(t *testing.T) {
	l := newListing(t)
	text := func(n int) string { return list + strings.ReplaceAll(rezasAlert, "P2", fmt.Sprint("P", n)) }
	a := l.build("a.list", l.read("a", text(5), "A"), nil)
	b, back := l.read("a", text(6), "B"), l.read("a", text(5), "A")
	c := l.read("a", text(7), "C")
	l.change("1.delta", back, c, nil)
	l.change("2.delta", b, back, nil)
	l.change("3.delta", a, b, nil)
	l.configure("a", l.at("a.list"), "")
	for range 2 {
		l.is("returned", l.again(), "C", "")
		if _, ok := l.lists.Alert("a", "P7"); !ok || l.state().Alerts != 3 {
			t.Errorf("%v, %+v", ok, l.state())
		}
		l.Post.Close()
		l.open()
	}
	if kept, err := l.keptDeltas("a"); len(kept) != 3 || err != nil {
		t.Error(kept, err)
	}
}

// Whom a change would have stopped is an alarm.
func TestDeltaFindsLateHits(t *testing.T) {
	l := newListing(t)
	one := l.build("a.list", l.read("a", list, "1"), nil)
	l.configure("a", l.at("a.list"), "")
	a, boss := l.atLane("ru-bg/2", "1"), l.signIn("ru-bg/1")
	l.screenAgain(t)
	crossing := l.crossed(a, "A1")
	l.change("1.delta", one, l.read("a", list+rezasAlert, "2"), nil)
	l.is("changed", l.again(), "2", "")
	l.screenAgain(t)
	if alarms := l.alarms(boss); len(alarms) != 1 || alarms[0].Inspection != crossing.ID || alarms[0].List != "a" {
		t.Errorf("%+v", alarms)
	}
	l.verified()
}

// outdated makes a built file one of other tables, signed again.
func outdated(t *testing.T, path string, signer note.Signer) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tables := bytes.Index(b, []byte(`{"tables":"`)) + len(`{"tables":"`)
	copy(b[tables:], strings.Repeat("0", 16))
	text, _, _ := strings.Cut(string(b[:4096]), "\n\n")
	at := strings.Index(text, "\nheader ") + len("\nheader ")
	var n int
	if _, err := fmt.Sscanf(text[at:], "%d", &n); err != nil {
		t.Fatal(err)
	}
	first := []byte(fmt.Sprintf("%s%d %x\n\n", text[:at], n, sha256.Sum256(b[4096:4096+n])))
	if signer != nil {
		if first, err = note.Sign(&note.Note{Text: string(first[:len(first)-1])}, signer); err != nil {
			t.Fatal(err)
		}
	}
	first = append(first, bytes.Repeat([]byte("\n"), 4096-len(first))...)
	if err := os.WriteFile(path, append(first, b[4096:]...), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A file that was built when names were read otherwise is built again, if its signature is good, and only when it is another.
func TestOutdatedListIsBuiltAgain(t *testing.T) {
	l := newListing(t)
	one := l.build("a.list", l.read("a", list, "1"), nil)
	outdated(t, l.at("a.list"), newListKey(t, "ru-bg"))
	l.configure("a", l.at("a.list"), l.keyed())
	l.is("another key", l.state(), "", "with another key")
	l.build("a.list", one, nil)
	outdated(t, l.at("a.list"), l.key)
	l.is("built again", l.again(), "1", "")
	if n := l.hits(l.atLane("ru-bg/2", "1"), "C1"); n != 1 || l.state().Signature != "signed by ru-bg" {
		t.Errorf("%d hits, %+v", n, l.state())
	}
	before, err := os.Stat(l.path("lists", "a.kept.list"))
	if err != nil {
		t.Fatal(err)
	}
	l.again()
	l.Post.Close()
	l.open()
	after, err := os.Stat(l.path("lists", "a.kept.list"))
	if err != nil || !os.SameFile(before, after) {
		t.Error("it is built again without need", err)
	}
	l.is("after a restart", l.state(), "1", "")
	// So is the copy, when Marz itself has changed and the source is gone.
	outdated(t, l.path("lists", "a.kept.list"), nil)
	if err := os.Remove(l.at("a.list")); err != nil {
		t.Fatal(err)
	}
	l.Post.Close()
	l.open()
	if s := l.state(); s.Version != "1" || s.Signature != "signed by ru-bg" {
		t.Errorf("%+v", s)
	}
}

// A table of numbers is a list in common like others.
func TestListOfNumbers(t *testing.T) {
	l := newListing(t)
	build := func(version string, signer note.Signer, all ...string) {
		t.Helper()
		_, err := watchlist.BuildNumbers(t.Context(), l.at("a.numbers"), watchlist.ListInfo{ID: "a", Name: "Lost", Owner: "ru-bg", Version: version, Loaded: l.clock()}, func(yield func(numbers.Row, error) bool) {
			for _, n := range all {
				if !yield(numbers.Row{Kind: numbers.Document, Number: n, Country: "RUS", Type: "stolen passport"}, nil) {
					return
				}
			}
		}, watchlist.NumbersOptions{Signer: signer})
		if err != nil {
			t.Fatal(err)
		}
	}
	build("1", l.key, "ZZ0000017")
	l.configure("a", l.at("a.numbers"), l.keyed())
	s := l.state()
	l.is("loaded", s, "1", "")
	if s.Signature != "signed by ru-bg" || s.Name != "Lost" || s.Alerts != 1 {
		t.Errorf("%+v", s)
	}
	a := l.atLane("ru-bg/2", "1")
	i := l.mustScan(a, "1", zorvan(t, "ZZ0000017"))
	if len(i.Hits) != 1 || i.Hits[0].Alert != "document:ZZ0000017:RUS" {
		t.Fatalf("%+v", i.Hits)
	}
	l.leave(a, i)
	build("2", nil, "ZZ0000017", "ZZ0000018")
	l.is("not signed", l.again(), "1", "it is not signed")
	build("2", l.key, "ZZ0000017", "ZZ0000018")
	l.is("signed", l.again(), "2", "")
	if err := os.Truncate(l.at("a.numbers"), 100); err != nil {
		t.Fatal(err)
	}
	l.Post.Close()
	l.open()
	if s := l.state(); s.Version != "2" || s.Refused == "" {
		t.Errorf("%+v", s)
	}
	build("3", nil, "ZZ0000019")
	if err := os.Remove(l.at("a.numbers") + watchlist.NoteSuffix); err != nil {
		t.Fatal(err)
	}
	l.is("without a note", l.again(), "2", "note of a table has to lie beside it")
	l.configure("a", l.at("a.numbers"), "")
	if s := l.state(); !strings.HasPrefix(s.Version, "sha256-") || s.Loaded.IsZero() || s.Refused != "" || there(t, l.path("lists", "a.kept.numbers.note")) {
		t.Errorf("%+v", s)
	}
}

// An authority's own list that is built is mapped where it lies, outside of the data folder; nothing of it lies in it.
func TestOwnBuiltList(t *testing.T) {
	tp, ru, _ := newJoint(t, "", "", "1")
	l := &listing{tp, t.TempDir(), newListKey(t, "ru-bg")}
	one := l.read("ru-own", ownList, "1")
	l.build("own.list", one, l.key)
	src := ListSource{ID: "ru-own", Path: l.at("own.list"), Authority: "ru-bg", Key: l.key.verifier}
	load := func() error { _, err := tp.loadOwn(src); return err }
	if err := load(); err != nil {
		t.Fatal(err)
	}
	if i := tp.mustScan(ru, "1", wantedPassport(t, "GEO")); len(i.Hits) != 1 {
		t.Errorf("%+v", i.Hits)
	}
	if own := tp.ownLists("ru-bg"); len(own) != 1 || len(own[0].Alerts) != 1 || own[0].Version != "1" {
		t.Errorf("what becomes of it at a transfer is said of %+v", own)
	}
	two := l.read("ru-own", ownList+rezasAlert, "2")
	l.change("1.delta", one, two, l.key)
	if err := load(); err != nil || len(tp.ownLists("ru-bg")[0].Alerts) != 2 {
		t.Error(err)
	}
	b, err := os.ReadFile(l.at("own.list"))
	if err != nil {
		t.Fatal(err)
	}
	tp.nothingOpen()
	tp.write("own.list", string(b))
	src.Path = "own.list"
	code(t, "inside", load(), marz.Invalid, "nothing of an authority's own list may lie open in the data folder")
	if err := os.Remove(tp.path("own.list")); err != nil {
		t.Fatal(err)
	}
	src.Path = l.at("own.list")
	l.build("own.list", two, nil)
	code(t, "not signed", load(), marz.Invalid, "not signed")
	l.build("own.list", two, nil)
	outdated(t, l.at("own.list"), l.key)
	if err := load(); err != nil || tp.signature("ru-own") != "signed by ru-bg" {
		t.Error(err, tp.signature("ru-own"))
	}
	if _, ok := tp.lists.Alert("ru-own", "P2"); !ok {
		t.Error("the list that was built again is not in force")
	}
	if _, err := watchlist.BuildNumbers(t.Context(), l.at("own.list"), watchlist.ListInfo{ID: "ru-own"}, watchlist.NumbersOf(&watchlist.List{Alerts: []watchlist.Alert{{Documents: []watchlist.Number{{Number: "A1"}}}}}), watchlist.NumbersOptions{}); err != nil {
		t.Fatal(err)
	}
	code(t, "numbers", load(), marz.Invalid, "cannot be a table of numbers")
	tp.nothingOpen()
}
