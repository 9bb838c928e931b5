package emrtd

import (
	"bytes"
	"fmt"

	"marz/emrtd/cert"
	"marz/emrtd/der"
)

// SignatureCheck says whether a signer's signature is good over the content, by which certificate, and what was tolerated.
type SignatureCheck struct {
	Signer      *Signer
	Certificate *cert.Certificate // nil where it is missing
	Carried     bool              // the certificate came with the signed data
	Err         *cert.SignatureError
	Defects     []der.Defect
}

func fail(r cert.Reason, format string, args ...any) *cert.SignatureError {
	return &cert.SignatureError{Reason: r, Detail: fmt.Sprintf(format, args...)}
}

// Verify checks the signature of the signed data. The signer's certificate is looked for in the signed data and then in others, which may be nil. With several
// signers the first whose signature is good counts.
func (d *SignedData) Verify(others *cert.Store) SignatureCheck {
	if len(d.Signers) == 0 {
		return SignatureCheck{Err: fail(NotSigned, "the signed data name no signer")}
	}
	var first *SignatureCheck
	for _, s := range d.Signers {
		c := d.verifySigner(s, others)
		if c.Err == nil {
			return c
		}
		if first == nil {
			first = &c
		}
	}
	return *first
}

func (d *SignedData) verifySigner(s *Signer, others *cert.Store) SignatureCheck {
	check := SignatureCheck{Signer: s}
	carried := s.among(d.Certificates)
	found := carried
	if len(found) == 0 && others != nil {
		found = s.among(others.All())
	}
	if len(found) == 0 {
		check.Err = fail(SignerMissing, "neither the signed data nor the trusted certificates hold it")
		return check
	}
	for _, c := range found {
		defects, err := d.verifyBy(s, c)
		if err == nil || check.Certificate == nil {
			check.Certificate, check.Carried, check.Err, check.Defects = c, len(carried) > 0, err, defects
		}
		if err == nil {
			break
		}
	}
	return check
}

// among returns the certificates that the signer names.
func (s *Signer) among(list []*cert.Certificate) []*cert.Certificate {
	var out []*cert.Certificate
	for _, c := range list {
		if s.Serial != nil && c.Serial.Cmp(s.Serial) == 0 && c.Issuer.Same(s.Issuer) || s.Serial == nil && len(s.KeyID) > 0 && c.HasKeyID(s.KeyID) {
			out = append(out, c)
		}
	}
	return out
}

// verifyBy checks, in this order: the digest of the content, the type of the content, the signature over both.
func (d *SignedData) verifyBy(s *Signer, c *cert.Certificate) ([]der.Defect, *cert.SignatureError) {
	if s.Digest == 0 || !s.Digest.Available() {
		return nil, fail(cert.AlgorithmUnsupported, "the digest algorithm %s", s.DigestOID)
	}
	var defects []der.Defect
	note := func(n der.Name, detail string) {
		defects = append(defects, der.Defect{Name: n, Offset: -1, Detail: detail})
	}
	if s.Serial != nil && !bytes.Equal(s.Issuer.Raw, c.Issuer.Raw) {
		note(SignerIDForm, "SHA-256 "+der.Digest(s.Issuer.Raw))
	}
	signed := d.Content
	if s.hasAttributes {
		if err := d.checkAttributes(s); err != nil {
			return defects, err
		}
		signed = s.attributes
	} else {
		note(AttributesMissing, "the signature is over the content itself")
	}
	more, err := s.verifyOver(c, signed)
	if err != nil && s.hasAttributes && !bytes.Equal(s.attributes, s.canonical) {
		var again *cert.SignatureError
		if more, again = s.verifyOver(c, s.canonical); again == nil {
			err = nil
			note(AttributesNotDER, "SHA-256 "+der.Digest(s.attributes))
		}
	}
	return append(defects, more...), err
}

func (d *SignedData) checkAttributes(s *Signer) *cert.SignatureError {
	switch {
	case s.fault != "":
		return fail(AttributesMalformed, "%s", s.fault)
	case s.messageDigest == nil || s.contentType == "":
		return fail(AttributesMalformed, "content type or message digest is missing")
	case s.contentType != d.ContentType:
		return fail(ContentTypeDiffers, "signed is %s, the content says %s", s.contentType, d.ContentType)
	}
	h := s.Digest.New()
	h.Write(d.Content)
	if !bytes.Equal(h.Sum(nil), s.messageDigest) {
		return fail(DigestWrong, "the content is not the one that was signed")
	}
	return nil
}

// verifyOver checks the signature itself, with the hash that its algorithm names or, where that does not do, with the digest's.
func (s *Signer) verifyOver(c *cert.Certificate, signed []byte) ([]der.Defect, *cert.SignatureError) {
	var defects []der.Defect
	note := func(n der.Name, detail string) {
		defects = append(defects, der.Defect{Name: n, Offset: -1, Detail: detail})
	}
	alg := s.Algorithm
	if alg.Scheme != "" && alg.Hash == 0 {
		note(AlgorithmWithoutHash, alg.OID)
		alg.Hash = s.Digest
	}
	more, err := c.Key.Verify(alg, signed, s.Signature)
	if err != nil && alg.Hash != s.Digest && alg.Scheme != cert.RSAPSS {
		alg.Hash = s.Digest
		if again, e := c.Key.Verify(alg, signed, s.Signature); e == nil {
			more, err = again, nil
			note(SignatureHashDiffers, s.Algorithm.String()+", made with "+s.Digest.String())
		}
	} else if err == nil && alg.Hash != s.Digest {
		note(SignatureHashMixed, s.Digest.String()+" and "+alg.Hash.String())
	}
	if err == nil && alg.Weak() {
		note(cert.WeakHash, alg.String())
	}
	return append(defects, more...), cert.AsSignatureError(err)
}
