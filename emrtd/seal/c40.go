package seal

import (
	"strconv"
	"strings"
)

// C40 writes three characters in two bytes (ISO/IEC 16022 §5.2.5, ICAO 9303-13 §2.6.1): letters, digits, and a blank, which stands for the filler of a zone. Other characters are not used; what does not fill three is padded by shift 1, or written as a byte by itself after 254.
const c40Unlatch = 0xfe

// decodeC40 reads a text, and reports whether it is one.
func decodeC40(b []byte) (string, bool) {
	var out strings.Builder
	for i := 0; i < len(b); i += 2 {
		if i+1 == len(b) {
			return "", false
		}
		if b[i] == c40Unlatch { // one character of ASCII, by its number and one more
			c := b[i+1] - 1
			if !isC40(c) {
				return "", false
			}
			out.WriteByte(c)
			continue
		}
		n := int(b[i])<<8 | int(b[i+1])
		if n == 0 {
			return "", false
		}
		n--
		for k, v := range [3]int{n / 1600, n / 40 % 40, n % 40} {
			switch {
			case v == 0 && (k == 2 || k == 1 && n%40 == 0) && i+2 == len(b): // padding
			case v == 3:
				out.WriteByte('<')
			case v >= 4 && v <= 13:
				out.WriteByte(byte('0' + v - 4))
			case v >= 14 && v <= 39:
				out.WriteByte(byte('A' + v - 14))
			default:
				return "", false
			}
		}
	}
	return out.String(), true
}

func isC40(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || c == ' ' || c == '<'
}

// encodeC40 writes a text of capitals, digits and fillers.
func encodeC40(s string) []byte {
	value := func(c byte) int {
		switch {
		case '0' <= c && c <= '9':
			return int(c-'0') + 4
		case 'A' <= c && c <= 'Z':
			return int(c-'A') + 14
		}
		return 3
	}
	var out []byte
	for ; len(s) >= 3; s = s[3:] {
		n := 1600*value(s[0]) + 40*value(s[1]) + value(s[2]) + 1
		out = append(out, byte(n>>8), byte(n))
	}
	switch len(s) {
	case 1:
		out = append(out, c40Unlatch, s[0]+1)
	case 2:
		n := 1600*value(s[0]) + 40*value(s[1]) + 1
		out = append(out, byte(n>>8), byte(n))
	}
	return out
}

func trimFillers(s string) string { return strings.TrimRight(s, "< ") }

func hexadecimal(s string) (int, error) {
	n, err := strconv.ParseUint(s, 16, 8)
	return int(n), err
}
