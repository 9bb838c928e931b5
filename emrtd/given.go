package emrtd

import (
	"bytes"
	"strings"
	"time"

	"marz"
	"marz/emrtd/cert"
	"marz/emrtd/der"
)

// GivenKind is what a file that is given to be trusted holds.
type GivenKind string

// The kinds.
const (
	GivenCertificates GivenKind = "certificates"    // in DER or PEM
	GivenMasterList   GivenKind = "master-list"     // signed data
	GivenCRL          GivenKind = "revocation-list" // in DER or PEM
	GivenDefectList   GivenKind = "defect-list"     // signed data
	GivenDirectory    GivenKind = "directory"       // an export of ICAO's directory, LDIF
)

// Given is one file that is given to be trusted, as it was read. Nothing of it is verified.
type Given struct {
	Kind         GivenKind
	Certificates []*cert.Certificate
	List         *MasterList
	Defects      *DefectList
	CRL          *cert.CRL
	Directory    *Directory
}

// ReadGiven reads one file: certificates in DER or PEM, a master list, a defect list, a revocation list, or an export of ICAO's directory in LDIF. name is the file's in errors.
func ReadGiven(name string, content []byte) (*Given, error) {
	switch {
	case isLDIF(content):
		return &Given{Kind: GivenDirectory, Directory: readDirectory(content)}, nil
	case bytes.Contains(content[:min(len(content), 64)], der.OID(oidSignedData)):
		return readGivenList(name, content)
	}
	if l, err := cert.ParseCRL(content); err == nil {
		return &Given{Kind: GivenCRL, CRL: l}, nil
	}
	list, err := cert.ParseFile(content)
	if err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read trust", Subject: name, Fix: "it is no certificate, master list, defect list, revocation list or LDIF export that can be read", Err: err}
	}
	return &Given{Kind: GivenCertificates, Certificates: list}, nil
}

// readGivenList reads signed data: a defect list when it says so, else a master list.
func readGivenList(name string, content []byte) (*Given, error) {
	bad := func(err error) error {
		return &marz.Error{Code: marz.Invalid, Op: "read trust", Subject: name, Fix: "it is signed data and no master list or defect list that can be read", Err: err}
	}
	if bytes.Contains(content[:min(len(content), 256)], der.OID(oidDefectList)) {
		l, err := ParseDefectList(content)
		if err != nil {
			return nil, bad(err)
		}
		return &Given{Kind: GivenDefectList, Defects: l}, nil
	}
	l, err := ParseMasterList(content)
	if err != nil {
		return nil, bad(err)
	}
	return &Given{Kind: GivenMasterList, List: l}, nil
}

// Of says whose a file is: what it names as its issuer or signer, so that a newer one of the same can take its place. Certificates are nobody's but their own: "".
func (g *Given) Of() string {
	switch g.Kind {
	case GivenMasterList:
		return g.List.Signed.country()
	case GivenDefectList:
		return g.Defects.Signed.country()
	case GivenCRL:
		return strings.TrimSuffix(g.CRL.Issuer.String()+", key "+cert.Hex(g.CRL.KeyID), ", key ")
	case GivenDirectory:
		return g.Directory.of()
	}
	return ""
}

// Signed is when a file was signed, by its signer's word: a list's time of signing, a revocation list's time of issue, of an export the newest of them. Zero where
// nothing says it.
func (g *Given) Signed() time.Time {
	switch g.Kind {
	case GivenMasterList:
		return g.List.SignedAt()
	case GivenDefectList:
		return g.Defects.Signed.signedAt()
	case GivenCRL:
		return g.CRL.ThisUpdate
	case GivenDirectory:
		return g.Directory.newest()
	}
	return time.Time{}
}

// country is that of the signer, by its name in the signed data or by its certificate.
func (d *SignedData) country() string {
	for _, s := range d.Signers {
		if c := s.Issuer.Country(); c != "" {
			return c
		}
		for _, c := range s.among(d.Certificates) {
			return c.Issuer.Country()
		}
	}
	return ""
}
