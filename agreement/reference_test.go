package agreement

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"marz"
	"marz/scenarios/armenia"
)

const referenceFile = "../docs/agreements.md"

// block is a fenced block of the reference: its lines are text[from:to] of the page.
type block struct {
	line       int    // of the fence
	kind, info string // the first word of the info string, and the rest
	from, to   int
}

func blocks(t *testing.T) (page string, out []block) {
	t.Helper()
	b, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	page = string(b)
	var open *block
	pos := 0
	for i, line := range strings.SplitAfter(page, "\n") {
		next := pos + len(line)
		switch {
		case !strings.HasPrefix(line, "```"):
		case open == nil:
			kind, info, _ := strings.Cut(strings.TrimSpace(line[3:]), " ")
			open = &block{line: i + 1, kind: kind, info: info, from: next}
		default:
			open.to = pos
			out = append(out, *open)
			open = nil
		}
		pos = next
	}
	if open != nil || len(out) == 0 {
		t.Fatalf("%s: a block is not closed, or there is none", referenceFile)
	}
	return page, out
}

// armeniaGround is what the examples stand on.
func armeniaGround(t *testing.T) Ground {
	t.Helper()
	s, err := armenia.Load()
	if err != nil {
		t.Fatal(err)
	}
	return Ground{Authorities: s.Authorities, Places: s.Places(), Blocs: s.Blocs}
}

func readExample(t *testing.T, text string) (*Document, *Register, error) {
	t.Helper()
	d, err := Parse("agreements.toml", []byte(text))
	if err != nil {
		return nil, nil, err
	}
	r, err := Check(armeniaGround(t), at("2026-11-01T00:00:00Z"), d)
	return d, r, err
}

// TestReferenceExamples takes every example of the reference: each by itself is a sound register, and together they show every kind of article
// with every key that it can have, statements on all subjects, and reports.
func TestReferenceExamples(t *testing.T) {
	page, all := blocks(t)
	shown := map[Kind]bool{}
	var statements, memberships, reports, while, fresh, own int
	for _, b := range all {
		if b.kind != "toml" || b.info != "" {
			continue
		}
		d, _, err := readExample(t, page[b.from:b.to])
		if err != nil {
			t.Errorf("%s:%d: %v", referenceFile, b.line, err)
			continue
		}
		for _, ag := range d.Agreements {
			for _, a := range ag.Articles {
				shown[a.Kind] = true
				while, fresh, own = while+len(a.While), fresh+int(a.Fresh), own+len(a.Cedar)
			}
		}
		for _, s := range d.Statements {
			if s.Bloc != "" {
				memberships++
			} else {
				statements++
			}
		}
		reports += len(d.Reports)
	}
	for _, k := range kinds {
		if !shown[k] {
			t.Errorf("no example of the kind %s", k)
		}
	}
	for what, n := range map[string]int{"statement": statements, "membership": memberships, "report": reports, "while": while, "fresh": fresh, "Cedar": own} {
		if n == 0 {
			t.Errorf("no example of %s", what)
		}
	}
}

// TestReferenceRefusals refuses every example that is shown as refused, for the reason shown.
func TestReferenceRefusals(t *testing.T) {
	page, all := blocks(t)
	n := 0
	for _, b := range all {
		want, refused := strings.CutPrefix(b.info, "refused: ")
		if b.kind != "toml" || b.info == "" {
			continue
		}
		if !refused || want == "" {
			t.Errorf("%s:%d: the info string %q says nothing to this test", referenceFile, b.line, b.info)
			continue
		}
		n++
		if _, _, err := readExample(t, page[b.from:b.to]); err == nil || !strings.Contains(err.Error(), want) || marz.CodeOf(err) != marz.Invalid {
			t.Errorf("%s:%d: %v, want it to say %q", referenceFile, b.line, err, want)
		}
	}
	if n == 0 {
		t.Error("no refusal is shown")
	}
}

// TestReferenceOutput holds what the reference shows of the program's output to the program: policies, errors and the schema. MARZ_UPDATE=1 writes them anew.
func TestReferenceOutput(t *testing.T) {
	page, all := blocks(t)
	var out strings.Builder
	var last *Register
	var lastErr error
	done := 0
	for _, b := range all {
		want := ""
		switch b.kind {
		case "toml":
			_, last, lastErr = readExample(t, page[b.from:b.to])
			continue
		case "cedar":
			if last == nil {
				t.Fatalf("%s:%d: no sound example stands before it", referenceFile, b.line)
			}
			if want = last.CedarOf(marz.ArticleRef(b.info)); want == "" {
				t.Errorf("%s:%d: %q compiles to nothing", referenceFile, b.line, b.info)
			}
		case "cedarschema":
			want = Schema()
		case "text":
			if lastErr == nil {
				t.Fatalf("%s:%d: the example before it is not refused", referenceFile, b.line)
			}
			want = lastErr.Error()
		default:
			t.Errorf("%s:%d: a block of kind %q is not tested", referenceFile, b.line, b.kind)
			continue
		}
		want = strings.TrimRight(want, "\n") + "\n"
		if got := page[b.from:b.to]; got != want {
			t.Errorf("%s:%d: shown is\n%s\nand the program says\n%s", referenceFile, b.line, got, want)
		}
		out.WriteString(page[done:b.from] + want)
		done = b.to
	}
	out.WriteString(page[done:])
	if os.Getenv("MARZ_UPDATE") != "" {
		if err := os.WriteFile(referenceFile, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReferenceClaims holds what the reference says of its examples to them: when an article begins and ends to be in force.
func TestReferenceClaims(t *testing.T) {
	page, all := blocks(t)
	for _, c := range []struct {
		heading string // under which the example stands
		ref     marz.ArticleRef
		inForce map[string]bool
	}{
		{"## Membership", "allies/1", map[string]bool{"1994-04-20T00:00:00+04:00": true, "2024-02-21T23:59:59.999+04:00": true, "2024-02-22T00:00:00+04:00": false}},
		{"## Statement", "watch/2", map[string]bool{"2024-11-30T23:59:59.999+04:00": true, "2024-12-01T00:00:00+04:00": false, "2025-01-31T23:59:59.999+04:00": false, "2025-02-01T00:00:00+04:00": true}},
		{"## Statement", "watch/1", map[string]bool{"2024-12-01T00:00:00+04:00": true}},
		{"## Freshness", "sharing/1", map[string]bool{"2024-12-31T23:59:59.999+04:00": false, "2025-01-01T00:00:00+04:00": true, "2025-01-04T11:59:59.999+04:00": true, "2025-01-04T12:00:00+04:00": false}},
		{"### share", "sharing/1", map[string]bool{"2025-01-01T00:00:00+04:00": false}},                                          // no party has said a word
		{"### transfer", "treaty/1", map[string]bool{"2024-12-31T23:59:59.999+04:00": true, "2025-01-01T00:00:00+04:00": false}}, // by the plan
		{"### transfer", "handover/1", map[string]bool{"2024-12-31T23:59:59.999+04:00": true, "2025-01-01T00:00:00+04:00": true}},
		{"#### Partial transfer", "handover/1", map[string]bool{"2024-10-07T23:59:59.999+04:00": false, "2024-10-08T00:00:00+04:00": true}},
		{"### joint", "together/1", map[string]bool{"2025-01-01T00:00:00+04:00": true}},
	} {
		start := strings.Index(page, "\n"+c.heading+"\n")
		i := slices.IndexFunc(all, func(b block) bool { return b.kind == "toml" && b.from > start })
		if start < 0 || i < 0 {
			t.Fatalf("no example under %s", c.heading)
		}
		_, r, err := readExample(t, page[all[i].from:all[i].to])
		if err != nil {
			t.Fatal(err)
		}
		for when, want := range c.inForce {
			if got, why := r.InForce(c.ref, at(when)); got != want {
				t.Errorf("%s: %s in force at %s: %v (%s)", c.heading, c.ref, when, got, why)
			}
		}
	}
}

// TestReferenceSuspendedTreaty: the suspension of a whole agreement stops what gives no control.
func TestReferenceSuspendedTreaty(t *testing.T) {
	_, r, err := readExample(t, `
[[agreement]]
id = "treaty"
title = "A treaty"
parties = ["am-bg", "ru-bg"]
signed = "1992-09-30"
from = "1992-09-30T00:00:00+03:00"
[[agreement.article]]
id = "1"
kind = "control"
authority = "ru-bg"
place = "agarak"
text = ""
[[agreement.article]]
id = "2"
kind = "observe"
authority = "am-bg"
place = "agarak"
text = ""
[[statement]]
by = "am-bg"
agreement = "treaty"
status = "suspended"
from = "2024-12-01T00:00:00+04:00"
issued = "2024-12-01T00:00:00+04:00"
`)
	if err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[marz.ArticleRef]bool{"treaty/1": true, "treaty/2": false} {
		if got, why := r.InForce(ref, at("2024-12-01T00:00:00+04:00")); got != want {
			t.Errorf("%s in force: %v (%s)", ref, got, why)
		}
	}
}

var (
	rowPattern  = regexp.MustCompile("(?m)^\\| `([a-z/-]+)` \\| (.*) \\|$")
	codePattern = regexp.MustCompile("`([a-z-]+)`")
)

// rows returns the rows of the tables under a heading by their first cell.
func rows(t *testing.T, page, heading string) map[string][]string {
	t.Helper()
	_, rest, ok := strings.Cut(page, "\n"+heading+"\n")
	if !ok {
		t.Fatalf("no heading %q", heading)
	}
	if i := strings.Index(rest, "\n#"); i >= 0 {
		rest = rest[:i]
	}
	out := map[string][]string{}
	for _, m := range rowPattern.FindAllStringSubmatch(rest, -1) {
		out[m[1]] = strings.Split(m[2], " | ")
	}
	return out
}

// TestReferenceTables holds the tables of kinds, powers, fields and rules to the program.
func TestReferenceTables(t *testing.T) {
	page, _ := blocks(t)
	codes := func(cell string) []string {
		var out []string
		for _, m := range codePattern.FindAllStringSubmatch(cell, -1) {
			out = append(out, m[1])
		}
		return out
	}
	articles := rows(t, page, "## Article")
	for k, f := range forms {
		cells := articles[string(k)]
		if len(cells) != 3 || !slices.Equal(codes(cells[1]), f.needs) || !slices.Equal(codes(cells[2]), f.takes) {
			t.Errorf("the kind %s has %v and %v; the page says %q", k, f.needs, f.takes, cells)
		}
	}
	for heading, want := range map[string][]string{
		"## Powers": strs(givable), "### Fields": strs(marz.Fields()), "## Marz's own rules": ruleNames(), "## Article": strs(kinds),
	} {
		got := rows(t, page, heading)
		for _, w := range want {
			if _, ok := got[w]; !ok {
				t.Errorf("%s does not name %s", heading, w)
			}
			delete(got, w)
		}
		for g := range got {
			t.Errorf("%s names %s, which there is not", heading, g)
		}
	}
}

func strs[T ~string](all []T) []string {
	out := make([]string, len(all))
	for i, v := range all {
		out[i] = string(v)
	}
	return out
}

func ruleNames() []string {
	var out []string
	for _, r := range Rules() {
		out = append(out, string(r.Article))
	}
	return out
}
