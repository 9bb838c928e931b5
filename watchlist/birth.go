package watchlist

import (
	"strconv"
	"strings"

	"marz"
)

// agreement is how a date of birth on a list stands to one on a document, from worst to best.
type agreement int

const (
	birthUnknown agreement = iota // one of them has no year
	birthDiffers
	birthNear // within a year, or the same year with another day: a slip, or a guess at the border of a year
	birthYear // agrees as far as both are known, but not to the day
	birthSame // the same day
)

// circaYears is how far an approximate date may be off and still agree.
const circaYears = 2

// compare says how the listed date stands to d.
func (b Birth) compare(d marz.Date) agreement {
	if d.Year == 0 || b.From.Year == 0 {
		return birthUnknown
	}
	first, last := b.From.Year, b.From.Year
	if b.To.Year != 0 {
		first, last = min(b.From.Year, b.To.Year), max(b.From.Year, b.To.Year)
	}
	slack := 0
	if b.Circa {
		slack = circaYears
	}
	switch {
	case d.Year < first-slack-1 || d.Year > last+slack+1:
		return birthDiffers
	case d.Year < first-slack || d.Year > last+slack:
		return birthNear
	case b.To.IsZero() && !b.Circa:
		return compareDay(b.From, d)
	case !b.Circa && outside(b, d):
		return birthNear
	}
	return birthYear
}

// compareDay compares two dates of the same year.
func compareDay(a, d marz.Date) agreement {
	if a.Full() && d.Full() {
		if a == d {
			return birthSame
		}
		return birthNear
	}
	if a.Month != 0 && d.Month != 0 && a.Month != d.Month {
		return birthNear
	}
	return birthYear
}

// outside reports whether a full date lies outside a span with full ends, in the year of one of them.
func outside(b Birth, d marz.Date) bool {
	return b.From.Full() && b.To.Full() && d.Full() && (d.Compare(b.From) < 0 || d.Compare(b.To) > 0)
}

// String writes the date for a reader: "1971", "1973 to 1974", "about 1951".
func (b Birth) String() string {
	s := short(b.From)
	if !b.To.IsZero() {
		s += " to " + short(b.To)
	}
	if b.Circa {
		s = "about " + s
	}
	return s
}

// short writes a date without its unknown parts: "1985", "1985-03", "1985-03-01".
func short(d marz.Date) string {
	s := d.String()
	for strings.HasSuffix(s, "-XX") {
		s = strings.TrimSuffix(s, "-XX")
	}
	return s
}

var months = map[string]int{
	"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10,
	"nov": 11, "dec": 12, "january": 1, "february": 2, "march": 3, "april": 4, "june": 6, "july": 7, "august": 8,
	"september": 9, "october": 10, "november": 11, "december": 12,
}

// parseBirth reads a date of birth in the words of lists: "10 Dec 1948", "Sep 1938", "1946", "1948-12-10", each with
// "circa" before it, and two of them with "to" or between years a hyphen.
func parseBirth(s string) (Birth, bool) {
	var b Birth
	s = strings.Join(strings.Fields(s), " ")
	for _, word := range []string{"circa ", "approximately ", "about ", "c. "} {
		if rest, ok := cutPrefixFold(s, word); ok {
			s, b.Circa = rest, true
			break
		}
	}
	s, _ = cutPrefixFold(s, "between ")
	from, to, span := strings.Cut(s, " to ")
	if !span {
		from, to, span = strings.Cut(s, " and ")
	}
	if !span && len(s) == 9 && s[4] == '-' {
		from, to, span = s[:4], s[5:], true
	}
	var ok bool
	if b.From, ok = parseDay(from); !ok {
		return Birth{}, false
	}
	if span {
		if rest, ok := cutPrefixFold(to, "circa "); ok {
			to, b.Circa = rest, true
		}
		if b.To, ok = parseDay(to); !ok || b.To.Year < b.From.Year {
			return Birth{}, false
		}
	}
	return b, true
}

// parseDay reads "10 Dec 1948", "Dec 1948", "1948", or a date as the root package writes it, with a time of day or an
// offset after it, which say nothing about a birth.
func parseDay(s string) (marz.Date, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 10 && s[4] == '-' && s[7] == '-' && strings.ContainsRune("T+Z-", rune(s[10])) {
		s = s[:10]
	}
	if d, err := marz.ParseDate(s); err == nil {
		return d, d.Year != 0
	}
	f := strings.Fields(strings.NewReplacer(".", " ", ",", " ").Replace(s))
	if len(f) < 2 || len(f) > 3 {
		return marz.Date{}, false
	}
	var d marz.Date
	d.Month = months[strings.ToLower(f[len(f)-2])]
	d.Year = digits(f[len(f)-1], 4)
	if len(f) == 3 {
		d.Day = digits(f[0], 2)
	}
	if d.Month == 0 || d.Year == 0 || len(f) == 3 && d.Day == 0 || !d.Valid() {
		return marz.Date{}, false
	}
	return d, true
}

// digits reads a positive decimal number of at most width digits, and gives 0 for anything else.
func digits(s string, width int) int {
	if len(s) > width {
		return 0
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}
