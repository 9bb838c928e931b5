package emrtd

import (
	"cmp"
	"slices"

	"marz/emrtd/cert"
	"marz/emrtd/der"
)

// EntryStatus says how a certificate of a master list stands to the others that are at hand.
type EntryStatus string

// The statuses. Whatever else a list's entry is, its list vouches for it.
const (
	SelfSigned    EntryStatus = "self-signed"       // its own key made its signature
	Linked        EntryStatus = "linked"            // another entry's key made it, of the name that it says
	LinkedRenamed EntryStatus = "linked-other-name" // another entry's key made it, whose name is not the one that it says
	Unverified    EntryStatus = "unverified"        // no key at hand made it; Err has the reason
)

// EntryCheck is one certificate's status, by which certificate, and what was tolerated.
type EntryCheck struct {
	Certificate *cert.Certificate
	Status      EntryStatus
	Issuer      *cert.Certificate // nil where none was found
	Err         *cert.SignatureError
	Defects     []der.Defect
}

// CheckEntry verifies a certificate's own signature among those at hand.
func CheckEntry(c *cert.Certificate, all *cert.Store) EntryCheck {
	check := EntryCheck{Certificate: c, Defects: c.Defects}
	if c.SelfIssued() {
		if own := c.IssuedBy(c); own.Err == nil {
			check.Status, check.Issuer = SelfSigned, c
			check.Defects = slices.Concat(c.Defects, own.Defects)
			return check
		}
	}
	i := all.Issuer(c)
	check.Issuer, check.Err = i.Issuer, i.Err
	check.Defects = slices.Concat(c.Defects, i.Defects)
	switch {
	case i.Err != nil:
		check.Status = Unverified
	case i.NameMatch:
		check.Status = Linked
	default:
		check.Status = LinkedRenamed
	}
	return check
}

// ListDifference is what changed from one master list to another, each side in the order of country and fingerprint.
type ListDifference struct {
	Added   []*cert.Certificate
	Removed []*cert.Certificate
	Same    int
}

// Difference compares two lists by the bytes of their certificates.
func Difference(a, b *MasterList) ListDifference {
	var d ListDifference
	in := func(l *MasterList) map[string]*cert.Certificate {
		m := map[string]*cert.Certificate{}
		for _, e := range l.Entries {
			m[string(e.Certificate.Raw)] = e.Certificate
		}
		return m
	}
	old, now := in(a), in(b)
	for raw, c := range old {
		if now[raw] == nil {
			d.Removed = append(d.Removed, c)
		} else {
			d.Same++
		}
	}
	for raw, c := range now {
		if old[raw] == nil {
			d.Added = append(d.Added, c)
		}
	}
	order := func(x, y *cert.Certificate) int {
		return cmp.Or(cmp.Compare(x.Subject.Country(), y.Subject.Country()), cmp.Compare(x.Fingerprint(), y.Fingerprint()))
	}
	slices.SortFunc(d.Added, order)
	slices.SortFunc(d.Removed, order)
	return d
}
