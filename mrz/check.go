package mrz

import "strings"

// CheckDigit returns the check digit of a field by Doc 9303-3 §4.9: the values of its characters (0-9 as they are, A-Z as
// 10 to 35, the filler as 0), weighted 7, 3, 1 in turn, added up modulo 10. For a field with any other character there is
// no check digit, and it returns '<'.
//
// The scheme finds every single wrong character but for one replaced by another whose value is the same modulo 10: the
// sets {<,0,A,K,U}, {1,B,L,V} and so on up to {9,J,T}. It finds a swap of two neighbours unless their values differ by a
// multiple of 5.
func CheckDigit(field string) byte {
	if !allZone(field) {
		return filler
	}
	return checkDigit(field)
}

// checkDigit is CheckDigit for characters of the zone.
func checkDigit(field string) byte {
	var s digitSum
	s.add(field)
	return s.digit()
}

// digitSum adds up a check digit over fields of the zone, one after the other.
type digitSum struct{ sum, turn int }

func (s *digitSum) add(field string) {
	first, second, third := &products[s.turn], &products[s.turn+1], &products[s.turn+2]
	s.turn = (s.turn + len(field)) % 3
	for len(field) >= 3 {
		s.sum += int(first[field[0]]) + int(second[field[1]]) + int(third[field[2]])
		field = field[3:]
	}
	if len(field) > 0 {
		s.sum += int(first[field[0]])
	}
	if len(field) > 1 {
		s.sum += int(second[field[1]])
	}
}

func (s *digitSum) digit() byte { return byte('0' + s.sum%10) }

// products is what each character adds to a check digit under the weights 7, 3 and 1, modulo 10, from each turn on.
var products = func() (p [5][256]uint8) {
	for turn, weight := range []int{7, 3, 1, 7, 3} {
		for c := range 256 {
			if v := value(byte(c)); v > 0 {
				p[turn][c] = uint8(v * weight % 10)
			}
		}
	}
	return p
}()

// value is the value of a character of the zone, -1 for any other.
func value(c byte) int { return int(values[c]) }

var values = func() (v [256]int8) {
	for c := range 256 {
		switch {
		case c >= '0' && c <= '9':
			v[c] = int8(c - '0')
		case c >= 'A' && c <= 'Z':
			v[c] = int8(c - 'A' + 10)
		case c != filler:
			v[c] = -1
		}
	}
	return v
}()

// allZone reports whether a text holds characters of the zone only (9303-3 §4.3).
func allZone(text string) bool {
	var all int8
	for i := range len(text) {
		all |= values[text[i]]
	}
	return all >= 0
}

// check adds a check digit, which stands at a place, and says whether it is the one that is due.
func (d *Document) check(l *layout, name string, due byte, at span, lines []string) *Check {
	const digits = "0123456789"
	d.Checks = d.Checks[:len(d.Checks)+1]
	c := &d.Checks[len(d.Checks)-1]
	c.Field, c.Clause, c.Line, c.Column = name, l.checks, at.line+1, at.from+1
	c.Want, c.Got = digits[due-'0':due-'0'+1], at.of(lines)
	c.OK = c.Got == c.Want
	return c
}

// checkAfter adds the check digit after a field that may be empty. An empty one may have a filler in place of its zero (9303-4
// §4.2.2.2 for positions 29 to 43; for an unknown date the same is met).
func (d *Document) checkAfter(l *layout, name string, field span, lines []string) {
	text := field.of(lines)
	c := d.check(l, name, checkDigit(text), field.checkAt(), lines)
	c.OK = c.OK || c.Got == "<" && blank(text)
}

// blank reports whether a field holds fillers only.
func blank(field string) bool { return trimFillers(field) == "" }

func trimFillers(field string) string {
	end := len(field)
	for end > 0 && field[end-1] == filler {
		end--
	}
	return field[:end]
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func letter(c byte) bool { return c >= 'A' && c <= 'Z' }

// capitals turns a to z into A to Z and leaves all else, so that no foreign letter turns into one of the zone.
func capitals(s string) string {
	for i := range len(s) {
		if small(s[i]) {
			return strings.Map(capital, s)
		}
	}
	return s
}

func small(c byte) bool { return c >= 'a' && c <= 'z' }

func capital(r rune) rune {
	if r >= 'a' && r <= 'z' {
		return r - 'a' + 'A'
	}
	return r
}
