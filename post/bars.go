package post

import (
	"bytes"
	"database/sql"
	"encoding/hex"
	"slices"
	"sort"

	"marz"
	"marz/journal"
	"marz/transfer"
)

// barredEntry says how many alerts of a list never hit again. Which, is private.
type barredEntry struct {
	Transfer transfer.ID   `json:"transfer"`
	List     marz.ListID   `json:"list"`
	Lanes    []marz.LaneID `json:"lanes,omitempty"` // there; none: nowhere at this node
	Alerts   int           `json:"alerts"`
}

type barredPrivate struct {
	Barred []byte `json:"barred"` // keyed digests of barLen bytes, ascending
}

const (
	barLen   = 16
	batchBar = 40_000 // alerts an entry
)

// bar is the keyed digest by which an alert is barred. It says nothing to whoever has the journal alone.
func (p *Post) bar(list marz.ListID, id marz.AlertID) []byte {
	b, err := hex.DecodeString(p.keyed("alert", string(list), string(id)))
	if err != nil {
		panic("post: a digest in hex is hex")
	}
	return b[:barLen]
}

// bars are the alerts of a list that never hit again.
type bars struct {
	list marz.ListID
	all  []barSet
}

type barSet struct {
	lanes  []marz.LaneID // none: everywhere
	alerts []byte
}

func (p *Post) bars(q querier, list marz.ListID) (bars, error) {
	all, err := collect(q, func(r *sql.Rows) (s barSet, err error) {
		var lanes string
		err = r.Scan(&lanes, &s.alerts)
		s.lanes = split[marz.LaneID](lanes)
		return s, err
	}, `SELECT lanes, alerts FROM s_barred WHERE list = ? ORDER BY seq`, list)
	return bars{list, all}, err
}

// at reports whether an alert is barred at a lane.
func (b bars) at(bar []byte, lane marz.LaneID) bool {
	return slices.ContainsFunc(b.all, func(s barSet) bool {
		return (len(s.lanes) == 0 || slices.Contains(s.lanes, lane)) && s.has(bar)
	})
}

// everywhere reports whether an alert is barred at all of the lanes; none are all of the post's.
func (b bars) everywhere(p *Post, id marz.AlertID, lanes []marz.LaneID) bool {
	if len(b.all) == 0 {
		return false
	}
	bar := p.bar(b.list, id)
	if len(lanes) > 0 {
		return !slices.ContainsFunc(lanes, func(l marz.LaneID) bool { return !b.at(bar, l) })
	}
	return !slices.ContainsFunc(p.post.Lanes, func(l marz.Lane) bool { return !b.at(bar, l.ID) })
}

func (s *barSet) has(bar []byte) bool {
	_, found := sort.Find(len(s.alerts)/barLen, func(i int) int { return bytes.Compare(bar, s.alerts[i*barLen:(i+1)*barLen]) })
	return found
}

func foldBarred(f *journal.Fold, e journal.Entry, payload []byte) error {
	var b barredEntry
	var which barredPrivate
	if err := e.Read(payload, &b, &which); err != nil || which.Barred == nil {
		return err
	}
	return f.Exec(`INSERT INTO s_barred (seq, list, lanes, alerts) VALUES (?, ?, ?, ?)`, e.Seq, b.List, joined(b.Lanes), which.Barred)
}
