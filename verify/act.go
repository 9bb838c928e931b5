package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"

	"marz"
)

// maxAct is the longest act that is read. An instrument and an entry have at most 64 KiB each, and an act has few of them.
const maxAct = 4 << 20

// ActOptions says what to check an act of handover against.
type ActOptions struct {
	// Authorities are the verifier keys of authorities, known from elsewhere: from the register, or from the authority itself. An act carries keys
	// too, and whoever makes one up puts his own there: without these, a check proves only that the act agrees with itself.
	Authorities []string

	// Node is the verifier key that must have signed the head. Empty means the one that the instrument names, for which both sides have signed.
	Node string
}

// ActReport is what a check of an act found.
type ActReport struct {
	Kind     string   `json:"kind"` // "act", or "qr" for the text of the code that is printed on it
	ID       string   `json:"id"`
	Article  string   `json:"article,omitempty"`
	Place    string   `json:"place"`
	Lanes    []string `json:"lanes"` // none: the whole place
	From     string   `json:"from"`
	To       string   `json:"to"`
	Instant  string   `json:"instant"`  // at which control was to pass, by the instrument
	Executed string   `json:"executed"` // at which it passed, by the node's clock
	Seq      int64    `json:"seq"`      // of the entry at which it passed
	Cases    []string `json:"cases"`    // none: the ordinary one
	Digest   string   `json:"digest"`   // of the instrument
	Core     string   `json:"core"`     // digest of the act's core, which the closing signatures are over
	Origin   string   `json:"origin"`   // the node's journal
	Node     string   `json:"node"`     // the verifier key that the head was checked with
	Size     int64    `json:"size"`     // of the head
	Root     string   `json:"root"`

	Armed  []ActSignature `json:"armed"`
	Closed []ActSignature `json:"closed"`
	Keys   []ActKey       `json:"keys"`  // of the authorities whose signatures were checked
	Known  bool           `json:"known"` // all of them were given from elsewhere
	Lines  []ActLine      `json:"lines"` // of the inventory, on which the sides differ

	ProblemCount int64        `json:"problem_count"` // all that were found
	Problems     []ActProblem `json:"problems"`      // the first MaxProblems of them
	Notes        []string     `json:"notes"`         // what a reader should know although it is in order
	Proves       []string     `json:"proves"`        // what follows, in words; empty where there are problems
	Leaves       []string     `json:"leaves"`        // what does not follow
}

// ActSignature is one signature that was found good.
type ActSignature struct {
	Authority string `json:"authority"`
	Officer   string `json:"officer,omitempty"`
	Method    string `json:"method"`         // "key": the authority's own; "passkey": a commissioned officer's
	Site      string `json:"site,omitempty"` // of a passkey: where it was used
	Seq       int64  `json:"seq"`            // of the entry that holds it; -1 when no entry in the act does
	At        string `json:"at,omitempty"`   // of that entry
}

// ActKey is an authority's key.
type ActKey struct {
	Authority string `json:"authority"`
	Key       string `json:"key"`
	Given     bool   `json:"given"` // from elsewhere; otherwise it is the act's own
}

// ActLine is a line of the inventory.
type ActLine struct {
	What     string `json:"what"`
	Outgoing int64  `json:"outgoing"`
	Incoming int64  `json:"incoming"`
}

// ActProblem is one thing in an act that does not hold.
type ActProblem struct {
	Part string `json:"part"` // the member concerned, for example "armed[0]" or "instrument.plan.at"
	Seq  int64  `json:"seq"`  // the entry concerned; -1 when it is none
	What string `json:"what"`
}

// String returns the problem on one line.
func (p ActProblem) String() string {
	if p.Seq < 0 {
		return p.Part + ": " + p.What
	}
	return fmt.Sprintf("%s (seq %d): %s", p.Part, p.Seq, p.What)
}

// OK reports whether all holds. Whether the keys were known from elsewhere, without which this says little, is Known.
func (r *ActReport) OK() bool { return r.ProblemCount == 0 }

// actCheck is the check of one act.
type actCheck struct {
	r       *ActReport
	given   map[string]verifierKey // from elsewhere, by authority
	own     map[string]verifierKey // the act's
	used    map[string]bool        // authorities whose key something was checked with
	node    verifierKey            // ActOptions.Node; then the one that the head is checked with
	plan    *node                  // the instrument's
	ins     *node                  // the instrument
	head    head
	offices []office
	unnamed []string // officers whose passkeys signed a code, in which nothing says that they are theirs
	unkeyed []string // authorities whose signatures of a code could not be checked without their keys
	events  []event  // the entries, in order
	turned  []event  // those by which the keys were turned that stood when it was executed
}

func (a *actCheck) problem(part string, seq int64, format string, args ...any) {
	a.r.ProblemCount++
	if len(a.r.Problems) < MaxProblems {
		a.r.Problems = append(a.r.Problems, ActProblem{part, seq, fmt.Sprintf(format, args...)})
	}
}

func (a *actCheck) note(format string, args ...any) {
	if len(a.r.Notes) < MaxProblems {
		a.r.Notes = append(a.r.Notes, fmt.Sprintf(format, args...))
	}
}

// strict is a reading that reports every fault as a problem.
func (a *actCheck) strict() *reading {
	return &reading{fault: func(path, what string) { a.problem(or(path, "act"), -1, "%s", what) }}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// Act checks an act of handover: the JSON that a post gives out, or the text of the codes that are printed on it, of which less follows. An
// error means that it could not be read as one at all, or that ctx ended.
func Act(ctx context.Context, data []byte, o ActOptions) (*ActReport, error) {
	a, err := newActCheck(o)
	if err != nil {
		return nil, err
	}
	if data, err = printed(data); err != nil {
		return nil, err
	}
	value, err := readable(data)
	if err != nil {
		return nil, err
	}
	names, values := membersOf(value)
	has := func(name string) []byte {
		for i, n := range names {
			if n == name {
				return values[i]
			}
		}
		return nil
	}
	switch v := has("v"); {
	case has("core") != nil && has("instrument") == nil:
		a.r.Kind = "qr"
		a.code(value)
	case has("instrument") == nil && has("entries") == nil:
		return nil, notAct("it is JSON, and has neither the instrument and entries of an act nor the core of the code printed on one")
	case v != nil && string(v) != "1":
		return nil, notAct(fmt.Sprintf("it is an act of version %.20s, and this checker knows 1: check it with a newer marz", v))
	default:
		a.act(value)
	}
	if err := ctx.Err(); err != nil {
		return nil, unreadable(marz.Unavailable, "act", "the check was interrupted", err)
	}
	a.conclude()
	return a.r, nil
}

func notAct(fix string) error { return unreadable(marz.Invalid, "act", fix, nil) }

// readable checks that there is one value of JSON, and says what it is instead.
func readable(data []byte) ([]byte, error) {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, notAct("it is empty: save the act again where it came from")
	case len(data) > maxAct:
		return nil, notAct(fmt.Sprintf("it is longer than the %d bytes that an act can have", maxAct))
	case bytes.HasPrefix(data, []byte(bundleStart)):
		return nil, notAct("it is a bundle of a journal: check it by itself, or name the act and give the bundle with --journal")
	case bytes.HasPrefix(data, []byte(sqliteMagic)):
		return nil, notAct("it is a journal's database: check its folder by itself, or name the act and give the folder with --journal")
	}
	value, fault := wellFormed(data)
	if fault == "" && value[0] != '{' {
		fault = "it is no object"
	}
	if fault != "" {
		return nil, notAct("it is not the JSON of an act: " + fault)
	}
	return value, nil
}

func newActCheck(o ActOptions) (*actCheck, error) {
	a := &actCheck{given: map[string]verifierKey{}, own: map[string]verifierKey{}, used: map[string]bool{}, r: &ActReport{
		Kind: "act", Seq: -1, Lanes: []string{}, Cases: []string{}, Armed: []ActSignature{}, Closed: []ActSignature{}, Keys: []ActKey{}, Lines: []ActLine{},
		Problems: []ActProblem{}, Notes: []string{}, Proves: []string{}, Leaves: []string{}}}
	for _, text := range o.Authorities {
		k, fault := parseKey(text)
		if fault != "" {
			return nil, unreadable(marz.Invalid, "key", "an authority's key that was given is not a verifier key: "+fault, nil)
		}
		if old, ok := a.given[k.name]; ok && old.text != k.text {
			return nil, unreadable(marz.Invalid, "key of "+k.name, "two keys of this authority were given: give the one that is its", nil)
		}
		a.given[k.name] = k
	}
	var err error
	a.node, err = givenKey(Options{Key: o.Node})
	return a, err
}

// act checks an act.
func (a *actCheck) act(value []byte) {
	doc := a.strict().read("", value, actShape)
	if doc == nil {
		return
	}
	canonical := a.strict()
	canonical.canonical = true
	if a.ins = canonical.read("instrument", doc.get("instrument").raw, instrumentShape); a.ins == nil {
		return
	}
	sum := sha256.Sum256(a.ins.raw)
	a.r.Digest = b64.EncodeToString(sum[:])
	a.plan = a.ins.get("plan")
	a.ownKeys(doc)
	a.instrument()
	a.readHead(doc.str("head"))
	a.readCommissions(doc)
	a.entries(doc)
	a.armed(doc)
	a.execution()
	a.closed(doc)
}

// ownKeys takes down the keys that the act carries. They prove nothing by themselves.
func (a *actCheck) ownKeys(doc *node) {
	for i, who := range doc.list("authorities") {
		id := who.str("id")
		text := who.str("key")
		if text == "" {
			continue
		}
		k, fault := parseKey(text)
		part := fmt.Sprintf("authorities[%d].key", i)
		_, twice := a.own[id]
		given, known := a.given[id]
		switch {
		case known && given.text != text:
			a.note("the act carries another key of %s than the one that was given: it was not used", id)
		case known:
		case fault != "":
			a.problem(part, -1, "it is not a verifier key: %s", fault)
		case k.name != id:
			a.problem(part, -1, "it is the key of %.40q, and not of %s", k.name, id)
		case twice:
			a.problem(part, -1, "it is a second key of %s", id)
		}
		a.own[id] = k
	}
}

// key returns an authority's key: the given one, or else the act's own.
func (a *actCheck) key(id string) (verifierKey, bool) {
	k, ok := a.given[id]
	if !ok {
		k, ok = a.own[id]
	}
	if !ok || k.name != id || k.text == "" {
		return k, false
	}
	if !a.used[id] {
		a.used[id] = true
		_, given := a.given[id]
		a.r.Keys = append(a.r.Keys, ActKey{Authority: id, Key: k.text, Given: given})
	}
	return k, true
}
