package cert

import (
	"math/big"

	"marz/emrtd/curve"
)

// explicit are the parameters of a curve as a certificate writes them out. cofactor may be nil.
type explicit struct {
	p, a, b, n, cofactor *big.Int
	base                 []byte
}

// match returns the known curve that explicit parameters are, nil when they are of none. Every one is compared, the base point above all:
// who may choose it can make a signature to any key.
func (e explicit) match() *curve.Curve {
	return curve.Match(curve.Params{P: e.p, A: e.a, B: e.b, G: plainPoint(e.base), N: e.n, H: e.cofactor})
}

// plainPoint takes the parity out of the first byte of a point in hybrid form (SEC 1 §2.3.4), which says it twice. Where it says another than the point has, there is no point.
func plainPoint(b []byte) []byte {
	if len(b) == 0 || b[0] != 6 && b[0] != 7 {
		return b
	}
	if b[len(b)-1]&1 != b[0]&1 {
		return nil
	}
	return append([]byte{4}, b[1:]...)
}

// Curve is a known curve as numbers, for whoever makes keys on it.
type Curve struct {
	Name, OID        string
	P, A, B, X, Y, N *big.Int // y² = x³ + Ax + B over P; base point (X, Y) of the order N
}

// Curves returns the known curves.
func Curves() []Curve {
	var out []Curve
	for _, c := range curve.Known() {
		p, g := c.Params(), c.Generator()
		out = append(out, Curve{c.Name(), c.OID(), p.P, p.A, p.B, g.X, g.Y, p.N})
	}
	return out
}
