package watchlist

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"

	"marz"
)

// sdnEntry is an entry of OFAC's list in XML (sdn.xsd). What is left out is what neither finds anybody nor says who it is: numbers of parts, dates of issue and expiry, which of several
// dates and places is the main one, and of vessels type, flag, owner and tonnage, as in the files of values.
type sdnEntry struct {
	UID      string   `xml:"uid"`
	First    string   `xml:"firstName"`
	Last     string   `xml:"lastName"`
	Title    string   `xml:"title"`
	Type     string   `xml:"sdnType"`
	Remarks  string   `xml:"remarks"`
	Programs []string `xml:"programList>program"`
	IDs      []struct {
		Type    string `xml:"idType"`
		Number  string `xml:"idNumber"`
		Country string `xml:"idCountry"`
	} `xml:"idList>id"`
	Names []struct {
		Category string `xml:"category"`
		First    string `xml:"firstName"`
		Last     string `xml:"lastName"`
	} `xml:"akaList>aka"`
	Addresses []struct {
		Line1   string `xml:"address1"`
		Line2   string `xml:"address2"`
		Line3   string `xml:"address3"`
		City    string `xml:"city"`
		State   string `xml:"stateOrProvince"`
		Post    string `xml:"postalCode"`
		Country string `xml:"country"`
	} `xml:"addressList>address"`
	Nationalities []string `xml:"nationalityList>nationality>country"`
	Citizenships  []string `xml:"citizenshipList>citizenship>country"`
	Births        []string `xml:"dateOfBirthList>dateOfBirthItem>dateOfBirth"`
	Birthplaces   []string `xml:"placeOfBirthList>placeOfBirthItem>placeOfBirth"`
	CallSign      string   `xml:"vesselInfo>callSign"`
}

// sdnPublished is what the file says of itself.
type sdnPublished struct {
	Date  string `xml:"Publish_Date"`
	Count string `xml:"Record_Count"`
}

// ofacXMLReader builds a list from OFAC's XML. It gives the alerts that the files of values give.
type ofacXMLReader struct {
	*xmlFile
	list      *List
	at        map[marz.AlertID]bool
	published sdnPublished
	unread    int // dates of birth
}

// ofacXML reads OFAC's list in XML.
func (in source) ofacXML(name string) (*List, error) {
	b, err := in.read(name)
	if err != nil {
		return nil, err
	}
	r := &ofacXMLReader{xmlFile: in.xmlFile(name, b), list: newOFAC(), at: map[marz.AlertID]bool{}}
	if err := r.entries("sdnList", func(xml.StartElement) {}, []string{"publshInformation", "sdnEntry"}, r.element); err != nil {
		return nil, err
	}
	if r.unread > 0 {
		r.list.Notes = append(r.list.Notes, unreadBirths(r.unread))
	}
	if n, err := strconv.Atoi(tidy(r.published.Count)); err == nil && n != len(r.list.Alerts) {
		r.list.Notes = append(r.list.Notes, fmt.Sprintf("the file says that it holds %d entries, and has %d; fetch it again", n, len(r.list.Alerts)))
	}
	r.list.Version = versionOf(r.published.Date, b)
	return r.list, nil
}

// element reads an entry, or what the file says of itself.
func (r *ofacXMLReader) element(start xml.StartElement) error {
	line := r.line()
	if start.Name.Local == "publshInformation" {
		if err := r.dec.DecodeElement(&r.published, &start); err != nil {
			return r.broken(err)
		}
		return nil
	}
	var e sdnEntry
	if err := r.dec.DecodeElement(&e, &start); err != nil {
		return r.broken(err)
	}
	e.UID, e.Type = tidy(e.UID), tidy(e.Type)
	kind, ok := ofacXMLKinds[strings.ToLower(e.Type)]
	name := sdnName(e.Last, e.First)
	id := marz.AlertID(e.UID)
	switch {
	case e.UID == "" || len(e.UID) > 12 || strings.Trim(e.UID, "0123456789") != "":
		return r.bad(r.file, line, "the entry's uid is not the number of an entry; fetch the file again")
	case !ok:
		return r.bad(r.file, line, fmt.Sprintf("the type of entry %s is none of Individual, Entity, Vessel and Aircraft", id))
	case name == "":
		return r.bad(r.file, line, fmt.Sprintf("entry %s has no name; fetch the file again", id))
	case r.at[id]:
		return r.bad(r.file, line, fmt.Sprintf("entry %s stands twice; fetch the file again", id))
	case len(r.list.Alerts) == maxAlerts:
		return r.bad(r.file, line, fmt.Sprintf("it holds more than %d entries", maxAlerts))
	}
	r.at[id] = true
	a := ofacAlert(id, kind, name, strings.Join(tidied(e.Programs), ", "), tidy(e.Title), tidy(e.CallSign))
	e.names(&a)
	r.unread += e.facts(&a)
	e.addresses(&a)
	r.list.Alerts = append(r.list.Alerts, a)
	return nil
}

var ofacXMLKinds = map[string]Kind{"individual": Person, "entity": Organisation, "vessel": Vessel, "aircraft": Aircraft}

// sdnName writes a name as the files of values do.
func sdnName(last, first string) string {
	if last, first = tidy(last), tidy(first); last == "" || first == "" {
		return last + first
	}
	return last + ", " + first
}

// names adds the other names. Weak ones are put last, as the files of values have them among the remarks.
func (e *sdnEntry) names(a *Alert) {
	for _, weak := range []bool{false, true} {
		for _, n := range e.Names {
			name, kind := sdnName(n.Last, n.First), Alias
			if name == "" || strings.EqualFold(tidy(n.Category), "weak") != weak {
				continue
			}
			if weak {
				kind = WeakAlias
			}
			a.Names = append(a.Names, Name{name, kind})
		}
	}
}

// facts reads what the files of values have as items of the remarks, and reads it as these. It returns how many dates of birth cannot be read.
func (e *sdnEntry) facts(a *Alert) (unread int) {
	item := func(words ...string) {
		unread += readItem(a, tidy(strings.Join(words, " ")))
	}
	for _, b := range e.Births {
		item("DOB", b)
	}
	for _, p := range e.Birthplaces {
		item("POB", p)
	}
	for _, c := range e.Nationalities {
		item("nationality", c)
	}
	for _, c := range e.Citizenships {
		item("citizen", c)
	}
	for _, id := range e.IDs {
		from := ""
		if c := tidy(id.Country); c != "" {
			from = "(" + c + ")"
		}
		item(id.Type, id.Number, from)
	}
	return unread + readRemarks(a, e.Remarks)
}

// addresses adds the addresses in the form that the files of values give them.
func (e *sdnEntry) addresses(a *Alert) {
	for _, d := range e.Addresses {
		city := strings.Join(tidied([]string{d.City, d.State}), ", ")
		city = tidy(city + " " + d.Post)
		if parts := tidied([]string{d.Line1, d.Line2, d.Line3, city, d.Country}); len(parts) > 0 {
			a.Addresses = append(a.Addresses, strings.Join(parts, ", "))
		}
	}
}

// tidied are texts tidied, without empty ones.
func tidied(all []string) []string {
	var out []string
	for _, s := range all {
		if s = tidy(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}
