package chip

import (
	"context"
	"crypto/sha1"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"strings"

	"marz/mrz"
)

// Password opens a chip: what is printed on the document.
type Password struct {
	reference byte   // as in PACE (ICAO 9303-11 §4.4.4.1)
	seed      []byte // what keys are derived from
}

// References of passwords.
const (
	byMRZ = 1
	byCAN = 2
)

// FromMRZ is the password that the machine-readable zone gives (ICAO 9303-11 §4.3.2): document number, date of birth and date of expiry, each as it stands there, without check digits. A document number of less than nine characters is filled up.
func FromMRZ(number, birth, expiry string) (Password, error) {
	if len(number) < 9 {
		number += strings.Repeat("<", 9-len(number))
	}
	if len(birth) != 6 || len(expiry) != 6 || len(number) > 22 {
		return Password{}, errors.New("the key needs document number, date of birth and date of expiry as the machine-readable zone has them")
	}
	var info []byte
	for _, f := range []string{number, birth, expiry} {
		info = append(append(info, f...), mrz.CheckDigit(f))
	}
	seed := sha1.Sum(info)
	return Password{byMRZ, seed[:]}, nil
}

// FromCAN is the password of a card access number, six digits on the front of a card.
func FromCAN(can string) (Password, error) {
	if len(can) < 6 || strings.Trim(can, "0123456789") != "" {
		return Password{}, errors.New("a card access number has six digits")
	}
	return Password{byCAN, []byte(can)}, nil
}

// BAC opens the chip by Basic Access Control (ICAO 9303-11 §4.3): both sides show that they know the zone, and agree on keys. The application has to be chosen before. random gives 24 bytes.
func (r *Reader) BAC(ctx context.Context, p Password, random io.Reader) error {
	if p.reference != byMRZ {
		return errors.New("basic access control goes by the machine-readable zone; a card access number does not open it")
	}
	s := tripleDES
	seed := p.seed[:16]
	enc, mac := s.derive(seed, forEncryption), s.derive(seed, forMAC)
	theirs, err := r.ask(ctx, Command{INS: 0x84, Le: 8}, "give a challenge")
	if err != nil {
		return err
	}
	if len(theirs) != 8 {
		return fmt.Errorf("the chip's challenge has %d bytes, and not 8", len(theirs))
	}
	ours := make([]byte, 24) // challenge and key
	if _, err := io.ReadFull(random, ours); err != nil {
		return err
	}
	secret := s.encrypt(enc, make([]byte, 8), append(append(append([]byte{}, ours[:8]...), theirs...), ours[8:]...))
	answer, err := r.ask(ctx, Command{INS: 0x82, Data: append(secret, s.token(mac, secret)...), Le: 40}, "open by the machine-readable zone")
	if refused := (*Refused)(nil); errors.As(err, &refused) {
		return fmt.Errorf("the chip does not open by this machine-readable zone; read it again: %w", err)
	}
	if err != nil {
		return err
	}
	if len(answer) != 40 || subtle.ConstantTimeCompare(s.token(mac, answer[:32]), answer[32:]) != 1 {
		return errProtected
	}
	plain, err := s.decrypt(enc, make([]byte, 8), answer[:32])
	if err != nil || subtle.ConstantTimeCompare(plain[:8], theirs) != 1 || subtle.ConstantTimeCompare(plain[8:16], ours[:8]) != 1 {
		return errProtected
	}
	r.session = newSession(s, exclusiveOr(ours[8:], plain[16:]), append(append([]byte{}, theirs[4:]...), ours[4:8]...))
	return nil
}

func exclusiveOr(a, b []byte) []byte {
	out := make([]byte, len(a))
	subtle.XORBytes(out, a, b)
	return out
}
