package post

import (
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"

	"marz"
	"marz/inspection"
	"marz/watchlist"
	"marz/web"
)

// ReloadLists reads all lists from their sources. A list that cannot be read is refused whole, with the file and the line; the version before
// stays in force and its age goes on rising.
func (p *Post) ReloadLists(ctx context.Context, actor Actor) ([]web.ListState, error) {
	if err := p.act(ctx, actor, marz.ActManageLists, func(*act) error { return nil }); err != nil {
		return nil, err
	}
	if err := p.loadLists(ctx, &actor); err != nil {
		return nil, err
	}
	return p.ListStates(ctx)
}

func (p *Post) loadLists(ctx context.Context, actor *Actor) error {
	for _, src := range p.config.Lists {
		entry, kind := p.loadList(src)
		var err error
		if actor != nil {
			err = p.act(ctx, *actor, marz.ActManageLists, func(a *act) error {
				_, err := a.append(kind, entry, nil)
				return err
			})
		}
		// Without an officer, and when his power ended just now, it is the node's act: what is in force is in the journal.
		if code := marz.CodeOf(err); actor == nil || err != nil && (code == marz.Forbidden || code == marz.Unauthenticated) {
			err = p.node(ctx, func(n *node) error { return n.append(kind, entry, nil) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// loadList puts a list in force from its source. If that fails and none is in force yet, the copy kept from the last success is.
func (p *Post) loadList(src ListSource) (listEntry, string) {
	path := src.Path
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.opts.Dir, path)
	}
	l, err := watchlist.Import(path, watchlist.Options{ID: src.ID, Loaded: p.opts.Clock()})
	if err == nil {
		err = p.lists.Replace(l)
	}
	if err != nil {
		p.opts.Log.Warn("a list was refused; the one before stays in force", "list", src.ID, "err", err)
		p.restoreList(src.ID)
		return listEntry{List: src.ID, Name: string(src.ID), Refused: err.Error()}, KindListRefused
	}
	if err := p.keepList(l); err != nil {
		p.opts.Log.Warn("no copy of a list could be kept", "list", src.ID, "err", err)
	}
	return listEntry{List: l.ID, Name: l.Name, Owner: string(l.Owner), Version: l.Version, Loaded: l.Loaded, Alerts: len(l.Alerts)}, KindListLoaded
}

func (p *Post) keptPath(id marz.ListID) string {
	return filepath.Join(p.opts.Dir, "lists", string(id)+".kept.json")
}

func (p *Post) keepList(l *watchlist.List) error {
	if err := os.MkdirAll(filepath.Join(p.opts.Dir, "lists"), 0o700); err != nil {
		return err
	}
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return writeFile(p.keptPath(l.ID), b, 0o600)
}

// restoreList puts the kept copy in force when nothing is, as after a restart. It bears the instant at which it was loaded.
func (p *Post) restoreList(id marz.ListID) {
	for _, l := range p.lists.Lists() {
		if l.ID == id {
			return
		}
	}
	b, err := os.ReadFile(p.keptPath(id))
	if err != nil {
		return
	}
	var l watchlist.List
	if err = json.Unmarshal(b, &l); err == nil {
		err = p.lists.Replace(&l)
	}
	if err != nil {
		p.opts.Log.Error("the kept copy of a list cannot be used", "list", id, "err", err)
	}
}

// ListStates returns the lists of the configuration with their state, for screens. It holds nothing about a person.
func (p *Post) ListStates(ctx context.Context) ([]web.ListState, error) {
	inForce := map[marz.ListID]watchlist.ListInfo{}
	for _, l := range p.lists.Lists() {
		inForce[l.ID] = l
	}
	refused, err := p.refusals(p.journal.State())
	if err != nil {
		return nil, &marz.Error{Op: "read lists", Err: err}
	}
	out := []web.ListState{}
	for _, src := range p.config.Lists {
		l := inForce[src.ID]
		s := web.ListState{ID: src.ID, Name: l.Name, Owner: string(l.Owner), Version: l.Version, Loaded: l.Loaded, Alerts: l.Alerts, Refused: refused[src.ID]}
		if s.Name == "" {
			s.Name = string(src.ID)
		}
		out = append(out, s)
	}
	return out, nil
}

func (p *Post) refusals(q querier) (map[marz.ListID]string, error) {
	out := map[marz.ListID]string{}
	_, err := collect(q, func(r *sql.Rows) (struct{}, error) {
		var id marz.ListID
		var why string
		err := r.Scan(&id, &why)
		out[id] = why
		return struct{}{}, err
	}, `SELECT id, refused FROM s_list WHERE refused <> ''`)
	return out, err
}

// listAges says for each list of the configuration whether it was in force when the lists were asked, and how old it was.
func (p *Post) listAges(q querier, versions []listVersion) ([]inspection.ListAge, error) {
	refused, err := p.refusals(q)
	if err != nil {
		return nil, err
	}
	out := make([]inspection.ListAge, 0, len(p.config.Lists))
	for _, src := range p.config.Lists {
		age := inspection.ListAge{ID: src.ID, Refused: refused[src.ID] != ""}
		for _, v := range versions {
			if v.id == src.ID {
				age.Version, age.Loaded = v.version, v.loaded
			}
		}
		out = append(out, age)
	}
	return out, nil
}
