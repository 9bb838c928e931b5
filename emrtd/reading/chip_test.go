package reading

import (
	"context"
	"crypto"
	"crypto/rand"
	"testing"
	"time"

	"marz"
	"marz/emrtd/chip"
	"marz/emrtd/der"
	"marz/emrtd/testpki"
)

// specimen is ICAO's specimen of Doc 9303-4, Appendix B.
const specimen = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"

func TestBAC(t *testing.T) {
	key, err := testpki.NewKey(rand.Reader, testpki.Kind{Curve: "P-256", Hash: crypto.SHA256})
	if err != nil {
		t.Fatal(err)
	}
	csca, err := testpki.Authority(rand.Reader, key, testpki.Profile{Country: "UT", CommonName: "CSCA Utopia", Serial: 1, From: time.Unix(0, 0), Until: time.Unix(1<<31, 0)})
	if err != nil {
		t.Fatal(err)
	}
	groups := map[int][]byte{1: testpki.DataGroup1(specimen[:44] + specimen[45:]), 2: der.Encode(der.Application, 0x15, true, der.Octets(make([]byte, 3000)))}
	sod, err := csca.SecurityObject(rand.Reader, groups, crypto.SHA256, testpki.Form{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Password(specimen)
	if err != nil {
		t.Fatal(err)
	}
	v := &chip.Virtual{Key: &p, Random: rand.Reader, Files: map[chip.File][]byte{chip.EFSOD: sod, chip.DG(1): groups[1], chip.DG(2): groups[2], chip.EFCOM: {0x60, 0}}}
	got := ReadChip(context.Background(), v, Options{Zone: specimen})
	if got.Result != marz.Successful || got.Access != "BAC" || len(got.Files) != 4 {
		t.Errorf("%s, %s, %s, %d files", got.Result, got.Reason, got.Access, len(got.Files))
	}
}
