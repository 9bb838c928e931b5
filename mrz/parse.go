package mrz

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"marz"
)

// Parse reads one document. The format follows from the length of the lines, and for two lines from a document code that
// begins with V.
//
// It takes the zone as readers send it: in small letters or capitals, with spaces around the lines, with any line ends or
// none where the length of the whole (72, 88 or 90) says where the lines end, with a byte order mark before it.
//
// A wrong check digit is not an error: it stands in Checks. Neither is a field that breaks the standard: it stands in
// Defects. A zone of no known shape is one (*marz.Error, Invalid) and names line and column, both counted from 1; the
// column is that within the line without the spaces around it.
//
// today is needed for the centuries, and must be a full date. A date of birth is taken into the latest century in which it
// does not lie after today; CenturyDoubt says when the holder could as well be a hundred years older. A date of expiry is
// taken into the century that brings its year nearest to today's, up to 50 years ahead and 49 behind.
func Parse(text string, today marz.Date) (*Document, error) {
	text = strings.TrimPrefix(text, byteOrderMark)
	if len(text) > maxText {
		return nil, badShape(position{}, "the text is longer than any document; give one document at a time")
	}
	var a assembly
	number := 0
	if strings.Contains(text, "\r") {
		text = lineEnds.Replace(text)
	}
	for raw := range strings.SplitSeq(text, "\n") {
		number++
		line := strings.TrimSpace(raw)
		if line == "" {
			continue
		}
		if a.done() {
			return nil, badShape(position{line: number}, "there is a line too many; give one document at a time")
		}
		if err := a.add(line, number); err != nil {
			return nil, err
		}
	}
	if a.unit == 0 {
		return nil, badShape(position{}, "it is empty; scan the document again")
	}
	if !a.done() {
		return nil, a.incomplete()
	}
	return a.document(today)
}

// maxText is the length in bytes beyond which a text cannot be one document, however many spaces are around its lines.
const maxText = 4096

const byteOrderMark = "\uFEFF"

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// position is a place in the text given to a reader, counted from 1; 0 for a part that does not apply.
type position struct{ line, column int }

func (p position) String() string {
	switch {
	case p.line == 0:
		return ""
	case p.column == 0:
		return fmt.Sprintf("line %d", p.line)
	}
	return fmt.Sprintf("line %d column %d", p.line, p.column)
}

func badShape(at position, fix string) error {
	return &marz.Error{Code: marz.Invalid, Op: "read mrz", Subject: at.String(), Fix: fix}
}

// assembly gathers the lines of one document. Its zero value is empty. A line as given may hold several lines of the zone,
// for readers that send no line ends.
type assembly struct {
	unit  int // characters in a line of the zone; 0 while empty
	need  int // lines of the zone in the document
	lines []string
	at    []position // where each line of the zone begins; column is that of its first character, less one
}

func (a *assembly) done() bool { return a.unit != 0 && len(a.lines) == a.need }

// shapeOf says by the length of a first line how long the lines of the zone are and how many there are.
func shapeOf(length int) (unit, need int) {
	switch length {
	case 30, 60, 90:
		return 30, 3
	case 36, 72:
		return 36, 2
	case 44, 88:
		return 44, 2
	}
	return 0, 0
}

// add takes one line as given, trimmed. It must not be called once the document is done.
func (a *assembly) add(line string, number int) error {
	if zero := strings.IndexByte(line, 0); zero >= 0 {
		return badShape(position{number, zero + 1},
			"there is a zero byte, as in UTF-16 or a binary file; give the text as UTF-8")
	}
	length := utf8.RuneCountInString(line)
	unit, need := a.unit, a.need
	if unit == 0 {
		unit, need = shapeOf(length)
	}
	if unit == 0 {
		return badShape(position{number, min(length, 90) + 1}, wrongLength(length, "30, 36 or 44"))
	}
	if length%unit != 0 || len(a.lines)+length/unit > need {
		return badShape(position{number, min(length, unit) + 1}, wrongLength(length, fmt.Sprint(unit)))
	}
	if a.unit == 0 {
		a.lines, a.at = make([]string, 0, need), make([]position, 0, need)
	}
	a.unit, a.need = unit, need
	for column := 0; line != ""; column += unit {
		cut := unit
		if len(line) != length-column { // not all of one byte
			cut = 0
			for range unit {
				_, size := utf8.DecodeRuneInString(line[cut:])
				cut += size
			}
		}
		a.lines = append(a.lines, capitals(line[:cut]))
		a.at = append(a.at, position{number, column})
		line = line[cut:]
	}
	return nil
}

func wrongLength(length int, due string) string {
	return fmt.Sprintf("the line has %d characters where %s are due; scan the document again", length, due)
}

// incomplete is the error for a document that ends early.
func (a *assembly) incomplete() error {
	return badShape(position{line: a.at[0].line}, fmt.Sprintf(
		"the document that begins here has %d of its %d lines; scan it again", len(a.lines), a.need))
}

// document reads the fields of a document whose lines are all there.
func (a *assembly) document(today marz.Date) (*Document, error) {
	if !today.Full() || !today.Valid() || today.Year < 1900 {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read mrz", Subject: "today",
			Fix: "the date of today is needed in full, to tell the centuries"}
	}
	for i, line := range a.lines {
		if allZone(line) {
			continue
		}
		column := a.at[i].column
		for _, r := range line {
			column++
			if r > 'Z' || value(byte(r)) < 0 {
				return nil, badShape(position{a.at[i].line, column},
					fmt.Sprintf("%q is none of A to Z, 0 to 9 and <; scan the document again", r))
			}
		}
	}
	if first := a.lines[0]; follows(first, a.unit) || first[0] < 'A' || first[0] > 'Z' {
		return nil, badShape(position{a.at[0].line, a.at[0].column + 1},
			"this is not the first line of a document; its first line is missing or the lines are out of order")
	}
	return fields(layoutOf(a.unit, a.lines[0]), a.lines, today), nil
}

// allZone reports whether a line holds characters of the zone only.
func allZone(line string) bool {
	for i := range len(line) {
		if value(line[i]) < 0 {
			return false
		}
	}
	return true
}

// fields reads the fields of a document out of lines of the right width and alphabet.
func fields(l *layout, lines []string, today marz.Date) *Document {
	d := &Document{
		Format:      l.format,
		Code:        trimFillers(codeSpan.of(lines)),
		Issuer:      trimFillers(issuerSpan.of(lines)),
		Nationality: trimFillers(l.nationality.of(lines)),
		Defects:     []string{},
		Lines:       lines,
	}
	d.defect(!letters(d.Code, 2) || !strings.Contains(l.codes, d.Code[:1]), DefectCode)
	if l.nationality.width() == 0 {
		d.Nationality = d.Issuer
	}
	d.defect(!letters(d.Issuer, 3), DefectIssuer)
	d.defect(!letters(d.Nationality, 3), DefectNationality)
	d.defect(WithdrawnCode(d.Issuer), DefectIssuerOld)
	d.defect(WithdrawnCode(d.Nationality), DefectNationalityOld)
	d.readName(l.name.of(lines), l.given.of(lines))
	numberCheck := d.readNumber(l, lines)
	d.readSex(l.sex.of(lines))
	birth := l.birth.of(lines)
	var defect string
	d.Birth, d.CenturyDoubt, defect = birthDate(birth, today)
	d.defect(defect != "", defect)
	d.Checks = append(make([]Check, 0, 5), numberCheck, checkOf("birth", birth, l.birth.checkAt().of(lines), true))
	if expiry := l.expiry.of(lines); expiry != "" {
		d.Expiry, defect = expiryDate(expiry, today)
		d.defect(defect != "", defect)
		d.Checks = append(d.Checks, checkOf("expiry", expiry, l.expiry.checkAt().of(lines), true))
	}
	if l.optCheck {
		d.Checks = append(d.Checks, checkOf("optional", l.optional1.of(lines), l.optional1.checkAt().of(lines), true))
	}
	if len(l.composite) > 0 {
		d.Checks = append(d.Checks, checkFor("composite", l.compositeDigit(lines), "", l.compositeAt.of(lines), false))
	}
	return d
}

func (d *Document) defect(met bool, code string) {
	if met {
		d.Defects = append(d.Defects, code)
	}
}

// readNumber reads number and optional data, and the check digit of the number.
func (d *Document) readNumber(l *layout, lines []string) Check {
	field, optional, check := splitNumber(l, l.number.of(lines), l.number.checkAt().of(lines), l.optional1.of(lines))
	d.Number = trimFillers(field)
	d.Optional1 = trimFillers(optional)
	d.Optional2 = trimFillers(l.optional2.of(lines))
	d.defect(d.Number == "", DefectNumber)
	return check
}

// splitNumber parts the whole document number from the optional data. A filler in place of the check digit after nine
// characters says that the number runs on into the optional data, followed there by its check digit and a filler
// (9303-5 §4.2.2 note j, 9303-6 §4.2.2 note j).
func splitNumber(l *layout, field, got, optional string) (number, rest string, check Check) {
	run, _, _ := strings.Cut(optional, "<")
	if l.longNumber && got == "<" && field[8] != filler && len(run) >= 2 && digit(run[len(run)-1]) {
		last := len(run) - 1
		field += run[:last]
		return field, optional[min(len(run)+1, len(optional)):], checkOf("number", field, run[last:], false)
	}
	return field, optional, checkOf("number", field, got, false)
}

func (d *Document) readSex(field string) {
	switch field {
	case "M", "F":
		d.Sex = field
	case "<", "X":
		d.Sex = "X"
	default:
		d.Sex = "X"
		d.defect(true, DefectSex)
	}
}

// readName parts the name field into its identifiers (9303-3 §4.6): two fillers part them, one filler parts components.
// Given names in a field of their own are parted from each other by two fillers.
func (d *Document) readName(field, given string) {
	name := trimFillers(field)
	primary, secondary, _ := strings.Cut(name, "<<")
	d.Truncated = field[len(field)-1] != filler
	d.Primary, d.Secondary = words(primary), words(secondary)
	orderly := d.Primary != "" && tidy(primary) && (secondary == "" || tidy(secondary)) && !hasDigit(name)
	if given != "" {
		d.Truncated = d.Truncated || given[len(given)-1] != filler
		names := trimFillers(given)
		orderly = orderly && secondary == "" && (names == "" || given[0] != filler) && !strings.Contains(names, "<<<") && !hasDigit(names)
		d.Secondary = words(names)
	}
	d.defect(!orderly, DefectName)
}

// tidy reports whether the components of an identifier are parted by one filler each.
func tidy(identifier string) bool {
	return identifier[0] != filler && !strings.Contains(identifier, "<<")
}

// words returns the components between fillers, joined by single spaces.
func words(identifier string) string {
	if strings.IndexByte(identifier, filler) < 0 {
		return identifier
	}
	if tidy(identifier) && identifier[len(identifier)-1] != filler {
		return strings.ReplaceAll(identifier, "<", " ")
	}
	return strings.Join(strings.FieldsFunc(identifier, func(r rune) bool { return r == filler }), " ")
}
