package web

import (
	"slices"

	"marz"
)

// Officers returns who sits at a lane, in the order in which they took it. Nobody sits at one that is closed.
func (l Lane) Officers() []marz.OfficerID {
	switch {
	case !l.Open:
		return nil
	case len(l.Seats) == 0 && l.Officer != "":
		return []marz.OfficerID{l.Officer}
	}
	out := make([]marz.OfficerID, len(l.Seats))
	for i, s := range l.Seats {
		out[i] = s.Officer
	}
	return out
}

// Sits reports whether the officer sits at the lane.
func (l Lane) Sits(o marz.OfficerID) bool { return slices.Contains(l.Officers(), o) }

// CanJoin reports whether the officer may sit down beside those who are at the lane: in joint service, where nobody of his authority is.
func (l Lane) CanJoin(o marz.OfficerID) bool {
	return l.Open && l.Joint && !slices.ContainsFunc(l.Officers(), func(other marz.OfficerID) bool { return other.Authority() == o.Authority() })
}
