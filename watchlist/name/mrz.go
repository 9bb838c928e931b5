package name

import (
	"slices"
	"strings"
)

// arabicMRZ turns mrzArabic around: X sequences and single letters to the Arabic letter, as tokens normalises it.
var arabicMRZ = func() map[string]rune {
	m := map[string]rune{"xta": 'ه', "xah": 'ه'}
	for r, latin := range mrzArabic {
		if r < 'ٱ' || latin != "y" { // Y is ي, not ې
			m[latin] = folded(r)
		}
	}
	m["g"], m["y"], m["i"], m["u"] = 'غ', 'ي', 'ا', 'و'
	return m
}()

// folded returns an Arabic letter as names are normalised: spelling variants of one letter are one.
func folded(r rune) rune {
	switch r {
	case 'آ', 'أ', 'إ', 'ٱ':
		return 'ا'
	case 'ؤ':
		return 'و'
	case 'ئ', 'ى', 'ی', 'ې', 'ۍ':
		return 'ي'
	case 'ک':
		return 'ك'
	case 'ة', 'ہ', 'ھ', 'ۀ', 'ۂ', 'ۃ':
		return 'ه'
	case 'ۓ':
		return 'ے'
	}
	return r
}

// FromMRZ returns the Arabic letters of a part of a name that stands in a machine-readable zone as ICAO 9303-3 §6.C
// transliterates them, where X escapes the letter after it: mxhmd is محمد. ok is false for a part without an escape and
// for what can be an ordinary name with an x (Alexander, Xhemal, Muxtar): every x must begin a sequence of the table,
// vowels stand only where Arabic writes them, and as short vowels are not written, consonants must meet.
func FromMRZ(part string) (arabic string, ok bool) {
	if !strings.Contains(part, "x") || len(part) > 4*maxRunes || strings.ContainsAny(part, "co") {
		return "", false
	}
	var out []rune
	strong, meet, ayn := false, 0, false // meet: the most consonants in a row
	for i, run := 0, 0; i < len(part); {
		code := sequence(part, i)
		if code == "" {
			return "", false
		}
		i += len(code)
		switch {
		case code == "i" && i > 1, code == "u" && run > 0 && i < len(part):
			return "", false // not where the table has them: ؤ beside a vowel, إ at the start
		case code == "e":
			ayn = true
		}
		strong = strong || len(code) > 2
		if strings.Contains(" a e i u w y xe xi xaa xae xay xah xta ", " "+code+" ") {
			run = 0
		} else {
			run++
		}
		meet = max(meet, run)
		if r := arabicMRZ[code]; len(out) == 0 || out[len(out)-1] != r {
			out = append(out, r) // a letter twice is one with shadda
		}
	}
	switch {
	case meet < 2 && !(strong && part[0] == 'x'), ayn && !strong && meet < 3:
		return "", false
	}
	return string(out), true
}

// sequence returns the longest code of the table at part[i:], "" where there is none. Teh marbuta and alef maqsura end
// a part.
func sequence(part string, i int) string {
	n := 1
	if part[i] == 'x' {
		n = 3
	}
	for ; n > 0; n-- {
		if i+n > len(part) || n == 1 && part[i] == 'x' {
			continue
		}
		code := part[i : i+n]
		if (code == "xta" || code == "xah" || code == "xay") && i+n < len(part) {
			continue
		}
		if _, ok := arabicMRZ[code]; ok {
			return code
		}
	}
	return ""
}

// Unmix returns the usual spellings of such a part of a name, nil where FromMRZ finds no Arabic.
func Unmix(part string) []string {
	arabic, ok := FromMRZ(part)
	if !ok {
		return nil
	}
	var out []string
	for _, s := range Romanise(arabic) {
		if !strings.Contains(s, "x") {
			out = append(out, s)
		}
	}
	return out
}

// Restore brings the parts of a name that a machine-readable zone writes letter by letter from Arabic back to it. nil when none of them is written so.
func Restore(parts []string) []string {
	out, found := slices.Clone(parts), false
	for i, p := range parts {
		if arabic, ok := FromMRZ(p); ok {
			out[i], found = arabic, true
		}
	}
	if !found {
		return nil
	}
	return out
}
