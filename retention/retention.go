// Package retention is what nodes of any kind have alike in how long payloads are kept: schedules and what they are held to, holds, when a clock is believed, and the report of what is due and gone.
//
// It is pure: what payloads there are, from when the time of each runs, and who may let it go is each node's own.
package retention

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"marz"
	"marz/web"
)

// The kinds of entry about how long payloads are kept. An erasure is journal.KindErased.
const (
	KindSchedule   = "retention.set"      // an authority's schedule came into force
	KindPassed     = "retention.passed"   // the node looked for what is due
	KindClockRight = "retention.clock"    // a supervisor said that the node's clock is right
	KindHeld       = "retention.held"     // a record has to stay, whatever a schedule says
	KindReleased   = "retention.released" // a hold is over
)

// Every node looks for what is due, and how.
const (
	Every = 6 * time.Hour  // after a pass the next one follows
	Noted = 24 * time.Hour // a pass that erased nothing is an entry as often as this
	Batch = 64             // payloads erased in one transaction
	Gap   = 72 * time.Hour // a clock that has moved on by more while nothing was noted is in doubt
)

// Grace is how long after a schedule came into force it erases nothing, so that a mistake in it can be taken back: erasing cannot.
const Grace = 24 * time.Hour

const mostDays = 36525 // a century

// Rule is how long an authority keeps some kinds of its records, and by what law. The node's configuration proposes it; a supervisor of the authority puts it in force, as an entry.
type Rule struct {
	Authority marz.AuthorityID `toml:"authority" json:"-"`
	Kinds     []string         `toml:"kinds" json:"kinds"`
	Days      int              `toml:"days" json:"days"`   // of 24 hours
	Under     marz.ArticleRef  `toml:"under" json:"under"` // the article that gives the authority the power to erase
	Law       string           `toml:"law" json:"law"`     // where the period stands, in words
}

// Until is when the time of a record is up that began to run.
func (r *Rule) Until(from marz.Instant) marz.Instant {
	return from.Add(time.Duration(r.Days) * 24 * time.Hour)
}

// Words say the rule for one kind of record, in the entry of an erasure.
func (r *Rule) Words(authority marz.AuthorityID, kind string) string {
	return fmt.Sprintf("%s keeps %s for %d days by %s, under %s", authority, kind, r.Days, r.Law, r.Under)
}

// Set is the public part of KindSchedule: an authority's whole schedule. What it does not name is kept.
type Set struct {
	Starts marz.Instant `json:"starts"` // nothing is erased by it before
	Rules  []Rule       `json:"rules"`
}

// Held is the public part of KindHeld. It names one entry. What is held is its payload, and of an inspection or an incident also what its authority keeps about that.
type Held struct {
	Entry  marz.Seq `json:"entry"`
	Reason string   `json:"reason"`
}

// Released is the public part of KindReleased.
type Released struct {
	Hold marz.Seq `json:"hold"`
}

// Passed is the public part of KindPassed: the node looked for what is due, and how many payloads it found. It names nobody.
type Passed struct {
	Kept   int `json:"kept"`   // payloads that are there after the pass
	Held   int `json:"held"`   // of these: whose time is up by a schedule, and which have to stay
	Erased int `json:"erased"` // by this pass
}

// Schedule is an authority's schedule in force.
type Schedule struct {
	Seq       marz.Seq
	At        marz.Instant
	Authority marz.AuthorityID
	Officer   marz.OfficerID
	Set
}

// Rule returns the rule for a kind of record, or nil.
func (s *Schedule) Rule(kind string) *Rule {
	if s == nil {
		return nil
	}
	for i := range s.Rules {
		if slices.Contains(s.Rules[i].Kinds, kind) {
			return &s.Rules[i]
		}
	}
	return nil
}

// Kinds are kinds of record, in the order of pages.
type Kinds []web.RetentionKind

// Names are those of all of them.
func (k Kinds) Names() []string {
	out := make([]string, len(k))
	for i := range k {
		out[i] = k[i].Name
	}
	return out
}

// Check says what is wrong with the rules of a configuration.
func (k Kinds) Check(rules []Rule) error {
	said := map[string]bool{}
	for i := range rules {
		r := &rules[i]
		bad := func(format string, args ...any) error {
			return fmt.Errorf("[[retention]] number %d: "+format, append([]any{i + 1}, args...)...)
		}
		switch agreement, article, ok := strings.Cut(string(r.Under), "/"); {
		case r.Authority == "":
			return bad("authority is missing: whose records it is about")
		case len(r.Kinds) == 0:
			return bad("kinds is empty; name some of %s", strings.Join(k.Names(), ", "))
		case r.Days < 1 || r.Days > mostDays:
			return bad("days = %d: give 1 to %d", r.Days, mostDays)
		case !ok || agreement == "" || article == "":
			return bad("under = %q: name the article that gives %s the power to erase, as AGREEMENT/ARTICLE", r.Under, r.Authority)
		case strings.TrimSpace(r.Law) == "" || len(r.Law) > 300:
			return bad("law: say in at most 300 bytes where the period stands; it is public")
		}
		for _, kind := range r.Kinds {
			if !slices.Contains(k.Names(), kind) {
				return bad("the kind %q is not known; it is one of %s", kind, strings.Join(k.Names(), ", "))
			}
			if key := string(r.Authority) + " " + kind; said[key] {
				return bad("the kind %q of %s has a period already", kind, r.Authority)
			} else {
				said[key] = true
			}
		}
	}
	return nil
}

// Digest tells schedules apart, so that what comes into force is what was shown.
func Digest(rules []Rule) string {
	b, err := json.Marshal(rules)
	if err != nil {
		panic("retention: a schedule always has JSON: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Reasons are why a record has to stay although its time is up.
var Reasons = []web.Reason{
	{Code: "court", Text: "A court or prosecutor asks for it"},
	{Code: "investigation", Text: "An investigation needs it"},
	{Code: "complaint", Text: "A complaint or a claim is open"},
	{Code: "data-request", Text: "A person's request for his data is open"},
	{Code: "audit", Text: "An audit or inspection needs it"},
}

// ReasonText says a reason in words.
func ReasonText(reason string) string {
	for _, r := range Reasons {
		if r.Code == reason {
			return r.Text
		}
	}
	return reason
}

// CheckReason refuses a reason that is none.
func CheckReason(entry marz.Seq, reason string) error {
	if slices.ContainsFunc(Reasons, func(r web.Reason) bool { return r.Code == reason }) {
		return nil
	}
	return &marz.Error{Code: marz.Invalid, Op: "hold record", Subject: fmt.Sprint(entry), Fix: "give one of the reasons for which a record has to stay"}
}

// Doubt says why a clock is not believed by what the journal has noted last, or "". Who sets it ahead makes everything due, and erasing cannot be undone. last is of the newest look, word of a supervisor or
// schedule; 0: there is none.
func Doubt(now, last marz.Instant, behind bool) string {
	switch {
	case behind:
		return "the clock is behind the newest entry of the journal"
	case last == 0 || now.Sub(last) <= Gap:
		return ""
	}
	return fmt.Sprintf("the clock shows %s, and the node noted its last look at %s: it was off for days, or the clock was set ahead", now, last)
}
