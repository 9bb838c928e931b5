package verify

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Limits of docs/spec/journal.md §2 and §3.
const (
	maxBody    = 65535
	maxPayload = 1 << 20
	maxOrigin  = 254
	saltSize   = 32
)

// entry is what the checker reads of an entry's body. Its slices alias the body.
type entry struct {
	seq     int64
	at      []byte // 24 bytes, so instants compare as bytes do
	origin  []byte
	kind    []byte
	officer []byte // empty: an act of the node
	by      []byte // the authority under which it was done
	under   []byte // the article that gave the power
	public  []byte // the object as it stands
	private []byte // empty, or 64 hex digits
}

// parseEntry reads a body after docs/spec/journal.md §2: exactly these members, in this order, and nothing between them.
// The fault is "" when the body is well formed; otherwise it says what is wrong, and the entry holds what was read up to
// there.
func parseEntry(body []byte) (e entry, fault string) {
	switch {
	case len(body) > maxBody:
		return e, fmt.Sprintf("the body is %d bytes long, and may be %d", len(body), maxBody)
	case !utf8.Valid(body):
		return e, "the body is not UTF-8"
	case bytes.IndexByte(body, '\n') >= 0:
		return e, "the body has a line feed"
	}
	c := cursor{b: body}
	c.literal(`{"v":`)
	if v := c.integer(); c.fail == "" && v != 1 {
		return e, fmt.Sprintf("v is %d, and this checker knows 1", v)
	}
	c.literal(`,"seq":`)
	e.seq = c.integer()
	e.at = c.rule(`,"at":`, isInstant, "an instant in UTC with milliseconds")
	e.origin = c.rule(`,"origin":`, isOrigin, "a journal's name")
	e.kind = c.rule(`,"kind":`, isKind, "words of lower-case letters with dots between them")
	c.literal(`,"officer":`)
	e.officer = c.text()
	e.by = c.rule(`,"authority":`, notEmpty, "never empty")
	e.under = c.rule(`,"under":`, notEmpty, "never empty")
	c.rule(`,"policy":`, isHexDigest, "64 hex digits")
	c.literal(`,"public":`)
	if c.fail == "" && (c.i == len(c.b) || c.b[c.i] != '{') {
		c.failf("an object is expected")
	}
	if c.fail == "" {
		start := c.i
		c.object(0, nil)
		e.public = c.b[start:c.i]
	}
	private := c.rule(`,"private":`, isPrivate, "empty or 64 hex digits")
	c.literal("}")
	c.end()
	if c.fail != "" {
		return e, "the body is not an entry: " + c.fail
	}
	e.private = private
	return e, ""
}

// rule reads a member's name, whose written form is prefix, and its string value, for which ok must hold.
func (c *cursor) rule(prefix string, ok func([]byte) bool, want string) []byte {
	c.literal(prefix)
	v := c.text()
	if c.fail == "" && !ok(v) {
		c.failf("the string that ends is not as it must be (%s)", want)
	}
	return v
}

func notEmpty(b []byte) bool { return len(b) > 0 }

func isPrivate(b []byte) bool { return len(b) == 0 || isHexDigest(b) }

func isHexDigest(b []byte) bool {
	if len(b) != 64 {
		return false
	}
	for _, ch := range b {
		if (ch < '0' || ch > '9') && (ch < 'a' || ch > 'f') {
			return false
		}
	}
	return true
}

// isOrigin matches ^[a-z0-9][a-z0-9./-]{0,253}$.
func isOrigin(b []byte) bool {
	if len(b) == 0 || len(b) > maxOrigin || b[0] == '.' || b[0] == '/' || b[0] == '-' {
		return false
	}
	for _, ch := range b {
		if (ch < 'a' || ch > 'z') && (ch < '-' || ch > '9') { // -./0123456789 follow each other in ASCII
			return false
		}
	}
	return true
}

// isKind matches ^[a-z]+(\.[a-z]+)+$.
func isKind(b []byte) bool {
	dots, word := 0, 0
	for _, ch := range b {
		switch {
		case 'a' <= ch && ch <= 'z':
			word++
		case ch == '.' && word > 0:
			dots, word = dots+1, 0
		default:
			return false
		}
	}
	return dots > 0 && word > 0
}

// isInstant matches 2006-01-02T15:04:05.000Z with a day that the calendar has.
func isInstant(b []byte) bool {
	const form = "0000-00-00T00:00:00.000Z"
	if len(b) != len(form) {
		return false
	}
	for i := range len(form) {
		if form[i] == '0' && (b[i] < '0' || b[i] > '9') || form[i] != '0' && b[i] != form[i] {
			return false
		}
	}
	two := func(i int) int { return int(b[i]-'0')*10 + int(b[i+1]-'0') }
	year, month, day := two(0)*100+two(2), two(5), two(8)
	if month < 1 || month > 12 || two(11) > 23 || two(14) > 59 || two(17) > 59 {
		return false
	}
	days := [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		days = 29
	}
	return 1 <= day && day <= days
}

// member returns the value of a member of a public object, which parseEntry has found well formed, or nil.
func member(public []byte, name string) []byte {
	var found []byte
	c := cursor{b: public}
	c.object(0, func(n, v []byte) {
		if string(n) == name {
			found = v
		}
	})
	return found
}

// stringOf returns the decoded string of a member's value, and whether it is a string.
func stringOf(value []byte) (string, bool) {
	c := cursor{b: value}
	s := c.text()
	return string(s), c.fail == ""
}

// erasedSeqs returns what public.seqs of a payload.erased entry lists.
func erasedSeqs(public []byte) (seqs []int64, fault string) {
	v := member(public, "seqs")
	if len(v) == 0 || v[0] != '[' {
		return nil, "public.seqs is not an array"
	}
	c := cursor{b: v}
	c.array(0, func(item []byte) {
		n, ok := decimal(item)
		if !ok {
			fault = "public.seqs holds something other than whole numbers: item " + strconv.Itoa(len(seqs)+1)
			return
		}
		seqs = append(seqs, n)
	})
	return seqs, fault
}
