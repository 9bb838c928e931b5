package agreement

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"marz"
)

// Document is what a file of the register holds.
type Document struct {
	Name        string       `toml:"-"` // of the file, for errors
	Agreements  []Agreement  `toml:"agreement"`
	Statements  []Statement  `toml:"statement"`
	Reports     []Report     `toml:"report"`
	Commissions []Commission `toml:"-"` // of signed files: they have no TOML form

	lines lines
}

// maxFile is how many bytes a file of the register can have. It bounds what reading costs, and how deep a file can be nested.
const maxFile = 4 << 20

// Parse reads a file of the register from TOML, strictly: an unknown key, an instant without an offset or a value of the wrong kind is refused with the
// file, the line and the article, and all that is wrong is said at once. What it says is checked by Check.
func Parse(name string, data []byte) (*Document, error) {
	d := &Document{Name: name}
	if len(data) > maxFile {
		return nil, d.fault(0, "", fmt.Sprintf("it has %d bytes; a file of the register has at most %d, so divide it", len(data), maxFile))
	}
	d.lines = readLines(string(data))
	if line := deepLine(string(data)); line > 0 {
		return nil, d.fault(line, "", "its brackets are nested too deep; correct the TOML")
	}
	p := parser{doc: d}
	var raw struct {
		Agreements []toml.Primitive `toml:"agreement"`
		Statements []toml.Primitive `toml:"statement"`
		Reports    []toml.Primitive `toml:"report"`
	}
	var err error
	if p.meta, err = toml.Decode(string(data), &raw); err != nil {
		return nil, p.whole(err)
	}
	for i, prim := range raw.Agreements {
		d.Agreements = append(d.Agreements, p.agreement(prim, i))
	}
	for i, prim := range raw.Statements {
		var s Statement
		p.decode(prim, &s, element{"statement", i, -1}, "statement "+strconv.Itoa(i+1))
		d.Statements = append(d.Statements, s)
	}
	for i, prim := range raw.Reports {
		var r Report
		p.decode(prim, &r, element{"report", i, -1}, "report "+strconv.Itoa(i+1))
		d.Reports = append(d.Reports, r)
	}
	if len(p.faults) == 0 {
		p.unknown()
	}
	if len(p.faults) == 0 && len(d.Agreements)+len(d.Statements)+len(d.Reports) == 0 {
		p.faults = append(p.faults, d.fault(0, "", "it holds no [[agreement]], [[statement]] or [[report]]; write at least one"))
	}
	if len(p.faults) > 0 {
		return nil, join(p.faults)
	}
	return d, nil
}

// parser decodes element by element, so that it knows which one is wrong: for a value, the TOML library tells the line of the last with the same key.
type parser struct {
	doc    *Document
	meta   toml.MetaData
	faults []error
}

// agreementHead is an Agreement of which TOML gives all but the articles.
type agreementHead struct {
	ID             string             `toml:"id"`
	Title          string             `toml:"title"`
	Parties        []marz.AuthorityID `toml:"parties"`
	Signed         marz.Date          `toml:"signed"`
	From           marz.Instant       `toml:"from"`
	Until          marz.Instant       `toml:"until"`
	While          []Condition        `toml:"while"`
	Source         string             `toml:"source"`
	Reconstruction bool               `toml:"reconstruction"`
	Articles       []Article          `toml:"-"`
}

func (p *parser) agreement(prim toml.Primitive, n int) Agreement {
	here := element{"agreement", n, -1}
	name := p.id(prim)
	if name == "" {
		name = strconv.Itoa(n + 1)
	}
	var body struct {
		Articles []toml.Primitive `toml:"article"`
	}
	var head agreementHead
	if p.decode(prim, &body, here, "agreement "+name) {
		p.decode(prim, &head, here, "agreement "+name)
	}
	for i, prim := range body.Articles {
		id := p.id(prim)
		if id == "" {
			id = strconv.Itoa(i + 1)
		}
		var a Article
		p.decode(prim, &a, element{"agreement", n, i}, "article "+name+"/"+id)
		head.Articles = append(head.Articles, a)
	}
	return Agreement(head)
}

// id returns the id of a table, or "".
func (p *parser) id(prim toml.Primitive) string {
	var v struct {
		ID any `toml:"id"`
	}
	_ = p.meta.PrimitiveDecode(prim, &v) // what is wrong with it is found by who decodes the whole
	s, _ := v.ID.(string)
	return fmt.Sprintf("%.63s", s)
}

// decode decodes one element and reports whether it could.
func (p *parser) decode(prim toml.Primitive, into any, e element, name string) bool {
	err := p.meta.PrimitiveDecode(prim, into)
	if err != nil {
		path, what := explain(err)
		p.faults = append(p.faults, p.doc.fault(p.doc.lines.key(e, path), name, what))
	}
	return err == nil
}

// whole makes a fault of an error about the file as a whole: of syntax, mostly.
func (p *parser) whole(err error) error {
	line := 0
	_, what := explain(err)
	if pe, ok := errors.AsType[toml.ParseError](err); ok {
		line = pe.Position.Line
	} else if key, _ := explain(err); key != "" {
		line, _ = p.doc.lines.path([]string{key}, 0)
		what = fmt.Sprintf("write [[%s]], in two brackets", key)
	}
	e := p.doc.lines.at(line)
	name := ""
	if e.kind != "" {
		name = e.kind + " " + strconv.Itoa(e.n+1)
	}
	return p.doc.fault(line, name, what)
}

// unknown refuses keys that nothing was decoded from, and keys in capitals: the library takes those for the same key.
func (p *parser) unknown() {
	unknown := p.meta.Undecoded()
	for _, k := range p.meta.Keys() {
		if s := k.String(); s != strings.ToLower(s) && !slices.ContainsFunc(unknown, func(u toml.Key) bool { return slices.Equal(u, k) }) {
			unknown = append(unknown, k)
		}
	}
	seen := map[string]int{}
	for _, k := range unknown {
		line, e := p.doc.lines.path(k, seen[k.String()])
		seen[k.String()]++
		p.faults = append(p.faults, p.doc.fault(line, p.doc.name(e), fmt.Sprintf("the key %.80q is not known; correct or remove it", k.String())))
	}
}

// name says which element of the document it is, by its id where it has one.
func (d *Document) name(e element) string {
	switch {
	case e.kind == "agreement" && e.n >= 0 && e.n < len(d.Agreements):
		ag := &d.Agreements[e.n]
		if e.article >= 0 && e.article < len(ag.Articles) {
			return "article " + ag.ID + "/" + ag.Articles[e.article].ID
		}
		return "agreement " + ag.ID
	case e.kind == "statement" || e.kind == "report":
		return e.kind + " " + strconv.Itoa(e.n+1)
	}
	return ""
}

var (
	lastKey  = regexp.MustCompile(`^toml: (?:line \d+ )?\(last key "([^"]*)"\): (.*)$`)
	ours     = regexp.MustCompile(`^(instant|date|duration) ".*": `)
	mismatch = regexp.MustCompile(`TOML value has type (\S+); destination has type (\S+)`)
	// as a clerk says it
	tomlTypes = map[string]string{"string": "text", "integer": "a number", "int64": "a number", "float": "a number", "float64": "a number", "boolean": "true or false", "bool": "true or false",
		"array": "a list", "slice": "a list", "[]any": "a list", "table": "a table", "map[string]any": "a table", "time.Time": "a date", "datetime": "a date"}
	goTypes = map[string]string{"string": `text in quotes, "…"`, "slice": `a list, […]`, "array": `a list, […]`, "boolean": "true or false", "bool": "true or false",
		"struct": "a table, {…}"}
)

// explain returns the key at which decoding failed, with the tables that it lies in, and why in words.
func explain(err error) (path, what string) {
	what = err.Error()
	if pe, ok := errors.AsType[toml.ParseError](err); ok {
		path, what = pe.LastKey, pe.Message
	} else if m := lastKey.FindStringSubmatch(oneLine(what)); m != nil {
		path, what = m[1], m[2]
	}
	key := path[strings.LastIndexByte(path, '.')+1:]
	if ours.MatchString(what) { // the library does not let the error itself through
		return path, fmt.Sprintf("%s: %.300s", key, what)
	}
	if m := mismatch.FindStringSubmatch(what); m != nil {
		is, want := cmp.Or(tomlTypes[m[1]], m[1]), cmp.Or(goTypes[m[2]], m[2])
		return path, fmt.Sprintf("%s is %s; write %s", key, is, want)
	}
	return path, fmt.Sprintf("%.300s", strings.TrimPrefix(oneLine(what), "toml: ")+"; correct the TOML")
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// fault is an error at a line of the file, in the element that the name says.
func (d *Document) fault(line int, name, what string) error {
	subject := d.Name
	if line > 0 {
		subject = fmt.Sprintf("%s:%d", d.Name, line)
	}
	if name != "" {
		what = name + ": " + what
	}
	return &marz.Error{Code: marz.Invalid, Op: "read", Subject: subject, Fix: what}
}
