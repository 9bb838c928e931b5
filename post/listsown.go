package post

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"marz"
	"marz/watchlist"
)

// loadOwn loads an authority's own list. Nothing of it lies open in the data folder: the copy that is kept is sealed, and a source there is taken in.
func (p *Post) loadOwn(src ListSource) (watchlist.ListInfo, error) {
	none := watchlist.ListInfo{}
	if !p.mandated(src.Authority, p.now()) {
		p.lists.Remove(src.ID)
		p.built.Delete(src.ID)
		return none, &marz.Error{Code: marz.Forbidden, Op: "load list", Subject: string(src.ID), Fix: fmt.Sprintf("no article gives %s anything at %s any more; its lists are not loaded", src.Authority, p.post.ID)}
	}
	if other := p.sameSource(src); other != "" {
		return none, &marz.Error{Code: marz.Invalid, Op: "load list", Subject: string(src.ID), Fix: fmt.Sprintf("the list %q is read from the same file; give an authority's own list a source of its own", other)}
	}
	if _, err := p.ownKey(src.Authority); err != nil {
		return none, err
	}
	if err := p.sealKept(src); err != nil {
		return none, err
	}
	inside := p.inside(p.source(src))
	if what := watchlist.Sniff(p.source(src)); what == watchlist.ListFile || what == watchlist.Numbers {
		return p.loadOwnBuilt(src, what, inside)
	}
	l, err := p.readList(src)
	if inside && marz.CodeOf(err) == marz.NotFound { // it was taken in
		return p.restoreOwn(src)
	}
	if err != nil {
		p.restore(src, func() ([]byte, error) { return p.openKept(src) })
		return none, err
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
	return infoOf(l), nil
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
func (p *Post) restoreOwn(src ListSource) (watchlist.ListInfo, error) {
	none := watchlist.ListInfo{}
	b, err := p.openKept(src)
	if errors.Is(err, fs.ErrNotExist) {
		return none, &marz.Error{Code: marz.NotFound, Op: "load list", Subject: string(src.ID), Fix: "there is neither a source nor a sealed copy; put a source there", Err: err}
	}
	var l watchlist.List
	if err == nil {
		err = json.Unmarshal(b, &l)
	}
	if err != nil {
		return none, err
	}
	if i := slices.IndexFunc(p.lists.Lists(), func(i watchlist.ListInfo) bool { return i.ID == l.ID && i.Version == l.Version && i.Loaded == l.Loaded }); i >= 0 {
		return infoOf(&l), nil
	}
	if err := p.lists.Replace(&l); err != nil {
		return none, err
	}
	return infoOf(&l), nil
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
