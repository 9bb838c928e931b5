package watchlist

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"runtime"
	"slices"
	"sync"

	"marz"
)

// A file is checked by reading it and not from the mapping: a disk's error is then an error and not a signal, and the pages do not count as this process's memory.

// checkPiece is about how many bytes are read at once.
const checkPiece = 1 << 18

// verify reads the whole file. What is large comes first, so that the processors end together.
func (f *File) verify(r io.ReaderAt) error {
	for _, s := range sections {
		if !s.sane(f.x) {
			return f.damaged(s.name)
		}
	}
	order := make([]int, len(sections)+1) // the last: the alerts, one by one
	for i := range order {
		order[i] = i
	}
	size := func(i int) int64 {
		if i == len(sections) {
			return 2 * int64(len(f.x.alert))
		}
		return f.header.Sections[i].Size
	}
	slices.SortStableFunc(order, func(a, b int) int { return int((size(b) - size(a)) >> 20) })
	jobs := make(chan int, len(order))
	for _, i := range order {
		jobs <- i
	}
	close(jobs)
	errs := make([]error, len(order))
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 4) {
		wg.Go(func() {
			for i := range jobs {
				if i == len(sections) {
					errs[i] = f.verifyAlerts(r)
				} else {
					errs[i] = f.verifySection(r, i)
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (f *File) damaged(section string) error {
	return fileError(marz.Invalid, f.path, "its section "+section+" is damaged; copy it again or build it again", nil)
}

// verifySection checks the digest of a section and what has to hold of its elements, and that nothing is hidden before it.
func (f *File) verifySection(r io.ReaderAt, i int) error {
	s, at := sections[i], f.header.Sections[i]
	var between [alignment]byte
	gap := between[:at.Offset-f.before(i)]
	if _, err := r.ReadAt(gap, f.before(i)); err != nil && len(gap) > 0 {
		return f.unreadable(err)
	}
	if between != [alignment]byte{} {
		return f.damaged(s.name)
	}
	each, end := s.rule(f.x)
	sum := sha256.New()
	buf := make([]byte, checkPiece/s.unit*s.unit)
	for from := int64(0); from < at.Size; {
		b := buf[:min(int64(len(buf)), at.Size-from)]
		if _, err := r.ReadAt(b, at.Offset+from); err != nil {
			return f.unreadable(err)
		}
		sum.Write(b)
		if !each(b) {
			return f.damaged(s.name)
		}
		from += int64(len(b))
	}
	if hex.EncodeToString(sum.Sum(nil)) != at.SHA256 || !end() {
		return f.damaged(s.name)
	}
	return nil
}

// before returns where what stands before a section ends.
func (f *File) before(i int) int64 {
	if i == 0 {
		return f.begin
	}
	return f.header.Sections[i-1].Offset + f.header.Sections[i-1].Size
}

// verifyAlerts checks that every alert can be read, and that their IDs rise.
func (f *File) verifyAlerts(r io.ReaderAt) error {
	places, content := f.sectionAt("alert-at"), f.sectionAt("alert")
	at := make([]byte, checkPiece)
	var buf, last []byte
	for i := int64(0); i+8 < places.Size; {
		n := min(int64(len(at)), places.Size-i)
		if _, err := r.ReadAt(at[:n], places.Offset+i); err != nil {
			return f.unreadable(err)
		}
		ends := take[uint64](at[:n])
		for len(ends) > 1 {
			k := 1 // as many alerts as fit into a piece, or one
			for k+1 < len(ends) && ends[k+1]-ends[0] <= checkPiece {
				k++
			}
			from, to := ends[0], ends[k]
			if from > to || to > uint64(content.Size) || to-from > mostAlert {
				return f.damaged("alert-at")
			}
			buf = slices.Grow(buf[:0], int(to-from))[:to-from]
			if _, err := r.ReadAt(buf, content.Offset+int64(from)); err != nil && len(buf) > 0 {
				return f.unreadable(err)
			}
			var ok bool
			if last, ok = checkAlerts(buf, ends[:k+1], last); !ok {
				return f.damaged("alert")
			}
			ends, i = ends[k:], i+8*int64(k)
		}
	}
	return nil
}

func (f *File) sectionAt(name string) fileSection {
	i := slices.IndexFunc(f.header.Sections, func(s fileSection) bool { return s.Name == name })
	if i < 0 {
		return fileSection{}
	}
	return f.header.Sections[i]
}

// checkAlerts checks the alerts of a piece, which begins at the first of the places. It returns the ID of the last.
func checkAlerts(b []byte, places []uint64, last []byte) ([]byte, bool) {
	for i := range len(places) - 1 {
		from, to := places[i]-places[0], places[i+1]-places[0]
		if from > to || to > uint64(len(b)) {
			return nil, false
		}
		r := alertReader{b: b[from:to]}
		id := r.passAlert()
		if r.bad || len(r.b) != 0 || id <= view(last) {
			return nil, false
		}
		last = append(last[:0], id...)
	}
	return last, true
}

// IsOutdated reports whether an error of OpenFile says that the file was built when names were read otherwise. Its alerts are as they were: it can be imported and built again.
func IsOutdated(err error) bool { return errors.Is(err, errOutdated) }
