package watchlist

import (
	"math"
	"slices"

	"marz/watchlist/name"
)

// joinedTerm is a term of the list that two neighbouring parts of the query may be, written as one.
type joinedTerm struct {
	term uint32
	part int // the first of the two
}

// Bounds on the work of a query, whoever wrote it.
const (
	mostNear     = 128  // terms that one part may be; those that share the better keys are kept
	mostProposed = 2048 // terms that are looked at to find them
)

// directTerm is the term that is equal to a part of the query, if the list has it.
type directTerm struct {
	term  uint32
	known bool
}

// rarityOf is how unlikely it is that somebody else's name has a part of the query, in bits. It is the list's own figure, and what is known of the world where the list does not have it.
func (s *search) rarityOf(part int) float32 {
	p, t := &s.name.parts[part], s.direct[part]
	if s.rarity != s.x {
		t.term, t.known = s.rarity.find(p.Text)
	}
	if t.known {
		return s.rarity.weightOf(t.term)
	}
	return float32(rarity(p, 0, s.rarity.head.Names))
}

// rarity is the rarity in bits of a part that some of a list's names have.
func rarity(p *name.Part, having, names int) float64 {
	share := max((float64(having)+0.5)/float64(names+prior), name.Commonness(p.Text))
	if p.Flags&name.Loose != 0 {
		share = max(share, looseShare)
	}
	return min(max(-math.Log2(share), leastRare), mostRare)
}

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

// nearTerms finds the terms that a part of the query may be: itself, other forms of a given name, its romanisations, and what shares a key with it.
func (s *search) nearTerms(i int) {
	s.askKeys(i)
	s.probe(s.x.near[:])
}

// vagueTerms finds those of them that stand in vague entries.
func (s *search) vagueTerms(i int) {
	s.askKeys(i)
	s.probe(s.x.near[:1])
}

// alikeTerms finds the terms that are as good as the same as a part.
func (s *search) alikeTerms(i int) {
	s.askDirect(i)
	s.keys.soundKeys(&s.name.parts[i], s.ask)
	s.probe(s.x.near[:])
}

// ask notes a key whose terms are to be looked up.
func (s *search) ask(h uint64) { s.probes = append(s.probes, h) }

// askDirect begins what is asked for a part, with the term that is equal to it.
func (s *search) askDirect(part int) {
	s.probes, s.found = s.probes[:0], s.found[:0]
	if t := s.direct[part]; t.known {
		s.found = append(s.found, t.term)
	}
}

// askKeys notes the keys of a part, and its romanisations with theirs.
func (s *search) askKeys(part int) {
	p := &s.name.parts[part]
	s.askDirect(part)
	s.keys.keys(p, true, s.ask)
	if p.Flags&name.Native == 0 {
		return
	}
	for _, r := range name.Romanise(p.Text) {
		if t, ok := s.x.find(r); ok {
			s.found = append(s.found, t)
		}
		s.keys.deletions(lettersKey, r, oneFrom, maxKeyed+1, s.ask)
	}
}

// probe adds the terms that have one of the keys to those that were found. The places of all keys are read first, and independently of one another, so that memory is waited for once and not for each.
func (s *search) probe(tables []keyTable) {
	most := len(s.found) + mostProposed
	for i := range tables {
		t := &tables[i]
		if len(t.terms) == 0 {
			continue
		}
		shift := 64 - s.x.head.nearBits(i)
		s.spans = s.spans[:0]
		for _, h := range s.probes {
			at := h >> shift
			s.spans = append(s.spans, [2]uint32{t.at[at], t.at[at+1]})
		}
		for _, span := range s.spans {
			if span[0] < span[1] {
				s.awaited += t.terms[span[0]]
			}
		}
		for k, span := range s.spans {
			h := byte(s.probes[k])
			for _, e := range t.terms[span[0]:span[1]] {
				if byte(e) == h {
					s.found = append(s.found, e>>8)
				}
			}
			if len(s.found) >= most {
				break
			}
		}
	}
	s.found = s.found[:min(len(s.found), most)]
	s.work -= len(s.found) / glances
}

// choose returns those of the terms that were found that a part can be, each once, as many as are walked.
func (s *search) choose(part int, to []uint32) []uint32 {
	p := &s.name.parts[part]
	s.round++
	for _, term := range s.found {
		s.awaited += s.x.record[term].mask
	}
	for _, term := range s.found {
		r := &s.x.record[term]
		if !name.Kindred(p.Mask, p.Bones, r.mask, r.bones, name.ReachOf(min(s.letters[part], r.count), (p.Flags^r.flags)&name.Native != 0)) && (r.class == 0 || int32(r.class) != p.Class) {
			continue
		}
		seen := &s.chosen[spread(term)>>22]
		if *seen == (seenEntry{term, s.round}) {
			continue
		}
		*seen = seenEntry{term, s.round}
		if to = append(to, term); len(to) == mostNear {
			break
		}
	}
	return to
}

// mostJoinable is the number of parts from which neighbours are not tried as one: a name of so many parts is found by the others.
const mostJoinable = 6

// lookJoined finds the terms that two neighbours are when they are written as one, once.
func (s *search) lookJoined() []joinedTerm {
	parts := s.name.parts
	if s.joins {
		return s.joined
	}
	s.joins, s.joined = true, s.joined[:0]
	if len(parts) < 2 || len(parts) > mostJoinable {
		return nil
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
		s.probes, s.found = append(s.probes[:0], keyHash(soundsKey, s.keys.folded(view(s.joint)))), s.found[:0]
		s.probe(s.x.near[:])
		for _, t := range s.found {
			s.addJoined(t, i)
		}
	}
	return s.joined
}

func (s *search) addJoined(term uint32, part int) {
	if len(s.joined) == mostNear || slices.ContainsFunc(s.joined, func(n joinedTerm) bool { return n.term == term }) {
		return
	}
	s.joined = append(s.joined, joinedTerm{term, part})
}
