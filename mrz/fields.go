package mrz

import (
	"strings"

	"marz"
)

// record is a document with room for its checks and lines, so that reading one is one piece of memory.
type record struct {
	Document
	checks [5]Check
	lines  [mostLines]string
}

// fields reads the fields of a document out of lines of the right width and alphabet.
func fields(l *layout, lines []string, today marz.Date) *Document {
	r := &record{}
	d := &r.Document
	d.Format, d.Checks, d.Defects, d.DefectsAt = l.format, r.checks[:0], []string{}, []Defect{}
	d.Lines = r.lines[:copy(r.lines[:], lines)]
	d.readCodes(l, lines)
	d.readName(l, lines)
	d.readNumber(l, lines)
	d.readSex(l, lines)
	d.readDates(l, lines, today)
	if l.optCheck {
		d.checkAfter(l, "optional", l.optional1, lines)
	}
	if len(l.composite) > 0 {
		d.check(l, "composite", l.compositeDigit(lines), l.compositeAt, lines)
	}
	return d
}

// readCodes reads the document code, the issuer and the nationality.
func (d *Document) readCodes(l *layout, lines []string) {
	d.Code = trimFillers(codeSpan.of(lines))
	if at := l.codeFault(d.Code); at >= 0 {
		d.defect(DefectCode, codeSpan, at, l.clauses[0])
	}
	issuer := issuerSpan.of(lines)
	nationality, place := issuer, issuerSpan
	if l.nationality.width() > 0 {
		nationality, place = l.nationality.of(lines), l.nationality
	}
	d.Issuer, d.Nationality = trimFillers(issuer), trimFillers(nationality)
	if !letters(d.Issuer, 3) {
		d.defect(DefectIssuer, issuerSpan, notLetter(issuer), l.clauses[issuerSpan.line])
	}
	if !letters(d.Nationality, 3) {
		d.defect(DefectNationality, place, notLetter(nationality), l.clauses[place.line])
	}
	if WithdrawnCode(d.Issuer) {
		d.defect(DefectIssuerOld, issuerSpan, 0, clauseOld(d.Issuer))
	}
	if WithdrawnCode(d.Nationality) {
		d.defect(DefectNationalityOld, place, 0, clauseOld(d.Nationality))
	}
}

// clauseOld is where Doc 9303-3 has a code that is withdrawn: Part F names two of them, and by Part A all others are those of
// ISO 3166-1.
func clauseOld(code string) string {
	if code == "ANT" || code == "NTZ" {
		return "9303-3 §5 Part F"
	}
	return "9303-3 §5 Part A"
}

// letters reports whether s is one to most letters A to Z.
func letters(s string, most int) bool {
	return len(s) > 0 && len(s) <= most && notLetter(s) == len(s)
}

// notLetter returns where the first character stands that is no letter, from 0; the length where all are.
func notLetter(s string) int {
	for i := range len(s) {
		if !letter(s[i]) {
			return i
		}
	}
	return len(s)
}

// readName parts the name field into its identifiers (9303-3 §4.6): two fillers part them, one filler parts components.
// Given names in a field of their own are parted from each other by two fillers.
func (d *Document) readName(l *layout, lines []string) {
	field, apart := l.name.of(lines), l.given.width() > 0
	name := trimFillers(field)
	d.Truncated = len(name) == len(field)
	primary, secondary, _ := strings.Cut(name, "<<")
	d.Primary, d.Secondary = words(primary), words(secondary)
	at, place := nameFault(name, apart), l.name
	if apart {
		given := l.given.of(lines)
		names := trimFillers(given)
		d.Truncated = d.Truncated || len(names) == len(given)
		d.Secondary = words(names)
		if at < 0 {
			at, place = givenFault(names), l.given
		}
	}
	if at >= 0 {
		d.defect(DefectName, place, at, l.names)
	}
}

// nameFault returns where a name field, without the fillers at its end, has a character out of place, from 0; -1 for nowhere.
// Two fillers may part it once, and not at all where the given names stand apart.
func nameFault(name string, apart bool) int {
	if name == "" || name[0] == filler {
		return 0
	}
	for i := range len(name) {
		switch {
		case letter(name[i]):
		case digit(name[i]):
			return i
		case name[i-1] == filler && apart:
			return i
		case name[i-1] == filler:
			apart = true
		}
	}
	return -1
}

// givenFault is nameFault for given names in a field of their own, which may be empty.
func givenFault(names string) int {
	for i := range len(names) {
		if digit(names[i]) || names[i] == filler && (i == 0 || i > 1 && names[i-2:i] == "<<") {
			return i
		}
	}
	return -1
}

// words returns the components between fillers, joined by single spaces.
func words(identifier string) string {
	if strings.IndexByte(identifier, filler) < 0 {
		return identifier
	}
	var b [44]byte // no line is longer
	n := 0
	for i := range len(identifier) {
		switch c := identifier[i]; {
		case c != filler:
			b[n] = c
			n++
		case n > 0 && b[n-1] != ' ':
			b[n] = ' '
			n++
		}
	}
	return strings.TrimSuffix(string(b[:n]), " ")
}

// readNumber reads number and optional data, and the check digit of the number.
func (d *Document) readNumber(l *layout, lines []string) {
	at := l.number.checkAt()
	field, optional, run := splitNumber(l, l.number.of(lines), at.of(lines), l.optional1.of(lines))
	if run >= 0 {
		from := l.optional1.from + run
		at = span{l.optional1.line, from, from + 1}
	}
	d.Number, d.Optional1 = trimFillers(field), trimFillers(optional)
	d.Optional2 = trimFillers(l.optional2.of(lines))
	if d.Number == "" {
		d.defect(DefectNumber, l.number, 0, l.clauses[l.number.line])
	}
	d.check(l, "number", checkDigit(field), at, lines)
}

// splitNumber parts the whole document number from the optional data. A filler in place of the check digit after nine
// characters says that the number runs on into the optional data, followed there by its check digit and a filler
// (9303-5 §4.2.2 note j, 9303-6 §4.2.2 note j); digitAt is where in the optional data that digit stands, -1 for a number that
// does not run on.
func splitNumber(l *layout, field, got, optional string) (number, rest string, digitAt int) {
	if !l.longNumber || got != "<" || field[len(field)-1] == filler {
		return field, optional, -1
	}
	run, _, _ := strings.Cut(optional, "<")
	last := len(run) - 1
	if last < 1 || !digit(run[last]) {
		return field, optional, -1
	}
	return field + run[:last], optional[min(last+2, len(optional)):], last
}

func (d *Document) readSex(l *layout, lines []string) {
	d.Sex = l.sex.of(lines)
	switch d.Sex {
	case "M", "F", "X":
		return
	case "<":
	default:
		d.defect(DefectSex, l.sex, 0, l.clauses[l.sex.line])
	}
	d.Sex = "X"
}

// readDates reads both dates and their check digits.
func (d *Document) readDates(l *layout, lines []string, today marz.Date) {
	var fault dateFault
	d.Birth, d.CenturyDoubt, fault = birthDate(l.birth.of(lines), today)
	d.dateDefect(fault, DefectBirthMalformed, DefectBirthImpossible, l.birth, l.dates)
	d.checkAfter(l, "birth", l.birth, lines)
	if l.expiry.width() == 0 {
		return
	}
	d.Expiry, d.ExpiryDoubt, fault = expiryDate(l.expiry.of(lines), today)
	d.dateDefect(fault, DefectExpiryMalformed, DefectExpiryImpossible, l.expiry, l.dates)
	d.checkAfter(l, "expiry", l.expiry, lines)
}

func (d *Document) dateDefect(f dateFault, malformed, impossible string, field span, clause string) {
	switch f.kind {
	case partMalformed:
		d.defect(malformed, field, f.at, clause)
	case partImpossible:
		d.defect(impossible, field, f.at, clause)
	}
}
