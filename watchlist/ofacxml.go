package watchlist

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"marz"
)

// ofacForm is what each element of sdn.xml holds, as OFAC's schema of it has it. An element that is not named here has
// text alone.
var ofacForm = map[string][]string{
	"publshInformation": {"Publish_Date", "Record_Count"}, // so spelt
	"sdnEntry": {"uid", "firstName", "lastName", "title", "sdnType", "remarks", "programList", "idList", "akaList", "addressList",
		"nationalityList", "citizenshipList", "dateOfBirthList", "placeOfBirthList", "vesselInfo"},
	"programList":      {"program"},
	"idList":           {"id"},
	"id":               {"uid", "idType", "idNumber", "idCountry", "issueDate", "expirationDate"},
	"akaList":          {"aka"},
	"aka":              {"uid", "type", "category", "lastName", "firstName"},
	"addressList":      {"address"},
	"address":          {"uid", "address1", "address2", "address3", "city", "stateOrProvince", "postalCode", "country", "region"},
	"nationalityList":  {"nationality"},
	"nationality":      {"uid", "country", "mainEntry"},
	"citizenshipList":  {"citizenship"},
	"citizenship":      {"uid", "country", "mainEntry"},
	"dateOfBirthList":  {"dateOfBirthItem"},
	"dateOfBirthItem":  {"uid", "dateOfBirth", "mainEntry"},
	"placeOfBirthList": {"placeOfBirthItem"},
	"placeOfBirthItem": {"uid", "placeOfBirth", "mainEntry"},
	"vesselInfo":       {"callSign", "vesselType", "vesselFlag", "vesselOwner", "tonnage", "grossRegisteredTonnage"},
}

// ofacLists are the elements whose children may stand more than once.
var ofacLists = []string{"programList", "idList", "akaList", "addressList", "nationalityList", "citizenshipList", "dateOfBirthList", "placeOfBirthList"}

const maxOFACUnknown = 8 // names of unknown elements that a list's note tells

// ofacXMLReader builds a list from sdn.xml. It gives the alerts that the same entries in sdn.csv and the files beside it
// give, with a weak alias after all others as there.
type ofacXMLReader struct {
	*xmlFile
	list      *List
	seen      map[marz.AlertID]bool
	unread    int      // dates of birth that could not be read
	unknown   []string // elements that OFAC's schema does not have
	published string   // the day, or ""
	count     int      // of entries that the file says it has; -1 where it does not
	stated    bool     // it has said when it was published and how much it holds
}

// ofacXML reads sdn.xml. Its numbers of entries are those of sdn.csv, so that the one can take the place of the other.
func (in source) ofacXML(name string) (*List, error) {
	b, err := in.read(name)
	if err != nil {
		return nil, err
	}
	r := &ofacXMLReader{xmlFile: in.xmlFile(name, b), seen: map[marz.AlertID]bool{}, count: -1, list: ofacList()}
	if err := r.document(); err != nil {
		return nil, err
	}
	if r.count >= 0 && r.count != len(r.list.Alerts) {
		return nil, in.bad(name, 0, fmt.Sprintf("it says that it has %d entries and has %d; fetch it again", r.count, len(r.list.Alerts)))
	}
	r.notes()
	sum := sha256.Sum256(b)
	r.list.Version = strings.TrimPrefix(r.published+" sha256-"+hex.EncodeToString(sum[:8]), " ")
	return r.list, nil
}

func (r *ofacXMLReader) notes() {
	note := func(format string, args ...any) { r.list.Notes = append(r.list.Notes, fmt.Sprintf(format, args...)) }
	if r.published == "" {
		note("the file does not say when it was published")
	}
	if r.count < 0 {
		note("the file does not say how many entries it has; if some were taken out, that cannot be seen")
	}
	if len(r.unknown) > 0 {
		note("OFAC's schema does not have these elements, which are not read: %s", strings.Join(r.unknown, ", "))
	}
	if r.unread > 0 {
		note("%d dates of birth are not written as dates and are left out", r.unread)
	}
}

// document reads the root element and makes sure that nothing but it is there.
func (r *ofacXMLReader) document() error {
	for rooted := false; ; {
		t, err := r.token()
		if errors.Is(err, io.EOF) && rooted {
			return nil
		}
		if errors.Is(err, io.EOF) {
			return r.fail("it has no element sdnList")
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if rooted || t.Name.Local != "sdnList" {
				return r.fail(fmt.Sprintf("the element %.40q stands where only one sdnList may", t.Name.Local))
			}
			rooted = true
			if err := r.root(); err != nil {
				return err
			}
		case xml.CharData:
			if tidy(string(t)) != "" {
				return r.fail("there is text outside of sdnList")
			}
		}
	}
}

// root reads what the file says of itself, and the entries.
func (r *ofacXMLReader) root() error {
	for {
		t, err := r.token()
		if errors.Is(err, io.EOF) {
			return r.fail("it is cut short: the element sdnList is not closed")
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			err = r.child(t.Name.Local)
		case xml.CharData:
			if tidy(string(t)) != "" {
				err = r.fail("there is text between the entries")
			}
		case xml.EndElement:
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// child reads an element of the root.
func (r *ofacXMLReader) child(name string) error {
	line, _ := r.dec.InputPos()
	n, err := r.tree(name, 1)
	if err != nil {
		return err
	}
	switch name {
	case "publshInformation", "sdnEntry":
	default:
		r.note(name)
		return nil
	}
	if err := r.check(n, line); err != nil {
		return err
	}
	if name == "sdnEntry" {
		return r.entry(n, line)
	}
	return r.publication(n, line)
}

// note keeps the name of an element that OFAC's schema does not have.
func (r *ofacXMLReader) note(name string) {
	name = fmt.Sprintf("%.40q", name)
	if len(r.unknown) < maxOFACUnknown && !slices.Contains(r.unknown, name) {
		r.unknown = append(r.unknown, name)
	}
}

// check holds an element against the schema. What is there twice or in a wrong place could take the place of a value or
// lose one, and is refused; an element that the schema does not have is noted.
func (r *ofacXMLReader) check(n *xmlNode, line int) error {
	form := ofacForm[n.name]
	if form == nil {
		if len(n.kids) > 0 {
			return r.bad(r.file, line, fmt.Sprintf("the element %.40q stands in %s, which has text alone; fetch sdn.csv with the files beside it", n.kids[0].name, n.name))
		}
		return nil
	}
	if tidy(n.text.String()) != "" {
		return r.bad(r.file, line, "there is text in "+n.name+", which has elements alone")
	}
	n.kids = slices.DeleteFunc(n.kids, func(k *xmlNode) bool {
		known := slices.Contains(form, k.name)
		if !known {
			r.note(k.name)
		}
		return !known
	})
	seen := map[string]bool{}
	for _, k := range n.kids {
		if seen[k.name] && !slices.Contains(ofacLists, n.name) {
			return r.bad(r.file, line, fmt.Sprintf("the element %s stands twice in one %s", k.name, n.name))
		}
		seen[k.name] = true
		if err := r.check(k, line); err != nil {
			return err
		}
	}
	return nil
}

// publication reads when the file was published and how many entries it has.
func (r *ofacXMLReader) publication(n *xmlNode, line int) error {
	if r.stated {
		return r.bad(r.file, line, "the element publshInformation stands twice")
	}
	r.stated = true
	if s := n.get("Publish_Date"); s != "" {
		day, err := time.Parse("01/02/2006", s)
		if err != nil {
			return r.bad(r.file, line, "Publish_Date is not a date as OFAC writes it, such as 01/31/2026")
		}
		r.published = day.Format(time.DateOnly)
	}
	if s := n.get("Record_Count"); s != "" {
		count, err := strconv.ParseUint(s, 10, 31)
		if err != nil {
			return r.bad(r.file, line, "Record_Count is not a number of entries")
		}
		r.count = int(count)
	}
	return nil
}

// entry reads one sdnEntry.
func (r *ofacXMLReader) entry(n *xmlNode, line int) error {
	id, kind, name := n.get("uid"), n.get("sdnType"), ofacName(n)
	known, ok := ofacKinds[strings.ToLower(kind)]
	switch {
	case !ofacNumber(id):
		return r.bad(r.file, line, "the uid of the entry is not a number")
	case kind == "" || !ok:
		return r.bad(r.file, line, "the sdnType of the entry is none of Individual, Entity, Vessel and Aircraft")
	case n.get("lastName") == "":
		return r.bad(r.file, line, "the entry has no lastName")
	case r.seen[marz.AlertID(id)]:
		return r.bad(r.file, line, "entry "+id+" stands twice")
	case len(r.list.Alerts) == maxAlerts:
		return r.bad(r.file, line, fmt.Sprintf("it holds more than %d alerts", maxAlerts))
	}
	r.seen[marz.AlertID(id)] = true
	v := n.child("vesselInfo")
	a := ofacAlert(id, name, known, strings.Join(n.texts("programList"), ", "), n.get("title"),
		ofacVessel{v.get("callSign"), v.get("vesselType"), v.get("vesselFlag"), v.get("vesselOwner")})
	ofacAliases(&a, n.child("akaList"))
	r.births(&a, n)
	for _, list := range []string{"nationalityList", "citizenshipList"} {
		for _, k := range n.child(list).kids {
			addNationality(&a, k.get("country"))
		}
	}
	for _, k := range n.child("addressList").kids {
		if s := ofacAddress(k); s != "" {
			a.Addresses = append(a.Addresses, s)
		}
	}
	for _, k := range n.child("idList").kids {
		ofacID(&a, k)
	}
	r.unread += readRemarks(&a, ofacRemarks(n.get("remarks")))
	r.list.Alerts = append(r.list.Alerts, a)
	return nil
}

// ofacName writes a name as sdn.csv does: "LAST, First".
func ofacName(n *xmlNode) string {
	return join(n, "lastName", "firstName")
}

// ofacAliases adds the other names, the weak ones last.
func ofacAliases(a *Alert, list *xmlNode) {
	var weak []Name
	for _, k := range list.kids {
		name := ofacName(k)
		switch {
		case name == "":
		case strings.EqualFold(k.get("category"), "weak"):
			weak = append(weak, Name{name, WeakAlias})
		default:
			a.Names = append(a.Names, Name{name, Alias})
		}
	}
	a.Names = append(a.Names, weak...)
}

// births adds dates and places.
func (r *ofacXMLReader) births(a *Alert, n *xmlNode) {
	for _, k := range n.child("dateOfBirthList").kids {
		if b, ok := parseBirth(k.get("dateOfBirth")); ok {
			a.Births = append(a.Births, b)
		} else {
			r.unread++
		}
	}
	for _, k := range n.child("placeOfBirthList").kids {
		if s := k.get("placeOfBirth"); s != "" {
			a.Birthplaces = append(a.Birthplaces, s)
		}
	}
}

// ofacAddress writes an address as add.csv does: "street, City, State 12345, Country".
func ofacAddress(k *xmlNode) string {
	city := join(k, "city", "stateOrProvince")
	if code := k.get("postalCode"); code != "" {
		city = tidy(city + " " + code)
	}
	var parts []string
	for _, s := range []string{join(k, "address1", "address2", "address3"), city, k.get("country"), k.get("region")} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}

// ofacID takes in one of what OFAC calls identifications: a number, the sex, or a word on the sanctions, which is left
// alone. The remarks of sdn.csv hold the same as "Passport J287011 (Colombia)".
func ofacID(a *Alert, k *xmlNode) {
	kind, text := k.get("idType"), k.get("idNumber")
	if kind == "Gender" {
		a.Sex = sex(text)
		return
	}
	if n, rest, ok := remarkKind(kind + " " + text); ok {
		n.add(a, rest, k.get("idCountry"))
	}
}

// ofacRemarks writes remarks such as "(Linked To: A)(Linked To: B)" as sdn.csv does, with semicolons between.
func ofacRemarks(s string) string {
	return strings.NewReplacer(") (", ";", ")(", ";").Replace(strings.TrimSuffix(strings.TrimPrefix(s, "("), ")"))
}
