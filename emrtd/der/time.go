package der

import (
	"strings"
	"time"
)

// The forms in which times are met. The first of each is the one that X.690 §11.7 and §11.8 and RFC 5280 §4.1.2.5 allow.
var (
	utcForms         = []string{"060102150405Z", "0601021504Z", "060102150405-0700", "0601021504-0700", "060102150405", "0601021504"}
	generalizedForms = []string{"20060102150405Z", "20060102150405.999999999Z", "200601021504Z", "2006010215Z", "20060102150405-0700", "200601021504-0700", "20060102150405", "200601021504"}
)

// Time reads a UTCTime or GeneralizedTime in UTC. One in another form than DER's is a defect; so is one that is no time at all, for
// which the zero time is returned: whoever asks for validity then cannot determine it, and all else can still be read.
func (r *Reader) Time(e *Element) (time.Time, error) {
	if e.Class != Universal || e.Tag != TagUTCTime && e.Tag != TagGeneralizedTime {
		return time.Time{}, Errorf(e.Offset, "it should be a time and is %s", e.Name())
	}
	b, err := r.Octets(e)
	if err != nil {
		return time.Time{}, err
	}
	s := string(b)
	own, other := utcForms, generalizedForms
	if e.Tag == TagGeneralizedTime {
		own, other = other, own
	}
	if t, at, ok := parseTime(s, own); ok {
		if at != 0 {
			r.Note(TimeForm, e.Offset, e.Name())
		}
		return t, nil
	}
	if t, _, ok := parseTime(strings.TrimRight(s, " \x00"), append(own[:len(own):len(own)], other...)); ok {
		r.Note(TimeForm, e.Offset, e.Name())
		return t, nil
	}
	r.Note(TimeUnreadable, e.Offset, e.Name())
	return time.Time{}, nil
}

// parseTime tries the forms in order and says which one it was. Years of two digits are 1950 to 2049 (RFC 5280 §4.1.2.5.1).
func parseTime(s string, forms []string) (time.Time, int, bool) {
	for i, form := range forms {
		if len(s) != len(form) && !strings.Contains(form, ".") {
			continue
		}
		t, err := time.Parse(form, s)
		if err != nil {
			continue
		}
		if strings.HasPrefix(form, "06") {
			t = century(t)
		}
		return t.UTC(), i, true
	}
	return time.Time{}, 0, false
}

// century moves a year that Go has read from two digits (1969 to 2068) into 1950 to 2049.
func century(t time.Time) time.Time {
	if t.Year() >= 2050 {
		return t.AddDate(-100, 0, 0)
	}
	return t
}
