package chip

import (
	"bytes"
	"context"
	"crypto"
	_ "crypto/sha1" // of signatures that chips make
	_ "crypto/sha256"
	_ "crypto/sha512"
	"errors"
	"fmt"
	"io"
	"math/big"

	"marz/emrtd/curve"
)

// Key is a chip's public key, from DG15 for active authentication or DG14 for chip authentication: of RSA or of an elliptic curve. That the issuing state has signed it is another's to prove.
type Key struct {
	N, E  *big.Int // of RSA
	Curve *curve.Curve
	Point curve.Point
}

// ErrUnusable says that a key or protocol of the chip is none that is known here. It proves nothing against the document.
var ErrUnusable = errors.New("the chip's key or protocol is of a kind that is not supported")

// ActiveAuthentication asks the chip to sign a challenge with the secret that belongs to its document (ICAO 9303-11 §6.1). nil: it has it. ErrCopy: it has not. hash is what an elliptic curve's key is used with, as DG14 says, and 0 where it does not. random gives eight bytes.
//
// What it shows is that the chip has the key. Somebody who passes commands on between the real document and the reader is not noticed.
func (r *Reader) ActiveAuthentication(ctx context.Context, k Key, hash crypto.Hash, random io.Reader) error {
	challenge := make([]byte, 8)
	if _, err := io.ReadFull(random, challenge); err != nil {
		return err
	}
	le := shortLe
	if k.N != nil && k.N.BitLen() > 8*(shortLe-32) && r.long > 0 {
		le = MostLe
	}
	signature, err := r.ask(ctx, Command{INS: 0x88, Data: challenge, Le: le}, "sign a challenge")
	if err != nil {
		return err
	}
	switch {
	case k.Curve != nil:
		return k.verifyPlain(challenge, signature, hash)
	case k.N != nil && k.E != nil:
		return k.recover(challenge, signature)
	}
	return ErrUnusable
}

// verifyPlain verifies a signature of ECDSA that is both numbers one after the other (BSI TR-03111 §5.2.1). Without a hash the one is taken that is as long as the curve, or the next shorter.
func (k Key) verifyPlain(challenge, signature []byte, hash crypto.Hash) error {
	if hash == 0 {
		hash = curve.HashFor(k.Curve.Order().BitLen())
	}
	if !hash.Available() {
		return ErrUnusable
	}
	half := len(signature) / 2
	if len(signature) != 2*half || half == 0 {
		return ErrCopy
	}
	h := hash.New()
	h.Write(challenge)
	if k.Curve.Verify(k.Point, h.Sum(nil), new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])) != nil {
		return ErrCopy
	}
	return nil
}

// trailers end a recoverable message and name its hash (ISO/IEC 9796-2 and 10118-3).
var trailers = []struct {
	bytes []byte
	hash  crypto.Hash
}{
	{[]byte{0xbc}, crypto.SHA1}, {[]byte{0x33, 0xcc}, crypto.SHA1}, {[]byte{0x34, 0xcc}, crypto.SHA256}, {[]byte{0x35, 0xcc}, crypto.SHA512},
	{[]byte{0x36, 0xcc}, crypto.SHA384}, {[]byte{0x38, 0xcc}, crypto.SHA224},
}

// Bounds of an RSA key that is computed with.
const (
	leastRSA = 1024
	mostRSA  = 4096
)

// recover verifies a signature of ISO/IEC 9796-2 digital signature scheme 1: the signed message begins with 6A, then what the chip chose, the digest of that and the challenge, and the trailer.
func (k Key) recover(challenge, signature []byte) error {
	if bits := k.N.BitLen(); bits < leastRSA || bits > mostRSA || k.E.BitLen() > 64 || k.E.Bit(0) == 0 || k.E.Cmp(big.NewInt(3)) < 0 {
		return ErrUnusable
	}
	size := (k.N.BitLen() + 7) / 8
	s := new(big.Int).SetBytes(signature)
	if len(signature) != size || s.Cmp(k.N) >= 0 {
		return ErrCopy
	}
	m := s.Exp(s, k.E, k.N)
	if !endsRight(m) { // the scheme allows the modulus less the number as well
		m.Sub(k.N, m)
	}
	message := m.FillBytes(make([]byte, size))
	if message[0] != 0x6a {
		return ErrCopy
	}
	for _, t := range trailers {
		body, ok := bytes.CutSuffix(message[1:], t.bytes)
		if !ok || len(body) < t.hash.Size() {
			continue
		}
		chosen, digest := body[:len(body)-t.hash.Size()], body[len(body)-t.hash.Size():]
		h := t.hash.New()
		h.Write(chosen)
		h.Write(challenge)
		if bytes.Equal(h.Sum(nil), digest) {
			return nil
		}
	}
	return ErrCopy
}

// endsRight reports whether the last four bits are those of a trailer, 1100.
func endsRight(m *big.Int) bool {
	return m.Bit(3) == 1 && m.Bit(2) == 1 && m.Bit(1) == 0 && m.Bit(0) == 0
}

// ChipAuth is a way of chip authentication that DG14 offers (ICAO 9303-11 §6.2).
type ChipAuth struct {
	oid   []byte
	suite suite
	key   Key
	id    []byte // of the key, where there are several
}

// chipAuthOID is id-CA-ECDH 0.4.0.127.0.7.2.2.3.2; the number of a cipher follows.
var chipAuthOID = []byte{4, 0, 0x7f, 0, 7, 2, 2, 3, 2}

// NewChipAuth makes a way of chip authentication of its object identifier (its contents, without tag and length), the chip's key and the key's number, nil if it has none. It reports whether the way is known here: over elliptic curves.
func NewChipAuth(oid []byte, k Key, id []byte) (ChipAuth, bool) {
	if len(oid) != len(chipAuthOID)+1 || !bytes.HasPrefix(oid, chipAuthOID) || k.Curve == nil {
		return ChipAuth{}, false
	}
	s, ok := paceSuites[oid[len(chipAuthOID)]]
	return ChipAuth{bytes.Clone(oid), s, k, bytes.Clone(id)}, ok
}

// ChipAuthentication agrees on new keys with the chip's own key. nil: the chip has answered with them, which it can only with the secret that belongs to its document. ErrCopy: it has not.
func (r *Reader) ChipAuthentication(ctx context.Context, a ChipAuth, random io.Reader) error {
	if r.session == nil {
		return errors.New("chip authentication goes over a protected channel; open the chip first")
	}
	run := paceRun{PACE: PACE{suite: a.suite, curve: a.key.Curve}, random: random}
	k, public, err := run.pair(a.key.Curve.Generator())
	if err != nil {
		return err
	}
	if run.theirs, err = a.key.Curve.Marshal(a.key.Point); err != nil {
		return fmt.Errorf("the chip's public key: %w", err)
	}
	run.ours = public
	secret, err := run.secret(k)
	if err != nil {
		return err
	}
	if err := r.sendEphemeral(ctx, a, public); err != nil {
		return err
	}
	r.session = newSession(a.suite, secret, make([]byte, a.suite.block))
	if err := r.SelectApplet(ctx); err != nil {
		if refused := (*Refused)(nil); errors.As(err, &refused) || errors.Is(err, errProtected) {
			return ErrCopy
		}
		return err
	}
	return nil
}

// sendEphemeral gives the chip the reader's key: with Triple-DES in one command, with AES in two (§6.2.4).
func (r *Reader) sendEphemeral(ctx context.Context, a ChipAuth, public []byte) error {
	const what = "begin chip authentication"
	if !a.suite.aes {
		data := appendTLV(nil, 0x91, public)
		if a.id != nil {
			data = appendTLV(data, 0x84, a.id)
		}
		_, err := r.ask(ctx, Command{INS: 0x22, P1: 0x41, P2: 0xa6, Data: data}, what)
		return err
	}
	data := appendTLV(nil, 0x80, a.oid)
	if a.id != nil {
		data = appendTLV(data, 0x84, a.id)
	}
	if _, err := r.ask(ctx, Command{INS: 0x22, P1: 0x41, P2: 0xa4, Data: data}, what); err != nil {
		return err
	}
	_, err := r.ask(ctx, Command{INS: 0x86, Data: appendTLV(nil, doDynamic, appendTLV(nil, doNonce, public)), Le: shortLe}, what)
	return err
}
