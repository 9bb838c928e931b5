package phrase_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"marz/phrase"
)

// used finds keys where they are said: in Go and modules by a call, in templates by a function, each with a literal or with a
// literal that ends in a dot and one value.
var used = []*regexp.Regexp{
	regexp.MustCompile(`(?:\.Say|\bphrase)\("([a-z0-9.-]+)"`),
	regexp.MustCompile(`\(?phrase "([a-z0-9.-]+)"`),
	regexp.MustCompile(`phrase \(print "([a-z0-9.-]+\.)"`),
	regexp.MustCompile("phrase\\(`([a-z0-9.-]+\\.)\\$\\{"),
}

// keysUsed returns the keys, and the tables of keys, which end in a dot, that the sources say.
func keysUsed(t *testing.T) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "tmp", "testdata", "docs"}, d.Name()) {
			return filepath.SkipDir
		}
		if !slices.Contains([]string{".go", ".js", ".html"}, filepath.Ext(path)) || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		body, err := os.ReadFile(path)
		for _, form := range used {
			for _, m := range form.FindAllStringSubmatch(string(body), -1) {
				out = append(out, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEveryKeyIsSaidAndEveryKeySaidIsThere(t *testing.T) {
	keys, said := phrase.In("en").Keys(), keysUsed(t)
	for _, s := range said {
		there := slices.Contains(keys, s)
		if strings.HasSuffix(s, ".") {
			there = slices.ContainsFunc(keys, func(k string) bool { return strings.HasPrefix(k, s) })
		}
		if !there {
			t.Errorf("%s is said and is not in en.toml", s)
		}
	}
	for _, k := range keys {
		if !slices.Contains(said, k) && !slices.Contains(said, k[:strings.LastIndex(k, ".")+1]) {
			t.Errorf("%s is in en.toml and nothing says it", k)
		}
	}
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

// placeholders returns those of a text, sorted. A form for one or two may leave the number out.
func placeholders(s string, without bool) []string {
	all := placeholder.FindAllString(s, -1)
	if without {
		all = slices.DeleteFunc(all, func(p string) bool { return p == "{n}" })
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestLanguagesMatchTheEnglish(t *testing.T) {
	en := phrase.In("en")
	for _, lang := range phrase.Languages {
		p := phrase.In(lang)
		for _, key := range p.Keys() {
			english, _ := en.Text(key)
			if english == nil {
				t.Errorf("%s: %s is not in en.toml", lang, key)
				continue
			}
			text, _ := p.Text(key)
			if len(english) > 1 {
				checkForms(t, lang, key, text)
			} else if len(text) > 1 {
				t.Errorf("%s: %s is a plural and in English none", lang, key)
			}
			for form, s := range text {
				short := form == "one" || form == "zero" || form == "two"
				if !slices.Equal(placeholders(s, short), placeholders(english["other"], short)) {
					t.Errorf("%s: %s has other placeholders than the English: %q", lang, key, s)
				}
			}
		}
		for _, key := range en.Keys() {
			if slices.Contains(phrase.Complete, lang) && !slices.Contains(p.Keys(), key) {
				t.Errorf("%s is declared complete and lacks %s", lang, key)
			}
		}
	}
}

// checkForms fails where a plural lacks a form that the language has for some whole number.
func checkForms(t *testing.T, lang, key string, text phrase.Text) {
	t.Helper()
	names := map[plural.Form]string{plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other"}
	for n := range 200 {
		form := names[plural.Cardinal.MatchPlural(language.Make(lang), n, 0, 0, 0, 0)]
		if _, ok := text[form]; !ok {
			t.Errorf("%s: %s lacks the form %q, for example for %d", lang, key, form, n)
			return
		}
	}
}

func TestChoose(t *testing.T) {
	for _, c := range []struct{ chosen, node, accept, want string }{
		{"fa", "hy", "ru", "fa"}, {"", "hy", "ru", "hy"}, {"xx", "", "de-DE, ka;q=0.8, tr;q=0.9", "tr"}, {"", "", "de", "en"}, {"", "", ";;=", "en"}, {"../en", "", "", "en"},
	} {
		if got := phrase.Choose(c.chosen, c.node, c.accept); got != c.want {
			t.Errorf("Choose(%q, %q, %q) = %s, want %s", c.chosen, c.node, c.accept, got, c.want)
		}
	}
}

func TestUnknownLanguageAndKey(t *testing.T) {
	if got := phrase.In("xx").Say("signin.title"); got != "Sign in" {
		t.Errorf("a language that is none says %q", got)
	}
	if got := phrase.In("fa").Say("no.such"); got != "no.such" {
		t.Errorf("a key that is none is said as %q", got)
	}
}

func TestDayInEnglish(t *testing.T) {
	if got := phrase.In("en").Day(time.Date(2025, 3, 21, 23, 59, 0, 0, time.UTC)); got != "21 March 2025" {
		t.Errorf("day %q", got)
	}
}
