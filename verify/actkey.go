package verify

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
)

// coseKey is a public key of a passkey: *ecdsa.PublicKey on P-256, ed25519.PublicKey or *rsa.PublicKey.
type coseKey struct{ public any }

// COSE labels and values (RFC 9052 §7, RFC 9053 §7, RFC 8230 §4).
const (
	coseType, coseAlg         = 1, 3
	typeOKP, typeEC2, typeRSA = 1, 2, 3
	algES256, algEdDSA        = -7, -8
	algRS256                  = -257
	curveP256, curveEd25519   = 1, 6
)

// parseCOSE reads a COSE_Key as authenticators write it: the members of its algorithm, each once, and no others (WebAuthn Level 3 §6.5.1.1).
// The fault is "" when it is one.
func parseCOSE(b []byte) (k coseKey, fault string) {
	ints, strs, fault := parseCBORMap(b)
	if fault != "" {
		return k, fault
	}
	only := func(nInts, nStrs int) bool { return len(ints) == nInts && len(strs) == nStrs }
	switch kind, alg := ints[coseType], ints[coseAlg]; {
	case kind == typeEC2 && alg == algES256 && ints[-1] == curveP256 && only(3, 2) && len(strs[-2]) == 32 && len(strs[-3]) == 32:
		point := append(append([]byte{4}, strs[-2]...), strs[-3]...)
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
		if err != nil {
			return k, "its point is not on the curve P-256"
		}
		return coseKey{public}, ""
	case kind == typeOKP && alg == algEdDSA && ints[-1] == curveEd25519 && only(3, 1) && len(strs[-2]) == ed25519.PublicKeySize:
		return coseKey{ed25519.PublicKey(strs[-2])}, ""
	case kind == typeRSA && alg == algRS256 && only(2, 2):
		n, e := new(big.Int).SetBytes(strs[-1]), new(big.Int).SetBytes(strs[-2])
		if n.BitLen() < 2048 || n.BitLen() > 8192 || e.BitLen() > 31 || e.Int64() < 3 {
			return k, "its RSA key has not 2048 to 8192 bits, or an odd exponent"
		}
		return coseKey{&rsa.PublicKey{N: n, E: int(e.Int64())}}, ""
	}
	return k, "it is no key of ES256, EdDSA or RS256"
}

// verify reports whether a signature as authenticators make it is good.
func (k coseKey) verify(signed, sig []byte) bool {
	sum := sha256.Sum256(signed)
	switch public := k.public.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(public, sum[:], sig)
	case ed25519.PublicKey:
		return ed25519.Verify(public, signed, sig)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], sig) == nil
	}
	return false
}

// maxCOSE is longer than any COSE_Key: an RSA key of 8192 bits.
const maxCOSE = 1200

// parseCBORMap reads a map from integers to integers and byte strings (RFC 8949), of definite length, every length and number in its shortest
// form, no key twice and nothing behind it.
func parseCBORMap(b []byte) (ints map[int64]int64, strs map[int64][]byte, fault string) {
	const broken = "it is not a map of CBOR as a COSE_Key is"
	if len(b) > maxCOSE {
		return nil, nil, "it is too long for a COSE_Key"
	}
	major, n, b, ok := cborHead(b)
	if !ok || major != 5 || n > 16 {
		return nil, nil, broken
	}
	ints, strs = map[int64]int64{}, map[int64][]byte{}
	for range n {
		var key, value uint64
		var sign byte
		if sign, key, b, ok = cborHead(b); !ok || sign > 1 || key > 1<<16 {
			return nil, nil, broken
		}
		label := cborInt(sign, key)
		_, one := ints[label]
		_, two := strs[label]
		if one || two {
			return nil, nil, "a member of its map stands twice"
		}
		if major, value, b, ok = cborHead(b); !ok {
			return nil, nil, broken
		}
		switch {
		case major <= 1 && value <= 1<<16:
			ints[label] = cborInt(major, value)
		case major == 2 && value <= uint64(len(b)):
			strs[label], b = bytes.Clone(b[:value]), b[value:]
		default:
			return nil, nil, broken
		}
	}
	if len(b) > 0 {
		return nil, nil, "something follows its map"
	}
	return ints, strs, ""
}

// cborInt is the number of major type 0 or 1.
func cborInt(major byte, n uint64) int64 {
	if major == 1 {
		return -1 - int64(n)
	}
	return int64(n)
}

// cborHead reads a major type and its argument, in the shortest form, and returns what follows.
func cborHead(b []byte) (major byte, n uint64, rest []byte, ok bool) {
	if len(b) == 0 {
		return 0, 0, nil, false
	}
	major, info := b[0]>>5, b[0]&31
	if info < 24 {
		return major, uint64(info), b[1:], true
	}
	if info > 27 {
		return 0, 0, nil, false
	}
	size := 1 << (info - 24)
	if len(b) < 1+size {
		return 0, 0, nil, false
	}
	for _, d := range b[1 : 1+size] {
		n = n<<8 | uint64(d)
	}
	least := uint64(24)
	if size > 1 {
		least = 1 << (8 * size / 2)
	}
	return major, n, b[1+size:], n >= least
}
