package testpki

import (
	"crypto"
	"encoding/binary"
	"io"
	"math/big"
	"slices"
	"time"

	"marz/emrtd/cert"
	"marz/emrtd/der"
)

// Form is how signed data are written. The zero value is the usual one.
type Form struct {
	ByKeyID            bool        // the signer is named by key identifier
	WithoutCertificate bool        // the signer's certificate is not carried
	WithoutAttributes  bool        // the signature is over the content itself
	NameNoHash         bool        // the signature algorithm is rsaEncryption
	BER                bool        // indefinite lengths, the content in pieces
	Digest             crypto.Hash // 0: the key's
	Carry              [][]byte    // certificates beside the signer's
	Unsorted           bool        // the signed attributes stand in another order than they are signed in
	Unsigned           bool        // an unsigned attribute
	Copies             int         // of the signer beside the first
	LDSVersion         int         // of a security object, 0 or 1
	ContentType        string      // "" for the usual one
	SigningTime        time.Time   // signed; zero: it is not said
}

// SecurityObject is EF.SOD over data groups, by number.
func (s *Holder) SecurityObject(random io.Reader, groups map[int][]byte, hash crypto.Hash, form Form) ([]byte, error) {
	var numbers []int
	for n := range groups {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	var hashes [][]byte
	for _, n := range numbers {
		hashes = append(hashes, der.Sequence(der.Int(big.NewInt(int64(n))), der.Octets(digest(hash, groups[n]))))
	}
	parts := [][]byte{der.Int(big.NewInt(int64(form.LDSVersion))), hashID(hash), der.Sequence(hashes...)}
	if form.LDSVersion > 0 {
		text := func(s string) []byte { return der.Encode(der.Universal, der.TagPrintableString, false, []byte(s)) }
		parts = append(parts, der.Sequence(text("0108"), text("040000")))
	}
	cms, err := s.SignedData(random, "2.23.136.1.1.1", der.Sequence(parts...), form)
	if err != nil {
		return nil, err
	}
	return der.Encode(der.Application, 0x17, true, cms), nil
}

// MasterList is a list of certificates under the holder's signature.
func (s *Holder) MasterList(random io.Reader, certificates [][]byte, form Form) ([]byte, error) {
	return s.SignedData(random, "2.23.136.1.1.2", der.Sequence(der.Int(new(big.Int)), der.Set(certificates...)), form)
}

func digest(h crypto.Hash, b []byte) []byte {
	w := h.New()
	w.Write(b)
	return w.Sum(nil)
}

func hashID(h crypto.Hash) []byte { return der.Sequence(der.OID(cert.HashOID(h))) }

// SignedData signs content (RFC 5652 §5).
func (s *Holder) SignedData(random io.Reader, contentType string, content []byte, form Form) ([]byte, error) {
	if form.ContentType != "" {
		contentType = form.ContentType
	}
	if form.Digest == 0 {
		form.Digest = s.Key.Kind.Hash
	}
	info, err := s.signerInfo(random, contentType, content, form)
	if err != nil {
		return nil, err
	}
	wrap := func(c der.Class, tag int, parts ...[]byte) []byte { return der.Encode(c, tag, true, parts...) }
	octets := der.Octets(content)
	if form.BER {
		wrap = indefinite
		half := len(content) / 2
		octets = indefinite(der.Universal, der.TagOctetString, der.Octets(content[:half]), der.Octets(content[half:]))
	}
	parts := [][]byte{der.Int(big.NewInt(3)), der.Set(hashID(form.Digest)), wrap(der.Universal, der.TagSequence, der.OID(contentType), wrap(der.Context, 0, octets))}
	carried := slices.Clone(form.Carry)
	if !form.WithoutCertificate {
		carried = append([][]byte{s.Certificate}, carried...)
	}
	if len(carried) > 0 {
		parts = append(parts, wrap(der.Context, 0, carried...))
	}
	infos := [][]byte{info}
	for range form.Copies {
		infos = append(infos, info)
	}
	parts = append(parts, der.Set(infos...))
	return wrap(der.Universal, der.TagSequence, der.OID("1.2.840.113549.1.7.2"), wrap(der.Context, 0, wrap(der.Universal, der.TagSequence, parts...))), nil
}

// indefinite writes a constructed element of indefinite length.
func indefinite(c der.Class, tag int, parts ...[]byte) []byte {
	out := []byte{byte(c)<<6 | 0x20 | byte(tag), 0x80}
	for _, p := range parts {
		out = append(out, p...)
	}
	return append(out, 0, 0)
}

func (s *Holder) signerInfo(random io.Reader, contentType string, content []byte, form Form) ([]byte, error) {
	version, id := int64(1), der.Sequence(s.Issuer, der.Int(big.NewInt(s.Profile.Serial)))
	if form.ByKeyID {
		version, id = 3, der.Encode(der.Context, 0, false, s.Key.ID())
	}
	parts := [][]byte{der.Int(big.NewInt(version)), id, hashID(form.Digest)}
	over := content
	if !form.WithoutAttributes {
		attrs := [][]byte{der.Sequence(der.OID("1.2.840.113549.1.9.3"), der.Set(der.OID(contentType))),
			der.Sequence(der.OID("1.2.840.113549.1.9.4"), der.Set(der.Octets(digest(form.Digest, content))))}
		if !form.SigningTime.IsZero() {
			attrs = append(attrs, der.Sequence(der.OID("1.2.840.113549.1.9.5"), der.Set(Time(form.SigningTime))))
		}
		over = der.Set(attrs...)
		tagged := slices.Clone(over)
		tagged[0] = 0xa0
		if form.Unsorted { // in DER the shorter one, the content type, stands first
			slices.Reverse(attrs)
			tagged = der.Encode(der.Context, 0, true, attrs...)
		}
		parts = append(parts, tagged)
	}
	sig, err := s.Key.Sign(random, over)
	if err != nil {
		return nil, err
	}
	alg := s.Key.AlgorithmID()
	if form.NameNoHash {
		alg = der.Sequence(der.OID("1.2.840.113549.1.1.1"), der.Null())
	}
	parts = append(parts, alg, der.Octets(sig))
	if form.Unsigned {
		parts = append(parts, der.Encode(der.Context, 1, true, der.Sequence(der.OID("1.2.3"), der.Set(der.Null()))))
	}
	return der.Sequence(parts...), nil
}

// DataGroup1 is EF.DG1 of a zone, its lines without ends.
func DataGroup1(zone string) []byte {
	return der.Encode(der.Application, 1, true, der.Encode(der.Application, 31, false, []byte(zone)))
}

// DataGroup2 writes EF.DG2 with one portrait (ICAO 9303-10 §4.7.2; ISO/IEC 19794-5:2005 §5), a JPEG of the given size in pixels.
func DataGroup2(jpeg []byte, width, height int) []byte {
	do := func(class der.Class, tag int, parts ...[]byte) []byte {
		return der.Encode(class, tag, len(parts) > 1, parts...)
	}
	n := len(jpeg)
	face := binary.BigEndian.AppendUint32(nil, uint32(20+12+n))                           // facial information and image information around the image
	face = append(face, make([]byte, 16)...)                                              // no feature points, nothing said of the person
	face = append(face, 1, 0, byte(width>>8), byte(width), byte(height>>8), byte(height)) // a full frontal image, JPEG
	face = append(append(face, make([]byte, 6)...), jpeg...)
	record := binary.BigEndian.AppendUint32([]byte("FAC\x00010\x00"), uint32(14+len(face)))
	record = append(binary.BigEndian.AppendUint16(record, 1), face...)
	header := der.Encode(der.Context, 1, true, do(der.Context, 7, []byte{1, 1}), do(der.Context, 8, []byte{0, 8}))
	template := der.Encode(der.Application, 0x60, true, header, do(der.Application, 0x2e, record))
	return der.Encode(der.Application, 0x15, true, der.Encode(der.Application, 0x61, true, der.Encode(der.Universal, 2, false, []byte{1}), template))
}
