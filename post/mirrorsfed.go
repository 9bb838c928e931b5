package post

import (
	"context"
	"database/sql"

	"marz"
	"marz/agreement"
	"marz/journal"
)

// The kinds of entry about mirrors. From mirror.begun up to and with mirror.ended, or the passing of control that names its authority among ends, a mirror is given the journal.
const (
	KindMirrorBegun = "mirror.begun"
	KindMirrorEnded = "mirror.ended"
)

// Why a feed ends by an entry of its own.
const (
	mirrorNoArticle = "no-article" // none gives its authority the journal any more
	mirrorRemoved   = "not-in-use" // post.toml does not name it any more
)

// mirrorEntry names a mirror by the verifier key of its cosignatures.
type mirrorEntry struct {
	Mirror string           `json:"mirror"`
	Of     marz.AuthorityID `json:"of"`
	Why    string           `json:"why,omitempty"` // a code, where it ends
}

const mirrorTables = `
CREATE TABLE s_mirror (key TEXT PRIMARY KEY, authority TEXT NOT NULL, begun INTEGER NOT NULL, ended INTEGER) STRICT;`

func foldMirrorBegun(f *journal.Fold, e journal.Entry, _ []byte) error {
	var m mirrorEntry
	if err := e.Read(nil, &m, nil); err != nil {
		return err
	}
	return f.Exec(`INSERT OR REPLACE INTO s_mirror (key, authority, begun, ended) VALUES (?, ?, ?, NULL)`, m.Mirror, m.Of, e.Seq)
}

func foldMirrorEnded(f *journal.Fold, e journal.Entry, _ []byte) error {
	var m mirrorEntry
	if err := e.Read(nil, &m, nil); err != nil {
		return err
	}
	return f.Exec(`UPDATE s_mirror SET ended = ? WHERE key = ? AND ended IS NULL`, e.Seq, m.Mirror)
}

// foldMirrorsPassed ends the feeds to the mirrors of an authority with the entry by which it lost its last power here.
func foldMirrorsPassed(f *journal.Fold, e journal.Entry, authority marz.AuthorityID) error {
	return f.Exec(`UPDATE s_mirror SET ended = ? WHERE authority = ? AND ended IS NULL`, e.Seq, authority)
}

// fed is what was recorded of the feed to a mirror.
type fed struct {
	authority marz.AuthorityID
	begun     marz.Seq
	ended     marz.Seq // the entry with which it ended; 0: it has not
}

// loadFed takes in what is recorded of mirrors. Inside a change it is called when its entries are folded, and with nothing behind it that can fail but the commit, with which
// the node stops: so whoever looks at a head afterwards knows where a feed ends that ends in it.
func (p *Post) loadFed(q querier) error {
	all := map[string]fed{}
	_, err := collect(q, func(rows *sql.Rows) (_ struct{}, err error) {
		var key string
		var f fed
		var ended sql.NullInt64
		err = rows.Scan(&key, &f.authority, &f.begun, &ended)
		f.ended = marz.Seq(ended.Int64)
		all[key] = f
		return struct{}{}, err
	}, `SELECT key, authority, begun, ended FROM s_mirror`)
	if err != nil {
		return &marz.Error{Op: "read mirrors", Err: err}
	}
	p.fed.Store(&all)
	return nil
}

// until says with how many entries the feed to a mirror ends, as mirror.Target asks.
func (p *Post) until(key string) (size int64, ends bool) {
	switch f, ok := (*p.fed.Load())[key]; {
	case !ok:
		return 0, true
	case f.ended > 0:
		return int64(f.ended) + 1, true
	}
	return 0, false
}

// mayHaveJournal asks what a mirror of an authority hangs on: whether an article lets it read the journal here, which is the least of all powers.
func (p *Post) mayHaveJournal(authority marz.AuthorityID, at marz.Instant) agreement.Answer {
	return p.register.Load().May(agreement.Question{Officer: marz.OfficerID(authority) + "/0", Role: marz.RoleSupervisor, Action: marz.ActReadJournal, Place: p.post.ID.Place(), At: at})
}

// mirrorsDue returns what has to be recorded of mirrors at an instant: feeds that begin and feeds that end, the latter with why.
func (p *Post) mirrorsDue(at marz.Instant) (out []journal.Draft) {
	recorded := *p.fed.Load()
	if len(recorded) == 0 && len(p.config.Mirrors) == 0 {
		return nil
	}
	c, policy := p.control.Load(), p.register.Load().Policy()
	end := func(key string, of marz.AuthorityID, why string) {
		out = append(out, journal.Draft{Kind: KindMirrorEnded, Authority: c.authority, Under: c.article, Policy: policy, Public: mirrorEntry{key, of, why}})
	}
	for key, f := range recorded {
		if m := p.config.ofMirror(key); f.ended == 0 && (m == nil || m.Authority != f.authority) {
			end(key, f.authority, mirrorRemoved)
		}
	}
	for _, m := range p.config.Mirrors {
		f, ok := recorded[m.Key]
		going := ok && f.ended == 0
		if going && f.authority != m.Authority {
			continue // the one before ends first
		}
		switch answer := p.mayHaveJournal(m.Authority, at); {
		case answer.Allowed && !going:
			out = append(out, journal.Draft{Kind: KindMirrorBegun, Authority: c.authority, Under: answer.Article, Policy: policy, Public: mirrorEntry{Mirror: m.Key, Of: m.Authority}})
		case !answer.Allowed && going:
			end(m.Key, m.Authority, mirrorNoArticle)
		}
	}
	return out
}

// recordMirrors records it. With each end a head is signed, over exactly what the mirror is given.
func (p *Post) recordMirrors(ctx context.Context) error {
	return p.journal.Update(ctx, func(tx *journal.Tx) error {
		for _, d := range p.mirrorsDue(tx.Now()) {
			if _, err := tx.Append(d); err != nil {
				return err
			}
			if d.Kind == KindMirrorEnded {
				tx.Seal()
			}
		}
		return p.loadFed(tx)
	})
}
