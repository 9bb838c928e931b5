package name

import "strings"

// indicBlock holds one block of 128 code points, the layout of which the scripts of India share since ISCII (IS 13194):
// Devanagari, Bengali, Gurmukhi, Gujarati, Oriya, Tamil, Telugu, Kannada and Malayalam, in this order from U+0900.
// Aspirates sound as their Latin digraphs are read.
var indicBlock = [128]string{
	0x05: "a", 0x06: "a", 0x07: "i", 0x08: "i", 0x09: "u", 0x0A: "u", 0x0B: "ri", 0x0C: "li", 0x0D: "e", 0x0E: "e",
	0x0F: "e", 0x10: "ai", 0x11: "o", 0x12: "o", 0x13: "o", 0x14: "au",
	0x15: "k", 0x16: "x", 0x17: "g", 0x18: "G", 0x19: "ng", 0x1A: "C", 0x1B: "C", 0x1C: "J", 0x1D: "J", 0x1E: "n",
	0x1F: "t", 0x20: "T", 0x21: "d", 0x22: "D", 0x23: "n", 0x24: "t", 0x25: "T", 0x26: "d", 0x27: "D", 0x28: "n",
	0x29: "n", 0x2A: "p", 0x2B: "f", 0x2C: "b", 0x2D: "bh", 0x2E: "m", 0x2F: "y", 0x30: "r", 0x31: "r", 0x32: "l",
	0x33: "l", 0x34: "l", 0x35: "v", 0x36: "S", 0x37: "S", 0x38: "s", 0x39: "h",
	0x3E: "a", 0x3F: "i", 0x40: "i", 0x41: "u", 0x42: "u", 0x43: "ri", 0x44: "ri", 0x45: "e", 0x46: "e", 0x47: "e",
	0x48: "ai", 0x49: "o", 0x4A: "o", 0x4B: "o", 0x4C: "au",
	0x58: "q", 0x59: "x", 0x5A: "G", 0x5B: "z", 0x5C: "r", 0x5D: "r", 0x5E: "f", 0x5F: "y",
}

// nukta gives the sounds of letters with the dot below that writes Persian and Arabic sounds.
var nukta = map[string]string{"k": "q", "x": "x", "g": "G", "J": "z", "d": "r", "D": "r", "f": "f", "y": "y", "s": "S", "l": "l"}

// Letters outside the shared layout, or that sound otherwise: indicOwn takes vowel signs, indicFinal never has a vowel.
var (
	indicOwn   = alphabet(`যJ ৰr ৱv ॻg ॼJ ॾd ॿb`)
	indicFinal = alphabet(`ৎt ੲi ੳu ੰn ൺn ൻn ർr ൽl ൾl ൿk`)
)

// An akshara is a consonant with its vowel, or a vowel alone. inherent says that its a is not written,
// nasal that it is a sign which makes the vowel before it end in a nasal.
type akshara struct {
	consonant, vowel string
	inherent, nasal  bool
}

// indicSounds reads all of a run at once, as the inherent a that is not spoken shows only from its neighbours.
func indicSounds(p []rune, i int) (string, int) {
	start := i
	var run []akshara
	for indic(at(p, i)) {
		var a akshara
		a, i = readAkshara(p, i)
		if a.nasal && len(run) > 0 {
			run[len(run)-1].vowel += a.consonant
			run[len(run)-1].inherent = false
			continue
		}
		run = append(run, a)
	}
	for k := len(run) - 1; k > 0; k-- {
		if run[k].inherent && silent(run, k) {
			run[k].vowel = ""
		}
	}
	var s strings.Builder
	for _, a := range run {
		s.WriteString(a.consonant)
		s.WriteString(a.vowel)
	}
	return s.String(), i - start
}

// readAkshara reads one akshara and returns where the next begins.
func readAkshara(p []rune, i int) (akshara, int) {
	r := p[i]
	slot := r & 0x7F
	i++
	s, own := indicOwn[r]
	if !own {
		s = indicBlock[slot]
	}
	switch final, ok := indicFinal[r]; {
	case ok:
		return akshara{vowel: final}, i
	case slot == 0x01 || slot == 0x02: // nasals
		if in("পফবভমपफबभम", at(p, i)) {
			return akshara{consonant: "m", nasal: true}, i
		}
		return akshara{consonant: "n", nasal: true}, i
	case !own && (slot < 0x15 || 0x39 < slot && slot < 0x58):
		return akshara{vowel: s}, i // and signs without a sound
	case r == 'য' && at(p, i-2) == '্':
		s = "y"
	}
	if indic(at(p, i)) && p[i]&0x7F == 0x3C {
		if r == 'য' {
			s = "y"
		} else if t, ok := nukta[s]; ok {
			s = t
		}
		i++
	}
	if indic(at(p, i)) {
		switch sign := p[i] & 0x7F; {
		case sign == 0x4D:
			return akshara{consonant: s}, i + 1
		case 0x3E <= sign && sign <= 0x4C:
			return akshara{consonant: s, vowel: indicBlock[sign]}, i + 1
		}
	}
	return akshara{consonant: s, vowel: "a", inherent: true}, i
}

// indic reports whether r is of the nine scripts of indicBlock.
func indic(r rune) bool { return 0x900 <= r && r < 0xD80 }

// silent reports whether the inherent a of run[k], k > 0, is not spoken: at the end after a single consonant (Ram), and
// between V C and C V (Sarkar). The aksharas after k have been decided.
func silent(run []akshara, k int) bool {
	if run[k-1].vowel == "" {
		return false // after a cluster
	}
	return k == len(run)-1 || run[k+1].consonant != "" && run[k+1].vowel != ""
}

// thaana holds the letters and vowel signs of Maldivian names. އ bears the vowel that follows it; sukun is silent.
var thaana = alphabet(`
	ހh ށS ނn ރr ބb ޅl ކk އ ވv މm ފf ދd ތt ލl ގg ޏn ސs ޑd ޒz ޓt ޔy ޕp ޖJ ޗC ޘT ޙh ޚx ޛD ޜZ ޝS ޞs ޟD ޠt ޡD ޢ ޣG ޤq ޥw
	ަa ާa ިi ީi ުu ޫu ެe ޭe ޮo ޯo ް ޱn`)

func thaanaSounds(p []rune, i int) (string, int) { return thaana[p[i]], 1 }

// ethiopicRows are the consonants of U+1200 to U+135A, in rows of eight that differ by their vowel.
var ethiopicRows = [...]string{
	"h", "l", "h", "m", "s", "r", "s", "S", "q", "qu", "q", "qu", "b", "v", "t", "C", "h", "hu", "n", "n", "", "k", "ku", "x",
	"xu", "w", "", "z", "Z", "y", "d", "d", "J", "g", "gu", "ng", "t", "C", "p", "c", "c", "f", "p",
}

var ethiopicVowels = [8]string{"a", "u", "i", "a", "e", "", "o", "ua"}

func ethiopicSounds(p []rune, i int) (string, int) {
	n := int(p[i] - 0x1200)
	if n/8 >= len(ethiopicRows) {
		return "", 1
	}
	c, v := ethiopicRows[n/8], ethiopicVowels[n%8]
	if c == "" && v == "" {
		v = "e" // እ
	}
	return c + v, 1
}

// The parts of a Hangul syllable, in the order of Unicode §3.12, as the Revised Romanisation of 2000 writes them; at the
// start of a part ㄱ ㄷ ㅂ are unvoiced.
var (
	hangulFirst = [19]string{"g", "k", "n", "d", "t", "r", "m", "b", "p", "s", "s", "", "J", "J", "C", "k", "t", "p", "h"}
	hangulVowel = [21]string{
		"a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we", "wi", "yu", "eu", "ui", "i",
	}
	hangulLast = [28]string{
		"", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p", "p", "t", "t", "ng", "t", "t",
		"k", "t", "p", "t",
	}
)

// bound is how a final consonant sounds before a vowel.
var bound = map[int]string{1: "g", 7: "d", 8: "r", 17: "b", 19: "s", 20: "s", 22: "J", 23: "C", 24: "k", 25: "t", 26: "p", 27: ""}

func hangulSounds(p []rune, i int) (string, int) {
	n := int(p[i] - 0xAC00)
	first, vowel, last := n/588, n/28%21, n%28
	s := hangulFirst[first]
	switch {
	case i == 0 && s == "g":
		s = "k"
	case s == "r" && i > 0 && reader(p[i-1]) != nil && (p[i-1]-0xAC00)%28 == 8:
		s = "l" // ㄹㄹ
	}
	end := hangulLast[last]
	if next := at(p, i+1); 0xAC00 <= next && next <= 0xD7A3 && (next-0xAC00)/588 == 11 {
		if b, ok := bound[last]; ok {
			end = b
		}
	}
	return s + hangulVowel[vowel] + end, 1
}

// hiragana holds the kana; katakana lie 96 code points above.
var hiragana = alphabet(`
	あa いi うu えe おo かka きki くku けke こko がga ぎgi ぐgu げge ごgo さsa しSi すsu せse そso ざza じJi ずzu ぜze ぞzo
	たta ちCi つcu てte とto だda ぢJi づzu でde どdo なna にni ぬnu ねne のno はha ひhi ふfu へhe ほho ばba びbi ぶbu べbe ぼbo
	ぱpa ぴpi ぷpu ぺpe ぽpo まma みmi むmu めme もmo やya ゆyu よyo らra りri るru れre ろro わwa ゐi ゑe をo んn ゔvu
	ぁa ぃi ぅu ぇe ぉo ゃya ゅyu ょyo ゎwa ゕka ゖke っ ゝ ゞ`)

// kanaSounds joins a small vowel or ya, yu, yo to the consonant before it, and writes a long vowel once, as Japanese
// passports do.
func kanaSounds(p []rune, i int) (string, int) {
	r := kana(p, i)
	s := hiragana[r]
	if s == "" {
		return "", 1 // っ, ー, marks
	}
	n := 1
	small := kana(p, i+1)
	switch {
	case in("ゃゅょ", small) && len(s) == 2 && s[1] == 'i':
		y := hiragana[small]
		if in("SCJ", rune(s[0])) {
			y = y[1:]
		}
		s, n = s[:1]+y, 2
	case in("ぁぃぅぇぉ", small) && len(s) == 2:
		s, n = s[:1]+hiragana[small], 2
	case r == 'ん' && in("ばびぶべぼぱぴぷぺぽまみむめも", small):
		return "m", 1
	}
	if v, next := s[len(s)-1], kana(p, i+n); next == 'う' && (v == 'o' || v == 'u') {
		n++
	}
	return s, n
}

// kana returns p[i] as hiragana.
func kana(p []rune, i int) rune {
	r := at(p, i)
	if 0x30A1 <= r && r <= 0x30F6 {
		r -= 0x60
	}
	return r
}
