package post

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"marz"
	"marz/transfer"
)

// handing is a treaty by which ru-bg hands the post over to am-bg at midnight.
const handing = treaty + `article = [
 { id = "1", kind = "control", authority = "ru-bg", place = "agarak", from = "1992-09-30T00:00:00+03:00", text = "" },
 { id = "2", kind = "transfer", authority = "ru-bg", to = "am-bg", place = "agarak", at = "2025-01-01T00:00:00+04:00", text = "" },
]`

// handingWith is the treaty with more in the article of the transfer.
func handingWith(more string) string {
	return strings.Replace(handing, `at = "2025`, more+`, at = "2025`, 1)
}

// newHandover is a post that is to be handed over.
func newHandover(t testing.TB) *testPost { return newHandoverUnder(t, handing) }

func newHandoverUnder(t testing.TB, agreements string) *testPost {
	t.Helper()
	tp := newTestPostUnder(t, agreements)
	for id, key := range testKeys {
		if err := os.WriteFile(filepath.Join(tp.dir, keyDir, "exercise-"+string(id)+".key"), []byte(key+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return tp
}

// prepare opens the transfer of the treaty's second article, counts everything for both sides and presents the instrument.
func (tp *testPost) prepare(lanes ...marz.LaneID) (id transfer.ID, digest string) {
	return tp.prepareUnder("treaty/2", 0, lanes...)
}

func (tp *testPost) prepareUnder(article marz.ArticleRef, at marz.Instant, lanes ...marz.LaneID) (id transfer.ID, digest string) {
	tp.t.Helper()
	return tp.prepareBy(tp.signIn("ru-bg/1"), tp.signIn("am-bg/1"), article, at, lanes...)
}

func (tp *testPost) prepareBy(out, in Actor, article marz.ArticleRef, at marz.Instant, lanes ...marz.LaneID) (id transfer.ID, digest string) {
	tp.t.Helper()
	ctx := context.Background()
	id, err := tp.OpenTransfer(ctx, out, article, lanes, at)
	if err != nil {
		tp.t.Fatal(err)
	}
	for _, a := range []Actor{out, in} {
		for i, what := range transfer.Countable {
			if err := tp.Count(ctx, a, id, what, i, ""); err != nil {
				tp.t.Fatal(err)
			}
		}
	}
	if digest, err = tp.Present(ctx, in, id); err != nil {
		tp.t.Fatal(err)
	}
	return id, digest
}

// soon prepares and arms what an article plans for the minute after the next.
func (tp *testPost) soon(article marz.ArticleRef) (transfer.ID, string) {
	tp.t.Helper()
	id, digest := tp.prepareUnder(article, tp.Post.now()+60_000)
	tp.says(transfer.SaysArm, id, digest, "ru-bg", "am-bg")
	return id, digest
}

// done is an execution as the journal has it.
type done struct {
	transfer.Execution
	Seq     marz.Seq
	At      marz.Instant
	Article marz.ArticleRef
}

// executed lets control pass if it is due, and returns the last execution.
func (tp *testPost) executed() *done {
	tp.t.Helper()
	if err := tp.Tick(context.Background()); err != nil {
		tp.t.Fatal(err)
	}
	var out *done
	for _, t := range tp.transfers().All() {
		if t.Execution != nil {
			out = &done{*t.Execution, t.Seq, t.At, t.Plan.Article}
		}
	}
	if out == nil {
		tp.t.Fatal("control has not passed")
	}
	return out
}

// says delivers what an authority's own key says.
func (tp *testPost) says(says string, id transfer.ID, digest string, authorities ...marz.AuthorityID) {
	tp.t.Helper()
	for _, a := range authorities {
		sig, err := transfer.SignKey(testKeys[a], says, id, digest)
		if err != nil {
			tp.t.Fatal(err)
		}
		if _, err := tp.AddSignature(context.Background(), id, sig); err != nil {
			tp.t.Fatal(err)
		}
	}
}

// armed prepares a transfer and arms it by both keys.
func (tp *testPost) armed(lanes ...marz.LaneID) (transfer.ID, string) {
	tp.t.Helper()
	id, digest := tp.prepare(lanes...)
	tp.says(transfer.SaysArm, id, digest, "ru-bg", "am-bg")
	return id, digest
}

// phase is how far a transfer has come.
func (tp *testPost) phase(id transfer.ID) transfer.Phase { return tp.transfers().Get(id).Phase }

// Two commanders hand a post over: prepared, armed, executed at the instant by the post itself, and closed by both.
func TestHandover(t *testing.T) {
	tp := newHandover(t)
	id, digest := tp.prepare()
	out, in := tp.signIn("ru-bg/1"), tp.signIn("am-bg/1")
	lane := tp.atLane("ru-bg/2", "1")
	open := tp.mustScan(lane, "1", passport(t, "ABADI", "REZA", "A1", nil))
	turned, err := tp.SignExercise(t.Context(), out, transfer.SaysArm, id, digest)
	if err != nil || turned.Relieved == "" {
		t.Fatalf("%+v, %v", turned, err)
	}
	if turned, err = tp.SignExercise(t.Context(), in, transfer.SaysArm, id, digest); err != nil || turned.Relieved != "" {
		t.Fatalf("%+v, %v", turned, err)
	}
	if tp.phase(id) != transfer.Armed {
		t.Fatal(tp.phase(id))
	}
	tp.now.Store(int64(midnight))
	if err := tp.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if tp.phase(id) != transfer.Executed || tp.Controller() != "am-bg" {
		t.Fatal(tp.phase(id), tp.Controller())
	}
	if _, err := tp.Decide(t.Context(), lane, open.ID, marz.Admit, "", ""); marz.CodeOf(err) != marz.Unauthenticated {
		t.Errorf("the outgoing officer decides: %v", err)
	}
	b := tp.atLane("am-bg/2", "1")
	if d, err := tp.Decide(t.Context(), b, open.ID, marz.Admit, "", ""); err != nil || d.By != "am-bg/2" || d.Under != "treaty/2" {
		t.Fatalf("%+v, %v", d, err)
	}
	a, err := tp.Act(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	core, err := a.Core()
	if err != nil {
		t.Fatal(err)
	}
	tp.says(transfer.SaysClose, id, transfer.DigestOf([]byte(core)), "ru-bg")
	if _, err := tp.SignExercise(t.Context(), in, transfer.SaysClose, id, transfer.DigestOf([]byte(core))); err != nil {
		t.Fatal(err)
	}
	if tp.phase(id) != transfer.Closed {
		t.Error(tp.phase(id))
	}
	tp.verified()
	if tp.phase(id) != transfer.Closed || tp.Controller() != "am-bg" {
		t.Error("after a restart", tp.phase(id), tp.Controller())
	}
}

// core is the digest that the act's closing signatures are over.
func (tp *testPost) core(id transfer.ID) string {
	tp.t.Helper()
	a, err := tp.Act(context.Background(), id)
	if err != nil {
		tp.t.Fatal(err)
	}
	core, err := a.Core()
	if err != nil {
		tp.t.Fatal(err)
	}
	return transfer.DigestOf([]byte(core))
}
