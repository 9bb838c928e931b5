package nation

import (
	"encoding/json"
	"strconv"
	"time"

	"marz"
	"marz/journal"
)

// crossing is an inspection as its row has it. It is folded in memory, and written whole.
type crossing struct {
	id, opened, ended, seq int64
	lane                   string
	hits                   int64
	direction, verdict     int
	state, decision        int
	asylum                 bool
	reason, authority      string
	held                   int
	facts
}

// counter names what crossings are counted together in.
type counter struct {
	grain, slot         int64
	direction, decision int    // of a grain of all
	nationality         string // of a grain of nationalities
}

// The grains. Times are counted apart from nationalities, so that a year of either is few rows.
const (
	byHour       = 1 // all, by the hour since 1970, UTC
	byDay        = 2 // all, by the calendar day
	nationsDay   = 3 // nationalities, by the day
	nationsMonth = 4 // nationalities, by the calendar month
)

// counters are those in which the crossing counts: none before it was decided.
func (c *crossing) counters(zone *time.Location) []counter {
	if c.state != stateDecided {
		return nil
	}
	at := marz.Instant(c.ended)
	day := dayOf(at, zone)
	return []counter{
		{byHour, hourOf(at), c.direction, c.decision, ""}, {byDay, day, c.direction, c.decision, ""},
		{nationsDay, day, 0, 0, c.nationality}, {nationsMonth, monthOf(day), 0, 0, c.nationality},
	}
}

func hourOf(at marz.Instant) int64 { return int64(at) / 3600e3 }

// dayOf is the number of the calendar day in the zone, counted from 1970-01-01.
func dayOf(at marz.Instant, zone *time.Location) int64 {
	y, m, d := at.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

// monthOf is the number of a day's month, counted from January 1970, and firstOf a month's first day.
func monthOf(day int64) int64 {
	y, m, _ := time.Unix(day*86400, 0).UTC().Date()
	return int64(y-1970)*12 + int64(m) - 1
}

func firstOf(month int64) int64 {
	return time.Date(1970, time.Month(month+1), 1, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

// The public parts of the entries of an inspection, as far as they are folded (docs/spec/entries.md).
type caseEntry struct {
	Inspection marz.InspectionID `json:"inspection"`
	Lane       marz.LaneID       `json:"lane"`
	Direction  marz.Direction    `json:"direction"`
	Verdict    marz.Verdict      `json:"verdict"`
	Hits       int64             `json:"hits"`
	Decision   marz.Decision     `json:"decision"`
	Reason     string            `json:"reason"`
	By         marz.OfficerID    `json:"by"`
	List       string            `json:"list"`  // hit.late
	Owner      string            `json:"owner"` // hit.late
}

// caseKinds are the kinds that concern one inspection's row.
var caseKinds = map[string]func(*crossing, journal.Entry, *caseEntry) bool{
	"inspection.opened":    opened,
	"decision.proposed":    stands(stateProposed),
	"decision.submitted":   stands(stateAwaiting),
	"decision.objected":    stands(stateOpen),
	"asylum.asked":         asylum,
	"crossing.decided":     decided,
	"inspection.withdrawn": withdrawn,
	"hit.late":             late,
}

// readCase reads the public part of an entry of caseKinds. ok is false where it is not of its kind.
func readCase(e journal.Entry) (c caseEntry, id int64, ok bool) {
	if json.Unmarshal(e.Public, &c) != nil {
		return c, -1, false
	}
	c.Hits = min(max(c.Hits, 0), 1e6)
	if e.Kind == "inspection.opened" {
		return c, int64(e.Seq), code(directions, c.Direction) >= 0
	}
	id, err := strconv.ParseInt(string(c.Inspection), 10, 64)
	return c, id, err == nil && id >= 0 && id < int64(e.Seq)
}

func opened(c *crossing, e journal.Entry, p *caseEntry) bool {
	*c = crossing{id: int64(e.Seq), opened: int64(e.At), lane: string(p.Lane), hits: p.Hits, direction: code(directions, p.Direction), verdict: p.Verdict.Rank(),
		decision: noDecision, authority: string(e.Authority)}
	return true
}

// stands makes a case that has not ended what the entry says.
func stands(state int) func(*crossing, journal.Entry, *caseEntry) bool {
	return func(c *crossing, _ journal.Entry, _ *caseEntry) bool {
		if c.state >= stateDecided {
			return false
		}
		c.state = state
		return true
	}
}

func asylum(c *crossing, e journal.Entry, p *caseEntry) bool {
	c.asylum = true
	return stands(stateOpen)(c, e, p)
}

func decided(c *crossing, e journal.Entry, p *caseEntry) bool {
	d := code(decisions, p.Decision)
	if d < 0 || c.state >= stateDecided {
		return false
	}
	by := e.Authority
	if p.By != "" { // who proposed what others concurred in
		by = p.By.Authority()
	}
	c.state, c.decision, c.reason, c.ended, c.seq, c.authority = stateDecided, d, p.Reason, int64(e.At), int64(e.Seq), string(by)
	c.verdict, c.hits = max(c.verdict, p.Verdict.Rank()), max(c.hits, p.Hits)
	return true
}

func withdrawn(c *crossing, e journal.Entry, p *caseEntry) bool {
	if c.state >= stateDecided {
		return false
	}
	c.state, c.reason, c.ended, c.seq = stateWithdrawn, p.Reason, int64(e.At), int64(e.Seq)
	return true
}

// late lets a late hit count in a case that is open still, and what was proposed falls. One that has ended stays as it was.
func late(c *crossing, _ journal.Entry, p *caseEntry) bool {
	if p.Verdict != "" && c.state < stateDecided {
		c.hits, c.verdict, c.state = c.hits+p.Hits, max(c.verdict, p.Verdict.Rank()), stateOpen
	}
	return true
}

// take makes what a payload says part of the row.
func (c *crossing) take(f facts) {
	if c.held == payloadNone && f.known {
		c.held, c.facts = payloadHeld, f
	}
}

// erase takes out of the row what came from its payload.
func (c *crossing) erase() { c.held, c.facts = payloadErased, facts{} }

const crossingColumns = `id, opened, ended, seq, person, document, stay, origin, hits, direction, verdict, state, decision, asylum, held, lane, reason, authority, nationality`

// values are those of crossingColumns.
func (c *crossing) values(origin int64) []any {
	var ended, seq, decision, person, document, stay any
	if c.state >= stateDecided {
		ended, seq = c.ended, c.seq
	}
	if c.decision != noDecision {
		decision = c.decision
	}
	if c.held == payloadHeld {
		person, document, stay = c.person, c.document, c.stay
	}
	asylum := 0
	if c.asylum {
		asylum = 1
	}
	return []any{c.id, c.opened, ended, seq, person, document, stay, origin, c.hits, c.direction, c.verdict, c.state, decision, asylum, c.held, c.lane, c.reason, c.authority, c.nationality}
}

// scanCrossing reads a row of crossingColumns.
func scanCrossing(r interface{ Scan(...any) error }) (c *crossing, origin int64, err error) {
	c = &crossing{}
	var ended, seq, person, document, stay, decision *int64
	var asylum int
	err = r.Scan(&c.id, &c.opened, &ended, &seq, &person, &document, &stay, &origin, &c.hits, &c.direction, &c.verdict, &c.state, &decision, &asylum, &c.held, &c.lane, &c.reason, &c.authority, &c.nationality)
	c.ended, c.seq, c.person, c.document, c.stay = or0(ended), or0(seq), or0(person), or0(document), or0(stay)
	c.known, c.asylum, c.decision = c.held == payloadHeld, asylum != 0, noDecision
	if decision != nil {
		c.decision = int(*decision)
	}
	return c, origin, err
}

func or0(p *int64) int64 {
	if p == nil {
		return 0
	}
	return *p
}
