package curve

import (
	"bytes"
	"crypto"
	_ "crypto/sha3"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var wycheproofHashes = map[string]crypto.Hash{
	"SHA-224": crypto.SHA224, "SHA-256": crypto.SHA256, "SHA-384": crypto.SHA384, "SHA-512": crypto.SHA512,
	"SHA3-224": crypto.SHA3_224, "SHA3-256": crypto.SHA3_256, "SHA3-384": crypto.SHA3_384, "SHA3-512": crypto.SHA3_512,
}

// hexBytes are bytes that stand in JSON as hexadecimal digits.
type hexBytes []byte

func (b *hexBytes) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

type wycheproofFile struct {
	Schema string
	Groups []struct {
		PublicKey struct {
			Curve        string
			Uncompressed hexBytes
		}
		Curve string
		Sha   string
		Tests []wycheproofCase
	} `json:"testGroups"`
}

type wycheproofCase struct {
	ID                                int `json:"tcId"`
	Comment, Result                   string
	Msg, Sig, Public, Private, Shared hexBytes
}

// wycheproof reads the files of a pattern from folder testvectors_v1 of C2SP's project Wycheproof. The project does not ship them: MARZ_WYCHEPROOF names the
// folder, and where it does not a test says so and is skipped.
func wycheproof(t *testing.T, pattern string) map[string]wycheproofFile {
	folder := os.Getenv("MARZ_WYCHEPROOF")
	if folder == "" {
		t.Skip("MARZ_WYCHEPROOF names no folder testvectors_v1")
	}
	names, err := filepath.Glob(filepath.Join(folder, pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("no %s in %s: %v", pattern, folder, err)
	}
	files := map[string]wycheproofFile{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file wycheproofFile
		if err := json.Unmarshal(data, &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		files[filepath.Base(name)] = file
	}
	return files
}

// check compares what was accepted with what the vector says; "acceptable" is either.
func (v *wycheproofCase) check(t *testing.T, file string, accepted bool) {
	if v.Result != "acceptable" && accepted != (v.Result == "valid") {
		t.Errorf("%s: case %d (%s) is %s, and accepted: %v", file, v.ID, v.Comment, v.Result, accepted)
	}
}

func TestWycheproofECDSA(t *testing.T) {
	ran := map[string]int{}
	for name, file := range wycheproof(t, "ecdsa_*_test.json") {
		if strings.Contains(name, "bitcoin") {
			continue // which refuses the s above n/2 that the standard allows
		}
		for _, group := range file.Groups {
			c, hash := ByName(group.PublicKey.Curve), wycheproofHashes[group.Sha]
			if c == nil || hash == 0 {
				continue
			}
			key, err := c.Unmarshal(group.PublicKey.Uncompressed)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for _, v := range group.Tests {
				r, s, ok := v.signature(c, strings.Contains(name, "p1363"))
				h := hash.New()
				h.Write(v.Msg)
				digest := h.Sum(nil)
				v.check(t, name, ok && c.Verify(key, digest, r, s) == nil)
				if ok && c.isScalar(r) && c.isScalar(s) {
					v.check(t, name, c.verify(key, digest, r, s))
				}
				ran[c.name]++
			}
		}
	}
	if t.Log(ran); len(ran) < 10 {
		t.Error("there are vectors of fewer than 10 curves")
	}
}

// signature reads a signature, plain (r and s at the order's length) or as DER.
func (v *wycheproofCase) signature(c *Curve, plain bool) (r, s *big.Int, ok bool) {
	if plain {
		if len(v.Sig) != 2*c.ordLen {
			return nil, nil, false
		}
		return new(big.Int).SetBytes(v.Sig[:c.ordLen]), new(big.Int).SetBytes(v.Sig[c.ordLen:]), true
	}
	var signature struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(v.Sig, &signature)
	if err != nil || len(rest) > 0 {
		return nil, nil, false
	}
	again, err := asn1.Marshal(signature)
	return signature.R, signature.S, err == nil && bytes.Equal(again, v.Sig)
}

func TestWycheproofECDH(t *testing.T) {
	ran := map[string]int{}
	for _, pattern := range []string{"ecdh_*[rk]1_test.json", "ecdh_*_ecpoint_test.json"} {
		for name, file := range wycheproof(t, pattern) {
			for _, group := range file.Groups {
				c := ByName(group.Curve)
				if c == nil {
					continue // a curve over a binary field
				}
				for _, v := range group.Tests {
					public := []byte(v.Public)
					if !strings.Contains(name, "ecpoint") {
						public = pointOf(c, public)
					}
					key, err := c.Unmarshal(public)
					secret := make([]byte, c.byteLen)
					if err == nil {
						var p Point
						if p, err = c.ScalarMult(new(big.Int).SetBytes(v.Private), key); err == nil {
							p.X.FillBytes(secret)
						}
					}
					v.check(t, name, err == nil && bytes.Equal(secret, v.Shared))
					ran[c.name]++
				}
			}
		}
	}
	if t.Log(ran); len(ran) < 8 {
		t.Error("there are vectors of fewer than 8 curves")
	}
}

// pointOf returns the point of a SubjectPublicKeyInfo (RFC 5480 §2) that names the curve; nothing where it does not.
func pointOf(c *Curve, der []byte) []byte {
	var info struct {
		Algorithm struct {
			Algorithm, Curve asn1.ObjectIdentifier
		}
		Point asn1.BitString
	}
	rest, err := asn1.Unmarshal(der, &info)
	if err != nil || len(rest) > 0 || info.Algorithm.Curve.String() != c.oid || info.Algorithm.Algorithm.String() != "1.2.840.10045.2.1" {
		return nil
	}
	return info.Point.RightAlign()
}
