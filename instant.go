package marz

import (
	"fmt"
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

// ParseInstant reads an instant in RFC 3339. A zone or offset is required, since an instant without one is a guess.
func ParseInstant(s string) (Instant, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return 0, &Error{Code: Invalid, Op: "instant", Subject: fmt.Sprintf("%.40q", s),
			Fix: "write it as RFC 3339 with its offset, for example 2025-01-01T00:00:00+04:00"}
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
