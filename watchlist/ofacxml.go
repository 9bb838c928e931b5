package watchlist

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"strings"
)

// ofacEntry is an entry of OFAC's sdn.xml.
type ofacEntry struct {
	UID       string   `xml:"uid"`
	First     string   `xml:"firstName"`
	Last      string   `xml:"lastName"`
	Title     string   `xml:"title"`
	Type      string   `xml:"sdnType"`
	Programs  []string `xml:"programList>program"`
	Documents []struct {
		Type    string `xml:"idType"`
		Number  string `xml:"idNumber"`
		Country string `xml:"idCountry"`
	} `xml:"idList>id"`
	Aliases []struct {
		Category string `xml:"category"`
		First    string `xml:"firstName"`
		Last     string `xml:"lastName"`
	} `xml:"akaList>aka"`
	Births        []string `xml:"dateOfBirthList>dateOfBirthItem>dateOfBirth"`
	Birthplaces   []string `xml:"placeOfBirthList>placeOfBirthItem>placeOfBirth"`
	Nationalities []string `xml:"nationalityList>nationality>country"`
	Citizenships  []string `xml:"citizenshipList>citizenship>country"`
	CallSign      string   `xml:"vesselInfo>callSign"`
}

// ofacXML reads sdn.xml. Its numbers of entries are those of sdn.csv, so that the one can take the place of the other.
func (in source) ofacXML(name string) (*List, error) {
	b, err := in.read(name)
	if err != nil {
		return nil, err
	}
	g := newGathered(&List{ID: "ofac-sdn", Name: "OFAC Specially Designated Nationals", Owner: "us-ofac"})
	err = in.elements(name, b, "sdnList", func(xml.StartElement) {}, "sdnEntry", func(dec *xml.Decoder, start *xml.StartElement, line int) error {
		var e ofacEntry
		if err := dec.DecodeElement(&e, start); err != nil {
			return err
		}
		kind, known := ofacKinds[strings.ToLower(e.Type)]
		if strings.EqualFold(e.Type, "entity") {
			kind, known = Organisation, true
		}
		switch _, twice := g.at[alertID(e.UID)]; {
		case e.UID == "" || e.Last == "":
			return in.bad(name, line, "the entry has no uid or no lastName")
		case !known:
			return in.bad(name, line, "the type of the entry is none of Individual, Entity, Vessel and Aircraft")
		case twice:
			return in.bad(name, line, "entry "+e.UID+" stands twice")
		}
		e.add(g, kind)
		return nil
	})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	return g.done("sha256-" + hex.EncodeToString(sum[:8])), nil
}

// ofacName writes a name as the list in comma-separated values does: "LAST, First".
func ofacName(last, first string) string {
	if first = tidy(first); first == "" {
		return tidy(last)
	}
	return tidy(last) + ", " + first
}

// add puts an entry among the alerts.
func (e *ofacEntry) add(g *gathered, kind Kind) {
	a := g.alert(e.UID, kind)
	addName(a, ofacName(e.Last, e.First), Primary)
	for _, n := range e.Aliases {
		k := Alias
		if strings.EqualFold(n.Category, "weak") {
			k = WeakAlias
		}
		addName(a, ofacName(n.Last, n.First), k)
	}
	for _, d := range e.Births {
		b, ok := parseBirth(d)
		g.birth(a, b, ok)
	}
	for _, p := range e.Birthplaces {
		addTo(&a.Birthplaces, tidy(p))
	}
	for _, n := range append(e.Nationalities, e.Citizenships...) {
		g.nation(a, n)
	}
	for _, d := range e.Documents {
		e.number(a, d.Type, tidy(d.Number), d.Country)
	}
	if e.CallSign != "" {
		addNumber(&a.Vehicles, Number{Number: tidy(e.CallSign), Type: "call sign"})
	}
	if len(e.Programs) > 0 {
		a.Why = "OFAC programme " + strings.Join(e.Programs, ", ")
	}
	if t := tidy(e.Title); t != "" {
		a.Why = strings.TrimPrefix(a.Why+"; "+t, "; ")
	}
}

// number sorts what the list calls identifications: documents, numbers of ships and aircraft, and the sex.
func (e *ofacEntry) number(a *Alert, kind, text, issuer string) {
	switch k := strings.ToLower(kind); {
	case k == "gender":
		a.Sex = sex(text)
	case strings.Contains(k, "passport"):
		addNumber(&a.Documents, Number{Number: text, Country: country(issuer), Type: "passport"})
	case strings.Contains(k, "vessel registration"):
		addNumber(&a.Vehicles, Number{Number: text, Type: "IMO number"})
	case strings.Contains(k, "aircraft tail"):
		addNumber(&a.Vehicles, Number{Number: text, Type: "tail number"})
	case strings.Contains(k, "national id"), strings.Contains(k, "identification"), strings.Contains(k, "tax id"), strings.HasSuffix(k, " no."):
		addNumber(&a.Documents, Number{Number: text, Country: country(issuer), Type: strings.TrimSuffix(k, " no.")})
	}
}
