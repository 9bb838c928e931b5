// Package seal reads visible digital seals and says what their signatures prove: the small barcodes on visas and emergency papers (VDS, ICAO 9303-13 and BSI TR-03137) and the seals in JSON of health proofs and travel
// authorisations (VDS-NC, ICAO "Visible Digital Seals for Non-Constrained Environments").
//
// It owns their bytes and fields, and finds the signer. It knows nothing of posts and pictures: the bytes come from whoever read the barcode.
//
// It promises: the signature is checked over the bytes that were read, before anything they say may be believed; a signer is nobody who was only named, but one whose certificate was given; what is not of the standard is a defect or an error, and never left out.
package seal

import (
	"fmt"
	"time"

	"marz"
	"marz/emrtd/der"
)

// Seal is a visible digital seal.
type Seal struct {
	Version   byte   // of the header: 3 or 4
	Country   string // that issued the document, two or three letters
	Signer    string // two letters of a country and two of the signer
	Reference string // of the signer's certificate: its serial number in hexadecimal, as a rule
	Issued    time.Time
	Sealed    time.Time // when the signature was made
	Feature   byte      // which definition the fields follow
	Category  byte      // of the document
	Fields    []Field
	Signature []byte
	Defects   []der.Defect

	signed []byte // what the signature is over
}

// Field is one field of a seal.
type Field struct {
	Tag  byte
	Name string // by its definition; "" of one that is not known
	Text string // as it is meant, "" where only the bytes are known
	Raw  []byte
}

// Defects of seals.
const (
	VersionUnknown der.Name = "seal-version-unknown" // read as version 4
	DateInvalid    der.Name = "seal-date-invalid"
	TextInvalid    der.Name = "seal-text-invalid" // a text that is not in the code that its definition names
	SignerByName   der.Name = "signer-by-name"    // the reference is not the serial number of the certificate that fits
	SignerExpired  der.Name = "signer-expired"    // the seal was made when its certificate did not hold
)

// Bounds of a seal. A barcode holds 3 kB at most.
const (
	mostSeal   = 8 << 10
	mostFields = 64
)

const (
	magic        = 0xdc
	signatureTag = 0xff
)

// invalid is the error for bytes that are no seal.
func invalid(at int, format string, args ...any) error {
	return &marz.Error{Code: marz.Invalid, Op: "read seal", Subject: fmt.Sprintf("byte %d", at), Fix: fmt.Sprintf(format, args...)}
}

// reading is a seal that is being read.
type reading struct {
	*Seal
	b     []byte
	at    int
	plain bool // lengths are one byte, whatever it is (ICAO 9303-13 §2.3.2); if not, 81 and 82 lead in one of one and of two, as in BSI TR-03137
}

func (r *reading) take(n int, what string) ([]byte, error) {
	if n < 0 || r.at+n > len(r.b) {
		return nil, invalid(r.at, "it ends within %s; read the barcode again", what)
	}
	out := r.b[r.at : r.at+n]
	r.at += n
	return out, nil
}

func (r *reading) note(name der.Name, at int, detail string) {
	r.Defects = append(r.Defects, der.Defect{Name: name, Offset: at, Detail: detail})
}

// Parse reads a seal (ICAO 9303-13 §2.3). What it says is not proven by that.
func Parse(b []byte) (*Seal, error) {
	if len(b) > mostSeal {
		return nil, invalid(0, "it has %d bytes; a seal has %d at most", len(b), mostSeal)
	}
	if len(b) < 2 || b[0] != magic {
		return nil, invalid(0, "it does not begin with DC, as seals do")
	}
	s, err := parse(&reading{Seal: &Seal{}, b: b, at: 2})
	if err != nil {
		if other, otherErr := parse(&reading{Seal: &Seal{}, b: b, at: 2, plain: true}); otherErr == nil {
			return other, nil
		}
	}
	return s, err
}

func parse(r *reading) (*Seal, error) {
	b := r.b
	if err := r.header(b[1]); err != nil {
		return nil, err
	}
	for {
		if r.at == len(b) {
			return nil, invalid(r.at, "it has no signature; read the barcode again")
		}
		from := r.at
		tag, value, err := r.object()
		if err != nil {
			return nil, err
		}
		if tag == signatureTag {
			r.signed, r.Signature = b[:from], value
			break
		}
		if len(r.Fields) == mostFields {
			return nil, invalid(from, "it has more than %d fields", mostFields)
		}
		r.Fields = append(r.Fields, Field{Tag: tag, Raw: value})
	}
	if r.at != len(b) {
		return nil, invalid(r.at, "%d bytes stand behind the signature, which covers none of them", len(b)-r.at)
	}
	r.name()
	return r.Seal, nil
}

// header reads what stands before the fields.
func (r *reading) header(version byte) error {
	switch version {
	case 2:
		r.Version = 3
	case 3:
		r.Version = 4
	default:
		r.Version = 4
		r.note(VersionUnknown, 1, fmt.Sprintf("%02X", version))
	}
	country, err := r.c40(2, "the country")
	if err != nil {
		return err
	}
	r.Country = trimFillers(country)
	if err := r.signer(); err != nil {
		return err
	}
	for _, d := range []*time.Time{&r.Issued, &r.Sealed} {
		b, err := r.take(3, "the dates")
		if err != nil {
			return err
		}
		var ok bool
		if *d, ok = date(b); !ok {
			r.note(DateInvalid, r.at-3, fmt.Sprintf("%X", b))
		}
	}
	b, err := r.take(2, "the header")
	if err != nil {
		return err
	}
	r.Feature, r.Category = b[0], b[1]
	return nil
}

// signer reads the signer and the reference of its certificate: five characters in version 3, and in version 4 as many as two characters before them say in hexadecimal.
func (r *reading) signer() error {
	from := r.at
	s, err := r.c40(4, "the signer")
	if err != nil {
		return err
	}
	n := 5
	if r.Version == 4 {
		if n, err = hexadecimal(s[4:6]); err != nil || n == 0 {
			return invalid(from, "the length of the reference to the certificate is no number")
		}
		n += 2
	}
	whole := (4 + n + 2) / 3 * 2
	r.at = from
	if s, err = r.c40(whole, "the signer"); err != nil {
		return err
	}
	r.Signer, s = s[:4], s[4:]
	if r.Version == 4 {
		s, n = s[2:], n-2
	}
	if len(s) < n {
		return invalid(from, "the reference to the certificate is shorter than it says")
	}
	r.Reference = s[:n]
	return nil
}

// c40 reads a text in so many bytes of C40.
func (r *reading) c40(n int, what string) (string, error) {
	b, err := r.take(n, what)
	if err != nil {
		return "", err
	}
	s, ok := decodeC40(b)
	if !ok || len(s) < n/2*3-2 {
		return "", invalid(r.at-n, "%s is not written in C40", what)
	}
	for len(s) < n/2*3 {
		s += "<"
	}
	return s, nil
}

// object reads tag, length and value.
func (r *reading) object() (byte, []byte, error) {
	head, err := r.take(2, "a field")
	if err != nil {
		return 0, nil, err
	}
	n := int(head[1])
	if !r.plain && (n == 0x81 || n == 0x82) {
		b, err := r.take(n-0x80, "the length of a field")
		if err != nil {
			return 0, nil, err
		}
		n = 0
		for _, c := range b {
			n = n<<8 | int(c)
		}
	}
	value, err := r.take(n, "a field")
	return head[0], value, err
}

// date reads three bytes: month, day and year as one decimal number.
func date(b []byte) (time.Time, bool) {
	n := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
	month, day, year := n/1_000_000, n/10_000%100, n%10_000
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return t, t.Year() == year && int(t.Month()) == month && t.Day() == day
}
