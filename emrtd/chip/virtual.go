package chip

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"sync"
)

// Virtual is a passport's chip in memory. It is a Card: a reader cannot tell it from one of silicon, but that it answers at once. Its methods may be called from any goroutine.
type Virtual struct {
	Files  map[File][]byte // of the application, readable when the chip is open
	Master map[File][]byte // outside of it, readable by everybody
	Key    *Password       // of the machine-readable zone; nil: the chip is open to everybody
	CAN    *Password       // the card access number; nil: it has none
	PACE   []PACE          // the ways that it offers
	// WithoutBAC: it opens by PACE alone, which ICAO 9303-11 allows since 2018.
	WithoutBAC bool
	Secret     []byte     // from which its secret keys are made
	Active     Active     // its key for active authentication
	ChipAuth   []ChipAuth // the ways of chip authentication that it offers
	Random     io.Reader
	Faults     Faults

	mu        sync.Mutex
	applet    bool
	file      []byte // that is chosen
	challenge []byte
	pace      *virtualPACE
	chipAuth  *ChipAuth // that was begun
	session   *session
	commands  int // so far
}

// Faults are what is wrong with a virtual chip. The zero value is a sound one.
type Faults struct {
	DropAt    int  // the link breaks at this command, from 1, and stays so
	SpoilAt   int  // one bit of the answer to this command is another
	Cut       File // this file ends at half of the length that it gives
	Missing   File // this file is not there, whatever EF.COM says
	Forget    int  // the chip loses its channel at this command, as one that was moved
	Copy      bool // the chip does not have the secret key of its document
	ShortOnly bool // it refuses commands of extended length
}

// errLifted is what a reader hears of a document that is not there any more.
var errLifted = errors.New("no document is on the reader")

// Reset is what a reader does with a document that is laid down again.
func (v *Virtual) Reset() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.applet, v.file, v.challenge, v.pace, v.chipAuth, v.session, v.commands = false, nil, nil, nil, nil, nil, 0
}

// Transmit answers a command.
func (v *Virtual) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	v.commands++
	if v.Faults.DropAt > 0 && v.commands >= v.Faults.DropAt {
		return nil, errLifted
	}
	if v.commands == v.Faults.Forget {
		v.session = nil
	}
	out := v.answer(command).Bytes()
	if v.commands == v.Faults.SpoilAt {
		out[len(out)/2] ^= 4
	}
	return out, nil
}

// answer unwraps a command, does it and wraps the response.
func (v *Virtual) answer(command []byte) Response {
	c, err := ParseCommand(command)
	if err != nil || v.Faults.ShortOnly && len(command) > 5+shortData+1 {
		return Response{Status: WrongLength}
	}
	protected := c.CLA&0x0c == 0x0c
	switch {
	case c.CLA&^0x1c != 0:
		return Response{Status: ClassUnsupported}
	case protected && v.session == nil:
		return Response{Status: SMIncorrect}
	case !protected && v.session != nil:
		v.session = nil // who speaks openly has left the channel
	}
	if !protected {
		return v.do(c)
	}
	s := v.session
	plain, err := s.accept(c)
	if err != nil {
		v.session = nil
		return Response{Status: SMIncorrect}
	}
	return s.answer(v.do(plain), c.INS&1 == 1)
}

// do does a command.
func (v *Virtual) do(c Command) Response {
	switch c.INS {
	case 0xa4:
		return v.choose(c)
	case 0xb0, 0xb1:
		return v.read(c)
	case 0x84:
		if !v.applet || v.Key == nil || v.WithoutBAC || c.Le < 8 {
			return Response{Status: NotAllowed}
		}
		v.challenge = make([]byte, 8)
		if _, err := io.ReadFull(v.Random, v.challenge); err != nil {
			return Response{Status: NotAllowed}
		}
		return Response{bytes.Clone(v.challenge), OK}
	case 0x82:
		return v.authenticate(c)
	case 0x88:
		return v.sign(c)
	case 0x22:
		if c.P1 == 0x41 {
			return v.beginChipAuth(c)
		}
		return v.begin(c)
	case 0x86:
		return v.goOn(c)
	}
	return Response{Status: NotSupported}
}

// choose does SELECT.
func (v *Virtual) choose(c Command) Response {
	switch {
	case c.P1 == 4 && bytes.Equal(c.Data, applet):
		v.applet, v.file = true, nil
		return Response{Status: OK}
	case c.P1 == 4:
		return Response{Status: NotFound}
	case c.P1 != 2 && c.P1 != 0 || len(c.Data) != 2:
		return Response{Status: WrongP1P2}
	}
	f := File(c.Data[0])<<8 | File(c.Data[1])
	from := v.Master
	if v.applet {
		from = v.Files
	}
	content, ok := from[f]
	if !ok || f == v.Faults.Missing && v.applet {
		return Response{Status: NotFound}
	}
	if (v.applet || f == EFCardSecurity) && v.Key != nil && v.session == nil {
		return Response{Status: NotSatisfied}
	}
	if f == v.Faults.Cut && v.applet {
		content = content[:len(content)/2]
	}
	v.file = content
	return Response{Status: OK}
}

// read does READ BINARY, with the offset in the parameters or in a data object.
func (v *Virtual) read(c Command) Response {
	if v.file == nil || v.applet && v.Key != nil && v.session == nil {
		return Response{Status: NotAllowed}
	}
	offset, n, odd := int(c.P1)<<8|int(c.P2), c.Le, c.INS == 0xb1
	if odd {
		t, rest, err := readTLV(c.Data)
		if err != nil || t.tag != 0x54 || len(rest) > 0 || len(t.value) > 3 || c.P1|c.P2 != 0 {
			return Response{Status: WrongData}
		}
		offset, n = length(t.value), n-4
	} else if c.P1&0x80 != 0 {
		return Response{Status: NotSupported}
	}
	if offset > len(v.file) || n <= 0 {
		return Response{Status: OutsideFile}
	}
	out := Response{bytes.Clone(v.file[offset:min(len(v.file), offset+n)]), OK}
	if len(out.Data) < n {
		out.Status = EndOfFile
	}
	if odd && len(out.Data) > 0 {
		out.Data = appendTLV(nil, 0x53, out.Data)
	}
	return out
}

// authenticate does EXTERNAL AUTHENTICATE of Basic Access Control.
func (v *Virtual) authenticate(c Command) Response {
	challenge := v.challenge
	v.challenge = nil
	if challenge == nil || v.Key == nil || len(c.Data) != 40 {
		return Response{Status: NotAllowed}
	}
	s, seed := tripleDES, v.Key.seed[:16]
	enc, mac := s.derive(seed, forEncryption), s.derive(seed, forMAC)
	if subtle.ConstantTimeCompare(s.token(mac, c.Data[:32]), c.Data[32:]) != 1 {
		return Response{Status: NotVerified}
	}
	theirs, err := s.decrypt(enc, make([]byte, 8), c.Data[:32])
	if err != nil || !bytes.Equal(theirs[8:16], challenge) {
		return Response{Status: NotVerified}
	}
	key := make([]byte, 16)
	if _, err := io.ReadFull(v.Random, key); err != nil {
		return Response{Status: NotAllowed}
	}
	secret := s.encrypt(enc, make([]byte, 8), append(append(append([]byte{}, challenge...), theirs[:8]...), key...))
	v.session = newSession(s, exclusiveOr(theirs[16:], key), append(append([]byte{}, challenge[4:]...), theirs[4:8]...))
	return Response{append(secret, s.token(mac, secret)...), OK}
}
