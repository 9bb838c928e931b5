package station

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"

	"marz"
)

// Setup is what a new station is made of.
type Setup struct {
	Dir    string // empty or absent
	Post   string // host and port
	CA     []byte // the certificates by which the post's is verified, PEM
	Lane   marz.LaneID
	Random io.Reader
	Now    time.Time // for the certificate
}

// life is how long a station's certificate says that it is valid. The post knows the key, and nothing else of the certificate.
const life = 30 * 365 * 24 * time.Hour

// Init makes the folder of a station: its key and certificate, the post's CA, the token of the endpoint, and a reader.toml to fill in. It returns the fingerprint of the key.
func Init(s Setup) (string, error) {
	fail := func(subject, fix string, err error) (string, error) {
		return "", &marz.Error{Code: marz.Invalid, Op: "make station", Subject: subject, Fix: fix, Err: err}
	}
	if files, err := os.ReadDir(s.Dir); err == nil && len(files) > 0 {
		return fail(s.Dir, "the folder is not empty; name one that is, or that does not exist", nil)
	}
	if _, err := pool(s.CA); err != nil {
		return fail("the post's CA", "give the file ca.crt of the post, in PEM", err)
	}
	config := Config{Post: s.Post, Lane: s.Lane}
	if err := config.check("--post, --lane"); err != nil {
		return "", err
	}
	key, cert, spki, err := draw(s.Random, s.Now)
	if err != nil {
		return "", &marz.Error{Code: marz.Internal, Op: "draw key", Err: err}
	}
	token := make([]byte, 32)
	if _, err := io.ReadFull(s.Random, token); err != nil {
		return "", &marz.Error{Code: marz.Internal, Op: "draw token", Err: err}
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return fail(s.Dir, "", err)
	}
	for _, f := range []struct {
		name string
		data []byte
		mode os.FileMode
	}{
		{keyFile, key, 0o600}, {certFile, cert, 0o644}, {caFile, s.CA, 0o644}, {tokenFile, []byte(base64.RawURLEncoding.EncodeToString(token) + "\n"), 0o600},
		{configFile, []byte(template(s.Post, s.Lane)), 0o644},
	} {
		if err := os.WriteFile(filepath.Join(s.Dir, f.name), f.data, f.mode); err != nil {
			return fail(f.name, "", err)
		}
	}
	return Fingerprint(spki), nil
}

// draw makes a key on P-256, as every TLS takes it, and a certificate by itself over it.
func draw(random io.Reader, now time.Time) (key, cert, spki []byte, err error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), random)
	if err != nil {
		return nil, nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		return nil, nil, nil, err
	}
	serial := make([]byte, 16)
	if _, err := io.ReadFull(random, serial); err != nil {
		return nil, nil, nil, err
	}
	serial[0] &= 0x7f
	form := &x509.Certificate{SerialNumber: new(big.Int).SetBytes(serial), Subject: pkix.Name{CommonName: "Marz reader station"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(life),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	made, err := x509.CreateCertificate(random, form, form, k.Public(), k)
	if err != nil {
		return nil, nil, nil, err
	}
	spki, err = x509.MarshalPKIXPublicKey(k.Public())
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made}), spki, err
}

// Fingerprint is the SHA-256 of a public key (SubjectPublicKeyInfo), in sixteen groups of four hexadecimal digits, so that two people can compare it.
func Fingerprint(spki []byte) string {
	sum := sha256.Sum256(spki)
	all := hex.EncodeToString(sum[:])
	var groups []string
	for i := 0; i < len(all); i += 4 {
		groups = append(groups, all[i:i+4])
	}
	return strings.Join(groups, " ")
}

func pool(pem []byte) (*x509.CertPool, error) {
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(pem) {
		return nil, errors.New("it has no certificate")
	}
	return p, nil
}

// identity is what a station shows and trusts.
type identity struct {
	tls         *tls.Config
	fingerprint string
	token       string
}

// readIdentity reads key, certificate, CA and token of a folder. name is that of the post's certificate.
func readIdentity(dir, name string) (*identity, error) {
	fail := func(file string, err error) (*identity, error) {
		return nil, &marz.Error{Code: marz.Invalid, Op: "open station", Subject: filepath.Join(dir, file), Fix: "it is not as marz reader init made it", Err: err}
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, certFile), filepath.Join(dir, keyFile))
	if err != nil {
		return fail(keyFile, err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, caFile))
	if err != nil {
		return fail(caFile, err)
	}
	roots, err := pool(ca)
	if err != nil {
		return fail(caFile, err)
	}
	token, err := os.ReadFile(filepath.Join(dir, tokenFile))
	if err != nil {
		return fail(tokenFile, err)
	}
	secret := strings.TrimSpace(string(token))
	if len(secret) < 32 {
		return fail(tokenFile, errors.New("it has fewer than 32 characters"))
	}
	return &identity{fingerprint: Fingerprint(pair.Leaf.RawSubjectPublicKeyInfo), token: secret,
		tls: &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: roots, ServerName: name, Certificates: []tls.Certificate{pair}}}, nil
}

// ReadFingerprint is the fingerprint of the station of a folder.
func ReadFingerprint(dir string) (string, error) {
	id, err := readIdentity(dir, "")
	if err != nil {
		return "", err
	}
	return id.fingerprint, nil
}

// template is the reader.toml of a new station.
func template(post string, lane marz.LaneID) string {
	said := `# lane = "1"`
	if lane != "" {
		said = fmt.Sprintf("lane = %q", lane)
	}
	return fmt.Sprintf(`# The readers of one booth (docs/readers.md).
post = %q          # the post's listener for stations
%s                 # at which lane this station says it is
listen = "127.0.0.1:8447" # for services of readers on this machine

# A reader on a serial line. Its frames: desko, rte, swipe, rows, wedge, scanner.
# [[device]]
# name = "passports"
# path = "/dev/serial/by-id/usb-…"
# baud = 9600
# parity = "none"
# frames = { adapter = "desko" }

# The antenna: a PC/SC reader, by its name (marz card readers).
# [chip]
# pcsc = "name of the reader"
`, post, said)
}
