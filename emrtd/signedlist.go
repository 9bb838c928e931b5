package emrtd

import (
	"fmt"
	"slices"
	"time"

	"marz/emrtd/cert"
	"marz/emrtd/der"
)

// readSignedList reads signed data whose content is a list of one type; what is that type in words. The content itself is the caller's to read.
func readSignedList(op string, raw []byte, oid, what string) (*SignedData, []der.Defect, error) {
	r := der.NewReader(raw, 0)
	e, err := r.One()
	if err != nil {
		return nil, nil, invalid(op, err)
	}
	d, err := readSignedData(r, e)
	if err != nil {
		return nil, nil, invalid(op, err)
	}
	if d.ContentType != oid {
		return nil, nil, invalid(op, fmt.Errorf("its content is %s, no %s", d.ContentType, what))
	}
	return d, slices.Concat(der.Within("signed data", r.All()), der.Within("signed data", d.Defects)), nil
}

// ListCheck says what a list's own signature is worth.
type ListCheck struct {
	Signature SignatureCheck
	Chain     cert.Chain // from the list's signer to a root that the caller trusts
	Purpose   bool       // the signer's certificate is one for such lists
	Defects   []der.Defect
}

// Good reports whether the list is signed by whom the caller trusts for lists.
func (c ListCheck) Good() bool { return c.Signature.Err == nil && c.Chain.Trusted != nil && c.Purpose }

// Why says in words why a list is not to be relied on, "" where it is.
func (c ListCheck) Why() string {
	switch {
	case c.Signature.Err != nil:
		return c.Signature.Err.Error()
	case c.Chain.Trusted == nil:
		return c.Chain.Err().Error()
	case !c.Purpose:
		return "its signer's certificate is not one for such lists"
	}
	return ""
}

// verifyList checks the signature of a list with the defects that were found in reading it, and the way from its signer to one of the roots. Whether the signer may sign such lists is for the caller to add.
func verifyList(d *SignedData, defects []der.Defect, roots *cert.Store) ListCheck {
	check := ListCheck{Signature: d.Verify(nil)}
	check.Defects = append(slices.Clone(defects), der.Within("signature", check.Signature.Defects)...)
	signer := check.Signature.Certificate
	if signer == nil {
		return check
	}
	bag := cert.NewStore()
	for _, c := range d.Certificates {
		bag.Add(c, "signed data")
	}
	check.Chain = signer.Chain(roots, bag)
	for _, s := range check.Chain.Steps {
		check.Defects = append(check.Defects, der.Within("chain", s.Defects)...)
	}
	if at := d.signedAt(); !at.IsZero() {
		if valid, known := signer.ValidAt(at); !valid || !known {
			check.Defects = append(check.Defects, der.Defect{Name: SignedOutside, In: "signer's certificate", Offset: -1})
		}
	}
	check.Defects = append(check.Defects, unusedCertificates(d, signer, check.Chain, roots)...)
	return check
}

// signedAt is the time that the signer of signed data says, zero where it says none.
func (d *SignedData) signedAt() time.Time {
	if len(d.Signers) == 0 {
		return time.Time{}
	}
	return d.Signers[0].SigningTime
}
