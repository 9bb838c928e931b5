package mrz

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// defective are zones with a defect each, how it is named, where it stands and from what it departs. Check digits are as they
// come; they are no defects.
var defective = []struct {
	what, text string
	want       Defect
}{
	{"a card's code on a passport", "I" + specimens[0].text[1:], Defect{DefectCode, 1, 1, "9303-4 §4.2.2.1"}},
	{"a digit in a passport's code", "P1" + specimens[0].text[2:], Defect{DefectCode, 1, 2, "9303-4 §4.2.2.1"}},
	{"V after a card's first letter", "IV" + specimens[1].text[2:], Defect{DefectCode, 1, 2, "9303-5 §4.2.2.1"}},
	{"AI on TD1", "AI" + specimens[1].text[2:], Defect{DefectCode, 1, 2, "9303-5 §4.2.2.1"}},
	{"AC on TD2", "AC" + specimens[2].text[2:], Defect{DefectCode, 1, 2, "9303-6 §4.2.2.1"}},
	{"a residence permit beginning with R", "RP" + specimens[1].text[2:], Defect{DefectCode, 1, 1, "9303-5 §4.2.2.1"}},
	{"a passport's code on TD2", "PD" + specimens[2].text[2:], Defect{DefectCode, 1, 1, "9303-6 §4.2.2.1"}},
	{"an issuer with a digit", strings.Replace(specimens[2].text, "<UTO", "<U7O", 1), Defect{DefectIssuer, 1, 4, "9303-6 §4.2.2.1"}},
	{"no issuer", strings.Replace(specimens[4].text, "<UTO", "<<<<", 1), Defect{DefectIssuer, 1, 3, "9303-7 §7.2.2.1"}},
	{"an issuer that is no more", strings.Replace(specimens[0].text, "<UTO", "<YUG", 1), Defect{DefectIssuerOld, 1, 3, "9303-3 §5 Part A"}},
	{"an issuer that the standard still lists", strings.Replace(specimens[0].text, "<UTO", "<ANT", 1), Defect{DefectIssuerOld, 1, 3, "9303-3 §5 Part F"}},
	{"no nationality", passport(map[int]string{11: "<<<"}), Defect{DefectNationality, 2, 11, "9303-4 §4.2.2.2"}},
	{"a nationality misread, TD1", strings.Replace(specimens[1].text, "159UTO", "159UT0", 1), Defect{DefectNationality, 2, 18, "9303-5 §4.2.2.2"}},
	{"a nationality that is no more", passport(map[int]string{11: "SUN"}), Defect{DefectNationalityOld, 2, 11, "9303-3 §5 Part A"}},
	{"a digit in a name", strings.Replace(specimens[0].text, "ERIKSSON", "ERIK5SON", 1), Defect{DefectName, 1, 10, "9303-3 §4.6"}},
	{"no primary identifier, TD1", specimens[1].text[:62] + "<<ANNA<MARIA" + strings.Repeat("<", 18), Defect{DefectName, 3, 1, "9303-3 §4.6"}},
	{"three fillers", strings.Replace(specimens[3].text, "<<ANNA<MARIA<", "<<<ANNA<MARIA", 1), Defect{DefectName, 1, 16, "9303-3 §4.6"}},
	{"parted twice", strings.Replace(specimens[0].text, "ANNA<MARIA<", "ANNA<<MARIA", 1), Defect{DefectName, 1, 21, "9303-3 §4.6"}},
	{"a French name in parts", strings.Replace(specimens[7].text, "BERTHIER<<<", "BERTHIER<<A", 1), Defect{DefectName, 1, 15, notOf9303}},
	{"French given names out of place", strings.Replace(specimens[7].text, "CORINNE<", "<CORINNE", 1), Defect{DefectName, 2, 14, notOf9303}},
	{"no number", passport(map[int]string{1: "<<<<<<<<<0"}), Defect{DefectNumber, 2, 1, "9303-4 §4.2.2.2"}},
	{"no number, TD1", "I<UTO<<<<<<<<<0<<<<<<<<<<<<<<<" + specimens[1].text[30:], Defect{DefectNumber, 1, 6, "9303-5 §4.2.2.1"}},
	{"sex misread", passport(map[int]string{21: "H"}), Defect{DefectSex, 2, 21, "9303-4 §4.2.2.2"}},
	{"sex misread, French", strings.Replace(specimens[7].text, "8F6", "8E6", 1), Defect{DefectSex, 2, 35, notOf9303}},
	{"a birth in month 13", passport(map[int]string{14: "741312"}), Defect{DefectBirthImpossible, 2, 16, "9303-3 §4.8"}},
	{"a birth on 30 February", passport(map[int]string{14: "740230"}), Defect{DefectBirthImpossible, 2, 18, "9303-3 §4.8"}},
	{"a letter in a birth", passport(map[int]string{14: "7O0812"}), Defect{DefectBirthMalformed, 2, 14, "9303-3 §4.8"}},
	{"a French birth", strings.Replace(specimens[7].text, "6512068", "651<068", 1), Defect{DefectBirthMalformed, 2, 30, notOf9303}},
	{"an expiry on day 0", passport(map[int]string{22: "120400"}), Defect{DefectExpiryImpossible, 2, 26, "9303-3 §4.8"}},
	{"half an expiry", passport(map[int]string{22: "12041<"}), Defect{DefectExpiryMalformed, 2, 26, "9303-3 §4.8"}},
}

func TestDefectsSayWhere(t *testing.T) {
	for _, c := range defective {
		d := parsed(t, c.text, testToday)
		if diff := cmp.Diff([]Defect{c.want}, d.DefectsAt); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, diff)
		}
		if !slices.Equal(d.Defects, []string{c.want.Name}) {
			t.Errorf("%s: %v", c.what, d.Defects)
		}
	}
	both := parsed(t, passport(map[int]string{11: "UT0", 21: "H"}), testToday)
	if want := []string{DefectNationality, DefectSex}; !slices.Equal(both.Defects, want) || both.DefectsAt[0].Name != want[0] || both.DefectsAt[1].Name != want[1] {
		t.Errorf("two defects: %+v", both.DefectsAt)
	}
}

// A wrong check digit stands where it says, in every format.
func TestCheckDigitsSayWhere(t *testing.T) {
	for _, s := range specimens {
		for i, c := range s.want.Checks {
			lines := strings.Split(s.text, "\n")
			line := lines[c.Line-1]
			wrong := string('0' + (line[c.Column-1]-'0'+1)%10)
			lines[c.Line-1] = line[:c.Column-1] + wrong + line[c.Column:]
			got := parsed(t, strings.Join(lines, "\n"), testToday).Checks[i]
			want := c
			want.Got, want.OK = wrong, false
			if c.Field == "composite" {
				want.Want = got.Want
			}
			if got != want {
				t.Errorf("%s: got %+v, want %+v", s.source, got, want)
			}
		}
	}
}

// Every name of a defect is produced by a zone above and is in docs/mrz.md with its clauses, and so is every check digit.
func TestDefectsAreDocumented(t *testing.T) {
	raw, err := os.ReadFile("../docs/mrz.md")
	if err != nil {
		t.Fatal(err)
	}
	entry := func(name string) string {
		for line := range strings.Lines(string(raw)) {
			if strings.HasPrefix(line, "| `"+name+"` |") {
				return line
			}
		}
		t.Errorf("docs/mrz.md has no line for %s", name)
		return ""
	}
	produced := map[string]bool{}
	for _, c := range defective {
		produced[c.want.Name] = true
		if line := entry(c.want.Name); c.want.Clause != notOf9303 && !strings.Contains(line, c.want.Clause) {
			t.Errorf("docs/mrz.md does not have %s for %s", c.want.Clause, c.want.Name)
		}
	}
	names := constants(t, "mrz.go", "Defect")
	if len(names) < 12 {
		t.Errorf("found %d names only", len(names))
	}
	for _, name := range names {
		entry(name)
		if !produced[name] {
			t.Errorf("no zone of the test has %s", name)
		}
	}
	for _, field := range []string{"number", "birth", "expiry", "optional", "composite"} {
		entry(field)
	}
}

// constants returns the text constants of a file whose names begin with a prefix.
func constants(t *testing.T, file, prefix string) (values []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, prefix) {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, text)
		}
		return true
	})
	return values
}
