package pcsc

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"marz"
)

// Reasons, for errors.Is.
var (
	ErrNotRunning = errors.New("pcscd does not run")
	ErrReaderGone = errors.New("the reader is not there any more")
	ErrLifted     = errors.New("no document lies on the reader")
	ErrInUse      = errors.New("another program is using the reader")
)

// code is what pcscd answers: SCARD_S_SUCCESS or one of the SCARD_E_, SCARD_F_ and SCARD_W_ of winscard.h.
type code uint32

// The codes that are told apart.
const (
	codeOK              code = 0
	codeSharing         code = 0x8010000B
	codeNoCard          code = 0x8010000C
	codeUnknownReader   code = 0x80100009
	codeProtocol        code = 0x8010000F
	codeComm            code = 0x80100013
	codeNotTransacted   code = 0x80100016
	codeReaderMissing   code = 0x80100017
	codeNoService       code = 0x8010001D
	codeServiceStopped  code = 0x8010001E
	codeNoReaders       code = 0x8010002E
	codeUnsupportedCard code = 0x80100065
	codeUnresponsive    code = 0x80100066
	codeUnpowered       code = 0x80100067
	codeReset           code = 0x80100068
	codeRemoved         code = 0x80100069
	codeViolation       code = 0x8010006A
)

// failure makes the error of a code: what was being done, with which reader, and what to do.
func (c code) failure(op, reader string) error {
	kind, fix, why := c.explained()
	e := &marz.Error{Code: kind, Op: op, Subject: reader, Fix: fix, Err: fmt.Errorf("pcscd says %08X", uint32(c))}
	if why != nil {
		e.Err = fmt.Errorf("%w (%w)", why, e.Err)
	}
	return e
}

// explained says of a code what kind of error it is, what to do, and its reason if it is one of the above.
func (c code) explained() (kind marz.Code, fix string, why error) {
	switch c {
	case codeSharing:
		return marz.Conflict, "close the other program, or give it another reader", ErrInUse
	case codeNoCard, codeRemoved, codeReset, codeUnpowered:
		return marz.Unavailable, "lay the document down, and leave it there until it is read", ErrLifted
	case codeUnknownReader, codeReaderMissing, codeNoReaders:
		return marz.Unavailable, "plug it in again; marz card readers lists those that there are", ErrReaderGone
	case codeUnresponsive, codeUnsupportedCard, codeProtocol:
		return marz.Unavailable, "the document has no chip that answers, or lies askew: lay it down again", nil
	case codeComm, codeNotTransacted:
		return marz.Unavailable, "the link to the document broke: lay it down again", nil
	case codeViolation:
		return marz.Forbidden, "pcscd's rules do not let this user at it: add a rule for polkit's action org.debian.pcsc-lite.access_pcsc", nil
	case codeServiceStopped, codeNoService:
		return marz.Unavailable, "it is stopping, or speaks a version of its protocol other than 4:4: pcscd 1.8.24 or newer is needed", ErrNotRunning
	}
	return marz.Unavailable, "lay the document down again; if it stays so, restart pcscd (systemctl restart pcscd.socket pcscd)", nil
}

// unreachable makes the error of a socket that cannot be reached.
func unreachable(socket string, err error) error {
	e := &marz.Error{Code: marz.Unavailable, Op: "reach pcscd", Subject: socket, Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		e.Fix, e.Err = "install it (apt-get install pcscd) and start it (systemctl start pcscd.socket)", ErrNotRunning
	case errors.Is(err, fs.ErrPermission):
		e.Code, e.Fix = marz.Forbidden, "this user may not reach it"
	}
	return e
}
