package lds

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"testing"

	"marz/emrtd/chip"
	"marz/emrtd/curve"
	"marz/emrtd/der"
)

// The tests of this file go by the test cases of BSI TR-03105-5.1 V1.5, whose numbers they bear; docs/conformance-tr03105-5.1.md has what each demands.

// framed are the three faults of a file's frame: another tag, a length that is one too small, and one too big.
func framed(good []byte) map[string][]byte {
	tag, short, long := bytes.Clone(good), bytes.Clone(good), bytes.Clone(good)
	tag[0]++
	last := 1
	if good[1] > 0x80 {
		last += int(good[1] & 0x7f)
	}
	short[last]--
	long[last]++
	return map[string][]byte{"wrong tag": tag, "length too small": short, "length too big": long}
}

// TestConformanceFrames: LDS_C_04 to LDS_C_06, LDS_F_01 to LDS_F_07, LDS_I_01 to LDS_I_03.
func TestConformanceFrames(t *testing.T) {
	v := &chip.Virtual{Active: chip.Active{Curve: curve.ByName("brainpoolP256r1"), Hash: crypto.SHA384}, Secret: []byte("a secret of the tests"), Random: rand.Reader}
	active, err := v.ActiveKey()
	if err != nil {
		t.Fatal(err)
	}
	key := spki(t, active)
	way := func(parts ...[]byte) []byte {
		return der.Sequence(append([][]byte{der.OID(oidChipAuth + ".3")}, parts...)...)
	}
	public := der.Sequence(der.OID(oidChipKey), key)
	for _, c := range []struct {
		id   string
		file []byte
		ways int // of asking the chip that are found; -1: it is not read
	}{
		{"as it should be", do(0x6e, der.Set(way(do(2, []byte{1})), public)), 1},
		{"LDS_F_04", do(0x6e, der.Set(der.Sequence(der.OID(oidChipAuth+".99"), do(2, []byte{1})), public)), 1},
		{"LDS_F_05", do(0x6e, der.Set(public)), 1},
		{"LDS_F_06", do(0x6e, der.Set(way(do(2, []byte{9})), public)), 1},
		{"LDS_F_07", do(0x6e, der.Set(way(), public)), -1},
	} {
		d, err := ReadDG14(c.file)
		if (err != nil) != (c.ways < 0) || err == nil && len(d.Ways) != c.ways {
			t.Errorf("%s: %+v, %v", c.id, d, err)
		}
	}
	for what, c := range map[string]struct {
		good []byte
		read func([]byte) error
	}{
		"EF.DG2":  {dg2(face(picture(t), 0, 0)), asDG2},
		"EF.DG14": {do(0x6e, der.Set(way(do(2, []byte{1})), public)), func(b []byte) error { _, err := ReadDG14(b); return err }},
		"EF.DG15": {do(0x6f, key), func(b []byte) error { _, err := ReadDG15(b); return err }},
	} {
		if err := c.read(c.good); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		for fault, b := range framed(c.good) {
			if c.read(b) == nil {
				t.Errorf("%s, %s: it is read", what, fault)
			}
		}
	}
}

// TestConformancePortrait: the other cases of unit LDS_C. What is needed to find the portrait has to be right; what only describes it is read past, and where record and image disagree the file has a defect.
func TestConformancePortrait(t *testing.T) {
	data := picture(t)
	newer := append([]byte{0, 0, 0, 0x0c, 'j', 'P', ' ', ' ', 0x0d, 0x0a}, make([]byte, 20)...)
	record := face(data, 0, 0)
	set := func(at int, b ...byte) []byte { out := bytes.Clone(record); copy(out[at:], b); return out }
	header := func(parts ...[]byte) []byte {
		return do(0x75, do(0x7f61, do(2, []byte{1}), do(0x7f60, do(0xa1, parts...), do(0x5f2e, record))))
	}
	for _, c := range []struct {
		id      string
		file    []byte
		read    bool
		defects int
	}{
		{"LDS_C_01", dg2(face(newer, 1, 0)), true, 0},
		{"LDS_C_02", dg2(record), true, 0},
		{"LDS_C_03", dg2(face(newer, 1, 4)), true, 0},
		{"LDS_C_07", do(0x75, do(0x7f61, do(0x7f60, do(0xa1), do(0x5f2e, record)))), true, 1},
		{"LDS_C_08", header(do(0x87, []byte{9, 9}), do(0x88, []byte{0, 8})), true, 0},
		{"LDS_C_09", header(do(0x88, []byte{0, 8})), true, 0},
		{"LDS_C_10", header(do(0x87, []byte{1, 1}), do(0x88, []byte{0, 9})), true, 0},
		{"LDS_C_11", header(do(0x87, []byte{1, 1})), true, 0},
		{"LDS_C_14", dg2(set(0, []byte("FIR\x00")...)), false, 0},
		{"LDS_C_15", dg2(set(4, []byte("999\x00")...)), false, 0},
		{"LDS_C_16", dg2(set(14, 0, 0, 0, 1)), true, 1},
		{"LDS_C_27", dg2(face(data, 1, 0)), true, 1},
		{"LDS_C_28", do(0x75, do(0x7f61, do(2, []byte{1}), do(0x7f60, do(0xa1)))), false, 0},
	} {
		d, err := ReadDG2(c.file)
		if (err == nil) != c.read || err == nil && len(d.Defects) != c.defects {
			t.Errorf("%s: %+v, %v", c.id, d, err)
		}
	}
}
