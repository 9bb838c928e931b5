package number

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"marz"
)

// origin is what packed numbers share: whose they are, and in which script they are written.
type origin struct {
	kind          Kind
	script        script
	country, what string
}

func (o *origin) compare(p *origin) int {
	return cmp.Or(cmp.Compare(o.kind, p.kind), cmp.Compare(o.script, p.script), strings.Compare(o.country, p.country), strings.Compare(o.what, p.what))
}

// rare stands for an origin that has no place in the table; its numbers are kept as text.
const rare = 1<<32 - 1

// census gives origins numbers as they come, and counts their rows.
type census struct {
	ids  map[origin]uint32
	seen []counted
}

type counted struct {
	origin
	rows uint64
}

// id returns the number of a row's origin.
func (c *census) id(o origin) (uint32, error) {
	id, ok := c.ids[o]
	if !ok {
		if len(c.seen) == maxSeen {
			return 0, &marz.Error{Code: marz.Invalid, Op: "take", Subject: "type",
				Fix: fmt.Sprintf("more than %d combinations of kind, country and type: give types of a short vocabulary", maxSeen)}
		}
		id = uint32(len(c.seen))
		o.country, o.what = strings.Clone(o.country), strings.Clone(o.what)
		c.ids[o] = id
		c.seen = append(c.seen, counted{origin: o})
	}
	c.seen[id].rows++
	return id, nil
}

// rank chooses the origins of a table, the most frequent, and returns them in their order there, and for each number of the census the one in the table, or rare. It does not depend
// on the order in which rows came.
func (c *census) rank() (table []origin, number []uint32) {
	by := make([]uint32, len(c.seen))
	for i := range by {
		by[i] = uint32(i)
	}
	slices.SortFunc(by, func(i, j uint32) int {
		a, b := &c.seen[i], &c.seen[j]
		return cmp.Or(cmp.Compare(b.rows, a.rows), a.compare(&b.origin))
	})
	kept := by[:min(len(by), maxOrigins)]
	slices.SortFunc(kept, func(i, j uint32) int { return c.seen[i].compare(&c.seen[j].origin) })
	number = make([]uint32, len(c.seen))
	for i := range number {
		number[i] = rare
	}
	for i, id := range kept {
		number[id] = uint32(i)
		table = append(table, c.seen[id].origin)
	}
	return table, number
}

func appendOrigins(b []byte, table []origin) []byte {
	for _, o := range table {
		b = append(b, byte(o.kind), byte(o.script), byte(len(o.country)))
		b = append(b, o.country...)
		b = append(b, byte(len(o.what)))
		b = append(b, o.what...)
	}
	return b
}

func readOrigins(b []byte) ([]origin, bool) {
	var out []origin
	for len(b) > 0 {
		if len(b) < 2 || len(out) == maxOrigins {
			return nil, false
		}
		o := origin{kind: Kind(b[0]), script: script(b[1])}
		var country, what []byte
		var ok, ok2 bool
		country, b, ok = short(b[2:])
		what, b, ok2 = short(b)
		if !ok || !ok2 || int(o.script) >= len(scripts) {
			return nil, false
		}
		o.country, o.what = string(country), string(what)
		out = append(out, o)
	}
	return out, true
}

// short takes a string of at most 255 bytes with its length before it.
func short(b []byte) (s, rest []byte, ok bool) {
	if len(b) == 0 || len(b) < 1+int(b[0]) {
		return nil, nil, false
	}
	n := 1 + int(b[0])
	return b[1:n], b[n:], true
}

// entry is a number kept as text: its hash, and its kind, country, type and text with their lengths as bytes.
type entry struct {
	hash uint64
	text string
}

func (e entry) compare(f entry) int {
	return cmp.Or(cmp.Compare(e.hash, f.hash), strings.Compare(e.text, f.text))
}

// appendEntry writes an entry's text. A number in Normal form has at most 256 bytes: its length takes two.
func appendEntry(b []byte, kind Kind, country, what string, t *text) []byte {
	b = append(b, byte(kind), byte(len(country)))
	b = append(b, country...)
	b = append(b, byte(len(what)))
	b = append(b, what...)
	at := len(b)
	b = append(b, 0, 0)
	for _, r := range t.runes[:t.n] {
		b = utf8.AppendRune(b, r)
	}
	binary.LittleEndian.PutUint16(b[at:], uint16(len(b)-at-2))
	return b
}

// readEntry reads what appendEntry has written, at the beginning of b.
func readEntry(b []byte) (kind Kind, country, what, number []byte, ok bool) {
	if len(b) == 0 {
		return 0, nil, nil, nil, false
	}
	kind = Kind(b[0])
	country, b, ok = short(b[1:])
	if !ok {
		return 0, nil, nil, nil, false
	}
	what, b, ok = short(b)
	if !ok || len(b) < 2 {
		return 0, nil, nil, nil, false
	}
	n := int(binary.LittleEndian.Uint16(b))
	if len(b) < 2+n {
		return 0, nil, nil, nil, false
	}
	return kind, country, what, b[2 : 2+n], true
}
