package name

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxSpellings bounds what Romanise returns.
const maxSpellings = 16

// Romanise returns the Latin spellings under which passports and lists hold a part of a name, lower-case a to z, the
// most usual first. The part is in lower case; with its marks (ё, ö) it is read better than without. A part in Latin
// letters has the forms that ICAO 9303-3 §6.A allows for its marks, and none if it has no marks. A part of an unknown
// script has none.
func Romanise(part string) []string {
	p := []rune(norm.NFC.String(part))
	if len(p) > maxRunes {
		p = p[:maxRunes]
	}
	first := slices.IndexFunc(p, func(r rune) bool { return r >= utf8.RuneSelf && unicode.IsLetter(r) })
	if first < 0 {
		return nil
	}
	var out spellings
	switch r := p[first]; {
	case unicode.Is(unicode.Latin, r):
		out.apply(latinSchemes, p)
	case unicode.Is(unicode.Cyrillic, r):
		marked := markCyrillic(p)
		out.apply(ranked(cyrillicSchemes, marked), marked)
	case unicode.Is(unicode.Armenian, r):
		out.apply(armenianSchemes, markArmenian(p))
	case unicode.Is(unicode.Georgian, r):
		out.apply(georgianSchemes, p)
	case unicode.Is(unicode.Greek, r):
		out.apply(greekSchemes, markGreek(p))
	case unicode.Is(unicode.Arabic, r):
		out.arabic(p)
	case unicode.Is(unicode.Hebrew, r):
		out.hebrew(p)
	default:
		out.spoken(string(p), r)
	}
	return out
}

// spellings collects distinct spellings up to maxSpellings.
type spellings []string

func (s *spellings) add(word string) {
	word = strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r
		}
		return -1
	}, word)
	if word != "" && len(*s) < maxSpellings && !slices.Contains(*s, word) {
		*s = append(*s, word)
	}
}

// A scheme is one way to spell a script in Latin letters: what it says of a letter, else what the schemes under it say.
// own are letters that only its language has: a part with one of them is spelt by it first.
type scheme struct {
	letters map[rune]string
	under   *scheme
	own     string
}

func (s *scheme) letter(r rune) string {
	for ; s != nil; s = s.under {
		if l, ok := s.letters[r]; ok {
			return l
		}
	}
	if 'a' <= r && r <= 'z' {
		return string(r)
	}
	if l := unicode.ToLower(r); l != r { // a mark of context that no scheme heeds
		return ""
	}
	return plainLatin(r)
}

// plainLatin returns a Latin letter without its marks.
func plainLatin(r rune) string {
	if r < utf8.RuneSelf || !unicode.Is(unicode.Latin, r) {
		return ""
	}
	d, _ := utf8.DecodeRuneInString(norm.NFD.String(string(r)))
	if d == r {
		return ""
	}
	return string(d)
}

// apply spells a part by each scheme.
func (s *spellings) apply(schemes []*scheme, p []rune) {
	for _, scheme := range schemes {
		var b strings.Builder
		for _, r := range p {
			b.WriteString(scheme.letter(r))
		}
		s.add(b.String())
	}
}

// ranked puts the schemes of the part's own language first.
func ranked(schemes []*scheme, p []rune) []*scheme {
	out := slices.Clone(schemes)
	slices.SortStableFunc(out, func(a, b *scheme) int { return b.claims(p) - a.claims(p) })
	return out
}

func (s *scheme) claims(p []rune) int {
	if strings.ContainsAny(string(p), s.own) {
		return 1
	}
	return 0
}

func under(base *scheme, own, table string) *scheme {
	return &scheme{letters: alphabet(table), under: base, own: own}
}

// Latin letters with marks, ICAO 9303-3 §6.A: the letter without its mark is a form of most; the others are these.
// The last two are how Turkish, Azeri, Balkan and Romanian names are written for English readers.
var (
	latinPlainForm = under(nil, "", `ßss łl øo đd ðd þth ıi ĳij æae œoe ħh ŋn ŧt əe ǝe ĸq`)
	latinICAO      = under(latinPlainForm, "", `äae öoe üue åaa øoe`)
	latinSchemes   = []*scheme{
		latinPlainForm, latinICAO,
		under(latinPlainForm, "", `åaa øoe üuxx ñnxx`),
		under(latinPlainForm, "", `əa`),
		under(latinPlainForm, "", `şsh șsh šsh śsh çch čch ćch ğgh žzh źzh đdj țts ţts əa`),
		under(latinPlainForm, "", `şsh çch ğgh əa xkh qg cj`), // Azeri and Turkish
		under(latinICAO, "", `ßs ñny`),
	}
)

// Cyrillic letters in a context that some schemes heed are marked by capitals: Е Ю Я Є at the start, after a vowel, ь
// and ъ; Й for a final -ий, Ы for -ый; Џ for дж, Ѯ for кс, Г for
// г after з, Ъ before a consonant, where it is a Bulgarian vowel; and и after a vowel is й again.
func markCyrillic(p []rune) []rune {
	var out []rune
	for i := 0; i < len(p); i++ {
		r, before, next := p[i], at(p, i-1), at(p, i+1)
		open := before == 0 || in(cyrillicVowels+"ьъ", before)
		switch {
		case in("иы", r) && in("ий", next) && i+2 == len(p):
			out = append(out, map[rune]rune{'и': 'Й', 'ы': 'Ы'}[r])
			i++
		case r == 'д' && next == 'ж':
			out = append(out, 'Џ')
			i++
		case r == 'г' && before == 'з':
			out = append(out, 'Г')
		case r == 'ъ' && next != 0 && !in(cyrillicVowels, next):
			out = append(out, 'Ъ')
		case r == 'к' && next == 'с':
			out = append(out, 'Ѯ')
			i++
		case r == 'и' && in(cyrillicVowels, before):
			out = append(out, 'й')
		case in("еюяє", r) && open:
			out = append(out, unicode.ToUpper(r))
		default:
			out = append(out, r)
		}
	}
	return out
}

// Cyrillic. The base is ICAO 9303-3 §6.B, which Russian passports follow since 2013 (order 320 of the Russian migration
// service of 2014, order 889 of the Ministry of Internal Affairs of 2017). The comments name the others.
var (
	cyrillicICAO = under(nil, "", `
		аa бb вv гg дd еe ёe жzh зz иi йi кk лl мm нn оo пp рr сs тt уu фf хkh цts чch шsh щshch ъie ыy ь эe юiu яia
		іi їi єie ґg ўu ђd јj љlj њnj ћc џdz ѓg ќk ѕdz ѐe ѝi ѣie ѳf ѵy ѫu
		әa ғgh қk ңn өo ұu үu һh ӣi ӯu ҳh ҷj ҝg ҹj җj ҙz ҫs ҡk ҥn ҕgh ӏ ӕa ҟk ҵts ҽch ӌch
		Еe Юiu Яia Єie Йii Ыyi Џdzh Ѯks Гg Ъie`)
	cyrillicPress = under(cyrillicICAO, "", `йy ъ юyu яya єye Юyu Яya Єye Йy Ыy Џdzh Ѯx Ъa їyi ёyo`) // newspapers, earlier passports
	cyrillicBGN   = under(cyrillicPress, "", `Еye Йiy Ыyy Ѯks ъ`)                                    // BGN/PCGN 1947; GOST 1997 passports
	ukrainianKMU  = under(cyrillicICAO, "іїєґ", `гh Гgh ґg иy ъ Юyu Яya Єye Йyi Ыy`)                 // Cabinet of Ministers 55 of 2010

	cyrillicSchemes = []*scheme{
		cyrillicICAO, cyrillicPress, cyrillicBGN,
		under(cyrillicPress, "әөүғқңұһҝҹҳҷӣӯӏ", `јy Џj Ѯks`), // Turkic, Persian and Caucasian names in English
		ukrainianKMU,
		under(cyrillicPress, "", `Ѯx Йii`),
		under(cyrillicICAO, "ў", `гh Гh ёio ыy Йii ўu ъ Юiu Яia Еie`),                                            // Belarus, 2008
		under(nil, "ђљњћџј", ``).join(cyrillicICAO, `жz хh цc чc шs ђdj џdz юju яja Юju Яja йj ъ Џdz Йij`),       // Serbian Latin
		under(cyrillicPress, "ѓќѕ", `хh ѓgj ќkj џdj цc Џdj`),                                                     // Macedonia
		under(cyrillicPress, "Ъ", `щsht Ъa хh Йiy Ѯks`),                                                          // Bulgaria, 2009
		under(cyrillicICAO, "", `вw жsch зs хch цz чtsch шsch щschtsch юju яja Юju Яja Еje ъ йi Йi Ыy Џdsch Ѯx`), // German (Duden)
		under(cyrillicICAO, "", `жj уou чtch шch щchtch юiou яia Юiou Яia ъ йi Йi Ыyi Џdj`),                      // French; Soviet passports
		under(cyrillicICAO, "", `жz хh цc чc шs щs ъ юu яa Юu Яa йj Йij Ыyj Џdz`),                                // ISO 9 without marks
		under(cyrillicICAO, "", `юju яja Юju Яja Еje ъ йj Йij Ыyj`),                                              // Nordic, Dutch, Baltic
		under(cyrillicICAO, "", `жj хx цs чc шs щs ъ ыi юyu яya Юyu Яya йy Йiy Џc ҹc ҷj ғg қq әe ҝg ўo`),         // Turkish, Azeri, Uzbek Latin
		under(cyrillicPress, "", `хh Џj Йi Ыi Ѯks`),
	}
)

// join puts a scheme's own letters over a base that was made without it.
func (s *scheme) join(base *scheme, table string) *scheme {
	s.under, s.letters = base, alphabet(table)
	return s
}

// Armenian letters are marked thus: Ե Ո at the start, Ւ for ու, Յ for յ between a consonant and ա, Ւ and Ե make եւ.
func markArmenian(p []rune) []rune {
	var out []rune
	for i := 0; i < len(p); i++ {
		switch r, next := p[i], at(p, i+1); {
		case r == 'ո' && next == 'ւ':
			out = append(out, 'Ւ')
			i++
		case in("եո", r) && i == 0 && next != 'վ':
			out = append(out, unicode.ToUpper(r))
		case r == 'յ' && next == 'ա' && !in("աեէըիոօւ", at(p, i-1)) && i > 0:
			out = append(out, 'Յ')
		case r == 'և':
			out = append(out, 'ե', 'վ')
		default:
			out = append(out, r)
		}
	}
	return out
}

// Armenian: BGN/PCGN 1981 as Armenian passports have it, without its apostrophes; the diaspora's -ian; the Western
// pronunciation in English and in French; Hübschmann and Meillet without marks; and by way of Russian.
var (
	armenianPassport = under(nil, "", `
		աa բb գg դd եe զz էe ըy թt ժzh իi լl խkh ծts կk հh ձdz ղgh ճch մm յy նn շsh ոo չch պp ջj ռr սs վv տt րr ցts ւv փp
		քk օo ֆf Եye Ոvo Ւu Յy`)
	armenianWestern = under(armenianPassport, "", `բp պb գk կg դt տd ծdz ձtz ջch ճj Յi ըe Ւou թt Եe`)
	armenianSchemes = []*scheme{
		armenianPassport,
		under(armenianPassport, "", `Յi Եe ըe Ւou`),
		under(armenianPassport, "", `Եe ըe`),
		under(armenianPassport, "", `Յi Եe ըe`),
		armenianWestern,
		under(armenianWestern, "", `Ւu`),
		under(armenianWestern, "", `շch չtch ջtch ճdj ժj Ոvo`),
		under(armenianPassport, "", `ժz խx ծc ձj ղl ճc շs չc ցc ըe Եe Ոo`),
		under(armenianPassport, "", `հ ղg ջdzh ըe Եe Ոvo Յi ցts`),
		under(armenianPassport, "", `հg ղg ջdzh ըe Եe Յi`),
		under(armenianPassport, "", `ժj խkh շch չtch ջdj Ւou Յi Եe ըe`),
	}
)

// Georgian: the national system of 2002 without apostrophes; by way of Russian; scholars' without marks; German; French.
var (
	georgianNational = under(nil, "", `
		აa ბb გg დd ეe ვv ზz თt იi კk ლl მm ნn ოo პp ჟzh რr სs ტt უu ფp ქk ღgh ყq შsh ჩch ცts ძdz წts ჭch ხkh ჯj ჰh
		ჱey ჲy ჳui ჴq ჵo ჶf ჷe`)
	georgianSchemes = []*scheme{
		georgianNational,
		under(georgianNational, "", `ფph ყk`),
		under(georgianNational, "", `ღg ყk ჯdzh`),
		under(georgianNational, "", `ჟz ღg შs ჩc ცc ძj წc ჭc ხx ჯj`),
		under(georgianNational, "", `ვw ზs ჟsch ღgh ყk შsch ჩtsch ცz ძds წz ჭtsch ხch ჯdsch`),
		under(georgianNational, "", `უou ჟj შch ჩtch ჭtch ჯdj ყk`),
	}
)

// Greek pairs are marked by Latin capitals: U ου, A αι, E ει, O οι, V F the υ of αυ and ευ, B D G μπ ντ γκ at the start
// and M N K within, Q γγ.
func markGreek(p []rune) []rune {
	marks := map[string]rune{"ου": 'U', "αι": 'A', "ει": 'E', "οι": 'O', "μπ": 'M', "ντ": 'N', "γκ": 'K', "γγ": 'Q'}
	first := map[rune]rune{'M': 'B', 'N': 'D', 'K': 'G', 'Q': 'G'}
	var out []rune
	for i := 0; i < len(p); i++ {
		if i+1 < len(p) {
			if in("αε", p[i]) && p[i+1] == 'υ' {
				mark := 'V'
				if after := at(p, i+2); after == 0 || in("θκξπσςτφχψ", after) {
					mark = 'F'
				}
				out = append(out, p[i], mark)
				i++
				continue
			}
			if mark, ok := marks[string(p[i:i+2])]; ok {
				if f, ok := first[mark]; ok && i == 0 {
					mark = f
				}
				out = append(out, mark)
				i++
				continue
			}
		}
		out = append(out, p[i])
	}
	return out
}

// Greek: ELOT 743 (ISO 843), which passports follow; as heard, with h and with ch; and as classical names are written.
var (
	greekELOT = under(nil, "", `
		αa βv γg δd εe ζz ηi θth ιi κk λl μm νn ξx οo πp ρr σs ςs τt υy φf χch ψps ωo ϊi ϋy άa έe ήi ίi όo ύy ώo ΐi ΰy
		Uou Aai Eei Ooi Vv Ff Bb Dnt Ggk Mmp Nnt Kgk Qng`)
	greekHeard   = under(greekELOT, "", `υi χh Ae Ei Oi Dd Gg Mb Nd Kg`)
	greekSchemes = []*scheme{
		greekELOT,
		under(greekELOT, "", `Dd Gg Mmb Nnd Kng χh`),
		greekHeard,
		under(greekHeard, "", `Uu χkh ξks`),
		under(greekHeard, "", `γy χh Mmb Nnd`),
		under(greekELOT, "", `βb ηe φph Uu Vu Fu Aae Ooe Kng`),
		under(greekELOT, "", `φph κc Vu Fu Uu`),
	}
)
