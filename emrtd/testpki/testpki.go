// Package testpki makes what states make: issuing authorities, signers of documents and lists, security objects, revocation lists and master lists. It is for tests
// and for the virtual passport, and for nothing that has to be kept secret: its arithmetic takes no care of time.
//
// It shares the writing of DER with package der, and no code with what verifies: its ECDSA is the schoolbook's, so that a fault in one does not hide in the other.
package testpki

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	_ "crypto/sha256" // the hashes of Kind
	_ "crypto/sha512"
	"fmt"
	"io"
	"math/big"
	"sync"

	"marz/emrtd/cert"
	"marz/emrtd/der"
)

// Kind is a way of signing: RSA of so many bits where Curve is empty, else ECDSA on the curve, named or written out.
type Kind struct {
	Bits     int
	PSS      bool
	Curve    string // for example "brainpoolP256r1"
	Explicit bool
	Plain    bool // an ECDSA signature as two numbers one after the other
	Hash     crypto.Hash
}

// String names the kind for a test.
func (k Kind) String() string {
	s := k.Curve
	if s == "" {
		s = fmt.Sprintf("RSA-%d", k.Bits)
	}
	for _, flag := range []struct {
		name string
		on   bool
	}{{" PSS", k.PSS}, {" explicit", k.Explicit}, {" plain", k.Plain}} {
		if flag.on {
			s += flag.name
		}
	}
	return s + " " + k.Hash.String()
}

// Key is a key pair.
type Key struct {
	Kind  Kind
	rsa   *rsa.PrivateKey
	curve cert.Curve
	d     *big.Int
	x, y  *big.Int
}

// NewKey makes a key pair.
func NewKey(random io.Reader, kind Kind) (*Key, error) {
	k := &Key{Kind: kind}
	if cert.HashOID(kind.Hash) == "" {
		return nil, fmt.Errorf("testpki: documents are not signed with the hash %v", kind.Hash)
	}
	if kind.Curve == "" {
		var err error
		k.rsa, err = rsa.GenerateKey(random, kind.Bits)
		return k, err
	}
	for _, c := range cert.Curves() {
		if c.Name == kind.Curve {
			k.curve = c
		}
	}
	if k.curve.P == nil {
		return nil, fmt.Errorf("testpki: no curve %q", kind.Curve)
	}
	var err error
	if k.d, err = scalar(random, k.curve.N); err != nil {
		return nil, err
	}
	k.x, k.y = ofGenerator(k.curve, k.d)
	return k, nil
}

// FromRSA returns a key pair of RSA that was made elsewhere, of as many bits as the kind says.
func FromRSA(private *rsa.PrivateKey, kind Kind) *Key { return &Key{Kind: kind, rsa: private} }

// As returns the key with another way of signing that it can do too, of the same bits or curve: another hash, PSS instead of v1.5, or a curve written out.
func (k *Key) As(kind Kind) *Key {
	out := *k
	out.Kind = kind
	return &out
}

// scalar draws a number from 1 to n-1.
func scalar(random io.Reader, n *big.Int) (*big.Int, error) {
	b := make([]byte, (n.BitLen()+7)/8+8)
	if _, err := io.ReadFull(random, b); err != nil {
		return nil, err
	}
	s := new(big.Int).SetBytes(b)
	s.Mod(s, new(big.Int).Sub(n, big.NewInt(1)))
	return s.Add(s, big.NewInt(1)), nil
}

// powers are 2^i times each curve's generator, made at its first use.
var powers sync.Map

type affine struct{ x, y *big.Int }

// ofGenerator is k times the generator, for k in [0, n-1], in affine coordinates; nil is the point at infinity.
func ofGenerator(c cert.Curve, k *big.Int) (x, y *big.Int) {
	table, ok := powers.Load(c.Name)
	if !ok {
		var list []affine
		for px, py := c.X, c.Y; len(list) < c.N.BitLen(); px, py = add(c, px, py, px, py) {
			list = append(list, affine{px, py})
		}
		table, _ = powers.LoadOrStore(c.Name, list)
	}
	for i, p := range table.([]affine)[:k.BitLen()] {
		if k.Bit(i) == 1 {
			x, y = add(c, x, y, p.x, p.y)
		}
	}
	return x, y
}

func add(c cert.Curve, x1, y1, x2, y2 *big.Int) (*big.Int, *big.Int) {
	if x1 == nil {
		return x2, y2
	}
	if x2 == nil {
		return x1, y1
	}
	slope, below := new(big.Int), new(big.Int)
	if x1.Cmp(x2) == 0 {
		if y1.Cmp(y2) != 0 || y1.Sign() == 0 {
			return nil, nil
		}
		slope.Mul(x1, x1).Mul(slope, big.NewInt(3)).Add(slope, c.A)
		below.Lsh(y1, 1)
	} else {
		slope.Sub(y2, y1)
		below.Sub(x2, x1).Mod(below, c.P)
	}
	slope.Mul(slope, below.ModInverse(below, c.P)).Mod(slope, c.P)
	x := new(big.Int).Mul(slope, slope)
	x.Sub(x, x1).Sub(x, x2).Mod(x, c.P)
	y := new(big.Int).Sub(x1, x)
	y.Mul(y, slope).Sub(y, y1).Mod(y, c.P)
	return x, y
}

// Sign signs a message.
func (k *Key) Sign(random io.Reader, message []byte) ([]byte, error) {
	h := k.Kind.Hash.New()
	h.Write(message)
	digest := h.Sum(nil)
	switch {
	case k.rsa != nil && k.Kind.PSS:
		return rsa.SignPSS(random, k.rsa, k.Kind.Hash, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: k.Kind.Hash})
	case k.rsa != nil:
		return rsa.SignPKCS1v15(random, k.rsa, k.Kind.Hash, digest)
	}
	return k.signECDSA(random, digest)
}

func (k *Key) signECDSA(random io.Reader, digest []byte) ([]byte, error) {
	n := k.curve.N
	e := new(big.Int).SetBytes(digest)
	if over := 8*len(digest) - n.BitLen(); over > 0 {
		e.Rsh(e, uint(over))
	}
	for {
		nonce, err := scalar(random, n)
		if err != nil {
			return nil, err
		}
		r, _ := ofGenerator(k.curve, nonce)
		r = new(big.Int).Mod(r, n)
		s := new(big.Int).Mul(r, k.d)
		s.Add(s, e).Mul(s, new(big.Int).ModInverse(nonce, n)).Mod(s, n)
		if r.Sign() == 0 || s.Sign() == 0 {
			continue
		}
		if !k.Kind.Plain {
			return der.Sequence(der.Int(r), der.Int(s)), nil
		}
		size := (n.BitLen() + 7) / 8
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...), nil
	}
}

// AlgorithmID is the AlgorithmIdentifier of the key's signatures.
func (k *Key) AlgorithmID() []byte {
	h := k.Kind.Hash
	switch {
	case k.rsa != nil && k.Kind.PSS:
		hash := der.Sequence(der.OID(cert.HashOID(h)), der.Null())
		return der.Sequence(der.OID("1.2.840.113549.1.1.10"), der.Sequence(der.Explicit(0, hash),
			der.Explicit(1, der.Sequence(der.OID("1.2.840.113549.1.1.8"), hash)), der.Explicit(2, der.Int(big.NewInt(int64(h.Size()))))))
	case k.rsa != nil:
		return der.Sequence(der.OID("1.2.840.113549.1.1."+map[crypto.Hash]string{crypto.SHA1: "5", crypto.SHA224: "14", crypto.SHA256: "11", crypto.SHA384: "12", crypto.SHA512: "13"}[h]), der.Null())
	case k.Kind.Plain:
		return der.Sequence(der.OID("0.4.0.127.0.7.1.1.4.1." + map[crypto.Hash]string{crypto.SHA1: "1", crypto.SHA224: "2", crypto.SHA256: "3", crypto.SHA384: "4", crypto.SHA512: "5"}[h]))
	case h == crypto.SHA1:
		return der.Sequence(der.OID("1.2.840.10045.4.1"))
	}
	return der.Sequence(der.OID("1.2.840.10045.4.3." + map[crypto.Hash]string{crypto.SHA224: "1", crypto.SHA256: "2", crypto.SHA384: "3", crypto.SHA512: "4"}[h]))
}

// bits are the key itself, as a certificate holds it.
func (k *Key) bits() []byte {
	if k.rsa != nil {
		return der.Sequence(der.Int(k.rsa.N), der.Int(big.NewInt(int64(k.rsa.E))))
	}
	return k.point(k.x, k.y)
}

func (k *Key) point(x, y *big.Int) []byte {
	size := (k.curve.P.BitLen() + 7) / 8
	out := append([]byte{4}, x.FillBytes(make([]byte, size))...)
	return append(out, y.FillBytes(make([]byte, size))...)
}

// ID is the usual identifier of the key, the SHA-1 of its bits.
func (k *Key) ID() []byte {
	sum := sha1.Sum(k.bits())
	return sum[:]
}

// PublicKeyInfo is the SubjectPublicKeyInfo.
func (k *Key) PublicKeyInfo() []byte {
	if k.rsa != nil {
		return der.Sequence(der.Sequence(der.OID("1.2.840.113549.1.1.1"), der.Null()), der.Bits(k.bits()))
	}
	curve := der.OID(k.curve.OID)
	if k.Kind.Explicit {
		size := (k.curve.P.BitLen() + 7) / 8
		curve = der.Sequence(der.Int(big.NewInt(1)), der.Sequence(der.OID("1.2.840.10045.1.1"), der.Int(k.curve.P)),
			der.Sequence(der.Octets(k.curve.A.FillBytes(make([]byte, size))), der.Octets(k.curve.B.FillBytes(make([]byte, size)))),
			der.Octets(k.point(k.curve.X, k.curve.Y)), der.Int(k.curve.N), der.Int(big.NewInt(1)))
	}
	return der.Sequence(der.Sequence(der.OID("1.2.840.10045.2.1"), curve), der.Bits(k.bits()))
}
