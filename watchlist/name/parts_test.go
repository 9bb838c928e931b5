package name

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParts(t *testing.T) {
	for in, want := range map[string]string{
		"SPECIMEN, Erika":        "specimen erika",
		"O'Neill-Strøm, Łucja":   "oneill strom lucja",
		"Müßig ÆRØ Đorđe":        "mussig aero dorde",
		"İlkay Işık":             "ilkay isik",
		"‘Abd al-Raḥmān":         "abd al rahman",
		"e\u0301ric":             "eric",
		"ＥＲＩＣ":                   "eric",
		"SMITH<<JOHN<PAUL":       "smith john paul",
		"محمّد علی":              "محمد علي",
		"مـحـمـد":                "محمد",
		"أحمد إبراهيم آدم":       "احمد ابراهيم ادم",
		"Ёлкин Андрей":           "елкин андреи",
		"ΣΩΚΡΆΤΗΣ":               "σωκρατησ",
		"Մոդելյան Անի":           "մոդելյան անի",
		"김정은":                    "김정은",
		"रजनीकांत":               "रजनीकांत",
		"ALI \u202eHASSAN\u200f": "ali hassan",
		"MS-13 ٢٥":               "ms 13 25",
		"-- '' …":                "",
		"\xff\xfe":               "",
		"":                       "",
	} {
		if got := strings.Join(Parts(in), " "); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

// A name in its normal form is its own normal form, and the bounds hold for any text.
func TestLawPartsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := Parts(rapid.String().Draw(t, "name"))
		if again := Parts(strings.Join(parts, " ")); !slices.Equal(parts, again) {
			t.Fatalf("%q becomes %q", parts, again)
		}
		if len(parts) > MaxParts {
			t.Fatalf("%d parts", len(parts))
		}
	})
}

func TestPaddingHidesNobody(t *testing.T) {
	for what, pad := range map[string]string{
		"marks": "\u0301", "right-to-left marks": "\u200f", "zero-width joiners": "\u200d", "blanks": " ", "Arabic vowel signs": "\u064b",
	} {
		if got := Parts("A" + strings.Repeat(pad, 5000) + " Hidden Person"); len(got) != 3 || got[1] != "hidden" {
			t.Errorf("%s: %d parts", what, len(got))
		}
	}
}
