package rsasig

import (
	"math/big"
	"math/bits"
)

// modulus is an odd number n of some words, and what reductions by Montgomery's method need. R is 2 to the power of as many bits as the words have. A reduction takes R away in
// two steps, a bit less than half of the words each time: the first adds a multiple of a number whose lowest words are all ones, so that the multiplier need not be computed.
type modulus struct {
	n       *big.Int
	words   int
	first   int      // how many words the first step takes away, not more than the second
	lift    *big.Int // (n·(-1/n mod 2^first) + 1) / 2^first, with first in words; at most n
	inverse *big.Int // -1/n modulo as many words as the second step takes away
}

func newModulus(n *big.Int) *modulus {
	words := len(n.Bits())
	m := &modulus{n: new(big.Int).Set(n), words: words, first: words / 2}
	m.inverse = minusInverse(n, words-m.first)
	m.lift = new(big.Int).Mul(n, low(m.inverse, m.first))
	m.lift.Add(m.lift, big.NewInt(1))
	m.lift.Rsh(m.lift, uint(m.first*bits.UintSize))
	return m
}

// minusInverse returns -1/n modulo 2 to the power of the words' bits, for an odd n.
func minusInverse(n *big.Int, words int) *big.Int {
	// Newton's iteration doubles the right bits each time; n·n = 1 modulo 8 to begin with.
	v, t, two := new(big.Int).Set(low(n, 1)), new(big.Int), big.NewInt(2)
	for now, right := 1, 3; right < words*bits.UintSize; right *= 2 {
		now = min(words, (2*right+bits.UintSize-1)/bits.UintSize)
		t.Mul(low(n, now), v)
		t.Sub(two, low(t, now))
		v.Mul(v, t)
		v.Set(modulo(v, now))
	}
	return modulo(v.Neg(v), words)
}

// low returns the number that the lowest words of v are, v not being negative. It shares their memory, and is only read.
func low(v *big.Int, words int) *big.Int {
	all := v.Bits()
	return new(big.Int).SetBits(all[:min(words, len(all))])
}

// high returns what is left of v without its lowest words, as low does.
func high(v *big.Int, words int) *big.Int {
	all := v.Bits()
	return new(big.Int).SetBits(all[min(words, len(all)):])
}

// modulo returns v modulo 2 to the power of the words' bits.
func modulo(v *big.Int, words int) *big.Int {
	r := new(big.Int).Lsh(big.NewInt(1), uint(words*bits.UintSize))
	return r.Mod(v, r)
}

// scratch is the memory of a power's intermediate results.
type scratch struct {
	product, half, factor, multiple big.Int
}

// multiply sets z to x·y/R modulo n, below n, for x and y below n. z may be one of them.
func (m *modulus) multiply(z, x, y *big.Int, s *scratch) {
	s.product.Mul(x, y)
	s.multiple.Mul(low(&s.product, m.first), m.lift)
	s.half.Add(high(&s.product, m.first), &s.multiple)
	s.factor.Mul(low(&s.half, m.words-m.first), m.inverse)
	s.multiple.Mul(low(&s.factor, m.words-m.first), m.n)
	s.half.Add(&s.half, &s.multiple)
	z.Set(high(&s.half, m.words-m.first))
	for z.Cmp(m.n) >= 0 { // z is below 3n: n²/R, and n at most from each step
		z.Sub(z, m.n)
	}
}

// power returns s to an odd power modulo n, for s below n.
func (m *modulus) power(s *big.Int, exponent uint64) *big.Int {
	var memory scratch
	// v and base are s·R, in which form products keep their R; the last factor is plain s, which takes it away.
	base := new(big.Int).Lsh(s, uint(m.words*bits.UintSize))
	base.Mod(base, m.n)
	v := new(big.Int).Set(base)
	for i := bits.Len64(exponent) - 2; i >= 0; i-- {
		m.multiply(v, v, v, &memory)
		if i == 0 {
			base = s
		}
		if exponent>>i&1 == 1 {
			m.multiply(v, v, base, &memory)
		}
	}
	return v
}
