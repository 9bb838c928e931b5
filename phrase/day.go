package phrase

import (
	"strconv"
	"time"
)

// Day writes a day as the language does: "2 January 2006", and in Persian by the Solar Hijri calendar.
func (p *Phrases) Day(t time.Time) string {
	y, m, d := t.Year(), int(t.Month()), t.Day()
	if p.Lang == "fa" {
		y, m, d = solarHijri(t)
	}
	return p.Say("month."+strconv.Itoa(m), "day", d, "year", y)
}

// solarHijri returns year, month and day of the Solar Hijri calendar of Iran. Leap years follow the rule of 33 years, which agrees
// with the equinox, and so with the calendar in force, from 1304 (1925) to 1498 (2120).
func solarHijri(t time.Time) (year, month, day int) {
	const epoch = -492268 // days from 1970-01-01 to 1 Farvardin 1
	n := int(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix()/86400) - epoch
	year = n/366 + 1
	for newYear(year+1) <= n {
		year++
	}
	n -= newYear(year)
	if n < 186 {
		return year, n/31 + 1, n%31 + 1
	}
	return year, (n-186)/30 + 7, (n-186)%30 + 1
}

// newYear returns the days from 1 Farvardin 1 to 1 Farvardin of a year.
func newYear(year int) int { return 365*(year-1) + (8*year+21)/33 }
