package mrz

import "marz"

// oldest is the age in years beyond which a traveller is not taken to be possible. Only a handful of people alive at any
// time are older; a higher bound would raise the doubt about every second young adult.
const oldest = 115

// birthDate reads a date of birth (9303-3 §4.8). The century is the latest one in which the known parts do not lie after
// today; the standard itself gives no rule. doubt says that the century before would be a possible age as well.
func birthDate(field string, today marz.Date) (d marz.Date, doubt bool, fault dateFault) {
	d, yearKnown, fault := dateParts(field)
	if yearKnown {
		d.Year += today.Year - today.Year%100
		if after(d, today) {
			d.Year -= 100
		}
		doubt = today.Year-(d.Year-100) <= oldest
	}
	fault.calendar(&d)
	return d, doubt, fault
}

// expiryDate reads a date of expiry. The century is the one that brings the year nearest to today's, with 50 years ahead
// taken before 50 years behind: no document is valid for more than a few decades, and those long expired are still shown.
// doubt says that it is the year 99 taken into the past, by which some states write that a document has no end.
func expiryDate(field string, today marz.Date) (d marz.Date, doubt bool, fault dateFault) {
	d, yearKnown, fault := dateParts(field)
	if yearKnown {
		d.Year += today.Year - today.Year%100
		switch {
		case d.Year-today.Year > 50:
			d.Year -= 100
		case today.Year-d.Year >= 50:
			d.Year += 100
		}
		doubt = d.Year%100 == 99 && d.Year < today.Year
	}
	fault.calendar(&d)
	return d, doubt, fault
}

// dateFault is the first thing wrong with a date: what, and at which character of it, from 0.
type dateFault struct{ kind, at int }

const (
	partMalformed  = 1 + iota // neither two digits nor two fillers
	partImpossible            // no month or day of any calendar
)

func (f *dateFault) note(kind, at int) {
	if f.kind == 0 {
		f.kind, f.at = kind, at
	}
}

// calendar makes a day unknown that its month does not have.
func (f *dateFault) calendar(d *marz.Date) {
	if !d.Valid() {
		d.Day = 0
		f.note(partImpossible, 4)
	}
}

// dateParts reads the parts of YYMMDD. Two fillers are an unknown part; what is neither digits nor fillers, or no month or
// day of any calendar, is given as unknown with a fault. The year is returned without its century.
func dateParts(field string) (d marz.Date, yearKnown bool, fault dateFault) {
	d.Year, yearKnown = fault.part(field, 0, 0, 99)
	d.Month, _ = fault.part(field, 2, 1, 12)
	d.Day, _ = fault.part(field, 4, 1, 31)
	return d, yearKnown, fault
}

// part reads two characters of a date.
func (f *dateFault) part(field string, at, low, high int) (v int, known bool) {
	a, b := field[at], field[at+1]
	if a == filler && b == filler {
		return 0, false
	}
	if !digit(a) || !digit(b) {
		f.note(partMalformed, at)
		return 0, false
	}
	v = int(a-'0')*10 + int(b-'0')
	if v < low || v > high {
		f.note(partImpossible, at)
		return 0, false
	}
	return v, true
}

// after reports whether the known parts of d lie after today: an unknown part might be early enough, so it never does.
func after(d, today marz.Date) bool {
	if d.Year != today.Year || d.Month == 0 {
		return d.Year > today.Year
	}
	if d.Month != today.Month || d.Day == 0 {
		return d.Month > today.Month
	}
	return d.Day > today.Day
}
