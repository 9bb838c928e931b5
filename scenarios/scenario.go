// Package scenarios owns the form in which a deployment is written down: its authorities, blocs, frontiers, posts and sections, as TOML.
//
// It promises that a Scenario that Parse returns is consistent: every ID is valid and unique, every frontier that a post names
// exists, every zone can be loaded. What its agreements mean is the business of package agreement.
package scenarios

import (
	"fmt"
	"slices"
	_ "time/tzdata" // a post without a network may stand on a machine without zone files

	"github.com/BurntSushi/toml"

	"marz"
)

// Scenario is a set of authorities with the frontiers, posts and sections between which they work.
type Scenario struct {
	Authorities []marz.Authority `toml:"authority"`
	Frontiers   []marz.Frontier  `toml:"frontier"`
	Posts       []marz.Post      `toml:"post"`
	Sections    []marz.Section   `toml:"section"`
	Blocs       []marz.Bloc      `toml:"bloc"`
}

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

// Places returns all posts and sections as places.
func (s *Scenario) Places() []marz.Place {
	var out []marz.Place
	for _, p := range s.Posts {
		out = append(out, marz.Place{ID: p.ID.Place(), Kind: "post", Name: p.Name, State: p.State, Frontier: p.Frontier, Lat: p.Lat, Lon: p.Lon})
	}
	for _, c := range s.Sections {
		out = append(out, marz.Place{ID: c.ID, Kind: "section", Name: c.Name, State: c.State, Frontier: c.Frontier})
	}
	return out
}

// Kept returns the sections whose duty the post's node keeps.
func (s *Scenario) Kept(post marz.PostID) []marz.Section {
	var out []marz.Section
	for _, c := range s.Sections {
		if c.Post == post {
			out = append(out, c)
		}
	}
	return out
}

func find[T any](all []T, is func(T) bool) (T, bool) {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], true
	}
	var zero T
	return zero, false
}

// Parse reads a scenario strictly: a key that is not known is refused, since a misspelt one would be silently lost.
func Parse(name string, data []byte) (*Scenario, error) {
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
