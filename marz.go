// Package marz is the vocabulary of Marz: the words of a border, as types with their invariants.
//
// It owns the meaning of the words and nothing else. It does no I/O, reads no clock, and imports no other package of
// the project, so every package may import it. Distinct things have distinct types: a PostID cannot be passed where an
// AuthorityID is meant, and an Instant is never a bare integer.
//
// The words are those of docs/ARCHITECTURE.md, "Words". No synonym is used anywhere in code, screens or documents.
package marz

import (
	"fmt"
	"regexp"
)

// AuthorityID names a body that may exercise border control, for example "am-bg".
type AuthorityID string

// PostID names a border crossing point, for example "agarak". Posts and sections share the namespace of places.
type PostID string

// PlaceID names a place: a post or a section.
type PlaceID string

// FrontierID names the boundary between two states, for example "am-ir".
type FrontierID string

// LaneID names a lane within its post, for example "1" or "bus-2".
type LaneID string

// OfficerID names an officer within the whole of a deployment. It begins with the officer's authority and a slash,
// for example "am-bg/0107". It is a service number, never a name, so that it may stand in public entries.
type OfficerID string

// Authority returns the authority under which the officer serves, which is the part before the slash.
func (o OfficerID) Authority() AuthorityID {
	for i := range len(o) {
		if o[i] == '/' {
			return AuthorityID(o[:i])
		}
	}
	return ""
}

// InspectionID names one inspection within its node.
type InspectionID string

// AlertID names an alert within its list.
type AlertID string

// ListID names a list, for example "ofac-sdn".
type ListID string

// Origin is the name of a node's journal. It is the first line of every head and never changes.
type Origin string

// Seq is the place of an entry in its journal, counted from 0. It equals the index of the entry's leaf in the tree.
type Seq int64

// Place returns the post as a place.
func (p PostID) Place() PlaceID { return PlaceID(p) }

var (
	idPattern      = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	officerPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}/[a-z0-9][a-z0-9-]{0,62}$`)
	originPattern  = regexp.MustCompile(`^[a-z0-9][a-z0-9./-]{0,253}$`)
)

// Validate reports whether the ID is well formed: 1 to 63 lower-case letters, digits and hyphens.
func (id AuthorityID) Validate() error { return validID("authority", string(id)) }

// Validate reports whether the ID is well formed: 1 to 63 lower-case letters, digits and hyphens.
func (id PlaceID) Validate() error { return validID("place", string(id)) }

// Validate reports whether the ID is well formed: 1 to 63 lower-case letters, digits and hyphens.
func (id PostID) Validate() error { return validID("post", string(id)) }

// Validate reports whether the ID is well formed: 1 to 63 lower-case letters, digits and hyphens.
func (id LaneID) Validate() error { return validID("lane", string(id)) }

// Validate reports whether the ID is well formed: an authority, a slash and a service number.
func (o OfficerID) Validate() error {
	if !officerPattern.MatchString(string(o)) {
		return &Error{Code: Invalid, Op: "officer id", Subject: fmt.Sprintf("%.40q", string(o)),
			Fix: "write it as authority/number, for example am-bg/0107"}
	}
	return nil
}

// Validate reports whether the origin can be the name of a journal: it stands in signed heads and in key names.
func (o Origin) Validate() error {
	if !originPattern.MatchString(string(o)) {
		return &Error{Code: Invalid, Op: "origin", Subject: fmt.Sprintf("%.60q", string(o)),
			Fix: "use lower-case letters, digits, dots, hyphens and slashes, for example armenia/agarak"}
	}
	return nil
}

func validID(what, id string) error {
	if !idPattern.MatchString(id) {
		return &Error{Code: Invalid, Op: what + " id", Subject: fmt.Sprintf("%.40q", id),
			Fix: "use 1 to 63 lower-case letters, digits and hyphens"}
	}
	return nil
}
