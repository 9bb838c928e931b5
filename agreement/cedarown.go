package agreement

import (
	"fmt"
	"strings"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/ast"
	"github.com/cedar-policy/cedar-go/types"
	expast "github.com/cedar-policy/cedar-go/x/exp/ast"

	"marz"
)

// ownPolicies returns the policies written in an article for a place, annotated with it and bound to its place and its time. What they allow is bound to
// the authorities that it gives powers to, and to data that the article is about; what they forbid, to the parties: an agreement binds nobody else.
// So they can never reach further than the article.
func (c *clause) ownPolicies(place marz.PlaceID) ([]*cedar.Policy, error) {
	list, err := cedar.NewPolicyListFromBytes("", []byte(c.Cedar))
	if err != nil {
		return nil, err
	}
	bound, err := c.bounds(place)
	if err != nil {
		return nil, err
	}
	for i, p := range list {
		tree := (*expast.Policy)(p.AST())
		tree.Annotate("agreement", types.String(c.agreement.ID)).Annotate("article", types.String(c.ID)).Annotate("kind", types.String(c.Kind))
		for _, node := range bound[p.Effect()] {
			tree.When(node)
		}
		list[i] = cedar.NewPolicyFromAST((*ast.Policy)(tree))
	}
	return list, nil
}

// bounds parses the conditions that every policy of an article has, by way of a policy that consists of them.
func (c *clause) bounds(place marz.PlaceID) (map[cedar.Effect][]expast.Node, error) {
	among := func(who []marz.AuthorityID) string {
		var out []string
		for _, a := range who {
			out = append(out, fmt.Sprintf("principal in Authority::%q", a))
		}
		return strings.Join(out, " || ")
	}
	where := fmt.Sprintf("resource in Place::%q && %s", place, c.when())
	acts := fmt.Sprintf("!(action in [%s]) || resource is Place || resource.owners.contains(principal.authority)", actionList(dataActions))
	if c.Kind == Share { // who shares needs nobody's permission, so that nothing but what he shares can be given
		acts = fmt.Sprintf("action in [%s] && %s", actionList(c.opens()), c.data())
	}
	out := map[cedar.Effect][]expast.Node{}
	for effect, texts := range map[cedar.Effect][]string{
		cedar.Permit: {where, among(c.receivers()), acts},
		cedar.Forbid: {where, among(c.agreement.Parties)},
	} {
		for _, text := range texts {
			var p cedar.Policy
			if err := p.UnmarshalCedar([]byte("permit (principal, action, resource) when { " + text + " };")); err != nil {
				return nil, err
			}
			out[effect] = append(out[effect], expast.NewNode((*expast.Policy)(p.AST()).Conditions[0].Body))
		}
	}
	return out, nil
}

// checkCedar holds the policies written in an article to Cedar's grammar and to the schema.
func (a *Article) checkCedar(ag *Agreement, _ *Ground) error {
	if a.Cedar == "" {
		return nil
	}
	if len(a.Cedar) > maxCedar {
		return refuse(ag.ID, a.ID, fmt.Sprintf("its Cedar has %d bytes; at most %d can be, so divide the article", len(a.Cedar), maxCedar))
	}
	c := clauseOf(ag, a)
	list, err := cedar.NewPolicyListFromBytes("cedar", []byte(a.Cedar))
	if err != nil {
		return refuse(ag.ID, a.ID, "its Cedar cannot be read: "+err.Error())
	}
	if len(list) == 0 {
		return refuse(ag.ID, a.ID, "its Cedar holds no policy")
	}
	for i, p := range list {
		for _, name := range []types.AnnotationKey{"agreement", "article", "kind"} {
			if _, ok := p.Annotations()[name]; ok {
				return refuse(ag.ID, a.ID, fmt.Sprintf("its Cedar sets @%s, which Marz sets; leave it out", name))
			}
		}
		if err := validatePolicy(p, fmt.Sprintf("%s#%d", c.ref, i)); err != nil {
			return refuse(ag.ID, a.ID, "its Cedar does not fit the schema: "+strings.ReplaceAll(err.Error(), "\n", "; "))
		}
	}
	for _, place := range a.Where() {
		if _, err := c.ownPolicies(place); err != nil {
			return refuse(ag.ID, a.ID, "its Cedar cannot be compiled: "+err.Error())
		}
	}
	return nil
}
