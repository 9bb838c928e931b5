package marz

// Authority is a body that may exercise border control.
type Authority struct {
	ID    AuthorityID `json:"id" toml:"id"`
	State string      `json:"state" toml:"state"` // ICAO 9303-3 §5 three-letter code, for example "ARM"
	Name  string      `json:"name" toml:"name"`
	Key   string      `json:"key,omitempty" toml:"key"` // the verifier key of what it signs, as C2SP signed-note has it; its secret half is the authority's own
}

// Frontier is the boundary between two states.
type Frontier struct {
	ID     FrontierID `json:"id" toml:"id"`
	States [2]string  `json:"states" toml:"states"` // ICAO three-letter codes
	Name   string     `json:"name" toml:"name"`
}

// Post is a border crossing point on a frontier, or an airport.
type Post struct {
	ID       PostID     `json:"id" toml:"id"`
	Name     string     `json:"name" toml:"name"`
	State    string     `json:"state" toml:"state"`                 // the state whose territory it stands on
	Frontier FrontierID `json:"frontier,omitempty" toml:"frontier"` // empty for an airport
	Kind     string     `json:"kind" toml:"kind"`                   // "road", "rail" or "air"
	Lat      float64    `json:"lat" toml:"lat"`                     // degrees north, WGS 84, approximate
	Lon      float64    `json:"lon" toml:"lon"`                     // degrees east, WGS 84, approximate
	Zone     string     `json:"zone" toml:"zone"`                   // IANA time zone, for example "Asia/Yerevan"
	Source   string     `json:"source" toml:"source"`               // where the facts come from
	Lanes    []Lane     `json:"lanes,omitempty" toml:"lane"`        //
}

// Lane is one place at a post where travellers are inspected, in one direction.
type Lane struct {
	ID        LaneID    `json:"id" toml:"id"`
	Direction Direction `json:"direction" toml:"direction"`
	Flow      string    `json:"flow" toml:"flow"` // "persons" or "trucks"
}

// ArticleRef names one article of one agreement, written "agreement/article", for example "am-ru-2024-agarak/2".
type ArticleRef string

// Action is a thing that an officer may do because an article says so.
type Action string

// The actions that can be asked about. ActDecide is the group of ActOn of every decision.
const (
	ActInspect      Action = "inspect"       // scan a traveller's document and see the verdict
	ActDecide       Action = "decide"        // decide about a traveller
	ActConcur       Action = "concur"        // concur in another authority's decision, or refuse to
	ActAsylum       Action = "take-asylum"   // take up a case in which asylum was asked for
	ActSupervise    Action = "supervise"     // open and close lanes, see all lanes live
	ActRoster       Action = "roster"        // put officers on duty on a section
	ActIncident     Action = "incident"      // record an incident on the line
	ActReadRecord   Action = "read-record"   // read the personal data of a crossing
	ActReadHit      Action = "read-hit"      // read the content of a hit
	ActReadIncident Action = "read-incident" // read the note of an incident
	ActReadJournal  Action = "read-journal"  // read public entries, heads and proofs
	ActEnrol        Action = "enrol"         // enrol officers
	ActErase        Action = "erase"         // erase a private payload
	ActManageLists  Action = "manage-lists"  // load lists
	ActTransfer     Action = "transfer"      // prepare, arm, postpone or cancel a transfer of control
)

// ActOn returns the action of making one decision, for example Action "hold". It is in the group ActDecide.
func ActOn(d Decision) Action { return Action(d) }

// Field is a part of what is known of a person or an incident, by which articles share.
type Field string

// The fields.
const (
	FieldIdentity Field = "identity" // name, birth date, sex, nationality
	FieldDocument Field = "document" // kind, issuer, number, expiry, the zone's lines
	FieldFindings Field = "findings" // reasons of the checks, stay
	FieldHits     Field = "hits"     // list, alert, name, why, reasons
	FieldNote     Field = "note"     // what an officer wrote
)

// Fields returns all fields in the order in which screens show them.
func Fields() []Field {
	return []Field{FieldIdentity, FieldDocument, FieldFindings, FieldHits, FieldNote}
}

// Role is what an officer is trusted with inside his authority. It narrows what articles give, and never widens it.
type Role string

// The roles. A program is accepted by a supervisor to ask for things; it can read and load lists, and whatever else an article gives it cannot (marz/programs): no machine decides.
const (
	RoleOfficer    Role = "officer"
	RoleSupervisor Role = "supervisor"
	RoleProgram    Role = "program"
)
