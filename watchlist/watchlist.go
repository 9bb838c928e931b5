// Package watchlist holds lists of alerts and finds the alerts that a traveller, document or vehicle may be.
//
// It owns the alert and the list as types, the readers of the formats in which lists are published (OFAC's CSV set, the
// United Nations' and the European Union's XML, CSV of the Union, of the United Kingdom and of its own,
// FollowTheMoney JSON lines and OpenSanctions' deltas of them), the files into which lists are built and that are searched
// where they lie, with the changes between their versions, the index over the lists in force, and matching with its
// explanation. It knows nothing of posts, officers or decisions and can be used alone.
//
// It promises:
//   - a list is loaded whole or not at all; a broken file gives an error that names file and line;
//   - a query that bears one of an alert's own names, and nothing that speaks against it, always hits that alert;
//   - hits on one list do not depend on which other lists are loaded;
//   - the same lists and the same query give the same hits with the same scores;
//   - a file whose digests or bounds are wrong anywhere is not opened, and what is opened cannot lead a search astray;
//   - the same alerts give the same file;
//   - readers never wait for a refresh, and a failed refresh leaves the list in force as it was.
//
// A hit is a possible match with reasons. It is never a statement that two people are one.
package watchlist

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"marz"
)

// Kind says what an alert is about.
type Kind string

// The kinds of alert.
const (
	Person       Kind = "person"
	Organisation Kind = "organisation"
	Vessel       Kind = "vessel"
	Aircraft     Kind = "aircraft"
	Document     Kind = "document"
	Vehicle      Kind = "vehicle"
)

// NameKind says how good a name is.
type NameKind string

// The kinds of name. A weak alias is one that the list's owner calls low in quality or too common to search by: it
// matches, with a lower score.
const (
	Primary      NameKind = "primary"
	Alias        NameKind = "alias"
	WeakAlias    NameKind = "weak-alias"
	NativeScript NameKind = "native-script"
)

// Name is one name of an alert, as the list writes it.
type Name struct {
	Text string   `json:"text"`
	Kind NameKind `json:"kind"`
}

// Birth is a date of birth as lists give it: a date of which parts may be unknown, or a span of dates.
type Birth struct {
	From  marz.Date `json:"from"`
	To    marz.Date `json:"to,omitzero"`     // last day or year of a span; zero when From is the date itself
	Circa bool      `json:"circa,omitempty"` // the list says that it is approximate
}

// Number identifies a document or a vehicle: a passport, an identity card, a number plate, a tail number, an IMO number.
type Number struct {
	Number  string `json:"number"`
	Country string `json:"country,omitempty"` // ICAO 9303-3 §5 three-letter code of the issuer, or empty
	Type    string `json:"type"`              // in words, for example "passport" or "IMO number"
}

// Alert is an entry of a list about a person, organisation, document or means of transport.
type Alert struct {
	ID            marz.AlertID     `json:"id"` // as the list's owner numbers it, unique in the list
	Kind          Kind             `json:"kind"`
	Owner         marz.AuthorityID `json:"owner"`   // who answers for the alert
	Version       string           `json:"version"` // digest of the content: changes exactly when the alert does
	Names         []Name           `json:"names,omitempty"`
	Births        []Birth          `json:"births,omitempty"`
	Birthplaces   []string         `json:"birthplaces,omitempty"`   // to tell namesakes apart; matching does not use them
	Nationalities []string         `json:"nationalities,omitempty"` // ICAO 9303-3 §5 three-letter codes
	Sex           string           `json:"sex,omitempty"`           // "M", "F", "X", or empty when unknown
	Documents     []Number         `json:"documents,omitempty"`
	Vehicles      []Number         `json:"vehicles,omitempty"`
	Addresses     []string         `json:"addresses,omitempty"` // to tell namesakes apart; matching does not use them
	Why           string           `json:"why,omitempty"`       // programme or reason for listing
}

// name returns the name under which the alert is shown: its first, or its first number when it has no name.
func (a *Alert) name() string {
	switch {
	case len(a.Names) > 0:
		return a.Names[0].Text
	case len(a.Documents) > 0:
		return a.Documents[0].Number
	case len(a.Vehicles) > 0:
		return a.Vehicles[0].Number
	}
	return string(a.ID)
}

// Name returns the name under which the alert is shown.
func (a *Alert) Name() string { return a.name() }

// digest returns the version of the alert: 16 hex digits of the SHA-256 of its JSON without the version.
func (a Alert) digest() string {
	a.Version = ""
	b, err := json.Marshal(a)
	if err != nil {
		panic("watchlist: an alert is plain data and always has JSON: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// List is a set of alerts with an owner, a version and an age. A loaded list is never changed.
type List struct {
	ID      marz.ListID
	Name    string           // in words, for example "OFAC Specially Designated Nationals"
	Owner   marz.AuthorityID // who publishes it, for example "us-ofac"; need not be an authority at any post
	Version string           // from the content: the publisher's own, or a digest of the files
	Loaded  marz.Instant     // when it was brought to this node
	Alerts  []Alert
	Notes   []string // what the importer did not find or could not read, in words without personal data
}

// ListInfo describes a list in force.
type ListInfo struct {
	ID      marz.ListID
	Name    string
	Owner   marz.AuthorityID
	Version string
	Loaded  marz.Instant
	Alerts  int
	Notes   []string
}
