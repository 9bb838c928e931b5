package der

import (
	"bytes"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// Encode writes one element in DER: the identifier octet or octets, the length, and the parts as its content.
func Encode(c Class, tag int, constructed bool, parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	first := byte(c) << 6
	if constructed {
		first |= 0x20
	}
	out := make([]byte, 0, n+8)
	if tag < 0x1f {
		out = append(out, first|byte(tag))
	} else {
		out = append(append(out, first|0x1f), base128(uint64(tag))...)
	}
	out = appendLength(out, n)
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func appendLength(out []byte, n int) []byte {
	if n < 0x80 {
		return append(out, byte(n))
	}
	b := big.NewInt(int64(n)).Bytes()
	return append(append(out, 0x80|byte(len(b))), b...)
}

func base128(n uint64) []byte {
	out := []byte{byte(n & 0x7f)}
	for n >>= 7; n > 0; n >>= 7 {
		out = append(out, byte(n&0x7f)|0x80)
	}
	slices.Reverse(out)
	return out
}

// Sequence, Set and the like write an element of their type.
func Sequence(parts ...[]byte) []byte { return Encode(Universal, TagSequence, true, parts...) }

// Set writes a SET OF, its parts sorted as DER wants (X.690 §11.6).
func Set(parts ...[]byte) []byte {
	sorted := slices.Clone(parts)
	slices.SortFunc(sorted, bytes.Compare)
	return Encode(Universal, TagSet, true, sorted...)
}

// Octets writes an OCTET STRING.
func Octets(b []byte) []byte { return Encode(Universal, TagOctetString, false, b) }

// Bits writes a BIT STRING of whole bytes.
func Bits(b []byte) []byte { return Encode(Universal, TagBitString, false, []byte{0}, b) }

// Explicit wraps an element in a context tag.
func Explicit(tag int, element []byte) []byte { return Encode(Context, tag, true, element) }

// Null writes NULL.
func Null() []byte { return []byte{TagNull, 0} }

// True writes BOOLEAN TRUE; FALSE is a default wherever it could stand, and is not written.
func True() []byte { return []byte{TagBoolean, 1, 0xff} }

// Int writes an INTEGER.
func Int(n *big.Int) []byte {
	b := n.Bytes()
	if n.Sign() < 0 { // two's complement of as few bytes as hold it
		size := len(new(big.Int).Not(n).Bytes())
		if size == 0 || new(big.Int).Not(n).Bit(8*size-1) == 1 {
			size++
		}
		b = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), uint(8*size))).Bytes()
	} else if len(b) == 0 || b[0] >= 0x80 {
		b = append([]byte{0}, b...)
	}
	return Encode(Universal, TagInteger, false, b)
}

// OID writes an OBJECT IDENTIFIER from its dotted form, which has to be one.
func OID(dotted string) []byte {
	var out []byte
	var first uint64
	for i, p := range strings.Split(dotted, ".") {
		n, err := strconv.ParseUint(p, 10, 56)
		if err != nil {
			panic("der: no object identifier: " + dotted) // a constant of the program
		}
		switch i {
		case 0:
			first = n
		case 1:
			out = append(out, base128(first*40+n)...)
		default:
			out = append(out, base128(n)...)
		}
	}
	return Encode(Universal, TagOID, false, out)
}

// Canonical writes an element as DER would: lengths definite and minimal, strings of octets in one piece, sets in order. What is within primitive
// elements stays as it is.
func Canonical(e *Element) []byte {
	if !e.Constructed {
		return Encode(e.Class, e.Tag, false, e.Content)
	}
	if e.Is(Universal, TagOctetString) {
		b, err := new(Reader).pieces(e)
		if err == nil {
			return Octets(b)
		}
	}
	parts := make([][]byte, len(e.Children))
	for i, c := range e.Children {
		parts[i] = Canonical(c)
	}
	if e.Is(Universal, TagSet) {
		return Set(parts...)
	}
	return Encode(e.Class, e.Tag, true, parts...)
}
