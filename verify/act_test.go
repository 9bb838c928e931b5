package verify

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"marz"
	"marz/passkey"
	"marz/transfer"
)

func TestActHolds(t *testing.T) {
	h, a := ordinary(t)
	r := checkAct(t, a, h.known())
	if !r.OK() || !r.Known || len(r.Armed) != 2 || len(r.Closed) != 2 || len(r.Notes) != 0 {
		t.Errorf("%+v", r)
	}
	want := ActReport{Kind: "act", ID: "agarak-1", Article: "am-ru-2024-agarak/2", Place: "agarak", From: outgoing, To: incoming, Instant: "2024-12-31T20:00:00.000Z",
		Executed: "2024-12-31T20:00:00.000Z", Seq: 9, Digest: h.digest, Core: digestOf([]byte(h.core(&a))), Origin: testOrigin, Node: h.vkey, Size: 20}
	have := ActReport{Kind: r.Kind, ID: r.ID, Article: r.Article, Place: r.Place, From: r.From, To: r.To, Instant: r.Instant,
		Executed: r.Executed, Seq: r.Seq, Digest: r.Digest, Core: r.Core, Origin: r.Origin, Node: r.Node, Size: r.Size}
	if !reflect.DeepEqual(have, want) {
		t.Errorf("%+v\nwant\n%+v", have, want)
	}
	if s := r.Armed[0]; s.Officer != outgoingOfficer || s.Method != "passkey" || s.Seq != 7 || s.Site != "https://agarak.post.example:8443" {
		t.Errorf("%+v", s)
	}
}

// TestActKeys tells apart what is proven by keys that are known from elsewhere from what an act says with its own.
func TestActKeys(t *testing.T) {
	h, a := ordinary(t)
	own := checkAct(t, a, ActOptions{})
	if !own.OK() || own.Known || len(own.Keys) != 2 || !strings.Contains(own.Leaves[0], "the keys of ru-bg and am-bg are the act's own") {
		t.Errorf("%+v", own)
	}
	half := checkAct(t, a, ActOptions{Authorities: []string{h.verifiers[incoming]}})
	if !half.OK() || half.Known || !strings.Contains(half.Leaves[0], "the keys of ru-bg are") {
		t.Errorf("%+v", half)
	}
	_, forged := testKey(outgoing, 99)
	other := checkAct(t, a, ActOptions{Authorities: []string{forged, h.verifiers[incoming]}})
	if other.OK() || !hasProblem(other, "commissions[0]", "ru-bg has not signed it") || !slices.Contains(other.Notes, "the act carries another key of ru-bg than the one that was given: it was not used") {
		t.Errorf("%+v", other)
	}
	a.Authorities = nil
	a.Authorities = []marz.Authority{}
	if none := checkAct(t, a, ActOptions{}); !hasProblem(none, "armed[1]", "give that of am-bg") {
		t.Errorf("%+v", none)
	}
	if r := checkAct(t, a, h.known()); !r.OK() || !r.Known {
		t.Errorf("%+v", r)
	}
	_, node := testKey(testOrigin, 8)
	if r := checkAct(t, a, ActOptions{Authorities: h.known().Authorities, Node: node}); !hasProblem(r, "instrument.node", "that was given") || !hasProblem(r, "head", "signed") {
		t.Errorf("%+v", r)
	}
	for _, o := range []ActOptions{{Authorities: []string{"x"}}, {Authorities: []string{forged, h.verifiers[outgoing]}}, {Node: "x"}} {
		if _, err := Act(context.Background(), writeJSON(a), o); marz.CodeOf(err) != marz.Invalid {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func hasProblem(r *ActReport, part, what string) bool {
	return slices.ContainsFunc(r.Problems, func(p ActProblem) bool { return p.Part == part && strings.Contains(p.What, what) })
}

// TestActUnreadable is what is no act at all.
func TestActUnreadable(t *testing.T) {
	h, a := ordinary(t)
	a.V = 2
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":    {nil, "it is empty"},
		"blank":    {[]byte(" \n"), "it is empty"},
		"text":     {[]byte("act of handover"), "not the JSON of an act"},
		"array":    {[]byte("[]"), "not the JSON of an act: it is no object"},
		"cut":      {writeJSON(a)[:500], "not the JSON of an act"},
		"trailing": {append(writeJSON(a), '{', '}'), "the end is expected"},
		"other":    {[]byte(`{"v":1}`), "neither the instrument"},
		"bundle":   {h.bundle(true), "it is a bundle of a journal"},
		"database": {load(t, h.dir)["journal.db"], "it is a journal's database"},
		"version":  {writeJSON(a), "it is an act of version 2, and this checker knows 1"},
		"long":     {append(make([]byte, maxAct), '1'), "it is longer"},
		"latin 1":  {[]byte("{\"post\":\"\xe9\"}"), "not UTF-8"},
	} {
		if _, err := Act(context.Background(), c.data, ActOptions{}); err == nil || marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestActCases are transfers of every sort, which hold.
func TestActCases(t *testing.T) {
	for name, c := range map[string]struct {
		make  func(h *handover)
		cases string
		armed int
		note  string
	}{
		"two keys": {func(h *handover) { h.ready(); h.arm(incoming); h.arm(outgoing); h.setTime(midnight); h.execute() }, "", 2, ""},
		"partial": {func(h *handover) {
			h.plan.Lanes, h.cases = []marz.LaneID{"1", "bus-2"}, []transfer.Case{transfer.Partial}
			h.both(midnight)
		}, "partial", 2, ""},
		"early": {func(h *handover) {
			h.plan.At, h.cases = midnight.Add(-10*time.Minute), []transfer.Case{transfer.Early}
			h.both(midnight.Add(-10 * time.Minute))
		}, "early", 2, ""},
		"before a deadline": {func(h *handover) {
			h.plan.At, h.plan.Deadline = midnight.Add(-10*time.Minute), true
			h.both(midnight.Add(-10 * time.Minute))
		}, "", 2, ""},
		"postponed": {func(h *handover) {
			h.ready()
			h.arm(outgoing)
			h.plan.At, h.cases = midnight.Add(time.Hour), []transfer.Case{transfer.Late}
			h.entry(transfer.KindPostponed, incoming, incomingOfficer, transfer.Opened{Plan: h.plan, Why: "buses"})
			h.present()
			h.arm(outgoing)
			h.arm(incoming)
			h.setTime(midnight.Add(time.Hour))
			h.execute()
		}, "late", 2, ""},
		"overdue": {func(h *handover) { // the node was off at the instant
			h.ready()
			h.arm(incoming)
			h.arm(outgoing)
			h.cases = []transfer.Case{transfer.Late}
			h.setTime(midnight.Add(6 * time.Minute))
			h.execute()
		}, "late", 2, ""},
		"disarmed and armed again": {func(h *handover) {
			h.ready()
			h.arm(incoming)
			s := h.signKey(incoming, transfer.SaysDisarm, h.digest)
			h.entry(transfer.KindDisarmed, incoming, "", transfer.Signed{ID: h.plan.ID, Digest: h.digest, Signature: &s})
			h.arm(incoming)
			h.arm(outgoing)
			h.setTime(midnight)
			h.execute()
		}, "", 2, ""},
		"unilateral": {func(h *handover) {
			h.alone()
			h.setTime(midnight.Add(25 * time.Hour))
			h.execute()
		}, "late, refused, unilateral", 1, "the outgoing authority ru-bg has not signed what happened"},
		"clock in doubt, sources": {func(h *handover) {
			h.clocks = []transfer.Reading{{Source: "node", At: midnight - 90_000}, {Source: "boot", At: midnight + 1}, {Source: "gps", At: midnight + 500}}
			h.both(midnight - 90_000)
		}, "", 2, "two sources of time"},
		"clock in doubt, commanders": {func(h *handover) {
			h.plan.Clock = transfer.ByCommanders
			h.ready()
			h.arm(incoming)
			h.arm(outgoing)
			h.setTime(midnight + 2000)
			for _, who := range []string{incoming, outgoing} {
				s := h.signKey(who, transfer.SaysNow, h.digest)
				h.entry(transfer.KindClock, who, "", transfer.Signed{ID: h.plan.ID, Digest: h.digest, Signature: &s})
			}
			h.clocks = []transfer.Reading{{Source: "node", At: marz.InstantOf(h.at.Add(137 * time.Millisecond))}, {Source: "boot", Fault: "no answer"}}
			h.execute()
		}, "", 2, "both sides signed that the instant had come"},
		"inventory differs": {func(h *handover) {
			h.open()
			h.present(func(i *transfer.Instrument) { i.Inventory[1].Incoming = 7 })
			h.arm(incoming)
			h.arm(outgoing)
			h.setTime(midnight)
			h.execute()
		}, "", 2, `"documents-held" differently`},
		"exercise": {func(h *handover) {
			h.ready()
			for _, who := range []string{outgoingOfficer, incomingOfficer} {
				s := h.signKey(string(marz.OfficerID(who).Authority()), transfer.SaysArm, h.digest)
				s.Officer = marz.OfficerID(who)
				h.armed = append(h.armed, s)
				h.entry(transfer.KindArmed, string(s.Authority), who, transfer.Signed{ID: h.plan.ID, Digest: h.digest, Signature: &s})
			}
			h.setTime(midnight)
			h.execute()
		}, "", 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHandover(t)
			c.make(h)
			h.fill(len(h.entries)+4, 2)
			r := checkAct(t, h.act(), h.known())
			if !r.OK() || !r.Known || strings.Join(r.Cases, ", ") != c.cases || len(r.Armed) != c.armed || !strings.Contains(strings.Join(r.Notes, "\n"), c.note) {
				t.Errorf("%+v", r)
			}
		})
	}
}

func (h *handover) ready() { h.open(); h.present() }

// both is a transfer that both sides arm with their own keys.
func (h *handover) both(executed marz.Instant) {
	h.ready()
	h.arm(incoming)
	h.arm(outgoing)
	h.setTime(executed)
	h.execute()
}

// alone is a transfer that the incoming authority arms alone, a day after the other side refused.
func (h *handover) alone() {
	h.plan.Unilateral = midnight.Add(24 * time.Hour)
	h.open()
	h.quiet(transfer.KindRefused, outgoing, outgoingOfficer, transfer.Declared{ID: h.plan.ID, Why: "orders"})
	h.setTime(midnight.Add(24 * time.Hour))
	h.plan.At = midnight.Add(25 * time.Hour)
	h.cases = []transfer.Case{transfer.Late, transfer.Refused}
	h.entry(transfer.KindPostponed, incoming, incomingOfficer, transfer.Opened{Plan: h.plan})
	h.present(func(i *transfer.Instrument) { i.Dispositions.Lapsed, i.Dispositions.Returned = 2, 0 })
	h.arm(incoming)
	h.cases = append(h.cases, transfer.Unilateral)
}

// TestActForged are acts of which everything was signed and recorded, by a node or a side that does not keep the laws.
func TestActForged(t *testing.T) {
	execute := func(change func(*transfer.Execution)) func(*handover) {
		return func(h *handover) { h.ready(); h.arm(incoming); h.arm(outgoing); h.setTime(midnight); h.execute(change) }
	}
	instrument := func(change func(*transfer.Instrument)) func(*handover) {
		return func(h *handover) {
			h.open()
			h.present(change)
			h.arm(incoming)
			h.arm(outgoing)
			h.setTime(midnight)
			h.execute()
		}
	}
	for name, c := range map[string]struct {
		make       func(h *handover)
		part, what string
	}{
		"a clock that showed another instant than the entry's": {execute(func(x *transfer.Execution) {
			x.Clocks = []transfer.Reading{{Source: "node", At: midnight.Add(time.Hour)}, {Source: "boot", At: midnight.Add(time.Hour)}}
		}), "entries[4]", "says that the node's clock showed"},
		"one key": {func(h *handover) { h.ready(); h.arm(incoming); h.setTime(midnight); h.execute() }, "armed", "ru-bg has not signed"},
		"a third": {func(h *handover) {
			h.ready()
			h.arm(incoming)
			h.arm(outgoing)
			h.arm("ir-bg")
			h.setTime(midnight)
			h.execute()
		},
			"armed[2]", "ir-bg is neither the outgoing authority ru-bg nor the incoming one am-bg"},
		"the outgoing one alone": {func(h *handover) {
			h.plan.Unilateral = midnight
			h.ready()
			h.arm(outgoing)
			h.setTime(midnight)
			h.execute()
		}, "armed", "the incoming authority am-bg has not signed"},
		"alone too early": {func(h *handover) {
			h.plan.Unilateral = midnight.Add(time.Minute)
			h.ready()
			h.arm(incoming)
			h.cases = []transfer.Case{transfer.Unilateral}
			h.setTime(midnight.Add(time.Minute))
			h.execute()
		}, "entries[2]", "the incoming authority armed alone at"},
		"alone and not said": {func(h *handover) {
			h.alone()
			h.cases = h.cases[:1]
			h.setTime(midnight.Add(25 * time.Hour))
			h.execute()
		}, "entries[4]", "it says that the case is late, and by plan, keys and instants it is late, unilateral"},
		"signed for another": {func(h *handover) {
			h.ready()
			h.keys[incoming] = h.keys["ir-bg"]
			h.arm(incoming)
			h.arm(outgoing)
			h.setTime(midnight)
			h.execute()
		}, "armed[0]", "its line is by \"ir-bg\", and not by am-bg"},
		"says close": {func(h *handover) {
			h.ready()
			s := h.signKey(incoming, transfer.SaysClose, h.digest)
			h.armed = append(h.armed, s)
			h.entry(transfer.KindArmed, incoming, "", transfer.Signed{ID: h.plan.ID, Digest: h.digest, Signature: &s})
			h.arm(outgoing)
			h.setTime(midnight)
			h.execute()
		}, "armed[0]", "it says close, and must say arm"},
		"signed for another transfer": {func(h *handover) {
			h.ready()
			h.plan.ID = "agarak-2"
			s := h.signKey(incoming, transfer.SaysArm, h.digest)
			h.plan.ID = "agarak-1"
			h.armed = append(h.armed, s)
			h.entry(transfer.KindArmed, incoming, "", transfer.Signed{ID: h.plan.ID, Digest: h.digest, Signature: &s})
			h.arm(outgoing)
			h.setTime(midnight)
			h.execute()
		}, "armed[0]", "its line is not good"},
		"keys that fell": {func(h *handover) {
			h.ready()
			h.arm(incoming)
			h.arm(outgoing)
			armed := h.armed
			h.entry(transfer.KindCounted, incoming, incomingOfficer, transfer.Counted{ID: h.plan.ID, What: "keys", Count: 4})
			h.present()
			h.armed = armed
			h.setTime(midnight)
			h.execute()
		}, "armed[0]", "no entry in the act says that am-bg armed"},
		"disarmed": {func(h *handover) {
			h.ready()
			h.arm(incoming)
			h.arm(outgoing)
			h.entry(transfer.KindDisarmed, outgoing, outgoingOfficer, transfer.Signed{ID: h.plan.ID, Digest: h.digest})
			h.setTime(midnight)
			h.execute()
		}, "armed[1]", "no entry in the act says that ru-bg armed"},
		"a signature left out": {func(h *handover) { h.both(midnight); h.armed = h.armed[:1] }, "entries[3]", "ru-bg armed, and its signature is not among armed"},
		"armed late": {func(h *handover) {
			h.ready()
			h.arm(incoming)
			h.setTime(midnight.Add(6 * time.Minute))
			h.arm(outgoing)
			h.cases = []transfer.Case{transfer.Late}
			h.setTime(midnight.Add(6 * time.Minute))
			h.execute()
		}, "entries[3]", "more than five minutes later"},
		"executed early": {func(h *handover) { h.both(midnight - 1000) }, "entries[4]", "which is before 2024-12-31T20:00:00.000Z"},
		"one clock": {func(h *handover) {
			h.clocks = []transfer.Reading{{Source: "node", At: midnight}}
			h.both(midnight)
		}, "entries[4]", "the node's clock was in doubt"},
		"two clocks far apart": {func(h *handover) {
			h.clocks = []transfer.Reading{{Source: "node", At: midnight}, {Source: "boot", At: midnight + 2001}}
			h.both(midnight)
		}, "entries[4]", "the node's clock was in doubt"},
		"commanders decide, and one did": {func(h *handover) {
			h.plan.Clock = transfer.ByCommanders
			h.ready()
			h.arm(incoming)
			h.arm(outgoing)
			h.setTime(midnight)
			s := h.signKey(incoming, transfer.SaysNow, h.digest)
			h.entry(transfer.KindClock, incoming, "", transfer.Signed{ID: h.plan.ID, Digest: h.digest, Signature: &s})
			h.clocks = []transfer.Reading{{Source: "node", At: midnight}, {Source: "boot", At: midnight + 9000}, {Source: "gps", At: midnight + 9000}}
			h.execute()
		}, "entries[5]", "nothing in the act settles"},
		"another digest":           {execute(func(x *transfer.Execution) { x.Digest = digestOf(nil) }), "entries[4]", "it executes another digest"},
		"another place":            {execute(func(x *transfer.Execution) { x.Place = "yeraskh" }), "entries[4]", "its place is not that of the instrument"},
		"lanes":                    {execute(func(x *transfer.Execution) { x.Lanes = []marz.LaneID{"1"} }), "entries[4]", "its lanes is not"},
		"from":                     {execute(func(x *transfer.Execution) { x.From = "ir-bg" }), "entries[4]", "its from is not"},
		"to":                       {execute(func(x *transfer.Execution) { x.To = "ir-bg" }), "entries[4]", "its to is not"},
		"instant":                  {execute(func(x *transfer.Execution) { x.Instant++ }), "entries[4]", "its instant is 2024-12-31T20:00:00.001Z"},
		"cases":                    {execute(func(x *transfer.Execution) { x.Cases = []transfer.Case{transfer.Early} }), "entries[4]", "it says that the case is early"},
		"refused by one who armed": {execute(func(x *transfer.Execution) { x.Cases = []transfer.Case{transfer.Refused} }), "entries[4]", "it says that the case is refused"},
		"destroys":                 {execute(func(x *transfer.Execution) { x.Destroys = nil }), "entries[4]", "it destroys nothing, and the instrument says lists, hits"},
		"of another transfer":      {execute(func(x *transfer.Execution) { x.ID = "agarak-2" }), "entries[4]", "it is of transfer agarak-2"},
		"instrument version":       {instrument(func(i *transfer.Instrument) { i.V = 2 }), "instrument.v", "version 2"},
		"instrument origin":        {instrument(func(i *transfer.Instrument) { i.Origin = "armenia/yeraskh" }), "instrument.node", "the journal is armenia/yeraskh"},
		"instrument key":           {instrument(func(i *transfer.Instrument) { _, i.Node = testKey(testOrigin, 8) }), "head", "not signed by the journal's key"},
		"instrument plan":          {instrument(func(i *transfer.Instrument) { i.Plan.Tolerance = 1 }), "instrument.plan.tolerance", "not as this entry planned it"},
		"instrument missing":       {instrument(func(i *transfer.Instrument) { i.Readiness[0].State = "missing" }), "instrument.readiness[0]", "bars arming"},
		"instrument counts":        {instrument(func(i *transfer.Instrument) { i.Inventory = i.Inventory[1:] }), "instrument.inventory", "no line people-held"},
		"instrument twice":         {instrument(func(i *transfer.Instrument) { i.Inventory[1].What = "stamps" }), "instrument.inventory[2]", "stands twice"},
		"instrument measured":      {instrument(func(i *transfer.Instrument) { i.Inventory[6].Outgoing = 9 }), "instrument.inventory[6]", "both sides see"},
		"instrument alerts":        {instrument(func(i *transfer.Instrument) { i.Dispositions.Alerts = 9 }), "instrument.dispositions", "not all alerts"},
		"instrument cases":         {instrument(func(i *transfer.Instrument) { i.Cases = []transfer.Case{transfer.Early} }), "instrument.cases", "it is the ordinary one"},
		"instrument after":         {instrument(func(i *transfer.Instrument) { i.After += 5 }), "instrument.after", "not before the entry"},
		"instrument nothing":       {instrument(func(i *transfer.Instrument) { i.Cases = nil }), "instrument.cases", "not an array"},
		"instrument same sides":    {instrument(func(i *transfer.Instrument) { i.Plan.From = incoming }), "instrument.plan.to", "it is the outgoing authority too"},
		"never opened":             {func(h *handover) { h.both(midnight); h.seqs = h.seqs[1:] }, "entries", "there is no entry transfer.opened"},
		"never presented":          {func(h *handover) { h.both(midnight); h.seqs = slices.Delete(h.seqs, 1, 2) }, "entries", "there is no entry transfer.presented"},
		"never executed":           {func(h *handover) { h.both(midnight); h.seqs = h.seqs[:4] }, "entries", "there is no entry transfer.executed"},
		"out of order":             {func(h *handover) { h.both(midnight); h.seqs[2], h.seqs[3] = h.seqs[3], h.seqs[2] }, "entries[3]", "it stands after entry 8"},
		"something else": {func(h *handover) {
			h.ready()
			h.entry("officer.enrolled", incoming, incomingOfficer, struct{}{})
			h.arm(incoming)
			h.arm(outgoing)
			h.setTime(midnight)
			h.execute()
		}, "entries[2]", "kind officer.enrolled has no place in an act"},
		"executed twice": {func(h *handover) { h.both(midnight); h.execute() }, "entries[4]", "executed once"},
		"opened twice":   {func(h *handover) { h.open(); h.both(midnight) }, "entries[1]", "opened first, and once"},
		"executed by the outgoing": {func(h *handover) {
			h.ready()
			h.arm(incoming)
			h.arm(outgoing)
			h.setTime(midnight)
			h.execute()
			body := h.entries[len(h.entries)-1].body
			h.seqs = h.seqs[:4]
			h.entry(transfer.KindExecuted, outgoing, "", json.RawMessage(member(body, "public")))
		}, "entries[4]", "from it on am-bg is in control"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHandover(t)
			c.make(h)
			if r := checkAct(t, h.act(), h.known()); !hasProblem(r, c.part, c.what) || len(r.Proves) > 0 || r.Known {
				t.Errorf("%v", r.Problems)
			}
		})
	}
}

// TestActPasskeys are passkeys and commissions, good and bad.
func TestActPasskeys(t *testing.T) {
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	must(t, err)
	another, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	now := func(f func(*commission)) func(*handover) {
		return func(h *handover) { h.commission(outgoingOfficer, nil, f) }
	}
	device := func(f func(*authenticator)) func(*handover) {
		return func(h *handover) { h.commission(outgoingOfficer, nil); f(h.passkeys[outgoingOfficer]) }
	}
	key := func(k crypto.Signer) func(*handover) {
		return func(h *handover) { h.commission(outgoingOfficer, k) }
	}
	revoked := func(after time.Duration) func(*handover) {
		return func(h *handover) {
			h.commission(outgoingOfficer, another)
			h.commission(outgoingOfficer, another, func(c *commission) {
				c.Revoked, c.Until, c.From, c.Issued = true, 0, midnight.Add(after), c.Issued.Add(time.Hour)
			})
		}
	}
	for name, c := range map[string]struct {
		make func(h *handover)
		part string // of the problem; "": all holds
		what string
	}{
		"ES256":               {key(nil), "", ""},
		"EdDSA":               {key(ed), "", ""},
		"RS256":               {key(rs), "", ""},
		"RS256 of 1024 bits":  {key(small), "armed[0]", "2048 to 8192 bits"},
		"without an end":      {now(func(c *commission) { c.Until = 0 }), "armed[0]", "has no end"},
		"revoked":             {revoked(-3 * time.Hour), "armed[0]", "was revoked"},
		"revoked afterwards":  {revoked(time.Hour), "", ""},
		"its own domain":      {device(func(a *authenticator) { a.host = "agarak.post.example" }), "", ""},
		"another domain":      {device(func(a *authenticator) { a.host = "other.example" }), "armed[0]", "of another site"},
		"plain http":          {device(func(a *authenticator) { a.origin = "http://agarak.post.example" }), "armed[0]", "of another site"},
		"at localhost":        {device(func(a *authenticator) { a.origin, a.host = "http://localhost:8080", "localhost" }), "", ""},
		"nobody verified":     {device(func(a *authenticator) { a.flags = 0x01 }), "armed[0]", "did not verify who"},
		"nobody present":      {device(func(a *authenticator) { a.flags = 0x04 }), "armed[0]", "did not verify who"},
		"in another's page":   {device(func(a *authenticator) { a.client = map[string]any{"crossOrigin": true} }), "armed[0]", "another site"},
		"of a registration":   {device(func(a *authenticator) { a.client = map[string]any{"type": "webauthn.create"} }), "armed[0]", "not of an assertion"},
		"of another ceremony": {device(func(a *authenticator) { a.client = map[string]any{"challenge": "AAAA"} }), "armed[0]", "another challenge"},
		"another key":         {device(func(a *authenticator) { a.key = another }), "armed[0]", "not the one that ru-bg commissioned"},
		"another place":       {now(func(c *commission) { c.Place = "yeraskh" }), "armed[0]", "another place"},
		"not yet":             {now(func(c *commission) { c.From = midnight.Add(-time.Minute) }), "armed[0]", "not in force at"},
		"no more":             {now(func(c *commission) { c.Until = midnight.Add(-time.Hour) }), "armed[0]", "not in force at"},
		"by the other side":   {now(func(c *commission) { c.By = incoming }), "commissions[0]", "ru-bg/0001 is no officer of am-bg"},
		"by a third":          {now(func(c *commission) { c.By = "ir-bg" }), "commissions[0]", "neither side"},
		"nobody commissioned": {func(h *handover) { h.commission(outgoingOfficer, nil); h.offices = nil }, "armed[0]", "no commission of ru-bg"},
		"of another officer": {func(h *handover) {
			h.commission("ru-bg/0009", nil)
			h.passkeys[outgoingOfficer] = h.passkeys["ru-bg/0009"]
		}, "armed[0]", "no commission of ru-bg in the act is of officer ru-bg/0001"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHandover(t)
			c.make(h)
			h.ready()
			h.arm(outgoingOfficer)
			h.arm(incoming)
			h.setTime(midnight)
			h.execute()
			r := checkAct(t, h.act(), h.known())
			if c.part == "" && !r.OK() || c.part != "" && !hasProblem(r, c.part, c.what) {
				t.Errorf("%v", r.Problems)
			}
		})
	}
}

// TestPasskeyEvidence holds the checker's reading of evidence against that of package passkey.
func TestPasskeyEvidence(t *testing.T) {
	sum := sha256.Sum256([]byte("text"))
	for i, f := range []func(*passkey.Evidence){
		func(*passkey.Evidence) {},
		func(e *passkey.Evidence) { e.Nonce[3]++ },
		func(e *passkey.Evidence) { e.Digest[3]++ },
		func(e *passkey.Evidence) { e.Signature[9]++ },
		func(e *passkey.Evidence) { e.AuthenticatorData[36]++ },
		func(e *passkey.Evidence) { e.AuthenticatorData = e.AuthenticatorData[:36] },
		func(e *passkey.Evidence) { e.ClientData = append(e.ClientData, ' ') },
		func(e *passkey.Evidence) { e.PublicKey[15]++ },
		func(e *passkey.Evidence) { e.PublicKey = e.PublicKey[:60] },
	} {
		a := newAuthenticator(t, nil)
		e := a.assert(t, outgoingOfficer, sum)
		f(&e)
		theirs := e.Verify(sum, a.host, []string{a.origin})
		own := evidence{officer: string(e.Officer), key: e.PublicKey, digest: e.Digest, nonce: e.Nonce, client: e.ClientData, authenticator: e.AuthenticatorData, signature: e.Signature}
		site, fault := own.check(sum)
		if (theirs == nil) != (fault == "") || (i == 0) != (fault == "") || fault == "" && site != a.origin {
			t.Errorf("%d: package passkey says %v, and the checker %q", i, theirs, fault)
		}
	}
}
