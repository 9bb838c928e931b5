package emrtd

import (
	"fmt"
	"slices"

	"marz"
	"marz/emrtd/cert"
	"marz/emrtd/der"
)

// What is tolerated in EF.CardSecurity.
const (
	CardSecurityType der.Name = "card-security-content-type" // not id-SecurityObject, ICAO 9303-10 §3.11.4
	CardKeyUnusable  der.Name = "card-security-key-unusable" // a key of a kind or curve that is not known here
)

const (
	oidCardSecurity = "0.4.0.127.0.7.3.2.1"   // id-SecurityObject
	oidChipKey      = "0.4.0.127.0.7.2.2.1.2" // id-PK-ECDH
)

// CardSecurity is EF.CardSecurity: what the chip offers, and the public keys with which it shows that it is no copy, under the signature of the document's issuer (ICAO 9303-10 §3.11.4). PACE with chip authentication mapping goes by them.
type CardSecurity struct {
	Signed  *SignedData
	Keys    []*cert.PublicKey // of ChipAuthenticationPublicKeyInfo (ICAO 9303-11 §9.2.6), those that can be used
	Defects []der.Defect
}

// ParseCardSecurity reads EF.CardSecurity, and checks no signature: its keys are the state's once VerifyCardSecurity says so.
func ParseCardSecurity(raw []byte) (*CardSecurity, error) {
	r := der.NewReader(raw, 0)
	e, err := r.One()
	if err != nil {
		return nil, invalid("read EF.CardSecurity", err)
	}
	d, err := readSignedData(r, e)
	if err != nil {
		return nil, invalid("read EF.CardSecurity", err)
	}
	s := &CardSecurity{Signed: d}
	if d.ContentType != oidCardSecurity {
		r.Note(CardSecurityType, e.Offset, d.ContentType)
	}
	in := der.NewReader(d.Content, 0)
	if err := s.readContent(in); err != nil {
		return nil, invalid("read EF.CardSecurity", fmt.Errorf("the security infos: %w", err))
	}
	s.Defects = slices.Concat(r.All(), d.Defects, der.Within("security infos", in.All()), s.Defects)
	return s, nil
}

// readContent reads SecurityInfos, of which it takes the keys.
func (s *CardSecurity) readContent(r *der.Reader) error {
	e, err := r.One()
	if err != nil {
		return err
	}
	if !e.Is(der.Universal, der.TagSet) {
		return der.Errorf(e.Offset, "they should be SET and are %s", e.Name())
	}
	for _, info := range e.Children {
		f := info.Fields()
		id, err := f.Must(der.Universal, der.TagOID, "the protocol of a security info")
		if err != nil {
			return err
		}
		oid, err := r.OID(id)
		if err != nil {
			return err
		}
		if oid != oidChipKey {
			continue
		}
		key, err := f.Sequence("the chip's public key")
		if err != nil {
			return err
		}
		if err := s.addKey(key); err != nil {
			return err
		}
	}
	return nil
}

func (s *CardSecurity) addKey(e *der.Element) error {
	k, defects, err := cert.ParseKey(e.Raw)
	if err != nil {
		return err
	}
	s.Defects = append(s.Defects, der.Within("chip's key", defects)...)
	if c, _ := k.Point(); c == nil {
		s.Defects = append(s.Defects, der.Defect{Name: CardKeyUnusable, In: "security infos", Offset: e.Offset, Detail: k.Fault})
		return nil
	}
	s.Keys = append(s.Keys, k)
	return nil
}

// VerifyCardSecurity verifies the signature of EF.CardSecurity for the instant at, and that it is the state's that also issued the document: dg1 is EF.DG1, once passive authentication has found it to be the signed one, or nil.
//
// Only when the report's Result is successful does a mapping that was checked against the file's keys prove that the chip is no copy. It is an error only when the file cannot be read at all.
func VerifyCardSecurity(file, dg1 []byte, trust Trust, at marz.Instant) (*Report, error) {
	s, err := ParseCardSecurity(file)
	if err != nil {
		return nil, err
	}
	if trust.CSCAs == nil {
		trust.CSCAs = cert.NewStore()
	}
	v := &inspection{trust: trust, at: at, file: "EF.CardSecurity", object: &SecurityObject{Signed: s.Signed}, report: &Report{At: at, Groups: []GroupCheck{}, Defects: s.Defects}}
	if dg1 != nil {
		v.doc.Groups = map[int][]byte{1: dg1}
	}
	if s.Signed.ContentType == oidCardSecurity {
		v.checkObject()
	} else { // what was signed as something else says nothing of a chip's keys
		v.add(CheckObjectHash, marz.Failed, "the content is no EF.CardSecurity's")
		v.add(CheckObjectSignature, marz.Failed, "the content is no EF.CardSecurity's")
	}
	v.report.Object = nil
	v.checkSigner()
	v.checkValidity()
	v.checkRevocation()
	v.zone = v.readZone()
	v.checkState()
	v.conclude()
	return v.report, nil
}
