package watchlist

import (
	"encoding/xml"
	"fmt"
	"strings"

	"marz"
)

// The European Union publishes its consolidated list of financial sanctions as xmlFullSanctionsList 1.1, an element for each subject with all that is said of it, and as csvFullSanctionsList 1.1,
// a row for each of these values, whose columns are named after elements and attributes.

// euSubject is what the elements of a subject say. What is left out: titles before names and the languages of names, which matching has no use for; the number in the
// United Nations' list; and the regulation that each single value goes back to, beside the one of the subject.
type euSubject struct {
	ID      string `xml:"logicalId,attr"`
	Remark  euText `xml:"remark"`
	Subject struct {
		Class string `xml:"classificationCode,attr"`
		Code  string `xml:"code,attr"`
	} `xml:"subjectType"`
	Regulations  []euRegulation `xml:"regulation"`
	Names        []euName       `xml:"nameAlias"`
	Births       []euBirth      `xml:"birthdate"`
	Addresses    []euPlace      `xml:"address"`
	Citizenships []euState      `xml:"citizenship"`
	Documents    []euDocument   `xml:"identification"`
}

// euText is an element that may stand several times.
type euText []string

func (t euText) String() string { return tidy(strings.Join(t, " ")) }

type euRegulation struct {
	Programme string `xml:"programme,attr"`
	Title     string `xml:"numberTitle,attr"`
}

// euState is a state. "00" and "UNKNOWN" stand for none.
type euState struct {
	Code string `xml:"countryIso2Code,attr"`
	Name string `xml:"countryDescription,attr"`
}

// known returns what names the state, "" for none.
func (s euState) known() string {
	if country(s.Code) != "" {
		return s.Code
	}
	if s.Name == "" && s.Code != "00" {
		return s.Code
	}
	return s.name()
}

// name is the state for a reader.
func (s euState) name() string {
	if strings.EqualFold(s.Name, "unknown") {
		return ""
	}
	return tidy(s.Name)
}

var euKinds = map[string]Kind{"p": Person, "person": Person, "e": Organisation, "enterprise": Organisation, "entity": Organisation, "v": Vessel, "vessel": Vessel, "ship": Vessel}

// euKind is the kind of a subject by its code, "person" or "enterprise", or its class, "P" or "E"; the file of values has them the other way round.
func euKind(code, class string) (Kind, bool) {
	k, ok := euKinds[strings.ToLower(code)]
	if !ok {
		k, ok = euKinds[strings.ToLower(class)]
	}
	return k, ok
}

const euNoKind = "the subject is neither a person nor an enterprise by its type; fetch the file again"

func euList() *gathered {
	return newGathered(&List{ID: "eu-fsf", Name: "EU consolidated list of financial sanctions", Owner: "eu-council"})
}

// eu reads the XML form.
func (in source) eu(name string) (*List, error) {
	b, err := in.read(name)
	if err != nil {
		return nil, err
	}
	g, x, generated := euList(), in.xmlFile(name, b), ""
	rooted := func(e xml.StartElement) { generated = attribute(e, "generationDate") }
	err = x.entries("export", rooted, []string{"sanctionEntity"}, func(start xml.StartElement) error {
		line := x.line()
		var e euSubject
		if err := x.dec.DecodeElement(&e, &start); err != nil {
			return x.broken(err)
		}
		kind, ok := euKind(e.Subject.Code, e.Subject.Class)
		id := tidy(e.ID)
		_, twice := g.at[marz.AlertID(id)]
		switch {
		case id == "" || len(e.Names) == 0:
			return in.bad(name, line, "the entity has no logicalId or no name; fetch the file again")
		case !ok:
			return in.bad(name, line, euNoKind)
		case twice:
			return in.bad(name, line, fmt.Sprintf("entity %.40q stands twice; fetch the file again", id))
		}
		a := g.alert(id, kind, line)
		if e.add(g, a); g.tooMany(a) {
			return in.bad(name, line, fmt.Sprintf("the entity has more than %d values of one sort", maxValues))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return g.done(in, name, versionOf(generated, b))
}

// euCSV reads the form of values.
func (in source) euCSV(name string) (*List, error) {
	b, err := in.read(name)
	if err != nil {
		return nil, err
	}
	t, err := in.table(name, b, ';', 0, "Entity_LogicalId", "NameAlias_WholeName")
	if err != nil {
		return nil, err
	}
	if t.lacks("Entity_SubjectType") && t.lacks("Entity_SubjectType_ClassificationCode") {
		return nil, in.bad(name, 1, `the header lacks the columns "Entity_SubjectType" and "Entity_SubjectType_ClassificationCode", of which one is needed`)
	}
	g, generated := euList(), ""
	err = t.rows(func() error {
		e := euRow(t)
		if e.ID == "" || strings.Trim(e.ID, "0123456789") != "" {
			return t.fail("the row has no number as its Entity_LogicalId; fetch the file again")
		}
		kind, ok := euKind(e.Subject.Code, e.Subject.Class)
		if !ok {
			return t.fail(euNoKind)
		}
		generated = firstOf(generated, t.get("fileGenerationDate"))
		a := g.alert(e.ID, kind, t.line())
		if a.Kind != kind {
			return t.fail("the row is about another kind of subject than the rows before it; fetch the file again")
		}
		if e.add(g, a); g.tooMany(a) {
			return t.fail(fmt.Sprintf("the subject has more than %d values of one sort", maxValues))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return g.done(in, name, versionOf(generated, b))
}

// euRow reads a row into the elements of which it has the values.
func euRow(t *csvTable) *euSubject {
	e := &euSubject{ID: t.get("Entity_LogicalId"), Remark: euText{t.get("Entity_Remark")}}
	e.Subject.Code, e.Subject.Class = t.get("Entity_SubjectType"), t.get("Entity_SubjectType_ClassificationCode")
	e.Regulations = []euRegulation{{t.get("Entity_Regulation_Programme"), t.get("Entity_Regulation_NumberTitle")}}
	of := func(element string) func(string) string {
		return func(attribute string) string { return t.get(element + "_" + attribute) }
	}
	state := func(get func(string) string) euState {
		return euState{get("CountryIso2Code"), get("CountryDescription")}
	}
	place := func(get func(string) string) euPlace {
		return euPlace{state(get), get("Street"), get("PoBox"), get("ZipCode"), get("City"), get("Place"), get("Region"), euText{get("Remark")}}
	}
	n := of("NameAlias")
	e.Names = []euName{{n("WholeName"), n("FirstName"), n("MiddleName"), n("LastName"), n("Strong"), n("Gender"), n("Function"), euText{n("Remark")}}}
	b := of("BirthDate")
	e.Births = []euBirth{{place(b), b("BirthDate"), b("Year"), b("Month"), b("Day"), b("YearRangeFrom"), b("YearRangeTo"), b("Circa"), b("CalendarType")}}
	e.Addresses = []euPlace{place(of("Address"))}
	e.Citizenships = []euState{state(of("Citizenship"))}
	d := of("Identification")
	e.Documents = []euDocument{{state(d), d("Number"), d("LatinNumber"), d("TypeCode"), d("TypeDescription"), d("Diplomatic"),
		d("KnownFalse"), d("ReportedLost"), d("RevokedByIssuer"), d("KnownExpired"), euText{d("Remark")}}}
	return e
}
