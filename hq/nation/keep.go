package nation

import (
	"encoding/json"
	"strconv"

	"marz"
	"marz/journal"
	"marz/transfer"
)

// keeps folds the entries of some kinds into the tables beside those of crossings. ok is false where an entry is not of its kind.
var keeps = map[string]func(origin int64, e journal.Entry) (writes []write, ok bool){
	journal.KindCreated:    keepEntry,
	"post.described":       keepEntry,
	"agreement.recorded":   keepEntry,
	"statement.recorded":   keepEntry,
	"report.recorded":      keepEntry,
	"control.passed":       keepPassing,
	transfer.KindOpened:    keepEntry,
	transfer.KindCounted:   keepEntry,
	transfer.KindDisposed:  keepEntry,
	transfer.KindPresented: keepEntry,
	transfer.KindArmed:     keepEntry,
	transfer.KindDisarmed:  keepEntry,
	transfer.KindPostponed: keepEntry,
	transfer.KindRefused:   keepEntry,
	transfer.KindCancelled: keepEntry,
	transfer.KindClock:     keepEntry,
	transfer.KindExecuted:  keepPassing,
	transfer.KindDestroyed: keepEntry,
	transfer.KindClosed:    keepEntry,
	"list.loaded":          keepList,
	"list.refused":         keepRefusedList,
	"lane.opened":          keepSeat,
	"lane.closed":          keepSeatLeft,
	"session.opened":       keepSession,
	"session.closed":       keepSessionEnded,
	"officer.dismissed":    keepDismissed,
	"hit.late":             keepLate,
	"hit.acknowledged":     keepLateSeen,
}

// keepEntry keeps an entry as it is.
func keepEntry(origin int64, e journal.Entry) ([]write, bool) {
	return []write{{`INSERT INTO n_entry (origin, seq, at, kind, authority, officer, article, public) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		[]any{origin, int64(e.Seq), int64(e.At), e.Kind, string(e.Authority), string(e.Officer), string(e.Under), string(e.Public)}}}, true
}

// passed is what control.passed and transfer.executed have in common.
type passed struct {
	Place   marz.PlaceID       `json:"place"`
	Lanes   []marz.LaneID      `json:"lanes"`
	From    marz.AuthorityID   `json:"from"`
	To      marz.AuthorityID   `json:"to"`
	Instant marz.Instant       `json:"instant"`
	Ends    []marz.AuthorityID `json:"ends"`
	Frees   []marz.AuthorityID `json:"frees"`
}

// keepPassing also ends the sessions of those who have no power left, and their hold on the lanes that passed.
func keepPassing(origin int64, e journal.Entry) ([]write, bool) {
	var p passed
	if json.Unmarshal(e.Public, &p) != nil {
		return nil, false
	}
	out, _ := keepEntry(origin, e)
	for _, a := range p.Ends {
		out = append(out, write{`DELETE FROM n_session WHERE origin = ? AND authority = ?`, []any{origin, string(a)}})
	}
	for _, a := range p.Frees {
		if len(p.Lanes) == 0 {
			out = append(out, write{`DELETE FROM n_seat WHERE origin = ? AND authority = ?`, []any{origin, string(a)}})
		}
		for _, lane := range p.Lanes {
			out = append(out, write{`DELETE FROM n_seat WHERE origin = ? AND authority = ? AND lane = ?`, []any{origin, string(a), string(lane)}})
		}
	}
	return out, true
}

type listEntry struct {
	List    string       `json:"list"`
	Name    string       `json:"name"`
	Owner   string       `json:"owner"`
	Version string       `json:"version"`
	Loaded  marz.Instant `json:"loaded"`
	Alerts  int64        `json:"alerts"`
	Refused string       `json:"refused"`
}

func keepList(origin int64, e journal.Entry) ([]write, bool) {
	var l listEntry
	ok := json.Unmarshal(e.Public, &l) == nil && l.List != ""
	return []write{{`INSERT INTO n_list (origin, list, name, owner, version, loaded, alerts, refused) VALUES (?, ?, ?, ?, ?, ?, ?, '') ON CONFLICT (origin, list) DO UPDATE SET
		name = excluded.name, owner = excluded.owner, version = excluded.version, loaded = excluded.loaded, alerts = excluded.alerts, refused = ''`,
		[]any{origin, l.List, l.Name, l.Owner, l.Version, int64(l.Loaded), l.Alerts}}}, ok
}

func keepRefusedList(origin int64, e journal.Entry) ([]write, bool) {
	var l listEntry
	ok := json.Unmarshal(e.Public, &l) == nil && l.List != ""
	return []write{{`INSERT INTO n_list (origin, list, name, owner, version, loaded, alerts, refused) VALUES (?, ?, ?, '', '', 0, 0, ?) ON CONFLICT (origin, list) DO UPDATE SET refused = excluded.refused`,
		[]any{origin, l.List, l.Name, l.Refused}}}, ok
}

type seatEntry struct {
	Lane string         `json:"lane"`
	Of   marz.OfficerID `json:"of"`
}

func keepSeat(origin int64, e journal.Entry) ([]write, bool) {
	var s seatEntry
	ok := json.Unmarshal(e.Public, &s) == nil && s.Lane != ""
	return []write{{`INSERT INTO n_seat (origin, lane, authority, officer, since) VALUES (?, ?, ?, ?, ?) ON CONFLICT (origin, lane, authority) DO UPDATE SET officer = excluded.officer, since = excluded.since`,
		[]any{origin, s.Lane, string(e.Officer.Authority()), string(e.Officer), int64(e.At)}}}, ok
}

func keepSeatLeft(origin int64, e journal.Entry) ([]write, bool) {
	var s seatEntry
	ok := json.Unmarshal(e.Public, &s) == nil && s.Lane != ""
	if s.Of == "" {
		return []write{{`DELETE FROM n_seat WHERE origin = ? AND lane = ?`, []any{origin, s.Lane}}}, ok
	}
	return []write{{`DELETE FROM n_seat WHERE origin = ? AND lane = ? AND officer = ?`, []any{origin, s.Lane, string(s.Of)}}}, ok
}

type sessionEntry struct {
	Officer marz.OfficerID `json:"officer"`
	Session string         `json:"session"`
}

func keepSession(origin int64, e journal.Entry) ([]write, bool) {
	var s sessionEntry
	ok := json.Unmarshal(e.Public, &s) == nil && s.Session != "" && s.Officer != ""
	return []write{{`INSERT INTO n_session (origin, hash, officer, authority, opened) VALUES (?, ?, ?, ?, ?) ON CONFLICT (origin, hash) DO NOTHING`,
		[]any{origin, s.Session, string(s.Officer), string(s.Officer.Authority()), int64(e.At)}}}, ok
}

func keepSessionEnded(origin int64, e journal.Entry) ([]write, bool) {
	var s sessionEntry
	ok := json.Unmarshal(e.Public, &s) == nil
	return []write{{`DELETE FROM n_session WHERE origin = ? AND hash = ?`, []any{origin, s.Session}}}, ok
}

func keepDismissed(origin int64, e journal.Entry) ([]write, bool) {
	var s sessionEntry
	ok := json.Unmarshal(e.Public, &s) == nil
	return []write{
		{`DELETE FROM n_session WHERE origin = ? AND officer = ?`, []any{origin, string(s.Officer)}},
		{`DELETE FROM n_seat WHERE origin = ? AND officer = ?`, []any{origin, string(s.Officer)}},
	}, ok
}

func keepLate(origin int64, e journal.Entry) ([]write, bool) {
	c, id, ok := readCase(e)
	return []write{{`INSERT INTO n_late (origin, seq, at, inspection, list, owner, hits, seen) VALUES (?, ?, ?, ?, ?, ?, ?, 0)`,
		[]any{origin, int64(e.Seq), int64(e.At), id, c.List, c.Owner, c.Hits}}}, ok
}

func keepLateSeen(origin int64, e journal.Entry) ([]write, bool) {
	var s struct {
		Late   int64  `json:"late"`
		Reason string `json:"reason"`
	}
	ok := json.Unmarshal(e.Public, &s) == nil
	return []write{
		{`INSERT INTO n_late_seen (origin, late, authority, officer, at, reason) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (origin, late, authority) DO NOTHING`,
			[]any{origin, s.Late, string(e.Authority), string(e.Officer), int64(e.At), s.Reason}},
		{`UPDATE n_late SET seen = 1 WHERE origin = ? AND seq = ?`, []any{origin, s.Late}},
	}, ok
}

// inspectionID is how an inspection is named: by the seq of the entry that opened it.
func inspectionID(id int64) marz.InspectionID { return marz.InspectionID(strconv.FormatInt(id, 10)) }
