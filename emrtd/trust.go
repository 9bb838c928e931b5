package emrtd

import (
	"fmt"
	"slices"

	"marz"
	"marz/emrtd/cert"
)

// TrustBuilder gathers what documents are checked against, from files of any kind. A certificate that is given as a file is trusted because the caller gives it. A
// master list or a defect list is taken in only when its signature leads to such a certificate; lists do not vouch for other lists. Certificates of document signers are believed in
// nothing but what their issuer's signature says.
type TrustBuilder struct {
	roots *cert.Store
	lists []namedList
	known []namedDefects
	trust Trust
	Notes []string // what was passed over, and why
}

type namedList struct {
	name     string
	list     *MasterList
	exported bool // it comes from a directory's export, among many states'
}

type namedDefects struct {
	name string
	list *DefectList
}

// NewTrustBuilder returns an empty builder.
func NewTrustBuilder() *TrustBuilder {
	return &TrustBuilder{roots: cert.NewStore(), trust: Trust{CSCAs: cert.NewStore(), Signers: cert.NewStore()}}
}

// Add takes in one file, as ReadGiven reads it.
func (b *TrustBuilder) Add(name string, content []byte) error {
	g, err := ReadGiven(name, content)
	if err != nil {
		return err
	}
	return b.AddGiven(name, g)
}

// AddGiven takes in what was read of one file. name says in notes and errors where it comes from.
func (b *TrustBuilder) AddGiven(name string, g *Given) error {
	switch g.Kind {
	case GivenMasterList:
		b.lists = append(b.lists, namedList{name, g.List, false})
	case GivenDefectList:
		b.known = append(b.known, namedDefects{name, g.Defects})
	case GivenCRL:
		b.trust.CRLs = append(b.trust.CRLs, g.CRL)
	case GivenDirectory:
		b.addDirectory(name, g.Directory)
	}
	for _, c := range g.Certificates {
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

func (b *TrustBuilder) addDirectory(name string, d *Directory) {
	for _, l := range d.Lists {
		b.lists = append(b.lists, namedList{name + ", " + l.At, l.List, true})
	}
	b.trust.CRLs = append(b.trust.CRLs, d.CRLs...)
	for _, s := range d.Signers {
		b.trust.Signers.Add(s.Certificate, name+", "+s.At)
	}
	for _, n := range d.Notes {
		b.Notes = append(b.Notes, name+n)
	}
}

// Trust returns what was gathered. It is an error when the signature of a master list or a defect list does not lead to a certificate that was given: a list that nobody vouches for would
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
	for _, n := range b.known {
		if check := n.list.Verify(b.roots); !check.Good() {
			return Trust{}, &marz.Error{Code: marz.Invalid, Op: "take in defect list", Subject: n.name, Fix: check.Why() + "; give the certificate of its root as well"}
		}
		b.trust.Defects = append(b.trust.Defects, n.list)
	}
	return b.trust, nil
}

// Sealers are the certificates by which a visible seal is proven: the trusted authorities, and of the signers those that follow from one of them.
func (t Trust) Sealers() []*cert.Certificate {
	out := slices.Clone(t.CSCAs.All())
	for _, s := range t.Signers.All() {
		if s.Chain(t.CSCAs, nil).Trusted != nil && !s.CA() {
			out = append(out, s)
		}
	}
	return out
}
