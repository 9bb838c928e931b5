package specimen

import (
	"crypto"
	"crypto/rsa"
	"encoding/binary"
	"math/big"
	"strings"

	"marz/emrtd/chip"
	"marz/emrtd/curve"
	"marz/emrtd/der"
	"marz/emrtd/lds"
	"marz/emrtd/testpki"
)

// Object identifiers of what the files say (ICAO 9303-11 §9.2).
const (
	oidCardSecurity = "0.4.0.127.0.7.3.2.1"
	oidChipKey      = "0.4.0.127.0.7.2.2.1.2"
	oidChipAuth     = "0.4.0.127.0.7.2.2.3.2."
	oidActive       = "2.23.136.1.1.5"
	oidECKey        = "1.2.840.10045.2.1"
	oidRSAKey       = "1.2.840.113549.1.1.1"
)

// fill writes the data groups: zone, portrait, details of person and document, keys.
func (m *maker) fill() error {
	portrait := m.profile.Portrait
	if portrait == nil {
		var err error
		if portrait, err = Portrait(); err != nil {
			return err
		}
	}
	m.groups[1] = testpki.DataGroup1(strings.ReplaceAll(m.zone, "\n", ""))
	var err error
	if m.groups[2], err = dg2(portrait); err != nil {
		return err
	}
	name := m.doc.Primary
	if m.doc.Secondary != "" {
		name += "  " + m.doc.Secondary
	}
	m.groups[11] = details(0x6b, [][2]string{{"\x5f\x0e", strings.ReplaceAll(name, " ", "<")}, {"\x5f\x11", "ZENITH"}})
	m.groups[12] = details(0x6c, [][2]string{{"\x5f\x19", "SPECIMEN OFFICE"}, {"\x5f\x26", m.at.Add(-30 * day).Format("20060102")}})
	return m.prove()
}

// object writes a data object of one or two bytes of tag.
func object(tag string, parts ...[]byte) []byte {
	content := der.Octets(join(parts))[1:] // the length, and then the contents
	return append([]byte(tag), content...)
}

func join(parts [][]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// com is EF.COM of some data groups (ICAO 9303-10 §4.6.1).
func com(groups []int) []byte {
	var tags []byte
	for _, n := range groups {
		tags = append(tags, lds.Tag(n))
	}
	return object("\x60", object("\x5f\x01", []byte("0107")), object("\x5f\x36", []byte("040000")), object("\x5c", tags))
}

// atrInfo is EF.ATR/INFO of a chip that takes commands and gives responses of almost any length (ICAO 9303-10 §3.11.1).
func atrInfo() []byte {
	most := object("\x02", []byte{0, 0xff, 0xff})
	return append(object("\x47", []byte{0x80, 0x01, 0x60}), object("\x7f\x66", most, most)...)
}

// details is DG11 or DG12: a list of the tags that follow, and each (ICAO 9303-10 §4.7.11).
func details(tag byte, said [][2]string) []byte {
	var tags []byte
	var all [][]byte
	for _, s := range said {
		tags = append(tags, s[0]...)
		all = append(all, object(s[0], []byte(s[1])))
	}
	return object(string(tag), append([][]byte{object("\x5c", tags)}, all...)...)
}

// dg2 is DG2 with one portrait in a facial record (ICAO 9303-10 §4.7.2, ISO/IEC 19794-5:2005 §5).
func dg2(jpeg []byte) ([]byte, error) {
	width, height, err := sizeOf(jpeg)
	if err != nil {
		return nil, err
	}
	const infoAndImage = 20 + 12
	face := binary.BigEndian.AppendUint32(nil, uint32(infoAndImage+len(jpeg)))
	face = append(face, make([]byte, 16)...)                   // no points, nothing said of the person
	face = append(face, 1, 0)                                  // full frontal, JPEG
	face = binary.BigEndian.AppendUint16(face, uint16(width))  //
	face = binary.BigEndian.AppendUint16(face, uint16(height)) //
	face = append(append(face, 1, 0, 0, 0, 0, 0), jpeg...)     // sRGB, no device, no quality
	record := binary.BigEndian.AppendUint32([]byte("FAC\x00010\x00"), uint32(14+len(face)))
	record = append(binary.BigEndian.AppendUint16(record, 1), face...)
	header := object("\xa1", object("\x80", []byte{1, 1}), object("\x81", []byte{2}), object("\x87", []byte{1, 1}), object("\x88", []byte{0, 8}))
	return object("\x75", object("\x7f\x61", object("\x02", []byte{1}), object("\x7f\x60", header, object("\x5f\x2e", record)))), nil
}

// dg14 is DG14: what the chip offers, of PACE as well as in EF.CardAccess.
func (m *maker) dg14(infos [][]byte) []byte {
	return object("\x6e", der.Set(append(m.offers(), infos...)...))
}

// offers are the security infos of EF.CardAccess.
func (m *maker) offers() [][]byte {
	if len(m.ways) == 0 {
		return nil
	}
	set, err := der.NewReader(chip.CardAccess(m.ways...), 0).One()
	if err != nil {
		panic(err) // it was written just now
	}
	var out [][]byte
	for _, e := range set.Children {
		out = append(out, e.Raw)
	}
	return out
}

// cardSecurity are the security infos of EF.CardSecurity: what EF.CardAccess has, and the key of the mapping.
func (m *maker) cardSecurity(way chip.PACE) ([]byte, error) {
	c := curve.ByName(m.profile.Curve)
	key, err := m.chip.PublicKey(way)
	if err != nil {
		return nil, err
	}
	return der.Set(append(m.offers(), chipKeyInfo(c, key))...), nil
}

func integer(n int64) []byte { return der.Int(big.NewInt(n)) }

func chipAuthInfo(cipher byte) []byte {
	return der.Sequence(der.OID(oidChipAuth+string('0'+cipher)), integer(1))
}

func chipKeyInfo(c *curve.Curve, key []byte) []byte {
	return der.Sequence(der.OID(oidChipKey), ecKey(c, key))
}

// activeInfo says with which hash an elliptic curve's key is used: plain signatures of BSI TR-03111.
func activeInfo(h crypto.Hash) []byte {
	number := map[crypto.Hash]string{crypto.SHA1: "1", crypto.SHA224: "2", crypto.SHA256: "3", crypto.SHA384: "4", crypto.SHA512: "5"}[h]
	return der.Sequence(der.OID(oidActive), integer(1), der.OID("0.4.0.127.0.7.1.1.4.1."+number))
}

func ecKey(c *curve.Curve, key []byte) []byte {
	return der.Sequence(der.Sequence(der.OID(oidECKey), der.OID(c.OID())), der.Bits(key))
}

func rsaKey(k *rsa.PrivateKey) []byte {
	return der.Sequence(der.Sequence(der.OID(oidRSAKey), der.Null()), der.Bits(der.Sequence(der.Int(k.N), integer(int64(k.E)))))
}

func dg15(key []byte) []byte { return object("\x6f", key) }
