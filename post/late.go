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
	"marz/inspection"
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
	lists    []marz.ListID
	versions []listVersion
	batch    []lateCase
	done     rescreenedEntry
}

// lateCase is an inspection with hits that it did not have.
type lateCase struct {
	id   int64
	doc  web.Document
	hits []watchlist.Hit
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
	for _, v := range p.versions() {
		if slices.Contains(lists, v.id) {
			s.versions = append(s.versions, v)
			s.done.Lists = append(s.done.Lists, rescreenedList{v.id, v.version})
		}
	}
	if len(s.versions) == 0 {
		return nil
	}
	if err := s.run(ctx); err != nil || s.done.Crossings+s.done.Skipped == 0 {
		return err
	}
	return p.node(ctx, func(n *node) error { return n.append(KindRescreened, s.done, nil) })
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
	hits := slices.DeleteFunc(s.Post.lists.Screen(ctx, queryOf(private.Document)).Hits, func(h watchlist.Hit) bool { return !slices.Contains(s.lists, h.List) })
	if len(hits) == 0 {
		return nil
	}
	hits, err := s.unknown(ctx, l.id, &private, hits)
	if err != nil || len(hits) == 0 {
		return err
	}
	s.batch = append(s.batch, lateCase{l.id, private.Document, hits})
	if len(s.batch) < lateBatch {
		return nil
	}
	return s.record(ctx)
}

// queryOf is the question about a document as it was kept.
func queryOf(d web.Document) watchlist.Query {
	birth, _ := marz.ParseDate(d.Birth)
	return inspection.QueryFor(&mrz.Document{Format: mrz.Format(d.Format), Code: d.Code, Issuer: d.Issuer, Number: d.Number, Primary: d.Primary, Secondary: d.Secondary,
		Nationality: d.Nationality, Birth: birth, Sex: d.Sex, Lines: d.Lines})
}

// unknown leaves out the hits that the inspection had.
func (s *rescreening) unknown(ctx context.Context, id int64, private *inspectionPrivate, hits []watchlist.Hit) ([]watchlist.Hit, error) {
	had, beyond := private.Hits, private.Beyond
	owners := map[marz.AuthorityID]bool{"": true}
	for _, h := range hits {
		owner := s.ownerOf(h.List)
		if owners[owner] {
			continue
		}
		owners[owner] = true
		own, more, err := s.had(ctx, id, owner)
		if err != nil {
			return nil, err
		}
		had, beyond = append(had, own...), append(beyond, more...)
	}
	return slices.DeleteFunc(hits, func(h watchlist.Hit) bool {
		return slices.ContainsFunc(had, func(o web.Hit) bool {
			return o.List == h.List && o.Alert == h.Alert && (o.AlertVersion == h.Version || o.AlertVersion == "") // of an earlier marz it does not say
		}) || slices.Contains(beyond, s.known(&web.Hit{List: h.List, Alert: h.Alert, AlertVersion: h.Version}))
	}), nil
}

// had returns what an authority's own lists had found at an inspection.
func (s *rescreening) had(ctx context.Context, id int64, owner marz.AuthorityID) (hits []web.Hit, beyond []string, err error) {
	from := committed{ctx, s.journal}
	seqs, err := hitEntries(s.journal.State(), id, owner)
	if err == nil {
		hits, _, err = s.hitsIn(s.journal.State(), from, seqs)
	}
	for _, seq := range seqs {
		payload, e := from.Payload(seq)
		if marz.CodeOf(e) == marz.NotFound {
			continue
		}
		var h hitsPrivate
		if e == nil {
			e = json.Unmarshal(payload, &h)
		}
		err, beyond = errors.Join(err, e), append(beyond, h.Beyond...)
	}
	return hits, beyond, err
}

// record writes the late hits of a batch.
func (s *rescreening) record(ctx context.Context) error {
	if len(s.batch) == 0 {
		return nil
	}
	late := 0
	err := s.change(ctx, func(tx *journal.Tx) error {
		late = 0 // a change can be run again
		for i := range s.batch {
			n, err := s.recordCase(tx, &s.batch[i])
			if err != nil {
				return err
			}
			late += n
		}
		return nil
	})
	s.batch = s.batch[:0]
	if err == nil && late > 0 {
		s.done.Late += late
		s.live.changed()
	}
	return err
}

// recordCase writes the late hits of one crossing, an entry for each list, and returns how many entries. What no article gives, what is barred and of what he was cleared is no hit.
func (s *rescreening) recordCase(tx *journal.Tx, c *lateCase) (int, error) {
	r, err := readRow(tx, c.id)
	if err != nil || r.state == "withdrawn" {
		return 0, err
	}
	var there bool
	if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM payload WHERE seq = ?)`, c.id).Scan(&there); err != nil || !there {
		return 0, err
	}
	hits := c.hits[:0:0]
	for _, h := range c.hits {
		var said bool
		if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM s_late_mark WHERE mark = ?)`, s.lateMark(r, h.List, h.Alert, h.Version)).Scan(&said); err != nil {
			return 0, err
		}
		if !said {
			hits = append(hits, h)
		}
	}
	sorted, _, err := s.sortHits(tx, screened{watchlist.Answer{Hits: hits}, s.versions}, r.lane, s.identify(c.doc), r.owners)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, owner := range slices.Sorted(maps.Keys(sorted)) {
		byList := map[marz.ListID][]web.Hit{}
		for _, h := range sorted[owner].kept {
			byList[h.List] = append(byList[h.List], h)
		}
		for _, list := range slices.Sorted(maps.Keys(byList)) {
			if err := s.recordList(tx, r, list, owner, sorted[owner].under, byList[list]); err != nil {
				return 0, err
			}
			n++
		}
	}
	return n, nil
}

func (p *Post) lateMark(r *row, list marz.ListID, alert marz.AlertID, version string) string {
	return p.mark("late", strconv.FormatInt(r.id, 10), string(list), string(alert), version)
}

// recordList writes the late hits of one crossing on one list. Of a list that is used in common it is the act of the node under the authority that controls the lane; their content stands in it where the record is
// that authority's as well.
func (s *rescreening) recordList(tx *journal.Tx, r *row, list marz.ListID, owner marz.AuthorityID, under marz.ArticleRef, hits []web.Hit) error {
	e := lateEntry{Inspection: inspectionID(r.id), List: list, Owner: owner, Hits: len(hits)}
	for _, h := range hits {
		e.Marks = append(e.Marks, s.lateMark(r, h.List, h.Alert, h.AlertVersion))
	}
	d := journal.Draft{Kind: KindLate, Authority: owner, Under: under, Policy: s.register.Load().Policy(), Public: e}
	if owner != "" {
		sealed, err := s.sealHits(owner, KindLate, e.Inspection, hits)
		if err != nil {
			return err
		}
		d.Private = hitsPrivate{Sealed: sealed}
	} else {
		h, _ := s.register.Load().Holder(s.post.ID.Place(), r.lane, tx.Now())
		d.Authority, d.Under = h.Authority, h.Article
		if slices.Contains(r.owners, h.Authority) {
			d.Private = hitsPrivate{Hits: hits}
		}
	}
	_, err := tx.Append(d)
	return err
}

// The folds.

func foldLate(f *journal.Fold, e journal.Entry, payload []byte) error {
	var l lateEntry
	var content hitsPrivate
	if err := read(e, payload, &l, &content); err != nil {
		return err
	}
	err := f.Exec(`INSERT INTO s_late (seq, at, inspection, list, owner, count) VALUES (?, ?, ?, ?, ?, ?)`, e.Seq, e.At, number(l.Inspection), l.List, l.Owner, l.Hits)
	for _, m := range l.Marks {
		if err == nil {
			err = f.Exec(`INSERT INTO s_late_mark (mark, seq) VALUES (?, ?)`, m, e.Seq)
		}
	}
	if err != nil || payload == nil {
		return err
	}
	return foldContent(f, e, l.Inspection, l.Owner, content.Sealed)
}

func foldLateSeen(f *journal.Fold, e journal.Entry, _ []byte) error {
	var s lateSeenEntry
	if err := read(e, nil, &s, nil); err != nil {
		return err
	}
	return f.Exec(`INSERT INTO s_late_seen (late, authority, seq) VALUES (?, ?, ?)`, s.Late, e.Authority, e.Seq)
}
