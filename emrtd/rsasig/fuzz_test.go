package rsasig

import (
	"crypto"
	"errors"
	"math/big"
	"testing"
)

// FuzzVerify verifies whatever comes: nothing panics, and what is accepted has the encoding that math/big finds.
func FuzzVerify(f *testing.F) {
	for _, k := range keys()[:4] {
		digest := make([]byte, 32)
		exponent := new(big.Int).SetUint64(k.exponent).Bytes()
		parts := rightParts
		parts.salt = make([]byte, 20)
		f.Add(k.modulus.n.Bytes(), exponent, byte(5), byte(5), 20, digest, k.sign(padded(k.Size(), info(crypto.SHA256, digest, true))))
		f.Add(k.modulus.n.Bytes(), exponent, byte(5), byte(5), 20, digest, k.sign(encodedPSS(k, parts, digest)))
	}
	f.Add([]byte{}, []byte{}, byte(0), byte(0), -1, []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, modulus, exponent []byte, hash, maskHash byte, salt int, digest, signature []byte) {
		k, err := NewKey(new(big.Int).SetBytes(modulus), new(big.Int).SetBytes(exponent))
		if err != nil {
			return
		}
		h := crypto.Hash(hash)
		note, err := k.VerifyPKCS1v15(h, digest, signature)
		if err == nil {
			opened := new(big.Int).Exp(new(big.Int).SetBytes(signature), new(big.Int).SetBytes(exponent), new(big.Int).SetBytes(modulus))
			want := padded(k.Size(), info(h, digest, note == ""))
			if opened.Cmp(new(big.Int).SetBytes(want)) != 0 {
				t.Errorf("accepted: %x", opened)
			}
		}
		if k.VerifyPSS(PSS{h, crypto.Hash(maskHash), salt}, digest, signature) == nil && err == nil {
			t.Error("one signature is of both schemes")
		}
		if err != nil && errors.Is(err, ErrSignature) && len(signature) != k.Size() {
			t.Error("a length that is not the key's is a mismatch")
		}
	})
}
