package emrtd

import (
	"bytes"
	"crypto"
	"fmt"
	"math/big"
	"slices"

	"marz/emrtd/cert"
	"marz/emrtd/der"
)

// What is tolerated in a defect list.
const (
	DefectListVersion     der.Name = "defect-list-version"      // BSI TR-03129-2 §7: v1, 0
	DefectListSignerUse   der.Name = "defect-list-signer-use"   // what the signer's certificate is for, by object identifier
	DefectParameterUnread der.Name = "defect-parameters-unread" // of a known defect; it counts without them
)

const oidDefectList = "0.4.0.127.0.7.3.1.5"

// DefectList is what a state knows to be wrong with series of documents (BSI TR-03129-2 §7), under its signature: for each signer of documents that it names, the defects of whatever that signer signed.
type DefectList struct {
	Digest  string // SHA-256 of the file
	Signed  *SignedData
	Hash    crypto.Hash // of the hashes of certificates; 0 for an unknown one
	Listed  []ListedSigner
	Defects []der.Defect // of the list itself
}

// ListedSigner is a signer of documents with the defects of what it signed. It is named by issuer and serial number or by its key's identifier, and by a hash of its certificate where that is not enough.
type ListedSigner struct {
	Issuer cert.Name
	Serial *big.Int // nil where it is named by KeyID
	KeyID  []byte
	Hash   []byte // of the certificate, by the list's hash; nil where it is not said
	Known  []KnownDefect
}

// KnownDefect is one defect of a series of documents. Defect is one of the names below, or the object identifier of an unknown one.
type KnownDefect struct {
	Defect string `json:"defect"`
	Code   int    `json:"code,omitempty"`   // of a revocation: 0 no indication, 1 on hold, 2 for tests, 3 by the issuer, 4 by the list's signer, 32 and above of the list's own
	Groups []int  `json:"groups,omitempty"` // data groups that may be malformed
	List   string `json:"list,omitempty"`   // which list says so, in words
}

// The defects (BSI TR-03129-2 §7). The bearings are what they mean for whoever relies on the chip.
const (
	SignerRevoked     = "signer-revoked"             // id-CertRevoked: the signer's key is compromised
	SignerReplaced    = "signer-certificate-damaged" // id-CertReplaced: it cannot be decoded as it should; the list has one in its place, which is not used
	ChipKeyRevoked    = "chip-authentication-key-compromised"
	ActiveKeyRevoked  = "active-authentication-key-compromised"
	GroupMalformed    = "data-groups-malformed"
	ObjectInvalid     = "security-object-invalid"
	COMDiffers        = "com-differs-from-security-object"
	IdentityGroup     = "eid-data-groups-malformed"
	IdentityIntegrity = "eid-integrity-uncertain"
	IdentityInfo      = "eid-security-information-missing"
	IdentityMissing   = "eid-data-groups-missing"
	CardSecurityBad   = "card-security-malformed"
	ChipSecurityBad   = "chip-security-malformed"
	PowerDown         = "power-down-required"
	SignerMalformed   = "signer-malformed"
	TerminalInfo      = "privileged-terminal-information-missing"
)

var defectNames = map[string]string{
	"1.1": SignerRevoked, "1.2": SignerReplaced, "1.3": ChipKeyRevoked, "1.4": ActiveKeyRevoked,
	"2.1": GroupMalformed, "2.2": ObjectInvalid, "2.3": COMDiffers,
	"3.1": IdentityGroup, "3.2": IdentityIntegrity, "3.3": IdentityInfo, "3.4": IdentityMissing,
	"4.1": CardSecurityBad, "4.2": ChipSecurityBad, "4.3": PowerDown, "4.4": SignerMalformed, "4.5": TerminalInfo,
}

// ParseDefectList reads a defect list and checks no signature.
func ParseDefectList(raw []byte) (*DefectList, error) {
	d, defects, err := readSignedList("read defect list", raw, oidDefectList, "defect list")
	if err != nil {
		return nil, err
	}
	l := &DefectList{Signed: d, Digest: der.Digest(raw)}
	in := der.NewReader(d.Content, 0)
	if err := l.readContent(in); err != nil {
		return nil, invalid("read defect list", err)
	}
	l.Defects = slices.Concat(defects, der.Within("list", in.All()))
	return l, nil
}

// readContent reads DefectList.
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
	if n, err := r.Integer(version); err != nil {
		return err
	} else if n.Sign() != 0 {
		r.Note(DefectListVersion, version.Offset, n.String())
	}
	hash, err := f.Must(der.Universal, der.TagOID, "the hash algorithm of the list")
	if err != nil {
		return err
	}
	oid, err := r.OID(hash)
	if err != nil {
		return err
	}
	l.Hash = cert.HashByOID(oid)
	set, err := f.Must(der.Universal, der.TagSet, "the defects of the list")
	if err != nil {
		return err
	}
	for _, item := range set.Children {
		s, err := readListedSigner(r, item)
		if err != nil {
			return err
		}
		l.Listed = append(l.Listed, s)
	}
	return f.End("the list")
}

// readListedSigner reads Defect. One that cannot be read is an error of the whole list: whom it is about would not be known.
func readListedSigner(r *der.Reader, e *der.Element) (s ListedSigner, err error) {
	if !e.Is(der.Universal, der.TagSequence) || !e.Constructed {
		return s, der.Errorf(e.Offset, "a defect should be SEQUENCE and is %s", e.Name())
	}
	f := e.Fields()
	if s.Issuer, s.Serial, s.KeyID, err = readSignerID(r, f); err != nil {
		return s, err
	}
	if hash := f.Maybe(der.Universal, der.TagOctetString); hash != nil {
		if s.Hash, err = r.Octets(hash); err != nil {
			return s, err
		}
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
	return s, f.End("a defect")
}

// readKnownDefect reads KnownDefect.
func readKnownDefect(r *der.Reader, e *der.Element) (k KnownDefect, err error) {
	if !e.Is(der.Universal, der.TagSequence) || !e.Constructed {
		return k, der.Errorf(e.Offset, "a known defect should be SEQUENCE and is %s", e.Name())
	}
	f := e.Fields()
	id, err := f.Must(der.Universal, der.TagOID, "the kind of a defect")
	if err != nil {
		return k, err
	}
	oid, err := r.OID(id)
	if err != nil {
		return k, err
	}
	k.Defect = oid
	if name := defectNames[bareDefect(oid)]; name != "" {
		k.Defect = name
	}
	p := f.Next()
	if p != nil && !k.readParameters(r, p) {
		r.Note(DefectParameterUnread, p.Offset, k.Defect)
	}
	return k, f.End("a known defect")
}

// bareDefect is an object identifier beneath that of defect lists.
func bareDefect(oid string) string {
	if len(oid) > len(oidDefectList)+1 && oid[:len(oidDefectList)+1] == oidDefectList+"." {
		return oid[len(oidDefectList)+1:]
	}
	return ""
}

// readParameters reads what comes with a defect, and reports whether it could. Certificates and files that are given in the place of malformed ones are not taken.
func (k *KnownDefect) readParameters(r *der.Reader, p *der.Element) bool {
	switch k.Defect {
	case SignerRevoked:
		if !p.Is(der.Universal, der.TagEnumerated) {
			return false
		}
		n, err := r.Small(p.As(der.TagInteger), "the code of a revocation")
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
	case SignerReplaced, CardSecurityBad:
		return p.Is(der.Universal, der.TagSequence)
	}
	return false
}

// Verify checks the list's signature, and the way from its signer to one of the roots. The object identifier of the purpose "signer of defect lists" could not be confirmed from public text: what is asked is that the
// certificate is for something, and for neither documents nor master lists. Which purpose it names is a defect of the check.
func (l *DefectList) Verify(roots *cert.Store) ListCheck {
	check := verifyList(l.Signed, l.Defects, roots)
	if c := check.Signature.Certificate; c != nil {
		check.Purpose = len(c.Purposes) > 0 && !slices.Contains(c.Purposes, cert.MasterListSigner) && !c.CA()
		check.Defects = append(check.Defects, der.Defect{Name: DefectListSignerUse, In: "signer's certificate", Offset: -1, Detail: fmt.Sprint(c.Purposes)})
	}
	return check
}

// Of returns the defects that the list knows of what a signer signed. The signer is known by its certificate, or, where that is missing, by what the signed data say of it.
func (l *DefectList) Of(s *Signer, c *cert.Certificate) []KnownDefect {
	var out []KnownDefect
	for _, x := range l.Listed {
		if x.is(s, c, l.Hash) {
			out = append(out, x.Known...)
		}
	}
	return out
}

func (x ListedSigner) is(s *Signer, c *cert.Certificate, hash crypto.Hash) bool {
	named := false
	if c != nil {
		named = x.Serial != nil && x.Serial.Cmp(c.Serial) == 0 && x.Issuer.Same(c.Issuer) || x.Serial == nil && c.HasKeyID(x.KeyID)
	} else if s != nil {
		named = x.Serial != nil && s.Serial != nil && x.Serial.Cmp(s.Serial) == 0 && x.Issuer.Same(s.Issuer) || x.Serial == nil && len(s.KeyID) > 0 && bytes.Equal(x.KeyID, s.KeyID)
	}
	if !named || len(x.Hash) == 0 || c == nil || hash == 0 || !hash.Available() {
		return named
	}
	h := hash.New()
	h.Write(c.Raw)
	return bytes.Equal(h.Sum(nil), x.Hash)
}
