package stays

import (
	"fmt"
	"iter"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"marz"
)

// Current is the name of the whole file in a folder. Its changes lie beside it as current.1, current.2 and so on, each continuing the one before.
const Current = "current"

// NameOf returns the name of the n-th change in a folder, and of the whole file for 0.
func NameOf(n int) string {
	if n == 0 {
		return Current
	}
	return fmt.Sprintf("%s.%d", Current, n)
}

// MostChanges is how many changes can lead on from a whole file.
const MostChanges = 64

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
	for i := range MostChanges {
		f, err := Open(filepath.Join(dir, NameOf(i+1)), by)
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

// Files is of how many files it is made up.
func (s *Set) Files() int { return len(s.files) }

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
	nextOld, endOld := iter.Pull2(older.All())
	defer endOld()
	nextNew, endNew := iter.Pull2(newer.All())
	defer endNew()
	w := NewWriter(newer.First, true)
	o, was, hasOld := nextOld()
	n, is, hasNew := nextNew()
	for hasOld || hasNew {
		was = since(was, newer.First) // what is too old by now makes no difference
		var err error
		switch {
		case hasOld && (!hasNew || o < n):
			if len(was) > 0 {
				err = w.Add(o, nil)
			}
			o, was, hasOld = nextOld()
		case !hasOld || n < o:
			err = w.Add(n, is)
			n, is, hasNew = nextNew()
		default:
			if !slices.Equal(was, is) {
				err = w.Add(n, is)
			}
			o, was, hasOld = nextOld()
			n, is, hasNew = nextNew()
		}
		if err != nil {
			return nil, err
		}
	}
	h := newer.Header
	h.From = older.Version
	return w.Bytes(h, signer)
}
