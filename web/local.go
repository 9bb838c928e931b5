package web

import (
	"fmt"
	"strings"
	"time"

	"marz"
)

// localLayouts are the forms in which a page's field has an instant in the post's zone. The last comes from a field of the browser.
var localLayouts = []string{"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05"}

// ReadInstant reads an instant as a form sends it in an address: local time of the zone ("2025-01-01 00:00"), or RFC 3339 with its
// offset. Empty text is no instant. A local time that the zone's clocks skipped is Invalid, as is what is no time at all; of one
// that they showed twice it is the one that package time takes.
func ReadInstant(zone, text string) (marz.Instant, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, nil
	}
	for _, layout := range localLayouts {
		if t, err := time.ParseInLocation(layout, text, location(zone)); err == nil && t.Format(layout) == text {
			return marz.InstantOf(t), nil
		}
	}
	if i, err := marz.ParseInstant(text); err == nil {
		return i, nil
	}
	return 0, &marz.Error{Code: marz.Invalid, Op: "instant", Subject: fmt.Sprintf("%.40q", text),
		Fix: "write it in the post's time, for example 2025-01-01 00:00, or as RFC 3339 with its offset"}
}

// moment shows an instant in the form that ReadInstant reads, with seconds only where there are any.
func moment(zone string, i marz.Instant) string {
	if i%60e3 == 0 {
		return minute(zone, i)
	}
	return at(zone, i)
}

// minute is moment without the seconds, for a field in which somebody goes on to write.
func minute(zone string, i marz.Instant) string { return show(zone, i, "2006-01-02 15:04") }

// Local writes the instants in a reason as moment does.
func Local(zone, reason string) string {
	return marz.RewriteInstants(reason, func(i marz.Instant) string { return moment(zone, i) })
}

// lag says how long after its planned instant control passed, or how long before.
func lag(p Passed) string {
	switch d := p.Actual.Sub(p.Planned); {
	case p.Planned.IsZero():
		return "no instant was planned"
	case d > 0:
		return span(d) + " after"
	case d < 0:
		return span(-d) + " before"
	}
	return "at the instant"
}

// span writes a duration above zero, in whole days when it has two or more.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	if d < 2*day {
		return d.String()
	}
	return fmt.Sprintf("%d days", d/day)
}
