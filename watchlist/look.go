package watchlist

// Entries are looked at in passes over as many as were reached: first the bounds that need nothing but the entries themselves, then what has to be read of the terms of those that are left. In each pass all places are read
// one independently of the other, so that memory is waited for once: one place after the other would be most of a question's time.

// reached is an entry that is to be looked at: what its date of birth can say at most, and then what the name has to say at least.
type reached struct {
	entry uint32
	most  float32
	need  float32
	other evidence
}

// mostReached is how many are kept before they are looked at.
const mostReached = 256

// lookAt looks at all entries of a stretch, of which the date of birth can say so much at most.
func (s *search) lookAt(first, end uint32, most float32) {
	for e := first; e < end; e++ {
		if s.reached = append(s.reached, reached{entry: e, most: most}); len(s.reached) == mostReached {
			s.lookAtReached()
		}
	}
	s.lookAtReached()
}

// lookAtReached looks at the entries that were reached, each once.
func (s *search) lookAtReached() {
	s.unseen()
	s.awaitEntries()
	s.read = s.read[:0]
	n := 0
	for i := range s.reached {
		if r := &s.reached[i]; s.work >= 0 && s.looksLike(r) {
			s.reached[n] = *r
			n++
		}
	}
	s.reached = s.reached[:n]
	s.awaitTerms()
	for i := range s.reached {
		r := &s.reached[i]
		if b := s.likely(&s.x.entry[r.entry]); s.reaches(&b, r.need) {
			s.keep(r.entry, &r.other)
		}
	}
	s.reached = s.reached[:0]
}

// unseen leaves those out that were looked at for this way of writing the name.
func (s *search) unseen() {
	n := 0
	for i := range s.reached {
		e := s.reached[i].entry
		if seen := &s.seen[spread(e)>>22]; *seen != (seenEntry{e, s.costs.gen}) {
			*seen = seenEntry{e, s.costs.gen}
			s.reached[n] = s.reached[i]
			n++
		}
	}
	s.reached = s.reached[:n]
}

// looksLike reports whether an entry can reach the threshold by the consonants of its name, date of birth, sex and nationality, and notes what has to be read to know better.
func (s *search) looksLike(r *reached) bool {
	e := &s.x.entry[r.entry]
	s.work -= lookWork + len(s.name.parts)/4
	b := s.likely(e)
	if !b.enough(Threshold-r.most-mostOther, s.name.given) && !s.mayDivide() || s.dead != nil && s.dead[e.alert>>6]>>(e.alert&63)&1 != 0 {
		return false
	}
	r.other = s.asked.weigh(e)
	r.need = Threshold - r.other.sum()
	if e.name&weakFlag != 0 {
		r.need -= weakBits
	}
	if !b.enough(r.need, s.name.given) && !(s.mayDivide() && s.divided(&bound{})) {
		return false
	}
	for j := range s.compare {
		if s.may[j] != 0 {
			s.read = append(s.read, s.compare[j].term)
		}
	}
	return true
}

// awaitEntries reads what will be looked at of the entries that were reached.
func (s *search) awaitEntries() {
	s.places = s.places[:0]
	for i := range s.reached {
		s.places = append(s.places, s.x.entry[s.reached[i].entry].at)
	}
	for _, at := range s.places {
		s.awaited += s.x.terms[at].bones
	}
}

// awaitTerms reads the terms that will be compared.
func (s *search) awaitTerms() {
	s.places = s.places[:0]
	for _, t := range s.read {
		s.places = append(s.places, s.x.record[t].at)
	}
	for _, at := range s.places {
		s.awaited += uint32(s.x.texts[at])
	}
}
