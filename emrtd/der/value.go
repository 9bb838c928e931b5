package der

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Fields goes through the children of a constructed element in order, as a SEQUENCE with optional parts is read.
type Fields struct {
	of   *Element
	next int
}

// Fields begins with the first child.
func (e *Element) Fields() *Fields { return &Fields{of: e} }

// Peek returns the next child, nil at the end.
func (f *Fields) Peek() *Element {
	if f.next >= len(f.of.Children) {
		return nil
	}
	return f.of.Children[f.next]
}

// Next returns the next child and goes past it, nil at the end.
func (f *Fields) Next() *Element {
	e := f.Peek()
	if e != nil {
		f.next++
	}
	return e
}

// Maybe returns the next child if it has the tag, and goes past it; nil if not.
func (f *Fields) Maybe(c Class, tag int) *Element {
	if e := f.Peek(); e.Is(c, tag) {
		f.next++
		return e
	}
	return nil
}

// Must returns the next child, which has to have the tag. what names it in the error.
func (f *Fields) Must(c Class, tag int, what string) (*Element, error) {
	e := f.Peek()
	if e == nil {
		return nil, Errorf(f.of.Offset, "%s is missing", what)
	}
	if !e.Is(c, tag) {
		return nil, Errorf(e.Offset, "%s should be %s and is %s", what, TagName(c, tag), e.Name())
	}
	constructed := c == Universal && (tag == TagSequence || tag == TagSet)
	if constructed && !e.Constructed {
		return nil, Errorf(e.Offset, "%s is primitive", what)
	}
	f.next++
	return e, nil
}

// Sequence is Must of a SEQUENCE.
func (f *Fields) Sequence(what string) (*Element, error) { return f.Must(Universal, TagSequence, what) }

// End fails when children are left.
func (f *Fields) End(what string) error {
	if e := f.Peek(); e != nil {
		return Errorf(e.Offset, "%s has an element too many, %s", what, e.Name())
	}
	return nil
}

// Explicit returns the one element within an explicit tag.
func (e *Element) Explicit(what string) (*Element, error) {
	if !e.Constructed || len(e.Children) != 1 {
		return nil, Errorf(e.Offset, "%s should hold one element", what)
	}
	return e.Children[0], nil
}

// As returns the element as one of a universal type, which an implicit tag hides.
func (e *Element) As(tag int) *Element {
	out := *e
	out.Class, out.Tag = Universal, tag
	return &out
}

// Integer reads an INTEGER as it is written, negative ones too.
func (r *Reader) Integer(e *Element) (*big.Int, error) {
	if !e.Is(Universal, TagInteger) || e.Constructed {
		return nil, Errorf(e.Offset, "it should be INTEGER and is %s", e.Name())
	}
	b := e.Content
	if len(b) == 0 {
		r.Note(IntegerEmpty, e.Offset, "")
		return new(big.Int), nil
	}
	if len(b) > 1 && (b[0] == 0 && b[1] < 0x80 || b[0] == 0xff && b[1] >= 0x80) {
		r.Note(IntegerPadded, e.Offset, "")
	}
	n := new(big.Int).SetBytes(b)
	if b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n, nil
}

// Small reads an INTEGER of 0 to 1<<30.
func (r *Reader) Small(e *Element, what string) (int, error) {
	n, err := r.Integer(e)
	if err != nil {
		return 0, err
	}
	if !n.IsInt64() || n.Int64() < 0 || n.Int64() > 1<<30 {
		return 0, Errorf(e.Offset, "%s is no number that can be", what)
	}
	return int(n.Int64()), nil
}

// Bool reads a BOOLEAN.
func (r *Reader) Bool(e *Element) (bool, error) {
	if e.Constructed || len(e.Content) != 1 {
		return false, Errorf(e.Offset, "a BOOLEAN that has not one byte")
	}
	if b := e.Content[0]; b != 0 && b != 0xff {
		r.Note(BooleanValue, e.Offset, strconv.Itoa(int(b)))
	}
	return e.Content[0] != 0, nil
}

// Null checks a NULL.
func (r *Reader) Null(e *Element) error {
	if !e.Is(Universal, TagNull) || e.Constructed || len(e.Content) != 0 {
		return Errorf(e.Offset, "it should be NULL and is %s of %d bytes", e.Name(), len(e.Content))
	}
	return nil
}

// OID reads an OBJECT IDENTIFIER in its dotted form.
func (r *Reader) OID(e *Element) (string, error) {
	if !e.Is(Universal, TagOID) {
		return "", Errorf(e.Offset, "it should be OBJECT IDENTIFIER and is %s", e.Name())
	}
	b := e.Content
	if e.Constructed || len(b) == 0 || len(b) > 64 || b[len(b)-1]&0x80 != 0 {
		return "", Errorf(e.Offset, "an OBJECT IDENTIFIER that cannot be read")
	}
	var s strings.Builder
	var n uint64
	start := true
	for _, c := range b {
		if start && c == 0x80 {
			r.Note(OIDNotMinimal, e.Offset, "")
		}
		if n >= 1<<56 {
			return "", Errorf(e.Offset, "an OBJECT IDENTIFIER with a part too large")
		}
		n = n<<7 | uint64(c&0x7f)
		start = c&0x80 == 0
		if !start {
			continue
		}
		if s.Len() == 0 {
			first := min(n/40, 2)
			s.WriteString(strconv.FormatUint(first, 10))
			n -= first * 40
		}
		s.WriteByte('.')
		s.WriteString(strconv.FormatUint(n, 10))
		n = 0
	}
	return s.String(), nil
}

// Octets returns the content of an OCTET STRING, or of an implicitly tagged one, joined where it came in pieces (X.690 §8.7.3).
func (r *Reader) Octets(e *Element) ([]byte, error) {
	if !e.Constructed {
		return e.Content, nil
	}
	r.Note(ConstructedText, e.Offset, e.Name())
	return r.pieces(e)
}

// pieces joins the pieces of a string, or of one of its pieces, without a defect of its own.
func (r *Reader) pieces(e *Element) ([]byte, error) {
	if !e.Constructed {
		return e.Content, nil
	}
	var out []byte
	for _, c := range e.Children {
		if !c.Is(Universal, TagOctetString) {
			return nil, Errorf(c.Offset, "a piece of an OCTET STRING is %s", c.Name())
		}
		part, err := r.pieces(c)
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
	}
	return out, nil
}

// Bits returns the bytes of a BIT STRING and how many of its last bits are unused.
func (r *Reader) Bits(e *Element) (bits []byte, unused int, err error) {
	b := e.Content
	if e.Constructed || len(b) == 0 || b[0] > 7 || len(b) == 1 && b[0] != 0 {
		return nil, 0, Errorf(e.Offset, "a BIT STRING that cannot be read")
	}
	unused = int(b[0])
	if unused > 0 && b[len(b)-1]&(1<<unused-1) != 0 {
		r.Note(BitPadding, e.Offset, "")
	}
	return b[1:], unused, nil
}

// WholeBits is Bits of a BIT STRING that has to be whole bytes, as keys and signatures are.
func (r *Reader) WholeBits(e *Element, what string) ([]byte, error) {
	b, unused, err := r.Bits(e)
	if err == nil && unused != 0 {
		err = Errorf(e.Offset, "%s is not whole bytes", what)
	}
	return b, err
}

// Text reads a string of any type as UTF-8. What its type does not have is a defect, and read as Latin-1 where it is no UTF-8.
func (r *Reader) Text(e *Element) (string, error) {
	b, err := r.Octets(e)
	if err != nil {
		return "", err
	}
	tag := e.Tag
	if e.Class != Universal {
		tag = TagIA5String
	}
	switch tag {
	case TagBMPString:
		return r.utf16(e, b), nil
	case TagUniversalString:
		return r.utf32(e, b), nil
	case TagT61String: // in practice Latin-1
		return latin1(b), nil
	case TagUTF8String:
		if utf8.Valid(b) {
			return string(b), nil
		}
	case TagPrintableString, TagIA5String, TagVisibleString, TagNumericString:
		if inAlphabet(tag, b) {
			return string(b), nil
		}
	default:
		return "", Errorf(e.Offset, "it should be a string and is %s", e.Name())
	}
	r.Note(TextBytes, e.Offset, e.Name())
	if utf8.Valid(b) {
		return string(b), nil
	}
	return latin1(b), nil
}

func inAlphabet(tag int, b []byte) bool {
	for _, c := range b {
		switch {
		case c >= 0x80:
			return false
		case tag == TagNumericString && c != ' ' && (c < '0' || c > '9'):
			return false
		case tag == TagPrintableString && !printable(c):
			return false
		case tag == TagVisibleString && (c < 0x20 || c == 0x7f):
			return false
		}
	}
	return true
}

func printable(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(" '()+,-./:=?", c) >= 0
}

func latin1(b []byte) string {
	out := make([]rune, len(b))
	for i, c := range b {
		out[i] = rune(c)
	}
	return string(out)
}

func (r *Reader) utf16(e *Element, b []byte) string {
	if len(b)%2 != 0 {
		r.Note(TextBytes, e.Offset, e.Name())
		return latin1(b)
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	return string(utf16.Decode(units))
}

func (r *Reader) utf32(e *Element, b []byte) string {
	if len(b)%4 != 0 {
		r.Note(TextBytes, e.Offset, e.Name())
		return latin1(b)
	}
	out := make([]rune, len(b)/4)
	for i := range out {
		c := rune(b[4*i])<<24 | rune(b[4*i+1])<<16 | rune(b[4*i+2])<<8 | rune(b[4*i+3])
		if !utf8.ValidRune(c) {
			r.Note(TextBytes, e.Offset, e.Name())
			c = utf8.RuneError
		}
		out[i] = c
	}
	return string(out)
}
