package reader

import (
	"fmt"
	"strconv"
	"strings"

	"marz"
)

// Bytes is a few bytes of a frame, written as text in which \r, \n, \t, \\ and \xHH stand for bytes that cannot be typed.
type Bytes string

// UnmarshalText reads the written form.
func (b *Bytes) UnmarshalText(text []byte) error {
	s, err := Unescape(string(text))
	*b = Bytes(s)
	return err
}

// MarshalText writes the written form.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(Escape([]byte(b))), nil }

// Unescape reads text in which \r, \n, \t, \\ and \xHH stand for bytes.
func Unescape(s string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out.WriteByte(s[i])
			continue
		}
		i++
		if i == len(s) {
			return "", badEscape(`\`)
		}
		switch s[i] {
		case 'r':
			out.WriteByte('\r')
		case 'n':
			out.WriteByte('\n')
		case 't':
			out.WriteByte('\t')
		case '\\':
			out.WriteByte('\\')
		case 'x':
			n, err := strconv.ParseUint(s[i+1:min(i+3, len(s))], 16, 8)
			if err != nil || i+3 > len(s) {
				return "", badEscape(s[i-1 : min(i+3, len(s))])
			}
			out.WriteByte(byte(n))
			i += 2
		default:
			return "", badEscape(s[i-1 : i+1])
		}
	}
	return out.String(), nil
}

func badEscape(what string) error {
	return &marz.Error{Code: marz.Invalid, Op: "read bytes", Subject: fmt.Sprintf("%q", what), Fix: `write \r, \n, \t, \\ or \x and two hexadecimal digits`}
}

// Escape writes bytes as text of one line that Unescape reads.
func Escape(b []byte) string {
	var out strings.Builder
	for _, c := range b {
		switch {
		case c == '\r':
			out.WriteString(`\r`)
		case c == '\n':
			out.WriteString(`\n`)
		case c == '\t':
			out.WriteString(`\t`)
		case c == '\\':
			out.WriteString(`\\`)
		case c < ' ' || c > '~':
			fmt.Fprintf(&out, `\x%02x`, c)
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}
