package post

import (
	"encoding/json"

	"marz"
	"marz/agreement"
	"marz/emrtd"
	"marz/inspection"
	"marz/mrz"
	"marz/web"
)

// The kinds of entry that a post writes beside those of package journal. docs/spec/entries.md describes their public parts.
const (
	KindDescribed    = "post.described"       // the post, its lanes and the authorities
	KindAgreement    = "agreement.recorded"   // one agreement, whole, with its signatures
	KindStatement    = "statement.recorded"   // what an authority says about an agreement's, article's or membership's standing
	KindReport       = "report.recorded"      // what a side says about an obligation
	KindCommission   = "commission.recorded"  // whose passkey signs for an authority in a transfer
	KindControl      = "control.passed"       // who controls the post from here on
	KindInvited      = "officer.invited"      // an officer may make a passkey
	KindEnrolled     = "officer.enrolled"     // an officer has a passkey, or is invented in an exercise
	KindDismissed    = "officer.dismissed"    // an officer's passkeys, invitations and sessions are void
	KindSignedIn     = "session.opened"       //
	KindSignedOut    = "session.closed"       //
	KindLaneOpened   = "lane.opened"          // an officer took a lane
	KindLaneClosed   = "lane.closed"          //
	KindListLoaded   = "list.loaded"          // a list came into force
	KindListRefused  = "list.refused"         // a list could not be read; the one before stays in force
	KindInspection   = "inspection.opened"    // a document was scanned: findings and verdict
	KindProposed     = "decision.proposed"    // the first of two acts
	KindDecided      = "crossing.decided"     // the officer's decision
	KindWithdrawn    = "inspection.withdrawn" // ended without a decision
	KindRead         = "record.read"          // somebody read a person's record
	KindFoundHits    = "hits.found"           // an authority's own lists matched; the content is its own
	KindSubmitted    = "decision.submitted"   // a decision waits for the concurrence of other authorities
	KindConcurred    = "decision.concurred"   // another authority's officer concurs
	KindObjected     = "decision.objected"    // another authority's officer refuses to concur
	KindAsylum       = "asylum.asked"         // asylum was asked for: the host state decides
	KindHitRead      = "hit.read"             // an officer looked at hits of another authority
	KindPatrol       = "patrol.rostered"      // officers are on duty on a section
	KindPatrolEnded  = "patrol.ended"         //
	KindIncident     = "incident.recorded"    // something happened on the line
	KindIncidentRead = "incident.read"        // somebody read an incident's note
	KindExported     = "payloads.exported"    // a supervisor took the payloads that are his authority's
	KindAlertsRead   = "alerts.read"          // an officer was shown alerts that were offered to his authority
	KindSettled      = "alerts.settled"       // what an execution means for the outgoing authority's own alerts
	KindBarred       = "alerts.barred"        // which of them never hit again
	KindRefusedAct   = "act.refused"          // somebody tried what no article gave him
)

type describedEntry struct {
	Post        marz.Post        `json:"post"`
	Index       string           `json:"index"` // hex SHA-256 of keys/index.key
	Authorities []marz.Authority `json:"authorities"`
	Places      []marz.Place     `json:"places"` // that articles can name
	Blocs       []marz.Bloc      `json:"blocs,omitempty"`
	Sections    []marz.Section   `json:"sections,omitempty"` // whose duty is kept here
}

// ground is what the register stands on. A post that was described before places were is the one place that it knows.
func (d *describedEntry) ground() agreement.Ground {
	places := d.Places
	if len(places) == 0 {
		places = []marz.Place{{ID: d.Post.ID.Place(), Kind: "post", Name: d.Post.Name, State: d.Post.State}}
	}
	return agreement.Ground{Authorities: d.Authorities, Places: places, Blocs: d.Blocs}
}

type controlEntry struct {
	Place   marz.PlaceID       `json:"place"`
	Lanes   []marz.LaneID      `json:"lanes,omitempty"` // that passed; none: all
	From    marz.AuthorityID   `json:"from"`            // "" when control is first recorded
	To      marz.AuthorityID   `json:"to"`
	Instant marz.Instant       `json:"instant"`         // from when the article gives it
	Ends    []marz.AuthorityID `json:"ends,omitempty"`  // authorities that have no power here from now on
	Frees   []marz.AuthorityID `json:"frees,omitempty"` // authorities that may not inspect from now on: their lanes are free
}

type invitedEntry struct {
	Officer marz.OfficerID `json:"officer"`
	Role    marz.Role      `json:"role"`
	Code    string         `json:"code"` // hex SHA-256 of the one-time code
	Expires marz.Instant   `json:"expires"`
	From    *fromHQ        `json:"from,omitempty"` // the headquarters that invites
}

type invitedPrivate struct {
	Name string `json:"name"`
}

type enrolledEntry struct {
	Officer marz.OfficerID `json:"officer"`
	Role    marz.Role      `json:"role"`
	Method  string         `json:"method"`         // "passkey" or "exercise"
	Code    string         `json:"code,omitempty"` // the invitation that this uses up
	From    *fromHQ        `json:"from,omitempty"` // the headquarters that posts him here
}

type credentialPrivate struct {
	Name       string          `json:"name,omitempty"`
	Credential string          `json:"credential,omitempty"` // hex ID
	Record     json.RawMessage `json:"record,omitempty"`     // package passkey's, whole
}

type dismissedEntry struct {
	Officer marz.OfficerID `json:"officer"`
}

type sessionEntry struct {
	Officer marz.OfficerID `json:"officer"`
	Session string         `json:"session"` // hex SHA-256 of the cookie
	Method  string         `json:"method,omitempty"`
	Why     string         `json:"why,omitempty"`

	// Commissioned is the passkey's public key, as base64 of a COSE_Key, where the session hangs on its commission.
	Commissioned string `json:"commissioned,omitempty"`
}

type laneEntry struct {
	Lane      marz.LaneID    `json:"lane"`
	Direction marz.Direction `json:"direction"`
	Of        marz.OfficerID `json:"of,omitempty"` // whose seat there was closed
	Why       string         `json:"why,omitempty"`
}

type listEntry struct {
	List    marz.ListID  `json:"list"`
	Name    string       `json:"name,omitempty"`
	Owner   string       `json:"owner,omitempty"`
	Version string       `json:"version,omitempty"`
	Loaded  marz.Instant `json:"loaded,omitempty"`
	Alerts  int          `json:"alerts,omitempty"`
	Refused string       `json:"refused,omitempty"`
	From    *fromHQ      `json:"from,omitempty"` // of a list that a headquarters gives
}

type inspectionEntry struct {
	Lane      marz.LaneID        `json:"lane"`
	Direction marz.Direction     `json:"direction"`
	Verdict   marz.Verdict       `json:"verdict"`
	Findings  []publicFinding    `json:"findings"`
	Hits      int                `json:"hits"`
	Cleared   int                `json:"cleared,omitempty"`   // hits of which the traveller was cleared, as all whose record it is may know it
	Owners    []marz.AuthorityID `json:"owners,omitempty"`    // in joint service, whose record it is; else the authority's that acts
	Reader    string             `json:"reader,omitempty"`    // which reader handed over chip and seals
	Way       inspection.Way     `json:"way,omitempty"`       // how the zone came to the lane; absent: a reader gave it as it stands
	Corrected int                `json:"corrected,omitempty"` // in how many characters the officer corrected what was read
}

// publicFinding is what of a finding anyone may read. Its reason may quote the document and stays private; its source is named where it is
// not the document itself, which was read at the entry's own instant.
type publicFinding struct {
	Check  string       `json:"check"`
	Result marz.Result  `json:"result"`
	Grave  marz.Verdict `json:"grave,omitempty"` // absent: clear
	Source string       `json:"source,omitempty"`
	AsOf   marz.Instant `json:"as_of,omitzero"`
}

func publicFindings(all []marz.Finding, at marz.Instant) []publicFinding {
	out := make([]publicFinding, len(all))
	for i, f := range all {
		out[i] = publicFinding{Check: f.Check, Result: f.Result}
		if f.Grave != marz.Clear {
			out[i].Grave = f.Grave
		}
		if f.AsOf != at {
			out[i].Source, out[i].AsOf = f.Source, f.AsOf
		}
	}
	return out
}

type inspectionPrivate struct {
	Scan      string         `json:"scan"`      // hex keyed digest of the zone's text
	Traveller string         `json:"traveller"` // hex keyed digest of the person
	Document  web.Document   `json:"document"`
	Findings  []marz.Finding `json:"findings"`
	Hits      []web.Hit      `json:"hits"`             // on lists that are nobody's own
	Beyond    []string       `json:"beyond,omitempty"` // keyed digests of those that are more than are kept
	Stay      string         `json:"stay,omitempty"`
	Chip      *emrtd.Report  `json:"chip,omitempty"`    // passive authentication, check by check
	Read      string         `json:"read,omitempty"`    // what was read, where the officer took another text for the zone or confirmed it
	Changes   []mrz.Change   `json:"changes,omitempty"` // from it to the document's lines
}

type hitsEntry struct {
	Inspection marz.InspectionID `json:"inspection"`
	Hits       int               `json:"hits"`
}

// hitsPrivate is sealed under the key of its owner. Before there were such keys, hits stood in it.
type hitsPrivate struct {
	Hits   []web.Hit `json:"hits,omitempty"`
	Sealed []byte    `json:"sealed,omitempty"`
	Beyond []string  `json:"beyond,omitempty"` // keyed digests of those that are more than are kept
}

type decisionEntry struct {
	Inspection marz.InspectionID `json:"inspection"`
	Lane       marz.LaneID       `json:"lane"`
	Direction  marz.Direction    `json:"direction"`
	Verdict    marz.Verdict      `json:"verdict"`
	Hits       int               `json:"hits"`
	Decision   marz.Decision     `json:"decision"`
	Reason     string            `json:"reason,omitempty"`
	Proposed   marz.Seq          `json:"proposed,omitempty"` // seq of the first of two acts
	By         marz.OfficerID    `json:"by,omitempty"`       // of a joint decision: who proposed it; the entry's officer was the last to concur
	With       []marz.OfficerID  `json:"with,omitempty"`     // of a joint decision: who concurred
}

// submittedEntry names the facts on which all decide: the private digest of the inspection's entry, which all of them see.
type submittedEntry struct {
	Inspection marz.InspectionID  `json:"inspection"`
	Proposed   marz.Seq           `json:"proposed"`
	Decision   marz.Decision      `json:"decision"`
	Awaits     []marz.AuthorityID `json:"awaits"`
	Facts      string             `json:"facts"`
}

type concurredEntry struct {
	Inspection marz.InspectionID `json:"inspection"`
	Submission marz.Seq          `json:"submission"`
	Facts      string            `json:"facts"`
}

type objectedEntry struct {
	Inspection marz.InspectionID `json:"inspection"`
	Submission marz.Seq          `json:"submission"`
	Decision   marz.Decision     `json:"decision"`
	Reason     string            `json:"reason"`
}

type asylumEntry struct {
	Inspection marz.InspectionID `json:"inspection"`
	Lane       marz.LaneID       `json:"lane"`
	Host       string            `json:"host"` // the state that decides
}

type decisionPrivate struct {
	Note   string   `json:"note"`
	Clears []string `json:"clears,omitempty"` // of a proposal: keyed digests of the alerts of which the traveller is cleared by it
}

type withdrawnEntry struct {
	Inspection marz.InspectionID `json:"inspection"`
	Lane       marz.LaneID       `json:"lane"`
	Reason     string            `json:"reason"`
}

// readEntry is that somebody read what is about a person or an incident. owners is set where it is not his own authority's.
type readEntry struct {
	Inspection marz.InspectionID  `json:"inspection,omitempty"`
	Incident   marz.Seq           `json:"incident,omitempty"`
	Reason     string             `json:"reason"`
	Owners     []marz.AuthorityID `json:"owners,omitempty"`
	Fields     []marz.Field       `json:"fields,omitempty"` // that were shown
}

type refusedEntry struct {
	Officer marz.OfficerID `json:"officer"`
	Action  marz.Action    `json:"action"`
	Why     string         `json:"why"`
}

func reasons(all []inspection.Reason) []web.Reason {
	out := make([]web.Reason, len(all))
	for i, r := range all {
		out[i] = web.Reason{Code: r.Code, Text: r.Text}
	}
	return out
}

type patrolEntry struct {
	Section  marz.PlaceID     `json:"section"`
	From     marz.Instant     `json:"from"`
	Until    marz.Instant     `json:"until"`
	Officers []marz.OfficerID `json:"officers"`
}

type patrolEndedEntry struct {
	Section marz.PlaceID `json:"section"`
	Patrol  marz.Seq     `json:"patrol"`
}

type incidentEntry struct {
	Section   marz.PlaceID     `json:"section"`
	At        marz.Instant     `json:"at"` // when it happened
	Kind      string           `json:"kind"`
	Kilometre float64          `json:"kilometre"` // from the section's beginning
	Present   []marz.OfficerID `json:"present"`
	Patrol    marz.Seq         `json:"patrol,omitempty"`
}

type exportedEntry struct {
	Authority marz.AuthorityID `json:"authority"` // whose payloads
}
