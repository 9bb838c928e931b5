package name

import "unicode"

// Sounds returns the sounds of a part, as Parts gives it, in the alphabet of this package. A part in a script that Marz cannot sound (Han, for example) has none.
func Sounds(part string) string {
	if ascii(part) {
		return latinSounds(part)
	}
	if s, ok := nativeSounds(part); ok {
		return squeeze(s)
	}
	return ""
}

// open reports whether a part is written in a script that leaves most vowels out: Arabic or Hebrew.
func open(part string) bool {
	for _, r := range part {
		if r >= 0x590 {
			return unicode.In(r, unicode.Arabic, unicode.Hebrew)
		}
	}
	return false
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// squeeze writes two sounds that are one as one, so that scripts that spell them apart meet those that do not.
func squeeze(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		c := s[i]
		if n := len(out); n > 0 {
			switch two := [2]byte{out[n-1], c}; two {
			case [2]byte{'t', 'S'}:
				out[n-1] = 'C'
				continue
			case [2]byte{'d', 'Z'}, [2]byte{'d', 'J'}:
				out[n-1] = 'J'
				continue
			case [2]byte{'d', 'z'}:
				out[n-1] = 'D'
				continue
			case [2]byte{'t', 's'}:
				out[n-1] = 'c'
				continue
			}
		}
		out = add(out, c)
	}
	return string(out)
}
