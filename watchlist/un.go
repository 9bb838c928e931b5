package watchlist

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"marz"
)

const (
	unRoot       = "CONSOLIDATED_LIST"
	maxUNDepth   = 16 // of elements; the published file has 4
	maxUNVersion = 64 // bytes of a dateGenerated that is taken for one
)

// unReader builds a list from the United Nations' consolidated XML. It reads elements by name and leaves those it does
// not know, as the schema grows. Document type declarations are refused: they are what entity bombs are made of.
type unReader struct {
	source
	name   string
	dec    *xml.Decoder
	list   *List
	seen   map[marz.AlertID]bool
	unread int
}

// un reads the consolidated list.
func (in source) un(name string) (*List, error) {
	b, err := in.read(name)
	if err != nil {
		return nil, err
	}
	r := &unReader{source: in, name: name, dec: xml.NewDecoder(bytes.NewReader(b)), seen: map[marz.AlertID]bool{},
		list: &List{ID: "un-sc", Name: "United Nations Security Council Consolidated List", Owner: "un-sc"}}
	sum := sha256.Sum256(b)
	r.list.Version = "sha256-" + hex.EncodeToString(sum[:8])
	if err := r.document(); err != nil {
		return nil, err
	}
	if r.unread > 0 {
		r.list.Notes = append(r.list.Notes, fmt.Sprintf("%d dates of birth are not written as dates and are left out", r.unread))
	}
	return r.list, nil
}

// fail names the line on which the reader stands.
func (r *unReader) fail(fix string) error {
	line, _ := r.dec.InputPos()
	return r.bad(r.name, line, fix)
}

// token returns the next token, and fails on broken XML and on declarations.
func (r *unReader) token() (xml.Token, error) {
	t, err := r.dec.Token()
	if errors.Is(err, io.EOF) {
		return nil, err
	}
	if e, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return nil, r.bad(r.name, e.Line, "it is not XML: "+e.Msg)
	}
	if err != nil {
		return nil, r.fail("it is not XML in UTF-8: " + err.Error())
	}
	if _, ok := t.(xml.Directive); ok {
		return nil, r.fail("it has a document type declaration, which is not read")
	}
	return t, nil
}

// document reads the root element and makes sure that nothing but it is there.
func (r *unReader) document() error {
	rooted := false
	for {
		t, err := r.token()
		if errors.Is(err, io.EOF) {
			if !rooted {
				return r.fail("it has no element " + unRoot)
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if rooted || t.Name.Local != unRoot {
				return r.fail(fmt.Sprintf("the element %.40q stands where only one %s may; this is not the consolidated list", t.Name.Local, unRoot))
			}
			rooted = true
			for _, a := range t.Attr {
				if v := tidy(a.Value); a.Name.Local == "dateGenerated" && v != "" && len(v) <= maxUNVersion {
					r.list.Version = v
				}
			}
			if err := r.root(); err != nil {
				return err
			}
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return r.fail("there is text outside of " + unRoot)
			}
		}
	}
}

// root reads the entries, in INDIVIDUALS and ENTITIES.
func (r *unReader) root() error {
	for depth := 1; depth > 0; {
		t, err := r.token()
		if errors.Is(err, io.EOF) {
			return r.fail("it is cut short: an element is not closed")
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "INDIVIDUAL", "ENTITY":
				if err := r.entry(t.Name.Local); err != nil {
					return err
				}
			default:
				if depth++; depth > maxUNDepth {
					return r.fail("its elements are nested too deep")
				}
			}
		case xml.EndElement:
			depth--
		}
	}
	return nil
}

// unNode is an element inside an entry.
type unNode struct {
	name string
	text strings.Builder
	kids []*unNode
}

// get returns the tidied text of the first child of a name, or "".
func (n *unNode) get(name string) string {
	for _, k := range n.kids {
		if k.name == name {
			return tidy(k.text.String())
		}
	}
	return ""
}

// tree reads the rest of an element that has begun.
func (r *unReader) tree(name string, depth int) (*unNode, error) {
	if depth > maxUNDepth {
		return nil, r.fail("its elements are nested too deep")
	}
	n := &unNode{name: name}
	for {
		t, err := r.token()
		if errors.Is(err, io.EOF) {
			return nil, r.fail("it is cut short: the element " + name + " is not closed")
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			kid, err := r.tree(t.Name.Local, depth+1)
			if err != nil {
				return nil, err
			}
			n.kids = append(n.kids, kid)
		case xml.CharData:
			n.text.Write(t)
		case xml.EndElement:
			return n, nil
		}
	}
}

// entry reads one INDIVIDUAL or ENTITY.
func (r *unReader) entry(element string) error {
	line, _ := r.dec.InputPos()
	n, err := r.tree(element, 1)
	if err != nil {
		return err
	}
	a := Alert{ID: marz.AlertID(n.get("REFERENCE_NUMBER")), Kind: Person}
	if element == "ENTITY" {
		a.Kind = Organisation
	}
	if a.ID == "" {
		a.ID = marz.AlertID(n.get("DATAID"))
	}
	if a.ID == "" {
		return r.bad(r.name, line, "the entry has neither REFERENCE_NUMBER nor DATAID")
	}
	if r.seen[a.ID] {
		return r.bad(r.name, line, fmt.Sprintf("entry %.40q stands twice", a.ID))
	}
	r.seen[a.ID] = true
	var parts []string
	for _, p := range []string{"FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME"} {
		if v := n.get(p); v != "" {
			parts = append(parts, v)
		}
	}
	if len(parts) == 0 {
		return r.bad(r.name, line, fmt.Sprintf("entry %.40q has no name", a.ID))
	}
	a.Names = []Name{{strings.Join(parts, " "), Primary}}
	if v := n.get("NAME_ORIGINAL_SCRIPT"); v != "" {
		a.Names = append(a.Names, Name{v, NativeScript})
	}
	a.Sex = sex(n.get("GENDER"))
	a.Why = "UN Security Council list"
	if v := n.get("UN_LIST_TYPE"); v != "" {
		a.Why += " " + v
	}
	if v := n.get("LISTED_ON"); v != "" {
		a.Why += ", listed on " + v
	}
	for _, k := range n.kids {
		r.detail(&a, k)
	}
	r.list.Alerts = append(r.list.Alerts, a)
	return nil
}

// detail takes in a repeatable element of an entry.
func (r *unReader) detail(a *Alert, k *unNode) {
	switch k.name {
	case "INDIVIDUAL_ALIAS", "ENTITY_ALIAS":
		kind := Alias
		if k.get("QUALITY") == "Low" {
			kind = WeakAlias
		}
		for name := range strings.SplitSeq(k.get("ALIAS_NAME"), ";") {
			if name = tidy(name); name != "" {
				a.Names = append(a.Names, Name{name, kind})
			}
		}
	case "NATIONALITY":
		for _, v := range k.kids {
			if n := tidy(v.text.String()); len(n) > 2 { // a name; "na" stands for "not available", not for Namibia
				addNationality(a, n)
			}
		}
	case "INDIVIDUAL_DATE_OF_BIRTH":
		if b, ok := unBirth(k); ok {
			a.Births = append(a.Births, b)
		} else if k.get("NOTE") != "" || k.get("DATE") != "" || k.get("YEAR") != "" || k.get("FROM_YEAR") != "" {
			r.unread++
		}
	case "INDIVIDUAL_PLACE_OF_BIRTH":
		if p := join(k, "CITY", "STATE_PROVINCE", "COUNTRY"); p != "" {
			a.Birthplaces = append(a.Birthplaces, p)
		}
	case "INDIVIDUAL_ADDRESS", "ENTITY_ADDRESS":
		if p := join(k, "STREET", "CITY", "STATE_PROVINCE", "ZIP_CODE", "COUNTRY"); p != "" {
			a.Addresses = append(a.Addresses, p)
		}
	case "INDIVIDUAL_DOCUMENT":
		if d, ok := unDocument(k); ok {
			a.Documents = append(a.Documents, d)
		}
	}
}

// join strings the given children together with commas.
func join(n *unNode, names ...string) string {
	var parts []string
	for _, name := range names {
		if v := n.get(name); v != "" {
			parts = append(parts, v)
		}
	}
	return strings.Join(parts, ", ")
}

// unBirth reads INDIVIDUAL_DATE_OF_BIRTH. Where the type of the date is empty the date may stand in the note, and a note
// such as "Approximately" qualifies it.
func unBirth(k *unNode) (Birth, bool) {
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

// unDocument reads INDIVIDUAL_DOCUMENT, if it has a number.
func unDocument(k *unNode) (Number, bool) {
	d := Number{Number: k.get("NUMBER"), Type: "document"}
	switch kind := strings.ToLower(k.get("TYPE_OF_DOCUMENT")); {
	case strings.Contains(kind, "pass") || strings.Contains(kind, "pasaporte"):
		d.Type = "passport"
	case strings.Contains(kind, "national identification"):
		d.Type = "national identity number"
	}
	if d.Country = country(k.get("ISSUING_COUNTRY")); d.Country == "" {
		d.Country = country(k.get("COUNTRY_OF_ISSUE"))
	}
	return d, d.Number != ""
}
