package name

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxRunes is how much of a part is read. A longer part is no name.
const maxRunes = 64

// nativeSounds returns the sounds of a part written in another script than Latin. The part is in lower case and without
// accents (й has become и, آ has become ا). ok is false where the part holds no letter of such a script, or one of a
// script unknown here. Han is unknown: a character's reading depends on the language and is known to dictionaries only.
// Latin letters between others (а for a) have their plainest sound, so that a look-alike hides nobody.
//
// Sounds are one byte each. Besides the plain ones (a b d e f g h i k l m n o p q r s t u v w y z) these are used:
// S sh, Z zh, C ch, J dj, c ts, x kh, G gh, T th (thin), D dh or z (ذ ض ظ); and of letters that leave their sound open
// W (w, v, u, o), I (y, i, e), A (a, another vowel or silent), E (a, e, h or silent, at the end).
func nativeSounds(part string) (sounds string, ok bool) {
	p := []rune(part)
	if len(p) > maxRunes {
		p = p[:maxRunes]
	}
	var b strings.Builder
	for i := 0; i < len(p); {
		if p[i] < utf8.RuneSelf {
			b.WriteString(plain(p[i]))
			i++
			continue
		}
		read := reader(p[i])
		if read == nil {
			if unicode.IsLetter(p[i]) {
				return "", false
			}
			i++
			continue
		}
		s, n := read(p, i)
		b.WriteString(s)
		i += max(n, 1)
		ok = true
	}
	if !ok {
		return "", false
	}
	return b.String(), true
}

// plain returns the sound of a Latin letter, or "" for what is none.
func plain(r rune) string {
	switch {
	case r == 'c':
		return "k"
	case r == 'j':
		return "J"
	case r == 'x':
		return "ks"
	case 'a' <= r && r <= 'z':
		return string(r)
	}
	return ""
}

// A scriptReader returns the sounds that begin at p[i] and how many runes they take.
type scriptReader func(p []rune, i int) (sounds string, n int)

// reader returns the reader of a rune's script, by Unicode block; nil for an unknown script.
func reader(r rune) scriptReader {
	switch {
	case 0x370 <= r && r <= 0x3FF:
		return greekSounds
	case 0x400 <= r && r <= 0x52F:
		return cyrillicSounds
	case 0x531 <= r && r <= 0x58F:
		return armenianSounds
	case 0x5D0 <= r && r <= 0x5F2:
		return hebrewSounds
	case 0x620 <= r && r <= 0x6FF, 0x750 <= r && r <= 0x77F:
		return arabicSounds
	case 0x780 <= r && r <= 0x7B1:
		return thaanaSounds
	case indic(r):
		return indicSounds
	case 0x10D0 <= r && r <= 0x10FF:
		return georgianSounds
	case 0x1200 <= r && r <= 0x135A:
		return ethiopicSounds
	case 0x3041 <= r && r <= 0x30FF:
		return kanaSounds
	case 0xAC00 <= r && r <= 0xD7A3:
		return hangulSounds
	}
	return nil
}

// alphabet reads a table of letters: each word is a letter and its sounds, if it has any.
func alphabet(table string) map[rune]string {
	m := map[rune]string{}
	for _, w := range strings.Fields(table) {
		r, n := utf8.DecodeRuneInString(w)
		m[r] = w[n:]
	}
	return m
}

// at returns p[i], or 0 outside the part.
func at(p []rune, i int) rune {
	if i < 0 || i >= len(p) {
		return 0
	}
	return p[i]
}

// in reports whether r is one of the letters of set; 0 is none.
func in(set string, r rune) bool { return r != 0 && strings.ContainsRune(set, r) }

// cyrillic holds Russian, Ukrainian, Belarusian, Bulgarian, Serbian, Macedonian, Kazakh, Kyrgyz, Tajik, Uzbek, Azeri,
// Tatar, Mongolian and older letters. Letters that differ by an accent only (ё й ї ў ӣ ӯ ѓ ќ) are given for
// completeness.
var cyrillic = alphabet(`
	аa бb вv гg дd еe ёe жZ зz иi йI кk лl мm нn оo пp рr сs тt уu фf хx цc чC шS щSC ъ ыi ь эe юIu яIa
	іi їI єIe ґg ўu ђJ јI љlI њnI ћC џJ ѓg ќk ѕdz ѐe ѝi
	әa ғG қq ңng өo ұu үu һh ӣi ӯu ҳh ҷJ ҝg ҹJ җJ ҙz ҫs ҡq ҥng ҕG ӊn ӈn ӄq ӷG ӏ ӕa ҟq ҩo ҵc ҽC ҿC ӌC ӡdz ҧp ҭt ӹi ӱu ӳu
	ѣe ѳf ѵi ѫo ѧe`)

const cyrillicVowels = "аеёиоуыэюяіїєўәөұүӣӯӕѣ"

func cyrillicSounds(p []rune, i int) (string, int) {
	r, next := p[i], at(p, i+1)
	last := i+2 == len(p)
	switch {
	case r == 'д' && next == 'ж':
		return "J", 2 // of foreign names: Джамал
	case in("иыі", r) && in("ийі", next) && last:
		return "i", 2 // -ий, -ый
	case r == 'г' && ukrainian(p):
		return "h", 1
	case in("иій", r) && in(cyrillicVowels, at(p, i-1)):
		return "I", 1 // й, whose mark is gone
	case r == 'ъ' && i > 0 && next != 0 && !in(cyrillicVowels, next):
		return "a", 1 // a vowel in Bulgarian only: Търново
	case r == 'ь' && next == 'о':
		return "I", 1 // Bulgarian and Ukrainian ьо
	}
	return cyrillic[r], 1
}

// ukrainian reports whether a part has a letter that Russian has not and Ukrainian or Belarusian has: there г is h.
func ukrainian(p []rune) bool {
	for _, r := range p {
		if in("іїєґў", r) {
			return true
		}
	}
	return false
}

// armenian holds the Eastern pronunciation; և stands as եւ.
var armenian = alphabet(`
	աa բb գg դd եe զz էe ըe թt ժZ իi լl խx ծc կk հh ձdz ղG ճC մm յI նn շS ոo չC պp ջJ ռr սs վv տt րr ցc ւv փp քk օo ֆf
	ևev`)

func armenianSounds(p []rune, i int) (string, int) {
	switch next := at(p, i+1); {
	case p[i] == 'ո' && next == 'ւ':
		return "u", 2
	case p[i] == 'ի' && next == 'ւ':
		return "Iu", 2
	case p[i] == 'ո' && i == 0 && next != 'վ':
		return "vo", 1
	case p[i] == 'յ' && i == 0:
		return "h", 1 // Յակոբ, in the old spelling
	}
	return armenian[p[i]], 1
}

var georgian = alphabet(`
	აa ბb გg დd ეe ვv ზz თt იi კk ლl მm ნn ოo პp ჟZ რr სs ტt უu ფp ქk ღG ყq შS ჩC ცc ძdz წc ჭC ხx ჯJ ჰh
	ჱe ჲI ჳv ჴq ჵo ჶf ჷe`)

func georgianSounds(p []rune, i int) (string, int) { return georgian[p[i]], 1 }

var greek = alphabet(`αa βv γg δd εe ζz ηi θT ιi κk λl μm νn ξks οo πp ρr σs ςs τt υi φf χx ψps ωo`)

// greekPairs have one sound or two that their letters have not. At the start of a part μπ ντ γκ have no nasal.
var greekPairs = map[string]string{
	"ου": "u", "αι": "aI", "ει": "eI", "οι": "oI", "τζ": "dz", "τσ": "c", "γγ": "ng", "μπ": "mb", "ντ": "nd", "γκ": "ng",
}

func greekSounds(p []rune, i int) (string, int) {
	next := at(p, i+1)
	if (p[i] == 'α' || p[i] == 'ε') && next == 'υ' { // αυ ευ: f before an unvoiced consonant and at the end
		s := string(greek[p[i]])
		if after := at(p, i+2); after == 0 || in("θκξπσςτφχψ", after) {
			return s + "f", 2
		}
		return s + "v", 2
	}
	if next != 0 {
		if s, ok := greekPairs[string(p[i:i+2])]; ok {
			if i == 0 && in("μνγ", p[i]) {
				s = s[1:]
			}
			return s, 2
		}
	}
	return greek[p[i]], 1
}
