package post

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"marz"
	"marz/agreement"
	"marz/journal"
	"marz/mirror"
	"marz/transfer"
)

// nowhere is a mirror of an authority that nobody serves.
func nowhere(t testing.TB, authority marz.AuthorityID) MirrorConfig {
	_, vkey, err := mirror.NewKey(rand.Reader, string(authority)+"/mirror")
	if err != nil {
		t.Fatal(err)
	}
	return MirrorConfig{Authority: authority, URL: "https://127.0.0.1:1/" + string(authority), Key: vkey, TLS: strings.Repeat("0", 64)}
}

// ends returns with how many entries the feed to a mirror ends: 0: with none, -1: it goes on. A head of that size is there.
func (tp *testPost) ends(m MirrorConfig) int64 {
	tp.t.Helper()
	size, ends := tp.until(m.Key)
	if !ends {
		return -1
	}
	if size > 0 {
		if head, err := tp.Journal().HeadUpTo(context.Background(), size); err != nil || head.Size != size {
			tp.t.Errorf("no head of size %d: %d, %v", size, head.Size, err)
		}
	}
	return size
}

// agreed signs what a file of the register says by all its parties, and brings it to the post.
func (tp *testPost) agreed(text string) {
	tp.t.Helper()
	d, err := agreement.Parse("test", []byte(text))
	if err != nil {
		tp.t.Fatal(err)
	}
	all := d.Instruments()
	for i := range all {
		for _, a := range all[i].Signers() {
			if err := all[i].Sign(testKeys[a]); err != nil {
				tp.t.Fatal(err)
			}
		}
	}
	if _, err := tp.AddInstruments(context.Background(), all); err != nil {
		tp.t.Fatal(err)
	}
}

// A mirror is fed while an article gives its authority the journal here: not longer when control passes, whether by a transfer or by articles; for as long as a part of the post, joint service or looking on leaves it that.
func TestWhereFeedsEnd(t *testing.T) {
	t.Run("lanes pass, then the rest", func(t *testing.T) {
		tp := newHandover(t)
		ru, am := nowhere(t, "ru-bg"), nowhere(t, "am-bg")
		tp.mirrored(ru, am)
		tp.armed("1")
		tp.now.Store(int64(midnight))
		tp.executed()
		if tp.ends(ru) != -1 || tp.ends(am) != -1 {
			t.Fatal("a feed ended with a partial passing")
		}
		rest, digest := tp.prepareUnder("treaty/2", midnight+600_000, "2")
		tp.says(transfer.SaysArm, rest, digest, "ru-bg", "am-bg")
		tp.now.Store(int64(midnight) + 600_000)
		x := tp.executed()
		if tp.ends(ru) != int64(x.Seq)+1 || tp.ends(am) != -1 {
			t.Errorf("the feeds end with %d and %d", tp.ends(ru), tp.ends(am))
		}
		if k := tp.kinds(); k[KindMirrorBegun] != 2 || k[KindMirrorEnded] != 0 {
			t.Errorf("%v", k)
		}
		tp.reopen(nil)
		if tp.ends(ru) != int64(x.Seq)+1 {
			t.Error("it ends otherwise after a restart")
		}
	})
	const stays = ` { id = "4", kind = "observe", authority = "ru-bg", place = "agarak", from = "2024-10-08T00:00:00+04:00", text = "" },
]`
	for name, c := range map[string]struct {
		agreements string
		ends       bool
	}{"control passes by articles": {agreements, true}, "and looking on stays": {strings.TrimSuffix(agreements, "]") + stays, false}} {
		t.Run(name, func(t *testing.T) {
			tp := newTestPostUnder(t, c.agreements)
			ru := nowhere(t, "ru-bg")
			tp.mirrored(ru)
			tp.now.Store(int64(midnight))
			tp.crossing(tp.atLane("am-bg/2", "1"), "1", marz.Admit, "A1")
			if got := tp.ends(ru); (got > 0) != c.ends {
				t.Fatalf("ends with %d", got)
			}
			if !c.ends {
				return
			}
			e, _, err := tp.Journal().Entry(t.Context(), marz.Seq(tp.ends(ru)-1))
			if err != nil || e.Kind != KindControl {
				t.Errorf("with %s, %v", e.Kind, err)
			}
		})
	}
}

// An authority to which no article gives the journal has none in its mirror. When one does, it gets all of it; when that ends, nothing that is done afterwards gets there.
func TestMirrorHangsOnAnArticle(t *testing.T) {
	tp := newTestPost(t)
	ge := nowhere(t, "ge-bg")
	tp.mirrored(ge)
	a := tp.atLane("ru-bg/2", "1")
	tp.crossing(a, "1", marz.Admit, "A1")
	if m := tp.Mirrors(t.Context()).Mirrors[0]; tp.ends(ge) != 0 || m.State != "closed" {
		t.Fatalf("%d, %+v", tp.ends(ge), m)
	}
	const looksOn = `
[[agreement]]
id = "%ID%"
title = "Looking on"
parties = ["ge-bg", "ru-bg"]
signed = "2024-12-01"
from = "2024-12-01T00:00:00+04:00"
source = "invented"
[[agreement.article]]
id = "1"
kind = "observe"
authority = "ge-bg"
place = "agarak"
%MORE%
text = ""
`
	tp.agreed(strings.NewReplacer("%ID%", "first", "%MORE%", `until = "2024-12-31T23:58:00+04:00"`).Replace(looksOn))
	tp.crossing(a, "1", marz.Admit, "A2")
	if m := tp.Mirrors(t.Context()).Mirrors[0]; tp.ends(ge) != -1 || m.Under != "first/1" {
		t.Fatalf("%d, %+v", tp.ends(ge), m)
	}
	tp.now.Store(int64(midnight) - 120_000)
	before := tp.size()
	tp.crossing(a, "1", marz.Admit, "A3")
	if got := tp.ends(ge); got != before+1 {
		t.Errorf("ends with %d entries, and there were %d", got, before)
	}
	tp.agreed(strings.NewReplacer("%ID%", "second", "%MORE%", "").Replace(looksOn))
	tp.crossing(a, "1", marz.Admit, "A4")
	if tp.ends(ge) != -1 {
		t.Error("it does not begin again")
	}
	word := agreement.Statement{By: "ru-bg", Agreement: "second", Status: agreement.Suspended, From: tp.Post.now(), Issued: tp.Post.now()}
	if _, err := tp.AddInstruments(t.Context(), []agreement.Instrument{signed(t, word)}); err != nil {
		t.Fatal(err)
	}
	before = tp.size()
	tp.crossing(a, "1", marz.Admit, "A5")
	if got := tp.ends(ge); got > before+1 {
		t.Errorf("after a suspension it ends with %d entries, and there were %d", got, before)
	} else if e, _, err := tp.Journal().Entry(t.Context(), marz.Seq(got-1)); err != nil || e.Kind != KindMirrorEnded {
		t.Errorf("with %s, %v", e.Kind, err)
	}
	tp.mirrored()
	tp.mirrored(ge)
	if k := tp.kinds(); k[KindMirrorBegun] != 2 || k[KindMirrorEnded] != 2 {
		t.Errorf("%v", k)
	}
	ru := nowhere(t, "ru-bg")
	tp.mirrored(ru)
	tp.mirrored()
	if k := tp.kinds(); k[KindMirrorBegun] != 3 || k[KindMirrorEnded] != 3 || tp.ends(ru) <= 0 {
		t.Errorf("taken out of post.toml: %v, %d", k, tp.ends(ru))
	}
	tp.verified()
}

// Copies of another authority's records are given while the article is in force, also of a backlog: what was made before a suspension and had no line waits until the article is in force again, and what was made
// under it never goes.
func TestCopiesReachTheMirror(t *testing.T) {
	tp := newTestPostUnder(t, agreements+`
[[agreement]]
id = "copies"
title = "Copies"
parties = ["am-bg", "ru-bg"]
signed = "2024-12-01"
from = "2024-12-01T00:00:00+04:00"
source = "invented"
[[agreement.article]]
id = "1"
kind = "share"
authority = "ru-bg"
to = "am-bg"
place = "agarak"
what = ["records", "copies"]
text = ""
`)
	am := newHeadquarters(tp, "am-bg")
	tp.mirrored(am.config)
	defer tp.pushing()()
	a := tp.atLane("ru-bg/2", "1")
	var opened []marz.Seq // where each crossing begins
	cross := func(number string) {
		opened = append(opened, marz.Seq(tp.size()))
		tp.crossing(a, "1", marz.Admit, number)
	}
	say := func(status agreement.Status) {
		now := tp.Post.now()
		if _, err := tp.AddInstruments(t.Context(), []agreement.Instrument{signed(t, agreement.Statement{By: "ru-bg", Agreement: "copies", Status: status, From: now, Issued: now})}); err != nil {
			t.Fatal(err)
		}
		am.register.Store(tp.Register())
	}
	// copied are own payloads, and of records those of some crossings.
	copied := func(crossings ...int) func(journal.Entry) bool {
		return func(e journal.Entry) bool {
			n := 0
			for ; n < len(opened) && e.Seq >= opened[n]; n++ {
			}
			return e.Authority == "am-bg" || agreement.Copyable(e.Kind) && slices.Contains(crossings, n)
		}
	}
	cross("A1")
	tp.whole(0)
	tp.equals(am, tp.size(), copied(1))
	am.cable.is(cut)
	cross("A2")
	say(agreement.Suspended)
	cross("A3")
	am.cable.is(sound)
	tp.pusher.Wake()
	tp.whole(0)
	tp.offerCopies()
	tp.equals(am, tp.size(), copied(1))
	if m := tp.Mirrors(t.Context()).Mirrors[0]; len(m.Copies) != 0 {
		t.Errorf("%+v", m)
	}
	say(agreement.Active)
	cross("A4")
	tp.whole(0)
	changed := tp.pusher.Changed()
	tp.offerCopies()
	<-changed
	tp.equals(am, tp.size(), copied(1, 2, 4))
	if m := tp.Mirrors(t.Context()).Mirrors[0]; !slices.Equal(m.Copies, []marz.ArticleRef{"copies/1"}) {
		t.Errorf("%+v", m)
	}
}

// A post whose folder is an old copy does not start, is brought back from its mirror, and says in the journal what is gone for good. Where the mirror is not reached it starts, and stops when it hears.
func TestRecovered(t *testing.T) {
	tp := newTestPost(t)
	ru := newHeadquarters(tp, "ru-bg")
	tp.mirrored(ru.config)
	end := tp.pushing()
	a := tp.atLane("ru-bg/2", "1")
	tp.crossing(a, "1", marz.Admit, "A1")
	tp.whole(0)
	old, other, fresh := filepath.Join(t.TempDir(), "post"), filepath.Join(t.TempDir(), "post"), filepath.Join(t.TempDir(), "post")
	for _, dir := range []string{old, other} {
		if err := os.CopyFS(dir, os.DirFS(tp.dir)); err != nil {
			t.Fatal(err)
		}
	}
	tp.crossing(a, "1", marz.Admit, "A2")
	tp.traffic("am-bg", 500)
	tp.traffic("ru-bg", 500)
	tp.whole(0)
	size := tp.size()
	end()
	tp.Post.Close()

	ctx := t.Context()
	open := func(dir string) (*Post, error) {
		return Open(ctx, Options{Dir: dir, Clock: tp.clock, Exercise: true, After: func(time.Duration) <-chan time.Time { return nil }})
	}
	bringBack := func(dir string) (*mirror.Recovered, error) {
		return Recover(ctx, Recovery{Dir: dir, Clock: tp.clock, After: func(time.Duration) <-chan time.Time { return nil }})
	}
	ru.cable.is(cut) // a node that is cut off cannot know
	p, err := open(other)
	if err != nil {
		t.Fatal(err)
	}
	ru.cable.is(sound)
	pushing, stop := context.WithCancel(ctx)
	go p.push(pushing)
	<-p.journal.Failed()
	stop()
	code(t, "running on an old copy", p.journal.Failure(), marz.Unavailable, "recover from a mirror")
	p.Close()

	_, err = open(old)
	code(t, "an old copy", err, marz.Conflict, "run marz post recover --data "+old)
	ru.cable.is(cut)
	_, err = open(old)
	code(t, "the old copy, once that is known", err, marz.Conflict, "recover from a mirror")
	_, err = bringBack(old)
	code(t, "recovering without a line", err, marz.NotFound, "no mirror that answers")
	ru.cable.is(sound)
	out, err := bringBack(old)
	if err != nil || out.Size != size || out.Before >= size || len(out.Lost) < 250 || len(out.Failed) != 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	again, err := bringBack(old)
	if err != nil || len(again.Lost) != 0 || again.Before < size {
		code(t, "recovering again", err, marz.Conflict, "nothing to recover") // the words on what is lost are newer than the mirror
	}
	tp.dir = old
	tp.open()
	tp.verified()
	defer tp.pushing()()
	tp.crossing(tp.atLane("ru-bg/1", "2"), "2", marz.Depart, "A3")
	tp.whole(0)
	tp.equals(ru, tp.size(), ownOf("ru-bg"))

	// From nothing but the keys and post.toml.
	if err := os.MkdirAll(fresh, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{configFile, "test.jsonl"} {
		b, err := os.ReadFile(filepath.Join(old, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(fresh, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Join(fresh, keyDir), os.DirFS(filepath.Join(old, keyDir))); err != nil {
		t.Fatal(err)
	}
	_, err = open(fresh)
	code(t, "no journal", err, marz.NotFound, "marz post recover")
	if out, err := bringBack(fresh); err != nil || out.Before != 0 || out.Size < size {
		t.Fatalf("%+v, %v", out, err)
	}
	p, err = open(fresh)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.SignInExercise(ctx, "ru-bg/1"); err != nil {
		t.Error("an officer of the mirror's authority is not known any more:", err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// What post.toml says of mirrors is held to what they need.
func TestMirrorConfig(t *testing.T) {
	tp := newTestPost(t)
	good := nowhere(t, "am-bg")
	hqSigner, hqKey, err := journal.NewKey(rand.Reader, "am-bg/hq")
	if err != nil || hqSigner == "" {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*MirrorConfig)
		want   string
	}{
		"whole":                     {func(m *MirrorConfig) {}, ""},
		"with a headquarters":       {func(m *MirrorConfig) { m.HQ, m.HQKey = "am-bg/hq", hqKey }, ""},
		"another's key":             {func(m *MirrorConfig) { m.HQ, m.HQKey = "ru-bg/hq", hqKey }, "hq and hq_key"},
		"half a headquarters":       {func(m *MirrorConfig) { m.HQ = "am-bg/hq" }, "hq and hq_key"},
		"no authority":              {func(m *MirrorConfig) { m.Authority = "" }, "authority is whose mirror it is"},
		"no address":                {func(m *MirrorConfig) { m.URL = "" }, "url"},
		"not encrypted":             {func(m *MirrorConfig) { m.URL = "http://hq.example:8444/mirror" }, "url"},
		"a password in the address": {func(m *MirrorConfig) { m.URL = "https://a:b@hq.example/mirror" }, "url"},
		"a journal's key":           {func(m *MirrorConfig) { m.Key = hqKey }, "key is not the verifier key of a mirror's cosignatures"},
		"a pin in capitals":         {func(m *MirrorConfig) { m.TLS = strings.Repeat("A", 64) }, "tls"},
		"half a pin":                {func(m *MirrorConfig) { m.TLS = strings.Repeat("a", 32) }, "tls"},
	} {
		m := good
		c.change(&m)
		config := tp.config
		config.Mirrors = []MirrorConfig{m}
		err := config.validate(configFile)
		if c.want == "" && err != nil || c.want != "" && (marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	config := tp.config
	config.Mirrors = []MirrorConfig{good, good}
	code(t, "twice", config.validate(configFile), marz.Invalid, "leave one out")
	strange := nowhere(t, "xx-bg")
	tp.Post.Close()
	tp.write(configFile, string(must(os.ReadFile(filepath.Join(tp.dir, configFile))))+"\n[[mirror]]\nauthority = \"xx-bg\"\nurl = \""+strange.URL+"\"\nkey = \""+strange.Key+"\"\ntls = \""+strange.TLS+"\"\n")
	_, err = Open(t.Context(), Options{Dir: tp.dir, Clock: tp.clock, Exercise: true})
	code(t, "of nobody", err, marz.Invalid, "no authority that is known here")
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// A certificate is made once, and what is damaged is named and not replaced.
func TestNodeCertificate(t *testing.T) {
	tp := newTestPost(t)
	first, err := ReadIdentity(t.Context(), tp.dir)
	if err != nil || first.Post != "agarak" || first.Origin != "exercise/test/agarak" || first.Key != tp.Journal().VerifierKey() {
		t.Fatalf("%+v, %v", first, err)
	}
	if again, err := ReadIdentity(t.Context(), tp.dir); err != nil || again != first {
		t.Errorf("%+v, %v", again, err)
	}
	path := filepath.Join(tp.dir, keyDir, clientFile)
	if err := os.WriteFile(path, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = ReadIdentity(t.Context(), tp.dir)
	code(t, "damaged", err, marz.Internal, "Put it back")
	if b := must(os.ReadFile(path)); !bytes.Equal(b, []byte("damaged")) {
		t.Error("it was replaced")
	}
}

// The page of entries says of every kind with a payload whether it can lie in another's mirror, and it is so.
func TestPayloadsAtMirrorsAreSpecified(t *testing.T) {
	page := string(must(os.ReadFile("../docs/spec/entries.md")))
	all, section, ok := strings.Cut(page, "## Payloads at mirrors")
	if section, _, _ = strings.Cut(section, "\n## "); !ok {
		t.Fatal("there is no such section")
	}
	kind := regexp.MustCompile("`([a-z]+\\.[a-z]+)`")
	says := map[string]bool{}
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, "|"); len(cells) > 3 {
			for _, k := range kind.FindAllStringSubmatch(cells[1], -1) {
				says[k[1]] = strings.Contains(cells[2], "with")
			}
		}
	}
	n := 0
	for line := range strings.Lines(all) {
		cells := strings.Split(line, "|")
		if len(cells) < 5 || strings.TrimSpace(cells[3]) == "" {
			continue
		}
		for _, k := range kind.FindAllStringSubmatch(cells[1], -1) {
			n++
			if copied, ok := says[k[1]]; !ok || copied != agreement.Copyable(k[1]) {
				t.Errorf("%s: said %v, copied %v", k[1], says, agreement.Copyable(k[1]))
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d kinds have a payload", n)
	}
	for k := range says {
		if b, _ := json.Marshal(k); !strings.Contains(all, strings.Trim(string(b), `"`)) {
			t.Errorf("%s is no kind", k)
		}
	}
}
