package curve

import (
	"fmt"
	"math/big"
)

// The first byte of an encoded point (SEC 1 §2.3.3).
const (
	compressedEven = 2
	compressedOdd  = 3
	uncompressed   = 4
)

// Unmarshal reads a point by SEC 1 §2.3.4, uncompressed (04) or compressed (02, 03). It refuses the point at infinity, the hybrid form, any
// length but that of the form, coordinates not below p, and what is not on the curve.
func (c *Curve) Unmarshal(data []byte) (Point, error) {
	if len(data) == 0 {
		return Point{}, c.refuse("the encoded point is empty")
	}
	want := 1 + c.byteLen
	switch data[0] {
	case 0:
		return Point{}, c.refuse("the encoded point is infinity, which is no key")
	case uncompressed:
		want += c.byteLen
	case compressedEven, compressedOdd:
	default:
		return Point{}, c.refuse("the encoded point begins with %02x; 02, 03 and 04 are read", data[0])
	}
	if len(data) != want {
		return Point{}, c.refuse("the encoded point has %d bytes in place of %d", len(data), want)
	}
	x := new(big.Int).SetBytes(data[1 : 1+c.byteLen])
	if data[0] != uncompressed {
		return c.decompress(x, data[0] == compressedOdd)
	}
	p := Point{x, new(big.Int).SetBytes(data[1+c.byteLen:])}
	return p, c.check(p)
}

// decompress finds the point with an x and the parity of its y. On P-224, whose p-1 is divisible by 2^96, it takes some milliseconds.
func (c *Curve) decompress(x *big.Int, odd bool) (Point, error) {
	if x.Cmp(c.p) >= 0 {
		return Point{}, c.refuse("the x of the compressed point is not below the field's prime")
	}
	y := new(big.Int).ModSqrt(c.rightSide(x), c.p)
	if y == nil {
		return Point{}, c.refuse("no point has the x of the compressed point")
	}
	if (y.Bit(0) == 1) != odd {
		y.Sub(c.p, y)
	}
	p := Point{x, y}
	return p, c.check(p)
}

// rightSide is x³ + ax + b modulo p.
func (c *Curve) rightSide(x *big.Int) *big.Int {
	v := new(big.Int).Mul(x, x)
	v.Add(v, c.a)
	v.Mul(v, x)
	v.Add(v, c.b)
	return v.Mod(v, c.p)
}

// Marshal writes a point uncompressed (SEC 1 §2.3.3). The point at infinity and what is not on the curve are refused.
func (c *Curve) Marshal(p Point) ([]byte, error) {
	if err := c.check(p); err != nil {
		return nil, err
	}
	return c.encode(p), nil
}

// encode writes a point that is on the curve.
func (c *Curve) encode(p Point) []byte {
	data := make([]byte, 1+2*c.byteLen)
	data[0] = uncompressed
	p.X.FillBytes(data[1 : 1+c.byteLen])
	p.Y.FillBytes(data[1+c.byteLen:])
	return data
}

// IsOnCurve reports whether p is a point of the curve other than infinity, with both coordinates in [0, p-1].
func (c *Curve) IsOnCurve(p Point) bool { return c.check(p) == nil }

// check says what keeps p from being a public key.
func (c *Curve) check(p Point) error {
	switch {
	case p.Infinite():
		return c.refuse("the point is infinity, which is no key")
	case !c.isElement(p.X) || !c.isElement(p.Y):
		return c.refuse("a coordinate of the point is not in [0, p-1]")
	case !c.model().holds(p):
		return c.refuse("the point is not on the curve; it belongs to another curve, or was altered")
	}
	return nil
}

func (c *Curve) isElement(v *big.Int) bool { return v != nil && v.Sign() >= 0 && v.Cmp(c.p) < 0 }

func (c *Curve) refuse(format string, args ...any) error {
	return fmt.Errorf(c.name+": "+format, args...)
}
