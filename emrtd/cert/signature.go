package cert

import (
	_ "crypto/sha1" // documents of the first years are signed with it
	_ "crypto/sha256"
	_ "crypto/sha512"
	"math/big"

	"marz/emrtd/der"
	"marz/emrtd/rsasig"
)

// This file is the only one that checks a signature. Keys come to it as numbers and points, so that what is beneath can be exchanged.

// maxExpBits bounds an RSA exponent, as rsasig does; the longest that is met has 17.
const maxExpBits = 64

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

// verifyRSA checks a signature of RSA. The salt of PSS may be of another length than was declared; that is a defect.
func (k *PublicKey) verifyRSA(alg Algorithm, digest, sig []byte) ([]der.Defect, error) {
	key, err := rsasig.NewKey(k.N, k.E)
	if err != nil {
		return nil, unsupported("the key: %v", err)
	}
	if alg.Scheme == RSAPSS {
		salt, err := key.SaltOf(rsasig.PSS{Hash: alg.Hash, MaskHash: alg.MGF}, digest, sig)
		switch {
		case err != nil:
			return nil, wrong("the signature is not this key's over these bytes")
		case salt != alg.Salt:
			return []der.Defect{{Name: SaltLength, Offset: -1, Detail: saltDetail(alg.Salt, salt)}}, nil
		}
		return nil, nil
	}
	note, err := key.VerifyPKCS1v15(alg.Hash, digest, sig)
	switch {
	case err != nil:
		return nil, wrong("the signature is not this key's over these bytes")
	case note == rsasig.NullOmitted:
		return []der.Defect{{Name: DigestInfoNull, Offset: -1}}, nil
	}
	return nil, nil
}

// verifyECDSA checks an ECDSA signature (FIPS 186-5 §6.4; BSI TR-03111 §4.2.1).
func (k *PublicKey) verifyECDSA(alg Algorithm, digest, sig []byte) ([]der.Defect, error) {
	r, s, defects, err := splitECDSA(alg.Scheme, sig)
	if err != nil {
		return nil, err
	}
	if p := k.forMany(); p != nil {
		err = p.Verify(digest, r, s)
	} else {
		err = k.curve.Verify(k.point, digest, r, s)
	}
	if err != nil {
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
