package verify

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// codeTag begins each of the codes that are printed on an act: MARZ1:k/n:PAYLOAD, the payload in base45 (RFC 9285). All n together are the text under zlib (RFC 1950).
const codeTag = "MARZ1:"

const maxCodes = 20

// printed returns the text of the codes that are printed on an act, read one a line, in any order, each once or more often; readers that put "QR-Code:" before
// what they read are understood. Data that is no such thing comes back as it is.
func printed(data []byte) ([]byte, error) {
	if !bytes.HasPrefix(bytes.TrimPrefix(data, []byte("QR-Code:")), []byte(codeTag)) || len(data) > maxAct {
		return data, nil
	}
	var parts [][]byte
	for number, line := range strings.Split(string(data), "\n") {
		line = strings.TrimPrefix(strings.TrimSuffix(line, "\r"), "QR-Code:")
		if line == "" {
			continue
		}
		bad := func(format string, args ...any) error {
			return notAct(fmt.Sprintf("line %d: ", number+1) + fmt.Sprintf(format, args...) + "; read the code again")
		}
		rest, ok := strings.CutPrefix(line, codeTag)
		place, payload, colon := strings.Cut(rest, ":")
		part, of, slash := strings.Cut(place, "/")
		k, errK := strconv.Atoi(part)
		n, errN := strconv.Atoi(of)
		if !ok || !colon || !slash || errK != nil || errN != nil || n < 1 || n > maxCodes || k < 1 || k > n {
			return nil, bad("it is not MARZ1:k/n: and letters")
		}
		if parts == nil {
			parts = make([][]byte, n)
		}
		b, ok := fromBase45(payload)
		switch {
		case len(parts) != n:
			return nil, bad("it is one of %d codes, and the first is one of %d", n, len(parts))
		case !ok:
			return nil, bad("its letters are not those of base45")
		case parts[k-1] != nil && !bytes.Equal(parts[k-1], b):
			return nil, bad("code %d was read before, and said something else", k)
		}
		parts[k-1] = b
	}
	for i, p := range parts {
		if p == nil {
			return nil, notAct(fmt.Sprintf("code %d of %d is missing: read all codes of the act, one a line", i+1, len(parts)))
		}
	}
	return inflate(bytes.Join(parts, nil))
}

func inflate(z []byte) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(z))
	var out []byte
	if err == nil {
		out, err = io.ReadAll(io.LimitReader(r, maxAct+1))
	}
	if err != nil {
		return nil, notAct("the codes do not fit together: " + err.Error() + "; they are of different acts, or one was read wrong")
	}
	return out, nil
}

// fromBase45 reads RFC 9285 §4: three letters for two bytes, and two for a last one.
func fromBase45(s string) ([]byte, bool) {
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
	out := make([]byte, 0, len(s)/3*2+1)
	for len(s) > 0 {
		size := min(3, len(s))
		n := 0
		for i := size - 1; i >= 0; i-- {
			v := strings.IndexByte(letters, s[i])
			if v < 0 {
				return nil, false
			}
			n = n*45 + v
		}
		switch {
		case size == 3 && n <= 0xFFFF:
			out = append(out, byte(n>>8), byte(n))
		case size == 2 && n <= 0xFF:
			out = append(out, byte(n))
		default:
			return nil, false
		}
		s = s[size:]
	}
	return out, true
}
