package post

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"

	"marz"
	"marz/transfer"
	"marz/watchlist"
	"marz/web"
)

// adoptedList is the list of the alerts that an authority has adopted at this node. It has no source: it is a fold over the entries that adopted them.
type adoptedList struct {
	owner   marz.AuthorityID
	from    map[marz.AlertID]web.Provenance
	refused string // why it is not in force
}

// adoptedLists are those of this node, as they were after an execution and after so many destructions.
type adoptedLists struct {
	settled   marz.Seq
	destroyed int
	all       map[marz.ListID]*adoptedList
}

// heeds reports whether the lists are as they are after an execution and so many destructions, or later.
func (a *adoptedLists) heeds(settled marz.Seq, destroyed int) bool {
	return a != nil && a.settled >= settled && a.destroyed >= destroyed
}

const adoptedPrefix = "adopted-"

func adoptedID(owner marz.AuthorityID) marz.ListID { return adoptedPrefix + marz.ListID(owner) }

// adoptedAlert names an alert on the list of adopted ones. No two are the same, and one that was barred under an earlier transfer is none of them.
func adoptedAlert(id transfer.ID, list marz.ListID, alert marz.AlertID) marz.AlertID {
	return marz.AlertID(string(id) + "/" + url.PathEscape(string(list)) + "/" + string(alert))
}

// adoptedOf returns the list of adopted alerts of that name, or nil.
func (p *Post) adoptedOf(id marz.ListID) *adoptedList {
	if a := p.adopted.Load(); a != nil {
		return a.all[id]
	}
	return nil
}

// adoptedRow is an entry that adopted alerts, and which of them still stand so when the transfer was executed.
type adoptedRow struct {
	transfer transfer.ID
	owner    marz.AuthorityID
	of       marz.AuthorityID
	article  marz.ArticleRef
	at       marz.Instant // of the execution
	list     marz.ListID
	alerts   []marz.AlertID
	seq      marz.Seq
}

// loadAdopted puts the adopted alerts in force, as they are after the last execution. Nothing happens when they are. A scan asks for it inside the journal's turn, so that no
// traveller who comes after an execution passes a list that is not in force yet.
func (p *Post) loadAdopted(q querier, from entries) error {
	next := &adoptedLists{all: map[marz.ListID]*adoptedList{}}
	if err := q.QueryRow(`SELECT coalesce(max(seq), -1), count(destroyed) FROM s_settled`).Scan(&next.settled, &next.destroyed); err != nil {
		return err
	}
	if p.adopted.Load().heeds(next.settled, next.destroyed) {
		return nil
	}
	p.adopting.Lock()
	defer p.adopting.Unlock()
	last := p.adopted.Load()
	if last.heeds(next.settled, next.destroyed) {
		return nil
	}
	rows, err := collect(q, func(r *sql.Rows) (a adoptedRow, err error) {
		var doc []byte
		if err = r.Scan(&a.transfer, &a.owner, &a.of, &a.article, &a.at, &a.list, &doc, &a.seq); err == nil {
			err = json.Unmarshal(doc, &a.alerts)
		}
		return a, err
	}, `SELECT s_adopted.transfer, s_adopted.owner, s_settled.owner, article, at, list, alerts, s_adopted.seq FROM s_adopted JOIN s_settled ON s_settled.transfer = s_adopted.transfer ORDER BY s_adopted.owner, s_settled.seq, s_adopted.seq`)
	if err != nil {
		return err
	}
	for len(rows) > 0 {
		n := slices.IndexFunc(rows, func(r adoptedRow) bool { return r.owner != rows[0].owner })
		if n < 0 {
			n = len(rows)
		}
		owner := rows[0].owner
		a, l, err := p.readAdopted(from, rows[:n])
		if err == nil {
			err = p.lists.Replace(l)
			p.again.add(l.ID)
		}
		if err != nil {
			p.opts.Log.Error("the alerts that an authority has adopted are not in force", "authority", owner, "err", err)
			a = &adoptedList{owner: owner, refused: err.Error()}
		}
		next.all[adoptedID(owner)] = a
		rows = rows[n:]
	}
	if last != nil {
		for id := range last.all {
			if next.all[id] == nil {
				p.lists.Remove(id)
			}
		}
	}
	p.adopted.Store(next)
	return nil
}

// readAdopted makes the list of one authority from the entries that adopted its alerts.
func (p *Post) readAdopted(from entries, rows []adoptedRow) (*adoptedList, *watchlist.List, error) {
	last := rows[len(rows)-1]
	a := &adoptedList{owner: last.owner, from: map[marz.AlertID]web.Provenance{}}
	l := &watchlist.List{ID: adoptedID(last.owner), Name: "Alerts that " + string(last.owner) + " has adopted", Owner: last.owner, Version: string(last.transfer), Loaded: last.at}
	for _, r := range rows {
		content, origin, err := p.openAdopted(from, r)
		if err != nil {
			return nil, nil, err
		}
		for _, id := range r.alerts {
			alert, ok := content[id]
			if !ok {
				return nil, nil, &marz.Error{Op: "read adopted alerts", Subject: fmt.Sprintf("seq %d", r.seq), Fix: "its payload does not hold what it names; run marz verify"}
			}
			alert.ID, alert.Owner = adoptedAlert(r.transfer, r.list, id), r.owner
			a.from[alert.ID] = origin
			l.Alerts = append(l.Alerts, alert)
		}
	}
	return a, l, nil
}

// openAdopted reads the content of one entry that adopted alerts.
func (p *Post) openAdopted(from entries, r adoptedRow) (map[marz.AlertID]watchlist.Alert, web.Provenance, error) {
	none := web.Provenance{}
	e, err := from.Entry(r.seq)
	if err != nil {
		return nil, none, err
	}
	payload, err := from.Payload(r.seq)
	if err != nil {
		return nil, none, err
	}
	var d transfer.Disposed
	var private disposedPrivate
	if err := e.Read(payload, &d, &private); err != nil {
		return nil, none, err
	}
	plain, err := p.keys.open(r.owner, alertsSeal(r.transfer, r.list), private.Sealed)
	if err != nil {
		return nil, none, err
	}
	var alerts []watchlist.Alert
	if err := json.Unmarshal(plain, &alerts); err != nil {
		return nil, none, &marz.Error{Op: "read adopted alerts", Subject: fmt.Sprintf("seq %d", r.seq), Err: err}
	}
	out := make(map[marz.AlertID]watchlist.Alert, len(alerts))
	for _, a := range alerts {
		out[a.ID] = a
	}
	return out, web.Provenance{Owner: r.of, List: r.list, Version: private.Version, By: e.Officer, At: e.At, Reason: reasonText(private.Reason), Under: r.article}, nil
}

// stands says under whose authority an adopted alert stands.
func stands(owner marz.AuthorityID, from web.Provenance) string {
	return fmt.Sprintf("it was %s's, on the list %s, and %s adopted it under %s: it now stands under the authority of %s", from.Owner, from.List, from.By, from.Under, owner)
}
