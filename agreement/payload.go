package agreement

import (
	"encoding/json"
	"slices"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
	expast "github.com/cedar-policy/cedar-go/x/exp/ast"

	"marz"
)

// Copies is the word in what of a share that lets the records or incidents that stand beside it lie, whole, in the other authority's mirror.
const Copies = "copies"

// Payload is the private payload of an entry of a post's journal, as far as it matters to who may hold it.
type Payload struct {
	Post      marz.PlaceID // in whose journal the entry stands
	Kind      string       // the entry's, as all that follows
	Authority marz.AuthorityID
	At        marz.Instant
	Public    json.RawMessage
}

// copied are the kinds of entry whose payload a share with copies can open, with the word that has to stand beside it. Every other payload lies in mirrors of its own
// authority alone: docs/spec/entries.md says why, kind by kind.
var copied = map[string]string{
	"inspection.opened": "records",
	"decision.proposed": "records",
	"decision.objected": "records",
	"crossing.decided":  "records",
	"incident.recorded": "incidents",
}

// Copyable reports whether a share can open the payload of entries of a kind.
func Copyable(kind string) bool { return copied[kind] != "" }

// MayHold answers whether mirrors of an authority may hold a payload. Its own they may, without an article: what its entries hold, and the records that it owns with others. Another's
// they may by a share of copies that is in force at the instant of the entry, and not while an article with Cedar of its own forbids reading such data there, whatever it makes that hang on: a mirror
// has it whole. Who gives a payload away asks about the instant at which he does so as well.
func (r *Register) MayHold(mirror marz.AuthorityID, p Payload) (article marz.ArticleRef, ok bool) {
	owners := p.owners()
	if slices.Contains(owners, mirror) {
		return "", true
	}
	word, ok := copied[p.Kind]
	if !ok {
		return "", false
	}
	place := p.place()
	for _, c := range r.byPlace[place] {
		if c.Kind != Share || c.To != mirror || !slices.Contains(owners, c.Authority) || !slices.Contains(c.What, Copies) || !slices.Contains(c.What, word) {
			continue
		}
		if c.covers(p.At) && r.notInForce(c, r.standingAt(p.At)) == "" && !r.narrowed(place, mirror, shared[word], p.At) {
			return c.ref, true
		}
	}
	return "", false
}

// owners returns whose the payload is: those that a record names, or who made the entry.
func (p *Payload) owners() []marz.AuthorityID {
	if p.Kind == "inspection.opened" {
		var record struct {
			Owners []marz.AuthorityID `json:"owners"`
		}
		if json.Unmarshal(p.Public, &record) == nil && len(record.Owners) > 0 {
			return record.Owners
		}
	}
	return []marz.AuthorityID{p.Authority}
}

// place returns what articles call the place of the entry: an incident happened on a section that the post's node keeps.
func (p *Payload) place() marz.PlaceID {
	if copied[p.Kind] == "incidents" {
		var incident struct {
			Section marz.PlaceID `json:"section"`
		}
		if json.Unmarshal(p.Public, &incident) == nil {
			return incident.Section
		}
	}
	return p.Post
}

// narrowed reports whether Cedar in an article that binds the authority and is in force forbids an action there to some or all of its officers, of some or all data.
func (r *Register) narrowed(place marz.PlaceID, authority marz.AuthorityID, action marz.Action, at marz.Instant) bool {
	for _, p := range r.policiesAt(place).on(authority, action) {
		c := r.known.clauses[p.ref]
		if p.Effect() != cedar.Forbid || c == nil || !concerns((*expast.Policy)(p.AST()), authority, action) || !slices.Contains(c.agreement.Parties, authority) {
			continue
		}
		if c.covers(at) && r.notInForce(c, r.standingAt(at)) == "" {
			return true
		}
	}
	return false
}

// concerns reports whether the scope of a policy leaves neither the authority's officers nor the action out.
func concerns(p *expast.Policy, authority marz.AuthorityID, action marz.Action) bool {
	who, act := cedar.NewEntityUID(authorityType, types.String(authority)), types.String(action)
	if in, ok := p.Principal.(expast.ScopeTypeIn); ok && in.Entity.Type == authorityType && in.Entity != who {
		return false
	}
	switch s := p.Action.(type) {
	case expast.ScopeTypeEq:
		return s.Entity.ID == act
	case expast.ScopeTypeIn: // deciding is the one group
		return s.Entity.ID == act
	}
	return true
}

// Copied returns the articles by which mirrors of an authority hold copies of what is made at an instant, wherever that is, in order.
func (r *Register) Copied(mirror marz.AuthorityID, at marz.Instant) (out []marz.ArticleRef) {
	s := r.standingAt(at)
	for _, c := range r.clauses {
		if c.Kind == Share && c.To == mirror && slices.Contains(c.What, Copies) && c.covers(at) && r.notInForce(c, s) == "" {
			out = append(out, c.ref)
		}
	}
	return out
}
