package post

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"marz"
	"marz/agreement"
	"marz/journal"
	"marz/retention"
	"marz/transfer"
)

// keeper says of each payload whose it is, from when its time runs, and whether that is up. It only reads: the journal's turn asks it before it erases, and reports do.
type keeper struct {
	q         querier
	from      entries
	register  *agreement.Register
	place     marz.PlaceID
	transfers *transfer.State
	schedules map[marz.AuthorityID]*retention.Schedule
	at        marz.Instant
	given     map[string]bool // whether an article gives an authority the power to erase, once it was asked
}

// kept is what is to be known of a payload that is there.
type kept struct {
	seq        marz.Seq
	kind       string             // of record; "" for what no schedule is about
	inspection int64              // that it is about; else below 1
	of         *caseFacts         // of what belongs to a case; else nil
	owners     []marz.AuthorityID // whose it is: all have to let it go
	from       marz.Instant       // when its time began to run; 0: it does not yet
	held       string             // why it has to stay in any case, or why its time does not run
	record     *agreement.Record  // what the register is asked about
}

// about is what the public parts of all kinds say of what they are about.
type aboutEntry struct {
	Inspection marz.InspectionID `json:"inspection"`
	Incident   marz.Seq          `json:"incident"`
	Officer    marz.OfficerID    `json:"officer"`
	Expires    marz.Instant      `json:"expires"`
	Transfer   transfer.ID       `json:"id"`
}

// byDecision stands for the kinds of record that follow from how a case ended.
const byDecision = "crossing"

// recordKinds are the kinds of record by the kind of entry. What stands beside an entry of another kind no schedule is about: keyed digests of alerts that must never hit again.
var recordKinds = map[string]string{
	KindInspection: byDecision, KindProposed: byDecision, KindDecided: byDecision, KindObjected: byDecision,
	KindFoundHits: keepHits, KindLate: keepHits, KindLateSeen: keepHits,
	KindCleared: keepClearances, KindRevoked: keepClearances,
	KindRead: keepLookups, KindHitRead: keepLookups, KindIncidentRead: keepLookups, KindExported: keepLookups,
	KindIncident: keepIncidents,
	KindInvited:  keepOfficers, KindEnrolled: keepOfficers, KindSignedIn: keepOfficers,
	transfer.KindCounted: keepTransfers, transfer.KindDisposed: keepTransfers, transfer.KindArmed: keepTransfers, transfer.KindDisarmed: keepTransfers,
	transfer.KindCancelled: keepTransfers, transfer.KindClock: keepTransfers, transfer.KindClosed: keepTransfers,
	KindPersonExported: keepRequests, KindNoted: keepRequests, retention.KindHeld: keepRequests, retention.KindReleased: keepRequests, KindReferralEnded: keepRequests,
}

// recordOf says what kind of record an entry's payload is, and whose. It asks nothing but the state, so that a fold can ask it too.
func recordOf(q querier, e journal.Entry) (r kept, of aboutEntry, err error) {
	r = kept{seq: e.Seq, kind: recordKinds[e.Kind], owners: []marz.AuthorityID{e.Authority}, from: e.At}
	if r.kind == "" {
		return r, of, nil
	}
	if err := e.Read(nil, &of, nil); err != nil {
		return r, of, err
	}
	if r.inspection = number(of.Inspection); e.Kind == KindInspection {
		r.inspection = int64(e.Seq)
	}
	if r.kind == byDecision || e.Kind == KindFoundHits || e.Kind == KindLate {
		r.of, err = caseOf(q, r.inspection)
		if absent(err) { // whose case is not known here no schedule is about
			r.of, r.kind = nil, ""
			return r, of, nil
		}
		if err != nil {
			return r, of, err
		}
	}
	if r.kind == byDecision {
		r.kind = r.of.kind()
	}
	if e.Kind == KindInspection {
		r.owners = r.of.owners
	}
	return r, of, nil
}

// caseFacts is what of a case says how long what belongs to it is kept.
type caseFacts struct {
	state    string
	decision marz.Decision
	ended    marz.Instant // 0: it has not
	referred marz.Instant // when second line ended; 0: it has not
	owners   []marz.AuthorityID
	asylum   bool
}

func caseOf(q querier, id int64) (*caseFacts, error) {
	var c caseFacts
	var owners string
	err := q.QueryRow(`SELECT state, coalesce(decision, ''), coalesce(ended, 0), owners, asylum, coalesce((SELECT at FROM s_referral WHERE inspection = i.id), 0) FROM s_inspection i WHERE id = ?`, id).
		Scan(&c.state, &c.decision, &c.ended, &owners, &c.asylum, &c.referred)
	c.owners = split[marz.AuthorityID](owners)
	return &c, err
}

func (c *caseFacts) kind() string {
	switch {
	case c.decision.Passes():
		return keepPassed
	case c.decision == marz.Refer:
		return keepReferred
	case c.state == "withdrawn":
		return keepWithdrawn
	case c.state == "decided":
		return keepRefused
	}
	return keepOpen
}

// judge says what is to be known of an entry's payload.
func (k *keeper) judge(e journal.Entry) (kept, error) {
	r, of, err := recordOf(k.q, e)
	if err != nil {
		return r, err
	}
	r.record = &agreement.Record{Kind: "record", Owners: r.owners}
	switch {
	case e.Kind == retention.KindHeld:
		err = k.judgeHold(&r)
	case r.kind == keepOfficers:
		err = k.judgeOfficer(&r, e, of)
	case r.kind == keepTransfers:
		err = k.judgeTransfer(&r, e, of.Transfer)
	case r.of != nil:
		err = k.judgeCase(&r)
	}
	if err == nil && r.held == "" {
		r.held, err = k.holdOn(r.owners, int64(e.Seq), r.inspection, int64(of.Incident))
	}
	return r, err
}

// judgeCase is about what belongs to a case: its payload, notes on it and hits. Its time runs from the end of the case, where second line follows from the end of that.
func (k *keeper) judgeCase(r *kept) (err error) {
	c := r.of
	r.record.Asylum = c.asylum
	switch {
	case c.ended == 0:
		r.from, r.held = 0, "the case is open"
	case c.decision == marz.Refer && c.referred == 0:
		r.from, r.held = 0, "second line has not ended"
	default:
		r.from = max(r.from, c.ended, c.referred)
		r.held, err = k.unanswered(r.inspection, c.owners)
	}
	return err
}

// unanswered says whether a late hit on a case waits for an answer: of who owns the list, else of everybody whose record it is, or of who controls the lane since.
func (k *keeper) unanswered(id int64, owners []marz.AuthorityID) (string, error) {
	type late struct {
		owner marz.AuthorityID
		seen  []marz.AuthorityID
	}
	all, err := collect(k.q, func(rows *sql.Rows) (l late, err error) {
		var seen string
		err = rows.Scan(&l.owner, &seen)
		l.seen = split[marz.AuthorityID](seen)
		return l, err
	}, `SELECT owner, coalesce((SELECT group_concat(authority, ' ') FROM s_late_seen WHERE late = l.seq), '') FROM s_late l WHERE inspection = ?`, id)
	for _, l := range all {
		need := owners
		if l.owner != "" {
			need = []marz.AuthorityID{l.owner}
		}
		byAnother := l.owner == "" && slices.ContainsFunc(l.seen, func(a marz.AuthorityID) bool { return !slices.Contains(owners, a) })
		if !byAnother && slices.ContainsFunc(need, func(a marz.AuthorityID) bool { return !slices.Contains(l.seen, a) }) {
			return "a late hit waits for an answer", err
		}
	}
	return "", err
}

// judgeOfficer is about an officer's name and passkeys: their time runs from when he left.
func (k *keeper) judgeOfficer(r *kept, e journal.Entry, of aboutEntry) error {
	var left marz.Instant
	var enrolled bool
	err := k.q.QueryRow(`SELECT coalesce((SELECT at FROM s_left WHERE officer = o.id), 0), enrolled IS NOT NULL FROM s_officer o WHERE id = ?`, of.Officer).Scan(&left, &enrolled)
	if err != nil {
		return err
	}
	switch {
	case left != 0:
		r.from = max(r.from, left, of.Expires)
	case enrolled || e.Kind != KindInvited:
		r.from, r.held = 0, "the officer serves here"
		return nil
	default:
		r.from = of.Expires // nobody came
	}
	return k.heldByKey(r, e)
}

// heldByKey keeps what a passkey's counter is in while the passkey itself is there, so that the state stays what the entries say.
func (k *keeper) heldByKey(r *kept, e journal.Entry) error {
	if e.Kind == KindInvited || e.Kind == KindEnrolled {
		return nil
	}
	b, err := k.from.Payload(e.Seq)
	if marz.CodeOf(err) == marz.NotFound {
		return nil
	}
	var c credentialPrivate
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	var here bool
	if err == nil && c.Credential != "" {
		err = k.q.QueryRow(`SELECT EXISTS (SELECT 1 FROM s_passkey WHERE id = ?)`, c.Credential).Scan(&here)
	}
	if here {
		r.held = "the passkey that it counts for is not erased yet"
	}
	return err
}

// judgeTransfer is about what lies beside the steps of a transfer.
func (k *keeper) judgeTransfer(r *kept, e journal.Entry, id transfer.ID) error {
	t := k.transfers.Get(id)
	if t == nil || t.Phase != transfer.Closed && t.Phase != transfer.Cancelled {
		r.from, r.held = 0, "the transfer has not ended"
		return nil
	}
	var ended marz.Instant
	err := k.q.QueryRow(`SELECT coalesce(max(at), 0) FROM s_transfer WHERE kind IN (?, ?) AND json_extract(doc, '$.id') = ?`, transfer.KindClosed, transfer.KindCancelled, id).Scan(&ended)
	if err != nil {
		return err
	}
	r.from = max(r.from, ended)
	var adopted bool
	if err := k.q.QueryRow(`SELECT EXISTS (SELECT 1 FROM s_adopted WHERE seq = ?)`, e.Seq).Scan(&adopted); err != nil {
		return err
	}
	if adopted {
		r.held = "its alerts are in force"
		return nil
	}
	return k.heldByKey(r, e)
}

// judgeHold is about the words of a hold: their time runs from its release.
func (k *keeper) judgeHold(r *kept) error {
	var released marz.Instant
	err := k.q.QueryRow(`SELECT coalesce(released, 0) FROM s_hold WHERE seq = ?`, r.seq).Scan(&released)
	if r.from = released; released == 0 {
		r.held = "the hold stands"
	}
	return err
}

// holdOn returns what holds one of these entries, for one of the owners.
func (k *keeper) holdOn(owners []marz.AuthorityID, entry, inspection, incident int64) (string, error) {
	type hold struct {
		authority marz.AuthorityID
		reason    string
	}
	all, err := collect(k.q, func(r *sql.Rows) (h hold, err error) {
		err = r.Scan(&h.authority, &h.reason)
		return h, err
	}, `SELECT authority, reason FROM s_hold WHERE released IS NULL AND (entry = ? OR entry = ? AND entry > 0 OR entry = ? AND entry > 0) ORDER BY seq`, entry, inspection, incident)
	for _, h := range all {
		if slices.Contains(owners, h.authority) {
			return "a hold of " + string(h.authority) + ": " + retention.ReasonText(h.reason), err
		}
	}
	return "", err
}

// dueness is whether a payload's time is up by the schedules of all whose it is.
type dueness struct {
	due   bool
	why   string           // of what is not due and never will be by the schedules as they are
	by    marz.AuthorityID // under whose word it is erased: that whose period is the longest
	under marz.ArticleRef
	words string // for the entry
}

// due asks the schedules. The longest period wins; each owner needs a rule in force and an article that gives it the power to erase this.
func (k *keeper) due(r *kept) dueness {
	var d dueness
	if r.kind == "" {
		return dueness{why: "no schedule is about it"}
	}
	var last marz.Instant
	var words []string
	for _, o := range r.owners {
		s := k.schedules[o]
		rule := s.Rule(r.kind)
		switch {
		case rule == nil:
			return dueness{why: "no schedule of " + string(o)}
		case k.at < s.Starts:
			return dueness{why: "the schedule of " + string(o) + " begins at " + s.Starts.String()}
		case !k.gives(o, rule.Under, r.record):
			return dueness{why: "the article gives " + string(o) + " no power to erase now"}
		}
		if until := rule.Until(r.from); until > last {
			last, d.by, d.under = until, o, rule.Under
		}
		words = append(words, rule.Words(o, r.kind))
	}
	d.due = r.from != 0 && k.at >= last
	d.words = "its time is up: " + strings.Join(words, "; ")
	return d
}

// gives reports whether the article that a rule names gives the authority the power to erase a record now.
func (k *keeper) gives(authority marz.AuthorityID, under marz.ArticleRef, record *agreement.Record) bool {
	key := fmt.Sprintf("%s %s %s %v %v", authority, under, record.Nationality, record.Asylum, record.Owners)
	if given, ok := k.given[key]; ok {
		return given
	}
	answer := k.register.May(agreement.Question{Officer: marz.OfficerID(authority) + "/0", Role: marz.RoleSupervisor, Action: marz.ActErase, Place: k.place, At: k.at, Record: record})
	given := answer.Allowed && slices.Contains(answer.All, under)
	k.given[key] = given
	return given
}

// look is all of it: what is to be known of an entry's payload and whether it is due. The traveller's nationality is asked for only where the record is about to be erased, since articles can name it.
func (k *keeper) look(e journal.Entry) (kept, dueness, error) {
	r, err := k.judge(e)
	if err != nil {
		return r, dueness{}, &marz.Error{Op: "look for what is due", Subject: fmt.Sprintf("seq %d, %s", e.Seq, e.Kind), Fix: "run marz verify on the folder", Err: err}
	}
	d := k.due(&r)
	if !d.due || r.held != "" || e.Kind != KindInspection {
		return r, d, nil
	}
	b, err := k.from.Payload(e.Seq)
	var p inspectionPrivate
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err != nil && marz.CodeOf(err) != marz.NotFound {
		return r, d, errors.Join(&marz.Error{Op: "look for what is due", Subject: fmt.Sprintf("seq %d", e.Seq), Fix: "its payload cannot be read; run marz verify"}, err)
	}
	r.record.Nationality = p.Document.Nationality
	return r, k.due(&r), nil
}
