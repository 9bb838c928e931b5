package emrtd

import (
	"crypto"
	"fmt"

	"marz/emrtd/cert"
	"marz/emrtd/der"
)

// This file reads what stands in a defect list. The standard leaves open whether its tags are implicit; both are read. What names a signer or an authority has to be readable, or the whole list is not: nobody would know
// whom it is about.

// readContent reads DefectList (BSI TR-03129-2 §8.1).
func (l *DefectList) readContent(r *der.Reader) error {
	e, err := r.One()
	if err != nil {
		return err
	}
	if !e.Is(der.Universal, der.TagSequence) || !e.Constructed {
		return der.Errorf(e.Offset, "the list should be SEQUENCE and is %s", e.Name())
	}
	f := e.Fields()
	version, err := f.Must(der.Universal, der.TagInteger, "the version of the list")
	if err != nil {
		return err
	}
	if l.Version, err = r.Small(version, "the version of the list"); err != nil {
		return err
	}
	if l.Version > 2 {
		r.Note(DefectListVersion, version.Offset, fmt.Sprint(l.Version))
	}
	hash, err := f.Must(der.Universal, der.TagOID, "the hash algorithm of the list")
	if err != nil {
		return err
	}
	if l.Hash, err = readHashOID(r, hash); err != nil {
		return err
	}
	set, err := f.Must(der.Universal, der.TagSet, "the defects of the list")
	if err != nil {
		return err
	}
	for _, item := range set.Children {
		s, err := readListed(r, item)
		if err != nil {
			return err
		}
		l.Listed = append(l.Listed, s)
	}
	return f.End("the list")
}

func readHashOID(r *der.Reader, e *der.Element) (crypto.Hash, error) {
	oid, err := r.OID(e)
	return cert.HashByOID(oid), err
}

// readListed reads Defect of any version: whom it is about, the known defects, and what is said of them.
func readListed(r *der.Reader, e *der.Element) (s ListedSigner, err error) {
	if !e.Is(der.Universal, der.TagSequence) || !e.Constructed {
		return s, der.Errorf(e.Offset, "a defect should be SEQUENCE and is %s", e.Name())
	}
	f := e.Fields()
	for p := f.Peek(); p != nil && !p.Is(der.Universal, der.TagSet); p = f.Peek() {
		if err := s.readReference(r, f); err != nil {
			return s, err
		}
	}
	if s.Signer == nil && s.Authority == nil {
		return s, der.Errorf(e.Offset, "a defect does not say whose it is")
	}
	set, err := f.Must(der.Universal, der.TagSet, "the known defects")
	if err != nil {
		return s, err
	}
	for _, item := range set.Children {
		k, err := readKnownDefect(r, item)
		if err != nil {
			return s, err
		}
		s.Known = append(s.Known, k)
	}
	if text := f.Maybe(der.Universal, der.TagUTF8String); text != nil {
		if s.Description, err = r.Text(text); err != nil {
			return s, err
		}
	}
	return s, f.End("a defect")
}

// readReference reads one of what stands before the known defects: the signer by SignerIdentifier and hash of version 1, or a reference of version 3, whose parts have tags of their own.
func (s *ListedSigner) readReference(r *der.Reader, f *der.Fields) error {
	p := f.Peek()
	switch {
	case p.Is(der.Universal, der.TagOctetString):
		hash, err := r.Octets(f.Next())
		if err == nil {
			s.signer().Hash = hash
		}
		return err
	case p.Is(der.Universal, der.TagSequence) && len(p.Children) > 0 && p.Children[0].Class == der.Context:
		if s.Authority == nil && (s.Signer != nil || namesAuthority(p)) {
			return s.readAuthority(r, f.Next())
		}
		return s.readSigner(r, f.Next())
	}
	issuer, serial, keyID, err := readSignerID(r, f)
	if err == nil {
		x := s.signer()
		x.Issuer, x.Serial, x.KeyID = issuer, serial, keyID
	}
	return err
}

func (s *ListedSigner) signer() *SignerReference {
	if s.Signer == nil {
		s.Signer = &SignerReference{}
	}
	return s.Signer
}

// namesAuthority tells CaCertificateReference from SignerCertificateReference, which have the same tags: [0] holds a Name, whose parts are sets, and not a name with a number; [1] an AuthorityKeyIdentifier, and not octets.
func namesAuthority(e *der.Element) bool {
	c := e.Children[0]
	switch {
	case c.Is(der.Context, 0) && len(c.Children) == 1:
		in := c.Children[0]
		return len(in.Children) > 0 && in.Children[0].Is(der.Universal, der.TagSet)
	case c.Is(der.Context, 1):
		return c.Constructed && len(c.Children) > 0 && !c.Children[0].Is(der.Universal, der.TagOctetString)
	}
	return false
}

// readSigner reads SignerCertificateReference. A signerReference [2] is of seals and names no certificate here.
func (s *ListedSigner) readSigner(r *der.Reader, e *der.Element) (err error) {
	x := s.signer()
	for _, c := range e.Children {
		if c.Class != der.Context {
			return der.Errorf(c.Offset, "a reference to a signer has %s", c.Name())
		}
		switch c.Tag {
		case 0:
			in := c
			if len(c.Children) == 1 {
				in = c.Children[0]
			}
			x.Issuer, x.Serial, err = readIssuerAndSerial(r, in)
		case 1:
			x.KeyID, err = r.Octets(bare(c))
		case 2:
		case 3:
			x.Hash, err = r.Octets(bare(c))
		default:
			err = der.Errorf(c.Offset, "a reference to a signer has %s", c.Name())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readAuthority reads CaCertificateReference.
func (s *ListedSigner) readAuthority(r *der.Reader, e *der.Element) error {
	s.Authority = &AuthorityReference{}
	for _, c := range e.Children {
		switch {
		case c.Is(der.Context, 0) && len(c.Children) == 1:
			name, err := cert.ReadName(r, c.Children[0])
			if err != nil {
				return err
			}
			s.Authority.Name = &name
		case c.Is(der.Context, 1) && c.Constructed:
			parts := c.Children
			if len(parts) == 1 && parts[0].Is(der.Universal, der.TagSequence) {
				parts = parts[0].Children
			}
			for _, p := range parts {
				if p.Is(der.Context, 0) {
					id, err := r.Octets(p)
					if err != nil {
						return err
					}
					s.Authority.KeyID = id
				}
			}
		default:
			return der.Errorf(c.Offset, "a reference to an authority has %s", c.Name())
		}
	}
	return nil
}

// bare is what an explicit tag holds, or the element itself where its tag is implicit.
func bare(e *der.Element) *der.Element {
	if e.Constructed && len(e.Children) == 1 {
		return e.Children[0]
	}
	return e
}

// readKnownDefect reads VersionedKnownDefect: KnownDefect, or [0] KnownDefectV2, whose parameters and description have tags.
func readKnownDefect(r *der.Reader, e *der.Element) (k KnownDefect, err error) {
	second := e.Is(der.Context, 0)
	if second && len(e.Children) == 1 && e.Children[0].Is(der.Universal, der.TagSequence) {
		e = e.Children[0]
	} else if !second && !e.Is(der.Universal, der.TagSequence) || !e.Constructed {
		return k, der.Errorf(e.Offset, "a known defect should be SEQUENCE and is %s", e.Name())
	}
	f := e.Fields()
	id, err := f.Must(der.Universal, der.TagOID, "the kind of a defect")
	if err != nil {
		return k, err
	}
	if k.Defect, err = r.OID(id); err != nil {
		return k, err
	}
	if name := defectNames[bareDefect(k.Defect)]; name != "" {
		k.Defect = name
	}
	p := f.Next()
	if second {
		p = k.readTagged(r, f, p)
	}
	if p != nil && !k.readParameters(r, p) {
		r.Note(DefectParameterUnread, p.Offset, k.Defect)
	}
	return k, f.End("a known defect")
}

// readTagged takes the parameters out of their tag and reads the description; it returns the parameters, nil where there are none.
func (k *KnownDefect) readTagged(r *der.Reader, f *der.Fields, p *der.Element) *der.Element {
	var parameters *der.Element
	if p.Is(der.Context, 0) && len(p.Children) == 1 {
		parameters, p = p.Children[0], f.Next()
	}
	if p.Is(der.Context, 1) {
		if text, err := r.Text(bare(p).As(der.TagUTF8String)); err == nil {
			k.Description = text
			return parameters
		}
	}
	if p != nil {
		r.Note(DefectParameterUnread, p.Offset, k.Defect)
	}
	return parameters
}

// readParameters reads what comes with a defect, and reports whether it could. What is given in the place of something malformed, certificates above all, is not taken.
func (k *KnownDefect) readParameters(r *der.Reader, p *der.Element) bool {
	switch k.Defect {
	case SignerRevoked, ProtocolFails, ValidityWrong, ObjectInvalid, SignerMalformed:
		if !p.Is(der.Universal, der.TagEnumerated) {
			return false
		}
		n, err := r.Small(p.As(der.TagInteger), "the code of a defect")
		k.Code = n
		return err == nil
	case GroupMalformed, IdentityGroup, IdentityMissing:
		if !p.Is(der.Universal, der.TagSet) {
			return false
		}
		for _, c := range p.Children {
			n, err := r.Small(c, "the number of a data group")
			if err != nil {
				return false
			}
			k.Groups = append(k.Groups, n)
		}
		return true
	}
	return k.takesParameters()
}

// takesParameters: what comes with these is not needed to say what is wrong.
func (k *KnownDefect) takesParameters() bool {
	switch k.Defect {
	case SignerReplaced, COMDiffers, SignerIDWrong, CountryWrong, NameWrong, CardSecurityBad, CertMalformed:
		return true
	}
	return false
}
