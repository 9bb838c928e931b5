package web

import "slices"

// Odd returns the look-ups that should be asked about, and Plain the others.
func (f ShiftFacts) Odd() []ShiftLookups { return f.lookups(true) }

// Plain returns the look-ups that need no question.
func (f ShiftFacts) Plain() []ShiftLookups { return f.lookups(false) }

func (f ShiftFacts) lookups(odd bool) []ShiftLookups {
	return slices.DeleteFunc(slices.Clone(f.Lookups), func(l ShiftLookups) bool { return (l.Unusual != "") != odd })
}

// Stale returns the lists whose last refresh was refused.
func (f ShiftFacts) Stale() []ListState {
	return slices.DeleteFunc(slices.Clone(f.Lists), func(l ListState) bool { return l.Refused == "" })
}

// Quiet names what nothing is to be said of, so that an empty place is not taken for one that was not looked at.
func (f ShiftFacts) Quiet() []string {
	var out []string
	for _, q := range []struct {
		n    int
		what string
	}{
		{len(f.Overrides), "no decision against the verdict"}, {len(f.Odd()), "no unusual look-up"}, {len(f.Refused), "no act that no article gives"},
		{len(f.Cases), "no open case"}, {len(f.Stale()), "no list that was refused"}, {len(f.Relaxed), "no check that could not be made"},
	} {
		if q.n == 0 {
			out = append(out, q.what)
		}
	}
	return out
}
