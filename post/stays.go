package post

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/inspection"
	"marz/inspection/stays"
)

// The kinds of entry about crossings at other posts.
const (
	KindStaysLoaded  = "stays.loaded"  // a version of the state's crossings came into force
	KindStaysRefused = "stays.refused" // none could be read; the one before stays in force
	KindStaysEnded   = "stays.ended"   // the headquarters that gave it took all back, or is heard no more: nothing of other posts is known
)

// The state's key of stays in the data folder, and where the files lie unless post.toml names another folder.
const (
	staysKeyFile = "keys/stays.key"
	staysFolder  = "stays"
)

type staysEntry struct {
	Version string       `json:"version,omitempty"`
	At      marz.Instant `json:"at,omitzero"` // when it was taken from the crossings that had come to the headquarters
	People  int          `json:"people,omitempty"`
	Refused string       `json:"refused,omitempty"`
	From    *fromHQ      `json:"from,omitempty"` // a headquarters gave it; nil: it was laid into the folder
}

// StaysConfig is by whom the files of stays are signed. Without a key the post counts the crossings that it knows itself.
type StaysConfig struct {
	Key    string `toml:"key,omitempty"`    // the verifier key of the headquarters' own journal
	Folder string `toml:"folder,omitempty"` // relative to the data folder; none: stays
}

func (c *StaysConfig) check() string {
	if _, err := note.NewVerifier(c.Key); c.Key != "" && err != nil {
		return "stays.key is no verifier key; it is the line that the headquarters prints as hq_key"
	}
	if c.Key == "" && c.Folder != "" {
		return "stays.folder is given without stays.key, by which the files in it are signed"
	}
	return ""
}

// elsewhere is what is in force of the crossings at other posts.
type elsewhere struct {
	set  *stays.Set
	key  stays.Key
	from *fromHQ // that gave it; nil: it was laid into the folder
}

// ReloadStays puts the newest files of stays in force: whoever brings them calls it. When they cannot be read those before stay in force, and an entry says so; it is no error. Without any every finding about a stay says so.
func (p *Post) ReloadStays(ctx context.Context) error { return p.loadStays(ctx, nil) }

func (p *Post) loadStays(ctx context.Context, actor *Actor) error {
	if p.config.Stays.Key == "" {
		return nil
	}
	e, err := p.readStays()
	if marz.CodeOf(err) == marz.NotFound { // none has come yet
		return nil
	}
	if err != nil {
		p.opts.Log.Warn("the file of stays was refused; the one before stays in force", "err", err)
		return p.record(ctx, actor, KindStaysRefused, staysEntry{Refused: err.Error()})
	}
	old := p.elsewhere.Load()
	if old != nil && old.set.Newest().Version == e.set.Newest().Version {
		return nil
	}
	if old != nil && e.set.Newest().At < old.set.Newest().At {
		return p.record(ctx, actor, KindStaysRefused, staysEntry{Refused: "it is older than the one in force"})
	}
	p.elsewhere.Store(e)
	h := e.set.Newest()
	return p.record(ctx, actor, KindStaysLoaded, staysEntry{Version: h.Version, At: h.At, People: h.People})
}

// readStays reads key and files.
func (p *Post) readStays() (*elsewhere, error) {
	by, err := note.NewVerifier(p.config.Stays.Key)
	if err != nil {
		return nil, err
	}
	folder := p.config.Stays.Folder
	if folder == "" {
		folder = staysFolder
	}
	set, err := stays.OpenSet(p.path(folder), by)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(p.opts.Dir, staysKeyFile))
	if err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read stays", Subject: staysKeyFile, Fix: "the state's key of stays is missing: the headquarters gives it", Err: err}
	}
	key, err := stays.ParseKey(string(text))
	if err != nil {
		return nil, err
	}
	if id := set.Newest().KeyID; id != key.ID() {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read stays", Subject: staysKeyFile, Fix: "the file is under the key " + id + " and this is " + key.ID() + ": have the headquarters give the new one"}
	}
	return &elsewhere{set: set, key: key}, nil
}

// movements returns the traveller's crossings as far as they are known here, at this post and, where a file of stays is in force, at all others.
func (p *Post) movements(q querier, traveller string, who stays.Person) ([]inspection.Movement, *inspection.Elsewhere, error) {
	var before marz.Seq
	e := p.elsewhere.Load()
	if e != nil {
		before = e.set.Newest().CoveredOf(p.journal.Origin())
	}
	var own inspection.Own
	_, err := collect(q, func(rows *sql.Rows) (m inspection.Movement, err error) {
		var seq marz.Seq
		err = rows.Scan(&m.At, &m.Direction, &seq)
		if seq < before {
			own.Covered = append(own.Covered, m)
		} else {
			own.New = append(own.New, m)
		}
		return m, err
	}, `SELECT m.at, m.direction, coalesce(i.decided_seq, 0) FROM s_movement m JOIN s_inspection i ON i.id = m.inspection WHERE m.traveller = ? ORDER BY m.inspection`, traveller)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case e == nil && p.config.Stays.Key == "":
		return own.New, nil, nil
	case e == nil || e.from != nil && !p.hasArticle(e.from.Authority, p.now()):
		return append(own.Covered, own.New...), &inspection.Elsewhere{Missing: "no file of stays has come from the headquarters"}, nil
	}
	h := e.set.Newest()
	return inspection.Together(own, e.set.Look(e.key.Digest(who)), p.zone), &inspection.Elsewhere{Version: h.Version, AsOf: h.At, First: h.First}, nil
}
