package post

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/inspection"
	"marz/journal"
	"marz/retention"
	"marz/verify"
	"marz/web"
)

const day = 24 * time.Hour

// rules makes one rule an entry of kind → days for an authority.
func rules(authority marz.AuthorityID, under marz.ArticleRef, days map[string]int) (out []retention.Rule) {
	for _, kind := range retentionKinds.Names() {
		if n := days[kind]; n > 0 {
			out = append(out, retention.Rule{Authority: authority, Kinds: []string{kind}, Days: n, Under: under, Law: "an invented law, article " + fmt.Sprint(n)})
		}
	}
	return out
}

// schedules puts a schedule in force, by the authority's supervisor.
func (tp *testPost) schedules(officer marz.OfficerID, r []retention.Rule) {
	tp.t.Helper()
	own := officer.Authority()
	tp.config.Retention = append(slices.DeleteFunc(slices.Clone(tp.config.Retention), func(r retention.Rule) bool { return r.Authority == own }), r...)
	if err := retentionKinds.Check(tp.config.Retention); err != nil {
		tp.t.Fatal(err)
	}
	if err := tp.SetSchedule(context.Background(), tp.signIn(officer), retention.Digest(tp.config.proposed(own))); err != nil {
		tp.t.Fatal(err)
	}
}

func (tp *testPost) later(d time.Duration) { tp.now.Add(d.Milliseconds()) }

// crossing is one traveller's, decided.
func (tp *testPost) crossing(a Actor, number string, d marz.Decision, reason, note string) *web.Inspection {
	tp.t.Helper()
	i := tp.mustScan(a, "1", passport(tp.t, "QQSURNAME", "QQGIVEN", number, nil))
	i, err := tp.Decide(context.Background(), a, i.ID, d, reason, note)
	if err == nil && i.Decision == "" {
		i, err = tp.Confirm(context.Background(), a, i.ID, i.Proposal.Seq)
	}
	if err != nil {
		tp.t.Fatal(err)
	}
	return i
}

// there reports whether an entry's payload is there.
func (tp *testPost) there(seq marz.Seq) bool {
	tp.t.Helper()
	_, err := tp.Journal().Payload(context.Background(), seq)
	if err != nil && marz.CodeOf(err) != marz.NotFound {
		tp.t.Fatal(err)
	}
	return err == nil
}

func idOf(i *web.Inspection) marz.Seq { return marz.Seq(number(i.ID)) }

// files returns all bytes of the journal's database, its log included.
func files(t testing.TB, dir string) []byte {
	t.Helper()
	var all []byte
	for _, name := range []string{"journal.db", "journal.db-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

// A crossing is erased once its authority's time for it is up, to the last byte, and not before; an entry says so under the article, the state forgets it, and every proof holds.
func TestRetention(t *testing.T) {
	tp := newTestPostUnder(t, lasting)
	ctx := t.Context()
	tp.schedules("ru-bg/1", rules("ru-bg", "treaty/1", map[string]int{keepPassed: 10, keepRefused: 20}))
	a := tp.atLane("ru-bg/2", "1")
	passed := tp.crossing(a, "A1", marz.Admit, "", "")
	refused := tp.crossing(a, "A2", marz.Refuse, "a-no-valid-document", "QQNOTE")
	referred := tp.crossing(a, "A3", marz.Refer, "interview", "")
	open := tp.mustScan(a, "1", passport(t, "QQSURNAME", "QQGIVEN", "A4", nil))
	at := func(days int) {
		t.Helper()
		tp.now.Store(int64(midnight) - 600_000 + (time.Duration(days)*day + time.Hour).Milliseconds())
	}
	want := func(days int, gone ...*web.Inspection) {
		t.Helper()
		for _, i := range []*web.Inspection{passed, refused, referred, open} {
			if tp.there(idOf(i)) == slices.Contains(gone, i) {
				t.Errorf("day %d: inspection %s: there %v", days, i.ID, tp.there(idOf(i)))
			}
		}
	}
	for days := range 23 {
		at(days)
		if _, err := tp.Retain(ctx); err != nil {
			t.Fatal(err)
		}
		switch {
		case days < 10:
			want(days)
		case days < 20:
			want(days, passed)
		default:
			want(days, passed, refused)
		}
	}
	for _, e := range tp.erasures() {
		if e.Authority != "ru-bg" || e.Under != "treaty/1" || e.Officer != "" || !strings.Contains(string(e.Public), "an invented law, article") {
			t.Errorf("%+v %s", e, e.Public)
		}
	}
	if b := files(t, tp.dir); bytes.Contains(b, []byte("QQNOTE")) || !bytes.Contains(b, []byte("QQSURNAME")) {
		t.Error("the database holds what is erased, or nothing any more")
	}
	look, err := tp.Retain(ctx)
	if err != nil || look.Left != 0 || look.Erased != 3 { // two crossings, and the note on the second
		t.Errorf("%+v, %v", look, err)
	}
	tp.proven(t, passed, refused)
	tp.refolded(t)
	tp.verified()
}

// proven checks that a bundle of the journal verifies, that entries whose payload is erased are proven to be in it, and that whoever looks into the folder from outside sees the same.
func (tp *testPost) proven(t *testing.T, erased ...*web.Inspection) {
	t.Helper()
	ctx := t.Context()
	var bundle bytes.Buffer
	if err := journal.Export(ctx, tp.dir, func(journal.Entry) bool { return true }, &bundle); err != nil {
		t.Fatal(err)
	}
	r, err := verify.BundleAt(ctx, bytes.NewReader(bundle.Bytes()), int64(bundle.Len()), verify.Options{Key: tp.Journal().VerifierKey()})
	if err != nil || !r.OK() {
		t.Errorf("the bundle: %+v, %v", r, err)
	}
	head := tp.Journal().Head()
	for _, i := range erased {
		_, body, err := tp.Journal().Entry(ctx, idOf(i))
		if err != nil {
			t.Fatal(err)
		}
		proof, err := tp.Journal().ProveInclusion(ctx, idOf(i), head.Size)
		if err == nil {
			err = tlog.CheckRecord(proof, head.Size, head.Root, int64(idOf(i)), tlog.RecordHash(body))
		}
		if err != nil {
			t.Errorf("inspection %s: %v", i.ID, err)
		}
	}
	inside, err := tp.Retain(ctx)
	if err != nil {
		t.Fatal(err)
	}
	outside, residue, err := ReadRetention(ctx, tp.dir, tp.Post.now())
	if err != nil || residue.Written != 0 {
		t.Fatalf("%+v, %v", residue, err)
	}
	if d := cmp.Diff(inside.Rows, outside.Rows, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("from outside it looks otherwise:\n%s", d)
	}
}

func (tp *testPost) erasures() (out []journal.Entry) {
	tp.t.Helper()
	all, err := tp.Journal().Entries(context.Background(), 0, 1<<30)
	if err != nil {
		tp.t.Fatal(err)
	}
	for _, e := range all {
		if e.Kind == journal.KindErased {
			out = append(out, e)
		}
	}
	return out
}

// What has to stay stays, and the page says why.
func TestRetentionHolds(t *testing.T) {
	tp := newTestPostUnder(t, lasting)
	ctx := t.Context()
	tp.schedules("ru-bg/1", rules("ru-bg", "treaty/1", map[string]int{keepPassed: 5, keepReferred: 5, keepHits: 5}))
	a := tp.atLane("ru-bg/2", "1")
	held, referred, late := tp.crossing(a, "A1", marz.Admit, "", ""), tp.crossing(a, "A3", marz.Refer, "interview", ""), tp.crossing(a, "A5", marz.Admit, "", "")
	boss := tp.signIn("ru-bg/1")
	if _, err := tp.Hold(ctx, boss, idOf(held), "", ""); marz.CodeOf(err) != marz.Invalid {
		t.Errorf("a hold without a reason: %v", err)
	}
	hold, err := tp.Hold(ctx, boss, idOf(held), "court", "file 7")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := tp.Hold(ctx, boss, idOf(held), "court", ""); again != hold || err != nil {
		t.Errorf("the same hold again: %d, %v", again, err)
	}
	if _, err := tp.Hold(ctx, tp.signIn("am-bg/1"), idOf(held), "court", ""); marz.CodeOf(err) != marz.Forbidden {
		t.Errorf("a hold on another's record: %v", err)
	}
	if err := tp.Erase(ctx, boss, []marz.Seq{idOf(held)}, "by hand"); marz.CodeOf(err) != marz.Conflict || !strings.Contains(err.Error(), "A court") {
		t.Errorf("erased by hand: %v", err)
	}
	err = tp.Journal().Update(ctx, func(tx *journal.Tx) error {
		_, err := tx.Append(journal.Draft{Kind: KindLate, Authority: "ru-bg", Under: "treaty/1", Policy: tp.register.Load().Policy(),
			Public: lateEntry{Inspection: late.ID, List: "test-list", Hits: 1, Marks: []string{"0"}}, Private: hitsPrivate{Hits: []web.Hit{}}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	alarm := marz.Seq(tp.size() - 1)
	tp.days(7)
	for _, i := range []*web.Inspection{held, referred, late} {
		if !tp.there(idOf(i)) {
			t.Errorf("inspection %s is erased", i.ID)
		}
	}
	whys := fmt.Sprint(tp.retaining.found().Rows)
	for _, w := range []string{"a hold of ru-bg: A court or prosecutor asks for it", "second line has not ended", "a late hit waits for an answer"} {
		if !strings.Contains(whys, w) {
			t.Errorf("the look does not say %q: %s", w, whys)
		}
	}
	boss = tp.signIn("ru-bg/1")
	for _, err := range []error{tp.Release(ctx, boss, hold, ""), tp.EndReferral(ctx, boss, referred.ID, "refused", ""), tp.Acknowledge(ctx, boss, alarm, inspection.LateReasons[0].Code, "")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	tp.days(1)
	if tp.there(idOf(held)) || tp.there(idOf(late)) || !tp.there(idOf(referred)) {
		t.Error("released, answered and closed: what is due is there, or what is not is gone")
	}
	tp.days(5)
	if tp.there(idOf(referred)) {
		t.Error("the referral's time is up")
	}
	tp.refolded(t)
	tp.verified()
}

// lasting is a treaty by which ru-bg controls for ever.
const lasting = treaty + `article = [
 { id = "1", kind = "control", authority = "ru-bg", place = "agarak", from = "1992-09-30T00:00:00+03:00", text = "" },
 { id = "3", kind = "observe", authority = "am-bg", place = "agarak", from = "2024-10-08T00:00:00+04:00", text = "" },
]`

// days lets days pass, with a pass on each.
func (tp *testPost) days(n int) {
	tp.t.Helper()
	for range n {
		tp.later(day + 7*time.Minute)
		if look, err := tp.Retain(context.Background()); err != nil || look.Doubt != "" {
			tp.t.Fatal(look, err)
		}
	}
}

// Without a schedule nothing is erased; what post.toml says alone erases nothing; and a schedule waits for a day.
func TestNoScheduleErasesNothing(t *testing.T) {
	tp := newTestPostUnder(t, lasting)
	ctx := t.Context()
	i := tp.crossing(tp.atLane("ru-bg/2", "1"), "A1", marz.Admit, "", "")
	tp.config.Retention = rules("ru-bg", "treaty/1", map[string]int{keepPassed: 1})
	tp.later(3000 * day)
	look, err := tp.Retain(ctx)
	if err != nil || !tp.there(idOf(i)) || !strings.Contains(fmt.Sprint(look.Rows), "no schedule of ru-bg") {
		t.Fatalf("%+v, %v", look, err)
	}
	digest := retention.Digest(tp.config.proposed("ru-bg"))
	for what, c := range map[string]struct {
		officer marz.OfficerID
		digest  string
		want    marz.Code
	}{"an officer": {"ru-bg/2", digest, marz.Forbidden}, "an observer": {"am-bg/1", retention.Digest(tp.config.proposed("am-bg")), marz.Forbidden}, "what was not shown": {"ru-bg/1", "0", marz.Conflict}} {
		if err := tp.SetSchedule(ctx, tp.signIn(c.officer), c.digest); marz.CodeOf(err) != c.want {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := tp.SetSchedule(ctx, tp.signIn("ru-bg/1"), digest); err != nil {
		t.Fatal(err)
	}
	if _, err := tp.Retain(ctx); err != nil || !tp.there(idOf(i)) {
		t.Fatalf("it did not wait for a day: %v", err)
	}
	tp.schedules("ru-bg/1", nil) // taken back in time
	tp.days(3)
	if !tp.there(idOf(i)) {
		t.Fatal("a schedule that was taken back erased")
	}
	tp.schedules("ru-bg/1", rules("ru-bg", "treaty/3", map[string]int{keepPassed: 1})) // an article that gives another something else
	tp.days(3)
	if !tp.there(idOf(i)) {
		t.Fatal("an article that gives no power to erase erased")
	}
	tp.schedules("ru-bg/1", rules("ru-bg", "treaty/1", map[string]int{keepPassed: 1}))
	tp.days(2)
	if tp.there(idOf(i)) {
		t.Error("nothing was erased in the end")
	}
}

// While the clock is in doubt nothing is erased; a supervisor's word ends a doubt that days without a look have made, and no other.
func TestDoubtfulClockErasesNothing(t *testing.T) {
	tp := newTestPostUnder(t, lasting)
	ctx := t.Context()
	tp.schedules("ru-bg/1", rules("ru-bg", "treaty/1", map[string]int{keepPassed: 5}))
	first := tp.crossing(tp.atLane("ru-bg/2", "1"), "A1", marz.Admit, "", "")
	tp.days(2)
	tp.later(9 * day) // set ahead
	doubt := func(words string) {
		t.Helper()
		tp.signIn("ru-bg/1") // what happens under the wrong clock makes it no better
		look, err := tp.Retain(ctx)
		if err != nil || !strings.Contains(look.Doubt, words) || !tp.there(idOf(first)) {
			t.Fatalf("%+v, %v", look, err)
		}
	}
	doubt("it was off for days, or the clock was set ahead")
	tp.now.Add(-(3 * day).Milliseconds()) // and back
	doubt("behind the newest entry")
	tp.later(3*day + time.Hour)
	radio := marz.Instant(tp.now.Load() - day.Milliseconds())
	tp.reopen(func(o *Options) { o.Times = []TimeSource{source{"radio", &radio}} })
	doubt("another source of time (radio)")
	if err := tp.ConfirmClock(ctx, tp.signIn("ru-bg/1")); err != nil {
		t.Fatal(err)
	}
	doubt("another source of time (radio)")
	if err := second(0, tp.ConfirmClock(ctx, tp.signIn("ru-bg/2"))); marz.CodeOf(err) != marz.Forbidden {
		t.Errorf("an officer said that the clock is right: %v", err)
	}
	radio = marz.Instant(tp.now.Load())
	if look, err := tp.Retain(ctx); err != nil || look.Doubt != "" || tp.there(idOf(first)) {
		t.Errorf("%+v, %v", look, err)
	}
}

// Cut off anywhere, a pass has erased only what was due, and the next one goes on to the same end. A disk that fails loses nothing.
func TestRetentionIsCutOff(t *testing.T) {
	tp := newTestPostUnder(t, lasting)
	tp.schedules("ru-bg/1", rules("ru-bg", "treaty/1", map[string]int{keepPassed: 5}))
	a := tp.atLane("ru-bg/2", "1")
	const many = 3*retainPage + 5
	if err := tp.fill(a, passport(t, "QQSURNAME", "QQGIVEN", "A1", nil), many); err != nil {
		t.Fatal(err)
	}
	kept := tp.crossing(a, "A9", marz.Refer, "interview", "")
	left := func() (n int) {
		t.Helper()
		if err := tp.Journal().State().QueryRow(`SELECT count(*) FROM payload p JOIN s_inspection i ON i.id = p.seq`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	tp.days(2)
	for range 4 {
		tp.later(day)
		if err := tp.note(); err != nil {
			t.Fatal(err)
		}
	}
	last := left()
	if last != many+1 {
		t.Fatal(last)
	}
	for _, cut := range []int64{0, 1, 1} { // looks at the machine's clock, two a page
		ctx, cancel := context.WithCancel(t.Context())
		var looks atomic.Int64
		looks.Store(1 << 40) // while the post opens
		tp.reopen(func(o *Options) {
			o.Wall = func() time.Time {
				if looks.Add(-1) < 0 {
					cancel()
				}
				return time.Now()
			}
		})
		looks.Store(cut)
		if _, err := tp.Retain(ctx); err == nil {
			t.Errorf("cut %d did not cut", cut)
		}
		cancel()
		if now := left(); now > last || now == 1 {
			t.Errorf("cut %d: %d left of %d", cut, now, last)
		} else {
			last = now
		}
	}
	tp.reopen(func(o *Options) { o.Wall, o.Driver = nil, fullDriver })
	full.Store(2)
	if _, err := tp.Retain(t.Context()); err == nil {
		t.Error("a full disk was not noticed")
	}
	full.Store(-1)
	tp.Post.Close()
	tp.set = nil
	tp.open()
	if now := left(); now > last || now == 1 {
		t.Errorf("after the full disk %d are left of %d", now, last)
	}
	if _, err := tp.Retain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left() != 1 || !tp.there(idOf(kept)) {
		t.Errorf("%d are left", left())
	}
	if b := files(t, tp.dir); bytes.Contains(b, []byte(`"number":"A1"`)) {
		t.Error("the database still holds what is erased")
	}
	tp.verified()
}

// note notes a look without making one.
func (tp *testPost) note() error {
	return tp.node(context.Background(), func(n *node) error { return n.append(retention.KindPassed, retention.Passed{}, nil) })
}

// BenchmarkLook measures what a look at one payload costs that is not due.
func BenchmarkLook(b *testing.B) {
	tp := newTestPostUnder(b, lasting)
	tp.schedules("ru-bg/1", rules("ru-bg", "treaty/1", map[string]int{keepPassed: 5}))
	const many = 20_000
	if err := tp.fill(tp.atLane("ru-bg/2", "1"), passport(b, "QQSURNAME", "QQGIVEN", "A1", nil), many); err != nil {
		b.Fatal(err)
	}
	tp.later(2 * day)
	for b.Loop() {
		if _, err := tp.Retain(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/many, "µs/payload")
}
