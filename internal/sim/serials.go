package sim

import (
	"math/bits"
	"math/rand/v2"
)

// A template writes numbers: "@" stands for a letter, "#" for a digit, "1" for the marker digit, and anything else for itself. The
// marker digit is 9 in the numbers of listed documents and 0 to 8 in those of travellers, so that no traveller bears a
// listed number by chance.

// serials deals numbers of one template in a scattered order without repeating one before all are dealt: n ↦ a·n + b modulo the
// size of the template, with a prime to it, is a permutation.
type serials struct {
	template   string
	size, a, b uint64
	n          uint64
}

const markers = 9 // marker digits of travellers' numbers: 0 to 8

func newSerials(rng *rand.Rand, template string) *serials {
	s := &serials{template: template, size: 1}
	for _, c := range []byte(template) {
		s.size *= radix(c)
	}
	s.a = s.size/2 + rng.Uint64N(s.size/2)
	for gcd(s.a, s.size) != 1 {
		s.a++
	}
	s.b = rng.Uint64N(s.size)
	return s
}

func radix(c byte) uint64 {
	switch c {
	case '@':
		return 26
	case '#':
		return 10
	case '1':
		return markers
	}
	return 1
}

// next deals a number.
func (s *serials) next() string {
	hi, lo := bits.Mul64(s.a, s.n%s.size)
	v := (bits.Rem64(hi, lo, s.size) + s.b) % s.size
	s.n++
	out := []byte(s.template)
	for i := len(out) - 1; i >= 0; i-- {
		r := radix(out[i])
		switch out[i] {
		case '@':
			out[i] = 'A' + byte(v%r)
		case '#', '1':
			out[i] = '0' + byte(v%r)
		}
		v /= r
	}
	return string(out)
}

// fill writes a template with random letters and digits; marked sets the marker digit of listed documents.
func fill(rng *rand.Rand, template string, marked bool) string {
	out := []byte(template)
	for i, c := range out {
		switch {
		case c == '@':
			out[i] = 'A' + byte(rng.IntN(26))
		case c == '#':
			out[i] = '0' + byte(rng.IntN(10))
		case c == '1' && marked:
			out[i] = '9'
		case c == '1':
			out[i] = '0' + byte(rng.IntN(markers))
		}
	}
	return string(out)
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
