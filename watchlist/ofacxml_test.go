package watchlist

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/xml"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	gocmp "github.com/google/go-cmp/cmp"
)

// Both forms in which OFAC publishes its list give the same alerts.
func TestOFACFormsAgree(t *testing.T) {
	want, err := ImportFS(ofacFiles(t), "sdn.csv", Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Import("testdata/more/sdn.xml", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff(want.Alerts, got.Alerts); d != "" {
		t.Error(d)
	}
	if got.ID != want.ID || got.Owner != want.Owner || !strings.HasPrefix(got.Version, "03/04/2026 sha256-") || !slices.Equal(got.Notes, want.Notes[len(want.Notes)-1:]) { // the files of values lack OFAC's mark of their end
		t.Errorf("list %s of %s, version %s, notes %v", got.ID, got.Owner, got.Version, got.Notes)
	}
}

func sdnXML(entries string) string {
	return `<sdnList xmlns="http://tempuri.org/sdnList.xsd"><publshInformation><Publish_Date>03/04/2026</Publish_Date><Record_Count>1</Record_Count></publshInformation>` + entries + `</sdnList>`
}

const sdnPerson = `<sdnEntry><uid>1</uid><lastName>MUSTER</lastName><firstName>Pavel</firstName><sdnType>Individual</sdnType>`

func TestOFACXMLValues(t *testing.T) {
	file := sdnXML(sdnPerson + `<addressList><address><address1>12 Example Road</address1><address2>Floor 3</address2><city>Springfield</city><stateOrProvince>IL</stateOrProvince><postalCode>00001</postalCode><country>United States</country></address></addressList>
<idList><id><idType>SSN</idType><idNumber>001-00-0001</idNumber><idCountry>United States</idCountry></id><id><idType>Travel Document Number</idType><idNumber>A0000001</idNumber></id>
<id><idType>Residency Number</idType><idNumber>7700001</idNumber></id><id><idType>Vehicle Plate No.</idType><idNumber>34 AB 567</idNumber><idCountry>Armenia</idCountry></id>
<id><idType>Identification Number</idType><idNumber>IMO 9000001</idNumber></id><id><idType>Phone Number</idType><idNumber>123456</idNumber></id></idList></sdnEntry>`)
	l, err := ImportFS(fstest.MapFS{"f": {Data: []byte(file)}}, "f", Options{})
	if err != nil {
		t.Fatal(err)
	}
	a := l.Alerts[0]
	a.Version = ""
	want := Alert{ID: "1", Kind: Person, Owner: "us-ofac", Names: []Name{{"MUSTER, Pavel", Primary}},
		Addresses: []string{"12 Example Road, Floor 3, Springfield, IL 00001, United States"},
		Documents: []Number{{"001-00-0001", "USA", "social security number"}, {"A0000001", "", "travel document"}, {"7700001", "", "residence permit"}},
		Vehicles:  []Number{{"34 AB 567", "ARM", "number plate"}, {"9000001", "", "IMO number"}}}
	if d := gocmp.Diff(want, a); d != "" {
		t.Error(d)
	}
}

func TestOFACXMLRefuses(t *testing.T) {
	for what, c := range map[string][2]string{
		"no uid":             {sdnXML(`<sdnEntry><lastName>A</lastName><sdnType>Entity</sdnType></sdnEntry>`), "f:1: the entry's uid is not the number"},
		"no name":            {sdnXML(`<sdnEntry><uid>1</uid><sdnType>Entity</sdnType></sdnEntry>`), "entry 1 has no name"},
		"another type":       {sdnXML(`<sdnEntry><uid>1</uid><lastName>A</lastName><sdnType>Submarine</sdnType></sdnEntry>`), "the type of entry 1 is none of"},
		"twice":              {sdnXML(sdnPerson + "</sdnEntry>\n" + sdnPerson + "</sdnEntry>"), "f:2: entry 1 stands twice"},
		"cut":                {sdnXML(sdnPerson + "</sdnEntry>")[:250], "it is not XML"},
		"cut at the end":     {strings.TrimSuffix(sdnXML(sdnPerson+"</sdnEntry>"), "</sdnList>"), "it is not XML"},
		"no entries":         {sdnXML(""), "it holds no alerts"},
		"a declaration":      {`<!DOCTYPE sdnList [<!ENTITY a "b">]>` + sdnXML(sdnPerson+"</sdnEntry>"), "document type declaration"},
		"text behind":        {sdnXML(sdnPerson+"</sdnEntry>") + "more", "there is text outside of sdnList"},
		"too many documents": {sdnXML(sdnPerson + "<idList>" + strings.Repeat("<id><idType>Passport</idType><idNumber>A1</idNumber></id>", maxValues+1) + "</idList></sdnEntry>"), "more than 5000 values"},
	} {
		if _, err := ImportFS(fstest.MapFS{"f": {Data: []byte(c[0])}}, "f", Options{}); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v", what, err)
		}
	}
	l, err := ImportFS(fstest.MapFS{"f": {Data: []byte(strings.Replace(sdnXML(sdnPerson+"</sdnEntry>"), "<Record_Count>1<", "<Record_Count>2<", 1))}}, "f", Options{})
	if err != nil || !slices.Contains(l.Notes, "the file says that it holds 2 entries, and has 1; fetch it again") {
		t.Errorf("a count that does not agree: %v", err)
	}
}

// sdnTypes are the kinds of numbers that OFAC gives, as they stand before the number in the remarks of its files of values. What begins with none of them is words.
var sdnTypes = []string{"Passport", "Diplomatic Passport", "Cedula No.", "National ID No.", "National Foreign ID Number", "NIT #", "Vessel Registration Identification", "R.F.C.", "C.U.R.P.", "Registration Number",
	"Aircraft Model", "Aircraft Manufacturer's Serial Number (MSN)", "Aircraft Tail Number", "Aircraft Construction Number (also called L/N or S/N or F/N)", "Tax ID No.", "Registration ID", "RUC #", "Identification Number",
	"Government Gazette Number", "Company Number", "Commercial Registry Number", "MMSI", "D.N.I.", "Business Registration Number", "Business Registration Document #", "RIF #", "Electoral Registry No.", "Driver's License No.",
	"SSN", "Birth Certificate Number", "Residency Number", "Travel Document Number", "Credencial electoral", "Personal ID Card", "LE Number", "I.F.E.", "C.U.I.T.", "RFC", "Italian Fiscal Code", "Cartilla de Servicio Militar Nacional",
	"British National Overseas Passport", "Stateless Person ID Card", "Turkish Identification Number", "Refugee ID Card", "Gender", "Website", "Email Address", "Digital Currency Address - XBT", "Secondary sanctions risk:"}

// asXML writes OFAC's files of values in the form of its XML, as sdn.xsd has it.
func asXML(t *testing.T, dir string) []byte {
	rows := func(file string) [][]string {
		r := csv.NewReader(bytes.NewReader(bytes.TrimRight(readFile(t, filepath.Join(dir, file)), "\x1a \r\n")))
		r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
		all, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range all {
			for i := range row {
				if strings.TrimSpace(row[i]) == "-0-" {
					row[i] = ""
				}
			}
		}
		return all
	}
	akas, addresses, comments := map[string]string{}, map[string]string{}, map[string]string{}
	for _, r := range rows("alt.csv") {
		akas[r[0]] += "<aka><type>" + r[2] + "</type><category>strong</category>" + asName(r[3]) + "</aka>"
	}
	for _, r := range rows("add.csv") {
		addresses[r[0]] += "<address>" + element("address1", r[2]) + element("city", r[3]) + element("country", r[4]) + "</address>"
	}
	for _, r := range rows("sdn_comments.csv") {
		comments[r[0]] += r[1]
	}
	var out strings.Builder
	out.WriteString(`<sdnList xmlns="https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/exports/XML"><publshInformation><Publish_Date>01/02/2026</Publish_Date></publshInformation>`)
	for _, r := range rows("sdn.csv") {
		kind := cmp.Or(strings.ToUpper(r[2][:min(1, len(r[2]))])+r[2][min(1, len(r[2])):], "Entity")
		name := element("lastName", r[1])
		if kind == "Individual" {
			name = asName(r[1])
		}
		out.WriteString("<sdnEntry>" + element("uid", r[0]) + name + element("title", r[4]) + element("sdnType", kind) + "<programList>")
		for _, p := range strings.Split(r[3], "] [") {
			out.WriteString(element("program", p))
		}
		out.WriteString("</programList><vesselInfo>" + element("callSign", r[5]) + "</vesselInfo>" + details(r[11]+comments[r[0]], akas[r[0]]) + "<addressList>" + addresses[r[0]] + "</addressList></sdnEntry>")
	}
	return []byte(out.String() + "</sdnList>")
}

func element(name, text string) string {
	if text = strings.TrimSpace(text); text == "" {
		return ""
	}
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(text))
	return "<" + name + ">" + b.String() + "</" + name + ">"
}

// asName divides a name at its first comma, as OFAC joins it there.
func asName(s string) string {
	last, first, _ := strings.Cut(s, ", ")
	return element("lastName", last) + element("firstName", first)
}

// details writes what the remarks say as elements of their own.
func details(remarks, akas string) string {
	lists := map[string]string{"akaList": akas}
	var words []string
	for item := range strings.SplitSeq(remarks, ";") {
		item = strings.TrimPrefix(strings.TrimSuffix(strings.TrimSpace(item), "."), "alt. ")
		word, rest, _ := strings.Cut(item, " ")
		switch kind := slices.MaxFunc(append(sdnTypes[:len(sdnTypes):len(sdnTypes)], ""), func(a, b string) int { return cmp.Compare(prefixed(item, a), prefixed(item, b)) }); {
		case word == "DOB":
			lists["dateOfBirthList"] += "<dateOfBirthItem>" + element("dateOfBirth", rest) + "</dateOfBirthItem>"
		case word == "POB":
			lists["placeOfBirthList"] += "<placeOfBirthItem>" + element("placeOfBirth", rest) + "</placeOfBirthItem>"
		case word == "nationality":
			lists["nationalityList"] += "<nationality>" + element("country", rest) + "</nationality>"
		case word == "citizen":
			lists["citizenshipList"] += "<citizenship>" + element("country", rest) + "</citizenship>"
		case (word == "a.k.a." || word == "f.k.a.") && strings.HasPrefix(rest, "'"):
			lists["akaList"] += "<aka><category>weak</category>" + element("lastName", strings.Trim(rest, "'")) + "</aka>"
		case prefixed(item, kind) > 0:
			number, country, _ := strings.Cut(strings.TrimPrefix(item, kind), " (")
			country, _, _ = strings.Cut(country, ")")
			for _, w := range []string{" issued ", " expires "} {
				number, _, _ = strings.Cut(number, w)
			}
			lists["idList"] += "<id>" + element("idType", kind) + element("idNumber", number) + element("idCountry", country) + "</id>"
		default:
			words = append(words, item)
		}
	}
	out := element("remarks", strings.Join(words, "; "))
	for name, content := range lists {
		out += "<" + name + ">" + content + "</" + name + ">"
	}
	return out
}

// prefixed is how long a kind is that an item begins with, 0 for another.
func prefixed(item, kind string) int {
	if kind != "" && strings.HasPrefix(item, kind+" ") {
		return len(kind)
	}
	return 0
}

// All of OFAC's list, as its files of values have it, gives the same alerts when it is written as its XML.
func TestOFACFormsAgreeOnTheWholeList(t *testing.T) {
	dir := filepath.Join(data(t), "lists/ofac")
	want, err := Import(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := ImportFS(fstest.MapFS{"sdn.xml": {Data: asXML(t, dir)}}, "sdn.xml", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Alerts) != len(want.Alerts) {
		t.Fatalf("%d alerts, and %d of the files of values", len(got.Alerts), len(want.Alerts))
	}
	differ := 0
	for i := range want.Alerts {
		w, g := ordered(want.Alerts[i]), ordered(got.Alerts[i])
		if d := gocmp.Diff(w, g); d != "" {
			if differ++; differ <= 5 {
				t.Errorf("entry %s:\n%s", w.ID, d)
			}
		}
	}
	if differ > 0 {
		t.Errorf("%d entries differ", differ)
	}
}

// ordered brings what has no order into one, since numbers that stand among words come last in one form.
func ordered(a Alert) Alert {
	a.Version = ""
	byText := func(x, y Number) int { return cmp.Compare(x.Type+x.Number+x.Country, y.Type+y.Number+y.Country) }
	a.Documents, a.Vehicles, a.Names = slices.Clone(a.Documents), slices.Clone(a.Vehicles), slices.Clone(a.Names)
	slices.SortFunc(a.Documents, byText)
	slices.SortFunc(a.Vehicles, byText)
	slices.SortFunc(a.Names, func(x, y Name) int { return cmp.Compare(x.Text+string(x.Kind), y.Text+string(y.Kind)) })
	return a
}
