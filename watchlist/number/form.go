package number

import (
	"strings"
	"unicode"
)

// none marks a rune that does not count in a number. strings.Map drops it.
const none rune = -1

// Normal returns the form in which numbers are equal: letters and digits only, in upper case, digits of all scripts as 0 to 9. Letters stay in their script, but for full-width ones,
// which become Latin, and the Arabic keyboard's ي, ى and ك, which become the Persian ی and ک. The filler < of a machine readable zone goes with all else. Every remaining rune stands
// where one stood before. Normal(Normal(s)) is Normal(s).
func Normal(s string) string { return strings.Map(normalRune, s) }

// Alike returns the form in which numbers look alike: that of Normal with one rune for all that are confused. It has as many runes as Normal. Alike(Alike(s)) is Alike(s).
func Alike(s string) string {
	return strings.Map(func(r rune) rune { return alikeRune(normalRune(r)) }, s)
}

// tableEnd is after the last rune of Latin, Greek, Cyrillic, Armenian and Arabic, for which tables spare a search.
const tableEnd = 0x700

var normals = func() (t [tableEnd]rune) {
	for r := range t {
		t[r] = normalise(rune(r))
	}
	return t
}()

func normalRune(r rune) rune {
	if r >= 0 && r < tableEnd {
		return normals[r]
	}
	return normalise(r)
}

func normalise(r rune) rune {
	switch {
	case unicode.Is(unicode.Nd, r):
		return '0' + digit(r)
	case r >= 'Ａ' && r <= 'Ｚ':
		return r - 'Ａ' + 'A'
	case r >= 'ａ' && r <= 'ｚ':
		return r - 'ａ' + 'A'
	case r == 'ي', r == 'ى':
		return 'ی'
	case r == 'ك':
		return 'ک'
	case r == 'ª', r == 'º': // of nº: letters to Unicode
		return none
	case unicode.In(r, unicode.Lu, unicode.Ll, unicode.Lt, unicode.Lo):
		return unicode.ToUpper(unicode.ToLower(r)) // by way of lower case, so that the Kelvin sign is a K
	}
	return none
}

// digit returns the value of a decimal digit. Unicode keeps those of a script together, in order from zero.
func digit(r rune) rune {
	for _, x := range unicode.Nd.R16 {
		if rune(x.Lo) <= r && r <= rune(x.Hi) {
			return (r - rune(x.Lo)) % 10
		}
	}
	for _, x := range unicode.Nd.R32 {
		if rune(x.Lo) <= r && r <= rune(x.Hi) {
			return (r - rune(x.Lo)) % 10
		}
	}
	return 0
}

// text is a number in Normal form, apart from the heap.
type text struct {
	n     int
	runes [MaxRunes]rune
}

// read takes the Normal form of s, and reports whether there is one that a table can hold.
func (t *text) read(s string) bool {
	t.n = 0
	for _, r := range s {
		r = normalRune(r)
		if r == none {
			continue
		}
		if t.n == MaxRunes {
			return false
		}
		t.runes[t.n] = r
		t.n++
	}
	return t.n > 0
}

func (t *text) equal(o *text) bool {
	if t.n != o.n {
		return false
	}
	for i, r := range t.runes[:t.n] {
		if r != o.runes[i] {
			return false
		}
	}
	return true
}

// alike reports whether two numbers have one Alike form.
func (t *text) alike(o *text) bool {
	if t.n != o.n {
		return false
	}
	for i, r := range t.runes[:t.n] {
		if alikeRune(r) != alikeRune(o.runes[i]) {
			return false
		}
	}
	return true
}

func (t *text) String() string { return string(t.runes[:t.n]) }
