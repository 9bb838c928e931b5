package name

import (
	"math/bits"
	"unicode/utf8"
)

// Part is one part of a name in the forms in which it is compared. It is plain data, so that an index can keep its members apart.
type Part struct {
	Text   string // as Parts gives it
	Sounds string // see Sounds
	Mask   uint32 // of Sounds: which consonants must and may be in it
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
	p.Mask = mask(p.Sounds)
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
func Limit(a, b *Part) int { return limits[min(a.Letters(), b.Letters(), len(limits)-1)] }

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
		if c := soundCost(a.Sounds, b.Sounds, a.Flags&Open != 0, b.Flags&Open != 0, limit); c <= limit {
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

// mask says which groups of consonants must be in the other side's sounds (low 16 bits) and which may (high 16). Vowels and what comes and goes between spellings say nothing.
func mask(sounds string) uint32 {
	if sounds == "" {
		return 0xffff // nothing but itself
	}
	var must, may uint32
	for i := range len(sounds) {
		m := groups[sounds[i]&127]
		may |= m
		if m&(m-1) == 0 {
			must |= m
		}
	}
	return must | may<<16
}

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
	return bits.OnesCount32(a&0xffff&^(b>>16))+bits.OnesCount32(b&0xffff&^(a>>16)) <= 2
}
