package cert

import (
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"marz"
	"marz/emrtd/der"
)

// CRL is a certificate revocation list (RFC 5280 §5; ICAO 9303-12 §7.1.4).
type CRL struct {
	Raw        []byte
	Signed     []byte
	Issuer     Name
	ThisUpdate time.Time
	NextUpdate time.Time // zero where it has none
	Number     *big.Int  // nil where it has none
	KeyID      []byte    // of the issuer
	Algorithm  Algorithm
	Signature  []byte
	Defects    []der.Defect

	revoked map[string]Revocation
}

// Revocation is one certificate's entry in a list.
type Revocation struct {
	At     time.Time
	Reason int // CRLReason of RFC 5280 §5.3.1; -1 where none is given
}

// Limited is the defect of a list that does not speak for all of its issuer's certificates, or is only the change of another one: nothing is "not revoked" by it.
const Limited der.Name = "revocation-list-limited"

// ParseCRL reads one revocation list, in DER, BER or PEM.
func ParseCRL(raw []byte) (*CRL, error) {
	if block, _ := pem.Decode(raw); block != nil {
		raw = block.Bytes
	}
	r := der.NewReader(raw, 0)
	e, err := r.One()
	if err != nil {
		return nil, err
	}
	l := &CRL{Raw: e.Raw, revoked: map[string]Revocation{}}
	if err := l.read(r, e); err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read revocation list", Err: err}
	}
	l.Defects = r.All()
	return l, nil
}

func (l *CRL) read(r *der.Reader, e *der.Element) error {
	o, err := readSigned(r, e, "revocation list")
	if err != nil {
		return err
	}
	l.Signed, l.Signature = o.part.Raw, o.signature
	if err := l.readSigned(r, o.part); err != nil {
		return err
	}
	o.compare(r, l.Algorithm)
	return nil
}

func (l *CRL) readSigned(r *der.Reader, tbs *der.Element) error {
	f := tbs.Fields()
	version := 1
	if v := f.Maybe(der.Universal, der.TagInteger); v != nil {
		n, err := r.Small(v, "the version")
		if err != nil {
			return err
		}
		version = n + 1
	}
	if version != 2 {
		r.Note(VersionUnexpected, tbs.Offset, fmt.Sprintf("v%d", version))
	}
	alg, err := f.Sequence("the signature algorithm")
	if err != nil {
		return err
	}
	if l.Algorithm, err = ReadAlgorithm(r, alg); err != nil {
		return err
	}
	issuer, err := f.Sequence("the issuer")
	if err != nil {
		return err
	}
	if l.Issuer, err = ReadName(r, issuer); err != nil {
		return err
	}
	if e := f.Next(); e == nil {
		return der.Errorf(tbs.Offset, "the time of issue is missing")
	} else if l.ThisUpdate, err = r.Time(e); err != nil {
		return err
	}
	if e := f.Peek(); e.Is(der.Universal, der.TagUTCTime) || e.Is(der.Universal, der.TagGeneralizedTime) {
		if l.NextUpdate, err = r.Time(f.Next()); err != nil {
			return err
		}
	}
	if list := f.Maybe(der.Universal, der.TagSequence); list != nil {
		if err := l.readRevoked(r, list); err != nil {
			return err
		}
	}
	if ext := f.Maybe(der.Context, 0); ext != nil {
		if err := l.readExtensions(r, ext); err != nil {
			return err
		}
	}
	return f.End("the signed part")
}

func (l *CRL) readRevoked(r *der.Reader, list *der.Element) error {
	for _, e := range list.Children {
		if !e.Is(der.Universal, der.TagSequence) || !e.Constructed {
			return der.Errorf(e.Offset, "a revoked certificate should be SEQUENCE and is %s", e.Name())
		}
		f := e.Fields()
		serial, err := f.Must(der.Universal, der.TagInteger, "a revoked serial number")
		if err != nil {
			return err
		}
		n, err := r.Integer(serial)
		if err != nil {
			return err
		}
		at := f.Next()
		if at == nil {
			return der.Errorf(e.Offset, "the time of a revocation is missing")
		}
		rev := Revocation{Reason: -1}
		if rev.At, err = r.Time(at); err != nil {
			return err
		}
		if ext := f.Maybe(der.Universal, der.TagSequence); ext != nil {
			if rev.Reason, err = entryReason(r, ext); err != nil {
				return err
			}
		}
		if err := f.End("a revoked certificate"); err != nil {
			return err
		}
		l.revoked[n.String()] = rev
	}
	return nil
}

// entryReason reads the reason of one entry. An extension that says whose certificate it is (an indirect list) limits what the list says.
func entryReason(r *der.Reader, ext *der.Element) (int, error) {
	list, err := readExtensionItems(r, ext)
	if err != nil {
		return 0, err
	}
	reason := -1
	for _, x := range list {
		switch {
		case x.oid == "2.5.29.21":
			readContent(r, x, func(in *der.Reader, e *der.Element) (err error) {
				if !e.Is(der.Universal, der.TagEnumerated) {
					return der.Errorf(e.Offset, "the reason is %s", e.Name())
				}
				reason, err = in.Small(e.As(der.TagInteger), "the reason")
				return err
			})
		case x.critical:
			r.Note(Limited, x.value.Offset, "an entry with "+x.oid)
		}
	}
	return reason, nil
}

func (l *CRL) readExtensions(r *der.Reader, e *der.Element) error {
	list, err := readList(r, e)
	if err != nil {
		return err
	}
	for _, x := range list {
		switch {
		case x.oid == "2.5.29.20":
			readContent(r, x, func(in *der.Reader, e *der.Element) (err error) {
				l.Number, err = in.Integer(e)
				return err
			})
		case x.oid == "2.5.29.35":
			var a Extensions
			readContent(r, x, a.readAuthority)
			l.KeyID = a.AuthorityID.KeyID
		case x.critical:
			r.Note(Limited, x.value.Offset, x.oid)
		}
	}
	return nil
}

// Len is the number of certificates that the list revokes.
func (l *CRL) Len() int { return len(l.revoked) }

// Revoked returns the entry of a serial number.
func (l *CRL) Revoked(serial *big.Int) (Revocation, bool) {
	rev, ok := l.revoked[serial.String()]
	return rev, ok
}

// Whole reports whether the list speaks for all certificates of its issuer.
func (l *CRL) Whole() bool {
	for _, d := range l.Defects {
		if d.Name == Limited || d.Name == der.MoreDefects {
			return false
		}
	}
	return true
}

// VerifiedBy checks the list's signature against a certificate of its issuer.
func (l *CRL) VerifiedBy(c *Certificate) ([]der.Defect, error) {
	if !l.Issuer.Same(c.Subject) {
		return nil, sigErr(IssuerMissing, "the list is of %q", []any{l.Issuer.String()})
	}
	if !c.May("cRLSign") {
		return nil, sigErr(KeyUsage, "the issuer may not sign revocation lists", nil)
	}
	return c.Key.Verify(l.Algorithm, l.Signed, l.Signature)
}
