package sim

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"marz"
	"marz/mrz"
)

// Traveller is one person as he comes to the line, with the document he hands over.
type Traveller struct {
	Person      uint64 // the same number at each crossing of the same person
	Primary     string // family name, in the capitals of the document
	Secondary   string // given names
	Nationality string // ICAO 9303-3 §5 code
	Sex         string // "M" or "F"
	Birth       marz.Date
	Document    Document
	MRZ         string // lines joined by "\n"

	Direction  marz.Direction
	Flow       string // "persons" or "trucks", as of lanes
	Vehicle    string // "car", "bus", "truck" or "foot"
	Plate      string // the vehicle's; empty on foot
	Party      uint64 // the same for all who travel together, on each of their crossings
	Companions int    // how many others travel in the party

	Truth Truth
}

// Document is what the traveller hands over.
type Document struct {
	Format   mrz.Format
	Code     string // document code, for example "P"
	Issuer   string // ICAO 9303-3 §5 code
	Number   string // unlike that of any other traveller
	Optional string // personal number, or empty
	Expiry   marz.Date
}

// Truth is what the simulation knows about a traveller and the post is to find out.
type Truth struct {
	TrueHit   bool         // he is the person, or bears the document, that the alert AlertID is about
	NearName  bool         // he is not, but has nearly the same name and age as the person of AlertID
	AlertID   marz.AlertID // empty when neither
	Refusable bool         // he has no right to enter, since his passport has expired
	Before    marz.Instant // when he last crossed here, the other way; zero the first time
}

// Name fields hold 39, 30 or 31 letters (9303-4 §4.2.2, -5 §4.2.2, -6 §4.2.2). A field that is full counts as cut, so names stay
// below. Every name of the word lists is shorter than longName; one longer than shortName travels on a passport or a full visa.
const (
	longName  = 38
	shortName = 29
)

func nameLength(primary, secondary string) int { return len(primary) + 2 + len(secondary) }

// newPerson makes somebody of the nation, without a document yet.
func (s *Source) newPerson(n *nation, sex, family string, age int) Traveller {
	s.people++
	t := Traveller{Person: s.people, Nationality: n.code, Sex: sex}
	t.Secondary = n.givenName(s.rng, sex)
	if family == "" {
		family = n.family.draw(s.rng)
	}
	t.Primary = n.familyName(family, sex)
	t.Birth = s.birth(age)
	if s.rng.Float64() < n.vague {
		t.Birth.Month, t.Birth.Day = 0, 0
	}
	return t
}

// adultAge draws an age from 18 to 73, more often young.
func (s *Source) adultAge() int {
	u := s.rng.Float64()
	return 18 + int(28*(u+u*s.rng.Float64()))
}

func (s *Source) birth(age int) marz.Date {
	return marz.DateOf(s.at.In(s.zone).AddDate(-age, 0, -20-s.rng.IntN(340)))
}

func (s *Source) anySex(men float64) string {
	if s.rng.Float64() < men {
		return "M"
	}
	return "F"
}

// document issues the document that the traveller hands over and writes its zone. Number "" takes the next of the series.
func (s *Source) document(t *Traveller, n *nation, number string, expired bool) {
	d := Document{Format: mrz.TD3, Code: "P", Issuer: n.code}
	template := n.passport
	u := s.rng.Float64()
	short := nameLength(t.Primary, t.Secondary) <= shortName
	switch {
	case number != "" || expired:
	case u < n.cards && short:
		d.Format, d.Code, template = mrz.TD1, "ID", n.card
		if n.cardSize == 2 {
			d.Format = mrz.TD2
		}
	case u > 1-n.visas:
		d.Format, d.Code, d.Issuer, template = mrz.MRVA, "V", "ARM", "V1######"
		if short && s.rng.IntN(3) == 0 {
			d.Format = mrz.MRVB
		}
	}
	if d.Number = number; number == "" {
		d.Number = s.number(d.Issuer, template)
	}
	if d.Code != "V" && n.personal > 0 {
		d.Optional = fill(s.rng, strings.Repeat("#", n.personal), false)
	}
	d.Expiry = s.expiry(t, n, expired)
	t.Document = d
	t.MRZ = zone(t)
}

// expiry draws the day on which a document expires: not within 200 days, since those who travel renew in time, or else in the past.
func (s *Source) expiry(t *Traveller, n *nation, expired bool) marz.Date {
	today := s.at.In(s.zone)
	if expired {
		return marz.DateOf(today.AddDate(0, 0, -1-s.rng.IntN(700)))
	}
	years := n.years
	if t.Birth.Year > today.Year()-18 {
		years = 5
	}
	return marz.DateOf(today.AddDate(0, 0, 200+s.rng.IntN(years*365-230)))
}

func (s *Source) number(issuer, template string) string {
	k := issuer + " " + template
	if s.numbers[k] == nil {
		// Each series has randomness of its own, so that its order does not hang on when it is first used.
		s.numbers[k] = newSerials(rand.New(rand.NewPCG(s.seed, hash(k))), template)
	}
	return s.numbers[k].next()
}

func zone(t *Traveller) string {
	text, err := mrz.Write(mrz.Document{
		Format: t.Document.Format, Code: t.Document.Code, Issuer: t.Document.Issuer,
		Primary: t.Primary, Secondary: t.Secondary, Number: t.Document.Number, Nationality: t.Nationality,
		Birth: t.Birth, Sex: t.Sex, Expiry: t.Document.Expiry, Optional1: t.Document.Optional,
	})
	if err != nil {
		panic("sim: a traveller without a zone: " + err.Error()) // names and numbers were checked before they got here
	}
	return text
}

// nameKey is the same for names that consist of the same words.
func nameKey(primary, secondary string) string {
	words := strings.Fields(primary + " " + secondary)
	slices.Sort(words)
	return strings.Join(words, " ")
}

// resemble notes whether the traveller bears the name of a listed person of his age by chance. Should he have been born on the very
// day, he gets another, since a stranger with the same name and birth date would be taken for a true hit.
func (s *Source) resemble(t *Traveller) {
	for _, i := range s.byName[nameKey(t.Primary, t.Secondary)] {
		a := &s.alerts[i]
		if a.Sex != "" && a.Sex != t.Sex || !likeAge(a.Birth, t.Birth) {
			continue
		}
		if t.Birth == a.Birth {
			t.Birth = anotherDay(t.Birth)
		}
		t.Truth.NearName, t.Truth.AlertID = true, a.ID
		return
	}
}

// likeAge reports whether two birth dates lie in the same year or in neighbouring ones, as far as they are known.
func likeAge(a, b marz.Date) bool {
	return a.Year == 0 || b.Year == 0 || a.Year-b.Year <= 1 && b.Year-a.Year <= 1
}

// anotherDay returns a birth date close to d.
func anotherDay(d marz.Date) marz.Date {
	if !d.Full() {
		return marz.Date{Year: d.Year - 1}
	}
	return marz.DateOf(time.Date(d.Year, time.Month(d.Month), d.Day+1, 0, 0, 0, 0, time.UTC))
}

// hash is FNV-1a of 64 bits.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range []byte(s) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}
