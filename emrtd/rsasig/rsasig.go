// Package rsasig verifies the RSA signatures of travel documents: PKCS #1 v1.5 and PSS (RFC 8017 §8.2.2, §8.1.2), under the keys that
// issuers have used and the standard library refuses: moduli from 1024 bits on, exponents up to 64 bits, PSS with another hash for the mask
// than for the message, and a DigestInfo that leaves its NULL out.
//
// A signature is accepted only if it is the one encoding that the message has under the scheme, compared as a whole, so that nothing can hide in
// padding or parameters that a lenient reader would skip. Whatever comes in, an answer comes within a time that the bounds on the key give,
// and nothing panics. Only public numbers are computed with, and time depends on them.
package rsasig

import (
	"crypto"
	_ "crypto/sha1" // the hashes that travel documents are signed with
	_ "crypto/sha256"
	_ "crypto/sha512"
	"errors"
	"fmt"
	"math/big"
)

// The keys that are verified with. A larger modulus or exponent would give whoever made the key a way to spend this machine's time.
const (
	MinBits = 1024
	MaxBits = 8192
)

// ErrSignature says that key and signature are well formed and the signature is not the key's over this hash.
var ErrSignature = errors.New("the RSA signature does not match the hash and the key: one of the three was altered or belongs elsewhere, or the hash or the scheme is another")

// Key is a public key that was found fit to be computed with. It is safe for concurrent use.
type Key struct {
	modulus  *modulus
	exponent uint64
}

// NewKey checks a public key: a modulus of MinBits to MaxBits bits and an exponent from 3 to 2^64-1, both odd. It does not ask whether the modulus is
// a product of primes: that is for the authority that signed the key.
func NewKey(modulus, exponent *big.Int) (*Key, error) {
	switch {
	case modulus == nil || exponent == nil:
		return nil, errors.New("RSA key: the modulus or the exponent is missing")
	case modulus.Sign() <= 0 || modulus.BitLen() < MinBits || modulus.BitLen() > MaxBits:
		return nil, fmt.Errorf("RSA key: the modulus has %d bits; %d to %d are verified with", modulus.BitLen(), MinBits, MaxBits)
	case modulus.Bit(0) == 0:
		return nil, errors.New("RSA key: the modulus is even, which no product of two primes is")
	case exponent.Sign() <= 0 || exponent.BitLen() > 64 || exponent.Cmp(big.NewInt(3)) < 0:
		return nil, fmt.Errorf("RSA key: the exponent has %d bits; 3 to 2^64-1 are verified with", exponent.BitLen())
	case exponent.Bit(0) == 0:
		return nil, errors.New("RSA key: the exponent is even, so that it has no private key")
	}
	return &Key{newModulus(modulus), exponent.Uint64()}, nil
}

// Bits is the length of the modulus.
func (k *Key) Bits() int { return k.modulus.n.BitLen() }

// Size is the length in bytes of a signature.
func (k *Key) Size() int { return (k.Bits() + 7) / 8 }

// hashes are those that documents are signed with, with the contents of their object identifiers (RFC 8017 B.1).
var hashes = map[crypto.Hash][]byte{
	crypto.SHA1:   {0x2b, 0x0e, 0x03, 0x02, 0x1a},
	crypto.SHA224: {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04},
	crypto.SHA256: {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01},
	crypto.SHA384: {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02},
	crypto.SHA512: {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03},
}

// checkHash refuses a hash that documents are not signed with, and a digest that is not of its length.
func checkHash(hash crypto.Hash, digest []byte) error {
	if _, ok := hashes[hash]; !ok {
		return fmt.Errorf("RSA signature: %v is not verified; SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512 are", hash)
	}
	if len(digest) != hash.Size() {
		return fmt.Errorf("RSA signature: the digest has %d bytes, and %v has %d", len(digest), hash, hash.Size())
	}
	return nil
}

// open returns the encoded message of Size bytes that a signature holds (RFC 8017 §5.2.2): the signature to the power of the exponent.
func (k *Key) open(signature []byte) ([]byte, error) {
	if len(signature) != k.Size() {
		return nil, fmt.Errorf("RSA signature: it has %d bytes in place of the key's %d", len(signature), k.Size())
	}
	s := new(big.Int).SetBytes(signature)
	if s.Cmp(k.modulus.n) >= 0 {
		return nil, errors.New("RSA signature: it is not below the modulus, so that it is of another key or altered")
	}
	return k.modulus.power(s, k.exponent).FillBytes(make([]byte, k.Size())), nil
}
