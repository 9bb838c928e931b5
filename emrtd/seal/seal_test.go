package seal

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"marz/emrtd/cert"
)

// signer is a signer of the tests.
type signer struct {
	key  *ecdsa.PrivateKey
	cert *cert.Certificate
}

// newSigner makes one, which signs itself or is issued by another.
func newSigner(t testing.TB, country, name string, serial int64, by *signer) *signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{Country: []string{country}, CommonName: name},
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), BasicConstraintsValid: true, IsCA: by == nil}
	if by == nil {
		template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	}
	parent, parentKey := template, key
	if by != nil {
		if parent, err = x509.ParseCertificate(by.cert.Raw); err != nil {
			t.Fatal(err)
		}
		parentKey = by.key
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := cert.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return &signer{key, c}
}

// sign is the plain signature of some bytes.
func (s *signer) sign(t testing.TB, b []byte) []byte {
	t.Helper()
	digest := sha256.Sum256(b)
	r, n, err := ecdsa.Sign(rand.Reader, s.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return append(r.FillBytes(make([]byte, 32)), n.FillBytes(make([]byte, 32))...)
}

// object writes a field.
func object(tag byte, value []byte) []byte {
	return append([]byte{tag, byte(len(value))}, value...)
}

func packedDate(year, month, day int) []byte {
	n := month*1_000_000 + day*10_000 + year
	return []byte{byte(n >> 16), byte(n >> 8), byte(n)}
}

const visaZone = "VCUTOSPECIMEN<<ERIKA<<<<<<<<<<<<<<<<0000001<<3UTO8512317F2612319<<<<<<<<"

// visa is a seal of version 4 on a visa, without its signature.
func visa(signer, reference string) []byte {
	b := append([]byte{magic, 3}, encodeC40("UTO")...)
	b = append(b, encodeC40(signer+fmt.Sprintf("%02X", len(reference))+reference)...)
	b = append(append(b, packedDate(2026, 3, 4)...), packedDate(2026, 3, 5)...)
	b = append(b, 0x5d, 0x01)
	b = append(b, object(2, encodeC40(visaZone))...)
	return append(b, object(3, []byte{2})...)
}

func sealed(t testing.TB, s *signer, body []byte) []byte {
	t.Helper()
	return append(bytes.Clone(body), object(signatureTag, s.sign(t, body))...)
}

func TestVisa(t *testing.T) {
	s := newSigner(t, "UT", "OS", 0x1f5, nil)
	for _, reference := range []string{"1F5", "0001F5", "01F5"} {
		got, err := Parse(sealed(t, s, visa("UTOS", reference)))
		if err != nil {
			t.Fatal(err)
		}
		if got.Country != "UTO" || got.Signer != "UTOS" || got.Reference != reference || got.Version != 4 || got.Issued.Format("2006-01-02") != "2026-03-04" || got.Zone() != visaZone || got.Fields[1].Text != "2" || len(got.Defects) > 0 {
			t.Errorf("%+v", got)
		}
		if v := got.Verify([]*cert.Certificate{s.cert}); v.Result != Valid || len(v.Defects) > 0 || v.Signer != s.cert {
			t.Errorf("%+v", v)
		}
	}
}

func TestVersionThree(t *testing.T) {
	s := newSigner(t, "UT", "OS", 0x1f5, nil)
	b := append([]byte{magic, 2}, encodeC40("UTO")...)
	b = append(b, encodeC40("UTOS001F5")...)
	b = append(append(b, packedDate(2026, 3, 4)...), packedDate(2026, 3, 5)...)
	b = append(append(b, 0x5e, 0x03), object(2, encodeC40(visaZone))...)
	got, err := Parse(sealed(t, s, b))
	if err != nil || got.Version != 3 || got.Reference != "001F5" || got.Verify([]*cert.Certificate{s.cert}).Result != Valid {
		t.Errorf("%+v, %v", got, err)
	}
}

// Who signed what: the one that the seal refers to, another of the same state, of another state, nobody that is known.
func TestSigners(t *testing.T) {
	own, other, foreign := newSigner(t, "UT", "OS", 0x1f5, nil), newSigner(t, "UT", "OT", 7, nil), newSigner(t, "AT", "OS", 0x1f5, nil)
	given := []*cert.Certificate{own.cert, other.cert, foreign.cert}
	for what, c := range map[string]struct {
		by        *signer
		reference string
		given     []*cert.Certificate
		result    Result
		defects   int
	}{
		"the signer":                  {own, "1F5", given, Valid, 0},
		"another, in its name":        {other, "1F5", given, Invalid, 0},
		"a foreign one, in its name":  {foreign, "1F5", given, Invalid, 0},
		"one without a serial number": {other, "A01", given, Valid, 1},
		"a foreign one, by no number": {foreign, "A01", given, SignerOther, 0},
		"nobody that was given":       {own, "1F5", given[1:], SignerUnknown, 0},
		"nobody, as nobody was given": {own, "1F5", nil, SignerUnknown, 0},
	} {
		s, err := Parse(sealed(t, c.by, visa("UTOS", c.reference)))
		if err != nil {
			t.Fatal(err)
		}
		if v := s.Verify(c.given); v.Result != c.result || len(v.Defects) != c.defects {
			t.Errorf("%s: %s %s, defects %v", what, v.Result, v.Why, v.Defects)
		}
	}
}

// One bit that is another, anywhere, and the seal is not valid any more.
func TestNoBitCanChange(t *testing.T) {
	s := newSigner(t, "UT", "OS", 0x1f5, nil)
	good := sealed(t, s, visa("UTOS", "1F5"))
	for i := range len(good) * 8 {
		b := bytes.Clone(good)
		b[i/8] ^= 1 << (i % 8)
		got, err := Parse(b)
		if err != nil {
			continue
		}
		if v := got.Verify([]*cert.Certificate{s.cert}); v.Result == Valid {
			t.Errorf("with bit %d changed it is valid", i)
		}
	}
}

func TestRefused(t *testing.T) {
	s := newSigner(t, "UT", "OS", 0x1f5, nil)
	good := sealed(t, s, visa("UTOS", "1F5"))
	for what, c := range map[string]struct {
		b    []byte
		says string
	}{
		"nothing":           {nil, "does not begin with DC"},
		"another barcode":   {[]byte("M1SPECIMEN/ERIKA"), "does not begin with DC"},
		"cut short":         {good[:40], "it ends within"},
		"without signature": {visa("UTOS", "1F5"), "it has no signature"},
		"more behind":       {append(bytes.Clone(good), 1, 1, 1), "stand behind the signature"},
		"too long":          {make([]byte, mostSeal+1), "at most"},
		"no length":         {append([]byte{magic, 3}, append(encodeC40("UTO"), encodeC40("UTOSXX1F5")...)...), "is no number"},
	} {
		if _, err := Parse(c.b); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for n := range good {
		if _, err := Parse(good[:n]); err == nil {
			t.Errorf("the first %d bytes are a seal", n)
		}
	}
}

func TestLawC40(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[A-Z0-9<]{0,60}`).Draw(t, "text")
		if got, ok := decodeC40(encodeC40(s)); !ok || got != s {
			t.Fatalf("%q becomes %q, %v", s, got, ok)
		}
	})
}

// Canonical JSON as RFC 8785 §3.2.3 orders it.
func TestCanonical(t *testing.T) {
	v, err := decodeJSON([]byte("{\"\\u20ac\": \"Euro\", \"\\r\": \"Return\", \"\\ufb33\": \"Dalet\", \"1\": [1, true, null , \"\\u000f\\n\\/\\\"\"], \"\\ud83d\\ude00\": {}, \"\\u0080\": -2, \"\\u00f6\": false}"))
	if err != nil {
		t.Fatal(err)
	}
	want := "{\"\\r\":\"Return\",\"1\":[1,true,null,\"\\u000f\\n/\\\"\"],\"\u0080\":-2,\"ö\":false,\"€\":\"Euro\",\"😀\":{},\"\ufb33\":\"Dalet\"}"
	if got := string(canonical(nil, v)); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// nonConstrained writes a seal in JSON.
func nonConstrained(t testing.TB, s *signer, message string) string {
	t.Helper()
	data := `{"msg":` + message + `,"hdr":{"v":1,"is":"UTO","t":"icao.test"}}`
	v, err := decodeJSON([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	sig := base64.URLEncoding.EncodeToString(s.sign(t, canonical(nil, v)))
	b, err := json.Marshal(map[string]string{"alg": "ES256", "cer": base64.RawURLEncoding.EncodeToString(s.cert.Raw), "sigvl": sig})
	if err != nil {
		t.Fatal(err)
	}
	return `{ "sig": ` + string(b) + `, "data" : ` + data + ` }`
}

func TestNonConstrained(t *testing.T) {
	authority := newSigner(t, "UT", "CA", 1, nil)
	s, stranger := newSigner(t, "UT", "05", 2, authority), newSigner(t, "UT", "CA", 1, nil)
	text := nonConstrained(t, s, `{"uvci":"U1","pid":{"n":"SPECIMEN ERIKA"}}`)
	n, err := ParseNC([]byte(text))
	if err != nil || n.Type != "icao.test" || n.Issuer != "UTO" || n.Version != 1 || n.Message["uvci"] != "U1" {
		t.Fatalf("%+v, %v", n, err)
	}
	for what, c := range map[string]struct {
		given  []*cert.Certificate
		result Result
	}{
		"its authority":        {[]*cert.Certificate{authority.cert}, Valid},
		"its own certificate":  {[]*cert.Certificate{s.cert}, Valid},
		"one of the same name": {[]*cert.Certificate{stranger.cert}, SignerUnknown},
		"nobody":               {nil, SignerUnknown},
	} {
		if v := n.Verify(c.given); v.Result != c.result {
			t.Errorf("%s: %s %s", what, v.Result, v.Why)
		}
	}
	altered, err := ParseNC([]byte(strings.Replace(text, "ERIKA", "ERIKO", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if v := altered.Verify([]*cert.Certificate{authority.cert}); v.Result != Invalid {
		t.Errorf("another name: %s", v.Result)
	}
	for what, c := range map[string][2]string{
		"a key twice":       {strings.Replace(text, `"uvci":"U1"`, `"uvci":"U1","uvci":"U2"`, 1), "a key stands twice"},
		"something behind":  {text + "{}", "something stands behind it"},
		"another algorithm": {strings.Replace(text, "ES256", "none", 1), "none of ES256"},
		"a part":            {strings.Replace(text, `"v":1`, `"v":1.5`, 1), "which are whole"},
		"no message":        {strings.Replace(text, `"msg"`, `"msh"`, 1), "lacks sig, or hdr or msg"},
		"something beside":  {strings.Replace(text, `{ "sig"`, `{ "more":1,"sig"`, 1), "and nothing else"},
	} {
		if _, err := ParseNC([]byte(c[0])); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func FuzzSeal(f *testing.F) {
	s := newSigner(f, "UT", "OS", 0x1f5, nil)
	f.Add(sealed(f, s, visa("UTOS", "1F5")))
	f.Add([]byte(nonConstrained(f, s, `{"a":[1,"b",null]}`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if v, err := Parse(b); err == nil {
			v.Verify([]*cert.Certificate{s.cert})
			v.Zone()
		}
		if v, err := ParseNC(b); err == nil {
			v.Verify([]*cert.Certificate{s.cert})
		}
	})
}
