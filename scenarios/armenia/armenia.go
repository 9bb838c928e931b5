// Package armenia is the scenario that Marz was built for, as data: the authorities, frontiers, posts and sections of Armenia, the
// agreements under which control of them moved, and a list of fictional alerts to try them with.
//
// It owns the files and the check that they are well formed. It promises that a Scenario that Load returns is consistent: every ID
// is valid and unique, every frontier that a post names exists, every zone can be loaded. What an agreement means is the
// business of package agreement, which reads the bytes of Agreements.
//
// Facts about places and agreements come from public reports and are no official statement of anybody; the files say for each
// where it comes from and what is assumed. The people on the list do not exist.
package armenia

import (
	_ "embed"
	"slices"

	"marz"
	"marz/scenarios"
)

//go:generate go run ./gen -out lists/fictional.jsonl

// The map is drawn anew by hand, since its input is not part of the project (see mapgen):
//
//	go run ./mapgen -out map.json FOLDER/countries-10m.json

var (
	//go:embed scenario.toml
	scenarioTOML []byte
	//go:embed agreements.toml
	agreementsTOML []byte
	//go:embed lists/fictional.jsonl
	fictionalJSONL []byte
	//go:embed map.json
	mapJSON []byte
)

// FictionalListID is the ID under which the fictional list is loaded.
const FictionalListID marz.ListID = "marz-fictional"

// Load returns the scenario. The embedded file is sound, so that an error means a broken build.
func Load() (*scenarios.Scenario, error) { return scenarios.Parse("scenario.toml", scenarioTOML) }

// Scenario returns the text that Load reads. The caller owns the copy.
func Scenario() []byte { return slices.Clone(scenarioTOML) }

// Agreements returns the agreements of the scenario as TOML. They are a reconstruction from public reports and not the
// text of any treaty. The caller owns the copy.
func Agreements() []byte { return slices.Clone(agreementsTOML) }

// FictionalList returns the alerts of the scenario as JSON lines in the form of OpenSanctions (FollowTheMoney entities of the schemas
// Person and Passport). Every person on it is fictional. The caller owns the copy.
func FictionalList() []byte { return slices.Clone(fictionalJSONL) }

// Map returns the schematic map of the scenario's states, frontiers and sections, as web.ParseMap reads it. The caller owns the copy.
func Map() []byte { return slices.Clone(mapJSON) }
