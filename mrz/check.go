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
	var s digitSum
	s.add(field)
	return s.digit()
}

// digitSum adds up a check digit over fields one after the other.
type digitSum struct {
	sum, length int
	foreign     bool // there is a character that is none of the zone
}

func (s *digitSum) add(field string) {
	weight := [3]int{7, 3, 1}
	at := s.length % 3
	for i := range len(field) {
		v := value(field[i])
		s.foreign = s.foreign || v < 0
		s.sum += v * weight[at]
		if at++; at == 3 {
			at = 0
		}
	}
	s.length += len(field)
}

func (s *digitSum) digit() byte {
	if s.foreign {
		return filler
	}
	return byte('0' + s.sum%10)
}

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

// checkOf compares a field with its check digit. A field that may be empty and is may have a filler in place of its zero
// (9303-4 §4.2.2.2 for positions 29 to 43; for an unknown date the same is met).
func checkOf(name, field, got string, mayBeEmpty bool) Check {
	return checkFor(name, CheckDigit(field), field, got, mayBeEmpty)
}

// checkFor compares a check digit that is due with the one that stands there.
func checkFor(name string, due byte, field, got string, mayBeEmpty bool) Check {
	want := "<"
	if digit(due) {
		want = "0123456789"[due-'0':][:1]
	}
	ok := got == want || mayBeEmpty && got == "<" && blank(field)
	return Check{Field: name, Want: want, Got: got, OK: ok}
}

// blank reports whether a field holds fillers only.
func blank(field string) bool { return strings.Trim(field, "<") == "" }

func trimFillers(field string) string { return strings.TrimRight(field, "<") }

// capitals turns a to z into A to Z and leaves all else, so that no foreign letter turns into one of the zone.
func capitals(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r >= 'a' && r <= 'z' }) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, s)
}
