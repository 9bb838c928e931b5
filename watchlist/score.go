package watchlist

import (
	"marz"
)

// Threshold is the number of points from which an alert is a hit. A point is a bit of evidence: one more means that it is twice as likely that a traveller who is not the one on
// the list would not agree with the alert so far. Points add up without end:
//
//   - the parts of the name, each by how rare it is, less what its spelling differs; what is whole on both sides, and what is left over on each (package name);
//   - the date of birth, nationality and sex, for it and against it, by the constants below.
//
// Whose name is equal to the alert's, with nothing against it, is a hit however common the name is: it has the threshold at least. An officer has to know of it, and how little it says.
const Threshold = 26

// What everything but the name says, in points. Of people who travel, 1 in about 27,000 was born on a day, and lists and documents disagree on few.
const (
	bornSame    = 15
	bornNewYear = 8 // both on 1 January, which stands for a year alone in many registers
	bornSwapped = 9 // day and month exchanged
	bornYear    = 8 // the most that a date can say that is not the same day: the month agrees
	bornMonth   = 8
	bornOnly    = 5 // one side has the year alone, and it agrees
	bornNear    = 1 // it is one year off, or a part of the day in the same year
	bornPart    = 3
	bornOff     = -1 // the same year, another day
	bornFar     = -2 // another year by one digit, the same day; the most that another year can say
	bornOther   = -9

	nationSame  = 2.5
	nationOther = -1.5
	sexSame     = 0.7
	sexOther    = -6
	otherKind   = -8   // a traveller, and an alert that is not about a person
	weakBits    = -2   // what the list calls a weak alias
	equalBits   = 0.01 // so that an equal name is a hit in spite of rounding

	mostOther = nationSame + sexSame
)

// evidence is what everything but the name says, in points.
type evidence struct {
	born, nation, sex, kind float32
	listed                  uint32 // the date of birth that it is about
}

func (v evidence) sum() float32 { return v.born + v.nation + v.sex + v.kind }

// weigh compares the query with what is listed of an alert beside its names.
func (a *asked) weigh(e *entryRecord) evidence {
	v := evidence{listed: e.born}
	if k := kinds[min(max(int(e.kind), 1)-1, len(kinds)-1)]; k != Person && k != Document {
		if a.traveller {
			v.kind = otherKind
		}
		return v
	}
	v.born = bornBits(v.listed, a.Birth)
	if a.nation != 0 && e.nations[0] != 0 {
		v.nation = nationOther
		for _, n := range e.nations {
			if n == a.nation {
				v.nation = nationSame
			}
		}
	}
	if a.sex != 0 && (e.sex == 'M' || e.sex == 'F') {
		if v.sex = sexSame; e.sex != a.sex {
			v.sex = sexOther
		}
	}
	return v
}

// bornBits compares a listed date of birth with one on a document. A part that is not known on either side says nothing.
func bornBits(listed uint32, d marz.Date) float32 {
	l := unpackBorn(listed)
	if l.Year == 0 || d.Year == 0 {
		return 0
	}
	off := max(l.Year-d.Year, d.Year-l.Year)
	both := l.Full() && d.Full()
	switch {
	case off == 0 && both:
		return sameYear(l, d)
	case off == 0 && l.Month != 0 && d.Month != 0:
		if l.Month == d.Month {
			return bornMonth
		}
		return bornOff
	case off == 0:
		return bornOnly
	case off == 1 && both && l.Month == d.Month && l.Day == d.Day && !newYear(d):
		return bornPart
	case off == 1 && !both:
		return bornNear
	case off == 1, off == 2 && !both:
		return 2 * bornFar
	case both && l.Month == d.Month && l.Day == d.Day && !newYear(d) && slip(l.Year, d.Year):
		return bornFar
	}
	return bornOther
}

// sameYear compares two full dates of one year.
func sameYear(l, d marz.Date) float32 {
	switch {
	case l == d && newYear(d):
		return bornNewYear
	case l == d:
		return bornSame
	case newYear(l) || newYear(d):
		return bornOnly - 1
	case l.Month == d.Day && l.Day == d.Month:
		return bornSwapped
	case l.Month == d.Month || l.Day == d.Day:
		return bornPart
	}
	return bornOff
}

// slip reports whether two years differ in one digit or by two that are exchanged.
func slip(a, b int) bool {
	differ := 0
	for x, y := a, b; x > 0 || y > 0; x, y = x/10, y/10 {
		if x%10 != y%10 {
			differ++
		}
	}
	return differ == 1 || differ == 2 && a%10 == b/10%10 && b%10 == a/10%10 && a/100 == b/100
}
