// Package cert reads the certificates and revocation lists with which states answer for their travel documents (ICAO Doc 9303-12), and
// says which of them answers for which.
//
// It owns certificates, names, keys, signature algorithms, revocation lists, and the store of those that are trusted. It promises:
//
//   - A certificate is read as far as it can be. What departs from the standard is a defect with a name; a key that cannot be used is a
//     fault of the key and no error.
//   - A signature is good or it is not, with a Reason; what was tolerated in its form is a defect.
//   - No clock is read. Whoever asks for validity gives the instant.
//   - A curve that is written out is used only where every number of it is that of a known one.
package cert

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"marz"
	"marz/emrtd/der"
)

// What is tolerated beside the encoding itself.
const (
	DigestInfoNull      der.Name = "digest-info-without-null"    // RFC 8017 §9.2 note 1
	SaltLength          der.Name = "salt-length-not-as-declared" // RFC 4055 §3.1
	AlgorithmParameters der.Name = "algorithm-parameters"        // of RSA they should be NULL, of ECDSA absent, of a hash either
	AlgorithmsDiffer    der.Name = "signature-algorithms-differ" // within and beside the signed part, RFC 5280 §4.1.1.2
	NumberNegative      der.Name = "number-negative"             // of a key or signature; read as positive
	CurveUnreadable     der.Name = "curve-unreadable"            // it is written out and cannot be read
	VersionUnexpected   der.Name = "version-unexpected"          // ICAO 9303-12 §7.1.1: v3
	SerialNotPositive   der.Name = "serial-not-positive"         // RFC 5280 §4.1.2.2
	SerialLong          der.Name = "serial-too-long"             // more than 20 octets, RFC 5280 §4.1.2.2
	CountryCase         der.Name = "country-not-in-capitals"     // ICAO 9303-12 §7.1.1, table 5
	CountryMissing      der.Name = "country-missing"             // ICAO 9303-12 §7.1.1.1.1
	CountriesDiffer     der.Name = "countries-differ"            // of issuer and subject, ICAO 9303-12 §7.1.1, table 5
	ExtensionTwice      der.Name = "extension-twice"             // RFC 5280 §4.2; the first one counts
	ExtensionUnreadable der.Name = "extension-unreadable"        // its content counts as absent
	ExtensionUnknown    der.Name = "critical-extension-unknown"  // RFC 5280 §4.2
	NameForm            der.Name = "name-differs-in-form"        // the same name in other letters or string types
	WeakHash            der.Name = "weak-hash"                   // SHA-1, which ICAO 9303-12 §4.1.6.4 does not allow any more
)

// Certificate is an X.509 certificate (RFC 5280 §4.1). A time that could not be read is zero.
type Certificate struct {
	Raw       []byte
	Signed    []byte // the part that the signature is over
	Version   int    // counted from 1
	Serial    *big.Int
	Issuer    Name
	Subject   Name
	NotBefore time.Time
	NotAfter  time.Time
	Key       *PublicKey
	Algorithm Algorithm
	Signature []byte
	Extensions
	Defects []der.Defect
}

// Parse reads one certificate, in DER or BER. Bytes after it are a defect.
func Parse(raw []byte) (*Certificate, error) {
	r := der.NewReader(raw, 0)
	e, err := r.One()
	if err != nil {
		return nil, err
	}
	c := &Certificate{Raw: e.Raw}
	if err := c.read(r, e); err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read certificate", Err: err}
	}
	c.Defects = r.All()
	return c, nil
}

// ParseFile reads the certificates of a file: one in DER, or any number in PEM.
func ParseFile(b []byte) ([]*Certificate, error) {
	if !bytes.Contains(b, []byte("-----BEGIN ")) {
		c, err := Parse(b)
		if err != nil {
			return nil, err
		}
		return []*Certificate{c}, nil
	}
	var out []*Certificate
	for {
		block, rest := pem.Decode(b)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" && block.Type != "X509 CERTIFICATE" {
			return nil, &marz.Error{Code: marz.Invalid, Op: "read certificate", Subject: "PEM", Fix: fmt.Sprintf("the block %.40q is no CERTIFICATE; take it out", block.Type)}
		}
		c, err := Parse(block.Bytes)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
		b = rest
	}
	if len(out) == 0 {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read certificate", Subject: "PEM", Fix: "no block of it is a CERTIFICATE"}
	}
	return out, nil
}

func (c *Certificate) read(r *der.Reader, e *der.Element) error {
	o, err := readSigned(r, e, "certificate")
	if err != nil {
		return err
	}
	c.Signed, c.Signature = o.part.Raw, o.signature
	if err := c.readSigned(r, o.part); err != nil {
		return err
	}
	o.compare(r, c.Algorithm)
	return nil
}

// signed is what a certificate and a revocation list are alike: a part, the algorithm and the signature over it (RFC 5280 §4.1, §5.1).
type signed struct {
	part, algorithm *der.Element
	signature       []byte
}

// readSigned reads it. what names the whole in errors.
func readSigned(r *der.Reader, e *der.Element, what string) (signed, error) {
	if !e.Is(der.Universal, der.TagSequence) || !e.Constructed {
		return signed{}, der.Errorf(e.Offset, "a %s should be SEQUENCE and is %s", what, e.Name())
	}
	var o signed
	f := e.Fields()
	var err error
	if o.part, err = f.Sequence("the signed part"); err != nil {
		return o, err
	}
	if o.algorithm, err = f.Sequence("the signature algorithm"); err != nil {
		return o, err
	}
	sig, err := f.Must(der.Universal, der.TagBitString, "the signature")
	if err != nil {
		return o, err
	}
	if err := f.End("the " + what); err != nil {
		return o, err
	}
	o.signature, err = r.WholeBits(sig, "the signature")
	return o, err
}

// compare notes that the signed part names another algorithm.
func (o signed) compare(r *der.Reader, inside Algorithm) {
	if !bytes.Equal(o.algorithm.Raw, inside.Raw) {
		r.Note(AlgorithmsDiffer, o.algorithm.Offset, "SHA-256 "+der.Digest(o.algorithm.Raw))
	}
}

func (c *Certificate) readSigned(r *der.Reader, tbs *der.Element) error {
	f := tbs.Fields()
	if err := c.readHead(r, tbs, f); err != nil {
		return err
	}
	issuer, err := f.Sequence("the issuer")
	if err != nil {
		return err
	}
	if c.Issuer, err = ReadName(r, issuer); err != nil {
		return err
	}
	validity, err := f.Sequence("the validity")
	if err != nil {
		return err
	}
	if len(validity.Children) != 2 {
		return der.Errorf(validity.Offset, "the validity is not two times")
	}
	if c.NotBefore, err = r.Time(validity.Children[0]); err != nil {
		return err
	}
	if c.NotAfter, err = r.Time(validity.Children[1]); err != nil {
		return err
	}
	subject, err := f.Sequence("the subject")
	if err != nil {
		return err
	}
	if c.Subject, err = ReadName(r, subject); err != nil {
		return err
	}
	c.noteCountry(r, issuer.Offset, c.Issuer)
	c.noteCountry(r, subject.Offset, c.Subject)
	if i, s := c.Issuer.Country(), c.Subject.Country(); i != s {
		r.Note(CountriesDiffer, subject.Offset, i+" and "+s)
	}
	spki, err := f.Sequence("the key")
	if err != nil {
		return err
	}
	if c.Key, err = readKey(r, spki); err != nil {
		return err
	}
	f.Maybe(der.Context, 1) // unique identifiers, of no use to anybody
	f.Maybe(der.Context, 2)
	if ext := f.Maybe(der.Context, 3); ext != nil {
		if err := c.readExtensions(r, ext); err != nil {
			return err
		}
	}
	return f.End("the signed part")
}

// readHead reads version, serial number and algorithm.
func (c *Certificate) readHead(r *der.Reader, tbs *der.Element, f *der.Fields) error {
	c.Version = 1
	if v := f.Maybe(der.Context, 0); v != nil {
		in, err := v.Explicit("the version")
		if err != nil {
			return err
		}
		n, err := r.Small(in, "the version")
		if err != nil {
			return err
		}
		c.Version = n + 1
	}
	if c.Version != 3 {
		r.Note(VersionUnexpected, tbs.Offset, "v"+big.NewInt(int64(c.Version)).String())
	}
	serial, err := f.Must(der.Universal, der.TagInteger, "the serial number")
	if err != nil {
		return err
	}
	if c.Serial, err = r.Integer(serial); err != nil {
		return err
	}
	if c.Serial.Sign() <= 0 {
		r.Note(SerialNotPositive, serial.Offset, "")
	}
	if len(serial.Content) > 20 {
		r.Note(SerialLong, serial.Offset, "")
	}
	alg, err := f.Sequence("the signature algorithm")
	if err != nil {
		return err
	}
	c.Algorithm, err = ReadAlgorithm(r, alg)
	return err
}

func (c *Certificate) noteCountry(r *der.Reader, offset int, n Name) {
	for _, p := range n.Parts {
		if p.Type == "C" {
			if p.Value != n.Country() {
				r.Note(CountryCase, offset, p.Value)
			}
			return
		}
	}
	r.Note(CountryMissing, offset, "")
}

// Fingerprint is the SHA-256 of the whole certificate in hexadecimal.
func (c *Certificate) Fingerprint() string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// SelfIssued reports whether issuer and subject are the same name.
func (c *Certificate) SelfIssued() bool { return c.Issuer.Same(c.Subject) }

// CA reports whether the certificate says that it may sign others: it names itself a CA, or, where it says nothing of that, is v1 and self-issued.
func (c *Certificate) CA() bool {
	if c.Basic != nil {
		return c.Basic.CA
	}
	return c.Version == 1 && c.SelfIssued()
}

// ValidAt reports whether an instant is within the certificate's validity; known is false where a time of it could not be read.
func (c *Certificate) ValidAt(at time.Time) (valid, known bool) {
	if c.NotBefore.IsZero() || c.NotAfter.IsZero() {
		return false, false
	}
	return !at.Before(c.NotBefore) && !at.After(c.NotAfter), true
}
