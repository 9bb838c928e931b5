package watchlist

import (
	"strings"
	"unicode"

	"marz/watchlist/number"
)

// vehicle brings the number of a means of transport into the form in which it is compared. An IMO ship number is written
// with or without "IMO" before its seven digits.
func vehicle(s string) string {
	n := number.Normal(s)
	if imo, ok := strings.CutPrefix(n, "IMO"); ok && len(imo) == 7 {
		return imo
	}
	return n
}

// nativeScript reports whether the first letter of a name is of another script than Latin.
func nativeScript(name string) bool {
	for _, r := range name {
		if unicode.IsLetter(r) {
			return !unicode.Is(unicode.Latin, r)
		}
	}
	return false
}

// tidy collapses white space, as the published files break lines inside values.
func tidy(s string) string { return strings.Join(strings.Fields(s), " ") }
