package number

import (
	"slices"
	"unicode/utf8"
)

// FindChecked is Find for a number that was read from a machine readable zone together with its check digit (ICAO 9303-3 §4.9). asked is the field as it was read, with its fillers,
// and check the character that was read after it; never a digit computed from asked.
//
// Exact matches always stay, and come first. What becomes of those that only look alike depends on whether the digit is that of asked:
//
//   - It is. Then asked was read rightly, or two faults made up for each other. A match stays only if its number has the same digit. Of the look-alikes of letters and digits, one alone
//     changes the digit, save for G and 6, whose values (16 and 6) are the same modulo 10: it differs by 24 for O and 0, 17 for I and 1, 23 for S and 5, 3 for B and 8 and 33 for
//     Z and 2, times a weight of 7, 3 or 1, and none of these is a multiple of 10. Two or more at once may make up for each other, and then stay.
//   - It is not. Then asked or the digit was misread. All matches stay, and those whose number has the digit come before the rest: for them a misread look-alike explains all.
//
// So that nothing is lost by a doubt, a match is never left out when its number has a character without a value in a zone, Cyrillic О for example. And nothing is left out, and no match
// Fits, when the digit cannot be used: asked has a character other than A to Z, 0 to 9 and the filler, or check is neither a digit nor the look-alike letter of one (O is
// read as 0, as that place never has a letter); the filler stands there when a number goes on elsewhere (9303-5 §4.2.2.1).
//
// A number that was mistyped in the list, O for 0, is lost by this when the document is read rightly. Use Find for lists whose numbers were not themselves read
// from documents by machine, or checked by their digit.
func (t *Table) FindChecked(kind Kind, asked string, check byte, buf []Match) []Match {
	from := len(buf)
	buf = t.Find(kind, asked, buf)
	c := NewCheck(asked, check)
	kept := buf[:from]
	for _, m := range buf[from:] {
		var stays bool
		if stays, m.Fits = c.Stays(m.Number); stays || m.Exact {
			kept = append(kept, m)
		}
	}
	clear(buf[len(kept):])
	slices.SortStableFunc(kept[from:], func(x, y Match) int { return y.rank() - x.rank() })
	return kept
}

// Check is a check digit as it was read with a number.
type Check struct {
	asked     string
	own, want int
	usable    bool
}

// NewCheck takes a field as it was read, with its fillers, and the character that was read after it.
func NewCheck(asked string, check byte) Check {
	c := Check{asked: asked, own: checkDigit(asked, Normal(asked))}
	c.want, c.usable = readCheck(check)
	c.usable = c.usable && c.own != unknown
	return c
}

// Stays reports whether a listed number, in Normal form, that looks like the one that was read can be it, by the rules of FindChecked, and whether its digit is the one that was read.
func (c Check) Stays(listed string) (stays, fits bool) {
	if !c.usable {
		return true, false
	}
	d := checkDigit(c.asked, listed)
	return d == c.want || d == unknown || c.own != c.want, d == c.want
}

func (m *Match) rank() int { return int(b2u(m.Exact))<<1 | int(b2u(m.Fits)) }

// unknown is the check digit of a number that has none.
const unknown = -1

// readCheck returns the digit that was read as a check digit.
func readCheck(check byte) (int, bool) {
	r := alikeRune(normalRune(rune(check)))
	return int(r - '0'), check < utf8.RuneSelf && r >= '0' && r <= '9'
}

// checkDigit returns the check digit that a number would have in a field of a zone: its characters in the places that are not fillers there.
func checkDigit(field, number string) int {
	weights := [3]int{7, 3, 1}
	sum := 0
	for i := range len(field) {
		if field[i] == '<' {
			continue
		}
		r, size := utf8.DecodeRuneInString(number)
		number = number[size:]
		v := value(r)
		if v < 0 || value(rune(field[i])) < 0 {
			return unknown
		}
		sum += v * weights[i%3]
	}
	return sum % 10
}

// value is the value of a character of a number in a zone, unknown for any other.
func value(r rune) int {
	switch {
	case r >= '0' && r <= '9':
		return int(r - '0')
	case r >= 'A' && r <= 'Z':
		return int(r-'A') + 10
	}
	return unknown
}
