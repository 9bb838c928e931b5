package post

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"marz"
	"marz/agreement"
	"marz/journal"
	"marz/retention"
)

// The kinds of entry about how long payloads are kept. An erasure is journal.KindErased.
const (
	KindReferralEnded = "referral.ended" // second line has ended: the record's time runs
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
var retentionKinds = retention.Kinds{
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

// proposed returns what post.toml proposes for an authority.
func (c *Config) proposed(authority marz.AuthorityID) []retention.Rule {
	out := []retention.Rule{}
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

// schedulesIn returns the newest schedule of each authority that has set one.
func schedulesIn(q querier) (map[marz.AuthorityID]*retention.Schedule, error) {
	all, err := collect(q, func(r *sql.Rows) (s retention.Schedule, err error) {
		var doc string
		if err = r.Scan(&s.Seq, &s.At, &s.Authority, &s.Officer, &doc); err == nil {
			err = json.Unmarshal([]byte(doc), &s.Set)
		}
		return s, err
	}, `SELECT seq, at, authority, officer, doc FROM s_schedule ORDER BY seq`)
	out := map[marz.AuthorityID]*retention.Schedule{}
	for i := range all {
		out[all[i].Authority] = &all[i]
	}
	return out, err
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
		if retention.Digest(rules) != digest {
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
		if s := now[own]; s == nil && len(rules) == 0 || s != nil && retention.Digest(s.Rules) == digest {
			return nil // it is in force
		}
		_, err = a.append(retention.KindSchedule, retention.Set{Starts: a.Now().Add(retention.Grace), Rules: rules}, nil)
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
		_, err := a.append(retention.KindClockRight, struct{}{}, nil)
		return err
	})
	p.retaining.look()
	return err
}

func foldSchedule(f *journal.Fold, e journal.Entry, _ []byte) error {
	var s retention.Set
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
