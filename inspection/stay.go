package inspection

import (
	"fmt"
	"slices"
	"time"

	"marz"
)

// StayRule limits how many days of a moving window a foreigner may be present, for example 180 in 365, or 90 in 180 (Regulation
// (EU) 2016/399 art. 6(1)). The zero rule limits nobody.
type StayRule struct {
	Days   int      `toml:"days"`
	Window int      `toml:"window"` // in days, the day of the check included
	Exempt []string `toml:"exempt"` // nationalities without a limit
}

// Validate reports whether the rule can be kept.
func (r StayRule) Validate() error {
	if r.Days == 0 && r.Window == 0 {
		return nil
	}
	if r.Days < 1 || r.Window < r.Days || r.Window > 3660 {
		return &marz.Error{Code: marz.Invalid, Op: "stay rule", Subject: fmt.Sprintf("%d days in %d", r.Days, r.Window),
			Fix: "give at least 1 day, in a window that is not shorter, of at most 3660 days"}
	}
	return nil
}

// Movement is one earlier crossing of the traveller.
type Movement struct {
	At        marz.Instant
	Direction marz.Direction
}

// Used counts the days of the window that ends with the day of at on which the traveller was present. The day of entry and the
// day of exit both count. An exit without an entry before it counts from the window's first day only when from is
// unknown to the post: it is then reported by gap.
func (r StayRule) Used(history []Movement, at marz.Instant, zone *time.Location) (days int, gap bool) {
	day := func(i marz.Instant) int { return dayIn(i, zone) }
	today := day(at)
	first := today - r.Window + 1
	present := make([]bool, r.Window)
	mark := func(from, to int) {
		for d := max(from, first); d <= min(to, today); d++ {
			present[d-first] = true
		}
	}
	since := -1
	for _, m := range history {
		switch {
		case m.Direction == marz.EntryDirection:
			gap = gap || since >= 0
			if since < 0 {
				since = day(m.At)
			}
			mark(day(m.At), day(m.At))
		case since >= 0:
			mark(since, day(m.At))
			since = -1
		default:
			gap = true
			mark(day(m.At), day(m.At))
		}
	}
	if since >= 0 {
		mark(since, today)
	}
	for _, p := range present {
		if p {
			days++
		}
	}
	return days, gap
}

// StayText says the count in words, or "" when no limit applies.
func (r StayRule) StayText(nationality string, history []Movement, at marz.Instant, zone *time.Location) string {
	if r.Days == 0 || slices.Contains(r.Exempt, nationality) {
		return ""
	}
	used, _ := r.Used(history, at, zone)
	return fmt.Sprintf("%d of %d days used in the last %d", used, r.Days, r.Window)
}

func checkStay(in Input) []marz.Finding {
	r := in.Stay
	f := marz.Finding{Check: CheckStayDays, Source: "crossings at this post", AsOf: in.At, Grave: marz.Clear}
	switch {
	case r.Days == 0:
		f.Result, f.Reason = marz.NotSupported, "no limit of stay is set up"
		return []marz.Finding{f}
	case slices.Contains(r.Exempt, in.Document.Nationality):
		f.Result, f.Reason = marz.Successful, "no limit of stay for "+in.Document.Nationality
		return []marz.Finding{f}
	}
	where, unknown := "here", ""
	if e := in.Elsewhere; e != nil {
		if unknown = e.lacks(r, in); e.Missing == "" {
			where, f.Source, f.AsOf = "at any post", "crossings at all posts "+e.Version, e.AsOf
		}
	}
	used, gap := r.Used(in.History, in.At, in.Zone)
	count := r.StayText(in.Document.Nationality, in.History, in.At, in.Zone)
	over := used > r.Days
	if in.Direction == marz.EntryDirection { // today would be a further day, unless it is counted already
		over = used > r.Days || used == r.Days && !countsToday(in)
	}
	switch {
	case over:
		f.Result, f.Grave, f.Reason = marz.Failed, marz.Attention, count
	case unknown != "":
		f.Result, f.Reason = marz.Undetermined, count+"; "+unknown
	case gap:
		f.Result, f.Reason = marz.Undetermined, count+"; an entry or exit is missing "+where+", so there may be more"
	case in.Direction == marz.ExitDirection && len(in.History) == 0:
		f.Result, f.Reason = marz.Undetermined, "no entry is known "+where+", so the days cannot be counted"
	default:
		f.Result, f.Reason = marz.Successful, count
	}
	return []marz.Finding{f}
}

// lacks says what is not known of other posts, or "".
func (e *Elsewhere) lacks(r StayRule, in Input) string {
	switch first := dayIn(in.At, in.Zone) - r.Window + 1; {
	case e.Missing != "":
		return "crossings at other posts are not known: " + e.Missing
	case e.First > first:
		return "of other posts only crossings since " + marz.DateOf(noon(e.First, in.Zone).In(in.Zone)).String() + " are known"
	}
	return ""
}

// countsToday reports whether the traveller has already been present on the day of the check.
func countsToday(in Input) bool {
	if n := len(in.History); n > 0 {
		last := in.History[n-1]
		return last.Direction == marz.EntryDirection || marz.DateOf(last.At.In(in.Zone)) == marz.DateOf(in.At.In(in.Zone))
	}
	return false
}
