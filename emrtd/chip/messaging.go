package chip

import (
	"crypto/subtle"
	"errors"
)

// session is a protected channel (ICAO 9303-11 §9.8): each command and each response is encrypted and has a checksum, in which a counter stands, so that none can be left out, repeated or moved.
type session struct {
	suite    suite
	enc, mac []byte
	counter  []byte
}

// Data objects of secure messaging (ISO 7816-4 §11.3).
const (
	doEncrypted    = 0x87 // after a byte that names the padding
	doEncryptedOdd = 0x85 // of commands with an odd instruction
	doExpected     = 0x97
	doStatus       = 0x99
	doMAC          = 0x8e
)

func newSession(s suite, secret, counter []byte) *session {
	return &session{suite: s, enc: s.derive(secret, forEncryption), mac: s.derive(secret, forMAC), counter: counter}
}

// next counts a message.
func (s *session) next() {
	for i := len(s.counter) - 1; i >= 0; i-- {
		if s.counter[i]++; s.counter[i] != 0 {
			return
		}
	}
}

// iv begins the chain: zeros, or with AES the encrypted counter.
func (s *session) iv() []byte {
	iv := make([]byte, s.suite.block)
	if s.suite.aes {
		s.suite.cipher(s.enc).Encrypt(iv, s.counter)
	}
	return iv
}

// checksum is that of a message, with its counter.
func (s *session) checksum(message []byte) []byte {
	return s.suite.checksum(s.mac, append(append([]byte{}, s.counter...), message...))
}

// protect wraps a command.
func (s *session) protect(c Command) Command {
	s.next()
	out := Command{CLA: c.CLA | 0x0c, INS: c.INS, P1: c.P1, P2: c.P2}
	message := s.suite.pad([]byte{out.CLA, out.INS, out.P1, out.P2})
	var objects []byte
	if len(c.Data) > 0 {
		secret := s.suite.encrypt(s.enc, s.iv(), s.suite.pad(c.Data))
		if c.INS&1 == 0 {
			objects = appendTLV(objects, doEncrypted, append([]byte{1}, secret...))
		} else {
			objects = appendTLV(objects, doEncryptedOdd, secret)
		}
	}
	if c.Le > 0 {
		le := []byte{byte(c.Le)}
		if c.Le > shortLe {
			le = []byte{byte(c.Le >> 8), byte(c.Le)}
		}
		objects = appendTLV(objects, doExpected, le)
	}
	out.Data = appendTLV(objects, doMAC, s.checksum(append(message, objects...)))
	out.Le = shortLe
	if len(out.Data) > shortData || c.Le > shortLe-64 { // what comes back is longer than what is asked for
		out.Le = MostLe
	}
	return out
}

var errProtected = errors.New("the chip's answer does not have the checksum that it must; the document was moved, or somebody stands between")

// open unwraps a response. After an error the channel is of no use any more.
func (s *session) open(r Response) (Response, error) {
	s.next()
	if len(r.Data) == 0 {
		return r, errProtected
	}
	objects, err := readAll(r.Data)
	if err != nil {
		return Response{}, errProtected
	}
	status, mac := find(objects, doStatus), find(objects, doMAC)
	if len(objects) == 0 || objects[len(objects)-1].tag != doMAC || len(status) != 2 || len(mac) != 8 {
		return Response{}, errProtected
	}
	signed := r.Data[:len(r.Data)-10]
	if subtle.ConstantTimeCompare(mac, s.checksum(signed)) != 1 {
		return Response{}, errProtected
	}
	out := Response{Status: Status(status[0])<<8 | Status(status[1])}
	if out.Data, err = s.plain(objects); err != nil {
		return Response{}, errProtected
	}
	return out, nil
}

// plain decrypts the value among data objects whose checksum was right, nil if there is none.
func (s *session) plain(objects []tlv) ([]byte, error) {
	secret := find(objects, doEncryptedOdd)
	if v := find(objects, doEncrypted); v != nil {
		if len(v) == 0 || v[0] != 1 {
			return nil, errProtected
		}
		secret = v[1:]
	}
	if len(secret) == 0 {
		return nil, nil
	}
	plain, err := s.suite.decrypt(s.enc, s.iv(), secret)
	if err != nil {
		return nil, err
	}
	return unpad(plain)
}

// accept unwraps a command on the chip's side.
func (s *session) accept(c Command) (Command, error) {
	s.next()
	objects, err := readAll(c.Data)
	if err != nil || len(objects) == 0 || objects[len(objects)-1].tag != doMAC || len(c.Data) < 10 {
		return Command{}, errProtected
	}
	message := s.suite.pad([]byte{c.CLA, c.INS, c.P1, c.P2})
	if subtle.ConstantTimeCompare(objects[len(objects)-1].value, s.checksum(append(message, c.Data[:len(c.Data)-10]...))) != 1 {
		return Command{}, errProtected
	}
	out := Command{CLA: c.CLA &^ 0x0c, INS: c.INS, P1: c.P1, P2: c.P2}
	if out.Data, err = s.plain(objects); err != nil {
		return Command{}, errProtected
	}
	switch le := find(objects, doExpected); len(le) {
	case 0:
	case 1, 2:
		if out.Le = length(le); out.Le == 0 {
			out.Le = 1 << (8 * len(le))
		}
	default:
		return Command{}, errProtected
	}
	return out, nil
}

// answer wraps a response on the chip's side.
func (s *session) answer(r Response, odd bool) Response {
	s.next()
	var objects []byte
	if len(r.Data) > 0 {
		secret := s.suite.encrypt(s.enc, s.iv(), s.suite.pad(r.Data))
		if odd {
			objects = appendTLV(objects, doEncryptedOdd, secret)
		} else {
			objects = appendTLV(objects, doEncrypted, append([]byte{1}, secret...))
		}
	}
	objects = appendTLV(objects, doStatus, []byte{byte(r.Status >> 8), byte(r.Status)})
	return Response{appendTLV(objects, doMAC, s.checksum(objects)), r.Status}
}
