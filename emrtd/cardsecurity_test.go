package emrtd

import (
	"strings"
	"testing"

	"marz"
	"marz/emrtd/cert"
	"marz/emrtd/der"
	"marz/emrtd/testpki"
)

// cardSecurity writes EF.CardSecurity with keys, as the world's signer signs it.
func (w *world) cardSecurity(t testing.TB, form testpki.Form, keys ...[]byte) []byte {
	t.Helper()
	infos := [][]byte{der.Sequence(der.OID("0.4.0.127.0.7.2.2.4.6.2"), []byte{2, 1, 2}, []byte{2, 1, 13})}
	for _, k := range keys {
		infos = append(infos, der.Sequence(der.OID(oidChipKey), k))
	}
	b, err := w.signer.SignedData(w.random, oidCardSecurity, der.Set(infos...), form)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// numbered writes a key whose curve is given by the number of its domain parameters, as chips' files have it.
func numbered(k *testpki.Key, number byte) []byte {
	e, err := der.NewReader(k.PublicKeyInfo(), 0).One()
	if err != nil {
		panic(err)
	}
	return der.Sequence(der.Sequence(der.OID("0.4.0.127.0.7.1.2"), []byte{2, 1, number}), e.Children[1].Raw)
}

func verifyCard(t testing.TB, file, dg1 []byte, tr Trust) *Report {
	t.Helper()
	r, err := VerifyCardSecurity(file, dg1, tr, noon)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCardSecurity(t *testing.T) {
	w := newWorld(t, p256)
	k := key(t, p256, 2)
	file := w.cardSecurity(t, testpki.Form{}, k.PublicKeyInfo(), numbered(k, 12), numbered(k, 13), numbered(k, 99))
	s, err := ParseCardSecurity(file)
	if err != nil || len(s.Keys) != 2 || len(s.Defects) != 2 || s.Defects[0].Name != CardKeyUnusable { // the point is not on curve 13, and 99 is no curve
		t.Fatalf("%+v, %v", s, err)
	}
	c1, p1 := s.Keys[0].Point()
	if c2, p2 := s.Keys[1].Point(); c1 != c2 || !p1.Equal(p2) {
		t.Error("the key by number is another than the key by name")
	}
	if r := verifyCard(t, file, w.groups[1], w.trust(t)); r.Result != marz.Successful || r.Trust != Trusted || r.Signer.Source[0] != "EF.CardSecurity" {
		t.Errorf("%s, %+v", r.Result, r.Checks)
	}
}

// Only what the state signed as EF.CardSecurity, for its own document, proves a chip's keys.
func TestCardSecurityIsNotProven(t *testing.T) {
	w := newWorld(t, p256)
	k := key(t, p256, 2)
	good := w.cardSecurity(t, testpki.Form{}, k.PublicKeyInfo())
	changed := []byte(strings.Replace(string(good), string(k.PublicKeyInfo()), string(key(t, p256, 3).PublicKeyInfo()), 1))
	elsewhere := testpki.DataGroup1(strings.ReplaceAll(specimen, "UTO", "ARM"))
	revoking := w.trust(t)
	revoking.CRLs = []*cert.CRL{w.crl(t, day(2026, 1, 1), day(2026, 3, 1), 77)}
	for what, c := range map[string]struct {
		file, dg1 []byte
		trust     Trust
		check     string
		want      marz.Result
	}{
		"another key":           {changed, w.groups[1], w.trust(t), CheckObjectHash, marz.Failed},
		"another kind of file":  {w.cardSecurity(t, testpki.Form{ContentType: "2.23.136.1.1.1"}, k.PublicKeyInfo()), w.groups[1], w.trust(t), CheckObjectSignature, marz.Failed},
		"another state":         {good, elsewhere, w.trust(t), CheckSignerState, marz.Failed},
		"nobody is trusted":     {good, w.groups[1], Trust{}, CheckSignerSignature, marz.Undetermined},
		"a revoked signer":      {good, w.groups[1], revoking, CheckRevocation, marz.Failed},
		"EF.DG1 was not proven": {good, nil, w.trust(t), CheckSignerState, marz.Undetermined},
	} {
		r := verifyCard(t, c.file, c.dg1, c.trust)
		if r.ResultOf(c.check) != c.want || r.Result != c.want {
			t.Errorf("%s: %s is %s, as a whole %s", what, c.check, r.ResultOf(c.check), r.Result)
		}
	}
	for _, b := range [][]byte{nil, {0x30, 0}, good[:len(good)-1], w.sod(t, testpki.Form{})} {
		if _, err := ParseCardSecurity(b); marz.CodeOf(err) != marz.Invalid {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
}

// FuzzCardSecurity: no panic, and nothing is successful but what the signer signed.
func FuzzCardSecurity(f *testing.F) {
	w := newWorld(f, p256)
	tr := w.trust(f)
	k := key(f, p256, 2)
	good := w.cardSecurity(f, testpki.Form{}, k.PublicKeyInfo())
	f.Add(good)
	f.Add(w.cardSecurity(f, testpki.Form{BER: true}, numbered(k, 12)))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseCardSecurity(b)
		if err != nil {
			return
		}
		r, err := VerifyCardSecurity(b, w.groups[1], tr, noon)
		if err != nil {
			t.Fatal(err)
		}
		if r.Result == marz.Successful && (len(s.Keys) != 1 || string(s.Keys[0].Bits) != string(bitsOf(k.PublicKeyInfo()))) {
			t.Fatal("a key was proven that nobody signed")
		}
	})
}

// bitsOf is the key of a SubjectPublicKeyInfo.
func bitsOf(info []byte) []byte {
	k, _, err := cert.ParseKey(info)
	if err != nil {
		panic(err)
	}
	return k.Bits
}
