package mrz

import (
	"fmt"
	"strings"
)

// filler is the character that stands for nothing, for a space, and between the parts of a name (9303-3 §4.3).
const filler = '<'

// span is a run of positions in one line, both counted from 0; to is the first position after it. The zero span is a
// field that the format does not have.
type span struct{ line, from, to int }

func (s span) width() int { return s.to - s.from }

// of returns the characters of the span; the lines have the width of the layout.
func (s span) of(lines []string) string { return lines[s.line][s.from:s.to] }

// put writes text into the span; the rest of the span keeps its fillers.
func (s span) put(lines [][]byte, text string) { copy(lines[s.line][s.from:s.to], text) }

// layout is where each field of a format stands.
type layout struct {
	format       Format
	lines, width int
	codes        string // letters with which the document code may begin
	name         span
	given        span // the given names, where they do not follow in name; components are parted by two fillers
	number       span
	nationality  span
	birth        span
	sex          span
	expiry       span
	optional1    span
	optional2    span
	sheets       bool // emergency travel documents of a single sheet have it too (9303-8 §4.1.5)
	longNumber   bool // a number of more than nine characters runs on into optional1
	optCheck     bool // optional1 has a check digit in the position after it
	composite    []span
	compositeAt  span
	clauses      [3]string // of Doc 9303, that lays down each line
	checks       string    // the same for its check digits
	names        string    // for its name
	dates        string    // for its dates
}

// notOf9303 stands for a clause where a layout is none of Doc 9303.
const notOf9303 = "none: FRA-ID is not of Doc 9303"

// cites says which paragraph of which part of Doc 9303 lays down the lines of a format, and which lists its check digits.
func (l *layout) cites(part, data, checks string) {
	for i := range l.lines {
		l.clauses[i] = fmt.Sprintf("%s §%s.%d", part, data, i+1)
	}
	l.checks = part + " §" + checks
	l.names, l.dates = "9303-3 §4.6", "9303-3 §4.8"
}

// The code and the issuer stand in the same place in every format.
var (
	codeSpan   = span{0, 0, 2}
	issuerSpan = span{0, 2, 5}
)

// checkAt returns the position of the check digit of a field, which is the one after the field.
func (s span) checkAt() span { return span{s.line, s.to, s.to + 1} }

// twoLines is the part that TD2, TD3 and both visas share: only the width and the end of the lower line differ.
func twoLines(f Format, width int, codes string) layout {
	return layout{
		format: f, lines: 2, width: width, codes: codes,
		name:        span{0, 5, width},
		number:      span{1, 0, 9},
		nationality: span{1, 10, 13},
		birth:       span{1, 13, 19},
		sex:         span{1, 20, 21},
		expiry:      span{1, 21, 27},
		optional1:   span{1, 28, width},
	}
}

// withComposite ends the lower line with a composite check digit over positions 1-10, 14-20 and 22 up to it.
func withComposite(l layout) layout {
	last := l.width - 1
	l.composite = []span{{1, 0, 10}, {1, 13, 20}, {1, 21, last}}
	l.compositeAt = span{1, last, last + 1}
	l.optional1.to = last
	return l
}

// Doc 9303-5 §4.2.2 (TD1), 9303-6 §4.2.2 (TD2), 9303-4 §4.2.2 (TD3), 9303-7 §4.2.2 (MRV-A) and §7.2.2 (MRV-B).
var layouts = func() map[Format]*layout {
	td1 := layout{
		format: TD1, lines: 3, width: 30, codes: "ACI", longNumber: true,
		name:        span{2, 0, 30},
		number:      span{0, 5, 14},
		optional1:   span{0, 15, 30},
		birth:       span{1, 0, 6},
		sex:         span{1, 7, 8},
		expiry:      span{1, 8, 14},
		nationality: span{1, 15, 18},
		optional2:   span{1, 18, 29},
		composite:   []span{{0, 5, 30}, {1, 0, 7}, {1, 8, 15}, {1, 18, 29}},
		compositeAt: span{1, 29, 30},
	}
	td2 := withComposite(twoLines(TD2, 36, "ACI"))
	td2.longNumber = true
	td2.sheets = true
	td3 := withComposite(twoLines(TD3, 44, "P"))
	td3.optional1.to--
	td3.optCheck = true
	// The positions are those found on the cards. Optional data: department and office of issue.
	franceID := layout{
		format: FranceID, lines: 2, width: 36, codes: "I",
		name:        span{0, 5, 30},
		optional1:   span{0, 30, 36},
		number:      span{1, 0, 12},
		given:       span{1, 13, 27},
		birth:       span{1, 27, 33},
		sex:         span{1, 34, 35},
		composite:   []span{{0, 0, 36}, {1, 0, 35}},
		compositeAt: span{1, 35, 36},
	}
	franceID.clauses = [3]string{notOf9303, notOf9303}
	franceID.checks, franceID.names, franceID.dates = notOf9303, notOf9303, notOf9303
	mrva, mrvb := twoLines(MRVA, 44, "V"), twoLines(MRVB, 36, "V")
	td1.cites("9303-5", "4.2.2", "4.2.4")
	td2.cites("9303-6", "4.2.2", "4.2.4")
	td3.cites("9303-4", "4.2.2", "4.2.4")
	mrva.cites("9303-7", "4.2.2", "4.2.2.2")
	mrvb.cites("9303-7", "7.2.2", "7.2.2.2")
	return map[Format]*layout{TD1: &td1, TD2: &td2, TD3: &td3, MRVA: &mrva, MRVB: &mrvb, FranceID: &franceID}
}()

// Each layout by itself, since looking it up costs more than reading a field.
var (
	layoutTD1, layoutTD2, layoutTD3        = layouts[TD1], layouts[TD2], layouts[TD3]
	layoutMRVA, layoutMRVB, layoutFranceID = layouts[MRVA], layouts[MRVB], layouts[FranceID]
)

// layoutOf returns the layout for lines of a width of which the first begins with head. A document code that begins with V
// is a visa (9303-7 §4.2.2).
func layoutOf(width int, head string) *layout {
	code := byte(0)
	if head != "" {
		code = head[0]
	}
	switch {
	case width == 30:
		return layoutTD1
	case width == 36 && strings.HasPrefix(head, franceHead):
		return layoutFranceID
	case width == 36 && code == 'V':
		return layoutMRVB
	case width == 36:
		return layoutTD2
	case code == 'V':
		return layoutMRVA
	}
	return layoutTD3
}

// franceHead begins every FranceID and, by what France issues, no TD2.
const franceHead = "IDFRA"

// codeFault returns where a document code, without fillers, departs from what the format allows, from 0; -1 for nowhere. The
// second letter is free but for a few, and may be a digit in all but passports (9303-5 and -6 §4.2.2 note k, 9303-4 §4.2.2.1
// notes a and q, 9303-7 §4.2.2.1); C1USA is a permanent resident's card.
func (l *layout) codeFault(code string) int {
	if code == "" || strings.IndexByte(l.codes, code[0]) < 0 {
		if l.sheets && code == "PU" {
			return -1
		}
		return 0
	}
	if len(code) == 1 {
		return -1
	}
	card := l.format == TD1 || l.format == TD2
	second := code[1]
	switch {
	case len(code) > 2:
		return 2
	case !letter(second) && !(digit(second) && l.format != TD3),
		card && second == 'V',
		l.format == TD1 && code == "AI",
		l.format == TD2 && code == "AC":
		return 1
	}
	return -1
}

// compositeDigit returns the check digit over the fields of the composite, one after the other (9303-3 §4.9).
func (l *layout) compositeDigit(lines []string) byte {
	var sum digitSum
	for _, s := range l.composite {
		sum.add(s.of(lines))
	}
	return sum.digit()
}
