package curve

import (
	"math/big"
	"testing"
)

// Each curve's parameters are what a curve of prime order has to have (BSI TR-03111 §4.1.3), and the generator has the order.
func TestDomains(t *testing.T) {
	if len(known) != 20 {
		t.Errorf("there are %d curves, want 20", len(known))
	}
	seen := map[string]bool{}
	for _, c := range known {
		t.Run(c.name, func(t *testing.T) {
			if !c.p.ProbablyPrime(20) || !c.order.ProbablyPrime(20) {
				t.Error("p or n is not prime")
			}
			for _, name := range append([]string{c.name, c.oid}, c.also...) {
				if seen[name] {
					t.Errorf("%s is there twice", name)
				}
				seen[name] = true
			}
			if !c.IsOnCurve(c.generator) {
				t.Error("the generator is not on the curve")
			}
			if sum := plainMult(c, c.order, c.generator); !sum.Infinite() {
				t.Errorf("n·G is %v", sum)
			}
			// Hasse: the curve has p+1-t points with |t| at most 2√p, and n is their number if that many fit one multiple of n alone.
			trace := new(big.Int).Sub(new(big.Int).Add(c.p, one), c.order)
			if bound := new(big.Int).Lsh(c.p, 2); new(big.Int).Mul(trace, trace).Cmp(bound) > 0 {
				t.Error("n is further from p than the number of points of any curve")
			}
			// What Verify relies on: x is below 2n.
			if c.p.Cmp(new(big.Int).Lsh(c.order, 1)) >= 0 {
				t.Error("p is not below 2n")
			}
		})
	}
}

// The twins of RFC 5639 have one model, in which their generators are the same up to the sign (RFC 5639 §2.2).
func TestTwins(t *testing.T) {
	for _, bits := range []string{"160", "192", "224", "256", "320", "384", "512"} {
		r, twin := ByName("brainpoolP"+bits+"r1"), ByName("brainpoolP"+bits+"t1")
		a, b := r.model(), twin.model()
		p, q := a.enter(r.generator), b.enter(twin.generator)
		if a.b != b.b || p.x != q.x {
			t.Errorf("brainpoolP%s: the twins have different models", bits)
		}
	}
}

func TestLookUp(t *testing.T) {
	for name, oid := range map[string]string{
		"P-192": "1.2.840.10045.3.1.1", "prime192v1": "1.2.840.10045.3.1.1", "P-256": "1.2.840.10045.3.1.7", "secp256r1": "1.2.840.10045.3.1.7", "secp521r1": "1.3.132.0.35",
		"brainpoolP160r1": "1.3.36.3.3.2.8.1.1.1", "brainpoolP256r1": "1.3.36.3.3.2.8.1.1.7", "brainpoolP512t1": "1.3.36.3.3.2.8.1.1.14", "secp256k1": "1.3.132.0.10",
	} {
		c := ByName(name)
		if c == nil || c.OID() != oid || ByOID(oid) != c {
			t.Errorf("%s is %v, want the curve %s", name, c, oid)
		}
	}
	for _, none := range []string{"", "p-256", "brainpoolP256", "1.2.840.10045.3.1.7.0"} {
		if ByName(none) != nil || ByOID(none) != nil {
			t.Errorf("%q is a curve", none)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range known {
		t.Run(c.name, func(t *testing.T) {
			if got := Match(c.Params()); got != c {
				t.Fatalf("its own parameters are %v", got)
			}
			compressed := c.Params()
			compressed.G = compress(c, c.generator)
			compressed.H = nil
			if got := Match(compressed); got != c {
				t.Errorf("with the generator compressed and no cofactor it is %v", got)
			}
			double := plainAdd(c, c.generator, c.generator)
			negative := Point{c.generator.X, new(big.Int).Sub(c.p, c.generator.Y)}
			for what, alter := range map[string]func(*Params){
				"another p":                    func(p *Params) { p.P.Add(p.P, big.NewInt(2)) },
				"another a":                    func(p *Params) { p.A.Add(p.A, one) },
				"a not reduced":                func(p *Params) { p.A.Add(p.A, p.P) },
				"another b":                    func(p *Params) { p.B.Xor(p.B, one) },
				"another n":                    func(p *Params) { p.N.Add(p.N, one) },
				"cofactor 0":                   func(p *Params) { p.H.SetInt64(0) },
				"cofactor 2":                   func(p *Params) { p.H.SetInt64(2) },
				"another generator":            func(p *Params) { p.G = c.encode(double) },
				"the generator's opposite":     func(p *Params) { p.G = c.encode(negative) },
				"the opposite, compressed":     func(p *Params) { p.G = compress(c, negative) },
				"a generator off the curve":    func(p *Params) { p.G[len(p.G)-1] ^= 1 },
				"infinity for a generator":     func(p *Params) { p.G = []byte{0} },
				"no generator":                 func(p *Params) { p.G = nil },
				"no p":                         func(p *Params) { p.P = nil },
				"no a":                         func(p *Params) { p.A = nil },
				"no b":                         func(p *Params) { p.B = nil },
				"no order":                     func(p *Params) { p.N = nil },
				"a generator with more behind": func(p *Params) { p.G = append(p.G, 0) },
			} {
				given := c.Params()
				alter(&given)
				if got := Match(given); got != nil {
					t.Errorf("with %s it is %s", what, got.name)
				}
			}
		})
	}
}

// compress encodes a point by SEC 1 §2.3.3 with y as its parity.
func compress(c *Curve, p Point) []byte {
	data := make([]byte, 1+c.byteLen)
	data[0] = byte(compressedEven + p.Y.Bit(0))
	p.X.FillBytes(data[1:])
	return data
}
