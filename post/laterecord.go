package post

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"marz"
	"marz/agreement"
	"marz/journal"
	"marz/watchlist"
	"marz/web"
)

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
		s.live.Changed()
	}
	return err
}

// recordCase writes the late hits of one crossing, an entry for each list, and returns how many entries. What no article gives, what is barred and of what he was cleared is no hit. Neither is
// what a list said that was replaced since: it is asked again.
func (s *rescreening) recordCase(tx *journal.Tx, c *lateCase) (int, error) {
	r, err := readRow(tx, c.id)
	if err != nil || r.state == "withdrawn" {
		return 0, err
	}
	var there bool
	if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM payload WHERE seq = ?)`, c.id).Scan(&there); err != nil || !there {
		return 0, err
	}
	hits, err := s.unsaid(tx, r, c)
	if err != nil {
		return 0, err
	}
	sorted, _, err := s.sortHits(tx, screened{watchlist.Answer{Hits: hits}, c.versions}, r.lane, s.identify(c.doc), r.owners)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, owner := range slices.Sorted(maps.Keys(sorted)) {
		byList := s.divide(r, owner, sorted[owner])
		for _, list := range slices.Sorted(maps.Keys(byList)) {
			if err := s.recordList(tx, r, byList[list]); err != nil {
				return 0, err
			}
			n++
		}
	}
	return n, nil
}

// unsaid returns the hits on lists that are still in force which no entry has of the case yet.
func (s *rescreening) unsaid(tx *journal.Tx, r *row, c *lateCase) ([]watchlist.Hit, error) {
	now := s.inForce()
	var hits []watchlist.Hit
	for _, h := range c.answer.Hits {
		if !slices.ContainsFunc(c.versions, func(v listVersion) bool {
			return v.id == h.List && slices.Contains(now, rescreenedList{v.id, v.version})
		}) {
			continue
		}
		var said bool
		if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM s_late_mark WHERE mark = ?)`, s.lateMark(r, h.List, h.Alert, h.Version)).Scan(&said); err != nil {
			return nil, err
		}
		if !said {
			hits = append(hits, h)
		}
	}
	return hits, nil
}

// divide divides what was found for an owner by lists.
func (s *rescreening) divide(r *row, owner marz.AuthorityID, f *found) map[marz.ListID]*lateFound {
	byList := map[marz.ListID]*lateFound{}
	add := func(h web.Hit, kept bool) {
		l := byList[h.List]
		if l == nil {
			l = &lateFound{lateEntry: lateEntry{Inspection: inspectionID(r.id), List: h.List, Owner: owner}, under: f.under}
			byList[h.List] = l
		}
		l.Hits, l.Marks = l.Hits+1, append(l.Marks, s.lateMark(r, h.List, h.Alert, h.AlertVersion))
		if !r.ended() && l.Verdict != marz.Stop {
			l.Verdict = h.Grave
		}
		if kept {
			l.kept = append(l.kept, h)
		}
	}
	for _, h := range f.kept {
		add(h, true)
	}
	for _, h := range f.beyond {
		if h.Cleared == nil || !h.Cleared.Holds {
			add(h, false)
		}
	}
	return byList
}

// lateFound is what is new about a crossing on one list.
type lateFound struct {
	lateEntry
	kept  []web.Hit       // the strongest
	under marz.ArticleRef // of an own list
}

func (p *Post) lateMark(r *row, list marz.ListID, alert marz.AlertID, version string) string {
	return p.mark("late", strconv.FormatInt(r.id, 10), string(list), string(alert), version)
}

// recordList writes the late hits of one crossing on one list. Of a list that is used in common it is the act of the node under the authority that answers for the record, and their content stands in it. Where that
// authority may not inspect here any more, it is one under the authority that controls the lane, and has none.
func (s *rescreening) recordList(tx *journal.Tx, r *row, l *lateFound) error {
	d := journal.Draft{Kind: KindLate, Authority: l.Owner, Under: l.under, Policy: s.register.Load().Policy(), Public: l.lateEntry}
	if l.Owner != "" {
		sealed, err := s.sealHits(l.Owner, KindLate, l.Inspection, l.kept)
		if err != nil {
			return err
		}
		d.Private = hitsPrivate{Sealed: sealed}
	} else if d.Authority, d.Under = s.keeper(r, tx.Now()); d.Authority != "" {
		d.Private = hitsPrivate{Hits: l.kept}
	} else {
		h, _ := s.register.Load().Holder(s.post.ID.Place(), r.lane, tx.Now())
		d.Authority, d.Under = h.Authority, h.Article
	}
	_, err := tx.Append(d)
	return err
}

// keeper returns which of the authorities whose record it is answers for it now, and the article: that which controls the lane before one that may inspect at it.
func (p *Post) keeper(r *row, at marz.Instant) (marz.AuthorityID, marz.ArticleRef) {
	register := p.register.Load()
	if h, ok := register.Holder(p.post.ID.Place(), r.lane, at); ok && slices.Contains(r.owners, h.Authority) {
		return h.Authority, h.Article
	}
	for _, owner := range r.owners {
		q := agreement.Question{Officer: marz.OfficerID(owner) + "/0", Role: marz.RoleOfficer, Action: marz.ActInspect, Place: p.post.ID.Place(), Lane: r.lane, At: at}
		if answer := register.May(q); answer.Allowed {
			return owner, answer.Article
		}
	}
	return "", ""
}

// The folds.
