package passkey

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"testing"

	"marz"
)

// constant is a source of "randomness" that makes every challenge the same, so that answers kept in the corpus get past
// the challenge and reach what lies behind it.
type constant struct{}

func (constant) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 7
	}
	return len(b), nil
}

// fuzzSite returns a site with constant challenges, one enrolled officer, and right answers to a registration, a
// sign-in and an assertion.
func fuzzSite(f *testing.F) (s *site, bodies [3][]byte) {
	rp, err := New(Config{Host: testHost, Name: "Marz", Origins: []string{testOrigin}, Rand: constant{},
		Clock: func() marz.Instant { return testNow }})
	if err != nil {
		f.Fatal(err)
	}
	s = &site{RelyingParty: rp, now: testNow, users: map[marz.OfficerID]User{}}
	a := &authenticator{origin: testOrigin, host: testHost, flags: flagUP | flagUV, id: make([]byte, 16), format: "none",
		key: ed25519.NewKeyFromSeed(make([]byte, 32))}
	var t testing.T // the authenticator only fails on options that are not JSON
	options, name, _ := s.BeginRegistration(User{Officer: "am-bg/0107"})
	bodies[registering] = a.create(&t, options)
	c, err := s.FinishRegistration(User{Officer: "am-bg/0107"}, name, bytes.NewReader(bodies[registering]))
	if err != nil {
		f.Fatal(err)
	}
	s.store(c)
	options, _, _ = s.BeginLogin()
	bodies[signingIn] = a.get(&t, options)
	options, _, _ = s.BeginAssertion(s.users["am-bg/0107"], [32]byte{1})
	bodies[asserting] = a.get(&t, options)
	return s, bodies
}

// FuzzFinish: no body panics, and every refusal is one of the package's own.
func FuzzFinish(f *testing.F) {
	s, bodies := fuzzSite(f)
	for _, b := range bodies {
		f.Add(b)
	}
	for _, b := range []string{"", "null", "{}", "\ufeff{}", `{"id":"AA","rawId":"AA","type":"public-key","response":{}}`} {
		f.Add([]byte(b))
	}
	u := s.users["am-bg/0107"]
	f.Fuzz(func(t *testing.T, body []byte) {
		_, name, _ := s.BeginRegistration(User{Officer: u.Officer})
		c, err := s.FinishRegistration(User{Officer: u.Officer}, name, bytes.NewReader(body))
		wantKnown(t, err)
		if err == nil {
			if _, err := c.PublicKey(); err != nil {
				t.Fatalf("a registered record cannot be read again: %v", err)
			}
		}
		_, name, _ = s.BeginLogin()
		_, _, err = s.FinishLogin(name, s.lookup, bytes.NewReader(body))
		wantKnown(t, err)
		_, name, _ = s.BeginAssertion(u, [32]byte{1})
		e, _, err := s.FinishAssertion(u, name, bytes.NewReader(body))
		wantKnown(t, err)
		if err == nil {
			if err := e.Verify([32]byte{1}, testHost, []string{testOrigin}); err != nil {
				t.Fatalf("accepted, but its evidence does not verify: %v", err)
			}
		}
	})
}

func wantKnown(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for reason, r := range reasons {
		if errors.Is(err, reason) && marz.CodeOf(err) == r.code {
			return
		}
	}
	t.Fatalf("an error without a reason: %v", err)
}

// FuzzEvidence: no evidence and no stored record panics, whatever stands in it.
func FuzzEvidence(f *testing.F) {
	s, bodies := fuzzSite(f)
	u := s.users["am-bg/0107"]
	_, name, _ := s.BeginAssertion(u, [32]byte{1})
	e, c, err := s.FinishAssertion(u, name, bytes.NewReader(bodies[asserting]))
	if err != nil {
		f.Fatal(err)
	}
	evidence, _ := json.Marshal(e)
	f.Add(evidence, []byte(c.Record))
	f.Add([]byte(`{}`), []byte(`{"id":null,"publicKey":"!"}`))
	f.Fuzz(func(t *testing.T, evidence, record []byte) {
		var e Evidence
		if json.Unmarshal(evidence, &e) == nil {
			wantKnown(t, e.Verify([32]byte{1}, testHost, []string{testOrigin}))
		}
		bad := c
		bad.Record = record
		u := User{Officer: c.Officer, Credentials: []Credential{bad}}
		if _, name, err := s.BeginAssertion(u, [32]byte{1}); err == nil {
			_, _, err = s.FinishAssertion(u, name, bytes.NewReader(bodies[asserting]))
			wantKnown(t, err)
		}
	})
}
