package retention

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"marz"
	"marz/web"
)

// Found is what a pass knows of a payload that is there.
type Found struct {
	Owners []marz.AuthorityID
	Kind   string       // of record; "" for what no schedule is about
	From   marz.Instant // when its time began to run; 0: it does not yet
	Held   string       // why it has to stay in any case, or why its time does not run
	Due    bool         // its time is up by the schedules
	Why    string       // of what is not due and never will be by the schedules as they are
}

// mostWhys is how many reasons a row names.
const mostWhys = 8

// Look gathers what a pass finds, by whose it is and what kind of record.
type Look struct {
	*web.RetentionLook
	Kept, Held int // payloads that are there, and of these those whose time is up and that have to stay
	kinds      Kinds
	schedules  map[marz.AuthorityID]*Schedule
	rows       map[string]*web.RetentionRow
	why        map[string]map[string]int
}

// NewLook begins a report.
func NewLook(at marz.Instant, kinds Kinds, schedules map[marz.AuthorityID]*Schedule) *Look {
	l := &Look{RetentionLook: &web.RetentionLook{At: at}, kinds: kinds, schedules: schedules, rows: map[string]*web.RetentionRow{}, why: map[string]map[string]int{}}
	for authority, s := range schedules { // also where nothing of it is there
		for i := range s.Rules {
			for _, kind := range s.Rules[i].Kinds {
				l.row([]marz.AuthorityID{authority}, kind)
			}
		}
	}
	return l
}

func (l *Look) row(owners []marz.AuthorityID, kind string) (*web.RetentionRow, map[string]int) {
	owners = slices.Sorted(slices.Values(owners))
	key := fmt.Sprint(owners, "|", kind)
	r := l.rows[key]
	if r == nil {
		r = &web.RetentionRow{Owners: owners, Kind: kind, What: "Other payloads", From: "it does not run"}
		if i := slices.Index(l.kinds.Names(), kind); i >= 0 {
			r.What, r.From = l.kinds[i].What, l.kinds[i].From
		}
		for _, o := range owners {
			if rule := l.schedules[o].Rule(kind); rule != nil {
				r.Rules = append(r.Rules, web.RetentionPeriod{Authority: o, Days: rule.Days, Under: rule.Under, Law: rule.Law})
			}
		}
		l.rows[key], l.why[key] = r, map[string]int{}
	}
	return r, l.why[key]
}

// Name says what a kind of record is that no schedule is about and that has a row of its own.
func (l *Look) Name(kind, what string) {
	for _, r := range l.rows {
		if r.Kind == kind {
			r.What = what
		}
	}
}

// Add counts a payload that is there.
func (l *Look) Add(f *Found) {
	row, why := l.row(f.Owners, f.Kind)
	row.Kept++
	l.Kept++
	if row.Oldest == 0 || f.From != 0 && f.From < row.Oldest {
		row.Oldest = f.From
	}
	switch {
	case f.From == 0:
		row.Held++
		why[f.Held]++
	case f.Why != "":
		row.Unruled++
		why[f.Why]++
	case !f.Due:
	case f.Held != "":
		row.Held++
		l.Held++
		why[f.Held]++
	default:
		row.Due++
	}
}

// Gone takes one off that was due and is erased.
func (l *Look) Gone(f *Found) {
	row, _ := l.row(f.Owners, f.Kind)
	row.Kept, row.Due, row.Now = row.Kept-1, row.Due-1, row.Now+1
	l.Kept--
}

// AddErased adds what was erased so far by the journal, and how many of these are there all the same.
func (l *Look) AddErased(owners []marz.AuthorityID, kind string, erased, there int) {
	row, _ := l.row(owners, kind)
	row.Erased += erased
	l.RetentionLook.Erased += erased
	l.Left += there
}

// End puts the rows in order, with why what is held is held.
func (l *Look) End() {
	for key, r := range l.rows {
		for what, n := range l.why[key] {
			r.Whys = append(r.Whys, web.RetentionWhy{What: what, Count: n})
		}
		slices.SortFunc(r.Whys, func(a, b web.RetentionWhy) int { return cmp.Or(b.Count-a.Count, strings.Compare(a.What, b.What)) })
		r.Whys = r.Whys[:min(len(r.Whys), mostWhys)]
		l.Rows = append(l.Rows, *r)
	}
	order := l.kinds.Names()
	slices.SortFunc(l.Rows, func(a, b web.RetentionRow) int {
		return cmp.Or(strings.Compare(fmt.Sprint(a.Owners), fmt.Sprint(b.Owners)), slices.Index(order, a.Kind)-slices.Index(order, b.Kind))
	})
}
