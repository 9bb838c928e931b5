package agreement

import (
	"fmt"
	"iter"
	"slices"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"

	"marz"
)

// Question is what May is asked.
type Question struct {
	Officer marz.OfficerID
	Role    marz.Role
	Action  marz.Action
	Place   marz.PlaceID
	Lane    marz.LaneID // where the act is about one, so that what passed with a part of the place counts; none: the place as a whole
	At      marz.Instant
	Record  *Record    // what is kept about a person or an incident, where the act is about that; nil: the place
	Field   marz.Field // what of the record; none: any of it
}

// Record is what May needs to know of a record, hit or incident.
type Record struct {
	Kind        string             // "record", "hit" or "incident"
	Owners      []marz.AuthorityID // whose it is
	Nationality string             // the traveller's, ICAO code; "" when it is unknown
	Asylum      bool               // it was asked for
}

// Answer says whether it is allowed, and by which article. When it is not, Reason says why in words for the officer, and Article names the one
// that stands against it, if one does.
type Answer struct {
	Allowed bool
	Article marz.ArticleRef
	All     []marz.ArticleRef // every article that allows it, Article first; none when it is not allowed
	Reason  string
}

// Err returns the refusal as an error, or nil when it is allowed.
func (a Answer) Err(q Question) error {
	if a.Allowed {
		return nil
	}
	return &marz.Error{Code: marz.Forbidden, Op: string(q.Action), Subject: "at " + string(q.Place), Fix: a.Reason}
}

// May answers the one question that stands before every act.
func (r *Register) May(q Question) Answer {
	authority := q.Officer.Authority()
	known, ok := r.known.cast.authorities[authority]
	if !ok {
		return Answer{Reason: fmt.Sprintf("the authority %.40q is not known to the register", authority)}
	}
	request, entities := r.request(q, known)
	policies := sequence(r.policiesAt(q.Place).on(authority, q.Action))
	decision, diagnostic := cedar.Authorize(policies, entities, request)
	var a Answer
	for _, why := range diagnostic.Reasons {
		p := policies.of(why.PolicyID)
		if decision == cedar.Deny {
			return Answer{Article: p.ref, Reason: forbidden(p)}
		}
		if !slices.Contains(a.All, p.ref) {
			a.All = append(a.All, p.ref)
		}
	}
	if decision == cedar.Allow {
		a.Allowed, a.Article = true, a.All[0]
		return a
	}
	return r.denied(q, authority)
}

func forbidden(p *policy) string {
	if p.reason != "" {
		return fmt.Sprintf("%s (%s)", p.reason, p.ref)
	}
	return fmt.Sprintf("%s forbids it", p.ref)
}

// denied says why no article allows it: what would, if it were in force; or who controls the place.
func (r *Register) denied(q Question, authority marz.AuthorityID) Answer {
	s := r.standingAt(q.At)
	for _, c := range r.byPlace[q.Place] {
		if c.moves() || !c.covers(q.At) || !slices.Contains(c.receivers(), authority) || !c.gives(q) {
			continue
		}
		if why := r.notInForce(c, s); why != "" {
			return Answer{Article: c.ref, Reason: fmt.Sprintf("%s would allow it, but %s", c.ref, why)}
		}
	}
	owned := q.Record != nil && slices.Contains(dataActions, q.Action) && !slices.Contains(q.Record.Owners, authority)
	h, ok := r.Holder(q.Place, q.Lane, q.At)
	switch {
	case owned:
		return Answer{Article: h.Article, Reason: fmt.Sprintf("it belongs to %s, and no article in force shares it with %s", names(q.Record.Owners), authority)}
	case ok:
		where := string(q.Place)
		if q.Lane != "" {
			where = fmt.Sprintf("lane %.40s of %s", q.Lane, q.Place)
		}
		return Answer{Article: h.Article, Reason: fmt.Sprintf("%s is controlled by %s under %s, and no article gives %q there to %s now",
			where, h.Authority, h.Article, q.Action, authority)}
	}
	return Answer{Reason: fmt.Sprintf("no article in force gives %q at %s to %s", q.Action, q.Place, authority)}
}

// gives reports whether a clause is about what is asked, in force or not.
func (c *clause) gives(q Question) bool {
	if c.Kind == Share {
		for _, w := range c.What {
			if shared[w] == q.Action && q.Record != nil && slices.Contains(q.Record.Owners, c.Authority) {
				return len(c.Fields) == 0 || q.Field == "" || slices.Contains(c.Fields, q.Field)
			}
		}
		return false
	}
	if slices.Contains(c.powers(), q.Action) {
		return q.Record == nil || !slices.Contains(dataActions, q.Action) || slices.Contains(q.Record.Owners, q.Officer.Authority())
	}
	return slices.Contains(allDecisions, marz.Decision(q.Action)) && slices.Contains(c.powers(), marz.ActDecide)
}

func names(ids []marz.AuthorityID) string {
	s := ""
	for i, id := range ids {
		if i > 0 {
			s += " and "
		}
		s += string(id)
	}
	return s
}

// sequence gives policies in their order, so that the first article that allows is always the same.
type sequence []*policy

// All implements cedar.PolicyIterator.
func (s sequence) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for _, p := range s {
			if !yield(p.id, p.Policy) {
				return
			}
		}
	}
}

func (s sequence) of(id cedar.PolicyID) *policy {
	return s[slices.IndexFunc(s, func(p *policy) bool { return p.id == id })]
}

var (
	authorityType = cedar.EntityType("Authority")
	officerType   = cedar.EntityType("Officer")
	placeType     = cedar.EntityType("Place")
	recordType    = cedar.EntityType("Record")
	actionType    = cedar.EntityType("Action")
	asked         = types.String("asked") // the id of the record that a question is about: which one does not matter
)

// cast are the entities of the ground in Cedar's terms. They are the same for every question, and do not change.
type cast struct {
	authorities map[marz.AuthorityID]marz.Authority
	parents     map[marz.AuthorityID]types.EntityUIDSet
	officers    map[officer]types.Record
	places      map[marz.PlaceID]scene
}

// officer is what Cedar knows of one.
type officer struct {
	authority marz.AuthorityID
	role      marz.Role
}

// scene is a place, and it as the parent of a record.
type scene struct {
	cedar.Entity
	host types.String
	self types.EntityUIDSet
}

func newCast(g *Ground) *cast {
	c := &cast{map[marz.AuthorityID]marz.Authority{}, map[marz.AuthorityID]types.EntityUIDSet{}, map[officer]types.Record{}, map[marz.PlaceID]scene{}}
	for _, a := range g.Authorities {
		c.authorities[a.ID] = a
		c.parents[a.ID] = cedar.NewEntityUIDSet(cedar.NewEntityUID(authorityType, types.String(a.ID)))
		for _, role := range []marz.Role{marz.RoleOfficer, marz.RoleSupervisor, marz.RoleProgram} {
			c.officers[officer{a.ID, role}] = attributes(a, role)
		}
	}
	for _, p := range g.Places {
		c.places[p.ID] = newScene(p)
	}
	return c
}

func newScene(p marz.Place) scene {
	uid, host := cedar.NewEntityUID(placeType, types.String(p.ID)), types.String(p.State)
	return scene{cedar.Entity{UID: uid, Attributes: cedar.NewRecord(cedar.RecordMap{"host": host})}, host, cedar.NewEntityUIDSet(uid)}
}

// attributes are what policies can ask about an officer.
func attributes(a marz.Authority, role marz.Role) types.Record {
	return cedar.NewRecord(cedar.RecordMap{"authority": cedar.NewEntityUID(authorityType, types.String(a.ID)), "role": types.String(role), "state": types.String(a.State)})
}

// request puts a question into Cedar's terms.
func (r *Register) request(q Question, by marz.Authority) (cedar.Request, entities) {
	c := r.known.cast
	who, ok := c.officers[officer{by.ID, q.Role}]
	if !ok {
		who = attributes(by, q.Role)
	}
	place, ok := c.places[q.Place]
	if !ok {
		place = newScene(marz.Place{ID: q.Place})
	}
	e := entities{
		officer:  cedar.Entity{UID: cedar.NewEntityUID(officerType, types.String(q.Officer)), Parents: c.parents[by.ID], Attributes: who},
		resource: place.Entity,
	}
	if q.Record != nil {
		owners := make([]types.Value, len(q.Record.Owners))
		for i, o := range q.Record.Owners {
			owners[i] = cedar.NewEntityUID(authorityType, types.String(o))
		}
		e.resource = cedar.Entity{UID: cedar.NewEntityUID(recordType, asked), Parents: place.self, Attributes: cedar.NewRecord(cedar.RecordMap{
			"kind": types.String(q.Record.Kind), "owners": cedar.NewSet(owners...), "host": place.host,
			"nationality": types.String(q.Record.Nationality), "asylum": types.Boolean(q.Record.Asylum)})}
	}
	list, i := r.tenureAt(q.Place, q.At)
	now := &list[i]
	held, ok := now.part(q.Lane)
	s := r.standingAt(q.At)
	return cedar.Request{Principal: e.officer.UID, Action: cedar.NewEntityUID(actionType, types.String(q.Action)), Resource: e.resource.UID,
		Context: cedar.NewRecord(cedar.RecordMap{"at": types.NewDatetimeFromMillis(int64(q.At)), "controls": types.Boolean(ok && held.Authority == by.ID),
			"holds": now.holds(q.Action, q.Lane), "executed": now.done,
			"members": s.members, "stopped": s.stopped, "stale": s.stale, "field": types.String(q.Field)})}, e
}

// entities are the two that a question is about. Authorities, places and actions have nothing that a policy could ask, but that decisions are a group.
type entities struct{ officer, resource cedar.Entity }

// Get implements types.EntityGetter.
func (e entities) Get(uid cedar.EntityUID) (cedar.Entity, bool) {
	switch {
	case uid == e.officer.UID:
		return e.officer, true
	case uid == e.resource.UID:
		return e.resource, true
	case uid.Type == actionType && slices.Contains(allDecisions, marz.Decision(uid.ID)):
		return cedar.Entity{UID: uid, Parents: deciding}, true
	}
	return cedar.Entity{}, false
}

var deciding = cedar.NewEntityUIDSet(cedar.NewEntityUID(actionType, types.String(marz.ActDecide)))

// Fields returns what of a record an officer may read, and the articles that say so, each once.
func (r *Register) Fields(q Question) (fields []marz.Field, articles []marz.ArticleRef) {
	for _, f := range marz.Fields() {
		q.Field = f
		if a := r.May(q); a.Allowed {
			fields = append(fields, f)
			if !slices.Contains(articles, a.Article) {
				articles = append(articles, a.Article)
			}
		}
	}
	return fields, articles
}
