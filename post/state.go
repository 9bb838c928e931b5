package post

import (
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"

	"marz"
	"marz/journal"
	"marz/program"
	"marz/retention"
	"marz/transfer"
)

// state is the fold that a post keeps over its journal. Its constraints state the law where SQL can.
type state struct{}

// Version implements journal.State.
func (state) Version() string { return "post 11" }

// Schema implements journal.State.
func (state) Schema() string {
	return `
CREATE TABLE s_post (one INTEGER PRIMARY KEY CHECK (one = 1), doc TEXT NOT NULL) STRICT;
CREATE TABLE s_register (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, doc TEXT NOT NULL) STRICT;
CREATE TABLE s_control (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, authority TEXT NOT NULL, article TEXT NOT NULL, lanes TEXT NOT NULL, doc TEXT NOT NULL) STRICT;
CREATE TABLE s_transfer (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, authority TEXT NOT NULL, officer TEXT NOT NULL, doc TEXT NOT NULL) STRICT;
CREATE TABLE s_relieved (code TEXT PRIMARY KEY, transfer TEXT NOT NULL, officer TEXT NOT NULL, session TEXT NOT NULL, seq INTEGER NOT NULL) STRICT;
CREATE TABLE s_officer (id TEXT PRIMARY KEY, authority TEXT NOT NULL, role TEXT NOT NULL, name TEXT, named_by INTEGER NOT NULL, enrolled INTEGER) STRICT;
CREATE TABLE s_invitation (code TEXT PRIMARY KEY, officer TEXT NOT NULL, expires INTEGER NOT NULL, used INTEGER, guest TEXT NOT NULL) STRICT;
CREATE TABLE s_passkey (id TEXT PRIMARY KEY, officer TEXT NOT NULL, record TEXT NOT NULL, seq INTEGER NOT NULL, guest TEXT NOT NULL) STRICT;
CREATE TABLE s_session (hash TEXT PRIMARY KEY, officer TEXT NOT NULL, authority TEXT NOT NULL, opened INTEGER NOT NULL, ended INTEGER, why TEXT, commissioned TEXT NOT NULL) STRICT;
CREATE TABLE s_lane (id TEXT PRIMARY KEY, place INTEGER NOT NULL, direction TEXT NOT NULL, flow TEXT NOT NULL) STRICT;
CREATE TABLE s_seat (lane TEXT NOT NULL, authority TEXT NOT NULL, officer TEXT NOT NULL UNIQUE, since INTEGER NOT NULL, PRIMARY KEY (lane, authority)) STRICT;
CREATE TABLE s_inspection (
	id INTEGER PRIMARY KEY, lane TEXT NOT NULL, direction TEXT NOT NULL, opened INTEGER NOT NULL, verdict TEXT NOT NULL, hits INTEGER NOT NULL,
	scan TEXT, traveller TEXT,
	owners TEXT NOT NULL, asylum INTEGER NOT NULL DEFAULT 0, step INTEGER NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('open', 'proposed', 'awaiting', 'decided', 'withdrawn')),
	proposal INTEGER, proposer TEXT, submission INTEGER, awaits TEXT NOT NULL DEFAULT '', concurred TEXT NOT NULL DEFAULT '', objection INTEGER,
	ended INTEGER, decision TEXT, reason TEXT, decided INTEGER, decided_seq INTEGER UNIQUE, officer TEXT, authority TEXT, article TEXT,
	CHECK ((state = 'decided') = (decision IS NOT NULL))) STRICT;
CREATE UNIQUE INDEX s_one_open ON s_inspection (lane) WHERE state IN ('open', 'proposed', 'awaiting');
CREATE TABLE s_hits (seq INTEGER PRIMARY KEY, inspection INTEGER NOT NULL, owner TEXT NOT NULL, count INTEGER NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL) STRICT;
CREATE INDEX s_hits_of ON s_hits (inspection, owner);
CREATE TABLE s_lookup (seq INTEGER NOT NULL, at INTEGER NOT NULL, officer TEXT NOT NULL, owner TEXT NOT NULL, doc TEXT NOT NULL, kind TEXT NOT NULL, article TEXT NOT NULL, PRIMARY KEY (owner, seq)) STRICT;
CREATE INDEX s_asylum ON s_inspection (traveller, id) WHERE asylum = 1;
CREATE INDEX s_by_lane ON s_inspection (lane, id);
CREATE INDEX s_by_day ON s_inspection (decided, lane) WHERE state = 'decided';
CREATE TABLE s_movement (inspection INTEGER PRIMARY KEY, traveller TEXT NOT NULL, at INTEGER NOT NULL, direction TEXT NOT NULL) STRICT;
CREATE INDEX s_by_traveller ON s_movement (traveller, inspection);
CREATE TABLE s_patrol (id INTEGER PRIMARY KEY, section TEXT NOT NULL, starts INTEGER NOT NULL, ends INTEGER NOT NULL, officers TEXT NOT NULL, officer TEXT NOT NULL, article TEXT NOT NULL, ended INTEGER) STRICT;
CREATE TABLE s_incident (id INTEGER PRIMARY KEY, section TEXT NOT NULL, happened INTEGER NOT NULL, kind TEXT NOT NULL, kilometre REAL NOT NULL, present TEXT NOT NULL, patrol INTEGER, officer TEXT NOT NULL,
	article TEXT NOT NULL, note INTEGER NOT NULL) STRICT;
CREATE TABLE s_list (id TEXT PRIMARY KEY, name TEXT NOT NULL, owner TEXT NOT NULL, version TEXT NOT NULL, loaded INTEGER, alerts INTEGER NOT NULL, refused TEXT NOT NULL) STRICT;
` + alertTables + shiftSchema + clearedTables + lateTables + readerTables + mirrorTables + hqTables + retentionTables + programTables
}

// Apply implements journal.State.
func (state) Apply(f *journal.Fold, e journal.Entry, payload []byte) error {
	if apply := folds[e.Kind]; apply != nil {
		return apply(f, e, payload)
	}
	return nil
}

var folds = map[string]func(*journal.Fold, journal.Entry, []byte) error{
	KindDescribed:            foldDescribed,
	KindAgreement:            foldRegister,
	KindStatement:            foldRegister,
	KindReport:               foldRegister,
	KindCommission:           foldRegister,
	KindControl:              foldControl,
	KindInvited:              foldInvited,
	KindEnrolled:             foldEnrolled,
	KindDismissed:            foldDismissed,
	KindSignedIn:             foldSignedIn,
	KindSignedOut:            foldSignedOut,
	KindLaneOpened:           foldLane,
	KindLaneClosed:           foldLane,
	KindListLoaded:           foldListLoaded,
	KindListRefused:          foldListRefused,
	KindInspection:           foldInspection,
	KindProposed:             foldProposed,
	KindDecided:              foldDecidedAgainst,
	KindWithdrawn:            foldWithdrawnAgainst,
	KindFoundHits:            foldHits,
	KindSubmitted:            foldSubmitted,
	KindConcurred:            foldConcurred,
	KindObjected:             foldObjected,
	KindAsylum:               foldAsylum,
	KindRead:                 foldReading,
	KindHitRead:              foldReading,
	KindIncidentRead:         foldReading,
	KindPatrol:               foldPatrol,
	KindPatrolEnded:          foldPatrolEnded,
	KindIncident:             foldIncident,
	KindRefusedAct:           foldRefused,
	KindShift:                foldShift,
	KindAlertsRead:           foldAlertsRead,
	KindSettled:              foldSettled,
	KindBarred:               foldBarred,
	KindCleared:              foldCleared,
	KindRevoked:              foldRevoked,
	KindLate:                 foldLate,
	KindLateSeen:             foldLateSeen,
	retention.KindSchedule:   foldSchedule,
	retention.KindPassed:     foldLooked,
	retention.KindClockRight: foldLooked,
	retention.KindHeld:       foldHeld,
	retention.KindReleased:   foldReleased,
	KindReferralEnded:        foldReferralEnded,
	KindNoted:                foldNoted,
	KindReaderAccepted:       foldReaderAccepted, KindReaderDismissed: foldReaderDismissed,
	KindMirrorBegun: foldMirrorBegun, KindMirrorEnded: foldMirrorEnded,
	KindFollowed:         foldFollowed,
	KindListEnded:        foldListEnded,
	program.KindAccepted: foldClientAccepted, program.KindDismissed: foldClientDismissed, program.KindActed: foldClientActed,
	journal.KindErased: foldErased,

	transfer.KindOpened:    foldTransfer,
	transfer.KindCounted:   foldTransfer,
	transfer.KindDisposed:  foldDisposed,
	transfer.KindPresented: foldTransfer,
	transfer.KindArmed:     foldTransfer,
	transfer.KindDisarmed:  foldTransfer,
	transfer.KindPostponed: foldTransfer,
	transfer.KindRefused:   foldTransfer,
	transfer.KindCancelled: foldTransfer,
	transfer.KindClock:     foldTransfer,
	transfer.KindExecuted:  foldExecuted,
	transfer.KindDestroyed: foldDestroyed,
	transfer.KindClosed:    foldTransfer,
}

func foldDescribed(f *journal.Fold, e journal.Entry, _ []byte) error {
	var d describedEntry
	if err := e.Read(nil, &d, nil); err != nil {
		return err
	}
	if err := f.Exec(`INSERT OR REPLACE INTO s_post (one, doc) VALUES (1, ?)`, string(e.Public)); err != nil {
		return err
	}
	for i, l := range d.Post.Lanes {
		err := f.Exec(`INSERT INTO s_lane (id, place, direction, flow) VALUES (?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET place = excluded.place, direction = excluded.direction, flow = excluded.flow`, l.ID, i, l.Direction, l.Flow)
		if err != nil {
			return err
		}
	}
	return nil
}

// foldRegister keeps an instrument as it was recorded, and when.
func foldRegister(f *journal.Fold, e journal.Entry, _ []byte) error {
	return f.Exec(`INSERT INTO s_register (seq, at, doc) VALUES (?, ?, ?)`, e.Seq, e.At, string(e.Public))
}

func foldControl(f *journal.Fold, e journal.Entry, _ []byte) error {
	var c controlEntry
	if err := e.Read(nil, &c, nil); err != nil {
		return err
	}
	return foldPassing(f, e, c)
}

// foldPassing also ends the access of those who have no power left, their sessions and invitations, and their hold on the lanes that passed.
func foldPassing(f *journal.Fold, e journal.Entry, c controlEntry) error {
	doc, err := json.Marshal(c)
	if err != nil {
		return err
	}
	err = f.Exec(`INSERT INTO s_control (seq, at, authority, article, lanes, doc) VALUES (?, ?, ?, ?, ?, ?)`, e.Seq, e.At, c.To, e.Under, joined(c.Lanes), string(doc))
	if err != nil {
		return err
	}
	if err := foldLapsed(f, e, c); err != nil {
		return err
	}
	for _, a := range c.Ends {
		why := "control passed to " + string(c.To) + " under " + string(e.Under)
		if err := f.Exec(`UPDATE s_session SET ended = ?, why = ? WHERE authority = ? AND ended IS NULL`, e.At, why, a); err != nil {
			return err
		}
		if err := foldClientsEnded(f, a); err != nil {
			return err
		}
		if err := f.Exec(`DELETE FROM s_invitation WHERE used IS NULL AND officer GLOB ? || '/*'`, a); err != nil {
			return err
		}
		if err := foldMirrorsPassed(f, e, a); err != nil {
			return err
		}
		if err := foldLeft(f, e.At, `authority = ? AND enrolled IS NOT NULL`, a); err != nil {
			return err
		}
	}
	for _, a := range c.Frees {
		if err := foldReadersFreed(f, a, c.Lanes); err != nil {
			return err
		}
		if len(c.Lanes) == 0 {
			if err := f.Exec(`DELETE FROM s_seat WHERE authority = ?`, a); err != nil {
				return err
			}
		}
		for _, lane := range c.Lanes {
			if err := f.Exec(`DELETE FROM s_seat WHERE authority = ? AND lane = ?`, a, lane); err != nil {
				return err
			}
		}
	}
	return nil
}

func foldInvited(f *journal.Fold, e journal.Entry, payload []byte) error {
	var in invitedEntry
	var who invitedPrivate
	if err := e.Read(payload, &in, &who); err != nil {
		return err
	}
	err := f.Exec(`INSERT INTO s_officer (id, authority, role, name, named_by) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET role = excluded.role, name = excluded.name, named_by = excluded.named_by`,
		in.Officer, in.Officer.Authority(), in.Role, who.Name, e.Seq)
	if err != nil {
		return err
	}
	if in.From != nil {
		if err := foldPosted(f, e, in.Officer, in.Role, who.Name, in.From); err != nil {
			return err
		}
	}
	guest := "" // the other authority whose invitation it is
	if e.Officer != "" && e.Officer.Authority() != in.Officer.Authority() {
		guest = string(e.Officer.Authority())
	}
	return f.Exec(`INSERT INTO s_invitation (code, officer, expires, guest) VALUES (?, ?, ?, ?)`, in.Code, in.Officer, in.Expires, guest)
}

func foldEnrolled(f *journal.Fold, e journal.Entry, payload []byte) error {
	var en enrolledEntry
	var c credentialPrivate
	if err := e.Read(payload, &en, &c); err != nil {
		return err
	}
	if en.From != nil {
		if err := foldPosted(f, e, en.Officer, en.Role, c.Name, en.From); err != nil {
			return err
		}
	}
	if err := f.Exec(`DELETE FROM s_left WHERE officer = ?`, en.Officer); err != nil {
		return err
	}
	if en.Method == "exercise" {
		return f.Exec(`INSERT INTO s_officer (id, authority, role, name, named_by, enrolled) VALUES (?, ?, ?, ?, ?, ?)`,
			en.Officer, en.Officer.Authority(), en.Role, c.Name, e.Seq, e.At)
	}
	if err := f.Exec(`UPDATE s_officer SET enrolled = ? WHERE id = ?`, e.At, en.Officer); err != nil {
		return err
	}
	if err := f.Exec(`UPDATE s_invitation SET used = ? WHERE code = ?`, e.Seq, en.Code); err != nil {
		return err
	}
	if c.Credential == "" {
		return nil // erased
	}
	return f.Exec(`INSERT OR REPLACE INTO s_passkey (id, officer, record, seq, guest) VALUES (?, ?, ?, ?, coalesce((SELECT guest FROM s_invitation WHERE code = ?), ''))`,
		c.Credential, en.Officer, string(c.Record), e.Seq, en.Code)
}

// foldDismissed ends all access of one officer. What he did before stays as it is.
func foldDismissed(f *journal.Fold, e journal.Entry, _ []byte) error {
	var d dismissedEntry
	if err := e.Read(nil, &d, nil); err != nil {
		return err
	}
	if err := foldLeft(f, e.At, `id = ?`, d.Officer); err != nil {
		return err
	}
	why := "dismissed by " + string(e.Officer)
	if e.Officer == "" {
		why = "the headquarters has taken back that this officer is posted here"
	}
	if err := f.Exec(`UPDATE s_session SET ended = ?, why = ? WHERE officer = ? AND ended IS NULL`, e.At, why, d.Officer); err != nil {
		return err
	}
	for _, q := range []string{
		`UPDATE s_officer SET enrolled = NULL WHERE id = ?`,
		`DELETE FROM s_seat WHERE officer = ?`,
		`DELETE FROM s_passkey WHERE officer = ?`,
		`DELETE FROM s_invitation WHERE officer = ? AND used IS NULL`,
		`DELETE FROM s_posted WHERE officer = ?`,
	} {
		if err := f.Exec(q, d.Officer); err != nil {
			return err
		}
	}
	return nil
}

func foldSignedIn(f *journal.Fold, e journal.Entry, payload []byte) error {
	var s sessionEntry
	var c credentialPrivate
	if err := e.Read(payload, &s, &c); err != nil {
		return err
	}
	if c.Credential != "" { // the counter moved on
		if err := f.Exec(`UPDATE s_passkey SET record = ? WHERE id = ?`, string(c.Record), c.Credential); err != nil {
			return err
		}
	}
	if err := f.Exec(`DELETE FROM s_left WHERE officer = ?`, s.Officer); err != nil { // whose authority serves here again
		return err
	}
	return f.Exec(`INSERT INTO s_session (hash, officer, authority, opened, commissioned) VALUES (?, ?, ?, ?, ?)`, s.Session, s.Officer, s.Officer.Authority(), e.At, s.Commissioned)
}

func foldSignedOut(f *journal.Fold, e journal.Entry, _ []byte) error {
	var s sessionEntry
	if err := e.Read(nil, &s, nil); err != nil {
		return err
	}
	return f.Exec(`UPDATE s_session SET ended = ?, why = ? WHERE hash = ?`, e.At, s.Why, s.Session)
}

func foldLane(f *journal.Fold, e journal.Entry, _ []byte) error {
	var l laneEntry
	if err := e.Read(nil, &l, nil); err != nil {
		return err
	}
	if e.Kind == KindLaneClosed {
		return f.Exec(`DELETE FROM s_seat WHERE lane = ? AND (officer = ? OR ? = '')`, l.Lane, l.Of, l.Of)
	}
	return f.Exec(`INSERT INTO s_seat (lane, authority, officer, since) VALUES (?, ?, ?, ?)`, l.Lane, e.Officer.Authority(), e.Officer, e.At)
}

func foldListLoaded(f *journal.Fold, e journal.Entry, _ []byte) error {
	var l listEntry
	if err := e.Read(nil, &l, nil); err != nil {
		return err
	}
	if l.From != nil {
		if err := foldHQList(f, l.List, l.From); err != nil {
			return err
		}
	}
	return f.Exec(`INSERT OR REPLACE INTO s_list (id, name, owner, version, loaded, alerts, refused) VALUES (?, ?, ?, ?, ?, ?, '')`,
		l.List, l.Name, l.Owner, l.Version, l.Loaded, l.Alerts)
}

func foldListRefused(f *journal.Fold, e journal.Entry, _ []byte) error {
	var l listEntry
	if err := e.Read(nil, &l, nil); err != nil {
		return err
	}
	return f.Exec(`INSERT INTO s_list (id, name, owner, version, alerts, refused) VALUES (?, ?, '', '', 0, ?)
		ON CONFLICT (id) DO UPDATE SET refused = excluded.refused`, l.List, l.Name, l.Refused)
}

func foldInspection(f *journal.Fold, e journal.Entry, payload []byte) error {
	var in inspectionEntry
	var p inspectionPrivate
	if err := e.Read(payload, &in, &p); err != nil {
		return err
	}
	owners := in.Owners
	if len(owners) == 0 {
		owners = []marz.AuthorityID{e.Authority}
	}
	err := f.Exec(`INSERT INTO s_inspection (id, lane, direction, opened, verdict, hits, scan, traveller, owners, step, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open')`,
		e.Seq, in.Lane, in.Direction, e.At, in.Verdict, in.Hits, nullable(p.Scan), nullable(p.Traveller), joined(owners), e.Seq)
	if err != nil {
		return err
	}
	return foldRelaxed(f, e, in.Findings, owners)
}

func foldProposed(f *journal.Fold, e journal.Entry, _ []byte) error {
	var d decisionEntry
	if err := e.Read(nil, &d, nil); err != nil {
		return err
	}
	return f.Exec(`UPDATE s_inspection SET state = 'proposed', proposal = ?, proposer = ?, submission = NULL, awaits = '', concurred = '', step = ? WHERE id = ?`, e.Seq, e.Officer, e.Seq, number(d.Inspection))
}

func foldDecided(f *journal.Fold, e journal.Entry, _ []byte) error {
	var d decisionEntry
	if err := e.Read(nil, &d, nil); err != nil {
		return err
	}
	id := number(d.Inspection)
	by := e.Officer
	if d.By != "" {
		by = d.By
	}
	err := f.Exec(`UPDATE s_inspection SET state = 'decided', decision = ?, reason = ?, decided = ?, ended = ?, decided_seq = ?, officer = ?, authority = ?, article = ?, step = ? WHERE id = ?`,
		d.Decision, d.Reason, e.At, e.At, e.Seq, by, by.Authority(), e.Under, e.Seq, id)
	if err != nil || !d.Decision.Passes() {
		return err
	}
	return f.Exec(`INSERT INTO s_movement (inspection, traveller, at, direction)
		SELECT id, traveller, ?, direction FROM s_inspection WHERE id = ? AND traveller IS NOT NULL`, e.At, id)
}

func foldWithdrawn(f *journal.Fold, e journal.Entry, _ []byte) error {
	var w withdrawnEntry
	if err := e.Read(nil, &w, nil); err != nil {
		return err
	}
	return f.Exec(`UPDATE s_inspection SET state = 'withdrawn', ended = ?, step = ? WHERE id = ?`, e.At, e.Seq, number(w.Inspection))
}

// number returns an inspection's number, which is the seq of the entry that opened it, or -1.
func number(id marz.InspectionID) int64 {
	n, err := strconv.ParseInt(string(id), 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// querier asks the state: either as a change sees it, or as last committed.
type querier interface {
	QueryRow(query string, args ...any) *sql.Row
	Query(query string, args ...any) (*sql.Rows, error)
}

// collect reads all rows of a query.
func collect[T any](q querier, scan func(*sql.Rows) (T, error), query string, args ...any) (out []T, err error) {
	rows, err := q.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// scanOne reads rows of one column.
func scanOne[T any](rows *sql.Rows) (v T, err error) {
	err = rows.Scan(&v)
	return v, err
}

// absent reports whether a row was not found, as against an error.
func absent(err error) bool { return errors.Is(err, sql.ErrNoRows) }
