// Package inspection is the procedure at a lane: a scan becomes findings, findings a verdict, and the officer's decision a crossing.
//
// It owns the checks and what they mean, which decisions need a reason and a second act, and the reasons that can be given.
// It promises that the verdict is advice: nothing here admits or refuses anyone, and every finding says what it looked at
// and how old that was. It does no I/O: what it needs to know is given to it.
package inspection

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"marz"
	"marz/mrz"
	"marz/watchlist"
)

// Input is all that a verdict rests on.
type Input struct {
	Document  *mrz.Document
	Taken     Taken // how its zone came to the lane
	Direction marz.Direction
	At        marz.Instant
	Zone      *time.Location   // of the post, for "today"
	Answer    watchlist.Answer // what the lists in force say, without the hits on which the traveller was cleared
	Cleared   int              // hits on which he was cleared as a namesake: they raise no verdict
	Lists     []ListAge        // the lists that should be in force, each with its state
	HQs       []HQAge          // the headquarters that the post follows
	History   []Movement       // the traveller's earlier crossings known here, in order of time
	Stay      StayRule
	ClockLate bool      // the clock is behind the journal
	Evidence  *Evidence // nil: nothing but the zone was read
}

// ListAge is a list that the post should screen against.
type ListAge struct {
	ID      marz.ListID
	Version string
	Loaded  marz.Instant // zero: the list is not in force
	Refused bool         // the last refresh failed and an older version is in force
	Late    bool         // it is older than the post is set up to let a list be
}

// HQAge is a headquarters that the post follows, with how old its knowledge is.
type HQAge struct {
	Authority marz.AuthorityID
	Entries   int64        // of its journal that are held
	Heard     marz.Instant // when it was last heard; zero: never
	Late      bool         // longer ago than the post is set up to let it be
}

// Inspect runs all checks and returns the findings, gravest first, and the verdict: the gravest of them.
func Inspect(in Input) ([]marz.Finding, marz.Verdict) {
	today := marz.DateOf(in.At.In(in.Zone))
	findings := slices.Concat(
		checkDocument(in.Document, in.At, today),
		checkTaken(in.Taken, in.Document, in.At),
		checkEvidence(in),
		checkLists(in),
		checkHQs(in),
		checkStay(in),
		checkClock(in),
	)
	slices.SortStableFunc(findings, func(a, b marz.Finding) int { return cmp.Compare(b.Grave.Rank(), a.Grave.Rank()) })
	return findings, findings[0].Grave
}

// The checks, as they stand in findings.
const (
	CheckReadable    = "document.readable"
	CheckZone        = "document.zone" // how it came to the lane, where no reader gave it as it stands
	CheckDigits      = "document.digits"
	CheckExpiry      = "document.expiry"
	CheckIssuer      = "document.issuer"
	CheckNationality = "document.nationality"
	CheckFields      = "document.fields"
	CheckLists       = "lists.hits"
	CheckListsLoaded = "lists.loaded"
	CheckHQ          = "post.headquarters"
	CheckStayDays    = "stay.days"
	CheckClock       = "post.clock"
)

const zoneSource = "machine-readable zone"

func checkDocument(d *mrz.Document, at marz.Instant, today marz.Date) []marz.Finding {
	f := func(check string, r marz.Result, grave marz.Verdict, reason string) marz.Finding {
		return marz.Finding{Check: check, Result: r, Grave: grave, Reason: reason, Source: zoneSource, AsOf: at}
	}
	out := []marz.Finding{f(CheckReadable, marz.Successful, marz.Clear, string(d.Format)+" read whole")}
	if bad := BadChecks(d); len(bad) > 0 {
		out = append(out, f(CheckDigits, marz.Failed, marz.Attention, "wrong check digit of "+strings.Join(bad, ", ")+": scan again, or compare with the printed page"))
	} else {
		out = append(out, f(CheckDigits, marz.Successful, marz.Clear, "all check digits are right"))
	}
	if len(d.Defects) > 0 {
		out = append(out, f(CheckFields, marz.Failed, marz.Attention, "not as ICAO 9303 has it: "+strings.Join(d.Defects, ", ")))
	}
	out = append(out, checkExpiry(d, at, today))
	for _, c := range []struct{ check, what, code string }{{CheckIssuer, "issuer", d.Issuer}, {CheckNationality, "nationality", d.Nationality}} {
		if mrz.KnownCode(c.code) {
			out = append(out, f(c.check, marz.Successful, marz.Clear, c.code+" is a known code"))
		} else {
			out = append(out, f(c.check, marz.Failed, marz.Attention, fmt.Sprintf("%q is no %s that ICAO 9303-3 lists", c.code, c.what)))
		}
	}
	return out
}

func checkExpiry(d *mrz.Document, at marz.Instant, today marz.Date) marz.Finding {
	f := marz.Finding{Check: CheckExpiry, Source: zoneSource, AsOf: at}
	switch {
	case !d.Expiry.Full():
		f.Result, f.Grave, f.Reason = marz.Undetermined, marz.Attention, "the zone gives no full date of expiry: look at the page"
	case d.ExpiryDoubt:
		f.Result, f.Grave, f.Reason = marz.Undetermined, marz.Attention, "the zone gives the year 99, by which some states write that a document has no end: look at the page"
	case d.Expiry.Compare(today) < 0:
		f.Result, f.Grave, f.Reason = marz.Failed, marz.Attention, "expired on "+d.Expiry.String()
	default:
		f.Result, f.Grave, f.Reason = marz.Successful, marz.Clear, "valid until "+d.Expiry.String()
	}
	return f
}

// BadChecks returns the fields of which the check digit is wrong.
func BadChecks(d *mrz.Document) []string {
	var bad []string
	for _, c := range d.Checks {
		if !c.OK {
			bad = append(bad, c.Field)
		}
	}
	return bad
}

// checkLists gives one finding for the hits and one for each list, so that a list that is missing or old is never silent.
func checkLists(in Input) []marz.Finding {
	hits := marz.Finding{Check: CheckLists, Result: marz.Successful, Grave: marz.Clear, Reason: "no alert matches", AsOf: oldest(in.Lists), Source: listSource(in.Lists)}
	switch n := len(in.Answer.Hits); {
	case n > 0:
		hits.Result, hits.Grave = marz.Failed, marz.Attention
		hits.Reason = fmt.Sprintf("%d possible match: compare each with the traveller", n)
		if n > 1 {
			hits.Reason = fmt.Sprintf("%d possible matches: compare each with the traveller", n)
		}
		if slices.ContainsFunc(in.Answer.Hits, Grave) {
			hits.Grave = marz.Stop
		}
		if in.Cleared > 0 {
			hits.Reason += fmt.Sprintf("; on %d more the traveller was cleared as a namesake", in.Cleared)
		}
	case in.Cleared > 0:
		hits.Reason = fmt.Sprintf("no alert matches but %d on which the traveller was cleared as a namesake", in.Cleared)
	case len(in.Lists) == 0:
		hits.Result, hits.Grave, hits.Reason = marz.NotSupported, marz.Clear, "this post is set up without lists"
	case len(in.Answer.Lists) == 0:
		hits.Result, hits.Grave, hits.Reason = marz.Undetermined, marz.Attention, "no list is in force: the traveller was not screened"
	}
	out := []marz.Finding{hits}
	for _, l := range in.Lists {
		f := marz.Finding{Check: CheckListsLoaded, Source: "list " + string(l.ID) + " " + l.Version, AsOf: l.Loaded}
		switch {
		case l.Loaded.IsZero():
			f.Result, f.Grave, f.Reason = marz.Failed, marz.Attention, "the list "+string(l.ID)+" is not in force"
		case l.Refused:
			f.Result, f.Grave, f.Reason = marz.Undetermined, marz.Clear, "the last refresh of "+string(l.ID)+" was refused; the older version is in force"
		case l.Late:
			f.Result, f.Grave, f.Reason = marz.Undetermined, marz.Clear, "the list "+string(l.ID)+" is old; nobody has brought a newer one"
		default:
			f.Result, f.Grave, f.Reason = marz.Successful, marz.Clear, "the list "+string(l.ID)+" is in force"
		}
		out = append(out, f)
	}
	return out
}

// checkHQs says how old the post's knowledge of each headquarters is. A post that is cut off goes on: it raises no verdict.
func checkHQs(in Input) []marz.Finding {
	var out []marz.Finding
	for _, h := range in.HQs {
		f := marz.Finding{Check: CheckHQ, Result: marz.Successful, Grave: marz.Clear, Source: fmt.Sprintf("headquarters of %s, %d entries", h.Authority, h.Entries), AsOf: h.Heard,
			Reason: fmt.Sprintf("the headquarters of %s is heard", h.Authority)}
		switch {
		case h.Heard.IsZero():
			f.Result, f.Reason = marz.Undetermined, fmt.Sprintf("the headquarters of %s was never heard", h.Authority)
		case h.Late:
			f.Result, f.Reason = marz.Undetermined, fmt.Sprintf("the headquarters of %s was not heard for long: what it said since is not known here", h.Authority)
		}
		out = append(out, f)
	}
	return out
}

// graveScore is how many points a hit by name needs to stop the ordinary procedure: eight bits above the threshold, so that an innocent
// traveller is 256 times as unlikely to have them as to be a hit at all. A document number that is on a list always stops it.
const graveScore = watchlist.Threshold + 8

// Grave reports whether a hit is strong enough for the verdict stop.
func Grave(h watchlist.Hit) bool { return h.Kind != watchlist.ByName || h.Score >= graveScore }

func oldest(lists []ListAge) marz.Instant {
	var at marz.Instant
	for _, l := range lists {
		if !l.Loaded.IsZero() && (at.IsZero() || l.Loaded < at) {
			at = l.Loaded
		}
	}
	return at
}

func listSource(lists []ListAge) string {
	var parts []string
	for _, l := range lists {
		if !l.Loaded.IsZero() {
			parts = append(parts, string(l.ID)+" "+l.Version)
		}
	}
	if parts == nil {
		return ""
	}
	return "lists " + strings.Join(parts, ", ")
}

func checkClock(in Input) []marz.Finding {
	if !in.ClockLate {
		return nil
	}
	return []marz.Finding{{Check: CheckClock, Result: marz.Undetermined, Grave: marz.Attention, Source: "clock of the node", AsOf: in.At,
		Reason: "the clock is behind the journal: dates and stays may be wrong; have it set"}}
}

// QueryFor returns the question to the lists for a document.
func QueryFor(d *mrz.Document) watchlist.Query {
	q := watchlist.Query{Primary: d.Primary, Secondary: d.Secondary, Birth: d.Birth, Nationality: d.Nationality, Sex: d.Sex, Document: d.Number}
	for _, c := range d.Checks {
		if c.Field == "number" && c.OK && len(c.Got) == 1 {
			q.DocumentCheck = c.Got // with it, numbers that only look alike are fewer
		}
	}
	return q
}
