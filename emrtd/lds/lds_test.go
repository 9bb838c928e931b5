package lds

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz/emrtd/der"
)

// do writes a data object.
func do(tag int, parts ...[]byte) []byte {
	content := bytes.Join(parts, nil)
	var out []byte
	if tag > 0xff {
		out = append(out, byte(tag>>8))
	}
	out = append(out, byte(tag))
	switch n := len(content); {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 0x100:
		out = append(out, 0x81, byte(n))
	case n < 0x10000:
		out = append(out, 0x82, byte(n>>8), byte(n))
	default:
		out = append(out, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(out, content...)
}

const zone = "P<UTOSPECIMEN<<ERIKA<<<<<<<<<<<<<<<<<<<<<<<<AN01020304UTO8512317F3012314<<<<<<<<<<<<<<06"

func picture(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 35, 45)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// face writes a facial record with one face of some points.
func face(data []byte, kind byte, points int) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(faceInfo+facePoint*points+imageInfo+len(data)))
	b = binary.BigEndian.AppendUint16(b, uint16(points))
	b = append(b, make([]byte, faceInfo-6+facePoint*points)...)
	b = append(b, 1, kind, 0, 35, 0, 45)
	b = append(append(b, make([]byte, imageInfo-6)...), data...)
	head := binary.BigEndian.AppendUint32([]byte(faceVersion), uint32(faceHeader+len(b)))
	return append(binary.BigEndian.AppendUint16(head, 1), b...)
}

func dg2(records ...[]byte) []byte {
	group := [][]byte{do(2, []byte{byte(len(records))})}
	for _, r := range records {
		group = append(group, do(0x7f60, do(0xa1, do(0x87, []byte{1, 1}), do(0x88, []byte{0, 8})), do(0x5f2e, r)))
	}
	return do(0x75, do(0x7f61, group...))
}

func TestZoneAndList(t *testing.T) {
	d, err := ReadDG1(do(0x61, do(0x5f1f, []byte(zone))))
	if err != nil || d.Zone != zone || len(d.Defects) > 0 {
		t.Errorf("%+v, %v", d, err)
	}
	c, err := ReadCOM(do(0x60, do(0x5f01, []byte("0107")), do(0x5f36, []byte("040000")), do(0x5c, []byte{0x61, 0x75, 0x6b, 0x6f})))
	if err != nil || c.Version != "0107" || c.Unicode != "040000" || !slices.Equal(c.Groups, []int{1, 2, 11, 15}) {
		t.Errorf("%+v, %v", c, err)
	}
	for n := 1; n <= 16; n++ {
		if Group(Tag(n)) != n {
			t.Errorf("DG%d begins with %02X", n, Tag(n))
		}
	}
}

func TestPortrait(t *testing.T) {
	data := picture(t)
	d, err := ReadDG2(dg2(face(data, 0, 0), face(data, 0, 3)))
	if err != nil || len(d.Portraits) != 2 || len(d.Defects) > 0 {
		t.Fatalf("%+v, %v", d, err)
	}
	for _, p := range d.Portraits {
		if p.Format != JPEG || p.Width != 35 || p.Height != 45 || !bytes.Equal(p.Data, data) {
			t.Errorf("%s, %d by %d, %d bytes", p.Format, p.Width, p.Height, len(p.Data))
		}
		if i, err := p.Decode(); err != nil || i.Bounds().Dx() != 35 {
			t.Errorf("decoded: %v", err)
		}
	}
	newer := append([]byte{0, 0, 0, 0x0c, 'j', 'P', ' ', ' ', 0x0d, 0x0a}, make([]byte, 20)...)
	d, err = ReadDG2(dg2(face(newer, 0, 0))) // and the record says that it is JPEG
	if err != nil || d.Portraits[0].Format != JPEG2000 || len(d.Defects) != 1 || d.Defects[0].Name != PortraitFormat {
		t.Fatalf("%+v, %v", d, err)
	}
	if _, err := d.Portraits[0].Decode(); err == nil || !strings.Contains(err.Error(), "not decoded here") {
		t.Error(err)
	}
}

func TestSignature(t *testing.T) {
	d, err := ReadDG7(do(0x67, do(2, []byte{1}), do(0x5f43, picture(t))))
	if err != nil || len(d.Signatures) != 1 || d.Signatures[0].Format != JPEG {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestDetails(t *testing.T) {
	d, err := ReadDetails(11, do(0x6b, do(0x5c, []byte{0x5f, 0x0e, 0x5f, 0x2b}), do(0x5f0e, []byte("SPECIMEN<<ERIKA<MARIA")), do(0xa0, do(2, []byte{1}), do(0x5f0f, []byte("MUSTER<<ERIKA"))),
		do(0x5f2b, []byte{0x19, 0x85, 0x12, 0x31}), do(0x5f11, []byte("YEREVAN<ARM")), do(0x5f42, []byte("1 Example Street\xe9")), do(0x5f99&0x5f7f, []byte("x"))))
	if err != nil {
		t.Fatal(err)
	}
	want := []Detail{{0x5f0e, "full name", "SPECIMEN, ERIKA MARIA", nil}, {0x5f0f, "other name", "MUSTER, ERIKA", nil}, {0x5f2b, "full date of birth", "1985-12-31", nil},
		{0x5f11, "place of birth", "YEREVAN<ARM", nil}, {0x5f42, "address", "1 Example Streeté", nil}}
	if diff := cmp.Diff(want, d.Said); diff != "" {
		t.Error(diff)
	}
	var names []der.Name
	for _, x := range d.Defects {
		names = append(names, x.Name)
	}
	if !slices.Equal(names, []der.Name{TextEncoding, DetailUnknown}) {
		t.Errorf("defects %v", d.Defects)
	}
	d, err = ReadDetails(12, do(0x6c, do(0x5f19, []byte("UTOPIA")), do(0x5f26, []byte("20250304")), do(0x5f1d, picture(t)), do(0x5f55, []byte("20250304120000"))))
	if err != nil || d.Said[1].Value != "2025-03-04" || d.Said[2].Image == nil || d.Said[3].Value != "2025-03-04 12:00:00" {
		t.Errorf("%+v, %v", d, err)
	}
	d, err = ReadDetails(16, do(0x70, do(2, []byte{1}), do(0xa1, do(0x5f50, []byte("20250304")), do(0x5f51, []byte("MUSTER<<OTTO")), do(0x5f52, []byte("+000")))))
	if err != nil || len(d.Persons) != 1 || d.Persons[0][1].Value != "MUSTER, OTTO" {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestRefused(t *testing.T) {
	record := face(picture(t), 0, 0)
	for what, c := range map[string]struct {
		read func([]byte) error
		file []byte
		says string
	}{
		"another file":         {asDG1, do(0x75, do(0x5f1f, []byte(zone))), "does not begin as DG1 does, with 61"},
		"no zone":              {asDG1, do(0x61), "one machine-readable zone"},
		"a short zone":         {asDG1, do(0x61, do(0x5f1f, []byte(zone[:80]))), "has 80 characters"},
		"a letter too small":   {asDG1, do(0x61, do(0x5f1f, []byte(strings.ToLower(zone)))), "a character that no zone has"},
		"nothing":              {asDG1, nil, "DG1"},
		"cut short":            {asDG1, do(0x61, do(0x5f1f, []byte(zone)))[:60], "DG1"},
		"no portrait":          {asDG2, dg2(), "no portrait"},
		"another record":       {asDG2, dg2([]byte("FIR\x00010\x00more and more")), "no facial record of version 010"},
		"a face cut short":     {asDG2, dg2(record[:30]), "cut short"},
		"points without end":   {asDG2, dg2(append(append(bytes.Clone(record[:18]), 0xff, 0xff), record[20:]...)), "cut short"},
		"another image":        {asDG2, dg2(face([]byte("GIF89a"), 0, 0)), "neither JPEG nor JPEG 2000"},
		"a date with a letter": {asDG11, do(0x6b, do(0x5f2b, []byte("1985123X"))), "not 8 digits"},
	} {
		if err := c.read(c.file); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func asDG1(b []byte) error  { _, err := ReadDG1(b); return err }
func asDG2(b []byte) error  { _, err := ReadDG2(b); return err }
func asDG11(b []byte) error { _, err := ReadDetails(11, b); return err }

// reference reads a file of the reference data set, or the test skips.
func reference(t testing.TB, name string) []byte {
	t.Helper()
	dir := os.Getenv("MARZ_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	b, err := os.ReadFile(filepath.Join(dir, "emrtd-tr03105-5", name))
	if err != nil {
		t.Skipf("no test data at %s; set MARZ_DATA to its folder", dir)
	}
	return b
}

// The reference data set of BSI TR-03105-5 is read.
func TestReferenceData(t *testing.T) {
	c, err := ReadCOM(reference(t, "EF_COM.bin"))
	if err != nil || !slices.Contains(c.Groups, 1) || !slices.Contains(c.Groups, 2) {
		t.Errorf("%+v, %v", c, err)
	}
	d, err := ReadDG1(reference(t, "Datagroup1.bin"))
	if err != nil || !strings.HasPrefix(d.Zone, "P<D<<MUSTERMANN<<ERIKA<") {
		t.Errorf("the zone: %v", err)
	}
	p, err := ReadDG2(reference(t, "Datagroup2.bin"))
	if err != nil || len(p.Portraits) != 1 {
		t.Fatalf("the portrait: %v", err)
	}
	t.Logf("portrait %s, %d by %d, %d bytes, defects %v", p.Portraits[0].Format, p.Portraits[0].Width, p.Portraits[0].Height, len(p.Portraits[0].Data), p.Defects)
}

func FuzzFiles(f *testing.F) {
	f.Add(do(0x61, do(0x5f1f, []byte(zone))))
	f.Add(dg2(face([]byte{0xff, 0xd8, 0xff, 0xe0}, 0, 1)))
	f.Add(do(0x6b, do(0x5f0e, []byte("A<<B")), do(0xa0, do(0x5f0f, []byte("C")))))
	f.Add(do(0x60, do(0x5f01, []byte("0107")), do(0x5f36, []byte("040000")), do(0x5c, []byte{0x61})))
	f.Fuzz(func(t *testing.T, b []byte) {
		ReadCOM(b)
		ReadDG1(b)
		ReadDG7(b)
		ReadDG14(b)
		ReadDG15(b)
		for _, g := range []int{11, 12, 16} {
			ReadDetails(g, b)
		}
		if d, err := ReadDG2(b); err == nil {
			for i := range d.Portraits {
				d.Portraits[i].Decode()
			}
		}
	})
}
