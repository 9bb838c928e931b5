// Package emrtd proves the data of a travel document's chip against the certificates of issuing states (ICAO Doc 9303-10, -11 and -12), offline.
//
// It owns signed data and the document security object (EF.SOD), master lists and exports of ICAO's directory, and passive authentication: whether the
// data on the chip are those that the state signed, by whom, and whether that one is trusted and not revoked. It promises:
//
//   - Each check is reported apart, in the five values of BSI TR-03135. What was not checked says so, with the reason.
//   - What departs from the standards and was tolerated is a defect with a name. Nothing is passed over in silence.
//   - No clock is read: validity is asked for an instant that the caller gives.
//   - No error, defect or reason quotes the holder's data.
//
// Reading the chip itself is not part of it.
package emrtd

import (
	"fmt"

	"marz/emrtd/cert"
	"marz/emrtd/der"
)

// What nobody in the chain answers for.
const (
	CertificateUnused der.Name = "certificate-unused"     // it came along and is neither the signer's nor in its chain
	RevocationUnused  der.Name = "revocation-list-unused" // it came along; lists are taken from the caller
)

// unusedCertificates reports what came with signed data and is not covered by any signature that was checked.
func unusedCertificates(d *SignedData, signer *cert.Certificate, chain cert.Chain, trusted *cert.Store) []der.Defect {
	var out []der.Defect
	for i, c := range d.Certificates {
		used := c == signer
		if _, ok := trusted.Has(c); ok {
			used = true
		}
		for _, s := range chain.Steps {
			used = used || s.Issuer != nil && string(s.Issuer.Raw) == string(c.Raw) && s.Err == nil && chain.Trusted != nil
		}
		if !used {
			out = append(out, der.Defect{Name: CertificateUnused, In: ordinal("certificate", i), Offset: -1, Detail: "SHA-256 " + c.Fingerprint()})
		}
	}
	for i, l := range d.CRLs {
		out = append(out, der.Defect{Name: RevocationUnused, In: ordinal("revocation list", i), Offset: -1, Detail: "SHA-256 " + der.Digest(l.Raw)})
	}
	return out
}

// ordinal names the n-th thing, counted from 1 in words.
func ordinal(what string, i int) string { return fmt.Sprintf("%s %d", what, i+1) }
