package rsasig

import (
	"bytes"
	"crypto"
	"fmt"
	"math/big"
	"testing"
)

// BenchmarkRSA verifies signatures by PKCS #1 v1.5 of one key with the exponent 65537 for each length, and makes the key anew for every signature where its name says so.
func BenchmarkRSA(b *testing.B) {
	for _, bits := range []int{1024, 2048, 3072, 4096, 8192} {
		k := newPrivateKey(bits, big.NewInt(65537))
		digest := bytes.Repeat([]byte{1}, 32)
		signature := k.sign(padded(k.Size(), info(crypto.SHA256, digest, true)))
		verify := func(b *testing.B, k *Key) {
			if _, err := k.VerifyPKCS1v15(crypto.SHA256, digest, signature); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(fmt.Sprint(bits), func(b *testing.B) {
			for b.Loop() {
				verify(b, k.Key)
			}
		})
		b.Run(fmt.Sprint(bits, "/new"), func(b *testing.B) {
			for b.Loop() {
				key, err := NewKey(k.modulus.n, big.NewInt(65537))
				if err != nil {
					b.Fatal(err)
				}
				verify(b, key)
			}
		})
	}
}
