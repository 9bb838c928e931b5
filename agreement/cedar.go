package agreement

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/ast"
	"github.com/cedar-policy/cedar-go/types"
	expast "github.com/cedar-policy/cedar-go/x/exp/ast"
	"github.com/cedar-policy/cedar-go/x/exp/schema"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"

	"marz"
)

var (
	//go:embed marz.cedarschema
	schemaText string
	//go:embed base.cedar
	baseCedar string
)

// Schema returns the Cedar schema that all policies are held to.
func Schema() string { return schemaText }

// Rule is one of Marz's own rules, which stand above every article.
type Rule struct {
	Article marz.ArticleRef
	Reason  string
	Cedar   string
}

// Rules returns Marz's own rules.
func Rules() []Rule {
	var out []Rule
	for _, p := range base {
		out = append(out, Rule{p.ref, p.reason, string(p.MarshalCedar())})
	}
	return out
}

// policy is one Cedar policy with the article that it comes from.
type policy struct {
	*cedar.Policy
	id     cedar.PolicyID
	ref    marz.ArticleRef
	reason string // of a forbid, in words
}

var base = mustBase()

func mustBase() []*policy {
	list, err := cedar.NewPolicyListFromBytes("base.cedar", []byte(baseCedar))
	if err != nil {
		panic(err)
	}
	out := make([]*policy, len(list))
	for i, p := range list {
		out[i] = wrap(p, i)
	}
	return out
}

func wrap(p *cedar.Policy, i int) *policy {
	a := p.Annotations()
	ref := marz.ArticleRef(a["agreement"] + "/" + a["article"])
	return &policy{p, cedar.PolicyID(fmt.Sprintf("%s#%d", ref, i)), ref, string(a["reason"])}
}

var validator = sync.OnceValue(func() *validate.Validator {
	var s schema.Schema
	if err := s.UnmarshalCedar([]byte(schemaText)); err != nil {
		panic(err)
	}
	resolved, err := s.Resolve()
	if err != nil {
		panic(err)
	}
	return validate.New(resolved)
})

// validatePolicy holds a policy to the schema.
func validatePolicy(p *cedar.Policy, id string) error {
	return validator().Policy(id, (*expast.Policy)(p.AST()))
}

// everyAct are all actions that are known: what articles can give, and each decision.
var everyAct = func() []marz.Action {
	out := slices.Clone(givable)
	for _, d := range allDecisions {
		out = append(out, marz.ActOn(d))
	}
	return out
}()

var allDecisions = []marz.Decision{marz.Admit, marz.Refuse, marz.Refer, marz.Depart, marz.Hold}

// dataActions read or destroy what is about a person. An article gives them on its own authority's data alone; only share opens another's.
var dataActions = []marz.Action{marz.ActReadRecord, marz.ActReadHit, marz.ActReadIncident, marz.ActErase}

// placeActions are all others.
var placeActions = []marz.Action{marz.ActInspect, marz.ActDecide, marz.ActConcur, marz.ActAsylum, marz.ActSupervise, marz.ActRoster, marz.ActIncident,
	marz.ActReadJournal, marz.ActEnrol, marz.ActManageLists, marz.ActTransfer}

// givable are the powers that an article can list.
var givable = slices.Concat(placeActions, dataActions)

// shared are the actions that sharing something gives.
var shared = map[string]marz.Action{"records": marz.ActReadRecord, "hits": marz.ActReadHit, "incidents": marz.ActReadIncident}

// powers returns what an article gives the authority that it names: control all, joint all but what makes sense in control alone, serving and observing
// to look on unless the article says more.
func (a *Article) powers() []marz.Action {
	switch {
	case a.Kind == Control || a.Kind == Transfer:
		return givable
	case len(a.Powers) > 0: // without reading the journal nobody can sign in
		out := append(slices.Clone(a.Powers), marz.ActReadJournal)
		if a.Kind == Joint {
			out = append(out, marz.ActConcur)
		}
		slices.Sort(out)
		return slices.Compact(out)
	case a.Kind == Joint:
		return givable
	}
	return []marz.Action{marz.ActReadJournal}
}

// policies are those that can bear on one place, compiled when they are first asked for.
type policies struct {
	once   sync.Once
	all    []*policy
	byAuth map[marz.AuthorityID][]*policy // what can bear on its officers, in order: the base first, then control, then the order of articles
	byAct  sync.Map                       // act to []*policy: of these, what can bear on one action, narrowed to it, made when it is first asked for
	valid  func() error                   // holds all to the schema, once
}

func newPolicies() *policies {
	p := &policies{}
	p.valid = sync.OnceValue(func() error {
		var faults []error
		for _, one := range p.all {
			if err := validatePolicy(one.Policy, string(one.id)); err != nil {
				faults = append(faults, refuse(string(one.ref), "", "the policy does not fit the schema: "+oneLine(err.Error())))
			}
		}
		return join(faults)
	})
	return p
}

// act is an action of an authority's officers.
type act struct {
	authority marz.AuthorityID
	action    marz.Action
}

// on returns what can bear on an action of an authority's officers, in order.
func (p *policies) on(authority marz.AuthorityID, action marz.Action) []*policy {
	if !slices.Contains(everyAct, action) { // others are without number, and the same to every list
		action = ""
	}
	key := act{authority, action}
	if list, ok := p.byAct.Load(key); ok {
		return list.([]*policy)
	}
	var out []*policy
	for _, one := range p.byAuth[authority] {
		if narrow := one.narrow(action); narrow != nil {
			out = append(out, narrow)
		}
	}
	if _, known := p.byAuth[authority]; known {
		p.byAct.Store(key, out)
	}
	return out
}

// narrow returns the policy as it bears on one action, or nil if its scope leaves the action out. A list of actions becomes the one of them that is meant:
// Cedar is slow with lists.
func (p *policy) narrow(action marz.Action) *policy {
	set, ok := (*expast.Policy)(p.AST()).Action.(expast.ScopeTypeInSet)
	if !ok {
		return p
	}
	for _, uid := range set.Entities {
		tree := *(*expast.Policy)(p.AST())
		switch {
		case uid.ID == types.String(action):
			tree.Action = expast.ScopeTypeEq{Entity: uid}
		case uid.ID == types.String(marz.ActDecide) && slices.Contains(allDecisions, marz.Decision(action)):
			tree.Action = expast.ScopeTypeIn{Entity: uid}
		default:
			continue
		}
		return &policy{cedar.NewPolicyFromAST((*ast.Policy)(&tree)), p.id, p.ref, p.reason}
	}
	return nil
}

// policiesAt returns the policies of a place.
func (r *Register) policiesAt(place marz.PlaceID) *policies {
	p := r.compiled[place]
	if p == nil {
		return newPolicies()
	}
	p.once.Do(func() { r.compile(place, p) })
	return p
}

func (r *Register) compile(place marz.PlaceID, p *policies) {
	p.all = slices.Clone(base)
	p.byAuth = map[marz.AuthorityID][]*policy{}
	add := func(text string, who ...marz.AuthorityID) {
		list, err := cedar.NewPolicyListFromBytes("", []byte(text))
		if err != nil { // what check lets through compiles; a policy that does not gives nothing
			return
		}
		for _, one := range list {
			w := wrap(one, len(p.all))
			p.all = append(p.all, w)
			for _, a := range who {
				p.byAuth[a] = append(p.byAuth[a], w)
			}
		}
	}
	for _, a := range r.ground.Authorities {
		p.byAuth[a.ID] = slices.Clone(base)
	}
	for _, h := range r.control[place] {
		add(r.cedarOfHolding(place, h), h.Authority)
	}
	for _, c := range r.byPlace[place] {
		if c.Kind == Transfer {
			if c.partial() {
				add(r.cedarOfHolding(place, Holding{Authority: c.To, Article: c.ref}), c.To)
			}
			add(c.cedarOfPreparing(place), c.To)
		}
		if c.moves() {
			continue
		}
		for _, a := range c.receivers() {
			add(c.cedarFor(place, a), a)
		}
		if c.Cedar != "" {
			list, _ := c.ownPolicies(place)
			for i, one := range list {
				w := &policy{one, cedar.PolicyID(fmt.Sprintf("%s#own%d", c.ref, i)), c.ref, string(one.Annotations()["reason"])}
				p.all = append(p.all, w)
				for a := range p.byAuth {
					p.byAuth[a] = append(p.byAuth[a], w)
				}
			}
		}
	}
}

// receivers returns the authorities that get powers from the article.
func (c *clause) receivers() []marz.AuthorityID {
	switch c.Kind {
	case Joint:
		return c.Authorities
	case Share:
		return []marz.AuthorityID{c.To}
	case Serve, Observe:
		return []marz.AuthorityID{c.Authority}
	}
	return nil
}

// head writes the annotations that every policy has.
func head(ref marz.ArticleRef, kind Kind) string {
	agreement, article, _ := strings.Cut(string(ref), "/")
	return fmt.Sprintf("@agreement(%q)\n@article(%q)\n@kind(%q)\n", agreement, article, kind)
}

func actionList(actions []marz.Action) string {
	out := make([]string, len(actions))
	for i, a := range actions {
		out[i] = fmt.Sprintf("Action::%q", a)
	}
	return strings.Join(out, ", ")
}

// period writes the condition that an instant lies in a time.
func period(from, until marz.Instant) string {
	s := fmt.Sprintf("context.at >= datetime(%q)", from.String())
	if until != 0 {
		s += fmt.Sprintf(" && context.at < datetime(%q)", until.String())
	}
	return s
}

func (r *Register) cedarOfHolding(place marz.PlaceID, h Holding) string {
	kind := Control
	if c := r.known.clauses[h.Article]; c != nil {
		kind = c.Kind
	}
	return permit(head(h.Article, kind), h.Authority, place, givable, fmt.Sprintf("context.holds.contains(%q)", h.Article))
}

// preparing is what a transfer gives beforehand to who takes control: to prepare it with the other, to look on, and to have officers and lists ready.
var preparing = []marz.Action{marz.ActTransfer, marz.ActReadJournal, marz.ActEnrol, marz.ActManageLists}

// cedarOfPreparing gives it while the agreement holds, until the transfer has been carried out.
func (c *clause) cedarOfPreparing(place marz.PlaceID) string {
	when := fmt.Sprintf("!context.executed.contains(%q)", c.ref)
	if until := c.agreement.Until; until != 0 {
		when = fmt.Sprintf("context.at < datetime(%q) && ", until) + when
	}
	if from := c.agreement.From; from != 0 {
		when = fmt.Sprintf("context.at >= datetime(%q) && ", from) + when
	}
	return permit(head(c.ref, c.Kind), c.To, place, preparing, when)
}

// prepares reports whether a transfer gives the powers to prepare it at the instant.
func (r *Register) prepares(c *clause, place marz.PlaceID, at marz.Instant) bool {
	return c.Kind == Transfer && (c.agreement.From == 0 || at >= c.agreement.From) && (c.agreement.Until == 0 || at < c.agreement.Until) && !r.Executed(place, c.ref, at)
}

// permit writes what an article gives an authority: the acts, and the reading of what is its own.
func permit(head string, who marz.AuthorityID, place marz.PlaceID, actions []marz.Action, when string) string {
	acts := slices.DeleteFunc(slices.Clone(actions), func(a marz.Action) bool { return slices.Contains(dataActions, a) })
	data := slices.DeleteFunc(slices.Clone(actions), func(a marz.Action) bool { return !slices.Contains(dataActions, a) })
	var b strings.Builder
	if len(acts) > 0 {
		fmt.Fprintf(&b, "%spermit (\n  principal in Authority::%q,\n  action in [%s],\n  resource in Place::%q\n)\nwhen { %s };\n\n", head, who, actionList(acts), place, when)
	}
	if len(data) > 0 {
		fmt.Fprintf(&b, "%spermit (\n  principal in Authority::%q,\n  action in [%s],\n  resource in Place::%q\n)\nwhen { (resource is Place || resource.owners.contains(Authority::%q)) && %s };\n",
			head, who, actionList(data), place, who, when)
	}
	return b.String()
}

// cedarFor writes the policies of a clause that gives powers to an authority at a place.
func (c *clause) cedarFor(place marz.PlaceID, who marz.AuthorityID) string {
	if c.Kind != Share {
		return permit(head(c.ref, c.Kind), who, place, c.powers(), c.when())
	}
	return fmt.Sprintf("%spermit (\n  principal in Authority::%q,\n  action in [%s],\n  resource in Place::%q\n)\nwhen { %s && %s };\n",
		head(c.ref, c.Kind), who, actionList(c.opens()), place, c.data(), c.when())
}

// opens returns the actions that a clause of kind share gives.
func (c *clause) opens() []marz.Action {
	var out []marz.Action
	for _, w := range c.What {
		if action, ok := shared[w]; ok { // what lies in a mirror is no action of an officer
			out = append(out, action)
		}
	}
	return out
}

// data writes which data a clause of kind share opens, and what of them.
func (c *clause) data() string {
	s := fmt.Sprintf("resource is Record && resource.owners.contains(Authority::%q)", c.Authority)
	if len(c.Fields) > 0 {
		var quoted []string
		for _, f := range c.Fields {
			quoted = append(quoted, fmt.Sprintf("%q", f))
		}
		s += fmt.Sprintf(" && [%s, \"\"].contains(context.field)", strings.Join(quoted, ", "))
	}
	return s
}

// when writes the conditions under which a clause that does not move control is in force.
func (c *clause) when() string {
	s := period(c.from, c.until)
	s += fmt.Sprintf(" && !context.stopped.contains(%q) && !context.stopped.contains(%q)", c.agreement.ID, c.ref)
	for _, w := range c.while {
		s += fmt.Sprintf(" && context.members.contains(%q)", w)
	}
	if c.Fresh != 0 || len(c.while) > 0 {
		s += fmt.Sprintf(" && !context.stale.contains(%q)", c.ref)
	}
	return s
}

// CedarAt returns all policies that bear on a place, as text, Marz's own first.
func (r *Register) CedarAt(place marz.PlaceID) string {
	var b strings.Builder
	for _, p := range r.policiesAt(place).all {
		b.Write(p.MarshalCedar())
		b.WriteString("\n\n")
	}
	return b.String()
}

// CedarOf returns the policies of one article, as text.
func (r *Register) CedarOf(ref marz.ArticleRef) string {
	var b strings.Builder
	if c := r.known.clauses[ref]; c != nil {
		for _, place := range c.Where() {
			for _, p := range r.policiesAt(place).all {
				if p.ref == ref {
					b.Write(p.MarshalCedar())
					b.WriteString("\n\n")
				}
			}
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// Validate holds every policy that the register compiles to against the schema.
func (r *Register) Validate() error {
	var faults []error
	for place := range r.compiled {
		faults = append(faults, r.policiesAt(place).valid())
	}
	return join(faults)
}
