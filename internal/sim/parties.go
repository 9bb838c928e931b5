package sim

import "marz"

// fresh makes a party that has not been here before.
func (s *Source) fresh(f *flow) *party {
	if f == &s.trucks {
		return s.crew(f)
	}
	n := pickNation(s.rng, func(n *nation) float64 { return n.persons })
	p := s.newParty(f, n)
	u, size := s.rng.Float64(), 0
	for i, share := range partySizes {
		if u -= share; u < 0 {
			size = i + 1
			break
		}
	}
	switch size {
	case 0:
		for range busMin + s.rng.IntN(busMax-busMin+1) {
			p.members = append(p.members, s.newPerson(n, s.anySex(.65), "", s.adultAge()))
		}
	case 1:
		p.members = append(p.members, s.newPerson(n, s.anySex(.77), "", s.adultAge()))
	case 2:
		s.pair(p)
	default:
		s.family(p, size)
	}
	return s.ready(p)
}

// crew makes the driver of a truck, and seldom a second one.
func (s *Source) crew(f *flow) *party {
	n := pickNation(s.rng, func(n *nation) float64 { return n.trucks })
	p := s.newParty(f, n)
	p.members = append(p.members, s.newPerson(n, s.anySex(.99), "", 21+s.rng.IntN(44)))
	if s.rng.Float64() < secondDriver {
		p.members = append(p.members, s.newPerson(n, "M", "", 21+s.rng.IntN(44)))
	}
	return s.ready(p)
}

// pair makes a couple or two friends.
func (s *Source) pair(p *party) {
	if s.rng.Float64() < .65 {
		s.couple(p, s.adultAge())
		return
	}
	sex := s.anySex(.8)
	for range 2 {
		p.members = append(p.members, s.newPerson(p.nation, sex, "", s.adultAge()))
	}
}

// couple adds a husband and a wife and returns the family name that their children bear.
func (s *Source) couple(p *party, age int) string {
	family := p.nation.family.draw(s.rng)
	hers := ""
	if s.rng.Float64() < p.nation.wifeShares {
		hers = family
	}
	p.members = append(p.members,
		s.newPerson(p.nation, "M", family, age),
		s.newPerson(p.nation, "F", hers, max(18, age-6+s.rng.IntN(10))))
	return family
}

// family adds parents and children.
func (s *Source) family(p *party, size int) {
	name := s.couple(p, 27+s.rng.IntN(25))
	for len(p.members) < size {
		p.members = append(p.members, s.newPerson(p.nation, s.anySex(.5), name, s.rng.IntN(18)))
	}
}

// trueHit sends the person whom an alert is about, or somebody with the document that one is about.
func (s *Source) trueHit(f *flow) *party {
	a := &s.alerts[s.rng.IntN(len(s.alerts))]
	n := s.nationOfAlert(a)
	p := s.newParty(f, n)
	p.lone = true
	t := s.newPerson(n, s.sexOfAlert(a), "", s.adultAge())
	number := ""
	if a.Primary == "" {
		number = a.Numbers[s.rng.IntN(len(a.Numbers))]
	} else {
		t.Primary, t.Secondary = a.Primary, a.Secondary
		if len(a.Aliases) > 0 && s.rng.IntN(4) == 0 {
			alias := a.Aliases[s.rng.IntN(len(a.Aliases))]
			t.Primary, t.Secondary = alias[0], alias[1]
		}
		s.bornAs(&t, a.Birth)
		if len(a.Numbers) > 0 && s.rng.IntN(3) > 0 {
			number = a.Numbers[s.rng.IntN(len(a.Numbers))]
		}
	}
	t.Truth = Truth{TrueHit: true, AlertID: a.ID}
	s.document(&t, n, number, false)
	p.members = append(p.members, t)
	return s.ready(p)
}

// bornAs gives the traveller the birth date of an alert, with its unknown parts made up. A list that is younger than the simulated
// day can hold people who are not grown up or not born then; their date is left out.
func (s *Source) bornAs(t *Traveller, d marz.Date) {
	if d.Year == 0 || d.Year > s.at.In(s.zone).Year()-18 {
		return
	}
	if d.Month == 0 {
		d.Month = 1 + s.rng.IntN(12)
	}
	if d.Day == 0 {
		d.Day = 1 + s.rng.IntN(28)
	}
	t.Birth = d
}

// refusable sends somebody whose passport has expired. Armenians are not among them: nobody is refused entry to his own country.
func (s *Source) refusable(f *flow) *party {
	n := pickNation(s.rng, func(n *nation) float64 {
		if n.code == "ARM" {
			return 0
		}
		return n.persons
	})
	p := s.newParty(f, n)
	p.lone = true
	t := s.newPerson(n, s.anySex(.77), "", s.adultAge())
	s.resemble(&t)
	t.Truth.Refusable = true
	s.document(&t, n, "", true)
	p.members = append(p.members, t)
	p.begin, p.home = marz.EntryDirection, false
	return s.ready(p)
}

// nearName sends somebody whose name and age are close to those of a listed person, or returns nil when no alert is about a person.
func (s *Source) nearName(f *flow) *party {
	if len(s.byName) == 0 {
		return nil
	}
	a := &s.alerts[s.rng.IntN(len(s.alerts))]
	for a.Primary == "" {
		a = &s.alerts[s.rng.IntN(len(s.alerts))]
	}
	n := s.nationOfAlert(a)
	p := s.newParty(f, n)
	t := s.newPerson(n, s.sexOfAlert(a), "", s.adultAge())
	t.Primary, t.Secondary = a.Primary, a.Secondary
	if s.rng.IntN(5) > 1 {
		if primary, secondary := variant(s.rng, a.Primary), variant(s.rng, a.Secondary); nameLength(primary, secondary) <= longName {
			t.Primary, t.Secondary = primary, secondary
		}
	}
	if a.Birth.Year != 0 {
		s.bornAs(&t, marz.Date{Year: a.Birth.Year - 1 + s.rng.IntN(3)})
	}
	if t.Birth == a.Birth {
		t.Birth = anotherDay(t.Birth)
	}
	t.Truth = Truth{NearName: true, AlertID: a.ID}
	s.document(&t, n, "", false)
	p.members = append(p.members, t)
	return s.ready(p)
}

func (s *Source) nationOfAlert(a *Alert) *nation {
	if n := nationOf(func(n *nation) bool { return n.code == a.Nationality }); n != nil {
		return n
	}
	return pickNation(s.rng, func(n *nation) float64 { return n.persons })
}

func (s *Source) sexOfAlert(a *Alert) string {
	if a.Sex != "" {
		return a.Sex
	}
	return s.anySex(.85)
}

// newParty opens a party on one of the two legs of its trip.
func (s *Source) newParty(f *flow, n *nation) *party {
	s.parties++
	p := &party{id: s.parties, flow: f, nation: n, begin: marz.ExitDirection}
	if s.rng.Float64() < n.entryFirst {
		p.begin = marz.EntryDirection
	}
	// At the start everybody who is away set out before it, and nobody of them is known. Later only those who set out
	// elsewhere are.
	trips := s.at.Sub(s.start).Hours() / (5 * 24)
	unknown := 1/(1+trips*trips) + .03
	p.home = s.rng.Float64() < unknown/(1+unknown)
	return p
}

// ready completes the party: documents for those who have none, the vehicle, the direction.
func (s *Source) ready(p *party) *party {
	vehicle := "car"
	switch u := s.rng.Float64(); {
	case p.flow == &s.trucks:
		vehicle = "truck"
	case len(p.members) >= busMin:
		vehicle = "bus"
	case u < .1 || u < .35 && len(p.members) == 1:
		vehicle = "foot"
	}
	plate := ""
	if vehicle != "foot" {
		plate = fill(s.rng, p.nation.plate, false)
	}
	for i := range p.members {
		t := &p.members[i]
		if t.MRZ == "" {
			s.resemble(t)
			s.document(t, p.nation, "", false)
		}
		t.Flow, t.Vehicle, t.Plate, t.Party = p.flow.name, vehicle, plate, p.id
		if t.Direction = p.begin; p.home {
			t.Direction = opposite(p.begin)
		}
	}
	return p
}
