package post

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/watchlist"
)

// builtList is what is known of a list in force that came from a built file.
type builtList struct {
	first     []byte                     // what the source begins with, and the note beside it: while that is the same, so is the source
	signature string                     // in words
	applied   map[[sha256.Size]byte]bool // marks of the changes that were applied over it
}

func newBuilt(first []byte, signature string) *builtList {
	return &builtList{first, signature, map[[sha256.Size]byte]bool{}}
}

// The copies that are kept of a list in common have these after its ID. There is one of them, that of the source that was last in force; a built file's has the first page of the source beside it, and the changes that were applied.
const (
	keptJSON    = ".kept.json"
	keptList    = ".kept.list"
	keptNumbers = ".kept.numbers"
	keptFirst   = ".kept.first"
	keptDelta   = ".kept-" // and a number, and deltaSuffix
	deltaSuffix = ".delta"
	takenSuffix = ".new" // of a copy that is under way
)

func (p *Post) keptAs(id marz.ListID, suffix string) string {
	return filepath.Join(p.opts.Dir, "lists", string(id)+suffix)
}

// forgetKept removes the copies of a list of all kinds but one, and the changes over them.
func (p *Post) forgetKept(id marz.ListID, but string) error {
	var err error
	for _, kept := range []string{keptJSON, keptList, keptNumbers, keptNumbers + watchlist.NoteSuffix, keptFirst} {
		if but == keptJSON && kept != keptJSON || but != keptJSON && kept == keptJSON || but == keptList && strings.HasPrefix(kept, keptNumbers) || but == keptNumbers && kept == keptList {
			if e := os.Remove(p.keptAs(id, kept)); !errors.Is(e, fs.ErrNotExist) {
				err = errors.Join(err, e)
			}
		}
	}
	deltas, e := p.keptDeltas(id)
	for _, d := range deltas {
		e = errors.Join(e, os.Remove(d))
	}
	return errors.Join(err, e)
}

// signature says whether the signature of a list in force was checked; nothing of a list that did not come from a built file.
func (p *Post) signature(id marz.ListID) string {
	if b, ok := p.built.Load(id); ok {
		return b.(*builtList).signature
	}
	return ""
}

func signatureState(signer string) string {
	if signer == "" {
		return "signature not checked"
	}
	return "signed by " + signer
}

// listInForce describes a list, if it is in force.
func (p *Post) listInForce(id marz.ListID) (watchlist.ListInfo, bool) {
	all := p.lists.Lists()
	i := slices.IndexFunc(all, func(l watchlist.ListInfo) bool { return l.ID == id })
	if i < 0 {
		return watchlist.ListInfo{}, false
	}
	return all[i], true
}

// loadBuilt loads a list in common from a built file: the file itself if it is another than the one in force, and the changes that lead on from it. The list is mapped from a copy in the data folder, so that nothing that happens to the source harms it.
func (p *Post) loadBuilt(src ListSource, take func(ListSource, *builtList) error) (watchlist.ListInfo, error) {
	b, err := p.begins(p.source(src))
	if err == nil && !p.hasBuilt(src.ID, b) {
		if err = take(src, b); err == nil {
			p.built.Store(src.ID, b)
		}
	}
	if err != nil {
		p.restoreCommon(src)
		return watchlist.ListInfo{}, err
	}
	return p.applyDeltas(src, true)
}

// hasBuilt reports whether what is in force came from a file that begins so.
func (p *Post) hasBuilt(id marz.ListID, b *builtList) bool {
	was, ok := p.built.Load(id)
	_, inForce := p.listInForce(id)
	return ok && inForce && bytes.Equal(was.(*builtList).first, b.first)
}

// firstBytes is how much of a built file says what is in all of it.
const firstBytes = 4096

// begins reads what tells a built file from any other.
func (p *Post) begins(path string) (*builtList, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &marz.Error{Code: marz.NotFound, Op: "load list", Subject: path, Fix: "the file cannot be opened", Err: err}
	}
	defer f.Close()
	b := newBuilt(make([]byte, firstBytes), "")
	n, err := io.ReadFull(f, b.first)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, &marz.Error{Op: "load list", Subject: path, Fix: "the file cannot be read", Err: err}
	}
	beside, err := os.ReadFile(path + watchlist.NoteSuffix)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &marz.Error{Op: "load list", Subject: path + watchlist.NoteSuffix, Fix: "the file cannot be read", Err: err}
	}
	b.first = append(b.first[:n], beside...)
	return b, nil
}

// belongs reports whether what a built file says of itself is this list's.
func (p *Post) belongs(src ListSource, path string, info watchlist.ListInfo) error {
	bad := func(fix string) error {
		return &marz.Error{Code: marz.Invalid, Op: "load list", Subject: path, Fix: fix}
	}
	switch {
	case info.ID != src.ID:
		return bad(fmt.Sprintf("it is the list %s, and not %s; put the right one there, or build it with --id %s", info.ID, src.ID, src.ID))
	case info.Loaded.IsZero():
		return bad("it does not say when its content was brought; build it again")
	case !p.opts.Exercise && info.Loaded > p.opts.Clock().Add(mostAhead):
		return bad(fmt.Sprintf("it was built at %s, which is in the future; set the clock of the machine that builds it, or of this one", info.Loaded))
	}
	return nil
}

// mostAhead is how far the clock of another machine may be ahead of the post's.
const mostAhead = time.Hour

// takeFile copies a built list into the data folder, unless it is there, and puts it in force.
func (p *Post) takeFile(src ListSource, b *builtList) error {
	page, err := watchlist.ReadPage(p.source(src), src.verifier())
	if err != nil {
		return err
	}
	if err := p.belongs(src, p.source(src), page.ListInfo); err != nil {
		return err
	}
	b.signature = signatureState(page.Signer)
	kept := p.keptAs(src.ID, keptList)
	if first, err := os.ReadFile(p.keptAs(src.ID, keptFirst)); err == nil && bytes.Equal(first, b.first) {
		if f, err := watchlist.OpenFile(kept, nil); err == nil {
			return p.lists.PutFile(f)
		}
	}
	f, err := p.copyList(src, kept, src.verifier())
	if err != nil {
		return err
	}
	if err := p.replaceKept(src.ID, keptList, b, kept+takenSuffix, kept); err != nil {
		return err
	}
	return p.lists.PutFile(f)
}

// copyList makes a copy of a source that is good in itself, under a name of its own. One that was built when names were read otherwise is built again, after its signature was checked.
func (p *Post) copyList(src ListSource, kept string, v note.Verifier) (*watchlist.File, error) {
	taken := kept + takenSuffix
	if err := copyFile(taken, p.source(src)); err != nil {
		return nil, keepError(src.ID, err)
	}
	f, err := watchlist.OpenFile(taken, v)
	if watchlist.IsOutdated(err) {
		f, err = rebuilt(taken, v)
	}
	if err == nil {
		err = p.belongs(src, p.source(src), f.Info())
	}
	if err != nil {
		os.Remove(taken)
		return nil, at(err, p.source(src))
	}
	return f, nil
}

// rebuilt builds a file again from its own alerts, in its place. The new one is not signed.
func rebuilt(path string, v note.Verifier) (*watchlist.File, error) {
	l, err := watchlist.ImportFile(path, v)
	if err == nil {
		err = watchlist.WriteFile(path, l, watchlist.FileOptions{})
	}
	if err != nil {
		return nil, err
	}
	return watchlist.OpenFile(path, nil)
}

// at lets an error about a copy speak of its source.
func at(err error, path string) error {
	if e, ok := errors.AsType[*marz.Error](err); ok {
		e.Subject = path
	}
	return err
}

func keepError(id marz.ListID, err error) error {
	return &marz.Error{Op: "keep list", Subject: string(id), Fix: "it cannot be copied into the data folder; see that the disk has room", Err: err}
}

// takeNumbers does as takeFile for a table of numbers. Without a note beside it the list bears the ID of the configuration and the time of the file.
func (p *Post) takeNumbers(src ListSource, b *builtList) error {
	kept := p.keptAs(src.ID, keptNumbers)
	if first, err := os.ReadFile(p.keptAs(src.ID, keptFirst)); err == nil && bytes.Equal(first, b.first) {
		if err := p.putNumbers(src, kept, b); err == nil {
			return nil
		}
	}
	taken := kept + takenSuffix
	err := copyFile(taken, p.source(src))
	if err == nil {
		err = copyFile(taken+watchlist.NoteSuffix, p.source(src)+watchlist.NoteSuffix)
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err != nil {
		return keepError(src.ID, err)
	}
	if err := p.putNumbers(src, taken, b); err != nil {
		os.Remove(taken)
		os.Remove(taken + watchlist.NoteSuffix)
		return at(err, p.source(src))
	}
	return p.replaceKept(src.ID, keptNumbers, b, taken, kept, taken+watchlist.NoteSuffix, kept+watchlist.NoteSuffix)
}

// putNumbers opens a table and puts it in force.
func (p *Post) putNumbers(src ListSource, path string, b *builtList) error {
	f, err := watchlist.OpenNumbers(context.Background(), path, src.verifier())
	if err != nil {
		return err
	}
	info := f.ListInfo
	if info.ID == "" {
		stat, err := os.Stat(path)
		if err != nil {
			return err
		}
		info.ID, info.Name, info.Owner, info.Loaded = src.ID, string(src.ID), marz.AuthorityID(src.ID), marz.InstantOf(stat.ModTime())
	}
	if err := p.belongs(src, p.source(src), info); err != nil {
		return err
	}
	b.signature = signatureState(f.Signer)
	return p.lists.PutNumbers(info, f.Table)
}

// replaceKept gives copies the names under which they are kept, and takes down of which source they are. The one before is forgotten first, so that what stands beside a copy is never of another.
func (p *Post) replaceKept(id marz.ListID, kind string, b *builtList, names ...string) error {
	err := os.Remove(p.keptAs(id, keptFirst))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	for ; err == nil && len(names) > 0; names = names[2:] {
		if err = os.Rename(names[0], names[1]); errors.Is(err, fs.ErrNotExist) {
			err = os.Remove(names[1]) // there is no note beside this table
			if errors.Is(err, fs.ErrNotExist) {
				err = nil
			}
		}
	}
	if err == nil {
		err = p.keep(p.keptAs(id, keptFirst), b.first)
	}
	if err == nil {
		err = p.forgetKept(id, kind)
	}
	if err != nil {
		return keepError(id, err)
	}
	return nil
}

// copyFile makes a copy of a file that is on the disk when it returns, and as old as the file.
func copyFile(to, from string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	stat, err := r.Stat()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	if err == nil {
		err = w.Sync()
	}
	if e := w.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Chtimes(to, stat.ModTime(), stat.ModTime())
	}
	if err != nil {
		os.Remove(to)
	}
	return err
}
