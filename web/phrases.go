package web

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"marz/phrase"
)

var (
	imported = regexp.MustCompile(`(?m)^(?:import|export)\b[^;]*"\./([a-z]+\.js)";`)
	said     = regexp.MustCompile("phrase\\((?:\"([a-z0-9.-]+)\"|`([a-z0-9.-]+\\.)\\$\\{)")
)

// phrasesName names the module that brings the phrases of a page's modules in a language.
func phrasesName(lang, script string) string { return "phrases-" + lang + "-" + script }

// phraseModules returns, by its name, a module for each language and each page's script: the phrases alone which that script and
// the modules that it imports can say. The same phrases make the same bytes.
func phraseModules() map[string][]byte {
	out, done := map[string][]byte{}, map[string]bool{}
	for _, script := range scripts {
		if done[script] {
			continue
		}
		done[script] = true
		exact, tables := map[string]bool{}, map[string]bool{}
		follow(script, map[string]bool{}, exact, tables)
		for _, lang := range phrase.Languages {
			out[phrasesName(lang, script)] = phraseModule(phrase.In(lang), exact, tables)
		}
	}
	return out
}

// follow gathers the keys and the tables of keys that a module and those that it imports say.
func follow(script string, seen, exact, tables map[string]bool) {
	if seen[script] {
		return
	}
	seen[script] = true
	body, err := fs.ReadFile(files, "assets/"+script)
	if err != nil {
		panic("web: a module imports what is not there: " + err.Error())
	}
	for _, m := range said.FindAllStringSubmatch(string(body), -1) {
		if m[1] != "" {
			exact[m[1]] = true
		} else {
			tables[m[2]] = true
		}
	}
	for _, m := range imported.FindAllStringSubmatch(string(body), -1) {
		follow(m[1], seen, exact, tables)
	}
}

func phraseModule(words *phrase.Phrases, exact, tables map[string]bool) []byte {
	texts := map[string]any{}
	for _, key := range phrase.In("en").Keys() {
		if !exact[key] && !tables[key[:strings.LastIndex(key, ".")+1]] {
			continue
		}
		if text, _ := words.Text(key); len(text) == 1 {
			texts[key] = text["other"]
		} else {
			texts[key] = text
		}
	}
	b, err := json.Marshal(texts) // in the order of the keys
	if err != nil {
		panic("web: phrases: " + err.Error())
	}
	return fmt.Appendf(nil, "import { fill } from \"./phrases.js\";\nfill(%q, %s);\n", words.Lang, b)
}
