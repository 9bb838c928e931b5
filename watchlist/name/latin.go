package name

import "strings"

// latinClusters are letters that stand for one sound, or for none, in most of the languages that write names in Latin letters; the first that fits is taken.
// Where languages differ the sound is one of the open ones (K, Q, X, j), or the one that travels best; the comparison forgives the rest.
var latinClusters = []struct{ letters, sounds string }{
	{"schtsch", "SC"}, {"chtch", "SC"}, {"shch", "SC"}, {"tsch", "C"}, {"dsch", "J"}, {"dzh", "J"}, {"tch", "C"}, {"sch", "S"},
	{"zh", "Z"}, {"sh", "S"}, {"ch", "X"}, {"kh", "x"}, {"gh", "G"}, {"th", "T"}, {"dh", "D"}, {"ph", "f"}, {"ck", "k"}, {"cz", "C"},
	{"dj", "J"}, {"dz", "D"}, {"eau", "o"}, {"gn", "nI"}, {"tz", "c"}, {"ts", "c"}, {"sz", "s"}, {"qu", "kv"}, {"ou", "u"}, {"oo", "u"}, {"ee", "i"}, {"aa", "a"}, {"ii", "i"}, {"uu", "u"},
	{"x", "ks"},
}

// clustersOf are the clusters by their first letter.
var clustersOf = func() (of [26][]struct{ letters, sounds string }) {
	for _, c := range latinClusters {
		i := c.letters[0] - 'a'
		of[i] = append(of[i], c)
	}
	return of
}()

// latinSounds returns the sounds of a part in the letters a to z. Digits stand for themselves, other letters for nothing.
func latinSounds(part string) string {
	out := make([]byte, 0, len(part)+4)
	for i := 0; i < len(part); {
		c := part[i]
		if c < 'a' || c > 'z' {
			if '0' <= c && c <= '9' {
				out = append(out, c)
			}
			i++
			continue
		}
		if sounds, n := cluster(part[i:]); n > 0 {
			for j := range len(sounds) {
				out = add(out, sounds[j])
			}
			i += n
			continue
		}
		out = add(out, latinSound(part, i))
		i++
	}
	return string(out)
}

func cluster(s string) (sounds string, n int) {
	for _, c := range clustersOf[s[0]-'a'] {
		if strings.HasPrefix(s, c.letters) {
			return c.sounds, len(c.letters)
		}
	}
	return "", 0
}

// latinSound returns the sound of a letter that is part of no cluster.
func latinSound(part string, i int) byte {
	c := part[i]
	var next byte
	if i+1 < len(part) {
		next = part[i+1]
	}
	switch c {
	case 'c':
		if next == 'e' || next == 'i' || next == 'y' {
			return 'Q'
		}
		return 'K'
	case 'y':
		if next != 0 && vowel(next) {
			return 'y'
		}
		return 'i'
	}
	return c
}

// add appends a sound; one that is doubled is one.
func add(out []byte, sound byte) []byte {
	if len(out) > 0 && out[len(out)-1] == sound {
		return out
	}
	return append(out, sound)
}

func vowel(c byte) bool { return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' }
