package watchlist

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/language"
	"pgregory.net/rapid"

	"marz"
	"marz/watchlist/name"
	"marz/watchlist/number"
)

func TestNumber(t *testing.T) {
	for in, want := range map[string]string{"AA 123-456<": "AA123456", "0-0-0-0-1": "00001", "ab.1/2": "AB12", "--": "", "٣٤ م ٥": "34م5"} {
		if got := number.Normal(in); got != want {
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
		for state := range strings.SplitSeq(names, "; ") {
			key := strings.Join(name.Parts(state), " ")
			if other, twice := seen[key]; twice || key == "" {
				t.Errorf("%q stands for %s and %s", state, code, other)
			}
			seen[key] = code
		}
	}
}

// Whatever is one slip away from a part is among its near terms, from four letters on; two slips from eight on, on either side. Letters that stand for one sound together (ts, dz) are left out:
// their sounds change by more than a letter.
func TestLawSlipsAreNear(t *testing.T) {
	letters := rapid.StringMatching(`[abcdeiorsl]{4,12}`)
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfNDistinct(letters, 1, 30, rapid.ID[string]).Draw(t, "words")
		l := &List{ID: "a"}
		for _, w := range words {
			l.Alerts = append(l.Alerts, Alert{ID: marz.AlertID(w), Names: []Name{{w, Primary}}})
		}
		x := build(l.Alerts, nil, nil)
		word := rapid.SampledFrom(words).Draw(t, "word")
		asked := slip1(t, word)
		if len(word) >= 10 {
			asked = slip1(t, asked)
		}
		a := ask(Query{Names: []string{asked}})
		s := &search{}
		s.begin(x, x, nil, a)
		s.name = &a.names[0]
		s.prepare()
		id, _ := x.find(word)
		if s.nearTerms(0); !slices.Contains(s.choose(0, nil), id) {
			t.Fatalf("%s does not lead to %s", asked, word)
		}
	})
}

// slip1 writes a word as it is mistyped: a letter too many, too few, another, or two exchanged. What is left has four letters at least.
func slip1(t *rapid.T, w string) string {
	i := rapid.IntRange(0, len(w)-2).Draw(t, "at")
	c := rapid.SampledFrom([]string{"a", "e", "n", "m", "d"}).Draw(t, "letter")
	switch rapid.IntRange(0, 3).Draw(t, "slip") {
	case 0:
		return w[:i] + c + w[i:]
	case 1:
		if len(w) > 4 {
			return w[:i] + w[i+1:]
		}
		fallthrough
	case 2:
		return w[:i] + c + w[i+1:]
	}
	return w[:i] + w[i+1:i+2] + w[i:i+1] + w[i+2:]
}
