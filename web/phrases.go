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

// module is what a module says and imports.
type module struct {
	keys    []string // that it says
	tables  []string // of keys of which it says any, each with its dot
	imports []string
}

func readModule(name string) (m module) {
	body, err := fs.ReadFile(files, "assets/"+name)
	if err != nil {
		panic("web: a module imports what is not there: " + err.Error())
	}
	for _, f := range said.FindAllStringSubmatch(string(body), -1) {
		if f[1] != "" {
			m.keys = append(m.keys, f[1])
		} else {
			m.tables = append(m.tables, f[2])
		}
	}
	for _, f := range imported.FindAllStringSubmatch(string(body), -1) {
		m.imports = append(m.imports, f[1])
	}
	return m
}

// phraseModules returns, by its name, a module for each language and each page's script: the phrases alone which that script and
// the modules that it imports can say. The same phrases make the same bytes.
func phraseModules() map[string][]byte {
	out, read := map[string][]byte{}, map[string]module{}
	for _, script := range scripts {
		if out[phrasesName("en", script)] != nil { // another page has it too
			continue
		}
		exact, tables := map[string]bool{}, map[string]bool{}
		follow(script, read, map[string]bool{}, exact, tables)
		for _, lang := range phrase.Languages {
			out[phrasesName(lang, script)] = phraseModule(phrase.In(lang), exact, tables)
		}
	}
	return out
}

// follow gathers the keys and the tables of keys that a module and those that it imports say. read keeps what was read of each.
func follow(script string, read map[string]module, seen, exact, tables map[string]bool) {
	if seen[script] {
		return
	}
	seen[script] = true
	m, known := read[script]
	if !known {
		m = readModule(script)
		read[script] = m
	}
	for _, key := range m.keys {
		exact[key] = true
	}
	for _, table := range m.tables {
		tables[table] = true
	}
	for _, name := range m.imports {
		follow(name, read, seen, exact, tables)
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
