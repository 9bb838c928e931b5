package seal

import (
	"crypto"
	"fmt"
	"math/big"
	"strings"
	"time"

	"marz/emrtd/cert"
	"marz/emrtd/curve"
	"marz/emrtd/der"
)

// Result is what was found out about a seal's signature.
type Result string

// The results.
const (
	Valid         Result = "valid"          // the signature is the signer's
	Invalid       Result = "invalid"        // the signer was found, and it is not
	SignerUnknown Result = "signer-unknown" // no certificate that was given is the signer's
	SignerOther   Result = "signer-other"   // the signature is that of a given certificate, and the seal names a signer of another state
	Unsupported   Result = "unsupported"    // the signer was found, and its key or algorithm cannot be used
)

// Verdict is the result with its reasons.
type Verdict struct {
	Result  Result
	Why     string
	Signer  *cert.Certificate // by whose key it was checked
	Trusted string            // how the signer is trusted: it was given itself, or an authority that issued it
	Defects []der.Defect
}

// Verify checks a seal against certificates of signers, which are trusted as they were given. The one that the seal refers to decides. Where none is it, any of the same state may be: references were met that are no serial numbers; the defect says so. One of another state never makes a seal valid.
func (s *Seal) Verify(given []*cert.Certificate) Verdict {
	for _, c := range given {
		if s.names(c) && s.refersTo(c) {
			return s.by(c)
		}
	}
	for _, c := range given {
		v := s.by(c)
		if v.Result != Valid {
			continue
		}
		if country := c.Subject.Country(); !strings.EqualFold(country, s.Signer[:2]) && (country != "" || !strings.EqualFold(commonName(c), s.Signer[2:])) {
			v.Result, v.Why, v.Trusted = SignerOther, fmt.Sprintf("the seal names the signer %s, and its signature is that of %s", s.Signer, c.Subject), ""
			return v
		}
		v.Defects = append(v.Defects, der.Defect{Name: SignerByName, Offset: -1, Detail: s.Reference})
		return v
	}
	return Verdict{Result: SignerUnknown, Why: fmt.Sprintf("no certificate of the signer %s with the reference %s was given", s.Signer, s.Reference)}
}

// by checks the signature with one certificate.
func (s *Seal) by(c *cert.Certificate) Verdict {
	defects, err := c.Key.Verify(cert.Algorithm{Scheme: cert.ECDSAPlain, Hash: hashFor(len(s.Signature))}, s.signed, s.Signature)
	if err != nil {
		return failed(c, defects, err)
	}
	if !s.Sealed.IsZero() && (s.Sealed.Before(day(c.NotBefore)) || s.Sealed.After(c.NotAfter)) {
		defects = append(defects, der.Defect{Name: SignerExpired, Offset: -1, Detail: s.Sealed.Format("2006-01-02")})
	}
	return Verdict{Result: Valid, Signer: c, Trusted: "its certificate was given", Defects: defects}
}

// failed is the verdict on a signature that a certificate's key did not make.
func failed(c *cert.Certificate, defects []der.Defect, err error) Verdict {
	v := Verdict{Result: Invalid, Why: err.Error(), Signer: c, Defects: defects}
	if e := cert.AsSignatureError(err); e != nil && e.Reason == cert.AlgorithmUnsupported {
		v.Result = Unsupported
	}
	return v
}

func day(t time.Time) time.Time { return t.Truncate(24 * time.Hour) }

// names reports whether a certificate's subject is the seal's signer: its country and its common name (ICAO 9303-13 §3).
func (s *Seal) names(c *cert.Certificate) bool {
	return strings.EqualFold(c.Subject.Country()+commonName(c), s.Signer)
}

func commonName(c *cert.Certificate) string {
	name := ""
	for _, p := range c.Subject.Parts {
		if p.Type == "CN" {
			name = strings.TrimSpace(p.Value)
		}
	}
	return name
}

// refersTo reports whether the reference is the certificate's serial number.
func (s *Seal) refersTo(c *cert.Certificate) bool {
	n, ok := new(big.Int).SetString(s.Reference, 16)
	return ok && c.Serial != nil && n.Cmp(c.Serial) == 0
}

// hashFor is the hash of a signature of so many bytes, both its numbers, by the length of the key (ICAO 9303-13 §2.4): SHA-224 at least.
func hashFor(signature int) crypto.Hash { return curve.HashFor(max(4*signature, 224)) }
