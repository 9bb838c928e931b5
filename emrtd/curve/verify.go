package curve

import (
	"crypto"
	"crypto/ecdsa"
	"errors"
	"math/big"
)

// ErrSignature says that key and signature are well formed and the signature is not the key's over this hash.
var ErrSignature = errors.New("the signature does not match the hash and the key: one of the three was altered or belongs elsewhere")

// Verify verifies an ECDSA signature (r, s) over a hash by FIPS 186-5 §6.4.2. Of a hash that is longer than the order the leftmost bits count. The key
// must be a point of the curve other than infinity, r and s in [1, n-1]; what is not so is named. A signature that does not match is ErrSignature.
//
// With (r, s) also (r, n-s) is a signature: two signatures that differ may say the same.
func (c *Curve) Verify(key Point, hash []byte, r, s *big.Int) error {
	switch {
	case len(hash) == 0:
		return c.refuse("verify: the hash is empty")
	case !c.isScalar(r):
		return c.refuse("verify: r of the signature is not in [1, n-1]")
	case !c.isScalar(s):
		return c.refuse("verify: s of the signature is not in [1, n-1]")
	}
	if err := c.check(key); err != nil {
		return err
	}
	verify := c.verify
	if c.standard != nil {
		verify = c.verifyStandard
	}
	if !verify(key, hash, r, s) {
		return c.refuse("verify: %w", ErrSignature)
	}
	return nil
}

func (c *Curve) isScalar(v *big.Int) bool { return v != nil && v.Sign() > 0 && v.Cmp(c.order) < 0 }

// verifyStandard is verify by the standard library.
func (c *Curve) verifyStandard(key Point, hash []byte, r, s *big.Int) bool {
	public, err := ecdsa.ParseUncompressedPublicKey(c.standard, c.encode(key))
	return err == nil && ecdsa.Verify(public, hash, r, s)
}

// verify reports whether the x of (hash/s)·G + (r/s)·key is r modulo n, for a key on the curve and r and s in [1, n-1].
func (c *Curve) verify(key Point, hash []byte, r, s *big.Int) bool {
	u1, u2 := c.factors(hash, r, s)
	m := c.model()
	q := m.enter(key)
	sum := m.combine(u1, u2, &q)
	return c.sumMatches(&sum, r)
}

// factors are hash/s and r/s modulo n.
func (c *Curve) factors(hash []byte, r, s *big.Int) (u1, u2 *big.Int) {
	w := new(big.Int).ModInverse(s, c.order)
	u1 = c.truncate(hash)
	u1.Mod(u1.Mul(u1, w), c.order)
	return u1, w.Mod(w.Mul(w, r), c.order)
}

// sumMatches reports whether the x of a sum is r modulo n.
func (c *Curve) sumMatches(sum *jacobian, r *big.Int) bool {
	m := c.model()
	if sum.z.isZero() {
		return false
	}
	if m.hasX(sum, r) {
		return true
	}
	// x is below p, and p below 2n.
	next := new(big.Int).Add(r, c.order)
	return next.Cmp(c.p) < 0 && m.hasX(sum, next)
}

// hasX reports whether the x of a finite point is that of the curve, in [0, p-1], without dividing.
func (m *model) hasX(p *jacobian, x *big.Int) bool {
	f := m.field
	v := f.enter(x)
	f.mul(&v, &v, &m.u2)
	f.mul(&v, &v, &p.z)
	f.mul(&v, &v, &p.z)
	return v == p.x
}

// truncate returns the leftmost bits of a hash, as many as the order has.
func (c *Curve) truncate(hash []byte) *big.Int {
	hash = hash[:min(len(hash), c.ordLen)]
	v := new(big.Int).SetBytes(hash)
	if excess := 8*len(hash) - c.order.BitLen(); excess > 0 {
		v.Rsh(v, uint(excess))
	}
	return v
}

// HashFor is the hash that goes with an order of so many bits where nothing names one: as long as it, or the next shorter.
func HashFor(bits int) crypto.Hash {
	switch {
	case bits >= 512:
		return crypto.SHA512
	case bits >= 384:
		return crypto.SHA384
	case bits >= 256:
		return crypto.SHA256
	case bits >= 224:
		return crypto.SHA224
	}
	return crypto.SHA1
}
