package chip

import "errors"

// Data objects of commands and files are tag, length and value (ISO 7816-4 §6.3), with tags of one or two bytes and lengths of up to four.

var errTLV = errors.New("a data object is cut short or has a length that is none")

// tlv is one data object.
type tlv struct {
	tag   uint16
	value []byte
}

// header reads tag and length, and returns how many bytes they take.
func header(b []byte) (tag uint16, n, size int, err error) {
	if len(b) < 2 {
		return 0, 0, 0, errTLV
	}
	tag, size = uint16(b[0]), 1
	if b[0]&0x1f == 0x1f {
		if b[1]&0x80 != 0 {
			return 0, 0, 0, errTLV
		}
		tag, size = tag<<8|uint16(b[1]), 2
	}
	if len(b) <= size {
		return 0, 0, 0, errTLV
	}
	first := b[size]
	size++
	if first < 0x80 {
		return tag, int(first), size, nil
	}
	more := int(first & 0x7f)
	if more == 0 || more > 3 || len(b) < size+more {
		return 0, 0, 0, errTLV
	}
	return tag, length(b[size : size+more]), size + more, nil
}

// readTLV reads one data object and returns what follows it.
func readTLV(b []byte) (tlv, []byte, error) {
	tag, n, size, err := header(b)
	if err != nil || len(b)-size < n {
		return tlv{}, nil, errTLV
	}
	return tlv{tag, b[size : size+n]}, b[size+n:], nil
}

// readAll reads data objects to the end.
func readAll(b []byte) ([]tlv, error) {
	var out []tlv
	for len(b) > 0 {
		t, rest, err := readTLV(b)
		if err != nil {
			return nil, err
		}
		out, b = append(out, t), rest
	}
	return out, nil
}

// find returns the value of the first object with a tag, nil if there is none.
func find(all []tlv, tag uint16) []byte {
	for _, t := range all {
		if t.tag == tag {
			return t.value
		}
	}
	return nil
}

// appendTLV writes a data object.
func appendTLV(to []byte, tag uint16, value []byte) []byte {
	if tag > 0xff {
		to = append(to, byte(tag>>8))
	}
	to = append(to, byte(tag))
	switch n := len(value); {
	case n < 0x80:
		to = append(to, byte(n))
	case n < 0x100:
		to = append(to, 0x81, byte(n))
	case n < 0x10000:
		to = append(to, 0x82, byte(n>>8), byte(n))
	default:
		to = append(to, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(to, value...)
}
