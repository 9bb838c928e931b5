package chip

import (
	"bytes"
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"

	"marz/emrtd/curve"
)

// PACE is one way of Password Authenticated Connection Establishment that a chip offers in EF.CardAccess (ICAO 9303-11 §4.4): both sides show that they know the password without a listener's learning anything of it.
type PACE struct {
	oid       []byte
	suite     suite
	proves    bool // with chip authentication mapping (§4.4.3.3.3) the chip shows that it is no copy as well
	parameter byte
	curve     *curve.Curve
	several   bool // the chip has several sets of parameters for it, so that one has to be named
}

func (p PACE) String() string {
	mapping := "generic mapping"
	if p.proves {
		mapping = "chip authentication mapping"
	}
	return fmt.Sprintf("PACE, ECDH, %s, %s, %s", mapping, p.suite.name, p.curve.Name())
}

// Proves reports whether the way has chip authentication mapping, so that the chip shows by it that it is no copy.
func (p PACE) Proves() bool { return p.proves }

// paceOID is id-PACE 0.4.0.127.0.7.2.2.4; two more numbers follow, for mapping and cipher.
var paceOID = []byte{4, 0, 0x7f, 0, 7, 2, 2, 4}

var paceSuites = map[byte]suite{1: tripleDES, 2: aes128, 3: aes192, 4: aes256}

// Mappings over elliptic curves, by their numbers in object identifiers (ICAO 9303-11 §9.2.1).
const (
	GenericMapping = 2
	ChipMapping    = 6
)

// ReadCardAccess returns the ways that EF.CardAccess offers and that are known here, the best first: one that proves the chip, and then by the length of its keys. Others that it offers (integrated mapping, finite fields) are passed over.
func ReadCardAccess(file []byte) ([]PACE, error) {
	set, _, err := readTLV(file)
	if err != nil || set.tag != 0x31 {
		return nil, errors.New("EF.CardAccess is no set of security infos")
	}
	infos, err := readAll(set.value)
	if err != nil {
		return nil, fmt.Errorf("EF.CardAccess: %w", err)
	}
	var out []PACE
	for _, info := range infos {
		fields, err := readAll(info.value)
		if err != nil || info.tag != 0x30 {
			return nil, errors.New("EF.CardAccess has something that is no security info")
		}
		if p, ok := paceOf(fields); ok {
			out = append(out, p)
		}
	}
	for i := range out {
		for j := range out {
			out[i].several = out[i].several || i != j && bytes.Equal(out[i].oid, out[j].oid)
		}
	}
	slices.SortStableFunc(out, func(a, b PACE) int {
		return cmp.Or(-cmp.Compare(rank(a), rank(b)), -cmp.Compare(a.curve.ByteLen(), b.curve.ByteLen()))
	})
	return out, nil
}

func rank(p PACE) int {
	n := p.suite.key
	if p.suite.aes {
		n += 100
	}
	if p.proves {
		n += 1000
	}
	return n
}

// paceOf reads a PACEInfo (ICAO 9303-11 §9.2.1): protocol, version 2, number of the parameters.
func paceOf(fields []tlv) (PACE, bool) {
	if len(fields) < 3 || fields[0].tag != 6 || !bytes.HasPrefix(fields[0].value, paceOID) || len(fields[0].value) != len(paceOID)+2 ||
		!bytes.Equal(fields[1].value, []byte{2}) || len(fields[2].value) != 1 {
		return PACE{}, false
	}
	oid := fields[0].value
	mapping, parameter := oid[len(paceOID)], fields[2].value[0]
	s, known := paceSuites[oid[len(paceOID)+1]]
	c := curve.ByNumber(int(parameter))
	if !known || c == nil || mapping != GenericMapping && (mapping != ChipMapping || !s.aes) {
		return PACE{}, false
	}
	return PACE{oid: bytes.Clone(oid), suite: s, proves: mapping == ChipMapping, parameter: parameter, curve: c}, true
}

// Data objects of the protocol (ICAO 9303-11 §4.4.4.2).
const (
	doDynamic   = 0x7c
	doNonce     = 0x80
	doMapOurs   = 0x81
	doMapTheirs = 0x82
	doKeyOurs   = 0x83
	doKeyTheirs = 0x84
	doOurs      = 0x85
	doTheirs    = 0x86
	doChipData  = 0x8a
)

// PACE opens the chip. It comes before the application is chosen, and everything after it goes over the protected channel.
func (r *Reader) PACE(ctx context.Context, p PACE, w Password, random io.Reader) error {
	at := appendTLV(appendTLV(nil, 0x80, p.oid), 0x83, []byte{w.reference})
	if p.several {
		at = appendTLV(at, 0x84, []byte{p.parameter})
	}
	if _, err := r.ask(ctx, Command{INS: 0x22, P1: 0xc1, P2: 0xa4, Data: at}, "begin "+p.String()); err != nil {
		return err
	}
	nonce, err := r.step(ctx, nil, 0, doNonce, false)
	if err != nil {
		return err
	}
	s, err := p.suite.decrypt(p.suite.derive(w.seed, forPassword), make([]byte, p.suite.block), nonce[doNonce])
	if err != nil {
		return errProtected
	}
	run := paceRun{PACE: p, random: random}
	if err := r.paceMap(ctx, &run, s); err != nil {
		return err
	}
	secret, err := r.paceAgree(ctx, &run)
	if err != nil {
		return err
	}
	session := newSession(p.suite, secret, make([]byte, p.suite.block))
	answer, err := r.step(ctx, run.token(session.mac, run.theirs), doOurs, doTheirs, true)
	if refused := (*Refused)(nil); errors.As(err, &refused) {
		return fmt.Errorf("the chip does not open by what was read from the document; read it again: %w", err)
	}
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(answer[doTheirs], run.token(session.mac, run.ours)) != 1 {
		return errProtected
	}
	if p.proves {
		if r.proof, err = run.chipData(session, answer[doChipData]); err != nil {
			return err
		}
	}
	r.session = session
	return nil
}

// paceRun is one run of the protocol.
type paceRun struct {
	PACE
	random       io.Reader
	base         curve.Point // onto which the nonce was mapped
	mapped       curve.Point // the chip's key for the mapping
	ours, theirs []byte      // keys of the agreement
}

// paceMap maps the nonce to a base point: s·G + H, where H is what both agree on.
func (r *Reader) paceMap(ctx context.Context, run *paceRun, s []byte) error {
	c := run.curve
	k, public, err := run.pair(c.Generator())
	if err != nil {
		return err
	}
	answer, err := r.step(ctx, public, doMapOurs, doMapTheirs, false)
	if err != nil {
		return err
	}
	if run.mapped, err = c.Unmarshal(answer[doMapTheirs]); err != nil {
		return fmt.Errorf("the chip's key for the mapping: %w", err)
	}
	run.base, err = run.mapNonce(k, run.mapped, s)
	return err
}

func (run *paceRun) mapNonce(k *big.Int, theirs curve.Point, s []byte) (curve.Point, error) {
	c := run.curve
	h, err := c.ScalarMult(k, theirs)
	if err != nil {
		return curve.Point{}, err
	}
	g, err := c.ScalarBaseMult(new(big.Int).Mod(new(big.Int).SetBytes(s), c.Order()))
	if err != nil {
		return curve.Point{}, err
	}
	base, err := c.Add(g, h)
	if err != nil || base.Infinite() || h.Infinite() {
		return curve.Point{}, errProtected
	}
	return base, nil
}

// paceAgree agrees on a secret over the base point.
func (r *Reader) paceAgree(ctx context.Context, run *paceRun) ([]byte, error) {
	k, public, err := run.pair(run.base)
	if err != nil {
		return nil, err
	}
	answer, err := r.step(ctx, public, doKeyOurs, doKeyTheirs, false)
	if err != nil {
		return nil, err
	}
	run.ours, run.theirs = public, answer[doKeyTheirs]
	return run.secret(k)
}

// secret is the first coordinate of what both agree on.
func (run *paceRun) secret(k *big.Int) ([]byte, error) {
	if bytes.Equal(run.ours, run.theirs) {
		return nil, errProtected // who sends our own key back knows nothing
	}
	theirs, err := run.curve.Unmarshal(run.theirs)
	if err != nil {
		return nil, fmt.Errorf("the other side's key: %w", err)
	}
	shared, err := run.curve.ScalarMult(k, theirs)
	if err != nil || shared.Infinite() {
		return nil, errProtected
	}
	return shared.X.FillBytes(make([]byte, run.curve.ByteLen())), nil
}

// pair makes a key pair over a base point, and returns the public key as it is sent.
func (run *paceRun) pair(base curve.Point) (*big.Int, []byte, error) {
	n := run.curve.Order()
	b := make([]byte, run.curve.OrderLen())
	for {
		if _, err := io.ReadFull(run.random, b); err != nil {
			return nil, nil, err
		}
		b[0] &= byte(0xff >> ((8 - n.BitLen()%8) % 8))
		if k := new(big.Int).SetBytes(b); k.Sign() > 0 && k.Cmp(n) < 0 {
			p, err := run.curve.ScalarMult(k, base)
			if err != nil {
				return nil, nil, err
			}
			public, err := run.curve.Marshal(p)
			return k, public, err
		}
	}
}

// token is what one side shows of the key for checksums, over the other's public key (ICAO 9303-11 §4.4.3.4).
func (run *paceRun) token(key, public []byte) []byte {
	return run.suite.token(key, appendTLV(nil, 0x7f49, appendTLV(appendTLV(nil, 6, run.oid), 0x86, public)))
}

// step is one GENERAL AUTHENTICATE of the chain. It returns the data objects of the answer, of which one has to be there.
func (r *Reader) step(ctx context.Context, value []byte, tag, need uint16, last bool) (map[uint16][]byte, error) {
	c := Command{CLA: 0x10, INS: 0x86, Data: []byte{doDynamic, 0}, Le: shortLe}
	if value != nil {
		c.Data = appendTLV(nil, doDynamic, appendTLV(nil, tag, value))
	}
	if last {
		c.CLA = 0
	}
	b, err := r.ask(ctx, c, "go on with PACE")
	if err != nil {
		return nil, err
	}
	outer, rest, err := readTLV(b)
	if err != nil || outer.tag != doDynamic || len(rest) > 0 {
		return nil, errProtected
	}
	objects, err := readAll(outer.value)
	if err != nil {
		return nil, errProtected
	}
	out := map[uint16][]byte{}
	for _, o := range objects {
		out[o.tag] = o.value
	}
	if out[need] == nil {
		return nil, errProtected
	}
	return out, nil
}

// chipProof is what chip authentication mapping leaves to be checked against the key that the issuing state has signed.
type chipProof struct {
	curve  *curve.Curve
	mapped curve.Point
	data   *big.Int
}

// chipData decrypts the chip's authentication data (ICAO 9303-11 §4.4.3.5.2), with a beginning that is the encrypted number -1.
func (run *paceRun) chipData(s *session, secret []byte) (*chipProof, error) {
	plain, err := s.suite.decrypt(s.enc, run.chipIV(s), secret)
	if err != nil || len(plain) == 0 {
		return nil, errProtected
	}
	if plain, err = unpad(plain); err != nil {
		return nil, errProtected
	}
	return &chipProof{run.curve, run.mapped, new(big.Int).SetBytes(plain)}, nil
}

func (run *paceRun) chipIV(s *session) []byte {
	iv := bytes.Repeat([]byte{0xff}, s.suite.block)
	s.suite.cipher(s.enc).Encrypt(iv, iv)
	return iv
}

// ErrCopy says that a chip does not have the secret that belongs to its document: it is a copy.
var ErrCopy = errors.New("the chip does not have the secret key of its document: it may be a copy")

// CheckMapping checks, after PACE with chip authentication mapping, that the chip has the secret of a public key: the one of EF.CardSecurity, once its signature was verified.
func (r *Reader) CheckMapping(public []byte) error {
	if r.proof == nil {
		return errors.New("the chip was not opened with chip authentication mapping")
	}
	p, err := r.proof.curve.Unmarshal(public)
	if err != nil {
		return fmt.Errorf("the chip's public key: %w", err)
	}
	if r.proof.data.Cmp(r.proof.curve.Order()) >= 0 {
		return ErrCopy
	}
	got, err := r.proof.curve.ScalarMult(r.proof.data, p)
	if err != nil || !got.Equal(r.proof.mapped) {
		return ErrCopy
	}
	return nil
}
