// Package agreement is the register: which agreements there are, what their articles give to whom, where and when, and so
// whether an officer may do a thing at a place at an instant, and which article says so.
//
// It owns the agreements' TOML form and the one question May. It promises: nothing is allowed by default; every allowance names
// its article; at any instant at most one authority controls a place, and once a place is controlled there is no gap. It does no I/O
// and reads no clock. What was recorded, and when, is the journal's business; a Register is made from what the journal holds.
package agreement

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"marz"
)

// Kind says what an article does.
type Kind string

// The kinds of article.
const (
	Control Kind = "control" // the authority controls the place
	Serve   Kind = "serve"   // the authority's officers serve there beside those in control
	Observe Kind = "observe" // the authority's officers look on
)

// Agreement is a signed instrument.
type Agreement struct {
	ID             string             `json:"id" toml:"id"`
	Title          string             `json:"title" toml:"title"`
	Parties        []marz.AuthorityID `json:"parties" toml:"parties"`
	Signed         marz.Date          `json:"signed" toml:"signed"`
	Source         string             `json:"source" toml:"source"`                 // where its wording comes from
	Reconstruction bool               `json:"reconstruction" toml:"reconstruction"` // not the text, but what was reported of it
	Articles       []Article          `json:"articles" toml:"article"`
}

// Article is one clause: it gives a power at a place from one instant until another.
type Article struct {
	ID        string           `json:"id" toml:"id"`
	Kind      Kind             `json:"kind" toml:"kind"`
	Authority marz.AuthorityID `json:"authority" toml:"authority"`
	Place     marz.PlaceID     `json:"place" toml:"place"`
	From      marz.Instant     `json:"from" toml:"from"`
	Until     marz.Instant     `json:"until,omitempty" toml:"until"`   // exclusive; none: for good
	Powers    []marz.Action    `json:"powers,omitempty" toml:"powers"` // of a serve article; none: the least
	Text      string           `json:"text" toml:"text"`
}

// holds reports whether the article is in force at the instant: from From, up to and without Until.
func (a *Article) holds(at marz.Instant) bool {
	return at >= a.From && (a.Until.IsZero() || at < a.Until)
}

// clause is an article with its reference.
type clause struct {
	Article
	ref marz.ArticleRef
}

// Register answers from a set of agreements. It does not change once made.
type Register struct {
	agreements []Agreement
	clauses    []clause // in order of agreements and articles
	control    map[marz.PlaceID][]clause
	policy     string
}

// New makes a register, or says which article contradicts what.
func New(agreements []Agreement) (*Register, error) {
	r := &Register{agreements: slices.Clone(agreements), control: map[marz.PlaceID][]clause{}}
	seen := map[string]bool{}
	for _, ag := range agreements {
		if err := ag.check(); err != nil {
			return nil, err
		}
		if seen[ag.ID] {
			return nil, refuse(ag.ID, "", "there is already an agreement of this name; give it another id")
		}
		seen[ag.ID] = true
		for _, a := range ag.Articles {
			c := clause{a, marz.ArticleRef(ag.ID + "/" + a.ID)}
			r.clauses = append(r.clauses, c)
			if a.Kind == Control {
				r.control[a.Place] = append(r.control[a.Place], c)
			}
		}
	}
	for _, cs := range r.control {
		if err := sortControl(cs); err != nil {
			return nil, err
		}
	}
	text, err := json.Marshal(r.agreements)
	if err != nil {
		return nil, &marz.Error{Op: "make register", Err: err}
	}
	sum := sha256.Sum256(text)
	r.policy = hex.EncodeToString(sum[:])
	return r, nil
}

// sortControl puts the control articles of one place in order of time and holds them to the law: one controller, no gap.
func sortControl(cs []clause) error {
	slices.SortFunc(cs, func(a, b clause) int { return int(max(-1, min(1, a.From-b.From))) })
	for i := 1; i < len(cs); i++ {
		before, c := cs[i-1], cs[i]
		if before.Until.IsZero() || c.From < before.Until {
			return refuse(string(c.ref), "", fmt.Sprintf("it gives control of %s to %s from %s, when %s still gives it to %s; end that article first",
				c.Place, c.Authority, c.From, before.ref, before.Authority))
		}
		if c.From > before.Until {
			return refuse(string(c.ref), "", fmt.Sprintf("nobody would control %s from %s, when %s ends, until %s; let this article begin when that one ends",
				c.Place, before.Until, before.ref, c.From))
		}
	}
	if last := cs[len(cs)-1]; !last.Until.IsZero() {
		return refuse(string(last.ref), "", fmt.Sprintf("nobody would control %s from %s on; leave the end open, or say who controls it then", last.Place, last.Until))
	}
	return nil
}

// Agreements returns what the register was made from.
func (r *Register) Agreements() []Agreement { return slices.Clone(r.agreements) }

// Policy is the hash of the rules in force, hex SHA-256 over the agreements in JSON. It stands on every entry.
func (r *Register) Policy() string { return r.policy }

// Holding is the control of a place by one authority for a time.
type Holding struct {
	Authority marz.AuthorityID
	Article   marz.ArticleRef
	From      marz.Instant
	Until     marz.Instant // exclusive; zero: no end is agreed
}

// ControlAt returns who controls the place at the instant. ok is false when nobody does.
func (r *Register) ControlAt(place marz.PlaceID, at marz.Instant) (h Holding, ok bool) {
	for _, c := range r.control[place] {
		if c.holds(at) {
			return Holding{c.Authority, c.ref, c.From, c.Until}, true
		}
	}
	return Holding{}, false
}

// Timeline returns who controls the place, in order of time.
func (r *Register) Timeline(place marz.PlaceID) []Holding {
	var out []Holding
	for _, c := range r.control[place] {
		out = append(out, Holding{c.Authority, c.ref, c.From, c.Until})
	}
	return out
}

// Question is what May is asked.
type Question struct {
	Officer marz.OfficerID
	Role    marz.Role
	Action  marz.Action
	Place   marz.PlaceID
	At      marz.Instant
}

// Answer says whether it is allowed, and by which article. When it is not, Reason says why in words for the officer, and Article names the one
// that stands against it, if one does.
type Answer struct {
	Allowed bool
	Article marz.ArticleRef
	Reason  string
}

// May answers the one question that stands before every act.
func (r *Register) May(q Question) Answer {
	authority := q.Officer.Authority()
	if !slices.Contains(rolePowers[q.Role], q.Action) {
		return Answer{Reason: fmt.Sprintf("the role %q does not include %q", q.Role, q.Action)}
	}
	for _, c := range r.clauses {
		if c.Place == q.Place && c.Authority == authority && c.holds(q.At) && slices.Contains(c.powers(), q.Action) {
			return Answer{Allowed: true, Article: c.ref}
		}
	}
	if h, ok := r.ControlAt(q.Place, q.At); ok {
		return Answer{Article: h.Article, Reason: fmt.Sprintf("%s is controlled by %s under %s, and no article gives %q there to %s now",
			q.Place, h.Authority, h.Article, q.Action, authority)}
	}
	return Answer{Reason: fmt.Sprintf("no article in force gives %q at %s to %s", q.Action, q.Place, authority)}
}

// Err returns the refusal as an error, or nil when it is allowed.
func (a Answer) Err(q Question) error {
	if a.Allowed {
		return nil
	}
	return &marz.Error{Code: marz.Forbidden, Op: string(q.Action), Subject: "at " + string(q.Place), Fix: a.Reason}
}

var allActions = []marz.Action{marz.ActInspect, marz.ActDecide, marz.ActSupervise, marz.ActReadRecord, marz.ActReadJournal,
	marz.ActEnrol, marz.ActErase, marz.ActManageLists}

var rolePowers = map[marz.Role][]marz.Action{
	marz.RoleOfficer:    {marz.ActInspect, marz.ActDecide, marz.ActReadRecord, marz.ActReadJournal},
	marz.RoleSupervisor: allActions,
}

// powers returns what an article gives: control gives all, serving and observing give to look on unless the article says more.
func (a *Article) powers() []marz.Action {
	switch {
	case a.Kind == Control:
		return allActions
	case a.Kind == Serve && len(a.Powers) > 0:
		return a.Powers
	}
	return []marz.Action{marz.ActReadJournal}
}
