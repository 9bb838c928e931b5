package emrtd

import (
	"fmt"
	"slices"

	"marz"
	"marz/emrtd/cert"
	"marz/emrtd/der"
)

// checkRevocation asks the revocation lists of the signer's issuer (BSI TR-03135-1 §5.6.4.3.5; ICAO 9303-12 §6.1.2, §7.1.4). A list that is past its next update still
// revokes, and no longer clears.
func (v *inspection) checkRevocation() {
	signer, csca := v.signed.Certificate, v.chain.Trusted
	if signer == nil || csca == nil {
		v.add(CheckRevocation, marz.Undetermined, "the signer does not follow from a trusted CSCA, so that it is not known whose list to ask")
		return
	}
	cleared, seen := "", 0
	for i, l := range v.trust.CRLs {
		if !v.covers(l, signer.Issuer) && !v.covers(l, csca.Issuer) {
			continue
		}
		seen++
		why := v.relyOn(l, ordinal("revocation list", i))
		if why != "" {
			v.note(RevocationSkipped, ordinal("revocation list", i), why)
			continue
		}
		if whose, rev := v.revokes(l, signer, csca); whose != "" {
			v.add(CheckRevocation, marz.Failed, "%s certificate was revoked at %v, reason %d", whose, Written(rev.At), rev.Reason)
			return
		}
		if past(l, v.at) {
			v.note(RevocationSkipped, ordinal("revocation list", i), "its next update is past or not said: it does not clear any more")
			continue
		}
		if !v.covers(l, signer.Issuer) {
			continue
		}
		cleared = fmt.Sprintf("by the list of %v", Written(l.ThisUpdate))
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

// covers reports whether a list speaks for the certificates of an issuer: it is of the same name, or of the name that the issuer took later, as a trusted link from the
// old name to the new one says (ICAO 9303-12 §7.1.4 note 1 goes by the country alone; some states have more than one authority).
func (v *inspection) covers(l *cert.CRL, issuer cert.Name) bool {
	if l.Issuer.Same(issuer) {
		return true
	}
	for _, link := range v.trust.CSCAs.ByName(l.Issuer) {
		if link.Issuer.Same(issuer) {
			return true
		}
	}
	return false
}

// revokes says whose certificate of the two a list revokes.
func (v *inspection) revokes(l *cert.CRL, signer, csca *cert.Certificate) (string, cert.Revocation) {
	if rev, ok := l.Revoked(signer.Serial); ok && v.covers(l, signer.Issuer) {
		return "the signer's", rev
	}
	if rev, ok := l.Revoked(csca.Serial); ok && v.covers(l, csca.Issuer) {
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
	defects, why := v.trust.signedBy(l)
	if why == "" {
		v.report.Defects = append(v.report.Defects, der.Within(in, slices.Concat(l.Defects, defects))...)
	}
	return why
}

// Unrelied says of each revocation list that no trusted key has signed that it counts for nothing, and why.
func (t Trust) Unrelied() []string {
	var out []string
	for _, l := range t.CRLs {
		if _, why := t.signedBy(l); why != "" {
			out = append(out, fmt.Sprintf("revocation list of %q of %v: %s", l.Issuer.String(), Written(l.ThisUpdate), why))
		}
	}
	return out
}

// Stale says of each issuer, whose newest revocation list is past its next update at an instant, that its certificates cannot be cleared any more.
func (t Trust) Stale(at marz.Instant) []string {
	var out []string
	for _, l := range t.CRLs {
		if !past(l, at) || slices.ContainsFunc(t.CRLs, func(o *cert.CRL) bool { return o.Issuer.Same(l.Issuer) && !past(o, at) }) {
			continue
		}
		next := "it says no next update"
		if !l.NextUpdate.IsZero() {
			next = fmt.Sprintf("its next update was due at %v", Written(l.NextUpdate))
		}
		out = append(out, fmt.Sprintf("revocation list of %q of %v: %s; it revokes, and clears nobody any more", l.Issuer.String(), Written(l.ThisUpdate), next))
	}
	return out
}

// past reports whether a list is past its next update, or says none.
func past(l *cert.CRL, at marz.Instant) bool {
	return l.NextUpdate.IsZero() || at.Time().After(l.NextUpdate)
}

// signedBy checks a list's signature by the trusted certificates of its issuer: the defects of what was tolerated, or why none of them made it.
func (t Trust) signedBy(l *cert.CRL) ([]der.Defect, string) {
	why := "no trusted certificate of its issuer is at hand"
	for _, c := range t.CSCAs.Candidates(l.Issuer, l.KeyID) {
		defects, err := l.VerifiedBy(c)
		if err == nil {
			return defects, ""
		}
		why = err.Error()
	}
	return nil, why
}
