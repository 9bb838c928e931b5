package watchlist

import (
	"math"
	"slices"

	"marz/watchlist/name"
)

// nearTerm is a term of the list that a part of the query may be.
type nearTerm struct {
	term uint32
	part int // the first of the parts of the query that it stands for together
}

// Bounds on the work of a query, whoever wrote it.
const (
	mostNear     = 128  // terms that one part may be; those that share the better keys are kept
	mostProposed = 2048 // terms that are looked at to find them
)

// rarityOf is how unlikely it is that somebody else's name has a part, in bits. It is the list's own figure, and what is known of the world where the list does not have it.
func (x *layout) rarityOf(p *name.Part) float32 {
	if t, ok := x.find(p.Text); ok {
		return x.weightOf(t)
	}
	share := max(0.5/float64(x.head.Names+prior), name.Commonness(p.Text))
	if p.Flags&name.Loose != 0 {
		share = max(share, looseShare)
	}
	return float32(min(max(-math.Log2(share), leastRare), mostRare))
}

func spread(term uint32) uint32 { return term * 0x9e3779b1 }

// costTable remembers what was compared last: the cost of a part of the query and a term. What falls out of it is compared again.
type costTable struct {
	slot [4096]costSlot
	gen  uint16
}

type costSlot struct {
	key  uint32 // term<<6 | part
	gen  uint16
	cost int16 // -1: they are not one
}

func (c *costTable) clear() {
	if c.gen++; c.gen == 0 {
		clear(c.slot[:])
		c.gen = 1
	}
}

// cost compares a part of the query with a term.
func (s *search) cost(part int, term uint32) (int, bool) {
	key := term<<6 | uint32(part)
	slot := &s.costs.slot[spread(key)>>20]
	if slot.key != key || slot.gen != s.costs.gen {
		s.work -= costWork
		t := s.x.term(term)
		cost, ok := name.Cost(&s.name.parts[part], &t)
		if !ok {
			cost = -1
		}
		*slot = costSlot{key, s.costs.gen, int16(cost)}
	}
	return int(slot.cost), slot.cost >= 0
}

// nearTerms finds the terms that a part of the query may be, once: itself, other forms of a given name, its romanisations, and what shares a key with it.
func (s *search) nearTerms(i int) []nearTerm {
	if s.looked>>i&1 != 0 {
		return s.near[i]
	}
	s.looked |= 1 << i
	p := &s.name.parts[i]
	s.probes = s.probes[:0]
	s.keys.keys(p, true, func(h uint64) { s.probes = append(s.probes, h) })
	s.near[i] = s.propose(i, s.near[i][:0], s.romanised(p, s.near[i][:0]))
	return s.near[i]
}

// romanised finds the terms that are a romanisation of a part, and adds the keys of others that are near one.
func (s *search) romanised(p *name.Part, out []nearTerm) []nearTerm {
	if p.Flags&name.Native == 0 {
		return out
	}
	for _, r := range name.Romanise(p.Text) {
		if t, ok := s.x.find(r); ok {
			out = append(out, nearTerm{term: t})
		}
		s.keys.deletions(lettersKey, r, oneFrom, maxKeyed+1, func(h uint64) { s.probes = append(s.probes, h) })
	}
	return out
}

// alike finds the terms that are as good as the same as a part.
func (s *search) alike(i int) []nearTerm {
	if s.alikes>>i&1 != 0 {
		return s.same[i]
	}
	s.alikes |= 1 << i
	s.probes = s.probes[:0]
	s.keys.soundKeys(&s.name.parts[i], func(h uint64) { s.probes = append(s.probes, h) })
	only := s.looseOnly
	s.looseOnly = false
	s.same[i] = s.propose(i, s.same[i][:0], nil)
	s.looseOnly = only
	return s.same[i]
}

// probe proposes the terms that have one of the keys. The places of all keys are read first, and independently of one another, so that memory is waited for once and not for each.
func (s *search) probe(propose func(term uint32)) {
	x := s.x
	if len(x.nearAt) == 0 {
		return
	}
	shift := 64 - x.head.NearBits
	s.spans = s.spans[:0]
	for _, h := range s.probes {
		at := h >> shift
		s.spans = append(s.spans, [2]uint32{x.nearAt[at], x.nearAt[at+1]})
	}
	left := mostProposed
	for k, span := range s.spans {
		h := byte(s.probes[k])
		for _, e := range x.near[span[0]:span[1]] {
			if byte(e) == h {
				if left--; left < 0 {
					return
				}
				propose(e >> 8)
			}
		}
	}
}

// propose compares a part with the terms that have one of the keys, its own and those given, and adds those that can be it.
func (s *search) propose(part int, out, given []nearTerm) []nearTerm {
	p := &s.name.parts[part]
	s.round++
	add := func(term uint32) {
		if len(out) == mostNear {
			return
		}
		if s.looseOnly && s.x.loose[term>>6]>>(term&63)&1 == 0 {
			return
		}
		r := &s.x.record[term]
		if !name.Kindred(p.Mask, p.Bones, r.mask, r.bones, min(s.letters[part], r.count), (p.Flags^r.flags)&name.Native != 0) && (r.class == 0 || int32(r.class) != p.Class) {
			return
		}
		if seen := &s.proposed[spread(term)>>22]; *seen == (seenEntry{term, s.round}) {
			return
		} else {
			*seen = seenEntry{term, s.round}
		}
		out = append(out, nearTerm{term: term})
	}
	if t, ok := s.x.find(p.Text); ok {
		add(t)
	}
	for _, n := range slices.Clone(given) {
		add(n.term)
	}
	s.probe(add)
	return out
}

// mostJoinable is the number of parts from which neighbours are not tried as one: a name of so many parts is found by the others.
const mostJoinable = 6

// lookJoined finds the terms that two neighbours are when they are written as one.
func (s *search) lookJoined() {
	parts := s.name.parts
	if len(parts) < 2 || len(parts) > mostJoinable {
		return
	}
	for i := range parts[:len(parts)-1] {
		a, b := &parts[i], &parts[i+1]
		if s.joint = append(append(s.joint[:0], a.Text...), b.Text...); len(s.joint) < oneFrom {
			continue
		}
		if t, ok := s.x.find(view(s.joint)); ok {
			s.addJoined(t, i)
		}
		s.joint = append(append(s.joint[:0], a.Sounds...), b.Sounds...)
		s.probes = append(s.probes[:0], keyHash(soundsKey, s.keys.folded(view(s.joint))))
		s.probe(func(t uint32) { s.addJoined(t, i) })
	}
}

func (s *search) addJoined(term uint32, part int) {
	for _, n := range s.joined {
		if n.term == term {
			return
		}
	}
	if len(s.joined) < mostNear {
		s.joined = append(s.joined, nearTerm{term: term, part: part})
	}
}
