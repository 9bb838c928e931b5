package watchlist

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"marz"
)

// Bounds on what an importer reads. Real lists stay far below; a file beyond them is refused, not cut.
const (
	maxSetBytes  = 256 << 20 // of a file that is read as a whole; OFAC's sdn.xml has some 30 MB, the others a few
	maxFtMBytes  = 16 << 30  // of a FollowTheMoney file, which is read line by line
	maxLineBytes = 16 << 20  // of one line of it
	maxAlerts    = 5_000_000
	maxValues    = 5_000 // of one sort, for example names, in one alert
)

// Options say what a file cannot say about itself. The zero value takes everything from the format.
type Options struct {
	ID     marz.ListID      // empty: "ofac-sdn", "un-sc", or the name of the file for FollowTheMoney
	Name   string           // empty: the publisher's name for the list
	Owner  marz.AuthorityID // empty: "us-ofac", "un-sc", or the ID of the list for FollowTheMoney
	Loaded marz.Instant     // when the list was brought to this node
}

// Import reads a list from a file, or from a folder with OFAC's sdn.csv in it. The format is found by content. A file
// that is broken anywhere gives an error that names the place, and no list.
func Import(path string, o Options) (*List, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, &marz.Error{Code: marz.NotFound, Op: "load list", Subject: path,
			Fix: "the file cannot be opened", Err: cause(err)}
	}
	if info.IsDir() {
		in := source{fsys: os.DirFS(path), dir: path}
		name := in.sibling("sdn.csv")
		if name == "" {
			return nil, &marz.Error{Code: marz.Invalid, Op: "load list", Subject: path,
				Fix: "the folder has no sdn.csv; name a file, or the folder of OFAC's CSV files"}
		}
		return in.load(name, o)
	}
	in, name := sourceOf(path)
	return in.load(name, o)
}

// sourceOf divides a path into its folder and the name of the file.
func sourceOf(path string) (source, string) {
	dir, name := filepath.Split(path)
	if dir == "" {
		return source{fsys: os.DirFS(".")}, name
	}
	return source{fsys: os.DirFS(dir), dir: dir}, name
}

// ImportFS does as Import for a file in a file system, for example one embedded in the binary.
func ImportFS(fsys fs.FS, name string, o Options) (*List, error) {
	dir, base := "", name
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		dir, base = name[:i], name[i+1:]
		sub, err := fs.Sub(fsys, dir)
		if err != nil {
			return nil, &marz.Error{Code: marz.NotFound, Op: "load list", Subject: name, Err: err}
		}
		fsys = sub
	}
	return source{fsys: fsys, dir: dir}.load(base, o)
}

// source is a folder that a list is read from.
type source struct {
	fsys fs.FS
	dir  string // as the caller named it, for messages
}

// load detects the format of a file, reads it and seals the list.
func (in source) load(name string, o Options) (*List, error) {
	head, err := in.head(name)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(head, []byte(listFormat+"\n")) {
		return in.built(name, o, nil)
	}
	l, err := in.reader(head)(name)
	if err != nil {
		return nil, err
	}
	return in.seal(name, l, o)
}

// seal completes a list. One without alerts is refused: in force it would silently clear everybody.
func (in source) seal(name string, l *List, o Options) (*List, error) {
	if len(l.Alerts) == 0 {
		return nil, in.bad(name, 0, "it holds no alerts; a list is never replaced by an empty one")
	}
	if err := in.complete(name, l, o); err != nil {
		return nil, err
	}
	return l, nil
}

// complete puts in what the caller knows, and the version of each alert.
func (in source) complete(name string, l *List, o Options) error {
	if o.ID != "" {
		l.ID = o.ID
	}
	if o.Name != "" {
		l.Name = o.Name
	}
	if l.Owner == "" {
		l.Owner = marz.AuthorityID(l.ID)
	}
	if o.Owner != "" {
		l.Owner = o.Owner
	}
	l.Loaded = o.Loaded
	for i := range l.Alerts {
		a := &l.Alerts[i]
		if n := max(len(a.Names), len(a.Births), len(a.Birthplaces), len(a.Documents), len(a.Vehicles), len(a.Addresses)); n > maxValues {
			return in.bad(name, 0, fmt.Sprintf("alert %.60q has more than %d values of one sort", a.ID, maxValues))
		}
		a.Owner = l.Owner
		a.Version = a.digest()
	}
	return nil
}

// head returns the first bytes of a file without a byte order mark and white space, after refusing what no importer
// reads. It is never empty.
func (in source) head(name string) ([]byte, error) {
	f, err := in.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, 4096)
	n, err := io.ReadFull(f, b)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, in.unreadable(name, err)
	}
	b = b[:n]
	switch {
	case bytes.HasPrefix(b, []byte{0x1f, 0x8b}), bytes.HasPrefix(b, []byte("PK\x03\x04")), bytes.HasPrefix(b, []byte("BZh")),
		bytes.HasPrefix(b, []byte{0xfd, '7', 'z', 'X', 'Z'}), bytes.HasPrefix(b, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return nil, in.bad(name, 0, "it is compressed; unpack it first")
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}), bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		return nil, in.bad(name, 0, "it is in UTF-16; convert it to UTF-8")
	}
	b = bytes.TrimLeft(bytes.TrimPrefix(b, utf8BOM), " \t\r\n")
	if len(b) == 0 {
		return nil, in.bad(name, 0, "it is empty")
	}
	if bytes.HasPrefix(b, []byte(listFormat+"\n")) {
		return b, nil
	}
	if in.reader(b) == nil {
		return nil, in.bad(name, 1, "it is none of the formats that are read: OFAC's sdn.csv, the United Nations' consolidated XML, the European Union's list in XML and CSV, "+
			"the United Kingdom's in CSV, FollowTheMoney JSON lines, Marz's own CSV, built list files")
	}
	return b, nil
}

var utf8BOM = []byte("\ufeff")

// open opens a file, which must be a regular one.
func (in source) open(name string) (fs.File, error) {
	f, err := in.fsys.Open(name)
	if err != nil {
		return nil, &marz.Error{Code: marz.NotFound, Op: "load list", Subject: in.path(name),
			Fix: "the file cannot be opened", Err: cause(err)}
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file") // it is read more than once
	}
	if err != nil {
		f.Close()
		return nil, in.unreadable(name, err)
	}
	return f, nil
}

// read returns a whole file that must be UTF-8, without its byte order mark.
func (in source) read(name string) ([]byte, error) {
	f, err := in.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSetBytes+1))
	if err != nil {
		return nil, in.unreadable(name, err)
	}
	if len(b) > maxSetBytes {
		return nil, in.bad(name, 0, fmt.Sprintf("it is larger than %d MB", maxSetBytes>>20))
	}
	if at := invalidUTF8(b); at >= 0 {
		return nil, in.bad(name, 1+bytes.Count(b[:at], []byte("\n")), "the line is not UTF-8; convert the file or fetch it again")
	}
	if at := bytes.IndexByte(b, 0); at >= 0 {
		return nil, in.bad(name, 1+bytes.Count(b[:at], []byte("\n")), "the line holds a zero byte; fetch the file again")
	}
	return bytes.TrimPrefix(b, utf8BOM), nil
}

// invalidUTF8 returns the place of the first byte that is not UTF-8, or -1.
func invalidUTF8(b []byte) int {
	if utf8.Valid(b) {
		return -1
	}
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// sibling returns the name of a file of the folder without regard to case, or "".
func (in source) sibling(name string) string {
	entries, err := fs.ReadDir(in.fsys, ".")
	if err != nil {
		return ""
	}
	for _, e := range entries {
		if strings.EqualFold(e.Name(), name) && !e.IsDir() {
			return e.Name()
		}
	}
	return ""
}

func (in source) path(name string) string { return filepath.Join(in.dir, name) }

// bad is the error for content that cannot be read. Line 0 stands for the file as a whole.
func (in source) bad(name string, line int, fix string) error {
	subject := in.path(name)
	if line > 0 {
		subject = fmt.Sprintf("%s:%d", subject, line)
	}
	return &marz.Error{Code: marz.Invalid, Op: "load list", Subject: subject, Fix: fix}
}

func (in source) unreadable(name string, err error) error {
	return &marz.Error{Code: marz.Internal, Op: "load list", Subject: in.path(name), Fix: "the file cannot be read", Err: cause(err)}
}

// cause drops the path that the system repeats.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// errLong says that a line is longer than the bound.
var errLong = errors.New("line too long")

// lineReader gives the lines of a stream, each of bounded length.
type lineReader struct {
	r    *bufio.Reader
	max  int
	line int // number of the last line given, from 1
}

// next returns the next line without its end. After errLong the line has been skipped and reading can go on. At the
// end it returns io.EOF and no line.
func (l *lineReader) next() ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := l.r.ReadSlice('\n')
		if long = long || len(line)+len(part) > l.max; !long {
			line = append(line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0 && !long) {
			return nil, err
		}
		l.line++
		if long {
			return nil, errLong
		}
		return bytes.TrimRight(line, "\r\n"), nil
	}
}
