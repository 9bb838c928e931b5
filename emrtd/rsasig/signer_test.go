package rsasig

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/asn1"
	"encoding/binary"
	"math/big"
	"sync"
)

// privateKey signs over math/big, with a modulus of primes of about 256 bits: of as many as it needs, so that even the longest are found at once.
type privateKey struct {
	*Key
	primes []*big.Int
	d      *big.Int
}

// newPrivateKey makes a key with a modulus of exactly so many bits, the two highest of them set, so that half of the numbers of as many bits and more are below it.
func newPrivateKey(bits int, exponent *big.Int) *privateKey {
	k := &privateKey{}
	modulus, count := big.NewInt(1), (bits+255)/256
	for len(k.primes) < count || modulus.BitLen() != bits || modulus.Bit(bits-2) == 0 {
		if len(k.primes) == count { // the length is not right: three of four are drawn again
			k.primes = k.primes[:count/4]
			modulus.SetInt64(1)
			for _, p := range k.primes {
				modulus.Mul(modulus, p)
			}
		}
		n := count - len(k.primes)
		p := primeFor((bits-modulus.BitLen()+n-1)/n, exponent)
		k.primes = append(k.primes, p)
		modulus.Mul(modulus, p)
	}
	order := big.NewInt(1)
	for _, p := range k.primes {
		order.Mul(order, new(big.Int).Sub(p, big.NewInt(1)))
	}
	var err error
	if k.Key, err = NewKey(modulus, exponent); err != nil {
		panic(err)
	}
	k.d = new(big.Int).ModInverse(exponent, order)
	return k
}

// primeFor returns a prime p for which the exponent has an inverse modulo p-1.
func primeFor(bits int, exponent *big.Int) *big.Int {
	for {
		p, err := rand.Prime(rand.Reader, bits)
		if err != nil {
			panic(err)
		}
		before := new(big.Int).Sub(p, big.NewInt(1))
		if new(big.Int).GCD(nil, nil, before, exponent).BitLen() == 1 {
			return p
		}
	}
}

// sign signs an encoded message: to the power of d modulo each prime, put together by the Chinese remainder theorem.
func (k *privateKey) sign(encoded []byte) []byte {
	m, s := new(big.Int).SetBytes(encoded), new(big.Int)
	for _, p := range k.primes {
		rest := new(big.Int).Div(k.modulus.n, p)
		part := new(big.Int).Sub(p, big.NewInt(1))
		part.Exp(m, part.Mod(k.d, part), p)
		part.Mul(part, new(big.Int).ModInverse(rest, p))
		s.Add(s, part.Mul(part.Mod(part, p), rest))
	}
	return s.Mod(s, k.modulus.n).FillBytes(make([]byte, k.Size()))
}

// identifiers are those of RFC 8017 B.1, in dotted form.
var identifiers = map[crypto.Hash]asn1.ObjectIdentifier{
	crypto.SHA1:   {1, 3, 14, 3, 2, 26},
	crypto.SHA224: {2, 16, 840, 1, 101, 3, 4, 2, 4},
	crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1},
	crypto.SHA384: {2, 16, 840, 1, 101, 3, 4, 2, 2},
	crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3},
}

var hashList = []crypto.Hash{crypto.SHA1, crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512}

// info writes a DigestInfo by encoding/asn1.
func info(hash crypto.Hash, digest []byte, null bool) []byte {
	type algorithm struct {
		Identifier asn1.ObjectIdentifier
		Parameters asn1.RawValue `asn1:"optional"`
	}
	a := algorithm{Identifier: identifiers[hash]}
	if null {
		a.Parameters = asn1.NullRawValue
	}
	der, err := asn1.Marshal(struct {
		Algorithm algorithm
		Digest    []byte
	}{a, digest})
	if err != nil {
		panic(err)
	}
	return der
}

// padded writes 00 01 FF … 00 before what is signed.
func padded(size int, what []byte) []byte {
	encoded := append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, size-len(what)-3)...)
	return append(append(encoded, 0), what...)
}

// pssParts are what an encoded message of PSS is made of, so that a test can make one wrong.
type pssParts struct {
	salt    []byte
	padding byte // before the 01
	one     byte
	trailer byte
}

// encode is EMSA-PSS-ENCODE (RFC 8017 §9.1.1).
func (p pssParts) encode(bits int, hash, maskHash crypto.Hash, digest []byte) []byte {
	h := hash.New()
	h.Write(make([]byte, 8))
	h.Write(digest)
	h.Write(p.salt)
	hashed := h.Sum(nil)
	size := (bits - 1 + 7) / 8
	block := bytes.Repeat([]byte{p.padding}, size-len(hashed)-1)
	at := len(block) - len(p.salt) - 1
	block[at] = p.one
	copy(block[at+1:], p.salt)
	var mask []byte
	for i := uint32(0); len(mask) < len(block); i++ {
		m := maskHash.New()
		m.Write(hashed)
		m.Write(binary.BigEndian.AppendUint32(nil, i))
		mask = m.Sum(mask)
	}
	for i := range block {
		block[i] ^= mask[i]
	}
	block[0] &= 0xff >> (8*size - (bits - 1))
	return append(append(block, hashed...), p.trailer)
}

var rightParts = pssParts{one: 1, trailer: 0xbc}

// keys are made once for all tests: lengths on both sides of a byte and of a word, and exponents on both sides of what crypto/rsa takes.
var keys = sync.OnceValue(func() (made []*privateKey) {
	odd := func(s string) *big.Int { v, _ := new(big.Int).SetString(s, 0); return v }
	for _, k := range []struct {
		bits     int
		exponent string
	}{
		{1024, "3"}, {1024, "65537"}, {1025, "65537"}, {1026, "0xffffffffffffffc5"}, {1030, "17"}, {1031, "0x80000001"}, {1032, "0x10000000f"}, {1033, "65537"}, {1087, "5"}, {1088, "35"},
		{1089, "0xfffffffb"}, {2048, "65537"}, {2048, "43459"}, {3072, "3"}, {4096, "65537"}, {8192, "65537"}, {8191, "0xfffffffffffffffd"},
	} {
		made = append(made, newPrivateKey(k.bits, odd(k.exponent)))
	}
	return made
})
