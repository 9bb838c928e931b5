package watchlist

import (
	"math"
	"math/bits"
	"slices"
	"unicode/utf8"

	"marz"
	"marz/watchlist/name"
)

// search is the working memory of one search of one layout. A pool keeps them; each belongs to one goroutine at a time.
type search struct {
	x      *layout
	rarity *layout  // whose weights hold: the base's
	dead   []uint64 // alerts that are not in force any more, as bits
	asked  *asked
	name   *askedName
	nth    int // of asked.names

	keys      keyer
	probes    []uint64    // keys whose terms are looked up
	spans     [][2]uint32 // where these lie
	joint     []byte
	letters   [name.MaxParts]uint8 // of the query's parts
	class     [name.MaxParts]uint32
	kin       [name.MaxParts]uint32 // of their classes of given names
	strangers [name.MaxParts]uint8
	native    uint8 // 1: a part of the query is in another script than Latin
	alone     bool  // one part can make a hit with what is no part: an initial, or a part that is cut off
	stretch   []stretch
	own       [name.MaxParts]float32    // what a part of the query can say at most: its rarity
	near      [name.MaxParts][]nearTerm // of the parts that were looked up
	same      [name.MaxParts][]nearTerm // those of them that are as good as the same, where only these were looked up
	looked    uint64
	looseOnly bool // the near terms are looked up for entries whose date of birth is not full
	alikes    uint64
	joined    []nearTerm // terms that two neighbours of the query may be, written as one
	costs     costTable
	seen      [1024]seenEntry // the last of them
	proposed  [1024]seenEntry // the last terms that were proposed for a part
	round     uint16          // of proposing
	work      int             // units of work that the query may still cost
	aligner   name.Names
	parts     [name.MaxParts]name.Part
	weights   [name.MaxParts]float32
	compare   []entryTerm           // of the entry that is compared
	may       [name.MaxParts]uint64 // of each of these: the parts of the query that it can be
	days      [2][2]uint32

	best map[uint32]candidate // by alert
}

// seenEntry is an entry that was considered already.
type seenEntry struct {
	entry uint32
	gen   uint16
}

// candidate is the best that was found of an alert.
type candidate struct {
	entry  uint32
	nth    int // of the query's names
	points float32
}

// mostWork bounds a query on one list, whoever wrote it, in units of about 100 ns: a term or a few postings are one, and what is done with entries costs what follows. Real names stay
// below, but for common ones without a date of birth in lists of millions; the rarest parts have been walked by then.
const (
	mostWork  = 12_000
	glances   = 8  // postings that are passed for one unit
	lookWork  = 2  // an entry that is looked at, and one more for each four parts of the query
	costWork  = 1  // a comparison of two parts
	alignWork = 10 // an alignment of two names, and one more for each part of the query
)

// begin makes a search ready for a layout and a query.
func (s *search) begin(x, rarity *layout, dead []uint64, a *asked) {
	s.x, s.rarity, s.dead, s.asked = x, rarity, dead, a
	s.work = mostWork
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

// prepare makes the search ready for one way of writing the name.
func (s *search) prepare() {
	s.costs.clear()
	s.looked, s.alikes, s.joined = 0, 0, s.joined[:0]
	s.days = [2][2]uint32{}
	s.alone = s.name.cut || len(s.name.parts) == 1
	s.looseOnly = s.asked.Birth.Full() && !newYear(s.asked.Birth)
	s.native = 0
	for i := range s.name.parts {
		if s.name.parts[i].Flags&name.Native != 0 {
			s.native = 1
		}
		s.own[i] = s.rarity.rarityOf(&s.name.parts[i])
		s.strangers[i] = strangers[min(bits.OnesCount32(s.name.parts[i].Bones), len(strangers)-1)]
		s.kin[i] = kinOfClass(uint32(s.name.parts[i].Class))
		s.alone = s.alone || utf8.RuneCountInString(s.name.parts[i].Text) == 1
		s.class[i] = shortClass(uint32(s.name.parts[i].Class))
		s.letters[i] = uint8(min(s.name.parts[i].Letters(), math.MaxUint8))
	}
	s.aligner.Q, s.aligner.CutOff, s.aligner.Own = s.name.parts, s.name.cut, s.own[:len(s.name.parts)]
	s.aligner.Cost = s.pairCost
	s.lookJoined()
}

func (s *search) pairCost(q, a int) (int, bool) { return s.cost(q, s.compare[a].term) }

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
		s.lookAt(day[0], day[1], most)
	}
}

// newYear reports whether a date is 1 January, which is written where only the year is known.
func newYear(d marz.Date) bool { return d.Month == 1 && d.Day == 1 }

// stretch is some neighbouring entries, and what the date of birth can say for them at most.
type stretch struct {
	first, end uint32
	most       float32
}

// stretches walks the entries whose date of birth says nothing against the query's, or little, by the parts of the name. Whoever is listed with another date is found if the whole name
// is the same.
func (s *search) stretches() {
	s.sameName()
	s.stretch = s.stretch[:0]
	if s.asked.born == 0 {
		s.add(0, uint32(s.x.head.Entries), 0)
		s.walk(s.nearTerms)
		return
	}
	_, undated := s.x.born(0, 0)
	s.add(0, undated, 0)
	full := s.asked.Birth.Full() && !newYear(s.asked.Birth)
	for y := s.asked.Birth.Year - 1; y <= s.asked.Birth.Year+1; y++ {
		s.addYear(y, full)
	}
	s.walk(s.nearTerms)
	if full {
		y := uint32(s.asked.Birth.Year)
		first, end := s.x.born((y-1)<<9, (y+2)<<9-1)
		s.stretch = append(s.stretch[:0], stretch{first, end, bornYear})
		s.walk(s.alike)
	}
}

// addYear adds the entries of a year of birth; of a full date only those that do not give the day, or give 1 January, which stands for no day.
func (s *search) addYear(year int, full bool) {
	if !full {
		first, end := s.x.born(packBorn(marz.Date{Year: year}), packBorn(marz.Date{Year: year + 1})-1)
		s.add(first, end, bornYear)
		return
	}
	first, end := s.x.born(packBorn(marz.Date{Year: year}), packBorn(marz.Date{Year: year, Month: 1}))
	s.add(first, end, bornOnly)
	first, end = s.x.born(packBorn(marz.Date{Year: year, Month: 1, Day: 1}), packBorn(marz.Date{Year: year, Month: 1, Day: 1}))
	s.add(first, end, bornOnly)
	for m := 2; m <= 12; m++ {
		first, end = s.x.born(packBorn(marz.Date{Year: year, Month: m}), packBorn(marz.Date{Year: year, Month: m}))
		s.add(first, end, bornMonth)
	}
}

// few is how many entries are rather looked at one by one than by the parts of the name.
const few = 100

// add adds a stretch that has to be walked.
func (s *search) add(first, end uint32, most float32) {
	if end-first > few {
		s.stretch = append(s.stretch, stretch{first, end, most})
		return
	}
	s.lookAt(first, end, most)
}

// lookAt looks at all entries of a stretch, closer at those that have as many parts of the query as a hit needs: two, or one where either name has no more.
func (s *search) lookAt(first, end uint32, most float32) {
	for e := first; e < end; e++ {
		r := &s.x.entry[e]
		found, need := 0, 2
		if r.given < 2 || s.name.given < 2 {
			need = 1
		}
		for i := range s.name.parts {
			if bits.OnesCount32(s.name.parts[i].Bones&^r.kin) <= int(s.strangers[i]+1+(r.native|s.native)) || s.kin[i] != 0 && s.kin[i]&^r.kin == 0 {
				found++
			}
		}
		if found >= need || s.alone || r.kin == anyKin {
			s.consider(e, most+mostOther)
		}
	}
}

// sameName looks at the entries that have the same name, whatever the date of birth, and however many there are: who bears an alert's own name is a hit.
func (s *search) sameName() {
	if len(s.x.wholeAt) == 0 {
		return
	}
	left := s.work
	h := s.keys.whole(s.name.parts) >> (64 - s.x.head.WholeBits)
	for _, e := range s.x.whole[s.x.wholeAt[h]:s.x.wholeAt[h+1]] {
		s.consider(e, bornSame+mostOther)
	}
	s.work = left
}

// walk looks at the entries of the stretches that have a term of enough of the query's parts: whoever has none of these cannot reach the threshold.
func (s *search) walk(terms func(part int) []nearTerm) {
	if len(s.stretch) == 0 {
		return
	}
	most := s.stretch[0].most
	for _, t := range s.stretch {
		most = max(most, t.most)
	}
	var order [name.MaxParts]int
	var walked uint64
	for _, i := range s.choose(order[:0], most) {
		f := s.filter(walked, 1<<i, most)
		for _, t := range terms(i) {
			s.postings(t.term, f)
		}
		walked |= 1 << i
	}
	for _, t := range s.joined {
		f := s.filter(0, 3<<t.part, most)
		f.whole = len(s.name.parts) == 2
		s.postings(t.term, f)
	}
}

// filter is what an entry has to have beside the term by which it is found.
type filter struct {
	found   uint64 // parts of the query that stand for the term
	nothing bool   // an entry may have any
	whole   bool   // nothing else
	rest    uint32 // nothing but what is in here
}

// filter returns what an entry has to have that is found by some parts of the query, and by none of those that were walked before. What these miss and the entry has beside the others
// are a conflict, and few can bear one.
func (s *search) filter(before, found uint64, most float32) filter {
	f := filter{found: found, nothing: s.alone, rest: anyKin}
	if before == 0 {
		return f
	}
	sum, rest := float32(0), uint32(0)
	for i := range s.name.parts {
		if before>>i&1 == 0 {
			sum += s.own[i]
			rest |= s.name.parts[i].Bones | s.kin[i]
		}
	}
	if sum+name.Conflict+most+mostOther < Threshold {
		f.rest = rest
	}
	return f
}

// postings looks at the entries of the stretches that have a term and pass a filter.
func (s *search) postings(term uint32, f filter) {
	post := s.x.post[s.x.postAt[term]:s.x.postAt[term+1]]
	for _, t := range s.stretch {
		found := within(post, t.first, t.end)
		s.work -= 1 + len(found)/glances
		for _, p := range found {
			if s.work < 0 {
				return
			}
			if s.passes(f, p.kin) {
				s.consider(p.entry, t.most+mostOther)
			}
		}
	}
}

// passes reports whether an entry can have another part of the query than the one by which it was found: alone that would not make it a hit.
func (s *search) passes(f filter, kin uint32) bool {
	switch {
	case kin == anyKin || f.nothing:
		return true
	case f.whole:
		return kin == 0
	case bits.OnesCount32(kin&^f.rest) > mostStrangers:
		return false
	}
	for i := range s.name.parts {
		if f.found>>i&1 == 0 && (bits.OnesCount32(s.name.parts[i].Bones&^kin) <= int(s.strangers[i]) || s.kin[i] != 0 && s.kin[i]&^kin == 0) {
			return true
		}
	}
	return false
}

// choose returns the parts by which a stretch has to be walked, the rarest first: as many as it takes that the others cannot reach the threshold together.
func (s *search) choose(order []int, most float32) []int {
	for i := range s.name.parts {
		order = append(order, i)
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case s.own[a] > s.own[b]:
			return -1
		case s.own[a] < s.own[b]:
			return 1
		}
		return a - b
	})
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
	return order[:n]
}

// consider looks closer at an entry if it can reach the threshold. most is what all but the name can say for it.

func (s *search) consider(e uint32, most float32) {

	r := &s.x.entry[e]
	if s.dead != nil && s.dead[r.alert>>6]>>(r.alert&63)&1 != 0 {
		return
	}
	if seen := &s.seen[spread(e)>>22]; *seen == (seenEntry{e, s.costs.gen}) {
		return
	} else {
		*seen = seenEntry{e, s.costs.gen}
	}
	s.work -= lookWork + len(s.name.parts)/4
	if !s.likely(e, Threshold-most) {
		return
	}
	v := s.asked.weigh(s.x, r)
	need := Threshold - v.sum()
	if r.name&weakFlag != 0 {
		need -= weakBits
	}
	if s.reaches(e, need) {
		s.keep(e, &v)
	}
}
