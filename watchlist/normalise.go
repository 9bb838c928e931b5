package watchlist

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Bounds on what is read of one name. They hold alike for alerts and queries, so that an equal name always matches.
const (
	maxNameBytes  = 2048 // of the text before it is normalised
	maxNameTokens = 48
	maxTokenRunes = 64
	maxRepeats    = 2 // of one part; more is padding
)

// letters maps letters that have no decomposition, or a wrong one for names, to how names are written without them.
// ICAO 9303-3 §6 gives some of them two letters (ø as OE); one edit apart is left to the fuzzy match.
var letters = map[rune]string{
	'ß': "ss", 'ł': "l", 'ø': "o", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i", 'æ': "ae", 'œ': "oe", 'ħ': "h",
	'ŋ': "n", 'ŧ': "t", 'ə': "e", 'ĸ': "k", 'ɓ': "b", 'ɗ': "d", 'ƙ': "k", 'ǝ': "e",
	'ς': "σ",
	// Arabic script: Persian, Urdu and Pashto forms of the same letters, and letters that only spelling tells apart.
	'ی': "ي", 'ى': "ي", 'ې': "ي", 'ۍ': "ي", 'ک': "ك", 'ڪ': "ك", 'ة': "ه", 'ہ': "ه", 'ھ': "ه",
	'ە': "ه", 'ٱ': "ا", 'ـ': "",
}

// glued are marks that stand inside a part of a name and do not divide it: apostrophes, primes, modifier letters for
// ayn and hamza.
const glued = "'’‘ʼʻʿʾ`´′ʹʺˈ＇״׳"

// tokens divides a name into its parts in a form in which equal parts are equal strings: compatibility decomposition
// (Unicode NFKD), no accents, lower case, no punctuation. Native scripts stay native. A name without a letter or digit
// has no tokens.
func tokens(name string) []string { return split(name, maxRepeats) }

// split is tokens with at most the given number of parts that are alike.
func split(name string, alike int) []string {
	if len(name) > maxNameBytes {
		cut := maxNameBytes
		for cut > 0 && !utf8.RuneStart(name[cut]) {
			cut--
		}
		name = name[:cut]
	}
	var out []string
	var b strings.Builder
	runes := 0
	flush := func() {
		if part := norm.NFC.String(b.String()); part != "" && repeats(out, part) < alike {
			out = append(out, part)
		}
		b.Reset()
		runes = 0
	}
	for _, r := range norm.NFKD.String(strings.ToValidUTF8(name, " ")) {
		s, divides := fold(r)
		if divides {
			if flush(); len(out) == maxNameTokens {
				return out
			}
			continue
		}
		if s != "" && runes < maxTokenRunes {
			b.WriteString(s)
			runes += utf8.RuneCountInString(s)
		}
	}
	flush()
	return out
}

// repeats counts how often a part stands in a name.
func repeats(parts []string, part string) int {
	n := 0
	for _, p := range parts {
		if p == part {
			n++
		}
	}
	return n
}

// fold returns what a rune of a decomposed name becomes, or that it divides parts.
func fold(r rune) (s string, divides bool) {
	switch {
	case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
		return string(r), false
	case 'A' <= r && r <= 'Z':
		return string(r + 'a' - 'A'), false
	case strings.ContainsRune(glued, r) || unicode.Is(unicode.Cf, r):
		return "", false
	}
	r = unicode.ToLower(r)
	if s, ok := letters[r]; ok {
		return s, false
	}
	switch {
	case unicode.IsMark(r):
		if accent(r) {
			return "", false
		}
		return string(r), false // a vowel sign, which is a letter to its readers
	case unicode.IsLetter(r):
		return string(r), false
	case unicode.Is(unicode.Nd, r):
		return string('0' + digitValue(r)), false
	}
	return "", true
}

// accent reports whether a combining mark only modifies its letter. Vowel signs of Devanagari, Thai and their kin are
// not accents: without them different names become one.
func accent(r rune) bool {
	return unicode.In(r, unicode.Inherited, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Cyrillic,
		unicode.Latin, unicode.Greek)
}

// digitValue returns the value of a decimal digit of any script: they lie in runs of ten in Unicode.
func digitValue(r rune) rune {
	zero := r
	for zero > 0 && r-zero < 9 && unicode.Is(unicode.Nd, zero-1) {
		zero--
	}
	return (r - zero) % 10
}

// number brings a document number or number plate into the form in which it is compared: letters and digits only, in
// capitals, without the filler of a machine-readable zone. "" when nothing is left.
func number(s string) string {
	var b strings.Builder
	n := 0
	for _, t := range split(s, maxNameTokens) {
		n += len(t)
		if n > maxTokenRunes*2 {
			break
		}
		b.WriteString(t)
	}
	return strings.ToUpper(b.String())
}

// vehicle brings the number of a means of transport into the form in which it is compared. An IMO ship number is written
// with or without "IMO" before its seven digits.
func vehicle(s string) string {
	n := number(s)
	if imo, ok := strings.CutPrefix(n, "IMO"); ok && len(imo) == 7 {
		return imo
	}
	return n
}

// nativeScript reports whether the first letter of a name is of another script than Latin.
func nativeScript(name string) bool {
	for _, r := range name {
		if unicode.IsLetter(r) {
			return !unicode.Is(unicode.Latin, r)
		}
	}
	return false
}

// tidy collapses white space, as the published files break lines inside values.
func tidy(s string) string { return strings.Join(strings.Fields(s), " ") }
