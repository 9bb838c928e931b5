package curve

import (
	"crypto/sha256"
	"math/big"
	"sync"

	"pgregory.net/rapid"
)

// What follows is the schoolbook's arithmetic over math/big in affine coordinates, which shares nothing with what is tested but the curves' parameters.

// plainAdd is p+q by chord and tangent.
func plainAdd(c *Curve, p, q Point) Point {
	if p.Infinite() {
		return q
	}
	if q.Infinite() {
		return p
	}
	slope := new(big.Int)
	if p.X.Cmp(q.X) == 0 {
		if new(big.Int).Mod(new(big.Int).Add(p.Y, q.Y), c.p).Sign() == 0 {
			return Point{}
		}
		slope.Mul(p.X, p.X).Mul(slope, big.NewInt(3)).Add(slope, c.a)
		slope.Mul(slope, new(big.Int).ModInverse(new(big.Int).Lsh(p.Y, 1), c.p))
	} else {
		run := new(big.Int).Sub(q.X, p.X)
		slope.Sub(q.Y, p.Y).Mul(slope, run.ModInverse(run.Mod(run, c.p), c.p))
	}
	slope.Mod(slope, c.p)
	x := new(big.Int).Mul(slope, slope)
	x.Sub(x, p.X).Sub(x, q.X).Mod(x, c.p)
	y := new(big.Int).Sub(p.X, x)
	y.Mul(y, slope).Sub(y, p.Y).Mod(y, c.p)
	return Point{x, y}
}

// doublings are 2^i times the generators, made once: the tests multiply generators most of the time.
var doublings sync.Map

func plainDoublings(c *Curve) []Point {
	if list, ok := doublings.Load(c); ok {
		return list.([]Point)
	}
	list := []Point{c.generator}
	for len(list) <= c.order.BitLen() {
		list = append(list, plainAdd(c, list[len(list)-1], list[len(list)-1]))
	}
	doublings.Store(c, list)
	return list
}

// plainMult is k·p by doubling and adding, for k not negative.
func plainMult(c *Curve, k *big.Int, p Point) (sum Point) {
	if list := plainDoublings(c); p == c.generator && k.BitLen() < len(list) {
		for i := range k.BitLen() {
			if k.Bit(i) == 1 {
				sum = plainAdd(c, sum, list[i])
			}
		}
		return sum
	}
	for i := k.BitLen() - 1; i >= 0; i-- {
		sum = plainAdd(c, sum, sum)
		if k.Bit(i) == 1 {
			sum = plainAdd(c, sum, p)
		}
	}
	return sum
}

// plainHash is the number that a hash stands for: its leftmost bits, as many as the order has (FIPS 186-5 §6.4.1 step 2).
func plainHash(c *Curve, hash []byte) *big.Int {
	v := new(big.Int).SetBytes(hash)
	if excess := 8*len(hash) - c.order.BitLen(); excess > 0 {
		v.Rsh(v, uint(excess))
	}
	return v
}

// sign makes a signature with the private key d and the nonce k; false where r or s is 0.
func sign(c *Curve, d, k *big.Int, hash []byte) (r, s *big.Int, ok bool) {
	r = new(big.Int).Mod(plainMult(c, k, c.generator).X, c.order)
	s = new(big.Int).Mul(r, d)
	s.Add(s, plainHash(c, hash))
	s.Mul(s, new(big.Int).ModInverse(k, c.order)).Mod(s, c.order)
	return r, s, r.Sign() > 0 && s.Sign() > 0
}

// plainVerify is FIPS 186-5 §6.4.2 word for word.
func plainVerify(c *Curve, key Point, hash []byte, r, s *big.Int) bool {
	inRange := func(v *big.Int) bool { return v.Sign() > 0 && v.Cmp(c.order) < 0 }
	if !inRange(r) || !inRange(s) {
		return false
	}
	w := new(big.Int).ModInverse(s, c.order)
	u := new(big.Int).Mul(plainHash(c, hash), w)
	v := new(big.Int).Mul(r, w)
	sum := plainAdd(c, plainMult(c, u.Mod(u, c.order), c.generator), plainMult(c, v.Mod(v, c.order), key))
	return !sum.Infinite() && new(big.Int).Mod(sum.X, c.order).Cmp(r) == 0
}

// signed is a signature that is right, made by the naive signer.
type signed struct {
	key  Point
	hash []byte
	r, s *big.Int
}

// exampleOf returns a signature from a seed.
func exampleOf(c *Curve, seed string) signed {
	digest := sha256.Sum256([]byte(seed))
	d, k := number(c, seed+" key"), number(c, seed+" nonce")
	r, s, _ := sign(c, d, k, digest[:])
	return signed{plainMult(c, d, c.generator), digest[:], r, s}
}

// number returns a number in [1, n-1] that follows from a seed.
func number(c *Curve, seed string) *big.Int {
	var wide []byte
	for i := range 3 {
		sum := sha256.Sum256([]byte{byte(i), byte(len(seed))})
		next := sha256.Sum256(append(sum[:], seed...))
		wide = append(wide, next[:]...)
	}
	v := new(big.Int).SetBytes(wide)
	v.Mod(v, new(big.Int).Sub(c.order, one))
	return v.Add(v, one)
}

// anyScalar draws a number in [1, n-1], often one at an end or with long runs of equal bits.
func anyScalar(t *rapid.T, c *Curve, name string) *big.Int {
	v := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), c.ordLen, c.ordLen).Draw(t, name))
	switch rapid.IntRange(0, 3).Draw(t, name+" shape") {
	case 0:
		v.SetInt64(rapid.Int64Range(1, 70).Draw(t, name+" small"))
	case 1:
		v.Sub(c.order, big.NewInt(rapid.Int64Range(1, 70).Draw(t, name+" below the order")))
	case 2:
		v.SetBit(new(big.Int), rapid.IntRange(0, c.order.BitLen()-1).Draw(t, name+" bit"), 1)
		v.Sub(v, big.NewInt(rapid.Int64Range(0, 1).Draw(t, name+" less")))
	}
	v.Mod(v, new(big.Int).Sub(c.order, one))
	return v.Add(v, one)
}

// anyHash draws a hash of a length in use, often of zeros or of ones.
func anyHash(t *rapid.T) []byte {
	size := rapid.SampledFrom([]int{1, 20, 28, 32, 48, 64, 100}).Draw(t, "hash length")
	hash := make([]byte, size)
	switch rapid.IntRange(0, 3).Draw(t, "hash shape") {
	case 0:
	case 1:
		for i := range hash {
			hash[i] = 0xff
		}
	default:
		copy(hash, rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "hash"))
	}
	return hash
}
