package chip

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"io"
	"math/big"

	"marz/emrtd/curve"
)

// sign does INTERNAL AUTHENTICATE of active authentication, with the RSA key or the secret on the curve that the chip was given.
func (v *Virtual) sign(c Command) Response {
	if len(c.Data) != 8 || !v.applet || v.Key != nil && v.session == nil {
		return Response{Status: NotAllowed}
	}
	var out []byte
	var err error
	switch {
	case v.Active.RSA != nil:
		out, err = v.signRecoverable(c.Data)
	case v.Active.Curve != nil:
		out, err = v.signPlain(c.Data)
	default:
		return Response{Status: NotSupported}
	}
	if err != nil {
		return Response{Status: NotAllowed}
	}
	return Response{out, OK}
}

// Active is the key of a virtual chip for active authentication: of RSA, or on a curve, where it is made of the chip's Secret. Neither: it has none.
type Active struct {
	RSA   *rsa.PrivateKey
	Curve *curve.Curve
	Hash  crypto.Hash // 0: what belongs to the curve; of RSA SHA-1
}

// ActiveKey is the public key as DG15 has it.
func (v *Virtual) ActiveKey() (Key, error) {
	if v.Active.RSA != nil {
		return Key{N: v.Active.RSA.N, E: big.NewInt(int64(v.Active.RSA.E))}, nil
	}
	return v.keyOn(v.Active.Curve)
}

// keyOn is the public key of the chip's secret on a curve, as it is in sound documents.
func (v *Virtual) keyOn(c *curve.Curve) (Key, error) {
	p, err := c.ScalarBaseMult((&Virtual{Secret: v.Secret}).secret(c))
	return Key{Curve: c, Point: p}, err
}

// signRecoverable signs a challenge by ISO/IEC 9796-2 scheme 1.
func (v *Virtual) signRecoverable(challenge []byte) ([]byte, error) {
	key, trailer := v.Active.RSA, trailers[0]
	for _, t := range trailers {
		if t.hash == v.Active.Hash {
			trailer = t
		}
	}
	size := (key.N.BitLen() + 7) / 8
	chosen := make([]byte, size-1-trailer.hash.Size()-len(trailer.bytes))
	if _, err := io.ReadFull(v.Random, chosen); err != nil {
		return nil, err
	}
	h := trailer.hash.New()
	h.Write(chosen)
	h.Write(challenge)
	message := append(append(append([]byte{0x6a}, chosen...), h.Sum(nil)...), trailer.bytes...)
	d := key.D
	if v.Faults.Copy {
		d = new(big.Int).Add(d, big.NewInt(2))
	}
	s := new(big.Int).Exp(new(big.Int).SetBytes(message), d, key.N)
	return s.FillBytes(make([]byte, size)), nil
}

// signPlain signs a challenge by ECDSA.
func (v *Virtual) signPlain(challenge []byte) ([]byte, error) {
	c, hash := v.Active.Curve, v.Active.Hash
	if hash == 0 {
		hash = curve.HashFor(c.Order().BitLen())
	}
	h := hash.New()
	h.Write(challenge)
	n := c.Order()
	e := new(big.Int).SetBytes(h.Sum(nil))
	if more := hash.Size()*8 - n.BitLen(); more > 0 {
		e.Rsh(e, uint(more))
	}
	run := paceRun{PACE: PACE{curve: c}, random: v.Random}
	k, public, err := run.pair(c.Generator())
	if err != nil {
		return nil, err
	}
	r := new(big.Int).Mod(new(big.Int).SetBytes(public[1:1+c.ByteLen()]), n)
	s := new(big.Int).Mul(r, v.secret(c))
	s.Add(s, e).Mul(s, new(big.Int).ModInverse(k, n)).Mod(s, n)
	return append(r.FillBytes(make([]byte, c.OrderLen())), s.FillBytes(make([]byte, c.OrderLen()))...), nil
}

// beginChipAuth does MSE:Set for chip authentication.
func (v *Virtual) beginChipAuth(c Command) Response {
	objects, err := readAll(c.Data)
	if err != nil || v.session == nil {
		return Response{Status: NotAllowed}
	}
	v.chipAuth = nil
	for i := range v.ChipAuth {
		a := &v.ChipAuth[i]
		if id := find(objects, 0x84); a.id != nil && !bytes.Equal(id, a.id) {
			continue
		}
		switch {
		case c.P2 == 0xa6 && !a.suite.aes && find(objects, 0x91) != nil:
			return v.agree(a, find(objects, 0x91))
		case c.P2 == 0xa4 && bytes.Equal(find(objects, 0x80), a.oid):
			v.chipAuth = a
			return Response{Status: OK}
		}
	}
	return Response{Status: WrongData}
}

// agree agrees on new keys with the reader's key. The answer still goes by the old ones.
func (v *Virtual) agree(a *ChipAuth, theirs []byte) Response {
	run := paceRun{PACE: PACE{suite: a.suite, curve: a.key.Curve}, theirs: theirs}
	secret, err := run.secret(v.secret(a.key.Curve))
	if err != nil {
		return Response{Status: WrongData}
	}
	v.session = newSession(a.suite, secret, make([]byte, a.suite.block))
	return Response{Status: OK}
}

// NewChipAuth makes a way of chip authentication with the chip's own key on a curve. cipher is 1 for Triple-DES, 2 to 4 for AES with 128 to 256 bits.
func (v *Virtual) NewChipAuth(c *curve.Curve, cipher byte, id []byte) (ChipAuth, error) {
	k, err := v.keyOn(c)
	if err != nil {
		return ChipAuth{}, err
	}
	a, ok := NewChipAuth(append(bytes.Clone(chipAuthOID), cipher), k, id)
	if !ok {
		return ChipAuth{}, ErrUnusable
	}
	return a, nil
}
