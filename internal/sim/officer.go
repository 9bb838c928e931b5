package sim

import (
	"math"
	"math/rand/v2"
	"time"

	"marz"
)

// The reasons that the simulated officer gives. A decision on a clear verdict has none.
const (
	ReasonNotSame  = "not-the-same-person"
	ReasonSame     = "same-person"
	ReasonUnsure   = "cannot-tell"
	ReasonExpired  = "a-no-valid-document"
	ReasonLongStay = "stay-exceeded"
	ReasonInOrder  = "document-compared"
)

// maxStay is what most visitors may stay. The officer needs it for his reason, not for his decision.
const maxStay = 90 * day

// ServiceTime returns how long the officer takes for the traveller, from the scan to the decision, in tenths of a second. Most are
// done within a minute; a verdict of attention costs minutes and one of stop more. The same arrival and verdict take the same time.
func (s *Source) ServiceTime(a Arrival, v marz.Verdict) time.Duration {
	rng := s.officer(a, 1)
	seconds := 38.0
	switch {
	case a.Flow == "trucks":
		seconds = 65
	case a.Vehicle == "bus":
		seconds = 30
	}
	around := func(median, spread float64) float64 { return median * math.Exp(spread*rng.NormFloat64()) }
	total := around(seconds, .4)
	switch v.Rank() {
	case 1:
		total += around(80, .5)
	case 2:
		total += around(240, .5)
	}
	total = min(max(total, 8), 30*60)
	return time.Duration(total*10) * 100 * time.Millisecond
}

// Decide returns what a plausible officer decides about the traveller on a verdict, and why. On a clear verdict he lets everybody
// pass, whatever the truth is: he cannot see what the post has not found. The decision is always one of the direction.
func (s *Source) Decide(a Arrival, v marz.Verdict) (marz.Decision, string) {
	pass, stop := marz.Admit, marz.Refer
	if a.Direction == marz.ExitDirection {
		pass, stop = marz.Depart, marz.Hold
	}
	u := s.officer(a, 2).Float64()
	switch {
	case v == marz.Clear:
		return pass, ""
	case a.Truth.TrueHit && u < .9:
		return stop, ReasonSame
	case a.Truth.TrueHit:
		return stop, ReasonUnsure
	case a.Truth.Refusable && a.Direction == marz.EntryDirection:
		return marz.Refuse, ReasonExpired
	case a.Truth.NearName && u < .96:
		return pass, ReasonNotSame
	case a.Truth.NearName:
		return stop, ReasonUnsure
	case a.Direction == marz.ExitDirection && !a.Truth.Before.IsZero() && a.At.Sub(a.Truth.Before) > maxStay:
		return pass, ReasonLongStay
	case u < .98:
		return pass, ReasonInOrder
	}
	return stop, ReasonUnsure
}

// officer returns randomness that follows from the arrival alone, so that lanes may ask in any order.
func (s *Source) officer(a Arrival, question uint64) *rand.Rand {
	return rand.New(rand.NewPCG(mix(s.seed^mix(a.Person)), mix(uint64(a.At)^question<<56)))
}

// mix is the finaliser of SplitMix64: neighbouring inputs give unlike outputs.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
