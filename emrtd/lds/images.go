package lds

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"

	"marz/emrtd/der"
)

// Format is how an image is coded.
type Format string

// The formats that ICAO 9303 allows.
const (
	JPEG     Format = "JPEG"
	JPEG2000 Format = "JPEG 2000"
)

// Image is an image of the chip. It is personal data.
type Image struct {
	Format        Format
	Width, Height int // as the record around it says, 0 where it does not; the image itself may say otherwise
	Data          []byte
}

// mostPixels bounds an image that is decoded.
const mostPixels = 16 << 20

// Decode decodes the image. Of JPEG 2000 it says that it cannot: no decoder in Go is maintained.
func (i *Image) Decode() (image.Image, error) {
	if i.Format != JPEG {
		return nil, fmt.Errorf("the image is %s, which is not decoded here; compare the document's printed portrait", i.Format)
	}
	c, err := jpeg.DecodeConfig(bytes.NewReader(i.Data))
	if err != nil {
		return nil, fmt.Errorf("the image cannot be decoded: %w", err)
	}
	if c.Width*c.Height > mostPixels {
		return nil, fmt.Errorf("the image has %d by %d pixels, more than a portrait has", c.Width, c.Height)
	}
	return jpeg.Decode(bytes.NewReader(i.Data))
}

// formatOf tells the format of an image by how it begins.
func formatOf(b []byte) (Format, bool) {
	switch {
	case bytes.HasPrefix(b, []byte{0xff, 0xd8, 0xff}):
		return JPEG, true
	case bytes.HasPrefix(b, []byte{0, 0, 0, 0x0c, 'j', 'P', ' ', ' '}), bytes.HasPrefix(b, []byte{0xff, 0x4f, 0xff, 0x51}):
		return JPEG2000, true
	}
	return "", false
}

// DG2 holds the portraits, one as a rule.
type DG2 struct {
	Portraits []Image
	Defects   []der.Defect
}

// Defects of records around portraits. What the image itself is goes before what its record says.
const (
	PortraitCount  der.Name = "portrait-count"  // there are others than the file says
	PortraitFormat der.Name = "portrait-format" // the record says another format
	PortraitLength der.Name = "portrait-length" // the record gives another length
)

// mostFaces bounds the portraits of a document.
const mostFaces = 16

// ReadDG2 reads DG2 (ICAO 9303-10 §4.7.2): biometric information templates (ISO/IEC 7816-11), each with a facial record (ISO/IEC 19794-5:2005).
func ReadDG2(file []byte) (*DG2, error) {
	r, e, err := open(2, file)
	if err != nil {
		return nil, err
	}
	group := child(e, 0x7f61)
	if group == nil || !group.Constructed {
		return nil, fmt.Errorf("DG2 has no group of templates in 7F61")
	}
	out := &DG2{}
	said := -1
	for _, c := range group.Children {
		switch {
		case c.Is(der.Universal, der.TagInteger):
			if said, err = r.Small(c, "the number of portraits"); err != nil {
				return nil, err
			}
		case c.Is(application(0x7f60)):
			if err := out.template(r, c); err != nil {
				return nil, err
			}
		}
	}
	if len(out.Portraits) == 0 {
		return nil, fmt.Errorf("DG2 has no portrait")
	}
	if said != len(out.Portraits) {
		r.Note(PortraitCount, group.Offset, fmt.Sprintf("%d, and it says %d", len(out.Portraits), said))
	}
	out.Defects = defects(r)
	return out, nil
}

// template reads one biometric information template.
func (d *DG2) template(r *der.Reader, e *der.Element) error {
	block := child(e, 0x5f2e)
	if block == nil {
		block = child(e, 0x7f2e)
	}
	if block == nil {
		return der.Errorf(e.Offset, "a template has no biometric data in 5F2E or 7F2E")
	}
	return d.faces(r, block.Content, block.Offset)
}

// The lengths of a facial record's parts (ISO/IEC 19794-5 §5).
const (
	faceHeader  = 14 // "FAC", version, length, number of faces
	faceInfo    = 20
	facePoint   = 8
	imageInfo   = 12
	faceVersion = "FAC\x00010\x00"
)

// faces reads a facial record, which may hold several faces.
func (d *DG2) faces(r *der.Reader, b []byte, offset int) error {
	if len(b) < faceHeader || string(b[:8]) != faceVersion {
		return der.Errorf(offset, "the biometric data is no facial record of version 010")
	}
	if n := binary.BigEndian.Uint32(b[8:]); int64(n) != int64(len(b)) {
		r.Note(PortraitLength, offset, fmt.Sprintf("%d, and it says %d", len(b), n))
	}
	count := int(binary.BigEndian.Uint16(b[12:]))
	if count == 0 || len(d.Portraits)+count > mostFaces {
		return der.Errorf(offset, "a facial record with %d faces", count)
	}
	rest := b[faceHeader:]
	for i := range count {
		if len(rest) < faceInfo {
			return der.Errorf(offset, "a facial record is cut short")
		}
		n := int(binary.BigEndian.Uint32(rest))
		if i == count-1 && n != len(rest) { // the last has what is there
			r.Note(PortraitLength, offset, fmt.Sprintf("%d, and it says %d", len(rest), n))
			n = len(rest)
		}
		if n > len(rest) {
			return der.Errorf(offset, "a facial record is cut short")
		}
		if err := d.face(r, rest[:n], offset); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// face reads one face: what is said of it, its points, and the image.
func (d *DG2) face(r *der.Reader, b []byte, offset int) error {
	if len(b) < faceInfo {
		return der.Errorf(offset, "a facial record is cut short")
	}
	at := faceInfo + facePoint*int(binary.BigEndian.Uint16(b[4:]))
	if len(b) < at+imageInfo {
		return der.Errorf(offset, "a facial record is cut short")
	}
	info, data := b[at:at+imageInfo], b[at+imageInfo:]
	f, ok := formatOf(data)
	if !ok {
		return der.Errorf(offset, "a portrait is neither JPEG nor JPEG 2000")
	}
	if said := map[byte]Format{0: JPEG, 1: JPEG2000}[info[1]]; said != f {
		r.Note(PortraitFormat, offset, fmt.Sprintf("%s, and its record says %d", f, info[1]))
	}
	d.Portraits = append(d.Portraits, Image{f, int(binary.BigEndian.Uint16(info[2:])), int(binary.BigEndian.Uint16(info[4:])), data})
	return nil
}

// DG7 holds images of the holder's signature or usual mark.
type DG7 struct {
	Signatures []Image
	Defects    []der.Defect
}

// ReadDG7 reads DG7 (ICAO 9303-10 §4.7.7).
func ReadDG7(file []byte) (*DG7, error) {
	r, e, err := open(7, file)
	if err != nil {
		return nil, err
	}
	out := &DG7{}
	for _, c := range e.Children {
		if !c.Is(application(0x5f43)) {
			continue
		}
		f, ok := formatOf(c.Content)
		if !ok || c.Constructed {
			return nil, der.Errorf(c.Offset, "a signature is neither JPEG nor JPEG 2000")
		}
		if out.Signatures = append(out.Signatures, Image{Format: f, Data: c.Content}); len(out.Signatures) > mostFaces {
			return nil, der.Errorf(c.Offset, "more than %d signatures", mostFaces)
		}
	}
	if len(out.Signatures) == 0 {
		return nil, fmt.Errorf("DG7 has no signature")
	}
	out.Defects = defects(r)
	return out, nil
}
