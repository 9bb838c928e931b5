package name

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Bounds on what is read of one name. They hold alike for alerts and queries, so that an equal name always matches.
const (
	MaxBytes   = 2048 // of the text before it is normalised
	MaxParts   = 48
	MaxRunes   = 64
	maxRepeats = 2 // of one part; more is padding
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

// Parts divides a name into its parts in a form in which equal parts are equal strings: compatibility decomposition
// (Unicode NFKD), no accents, lower case, no punctuation. Native scripts stay native. Of parts that are alike two are
// kept; more is padding. A name without a letter or digit has no parts.
func Parts(name string) []string { return Split(name, maxRepeats) }

// Split is Parts with at most the given number of parts that are alike.
func Split(name string, alike int) []string {
	if len(name) > MaxBytes {
		name = unpadded(name)
	}
	if len(name) > MaxBytes {
		cut := MaxBytes
		for cut > 0 && !utf8.RuneStart(name[cut]) {
			cut--
		}
		name = name[:cut]
	}
	var out []string
	var b strings.Builder
	runes := 0
	flush := func() {
		part := letterlike(b.String())
		if !ascii(part) {
			part = norm.NFC.String(part)
		}
		if part != "" && repeats(out, part) < alike {
			out = append(out, part)
		}
		b.Reset()
		runes = 0
	}
	if !ascii(name) {
		name = norm.NFKD.String(strings.ToValidUTF8(name, " "))
	}
	for _, r := range name {
		s, divides := fold(r)
		if divides {
			if flush(); len(out) == MaxParts {
				return out
			}
			continue
		}
		if s != "" && runes < MaxRunes {
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
		return letter[r], false
	case 'A' <= r && r <= 'Z':
		return letter[r+'a'-'A'], false
	case r == ' ':
		return "", true
	case strings.ContainsRune(glued, r) || unicode.Is(unicode.Cf, r):
		return "", false
	}
	r = unicode.ToLower(r)
	if s, ok := letters[r]; ok {
		return s, false
	}
	switch {
	case unicode.IsMark(r) && r != 0x3099 && r != 0x309a: // the voicing marks of kana are letters
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

// letter holds the strings of single ASCII characters.
var letter = func() (t [128]string) {
	for i := range t {
		t[i] = string(rune(i))
	}
	return t
}()

// letterlike writes digits between the Latin letters of a part as the letters that they look like.
func letterlike(part string) string {
	if !strings.ContainsAny(part, "01") || !strings.ContainsFunc(part, func(r rune) bool { return 'a' <= r && r <= 'z' }) {
		return part
	}
	return strings.NewReplacer("0", "o", "1", "i").Replace(part)
}

// mostPadded is how much of a text is looked at for a name among what is not written.
const mostPadded = 64 << 10

// unpadded returns a long text without what hides a name behind it: marks that modify no letter that counts, characters that are not seen, and white space in rows.
func unpadded(text string) string {
	space := false
	return strings.Map(func(r rune) rune {
		was := space
		space = unicode.IsSpace(r)
		if space && was || unicode.Is(unicode.Cf, r) || unicode.IsMark(r) && accent(r) {
			return -1
		}
		return r
	}, text[:min(len(text), mostPadded)])
}
