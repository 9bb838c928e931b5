package lds

import (
	"bytes"
	"crypto"
	"fmt"
	"strings"

	"marz/emrtd/cert"
	"marz/emrtd/chip"
	"marz/emrtd/der"
)

// DG15 is the public key with which the chip shows that it is no copy, by active authentication.
type DG15 struct {
	Key     *cert.PublicKey
	Defects []der.Defect
}

// ReadDG15 reads DG15 (ICAO 9303-10 §4.7.15).
func ReadDG15(file []byte) (*DG15, error) {
	r, e, err := open(15, file)
	if err != nil {
		return nil, err
	}
	if len(e.Children) != 1 {
		return nil, fmt.Errorf("DG15 does not hold one public key")
	}
	k, more, err := cert.ParseKey(e.Children[0].Raw)
	if err != nil {
		return nil, fmt.Errorf("the key of DG15: %w", err)
	}
	return &DG15{k, append(defects(r), more...)}, nil
}

// ChipKey is the key as a chip is asked by it.
func (d *DG15) ChipKey() (chip.Key, error) { return chipKey(d.Key) }

func chipKey(k *cert.PublicKey) (chip.Key, error) {
	if k.Fault != "" {
		return chip.Key{}, fmt.Errorf("%w: %s", chip.ErrUnusable, k.Fault)
	}
	c, p := k.Point()
	return chip.Key{N: k.N, E: k.E, Curve: c, Point: p}, nil
}

// DG14 says by which protocols the chip can be asked, and with which keys. What is of none of the protocols that are known here is in Others.
type DG14 struct {
	ActiveHash crypto.Hash // of active authentication on a curve; 0: not said
	Ways       []chip.ChipAuth
	Others     []string // object identifiers
	Defects    []der.Defect
}

// Object identifiers of DG14 (ICAO 9303-11 §9.2).
const (
	oidActive     = "2.23.136.1.1.5"
	oidChipKey    = "0.4.0.127.0.7.2.2.1.2"  // id-PK-ECDH
	oidChipAuth   = "0.4.0.127.0.7.2.2.3.2"  // id-CA-ECDH, and the number of a cipher
	oidPlainECDSA = "0.4.0.127.0.7.1.1.4.1." // ecdsa-plain-signatures, and the number of a hash
)

// activeHashes are the hashes of algorithms of active authentication: plain ECDSA, as it has to be, and ECDSA with its numbers in a SEQUENCE, as some files name it.
var activeHashes = map[string]crypto.Hash{
	oidPlainECDSA + "1": crypto.SHA1, oidPlainECDSA + "2": crypto.SHA224, oidPlainECDSA + "3": crypto.SHA256, oidPlainECDSA + "4": crypto.SHA384, oidPlainECDSA + "5": crypto.SHA512,
	"1.2.840.10045.4.1": crypto.SHA1, "1.2.840.10045.4.3.1": crypto.SHA224, "1.2.840.10045.4.3.2": crypto.SHA256, "1.2.840.10045.4.3.3": crypto.SHA384, "1.2.840.10045.4.3.4": crypto.SHA512,
}

// KeyUnusable is the defect of a key for chip authentication that cannot be used, so that its ways are none.
const KeyUnusable der.Name = "chip-key-unusable"

// securityInfo is one of the things that DG14 says.
type securityInfo struct {
	oid      string
	raw      []byte // the contents of the identifier
	required *der.Element
	optional *der.Element
}

// ReadDG14 reads DG14 (ICAO 9303-10 §4.7.14): a set of security infos.
func ReadDG14(file []byte) (*DG14, error) {
	r, e, err := open(14, file)
	if err != nil {
		return nil, err
	}
	if len(e.Children) != 1 || !e.Children[0].Is(der.Universal, der.TagSet) {
		return nil, fmt.Errorf("DG14 does not hold one set of security infos")
	}
	out := &DG14{}
	var infos []securityInfo
	for _, c := range e.Children[0].Children {
		i, err := readInfo(r, c)
		if err != nil {
			return nil, fmt.Errorf("DG14: %w", err)
		}
		infos = append(infos, i)
	}
	more, err := out.take(r, infos)
	if err != nil {
		return nil, fmt.Errorf("DG14: %w", err)
	}
	out.Defects = append(defects(r), more...)
	return out, nil
}

// readInfo reads a SecurityInfo: protocol, what it needs, and what it may have.
func readInfo(r *der.Reader, e *der.Element) (securityInfo, error) {
	if !e.Is(der.Universal, der.TagSequence) || len(e.Children) < 2 || len(e.Children) > 3 || !e.Children[0].Is(der.Universal, der.TagOID) {
		return securityInfo{}, der.Errorf(e.Offset, "a security info is none")
	}
	i := securityInfo{raw: e.Children[0].Content, required: e.Children[1]}
	if len(e.Children) == 3 {
		i.optional = e.Children[2]
	}
	var err error
	i.oid, err = r.OID(e.Children[0])
	return i, err
}

// take brings protocols and keys together.
func (d *DG14) take(r *der.Reader, infos []securityInfo) ([]der.Defect, error) {
	var found []der.Defect
	for _, k := range infos {
		if k.oid != oidChipKey {
			continue
		}
		key, more, err := cert.ParseKey(k.required.Raw)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
		if key.Fault != "" {
			found = append(found, der.Defect{Name: KeyUnusable, Offset: k.required.Offset, Detail: key.Fault})
			continue
		}
		d.addWays(infos, k, key)
	}
	for _, i := range infos {
		switch {
		case i.oid == oidActive:
			if i.optional == nil || !i.optional.Is(der.Universal, der.TagOID) {
				return nil, der.Errorf(i.required.Offset, "active authentication names no algorithm")
			}
			oid, err := r.OID(i.optional)
			if err != nil {
				return nil, err
			}
			d.ActiveHash = activeHashes[oid]
		case i.oid == oidChipKey, strings.HasPrefix(i.oid, oidChipAuth+"."):
		default:
			d.Others = append(d.Others, i.oid)
		}
	}
	return found, nil
}

// tripleDES is the way of a key for which no protocol is given (ICAO 9303-11 §9.2.6).
var tripleDES = []byte{4, 0, 0x7f, 0, 7, 2, 2, 3, 2, 1}

// addWays adds the ways of chip authentication that go with a key: those that name its number, or where neither has one, all.
func (d *DG14) addWays(infos []securityInfo, k securityInfo, key *cert.PublicKey) {
	usable, err := chipKey(key)
	if err != nil {
		return
	}
	id := number(k.optional)
	before := len(d.Ways)
	for _, i := range infos {
		if !strings.HasPrefix(i.oid, oidChipAuth+".") || !bytes.Equal(number(i.optional), id) {
			continue
		}
		if a, ok := chip.NewChipAuth(i.raw, usable, id); ok {
			d.Ways = append(d.Ways, a)
		}
	}
	if len(d.Ways) == before {
		if a, ok := chip.NewChipAuth(tripleDES, usable, id); ok {
			d.Ways = append(d.Ways, a)
		}
	}
}

// number is the contents of an INTEGER that numbers a key, nil where it has no number.
func number(e *der.Element) []byte {
	if e == nil || !e.Is(der.Universal, der.TagInteger) {
		return nil
	}
	if b := bytes.TrimLeft(e.Content, "\x00"); len(b) > 0 {
		return b
	}
	return []byte{0}
}
