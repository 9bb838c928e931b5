package emrtd

import (
	"bytes"
	"crypto"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"marz/emrtd/cert"
	"marz/emrtd/der"
)

// What is tolerated in a defect list.
const (
	DefectListVersion     der.Name = "defect-list-version"      // BSI TR-03129-2 §8.1: 0, 1 or 2
	DefectListSignerUse   der.Name = "defect-list-signer-use"   // the signer's certificate is not said to be one for defect lists, §8.2
	DefectParameterUnread der.Name = "defect-parameters-unread" // of a known defect; it counts without them
)

const oidDefectList = "0.4.0.127.0.7.3.1.5"

// DefectList is what a state knows to be wrong with series of documents (BSI TR-03129-2 V1.4.2 §8), under its signature: for each signer of documents or authority that it names, the defects of whatever that one signed.
type DefectList struct {
	Digest  string // SHA-256 of the file
	Signed  *SignedData
	Version int         // 0, 1, 2, which the standard calls v1, v2, v3
	Hash    crypto.Hash // of the hashes of certificates; 0 for an unknown one
	Listed  []ListedSigner
	Defects []der.Defect // of the list itself
}

// ListedSigner is a signer of documents, or all signers under an authority, with the defects of what they signed.
type ListedSigner struct {
	Signer      *SignerReference    // nil where only an authority is named
	Authority   *AuthorityReference // nil where only a signer is named
	Known       []KnownDefect
	Description string // in words
}

// SignerReference names a signer's certificate in one way or several; the first of Hash, KeyID and Issuer with Serial that is there decides (§8.1.1).
type SignerReference struct {
	Hash   []byte // of the certificate, by the list's hash
	KeyID  []byte
	Issuer cert.Name
	Serial *big.Int // nil where it is not named by issuer and number
}

// AuthorityReference names an authority by its key's identifier, as its signers' certificates give it, or else by its name.
type AuthorityReference struct {
	KeyID []byte
	Name  *cert.Name
}

// KnownDefect is one defect of a series of documents. Defect is one of the names below, or the object identifier of an unknown one.
type KnownDefect struct {
	Defect      string `json:"defect"`
	Code        int    `json:"code"`             // what the standard's StatusCode of this defect says; 0 also where none is given
	Groups      []int  `json:"groups,omitempty"` // data groups that may be malformed
	Description string `json:"description,omitempty"`
	List        string `json:"list"` // which list says so, in words
}

// The defects (BSI TR-03129-2 §8.3), and those of the identity card's application (BSI TR-03129-3).
const (
	SignerRevoked     = "signer-revoked"             // id-CertRevoked: its key may be compromised; equal to a revocation list that names it
	SignerReplaced    = "signer-certificate-damaged" // id-CertReplaced: the list has a certificate in its place, which is not used
	ChipKeyRevoked    = "chip-authentication-key-compromised"
	ActiveKeyRevoked  = "active-authentication-key-compromised"
	ProtocolFails     = "authentication-protocol-fails" // chip authentication, active authentication or PACE with mapping is known to fail
	ValidityWrong     = "validity-period-wrong"         // of the authority's certificate (0), the signer's (1), both (2)
	GroupMalformed    = "data-groups-malformed"
	ObjectInvalid     = "security-object-invalid"
	COMDiffers        = "com-differs-from-security-object"
	SignerIDWrong     = "signer-identifier-wrong"
	CountryWrong      = "issuing-country-wrong"
	NameWrong         = "distinguished-name-wrong"
	IdentityGroup     = "eid-data-groups-malformed"
	IdentityIntegrity = "eid-integrity-uncertain"
	IdentityInfo      = "eid-security-information-missing"
	IdentityMissing   = "eid-data-groups-missing"
	CardSecurityBad   = "card-security-malformed"
	ChipSecurityBad   = "chip-security-malformed"
	PowerDown         = "power-down-required"
	SignerMalformed   = "signer-certificate-malformed"
	TerminalInfo      = "privileged-terminal-information-missing"
	CertMalformed     = "certificate-malformed"
)

// defectNames goes by what stands beneath the object identifier of defect lists.
var defectNames = map[string]string{
	"1.1": SignerRevoked, "1.2": SignerReplaced, "1.3": ChipKeyRevoked, "1.4": ActiveKeyRevoked, "1.5": ProtocolFails, "1.6": ValidityWrong,
	"2.1": GroupMalformed, "2.2": ObjectInvalid, "2.3": COMDiffers, "2.4": SignerIDWrong, "2.5": CountryWrong, "2.6": NameWrong,
	"3.1": IdentityGroup, "3.2": IdentityIntegrity, "3.3": IdentityInfo, "3.4": IdentityMissing,
	"4.1": CardSecurityBad, "4.2": ChipSecurityBad, "4.3": PowerDown, "4.4": SignerMalformed, "4.5": TerminalInfo, "4.6": CertMalformed,
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

// Verify checks the list's signature, and the way from its signer to one of the roots. The signer's certificate should name the purpose of defect lists; since that "will become mandatory" (§8.2), one that names another is taken
// with a defect. One for master lists or without any purpose, as signers of documents are, or an authority's own, is not: whoever signs documents says nothing about those of others.
func (l *DefectList) Verify(roots *cert.Store) ListCheck {
	check := verifyList(l.Signed, l.Defects, roots)
	if c := check.Signature.Certificate; c != nil {
		check.Purpose = len(c.Purposes) > 0 && !slices.Contains(c.Purposes, cert.MasterListSigner) && !c.CA()
		if check.Purpose && !slices.Contains(c.Purposes, cert.DefectListSigner) {
			check.Defects = append(check.Defects, der.Defect{Name: DefectListSignerUse, In: "signer's certificate", Offset: -1, Detail: strings.Join(c.Purposes, " ")})
		}
	}
	return check
}

// Of returns the defects that the list knows of what a signer signed. The signer is known by its certificate, or, where that is missing, by what the signed data say of it.
func (l *DefectList) Of(s *Signer, c *cert.Certificate) []KnownDefect {
	var out []KnownDefect
	for _, x := range l.Listed {
		if x.Signer != nil && x.Signer.is(s, c, l.Hash) || x.Authority != nil && c != nil && x.Authority.of(c) {
			out = append(out, x.Known...)
		}
	}
	return out
}

// is reports whether the reference is to a signer's certificate.
func (x *SignerReference) is(s *Signer, c *cert.Certificate, hash crypto.Hash) bool {
	if c == nil {
		return s != nil && (len(x.KeyID) > 0 && bytes.Equal(x.KeyID, s.KeyID) || x.Serial != nil && s.Serial != nil && x.Serial.Cmp(s.Serial) == 0 && x.Issuer.Same(s.Issuer))
	}
	switch {
	case len(x.Hash) > 0 && hash != 0 && hash.Available():
		h := hash.New()
		h.Write(c.Raw)
		return bytes.Equal(h.Sum(nil), x.Hash)
	case len(x.KeyID) > 0:
		return c.HasKeyID(x.KeyID)
	}
	return x.Serial != nil && x.Serial.Cmp(c.Serial) == 0 && x.Issuer.Same(c.Issuer)
}

// of reports whether the reference is to the authority of a signer's certificate.
func (x *AuthorityReference) of(c *cert.Certificate) bool {
	if len(x.KeyID) > 0 {
		return bytes.Equal(x.KeyID, c.AuthorityID.KeyID)
	}
	return x.Name != nil && x.Name.Same(c.Issuer)
}

// bareDefect is what stands beneath the object identifier of defect lists, "" for another one.
func bareDefect(oid string) string {
	bare, ok := strings.CutPrefix(oid, oidDefectList+".")
	if !ok {
		return ""
	}
	return bare
}

// words says a defect with what comes with it.
func (k KnownDefect) words() string {
	s := k.Defect
	if k.Code != 0 {
		s += fmt.Sprintf(", code %d", k.Code)
	}
	if len(k.Groups) > 0 {
		s += fmt.Sprintf(" %v", k.Groups)
	}
	return s + ", by " + k.List
}
