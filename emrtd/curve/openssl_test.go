package curve

import (
	"crypto/sha256"
	"encoding/asn1"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// openssl runs the program; a test is skipped where there is none, or none that knows the curve.
func openssl(t *testing.T, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("no openssl here")
	}
	out, err := exec.Command(path, args...).Output()
	if err != nil && args[0] == "ecparam" {
		t.Skipf("this openssl does not know the curve: %v", err)
	}
	if err != nil {
		t.Fatalf("openssl %v: %v", args, err)
	}
	return out
}

// nameAtOpenSSL is the name by which OpenSSL knows a curve.
func nameAtOpenSSL(c *Curve) string {
	if len(c.also) > 0 {
		return c.also[len(c.also)-1]
	}
	return c.name
}

// TestOpenSSL verifies what OpenSSL signs.
func TestOpenSSL(t *testing.T) {
	for _, c := range known {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			private, message := filepath.Join(dir, "key"), filepath.Join(dir, "message")
			text := []byte("a message for " + c.name)
			if err := os.WriteFile(message, text, 0o600); err != nil {
				t.Fatal(err)
			}
			openssl(t, "ecparam", "-name", nameAtOpenSSL(c), "-genkey", "-noout", "-out", private)
			public := openssl(t, "pkey", "-in", private, "-pubout", "-outform", "DER")
			key, err := c.Unmarshal(public[len(public)-1-2*c.byteLen:])
			if err != nil {
				t.Fatal(err)
			}
			var signature struct{ R, S *big.Int }
			if _, err := asn1.Unmarshal(openssl(t, "dgst", "-sha256", "-sign", private, message), &signature); err != nil {
				t.Fatal(err)
			}
			hash := sha256.Sum256(text)
			if err := c.Verify(key, hash[:], signature.R, signature.S); err != nil {
				t.Error(err)
			}
			if !c.verify(key, hash[:], signature.R, signature.S) {
				t.Error("refused")
			}
		})
	}
}

// TestOpenSSLParameters matches the parameters that OpenSSL writes for each curve (SEC 1 C.2, SpecifiedECDomain).
func TestOpenSSLParameters(t *testing.T) {
	for _, c := range known {
		for _, form := range []string{"uncompressed", "compressed"} {
			t.Run(c.name+" "+form, func(t *testing.T) {
				der := openssl(t, "ecparam", "-name", nameAtOpenSSL(c), "-param_enc", "explicit", "-conv_form", form, "-outform", "DER")
				var domain struct {
					Version int
					Field   struct {
						Kind asn1.ObjectIdentifier
						P    *big.Int
					}
					Curve struct {
						A, B []byte
						Seed asn1.BitString `asn1:"optional"`
					}
					G []byte
					N *big.Int
					H *big.Int
				}
				if _, err := asn1.Unmarshal(der, &domain); err != nil {
					t.Fatal(err)
				}
				a, b := new(big.Int).SetBytes(domain.Curve.A), new(big.Int).SetBytes(domain.Curve.B)
				if got := Match(Params{P: domain.Field.P, A: a, B: b, G: domain.G, N: domain.N, H: domain.H}); got != c {
					t.Errorf("they are %v", got)
				}
			})
		}
	}
}
