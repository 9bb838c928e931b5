package watchlist

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/language"
	"pgregory.net/rapid"

	"marz"
)

func TestTokens(t *testing.T) {
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
		if got := strings.Join(tokens(in), " "); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

// A name in its normal form is its own normal form, and the bounds hold for any text.
func TestLawTokensStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := tokens(rapid.String().Draw(t, "name"))
		if again := tokens(strings.Join(parts, " ")); !slices.Equal(parts, again) {
			t.Fatalf("%q becomes %q", parts, again)
		}
		if len(parts) > maxNameTokens {
			t.Fatalf("%d parts", len(parts))
		}
	})
}

func TestNumber(t *testing.T) {
	for in, want := range map[string]string{"AA 123-456<": "AA123456", "0-0-0-0-1": "00001", "ab.1/2": "AB12", "--": "", "٣٤ م ٥": "34م5"} {
		if got := number(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
	if vehicle("IMO 9000001") != vehicle("9000001") || vehicle("IMO1") != "IMO1" {
		t.Error("IMO numbers are compared with the letters before them")
	}
}

func TestParseBirth(t *testing.T) {
	for in, want := range map[string]string{
		"10 Dec 1948": "1948-12-10", "Sep 1938": "1938-09", "1946": "1946", "circa 1951": "about 1951",
		"circa 07 Jul 1966": "about 1966-07-07", "1951 to 1953": "1951 to 1953", "circa 1979-1982": "about 1979 to 1982",
		"01 Jan 1961 to 31 Dec 1962": "1961-01-01 to 1962-12-31", "Mar 1962 to Feb 1963": "1962-03 to 1963-02",
		"1971-03-04": "1971-03-04", "1971-03": "1971-03", "1971-03-04T00:00:00Z": "1971-03-04", "1971-03-04+02:00": "1971-03-04",
		"1971-00-00": "1971", "Nov. 1973": "1973-11", "about 1950": "about 1950", "between 1970 and 1972": "1970 to 1972",
		"": "", "31 Feb 1970": "", "1953 to 1951": "", "0000": "", "Smith": "", "10 Dec": "", "99999": "", "-1": "", "1 2 3 4": "",
	} {
		b, ok := parseBirth(in)
		if ok != (want != "") || ok && b.String() != want {
			t.Errorf("%q gives %q, %v, want %q", in, b, ok, want)
		}
	}
}

func TestCompareBirth(t *testing.T) {
	for _, c := range []struct {
		list, document string
		want           agreement
	}{
		{"1971-03-04", "1971-03-04", birthSame}, {"1971-03-04", "1971-04-03", birthNear}, {"1971-03-04", "1972-03-04", birthNear},
		{"1971-03-04", "1973-03-04", birthDiffers}, {"1971", "1971-03-04", birthYear}, {"1971", "1972-01-02", birthNear},
		{"1971", "1980-01-02", birthDiffers}, {"1971-03", "1971-03-04", birthYear}, {"1971-03", "1971-04-04", birthNear},
		{"1971-03-04", "1971", birthYear}, {"1973 to 1974", "1974-05-05", birthYear}, {"1973 to 1974", "1975-05-05", birthNear},
		{"1973 to 1974", "1976-05-05", birthDiffers}, {"01 Mar 1961 to 31 Oct 1962", "1961-02-01", birthNear},
		{"01 Mar 1961 to 31 Oct 1962", "1962-02-01", birthYear}, {"circa 1951", "1953-01-01", birthYear},
		{"circa 1951", "1954-01-01", birthNear}, {"circa 1951", "1955-01-01", birthDiffers}, {"circa 07 Jul 1966", "1966-01-01", birthYear},
		{"1971", "", birthUnknown}, {"1971", "0000-03-04", birthUnknown},
	} {
		b, ok := parseBirth(c.list)
		d, err := marz.ParseDate(c.document)
		if !ok || err != nil {
			t.Fatal(c, err)
		}
		if got := b.compare(d); got != c.want {
			t.Errorf("%s and %s give %d, want %d", c.list, c.document, got, c.want)
		}
	}
}

func TestCountry(t *testing.T) {
	for in, want := range map[string]string{
		"Iran (Islamic Republic of)": "IRN", "ir": "IRN", "IRN": "IRN", "D": "DEU", "D<<": "DEU", "Korea, North": "PRK",
		"Türkiye": "TUR", "Côte d'Ivoire": "CIV", "Congo, Democratic Republic of the": "COD", "Congo": "COG", "gb-sct": "GBR",
		"GBD": "GBR", "xk": "RKS", "former Soviet Union": "SUN", "suhh": "SUN", "guinea-bissau": "GNB", "Atlantis": "", "": "", "-": "",
	} {
		if got := country(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

// Every code of the table that is ISO's is one that x/text knows, and each name stands for one state.
func TestCountryTable(t *testing.T) {
	ours := []string{"RKS", "XXA", "XXB", "XXC", "XXX", "SUN", "YUG", "SCG", "ANT", "CSK", "DDR"}
	seen := map[string]string{}
	for line := range strings.Lines(countryNames) {
		code, names, ok := strings.Cut(strings.TrimSpace(line), " ")
		r, err := language.ParseRegion(code)
		if !ok || len(code) != 3 || !slices.Contains(ours, code) && (err != nil || r.ISO3() != code || len(r.String()) != 2) {
			t.Errorf("line %q", line)
		}
		for name := range strings.SplitSeq(names, "; ") {
			key := strings.Join(tokens(name), " ")
			if other, twice := seen[key]; twice || key == "" {
				t.Errorf("%q stands for %s and %s", name, code, other)
			}
			seen[key] = code
		}
	}
}

func TestOneEdit(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"yusuf", "yusuf", false}, {"yusuf", "yusef", true}, {"yusuf", "yusuff", true}, {"yusuf", "yusu", true}, {"yusuf", "usuf", true},
		{"yusuf", "yuusf", true}, {"yusuf", "yosef", false}, {"yusuf", "yufsu", false}, {"юсуф", "юсуп", true}, {"", "a", true},
	} {
		if got := oneEdit(c.a, c.b); got != c.want || oneEdit(c.b, c.a) != got {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}

// The index of left-out letters finds exactly the parts that are one edit away.
func TestLawSimilarIsComplete(t *testing.T) {
	letters := rapid.StringMatching(`[abcа]{4,8}`)
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfNDistinct(letters, 1, 30, rapid.ID[string]).Draw(t, "words")
		l := &List{ID: "a"}
		for _, w := range words {
			l.Alerts = append(l.Alerts, Alert{ID: marz.AlertID(w), Names: []Name{{w, Primary}}})
		}
		x := newIndex(l)
		asked := letters.Draw(t, "asked")
		var want, got []string
		for _, w := range words {
			if len([]rune(w)) >= fuzzyMin && len([]rune(asked)) >= fuzzyMin && oneEdit(w, asked) {
				want = append(want, w)
			}
		}
		for _, id := range x.similar(asked) {
			got = append(got, x.text[id])
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(want, got) {
			t.Fatalf("%s: %v, want %v", asked, got, want)
		}
	})
}
