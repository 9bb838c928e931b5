package barcode

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/datamatrix"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// drawn is the picture of a code, with a border.
func drawn(t testing.TB, w gozxing.Writer, format gozxing.BarcodeFormat, content []byte) []byte {
	t.Helper()
	m, err := w.Encode(characters(content), format, 300, 300, map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_CHARACTER_SET: "ISO-8859-1"})
	if err != nil {
		t.Fatal(err)
	}
	const scale, border = 4, 40
	i := image.NewGray(image.Rect(0, 0, m.GetWidth()*scale+2*border, m.GetHeight()*scale+2*border))
	for y := range i.Bounds().Dy() {
		for x := range i.Bounds().Dx() {
			i.SetGray(x, y, color.Gray{Y: 255})
		}
	}
	for y := range m.GetHeight() * scale {
		for x := range m.GetWidth() * scale {
			if m.Get(x/scale, y/scale) {
				i.SetGray(x+border, y+border, color.Gray{})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, i); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Every byte comes out as it went in, zeros and high ones too.
func TestCodes(t *testing.T) {
	content := []byte{0xdc, 3, 0, 1, 0x7f, 0x80, 0xc3, 0xa9, 0xff}
	for i := range 120 {
		content = append(content, byte(i*37))
	}
	for name, picture := range map[string][]byte{
		"Data Matrix": drawn(t, datamatrix.NewDataMatrixWriter(), gozxing.BarcodeFormat_DATA_MATRIX, content),
		"QR":          drawn(t, qrcode.NewQRCodeWriter(), gozxing.BarcodeFormat_QR_CODE, content),
	} {
		if !IsPicture(picture) {
			t.Errorf("%s is no picture", name)
		}
		got, err := Read(picture)
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: %x, %v", name, got, err)
		}
	}
}

func TestRefused(t *testing.T) {
	var white bytes.Buffer
	if err := png.Encode(&white, image.NewGray(image.Rect(0, 0, 60, 60))); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		b    []byte
		says string
	}{
		"nothing":           {nil, "no picture"},
		"half of a picture": {white.Bytes()[:40], "is damaged"},
		"a white picture":   {white.Bytes(), "no Data Matrix and no QR code"},
	} {
		if _, err := Read(c.b); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
