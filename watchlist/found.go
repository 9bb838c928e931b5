package watchlist

import (
	"math/bits"

	"marz/watchlist/name"
)

// nearTerm is a term of the list that a part of the query may be.
type nearTerm struct {
	term uint32
	cost int
}

// Bounds on the work of a query, whoever wrote it.
const (
	mostNear     = 192    // terms that one part may be; the nearest are kept
	mostProposed = 4096   // terms that are looked at to find them
	mostWalked   = 400000 // entries that are looked at for one way of writing a name
)

// termTable tells of a term which parts of the query it may be. It is cleared by a new generation, not by work.
type termTable struct {
	slot []termSlot
	gen  uint32
	n    int
}

type termSlot struct {
	term, gen uint32
	parts     uint64
	gain      float32 // of the best of them
}

func (t *termTable) clear() {
	if t.gen++; t.slot == nil || t.gen == 0 {
		t.slot, t.gen = make([]termSlot, 1024), 1
	}
	t.n = 0
}

func spread(term uint32) uint32 { return term * 0x9e3779b1 }

// get returns what is known of a term, or nil.
func (t *termTable) get(term uint32) *termSlot {
	most := uint32(len(t.slot) - 1)
	for i := spread(term) >> 8 & most; ; i = (i + 1) & most {
		s := &t.slot[i]
		if s.gen != t.gen {
			return nil
		}
		if s.term == term {
			return s
		}
	}
}

func (t *termTable) put(term uint32, part int, gain float32) {
	if s := t.get(term); s != nil {
		s.parts |= 1 << part
		s.gain = max(s.gain, gain)
		return
	}
	if t.n++; t.n > len(t.slot)/2 {
		t.grow()
	}
	most := uint32(len(t.slot) - 1)
	for i := spread(term) >> 8 & most; ; i = (i + 1) & most {
		if s := &t.slot[i]; s.gen != t.gen {
			*s = termSlot{term, t.gen, 1 << part, gain}
			return
		}
	}
}

func (t *termTable) grow() {
	old, gen := t.slot, t.gen
	t.slot, t.gen = make([]termSlot, 2*len(old)), 1
	most := uint32(len(t.slot) - 1)
	for _, s := range old {
		if s.gen != gen {
			continue
		}
		i := spread(s.term) >> 8 & most
		for t.slot[i].gen == t.gen {
			i = (i + 1) & most
		}
		s.gen = t.gen
		t.slot[i] = s
	}
}

// costTable remembers what was compared during one search: the cost of a part of the query and a term.
type costTable struct {
	slot []costSlot
	gen  uint32
	n    int
}

type costSlot struct {
	key, gen uint32
	cost     int16 // -1: they are not one
}

func (c *costTable) clear() {
	if c.gen++; c.slot == nil || c.gen == 0 || len(c.slot) > 1<<16 {
		c.slot, c.gen = make([]costSlot, 4096), 1
	}
	c.n = 0
}

// at returns the place of a pair, and whether it is known.
func (c *costTable) at(part int, term uint32) (s *costSlot, known bool) {
	if c.n > len(c.slot)/2 {
		c.grow()
	}
	key := term<<6 | uint32(part)
	most := uint32(len(c.slot) - 1)
	for i := spread(key) >> 8 & most; ; i = (i + 1) & most {
		s := &c.slot[i]
		if s.gen != c.gen {
			s.key, s.gen = key, c.gen
			c.n++
			return s, false
		}
		if s.key == key {
			return s, true
		}
	}
}

func (c *costTable) grow() {
	old, gen := c.slot, c.gen
	c.slot, c.gen = make([]costSlot, 2*len(old)), 1
	most := uint32(len(c.slot) - 1)
	for _, s := range old {
		if s.gen != gen {
			continue
		}
		i := spread(s.key) >> 8 & most
		for c.slot[i].gen == c.gen {
			i = (i + 1) & most
		}
		s.gen = c.gen
		c.slot[i] = s
	}
}

// cost compares a part of the query with a term, once.
func (s *search) cost(part int, term uint32) (int, bool) {
	slot, known := s.costs.at(part, term)
	if !known {
		t := s.x.term(term)
		cost, ok := name.Cost(&s.name.parts[part], &t)
		if slot.cost = int16(cost); !ok {
			slot.cost = -1
		}
	}
	return int(slot.cost), slot.cost >= 0
}

// nearTerms finds the terms that a part of the query may be: itself, other forms of a given name, its romanisations, and what shares a key with it.
func (s *search) nearTerms(i int) {
	s.near[i] = s.near[i][:0]
	p := &s.name.parts[i]
	if t, ok := s.x.find(p.Text); ok {
		s.propose(i, t)
	}
	if p.Class != 0 {
		for _, form := range name.Forms(int(p.Class) - 1) {
			if t, ok := s.x.find(form); ok {
				s.propose(i, t)
			}
		}
	}
	s.proposed = 0
	s.keys.keys(p, true, func(h uint64) { s.byKey(i, h) })
	if p.Flags&name.Native != 0 {
		for _, r := range name.Romanise(p.Text) {
			rp := name.Part{Text: r}
			if t, ok := s.x.find(r); ok {
				s.propose(i, t)
			}
			s.keys.deletions(lettersKey, rp.Text, oneFrom, maxKeyed+1, func(h uint64) { s.byKey(i, h) })
		}
	}
	s.keepNearest(i)
	for _, n := range s.near[i] {
		q, t := &s.name.parts[i], s.x.term(n.term)
		gain := max(0, s.x.weightOf(n.term)-name.Loss(n.cost, min(q.Letters(), t.Letters())))
		s.gain[i] = max(s.gain[i], gain)
		s.terms.put(n.term, i, gain)
	}
}

func (x *layout) weightOf(term uint32) float32 { return float32(x.weight[term]) / weightOne }

// byKey proposes the terms that have a key.
func (s *search) byKey(part int, h uint64) {
	x := s.x
	if len(x.nearAt) == 0 {
		return
	}
	at := h >> (64 - x.head.NearBits)
	for _, e := range x.near[x.nearAt[at]:x.nearAt[at+1]] {
		if byte(e) != byte(h) || s.proposed >= mostProposed {
			continue
		}
		s.proposed++
		s.propose(part, e>>8)
	}
}

// propose compares a part with a term, and keeps it if they can be one.
func (s *search) propose(part int, term uint32) {
	slot, known := s.costs.at(part, term)
	if known {
		return
	}
	t := s.x.term(term)
	cost, ok := name.Cost(&s.name.parts[part], &t)
	if slot.cost = int16(cost); !ok {
		slot.cost = -1
		return
	}
	s.near[part] = append(s.near[part], nearTerm{term, cost})
}

// keepNearest keeps the bound on near terms: those that cost least, and of these the ones that come first.
func (s *search) keepNearest(i int) {
	if len(s.near[i]) <= mostNear {
		return
	}
	var count [64]int
	for _, n := range s.near[i] {
		count[min(n.cost, 63)]++
	}
	limit, left := 0, mostNear
	for limit < 63 && left >= count[limit] {
		left -= count[limit]
		limit++
	}
	kept := s.near[i][:0]
	for _, n := range s.near[i] {
		if n.cost < limit || n.cost == limit && left > 0 {
			if n.cost == limit {
				left--
			}
			kept = append(kept, n)
		}
	}
	s.near[i] = kept
}

// plausible reports whether a part and a term can be one by their consonants.
func plausible(a, b uint32) bool { return name.Plausible(a, b) }

func lowBits(n int) uint64 { return 1<<n - 1 }

func count(set uint64) int { return bits.OnesCount64(set) }
