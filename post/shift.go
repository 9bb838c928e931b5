package post

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"marz"
	"marz/journal"
	"marz/web"
)

// KindShift is the kind of entry by which a supervisor takes over the shift of his authority.
const KindShift = "shift.taken"

// firstShift is how far the facts reach back while no handover is recorded.
const firstShift = 14 * time.Hour

// shiftEntry is the public part of KindShift. What was taken over is in the digest; the numbers are for who reads the journal.
type shiftEntry struct {
	From      marz.OfficerID `json:"from,omitempty"` // who had the shift; "" for the first
	To        marz.OfficerID `json:"to"`
	Since     marz.Instant   `json:"since"` // from when the facts were
	Digest    string         `json:"digest"`
	Crossings int            `json:"crossings"`
	Cases     int            `json:"cases"`
	Overrides int            `json:"overrides"`
	Lookups   int            `json:"lookups"` // officers who looked at records
	Refused   int            `json:"refused"` // acts
	Relaxed   int            `json:"relaxed"` // checks that could not be made
}

// The tables of shifts. s_override has decisions against the verdict (against), s_read look-ups, s_refused acts that no article gave, s_relaxed how many findings of an
// inspection made no statement, for each authority whose record it is.
const shiftSchema = `
CREATE TABLE s_shift (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, authority TEXT NOT NULL, giver TEXT NOT NULL, taker TEXT NOT NULL) STRICT;
CREATE INDEX s_shift_of ON s_shift (authority, seq);
CREATE TABLE s_override (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, officer TEXT NOT NULL, authority TEXT NOT NULL, inspection INTEGER NOT NULL, verdict TEXT NOT NULL, decision TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
CREATE INDEX s_override_of ON s_override (authority, seq);
CREATE TABLE s_read (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, officer TEXT NOT NULL, authority TEXT NOT NULL, inspection INTEGER, others INTEGER NOT NULL, unseated INTEGER NOT NULL) STRICT;
CREATE INDEX s_read_of ON s_read (authority, seq);
CREATE TABLE s_refused (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, officer TEXT NOT NULL, authority TEXT NOT NULL, action TEXT NOT NULL) STRICT;
CREATE INDEX s_refused_of ON s_refused (authority, seq);
CREATE TABLE s_relaxed (authority TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, "check" TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (authority, seq, "check")) STRICT, WITHOUT ROWID;
CREATE INDEX s_by_authority ON s_inspection (authority, decided_seq, decided) WHERE state = 'decided';
`

func foldShift(f *journal.Fold, e journal.Entry, _ []byte) error {
	var s shiftEntry
	if err := e.Read(nil, &s, nil); err != nil {
		return err
	}
	return f.Exec(`INSERT INTO s_shift (seq, at, authority, giver, taker) VALUES (?, ?, ?, ?, ?)`, e.Seq, e.At, e.Authority, s.From, s.To)
}

// withdrawn stands in the place of the decision where an inspection that the verdict stopped was ended without one.
const withdrawn marz.Decision = "withdrawn"

// against reports whether an inspection ended against its verdict: the traveller passed though the verdict was stop or something hit; he was refused, held or sent to second line
// though it was clear; or it was stop, or something hit, and the inspection was withdrawn. To let somebody pass at attention without a hit is no more than to have looked.
func against(v marz.Verdict, hits int, d marz.Decision) bool {
	grave := v == marz.Stop || hits > 0
	if d.Passes() || d == withdrawn {
		return grave
	}
	return v == marz.Clear && !grave
}

// foldDecidedAgainst is beside foldDecided.
func foldDecidedAgainst(f *journal.Fold, e journal.Entry, payload []byte) error {
	if err := foldDecided(f, e, payload); err != nil {
		return err
	}
	var d decisionEntry
	if err := e.Read(nil, &d, nil); err != nil || !against(d.Verdict, d.Hits, d.Decision) {
		return err
	}
	by := e.Officer
	if d.By != "" {
		by = d.By
	}
	return f.Exec(`INSERT INTO s_override (seq, at, officer, authority, inspection, verdict, decision, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		e.Seq, e.At, by, by.Authority(), number(d.Inspection), d.Verdict, d.Decision, d.Reason)
}

// foldWithdrawnAgainst is beside foldWithdrawn.
func foldWithdrawnAgainst(f *journal.Fold, e journal.Entry, payload []byte) error {
	if err := foldWithdrawn(f, e, payload); err != nil {
		return err
	}
	var w withdrawnEntry
	if err := e.Read(nil, &w, nil); err != nil {
		return err
	}
	return f.Exec(`INSERT INTO s_override (seq, at, officer, authority, inspection, verdict, decision, reason)
		SELECT ?, ?, ?, ?, id, verdict, ?, ? FROM s_inspection WHERE id = ? AND (verdict = ? OR hits > 0)`,
		e.Seq, e.At, e.Officer, e.Officer.Authority(), withdrawn, w.Reason, number(w.Inspection), marz.Stop)
}

// foldReading is beside foldLookup. To be shown the case of a lane that one takes is no look-up; incidents on the line are not read at a lane.
func foldReading(f *journal.Fold, e journal.Entry, payload []byte) error {
	if err := foldLookup(f, e, payload); err != nil {
		return err
	}
	var l readEntry
	if err := e.Read(nil, &l, nil); err != nil || l.Reason == takenOver {
		return err
	}
	var inspection any
	if l.Inspection != "" {
		inspection = number(l.Inspection)
	}
	return f.Exec(`INSERT INTO s_read (seq, at, officer, authority, inspection, others, unseated) VALUES (?, ?, ?, ?, ?, ?, ? AND NOT EXISTS (SELECT 1 FROM s_seat WHERE officer = ?))`,
		e.Seq, e.At, e.Officer, e.Officer.Authority(), inspection, len(l.Owners) > 0, inspection != nil, e.Officer)
}

func foldRefused(f *journal.Fold, e journal.Entry, _ []byte) error {
	var r refusedEntry
	if err := e.Read(nil, &r, nil); err != nil {
		return err
	}
	return f.Exec(`INSERT INTO s_refused (seq, at, officer, authority, action) VALUES (?, ?, ?, ?, ?)`, e.Seq, e.At, r.Officer, r.Officer.Authority(), r.Action)
}

// foldRelaxed notes which checks of an inspection made no statement about the traveller.
func foldRelaxed(f *journal.Fold, e journal.Entry, findings []publicFinding, owners []marz.AuthorityID) error {
	unmade := map[string]int{}
	for _, n := range findings {
		if n.Result != marz.Successful && n.Result != marz.Failed {
			unmade[n.Check]++
		}
	}
	for check, n := range unmade {
		for _, o := range owners {
			if err := f.Exec(`INSERT INTO s_relaxed (authority, seq, at, "check", count) VALUES (?, ?, ?, ?, ?)`, o, e.Seq, e.At, check, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// shift is the shift of an authority that runs now: who has it, since when, and where its facts begin.
type shift struct {
	web.ShiftRow
	from marz.Instant
	any  bool // somebody has taken one
}

func scanShift(rows *sql.Rows) (s web.ShiftRow, err error) {
	err = rows.Scan(&s.Seq, &s.At, &s.From, &s.To)
	return s, err
}

const shiftQuery = `SELECT seq, at, giver, taker FROM s_shift WHERE authority = ? ORDER BY seq DESC LIMIT ?`

// currentShift returns the shift that runs.
func currentShift(q querier, own marz.AuthorityID, now marz.Instant) (shift, error) {
	rows, err := collect(q, scanShift, shiftQuery, own, 1)
	if err != nil {
		return shift{}, &marz.Error{Op: "read shift", Err: err}
	}
	if len(rows) == 0 {
		return shift{ShiftRow: web.ShiftRow{Seq: -1}, from: now.Add(-firstShift)}, nil
	}
	return shift{rows[0], rows[0].At, true}, nil
}

// span is what the questions of a shift's facts are asked about: an authority's own, after an entry and not before an instant.
func (s shift) span(own marz.AuthorityID) []any { return []any{own, s.Seq, s.from} }

// Shift returns the page on which a supervisor takes over the shift of his authority.
func (p *Post) Shift(ctx context.Context, actor Actor) (*web.ShiftBody, error) {
	if err := p.may(actor, marz.ActSupervise); err != nil {
		return nil, err
	}
	own, now := actor.Officer.Authority(), p.now()
	tx, err := p.journal.State().BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // all facts are of one instant
	if err != nil {
		return nil, &marz.Error{Op: "read shift", Err: err}
	}
	defer tx.Rollback()
	s, err := currentShift(tx, own, now)
	if err != nil {
		return nil, err
	}
	facts, err := p.shiftFacts(ctx, tx, own, s, now)
	if err != nil {
		return nil, err
	}
	b := &web.ShiftBody{Own: own, Holder: s.To, Since: s.At, Facts: *facts, Digest: factsDigest(facts, s)}
	if b.Cannot = s.cannot(actor); b.Cannot == "" {
		b.Can = true
	}
	if b.Earlier, err = collect(tx, scanShift, shiftQuery, own, 20); err != nil {
		return nil, &marz.Error{Op: "read shift", Err: err}
	}
	return b, nil
}

// cannot says why the officer cannot take the shift, or "".
func (s shift) cannot(actor Actor) string {
	if s.To == actor.Officer {
		return "you have this shift already; another supervisor of your authority takes it over from you"
	}
	return ""
}

// TakeShift makes the officer the one who has the shift. What he takes over are the facts with this digest; when they are others by now he looks again.
func (p *Post) TakeShift(ctx context.Context, actor Actor, digest string) error {
	return p.act(ctx, actor, marz.ActSupervise, func(a *act) error {
		conflict := func(fix string) error {
			return &marz.Error{Code: marz.Conflict, Op: "take shift", Subject: "of " + string(a.own()), Fix: fix}
		}
		s, err := currentShift(a, a.own(), a.Now())
		if err != nil {
			return err
		}
		if why := s.cannot(actor); why != "" {
			return conflict(why)
		}
		f, err := p.shiftFacts(ctx, a, a.own(), s, a.Now())
		if err != nil {
			return err
		}
		if digest != factsDigest(f, s) {
			return conflict(fmt.Sprintf("it is not as you were shown it; look again: %d open cases, %d decisions against the verdict, %d officers with look-ups, %d acts refused",
				len(f.Cases), len(f.Overrides), len(f.Lookups), total(f.Refused)))
		}
		_, err = a.append(KindShift, shiftEntry{From: s.To, To: actor.Officer, Since: f.From, Digest: digest, Crossings: f.Crossings, Cases: len(f.Cases),
			Overrides: len(f.Overrides), Lookups: len(f.Lookups), Refused: total(f.Refused), Relaxed: total(f.Relaxed)}, nil)
		return err
	})
}

func total(counts []web.ShiftCount) (n int) {
	for _, c := range counts {
		n += c.Count
	}
	return n
}

// factsDigest is over what of the facts does not change with every ordinary traveller: without the number of crossings, cases with a clear verdict on which nobody waits, how often a
// check could not be made, and who sits where; and, before the first handover, without the instant from which they are. It is the base64 SHA-256 of their JSON (docs/spec/entries.md).
func factsDigest(f *web.ShiftFacts, s shift) string {
	d := *f
	d.Crossings, d.Lanes = 0, nil
	if !s.any {
		d.From = 0
	}
	d.Cases = slices.DeleteFunc(slices.Clone(f.Cases), func(c web.ShiftCase) bool { return c.Verdict == marz.Clear && c.State == "open" && c.Officer != "" })
	for i := range d.Cases {
		d.Cases[i].Officer = ""
	}
	d.Relaxed = slices.Clone(f.Relaxed)
	for i := range d.Relaxed {
		d.Relaxed[i].Count = 0
	}
	d.Lookups = slices.Clone(f.Lookups)
	for i := range d.Lookups {
		d.Lookups[i].Crossings = 0
	}
	b, err := json.Marshal(d)
	if err != nil {
		panic(err) // plain data
	}
	sum := sha256.Sum256(b)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// shiftFacts says what happened in a shift of an authority. It holds nothing about a traveller and nothing of another authority.
func (p *Post) shiftFacts(ctx context.Context, q querier, own marz.AuthorityID, s shift, now marz.Instant) (*web.ShiftFacts, error) {
	f := &web.ShiftFacts{From: s.from}
	span := s.span(own)
	err := q.QueryRow(`SELECT count(*) FROM s_inspection WHERE state = 'decided' AND authority = ? AND decided_seq > ? AND decided >= ?`, span...).Scan(&f.Crossings)
	for _, fill := range []func() error{
		func() (err error) { f.Lanes, err = shiftLanes(q, own); return err },
		func() (err error) { f.Cases, err = p.shiftCases(q, own, f.Lanes, now); return err },
		func() (err error) {
			f.Overrides, err = collect(q, func(rows *sql.Rows) (o web.ShiftOverride, err error) {
				var id int64
				err = rows.Scan(&id, &o.Seq, &o.At, &o.Officer, &o.Verdict, &o.Decision, &o.Reason)
				o.Inspection = inspectionID(id)
				return o, err
			}, `SELECT inspection, seq, at, officer, verdict, decision, reason FROM s_override WHERE authority = ? AND seq > ? AND at >= ? ORDER BY seq`, span...)
			return err
		},
		func() (err error) { f.Lookups, err = shiftLookups(q, span); return err },
		func() (err error) {
			f.Refused, err = collect(q, func(rows *sql.Rows) (c web.ShiftCount, err error) {
				err = rows.Scan(&c.What, &c.Officer, &c.Count)
				return c, err
			}, `SELECT action, officer, count(*) FROM s_refused WHERE authority = ? AND seq > ? AND at >= ? GROUP BY 1, 2 ORDER BY 2, 1`, span...)
			return err
		},
		func() (err error) {
			f.Relaxed, err = collect(q, func(rows *sql.Rows) (c web.ShiftCount, err error) {
				err = rows.Scan(&c.What, &c.Count)
				return c, err
			}, `SELECT "check", sum(count) FROM s_relaxed WHERE authority = ? AND seq > ? AND at >= ? GROUP BY 1 ORDER BY 1`, span...)
			return err
		},
		func() (err error) { f.Lists, err = p.shiftLists(ctx, own); return err },
	} {
		if err == nil {
			err = fill()
		}
	}
	if err != nil {
		return nil, &marz.Error{Op: "read shift", Err: err}
	}
	f.Cases, f.Overrides, f.Lookups, f.Refused, f.Relaxed = filled(f.Cases), filled(f.Overrides), filled(f.Lookups), filled(f.Refused), filled(f.Relaxed)
	return f, nil
}

// filled makes an empty list of none, so that one digest is of one content.
func filled[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

// shiftLanes are all lanes, with the authority's own officer where one sits there.
func shiftLanes(q querier, own marz.AuthorityID) ([]web.ShiftLane, error) {
	return collect(q, func(rows *sql.Rows) (l web.ShiftLane, err error) {
		err = rows.Scan(&l.Lane, &l.Officer, &l.Since)
		return l, err
	}, `SELECT l.id, coalesce(s.officer, ''), coalesce(s.since, 0) FROM s_lane l LEFT JOIN s_seat s ON s.lane = l.id AND s.authority = ? ORDER BY l.place`, own)
}

// shiftCases are the open cases that the authority has to end: those that are its record or lie at a lane where its officer sits, and where it controls the lane all.
func (p *Post) shiftCases(q querier, own marz.AuthorityID, lanes []web.ShiftLane, now marz.Instant) ([]web.ShiftCase, error) {
	rows, err := collect(q, func(r *sql.Rows) (*row, error) { return scanRow(r) }, rowQuery+`WHERE state IN `+openStates+` ORDER BY id`)
	var out []web.ShiftCase
	for _, r := range rows {
		i := slices.IndexFunc(lanes, func(l web.ShiftLane) bool { return l.Lane == r.lane && l.Officer != "" })
		h, _ := p.register.Load().Holder(p.post.ID.Place(), r.lane, now)
		if i < 0 && !slices.Contains(r.owners, own) && h.Authority != own {
			continue
		}
		c := web.ShiftCase{Inspection: inspectionID(r.id), Lane: r.lane, Opened: r.opened, Verdict: r.verdict, State: r.state}
		if i >= 0 {
			c.Officer = lanes[i].Officer
		}
		out = append(out, c)
	}
	return out, err
}

// shiftLists are the lists that the authority's officers are warned by: its own and those used in common.
func (p *Post) shiftLists(ctx context.Context, own marz.AuthorityID) ([]web.ListState, error) {
	all, err := p.ListStates(ctx)
	return slices.DeleteFunc(all, func(l web.ListState) bool {
		owner := p.ownerOf(l.ID)
		return owner != "" && owner != own
	}), err
}

// shiftLookups says for each officer who looked at records how he did.
func shiftLookups(q querier, span []any) ([]web.ShiftLookups, error) {
	type lookups struct {
		web.ShiftLookups
		role marz.Role
	}
	all, err := collect(q, func(rows *sql.Rows) (l lookups, err error) {
		err = rows.Scan(&l.Officer, &l.Records, &l.Own, &l.Others, &l.Night, &l.role)
		return l, err
	}, `SELECT r.officer, count(*), coalesce(sum(i.officer = r.officer AND i.state = 'decided'), 0), sum(r.others), sum(r.unseated), coalesce((SELECT role FROM s_officer o WHERE o.id = r.officer), '')
		FROM s_read r LEFT JOIN s_inspection i ON i.id = r.inspection WHERE r.authority = ? AND r.seq > ? AND r.at >= ? GROUP BY 1 ORDER BY 1`, span...)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	decided := map[marz.OfficerID]int{}
	_, err = collect(q, func(rows *sql.Rows) (struct{}, error) {
		var by marz.OfficerID
		var n int
		err := rows.Scan(&by, &n)
		decided[by] = n
		return struct{}{}, err
	}, `SELECT officer, count(*) FROM s_inspection WHERE state = 'decided' AND authority = ? AND decided_seq > ? AND decided >= ? GROUP BY 1`, span...)
	var out []web.ShiftLookups
	for _, l := range all {
		l.Crossings = decided[l.Officer]
		l.Unusual = unusual(l.ShiftLookups, l.role)
		out = append(out, l.ShiftLookups)
	}
	return out, err
}

// manyLookups is from how many records of others' crossings on an officer is asked why.
const manyLookups = 10

// unusual says what of an officer's look-ups should be asked about. It looks at how he looked and never at whom: an officer who is no supervisor looked while he held no lane,
// or looked and decided nothing; or whoever it is looked at ten or more records of crossings that were not his, and at more of them than he decided himself.
func unusual(l web.ShiftLookups, role marz.Role) string {
	var why []string
	if role != marz.RoleSupervisor && l.Night > 0 {
		why = append(why, fmt.Sprintf("%d while holding no lane", l.Night))
	}
	if role != marz.RoleSupervisor && l.Crossings == 0 {
		why = append(why, "look-ups and no crossing decided")
	}
	if n := l.Records - l.Own; n >= manyLookups && n > l.Crossings {
		why = append(why, fmt.Sprintf("%d records that are not of crossings of his own", n))
	}
	return strings.Join(why, "; ")
}

// The pages.

func (p *Post) pageShift(q *request) error {
	body, err := p.Shift(q.Context(), q.actor)
	if err != nil {
		return err
	}
	return p.render(q, "shift", "Shift", *body)
}

func (p *Post) takeShift(q *request) error {
	var in struct {
		Digest string `json:"digest"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	if err := p.TakeShift(q.Context(), q.actor, in.Digest); err != nil {
		return err
	}
	return q.json(map[string]string{"next": "/shift"})
}
