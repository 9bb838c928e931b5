package inspection

import (
	"slices"
	"time"

	"marz"
	"marz/inspection/stays"
)

// Elsewhere says what the history of an Input knows of crossings at other posts.
type Elsewhere struct {
	Version string       // of what came from the headquarters
	AsOf    marz.Instant // when that was taken
	First   int          // the first day of which it knows, counted from 1970-01-01
	Missing string       // why nothing is known of other posts; "": it is
}

// Own are a traveller's crossings at this post, in order of time: those of which the headquarters knew when it made its file, and those since.
type Own struct{ Covered, New []Movement }

// Together makes one history of the crossings at this post and of those that the headquarters knows, in the post's zone. A crossing here that the headquarters knew of is in both; or only here, where the headquarters may
// not know whose it was. So of each day and direction it counts as many as the one that knows more. Within a day, of which the headquarters' file tells no times, entries and exits take turns as far as they can.
func Together(own Own, all []stays.Movement, zone *time.Location) []Movement {
	type key struct {
		day       int
		direction marz.Direction
	}
	count := func(into map[key]int, moves []Movement) {
		for _, m := range moves {
			into[key{dayIn(m.At, zone), m.Direction}]++
		}
	}
	covered, total := map[key]int{}, map[key]int{}
	count(covered, own.Covered)
	for _, m := range all {
		total[key{m.Day, m.Direction}]++
	}
	for k, n := range covered {
		total[k] = max(total[k], n)
	}
	count(total, own.New)
	var days []int
	for k := range total {
		days = append(days, k.day)
	}
	slices.Sort(days)
	var out []Movement
	inside := false
	for _, day := range slices.Compact(days) {
		entries, exits := total[key{day, marz.EntryDirection}], total[key{day, marz.ExitDirection}]
		for entries+exits > 0 {
			m := Movement{At: noon(day, zone), Direction: marz.EntryDirection}
			if entries == 0 || inside && exits > 0 {
				m.Direction = marz.ExitDirection
			}
			if inside = m.Direction == marz.EntryDirection; inside {
				entries--
			} else {
				exits--
			}
			out = append(out, m)
		}
	}
	return out
}

// dayIn is the number of the calendar day, counted from 1970-01-01.
func dayIn(i marz.Instant, zone *time.Location) int {
	y, m, d := i.In(zone).Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// noon is the middle of a day.
func noon(day int, zone *time.Location) marz.Instant {
	y, m, d := time.Unix(int64(day)*86400, 0).UTC().Date()
	return marz.InstantOf(time.Date(y, m, d, 12, 0, 0, 0, zone))
}
