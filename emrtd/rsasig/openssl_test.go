package rsasig

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestOpenSSL verifies what OpenSSL signs, with each hash, by PKCS #1 v1.5 and by PSS with each hash of the mask.
func TestOpenSSL(t *testing.T) {
	program, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("no openssl here")
	}
	openssl := func(args ...string) []byte {
		t.Helper()
		out, err := exec.Command(program, args...).Output()
		if err != nil {
			t.Fatalf("openssl %v: %v", args, err)
		}
		return out
	}
	dir := t.TempDir()
	private, message := filepath.Join(dir, "key"), filepath.Join(dir, "message")
	text := []byte("a message")
	if err := os.WriteFile(message, text, 0o600); err != nil {
		t.Fatal(err)
	}
	openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_keygen_pubexp:4294967311", "-out", private)
	k := publicKey(t, openssl("rsa", "-in", private, "-noout", "-modulus"), 4294967311)
	names := map[crypto.Hash]string{crypto.SHA1: "sha1", crypto.SHA224: "sha224", crypto.SHA256: "sha256", crypto.SHA384: "sha384", crypto.SHA512: "sha512"}
	for hash, name := range names {
		digest := digestOf(hash, text)
		if note, err := k.VerifyPKCS1v15(hash, digest, openssl("dgst", "-"+name, "-sign", private, message)); err != nil || note != "" {
			t.Errorf("PKCS #1 v1.5, %s: note %q, %v", name, note, err)
		}
		for maskHash, mask := range names {
			signature := openssl("dgst", "-"+name, "-sign", private, "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_mgf1_md:"+mask, "-sigopt", "rsa_pss_saltlen:20", message)
			if err := k.VerifyPSS(PSS{hash, maskHash, 20}, digest, signature); err != nil {
				t.Errorf("PSS, %s, mask %s: %v", name, mask, err)
			}
		}
	}
	// A key that the standard library takes as well, read by it.
	openssl("genrsa", "-out", private, "2048")
	any, err := x509.ParsePKIXPublicKey(openssl("rsa", "-in", private, "-pubout", "-outform", "DER"))
	if err != nil {
		t.Fatal(err)
	}
	standard := any.(*rsa.PublicKey)
	k, err = NewKey(standard.N, big.NewInt(int64(standard.E)))
	if err != nil {
		t.Fatal(err)
	}
	signature := openssl("dgst", "-sha256", "-sign", private, "-sigopt", "rsa_padding_mode:pss", message)
	digest := digestOf(crypto.SHA256, text)
	if err := k.VerifyPSS(PSS{crypto.SHA256, crypto.SHA256, 256 - 32 - 2}, digest, signature); err != nil {
		t.Errorf("PSS with the longest salt: %v", err)
	}
}

// publicKey reads the line "Modulus=…".
func publicKey(t *testing.T, line []byte, exponent int64) *Key {
	t.Helper()
	var modulus string
	if _, err := fmt.Sscanf(string(line), "Modulus=%s", &modulus); err != nil {
		t.Fatal(err)
	}
	return keyOf(t, modulus, exponent)
}
