package transfer

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"marz"
)

const one = ID("agarak-1")

// refusal is an act that must not be let through, in a world that is ready for it.
type refusal struct {
	name string
	in   func(testing.TB) *world
	kind string
	by   marz.AuthorityID
	what func(*world) any
	code marz.Code
	says string // part of the error
}

func opened(t testing.TB) *world {
	w := newWorld(t)
	w.open(plan(one))
	return w
}

func counted(t testing.TB) *world {
	w := opened(t)
	w.count(one, out)
	w.count(one, in)
	return w
}

func shown(t testing.TB) *world {
	w := counted(t)
	w.present(one, out)
	return w
}

func cancelled(t testing.TB) *world {
	w := opened(t)
	w.do(KindCancelled, in, Signed{ID: one, Digest: w.state.Get(one).Plan.Digest()})
	return w
}

func closed(t testing.TB) *world {
	w := executed(t)
	for _, a := range []marz.AuthorityID{out, in} {
		w.do(KindClosed, a, signedBy(a, SaysClose, one, DigestOf(nil)))
	}
	return w
}

// lone is a world in which the outgoing side has done nothing and the incoming one may act alone.
func lone(t testing.TB) *world {
	w := newWorld(t)
	p := plan(one)
	p.Unilateral = agreed + hour
	w.open(p)
	w.count(one, in)
	w.now = agreed + hour
	p.At = agreed + 2*hour
	w.do(KindPostponed, in, Opened{Plan: p})
	return w
}

func loneArmed(t testing.TB) *world {
	w := lone(t)
	w.present(one, in)
	w.arm(one, in)
	return w
}

// with changes a plan.
func with(change func(*Plan)) func(*world) any {
	return func(w *world) any {
		p := plan(w.state.Next("agarak"))
		change(&p)
		return Opened{Plan: p}
	}
}

// moved changes the plan that stands.
func moved(change func(*Plan)) func(*world) any {
	return func(w *world) any {
		p := w.state.Get(one).Plan
		change(&p)
		return Opened{Plan: p}
	}
}

// showing changes what would be presented.
func showing(change func(*Instrument)) func(*world) any {
	return func(w *world) any {
		i := w.instrument(one)
		change(i)
		return Presented{ID: one, Instrument: i.Canonical(), Digest: i.Digest()}
	}
}

// signing changes a signature of the side that acts.
func signing(by marz.AuthorityID, says string, change func(*Signed)) func(*world) any {
	return func(w *world) any {
		digest := w.state.Get(one).Digest
		if digest == "" {
			digest = DigestOf(nil)
		}
		s := signedBy(by, says, one, digest)
		if change != nil {
			change(&s)
		}
		return s
	}
}

// executing changes the execution.
func executing(change func(*Execution)) func(*world) any {
	return func(w *world) any {
		w.now = w.state.Get(one).Plan.At
		x := w.execution(one, w.sound())
		change(&x)
		return x
	}
}

func just(v any) func(*world) any { return func(*world) any { return v } }

func count(what string, n int) func(*world) any { return just(Counted{ID: one, What: what, Count: n}) }

var long = strings.Repeat("a", maxText+1)

var refusals = []refusal{
	// Whatever the step.
	{"no such kind", opened, "transfer.undone", in, just(Declared{ID: one, Why: "so"}), marz.Invalid, "no such kind"},
	{"no JSON", opened, KindRefused, in, just(json.RawMessage(`{"id"`)), marz.Invalid, "not of this kind"},
	{"something behind it", opened, KindRefused, in, just(json.RawMessage(`{"id":"agarak-1","why":"so"}{}`)), marz.Invalid, "something follows"},
	{"an unknown member", opened, KindRefused, in, just(json.RawMessage(`{"id":"agarak-1","why":"so","name":"x"}`)), marz.Invalid, "not of this kind"},
	{"what cannot be written", opened, KindPresented, in, just(Presented{ID: one, Instrument: json.RawMessage("{"), Digest: DigestOf(nil)}), marz.Invalid, "cannot be written"},
	{"an id that is none", opened, KindRefused, in, just(Declared{ID: "Agarak 1", Why: "so"}), marz.Invalid, "place-number"},
	{"an unknown transfer", opened, KindRefused, in, just(Declared{ID: "agarak-2", Why: "so"}), marz.NotFound, "no such transfer"},
	{"a third authority", opened, KindRefused, third, just(Declared{ID: one, Why: "so"}), marz.Forbidden, "neither side"},
	{"a reason that is free text", opened, KindRefused, in, just(Declared{ID: one, Why: "Mr. Example is away"}), marz.Invalid, "no code of a reason"},

	// Opening.
	{"opened by a third", newWorld, KindOpened, third, with(func(p *Plan) {}), marz.Forbidden, "neither side"},
	{"another number", newWorld, KindOpened, in, with(func(p *Plan) { p.ID = "agarak-2" }), marz.Conflict, "the next transfer of agarak is agarak-1"},
	{"another place's id", newWorld, KindOpened, in, with(func(p *Plan) { p.ID = "meghri-1" }), marz.Invalid, "no id of a transfer of"},
	{"an id of a longer place", newWorld, KindOpened, in, with(func(p *Plan) { p.ID = "agarak-old-1" }), marz.Invalid, "no id of a transfer of"},
	{"an instant in the past", newWorld, KindOpened, in, with(func(p *Plan) { p.At = agreed - 48*hour - 1 }), marz.Invalid, "is past"},
	{"no instant", newWorld, KindOpened, in, with(func(p *Plan) { p.At = 0 }), marz.Invalid, "names no instant"},
	{"no instant of the article", newWorld, KindOpened, in, with(func(p *Plan) { p.Agreed = 0 }), marz.Invalid, "names no instant"},
	{"no article", newWorld, KindOpened, in, with(func(p *Plan) { p.Article = "am-ru-2024" }), marz.Invalid, "names no article"},
	{"to itself", newWorld, KindOpened, in, with(func(p *Plan) { p.From = in }), marz.Invalid, "to itself"},
	{"an authority that is none", newWorld, KindOpened, in, with(func(p *Plan) { p.From = "RU BG" }), marz.Invalid, "authority id"},
	{"no rule of clocks", newWorld, KindOpened, in, with(func(p *Plan) { p.Clock = "" }), marz.Invalid, "no rule of clocks"},
	{"no tolerance", newWorld, KindOpened, in, with(func(p *Plan) { p.Tolerance = 0 }), marz.Invalid, "tolerance"},
	{"a tolerance of a day", newWorld, KindOpened, in, with(func(p *Plan) { p.Tolerance = int64(24 * hour) }), marz.Invalid, "tolerance"},
	{"what cannot be destroyed", newWorld, KindOpened, in, with(func(p *Plan) { p.Destroy = []string{"journal"} }), marz.Invalid, "cannot be destroyed"},
	{"destroyed twice", newWorld, KindOpened, in, with(func(p *Plan) { p.Destroy = []string{"hits", "hits"} }), marz.Invalid, "stands there twice"},
	{"alone before the article's instant", newWorld, KindOpened, in, with(func(p *Plan) { p.Unilateral = agreed - 1 }), marz.Invalid, "could act alone from"},
	{"a lane that is none", newWorld, KindOpened, in, with(func(p *Plan) { p.Lanes = []marz.LaneID{"1", "Lane 2"} }), marz.Invalid, "no lane's id"},
	{"a lane twice", newWorld, KindOpened, in, with(func(p *Plan) { p.Lanes = []marz.LaneID{"1", "1"} }), marz.Invalid, "no lane's id"},
	{"too many lanes", newWorld, KindOpened, in, with(func(p *Plan) {
		for n := range maxLines + 1 {
			p.Lanes = append(p.Lanes, marz.LaneID(fmt.Sprint(n)))
		}
	}), marz.Invalid, "65 lanes"},
	{"a second one", opened, KindOpened, in, with(func(p *Plan) {}), marz.Conflict, "agarak-1 is open for the same lanes"},
	{"a second one of a part", opened, KindOpened, in, with(func(p *Plan) { p.Lanes = []marz.LaneID{"1"} }), marz.Conflict, "is open for the same lanes"},
	{"an article that was carried out", executed, KindOpened, in, with(func(p *Plan) {}), marz.Conflict, "am-ru-2024/2 has been carried out"},
	{"an article that was closed", closed, KindOpened, in, with(func(p *Plan) {}), marz.Conflict, "am-ru-2024/2 has been carried out"},

	// Postponing.
	{"to the past", opened, KindPostponed, in, moved(func(p *Plan) { p.At = agreed - 48*hour }), marz.Invalid, "is past"},
	{"to the same instant", armed, KindPostponed, in, moved(func(p *Plan) {}), marz.Conflict, "already"},
	{"more than the instant", opened, KindPostponed, in, moved(func(p *Plan) { p.At += hour; p.Destroy = nil }), marz.Invalid, "more of the plan than the instant"},
	{"the lanes", opened, KindPostponed, in, moved(func(p *Plan) { p.At += hour; p.Lanes = []marz.LaneID{"1"} }), marz.Invalid, "more of the plan than the instant"},
	{"postponed by a third", opened, KindPostponed, third, moved(func(p *Plan) { p.At += hour }), marz.Forbidden, "neither side"},
	{"postponed when it is over", executed, KindPostponed, in, moved(func(p *Plan) { p.At += hour }), marz.Conflict, "nothing undoes that"},

	// Counting.
	{"an unknown line", opened, KindCounted, in, count("horses", 1), marz.Invalid, "no line of the inventory"},
	{"a line that the node measures", opened, KindCounted, in, count("open-inspections", 1), marz.Invalid, "no line of the inventory"},
	{"a line added without a name", opened, KindCounted, in, count("other-", 1), marz.Invalid, "no line of the inventory"},
	{"a line that is a sentence", opened, KindCounted, in, count("other-the car of Mr. X", 1), marz.Invalid, "no line of the inventory"},
	{"an over-long line", opened, KindCounted, in, count("other-"+long, 1), marz.Invalid, "no line of the inventory"},
	{"fewer than none", opened, KindCounted, in, count("stamps", -1), marz.Invalid, "cannot be counted"},
	{"more than there are", opened, KindCounted, in, count("stamps", maxCount+1), marz.Invalid, "cannot be counted"},
	{"too many lines", func(t testing.TB) *world {
		w := opened(t)
		for n := range maxLines/2 - len(Countable) {
			w.do(KindCounted, in, Counted{ID: one, What: fmt.Sprint("other-", n)})
		}
		return w
	}, KindCounted, in, count("other-more", 1), marz.Conflict, "no more can be added"},
	{"the same, when keys would fall", armed, KindCounted, in, count("stamps", 2), marz.Conflict, "all keys would fall"},
	{"counted when it is over", executed, KindCounted, in, count("stamps", 3), marz.Conflict, "nothing undoes that"},
	{"counted when it is cancelled", cancelled, KindCounted, in, count("stamps", 3), marz.Conflict, "it is cancelled"},

	// Disposing.
	{"a disposition that is none", opened, KindDisposed, out, just(Disposed{one, "own-ru", "kept", 1}), marz.Invalid, "no disposition"},
	{"of no alert", opened, KindDisposed, out, just(Disposed{one, "own-ru", "offered", 0}), marz.Invalid, "1 at least"},
	{"a list that is none", opened, KindDisposed, out, just(Disposed{one, "own list", "offered", 1}), marz.Invalid, "no list's id"},
	{"adopted by its owner", opened, KindDisposed, out, just(Disposed{one, "own-ru", "adopted", 1}), marz.Forbidden, "for the incoming authority to say"},
	{"declined by its owner", opened, KindDisposed, out, just(Disposed{one, "own-ru", "declined", 1}), marz.Forbidden, "for the incoming authority to say"},
	{"offered by the other side", opened, KindDisposed, in, just(Disposed{one, "own-ru", "offered", 1}), marz.Forbidden, "for the outgoing authority to say"},
	{"returned by the other side", opened, KindDisposed, in, just(Disposed{one, "own-ru", "returned", 1}), marz.Forbidden, "for the outgoing authority to say"},
	{"lapsed by the other side", opened, KindDisposed, in, just(Disposed{one, "own-ru", "lapsed", 1}), marz.Forbidden, "for the outgoing authority to say"},

	// Presenting.
	{"uncounted by both", opened, KindPresented, in, showing(func(*Instrument) {}), marz.Conflict, "am-bg has not counted people-held, documents-held"},
	{"uncounted by the outgoing side", func(t testing.TB) *world { w := opened(t); w.count(one, in); return w }, KindPresented, in, showing(func(*Instrument) {}), marz.Conflict, "ru-bg has not counted people-held"},
	{"uncounted by the outgoing side, before the other may act alone", func(t testing.TB) *world { w := lone(t); w.now = agreed + hour - 1; return w }, KindPresented, in, showing(func(*Instrument) {}), marz.Conflict, "ru-bg has not counted people-held"},
	{"an added line that one side counted", func(t testing.TB) *world {
		w := counted(t)
		w.do(KindCounted, out, Counted{ID: one, What: "other-radios", Count: 2})
		return w
	}, KindPresented, in, showing(func(*Instrument) {}), marz.Conflict, "am-bg has not counted other-radios"},
	{"something missing", counted, KindPresented, in, showing(func(i *Instrument) { i.Readiness[0].State = "missing" }), marz.Conflict, "officers is missing"},
	{"another plan", counted, KindPresented, in, showing(func(i *Instrument) { i.Plan.At++ }), marz.Conflict, "plan is not that of the transfer"},
	{"another's plan", counted, KindPresented, in, showing(func(i *Instrument) { i.Plan.ID = "agarak-2" }), marz.Invalid, "the instrument is of agarak-2"},
	{"taken down before a count", counted, KindPresented, in, showing(func(i *Instrument) { i.After-- }), marz.Conflict, "taken down before entry 12"},
	{"other counts", counted, KindPresented, in, showing(func(i *Instrument) { i.Inventory[2].Incoming++ }), marz.Conflict, "not what the sides counted"},
	{"a line less", counted, KindPresented, in, showing(func(i *Instrument) { i.Inventory = i.Inventory[1:] }), marz.Conflict, "not what the sides counted"},
	{"a case too much", counted, KindPresented, in, showing(func(i *Instrument) { i.Cases = []Case{Late} }), marz.Conflict, "cases are [late]"},
	{"a refusal that stands, unsaid", func(t testing.TB) *world {
		w := counted(t)
		w.do(KindRefused, out, Declared{one, "not-ready"})
		return w
	}, KindPresented, in, showing(func(i *Instrument) { i.Cases = nil }), marz.Conflict, "the transfer's [refused]"},
	{"the same again", shown, KindPresented, in, func(w *world) any {
		t := w.state.Get(one)
		return Presented{one, t.Instrument, t.Digest}
	}, marz.Conflict, "presented already"},
	{"when its instant is past", counted, KindPresented, in, func(w *world) any {
		w.now = agreed + Grace + 1
		return showing(func(*Instrument) {})(w)
	}, marz.Conflict, "is past"},
	{"another digest", counted, KindPresented, in, func(w *world) any { return Presented{one, w.instrument(one).Canonical(), DigestOf(nil)} }, marz.Invalid, "digest is not that"},
	{"members in another order", counted, KindPresented, in, func(w *world) any {
		var m map[string]any
		if err := json.Unmarshal(w.instrument(one).Canonical(), &m); err != nil {
			panic(err)
		}
		return Presented{one, encode(m), DigestOf(encode(m))}
	}, marz.Invalid, "not in its canonical form"},
	{"another version", counted, KindPresented, in, showing(func(i *Instrument) { i.V = 2 }), marz.Invalid, "version is 2"},
	{"no node", counted, KindPresented, in, showing(func(i *Instrument) { i.Node = "" }), marz.Invalid, "key of the node"},
	{"no origin", counted, KindPresented, in, showing(func(i *Instrument) { i.Origin = "" }), marz.Invalid, "origin"},
	{"an over-long text", counted, KindPresented, in, showing(func(i *Instrument) { i.Readiness[0].Value = long }), marz.Invalid, "too long"},
	{"a text of two lines", counted, KindPresented, in, showing(func(i *Instrument) { i.Readiness[0].Value = "good\nbad" }), marz.Invalid, "cannot be shown"},
	{"a check that is not judged", counted, KindPresented, in, showing(func(i *Instrument) { i.Readiness[0].State = "" }), marz.Invalid, "good, attention or missing"},
	{"a check twice", counted, KindPresented, in, showing(func(i *Instrument) { i.Readiness = append(i.Readiness, i.Readiness[0]) }), marz.Invalid, "no name of a check"},
	{"a line twice", counted, KindPresented, in, showing(func(i *Instrument) { i.Inventory = append(i.Inventory, i.Inventory[6]) }), marz.Invalid, "stands there twice"},
	{"a measured line that differs", counted, KindPresented, in, showing(func(i *Instrument) { i.Inventory[6].Incoming++ }), marz.Invalid, "both sides see what it measured"},
	{"people that the node measured", counted, KindPresented, in, showing(func(i *Instrument) { i.Inventory[0].Measured = true }), marz.Invalid, "not for the node to measure"},
	{"a measured line that nobody measured", counted, KindPresented, in, showing(func(i *Instrument) { i.Inventory[6].Measured = false }), marz.Invalid, "no line of the inventory"},
	{"counted by a third", counted, KindPresented, in, showing(func(i *Instrument) { i.Inventory[0].Only = third }), marz.Invalid, "who counted"},
	{"a number of who did not count", counted, KindPresented, in, showing(func(i *Instrument) { i.Inventory[2].Only = in }), marz.Invalid, "who counted"},
	{"alerts without a disposition", counted, KindPresented, in, showing(func(i *Instrument) { i.Dispositions.Alerts++ }), marz.Invalid, "every alert has one disposition"},
	{"fewer alerts than none", counted, KindPresented, in, showing(func(i *Instrument) { i.Dispositions.Adopted, i.Dispositions.Lapsed = -1, 3 }), marz.Invalid, "every alert has one disposition"},
	{"no table", counted, KindPresented, in, showing(func(i *Instrument) { i.Dispositions.Digest = "" }), marz.Invalid, "no digest"},
	{"after nothing", counted, KindPresented, in, showing(func(i *Instrument) { i.After = -1 }), marz.Invalid, "after no entry"},

	// Arming.
	{"nothing is presented", counted, KindArmed, in, signing(in, SaysArm, nil), marz.Conflict, "the plan has changed: nothing is presented"},
	{"another instrument", shown, KindArmed, in, just(signedBy(in, SaysArm, one, DigestOf(nil))), marz.Conflict, "the plan has changed: what is presented is another"},
	{"armed by a third", shown, KindArmed, third, signing(third, SaysArm, nil), marz.Forbidden, "neither side"},
	{"the other side's signature", shown, KindArmed, in, signing(out, SaysArm, nil), marz.Forbidden, "the signature is that of ru-bg"},
	{"without a signature", shown, KindArmed, in, signing(in, SaysArm, func(s *Signed) { s.Signature = nil }), marz.Invalid, "not signed"},
	{"a signature that says something else", shown, KindArmed, in, signing(in, SaysNow, nil), marz.Invalid, `says "now"`},
	{"a signature over something else", shown, KindArmed, in, signing(in, SaysArm, func(s *Signed) { s.Signature.Digest = DigestOf(nil) }), marz.Invalid, "another digest"},
	{"a digest that is none", shown, KindArmed, in, signing(in, SaysArm, func(s *Signed) { s.Digest = "AAAA"; s.Signature.Digest = "AAAA" }), marz.Invalid, "no digest"},
	{"another authority's officer", shown, KindArmed, in, signing(in, SaysArm, func(s *Signed) { s.Signature.Officer = "ru-bg/1" }), marz.Invalid, "no officer of am-bg"},
	{"a key and a passkey", shown, KindArmed, in, signing(in, SaysArm, func(s *Signed) { s.Signature.Passkey = json.RawMessage(`{}`) }), marz.Invalid, "either a line"},
	{"neither key nor passkey", shown, KindArmed, in, signing(in, SaysArm, func(s *Signed) { s.Signature.Line = "" }), marz.Invalid, "either a line"},
	{"a passkey of nobody", shown, KindArmed, in, signing(in, SaysArm, func(s *Signed) { s.Signature.Line, s.Signature.Passkey = "", json.RawMessage(`{}`) }), marz.Invalid, "names the officer"},
	{"a line of another", shown, KindArmed, in, signing(in, SaysArm, func(s *Signed) { s.Signature.Line = signature(out, SaysArm, one, s.Digest).Line }), marz.Invalid, "not one of am-bg"},
	{"two lines", shown, KindArmed, in, signing(in, SaysArm, func(s *Signed) { s.Signature.Line += "\n" }), marz.Invalid, "not one of am-bg"},
	{"clocks", shown, KindArmed, in, signing(in, SaysArm, func(s *Signed) { s.Clocks = []Reading{{Source: "node", At: 1}} }), marz.Invalid, "entries of kind transfer.clock alone"},
	{"armed twice", armed, KindArmed, in, signing(in, SaysArm, nil), marz.Conflict, "turned its key already"},
	{"armed twice before the other", func(t testing.TB) *world { w := shown(t); w.arm(one, in); return w }, KindArmed, in, signing(in, SaysArm, nil), marz.Conflict, "turned its key already"},
	{"armed again before it counts alone", func(t testing.TB) *world {
		w := opened(t)
		p := plan(w.state.Next("agarak"))
		w.do(KindCancelled, in, Signed{ID: one, Digest: w.state.Get(one).Plan.Digest()})
		p.ID, p.Unilateral = "agarak-2", agreed
		w.open(p)
		w.count("agarak-2", in)
		w.count("agarak-2", out)
		w.present("agarak-2", in)
		w.arm("agarak-2", in)
		return w
	}, KindArmed, in, func(w *world) any { return signedBy(in, SaysArm, "agarak-2", w.state.Get("agarak-2").Digest) }, marz.Conflict, "turned its key already"},
	{"its instant is past", shown, KindArmed, in, func(w *world) any {
		w.now = agreed + Grace + 1
		return signing(in, SaysArm, nil)(w)
	}, marz.Conflict, "is past"},
	{"armed when it is over", executed, KindArmed, in, signing(in, SaysArm, nil), marz.Conflict, "nothing undoes that"},
	{"armed when it is cancelled", cancelled, KindArmed, in, signing(in, SaysArm, nil), marz.Conflict, "it is cancelled"},

	// Taking a key back, refusing, cancelling.
	{"a key that was not turned", shown, KindDisarmed, in, signing(in, SaysDisarm, nil), marz.Conflict, "has not turned its key"},
	{"a key of another instrument", armed, KindDisarmed, in, just(Signed{ID: one, Digest: DigestOf(nil)}), marz.Conflict, "the plan has changed"},
	{"disarmed when it is over", executed, KindDisarmed, in, signing(in, SaysDisarm, nil), marz.Conflict, "nothing undoes that"},
	{"disarmed with another word", armed, KindDisarmed, in, signing(in, SaysArm, nil), marz.Invalid, `says "arm"`},
	{"refused without a reason", opened, KindRefused, in, just(Declared{ID: one}), marz.Invalid, "does not say why"},
	{"refused with a key turned", armed, KindRefused, in, just(Declared{one, "not-ready"}), marz.Conflict, "take it back first"},
	{"refused twice", func(t testing.TB) *world { w := opened(t); w.do(KindRefused, in, Declared{one, "not-ready"}); return w }, KindRefused, in, just(Declared{one, "not-ready"}), marz.Conflict, "has refused already"},
	{"refused when it is over", executed, KindRefused, out, just(Declared{one, "not-ready"}), marz.Conflict, "nothing undoes that"},
	{"another plan is cancelled", opened, KindCancelled, in, just(Signed{ID: one, Digest: DigestOf(nil)}), marz.Conflict, "the plan has changed"},
	{"cancelled twice", cancelled, KindCancelled, in, func(w *world) any { return Signed{ID: one, Digest: w.state.Get(one).Plan.Digest()} }, marz.Conflict, "it is cancelled"},
	{"cancelled when it is over", executed, KindCancelled, in, func(w *world) any { return Signed{ID: one, Digest: w.state.Get(one).Plan.Digest()} }, marz.Conflict, "nothing undoes that"},
	{"cancelled by a third", opened, KindCancelled, third, func(w *world) any { return Signed{ID: one, Digest: w.state.Get(one).Plan.Digest()} }, marz.Forbidden, "neither side"},

	// What the outgoing side cannot do once the other may act alone.
	{"cancelled against who may act alone", lone, KindCancelled, out, func(w *world) any { return Signed{ID: one, Digest: w.state.Get(one).Plan.Digest()} }, marz.Forbidden, "only it can postpone or cancel"},
	{"postponed against who may act alone", lone, KindPostponed, out, moved(func(p *Plan) { p.At += hour }), marz.Forbidden, "only it can postpone or cancel"},
	{"counted against who may act alone", loneArmed, KindCounted, out, count("stamps", 7), marz.Forbidden, "what is presented stands"},
	{"disposed against who may act alone", loneArmed, KindDisposed, out, just(Disposed{one, "own-ru", "offered", 1}), marz.Forbidden, "what is presented stands"},
	{"presented against who may act alone", loneArmed, KindPresented, out, showing(func(i *Instrument) { i.Readiness = nil }), marz.Forbidden, "what is presented stands"},

	// The word on the clock.
	{"not armed", func(t testing.TB) *world { w := shown(t); w.arm(one, in); return w }, KindClock, in, signing(in, SaysNow, nil), marz.Conflict, "it is not armed"},
	{"said twice", func(t testing.TB) *world {
		w := armed(t)
		w.do(KindClock, in, signing(in, SaysNow, nil)(w))
		return w
	}, KindClock, in, signing(in, SaysNow, nil), marz.Conflict, "has said so already"},
	{"no doubt", armed, KindClock, in, func(w *world) any {
		s := signing(in, SaysNow, nil)(w).(Signed)
		s.Clocks = w.sound().Readings()
		return s
	}, marz.Conflict, "no clock is in doubt"},
	{"without the node's clock", armed, KindClock, in, signing(in, SaysNow, func(s *Signed) { s.Clocks = []Reading{{Source: "boot", At: 1}} }), marz.Invalid, "what the node's clock shows"},
	{"a source twice", armed, KindClock, in, signing(in, SaysNow, func(s *Signed) { s.Clocks = []Reading{{Source: "node", At: 1}, {Source: "node", At: 2}} }), marz.Invalid, "stands there twice"},
	{"an over-long fault", armed, KindClock, in, signing(in, SaysNow, func(s *Signed) { s.Clocks = []Reading{{Source: "node", At: 1}, {Source: "boot", Fault: long}} }), marz.Invalid, "too long"},
	{"by who armed alone", loneArmed, KindClock, in, signing(in, SaysNow, nil), marz.Conflict, "its word alone settles no doubt"},
	{"by who did not arm", loneArmed, KindClock, out, signing(out, SaysNow, nil), marz.Conflict, "has not turned its key"},

	// Executing.
	{"not armed", shown, KindExecuted, in, executing(func(*Execution) {}), marz.Conflict, "it is not armed"},
	{"a key was taken back", func(t testing.TB) *world {
		w := armed(t)
		w.do(KindDisarmed, out, signing(out, SaysDisarm, nil)(w))
		return w
	}, KindExecuted, in, executing(func(*Execution) {}), marz.Conflict, "it is not armed"},
	{"before its instant", armed, KindExecuted, in, executing(func(x *Execution) {
		x.Clocks = Clocks{Node: agreed - 1, Others: []Reading{{Source: "boot", At: agreed}}}.Readings()
	}), marz.Conflict, "has not come"},
	{"in doubt", armed, KindExecuted, in, executing(func(x *Execution) {
		x.Clocks = Clocks{Node: agreed, Others: []Reading{{Source: "boot", Fault: "restarted"}}}.Readings()
	}), marz.Conflict, "the clock is in doubt: boot shows nothing"},
	{"by no clock", armed, KindExecuted, in, executing(func(x *Execution) { x.Clocks = nil }), marz.Conflict, "the node's clock shows nothing"},
	{"another instrument was armed", armed, KindExecuted, in, executing(func(x *Execution) { x.Digest = DigestOf(nil) }), marz.Conflict, "what is armed is another"},
	{"another place", armed, KindExecuted, in, executing(func(x *Execution) { x.Place = "meghri" }), marz.Conflict, "not execute what was armed"},
	{"other lanes", armed, KindExecuted, in, executing(func(x *Execution) { x.Lanes = []marz.LaneID{"1"} }), marz.Conflict, "not execute what was armed"},
	{"another instant", armed, KindExecuted, in, executing(func(x *Execution) { x.Instant++ }), marz.Conflict, "not execute what was armed"},
	{"to another", armed, KindExecuted, in, executing(func(x *Execution) { x.To = third }), marz.Conflict, "not execute what was armed"},
	{"from another", armed, KindExecuted, in, executing(func(x *Execution) { x.From = third }), marz.Conflict, "not execute what was armed"},
	{"destroying less", armed, KindExecuted, in, executing(func(x *Execution) { x.Destroys = nil }), marz.Conflict, "not execute what was armed"},
	{"under who leaves", armed, KindExecuted, out, executing(func(*Execution) {}), marz.Forbidden, "am-bg is in control"},
	{"of another case", armed, KindExecuted, in, executing(func(x *Execution) { x.Cases = []Case{Unilateral} }), marz.Conflict, "the entry says [unilateral]"},
	{"a mirror of less than nothing", armed, KindExecuted, in, executing(func(x *Execution) { x.Mirrors[0].Missing = -1 }), marz.Invalid, "mirror of"},
	{"fewer than no crossings", armed, KindExecuted, in, executing(func(x *Execution) { x.Crossings = -1 }), marz.Invalid, "cannot be"},
	{"ends of nobody", armed, KindExecuted, in, executing(func(x *Execution) { x.Ends = []marz.AuthorityID{"RU"} }), marz.Invalid, "authority id"},
	{"a second time", executed, KindExecuted, in, executing(func(*Execution) {}), marz.Conflict, "nothing undoes that"},
	{"what is cancelled", cancelled, KindExecuted, in, func(w *world) any {
		x := w.execution(one, w.sound())
		x.Digest = DigestOf(nil)
		return x
	}, marz.Conflict, "it is cancelled"},

	// After it.
	{"destroyed before it", armed, KindDestroyed, in, just(Destroyed{one, out, []string{"lists"}}), marz.Conflict, "not passed yet"},
	{"destroyed under who left", executed, KindDestroyed, out, just(Destroyed{one, out, []string{"lists"}}), marz.Forbidden, "am-bg is in control"},
	{"of who stays", executed, KindDestroyed, in, just(Destroyed{one, in, []string{"lists"}}), marz.Invalid, "that of ru-bg"},
	{"nothing", executed, KindDestroyed, in, just(Destroyed{one, out, nil}), marz.Invalid, "names nothing"},
	{"twice", func(t testing.TB) *world {
		w := closed(t)
		w.do(KindDestroyed, in, Destroyed{one, out, []string{"lists"}})
		return w
	}, KindDestroyed, in, just(Destroyed{one, out, []string{"hits", "lists"}}), marz.Conflict, "are destroyed already"},
	{"what is not agreed", func(t testing.TB) *world {
		w := newWorld(t)
		p := plan(one)
		p.Destroy = []string{"lists"}
		w.open(p)
		w.count(one, out)
		w.count(one, in)
		w.present(one, in)
		w.arm(one, in)
		w.arm(one, out)
		w.now = agreed
		w.do(KindExecuted, in, w.execution(one, w.sound()))
		return w
	}, KindDestroyed, in, just(Destroyed{one, out, []string{"hits"}}), marz.Conflict, "does not say that hits are destroyed"},
	{"closed before it", armed, KindClosed, in, signing(in, SaysClose, nil), marz.Conflict, "not passed yet"},
	{"closed twice", func(t testing.TB) *world {
		w := executed(t)
		w.do(KindClosed, in, signing(in, SaysClose, nil)(w))
		return w
	}, KindClosed, in, signing(in, SaysClose, nil), marz.Conflict, "has signed the act already"},
	{"another act", func(t testing.TB) *world {
		w := executed(t)
		w.do(KindClosed, in, signing(in, SaysClose, nil)(w))
		return w
	}, KindClosed, out, just(signedBy(out, SaysClose, one, DigestOf(nil))), marz.Conflict, "signed another act"},
	{"closed by a third", executed, KindClosed, third, signing(third, SaysClose, nil), marz.Forbidden, "neither side"},
	{"closed without a signature", executed, KindClosed, in, just(Signed{ID: one, Digest: DigestOf(nil)}), marz.Invalid, "not signed"},
	{"signed again when it is closed", closed, KindClosed, in, signing(in, SaysClose, nil), marz.Conflict, "it is closed"},
	{"armed when it is closed", closed, KindArmed, in, signing(in, SaysArm, nil), marz.Conflict, "it is closed"},
}

// TestRefusals: each act is refused, for its reason and with its code, and leaves everything as it was.
func TestRefusals(t *testing.T) {
	for _, r := range refusals {
		t.Run(strings.TrimPrefix(r.kind, "transfer.")+"/"+r.name, func(t *testing.T) {
			w := r.in(t)
			before := w.state.Clone()
			what := r.what(w)
			err := w.state.Check(r.kind, r.by, what, w.now)
			if err == nil || marz.CodeOf(err) != r.code || !strings.Contains(err.Error(), r.says) {
				t.Errorf("%v (%v), want %v: … %s …", err, marz.CodeOf(err), r.code, r.says)
			}
			if !reflect.DeepEqual(before, w.state) {
				t.Error("and it changed the state")
			}
		})
	}
}

// TestFoldKeepsTheLaws: a journal that breaks a law cannot be folded, whoever wrote it.
func TestFoldKeepsTheLaws(t *testing.T) {
	// What hangs on the moment is asked when an entry is considered, and not when it is folded.
	moment := []string{"is past", "all keys would fall", "only it can postpone or cancel", "what is presented stands", "the entry says [unilateral]"}
	folded := 0
	for _, r := range refusals {
		w := r.in(t)
		what := r.what(w)
		raw, err := marshal(what)
		if err != nil || slices.Contains(moment, r.says) || !strings.HasPrefix(r.kind, "transfer.") || strings.Contains(r.name, "before it counts alone") || strings.Contains(r.name, "before the other may act alone") {
			continue
		}
		before := w.state.Clone()
		if err := w.state.Apply(Entry{Seq: marz.Seq(len(w.entries)), At: w.now, Kind: r.kind, Authority: r.by, Public: raw}); err == nil || !reflect.DeepEqual(before, w.state) {
			t.Errorf("%s: %s: folded: %v", r.kind, r.name, err)
		}
		folded++
	}
	if folded < 100 {
		t.Errorf("only %d were tried", folded)
	}
	w := opened(t)
	again := w.entries[0]
	if err := w.state.Apply(again); err == nil || !strings.Contains(err.Error(), "out of order") {
		t.Errorf("an entry twice: %v", err)
	}
	w = counted(t)
	i := w.instrument(one)
	i.After = marz.Seq(len(w.entries))
	p := Presented{one, i.Canonical(), i.Digest()}
	if err := w.state.Apply(Entry{Seq: i.After, At: w.now, Kind: KindPresented, Authority: in, Public: encode(p)}); err == nil || !strings.Contains(err.Error(), "later than its own") {
		t.Errorf("an instrument of the future: %v", err)
	}
	if err := w.state.Apply(Entry{Seq: 1, Kind: "crossing.decided", Public: json.RawMessage(`{}`)}); err != nil {
		t.Errorf("an entry that is none of a transfer: %v", err)
	}
}

// What a public part takes of others' words always fits.
func TestShown(t *testing.T) {
	for _, s := range []string{"", "short", "a\nb\x00", "\xff\xfe", strings.Repeat("é", 400), strings.Repeat("x", maxText), strings.Repeat("x", maxText+1), "x" + strings.Repeat("\U0001F600", 100)} {
		if err := text("it", Shown(s)); err != nil {
			t.Errorf("%.20q: %v", s, err)
		}
	}
	if s := strings.Repeat("x", maxText); Shown(s) != s {
		t.Error("what fits is changed")
	}
}
