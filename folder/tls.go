package folder

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
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"marz"
)

// CAFile is the certificate of the node's own authority, to be installed in browsers.
const CAFile = "ca.crt"

const (
	caKeyFile = "ca.key"
	tlsFile   = "tls.pem" // certificate and key of the server for browsers
)

const (
	caLife    = 10 * 365 * 24 * time.Hour
	leafLife  = 397 * 24 * time.Hour
	leafRenew = 60 * 24 * time.Hour
	selfLife  = 100 * 365 * 24 * time.Hour // what is known by its key needs no end
)

// MakeCA makes a node's own certificate authority. It can sign for the node's names and nothing else (RFC 5280 §4.2.1.10), so that a
// browser that trusts it trusts it for the node alone.
func MakeCA(dir, host, name string, now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	ca := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: name, Organization: []string{"Marz"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(caLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{host},
		PermittedIPRanges: []*net.IPNet{{IP: net.IPv4(127, 0, 0, 1).To4(), Mask: net.CIDRMask(32, 32)}},
	}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	if err != nil {
		return err
	}
	if err := Write(filepath.Join(dir, Keys, CAFile), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		return err
	}
	return writeKeyPEM(filepath.Join(dir, Keys, caKeyFile), nil, key)
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
	return Write(path, append(before, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...), 0o600)
}

// ServerCert returns the certificate of the server for browsers, making a new one when there is none, when it is for other names or when it nears its end.
func ServerCert(dir, host string, now time.Time) (tls.Certificate, error) {
	path := filepath.Join(dir, Keys, tlsFile)
	if cert, err := tls.LoadX509KeyPair(path, path); err == nil {
		if leaf := cert.Leaf; leaf.VerifyHostname(host) == nil && now.After(leaf.NotBefore) && now.Add(leafRenew).Before(leaf.NotAfter) {
			return cert, nil
		}
	}
	caPath, caKeyPath := filepath.Join(dir, Keys, CAFile), filepath.Join(dir, Keys, caKeyFile)
	ca, err := tls.LoadX509KeyPair(caPath, caKeyPath)
	if err != nil {
		return ca, &marz.Error{Op: "make server certificate", Subject: caPath, Fix: "the node's CA cannot be read; put keys/ back from where it is kept", Err: err}
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

// MakeSelfSigned makes a certificate in a file of keys/, which others know by its key alone (KeyOf). It is good for both ends of a connection.
func MakeSelfSigned(dir, file, name string, now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	c := &x509.Certificate{SerialNumber: serial(), Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(selfLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		return err
	}
	return writeKeyPEM(filepath.Join(dir, Keys, file), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), key)
}

// SelfSigned opens what MakeSelfSigned made.
func SelfSigned(dir, file string) (tls.Certificate, error) {
	path := filepath.Join(dir, Keys, file)
	cert, err := tls.LoadX509KeyPair(path, path)
	if err != nil {
		return cert, &marz.Error{Code: marz.NotFound, Op: "open certificate", Subject: path, Fix: "put it back from where keys/ is kept: others know this node by it", Err: err}
	}
	return cert, nil
}

// ClientKey names the certificate that a request bears by its key, as KeyOf does: TLS has shown that the client holds the private half. It is "" where there is none.
func ClientKey(r *http.Request) string {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return ""
	}
	return KeyOf(r.TLS.PeerCertificates[0])
}

// KeyOf names a certificate by its key: the hex SHA-256 of its SubjectPublicKeyInfo.
func KeyOf(c *x509.Certificate) string {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum[:])
}

// Certificates gives the certificate of the server for browsers to each connection, and makes a new one long before the old one ends: a node runs for years.
type Certificates struct {
	Dir, Host string
	Wall      func() time.Time
	Log       *slog.Logger

	mu   sync.Mutex
	cert *tls.Certificate
	next time.Time // when to look again
}

// Get is tls.Config.GetCertificate.
func (c *Certificates) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.Wall()
	if c.cert == nil || now.After(c.next) || now.Before(c.next.Add(-24*time.Hour)) {
		cert, err := ServerCert(c.Dir, c.Host, now)
		if err != nil && c.cert == nil {
			return nil, err
		}
		if err != nil {
			c.Log.Error("the server's certificate could not be renewed", "err", err)
		} else {
			c.cert = &cert
		}
		c.next = now.Add(12 * time.Hour)
	}
	return c.cert, nil
}
