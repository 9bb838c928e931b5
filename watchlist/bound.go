package watchlist

import (
	"math/bits"

	"marz/watchlist/name"
)

// Most entries that are looked at are nobody's. They are put aside by bounds on what their names can say, the cheaper first.

// bound is what the parts of a name say at most that were found on both sides.
type bound struct {
	sum    float32
	given  int    // parts of the entry that are no particles
	theirs uint64 // parts of the entry that have one in the query
	ours   uint64 // parts of the query that have one in the entry
	equal  bool   // all of the entry's parts but particles are in the query letter for letter, or in another script
}

func (b *bound) pairs() int { return min(bits.OnesCount64(b.theirs), bits.OnesCount64(b.ours)) }

// enough reports whether these parts, with what the name says as a whole, can reach what is needed.
func (b *bound) enough(need float32, given int) bool {
	short, long, pairs := min(given, b.given), max(given, b.given), b.pairs()
	switch {
	case pairs == 0:
		return false
	case pairs < short:
		return b.sum+name.Conflict*float32(short-pairs) >= need
	case pairs < long:
		return b.sum+name.MostCovered-float32(long-pairs) >= need
	}
	return b.equal || b.sum+name.MostComplete >= need
}

// quickPart is what a part of the query is compared by first.
type quickPart struct {
	mask, bones uint32
	class       uint32         // as in entryTerm.brief, or one that nobody has
	reach       [32]name.Reach // by the letters of the other part, and 16 more if it is not in Latin, as in entryTerm.brief
	letters     uint8
	any         bool // it can be the beginning of any part
}

const noClass = 64

func (s *search) quickly(i int) quickPart {
	p := &s.name.parts[i]
	q := quickPart{mask: p.Mask, bones: p.Bones, class: shortClass(uint32(p.Class)), letters: s.letters[i], any: s.name.cut && i == len(s.name.parts)-1}
	if q.class == 0 {
		q.class = noClass
	}
	native := p.Flags&name.Native != 0
	for n := range q.reach {
		q.reach[n] = name.ReachOf(min(q.letters, uint8(n&15)), native != (n >= 16))
	}
	return q
}

// likely bounds the name of an entry by the consonants of its parts, and notes which of the query's each of them can be.
func (s *search) likely(r *entryRecord) bound {
	terms := s.x.terms[r.at : r.at+uint32(r.n)]
	s.compare = terms[:min(len(terms), name.MaxParts)]
	b := bound{equal: true}
	quick := s.quick[:len(s.name.parts)]
	for j := range s.compare {
		c := &s.compare[j]
		if c.brief&briefLoose == 0 {
			b.given++
		}
		count := c.brief >> briefCount & 31
		var may uint64
		best := float32(0)
		for i := range quick {
			q := &quick[i]
			switch {
			case name.Kindred(q.mask, q.bones, c.brief, c.bones, q.reach[count]), c.brief>>briefClass&63 == q.class, q.any:
				may |= 1 << i
				best = max(best, s.own[i])
			case q.letters == 1 || count&15 == 1:
				may |= 1 << i
				best = max(best, name.InitialBits)
			}
		}
		s.may[j], s.most[j] = may, best
		if may != 0 {
			b.theirs |= 1 << j
			b.ours |= may
			b.sum += best
		}
	}
	return b
}

// mayDivide reports whether the names have different numbers of parts, so that they can be the same letters, divided otherwise.
func (s *search) mayDivide() bool { return len(s.compare) != len(s.name.parts) }

// equalCost is what parts of an equal name can cost: nothing, or in two scripts a letter that leaves its sound open.
const equalCost = 2

// reaches bounds the name of an entry by what its parts cost. likely is the bound by their consonants: it ends early when what was compared leaves too little of that.
func (s *search) reaches(likely *bound, need float32) bool {
	left := *likely
	b := bound{equal: true}
	for j := range s.compare {
		c := &s.compare[j]
		best, same := s.bestPair(j, &b)
		b.sum += best
		if c.brief&briefLoose == 0 {
			b.given++
			b.equal = b.equal && same
		}
		if left.sum += best - s.most[j]; b.theirs>>j&1 == 0 {
			left.theirs &^= 1 << j
		}
		if !left.enough(need, s.name.given) && !s.mayDivide() {
			return false
		}
	}
	return b.enough(need, s.name.given) || s.divided(&b)
}

// bestPair returns the most that a part of an entry says with one of the query's, and whether it is equal to one. It notes in b which can be it.
func (s *search) bestPair(j int, b *bound) (best float32, same bool) {
	t, initial := s.compare[j].term, s.compare[j].brief>>briefCount&15 == 1
	for may := s.may[j]; may != 0; may &= may - 1 {
		i := bits.TrailingZeros64(may)
		cost, ok := s.cost(i, t)
		if !ok {
			if s.letters[i] != 1 && !initial && !s.quick[i].any {
				continue
			}
			cost = equalCost + 1
		}
		b.theirs |= 1 << j
		b.ours |= 1 << i
		best = max(best, s.bits(i, t, cost))
		same = same || cost <= equalCost
	}
	return best, same
}

// mostBones is how many neighbours of consonants differ at most where names are divided otherwise: three at each border that one side does not have, and some that are misspelt.
const mostBones = 7

// bits is what a part of the query and a term say together.
func (s *search) bits(part int, term uint32, cost int) float32 {
	t := s.x.term(term)
	return name.Bits(&s.name.parts[part], &t, s.own[part], s.x.weightOf(term), cost)
}

// divided reports whether the parts of the query and of an entry that have none on the other side can be the same letters, divided otherwise.
func (s *search) divided(b *bound) bool {
	var theirs, ours, bones, own uint32
	parts, free := 0, false // free: the entry has one
	for j := range s.compare {
		if b.theirs>>j&1 == 0 {
			theirs |= s.compare[j].brief
			bones |= s.compare[j].bones
			parts++
			free = true
		}
	}
	for i := range s.name.parts {
		if b.ours>>i&1 == 0 {
			ours |= s.name.parts[i].Mask
			own |= s.name.parts[i].Bones
			parts++
		}
	}
	return free && parts > 2 && bits.OnesCount32(own^bones) <= mostBones && name.Plausible(ours, theirs) && s.asLong(b)
}

// asLong reports whether these parts have about as many sounds on both sides.
func (s *search) asLong(b *bound) bool {
	sounds := 0
	for j := range s.compare {
		if b.theirs>>j&1 == 0 {
			sounds += int(s.x.record[s.compare[j].term].sound)
		}
	}
	for i := range s.name.parts {
		if b.ours>>i&1 == 0 {
			sounds -= len(s.name.parts[i].Sounds)
		}
	}
	return sounds >= -2 && sounds <= 2
}

// keep weighs an entry, and keeps it if it is the best of its alert.
func (s *search) keep(e uint32, v *evidence) {
	alert := s.x.entry[e].alert
	s.work -= alignWork + len(s.name.parts)
	points, _ := s.weigh(e, v)
	if points < Threshold {
		return
	}
	old, seen := s.best[alert]
	if !seen || points > old.points || points == old.points && e < old.entry && s.nth == old.nth {
		s.best[alert] = candidate{e, s.nth, points}
	}
}

// weigh adds up what an entry says.
func (s *search) weigh(e uint32, v *evidence) (float32, *name.Match) {
	m := s.align(e)
	if len(m.Pairs) == 0 {
		return 0, m
	}
	points := m.Bits + v.sum()
	if s.x.entry[e].name&weakFlag != 0 {
		points += weakBits
	}
	if m.Equal && v.born >= 0 && v.sex >= 0 && v.kind >= 0 {
		points = max(points, Threshold+equalBits)
	}
	return points, m
}

// align compares the name of an entry with the query's.
func (s *search) align(e uint32) *name.Match {
	terms := s.x.termsOf(e)
	s.compare = terms[:min(len(terms), name.MaxParts)]
	for j, t := range s.compare {
		s.parts[j], s.weights[j] = s.x.term(t.term), s.x.weightOf(t.term)
	}
	s.aligner.A, s.aligner.Weight = s.parts[:len(s.compare)], s.weights[:len(s.compare)]
	return s.aligner.Match()
}
