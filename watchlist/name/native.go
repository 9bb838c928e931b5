package name

import "strings"

// alphabets gives the sound of each letter of the scripts whose letters stand for sounds. Letters have lost their accents (Parts): й is и, ї is і, أ is ا.
// Sources: the letters' names and values in ICAO 9303-3 §6 (Cyrillic, Arabic), the national romanisations of Armenia, Georgia (2002) and Greece (ISO 843), and for letters
// of other languages in these scripts BGN/PCGN.
var alphabets = func() map[rune]string {
	m := map[rune]string{}
	for _, table := range []string{
		// Cyrillic, with the letters of Ukrainian, Belarusian, Serbian, Macedonian, Kazakh, Kyrgyz, Tajik, Uzbek and Azerbaijani
		"а a б b в v г g д d е e ж Z з z и i к k л l м m н n о o п p р r с s т t у u ф f х x ц c ч C ш S щ SC ъ - ы i ь - э e ю iu я ia",
		"ґ g є ie і i ђ J ѕ z ј y љ l њ n ћ C џ J ә a ғ G қ q ң n ө o ұ u ү u һ h ҳ h ҷ J ҝ g ҹ J ӏ -",
		// Armenian
		"ա a բ b գ g դ d ե e զ z է e ը e թ t ժ Z ի i լ l խ x ծ c կ k հ h ձ z ղ G ճ C մ m յ y ն n շ S ո o չ C պ p ջ J ռ r ս s վ v տ t ր r ց c ւ v փ p ք k օ o ֆ f և ev",
		// Georgian
		"ა a ბ b გ g დ d ე e ვ v ზ z თ t ი i კ k ლ l მ m ნ n ო o პ p ჟ Z რ r ს s ტ t უ u ფ p ქ k ღ G ყ q შ S ჩ C ც c ძ z წ c ჭ C ხ x ჯ J ჰ h",
		// Greek
		"α a β v γ g δ d ε e ζ z η i θ T ι i κ k λ l μ m ν n ξ ks ο o π p ρ r σ s τ t υ i φ f χ x ψ ps ω o",
		// Arabic, with the letters of Persian, Urdu, Pashto, Kurdish and Maghrebi names
		"ا A ب b ت t ث T ج J ح h خ x د d ذ D ر r ز z س s ش S ص s ض d ط t ظ z ع A غ G ف f ق q ك k ل l م m ن n ه h و W ي I ء A",
		"پ p چ C ژ Z گ g ڤ v ټ t ډ d ړ r ږ Z ښ S ڼ n ځ z څ c ٹ t ڈ d ڑ r ں n ۆ W ۋ W ێ I ے I ڕ r ڵ l ڭ n ڨ g",
		// Hebrew
		"א A ב b ג g ד d ה h ו W ז z ח x ט t י I כ k ך x ל l מ m ם m נ n ן n ס s ע A פ p ף f צ c ץ c ק k ר r ש S ת t",
		// Hiragana; katakana lies 96 places further
		"あ a い i う u え e お o か ka き ki く ku け ke こ ko さ sa し Si す su せ se そ so た ta ち Ci つ cu て te と to な na に ni ぬ nu ね ne の no",
		"は ha ひ hi ふ fu へ he ほ ho ま ma み mi む mu め me も mo や ya ゆ yu よ yo ら ra り ri る ru れ re ろ ro わ wa を o ん n",
		"が ga ぎ gi ぐ gu げ ge ご go ざ za じ Ji ず zu ぜ ze ぞ zo だ da ぢ Ji づ zu で de ど do ば ba び bi ぶ bu べ be ぼ bo ぱ pa ぴ pi ぷ pu ぺ pe ぽ po",
		"ぁ a ぃ i ぅ u ぇ e ぉ o ゃ a ゅ u ょ o っ - ゔ v",
	} {
		f := strings.Fields(table)
		for i := 0; i < len(f); i += 2 {
			m[[]rune(f[i])[0]] = strings.Trim(f[i+1], "-")
		}
	}
	for r, s := range m {
		if 'ぁ' <= r && r <= 'ゔ' {
			m[r+96] = s
		}
	}
	return m
}()

// clusters are letters that stand for one sound together.
var clusters = strings.NewReplacer("ու", "ұ", "μπ", "b", "ντ", "d", "γκ", "g", "γγ", "g", "τζ", "J", "τσ", "c", "ου", "u", "αι", "e", "ει", "i", "οι", "i", "αυ", "av", "ευ", "ev",
	"тш", "ч", "дж", "џ", "тс", "ц")

// nativeSounds returns the sounds of a part in another script than Latin. false: Marz cannot sound the script; Han, for example, needs a dictionary, and has several readings then.
func nativeSounds(part string) (string, bool) {
	var b strings.Builder
	runes := []rune(clusters.Replace(part))
	for i, r := range runes {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case 0x900 <= r && r < 0xd80:
			indic(&b, runes, i)
		case 0xac00 <= r && r < 0xac00+11172:
			hangul(&b, r-0xac00)
		default:
			s, ok := alphabets[r]
			if !ok {
				if strings.ContainsRune("ー々゙゚", r) {
					continue
				}
				return "", false
			}
			if i == len(runes)-1 && (r == 'ه' || r == 'ה') && i > 1 {
				s = "E"
			}
			if i == 0 && r == 'ո' && len(runes) > 1 {
				s = "vo"
			}
			b.WriteString(s)
		}
	}
	return b.String(), b.Len() > 0
}

// The scripts of India lie in blocks of 128 that are built alike: letters by their place in the block (The Unicode Standard, chapter 12).
var (
	indicConsonants = map[rune]string{0x15: "k", 0x16: "k", 0x17: "g", 0x18: "g", 0x19: "n", 0x1a: "C", 0x1b: "C", 0x1c: "J", 0x1d: "J", 0x1e: "n", 0x1f: "t", 0x20: "t", 0x21: "d", 0x22: "d",
		0x23: "n", 0x24: "t", 0x25: "T", 0x26: "d", 0x27: "D", 0x28: "n", 0x29: "n", 0x2a: "p", 0x2b: "f", 0x2c: "b", 0x2d: "b", 0x2e: "m", 0x2f: "y", 0x30: "r", 0x31: "r", 0x32: "l", 0x33: "l",
		0x34: "l", 0x35: "v", 0x36: "S", 0x37: "S", 0x38: "s", 0x39: "h", 0x58: "q", 0x59: "x", 0x5a: "G", 0x5b: "z", 0x5c: "r", 0x5d: "r", 0x5e: "f", 0x5f: "y"}
	indicVowels = map[rune]string{0x05: "a", 0x06: "a", 0x07: "i", 0x08: "i", 0x09: "u", 0x0a: "u", 0x0b: "ri", 0x0d: "e", 0x0e: "e", 0x0f: "e", 0x10: "ai", 0x11: "o", 0x12: "o", 0x13: "o", 0x14: "au",
		0x3e: "a", 0x3f: "i", 0x40: "i", 0x41: "u", 0x42: "u", 0x43: "ri", 0x45: "e", 0x46: "e", 0x47: "e", 0x48: "ai", 0x49: "o", 0x4a: "o", 0x4b: "o", 0x4c: "au", 0x01: "n", 0x02: "n", 0x03: "h"}
	nukta = map[string]string{"k": "q", "g": "G", "J": "z", "d": "r", "f": "f", "y": "y"}
)

const (
	indicNukta  = 0x3c
	indicVirama = 0x4d
)

// indic writes the letter at i. A consonant has an a after it unless a vowel sign, a virama or the end of the part follows.
func indic(b *strings.Builder, runes []rune, i int) {
	at := func(k int) rune {
		if k < len(runes) && 0x900 <= runes[k] && runes[k] < 0xd80 {
			return runes[k] & 0x7f
		}
		return -1
	}
	c := at(i)
	s, consonant := indicConsonants[c]
	if !consonant {
		b.WriteString(indicVowels[c])
		return
	}
	next := i + 1
	if at(next) == indicNukta {
		if other, ok := nukta[s]; ok {
			s = other
		}
		next++
	}
	b.WriteString(s)
	if n := at(next); n >= 0 && n != indicVirama && (n < 0x3e || n > 0x4c) {
		b.WriteByte('a')
	}
}

// Hangul syllables are made of an initial, a vowel and a final (The Unicode Standard §3.12); the sounds follow the Revised Romanisation of 2000.
var (
	hangulFirst = strings.Split("g k n d t r m b p s s - J J C k t p h", " ")
	hangulVowel = strings.Split("a e ia ie o e io ie o ua ue oe io u uo ue ui iu u ui i", " ")
	hangulLast  = strings.Split("- k k k n n n t l k m l l l p l m p p t t n t t k t p t", " ")
)

func hangul(b *strings.Builder, n rune) {
	for _, s := range []string{hangulFirst[n/588], hangulVowel[n%588/28], hangulLast[n%28]} {
		if s != "-" {
			b.WriteString(s)
		}
	}
}
