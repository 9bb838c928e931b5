package number

import (
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestForms(t *testing.T) {
	for _, c := range []struct{ given, normal, alike string }{
		{"l898902c<", "L898902C", "L898902C"},
		{" ab-0123 O/I ", "AB0123OI", "A8012301"},
		{"о 123 мм 77 RUS", "О123ММ77RUS", "0123MM77RU5"},
		{"۱۲ ب ۳۴۵ ٦٧", "12ب34567", "12ب34567"},
		{"12 پ 345 67", "12پ34567", "12ب34567"},
		{"كي", "کی", "کی"},
		{"１２ａＢ", "12AB", "12A8"},
		{"35 ՕՍ 001 Տ Լ", "35ՕՍ001ՏԼ", "350U0015L"},
		{"Nº 7, nª", "N7N", "N7N"},
		{"Ö-Ž É ı İ", "ÖŽÉII", "02E11"},
		{"\xff<<-", "", ""},
	} {
		if n, a := Normal(c.given), Alike(c.given); n != c.normal || a != c.alike {
			t.Errorf("%q: Normal %q, Alike %q; want %q, %q", c.given, n, a, c.normal, c.alike)
		}
	}
}

// Every rune there is keeps the laws of the forms.
func TestFormsOfAllRunes(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		n := normalRune(r)
		if n == none {
			continue
		}
		if normalRune(n) != n {
			t.Errorf("%U: Normal is %U, and of that %U", r, n, normalRune(n))
		}
		a := alikeRune(n)
		if normalRune(a) != a || alikeRune(a) != a {
			t.Errorf("%U: Alike is %U, and is not its own", r, a)
		}
	}
}

// No two groups share a rune, and every rune of a group is in Normal form.
func TestGroups(t *testing.T) {
	seen := map[rune]bool{}
	for _, r := range groups {
		if r == ' ' || r == '\n' {
			continue
		}
		if seen[r] || normalRune(r) != r || r >= tableEnd {
			t.Errorf("%c %U stands twice, or is not in Normal form or not in the table", r, r)
		}
		seen[r] = true
	}
}

// Every letter of a script can be packed, and no two of a script are packed alike.
func TestScripts(t *testing.T) {
	for s, rs := range scripts {
		seen := map[glyph]rune{}
		for _, r := range "0123456789" + rs {
			g := glyphs[r]
			if g.symbol == 0 || g.scripts>>s&1 == 0 {
				t.Errorf("%c %U of script %d cannot be packed", r, r, s)
			}
			g.scripts = 0
			if o, ok := seen[g]; ok {
				t.Errorf("%c and %c of script %d are packed alike", r, o, s)
			}
			seen[g] = r
		}
	}
}

func TestPacking(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.IntRange(0, len(scripts)-1).Draw(t, "script")
		rs := []rune("0123456789" + scripts[s])
		given := string(rapid.SliceOfN(rapid.SampledFrom(rs), 1, maxPacked).Draw(t, "number"))
		var a, b text
		a.read(given)
		code, ok := a.code()
		forms, of, ok2 := a.forms()
		if !ok || !ok2 || code > codeMask {
			t.Fatalf("%q is not packed: code %x", given, code)
		}
		if m := mix(code); m > codeMask || unmix(m) != code {
			t.Fatalf("%x is mixed to %x and back to %x", code, m, unmix(m))
		}
		if b.unpack(code, forms, of); b.String() != given {
			t.Fatalf("%q came back as %q", given, b.String())
		}
	})
}

func FuzzForms(f *testing.F) {
	f.Add("l898902c<")
	f.Add("О123ММ77")
	f.Add("۱۲ب۳۴۵\xff")
	f.Fuzz(func(t *testing.T, s string) {
		n, a := Normal(s), Alike(s)
		if Normal(n) != n || Alike(a) != a || Alike(n) != a || Normal(a) != a || utf8.RuneCountInString(n) != utf8.RuneCountInString(a) {
			t.Fatalf("Normal %q, Alike %q", n, a)
		}
		var x text
		if ok := x.read(s); ok != (n != "" && utf8.RuneCountInString(n) <= MaxRunes) || ok && x.String() != n {
			t.Fatalf("read gave %q, %v for %q", x.String(), ok, n)
		}
	})
}
