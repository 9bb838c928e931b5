package post

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"marz"
)

// The files of keys/. All are made by marz init; the server's certificate is made anew before it runs out.
const (
	keyDir     = "keys"
	signerFile = "node.key"  // signs heads
	indexFile  = "index.key" // keyed digests of travellers
	caFile     = "ca.crt"    // to be installed in the booths' browsers
	caKeyFile  = "ca.key"
	tlsFile    = "tls.pem" // certificate and key of the server
)

const (
	caLife    = 10 * 365 * 24 * time.Hour
	leafLife  = 397 * 24 * time.Hour
	leafRenew = 60 * 24 * time.Hour
)

func readSigner(dir string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, keyDir, signerFile))
	if err != nil {
		return "", &marz.Error{Code: marz.NotFound, Op: "open post", Subject: filepath.Join(dir, keyDir, signerFile), Fix: "the node's key is missing; put it back from where it is kept", Err: err}
	}
	return strings.TrimSpace(string(b)), nil
}

func readKey(dir string) ([]byte, error) {
	path := filepath.Join(dir, keyDir, indexFile)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, &marz.Error{Code: marz.NotFound, Op: "open post", Subject: path, Fix: "the key of the travellers' index is missing; put it back from where it is kept", Err: err}
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(key) != 32 {
		return nil, &marz.Error{Code: marz.Invalid, Op: "open post", Subject: path, Fix: "it is not 32 bytes in hex"}
	}
	return key, nil
}

// makeCA makes the post's own certificate authority. It can sign for the post's names and nothing else (RFC 5280 §4.2.1.10), so that a
// browser that trusts it trusts it for the post alone.
func makeCA(dir, host string, now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	ca := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "Marz post " + host, Organization: []string{"Marz"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(caLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{host},
		PermittedIPRanges: []*net.IPNet{{IP: net.IPv4(127, 0, 0, 1).To4(), Mask: net.CIDRMask(32, 32)}},
	}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, keyDir, caFile), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		return err
	}
	return writeKeyPEM(filepath.Join(dir, keyDir, caKeyFile), nil, key)
}

func serial() *big.Int {
	b := make([]byte, 16)
	rand.Read(b)
	return new(big.Int).SetBytes(b)
}

func writeKeyPEM(path string, before []byte, key crypto.Signer) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return writeFile(path, append(before, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...), 0o600)
}

// serverCert returns the server's certificate, making a new one when there is none, when it is for other names or when it nears its end.
func serverCert(dir, host string, now time.Time) (tls.Certificate, error) {
	path := filepath.Join(dir, keyDir, tlsFile)
	if cert, err := tls.LoadX509KeyPair(path, path); err == nil {
		if leaf := cert.Leaf; leaf.VerifyHostname(host) == nil && now.After(leaf.NotBefore) && now.Add(leafRenew).Before(leaf.NotAfter) {
			return cert, nil
		}
	}
	caPath, caKeyPath := filepath.Join(dir, keyDir, caFile), filepath.Join(dir, keyDir, caKeyFile)
	ca, err := tls.LoadX509KeyPair(caPath, caKeyPath)
	if err != nil {
		return ca, &marz.Error{Op: "make server certificate", Subject: caPath, Fix: "the post's CA cannot be read; put keys/ back from where it is kept", Err: err}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return ca, err
	}
	end := now.Add(leafLife)
	if end.After(ca.Leaf.NotAfter) {
		end = ca.Leaf.NotAfter
	}
	leaf := &x509.Certificate{SerialNumber: serial(), Subject: pkix.Name{CommonName: host}, NotBefore: now.Add(-time.Hour), NotAfter: end,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{host}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca.Leaf, key.Public(), ca.PrivateKey)
	if err != nil {
		return ca, err
	}
	chain := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Certificate[0]})...)
	if err := writeKeyPEM(path, chain, key); err != nil {
		return ca, err
	}
	return tls.LoadX509KeyPair(path, path)
}

// writeFile writes a whole file or none: beside it, synced, then renamed over it.
func writeFile(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		os.Remove(path + ".new")
	}
	return err
}

// codeHash returns what the journal keeps of a secret that was given out: its digest.
func codeHash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
