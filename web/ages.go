package web

import (
	"fmt"
	"time"

	"marz"
)

// Ages is how old what a post knows is, as the header of every page shows it.
type Ages struct {
	HQs   []HQState
	Lists []ListState
}

// Loud reports whether anything is older than the post is set up to let it be, or was refused.
func (a *Ages) Loud() bool {
	for i := range a.HQs {
		if a.HQs[i].Loud() {
			return true
		}
	}
	for i := range a.Lists {
		if a.Lists[i].Loud() {
			return true
		}
	}
	return false
}

// Loud reports whether a headquarters asks for somebody's attention.
func (h HQState) Loud() bool { return h.Late || h.Forked || h.Refused != "" }

// Last returns the seq of the newest entry that is held.
func (h HQState) Last() int64 { return h.Size - 1 }

// Loud reports whether a list asks for somebody's attention.
func (l ListState) Loud() bool { return l.Late || l.Refused != "" || l.Loaded.IsZero() }

// ago says roughly how long ago an instant was; time.js has the same.
func ago(now, at marz.Instant) string {
	d := now.Sub(at)
	if d < time.Minute {
		return "just now"
	}
	for _, u := range []struct {
		size time.Duration
		one  string
		many string
	}{{24 * time.Hour, "day", "days"}, {time.Hour, "h", "h"}, {time.Minute, "min", "min"}} {
		if n := int(d / u.size); n == 1 {
			return "1 " + u.one + " ago"
		} else if n > 1 {
			return fmt.Sprintf("%d %s ago", n, u.many)
		}
	}
	return ""
}
