package mrz

import "unicode"

// Language is one of those for which Doc 9303-3 §6 B makes exceptions from its table of Cyrillic letters, by its code of ISO 639,
// or Russian, which has the table without exceptions, as has every other language.
type Language string

// The languages.
const (
	Belarusian Language = "be"
	Bulgarian  Language = "bg"
	Macedonian Language = "mk"
	Russian    Language = "ru"
	Serbian    Language = "sr"
	Ukrainian  Language = "uk"
)

// languageOf returns the language in which a state writes names in Cyrillic letters, Russian for all that have no exceptions.
func languageOf(issuer string) Language {
	switch issuer {
	case "BLR":
		return Belarusian
	case "BGR":
		return Bulgarian
	case "MKD":
		return Macedonian
	case "SRB":
		return Serbian
	case "UKR":
		return Ukrainian
	}
	return Russian
}

// cyrillic is the table of Doc 9303-3 §6 B without its exceptions. Three rows are misprinted in the eighth edition: U+0402 Ђ with
// the shape of Ћ; Ғ U+0492, which no Macedonian has, where Ѓ must be meant; Һ U+04BA where Ћ must be meant. Ѓ and Ћ stand here
// besides. Ь is in no row, and is left out.
var cyrillic = map[rune]string{
	'Ё': "E", 'Ђ': "D", 'Є': "IE", 'Ѕ': "DZ", 'І': "I", 'Ї': "I", 'Ј': "J", 'Љ': "LJ", 'Њ': "NJ", 'Ќ': "K", 'Ў': "U", 'Џ': "DZ",
	'А': "A", 'Б': "B", 'В': "V", 'Г': "G", 'Д': "D", 'Е': "E", 'Ж': "ZH", 'З': "Z", 'И': "I", 'Й': "I", 'К': "K", 'Л': "L",
	'М': "M", 'Н': "N", 'О': "O", 'П': "P", 'Р': "R", 'С': "S", 'Т': "T", 'У': "U", 'Ф': "F", 'Х': "KH", 'Ц': "TS", 'Ч': "CH",
	'Ш': "SH", 'Щ': "SHCH", 'Ъ': "IE", 'Ы': "Y", 'Э': "E", 'Ю': "IU", 'Я': "IA", 'Ѫ': "U", 'Ѵ': "Y", 'Ґ': "G", 'Ғ': "G", 'Һ': "C",
	'Ѓ': "G", 'Ћ': "C", 'Ь': "",
}

// cyrillicIn are the exceptions of the table by language, and ukrainianFirst those for the first letter of a Ukrainian name,
// taken as the first of each component.
var (
	cyrillicIn = map[Language]map[rune]string{
		Belarusian: {'Ё': "IO", 'Г': "H"},
		Bulgarian:  {'Щ': "SHT"},
		Macedonian: {'Ќ': "KJ", 'Џ': "DJ", 'Х': "H", 'Ц': "C", 'Ғ': "GJ", 'Ѓ': "GJ"},
		Russian:    {},
		Serbian:    {'Г': "H", 'Ж': "Z", 'Х': "H", 'Ц': "C", 'Ч': "C", 'Ш': "S"},
		Ukrainian:  {'Г': "H", 'И': "Y"},
	}
	ukrainianFirst = map[rune]string{'Є': "YE", 'Ї': "YI", 'Й': "Y", 'Ю': "YU", 'Я': "YA"}
)

// cyrillicLetter returns how a letter is written in a name of a language, first or not in its component; ok is false for one that
// the table does not have. A letter of the table with a mark loses it, as ѝ.
func cyrillicLetter(r rune, language Language, first bool) (latin string, ok bool) {
	r = unicode.ToUpper(r)
	if _, ok := cyrillic[r]; !ok {
		r = unmarked(r)
	}
	if s, ok := ukrainianFirst[r]; ok && first && language == Ukrainian {
		return s, true
	}
	if s, ok := cyrillicIn[language][r]; ok {
		return s, true
	}
	latin, ok = cyrillic[r]
	return latin, ok
}
