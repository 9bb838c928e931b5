package post

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"

	"marz"
	"marz/journal"
)

// clientFile holds the certificate and key with which the node shows other nodes who it is. They know it by the key, so that it is made once and kept.
const clientFile = "client.pem"

// endless is the end of a certificate that has none (RFC 5280 §4.1.2.5).
var endless = time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC)

// Identity is what a headquarters has to know of a post to keep a mirror of its journal.
type Identity struct {
	Post   marz.PostID `toml:"post"`
	Origin marz.Origin `toml:"origin"`
	Key    string      `toml:"key"`    // the journal's verifier key
	Client string      `toml:"client"` // hex SHA-256 of the SubjectPublicKeyInfo of the certificate that the node shows
}

// ReadIdentity returns the identity of the post of a data folder, which may be running. Where the node has no certificate yet one is made.
func ReadIdentity(ctx context.Context, dir string) (Identity, error) {
	created, _, err := journal.Peek(ctx, dir)
	if err != nil {
		return Identity{}, err
	}
	name, _, _ := strings.Cut(created.Key, "+")
	cert, err := clientCert(dir, marz.Origin(name))
	if err != nil {
		return Identity{}, err
	}
	sum := sha256.Sum256(cert.Leaf.RawSubjectPublicKeyInfo)
	return Identity{Post: created.Post, Origin: marz.Origin(name), Key: created.Key, Client: hex.EncodeToString(sum[:])}, nil
}

// clientCert returns the node's certificate and makes it where there is none.
func clientCert(dir string, origin marz.Origin) (tls.Certificate, error) {
	path := filepath.Join(dir, keyDir, clientFile)
	bad := func(fix string, err error) (tls.Certificate, error) {
		return tls.Certificate{}, &marz.Error{Op: "read the node's certificate", Subject: path, Fix: fix, Err: err}
	}
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeClientCert(path, origin); err != nil {
			return bad("it could not be made", err)
		}
	}
	cert, err := tls.LoadX509KeyPair(path, path)
	if err != nil {
		return bad("it cannot be used. Put it back from where it is kept; or remove it, and have the new one that is then made enrolled at each headquarters", err)
	}
	return cert, nil
}

// makeClientCert makes a certificate unless another process did meanwhile. It signs itself: who issued it is nobody's business.
func makeClientCert(path string, origin marz.Origin) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	number, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return err
	}
	c := &x509.Certificate{SerialNumber: number, Subject: pkix.Name{CommonName: string(origin)}, NotBefore: time.Unix(0, 0), NotAfter: endless,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	whole := path + "." + number.Text(36)
	defer os.Remove(whole)
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...)
	if err := writeFile(whole, text, 0o600); err != nil {
		return err
	}
	if err := os.Link(whole, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
