package post

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"marz"
	"marz/agreement"
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
		p.again.add(src.ID) // also when an older copy is in force: the pass over it can have been cut off
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
	p.loading.Lock() // so that what is destroyed is not brought back by a load under way
	defer p.loading.Unlock()
	load := p.loadCommon
	if src.Authority != "" {
		load = p.loadOwn
	}
	l, err := load(src)
	if err != nil {
		p.opts.Log.Warn("a list was refused; the one before stays in force", "list", src.ID, "err", err)
		return listEntry{List: src.ID, Name: string(src.ID), Refused: err.Error()}, KindListRefused
	}
	return listEntry{List: l.ID, Name: l.Name, Owner: string(l.Owner), Version: l.Version, Loaded: l.Loaded, Alerts: len(l.Alerts)}, KindListLoaded
}

// source returns where a list is read from.
func (p *Post) source(src ListSource) string {
	if filepath.IsAbs(src.Path) {
		return src.Path
	}
	return filepath.Join(p.opts.Dir, src.Path)
}

// readList reads a list from its source and puts it in force.
func (p *Post) readList(src ListSource) (*watchlist.List, error) {
	l, err := watchlist.Import(p.source(src), watchlist.Options{ID: src.ID, Loaded: p.opts.Clock()})
	if err == nil {
		err = p.lists.Replace(l)
	}
	return l, err
}

// loadCommon loads a list that is used in common.
func (p *Post) loadCommon(src ListSource) (*watchlist.List, error) {
	l, err := p.readList(src)
	if err != nil {
		p.restore(src, func() ([]byte, error) { return os.ReadFile(p.keptPath(src.ID)) })
		return nil, err
	}
	b, err := json.Marshal(l)
	if err == nil {
		err = p.keep(p.keptPath(src.ID), b)
	}
	if err != nil {
		p.opts.Log.Warn("no copy of a list could be kept", "list", src.ID, "err", err)
	}
	return l, nil
}

// loadOwn loads an authority's own list. Nothing of it lies open in the data folder: the copy that is kept is sealed, and a source there is taken in.
func (p *Post) loadOwn(src ListSource) (*watchlist.List, error) {
	if !p.mandated(src.Authority, p.now()) {
		p.lists.Remove(src.ID)
		return nil, &marz.Error{Code: marz.Forbidden, Op: "load list", Subject: string(src.ID), Fix: fmt.Sprintf("no article gives %s anything at %s any more; its lists are not loaded", src.Authority, p.post.ID)}
	}
	if other := p.sameSource(src); other != "" {
		return nil, &marz.Error{Code: marz.Invalid, Op: "load list", Subject: string(src.ID), Fix: fmt.Sprintf("the list %q is read from the same file; give an authority's own list a source of its own", other)}
	}
	if _, err := p.ownKey(src.Authority); err != nil {
		return nil, err
	}
	if err := p.sealKept(src); err != nil {
		return nil, err
	}
	inside := p.inside(p.source(src))
	l, err := p.readList(src)
	if inside && marz.CodeOf(err) == marz.NotFound { // it was taken in
		return p.restoreOwn(src)
	}
	if err != nil {
		p.restore(src, func() ([]byte, error) { return p.openKept(src) })
		return nil, err
	}
	b, err := json.Marshal(l)
	if err == nil {
		err = p.sealCopy(src, b)
	}
	if err == nil && inside {
		err = takeIn(p.source(src))
	}
	if err != nil {
		p.opts.Log.Error("an authority's own list is in force, and its source lies open in the data folder or no copy is kept", "list", src.ID, "err", err)
	}
	return l, nil
}

// mandated reports whether an article gives an authority its hits here or lets it bring its lists, now or some day.
func (p *Post) mandated(authority marz.AuthorityID, at marz.Instant) bool {
	register := p.register.Load()
	instants := []marz.Instant{at}
	for _, ag := range register.Agreements() {
		for _, a := range ag.Articles {
			if a.From > at {
				instants = append(instants, a.From)
			}
		}
	}
	for _, h := range p.Timeline() {
		if h.Authority == authority && h.From > at {
			return true
		}
	}
	return slices.ContainsFunc(instants, func(i marz.Instant) bool {
		q := agreement.Question{Officer: marz.OfficerID(authority) + "/0", Role: marz.RoleSupervisor, Action: marz.ActManageLists, Place: p.post.ID.Place(), At: i}
		return register.May(q).Allowed || p.hitsAnywhere(authority, i)
	})
}

// sameSource returns another list that is read from the same file.
func (p *Post) sameSource(src ListSource) marz.ListID {
	for _, l := range p.config.Lists {
		if l.ID != src.ID && filepath.Clean(p.source(l)) == filepath.Clean(p.source(src)) {
			return l.ID
		}
	}
	return ""
}

// inside reports whether a path lies in the data folder, wherever links lead.
func (p *Post) inside(path string) bool {
	resolve := func(path string) string {
		if whole, err := filepath.EvalSymlinks(path); err == nil {
			return whole
		}
		if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil { // the file is not there
			return filepath.Join(dir, filepath.Base(path))
		}
		return path
	}
	rel, err := filepath.Rel(resolve(p.opts.Dir), resolve(path))
	return err == nil && filepath.IsLocal(rel)
}

// ofacFiles are what watchlist.Import reads of a folder, and beside a file of comma-separated values.
var ofacFiles = []string{"sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv"}

// takeIn destroys the source of a list of which a sealed copy is on the disk.
func takeIn(path string) error {
	dir, files := path, ofacFiles
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		dir, files = filepath.Dir(path), []string{filepath.Base(path)}
		if slices.Contains(ofacFiles, strings.ToLower(files[0])) {
			files = ofacFiles
		}
	}
	names, err := os.ReadDir(dir)
	for _, n := range names {
		if !slices.ContainsFunc(files, func(f string) bool { return f == n.Name() || len(files) > 1 && strings.EqualFold(f, n.Name()) }) {
			continue
		}
		whole, e := filepath.EvalSymlinks(filepath.Join(dir, n.Name()))
		if e == nil {
			e = shred(whole)
		}
		if e == nil && n.Type()&os.ModeSymlink != 0 {
			e = os.Remove(filepath.Join(dir, n.Name()))
		}
		err = errors.Join(err, e)
	}
	return err
}

func (p *Post) keptPath(id marz.ListID) string {
	return filepath.Join(p.opts.Dir, "lists", string(id)+".kept.json")
}

func (p *Post) sealedPath(id marz.ListID) string {
	return filepath.Join(p.opts.Dir, "lists", string(id)+sealedSuffix)
}

const sealedSuffix = ".sealed"

// keep writes a copy of a list, so that it is on the disk when keep returns.
func (p *Post) keep(path string, b []byte) error {
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = writeFile(path, b, 0o600)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	return err
}

func listSeal(id marz.ListID) string { return "list " + string(id) }

func (p *Post) sealCopy(src ListSource, b []byte) error {
	sealed, err := p.keys.seal(src.Authority, listSeal(src.ID), b)
	if err != nil {
		return err
	}
	return p.keep(p.sealedPath(src.ID), sealed)
}

func (p *Post) openKept(src ListSource) ([]byte, error) {
	b, err := os.ReadFile(p.sealedPath(src.ID))
	if err != nil {
		return nil, err
	}
	return p.keys.open(src.Authority, listSeal(src.ID), b)
}

// sealKept seals a copy that was kept open, as was done before there were data keys.
func (p *Post) sealKept(src ListSource) error {
	b, err := os.ReadFile(p.keptPath(src.ID))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if _, e := os.Stat(p.sealedPath(src.ID)); err == nil && errors.Is(e, fs.ErrNotExist) {
		err = p.sealCopy(src, b)
	}
	if err == nil {
		err = shred(p.keptPath(src.ID))
	}
	if err != nil {
		return &marz.Error{Op: "seal list", Subject: string(src.ID), Err: err}
	}
	return nil
}

// restoreOwn puts in force, or leaves, what was taken in. It bears the instant at which it was.
func (p *Post) restoreOwn(src ListSource) (*watchlist.List, error) {
	b, err := p.openKept(src)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &marz.Error{Code: marz.NotFound, Op: "load list", Subject: string(src.ID), Fix: "there is neither a source nor a sealed copy; put a source there", Err: err}
	}
	var l watchlist.List
	if err == nil {
		err = json.Unmarshal(b, &l)
	}
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(p.lists.Lists(), func(i watchlist.ListInfo) bool { return i.ID == l.ID && i.Version == l.Version && i.Loaded == l.Loaded }); i >= 0 {
		return &l, nil
	}
	return &l, p.lists.Replace(&l)
}

// restore puts the kept copy in force when nothing is, as after a restart. It bears the instant at which it was loaded.
func (p *Post) restore(src ListSource, kept func() ([]byte, error)) {
	if slices.ContainsFunc(p.lists.Lists(), func(l watchlist.ListInfo) bool { return l.ID == src.ID }) {
		return
	}
	b, err := kept()
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var l watchlist.List
	if err == nil {
		err = json.Unmarshal(b, &l)
	}
	if err == nil {
		err = p.lists.Replace(&l)
	}
	if err != nil {
		p.opts.Log.Error("the kept copy of a list cannot be used", "list", src.ID, "err", err)
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
	now := p.now()
	for _, src := range p.config.Lists {
		if src.Authority != "" && !p.hitsAnywhere(src.Authority, now) {
			continue // of an authority that has no hits here any more: nobody misses it
		}
		l := inForce[src.ID]
		s := web.ListState{ID: src.ID, Name: l.Name, Owner: string(l.Owner), Version: l.Version, Loaded: l.Loaded, Alerts: l.Alerts, Refused: refused[src.ID]}
		if s.Name == "" {
			s.Name = string(src.ID)
		}
		out = append(out, s)
	}
	if adopted := p.adopted.Load(); adopted != nil {
		for _, id := range slices.Sorted(maps.Keys(adopted.all)) {
			a, l := adopted.all[id], inForce[id]
			out = append(out, web.ListState{ID: id, Name: "Alerts that " + string(a.owner) + " has adopted", Owner: string(a.owner), Version: l.Version, Loaded: l.Loaded, Alerts: l.Alerts, Refused: a.refused})
		}
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

// listAges says for each list of the configuration whether it was in force when the lists were asked, and how old it was. A list of an authority that has no hits at the lane is missed by nobody.
func (p *Post) listAges(q querier, versions []listVersion, lane marz.LaneID, at marz.Instant) ([]inspection.ListAge, error) {
	refused, err := p.refusals(q)
	if err != nil {
		return nil, err
	}
	out := make([]inspection.ListAge, 0, len(p.config.Lists))
	for _, src := range p.config.Lists {
		if src.Authority != "" && p.hitsUnder(src.Authority, lane, at) == "" {
			continue
		}
		age := inspection.ListAge{ID: src.ID, Refused: refused[src.ID] != ""}
		for _, v := range versions {
			if v.id == src.ID {
				age.Version, age.Loaded = v.version, v.loaded
			}
		}
		out = append(out, age)
	}
	if adopted := p.adopted.Load(); adopted != nil { // one in force is never loaded anew, and its age says nothing
		for id, a := range adopted.all {
			if a.refused != "" && p.hitsUnder(a.owner, lane, at) != "" {
				out = append(out, inspection.ListAge{ID: id, Refused: true})
			}
		}
	}
	return out, nil
}
