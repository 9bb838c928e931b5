package mirror

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"pgregory.net/rapid"

	"marz"
	"marz/journal"
)

// What can become of a request on a bad line.
const (
	arrives   = iota
	lost      // before the mirror has heard of it
	unheard   // the mirror has acted, and its answer is lost
	cutBody   // the mirror gets the beginning
	cutAnswer // the node gets the beginning
	twice     // the mirror gets it two times
	late      // it is given up, and comes long after
	fates
)

// badLine carries requests to a mirror, with what becomes of each drawn by the test.
type badLine struct {
	p       *place
	draw    func() int // fate
	cut     func(n int) int
	delayed []*http.Request
}

var errLine = errors.New("the line is down")

// copyOf returns the request with its first n bytes; -1: all of it.
func copyOf(q *http.Request, body []byte, n int) *http.Request {
	c := q.Clone(q.Context())
	if n < 0 {
		c.Body = io.NopCloser(bytes.NewReader(body))
	} else {
		c.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:n]), failing{}))
	}
	return c
}

// failing is the rest of a body that does not come.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func (l *badLine) RoundTrip(q *http.Request) (*http.Response, error) {
	var body []byte
	if q.Body != nil {
		var err error
		if body, err = io.ReadAll(q.Body); err != nil {
			return nil, err
		}
	}
	give := func(n int) (*http.Response, error) { return serve(l.p.r, copyOf(q, body, n), "node") }
	switch l.draw() {
	case lost:
		return nil, errLine
	case unheard:
		give(-1)
		return nil, errLine
	case cutBody:
		give(l.cut(len(body)))
		return nil, errLine
	case cutAnswer:
		resp, err := give(-1)
		if err != nil {
			return nil, err
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body = copyOf(q, b, l.cut(len(b))).Body
		return resp, nil
	case twice:
		give(-1)
		return give(-1)
	case late:
		l.delayed = append(l.delayed, copyOf(q, body, -1))
		return nil, errLine
	}
	return give(-1)
}

// world is a node, three mirrors and the lines between them.
type world struct {
	t      *testing.T
	rt     *rapid.T
	n      *node
	places []*place
	lines  []*badLine
	may    []func(journal.Entry) bool
	until  int64 // where the feed to the second mirror ends; 0: nowhere
	p      *Pusher
	good   bool // the lines are sound
}

func newWorld(t *testing.T, rt *rapid.T) *world {
	w := &world{t: t, rt: rt, n: newNode(t)}
	w.may = []func(journal.Entry) bool{all, func(e journal.Entry) bool { return e.Authority == "ru-bg" }, nil}
	for i, name := range []string{"am", "ru", "third"} {
		p := newPlace(t, w.n, name, w.may[i])
		w.places = append(w.places, p)
		w.lines = append(w.lines, &badLine{p: p, draw: w.fate, cut: w.cut})
	}
	w.connect()
	return w
}

func (w *world) fate() int {
	if w.good {
		return arrives
	}
	return rapid.OneOf(rapid.Just(arrives), rapid.Just(arrives), rapid.IntRange(0, fates-1)).Draw(w.rt, "fate")
}

func (w *world) cut(n int) int { return rapid.IntRange(0, n).Draw(w.rt, "cut") }

// connect makes the pusher of a node that has just started.
func (w *world) connect() {
	var targets []Target
	for i, p := range w.places {
		targets = append(targets, Target{Remote: p.remote(w.lines[i]), Entitled: w.may[i]})
	}
	targets[0].Plain = true // where a cut leaves whole packages
	targets[1].Until = func() (int64, bool) { return w.until, w.until > 0 }
	w.p = newPusher(w.t, w.n, targets...)
}

func (w *world) restartNode() {
	if err := w.n.j.Close(); err != nil {
		w.rt.Fatal(err)
	}
	w.n.start(w.t)
	w.connect()
}

func (w *world) restartMirror(i int) {
	if err := w.places[i].s.Close(); err != nil {
		w.rt.Fatal(err)
	}
	w.places[i].start(w.t)
}

// end appends the entry with which the second mirror's feed ends.
func (w *world) end() {
	if w.until > 0 {
		return
	}
	w.n.write(w.t, "am-bg", 1)
	err := w.n.j.Update(w.t.Context(), func(tx *journal.Tx) error {
		e, err := tx.Append(draft("ru-bg", words{"end": true}, words{"name": "UTOPIAN<<LAST"}))
		tx.Seal()
		w.until = int64(e.Seq) + 1
		return err
	})
	if err != nil {
		w.rt.Fatal(err)
	}
	w.n.write(w.t, "ru-bg", 2)
}

// eraseOne erases one of the payloads that there still are.
func (w *world) eraseOne() {
	var seqs []marz.Seq
	err := w.n.j.Payloads(w.t.Context(), 0, w.n.j.Head().Size, func(p journal.Private) error {
		seqs = append(seqs, p.Seq)
		return nil
	})
	if err != nil {
		w.rt.Fatal(err)
	}
	if len(seqs) > 0 {
		w.n.erase(w.t, rapid.SampledFrom(seqs).Draw(w.rt, "erased"))
	}
}

func (w *world) replay(i int) {
	l := w.lines[i]
	if len(l.delayed) == 0 {
		return
	}
	k := rapid.IntRange(0, len(l.delayed)-1).Draw(w.rt, "which")
	q := l.delayed[k]
	l.delayed = append(l.delayed[:k], l.delayed[k+1:]...)
	serve(l.p.r, q, "node")
}

func (w *world) push(i int) {
	f := w.p.feeds[i]
	err := f.round(w.t.Context())
	if err != nil {
		f.synced, f.packages = false, max(1, f.packages/2)
	}
	f.report(err)
}

func (w *world) step() {
	switch rapid.IntRange(0, 11).Draw(w.rt, "step") {
	case 0:
		w.restartNode()
	case 1:
		w.restartMirror(rapid.IntRange(0, 2).Draw(w.rt, "mirror"))
	case 2, 3:
		w.replay(rapid.IntRange(0, 2).Draw(w.rt, "line"))
	case 4:
		w.eraseOne()
	case 5:
		if rapid.IntRange(0, 3).Draw(w.rt, "now") == 0 {
			w.end()
		}
	case 6, 7:
		a := rapid.SampledFrom([]marz.AuthorityID{"am-bg", "ru-bg"}).Draw(w.rt, "authority")
		w.n.write(w.t, a, rapid.OneOf(rapid.IntRange(1, 5), rapid.IntRange(200, 600)).Draw(w.rt, "entries"))
	default:
		w.push(rapid.IntRange(0, 2).Draw(w.rt, "to"))
	}
}

// settle lets the lines be sound, lets what was delayed arrive at last, and pushes until every mirror has all that it may have.
func (w *world) settle() {
	w.good = true
	for i, l := range w.lines {
		w.push(i)
		for len(l.delayed) > 0 {
			w.replay(i)
		}
		for range 3 {
			w.push(i)
		}
		if s := w.p.Status()[i]; s.Error != "" || !s.Whole {
			w.rt.Fatalf("%s: %+v", w.places[i].name, s)
		}
	}
}

// Whatever becomes of requests, and whoever stops and starts again when: in the end every mirror is the journal byte for byte up to where its feed ends, nothing lost and
// nothing doubled, with the payloads that it may have and no other, and none of those erased.
func TestMirrorsBecomeTheJournal(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, rt)
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			w.step()
		}
		w.settle()
		for i, p := range w.places {
			size := w.n.j.Head().Size
			if i == 1 && w.until > 0 {
				size = w.until
			}
			equal(t, w.n, p, size, w.may[i])
			w.nothingElse(p, size)
		}
		w.n.j.Close()
		for _, p := range w.places {
			p.s.Close()
		}
	})
}

// nothingElse looks past what the mirror has cosigned: there is no entry, head or payload more, and no evidence against a node that has done nothing wrong.
func (w *world) nothingElse(p *place, size int64) {
	ctx := w.t.Context()
	st, err := p.s.State(ctx, testOrigin)
	if err != nil || st.Next != size || st.Size != size || st.Pending > size || st.Heads != size {
		w.rt.Fatalf("%s: state %+v, %v, want size %d", p.name, st, err, size)
	}
	for _, kind := range []string{EvidenceFork, EvidencePayload} {
		if e, err := p.s.Evidence(ctx, testOrigin, kind); err != nil || len(e) > 0 {
			w.rt.Fatalf("%s: evidence %s, %v", p.name, e, err)
		}
	}
	err = p.s.Entries(ctx, testOrigin, size, maxSeq, func(r Row) error { return fmt.Errorf("seq %d is there", r.Seq) })
	if err == nil {
		err = p.s.Payloads(ctx, testOrigin, size, maxSeq, func(r PayloadRow) error { return fmt.Errorf("payload of seq %d is there", r.Seq) })
	}
	if err == nil {
		err = p.s.Heads(ctx, testOrigin, size, 1, func(r HeadRow) error { return fmt.Errorf("head of size %d is there", r.Size) })
	}
	if err != nil {
		w.rt.Fatalf("%s: %v", p.name, err)
	}
}
