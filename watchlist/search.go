package watchlist

import (
	"cmp"
	"slices"

	"marz"
	"marz/watchlist/name"
)

// search is the working memory of one search of one layout. A pool keeps them; each belongs to one goroutine at a time.
type search struct {
	x     *layout
	dead  []uint64 // alerts that are not in force any more, as bits
	asked *asked
	name  *askedName
	nth   int // of asked.names

	keys     keyer
	near     [name.MaxParts][]nearTerm
	gain     [name.MaxParts]float32 // what a part can say at most
	terms    termTable
	costs    costTable
	proposed int
	walked   int
	aligner  name.Names
	parts    [name.MaxParts]name.Part
	weights  [name.MaxParts]float32
	entry    []uint32 // terms of the entry that is compared
	days     [2][2]uint32

	best map[uint32]candidate // by alert
}

// candidate is the best that was found of an alert.
type candidate struct {
	entry  uint32
	nth    int // of the query's names
	points float32
}

// begin makes a search ready for a layout and a query.
func (s *search) begin(x *layout, dead []uint64, a *asked) {
	s.x, s.dead, s.asked = x, dead, a
	if s.best == nil {
		s.best = map[uint32]candidate{}
	}
	clear(s.best)
}

// run searches with every way of writing the name.
func (s *search) run() {
	for i := range s.asked.names {
		s.name, s.nth = &s.asked.names[i], i
		s.prepare()
		s.sameDay()
		s.stretches()
	}
}

// prepare looks the parts of a name up.
func (s *search) prepare() {
	s.terms.clear()
	s.costs.clear()
	s.walked = 0
	s.days = [2][2]uint32{}
	for i := range s.name.parts {
		s.gain[i] = 0
		s.nearTerms(i)
	}
	s.aligner.Q, s.aligner.CutOff = s.name.parts, s.name.cut
	s.aligner.Cost = s.pairCost
}

func (s *search) pairCost(q, a int) (int, bool) { return s.cost(q, s.entry[a]) }

// sameDay compares everybody born on the very day, and on the one that it is when day and month are exchanged, whatever their names: that so few share a day lets names be written very
// differently and still be found.
func (s *search) sameDay() {
	d := s.asked.Birth
	if !d.Full() || newYear(d) {
		return
	}
	s.days[0][0], s.days[0][1] = s.x.born(s.asked.born, s.asked.born)
	if d.Day <= 12 && d.Day != d.Month {
		swapped := packBorn(marz.Date{Year: d.Year, Month: d.Day, Day: d.Month})
		s.days[1][0], s.days[1][1] = s.x.born(swapped, swapped)
	}
	for i, day := range s.days {
		most := float32(bornSame)
		if i == 1 {
			most = bornSwapped
		}
		for e := day[0]; e < day[1]; e++ {
			s.consider(e, most+mostOther)
		}
	}
}

// newYear reports whether a date is 1 January, which is written where only the year is known.
func newYear(d marz.Date) bool { return d.Month == 1 && d.Day == 1 }

// stretches walks the entries whose date of birth says nothing against the query's, or little, by the parts of the name.
func (s *search) stretches() {
	all := uint32(s.x.head.Entries)
	if s.asked.born == 0 {
		s.walk(0, all, 0)
		return
	}
	y := uint32(s.asked.Birth.Year)
	_, undated := s.x.born(0, 0)
	first, end := s.x.born((y-1)<<9, (y+2)<<9-1)
	s.walk(0, undated, 0)
	s.walk(first, end, bornYear)
	s.walk(undated, first, bornFar)
	s.walk(end, all, bornFar)
}

// route is how a part of the query leads to entries.
type route struct {
	part, cost int
}

// walk looks at the entries of a stretch that have a near term of enough of the query's parts: whoever has none of these cannot reach the threshold. most is what the date of
// birth can say for them.
func (s *search) walk(first, end uint32, most float32) {
	if first >= end {
		return
	}
	var routes [name.MaxParts]route
	n := 0
	for i := range s.name.parts {
		cost := 0
		for _, t := range s.near[i] {
			cost += len(s.within(t.term, first, end))
		}
		if cost > 0 {
			routes[n] = route{i, cost}
			n++
		}
	}
	used := s.choose(routes[:n], most)
	var before uint64 // parts whose routes were walked
	for _, r := range used {
		for _, t := range s.near[r.part] {
			for _, e := range s.within(t.term, first, end) {
				if e >= s.days[0][0] && e < s.days[0][1] || e >= s.days[1][0] && e < s.days[1][1] {
					continue // compared already
				}
				if s.walked++; s.walked > mostWalked {
					return
				}
				if before != 0 && s.has(e, before) {
					continue
				}
				s.consider(e, most+mostOther)
			}
		}
		before |= 1 << r.part
	}
}

func (s *search) within(term, first, end uint32) []uint32 {
	return within(s.x.post[s.x.postAt[term]:s.x.postAt[term+1]], first, end)
}

// choose returns the routes that have to be walked, the cheapest first. The dearest are left out as long as the parts that they stand for cannot reach the threshold together; one is
// always walked, for names that are equal.
func (s *search) choose(routes []route, most float32) []route {
	slices.SortFunc(routes, func(a, b route) int { return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(a.part, b.part)) })
	var sum float32
	n := len(routes)
	for n > 0 {
		if sum += s.gain[routes[n-1].part]; sum+name.MostCovered+most+mostOther >= Threshold {
			break
		}
		n--
	}
	if n == 0 && most >= 0 {
		n = min(1, len(routes))
	}
	return routes[:n]
}

// has reports whether an entry has a near term of one of the parts.
func (s *search) has(e uint32, parts uint64) bool {
	for _, t := range s.x.termsOf(e) {
		if slot := s.terms.get(t); slot != nil && slot.parts&parts != 0 {
			return true
		}
	}
	return false
}

// consider looks closer at an entry if it can reach the threshold. most is what all but the name can say for it.
func (s *search) consider(e uint32, most float32) {
	alert := s.x.entryAlert[e]
	if s.dead != nil && s.dead[alert>>6]>>(alert&63)&1 != 0 {
		return
	}
	if s.canReach(s.x.termsOf(e), most) {
		s.compare(e, alert)
	}
}

// canReach bounds what the name of an entry can say, without comparing more than it has to.
func (s *search) canReach(terms []uint32, most float32) bool {
	terms = terms[:min(len(terms), name.MaxParts)]
	var matched, likely uint64 // parts of the query
	var known float32
	var unknown [name.MaxParts]uint32
	free, given := 0, 0
	for _, t := range terms {
		if s.x.flags[t]&name.Loose == 0 {
			given++
		}
		if slot := s.terms.get(t); slot != nil {
			matched |= slot.parts
			known += slot.gain
			continue
		}
		unknown[free] = t
		free++
	}
	open := lowBits(len(s.name.parts)) &^ matched
	pairs := 0
	for _, t := range unknown[:free] {
		m, hit := s.x.mask[t], false
		for i := range s.name.parts {
			if open>>i&1 != 0 && plausible(s.name.parts[i].Mask, m) {
				likely |= 1 << i
				hit = true
			}
		}
		if hit {
			pairs++
		}
	}
	pairs = min(pairs, count(likely))
	found := len(terms) - free + pairs
	if open != 0 && free > 0 && free+count(open) > 2 && s.joined(open, unknown[:free]) {
		return true
	}
	bound := known + float32(pairs)*mostRare + most
	switch short := min(s.name.given, given); {
	case found == 0:
		return false
	case found < short:
		bound += name.Conflict * float32(short-found)
	case found >= max(s.name.given, given):
		return true // perhaps equal
	default:
		bound += name.MostCovered
	}
	return bound >= Threshold
}

// joined reports whether the open parts of the query and the unknown terms of an entry can be the same letters, divided otherwise.
func (s *search) joined(open uint64, unknown []uint32) bool {
	var theirs, ours uint32
	letters := 0
	for _, t := range unknown {
		theirs |= s.x.mask[t]
		letters += int(s.x.soundAt[t+1] - s.x.soundAt[t])
	}
	for i := range s.name.parts {
		if open>>i&1 != 0 {
			ours |= s.name.parts[i].Mask
			letters -= len(s.name.parts[i].Sounds)
		}
	}
	return letters >= -2 && letters <= 2 && plausible(ours, theirs)
}

// compare weighs an entry, and keeps it if it is the best of its alert.
func (s *search) compare(e, alert uint32) {
	points, _, _ := s.weigh(e, alert)
	if points < Threshold {
		return
	}
	old, seen := s.best[alert]
	if !seen || points > old.points || points == old.points && e < old.entry && s.nth == old.nth {
		s.best[alert] = candidate{e, s.nth, points}
	}
}

// weigh adds up what an entry says.
func (s *search) weigh(e, alert uint32) (float32, *name.Match, evidence) {
	m := s.align(e)
	if len(m.Pairs) == 0 {
		return 0, m, evidence{}
	}
	v := s.asked.weigh(s.x, e, alert)
	points := m.Bits + v.sum()
	if s.x.entryName[e]&weakFlag != 0 {
		points += weakBits
	}
	if m.Equal && v.born >= 0 && v.sex >= 0 && v.kind >= 0 {
		points = max(points, Threshold+equalBits)
	}
	return points, m, v
}

// align compares the name of an entry with the query's.
func (s *search) align(e uint32) *name.Match {
	s.entry = s.x.termsOf(e)
	s.entry = s.entry[:min(len(s.entry), name.MaxParts)]
	for j, t := range s.entry {
		s.parts[j], s.weights[j] = s.x.term(t), s.x.weightOf(t)
	}
	s.aligner.A, s.aligner.Weight = s.parts[:len(s.entry)], s.weights[:len(s.entry)]
	return s.aligner.Match()
}
