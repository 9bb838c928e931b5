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

// likely bounds the name of an entry by the consonants of its parts, and notes which of the query's each of them can be.
func (s *search) likely(e uint32, need float32) bool {
	terms := s.x.termsOf(e)
	s.compare = terms[:min(len(terms), name.MaxParts)]
	b := bound{equal: true}
	last := len(s.name.parts) - 1
	for j := range s.compare {
		brief := s.compare[j].brief
		if brief&briefLoose == 0 {
			b.given++
		}
		var may uint64
		best := float32(0)
		for i := range s.name.parts {
			p := &s.name.parts[i]
			if name.Kindred(p.Mask, p.Bones, brief, s.compare[j].bones, min(s.letters[i], uint8(brief>>briefCount&15)), (p.Flags&name.Native != 0) != (brief&briefNative != 0)) || s.class[i] != 0 && s.class[i] == brief>>briefClass&63 || s.name.cut && i == last {
				may |= 1 << i
				best = max(best, s.own[i])
			} else if s.letters[i] == 1 || brief>>briefCount&15 == 1 {
				may |= 1 << i
				best = max(best, name.InitialBits)
			}
		}
		if s.may[j] = may; may != 0 {
			b.theirs |= 1 << j
			b.ours |= may
			b.sum += best
		}
	}
	return b.enough(need, s.name.given) || len(s.compare) != len(s.name.parts) && s.divided(&bound{})
}

// equalCost is what parts of an equal name can cost: nothing, or in two scripts a letter that leaves its sound open.
const equalCost = 2

// reaches bounds the name of an entry by what its parts cost.
func (s *search) reaches(e uint32, need float32) bool {
	b := bound{equal: true}
	for j := range s.compare {
		t := s.compare[j].term
		r := &s.x.record[t]
		best, same := float32(0), false
		for may := s.may[j]; may != 0; may &= may - 1 {
			i := bits.TrailingZeros64(may)
			cost, ok := s.cost(i, t)
			if !ok {
				if s.letters[i] != 1 && r.count != 1 && !(s.name.cut && i == len(s.name.parts)-1) {
					continue
				}
				cost = equalCost + 1
			}
			b.theirs |= 1 << j
			b.ours |= 1 << i
			best = max(best, s.bits(i, t, cost))
			same = same || cost <= equalCost
		}
		b.sum += best
		if r.flags&name.Loose == 0 {
			b.given++
			b.equal = b.equal && same
		}
	}
	return b.enough(need, s.name.given) || s.divided(&b)
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
	var theirs, ours, bones uint32
	letters, parts := 0, 0
	for j := range s.compare {
		if b.theirs>>j&1 == 0 {
			theirs |= s.compare[j].brief
			bones |= s.compare[j].bones
			letters += int(s.x.record[s.compare[j].term].sound)
			parts++
		}
	}
	if parts == 0 {
		return false
	}
	var own uint32
	for i := range s.name.parts {
		if b.ours>>i&1 == 0 {
			ours |= s.name.parts[i].Mask
			own |= s.name.parts[i].Bones
			letters -= len(s.name.parts[i].Sounds)
			parts++
		}
	}
	return parts > 2 && letters >= -2 && letters <= 2 && bits.OnesCount32(own^bones) <= mostBones && name.Plausible(ours, theirs)
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
