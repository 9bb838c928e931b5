package watchlist

import (
	"encoding/xml"
	"fmt"
	"strings"

	"marz"
	"marz/watchlist/number"
)

const maxUNVersion = 64 // bytes of a dateGenerated that is taken for a version

// unReader builds a list from the United Nations' consolidated XML. What is left out of an entry: titles, comments, the days of its changes, and when and in which town a document was issued.
type unReader struct {
	*xmlFile
	*gathered
	numberless int // documents
}

// un reads the consolidated list.
func (in source) un(name string) (*List, error) {
	b, err := in.read(name)
	if err != nil {
		return nil, err
	}
	r := &unReader{xmlFile: in.xmlFile(name, b), gathered: newGathered(&List{ID: "un-sc", Name: "United Nations Security Council Consolidated List", Owner: "un-sc"})}
	version := ""
	rooted := func(e xml.StartElement) { version = attribute(e, "dateGenerated") }
	if err := r.entries("CONSOLIDATED_LIST", rooted, []string{"INDIVIDUAL", "ENTITY"}, r.entry); err != nil {
		return nil, err
	}
	if version == "" || len(version) > maxUNVersion {
		version = versionOf("", b)
	}
	if r.numberless > 0 {
		r.list.Notes = append(r.list.Notes, fmt.Sprintf("%d documents have no number and are left out", r.numberless))
	}
	return r.done(in, name, version)
}

// entry reads one INDIVIDUAL or ENTITY.
func (r *unReader) entry(start xml.StartElement) error {
	line := r.line()
	n, err := r.tree(start.Name.Local, 1)
	if err != nil {
		return err
	}
	kind := Person
	if n.name == "ENTITY" {
		kind = Organisation
	}
	id := firstOf(n.get("REFERENCE_NUMBER"), n.get("DATAID"))
	name := spaced(n, "FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")
	_, twice := r.at[marz.AlertID(id)]
	switch {
	case id == "":
		return r.bad(r.file, line, "the entry has neither REFERENCE_NUMBER nor DATAID; fetch the file again")
	case twice:
		return r.bad(r.file, line, fmt.Sprintf("entry %.40q stands twice; fetch the file again", id))
	case name == "":
		return r.bad(r.file, line, fmt.Sprintf("entry %.40q has no name; fetch the file again", id))
	}
	a := r.alert(id, kind, line)
	a.Names = []Name{{name, Primary}}
	r.name(a, n.get("NAME_ORIGINAL_SCRIPT"), NativeScript)
	a.Sex = sex(n.get("GENDER"))
	a.Why = "UN Security Council list"
	if v := n.get("UN_LIST_TYPE"); v != "" {
		a.Why += " " + v
	}
	if v := n.get("LISTED_ON"); v != "" {
		a.Why += ", listed on " + v
	}
	r.why(a, "", a.Why)
	for _, k := range n.kids {
		if r.detail(a, k); r.tooMany(a) {
			return r.bad(r.file, line, fmt.Sprintf("entry %.40q has more than %d values of one sort", id, maxValues))
		}
	}
	return nil
}

// detail takes in a repeatable element of an entry.
func (r *unReader) detail(a *Alert, k *xmlNode) {
	switch k.name {
	case "INDIVIDUAL_ALIAS", "ENTITY_ALIAS":
		r.alias(a, k)
	case "NATIONALITY":
		for _, v := range k.kids {
			if n := tidy(v.text.String()); len(n) > 2 { // a name; "na" stands for "not available", not for Namibia
				r.nation(a, n)
			}
		}
	case "DESIGNATION":
		for _, v := range k.kids {
			r.why(a, "position: ", v.text.String())
		}
	case "INDIVIDUAL_DATE_OF_BIRTH":
		b, ok := unBirth(k)
		if ok || join(k, "NOTE", "DATE", "YEAR", "FROM_YEAR", "TO_YEAR") != "" {
			r.birth(a, b, ok)
		}
	case "INDIVIDUAL_PLACE_OF_BIRTH":
		addTo(&a.Birthplaces, join(k, "STREET", "CITY", "STATE_PROVINCE", "COUNTRY", "NOTE"))
	case "INDIVIDUAL_ADDRESS", "ENTITY_ADDRESS":
		addTo(&a.Addresses, join(k, "STREET", "CITY", "STATE_PROVINCE", "ZIP_CODE", "COUNTRY", "NOTE"))
	case "INDIVIDUAL_DOCUMENT":
		r.document(a, k)
	}
}

// alias reads an alias, with the birth that belongs to it and the form in another script that its note may give.
func (r *unReader) alias(a *Alert, k *xmlNode) {
	kind := Alias
	if strings.EqualFold(k.get("QUALITY"), "Low") {
		kind = WeakAlias
	}
	for name := range strings.SplitSeq(k.get("ALIAS_NAME"), ";") {
		r.name(a, name, kind)
	}
	if _, script, ok := strings.Cut(k.get("NOTE"), " script: "); ok && nativeScript(script) {
		r.name(a, script, NativeScript)
	}
	if d := k.get("DATE_OF_BIRTH"); d != "" {
		b, ok := parseBirth(d)
		r.birth(a, b, ok)
	}
	addTo(&a.Birthplaces, join(k, "CITY_OF_BIRTH", "COUNTRY_OF_BIRTH"))
}

// spaced strings the given children together with spaces.
func spaced(n *xmlNode, names ...string) string {
	var parts []string
	for _, name := range names {
		parts = append(parts, n.get(name))
	}
	return tidy(strings.Join(parts, " "))
}

// join strings the given children together with commas.
func join(n *xmlNode, names ...string) string {
	var parts []string
	for _, name := range names {
		parts = append(parts, n.get(name))
	}
	return commas(parts...)
}

// unBirth reads INDIVIDUAL_DATE_OF_BIRTH. Where the type of the date is empty the date may stand in the note, and a note
// such as "Approximately" qualifies it.
func unBirth(k *xmlNode) (Birth, bool) {
	note := k.get("NOTE")
	text := k.get("DATE")
	if text == "" {
		text = k.get("YEAR")
	}
	if text == "" && k.get("FROM_YEAR") != "" {
		text = k.get("FROM_YEAR") + " to " + k.get("TO_YEAR")
		if k.get("TO_YEAR") == "" {
			text = k.get("FROM_YEAR")
		}
	}
	if text == "" {
		text, note = note, ""
	}
	b, ok := parseBirth(text)
	b.Circa = b.Circa || k.get("TYPE_OF_DATE") == "APPROXIMATELY" || strings.HasPrefix(strings.ToLower(note), "approx")
	return b, ok
}

// document reads INDIVIDUAL_DOCUMENT. Its type stands in two elements, and its note may say that it is no longer good.
func (r *unReader) document(a *Alert, k *xmlNode) {
	d := Number{Number: k.get("NUMBER"), Type: "document"}
	if number.Normal(d.Number) == "" {
		if len(k.kids) > 0 && join(k, "TYPE_OF_DOCUMENT", "TYPE_OF_DOCUMENT2", "NOTE") != "" {
			r.numberless++
		}
		return
	}
	kind := strings.ToLower(spaced(k, "TYPE_OF_DOCUMENT", "TYPE_OF_DOCUMENT2"))
	switch {
	case strings.Contains(kind, "pass") || strings.Contains(kind, "pasaporte"):
		d.Type = "passport"
	case strings.Contains(kind, "national identi"):
		d.Type = "national identity number"
	case kind != "":
		d.Type = cutText(strings.Trim(kind, " :."), number.MaxType-40)
	}
	d.Type = withCondition(d.Type, k.get("NOTE"))
	d.Country = country(firstOf(k.get("ISSUING_COUNTRY"), k.get("COUNTRY_OF_ISSUE")))
	if d.Country == "" {
		d.Country = r.state(k.get("COUNTRY_OF_ISSUE"))
	}
	r.number(&a.Documents, d)
}
