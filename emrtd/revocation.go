package emrtd

import (
	"fmt"
	"slices"

	"marz"
	"marz/emrtd/cert"
	"marz/emrtd/der"
)

// checkRevocation asks the revocation lists of the signer's issuer (BSI TR-03135-1 §5.6.4.3.5; ICAO 9303-12 §6.2). A list that is past its next update still
// revokes, and no longer clears.
func (v *inspection) checkRevocation() {
	signer, csca := v.signed.Certificate, v.chain.Trusted
	if signer == nil || csca == nil {
		v.add(CheckRevocation, marz.Undetermined, "the signer does not follow from a trusted CSCA, so that it is not known whose list to ask")
		return
	}
	cleared, seen := "", 0
	for i, l := range v.trust.CRLs {
		if !l.Issuer.Same(signer.Issuer) && !l.Issuer.Same(csca.Subject) {
			continue
		}
		seen++
		why := v.relyOn(l, ordinal("revocation list", i))
		if why != "" {
			v.note(RevocationSkipped, ordinal("revocation list", i), why)
			continue
		}
		if whose, rev := revokes(l, signer, csca); whose != "" {
			v.add(CheckRevocation, marz.Failed, "%s certificate was revoked at %v, reason %d", whose, marz.InstantOf(rev.At), rev.Reason)
			return
		}
		if l.NextUpdate.IsZero() || v.at.Time().After(l.NextUpdate) {
			v.note(RevocationSkipped, ordinal("revocation list", i), "its next update is past or not said: it does not clear any more")
			continue
		}
		cleared = fmt.Sprintf("by the list of %v", marz.InstantOf(l.ThisUpdate))
	}
	switch {
	case cleared != "":
		v.add(CheckRevocation, marz.Successful, "%s", cleared)
	case seen == 0:
		v.add(CheckRevocation, marz.Undetermined, "no revocation list of the issuer was given")
	default:
		v.add(CheckRevocation, marz.Undetermined, "of %d revocation lists of the issuer none can be relied on", seen)
	}
}

// revokes says whose certificate of the two a list revokes.
func revokes(l *cert.CRL, signer, csca *cert.Certificate) (string, cert.Revocation) {
	if rev, ok := l.Revoked(signer.Serial); ok && l.Issuer.Same(signer.Issuer) {
		return "the signer's", rev
	}
	if rev, ok := l.Revoked(csca.Serial); ok && l.Issuer.Same(csca.Issuer) {
		return "the CSCA's", rev
	}
	return "", cert.Revocation{}
}

// relyOn checks a list's signature by a trusted certificate of its issuer; it returns why the list cannot be relied on.
func (v *inspection) relyOn(l *cert.CRL, in string) string {
	if !l.Whole() {
		return "it does not speak for all certificates of its issuer"
	}
	if l.ThisUpdate.IsZero() || l.ThisUpdate.After(v.at.Time()) {
		return "it is of a later time than the instant of this check"
	}
	why := "no trusted certificate of its issuer is at hand"
	candidates := slices.Clone(v.trust.CSCAs.Candidates(l.Issuer, l.KeyID))
	for _, c := range candidates {
		defects, err := l.VerifiedBy(c)
		if err == nil {
			v.report.Defects = append(v.report.Defects, der.Within(in, slices.Concat(l.Defects, defects))...)
			return ""
		}
		why = err.Error()
	}
	return why
}
