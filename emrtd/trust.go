package emrtd

import (
	"bytes"
	"fmt"

	"marz"
	"marz/emrtd/cert"
	"marz/emrtd/der"
)

// TrustBuilder gathers what documents are checked against, from files of any kind. A certificate that is given as a file is trusted because the caller gives it. A
// master list is taken in only when its signature leads to such a certificate; lists do not vouch for other lists. Certificates of document signers are believed in
// nothing but what their issuer's signature says.
type TrustBuilder struct {
	roots *cert.Store
	lists []namedList
	trust Trust
	Notes []string // what was passed over, and why
}

type namedList struct {
	name     string
	list     *MasterList
	exported bool // it comes from a directory's export, among many states'
}

// NewTrustBuilder returns an empty builder.
func NewTrustBuilder() *TrustBuilder {
	return &TrustBuilder{roots: cert.NewStore(), trust: Trust{CSCAs: cert.NewStore(), Signers: cert.NewStore()}}
}

// Add takes in one file: a certificate in DER or PEM, a master list, a revocation list, or an export of ICAO's directory in LDIF.
func (b *TrustBuilder) Add(name string, content []byte) error {
	if isLDIF(content) {
		return b.addLDIF(name, content)
	}
	if bytes.Contains(content[:min(len(content), 64)], der.OID(oidSignedData)) {
		l, err := ParseMasterList(content)
		if err != nil {
			return &marz.Error{Code: marz.Invalid, Op: "read trust", Subject: name, Fix: "it is signed data and no master list that can be read", Err: err}
		}
		b.lists = append(b.lists, namedList{name, l, false})
		return nil
	}
	if l, err := cert.ParseCRL(content); err == nil {
		b.trust.CRLs = append(b.trust.CRLs, l)
		return nil
	}
	list, err := cert.ParseFile(content)
	if err != nil {
		return &marz.Error{Code: marz.Invalid, Op: "read trust", Subject: name, Fix: "it is no certificate, master list, revocation list or LDIF export that can be read", Err: err}
	}
	for _, c := range list {
		if err := b.addRoot(name, c); err != nil {
			return err
		}
	}
	return nil
}

// addRoot takes in a certificate that the caller gives. One that says that its own key signed it is refused when that is not so: the file is damaged or worse. One that
// another key signed is believed as it stands, with a note.
func (b *TrustBuilder) addRoot(name string, c *cert.Certificate) error {
	b.roots.Add(c, name)
	if !c.SelfIssued() {
		b.Notes = append(b.Notes, name+": signed by another authority; believed as it stands")
		return nil
	}
	own := c.IssuedBy(c)
	switch {
	case own.Err == nil:
	case own.KeyIDMatch:
		return &marz.Error{Code: marz.Invalid, Op: "read trust", Subject: name, Fix: "its own signature is not good; get the certificate anew", Err: own.Err}
	default:
		b.Notes = append(b.Notes, name+": signed by another key of the same authority; believed as it stands")
	}
	return nil
}

// isLDIF tells text of an export from the binary forms, all of which begin with a SEQUENCE, and from PEM.
func isLDIF(b []byte) bool {
	head := b[:min(len(b), 4096)]
	return len(b) > 0 && b[0] != 0x30 && (bytes.HasPrefix(head, []byte("dn:")) || bytes.HasPrefix(head, []byte("version:")) || bytes.Contains(head, []byte("\ndn:")))
}

func (b *TrustBuilder) addLDIF(name string, content []byte) error {
	for e, err := range ReadLDIF(bytes.NewReader(content)) {
		if err != nil {
			b.Notes = append(b.Notes, name+": "+err.Error())
			continue
		}
		at := fmt.Sprintf("%s, line %d", name, e.Line)
		for _, v := range e.Values("pkdmasterlistcontent") {
			l, err := ParseMasterList(v)
			b.keep(at, err, func() { b.lists = append(b.lists, namedList{at, l, true}) })
		}
		for _, v := range e.Values("certificaterevocationlist") {
			l, err := cert.ParseCRL(v)
			b.keep(at, err, func() { b.trust.CRLs = append(b.trust.CRLs, l) })
		}
		for _, v := range e.Values("usercertificate") {
			c, err := cert.Parse(v)
			b.keep(at, err, func() { b.trust.Signers.Add(c, at) })
		}
	}
	return nil
}

func (b *TrustBuilder) keep(at string, err error, add func()) {
	if err != nil {
		b.Notes = append(b.Notes, at+": "+err.Error())
		return
	}
	add()
}

// Trust returns what was gathered. It is an error when a master list's signature does not lead to a certificate that was given: a list that nobody vouches for would
// be worse than none. Lists out of an export, of which there are many states', are passed over with a note instead.
func (b *TrustBuilder) Trust() (Trust, error) {
	for _, c := range b.roots.All() {
		for _, from := range b.roots.From(c) {
			b.trust.CSCAs.Add(c, from)
		}
	}
	for _, n := range b.lists {
		check := n.list.Verify(b.roots)
		if !check.Good() {
			err := &marz.Error{Code: marz.Invalid, Op: "take in master list", Subject: n.name, Fix: check.Why() + "; give the certificate of its root as well"}
			if !n.exported {
				return Trust{}, err
			}
			b.Notes = append(b.Notes, err.Error())
			continue
		}
		for _, e := range n.list.Entries {
			b.trust.CSCAs.Add(e.Certificate, n.name)
		}
		for _, e := range n.list.Unreadable {
			b.Notes = append(b.Notes, fmt.Sprintf("%s: the certificate at byte %d of the list cannot be read: %v", n.name, e.Offset, e.Err))
		}
	}
	return b.trust, nil
}

// Why says in words why a list is not to be relied on, "" where it is.
func (c ListCheck) Why() string {
	switch {
	case c.Signature.Err != nil:
		return c.Signature.Err.Error()
	case c.Chain.Trusted == nil:
		return c.Chain.Err().Error()
	case !c.Purpose:
		return "its signer's certificate is not one for master lists"
	}
	return ""
}
