package mrz

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// cyrillicRows are the rows of 9303-3 §6 B, eighth edition: code, what is recommended, and the exceptions in its words. At the end
// stand the three letters that are no rows of it.
const cyrillicRows = `
	0401 E Belarusian=IO
	0402 D
	0404 IE first=YE
	0405 DZ
	0406 I
	0407 I first=YI
	0408 J
	0409 LJ
	040A NJ
	040C K Macedonian=KJ
	040E U
	040F DZ Macedonian=DJ
	0410 A
	0411 B
	0412 V
	0413 G Belarusian=H Serbian=H Ukrainian=H
	0414 D
	0415 E
	0416 ZH Serbian=Z
	0417 Z
	0418 I Ukrainian=Y
	0419 I first=Y
	041A K
	041B L
	041C M
	041D N
	041E O
	041F P
	0420 R
	0421 S
	0422 T
	0423 U
	0424 F
	0425 KH Serbian=H Macedonian=H
	0426 TS Serbian=C Macedonian=C
	0427 CH Serbian=C
	0428 SH Serbian=S
	0429 SHCH Bulgarian=SHT
	042A IE
	042B Y
	042D E
	042E IU first=YU
	042F IA first=YA
	046A U
	0474 Y
	0490 G
	0492 G Macedonian=GJ
	04BA C
	0403 G Macedonian=GJ
	040B C
	042C -`

var languages = map[string]Language{"Belarusian": Belarusian, "Bulgarian": Bulgarian, "Macedonian": Macedonian, "Russian": Russian,
	"Serbian": Serbian, "Ukrainian": Ukrainian}

// rows reads a table of code, text and more.
func rows(t *testing.T, table string) (out []struct {
	letter rune
	latin  string
	more   []string
}) {
	t.Helper()
	for line := range strings.SplitSeq(strings.TrimSpace(table), "\n") {
		w := strings.Fields(line)
		var r rune
		for _, c := range w[0] {
			r = r<<4 | rune(strings.IndexRune("0123456789ABCDEF", c))
		}
		out = append(out, struct {
			letter rune
			latin  string
			more   []string
		}{r, strings.Trim(w[1], "-"), w[2:]})
	}
	return out
}

func TestCyrillicTable(t *testing.T) {
	table := rows(t, cyrillicRows)
	if len(table) != len(cyrillic) {
		t.Errorf("%d rows for %d letters", len(table), len(cyrillic))
	}
	for _, row := range table {
		for name, language := range languages {
			within, first := row.latin, row.latin
			for _, exception := range row.more {
				who, latin, _ := strings.Cut(exception, "=")
				switch who {
				case name:
					within, first = latin, latin
				case "first":
					if language == Ukrainian {
						first = latin
					}
				}
			}
			for _, letter := range []rune{row.letter, unicode.ToLower(row.letter)} {
				text := string(letter) + "а" + string(letter) + "-" + string(letter) + "а'" + string(letter)
				got, bad := components(text, language)
				want := []string{first + "A" + within, first + "A" + within}
				if bad != 0 || !slices.Equal(got, want) {
					t.Errorf("%U in %s: %v %q, want %v", letter, name, got, bad, want)
				}
			}
		}
	}
}

// arabicRows are the rows of 9303-3 §6 C, eighth edition, and the two letters of appendix B §B.5.4 that it has not; - is "not
// encoded".
const arabicRows = `
	0621 XE
	0622 XAA
	0623 XAE
	0624 U
	0625 I
	0626 XI
	0627 A
	0628 B
	0629 XAH
	062A T
	062B XTH
	062C J
	062D XH
	062E XKH
	062F D
	0630 XDH
	0631 R
	0632 Z
	0633 S
	0634 XSH
	0635 XSS
	0636 XDZ
	0637 XTT
	0638 XZZ
	0639 E
	063A G
	0640 -
	0641 F
	0642 Q
	0643 K
	0644 L
	0645 M
	0646 N
	0647 H
	0648 W
	0649 XAY
	064A Y
	0671 XXA
	0679 XXT
	067C XRT
	067E P
	0681 XKE
	0685 XXH
	0686 XC
	0688 XXD
	0689 XDR
	0691 XXR
	0693 XRR
	0696 XRX
	0698 XJ
	069A XXS
	069C -
	06A2 -
	06A4 V
	06A5 XF
	06A7 -
	06A8 -
	06A9 XKK
	06AB XXK
	06AD XNG
	06AF XGG
	06BA XNN
	06BC XXN
	06BE XDO
	06C0 XYH
	06C1 XXG
	06C2 XGE
	06C3 XTG
	06CC XYA
	06CD XXY
	06D0 Y
	06D2 XYB
	06D3 XBE`

func TestArabicTable(t *testing.T) {
	table := rows(t, arabicRows)
	if len(table) != len(arabic) {
		t.Errorf("%d rows for %d letters", len(table), len(arabic))
	}
	for _, row := range table {
		if latin, ok := Arabic(row.letter); !ok || latin != row.latin {
			t.Errorf("%U: %s, want %s", row.letter, latin, row.latin)
		}
		within := row.latin
		if row.letter == tehMarbuta {
			within = "XTA"
		}
		for text, want := range map[string]string{
			"ا" + string(row.letter):                   "A" + row.latin,
			string(row.letter) + "ا":                   within + "A",
			"ا" + string(row.letter) + string(shadda):  "A" + within + row.latin,
			"ا" + string(row.letter) + "\u064E\u0651ب": "A" + within + within + "B", // doubled, though a short vowel stands between
		} {
			if got, bad := components(text, Russian); bad != 0 || len(got) != 1 || got[0] != want {
				t.Errorf("%+q: %v %q, want %s", text, got, bad, want)
			}
		}
	}
	for _, mark := range "\u064B\u064C\u064D\u064E\u064F\u0650\u0652\u0670" {
		if got, bad := components("ب"+string(mark)+"ا", Russian); bad != 0 || len(got) != 1 || got[0] != "BA" {
			t.Errorf("%U: %v %q", mark, got, bad)
		}
	}
}

// Names with what they are in the zone: 9303-3 §6 C note 3 and appendix B §B.5.7 and §B.5.9, and Cyrillic ones as passports have
// them. Appendix B writes الله ALLXH, which its table does not give.
func TestNamesOfOtherScripts(t *testing.T) {
	for _, c := range []struct {
		language   Language
		name, want string
	}{
		{Russian, "ابو بكر محمد بن زكريا الرازي", "ABW<BKR<MXHMD<BN<ZKRYA<ALRAZY"},
		{Russian, "عبّاس", "EBBAS"},
		{Russian, "فضّة", "FXDZXDZXAH"},
		{Russian, "هاري الشماع", "HARY<ALXSHMAE"},
		{Russian, "سمير بادمكدوذيل", "SMYR<BADMKDWXDHYL"},
		{Russian, "جمال عبد الناصر", "JMAL<EBD<ALNAXSSR"},
		{Russian, "العباس بن محمد السفاح", "ALEBAS<BN<MXHMD<ALSFAXH"},
		{Russian, "عبدالعزيز بن متعب", "EBDALEZYZ<BN<MTEB"},
		{Russian, "عزّ الدين إسماعيل", "EZZ<ALDYN<ISMAEYL"},
		{Russian, "جميلة نعيمة", "JMYLXAH<NEYMXAH"},
		{Russian, "عبد الله", "EBD<ALLH"},
		{Russian, "عبد اللّٰه", "EBD<ALLH"},
		{Russian, "اللّيث", "ALLLYXTH"},
		{Russian, "ﻓﺎﻃﻤﺔ", "FAXTTMXAH"},         // shapes as typed by old programs
		{Russian, "مُحَمَّد", "MXHMMD"},         // with all its marks
		{Russian, "علی\u200cرضا", "ELXYARXDZA"}, // Persian, with a joiner that does not join
		{Russian, "چنگیز پهلوی", "XCNXGGXYAZ<PHLWXYA"},
		{Russian, "گل ښایسته", "XGGL<XXSAXYASTH"}, // Pashto
		{Russian, "بڑے میاں", "BXXRXYB<MXYAAXNN"}, // Urdu
		{Russian, "Разъездной Ян", "RAZIEEZDNOI<IAN"},
		{Russian, "Ольга Щёткина-Юсупова", "OLGA<SHCHETKINA<IUSUPOVA"},
		{Ukrainian, "Гаєва-Юрченко Їжак'євич", "HAIEVA<YURCHENKO<YIZHAKIEVYCH"},
		{Ukrainian, "Знам’янський Юрій", "ZNAMIANSKYI<YURII"},
		{Belarusian, "Ёрш Сяргей Уладзіміравіч Ціхаўскі", "IORSH<SIARHEI<ULADZIMIRAVICH<TSIKHAUSKI"},
		{Bulgarian, "Щерев Ѝван", "SHTEREV<IVAN"},
		{Serbian, "Ђорђе Жижић Чалија", "DORDE<ZIZIC<CALIJA"},
		{Macedonian, "Ѓорѓи Ќосев Џамбазов", "GJORGJI<KJOSEV<DJAMBAZOV"},
		{Russian, "Мари\u0301я", "MARIIA"}, // a stress mark
	} {
		got, bad := components(c.name, c.language)
		if joined := strings.Join(got, "<"); bad != 0 || joined != c.want {
			t.Errorf("%s %s: %s %q, want %s", c.language, c.name, joined, bad, c.want)
		}
	}
	for name, bad := range map[string]rune{"Παππάς": 'Π', "Қасым": 'Қ', "Ճանիկ": 'Ճ', "کۆ": 'ۆ', "٢": '٢'} {
		if got, r := components(name, Russian); r != bad {
			t.Errorf("%s: %v, %q", name, got, r)
		}
	}
}

func TestLanguageOfIssuer(t *testing.T) {
	for issuer, want := range map[string]string{"UKR": "H", "BLR": "H", "SRB": "H", "BGR": "G", "MKD": "G", "RUS": "G", "ARM": "G", "rus": "G"} {
		text, err := Write(Document{Format: TD3, Code: "P", Issuer: issuer, Nationality: "UTO", Number: "1", Primary: "Г"})
		if err != nil || text[5:7] != want+"<" {
			t.Errorf("%s: %s %v", issuer, text, err)
		}
	}
	if text, err := WriteIn(Document{Format: TD3, Code: "P", Issuer: "RUS", Nationality: "UTO", Number: "1", Primary: "Г"}, Ukrainian); err != nil || text[5:7] != "H<" {
		t.Errorf("a Ukrainian name: %s %v", text, err)
	}
	if _, err := WriteIn(Document{}, "el"); err == nil {
		t.Error("a language without a table")
	}
}

// scripts are the letters of each table, and what may stand among them.
var scripts = func() map[string][]rune {
	out := map[string][]rune{"Latin": []rune("ABCXYZ" + "abcxyz"), "Cyrillic": nil, "Arabic": []rune("\u064B\u064E\u0651\u0651\u0652\u0670\u200C")}
	for r := range latin {
		out["Latin"] = append(out["Latin"], r)
	}
	for r := range cyrillic {
		out["Cyrillic"] = append(out["Cyrillic"], r, unicode.ToLower(r))
	}
	for r := range arabic {
		out["Arabic"] = append(out["Arabic"], r)
	}
	for script := range out {
		slices.Sort(out[script])
		out[script] = append(out[script], []rune(" -'’,.")...)
	}
	return out
}()

// What Write writes of any name in any of the scripts, Parse reads with every check digit right and without a defect. A name of
// which nothing is left, or that cannot be cut by rule, is refused.
func TestAnyScriptIsRead(t *testing.T) {
	names := slices.Sorted(maps.Keys(scripts))
	rapid.Check(t, func(t *rapid.T) {
		script := scripts[rapid.SampledFrom(names).Draw(t, "script")]
		name := func(label string) string {
			return string(rapid.SliceOfN(rapid.SampledFrom(script), 0, 40).Draw(t, label))
		}
		l := layouts[rapid.SampledFrom([]Format{TD1, TD2, TD3, MRVA, MRVB, FranceID}).Draw(t, "format")]
		d := anyDocument(t, l)
		d.Primary, d.Secondary = name("primary"), name("secondary")
		language := rapid.SampledFrom([]Language{Belarusian, Bulgarian, Macedonian, Russian, Serbian, Ukrainian}).Draw(t, "language")
		text, err := WriteIn(d, language)
		if err != nil {
			if primary, _ := components(d.Primary, language); len(primary) > 0 && len(primary) < 10 {
				t.Fatalf("%q: %v", d.Primary, err)
			}
			return
		}
		got, err := Parse(text, testToday)
		if err != nil || !got.ChecksOK() || len(got.Defects) > 0 {
			t.Fatalf("%q %q\n%s\n%v %+v", d.Primary, d.Secondary, text, err, got)
		}
	})
}
