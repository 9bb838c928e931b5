// Package armenia is the scenario that Marz was built for, as data: the authorities, frontiers and posts of Armenia, the
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
	"fmt"
	"slices"
	_ "time/tzdata" // a post without a network may stand on a machine without zone files

	"github.com/BurntSushi/toml"

	"marz"
)

//go:generate go run ./gen -out lists/fictional.jsonl

var (
	//go:embed scenario.toml
	scenarioTOML []byte
	//go:embed agreements.toml
	agreementsTOML []byte
	//go:embed lists/fictional.jsonl
	fictionalJSONL []byte
)

// FictionalListID is the ID under which the fictional list is loaded.
const FictionalListID marz.ListID = "marz-fictional"

// Scenario is a set of authorities with the frontiers and posts between which they work.
type Scenario struct {
	Authorities []marz.Authority `toml:"authority"`
	Frontiers   []marz.Frontier  `toml:"frontier"`
	Posts       []marz.Post      `toml:"post"`
}

// Load returns the scenario. The embedded file is sound, so that an error means a broken build.
func Load() (*Scenario, error) { return parse("scenario.toml", scenarioTOML) }

// Agreements returns the agreements of the scenario as TOML. They are a reconstruction from public reports and not the
// text of any treaty. The caller owns the copy.
func Agreements() []byte { return slices.Clone(agreementsTOML) }

// FictionalList returns the alerts of the scenario as JSON lines in the form of OpenSanctions (FollowTheMoney entities of the schemas
// Person and Passport). Every person on it is fictional. The caller owns the copy.
func FictionalList() []byte { return slices.Clone(fictionalJSONL) }

// Authority returns the authority with the ID.
func (s *Scenario) Authority(id marz.AuthorityID) (marz.Authority, bool) {
	return find(s.Authorities, func(a marz.Authority) bool { return a.ID == id })
}

// Frontier returns the frontier with the ID.
func (s *Scenario) Frontier(id marz.FrontierID) (marz.Frontier, bool) {
	return find(s.Frontiers, func(f marz.Frontier) bool { return f.ID == id })
}

// Post returns the post with the ID.
func (s *Scenario) Post(id marz.PostID) (marz.Post, bool) {
	return find(s.Posts, func(p marz.Post) bool { return p.ID == id })
}

func find[T any](all []T, is func(T) bool) (T, bool) {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], true
	}
	var zero T
	return zero, false
}

// parse reads a scenario strictly: a key that is not known is refused, since a misspelt one would be silently lost.
func parse(name string, data []byte) (*Scenario, error) {
	var s Scenario
	meta, err := toml.Decode(string(data), &s)
	if err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: "load scenario", Subject: name, Fix: "correct the TOML", Err: err}
	}
	if keys := meta.Undecoded(); len(keys) > 0 {
		return nil, &marz.Error{Code: marz.Invalid, Op: "load scenario", Subject: name,
			Fix: fmt.Sprintf("the key %.60q is not known; correct or remove it", keys[0].String())}
	}
	if err := s.validate(); err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: "load scenario", Subject: name, Err: err}
	}
	return &s, nil
}
