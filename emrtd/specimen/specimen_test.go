package specimen

import (
	"bytes"
	"crypto/rand"
	"image/jpeg"
	"strings"
	"testing"
	"time"

	"marz"
	"marz/emrtd"
	"marz/emrtd/chip"
	"marz/emrtd/lds"
)

var noon = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

func make1(t testing.TB, p Profile) *Document {
	t.Helper()
	d, err := Make(p, rand.Reader, noon)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func trust(t testing.TB, d *Document) emrtd.Trust {
	t.Helper()
	b := emrtd.NewTrustBuilder()
	for name, content := range d.Trust {
		if err := b.Add(name, content); err != nil {
			t.Fatal(err)
		}
	}
	tr, err := b.Trust()
	if err != nil || len(b.Notes) > 0 {
		t.Fatal(err, b.Notes)
	}
	return tr
}

// proven makes passive authentication of the files as they lie in the chip.
func proven(t testing.TB, d *Document) *emrtd.Report {
	t.Helper()
	doc := emrtd.Document{SOD: d.Chip.Files[chip.EFSOD], COM: d.Chip.Files[chip.EFCOM], Groups: map[int][]byte{}, Zone: d.Zone}
	for _, n := range d.Groups {
		doc.Groups[n] = d.Chip.Files[chip.DG(n)]
	}
	r, err := emrtd.Verify(doc, trust(t, d), marz.InstantOf(noon))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A sound document is proven without a defect, whatever it is signed with, and each of its files can be read.
func TestSoundDocuments(t *testing.T) {
	for _, p := range []Profile{
		{},
		{Access: []string{"open"}, Prove: []string{"none"}, Signer: "P-256", CSCA: "P-256"},
		{Signer: "rsa2048,pss,sha512", CSCA: "rsa2048", Prove: []string{"active-rsa"}},
		{Signer: "brainpoolP512r1,plain,sha512", CSCA: "P-521,sha512", Access: []string{"cam"}, Cipher: "aes256", Curve: "P-384", SODVersion: 1, Prove: []string{"chip", "active-ec"}},
		{Zone: "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<", CSCA: "P-256"},
	} {
		d := make1(t, p)
		r := proven(t, d)
		if r.Result != marz.Successful || len(r.Defects) > 0 {
			t.Errorf("%+v: %s, %v, %v", p, r.Result, r.Checks, r.Defects)
		}
		for _, n := range d.Groups {
			if err := read(n, d.Chip.Files[chip.DG(n)]); err != nil {
				t.Errorf("%+v: %v", p, err)
			}
		}
		if c, err := lds.ReadCOM(d.Chip.Files[chip.EFCOM]); err != nil || len(c.Groups) != len(d.Groups) {
			t.Errorf("%+v, %v", c, err)
		}
	}
}

func read(n int, file []byte) error {
	var err error
	switch n {
	case 1:
		_, err = lds.ReadDG1(file)
	case 2:
		var d *lds.DG2
		if d, err = lds.ReadDG2(file); err == nil {
			_, err = jpeg.Decode(bytes.NewReader(d.Portraits[0].Data))
		}
	case 11, 12:
		_, err = lds.ReadDetails(n, file)
	case 14:
		_, err = lds.ReadDG14(file)
	case 15:
		_, err = lds.ReadDG15(file)
	}
	return err
}

// A fault of the files fails the check that its description names.
func TestFaultsOfFiles(t *testing.T) {
	for fault, check := range map[string]string{
		"wrong-hash=1": emrtd.CheckGroups, "wrong-hash=2": emrtd.CheckGroups, "wrong-hash=14": emrtd.CheckGroups,
		"revoked": emrtd.CheckRevocation, "expired": emrtd.CheckSignerValidity, "unknown-csca": emrtd.CheckSignerSignature,
	} {
		r := proven(t, make1(t, Profile{Signer: "P-256", CSCA: "P-256", Faults: []string{fault}}))
		want := marz.Failed
		if fault == "unknown-csca" {
			want = marz.Undetermined // the key that should have signed is not at hand
		}
		if got := r.ResultOf(check); got != want || r.Result != want {
			t.Errorf("%s: %s is %s, as a whole %s", fault, check, got, r.Result)
		}
	}
}

// What cannot be made says what can.
func TestRefuses(t *testing.T) {
	for says, p := range map[string]Profile{
		"take open, or of bac":       {Access: []string{"bca"}},
		"has no other way":           {Access: []string{"open", "bac"}},
		"with AES alone":             {Access: []string{"cam"}, Cipher: "3des"},
		"a check digit is wrong":     {Zone: strings.Replace(Defaults.Zone, "L898902C36", "L898902C35", 1)},
		"begin with rsa2048":         {Signer: "ed25519"},
		"an RSA key has":             {CSCA: "rsa512"},
		"belongs to such a key":      {Signer: "P-256,pss"},
		"marz card serve --help":     {Faults: []string{"broken"}},
		"name a file":                {Faults: []string{"cut=DG17"}},
		"give a number after":        {Faults: []string{"drop=never"}},
		"the document has no EF.DG7": {Faults: []string{"missing=DG7"}},
		"whose hash could be wrong":  {Faults: []string{"wrong-hash=9"}},
		"it is no JPEG":              {Portrait: []byte("a face")},
		"has none; take --prove":     {Access: []string{"open"}},
		"six digits":                 {CAN: "12345"},
		"take active-rsa":            {Prove: []string{"active-dsa"}},
	} {
		if _, err := Make(p, rand.Reader, noon); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, and not %q", p, err, says)
		}
	}
}
