// Package lds reads what the files of a travel document's chip say: its logical data structure (ICAO 9303-10), version 1.
//
// It owns the data groups' contents: the zone, the portrait and the signature as images, the further details of person and document, and the chip's public keys. Whether a file is the issuing state's is another's to prove (package emrtd), and nothing here may
// be believed before it was.
//
// It promises: files are read as they are met, in BER, and what had to be tolerated comes with the file as defects; what cannot be read is an error and never left out; nothing is decoded that is larger than a document can hold; no content is in an error.
package lds

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"marz/emrtd/der"
)

// The tags of the data groups' files, by their numbers (ICAO 9303-10 §4.7).
var tags = [17]byte{0, 0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70}

// Tag is the tag with which the file of a data group begins, 0 for a number that is none.
func Tag(dg int) byte {
	if dg < 1 || dg > 16 {
		return 0
	}
	return tags[dg]
}

// Group is the number of the data group whose file begins with a tag, 0 for none.
func Group(tag byte) int {
	for n, t := range tags {
		if n > 0 && t == tag {
			return n
		}
	}
	return 0
}

// mostFile bounds a file.
const mostFile = 4 << 20

// open reads the outermost element of a file, which has to have the tag of its data group.
func open(dg int, file []byte) (*der.Reader, *der.Element, error) {
	if len(file) > mostFile {
		return nil, nil, fmt.Errorf("DG%d has %d bytes; more than %d are not read", dg, len(file), mostFile)
	}
	r := der.NewReader(file, 0)
	e, err := r.One()
	if err != nil {
		return nil, nil, fmt.Errorf("DG%d: %w", dg, err)
	}
	if file[0] != Tag(dg) {
		return nil, nil, fmt.Errorf("the file does not begin as DG%d does, with %02X", dg, Tag(dg))
	}
	return r, e, nil
}

// application is class and number of an application tag as it is written: in two bytes, 5F1F for example, or in one.
func application(tag int) (der.Class, int) {
	if tag > 0xff {
		return der.Application, tag & 0x7f
	}
	return der.Application, tag & 0x1f
}

// child is the first child with a tag, nil if there is none.
func child(e *der.Element, tag int) *der.Element {
	c, n := application(tag)
	for _, k := range e.Children {
		if k.Is(c, n) {
			return k
		}
	}
	return nil
}

// defects are what a reader had to tolerate. Tags in two bytes that would fit into one, 5F0E for example, are none: ICAO 9303-10 writes them so.
func defects(r *der.Reader) []der.Defect {
	return slices.DeleteFunc(r.All(), func(d der.Defect) bool { return d.Name == der.TagNotMinimal })
}

// COM is EF.COM: which data groups the document says to have. It is not signed; EF.SOD tells.
type COM struct {
	Version string // of the logical data structure, "0107"
	Unicode string // "040000"
	Groups  []int
	Defects []der.Defect
}

// ReadCOM reads EF.COM (ICAO 9303-10 §4.6.1).
func ReadCOM(file []byte) (*COM, error) {
	r := der.NewReader(file, 0)
	e, err := r.One()
	if err != nil {
		return nil, fmt.Errorf("EF.COM: %w", err)
	}
	if file[0] != 0x60 {
		return nil, fmt.Errorf("the file does not begin as EF.COM does, with 60")
	}
	out := &COM{}
	for tag, to := range map[int]*string{0x5f01: &out.Version, 0x5f36: &out.Unicode} {
		c := child(e, tag)
		if c == nil || c.Constructed || !digits(c.Content) {
			return nil, fmt.Errorf("EF.COM says no version in %04X", tag)
		}
		*to = string(c.Content)
	}
	list := child(e, 0x5c)
	if list == nil || list.Constructed {
		return nil, fmt.Errorf("EF.COM has no list of data groups")
	}
	for _, t := range list.Content {
		g := Group(t)
		if g == 0 {
			return nil, fmt.Errorf("EF.COM names a file %02X that is no data group", t)
		}
		out.Groups = append(out.Groups, g)
	}
	out.Defects = defects(r)
	return out, nil
}

func digits(b []byte) bool {
	return len(b) > 0 && strings.Trim(string(b), "0123456789") == ""
}

// DG1 is the machine-readable zone as the chip has it.
type DG1 struct {
	Zone    string // all lines without a break: 90, 72 or 88 characters
	Defects []der.Defect
}

// ReadDG1 reads DG1 (ICAO 9303-10 §4.7.1).
func ReadDG1(file []byte) (*DG1, error) {
	r, e, err := open(1, file)
	if err != nil {
		return nil, err
	}
	c := child(e, 0x5f1f)
	if c == nil || c.Constructed || len(e.Children) != 1 {
		return nil, fmt.Errorf("DG1 does not hold one machine-readable zone in 5F1F")
	}
	if n := len(c.Content); n != 90 && n != 72 && n != 88 {
		return nil, fmt.Errorf("the zone of DG1 has %d characters; a document's has 90, 72 or 88", n)
	}
	for _, b := range c.Content {
		if b != '<' && (b < '0' || b > '9') && (b < 'A' || b > 'Z') {
			return nil, fmt.Errorf("the zone of DG1 has a character that no zone has")
		}
	}
	return &DG1{string(c.Content), defects(r)}, nil
}

// text reads a text. Fields are UTF-8; of those that are not, bytes are taken for Latin-1, which was met, and the defect said.
func text(r *der.Reader, e *der.Element) (string, error) {
	if e.Constructed {
		return "", der.Errorf(e.Offset, "a text in pieces")
	}
	if utf8.Valid(e.Content) {
		return strings.TrimSpace(string(e.Content)), nil
	}
	r.Note(TextEncoding, e.Offset, "")
	out := make([]rune, 0, len(e.Content))
	for _, b := range e.Content {
		out = append(out, rune(b))
	}
	return strings.TrimSpace(string(out)), nil
}

// TextEncoding is the defect of a text that is not UTF-8.
const TextEncoding der.Name = "text-not-utf8"
