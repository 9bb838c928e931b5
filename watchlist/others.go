package watchlist

import (
	"math/bits"
	"slices"

	"marz/watchlist/name"
)

// A posting says which terms its entry has beside its own: how many in the upper two bits, one or two, and below them a hash of each. Particles do not count, and of equal terms one. Where there are more, or one is in
// another script, whose spellings share few keys, it is 0 above and below the consonants of all; or it is othersAny or othersNone.
const (
	othersAny  = 0 // one is an initial, which many parts can be
	othersNone = 1<<countShift - 1
	countShift = 30
	hashBits   = 15
)

func spread(term uint32) uint32 { return term * 0x9e3779b1 }

func termHash(term uint32) uint32 { return spread(term) >> (32 - hashBits) }

// packOthers says which terms an entry has beside one.
func (x *layout) packOthers(terms []entryTerm, but uint32) uint32 {
	var hash [2]uint32
	n, kin, native, own := 0, uint32(0), false, true
	for k, t := range terms {
		r := &x.record[t.term]
		if t.term == but && own {
			own = false
			continue
		}
		if r.flags&name.Loose != 0 || t.term != but && slices.Contains(terms[:k], t) {
			continue
		}
		if r.count < 2 {
			return othersAny
		}
		if n < len(hash) {
			hash[n] = termHash(t.term)
		}
		n++
		kin |= r.bones | name.ClassBones(int32(r.class))
		native = native || r.flags&name.Native != 0
	}
	switch {
	case n == 0:
		return othersNone
	case native || n > len(hash):
		if kin &= othersNone; kin == othersNone {
			return othersAny
		}
		return kin
	}
	return uint32(n)<<countShift | hash[1]<<hashBits | hash[0]
}

// strangers is how many neighbours of consonants a part can have that an entry has not, and still be in it, by how many it has: an edit changes two.
var strangers = [...]int{0, 0, 1, 1, 2}

// mayHave reports whether a part of the query other than one can be among the others of a posting.
func (s *search) mayHave(others uint32, but uint64) bool {
	switch {
	case others == othersAny || others == othersNone:
		return others == othersAny
	case others>>countShift != 0:
		return s.among.has(others) || others>>countShift == 2 && s.among.has(others>>hashBits)
	}
	for i := range s.name.parts {
		p := &s.name.parts[i]
		if but>>i&1 != 0 {
			continue
		}
		bones, class := p.Bones&othersNone, name.ClassBones(p.Class)&othersNone
		if bits.OnesCount32(bones&^others) <= strangers[min(bits.OnesCount32(bones), len(strangers)-1)] || class != 0 && class&^others == 0 {
			return true
		}
	}
	return false
}

// termSet holds terms by the hashes that stand in postings: it can take another term for one of its own, and never misses one.
type termSet [1 << hashBits / 64]uint64

func (s *termSet) clear() { *s = termSet{} }

func (s *termSet) add(term uint32) {
	h := termHash(term)
	s[h>>6] |= 1 << (h & 63)
}

func (s *termSet) has(h uint32) bool {
	h &= 1<<hashBits - 1
	return s[h>>6]>>(h&63)&1 != 0
}
