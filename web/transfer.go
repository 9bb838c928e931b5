package web

import (
	"marz"
	"marz/transfer"
)

// TransferBody is the body of the commanders' page. Both see the same facts; what differs is what each can do now.
type TransferBody struct {
	Transfer *Transfer        // nil: no transfer of the post is planned
	Own      marz.AuthorityID // whose commander looks
	Side     string           // "outgoing", "incoming" or "": a third looks on
	Can      []string         // the steps he can take now: "open", "count", "dispose", "adopt", "present", "arm", "disarm", "postpone", "refuse", "cancel", "now"
	Cannot   string           // why he can take none, in words
	Sign     string           // how he signs here: "passkey" or, in an exercise, "exercise"
	// Commission is what his headquarters has to sign so that his passkey counts, as JSON to take away; "" when it has.
	Commission string
	Alerts     []TransferAlert // the outgoing side: its own lists'; the incoming one: what was offered to it
	Reasons    map[string][]Reason
}

// Transfer is a transfer of control as pages show it. It holds no personal data.
type Transfer struct {
	Plan         transfer.Plan         `json:"plan"`
	Phase        transfer.Phase        `json:"phase"`
	Cases        []transfer.Case       `json:"cases,omitempty"`
	Waiting      string                `json:"waiting,omitempty"` // why control has not passed though its instant has come, in words
	Readiness    []transfer.Check      `json:"readiness"`
	Inventory    []TransferLine        `json:"inventory"`
	Dispositions transfer.Dispositions `json:"dispositions"`
	Open         int                   `json:"open"`             // alerts without a disposition: they lapse
	Digest       string                `json:"digest,omitempty"` // of the instrument that is presented
	Keys         []TransferKey         `json:"keys"`             // whose are needed, and who has turned his
	Refused      []marz.AuthorityID    `json:"refused,omitempty"`
	Executed     *transfer.Execution   `json:"executed,omitempty"`
	Seq          marz.Seq              `json:"seq,omitempty"`    // of the execution
	At           marz.Instant          `json:"at,omitempty"`     // of the execution
	Signed       []TransferKey         `json:"signed,omitempty"` // of the act
	Steps        []TransferStep        `json:"steps"`
}

// TransferLine is a line of the inventory as it stands; what a side has not counted is nil.
type TransferLine struct {
	What     string `json:"what"`
	Outgoing *int   `json:"outgoing"`
	Incoming *int   `json:"incoming"`
	Measured bool   `json:"measured"` // by the node
}

// TransferKey is one side's key.
type TransferKey struct {
	Authority marz.AuthorityID `json:"authority"`
	Officer   marz.OfficerID   `json:"officer,omitempty"` // "" when it was the authority's own key
	At        marz.Instant     `json:"at,omitempty"`      // 0: not turned
}

// TransferStep is one entry of a transfer.
type TransferStep struct {
	Seq       marz.Seq         `json:"seq"`
	At        marz.Instant     `json:"at"`
	Kind      string           `json:"kind"`
	Authority marz.AuthorityID `json:"authority"`
	Officer   marz.OfficerID   `json:"officer,omitempty"`
	Says      string           `json:"says"` // in words
}

// TransferAlert is an alert of the outgoing authority's own lists. The incoming side sees those that were offered to it.
type TransferAlert struct {
	List        marz.ListID    `json:"list"`
	Alert       marz.AlertID   `json:"alert"`
	Kind        string         `json:"kind"`
	Name        string         `json:"name"`
	Why         string         `json:"why"`
	Disposition string         `json:"disposition"` // "", "offered", "adopted", "declined", "returned" or "lapsed"
	By          marz.OfficerID `json:"by,omitempty"`
	Reason      string         `json:"reason,omitempty"`
}

// ActBody is the body of the act of handover, made to be printed.
type ActBody struct {
	Act        transfer.Act
	Instrument transfer.Instrument
	Execution  transfer.Execution
	Executed   marz.Instant
	Seq        marz.Seq
	QR         string // the text of the code: marz verify reads it
	Digest     string // of the act's core: what is signed to close it; "": there is nothing to sign
	Names      map[marz.AuthorityID]marz.Authority
	Code       string // on the relieved side's page: with which its commander signs
	Sign       string // how: "passkey", "exercise", or "" when this reader cannot, or his side has signed already
}

// Provenance says under whose authority an adopted alert stands now, and where it came from.
type Provenance struct {
	Owner   marz.AuthorityID `json:"owner"` // whose it was
	List    marz.ListID      `json:"list"`
	Version string           `json:"version"`
	By      marz.OfficerID   `json:"by"` // who adopted it
	At      marz.Instant     `json:"at"`
	Reason  string           `json:"reason"`
	Under   marz.ArticleRef  `json:"under"` // the transfer
}

// ShiftBody is the body of the page on which one supervisor takes a shift over from another.
type ShiftBody struct {
	Own     marz.AuthorityID
	Holder  marz.OfficerID // who has the shift; "": nobody yet
	Since   marz.Instant
	Facts   ShiftFacts
	Digest  string // of the facts: what is taken over is what was shown
	Can     bool   // he who looks can take it over
	Cannot  string
	Earlier []ShiftRow
}

// ShiftFacts are what the incoming supervisor is shown of the last shift. They count and name officers, and hold nothing about a traveller.
type ShiftFacts struct {
	From      marz.Instant    `json:"from"`
	Crossings int             `json:"crossings"`
	Cases     []ShiftCase     `json:"cases"`     // open now
	Overrides []ShiftOverride `json:"overrides"` // decisions against the verdict
	Lookups   []ShiftLookups  `json:"lookups"`   // by officer
	Refused   []ShiftCount    `json:"refused"`   // acts that no article gave
	Lists     []ListState     `json:"lists"`
	Relaxed   []ShiftCount    `json:"relaxed"` // checks that could not be made, by check
	Lanes     []ShiftLane     `json:"lanes"`
}

// ShiftCase is a case that is open.
type ShiftCase struct {
	Inspection marz.InspectionID `json:"inspection"`
	Lane       marz.LaneID       `json:"lane"`
	Opened     marz.Instant      `json:"opened"`
	Verdict    marz.Verdict      `json:"verdict"`
	State      string            `json:"state"`
	Officer    marz.OfficerID    `json:"officer,omitempty"`
}

// ShiftOverride is a decision against the verdict.
type ShiftOverride struct {
	Inspection marz.InspectionID `json:"inspection"`
	Seq        marz.Seq          `json:"seq"`
	At         marz.Instant      `json:"at"`
	Officer    marz.OfficerID    `json:"officer"`
	Verdict    marz.Verdict      `json:"verdict"`
	Decision   marz.Decision     `json:"decision"`
	Reason     string            `json:"reason"`
}

// ShiftLookups is how an officer looked at records.
type ShiftLookups struct {
	Officer   marz.OfficerID `json:"officer"`
	Records   int            `json:"records"`           // read
	Own       int            `json:"own"`               // of them, of crossings that he decided himself
	Others    int            `json:"others"`            // of them, of another authority
	Night     int            `json:"night"`             // of them, while he held no lane
	Crossings int            `json:"crossings"`         // that he decided
	Unusual   string         `json:"unusual,omitempty"` // why it should be asked about, in words
}

// ShiftCount is a number of one thing.
type ShiftCount struct {
	What    string         `json:"what"`
	Officer marz.OfficerID `json:"officer,omitempty"`
	Count   int            `json:"count"`
}

// ShiftLane is who sits at a lane.
type ShiftLane struct {
	Lane    marz.LaneID    `json:"lane"`
	Officer marz.OfficerID `json:"officer,omitempty"`
	Since   marz.Instant   `json:"since,omitempty"`
}

// ShiftRow is a handover of a shift.
type ShiftRow struct {
	Seq  marz.Seq       `json:"seq"`
	At   marz.Instant   `json:"at"`
	From marz.OfficerID `json:"from,omitempty"`
	To   marz.OfficerID `json:"to"`
}
