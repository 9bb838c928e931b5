package lds

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"testing"

	"marz/emrtd/chip"
	"marz/emrtd/curve"
	"marz/emrtd/der"
)

// spki writes a key on a named curve.
func spki(t testing.TB, k chip.Key) []byte {
	t.Helper()
	point, err := k.Curve.Marshal(k.Point)
	if err != nil {
		t.Fatal(err)
	}
	return der.Sequence(der.Sequence(der.OID("1.2.840.10045.2.1"), der.OID(k.Curve.OID())), der.Bits(point))
}

// A chip's files say how it is asked, and asked so it shows that it is no copy; a copy of all of them does not.
func TestKeysOfTheChip(t *testing.T) {
	c := curve.ByName("brainpoolP256r1")
	zone, err := chip.FromMRZ("AN0102030", "851231", "301231")
	if err != nil {
		t.Fatal(err)
	}
	for _, copied := range []bool{false, true} {
		v := &chip.Virtual{Key: &zone, Secret: []byte("a secret of the tests"), Active: chip.Active{Curve: c, Hash: crypto.SHA384}, Random: rand.Reader}
		active, err := v.ActiveKey()
		if err != nil {
			t.Fatal(err)
		}
		info := func(parts ...[]byte) []byte { return der.Sequence(parts...) }
		dg14 := do(0x6e, do(0x31,
			info(der.OID(oidActive), do(2, []byte{1}), der.OID(oidPlainECDSA+"4")),
			info(der.OID(oidChipAuth+".3"), do(2, []byte{1}), do(2, []byte{5})),
			info(der.OID(oidChipKey), spki(t, active), do(2, []byte{5})),
			info(der.OID("0.4.0.127.0.7.2.2.2"), do(2, []byte{1}))))
		v.Files = map[chip.File][]byte{chip.DG(14): dg14, chip.DG(15): do(0x6f, spki(t, active))}
		way, err := v.NewChipAuth(c, 3, []byte{5})
		if err != nil {
			t.Fatal(err)
		}
		v.ChipAuth, v.Faults.Copy = []chip.ChipAuth{way}, copied
		r := chip.NewReader(v)
		if err := errors.Join(r.SelectApplet(t.Context()), r.BAC(t.Context(), zone, rand.Reader)); err != nil {
			t.Fatal(err)
		}
		read := func(n int) []byte {
			b, _, err := r.Read(t.Context(), chip.DG(n), nil)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		infos, err := ReadDG14(read(14))
		if err != nil || infos.ActiveHash != crypto.SHA384 || len(infos.Ways) != 1 || len(infos.Others) != 1 || len(infos.Defects) > 0 {
			t.Fatalf("%+v, %v", infos, err)
		}
		d, err := ReadDG15(read(15))
		if err != nil {
			t.Fatal(err)
		}
		k, err := d.ChipKey()
		if err != nil {
			t.Fatal(err)
		}
		if err := r.ActiveAuthentication(t.Context(), k, infos.ActiveHash, rand.Reader); copied != errors.Is(err, chip.ErrCopy) || !copied && err != nil {
			t.Errorf("copied %v, active authentication: %v", copied, err)
		}
		if err := r.ChipAuthentication(t.Context(), infos.Ways[0], rand.Reader); copied != errors.Is(err, chip.ErrCopy) || !copied && err != nil {
			t.Errorf("copied %v, chip authentication: %v", copied, err)
		}
	}
}

func TestKeyOfRSA(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	d, err := ReadDG15(do(0x6f, raw))
	if err != nil {
		t.Fatal(err)
	}
	if k, err := d.ChipKey(); err != nil || k.N.Cmp(private.N) != 0 || k.Curve != nil {
		t.Errorf("%+v, %v", k, err)
	}
	for what, b := range map[string][]byte{"nothing in it": do(0x6f), "another file": do(0x6e, raw), "half a key": do(0x6f, raw[:40]), "no key": do(0x6f, do(2, []byte{1}))} {
		if _, err := ReadDG15(b); err == nil {
			t.Errorf("%s is DG15", what)
		}
	}
	for what, b := range map[string][]byte{"nothing in it": do(0x6e), "no set": do(0x6e, do(0x30)), "no info": do(0x6e, do(0x31, do(2, []byte{1}))), "no algorithm": do(0x6e, do(0x31, der.Sequence(der.OID(oidActive), do(2, []byte{1}))))} {
		if _, err := ReadDG14(b); err == nil {
			t.Errorf("%s is DG14", what)
		}
	}
}

func TestReferenceKeys(t *testing.T) {
	d14, err := ReadDG14(reference(t, "Datagroup14.bin"))
	if err != nil || len(d14.Ways) == 0 {
		t.Errorf("%+v, %v", d14, err)
	}
	d15, err := ReadDG15(reference(t, "Datagroup15.bin"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d15.ChipKey(); err != nil {
		t.Error(err)
	}
	t.Log(d15.Key.Name(), len(d14.Ways), d14.ActiveHash, d14.Others, d14.Defects, d15.Defects)
}
