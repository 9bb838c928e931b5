package verify

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// The kinds of entry of which an act holds some (docs/spec/transfer.md).
const (
	kindOpened    = "transfer.opened"
	kindCounted   = "transfer.counted"
	kindDisposed  = "transfer.disposed"
	kindPostponed = "transfer.postponed"
	kindPresented = "transfer.presented"
	kindArmed     = "transfer.armed"
	kindDisarmed  = "transfer.disarmed"
	kindClock     = "transfer.clock"
	kindRefused   = "transfer.refused"
	kindExecuted  = "transfer.executed"
	kindClosed    = "transfer.closed"
	kindPassed    = "control.passed"
)

// event is an entry in the act.
type event struct {
	part    string
	seq     int64
	at      string
	kind    string
	officer string
	by      string
	under   string
	public  *node
	proven  bool // its proof leads to the head
}

// readHead reads the head and checks its signature with the key that the instrument names, for which both sides signed.
func (a *actCheck) readHead(text string) {
	own, fault := parseKey(a.ins.str("node"))
	switch {
	case fault != "":
		a.problem("instrument.node", -1, "it is not a verifier key: %s", fault)
	case own.name != a.r.Origin:
		a.problem("instrument.node", -1, "it is the key of %.80q, and the journal is %s", own.name, a.r.Origin)
	case a.node.text != "" && a.node.text != own.text:
		a.problem("instrument.node", -1, "it is not the node's key that was given")
	case a.node.text == "":
		a.node = own
	}
	a.r.Node = a.node.text
	a.checkHead(text)
}

func (a *actCheck) checkHead(text string) {
	h, fault := parseHead([]byte(text))
	if fault == "" && a.node.text != "" {
		fault = h.signedBy(&a.node)
	}
	if fault != "" {
		a.problem("head", -1, "%s", fault)
		return
	}
	a.head = h
	a.r.Size, a.r.Root = h.size, b64.EncodeToString(h.root[:])
	if n := len(h.sigs) - 1; n > 0 && a.node.text != "" {
		a.note("the head has %d more signatures, of mirrors or others: they were not checked", n)
	}
}

// entries reads the entries, their proofs, and their order.
func (a *actCheck) entries(doc *node) {
	for i, v := range doc.list("entries") {
		if e, ok := a.entry(fmt.Sprintf("entries[%d]", i), v); ok {
			a.events = append(a.events, e)
		}
	}
	if len(a.events) == len(doc.list("entries")) { // else what is missing is told already
		a.order()
	}
}

// entry checks one entry by itself: its form, its proof, and that it is about this transfer.
func (a *actCheck) entry(part string, v *node) (event, bool) {
	body, seq := []byte(v.str("body")), v.num("seq")
	ev := event{part: part, seq: seq}
	e, fault := parseEntry(body)
	if fault != "" {
		a.problem(part, seq, "%s", fault)
		return ev, false
	}
	ev.at, ev.kind, ev.officer, ev.by, ev.under = string(e.at), string(e.kind), string(e.officer), string(e.by), string(e.under)
	bad := func(format string, args ...any) { a.problem(part, seq, format, args...) }
	if e.seq != seq {
		bad("its body says that it is entry %d", e.seq)
	}
	if string(e.origin) != a.r.Origin {
		bad("its origin is %s, and the instrument's is %s", e.origin, a.r.Origin)
	}
	if ev.proven = a.head.size > 0 && a.included(body, seq, v.strs("proof")); !ev.proven && a.head.size > 0 {
		bad("its proof does not lead to the head: the entry, its proof or the head was altered, or the entry is not in that journal")
	}
	s := publicShapes[ev.kind]
	if s == nil || ev.kind == kindClosed {
		bad("an entry of kind %.60s has no place in an act", ev.kind)
		return ev, false
	}
	r := a.strict()
	r.open = true
	r.fault = func(path, what string) { bad("%s: %s", path, what) }
	r.note = func(path, what string) { a.note("entry %d: %s: %s", seq, path, what) }
	if ev.public = r.read("public", e.public, s); ev.public == nil {
		return ev, false
	}
	if id := or(ev.public.str("id"), ev.public.str("plan", "id")); id != a.r.ID {
		bad("it is of transfer %s", id)
	}
	if ev.by != a.r.From && ev.by != a.r.To {
		bad("it is of %.63q, which is neither side", ev.by)
	}
	return ev, true
}

// included reports whether a proof leads from an entry to the head (RFC 6962 §2.1.1, checked as RFC 9162 §2.1.3.2 has it).
func (a *actCheck) included(body []byte, seq int64, proof []string) bool {
	if seq >= a.head.size || len(proof) > 63 {
		return false
	}
	r := digest(sha256.Sum256(append([]byte{0}, body...)))
	fn, sn := seq, a.head.size-1
	for _, text := range proof {
		raw, _ := decodeBase64([]byte(text))
		p := digest(raw)
		if sn == 0 {
			return false
		}
		if fn&1 == 1 || fn == sn {
			r = nodeHash(&p, &r)
			for fn&1 == 0 && fn != 0 {
				fn, sn = fn>>1, sn>>1
			}
		} else {
			r = nodeHash(&r, &p)
		}
		fn, sn = fn>>1, sn>>1
	}
	return sn == 0 && r == a.head.root
}

// order checks the order of the entries: opened, then what prepares, then presented and armed by those whose keys it needs, then executed.
func (a *actCheck) order() {
	opened, presented, executed := -1, -1, -1
	for i, e := range a.events {
		bad := func(format string, args ...any) { a.problem(e.part, e.seq, format, args...) }
		if i > 0 && e.seq <= a.events[i-1].seq {
			bad("it stands after entry %d", a.events[i-1].seq)
		}
		if i > 0 && e.at < a.events[i-1].at {
			bad("it is dated %s, which is earlier than the entry before it (%s)", e.at, a.events[i-1].at)
		}
		switch e.kind {
		case kindOpened:
			if i > 0 {
				bad("a transfer is opened first, and once")
			}
			opened = i
		case kindPresented:
			presented = i
		case kindCounted, kindDisposed, kindPostponed:
			presented = -1 // what was presented fell by it
		case kindArmed, kindDisarmed, kindClock:
			if presented < 0 {
				bad("nothing is presented at it")
			}
		case kindExecuted:
			if executed >= 0 || i < len(a.events)-1 {
				bad("a transfer is executed once, and it is the last entry of an act")
			}
			executed = i
		}
	}
	for _, m := range []struct {
		kind string
		at   int
	}{{kindOpened, opened}, {kindPresented, presented}, {kindExecuted, executed}} {
		if m.at < 0 {
			a.problem("entries", -1, "there is no entry %s", m.kind)
		}
	}
	if opened >= 0 {
		a.opened()
	}
	if presented >= 0 {
		a.presented(a.events[presented])
	}
}

// last returns the last entry of a kind.
func (a *actCheck) last(kind string) (event, bool) {
	for _, e := range slices.Backward(a.events) {
		if e.kind == kind {
			return e, true
		}
	}
	return event{}, false
}

// opened compares the plan with which preparation began, or that of the last postponement, with the instrument's.
func (a *actCheck) opened() {
	e, ok := a.last(kindPostponed)
	if !ok {
		e, _ = a.last(kindOpened)
	}
	plan := e.public.get("plan")
	for _, m := range planShape.members {
		if !same(plan.get(m.name), a.plan.get(m.name)) {
			a.problem("instrument.plan."+m.name, e.seq, "it is not as this entry planned it")
		}
	}
}

// same reports whether two values that were read by one shape are the same.
func same(v, w *node) bool {
	if v == nil || w == nil {
		return v == w
	}
	if v.members != nil {
		if len(v.members) != len(w.members) {
			return false
		}
		for name, m := range v.members {
			if !same(m, w.members[name]) {
				return false
			}
		}
		return true
	}
	return v.text == w.text && v.n == w.n && v.yes == w.yes && slices.EqualFunc(v.items, w.items, same)
}

// presented compares the instrument with the one that the entry presented, byte for byte, and so names what was altered in it. Where the entry is not proven to be
// in the journal, it is the entry that was altered, and that is told.
func (a *actCheck) presented(e event) {
	theirs := e.public.get("instrument").raw
	if !bytes.Equal(theirs, a.ins.raw) {
		if !e.proven {
			return
		}
		a.problem(difference("instrument", a.ins.raw, theirs), e.seq, "it is not what this entry presented")
	} else if e.public.str("digest") != a.r.Digest {
		a.problem(e.part, e.seq, "it names another digest than that of its instrument")
	}
	if after := a.ins.num("after"); after >= e.seq {
		a.problem("instrument.after", e.seq, "it was taken down up to entry %d, which is not before the entry that presents it", after)
	}
}

// armed checks the signatures over the instrument's digest: that they are good, by sides whose keys are needed, and those of the entries.
func (a *actCheck) armed(doc *node) {
	a.turned = a.arming()
	entries := slices.Clone(a.turned)
	sides := map[string]bool{}
	for i, s := range doc.list("armed") {
		part := fmt.Sprintf("armed[%d]", i)
		if i == maxSigned {
			a.problem(part, -1, "there are more than %d", maxSigned)
			return
		}
		who := s.str("authority")
		seq, at := int64(-1), ""
		k := slices.IndexFunc(entries, func(e event) bool { return e.by == who })
		if k >= 0 {
			seq, at = entries[k].seq, entries[k].at
			if theirs := entries[k].public.get("signature"); !same(theirs, s) {
				a.problem(difference(part, s.raw, theirs.raw), seq, "it is not the signature that this entry holds")
			}
			entries = slices.Delete(entries, k, k+1)
		} else {
			a.problem(part, -1, "no entry in the act says that %s armed", who)
		}
		found := a.signature(part, seq, s, saysArm, a.r.Digest, "the instrument", at)
		switch {
		case sides[who]:
			a.problem(part, seq, "%s armed twice", a.sideName(who))
		case found != nil:
			found.Seq, found.At = seq, at
			a.r.Armed = append(a.r.Armed, *found)
		}
		sides[who] = true
	}
	for _, e := range entries {
		a.problem(e.part, e.seq, "%s armed, and its signature is not among armed", a.sideName(e.by))
	}
	if !sides[a.r.To] {
		a.problem("armed", -1, "%s has not signed", a.sideName(a.r.To))
	}
	if !sides[a.r.From] && a.plan.get("unilateral") == nil {
		a.problem("armed", -1, "%s has not signed, and the plan never allows the other side to act alone", a.sideName(a.r.From))
	}
}

// arming returns the entries by which the keys were turned that stood when it was executed. Keys that fell or were taken back before are nobody's concern.
func (a *actCheck) arming() []event {
	var out []event
	for _, e := range a.events {
		switch e.kind {
		case kindPresented, kindCounted, kindDisposed, kindPostponed:
			out = nil
		case kindDisarmed, kindArmed: // who may act alone may turn its key anew
			out = slices.DeleteFunc(out, func(o event) bool { return o.by == e.by })
			if e.kind == kindArmed {
				out = append(out, e)
			}
		}
	}
	for _, e := range out {
		switch s := e.public.get("signature"); {
		case e.at > graceAfter(a.r.Instant):
			a.problem(e.part, e.seq, "it arms at %s what was to be at %s: more than five minutes later another instant has to be agreed on", e.at, a.r.Instant)
		case e.public.str("digest") != a.r.Digest:
			a.problem(e.part, e.seq, "it arms another digest than that of the instrument")
		case s == nil:
			a.problem(e.part, e.seq, "it holds no signature")
		case s.str("authority") != e.by:
			a.problem(e.part, e.seq, "it is of %s, and holds a signature of %s", e.by, s.str("authority"))
		case e.officer != "" && s.str("officer") != "" && e.officer != s.str("officer"):
			a.problem(e.part, e.seq, "it is of officer %s, and holds a signature of %s", e.officer, s.str("officer"))
		}
	}
	return slices.DeleteFunc(out, func(e event) bool { return e.public.get("signature") == nil })
}

// execution checks the entry by which control passed against the instrument.
func (a *actCheck) execution() {
	e, ok := a.last(kindExecuted)
	if !ok {
		return
	}
	x := e.public
	a.r.Seq, a.r.Executed, a.r.Cases = e.seq, e.at, append(a.r.Cases[:0], x.strs("cases")...)
	bad := func(format string, args ...any) { a.problem(e.part, e.seq, format, args...) }
	if x.str("digest") != a.r.Digest {
		bad("it executes another digest than that of the instrument")
	}
	for _, name := range []string{"place", "lanes", "from", "to"} {
		if !same(x.get(name), a.plan.get(name)) {
			bad("its %s is not that of the instrument", name)
		}
	}
	if x.str("instant") != a.r.Instant {
		bad("its instant is %s, and the instrument's is %s", x.str("instant"), a.r.Instant)
	}
	if have, want := x.strs("destroys"), a.plan.strs("destroy"); !slices.Equal(have, want) {
		bad("it destroys %s, and the instrument says %s", or(strings.Join(have, ", "), "nothing"), or(strings.Join(want, ", "), "nothing"))
	}
	if e.by != a.r.To {
		bad("it is under %s, and from it on %s is in control", e.by, a.r.To)
	}
	a.cases(bad)
	if own, _ := doubtful(x.list("clocks"), a.plan.num("tolerance")); own != "" && own != e.at {
		bad("it is dated %s, and says that the node's clock showed %s", e.at, own)
	}
	a.due(x.list("clocks"), bad)
}

// armedBy returns the entry by which a side armed.
func armedBy(turned []event, id string) (event, bool) {
	if i := slices.IndexFunc(turned, func(e event) bool { return e.by == id }); i >= 0 {
		return turned[i], true
	}
	return event{}, false
}

// cases compares what instrument and execution say of how it was not the ordinary transfer with what follows from plan, keys and instants. That a side had refused
// stands in entries which are not in an act; it can be so only of one that did not arm.
func (a *actCheck) cases(bad func(string, ...any)) {
	_, both := armedBy(a.turned, a.r.From)
	refused := slices.Contains(a.r.Cases, "refused")
	if want := a.casesAt(a.r.Executed, refused && !both, !both); !slices.Equal(a.r.Cases, want) {
		bad("it says that the case is %s, and by plan, keys and instants it is %s", or(strings.Join(a.r.Cases, ", "), "the ordinary one"), or(strings.Join(want, ", "), "the ordinary one"))
	}
	has := a.ins.strs("cases")
	if want := a.casesAt(a.r.Instant, slices.Contains(has, "refused"), false); !slices.Equal(has, want) {
		a.problem("instrument.cases", -1, "the case is said to be %s, and by the plan it is %s", or(strings.Join(has, ", "), "the ordinary one"), or(strings.Join(want, ", "), "the ordinary one"))
	}
	alone, ok := armedBy(a.turned, a.r.To)
	switch from := a.plan.str("unilateral"); {
	case both || !ok:
	case from == "":
		bad("the incoming authority alone armed it, and the plan never allows that")
	case alone.at < from:
		a.problem(alone.part, alone.seq, "the incoming authority armed alone at %s, which the plan allows from %s on", alone.at, from)
	}
}

// casesAt are the cases of the plan when it is executed at an instant, in their order.
func (a *actCheck) casesAt(at string, refused, unilateral bool) []string {
	agreed, out := a.plan.str("agreed"), []string{}
	late := a.r.Instant > agreed || at > graceAfter(agreed)
	for _, c := range []struct {
		name string
		is   bool
	}{
		{"early", !late && !a.plan.is("deadline") && a.r.Instant < agreed}, {"late", late}, {"partial", len(a.r.Lanes) > 0},
		{"refused", refused}, {"unilateral", unilateral},
	} {
		if c.is {
			out = append(out, c.name)
		}
	}
	return out
}

// due checks from what the clocks showed at the execution that the instant had come (docs/spec/transfer.md).
func (a *actCheck) due(clocks []*node, bad func(string, ...any)) {
	at := a.r.Instant
	_, both := armedBy(a.turned, a.r.From)
	if from := a.plan.str("unilateral"); !both {
		at = max(at, from)
	}
	own, doubt := doubtful(clocks, a.plan.num("tolerance"))
	switch {
	case !doubt && own >= at:
	case !doubt:
		bad("the clocks agreed that it was %s, which is before %s", own, at)
	case both && a.said():
		a.note("the node's clock was in doubt, and both sides signed that the instant had come")
	case (a.plan.str("clock") == "sources" || !both) && agreeing(clocks, at, a.plan.num("tolerance")):
		a.note("the node's clock was in doubt, and two sources of time that agree with each other showed that the instant had come")
	default:
		bad("the node's clock was in doubt, and nothing in the act settles that %s had come", at)
	}
}

// said reports whether both sides signed that the instant had come, after both had armed.
func (a *actCheck) said() bool {
	said := map[string]bool{}
	for _, e := range a.events {
		switch e.kind {
		case kindArmed, kindDisarmed, kindPresented:
			clear(said)
		case kindClock:
			s := e.public.get("signature")
			if s == nil || s.str("authority") != e.by || e.public.str("digest") != a.r.Digest {
				a.problem(e.part, e.seq, "it does not hold a word of %s on the instrument", e.by)
			} else if a.signature(e.part, e.seq, s, saysNow, a.r.Digest, "the instrument", e.at) != nil {
				said[e.by] = true
			}
		}
	}
	return said[a.r.From] && said[a.r.To]
}
