package marz

// Authority is a body that may exercise border control. Its keys are kept by the node, not here.
type Authority struct {
	ID    AuthorityID `json:"id" toml:"id"`
	State string      `json:"state" toml:"state"` // ICAO 9303-3 §5 three-letter code, for example "ARM"
	Name  string      `json:"name" toml:"name"`
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

// The actions that can be asked about.
const (
	ActInspect     Action = "inspect"      // scan a traveller's document and see the verdict
	ActDecide      Action = "decide"       // decide about a traveller
	ActSupervise   Action = "supervise"    // open and close lanes, see all lanes live
	ActReadRecord  Action = "read-record"  // read the personal data of a crossing
	ActReadJournal Action = "read-journal" // read public entries, heads and proofs
	ActEnrol       Action = "enrol"        // enrol officers
	ActErase       Action = "erase"        // erase a private payload
	ActManageLists Action = "manage-lists" // load lists
)

// Role is what an officer is trusted with inside his authority. It narrows what articles give, and never widens it.
type Role string

// The roles.
const (
	RoleOfficer    Role = "officer"
	RoleSupervisor Role = "supervisor"
)
