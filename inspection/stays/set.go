package stays

import (
	"fmt"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"marz"
)

// Current is the name of the whole file in a folder. Its changes lie beside it as current.1, current.2 and so on, each continuing the one before.
const Current = "current"

// mostChanges is how many changes are looked for.
const mostChanges = 64

// Set is a whole file with the changes that continue it. It can be looked into from any goroutine.
type Set struct{ files []*File }

// OpenSet reads what lies in a folder. A change that does not continue what is before it ends the set: it belongs to a whole file that is not there any more, or not yet. NotFound is that there is no whole file.
func OpenSet(dir string, by note.Verifier) (*Set, error) {
	f, err := Open(filepath.Join(dir, Current), by)
	if err != nil {
		return nil, err
	}
	if f.From != "" {
		return nil, refused(f.path, "it is a change, and stands where the whole file should", nil)
	}
	s := &Set{files: []*File{f}}
	for i := range mostChanges {
		f, err := Open(filepath.Join(dir, fmt.Sprintf("%s.%d", Current, i+1)), by)
		if marz.CodeOf(err) == marz.NotFound || err == nil && !s.Newest().continuedBy(f) {
			break
		}
		if err != nil {
			return nil, err
		}
		s.files = append(s.files, f)
	}
	return s, nil
}

func (h *Header) continuedBy(f *File) bool {
	return f.From == h.Version && f.KeyID == h.KeyID && f.Zone == h.Zone && f.At >= h.At
}

// Newest is what the newest file says of itself: how old all of it is.
func (s *Set) Newest() *Header { return &s.files[len(s.files)-1].Header }

// Look returns a person's movements, in order of time. None is that no post had any of him since Header.First.
func (s *Set) Look(digest uint64) []Movement {
	for _, f := range slices.Backward(s.files) {
		if moves, ok := f.find(digest); ok {
			return moves
		}
	}
	return nil
}

// Change writes what is different in a newer file: people who are not in the older one, or with other movements, and those whose movements are gone. Both are whole.
func Change(older, newer *File, signer note.Signer) ([]byte, error) {
	if older.KeyID != newer.KeyID || older.Zone != newer.Zone || newer.At < older.At {
		return nil, &marz.Error{Code: marz.Invalid, Op: "write change of stays", Fix: "the two files are of other keys or zones, or in the wrong order: send the newer one whole"}
	}
	type person struct {
		digest uint64
		moves  []Movement
	}
	next := func(f *File) func() (person, bool) {
		all := make([]person, 0, f.People)
		_ = f.Each(func(d uint64, m []Movement) error { // nothing in it fails
			all = append(all, person{d, m[countBefore(m, newer.First):]})
			return nil
		})
		return func() (p person, ok bool) {
			if len(all) == 0 {
				return p, false
			}
			p, all = all[0], all[1:]
			return p, true
		}
	}
	w := NewWriter(newer.First, true)
	olds, news := next(older), next(newer)
	o, hasOld := olds()
	n, hasNew := news()
	for hasOld || hasNew {
		var err error
		switch {
		case hasOld && (!hasNew || o.digest < n.digest):
			if len(o.moves) > 0 {
				err = w.Add(o.digest, nil)
			}
			o, hasOld = olds()
		case !hasOld || n.digest < o.digest:
			err = w.Add(n.digest, n.moves)
			n, hasNew = news()
		default:
			if !slices.Equal(o.moves, n.moves) {
				err = w.Add(n.digest, n.moves)
			}
			o, hasOld = olds()
			n, hasNew = news()
		}
		if err != nil {
			return nil, err
		}
	}
	h := newer.Header
	h.From = older.Version
	return w.Bytes(h, signer)
}
