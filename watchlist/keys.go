package watchlist

import (
	"encoding/binary"

	"marz/watchlist/name"
)

// The near terms of a part are found by keys that both share: the letters with one left out, or two in longer parts (symmetric deletion), so that a slip in either meets the other;
// the sounds, roughly, with one left out; and for scripts that do not write vowels the consonants. A key only proposes: what it finds is compared.
const (
	oneFrom  = 4 // letters from which one can be another
	twoFrom  = 8 // and two
	maxKeyed = 24
)

// Spaces keep keys of different sorts apart.
const (
	lettersKey   = 0x9e3779b97f4a7c15
	soundsKey    = 0xc2b2ae3d27d4eb4f
	skeletonKey  = 0x165667b19e3779f9 // of every term, asked by parts that leave vowels out
	skeletonOpen = 0x27d4eb2f165667c5 // of terms that leave vowels out, asked by the others
	wholeKey     = 0xbf58476d1ce4e5b9 // of whole names
	classKey     = 0x94d049bb133111eb // of forms of one given name
)

// keyHash is the hash of a key. It stands in files: it is part of their format.
func keyHash(space uint64, b []byte) uint64 {
	h := space ^ uint64(len(b))*0xff51afd7ed558ccd
	for len(b) >= 8 {
		w := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		h = (h ^ w) * 0xff51afd7ed558ccd
		h ^= h >> 32
		b = b[8:]
	}
	for _, c := range b {
		h = (h ^ uint64(c)) * 0xc4ceb9fe1a85ec53
		h ^= h >> 29
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	return h ^ h>>33
}

// keyer makes the keys of parts. It holds working memory and belongs to one goroutine.
type keyer struct{ buf, fold, bone [64]byte }

// keys yields the hash of every key under which a part is found, or, with asks, by which it asks.
func (k *keyer) keys(p *name.Part, asks bool, yield func(uint64)) {
	if p.Class != 0 {
		yield(keyHash(classKey, binary.LittleEndian.AppendUint32(k.buf[:0], uint32(p.Class))))
	}
	fold := k.folded(p.Sounds)
	if len(fold) > 0 && len(fold) < 5 {
		yield(keyHash(soundsKey, fold))
	}
	if p.Flags&name.Native == 0 {
		k.deletions(lettersKey, p.Text, oneFrom, twoFrom, yield)
	}
	if fold = k.folded(p.Sounds); len(fold) >= 5 {
		k.deletions(soundsKey, string(fold), 5, maxKeyed+1, yield)
	}
	bone := k.skeleton(p.Sounds)
	if len(bone) < 3 {
		return
	}
	switch isOpen := p.Flags&name.Open != 0; {
	case asks && isOpen:
		yield(keyHash(skeletonKey, bone))
	case asks:
		yield(keyHash(skeletonOpen, bone))
	default:
		yield(keyHash(skeletonKey, bone))
		if isOpen {
			yield(keyHash(skeletonOpen, bone))
		}
	}
}

// soundKeys yields the keys that only parts share that are as good as the same: forms of one given name, and what sounds alike or has the same consonants where vowels are left out.
func (k *keyer) soundKeys(p *name.Part, yield func(uint64)) {
	if p.Class != 0 {
		yield(keyHash(classKey, binary.LittleEndian.AppendUint32(k.buf[:0], uint32(p.Class))))
	}
	if fold := k.folded(p.Sounds); len(fold) > 0 {
		yield(keyHash(soundsKey, fold))
	}
	if bone := k.skeleton(p.Sounds); len(bone) >= 3 && p.Flags&name.Open != 0 {
		yield(keyHash(skeletonKey, bone))
	}
}

// whole is the key of a whole name: what its parts sound like, in whatever order, without particles.
func (k *keyer) whole(parts []name.Part) uint64 {
	h := uint64(wholeKey)
	for i := range parts {
		p := &parts[i]
		if p.Flags&name.Loose != 0 {
			continue
		}
		if fold := k.folded(p.Sounds); len(fold) > 0 {
			h += keyHash(soundsKey, fold) // a sum does not heed the order
		} else {
			h += keyHash(0, []byte(p.Text))
		}
	}
	return (h ^ h>>29) * 0xff51afd7ed558ccd
}

// deletions yields the text itself and what is left of it without any one byte, or any two. Longer texts are taken by their beginnings.
func (k *keyer) deletions(space uint64, text string, one, two int, yield func(uint64)) {
	n := min(len(text), maxKeyed)
	if n < one {
		return
	}
	b := k.buf[:n]
	copy(b, text)
	yield(keyHash(space, b))
	var cut [maxKeyed]byte
	for i := range n {
		if i > 0 && text[i] == text[i-1] {
			continue
		}
		c := append(append(cut[:0], text[:i]...), text[i+1:n]...)
		yield(keyHash(space, c))
		if n < two {
			continue
		}
		var twice [maxKeyed]byte
		for j := i; j < len(c); j++ {
			if j > i && c[j] == c[j-1] {
				continue
			}
			yield(keyHash(space, append(append(twice[:0], c[:j]...), c[j+1:]...)))
		}
	}
}

// folded are the sounds as roughly as spellings of one name agree.
func (k *keyer) folded(sounds string) []byte {
	out := k.fold[:0]
	for i := range min(len(sounds), maxKeyed) {
		c := foldSound[sounds[i]&127]
		if c != 0 && (len(out) == 0 || out[len(out)-1] != c) {
			out = append(out, c)
		}
	}
	return out
}

// skeleton are the consonants that every spelling of a name has.
func (k *keyer) skeleton(sounds string) []byte {
	out := k.bone[:0]
	for i := range min(len(sounds), maxKeyed) {
		c := boneSound[sounds[i]&127]
		if c != 0 && (len(out) == 0 || out[len(out)-1] != c) {
			out = append(out, c)
		}
	}
	return out
}

func soundTable(groups ...string) (t [128]byte) {
	for _, g := range groups {
		for i := range len(g) {
			t[g[i]] = g[0]
		}
	}
	for c := byte('0'); c <= '9'; c++ {
		t[c] = c
	}
	return t
}

var (
	foldSound = soundTable("p", "b", "f", "vwW", "m", "n", "tT", "dD", "sQz", "SXCJZ", "c", "kKqx", "gG", "h", "l", "r", "aeAE", "iyjI", "uo")
	boneSound = soundTable("pb", "f", "m", "n", "tTdD", "szQcSZCJX", "kgKqGx", "l", "r")
)
