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

// euEntity is a listed person or body in the European Union's consolidated list of financial sanctions (xmlFullSanctionsList 1.1).
type euEntity struct {
	ID      string `xml:"logicalId,attr"`
	Subject struct {
		Class string `xml:"classificationCode,attr"`
		Code  string `xml:"code,attr"`
	} `xml:"subjectType"`
	Names []struct {
		Whole  string `xml:"wholeName,attr"`
		Strong string `xml:"strong,attr"`
		Gender string `xml:"gender,attr"`
	} `xml:"nameAlias"`
	Births []struct {
		Date  string `xml:"birthdate,attr"`
		Year  string `xml:"year,attr"`
		Month string `xml:"monthOfYear,attr"`
		Day   string `xml:"dayOfMonth,attr"`
		From  string `xml:"yearRangeFrom,attr"`
		To    string `xml:"yearRangeTo,attr"`
		Circa string `xml:"circa,attr"`
	} `xml:"birthdate"`
	Citizenships []struct {
		Country string `xml:"countryIso2Code,attr"`
	} `xml:"citizenship"`
	Documents []struct {
		Number  string `xml:"number,attr"`
		Type    string `xml:"identificationTypeDescription,attr"`
		Code    string `xml:"identificationTypeCode,attr"`
		Country string `xml:"countryIso2Code,attr"`
	} `xml:"identification"`
	Regulations []struct {
		Programme string `xml:"programme,attr"`
	} `xml:"regulation"`
}

func euList() *gathered {
	return newGathered(&List{ID: "eu-fsf", Name: "EU consolidated list of financial sanctions", Owner: "eu-council"})
}

// eu reads the XML form.
func (in source) eu(name string) (*List, error) {
	b, err := in.read(name)
	if err != nil {
		return nil, err
	}
	g := euList()
	generated := ""
	err = in.elements(name, b, "export", func(start xml.StartElement) { generated = attribute(start, "generationDate") }, "sanctionEntity", func(dec *xml.Decoder, start *xml.StartElement, line int) error {
		var e euEntity
		if err := dec.DecodeElement(&e, start); err != nil {
			return err
		}
		if e.ID == "" || len(e.Names) == 0 {
			return in.bad(name, line, "the entity has no logicalId or no name")
		}
		e.add(g)
		return nil
	})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	return g.done(strings.TrimPrefix(short64(generated)+" sha256-"+hex.EncodeToString(sum[:8]), " ")), nil
}

// attribute returns an attribute of an element, or "".
func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return tidy(a.Value)
		}
	}
	return ""
}

// elements gives the root element of a file, and each element of a name below it.
func (in source) elements(name string, b []byte, root string, rooted func(xml.StartElement), each string, yield func(dec *xml.Decoder, e *xml.StartElement, line int) error) error {
	dec := xml.NewDecoder(bytes.NewReader(b))
	dec.Strict = true
	line := func() int { l, _ := dec.InputPos(); return l }
	seen, open := false, 0
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			if !seen {
				return in.bad(name, 0, "it has no element "+root)
			}
			return nil
		}
		if err == nil {
			switch t := t.(type) {
			case xml.Directive:
				return in.bad(name, line(), "it has a document type declaration, which is not read")
			case xml.EndElement:
				open--
			case xml.StartElement:
				switch {
				case !seen && t.Name.Local != root:
					return in.bad(name, line(), fmt.Sprintf("the element %.40q stands where %s is expected", t.Name.Local, root))
				case !seen:
					seen = true
					rooted(t)
					open++
				case t.Name.Local == each:
					err = yield(dec, &t, line())
				default:
					if open++; open > maxUNDepth {
						return in.bad(name, line(), "its elements are nested too deep")
					}
				}
			}
		}
		if e, ok := errors.AsType[*xml.SyntaxError](err); ok {
			return in.bad(name, e.Line, "it is not XML: "+e.Msg)
		}
		if _, ok := errors.AsType[*marz.Error](err); err != nil && !ok {
			return in.bad(name, line(), "it is not XML of this form")
		}
		if err != nil {
			return err
		}
	}
}

// add puts an entity among the alerts.
func (e *euEntity) add(g *gathered) {
	kind := Organisation
	if e.Subject.Class == "P" || strings.EqualFold(e.Subject.Code, "person") {
		kind = Person
	}
	a := g.alert(e.ID, kind)
	for _, n := range e.Names {
		euName(a, n.Whole, n.Strong)
		if s := sex(n.Gender); s != "" {
			a.Sex = s
		}
	}
	for _, b := range e.Births {
		born, ok := euBirth(b.Date, b.Year, b.Month, b.Day, b.From, b.To, b.Circa)
		g.birth(a, born, ok)
	}
	for _, c := range e.Citizenships {
		g.nation(a, c.Country)
	}
	for _, d := range e.Documents {
		addNumber(&a.Documents, Number{Number: tidy(d.Number), Country: country(d.Country), Type: euDocument(d.Code, d.Type)})
	}
	for _, r := range e.Regulations {
		euWhy(a, r.Programme)
	}
}

func euName(a *Alert, text, strong string) {
	kind := Alias
	switch {
	case nativeScript(text):
		kind = NativeScript
	case len(a.Names) == 0:
		kind = Primary
	case strings.EqualFold(strong, "false"):
		kind = WeakAlias
	}
	addName(a, tidy(text), kind)
}

func euWhy(a *Alert, programme string) {
	if programme != "" && a.Why == "" {
		a.Why = "EU programme " + programme
	}
}

func euDocument(code, description string) string {
	switch {
	case code == "passport" || strings.Contains(strings.ToLower(description), "passport"):
		return "passport"
	case code == "id" || code == "":
		return "identity document"
	}
	return firstOf(strings.ToLower(tidy(description)), code)
}

// euBirth reads a date that is given whole, in its parts, or as a span of years.
func euBirth(date, year, month, day, from, to, circa string) (Birth, bool) {
	b := Birth{Circa: strings.EqualFold(circa, "true")}
	if d, ok := parseDay(date); ok {
		b.From = d
		return b, true
	}
	b.From = marz.Date{Year: digits(year, 4), Month: digits(month, 2), Day: digits(day, 2)}
	if b.From.Month == 0 {
		b.From.Day = 0
	}
	if b.From.Year == 0 && digits(from, 4) != 0 {
		b.From, b.To = marz.Date{Year: digits(from, 4)}, marz.Date{Year: digits(to, 4)}
	}
	return b, b.From.Year != 0 && b.From.Valid() && (b.To.IsZero() || b.To.Year >= b.From.Year)
}

// euCSV reads the form of values separated by semicolons: a row for each value of an entity.
func (in source) euCSV(name string) (*List, error) {
	b, err := in.read(name)
	if err != nil {
		return nil, err
	}
	t, err := in.table(name, b, ';', 0, "Entity_LogicalId", "NameAlias_WholeName")
	if err != nil {
		return nil, err
	}
	g := euList()
	generated := ""
	for {
		ok, err := t.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		id := t.get("Entity_LogicalId")
		if id == "" {
			return nil, t.fail("the row has no Entity_LogicalId")
		}
		kind := Organisation
		if c := firstOf(t.get("Entity_SubjectType_ClassificationCode"), t.get("Entity_SubjectType")); strings.HasPrefix(strings.ToUpper(c), "P") {
			kind = Person
		}
		generated = firstOf(generated, t.get("fileGenerationDate"))
		euRow(t, g, g.alert(id, kind))
	}
	sum := sha256.Sum256(b)
	return g.done(strings.TrimPrefix(short64(generated)+" sha256-"+hex.EncodeToString(sum[:8]), " ")), nil
}

func euRow(t *csvTable, g *gathered, a *Alert) {
	if n := t.get("NameAlias_WholeName"); n != "" {
		euName(a, n, t.get("NameAlias_Strong"))
	}
	if s := sex(t.get("NameAlias_Gender")); s != "" {
		a.Sex = s
	}
	date, year, from := t.get("BirthDate_BirthDate"), t.get("BirthDate_Year"), t.get("BirthDate_YearRangeFrom")
	if date+year+from != "" {
		b, ok := euBirth(date, year, t.get("BirthDate_Month"), t.get("BirthDate_Day"), from, t.get("BirthDate_YearRangeTo"), t.get("BirthDate_Circa"))
		g.birth(a, b, ok)
	}
	g.nation(a, t.get("Citizenship_CountryIso2Code"))
	if n := t.get("Identification_Number"); n != "" {
		addNumber(&a.Documents, Number{Number: n, Country: country(t.get("Identification_CountryIso2Code")), Type: euDocument(t.get("Identification_TypeCode"), t.get("Identification_TypeDescription"))})
	}
	euWhy(a, t.get("Entity_Regulation_Programme"))
}
