package web

import (
	"marz"
	"marz/emrtd"
	"marz/transfer"
)

// Page is what every page shows: where we are, who is signed in, who controls the post, and how the node is.
type Page struct {
	Title      string
	Post       marz.Post // of a post's page
	Exercise   bool      // marked on every page
	Officer    *Officer
	Controller marz.Authority
	Article    marz.ArticleRef // under which the controller controls
	Since      marz.Instant    // when its control began, or 0
	Next       *Passing        // the next passing of control that is agreed, if any
	Now        marz.Instant
	Zone       string // IANA zone in which instants are shown
	Behind     string // which mirrors are behind for long, in words; "": none
	Language   string // of the node's configuration; "": what the browser accepts
	Path       string // the page's own path, to mark it in the navigation
	Body       any    // one of the bodies below
	Ages       *Ages  // how old what the post knows is; nil where nobody is signed in

	Headquarters marz.Authority // of a headquarters' page: whose it is
}

// Passing is an agreed change of control at an instant.
type Passing struct {
	To      marz.Authority  `json:"to"`
	Article marz.ArticleRef `json:"article"`
	At      marz.Instant    `json:"at"`
	Lanes   []marz.LaneID   `json:"lanes,omitempty"`   // that pass; none: all
	Phase   transfer.Phase  `json:"phase,omitempty"`   // of the transfer; none: it passes by articles alone
	Waiting string          `json:"waiting,omitempty"` // why it has not passed though its instant has come, in words
}

// Officer is who is signed in.
type Officer struct {
	ID        marz.OfficerID
	Name      string
	Role      marz.Role
	Authority marz.Authority
}

// SignInBody is the body of the sign-in page. Exercise nodes list their invented officers for one-click sign-in.
type SignInBody struct {
	Exercise []Officer
	Ended    string // why the last session ended, in words, or ""
}

// EnrolBody is the body of the page on which an invited officer makes his passkey.
type EnrolBody struct {
	Code    string
	Officer Officer
}

// HomeBody is the body of the first page after sign-in: lanes to take, and where to go.
type HomeBody struct {
	Lanes []Lane
}

// Lane is the state of one lane, as the lanes' live page and the lane's own page show it. It holds no personal data.
type Lane struct {
	ID         marz.LaneID    `json:"id"`
	Direction  marz.Direction `json:"direction"`
	Flow       string         `json:"flow"`
	Open       bool           `json:"open"`
	Officer    marz.OfficerID `json:"officer,omitempty"`    // who took it first
	Seats      []Seat         `json:"seats,omitempty"`      // all who sit there: one, or in joint service one of each authority
	Joint      bool           `json:"joint,omitempty"`      // joint service is in force here
	Inspection *LaneCase      `json:"inspection,omitempty"` // the open one
	Last       *LaneCase      `json:"last,omitempty"`       // the last that ended here
	Count      int            `json:"count"`                // crossings decided since midnight of the post's zone
	Since      marz.Instant   `json:"since,omitempty"`      // when the lane was opened

	Reader *LaneReader `json:"reader,omitempty"` // that is accepted for this lane; nil: none, or one that types as a keyboard

	// Under is the authority that controls this lane, where it is another than the one that controls the post.
	Under marz.AuthorityID `json:"under,omitempty"`
}

// Seat is an officer's place at a lane.
type Seat struct {
	Authority marz.AuthorityID `json:"authority"`
	Officer   marz.OfficerID   `json:"officer"`
	Since     marz.Instant     `json:"since"`
}

// LaneReader is what a document reader at a lane does. It holds no personal data.
type LaneReader struct {
	State   string             `json:"state"`             // silent, ready, reading, or read: what it read waits to be taken
	Reading string             `json:"reading,omitempty"` // of the document that is read, or was
	Step    string             `json:"step,omitempty"`    // zone, or the file of the chip
	Done    int                `json:"done,omitempty"`    // bytes of it
	Of      int                `json:"of,omitempty"`
	For     []marz.AuthorityID `json:"for,omitempty"` // whose officers take what it reads
}

// LaneCase is an inspection as a supervisor sees it from outside.
type LaneCase struct {
	ID       marz.InspectionID `json:"id"`
	Opened   marz.Instant      `json:"opened"`
	Verdict  marz.Verdict      `json:"verdict"`
	Hits     int               `json:"hits"`
	Decision marz.Decision     `json:"decision,omitempty"`
	Decided  marz.Instant      `json:"decided,omitempty"`
	Step     marz.Seq          `json:"step"` // of the last entry about it: when it grows, who sits there looks again
}

// Live is one server-sent event of type "live" at /events: all that changes by itself on a page.
type Live struct {
	Now        marz.Instant     `json:"now"`
	Controller marz.AuthorityID `json:"controller"`
	Article    marz.ArticleRef  `json:"article"`
	Next       *Passing         `json:"next"`
	HeadSize   int64            `json:"head_size"`
	HeadRoot   string           `json:"head_root"` // base64
	Lanes      []Lane           `json:"lanes"`
	Lists      []ListState      `json:"lists"`
	HQs        []HQState        `json:"hqs,omitempty"`        // the headquarters that the post follows
	Late       []LateHit        `json:"late,omitempty"`       // to a supervisor: what his authority has to answer for, the newest first
	LateMore   bool             `json:"late_more,omitempty"`  // there are more than these
	Behind     string           `json:"behind,omitempty"`     // which mirrors are behind for long, in words
	Clearances string           `json:"clearances,omitempty"` // to a supervisor: what changes with his authority's clearances
	Relieved   string           `json:"relieved,omitempty"`   // of a commander whose access ended with a transfer: the page on which he reviews and signs the act
	Ended      string           `json:"ended,omitempty"`      // the session of this page has ended: why, in words
	Mirrored   []MirroredNode   `json:"mirrored,omitempty"`   // at a headquarters
}

// LateHit is an alarm: a list matches somebody who was inspected before it said so. It holds no personal data.
type LateHit struct {
	Seq        marz.Seq          `json:"seq"` // of its entry
	At         marz.Instant      `json:"at"`
	Inspection marz.InspectionID `json:"inspection"`
	List       marz.ListID       `json:"list"`
	Own        bool              `json:"own,omitempty"` // a list of the authority's own
	Hits       int               `json:"hits"`
	Lane       marz.LaneID       `json:"lane"`
	Direction  marz.Direction    `json:"direction"`
	Opened     marz.Instant      `json:"opened"` // when the person was inspected
	Decision   marz.Decision     `json:"decision,omitempty"`
	Decided    marz.Seq          `json:"decided,omitempty"` // the entry of the decision

	Owners []marz.AuthorityID `json:"owners"` // whose record it is
}

// SupervisorBody is the body of the supervisor's page.
type SupervisorBody struct {
	Live
	Supervises bool         // an article lets the officer supervise here
	Cleared    []ClearedRow // clearances of his authority, the newest first
	Answer     []Reason     // what can be given for acknowledging a late hit
	Clear      []Reason     // for clearing a namesake
	Revoke     []Reason     // for taking a clearance back
	Read       []Reason     // for reading a person's record
}

// ClearedRow is a clearance of a namesake, without anything about a person.
type ClearedRow struct {
	Seq        marz.Seq
	At         marz.Instant
	By         marz.OfficerID
	Inspection marz.InspectionID
	List       marz.ListID
	Ended      marz.Instant // zero: it holds until the alert changes
	Why        string       // it ended
}

// LaneBody is the body of a lane's own page.
type LaneBody struct {
	Lane      Lane
	Lists     []ListState
	Reasons   map[marz.Decision][]Reason // what can be chosen for each decision, in order of keys 1 to 9
	Withdraw  []Reason                   // what can be chosen for ending an inspection without a decision
	Object    []Reason                   // what can be chosen for refusing to concur
	Lookup    []Reason                   // what can be chosen for looking at another authority's hits
	Own       marz.AuthorityID           // whose officer looks at the page
	Photo     bool                       // the post can read a zone in a photograph
	Decisions []marz.Decision            // of the lane's direction, in order of the keys F1, F3, F5
}

// Reason is one coded reason for a decision.
type Reason struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// ListState is a list in force.
type ListState struct {
	ID      marz.ListID  `json:"id"`
	Name    string       `json:"name"`
	Owner   string       `json:"owner"`
	Version string       `json:"version"`
	Loaded  marz.Instant `json:"loaded"`
	Alerts  int          `json:"alerts"`
	Refused string       `json:"refused,omitempty"` // why the last refresh was refused; the version above stays in force
	// Signature says of a list from a built file whether its signature was checked, in words; empty for other lists.
	Signature string           `json:"signature,omitempty"`
	From      marz.AuthorityID `json:"from,omitempty"` // whose headquarters gives it
	Late      bool             `json:"late,omitempty"` // it is older than the post is set up to let a list be
}

// HQState is how old a post's knowledge of a headquarters is.
type HQState struct {
	Authority marz.AuthorityID `json:"authority"`
	Origin    marz.Origin      `json:"origin"`
	Heard     marz.Instant     `json:"heard"`             // when it last said what its newest entry is; zero: never
	Size      int64            `json:"size"`              // entries of its journal that are held
	Newest    marz.Instant     `json:"newest"`            // of the newest of them
	Behind    int64            `json:"behind"`            // entries that are known of and not held
	Waiting   int              `json:"waiting,omitempty"` // entries that the post has still to act on
	Failing   marz.Instant     `json:"failing,omitzero"`  // since when it cannot be reached
	Refused   string           `json:"refused,omitempty"` // what it gave that cannot be, in words
	Forked    bool             `json:"forked,omitempty"`  // it has signed two histories, and is followed no further
	Late      bool             `json:"late,omitempty"`    // it was not heard for longer than the post is set up to let it be
}

// Inspection is the answer of the post to a scan or a decision: all the officer at the lane needs to see. It is sent only to him.
type Inspection struct {
	ID        marz.InspectionID `json:"id"`
	Lane      marz.LaneID       `json:"lane"`
	Direction marz.Direction    `json:"direction"`
	Opened    marz.Instant      `json:"opened"`
	State     string            `json:"state"` // "open", "proposed", "awaiting" the other's concurrence, "decided" or "withdrawn"
	Verdict   marz.Verdict      `json:"verdict"`
	Findings  []marz.Finding    `json:"findings"` // gravest first
	Document  Document          `json:"document"`
	Hits      []Hit             `json:"hits"`
	Stay      string            `json:"stay,omitempty"` // for example "12 of 180 days used in the last 365"
	Chip      *emrtd.Report     `json:"chip,omitempty"` // passive authentication, check by check; nil: no chip was read
	Portrait  *Portrait         `json:"portrait,omitempty"`
	// Ordinary lists the decisions that need one key only. Every other needs a reason and a second act.
	Ordinary []marz.Decision    `json:"ordinary"`
	Proposal *Proposal          `json:"proposal,omitempty"` // set in state "proposed": confirm it or propose another
	Decision marz.Decision      `json:"decision,omitempty"`
	Decided  marz.Instant       `json:"decided,omitempty"`
	By       marz.OfficerID     `json:"by,omitempty"`
	Under    marz.ArticleRef    `json:"under,omitempty"`  // the article that gave the power to decide
	Seq      marz.Seq           `json:"seq,omitempty"`    // of the entry that holds the decision
	Owners   []marz.AuthorityID `json:"owners"`           // whose record it is
	Others   []OtherHits        `json:"others,omitempty"` // hits on lists of other authorities
	Joint    *Joint             `json:"joint,omitempty"`  // set where joint service concerns this case
	Asylum   bool               `json:"asylum,omitempty"` // it was asked for: the host state's officers decide
	// Barred says of decisions that this officer may not make about this traveller why not.
	Barred   map[marz.Decision]string `json:"barred,omitempty"`
	With     []marz.OfficerID         `json:"with,omitempty"` // who concurred in the decision
	Step     marz.Seq                 `json:"step"`           // of the last entry about it
	Repeated bool                     `json:"repeated"`       // this answer repeats an earlier one: the same scan, or the same key
}

// Portrait is the portrait of the chip of an open inspection, for the officer's eye.
type Portrait struct {
	Address string `json:"address,omitempty"` // of the image; "": there is none
	Proven  bool   `json:"proven"`            // as the issuing state signed it
	Why     string `json:"why,omitempty"`     // there is none
}

// OtherHits says that lists of another authority matched. Their content is looked at with a reason, as an entry that the owner sees, where an article
// shares it.
type OtherHits struct {
	Owner  marz.AuthorityID `json:"owner"`
	Count  int              `json:"count"`
	Shared bool             `json:"shared"`        // a look-up would be allowed now
	Why    string           `json:"why,omitempty"` // why it would not
	Under  marz.ArticleRef  `json:"under,omitempty"`
}

// Joint is how the authorities at a lane decide together.
type Joint struct {
	Article   marz.ArticleRef    `json:"article"`
	With      []marz.AuthorityID `json:"with"`               // the others
	Decisions []marz.Decision    `json:"decisions"`          // that need their concurrence
	First     []marz.AuthorityID `json:"first,omitempty"`    // who proposes first, where the article says so
	Exit      bool               `json:"exit,omitempty"`     // the article names the exit side, and First is who that is here
	Waiting   *Waiting           `json:"waiting,omitempty"`  // set in state "awaiting"
	Objected  *Objection         `json:"objected,omitempty"` // the last refusal to concur, while the case is open
}

// Waiting is a decision that waits for the other's concurrence.
type Waiting struct {
	Submission marz.Seq           `json:"submission"`
	Decision   marz.Decision      `json:"decision"`
	Reason     string             `json:"reason,omitempty"`
	Note       string             `json:"note,omitempty"`
	By         marz.OfficerID     `json:"by"`
	For        []marz.AuthorityID `json:"for"`  // who has not concurred yet
	Mine       bool               `json:"mine"` // it waits for the authority of the officer who looks
}

// Objection is a refusal to concur.
type Objection struct {
	By       marz.OfficerID `json:"by"`
	At       marz.Instant   `json:"at"`
	Decision marz.Decision  `json:"decision"`
	Reason   string         `json:"reason"`
	Note     string         `json:"note,omitempty"`
}

// Proposal is the first of the two acts of a decision that is not ordinary.
type Proposal struct {
	Seq      marz.Seq       `json:"seq"`
	Decision marz.Decision  `json:"decision"`
	Reason   string         `json:"reason"`
	Note     string         `json:"note,omitempty"`
	By       marz.OfficerID `json:"by,omitempty"`     // only he confirms it
	Clears   int            `json:"clears,omitempty"` // alerts on which the traveller is cleared by it
}

// Document is what the machine-readable zone says.
type Document struct {
	Format      string   `json:"format"`
	Code        string   `json:"code"`
	Issuer      string   `json:"issuer"`
	Number      string   `json:"number"`
	Primary     string   `json:"primary"`
	Secondary   string   `json:"secondary"`
	Nationality string   `json:"nationality"`
	Birth       string   `json:"birth"`  // YYYY-MM-DD with X for unknown digits
	Age         string   `json:"age"`    // in years, or "" when unknown
	Sex         string   `json:"sex"`    // M, F or X
	Expiry      string   `json:"expiry"` // YYYY-MM-DD with X for unknown digits
	Lines       []string `json:"lines"`
	BadChecks   []string `json:"bad_checks"` // fields whose check digit is wrong
}

// Hit is a possible match with an alert.
type Hit struct {
	Alert        marz.AlertID `json:"alert"`
	AlertVersion string       `json:"alert_version,omitempty"` // changes exactly when the alert does
	Kind         string       `json:"kind"`                    // by what it was found
	About        string       `json:"about,omitempty"`         // what the alert is about
	List         marz.ListID  `json:"list"`
	Owner        string       `json:"owner"`
	Version      string       `json:"version"`         // of the list
	Score        float64      `json:"score"`           // points of evidence
	Grave        marz.Verdict `json:"grave,omitempty"` // the verdict that this hit alone leads to
	Name         string       `json:"name"`            // as the alert has it
	Why          string       `json:"why"`             // why the alert was made
	Reasons      []string     `json:"reasons"`
	Sentence     string       `json:"sentence,omitempty"` // that a traveller could be told
	Evidence     []Line       `json:"evidence,omitempty"` // what the points are made of
	Adopted      *Provenance  `json:"adopted,omitempty"`  // the alert was another authority's and was adopted
	Cleared      *Clearance   `json:"cleared,omitempty"`  // the traveller, or one like him, was found not to be the person on the alert
	Late         marz.Instant `json:"late,omitzero"`      // when it was found, where that was after the inspection
	Can          string       `json:"can,omitempty"`      // what who looks may do with it now: "clear" or "revoke"
	Mine         marz.Seq     `json:"mine,omitempty"`     // the clearance that he may revoke

	Lacks []marz.AuthorityID `json:"lacks,omitempty"` // whose clearance is needed beside his, so that the hit stops the traveller no more
}

// Line is one comparison of an alert with a traveller.
type Line struct {
	What   string  `json:"what"`
	List   string  `json:"list"`
	Query  string  `json:"query"`
	Points float64 `json:"points"`
}

// Clearance is an officer's word that a person is not the one on an alert.
type Clearance struct {
	Seq    marz.Seq       `json:"seq"` // of its entry
	At     marz.Instant   `json:"at"`
	By     marz.OfficerID `json:"by"`
	Reason string         `json:"reason,omitempty"` // in words; to the officers of his authority alone, and so the note
	Note   string         `json:"note,omitempty"`
	Holds  bool           `json:"holds"`         // the hit does not stop him
	Why    string         `json:"why,omitempty"` // why it does not hold
}

// AlertRef names an alert on a list.
type AlertRef struct {
	List  marz.ListID  `json:"list"`
	Alert marz.AlertID `json:"alert"`
}

// CrossingsBody is the body of the page of recent crossings. Its rows hold no personal data: a record is read one at a time, with a
// reason, as an entry.
type CrossingsBody struct {
	Rows    []Crossing
	Reasons []Reason // what can be given for reading a record
	Clear   []Reason // for clearing a namesake
	Revoke  []Reason // for taking a clearance back
	Older   marz.Seq // "before" of the next page, or 0
	Totals  map[marz.Decision]int
}

// Crossing is one decided inspection.
type Crossing struct {
	ID        marz.InspectionID
	Seq       marz.Seq
	At        marz.Instant
	Lane      marz.LaneID
	Direction marz.Direction
	Verdict   marz.Verdict
	Hits      int
	Decision  marz.Decision
	Reason    string
	Officer   marz.OfficerID
	Authority marz.AuthorityID
	Under     marz.ArticleRef
	Seconds   float64 // from scan to decision
}

// JournalBody is the body of the page of the journal.
type JournalBody struct {
	Origin      marz.Origin
	VerifierKey string
	Head        string // the note, as others verify it
	Size        int64
	Root        string // base64
	Entries     []Entry
	From        marz.Seq
	Older       marz.Seq // from of the page before, or -1
	Newer       marz.Seq // from of the page after, or -1
}

// Entry is one row of the journal's page.
type Entry struct {
	Seq       marz.Seq
	At        marz.Instant
	Kind      string
	Officer   marz.OfficerID
	Authority marz.AuthorityID
	Under     marz.ArticleRef
	Public    string // JSON, as it was hashed
	Private   string // hex digest, or ""
}

// EntryBody is the body of the page of one entry, with its proof.
type EntryBody struct {
	Entry Entry
	Body  string   // the exact bytes
	Leaf  string   // base64
	Size  int64    // the head's size for which the proof holds
	Root  string   // base64
	Proof []string // base64, RFC 6962 §2.1.1, lowest first
}

// OfficersBody is the body of the page on which a supervisor invites officers.
type OfficersBody struct {
	Officers []OfficerRow
	Invited  *Invitation
	Own      marz.AuthorityID   // a supervisor enrols officers of his own authority
	First    []marz.AuthorityID // and the first supervisor of these, who are to take control and have nobody here
}

// OfficerRow is one enrolled or invited officer.
type OfficerRow struct {
	Officer
	Passkeys int
	SignedIn bool
	Enrolled marz.Instant
}

// ReadersBody is the body of the page on which a supervisor accepts document readers.
type ReadersBody struct {
	Own     marz.AuthorityID
	Listens string // the address for readers, "" when the post does not listen for them
	Lanes   []marz.LaneID
	Readers []ReaderRow
}

// ReaderRow is a reader that the authority has accepted, or that asks to be.
type ReaderRow struct {
	Key    string // hex SHA-256 of its public key
	Lane   marz.LaneID
	State  string
	At     marz.Instant
	By     marz.OfficerID
	Asks   bool               // it has called, and the authority has not accepted it
	Others []marz.AuthorityID // who has accepted it
}

// ProgramsBody is the body of the page on which a supervisor accepts other programs.
type ProgramsBody struct {
	Own      marz.AuthorityID
	Listens  string        // the address for programs, "" when the node does not listen for them
	MostDays int           // for which one can be accepted
	Choices  []marz.Action // for which one can be accepted beside reading the journal
	Programs []ProgramRow
}

// ProgramRow is a program that the authority has accepted.
type ProgramRow struct {
	Key     string         // hex SHA-256 of its public key
	Officer marz.OfficerID // under which number it stands in entries
	Purpose string
	Actions []marz.Action
	At      marz.Instant
	By      marz.OfficerID
	Until   marz.Instant
	Ended   bool // its time is over
}

// Invitation is a one-time link with which an officer makes his passkey.
type Invitation struct {
	Officer marz.OfficerID `json:"officer"`
	Link    string         `json:"link"`
	Expires marz.Instant   `json:"expires"`
}

// Commission is what an authority has to sign so that a passkey of its officer counts.
type Commission struct {
	By      marz.AuthorityID `json:"by"`
	Passkey string           `json:"passkey"` // public key: base64 of its COSE_Key
	Command string           `json:"command"` // that makes it at headquarters
	File    string           `json:"file"`    // the same as a file to be signed
}

// ErrorBody is the body of an error page.
type ErrorBody struct {
	Status  int
	Message string
}
