package post

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"marz"
	"marz/agreement"
	"marz/journal"
	"marz/web"
)

// The kinds of entry about how long payloads are kept. An erasure is journal.KindErased.
const (
	KindSchedule      = "retention.set"      // an authority's schedule came into force
	KindRetained      = "retention.passed"   // the node looked for what is due
	KindClockRight    = "retention.clock"    // a supervisor said that the node's clock is right
	KindHeld          = "retention.held"     // a record has to stay, whatever a schedule says
	KindReleased      = "retention.released" // a hold is over
	KindReferralEnded = "referral.ended"     // second line has ended: the record's time runs
)

// The kinds of record for which an authority says how long they are kept. What payloads they are, and from when their time runs, is in keeper.judge and docs/retention.md.
const (
	keepPassed     = "crossing.passed"
	keepRefused    = "crossing.refused"
	keepReferred   = "crossing.referred"
	keepWithdrawn  = "crossing.withdrawn"
	keepHits       = "hits"
	keepClearances = "clearances"
	keepLookups    = "look-ups"
	keepIncidents  = "incidents"
	keepOfficers   = "officers"
	keepTransfers  = "transfers"
	keepRequests   = "requests"

	keepOpen = "crossing.open" // no schedule is about it: how it ends is not known yet
)

// retentionKinds are all of them, in the order of pages, with what they are and what their time is counted from.
var retentionKinds = []web.RetentionKind{
	{Name: keepPassed, What: "Crossings of travellers who passed, with the notes on them", From: "the decision"},
	{Name: keepRefused, What: "Crossings refused or held, with the notes on them", From: "the decision"},
	{Name: keepReferred, What: "Crossings referred to second line, with the notes on them", From: "the end of second line"},
	{Name: keepWithdrawn, What: "Inspections that ended without a decision", From: "their end"},
	{Name: keepHits, What: "Hits on an authority's own lists, late hits, and the notes of who answered for them", From: "the end of the case, or the late hit's entry where that is later"},
	{Name: keepClearances, What: "Cleared namesakes", From: "the clearance"},
	{Name: keepLookups, What: "Notes of who read records, hits and incidents", From: "the reading"},
	{Name: keepIncidents, What: "Notes on incidents on the line", From: "the entry of the incident"},
	{Name: keepOfficers, What: "Officers' names and passkeys", From: "when the officer had left"},
	{Name: keepTransfers, What: "Alerts disposed of in a transfer of control, its notes and its signers' passkeys", From: "the end of the transfer"},
	{Name: keepRequests, What: "Requests of people for their data, notes on records, and the reasons of holds", From: "the entry, of a hold its release"},
}

// RetentionRule is how long an authority keeps some kinds of its records, and by what law. post.toml proposes it; a supervisor of the authority puts it in force, as an entry.
type RetentionRule struct {
	Authority marz.AuthorityID `toml:"authority" json:"-"`
	Kinds     []string         `toml:"kinds" json:"kinds"`
	Days      int              `toml:"days" json:"days"`   // of 24 hours
	Under     marz.ArticleRef  `toml:"under" json:"under"` // the article that gives the authority the power to erase
	Law       string           `toml:"law" json:"law"`     // where the period stands, in words
}

// scheduleEntry is an authority's whole schedule. What it does not name is kept.
type scheduleEntry struct {
	Starts marz.Instant    `json:"starts"` // nothing is erased by it before
	Rules  []RetentionRule `json:"rules"`
}

// retentionTables have the schedules, the node's looks for what is due with the words of supervisors about its clock, holds, second lines that have ended, when officers left, and what was erased.
const retentionTables = `
CREATE TABLE s_schedule (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, authority TEXT NOT NULL, officer TEXT NOT NULL, starts INTEGER NOT NULL, doc TEXT NOT NULL) STRICT;
CREATE TABLE s_looked (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL) STRICT;
CREATE TABLE s_hold (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, authority TEXT NOT NULL, officer TEXT NOT NULL, entry INTEGER NOT NULL, reason TEXT NOT NULL, released INTEGER) STRICT;
CREATE INDEX s_hold_of ON s_hold (entry) WHERE released IS NULL;
CREATE TABLE s_referral (inspection INTEGER PRIMARY KEY, at INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT;
CREATE TABLE s_left (officer TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;
CREATE TABLE s_erased (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, by INTEGER NOT NULL, kind TEXT NOT NULL, owners TEXT NOT NULL) STRICT;
CREATE TABLE s_note (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, authority TEXT NOT NULL, inspection INTEGER NOT NULL, kind TEXT NOT NULL) STRICT;
CREATE INDEX s_note_of ON s_note (inspection);
CREATE INDEX s_late_of ON s_late (inspection);
CREATE INDEX s_inspected ON s_inspection (traveller) WHERE traveller IS NOT NULL;
`

// retentionGrace is how long after a schedule came into force it erases nothing, so that a mistake in it can be taken back: erasing cannot.
const retentionGrace = 24 * time.Hour

const mostRetentionDays = 36525 // a century

func checkRetention(rules []RetentionRule) error {
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
			return bad("kinds is empty; name some of %s", strings.Join(retentionNames(), ", "))
		case r.Days < 1 || r.Days > mostRetentionDays:
			return bad("days = %d: give 1 to %d", r.Days, mostRetentionDays)
		case !ok || agreement == "" || article == "":
			return bad("under = %q: name the article that gives %s the power to erase, as AGREEMENT/ARTICLE", r.Under, r.Authority)
		case strings.TrimSpace(r.Law) == "" || len(r.Law) > 300:
			return bad("law: say in at most 300 bytes where the period stands; it is public")
		}
		for _, k := range r.Kinds {
			if !slices.Contains(retentionNames(), k) {
				return bad("the kind %q is not known; it is one of %s", k, strings.Join(retentionNames(), ", "))
			}
			if key := string(r.Authority) + " " + k; said[key] {
				return bad("the kind %q of %s has a period already", k, r.Authority)
			} else {
				said[key] = true
			}
		}
	}
	return nil
}

func retentionNames() []string {
	out := make([]string, len(retentionKinds))
	for i, k := range retentionKinds {
		out[i] = k.Name
	}
	return out
}

// proposed returns what post.toml proposes for an authority.
func (c *Config) proposed(authority marz.AuthorityID) []RetentionRule {
	out := []RetentionRule{}
	for _, r := range c.Retention {
		if r.Authority == authority {
			out = append(out, r)
		}
	}
	return out
}

// knowProposers refuses a proposal for an authority that nobody knows.
func (p *Post) knowProposers() error {
	for _, r := range p.config.Retention {
		if _, ok := p.bodies[r.Authority]; !ok {
			return &marz.Error{Code: marz.Invalid, Op: "read", Subject: configFile, Fix: fmt.Sprintf("a [[retention]] is said to be of %q, which is no authority that is known here", r.Authority)}
		}
	}
	return nil
}

// scheduleDigest tells schedules apart, so that what comes into force is what was shown.
func scheduleDigest(rules []RetentionRule) string {
	b, err := json.Marshal(rules)
	if err != nil {
		panic("post: a schedule always has JSON: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// schedule is an authority's schedule in force.
type schedule struct {
	seq       marz.Seq
	at        marz.Instant
	authority marz.AuthorityID
	officer   marz.OfficerID
	scheduleEntry
}

// schedulesIn returns the newest schedule of each authority that has set one.
func schedulesIn(q querier) (map[marz.AuthorityID]*schedule, error) {
	all, err := collect(q, func(r *sql.Rows) (s schedule, err error) {
		var doc string
		if err = r.Scan(&s.seq, &s.at, &s.authority, &s.officer, &doc); err == nil {
			err = json.Unmarshal([]byte(doc), &s.scheduleEntry)
		}
		return s, err
	}, `SELECT seq, at, authority, officer, doc FROM s_schedule ORDER BY seq`)
	out := map[marz.AuthorityID]*schedule{}
	for i := range all {
		out[all[i].authority] = &all[i]
	}
	return out, err
}

// rule returns the rule for a kind of record, or nil.
func (s *schedule) rule(kind string) *RetentionRule {
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

// SetSchedule puts what post.toml proposes for the supervisor's authority in force, in the place of what was. digest is of what he was shown. A schedule without rules ends all erasing.
func (p *Post) SetSchedule(ctx context.Context, actor Actor, digest string) error {
	own := actor.Officer.Authority()
	err := p.act(ctx, actor, marz.ActErase, func(a *act) error {
		if err := a.ask(marz.ActErase, &agreement.Record{Kind: "record", Owners: []marz.AuthorityID{own}}); err != nil {
			return err
		}
		bad := func(c marz.Code, fix string) error {
			return &marz.Error{Code: c, Op: "set schedule", Subject: "of " + string(own), Fix: fix}
		}
		rules := p.config.proposed(own)
		if scheduleDigest(rules) != digest {
			return bad(marz.Conflict, "what "+configFile+" proposes is not what was shown; look at it again")
		}
		for i := range rules {
			if _, err := p.register.Load().Article(rules[i].Under); err != nil {
				return bad(marz.Invalid, "the article "+string(rules[i].Under)+" is not in the register")
			}
		}
		now, err := schedulesIn(a)
		if err != nil {
			return err
		}
		if s := now[own]; s == nil && len(rules) == 0 || s != nil && scheduleDigest(s.Rules) == digest {
			return nil // it is in force
		}
		_, err = a.append(KindSchedule, scheduleEntry{a.Now().Add(retentionGrace), rules}, nil)
		return err
	})
	p.retaining.look()
	return err
}

// ConfirmClock is a supervisor's word that the node's clock is right, after it was in doubt.
func (p *Post) ConfirmClock(ctx context.Context, actor Actor) error {
	err := p.act(ctx, actor, marz.ActErase, func(a *act) error {
		if err := a.ask(marz.ActErase, &agreement.Record{Kind: "record", Owners: []marz.AuthorityID{a.own()}}); err != nil {
			return err
		}
		_, err := a.append(KindClockRight, struct{}{}, nil)
		return err
	})
	p.retaining.look()
	return err
}

func foldSchedule(f *journal.Fold, e journal.Entry, _ []byte) error {
	var s scheduleEntry
	if err := e.Read(nil, &s, nil); err != nil {
		return err
	}
	return f.Exec(`INSERT INTO s_schedule (seq, at, authority, officer, starts, doc) VALUES (?, ?, ?, ?, ?, ?)`, e.Seq, e.At, e.Authority, e.Officer, s.Starts, string(e.Public))
}

// foldLooked keeps when the node's clock was last seen to be in order.
func foldLooked(f *journal.Fold, e journal.Entry, _ []byte) error {
	return f.Exec(`INSERT INTO s_looked (seq, at, kind) VALUES (?, ?, ?)`, e.Seq, e.At, e.Kind)
}

// foldLeft notes that officers have left: their time runs. One who has left before keeps his instant.
func foldLeft(f *journal.Fold, at marz.Instant, where string, args ...any) error {
	return f.Exec(`INSERT OR IGNORE INTO s_left (officer, at) SELECT id, ? FROM s_officer WHERE `+where, append([]any{at}, args...)...)
}
