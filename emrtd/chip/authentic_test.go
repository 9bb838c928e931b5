package chip

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"testing"

	"marz/emrtd/curve"
	"marz/emrtd/testpki/saved"
)

// withKey is an open reader of a virtual chip with a key for active authentication.
func withKey(t testing.TB, a Active, copied bool) (*Reader, Key) {
	t.Helper()
	v, zone := closed(t, nil)
	v.Secret, v.Active = []byte("a secret of the tests"), a
	k, err := v.ActiveKey()
	if err != nil {
		t.Fatal(err)
	}
	v.Faults.Copy = copied
	r, err := opened(t.Context(), v, zone)
	if err != nil {
		t.Fatal(err)
	}
	return r, k
}

// A chip that has the secret of its document shows it, with every key; a copy cannot.
func TestActiveAuthentication(t *testing.T) {
	var keys []Active
	for _, bits := range []int{1024, 1280, 2048} {
		k := saved.Key(bits, 0)
		if k == nil {
			var err error
			if k, err = rsa.GenerateKey(rand.Reader, bits); err != nil {
				t.Fatal(err)
			}
		}
		for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
			keys = append(keys, Active{RSA: k, Hash: h})
		}
	}
	for _, c := range curve.Known() {
		keys = append(keys, Active{Curve: c}, Active{Curve: c, Hash: crypto.SHA256})
	}
	for i, a := range keys {
		what := fmt.Sprint(i, a.Hash)
		if a.Curve != nil {
			what = a.Curve.Name()
		}
		r, k := withKey(t, a, false)
		hash := crypto.Hash(0)
		if a.Curve != nil {
			hash = a.Hash
		}
		if err := r.ActiveAuthentication(t.Context(), k, hash, rand.Reader); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		r, k = withKey(t, a, true)
		if err := r.ActiveAuthentication(t.Context(), k, hash, rand.Reader); !errors.Is(err, ErrCopy) {
			t.Errorf("a copy, %s: %v", what, err)
		}
	}
}

// Numbers that were signed for another challenge, or are none, are no signatures.
func TestActiveAuthenticationRefuses(t *testing.T) {
	v := &Virtual{Active: Active{RSA: saved.Key(1024, 0), Hash: crypto.SHA1}, Random: rand.Reader}
	k, err := v.ActiveKey()
	if err != nil {
		t.Fatal(err)
	}
	challenge := []byte("12345678")
	signature, err := v.signRecoverable(challenge)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.recover(challenge, signature); err != nil {
		t.Fatal(err)
	}
	other := new(big.Int).Sub(k.N, new(big.Int).SetBytes(signature)).FillBytes(make([]byte, len(signature)))
	if err := k.recover(challenge, other); err != nil {
		t.Errorf("the other of the two numbers: %v", err)
	}
	for at := range signature {
		bad := bytes.Clone(signature)
		bad[at] ^= 1 << (at % 8)
		if err := k.recover(challenge, bad); !errors.Is(err, ErrCopy) {
			t.Errorf("byte %d: %v", at, err)
		}
	}
	for what, bad := range map[string][]byte{"nothing": nil, "zeros": make([]byte, 128), "the modulus": k.N.Bytes(), "too long": append([]byte{0}, signature...)} {
		if err := k.recover(challenge, bad); !errors.Is(err, ErrCopy) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := k.recover([]byte("12345679"), signature); !errors.Is(err, ErrCopy) {
		t.Errorf("another challenge: %v", err)
	}
	if err := (Key{N: big.NewInt(7), E: big.NewInt(3)}).recover(challenge, signature); !errors.Is(err, ErrUnusable) {
		t.Errorf("a key of three bits: %v", err)
	}
}

func TestChipAuthentication(t *testing.T) {
	for _, c := range curve.Known() {
		for cipher := byte(1); cipher <= 4; cipher++ {
			for _, copied := range []bool{false, true} {
				v, zone := closed(t, map[File][]byte{DG(1): file([]byte("zone"))})
				v.Secret = []byte("a secret of the tests")
				a, err := v.NewChipAuth(c, cipher, []byte{7})
				if err != nil {
					t.Fatal(err)
				}
				v.ChipAuth, v.Faults.Copy = []ChipAuth{a}, copied
				r, err := opened(t.Context(), v, zone)
				if err != nil {
					t.Fatal(err)
				}
				err = r.ChipAuthentication(t.Context(), a, rand.Reader)
				if copied != errors.Is(err, ErrCopy) || !copied && err != nil {
					t.Fatalf("%s, cipher %d, copied %v: %v", c.Name(), cipher, copied, err)
				}
				if copied {
					continue
				}
				if got, _, err := r.Read(t.Context(), DG(1), nil); err != nil || !bytes.Equal(got, file([]byte("zone"))) {
					t.Fatalf("%s, cipher %d: %q, %v", c.Name(), cipher, got, err)
				}
			}
		}
	}
}
