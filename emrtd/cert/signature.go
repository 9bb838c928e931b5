package cert

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	_ "crypto/sha1" // documents of the first years are signed with it
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/subtle"
	"math/big"

	"marz/emrtd/der"
)

// This file is the only one that checks a signature. Keys come to it as numbers and points, so that what is beneath can be exchanged.

// The bounds of a key. A larger one is refused rather than reckoned with.
const (
	minRSABits = 1024
	maxRSABits = 8192
	maxExpBits = 64 // of an RSA exponent; the longest that is met has 17
)

// Verify checks a signature over signed. What it had to tolerate in the signature's form is returned as defects; the error is a *SignatureError.
func (k *PublicKey) Verify(alg Algorithm, signed, sig []byte) ([]der.Defect, error) {
	if alg.Hash == 0 || !alg.Hash.Available() {
		return nil, unsupported("the signature algorithm %s", alg.name())
	}
	if k.Fault != "" {
		return nil, unsupported("the key: %s", k.Fault)
	}
	h := alg.Hash.New()
	h.Write(signed)
	digest := h.Sum(nil)
	switch alg.Scheme {
	case RSA15, RSAPSS:
		if k.N == nil {
			return nil, wrongKey(alg, k)
		}
		return k.verifyRSA(alg, digest, sig)
	case ECDSA, ECDSAPlain:
		if k.curve == nil {
			return nil, wrongKey(alg, k)
		}
		return k.verifyECDSA(alg, digest, sig)
	}
	return nil, unsupported("the signature algorithm %s", alg.name())
}

// verifyRSA recovers the encoded message (RFC 8017 §5.2.2) and compares it.
func (k *PublicKey) verifyRSA(alg Algorithm, digest, sig []byte) ([]der.Defect, error) {
	size := (k.N.BitLen() + 7) / 8
	s := new(big.Int).SetBytes(sig)
	if len(sig) != size || s.Cmp(k.N) >= 0 {
		return nil, wrong("the signature has %d bytes where the key has %d", len(sig), size)
	}
	em := new(big.Int).Exp(s, k.E, k.N).FillBytes(make([]byte, size))
	if alg.Scheme == RSAPSS {
		return verifyPSS(alg, digest, em, k.N.BitLen()-1)
	}
	for _, null := range []bool{true, false} {
		want := encode15(alg.Hash, digest, size, null)
		if want == nil || subtle.ConstantTimeCompare(em, want) != 1 {
			continue
		}
		if !null {
			return []der.Defect{{Name: DigestInfoNull, Offset: -1}}, nil
		}
		return nil, nil
	}
	return nil, wrong("the signature is not this key's over these bytes")
}

// encode15 is EMSA-PKCS1-v1_5 (RFC 8017 §9.2), nil where the key is too short for it. Without null the algorithm's parameters are left away, as some issuers do.
func encode15(hash crypto.Hash, digest []byte, size int, null bool) []byte {
	id := der.OID(hashOIDs[hash])
	if null {
		id = append(id, der.Null()...)
	}
	info := der.Sequence(der.Sequence(id), der.Octets(digest))
	pad := size - 3 - len(info)
	if pad < 8 {
		return nil
	}
	em := make([]byte, 0, size)
	em = append(em, 0, 1)
	for range pad {
		em = append(em, 0xff)
	}
	return append(append(em, 0), info...)
}

// verifyPSS is EMSA-PSS-VERIFY (RFC 8017 §9.1.2). The salt may be of another length than was declared; that is a defect.
func verifyPSS(alg Algorithm, digest, em []byte, bits int) ([]der.Defect, error) {
	bad := func() ([]der.Defect, error) { return nil, wrong("the signature is not this key's over these bytes") }
	size := (bits + 7) / 8
	if len(em) > size { // a modulus of 8n+1 bits
		if em[0] != 0 {
			return bad()
		}
		em = em[len(em)-size:]
	}
	hashLen := len(digest)
	if size < hashLen+2 || em[size-1] != 0xbc {
		return bad()
	}
	db, h := append([]byte(nil), em[:size-hashLen-1]...), em[size-hashLen-1:size-1]
	top := byte(0xff >> (8*size - bits))
	if db[0]&^top != 0 {
		return bad()
	}
	mask(db, h, alg.MGF)
	db[0] &= top
	zeros := 0
	for zeros < len(db) && db[zeros] == 0 {
		zeros++
	}
	if zeros == len(db) || db[zeros] != 1 {
		return bad()
	}
	salt := db[zeros+1:]
	w := alg.Hash.New()
	w.Write(make([]byte, 8))
	w.Write(digest)
	w.Write(salt)
	if subtle.ConstantTimeCompare(w.Sum(nil), h) != 1 {
		return bad()
	}
	if len(salt) != alg.Salt {
		return []der.Defect{{Name: SaltLength, Offset: -1, Detail: saltDetail(alg.Salt, len(salt))}}, nil
	}
	return nil, nil
}

// mask is the exclusive or with MGF1 of the seed (RFC 8017 B.2.1).
func mask(out, seed []byte, hash crypto.Hash) {
	for i, done := uint32(0), 0; done < len(out); i++ {
		w := hash.New()
		w.Write(seed)
		w.Write([]byte{byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)})
		for _, b := range w.Sum(nil) {
			if done == len(out) {
				return
			}
			out[done] ^= b
			done++
		}
	}
}

// verifyECDSA checks an ECDSA signature (FIPS 186-4 §6.4; BSI TR-03111 §4.2.1).
func (k *PublicKey) verifyECDSA(alg Algorithm, digest, sig []byte) ([]der.Defect, error) {
	r, s, defects, err := splitECDSA(alg.Scheme, sig)
	if err != nil {
		return nil, err
	}
	c := k.curve
	if r.Sign() <= 0 || s.Sign() <= 0 || r.Cmp(c.n) >= 0 || s.Cmp(c.n) >= 0 {
		return nil, wrong("the signature's numbers are not of this curve")
	}
	if std := standard(c); std != nil {
		pub, err := ecdsa.ParseUncompressedPublicKey(std, k.uncompressed())
		if err != nil {
			return nil, unsupported("the key: its point is not on the curve %s", c.name)
		}
		if !ecdsa.VerifyASN1(pub, digest, der.Sequence(der.Int(r), der.Int(s))) {
			return nil, wrong("the signature is not this key's over these bytes")
		}
		return defects, nil
	}
	e := new(big.Int).SetBytes(digest)
	if over := 8*len(digest) - c.n.BitLen(); over > 0 {
		e.Rsh(e, uint(over))
	}
	w := new(big.Int).ModInverse(s, c.n)
	u := e.Mul(e, w)
	u.Mod(u, c.n)
	v := w.Mul(r, w)
	v.Mod(v, c.n)
	x := c.combine(u, v, k.x, k.y)
	if x == nil || x.Mod(x, c.n).Cmp(r) != 0 {
		return nil, wrong("the signature is not this key's over these bytes")
	}
	return defects, nil
}

// splitECDSA reads r and s: as a SEQUENCE of two numbers, or plain, one after the other (BSI TR-03111 §5.2.1).
func splitECDSA(scheme Scheme, sig []byte) (r, s *big.Int, defects []der.Defect, err error) {
	if scheme == ECDSAPlain {
		if len(sig) == 0 || len(sig)%2 != 0 || len(sig) > 256 {
			return nil, nil, nil, malformed("a plain ECDSA signature of %d bytes", len(sig))
		}
		return new(big.Int).SetBytes(sig[:len(sig)/2]), new(big.Int).SetBytes(sig[len(sig)/2:]), nil, nil
	}
	rd := der.NewReader(sig, 0)
	e, rest, err := rd.First()
	if err != nil || len(rest) > 0 || !e.Is(der.Universal, der.TagSequence) || len(e.Children) != 2 {
		return nil, nil, nil, malformed("an ECDSA signature that is no SEQUENCE of two numbers")
	}
	out := [2]*big.Int{}
	for i, c := range e.Children {
		if !c.Is(der.Universal, der.TagInteger) {
			return nil, nil, nil, malformed("an ECDSA signature that is no SEQUENCE of two numbers")
		}
		if out[i], err = rd.Integer(c); err != nil {
			return nil, nil, nil, malformed("an ECDSA signature that is no SEQUENCE of two numbers")
		}
		// Some issuers write the number without the zero that keeps it positive.
		if out[i].Sign() < 0 {
			rd.Note(NumberNegative, c.Offset, "a number of the signature")
			out[i] = new(big.Int).SetBytes(c.Content)
		}
	}
	return out[0], out[1], rd.All(), nil
}

// standard returns the curve as the standard library has it, nil where it has not.
func standard(c *curve) elliptic.Curve {
	switch c.name {
	case "P-224":
		return elliptic.P224()
	case "P-256":
		return elliptic.P256()
	case "P-384":
		return elliptic.P384()
	case "P-521":
		return elliptic.P521()
	}
	return nil
}
