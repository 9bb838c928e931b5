// Package der reads the encoding in which travel documents and certificates are written (ITU-T X.690), as it is met and not
// as it ought to be: DER, BER with indefinite lengths and strings in pieces, lengths and integers with bytes to spare, times that
// no standard knows.
//
// It owns the form of elements and of plain values. It promises:
//
//   - Nothing is tolerated in silence. Each departure from DER that was read is a Defect with a name and an offset.
//   - The bytes of every element are kept as they came (Raw), since signatures are over them.
//   - Input, nesting and the number of elements are bounded; a bound that is passed is an error, and nothing panics.
package der

import (
	"fmt"

	"marz"
)

// Class is the class of a tag (X.690 §8.1.2.2).
type Class byte

// The four classes.
const (
	Universal Class = iota
	Application
	Context
	Private
)

// Universal tags (X.680 §8.6).
const (
	TagBoolean         = 1
	TagInteger         = 2
	TagBitString       = 3
	TagOctetString     = 4
	TagNull            = 5
	TagOID             = 6
	TagUTF8String      = 12
	TagSequence        = 16
	TagSet             = 17
	TagNumericString   = 18
	TagPrintableString = 19
	TagT61String       = 20
	TagIA5String       = 22
	TagUTCTime         = 23
	TagGeneralizedTime = 24
	TagVisibleString   = 26
	TagUniversalString = 28
	TagBMPString       = 30
)

// The bounds of one input. The largest thing that is read is a master list, of less than a megabyte today.
const (
	MaxSize     = 64 << 20
	MaxDepth    = 40
	MaxElements = 1 << 19
	maxDefects  = 256 // more of them are counted and not listed
)

// Element is one tag, length and content. Raw and Content lie in the input and are not to be changed.
type Element struct {
	Class       Class
	Tag         int
	Constructed bool
	Indefinite  bool
	Offset      int // of Raw in the input of the Reader
	Raw         []byte
	Content     []byte     // without the end of an indefinite length
	Children    []*Element // of a constructed element
}

// Is reports whether the element has the tag.
func (e *Element) Is(c Class, tag int) bool { return e != nil && e.Class == c && e.Tag == tag }

// Name names the tag for an error or a defect, for example "SEQUENCE" or "[0]".
func (e *Element) Name() string { return TagName(e.Class, e.Tag) }

// TagName names a tag.
func TagName(c Class, tag int) string {
	switch c {
	case Context:
		return fmt.Sprintf("[%d]", tag)
	case Application:
		return fmt.Sprintf("[APPLICATION %d]", tag)
	case Private:
		return fmt.Sprintf("[PRIVATE %d]", tag)
	}
	if n, ok := tagNames[tag]; ok {
		return n
	}
	return fmt.Sprintf("[UNIVERSAL %d]", tag)
}

var tagNames = map[int]string{
	TagBoolean: "BOOLEAN", TagInteger: "INTEGER", TagBitString: "BIT STRING", TagOctetString: "OCTET STRING", TagNull: "NULL", TagOID: "OBJECT IDENTIFIER",
	TagUTF8String: "UTF8String", TagSequence: "SEQUENCE", TagSet: "SET", TagNumericString: "NumericString", TagPrintableString: "PrintableString",
	TagT61String: "T61String", TagIA5String: "IA5String", TagUTCTime: "UTCTime", TagGeneralizedTime: "GeneralizedTime", TagVisibleString: "VisibleString",
	TagUniversalString: "UniversalString", TagBMPString: "BMPString",
}

// Reader reads one input and gathers what it had to tolerate. It is for one goroutine.
type Reader struct {
	data     []byte
	elements int
	base     int // added to every offset, where the input is a part of something larger
	Defects  []Defect
	Dropped  int // defects beyond those listed
}

// NewReader returns a reader of data. base is where data begins in the thing that offsets are to be counted in; 0 where it is that thing.
func NewReader(data []byte, base int) *Reader { return &Reader{data: data, base: base} }

// Errorf makes the error of one place of the input.
func Errorf(offset int, format string, args ...any) error {
	return &marz.Error{Code: marz.Invalid, Op: "read DER", Subject: fmt.Sprintf("byte %d", offset), Fix: fmt.Sprintf(format, args...)}
}

// One reads the one element that the input is. Bytes after it are a defect.
func (r *Reader) One() (*Element, error) {
	e, rest, err := r.First()
	if err == nil && len(rest) > 0 {
		r.Note(TrailingBytes, e.Offset+len(e.Raw), trailing(rest))
	}
	return e, err
}

func trailing(rest []byte) string {
	for _, b := range rest {
		if b != 0 {
			return fmt.Sprintf("%d bytes, SHA-256 %s", len(rest), Digest(rest))
		}
	}
	return fmt.Sprintf("%d bytes of zero", len(rest))
}

// First reads the element with which the input begins and returns what follows it.
func (r *Reader) First() (*Element, []byte, error) {
	if len(r.data) > MaxSize {
		return nil, nil, Errorf(r.base, "it has %d bytes; at most %d are read", len(r.data), MaxSize)
	}
	e, end, err := r.element(0, len(r.data), 0)
	if err != nil {
		return nil, nil, err
	}
	return e, r.data[end:], nil
}

// element reads the element at pos, which has to end at limit or before, and returns where it ends.
func (r *Reader) element(pos, limit, depth int) (*Element, int, error) {
	if r.elements++; r.elements > MaxElements {
		return nil, 0, Errorf(r.base+pos, "it has more than %d elements", MaxElements)
	}
	if depth > MaxDepth {
		return nil, 0, Errorf(r.base+pos, "elements are nested deeper than %d", MaxDepth)
	}
	e := &Element{Offset: r.base + pos}
	at, err := r.tag(e, pos, limit)
	if err != nil {
		return nil, 0, err
	}
	length, at, err := r.length(e, at, limit)
	if err != nil {
		return nil, 0, err
	}
	if e.Indefinite {
		return r.indefinite(e, pos, at, limit, depth)
	}
	end := at + length
	e.Raw, e.Content = r.data[pos:end:end], r.data[at:end:end]
	if !e.Constructed {
		return e, end, nil
	}
	for at < end {
		child, next, err := r.element(at, end, depth+1)
		if err != nil {
			return nil, 0, err
		}
		e.Children = append(e.Children, child)
		at = next
	}
	return e, end, nil
}

// indefinite reads children up to the end-of-contents octets (X.690 §8.1.5).
func (r *Reader) indefinite(e *Element, pos, at, limit, depth int) (*Element, int, error) {
	r.Note(IndefiniteLength, e.Offset, e.Name())
	start := at
	for {
		if at+2 <= limit && r.data[at] == 0 && r.data[at+1] == 0 {
			e.Raw, e.Content = r.data[pos:at+2:at+2], r.data[start:at:at]
			return e, at + 2, nil
		}
		child, next, err := r.element(at, limit, depth+1)
		if err != nil {
			return nil, 0, err
		}
		e.Children = append(e.Children, child)
		at = next
	}
}

// tag reads the identifier octets (X.690 §8.1.2).
func (r *Reader) tag(e *Element, pos, limit int) (int, error) {
	if pos >= limit {
		return 0, Errorf(r.base+pos, "it ends where an element should begin")
	}
	b := r.data[pos]
	e.Class, e.Constructed, e.Tag = Class(b>>6), b&0x20 != 0, int(b&0x1f)
	pos++
	if e.Tag == 0 && e.Class == Universal {
		return 0, Errorf(e.Offset, "an end-of-contents mark stands where an element should begin")
	}
	if e.Tag != 0x1f {
		return pos, nil
	}
	e.Tag = 0
	for first := true; ; first = false {
		if pos >= limit {
			return 0, Errorf(e.Offset, "it ends within a tag")
		}
		b := r.data[pos]
		pos++
		if first && b == 0x80 {
			r.Note(TagNotMinimal, e.Offset, "")
		}
		if e.Tag >= 1<<21 {
			return 0, Errorf(e.Offset, "its tag is too large")
		}
		e.Tag = e.Tag<<7 | int(b&0x7f)
		if b&0x80 == 0 {
			break
		}
	}
	if e.Tag < 0x1f {
		r.Note(TagNotMinimal, e.Offset, e.Name())
	}
	return pos, nil
}

// length reads the length octets (X.690 §8.1.3) and checks that so much is there.
func (r *Reader) length(e *Element, pos, limit int) (length, at int, err error) {
	if pos >= limit {
		return 0, 0, Errorf(e.Offset, "%s ends before its length", e.Name())
	}
	b := r.data[pos]
	pos++
	switch {
	case b < 0x80:
		length = int(b)
	case b == 0x80:
		if !e.Constructed {
			return 0, 0, Errorf(e.Offset, "%s is primitive and has an indefinite length", e.Name())
		}
		e.Indefinite = true
		return 0, pos, nil
	default:
		n := int(b & 0x7f)
		if n > 8 || pos+n > limit {
			return 0, 0, Errorf(e.Offset, "the length of %s cannot be read", e.Name())
		}
		for _, c := range r.data[pos : pos+n] {
			if length > MaxSize {
				break
			}
			length = length<<8 | int(c)
		}
		if r.data[pos] == 0 || length < 0x80 {
			r.Note(LengthNotMinimal, e.Offset, e.Name())
		}
		pos += n
	}
	if length > limit-pos {
		return 0, 0, Errorf(e.Offset, "%s should have %d bytes of content, and %d are there", e.Name(), length, limit-pos)
	}
	return length, pos, nil
}
