package post

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/watchlist"
)

// restoreCommon puts the kept copy of a list in common in force when nothing is, as after a restart. It bears the instant at which its content was brought.
func (p *Post) restoreCommon(src ListSource) {
	if _, ok := p.listInForce(src.ID); ok {
		return
	}
	for suffix, restore := range map[string]func(ListSource) error{keptList: p.restoreFile, keptNumbers: p.restoreNumbers} {
		if _, err := os.Stat(p.keptAs(src.ID, suffix)); err != nil {
			continue
		}
		err := restore(src)
		if err == nil {
			_, err = p.applyDeltas(src, true)
		}
		if err != nil {
			p.opts.Log.Error("the kept copy of a list cannot be used", "list", src.ID, "err", err)
		}
		return
	}
	if src.Key != "" {
		return // what was kept was not signed
	}
	p.restore(src, func() ([]byte, error) { return os.ReadFile(p.keptPath(src.ID)) })
}

// restoreFile puts the copy of a built list in force. What has to be signed is the first page of its source: the copy can have been built again.
func (p *Post) restoreFile(src ListSource) error {
	kept, first := p.keptAs(src.ID, keptList), p.keptAs(src.ID, keptFirst)
	if _, err := os.Stat(first); err != nil {
		first = kept
	}
	page, err := watchlist.ReadPage(first, src.verifier())
	if err != nil {
		return err
	}
	f, err := watchlist.OpenFile(kept, nil)
	if watchlist.IsOutdated(err) {
		f, err = rebuilt(kept, nil)
	}
	if err == nil {
		err = p.lists.PutFile(f)
	}
	if err == nil {
		p.built.Store(src.ID, newBuilt(page.Bytes, signatureState(page.Signer)))
	}
	return err
}

func (p *Post) restoreNumbers(src ListSource) error {
	b, err := p.begins(p.keptAs(src.ID, keptNumbers))
	if err == nil {
		err = p.putNumbers(src, p.keptAs(src.ID, keptNumbers), b)
	}
	if err == nil {
		p.built.Store(src.ID, b)
	}
	return err
}

// keptDeltas are the changes that were applied over the kept copy of a list, in their order.
func (p *Post) keptDeltas(id marz.ListID) ([]string, error) {
	return deltasIn(filepath.Join(p.opts.Dir, "lists"), string(id)+keptDelta)
}

// deltasIn returns the files of changes in a folder whose names begin so, in the order of their names.
func deltasIn(dir, prefix string) ([]string, error) {
	all, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for _, f := range all {
		if strings.HasPrefix(f.Name(), prefix) && strings.HasSuffix(f.Name(), deltaSuffix) {
			out = append(out, filepath.Join(dir, f.Name()))
		}
	}
	return out, nil
}

// delta is a file of changes that names the list.
type delta struct {
	path string
	kept bool
	page *watchlist.Page
}

// mark tells a change from any other: what its first page says is true of all of it.
func (d *delta) mark() [sha256.Size]byte { return sha256.Sum256(d.page.Bytes) }

// deltas returns the changes of a list that were kept, and those that lie beside its source, the oldest first.
func (p *Post) deltas(src ListSource, keeps bool) ([]delta, error) {
	var kept []string
	var err error
	if keeps {
		if kept, err = p.keptDeltas(src.ID); err != nil {
			return nil, keepError(src.ID, err)
		}
	}
	dir := filepath.Dir(p.source(src))
	beside, err := deltasIn(dir, "")
	if err != nil {
		return nil, &marz.Error{Op: "load list", Subject: dir, Fix: "the folder cannot be read", Err: err}
	}
	beside = slices.DeleteFunc(beside, func(path string) bool { return slices.Contains(kept, path) })
	var out []delta
	for i, path := range append(kept, beside...) {
		page, e := watchlist.ReadPage(path, nil)
		if e != nil {
			err = errors.Join(err, e) // nobody knows whose it is
		} else if page.ID == src.ID {
			out = append(out, delta{path, i < len(kept), page})
		}
	}
	slices.SortStableFunc(out, func(a, b delta) int { return cmp.Compare(a.page.Loaded, b.page.Loaded) })
	return out, err
}

// applyDeltas applies the changes that lead on from what is in force, one after the other, each once over its base. What cannot be applied is an error, and what was in force before it stays so.
func (p *Post) applyDeltas(src ListSource, keeps bool) (watchlist.ListInfo, error) {
	all, err := p.deltas(src, keeps)
	over, ok := p.built.Load(src.ID)
	if !ok {
		return watchlist.ListInfo{}, err
	}
	applied := over.(*builtList).applied
	for {
		info, ok := p.listInForce(src.ID)
		if !ok {
			return info, err
		}
		i := slices.IndexFunc(all, func(d delta) bool {
			return d.page.From == info.Version && d.page.From != "" && !applied[d.mark()]
		})
		if i < 0 {
			return info, errors.Join(err, gap(all, applied, info))
		}
		if e := p.applyDelta(src, &all[i], keeps); e != nil {
			return info, e
		}
		applied[all[i].mark()] = true
	}
}

// gap is the error of a change that is newer than what is in force and does not lead on from it.
func gap(all []delta, applied map[[sha256.Size]byte]bool, info watchlist.ListInfo) error {
	for _, d := range all {
		if d.page.Loaded > info.Loaded && d.page.Version != info.Version && !d.kept && !applied[d.mark()] {
			return &marz.Error{Code: marz.Conflict, Op: "load list", Subject: d.path, Fix: fmt.Sprintf("it leads from version %q, and %q is in force: the changes between are missing; bring them, or the whole list", d.page.From, info.Version)}
		}
	}
	return nil
}

// applyDelta applies one change, after a copy of it is on the disk: what is in force after a restart is what was in force before.
func (p *Post) applyDelta(src ListSource, d *delta, keeps bool) error {
	path := d.path
	if keeps && !d.kept {
		kept, err := p.keptDeltas(src.ID)
		if err == nil {
			path = p.keptAs(src.ID, fmt.Sprintf("%s%06d%s", keptDelta, len(kept)+1, deltaSuffix))
			err = copyFile(path+takenSuffix, d.path)
		}
		if err != nil {
			return keepError(src.ID, err)
		}
		path += takenSuffix
		defer os.Remove(path)
	}
	if err := p.applyFrom(src, path, src.verifier()); err != nil {
		return at(err, d.path)
	}
	if path == d.path {
		return nil
	}
	err := os.Rename(path, strings.TrimSuffix(path, takenSuffix))
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		p.opts.Log.Warn("no copy of a change could be kept", "list", src.ID, "err", err)
	}
	return nil
}

func (p *Post) applyFrom(src ListSource, path string, v note.Verifier) error {
	c, err := watchlist.ReadChange(path, v)
	if err != nil {
		return err
	}
	info := watchlist.ListInfo{ID: c.List, Loaded: c.Loaded}
	if err := p.belongs(src, path, info); err != nil {
		return err
	}
	return p.lists.Apply(c)
}

// loadOwnBuilt loads an authority's own list from a built file. It is mapped where it lies, which has to be outside of the data folder: there nothing of such a list may lie open, and sealed it cannot be mapped.
func (p *Post) loadOwnBuilt(src ListSource, what watchlist.Content, inside bool) (watchlist.ListInfo, error) {
	none := watchlist.ListInfo{}
	refuse := func(fix string) (watchlist.ListInfo, error) {
		return none, &marz.Error{Code: marz.Invalid, Op: "load list", Subject: p.source(src), Fix: fix}
	}
	if what == watchlist.Numbers {
		return refuse("an authority's own list cannot be a table of numbers: at a transfer it is said of each of its alerts what becomes of it; bring them as a list")
	}
	if inside {
		return refuse("a built file can be read by whoever has it, and nothing of an authority's own list may lie open in the data folder; put it outside of " + p.opts.Dir + ", where it is mapped and stays its owner's")
	}
	b, err := p.begins(p.source(src))
	if err != nil {
		return none, err
	}
	if !p.hasBuilt(src.ID, b) {
		if err := p.putOwn(src, b); err != nil {
			p.restore(src, func() ([]byte, error) { return p.openKept(src) })
			return none, err
		}
		p.built.Store(src.ID, b)
	}
	return p.applyDeltas(src, false)
}

// putOwn puts a built list in force where it lies. One that was built when names were read otherwise is read into memory: nothing of it may be written here.
func (p *Post) putOwn(src ListSource, b *builtList) error {
	f, err := watchlist.OpenFile(p.source(src), src.verifier())
	if watchlist.IsOutdated(err) {
		l, err := watchlist.ImportFile(p.source(src), src.verifier())
		if err == nil {
			err = p.belongs(src, p.source(src), infoOf(l))
		}
		if err == nil {
			err = p.lists.Replace(l)
		}
		b.signature = signatureState("")
		if src.Key != "" && err == nil {
			b.signature = signatureState(src.verifier().Name())
		}
		return err
	}
	if err != nil {
		return err
	}
	if err := p.belongs(src, p.source(src), f.Info()); err != nil {
		return err
	}
	b.signature = signatureState(f.Signer())
	return p.lists.PutFile(f)
}
