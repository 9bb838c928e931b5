package sim

import (
	"container/heap"
	"slices"
	"time"

	"marz"
)

// personHours and truckHours weigh the 24 hours of the post's day. It is quiet at night, and never empty for long.
var (
	personHours = [24]float64{12, 8, 6, 6, 8, 14, 26, 44, 70, 95, 110, 112, 100, 96, 100, 104, 100, 92, 80, 66, 52, 40, 28, 18}
	truckHours  = [24]float64{10, 8, 8, 8, 9, 11, 14, 18, 22, 25, 26, 26, 24, 24, 25, 25, 24, 23, 21, 19, 17, 15, 13, 11}
)

// partySizes are the shares of parties of 1 to 5 people in the persons flow; the rest of them are buses.
var partySizes = [5]float64{.46, .27, .13, .09, .04}

const (
	busMin, busMax = 12, 30 // people in a bus, evenly
	secondDriver   = .06    // share of trucks with two
	meanCrew       = 1 + secondDriver
)

// meanParty is the mean size of a party in the persons flow.
func meanParty() float64 {
	mean, rest := 0.0, 1.0
	for i, p := range partySizes {
		mean += float64(i+1) * p
		rest -= p
	}
	return mean + rest*(busMin+busMax)/2
}

// A flow is one of the two streams of the post, with the parties that are away and will come back through it.
type flow struct {
	name   string
	hours  [24]float64 // parties an hour, by hour of the day
	top    float64     // the highest of hours
	steady float64     // parties an hour at any hour, or 0 for hours
	mean   float64     // travellers in a party
	next   float64     // when the next party arrives, in milliseconds after the start
	away   partyHeap
}

// maxAway bounds the parties that a flow remembers. Whoever leaves beyond it does not come back.
const maxAway = 200_000

func newFlow(name string, parties float64, weights []float64, mean float64) flow {
	f := flow{name: name, mean: mean}
	var sum float64
	for _, w := range weights {
		sum += w
	}
	for i, w := range weights {
		f.hours[i] = parties * w / sum
		f.top = max(f.top, f.hours[i])
	}
	return f
}

// advance draws when the next party of the flow arrives: a Poisson process whose rate changes with the hour, by thinning.
func (s *Source) advance(f *flow) {
	const hour = float64(time.Hour / time.Millisecond)
	if f.steady > 0 {
		f.next += s.rng.ExpFloat64() / f.steady * hour
		return
	}
	for {
		f.next += s.rng.ExpFloat64() / f.top * hour
		h := (s.start + marz.Instant(f.next)).In(s.zone).Hour()
		if s.rng.Float64()*f.top < f.hours[h] {
			return
		}
	}
}

// A party is people who travel together.
type party struct {
	id      uint64
	flow    *flow
	nation  *nation
	members []Traveller
	begin   marz.Direction // of the first leg of a trip
	home    bool           // on the second leg
	lone    bool           // true hits and refusals, who are not expected again
	due     marz.Instant
}

// nextParty returns who arrives in the flow at s.at: somebody who was to come back by now, or else somebody new.
func (s *Source) nextParty(f *flow) *party {
	// Shares are of travellers, slots are of parties, and only slots of the persons flow are used.
	all := PersonsPerDay + TrucksPerDay*meanCrew
	scale := f.mean * all / PersonsPerDay
	if f == &s.persons {
		switch u := s.rng.Float64(); {
		case u < s.share.trueHit*scale:
			return s.trueHit(f)
		case u < (s.share.trueHit+s.share.refusable)*scale:
			return s.refusable(f)
		}
	}
	if len(f.away) > 0 && f.away[0].due <= s.at {
		p := heap.Pop(&f.away).(*party)
		for i := range p.members {
			p.members[i].Direction = opposite(p.members[i].Direction)
		}
		return p
	}
	if f == &s.persons && s.rng.Float64() < s.share.nearName*scale {
		if p := s.nearName(f); p != nil {
			return p
		}
	}
	return s.fresh(f)
}

const day = 24 * time.Hour

// comeBack arranges for the party to cross in the other direction some days later, if it will.
func (s *Source) comeBack(p *party) {
	if p.lone || len(p.flow.away) >= maxAway {
		return
	}
	chance, least, mean := p.nation.returns, 4*time.Hour, 6*day
	switch trucks := p.flow == &s.trucks; {
	case trucks && p.home:
		chance, least, mean = .8, 2*day, 12*day
	case trucks:
		least, mean = 12*time.Hour, 4*day
	case p.home:
		chance, least, mean = .15, 3*day, 30*day
	}
	if s.rng.Float64() >= chance {
		return
	}
	away := least + time.Duration(s.rng.ExpFloat64()*float64(mean))
	if !p.home && s.rng.IntN(longStays) == 0 {
		away = 95*day + time.Duration(s.rng.Int64N(int64(55*day)))
	}
	p.due = s.at.Add(away)
	p.home = !p.home
	// Nobody comes back on a document that is about to expire, so that only refusable travellers bear an expired one.
	until := marz.DateOf(p.due.Add(30 * day).In(s.zone))
	if slices.ContainsFunc(p.members, func(t Traveller) bool { return t.Document.Expiry.Compare(until) < 0 }) {
		return
	}
	for i := range p.members {
		p.members[i].Truth.Before = s.at
	}
	heap.Push(&p.flow.away, p)
}

// longStays is in how many trips one outlasts the 90 days that most may stay.
const longStays = 400

func opposite(d marz.Direction) marz.Direction {
	if d == marz.EntryDirection {
		return marz.ExitDirection
	}
	return marz.EntryDirection
}

// partyHeap orders parties by when they come back, and then by number, so that the order never depends on chance.
type partyHeap []*party

func (h partyHeap) Len() int { return len(h) }
func (h partyHeap) Less(i, j int) bool {
	return h[i].due < h[j].due || h[i].due == h[j].due && h[i].id < h[j].id
}
func (h partyHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *partyHeap) Push(x any)   { *h = append(*h, x.(*party)) }
func (h *partyHeap) Pop() any {
	old := *h
	p := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return p
}
