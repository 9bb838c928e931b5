package name

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestNativeSounds(t *testing.T) {
	for _, c := range []struct{ part, want string }{
		{"сергеи", "sergeI"}, {"дмитрии", "dmitri"}, {"юрии", "Iuri"}, {"хрущев", "xruSCev"}, {"джамал", "Jamal"},
		{"григории", "grigori"}, {"сергіи", "serhi"}, {"търново", "tarnovo"}, {"њежић", "nIeZiC"}, {"әлиев", "aliev"},
		{"պետրոսյան", "petrosIan"}, {"նուբար", "nubar"}, {"ոսկանյան", "voskanIan"}, {"եւա", "eva"},
		{"გიორგი", "giorgi"}, {"ღვინიაშვილი", "GviniaSvili"},
		{"μπαμπης", "bambis"}, {"παπανδρεου", "papandreu"}, {"ευαγγελος", "evangelos"}, {"σταυρος", "stavros"}, {"ευθυμιος", "efTimios"},
		{"محمد", "mhmd"}, {"احمد", "Ahmd"}, {"فاطمه", "fatmE"}, {"عبدالله", "AbdallaE"}, {"رضا", "rDa"}, {"يوسف", "IWsf"}, {"پژمان", "pZman"}, {"تشابلن", "Cabln"}, {"تشرين", "tSrIn"}, {"ايفانوفيتش", "AIfanWfIC"},
		{"אברהם", "Avrhm"}, {"דוד", "dWd"}, {"שרה", "SrE"}, {"כהן", "khn"},
		{"राम", "ram"}, {"कृष्ण", "kriSna"}, {"सरकार", "sarkar"}, {"फ़िरोज़", "firoz"}, {"सिंह", "sinh"}, {"मोहम्मद", "mohammad"},
		{"রহমান", "rahman"}, {"ਸਿੰਘ", "sinG"}, {"প্রিয়া", "priya"},
		{"김", "kim"}, {"박", "bak"}, {"신라", "sinra"}, {"알라", "alla"}, {"한국인", "hangugin"},
		{"たなか", "tanaka"}, {"さとう", "sato"}, {"キョウコ", "kyoko"}, {"じゅん", "Jun"}, {"ほんま", "homma"},
		{"ሰላም", "salam"}, {"މުޙައްމަދު", "muhamadu"},
	} {
		got, ok := nativeSounds(c.part)
		if !ok || got != c.want {
			t.Errorf("nativeSounds(%s) = %q, %v; want %q", c.part, got, ok, c.want)
		}
	}
	for _, part := range []string{"", "ivanov", "müller", "王", "王たろう", "ပြည်", "42"} {
		if s, ok := nativeSounds(part); ok {
			t.Errorf("nativeSounds(%s) = %q of an unknown script", part, s)
		}
	}
	if s, _ := nativeSounds("ivаnov"); s != "ivanov" {
		t.Errorf("a look-alike letter makes %q", s)
	}
}

// Letters of the alphabets in use, in lower case, must be known, apart from those that are silent.
func TestAlphabetsAreWhole(t *testing.T) {
	for script, letters := range map[string]string{
		"Russian":     "абвгдежзийклмнопрстуфхцчшщыэюяё",
		"Ukrainian":   "абвгґдеєжзиіїйклмнопрстуфхцчшщюя",
		"Belarusian":  "абвгдеёжзійклмнопрстуўфхцчшыэюя",
		"Serbian":     "абвгдђежзијклљмнњопрстћуфхцчџш",
		"Macedonian":  "абвгдѓежзѕијклљмнњопрстќуфхцчџш",
		"Kazakh":      "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщыіэюя",
		"Kyrgyz":      "абвгдеёжзийклмнңоөпрстуүфхцчшщыэюя",
		"Tajik":       "абвгғдеёжзиӣйкқлмнопрстуӯфхҳчҷшэюя",
		"Azeri":       "абвгғдеәжзиыјкҝлмноөпрстуүфхһчҹш",
		"Armenian":    "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆև",
		"Georgian":    "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
		"Greek":       "αβγδεζηθικλμνξοπρσςτυφχψω",
		"Arabic":      "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي",
		"Persian":     "اآبپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی",
		"Urdu":        "اآبپتٹثجچحخدڈذرڑزژسشصضطظعغفقکگلمنںوہھءیے",
		"Pashto":      "اآبپتټثجځچڅحخدډذرړزژږسشښصضطظعغفقکګلمنڼوهۀیېۍئ",
		"Kurdish":     "ئابپتجچحخدرڕزژسشعغفڤقکگلڵمنهەوۆیێ",
		"Uyghur":      "ئابپتجچخدرزژسشغفقكگڭلمنهەوۇۆۈۋېىي",
		"Sindhi":      "ٻڀتٿٽٺثپجڄڃچڇدڌڏڊڍذرڙزسشصضطظعغفڦقڪکگڳڱلمنڻوهءي",
		"Hebrew":      "אבגדהוזחטיכךלמםנןסעפףצץקרשת",
		"Devanagari":  "अआइईउऊऋएऐओऔकखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषसह",
		"Bengali":     "অআইঈউঊঋএঐওঔকখগঘঙচছজঝঞটঠডঢণতথদধনপফবভমযরলশষসহ",
		"Gurmukhi":    "ਅਆਇਈਉਊਏਐਓਔਸਹਕਖਗਘਙਚਛਜਝਞਟਠਡਢਣਤਥਦਧਨਪਫਬਭਮਯਰਲਵ",
		"Tamil":       "அஆஇஈஉஊஎஏஐஒஓஔகஙசஞடணதநபமயரலவழளறனஜஷஸஹ",
		"Thaana":      "ހށނރބޅކވމފދތލގޏސޑޒޓޔޕޖޗ",
		"Hiragana":    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん",
		"Katakana":    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン",
		"Hangul":      "가까나다따라마바빠사싸아자짜차카타파하",
		"Amharic, lə": "ሀለሐመሠረሰሸቀበተቸኀነኘአከወዐዘዠየደጀገጠጨጰጸፀፈፐ",
	} {
		for _, r := range letters {
			// Between two others, so that no letter is first or last.
			s, ok := nativeSounds(string([]rune{r, r, r}))
			if !ok || s == "" {
				t.Errorf("%s: %c has no sound", script, r)
			}
		}
	}
}

const soundLetters = "abdefghiklmnopqrstuvwyzSZCJcxGTDWIAE"

func FuzzNativeSounds(f *testing.F) {
	for _, s := range []string{"сергеи", "محمد", "कृष्ण", "্য", "한국", "ョョー", "ፚፚ", "\xff", "\u0bff\u0d4d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, part string) {
		s, ok := nativeSounds(part)
		if !ok && s != "" || len(s) > 5*maxRunes {
			t.Fatalf("%d sounds, ok %v", len(s), ok)
		}
		if i := strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune(soundLetters, r) }); i >= 0 {
			t.Fatalf("sound %q of %q", s[i:], part)
		}
	})
}

// Every code point of the scripts read here, alone and doubled, is read without a panic and within bounds.
func TestEveryRune(t *testing.T) {
	for r := rune(0x80); r <= 0xFFFF; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		for _, part := range []string{string(r), string([]rune{r, r}), "क्" + string(r), string(r) + "ാ"} {
			if s, _ := nativeSounds(part); len(s) > 16 {
				t.Fatalf("%q sounds %q", part, s)
			}
		}
	}
}

// pairs reads transliteration pairs of the test data: Latin, native letters apart, how often seen.
func pairs(t *testing.T, file string, each func(latin, native string)) {
	t.Helper()
	dir := os.Getenv("MARZ_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	f, err := os.Open(filepath.Join(dir, "screening", file))
	if err != nil {
		t.Skipf("no test data; set MARZ_DATA to its folder")
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if w := strings.Split(sc.Text(), "\t"); len(w) == 3 {
			each(w[0], strings.ReplaceAll(w[1], " ", ""))
		}
	}
}

// skeleton keeps the classes of consonants of a sound string or of Latin letters read plainly.
func skeleton(s string) string {
	var b strings.Builder
	last := byte(0)
	for i := range len(s) {
		c := s[i]
		switch c {
		case 'a', 'e', 'i', 'o', 'u', 'y', 'h', 'w', 'A', 'E', 'I', 'W':
			continue
		case 'v', 'f', 'b', 'p':
			c = 'p'
		case 'T', 'D', 'd', 't':
			c = 't'
		case 'S', 'Z', 's', 'z', 'c', 'C', 'J', 'j':
			c = 's'
		case 'k', 'q', 'x', 'G', 'g':
			c = 'k'
		}
		if c != last {
			b.WriteByte(c)
		}
		last = c
	}
	return b.String()
}

var latinPlain = strings.NewReplacer("shch", "s", "sch", "s", "tch", "s", "sh", "S", "zh", "Z", "ch", "C", "kh", "x", "gh", "G", "th", "T",
	"dh", "D", "ph", "f", "ts", "s", "tz", "s", "ck", "k", "ce", "se", "ci", "si", "cy", "si", "c", "k", "x", "ks", "dj", "J", "dzh", "J", "w", "v")

// The skeletons of real pairs agree for most; the rest are names spelt by other languages' rules.
func TestSkeletonsOfRealPairs(t *testing.T) {
	for file, floor := range map[string]float64{"wd_russian_80.tsv": 0.6, "wd_arabic_80.tsv": 0.5} {
		t.Run(file, func(t *testing.T) {
			n, agree, shown := 0, 0, 0
			pairs(t, file, func(latin, native string) {
				s, ok := nativeSounds(native)
				if !ok {
					return
				}
				plainLatin := strings.Map(func(r rune) rune {
					if r < unicode.MaxASCII {
						return r
					}
					return -1
				}, latin)
				n++
				if a, b := skeleton(latinPlain.Replace(plainLatin)), skeleton(s); a == b {
					agree++
				} else if n%400 == 0 && shown < 40 {
					shown++
					t.Logf("%s %s: %s %s", latin, native, a, b)
				}
			})
			t.Logf("%d of %d skeletons agree: %.3f", agree, n, float64(agree)/float64(n))
			if float64(agree) < floor*float64(n) {
				t.Errorf("fewer than %.2f agree", floor)
			}
		})
	}
}
