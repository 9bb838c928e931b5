package verify

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep values may be nested. Nothing that Marz writes comes near it.
const maxDepth = 64

// cursor reads one JSON text (RFC 8259) strictly from left to right. Its first failure sticks: after it every method
// does nothing and returns a zero value. A failure tells the place and what was expected there, never what stood there,
// since that could be personal data.
type cursor struct {
	b    []byte
	i    int
	fail string
}

func (c *cursor) failf(format string, args ...any) {
	if c.fail == "" {
		c.fail = fmt.Sprintf(format, args...) + fmt.Sprintf(" at byte %d", c.i)
	}
}

// literal reads exactly the bytes of s.
func (c *cursor) literal(s string) {
	if c.fail != "" {
		return
	}
	if len(c.b)-c.i < len(s) || string(c.b[c.i:c.i+len(s)]) != s {
		c.failf("%s is expected", s)
		return
	}
	c.i += len(s)
}

// accept reads s if it stands here, and reports whether it did.
func (c *cursor) accept(s string) bool {
	if c.fail != "" || !bytes.HasPrefix(c.b[c.i:], []byte(s)) {
		return false
	}
	c.i += len(s)
	return true
}

// end fails unless the whole text has been read.
func (c *cursor) end() {
	if c.fail == "" && c.i != len(c.b) {
		c.failf("the end is expected")
	}
}

// integer reads a whole number from 0 in its shortest decimal form.
func (c *cursor) integer() int64 {
	if c.fail != "" {
		return 0
	}
	start := c.i
	for c.i < len(c.b) && '0' <= c.b[c.i] && c.b[c.i] <= '9' {
		c.i++
	}
	n, ok := decimal(c.b[start:c.i])
	if !ok {
		c.i = start
		c.failf("a whole number is expected")
	}
	return n
}

// decimal reads a whole number from 0 in its shortest decimal form.
func decimal(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 1 && b[0] == '0' {
		return 0, false
	}
	for _, d := range b {
		if d < '0' || d > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	return n, err == nil
}

// text reads a string and returns its decoded bytes, which alias the input where there is no escape in it.
func (c *cursor) text() []byte {
	c.literal(`"`)
	if c.fail != "" {
		return nil
	}
	start := c.i
	for c.i < len(c.b) {
		switch ch := c.b[c.i]; {
		case ch == '"':
			s := c.b[start:c.i]
			c.i++
			return s
		case ch == '\\':
			return c.escaped(bytes.Clone(c.b[start:c.i]))
		case ch < 0x20:
			c.failf("a string has a control character")
			return nil
		}
		c.i++
	}
	c.failf("a string does not end")
	return nil
}

// escaped reads the rest of a string from its first backslash on, appending to s.
func (c *cursor) escaped(s []byte) []byte {
	for c.i < len(c.b) {
		ch := c.b[c.i]
		switch {
		case ch == '"':
			c.i++
			return s
		case ch < 0x20:
			c.failf("a string has a control character")
			return nil
		case ch == '\\':
			r, ok := c.escape()
			if !ok {
				c.failf("a string has a wrong escape")
				return nil
			}
			s = utf8.AppendRune(s, r)
		default:
			s = append(s, ch)
			c.i++
		}
	}
	c.failf("a string does not end")
	return nil
}

// escape reads one escape sequence, or the two of a surrogate pair.
func (c *cursor) escape() (rune, bool) {
	if c.i+1 >= len(c.b) {
		return 0, false
	}
	ch := c.b[c.i+1]
	if ch != 'u' {
		const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
		k := bytes.IndexByte([]byte(from), ch)
		if k < 0 {
			return 0, false
		}
		c.i += 2
		return rune(to[k]), true
	}
	r, ok := c.hex4()
	if !ok || !utf16.IsSurrogate(r) {
		return r, ok
	}
	if c.i >= len(c.b) || c.b[c.i] != '\\' {
		return 0, false
	}
	low, ok := c.hex4()
	r = utf16.DecodeRune(r, low)
	return r, ok && r != utf8.RuneError
}

// hex4 reads a backslash, a u and four hex digits.
func (c *cursor) hex4() (rune, bool) {
	if len(c.b)-c.i < 6 || c.b[c.i+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(c.b[c.i+2:c.i+6]), 16, 16)
	c.i += 6
	return rune(n), err == nil
}

func (c *cursor) space() {
	for c.i < len(c.b) && (c.b[c.i] == ' ' || c.b[c.i] == '\t' || c.b[c.i] == '\r' || c.b[c.i] == '\n') {
		c.i++
	}
}

// value reads any value and the white space around it, and returns its bytes without that white space. A member name
// that stands twice in one object is a failure: two readers could differ about it.
func (c *cursor) value(depth int) []byte {
	c.space()
	if c.fail != "" {
		return nil
	}
	if depth > maxDepth {
		c.failf("values are nested deeper than %d", maxDepth)
		return nil
	}
	if c.i == len(c.b) {
		c.failf("a value is expected")
		return nil
	}
	start := c.i
	switch c.b[c.i] {
	case '{':
		c.object(depth, nil)
	case '[':
		c.array(depth, nil)
	case '"':
		c.text()
	case 't':
		c.literal("true")
	case 'f':
		c.literal("false")
	case 'n':
		c.literal("null")
	default:
		c.number()
	}
	v := c.b[start:c.i]
	c.space()
	return v
}

// object reads an object, calling visit, if there is one, with each member's decoded name and its value.
func (c *cursor) object(depth int, visit func(name, value []byte)) {
	c.literal("{")
	c.space()
	if c.accept("}") {
		return
	}
	var names nameSet
	for c.fail == "" {
		c.space()
		name := c.text()
		if c.fail == "" && !names.add(name) {
			c.failf("a member name stands twice")
		}
		c.space()
		c.literal(":")
		v := c.value(depth + 1)
		if c.fail == "" && visit != nil {
			visit(name, v)
		}
		if !c.accept(",") {
			c.literal("}")
			return
		}
	}
}

// array reads an array, calling visit, if there is one, with each value.
func (c *cursor) array(depth int, visit func(value []byte)) {
	c.literal("[")
	c.space()
	if c.accept("]") {
		return
	}
	for c.fail == "" {
		v := c.value(depth + 1)
		if c.fail == "" && visit != nil {
			visit(v)
		}
		if !c.accept(",") {
			c.literal("]")
			return
		}
	}
}

// number reads a number (RFC 8259 §6).
func (c *cursor) number() {
	c.accept("-")
	if !c.accept("0") && c.digits() == 0 {
		c.failf("a value is expected")
		return
	}
	if c.accept(".") && c.digits() == 0 {
		c.failf("a digit is expected")
	}
	if c.accept("e") || c.accept("E") {
		if !c.accept("+") {
			c.accept("-")
		}
		if c.digits() == 0 {
			c.failf("a digit is expected")
		}
	}
}

func (c *cursor) digits() int {
	start := c.i
	for c.i < len(c.b) && '0' <= c.b[c.i] && c.b[c.i] <= '9' {
		c.i++
	}
	return c.i - start
}

// nameSet holds the member names of one object. Small ones, which nearly all are, cost no map.
type nameSet struct {
	few  [8][]byte
	n    int
	many map[string]struct{}
}

// add reports whether the name is new.
func (s *nameSet) add(name []byte) bool {
	for _, have := range s.few[:s.n] {
		if bytes.Equal(have, name) {
			return false
		}
	}
	if s.n < len(s.few) {
		s.few[s.n] = name
		s.n++
		return true
	}
	if _, ok := s.many[string(name)]; ok {
		return false
	}
	if s.many == nil {
		s.many = make(map[string]struct{})
	}
	s.many[string(name)] = struct{}{}
	return true
}
