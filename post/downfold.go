package post

import (
	"cmp"
	"database/sql"
	"errors"
	"slices"

	"marz"
	"marz/journal"
	"marz/release"
)

// The kinds of entry about what headquarters say.
const (
	KindFollowed  = "hq.followed" // what the post did about an entry of a headquarters' journal
	KindListEnded = "list.ended"  // a list of a headquarters is in force no more
)

// What came of an entry of a headquarters.
const (
	followedDone       = "done"
	followedSuperseded = "superseded" // a later entry was acted on instead, or it was taken back before it could be
	followedRefused    = "refused"
)

// followedEntry is that the post has acted on an entry of a headquarters, once and for all.
type followedEntry struct {
	HQ      marz.Origin `json:"hq"`
	Seq     marz.Seq    `json:"seq"`
	Kind    string      `json:"kind"`
	Outcome string      `json:"outcome"`
	Why     string      `json:"why,omitempty"`
	Entries []marz.Seq  `json:"entries,omitempty"` // of the post's own, that came of it
}

// fromHQ is which entry of a headquarters something came of.
type fromHQ struct {
	HQ        marz.Origin      `json:"hq"`
	Authority marz.AuthorityID `json:"authority"`
	Own       bool             `json:"own,omitempty"` // of a list: the authority's own
	Seq       marz.Seq         `json:"seq"`
}

type listEndedEntry struct {
	List marz.ListID `json:"list"`
	From fromHQ      `json:"from"` // of the list that was in force
	Why  string      `json:"why"`
}

// hqTables: s_followed is which entries of headquarters were acted on, s_hqlist which lists in force are of headquarters, by the newest of their entries that is in force, s_posted which officers are known by a headquarters.
const hqTables = `
CREATE TABLE s_followed (hq TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, outcome TEXT NOT NULL, own INTEGER NOT NULL, PRIMARY KEY (hq, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE s_hqlist (list TEXT PRIMARY KEY, hq TEXT NOT NULL, authority TEXT NOT NULL, own INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE s_posted (officer TEXT PRIMARY KEY, hq TEXT NOT NULL, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`

func foldFollowed(f *journal.Fold, e journal.Entry, _ []byte) error {
	var d followedEntry
	if err := e.Read(nil, &d, nil); err != nil {
		return err
	}
	return f.Exec(`INSERT INTO s_followed (hq, seq, kind, outcome, own) VALUES (?, ?, ?, ?, ?)`, d.HQ, d.Seq, d.Kind, d.Outcome, e.Seq)
}

// foldListEnded also forgets that what a headquarters said of lists was acted on, when it was the end of all: should an article give its authority something here again, it begins anew.
func foldListEnded(f *journal.Fold, e journal.Entry, _ []byte) error {
	var d listEndedEntry
	if err := e.Read(nil, &d, nil); err != nil {
		return err
	}
	if err := f.Exec(`DELETE FROM s_hqlist WHERE list = ?`, d.List); err != nil {
		return err
	}
	if d.Why == unheardWords {
		if err := f.Exec(`DELETE FROM s_followed WHERE hq = ? AND kind IN (?, ?, ?, ?)`, d.From.HQ, release.KindList, release.KindChange, release.KindWidened, release.KindRecalled); err != nil {
			return err
		}
	}
	return f.Exec(`DELETE FROM s_list WHERE id = ?`, d.List)
}

// foldPosted keeps an officer whom a headquarters posts here.
func foldPosted(f *journal.Fold, e journal.Entry, officer marz.OfficerID, role marz.Role, name string, from *fromHQ) error {
	err := f.Exec(`INSERT INTO s_officer (id, authority, role, name, named_by) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET role = excluded.role, name = excluded.name, named_by = excluded.named_by`, officer, officer.Authority(), role, name, e.Seq)
	if err != nil {
		return err
	}
	return f.Exec(`INSERT OR REPLACE INTO s_posted (officer, hq, seq) VALUES (?, ?, ?)`, officer, from.HQ, from.Seq)
}

func foldHQList(f *journal.Fold, id marz.ListID, from *fromHQ) error {
	return f.Exec(`INSERT OR REPLACE INTO s_hqlist (list, hq, authority, own, seq) VALUES (?, ?, ?, ?, ?)`, id, from.HQ, from.Authority, from.Own, from.Seq)
}

// followed says in the post's journal what was done about entries of the headquarters. It runs in the change that does it, so that it is done once, and not at all when control has passed meanwhile.
func (h *followedHQ) followed(n *node, outcome, why string, own []marz.Seq, entries ...journal.Entry) error {
	if !h.p.hasArticle(h.conf.Authority, n.Now()) {
		return errOver
	}
	for _, e := range entries {
		var was int
		if err := n.QueryRow(`SELECT count(*) FROM s_followed WHERE hq = ? AND seq = ?`, h.conf.HQ, e.Seq).Scan(&was); err != nil {
			return err
		}
		if was > 0 {
			return errFollowed
		}
		if err := n.append(KindFollowed, followedEntry{HQ: h.conf.HQ, Seq: e.Seq, Kind: e.Kind, Outcome: outcome, Why: why, Entries: own}, nil); err != nil {
			return err
		}
	}
	return nil
}

// errFollowed says that it was done already.
var errFollowed = errors.New("the post has acted on this entry already")

// loadHQLists reads which lists of headquarters are in force.
func (p *Post) loadHQLists(q querier) error {
	all, err := collect(q, func(rows *sql.Rows) (ListSource, error) {
		var id marz.ListID
		from := &fromHQ{}
		err := rows.Scan(&id, &from.HQ, &from.Authority, &from.Own, &from.Seq)
		return p.hqSource(id, from), err
	}, `SELECT list, hq, authority, own, seq FROM s_hqlist ORDER BY list`)
	if err != nil {
		return &marz.Error{Op: "open post", Subject: "lists of headquarters", Err: err}
	}
	p.hqLists.Store(&all)
	return nil
}

// sources are the lists that the post is to have: those of its configuration, and those of headquarters.
func (p *Post) sources() []ListSource {
	of := p.hqLists.Load()
	if of == nil || len(*of) == 0 {
		return p.config.Lists
	}
	return append(slices.Clip(p.config.Lists), *of...)
}

// setSource puts a list of a headquarters among the sources in the place of the one of its id, or takes it out (nil).
func (p *Post) setSource(id marz.ListID, src *ListSource) {
	for {
		was := p.hqLists.Load()
		var all []ListSource
		if was != nil {
			all = slices.DeleteFunc(slices.Clone(*was), func(s ListSource) bool { return s.ID == id })
		}
		if src != nil {
			all = append(all, *src)
		}
		slices.SortFunc(all, func(a, b ListSource) int { return cmp.Compare(a.ID, b.ID) })
		if p.hqLists.CompareAndSwap(was, &all) {
			return
		}
	}
}

// silenced reports whether a list is of a headquarters that says nothing here any more.
func (p *Post) silenced(src *ListSource, at marz.Instant) bool {
	return src.from != nil && !p.hasArticle(src.from.Authority, at)
}
