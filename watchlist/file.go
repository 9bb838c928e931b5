package watchlist

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"marz"
)

// fileHeader is what follows the first page, as one line of JSON: what is needed to read the sections.
type fileHeader struct {
	Tables   string        `json:"tables"` // see tables
	Layout   layoutHead    `json:"layout"`
	Sections []fileSection `json:"sections"`
	Notes    []string      `json:"notes,omitempty"` // of the list
}

// fileSection is where a section lies.
type fileSection struct {
	Name   string `json:"name"`
	Offset int64  `json:"offset"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Bounds of a file's header.
const (
	alignment   = 64
	mostHeader  = 1 << 20
	mostSection = 64 // how many
)

func align(n int64) int64 { return (n + alignment - 1) &^ (alignment - 1) }

// FileOptions say how a list is written to a file. The zero value will do.
type FileOptions struct {
	Signer   note.Signer        // nil: the file is not signed
	Progress func(done, of int) // hears how many of the alerts are laid out
}

// inOrder returns alerts in the order of their IDs, so that the same alerts give the same layout however they came.
func inOrder(all []Alert) []Alert {
	byID := func(a, b Alert) int { return cmp.Compare(a.ID, b.ID) }
	if slices.IsSortedFunc(all, byID) {
		return all
	}
	all = slices.Clone(all)
	slices.SortFunc(all, byID)
	return all
}

// WriteFile builds a list into a file, in place of the one that is there. The same list gives the same bytes. It is safe on disk when WriteFile returns; after an error the old file is untouched.
func WriteFile(path string, l *List, o FileOptions) error {
	if err := l.check(); err != nil {
		return err
	}
	if !littleEndian {
		return fileError(marz.Invalid, path, "this machine's byte order is not that of list files", nil)
	}
	x := build(inOrder(l.Alerts), nil, o.Progress)
	if !x.head.sane() || x.largest() > mostAlert {
		return &marz.Error{Code: marz.Invalid, Op: "write list file", Subject: path, Fix: "the list is too large for one file; make two"}
	}
	h := fileHeader{Tables: tables(), Layout: x.head, Notes: l.Notes}
	for _, s := range sections {
		b := s.of(x)
		sum := sha256.Sum256(b)
		h.Sections = append(h.Sections, fileSection{Name: s.name, Size: int64(len(b)), SHA256: hex.EncodeToString(sum[:])})
	}
	header := h.place()
	sum := sha256.Sum256(header)
	first, err := writePage(path, listFormat, o.Signer, string(l.ID), l.Name, string(l.Owner), l.Version, l.Loaded.String(), fmt.Sprint(len(l.Alerts)), fmt.Sprintf("%d %x", len(header), sum))
	if err != nil {
		return err
	}
	if len(header) > mostHeader {
		return &marz.Error{Code: marz.Invalid, Op: "write list file", Subject: path, Fix: "the list has too many notes"}
	}
	return replaceFile(path, func(_ *os.File, w *bufio.Writer) error {
		at := int64(len(first) + len(header))
		w.Write(first)
		w.Write(header)
		for i, s := range h.Sections {
			zeros(w, s.Offset-at)
			if _, err := w.Write(sections[i].of(x)); err != nil {
				return err
			}
			at = s.Offset + s.Size
		}
		return nil
	})
}

// mostAlert bounds the bytes of one alert in a file.
const mostAlert = 4 * maxLineBytes

// largest is how many bytes the largest alert has.
func (x *layout) largest() uint64 {
	most := uint64(0)
	for i := range x.head.Alerts {
		most = max(most, x.alertAt[i+1]-x.alertAt[i])
	}
	return most
}

// place gives the sections their places and returns the header's bytes. Where the sections begin depends on how long the header is, and it on the digits of where they begin.
func (h *fileHeader) place() []byte {
	n := 0
	for {
		at := align(pageSize + int64(n))
		for i := range h.Sections {
			h.Sections[i].Offset = at
			at = align(at + h.Sections[i].Size)
		}
		b, err := json.Marshal(h)
		if err != nil {
			panic("watchlist: a header is plain data: " + err.Error())
		}
		if b = append(b, '\n'); len(b) <= n {
			return append(b[:len(b)-1], strings.Repeat(" ", n-len(b))+"\n"...)
		}
		n = len(b)
	}
}

// File is a list that was built into a file, mapped into memory. It never changes. A file that nothing refers to any more is let go by itself, so that a new one can take its place under those who search it.
type File struct {
	path   string
	size   int64
	info   ListInfo
	page   *page
	first  []byte // the first page
	header fileHeader
	begin  int64 // where the header ends
	x      *layout
}

// OpenFile opens a list file. Before it returns it has read the whole file and checked every digest and every number by which a search finds its way, so that nothing in it can lead a search astray. With a verifier the
// file has to be signed with its key. A file that was built when names were read otherwise gives an error that IsOutdated knows.
//
// The file must not be changed in place or cut while it is open; WriteFile puts a new one in its place. It should lie on a local disk: a page that the disk fails to give ends the process, as memory that fails does.
func OpenFile(path string, verifier note.Verifier) (*File, error) {
	r, err := os.Open(path)
	if err != nil {
		return nil, fileError(marz.NotFound, path, "the file cannot be opened", cause(err))
	}
	defer r.Close()
	stat, err := r.Stat()
	if err != nil {
		return nil, fileError(marz.Internal, path, "it cannot be read", cause(err))
	}
	f := &File{path: path, size: stat.Size()}
	if err := f.read(r, verifier); err != nil {
		return nil, err
	}
	if err := f.fits(); err != nil {
		return nil, err
	}
	data, unmap, err := mapFile(r, int(f.size))
	if err != nil {
		return nil, fileError(marz.Internal, path, "it cannot be mapped into memory", err)
	}
	runtime.AddCleanup(f, func(unmap func()) { unmap() }, unmap)
	f.lay(data)
	if err := f.verify(r); err != nil {
		return nil, err
	}
	return f, nil
}

// read reads what stands before the sections, and checks it apart from this version's layout.
func (f *File) read(r io.ReaderAt, verifier note.Verifier) (err error) {
	if f.first, err = firstPage(f.path, r); err != nil {
		return err
	}
	if f.page, err = readPage(f.path, f.first, listFormat, verifier); err != nil {
		return err
	}
	if f.info, err = f.page.info(f.path); err != nil {
		return err
	}
	if f.info.Alerts, err = f.page.count(f.path, "alerts"); err != nil {
		return err
	}
	return f.readHeader(r)
}

func (f *File) readHeader(r io.ReaderAt) error {
	var n int
	var sum string
	if c, err := fmt.Sscanf(f.page.values["header"], "%d %64s", &n, &sum); err != nil || c != 2 || n <= 0 || n > mostHeader || fmt.Sprintf("%d %s", n, sum) != f.page.values["header"] {
		return fileError(marz.Invalid, f.path, "its first page does not say what follows; build it again", nil)
	}
	b := make([]byte, n)
	if _, err := r.ReadAt(b, pageSize); err != nil && n > 0 {
		return f.unreadable(err)
	}
	if got := sha256.Sum256(b); hex.EncodeToString(got[:]) != sum {
		return fileError(marz.Invalid, f.path, "its header is damaged; copy it again or build it again", nil)
	}
	if err := json.Unmarshal(b, &f.header); err != nil {
		return fileError(marz.Invalid, f.path, "its header cannot be read; build it again", nil)
	}
	f.info.Notes = f.header.Notes
	f.begin = pageSize + int64(n)
	return f.checkPlaces(f.begin)
}

// checkPlaces reports whether the sections lie one after the other and fill the file.
func (f *File) checkPlaces(at int64) error {
	if len(f.header.Sections) > mostSection {
		return fileError(marz.Invalid, f.path, "its header contradicts itself; build it again", nil)
	}
	for _, s := range f.header.Sections {
		if s.Size < 0 || s.Offset != align(at) || s.Size > f.size-s.Offset {
			return fileError(marz.Invalid, f.path, "it is cut off, or its header contradicts itself; copy it again or build it again", nil)
		}
		at = s.Offset + s.Size
	}
	if at != f.size {
		return fileError(marz.Invalid, f.path, "it has something after its end; copy it again or build it again", nil)
	}
	return nil
}

func (f *File) unreadable(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fileError(marz.Invalid, f.path, "it is cut off; copy it again or build it again", nil)
	}
	return fileError(marz.Internal, f.path, "it cannot be read", cause(err))
}

// errOutdated is under the error of a file that was built when names were read otherwise.
var errOutdated = fmt.Errorf("it was built when names were read otherwise")

// fits reports whether the file was built as this version builds.
func (f *File) fits() error {
	if f.header.Tables != tables() {
		return fileError(marz.Conflict, f.path, "build it again: marz list build OLD -o NEW", errOutdated)
	}
	h := f.header.Layout
	if !littleEndian || int64(int(f.size)) != f.size {
		return fileError(marz.Invalid, f.path, "this machine cannot map it", nil)
	}
	ok := len(f.header.Sections) == len(sections) && h.sane() && h.Alerts == f.info.Alerts
	for i := 0; ok && i < len(sections); i++ {
		s := f.header.Sections[i]
		ok = s.Name == sections[i].name && s.Size%int64(sections[i].unit) == 0
	}
	if !ok {
		return fileError(marz.Invalid, f.path, "its header contradicts itself; build it again", nil)
	}
	return nil
}

// lay makes the layout of the file's contents.
func (f *File) lay(data []byte) {
	f.x = &layout{head: f.header.Layout}
	for i, s := range f.header.Sections {
		sections[i].lay(f.x, data[s.Offset:s.Offset+s.Size:s.Offset+s.Size])
	}
}

// Info describes the list of the file.
func (f *File) Info() ListInfo { return f.info }

// Signer names the key with which the file is signed and that was checked, or is empty.
func (f *File) Signer() string { return f.page.signer }

// Signers names the keys that have signed the file, whether they were checked or not.
func (f *File) Signers() []string { return f.page.signers }

// Size is how many bytes the file has.
func (f *File) Size() int64 { return f.size }

// Sections says how many bytes each section of the file has, by name, in their order.
func (f *File) Sections() iter.Seq2[string, int64] {
	return func(yield func(string, int64) bool) {
		for _, s := range f.header.Sections {
			if !yield(s.Name, s.Size) {
				return
			}
		}
	}
}

// Names is how many names the list's alerts have.
func (f *File) Names() int { return f.header.Layout.Names }

// Same reports whether a first page is this file's: then the contents are as well.
func (f *File) Same(first []byte) bool { return bytes.Equal(f.first, first) }

// Alerts gives the alerts in the order of their IDs.
func (f *File) Alerts() iter.Seq[Alert] {
	return func(yield func(Alert) bool) {
		defer runtime.KeepAlive(f)
		for i := range uint32(f.x.head.Alerts) {
			if a, ok := f.x.read(i); ok && !yield(a) {
				return
			}
		}
	}
}

// Alert returns an alert.
func (f *File) Alert(id marz.AlertID) (Alert, bool) {
	defer runtime.KeepAlive(f)
	p := part{x: f.x}
	if i, ok := p.find(id); ok {
		return f.x.read(i)
	}
	return Alert{}, false
}
