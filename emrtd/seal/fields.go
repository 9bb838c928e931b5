package seal

import (
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"
)

// How the value of a field is written.
const (
	asC40 = iota
	asNumber
	asBytes
	asText // UTF-8
)

type definition struct {
	name string
	code int
}

// features name the fields of the definitions that travel documents use: visas (ICAO 9303-7), emergency travel documents (ICAO 9303-8), and those of BSI TR-03137-2. Of others the bytes are shown.
var features = map[[2]byte]map[byte]definition{
	{0x5d, 0x01}: { // visa
		1: {"machine-readable zone, type A", asC40}, 2: {"machine-readable zone, type B", asC40}, 3: {"number of entries", asNumber}, 4: {"duration of stay", asBytes}, 5: {"passport number", asC40}, 6: {"visa type", asBytes}, 7: {"further features", asBytes},
	},
	{0x5e, 0x03}: {2: {"machine-readable zone", asC40}},                           // emergency travel document
	{0xfd, 0x02}: {2: {"machine-readable zone", asC40}, 3: {"AZR number", asC40}}, // arrival attestation
	{0xfc, 0x04}: {1: {"social insurance number", asC40}, 2: {"surname", asText}, 3: {"first name", asText}, 4: {"name at birth", asText}},
	{0xfb, 0x06}: {1: {"machine-readable zone, type A", asC40}, 2: {"machine-readable zone, type B", asC40}, 3: {"passport number", asC40}},
	{0xf9, 0x08}: {1: {"document number", asC40}, 2: {"community key", asC40}, 3: {"address", asC40}}, // sticker on an identity card for a new address
	{0xf8, 0x0a}: {1: {"document number", asC40}, 2: {"community key", asC40}, 3: {"address", asC40}},
}

// name names the fields, and reads those whose code is known.
func (r *reading) name() {
	known := features[[2]byte{r.Feature, r.Category}]
	for i := range r.Fields {
		f := &r.Fields[i]
		d, ok := known[f.Tag]
		if !ok {
			continue
		}
		f.Name = d.name
		if f.Text, ok = read(f.Raw, d.code); !ok {
			r.note(TextInvalid, 0, d.name)
		}
	}
}

func read(b []byte, code int) (string, bool) {
	switch code {
	case asC40:
		return decodeC40(b)
	case asNumber:
		if len(b) != 1 {
			return "", false
		}
		return strconv.Itoa(int(b[0])), true
	case asText:
		return string(b), utf8.Valid(b)
	}
	return hex.EncodeToString(b), true
}

// Zone is the machine-readable zone that the seal has, "" if it has none. It is to be compared with the one on the document.
func (s *Seal) Zone() string {
	for _, f := range s.Fields {
		if strings.HasPrefix(f.Name, "machine-readable zone") {
			return f.Text
		}
	}
	return ""
}
