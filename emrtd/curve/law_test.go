package curve

import (
	"errors"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// onEvery runs a law on every curve.
func onEvery(t *testing.T, law func(*rapid.T, *Curve)) {
	for _, c := range known {
		t.Run(c.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { law(t, c) })
		})
	}
}

// onAny runs a law on curves that are drawn, where the naive arithmetic takes its time.
func onAny(t *testing.T, law func(*rapid.T, *Curve)) {
	var names []string
	for _, c := range known {
		names = append(names, c.name)
	}
	rapid.Check(t, func(t *rapid.T) { law(t, ByName(rapid.SampledFrom(names).Draw(t, "curve"))) })
}

// A signature of the naive signer verifies here and there; with one thing altered both verifiers say the same.
func TestVerifiesAsTheNaiveVerifier(t *testing.T) {
	onAny(t, func(t *rapid.T, c *Curve) {
		d, hash := anyScalar(t, c, "key"), anyHash(t)
		key := plainMult(c, d, c.generator)
		r, s, ok := sign(c, d, anyScalar(t, c, "nonce"), hash)
		if !ok {
			t.Skip("r or s is 0")
		}
		if err := c.Verify(key, hash, r, s); err != nil {
			t.Fatalf("right signature: %v", err)
		}
		switch rapid.IntRange(0, 4).Draw(t, "altered") {
		case 0:
			s = anyScalar(t, c, "s")
		case 1:
			r = anyScalar(t, c, "r")
		case 2:
			hash = anyHash(t)
		case 3:
			key = plainMult(c, anyScalar(t, c, "other key"), c.generator)
		case 4:
			s = new(big.Int).Sub(c.order, s) // is a signature too
		}
		want := plainVerify(c, key, hash, r, s)
		err := c.Verify(key, hash, r, s)
		if want != (err == nil) || err != nil && !errors.Is(err, ErrSignature) {
			t.Fatalf("naive verifier says %v, Verify %v", want, err)
		}
		if got := c.verify(key, hash, r, s); got != want {
			t.Fatalf("naive verifier says %v, verify %v", want, got)
		}
		prepared, err := c.Prepare(key)
		if err != nil {
			t.Fatal(err)
		}
		if err := prepared.Verify(hash, r, s); want != (err == nil) || err != nil && !errors.Is(err, ErrSignature) {
			t.Fatalf("naive verifier says %v, a prepared key %v", want, err)
		}
	})
}

func TestMultipliesAsTheNaiveOne(t *testing.T) {
	onAny(t, func(t *rapid.T, c *Curve) {
		k := anyScalar(t, c, "k")
		p := plainMult(c, anyScalar(t, c, "p"), c.generator)
		got, err := c.ScalarMult(k, p)
		if want := plainMult(c, k, p); err != nil || !got.Equal(want) {
			t.Fatalf("k·P is %v, %v; want %v", got, err, want)
		}
		got, err = c.ScalarBaseMult(k)
		if want := plainMult(c, k, c.generator); err != nil || !got.Equal(want) {
			t.Fatalf("k·G is %v, %v; want %v", got, err, want)
		}
	})
}
