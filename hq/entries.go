package hq

import (
	"encoding/json"

	"marz"
)

// The kinds of entry that a headquarters writes beside those of package journal. docs/spec/hq-entries.md describes their public parts. Those that a post writes too have
// the same name and the same public part there.
const (
	KindDescribed  = "hq.described"        // the authority, and what its register stands on
	KindNode       = "node.enrolled"       // a node's journal is mirrored from here on
	KindNodeGone   = "node.dismissed"      // and is not any more
	KindAgreement  = "agreement.recorded"  //
	KindStatement  = "statement.recorded"  //
	KindReport     = "report.recorded"     //
	KindCommission = "commission.recorded" //
	KindInvited    = "officer.invited"     //
	KindEnrolled   = "officer.enrolled"    //
	KindDismissed  = "officer.dismissed"   //
	KindSignedIn   = "session.opened"      //
	KindSignedOut  = "session.closed"      //
	KindRead       = "record.read"         // an officer reads what is about a person in a mirrored journal
	KindRefusedAct = "act.refused"         // somebody tried what nothing gave him
)

type describedEntry struct {
	Authority   marz.AuthorityID `json:"authority"` // whose headquarters it is
	Zone        string           `json:"zone"`      // IANA zone in which it shows instants
	Mirror      string           `json:"mirror"`    // verifier key of its cosignatures
	Authorities []marz.Authority `json:"authorities"`
	Places      []marz.Place     `json:"places"`
	Blocs       []marz.Bloc      `json:"blocs,omitempty"`
}

type nodeGoneEntry struct {
	Origin marz.Origin `json:"origin"`
}

type invitedEntry struct {
	Officer marz.OfficerID `json:"officer"`
	Role    marz.Role      `json:"role"`
	Code    string         `json:"code"` // hex SHA-256 of the one-time code
	Expires marz.Instant   `json:"expires"`
}

type invitedPrivate struct {
	Name string `json:"name"`
}

type enrolledEntry struct {
	Officer marz.OfficerID `json:"officer"`
	Role    marz.Role      `json:"role"`
	Method  string         `json:"method"`
	Code    string         `json:"code"` // the invitation that this uses up
}

type credentialPrivate struct {
	Credential string          `json:"credential"` // hex ID
	Record     json.RawMessage `json:"record"`     // package passkey's, whole
}

type officerEntry struct {
	Officer marz.OfficerID `json:"officer"`
}

type sessionEntry struct {
	Officer marz.OfficerID `json:"officer"`
	Session string         `json:"session"` // hex SHA-256 of the cookie
	Method  string         `json:"method,omitempty"`
	Why     string         `json:"why,omitempty"`
}

type refusedEntry struct {
	Officer marz.OfficerID `json:"officer"`
	Action  marz.Action    `json:"action"`
	Why     string         `json:"why"`
}

// readEntry names what was read by the journal and the entry that it is in, and never by the person.
type readEntry struct {
	Origin marz.Origin        `json:"origin"`
	Entry  marz.Seq           `json:"entry"`
	Reason string             `json:"reason"`
	Owners []marz.AuthorityID `json:"owners,omitempty"` // where the record is not the authority's own alone
	Fields []marz.Field       `json:"fields,omitempty"` // that were shown, likewise
}

type readPrivate struct {
	Note string `json:"note"`
}
