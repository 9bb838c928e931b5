package rsasig

import (
	"math/big"
	"math/bits"
)

// modulus is an odd number n of some words, and what Montgomery's reduction needs: R is 2 to the power of as many bits as the words have.
type modulus struct {
	n       *big.Int
	inverse *big.Int // -1/n modulo R
	words   int
}

func newModulus(n *big.Int) *modulus {
	m := &modulus{n: new(big.Int).Set(n), words: len(n.Bits())}
	// Newton's iteration doubles the right bits each time: n·n = 1 modulo 8 to begin with.
	v, t, two := new(big.Int).Set(low(n, 1)), new(big.Int), big.NewInt(2)
	for words, right := 1, 3; right < m.words*bits.UintSize; right *= 2 {
		words = min(m.words, (2*right+bits.UintSize-1)/bits.UintSize)
		t.Mul(low(n, words), v)
		t.Sub(two, low(t, words))
		v.Mul(v, t)
		v.Set(modulo(v, words))
	}
	m.inverse = modulo(v.Neg(v), m.words)
	return m
}

// low returns the number that the lowest words of v are, v not being negative. It shares their memory, and is only read.
func low(v *big.Int, words int) *big.Int {
	all := v.Bits()
	return new(big.Int).SetBits(all[:min(words, len(all))])
}

// modulo returns v modulo 2 to the power of the words' bits.
func modulo(v *big.Int, words int) *big.Int {
	r := new(big.Int).Lsh(big.NewInt(1), uint(words*bits.UintSize))
	return r.Mod(v, r)
}

// reduce sets z to t/R modulo n, below n, for t below n·R, of which it leaves nothing. The memory of factor and product is used.
func (m *modulus) reduce(z, t, factor, product *big.Int) {
	factor.Mul(low(t, m.words), m.inverse)
	product.Mul(low(factor, m.words), m.n)
	t.Add(t, product) // a multiple of R, below 2n·R
	words := t.Bits()
	z.SetBits(append(z.Bits()[:0], words[min(m.words, len(words)):]...))
	if z.Cmp(m.n) >= 0 {
		z.Sub(z, m.n)
	}
}

// power returns s to an odd power modulo n, for s below n.
func (m *modulus) power(s *big.Int, exponent uint64) *big.Int {
	var t, factor, product, v big.Int
	// v and base are s·R, in which form products keep their R; the last factor is plain s, which takes it away.
	base := t.Mod(t.Lsh(s, uint(m.words*bits.UintSize)), m.n)
	base = new(big.Int).Set(base)
	v.Set(base)
	for i := bits.Len64(exponent) - 2; i >= 0; i-- {
		t.Mul(&v, &v)
		m.reduce(&v, &t, &factor, &product)
		if i == 0 {
			base = s
		}
		if exponent>>i&1 == 1 {
			t.Mul(&v, base)
			m.reduce(&v, &t, &factor, &product)
		}
	}
	return &v
}
