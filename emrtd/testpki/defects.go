package testpki

import (
	"crypto"
	"io"
	"math/big"

	"marz/emrtd/cert"
	"marz/emrtd/der"
)

// Listed is a signer of documents in a defect list, by issuer and serial number or, with ByKeyID, by its key.
type Listed struct {
	Signer  *Holder
	ByKeyID bool
	Hash    bool // its certificate's hash stands with it
	Known   []Known
}

// Known is one defect of what a signer signed: its object identifier beneath that of defect lists, for example "1.1", and its parameters as they are encoded, nil for none.
type Known struct {
	Kind       string
	Parameters []byte
}

// DefectListOID is the content type of defect lists (BSI TR-03129-2 §7).
const DefectListOID = "0.4.0.127.0.7.3.1.5"

// DefectList is a list of what is wrong with series of documents, under the holder's signature.
func (s *Holder) DefectList(random io.Reader, listed []Listed, form Form) ([]byte, error) {
	var items [][]byte
	for _, x := range listed {
		id := der.Sequence(x.Signer.Issuer, der.Int(big.NewInt(x.Signer.Profile.Serial)))
		if x.ByKeyID {
			id = der.Encode(der.Context, 0, false, x.Signer.Key.ID())
		}
		parts := [][]byte{id}
		if x.Hash {
			parts = append(parts, der.Octets(digest(crypto.SHA256, x.Signer.Certificate)))
		}
		var known [][]byte
		for _, k := range x.Known {
			one := [][]byte{der.OID(DefectListOID + "." + k.Kind)}
			if k.Parameters != nil {
				one = append(one, k.Parameters)
			}
			known = append(known, der.Sequence(one...))
		}
		items = append(items, der.Sequence(append(parts, der.Set(known...))...))
	}
	return s.SignedData(random, DefectListOID, der.Sequence(der.Int(new(big.Int)), der.OID(cert.HashOID(crypto.SHA256)), der.Set(items...)), form)
}

// Enumerated encodes a number as ENUMERATED.
func Enumerated(n byte) []byte { return der.Encode(der.Universal, der.TagEnumerated, false, []byte{n}) }
