package watchlist

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"marz"
)

// sdnXML is OFAC's list in its XML form, written from the schema and apart from what the importer knows.
type sdnXML struct {
	XMLName     xml.Name   `xml:"https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/exports/XML sdnList"`
	Publication sdnPublish `xml:"publshInformation"`
	Entries     []sdnEntry `xml:"sdnEntry"`
}

type sdnPublish struct {
	Date  string `xml:"Publish_Date"`
	Count int    `xml:"Record_Count"`
}

type sdnEntry struct {
	UID          string      `xml:"uid"`
	First        string      `xml:"firstName,omitempty"`
	Last         string      `xml:"lastName"`
	Title        string      `xml:"title,omitempty"`
	Type         string      `xml:"sdnType"`
	Remarks      string      `xml:"remarks,omitempty"`
	Programs     []string    `xml:"programList>program"`
	IDs          []sdnID     `xml:"idList>id,omitempty"`
	Akas         []sdnAka    `xml:"akaList>aka,omitempty"`
	Addresses    []sdnPlace  `xml:"addressList>address,omitempty"`
	Nations      []sdnNation `xml:"nationalityList>nationality,omitempty"`
	Citizenships []sdnNation `xml:"citizenshipList>citizenship,omitempty"`
	Births       []sdnBirth  `xml:"dateOfBirthList>dateOfBirthItem,omitempty"`
	Birthplaces  []sdnBirth  `xml:"placeOfBirthList>placeOfBirthItem,omitempty"`
	Vessel       *sdnVessel  `xml:"vesselInfo,omitempty"`
}

type sdnID struct {
	UID     int    `xml:"uid"`
	Type    string `xml:"idType,omitempty"`
	Number  string `xml:"idNumber,omitempty"`
	Country string `xml:"idCountry,omitempty"`
	Issued  string `xml:"issueDate,omitempty"`
	Expires string `xml:"expirationDate,omitempty"`
}

type sdnAka struct {
	UID      string `xml:"uid"`
	Type     string `xml:"type"`
	Category string `xml:"category"`
	Last     string `xml:"lastName"`
	First    string `xml:"firstName,omitempty"`
}

type sdnPlace struct {
	UID     string `xml:"uid"`
	Street1 string `xml:"address1,omitempty"`
	Street2 string `xml:"address2,omitempty"`
	Street3 string `xml:"address3,omitempty"`
	City    string `xml:"city,omitempty"`
	State   string `xml:"stateOrProvince,omitempty"`
	Code    string `xml:"postalCode,omitempty"`
	Country string `xml:"country,omitempty"`
}

type sdnNation struct {
	UID     int    `xml:"uid"`
	Country string `xml:"country"`
	Main    bool   `xml:"mainEntry"`
}

type sdnBirth struct {
	UID   int    `xml:"uid"`
	Date  string `xml:"dateOfBirth,omitempty"`
	Place string `xml:"placeOfBirth,omitempty"`
	Main  bool   `xml:"mainEntry"`
}

type sdnVessel struct {
	CallSign string `xml:"callSign,omitempty"`
	Type     string `xml:"vesselType,omitempty"`
	Flag     string `xml:"vesselFlag,omitempty"`
	Owner    string `xml:"vesselOwner,omitempty"`
	Tonnage  string `xml:"tonnage,omitempty"`
	Gross    string `xml:"grossRegisteredTonnage,omitempty"`
}

// sdnIDTypes are the types of identifications in OFAC's XML by which the remarks of sdn.csv are told apart again.
var sdnIDTypes = strings.Split(`Passport Booklet:|Passport|Diplomatic Passport|National ID No.|National Foreign ID Number|Identification Number|Vessel Registration Identification|MMSI|`+
	`Aircraft Tail Number|Previous Aircraft Tail Number|Aircraft Manufacturer's Serial Number (MSN)|Aircraft Construction Number (also called L/N or S/N or F/N)|Aircraft Serial Identification|`+
	`Aircraft Mode S Transponder Code|Aircraft Model|Aircraft Manufacture Date|Aircraft Operator|Other Vessel Call Sign|Former Vessel Flag|Vehicle Plate No.|License Plate No.|Turkish Identification Number|Cedula No.|C.U.R.P.|R.F.C.|`+
	`RFC|D.N.I.|NIT #|RUC #|RIF #|SSN|Tax ID No.|Driver's License No.|Electoral Registry No.|Credencial electoral|Birth Certificate Number|Residency Number|Stateless Person ID Card|`+
	`Stateless Person Passport|British National Overseas Passport|Travel Document Number|Refugee ID Card|Seafarer's Identification Document|Registration Number|Registration ID|Company Number|`+
	`Government Gazette Number|Commercial Registry Number|Business Registration Number|Business Registration Document #|Personal ID Card|Moroccan Personal ID No.|Bosnian Personal ID No.|Kenyan ID No.|`+
	`UAE Identification|Tazkira National ID Card|Citizen's Card Number|CNP (Personal Numerical Code)|Romanian Permanent Resident|Italian Fiscal Code|Italian Fiscal Code:|Numero de Identidad|C.U.I.P.|C.U.I.|C.U.I.T.|`+
	`I.F.E.|LE Number|N.I.E.|Cartilla de Servicio Militar Nacional|VisaNumberID|Immigration No.|Public Security and Immigration No.|Pilot License Number|Gender|Website|Email Address|Phone Number|`+
	`SWIFT/BIC|D-U-N-S Number|V.A.T. Number|Trade License No.|C.R. No.|Folio Mercantil No.|Matricula Mercantil No|Organization Established Date|Organization Type:|Nationality of Registration|`+
	`Secondary sanctions risk:|Additional Sanctions Information -|Digital Currency Address - XBT|Digital Currency Address - ETH|UK Company Number|US FEIN|Chinese Commercial Code|Executive Order 13662 Directive Determination -`, "|")

var (
	lastIssuer = regexp.MustCompile(`^(.*) \(([^()]*)\)$`)
	issuedOn   = regexp.MustCompile(`^(.*?)(?: issued (.*?))?(?: expires (.*))?$`)
	postalCode = regexp.MustCompile(`^(.*?) ?(\S*\d\S*)$`)
)

// remark puts one item of the remarks where OFAC's XML has it.
func (e *sdnEntry) remark(item string) {
	item = strings.TrimSuffix(strings.Join(strings.Fields(item), " "), ".")
	plain, alt := strings.CutPrefix(item, "alt. ")
	word, rest, _ := strings.Cut(plain, " ")
	uid := len(e.IDs) + 1
	switch word {
	case "DOB":
		e.Births = append(e.Births, sdnBirth{UID: uid, Date: rest, Main: !alt})
		return
	case "POB":
		e.Birthplaces = append(e.Birthplaces, sdnBirth{UID: uid, Place: rest, Main: !alt})
		return
	case "nationality":
		e.Nations = append(e.Nations, sdnNation{uid, rest, !alt})
		return
	case "citizen":
		e.Citizenships = append(e.Citizenships, sdnNation{uid, rest, !alt})
		return
	case "a.k.a.", "f.k.a.":
		e.Akas = append(e.Akas, sdnAka{UID: fmt.Sprint(uid), Type: word, Category: "weak", Last: strings.Trim(rest, "'")})
		return
	}
	kind := ""
	for _, t := range sdnIDTypes {
		if len(t) > len(kind) && strings.HasPrefix(plain, t+" ") {
			kind = t
		}
	}
	if kind == "" {
		if item != "" {
			e.Remarks += "(" + item + ")"
		}
		return
	}
	m := issuedOn.FindStringSubmatch(plain[len(kind):])
	id := sdnID{UID: uid, Type: kind, Number: strings.TrimSpace(m[1]), Issued: m[2], Expires: m[3]}
	if m := lastIssuer.FindStringSubmatch(" " + id.Number); m != nil {
		id.Number, id.Country = strings.TrimSpace(m[1]), m[2]
	}
	e.IDs = append(e.IDs, id)
}

// lastFirst divides "LAST, First" as the XML does for people.
func lastFirst(kind, name string) (last, first string) {
	if kind == "Individual" {
		last, first, _ = strings.Cut(name, ", ")
		return last, first
	}
	return name, ""
}

// place divides the columns of add.csv as the XML does.
func place(f []string) sdnPlace {
	p := sdnPlace{UID: f[1], Country: f[4]}
	for i, s := range strings.SplitN(f[2], ", ", 3) {
		*[]*string{&p.Street1, &p.Street2, &p.Street3}[i] = s
	}
	p.City = f[3]
	if m := postalCode.FindStringSubmatch(f[3]); m != nil && m[1] != "" {
		p.City, p.Code = m[1], m[2]
	}
	if city, state, ok := strings.Cut(p.City, ", "); ok && state != "" {
		p.City, p.State = city, state
	}
	return p
}

// sdnRows reads a file of OFAC's CSV form by the plainest means.
func sdnRows(t testing.TB, path string) [][]string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Skip(err)
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimRight(b, "\x1a\r\n ")))
	r.TrimLeadingSpace = true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for i := range row {
			if strings.TrimSpace(row[i]) == "-0-" {
				row[i] = ""
			}
		}
	}
	return rows
}

// convert writes OFAC's CSV files as its XML.
func convert(t testing.TB, dir string) *sdnXML {
	t.Helper()
	kinds := map[string]string{"": "Entity", "individual": "Individual", "vessel": "Vessel", "aircraft": "Aircraft"}
	out := &sdnXML{Publication: sdnPublish{Date: "01/31/2026"}}
	at := map[string]int{}
	remarks := map[string]string{}
	for _, f := range sdnRows(t, filepath.Join(dir, "sdn.csv")) {
		e := sdnEntry{UID: f[0], Title: f[4], Type: kinds[f[2]], Programs: strings.Split(f[3], "] [")}
		e.Last, e.First = lastFirst(e.Type, f[1])
		if strings.Join(f[5:11], "") != "" {
			e.Vessel = &sdnVessel{f[5], f[6], f[9], f[10], f[7], f[8]}
		}
		at[f[0]] = len(out.Entries)
		remarks[f[0]] = f[11]
		out.Entries = append(out.Entries, e)
	}
	for _, f := range sdnRows(t, filepath.Join(dir, "alt.csv")) {
		e := &out.Entries[at[f[0]]]
		a := sdnAka{UID: f[1], Type: strings.Join(strings.Split(f[2], ""), ".") + ".", Category: "strong"}
		if f[4] == "weak" {
			a.Category = "weak"
		}
		a.Last, a.First = lastFirst(e.Type, f[3])
		e.Akas = append(e.Akas, a)
	}
	for _, f := range sdnRows(t, filepath.Join(dir, "add.csv")) {
		e := &out.Entries[at[f[0]]]
		e.Addresses = append(e.Addresses, place(f))
	}
	for _, f := range sdnRows(t, filepath.Join(dir, "sdn_comments.csv")) {
		remarks[f[0]] += f[1]
	}
	for i := range out.Entries {
		e := &out.Entries[i]
		for item := range strings.SplitSeq(remarks[e.UID], ";") {
			e.remark(item)
		}
	}
	out.Publication.Count = len(out.Entries)
	return out
}

// importXML imports the list as the XML that OFAC would publish.
func importXML(t testing.TB, x *sdnXML) *List {
	t.Helper()
	b, err := xml.MarshalIndent(x, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	l, err := ImportFS(fstest.MapFS{"sdn.xml": {Data: append([]byte(xml.Header), b...)}}, "sdn.xml", Options{Loaded: 1})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Each entry of the real list, written as XML, gives the alert that its rows of values give, in the same order and with
// the same digest. Two things are told apart by the values alone: white space before the commas of an address, and where
// among the numbers of an entry one stands that its remarks tell in prose ("National ID No.: 1372584, Kenya").
func TestOFACXMLIsEqualToItsCSV(t *testing.T) {
	want := importReal(t, "lists/ofac")
	x := convert(t, filepath.Join(data(t), "lists/ofac"))
	got := importXML(t, x)
	if len(got.Alerts) != len(want.Alerts) || len(want.Alerts) < 8000 {
		t.Fatalf("%d alerts, want %d", len(got.Alerts), len(want.Alerts))
	}
	alike := 0
	for i := range want.Alerts {
		if !cmp.Equal(want.Alerts[i], got.Alerts[i]) {
			alike++
			prose := strings.Contains(x.Entries[i].Remarks, " No.: ")
			if d := cmp.Diff(told(want.Alerts[i], prose), told(got.Alerts[i], prose)); d != "" {
				t.Errorf("alert %s:\n%s", want.Alerts[i].ID, d)
			}
		}
	}
	if alike > 10 {
		t.Errorf("%d alerts are equal only in what the XML can tell", alike)
	}
	// What the converter leaves in the remarks is what has no type of identification: a number there would not have
	// gone through idList.
	ids, numbers := 0, 0
	for i := range x.Entries {
		ids += len(x.Entries[i].IDs)
		for item := range strings.SplitSeq(strings.Trim(x.Entries[i].Remarks, "()"), ")(") {
			if kind, rest, ok := remarkKind(item); ok && strings.ContainsAny(rest, "0123456789") && !strings.HasPrefix(rest, ":") {
				t.Errorf("the remarks of %s have a number of the sort %q", x.Entries[i].UID, kind.prefix)
			}
		}
		numbers += len(got.Alerts[i].Documents) + len(got.Alerts[i].Vehicles)
	}
	t.Logf("%d alerts with %d numbers from %d elements of idList; %d alerts differ in what the XML cannot tell", len(got.Alerts), numbers, ids, alike)
}

// told is an alert without what the values tell and the XML does not.
func told(a Alert, prose bool) Alert {
	a.Version = ""
	a.Addresses = slices.Clone(a.Addresses)
	for i, s := range a.Addresses {
		a.Addresses[i] = strings.ReplaceAll(s, " ,", ",")
	}
	if prose {
		a.Documents = slices.SortedFunc(slices.Values(a.Documents), func(x, y Number) int { return strings.Compare(x.Number, y.Number) })
	}
	return a
}

// The fictional sdn.xml has the entries of the fictional files of values, and gives the same alerts.
func TestOFACXMLGolden(t *testing.T) {
	want, err := Import("testdata/ofac", Options{Loaded: 1})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Import("testdata/more/sdn.xml", Options{Loaded: 1})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want.Alerts, got.Alerts); d != "" {
		t.Error(d)
	}
	if !strings.HasPrefix(got.Version, "2026-01-31 sha256-") {
		t.Errorf("the version is %q", got.Version)
	}
	got.Version, got.Alerts = "", nil
	want.Version, want.Alerts, want.Notes = "", nil, want.Notes[1:] // the first is about the end of sdn_comments.csv
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	checkList(t, importXML(t, convert(t, "testdata/ofac")))
}

// sdnFile is an sdn.xml with some elements, and says how many entries it has.
func sdnFile(count int, elements string) string {
	return fmt.Sprintf("<sdnList xmlns=\"http://tempuri.org/sdnList.xsd\">\n<publshInformation><Publish_Date>01/31/2026</Publish_Date><Record_Count>%d</Record_Count></publshInformation>\n%s\n</sdnList>", count, elements)
}

const sdnOne = "<sdnEntry><uid>7</uid><lastName>A NAME</lastName><sdnType>Entity</sdnType></sdnEntry>"

// sdnWith is an sdn.xml of one entry with further elements.
func sdnWith(elements string) string {
	return sdnFile(1, strings.Replace(sdnOne, "</sdnEntry>", elements+"</sdnEntry>", 1))
}

func TestOFACXMLRefuses(t *testing.T) {
	for what, c := range map[string]struct{ file, subject, says string }{
		"uid twice":         {sdnFile(2, sdnOne+"\n"+sdnOne), "f:4", "entry 7 stands twice"},
		"no uid":            {sdnFile(1, strings.Replace(sdnOne, "7", "", 1)), "f:3", "uid"},
		"uid of letters":    {sdnFile(1, strings.Replace(sdnOne, "7", "7a", 1)), "f:3", "uid"},
		"no name":           {sdnFile(1, strings.Replace(sdnOne, "A NAME", " ", 1)), "f:3", "no lastName"},
		"a kind":            {sdnFile(1, strings.Replace(sdnOne, "Entity", "Spirit", 1)), "f:3", "none of Individual"},
		"no kind":           {sdnFile(1, strings.Replace(sdnOne, "Entity", "", 1)), "f:3", "none of Individual"},
		"fewer entries":     {sdnFile(2, sdnOne), "f", "says that it has 2 entries and has 1"},
		"more entries":      {sdnFile(0, sdnOne), "f", "says that it has 0 entries and has 1"},
		"no entries":        {sdnFile(0, ""), "f", "no alerts"},
		"a count":           {strings.Replace(sdnFile(1, sdnOne), ">1<", ">one<", 1), "f:2", "Record_Count"},
		"a count below 0":   {strings.Replace(sdnFile(1, sdnOne), ">1<", ">-1<", 1), "f:2", "Record_Count"},
		"a date":            {strings.Replace(sdnFile(1, sdnOne), "01/31", "31/01", 1), "f:2", "Publish_Date"},
		"published twice":   {sdnFile(1, "<publshInformation/>"), "f:3", "publshInformation stands twice"},
		"cut in an entry":   {sdnFile(1, sdnOne)[:230], "f:3", "not XML"},
		"cut after entries": {strings.TrimSuffix(sdnFile(1, sdnOne), "</sdnList>"), "f:4", "not XML"},
		"two roots":         {sdnFile(1, sdnOne) + "<sdnList/>", "f:4", "only one"},
		"text after":        {sdnFile(1, sdnOne) + "rest", "f:4", "text outside"},
		"text between":      {sdnFile(1, sdnOne+"rest"), "f:4", "text between"},
		"text in an entry":  {sdnWith("rest"), "f:3", "there is text in sdnEntry"},
		"text in a list":    {sdnWith("<idList>Passport 1</idList>"), "f:3", "there is text in idList"},
		"a name twice":      {sdnWith("<lastName>B</lastName>"), "f:3", "lastName stands twice"},
		"a list twice":      {sdnWith("<idList/><idList/>"), "f:3", "idList stands twice"},
		"a number twice":    {sdnWith("<idList><id><idNumber>1</idNumber><idNumber>2</idNumber></id></idList>"), "f:3", "idNumber stands twice"},
		"parts of a number": {sdnWith("<idList><id><idNumber><part>1</part></idNumber></id></idList>"), "f:3", "part"},
		"declaration":       {"<!DOCTYPE sdnList [<!ENTITY a \"b\">]>\n" + sdnFile(1, sdnOne), "f:1", "document type"},
		"outside entity":    {"<!DOCTYPE sdnList [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>\n" + sdnFile(1, sdnOne), "f:1", "document type"},
		"entity":            {sdnWith("<title>&a;</title>"), "f:3", "entity"},
		"deep":              {sdnWith(strings.Repeat("<title>", 100000)), "f:3", "too deep"},
		"encoding":          {`<?xml version="1.0" encoding="ISO-8859-1"?>` + sdnFile(1, sdnOne), "f:1", "UTF-8"},
		"Latin-1":           {sdnWith("<title>\xe9</title>"), "f:3", "UTF-8"},
		"many numbers":      {sdnWith("<idList>" + strings.Repeat("<id><idType>Passport</idType><idNumber>1</idNumber></id>", maxValues+1) + "</idList>"), "f", "more than"},
		"many addresses":    {sdnWith("<addressList>" + strings.Repeat("<address><city>A</city></address>", maxValues+1) + "</addressList>"), "f", "more than"},
		"many places":       {sdnWith("<placeOfBirthList>" + strings.Repeat("<placeOfBirthItem><placeOfBirth>A</placeOfBirth></placeOfBirthItem>", maxValues+1) + "</placeOfBirthList>"), "f", "more than"},
	} {
		t.Run(what, func(t *testing.T) {
			l, err := ImportFS(fstest.MapFS{"f": {Data: []byte(c.file)}}, "f", Options{})
			wantRefusal(t, l, err, c.subject, c.says)
		})
	}
}

// What the file does not say, and what the schema does not have, is told in the notes.
func TestOFACXMLNotes(t *testing.T) {
	born := "<dateOfBirthList><dateOfBirthItem><dateOfBirth>unknown</dateOfBirth></dateOfBirthItem></dateOfBirthList>"
	for what, c := range map[string]struct {
		file  string
		notes []string
	}{
		"whole":         {sdnFile(1, sdnOne), nil},
		"a birth":       {sdnWith(born), []string{"1 dates of birth are not written as dates"}},
		"no count":      {"<sdnList>" + sdnOne + "</sdnList>", []string{"when it was published", "how many entries"}},
		"an element":    {sdnWith("<eyeColour>1</eyeColour><eyeColour>2</eyeColour>"), []string{`not read: "eyeColour"`}},
		"one in a list": {sdnWith("<idList><chip><idType>Passport</idType><idNumber>1</idNumber></chip></idList>"), []string{`not read: "chip"`}},
		"one between":   {sdnFile(1, "<banner>x</banner>"+sdnOne), []string{`not read: "banner"`}},
	} {
		l, err := ImportFS(fstest.MapFS{"f": {Data: []byte(c.file)}}, "f", Options{})
		if err != nil || len(l.Notes) != len(c.notes) || len(l.Alerts) != 1 || len(l.Alerts[0].Documents) > 0 {
			t.Errorf("%s: %v, %+v", what, err, l)
			continue
		}
		for i, n := range c.notes {
			if !strings.Contains(l.Notes[i], n) {
				t.Errorf("%s: the note %q does not say %q", what, l.Notes[i], n)
			}
		}
	}
}

// Numbers and addresses that stand in the XML's elements in other forms than in most entries.
func TestOFACXMLEntry(t *testing.T) {
	entry := `<sdnEntry><uid>7</uid><lastName>SEA SNOW</lastName><sdnType>Vessel</sdnType><remarks>(Linked To: A)(Linked To: B) (Passport X123 (Armenia))</remarks>
		<idList><id><idType>Vessel Registration Identification</idType><idNumber>9000013</idNumber></id>
		<id><idType>National ID No.</idType><idNumber>13/Ta (Naing)019077</idNumber><idCountry>Burma</idCountry></id>
		<id><idType>National ID No.</idType><idNumber>(HWI)040182</idNumber><idCountry>Burma</idCountry></id>
		<id><idType>Tax ID No.</idType><idNumber>320712 (Texas)</idNumber><idCountry>United States</idCountry></id>
		<id><idType>C.U.I.T.</idType><idNumber>30-1</idNumber></id><id><idType>RFCX</idType><idNumber>30-2</idNumber></id><id><idType>Website</idType><idNumber>a1.example</idNumber></id></idList>
		<addressList><address><address1>1 A</address1><address2>B</address2><address3>C</address3><city>D</city><stateOrProvince>E</stateOrProvince><postalCode>12</postalCode><country>Cuba</country></address>
		<address><postalCode>12</postalCode><region>Crimea</region></address></addressList></sdnEntry>`
	l, err := ImportFS(fstest.MapFS{"f": {Data: []byte(sdnFile(1, entry))}}, "f", Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := l.Alerts[0]
	if d := cmp.Diff([]Number{{"9000013", "", "vessel registration"}}, got.Vehicles); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]Number{{"13/Ta (Naing)019077", "MMR", "national identity number"}, {"(HWI)040182", "MMR", "national identity number"},
		{"320712", "USA", "tax number"}, {"30-1", "", "CUIT"}, {"X123", "ARM", "passport"}}, got.Documents); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"1 A, B, C, D, E 12, Cuba", "12, Crimea"}, got.Addresses); d != "" {
		t.Error(d)
	}
}

// FuzzImportOFACXML gives any bytes as sdn.xml.
func FuzzImportOFACXML(f *testing.F) {
	f.Add(readFile(f, "testdata/more/sdn.xml"))
	f.Add([]byte(sdnFile(1, sdnOne)))
	f.Add([]byte(sdnWith("<idList><id><idType>Passport</idType><idNumber>(A) 1 (B) (C)</idNumber></id></idList><remarks>(()(a)</remarks>")))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := ImportFS(fstest.MapFS{"f": {Data: b}}, "f", Options{})
		if (l == nil) == (err == nil) {
			t.Fatal("neither a list nor an error, or both")
		}
		if err == nil {
			checkList(t, l)
			build(l.Alerts, nil, nil)
		} else if _, ok := errors.AsType[*marz.Error](err); !ok {
			t.Fatalf("the error %v is not of the project's type", err)
		}
	})
}
