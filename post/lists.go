package post

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"marz"
	"marz/agreement"
	"marz/folder"
	"marz/inspection"
	"marz/watchlist"
	"marz/web"
)

// ReloadLists reads all lists from their sources. A list that cannot be read is refused whole, with the file and the line; the version before
// stays in force and its age goes on rising.
func (p *Post) ReloadLists(ctx context.Context, actor Actor) ([]web.ListState, error) {
	if err := p.readLists(ctx, actor, func(*act) error { return nil }); err != nil {
		return nil, err
	}
	return p.ListStates(ctx)
}

// readLists reads all lists after a first act, which says who asked for it. Where the node stops in between, they are read when it is opened again.
func (p *Post) readLists(ctx context.Context, actor Actor, first func(*act) error) error {
	if err := p.act(ctx, actor, marz.ActManageLists, first); err != nil {
		return err
	}
	if err := p.loadStays(ctx, &actor); err != nil {
		return err
	}
	if err := p.loadTrust(ctx, &actor); err != nil {
		return err
	}
	return p.loadLists(ctx, &actor)
}

func (p *Post) loadLists(ctx context.Context, actor *Actor) error {
	for _, src := range p.sources() {
		entries := p.loadList(src)
		p.again.add(src.ID) // also when an older copy is in force: the pass over it can have been cut off
		for _, e := range entries {
			if err := p.recordList(ctx, actor, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// recordList takes down what became of a list. Without an officer, and when his power ended just now, it is the node's act: what is in force is in the journal.
func (p *Post) recordList(ctx context.Context, actor *Actor, e listEntry) error {
	kind := KindListLoaded
	if e.Refused != "" {
		kind = KindListRefused
	}
	return p.record(ctx, actor, kind, e)
}

// record takes down what came into force, or did not, as an act of the officer who asked for it, or else of the node.
func (p *Post) record(ctx context.Context, actor *Actor, kind string, public any) error {
	var err error
	if actor != nil {
		err = p.act(ctx, *actor, marz.ActManageLists, func(a *act) error {
			_, err := a.append(kind, public, nil)
			return err
		})
	}
	if code := marz.CodeOf(err); actor == nil || err != nil && (code == marz.Forbidden || code == marz.Unauthenticated) {
		err = p.node(ctx, func(n *node) error { return n.append(kind, public, nil) })
	}
	return err
}

// loadList puts a list in force from its source. If that fails and none is in force yet, the copy kept from the last success is. It returns what is to be taken down: that it was loaded, that something was refused, or of a
// list whose changes do not all lead on from one another both.
func (p *Post) loadList(src ListSource) []listEntry {
	p.loading.Lock() // so that what is destroyed is not brought back by a load under way
	defer p.loading.Unlock()
	load := p.loadCommon
	if src.Authority != "" && src.from != nil {
		load = p.restoreOwnHQ
	} else if src.Authority != "" {
		load = p.loadOwn
	}
	l, err := load(src)
	var out []listEntry
	if l.ID != "" {
		out = append(out, listEntry{List: l.ID, Name: l.Name, Owner: string(l.Owner), Version: l.Version, Loaded: l.Loaded, Alerts: l.Alerts, From: src.from})
	}
	if err != nil {
		p.opts.Log.Warn("a list was refused; the one before stays in force", "list", src.ID, "err", err)
		out = append(out, listEntry{List: src.ID, Name: string(src.ID), Refused: err.Error(), From: src.from})
	}
	return out
}

// source returns where a list is read from.
func (p *Post) source(src ListSource) string { return p.path(src.Path) }

// readList reads a list from a source in another format than ours and puts it in force.
func (p *Post) readList(src ListSource) (*watchlist.List, error) {
	if _, err := os.Stat(p.source(src)); err == nil && src.Key != "" {
		return nil, &marz.Error{Code: marz.Invalid, Op: "load list", Subject: p.source(src), Fix: "it has to be signed, and only built files can be; build it with marz list build --key"}
	}
	l, err := watchlist.Import(p.source(src), watchlist.Options{ID: src.ID, Loaded: p.opts.Clock()})
	if err == nil {
		err = p.lists.Replace(l)
	}
	if err == nil {
		p.built.Delete(src.ID)
	}
	return l, err
}

func infoOf(l *watchlist.List) watchlist.ListInfo {
	return watchlist.ListInfo{ID: l.ID, Name: l.Name, Owner: l.Owner, Version: l.Version, Loaded: l.Loaded, Alerts: len(l.Alerts), Notes: l.Notes}
}

// loadCommon loads a list that is used in common.
func (p *Post) loadCommon(src ListSource) (watchlist.ListInfo, error) {
	switch watchlist.Sniff(p.source(src)) {
	case watchlist.ListFile:
		return p.loadBuilt(src, p.takeFile)
	case watchlist.Numbers:
		return p.loadBuilt(src, p.takeNumbers)
	}
	l, err := p.readList(src)
	if err != nil {
		p.restoreCommon(src)
		return watchlist.ListInfo{}, err
	}
	b, err := json.Marshal(l)
	if err == nil {
		err = p.keep(p.keptPath(src.ID), b)
	}
	if err == nil {
		err = p.forgetKept(src.ID, keptJSON)
	}
	if err != nil {
		p.opts.Log.Warn("no copy of a list could be kept", "list", src.ID, "err", err)
	}
	return infoOf(l), nil
}

// mandated reports whether an article gives an authority its hits here or lets it bring its lists, now or some day.
func (p *Post) mandated(authority marz.AuthorityID, at marz.Instant) bool {
	return p.nowOrSomeDay(authority, at, func(i marz.Instant) bool {
		q := agreement.Question{Officer: marz.OfficerID(authority) + "/0", Role: marz.RoleSupervisor, Action: marz.ActManageLists, Place: p.post.ID.Place(), At: i}
		return p.register.Load().May(q).Allowed || p.hitsAnywhere(authority, i)
	})
}

// nowOrSomeDay reports whether something is so at an instant, or when an article begins after it, or the authority is to control the post after it.
func (p *Post) nowOrSomeDay(authority marz.AuthorityID, at marz.Instant, so func(marz.Instant) bool) bool {
	if so(at) {
		return true
	}
	for _, h := range p.Timeline() {
		if h.Authority == authority && h.From > at {
			return true
		}
	}
	for _, ag := range p.register.Load().Agreements() {
		if slices.ContainsFunc(ag.Articles, func(a agreement.Article) bool { return a.From > at && so(a.From) }) {
			return true
		}
	}
	return false
}

// sameSource returns another list that is read from the same file.
func (p *Post) sameSource(src ListSource) marz.ListID {
	for _, l := range p.sources() {
		if l.ID != src.ID && filepath.Clean(p.source(l)) == filepath.Clean(p.source(src)) {
			return l.ID
		}
	}
	return ""
}

func (p *Post) keptPath(id marz.ListID) string { return p.keptAs(id, keptJSON) }

func (p *Post) sealedPath(id marz.ListID) string {
	return filepath.Join(p.opts.Dir, "lists", string(id)+sealedSuffix)
}

const sealedSuffix = ".sealed"

// keep writes a copy of a list, so that it is on the disk when keep returns.
func (p *Post) keep(path string, b []byte) error {
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = folder.Write(path, b, 0o600)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	return err
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
	for _, src := range p.sources() {
		if src.Authority != "" && !p.hitsAnywhere(src.Authority, now) {
			continue // of an authority that has no hits here any more: nobody misses it
		}
		if src.coming || p.silenced(&src, now) {
			continue
		}
		l := inForce[src.ID]
		s := web.ListState{ID: src.ID, Signature: p.signature(src.ID), Name: l.Name, Owner: string(l.Owner), Version: l.Version, Loaded: l.Loaded, Alerts: l.Alerts, Refused: refused[src.ID], Late: p.config.listLate(l.Loaded, now)}
		if src.from != nil {
			s.From = src.from.Authority
		}
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
	sources := p.sources()
	out := make([]inspection.ListAge, 0, len(sources))
	for _, src := range sources {
		if src.Authority != "" && p.hitsUnder(src.Authority, lane, at) == "" {
			continue
		}
		if src.coming || p.silenced(&src, at) {
			continue
		}
		age := inspection.ListAge{ID: src.ID, Refused: refused[src.ID] != ""}
		for _, v := range versions {
			if v.id == src.ID {
				age.Version, age.Loaded = v.version, v.loaded
				age.Late = p.config.listLate(v.loaded, at)
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
