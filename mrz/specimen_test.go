package mrz

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz"
)

var testToday = marz.Date{Year: 2026, Month: 1, Day: 31}

func date(y, m, d int) marz.Date { return marz.Date{Year: y, Month: m, Day: d} }

// checkPlaces are the line and position of each check digit, typed in from the tables of 9303-4, -5 and -6 §4.2.4 and of 9303-7
// §4.2.2.2 and §7.2.2.2, with the clause.
var checkPlaces = map[Format]struct {
	clause string
	at     map[string][2]int
}{
	TD1:      {"9303-5 §4.2.4", map[string][2]int{"number": {1, 15}, "birth": {2, 7}, "expiry": {2, 15}, "composite": {2, 30}}},
	TD2:      {"9303-6 §4.2.4", map[string][2]int{"number": {2, 10}, "birth": {2, 20}, "expiry": {2, 28}, "composite": {2, 36}}},
	TD3:      {"9303-4 §4.2.4", map[string][2]int{"number": {2, 10}, "birth": {2, 20}, "expiry": {2, 28}, "optional": {2, 43}, "composite": {2, 44}}},
	MRVA:     {"9303-7 §4.2.2.2", map[string][2]int{"number": {2, 10}, "birth": {2, 20}, "expiry": {2, 28}}},
	MRVB:     {"9303-7 §7.2.2.2", map[string][2]int{"number": {2, 10}, "birth": {2, 20}, "expiry": {2, 28}}},
	FranceID: {notOf9303, map[string][2]int{"number": {2, 13}, "birth": {2, 34}, "composite": {2, 36}}},
}

// good builds the checks of a document in which all are right, from pairs such as "number 6"; "number 9 1 19" is that of a long
// number, with its line and position.
func good(f Format, checks ...string) []Check {
	var out []Check
	for _, c := range checks {
		w := strings.Fields(c)
		at := checkPlaces[f].at[w[0]]
		if len(w) > 2 {
			at[0], _ = strconv.Atoi(w[2])
			at[1], _ = strconv.Atoi(w[3])
		}
		out = append(out, Check{Field: w[0], Want: w[1], Got: w[1], OK: true, Line: at[0], Column: at[1], Clause: checkPlaces[f].clause})
	}
	return out
}

// specimens are ICAO's own, typed in from Doc 9303, eighth edition.
var specimens = []struct {
	source string
	text   string
	want   Document
}{
	{"9303-4 appendix B, TD3", "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10", Document{
		Format: TD3, Code: "P", Issuer: "UTO", Primary: "ERIKSSON", Secondary: "ANNA MARIA", Number: "L898902C3",
		Nationality: "UTO", Birth: date(1974, 8, 12), Sex: "F", Expiry: date(2012, 4, 15), Optional1: "ZE184226B",
		Checks: good(TD3, "number 6", "birth 2", "expiry 9", "optional 1", "composite 0")}},
	{"9303-5 appendix B, TD1", "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<", Document{
		Format: TD1, Code: "I", Issuer: "UTO", Primary: "ERIKSSON", Secondary: "ANNA MARIA", Number: "D23145890",
		Nationality: "UTO", Birth: date(1974, 8, 12), Sex: "F", Expiry: date(2012, 4, 15),
		Checks: good(TD1, "number 7", "birth 2", "expiry 9", "composite 6")}},
	{"9303-6 appendix B, TD2", "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6", Document{
		Format: TD2, Code: "I", Issuer: "UTO", Primary: "ERIKSSON", Secondary: "ANNA MARIA", Number: "D23145890",
		Nationality: "UTO", Birth: date(1974, 8, 12), Sex: "F", Expiry: date(2012, 4, 15),
		Checks: good(TD2, "number 7", "birth 2", "expiry 9", "composite 6")}},
	{"9303-7 appendix B, MRV-A", "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<", Document{
		Format: MRVA, Code: "V", Issuer: "UTO", Primary: "ERIKSSON", Secondary: "ANNA MARIA", Number: "L8988901C",
		Nationality: "XXX", Birth: date(1940, 9, 7), Sex: "F", Expiry: date(1996, 12, 10), Optional1: "6ZE184226B",
		Checks: good(MRVA, "number 4", "birth 8", "expiry 9")}},
	{"9303-7 appendix B, MRV-B", "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL8988901C4XXX4009078F9612109<<<<<<<<", Document{
		Format: MRVB, Code: "V", Issuer: "UTO", Primary: "ERIKSSON", Secondary: "ANNA MARIA", Number: "L8988901C",
		Nationality: "XXX", Birth: date(1940, 9, 7), Sex: "F", Expiry: date(1996, 12, 10),
		Checks: good(MRVB, "number 4", "birth 8", "expiry 9")}},
	{"9303-11 appendix D.2, TD1 with a long number", "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<", Document{
		Format: TD1, Code: "I", Issuer: "UTO", Primary: "STEVENSON", Secondary: "PETER JOHN", Number: "D23145890734",
		Nationality: "UTO", Birth: date(1934, 7, 12), Sex: "M", Expiry: date(1995, 7, 12),
		Checks: good(TD1, "number 9 1 19", "birth 7", "expiry 2", "composite 2")}},
	{"9303-11 appendix D.2, TD2 with a long number", "I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<\nD23145890<UTO3407127M95071227349<<<8", Document{
		Format: TD2, Code: "I", Issuer: "UTO", Primary: "STEVENSON", Secondary: "PETER JOHN", Number: "D23145890734",
		Nationality: "UTO", Birth: date(1934, 7, 12), Sex: "M", Expiry: date(1995, 7, 12),
		Checks: good(TD2, "number 9 2 32", "birth 7", "expiry 2", "composite 8")}},
	{"the specimen that France published of its card", "IDFRABERTHIER<<<<<<<<<<<<<<<<<<<<<<<\n8806923102858CORINNE<<<<<<<6512068F6", Document{
		Format: FranceID, Code: "ID", Issuer: "FRA", Primary: "BERTHIER", Secondary: "CORINNE", Number: "880692310285",
		Nationality: "FRA", Birth: date(1965, 12, 6), Sex: "F",
		Checks: good(FranceID, "number 8", "birth 8", "composite 6")}},
}

func TestSpecimens(t *testing.T) {
	for _, s := range specimens {
		want := s.want
		want.Lines, want.Defects, want.DefectsAt = strings.Split(s.text, "\n"), []string{}, []Defect{}
		ways := map[string]string{
			"as printed":     s.text,
			"no line ends":   strings.ReplaceAll(s.text, "\n", ""),
			"CR LF":          strings.ReplaceAll(s.text, "\n", "\r\n") + "\r\n",
			"CR":             strings.ReplaceAll(s.text, "\n", "\r") + "\r",
			"small, spaced":  "\uFEFF\n  " + strings.ToLower(strings.ReplaceAll(s.text, "\n", " \n\n\t")),
			"one end lost":   strings.Replace(s.text, "\n", "", 1),
			"framed":         "\x02" + s.text + "\x03\r",
			"trailing lines": s.text + "\n\n\n",
		}
		for way, text := range ways {
			got, err := Parse(text, testToday)
			if err != nil {
				t.Errorf("%s, %s: %v", s.source, way, err)
				continue
			}
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", s.source, way, diff)
			}
			if !got.ChecksOK() {
				t.Errorf("%s: checks not OK", s.source)
			}
		}
		if text, err := Write(s.want); err != nil || text != s.text {
			t.Errorf("%s: wrote %v\n%s", s.source, err, text)
		}
	}
}

// 9303-3 appendix A, examples 1 to 5, and the parts of 9303-11 appendix D.
func TestCheckDigit(t *testing.T) {
	for field, want := range map[string]byte{
		"520727":    '3',
		"AB2134<<<": '5',
		"HA672242<658022549601086<<<<<<<<<<<<<<0":            '8', // TD3: 1-10, 14-20, 22-43 of the lower line
		"D231458907<<<<<<<<<<<<<<<34071279507122<<<<<<<<<<<": '2', // TD1: 6-30, 1-7, 9-15, 19-29
		"HA672242<658022549601086<<<<<<<":                    '8', // TD2: 1-10, 14-20, 22-35
		"D23145890734":                                       '9',
		"340712":                                             '7',
		"":                                                   '0',
		"<<<<<<":                                             '0',
		"AB 12":                                              '<',
		"ab12":                                               '<',
		"Ä":                                                  '<',
	} {
		if got := CheckDigit(field); got != want {
			t.Errorf("%s: got %c, want %c", field, got, want)
		}
	}
}

// The data group 1 of BSI TR-03105-5's reference data set: a TD3 zone inside tags 61 and 5F1F.
func TestReferenceDataSet(t *testing.T) {
	dir := os.Getenv("MARZ_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	raw, err := os.ReadFile(filepath.Join(dir, "emrtd-tr03105-5", "Datagroup1.bin"))
	if err != nil {
		t.Skip("no reference data: set MARZ_DATA to the folder of test data")
	}
	if string(raw[:5]) != "\x61\x5B\x5F\x1F\x58" {
		t.Fatalf("unexpected tags % X", raw[:5])
	}
	text := string(raw[5:])
	got, err := Parse(text, testToday)
	if err != nil {
		t.Fatal(err)
	}
	checks := good(TD3, "number 4", "birth 2", "expiry 4", "optional 0", "composite 4")
	checks[3].Got = "<"
	want := &Document{Format: TD3, Code: "P", Issuer: "D", Primary: "MUSTERMANN", Secondary: "ERIKA", Number: "C11T002JM",
		Nationality: "D", Birth: date(1996, 8, 12), Sex: "F", Expiry: date(2023, 10, 31),
		Checks: checks, Defects: []string{}, DefectsAt: []Defect{}, Lines: []string{text[:44], text[44:]}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if again, err := Write(*got); err != nil || again != text[:44]+"\n"+text[44:] {
		t.Errorf("written again: %v\n%s", err, again)
	}
}
