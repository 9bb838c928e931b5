package curve

import (
	"errors"
	"math/big"
	"testing"
)

// FuzzVerify verifies whatever comes: nothing panics, a signature that is accepted is one by the naive verifier too, and the standard library's verifier and
// the one of this package agree.
func FuzzVerify(f *testing.F) {
	for i, c := range known {
		e := exampleOf(c, "fuzz")
		f.Add(byte(i), c.encode(e.key), e.hash, e.r.Bytes(), e.s.Bytes())
		f.Add(byte(i), compress(c, e.key), e.hash, e.r.Bytes(), c.order.Bytes())
		f.Add(byte(i), c.encode(c.generator), []byte{0}, []byte{1}, []byte{1})
		f.Add(byte(i), []byte{0}, []byte{}, []byte{}, []byte{})
	}
	f.Fuzz(func(t *testing.T, which byte, point, hash, rBytes, sBytes []byte) {
		c := known[int(which)%len(known)]
		r, s := new(big.Int).SetBytes(rBytes), new(big.Int).SetBytes(sBytes)
		key, err := c.Unmarshal(point)
		if err != nil {
			half := len(point) / 2
			key = Point{new(big.Int).SetBytes(point[:half]), new(big.Int).SetBytes(point[half:])}
		}
		got := c.Verify(key, hash, r, s)
		if got != nil && !errors.Is(got, ErrSignature) {
			return
		}
		if want := plainVerify(c, key, hash, r, s); want != (got == nil) || want != c.verify(key, hash, r, s) {
			t.Errorf("%s: the naive verifier says %v, Verify %v", c.name, want, got)
		}
	})
}
