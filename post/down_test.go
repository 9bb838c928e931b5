package post

import (
	"bytes"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"marz"
	"marz/agreement"
	"marz/folder"
	"marz/journal"
	"marz/mirror"
	"marz/mrz"
	"marz/release"
	"marz/web"
)

const (
	alice = `{"id":"A1","schema":"Person","caption":"Alisa Testova","properties":{"name":["Alisa Testova"],"birthDate":["1980-01-02"],"topics":["sanction"]}}` + "\n"
	boris = `{"id":"B1","schema":"Person","caption":"Boris Testov","properties":{"name":["Boris Testov"],"birthDate":["1981-02-03"],"topics":["sanction"]}}` + "\n"
	third = `{"id":"C1","schema":"Person","caption":"Clara Testova","properties":{"name":["Clara Testova"],"birthDate":["1982-03-04"],"topics":["sanction"]}}` + "\n"
)

// A list goes to one post first, then to all; a change of it likewise; and one entry takes back. Headquarters and posts are started anew in between, and everything is done once.
func TestListsFromHeadquarters(t *testing.T) {
	clock := newTestPostNamed(t, "exercise/test/clock", agreements).clock
	h := newTestHQ(t, "am-bg", clock)
	canary := newFollowing(t, "exercise/test/canary", agreements, h)
	other := newFollowing(t, "exercise/test/other", agreements, h)
	one, two, three := h.list("wanted", "1", alice), h.list("wanted", "2", alice+boris), h.list("wanted", "3", alice+boris+third)
	is := func(what, atCanary, atOther string) {
		t.Helper()
		if a, b := canary.version("wanted"), other.version("wanted"); a != atCanary || b != atOther {
			t.Errorf("%s: the canary has %q, want %q, the other %q, want %q", what, a, atCanary, b, atOther)
		}
	}
	first := h.publish(one, false, h.key(), "exercise/test/canary")
	canary.followed(first)
	is("published to the canary", "1", "")
	h.restart()
	wide := h.widen(first)
	other.followed(wide)
	is("widened", "1", "1")

	canary.again()
	other.again()
	is("started anew", "1", "1")
	delta := h.change(one, two, false, true, h.key(), "exercise/test/canary")
	canary.followed(delta)
	is("changed at the canary", "2", "1")
	other.followed(h.widen(delta))
	is("the change widened", "2", "2")
	back := h.recall(delta)
	canary.followed(back)
	other.followed(back)
	is("the change taken back", "1", "1")
	canary.again()
	other.again()
	is("taken back and started anew", "1", "1")

	base := h.publish(three, false, h.key())
	canary.followed(base)
	other.followed(base)
	is("published to all", "3", "3")
	back = h.recall(base)
	canary.followed(back)
	other.followed(back)
	is("taken back to the version before", "1", "1")
	back = h.recall(first)
	canary.followed(back)
	other.followed(back)
	is("all taken back", "", "")
	for _, f := range []*following{canary, other} {
		seen := map[marz.Seq]bool{}
		for _, d := range f.followedAll() {
			if seen[d.Seq] || d.HQ != h.origin {
				t.Errorf("entry %d was acted on twice, or it is another's: %+v", d.Seq, d)
			}
			seen[d.Seq] = true
		}
		f.halt()
		f.verified()
		f.refolded(t)
		f.run()
	}
	if all := other.followedAll(); slices.ContainsFunc(all, func(d followedEntry) bool { return d.Seq == first || d.Seq == delta }) {
		t.Errorf("what was not for this post was acted on: %+v", all)
	}
}

// Who was away for days fetches what is in force now, and nothing of what came between.
func TestCutOffForDays(t *testing.T) {
	tp := newTestPostNamed(t, "exercise/test/clock", agreements)
	h := newTestHQ(t, "am-bg", tp.clock)
	f := newFollowing(t, "exercise/test/agarak", agreements, h)
	first := h.publish(h.list("wanted", "1", alice), false, h.key())
	f.followed(first)
	h.down.Store(true)
	var between []marz.Seq
	for _, v := range []string{"2", "3", "4"} {
		between = append(between, h.publish(h.list("wanted", v, alice+boris), false, h.key()))
	}
	for _, seq := range between[:2] { // nobody is to ask for these
		if err := os.Remove(filepath.Join(h.files, h.state.Get(seq).List.SHA256)); err != nil {
			t.Fatal(err)
		}
	}
	f.now.Add(int64(3 * 24 * time.Hour / time.Millisecond))
	f.again()
	states := f.HQStates(f.Post.now())
	if len(states) != 1 || !states[0].Late || states[0].Heard.IsZero() || f.version("wanted") != "1" {
		t.Errorf("cut off for three days: %+v, version %q", states, f.version("wanted"))
	}
	h.down.Store(false)
	if d := f.followed(between[2]); d.Outcome != followedDone || f.version("wanted") != "4" {
		t.Errorf("%+v, version %q", d, f.version("wanted"))
	}
	for _, seq := range between[:2] {
		if d := f.followed(seq); d.Outcome != followedSuperseded {
			t.Errorf("%+v", d)
		}
	}
	f.until("being heard", func() bool { return !f.HQStates(f.Post.now())[0].Late })
}

// What cannot be is refused with an entry, and the version before stays in force: a file that is not signed, signed by another, broken, altered on the way, of another version; a change that is not signed.
func TestListsThatCannotBe(t *testing.T) {
	tp := newTestPostNamed(t, "exercise/test/clock", agreements)
	h := newTestHQ(t, "am-bg", tp.clock)
	f := newFollowing(t, "exercise/test/agarak", agreements, h)
	one, two := h.list("wanted", "1", alice), h.list("wanted", "2", alice+boris)
	f.followed(h.publish(one, false, h.key()))
	ru := &testHQ{t: t, authority: "ru-bg"}
	for name, give := range map[string]func() marz.Seq{
		"not signed":        func() marz.Seq { return h.publish(two, false, nil) },
		"signed by another": func() marz.Seq { return h.publish(two, false, ru.key()) },
		"a change that is not signed": func() marz.Seq {
			return h.change(one, two, false, true, nil)
		},
		"altered on the way": func() marz.Seq {
			seq := h.publish(two, false, h.key())
			return seq
		},
		"another version": func() marz.Seq {
			path := filepath.Join(h.files, h.state.Get(1).List.SHA256)
			digest, size, _ := h.keep(path)
			return h.say(release.KindList, release.List{List: "wanted", Name: "w", Owner: "am-bg", Version: "9", Made: one.Loaded, SHA256: digest, Size: size}, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "altered on the way" {
				h.mu.Lock()
				h.bend = func(w http.ResponseWriter, q *http.Request, next http.Handler) {
					if strings.Contains(q.URL.Path, "/files/") {
						w = &flipping{ResponseWriter: w}
					}
					next.ServeHTTP(w, q)
				}
				h.mu.Unlock()
			}
			seq := give()
			d := f.followed(seq)
			if d.Outcome != followedRefused || d.Why == "" || f.version("wanted") != "1" {
				t.Errorf("%+v, version %q", d, f.version("wanted"))
			}
			h.mu.Lock()
			h.bend = nil
			h.mu.Unlock()
			states, err := f.ListStates(t.Context())
			if i := slices.IndexFunc(states, func(s web.ListState) bool { return s.ID == "wanted" }); err != nil || i < 0 || states[i].Refused == "" || states[i].Version != "1" || states[i].From != "am-bg" {
				t.Errorf("%+v, %v", states, err)
			}
			f.again()
			if f.version("wanted") != "1" {
				t.Errorf("after a start version %q", f.version("wanted"))
			}
			f.followed(h.recall(seq))
		})
	}
	if docs, err := f.Post.hqs[0].store.Evidence(t.Context(), h.origin, mirror.EvidenceFile); err != nil || len(docs) != 1 {
		t.Errorf("%d pieces of evidence of the altered file, %v", len(docs), err)
	}
	seq := h.publish(h.list("wanted", "3", boris), false, h.key())
	if d := f.followed(seq); d.Outcome != followedDone || f.version("wanted") != "3" {
		t.Errorf("a good one: %+v", d)
	}
}

// flipping alters what it writes.
type flipping struct{ http.ResponseWriter }

func (f *flipping) Write(b []byte) (int, error) {
	c := bytes.Clone(b)
	c[len(c)/2] ^= 1
	return f.ResponseWriter.Write(c)
}

// An instrument is recorded once by its signatures, whoever brings it, and one without them is refused.
func TestInstrumentsFromHeadquarters(t *testing.T) {
	tp := newTestPostNamed(t, "exercise/test/clock", agreements)
	h := newTestHQ(t, "am-bg", tp.clock)
	f := newFollowing(t, "exercise/test/agarak", agreements, h)
	doc, err := agreement.Parse("more", []byte(strings.ReplaceAll(treaty, `"treaty"`, `"more"`)+`article = [
 { id = "1", kind = "observe", authority = "am-bg", place = "agarak", from = "2024-10-08T00:00:00+04:00", text = "" },
]`))
	if err != nil {
		t.Fatal(err)
	}
	signed := doc.Instruments()[0]
	unsigned := h.say(KindAgreement, signed, nil)
	if d := f.followed(unsigned); d.Outcome != followedRefused || len(d.Entries) != 0 {
		t.Errorf("without signatures: %+v", d)
	}
	for _, a := range []marz.AuthorityID{"am-bg", "ru-bg"} {
		if err := signed.Sign(testKeys[a]); err != nil {
			t.Fatal(err)
		}
	}
	f.halt()
	f.again2()
	d := f.followed(h.say(KindAgreement, signed, nil))
	if d.Outcome != followedDone || len(d.Entries) != 1 {
		t.Fatalf("%+v", d)
	}
	e, _, err := f.Journal().Entry(t.Context(), d.Entries[0])
	if err != nil || e.Kind != KindAgreement {
		t.Errorf("%+v, %v", e, err)
	}
	if d := f.followed(h.say(KindAgreement, signed, nil)); d.Outcome != followedDone || len(d.Entries) != 0 {
		t.Errorf("once more: %+v", d)
	}
}

// again2 starts the post after halt.
func (f *following) again2() {
	f.reopen(nil)
	f.run()
}

// An officer whom his headquarters posts is known once the authority's own key has vouched for its journal; with a code he makes a passkey; what is taken back ends his access. Of another authority's officers nothing is believed.
func TestOfficersFromHeadquarters(t *testing.T) {
	tp := newTestPostNamed(t, "exercise/test/clock", agreements)
	h := newTestHQ(t, "am-bg", tp.clock)
	f := newFollowing(t, "exercise/test/agarak", agreements, h)
	who := release.Person{Name: "A Nine"}
	posted := release.Officer{Officer: "am-bg/9", Role: marz.RoleSupervisor, Code: folder.Digest("code"), Expires: midnight.Add(7 * 24 * time.Hour)}
	seq := h.say(release.KindOfficer, posted, who)
	mark := h.publish(h.list("wanted", "1", alice), false, h.key())
	f.followed(mark)
	if u, _, err := f.Invited(t.Context(), "code"); err == nil {
		t.Fatalf("nobody has vouched, and %+v is known", u)
	}
	h.vouch()
	if d := f.followed(seq); d.Outcome != followedDone || len(d.Entries) != 1 {
		t.Fatalf("%+v", d)
	}
	u, role, err := f.Invited(t.Context(), "code")
	if err != nil || u.Officer != "am-bg/9" || u.Name != "A Nine" || role != marz.RoleSupervisor {
		t.Errorf("%+v, %s, %v", u, role, err)
	}
	foreign := h.say(release.KindOfficer, release.Officer{Officer: "ru-bg/9", Role: marz.RoleOfficer, Code: folder.Digest("other"), Expires: midnight}, who)
	if d := f.followed(foreign); d.Outcome != followedRefused {
		t.Errorf("another's officer: %+v", d)
	}
	f.again()
	back := h.recall(seq)
	if d := f.followed(back); d.Outcome != followedDone {
		t.Errorf("%+v", d)
	}
	if _, _, err := f.Invited(t.Context(), "code"); err == nil {
		t.Error("his invitation still holds")
	}
	if n := len(slices.DeleteFunc(f.followedAll(), func(d followedEntry) bool { return d.Seq != seq })); n != 1 {
		t.Errorf("acted on %d times", n)
	}
}

// An authority's own list lies nowhere open in the data folder, is in force after a start without its headquarters, and ends with its authority's articles: at the execution its hits are silent, and
// everything of the headquarters is destroyed. Nothing that it says afterwards is heard.
func TestHeadquartersEndWithTheirArticles(t *testing.T) {
	tp := newTestPostNamed(t, "exercise/test/clock", agreements)
	h := newTestHQ(t, "ru-bg", tp.clock)
	f := newFollowing(t, "exercise/test/agarak", agreements, h)
	one, two := h.list("ru-own", "1", alice), h.list("ru-own", "2", alice+boris)
	f.followed(h.publish(one, true, h.key()))
	f.followed(h.change(one, two, true, false, h.key()))
	f.followed(h.publish(h.list("common", "1", third), false, h.key()))
	if f.version("ru-own") != "2" || f.version("common") != "1" {
		t.Fatalf("%q, %q", f.version("ru-own"), f.version("common"))
	}
	f.holdsNothing("Testov,", "Boris", "Alisa")
	h.down.Store(true)
	f.again()
	if f.version("ru-own") != "2" || f.version("common") != "1" {
		t.Errorf("after a start %q, %q", f.version("ru-own"), f.version("common"))
	}
	a := f.atLane("ru-bg/2", "1")
	i := f.mustScan(a, "1", passport(t, "TESTOVA", "CLARA", "C2", born(1982, 3, 4)))
	if len(i.Hits) != 1 {
		t.Errorf("hits of the common list before: %+v", i.Hits)
	}
	f.leave(a, i)
	h.down.Store(false)

	f.now.Store(int64(midnight))
	if err := f.Tick(t.Context()); err != nil { // control passes, and at once
		t.Fatal(err)
	}
	b := f.atLane("am-bg/2", "1")
	i = f.mustScan(b, "1", passport(t, "TESTOVA", "CLARA", "C3", born(1982, 3, 4)))
	if len(i.Hits) != 0 {
		t.Errorf("a list of who has left hits: %+v", i.Hits)
	}
	f.leave(b, i)
	<-f.ended
	h.publish(h.list("common", "2", alice), false, h.key())
	if f.version("ru-own") != "" || f.version("common") != "" {
		t.Errorf("still in force: %q, %q", f.version("ru-own"), f.version("common"))
	}
	if _, err := os.Stat(filepath.Join(f.dir, hqDir, "ru-bg")); err == nil {
		t.Error("something of the headquarters is there still")
	}
	if k := f.kinds()[KindListEnded]; k != 2 {
		t.Errorf("%d lists ended", k)
	}
	f.reopen(nil)
	f.run()
	if len(f.Post.hqs) != 0 || f.version("common") != "" {
		t.Errorf("after a start it is followed: %d", len(f.Post.hqs))
	}
	f.halt()
	f.verified()
	f.run()
}

// holdsNothing looks for words in all files of the data folder but the journal.
func (f *following) holdsNothing(words ...string) {
	f.t.Helper()
	err := filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.HasPrefix(filepath.Base(path), "journal") {
			return err
		}
		b, err := os.ReadFile(path)
		for _, w := range words {
			if bytes.Contains(bytes.ToLower(b), []byte(strings.ToLower(w))) {
				f.t.Errorf("%s holds %q", path, w)
			}
		}
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

// A headquarters that gives an old head, or another history, is named and not acted on, while what is in force stays.
func TestLyingHeadquarters(t *testing.T) {
	tp := newTestPostNamed(t, "exercise/test/clock", agreements)
	h := newTestHQ(t, "am-bg", tp.clock)
	f := newFollowing(t, "exercise/test/agarak", agreements, h)
	f.followed(h.publish(h.list("wanted", "1", alice), false, h.key()))
	old := h.j.Head().Note
	f.followed(h.publish(h.list("wanted", "2", alice+boris), false, h.key()))
	h.mu.Lock()
	h.bend = func(w http.ResponseWriter, q *http.Request, next http.Handler) {
		if strings.HasSuffix(q.URL.Path, "/checkpoint") {
			w.Write(old)
			return
		}
		next.ServeHTTP(w, q)
	}
	h.mu.Unlock()
	f.again()
	f.until("naming the old head", func() bool { return strings.Contains(f.HQStates(f.Post.now())[0].Refused, "old head") })
	if f.version("wanted") != "2" || !f.HQStates(f.Post.now())[0].Loud() {
		t.Errorf("version %q", f.version("wanted"))
	}

	twin := h.cfg // the same key, and another history
	twin.Dir = t.TempDir()
	if err := journal.Create(t.Context(), twin, journal.Draft{Authority: "am-bg", Under: "marz/own-house", Policy: strings.Repeat("1", 64)}, journal.Created{}); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(t.Context(), twin)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	h.mu.Lock()
	old = j.Head().Note
	h.mu.Unlock()
	f.until("naming the fork", func() bool { return f.HQStates(f.Post.now())[0].Forked })
	docs, err := f.Post.hqs[0].store.Evidence(t.Context(), h.origin, mirror.EvidenceFork)
	if err != nil || len(docs) != 1 {
		t.Fatalf("%d, %v", len(docs), err)
	}
	e, err := mirror.ParseEvidence(docs[0])
	if err != nil || e.Verify(h.vkey) != nil {
		t.Errorf("%+v, %v", e, err)
	}
	if f.version("wanted") != "2" {
		t.Errorf("version %q", f.version("wanted"))
	}
}

// Wherever the post is stopped, and however the line is, it comes to the same end, and has acted on everything once.
func TestFollowingResumes(t *testing.T) {
	tp := newTestPostNamed(t, "exercise/test/clock", agreements)
	h := newTestHQ(t, "am-bg", tp.clock)
	f := newFollowing(t, "exercise/test/agarak", agreements, h)
	n := 0
	h.mu.Lock()
	h.bend = func(w http.ResponseWriter, q *http.Request, next http.Handler) {
		h.mu.Lock()
		n++
		cut := n%3 == 0
		h.mu.Unlock()
		if cut {
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, q)
	}
	h.mu.Unlock()
	lists := []string{alice, alice + boris, boris + third, third}
	was := h.list("wanted", "0", alice)
	last := h.publish(was, false, h.key())
	for i, text := range lists {
		next := h.list("wanted", string(rune('a'+i)), text)
		last = h.change(was, next, false, i%2 == 0, h.key())
		was = next
		changed := f.journal.Changed()
		select {
		case <-changed: // in the midst of what it does
		case <-time.After(20 * time.Millisecond): // or before it does anything
		}
		f.again()
	}
	f.followed(last)
	if f.version("wanted") != was.Version {
		t.Errorf("version %q, want %q", f.version("wanted"), was.Version)
	}
	seen := map[marz.Seq]int{}
	for _, d := range f.followedAll() {
		seen[d.Seq]++
	}
	for seq := marz.Seq(1); seq <= last; seq++ {
		if seen[seq] != 1 {
			t.Errorf("entry %d was acted on %d times", seq, seen[seq])
		}
	}
	f.halt()
	f.verified()
	f.run()
}

func born(year, month, day int) func(*mrz.Document) {
	return func(d *mrz.Document) { d.Birth = marz.Date{Year: year, Month: month, Day: day} }
}
