package verify

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// shape is the form that a JSON value must have. The zero shape takes any value and leaves it as it stands.
type shape struct {
	kind    shapeKind
	members []memberShape     // of an object, in their order
	of      *shape            // of an array's elements
	is      func([]byte) bool // of a string, its rule; nil: none
	want    string            // that rule in words
}

type shapeKind byte

const (
	anyShape shapeKind = iota
	objectShape
	arrayShape
	stringShape
	countShape // a whole number from 0
	boolShape
)

// memberShape is a member of an object.
type memberShape struct {
	name  string
	shape *shape
	omit  bool // it is left out when there is nothing in it
}

func objectOf(members ...memberShape) *shape { return &shape{kind: objectShape, members: members} }

func arrayOf(s *shape) *shape { return &shape{kind: arrayShape, of: s} }

func text(is func([]byte) bool, want string) *shape {
	return &shape{kind: stringShape, is: is, want: want}
}

func always(name string, s *shape) memberShape { return memberShape{name: name, shape: s} }

func ifAny(name string, s *shape) memberShape { return memberShape{name: name, shape: s, omit: true} }

var (
	anything     = &shape{}
	aCount       = &shape{kind: countShape}
	aTruth       = &shape{kind: boolShape}
	aText        = text(nil, "")
	someText     = text(notEmpty, "never empty")
	aHash        = text(isBase64Digest, "32 bytes in base64")
	someBytes    = text(func(b []byte) bool { v, ok := decodeBase64(b); return ok && len(v) > 0 }, "base64, and never empty")
	anInstant    = text(isInstant, "an instant in UTC with milliseconds")
	maybeInstant = text(func(b []byte) bool { return len(b) == 0 || isInstant(b) }, "an instant in UTC with milliseconds, or empty")
	aName        = text(isName, "1 to 63 lower-case letters, digits and hyphens")
	anOfficer    = text(isOfficer, "an authority, a slash and a service number")
	anArticle    = text(isArticle, "an agreement, a slash and an article")
)

// oneOf is a string that is one of a few.
func oneOf(all ...string) *shape {
	return text(func(b []byte) bool { return slices.Contains(all, string(b)) }, "one of "+strings.Join(all, ", "))
}

func isBase64Digest(b []byte) bool {
	v, ok := decodeBase64(b)
	return ok && len(v) == len(digest{})
}

// isName matches ^[a-z0-9][a-z0-9-]{0,62}$.
func isName(b []byte) bool {
	if len(b) == 0 || len(b) > 63 || b[0] == '-' {
		return false
	}
	for _, ch := range b {
		if (ch < 'a' || ch > 'z') && (ch < '0' || ch > '9') && ch != '-' {
			return false
		}
	}
	return true
}

func isOfficer(b []byte) bool {
	authority, number, ok := bytes.Cut(b, []byte("/"))
	return ok && isName(authority) && isName(number)
}

// isArticle takes what has two parts: the register knows more exactly what an article's name can be.
func isArticle(b []byte) bool {
	ag, art, ok := bytes.Cut(b, []byte("/"))
	return ok && len(ag) > 0 && len(art) > 0
}

// node is a value that was read. A nil node is one that is not there, and its methods return zero values.
type node struct {
	raw     []byte // as it stands, without white space around it
	text    string // of a string, decoded
	n       int64  // of a count
	yes     bool   // of a bool
	items   []*node
	members map[string]*node
}

func (v *node) get(path ...string) *node {
	for _, name := range path {
		if v == nil {
			return nil
		}
		v = v.members[name]
	}
	return v
}

func (v *node) str(path ...string) string {
	if v = v.get(path...); v == nil {
		return ""
	}
	return v.text
}

func (v *node) num(path ...string) int64 {
	if v = v.get(path...); v == nil {
		return 0
	}
	return v.n
}

func (v *node) is(path ...string) bool {
	v = v.get(path...)
	return v != nil && v.yes
}

func (v *node) list(path ...string) []*node {
	if v = v.get(path...); v == nil {
		return nil
	}
	return v.items
}

// strs returns the strings of an array.
func (v *node) strs(path ...string) []string {
	var out []string
	for _, e := range v.list(path...) {
		out = append(out, e.text)
	}
	return out
}

// reading holds a text of JSON, whose syntax has been checked, to a shape.
type reading struct {
	canonical bool // the bytes must be those of the canonical form: members in order, no white space, one way to write each value
	open      bool // members that the shape does not name are noted, and are no fault; null is an empty array
	fault     func(path, what string)
	note      func(path, what string)
}

// read returns the value, or nil when it is not of the shape. The path is that of the value within what is read, for faults.
func (r *reading) read(path string, raw []byte, s *shape) *node {
	c := cursor{b: raw}
	v := &node{raw: raw}
	bad := func(what string) *node {
		r.fault(path, what)
		return nil
	}
	if len(raw) == 0 {
		return bad("there is no value")
	}
	switch s.kind {
	case objectShape:
		if raw[0] != '{' {
			return bad("it is not an object")
		}
		return r.object(path, v, s)
	case arrayShape:
		if r.open && string(raw) == "null" { // as writers in Go have a list in which there is nothing
			return v
		}
		if raw[0] != '[' {
			return bad("it is not an array")
		}
		c.array(0, func(item []byte) {
			v.items = append(v.items, r.read(fmt.Sprintf("%s[%d]", path, len(v.items)), item, s.of))
		})
		if slices.Contains(v.items, nil) {
			return nil
		}
		if r.canonical && !bytes.Equal(raw, v.compact()) {
			return bad("it has white space")
		}
	case stringShape:
		b := c.text()
		if c.end(); c.fail != "" {
			return bad("it is not a string")
		}
		v.text = string(b)
		if s.is != nil && !s.is(b) {
			return bad("it must be " + s.want)
		}
		if r.canonical && !bytes.Equal(raw, appendString(nil, b)) {
			return bad("it has escapes that the canonical form has not, or lacks some that it has")
		}
	case countShape:
		n, ok := decimal(raw)
		if !ok {
			return bad("it is not a whole number from 0")
		}
		v.n = n
	case boolShape:
		v.yes = string(raw) == "true"
		if !v.yes && string(raw) != "false" {
			return bad("it is neither true nor false")
		}
	}
	return v
}

// object reads an object's members. It goes on behind a member that is wrong, so that all that is wrong is told.
func (r *reading) object(path string, v *node, s *shape) *node {
	v.members = map[string]*node{}
	sound, last := true, -1
	bad := func(path, what string) {
		r.fault(path, what)
		sound = false
	}
	has := map[string]bool{}
	c := cursor{b: v.raw}
	c.object(0, func(b, value []byte) {
		under, name := child(path, string(b)), string(b)
		i := slices.IndexFunc(s.members, func(m memberShape) bool { return m.name == name })
		switch {
		case i < 0 && r.open:
			r.note(under, "this checker does not know this member")
			return
		case i < 0:
			bad(child(path, fmt.Sprintf("%.40q", name)), "there is no such member")
			return
		case r.canonical && i < last:
			bad(under, fmt.Sprintf("it stands after %s, and must stand before it", s.members[last].name))
		}
		has[name], last = true, max(last, i)
		m := r.read(under, value, s.members[i].shape)
		if m == nil {
			sound = false
			return
		}
		if r.canonical && s.members[i].omit && m.empty() {
			bad(under, "there is nothing in it, and then it is left out")
		}
		v.items = append(v.items, m)
		v.members[name] = m
	})
	for _, m := range s.members {
		if !m.omit && !has[m.name] {
			bad(child(path, m.name), "it is missing")
		}
	}
	if sound && r.canonical && !bytes.Equal(v.raw, v.compactObject(s)) {
		bad(path, "it has white space, or names a member with escapes")
	}
	if !sound {
		return nil
	}
	return v
}

func child(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// empty reports whether there is nothing in a value, as members that are then left out have it.
func (v *node) empty() bool {
	switch v.raw[0] {
	case '[', '{':
		return len(v.items) == 0
	case '"':
		return v.text == ""
	}
	return string(v.raw) == "0" || string(v.raw) == "false" || string(v.raw) == "null"
}

// compact writes an array without white space between its elements.
func (v *node) compact() []byte {
	out := []byte{'['}
	for i, e := range v.items {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, e.raw...)
	}
	return append(out, ']')
}

// compactObject writes an object without white space, in the order of its shape.
func (v *node) compactObject(s *shape) []byte {
	out := []byte{'{'}
	for _, m := range s.members {
		e := v.members[m.name]
		if e == nil {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(appendString(out, []byte(m.name)), ':'), e.raw...)
	}
	return append(out, '}')
}

// appendString writes a string in the one form that it has in signed JSON (docs/spec/register.md §1).
func appendString(out, s []byte) []byte {
	out = append(out, '"')
	for len(s) > 0 {
		r, size := utf8.DecodeRune(s)
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r < 0x20:
			const short = "btn?fr" // from U+0008 on; U+000B has none
			if r >= 8 && r <= 13 && r != 11 {
				out = append(out, '\\', short[r-8])
			} else {
				out = fmt.Appendf(out, `\u%04x`, r)
			}
		case r == 0x2028 || r == 0x2029:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = append(out, s[:size]...)
		}
		s = s[size:]
	}
	return append(out, '"')
}

// difference returns the path of the first member in which two texts of JSON differ, going by the first. Both are well formed.
func difference(path string, a, b []byte) string {
	a, b = bytes.TrimSpace(a), bytes.TrimSpace(b)
	if bytes.Equal(a, b) || len(a) == 0 || len(b) == 0 || a[0] != b[0] {
		return path
	}
	switch a[0] {
	case '{':
		names, values := membersOf(a)
		others, theirs := membersOf(b)
		for i, name := range names {
			switch {
			case i >= len(others) || others[i] != name:
				return child(path, name)
			case !bytes.Equal(values[i], theirs[i]):
				return difference(child(path, name), values[i], theirs[i])
			}
		}
		if len(others) > len(names) {
			return child(path, others[len(names)])
		}
	case '[':
		var mine, theirs [][]byte
		(&cursor{b: a}).array(0, func(v []byte) { mine = append(mine, v) })
		(&cursor{b: b}).array(0, func(v []byte) { theirs = append(theirs, v) })
		for i := range max(len(mine), len(theirs)) {
			under := path + "[" + strconv.Itoa(i) + "]"
			if i >= len(mine) || i >= len(theirs) {
				return under
			}
			if !bytes.Equal(mine[i], theirs[i]) {
				return difference(under, mine[i], theirs[i])
			}
		}
	}
	return path
}

func membersOf(raw []byte) (names []string, values [][]byte) {
	(&cursor{b: raw}).object(0, func(name, value []byte) {
		names, values = append(names, string(name)), append(values, value)
	})
	return names, values
}

// wellFormed checks the syntax of a whole text of JSON: UTF-8, one value, no member name twice in one object. It returns
// the value without white space around it, or a fault.
func wellFormed(data []byte) (value []byte, fault string) {
	if len(data) > math.MaxInt32 || !utf8.Valid(data) {
		return nil, "it is not UTF-8"
	}
	c := cursor{b: data}
	value = c.value(0)
	c.end()
	return value, c.fail
}
