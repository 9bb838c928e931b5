package mrz

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"marz"
)

// Parse reads one document. The format follows from the length of the lines, and for two lines from a document code that
// begins with V.
//
// It takes the zone as readers send it: in small letters or capitals, with spaces and control characters around the lines, with any line ends or
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
	if strings.Contains(text, "\r") {
		text = lineEnds.Replace(text)
	}
	for number := 1; text != ""; number++ {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		if line = trimLine(line); line == "" {
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

// trimLine takes off what readers put around a line: blanks, and the control characters that frame it, as STX and ETX. Zero bytes
// stay, since they mean another encoding.
func trimLine(line string) string {
	if n := len(line); n > 0 && value(line[0]) >= 0 && value(line[n-1]) >= 0 {
		return line
	}
	return strings.TrimFunc(line, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) && r != 0 })
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
	have  int // lines of the zone that are there
	lines [mostLines]string
	at    [mostLines]position // where each line of the zone begins; column is that of its first character, less one
	mixed bool                // not all of it came as characters of the zone
}

// mostLines is the number of lines of the longest document.
const mostLines = 3

func (a *assembly) done() bool { return a.unit != 0 && a.have == a.need }

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
	length, plain := len(line), allZone(line)
	if !plain {
		a.mixed = true
		if zero := strings.IndexByte(line, 0); zero >= 0 {
			return badShape(position{number, zero + 1},
				"there is a zero byte, as in UTF-16 or a binary file; give the text as UTF-8")
		}
		length = utf8.RuneCountInString(line)
	}
	unit, need := a.unit, a.need
	if unit == 0 {
		unit, need = shapeOf(length)
	}
	if unit == 0 {
		return badShape(position{number, min(length, 90) + 1}, wrongLength(length, "30, 36 or 44"))
	}
	if length%unit != 0 || a.have+length/unit > need {
		return badShape(position{number, min(length, unit) + 1}, wrongLength(length, fmt.Sprint(unit)))
	}
	a.unit, a.need = unit, need
	for column := 0; line != ""; column += unit {
		cut := unit
		if !plain {
			cut = bytesOf(line, unit)
		}
		a.lines[a.have], a.at[a.have] = line[:cut], position{number, column}
		if !plain {
			a.lines[a.have] = capitals(line[:cut])
		}
		a.have++
		line = line[cut:]
	}
	return nil
}

// bytesOf returns how many bytes the first characters of a text take.
func bytesOf(text string, characters int) int {
	n := 0
	for range characters {
		_, size := utf8.DecodeRuneInString(text[n:])
		n += size
	}
	return n
}

func wrongLength(length int, due string) string {
	return fmt.Sprintf("the line has %d characters where %s are due; scan the document again", length, due)
}

// incomplete is the error for a document that ends early.
func (a *assembly) incomplete() error {
	return badShape(position{line: a.at[0].line}, fmt.Sprintf(
		"the document that begins here has %d of its %d lines; scan it again", a.have, a.need))
}

// document reads the fields of a document whose lines are all there.
func (a *assembly) document(today marz.Date) (*Document, error) {
	if !today.Full() || !today.Valid() || today.Year < 1900 {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read mrz", Subject: "today",
			Fix: "the date of today is needed in full, to tell the centuries"}
	}
	lines := a.lines[:a.have]
	for i := 0; a.mixed && i < a.have; i++ {
		if err := foreign(lines[i], a.at[i]); err != nil {
			return nil, err
		}
	}
	if first := lines[0]; follows(first, a.unit) || !letter(first[0]) {
		return nil, badShape(position{a.at[0].line, a.at[0].column + 1},
			"this is not the first line of a document; its first line is missing or the lines are out of order")
	}
	return fields(layoutOf(a.unit, lines[0]), lines, today), nil
}

// foreign is the error for a line, which begins at a place, with a character of no zone; nil where there is none.
func foreign(line string, at position) error {
	for _, r := range line {
		at.column++
		if r > 'Z' || value(byte(r)) < 0 {
			return badShape(at, fmt.Sprintf("%q is none of A to Z, 0 to 9 and <; scan the document again", r))
		}
	}
	return nil
}
