// Package sim makes the world around a post: travellers who arrive, a clock that can be hurried, an officer who decides.
//
// It owns the mix of people at Agarak, their documents, and how often a listed person, a namesake or an expired passport comes. All of it
// follows from one seed: the same seed and options give the same arrivals, byte for byte, however the caller goes about it. It
// reads no clock and no global randomness.
//
// The people do not exist. Names are drawn from word lists, numbers and dates at random. The mix, the hours and the rates are guesses
// made from public reports; they are for trying the software, and no statement about anybody.
package sim

import (
	"math/rand/v2"
	"time"

	"marz"
)

// What passes at Agarak on an average day. Reports give the order of magnitude and no more.
const (
	PersonsPerDay = 1900 // travellers in cars, buses and on foot
	TrucksPerDay  = 450  // trucks, most with one driver
)

// The shares of travellers who need more than a glance, when Options leaves them at zero.
const (
	TrueHitShare   = 1.0 / 20_000
	NearNameShare  = 1.0 / 150
	RefusableShare = 1.0 / 2_000
)

// Options say what arrives. The zero value is Agarak from the Unix epoch, without a list.
type Options struct {
	Start   marz.Instant   // nobody arrives before
	PerHour float64        // travellers an hour, day and night alike; 0 for the post's own number and hours
	List    []Alert        // whom true hits and near names are drawn from; empty for none of either
	Zone    *time.Location // the post's, for its hours and calendar; nil for UTC+04:00, which is Armenia's

	// Shares of all travellers; 0 for the constants above, negative for none.
	TrueHit   float64
	NearName  float64 // beside those who bear the name of a listed person by chance
	Refusable float64
}

// Arrival is a traveller who comes up to the line at an instant.
type Arrival struct {
	At marz.Instant
	Traveller
}

// Source is an endless stream of arrivals. It belongs to one goroutine, but for ServiceTime and Decide, which any may call.
type Source struct {
	seed    uint64
	rng     *rand.Rand
	start   marz.Instant
	zone    *time.Location
	persons flow
	trucks  flow

	alerts  []Alert
	byName  map[string][]int // index of alerts by nameKey
	share   shares
	numbers map[string]*serials

	parties, people uint64 // how many there have been
	party           *party // the party that is arriving
	arrived         int    // how many of it have arrived
	at              marz.Instant
}

// shares are of all travellers, not of parties.
type shares struct{ trueHit, nearName, refusable float64 }

// New returns the stream that the seed and the options give.
func New(seed uint64, opts Options) *Source {
	s := &Source{
		seed:    seed,
		rng:     rand.New(rand.NewPCG(seed, 0x6d61727a)),
		start:   opts.Start,
		zone:    opts.Zone,
		byName:  map[string][]int{},
		numbers: map[string]*serials{},
		share: shares{
			trueHit:   orDefault(opts.TrueHit, TrueHitShare),
			nearName:  orDefault(opts.NearName, NearNameShare),
			refusable: orDefault(opts.Refusable, RefusableShare),
		},
	}
	if s.zone == nil {
		s.zone = time.FixedZone("+04", 4*60*60)
	}
	for _, a := range opts.List {
		if a.usable() {
			s.alerts = append(s.alerts, a)
		}
	}
	if len(s.alerts) == 0 {
		s.share.trueHit, s.share.nearName = 0, 0
	}
	for i, a := range s.alerts {
		if a.Primary == "" {
			continue
		}
		s.index(i, a.Primary, a.Secondary)
		for _, n := range a.Aliases {
			s.index(i, n[0], n[1])
		}
	}
	s.persons = newFlow("persons", PersonsPerDay/meanParty(), personHours[:], meanParty())
	s.trucks = newFlow("trucks", TrucksPerDay, truckHours[:], meanCrew)
	if opts.PerHour > 0 {
		all := PersonsPerDay + TrucksPerDay*meanCrew
		s.persons.steady = opts.PerHour * PersonsPerDay / all / s.persons.mean
		s.trucks.steady = opts.PerHour * TrucksPerDay / all
	}
	s.advance(&s.persons)
	s.advance(&s.trucks)
	return s
}

func (s *Source) index(i int, primary, secondary string) {
	k := nameKey(primary, secondary)
	s.byName[k] = append(s.byName[k], i)
}

func orDefault(v, def float64) float64 {
	switch {
	case v == 0:
		return def
	case v > 0:
		return v
	}
	return 0
}

// Next returns the next arrival. Arrivals come in order of time; those who travel together arrive at the same instant.
func (s *Source) Next() Arrival {
	for s.party == nil {
		f := &s.persons
		if s.trucks.next < s.persons.next {
			f = &s.trucks
		}
		s.at = s.start + marz.Instant(f.next)
		s.party, s.arrived = s.nextParty(f), 0
		s.advance(f)
	}
	t := s.party.members[s.arrived]
	t.Companions = len(s.party.members) - 1
	if s.arrived++; s.arrived == len(s.party.members) {
		s.comeBack(s.party)
		s.party = nil
	}
	return Arrival{At: s.at, Traveller: t}
}
