package post

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sort"
	"strconv"
	"sync"
	"time"

	"marz"
	"marz/journal"
	"marz/mrz"
	"marz/watchlist"
	"marz/web"
)

// The kinds of entry about late hits.
const (
	KindLate       = "hit.late"             // a list matches somebody who was inspected before it said so
	KindLateSeen   = "hit.acknowledged"     // a supervisor answers for a late hit
	KindRescreened = "crossings.rescreened" // recent crossings were screened again, after lists changed
)

// lateEntry is an alarm. Its marks are keyed digests of this inspection with each alert and its version: the same is never said twice, also when its payload is erased.
type lateEntry struct {
	Inspection marz.InspectionID `json:"inspection"`
	List       marz.ListID       `json:"list"`
	Owner      marz.AuthorityID  `json:"owner,omitempty"` // whose own list it is
	Hits       int               `json:"hits"`
	Marks      []string          `json:"marks"`
	Verdict    marz.Verdict      `json:"verdict,omitempty"` // of a case that is open still: what the hits alone lead to
}

type lateSeenEntry struct {
	Late       marz.Seq          `json:"late"`
	Inspection marz.InspectionID `json:"inspection"`
	Reason     string            `json:"reason"`
}

type rescreenedEntry struct {
	Lists     []rescreenedList `json:"lists"`
	Since     marz.Instant     `json:"since"`     // inspections opened from then on
	Before    marz.Seq         `json:"before"`    // and before this entry
	Crossings int              `json:"crossings"` // that were screened
	Skipped   int              `json:"skipped"`   // whose payload was erased
	Late      int              `json:"late"`      // entries of late hits
}

type rescreenedList struct {
	List    marz.ListID `json:"list"`
	Version string      `json:"version"`
}

const lateTables = `
CREATE TABLE s_late (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, inspection INTEGER NOT NULL, list TEXT NOT NULL, owner TEXT NOT NULL, count INTEGER NOT NULL) STRICT;
CREATE TABLE s_late_mark (mark TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE s_late_seen (late INTEGER NOT NULL, authority TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (late, authority)) STRICT, WITHOUT ROWID;
`

// again is which lists changed since recent crossings were last screened against them.
type again struct {
	mu    sync.Mutex
	lists map[marz.ListID]bool
	wake  chan struct{} // of one place: there is something to do
}

func (a *again) add(lists ...marz.ListID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, l := range lists {
		a.lists[l] = true
	}
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

func (a *again) take() []marz.ListID {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := slices.Sorted(maps.Keys(a.lists))
	clear(a.lists)
	return out
}

// retry is how long after a failure recent crossings are screened again.
const retry = time.Minute

// rescreen screens again whenever lists have changed, until ctx ends. It runs beside the lanes.
func (p *Post) rescreen(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.again.wake:
		}
		err := p.ScreenAgain(ctx)
		if err == nil || ctx.Err() != nil || p.journal.Failure() != nil {
			continue
		}
		p.opts.Log.Error("recent crossings could not be screened again; it is tried again", "err", err)
		rest(ctx, retry)
	}
}

// ScreenAgain screens recent crossings against the lists that have changed, and records every hit that was not there when the person was inspected. Serve does it by itself. Nothing is lost or said twice when it
// is cut off anywhere: every list is screened against again when the post is opened, and what was said already is known by its mark.
func (p *Post) ScreenAgain(ctx context.Context) error {
	lists := p.again.take()
	if len(lists) == 0 {
		return nil
	}
	err := p.screenAgain(ctx, lists)
	if err != nil {
		p.again.add(lists...)
	}
	return err
}

// Of a page of crossings all payloads are in memory at once; of a batch all late hits are recorded together, while lanes wait.
const (
	latePage  = 64
	lateBatch = 16
)

// rescreening is one pass over recent crossings.
type rescreening struct {
	*Post
	lists []marz.ListID
	batch []lateCase
	done  rescreenedEntry
}

// lateCase is an inspection with hits that it did not have.
type lateCase struct {
	id  int64
	doc web.Document
	screened
}

func (p *Post) screenAgain(ctx context.Context, lists []marz.ListID) error {
	s := &rescreening{Post: p, lists: lists}
	// A scan asks for the lists in its turn: those that come after this turn are screened against what is in force now.
	err := p.journal.Update(ctx, func(tx *journal.Tx) error {
		s.done.Before, s.done.Since = tx.Next(), tx.Now().Add(-p.config.lateFor())
		return nil
	})
	if err != nil {
		return err
	}
	if s.done.Lists = s.inForce(); len(s.done.Lists) == 0 {
		return nil
	}
	if err := s.run(ctx); err != nil || s.done.Crossings+s.done.Skipped == 0 {
		return err
	}
	// Of a list that was replaced meanwhile the pass says nothing: whoever replaced it asks for another one.
	now := s.inForce()
	s.done.Lists = slices.DeleteFunc(s.done.Lists, func(l rescreenedList) bool { return !slices.Contains(now, l) })
	if len(s.done.Lists) == 0 {
		return nil
	}
	return p.node(ctx, func(n *node) error { return n.append(KindRescreened, s.done, nil) })
}

// inForce returns the state of those lists of the pass that are in force.
func (s *rescreening) inForce() (out []rescreenedList) {
	for _, v := range s.Post.versions() {
		if slices.Contains(s.lists, v.id) {
			out = append(out, rescreenedList{v.id, v.version})
		}
	}
	return out
}

// lateRow is an inspection as it is read to be screened again.
type lateRow struct {
	id      int64
	payload []byte // nil: erased
}

func (s *rescreening) run(ctx context.Context) error {
	from, err := s.first(ctx)
	for err == nil && from < int64(s.done.Before) {
		if err = ctx.Err(); err != nil {
			return err
		}
		began := s.opts.Wall()
		var page []lateRow
		page, err = collect(s.journal.State(), func(r *sql.Rows) (l lateRow, err error) {
			err = r.Scan(&l.id, &l.payload)
			return l, err
		}, `SELECT i.id, p.body FROM s_inspection i LEFT JOIN payload p ON p.seq = i.id WHERE i.id >= ? AND i.id < ? AND i.state <> 'withdrawn' ORDER BY i.id LIMIT ?`, from, s.done.Before, latePage)
		for i := range page {
			if err == nil {
				err = s.screen(ctx, &page[i])
			}
		}
		if len(page) == 0 {
			break
		}
		from = page[len(page)-1].id + 1
		rest(ctx, s.opts.Wall().Sub(began)) // half of a processor at most, so that lanes have theirs
	}
	if err != nil {
		return err
	}
	return s.record(ctx)
}

// rest waits, or until ctx ends.
func rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// first finds the first inspection that is recent enough. Instants never run backwards in a journal, so that halving finds it.
func (s *rescreening) first(ctx context.Context) (int64, error) {
	var failed error
	n := sort.Search(int(s.done.Before), func(id int) bool {
		var opened marz.Instant
		err := s.journal.State().QueryRowContext(ctx, `SELECT opened FROM s_inspection WHERE id >= ? ORDER BY id LIMIT 1`, id).Scan(&opened)
		if err != nil && !absent(err) {
			failed = err
		}
		return err != nil || opened >= s.done.Since
	})
	return int64(n), failed
}

// screen asks the lists about one crossing.
func (s *rescreening) screen(ctx context.Context, l *lateRow) error {
	if l.payload == nil {
		s.done.Skipped++
		return nil
	}
	var private inspectionPrivate
	if err := json.Unmarshal(l.payload, &private); err != nil {
		return &marz.Error{Op: "read inspection", Subject: strconv.FormatInt(l.id, 10), Fix: "its payload is malformed; run marz verify"}
	}
	s.done.Crossings++
	found := s.Post.screen(ctx, zoneOf(private.Document))
	hits := slices.DeleteFunc(found.answer.Hits, func(h watchlist.Hit) bool { return !slices.Contains(s.lists, h.List) })
	if len(hits) == 0 {
		return nil
	}
	var err error
	if found.answer.Hits, err = s.unknown(ctx, l.id, &private, hits); err != nil || len(found.answer.Hits) == 0 {
		return err
	}
	s.batch = append(s.batch, lateCase{l.id, private.Document, found})
	if len(s.batch) < lateBatch {
		return nil
	}
	return s.record(ctx)
}

// zoneOf is a document as it was kept, as far as lists are asked about it.
func zoneOf(d web.Document) *mrz.Document {
	birth, _ := marz.ParseDate(d.Birth)
	return &mrz.Document{Format: mrz.Format(d.Format), Code: d.Code, Issuer: d.Issuer, Number: d.Number, Primary: d.Primary, Secondary: d.Secondary,
		Nationality: d.Nationality, Birth: birth, Sex: d.Sex, Lines: d.Lines}
}

// unknown leaves out the hits that the inspection had, and those on the own lists of an authority that has erased what it had: nobody knows what is new to it.
func (s *rescreening) unknown(ctx context.Context, id int64, private *inspectionPrivate, hits []watchlist.Hit) ([]watchlist.Hit, error) {
	had, beyond := private.Hits, private.Beyond
	erased := map[marz.AuthorityID]bool{"": false}
	for _, h := range hits {
		owner := s.ownerOf(h.List)
		if _, ok := erased[owner]; ok {
			continue
		}
		own, more, gone, err := s.had(ctx, id, owner)
		if err != nil {
			return nil, err
		}
		had, beyond, erased[owner] = append(had, own...), append(beyond, more...), gone
	}
	return slices.DeleteFunc(hits, func(h watchlist.Hit) bool {
		return erased[s.ownerOf(h.List)] || slices.ContainsFunc(had, func(o web.Hit) bool {
			return o.List == h.List && o.Alert == h.Alert && (o.AlertVersion == h.Version || o.AlertVersion == "") // of an earlier marz it does not say
		}) || slices.Contains(beyond, s.known(&web.Hit{List: h.List, Alert: h.Alert, AlertVersion: h.Version}))
	}), nil
}

// had returns what an authority's own lists had found at an inspection, and whether it was erased.
func (s *rescreening) had(ctx context.Context, id int64, owner marz.AuthorityID) (hits []web.Hit, beyond []string, erased bool, err error) {
	from := committed{ctx, s.journal}
	seqs, err := hitEntries(s.journal.State(), id, owner)
	if err == nil {
		hits, _, err = s.hitsIn(s.journal.State(), from, seqs)
	}
	for _, seq := range seqs {
		payload, e := from.Payload(seq)
		if marz.CodeOf(e) == marz.NotFound { // of a late hit it would be known by its mark
			erased = true
			continue
		}
		var h hitsPrivate
		if e == nil {
			e = json.Unmarshal(payload, &h)
		}
		err, beyond = errors.Join(err, e), append(beyond, h.Beyond...)
	}
	return hits, beyond, erased, err
}

func foldLate(f *journal.Fold, e journal.Entry, payload []byte) error {
	var l lateEntry
	var content hitsPrivate
	if err := e.Read(payload, &l, &content); err != nil {
		return err
	}
	err := f.Exec(`INSERT INTO s_late (seq, at, inspection, list, owner, count) VALUES (?, ?, ?, ?, ?, ?)`, e.Seq, e.At, number(l.Inspection), l.List, l.Owner, l.Hits)
	for _, m := range l.Marks {
		if err == nil {
			err = f.Exec(`INSERT INTO s_late_mark (mark, seq) VALUES (?, ?)`, m, e.Seq)
		}
	}
	if err == nil && l.Verdict != "" {
		err = foldLateOpen(f, e, &l)
	}
	if err != nil || payload == nil {
		return err
	}
	counted := 0
	if l.Verdict != "" {
		counted = l.Hits
	}
	return foldContent(f, e, l.Inspection, l.Owner, counted, content.Sealed)
}

// foldLateOpen lets a late hit count in a case that is open still, as if the list had come before the traveller: what was proposed without it falls.
func foldLateOpen(f *journal.Fold, e journal.Entry, l *lateEntry) error {
	return f.Exec(`UPDATE s_inspection SET hits = hits + ?1, verdict = CASE WHEN verdict = ?2 THEN verdict ELSE ?3 END,
		state = 'open', proposal = NULL, proposer = NULL, submission = NULL, awaits = '', concurred = '', step = ?4 WHERE id = ?5 AND state IN `+openStates,
		l.Hits, marz.Stop, l.Verdict, e.Seq, number(l.Inspection))
}

func foldLateSeen(f *journal.Fold, e journal.Entry, _ []byte) error {
	var s lateSeenEntry
	if err := e.Read(nil, &s, nil); err != nil {
		return err
	}
	return f.Exec(`INSERT INTO s_late_seen (late, authority, seq) VALUES (?, ?, ?)`, s.Late, e.Authority, e.Seq)
}
