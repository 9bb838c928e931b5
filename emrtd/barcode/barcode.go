// Package barcode takes the bytes out of the picture of a Data Matrix or QR code, in which travel documents carry their seals. It owns nothing else: what the bytes mean is another's.
//
// It promises: a picture is decoded only up to a bound of its size, and what cannot be read is an error in words.
package barcode

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // the forms of pictures that are read
	_ "image/png"
	"strings"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/datamatrix"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// mostPixels bounds a picture.
const mostPixels = 32 << 20

// IsPicture reports whether a file begins as a PNG or JPEG picture does.
func IsPicture(file []byte) bool {
	return bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")) || bytes.HasPrefix(file, []byte{0xff, 0xd8, 0xff})
}

// Read returns the bytes of the code in a picture (PNG or JPEG): a Data Matrix, or else a QR code.
func Read(picture []byte) ([]byte, error) {
	c, _, err := image.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return nil, fmt.Errorf("it is no picture in PNG or JPEG: %w", err)
	}
	if c.Width*c.Height > mostPixels {
		return nil, fmt.Errorf("the picture has %d by %d pixels; make it smaller", c.Width, c.Height)
	}
	i, _, err := image.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, fmt.Errorf("the picture is damaged: %w", err)
	}
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true, gozxing.DecodeHintType_CHARACTER_SET: "ISO-8859-1"}
	for _, r := range []gozxing.Reader{datamatrix.NewDataMatrixReader(), qrcode.NewQRCodeReader()} {
		// A picture is made anew for each, as a reader keeps what it has worked out.
		b, err := gozxing.NewBinaryBitmapFromImage(i)
		if err != nil {
			return nil, err
		}
		if result, err := r.Decode(b, hints); err == nil {
			return content(result)
		}
	}
	return nil, errors.New("no Data Matrix and no QR code is found in the picture; make it straight, sharp, and with a white border around the code")
}

// content is what the code holds. Its segments of bytes stand in the text as characters, each of which is a byte; what is between them stands there as bytes.
func content(r *gozxing.Result) ([]byte, error) {
	segments, _ := r.GetResultMetadata()[gozxing.ResultMetadataType_BYTE_SEGMENTS].([][]byte)
	text := r.GetText()
	var out []byte
	for _, segment := range segments {
		before, after, ok := strings.Cut(text, characters(segment))
		if !ok {
			return nil, errors.New("the code holds characters that are no bytes; it is no seal")
		}
		out, text = append(append(out, before...), segment...), after
	}
	return append(out, text...), nil
}

// characters is a text in which each byte is a character.
func characters(b []byte) string {
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}
