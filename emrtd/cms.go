package emrtd

import (
	"bytes"
	"crypto"
	"math/big"
	"time"

	"marz"
	"marz/emrtd/cert"
	"marz/emrtd/der"
)

// What is tolerated in signed data.
const (
	CMSVersion           der.Name = "cms-version"                       // RFC 5652 §5.1, §5.3
	DigestNotAnnounced   der.Name = "digest-algorithm-not-announced"    // RFC 5652 §5.1
	DigestUnused         der.Name = "digest-algorithm-unused"           // announced, and used by no signer
	CertificateOther     der.Name = "certificate-unreadable"            // in the signed data; passed over
	RevocationOther      der.Name = "revocation-unreadable"             // in the signed data; passed over
	SeveralSigners       der.Name = "several-signers"                   // ICAO 9303-10 §4.6.2 has one; each that is not relied on is told by its digest
	SignerIDForm         der.Name = "signer-id-differs-in-form"         // the same issuer in other bytes than in the certificate
	AttributesMissing    der.Name = "signed-attributes-missing"         // RFC 5652 §5.3
	AttributesNotDER     der.Name = "signed-attributes-not-der"         // the signature is over their DER, and they stand otherwise
	AttributeUnknown     der.Name = "signed-attribute-unknown"          // signed, and not read
	UnsignedAttributes   der.Name = "unsigned-attributes"               // passed over: nobody answers for them
	AlgorithmWithoutHash der.Name = "signature-algorithm-names-no-hash" // the digest's is taken
	SignatureHashDiffers der.Name = "signature-hash-differs"            // the signature is over another hash than its algorithm names
	SignatureHashMixed   der.Name = "digest-and-signature-hash-mixed"   // two hashes where one is usual
)

// Reasons beside those of package cert.
const (
	SignerMissing       cert.Reason = "signer-certificate-missing"
	DigestWrong         cert.Reason = "message-digest-wrong"
	ContentTypeDiffers  cert.Reason = "content-type-differs"
	AttributesMalformed cert.Reason = "signed-attributes-malformed"
	NotSigned           cert.Reason = "not-signed"
)

// The bounds of one verification: every signer is tried with every certificate that it names. There is one of each.
const (
	maxSigners = 4
	maxNamed   = 4
)

const (
	oidSignedData    = "1.2.840.113549.1.7.2"
	oidContentType   = "1.2.840.113549.1.9.3"
	oidMessageDigest = "1.2.840.113549.1.9.4"
	oidSigningTime   = "1.2.840.113549.1.9.5"
)

// SignedData is the signed data of CMS (RFC 5652 §5).
type SignedData struct {
	ContentType  string // dotted
	Content      []byte
	Certificates []*cert.Certificate
	CRLs         []*cert.CRL
	Signers      []*Signer
	Defects      []der.Defect

	announced []string
}

// Signer is a SignerInfo: who signed, named by issuer and serial number or by key identifier, and what.
type Signer struct {
	Issuer      cert.Name
	Serial      *big.Int // nil where the signer is named by KeyID
	KeyID       []byte
	Digest      crypto.Hash // 0 for an unknown one
	DigestOID   string
	Algorithm   cert.Algorithm
	Signature   []byte
	SigningTime time.Time // signed, and only what the signer says; zero where it is not said

	raw           []byte
	hasAttributes bool
	attributes    []byte // the signed attributes as SET
	element       *der.Element
	contentType   string
	messageDigest []byte
	fault         string // of the signed attributes, in words
}

// readSignedData reads a ContentInfo of signed data.
func readSignedData(r *der.Reader, e *der.Element) (*SignedData, error) {
	if !e.Is(der.Universal, der.TagSequence) || !e.Constructed {
		return nil, der.Errorf(e.Offset, "signed data should begin with SEQUENCE and begins with %s", e.Name())
	}
	f := e.Fields()
	id, err := f.Must(der.Universal, der.TagOID, "the content type")
	if err != nil {
		return nil, err
	}
	if oid, err := r.OID(id); err != nil || oid != oidSignedData {
		return nil, der.Errorf(id.Offset, "it is no signed data")
	}
	wrap, err := f.Must(der.Context, 0, "the signed data")
	if err != nil {
		return nil, err
	}
	if err := f.End("the content"); err != nil {
		return nil, err
	}
	in, err := wrap.Explicit("the signed data")
	if err != nil {
		return nil, err
	}
	if !in.Is(der.Universal, der.TagSequence) {
		return nil, der.Errorf(in.Offset, "the signed data should be SEQUENCE and are %s", in.Name())
	}
	d := &SignedData{}
	if err := d.read(r, in); err != nil {
		return nil, err
	}
	d.noteDigests(r)
	return d, nil
}

func (d *SignedData) read(r *der.Reader, e *der.Element) error {
	f := e.Fields()
	version, err := f.Must(der.Universal, der.TagInteger, "the version")
	if err != nil {
		return err
	}
	if n, err := r.Integer(version); err != nil {
		return err
	} else if n.Cmp(big.NewInt(3)) != 0 {
		r.Note(CMSVersion, version.Offset, "of the signed data: "+n.String())
	}
	digests, err := f.Must(der.Universal, der.TagSet, "the digest algorithms")
	if err != nil {
		return err
	}
	for _, a := range digests.Children {
		_, oid, err := cert.ReadHash(r, a)
		if err != nil {
			return err
		}
		d.announced = append(d.announced, oid)
	}
	content, err := f.Sequence("the content")
	if err != nil {
		return err
	}
	if err := d.readContent(r, content); err != nil {
		return err
	}
	if certs := f.Maybe(der.Context, 0); certs != nil {
		d.readCertificates(r, certs)
	}
	if crls := f.Maybe(der.Context, 1); crls != nil {
		d.readCRLs(r, crls)
	}
	signers, err := f.Must(der.Universal, der.TagSet, "the signers")
	if err != nil {
		return err
	}
	if len(signers.Children) > maxSigners {
		return der.Errorf(signers.Offset, "%d signers; at most %d are read", len(signers.Children), maxSigners)
	}
	for _, s := range signers.Children {
		signer, err := readSigner(r, s)
		if err != nil {
			return err
		}
		d.Signers = append(d.Signers, signer)
	}
	return f.End("the signed data")
}

func (d *SignedData) readContent(r *der.Reader, e *der.Element) error {
	f := e.Fields()
	id, err := f.Must(der.Universal, der.TagOID, "the type of the content")
	if err != nil {
		return err
	}
	if d.ContentType, err = r.OID(id); err != nil {
		return err
	}
	wrap, err := f.Must(der.Context, 0, "the content")
	if err != nil {
		return err
	}
	in, err := wrap.Explicit("the content")
	if err != nil {
		return err
	}
	if !in.Is(der.Universal, der.TagOctetString) {
		return der.Errorf(in.Offset, "the content should be OCTET STRING and is %s", in.Name())
	}
	if d.Content, err = r.Octets(in); err != nil {
		return err
	}
	return f.End("the content")
}

// readCertificates reads the certificates that come along. One that cannot be read is a defect: it may be of no use for this signature.
func (d *SignedData) readCertificates(r *der.Reader, e *der.Element) {
	for i, item := range e.Children {
		c, err := cert.Parse(item.Raw)
		if err != nil {
			r.Note(CertificateOther, item.Offset, err.Error()+"; SHA-256 "+der.Digest(item.Raw))
			continue
		}
		d.Certificates = append(d.Certificates, c)
		for _, x := range c.Defects {
			x.In, x.Offset = ordinal("certificate", i), x.Offset+item.Offset
			d.Defects = append(d.Defects, x)
		}
	}
}

func (d *SignedData) readCRLs(r *der.Reader, e *der.Element) {
	for _, item := range e.Children {
		l, err := cert.ParseCRL(item.Raw)
		if err != nil {
			r.Note(RevocationOther, item.Offset, err.Error()+"; SHA-256 "+der.Digest(item.Raw))
			continue
		}
		d.CRLs = append(d.CRLs, l)
	}
}

// noteDigests compares the announced digest algorithms with those that signers use.
func (d *SignedData) noteDigests(r *der.Reader) {
	for _, s := range d.Signers {
		if !contains(d.announced, s.DigestOID) {
			r.Note(DigestNotAnnounced, -1, s.DigestOID)
		}
	}
	for _, a := range d.announced {
		used := false
		for _, s := range d.Signers {
			used = used || s.DigestOID == a
		}
		if !used {
			r.Note(DigestUnused, -1, a)
		}
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// readSigner reads one SignerInfo (RFC 5652 §5.3).
func readSigner(r *der.Reader, e *der.Element) (*Signer, error) {
	if !e.Is(der.Universal, der.TagSequence) || !e.Constructed {
		return nil, der.Errorf(e.Offset, "a signer should be SEQUENCE and is %s", e.Name())
	}
	s := &Signer{raw: e.Raw}
	f := e.Fields()
	version, err := f.Must(der.Universal, der.TagInteger, "the version of a signer")
	if err != nil {
		return nil, err
	}
	v, err := r.Integer(version)
	if err != nil {
		return nil, err
	}
	if s.Issuer, s.Serial, s.KeyID, err = readSignerID(r, f); err != nil {
		return nil, err
	}
	if want := int64(3 - 2*btoi(s.Serial != nil)); v.Cmp(big.NewInt(want)) != 0 {
		r.Note(CMSVersion, version.Offset, "of a signer: "+v.String())
	}
	digest, err := f.Sequence("the digest algorithm of a signer")
	if err != nil {
		return nil, err
	}
	if s.Digest, s.DigestOID, err = cert.ReadHash(r, digest); err != nil {
		return nil, err
	}
	if attrs := f.Maybe(der.Context, 0); attrs != nil {
		s.readAttributes(r, attrs)
	}
	alg, err := f.Sequence("the signature algorithm of a signer")
	if err != nil {
		return nil, err
	}
	if s.Algorithm, err = cert.ReadAlgorithm(r, alg); err != nil {
		return nil, err
	}
	sig, err := f.Must(der.Universal, der.TagOctetString, "the signature")
	if err != nil {
		return nil, err
	}
	if s.Signature, err = r.Octets(sig); err != nil {
		return nil, err
	}
	if un := f.Maybe(der.Context, 1); un != nil {
		r.Note(UnsignedAttributes, un.Offset, "SHA-256 "+der.Digest(un.Raw))
	}
	return s, f.End("a signer")
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// readSignerID reads SignerIdentifier (RFC 5652 §5.3): issuer and serial number, or a key identifier. serial is nil for the latter.
func readSignerID(r *der.Reader, f *der.Fields) (issuer cert.Name, serial *big.Int, keyID []byte, err error) {
	if id := f.Maybe(der.Context, 0); id != nil {
		if keyID, err = r.Octets(id); err == nil && len(keyID) == 0 {
			err = der.Errorf(id.Offset, "the signer's key identifier is empty")
		}
		return issuer, nil, keyID, err
	}
	id, err := f.Sequence("the signer's name")
	if err != nil {
		return issuer, nil, nil, err
	}
	issuer, serial, err = readIssuerAndSerial(r, id)
	return issuer, serial, nil, err
}

// readIssuerAndSerial reads the fields of IssuerAndSerialNumber (RFC 5652 §10.2.4).
func readIssuerAndSerial(r *der.Reader, e *der.Element) (issuer cert.Name, serial *big.Int, err error) {
	in := e.Fields()
	name, err := in.Sequence("the signer's issuer")
	if err != nil {
		return issuer, nil, err
	}
	if issuer, err = cert.ReadName(r, name); err != nil {
		return issuer, nil, err
	}
	number, err := in.Must(der.Universal, der.TagInteger, "the signer's serial number")
	if err != nil {
		return issuer, nil, err
	}
	if serial, err = r.Integer(number); err != nil {
		return issuer, nil, err
	}
	return issuer, serial, in.End("the signer's name")
}

// readAttributes reads the signed attributes. The signature is over them as a SET (RFC 5652 §5.4), whose tag differs from the one that stands here.
// What is wrong in them is kept as a fault, since the signature cannot be good then.
func (s *Signer) readAttributes(r *der.Reader, e *der.Element) {
	s.hasAttributes = true
	s.element = e.As(der.TagSet)
	s.attributes = bytes.Clone(e.Raw)
	s.attributes[0] = 0x31
	seen := map[string]bool{}
	for _, a := range e.Children {
		if !a.Is(der.Universal, der.TagSequence) || len(a.Children) != 2 || !a.Children[0].Is(der.Universal, der.TagOID) || !a.Children[1].Is(der.Universal, der.TagSet) {
			s.fault = "an attribute is no type with a set of values"
			return
		}
		oid, err := r.OID(a.Children[0])
		if err != nil || seen[oid] {
			s.fault = "an attribute stands twice or has no type"
			return
		}
		seen[oid] = true
		if !s.attribute(r, oid, a) {
			return
		}
	}
}

// attribute reads one signed attribute and reports whether to go on.
func (s *Signer) attribute(r *der.Reader, oid string, a *der.Element) bool {
	known := oid == oidContentType || oid == oidMessageDigest || oid == oidSigningTime
	if !known {
		r.Note(AttributeUnknown, a.Offset, oid)
		return true
	}
	values := a.Children[1].Children
	if len(values) != 1 {
		s.fault = "the attribute " + oid + " has not one value"
		return false
	}
	v, err := values[0], error(nil)
	switch {
	case oid == oidContentType && v.Is(der.Universal, der.TagOID):
		s.contentType, err = r.OID(v)
	case oid == oidMessageDigest && v.Is(der.Universal, der.TagOctetString):
		s.messageDigest, err = r.Octets(v)
	case oid == oidSigningTime:
		s.SigningTime, err = r.Time(v)
	default:
		s.fault = "the attribute " + oid + " is " + v.Name()
		return false
	}
	if err != nil {
		s.fault = err.Error()
	}
	return err == nil
}

// invalid makes the error of an object that cannot be read.
func invalid(op string, err error) error { return &marz.Error{Code: marz.Invalid, Op: op, Err: err} }
