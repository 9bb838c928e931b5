package seal

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"marz"
	"marz/emrtd/cert"
)

// NC is a seal in JSON (VDS-NC): what it says, and its signature with the certificate of its signer.
type NC struct {
	Type    string // "icao.test", "icao.vacc" or another
	Version int
	Issuer  string         // the state, three letters
	Message map[string]any // what it says
	Signer  *cert.Certificate

	algorithm cert.Algorithm
	signature []byte
	signed    []byte // "data" in its one canonical form
}

var ncAlgorithms = map[string]crypto.Hash{"ES256": crypto.SHA256, "ES384": crypto.SHA384, "ES512": crypto.SHA512}

func invalidNC(format string, args ...any) error {
	return &marz.Error{Code: marz.Invalid, Op: "read seal", Subject: "VDS-NC", Fix: fmt.Sprintf(format, args...)}
}

// ParseNC reads a seal in JSON. What it says is not proven by that.
func ParseNC(b []byte) (*NC, error) {
	if len(b) > mostSeal {
		return nil, invalidNC("it has %d bytes; a seal has %d at most", len(b), mostSeal)
	}
	root, err := decodeJSON(b)
	if err != nil {
		return nil, invalidNC("it is not JSON as seals are: %v", err)
	}
	top, _ := root.(map[string]any)
	data, ok := top["data"].(map[string]any)
	if !ok || len(top) != 2 {
		return nil, invalidNC("it does not have data and sig, and nothing else")
	}
	sig, ok := top["sig"].(map[string]any)
	header, ok2 := data["hdr"].(map[string]any)
	out := &NC{}
	if out.Message, _ = data["msg"].(map[string]any); !ok || !ok2 || out.Message == nil {
		return nil, invalidNC("it lacks sig, or hdr or msg in data")
	}
	if err := out.header(header); err != nil {
		return nil, err
	}
	if err := out.sign(sig); err != nil {
		return nil, err
	}
	out.signed = canonical(nil, data)
	return out, nil
}

func (n *NC) header(h map[string]any) error {
	n.Type, _ = h["t"].(string)
	n.Issuer, _ = h["is"].(string)
	v, _ := h["v"].(json.Number)
	version, err := strconv.Atoi(v.String())
	if n.Type == "" || n.Issuer == "" || err != nil {
		return invalidNC("its header lacks type t, version v or issuer is")
	}
	n.Version = version
	return nil
}

// sign reads the signature. Its texts are base64url, with or without padding.
func (n *NC) sign(s map[string]any) error {
	text := func(name string) []byte {
		t, _ := s[name].(string)
		b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(t, "="))
		if err != nil {
			return nil
		}
		return b
	}
	name, _ := s["alg"].(string)
	hash, ok := ncAlgorithms[name]
	if !ok {
		return invalidNC("its algorithm is none of ES256, ES384 and ES512")
	}
	n.algorithm = cert.Algorithm{Scheme: cert.ECDSAPlain, Hash: hash}
	raw := text("cer")
	if n.signature = text("sigvl"); n.signature == nil || raw == nil {
		return invalidNC("its signature sigvl or certificate cer is missing or not base64url")
	}
	var err error
	if n.Signer, err = cert.Parse(raw); err != nil {
		return invalidNC("its certificate cannot be read: %v", err)
	}
	return nil
}

// Verify checks the seal against certificates that are trusted: its signer's own, or those of the authorities that issue signers.
func (n *NC) Verify(given []*cert.Certificate) Verdict {
	defects, err := n.Signer.Key.Verify(n.algorithm, n.signed, n.signature)
	if err != nil {
		return failed(n.Signer, defects, err)
	}
	v := Verdict{Result: SignerUnknown, Signer: n.Signer, Defects: defects}
	v.Why = "the signature is that of the certificate in the seal; who that is nobody knows until its authority " + n.Signer.Issuer.String() + " is given"
	for _, c := range given {
		if bytes.Equal(c.Raw, n.Signer.Raw) {
			return Verdict{Result: Valid, Signer: n.Signer, Trusted: "its certificate was given", Defects: defects}
		}
		if i := n.Signer.IssuedBy(c); i.Good() {
			return Verdict{Result: Valid, Signer: n.Signer, Trusted: "issued by " + c.Subject.String(), Defects: append(defects, i.Defects...)}
		}
	}
	return v
}

// mostDepth bounds the nesting of a seal.
const mostDepth = 16

// decodeJSON reads one JSON value, in which no key stands twice: of two, one reader would take the first and another the last.
func decodeJSON(b []byte) (any, error) {
	if !utf8.Valid(b) {
		return nil, errors.New("it is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	v, err := decodeValue(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something stands behind it")
	}
	return v, nil
}

func decodeValue(d *json.Decoder, depth int) (any, error) {
	if depth > mostDepth {
		return nil, errors.New("it is nested too deep")
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		return decodeObject(d, depth)
	case json.Delim('['):
		out := []any{}
		for d.More() {
			v, err := decodeValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		_, err := d.Token()
		return out, err
	}
	if n, ok := t.(json.Number); ok {
		if _, err := strconv.ParseInt(n.String(), 10, 53); err != nil {
			return nil, errors.New("a number is none that seals have, which are whole")
		}
	}
	return t, nil
}

func decodeObject(d *json.Decoder, depth int) (any, error) {
	out := map[string]any{}
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := k.(string)
		if _, twice := out[name]; twice {
			return nil, errors.New("a key stands twice")
		}
		if out[name], err = decodeValue(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return out, err
}

// canonical appends a value in its canonical form (RFC 8785): without blanks, keys in the order of their UTF-16, strings with no more escapes than it takes. Numbers are whole, so that they have one form.
func canonical(to []byte, v any) []byte {
	switch v := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.SortFunc(keys, func(a, b string) int { return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b))) })
		to = append(to, '{')
		for i, k := range keys {
			if i > 0 {
				to = append(to, ',')
			}
			to = append(canonicalText(to, k), ':')
			to = canonical(to, v[k])
		}
		return append(to, '}')
	case []any:
		to = append(to, '[')
		for i, e := range v {
			if i > 0 {
				to = append(to, ',')
			}
			to = canonical(to, e)
		}
		return append(to, ']')
	case string:
		return canonicalText(to, v)
	case json.Number:
		n, _ := strconv.ParseInt(v.String(), 10, 53) // was read before
		return strconv.AppendInt(to, n, 10)
	case bool:
		return strconv.AppendBool(to, v)
	}
	return append(to, "null"...)
}

var shortEscapes = map[byte]byte{'\b': 'b', '\t': 't', '\n': 'n', '\f': 'f', '\r': 'r', '"': '"', '\\': '\\'}

func canonicalText(to []byte, s string) []byte {
	to = append(to, '"')
	for i := range len(s) {
		c := s[i]
		if e, ok := shortEscapes[c]; ok {
			to = append(to, '\\', e)
		} else if c < 0x20 {
			to = append(to, fmt.Sprintf(`\u%04x`, c)...)
		} else {
			to = append(to, c)
		}
	}
	return append(to, '"')
}
