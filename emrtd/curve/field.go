package curve

import (
	"encoding/binary"
	"math/big"
	"math/bits"
)

// maxLimbs is how many 64-bit words the largest field takes (P-521).
const maxLimbs = 9

// element is an element of a field in Montgomery form: v·2^(64·n) modulo p, little-endian, always below p. Limbs from n on are zero
// and stay so: what is computed is written to an element of the same field or to a new one.
type element [maxLimbs]uint64

// field is the integers modulo an odd prime of n limbs.
type field struct {
	n     int
	prime element
	inv   uint64  // -1/p modulo 2^64
	r2    element // 2^(128·n) modulo p
	one   element
	plain bool // mersenne521
	p     *big.Int
}

func newField(p *big.Int) *field {
	f := &field{n: (p.BitLen() + 63) / 64, prime: limbsOf(p), p: p}
	// Newton's iteration doubles the right bits each time; p·p = 1 modulo 8 to begin with.
	inv := f.prime[0]
	for range 5 {
		inv *= 2 - f.prime[0]*inv
	}
	f.inv = -inv
	r := new(big.Int).Lsh(one, uint(64*f.n))
	f.one = limbsOf(new(big.Int).Mod(r, p))
	f.r2 = limbsOf(r.Mod(r.Mul(r, r), p))
	if f.plain = f.mersenne521(); f.plain {
		f.one, f.r2 = element{1}, element{1}
	}
	return f
}

// limbsOf writes v, which has at most 576 bits, as little-endian limbs.
func limbsOf(v *big.Int) (e element) {
	var buf [8 * maxLimbs]byte
	v.FillBytes(buf[:])
	for i := range e {
		e[i] = binary.BigEndian.Uint64(buf[8*(maxLimbs-1-i):])
	}
	return e
}

// enter brings v, in [0, p-1], into Montgomery form.
func (f *field) enter(v *big.Int) (e element) {
	e = limbsOf(v)
	f.mul(&e, &e, &f.r2)
	return e
}

// leave returns the number that x stands for.
func (f *field) leave(x *element) *big.Int {
	plain := element{1}
	f.mul(&plain, x, &plain)
	var buf [8 * maxLimbs]byte
	for i, limb := range plain {
		binary.BigEndian.PutUint64(buf[8*(maxLimbs-1-i):], limb)
	}
	return new(big.Int).SetBytes(buf[:])
}

// inverse returns 1/x, 0 for 0.
func (f *field) inverse(x *element) element {
	v := f.leave(x)
	if v.Sign() == 0 {
		return element{}
	}
	return f.enter(v.ModInverse(v, f.p))
}

func (x *element) isZero() bool { return *x == element{} }

// mul sets z to x·y. It may be given the same element more than once.
func (f *field) mul(z, x, y *element) {
	switch f.n {
	case 4:
		f.mul4(z, x, y)
	case 6:
		f.mul6(z, x, y)
	case 8:
		f.mul8(z, x, y)
	case maxLimbs:
		if f.plain {
			f.mul9(z, x, y)
			return
		}
		f.mulAny(z, x, y)
	default:
		f.mulAny(z, x, y)
	}
}

// mulAny is mul for any number of limbs.
func (f *field) mulAny(z, x, y *element) {
	n := f.n
	var t [maxLimbs + 1]uint64 // below 2p after each round
	var top uint64
	for i := range n {
		c := addProduct(t[:n], x[:n], y[i], 0)
		sum, over := bits.Add64(t[n], c, 0)
		t[n], top = sum, over
		m := t[0] * f.inv
		c = addProduct(t[:n], f.prime[:n], m, 0)
		sum, over = bits.Add64(t[n], c, 0)
		copy(t[:n-1], t[1:n])
		t[n-1], t[n] = sum, top+over
	}
	f.reduce(z, t[:n], t[n])
}

// addProduct adds x·y to t and returns what is carried out of it.
func addProduct(t, x []uint64, y, carry uint64) uint64 {
	for j, limb := range x[:len(t)] {
		hi, lo := bits.Mul64(limb, y)
		var c uint64
		lo, c = bits.Add64(lo, t[j], 0)
		hi += c
		t[j], c = bits.Add64(lo, carry, 0)
		carry = hi + c
	}
	return carry
}

// reduce sets z to t + top·2^(64n), which is below 2p, less p where that is not negative.
func (f *field) reduce(z *element, t []uint64, top uint64) {
	t = t[:f.n]
	var d element
	var borrow uint64
	for i := range f.n {
		d[i], borrow = bits.Sub64(t[i], f.prime[i], borrow)
	}
	_, borrow = bits.Sub64(top, 0, borrow)
	keep := -borrow
	for i := range f.n {
		z[i] = t[i]&keep | d[i]&^keep
	}
}

func (f *field) sqr(z, x *element) { f.mul(z, x, x) }

// add sets z to x+y.
func (f *field) add(z, x, y *element) {
	switch f.n {
	case 4:
		f.add4(z, x, y)
	case 6:
		f.add6(z, x, y)
	case 8:
		f.add8(z, x, y)
	case 9:
		f.add9(z, x, y)
	default:
		f.addAny(z, x, y)
	}
}

func (f *field) addAny(z, x, y *element) {
	var t element
	var c uint64
	for i := range f.n {
		t[i], c = bits.Add64(x[i], y[i], c)
	}
	f.reduce(z, t[:], c)
}

// sub sets z to x-y.
func (f *field) sub(z, x, y *element) {
	switch f.n {
	case 4:
		f.sub4(z, x, y)
	case 6:
		f.sub6(z, x, y)
	case 8:
		f.sub8(z, x, y)
	case 9:
		f.sub9(z, x, y)
	default:
		f.subAny(z, x, y)
	}
}

func (f *field) subAny(z, x, y *element) {
	var t element
	var borrow, c uint64
	for i := range f.n {
		t[i], borrow = bits.Sub64(x[i], y[i], borrow)
	}
	for i := range f.n {
		z[i], c = bits.Add64(t[i], f.prime[i]&-borrow, c)
	}
}
