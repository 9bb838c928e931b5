package name

import (
	"hash/fnv"
	"math/bits"
	"sync"
	"unicode/utf8"
)

// Part is one part of a name in the forms in which it is compared. It is plain data, so that an index can keep its members apart.
type Part struct {
	Text   string // as Parts gives it
	Sounds string // see Sounds
	Mask   uint32 // of Sounds: which consonants must and may be in it
	Bones  uint32 // of Sounds: which of its consonants stand beside which, see Kindred
	Class  int32  // of given names that are forms of one another, from 1; 0: of none
	Flags  uint8
}

// What is known of a part.
const (
	Open   = 1 << iota // its script leaves vowels out
	Weak               // it is a short or pet form of its class
	Loose              // an article, a word for son of, or a title: it comes and goes between documents
	Native             // its script is not Latin
)

// Of returns a part in the forms in which it is compared.
func Of(text string) Part {
	p := Part{Text: text, Sounds: Sounds(text)}
	p.Mask, p.Bones = mask(p.Sounds), bones(p.Sounds)
	if p.Sounds == "" { // it is itself and nothing else
		h := fnv.New32a()
		h.Write([]byte(text))
		p.Mask = h.Sum32() & mustBits
		p.Mask |= p.Mask << 10
	}
	if class, weak, ok := Class(text); ok {
		p.Class = int32(class) + 1
		if weak {
			p.Flags |= Weak
		}
	}
	if open(text) {
		p.Flags |= Open
	}
	if Particle(text) {
		p.Flags |= Loose
	}
	if !ascii(text) {
		p.Flags |= Native
	}
	return p
}

// Letters returns how many letters or sounds the part has to differ in: the fewer, the less of a difference is a slip.
func (p *Part) Letters() int {
	if p.Flags&Native == 0 {
		return len(p.Text)
	}
	if p.Sounds == "" {
		return utf8.RuneCountInString(p.Text)
	}
	return len(p.Sounds)
}

// Limit is the cost from which two parts are not one any more: less than an edit below four letters, one edit from four, two from eight, and in between what spellings differ in.
// A part of three letters can be one of four with a letter missing.
func Limit(a, b *Part) int {
	short, long := min(a.Letters(), b.Letters()), max(a.Letters(), b.Letters())
	if short == 3 && long > 3 {
		short = 4
	}
	return limits[min(short, len(limits)-1)]
}

var limits = [...]int{0, 0, 4, 5, 12, 15, 17, 19, 22, 24, 26}

// What parts cost that are forms of one given name without being alike.
const (
	classCost = 2
	weakCost  = 8
)

// Cost says how far two parts are apart, in hundredths of ten edits: 0 when they are equal, Edit for one letter that is another. ok is false when they are not the same part.
func Cost(a, b *Part) (cost int, ok bool) {
	if a.Text == b.Text {
		return 0, true
	}
	best := Limit(a, b) + 1
	if a.Class != 0 && a.Class == b.Class {
		if best = classCost; (a.Flags|b.Flags)&Weak != 0 {
			best = weakCost
		}
	}
	limit := best - 1
	if limit < 1 {
		return best, best <= Limit(a, b) || a.Class != 0 && a.Class == b.Class
	}
	if a.Sounds != "" && b.Sounds != "" && Plausible(a.Mask, b.Mask) {
		silentA, silentB := maxSounds, maxSounds
		if a.Flags&Native < b.Flags&Native {
			silentA = voiced(a.Sounds)
		} else if b.Flags&Native < a.Flags&Native {
			silentB = voiced(b.Sounds)
		}
		if c := soundCost(a.Sounds, b.Sounds, a.Flags&Open != 0, b.Flags&Open != 0, silentA, silentB, limit); c <= limit {
			best, limit = max(c, 1), c-1
		}
	}
	if limit >= Edit && (a.Flags|b.Flags)&Native == 0 {
		if c := letterCost(a.Text, b.Text, limit); c <= limit {
			best = c
		}
	}
	return best, best <= Limit(a, b) || a.Class != 0 && a.Class == b.Class
}

// mask says which groups of consonants must be in the other side's sounds (low 10 bits) and which may (the next 10). Vowels and what comes and goes between spellings say nothing.
// MaskBits are all that it uses.
func mask(sounds string) uint32 {
	var must, may uint32
	for i := range len(sounds) {
		m := groups[sounds[i]&127]
		may |= m
		if m&(m-1) == 0 {
			must |= m
		}
	}
	return must | may<<10
}

// MaskBits is how many bits of a Mask are used; an index may keep something of its own in the others.
const MaskBits = 20

const mustBits = 1<<10 - 1

// groups are the groups that a sound can be heard as: one, or several for sounds that languages read differently.
var groups = func() (t [128]uint32) {
	for i, s := range []string{"pb", "fW", "m", "n", "tdTDcCJ", "szQcDT", "SZCJcQXjKgSszC", "kgqxGKXJ", "l", "r"} {
		for _, c := range s {
			t[c] |= 1 << i
		}
	}
	return t
}()

// Plausible reports whether two parts can be one by the masks of their consonants: a slip changes one group on each side at most, two slips two.
func Plausible(a, b uint32) bool {
	return differing(a, b) <= 2
}

func differing(a, b uint32) int {
	return bits.OnesCount32(a&mustBits&^(b>>10) | (b&mustBits&^(a>>10))<<10)
}

// boneOf is the class of a consonant that every spelling of a name has, from 1; 0 for the others. What a letter h beside it changes in Latin is in one class.
var boneOf = func() (t [128]uint8) {
	for i, s := range []string{"pbf", "m", "n", "tTdD", "szQcSZJ", "kgKqGxXC", "l", "r"} {
		for _, c := range s {
			t[c] = uint8(i + 1)
		}
	}
	return t
}()

// bones are the pairs of neighbours among the consonants of a part, its beginning and end included, as bits of a hash.
func bones(sounds string) uint32 {
	var out uint32
	last := uint8(0)
	for i := range len(sounds) {
		if c := boneOf[sounds[i]&127]; c != 0 && c != last {
			out |= 1 << ((uint32(last)*11 + uint32(c)*7) & 31)
			last = c
		}
	}
	return out | 1<<(uint32(last)*11&31)
}

// Reach is how far two parts can be apart and still be one, by their Masks and Bones.
type Reach struct{ Bones, Groups int8 }

// ReachOf returns it by the smaller of their numbers of letters. An edit changes two pairs of neighbours on each side at most, or with an exchange of two consonants three, and then the consonants are the same. Two scripts hear consonants
// otherwise, and more can differ.
func ReachOf(letters uint8, scripts bool) Reach {
	r := Reach{kindred[min(letters, uint8(len(kindred)-1))], 2}
	if scripts {
		r.Bones += 2
	}
	if letters >= twoEdits {
		r.Groups = 4
	}
	return r
}

// Kindred reports whether two parts can be one. It does not branch: that is most of its time.
func Kindred(maskA, bonesA, maskB, bonesB uint32, r Reach) bool {
	same := int(uint32((maskA^maskB)&mustBits-1) >> 31 << 1) // 2 where the consonants are the same
	bones := int(r.Bones) + same - bits.OnesCount32(bonesA^bonesB)
	groups := int(r.Groups) - differing(maskA, maskB)
	return bones|groups >= 0
}

// twoEdits is the number of letters from which two parts can be two edits apart.
const twoEdits = 8

// kindred is how many pairs of neighbours can differ, by the number of letters: less than one edit below four, one and what spellings differ in below eight.
var kindred = [...]int8{0, 2, 2, 3, 5, 5, 5, 5, 10}

// ClassBones returns the Bones of the most usual form of a class, as in Part.Class; 0 for none.
func ClassBones(class int32) uint32 {
	if class == 0 {
		return 0
	}
	return classBones()[class-1]
}

var classBones = sync.OnceValue(func() []uint32 {
	all := make([]uint32, len(given().classes))
	for i, c := range given().classes {
		all[i] = bones(Sounds(c.names[0]))
	}
	return all
})
