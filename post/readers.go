package post

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"marz"
	"marz/journal"
	"marz/web"
)

// The kinds of entry about document readers.
const (
	KindReaderAccepted  = "reader.accepted"  // a reader may hand what it reads to a lane, for the officers of one authority
	KindReaderDismissed = "reader.dismissed" // it may not any more
)

// readerEntry names a reader by its key: hex SHA-256 of the public key's SubjectPublicKeyInfo.
type readerEntry struct {
	Reader string      `json:"reader"`
	Lane   marz.LaneID `json:"lane"`
}

const readerTables = `
CREATE TABLE s_reader (key TEXT NOT NULL, authority TEXT NOT NULL, lane TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, officer TEXT NOT NULL, PRIMARY KEY (key, authority)) STRICT;`

func foldReaderAccepted(f *journal.Fold, e journal.Entry, _ []byte) error {
	var r readerEntry
	if err := e.Read(nil, &r, nil); err != nil {
		return err
	}
	return f.Exec(`INSERT OR REPLACE INTO s_reader (key, authority, lane, seq, at, officer) VALUES (?, ?, ?, ?, ?, ?)`, r.Reader, e.Authority, r.Lane, e.Seq, e.At, e.Officer)
}

func foldReaderDismissed(f *journal.Fold, e journal.Entry, _ []byte) error {
	var r readerEntry
	if err := e.Read(nil, &r, nil); err != nil {
		return err
	}
	return f.Exec(`DELETE FROM s_reader WHERE key = ? AND authority = ?`, r.Reader, e.Authority)
}

// foldReadersFreed ends the acceptances of an authority whose hold on lanes ends: the next one accepts for itself the readers that it finds.
func foldReadersFreed(f *journal.Fold, authority marz.AuthorityID, lanes []marz.LaneID) error {
	if len(lanes) == 0 {
		return f.Exec(`DELETE FROM s_reader WHERE authority = ?`, authority)
	}
	for _, lane := range lanes {
		if err := f.Exec(`DELETE FROM s_reader WHERE authority = ? AND lane = ?`, authority, lane); err != nil {
			return err
		}
	}
	return nil
}

// accepted is one authority's acceptance of a reader.
type accepted struct {
	key       string
	authority marz.AuthorityID
	lane      marz.LaneID
	at        marz.Instant
	officer   marz.OfficerID
}

func readAccepted(q querier, where string, args ...any) ([]accepted, error) {
	return collect(q, func(rows *sql.Rows) (a accepted, err error) {
		err = rows.Scan(&a.key, &a.authority, &a.lane, &a.at, &a.officer)
		return a, err
	}, `SELECT key, authority, lane, at, officer FROM s_reader `+where+` ORDER BY lane, key, seq`, args...)
}

// AcceptReader lets a reader hand what it reads to a lane, for the officers of the supervisor's own authority. What another authority has accepted is no matter to it.
func (p *Post) AcceptReader(ctx context.Context, actor Actor, key string, lane marz.LaneID) error {
	return p.actAt(ctx, actor, lane, marz.ActEnrol, func(a *act) error {
		if b, err := hex.DecodeString(key); err != nil || len(b) != sha256.Size || key != strings.ToLower(key) {
			return &marz.Error{Code: marz.Invalid, Op: "accept reader", Fix: "give its fingerprint: 64 hexadecimal digits in small letters"}
		}
		if _, err := p.lane(a, lane); err != nil {
			return err
		}
		held, err := readAccepted(a, `WHERE key = ? AND authority = ?`, key, a.own())
		if err != nil || len(held) == 1 && held[0].lane == lane {
			return err
		}
		_, err = a.append(KindReaderAccepted, readerEntry{key, lane}, nil)
		return err
	})
}

// DismissReader ends it, for the supervisor's own authority.
func (p *Post) DismissReader(ctx context.Context, actor Actor, key string) error {
	find := func(tx *journal.Tx) (s subject, err error) {
		held, err := readAccepted(tx, `WHERE key = ? AND authority = ?`, key, actor.Officer.Authority())
		if err == nil && len(held) == 1 {
			s.lane = held[0].lane
		}
		return s, err
	}
	err := p.actOn(ctx, actor, p.post.ID.Place(), marz.ActEnrol, find, func(a *act) error {
		if a.lane == "" {
			return &marz.Error{Code: marz.NotFound, Op: "dismiss reader", Subject: fmt.Sprintf("%.16s…", key), Fix: string(a.own()) + " has not accepted such a reader"}
		}
		_, err := a.append(KindReaderDismissed, readerEntry{key, a.lane}, nil)
		return err
	})
	if err == nil {
		p.stations.forget(key)
	}
	return err
}

// Readers returns the readers that a supervisor's authority has accepted, and those that ask to be.
func (p *Post) Readers(actor Actor) (*web.ReadersBody, error) {
	all, err := readAccepted(p.journal.State(), "")
	if err != nil {
		return nil, &marz.Error{Op: "read readers", Err: err}
	}
	own := actor.Officer.Authority()
	body := &web.ReadersBody{Own: own, Listens: p.config.Readers}
	for _, l := range p.post.Lanes {
		body.Lanes = append(body.Lanes, l.ID)
	}
	known := map[string]bool{}
	for _, a := range all {
		if a.authority == own {
			known[a.key] = true
			body.Readers = append(body.Readers, web.ReaderRow{Key: a.key, Lane: a.lane, At: a.at, By: a.officer, State: p.stations.state(a.key).State})
		}
	}
	for _, key := range p.stations.keys() {
		if known[key] {
			continue
		}
		row := web.ReaderRow{Key: key, Asks: true, State: p.stations.state(key).State}
		for _, a := range all {
			if a.key == key {
				row.Others = append(row.Others, a.authority)
				row.Lane = a.lane
			}
		}
		body.Readers = append(body.Readers, row)
	}
	return body, nil
}

// addReaders says of each lane whether a reader is at it, and how far it has come. Where there are several, the one that is most at work stands for all.
func (p *Post) addReaders(lanes []web.Lane) error {
	all, err := readAccepted(p.journal.State(), "")
	if err != nil {
		return &marz.Error{Op: "read readers", Err: err}
	}
	order := []string{readerSilent, readerReady, readerReading, readerRead}
	for i := range lanes {
		l := &lanes[i]
		best := ""
		for _, a := range all {
			if a.lane != l.ID {
				continue
			}
			s := p.stations.state(a.key)
			if l.Reader == nil || slices.Index(order, s.State) > slices.Index(order, l.Reader.State) {
				best, l.Reader = a.key, &s
			}
			if a.key == best {
				l.Reader.For = append(l.Reader.For, a.authority)
			}
		}
	}
	return nil
}

func (p *Post) pageReaders(q *request) error {
	body, err := p.Readers(q.actor)
	if err != nil {
		return err
	}
	return p.render(q, "readers", "Readers", *body)
}

func (p *Post) acceptReader(q *request) error {
	var in struct {
		Reader string      `json:"reader"`
		Lane   marz.LaneID `json:"lane"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	if err := p.AcceptReader(q.Context(), q.actor, in.Reader, in.Lane); err != nil {
		return err
	}
	return q.json(map[string]string{"next": "/readers"})
}

func (p *Post) dismissReader(q *request) error {
	var in struct {
		Reader string `json:"reader"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	if err := p.DismissReader(q.Context(), q.actor, in.Reader); err != nil {
		return err
	}
	return q.json(map[string]string{"next": "/readers"})
}

// stopReading tells the reader at a lane not to wait for the chip any longer.
func (p *Post) stopReading(q *request) error {
	var in struct {
		Reading string `json:"reading"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	if err := p.mayAt(q.actor, q.lane(), marz.ActInspect); err != nil {
		return err
	}
	l, err := p.lane(p.journal.State(), q.lane())
	if err != nil {
		return err
	}
	if err := l.heldBy(q.actor.Officer); err != nil {
		return err
	}
	p.stations.stop(in.Reading)
	return q.json(map[string]bool{"stopped": true})
}

func (p *Post) getPortrait(q *request) error {
	b, err := p.Portrait(q.Context(), q.actor, q.inspection())
	if err != nil {
		return err
	}
	h := q.ResponseWriter.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Content-Length", strconv.Itoa(len(b)))
	h.Set("Cache-Control", "no-store")
	_, err = q.ResponseWriter.Write(b)
	return err
}
