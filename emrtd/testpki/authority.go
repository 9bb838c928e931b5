package testpki

import (
	"io"
	"math/big"
	"time"

	"marz/emrtd/der"
)

// Profile is what a certificate says. The zero value of a field leaves the thing away.
type Profile struct {
	Country, Organisation, CommonName string
	Serial                            int64
	From, Until                       time.Time
	CA                                bool
	Usage                             byte // first byte of the key usage bits: 0x80 digitalSignature, 0x06 keyCertSign and cRLSign
	UsageUntil                        time.Time
	DocumentTypes                     []string
	Purposes                          []string
	NameChange                        bool
	WithoutKeyIDs                     bool
	UsageNotCritical                  bool
	AuthorityWithoutKey               bool                          // the authority key identifier has a serial number and no key
	Alter                             func(parts [][]byte) [][]byte // of the signed part, before it is signed: version, number, algorithm, issuer, validity, subject, key, extensions
}

// Name is the distinguished name of the profile, its country in PrintableString and the rest in UTF8String.
func (p Profile) Name() []byte {
	part := func(oid string, tag int, s string) []byte {
		if s == "" {
			return nil
		}
		return der.Set(der.Sequence(der.OID(oid), der.Encode(der.Universal, tag, false, []byte(s))))
	}
	return der.Sequence(part("2.5.4.6", der.TagPrintableString, p.Country), part("2.5.4.10", der.TagUTF8String, p.Organisation), part("2.5.4.3", der.TagUTF8String, p.CommonName))
}

// Holder is a key with its certificate: an issuing authority, a signer of documents or of lists.
type Holder struct {
	Key         *Key
	Profile     Profile
	Certificate []byte
	Issuer      []byte // the issuer's name in the certificate
}

// Authority makes an issuing authority that signs its own certificate.
func Authority(random io.Reader, key *Key, p Profile) (*Holder, error) {
	p.CA, p.Usage = true, 0x06
	h := &Holder{Key: key, Profile: p, Issuer: p.Name()}
	var err error
	h.Certificate, err = certificate(random, h, key, p)
	return h, err
}

// Issue makes a certificate under the authority: a signer's, or for another authority's key a link.
func (a *Holder) Issue(random io.Reader, key *Key, p Profile) (*Holder, error) {
	h := &Holder{Key: key, Profile: p, Issuer: a.Profile.Name()}
	var err error
	h.Certificate, err = certificate(random, a, key, p)
	return h, err
}

func certificate(random io.Reader, issuer *Holder, key *Key, p Profile) ([]byte, error) {
	parts := [][]byte{der.Explicit(0, der.Int(big.NewInt(2))), der.Int(big.NewInt(p.Serial)), issuer.Key.AlgorithmID(), issuer.Profile.Name(),
		der.Sequence(Time(p.From), Time(p.Until)), p.Name(), key.PublicKeyInfo(), der.Explicit(3, der.Sequence(extensions(issuer, key, p)...))}
	if p.Alter != nil {
		parts = p.Alter(parts)
	}
	return signed(random, issuer.Key, der.Sequence(parts...))
}

// signed wraps a signed part in the form that certificates and revocation lists share.
func signed(random io.Reader, key *Key, tbs []byte) ([]byte, error) {
	sig, err := key.Sign(random, tbs)
	if err != nil {
		return nil, err
	}
	return der.Sequence(tbs, key.AlgorithmID(), der.Bits(sig)), nil
}

// Time writes a time as RFC 5280 §4.1.2.5 wants it.
func Time(t time.Time) []byte {
	t = t.UTC()
	if t.Year() >= 2050 {
		return der.Encode(der.Universal, der.TagGeneralizedTime, false, []byte(t.Format("20060102150405Z")))
	}
	return der.Encode(der.Universal, der.TagUTCTime, false, []byte(t.Format("060102150405Z")))
}

func extension(oid string, critical bool, content []byte) []byte {
	if critical {
		return der.Sequence(der.OID(oid), der.True(), der.Octets(content))
	}
	return der.Sequence(der.OID(oid), der.Octets(content))
}

func extensions(issuer *Holder, key *Key, p Profile) [][]byte {
	var out [][]byte
	if !p.WithoutKeyIDs {
		authority := der.Encode(der.Context, 0, false, issuer.Key.ID())
		if p.AuthorityWithoutKey {
			authority = der.Encode(der.Context, 2, false, []byte{1})
		}
		out = append(out, extension("2.5.29.35", false, der.Sequence(authority)), extension("2.5.29.14", false, der.Octets(key.ID())))
	}
	if p.Usage != 0 {
		unused := byte(0)
		for p.Usage&(1<<unused) == 0 {
			unused++
		}
		out = append(out, extension("2.5.29.15", !p.UsageNotCritical, der.Encode(der.Universal, der.TagBitString, false, []byte{unused, p.Usage})))
	}
	if p.CA {
		out = append(out, extension("2.5.29.19", true, der.Sequence(der.True(), der.Int(new(big.Int)))))
	}
	if !p.UsageUntil.IsZero() {
		at := func(tag int, t time.Time) []byte {
			return der.Encode(der.Context, tag, false, []byte(t.UTC().Format("20060102150405Z")))
		}
		out = append(out, extension("2.5.29.16", false, der.Sequence(at(0, p.From), at(1, p.UsageUntil))))
	}
	if len(p.DocumentTypes) > 0 {
		var types [][]byte
		for _, t := range p.DocumentTypes {
			types = append(types, der.Encode(der.Universal, der.TagPrintableString, false, []byte(t)))
		}
		out = append(out, extension("2.23.136.1.1.6.2", false, der.Sequence(der.Int(new(big.Int)), der.Set(types...))))
	}
	if len(p.Purposes) > 0 {
		var oids [][]byte
		for _, o := range p.Purposes {
			oids = append(oids, der.OID(o))
		}
		out = append(out, extension("2.5.29.37", true, der.Sequence(oids...)))
	}
	if p.NameChange {
		out = append(out, extension("2.23.136.1.1.6.1", false, der.Null()))
	}
	return out
}

// RevocationList is an authority's list of the serial numbers that it revokes, all at the time of the list.
func (a *Holder) RevocationList(random io.Reader, number int64, at, next time.Time, serials ...int64) ([]byte, error) {
	parts := [][]byte{der.Int(big.NewInt(1)), a.Key.AlgorithmID(), a.Profile.Name(), Time(at), Time(next)}
	var revoked [][]byte
	for _, s := range serials {
		revoked = append(revoked, der.Sequence(der.Int(big.NewInt(s)), Time(at)))
	}
	if len(revoked) > 0 {
		parts = append(parts, der.Sequence(revoked...))
	}
	parts = append(parts, der.Explicit(0, der.Sequence(extension("2.5.29.35", false, der.Sequence(der.Encode(der.Context, 0, false, a.Key.ID()))),
		extension("2.5.29.20", false, der.Int(big.NewInt(number))))))
	return signed(random, a.Key, der.Sequence(parts...))
}
