package marz

import (
	"fmt"
	"regexp"
	"time"
)

// Instant is a point in time in milliseconds since 1970-01-01T00:00:00Z. It has no time zone: a zone belongs to the
// place where an instant is shown. The zero Instant means "no instant".
type Instant int64

// instantLayout is the one written form of an instant: RFC 3339 in UTC with milliseconds, always 24 bytes.
const instantLayout = "2006-01-02T15:04:05.000Z"

// A Clock tells the present instant. Domain code is given one and never reads the machine's clock by itself.
type Clock func() Instant

// InstantOf returns t as an Instant, cut to the millisecond.
func InstantOf(t time.Time) Instant { return Instant(t.UnixMilli()) }

// ParseInstant reads an instant in RFC 3339, of the years 1 to 9999. A zone or offset is required, since an instant without one is a guess. The very
// instant that stands for none cannot be read, so that nobody writes an end and gets none.
func ParseInstant(s string) (Instant, error) {
	bad := func(fix string) (Instant, error) {
		return 0, &Error{Code: Invalid, Op: "instant", Subject: fmt.Sprintf("%.40q", s), Fix: fix}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return bad("write it as RFC 3339 with its offset, for example 2025-01-01T00:00:00+04:00")
	}
	if y := t.UTC().Year(); y < 1 || y > 9999 {
		return bad("its year in UTC is not 1 to 9999")
	}
	if InstantOf(t) == 0 {
		return bad("in Marz this instant stands for none; write the millisecond after it, 1970-01-01T00:00:00.001Z")
	}
	return InstantOf(t), nil
}

// Time returns the instant as a time in UTC.
func (i Instant) Time() time.Time { return time.UnixMilli(int64(i)).UTC() }

// In returns the instant as a time in the zone of a place.
func (i Instant) In(zone *time.Location) time.Time { return time.UnixMilli(int64(i)).In(zone) }

// Add returns the instant d later.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d.Milliseconds()) }

// Sub returns how much later i is than j.
func (i Instant) Sub(j Instant) time.Duration { return time.Duration(i-j) * time.Millisecond }

// IsZero reports whether there is no instant.
func (i Instant) IsZero() bool { return i == 0 }

// String returns the written form in UTC, or "" for no instant.
func (i Instant) String() string {
	if i == 0 {
		return ""
	}
	return i.Time().Format(instantLayout)
}

var written = regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`)

// RewriteInstants writes the instants that stand in a text, as String writes them, in another form.
func RewriteInstants(text string, write func(Instant) string) string {
	return written.ReplaceAllStringFunc(text, func(s string) string {
		i, err := ParseInstant(s)
		if err != nil {
			return s
		}
		return write(i)
	})
}

// MarshalText writes the instant as in String.
func (i Instant) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText reads RFC 3339 with an offset; empty text is no instant.
func (i *Instant) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*i = 0
		return nil
	}
	v, err := ParseInstant(string(b))
	if err != nil {
		return err
	}
	*i = v
	return nil
}

// UnmarshalTOML reads a string as UnmarshalText does, or a TOML date-time with an offset. One without an offset is refused: a TOML library fills in that of
// the machine that reads.
func (i *Instant) UnmarshalTOML(v any) error {
	switch v := v.(type) {
	case string:
		return i.UnmarshalText([]byte(v))
	case time.Time:
		if layout := localTOML[v.Location().String()]; layout != "" {
			return i.UnmarshalText([]byte(v.Format(layout)))
		}
		return i.UnmarshalText([]byte(v.Format(time.RFC3339Nano)))
	}
	return &Error{Code: Invalid, Op: "instant", Subject: fmt.Sprintf("%.40q", fmt.Sprint(v)), Fix: `write it in quotes, for example "2025-01-01T00:00:00+04:00"`}
}

// localTOML is how what TOML calls local is written, by the name of the zone that the library gives it.
var localTOML = map[string]string{"datetime-local": "2006-01-02T15:04:05.999", "date-local": "2006-01-02", "time-local": "15:04:05.999"}
