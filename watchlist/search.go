package watchlist

import (
	"math"
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

	quick   [name.MaxParts]quickPart
	letters [name.MaxParts]uint8   // of the query's parts
	own     [name.MaxParts]float32 // what a part of the query can say at most: its rarity
	alone   bool                   // nothing can be asked of others: one part is an initial or cut off, or in another script, or there is no other

	keys    keyer
	probes  []uint64    // keys whose terms are looked up
	spans   [][2]uint32 // where these lie
	found   []uint32    // terms that a part may be
	joint   []byte
	near    [name.MaxParts][]uint32 // those by which entries are found
	among   termSet                 // those of all parts
	joined  []joinedTerm            // terms that two neighbours of the query may be, written as one
	chosen  [1024]seenEntry         // the last terms that were chosen for a part
	round   uint16                  // of choosing
	stretch []stretch
	posted  []span
	reached []reached
	places  []uint32
	awaited uint32   // of what was read beforehand, so that the reading is not left out
	read    []uint32 // terms of the entries that were reached
	direct  [name.MaxParts]directTerm
	joins   bool // they were looked up

	costs   costTable
	seen    [1024]seenEntry // the last entries that were considered
	work    int             // units of work that the query may still cost
	aligner name.Names
	parts   [name.MaxParts]name.Part
	weights [name.MaxParts]float32
	compare []entryTerm            // of the entry that is compared
	may     [name.MaxParts]uint64  // of each of these: the parts of the query that it can be
	most    [name.MaxParts]float32 // and what it says with them at most

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
	s.alone, s.joins = s.name.cut || s.name.given < 2, false
	for i := range s.name.parts {
		p := &s.name.parts[i]
		s.direct[i] = directTerm{}
		s.direct[i].term, s.direct[i].known = s.x.find(p.Text)
		s.own[i] = s.rarityOf(i)
		s.alone = s.alone || utf8.RuneCountInString(p.Text) == 1 || p.Flags&name.Native != 0
		s.letters[i] = uint8(min(p.Letters(), math.MaxUint8))
		s.quick[i] = s.quickly(i)
	}
	s.aligner.Q, s.aligner.CutOff, s.aligner.Own = s.name.parts, s.name.cut, s.own[:len(s.name.parts)]
	s.aligner.Cost = s.pairCost
}

func (s *search) pairCost(q, a int) (int, bool) { return s.cost(q, s.compare[a].term) }

// sameDay compares everybody born on the very day, and on the one that it is when day and month are exchanged, whatever their names: that so few share a day lets names be written very
// differently and still be found.
func (s *search) sameDay() {
	d := s.asked.Birth
	if s.asked.born&exactly == 0 {
		return
	}
	first, end := s.x.born(s.asked.born, s.asked.born)
	s.lookAt(first, end, bornSame)
	if d.Day <= 12 && d.Day != d.Month {
		swapped := packBorn(marz.Date{Year: d.Year, Month: d.Day, Day: d.Month})
		first, end = s.x.born(swapped, swapped)
		s.lookAt(first, end, bornSwapped)
	}
}

// stretches walks the entries whose date of birth says nothing against the query's, or little, by the parts of the name. Whoever is listed with another date is found if the whole name
// is the same.
func (s *search) stretches() {
	s.sameName()
	s.stretch = s.stretch[:0]
	y := s.asked.Birth.Year
	switch {
	case s.asked.born == 0:
		s.add(0, uint32(s.x.head.Entries), 0)
		s.walk(s.nearTerms)
	case s.asked.born&exactly == 0:
		s.undated()
		s.addYears(y-1, y+1, true, bornYear)
		s.addYears(y-1, y-1, false, bornNear)
		s.addYears(y, y, false, s.mostOfYear())
		s.addYears(y+1, y+1, false, bornNear)
		s.walk(s.nearTerms)
	default:
		s.undated()
		s.addYears(y-1, y+1, true, bornOnly)
		month := packBorn(marz.Date{Year: y, Month: s.asked.Birth.Month})
		first, end := s.x.born(month, month)
		s.add(first, end, bornMonth)
		s.walk(s.vagueTerms)
		s.stretch = s.stretch[:0]
		s.addYears(y-1, y+1, false, bornYear)
		s.walk(s.alikeTerms)
	}
}

// undated adds the entries without a date of birth.
func (s *search) undated() {
	_, end := s.x.born(0, 0)
	s.add(0, end, 0)
}

// addYears adds the entries of some years of birth that are vague, or those that are not.
func (s *search) addYears(from, to int, vague bool, most float32) {
	first, end := s.x.years(from, to, vague)
	s.add(first, end, most)
}

// mostOfYear is the most that a listed day can say for a question that gives none, or 1 January, and the same year.
func (s *search) mostOfYear() float32 {
	if d := s.asked.Birth; d.Month != 0 && !newYear(d) {
		return bornMonth
	}
	return bornOnly
}

// sameName looks at the entries that have the same name, whatever the date of birth, and however many there are: who bears an alert's own name is a hit.
func (s *search) sameName() {
	if len(s.x.wholeAt) == 0 {
		return
	}
	left := s.work
	s.work = math.MaxInt32
	h := s.keys.whole(s.name.parts) >> (64 - s.x.head.WholeBits)
	for _, e := range s.x.whole[s.x.wholeAt[h]:s.x.wholeAt[h+1]] {
		s.reached = append(s.reached, reached{entry: e, most: bornSame})
	}
	s.lookAtReached()
	s.work = left
}
