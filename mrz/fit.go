package mrz

import "strings"

// nameField lays out the two identifiers in a name field of a width. A name that is too long is cut by the first method of
// 9303-4 §4.2.3.2 and §4.2.3.3 (the same in parts 5, 6 and 7): components go down to initials from the last one on, and the
// last position is a letter, which says that the name may have been cut. It reports false for a name that cannot end so,
// which takes more than a dozen components of one letter.
func nameField(primary, secondary []string, width int) (string, bool) {
	whole := strings.Join(primary, "<")
	if len(secondary) > 0 {
		whole += "<<" + strings.Join(secondary, "<")
	}
	if len(whole) <= width {
		return whole, true
	}
	if len(secondary) == 0 {
		whole = strings.Join(squeeze(primary, width), "<")
		return whole, len(whole) == width
	}
	// Room for the two fillers and the first letter of the secondary identifier comes first.
	first := squeeze(initials(primary, width-3), width-3)
	room := width - 2 - joined(first)
	second := squeeze(secondary, room)
	if joined(second) < room {
		// The secondary identifier is whole, or down to initials of which the next misses its place by one. The last position
		// is filled by giving the primary identifier more letters, or one fewer.
		if n := len(second); n < len(secondary) {
			second = append(second, secondary[n][:1])
		}
		first = squeeze(primary, width-2-joined(second))
	}
	whole = strings.Join(first, "<") + "<<" + strings.Join(second, "<")
	return whole, len(whole) == width
}

// joined returns the length of components with a filler between each two.
func joined(parts []string) int {
	n := len(parts) - 1
	for _, p := range parts {
		n += len(p)
	}
	return n
}

// initials cuts components down to their first letter, from the last one on and never the first, until they fit.
func initials(parts []string, room int) []string {
	out := append([]string(nil), parts...)
	for i := len(out) - 1; i > 0 && joined(out) > room; i-- {
		out[i] = out[i][:1]
	}
	return out
}

// squeeze takes letters from the end of components, from the last one on, each keeping its first letter, until they fit
// exactly. Where not even the first letters fit, it drops components from the end.
func squeeze(parts []string, room int) []string {
	if least := (room + 1) / 2; len(parts) > least {
		parts = parts[:least]
	}
	out := append([]string(nil), parts...)
	for i := len(out) - 1; i >= 0; i-- {
		if excess := joined(out) - room; excess > 0 {
			out[i] = out[i][:max(1, len(out[i])-excess)]
		}
	}
	return out
}
