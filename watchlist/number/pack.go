package number

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
)

// A short number of one script is packed: its Alike form into a code, and what it was before Alike into a bit a character and the script.

const (
	maxPacked = 12 // characters; as many bits tell letters from digits
	codeBits  = 59 // of a code: 30 + 30² + … + 30¹² < 2⁵⁹
	codeMask  = 1<<codeBits - 1
)

// symbols are what the Alike forms of packed numbers consist of. A code counts them from 1 in base 30, so that no two forms have one code.
const symbols = "0123456789ACDEFHJKLMNPQRTUVWXY"

// script is the one whose letters a number has. One that has digits only is of the first.
type script uint8

// scripts are the letters that are packed of each script, together with the digits. In one script no two of them have one Alike form.
var scripts = [...]string{"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "АВЕКМНОРСТУХІЅЈЗ", "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ՕՏՍԼ"}

// alphabet stands in the head of a table for the forms that it was built with.
var alphabet = func() uint32 {
	sum := sha256.Sum256([]byte(strings.Join(append(scripts[:], groups, symbols), "\n")))
	return binary.LittleEndian.Uint32(sum[:])
}()

// glyph is a rune as it is packed.
type glyph struct {
	symbol  uint8 // counted from 1; 0: it cannot be packed
	form    uint8 // 1: a letter whose Alike form is a digit
	scripts uint8 // bits: scripts that have it
}

// glyphs and letters are packing and its inverse. letters are by script, form and symbol.
var glyphs, letters = func() (g [tableEnd]glyph, l [len(scripts)][2][len(symbols) + 1]rune) {
	set := func(r rune, form uint8, s int) {
		for i, symbol := range symbols {
			if alikeRune(r) == symbol {
				g[r] = glyph{uint8(i + 1), form, g[r].scripts | 1<<s}
				l[s][form][i+1] = r
			}
		}
	}
	for s, rs := range scripts {
		for _, r := range "0123456789" {
			set(r, 0, s)
		}
		for _, r := range rs {
			set(r, b2u(alikeRune(r) <= '9'), s)
		}
	}
	return g, l
}()

func b2u(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// code returns the code of a number's Alike form, whatever script it is of, and whether it has one. A number that has one may still not be packed itself.
func (t *text) code() (uint64, bool) {
	if t.n > maxPacked {
		return 0, false
	}
	var code uint64
	for _, r := range t.runes[:t.n] {
		r = alikeRune(r)
		if r < 0 || r >= tableEnd || glyphs[r].symbol == 0 {
			return 0, false
		}
		code = code*uint64(len(symbols)) + uint64(glyphs[r].symbol)
	}
	return code, true
}

// forms returns what the code leaves out: the script and which characters are the letters of their group. It is false for a number that is not packed.
func (t *text) forms() (forms uint16, s script, ok bool) {
	if t.n > maxPacked {
		return 0, 0, false
	}
	in := uint8(1<<len(scripts) - 1)
	for i, r := range t.runes[:t.n] {
		if r < 0 || r >= tableEnd {
			return 0, 0, false
		}
		in &= glyphs[r].scripts
		forms |= uint16(glyphs[r].form) << i
	}
	for s := range len(scripts) {
		if in>>s&1 != 0 {
			return forms, script(s), true
		}
	}
	return 0, 0, false
}

// unpack sets t to the number of a code. Of one that no number has the result is some text.
func (t *text) unpack(code uint64, forms uint16, s script) {
	var syms [maxPacked]uint8
	at := maxPacked
	for code > 0 && at > 0 {
		at--
		sym := (code-1)%uint64(len(symbols)) + 1
		syms[at], code = uint8(sym), (code-sym)/uint64(len(symbols))
	}
	t.n = copy(syms[:], syms[at:])
	for i, sym := range syms[:t.n] {
		t.runes[i] = letters[s][forms>>i&1][sym]
	}
}

// Codes are mixed so that they spread evenly over the buckets, by a permutation of codeBits bits: what is mixed can be had back.
const (
	mixA    = 0x2545f4914f6cdd1d & codeMask // odd
	mixB    = 0x1ce4e5b9bf58476d & codeMask // odd
	mixHalf = (codeBits + 1) / 2            // a shift by half the bits or more is its own inverse under xor
)

var unmixA, unmixB = inverse(mixA), inverse(mixB)

func mix(x uint64) uint64 {
	x ^= x >> mixHalf
	x = x * mixA & codeMask
	x ^= x >> mixHalf
	x = x * mixB & codeMask
	return x ^ x>>mixHalf
}

func unmix(x uint64) uint64 {
	x ^= x >> mixHalf
	x = x * unmixB & codeMask
	x ^= x >> mixHalf
	x = x * unmixA & codeMask
	return x ^ x>>mixHalf
}

// inverse returns what an odd number is multiplied with to give 1 modulo a power of two, by Newton's method.
func inverse(odd uint64) uint64 {
	x := odd
	for range 6 {
		x *= 2 - odd*x
	}
	return x
}

// hash is of a number's Alike form, for those that are kept as text: FNV-1a over the runes, then a mixing of 64 bits.
func (t *text) hash() uint64 {
	h := uint64(14695981039346656037)
	for _, r := range t.runes[:t.n] {
		h = (h ^ uint64(alikeRune(r))) * 1099511628211
	}
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
