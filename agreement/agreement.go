// Package agreement is the register: which agreements there are, what their articles give to whom, where and when, and so
// whether an officer may do a thing at a place at an instant, and which article says so.
//
// It owns the agreements' TOML form, their signatures, what the parties state about their standing, and the one question May, which is
// answered by Cedar policies that the articles compile to. It promises: nothing is allowed by default; every allowance names its
// article; at any instant at most one authority controls a place, and once a place is controlled there is no gap. It does no I/O and
// reads no clock. What was recorded, and when, is the journal's business: a History folds what the journal holds, and a Register is
// what follows from it.
package agreement

import (
	"fmt"
	"slices"
	"time"

	"marz"
)

// Kind says what an article does.
type Kind string

// The kinds of article.
const (
	Control    Kind = "control"    // the authority controls the place
	Serve      Kind = "serve"      // the authority's officers serve there beside those in control, with the powers listed
	Joint      Kind = "joint"      // several authorities serve there together; some decisions need the other's concurrence
	Share      Kind = "share"      // the authority's records, hits or incidents are open to others
	Transfer   Kind = "transfer"   // control passes from the authority to another
	Observe    Kind = "observe"    // the authority's officers look on
	Obligation Kind = "obligation" // somebody owes something
)

var kinds = []Kind{Control, Serve, Joint, Share, Transfer, Observe, Obligation}

// Agreement is a signed instrument.
type Agreement struct {
	ID             string             `json:"id" toml:"id"`
	Title          string             `json:"title" toml:"title"`
	Parties        []marz.AuthorityID `json:"parties" toml:"parties"`
	Signed         marz.Date          `json:"signed" toml:"signed"`
	From           marz.Instant       `json:"from,omitempty" toml:"from"`   // articles hold from here, unless they say later
	Until          marz.Instant       `json:"until,omitempty" toml:"until"` // exclusive; articles hold until here, unless they say earlier
	While          []Condition        `json:"while,omitempty" toml:"while"`
	Source         string             `json:"source" toml:"source"`                 // where its wording comes from
	Reconstruction bool               `json:"reconstruction" toml:"reconstruction"` // not the text, but what was reported of it
	Articles       []Article          `json:"articles" toml:"article"`
}

// Article is one clause: it gives, limits or moves a power, or owes something. Which fields an article of a kind has is in docs/agreements.md.
type Article struct {
	ID          string             `json:"id" toml:"id"`
	Kind        Kind               `json:"kind" toml:"kind"`
	Authority   marz.AuthorityID   `json:"authority,omitempty" toml:"authority"`     // whose power; of share, whose data; of transfer, who gives control up
	Authorities []marz.AuthorityID `json:"authorities,omitempty" toml:"authorities"` // of joint
	To          marz.AuthorityID   `json:"to,omitempty" toml:"to"`                   // of share, who sees; of transfer, who takes control
	Place       marz.PlaceID       `json:"place,omitempty" toml:"place"`
	Places      []marz.PlaceID     `json:"places,omitempty" toml:"places"` // instead of place, where there are several
	From        marz.Instant       `json:"from,omitempty" toml:"from"`
	Until       marz.Instant       `json:"until,omitempty" toml:"until"`           // exclusive; none: for good
	At          marz.Instant       `json:"at,omitempty" toml:"at"`                 // of transfer: the instant
	By          marz.Instant       `json:"by,omitempty" toml:"by"`                 // of transfer, instead of at: the deadline
	Lanes       []marz.LaneID      `json:"lanes,omitempty" toml:"lanes"`           // of transfer: only these lanes pass
	Flow        string             `json:"flow,omitempty" toml:"flow"`             // of transfer: only the lanes of this flow pass
	Clock       string             `json:"clock,omitempty" toml:"clock"`           // of transfer: what is waited for when the clock is in doubt: "sources" (none: that), or "commanders"
	Unilateral  Duration           `json:"unilateral,omitempty" toml:"unilateral"` // of transfer: so long after its instant the one who takes control may arm alone; none: never
	Destroy     []string           `json:"destroy,omitempty" toml:"destroy"`       // of transfer: what of the outgoing authority's is destroyed here: "lists", "hits"; none: both
	Powers      []marz.Action      `json:"powers,omitempty" toml:"powers"`         // of serve and joint
	Decisions   []marz.Decision    `json:"decisions,omitempty" toml:"decisions"`   // of joint: those that need concurrence
	First       string             `json:"first,omitempty" toml:"first"`           // of joint: the side that goes first: "exit", or an authority
	What        []string           `json:"what,omitempty" toml:"what"`             // of share: "records", "hits", "incidents", and "copies" of them
	Fields      []marz.Field       `json:"fields,omitempty" toml:"fields"`         // of share: what of them; none: all
	Fresh       Duration           `json:"fresh,omitempty" toml:"fresh"`           // it holds only while every party's word on it is newer
	While       []Condition        `json:"while,omitempty" toml:"while"`
	Owes        string             `json:"owes,omitempty" toml:"owes"`         // of obligation: an authority, a state or a bloc
	Owed        string             `json:"owed,omitempty" toml:"owed"`         // of obligation: to whom
	Due         marz.Instant       `json:"due,omitempty" toml:"due"`           // of obligation: by when
	Entitles    string             `json:"entitles,omitempty" toml:"entitles"` // of obligation: what the other side may do when it is not met
	Cedar       string             `json:"cedar,omitempty" toml:"cedar"`       // policies of its own
	Text        string             `json:"text" toml:"text"`
}

// Condition is a membership on which articles depend: the state is an active member of the bloc.
type Condition struct {
	State string      `json:"state" toml:"state"` // ICAO three-letter code
	Bloc  marz.BlocID `json:"bloc" toml:"bloc"`
}

// String returns the condition as context.members of a policy holds it.
func (c Condition) String() string { return c.State + "/" + string(c.Bloc) }

// Duration is a time.Duration written as Go writes it, for example "72h".
type Duration time.Duration

// MarshalText writes the duration; none is empty.
func (d Duration) MarshalText() ([]byte, error) {
	if d == 0 {
		return nil, nil
	}
	return []byte(time.Duration(d).String()), nil
}

// UnmarshalText reads a duration above zero; empty text is none.
func (d *Duration) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = 0
		return nil
	}
	v, err := time.ParseDuration(string(b))
	if err != nil || v <= 0 {
		return &marz.Error{Code: marz.Invalid, Op: "duration", Subject: fmt.Sprintf("%.20q", b), Fix: `write hours or minutes, for example "72h"`}
	}
	*d = Duration(v)
	return nil
}

// Where returns the places of the article.
func (a *Article) Where() []marz.PlaceID {
	if a.Place != "" {
		return []marz.PlaceID{a.Place}
	}
	return a.Places
}

// Who returns the authorities that the article gives powers to or takes them from.
func (a *Article) Who() []marz.AuthorityID {
	out := slices.Clone(a.Authorities)
	for _, id := range []marz.AuthorityID{a.Authority, a.To} {
		if id != "" {
			out = append(out, id)
		}
	}
	return out
}

// clause is an article with its reference and the time for which it holds by itself.
type clause struct {
	*Article
	agreement   *Agreement
	ref         marz.ArticleRef
	from, until marz.Instant // until: exclusive, 0 for good
	while       []Condition
}

// clauseOf bounds an article by its agreement's period.
func clauseOf(ag *Agreement, a *Article) clause {
	c := clause{Article: a, agreement: ag, ref: marz.ArticleRef(ag.ID + "/" + a.ID), from: later(a.From, ag.From), until: a.Until}
	switch {
	case a.At != 0:
		c.from = a.At
	case a.By != 0:
		c.from = a.By
	}
	if ag.Until != 0 && (c.until == 0 || ag.Until < c.until) {
		c.until = ag.Until
	}
	if c.while = ag.While; len(a.While) > 0 {
		c.while = slices.Concat(ag.While, a.While)
	}
	return c
}

// later returns the later of two instants, either of which can be none. Instants before 1970 are below none, so max does not do.
func later(a, b marz.Instant) marz.Instant {
	switch {
	case a == 0:
		return b
	case b == 0:
		return a
	}
	return max(a, b)
}

// covers reports whether the instant lies in the article's own time: from its beginning, up to and without its end.
func (c *clause) covers(at marz.Instant) bool {
	return (c.from == 0 || at >= c.from) && (c.until == 0 || at < c.until)
}

// moves reports whether the clause says who controls. Such a clause is moved by a transfer alone: no statement and no
// membership touches it, since a place would be left without a controller.
func (c *clause) moves() bool { return c.Kind == Control || c.Kind == Transfer }
