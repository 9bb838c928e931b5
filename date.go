package marz

import (
	"fmt"
	"time"
)

// Date is a calendar date of which parts may be unknown, as on travel documents (ICAO 9303-3 §4.8) and on lists.
// A part that is not known is 0. The zero Date is wholly unknown.
type Date struct {
	Year  int // 1 to 9999, or 0 when unknown
	Month int // 1 to 12, or 0 when unknown
	Day   int // 1 to 31, or 0 when unknown
}

// ParseDate reads "2006-01-02", "2006-01" or "2006", with "00" or "XX" for an unknown month or day, "0000" or "XXXX"
// for an unknown year, and "" for a wholly unknown date.
func ParseDate(s string) (Date, error) {
	var d Date
	bad := &Error{Code: Invalid, Op: "date", Subject: fmt.Sprintf("%.20q", s), Fix: "write it as 2006-01-02, 2006-01 or 2006"}
	if s == "" {
		return d, nil
	}
	ok := len(s) == 4 || len(s) == 7 && s[4] == '-' || len(s) == 10 && s[4] == '-' && s[7] == '-'
	if !ok {
		return d, bad
	}
	part := func(t string, out *int) bool {
		if t == "XX" || t == "XXXX" {
			return true
		}
		for _, c := range []byte(t) {
			if c < '0' || c > '9' {
				return false
			}
			*out = *out*10 + int(c-'0')
		}
		return true
	}
	ok = part(s[:4], &d.Year)
	if ok && len(s) >= 7 {
		ok = part(s[5:7], &d.Month)
	}
	if ok && len(s) == 10 {
		ok = part(s[8:], &d.Day)
	}
	if !ok || !d.Valid() {
		return Date{}, bad
	}
	return d, nil
}

// DateOf returns the calendar date of t in t's own zone.
func DateOf(t time.Time) Date { return Date{t.Year(), int(t.Month()), t.Day()} }

// Valid reports whether the known parts can stand in a calendar; 30 February cannot, and neither can month 13.
func (d Date) Valid() bool {
	if d.Year < 0 || d.Year > 9999 || d.Month < 0 || d.Month > 12 || d.Day < 0 || d.Day > 31 {
		return false
	}
	if d.Month == 0 || d.Day == 0 {
		return true
	}
	year := d.Year
	if year == 0 {
		year = 2000 // a leap year: 29 February of an unknown year can be
	}
	return d.Day <= daysIn(year, d.Month)
}

// daysIn returns how many days a month of the Gregorian calendar has.
func daysIn(year, month int) int {
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		return 29
	}
	return [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
}

// Full reports whether year, month and day are all known.
func (d Date) Full() bool { return d.Year != 0 && d.Month != 0 && d.Day != 0 }

// IsZero reports whether no part is known.
func (d Date) IsZero() bool { return d == Date{} }

// Compare orders two full dates: -1 when d is earlier than e, 0 when equal, +1 when later.
func (d Date) Compare(e Date) int {
	a, b := d.Year*10000+d.Month*100+d.Day, e.Year*10000+e.Month*100+e.Day
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// String writes the date as 2006-01-02 with X for each digit of an unknown part ("1985-XX-XX"), or "" when no part is
// known.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	p := func(v, width int) string {
		if v == 0 {
			return "XXXX"[:width]
		}
		return fmt.Sprintf("%0*d", width, v)
	}
	return p(d.Year, 4) + "-" + p(d.Month, 2) + "-" + p(d.Day, 2)
}

// MarshalText writes the date as in String.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the date as ParseDate does.
func (d *Date) UnmarshalText(b []byte) error {
	v, err := ParseDate(string(b))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// UnmarshalTOML reads a string as ParseDate does, or a TOML date.
func (d *Date) UnmarshalTOML(v any) error {
	switch v := v.(type) {
	case string:
		return d.UnmarshalText([]byte(v))
	case time.Time:
		if v.Location().String() == "date-local" {
			*d = DateOf(v)
			return nil
		}
	}
	return &Error{Code: Invalid, Op: "date", Subject: fmt.Sprintf("%.40q", fmt.Sprint(v)), Fix: `write it in quotes, for example "2006-01-02"`}
}
