// Package transfer is the transfer of control: how one authority hands a place to another at an agreed instant, with two keys over one digest.
//
// It owns the state machine (planned, preparing, armed, executed, closed; cancelled), the instrument that both sign, what a signature is over, when the instant has come
// though a clock is in doubt, and the act of handover. All of it is pure: State is a fold over a journal's entries, and nothing here reads a clock, a file or a key of anybody.
// The node does the rest: it measures, appends what Check lets through, and executes inside one journal transaction. It promises: nothing after executed undoes it; a key
// turned for one digest arms no other; what an authority did not sign does not bind it.
//
// The bytes are in docs/spec/transfer.md, with vectors. DESIGN §7.
package transfer

import (
	"encoding/json"

	"marz"
)

// ID names one transfer at a node: the place and a number, for example "agarak-1". It is given when preparation begins.
type ID string

// Phase is how far a transfer has come.
type Phase string

// The phases. A transfer is planned by an article alone; an entry begins its preparation.
const (
	Planned   Phase = "planned"
	Preparing Phase = "preparing"
	Armed     Phase = "armed" // by all whose keys it needs
	Executed  Phase = "executed"
	Closed    Phase = "closed" // both have signed the act
	Cancelled Phase = "cancelled"
)

// Case says how a transfer was not the ordinary one. One can be of several.
type Case string

// The cases.
const (
	Early      Case = "early"      // before the instant or the deadline of the article, by agreement of both (only where the article names an instant)
	Late       Case = "late"       // after it
	Partial    Case = "partial"    // some lanes
	Refused    Case = "refused"    // a side declared that it would not arm
	Unilateral Case = "unilateral" // armed by the incoming authority alone, as the article allows
)

// ClockRule says what is waited for when the node's clock is in doubt at the instant.
type ClockRule string

// The rules. Under both, what both commanders sign settles it.
const (
	BySources    ClockRule = "sources"    // two sources of time agree that the instant has come
	ByCommanders ClockRule = "commanders" // both commanders say that it has come
)

// Plan is what is to happen: from an article, and what the commanders settled within it.
type Plan struct {
	ID         ID               `json:"id"`
	Article    marz.ArticleRef  `json:"article"`
	Place      marz.PlaceID     `json:"place"`
	Lanes      []marz.LaneID    `json:"lanes,omitempty"` // that pass; none: the whole place
	From       marz.AuthorityID `json:"from"`            // the outgoing authority
	To         marz.AuthorityID `json:"to"`              // the incoming one
	At         marz.Instant     `json:"at"`              // when control is to pass
	Agreed     marz.Instant     `json:"agreed"`          // the article's instant or deadline
	Deadline   bool             `json:"deadline,omitempty"`
	Clock      ClockRule        `json:"clock"`
	Tolerance  int64            `json:"tolerance"`            // milliseconds by which sources of time may differ and still agree
	Destroy    []string         `json:"destroy"`              // of the outgoing authority's, at this node: "lists", "hits"
	Unilateral marz.Instant     `json:"unilateral,omitempty"` // from when the incoming authority may arm alone; none: never
}

// Check is one line of readiness, measured by the node where it can be.
type Check struct {
	ID    string       `json:"id"`    // for example "officers", "lists", "mirror", "clock", "commanders"
	State string       `json:"state"` // "good", "attention" or "missing"; missing bars arming
	Value string       `json:"value"` // what was found, in words and figures
	At    marz.Instant `json:"at"`
}

// Line is one line of the inventory: what each side counted of one thing. What the node counts itself, both see and neither counts.
type Line struct {
	What     string `json:"what"` // one of Countable, or what the commanders added
	Outgoing int    `json:"outgoing"`
	Incoming int    `json:"incoming"`
	Measured bool   `json:"measured,omitempty"` // by the node
	// Only is the side that counted it, where the other did not: its number is 0 and says nothing. So it can be only where the incoming authority may act alone.
	Only marz.AuthorityID `json:"only,omitempty"`
}

// Countable are the lines that every inventory has, counted by both sides by hand.
var Countable = []string{"people-held", "documents-held", "stamps", "seals", "keys", "consumables"}

// Dispositions says what becomes of the outgoing authority's alerts, by number, and the digest of the table that says it of each.
type Dispositions struct {
	Alerts   int    `json:"alerts"`   // in force on its own lists
	Adopted  int    `json:"adopted"`  // by a named officer of the incoming authority, with a reason
	Returned int    `json:"returned"` // to their owner
	Lapsed   int    `json:"lapsed"`   // all others
	Digest   string `json:"digest"`   // base64 SHA-256 of the table's canonical JSON (docs/spec/transfer.md)
}

// Instrument is what both sign. Its digest is over its canonical JSON: these members in this order, as the journal writes JSON.
type Instrument struct {
	V            int          `json:"v"` // 1
	Origin       marz.Origin  `json:"origin"`
	Node         string       `json:"node"` // the verifier key of the journal: whoever signs this trusts its heads
	Plan         Plan         `json:"plan"`
	Readiness    []Check      `json:"readiness"`
	Inventory    []Line       `json:"inventory"`
	Dispositions Dispositions `json:"dispositions"`
	Cases        []Case       `json:"cases"` // empty: the ordinary one
	After        marz.Seq     `json:"after"` // the entry up to which all this was taken down
}

// What a signature says.
const (
	SaysArm    = "arm"    // over the instrument's digest: at its instant, let control pass
	SaysDisarm = "disarm" // over the instrument's digest: I take my key back
	SaysCancel = "cancel" // over the digest of the plan: this transfer is not to happen
	SaysNow    = "now"    // over the instrument's digest: the instant has come, whatever the node's clock shows
	SaysClose  = "close"  // over the digest of the act's core: this is what happened
)

// Signature is one side's word on a digest: by the authority's own key, or by the passkey of a commander whom the authority has commissioned.
type Signature struct {
	Says      string           `json:"says"`
	Authority marz.AuthorityID `json:"authority"`
	Officer   marz.OfficerID   `json:"officer,omitempty"` // the commander; none: the authority's own key
	Digest    string           `json:"digest"`            // base64, 32 bytes
	Line      string           `json:"line,omitempty"`    // C2SP signed-note line of the authority's key under Text
	Passkey   json.RawMessage  `json:"passkey,omitempty"` // passkey.Evidence over SHA-256(Text)
}

// Text is what is signed: three lines. A key signs it as the text of a note, a passkey its SHA-256 (passkey/DESIGN.md).
func Text(says string, id ID, digest string) string {
	return "marz/transfer/v1\n" + says + " " + string(id) + "\n" + digest + "\n"
}

// The kinds of entry. docs/spec/transfer.md describes their public parts; the structs below are them.
const (
	KindOpened    = "transfer.opened"    // preparation begins: the plan
	KindCounted   = "transfer.counted"   // one side counted one thing
	KindDisposed  = "transfer.disposed"  // what becomes of alerts; which, is private
	KindPresented = "transfer.presented" // the instrument, to be signed as it is
	KindArmed     = "transfer.armed"     // one side turned its key
	KindDisarmed  = "transfer.disarmed"  // one side took it back
	KindPostponed = "transfer.postponed" // another instant; all keys fall
	KindRefused   = "transfer.refused"   // a side declares that it will not arm
	KindCancelled = "transfer.cancelled" // before it was executed
	KindClock     = "transfer.clock"     // one side says that the instant has come
	KindExecuted  = "transfer.executed"  // control has passed. It is the point of no return
	KindDestroyed = "transfer.destroyed" // what was destroyed at the node after it
	KindClosed    = "transfer.closed"    // one side signed the act
)

// Opened is the public part of KindOpened, and of KindPostponed the plan as it is then.
type Opened struct {
	Plan Plan   `json:"plan"`
	Why  string `json:"why,omitempty"` // a code
}

// Counted is the public part of KindCounted. The side is the entry's authority.
type Counted struct {
	ID    ID     `json:"id"`
	What  string `json:"what"`
	Count int    `json:"count"`
}

// Disposed is the public part of KindDisposed. Which alerts, and why, is in the payload.
type Disposed struct {
	ID          ID          `json:"id"`
	List        marz.ListID `json:"list"`
	Disposition string      `json:"disposition"` // "offered", "adopted", "declined", "returned" or "lapsed"
	Alerts      int         `json:"alerts"`
}

// Presented is the public part of KindPresented.
type Presented struct {
	ID         ID              `json:"id"`
	Instrument json.RawMessage `json:"instrument"` // its canonical JSON
	Digest     string          `json:"digest"`
}

// Signed is the public part of KindArmed, KindDisarmed, KindClock and KindClosed, and of KindCancelled with Why.
type Signed struct {
	ID        ID         `json:"id"`
	Digest    string     `json:"digest"`
	Signature *Signature `json:"signature,omitempty"` // of KindDisarmed and KindCancelled it can be the officer's session alone
	Why       string     `json:"why,omitempty"`       // a code
	Clocks    []Reading  `json:"clocks,omitempty"`    // of KindClock: what each source of time showed. A word is taken only where they leave a doubt; none: the node's clock is the only one
}

// Declared is the public part of KindRefused.
type Declared struct {
	ID  ID     `json:"id"`
	Why string `json:"why"` // a code
}

// Execution is the public part of KindExecuted: everything that changes at that entry.
type Execution struct {
	ID        ID                 `json:"id"`
	Digest    string             `json:"digest"` // of the instrument that was armed
	Place     marz.PlaceID       `json:"place"`
	Lanes     []marz.LaneID      `json:"lanes,omitempty"`
	From      marz.AuthorityID   `json:"from"`
	To        marz.AuthorityID   `json:"to"`
	Instant   marz.Instant       `json:"instant"` // by the instrument
	Cases     []Case             `json:"cases"`
	Ends      []marz.AuthorityID `json:"ends,omitempty"`  // that have no power here from now on
	Frees     []marz.AuthorityID `json:"frees,omitempty"` // that may not inspect from now on, where control passed
	Destroys  []string           `json:"destroys,omitempty"`
	Open      int                `json:"open"`      // inspections that were open: officers of the incoming authority finish them
	Crossings int                `json:"crossings"` // decided before this entry, all told
	Mirrors   []Mirror           `json:"mirrors"`   // how much of the journal before this entry each authority has
	Clocks    []Reading          `json:"clocks"`    // what each source of time showed
}

// Mirror says how many entries of the journal an authority's mirror has acknowledged. What is missing is From up to the execution.
type Mirror struct {
	Authority marz.AuthorityID `json:"authority"`
	Size      int64            `json:"size"`
	Missing   int              `json:"missing"` // crossings not yet there
}

// Reading is what one source of time showed.
type Reading struct {
	Source string       `json:"source"` // "node", "boot", or the name of one that is configured
	At     marz.Instant `json:"at"`
	Fault  string       `json:"fault,omitempty"` // why it shows nothing
}

// Destroyed is the public part of KindDestroyed.
type Destroyed struct {
	ID   ID               `json:"id"`
	Of   marz.AuthorityID `json:"of"`
	What []string         `json:"what"`
}
