package emrtd

import (
	"bytes"
	"fmt"
	"slices"

	"marz"
	"marz/emrtd/cert"
	"marz/emrtd/der"
)

// checkRevocation asks the revocation lists of the signer's issuer, and of the authorities from whose keys the issuer's was linked (BSI TR-03135-1 §5.6.4.3.5; ICAO 9303-12 §4.1.5, §6.1.2,
// §7.1.4). A list that is past its next update still revokes, and no longer clears.
func (v *inspection) checkRevocation() {
	signer, csca := v.signed.Certificate, v.chain.Trusted
	if signer == nil || csca == nil {
		v.add(CheckRevocation, marz.Undetermined, "the signer does not follow from a trusted CSCA, so that it is not known whose list to ask")
		return
	}
	lists, seen := v.reliedLists(signer, v.authorities(csca))
	for _, l := range lists {
		if rev, ok := l.Revoked(signer.Serial); ok && v.covers(l.CRL, signer.Issuer) {
			v.add(CheckRevocation, marz.Failed, "the signer's certificate was revoked at %v, reason %d", Written(rev.At), rev.Reason)
			return
		}
	}
	if result, why := v.authorityRevoked(lists, csca); result != marz.Successful {
		v.add(CheckRevocation, result, "%s", why)
		return
	}
	v.clear(lists, seen, signer)
}

// clear finds a list by which the signer is not revoked.
func (v *inspection) clear(lists []reliedList, seen int, signer *cert.Certificate) {
	cleared := ""
	for _, l := range lists {
		switch {
		case past(l.CRL, v.at):
			v.note(RevocationSkipped, l.name, "its next update is past or not said: it does not clear any more")
		case !v.covers(l.CRL, signer.Issuer):
		default:
			if result, why := v.authorityRevoked(lists, l.by); result != marz.Successful {
				v.note(RevocationSkipped, l.name, "it does not clear any more: of the key that signed it, "+why)
				continue
			}
			cleared = fmt.Sprintf("by the list of %v", Written(l.ThisUpdate))
		}
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

// reliedList is a revocation list that a trusted key signed.
type reliedList struct {
	*cert.CRL
	name string // in the report
	by   *cert.Certificate
}

// reliedLists are those that speak for the signer's issuer or for one of the authorities above it, and how many there are of the signer's issuer and its own authority.
func (v *inspection) reliedLists(signer *cert.Certificate, authorities []*cert.Certificate) (out []reliedList, seen int) {
	for i, l := range v.trust.CRLs {
		near := v.covers(l, signer.Issuer) || v.covers(l, v.chain.Trusted.Issuer)
		if !near && !slices.ContainsFunc(authorities, func(c *cert.Certificate) bool { return v.covers(l, c.Issuer) }) {
			continue
		}
		if near {
			seen++
		}
		name := ordinal("revocation list", i)
		by, why := v.relyOn(l, name)
		if why != "" {
			v.note(RevocationSkipped, name, why)
			continue
		}
		out = append(out, reliedList{l, name, by})
	}
	return out, seen
}

// authorities are the trusted certificates on which an authority's key rests: all of its name and key, and where one of them is a link, those of the key that signed the link, and so on. "Revoking the old
// certificate shall also revoke the new one" (ICAO 9303-12 §4.1.5.1).
func (v *inspection) authorities(csca *cert.Certificate) []*cert.Certificate {
	out := v.trust.CSCAs.Twins(csca)
	for i := 0; i < len(out) && len(out) < maxAuthorities; i++ {
		if by := v.trust.CSCAs.Issuer(out[i]); by.Issuer != nil && by.Unfit() == nil {
			for _, c := range v.trust.CSCAs.Twins(by.Issuer) {
				if !slices.Contains(out, c) {
					out = append(out, c)
				}
			}
		}
	}
	return out
}

// maxAuthorities bounds the way up from a key. A state that linked a dozen keys one from the other has some thirty certificates.
const maxAuthorities = 64

// authorityRevoked says whether lists name a certificate on which an authority's key rests: it failed then, and so did every key that was linked from it. Where two certificates of one name have the number that a list
// names, it cannot be told which of them is meant.
func (v *inspection) authorityRevoked(lists []reliedList, csca *cert.Certificate) (marz.Result, string) {
	result, why := marz.Successful, ""
	for _, c := range v.authorities(csca) {
		for _, l := range lists {
			rev, ok := l.Revoked(c.Serial)
			if !ok || !v.covers(l.CRL, c.Issuer) {
				continue
			}
			if n := v.namesakes(c); n > 1 {
				result, why = marz.Undetermined, fmt.Sprintf("%s revokes the number %s, which %d certificates of %q have", l.name, c.Serial.Text(16), n, c.Issuer.String())
				continue
			}
			whose := "the CSCA's certificate"
			if !sameKey(c, csca) {
				whose = fmt.Sprintf("the certificate of %q, from whose key the CSCA's was linked,", c.Subject.String())
			}
			return marz.Failed, fmt.Sprintf("%s was revoked at %v, reason %d", whose, Written(rev.At), rev.Reason)
		}
	}
	return result, why
}

// namesakes counts the trusted certificates of different keys that one issuer gave the same number.
func (v *inspection) namesakes(c *cert.Certificate) int {
	n := 1
	for _, o := range v.trust.CSCAs.All() {
		if o != c && !sameKey(o, c) && o.Serial.Cmp(c.Serial) == 0 && o.Issuer.Same(c.Issuer) {
			n++
		}
	}
	return n
}

func sameKey(a, b *cert.Certificate) bool { return bytes.Equal(a.Key.Bits, b.Key.Bits) }

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

// relyOn checks a list's signature by a trusted certificate of its issuer, and returns that one; else it says why the list cannot be relied on.
func (v *inspection) relyOn(l *cert.CRL, in string) (*cert.Certificate, string) {
	if !l.Whole() {
		return nil, "it does not speak for all certificates of its issuer"
	}
	if l.ThisUpdate.IsZero() || l.ThisUpdate.After(v.at.Time()) {
		return nil, "it is of a later time than the instant of this check"
	}
	by, defects, err := v.trust.CSCAs.SignerOf(l)
	if err != nil {
		return nil, err.Error()
	}
	v.report.Defects = append(v.report.Defects, der.Within(in, slices.Concat(l.Defects, defects))...)
	return by, ""
}

// Unrelied says of each revocation list that no trusted key has signed that it counts for nothing, and why.
func (t Trust) Unrelied() []string {
	var out []string
	for _, l := range t.CRLs {
		if _, _, err := t.CSCAs.SignerOf(l); err != nil {
			out = append(out, fmt.Sprintf("revocation list of %q of %v: %v", l.Issuer.String(), Written(l.ThisUpdate), err))
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
