// Package curve is the arithmetic of elliptic curves by which travel documents are verified: ECDSA signatures of document signers,
// master lists, seals and chips, and the points that PACE and chip authentication compute with.
//
// It knows the prime curves that ICAO 9303-12 and BSI TR-03110-3 allow and that issuers have used: NIST P-192 to P-521 (FIPS 186-4,
// SP 800-186), both families of brainpool (RFC 5639), and secp256k1 (SEC 2). All have cofactor 1, so that every point on a curve other
// than infinity has the order n. A curve that a document spells out by its parameters is used only if it is one of them (Match); unknown
// parameters are never computed with, since whoever chooses a generator can make any signature fit any key.
//
// Nothing here keeps a secret from whoever can measure it: the time of a multiplication depends on its scalar. Verifying needs no
// secrets; ScalarMult and ScalarBaseMult are for ephemeral keys, each used once, on a machine that no one else computes on.
//
// Whatever comes in, answers come within a time that the curve bounds, and nothing panics: a point is checked to be on its curve before
// it is computed with.
package curve

import (
	"crypto/elliptic"
	"math/big"
	"slices"
	"sync"
)

// Curve is one of the known curves. All values of it come from this package and are safe for concurrent use.
type Curve struct {
	name, oid       string
	also            []string
	p, a, b, order  *big.Int
	generator       Point
	standard        elliptic.Curve // verifies in place of the arithmetic here, or nil
	byteLen, ordLen int
	once            sync.Once
	computed        *model
}

// Point is a point by its affine coordinates. The zero Point is the point at infinity.
type Point struct {
	X, Y *big.Int
}

// Infinite reports whether p is the point at infinity.
func (p Point) Infinite() bool { return p.X == nil && p.Y == nil }

// Equal reports whether two points are the same.
func (p Point) Equal(q Point) bool { return sameInt(p.X, q.X) && sameInt(p.Y, q.Y) }

func sameInt(a, b *big.Int) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Cmp(b) == 0
}

var known = newCurves()

func newCurves() []*Curve {
	curves := make([]*Curve, len(domains))
	for i, d := range domains {
		c := &Curve{
			name: d.name, oid: d.oid, also: d.also,
			p: fromHex(d.p), a: fromHex(d.a), b: fromHex(d.b), order: fromHex(d.order),
			generator: Point{fromHex(d.gx), fromHex(d.gy)},
		}
		c.byteLen, c.ordLen = (c.p.BitLen()+7)/8, (c.order.BitLen()+7)/8
		if d.name == "P-256" {
			c.standard = elliptic.P256()
		}
		curves[i] = c
	}
	return curves
}

// fromHex reads a number of the table of domains.
func fromHex(s string) *big.Int {
	v, ok := new(big.Int).SetString(s, 16)
	if !ok {
		panic("curve: the table of domains holds " + s)
	}
	return v
}

// Known returns all curves of this package.
func Known() []*Curve { return slices.Clone(known) }

// ByOID returns the curve with an object identifier in dotted form, nil for any other.
func ByOID(oid string) *Curve {
	return find(func(c *Curve) bool { return c.oid == oid })
}

// ByName returns the curve with a name, by the spelling of its own standard ("P-256", "brainpoolP256r1") or as SEC 2 and X9.62 call NIST's
// curves ("secp256r1", "prime256v1"); nil for any other.
func ByName(name string) *Curve {
	return find(func(c *Curve) bool { return c.name == name || slices.Contains(c.also, name) })
}

// standardised are the domain parameters that a number stands for (ICAO 9303-11 §9.5.1), as far as they are elliptic curves.
var standardised = map[int]string{8: "P-192", 9: "brainpoolP192r1", 10: "P-224", 11: "brainpoolP224r1", 12: "P-256", 13: "brainpoolP256r1", 14: "brainpoolP320r1",
	15: "P-384", 16: "brainpoolP384r1", 17: "brainpoolP512r1", 18: "P-521"}

// ByNumber returns the curve of standardised domain parameters (ICAO 9303-11 §9.5.1), nil for a number that stands for none.
func ByNumber(n int) *Curve { return ByName(standardised[n]) }

func find(is func(*Curve) bool) *Curve {
	i := slices.IndexFunc(known, is)
	if i < 0 {
		return nil
	}
	return known[i]
}

// Params are a curve as a document spells it out (RFC 3279 §2.3.5, SEC 1 C.2 SpecifiedECDomain): the field's prime, the coefficients, the
// encoded generator, its order and the cofactor, nil where the document leaves it out.
type Params struct {
	P, A, B *big.Int
	G       []byte
	N, H    *big.Int
}

// Match returns the known curve whose parameters these are, all of them, with the generator uncompressed or compressed; nil when there is
// none.
func Match(given Params) *Curve {
	return find(func(c *Curve) bool {
		if !c.is(given) {
			return false
		}
		g, err := c.Unmarshal(given.G)
		return err == nil && g.Equal(c.generator)
	})
}

// is compares all parameters but the generator.
func (c *Curve) is(given Params) bool {
	cofactor := given.H == nil || given.H.Cmp(one) == 0
	return cofactor && sameInt(c.p, given.P) && sameInt(c.a, given.A) && sameInt(c.b, given.B) && sameInt(c.order, given.N)
}

var one = big.NewInt(1)

// Name returns the curve's name, for example "P-256" or "brainpoolP256r1".
func (c *Curve) Name() string { return c.name }

// OID returns the curve's object identifier in dotted form.
func (c *Curve) OID() string { return c.oid }

// ByteLen is the length in bytes of a coordinate.
func (c *Curve) ByteLen() int { return c.byteLen }

// OrderLen is the length in bytes of a number below the order: of a private key, or of each half of a plain signature (BSI TR-03111 §5.2.1).
func (c *Curve) OrderLen() int { return c.ordLen }

// Order returns the order of the generator, the n of the standards.
func (c *Curve) Order() *big.Int { return new(big.Int).Set(c.order) }

// Generator returns the curve's base point.
func (c *Curve) Generator() Point { return c.generator.clone() }

// Params returns the curve's parameters, with the generator uncompressed.
func (c *Curve) Params() Params {
	clone := func(v *big.Int) *big.Int { return new(big.Int).Set(v) }
	return Params{P: clone(c.p), A: clone(c.a), B: clone(c.b), G: c.encode(c.generator), N: clone(c.order), H: big.NewInt(1)}
}

func (p Point) clone() Point {
	if p.Infinite() {
		return Point{}
	}
	return Point{new(big.Int).Set(p.X), new(big.Int).Set(p.Y)}
}
