package inspection

import (
	"fmt"
	"slices"
	"strings"

	"marz"
	"marz/mrz"
)

// Way is how a zone came to the lane.
type Way string

// The ways. The zero value is Scanned.
const (
	Scanned   Way = "scan"      // a reader read it, and it was taken as it came
	Corrected Way = "corrected" // a reader read it, and the officer took another text for it
	Typed     Way = "typed"     // the officer typed it
	Photo     Way = "photo"     // it was read from a photograph, and the officer confirmed what was taken
)

// MostRead bounds the bytes of what was read of a zone.
const MostRead = 1024

// Taken is how the zone of an inspection came to the lane, and what had been read where the officer took another text for it.
type Taken struct {
	Way  Way    `json:"way"`
	Read string `json:"read,omitempty"`
}

// Validate reports whether the way exists and says what was read exactly where something else was taken.
func (t Taken) Validate() error {
	fix := ""
	switch {
	case !slices.Contains([]Way{"", Scanned, Corrected, Typed, Photo}, t.Way):
		fix = "its way is scan, corrected, typed or photo"
	case (t.Way == "" || t.Way == Scanned) && t.Read != "":
		fix = "what was read stands apart only where something else was taken: its way is then corrected, typed or photo"
	case (t.Way == Corrected || t.Way == Photo) && t.Read == "":
		fix = "of a zone that was corrected, or taken from a photograph, say what was read"
	case len(t.Read) > MostRead:
		fix = fmt.Sprintf("what was read is longer than %d bytes", MostRead)
	default:
		return nil
	}
	return &marz.Error{Code: marz.Invalid, Op: "scan", Subject: "the way of the zone", Fix: fix}
}

// Changes are the characters in which the document's zone differs from what was read; none where it was taken as it came.
func (t Taken) Changes(d *mrz.Document) []mrz.Change {
	if t.Read == "" {
		return nil
	}
	return mrz.Changes(t.Read, d.Lines)
}

// checkTaken says how the zone came to the lane, unless a reader gave it as it stands. What the officer changed is borne out when all check digits are right and each change is one that they tell; otherwise reader and officer
// disagree, and nothing here decides between them.
func checkTaken(t Taken, d *mrz.Document, at marz.Instant) []marz.Finding {
	f := marz.Finding{Check: CheckZone, Result: marz.Undetermined, Grave: marz.Clear, Source: zoneSource, AsOf: at}
	changes := t.Changes(d)
	sound := len(BadChecks(d)) == 0 && len(d.Checks) > 0
	told := sound && !slices.ContainsFunc(changes, func(c mrz.Change) bool { return !d.Tells(c) })
	switch {
	case len(changes) > 0 && told:
		f.Result, f.Reason = marz.Successful, corrected(t.Way, changes)+". The check digits bear it out"
	case len(changes) > 0:
		f.Grave, f.Reason = marz.Attention, corrected(t.Way, changes)+". No check digit bears all of it out: compare with the printed page"
	case t.Way == Typed:
		f.Reason = "typed by the officer: no reader has read it"
	case t.Way == Photo && sound:
		f.Result, f.Reason = marz.Successful, "read from a photograph, confirmed by the officer"
	case t.Way == Photo:
		f.Reason = "read from a photograph, confirmed by the officer"
	default:
		return nil
	}
	return []marz.Finding{f}
}

// mostPlaces is how many places a finding names; the payload has all.
const mostPlaces = 8

func corrected(way Way, changes []mrz.Change) string {
	what := "zone corrected by the officer"
	switch way {
	case Typed:
		what = "zone typed, then corrected by the officer"
	case Photo:
		what = "zone read from a photograph, corrected by the officer"
	}
	var places []string
	for _, c := range changes[:min(len(changes), mostPlaces)] {
		places = append(places, fmt.Sprintf("line %d place %d %s", c.Line, c.Column, swapped(c)))
	}
	if more := len(changes) - mostPlaces; more > 0 {
		places = append(places, fmt.Sprintf("%d more", more))
	}
	count := "1 character"
	if len(changes) > 1 {
		count = fmt.Sprintf("%d characters", len(changes))
	}
	return fmt.Sprintf("%s, %s: %s", what, count, strings.Join(places, ", "))
}

func swapped(c mrz.Change) string {
	switch {
	case c.From == "":
		return c.To + " put in"
	case c.To == "":
		return c.From + " taken out"
	}
	return c.From + " to " + c.To
}
