package testpki

import (
	"crypto"
	"io"
	"math/big"

	"marz/emrtd/cert"
	"marz/emrtd/der"
)

// Listed is a signer of documents in a defect list, by issuer and serial number or, with ByKeyID, by its key; or with Authority all signers under it.
type Listed struct {
	Signer    *Holder
	ByKeyID   bool
	Hash      bool // its certificate's hash stands with it
	Authority bool // Signer is an issuing authority; only in version 2 of the list
	Known     []Known
}

// Known is one defect of what a signer signed: its object identifier beneath that of defect lists, for example "1.1", and its parameters as they are encoded, nil for none.
type Known struct {
	Kind       string
	Parameters []byte
	Words      string // only in versions 1 and 2
}

// DefectListOID is the content type of defect lists (BSI TR-03129-2 §8.1).
const DefectListOID = "0.4.0.127.0.7.3.1.5"

// DefectList is a list of what is wrong with series of documents, of version 0, 1 or 2, under the holder's signature.
func (s *Holder) DefectList(random io.Reader, version int, listed []Listed, form Form) ([]byte, error) {
	var items [][]byte
	for _, x := range listed {
		var known [][]byte
		for _, k := range x.Known {
			known = append(known, k.encode(version))
		}
		items = append(items, der.Sequence(append(x.references(version), der.Set(known...))...))
	}
	return s.SignedData(random, DefectListOID, der.Sequence(der.Int(big.NewInt(int64(version))), der.OID(cert.HashOID(crypto.SHA256)), der.Set(items...)), form)
}

func (k Known) encode(version int) []byte {
	parts := [][]byte{der.OID(DefectListOID + "." + k.Kind)}
	if version == 0 {
		if k.Parameters != nil {
			parts = append(parts, k.Parameters)
		}
		return der.Sequence(parts...)
	}
	if k.Parameters != nil {
		parts = append(parts, der.Explicit(0, k.Parameters))
	}
	if k.Words != "" {
		parts = append(parts, der.Encode(der.Context, 1, false, []byte(k.Words)))
	}
	return der.Encode(der.Context, 0, true, parts...)
}

// references are what names the signer: until version 1 as CMS does, in version 2 by parts with tags.
func (x Listed) references(version int) [][]byte {
	number, hash := der.Int(big.NewInt(x.Signer.Profile.Serial)), digest(crypto.SHA256, x.Signer.Certificate)
	implicit := func(tag int, b []byte) []byte { return der.Encode(der.Context, tag, false, b) }
	switch {
	case x.Authority && x.ByKeyID:
		return [][]byte{der.Sequence(der.Explicit(0, x.Signer.Profile.Name()), der.Encode(der.Context, 1, true, implicit(0, x.Signer.Key.ID())))}
	case x.Authority:
		return [][]byte{der.Sequence(der.Explicit(0, x.Signer.Profile.Name()))}
	case version == 2:
		parts := [][]byte{der.Encode(der.Context, 0, true, x.Signer.Issuer, number)}
		if x.ByKeyID {
			parts = append(parts, implicit(1, x.Signer.Key.ID()))
		}
		if x.Hash {
			parts = append(parts, implicit(3, hash))
		}
		return [][]byte{der.Sequence(parts...)}
	}
	parts := [][]byte{der.Sequence(x.Signer.Issuer, number)}
	if x.ByKeyID {
		parts[0] = implicit(0, x.Signer.Key.ID())
	}
	if x.Hash {
		parts = append(parts, der.Octets(hash))
	}
	return parts
}

// Enumerated encodes a number as ENUMERATED.
func Enumerated(n byte) []byte { return der.Encode(der.Universal, der.TagEnumerated, false, []byte{n}) }
