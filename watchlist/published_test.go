package watchlist

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"marz"
)

func year(y int) marz.Date { return marz.Date{Year: y} }

// leyla is the fictional person of the files in testdata/varied, as far as all of them agree.
var leyla = Name{"Leyla Nur ÖRNEK", Primary}

// Fields that publishers' files have, with a byte order mark, CRLF, line feeds in quotes, empty columns and several rows a subject.
func TestPublishedForms(t *testing.T) {
	arabic := Name{"ليلى المثال", NativeScript}
	for file, want := range map[string]struct {
		version string // its beginning
		notes   []string
		alerts  []Alert
	}{
		"eu.xml": {"2026-02-03T04:05:06.000+01:00 sha256-",
			[]string{"1 dates of birth are not written as dates and are left out", "1 states are not known by the names given and are left out"},
			[]Alert{{ID: "9001", Kind: Person, Sex: "F",
				Why:           "EU programme FIC; 2025/901 (OJ L901); EU programme TST; 2025/902 (OJ L902); function: Deputy keeper of examples; Fictional person with a remark.",
				Names:         []Name{leyla, {"Abu Mithal", WeakAlias}, arabic, {"Leila Ornek", WeakAlias}, {"Leyla Misal", Alias}},
				Births:        []Birth{{From: marz.Date{Year: 1971, Month: 3, Day: 4}}, {From: year(1970), Circa: true}, {From: marz.Date{Year: 1972, Month: 5}}, {From: year(1969), To: year(1973)}, {From: year(1974)}},
				Birthplaces:   []string{"Old town, Adana, TURKEY"},
				Addresses:     []string{"1 Example Street, PO 7, 01000, Adana, South, TURKEY, as at 2020"},
				Nationalities: []string{"TUR"},
				Documents: []Number{{"U 0012345", "TUR", "passport, diplomatic, lost"}, {"F-777", "", "identity document, false, revoked, expired"},
					{"١٢٣٤٥", "SYR", "social security number, stolen"}}},
				{ID: "9002", Kind: Organisation, Names: []Name{{"EXAMPLE STAR", Primary}}, Vehicles: []Number{{"9074729", "", "IMO number"}}}}},
		"eu.csv": {"03/02/2026 sha256-",
			[]string{"1 dates of birth are not written as dates and are left out"},
			[]Alert{{ID: "9001", Kind: Person, Sex: "F",
				Why:           `EU programme FIC; 2025/901 (OJ L901); Fictional; with "quotes" and a second line; function: Deputy keeper of examples`,
				Names:         []Name{leyla, {"Abu Mithal", WeakAlias}, arabic},
				Births:        []Birth{{From: marz.Date{Year: 1971, Month: 3, Day: 4}}, {From: marz.Date{Year: 1972, Month: 5}, Circa: true}, {From: year(1969), To: year(1973)}},
				Birthplaces:   []string{"Old town, Adana, TURKEY"},
				Addresses:     []string{"1 Example Street; rear, PO 7, 01000, Adana, South, TURKEY"},
				Nationalities: []string{"TUR"},
				Documents:     []Number{{"U 0012345", "TUR", "passport, diplomatic, lost"}, {"12345", "", "identity document, false"}}},
				{ID: "9002", Kind: Organisation, Names: []Name{{"EXAMPLE; AND SONS", Primary}}}}},
		"uk-conlist.csv": {"03/02/2026 sha256-",
			[]string{"1 dates of birth are not written as dates and are left out", "1 states are not known by the names given and are left out"},
			[]Alert{{ID: "90011", Kind: Person, Sex: "F",
				Why:           "UK regime Fictional; position: (1) Keeper; (UK Sanctions List Ref):FIC0011. (Gender):Female Second line",
				Names:         []Name{{"Leyla Nur bint ÖRNEK", Primary}, {"Abu MITHAL", WeakAlias}, arabic, {"Leila ORNEK", Alias}},
				Births:        []Birth{{From: marz.Date{Year: 1972, Month: 5}}, {From: year(1971)}},
				Birthplaces:   []string{"Adana, Turkey", "Aleppo, Syria"},
				Addresses:     []string{"1 Example Street, Adana, 01000, Turkey"},
				Nationalities: []string{"TUR", "SYR"},
				Documents:     []Number{{"U0012345", "TUR", "passport, expired"}, {"N777", "SYR", "passport"}, {"12-345", "", "national identity number"}}},
				{ID: "90012", Kind: Vessel, Why: "UK regime Fictional; (UK Sanctions List Ref):FIC0012. (IMO number):9074729. (Type of ship): Tanker",
					Names: []Name{{"EXAMPLE STAR", Primary}}, Vehicles: []Number{{"9074729", "", "IMO number"}}}}},
		"uk-sanctions-list.csv": {"03-Feb-2026 sha256-", nil,
			[]Alert{{ID: "FIC0012", Kind: Vessel, Why: "UK regime Fictional; ship: Tanker; flag: Palau; previous flags: Togo, Gabon; owner: Example Lines",
				Names: []Name{{"EXAMPLE STAR", Primary}, {"OLD EXAMPLE", Alias}}, Vehicles: []Number{{"9074729", "", "IMO number"}, {"XX-ABC12345D606", "", "hull identification number"}}},
				{ID: "FIC0011", Kind: Person, Sex: "F", Why: "UK regime Fictional; It is a fiction.", Names: []Name{{"Leyla ÖRNEK", Primary}, {"MITHAL", WeakAlias}, arabic},
					Births: []Birth{{From: year(1960)}, {From: marz.Date{Year: 1961, Month: 3, Day: 4}}}, Addresses: []string{"1 Example Street, Turkey"},
					Nationalities: []string{"TUR"}, Documents: []Number{{"U0012345", "TUR", "passport"}}},
				{ID: "FIC0013", Kind: Organisation, Why: "UK regime Fictional", Names: []Name{{"EXAMPLE WORKS", Primary}},
					Documents: []Number{{"RN-1", "", "registration number"}, {"RN-2", "", "registration number"}}}}},
		"un.xml": {"2026-02-03T04:05:06Z",
			[]string{"1 documents have no number and are left out", "1 dates of birth are not written as dates and are left out", "1 states are not known by the names given and are left out"},
			[]Alert{{ID: "EXi.101", Kind: Person, Why: "UN Security Council list Example; position: Keeper of examples",
				Names:         []Name{{"LEYLA NUR", Primary}, {"Leila", WeakAlias}, {"ليلى", NativeScript}},
				Births:        []Birth{{From: marz.Date{Year: 1971, Month: 3, Day: 4}}, {From: year(1970), To: year(1972)}},
				Birthplaces:   []string{"Adana, Türkiye", "Example village, Türkiye, possibly"},
				Addresses:     []string{"Adana, as at 2020"},
				Nationalities: []string{"TUR"},
				Documents:     []Number{{"U0012345", "TUR", "passport, expired, lost"}, {"V-1", "", "voter id"}}}}},
	} {
		t.Run(file, func(t *testing.T) {
			l, err := Import(filepath.Join("testdata/varied", file), Options{})
			if err != nil {
				t.Fatal(err)
			}
			checkList(t, l)
			for i := range l.Alerts {
				l.Alerts[i].Owner, l.Alerts[i].Version = "", ""
			}
			if d := cmp.Diff(want.alerts, l.Alerts); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(want.notes, l.Notes); d != "" {
				t.Error(d)
			}
			if !strings.HasPrefix(l.Version, want.version) {
				t.Errorf("version %q", l.Version)
			}
		})
	}
}

// A document that is known to be lost is found, and the hit says so.
func TestLostDocumentIsAHit(t *testing.T) {
	l, err := Import("testdata/varied/eu.xml", Options{})
	if err != nil {
		t.Fatal(err)
	}
	hits := loaded(t, l).Screen(t.Context(), Query{Document: "U0012345"}).Hits
	b, err := json.Marshal(hits)
	if len(hits) != 1 || err != nil || !strings.Contains(string(b), "passport, diplomatic, lost") {
		t.Errorf("%s %v", b, err)
	}
}

// What is malformed names its place and what to do.
func TestPublishedFormsRefuse(t *testing.T) {
	eu := "Entity_LogicalId;Entity_SubjectType;NameAlias_WholeName;Citizenship_CountryIso2Code\n"
	uk := "Last Updated,01/01/2026\nName 6,Name 1,Group Type,Group ID\n"
	entity := func(s string) string {
		return "<export>\n<sanctionEntity logicalId=\"1\">" + s + "</sanctionEntity>\n</export>"
	}
	named := `<subjectType code="person"/><nameAlias wholeName="A B"/>`
	for what, c := range map[string]struct{ file, subject, says string }{
		"eu short row":                   {eu + "1;P;A B\n", "f:2", "3 values where the header has 4 columns"},
		"eu long row":                    {eu + "1;P;A;B;AM\n", "f:2", "shifted"},
		"eu shifted id":                  {eu + "P;A B;AM;\n", "f:2", "no number as its Entity_LogicalId"},
		"eu shifted kind":                {eu + "1;A B;P;AM\n", "f:2", "neither a person nor an enterprise"},
		"eu two kinds":                   {eu + "1;P;A B;\n1;E;A C;\n", "f:3", "another kind"},
		"eu nameless":                    {eu + "2;P;A B;\n1;P;;AM\n", "f:3", "neither a name nor a number"},
		"eu no kinds":                    {"Entity_LogicalId;NameAlias_WholeName\n1;A\n", "f:1", "Entity_SubjectType"},
		"eu quote":                       {eu + "1;P;\"A B;\n", "f:2", "broken"},
		"eu nothing":                     {eu, "f", "no alerts"},
		"eu xml kind":                    {entity(`<subjectType code="spirit"/><nameAlias wholeName="A B"/>`), "f:2", "neither a person nor an enterprise"},
		"eu xml nameless":                {entity(`<subjectType code="person"/>`), "f:2", "no name"},
		"eu xml blank name":              {entity(`<subjectType code="person"/><nameAlias wholeName=" "/>`), "f:2", "neither a name nor a number"},
		"eu xml twice":                   {strings.Replace(entity(named), "\n</export>", "\n<sanctionEntity logicalId=\"1\">"+named+"</sanctionEntity></export>", 1), "f:3", "stands twice"},
		"eu xml cut":                     {entity(named)[:70], "f:2", "it is not XML"},
		"eu xml text after":              {entity(named) + "rest", "f:3", "text outside"},
		"eu xml many":                    {entity(named + manyNames()), "f:2", "more than"},
		"uk short row":                   {uk + "A,B,Individual\n", "f:3", "3 values where the header has 4 columns"},
		"uk long row":                    {uk + "A,B,C,Individual,1\n", "f:3", "shifted"},
		"uk shifted id":                  {uk + "A,B,Individual,x\n", "f:3", "no Group ID"},
		"uk two kinds":                   {uk + "A,B,Individual,1\nA,B,Entity,1\n", "f:4", "another kind"},
		"uk nameless":                    {uk + ",,Individual,1\n", "f:3", "neither a name nor a number"},
		"uk no Name 1":                   {"Last Updated,1\nName 6,Group Type,Group ID\nA,Individual,1\n", "f:2", `lacks the column "Name 1"`},
		"own number":                     {"kind,number,name\ndocument,---,A B\n", "f:2", "no letter or digit"},
		"own country":                    {"kind,number,country\ndocument,A1,Ruritania\n", "f:2", "the country is not known"},
		"own country alone":              {"kind,id,name,country\nperson,1,A B,ARM\n", "f:2", "and no number"},
		"own number of spaces in quotes": {"kind,number\ndocument,\"  \"\n", "f:2", "neither a name nor a number"},
		"own birth":                      {"kind,id,name,birth\nperson,1,A B,1971|soon\n", "f:2", "the birth is no date"},
		"own sex":                        {"kind,id,name,sex\nperson,1,A B,W\n", "f:2", "the sex is none"},
		"own nationality":                {"kind,id,name,nationality\nperson,1,A B,ARM|Ruritania\n", "f:2", "the nationality is not known"},
		"own no id":                      {"kind,name\nperson,A B\n", "f:2", "no id"},
		"own empty value":                {"kind,number\ndocument,A1,\n", "f:2", "more values"},
		"own many names":                 {"kind,id,name\nperson,1,\"" + strings.Join(manyWords(), "|") + "\"\n", "f:2", "more than"},
	} {
		t.Run(what, func(t *testing.T) {
			l, err := ImportFS(fstest.MapFS{"f": {Data: []byte(c.file)}}, "f", Options{})
			wantRefusal(t, l, err, c.subject, c.says)
		})
	}
}

func manyWords() []string {
	out := make([]string, maxValues+2)
	for i := range out {
		out[i] = "A" + strings.Repeat("B", i%70) + strings.Repeat("C", i/70)
	}
	return out
}

func manyNames() string {
	var b strings.Builder
	for _, w := range manyWords() {
		b.WriteString(`<nameAlias wholeName="` + w + `"/>`)
	}
	return b.String()
}

// A column that is not known is passed over, and separators after the last value do no harm.
func TestPublishedFormsTolerate(t *testing.T) {
	for _, file := range []string{
		"Entity_LogicalId;Entity_SubjectType;NameAlias_WholeName;New\r\n1;P;A B;x;;\r\n",
		"Last Updated,01/01/2026,,\nNew,Name 6,Name 1,Alias Type,Group Type,Group ID\nx,B,A,Primary name,Individual,1,\n",
	} {
		l, err := ImportFS(fstest.MapFS{"f": {Data: []byte(file)}}, "f", Options{})
		if err != nil {
			t.Error(err)
			continue
		}
		if d := cmp.Diff([]Name{{"A B", Primary}}, l.Alerts[0].Names); d != "" {
			t.Error(d)
		}
	}
}
