package mrz

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// latin is the table of Doc 9303-3 §6 A (Latin letters with marks). Where it leaves a choice, the first entry is taken:
// Ä is AE, Å AA, Ñ N, Ö and Ø OE, Ü UE. Letters that come down to one base letter by taking off their marks are left out
// here, since romanLetter does that.
var latin = map[rune]string{
	'Ä': "AE", 'Å': "AA", 'Æ': "AE", 'Ð': "D", 'Ö': "OE", 'Ø': "OE", 'Ü': "UE", 'Þ': "TH", 'ß': "SS", 'ẞ': "SS",
	'Đ': "D", 'Ħ': "H", 'ı': "I", 'Ĳ': "IJ", 'Ŀ': "L", 'Ł': "L", 'Ŋ': "N", 'Œ': "OE", 'Ŧ': "T",
}

// romanLetter returns how a letter is written in the zone, or "" when the table has no answer. Letters outside the table that
// are a basic Latin letter with marks, as in Vietnamese or Romanian, lose their marks.
func romanLetter(r rune) string {
	if s, ok := latin[r]; ok {
		return s
	}
	r = unicode.ToUpper(r)
	if s, ok := latin[r]; ok {
		return s
	}
	if r >= 'A' && r <= 'Z' {
		return string(r)
	}
	base := []rune(norm.NFD.String(string(r)))
	if base[0] < 'A' || base[0] > 'Z' {
		return ""
	}
	for _, mark := range base[1:] {
		if !unicode.Is(unicode.Mn, mark) {
			return ""
		}
	}
	return string(base[0])
}

// components turns an identifier as printed into its components as they stand in the zone (9303-3 §4.6): a hyphen, a comma
// and a space part two components; an apostrophe and all other punctuation is left out and parts nothing.
// It returns the first character that cannot be written, or 0.
func components(name string) (parts []string, bad rune) {
	var b strings.Builder
	for _, r := range norm.NFC.String(name) {
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == ',' || r == filler:
			b.WriteByte(' ')
		case unicode.IsPunct(r) || strings.ContainsRune("`´ʹʻʼʽ", r):
			// left out; the last four are apostrophes as typed in Ukrainian or Hawaiian names
		default:
			s := romanLetter(r)
			if s == "" {
				return nil, r
			}
			b.WriteString(s)
		}
	}
	return strings.Fields(b.String()), 0
}
