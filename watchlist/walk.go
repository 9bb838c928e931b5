package watchlist

import (
	"cmp"
	"slices"

	"marz/watchlist/name"
)

// stretch is some neighbouring entries, and what the date of birth can say for them at most.
type stretch struct {
	first, end uint32
	most       float32
	parts      int // by how many of the query's parts it has to be walked
}

// few is how many entries are rather looked at one by one than by the parts of the name.
const few = 200

// add adds a stretch that has to be walked.
func (s *search) add(first, end uint32, most float32) {
	if end-first > few {
		s.stretch = append(s.stretch, stretch{first: first, end: end, most: most})
		return
	}
	s.lookAt(first, end, most)
}

// walk looks at the entries of the stretches that have a term of enough of the query's parts: whoever has none of these cannot reach the threshold. Nor can he who has one of them alone, as a rule.
func (s *search) walk(find func(part int)) {
	var space [name.MaxParts]int
	order, most := s.byRarity(space[:0]), 0
	for i := range s.stretch {
		t := &s.stretch[i]
		t.parts = s.needed(order, t.most)
		most = max(most, t.parts)
	}
	if most == 0 {
		return
	}
	s.among.clear()
	for n, i := range order {
		find(i)
		for _, t := range s.found {
			s.among.add(t)
		}
		if n < most {
			s.near[i] = s.choose(i, s.near[i][:0])
		}
	}
	for _, t := range s.lookJoined() {
		s.among.add(t.term)
	}
	for n, i := range order[:most] {
		s.postings(s.near[i], 1<<i, n, s.reachesAlone(i))
	}
	for _, t := range s.joined {
		s.postings([]uint32{t.term}, 3<<t.part, 0, len(s.name.parts) == 2)
	}
	s.lookAtReached()
}

// byRarity returns the parts of the query, the rarest first.
func (s *search) byRarity(order []int) []int {
	for i := range s.name.parts {
		order = append(order, i)
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(s.own[b], s.own[a]), a-b)
	})
	return order
}

// needed returns how many of the parts a stretch has to be walked by: as many as it takes that the others cannot reach the threshold together.
func (s *search) needed(order []int, most float32) int {
	var sum float32
	n := len(order)
	for n > 0 {
		sum += s.own[order[n-1]]
		bound := sum + most + mostOther
		switch left := len(order) - n + 1; {
		case n == 1:
			bound += name.MostComplete
		case left > 1:
			bound += name.MostCovered
		}
		if bound >= Threshold {
			break
		}
		n--
	}
	return n
}

// reachesAlone reports whether a part can make a hit with whoever has no other name, in the stretch that says most.
func (s *search) reachesAlone(part int) bool {
	most := float32(0)
	for i := range s.stretch {
		most = max(most, s.stretch[i].most)
	}
	return s.own[part]+name.MostCovered-float32(s.name.given-1)+most+mostOther >= Threshold
}

// span is where the postings of a term lie, and the first and last of their entries.
type span struct{ first, end, entry, last uint32 }

// postings reaches the entries that have one of some terms, which stand for some parts of the query, the nth by which stretches are walked, and another that a part of the query may be: without one they are no hit, but for
// those that have no other. All that has to be waited for is read first, one place independently of the other.
func (s *search) postings(terms []uint32, parts uint64, nth int, alone bool) {
	s.posted = s.posted[:0]
	for _, t := range terms {
		s.posted = append(s.posted, span{first: s.x.postAt[t], end: s.x.postAt[t+1]})
	}
	for i := range s.posted {
		if p := &s.posted[i]; p.first < p.end {
			p.entry, p.last = s.x.post[p.first].entry, s.x.post[p.end-1].entry
		}
	}
	for i := range s.stretch {
		t := &s.stretch[i]
		if nth >= t.parts {
			continue
		}
		for k := range s.posted {
			if p := &s.posted[k]; p.first < p.end && p.last >= t.first && p.entry < t.end {
				s.reach(p, t, parts, alone)
			}
		}
	}
}

// reach notes the entries of a term that lie in a stretch and may have what it takes.
func (s *search) reach(p *span, t *stretch, parts uint64, alone bool) {
	post := s.x.post[p.first:p.end]
	if p.last >= t.end {
		post = post[:after(post, t.end)]
	}
	if p.entry < t.first {
		post = post[after(post, t.first):]
	}
	s.work -= 1 + len(post)/glances
	if s.work < 0 {
		return
	}
	for _, p := range post {
		if s.alone || s.mayHave(p.others, parts) || alone && p.others == othersNone {
			s.reached = append(s.reached, reached{entry: p.entry, most: t.most})
		}
	}
	if len(s.reached) >= mostReached {
		s.lookAtReached()
	}
}

// after returns where the postings begin that do not lie before an entry.
func after(post []posting, entry uint32) int {
	i, j := 0, len(post)
	for i < j {
		h := int(uint(i+j) >> 1)
		if post[h].entry < entry {
			i = h + 1
		} else {
			j = h
		}
	}
	return i
}
