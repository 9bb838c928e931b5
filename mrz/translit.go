package mrz

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// latin is the table of Doc 9303-3 §6 A (Latin letters with marks). Where it leaves a choice, the first entry is taken:
// Ä is AE, Å AA, Ñ N, Ö OE, Ü UE. Letters that come down to one base letter by taking off their marks are left out
// here, since latinLetter does that.
var latin = map[rune]string{
	'Ä': "AE", 'Å': "AA", 'Æ': "AE", 'Ð': "D", 'Ö': "OE", 'Ø': "OE", 'Ü': "UE", 'Þ': "TH", 'ß': "SS", 'ẞ': "SS",
	'Đ': "D", 'Ħ': "H", 'ı': "I", 'Ĳ': "IJ", 'Ŀ': "L", 'Ł': "L", 'Ŋ': "N", 'Œ': "OE", 'Ŧ': "T",
}

// latinLetter returns how a letter is written in the zone, or "" when the table has no answer. Letters outside the table that
// are a basic Latin letter with marks, as in Vietnamese or Romanian, lose their marks.
func latinLetter(r rune) string {
	if s, ok := latin[r]; ok {
		return s
	}
	r = unicode.ToUpper(r)
	if s, ok := latin[r]; ok {
		return s
	}
	if base := unmarked(r); base >= 'A' && base <= 'Z' {
		return string(base)
	}
	return ""
}

// unmarked takes the marks off a letter; 0 for what is more than a letter with marks.
func unmarked(r rune) rune {
	if r < unicode.MaxASCII {
		return r
	}
	base := []rune(norm.NFD.String(string(r)))
	for _, mark := range base[1:] {
		if !unicode.Is(unicode.Mn, mark) {
			return 0
		}
	}
	return base[0]
}

// components turns an identifier as printed into its components as they stand in the zone (9303-3 §4.6): a hyphen, a comma
// and a space part two components; an apostrophe and all other punctuation is left out and parts nothing. Letters are written
// by the tables of §6, Cyrillic ones as those of a language. It returns the first character that cannot be written, or 0.
func components(name string, language Language) (parts []string, bad rune) {
	runes := printed(name)
	w := nameWriter{language: language}
	for i, r := range runes {
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == ',' || r == '،' || r == filler:
			w.part()
		case unicode.IsPunct(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune("`´ʹʻʼʽ", r):
			// left out; the last four are apostrophes as typed in Ukrainian or Hawaiian names
		case r == shadda:
			w.double(runes, i)
		case unicode.Is(unicode.Mn, r):
			// no marks in the zone (9303-3 §4.3)
		default:
			if !w.letter(r) {
				return nil, r
			}
		}
	}
	w.part()
	return w.parts, 0
}

// printed returns the characters of a name, each letter with its marks in one, and the shapes that Arabic letters take in a word
// as the letters they are.
func printed(name string) []rune {
	var b strings.Builder
	for _, r := range name {
		if r >= 0xFB50 && r <= 0xFDFF || r >= 0xFE70 && r <= 0xFEFC {
			b.WriteString(strings.TrimPrefix(norm.NFKC.String(string(r)), " "))
		} else {
			b.WriteRune(r)
		}
	}
	return []rune(norm.NFC.String(b.String()))
}

// nameWriter writes one identifier, component by component.
type nameWriter struct {
	language  Language
	parts     []string
	component []byte
	last      string // what the last letter was written as
}

// letter writes a letter, and reports whether a table has it.
func (w *nameWriter) letter(r rune) bool {
	s, ok := Arabic(r)
	switch {
	case ok && r == tehMarbuta:
		s = string(tehMark)
	case ok:
	case unicode.Is(unicode.Cyrillic, r):
		s, ok = cyrillicLetter(r, w.language, len(w.component) == 0)
	default:
		s = latinLetter(r)
		ok = s != ""
	}
	w.component = append(w.component, s...)
	w.last = s
	return ok
}

// double writes the last letter again, as shadda wants it: an Arabic letter of several Latin ones is repeated whole (9303-3
// §6 C note 3: XDZXDZ). In الله, where the second lam carries the sign and the first stands for it, nothing is doubled
// (9303-3 appendix B §B.5.5.11).
func (w *nameWriter) double(runes []rune, at int) {
	rest := strings.TrimLeftFunc(string(runes[at+1:]), func(r rune) bool { return unicode.Is(unicode.Mn, r) })
	if allah := strings.HasSuffix(string(w.component), "LL") && strings.HasPrefix(rest, "ه"); !allah {
		w.component = append(w.component, w.last...)
	}
}

// part ends a component.
func (w *nameWriter) part() {
	if len(w.component) > 0 {
		w.parts = append(w.parts, withTeh(string(w.component)))
	}
	w.component, w.last = w.component[:0], ""
}
