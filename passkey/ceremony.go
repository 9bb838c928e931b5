package passkey

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"sync"

	"marz"

	"github.com/go-webauthn/webauthn/webauthn"
)

// Ceremony names a ceremony between its beginning and its end. It is opaque and unguessable; the page sends it back
// with the response. What belongs to it stays in the RelyingParty.
type Ceremony string

type kind int

const (
	registering kind = iota
	signingIn
	asserting
	kinds
)

// pending is what the server remembers of an open ceremony.
type pending struct {
	begun   marz.Instant
	officer marz.OfficerID // empty for a sign-in: nobody is known yet
	session webauthn.SessionData
	digest  [sha256.Size]byte // what an assertion is about
	nonce   [32]byte          // what makes its challenge new
}

// ceremonies holds the open ceremonies, each kind bounded by MaxOpen. The mutex guards both fields.
type ceremonies struct {
	mu   sync.Mutex
	rand io.Reader
	open [kinds]map[Ceremony]pending
}

// random returns 32 unpredictable bytes.
func (s *ceremonies) random() (b [32]byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err = io.ReadFull(s.rand, b[:]); err != nil {
		err = &marz.Error{Code: marz.Internal, Op: "passkey", Fix: "no randomness could be had", Err: err}
	}
	return b, err
}

// put opens a ceremony and returns its name.
func (s *ceremonies) put(k kind, p pending) (Ceremony, error) {
	b, err := s.random()
	if err != nil {
		return "", err
	}
	name := Ceremony(base64.RawURLEncoding.EncodeToString(b[:]))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[k] == nil {
		s.open[k] = make(map[Ceremony]pending)
	}
	s.makeRoom(k, p.begun)
	s.open[k][name] = p
	return name, nil
}

// makeRoom drops the expired ceremonies of a full kind, and the oldest one when none has expired.
func (s *ceremonies) makeRoom(k kind, now marz.Instant) {
	open := s.open[k]
	if len(open) < MaxOpen {
		return
	}
	var oldest Ceremony
	for name, p := range open {
		if p.expired(now) {
			delete(open, name)
		} else if oldest == "" || p.begun < open[oldest].begun {
			oldest = name
		}
	}
	if len(open) >= MaxOpen {
		delete(open, oldest)
	}
}

// take ends a ceremony and returns what belonged to it. It reports false when there is no such open ceremony of that
// kind, or when it has expired.
func (s *ceremonies) take(k kind, name Ceremony, now marz.Instant) (pending, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.open[k][name]
	delete(s.open[k], name)
	return p, ok && !p.expired(now)
}

// expired also holds for a clock that went back behind the beginning: how old the ceremony is can't be told then.
func (p pending) expired(now marz.Instant) bool {
	age := now.Sub(p.begun)
	return age < 0 || age >= Lifetime
}
