package cert

import (
	"bytes"
	"strings"
	"unicode"

	"marz/emrtd/der"
)

// Attribute is one part of a name.
type Attribute struct {
	Type  string // short, for example "C", or its dotted identifier
	Value string
}

// Name is a distinguished name (RFC 5280 §4.1.2.4), its parts in the order in which they are written.
type Name struct {
	Raw   []byte
	Parts []Attribute

	same string // key, made once when the name is read
}

var nameTypes = map[string]string{
	"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "street", "2.5.4.10": "O",
	"2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.97": "organizationIdentifier", "1.2.840.113549.1.9.1": "email", "0.9.2342.19200300.100.1.25": "DC",
}

// Country is the name's country in capitals, as it stands there: two letters by ICAO 9303-12 §7.1.1.1.1, three in some. "" where it has none.
func (n Name) Country() string {
	for _, p := range n.Parts {
		if p.Type == "C" {
			return strings.ToUpper(strings.TrimSpace(p.Value))
		}
	}
	return ""
}

// String is the name as text, for example "C=DE, O=bund, CN=csca-germany".
func (n Name) String() string {
	parts := make([]string, len(n.Parts))
	for i, p := range n.Parts {
		parts[i] = p.Type + "=" + p.Value
	}
	return strings.Join(parts, ", ")
}

// Same reports whether two names are the same one: the types of their strings, capitals and runs of spaces do not count (RFC 5280 §7.1), the order does.
func (n Name) Same(o Name) bool {
	return bytes.Equal(n.Raw, o.Raw) || n.key() == o.key()
}

// key is equal for names that are the same.
func (n Name) key() string {
	if n.same != "" {
		return n.same
	}
	var b strings.Builder
	for _, p := range n.Parts {
		b.WriteString(p.Type)
		b.WriteByte('=')
		b.WriteString(strings.ToLower(strings.Join(strings.FieldsFunc(p.Value, unicode.IsSpace), " ")))
		b.WriteByte(0)
	}
	return b.String()
}

// ReadName reads a Name.
func ReadName(r *der.Reader, e *der.Element) (Name, error) {
	n := Name{Raw: e.Raw}
	for _, set := range e.Children {
		if !set.Is(der.Universal, der.TagSet) || !set.Constructed {
			return n, der.Errorf(set.Offset, "a part of a name should be SET and is %s", set.Name())
		}
		for _, pair := range set.Children {
			if !pair.Is(der.Universal, der.TagSequence) || len(pair.Children) != 2 || !pair.Children[0].Is(der.Universal, der.TagOID) {
				return n, der.Errorf(pair.Offset, "a part of a name is no type with a value")
			}
			oid, err := r.OID(pair.Children[0])
			if err != nil {
				return n, err
			}
			value, err := r.Text(pair.Children[1])
			if err != nil {
				return n, err
			}
			if short, ok := nameTypes[oid]; ok {
				oid = short
			}
			n.Parts = append(n.Parts, Attribute{oid, value})
		}
	}
	n.same = n.key()
	return n, nil
}
