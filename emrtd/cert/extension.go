package cert

import (
	"encoding/hex"
	"math/big"
	"strings"
	"time"

	"marz/emrtd/der"
)

// Extensions are what a certificate's extensions say (RFC 5280 §4.2; ICAO 9303-12 §7.1.1). What is absent is nil or empty.
type Extensions struct {
	Usage         []string  // key usages in the order of their bits, for example "keyCertSign"
	HasUsage      bool      // there is a key usage extension
	UsageCritical bool      // and it is critical, as it has to be
	Basic         *Basic    //
	SubjectKeyID  []byte    //
	AuthorityID   Authority //
	UsageFrom     time.Time // private key usage period; zero where it has none
	UsageUntil    time.Time //
	NameChange    bool      // ICAO 9303-12 §7.1.1.5: the CSCA took another name
	DocumentTypes []string  // of the MRZ, for which the signer may sign, ICAO 9303-12 §7.1.1.6
	CRLAddresses  []string  // where revocation lists are said to be
	Purposes      []string  // extended key usage, dotted
	Others        []string  // extensions that are not read, dotted
	Critical      []string  // those of them that are critical
}

// Basic is BasicConstraints. PathLen is -1 where it is not limited.
type Basic struct {
	CA      bool
	PathLen int
}

// Authority is an AuthorityKeyIdentifier.
type Authority struct {
	KeyID  []byte
	Serial *big.Int // nil where it has none
}

// MasterListSigner is the extended key usage of whoever signs master lists (ICAO 9303-12 §7.1.1.3).
const MasterListSigner = "2.23.136.1.1.3"

// DefectListSigner is the extended key usage of whoever signs defect lists (BSI TR-03129-2 §8.2).
const DefectListSigner = "0.4.0.127.0.7.3.11.2.1.2"

const oidUsage = "2.5.29.15"

type extensionReader func(*Extensions, *der.Reader, *der.Element) error

var extensionReaders = map[string]extensionReader{
	oidUsage:           (*Extensions).readUsage,
	"2.5.29.19":        (*Extensions).readBasic,
	"2.5.29.14":        (*Extensions).readSubjectKeyID,
	"2.5.29.35":        (*Extensions).readAuthority,
	"2.5.29.16":        (*Extensions).readPeriod,
	"2.23.136.1.1.6.1": (*Extensions).readNameChange,
	"2.23.136.1.1.6.2": (*Extensions).readDocumentTypes,
	"2.5.29.31":        (*Extensions).readCRLPoints,
	"2.5.29.37":        (*Extensions).readPurposes,
}

// understood are extensions that change nothing in what is checked here: alternative names and policies.
var understood = map[string]bool{"2.5.29.17": true, "2.5.29.18": true, "2.5.29.32": true}

// extension is one of a list of them.
type extension struct {
	oid      string
	critical bool
	value    *der.Element // OCTET STRING
}

// readList reads an explicitly tagged SEQUENCE of extensions.
func readList(r *der.Reader, e *der.Element) ([]extension, error) {
	in, err := e.Explicit("the extensions")
	if err != nil {
		return nil, err
	}
	if !in.Is(der.Universal, der.TagSequence) {
		return nil, der.Errorf(in.Offset, "the extensions should be SEQUENCE and are %s", in.Name())
	}
	return readExtensionItems(r, in)
}

func readExtensionItems(r *der.Reader, in *der.Element) ([]extension, error) {
	var out []extension
	seen := map[string]bool{}
	for _, item := range in.Children {
		x, err := readExtension(r, item)
		if err != nil {
			return nil, err
		}
		if seen[x.oid] {
			r.Note(ExtensionTwice, item.Offset, x.oid)
			continue
		}
		seen[x.oid] = true
		out = append(out, x)
	}
	return out, nil
}

func readExtension(r *der.Reader, item *der.Element) (x extension, err error) {
	if !item.Is(der.Universal, der.TagSequence) || !item.Constructed {
		return x, der.Errorf(item.Offset, "an extension should be SEQUENCE and is %s", item.Name())
	}
	f := item.Fields()
	id, err := f.Must(der.Universal, der.TagOID, "an extension's kind")
	if err != nil {
		return x, err
	}
	if x.oid, err = r.OID(id); err != nil {
		return x, err
	}
	if b := f.Maybe(der.Universal, der.TagBoolean); b != nil {
		if x.critical, err = r.Bool(b); err != nil {
			return x, err
		}
		if !x.critical {
			r.Note(der.DefaultEncoded, b.Offset, "")
		}
	}
	if x.value, err = f.Must(der.Universal, der.TagOctetString, "an extension's content"); err != nil {
		return x, err
	}
	return x, f.End("an extension")
}

func (c *Certificate) readExtensions(r *der.Reader, e *der.Element) error {
	list, err := readList(r, e)
	if err != nil {
		return err
	}
	for _, x := range list {
		read, ok := extensionReaders[x.oid]
		if !ok {
			c.Others = append(c.Others, x.oid)
			if x.critical && !understood[x.oid] {
				c.Critical = append(c.Critical, x.oid)
				r.Note(ExtensionUnknown, x.value.Offset, x.oid)
			}
			continue
		}
		if x.oid == oidUsage {
			c.UsageCritical = x.critical
		}
		readContent(r, x, func(in *der.Reader, e *der.Element) error { return read(&c.Extensions, in, e) })
	}
	return nil
}

// readContent reads what is within an extension. What cannot be read is a defect.
func readContent(r *der.Reader, x extension, read func(*der.Reader, *der.Element) error) {
	content, err := r.Octets(x.value)
	if err == nil {
		in := der.NewReader(content, x.value.Offset+len(x.value.Raw)-len(x.value.Content))
		var e *der.Element
		if e, err = in.One(); err == nil {
			err = read(in, e)
		}
		for _, d := range in.All() {
			r.Note(d.Name, d.Offset, d.Detail)
		}
	}
	if err != nil {
		r.Note(ExtensionUnreadable, x.value.Offset, x.oid+": "+err.Error())
	}
}

var usages = []string{"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"}

func (x *Extensions) readUsage(r *der.Reader, e *der.Element) error {
	if !e.Is(der.Universal, der.TagBitString) {
		return der.Errorf(e.Offset, "key usage is %s", e.Name())
	}
	b, _, err := r.Bits(e)
	if err != nil {
		return err
	}
	x.HasUsage = true
	for i, name := range usages {
		if i/8 < len(b) && b[i/8]&(0x80>>(i%8)) != 0 {
			x.Usage = append(x.Usage, name)
		}
	}
	return nil
}

// May reports whether the key usages have this one; true where the certificate has no such extension.
func (x *Extensions) May(usage string) bool {
	for _, u := range x.Usage {
		if u == usage {
			return true
		}
	}
	return !x.HasUsage
}

func (x *Extensions) readBasic(r *der.Reader, e *der.Element) (err error) {
	if !e.Is(der.Universal, der.TagSequence) || !e.Constructed {
		return der.Errorf(e.Offset, "basic constraints are %s", e.Name())
	}
	b := &Basic{PathLen: -1}
	f := e.Fields()
	if ca := f.Maybe(der.Universal, der.TagBoolean); ca != nil {
		if b.CA, err = r.Bool(ca); err != nil {
			return err
		}
		if !b.CA {
			r.Note(der.DefaultEncoded, ca.Offset, "")
		}
	}
	if n := f.Maybe(der.Universal, der.TagInteger); n != nil {
		if b.PathLen, err = r.Small(n, "the length of the path"); err != nil {
			return err
		}
	}
	x.Basic = b
	return f.End("basic constraints")
}

func (x *Extensions) readSubjectKeyID(r *der.Reader, e *der.Element) (err error) {
	if !e.Is(der.Universal, der.TagOctetString) {
		return der.Errorf(e.Offset, "a key identifier is %s", e.Name())
	}
	x.SubjectKeyID, err = r.Octets(e)
	return err
}

func (x *Extensions) readAuthority(r *der.Reader, e *der.Element) (err error) {
	if !e.Is(der.Universal, der.TagSequence) || !e.Constructed {
		return der.Errorf(e.Offset, "an authority's key identifier is %s", e.Name())
	}
	f := e.Fields()
	if id := f.Maybe(der.Context, 0); id != nil {
		if x.AuthorityID.KeyID, err = r.Octets(id); err != nil {
			return err
		}
	}
	f.Maybe(der.Context, 1)
	if n := f.Maybe(der.Context, 2); n != nil {
		if x.AuthorityID.Serial, err = r.Integer(n.As(der.TagInteger)); err != nil {
			return err
		}
	}
	return f.End("an authority's key identifier")
}

// readPeriod reads PrivateKeyUsagePeriod (RFC 3280 §4.2.1.4), its times with an implicit tag.
func (x *Extensions) readPeriod(r *der.Reader, e *der.Element) (err error) {
	if !e.Is(der.Universal, der.TagSequence) || !e.Constructed {
		return der.Errorf(e.Offset, "a private key usage period is %s", e.Name())
	}
	f := e.Fields()
	for tag, to := range []*time.Time{&x.UsageFrom, &x.UsageUntil} {
		t := f.Maybe(der.Context, tag)
		if t == nil {
			continue
		}
		if *to, err = r.Time(t.As(der.TagGeneralizedTime)); err != nil {
			return err
		}
	}
	return f.End("a private key usage period")
}

func (x *Extensions) readNameChange(r *der.Reader, e *der.Element) error {
	x.NameChange = true
	return r.Null(e)
}

// MaySign reports whether the signer may sign documents of a kind, by its code in the zone: one letter stands for every kind that begins with it (ICAO 9303-12
// §7.1.1.6). True where the certificate has no list.
func (x *Extensions) MaySign(code string) bool {
	for _, t := range x.DocumentTypes {
		if t == code || len(t) == 1 && strings.HasPrefix(code, t) {
			return true
		}
	}
	return len(x.DocumentTypes) == 0
}

// readDocumentTypes reads DocumentTypeListSyntax: a version, and a SET of PrintableString.
func (x *Extensions) readDocumentTypes(r *der.Reader, e *der.Element) error {
	if !e.Is(der.Universal, der.TagSequence) || !e.Constructed {
		return der.Errorf(e.Offset, "a list of document types is %s", e.Name())
	}
	f := e.Fields()
	if _, err := f.Must(der.Universal, der.TagInteger, "the version of the document types"); err != nil {
		return err
	}
	set, err := f.Must(der.Universal, der.TagSet, "the document types")
	if err != nil {
		return err
	}
	for _, t := range set.Children {
		s, err := r.Text(t)
		if err != nil {
			return err
		}
		x.DocumentTypes = append(x.DocumentTypes, s)
	}
	return f.End("a list of document types")
}

// readCRLPoints takes the addresses out of CRLDistributionPoints (RFC 5280 §4.2.1.13). Names of other kinds are passed over: nothing is fetched.
func (x *Extensions) readCRLPoints(r *der.Reader, e *der.Element) error {
	if !e.Is(der.Universal, der.TagSequence) || !e.Constructed {
		return der.Errorf(e.Offset, "CRL distribution points are %s", e.Name())
	}
	for _, point := range e.Children {
		name := point.Fields().Maybe(der.Context, 0)
		if name == nil || len(name.Children) != 1 {
			continue
		}
		for _, n := range name.Children[0].Children {
			if !n.Is(der.Context, 6) {
				continue
			}
			s, err := r.Text(n)
			if err != nil {
				return err
			}
			x.CRLAddresses = append(x.CRLAddresses, s)
		}
	}
	return nil
}

func (x *Extensions) readPurposes(r *der.Reader, e *der.Element) error {
	for _, p := range e.Children {
		oid, err := r.OID(p)
		if err != nil {
			return err
		}
		x.Purposes = append(x.Purposes, oid)
	}
	return nil
}

// Hex writes bytes as hexadecimal in capitals, as key identifiers are printed.
func Hex(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }
