package web

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"

	"rsc.io/qr"

	"marz"
)

// A text of an act is longer than one code that a camera reads from paper. So it is compressed, written in the letters that a code holds most tightly, and cut into
// parts, each with a code of its own:
//
//	MARZ1:k/n:PAYLOAD
//
// PAYLOAD is base45 (RFC 9285) of the k-th part of the text under zlib (RFC 1950). Decoded and put together in the order of k, all n parts are the zlib stream. Every
// part but the last has an even number of bytes. API.md says the same for whoever reads codes.

const codeTag = "MARZ1"

// codeRoom is how many letters a code takes at level M in 117 modules (version 25): 0.45 mm a module in a third of an A4 page's width.
const codeRoom = 1451

// Code is one QR code of an act.
type Code struct {
	Part, Of int
	Text     string
	Modules  int    // of one side, without the quiet zone
	Side     int    // with the quiet zone of four modules all around
	Path     string // of an SVG of Side by Side units: the dark modules
}

// Codes returns the codes of a text, in order, or none for an empty one.
func Codes(text string) ([]Code, error) {
	if text == "" {
		return nil, nil
	}
	parts, err := codeTexts(text)
	if err != nil {
		return nil, err
	}
	out := make([]Code, len(parts))
	for i, part := range parts {
		c, err := qr.Encode(part, qr.M)
		if err != nil {
			return nil, &marz.Error{Code: marz.Internal, Op: "draw code", Subject: fmt.Sprintf("part %d of %d", i+1, len(parts)), Err: err}
		}
		out[i] = Code{Part: i + 1, Of: len(parts), Text: part, Modules: c.Size, Side: c.Size + 8, Path: modules(c)}
	}
	return out, nil
}

func codeTexts(text string) ([]string, error) {
	var z bytes.Buffer
	w, err := zlib.NewWriterLevel(&z, zlib.BestCompression)
	if err == nil {
		_, err = w.Write([]byte(text))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, &marz.Error{Code: marz.Internal, Op: "compress code", Err: err}
	}
	const most = (codeRoom - len(codeTag+":10/10:")) / 3 * 2 // bytes of a part: three letters hold two
	n := (z.Len() + most - 1) / most
	size := (z.Len() + n - 1) / n
	size += size % 2
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s:%d/%d:%s", codeTag, i+1, n, base45(z.Next(size)))
	}
	return out, nil
}

// base45 writes bytes in the alphabet of RFC 9285 §4.2.
func base45(b []byte) string {
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
	var s strings.Builder
	for ; len(b) > 1; b = b[2:] {
		n := int(b[0])<<8 | int(b[1])
		s.WriteByte(letters[n%45])
		s.WriteByte(letters[n/45%45])
		s.WriteByte(letters[n/45/45])
	}
	if len(b) == 1 {
		s.WriteByte(letters[int(b[0])%45])
		s.WriteByte(letters[int(b[0])/45])
	}
	return s.String()
}

// modules draws the dark modules as one path, a rectangle for each run in a row.
func modules(c *qr.Code) string {
	var s strings.Builder
	for y := range c.Size {
		for x := 0; x < c.Size; x++ {
			if !c.Black(x, y) {
				continue
			}
			from := x
			for x < c.Size && c.Black(x, y) {
				x++
			}
			fmt.Fprintf(&s, "M%d %dh%dv1h-%dz", from+4, y+4, x-from, x-from)
		}
	}
	return s.String()
}
