package marz

// Section is a stretch of a frontier that is patrolled.
type Section struct {
	ID       PlaceID    `json:"id" toml:"id"`
	Name     string     `json:"name" toml:"name"`
	State    string     `json:"state" toml:"state"` // on whose side it is patrolled; ICAO three-letter code
	Frontier FrontierID `json:"frontier" toml:"frontier"`
	Post     PostID     `json:"post" toml:"post"`     // whose node keeps its duty rosters and incidents
	Length   float64    `json:"length" toml:"length"` // kilometres, approximate
	Source   string     `json:"source" toml:"source"` // where the facts come from
}

// Place is what the register knows of a post or a section.
type Place struct {
	ID       PlaceID    `json:"id"`
	Kind     string     `json:"kind"` // "post" or "section"
	Name     string     `json:"name"`
	State    string     `json:"state"` // the host: on whose territory it lies
	Frontier FrontierID `json:"frontier,omitempty"`
	Lat      float64    `json:"lat,omitempty"` // of a post: degrees north, WGS 84, approximate
	Lon      float64    `json:"lon,omitempty"` // of a post: degrees east, WGS 84, approximate
}

// BlocID names a bloc of states, for example "csto".
type BlocID string

// Bloc is a group of states of which one can be a member.
type Bloc struct {
	ID   BlocID `json:"id" toml:"id"`
	Name string `json:"name" toml:"name"`
}

// Validate reports whether the ID is well formed: 1 to 63 lower-case letters, digits and hyphens.
func (id BlocID) Validate() error { return validID("bloc", string(id)) }
