package web

import (
	"time"

	"marz"
	"marz/phrase"
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
func ago(words *phrase.Phrases, now, at marz.Instant) string {
	switch d := now.Sub(at); {
	case d < time.Minute:
		return words.Say("time.now")
	case d < time.Hour:
		return words.Say("time.minutes", "n", int(d/time.Minute))
	case d < 24*time.Hour:
		return words.Say("time.hours", "n", int(d/time.Hour))
	default:
		return words.Say("time.ago", "n", int(d/(24*time.Hour)))
	}
}
