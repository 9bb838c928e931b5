package post

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"marz"
	"marz/inspection"
	"marz/inspection/stays"
	"marz/journal"
	"marz/mrz"
	"marz/watchlist"
	"marz/web"
)

// rescan is how long after its decision the same scan at the same lane is taken for a reader that fired twice.
const rescan = 20 * time.Second

func inspectionID(seq int64) marz.InspectionID {
	return marz.InspectionID(strconv.FormatInt(seq, 10))
}

// Scan opens an inspection for what a reader sent. The same scan again gives the inspection that it opened. While another is open the
// scan is refused, since a new one never ends an old one. again asks for a new inspection of a document just decided on. how says how the text came
// to the lane; none: a reader gave it as it stands.
func (p *Post) Scan(ctx context.Context, actor Actor, lane marz.LaneID, text string, again bool, how ...inspection.Taken) (*web.Inspection, error) {
	way, err := takenOnce(how)
	if err != nil {
		return nil, err
	}
	doc, err := mrz.Parse(text, p.today())
	if err != nil {
		return nil, err
	}
	return p.take(ctx, actor, lane, taken{doc: doc, how: way, again: again})
}

// taken is what was taken of a document.
type taken struct {
	doc      *mrz.Document
	how      inspection.Taken     // the way of its zone
	evidence *inspection.Evidence // of chip and seals; nil: nothing but the zone was read
	reader   string               // hex key of the reader that handed over more than a zone
	again    bool                 // although the same document was decided on just now
}

// take opens an inspection for what was taken of a document.
func (p *Post) take(ctx context.Context, actor Actor, lane marz.LaneID, t taken) (*web.Inspection, error) {
	doc := t.doc
	lists := p.screen(ctx, doc) // before the journal's turn, so that lanes do not wait for each other
	scan := p.keyed("scan", doc.Lines...)
	var id int64
	var repeated bool
	var verdict marz.Verdict
	err := p.actAt(ctx, actor, lane, marz.ActInspect, func(a *act) error {
		l, err := p.lane(a, lane)
		if err != nil {
			return err
		}
		if err := l.heldBy(actor.Officer); err != nil {
			return err
		}
		if id, err = p.sameScan(a, l, scan, t.again); err != nil || id >= 0 {
			repeated = true
			return err
		}
		id = int64(a.Next())
		if err := p.loadAdopted(a, a); err != nil {
			return err
		}
		if !slices.Equal(lists.versions, p.versions()) { // a list came into force meanwhile
			lists = p.screen(ctx, doc)
		}
		verdict, err = p.open(a, l, t, lists, scan)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !repeated {
		p.metrics.inspected(verdict)
	}
	if t.evidence != nil && !repeated {
		p.portraits.set(id, lane, t.evidence)
	}
	return p.inspection(ctx, actor, id, repeated)
}

// sameScan returns the inspection that this very scan has opened already, -1 when there is none, or a conflict.
func (p *Post) sameScan(a *act, l *laneRow, scan string, again bool) (int64, error) {
	if l.open >= 0 {
		var open sql.NullString
		if err := a.QueryRow(`SELECT scan FROM s_inspection WHERE id = ?`, l.open).Scan(&open); err != nil {
			return -1, err
		}
		if open.String == scan {
			return l.open, nil
		}
		return -1, &marz.Error{Code: marz.Conflict, Op: "scan", Subject: "at lane " + string(l.id), Fix: fmt.Sprintf("inspection %d is open here: decide or withdraw it first; the new scan was not taken", l.open)}
	}
	if again {
		return -1, nil
	}
	var id int64
	err := a.QueryRow(`SELECT id FROM s_inspection WHERE id = (SELECT max(id) FROM s_inspection WHERE lane = ?) AND state = 'decided' AND scan = ? AND decided > ?`,
		l.id, scan, a.Now().Add(-rescan)).Scan(&id)
	if absent(err) {
		return -1, nil
	}
	return id, err
}

// open runs the checks and records what they found. It returns their verdict.
func (p *Post) open(a *act, l *laneRow, t taken, lists screened, scan string) (marz.Verdict, error) {
	doc := t.doc
	traveller := p.keyed("traveller", doc.Nationality, doc.Birth.String(), doc.Primary, doc.Secondary)
	history, known, err := p.movements(a, traveller, stays.Person{Nationality: doc.Nationality, Birth: doc.Birth.String(), Primary: doc.Primary, Secondary: doc.Secondary})
	if err != nil {
		return "", err
	}
	ages, err := p.listAges(a, lists.versions, l.id, a.Now())
	if err != nil {
		return "", err
	}
	owners := serving(a.duties())
	shown := document(doc, marz.DateOf(a.Now().In(p.zone)))
	whose := owners // of one authority alone it is that of the entry
	if len(whose) == 0 {
		whose = []marz.AuthorityID{a.own()}
	}
	sorted, answer, err := p.sortHits(a.Tx, lists, l.id, p.identify(shown), whose)
	if err != nil {
		return "", err
	}
	cleared := clearedFor(sorted, whose)
	findings, verdict := inspection.Inspect(inspection.Input{Document: doc, Taken: t.how, Evidence: t.evidence, Direction: l.direction, At: a.Now(), Zone: p.zone, Answer: answer, Cleared: cleared, Lists: ages, HQs: p.hqAges(a.Now()),
		History: history, Elsewhere: known, Stay: p.config.Stay, ClockLate: a.ClockBehind()})
	changes := t.how.Changes(doc)
	opened, err := a.append(KindInspection,
		inspectionEntry{Lane: l.id, Direction: l.direction, Verdict: verdict, Findings: publicFindings(findings, a.Now()), Hits: len(answer.Hits), Cleared: cleared, Owners: owners,
			Reader: t.reader, Way: t.how.Way, Corrected: len(changes)},
		inspectionPrivate{Scan: scan, Traveller: traveller, Document: shown, Findings: findings, Chip: chipOf(t.evidence),
			Hits: sorted[""].shown(), Beyond: p.knownOf(sorted[""].beyond), Stay: p.config.Stay.StayText(doc.Nationality, history, a.Now(), p.zone), Read: t.how.Read, Changes: changes})
	if err != nil {
		return "", err
	}
	if err := a.recordHits(opened.Seq, sorted); err != nil {
		return "", err
	}
	return verdict, a.asylumStands(opened.Seq, l.id, traveller)
}

func document(d *mrz.Document, today marz.Date) web.Document {
	return web.Document{Format: string(d.Format), Code: d.Code, Issuer: d.Issuer, Number: d.Number, Primary: d.Primary, Secondary: d.Secondary,
		Nationality: d.Nationality, Birth: d.Birth.String(), Age: age(d.Birth, today), Sex: d.Sex, Expiry: d.Expiry.String(), Lines: d.Lines, BadChecks: inspection.BadChecks(d)}
}

// age returns the age in years, as a range where the birth date is not wholly known, or "".
func age(birth, today marz.Date) string {
	if birth.Year == 0 {
		return ""
	}
	years := today.Year - birth.Year
	if !birth.Full() {
		return fmt.Sprintf("%d or %d", max(0, years-1), years)
	}
	if (marz.Date{Year: today.Year, Month: birth.Month, Day: birth.Day}).Compare(today) > 0 {
		years--
	}
	return strconv.Itoa(years)
}

// mostHits is how many hits are kept and shown, the strongest first. The finding says how many there were.
const mostHits = 50

// screened is what the lists said, with the state of the lists that said it.
type screened struct {
	answer   watchlist.Answer
	versions []listVersion
}

// listVersion is the state of a list in force.
type listVersion struct {
	id      marz.ListID
	version string
	loaded  marz.Instant
}

func (p *Post) versions() []listVersion {
	var out []listVersion
	for _, l := range p.lists.Lists() {
		out = append(out, listVersion{l.ID, l.Version, l.Loaded})
	}
	return out
}

// screen asks the lists, and again when one was replaced under its hands, so that the answer and the versions belong together.
func (p *Post) screen(ctx context.Context, doc *mrz.Document) screened {
	began := p.opts.Wall()
	defer func() { p.metrics.screen.Observe(p.opts.Wall().Sub(began).Seconds()) }()
	for {
		s := screened{versions: p.versions()}
		s.answer = p.lists.Screen(ctx, inspection.QueryFor(doc))
		if slices.Equal(s.versions, p.versions()) {
			return s
		}
	}
}

// row is an inspection as the state has it.
type row struct {
	id        int64
	lane      marz.LaneID
	direction marz.Direction
	opened    marz.Instant
	verdict   marz.Verdict
	hits      int
	state     string
	proposal  int64 // seq, or 0
	proposer  marz.OfficerID
	decision  marz.Decision
	reason    string
	decided   marz.Instant
	seq       marz.Seq
	officer   marz.OfficerID // who decided, or proposed what others concurred in
	authority marz.AuthorityID
	article   marz.ArticleRef

	owners     []marz.AuthorityID // whose record it is
	asylum     bool
	submission int64              // seq of what waits for concurrence, or 0
	awaits     []marz.AuthorityID // whose concurrence it needs
	concurred  []marz.OfficerID
	objection  int64 // seq of the last refusal to concur, or 0
	step       marz.Seq
}

// ended reports whether nothing can happen to the inspection any more.
func (r *row) ended() bool { return r.state == "decided" || r.state == "withdrawn" }

const rowQuery = `SELECT id, lane, direction, opened, verdict, hits, state, coalesce(proposal, 0), coalesce(proposer, ''), coalesce(decision, ''), coalesce(reason, ''),
	coalesce(decided, 0), coalesce(decided_seq, 0), coalesce(officer, ''), coalesce(authority, ''), coalesce(article, ''),
	owners, asylum, coalesce(submission, 0), awaits, concurred, coalesce(objection, 0), step FROM s_inspection `

func scanRow(r interface{ Scan(...any) error }) (*row, error) {
	var i row
	var owners, awaits, concurred string
	err := r.Scan(&i.id, &i.lane, &i.direction, &i.opened, &i.verdict, &i.hits, &i.state, &i.proposal, &i.proposer, &i.decision, &i.reason,
		&i.decided, &i.seq, &i.officer, &i.authority, &i.article, &owners, &i.asylum, &i.submission, &awaits, &concurred, &i.objection, &i.step)
	i.owners, i.awaits, i.concurred = split[marz.AuthorityID](owners), split[marz.AuthorityID](awaits), split[marz.OfficerID](concurred)
	return &i, err
}

func readRow(q querier, id int64) (*row, error) {
	r, err := scanRow(q.QueryRow(rowQuery+`WHERE id = ?`, id))
	if absent(err) {
		return nil, &marz.Error{Code: marz.NotFound, Op: "inspection", Subject: strconv.FormatInt(id, 10), Fix: "there is no such inspection at this post"}
	}
	return r, err
}

// inspection returns all that the officer at the lane sees of it.
func (p *Post) inspection(ctx context.Context, actor Actor, id int64, repeated bool) (*web.Inspection, error) {
	r, err := readRow(p.journal.State(), id)
	if err != nil {
		return nil, err
	}
	w := &web.Inspection{ID: inspectionID(r.id), Lane: r.lane, Direction: r.direction, Opened: r.opened, State: r.state, Verdict: r.verdict,
		Decision: r.decision, Decided: r.decided, By: r.officer, Under: r.article, Seq: r.seq, Repeated: repeated, Findings: []marz.Finding{}, Hits: []web.Hit{}, Ordinary: []marz.Decision{},
		Owners: r.owners, Asylum: r.asylum, With: r.concurred, Step: r.step}
	for _, d := range marz.Decisions(r.direction) {
		if r.ordinary(d) {
			w.Ordinary = append(w.Ordinary, d)
		}
	}
	if r.proposal > 0 {
		from := committed{ctx, p.journal}
		if w.Proposal, err = readProposal(from, marz.Seq(r.proposal)); err != nil {
			return nil, err
		}
		if r.proposer.Authority() != actor.Officer.Authority() {
			w.Proposal.Clears = 0 // whom another authority clears is its own
		}
	}
	if err := p.addPrivate(ctx, w, marz.Seq(r.id)); err != nil {
		return nil, err
	}
	w.Portrait = p.shownPortrait(r)
	return w, p.addJoint(ctx, actor, r, w)
}

// ordinary reports whether a decision needs neither reason nor second act.
func (r *row) ordinary(d marz.Decision) bool {
	return !r.asylum && inspection.Ordinary(r.verdict, r.hits, d)
}

func (p *Post) addPrivate(ctx context.Context, w *web.Inspection, seq marz.Seq) error {
	payload, err := p.journal.Payload(ctx, seq)
	if marz.CodeOf(err) == marz.NotFound {
		return nil // erased: what is left is what the log holds
	}
	if err != nil {
		return err
	}
	var private inspectionPrivate
	if err := json.Unmarshal(payload, &private); err != nil {
		return &marz.Error{Op: "read inspection", Subject: string(w.ID), Fix: "its payload is malformed; run marz verify"}
	}
	w.Document, w.Findings, w.Hits, w.Stay, w.Chip = private.Document, private.Findings, private.Hits, private.Stay, private.Chip
	return nil
}

// entries gives entries and payloads: either as committed, or as a change sees them.
type entries interface {
	Entry(marz.Seq) (journal.Entry, error)
	Payload(marz.Seq) ([]byte, error)
}

// committed reads what is committed.
type committed struct {
	ctx     context.Context
	journal *journal.Journal
}

func (c committed) Entry(seq marz.Seq) (journal.Entry, error) {
	e, _, err := c.journal.Entry(c.ctx, seq)
	return e, err
}

func (c committed) Payload(seq marz.Seq) ([]byte, error) { return c.journal.Payload(c.ctx, seq) }

func readProposal(from entries, seq marz.Seq) (*web.Proposal, error) {
	e, err := from.Entry(seq)
	if err != nil {
		return nil, err
	}
	var d decisionEntry
	n, err := readWords(from, e, &d)
	if err != nil {
		return nil, err
	}
	return &web.Proposal{Seq: seq, Decision: d.Decision, Reason: d.Reason, Note: n.Note, By: e.Officer, Clears: len(n.Clears)}, nil
}

// readWords reads an entry of a decision, and what stands in its payload unless that was erased.
func readWords(from entries, e journal.Entry, public any) (n decisionPrivate, err error) {
	payload, err := from.Payload(e.Seq)
	if err != nil && marz.CodeOf(err) != marz.NotFound {
		return n, err
	}
	return n, e.Read(payload, public, &n)
}

// Case returns the inspection that is open on a lane, to an officer who sits there. With an inspection that has ended there last it returns how it ended, and
// nothing about the person: in joint service the officer who did not act learns it so.
func (p *Post) Case(ctx context.Context, actor Actor, id marz.LaneID, ended marz.InspectionID) (*web.Inspection, error) {
	if err := p.mayAt(actor, id, marz.ActInspect); err != nil {
		return nil, err
	}
	l, err := p.lane(p.journal.State(), id)
	if err != nil {
		return nil, err
	}
	if err := l.heldBy(actor.Officer); err != nil {
		return nil, err
	}
	if l.open < 0 && ended != "" {
		return p.ended(id, ended)
	}
	if l.open < 0 {
		return nil, &marz.Error{Code: marz.NotFound, Op: "case", Subject: "of lane " + string(id), Fix: "no inspection is open here"}
	}
	return p.inspection(ctx, actor, l.open, true)
}

// ended returns how the last inspection of a lane ended.
func (p *Post) ended(lane marz.LaneID, id marz.InspectionID) (*web.Inspection, error) {
	r, err := readRow(p.journal.State(), number(id))
	if err != nil {
		return nil, err
	}
	var last int64
	if err := p.journal.State().QueryRow(`SELECT max(id) FROM s_inspection WHERE lane = ?`, lane).Scan(&last); err != nil {
		return nil, err
	}
	if r.lane != lane || r.id != last {
		return nil, &marz.Error{Code: marz.NotFound, Op: "case", Subject: "of lane " + string(lane), Fix: "this was not its last"}
	}
	return &web.Inspection{ID: inspectionID(r.id), Lane: r.lane, Direction: r.direction, Opened: r.opened, State: r.state, Verdict: r.verdict, Decision: r.decision, Decided: r.decided,
		By: r.officer, With: r.concurred, Under: r.article, Seq: r.seq, Step: r.step, Owners: r.owners, Asylum: r.asylum, Findings: []marz.Finding{}, Hits: []web.Hit{}, Ordinary: []marz.Decision{}}, nil
}

// trim bounds a note that an officer wrote.
func trim(note string) (string, error) {
	note = strings.TrimSpace(note)
	if len(note) > 4000 || strings.ContainsRune(note, 0) {
		return "", &marz.Error{Code: marz.Invalid, Op: "note", Fix: "write at most 4,000 bytes of plain text"}
	}
	return note, nil
}
