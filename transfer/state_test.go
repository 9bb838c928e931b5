package transfer

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"marz"
)

const (
	out   = marz.AuthorityID("ru-bg")
	in    = marz.AuthorityID("am-bg")
	third = marz.AuthorityID("ir-bg")
	hour  = marz.Instant(60 * 60 * 1000)
)

var agreed = must(marz.ParseInstant("2024-12-31T20:00:00Z"))

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// secrets and publics are the keys of the authorities in these tests.
var secrets, publics = keys()

func keys() (secrets, publics map[marz.AuthorityID]string) {
	secrets, publics = map[marz.AuthorityID]string{}, map[marz.AuthorityID]string{}
	for _, a := range []marz.AuthorityID{out, in, third} {
		seed := sha256.Sum256([]byte("marz transfer vectors " + a))
		var err error
		if secrets[a], publics[a], err = note.GenerateKey(bytes.NewReader(seed[:]), string(a)); err != nil {
			panic(err)
		}
	}
	return secrets, publics
}

// world is a node's journal as the machine sees it.
type world struct {
	t       testing.TB
	state   *State
	now     marz.Instant
	entries []Entry
}

func newWorld(t testing.TB) *world {
	return &world{t: t, state: NewState(), now: agreed - 48*hour}
}

func plan(n ID) Plan {
	return Plan{ID: n, Article: "am-ru-2024/2", Place: "agarak", From: out, To: in, At: agreed, Agreed: agreed, Clock: BySources, Tolerance: DefaultTolerance, Destroy: []string{"lists", "hits"}}
}

// try considers an entry as a node does, and appends it when it may be.
func (w *world) try(kind string, by marz.AuthorityID, public any) error {
	w.t.Helper()
	if err := w.state.Check(kind, by, public, w.now); err != nil {
		return err
	}
	e := Entry{Seq: marz.Seq(len(w.entries)), At: w.now, Kind: kind, Authority: by, Officer: marz.OfficerID(by + "/1"), Public: must(marshal(public))}
	if kind == KindExecuted || kind == KindDestroyed {
		e.Officer = "" // the node itself
	}
	if err := w.state.Apply(e); err != nil {
		w.t.Fatalf("checked and not applied: %v", err)
	}
	w.entries = append(w.entries, e)
	w.now++
	return nil
}

func (w *world) do(kind string, by marz.AuthorityID, public any) {
	w.t.Helper()
	if err := w.try(kind, by, public); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) open(p Plan) { w.t.Helper(); w.do(KindOpened, out, Opened{Plan: p}) }

func (w *world) count(id ID, by marz.AuthorityID) {
	w.t.Helper()
	for n, what := range Countable {
		w.do(KindCounted, by, Counted{ID: id, What: what, Count: n})
	}
}

// instrument is what would be presented now.
func (w *world) instrument(id ID) *Instrument {
	t := w.state.Get(id)
	return &Instrument{V: 1, Origin: "armenia/agarak", Node: publics[in], Plan: t.Plan,
		Readiness:    []Check{{ID: "officers", State: "good", Value: "12 officers for 14 shifts", At: agreed - 72*hour}},
		Inventory:    append(t.Inventory(), Line{What: "open-inspections", Outgoing: 1, Incoming: 1, Measured: true}),
		Dispositions: Summary(table), Cases: Cases(t.Plan, t.Refused(), nil, t.Plan.At), After: marz.Seq(len(w.entries) - 1)}
}

var table = []Disposition{
	{List: "own-ru", Alert: "b", Disposition: "offered"},
	{List: "own-ru", Alert: "a", Disposition: "adopted", By: "am-bg/2", Reason: "wanted-here-too"},
}

func (w *world) present(id ID, by marz.AuthorityID) string {
	w.t.Helper()
	i := w.instrument(id)
	w.do(KindPresented, by, Presented{ID: id, Instrument: i.Canonical(), Digest: i.Digest()})
	return i.Digest()
}

func signature(by marz.AuthorityID, says string, id ID, digest string) *Signature {
	s := must(SignKey(secrets[by], says, id, digest))
	return &s
}

func signedBy(by marz.AuthorityID, says string, id ID, digest string) Signed {
	return Signed{ID: id, Digest: digest, Signature: signature(by, says, id, digest)}
}

func (w *world) arm(id ID, by marz.AuthorityID) {
	w.t.Helper()
	w.do(KindArmed, by, signedBy(by, SaysArm, id, w.state.Get(id).Digest))
}

// armAgain is by an officer at the post: after a key was taken back what the authority's own key signs by itself counts no more.
func (w *world) armAgain(id ID, by marz.AuthorityID) {
	w.t.Helper()
	s := signedBy(by, SaysArm, id, w.state.Get(id).Digest)
	s.Signature.Officer = marz.OfficerID(by) + "/1"
	w.do(KindArmed, by, s)
}

// sound are clocks that agree on now.
func (w *world) sound() Clocks {
	return Clocks{Node: w.now, Others: []Reading{{Source: "boot", At: w.now + 3}}}
}

func (w *world) execution(id ID, c Clocks) Execution {
	t := w.state.Get(id)
	return Execution{ID: id, Digest: t.Digest, Place: t.Plan.Place, Lanes: t.Plan.Lanes, From: t.Plan.From, To: t.Plan.To, Instant: t.Plan.At,
		Cases: Cases(t.Plan, t.Refused(), t.Turned(), w.now), Ends: []marz.AuthorityID{out}, Destroys: t.Plan.Destroy, Mirrors: []Mirror{{Authority: in, Size: 3}}, Clocks: c.Readings()}
}

// armed is a world in which agarak-1 is armed by both.
func armed(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	w.open(plan("agarak-1"))
	w.count("agarak-1", out)
	w.count("agarak-1", in)
	w.present("agarak-1", in)
	w.arm("agarak-1", in)
	w.arm("agarak-1", out)
	return w
}

func executed(t testing.TB) *world {
	t.Helper()
	w := armed(t)
	w.now = agreed
	w.do(KindExecuted, in, w.execution("agarak-1", w.sound()))
	return w
}

// TestAnOrdinaryTransfer takes every step that has to be taken, and no other.
func TestAnOrdinaryTransfer(t *testing.T) {
	w := armed(t)
	if got := w.state.Get("agarak-1"); got.Phase != Armed || len(got.Keys) != 2 {
		t.Fatalf("%s with %d keys", got.Phase, len(got.Keys))
	}
	w.now = agreed - 1
	if due, waiting := w.state.Due("agarak-1", w.sound()); due || waiting != "" {
		t.Errorf("a millisecond before its instant: %v, %q", due, waiting)
	}
	w.now = agreed
	if due, _ := w.state.Due("agarak-1", w.sound()); !due {
		t.Error("not due at its instant")
	}
	w.do(KindExecuted, in, w.execution("agarak-1", w.sound()))
	w.do(KindDestroyed, in, Destroyed{ID: "agarak-1", Of: out, What: []string{"lists", "hits"}})
	core := DigestOf([]byte("core"))
	w.do(KindClosed, out, signedBy(out, SaysClose, "agarak-1", core))
	w.do(KindClosed, in, signedBy(in, SaysClose, "agarak-1", core))
	got := w.state.Get("agarak-1")
	if got.Phase != Closed || len(got.Execution.Cases) != 0 || len(got.Steps) != len(w.entries) {
		t.Errorf("%s, cases %v, %d steps", got.Phase, got.Execution.Cases, len(got.Steps))
	}
	for _, k := range append(got.Keys, got.Closings...) {
		if err := CheckKey(k.Signature, "agarak-1", publics[k.Authority]); err != nil {
			t.Error(err)
		}
	}
}

// TestKeysFall: every change after the instrument was presented voids it, and the keys with it.
func TestKeysFall(t *testing.T) {
	for name, change := range map[string]func(*world){
		"a count": func(w *world) { w.do(KindCounted, out, Counted{one, "stamps", 9}) },
		"a line":  func(w *world) { w.do(KindCounted, in, Counted{one, "other-radios", 9}) },
		"alerts":  func(w *world) { w.do(KindDisposed, in, Disposed{one, "own-ru", "adopted", 2}) },
		"instant": func(w *world) { w.do(KindPostponed, out, moved(func(p *Plan) { p.At += hour })(w)) },
		"another instrument": func(w *world) {
			i := w.instrument(one)
			i.Readiness[0].Value = "11 officers"
			w.do(KindPresented, in, Presented{one, i.Canonical(), i.Digest()})
		},
	} {
		w := armed(t)
		w.do(KindClock, in, signedBy(in, SaysNow, one, w.state.Get(one).Digest))
		old := w.state.Get(one).Digest
		change(w)
		got := w.state.Get(one)
		if got.Phase != Preparing || len(got.Keys) != 0 || len(got.Said) != 0 || got.Digest == old {
			t.Errorf("%s: %s, %d keys, %d words", name, got.Phase, len(got.Keys), len(got.Said))
		}
		if err := w.try(KindArmed, in, signedBy(in, SaysArm, one, old)); marz.CodeOf(err) != marz.Conflict || err == nil {
			t.Errorf("%s: what was presented before can be armed: %v", name, err)
		}
	}
}

// TestTakenBack: a key that is taken back is no key, and takes what was said of the clock with it.
func TestTakenBack(t *testing.T) {
	w := armed(t)
	digest := w.state.Get(one).Digest
	for _, a := range []marz.AuthorityID{in, out} {
		w.do(KindClock, a, signedBy(a, SaysNow, one, digest))
	}
	w.do(KindDisarmed, out, signedBy(out, SaysDisarm, one, digest))
	if got := w.state.Get(one); got.Phase != Preparing || len(got.Keys) != 1 || len(got.Said) != 0 || got.Digest != digest {
		t.Errorf("%s, %d keys, %d words", got.Phase, len(got.Keys), len(got.Said))
	}
	if err := w.try(KindArmed, out, signedBy(out, SaysArm, one, digest)); marz.CodeOf(err) != marz.Conflict || err == nil {
		t.Errorf("the line that anybody can bring again: %v", err)
	}
	w.armAgain(one, out)
	if due, _ := w.state.Due(one, Clocks{Node: w.now}); due || w.state.Get(one).Phase != Armed {
		t.Errorf("armed again: what was said before it counts: due %v", due)
	}
}

// TestRefusalIsWithdrawnByArming, and remembered.
func TestRefusalIsWithdrawnByArming(t *testing.T) {
	w := counted(t)
	w.do(KindRefused, out, Declared{one, "not-ready"})
	w.present(one, in)
	got := w.state.Get(one)
	if i := must(ParseInstrument(got.Instrument)); len(i.Cases) != 1 || i.Cases[0] != Refused || len(got.Refused()) != 1 || got.Refused()[0] != out {
		t.Errorf("cases %v, refused %v", i.Cases, got.Refused())
	}
	w.arm(one, out)
	if got = w.state.Get(one); len(got.Refused()) != 0 || len(got.Refusals) != 1 || got.Refusals[0].Withdrawn == 0 || got.Refusals[0].Why != "not-ready" {
		t.Errorf("after arming: %+v", got.Refusals)
	}
}

// TestAfterCancel: a new transfer of the article has the next number, and the old one is what it was.
func TestAfterCancel(t *testing.T) {
	w := cancelled(t)
	if w.state.Next("agarak") != "agarak-2" || w.state.Next("meghri") != "meghri-1" {
		t.Errorf("next is %s", w.state.Next("agarak"))
	}
	w.open(plan("agarak-2"))
	if first, now := w.state.Get(one), w.state.Of("am-ru-2024/2"); first.Phase != Cancelled || now.Plan.ID != "agarak-2" || len(w.state.Open()) != 1 || len(w.state.All()) != 2 {
		t.Errorf("%s, %s", first.Phase, now.Plan.ID)
	}
}

// TestInParts: two transfers of other lanes under one article are open together and pass one after the other.
func TestInParts(t *testing.T) {
	w := newWorld(t)
	for n, lane := range []marz.LaneID{"1", "2"} {
		p := plan([]ID{one, "agarak-2"}[n])
		p.Lanes = []marz.LaneID{lane}
		w.open(p)
		w.count(p.ID, out)
		w.count(p.ID, in)
		w.present(p.ID, in)
		w.arm(p.ID, in)
		w.arm(p.ID, out)
	}
	w.now = agreed
	for _, id := range []ID{one, "agarak-2"} {
		w.do(KindExecuted, in, w.execution(id, w.sound()))
		if x := w.state.Get(id).Execution; len(x.Cases) != 1 || x.Cases[0] != Partial {
			t.Errorf("%s is of the cases %v", id, x.Cases)
		}
	}
}

// TestAlone: the article lets the incoming authority act alone. It presents what it has counted, and arms; the cases say so.
func TestAlone(t *testing.T) {
	w := loneArmed(t)
	i := must(ParseInstrument(w.state.Get(one).Instrument))
	if l := i.Inventory[2]; l.What != "stamps" || l.Only != in || l.Outgoing != 0 || l.Incoming != 2 {
		t.Errorf("what one side counted: %+v", l)
	}
	w.now = agreed + 2*hour
	w.do(KindExecuted, in, w.execution(one, w.sound()))
	if x := w.state.Get(one).Execution; len(x.Cases) != 2 || x.Cases[0] != Late || x.Cases[1] != Unilateral {
		t.Errorf("cases %v", x.Cases)
	}
}

// TestAKeyIsAloneOnlyByWill: a key that was turned while both were needed does not become enough by the passing of time.
func TestAKeyIsAloneOnlyByWill(t *testing.T) {
	w := newWorld(t)
	p := plan(one)
	p.Unilateral = agreed + hour
	w.open(p)
	p.At = agreed + 3*hour
	w.do(KindPostponed, out, Opened{Plan: p})
	w.count(one, out)
	w.count(one, in)
	w.present(one, in)
	w.arm(one, in)
	w.arm(one, out)
	w.now = agreed + 2*hour
	w.do(KindDisarmed, out, Signed{ID: one, Digest: w.state.Get(one).Digest})
	late := Clocks{Node: p.At, Others: []Reading{{Source: "boot", At: p.At}}}
	if due, waiting := w.state.Due(one, late); due || w.state.Get(one).Phase != Preparing || waiting == "" {
		t.Errorf("the key of one side, turned when both were needed: due %v, %q", due, waiting)
	}
	w.arm(one, in)
	if due, _ := w.state.Due(one, late); !due || len(w.state.Get(one).Keys) != 1 {
		t.Error("turned again, it is not enough")
	}
}

// TestCases is the table of cases.
func TestCases(t *testing.T) {
	both := []marz.AuthorityID{in, out}
	for _, c := range []struct {
		name     string
		change   func(*Plan)
		refused  []marz.AuthorityID
		keys     []marz.AuthorityID
		executed marz.Instant
		want     string
	}{
		{"the ordinary one", nil, nil, both, agreed, "-"},
		{"a little after its instant", nil, nil, both, agreed + Grace, "-"},
		{"executed late", nil, nil, both, agreed + Grace + 1, "late"},
		{"planned late", func(p *Plan) { p.At++ }, nil, both, agreed + 1, "late"},
		{"early", func(p *Plan) { p.At-- }, nil, both, agreed - 1, "early"},
		{"planned early and executed late", func(p *Plan) { p.At-- }, nil, both, agreed + hour, "late"},
		{"before a deadline", func(p *Plan) { p.At -= hour; p.Deadline = true }, nil, both, agreed - hour, "-"},
		{"after a deadline", func(p *Plan) { p.At += hour; p.Deadline = true }, nil, both, agreed + hour, "late"},
		{"by a clock that is behind", nil, nil, both, agreed - 24*hour, "-"},
		{"a part", func(p *Plan) { p.Lanes = []marz.LaneID{"1"} }, nil, both, agreed, "partial"},
		{"alone and refused", nil, []marz.AuthorityID{out}, []marz.AuthorityID{in}, agreed, "refused,unilateral"},
		{"not armed yet", nil, nil, nil, agreed, "-"},
	} {
		p := plan(one)
		if c.change != nil {
			c.change(&p)
		}
		if got := Cases(p, c.refused, c.keys, c.executed); got == nil || list(got) != c.want {
			t.Errorf("%s: %s, want %s", c.name, list(got), c.want)
		}
	}
}

// TestNeeds: both, and the incoming one alone from when the article says so.
func TestNeeds(t *testing.T) {
	w := opened(t)
	if got := Needs(w.state.Get(one), agreed+1000*hour); len(got) != 2 {
		t.Errorf("where the article allows nobody to act alone: %v", got)
	}
	w = lone(t)
	x := w.state.Get(one)
	if before, from := Needs(x, agreed+hour-1), Needs(x, agreed+hour); len(before) != 2 || len(from) != 1 || from[0] != in {
		t.Errorf("before it %v, from it %v", before, from)
	}
}

// TestTable: a table of dispositions says the same in whatever order it comes, and nothing else does.
func TestTable(t *testing.T) {
	s := Summary(table)
	if s.Alerts != 2 || s.Adopted != 1 || s.Lapsed != 1 || s.Returned != 0 {
		t.Errorf("%+v", s)
	}
	if turned := Summary([]Disposition{table[1], table[0]}); turned != s {
		t.Error("another order gives another digest")
	}
	if table[0].Disposition != "offered" {
		t.Error("the caller's table was changed")
	}
	other := []Disposition{table[0], table[1]}
	other[1].Reason = "something-else"
	if Summary(other) == s {
		t.Error("another reason gives the same digest")
	}
	if string(CanonicalTable(nil)) != "[]" || Summary(nil).Digest != DigestOf([]byte("[]")) {
		t.Error("no table")
	}
}

// TestSignatures: a signature is good for one word on one digest of one transfer, by one authority.
func TestSignatures(t *testing.T) {
	digest := DigestOf([]byte("instrument"))
	good := *signature(in, SaysArm, one, digest)
	if err := CheckKey(good, one, publics[in]); err != nil {
		t.Fatal(err)
	}
	officer := good
	officer.Officer = "am-bg/0107"
	if err := CheckKey(officer, one, publics[in]); err != nil {
		t.Errorf("by an officer in an exercise: %v", err)
	}
	_, stranger := keys()
	for name, c := range map[string]struct {
		change func(*Signature)
		id     ID
		key    string
	}{
		"another word":        {func(s *Signature) { s.Says = SaysClose }, one, publics[in]},
		"another digest":      {func(s *Signature) { s.Digest = DigestOf(nil) }, one, publics[in]},
		"another transfer":    {nil, "agarak-2", publics[in]},
		"another authority":   {func(s *Signature) { s.Authority = out }, one, publics[out]},
		"another's key":       {nil, one, stranger[out]},
		"no key":              {nil, one, ""},
		"no line":             {func(s *Signature) { s.Line, s.Officer, s.Passkey = "", "am-bg/1", []byte(`{}`) }, one, publics[in]},
		"a word that is none": {func(s *Signature) { s.Says = "agree" }, one, publics[in]},
		"another's line":      {func(s *Signature) { s.Line = signature(out, SaysArm, one, digest).Line }, one, publics[in]},
	} {
		s := good
		if c.change != nil {
			c.change(&s)
		}
		if err := CheckKey(s, c.id, c.key); marz.CodeOf(err) != marz.Invalid || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"no key":      second(SignKey("x", SaysArm, one, digest)),
		"no word":     second(SignKey(secrets[in], "agree", one, digest)),
		"two lines":   second(SignKey(secrets[in], SaysArm, "agarak-1\nx", digest)),
		"no digest":   second(SignKey(secrets[in], SaysArm, one, "x")),
		"long digest": second(SignKey(secrets[in], SaysArm, one, digest+digest)),
	} {
		if marz.CodeOf(err) != marz.Invalid || err == nil {
			t.Errorf("signed with %s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestEvidence: the act holds what made the plan, the presentation that was signed, the keys that stand and the execution.
func TestEvidence(t *testing.T) {
	w := newWorld(t)
	w.open(plan(one)) // 0
	w.count(one, out)
	w.count(one, in)                                                          // 12
	w.present(one, in)                                                        // 13
	w.arm(one, in)                                                            // 14
	w.do(KindPostponed, out, moved(func(p *Plan) { p.At += hour })(w))        // 15
	w.present(one, in)                                                        // 16
	w.arm(one, out)                                                           // 17
	w.do(KindDisarmed, out, Signed{ID: one, Digest: w.state.Get(one).Digest}) // 18
	w.arm(one, in)                                                            // 19
	w.armAgain(one, out)                                                      // 20
	w.now = agreed + hour
	w.do(KindExecuted, in, w.execution(one, w.sound())) // 21
	want := []marz.Seq{0, 15, 16, 19, 20, 21}
	if got := w.state.Get(one).Evidence(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
