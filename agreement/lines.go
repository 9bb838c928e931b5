package agreement

import (
	"regexp"
	"slices"
	"strings"
)

// lines knows on which line of a TOML file each table and each of its keys stands. The TOML library tells lines for syntax alone.
//
// It counts tables as the library does: the second [[agreement]] is the second agreement. What stands in inline tables has no lines of its own: it is
// at the key that holds it.
type lines struct{ tables []table } // the first is the root

// table is one [[…]] or […] header with the keys under it.
type table struct {
	line  int
	names []string // from the root, for example "agreement", "article"
	outer int      // which [[agreement]], [[statement]] or [[report]] of the file it lies in, from 0
	inner int      // which [[agreement.article]] of that agreement it lies in, from 0; -1: in none
	keys  []keyLine
}

type keyLine struct {
	line int
	name string
}

var (
	headPattern = regexp.MustCompile(`^\s*\[\[?\s*([A-Za-z0-9_."'\s-]+?)\s*\]\]?\s*(#.*)?$`)
	keyPattern  = regexp.MustCompile(`^\s*["']?([A-Za-z0-9_-]+)["']?(?:\s*\.[^=]*)?\s*=`)
)

func readLines(text string) lines {
	l := lines{[]table{{line: 1, inner: -1}}}
	count := map[string]int{} // headers of one name so far, articles by agreement
	var s scanState
	for i, line := range strings.Split(text, "\n") {
		if s.quote == "" && s.depth == 0 {
			if m := headPattern.FindStringSubmatch(strings.TrimSuffix(line, "\r")); m != nil {
				l.tables = append(l.tables, tableOf(i+1, m[1], count))
				continue
			}
			if m := keyPattern.FindStringSubmatch(line); m != nil {
				t := &l.tables[len(l.tables)-1]
				t.keys = append(t.keys, keyLine{i + 1, m[1]})
			}
		}
		s.next(line)
	}
	return l
}

// tableOf counts a header.
func tableOf(line int, head string, count map[string]int) table {
	t := table{line: line, inner: -1}
	for _, n := range strings.Split(head, ".") {
		t.names = append(t.names, strings.Trim(strings.TrimSpace(n), `"'`))
	}
	root := t.names[0]
	switch {
	case len(t.names) == 1:
		count[root]++
		count["article"] = 0
	case root == "agreement" && t.names[1] == "article" && len(t.names) == 2:
		count["article"]++
		fallthrough
	case root == "agreement" && t.names[1] == "article":
		t.inner = count["article"] - 1
	}
	t.outer = count[root] - 1
	return t
}

// scanState is what is open at the end of a line: a multi-line string, arrays and inline tables.
type scanState struct {
	quote   string
	depth   int
	deepest int
}

func (s *scanState) next(line string) {
	for i := 0; i < len(line); {
		rest := line[i:]
		switch {
		case s.quote != "":
			i += s.quoted(rest)
		case rest[0] == '#':
			return
		case strings.HasPrefix(rest, `"""`), strings.HasPrefix(rest, `'''`):
			s.quote = rest[:3]
			i += 3
		case rest[0] == '"', rest[0] == '\'':
			i += shortString(rest)
		default:
			switch rest[0] {
			case '[', '{':
				s.depth++
				s.deepest = max(s.deepest, s.depth)
			case ']', '}':
				s.depth = max(0, s.depth-1)
			}
			i++
		}
	}
}

// quoted passes over one step of a multi-line string and returns its length. Such a string can end in one or two quotes of its own.
func (s *scanState) quoted(rest string) int {
	switch {
	case strings.HasPrefix(rest, s.quote):
		n := 3
		for n < 5 && n < len(rest) && rest[n] == s.quote[0] {
			n++
		}
		s.quote = ""
		return n
	case rest[0] == '\\' && s.quote == `"""`:
		return 2
	}
	return 1
}

// shortString returns the length of a string of one line, with its quotes.
func shortString(s string) int {
	for i := 1; i < len(s); i++ {
		if s[i] == '\\' && s[0] == '"' {
			i++
			continue
		}
		if s[i] == s[0] {
			return i + 1
		}
	}
	return len(s)
}

// element names one thing in a file: the nth agreement, statement or report, and an article of it, from 0; -1: the whole.
type element struct {
	kind    string // "agreement", "statement" or "report"
	n       int
	article int
}

// of returns the line of an element, or of what holds it where it has none of its own, or 0.
func (l lines) of(e element) int {
	agreement := 0
	for _, t := range l.tables {
		if len(t.names) == 0 || t.names[0] != e.kind || t.outer != e.n {
			continue
		}
		switch {
		case len(t.names) == 1 && e.article < 0, e.article >= 0 && t.inner == e.article:
			return t.line
		case len(t.names) == 1:
			agreement = t.line
			if k := t.key("article"); k > 0 {
				agreement = k
			}
		}
	}
	if agreement == 0 && len(l.tables) > 0 { // none where the document was not read from TOML
		return l.tables[0].key(e.kind)
	}
	return agreement
}

// key returns the line of a key of an element, or of the key that holds it, or of the element itself. The path is from the root, with dots.
func (l lines) key(e element, path string) int {
	for _, name := range slices.Backward(strings.Split(path, ".")) {
		for _, t := range l.tables {
			if len(t.names) > 0 && t.names[0] == e.kind && t.outer == e.n && t.inner == e.article {
				if k := t.key(name); k > 0 {
					return k
				}
			}
		}
	}
	return l.of(e)
}

func (t *table) key(name string) int {
	for _, k := range t.keys {
		if k.name == name {
			return k.line
		}
	}
	return 0
}

// path returns the line of the nth key or table with this path from the root, counted from 0, and the element in which it lies. What is in an inline table
// is at the key that holds it; line is 0 when it is not found.
func (l lines) path(path []string, n int) (line int, e element) {
	for ; len(path) > 0; path, n = path[:len(path)-1], 0 {
		for _, t := range l.tables {
			e = element{"", t.outer, t.inner}
			if len(t.names) > 0 {
				e.kind = t.names[0]
			}
			if slices.Equal(t.names, path) {
				if n == 0 {
					return t.line, e
				}
				n--
			}
			for _, k := range t.keys {
				if k.name == path[len(path)-1] && slices.Equal(t.names, path[:len(path)-1]) {
					if n == 0 {
						return k.line, e
					}
					n--
				}
			}
		}
	}
	return 0, element{article: -1}
}

// at returns the element in which a line lies: the innermost whose header stands before it.
func (l lines) at(line int) element {
	e := element{article: -1}
	for _, t := range l.tables {
		if t.line > line {
			break
		}
		if len(t.names) > 0 {
			e = element{t.names[0], t.outer, t.inner}
		}
	}
	return e
}

// maxDepth is how deep brackets can be nested in a file. Nothing of the register needs more than four; a reader that calls itself for each would fall.
const maxDepth = 100

// deepLine returns the line on which brackets are nested deeper than that, or 0.
func deepLine(text string) int {
	var s scanState
	for i, line := range strings.Split(text, "\n") {
		if s.next(line); s.deepest > maxDepth {
			return i + 1
		}
	}
	return 0
}
