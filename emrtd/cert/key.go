package cert

import (
	"fmt"
	"math/big"
	"sync/atomic"

	"marz/emrtd/curve"
	"marz/emrtd/der"
	"marz/emrtd/rsasig"
)

// PublicKey is a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). A key that cannot be used has a Fault in words and is no error: the certificate around it
// can still be shown.
type PublicKey struct {
	N, E     *big.Int // of RSA
	Explicit bool     // the curve is written out instead of named
	Fault    string
	Raw      []byte // the whole SubjectPublicKeyInfo
	Bits     []byte // the key itself, of which key identifiers are made

	curve *curve.Curve
	point curve.Point

	used     atomic.Int32                   // how often it has verified
	prepared atomic.Pointer[curve.Prepared] // once it is clear that it is an authority's
}

// prepareAt is how often a key verifies before it is prepared: a signer's certificate is read anew with each document and verifies once; an authority's stays.
const prepareAt = 2

// forMany is the key prepared, nil for one that does not verify often.
func (k *PublicKey) forMany() *curve.Prepared {
	if p := k.prepared.Load(); p != nil {
		return p
	}
	if k.used.Add(1) != prepareAt {
		return nil
	}
	p, err := k.curve.Prepare(k.point)
	if err != nil {
		return nil
	}
	k.prepared.Store(p)
	return p
}

// Name says what kind of key it is, for example "brainpoolP256r1" or "RSA 3072".
func (k *PublicKey) Name() string {
	switch {
	case k.N != nil:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	case k.curve != nil:
		return k.curve.Name()
	}
	return "unknown"
}

func readKey(r *der.Reader, e *der.Element) (*PublicKey, error) {
	f := e.Fields()
	alg, err := f.Sequence("the algorithm of the key")
	if err != nil {
		return nil, err
	}
	oid, params, err := algorithmID(r, alg)
	if err != nil {
		return nil, err
	}
	bits, err := f.Must(der.Universal, der.TagBitString, "the key")
	if err != nil {
		return nil, err
	}
	k := &PublicKey{Raw: e.Raw}
	if k.Bits, err = r.WholeBits(bits, "the key"); err != nil {
		return nil, err
	}
	if err := f.End("the key"); err != nil {
		return nil, err
	}
	switch oid {
	case oidRSA, oidPSS:
		if oid == oidRSA {
			noteNull(r, alg, params)
		} else if params != nil {
			r.Note(AlgorithmParameters, alg.Offset, "what the key restricts RSASSA-PSS to is not read")
		}
		k.readRSA(r, bits.Offset)
	case oidECKey:
		err = k.readEC(r, params)
	case oidStandardised:
		err = k.readNumbered(r, params)
	default:
		k.Fault = "its algorithm " + oid + " is not known"
	}
	return k, err
}

// readRSA reads RSAPublicKey (RFC 8017 A.1.1). Its numbers are taken as positive whatever their first bit says.
func (k *PublicKey) readRSA(r *der.Reader, offset int) {
	in := der.NewReader(k.Bits, offset)
	e, err := in.One()
	if err != nil || !e.Is(der.Universal, der.TagSequence) || len(e.Children) != 2 ||
		!e.Children[0].Is(der.Universal, der.TagInteger) || !e.Children[1].Is(der.Universal, der.TagInteger) {
		k.Fault = "it is no RSA key"
		return
	}
	for i, to := range []**big.Int{&k.N, &k.E} {
		n, err := in.Integer(e.Children[i])
		if err != nil {
			k.Fault = "it is no RSA key"
			return
		}
		if n.Sign() < 0 {
			in.Note(NumberNegative, e.Children[i].Offset, "a number of the RSA key")
			n = new(big.Int).SetBytes(e.Children[i].Content)
		}
		*to = n
	}
	for _, d := range in.All() {
		r.Note(d.Name, d.Offset, d.Detail)
	}
	if b := k.N.BitLen(); b < rsasig.MinBits || b > rsasig.MaxBits {
		k.Fault = fmt.Sprintf("an RSA key of %d bits; %d to %d are used", b, rsasig.MinBits, rsasig.MaxBits)
	} else if k.N.Bit(0) == 0 || k.E.Bit(0) == 0 || k.E.Cmp(big.NewInt(3)) < 0 || k.E.BitLen() > maxExpBits {
		k.Fault = "an RSA key whose numbers cannot be"
	}
}

// readEC reads the curve, named or written out, and the point.
func (k *PublicKey) readEC(r *der.Reader, params *der.Element) error {
	switch {
	case params == nil:
		k.Fault = "it says no curve"
		return nil
	case params.Is(der.Universal, der.TagOID):
		oid, err := r.OID(params)
		if err != nil {
			return err
		}
		if k.curve = curve.ByOID(oid); k.curve == nil {
			k.Fault = "the curve " + oid + " is not known"
			return nil
		}
	case params.Is(der.Universal, der.TagSequence):
		k.Explicit = true
		x, err := readExplicit(r, params)
		if err != nil {
			k.Fault = "its curve is written out and cannot be read"
			r.Note(CurveUnreadable, params.Offset, err.Error())
			return nil
		}
		if k.curve = x.match(); k.curve == nil {
			k.Fault = "its curve is written out and is none of the known ones"
			return nil
		}
	default:
		k.Fault = "its curve is " + params.Name()
		return nil
	}
	k.readPoint()
	return nil
}

// readPoint reads the point on the curve that was found.
func (k *PublicKey) readPoint() {
	var err error
	if k.point, err = k.curve.Unmarshal(plainPoint(k.Bits)); err != nil {
		k.Fault = "its point is not on the curve " + k.curve.Name()
	}
}

// readNumbered reads a key whose curve is one of the standardised domain parameters, by its number, as chips' files have it (ICAO 9303-11 §9.5.1).
func (k *PublicKey) readNumbered(r *der.Reader, params *der.Element) error {
	if params == nil || !params.Is(der.Universal, der.TagInteger) {
		k.Fault = "it says no number of domain parameters"
		return nil
	}
	n, err := r.Small(params, "the number of domain parameters")
	if err != nil {
		return err
	}
	if k.curve = curve.ByNumber(n); k.curve == nil {
		k.Fault = fmt.Sprintf("the domain parameters %d are no curve that is known here", n)
		return nil
	}
	k.readPoint()
	return nil
}

// readExplicit reads SpecifiedECDomain over a prime field (SEC 1 C.2).
func readExplicit(r *der.Reader, e *der.Element) (*explicit, error) {
	f := e.Fields()
	if _, err := f.Must(der.Universal, der.TagInteger, "the version of the curve"); err != nil {
		return nil, err
	}
	x := &explicit{}
	field, err := f.Sequence("the field")
	if err != nil {
		return nil, err
	}
	kind, prime, err := algorithmID(r, field)
	if err != nil {
		return nil, err
	}
	if kind != oidPrime || !prime.Is(der.Universal, der.TagInteger) {
		return nil, der.Errorf(field.Offset, "the field is not a prime one")
	}
	if x.p, err = r.Integer(prime); err != nil {
		return nil, err
	}
	ab, err := f.Sequence("the coefficients")
	if err != nil {
		return nil, err
	}
	if err := x.coefficients(ab); err != nil {
		return nil, err
	}
	base, err := f.Must(der.Universal, der.TagOctetString, "the base point")
	if err != nil {
		return nil, err
	}
	x.base = base.Content
	order, err := f.Must(der.Universal, der.TagInteger, "the order")
	if err != nil {
		return nil, err
	}
	if x.n, err = r.Integer(order); err != nil {
		return nil, err
	}
	if co := f.Maybe(der.Universal, der.TagInteger); co != nil {
		if x.cofactor, err = r.Integer(co); err != nil {
			return nil, err
		}
	}
	return x, f.End("the curve")
}

// coefficients reads a, b and goes past a seed.
func (x *explicit) coefficients(e *der.Element) error {
	f := e.Fields()
	for _, to := range []**big.Int{&x.a, &x.b} {
		c, err := f.Must(der.Universal, der.TagOctetString, "a coefficient")
		if err != nil {
			return err
		}
		*to = new(big.Int).SetBytes(c.Content)
	}
	f.Maybe(der.Universal, der.TagBitString)
	return f.End("the coefficients")
}

// ParseKey reads a SubjectPublicKeyInfo that stands by itself, as in a chip's files. What had to be tolerated comes with it.
func ParseKey(raw []byte) (*PublicKey, []der.Defect, error) {
	r := der.NewReader(raw, 0)
	e, err := r.One()
	if err != nil {
		return nil, nil, err
	}
	if !e.Is(der.Universal, der.TagSequence) || !e.Constructed {
		return nil, nil, der.Errorf(e.Offset, "a key should be SEQUENCE and is %s", e.Name())
	}
	k, err := readKey(r, e)
	if err != nil {
		return nil, nil, err
	}
	return k, r.All(), nil
}

// Point is the key's curve and point, nil of another kind of key and of one that cannot be used.
func (k *PublicKey) Point() (*curve.Curve, curve.Point) {
	if k.Fault != "" || k.curve == nil {
		return nil, curve.Point{}
	}
	return k.curve, k.point
}
