package post

import (
	"database/sql"
	"slices"
	"strconv"

	"marz"
	"marz/journal"
	"marz/watchlist"
	"marz/web"
)

// clearance is a clearance as the state has it.
type clearance struct {
	seq            marz.Seq
	at             marz.Instant
	officer        marz.OfficerID
	clears, person string
	ended          marz.Instant
	why            string
	inspection     int64
	list           marz.ListID
}

const clearanceQuery = `SELECT seq, at, officer, clears, person, coalesce(ended, 0), why, inspection, list FROM s_cleared `

func scanClearance(rows *sql.Rows) (c clearance, err error) {
	err = rows.Scan(&c.seq, &c.at, &c.officer, &c.clears, &c.person, &c.ended, &c.why, &c.inspection, &c.list)
	return c, err
}

// cleared says whether a traveller was cleared of a hit, or somebody like him was. It holds when each of the authorities that need it has cleared this person of this version of the alert.
// nil: there is no such clearance. The reason is not in it: it is the authority's own, and stands in one payload alone.
func (p *Post) cleared(q querier, h *web.Hit, who identity, need []marz.AuthorityID) (*web.Clearance, error) {
	if h.Kind != string(watchlist.ByName) {
		return nil, nil
	}
	all, err := collect(q, scanClearance, clearanceQuery+`WHERE traveller = ? AND about = ? ORDER BY seq`, who.traveller, p.about(h))
	if owner := p.ownerOf(h.List); owner != "" {
		all = slices.DeleteFunc(all, func(c clearance) bool { return c.officer.Authority() != owner })
	}
	if err != nil || len(all) == 0 {
		return nil, err
	}
	mark, missing, last := p.clears(who, h), slices.Clone(need), all[len(all)-1]
	for _, c := range all {
		if len(missing) == len(need) && c.person == who.person {
			last = c
		}
		if c.ended == 0 && namesakeOf(h, who) == "" && c.clears == mark && slices.Contains(need, c.officer.Authority()) {
			missing, last = others(missing, c.officer.Authority()), c
		}
	}
	w := &web.Clearance{Seq: last.seq, At: last.at, By: last.officer, Holds: len(missing) == 0}
	if !w.Holds {
		w.Why = last.not(who, mark, missing)
	}
	return w, nil
}

// standing returns the clearances in force of somebody of a hit, by the authority whose they are.
func (p *Post) standing(q querier, h *web.Hit, who identity) (map[marz.AuthorityID]marz.Seq, error) {
	all, err := collect(q, scanClearance, clearanceQuery+`WHERE traveller = ? AND about = ? AND clears = ? AND ended IS NULL`, who.traveller, p.about(h), p.clears(who, h))
	out := map[marz.AuthorityID]marz.Seq{}
	for _, c := range all {
		out[c.officer.Authority()] = c.seq
	}
	return out, err
}

// not says why a clearance does not hold.
func (c *clearance) not(who identity, mark string, missing []marz.AuthorityID) string {
	switch {
	case c.ended != 0:
		return c.why
	case c.person != who.person:
		return "it was with another document, which proves nothing of who bears this one; who finds that he is the same clears him again"
	case c.clears != mark:
		return "the alert has changed since"
	}
	return "it does not bind " + names(missing)
}

// clearedWhy reads the reason of a clearance.
func (p *Post) clearedWhy(q querier, from entries, seq marz.Seq) (reason, note string, err error) {
	hits, _, err := p.hitsIn(q, from, []marz.Seq{seq})
	if err != nil || len(hits) == 0 || hits[0].Cleared == nil {
		return "", "", err
	}
	return hits[0].Cleared.Reason, hits[0].Cleared.Note, nil
}

// The folds. What came from a payload is not there when it was erased.

func foldCleared(f *journal.Fold, e journal.Entry, payload []byte) error {
	var c clearedEntry
	var private clearedPrivate
	if err := e.Read(payload, &c, &private); err != nil || payload == nil {
		return err
	}
	if private.Sealed != nil {
		if err := foldContent(f, e, c.Inspection, e.Authority, 0, private.Sealed); err != nil {
			return err
		}
	}
	return f.Exec(`INSERT INTO s_cleared (seq, at, officer, authority, inspection, list, clears, traveller, person, about) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.Seq, e.At, e.Officer, e.Authority, number(c.Inspection), c.List, c.Clears, private.Traveller, private.Person, private.About)
}

// foldContent notes that an entry holds the content of hits, whose they are ("": of all together), how many of them others are told of, and under which key they lie.
func foldContent(f *journal.Fold, e journal.Entry, id marz.InspectionID, owner marz.AuthorityID, count int, sealed []byte) error {
	key := ""
	if under, ok := sealedUnder(sealed); ok {
		key = under.String()
	}
	return f.Exec(`INSERT INTO s_hits (seq, inspection, owner, count, key, kind) VALUES (?, ?, ?, ?, ?, ?)`, e.Seq, number(id), owner, count, key, e.Kind)
}

func foldRevoked(f *journal.Fold, e journal.Entry, _ []byte) error {
	var r revokedEntry
	if err := e.Read(nil, &r, nil); err != nil {
		return err
	}
	return f.Exec(`UPDATE s_cleared SET ended = ?, why = ? WHERE seq = ? AND ended IS NULL`, e.At, "revoked by "+string(e.Officer)+", entry "+strconv.FormatInt(int64(e.Seq), 10), r.Clearance)
}

// foldLapsed ends the clearances of an authority that may not inspect here any more: they never bind another, and nobody answers for them.
func foldLapsed(f *journal.Fold, e journal.Entry, c controlEntry) error {
	if len(c.Lanes) > 0 {
		return nil
	}
	for _, a := range slices.Concat(c.Ends, c.Frees) {
		if err := f.Exec(`UPDATE s_cleared SET ended = ?, why = ? WHERE authority = ? AND ended IS NULL`, e.At, "it lapsed when control passed to "+string(c.To)+" under "+string(e.Under), a); err != nil {
			return err
		}
	}
	return nil
}
