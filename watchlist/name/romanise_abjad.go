package name

import (
	"slices"
	"strings"
	"unicode"

	"marz/mrz"
)

// mrzArabic is the table by which zones have Arabic letters (mrz.Arabic), in small letters as all spellings here. Teh marbuta is xah
// at the end and xta elsewhere.
var mrzArabic = func() map[rune]string {
	m := map[rune]string{}
	for r := 'ء'; r <= 'ۓ'; r++ {
		if latin, _ := mrz.Arabic(r); latin != "" {
			m[r] = strings.ToLower(latin)
		}
	}
	return m
}()

// Consonants of Arabic script as they are written in English of Arabic names, of Persian and South Asian ones, in French
// of the Maghreb, in Egypt, and Turkish.
var (
	arabicEnglish = under(nil, "", `
		بb پp تt ثth جj چch حh خkh دd ذdh رr زz ژzh سs شsh صs ضd طt ظz عa غgh فf ڤv قq كk کk گg لl مm نn هh ةh وw يy یy ىy
		ٹt ټt ځdz څts ڈd ډd ڑr ړr ږg ښkh ګg ڭng ںn ڼn ھh ہh ےy ېy ۍy ڕr ڵl ۋw ءa ئy ؤw ۀh`)
	arabicPersian  = under(arabicEnglish, "", `ثs ذz ضz ظz وv قgh`)
	arabicFrench   = under(arabicEnglish, "", `ثt جdj ذd شch قk وou ظd`)
	arabicEgyptian = under(arabicEnglish, "", `ثs جg ذz قk`)
	arabicTurkish  = under(arabicEnglish, "", `ثs جc چc خh ذz ژj شs ضz غg قk وv`)
)

// Shapes of names whose short vowels are known from their form: C is the next consonant, D the one before again; long
// vowels are already written out. The key has c for a consonant, A W Y for ا و ي, E for a final ه or ة, l for a first ا.
var arabicShapes = map[string][]string{
	"cc":      {"CaC"},
	"ccc":     {"CaCaC", "CaCC", "CuCaC", "CiCC"},
	"cccc":    {"CaCCaC", "CuCaCDaC", "CuCCiC"},  // Jafar, Muhammad, Muslim
	"lccc":    {"aCCaC", "aCCiC"},                // Ahmad
	"lcc":     {"aCaC", "iCC"},                   // Asad
	"cAc":     {"CaC"},                           // Jan
	"cAcc":    {"CaCiC"},                         // Khalid
	"ccAc":    {"CaCaC", "CiCaC", "CaCDaC"},      // Jamal, Bilal, Hassan
	"ccYc":    {"CaCiC", "CuCaiC"},               // Rashid, Husain
	"ccWc":    {"CaCuC", "CuCuC"},                // Mahmud's kin
	"cccWc":   {"CaCCuC"},                        // Mahmud
	"cccYc":   {"CaCCiC"},                        // Idris's kin
	"cccAc":   {"CaCCaC", "CuCCaC", "CiCCaC"},    // Salman, Uthman, Rizwan
	"ccAcc":   {"CuCaCaC", "CuCaCiC", "CaCaCiC"}, // Mubarak, Mujahid
	"cYcAc":   {"CiCaC", "CaiCaC"},               // Sulayman's kin
	"ccYcAc":  {"CuCaiCaC", "CaCiCaC"},           // Sulaiman
	"lccAc":   {"aCCaC", "iCCaC"},                // Ashraf's kin
	"lccAcYc": {"iCCaCiC"},                       // Ismail, Ibrahim
	"lcYc":    {"aCiC"},                          // Amin
	"lcWc":    {"aCuC"},                          // Ayub's kin
	"ccYcAcY": {"CuCaiCaCi", "CaCiCaCi"},         // Sulaimani
	"ccccc":   {"CuCCaCiC", "CaCCaCaC"},          // Mutasim
	"cYc":     {"CaiC", "CiC"},                   // Zaid
	"cWc":     {"CuC", "CauC"},                   // Nur
	"cWcc":    {"CuCiC", "CauCaC"},               // Yusuf's kin
	"cAcY":    {"CaCi"},                          // Hadi
	"ccY":     {"CaCi"},                          // Ali
	"cccY":    {"CaCCi", "CaCaCi"},               // Lutfi
	"ccAcY":   {"CaCaCi", "CiCaCi"},              // Hijazi
	"ccYcY":   {"CaCiCi", "CuCaiCi"},             // Rashidi
	"cAccE":   {"CaCiCa"},                        // Fatima
	"ccYcE":   {"CaCiCa"},                        // Khadija
	"cccE":    {"CaCCa", "CuCCa"},                // Hamza, Hafsa
	"ccAcE":   {"CaCaCa", "CuCaCa"},              // Usama
	"lcAcE":   {"uCaCa", "aCaCa"},
	"lcYcE":   {"aCiCa"},              // Amina
	"cccAcY":  {"CaCCaCi", "CuCCaCi"}, // Qahtani
	"cAccY":   {"CaCiCi", "CaCCi"},    // Hashimi
	"lccY":    {"aCCi"},
	"lccccY":  {"aCCaCi"},
	"lcccY":   {"aCCaCi"},               // Ahmadi
	"ccccY":   {"CaCCaCi", "CuCaCDaCi"}, // Jafari, Muhammadi
	"cccWcY":  {"CaCCuCi"},              // Mahmudi
	"cccccY":  {"CaCaCCaCi"},
	"cccWcE":  {"CaCCuCa"},
	"cccYcE":  {"CaCCiCa"},
}

// arabic spells a part in Arabic script. Short vowels are not written, so a spelling is: what a class of names says; the
// vowels of its shape; and for others a where consonants meet at the start. Then come the bare consonants and, last,
// the MRZ's own form (ICAO 9303-3 §6.C).
func (s *spellings) arabic(p []rune) {
	s.class(strings.Map(folded, string(p)))
	for _, scheme := range []*scheme{arabicEnglish, arabicPersian, arabicFrench, arabicEgyptian, arabicTurkish} {
		for _, w := range arabicWord(p, scheme) {
			if len(*s) < maxSpellings-2 {
				s.add(w)
			}
		}
	}
	var bare, zone strings.Builder
	for i, r := range p {
		bare.WriteString(bareLetter(r, i == 0))
		if r == 'ة' && i < len(p)-1 {
			zone.WriteString("xta")
			continue
		}
		zone.WriteString(mrzArabic[r])
	}
	s.add(bare.String())
	s.add(zone.String())
}

// class adds the most usual spellings of the part's class of names.
func (s *spellings) class(part string) {
	for _, latin := range classLatin(part) {
		s.add(latin)
	}
}

// bareLetter spells one letter without vowels: ا as a, and ع and ء only at the start.
func bareLetter(r rune, first bool) string {
	switch {
	case in("اأآإٱ", r):
		return "a"
	case in("عء", r) && !first:
		return ""
	}
	return arabicEnglish.letter(r)
}

// arabicWord spells a part by one language's consonants: the article, the Servant of, and compounds first.
func arabicWord(p []rune, c *scheme) []string {
	word := string(p)
	if rest, ok := strings.CutPrefix(word, "ال"); ok && len([]rune(rest)) > 1 {
		return joined(articles(rest), arabicWord([]rune(rest), c))
	}
	for _, abd := range []string{"عبدال", "عبد ال"} {
		if rest, ok := strings.CutPrefix(word, abd); ok && len([]rune(rest)) > 1 {
			return joined([]string{"abdul", "abdel", "abdol", "abd" + articles(rest)[len(articles(rest))-1]}, arabicWord([]rune(rest), c))
		}
	}
	if rest, ok := strings.CutSuffix(word, "الدين"); ok && len([]rune(rest)) > 1 {
		return joined(arabicWord([]rune(rest), c), []string{"uddin", "eddin", "aldin", "addin"})
	}
	if rest, ok := strings.CutSuffix(word, "زاده"); ok && len([]rune(rest)) > 1 {
		return joined(arabicWord([]rune(rest), c), []string{"zadeh", "zada"})
	}
	return voweled(p, c)
}

// articles returns how ال is written before a word: as it is, and assimilated to a sun letter.
func articles(rest string) []string {
	out := []string{"al", "el"}
	r := []rune(rest)[0]
	if strings.ContainsRune("تثدذرزسشصضطظلن", r) {
		sun := arabicEnglish.letter(r)
		out = append(out, "a"+sun)
	}
	return out
}

// joined pairs the usual forms of two halves: all of the first with the most usual of the second, and the other way.
func joined(a, b []string) []string {
	var out []string
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	for _, x := range a[:min(len(a), 4)] {
		out = append(out, x+b[0])
	}
	for _, y := range b[1:min(len(b), 4)] {
		out = append(out, a[0]+y)
	}
	return out
}

// voweled fills in the vowels by the shape of the word; each also in the colours of Persian and colloquial speech.
func voweled(p []rune, c *scheme) []string {
	consonants, shape := shapeOf(p, c)
	var out []string
	for _, template := range arabicShapes[shape] {
		out = append(out, fill(template, consonants))
	}
	if out == nil {
		out = []string{generic(consonants, shape, false)}
		if strings.HasPrefix(shape, "lW") || strings.HasPrefix(shape, "lY") {
			out = append(out, generic(consonants, shape, true))
		}
	}
	for _, w := range slices.Clone(out) {
		if c == arabicPersian || c == arabicFrench {
			w = strings.NewReplacer("u", "o", "ai", "ei").Replace(w)
			if c == arabicFrench {
				w = strings.NewReplacer("au", "aou", "u", "ou").Replace(w)
			}
			out = append(out, w)
		}
		if i := strings.LastIndexByte(w, 'i'); i > 0 && i < len(w)-1 {
			out = append(out, w[:i]+"e"+w[i+1:]) // Khaled, Hossein
		}
		if strings.HasPrefix(w, "mu") {
			out = append(out, "mo"+w[2:])
		}
		if i := strings.LastIndexByte(w, 'a'); c == arabicEnglish && i > 0 && i < len(w)-1 && !strings.Contains(shape, "A") {
			out = append(out, w[:i]+"e"+w[i+1:]) // Ahmed
		}
	}
	return out
}

// shapeOf returns the consonants of a word and its key in arabicShapes. و and ي are consonants at the start and beside ا.
func shapeOf(p []rune, c *scheme) (consonants []string, shape string) {
	var b strings.Builder
	for i, r := range p {
		last := i == len(p)-1
		switch {
		case i == 0 && in("اأإآٱ", r):
			b.WriteByte('l')
		case in("اأإآٱ", r):
			b.WriteByte('A')
		case i > 0 && r == 'و' && !in("اأو", at(p, i+1)) && (i == 1 || !in("اأ", p[i-1])):
			b.WriteByte('W')
		case i > 0 && in("يیى", r) && !in("اأيی", at(p, i+1)) && (i == 1 || !in("اأ", p[i-1])):
			b.WriteByte('Y')
		case last && i > 0 && in("هةە", r):
			b.WriteByte('E')
		default:
			b.WriteByte('c')
			l := c.letter(r)
			if in("عء", r) {
				l = ""
			}
			consonants = append(consonants, l)
		}
	}
	return consonants, b.String()
}

// fill puts consonants into a template.
func fill(template string, consonants []string) string {
	var b strings.Builder
	n := 0
	for _, r := range template {
		switch {
		case r == 'C' && n < len(consonants):
			b.WriteString(consonants[n])
			n++
		case r == 'D' && n > 0:
			b.WriteString(consonants[n-1])
		case r != 'C' && r != 'D':
			b.WriteRune(r)
		}
	}
	return b.String()
}

// generic spells a word of no known shape: written vowels as they are, and a between the first two consonants where no
// vowel stands, and wherever three meet. diphthong reads an initial او and اي as aw and ay.
func generic(consonants []string, shape string, diphthong bool) string {
	var b strings.Builder
	run, n := 0, 0 // consonants since the last vowel, and in all
	for i, kind := range shape {
		v := ""
		switch kind {
		case 'l':
			if diphthong || i+1 == len(shape) || !in("AWY", rune(shape[i+1])) {
				v = "a"
			}
		case 'A', 'E':
			v = "a"
		case 'W':
			v = "u"
			if diphthong && i == 1 {
				v = "w"
			}
		case 'Y':
			v = "i"
			if diphthong && i == 1 {
				v = "y"
			}
		default:
			if run >= 2 || run == 1 && !hasVowel(b.String()) {
				b.WriteByte('a')
				run = 0
			}
			b.WriteString(consonants[n])
			n++
			run++
			continue
		}
		b.WriteString(v)
		run = 0
	}
	return b.String()
}

func hasVowel(s string) bool { return strings.ContainsAny(s, "aeiou") }

// Hebrew: the academy's simple rules of 2006, with v for ב, ch for ח and kh for כ; and the older spellings.
var hebrewSchemes = []*scheme{
	under(nil, "", `אa בv גg דd הh וo זz חch טt יi כkh ךkh לl מm םm נn ןn סs עa פp ףf צtz ץtz קk רr שsh תt Bb Kk Vv Yy`),
	under(nil, "", `אa בb גg דd הh וu זz חh טt יi כch ךch לl מm םm נn ןn סs עa פf ףf צz ץz קk רr שsh תt Bb Kk Vv Yy`),
	under(nil, "", `אe בv גg דd הh וo זz חh טt יi כh ךh לl מm םm נn ןn סs עa פp ףf צts ץts קk רr שs תt Bb Kk Vv Yy`),
}

// hebrew spells an unpointed part by each scheme, with a where consonants meet and bare; then as its class of names is
// spelt.
func (s *spellings) hebrew(p []rune) {
	for _, vowels := range []bool{true, false} {
		for _, scheme := range hebrewSchemes {
			w := hebrewWord(p, scheme, vowels)
			if vowels && p[len(p)-1] == 'ה' {
				w = strings.TrimSuffix(w, "h")
				if !strings.HasSuffix(w, "a") {
					w += "a"
				}
				s.add(w + "h")
			}
			s.add(w)
		}
	}
	s.class(string(p))
}

// hebrewWord spells a part by one scheme; vowels puts a between two consonants at the start and where three meet.
func hebrewWord(p []rune, s *scheme, vowels bool) string {
	var b strings.Builder
	run := 0 // consonants since the last vowel
	for i := range p {
		l := s.letter(hebrewMark(p, i))
		switch {
		case hasVowel(l):
			run = 0
		case vowels && (run >= 2 || run == 1 && !hasVowel(b.String())):
			b.WriteByte('a')
			run = 1
		default:
			run++
		}
		b.WriteString(l)
	}
	return b.String()
}

// hebrewMark marks letters in a context: B K for ב כ at the start, V Y for ו י there and between vowels.
func hebrewMark(p []rune, i int) rune {
	switch {
	case i > 0:
		return p[i]
	case p[i] == 'ב':
		return 'B'
	case p[i] == 'כ':
		return 'K'
	case p[i] == 'ו':
		return 'V'
	case p[i] == 'י':
		return 'Y'
	}
	return p[i]
}

// Spellings of sounds, for scripts that write all of them: English; for Korean also with p, ch and the vowels of the
// older systems; for Japanese the Kunrei system and long o as oh; for India w for v, and long vowels as ee and oo.
var (
	soundsEnglish = alphabet(`aa bb dd ee ff gg hh ii kk ll mm nn oo pp qq rr ss tt uu vv ww yy zz Ssh Zzh Cch Jj cts xkh Ggh Tth Ddh Wv Ii Aa Ea`)

	korean   = []*strings.Replacer{strings.NewReplacer("eo", "u", "eu", "u"), strings.NewReplacer("eo", "o", "ae", "ai", "j", "ch"), strings.NewReplacer("b", "p", "g", "k", "d", "t")}
	japanese = []*strings.Replacer{strings.NewReplacer("shi", "si", "chi", "ti", "tsu", "tu", "fu", "hu", "ji", "zi"), strings.NewReplacer("o", "oh"), strings.NewReplacer("mb", "nb", "mm", "nm", "mp", "np")}
	indian   = []*strings.Replacer{strings.NewReplacer("v", "w"), strings.NewReplacer("i", "ee", "u", "oo"), strings.NewReplacer("ph", "f", "z", "j", "kh", "k"), strings.NewReplacer("nh", "ngh")}
)

// spoken spells a part by its sounds, where its script has any, and as its class of names is spelt.
func (s *spellings) spoken(part string, first rune) {
	defer s.class(part)
	sounds, ok := nativeSounds(part)
	if !ok {
		return
	}
	var b strings.Builder
	for _, r := range sounds {
		b.WriteString(soundsEnglish[r])
	}
	word := b.String()
	s.add(word)
	others := indian
	switch {
	case unicode.Is(unicode.Hangul, first):
		others = korean
	case unicode.In(first, unicode.Hiragana, unicode.Katakana):
		others = japanese
	case !indic(first):
		others = nil
	case !hasVowel(word[max(0, len(word)-1):]):
		s.add(word + "a")
	}
	for _, r := range others {
		s.add(r.Replace(word))
	}
}
