package cert

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"marz/emrtd/curve"
	"marz/emrtd/der"
	"marz/emrtd/testpki/saved"
)

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey { return saved.Key(2048, 0) })

func signers(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	out := map[string]crypto.Signer{}
	r := rsaKey()
	out["RSA 2048"] = r
	for _, c := range []elliptic.Curve{elliptic.P224(), elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		out[c.Params().Name] = k
	}
	return out
}

// byOthers makes a certificate with the standard library.
func byOthers(t testing.TB, key crypto.Signer, change func(*x509.Certificate)) []byte {
	t.Helper()
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(4711), Subject: pkix.Name{Country: []string{"UT"}, Organization: []string{"Utopia"}, CommonName: "CSCA"},
		NotBefore: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte{1, 2, 3, 4}, CRLDistributionPoints: []string{"http://example.org/a.crl"}}
	if change != nil {
		change(tmpl)
	}
	raw, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestAgainstTheStandardLibrary: what crypto/x509 writes is read the same, and its signatures are good, those of both ways with RSA too.
func TestAgainstTheStandardLibrary(t *testing.T) {
	for name, key := range signers(t) {
		algorithms := []x509.SignatureAlgorithm{0}
		if strings.HasPrefix(name, "RSA") {
			algorithms = []x509.SignatureAlgorithm{x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSAPSS, x509.SHA256WithRSAPSS}
		}
		for _, a := range algorithms {
			raw := byOthers(t, key, func(c *x509.Certificate) { c.SignatureAlgorithm = a })
			want, err := x509.ParseCertificate(raw)
			if err != nil {
				t.Fatal(err)
			}
			c, err := Parse(raw)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if c.Serial.Cmp(want.SerialNumber) != 0 || c.Version != want.Version || !c.NotBefore.Equal(want.NotBefore) || !c.NotAfter.Equal(want.NotAfter) ||
				c.Subject.String() != "C=UT, O=Utopia, CN=CSCA" || string(c.Signed) != string(want.RawTBSCertificate) || string(c.SubjectKeyID) != string(want.SubjectKeyId) ||
				!slices.Equal(c.Usage, []string{"keyCertSign", "cRLSign"}) || !c.Basic.CA || !slices.Equal(c.CRLAddresses, want.CRLDistributionPoints) || c.Key.Name() != name {
				t.Errorf("%s: %+v", name, c)
			}
			if i := c.IssuedBy(c); !i.Good() || len(i.Defects)+len(c.Defects) > 0 {
				t.Errorf("%s %v: %+v", name, a, i)
			}
		}
	}
}

// TestRevocationListsOfOthers: the same of revocation lists.
func TestRevocationListsOfOthers(t *testing.T) {
	for name, key := range signers(t) {
		issuer, err := x509.ParseCertificate(byOthers(t, key, nil))
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		raw, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(9), ThisUpdate: at, NextUpdate: at.AddDate(0, 1, 0),
			RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: big.NewInt(5), RevocationTime: at, ReasonCode: 1}, {SerialNumber: big.NewInt(6), RevocationTime: at}}}, issuer, key)
		if err != nil {
			t.Fatal(err)
		}
		l, err := ParseCRL(raw)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseCRL(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: raw}))
		if err != nil || again.Len() != 2 {
			t.Errorf("as PEM: %v", err)
		}
		part, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(9), ThisUpdate: at, NextUpdate: at.AddDate(0, 1, 0),
			ExtraExtensions: []pkix.Extension{{Id: []int{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 8}}}}, issuer, key)
		if err != nil {
			t.Fatal(err)
		}
		if l, err := ParseCRL(part); err != nil || l.Whole() {
			t.Errorf("the change of another list is taken for a whole one: %v", err)
		}
		c, err := Parse(issuer.Raw)
		if err != nil {
			t.Fatal(err)
		}
		defects, err := l.VerifiedBy(c)
		five, ok := l.Revoked(big.NewInt(5))
		_, other := l.Revoked(big.NewInt(7))
		if err != nil || len(defects)+len(l.Defects) > 0 || !ok || other || five.Reason != 1 || !five.At.Equal(at) || l.Len() != 2 || l.Number.Int64() != 9 || !l.Whole() || string(l.KeyID) != "\x01\x02\x03\x04" {
			t.Errorf("%s: %v %v %+v", name, err, defects, l)
		}
	}
}

// TestPoints: the forms of a point, hybrid ones too, and that one off the curve is none.
func TestPoints(t *testing.T) {
	for _, c := range curve.Known() {
		g, size := c.Generator(), c.ByteLen()
		x, y := g.X.FillBytes(make([]byte, size)), g.Y.FillBytes(make([]byte, size))
		sign := byte(g.Y.Bit(0))
		join := func(first byte, parts ...[]byte) []byte { return slices.Concat([]byte{first}, slices.Concat(parts...)) }
		for name, b := range map[string][]byte{"uncompressed": join(4, x, y), "compressed": join(2+sign, x), "hybrid": join(6+sign, x, y)} {
			if p, err := c.Unmarshal(plainPoint(b)); err != nil || !p.Equal(g) {
				t.Errorf("%s %s: %v", c.Name(), name, err)
			}
		}
		off := slices.Clone(y)
		off[size-1] ^= 1
		for name, b := range map[string][]byte{"off the curve": join(4, x, off), "wrong sign": join(7-sign, x, y), "short": join(4, x), "empty": nil, "infinity": {0}, "hybrid, short": {6}} {
			if _, err := c.Unmarshal(plainPoint(b)); err == nil {
				t.Errorf("%s: %s is a point", c.Name(), name)
			}
		}
	}
}

// TestCurvesWrittenOut: a curve that is a known one but for a single number is none. Above all the base point: with one of his own choice anybody signs for anybody.
func TestCurvesWrittenOut(t *testing.T) {
	for _, c := range curve.Known() {
		p := c.Params()
		if (explicit{p: p.P, a: p.A, b: p.B, n: p.N, base: p.G}).match() != c {
			t.Errorf("%s is not found", c.Name())
		}
		twice, err := c.ScalarBaseMult(big.NewInt(2))
		if err != nil {
			t.Fatal(err)
		}
		other, err := c.Marshal(twice)
		if err != nil {
			t.Fatal(err)
		}
		plus := func(n *big.Int) *big.Int { return new(big.Int).Add(n, big.NewInt(1)) }
		for name, e := range map[string]explicit{
			"prime": {plus(p.P), p.A, p.B, p.N, nil, p.G}, "a": {p.P, plus(p.A), p.B, p.N, nil, p.G}, "b": {p.P, p.A, plus(p.B), p.N, nil, p.G}, "order": {p.P, p.A, p.B, plus(p.N), nil, p.G},
			"cofactor": {p.P, p.A, p.B, p.N, big.NewInt(2), p.G}, "base point": {p.P, p.A, p.B, p.N, nil, other},
		} {
			if e.match() != nil {
				t.Errorf("%s with another %s is known", c.Name(), name)
			}
		}
	}
}

// encode15 is EMSA-PKCS1-v1_5 (RFC 8017 §9.2), with the algorithm's NULL or without.
func encode15(hash crypto.Hash, digest []byte, size int, null bool) []byte {
	id := der.OID(HashOID(hash))
	if null {
		id = append(id, der.Null()...)
	}
	info := der.Sequence(der.Sequence(id), der.Octets(digest))
	return slices.Concat([]byte{0, 1}, bytes.Repeat([]byte{0xff}, size-3-len(info)), []byte{0}, info)
}

// TestLongExponent: RSA with an exponent of more than 32 bits, which the standard library refuses, and that one of an even number is no key.
func TestLongExponent(t *testing.T) {
	k := rsaKey()
	phi := new(big.Int).Mul(new(big.Int).Sub(k.Primes[0], big.NewInt(1)), new(big.Int).Sub(k.Primes[1], big.NewInt(1)))
	e := new(big.Int).SetUint64(1<<40 + 15)
	d := new(big.Int)
	for d = d.ModInverse(e, phi); d == nil; d = new(big.Int).ModInverse(e, phi) {
		e.Add(e, big.NewInt(2))
	}
	message := []byte("signed")
	h := crypto.SHA256.New()
	h.Write(message)
	em := encode15(crypto.SHA256, h.Sum(nil), 256, true)
	sig := new(big.Int).Exp(new(big.Int).SetBytes(em), d, k.N).FillBytes(make([]byte, 256))
	pub := &PublicKey{N: k.N, E: e}
	alg := Algorithm{Scheme: RSA15, Hash: crypto.SHA256}
	if defects, err := pub.Verify(alg, message, sig); err != nil || len(defects) > 0 {
		t.Errorf("%v %v", defects, err)
	}
	if _, err := pub.Verify(alg, []byte("other"), sig); err == nil {
		t.Error("another message is accepted")
	}
	bare := encode15(crypto.SHA256, h.Sum(nil), 256, false)
	sig = new(big.Int).Exp(new(big.Int).SetBytes(bare), d, k.N).FillBytes(make([]byte, 256))
	if defects, err := pub.Verify(alg, message, sig); err != nil || len(defects) != 1 || defects[0].Name != DigestInfoNull {
		t.Errorf("without NULL: %v %v", defects, err)
	}
}

// TestSaltLength: a salt of another length than declared is accepted and named.
func TestSaltLength(t *testing.T) {
	k := rsaKey()
	h := crypto.SHA256.New()
	h.Write([]byte("signed"))
	for _, salt := range []int{0, 20, 32, 64} {
		sig, err := rsa.SignPSS(rand.Reader, k, crypto.SHA256, h.Sum(nil), &rsa.PSSOptions{SaltLength: salt, Hash: crypto.SHA256})
		if salt == 0 { // 0 means "as long as can be" to the standard library
			salt = 256 - 32 - 2
		}
		if err != nil {
			t.Fatal(err)
		}
		pub := &PublicKey{N: k.N, E: big.NewInt(int64(k.E))}
		alg := Algorithm{Scheme: RSAPSS, Hash: crypto.SHA256, MGF: crypto.SHA256, Salt: 32}
		defects, err := pub.Verify(alg, []byte("signed"), sig)
		if err != nil || (salt == 32) != (len(defects) == 0) {
			t.Errorf("salt of %d: %v %v", salt, defects, err)
		}
		if _, err := pub.Verify(alg, []byte("other"), sig); err == nil {
			t.Error("another message is accepted")
		}
	}
}

// TestNames: the same name in other string types and letters, and names that differ.
func TestNames(t *testing.T) {
	name := func(country, org string, tag int) Name {
		pair := func(oid, v string) []byte {
			return der.Set(der.Sequence(der.OID(oid), der.Encode(der.Universal, tag, false, []byte(v))))
		}
		r := der.NewReader(der.Sequence(pair("2.5.4.6", country), pair("2.5.4.10", org)), 0)
		e, err := r.One()
		if err != nil {
			t.Fatal(err)
		}
		n, err := ReadName(r, e)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	a := name("UT", "Utopia Post", der.TagPrintableString)
	for _, c := range []struct {
		n    Name
		same bool
	}{
		{name("UT", "Utopia Post", der.TagUTF8String), true}, {name("ut", "Utopia  Post ", der.TagUTF8String), true}, {name("UT", "Utopia", der.TagUTF8String), false},
		{name("XA", "Utopia Post", der.TagPrintableString), false}, {name("UT", "UtopiaPost", der.TagPrintableString), false},
	} {
		if a.Same(c.n) != c.same || c.n.Same(a) != c.same {
			t.Errorf("%s and %s: %v", a, c.n, !c.same)
		}
	}
	if c := name("ut", "x", der.TagUTF8String).Country(); c != "UT" {
		t.Errorf("country %q", c)
	}
}

// TestFiles: one certificate in DER, several in PEM, and nothing else beside them.
func TestFiles(t *testing.T) {
	k := rsaKey()
	raw := byOthers(t, k, nil)
	block := func(kind string) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}) }
	for name, c := range map[string]struct {
		file []byte
		want int
	}{
		"DER": {raw, 1}, "PEM": {slices.Concat([]byte("a comment\n"), block("CERTIFICATE"), block("CERTIFICATE")), 2}, "another block": {slices.Concat(block("CERTIFICATE"), block("PRIVATE KEY")), 0},
		"no block": {[]byte("-----BEGIN nothing"), 0}, "noise": {[]byte("noise"), 0}, "cut": {raw[:100], 0},
	} {
		list, err := ParseFile(c.file)
		if len(list) != c.want || (err != nil) != (c.want == 0) {
			t.Errorf("%s: %d certificates, %v", name, len(list), err)
		}
	}
}

// TestUnknownKey: a certificate with a key that is not known is read, and says that it cannot be used.
func TestUnknownKey(t *testing.T) {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_ = pub
	c, err := Parse(byOthers(t, priv, nil))
	if err != nil || c.Key.Fault == "" {
		t.Fatalf("%v %+v", err, c)
	}
	if i := c.IssuedBy(c); i.Err == nil || i.Err.Reason != AlgorithmUnsupported {
		t.Errorf("%+v", i)
	}
}

// TestCritical: an extension that is critical and not known is a defect.
func TestCritical(t *testing.T) {
	k := rsaKey()
	raw := byOthers(t, k, func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: []int{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}, {Id: []int{2, 5, 29, 16}, Value: []byte{1}}}
	})
	c, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	var got []der.Name
	for _, d := range c.Defects {
		got = append(got, d.Name)
	}
	if !slices.Equal(got, []der.Name{ExtensionUnknown, ExtensionUnreadable}) || !slices.Equal(c.Critical, []string{"1.2.3.4"}) {
		t.Errorf("%v %v", c.Defects, c.Critical)
	}
}

// FuzzCertificate: no panic, what was read lies in the input, and a certificate that is good under the authority has a signed part that the authority signed.
func FuzzCertificate(f *testing.F) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	raw := byOthers(f, k, nil)
	ca, err := Parse(raw)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	r := rsaKey()
	f.Add(byOthers(f, r, func(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA256WithRSAPSS }))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse(b)
		if err != nil {
			return
		}
		if i := c.IssuedBy(ca); i.Err == nil && string(c.Signed) != string(ca.Signed) {
			t.Fatal("something is signed that nobody signed")
		}
		_ = c.IssuedBy(c)
		_, _ = c.ValidAt(time.Unix(0, 0))
	})
}

// FuzzCRL: no panic, and no list is good that the authority did not sign.
func FuzzCRL(f *testing.F) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	issuer, err := x509.ParseCertificate(byOthers(f, k, nil))
	if err != nil {
		f.Fatal(err)
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	raw, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(9), ThisUpdate: at, NextUpdate: at,
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: big.NewInt(5), RevocationTime: at, ReasonCode: 1}}}, issuer, k)
	if err != nil {
		f.Fatal(err)
	}
	ca, err := Parse(issuer.Raw)
	if err != nil {
		f.Fatal(err)
	}
	good, err := ParseCRL(raw)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := ParseCRL(b)
		if err != nil {
			return
		}
		if _, err := l.VerifiedBy(ca); err == nil && string(l.Signed) != string(good.Signed) {
			t.Fatal("something is signed that nobody signed")
		}
	})
}
