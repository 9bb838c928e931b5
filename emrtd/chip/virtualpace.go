package chip

import (
	"bytes"
	"crypto/subtle"
	"io"
	"math/big"

	"marz/emrtd/curve"
)

// virtualPACE is a virtual chip's side of one run.
type virtualPACE struct {
	paceRun
	password Password
	nonce    []byte
	mapKey   *big.Int
	session  *session
}

// CardAccess writes EF.CardAccess: the ways that a chip offers.
func CardAccess(ways ...PACE) []byte {
	var infos []byte
	for _, p := range ways {
		info := appendTLV(nil, 6, p.oid)
		info = appendTLV(info, 2, []byte{2})
		infos = appendTLV(infos, 0x30, appendTLV(info, 2, []byte{p.parameter}))
	}
	return appendTLV(nil, 0x31, infos)
}

// AllPACE are all ways that are known here.
func AllPACE() []PACE {
	var out []PACE
	for _, mapping := range []byte{GenericMapping, ChipMapping} {
		for cipher := byte(1); cipher <= 4; cipher++ {
			for parameter := byte(8); parameter <= 18; parameter++ {
				if p, ok := NewPACE(mapping, cipher, parameter); ok {
					out = append(out, p)
				}
			}
		}
	}
	return out
}

// NewPACE makes a way of PACE of its mapping, its cipher (1 for Triple-DES, 2 to 4 for AES with 128 to 256 bits) and the number of its domain parameters, and reports whether it is known here.
func NewPACE(mapping, cipher, parameter byte) (PACE, bool) {
	oid := append(bytes.Clone(paceOID), mapping, cipher)
	return paceOf([]tlv{{6, oid}, {2, []byte{2}}, {2, []byte{parameter}}})
}

// begin does MSE:Set AT for PACE.
func (v *Virtual) begin(c Command) Response {
	objects, err := readAll(c.Data)
	if err != nil || c.P1 != 0xc1 || c.P2 != 0xa4 {
		return Response{Status: WrongP1P2}
	}
	var password Password
	switch ref := find(objects, 0x83); {
	case bytes.Equal(ref, []byte{byMRZ}) && v.Key != nil:
		password = *v.Key
	case bytes.Equal(ref, []byte{byCAN}) && v.CAN != nil:
		password = *v.CAN
	default:
		return Response{Status: NoReference}
	}
	oid, parameter := find(objects, 0x80), find(objects, 0x84)
	for _, p := range v.PACE {
		if bytes.Equal(p.oid, oid) && (parameter == nil || bytes.Equal(parameter, []byte{p.parameter})) {
			v.pace = &virtualPACE{paceRun: paceRun{PACE: p, random: v.Random}, password: password}
			return Response{Status: OK}
		}
	}
	return Response{Status: WrongData}
}

// goOn does GENERAL AUTHENTICATE. What is out of its order ends the run.
func (v *Virtual) goOn(c Command) Response {
	run, chipAuth := v.pace, v.chipAuth
	v.pace, v.chipAuth = nil, nil
	outer, rest, err := readTLV(c.Data)
	if chipAuth != nil && err == nil && outer.tag == doDynamic {
		if objects, err := readAll(outer.value); err == nil && find(objects, doNonce) != nil {
			answer := v.agree(chipAuth, find(objects, doNonce))
			if answer.Status == OK {
				answer.Data = []byte{doDynamic, 0}
			}
			return answer
		}
		return Response{Status: WrongData}
	}
	if run == nil || err != nil || outer.tag != doDynamic || len(rest) > 0 {
		return Response{Status: NotAllowed}
	}
	objects, err := readAll(outer.value)
	if err != nil {
		return Response{Status: WrongData}
	}
	var out []byte
	switch {
	case len(objects) == 0 && run.nonce == nil:
		out, err = run.makeNonce()
	case find(objects, doMapOurs) != nil && run.nonce != nil && run.mapKey == nil:
		out, err = run.mapFor(find(objects, doMapOurs))
	case find(objects, doKeyOurs) != nil && run.mapKey != nil && run.session == nil:
		out, err = run.agreeWith(find(objects, doKeyOurs))
	case find(objects, doOurs) != nil && run.session != nil:
		return v.finish(run, find(objects, doOurs))
	default:
		return Response{Status: NotAllowed}
	}
	if err != nil {
		return Response{Status: WrongData}
	}
	v.pace = run
	return Response{appendTLV(nil, doDynamic, out), OK}
}

func (run *virtualPACE) makeNonce() ([]byte, error) {
	run.nonce = make([]byte, 16)
	if _, err := io.ReadFull(run.random, run.nonce); err != nil {
		return nil, err
	}
	key := run.suite.derive(run.password.seed, forPassword)
	return appendTLV(nil, doNonce, run.suite.encrypt(key, make([]byte, run.suite.block), run.nonce)), nil
}

func (run *virtualPACE) mapFor(theirs []byte) ([]byte, error) {
	p, err := run.curve.Unmarshal(theirs)
	if err != nil {
		return nil, err
	}
	k, public, err := run.pair(run.curve.Generator())
	if err != nil {
		return nil, err
	}
	run.mapKey = k
	if run.base, err = run.mapNonce(k, p, run.nonce); err != nil {
		return nil, err
	}
	return appendTLV(nil, doMapTheirs, public), nil
}

func (run *virtualPACE) agreeWith(theirs []byte) ([]byte, error) {
	k, public, err := run.pair(run.base)
	if err != nil {
		return nil, err
	}
	run.ours, run.theirs = public, theirs
	secret, err := run.secret(k)
	if err != nil {
		return nil, err
	}
	run.session = newSession(run.suite, secret, make([]byte, run.suite.block))
	return appendTLV(nil, doKeyTheirs, public), nil
}

// finish checks the reader's token and shows the chip's own, and with chip authentication mapping its data.
func (v *Virtual) finish(run *virtualPACE, token []byte) Response {
	if subtle.ConstantTimeCompare(token, run.token(run.session.mac, run.ours)) != 1 {
		return Response{Status: NotVerified}
	}
	out := appendTLV(nil, doTheirs, run.token(run.session.mac, run.theirs))
	if run.proves {
		data, err := run.proofOf(v.secret(run.curve))
		if err != nil {
			return Response{Status: WrongData}
		}
		out = appendTLV(out, doChipData, data)
	}
	v.session = run.session
	return Response{appendTLV(nil, doDynamic, out), OK}
}

// proofOf is the mapping key divided by the chip's secret key.
func (run *virtualPACE) proofOf(secret *big.Int) ([]byte, error) {
	n := run.curve.Order()
	data := new(big.Int).Mul(run.mapKey, new(big.Int).ModInverse(secret, n))
	data.Mod(data, n)
	plain := run.suite.pad(data.FillBytes(make([]byte, run.curve.OrderLen())))
	return run.suite.encrypt(run.session.enc, run.chipIV(run.session), plain), nil
}

// secret is the secret key of the chip on a curve. A copy has another.
func (v *Virtual) secret(c *curve.Curve) *big.Int {
	k := new(big.Int).SetBytes(v.Secret)
	if v.Faults.Copy {
		k.Add(k, big.NewInt(1))
	}
	k.Mod(k, new(big.Int).Sub(c.Order(), big.NewInt(1)))
	return k.Add(k, big.NewInt(1))
}

// PublicKey is the public key that belongs to the chip's secret on the curve of a way, as the issuing state signs it in EF.CardSecurity.
func (v *Virtual) PublicKey(p PACE) ([]byte, error) {
	return v.PublicKeyOn(p.curve)
}

// PublicKeyOn is the public key that belongs to the chip's secret on a curve.
func (v *Virtual) PublicKeyOn(c *curve.Curve) ([]byte, error) {
	k, err := v.keyOn(c)
	if err != nil {
		return nil, err
	}
	return c.Marshal(k.Point)
}
