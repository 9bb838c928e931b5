package mrz

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz"
)

// passport is the TD3 specimen with a lower line changed at a position counted from 1, check digits not adapted.
func passport(changes map[int]string) string {
	lines := []byte(specimens[0].text)
	for position, text := range changes {
		copy(lines[45+position-1:], text)
	}
	return string(lines)
}

func parsed(t *testing.T, text string, today marz.Date) *Document {
	t.Helper()
	d, err := Parse(text, today)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDates(t *testing.T) {
	for _, c := range []struct {
		birth  string
		today  marz.Date
		want   marz.Date
		doubt  bool
		defect string
	}{
		{"740812", testToday, date(1974, 8, 12), false, ""},
		{"260131", testToday, date(2026, 1, 31), true, ""}, // born today
		{"260201", testToday, date(1926, 2, 1), false, ""}, // the day after today: a hundred years ago
		{"270101", testToday, date(1927, 1, 1), false, ""},
		{"150101", testToday, date(2015, 1, 1), true, ""}, // 11 or 111
		{"101231", testToday, date(2010, 12, 31), false, ""},
		{"000229", testToday, date(2000, 2, 29), false, ""},
		{"991231", date(1999, 12, 31), date(1999, 12, 31), true, ""},
		{"26<<<<", testToday, marz.Date{Year: 2026}, true, ""}, // may have been in January
		{"2602<<", testToday, marz.Date{Year: 1926, Month: 2}, false, ""},
		{"85<<<<", testToday, marz.Date{Year: 1985}, false, ""},
		{"85<<07", testToday, marz.Date{Year: 1985, Day: 7}, false, ""},
		{"<<0812", testToday, marz.Date{Month: 8, Day: 12}, false, ""},
		{"<<<<<<", testToday, marz.Date{}, false, ""},
		{"851301", testToday, marz.Date{Year: 1985, Day: 1}, false, DefectBirthImpossible},
		{"850230", testToday, marz.Date{Year: 1985, Month: 2}, false, DefectBirthImpossible},
		{"850229", testToday, marz.Date{Year: 1985, Month: 2}, false, DefectBirthImpossible},
		{"850000", testToday, marz.Date{Year: 1985}, false, DefectBirthImpossible},
		{"8508<2", testToday, marz.Date{Year: 1985, Month: 8}, false, DefectBirthMalformed},
		{"8O0812", testToday, marz.Date{Month: 8, Day: 12}, false, DefectBirthMalformed},
	} {
		d := parsed(t, passport(map[int]string{14: c.birth + string(CheckDigit(c.birth))}), c.today)
		defects := []string{}
		if c.defect != "" {
			defects = []string{c.defect}
		}
		if d.Birth != c.want || d.CenturyDoubt != c.doubt || !slices.Equal(d.Defects, defects) || !d.Checks[1].OK {
			t.Errorf("birth %s: got %v doubt %v %v %+v", c.birth, d.Birth, d.CenturyDoubt, d.Defects, d.Checks[1])
		}
	}
	for _, c := range []struct {
		expiry string
		today  marz.Date
		want   marz.Date
		ok     bool
	}{
		{"1204159", testToday, date(2012, 4, 15), true},
		{"7601011", testToday, date(2076, 1, 1), false}, // 50 years ahead is nearer than 50 behind
		{"7701014", testToday, date(1977, 1, 1), true},
		{"0101016", date(1995, 6, 1), date(2001, 1, 1), false},
		{"9512317", date(2049, 6, 1), date(2095, 12, 31), false},
		{"<<<<<<0", testToday, marz.Date{}, true},
		{"<<<<<<<", testToday, marz.Date{}, true},
		{"<<<<<<1", testToday, marz.Date{}, false},
	} {
		d := parsed(t, passport(map[int]string{22: c.expiry}), c.today)
		if d.Expiry != c.want || len(d.Defects) != 0 {
			t.Errorf("expiry %s: got %v %v", c.expiry, d.Expiry, d.Defects)
		}
		if ok := CheckDigit(c.expiry[:6]) == c.expiry[6] || c.expiry == "<<<<<<<"; d.Checks[2].OK != ok {
			t.Errorf("expiry %s: %+v", c.expiry, d.Checks[2])
		}
	}
}

func TestFields(t *testing.T) {
	name := func(s string) string {
		return "P<D<<" + s + strings.Repeat("<", 39-len(s)) + "\n" + "C11T002JM4D<<9608122F2310314<<<<<<<<<<<<<<<4"
	}
	for _, c := range []struct {
		what, text string
		check      func(*Document) bool
		defects    []string
	}{
		{"no secondary identifier", name("ARKFREITH"), func(d *Document) bool {
			return d.Primary == "ARKFREITH" && d.Secondary == "" && d.Issuer == "D" && !d.Truncated
		}, nil},
		{"several components", name("VAN<DER<MUELLEN<<MARTIN<PAUL"), func(d *Document) bool {
			return d.Primary == "VAN DER MUELLEN" && d.Secondary == "MARTIN PAUL"
		}, nil},
		{"full to the last position", name("PAPANDROPOULOUS<<JONATHON<WARREN<TREVOR"), func(d *Document) bool {
			return d.Truncated && d.Secondary == "JONATHON WARREN TREVOR"
		}, nil},
		{"parted twice", name("ERIKSSON<<ANNA<<MARIA"), func(d *Document) bool {
			return d.Primary == "ERIKSSON" && d.Secondary == "ANNA MARIA"
		}, []string{DefectName}},
		{"a filler too many", name("ERIKSSON<<<ANNA"), func(d *Document) bool { return d.Secondary == "ANNA" }, []string{DefectName}},
		{"a digit", name("ERIK5SON<<ANNA"), func(d *Document) bool { return d.Primary == "ERIK5SON" }, []string{DefectName}},
		{"no name", name(""), func(d *Document) bool { return d.Primary == "" }, []string{DefectName}},
		{"no primary", name("<<ANNA"), func(d *Document) bool { return d.Primary == "" && d.Secondary == "ANNA" }, []string{DefectName}},
		{"second letter of the code", "PD" + specimens[0].text[2:], func(d *Document) bool { return d.Code == "PD" }, nil},
		{"code of another format", "I" + specimens[0].text[1:], func(d *Document) bool { return d.Code == "I" && d.Format == TD3 }, []string{DefectCode}},
		{"a passport of Kosovo", passport(map[int]string{11: "RKS"}), func(d *Document) bool { return d.Nationality == "RKS" }, nil},
		{"a stateless person", passport(map[int]string{11: "XXA"}), func(d *Document) bool { return d.Nationality == "XXA" }, nil},
		{"an issuer with a digit", strings.Replace(specimens[0].text, "<UTO", "<U70", 1), func(d *Document) bool { return d.Issuer == "U70" }, []string{DefectIssuer}},
		{"no nationality", passport(map[int]string{11: "<<<"}), func(d *Document) bool { return d.Nationality == "" }, []string{DefectNationality}},
		{"sex unspecified", passport(map[int]string{21: "<"}), func(d *Document) bool { return d.Sex == "X" }, nil},
		{"sex as in the visual zone", passport(map[int]string{21: "X"}), func(d *Document) bool { return d.Sex == "X" }, nil},
		{"sex misread", passport(map[int]string{21: "H"}), func(d *Document) bool { return d.Sex == "X" }, []string{DefectSex}},
		{"a number with a space", passport(map[int]string{1: "AB<12<<<<"}), func(d *Document) bool { return d.Number == "AB<12" }, nil},
		{"no number", passport(map[int]string{1: "<<<<<<<<<<"}), func(d *Document) bool {
			return d.Number == "" && !d.Checks[0].OK
		}, []string{DefectNumber}},
		{"no optional data, 0", passport(map[int]string{29: "<<<<<<<<<<<<<<0"}), func(d *Document) bool { return d.Checks[3].OK && d.Optional1 == "" }, nil},
		{"no optional data, filler", passport(map[int]string{29: "<<<<<<<<<<<<<<<"}), func(d *Document) bool { return d.Checks[3].OK }, nil},
		{"no optional data, 1", passport(map[int]string{29: "<<<<<<<<<<<<<<1"}), func(d *Document) bool { return !d.Checks[3].OK }, nil},
		{"optional data, filler", passport(map[int]string{43: "<"}), func(d *Document) bool { return !d.Checks[3].OK }, nil},
		{"long number, then optional data", "I<UTOD23145890<7349<AB<<<<<<<<\n3407127M9507122UTOXY<<<<<<<<<0\nSTEVENSON<<PETER<JOHN<<<<<<<<<", func(d *Document) bool {
			return d.Number == "D23145890734" && d.Optional1 == "AB" && d.Optional2 == "XY" && d.Checks[0].OK
		}, nil},
		{"a Belgian card's number of twelve digits", "IDBEL590330101<0859<<<<<<<<<<<\n8502016F0901015BEL<<<<<<<<<<<0\nREINARTZ<<ULRIKE<KATIA<E<<<<<<", func(d *Document) bool {
			return d.Number == "590330101085" && d.Optional1 == "" && d.Checks[0].OK && d.Checks[0].Got == "9" && d.Checks[0].Column == 19
		}, nil},
		{"an issuer that is no more", strings.Replace(specimens[0].text, "<UTO", "<YUG", 1), func(d *Document) bool { return d.Issuer == "YUG" }, []string{DefectIssuerOld}},
		{"a nationality that is no more", passport(map[int]string{11: "SUN"}), func(d *Document) bool { return d.Nationality == "SUN" }, []string{DefectNationalityOld}},
		{"given names of a French card", "IDFRABERTHIER<<<<<<<<<<<<<<<<<923016\n8806923102858CORINNE<<ANNE<6512068F6", func(d *Document) bool {
			return d.Format == FranceID && d.Secondary == "CORINNE ANNE" && d.Optional1 == "923016" && !d.Truncated && d.Expiry.IsZero()
		}, nil},
		{"given names cut on a French card", "IDFRABERTHIER<<<<<<<<<<<<<<<<<923016\n8806923102858CORINNE<<ANNEM6512068F6", func(d *Document) bool {
			return d.Truncated && d.Secondary == "CORINNE ANNEM"
		}, nil},
		{"a permanent resident's card of the United States", "C1USA0000000103SRC0000000103<<\n8001014F3105056UTO<<<<<<<<<<<0\nREISENDE<<ANNA<<<<<<<<<<<<<<<<", func(d *Document) bool {
			return d.Code == "C1" && d.Issuer == "USA" && d.Optional1 == "SRC0000000103" && d.Checks[0].Got == "3"
		}, nil},
		{"a crew member's certificate", "ACUTOD231458907UA<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<4\nERIKSSON<<ANNA<MARIA<<<<<<<<<<", func(d *Document) bool { return d.Code == "AC" }, nil},
		{"an emergency travel document of one sheet, 9303-8 appendix B", "PUUTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F2606277<<<<<<<8", func(d *Document) bool {
			return d.Format == TD2 && d.Code == "PU" && d.ChecksOK()
		}, nil},
		{"a visa with a second character", "V1" + specimens[4].text[2:], func(d *Document) bool { return d.Code == "V1" && d.Format == MRVB }, nil},
		{"a card without a date of expiry", "IDMDAD231458907<<<<<<<<<<<<<<<\n4408121F<<<<<<0MDA<<<<<<<<<<<0\nERIKSSON<<ANNA<MARIA<<<<<<<<<<", func(d *Document) bool {
			return d.Expiry.IsZero() && !d.ExpiryDoubt && d.Checks[2].OK
		}, nil},
		{"a card without an end, by the year 9999", "IDESPD231458907<<<<<<<<<<<<<<<\n4408121F9901018ESP<<<<<<<<<<<0\nERIKSSON<<ANNA<MARIA<<<<<<<<<<", func(d *Document) bool {
			return d.Expiry == date(1999, 1, 1) && d.ExpiryDoubt && d.Checks[2].OK
		}, nil},
		{"a code, sex and nationality as Germany writes them", "IDD<<MUSTERMANN<<ERIKA<<<<<<<<<<<<<<\n1220000016D<<6408125<1010318<<<<<<<4", func(d *Document) bool {
			return d.Issuer == "D" && d.Nationality == "D" && d.Sex == "X" && d.Checks[0].OK && KnownCode(d.Issuer)
		}, nil},
		{"a long number of ten", "IDUTO123456789<07<<<<<<<<<<<<<\n8601012M3001019UTO<<<<<<<<<<<6\nSPECIMEN<<JANE<<<<<<<<<<<<<<<<", func(d *Document) bool {
			return d.Number == "1234567890" && d.Checks[0].OK && d.ChecksOK() && d.Checks[0].Column == 17
		}, nil},
		{"a passport does not run on", "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C3<UTO7408122F1204159ZE184226B<<<<<10", func(d *Document) bool {
			return d.Number == "L898902C3" && !d.Checks[0].OK && d.Optional1 == "ZE184226B"
		}, nil},
		{"a French card without an office", specimens[7].text, func(d *Document) bool { return d.Optional1 == "" && d.ChecksOK() }, nil},
		{"filler for a check digit, no number after it", "I<UTOD23145890<XY<<<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<", func(d *Document) bool {
			return d.Number == "D23145890" && d.Optional1 == "XY" && !d.Checks[0].OK
		}, nil},
	} {
		d := parsed(t, c.text, testToday)
		if !c.check(d) {
			t.Errorf("%s: %+v", c.what, d)
		}
		if diff := cmp.Diff(append([]string{}, c.defects...), d.Defects); diff != "" {
			t.Errorf("%s: defects (-want +got):\n%s", c.what, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	td3 := specimens[0].text
	for _, c := range []struct {
		what, text, subject, says string
	}{
		{"nothing", " \r\n ", "", "empty"},
		{"one line", td3[:44], "line 1", "1 of its 2 lines"},
		{"a short line", td3[:43] + "\n" + td3[45:], "line 1 column 44", "43 characters where 30, 36 or 44"},
		{"a long second line", td3 + "<", "line 2 column 45", "45 characters where 44"},
		{"unlike lines", td3[:45] + td3[45:81], "line 2 column 37", "36 characters where 44"},
		{"a space inside", strings.Replace(td3, "ERI", "E I", 1), "line 1 column 7", "' '"},
		{"a letter with a mark", strings.Replace(td3, "ANNA<", "ANNÄ<", 1), "line 1 column 19", "'Ä'"},
		{"a letter that folds to I", strings.Replace(td3, "ERI", "ERı", 1), "line 1 column 8", "'ı'"},
		{"not UTF-8", strings.Replace(td3, "ZE", "Z\xff", 1), "line 2 column 30", "none of A to Z"},
		{"without line ends, second line", strings.Replace(td3[:44]+td3[45:], "ZE", "Z?", 1), "line 1 column 74", "'?'"},
		{"UTF-16", strings.Join(strings.Split(td3[:44], ""), "\x00") + "\x00", "line 1 column 2", "UTF-16"},
		{"a line too many", td3 + "\n\n" + td3, "line 4", "line too many"},
		{"lines swapped", td3[45:] + "\n" + td3[:44], "line 1 column 1", "out of order"},
		{"a filler first", "<" + td3[1:], "line 1 column 1", "first line"},
		{"very long", strings.Repeat("A", 1<<20), "", "longer than any document"},
	} {
		d, err := Parse(c.text, testToday)
		e, ok := err.(*marz.Error)
		if !ok || d != nil || e.Code != marz.Invalid || e.Subject != c.subject || !strings.Contains(e.Fix, c.says) {
			t.Errorf("%s: got %v", c.what, err)
		}
	}
	for _, today := range []marz.Date{{}, {Year: 2026}, date(2026, 2, 30), date(50, 1, 1)} {
		if _, err := Parse(td3, today); marz.CodeOf(err) != marz.Invalid {
			t.Errorf("today %v: got %v", today, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range specimens {
		f.Add(s.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse(text, testToday)
		if err != nil {
			if marz.CodeOf(err) != marz.Invalid || len(err.Error()) > 300 {
				t.Fatalf("error %v", err)
			}
			return
		}
		if !d.Birth.Valid() || !d.Expiry.Valid() || after(d.Birth, testToday) {
			t.Fatalf("dates %v %v", d.Birth, d.Expiry)
		}
		placed(t, d)
		again := parsed(t, strings.Join(d.Lines, "\n"), testToday)
		if diff := cmp.Diff(d, again); diff != "" {
			t.Fatalf("lines read again (-first +again):\n%s", diff)
		}
	})
}

// placed checks that what a document says of its check digits and defects is where it says, and by which clause.
func placed(t *testing.T, d *Document) {
	t.Helper()
	inside := func(line, column int, clause string) bool {
		return clause != "" && line >= 1 && line <= len(d.Lines) && column >= 1 && column <= len(d.Lines[0])
	}
	for _, c := range d.Checks {
		if !inside(c.Line, c.Column, c.Clause) || c.Got != d.Lines[c.Line-1][c.Column-1:c.Column] {
			t.Fatalf("%+v of\n%s", c, strings.Join(d.Lines, "\n"))
		}
	}
	for i, at := range d.DefectsAt {
		if !inside(at.Line, at.Column, at.Clause) || at.Name != d.Defects[i] {
			t.Fatalf("%+v of\n%s", at, strings.Join(d.Lines, "\n"))
		}
	}
	if len(d.DefectsAt) != len(d.Defects) || slices.Contains(d.Defects, "") {
		t.Fatalf("%v %v", d.Defects, d.DefectsAt)
	}
}
