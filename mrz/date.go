package mrz

import "marz"

// oldest is the age in years beyond which a traveller is not taken to be possible. Only a handful of people alive at any
// time are older; a higher bound would raise the doubt about every second young adult.
const oldest = 115

// birthDate reads a date of birth (9303-3 §4.8). The century is the latest one in which the known parts do not lie after
// today; the standard itself gives no rule. doubt says that the century before would be a possible age as well.
func birthDate(field string, today marz.Date) (d marz.Date, doubt bool, defect string) {
	d, yearKnown, defect := dateParts(field, DefectBirthMalformed, DefectBirthImpossible)
	if yearKnown {
		d.Year += today.Year - today.Year%100
		if after(d, today) {
			d.Year -= 100
		}
		doubt = today.Year-(d.Year-100) <= oldest
	}
	if !d.Valid() {
		d.Day, defect = 0, DefectBirthImpossible
	}
	return d, doubt, defect
}

// expiryDate reads a date of expiry. The century is the one that brings the year nearest to today's, with 50 years ahead
// taken before 50 years behind: no document is valid for more than a few decades, and those long expired are still shown.
func expiryDate(field string, today marz.Date) (d marz.Date, defect string) {
	d, yearKnown, defect := dateParts(field, DefectExpiryMalformed, DefectExpiryImpossible)
	if yearKnown {
		d.Year += today.Year - today.Year%100
		switch {
		case d.Year-today.Year > 50:
			d.Year -= 100
		case today.Year-d.Year >= 50:
			d.Year += 100
		}
	}
	if !d.Valid() {
		d.Day, defect = 0, DefectExpiryImpossible
	}
	return d, defect
}

// dateParts reads the parts of YYMMDD. Two fillers are an unknown part; what is neither digits nor fillers, or no month or
// day of any calendar, is given as unknown with a defect. The year is returned without its century.
func dateParts(field, malformed, impossible string) (d marz.Date, yearKnown bool, defect string) {
	read := func(s string, low, high int) (int, bool) {
		if s == "<<" {
			return 0, false
		}
		if !digit(s[0]) || !digit(s[1]) {
			defect = malformed
			return 0, false
		}
		v := int(s[0]-'0')*10 + int(s[1]-'0')
		if v < low || v > high {
			defect = impossible
			return 0, false
		}
		return v, true
	}
	d.Year, yearKnown = read(field[:2], 0, 99)
	d.Month, _ = read(field[2:4], 1, 12)
	d.Day, _ = read(field[4:], 1, 31)
	return d, yearKnown, defect
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

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
