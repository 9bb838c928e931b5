package watchlist

import (
	"encoding/json"
	"slices"
	"strings"

	"marz"
	"marz/watchlist/number"
)

// maxWhy bounds the words that are kept of why an entity is listed.
const maxWhy = 400

// properties are those of one FollowTheMoney entity: each is a list of strings. Properties that are not asked for may
// hold anything, since nested exports put whole entities there.
type properties struct {
	raw map[string]json.RawMessage
	bad string // the first property asked for that is not a list of strings, or is one of too many
}

// get returns the values of a property, tidied, without empty ones.
func (p *properties) get(name string) []string {
	raw, ok := p.raw[name]
	if !ok {
		return nil
	}
	var values []string
	if err := json.Unmarshal(raw, &values); err != nil || len(values) > maxValues {
		if p.bad == "" {
			p.bad = name
		}
		return nil
	}
	out := values[:0]
	for _, v := range values {
		if v = tidy(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}

func (p *properties) first(name string) string {
	if v := p.get(name); len(v) > 0 {
		return v[0]
	}
	return ""
}

// alert makes an alert of an entity.
func (p *properties) alert(e *ftmEntity, kind Kind) Alert {
	a := Alert{ID: marz.AlertID(e.ID), Kind: kind, Why: p.why()}
	for _, b := range p.get("birthDate") {
		if b, ok := parseBirth(b); ok {
			a.Births = append(a.Births, b)
		}
	}
	a.Birthplaces = p.get("birthPlace")
	a.Addresses = p.get("address")
	_, texts := p.lives()
	for _, t := range texts {
		addTo(&a.Addresses, t)
	}
	if g := p.get("gender"); len(g) == 1 {
		a.Sex = sex(g[0])
	}
	for _, name := range []string{"nationality", "citizenship"} {
		for _, c := range p.get(name) {
			addNationality(&a, c)
		}
	}
	if len(a.Nationalities) == 0 && (kind == Person || kind == Organisation) {
		for _, c := range p.get("country") {
			addNationality(&a, c)
		}
	}
	p.numbers(&a)
	p.names(&a, tidy(e.Caption))
	return a
}

// lives returns the entities that are addresses of this one, and the addresses that a nested export has in their place.
func (p *properties) lives() (at, texts []string) {
	raw, ok := p.raw["addressEntity"]
	if !ok {
		return nil, nil
	}
	var values []json.RawMessage
	bad := json.Unmarshal(raw, &values) != nil || len(values) > maxValues
	for _, v := range values {
		var id string
		var e ftmEntity
		switch {
		case bad:
		case json.Unmarshal(v, &id) == nil:
			if id = tidy(id); id != "" {
				at = append(at, id)
			}
		case json.Unmarshal(v, &e) == nil:
			nested := properties{raw: e.Properties}
			texts = append(texts, nested.address())
			bad = nested.bad != ""
		default:
			bad = true
		}
	}
	if bad && p.bad == "" {
		p.bad = "addressEntity"
	}
	return at, texts
}

// address is the text of an entity that is an address.
func (p *properties) address() string {
	if full := p.first("full"); full != "" {
		return full
	}
	var parts []string
	for _, name := range []string{"remarks", "postOfficeBox", "street", "street2", "street3", "postalCode", "city", "place", "region", "state", "country"} {
		if v := p.first(name); v != "" {
			parts = append(parts, v)
		}
	}
	return strings.Join(parts, ", ")
}

// names puts the caption first where it is one of the names: it is the one that the publisher found best.
func (p *properties) names(a *Alert, caption string) {
	main := p.get("name")
	if i := slices.Index(main, caption); i > 0 {
		main[0], main[i] = main[i], main[0]
	}
	if len(main) == 0 {
		parts := slices.Concat(p.get("firstName"), p.get("secondName"), p.get("middleName"), p.get("fatherName"), p.get("lastName"))
		if len(parts) > 0 {
			main = []string{strings.Join(parts, " ")}
		} else if caption != "" {
			main = []string{caption}
		}
	}
	for i, n := range main {
		kind := Alias
		if i == 0 {
			kind = Primary
		} else if nativeScript(n) {
			kind = NativeScript
		}
		addName(a, n, kind)
	}
	for _, name := range []string{"alias", "previousName"} {
		for _, n := range p.get(name) {
			kind := Alias
			if nativeScript(n) {
				kind = NativeScript
			}
			addName(a, n, kind)
		}
	}
	for _, name := range []string{"weakAlias", "abbreviation"} {
		for _, n := range p.get(name) {
			addName(a, n, WeakAlias)
		}
	}
	if len(a.Names) == 0 && len(a.Vehicles) > 0 {
		addName(a, a.Vehicles[0].Number, Primary)
	}
}

// addName adds a name unless the alert has it already.
func addName(a *Alert, text string, kind NameKind) {
	if text != "" && !slices.ContainsFunc(a.Names, func(n Name) bool { return n.Text == text }) {
		a.Names = append(a.Names, Name{text, kind})
	}
}

// numbers reads the numbers of documents or of a means of transport.
func (p *properties) numbers(a *Alert) {
	from, into := ftmDocuments, &a.Documents
	if a.Kind == Vessel || a.Kind == Aircraft || a.Kind == Vehicle {
		from, into = ftmVehicles, &a.Vehicles
	}
	for _, d := range from {
		for _, v := range p.get(d.property) {
			n := Number{Number: v, Type: d.kind}
			if d.kind == "registration" {
				n.Country = country(p.first("country"))
			}
			addNumber(into, n)
		}
	}
}

// addNumber adds a number unless it is there already, and lets a known issuer replace an unknown one.
func addNumber(to *[]Number, n Number) {
	key := number.Normal(n.Number)
	if key == "" {
		return
	}
	for i, have := range *to {
		if number.Normal(have.Number) == key && (have.Country == n.Country || have.Country == "" || n.Country == "") {
			if have.Country == "" && n.Country != "" {
				(*to)[i] = n
			}
			return
		}
	}
	*to = append(*to, n)
}

// why says in words why an entity is listed.
func (p *properties) why() string {
	parts := slices.Concat(p.get("program"), p.get("notes"))
	if len(parts) == 0 {
		parts = p.get("summary")
	}
	if t := p.get("topics"); len(t) > 0 {
		parts = append([]string{"listed as " + strings.Join(t, ", ")}, parts...)
	}
	s := []rune(strings.Join(parts, "; "))
	if len(s) > maxWhy {
		s = append(s[:maxWhy], '…')
	}
	return string(s)
}
