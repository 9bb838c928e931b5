// Package phrase owns the texts of screens: an embedded catalogue for each language, the form of a phrase for a number, and how a
// browser's language is chosen. A key that a language lacks is said in English; a key that English lacks is a mistake of the build,
// which a test finds, and is said as the key itself.
package phrase

import (
	"embed"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/BurntSushi/toml"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

//go:embed *.toml
var files embed.FS

// Languages are those of screens, in the order in which the header offers them. Complete are those of which a test holds
// that they have every key; the others fall back to English, and are not offered.
var (
	Languages = []string{"en", "hy", "ru", "fa", "ka", "tr"}
	Complete  = []string{"en", "hy", "ru", "fa", "ka", "tr"}
)

// names are the languages in themselves.
var names = map[string]string{"en": "English", "hy": "Հայերեն", "ru": "Русский", "fa": "فارسی", "ka": "ქართული", "tr": "Türkçe"}

// Text is the text of one key: Forms by CLDR plural category. A phrase without a plural has the one form "other".
type Text map[string]string

// Phrases says phrases in one language.
type Phrases struct {
	Lang  string // BCP 47
	texts map[string]Text
	tag   language.Tag
}

// catalogue holds each language's phrases. It is set once, before main.
var catalogue = readAll()

func readAll() map[string]*Phrases {
	out := map[string]*Phrases{}
	for _, lang := range Languages {
		p, err := read(lang)
		if err != nil {
			panic("phrase: " + err.Error())
		}
		out[lang] = p
	}
	return out
}

func read(lang string) (*Phrases, error) {
	var tree map[string]any
	if _, err := toml.DecodeFS(files, lang+".toml", &tree); err != nil {
		return nil, fmt.Errorf("read %s.toml: %w", lang, err)
	}
	p := &Phrases{Lang: lang, texts: map[string]Text{}, tag: language.Make(lang)}
	return p, flatten(p.texts, "", tree)
}

var categories = map[string]plural.Form{"zero": plural.Zero, "one": plural.One, "two": plural.Two, "few": plural.Few, "many": plural.Many, "other": plural.Other}

// flatten writes the texts of a table and of those in it. A table that has the string "other" is a plural.
func flatten(out map[string]Text, prefix string, tree map[string]any) error {
	for name, v := range tree {
		key := strings.TrimPrefix(prefix+"."+name, ".")
		switch v := v.(type) {
		case string:
			out[key] = Text{"other": v}
		case map[string]any:
			if _, ok := v["other"].(string); !ok {
				if err := flatten(out, key, v); err != nil {
					return err
				}
				continue
			}
			out[key] = Text{}
			for form, s := range v {
				text, ok := s.(string)
				if _, known := categories[form]; !known || !ok {
					return fmt.Errorf("%s.%s is no form of a plural", key, form)
				}
				out[key][form] = text
			}
		default:
			return fmt.Errorf("%s is neither text nor a table", key)
		}
	}
	return nil
}

// In returns the phrases of a language of screens, and the English ones for any other.
func In(lang string) *Phrases {
	if p := catalogue[lang]; p != nil {
		return p
	}
	return catalogue["en"]
}

// Dir is the direction of the language's script, as HTML's attribute dir.
func (p *Phrases) Dir() string {
	if p.Lang == "fa" {
		return "rtl"
	}
	return "ltr"
}

// Name is the language in itself.
func (p *Phrases) Name() string { return names[p.Lang] }

// Keys returns the keys that the language has, sorted.
func (p *Phrases) Keys() []string {
	var out []string
	for k := range p.texts {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// Text returns the text of a key, in English where the language lacks it, and the phrases to which it belongs. It is nil where
// English lacks it too.
func (p *Phrases) Text(key string) (Text, *Phrases) {
	if t, ok := p.texts[key]; ok {
		return t, p
	}
	en := catalogue["en"]
	return en.texts[key], en
}

var placeholder = regexp.MustCompile(`\{([a-z]+)\}`)

// Say says a phrase. args are names and values by turns; the int or int64 named n chooses the form of a plural. In a language that
// is written from the right every value but a number is isolated (Unicode UAX #9, FSI and PDI), so that it keeps its own order.
func (p *Phrases) Say(key string, args ...any) string {
	text, of := p.Text(key)
	if text == nil {
		return key
	}
	values := map[string]any{}
	for i := 0; i+1 < len(args); i += 2 {
		values[fmt.Sprint(args[i])] = args[i+1]
	}
	return placeholder.ReplaceAllStringFunc(text.form(of.tag, values["n"]), func(s string) string {
		v, ok := values[s[1:len(s)-1]]
		if !ok {
			return s
		}
		return p.value(v)
	})
}

func (t Text) form(tag language.Tag, n any) string {
	var number int
	switch n := n.(type) {
	case int:
		number = n
	case int64:
		number = int(n)
	default:
		return t["other"]
	}
	number = max(number, -number)
	form := plural.Cardinal.MatchPlural(tag, number, 0, 0, 0, 0)
	for name, f := range categories {
		if s, ok := t[name]; ok && f == form {
			return s
		}
	}
	return t["other"]
}

// value writes one value of a placeholder; phrases.js does the same.
func (p *Phrases) value(v any) string {
	switch v.(type) {
	case int, int64:
		return p.Digits(fmt.Sprint(v))
	}
	if s := fmt.Sprint(v); p.Dir() == "ltr" || s == "" {
		return s
	} else {
		return "\u2068" + s + "\u2069"
	}
}

// Digits writes the digits of a number as the language writes them. What is no number to count by (an instant, a document's
// number, an article, a seq) never passes here.
func (p *Phrases) Digits(s string) string {
	if p.Lang != "fa" {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r - '0' + '۰'
		}
		return r
	}, s)
}

// Choose returns the language of a browser: its own choice, else the node's, else the first that it accepts (RFC 9110 §12.5.4),
// else English.
func Choose(chosen, node, accept string) string {
	for _, lang := range []string{chosen, node} {
		if slices.Contains(Languages, lang) {
			return lang
		}
	}
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return "en"
	}
	for _, t := range tags {
		if base, _ := t.Base(); slices.Contains(Languages, base.String()) {
			return base.String()
		}
	}
	return "en"
}
