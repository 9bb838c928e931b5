package passkey

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"

	"marz"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func (s *site) assert(t *testing.T, a *authenticator, digest [32]byte) (Evidence, Credential, error) {
	t.Helper()
	u := s.users["am-bg/0107"]
	options, name, err := s.BeginAssertion(u, digest)
	if err != nil {
		t.Fatal(err)
	}
	return s.FinishAssertion(u, name, bytes.NewReader(a.get(t, options)))
}

func TestAssertion(t *testing.T) {
	s, a := enrolled(t, 0)
	digest := sha256.Sum256([]byte("instrument"))
	e, c, err := s.assert(t, a, digest)
	if err != nil {
		t.Fatal(err)
	}
	var kept Evidence
	b, _ := json.Marshal(e)
	if err := json.Unmarshal(b, &kept); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(e, kept); d != "" {
		t.Fatal(d)
	}
	if err := kept.Verify(digest, testHost, []string{testOrigin}); err != nil {
		t.Fatal(err)
	}
	key, err := c.PublicKey()
	if err != nil || !bytes.Equal(key, e.PublicKey) || e.Officer != "am-bg/0107" || c.Used != testNow {
		t.Fatalf("%+v %+v %v", e, c, err)
	}
	wantReason(t, e.Verify(sha256.Sum256([]byte("another")), testHost, []string{testOrigin}), ErrRefused, marz.Unauthenticated)
	wantReason(t, e.Verify(digest, testHost, []string{"https://evil.example"}), ErrWrongOrigin, marz.Forbidden)
	wantReason(t, e.Verify(digest, "evil.example", []string{testOrigin}), ErrWrongOrigin, marz.Forbidden)
	wantReason(t, Evidence{}.Verify(digest, testHost, nil), ErrRefused, marz.Unauthenticated)

	again, _, err := s.assert(t, a, digest)
	if err != nil || bytes.Equal(again.ClientData, e.ClientData) {
		t.Fatalf("two assertions over one digest have one challenge (%v)", err)
	}
}

// No evidence verifies in which a byte of anything signed, or of the key, was changed.
func TestEvidenceHoldsEveryByte(t *testing.T) {
	s, a := enrolled(t, 0)
	digest := sha256.Sum256([]byte("instrument"))
	e, _, err := s.assert(t, a, digest)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		bad := e
		part := rapid.SampledFrom([]*[]byte{&bad.PublicKey, &bad.Digest, &bad.Nonce, &bad.ClientData, &bad.AuthenticatorData,
			&bad.Signature}).Draw(t, "part")
		*part = bytes.Clone(*part)
		i := rapid.IntRange(0, len(*part)-1).Draw(t, "byte")
		(*part)[i] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		if bad.Verify(digest, testHost, []string{testOrigin}) == nil {
			t.Fatalf("byte %d of %x was changed and the evidence verifies", i, *part)
		}
	})
}

func TestRefusedAssertion(t *testing.T) {
	for name, attack := range attacks {
		t.Run(name, func(t *testing.T) {
			s, a := enrolled(t, 0)
			attack.bend(a)
			_, _, err := s.assert(t, a, [32]byte{1})
			wantReason(t, err, attack.reason, attack.code)
		})
	}
	s, a := enrolled(t, 0)
	stranger := newAuthenticator(t, nil)
	_, _, err := s.assert(t, stranger, [32]byte{1})
	wantReason(t, err, ErrUnknownCredential, marz.Unauthenticated)
	clone := *a
	if _, c, err := s.assert(t, a, [32]byte{1}); err != nil {
		t.Fatal(err)
	} else {
		s.store(c)
	}
	_, _, err = s.assert(t, &clone, [32]byte{1})
	wantReason(t, err, ErrCloned, marz.Forbidden)
	_, _, err = s.BeginAssertion(User{Officer: "am-bg/0001"}, [32]byte{1})
	if marz.CodeOf(err) != marz.Conflict {
		t.Error(err)
	}
}

// The vector of DESIGN.md.
func TestChallengeVector(t *testing.T) {
	var digest, nonce [32]byte
	for i := range 32 {
		digest[i], nonce[i] = byte(i), byte(0xff-i)
	}
	got := Challenge(digest, nonce)
	if want := "354068e724f548f7b84522127ddb09176cb83bd9377535fdcdbf8e30c3ab500e"; hex.EncodeToString(got[:]) != want {
		t.Fatalf("got %x, want %s", got, want)
	}
}
