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
	sum, turn := s.sum, s.turn
	for i := range len(field) {
		sum += int(products[turn][field[i]])
		if turn++; turn == len(products) {
			turn = 0
		}
	}
	s.sum, s.turn = sum, turn
}

func (s *digitSum) digit() byte { return byte('0' + s.sum%10) }

// products is what each character adds to a check digit under the weights 7, 3 and 1, modulo 10.
var products = func() (p [3][256]uint8) {
	for turn, weight := range []int{7, 3, 1} {
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

// check compares the check digit at a place with the one that is due.
func (l *layout) check(name string, due byte, at span, lines []string) Check {
	const digits = "0123456789"
	got := at.of(lines)
	return Check{
		Field: name, Want: digits[due-'0' : due-'0'+1], Got: got, OK: got[0] == due,
		Line: at.line + 1, Column: at.from + 1, Clause: l.checks,
	}
}

// checkAfter checks a field, which may be empty, with the check digit after it. An empty one may have a filler in place of its
// zero (9303-4 §4.2.2.2 for positions 29 to 43; for an unknown date the same is met).
func (l *layout) checkAfter(name string, field span, lines []string) Check {
	text := field.of(lines)
	c := l.check(name, checkDigit(text), field.checkAt(), lines)
	c.OK = c.OK || c.Got == "<" && blank(text)
	return c
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
