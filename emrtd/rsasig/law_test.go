package rsasig

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func anyDigest(t *rapid.T, hash crypto.Hash, name string) []byte {
	return rapid.SliceOfN(rapid.Byte(), hash.Size(), hash.Size()).Draw(t, name)
}

// alter changes one bit of a copy.
func alter(t *rapid.T, data []byte, name string) []byte {
	i := rapid.IntRange(0, 8*len(data)-1).Draw(t, name)
	data = append([]byte(nil), data...)
	data[i/8] ^= 1 << (i % 8)
	return data
}

// A signature of PKCS #1 v1.5 verifies over its digest with its hash, and with nothing else; the standard library says the same where it takes the key.
func TestPKCS1v15Law(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(keys()).Draw(t, "key")
		hash := rapid.SampledFrom(hashList).Draw(t, "hash")
		null := rapid.Bool().Draw(t, "null")
		digest := anyDigest(t, hash, "digest")
		signature := k.sign(padded(k.Size(), info(hash, digest, null)))
		note, err := k.VerifyPKCS1v15(hash, digest, signature)
		if err != nil || (note == NullOmitted) == null {
			t.Fatalf("note %q, %v; with NULL: %v", note, err, null)
		}
		if k.exponent < 1<<31 && null {
			standard := &rsa.PublicKey{N: k.modulus.n, E: int(k.exponent)}
			if err := rsa.VerifyPKCS1v15(standard, hash, digest, signature); err != nil {
				t.Fatalf("the standard library: %v", err)
			}
		}
		if _, err := k.VerifyPKCS1v15(hash, alter(t, digest, "bit of the digest"), signature); !errors.Is(err, ErrSignature) {
			t.Fatalf("over another digest: %v", err)
		}
		if _, err := k.VerifyPKCS1v15(hash, digest, alter(t, signature, "bit of the signature")); err == nil {
			t.Fatal("an altered signature is accepted")
		}
	})
}

// So does one of PSS, with its hashes and length of salt.
func TestPSSLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(keys()).Draw(t, "key")
		params := PSS{Hash: rapid.SampledFrom(hashList).Draw(t, "hash"), MaskHash: rapid.SampledFrom(hashList).Draw(t, "hash of the mask")}
		room := (k.Bits()-1+7)/8 - params.Hash.Size() - 2
		params.SaltLen = rapid.OneOf(rapid.Just(0), rapid.Just(room), rapid.IntRange(0, room)).Filter(func(n int) bool { return n >= 0 }).Draw(t, "salt")
		if room < 0 {
			t.Skip("the key has no room for the hash")
		}
		digest := anyDigest(t, params.Hash, "digest")
		parts := rightParts
		parts.salt = rapid.SliceOfN(rapid.Byte(), params.SaltLen, params.SaltLen).Draw(t, "salt's bytes")
		signature := k.sign(parts.encode(k.Bits(), params.Hash, params.MaskHash, digest))
		if err := k.VerifyPSS(params, digest, signature); err != nil {
			t.Fatal(err)
		}
		if k.exponent < 1<<31 && params.Hash == params.MaskHash {
			standard := &rsa.PublicKey{N: k.modulus.n, E: int(k.exponent)}
			options := &rsa.PSSOptions{SaltLength: params.SaltLen}
			if params.SaltLen > 0 {
				if err := rsa.VerifyPSS(standard, params.Hash, digest, signature, options); err != nil {
					t.Fatalf("the standard library: %v", err)
				}
			}
		}
		if err := k.VerifyPSS(params, alter(t, digest, "bit of the digest"), signature); !errors.Is(err, ErrSignature) {
			t.Fatalf("over another digest: %v", err)
		}
		if err := k.VerifyPSS(params, digest, alter(t, signature, "bit of the signature")); err == nil {
			t.Fatal("an altered signature is accepted")
		}
		for _, step := range []int{-1, 1} {
			other := params
			other.SaltLen += step
			if err := k.VerifyPSS(other, digest, signature); err == nil {
				t.Fatalf("with a salt of %d bytes in place of %d it is accepted", other.SaltLen, params.SaltLen)
			}
		}
		other := params
		other.MaskHash = hashList[(int(params.MaskHash)+1)%len(hashList)]
		if other.MaskHash != params.MaskHash {
			if err := k.VerifyPSS(other, digest, signature); !errors.Is(err, ErrSignature) {
				t.Fatalf("with a mask by %v in place of %v: %v", other.MaskHash, params.MaskHash, err)
			}
		}
	})
}

// Powers are those of math/big, for every odd modulus and exponent that a key can have.
func TestPowerLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(MinBits/8, 300).Draw(t, "size")
		n := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "modulus"))
		n.SetBit(n, 0, 1).SetBit(n, 8*size-1-rapid.IntRange(0, 7).Filter(func(i int) bool { return 8*size-i >= MinBits }).Draw(t, "less"), 1)
		exponent := rapid.Uint64Min(3).Draw(t, "exponent") | 1
		k, err := NewKey(n, new(big.Int).SetUint64(exponent))
		if err != nil {
			t.Fatal(err)
		}
		s := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, size).Draw(t, "s"))
		for _, s := range []*big.Int{s.Mod(s, n), new(big.Int), big.NewInt(1), new(big.Int).Sub(n, big.NewInt(1))} {
			got, want := k.modulus.power(s, exponent), new(big.Int).Exp(s, new(big.Int).SetUint64(exponent), n)
			if got.Cmp(want) != 0 {
				t.Fatalf("%x to the %d modulo %x is %x, want %x", s, exponent, n, got, want)
			}
		}
	})
}
